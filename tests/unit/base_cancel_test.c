/*
 * Signals that ask for an end, each in a process of its own; and the log, whose lines go to whoever listens (R125).
 */
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cancel.h"
#include "base/log.h"

/* How a process that does this ends: its exit status, or minus the signal. */
static int
in_child(int (*fn)(int), int arg)
{
	int status;
	pid_t pid = fork();

	assert_true(pid != -1);
	if (pid == 0)
		_exit(fn(arg));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int
readable(void)
{
	struct pollfd p = { .fd = cancel_fd(), .events = POLLIN };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLIN) != 0;
}

/* One signal is noted, told and felt by poll(). */
static int
take_one(int sig)
{
	int as = sig == SIGHUP ? SIGTERM : sig;
	struct err e = { .kind = EK_NONE };

	if (cancel_fd() != -1)
		return 1;
	cancel_install();
	if (cancel_fd() == -1 || readable() || cancel_signal() != 0 ||
	    cancel_check(&e) != 0 || e.kind != EK_NONE)
		return 2;
	errno = 4711;
	raise(sig);
	if (errno != 4711)
		return 3;
	if (!readable() || cancel_signal() != as)
		return 4;
	if (cancel_check(&e) != -1 || e.kind != EK_CANCELLED || e.sys != as)
		return 5;
	if (err_status(e.kind, e.sys) != (as == SIGINT ? 130 : 143))
		return 6;
	return strcmp(e.text, sig == SIGINT ? "stopped by SIGINT" :
	    sig == SIGHUP ? "stopped by SIGHUP" : "stopped by SIGTERM") == 0 ?
	    0 : 7;
}

static void
test_cancel_the_first_signal_is_noted(void **state)
{
	(void)state;
	assert_int_equal(in_child(take_one, SIGINT), 0);
	assert_int_equal(in_child(take_one, SIGTERM), 0);
	assert_int_equal(in_child(take_one, SIGHUP), 0);
}

/* A question stops nothing, and is answered once. */
static int
take_question(int sig)
{
	cancel_install();
	if (cancel_question())
		return 1;
	raise(sig);
	raise(sig);
	if (readable() || cancel_signal() != 0)
		return 2;
	return cancel_question() && !cancel_question() ? 0 : 3;
}

static void
test_cancel_takes_a_question_for_no_end(void **state)
{
	(void)state;
	assert_int_equal(in_child(take_question, SIGUSR1), 0);
}

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Sleep, while a child sends ${sig} every 20 ms: 0 it took 0.3 s, 1 it was stopped before, 2 it was wrong. */
static int
sleep_under(int sig)
{
	struct err e = { .kind = EK_NONE };
	pid_t parent = getpid(), pid;
	double from, took;
	int i, rc;

	cancel_install();
	from = seconds();
	if ((pid = fork()) == 0) {
		for (i = 0; i < 10; i++) {
			usleep(20000);
			if (sig != 0)
				kill(parent, sig);
			if (sig == SIGTERM)
				break;
		}
		_exit(0);
	}
	rc = cancel_sleep(0.3, &e);
	took = seconds() - from;
	waitpid(pid, NULL, 0);
	if (rc == 0)
		return took >= 0.3 && took < 3 && e.kind == EK_NONE ? 0 : 2;
	return took < 0.25 && e.kind == EK_CANCELLED ? 1 : 2;
}

static int
sleep_no_time(int unused)
{
	struct err e;
	double from = seconds();

	(void)unused;
	/* Without anything installed, too. */
	return cancel_sleep(0, &e) == 0 && cancel_sleep(-1e9, &e) == 0 &&
	    cancel_sleep(0.001, &e) == 0 && seconds() - from < 1 ? 0 : 1;
}

static void
test_cancel_sleeps_as_long_as_it_should(void **state)
{
	(void)state;
	assert_int_equal(in_child(sleep_no_time, 0), 0);
	assert_int_equal(in_child(sleep_under, 0), 0);
	assert_int_equal(in_child(sleep_under, SIGUSR1), 0);
	assert_int_equal(in_child(sleep_under, SIGTERM), 1);
}

static int
take_two(int sig)
{
	cancel_install();
	raise(SIGINT);
	raise(sig);
	return 0;
}

static void
test_cancel_the_second_signal_ends_at_once(void **state)
{
	(void)state;
	assert_int_equal(in_child(take_two, SIGINT), 130);
	assert_int_equal(in_child(take_two, SIGTERM), 143);
	assert_int_equal(in_child(take_two, SIGHUP), 129);
}

static int
keep_ignored(int sig)
{
	signal(sig, SIG_IGN);
	cancel_install();
	raise(sig);
	return cancel_signal() == 0 && !readable() ? 0 : 1;
}

