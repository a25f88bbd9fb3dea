/*
 * JSON out, byte for byte, and back in through the reader; what is no text, or no JSON, or too much, is met at the
 * door (R120).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define STR(s)		s, sizeof(s) - 1

static void
test_json_nests_and_sets_commas(void **state)
{
	struct buf b = BUF_INIT(1000);
	struct json_out j;

	(void)state;
	json_begin(&j, &b);
	json_open(&j, NULL, '{');
	json_u64(&j, "a", 0);
	json_open(&j, "b", '[');
	json_i64(&j, NULL, -1);
	json_str(&j, NULL, "x");
	json_open(&j, NULL, '{');
	json_close(&j, '}');
	json_open(&j, NULL, '[');
	json_bool(&j, NULL, true);
	json_close(&j, ']');
	json_close(&j, ']');
	json_bool(&j, "c", false);
	json_close(&j, '}');
	assert_int_equal(json_end(&j), 0);
	assert_string_equal(buf_text(&b),
	    "{\"a\":0,\"b\":[-1,\"x\",{},[true]],\"c\":false}");
	buf_release(&b);
}

static void
test_json_numbers_are_whole_to_the_ends_of_their_range(void **state)
{
	static const struct { int64_t v; const char *text; } t[] = {
		{ 0, "0" }, { 1, "1" }, { -1, "-1" }, { 10, "10" },
		{ INT64_MAX, "9223372036854775807" },
		{ INT64_MIN, "-9223372036854775808" },
		{ -INT64_MAX, "-9223372036854775807" },
	};
	struct buf b = BUF_INIT(100);
	struct json_out j;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		buf_clear(&b);
		json_begin(&j, &b);
		json_open(&j, NULL, '[');
		json_i64(&j, NULL, t[i].v);
		json_i64(&j, NULL, t[i].v);
		json_close(&j, ']');
		assert_memory_equal(b.p + 1, t[i].text, strlen(t[i].text));
		assert_int_equal(b.n, 2 * strlen(t[i].text) + 3);
	}
	buf_clear(&b);
	json_begin(&j, &b);
	json_u64(&j, NULL, UINT64_MAX);
	assert_string_equal(buf_text(&b), "18446744073709551615");
	buf_release(&b);
}

static void
test_json_strings_are_safe_on_a_terminal(void **state)
{
	static const struct { const char *in; size_t n; const char *out; } t[] = {
		{ STR(""), "" },
		{ STR("plain ~ text"), "plain ~ text" },
		{ STR("a\"b\\c/d"), "a\\\"b\\\\c/d" },
		{ STR("\n\t\r\b\f\v"), "\\n\\t\\u000d\\u0008\\u000c\\u000b" },
		{ STR("a\0b"), "a\\u0000b" },
		{ STR("\x1b]0;owned\a"), "\\u001b]0;owned\\u0007" },
		{ STR("\x7f"), "\\u007f" },
		{ STR("\302\200\302\237\302\240"), "\\u0080\\u009f\302\240" },
		{ STR("Entw\303\274rfe \342\202\254 \360\237\230\200"),
		    "Entw\303\274rfe \342\202\254 \360\237\230\200" },
		/* bidi controls, line separators, a byte order mark */
		{ STR("\342\200\256txt\342\200\254"), "\\u202etxt\\u202c" },
		{ STR("\342\200\250\342\200\251"), "\\u2028\\u2029" },
		{ STR("\342\201\246\342\201\251"), "\\u2066\\u2069" },
		{ STR("\342\200\216\342\200\217\330\234"),
		    "\\u200e\\u200f\\u061c" },
		{ STR("\357\273\277"), "\\ufeff" },
		/* what is no UTF-8: a replacement for each byte */
		{ STR("a\377b"), "a\\ufffdb" },
		{ STR("\303"), "\\ufffd" },
		{ STR("\303("), "\\ufffd(" },
		{ STR("\300\200"), "\\ufffd\\ufffd" },
		{ STR("\355\240\200"), "\\ufffd\\ufffd\\ufffd" },
		{ STR("\364\220\200\200"),
		    "\\ufffd\\ufffd\\ufffd\\ufffd" },
	};
	struct buf b = BUF_INIT(1000);
	struct json_out j;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		buf_clear(&b);
		json_begin(&j, &b);
		json_strn(&j, NULL, t[i].in, t[i].n);
		assert_int_equal(json_end(&j), 0);
		assert_int_equal(b.n, strlen(t[i].out) + 2);
		assert_memory_equal(b.p + 1, t[i].out, strlen(t[i].out));
	}
	buf_release(&b);
}

