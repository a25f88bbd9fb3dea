/*
 * What is printed where: streams, words, JSON lines, progress, questions on a terminal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/log.h"
#include "cmd/ask.h"
#include "cmd/ui.h"
#include "tests/unit/cmd_stage.h"

static void
nap(double seconds)
{
	struct timespec t = { (time_t)seconds,
	    (long)((seconds - (double)(time_t)seconds) * 1e9) };

	nanosleep(&t, NULL);
}

static const struct ui_opts verbose = { .verbose = 1 };
static const struct ui_opts quiet = { .quiet = true };
static const struct ui_opts json = { .json = true };
static const struct ui_opts colored = { .color = UI_ALWAYS };

static void
test_data_is_one_line_whatever_it_holds(void **state)
{
	struct stage s;

	(void)state;
	stage_files(&s, &plain);
	ui_print(s.ui, "%s: %d", "a\nb\033[31m", 7);
	ui_part(s.ui, UI_GOOD, "%s", "fine\r");
	ui_part(s.ui, UI_PLAIN, " %s", "\xff");
	ui_line_end(s.ui);
	stage_end(&s, 0, "a\\nb\\x1B[31m: 7\nfine\\r \\xFF\n", "");
}

static void
test_notes_are_for_those_who_watch_and_warnings_for_all(void **state)
{
	static const struct { const struct ui_opts *opts; const char *err; }
	    t[] = {
		{ &plain, "mailkeep: warning: bad\\n\n" },
		{ &quiet, "mailkeep: warning: bad\\n\n" },
		{ &verbose, "done\nmailkeep: warning: bad\\n\n" },
	};
	struct stage s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		stage_files(&s, t[i].opts);
		ui_note(s.ui, "%s", "done");
		ui_warn(s.ui, "%s", "bad\n");
		stage_end(&s, 0, "", t[i].err);
	}
	stage_terminal(&s, 80, &plain);
	ui_note(s.ui, "done");
	assert_shown(&s, "done\n");
	ui_configure(s.ui, &quiet);
	ui_note(s.ui, "done");
	assert_shown(&s, "");
	terminal_end(&s);
}

static void
test_log_goes_to_stderr_by_verbosity(void **state)
{
	static const struct ui_opts debug = { .verbose = 2 };
	struct stage s;

	(void)state;
	stage_files(&s, &plain);
	log_scope("work: IN\033BOX");
	log_warn("w\n");
	log_info("i");
	stage_end(&s, 0, "", "mailkeep: warning: work: IN\\x1BBOX: w\\n\n");
	stage_files(&s, &verbose);
	log_scope(NULL);
	log_warn("w");
	log_info("i\t");
	log_debug("d");
	stage_end(&s, 0, "", "mailkeep: warning: w\ni\\t\n");
	stage_files(&s, &debug);
	log_debug("d");
	stage_end(&s, 0, "", "d\n");
	assert_false(log_wants(LOG_WARN));
}

static void
test_an_error_says_what_why_and_what_next(void **state)
{
	struct stage s;
	struct err e;

	(void)state;
	err_set(&e, EK_AUTH, "work: the server says: %s", "NO\033]0;x\a");
	stage_files(&s, &plain);
	ui_error(s.ui, &e);
	stage_end(&s, 4, "", "mailkeep: work: the server says: "
	    "NO\\x1B]0;x\\x07\n");
	err_next(&e, "check the password");
	stage_files(&s, &json);
	ui_error(s.ui, &e);
	stage_end(&s, 4, "{\"v\":1,\"type\":\"error\",\"kind\":\"auth\","
	    "\"message\":\"work: the server says: NO\\u001b]0;x\\u0007\","
	    "\"next\":\"check the password\"}\n"
	    "{\"v\":1,\"type\":\"summary\",\"exit_code\":4}\n",
	    "mailkeep: work: the server says: NO\\x1B]0;x\\x07\n"
	    "  -> check the password\n");
}

static void
test_json_ends_with_a_summary_that_has_the_exit_code(void **state)
{
	struct json_out *j;
	struct stage s;

	(void)state;
	stage_files(&s, &json);
	json_u64(ui_summary(s.ui), "messages", 2);
	j = ui_json_begin(s.ui, "message");
	json_str(j, "subject", "a\nb");
	/* A room may warn while an object is in the making. */
	log_scope("work");
	log_warn("slow");
	log_scope(NULL);
	json_u64(j, "size", 5);
	ui_json_end(s.ui);
	json_bool(ui_summary(s.ui), "ok", false);
	stage_end(&s, 3, "{\"v\":1,\"type\":\"warning\",\"scope\":\"work\","
	    "\"message\":\"slow\"}\n"
	    "{\"v\":1,\"type\":\"message\",\"subject\":\"a\\nb\","
	    "\"size\":5}\n"
	    "{\"v\":1,\"type\":\"summary\",\"messages\":2,\"ok\":false,"
	    "\"exit_code\":3}\n", "mailkeep: warning: work: slow\n");
}

