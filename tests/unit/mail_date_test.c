/*
 * INTERNALDATE: the instant is right or there is none, whatever the locale and the time zone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/mem.h"
#include "mail/date.h"

/* From memory that ends where the text does. */
static int
parse(const char *p, size_t n, int64_t *out)
{
	char *exact = xmalloc(n);
	int rc;

	memcpy(exact, p, n);
	rc = date_parse(exact, n, out);
	free(exact);
	return rc;
}

static const struct {
	const char *in;
	int64_t want;
} good[] = {
	{ "17-Jul-1996 02:44:25 -0700", 837596665 },
	{ "01-Jan-1970 00:00:00 +0000", 0 },
	{ " 1-Jan-1970 00:00:01 +0000", 1 },
	{ "1-Jan-1970 00:00:01 +0000", 1 },
	{ "31-Dec-1969 23:59:59 +0000", -1 },
	{ "01-Jan-1970 00:00:00 -0000", 0 },
	{ "01-JAN-1970 01:00:00 +0100", 0 },
	{ "01-jan-1970 00:00:00 -0130", 5400 },
	{ "31-Dec-1969 23:30:00 -0030", 0 },
	{ "29-Feb-2000 12:00:00 +0000", 951825600 },
	{ "29-Feb-2024 23:59:59 +0000", 1709251199 },
	{ "31-Dec-2016 23:59:60 +0000", 1483228800 },
	{ "19-Jan-2038 03:14:08 +0000", INT64_C(2147483648) },
	{ "31-Dec-9999 23:59:59 +0000", INT64_C(253402300799) },
	{ "01-Jan-0000 00:00:00 +0000", -INT64_C(62167219200) },
	{ "20-Nov-2026 18:05:00 +2359", 1795111560 },
	{ "20-Nov-2026 18:05:00 -2359", 1795284240 },
	{ "03-Sep-2001 00:00:00 +1400", 999424800 },
};

static void
test_date_is_the_instant_that_was_sent(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		int64_t t = 42;

		assert_int_equal(parse(good[i].in, strlen(good[i].in), &t),
		    0);
		assert_int_equal(t, good[i].want);
	}
}

static void
test_date_that_does_not_exist_is_none(void **state)
{
	static const char *const bad[] = {
		"", " ", "00-Jan-0000 00:00:00 +0000",
		" 0-Jan-2000 00:00:00 +0000", "0-Jan-2000 00:00:00 +0000",
		"32-Jan-2000 00:00:00 +0000", "31-Apr-2000 00:00:00 +0000",
		"29-Feb-1900 00:00:00 +0000", "29-Feb-2023 00:00:00 +0000",
		"30-Feb-2000 00:00:00 +0000", "01-Foo-2000 00:00:00 +0000",
		"01-Jän-2000 00:00:00 +0000", "01-Jan-2000 24:00:00 +0000",
		"01-Jan-2000 00:60:00 +0000", "01-Jan-2000 00:00:61 +0000",
		"01-Jan-2000 00:00:00 +2400", "01-Jan-2000 00:00:00 +0060",
		"01-Jan-2000 00:00:00 00000", "01-Jan-2000 00:00:00 UTC  ",
		"01-Jan-2000 00:00:00 +000", "01-Jan-2000 00:00:00 +00000",
		"01-Jan-2000 00:00:00", "01/Jan/2000 00:00:00 +0000",
		"01-Jan-2000T00:00:00 +0000", "01-Jan-2000 00.00.00 +0000",
		"01-Jan-2000 00:00:00  0000", "01-Jan-2000 0 :00:00 +0000",
		"01-Jan-200x 00:00:00 +0000", "-1-Jan-2000 00:00:00 +0000",
		"1 -Jan-2000 00:00:00 +0000", "01-Jan--200 00:00:00 +0000",
		"01-Jan-2000 00:00:00 +-100", "  -Jan-2000 00:00:00 +0000",
		"Mon, 17 Jul 1996 02:44:25 -0700", "NIL",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int64_t t = 42;

		if (parse(bad[i], strlen(bad[i]), &t) != -1)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(t, 42);
	}
}

static void
test_date_cut_or_drawn_out_is_none(void **state)
{
	static const char text[] = "17-Jul-1996 02:44:25 -0700";
	char *big = xmalloc(100000);
	int64_t t = 42;
	size_t n;

	(void)state;
	for (n = 0; n < sizeof(text) - 1; n++)
		assert_int_equal(parse(text, n, &t), -1);
	/* Without its first byte it has a day of one digit. */
	assert_int_equal(parse(text + 1, 25, &t), 0);
	for (n = 2; n < 26; n++)
		assert_int_equal(parse(text + n, 26 - n, &t), -1);
	memset(big, '1', 100000);
	memcpy(big, text, sizeof(text) - 1);
	assert_int_equal(parse(big, 26, &t), 0);
	assert_int_equal(parse(big, 27, &t), -1);
	assert_int_equal(parse(big, 100000, &t), -1);
	free(big);
}

