/*
 * A spool gives back what was put in, in memory or through a file, as often as wanted, and begins anew.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/spool.h"

#define MEMORY	64

static struct spool spool;
static struct err e;

static int
begin(void **state)
{
	int dir = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	spool_init(&spool, MEMORY, dir);
	return dir == -1;
}

static int
end(void **state)
{
	(void)state;
	spool_release(&spool);
	assert_int_equal(spool.fd, -1);
	return close(spool.dir);
}

/* Bytes that tell their place. */
static void
put(size_t n)
{
	const struct sink to = spool_sink(&spool);
	size_t i;
	char c;

	for (i = 0; i < n; i++) {
		c = (char)('a' + (spool.n % 23));
		assert_int_equal(sink_write(&to, &c, 1, &e), 0);
	}
}

static int
look(void *arg, const void *p, size_t n, struct err *err)
{
	size_t *at = arg, i;

	(void)err;
	for (i = 0; i < n; i++)
		assert_int_equal(((const char *)p)[i], 'a' + (*at + i) % 23);
	*at += n;
	return 0;
}

static void
holds(size_t n)
{
	const struct source from = spool_source(&spool);
	size_t at, turn;
	const struct sink to = { look, &at };

	assert_int_equal(spool.n, n);
	for (turn = 0; turn < 2; turn++) {
		at = 0;
		assert_int_equal(source_pour(&from, &to, &e), 0);
		assert_int_equal(at, n);
	}
}

static void
test_spool_keeps_little_in_memory(void **state)
{
	(void)state;
	holds(0);
	put(MEMORY);
	holds(MEMORY);
	assert_int_equal(spool.fd, -1);
}

static void
test_spool_of_more_goes_through_a_file(void **state)
{
	(void)state;
	put(MEMORY + 1);
	assert_int_not_equal(spool.fd, -1);
	holds(MEMORY + 1);
	put(1000);
	holds(MEMORY + 1001);
}

static void
test_spool_that_is_cleared_is_empty(void **state)
{
	(void)state;
	put(1000);
	spool_clear(&spool);
	assert_int_equal(spool.fd, -1);
	holds(0);
	put(10);
	holds(10);
	spool_clear(&spool);
	holds(0);
}

static void
test_spool_without_a_directory_fails_when_it_needs_one(void **state)
{
	const struct sink to = spool_sink(&spool);
	char bytes[MEMORY + 1] = { 0 };
	int dir = spool.dir;

	(void)state;
	spool.dir = -1;
	assert_int_equal(sink_write(&to, bytes, MEMORY, &e), 0);
	assert_int_equal(sink_write(&to, bytes, 1, &e), -1);
	assert_int_not_equal(e.kind, EK_NONE);
	spool.dir = dir;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_spool_keeps_little_in_memory, begin, end),
		cmocka_unit_test_setup_teardown(
		    test_spool_of_more_goes_through_a_file, begin, end),
		cmocka_unit_test_setup_teardown(
		    test_spool_that_is_cleared_is_empty, begin, end),
		cmocka_unit_test_setup_teardown(
		    test_spool_without_a_directory_fails_when_it_needs_one,
		    begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