static void
test_json_every_character_comes_back_through_the_reader(void **state)
{
	struct buf b = BUF_INIT(200), text = BUF_INIT(200);
	struct json_out j;
	struct json *doc;
	const char *got;
	struct err e;
	uint32_t cp;
	char c[4];

	(void)state;
	/* NUL apart: the reader refuses it, as no C string can hold it. */
	for (cp = 1; cp <= 0x10ffff; cp += cp < 0x3000 ? 1 : 251) {
		if (cp >= 0xd800 && cp <= 0xdfff)
			continue;
		buf_clear(&text);
		buf_adds(&text, "<");
		buf_add(&text, c, utf8_put(c, cp));
		buf_adds(&text, ">");
		buf_clear(&b);
		json_begin(&j, &b);
		json_open(&j, NULL, '{');
		json_str(&j, "s", buf_text(&text));
		json_close(&j, '}');
		if (json_parse(b.p, b.n, &doc, &e) == -1)
			fail_msg("U+%04X: %s", cp, e.text);
		assert_int_equal(json_get_str(doc, "s", &got), 1);
		assert_string_equal(got, buf_text(&text));
		json_free(&doc);
	}
	buf_release(&b);
	buf_release(&text);
}

static void
test_json_a_line_that_does_not_fit_is_known_to_be_cut(void **state)
{
	static const char want[] = "{\"key\":\"va\\\"lue\",\"n\":12}";
	struct json_out j;
	size_t max;

	(void)state;
	for (max = 0; max <= sizeof(want); max++) {
		struct buf b = BUF_INIT(max);

		json_begin(&j, &b);
		json_open(&j, NULL, '{');
		json_str(&j, "key", "va\"lue");
		json_u64(&j, "n", 12);
		json_close(&j, '}');
		assert_int_equal(json_end(&j),
		    max >= sizeof(want) - 1 ? 0 : -1);
		assert_true(b.n <= max);
		if (json_end(&j) == 0)
			assert_string_equal(buf_text(&b), want);
		buf_release(&b);
	}
}

/* ---- in ---- */

static void
test_json_parse_takes_one_object_and_nothing_else(void **state)
{
	static const struct { const char *p; size_t n; bool ok; } t[] = {
		{ STR("{}"), true },
		{ STR(" { \"a\" : 1 } \n"), true },
		{ STR("{\"a\":{\"a\":1}}"), true },
		{ STR(""), false },
		{ STR("[]"), false },
		{ STR("1"), false },
		{ STR("\"x\""), false },
		{ STR("null"), false },
		{ STR("{"), false },
		{ STR("{}}"), false },
		{ STR("{} {}"), false },
		{ STR("{}x"), false },
		{ STR("{}\0"), false },
		{ STR("{\"a\":1,}"), false },
		{ STR("{\"a\":1 \"b\":2}"), false },
		{ STR("{\"a\":1,\"a\":1}"), false },
		{ STR("{\"a\":1,\"\\u0061\":2}"), false },
		{ STR("{a:1}"), false },
		{ STR("{'a':1}"), false },
		{ STR("{\"a\":01}"), false },
		{ STR("{\"a\":NaN}"), false },
		{ STR("{\"a\":\"\377\"}"), false },
		{ STR("{\"a\":\"\\u0000\"}"), false },
		{ STR("{\"a\":\"\\ud800\"}"), false },
		{ STR("{\"a\":\"x\ny\"}"), false },
		{ STR("{\"a\":99999999999999999999}"), false },
	};
	struct json *doc;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		/* Exactly sized, so that a step beyond is seen. */
		char *copy = xmalloc(t[i].n);

		memcpy(copy, t[i].p, t[i].n);
		doc = NULL;
		if ((json_parse(copy, t[i].n, &doc, &e) == 0) != t[i].ok)
			fail_msg("%s", t[i].p);
		if (!t[i].ok) {
			assert_int_equal(e.kind, EK_CORRUPT);
			assert_null(doc);
		}
		json_free(&doc);
		assert_null(doc);
		free(copy);
	}
	json_free(&doc);
}

