/*
 * The command line once more, with other options.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>

#include "cmd/repeat.h"
#include "tests/unit/cmd_stage.h"

struct probe_opts {
	bool		 dry_run, yes;
	const char	*plan, *subject;
	uint64_t	 most;
	struct words	 folders;
};

static const struct opt rows[] = {
	OPT_FLAG('n', "dry-run", struct probe_opts, dry_run, "look"),
	OPT_LIST('f', "folder", struct probe_opts, folders, "PATTERN", "some"),
	OPT_U64('m', "most", struct probe_opts, most, "N", "so many"),
	OPT_TEXT('p', "plan", struct probe_opts, plan, "FILE", "there"),
	OPT_TEXT(0, "subject", struct probe_opts, subject, "TEXT", "about"),
	OPT_FLAG(0, "yes", struct probe_opts, yes, "do it"),
	OPT_END
};

static int
probe(struct app *app, int argc, char **argv, struct err *e)
{
	static const char *const without[] = { "dry-run", "plan", "yes",
	    NULL };
	struct buf line = BUF_INIT(4096);

	(void)argc;
	(void)argv;
	(void)e;
	if (((const struct probe_opts *)app->opts)->most == 99)
		repeat_other(app, "undo", " --more", &line);
	else
		repeat_line(app, without, " --yes", &line);
	ui_print(app->ui, "%s", buf_text(&line));
	buf_release(&line);
	return 0;
}

static const struct command cmd_probe = {
	.name = "probe",
	.run = probe,
	.summary = "repeat the line",
	.synopsis = "[options] [WORD ...]",
	.opts = rows,
	.opts_size = sizeof(struct probe_opts),
	.needs = NEED_ACCOUNT,
};

static const struct command *const commands[] = { &cmd_probe, &cmd_help,
    &cmd_version, NULL };

/* A command line's words, NULL behind the last, and what it becomes. */
static void
check(char *const *words, const char *want)
{
	int fd[2] = { memfd_create("out", MFD_CLOEXEC),
	    memfd_create("err", MFD_CLOEXEC) };
	char *argv[16], *out, *err;
	struct app app;
	int n;

	for (n = 0; words[n] != NULL; n++)
		argv[n] = words[n];
	argv[n] = NULL;
	app_init(&app, commands, ui_new(fd[0], fd[1]));
	assert_int_equal(app_run(&app, n, argv), 0);
	out = contents(fd[0]);
	err = contents(fd[1]);
	assert_string_equal(err, "");
	assert_int_equal(out[strlen(out) - 1], '\n');
	out[strlen(out) - 1] = '\0';
	assert_string_equal(out, want);
	free(out);
	free(err);
	close(fd[0]);
	close(fd[1]);
}

static void
test_a_line_is_repeated_but_for_what_is_named(void **state)
{
	static char *const t[][16] = {
		{ "-c", "/dev/null", "probe", "work", "--subject=two words" },
		{ "-c", "/dev/null", "probe", "-n", "work", "--dry-run",
		    "--yes" },
		{ "--config=/dev/null", "probe", "--plan", "some file",
		    "--subject", "--yes", "work" },
		{ "-c", "/dev/null", "probe", "--plan=file", "-pfile", "-p",
		    "file", "-nv", "a" },
		{ "-c/dev/null", "probe", "-vnm", "7", "-nfx", "-npx",
		    "--user", "anna" },
		{ "-c", "/dev/null", "probe", "a", "--", "-n", "--plan" },
	};
	static const char *const want[] = {
		"mailkeep -c /dev/null probe work '--subject=two words' --yes",
		"mailkeep -c /dev/null probe work --yes",
		"mailkeep --config=/dev/null probe --subject --yes work --yes",
		"mailkeep -c /dev/null probe -v a --yes",
		"mailkeep -c/dev/null probe -vm 7 -fx --user anna --yes",
		"mailkeep -c /dev/null probe a --yes -- -n --plan",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		check(t[i], want[i]);
}

/* Its own options are left out, whatever they are, and the last one is, that has to be there. */
static void
test_for_another_verb_the_options_of_this_one_are_left_out(void **state)
{
	static char *const t[][16] = {
		{ "-c", "/dev/null", "probe", "--color", "never", "work", "-m", "99" },
		{ "-c", "/dev/null", "-v", "probe", "--user", "anna",
		    "--subject", "probe", "--yes", "-f", "x", "a", "-nm99" },
		{ "--config=/dev/null", "probe", "-nm99", "--", "-n" },
	};
	static const char *const want[] = {
		"mailkeep -c /dev/null undo --more --color never work",
		"mailkeep -c /dev/null undo --more --user anna a",
		"mailkeep --config=/dev/null undo --more -- -n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		check(t[i], want[i]);
}

static void
test_a_word_is_quoted_where_a_shell_would_change_it(void **state)
{
	static const struct { const char *in, *out; } t[] = {
		{ "work", "work" }, { "./a-b_c/d.e@f%g,h:i+j=k", 0 },
		{ "", "''" }, { "two words", "'two words'" },
		{ "It's", "'It'\\''s'" }, { "'", "''\\'''" },
		{ "$HOME", "'$HOME'" }, { "~/mail", "'~/mail'" },
		{ "a*", "'a*'" }, { "!x", "'!x'" }, { "#x", "'#x'" },
		{ "\u00c4rger", "'\u00c4rger'" }, { "a\\b", "'a\\b'" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct buf b = BUF_INIT(100);

		repeat_word(t[i].in, &b);
		assert_string_equal(buf_text(&b), t[i].out == NULL ?
		    t[i].in : t[i].out);
		buf_release(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_is_repeated_but_for_what_is_named),
		cmocka_unit_test(
	    test_for_another_verb_the_options_of_this_one_are_left_out),
		cmocka_unit_test(
		    test_a_word_is_quoted_where_a_shell_would_change_it),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
