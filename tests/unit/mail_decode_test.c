/*
 * Header text for people: readable where it can be, harmless and valid UTF-8 in any case.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "mail/decode.h"

static const struct {
	const char *raw, *text;
} texts[] = {
	{ "", "" },
	{ "   ", "" },
	{ "Hello", "Hello" },
	{ "  Hello \t World  ", "Hello World" },
	{ "a\r\n b\n\tc", "a b c" },
	{ "=?utf-8?q?J=C3=B6rg?=", "J\xc3\xb6rg" },
	{ "=?UTF-8?B?SsO2cmc=?=", "J\xc3\xb6rg" },
	{ "=?utf-8?q?a?= =?utf-8?q?b?=", "ab" },
	{ "=?utf-8?q?a?=\r\n =?utf-8?q?b?=", "ab" },
	{ "=?utf-8?q?a_?= =?utf-8?q?b?= c", "a b c" },
	{ "x =?utf-8?q?a?= y", "x a y" },
	{ "=?utf-8?q?=C3?= =?utf-8?q?=B6?=", "\xc3\xb6" },
	{ "=?iso-8859-1?q?=E9?=", "\xc3\xa9" },
	{ "=?ISO-8859-1?Q?=93hi=94?=", "\xe2\x80\x9chi\xe2\x80\x9d" },
	{ "=?iso-8859-1*de?q?=E9?=", "\xc3\xa9" },
	{ "=?iso-8859-15?q?=A4?=", "\xe2\x82\xac" },
	{ "=?gb2312?b?xOO6ww==?=", "\xe4\xbd\xa0\xe5\xa5\xbd" },
	{ "=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "\xe6\x97\xa5\xe6\x9c\xac" },
	/* Labels that are wrong or none. */
	{ "=?us-ascii?q?=C3=B6?=", "\xc3\xb6" },
	{ "=?us-ascii?q?=F6?=", "\xc3\xb6" },
	{ "=?x-unknown?q?=E9t=E9?=", "\xc3\xa9t\xc3\xa9" },
	{ "=?unknown-8bit?q?=E9t=E9?=", "\xc3\xa9t\xc3\xa9" },
	{ "=?no-such-charset?q?=E9t=E9?=", "\xc3\xa9t\xc3\xa9" },
	{ "=??q?=E9t=E9?=", "\xc3\xa9t\xc3\xa9" },
	/* Raw bytes. */
	{ "caf\xc3\xa9", "caf\xc3\xa9" },
	{ "caf\xe9", "caf\xc3\xa9" },
	{ "\x93quoted\x94 \x80", "\xe2\x80\x9cquoted\xe2\x80\x9d \xe2\x82\xac" },
	{ "caf\xc3\xa9 caf\xe9", "caf\xc3\xa9 caf\xc3\xa9" },
	{ "\x81", "\xef\xbf\xbd" },
	{ "\xed\xa0\x80", "\xc3\xad\xc2\xa0\xe2\x82\xac" },
	{ "\xe9 =?utf-8?q?=C3=B6?=", "\xc3\xa9 \xc3\xb6" },
	/* Control characters, plain and hidden. */
	{ "a\x1b[31mb", "a\xef\xbf\xbd[31mb" },
	{ "=?utf-8?q?a=1B]0;x=07b?=", "a\xef\xbf\xbd]0;x\xef\xbf\xbd" "b" },
	{ "=?utf-8?q?a=0D=0Ab?=", "a b" },
	{ "=?utf-8?q?a=C2=9Bb=7F?=", "a\xef\xbf\xbd" "b\xef\xbf\xbd" },
	/* No encoded words after all. */
	{ "=?", "=?" },
	{ "=?utf-8", "=?utf-8" },
	{ "=?utf-8?q", "=?utf-8?q" },
	{ "=?us-ascii", "=?us-ascii" },
	{ "a =? b ?= c", "a =? b ?= c" },
	{ "=?utf-8?x?abc?=", "=?utf-8?x?abc?=" },
	{ "1 =?= 1", "1 =?= 1" },
};

static void
test_decode_text_is_readable(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *text = decode_text(texts[i].raw);

		assert_string_equal(text, texts[i].text);
		free(text);
	}
}

