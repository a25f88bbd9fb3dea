/*
 * Files, directories and locks: nothing is replaced, no link is followed, modes don't depend on the umask, calls
 * that are cut short go on, and a lock dies with its process (R46, R52, R55, R58, R63, R64).
 */
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/io.h"
#include "base_scratch.h"

#define NO_ONE	4711	/* not yet set */

/* A file with this text. */
static void
make(const char *name, const char *text)
{
	int fd = openat(scratch_fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd != -1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void
assert_holds(const char *name, const char *want)
{
	struct buf b = BUF_INIT(1 << 20);
	struct err e;

	assert_int_equal(io_read_file(scratch_fd, name, &b, &e), 0);
	assert_string_equal(buf_text(&b), want);
	buf_release(&b);
}

static bool
is_there(const char *name)
{
	struct stat st;

	return fstatat(scratch_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static unsigned int
mode_of(const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(scratch_fd, name, &st, AT_SYMLINK_NOFOLLOW),
	    0);
	return st.st_mode & 07777;
}

static void
gone(const char *name)
{
	if (unlinkat(scratch_fd, name, 0) == -1)
		assert_int_equal(unlinkat(scratch_fd, name, AT_REMOVEDIR), 0);
}

/* ---- directories ---- */

static void
test_io_directories_are_opened_but_not_through_links(void **state)
{
	struct err e;
	int fd;

	(void)state;
	assert_int_equal(io_make_dir(scratch_fd, "d", &e), 1);
	assert_int_equal(io_make_dir(scratch_fd, "d", &e), 0);
	fd = io_open_dir(scratch_fd, "d", &e);
	assert_true(fd != -1);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(io_sync_dir(fd, &e), 0);
	close(fd);
	assert_int_equal(io_open_dir(scratch_fd, "none", &e), -1);
	assert_int_equal(e.sys, ENOENT);
	make("f", "");
	assert_int_equal(io_open_dir(scratch_fd, "f", &e), -1);
	assert_int_equal(io_make_dir(scratch_fd, "f", &e), -1);
	assert_int_equal(symlinkat("d", scratch_fd, "l"), 0);
	assert_int_equal(io_open_dir(scratch_fd, "l", &e), -1);
	assert_int_equal(io_make_dir(scratch_fd, "l", &e), -1);
	assert_int_equal(io_make_dir(scratch_fd, "none/d", &e), -1);
	assert_int_equal(e.sys, ENOENT);
	gone("d");
	gone("f");
	gone("l");
}

static int
count_name(void *arg, const char *name, struct err *e)
{
	struct buf *names = arg;

	(void)e;
	buf_addf(names, "%s ", name);
	return 0;
}

static int
stop_at(void *arg, const char *name, struct err *e)
{
	(void)name, (void)e;
	++*(int *)arg;
	return 7;
}

static void
test_io_list_tells_every_name_each_time(void **state)
{
	struct buf names = BUF_INIT(1000);
	struct err e;
	int times, calls = 0, fd;

	(void)state;
	assert_int_equal(io_make_dir(scratch_fd, "d", &e), 1);
	fd = io_open_dir(scratch_fd, "d", &e);
	assert_int_equal(io_list(fd, count_name, &names, &e), 0);
	assert_string_equal(buf_text(&names), "");
	make("d/.hidden", "");
	for (times = 0; times < 3; times++) {
		buf_clear(&names);
		assert_int_equal(io_list(fd, count_name, &names, &e), 0);
		assert_string_equal(buf_text(&names), ".hidden ");
	}
	make("d/b", "");
	assert_int_equal(io_list(fd, stop_at, &calls, &e), 7);
	assert_int_equal(calls, 1);
	buf_release(&names);
	close(fd);
	gone("d/.hidden");
	gone("d/b");
	gone("d");
}

/* ---- reading ---- */

static void
test_io_only_regular_files_are_opened(void **state)
{
	uint64_t size = 1;
	struct err e;
	int fd;

	(void)state;
	make("f", "12345");
	fd = io_open_file(scratch_fd, "f", &size, &e);
	assert_true(fd != -1);
	assert_int_equal(size, 5);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	assert_int_equal(io_open_file(scratch_fd, "none", &size, &e), -1);
	assert_int_equal(e.sys, ENOENT);
	assert_int_equal(symlinkat("f", scratch_fd, "l"), 0);
	assert_int_equal(io_open_file(scratch_fd, "l", &size, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	assert_int_equal(io_open_file(scratch_fd, ".", &size, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	/* It must not wait for somebody to write. */
	assert_int_equal(mkfifoat(scratch_fd, "p", 0600), 0);
	assert_int_equal(io_open_file(scratch_fd, "p", &size, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	assert_int_equal(io_open_file(AT_FDCWD, "/dev/zero", &size, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	assert_int_equal(size, 5);
	gone("f");
	gone("l");
	gone("p");
}

static void
test_io_read_at_gives_exactly_what_was_asked_for(void **state)
{
	char p[8] = "";
	struct err e;
	uint64_t size;
	int fd;

	(void)state;
	make("f", "0123456789");
	fd = io_open_file(scratch_fd, "f", &size, &e);
	assert_int_equal(io_read_at(fd, p, 4, 6, &e), 0);
	assert_memory_equal(p, "6789", 4);
	assert_int_equal(io_read_at(fd, p, 0, 10, &e), 0);
	assert_int_equal(io_read_at(fd, p, 5, 6, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	assert_int_equal(io_read_at(fd, p, 1, 1 << 30, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	close(fd);
	assert_int_equal(io_read_at(fd, p, 1, 0, &e), -1);
	assert_int_equal(e.sys, EBADF);
	gone("f");
}

static void
test_io_read_file_stops_at_the_limit(void **state)
{
	size_t limit;
	struct err e;

	(void)state;
	make("f", "0123456789");
	for (limit = 0; limit < 14; limit++) {
		struct buf b = BUF_INIT(limit);
		int rc = io_read_file(scratch_fd, "f", &b, &e);

		assert_int_equal(rc, limit >= 10 ? 0 : -1);
		assert_string_equal(buf_text(&b), rc == 0 ? "0123456789" : "");
		/* Appended to what is there, as far as that goes. */
		if (rc == 0)
			assert_int_equal(io_read_file(scratch_fd, "f", &b,
			    &e), -1);
		assert_int_equal(b.n, rc == 0 ? 10 : 0);
		if (limit != 10 || rc == -1)
			assert_int_equal(e.kind, EK_CORRUPT);
		buf_release(&b);
	}
	make("f", "");
	assert_holds("f", "");
	gone("f");
}

static int
collect(void *arg, const void *p, size_t n, struct err *e)
{
	(void)e;
	return buf_add(arg, p, n);
}

static int
refuse(void *arg, const void *p, size_t n, struct err *e)
{
	(void)p, (void)n;
	++*(int *)arg;
	return err_set(e, EK_FAIL, "enough");
}

static void
test_io_pour_file_begins_at_the_start_and_stops_with_the_sink(void **state)
{
	const size_t n = 700001;
	struct buf b = BUF_INIT(n);
	struct sink all = { collect, &b }, none;
	char *text = xmalloc(n);
	struct err e;
	size_t i;
	int calls = 0, fd;

	(void)state;
	for (i = 0; i < n; i++)
		text[i] = (char)(i * 31 >> 3);
	fd = io_spool(scratch_fd, &e);
	assert_int_equal(io_write_all(fd, text, n, &e), 0);
	assert_int_equal(io_pour_file(fd, &all, &e), 0);
	assert_int_equal(b.n, n);
	assert_memory_equal(b.p, text, n);
	none = (struct sink){ refuse, &calls };
	assert_int_equal(io_pour_file(fd, &none, &e), -1);
	assert_string_equal(e.text, "enough");
	assert_int_equal(calls, 1);
	close(fd);
	free(text);
	buf_release(&b);
}

/* ---- writing ---- */

static void
test_io_what_is_published_is_private_whatever_the_umask(void **state)
{
	static const mode_t masks[] = { 0, 022, 077, 0277, 0777 };
	struct outfile *f;
	struct err e;
	mode_t old = umask(022);
	size_t i;
	int tmp;

	(void)state;
	/* Scratch has a directory of its own: its names are those of the files to be. */
	assert_int_equal(io_make_dir(scratch_fd, "tmp", &e), 1);
	tmp = io_open_dir(scratch_fd, "tmp", &e);
	for (i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		umask(masks[i]);
		assert_int_equal(outfile_create(scratch_fd, "t", &f, &e), 0);
		assert_int_equal(outfile_write(f, "abc", 3, &e), 0);
		assert_int_equal(mode_of("t"), 0600);
		assert_int_equal(outfile_publish(&f, scratch_fd, "f", &e), 0);
		assert_null(f);
		assert_int_equal(mode_of("f"), 0600);
		assert_holds("f", "abc");
		assert_false(is_there("t"));
		gone("f");
		assert_int_equal(io_make_dir(scratch_fd, "d", &e), 1);
		assert_int_equal(mode_of("d"), 0700);
		gone("d");
		assert_int_equal(io_put_file(tmp, scratch_fd, "g", "x", 1,
		    &e), 0);
		assert_int_equal(io_replace_file(tmp, scratch_fd, "h", "y",
		    1, &e), 0);
		assert_int_equal(mode_of("g"), 0600);
		assert_int_equal(mode_of("h"), 0600);
		gone("g");
		gone("h");
	}
	umask(old);
	close(tmp);
	gone("tmp");
}

static void
test_io_publishing_never_replaces(void **state)
{
	struct outfile *f = NULL;
	struct err e;

	(void)state;
	make("f", "old");
	assert_int_equal(outfile_create(scratch_fd, "t", &f, &e), 0);
	assert_int_equal(outfile_write(f, "new", 3, &e), 0);
	assert_int_equal(outfile_publish(&f, scratch_fd, "f", &e), -1);
	assert_int_equal(e.kind, EK_LOCKED);
	assert_non_null(f);
	assert_holds("f", "old");
	outfile_discard(&f);
	assert_null(f);
	assert_false(is_there("t"));
	/* Nor a link, be there something behind it or not. */
	gone("f");
	assert_int_equal(symlinkat("elsewhere", scratch_fd, "f"), 0);
	assert_int_equal(io_put_file(scratch_fd, scratch_fd, "f", "x", 1, &e),
	    -1);
	assert_int_equal(e.kind, EK_FAIL);	/* the temporary name is taken */
	assert_int_equal(outfile_create(scratch_fd, "t", &f, &e), 0);
	assert_int_equal(outfile_publish(&f, scratch_fd, "f", &e), -1);
	assert_int_equal(e.kind, EK_LOCKED);
	outfile_discard(&f);
	assert_false(is_there("elsewhere"));
	gone("f");
	outfile_discard(&f);
}

static void
test_io_put_file_on_a_name_that_is_taken_leaves_no_scratch(void **state)
{
	struct err e;
	int tmp;

	(void)state;
	assert_int_equal(io_make_dir(scratch_fd, "tmp", &e), 1);
	tmp = io_open_dir(scratch_fd, "tmp", &e);
	make("f", "old");
	assert_int_equal(io_put_file(tmp, scratch_fd, "f", "new", 3, &e), -1);
	assert_int_equal(e.kind, EK_LOCKED);
	assert_holds("f", "old");
	assert_false(is_there("tmp/f"));
	assert_int_equal(io_replace_file(tmp, scratch_fd, "f", "new", 3, &e),
	    0);
	assert_holds("f", "new");
	assert_false(is_there("tmp/f"));
	assert_int_equal(io_replace_file(tmp, scratch_fd, "none/f", "x", 1,
	    &e), -1);
	close(tmp);
	gone("f");
	gone("tmp");
}

static void
test_io_a_temporary_name_is_never_taken_over(void **state)
{
	struct outfile *f = NULL;
	struct err e;

	(void)state;
	make("t", "somebody's");
	assert_int_equal(outfile_create(scratch_fd, "t", &f, &e), -1);
	assert_int_equal(e.sys, EEXIST);
	assert_holds("t", "somebody's");
	gone("t");
	assert_int_equal(symlinkat("victim", scratch_fd, "t"), 0);
	assert_int_equal(outfile_create(scratch_fd, "t", &f, &e), -1);
	assert_false(is_there("victim"));
	assert_null(f);
	gone("t");
}

static void
test_io_what_is_written_can_be_read_back_before_it_is_published(void **state)
{
	struct outfile *f;
	struct err e;
	char p[6];

	(void)state;
	assert_int_equal(outfile_create(scratch_fd, "t", &f, &e), 0);
	assert_int_equal(outfile_write(f, "abc", 3, &e), 0);
	assert_int_equal(outfile_write(f, "def", 3, &e), 0);
	assert_int_equal(outfile_sync(f, &e), 0);
	assert_int_equal(io_read_at(outfile_fd(f), p, 6, 0, &e), 0);
	assert_memory_equal(p, "abcdef", 6);
	outfile_discard(&f);
	assert_false(is_there("t"));
}

static void
test_io_spooled_files_have_no_name(void **state)
{
	struct buf names = BUF_INIT(1000);
	struct err e;
	char p[5];
	int a = io_spool(scratch_fd, &e), b = io_spool(scratch_fd, &e);

	(void)state;
	assert_true(a != -1 && b != -1);
	assert_int_equal(io_write_all(a, "hello", 5, &e), 0);
	assert_int_equal(io_read_at(a, p, 5, 0, &e), 0);
	assert_memory_equal(p, "hello", 5);
	assert_int_equal(io_read_at(b, p, 1, 0, &e), -1);
	assert_int_equal(io_list(scratch_fd, count_name, &names, &e), 0);
	assert_string_equal(buf_text(&names), "");
	buf_release(&names);
	close(a);
	close(b);
}

/* Do something in a process of its own: its exit status. */
static int
in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid != -1);
	if (pid == 0)
		_exit(fn());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* A file may not grow beyond 50,000 bytes. */
static int
write_too_much(void)
{
	const struct rlimit limit = { 50000, 50000 };
	static char text[30000];
	struct outfile *f;
	struct err e;

	signal(SIGXFSZ, SIG_IGN);
	if (outfile_create(scratch_fd, "t", &f, &e) == -1 ||
	    setrlimit(RLIMIT_FSIZE, &limit) == -1)
		return 1;
	if (outfile_write(f, text, sizeof(text), &e) == -1)
		return 2;
	/* The first 20,000 bytes go, the rest does not. */
	if (outfile_write(f, text, sizeof(text), &e) == 0)
		return 3;
	outfile_discard(&f);
	return e.kind == EK_SPACE && e.sys == EFBIG ? 0 : 4;
}

static void
test_io_a_write_that_is_cut_short_goes_on_and_fails_with_the_reason(
    void **state)
{
	(void)state;
	assert_int_equal(in_child(write_too_much), 0);
	assert_false(is_there("t"));
}

static void
on_alarm(int sig)
{
	(void)sig;
}

/* Into a pipe that is emptied slowly, while a timer interrupts each call. */
static void
test_io_interrupted_writes_go_on(void **state)
{
	const struct sigaction sa = { .sa_handler = on_alarm };
	const struct itimerval often = { { 0, 500 }, { 0, 500 } }, never = {
	    { 0, 0 }, { 0, 0 } };
	const size_t n = 1 << 20;
	char *text = xcalloc(1, n), piece[5000];
	int ends[2], status;
	size_t got = 0;
	ssize_t r;
	struct err e;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	if ((pid = fork()) == 0) {
		close(ends[1]);
		while ((r = read(ends[0], piece, sizeof(piece))) > 0) {
			got += (size_t)r;
			usleep(100);
		}
		_exit(got == n ? 0 : 1);
	}
	close(ends[0]);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	assert_int_equal(io_write_all(ends[1], text, n, &e), 0);
	setitimer(ITIMER_REAL, &never, NULL);
	close(ends[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	free(text);
}

/* ---- locks ---- */

static int
open_lock(void)
{
	return openat(scratch_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static int
try_lock(void)
{
	struct err e = { .kind = EK_NONE };

	return io_lock(open_lock(), false, &e) == 0 ? 0 :
	    e.kind == EK_LOCKED ? 1 : 2;
}

static void
test_io_a_lock_is_one_writers(void **state)
{
	struct err e;
	int a = open_lock(), b = open_lock(), c;

	(void)state;
	assert_int_equal(io_lock(a, false, &e), 0);
	assert_int_equal(io_lock(a, false, &e), 0);	/* it is ours */
	assert_int_equal(io_lock(b, false, &e), -1);	/* not another handle's */
	assert_int_equal(e.kind, EK_LOCKED);
	assert_int_equal(in_child(try_lock), 1);
	/* Closing another handle of the file doesn't let it go. */
	close(b);
	assert_int_equal(in_child(try_lock), 1);
	c = dup(a);
	close(a);
	assert_int_equal(in_child(try_lock), 1);
	close(c);
	assert_int_equal(in_child(try_lock), 0);
	assert_true(is_there("lock"));
	gone("lock");
}

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* A process that holds the lock until it is told or killed: its id; it has the lock when this returns. */
static pid_t
holder(unsigned int milliseconds)
{
	int ends[2];
	struct err e;
	char c;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	if ((pid = fork()) == 0) {
		if (io_lock(open_lock(), false, &e) == -1 ||
		    write(ends[1], "", 1) != 1)
			_exit(1);
		usleep(milliseconds * 1000);
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &c, 1), 1);
	close(ends[0]);
	return pid;
}

static void
test_io_a_lock_dies_with_its_process(void **state)
{
	pid_t pid = holder(60000);

	(void)state;
	assert_int_equal(try_lock(), 1);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(in_child(try_lock), 0);
	gone("lock");
}

static void
test_io_a_lock_can_be_waited_for(void **state)
{
	pid_t pid = holder(300);
	double began = seconds();
	struct err e;
	int fd = open_lock();

	(void)state;
	assert_int_equal(io_lock(fd, true, &e), 0);
	assert_true(seconds() - began > 0.15);
	assert_true(seconds() - began < 30);
	close(fd);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	gone("lock");
}

static void
test_io_a_lock_needs_a_descriptor_that_can_write(void **state)
{
	struct err e;
	int fd;

	(void)state;
	make("lock", "");
	fd = openat(scratch_fd, "lock", O_RDONLY);
	assert_int_equal(io_lock(fd, false, &e), -1);
	assert_int_equal(e.kind, EK_REFUSED);
	close(fd);
	gone("lock");
}

static void
test_io_the_file_system_is_asked(void **state)
{
	uint64_t n = 0;
	struct err e;

	(void)state;
	assert_null(io_fs_doubt(scratch_fd));
	assert_int_equal(io_free_space(scratch_fd, &n, &e), 0);
	assert_true(n > 0);
	n = NO_ONE;
	assert_int_equal(io_free_space(-1, &n, &e), -1);
	assert_int_equal(n, NO_ONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_io_directories_are_opened_but_not_through_links),
		cmocka_unit_test(test_io_list_tells_every_name_each_time),
		cmocka_unit_test(test_io_only_regular_files_are_opened),
		cmocka_unit_test(
		    test_io_read_at_gives_exactly_what_was_asked_for),
		cmocka_unit_test(test_io_read_file_stops_at_the_limit),
		cmocka_unit_test(
		test_io_pour_file_begins_at_the_start_and_stops_with_the_sink),
		cmocka_unit_test(
		    test_io_what_is_published_is_private_whatever_the_umask),
		cmocka_unit_test(test_io_publishing_never_replaces),
		cmocka_unit_test(
		    test_io_put_file_on_a_name_that_is_taken_leaves_no_scratch),
		cmocka_unit_test(test_io_a_temporary_name_is_never_taken_over),
		cmocka_unit_test(
	    test_io_what_is_written_can_be_read_back_before_it_is_published),
		cmocka_unit_test(test_io_spooled_files_have_no_name),
		cmocka_unit_test(
	test_io_a_write_that_is_cut_short_goes_on_and_fails_with_the_reason),
		cmocka_unit_test(test_io_interrupted_writes_go_on),
		cmocka_unit_test(test_io_a_lock_is_one_writers),
		cmocka_unit_test(test_io_a_lock_dies_with_its_process),
		cmocka_unit_test(test_io_a_lock_can_be_waited_for),
		cmocka_unit_test(
		    test_io_a_lock_needs_a_descriptor_that_can_write),
		cmocka_unit_test(test_io_the_file_system_is_asked),
	};

	return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
