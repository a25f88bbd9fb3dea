/*
 * Numbers, sizes, times and UTF-8 as people write them: in tables, at the limits, over leap years and clock changes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/text.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define K		1024ull
#define M		(1024 * K)
#define G		(1024 * M)

/* The time zone from here on; by rule, so that no database is needed. */
static void
zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

#define BERLIN	"CET-1CEST,M3.5.0,M10.5.0/3"
#define LIMA	"<-05>5"

/* The instant of a date in UTC, by the C library. */
static int64_t
utc(int y, int mo, int d, int h, int mi, int s)
{
	struct tm tm = { .tm_year = y - 1900, .tm_mon = mo - 1, .tm_mday = d,
	    .tm_hour = h, .tm_min = mi, .tm_sec = s };

	return (int64_t)timegm(&tm);
}

/* ---- numbers ---- */

static void
test_u64_takes_digits_that_fit_and_nothing_else(void **state)
{
	static const struct { const char *s; int rc; uint64_t v; } t[] = {
		{ "0", 0, 0 }, { "7", 0, 7 }, { "007", 0, 7 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -1, 0 },
		{ "18446744073709551620", -1, 0 },
		{ "99999999999999999999", -1, 0 },
		{ "100000000000000000000000000000", -1, 0 },
		{ "00000000000000000000000000001", 0, 1 },
		{ "", -1, 0 }, { "-1", -1, 0 }, { "+1", -1, 0 },
		{ " 1", -1, 0 }, { "1 ", -1, 0 }, { "1a", -1, 0 },
		{ "/", -1, 0 }, { ":", -1, 0 }, { "\xb1", -1, 0 },
	};
	uint64_t v;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		v = 4711;
		assert_int_equal(text_u64(t[i].s, strlen(t[i].s), &v),
		    t[i].rc);
		assert_int_equal(v, t[i].rc == 0 ? t[i].v : 4711);
	}
	/* Only as many as said. */
	assert_int_equal(text_u64("123x", 3, &v), 0);
	assert_int_equal(v, 123);
}

static void
test_hex_takes_two_small_digits(void **state)
{
	char s[3] = "";
	unsigned int a, b;

	(void)state;
	for (a = 0; a < 256; a++) {
		snprintf(s, sizeof(s), "%02x", a);
		assert_int_equal(text_hex(s), a);
		for (b = 0; b < 256; b++) {
			const char *digits = "0123456789abcdef";
			int good = a != 0 && b != 0 &&
			    strchr(digits, (int)a) != NULL &&
			    strchr(digits, (int)b) != NULL;

			s[0] = (char)a;
			s[1] = (char)b;
			assert_int_equal(text_hex(s) >= 0, good);
		}
	}
}

static void
test_size_has_at_most_three_digits_before_the_unit(void **state)
{
	static const struct { uint64_t n; const char *text; } t[] = {
		{ 0, "0 B" }, { 1, "1 B" }, { 1023, "1023 B" },
		{ 1024, "1.0 KiB" }, { 1536, "1.5 KiB" },
		{ 999 * K, "999.0 KiB" }, { 1000 * K, "1.0 MiB" },
		{ 1023948, "999.9 KiB" }, { 1023949, "1.0 MiB" },
		{ M, "1.0 MiB" }, { 9421772, "9.0 MiB" }, { G, "1.0 GiB" },
		{ 9878424781ull, "9.2 GiB" }, { 1024 * G, "1.0 TiB" },
		{ M * G, "1.0 PiB" }, { UINT64_MAX, "16.0 EiB" },
	};
	char out[TEXT_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		assert_ptr_equal(text_size(out, t[i].n), out);
		assert_string_equal(out, t[i].text);
	}
}

static void
test_count_is_grouped_by_three(void **state)
{
	static const struct { uint64_t n; const char *text; } t[] = {
		{ 0, "0" }, { 999, "999" }, { 1000, "1,000" },
		{ 48211, "48,211" }, { 999999, "999,999" },
		{ 1000000, "1,000,000" },
		{ UINT64_MAX, "18,446,744,073,709,551,615" },
	};
	char out[TEXT_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++)
		assert_string_equal(text_count(out, t[i].n), t[i].text);
}