static void
test_decode_person_is_a_name_or_an_address(void **state)
{
	static const struct {
		const char *raw, *person, *address;
	} t[] = {
		{ "", "", "" },
		{ "a@b.org", "a@b.org", "a@b.org" },
		{ "<A@B.org>", "A@B.org", "a@b.org" },
		{ "Joe <joe@x.org>", "Joe", "joe@x.org" },
		{ "\"Smith, Joe\" <joe@x.org>", "Smith, Joe", "joe@x.org" },
		{ "\"\" <joe@x.org>", "joe@x.org", "joe@x.org" },
		{ "\" \" <joe@x.org>", "joe@x.org", "joe@x.org" },
		{ "joe@x.org (Joe)", "Joe", "joe@x.org" },
		{ "Joe Q. Public <joe@x.org>", "Joe Q. Public", "joe@x.org" },
		{ "=?utf-8?q?J=C3=B6rg?= <J@X.org>", "J\xc3\xb6rg", "j@x.org" },
		{ "\"=?utf-8?q?J=C3=B6rg?=\" <j@x>", "J\xc3\xb6rg", "j@x" },
		{ "=?utf-8?q?J=C3=B6rg?=\r\n =?utf-8?q?_M?= <j@x>",
		    "J\xc3\xb6rg M", "j@x" },
		{ "J\xf6rg <j@x>", "J\xc3\xb6rg", "j@x" },
		{ "J\xc3\xb6rg <j@x>", "J\xc3\xb6rg", "j@x" },
		{ "=?iso-8859-1?q?=80?= <j@x>", "\xe2\x82\xac", "j@x" },
		{ "a@b, Joe <c@d>,\r\n e@f", "a@b, Joe, e@f",
		    "a@b, c@d, e@f" },
		{ "Team: a@b, \"X Y\" <x@y>;, k@l", "a@b, X Y, k@l",
		    "a@b, x@y, k@l" },
		{ "undisclosed-recipients:;", "undisclosed-recipients", "" },
		{ "Joe Bloggs", "Joe Bloggs", "" },
		{ "root", "root", "root" },
		{ "=?utf-8?b?Sm9lLCBKYW5lIDxldmlsQHg+?= <real@x>",
		    "Joe, Jane <evil@x>", "real@x" },
		{ "=?utf-8?q?=1B=5B2J?= <j@x>", "\xef\xbf\xbd[2J", "j@x" },
		{ "=?utf-8?q?a[b?= <j@x>", "a[b <j@x>", "" },
		{ "<>", "<>", "" },
		{ ",,,", ",,,", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		char *person = decode_person(t[i].raw);
		char *address = decode_address(t[i].raw);

		assert_string_equal(person, t[i].person);
		assert_string_equal(address, t[i].address);
		free(person);
		free(address);
	}
}

/* What every result is, whatever went in. */
static void
assert_harmless(char *text)
{
	size_t n = strlen(text), i, len;
	uint32_t cp;

	assert_true(utf8_valid(text, n));
	for (i = 0; i < n; i += len) {
		len = utf8_next(text + i, n - i, &cp);
		assert_true(cp >= 0x20 && (cp < 0x7f || cp >= 0xa0));
		if (cp == ' ')
			assert_true(i > 0 && i + 1 < n && text[i + 1] != ' ');
	}
	free(text);
}

/* xorshift with a fixed seed: every run tests the same. */
static uint32_t seed = 0xdecade;

static uint32_t
next_random(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

static void
test_decode_of_anything_is_harmless(void **state)
{
	static const char *const atoms[] = { "=?", "?=", "utf-8", "?q?", "?b?",
	    "=C3", "=B6", "=0A", "=1B", "/w==", "\xc3", "\xb6", "\xff", " ",
	    "\r\n ", "<", ">", "@", "a", ",", ";", ":", "\"", "\\", ")", "x.y",
	    "\x1b", "\x7f", "\xc2\x85", "iso-8859-1", "us-ascii", "gb2312",
	    "utf-7", "utf-16", "+AAo-", "[", "]", "." };
	int round;

	(void)state;
	for (round = 0; round < 10000; round++) {
		struct buf b = BUF_INIT(1000);
		uint32_t n = next_random(25);

		while (n-- > 0)
			buf_adds(&b, atoms[next_random(sizeof(atoms) /
			    sizeof(atoms[0]))]);
		assert_harmless(decode_text(buf_text(&b)));
		assert_harmless(decode_person(buf_text(&b)));
		assert_harmless(decode_address(buf_text(&b)));
		buf_release(&b);
	}
}

static void
test_decode_of_endless_values_is_bounded(void **state)
{
	static const char *const units[] = { ":", "(", "<", "\"", ",", "@",
	    "a:", "=?", "=??", "=?utf-8?q?=C3?= ", "\\", "a@b,", ";", "[",
	    "\xff", "a " };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		struct buf b = BUF_INIT(3 * DECODE_MAX);

		while (b.n < 2 * DECODE_MAX)
			buf_adds(&b, units[i]);
		assert_harmless(decode_text(buf_text(&b)));
		assert_harmless(decode_person(buf_text(&b)));
		assert_harmless(decode_address(buf_text(&b)));
		buf_release(&b);
	}
}

static void
test_decode_looks_at_a_value_up_to_its_limit(void **state)
{
	int more;

	(void)state;
	for (more = -1; more <= 1; more++) {
		size_t n = (size_t)(DECODE_MAX + more);
		char *raw = xmalloc(n + 1), *text;

		memset(raw, 'x', n);
		raw[n] = '\0';
		text = decode_text(raw);
		assert_int_equal(strlen(text), more <= 0 ? n : DECODE_MAX);
		free(text);
		free(raw);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode_text_is_readable),
		cmocka_unit_test(test_decode_person_is_a_name_or_an_address),
		cmocka_unit_test(test_decode_of_anything_is_harmless),
		cmocka_unit_test(test_decode_of_endless_values_is_bounded),
		cmocka_unit_test(test_decode_looks_at_a_value_up_to_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
