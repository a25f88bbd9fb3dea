/*
 * Bytes in a charset that nobody names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <iconv.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "mail/charset.h"

/* iconv(3) says the same, but for the five bytes that are none. */
static void
test_charset_1252_is_what_iconv_knows(void **state)
{
	iconv_t cd = iconv_open("UTF-32LE", "WINDOWS-1252");
	size_t none = 0;
	int c;

	(void)state;
	assert_ptr_not_equal(cd, (iconv_t)-1);
	for (c = 0; c < 256; c++) {
		char byte = (char)c, *in = &byte, *out;
		uint32_t cp = 0;
		size_t left = 1, room = sizeof(cp);

		out = (char *)&cp;
		if (iconv(cd, &in, &left, &out, &room) == (size_t)-1) {
			cp = CHARSET_NONE;
			none++;
		}
		assert_int_equal(charset_1252((unsigned char)c), cp);
	}
	assert_int_equal(none, 5);
	iconv_close(cd);
}

static void
test_charset_guess_keeps_utf8_and_takes_the_rest_for_1252(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "caf\xe9", "caf\xc3\xa9" },
		{ "caf\xc3\xa9 caf\xe9", "caf\xc3\xa9 caf\xc3\xa9" },
		{ "\x80\x81", "\xe2\x82\xac\xef\xbf\xbd" },
		{ "\xc3", "\xc3\x83" },
		{ "\xed\xa0\x80", "\xc3\xad\xc2\xa0\xe2\x82\xac" },
		{ "\xc0\xaf", "\xc3\x80\xc2\xaf" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct buf b = BUF_INIT(100);

		assert_int_equal(charset_guess(t[i].in, strlen(t[i].in), &b),
		    0);
		assert_string_equal(buf_text(&b), t[i].out);
		buf_release(&b);
	}
}

static void
test_charset_guess_is_cut_between_characters(void **state)
{
	size_t limit;

	(void)state;
	for (limit = 0; limit <= 5; limit++) {
		struct buf b = BUF_INIT(limit);

		assert_int_equal(charset_guess("\xe9\xe9", 2, &b),
		    limit < 4 ? -1 : 0);
		assert_int_equal(b.n, limit < 2 ? 0 : limit < 4 ? 2 : 4);
		buf_release(&b);
	}
}

static void
test_charset_next_gets_over_any_byte(void **state)
{
	uint32_t cp;

	(void)state;
	assert_int_equal(charset_next("\xc3\xb6x", 3, &cp), 2);
	assert_int_equal(cp, 0xf6);
	assert_int_equal(charset_next("\xc3\xb6", 1, &cp), 1);
	assert_int_equal(cp, CHARSET_NONE);
	assert_int_equal(charset_next("\xffx", 2, &cp), 1);
	assert_int_equal(cp, CHARSET_NONE);
	assert_int_equal(charset_next("", 1, &cp), 1);
	assert_int_equal(cp, 0);
}

static void
test_charset_tame_takes_control_characters_away(void **state)
{
	uint32_t cp;

	(void)state;
	for (cp = 0; cp < 0x200; cp++)
		assert_int_equal(charset_tame(cp), cp < 0x20 ||
		    (cp > 0x7e && cp < 0xa0) ? CHARSET_NONE : cp);
	assert_int_equal(charset_tame(0x10ffff), 0x10ffff);
}

static void
test_charset_meant_knows_what_senders_say(void **state)
{
	(void)state;
	assert_string_equal(charset_meant("iso-8859-1", 10), "windows-1252");
	assert_string_equal(charset_meant("ISO-8859-1?q", 10), "windows-1252");
	assert_string_equal(charset_meant("US-ascii", 8), "unknown-8bit");
	assert_string_equal(charset_meant("x-unknown", 9), "unknown-8bit");
	assert_string_equal(charset_meant("", 0), "unknown-8bit");
	assert_null(charset_meant("iso-8859-15", 11));
	assert_null(charset_meant("iso-8859-1", 9));
	assert_null(charset_meant("utf-8", 5));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_charset_1252_is_what_iconv_knows),
		cmocka_unit_test(
		    test_charset_guess_keeps_utf8_and_takes_the_rest_for_1252),
		cmocka_unit_test(test_charset_guess_is_cut_between_characters),
		cmocka_unit_test(test_charset_next_gets_over_any_byte),
		cmocka_unit_test(
		    test_charset_tame_takes_control_characters_away),
		cmocka_unit_test(test_charset_meant_knows_what_senders_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
