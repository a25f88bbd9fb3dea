/*
 * config_command_test.c - the commands that print a secret: what they are
 * given, what is taken from them, and what becomes of those that hang.
 */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/cancel.h"
#include "config_secret.h"

/* Exactly 64 KiB from a command are taken, a byte more is not. */
static void
test_a_commands_output_is_counted_to_the_byte(void **state)
{
	char p[16];
	struct err e = { 0 };
	size_t n = 99;

	(void)state;
	assert_int_equal(command_run("printf 0123456789abcde", LONG_MS, p, 16,
	    &n, &e), 0);
	assert_int_equal(n, 15);
	assert_int_equal(command_run("printf 0123456789abcdef", LONG_MS, p, 16,
	    &n, &e), 0);
	assert_int_equal(n, 16);
	assert_memory_equal(p, "0123456789abcdef", 16);
	assert_int_equal(command_run("printf 0123456789abcdefg", LONG_MS, p,
	    16, &n, &e), -1);
	assert_int_equal(e.kind, EK_AUTH);
	assert_string_equal(e.text, "it printed more than 16 bytes");
	assert_int_equal(n, 16);
}

static void
test_a_failing_command_gives_nothing(void **state)
{
	(void)state;
	assert_none("password_command", "echo hunter2; exit 3", EK_AUTH,
	    "password_command: it failed with exit status 3");
	assert_none("token_command", "echo hunter2; exit 1", EK_AUTH,
	    "token_command: it failed with exit status 1");
	assert_none("token_command", "echo hunter2; exit 75", EK_TEMP,
	    "exit status 75");
	assert_none("password_command", "echo hunter2; kill -9 $$", EK_AUTH,
	    "ended by signal 9");
	assert_none("password_command",
	    "/nonexistent/command 2>/dev/null", EK_AUTH, "exit status 127");
	assert_none("password_command", "exit 0", EK_AUTH, "the first line");
}

/*
 * Whether nothing is left of what we started; orphans come to us, so that we
 * can see their end.
 */
static bool
all_ended(void)
{
	int k;
	pid_t r;

	for (k = 0; k < 400; k++) {
		while ((r = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (r == -1)
			return errno == ECHILD;
		sleep_ms(5);
	}
	return false;
}

/* A command that hangs, and one whose child hangs: both are killed. */
static void
test_a_command_that_hangs_is_killed_with_its_children(void **state)
{
	static const char *const t[] = {
		"echo hunter2; exec sleep 1000",
		"echo hunter2; sleep 1000 & wait",
		("trap '' TERM; (trap '' TERM; exec sleep 1000) & "
		    "exec >&-; wait; wait; sleep 1000"),
		"kill -STOP $$; echo hunter2",
	};
	size_t i;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	for (i = 0; i < COUNT(t); i++) {
		char have[256];
		int64_t start = command_clock(), took;
		bool token;

		assert_int_equal(get(account_with("password_command", t[i]),
		    200, NULL, NULL, have, sizeof(have), &token), EK_AUTH);
		took = command_clock() - start;
		assert_string_equal(have,
		    "!password_command: it did not end in time");
		assert_in_range(took, 200, 5000);
		assert_true(all_ended());
	}
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

/*
 * An agent that the command leaves behind keeps the pipe open; it is neither
 * waited for nor killed.
 */
static void
test_an_agent_left_behind_is_left_alone(void **state)
{
	char *note = scratch_path("note"), *command, text[32] = "";
	int64_t start = command_clock();
	int fd;
	pid_t pid;

	(void)state;
	command = xasprintf("sleep 1000 & echo $! >'%s'; echo hunter2", note);
	assert_secret("password_command", command, "hunter2");
	assert_true(command_clock() - start < 5000);
	fd = open(note, O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, text, sizeof(text) - 1) > 1);
	close(fd);
	pid = (pid_t)strtol(text, NULL, 10);
	assert_int_equal(kill(pid, SIGKILL), 0);
	free(command);
	free(note);
}

/* The last bytes are there although the end of the command was seen first. */
static void
test_output_in_pieces_is_whole(void **state)
{
	(void)state;
	assert_secret("password_command",
	    "printf hun; sleep 0.05; printf ter; sleep 0.1; echo 2",
	    "hunter2");
	assert_secret("password_command", "echo hunter2; exec >&-; sleep 0.1",
	    "hunter2");
	assert_none("password_command",
	    "echo hunter2; exec >&-; sleep 0.1; exit 4", EK_AUTH,
	    "exit status 4");
}

static void
test_a_commands_environment_is_clean(void **state)
{
	static const char *const keep[] = { "PATH", "HOME", "USER", "LOGNAME",
	    "LANG", "LC_ALL", "LC_CTYPE", "TERM", "DISPLAY",
	    "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME",
	    "DBUS_SESSION_BUS_ADDRESS", "SSH_AUTH_SOCK", "GNUPGHOME",
	    "GPG_TTY", "PASSWORD_STORE_DIR", "OP_SESSION_x",
	    "CREDENTIALS_DIRECTORY" };
	static const char *const drop[] = { "MAILKEEP_PASSWORD", "LD_PRELOAD",
	    "LD_LIBRARY_PATH", "AWS_SECRET_ACCESS_KEY", "IFS", "ENV",
	    "BASH_ENV", "PATHX", "XPATH", "HOM", "LC", "XDGX", "ALL_PROXY" };
	char **saved = environ, *none[] = { NULL }, have[4096];
	char *path = xstrdup(getenv("PATH"));
	bool token;
	size_t i;

	(void)state;
	environ = none;
	for (i = 0; i < COUNT(keep); i++)
		setenv(keep[i], "kept", 1);
	for (i = 0; i < COUNT(drop); i++)
		setenv(drop[i], "", 1);
	setenv("PATH", path, 1);
	(void)get(account_with("password_command",
	    "/usr/bin/env -u PWD -u OLDPWD -u SHLVL -u _ | sed 's/=.*//' | "
	    "LC_ALL=C sort | tr '\\n' ' '"), LONG_MS, NULL, NULL, have,
	    sizeof(have), &token);
	clearenv();
	environ = saved;
	assert_string_equal(have, "CREDENTIALS_DIRECTORY "
	    "DBUS_SESSION_BUS_ADDRESS DISPLAY GNUPGHOME GPG_TTY HOME LANG "
	    "LC_ALL LC_CTYPE LOGNAME OP_SESSION_x PASSWORD_STORE_DIR PATH "
	    "SSH_AUTH_SOCK TERM USER WAYLAND_DISPLAY XDG_CONFIG_HOME "
	    "XDG_RUNTIME_DIR ");
	free(path);
}

static void
test_a_command_inherits_no_descriptors(void **state)
{
	int pairs[3][2], high, i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]),
		    0);
	high = dup2(pairs[0][0], 200);
	assert_int_equal(high, 200);
	assert_secret("password_command",
	    "ls -m /proc/$$/fd; :", "0, 1, 2");
	assert_secret("password_command", "readlink /proc/$$/fd/0",
	    "/dev/null");
	close(high);
	for (i = 0; i < 3; i++) {
		close(pairs[i][0]);
		close(pairs[i][1]);
	}
}