static void
test_span_is_told_in_two_units(void **state)
{
	static const struct { double s; const char *text; } t[] = {
		{ -1, "0.0 s" }, { 0, "0.0 s" }, { 0.44, "0.4 s" },
		{ 9.94, "9.9 s" }, { 9.95, "10 s" }, { 59.4, "59 s" },
		{ 59.5, "1 m 0 s" }, { 91, "1 m 31 s" },
		{ 3599.4, "59 m 59 s" }, { 3599.5, "1 h 0 m" },
		{ 7500, "2 h 5 m" }, { 172799, "47 h 59 m" },
		{ 172800, "2 days" }, { 9.5 * 86400, "9 days" },
		{ 1e12, "11574074 days" },
	};
	char out[TEXT_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++)
		assert_string_equal(text_span(out, t[i].s), t[i].text);
}

static void
test_parse_size_knows_the_units(void **state)
{
	static const struct { const char *s; int rc; uint64_t v; } t[] = {
		{ "0", 0, 0 }, { "812", 0, 812 }, { "812B", 0, 812 },
		{ "1K", 0, K }, { "1k", 0, K }, { "5M", 0, 5 * M },
		{ "5MB", 0, 5 * M }, { "5MiB", 0, 5 * M }, { "5m", 0, 5 * M },
		{ "2G", 0, 2 * G }, { "3T", 0, 3 * 1024 * G },
		{ "16777215T", 0, 16777215ull * 1024 * G },
		{ "16777216T", -1, 0 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -1, 0 },
		{ "18014398509481983K", 0, 18014398509481983ull * K },
		{ "18014398509481984K", -1, 0 },
		{ "", -1, 0 }, { "K", -1, 0 }, { "B", -1, 0 },
		{ "-1", -1, 0 }, { "+1", -1, 0 }, { "1.5M", -1, 0 },
		{ "5 M", -1, 0 }, { " 5M", -1, 0 }, { "5M ", -1, 0 },
		{ "5X", -1, 0 }, { "5iB", -1, 0 }, { "5KK", -1, 0 },
		{ "5Mi", -1, 0 }, { "5MiBs", -1, 0 }, { "5BB", -1, 0 },
	};
	uint64_t v;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		v = 4711;
		if (text_parse_size(t[i].s, &v, &e) != t[i].rc)
			fail_msg("%s", t[i].s);
		assert_int_equal(v, t[i].rc == 0 ? t[i].v : 4711);
		if (t[i].rc == -1)
			assert_int_equal(e.kind, EK_USAGE);
	}
}

/* ---- days ---- */

static void
test_days_agree_with_the_c_library_for_a_thousand_years(void **state)
{
	int64_t want = utc(1600, 1, 1, 0, 0, 0) / 86400, got;
	int y, m, d;

	(void)state;
	assert_int_equal(text_days(1970, 1, 1), 0);
	assert_int_equal(text_days(1, 1, 1), -719162);
	assert_int_equal(text_days(0, 3, 1), -719468);
	assert_int_equal(text_days(-1, 12, 31), text_days(0, 1, 1) - 1);
	/* One after the other, so that no day is left out or counted twice. */
	for (y = 1600; y < 2600; y++)
		for (m = 1; m <= 12; m++)
			for (d = 1; d <= 31; d++) {
				struct tm tm = { .tm_year = y - 1900,
				    .tm_mon = m - 1, .tm_mday = d };

				timegm(&tm);
				if (tm.tm_mday != d)
					break;	/* there is none */
				got = text_days(y, m, d);
				assert_int_equal(got, want);
				want++;
			}
	assert_int_equal(want, utc(2600, 1, 1, 0, 0, 0) / 86400);
}

