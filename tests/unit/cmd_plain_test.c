/*
 * Text made plain: nothing that a server sends may reach a terminal as more than letters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "cmd/plain.h"

static char *
escaped(const char *s, size_t n, bool utf8)
{
	struct buf out = BUF_INIT(64 * 1024);

	assert_int_equal(plain_escape(&out, s, n, utf8), 0);
	return buf_take(&out);
}

static void
test_escape_leaves_letters_and_shows_the_rest_as_codes(void **state)
{
	static const struct { const char *in; size_t n; const char *utf8,
	    *ascii; } t[] = {
		{ "plain text.", 11, "plain text.", "plain text." },
		{ "", 0, "", "" },
		{ "a\0b", 3, "a\\x00b", "a\\x00b" },
		{ "\033]0;title\a", 10, "\\x1B]0;title\\x07",
		    "\\x1B]0;title\\x07" },
		{ "a\nb\r\nc\td", 8, "a\\nb\\r\\nc\\td", "a\\nb\\r\\nc\\td" },
		{ "\x7f", 1, "\\x7F", "\\x7F" },
		/* U+009B is a one-character CSI; the bare byte is no UTF-8. */
		{ "\xc2\x9b" "31m", 5, "\\u009B31m", "\\u009B31m" },
		{ "\x9b" "31m", 4, "\\x9B31m", "\\x9B31m" },
		{ "Entw\xc3\xbcrfe", 9, "Entw\xc3\xbcrfe", "Entw\\u00FCrfe" },
		{ "\xe2\x80\xae" "gpj.exe", 10, "\\u202Egpj.exe",
		    "\\u202Egpj.exe" },
		{ "\xe2\x80\xa8", 3, "\\u2028", "\\u2028" },
		{ "\xe2\x81\xa6", 3, "\\u2066", "\\u2066" },
		{ "\xef\xbb\xbf", 3, "\\uFEFF", "\\uFEFF" },
		{ "\xf0\x9f\x93\xac", 4, "\xf0\x9f\x93\xac", "\\U0001F4EC" },
		/* Overlong, surrogate, cut short, never a first byte. */
		{ "\xc0\xaf", 2, "\\xC0\\xAF", "\\xC0\\xAF" },
		{ "\xed\xa0\x80", 3, "\\xED\\xA0\\x80", "\\xED\\xA0\\x80" },
		{ "\xe2\x82", 2, "\\xE2\\x82", "\\xE2\\x82" },
		{ "\xff" "a", 2, "\\xFFa", "\\xFFa" },
		{ "C:\\temp\\x1B", 11, "C:\\temp\\x1B", "C:\\temp\\x1B" },
	};
	size_t i;
	char *got;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		got = escaped(t[i].in, t[i].n, true);
		assert_string_equal(got, t[i].utf8);
		free(got);
		got = escaped(t[i].in, t[i].n, false);
		assert_string_equal(got, t[i].ascii);
		free(got);
	}
}

/* What must hold of anything that is printed. */
static void
assert_plain(const char *s, bool utf8)
{
	size_t n = strlen(s), len;
	uint32_t cp;

	for (; n > 0; s += len, n -= len) {
		len = utf8_next(s, n, &cp);
		assert_true(len > 0);
		assert_false(text_harmful(cp));
		assert_true(utf8 || cp < 0x80);
	}
}

static void
test_escape_of_any_bytes_is_plain_and_escapes_no_further(void **state)
{
	/* Every pair of bytes, then noise rich in what begins characters. */
	static const char rich[] = "\xc2\x80\x9b\xe2\xae\xf0\x9f\xed\xa0\n\r\033a\x80\xbf\xef";
	char in[64], *once, *twice;
	unsigned int seed = 1, i, k;
	size_t n;
	int utf8;

	(void)state;
	for (i = 0; i < 65536 + 20000; i++) {
		n = 2;
		in[0] = (char)(i >> 8);
		in[1] = (char)i;
		if (i >= 65536)
			for (n = 0; n < sizeof(in); n++) {
				seed = seed * 1103515245 + 12345;
				k = seed >> 16;
				in[n] = k % 4 == 0 ? (char)(k >> 2) :
				    rich[(k >> 2) % (sizeof(rich) - 1)];
			}
		for (utf8 = 0; utf8 < 2; utf8++) {
			once = escaped(in, n, utf8);
			assert_plain(once, utf8);
			twice = escaped(once, strlen(once), utf8);
			assert_string_equal(once, twice);
			free(once);
			free(twice);
		}
	}
}

static void
test_escape_stops_at_the_limit_between_characters(void **state)
{
	/* "a\u00FCb\x1B" takes eight places, two of them the second letter. */
	static const char *const want[] = { "", "a", "a", "a\xc3\xbc",
	    "a\xc3\xbc" "b", "a\xc3\xbc" "b", "a\xc3\xbc" "b",
	    "a\xc3\xbc" "b", "a\xc3\xbc" "b\\x1B", "a\xc3\xbc" "b\\x1B" };
	struct buf out;
	size_t max;

	(void)state;
	for (max = 0; max < sizeof(want) / sizeof(want[0]); max++) {
		buf_init(&out, max);
		assert_int_equal(plain_escape(&out, "a\xc3\xbc" "b\033", 5,
		    true), max < 8 ? -1 : 0);
		assert_string_equal(buf_text(&out), want[max]);
		buf_release(&out);
	}
}