/*
 * It has a session of its own, so no terminal to read from, and plain signals.
 */
static void
test_a_command_is_on_its_own(void **state)
{
	void (*old)(int) = signal(SIGPIPE, SIG_IGN);
	sigset_t block, before;

	(void)state;
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &before);
	assert_secret("password_command",
	    "cut -d' ' -f6 /proc/$$/stat | grep -qx $$ && echo its own",
	    "its own");
	assert_secret("password_command",
	    "sed -nE 's/^(Sig(Blk|Ign)).*(.{4})$/\\1 \\3/p' /proc/self/status "
	    "| tr '\\n' ' '", "SigBlk 0000 SigIgn 0000 ");
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGPIPE, old);
}

/*
 * A program started without standard descriptors: the pipe may get their
 * numbers.
 */
static void
test_a_command_works_where_standard_descriptors_are_closed(void **state)
{
	int mask;

	(void)state;
	for (mask = 1; mask < 8; mask++) {
		int status;
		pid_t pid = fork();

		assert_true(pid != -1);
		if (pid == 0) {
			char p[64];
			struct err e = { 0 };
			size_t n;
			int i;

			for (i = 0; i < 3; i++)
				if ((mask & 1 << i) != 0)
					close(i);
			if (command_run("echo hunter2", LONG_MS, p, sizeof(p),
			    &n, &e) == -1)
				_exit(1);
			_exit(n == 8 && memcmp(p, "hunter2\n", 8) == 0 ? 0 : 2);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

/* A signal ends the wait at once, and the command with it. */
static void
test_a_signal_ends_the_wait(void **state)
{
	static const char *const t[][2] = {
		{ "password_command", "sleep 1000" },
		{ "password_file", NULL },
	};
	char *fifo = scratch_path("fifo");
	size_t i;

	(void)state;
	(void)unlink(fifo);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	for (i = 0; i < COUNT(t); i++) {
		int64_t start = command_clock();
		int status;
		pid_t pid = fork();

		assert_true(pid != -1);
		if (pid == 0) {
			struct account *a = account_with(t[i][0],
			    t[i][1] == NULL ? fifo : t[i][1]);
			struct buf b = BUF_INIT(MAX);
			struct err e = { 0 };
			bool token;
			int rc;

			cancel_install();
			rc = secret_get_within(a, LONG_MS, NULL, NULL, &b,
			    &token, &e);
			_exit(rc == -1 && e.kind == EK_CANCELLED &&
			    e.sys == SIGTERM &&
			    waitpid(-1, NULL, WNOHANG) == -1 ? 0 : 1);
		}
		sleep_ms(200);
		assert_int_equal(kill(pid, SIGTERM), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		assert_true(command_clock() - start < LONG_MS / 2);
	}
	free(fifo);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_a_commands_output_is_counted_to_the_byte),
		cmocka_unit_test(test_a_failing_command_gives_nothing),
		cmocka_unit_test(
		    test_a_command_that_hangs_is_killed_with_its_children),
		cmocka_unit_test(test_an_agent_left_behind_is_left_alone),
		cmocka_unit_test(test_output_in_pieces_is_whole),
		cmocka_unit_test(test_a_commands_environment_is_clean),
		cmocka_unit_test(test_a_command_inherits_no_descriptors),
		cmocka_unit_test(test_a_command_is_on_its_own),
		cmocka_unit_test(
		    test_a_command_works_where_standard_descriptors_are_closed),
		cmocka_unit_test(test_a_signal_ends_the_wait),
	};
	int rc;

	(void)argc;
	scratch_begin(argv[0]);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	scratch_end();
	return rc;
}
