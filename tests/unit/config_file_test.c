/*
 * config_file_test.c - the config file: what it may say, and where exactly it
 * is wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/sift.h"
#include "config_scratch.h"

#define COUNT(t)	(sizeof(t) / sizeof((t)[0]))

static int
load_text(const char *text, size_t n, struct config **out, struct err *e)
{
	char *path = scratch_put("config", text, n, 0644);
	int rc;

	rc = config_load(path, out, e);
	free(path);
	return rc;
}

static struct config *
load(const char *text)
{
	struct config *c;
	struct err e = { 0 };

	if (load_text(text, strlen(text), &c, &e) == -1)
		fail_msg("%s", e.text);
	return c;
}

static void
test_every_kind_of_value_is_read(void **state)
{
	struct config *c = load(
	    "# Two accounts.\n"
	    "account work {\n"
	    "	server = \"imaps://imap.example.org\"\t# quoted\n"
	    "	user = anna@example.org\n"
	    "	vault = mail/work\n"
	    "	folders = {\n"
	    "		INBOX,\t# a comment in a list\n"
	    "		\"Lists/*\", 'Sent \\'x\\' \\\\ ${y} \\n',\n"
	    "	}\n"
	    "	folders += \"Drafts\"\n"
	    "	disable = IDLE\n"
	    "	password_command = \"pass \\\"a b\\\" \\\\ $HOME\"\n"
	    "	max_rate=5M full_every = 1d\n"
	    "	timeout = 2m shared = on\r\n"
	    "}\n"
	    "account \"home\" { server = imap://bob@localhost:1143 # bare\n"
	    "	folders = {} password_file = ~/pw insecure_plaintext = yes }\n"
	    "account j\xc3\xb6rg@h { }");
	const struct account *a;
	char *vault = scratch_path("mail/work");

	(void)state;
	assert_int_equal(c->n, 3);
	assert_non_null(a = config_account(c, "work"));
	assert_string_equal(a->host, "imap.example.org");
	assert_string_equal(a->user, "anna@example.org");
	assert_string_equal(a->vault, vault);
	assert_int_equal(a->folders.n, 4);
	assert_string_equal(a->folders.v[0], "INBOX");
	assert_string_equal(a->folders.v[1], "Lists/*");
	assert_string_equal(a->folders.v[2], "Sent 'x' \\ ${y} \\n");
	assert_string_equal(a->folders.v[3], "Drafts");
	assert_int_equal(a->disable.n, 1);
	assert_string_equal(a->password_command, "pass \"a b\" \\ $HOME");
	assert_int_equal(a->max_rate, 5 << 20);
	assert_int_equal(a->full_every, 86400);
	assert_int_equal(a->timeout, 120);
	assert_true(a->shared);
	assert_non_null(a = config_account(c, "home"));
	assert_int_equal(a->port, 1143);
	assert_int_equal(a->tls, ACCOUNT_PLAINTEXT);
	assert_string_equal(a->password_file, "/home/anna/pw");
	assert_int_equal(a->folders.n, 0);
	assert_non_null(config_account(c, "j\xc3\xb6rg@h"));
	assert_null(config_account(c, "j\xc3\xb6rg"));
	free(vault);
	config_free(&c);
	assert_null(c);
	config_free(&c);
}

static void
test_a_policy_of_prune_is_read(void **state)
{
	struct config *c = load(
	    "account a {\n"
	    "	prune_older_than = 2y\n"
	    "	prune_before = 2025-01-01\n"
	    "	prune_larger_than = 10M\n"
	    "	prune_folders = { INBOX, \"Lists/*\" }\n"
	    "	prune_folders += Sent\n"
	    "	prune_sender = \"@lists.example.org\"\n"
	    "	prune_recipient = bob prune_subject = \"[ci]\"\n"
	    "	prune_seen = yes prune_keep_flagged = no\n"
	    "	prune_keep_unread = no prune_keep_last = 100\n"
	    "	prune_until_free = 20% prune_largest_first = yes\n"
	    "	prune_trash_older_than = 60d\n"
	    "	prune_junk_older_than = 30d\n"
	    "}\n"
	    "account b { prune_folders = {} }");
	const struct account_prune *p = &config_account(c, "a")->prune;
	struct account *under = account_new();
	struct err e = { 0 };

	(void)state;
	assert_string_equal(p->older_than, "2y");
	assert_string_equal(p->before, "2025-01-01");
	assert_string_equal(p->larger_than, "10M");
	assert_int_equal(p->folders.n, 3);
	assert_string_equal(p->folders.v[1], "Lists/*");
	assert_string_equal(p->folders.v[2], "Sent");
	assert_string_equal(p->sender, "@lists.example.org");
	assert_string_equal(p->recipient, "bob");
	assert_string_equal(p->subject, "[ci]");
	assert_true(p->seen);
	assert_false(p->keep_flagged);
	assert_false(p->keep_unread);
	assert_string_equal(p->keep_last, "100");
	assert_string_equal(p->until_free, "20%");
	assert_true(p->largest_first);
	assert_string_equal(p->trash_older_than, "60d");
	assert_string_equal(p->junk_older_than, "30d");
	p = &config_account(c, "b")->prune;
	assert_null(p->older_than);
	assert_true(p->keep_flagged);
	assert_true(p->keep_unread);
	/* An empty list counts as given, here too. */
	assert_int_equal(setting_apply(under, "prune_folders", "INBOX", "/",
	    &e), 0);
	account_merge(under, config_account(c, "b"));
	assert_int_equal(under->prune.folders.n, 0);
	account_free(&under);
	config_free(&c);
}