static void
test_date_with_any_byte_changed_is_none_or_another_one(void **state)
{
	static const char text[] = "17-Jul-1996 02:44:25 -0700";
	size_t i;
	int c;

	(void)state;
	for (i = 0; i < sizeof(text) - 1; i++)
		for (c = 0; c < 256; c++) {
			char other[sizeof(text)];
			int64_t t = 837596665;
			bool same_letter = i >= 3 && i <= 5 &&
			    (c ^ text[i]) == 0x20;

			memcpy(other, text, sizeof(text));
			other[i] = (char)c;
			if (other[i] == text[i] || same_letter)
				continue;
			if (parse(other, 26, &t) == 0)
				assert_int_not_equal(t, 837596665);
		}
}

static void
test_date_format_is_read_back(void **state)
{
	static const int64_t edges[] = { 0, 1, -1, 86399, 86400, -86400,
	    -86401, 951782400, 951868799, 951868800, 4107542399,
	    -62167219200, 253402300799, -62162121600, 1709164800 };
	char out[DATE_MAX_RAW];
	int64_t t, back;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		date_format(out, edges[i]);
		assert_int_equal(parse(out, strlen(out), &back), 0);
		assert_int_equal(back, edges[i]);
	}
	for (t = -62167219200; t <= 253402300799; t += 86400 * 13 + 7919) {
		assert_ptr_equal(date_format(out, t), out);
		assert_int_equal(strlen(out), 26);
		assert_int_equal(parse(out, 26, &back), 0);
		assert_int_equal(back, t);
	}
}

static void
test_date_format_agrees_with_gmtime(void **state)
{
	char out[DATE_MAX_RAW], want[DATE_MAX_RAW];
	int64_t t;

	(void)state;
	for (t = -5000000000; t < 9000000000; t += 86400 * 11 + 3607) {
		time_t when = (time_t)t;
		struct tm tm;

		assert_non_null(gmtime_r(&when, &tm));
		strftime(want, sizeof(want), "%d-%b-%Y %H:%M:%S +0000", &tm);
		assert_string_equal(date_format(out, t), want);
		strftime(want, sizeof(want), "%a %b %e %H:%M:%S %Y", &tm);
		assert_string_equal(date_asctime(out, t), want);
	}
}

static void
test_date_format_has_two_digits_and_asctime_two_places(void **state)
{
	char out[DATE_MAX_RAW];

	(void)state;
	assert_string_equal(date_format(out, 837596665 - 10 * 86400),
	    "07-Jul-1996 09:44:25 +0000");
	assert_string_equal(date_asctime(out, 837596665 - 10 * 86400),
	    "Sun Jul  7 09:44:25 1996");
	assert_string_equal(date_asctime(out, 837596665),
	    "Wed Jul 17 09:44:25 1996");
}

static void
test_date_outside_four_digit_years_is_the_nearest_inside(void **state)
{
	static const char first[] = "01-Jan-0000 00:00:00 +0000";
	static const char last[] = "31-Dec-9999 23:59:59 +0000";
	char out[DATE_MAX_RAW];

	(void)state;
	assert_string_equal(date_format(out, INT64_MIN), first);
	assert_string_equal(date_format(out, -62167219201), first);
	assert_string_equal(date_format(out, -62167219199),
	    "01-Jan-0000 00:00:01 +0000");
	assert_string_equal(date_format(out, 253402300798),
	    "31-Dec-9999 23:59:58 +0000");
	assert_string_equal(date_format(out, 253402300800), last);
	assert_string_equal(date_format(out, INT64_MAX), last);
	assert_string_equal(date_asctime(out, INT64_MAX),
	    "Fri Dec 31 23:59:59 9999");
	assert_string_equal(date_asctime(out, INT64_MIN),
	    "Sat Jan  1 00:00:00 0000");
}

static void
test_date_does_not_depend_on_the_time_zone(void **state)
{
	static const char *const zones[] = { "UTC", "America/New_York",
	    "Asia/Kathmandu", "XXX-14" };
	char out[DATE_MAX_RAW];
	int64_t t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		setenv("TZ", zones[i], 1);
		tzset();
		t = 0;
		assert_int_equal(parse(good[0].in, 26, &t), 0);
		assert_int_equal(t, good[0].want);
		assert_string_equal(date_format(out, t),
		    "17-Jul-1996 09:44:25 +0000");
	}
	unsetenv("TZ");
	tzset();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_date_is_the_instant_that_was_sent),
		cmocka_unit_test(test_date_that_does_not_exist_is_none),
		cmocka_unit_test(test_date_cut_or_drawn_out_is_none),
		cmocka_unit_test(
		    test_date_with_any_byte_changed_is_none_or_another_one),
		cmocka_unit_test(test_date_format_is_read_back),
		cmocka_unit_test(test_date_format_agrees_with_gmtime),
		cmocka_unit_test(
		    test_date_format_has_two_digits_and_asctime_two_places),
		cmocka_unit_test(
		    test_date_outside_four_digit_years_is_the_nearest_inside),
		cmocka_unit_test(test_date_does_not_depend_on_the_time_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