static void
test_json_lines_leave_at_once_and_other_data_may_wait(void **state)
{
	struct pollfd p;
	struct ui *ui;
	char got[256];
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	p = (struct pollfd){ .fd = fd[0], .events = POLLIN };
	ui = ui_new(fd[1], STDERR_FILENO);
	ui_configure(ui, &json);
	ui_print(ui, "waits");
	assert_int_equal(poll(&p, 1, 0), 0);
	ui_json_begin(ui, "x");
	ui_json_end(ui);
	assert_int_equal(read(fd[0], got, sizeof(got)), 25);
	assert_memory_equal(got, "waits\n{\"v\":1,\"type\":\"x\"}\n", 25);
	ui_finish(&ui, 0);
	close(fd[0]);
	close(fd[1]);
}

#define FULL	"mailkeep: can't write to stdout: No space left on device\n" \
		"  -> make room and run it again\n"

static void
test_what_stdout_cannot_take_makes_the_status(void **state)
{
	static const struct { const char *path; int before, after;
	    const char *err; } t[] = {
		{ "/dev/full", 0, 8, FULL },
		{ "/dev/full", 3, 3, FULL },
		{ "/dev/null", 0, 0, "" },
		{ "pipe", 0, 1, "" },
	};
	struct stage s;
	size_t i;
	char *got;
	int fd[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		stage_files(&s, &plain);
		ui_finish(&s.ui, 0);
		if (strcmp(t[i].path, "pipe") == 0) {
			assert_int_equal(pipe(fd), 0);
			close(fd[0]);
		} else
			fd[1] = open(t[i].path, O_WRONLY);
		s.ui = ui_new(fd[1], s.err);
		ui_print(s.ui, "one line");
		assert_false(ui_gone(s.ui));
		assert_int_equal(ui_finish(&s.ui, t[i].before), t[i].after);
		got = contents(s.err);
		assert_string_equal(got, t[i].err);
		free(got);
		close(fd[1]);
		close(s.out);
		close(s.err);
	}
}

static void
test_a_sink_fails_when_its_reader_is_gone_and_nobody_hears_of_it(void **state)
{
	static char much[100 * 1024];
	struct stage s;
	struct sink to;
	struct err e = { .kind = EK_NONE };
	char *got;
	int fd[2];

	(void)state;
	memset(much, 'x', sizeof(much));
	signal(SIGPIPE, SIG_IGN);
	stage_files(&s, &plain);
	ui_finish(&s.ui, 0);
	assert_int_equal(pipe(fd), 0);
	close(fd[0]);
	s.ui = ui_new(fd[1], s.err);
	to = ui_bytes(s.ui);
	assert_int_equal(sink_write(&to, much, sizeof(much), &e), -1);
	assert_true(ui_gone(s.ui));
	ui_error(s.ui, &e);
	assert_int_equal(ui_finish(&s.ui, 1), 1);
	got = contents(s.err);
	assert_string_equal(got, "");
	free(got);
	close(fd[1]);
	close(s.out);
	close(s.err);
}