/* folders = {} is a word too: it takes back what vault.json said. */
static void
test_an_empty_list_counts_as_given(void **state)
{
	struct config *c = load("account a { folders = {} }");
	struct account *under = account_new();
	struct err e = { 0 };

	(void)state;
	assert_int_equal(setting_apply(under, "folders", "INBOX", "/", &e), 0);
	assert_int_equal(setting_apply(under, "disable", "IDLE", "/", &e), 0);
	account_merge(under, config_account(c, "a"));
	assert_int_equal(under->folders.n, 0);
	assert_int_equal(under->disable.n, 1);
	account_free(&under);
	config_free(&c);
}

static const struct bad {
	const char *text;
	size_t line;
	const char *why;
} bad[] = {
	{ "account a {\n\n colour = red\n}\n", 3, "no such setting 'colour'" },
	{ "account a {\n servr = \"imaps://h\"\n}\n", 2,
	    "no such setting 'servr'" },
	{ "account a {\n server \"imaps://h\"\n}\n", 2,
	    "missing equal sign after setting 'server'" },
	{ "# one\n# two\naccount a {\n # four\n colour = red\n}\n", 5,
	    "'colour'" },
	{ "account a {\n folders = { # x\n  b, # y\n  c } # z\n colour = 1 }",
	    5, "'colour'" },
	{ "colour = red\n", 1, "no such section 'colour'" },
	{ "acount a {\n}\n", 1, "no such section 'acount'" },
	{ "\nserver = \"imaps://h\"\n", 2,
	    "settings stand inside account NAME { }, and 'server' does not" },
	{ "include(\"other\")\n", 1, "'(' has to stand between quotes" },
	{ "include = other\n", 1, "'include'" },
	{ "account a {\n password = hunter2\n}\n", 2, "'password'" },
	{ "account a {\n password_fd = 3\n}\n", 2, "'password_fd'" },
	{ "account a {\n tls-ca = x\n}\n", 2, "'tls-ca'" },
	{ "account a {\n Server = x\n}\n", 2, "'Server'" },
	/* Sections. */
	{ "account {\n}\n", 1, "missing title" },
	{ "account a b {\n}\n", 1, "missing opening brace" },
	{ "account a\n", 2, "premature end of file" },
	{ "account a {\n}\n\naccount a {\n}\n", 4, "duplicate title 'a'" },
	{ "account a {\n}\naccount b {\n server = \"imaps://h\"\n", 3,
	    "never closed" },
	{ "account a {\n folders = {\n b\n", 1, "never closed" },
	{ "account a {\n}\n}\n", 3, "closes nothing" },
	{ "account a {\n folders = { { b } }\n}\n", 2, "opens nothing" },
	{ "account a {\naccount b {\n}\n}\n", 2, "'account'" },
	{ "\naccount \"\" {\n\n}\n", 2, "can't be the name" },
	{ "\naccount \"a b\" {\n shared = yes\n}\n", 2, "can't be the name" },
	{ "account a/b {\n}\n", 1, "can't be the name" },
	{ "account -a {\n}\n", 1, "can't be the name" },
	{ "account .. {\n}\n", 1, "can't be the name" },
	{ "account \"a\xff\" {\n}\n", 1, "can't be the name" },
	{ "account \"a\xe2\x80\xae\" {\n}\n", 1, "can't be the name" },
	{ "account b {\n}\n account x/y {\n}\n", 3, "can't be the name" },
	/* Values. */
	{ "account a {\n shared = maybe\n}\n", 2,
	    "shared: 'maybe' is neither yes nor no" },
	{ "account a {\n # c\n\n timeout = 0\n}\n", 4, "timeout: " },
	{ "account a {\n server = imap.example.org\n}\n", 2, "server: " },
	{ "account a {\n server = \"imaps://anna:hunter2@h\"\n}\n", 2,
	    "server: a password has no place" },
	{ "account a {\n folders = {\n  b,\n  \"\xff\"\n }\n}\n", 4,
	    "folders: it is not UTF-8" },
	{ "account a {\n disable = {\n  IDLE,\n  \"A B\"\n }\n}\n", 4,
	    "disable: 'A B'" },
	{ "account a {\n password_file = ~bob/pw\n}\n", 2,
	    "only ~/ is understood" },
	{ "account a {\n\n prune_older_than = 2\n}\n", 3,
	    "prune_older_than: '2' is not an age" },
	{ "account a {\n prune_before = 2y\n}\n", 2,
	    "prune_before: '2y' is not a date" },
	{ "account a {\n prune_larger_than = big\n}\n", 2,
	    "prune_larger_than: 'big' is not a size" },
	{ "account a {\n prune_keep_last = all\n}\n", 2,
	    "prune_keep_last: 'all' is not a number" },
	{ "account a {\n prune_until_free = 100%\n}\n", 2,
	    "prune_until_free: '100%' is neither" },
	{ "account a {\n prune_keep_unread = maybe\n}\n", 2,
	    "prune_keep_unread: 'maybe' is neither yes nor no" },
	{ "account a {\n prune_also_unread = yes\n}\n", 2,
	    "no such setting 'prune_also_unread'" },
	/* Given twice. */
	{ "account a {\n prune_seen = no\n prune_seen = no\n}\n", 3,
	    "prune_seen is set twice" },
	{ "account a {\n prune_folders = b\n prune_folders = c\n}\n", 3,
	    "prune_folders is set twice" },
	{ "account a {\n shared = yes\n shared = yes\n}\n", 3,
	    "shared is set twice" },
	{ "account a {\n folders = b\n folders = { c }\n}\n", 3,
	    "folders is set twice" },
	{ "\naccount a {\n folders = b\n folders = { }\n}\n", 2,
	    "folders is set twice" },
	{ "account a {\n user = x\n server = \"imaps://x@h\"\n user = x\n}\n",
	    4, "user is set twice" },
	{ "account a {\n server = \"imaps://x@h\"\n user = y\n}\n", 3,
	    "two users are given" },
	{ "account b { }\naccount a {\n password_command = x\n"
	    " password_file = y\n}\n", 2, "only one can be used" },
	/* Shapes. */
	{ "account a {\n shared = { yes }\n}\n", 2, "unexpected token" },
	{ "account a {\n shared =\n}\n", 3, "unexpected token" },
	{ "account a {\n shared yes\n}\n", 2, "missing equal sign" },
	{ "account a {\n shared += yes\n}\n", 2, "append to non-list" },
	{ "account a {\n folders = { b c }\n}\n", 2, "unexpected token" },
	{ "account a {\n folders = b c\n}\n", 2, "'c'" },
	{ "account a {\n folders = { , }\n}\n", 2, "unexpected token" },
	{ "account = a\n", 1, "missing title" },
	{ "= a\n", 1, "unexpected token" },
	{ "{ }\n", 1, "unexpected token" },
	{ "account a { }\n\"account=a|user\" = \"x\"\n", 2,
	    "settings stand inside account NAME { }" },
	/* Characters. */
	{ "account a {\n user = a*b\n}\n", 2, "'*' has to stand between" },
	{ "account a {\n user = $HOME\n}\n", 2, "'$' has to stand between" },
	{ "account a {\n user = ${HOME}\n}\n", 2, "'$' has to stand between" },
	{ "account a {\n user = \"${HOME}\"\n}\n", 2, "no meaning here" },
	{ "account a {\n user = \"x\\\\${HOME}\"\n}\n", 2, "no meaning here" },
	{ "account|a|user = x\n", 1, "'|' has to stand between" },
	{ "account a {\n user = x;\n}\n", 2, "';' has to stand between" },
	{ "account a {\n timeout + 3\n}\n", 2, "'+' has to stand between" },
	{ "// comment\n", 1, "a comment begins with #" },
	{ "account a {\n user = x // comment\n}\n", 2, "a comment begins" },
	{ "/* comment */\n", 1, "'*' has to stand between" },
	{ "account a {\n user = x\x01\n}\n", 2, "control character (0x01)" },
	{ "account a {\n user = x\r\r\n}\n", 2, "control character (0x0d)" },
	{ "account a {\n user = \"x\ty\"\n}\n", 2, "control character (0x09)" },
	{ "account a {\n user = \"x\x7f\"\n}\n", 2,
	    "control character (0x7f)" },
	/* Strings. */
	{ "account a {\n user = \"x\n}\n", 2, "does not end on this line" },
	{ "account a {\n user = \"x\r\n}\n", 2, "does not end on this line" },
	{ "account a {\n user = 'x\n y'\n}\n", 2, "does not end on this line" },
	{ "account a {\n user = 'x\\\n y'\n}\n", 2,
	    "does not end on this line" },
	{ "account a {\n user = \"x", 2, "does not end on this line" },
	{ "account a {\n user = 'x", 2, "does not end on this line" },
	{ "account a {\n user = 'x\\'", 2, "does not end on this line" },
	{ "account a {\n user = 'x\\", 2, "does not end on this line" },
	{ "account a {\n user = \"x\\", 2, "a backslash stands only" },
	{ "account a {\n user = \"x\\\n y\"\n}\n", 2,
	    "a backslash stands only" },
	{ "account a {\n user = \"x\\n\"\n}\n", 2, "a backslash stands only" },
	{ "account a {\n user = \"x\\x00y\"\n}\n", 2,
	    "a backslash stands only" },
	{ "account a {\n user = \"x\\0\"\n}\n", 2, "a backslash stands only" },
	{ "account a {\n user = \"x\\$\"\n}\n", 2, "a backslash stands only" },
};

