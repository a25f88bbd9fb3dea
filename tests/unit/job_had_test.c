/*
 * Of each content as many are taken as were there, whatever their number and order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "job/had.h"

static struct digest
digest(unsigned int n)
{
	struct digest d;

	digest_of(&n, sizeof(n), &d);
	return d;
}

static void
test_as_many_are_taken_as_there_were(void **state)
{
	static const unsigned int sizes[] = { 0, 1, 2, 3, 10, 1000 };
	struct had h = { NULL, 0, 0 };
	unsigned int i, n, k;
	struct digest d;
	size_t s;

	(void)state;
	for (s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		n = sizes[s];
		/* Content i stands there i % 5 times, scattered. */
		for (k = 1; k < 5; k++)
			for (i = 0; i < n; i++)
				if (i % 5 >= k) {
					d = digest(i);
					had_add(&h, &d);
				}
		had_sort(&h);
		for (i = 0; i < n + 3; i++) {
			d = digest(i);
			for (k = 0; k < (i < n ? i % 5 : 0); k++)
				assert_true(had_take(&h, &d));
			assert_false(had_take(&h, &d));
			assert_false(had_take(&h, &d));
		}
		had_release(&h);
	}
}

static void
test_a_million_equal_ones_are_sorted_at_once(void **state)
{
	struct had h = { NULL, 0, 0 };
	struct digest d = digest(1), other = digest(2);
	unsigned int i;

	(void)state;
	for (i = 0; i < 1000000; i++)
		had_add(&h, &d);
	had_add(&h, &other);
	had_sort(&h);
	assert_int_equal(h.n, 2);
	for (i = 0; i < 1000000; i++)
		assert_true(had_take(&h, &d));
	assert_false(had_take(&h, &d));
	assert_true(had_take(&h, &other));
	had_release(&h);
}

static void
test_contents_that_differ_in_the_last_byte_of_their_keys_are_two(void **state)
{
	struct had h = { NULL, 0, 0 };
	struct digest a = digest(1), b = a;

	(void)state;
	b.b[15] ^= 1;
	had_add(&h, &a);
	had_sort(&h);
	assert_false(had_take(&h, &b));
	assert_true(had_take(&h, &a));
	had_release(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_many_are_taken_as_there_were),
		cmocka_unit_test(test_a_million_equal_ones_are_sorted_at_once),
		cmocka_unit_test(test_contents_that_differ_in_the_last_byte_of_their_keys_are_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