static void
test_times_are_written_in_utc_or_here(void **state)
{
	static const struct { int64_t t; const char *utc, *berlin, *lima; } t[] = {
		{ 0, "1970-01-01T00:00:00Z", "1970-01-01 01:00",
		    "1969-12-31 19:00" },
		{ -1, "1969-12-31T23:59:59Z", "1970-01-01 00:59",
		    "1969-12-31 18:59" },
		{ 1795197900, "2026-11-20T18:05:00Z", "2026-11-20 19:05",
		    "2026-11-20 13:05" },
		/* summer */
		{ 1782842400, "2026-06-30T18:00:00Z", "2026-06-30 20:00",
		    "2026-06-30 13:00" },
		{ 4102444800, "2100-01-01T00:00:00Z", "2100-01-01 01:00",
		    "2099-12-31 19:00" },
		{ 951782400, "2000-02-29T00:00:00Z", "2000-02-29 01:00",
		    "2000-02-28 19:00" },
		{ -61125753600, "0033-01-01T00:00:00Z", "0033-01-01 01:00",
		    "0032-12-31 19:00" },
		{ INT64_MAX, "?", "?", "?" },
		{ INT64_MIN, "?", "?", "?" },
	};
	char out[TEXT_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		zone(BERLIN);
		assert_string_equal(text_rfc3339(out, t[i].t), t[i].utc);
		assert_string_equal(text_local(out, t[i].t), t[i].berlin);
		zone(LIMA);
		assert_string_equal(text_rfc3339(out, t[i].t), t[i].utc);
		assert_string_equal(text_local(out, t[i].t), t[i].lima);
	}
}

static void
test_parse_age_counts_back_from_now(void **state)
{
	/* 2026-11-20 18:05 UTC */
	const int64_t now = 1795197900;
	static const struct { const char *s; int64_t back; } t[] = {
		{ "0s", 0 }, { "1s", 1 }, { "90m", 5400 },
		{ "26h", 26 * 3600 }, { "1d", 86400 }, { "30d", 2592000 },
		{ "2w", 1209600 }, { "1000000000s", 1000000000 },
		{ "", -1 }, { "5", -1 }, { "d", -1 }, { "5D", -1 },
		{ "5dd", -1 }, { "5 d", -1 }, { "-5d", -1 }, { "1.5h", -1 },
		{ "5x", -1 }, { "1000000001s", -1 },
		{ "99999999999999999999d", -1 }, { "1001y", -1 },
	};
	int64_t v;
	struct err e;
	size_t i;

	(void)state;
	zone(BERLIN);
	for (i = 0; i < LENGTH(t); i++) {
		v = 4711;
		if (text_parse_age(t[i].s, now, &v, &e) !=
		    (t[i].back == -1 ? -1 : 0))
			fail_msg("%s", t[i].s);
		if (t[i].back == -1)
			assert_int_equal(e.kind, EK_USAGE);
		assert_int_equal(v, t[i].back == -1 ? 4711 :
		    now - t[i].back);
	}
}

static void
test_parse_age_takes_calendar_years_and_24_hour_days(void **state)
{
	static const struct { const char *tz, *age, *now, *then; } t[] = {
		{ "UTC0", "1y", "2026-11-20 18:05", "2025-11-20 18:05" },
		{ "UTC0", "2y", "2026-03-01", "2024-03-01" },
		/* over a 29 February, and from one */
		{ "UTC0", "1y", "2025-02-28", "2024-02-28" },
		{ "UTC0", "1y", "2024-02-29", "2023-03-01" },
		{ "UTC0", "4y", "2024-02-29", "2020-02-29" },
		{ "UTC0", "24y", "2024-02-29", "2000-02-29" },
		{ "UTC0", "124y", "2024-02-29", "1900-03-01" },
		{ "UTC0", "100y", "2026-01-01", "1926-01-01" },
		{ "UTC0", "0y", "2026-01-01", "2026-01-01" },
		{ "UTC0", "20y", "2026-01-01 00:00:01", "2006-01-01 00:00:01" },
		/* a year is by the clock on the wall, a day has 24 hours */
		{ BERLIN, "1y", "2026-03-29 12:00", "2025-03-29 12:00" },
		{ BERLIN, "1y", "2026-10-24 12:00", "2025-10-24 12:00" },
		{ BERLIN, "1d", "2026-03-29 12:00", "2026-03-28 11:00" },
		{ BERLIN, "1d", "2026-10-25 12:00", "2026-10-24 13:00" },
		{ BERLIN, "7d", "2026-11-20 12:00", "2026-11-13 12:00" },
	};
	int64_t now, want, end, got;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		zone(t[i].tz);
		assert_int_equal(text_parse_date(t[i].now, &now, &end, &e), 0);
		assert_int_equal(text_parse_date(t[i].then, &want, &end, &e),
		    0);
		assert_int_equal(text_parse_age(t[i].age, now, &got, &e), 0);
		if (got != want)
			fail_msg("%s before %s: %lld, not %lld", t[i].age,
			    t[i].now, (long long)got, (long long)want);
	}
}

