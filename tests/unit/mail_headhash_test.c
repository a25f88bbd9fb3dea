/*
 * The header of a message is found alike in the whole message, in BODY[HEADER], and however it is cut into pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/headhash.h"

/* A message, and what of it is the header. */
static const struct {
	const char	*message, *header;
} cases[] = {
	{ "A: b\r\nC: d\r\n\r\nbody\r\n", "A: b\r\nC: d\r\n" },
	{ "A: b\r\nC: d\r\n\r\n", "A: b\r\nC: d\r\n" },
	{ "A: b\r\nC: d\r\n", "A: b\r\nC: d\r\n" },
	{ "A: b\r\nC: d", "A: b\r\nC: d" },
	{ "A: b\nC: d\n\nbody", "A: b\nC: d\n" },
	{ "A: b\r\n\nbody", "A: b\r\n" },
	{ "A: b\n\r\r\nbody", "A: b\n" },
	{ "A: b\r\n\rC: d\r\n\r\nbody", "A: b\r\n\rC: d\r\n" },
	{ "A: b\r\n\r\r", "A: b\r\n\r\r" },
	{ "\r\nbody", "" },
	{ "", "" },
	{ "\r", "\r" },
};
#define CASES	(sizeof(cases) / sizeof(cases[0]))

static void
test_the_header_ends_before_the_first_empty_line(void **state)
{
	struct headhash h;
	struct digest got, want;
	size_t i, cut, n;

	(void)state;
	headhash_init(&h);
	for (i = 0; i < CASES; i++) {
		n = strlen(cases[i].message);
		digest_of(cases[i].header, strlen(cases[i].header), &want);
		for (cut = 0; cut <= n; cut++) {
			headhash_feed(&h, cases[i].message, cut);
			headhash_feed(&h, cases[i].message + cut, n - cut);
			headhash_end(&h, &got);
			assert_true(digest_equal(&got, &want));
		}
	}
	headhash_release(&h);
}

static void
test_each_byte_of_a_header_counts(void **state)
{
	char text[] = "From: a\r\nTo: b\r\n\r\nbody";
	struct headhash h;
	struct digest whole, got;
	size_t i, n = strlen(text);

	(void)state;
	headhash_init(&h);
	headhash_feed(&h, text, n);
	headhash_end(&h, &whole);
	for (i = 0; i < n; i++) {
		text[i] ^= 1;
		headhash_feed(&h, text, n);
		headhash_end(&h, &got);
		/* The line ends of the empty line and the body don't. */
		assert_int_equal(digest_equal(&whole, &got), i > 17);
		text[i] ^= 1;
	}
	headhash_release(&h);
}

static void
test_what_was_begun_can_be_forgotten(void **state)
{
	struct headhash h;
	struct digest got, want;

	(void)state;
	headhash_init(&h);
	headhash_feed(&h, "X: y\r\n\r\n", 8);
	headhash_begin(&h);
	headhash_feed(&h, "A: b\r\n", 6);
	headhash_end(&h, &got);
	digest_of("A: b\r\n", 6, &want);
	assert_true(digest_equal(&got, &want));
	headhash_release(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_the_header_ends_before_the_first_empty_line),
		cmocka_unit_test(test_each_byte_of_a_header_counts),
		cmocka_unit_test(test_what_was_begun_can_be_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
