/*
 * date.c - see date.h.  No strptime, no gmtime: neither the locale nor the time
 * zone of this machine may change a date.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "mail/date.h"
#include "mail/fold.h"

#define DAY	86400

static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* Exactly ${n} digits as a number, or -1. */
static int
digits(const char *p, size_t n)
{
	int v = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		v = v * 10 + p[i] - '0';
	}
	return v;
}

/* 1 to 12, or 0. */
static int
month_at(const char *p)
{
	int i;

	for (i = 0; i < 12; i++)
		if (fold_equal(p, months[i], 3))
			return i + 1;
	return 0;
}

static int
days_in(int year, int month)
{
	static const int days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31 };

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

/* "hh:mm:ss" as seconds, or -1. */
static int
clock_at(const char *p)
{
	int h = digits(p, 2), m = digits(p + 3, 2), s = digits(p + 6, 2);

	if (h == -1 || h > 23 || m == -1 || m > 59 || s == -1 || s > 60 ||
	    p[2] != ':' || p[5] != ':')
		return -1;
	return h * 3600 + m * 60 + s;
}

/* "+hhmm" as seconds east. */
static int
zone_at(const char *p, int *out)
{
	int h = digits(p + 1, 2), m = digits(p + 3, 2);

	if ((p[0] != '+' && p[0] != '-') || h == -1 || h > 23 || m == -1 ||
	    m > 59)
		return -1;
	*out = (h * 3600 + m * 60) * (p[0] == '-' ? -1 : 1);
	return 0;
}

int
date_parse(const char *p, size_t n, int64_t *out)
{
	int day, month, year, second, zone;
	const char *rest;

	/*
	 * After the day everything has its fixed place: "-Jul-1996 02:44:25
	 * -0700".
	 */
	if (n == 26) {
		day = p[0] == ' ' ? digits(p + 1, 1) : digits(p, 2);
		rest = p + 2;
	} else if (n == 25) {
		day = digits(p, 1);
		rest = p + 1;
	} else
		return -1;
	if (rest[0] != '-' || rest[4] != '-' || rest[9] != ' ' ||
	    rest[18] != ' ')
		return -1;
	month = month_at(rest + 1);
	year = digits(rest + 5, 4);
	if (month == 0 || year == -1 || day < 1 || day > days_in(year, month))
		return -1;
	if ((second = clock_at(rest + 10)) == -1 ||
	    zone_at(rest + 19, &zone) == -1)
		return -1;
	*out = text_days(year, month, day) * DAY + second - zone;
	return 0;
}

struct civil {
	int	year, month, day;	/* month from 0 */
	int	hour, minute, second;
	int	weekday;		/* from Sunday */
};

/*
 * The date and time in UTC of an instant, brought to the years that
 * INTERNALDATE can tell.
 */
static void
civil_from(int64_t t, struct civil *c)
{
	const int64_t first = text_days(0, 1, 1) * DAY;
	const int64_t last = text_days(10000, 1, 1) * DAY - 1;
	int64_t days;
	int left;

	if (t < first)
		t = first;
	if (t > last)
		t = last;
	days = t >= 0 ? t / DAY : -((DAY - 1 - t) / DAY);
	left = (int)(t - days * DAY);
	c->hour = left / 3600;
	c->minute = left / 60 % 60;
	c->second = left % 60;
	c->weekday = (int)(((days + 4) % 7 + 7) % 7);	/* 1970 began on a Thursday */

	/* A year's number by its mean length is right or one off. */
	c->year = (int)((days + 719528) * 400 / 146097);
	while (text_days(c->year, 1, 1) > days)
		c->year--;
	while (text_days(c->year + 1, 1, 1) <= days)
		c->year++;
	left = (int)(days - text_days(c->year, 1, 1));
	for (c->month = 0; left >= days_in(c->year, c->month + 1); c->month++)
		left -= days_in(c->year, c->month + 1);
	c->day = left + 1;
}

char *
date_format(char out[DATE_MAX_RAW], int64_t t)
{
	struct civil c;

	civil_from(t, &c);
	snprintf(out, DATE_MAX_RAW, "%02d-%s-%04d %02d:%02d:%02d +0000", c.day,
	    months[c.month], c.year, c.hour, c.minute, c.second);
	return out;
}

char *
date_asctime(char out[DATE_MAX_RAW], int64_t t)
{
	static const char weekdays[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu",
	    "Fri", "Sat" };
	struct civil c;

	civil_from(t, &c);
	snprintf(out, DATE_MAX_RAW, "%s %s %2d %02d:%02d:%02d %04d",
	    weekdays[c.weekday], months[c.month], c.day, c.hour, c.minute,
	    c.second, c.year);
	return out;
}