/* ---- dates ---- */

static void
test_parse_date_names_a_half_open_span(void **state)
{
	const struct { const char *s; int64_t from, length; } t[] = {
		{ "2026Z", utc(2026, 1, 1, 0, 0, 0), 365 * 86400 },
		{ "2024Z", utc(2024, 1, 1, 0, 0, 0), 366 * 86400 },
		{ "2026-03Z", utc(2026, 3, 1, 0, 0, 0), 31 * 86400 },
		{ "2026-12Z", utc(2026, 12, 1, 0, 0, 0), 31 * 86400 },
		{ "2024-02Z", utc(2024, 2, 1, 0, 0, 0), 29 * 86400 },
		{ "2100-02Z", utc(2100, 2, 1, 0, 0, 0), 28 * 86400 },
		{ "2026-03-01Z", utc(2026, 3, 1, 0, 0, 0), 86400 },
		{ "2026-12-31Z", utc(2026, 12, 31, 0, 0, 0), 86400 },
		{ "2024-02-29Z", utc(2024, 2, 29, 0, 0, 0), 86400 },
		{ "2026-03-01 14:30Z", utc(2026, 3, 1, 14, 30, 0), 60 },
		{ "2026-03-01T14:30Z", utc(2026, 3, 1, 14, 30, 0), 60 },
		{ "2026-03-01 23:59Z", utc(2026, 3, 1, 23, 59, 0), 60 },
		{ "2026-03-01 14:30:05Z", utc(2026, 3, 1, 14, 30, 5), 1 },
		{ "2026-03-01T14:30:05+00:00", utc(2026, 3, 1, 14, 30, 5), 1 },
		{ "2016-12-31 23:59:60Z", utc(2017, 1, 1, 0, 0, 0), 1 },
		/* east is earlier */
		{ "2026-03-01+01:00", utc(2026, 2, 28, 23, 0, 0), 86400 },
		{ "2026-03-01 14:30-05:30", utc(2026, 3, 1, 20, 0, 0), 60 },
		{ "2026-01-01 00:30+14:00", utc(2025, 12, 31, 10, 30, 0), 60 },
		{ "2026-01+23:59", utc(2025, 12, 31, 0, 1, 0), 31 * 86400 },
		{ "1969-12-31Z", -86400, 86400 },
		{ "0001-01-01Z", utc(1, 1, 1, 0, 0, 0), 86400 },
		{ "9999Z", utc(9999, 1, 1, 0, 0, 0), 365 * 86400 },
	};
	int64_t from, to;
	struct err e;
	size_t i;

	(void)state;
	/* What carries a zone doesn't depend on ours. */
	zone(LIMA);
	for (i = 0; i < LENGTH(t); i++) {
		if (text_parse_date(t[i].s, &from, &to, &e) == -1)
			fail_msg("%s", e.text);
		if (from != t[i].from || to - from != t[i].length)
			fail_msg("%s: %lld + %lld", t[i].s, (long long)from,
			    (long long)(to - from));
	}
}

