/*
 * Bytes on their way: in order, held and let go, and never moved before they are sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "imap/outgoing.h"

/* Send up to ${most} bytes, ${n} at a time; what went is a C string in ${out}. */
static void
sent(struct outgoing *o, size_t most, size_t n, char *out)
{
	const char *p;
	size_t some, at = 0;

	while (at < most && (p = outgoing_next(o, &some)) != NULL) {
		assert_true(some > 0);
		if (some > n)
			some = n;
		memcpy(out + at, p, some);
		at += some;
		outgoing_sent(o, some);
	}
	out[at] = '\0';
}

#define ADD(o, s)	outgoing_add(o, s, strlen(s))
#define HOLD(o, s)	outgoing_hold(o, s, strlen(s))

static void
test_bytes_go_in_order_up_to_what_is_held(void **state)
{
	struct outgoing o = { NULL, NULL, 0 };
	char out[100];
	size_t n;

	(void)state;
	assert_null(outgoing_next(&o, &n));
	ADD(&o, "one {3}");
	HOLD(&o, "two");
	ADD(&o, " three {4}");
	HOLD(&o, "four");
	ADD(&o, "five");
	assert_int_equal(o.waiting, 28);
	sent(&o, 100, 3, out);
	assert_string_equal(out, "one {3}");
	assert_int_equal(o.waiting, 21);
	outgoing_release(&o);
	sent(&o, 100, 100, out);
	assert_string_equal(out, "two three {4}");
	outgoing_drop(&o);
	assert_int_equal(o.waiting, 4);
	sent(&o, 100, 1, out);
	assert_string_equal(out, "five");
	assert_null(outgoing_next(&o, &n));
	assert_int_equal(o.waiting, 0);
	outgoing_free(&o);
}

/* What is dropped before it is its turn, and the last one. */
static void
test_held_bytes_are_let_go_in_their_order(void **state)
{
	struct outgoing o = { NULL, NULL, 0 };
	char out[100];

	(void)state;
	HOLD(&o, "a");
	HOLD(&o, "b");
	HOLD(&o, "c");
	outgoing_drop(&o);
	outgoing_release(&o);
	outgoing_drop(&o);
	ADD(&o, "d");
	sent(&o, 100, 100, out);
	assert_string_equal(out, "bd");
	ADD(&o, "e");
	assert_int_equal(o.waiting, 1);
	sent(&o, 100, 100, out);
	assert_string_equal(out, "e");
	outgoing_free(&o);
	ADD(&o, "f");
	sent(&o, 100, 100, out);
	assert_string_equal(out, "f");
	outgoing_free(&o);
}

/* Half sent, or asked for and not sent: whatever is added behind, they stay where they are. */
static void
test_bytes_do_not_move(void **state)
{
	static char much[300000];
	struct outgoing o = { NULL, NULL, 0 };
	const char *p, *again;
	size_t n, more;
	int i;

	(void)state;
	memset(much, 'x', sizeof(much));
	outgoing_add(&o, much, 100);
	p = outgoing_next(&o, &n);
	assert_int_equal(n, 100);
	outgoing_sent(&o, 10);
	for (i = 0; i < 20; i++) {
		outgoing_add(&o, much, (size_t)i * 13007);
		if (i % 3 == 0)
			outgoing_hold(&o, much, 5);
		again = outgoing_next(&o, &more);
		assert_ptr_equal(again, p + 10);
		assert_true(more >= n - 10);
	}
	outgoing_free(&o);
}

/* However it is put in and taken out, it is the same. */
static void
test_much_goes_as_it_came(void **state)
{
	enum { ALL = 2000000 };
	struct outgoing o = { NULL, NULL, 0 };
	char *in = malloc(ALL), *out = malloc(ALL + 1);
	unsigned int seed = 1;
	size_t put = 0, got = 0, n, i;

	(void)state;
	for (i = 0; i < ALL; i++)
		in[i] = (char)(1 + i * 7 % 251);
	while (got < ALL) {
		n = (size_t)(seed = seed * 1103515245 + 12345) % 150000;
		n = n < ALL - put ? n : ALL - put;
		outgoing_add(&o, in + put, n);
		put += n;
		n = (size_t)(seed = seed * 1103515245 + 12345) % 150000;
		sent(&o, n + 1, 1 + n / 3, out + got);
		got += strlen(out + got);
		assert_int_equal(o.waiting, put - got);
	}
	assert_memory_equal(in, out, ALL);
	outgoing_free(&o);
	free(in);
	free(out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_go_in_order_up_to_what_is_held),
		cmocka_unit_test(test_held_bytes_are_let_go_in_their_order),
		cmocka_unit_test(test_bytes_do_not_move),
		cmocka_unit_test(test_much_goes_as_it_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
