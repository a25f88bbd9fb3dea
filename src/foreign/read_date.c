/*
 * read_date.c - dates as headers and From_ lines have them: RFC 5322, asctime(3), and what programs made of both.
 */
#include <string.h>

#include "base/text.h"
#include "foreign/read.h"

#define WORDS_MAX	16	/* a date has no more */

struct parts {
	int	day, month, year;	/* month from 1; -1 not seen yet */
	int	hour, minute, second;	/* hour -1: no time yet */
	int	zone;			/* minutes east of UTC */
	bool	zoned;
	unsigned int odd;		/* words that mean nothing */
};

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Which of the names a word is, by as many letters as the name has; -1. */
static int
which(const char *p, size_t n, const char *names, size_t len, bool more)
{
	size_t i, j;

	if (n < len || (n > len && !more))
		return -1;
	for (i = 0; names[i * len] != '\0'; i++) {
		for (j = 0; j < len && lower(p[j]) == names[i * len + j]; j++)
			continue;
		if (j == len)
			return (int)i;
	}
	return -1;
}

static bool
is_word(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (lower(p[i]) < 'a' || lower(p[i]) > 'z')
			return false;
	return n > 0;
}

static int
digits(const char *p, size_t n)
{
	uint64_t v;

	return n > 4 || text_u64(p, n, &v) == -1 ? -1 : (int)v;
}

/* "09:44:25", "9:44" */
static bool
take_time(struct parts *d, const char *p, size_t n)
{
	const char *end = p + n, *colon;
	int v[3] = { 0, 0, 0 };
	size_t i;

	for (i = 0; i < 3; i++) {
		colon = memchr(p, ':', (size_t)(end - p));
		if (i == 2)
			colon = NULL;
		n = colon == NULL ? (size_t)(end - p) : (size_t)(colon - p);
		if (n > 2 || (v[i] = digits(p, n)) == -1)
			return false;
		if (colon == NULL)
			break;
		p = colon + 1;
	}
	if (i == 0 || d->hour != -1 || v[0] > 23 || v[1] > 59 || v[2] > 60)
		return false;
	d->hour = v[0];
	d->minute = v[1];
	d->second = v[2];
	return true;
}

/* "+0200", "GMT", "PDT" */
static bool
take_zone(struct parts *d, const char *p, size_t n)
{
	static const char us[] = "edtestcdtcstmdtmstpdtpst";
	int v;

	if (d->zoned)
		return false;
	if (n == 5 && (p[0] == '+' || p[0] == '-')) {
		v = digits(p + 1, 4);
		if (v == -1 || v / 100 > 23 || v % 100 > 59)
			return false;
		v = v / 100 * 60 + v % 100;
		d->zone = p[0] == '-' ? -v : v;
	} else if ((v = which(p, n, us, 3, false)) != -1)
		d->zone = -60 * (4 + (v + 1) / 2);
	else if (n > 5 || !is_word(p, n))
		return false;
	/* All other names say nothing that holds everywhere (RFC 5322, section 4.3). */
	d->zoned = true;
	return true;
}

static bool
take_number(struct parts *d, const char *p, size_t n)
{
	int v = digits(p, n);

	if (v == -1)
		return false;
	if (n <= 2 && d->day == -1) {
		d->day = v;
		return true;
	}
	if (d->year != -1)
		return false;
	if (n == 2)
		d->year = v < 50 ? 2000 + v : 1900 + v;
	else if (n == 3)
		d->year = 1900 + v;
	else if (n == 4)
		d->year = v;
	else
		return false;
	return true;
}

static void
take_word(struct parts *d, const char *p, size_t n)
{
	static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	static const char days[] = "montuewedthufrisatsun";
	int v;

	if (memchr(p, ':', n) != NULL) {
		if (!take_time(d, p, n))
			d->odd++;
	} else if (p[0] >= '0' && p[0] <= '9') {
		if (!take_number(d, p, n))
			d->odd++;
	} else if (d->month == -1 && is_word(p, n) &&
	    (v = which(p, n, months, 3, true)) != -1)
		d->month = v + 1;
	else if (!(is_word(p, n) && which(p, n, days, 3, true) != -1) &&
	    !take_zone(d, p, n))
		d->odd++;
}

static bool
is_leap(int y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static int
instant(const struct parts *d, int64_t *out)
{
	static const int length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31 };
	int last;

	if (d->day < 1 || d->month == -1 || d->year < 1 || d->hour == -1)
		return -1;
	last = length[d->month - 1] + (d->month == 2 && is_leap(d->year));
	if (d->day > last)
		return -1;
	*out = text_days(d->year, d->month, d->day) * 86400 +
	    d->hour * 3600 + d->minute * 60 + d->second - d->zone * 60;
	return 0;
}

static bool
is_gap(char c)
{
	return c == ' ' || c == '\t' || c == ',' || c == '\r' || c == '\n';
}

int
read_date(const char *p, size_t n, bool strict, int64_t *out)
{
	struct parts d = { .day = -1, .month = -1, .year = -1, .hour = -1 };
	const char *end = p + n, *word;
	unsigned int words = 0, depth = 0;

	while (p < end) {
		/* Comments may stand anywhere, and in each other. */
		if (*p == '(')
			depth++;
		else if (*p == ')' && depth > 0)
			depth--;
		else if (depth == 0 && !is_gap(*p)) {
			for (word = p; p < end && !is_gap(*p) && *p != '('; )
				p++;
			if (words++ == WORDS_MAX)
				return -1;
			take_word(&d, word, (size_t)(p - word));
			continue;
		}
		p++;
	}
	return strict && d.odd > 0 ? -1 : instant(&d, out);
}
