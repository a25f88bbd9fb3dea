/*
 * html.h - HTML as the text that a person would read in it.
 *
 * Not a browser's parser: a scan that never goes back, for letters.  Tags become line breaks, empty lines, blanks or
 * nothing; scripts, styles, the title and comments are dropped; what only looks like a tag stays.  Time grows with
 * the number of bytes, whatever they are.
 */
#ifndef MAIL_HTML_H
#define MAIL_HTML_H

#include <stddef.h>

#include "base/buf.h"

/*
 * html_text(p, n, out): append the text of ${n} bytes of HTML in UTF-8.  It is valid UTF-8 without control characters
 * but LF and tab: others, also hidden ones ("&#27;"), and bytes that are no UTF-8 become U+FFFD.  Return 0, or -1:
 * cut at the buf's limit.
 */
int html_text(const char *, size_t, struct buf *);

#endif
