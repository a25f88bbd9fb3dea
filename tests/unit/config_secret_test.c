/*
 * config_secret_test.c - passwords and tokens: from each source, from none, and
 * from what should not be trusted.
 */
#include <sys/wait.h>

#include "config_secret.h"

/* What a secret is: the same for all that is read. */
static const struct {
	const char *text;
	size_t n;
	const char *want;	/* NULL: refused */
} lines[] = {
	{ "hunter2", 7, "hunter2" },
	{ "hunter2\n", 8, "hunter2" },
	{ "hunter2\r\n", 9, "hunter2" },
	{ "hunter2\r", 8, "hunter2" },
	{ " hunter2 \n", 10, " hunter2 " },
	{ "hunter2\nsecond\n", 15, "hunter2" },
	{ "h\xc3\xbc\xff\t\"\\\n", 8, "h\xc3\xbc\xff\t\"\\" },
	{ "", 0, NULL },
	{ "\n", 1, NULL },
	{ "\r\n", 2, NULL },
	{ "\nhunter2\n", 9, NULL },
	{ "hun\0ter2\n", 9, NULL },
	{ "\0hunter2\n", 9, NULL },
	{ "hun\rter2\n", 9, NULL },
	{ "hunter2\r\r\n", 10, NULL },
};

static void
test_a_file_gives_its_first_line(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(lines); i++) {
		char *path = scratch_put("pw", lines[i].text, lines[i].n,
		    0600);

		if (lines[i].want != NULL)
			assert_secret("password_file", path, lines[i].want);
		else
			assert_none("password_file", path, EK_AUTH,
			    "the first line");
		free(path);
	}
}

static void
test_a_descriptor_gives_its_first_line(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(lines); i++) {
		char number[16];
		int ends[2];

		assert_int_equal(pipe(ends), 0);
		assert_int_equal(write(ends[1], lines[i].text, lines[i].n),
		    lines[i].n);
		/* A line is enough; without one the end has to come. */
		if (memchr(lines[i].text, '\n', lines[i].n) == NULL) {
			close(ends[1]);
			ends[1] = -1;
		}
		snprintf(number, sizeof(number), "%d", ends[0]);
		if (lines[i].want != NULL)
			assert_secret("password_fd", number, lines[i].want);
		else
			assert_none("password_fd", number, EK_AUTH,
			    "the first line");
		close(ends[0]);
		if (ends[1] != -1)
			close(ends[1]);
	}
}

static void
test_a_command_gives_its_first_line(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(lines); i++) {
		char *path = scratch_put("out", lines[i].text, lines[i].n,
		    0600);
		char *command = xasprintf("cat '%s'", path);

		if (lines[i].want != NULL) {
			assert_secret("password_command", command,
			    lines[i].want);
			assert_secret("token_command", command,
			    lines[i].want);
		} else
			assert_none("password_command", command, EK_AUTH,
			    "the first line");
		free(command);
		free(path);
	}
}

