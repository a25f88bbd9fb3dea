/*
 * guards.h - guards (policy/retain.h) as they are told: what they fear, and the options that lift them.
 *
 * A set of them is a mask of 1 << enum policy_guard.
 */
#ifndef CMD_GUARDS_H
#define CMD_GUARDS_H

#include "base/buf.h"
#include "base/json.h"
#include "policy/policy.h"

/* guards_words(set, out): append what they fear, of several folders: "more than half of a folder would go". */
void guards_words(unsigned int, struct buf *);
/* guards_folder(set, out): the same of one folder: "more than half of it would go". */
void guards_folder(unsigned int, struct buf *);
/* guards_options(set, out): append the options that lift them, a blank before each: " --allow-most --allow-young". */
void guards_options(unsigned int, struct buf *);
/* guards_json(json, set): their names as the array "guards", where there are any. */
void guards_json(struct json_out *, unsigned int);

#endif