static void
test_parse_date_without_a_zone_is_local(void **state)
{
	const struct { const char *s; int64_t from, length; } t[] = {
		{ "2026-01-15", utc(2026, 1, 14, 23, 0, 0), 86400 },
		{ "2026-07-15", utc(2026, 7, 14, 22, 0, 0), 86400 },
		{ "2026-07-15 14:30", utc(2026, 7, 15, 12, 30, 0), 60 },
		/* the days on which the clock is changed */
		{ "2026-03-29", utc(2026, 3, 28, 23, 0, 0), 23 * 3600 },
		{ "2026-10-25", utc(2026, 10, 24, 22, 0, 0), 25 * 3600 },
		{ "2026-03", utc(2026, 2, 28, 23, 0, 0), 31 * 86400 - 3600 },
		{ "2026-10", utc(2026, 9, 30, 22, 0, 0), 31 * 86400 + 3600 },
		{ "2026", utc(2025, 12, 31, 23, 0, 0), 365 * 86400 },
		{ "2026-12-31", utc(2026, 12, 30, 23, 0, 0), 86400 },
	};
	int64_t from, to;
	struct err e;
	size_t i;

	(void)state;
	zone(BERLIN);
	for (i = 0; i < LENGTH(t); i++) {
		if (text_parse_date(t[i].s, &from, &to, &e) == -1)
			fail_msg("%s", e.text);
		if (from != t[i].from || to - from != t[i].length)
			fail_msg("%s: %lld + %lld", t[i].s, (long long)from,
			    (long long)(to - from));
	}
}

static void
test_parse_date_refuses_what_is_none(void **state)
{
	static const char *const bad[] = { "", "x", "26", "202", "20260301",
	    "2026-", "2026-3", "2026-00", "2026-13", "2026-03-", "2026-03-1",
	    "2026-03-00", "2026-03-32", "2026-04-31", "2026-02-29",
	    "2100-02-29", "2026-02-30", "2026-03-01x", "2026-03-01 ",
	    "2026-03-01 14", "2026-03-01 14:", "2026-03-01 14:3",
	    "2026-03-01 24:00", "2026-03-01 14:60", "2026-03-01 14:30:",
	    "2026-03-01 14:30:61", "2026-03-01 14:30:5", "2026-03 14:30",
	    "2026-03-01  14:30", "2026-03-01t14:30", "2026-03-01z",
	    "2026-03-01ZZ", "2026-03-01+1", "2026-03-01+0100",
	    "2026-03-01+24:00", "2026-03-01+01:60", "2026-03-01+01:00x",
	    "-2026", " 2026", "2026/03/01", "yesterday",
	    "2026-03-01 14:30:05.5" };
	int64_t from, to;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(bad); i++) {
		from = to = 4711;
		if (text_parse_date(bad[i], &from, &to, &e) == 0)
			fail_msg("'%s' is a date", bad[i]);
		assert_int_equal(e.kind, EK_USAGE);
		assert_int_equal(from, 4711);
		assert_int_equal(to, 4711);
	}
}

/* ---- UTF-8 ---- */

static void
test_utf8_every_character_and_back(void **state)
{
	uint32_t cp, got;
	size_t n, i;
	char c[4];

	(void)state;
	for (cp = 0; cp <= 0x10ffff; cp++) {
		if (cp >= 0xd800 && cp <= 0xdfff)
			continue;
		n = utf8_put(c, cp);
		assert_int_equal(n, cp < 0x80 ? 1 : cp < 0x800 ? 2 :
		    cp < 0x10000 ? 3 : 4);
		if (utf8_next(c, n, &got) != n || got != cp)
			fail_msg("U+%04X", cp);
		/* Not all of it is there. */
		for (i = 0; i < n; i++)
			assert_int_equal(utf8_next(c, i, &got), 0);
	}
}