static int
formatted(struct buf *out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static int
formatted(struct buf *out, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = plain_format(out, true, fmt, ap);
	va_end(ap);
	return r;
}

static void
test_format_is_whole_however_long(void **state)
{
	struct buf out = BUF_INIT(4096);
	int n;

	(void)state;
	for (n = 500; n < 530; n++) {
		buf_clear(&out);
		assert_int_equal(formatted(&out, "%*s\n", n, "x"), 0);
		assert_int_equal(out.n, n + 2);
		assert_string_equal(buf_text(&out) + n - 1, "x\\n");
	}
	buf_release(&out);
}

static void
test_width_counts_places_not_bytes(void **state)
{
	static const struct { const char *s; size_t width; } t[] = {
		{ "", 0 },
		{ "abc", 3 },
		{ "Entw\xc3\xbcrfe", 8 },
		{ "e\xcc\x81", 1 },			/* e and a combining acute */
		{ "\xe5\x8f\x97\xe4\xbf\xa1", 4 },	/* two wide characters */
		{ "\xf0\x9f\x93\xac", 2 },
		{ "\xef\xbc\xa1", 2 },			/* fullwidth A */
		{ "\xe2\x80\xa6", 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_int_equal(plain_width(t[i].s), t[i].width);
}

static void
test_cut_never_passes_the_width_nor_splits_a_character(void **state)
{
	static const struct { const char *s; size_t width; bool utf8;
	    const char *want; } t[] = {
		{ "Archive", 7, true, "Archive" },
		{ "Archive", 8, true, "Archive" },
		{ "Archive", 6, true, "Archi\xe2\x80\xa6" },
		{ "Archive", 1, true, "\xe2\x80\xa6" },
		{ "Archive", 0, true, "" },
		{ "Archive", 6, false, "Arc..." },
		{ "Archive", 3, false, "..." },
		{ "Archive", 2, false, ".." },
		{ "", 0, true, "" },
		/* Wide ones leave a place empty rather than half of them. */
		{ "\xe5\x8f\x97\xe4\xbf\xa1\xe7\xae\xb1", 6, true,
		    "\xe5\x8f\x97\xe4\xbf\xa1\xe7\xae\xb1" },
		{ "\xe5\x8f\x97\xe4\xbf\xa1\xe7\xae\xb1", 5, true,
		    "\xe5\x8f\x97\xe4\xbf\xa1\xe2\x80\xa6" },
		{ "\xe5\x8f\x97\xe4\xbf\xa1\xe7\xae\xb1", 4, true,
		    "\xe5\x8f\x97\xe2\x80\xa6" },
		/* A combining mark stays with its letter. */
		{ "e\xcc\x81" "e\xcc\x81" "e\xcc\x81", 2, true,
		    "e\xcc\x81\xe2\x80\xa6" },
	};
	struct buf out = BUF_INIT(256);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		buf_clear(&out);
		plain_cut(&out, t[i].s, t[i].width, t[i].utf8);
		assert_string_equal(buf_text(&out), t[i].want);
	}
	buf_release(&out);
}

static void
test_text_keeps_lines_and_tabs_however_it_is_split(void **state)
{
	static const struct { const char *in, *want; } t[] = {
		{ "one\ntwo\n", "one\ntwo\n" },
		{ "one\r\ntwo\r\n", "one\ntwo\n" },
		{ "a\tb\033[2J\n", "a\tb\\x1B[2J\n" },
		{ "a\rb\r", "a\\rb\\r" },
		{ "a\r\r\nb", "a\\r\nb" },
		{ "Gr\xc3\xbc\xc3\x9f" "e \xf0\x9f\x93\xac\r\n",
		    "Gr\xc3\xbc\xc3\x9f" "e \xf0\x9f\x93\xac\n" },
		{ "cut \xf0\x9f\x93", "cut \\xF0\\x9F\\x93" },
		{ "\x80\x80\x80\x80\x80", "\\x80\\x80\\x80\\x80\\x80" },
		{ "\xe2\x80\xae\n\xff\r\n", "\\u202E\n\\xFF\n" },
		{ "\n\n\t\n", "\n\n\t\n" },
		{ "\xe2\x82\r\n", "\\xE2\\x82\n" },
		{ "", "" },
	};
	struct plain_tail tail;
	struct buf out = BUF_INIT(4096);
	size_t i, n, size, k;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		n = strlen(t[i].in);
		for (size = 1; size <= n + 1; size++) {
			memset(&tail, 0, sizeof(tail));
			buf_clear(&out);
			for (k = 0; k < n; k += size)
				plain_text(&out, &tail, t[i].in + k,
				    n - k < size ? n - k : size, true);
			plain_tail(&out, &tail, true);
			assert_int_equal(tail.n, 0);
			assert_string_equal(buf_text(&out), t[i].want);
		}
	}
	buf_release(&out);
}

static void
test_text_fits_into_the_room_that_is_promised(void **state)
{
	char in[256];
	struct plain_tail tail = { { 0 }, 0 };
	struct buf out;

	(void)state;
	memset(in, 0xff, sizeof(in));
	memcpy(tail.p, "\xf0\x9f\x93", 3);
	tail.n = 3;
	buf_init(&out, plain_text_max(sizeof(in)));
	plain_text(&out, &tail, in, sizeof(in), true);
	assert_int_equal(out.n, 4 * (sizeof(in) + 3));
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_escape_leaves_letters_and_shows_the_rest_as_codes),
		cmocka_unit_test(
		    test_escape_of_any_bytes_is_plain_and_escapes_no_further),
		cmocka_unit_test(
		    test_escape_stops_at_the_limit_between_characters),
		cmocka_unit_test(test_format_is_whole_however_long),
		cmocka_unit_test(test_width_counts_places_not_bytes),
		cmocka_unit_test(
		    test_cut_never_passes_the_width_nor_splits_a_character),
		cmocka_unit_test(
		    test_text_keeps_lines_and_tabs_however_it_is_split),
		cmocka_unit_test(test_text_fits_into_the_room_that_is_promised),
	};

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
