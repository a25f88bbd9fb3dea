/*
 * Buffers keep to the limit they were born with; memory for small things is there or the program ends.
 */
#include <sys/wait.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"

static void
test_buf_is_text_at_any_time(void **state)
{
	struct buf b = BUF_INIT(100);

	(void)state;
	assert_string_equal(buf_text(&b), "");
	assert_int_equal(buf_adds(&b, "ab"), 0);
	assert_string_equal(buf_text(&b), "ab");
	assert_int_equal(buf_addc(&b, 'c'), 0);
	assert_int_equal(buf_addf(&b, "%d-%s", 42, "x"), 0);
	assert_string_equal(buf_text(&b), "abc42-x");
	assert_int_equal(b.n, 7);
	buf_clear(&b);
	assert_string_equal(buf_text(&b), "");
	assert_int_equal(b.n, 0);
	buf_release(&b);
	assert_null(b.p);
	assert_int_equal(b.max, 100);
}

static void
test_buf_holds_any_bytes(void **state)
{
	struct buf b = BUF_INIT(100);

	(void)state;
	assert_int_equal(buf_add(&b, "a\0b", 3), 0);
	assert_int_equal(buf_add(&b, NULL, 0), 0);
	assert_int_equal(b.n, 3);
	assert_memory_equal(b.p, "a\0b\0", 4);
	buf_release(&b);
}

/* Add ${n} bytes by each way there is; what they return. */
static int
add(struct buf *b, int way, size_t n)
{
	char text[64];

	memset(text, 'x', n);
	text[n] = '\0';
	switch (way) {
	case 0: return buf_add(b, text, n);
	case 1: return buf_adds(b, text);
	case 2: return buf_addf(b, "%s", text);
	default: return buf_room(b, n) == NULL ? -1 : 0;
	}
}

static void
test_buf_stops_at_its_limit_and_is_unchanged(void **state)
{
	size_t max, have, n;
	int way;

	(void)state;
	for (max = 0; max <= 40; max += 8)
		for (have = 0; have <= max; have += 4)
			for (n = 0; n <= 41; n++)
				for (way = 0; way < 4; way++) {
					struct buf b = BUF_INIT(max);
					int fits = have + n <= max;

					assert_int_equal(add(&b, 0, have), 0);
					assert_int_equal(add(&b, way, n),
					    fits ? 0 : -1);
					assert_int_equal(b.n, have +
					    (fits && way != 3 ? n : 0));
					assert_int_equal(strlen(buf_text(&b)),
					    b.n);
					buf_release(&b);
				}
}

static void
test_buf_limit_holds_for_sizes_beyond_all_reason(void **state)
{
	struct buf b = BUF_INIT(1000);

	(void)state;
	assert_int_equal(buf_adds(&b, "abc"), 0);
	assert_null(buf_room(&b, SIZE_MAX));
	assert_null(buf_room(&b, SIZE_MAX - 2));
	assert_null(buf_room(&b, 998));
	assert_non_null(buf_room(&b, 997));
	assert_string_equal(buf_text(&b), "abc");
	buf_release(&b);
}

static void
test_buf_taken_text_is_the_callers(void **state)
{
	struct buf b = BUF_INIT(100);
	char *s;

	(void)state;
	s = buf_take(&b);
	assert_string_equal(s, "");
	free(s);
	buf_adds(&b, "mine");
	s = buf_take(&b);
	assert_string_equal(s, "mine");
	assert_int_equal(b.n, 0);
	assert_string_equal(buf_text(&b), "");
	buf_adds(&b, "again");
	assert_string_equal(buf_text(&b), "again");
	assert_string_equal(s, "mine");
	free(s);
	buf_release(&b);
}

static void
test_mem_nothing_is_something_to_point_to(void **state)
{
	void *p[3];
	size_t i;

	(void)state;
	p[0] = xmalloc(0);
	p[1] = xcalloc(0, 8);
	p[2] = xreallocarray(NULL, 0, 0);
	for (i = 0; i < 3; i++) {
		assert_non_null(p[i]);
		free(p[i]);
	}
}

