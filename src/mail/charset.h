/*
 * charset.h - bytes whose charset nobody names, or names wrongly.
 */
#ifndef MAIL_CHARSET_H
#define MAIL_CHARSET_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define CHARSET_NONE	0xfffd	/* the character that stands for what is none */

/* charset_1252(c): the character that a byte means in windows-1252, or CHARSET_NONE. */
uint32_t charset_1252(unsigned char);
/*
 * charset_guess(p, n, out): append bytes of an unknown charset as UTF-8: what is valid UTF-8 is taken as it is, any
 * other byte as windows-1252.  Return 0, or -1: cut at the buf's limit.
 */
int charset_guess(const char *, size_t, struct buf *);
/*
 * charset_next(p, n, cp_out): the character at ${p}, of ${n} > 0 bytes that should be UTF-8, and its length; a byte
 * that begins none is one of length 1: CHARSET_NONE.
 * charset_tame(cp): ${cp}, or CHARSET_NONE for a control character (C0, DEL, C1).
 * charset_put(out, cp): append a character.  Return 0, or -1 at the buf's limit.
 */
size_t charset_next(const char *, size_t, uint32_t *);
uint32_t charset_tame(uint32_t);
int charset_put(struct buf *, uint32_t);
/*
 * charset_meant(label, n): the charset that senders mean who call it by these ${n} bytes, "unknown-8bit" where that
 * is anything; NULL: what they say.  Lives for ever.
 */
const char *charset_meant(const char *, size_t);

#endif
