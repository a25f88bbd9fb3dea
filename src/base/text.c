/*
 * text.c - see text.h.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

int
text_u64(const char *s, size_t n, uint64_t *out)
{
	uint64_t v = 0;
	size_t i;

	if (n == 0)
		return -1;
	for (i = 0; i < n; i++) {
		unsigned int digit = (unsigned int)(s[i] - '0');

		if (digit > 9 || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, digit, &v))
			return -1;
	}
	*out = v;
	return 0;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int
text_hex(const char *s)
{
	int high = hex_digit(s[0]), low = high == -1 ? -1 : hex_digit(s[1]);

	return low == -1 ? -1 : high << 4 | low;
}

char *
text_size(char out[TEXT_MAX], uint64_t bytes)
{
	static const char *const unit[] = { "KiB", "MiB", "GiB", "TiB", "PiB",
	    "EiB" };
	double v = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(out, TEXT_MAX, "%" PRIu64 " B", bytes);
		return out;
	}
	while (v >= 999.95 && i + 1 < sizeof(unit) / sizeof(unit[0])) {
		v /= 1024;
		i++;
	}
	snprintf(out, TEXT_MAX, "%.1f %s", v, unit[i]);
	return out;
}

char *
text_count(char out[TEXT_MAX], uint64_t n)
{
	char digits[TEXT_MAX];
	size_t len, i, j = 0;

	len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n);
	for (i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			out[j++] = ',';
		out[j++] = digits[i];
	}
	out[j] = '\0';
	return out;
}

char *
text_span(char out[TEXT_MAX], double seconds)
{
	int64_t s = (int64_t)(seconds + 0.5);

	if (seconds < 9.95)
		snprintf(out, TEXT_MAX, "%.1f s", seconds < 0 ? 0 : seconds);
	else if (s < 60)
		snprintf(out, TEXT_MAX, "%" PRId64 " s", s);
	else if (s < 3600)
		snprintf(out, TEXT_MAX, "%" PRId64 " m %" PRId64 " s", s / 60,
		    s % 60);
	else if (s < 48 * 3600)
		snprintf(out, TEXT_MAX, "%" PRId64 " h %" PRId64 " m", s / 3600,
		    s % 3600 / 60);
	else
		snprintf(out, TEXT_MAX, "%" PRId64 " days", s / 86400);
	return out;
}

char *
text_rfc3339(char out[TEXT_MAX], int64_t t)
{
	time_t when = (time_t)t;
	struct tm tm;

	/* strftime() would write the year 33 with two digits. */
	if (gmtime_r(&when, &tm) == NULL)
		snprintf(out, TEXT_MAX, "?");
	else
		snprintf(out, TEXT_MAX, "%04ld-%02d-%02dT%02d:%02d:%02dZ",
		    tm.tm_year + 1900L, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		    tm.tm_min, tm.tm_sec);
	return out;
}

char *
text_local(char out[TEXT_MAX], int64_t t)
{
	time_t when = (time_t)t;
	struct tm tm;

	if (localtime_r(&when, &tm) == NULL)
		snprintf(out, TEXT_MAX, "?");
	else
		snprintf(out, TEXT_MAX, "%04ld-%02d-%02d %02d:%02d",
		    tm.tm_year + 1900L, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		    tm.tm_min);
	return out;
}

int
text_parse_size(const char *s, uint64_t *out, struct err *e)
{
	size_t digits = strspn(s, "0123456789");
	const char *unit = s + digits;
	uint64_t v, factor = 1;

	switch (toupper((unsigned char)*unit)) {
	case 'T':
		factor *= 1024;
		/* FALLTHROUGH */
	case 'G':
		factor *= 1024;
		/* FALLTHROUGH */
	case 'M':
		factor *= 1024;
		/* FALLTHROUGH */
	case 'K':
		factor *= 1024;
		unit++;
		break;
	}
	if (factor > 1 && strcmp(unit, "iB") == 0)
		unit += 2;
	else if (strcmp(unit, "B") == 0)
		unit++;
	if (*unit != '\0' || text_u64(s, digits, &v) == -1 ||
	    __builtin_mul_overflow(v, factor, &v))
		return err_set(e, EK_USAGE,
		    "'%s' is not a size such as 5M or 2G", s);
	*out = v;
	return 0;
}

int64_t
text_days(int64_t y, int m, int d)
{
	int64_t era, year_of_era, day_of_year;

	/* Years that begin in March, in eras of 400: leap days fall at the end of a year. */
	if (m <= 2)
		y--;
	era = (y >= 0 ? y : y - 399) / 400;
	year_of_era = y - era * 400;
	day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 -
	    year_of_era / 100 + day_of_year - 719468;
}

int
text_parse_age(const char *s, int64_t now, int64_t *out, struct err *e)
{
	size_t digits = strspn(s, "0123456789");
	uint64_t n;
	int64_t unit = 0;
	time_t when = (time_t)now;
	struct tm tm;

	if (text_u64(s, digits, &n) == -1 || n > 1000000000 ||
	    s[digits] == '\0' || s[digits + 1] != '\0')
		goto bad;
	switch (s[digits]) {
	case 's': unit = 1; break;
	case 'm': unit = 60; break;
	case 'h': unit = 3600; break;
	case 'd': unit = 86400; break;
	case 'w': unit = 7 * 86400; break;
	case 'y':
		if (n > 1000 || localtime_r(&when, &tm) == NULL)
			goto bad;
		tm.tm_year -= (int)n;
		tm.tm_isdst = -1;
		*out = (int64_t)mktime(&tm);
		return 0;
	default:
		goto bad;
	}
	*out = now - (int64_t)n * unit;
	return 0;
bad:
	return err_set(e, EK_USAGE, "'%s' is not an age such as 26h or 2y", s);
}