static void
test_what_is_wrong_is_told_with_its_line(void **state)
{
	char *path = scratch_path("config");
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		struct config *c = NULL;
		struct err e = { 0 };
		char *start = xasprintf("%s:%zu: ", path, bad[i].line);

		if (load_text(bad[i].text, strlen(bad[i].text), &c, &e) != -1)
			fail_msg("%s\nwas taken", bad[i].text);
		assert_int_equal(e.kind, EK_CONFIG);
		if (strncmp(e.text, start, strlen(start)) != 0 ||
		    strstr(e.text + strlen(start), bad[i].why) == NULL)
			fail_msg("%s\n%s", bad[i].text, e.text);
		assert_null(strstr(e.text, "hunter2"));
		assert_null(c);
		free(start);
	}
	free(path);
}

static void
test_whoever_writes_a_password_is_told_where_it_belongs(void **state)
{
	static const char text[] = "account a { password = hunter2 }";
	struct config *c;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(load_text(text, sizeof(text) - 1, &c, &e), -1);
	assert_non_null(strstr(e.next, "password_command"));
}

static void
test_a_nul_cuts_nothing_off(void **state)
{
	static const char *const t[] = {
		"account a {\n user = x?y\n}\n",
		"account a {\n user = \"x?y\"\n}\n",
		"account a {\n user = 'x?y'\n}\n",
		"account a {\n ? }\n",
	};
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		struct config *c;
		struct err e = { 0 };
		char *text = xstrdup(t[i]);

		n = strlen(text);
		*strchr(text, '?') = '\0';
		assert_int_equal(load_text(text, n, &c, &e), -1);
		assert_non_null(strstr(e.text,
		    "config:2: a control character (0x00)"));
		free(text);
	}
}

