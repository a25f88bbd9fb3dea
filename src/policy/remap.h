/*
 * remap.h - "OLD=NEW": other names for the folders that a glob matches; private.
 */
#ifndef POLICY_REMAP_H
#define POLICY_REMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct remap {
	char		*old, *new;	/* own; without the backslashes before '=' */
};

/* remap_parse(text, r_out, e): read "OLD=NEW".  EK_USAGE; ${r_out} is to be released in any case. */
int remap_parse(const char *, struct remap *, struct err *);
void remap_release(struct remap *);
/*
 * remap_apply(r, name, delimiter, out): whether the glob matches; then the parts of the new name are in ${out}, each
 * with a NUL behind it, none of them empty, but for the one of a name that has no other.
 */
bool remap_apply(const struct remap *, const char *, char delimiter, struct buf *);

#endif