/* Two or four digits at *s; moves on.  Return the value or -1. */
static int
digits(const char **s, int n)
{
	int v = 0;

	while (n-- > 0) {
		if (**s < '0' || **s > '9')
			return -1;
		v = v * 10 + *(*s)++ - '0';
	}
	return v;
}

struct date {
	int	year, month, day, hour, minute, second;
	char	unit;		/* the last part that was given: y m d M S */
};

static int
days_in(int year, int month)
{
	return (int)(text_days(year + month / 12, month % 12 + 1, 1) -
	    text_days(year, month, 1));
}

static int
parse_day(const char **s, struct date *d)
{
	if ((d->year = digits(s, 4)) == -1)
		return -1;
	d->month = d->day = 1;
	d->unit = 'y';
	if (**s != '-')
		return 0;
	(*s)++;
	if ((d->month = digits(s, 2)) < 1 || d->month > 12)
		return -1;
	d->unit = 'm';
	if (**s != '-')
		return 0;
	(*s)++;
	if ((d->day = digits(s, 2)) < 1 ||
	    d->day > days_in(d->year, d->month))
		return -1;
	d->unit = 'd';
	return 0;
}

static int
parse_clock(const char **s, struct date *d)
{
	(*s)++;
	if ((d->hour = digits(s, 2)) == -1 || d->hour > 23 || *(*s)++ != ':' ||
	    (d->minute = digits(s, 2)) == -1 || d->minute > 59)
		return -1;
	d->unit = 'M';
	if (**s != ':')
		return 0;
	(*s)++;
	if ((d->second = digits(s, 2)) == -1 || d->second > 60)
		return -1;
	d->unit = 'S';
	return 0;
}

/* The instant of a date; *zone is what stood behind it: NULL for local, else minutes east. */
static int64_t
instant(const struct date *d, const int *zone)
{
	struct tm tm = { .tm_year = d->year - 1900, .tm_mon = d->month - 1,
	    .tm_mday = d->day, .tm_hour = d->hour, .tm_min = d->minute,
	    .tm_sec = d->second, .tm_isdst = -1 };
	int month = d->month - 1;

	if (zone == NULL)
		return (int64_t)mktime(&tm);
	return text_days(d->year + month / 12, month % 12 + 1, 1) * 86400 +
	    (int64_t)(d->day - 1) * 86400 + d->hour * 3600 + d->minute * 60 +
	    d->second - *zone * 60;
}

int
text_parse_date(const char *text, int64_t *from_out, int64_t *to_out,
    struct err *e)
{
	const char *s = text;
	struct date d = { 0 };
	int zone = 0, h, m, sign;
	bool zoned = false;

	if (parse_day(&s, &d) == -1)
		goto bad;
	if (d.unit == 'd' && (*s == ' ' || *s == 'T') &&
	    parse_clock(&s, &d) == -1)
		goto bad;
	if (*s == 'Z') {
		zoned = true;
		s++;
	} else if (*s == '+' || *s == '-') {
		sign = *s++ == '-' ? -1 : 1;
		if ((h = digits(&s, 2)) == -1 || *s++ != ':' ||
		    (m = digits(&s, 2)) == -1 || h > 23 || m > 59)
			goto bad;
		zone = sign * (h * 60 + m);
		zoned = true;
	}
	if (*s != '\0')
		goto bad;
	*from_out = instant(&d, zoned ? &zone : NULL);
	switch (d.unit) {
	case 'y': d.year++; break;
	case 'm': d.month++; break;
	case 'd': d.day++; break;
	case 'M': d.minute++; break;
	default: d.second++; break;
	}
	*to_out = instant(&d, zoned ? &zone : NULL);
	return 0;
bad:
	return err_set(e, EK_USAGE,
	    "'%s' is not a date such as 2026-03-01 or 2026-03-01 14:30", text);
}

size_t
utf8_next(const char *s, size_t n, uint32_t *out)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t cp, least;
	size_t len, i;

	if (n == 0)
		return 0;
	if (p[0] < 0x80) {
		*out = p[0];
		return 1;
	}
	if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		len = 2; cp = p[0] & 0x1fu; least = 0x80;
	} else if (p[0] >= 0xe0 && p[0] <= 0xef) {
		len = 3; cp = p[0] & 0x0fu; least = 0x800;
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		len = 4; cp = p[0] & 0x07u; least = 0x10000;
	} else
		return 0;
	if (n < len)
		return 0;
	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (p[i] & 0x3fu);
	}
	if (cp < least || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	*out = cp;
	return len;
}

bool
utf8_valid(const char *p, size_t n)
{
	uint32_t cp;
	size_t len;

	for (; n > 0; p += len, n -= len)
		if ((len = utf8_next(p, n, &cp)) == 0)
			return false;
	return true;
}

size_t
utf8_put(char out[4], uint32_t cp)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

bool
text_harmful(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x061c ||
	    cp == 0x200e || cp == 0x200f ||
	    (cp >= 0x2028 && cp <= 0x202e) ||
	    (cp >= 0x2066 && cp <= 0x2069) || cp == 0xfeff;
}