static void
test_a_sink_tells_a_full_disk_from_other_failures(void **state)
{
	static char much[100 * 1024];
	struct stage s;
	struct sink to;
	struct err e = { .kind = EK_NONE };
	char *got;
	int fd;

	(void)state;
	memset(much, 'x', sizeof(much));
	stage_files(&s, &plain);
	ui_finish(&s.ui, 0);
	assert_true((fd = open("/dev/full", O_WRONLY)) != -1);
	s.ui = ui_new(fd, s.err);
	to = ui_bytes(s.ui);
	assert_int_equal(sink_write(&to, much, sizeof(much), &e), -1);
	assert_int_equal(e.kind, EK_SPACE);
	/* It is told once, however often it is heard of. */
	ui_error(s.ui, &e);
	assert_int_equal(ui_finish(&s.ui, err_status(e.kind, e.sys)), 8);
	got = contents(s.err);
	assert_string_equal(got, FULL);
	free(got);
	close(fd);
	close(s.out);
	close(s.err);
}

/* A reader like less(1), stopped by nothing: the first ^C must end the program all the same. */
static void
test_a_signal_ends_a_write_that_nobody_reads(void **state)
{
	struct pollfd p;
	struct ui *ui;
	int fd[2], status, i;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	p = (struct pollfd){ .fd = fd[0], .events = POLLIN };
	if ((pid = fork()) == 0) {
		signal(SIGINT, SIG_DFL);
		cancel_install();
		ui = ui_new(fd[1], STDERR_FILENO);
		for (i = 0; i < 1000000 && !ui_gone(ui); i++)
			ui_print(ui, "a line that nobody reads");
		_exit(i < 1000000 ? ui_finish(&ui, 42) : 1);
	}
	assert_int_equal(poll(&p, 1, 5000), 1);
	nap(0.3);
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	kill(pid, SIGINT);
	for (i = 0; i < 150 && waitpid(pid, &status, WNOHANG) == 0; i++)
		nap(0.02);
	if (i == 150)
		kill(pid, SIGKILL);
	assert_true(i < 150);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
	close(fd[0]);
	close(fd[1]);
}

static void
test_bytes_go_to_a_file_as_they_are_and_to_a_terminal_as_text(void **state)
{
	static const char raw[] = "A: b\r\n\033[2J\tx\n\xff";
	struct stage s;
	struct sink to;
	struct err e;

	(void)state;
	stage_files(&s, &plain);
	to = ui_bytes(s.ui);
	assert_int_equal(sink_write(&to, raw, sizeof(raw) - 1, &e), 0);
	to = ui_text(s.ui);
	assert_int_equal(sink_write(&to, raw, sizeof(raw) - 1, &e), 0);
	stage_end(&s, 0, "A: b\r\n\033[2J\tx\n\xff" "A: b\n\\x1B[2J\tx\n\\xFF",
	    "");
	stage_terminal(&s, 80, &plain);
	to = ui_bytes(s.ui);
	assert_int_equal(sink_write(&to, raw, sizeof(raw) - 1, &e), 0);
	assert_int_equal(sink_write(&to, "\r", 1, &e), 0);
	ui_print(s.ui, "end");
	assert_shown(&s, "A: b\n\\x1B[2J\tx\n\\xFF\\rend\n");
	terminal_end(&s);
}

static void
test_colours_are_for_terminals_unless_told(void **state)
{
	struct stage s;

	(void)state;
	stage_files(&s, &colored);
	ui_part(s.ui, UI_BAD, "%s", "no");
	ui_line_end(s.ui);
	ui_warn(s.ui, "w");
	stage_end(&s, 0, "\033[31mno\033[0m\n",
	    "\033[33mmailkeep: warning:\033[0m w\n");

	setenv("TERM", "xterm", 1);
	stage_terminal(&s, 80, &plain);
	ui_part(s.ui, UI_BAD, "no");
	ui_line_end(s.ui);
	assert_shown(&s, "\033[31mno\033[0m\n");
	terminal_end(&s);

	setenv("NO_COLOR", "1", 1);
	stage_terminal(&s, 80, &plain);
	ui_part(s.ui, UI_BAD, "no");
	ui_line_end(s.ui);
	assert_shown(&s, "no\n");
	terminal_end(&s);

	setenv("NO_COLOR", "", 1);
	setenv("TERM", "dumb", 1);
	stage_terminal(&s, 80, &plain);
	ui_part(s.ui, UI_BAD, "no");
	ui_line_end(s.ui);
	assert_shown(&s, "no\n");
	terminal_end(&s);
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
}

