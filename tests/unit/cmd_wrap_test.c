/*
 * Long lines: broken between words, and nowhere else.
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
#include "cmd/plain.h"
#include "cmd/wrap.h"

static void
test_wrap_line_breaks_between_words(void **state)
{
	static const struct {
		const char *in;
		size_t width, at;
		const char *hang, *out;
	} t[] = {
		{ "", 5, 0, "", "" },
		{ "   ", 3, 0, "", "   " },
		{ "   ", 2, 0, "", "" },
		{ "   ", 3, 1, "", "" },
		{ "ab cd", 5, 0, "", "ab cd" },
		{ "ab cd", 4, 0, "", "ab\ncd" },
		{ "ab cd   ", 5, 0, "", "ab cd" },
		{ "ab  cd", 5, 0, "", "ab\ncd" },
		{ "ab  cd", 6, 0, "", "ab  cd" },
		{ "ab cd ef gh", 5, 0, "", "ab cd\nef gh" },
		{ "ab cd ef", 5, 0, "> ", "ab cd\n> ef" },
		{ "ab cd ef gh", 5, 3, "   ", "ab\n   cd\n   ef\n   gh" },
		{ "ab cd", 6, 1, "", "ab cd" },
		{ "ab cd", 6, 2, "", "ab\ncd" },
		/* Words that never fit. */
		{ "abcdef", 3, 0, "", "abcdef" },
		{ "abcdef", 3, 9, "-", "abcdef" },
		{ "a bcdef g", 3, 0, "", "a\nbcdef\ng" },
		{ "a b", 1, 0, "long hang ", "a\nlong hang b" },
		{ "a b", 0, 0, "", "a\nb" },
		/* Places, not bytes. */
		{ "\xc3\xb6\xc3\xb6 \xc3\xb6\xc3\xb6", 5, 0, "",
		    "\xc3\xb6\xc3\xb6 \xc3\xb6\xc3\xb6" },
		{ "\xe6\x97\xa5 \xe6\x9c\xac", 4, 0, "",
		    "\xe6\x97\xa5\n\xe6\x9c\xac" },
		{ "\xe6\x97\xa5 \xe6\x9c\xac", 5, 0, "",
		    "\xe6\x97\xa5 \xe6\x9c\xac" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct buf b = BUF_INIT(100);

		wrap_line(&b, t[i].in, t[i].width, t[i].at, t[i].hang);
		assert_string_equal(buf_text(&b), t[i].out);
		buf_release(&b);
	}
}

static void
test_wrap_quoted_goes_on_as_the_line_began(void **state)
{
	static const struct {
		const char *in;
		size_t width;
		const char *out;
	} t[] = {
		{ "", 8, "" },
		{ "fits  ", 8, "fits  " },
		{ "> fits a", 8, "> fits a" },
		{ "> ab cd ef", 8, "> ab cd\n> ef" },
		{ "  ab cd ef", 8, "  ab cd\n  ef" },
		{ "> > ab cdef", 10, "> > ab\n> > cdef" },
		{ ">>>> ab cd", 8, ">>>> ab\ncd" },
		{ ">>> ab cd", 8, ">>> ab\ncd" },
		{ ">>>>>>>>>>", 8, ">>>>>>>>>>" },
		{ "          ", 8, "" },
		{ "abcdefghijkl mn", 8, "abcdefghijkl\nmn" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct buf b = BUF_INIT(100);

		wrap_quoted(&b, t[i].in, t[i].width);
		assert_string_equal(buf_text(&b), t[i].out);
		buf_release(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrap_line_breaks_between_words),
		cmocka_unit_test(test_wrap_quoted_goes_on_as_the_line_began),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