/*
 * Cut anywhere, a file is refused or whole: a cut in the middle of a section
 * never passes for a config without its rest.
 */
static void
test_each_beginning_of_a_file_is_whole_or_refused(void **state)
{
	static const char text[] =
	    "# c\naccount a { # d\n server = \"imaps://h\" folders = { b, "
	    "'c\\'' }\n user = \"x\\\"y\" }\naccount b { }\n";
	size_t n, taken = 0;

	(void)state;
	for (n = 0; n < sizeof(text); n++) {
		struct config *c = NULL;
		struct err e = { 0 };

		if (load_text(text, n, &c, &e) == 0) {
			taken++;
			assert_true(c->n == 0 ||
			    strcmp(c->accounts[0]->user, "x\"y") == 0);
			config_free(&c);
		} else
			assert_int_equal(e.kind, EK_CONFIG);
	}
	/*
	 * Nothing, "#", "# ", "# c", its line end; behind the first section,
	 * two; behind the second, two.
	 */
	assert_int_equal(taken, 5 + 2 + 2);
}

/* Whatever a byte is turned into, there is an answer, and none on stdout. */
static void
test_each_byte_may_be_any_other(void **state)
{
	static const char text[] =
	    "account a { folders = { b, 'c' }\n user = \"x\" }\n";
	static const char swap[] = "\"'\\#{}=+,$|/*\n\r\x01\x80 ";
	int pipes[2], saved;
	size_t i, k;
	char c;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	saved = dup(1);
	assert_true(saved != -1 && dup2(pipes[1], 1) == 1);
	for (i = 0; i < sizeof(text) - 1; i++)
		for (k = 0; k < sizeof(swap); k++) {
			struct config *conf;
			struct err e = { 0 };
			char *copy = xstrdup(text);

			copy[i] = swap[k];
			if (load_text(copy, sizeof(text) - 1, &conf, &e) == 0)
				config_free(&conf);
			else
				assert_int_equal(e.kind, EK_CONFIG);
			free(copy);
		}
	assert_int_equal(dup2(saved, 1), 1);
	close(saved);
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &c, 1), 0);
	close(pipes[0]);
}