static void
test_a_secret_may_be_long_but_not_endless(void **state)
{
	static const struct {
		size_t n;	/* bytes before the line end */
		bool file, command;
	} t[] = {
		{ MAX - 2, true, true },
		{ MAX - 1, true, true },
		{ MAX, false, false },
		{ MAX + 1, false, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		char *text = xmalloc(t[i].n + 1), *path, *command;
		static char have[2 * MAX];
		bool token;

		memset(text, 'x', t[i].n);
		text[t[i].n] = '\n';
		path = scratch_put("long", text, t[i].n + 1, 0600);
		(void)get(account_with("password_file", path), LONG_MS, NULL,
		    NULL, have, sizeof(have), &token);
		assert_int_equal(have[0] == 'x' && strlen(have) == t[i].n,
		    t[i].file);
		command = xasprintf("cat '%s'", path);
		(void)get(account_with("password_command", command), LONG_MS,
		    NULL, NULL, have, sizeof(have), &token);
		assert_int_equal(have[0] == 'x' && strlen(have) == t[i].n,
		    t[i].command);
		free(command);
		free(path);
		free(text);
	}
	/* All of a command's output counts, since all of it has to be read. */
	assert_none("password_command", "echo pw; yes", EK_AUTH,
	    "more than 65536 bytes");
	assert_none("password_file", "/dev/zero", EK_CONFIG, "is not a file");
}

static void
test_a_file_that_others_can_open_is_refused(void **state)
{
	static const struct {
		mode_t mode;
		bool fine;
	} t[] = {
		{ 0600, true }, { 0400, true }, { 0700, true },
		{ 0640, false }, { 0604, false }, { 0620, false },
		{ 0602, false }, { 0610, false }, { 0644, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		char *path = scratch_put("pw", "hunter2\n", 8, t[i].mode);

		if (t[i].fine)
			assert_secret("password_file", path, "hunter2");
		else
			assert_none("password_file", path, EK_CONFIG,
			    "can be read or written by others (mode 06");
		free(path);
	}
}

static void
test_a_file_of_another_user_is_refused(void **state)
{
	char *path;

	(void)state;
	if (geteuid() != 0)
		skip();
	path = scratch_put("pw", "hunter2\n", 8, 0600);
	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_none("password_file", path, EK_CONFIG, "another user");
	free(path);
}

static void
test_only_files_and_pipes_are_password_files(void **state)
{
	char *missing = scratch_path("missing"), *link = scratch_path("link");
	char *path = scratch_put("pw", "hunter2\n", 8, 0600);

	(void)state;
	assert_none("password_file", missing, EK_CONFIG, "No such file");
	assert_none("password_file", scratch, EK_CONFIG, "is not a file");
	assert_none("password_file", "/dev/null", EK_CONFIG, "is not a file");
	assert_int_equal(symlink("pw", link), 0);
	assert_secret("password_file", link, "hunter2");
	free(missing);
	free(link);
	free(path);
}

/*
 * As the shell's <(command) gives it, and as mkfifo makes it: the writer may
 * come late.
 */
static void
test_a_pipe_is_waited_for(void **state)
{
	char *fifo = scratch_path("fifo"), *number, have[256];
	int ends[2], fd, status;
	bool token;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "hunter2\n", 8), 8);
	number = xasprintf("/dev/fd/%d", ends[0]);
	assert_secret("password_file", number, "hunter2");
	free(number);
	close(ends[0]);
	close(ends[1]);

	assert_int_equal(mkfifo(fifo, 0600), 0);
	pid = fork();
	assert_true(pid != -1);
	if (pid == 0) {
		sleep_ms(50);
		fd = open(fifo, O_WRONLY | O_CLOEXEC);
		sleep_ms(50);
		_exit(write(fd, "hunter", 6) == 6 &&
		    (sleep_ms(50), write(fd, "2\n", 2)) == 2 ? 0 : 1);
	}
	assert_secret("password_file", fifo, "hunter2");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* Nobody writes. */
	assert_int_equal(get(account_with("password_file", fifo), 50, NULL,
	    NULL, have, sizeof(have), &token), EK_AUTH);
	assert_non_null(strstr(have, "no password came in time"));
	free(fifo);
}

static void
test_a_descriptor_that_is_silent_or_closed_is_given_up(void **state)
{
	struct account *a;
	char have[256], number[16];
	int ends[2];
	bool token;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	snprintf(number, sizeof(number), "%d", ends[0]);
	assert_int_equal(get(account_with("password_fd", number), 50, NULL,
	    NULL, have, sizeof(have), &token), EK_AUTH);
	assert_string_equal(have, "!password_fd: no password came in time");
	a = account_with("password_fd", number);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(get(a, 50, NULL, NULL, have, sizeof(have), &token),
	    EK_CONFIG);
	/* One that can only be written to. */
	assert_int_equal(pipe(ends), 0);
	snprintf(number, sizeof(number), "%d", ends[1]);
	assert_int_not_equal(get(account_with("password_fd", number), 50,
	    NULL, NULL, have, sizeof(have), &token), EK_NONE);
	close(ends[0]);
	close(ends[1]);
}

static void
test_a_credential_comes_from_systemds_directory(void **state)
{
	char *path;

	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_none("credential", "imap", EK_CONFIG,
	    "credential imap: systemd has not given it to us");
	setenv("CREDENTIALS_DIRECTORY", "relative", 1);
	assert_none("credential", "imap", EK_CONFIG, "not given");
	setenv("CREDENTIALS_DIRECTORY", scratch, 1);
	assert_none("credential", "imap", EK_CONFIG, "not given");
	/*
	 * systemd lets the service's user in by an ACL: a group seems to be
	 * able to read.
	 */
	path = scratch_put("imap", "hunter2\n", 8, 0440);
	assert_secret("credential", "imap", "hunter2");
	free(path);
	path = scratch_path("link");
	(void)unlink(path);
	assert_int_equal(symlink("imap", path), 0);
	assert_none("credential", "link", EK_CONFIG, "can't be opened");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_none("credential", "link", EK_CONFIG, "is not a file");
	assert_int_equal(rmdir(path), 0);
	free(path);
	path = scratch_put("imap", "\n", 1, 0400);
	assert_none("credential", "imap", EK_AUTH,
	    "credential imap: the first line is empty");
	free(path);
	setenv("CREDENTIALS_DIRECTORY", "/nonexistent", 1);
	assert_none("credential", "imap", EK_CONFIG, "No such file");
	unsetenv("CREDENTIALS_DIRECTORY");
}

struct question {
	unsigned int	 asked;
	char		 prompt[128];
	const char	*answer;	/* NULL: refuses to say */
	size_t		 n;
};

static int
ask(void *arg, const char *prompt, struct buf *out, struct err *e)
{
	struct question *q = arg;

	q->asked++;
	snprintf(q->prompt, sizeof(q->prompt), "%s", prompt);
	if (q->answer == NULL)
		return err_set(e, EK_CANCELLED, "no");
	return buf_add(out, q->answer, q->n);
}