static void
test_progress_waits_a_second_and_leaves_no_trace(void **state)
{
	static const struct progress p = { .title = "work", .bytes = 1,
	    .bytes_total = 4 };
	struct stage s;
	char *got;

	(void)state;
	setenv("TERM", "xterm", 1);
	stage_terminal(&s, 60, &plain);
	ui_progress(s.ui, &p);
	assert_shown(&s, "");
	nap(1.02);
	ui_progress(s.ui, &p);
	got = shown(&s);
	assert_memory_equal(got, "\r  work ", 8);
	assert_non_null(strstr(got, " 25 %   1/4 B"));
	assert_string_equal(got + strlen(got) - 3, "\033[K");
	free(got);
	/* Not again within a tenth of a second. */
	ui_progress(s.ui, &p);
	assert_shown(&s, "");
	ui_print(s.ui, "data");
	assert_shown(&s, "\r\033[Kdata\n");
	nap(0.12);
	ui_progress(s.ui, &p);
	free(shown(&s));
	ui_warn(s.ui, "w");
	got = shown(&s);
	assert_memory_equal(got, "\r\033[K", 4);
	free(got);
	nap(0.12);
	ui_progress(s.ui, &p);
	free(shown(&s));
	ui_progress_end(s.ui);
	assert_shown(&s, "\r\033[K");
	ui_progress_end(s.ui);
	assert_shown(&s, "");
	terminal_end(&s);
}

static void
test_progress_is_shown_on_no_file_and_as_json_only_when_verbose(void **state)
{
	static const struct ui_opts both = { .json = true, .verbose = 1 };
	static const struct progress p = { .where = "A", .items = 1 };
	struct stage a, b, c;
	char *got;

	(void)state;
	stage_files(&a, &verbose);
	stage_files(&b, &json);
	stage_files(&c, &both);
	ui_progress(a.ui, &p);
	ui_progress(b.ui, &p);
	ui_progress(c.ui, &p);
	nap(1.02);
	ui_progress(a.ui, &p);
	ui_progress(b.ui, &p);
	ui_progress(c.ui, &p);
	ui_progress(c.ui, &p);
	stage_end(&a, 0, "", "");
	stage_end(&b, 0, "{\"v\":1,\"type\":\"summary\",\"exit_code\":0}\n", "");
	assert_int_equal(ui_finish(&c.ui, 0), 0);
	got = contents(c.out);
	assert_string_equal(got, "{\"v\":1,\"type\":\"progress\",\"where\":\"A\","
	    "\"bytes\":0,\"bytes_total\":0,\"items\":1,\"items_total\":0,"
	    "\"rate\":0}\n{\"v\":1,\"type\":\"summary\",\"exit_code\":0}\n");
	free(got);
	close(c.out);
	close(c.err);
}

static void
test_width_is_that_of_the_terminal_and_none_elsewhere(void **state)
{
	struct stage s;

	(void)state;
	setenv("COLUMNS", "33", 1);
	stage_files(&s, &plain);
	assert_int_equal(ui_width(s.ui), 0);
	stage_end(&s, 0, "", "");
	stage_terminal(&s, 100, &plain);
	assert_int_equal(ui_width(s.ui), 100);
	terminal_end(&s);
	/* A terminal that doesn't know. */
	stage_terminal(&s, 0, &plain);
	assert_int_equal(ui_width(s.ui), 33);
	setenv("COLUMNS", "many", 1);
	assert_int_equal(ui_width(s.ui), 80);
	unsetenv("COLUMNS");
	assert_int_equal(ui_width(s.ui), 80);
	terminal_end(&s);
}

static void
test_a_locale_without_utf8_gets_ascii(void **state)
{
	struct stage s;

	(void)state;
	setlocale(LC_CTYPE, "C");
	stage_files(&s, &plain);
	assert_false(ui_utf8(s.ui));
	assert_string_equal(ui_glyph(s.ui, "\u2192", "->"), "->");
	ui_print(s.ui, "%s", "\xc3\xbc");
	stage_end(&s, 0, "\\u00FC\n", "");
	setlocale(LC_CTYPE, "C.UTF-8");
	stage_files(&s, &plain);
	assert_string_equal(ui_glyph(s.ui, "\u2192", "->"), "\u2192");
	stage_end(&s, 0, "", "");
}