static void
test_mem_arrays_grow_by_doubling_and_keep_what_they_hold(void **state)
{
	uint32_t *v = NULL;
	size_t cap = 0, n, moves = 0, before;

	(void)state;
	for (n = 0; n < 100000; n++) {
		before = cap;
		v = mem_grow(v, &cap, n + 1, sizeof(*v));
		assert_true(cap > n);
		moves += cap != before;
		v[n] = (uint32_t)n;
	}
	assert_in_range(moves, 10, 16);
	for (n = 0; n < 100000; n++)
		assert_int_equal(v[n], n);
	free(v);
}

static void
test_mem_copies_end_in_a_nul(void **state)
{
	char *s = xmemdup0("a\0b", 3);

	(void)state;
	assert_memory_equal(s, "a\0b\0", 4);
	free(s);
	s = xmemdup0(NULL, 0);
	assert_string_equal(s, "");
	free(s);
	s = xasprintf("%s-%d", "x", 7);
	assert_string_equal(s, "x-7");
	free(s);
}

static void
test_mem_a_secret_is_overwritten(void **state)
{
	char s[] = "correct horse";

	(void)state;
	mem_wipe(s, sizeof(s));
	assert_memory_equal(s, "\0\0\0\0\0\0\0\0\0\0\0\0\0", sizeof(s));
	mem_wipe(NULL, 0);
}

/* ASan's malloc() would end the program, and note in the runner's report that it did not. */
const char *__asan_default_options(void);
void __sanitizer_set_report_fd(void *) __attribute__((weak));

const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void
no_memory(void)
{
	_exit(42);
}

/* What no machine has; nothing is touched. */
static volatile size_t too_much = SIZE_MAX / 2 - 4096;

static void
take_too_much(void)
{
	free(xmalloc(too_much));
}

static void
take_too_many(void)
{
	free(xreallocarray(NULL, too_much, 16));	/* the product is checked */
}

static void
grow_too_much(void)
{
	size_t cap = 0;

	free(mem_grow(NULL, &cap, too_much, 1));
}

/* How a process of its own ends that does this with a handler. */
static int
end_of(void (*fn)(void), void (*handler)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid != -1);
	if (pid == 0) {
		if (__sanitizer_set_report_fd != NULL)
			__sanitizer_set_report_fd((void *)STDERR_FILENO);
		/* cmocka would catch the signal of abort(). */
		signal(SIGABRT, SIG_DFL);
		if (handler != NULL)
			mem_on_failure(handler);
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* A handler that comes back against the rules. */
static void
comes_back(void)
{
}

static void
test_mem_when_there_is_none_the_handler_is_called(void **state)
{
	(void)state;
	assert_int_equal(end_of(take_too_much, no_memory), 42);
	assert_int_equal(end_of(take_too_many, no_memory), 42);
	assert_int_equal(end_of(grow_too_much, no_memory), 42);
	assert_int_equal(end_of(take_too_much, comes_back), -SIGABRT);
	assert_int_equal(end_of(take_too_much, NULL), -SIGABRT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf_is_text_at_any_time),
		cmocka_unit_test(test_buf_holds_any_bytes),
		cmocka_unit_test(test_buf_stops_at_its_limit_and_is_unchanged),
		cmocka_unit_test(
		    test_buf_limit_holds_for_sizes_beyond_all_reason),
		cmocka_unit_test(test_buf_taken_text_is_the_callers),
		cmocka_unit_test(test_mem_nothing_is_something_to_point_to),
		cmocka_unit_test(
		    test_mem_arrays_grow_by_doubling_and_keep_what_they_hold),
		cmocka_unit_test(test_mem_copies_end_in_a_nul),
		cmocka_unit_test(test_mem_a_secret_is_overwritten),
		cmocka_unit_test(
		    test_mem_when_there_is_none_the_handler_is_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