static void
test_a_person_is_asked_last(void **state)
{
	struct question q = { .answer = "typed", .n = 5 };
	struct account *a;
	char have[256];
	char *path;
	bool token;

	(void)state;
	assert_int_equal(get(account_with(NULL, NULL), LONG_MS, ask, &q, have,
	    sizeof(have), &token), EK_NONE);
	assert_string_equal(have, "typed");
	assert_string_equal(q.prompt, "Password for anna@imap.example.org: ");
	assert_int_equal(q.asked, 1);

	/*
	 * A credential that bears the section's name comes before it, where
	 * there is one.
	 */
	setenv("CREDENTIALS_DIRECTORY", scratch, 1);
	a = account_with(NULL, NULL);
	a->name = xstrdup("work");
	(void)get(account_copy(a), LONG_MS, ask, &q, have, sizeof(have),
	    &token);
	assert_string_equal(have, "typed");
	path = scratch_put("mailkeep.work", "stored\n", 7, 0400);
	(void)get(account_copy(a), LONG_MS, ask, &q, have, sizeof(have),
	    &token);
	assert_string_equal(have, "stored");
	assert_int_equal(q.asked, 2);
	/* Where it is no good, nobody is asked instead. */
	free(scratch_put("mailkeep.work", "", 0, 0400));
	assert_int_equal(get(a, LONG_MS, ask, &q, have, sizeof(have), &token),
	    EK_AUTH);
	assert_string_equal(have,
	    "!credential mailkeep.work: the first line is empty");
	assert_int_equal(unlink(path), 0);
	free(path);
	unsetenv("CREDENTIALS_DIRECTORY");
	/* What was set comes first. */
	(void)get(account_with("password_command", "echo hunter2"), LONG_MS,
	    ask, &q, have, sizeof(have), &token);
	assert_string_equal(have, "hunter2");
	assert_int_equal(get(account_with("password_command", "exit 1"),
	    LONG_MS, ask, &q, have, sizeof(have), &token), EK_AUTH);
	assert_int_equal(q.asked, 2);
}

static void
test_an_answer_can_be_no_good(void **state)
{
	struct question none = { 0 }, empty = { .answer = "" };
	struct question lf = { .answer = "a\nb", .n = 3 };
	struct question nul = { .answer = "a\0b", .n = 3 };
	char have[256];
	bool token;

	(void)state;
	assert_int_equal(get(account_with(NULL, NULL), LONG_MS, ask, &none,
	    have, sizeof(have), &token), EK_CANCELLED);
	assert_int_equal(get(account_with(NULL, NULL), LONG_MS, ask, &empty,
	    have, sizeof(have), &token), EK_AUTH);
	assert_int_equal(get(account_with(NULL, NULL), LONG_MS, ask, &lf,
	    have, sizeof(have), &token), EK_AUTH);
	assert_int_equal(get(account_with(NULL, NULL), LONG_MS, ask, &nul,
	    have, sizeof(have), &token), EK_AUTH);
	assert_int_equal(get(account_with(NULL, NULL), LONG_MS, NULL, NULL,
	    have, sizeof(have), &token), EK_CONFIG);
	assert_non_null(strstr(have, "anna@imap.example.org"));
}

static void
test_the_door_finds_the_secret_too(void **state)
{
	struct account *a = account_with("token_command", "echo hunter2");
	struct buf b = BUF_INIT(7), small = BUF_INIT(6);
	struct err e = { 0 };
	bool token = false;

	(void)state;
	assert_int_equal(secret_get(a, NULL, NULL, &b, &token, &e), 0);
	assert_true(token);
	assert_string_equal(buf_text(&b), "hunter2");
	token = false;
	assert_int_equal(secret_get(a, NULL, NULL, &small, &token, &e), -1);
	assert_int_equal(e.kind, EK_AUTH);
	assert_false(token);
	assert_int_equal(small.n, 0);
	buf_release(&b);
	buf_release(&small);
	account_free(&a);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_file_gives_its_first_line),
		cmocka_unit_test(test_a_descriptor_gives_its_first_line),
		cmocka_unit_test(test_a_command_gives_its_first_line),
		cmocka_unit_test(test_a_secret_may_be_long_but_not_endless),
		cmocka_unit_test(test_a_file_that_others_can_open_is_refused),
		cmocka_unit_test(test_a_file_of_another_user_is_refused),
		cmocka_unit_test(test_only_files_and_pipes_are_password_files),
		cmocka_unit_test(test_a_pipe_is_waited_for),
		cmocka_unit_test(
		    test_a_descriptor_that_is_silent_or_closed_is_given_up),
		cmocka_unit_test(
		    test_a_credential_comes_from_systemds_directory),
		cmocka_unit_test(test_a_person_is_asked_last),
		cmocka_unit_test(test_an_answer_can_be_no_good),
		cmocka_unit_test(test_the_door_finds_the_secret_too),
	};
	int rc;

	(void)argc;
	scratch_begin(argv[0]);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	scratch_end();
	return rc;
}
