/*
 * base_near_test.c - the known word that was meant.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/near.h"

static void
test_near_finds_what_was_meant_and_nothing_else(void **state)
{
	static const char *const known[] = { "backup", "list", "log", "status",
	    "restore", "rebuild", "repair", "init", "help", "verify" };
	static const struct { const char *word, *want; } t[] = {
		{ "bakcup", "backup" },		/* swapped */
		{ "bakup", "backup" },		/* dropped */
		{ "backkup", "backup" },	/* doubled */
		{ "lst", "list" },
		{ "lit", "list" },
		{ "st", "status" },		/* a beginning */
		{ "stat", "status" },
		{ "restroe", "restore" },
		{ "x", NULL },
		{ "", NULL },
		{ "delete", NULL },
		{ "verfiy", "verify" },
		{ "zzzz", NULL },
		{ "lo", "log" },
		{ "abcdefghijklmnopqrstuvwxyzabcdefghijklmnop", NULL },
	};
	struct near near;
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		near_begin(&near, t[i].word, strlen(t[i].word));
		for (j = 0; j < sizeof(known) / sizeof(known[0]); j++)
			near_try(&near, known[j]);
		if (t[i].want == NULL)
			assert_null(near.best);
		else {
			assert_non_null(near.best);
			assert_string_equal(near.best, t[i].want);
		}
	}
}

static void
test_near_counts_swapped_neighbours_as_one_mistake(void **state)
{
	struct near near;

	(void)state;
	near_begin(&near, "lsit", 4);
	near_try(&near, "lint");
	assert_string_equal(near.best, "lint");
	near_try(&near, "list");
	assert_string_equal(near.best, "list");
	/* Of two that are as near, the first. */
	near_try(&near, "slit");
	assert_string_equal(near.best, "list");
}

static void
test_near_takes_words_up_to_its_limit(void **state)
{
	/* 39, 40 and 41 letters, with the last one wrong. */
	static const char *const word[] = {
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaax",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaax",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaax",
	};
	static const char known[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	static const char longer[] =
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	struct near near;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		near_begin(&near, word[i], strlen(word[i]));
		near_try(&near, longer);
		assert_null(near.best);
		near_try(&near, known);
		assert_int_equal(near.best == known, i < 2);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_near_finds_what_was_meant_and_nothing_else),
		cmocka_unit_test(
		    test_near_counts_swapped_neighbours_as_one_mistake),
		cmocka_unit_test(test_near_takes_words_up_to_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