static void
test_a_mark_of_some_editors_is_skipped(void **state)
{
	struct config *c = load("\xef\xbb\xbf" "account a { }\r\n");

	(void)state;
	assert_int_equal(c->n, 1);
	config_free(&c);
	c = load("\xef\xbb\xbf");
	assert_int_equal(c->n, 0);
	config_free(&c);
}

static void
test_sections_are_found_with_their_lines(void **state)
{
	char text[] = "# {\na {\n x = { 1 }\n}\n\nb\n{ } c { y = \"{\" }\n";
	struct sift s = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(sift_text(&s, text, sizeof(text) - 1, &e), 0);
	assert_int_equal(s.n, 3);
	assert_int_equal(s.starts[0], 2);
	assert_int_equal(s.starts[1], 7);
	assert_int_equal(s.starts[2], 7);
	assert_string_equal(text,
	    "   \na {\n x = { 1 }\n}\n\nb\n{ } c { y = \"{\" }\n");
	sift_release(&s);
}

static void
test_names_have_a_limit(void **state)
{
	size_t n;

	(void)state;
	for (n = 63; n <= 65; n++) {
		struct config *c;
		struct err e = { 0 };
		char name[66], *text;

		memset(name, 'a', n);
		name[n] = '\0';
		text = xasprintf("account %s { }", name);
		if (n <= 64) {
			assert_int_equal(load_text(text, strlen(text), &c,
			    &e), 0);
			assert_non_null(config_account(c, name));
			config_free(&c);
		} else
			assert_int_equal(load_text(text, strlen(text), &c,
			    &e), -1);
		free(text);
	}
}

static void
test_files_have_a_limit(void **state)
{
	size_t n, limit = 1024 * 1024;

	(void)state;
	for (n = limit - 1; n <= limit + 1; n++) {
		struct config *c;
		struct err e = { 0 };
		char *text = xmalloc(n);

		memset(text, '#', n);
		if (n <= limit) {
			assert_int_equal(load_text(text, n, &c, &e), 0);
			config_free(&c);
		} else {
			assert_int_equal(load_text(text, n, &c, &e), -1);
			assert_non_null(strstr(e.text, "larger than"));
		}
		free(text);
	}
}

