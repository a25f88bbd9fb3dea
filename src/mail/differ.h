/*
 * differ.h - in what two copies of a message differ, in a few words for people.
 */
#ifndef MAIL_DIFFER_H
#define MAIL_DIFFER_H

#include <stddef.h>

#include "base/buf.h"

/*
 * differ_text(old, old_n, new, new_n, out): append how ${new} came to be from ${old}: "header X-Spam added; body: 12
 * bytes less".  Names of header fields are the message's: escape them.
 */
void differ_text(const char *, size_t, const char *, size_t, struct buf *);

#endif
