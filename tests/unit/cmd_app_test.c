/*
 * From the words of a command line to a verb, its output and the exit status.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "tests/unit/cmd_stage.h"

struct probe_opts {
	bool		 all, fail, damage;
	uint64_t	 limit;
	struct words	 names;
};

static const struct opt probe_rows[] = {
	OPT_FLAG('a', "all", struct probe_opts, all, "everything"),
	OPT_FLAG(0, "fail", struct probe_opts, fail, "end with an error"),
	OPT_FLAG(0, "damage", struct probe_opts, damage, "end with another"),
	OPT_U64(0, "limit", struct probe_opts, limit, "N", "so many"),
	OPT_LIST(0, "name", struct probe_opts, names, "NAME", "some"),
	OPT_END
};

static const struct probe_opts probe_defaults = { .limit = 20 };

/* Prints what it was given; its status is the number of its arguments. */
static int
probe(struct app *app, int argc, char **argv, struct err *e)
{
	const struct probe_opts *o = app->opts;
	int i;

	if (o->fail) {
		err_set(e, EK_TEMP, "the server is away");
		return err_next(e, "try later");
	}
	if (o->damage)
		return err_set(e, EK_CORRUPT, "a pack is cut");
	ui_print(app->ui, "all=%d limit=%d names=%zu user=%s config=%d now=%d",
	    o->all, (int)o->limit, o->names.n, app->given->user == NULL ? "-" :
	    app->given->user, app->config != NULL, app->now > 0);
	for (i = 0; i < argc; i++)
		ui_print(app->ui, "%s", argv[i]);
	assert_null(argv[argc]);
	return argc;
}

static const struct command cmd_probe = {
	.name = "probe",
	.run = probe,
	.summary = "show what arrives",
	.synopsis = "[options] [WORD ...]",
	.opts = probe_rows,
	.opts_size = sizeof(struct probe_opts),
	.defaults = &probe_defaults,
	.needs = NEED_ACCOUNT,
};

static int
bare(struct app *app, int argc, char **argv, struct err *e)
{
	(void)argv;
	(void)e;
	ui_print(app->ui, "bare %d %d", argc, app->config != NULL);
	return 0;
}

static const struct command cmd_bare = {
	.name = "bare",
	.run = bare,
	.summary = "take one argument",
	.synopsis = "[options] VAULT",
};

static const struct command *const commands[] = { &cmd_probe, &cmd_bare,
    &cmd_help, &cmd_version, NULL };

