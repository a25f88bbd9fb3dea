/*
 * date.h - INTERNALDATE (RFC 9051, date-time): "17-Jul-1996 02:44:25 -0700".
 */
#ifndef MAIL_DATE_H
#define MAIL_DATE_H

#include <stddef.h>
#include <stdint.h>

#define DATE_MAX_RAW	64	/* bytes of an INTERNALDATE that we keep as sent */

/*
 * date_parse(p, n, out): the instant in seconds since 1970.  The day may have a blank or a zero before it or neither,
 * the month's case is free, a second of 60 is taken.  Return 0, or -1: not a date (Domino sends 00-Jan-0000), or a day,
 * hour or zone (up to 23:59 either way) that does not exist.
 */
int date_parse(const char *, size_t, int64_t *);
/*
 * date_format(out, t): the instant as INTERNALDATE in UTC: "07-Jul-1996 09:44:25 +0000" (day of two digits).  The years
 * are 0000 to 9999, here and in date_asctime(): an instant outside becomes the first or last one of them.  Returns
 * ${out}.
 */
char *date_format(char[DATE_MAX_RAW], int64_t);
/* date_asctime(out, t): "Sun Jul  7 09:44:25 1996", UTC, as the From line of an mbox has it.  Returns ${out}. */
char *date_asctime(char[DATE_MAX_RAW], int64_t);

#endif