/*
 * Questions.  A child with a terminal of its own asks; what it learned is its exit status.  The parent types once the
 * prompt stands, and looks whether the terminal would echo then and at the end.
 */
static int
child_asks(const char *how)
{
	struct buf answer = BUF_INIT(8192);
	struct ui *ui;
	struct err e = { .kind = EK_NONE };
	int r;

	cancel_install();
	ui = ui_new(STDOUT_FILENO, STDERR_FILENO);
	if (strcmp(how, "secret") != 0) {
		r = ask_confirm(ui, &e, "Delete\033 %d?", 7);
		r = r == -1 ? 50 + (int)e.kind : 20 + r;
	} else if (ask_secret(ui, "Password for a\033b: ", &answer, &e) == -1)
		r = 50 + (int)e.kind;
	else
		r = strcmp(buf_text(&answer), "s\xc3\xa9same") == 0 ? 10 : 11;
	buf_release(&answer);
	ui_finish(&ui, 0);
	return r;
}

static void
check_question(const char *how, const char *typed, int want, const char *screen)
{
	struct pollfd p = { .events = POLLIN };
	struct buf seen = BUF_INIT(4096);
	struct termios t;
	ssize_t n = 0;
	int status;
	pid_t pid;

	if ((pid = forkpty(&p.fd, NULL, NULL, NULL)) == 0)
		_exit(child_asks(how));
	assert_true(pid > 0);
	while (strstr(buf_text(&seen), strcmp(how, "secret") == 0 ? "b: " :
	    "[y/N] ") == NULL) {
		assert_int_equal(poll(&p, 1, 5000), 1);
		n = read(p.fd, buf_room(&seen, 256), 256);
		assert_true(n > 0);
		seen.n += (size_t)n;
		seen.p[seen.n] = '\0';
	}
	assert_int_equal(tcgetattr(p.fd, &t), 0);
	assert_int_equal((t.c_lflag & ECHO) != 0, strcmp(how, "secret") != 0);
	assert_int_equal(t.c_cc[VSUSP] != _POSIX_VDISABLE,
	    strcmp(how, "secret") != 0);
	assert_int_equal(write(p.fd, typed, strlen(typed)), strlen(typed));
	/* The other side has gone when reading fails. */
	while (poll(&p, 1, 5000) == 1 &&
	    (n = read(p.fd, buf_room(&seen, 256), 256)) > 0) {
		seen.n += (size_t)n;
		seen.p[seen.n] = '\0';
	}
	assert_int_equal(n, -1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), want);
	assert_int_equal(tcgetattr(p.fd, &t), 0);
	assert_true((t.c_lflag & ECHO) != 0);
	assert_true(t.c_cc[VSUSP] != _POSIX_VDISABLE);
	assert_string_equal(buf_text(&seen), screen);
	buf_release(&seen);
	close(p.fd);
}

static void
test_a_secret_is_asked_for_without_echo(void **state)
{
	(void)state;
	check_question("secret", "s\xc3\xa9same\n", 10,
	    "Password for a\\x1Bb: \r\n");
	check_question("secret", "\n", 50 + EK_AUTH,
	    "Password for a\\x1Bb: \r\n");
	check_question("secret", "\004", 50 + EK_AUTH,
	    "Password for a\\x1Bb: \r\n");
}

/* The kernel holds 4096 bytes of a line: what was longer has been cut and can't be told from a whole one. */
static void
test_a_secret_that_a_terminal_may_have_cut_is_refused(void **state)
{
	static char typed[4100];

	(void)state;
	memset(typed, 'x', 4094);
	typed[4094] = '\n';
	check_question("secret", typed, 11, "Password for a\\x1Bb: \r\n");
	typed[4094] = 'x';
	typed[4095] = '\n';
	check_question("secret", typed, 50 + EK_USAGE,
	    "Password for a\\x1Bb: \r\n");
	typed[4095] = 'x';
	typed[4096] = '\n';
	check_question("secret", typed, 50 + EK_USAGE,
	    "Password for a\\x1Bb: \r\n");
}