static void
test_cancel_leaves_ignored_what_the_parent_ignored(void **state)
{
	(void)state;
	assert_int_equal(in_child(keep_ignored, SIGHUP), 0);
	assert_int_equal(in_child(keep_ignored, SIGINT), 0);
}

static int
write_to_nobody(int unused)
{
	const struct rlimit limit = { 10, 10 };
	int ends[2], fd, status;
	pid_t pid;

	(void)unused;
	/* A parent may have left children to the kernel: their status would be lost. */
	signal(SIGCHLD, SIG_IGN);
	cancel_install();
	if (pipe(ends) == -1)
		return 1;
	close(ends[0]);
	if (write(ends[1], "x", 1) != -1 || errno != EPIPE)
		return 2;
	if ((fd = memfd_create("limited", MFD_CLOEXEC)) == -1 ||
	    setrlimit(RLIMIT_FSIZE, &limit) == -1)
		return 3;
	if (pwrite(fd, "x", 1, 10) != -1 || errno != EFBIG)
		return 4;
	if ((pid = fork()) == 0)
		_exit(42);
	if (waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 42)
		return 5;
	return cancel_signal() == 0 ? 0 : 6;
}

static void
test_cancel_makes_errors_of_pipe_and_size_signals(void **state)
{
	(void)state;
	assert_int_equal(in_child(write_to_nobody, 0), 0);
}

/* ---- the log ---- */

static char heard[8192];

static void
hear(void *arg, enum log_level level, const char *scope, const char *line)
{
	size_t n = strlen(heard);

	assert_ptr_equal(arg, heard);
	snprintf(heard + n, sizeof(heard) - n, "%d(%s)%s|", (int)level, scope,
	    line);
}

static void
test_log_gives_lines_up_to_a_level(void **state)
{
	static const char *const want[] = { "0()w 1|", "0()w 1|1()i 2|",
	    "0()w 1|1()i 2|2()d 3|" };
	int level;

	(void)state;
	for (level = LOG_WARN; level <= LOG_DEBUG; level++) {
		heard[0] = '\0';
		log_to(hear, heard, (enum log_level)level);
		log_warn("w %d", 1);
		log_info("i %d", 2);
		log_debug("d %d", 3);
		assert_string_equal(heard, want[level]);
		assert_int_equal(log_wants(LOG_DEBUG), level == LOG_DEBUG);
		assert_true(log_wants(LOG_WARN));
	}
	heard[0] = '\0';
	log_to(NULL, NULL, LOG_DEBUG);
	log_warn("nobody");
	assert_false(log_wants(LOG_WARN));
	assert_string_equal(heard, "");
}

static void
test_log_says_where_a_line_belongs(void **state)
{
	char scope[20] = "work: INBOX", many[2000];

	(void)state;
	heard[0] = '\0';
	log_to(hear, heard, LOG_WARN);
	log_scope(scope);
	memset(scope, 'x', sizeof(scope) - 1);	/* it was copied */
	log_warn("one");
	log_scope(NULL);
	log_warn("two");
	assert_string_equal(heard, "0(work: INBOX)one|0()two|");
	/* One that is too long is cut. */
	memset(many, 'y', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	log_scope(many);
	heard[0] = '\0';
	log_warn("three");
	assert_in_range(strlen(heard), 100, 1000);
	assert_non_null(strstr(heard, "y)three|"));
	log_scope(NULL);
	log_to(NULL, NULL, LOG_WARN);
}

static void
test_log_cuts_lines_that_nobody_reads_to_the_end(void **state)
{
	char *many = calloc(1, 100001);

	(void)state;
	memset(many, 'z', 100000);
	heard[0] = '\0';
	log_to(hear, heard, LOG_WARN);
	log_warn("%s", many);
	assert_in_range(strlen(heard), 1000, 4096);
	assert_int_equal(heard[strlen(heard) - 1], '|');
	log_to(NULL, NULL, LOG_WARN);
	free(many);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cancel_the_first_signal_is_noted),
		cmocka_unit_test(test_cancel_takes_a_question_for_no_end),
		cmocka_unit_test(test_cancel_sleeps_as_long_as_it_should),
		cmocka_unit_test(test_cancel_the_second_signal_ends_at_once),
		cmocka_unit_test(
		    test_cancel_leaves_ignored_what_the_parent_ignored),
		cmocka_unit_test(
		    test_cancel_makes_errors_of_pipe_and_size_signals),
		cmocka_unit_test(test_log_gives_lines_up_to_a_level),
		cmocka_unit_test(test_log_says_where_a_line_belongs),
		cmocka_unit_test(
		    test_log_cuts_lines_that_nobody_reads_to_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
