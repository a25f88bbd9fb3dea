/*
 * text.h - numbers, sizes, times and UTF-8 as people and files write them.  Knows no locale but the time zone.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define TEXT_MAX	40	/* room for any text_*() result below, with its NUL */

/*
 * text_u64(s, n, out): a decimal number of exactly ${n} digits' text.  Return 0, or -1: empty, not digits, too
 * large.
 */
int text_u64(const char *, size_t, uint64_t *);

/* text_hex(s): the byte that two hex digits, in small letters, say, or -1. */
int text_hex(const char *);

/* text_size(out, bytes): "812 B", "9.2 GiB"; units of 1024, at most three digits before them.  Returns ${out}. */
char *text_size(char[TEXT_MAX], uint64_t);
/* text_count(out, n): "48,211". */
char *text_count(char[TEXT_MAX], uint64_t);
/* text_span(out, seconds): "0.4 s", "1 m 31 s", "2 h 5 m", "9 days": a length of time. */
char *text_span(char[TEXT_MAX], double);
/* text_rfc3339(out, t): "2026-11-20T18:05:00Z"; t is seconds since 1970.  text_local(): "2026-11-20 19:05". */
char *text_rfc3339(char[TEXT_MAX], int64_t);
char *text_local(char[TEXT_MAX], int64_t);

/* text_parse_size("5M", out, e): K M G T are powers of 1024, with or without a B or iB behind.  EK_USAGE. */
int text_parse_size(const char *, uint64_t *, struct err *);
/*
 * text_parse_age("2y", now, out, e): the instant that long before ${now}.  s m h d w y; a y is a calendar year (29
 * February becomes 1 March), a d is 24 hours.  EK_USAGE.
 */
int text_parse_age(const char *, int64_t, int64_t *, struct err *);
/*
 * text_parse_date(s, from_out, to_out, e): the half-open span that a date names: "2026", "2026-03", "2026-03-01",
 * "2026-03-01 14:30[:05]" (T will do for the blank), each with Z or +hh:mm behind or else local.  EK_USAGE, also for a
 * day that does not exist.
 */
int text_parse_date(const char *, int64_t *, int64_t *, struct err *);

/* text_days(y, m, d): days since 1970-01-01 of a date in the Gregorian calendar; m from 1. */
int64_t text_days(int64_t, int, int);

/*
 * utf8_next(p, n, cp_out): the length of the character at ${p} (RFC 3629: no overlong forms, no surrogates), or 0: not
 * UTF-8, or ${n} is 0.
 */
size_t utf8_next(const char *, size_t, uint32_t *);
bool utf8_valid(const char *, size_t);
/* utf8_put(out, cp): write ${cp} as UTF-8; return its length. */
size_t utf8_put(char[4], uint32_t);
/* text_harmful(cp): a terminal or a reader can be misled by it: C0, DEL, C1, bidi controls, line separators, U+FEFF. */
bool text_harmful(uint32_t);

#endif
