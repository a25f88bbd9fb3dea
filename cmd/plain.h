/*
 * plain.h - any text made plain: safe to print, with a known width.  The one place that escapes.
 */
#ifndef CMD_PLAIN_H
#define CMD_PLAIN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * plain_escape(out, s, n, utf8): append ${n} bytes of text from anywhere so that no terminal obeys them and no
 * reader is misled.  Newline, return and tab become \n, \r and \t, other control characters and bytes that are no
 * UTF-8 \xNN, C1, bidi and line separators \uNNNN; without ${utf8} (the terminal shows something else) all that is
 * not ASCII becomes \uNNNN or \UNNNNNNNN.  A backslash stays as it is, so plain text passes unchanged.  Return 0,
 * or -1 where the buf's limit cut it (between characters).
 */
int plain_escape(struct buf *, const char *, size_t, bool utf8);
/* plain_format(out, utf8, fmt, ap): the same with what vprintf(3) would print. */
int plain_format(struct buf *, bool utf8, const char *, va_list)
    __attribute__((format(printf, 3, 0)));

/* What plain_text() holds back: bytes that wait for the rest of their character or line end. */
struct plain_tail {
	char		 p[4];
	size_t		 n;
};
#define PLAIN_TAIL_MAX	64	/* room for an escaped tail */

/*
 * plain_text(out, tail, p, n, utf8): append a piece of a longer text, plain but for its tabs and line ends; CR LF
 * becomes LF.  ${out} must have room for plain_text_max(n).  plain_tail(out, tail, utf8): what is left at the
 * text's end.
 */
size_t plain_text_max(size_t);
void plain_text(struct buf *, struct plain_tail *, const char *, size_t, bool utf8);
void plain_tail(struct buf *, struct plain_tail *, bool utf8);

/* plain_width(s): how many places a terminal needs for a plain text: wide characters take two, combining ones none. */
size_t plain_width(const char *);
/* plain_cut(out, s, width, utf8): append a plain text; a wider one is cut and ends with an ellipsis within ${width}. */
void plain_cut(struct buf *, const char *, size_t, bool utf8);

#endif
