/*
 * wrap.h - lines that are too long for a terminal, broken between words.
 */
#ifndef CMD_WRAP_H
#define CMD_WRAP_H

#include <stddef.h>

#include "base/buf.h"

/* wrap_columns(fd): how wide a terminal is: as it says itself, else as $COLUMNS says, else 80. */
size_t wrap_columns(int);
/*
 * wrap_line(out, s, width, at, hang): append a plain text (plain.h) of one line that begins at place ${at} of a line
 * of ${width}.  What fits stays as it is.  Else, where a word doesn't fit any more, a new line begins, with ${hang};
 * the blanks before it are dropped, as are those at the end.  A word is never broken: one that is too wide has a line
 * of its own.
 */
void wrap_line(struct buf *, const char *, size_t width, size_t at, const char *hang);
/*
 * wrap_quoted(out, s, width): the same for a line of mail: what goes on begins with the blanks and '>' that the line
 * begins with, unless they fill half of the width.
 */
void wrap_quoted(struct buf *, const char *, size_t width);

#endif