static void
test_a_very_long_warning_is_cut_and_ends_its_line(void **state)
{
	const size_t size = 100 * 1024;
	char *text = malloc(size + 1), *got;
	struct stage s;

	(void)state;
	memset(text, 'x', size);
	text[size] = '\0';
	stage_files(&s, &plain);
	ui_warn(s.ui, "%s", text);
	assert_int_equal(ui_finish(&s.ui, 0), 0);
	got = contents(s.err);
	assert_begins(got, "mailkeep: warning: xxx");
	assert_int_equal(strlen(got), 64 * 1024 + 1);
	assert_string_equal(got + 64 * 1024 - 1, "x\n");
	free(got);
	free(text);
	close(s.out);
	close(s.err);
}

static void
test_a_signal_at_the_prompt_brings_the_echo_back(void **state)
{
	(void)state;
	check_question("secret", "s\003", 50 + EK_CANCELLED,
	    "Password for a\\x1Bb: \r\n");
}

static void
test_only_a_clear_yes_is_a_yes(void **state)
{
	static const struct { const char *typed; int want; const char *echo; }
	    t[] = {
		{ "y\n", 21, "y\r\n" },
		{ "YES\n", 21, "YES\r\n" },
		{ "n\n", 20, "n\r\n" },
		{ "\n", 20, "\r\n" },
		{ "yesterday\n", 20, "yesterday\r\n" },
		{ " y\n", 20, " y\r\n" },
		{ "\004", 20, "\r\n" },
		{ "\003", 50 + EK_CANCELLED, "^C\r\n" },
	};
	char want[80];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(want, sizeof(want), "Delete\\x1B 7? [y/N] %s",
		    t[i].echo);
		check_question("confirm", t[i].typed, t[i].want, want);
	}
}

static void
test_without_a_terminal_there_is_nobody_to_ask(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if ((pid = fork()) == 0) {
		setsid();
		_exit(child_asks("secret"));
	}
	waitpid(pid, &status, 0);
	assert_int_equal(WEXITSTATUS(status), 50 + EK_AUTH);
	if ((pid = fork()) == 0) {
		setsid();
		_exit(child_asks("confirm"));
	}
	waitpid(pid, &status, 0);
	assert_int_equal(WEXITSTATUS(status), 50 + EK_REFUSED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_data_is_one_line_whatever_it_holds),
		cmocka_unit_test(
		    test_notes_are_for_those_who_watch_and_warnings_for_all),
		cmocka_unit_test(test_log_goes_to_stderr_by_verbosity),
		cmocka_unit_test(test_an_error_says_what_why_and_what_next),
		cmocka_unit_test(
		    test_json_ends_with_a_summary_that_has_the_exit_code),
		cmocka_unit_test(
		    test_json_lines_leave_at_once_and_other_data_may_wait),
		cmocka_unit_test(test_what_stdout_cannot_take_makes_the_status),
		cmocka_unit_test(
	    test_a_sink_fails_when_its_reader_is_gone_and_nobody_hears_of_it),
		cmocka_unit_test(
		    test_a_sink_tells_a_full_disk_from_other_failures),
		cmocka_unit_test(test_a_signal_ends_a_write_that_nobody_reads),
		cmocka_unit_test(
		    test_bytes_go_to_a_file_as_they_are_and_to_a_terminal_as_text),
		cmocka_unit_test(test_colours_are_for_terminals_unless_told),
		cmocka_unit_test(test_progress_waits_a_second_and_leaves_no_trace),
		cmocka_unit_test(
	    test_progress_is_shown_on_no_file_and_as_json_only_when_verbose),
		cmocka_unit_test(
		    test_width_is_that_of_the_terminal_and_none_elsewhere),
		cmocka_unit_test(test_a_locale_without_utf8_gets_ascii),
		cmocka_unit_test(test_a_secret_is_asked_for_without_echo),
		cmocka_unit_test(
		    test_a_secret_that_a_terminal_may_have_cut_is_refused),
		cmocka_unit_test(test_a_very_long_warning_is_cut_and_ends_its_line),
		cmocka_unit_test(test_a_signal_at_the_prompt_brings_the_echo_back),
		cmocka_unit_test(test_only_a_clear_yes_is_a_yes),
		cmocka_unit_test(test_without_a_terminal_there_is_nobody_to_ask),
	};

	unsetenv("NO_COLOR");
	unsetenv("COLUMNS");
	setenv("TERM", "xterm", 1);
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