static void
test_a_file_that_others_may_write_is_refused(void **state)
{
	static const struct {
		mode_t mode;
		int rc;
	} t[] = {
		{ 0600, 0 }, { 0644, 0 }, { 0444, 0 }, { 0755, 0 },
		{ 0620, -1 }, { 0602, -1 }, { 0664, -1 }, { 0666, -1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		struct config *c;
		struct err e = { 0 };
		char *path = scratch_put("config", "", 0, t[i].mode);

		assert_int_equal(config_load(path, &c, &e), t[i].rc);
		if (t[i].rc == 0)
			config_free(&c);
		else {
			assert_int_equal(e.kind, EK_CONFIG);
			assert_non_null(strstr(e.text, "written by others"));
			assert_int_equal(strncmp(e.next, "chmod go-w ", 11), 0);
		}
		free(path);
	}
}

static void
test_a_file_of_another_user_is_refused(void **state)
{
	struct config *c;
	struct err e = { 0 };
	char *path;

	(void)state;
	if (geteuid() != 0)
		skip();
	path = scratch_put("config", "", 0, 0644);
	assert_int_equal(chown(path, 65534, 65534), 0);
	assert_int_equal(config_load(path, &c, &e), -1);
	assert_int_equal(e.kind, EK_CONFIG);
	assert_non_null(strstr(e.text, "another user"));
	free(path);
}

/*
 * In a process of its own, as somebody else: what root owns is as good as one's
 * own.
 */
static void
test_a_file_of_root_is_read_by_anybody(void **state)
{
	char *path;
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	path = scratch_put("config", "account a { }", 13, 0644);
	assert_int_equal(chmod(scratch, 0755), 0);
	assert_int_equal(chdir(scratch), 0);
	pid = fork();
	assert_true(pid != -1);
	if (pid == 0) {
		struct config *c;
		struct err e = { 0 };

		if (setuid(65534) == -1)
			_exit(2);
		_exit(config_load("config", &c, &e) == 0 && c->n == 1 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(chdir("/"), 0);
	free(path);
}

static void
test_only_a_file_is_read(void **state)
{
	struct config *c;
	struct err e = { 0 };
	char *fifo = scratch_path("fifo"), *missing = scratch_path("missing");

	(void)state;
	assert_int_equal(config_load(scratch, &c, &e), -1);
	assert_int_equal(e.kind, EK_CONFIG);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(config_load(fifo, &c, &e), -1);
	assert_int_equal(e.kind, EK_CONFIG);
	assert_int_equal(config_load("/dev/zero", &c, &e), -1);
	assert_int_equal(e.kind, EK_CONFIG);
	assert_int_equal(config_load(missing, &c, &e), -1);
	assert_int_equal(e.kind, EK_CONFIG);
	assert_non_null(strstr(e.text, "No such file"));
	assert_int_equal(config_load("", &c, &e), -1);
	assert_int_equal(config_load("/dev/null", &c, &e), 0);
	assert_int_equal(c->n, 0);
	config_free(&c);
	free(fifo);
	free(missing);
}

static void
test_the_usual_file_need_not_be_there(void **state)
{
	struct config *c;
	struct err e = { 0 };
	char *dir = scratch_path("mailkeep"), *path, *dot, *inner;

	(void)state;
	setenv("XDG_CONFIG_HOME", scratch, 1);
	assert_int_equal(config_load(NULL, &c, &e), 0);
	assert_int_equal(c->n, 0);
	path = scratch_path("mailkeep/config");
	assert_string_equal(c->path, path);
	config_free(&c);

	assert_int_equal(mkdir(dir, 0700), 0);
	free(scratch_put("mailkeep/config", "account a { vault = m }", 23,
	    0600));
	assert_int_equal(config_load(NULL, &c, &e), 0);
	inner = scratch_path("mailkeep/m");
	assert_string_equal(config_account(c, "a")->vault, inner);
	config_free(&c);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);

	/* A relative XDG_CONFIG_HOME is to be ignored. */
	setenv("XDG_CONFIG_HOME", "relative", 1);
	setenv("HOME", scratch, 1);
	assert_int_equal(config_load(NULL, &c, &e), 0);
	dot = scratch_path(".config/mailkeep/config");
	assert_string_equal(c->path, dot);
	config_free(&c);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("HOME");
	assert_int_equal(config_load(NULL, &c, &e), 0);
	assert_int_equal(c->n, 0);
	config_free(&c);
	setenv("HOME", "/home/anna", 1);
	free(dir);
	free(path);
	free(dot);
	free(inner);
}

static void
test_relative_paths_are_taken_from_the_files_folder(void **state)
{
	struct config *c;
	struct err e = { 0 };
	char *want = scratch_path("m");

	(void)state;
	free(scratch_put("config", "account a { vault = m }", 23, 0600));
	assert_int_equal(chdir(scratch), 0);
	assert_int_equal(config_load("config", &c, &e), 0);
	assert_string_equal(config_account(c, "a")->vault, want);
	config_free(&c);
	assert_int_equal(config_load("./config", &c, &e), 0);
	assert_non_null(config_by_vault(c, want));
	config_free(&c);
	assert_int_equal(chdir("/"), 0);
	free(want);
}

static void
test_a_vault_is_known_by_its_place_not_its_name(void **state)
{
	struct config *c;
	struct err e = { 0 };
	char *real = scratch_path("real"), *link = scratch_path("link");
	char *text, *gone = scratch_path("x/../gone//./v");

	(void)state;
	text = xasprintf("account z { server = \"imaps://h\" }\n"
	    "account a { vault = \"%s\" }\n"
	    "account b { vault = \"%s/gone/v\" }\n", real, scratch);
	assert_int_equal(mkdir(real, 0700), 0);
	assert_int_equal(symlink("real", link), 0);
	assert_int_equal(load_text(text, strlen(text), &c, &e), 0);
	assert_string_equal(config_by_vault(c, link)->name, "a");
	assert_string_equal(config_by_vault(c, real)->name, "a");
	assert_int_equal(chdir(real), 0);
	assert_string_equal(config_by_vault(c, ".")->name, "a");
	assert_null(config_by_vault(c, ".."));
	/* b's directory doesn't exist. */
	assert_string_equal(config_by_vault(c, gone)->name, "b");
	assert_string_equal(config_by_vault(c, "../gone/v/")->name, "b");
	assert_null(config_by_vault(c, "../gone/w"));
	assert_null(config_by_vault(c, "../../gone/v"));
	assert_null(config_by_vault(c, "/../../../.."));
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(real), 0);
	/* Now neither does a's. */
	assert_string_equal(config_by_vault(c, real)->name, "a");
	assert_null(config_by_vault(c, link));
	config_free(&c);
	free(real);
	free(link);
	free(gone);
	free(text);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_of_value_is_read),
		cmocka_unit_test(test_a_policy_of_prune_is_read),
		cmocka_unit_test(test_an_empty_list_counts_as_given),
		cmocka_unit_test(test_what_is_wrong_is_told_with_its_line),
		cmocka_unit_test(
		    test_whoever_writes_a_password_is_told_where_it_belongs),
		cmocka_unit_test(test_a_nul_cuts_nothing_off),
		cmocka_unit_test(
		    test_each_beginning_of_a_file_is_whole_or_refused),
		cmocka_unit_test(test_each_byte_may_be_any_other),
		cmocka_unit_test(test_a_mark_of_some_editors_is_skipped),
		cmocka_unit_test(test_sections_are_found_with_their_lines),
		cmocka_unit_test(test_names_have_a_limit),
		cmocka_unit_test(test_files_have_a_limit),
		cmocka_unit_test(test_a_file_that_others_may_write_is_refused),
		cmocka_unit_test(test_a_file_of_another_user_is_refused),
		cmocka_unit_test(test_a_file_of_root_is_read_by_anybody),
		cmocka_unit_test(test_only_a_file_is_read),
		cmocka_unit_test(test_the_usual_file_need_not_be_there),
		cmocka_unit_test(
		    test_relative_paths_are_taken_from_the_files_folder),
		cmocka_unit_test(
		    test_a_vault_is_known_by_its_place_not_its_name),
	};
	int rc;

	(void)argc;
	setenv("HOME", "/home/anna", 1);
	scratch_begin(argv[0]);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	scratch_end();
	return rc;
}
