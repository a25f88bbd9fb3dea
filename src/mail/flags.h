/*
 * flags.h - a message's flags as one canonical text, so that two sets are equal when their texts are.
 *
 * Canonical: system flags in RFC 9051's spelling (\Answered \Deleted \Draft \Flagged \Seen, any case read), then
 * other flags that begin with a backslash, then keywords, each group in byte order; one blank between, no flag twice
 * (system flags fold case, keywords don't), no \Recent.  "" is none.
 */
#ifndef MAIL_FLAGS_H
#define MAIL_FLAGS_H

#include <stddef.h>

#include "base/buf.h"

#define FLAGS_MAX_TEXT	(64 * 1024)	/* of one message's flags; RFC 9051 sets no limit */
#define FLAGS_MAX_COUNT	1024

/*
 * flags_canon(p, n, out): append the canonical form of ${n} bytes of flags separated by blanks (NUL, CR and LF separate
 * too; any other byte is part of a flag).  Return 0, or -1 where ${n} is over FLAGS_MAX_TEXT, there are more than
 * FLAGS_MAX_COUNT, repeated ones counted, or ${out} can't take it; ${out} is then as it was.
 */
int flags_canon(const char *, size_t, struct buf *);

/*
 * flags_next(s, len): the first flag in canonical text ${*s} and its length; moves ${*s} on behind it; NULL at the end.
 */
const char *flags_next(const char **, size_t *);
/* flags_has(text, flag): whether canonical ${text} holds ${flag}, given in canonical spelling. */
int flags_has(const char *, const char *);

/*
 * Gmail labels (X-GM-LABELS) may hold blanks, so their canonical text is one to a line: sorted by bytes, none twice, no
 * newline at the end.  labels_add(b, p, n): put one in its place (CR, LF and NUL in it become '?'; an empty one is
 * none).  Return 0, or -1 where ${b} can't take it and is as it was.
 */
int labels_add(struct buf *, const char *, size_t);

#endif