/* RFC 3629, section 4, as a table of the bytes that may stand in each place. */
static void
test_utf8_takes_exactly_what_the_grammar_has(void **state)
{
	static const struct { unsigned char lo[4], hi[4]; size_t n; } form[] = {
		{ { 0x00 }, { 0x7f }, 1 },
		{ { 0xc2, 0x80 }, { 0xdf, 0xbf }, 2 },
		{ { 0xe0, 0xa0, 0x80 }, { 0xe0, 0xbf, 0xbf }, 3 },
		{ { 0xe1, 0x80, 0x80 }, { 0xec, 0xbf, 0xbf }, 3 },
		{ { 0xed, 0x80, 0x80 }, { 0xed, 0x9f, 0xbf }, 3 },
		{ { 0xee, 0x80, 0x80 }, { 0xef, 0xbf, 0xbf }, 3 },
		{ { 0xf0, 0x90, 0x80, 0x80 }, { 0xf0, 0xbf, 0xbf, 0xbf }, 4 },
		{ { 0xf1, 0x80, 0x80, 0x80 }, { 0xf3, 0xbf, 0xbf, 0xbf }, 4 },
		{ { 0xf4, 0x80, 0x80, 0x80 }, { 0xf4, 0x8f, 0xbf, 0xbf }, 4 },
	};
	static const unsigned char third[] = { 0x00, 0x7f, 0x80, 0xbf, 0xc0,
	    0xff };
	unsigned int a, b, c, d;

	(void)state;
	for (a = 0; a < 256; a++)
	for (b = 0; b < 256; b++)
	for (c = 0; c < LENGTH(third); c++)
	for (d = 0; d < LENGTH(third); d++) {
		const unsigned char s[4] = { (unsigned char)a,
		    (unsigned char)b, third[c], third[d] };
		size_t want = 0, f, i;
		uint32_t cp;

		for (f = 0; f < LENGTH(form); f++) {
			for (i = 0; i < form[f].n; i++)
				if (s[i] < form[f].lo[i] ||
				    s[i] > form[f].hi[i])
					break;
			if (i == form[f].n)
				want = i;
		}
		assert_int_equal(utf8_next((const char *)s, 4, &cp), want);
	}
}

static void
test_utf8_valid_looks_at_all_of_it(void **state)
{
	static const struct { const char *s; size_t n; bool yes; } t[] = {
		{ "", 0, true }, { "abc", 3, true }, { "a\0b", 3, true },
		{ "\303\244\342\202\254\360\237\230\200", 9, true },
		{ "\303\244\342\202\254\360\237\230\200", 8, false },
		{ "\303\244\342\202", 4, false }, { "ab\377", 3, false },
		{ "\200", 1, false }, { "a\300\200", 3, false },
		{ "\355\240\200\355\260\200", 6, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++)
		assert_int_equal(utf8_valid(t[i].s, t[i].n), t[i].yes);
}

static void
test_harmful_is_what_misleads_and_no_more(void **state)
{
	static const struct { uint32_t first, last; } bad[] = {
		{ 0x00, 0x1f }, { 0x7f, 0x9f }, { 0x61c, 0x61c },
		{ 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2066, 0x2069 },
		{ 0xfeff, 0xfeff },
	};
	uint32_t cp;
	size_t i;

	(void)state;
	for (cp = 0; cp <= 0x10ffff; cp++) {
		bool want = false;

		for (i = 0; i < LENGTH(bad); i++)
			want |= cp >= bad[i].first && cp <= bad[i].last;
		if (text_harmful(cp) != want)
			fail_msg("U+%04X", cp);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_u64_takes_digits_that_fit_and_nothing_else),
		cmocka_unit_test(test_hex_takes_two_small_digits),
		cmocka_unit_test(
		    test_size_has_at_most_three_digits_before_the_unit),
		cmocka_unit_test(test_count_is_grouped_by_three),
		cmocka_unit_test(test_span_is_told_in_two_units),
		cmocka_unit_test(test_parse_size_knows_the_units),
		cmocka_unit_test(
		    test_days_agree_with_the_c_library_for_a_thousand_years),
		cmocka_unit_test(test_times_are_written_in_utc_or_here),
		cmocka_unit_test(test_parse_age_counts_back_from_now),
		cmocka_unit_test(
		    test_parse_age_takes_calendar_years_and_24_hour_days),
		cmocka_unit_test(test_parse_date_names_a_half_open_span),
		cmocka_unit_test(test_parse_date_without_a_zone_is_local),
		cmocka_unit_test(test_parse_date_refuses_what_is_none),
		cmocka_unit_test(test_utf8_every_character_and_back),
		cmocka_unit_test(
		    test_utf8_takes_exactly_what_the_grammar_has),
		cmocka_unit_test(test_utf8_valid_looks_at_all_of_it),
		cmocka_unit_test(test_harmful_is_what_misleads_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
