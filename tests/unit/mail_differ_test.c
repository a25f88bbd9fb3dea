/*
 * In what two copies of a message differ, as people are told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mail/differ.h"

#define T(old, new, says)	{ old, sizeof(old) - 1, new, sizeof(new) - 1, says }

static const struct {
	const char	*old;
	size_t		 old_n;
	const char	*new;
	size_t		 new_n;
	const char	*says;
} t[] = {
	T("A: 1\r\n\r\nx\r\n", "A: 1\r\nB: 2\r\n\r\nx\r\n", "header B added"),
	T("A: 1\r\nB: 2\r\n\r\nx", "A: 1\r\n\r\nx", "header B dropped"),
	T("A: 1\r\n\r\nx", "A: 2\r\n\r\nx", "header A changed"),
	T("a: 1\r\n\r\nx", "A: 1\r\n\r\nx", "header a changed"),
	T("A: 1\r\n 2\r\n\r\nx", "A: 1\r\n 3\r\n\r\nx", "header A changed"),
	T("A: 1\r\nB: 2\r\n\r\nx", "B: 2\r\nA: 1\r\n\r\nx",
	    "order of header lines"),
	T("A: 1\n\nx", "A: 1\r\n\r\nx", "line ends of the header"),
	T("A: 1\r\n\r\nx\ny\n", "A: 1\r\n\r\nx\r\ny\r\n", "body: line ends"),
	T("A: 1\r\n\r\nabc", "A: 1\r\n\r\nabcde", "body: 2 bytes more"),
	T("A: 1\r\n\r\nabc", "A: 1\r\n\r\nac", "body: 1 byte less"),
	T("A: 1\r\n\r\nabc", "A: 1\r\n\r\nxbc", "body: 1 byte changed"),
	T("A: 1\r\n\r\na\0\0", "A: 1\r\n\r\na\200\200",
	    "body: 2 bytes changed, all NULs"),
	T("A: 1\r\nA: 2\r\n\r\nx", "A: 1\r\n\r\ny",
	    "header A dropped; body: 1 byte changed"),
	T("A: 1\r\nC: 3\r\n\r\nx", "A: 2\r\nB: 2\r\n\r\nxy",
	    "header A changed; header B added; header C dropped; "
	    "body: 1 byte more"),
	T("1: 1\r\n2: 1\r\n3: 1\r\n4: 1\r\n5: 1\r\n6: 1\r\n\r\n", "\r\n",
	    "header 1 2 3 4 5 dropped"),
	T("", "\r\n", "line ends of the header"),
	T("no colon", "no  colon", "header no  colon added; "
	    "header no colon dropped"),
};

static void
test_differ_says_what_was_done_to_a_message(void **state)
{
	struct buf b = BUF_INIT(4096);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		buf_clear(&b);
		differ_text(t[i].old, t[i].old_n, t[i].new, t[i].new_n, &b);
		if (strcmp(buf_text(&b), t[i].says) != 0)
			print_error("row %zu\n", i);
		assert_string_equal(buf_text(&b), t[i].says);
	}
	buf_release(&b);
}

static void
test_differ_bounds_what_it_says(void **state)
{
	static char old[300000];
	struct buf b = BUF_INIT(4096);
	size_t n = 0;
	int i;

	(void)state;
	for (i = 0; i < 4000; i++)
		n += (size_t)snprintf(old + n, sizeof(old) - n,
		    "Name-%060d: x\r\n", i);
	differ_text(old, n, "\r\n", 2, &b);
	assert_true(b.n > 0 && b.n < 1000);
	buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_differ_says_what_was_done_to_a_message),
		cmocka_unit_test(test_differ_bounds_what_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