/* Run a command line, words between blanks; both outputs are to be freed. */
static int
run(const char *words, char **out, char **err)
{
	int fd[2] = { memfd_create("out", MFD_CLOEXEC),
	    memfd_create("err", MFD_CLOEXEC) };
	char *line = strdup(words), *argv[32], *save = NULL, *word;
	struct app app;
	int argc = 0, status;

	for (word = strtok_r(line, " ", &save); word != NULL;
	    word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	app_init(&app, commands, ui_new(fd[0], fd[1]));
	status = app_run(&app, argc, argv);
	*out = contents(fd[0]);
	*err = contents(fd[1]);
	close(fd[0]);
	close(fd[1]);
	free(line);
	return status;
}

/* ${out} and ${err} are what they begin with; "" is nothing at all. */
static void
check(const char *words, int status, const char *out, const char *err)
{
	char *got[2];
	const char *want[2] = { out, err };
	int r = run(words, &got[0], &got[1]), i;

	for (i = 0; i < 2; i++)
		if (*want[i] == '\0' ? *got[i] != '\0' :
		    strncmp(got[i], want[i], strlen(want[i])) != 0)
			fail_msg("mailkeep %s\n%s", words, got[i]);
	if (r != status)
		fail_msg("mailkeep %s: exit status %d", words, r);
	free(got[0]);
	free(got[1]);
}

static void
test_a_verb_gets_its_options_arguments_and_needs(void **state)
{
	(void)state;
	check("-c /dev/null probe", 0,
	    "all=0 limit=20 names=0 user=- config=1 now=1\n", "");
	check("probe one -a -c /dev/null two --limit 3 --user anna --name x "
	    "--name y -- -z", 3, "all=1 limit=3 names=2 user=anna config=1 "
	    "now=1\none\ntwo\n-z\n", "");
	check("-qv bare x --color never", 0, "bare 1 0\n", "");
}

static void
test_a_wrong_command_line_is_status_2_with_a_hint(void **state)
{
	static const struct { const char *words, *err; } t[] = {
		{ "prob", "mailkeep: there is no verb 'prob'\n"
		    "  -> did you mean 'probe'?\n" },
		{ "PROBE", "mailkeep: there is no verb 'PROBE'\n"
		    "  -> did you mean 'probe'?\n" },
		{ "xyz", "mailkeep: there is no verb 'xyz'\n"
		    "  -> mailkeep help lists the verbs\n" },
		{ "bare", "mailkeep: VAULT is missing\n"
		    "  -> usage: mailkeep bare [options] VAULT\n" },
		{ "bare a b", "mailkeep: 'b' is one argument too many\n" },
		{ "bare --user x v", "mailkeep: unknown option --user\n"
		    "  -> mailkeep help bare explains its options\n" },
		{ "probe --al", "mailkeep: unknown option --al\n"
		    "  -> did you mean --all?\n" },
		{ "--nonsense probe", "mailkeep: unknown option --nonsense\n"
		    "  -> mailkeep help lists them\n" },
		{ "help nothing", "mailkeep: there is no verb 'nothing'\n" },
		{ "-c", "mailkeep: --config needs a value: FILE\n" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		check(t[i].words, 2, "", t[i].err);
}

static void
test_a_config_file_that_is_missing_is_status_2(void **state)
{
	(void)state;
	check("-c /nonexistent/config probe", 2, "", "mailkeep: ");
	/* Who doesn't need it doesn't read it. */
	check("-c /nonexistent/config bare x", 0, "bare 1 0\n", "");
}

static void
test_help_comes_whatever_else_is_on_the_line(void **state)
{
	static const char usage[] = "usage: mailkeep bare [options] VAULT\n";

	(void)state;
	check("help bare", 0, usage, "");
	check("bare --help", 0, usage, "");
	check("bare -h", 0, usage, "");
	check("bare a b c -h --nonsense", 0, usage, "");
	check("-h bare", 0, usage, "");
	check("--help", 0, "usage: mailkeep VERB ", "");
	check("-h --nonsense", 0, "usage: mailkeep VERB ", "");
	check("help", 0, "usage: mailkeep VERB ", "");
	check("help -h", 0, "usage: mailkeep help ", "");
}

static void
test_no_verb_shows_the_overview_but_is_no_success(void **state)
{
	(void)state;
	check("", 2, "usage: mailkeep VERB ", "");
	check("-v", 2, "usage: mailkeep VERB ", "");
}

static void
test_version_is_an_option_of_every_verb(void **state)
{
	static const char text[] = "mailkeep " MAILKEEP_VERSION "\n";

	(void)state;
	check("version", 0, text, "");
	check("--version", 0, text, "");
	check("--version nonsense", 0, text, "");
	check("bare --version", 0, text, "");
	check("version --version", 0, text, "");
	check("version x", 2, "", "mailkeep: 'x' is one argument too many\n");
}

static void
test_an_error_of_a_verb_becomes_its_kinds_status(void **state)
{
	(void)state;
	check("-c /dev/null probe --fail", 75, "",
	    "mailkeep: the server is away\n  -> try later\n");
}

static void
test_an_error_without_advice_gets_that_of_its_kind(void **state)
{
	(void)state;
	check("-c /dev/null probe --damage", 6, "",
	    "mailkeep: a pack is cut\n  -> mailkeep verify tells what is "
	    "damaged, and what to do\n");
	assert_null(exit_advice(EK_FAIL));
}

static void
test_json_output_is_json_throughout(void **state)
{
	static const struct { const char *words; int status;
	    const char *out; } t[] = {
		{ "--json --version", 0, "{\"v\":1,\"type\":\"version\","
		    "\"version\":\"" MAILKEEP_VERSION "\",\"vault_format\":1}\n"
		    "{\"v\":1,\"type\":\"summary\",\"verb\":\"version\","
		    "\"exit_code\":0}\n" },
		{ "bare --json --help", 0, "{\"v\":1,\"type\":\"verb\","
		    "\"name\":\"bare\",\"synopsis\":\"[options] VAULT\","
		    "\"summary\":\"take one argument\"}\n{" },
		{ "--json", 2, "{\"v\":1,\"type\":\"verb\",\"name\":\"probe\"" },
		{ "--json help", 0,
		    "{\"v\":1,\"type\":\"verb\",\"name\":\"probe\"" },
		{ "-c /dev/null --json probe --fail", 75,
		    "{\"v\":1,\"type\":\"error\",\"kind\":\"temp\","
		    "\"message\":\"the server is away\","
		    "\"next\":\"try later\"}\n"
		    "{\"v\":1,\"type\":\"summary\",\"verb\":\"probe\","
		    "\"exit_code\":75}\n" },
		{ "--json --bad", 2,
		    "{\"v\":1,\"type\":\"error\",\"kind\":\"usage\"" },
		{ "-c /dev/null help --accounts --json", 0,
		    "{\"v\":1,\"type\":\"summary\"" },
	};
	char *out, *err, *p, *end;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(run(t[i].words, &out, &err), t[i].status);
		assert_begins(out, t[i].out);
		for (p = out; (end = strchr(p, '\n')) != NULL; p = end + 1)
			assert_begins(p, "{\"v\":1,\"type\":\"");
		assert_int_equal(*p, '\0');
		free(out);
		free(err);
	}
}

static void
test_dump_names_each_verb_and_what_it_inherits(void **state)
{
	char *out, *err;

	(void)state;
	assert_int_equal(run("help --dump", &out, &err), 0);
	assert_begins(out,
	    "probe\t\t[options] [WORD ...]\tshow what arrives\tverb\n"
	    "probe\t-a --all\t\teverything\town\n");
	assert_non_null(strstr(out, "\nprobe\t--user\tNAME\t"));
	assert_null(strstr(out, "\nbare\t--user\t"));
	assert_non_null(strstr(out, "\nbare\t-c --config\tFILE\t"));
	assert_non_null(strstr(out, "\nversion\t\t[options]\t"));
	free(out);
	free(err);
}

static void
test_accounts_are_listed_by_name(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *path = xasprintf("%s/account.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	char *words, *out, *err;
	static const char text[] =
	    "account work { server = \"imaps://anna@localhost\" }\n"
	    "account home { server = \"imaps://anna@localhost\" }\n";
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	close(fd);
	words = xasprintf("-c %s help --accounts", path);
	assert_int_equal(run(words, &out, &err), 0);
	assert_string_equal(out, "work\nhome\n");
	assert_string_equal(err, "");
	unlink(path);
	free(path);
	free(words);
	free(out);
	free(err);
}

static void
test_each_kind_of_error_has_its_status(void **state)
{
	static const struct { enum err_kind kind; int sig, want; } t[] = {
		{ EK_NONE, 0, 0 }, { EK_FAIL, 0, 1 }, { EK_USAGE, 0, 2 },
		{ EK_CONFIG, 0, 2 }, { EK_PARTIAL, 0, 3 }, { EK_AUTH, 0, 4 },
		{ EK_TLS, 0, 5 }, { EK_CORRUPT, 0, 6 }, { EK_LOCKED, 0, 7 },
		{ EK_SPACE, 28, 8 }, { EK_REFUSED, 0, 9 },
		{ EK_NOVAULT, 0, 10 }, { EK_STALE, 0, 11 },
		{ EK_TEMP, 0, 75 }, { EK_CANCELLED, SIGINT, 130 },
		{ EK_CANCELLED, SIGTERM, 143 }, { EK_PROTO, 0, 1 },
		{ EK_NO, 0, 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_int_equal(err_status(t[i].kind, t[i].sig), t[i].want);
	assert_string_equal(exit_kind(EK_AUTH), "auth");
	assert_string_equal(exit_kind(EK_NO), "no");
}

static void
test_the_worst_of_two_exits_is_the_first_in_the_manual(void **state)
{
	static const int order[] = { 6, 8, 9, 5, 4, 10, 7, 2, 1, 3, 11, 75, 0 };
	const size_t n = sizeof(order) / sizeof(order[0]);
	size_t i, j;

	(void)state;
	for (i = 0; i < n; i++) {
		for (j = i; j < n; j++) {
			assert_int_equal(exit_worst(order[i], order[j]),
			    order[i]);
			assert_int_equal(exit_worst(order[j], order[i]),
			    order[i]);
		}
		assert_int_equal(exit_worst(order[i], 130), 130);
		assert_int_equal(exit_worst(143, order[i]), 143);
	}
	/* Of two signals the one that came first; a stranger is an error. */
	assert_int_equal(exit_worst(130, 143), 130);
	assert_int_equal(exit_worst(143, 130), 143);
	assert_int_equal(exit_worst(42, 0), 42);
	assert_int_equal(exit_worst(42, 2), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_a_verb_gets_its_options_arguments_and_needs),
		cmocka_unit_test(
		    test_a_wrong_command_line_is_status_2_with_a_hint),
		cmocka_unit_test(test_a_config_file_that_is_missing_is_status_2),
		cmocka_unit_test(test_help_comes_whatever_else_is_on_the_line),
		cmocka_unit_test(
		    test_no_verb_shows_the_overview_but_is_no_success),
		cmocka_unit_test(test_version_is_an_option_of_every_verb),
		cmocka_unit_test(
		    test_an_error_of_a_verb_becomes_its_kinds_status),
		cmocka_unit_test(
		    test_an_error_without_advice_gets_that_of_its_kind),
		cmocka_unit_test(test_json_output_is_json_throughout),
		cmocka_unit_test(test_dump_names_each_verb_and_what_it_inherits),
		cmocka_unit_test(test_accounts_are_listed_by_name),
		cmocka_unit_test(test_each_kind_of_error_has_its_status),
		cmocka_unit_test(
		    test_the_worst_of_two_exits_is_the_first_in_the_manual),
	};

	unsetenv("TERM");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