static void
test_json_parse_survives_deep_nesting(void **state)
{
	const size_t deep = 1000000;
	char *p = xmalloc(deep + 5);
	struct json *doc = NULL;
	struct err e;

	(void)state;
	memcpy(p, "{\"a\":", 5);
	memset(p + 5, '[', deep);
	assert_int_equal(json_parse(p, deep + 5, &doc, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	free(p);
}

static void
test_json_get_tells_absent_from_wrong(void **state)
{
	static const char text[] = "{\"s\":\"x\",\"n\":7,\"m\":-7,\"r\":1.5,"
	    "\"t\":true,\"f\":false,\"z\":null,\"a\":[1,\"two\",null],"
	    "\"big\":9223372036854775807,\"o\":{\"in\":3}}";
	struct json *doc;
	const char *s = "untouched";
	uint64_t u = 99;
	int64_t i = 99;
	bool b = true;
	struct err e;

	(void)state;
	assert_int_equal(json_parse(text, sizeof(text) - 1, &doc, &e), 0);
	assert_int_equal(json_get_str(doc, "none", &s), 0);
	assert_int_equal(json_get_str(doc, "z", &s), 0);
	assert_int_equal(json_get_str(doc, "n", &s), -1);
	assert_string_equal(s, "untouched");
	assert_int_equal(json_get_str(doc, "s", &s), 1);
	assert_string_equal(s, "x");
	assert_int_equal(json_get_u64(doc, "none", &u), 0);
	assert_int_equal(json_get_u64(doc, "z", &u), 0);
	assert_int_equal(json_get_u64(doc, "m", &u), -1);
	assert_int_equal(json_get_u64(doc, "r", &u), -1);
	assert_int_equal(json_get_u64(doc, "s", &u), -1);
	assert_int_equal(json_get_u64(doc, "t", &u), -1);
	assert_int_equal(u, 99);
	assert_int_equal(json_get_u64(doc, "n", &u), 1);
	assert_int_equal(u, 7);
	assert_int_equal(json_get_u64(doc, "big", &u), 1);
	assert_int_equal(u, INT64_MAX);
	assert_int_equal(json_get_i64(doc, "m", &i), 1);
	assert_int_equal(i, -7);
	assert_int_equal(json_get_i64(doc, "r", &i), -1);
	assert_int_equal(json_get_i64(doc, "none", &i), 0);
	assert_int_equal(json_get_bool(doc, "n", &b), -1);
	assert_int_equal(json_get_bool(doc, "none", &b), 0);
	assert_true(b);
	assert_int_equal(json_get_bool(doc, "f", &b), 1);
	assert_false(b);
	assert_int_equal(json_get_bool(doc, "t", &b), 1);
	assert_true(b);
	assert_null(json_get(doc, "z"));
	assert_int_equal(json_count(json_get(doc, "a")), 3);
	assert_int_equal(json_count(json_get(doc, "s")), 0);
	assert_int_equal(json_count(NULL), 0);
	assert_string_equal(json_text(json_item(json_get(doc, "a"), 1)),
	    "two");
	assert_null(json_text(json_item(json_get(doc, "a"), 0)));
	assert_null(json_text(NULL));
	assert_null(json_item(json_get(doc, "a"), 3));
	assert_int_equal(json_number(json_item(json_get(doc, "a"), 0), &u), 0);
	assert_int_equal(u, 1);
	assert_int_equal(json_number(json_item(json_get(doc, "a"), 1), &u),
	    -1);
	assert_int_equal(json_number(json_get(doc, "m"), &u), -1);
	assert_int_equal(json_number(NULL, &u), -1);
	assert_int_equal(json_get_u64(json_get(doc, "o"), "in", &u), 1);
	assert_int_equal(u, 3);
	json_free(&doc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_nests_and_sets_commas),
		cmocka_unit_test(
		    test_json_numbers_are_whole_to_the_ends_of_their_range),
		cmocka_unit_test(test_json_strings_are_safe_on_a_terminal),
		cmocka_unit_test(
		    test_json_every_character_comes_back_through_the_reader),
		cmocka_unit_test(
		    test_json_a_line_that_does_not_fit_is_known_to_be_cut),
		cmocka_unit_test(
		    test_json_parse_takes_one_object_and_nothing_else),
		cmocka_unit_test(test_json_parse_survives_deep_nesting),
		cmocka_unit_test(test_json_get_tells_absent_from_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
