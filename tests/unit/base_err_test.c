/*
 * Errors: a kind, a sentence that gains context, cut to fit between characters; and what each kind means to a shell.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

static void
test_err_a_sentence_gains_context_on_its_way_out(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(err_set(&e, EK_CORRUPT, "record %d: %s", 7, "torn"),
	    -1);
	assert_int_equal(err_next(&e, "run %s", "verify"), -1);
	assert_int_equal(err_add(&e, "manifest %d", 3), -1);
	assert_int_equal(err_add(&e, "vault %s", "/b"), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	assert_int_equal(e.sys, 0);
	assert_string_equal(e.text, "vault /b: manifest 3: record 7: torn");
	assert_string_equal(e.next, "run verify");
}

static void
test_err_the_first_word_on_what_to_do_counts(void **state)
{
	struct err e;

	(void)state;
	err_set(&e, EK_FAIL, "x");
	assert_string_equal(e.next, "");
	err_next(&e, "near");
	err_next(&e, "far");
	assert_string_equal(e.next, "near");
	/* A new error knows nothing of the old one's advice. */
	err_set(&e, EK_FAIL, "y");
	assert_string_equal(e.next, "");
}

static void
test_err_sys_takes_the_reason_from_errno(void **state)
{
	static const struct { int no; enum err_kind kind; } t[] = {
		{ ENOENT, EK_FAIL }, { EIO, EK_FAIL }, { EROFS, EK_FAIL },
		{ ENOSPC, EK_SPACE }, { EDQUOT, EK_SPACE },
		{ EFBIG, EK_SPACE },
	};
	char want[200];
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(want, sizeof(want), "can't open a: %s",
		    strerror(t[i].no));
		errno = t[i].no;
		assert_int_equal(err_sys(&e, "can't open %s", "a"), -1);
		assert_int_equal(e.kind, t[i].kind);
		assert_int_equal(e.sys, t[i].no);
		assert_string_equal(e.text, want);
	}
}

/* ${n} bytes of ${with} over and over. */
static char *
fill(size_t n, const char *with)
{
	char *s = xmalloc(n + 1);
	size_t i, len = strlen(with);

	for (i = 0; i < n; i++)
		s[i] = with[i % len];
	s[n] = '\0';
	return s;
}

static void
test_err_a_long_text_is_cut_between_characters(void **state)
{
	static const char *const chars[] = { "x", "\303\244", "\342\202\254",
	    "\360\237\230\200" };
	struct err e;
	size_t i, shift, n;

	(void)state;
	for (i = 0; i < 4; i++)
		for (shift = 0; shift < 8; shift++) {
			char *s = fill(4000, chars[i]);

			err_set(&e, EK_FAIL, "%.*s%s", (int)shift, "aaaaaaaa",
			    s);
			n = strlen(e.text);
			assert_true(utf8_valid(e.text, n));
			/* As much as fits, and not a character less. */
			assert_in_range(n, ERR_TEXT_MAX - strlen(chars[i]),
			    ERR_TEXT_MAX - 1);
			assert_memory_equal(e.text + shift, s, n - shift);
			free(s);
		}
}

static void
test_err_text_that_just_fits_is_whole(void **state)
{
	size_t n;
	struct err e;

	(void)state;
	for (n = ERR_TEXT_MAX - 5; n <= ERR_TEXT_MAX + 1; n++) {
		char *s = fill(n, "y");

		err_set(&e, EK_FAIL, "%s", s);
		assert_int_equal(strlen(e.text),
		    n < ERR_TEXT_MAX ? n : ERR_TEXT_MAX - 1);
		free(s);
	}
}

static void
test_err_bytes_that_are_no_text_are_not_lost_by_the_cut(void **state)
{
	char *s = fill(4000, "\200");
	struct err e;

	(void)state;
	err_set(&e, EK_FAIL, "%s", s);
	assert_in_range(strlen(e.text), ERR_TEXT_MAX - 5, ERR_TEXT_MAX - 1);
	free(s);
}

static void
test_err_context_stays_when_the_text_is_long(void **state)
{
	char *s = fill(4000, "\303\244");
	struct err e;

	(void)state;
	errno = ENOENT;
	err_sys(&e, "%s", s);
	err_add(&e, "vault %s", s);
	err_add(&e, "in front");
	err_next(&e, "%s", s);
	assert_memory_equal(e.text, "in front: vault \303\244", 18);
	assert_true(utf8_valid(e.text, strlen(e.text)));
	assert_true(utf8_valid(e.next, strlen(e.next)));
	assert_in_range(strlen(e.next), ERR_NEXT_MAX - 3, ERR_NEXT_MAX - 1);
	free(s);
}

static void
test_err_each_kind_has_its_exit_status(void **state)
{
	static const struct { enum err_kind kind; int status; } t[] = {
		{ EK_NONE, 0 }, { EK_FAIL, 1 }, { EK_USAGE, 2 },
		{ EK_CONFIG, 2 }, { EK_PARTIAL, 3 }, { EK_AUTH, 4 },
		{ EK_TLS, 5 }, { EK_CORRUPT, 6 }, { EK_LOCKED, 7 },
		{ EK_SPACE, 8 }, { EK_REFUSED, 9 }, { EK_NOVAULT, 10 },
		{ EK_STALE, 11 }, { EK_TEMP, 75 }, { EK_PROTO, 1 },
		{ EK_NO, 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_int_equal(err_status(t[i].kind, 0), t[i].status);
	assert_int_equal(err_status(EK_CANCELLED, 2), 130);
	assert_int_equal(err_status(EK_CANCELLED, 15), 143);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_err_a_sentence_gains_context_on_its_way_out),
		cmocka_unit_test(
		    test_err_the_first_word_on_what_to_do_counts),
		cmocka_unit_test(test_err_sys_takes_the_reason_from_errno),
		cmocka_unit_test(
		    test_err_a_long_text_is_cut_between_characters),
		cmocka_unit_test(test_err_text_that_just_fits_is_whole),
		cmocka_unit_test(
		    test_err_bytes_that_are_no_text_are_not_lost_by_the_cut),
		cmocka_unit_test(
		    test_err_context_stays_when_the_text_is_long),
		cmocka_unit_test(test_err_each_kind_has_its_exit_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
