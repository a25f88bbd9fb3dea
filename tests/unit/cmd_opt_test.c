/*
 * Options: rows over a struct, words into fields, and what is said of those that don't fit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cmd/cmd.h"
#include "cmd/opt.h"
#include "cmd/ui.h"
#include "tests/unit/cmd_stage.h"

#define NOW	1760000000	/* 2025-10-09 */
#define WORDS	32

struct test_opts {
	bool		 all, both;
	unsigned int	 count;
	const char	*to;
	struct words	 folders;
	uint64_t	 limit, larger;
	int64_t		 older, since;
	int		 sort;
};

static const struct opt rows[] = {
	OPT_FLAG('a', "all", struct test_opts, all, "everything"),
	OPT_FLAG('b', "both", struct test_opts, both, "two at once"),
	OPT_LIST('f', "folder", struct test_opts, folders, "FOLDER",
	    "only these"),
	OPT_SIZE(0, "larger", struct test_opts, larger, "SIZE", "by size"),
	OPT_U64(0, "limit", struct test_opts, limit, "N", "so many"),
	OPT_AGE(0, "older-than", struct test_opts, older, "AGE", "by age"),
	OPT_DATE(0, "since", struct test_opts, since, "DATE", "by date"),
	OPT_CHOICE(0, "sort", struct test_opts, sort, "date|size|name",
	    "the order"),
	OPT_TEXT('t', "to", struct test_opts, to, "DIR", "where to"),
	OPT_COUNT('v', "verbose", struct test_opts, count, "say more"),
	OPT_END
};

/* What was stored and what is left over, as text. */
static void
describe(const struct test_opts *o, int argc, char **argv, struct buf *out)
{
	size_t i;

	if (o->all)
		buf_adds(out, "all ");
	if (o->both)
		buf_adds(out, "both ");
	if (o->count > 0)
		buf_addf(out, "count=%u ", o->count);
	if (o->to != NULL)
		buf_addf(out, "to=%s ", o->to);
	for (i = 0; i < o->folders.n; i++)
		buf_addf(out, "folder=%s ", o->folders.v[i]);
	if (o->limit > 0)
		buf_addf(out, "limit=%" PRIu64 " ", o->limit);
	if (o->larger > 0)
		buf_addf(out, "larger=%" PRIu64 " ", o->larger);
	if (o->older != 0)
		buf_addf(out, "older=%" PRId64 " ", o->older);
	if (o->since != 0)
		buf_addf(out, "since=%" PRId64 " ", o->since);
	if (o->sort > 0)
		buf_addf(out, "sort=%d ", o->sort);
	buf_addc(out, '|');
	for (i = 0; i < (size_t)argc; i++)
		buf_addf(out, " %s", argv[i]);
	assert_null(argv[argc]);
}

/* Split at blanks; '' is an empty word. */
static int
split(char *line, char *argv[WORDS])
{
	char *save = NULL, *word;
	int n = 0;

	for (word = strtok_r(line, " ", &save); word != NULL;
	    word = strtok_r(NULL, " ", &save)) {
		assert_true(n < WORDS - 1);
		argv[n++] = strcmp(word, "''") == 0 ? word + 2 : word;
	}
	argv[n] = NULL;
	return n;
}

static void
check_parse(const char *words, bool leading, const char *want)
{
	struct test_opts o = { 0 };
	const struct opt_set set = { "own", rows, &o };
	struct buf got = BUF_INIT(4096);
	char *line = strdup(words), *argv[WORDS];
	int argc = split(line, argv);
	struct err e = { .kind = EK_NONE };

	if (opt_parse(&set, 1, NOW, leading, &argc, argv, &e) == 0)
		describe(&o, argc, argv, &got);
	else {
		assert_int_equal(e.kind, EK_USAGE);
		buf_addf(&got, "! %s%s%s", e.text, *e.next == '\0' ? "" :
		    " -> ", e.next);
	}
	if (strcmp(buf_text(&got), want) != 0)
		fail_msg("%s\n  gives    %s\n  and not  %s", words,
		    buf_text(&got), want);
	opt_release(&set);
	assert_int_equal(o.folders.n, 0);
	buf_release(&got);
	free(line);
}

static void
test_options_of_each_type_land_in_their_fields(void **state)
{
	static const struct { const char *words, *want; } t[] = {
		{ "", "|" },
		{ "one two", "| one two" },
		{ "--all", "all |" },
		{ "-a", "all |" },
		{ "-ab", "all both |" },
		{ "-vvv --verbose", "count=4 |" },
		{ "--to=x", "to=x |" },
		{ "--to x", "to=x |" },
		{ "--to= y", "to= | y" },
		{ "--to '' y", "to= | y" },
		{ "--to=a=b", "to=a=b |" },
		{ "-t x", "to=x |" },
		{ "-tx", "to=x |" },
		{ "-atx", "all to=x |" },
		{ "-at x", "all to=x |" },
		{ "-t -a", "to=-a |" },
		{ "--to --all", "to=--all |" },
		{ "--to --", "to=-- |" },
		{ "-f INBOX --folder=Sent --folder Drafts",
		    "folder=INBOX folder=Sent folder=Drafts |" },
		{ "--limit 0", "|" },
		{ "--limit 18446744073709551615",
		    "limit=18446744073709551615 |" },
		{ "--larger 5M", "larger=5242880 |" },
		{ "--older-than 2d", "older=1759827200 |" },
		{ "--since 2026-03-01Z", "since=1772323200 |" },
		{ "--since 1w", "since=1759395200 |" },
		{ "--sort name", "sort=2 |" },
		{ "--sort size --sort date", "|" },
		{ "--to a --to b", "to=b |" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		check_parse(t[i].words, false, t[i].want);
}

static void
test_options_may_follow_arguments_until_two_dashes(void **state)
{
	(void)state;
	check_parse("one -a two --to x three", false, "all to=x | one two three");
	check_parse("one -a -- two --to x", false, "all | one two --to x");
	check_parse("-- --", false, "| --");
	check_parse("- -a", false, "all | -");
}

static void
test_leading_options_end_at_the_first_argument(void **state)
{
	(void)state;
	check_parse("-a verb --nonsense -v", true, "all | verb --nonsense -v");
	check_parse("-a -- -v", true, "all | -v");
	check_parse("-t x verb", true, "to=x | verb");
	check_parse("-a --", true, "all |");
}

static void
test_a_bad_option_is_named_with_what_was_meant(void **state)
{
	static const struct { const char *words, *want; } t[] = {
		{ "--foldr x", "! unknown option --foldr -> "
		    "did you mean --folder?" },
		{ "--old 2y", "! unknown option --old -> "
		    "did you mean --older-than?" },
		{ "--password=hunter2", "! no password belongs on the command line"
		    " -> leave it out to be asked, or give --password-file" },
		{ "--passwd x", "! no password belongs on the command line"
		    " -> leave it out to be asked, or give --password-file" },
		{ "--hidden=hunter2", "! unknown option --hidden" },
		{ "--al", "! unknown option --al -> did you mean --all?" },
		{ "--ALL", "! unknown option --ALL -> did you mean --all?" },
		{ "--=x", "! unknown option --" },
		{ "--l 5", "! unknown option --l -> "
		    "which one: --larger, --limit?" },
		{ "--s=5", "! unknown option --s -> "
		    "which one: --since, --sort?" },
		{ "--t 5", "! unknown option --t -> did you mean --to?" },
		{ "-x", "! unknown option -x" },
		{ "-ax", "! unknown option -x" },
		{ "-a=1", "! unknown option -=" },
		{ "---all", "! unknown option ---all -> did you mean --all?" },
		{ "--all=yes", "! --all takes no value" },
		{ "--to", "! --to needs a value: DIR" },
		{ "x -t", "! --to needs a value: DIR" },
		{ "--limit x", "! --limit: 'x' is not a number" },
		{ "--limit=", "! --limit: '' is not a number" },
		{ "--limit -1", "! --limit: '-1' is not a number" },
		{ "--limit 18446744073709551616", "! --limit: "
		    "'18446744073709551616' is not a number" },
		{ "--larger 5X",
		    "! --larger: '5X' is not a size such as 5M or 2G" },
		{ "--older-than 2",
		    "! --older-than: '2' is not an age such as 26h or 2y" },
		{ "--since x", "! --since: 'x' is neither a date such as "
		    "2026-03-01 or 2026-03-01 14:30 nor an age such as 2y" },
		{ "--since ''", "! --since: '' is neither a date such as "
		    "2026-03-01 or 2026-03-01 14:30 nor an age such as 2y" },
		{ "--sort nam", "! --sort: 'nam' is none of date|size|name" },
		{ "--sort name|", "! --sort: 'name|' is none of "
		    "date|size|name" },
		{ "--sort=", "! --sort: '' is none of date|size|name" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		check_parse(t[i].words, false, t[i].want);
}

static void
test_what_stood_before_a_bad_option_is_stored(void **state)
{
	struct test_opts o = { 0 };
	const struct opt_set set = { "own", rows, &o };
	char all[] = "--all", bad[] = "--bad", to[] = "--to=x";
	char *argv[] = { all, bad, to, NULL };
	struct err e;
	int argc = 3;

	(void)state;
	assert_int_equal(opt_parse(&set, 1, NOW, false, &argc, argv, &e), -1);
	assert_true(o.all);
	assert_null(o.to);
}

/* A verb with a --folder of its own, and account settings beside it. */
static void
test_settings_fill_an_account_and_own_options_come_first(void **state)
{
	struct test_opts o = { 0 };
	struct account *given = account_new();
	const struct opt_set sets[] = {
		{ "own", rows, &o },
		{ "account", opt_settings(), given },
	};
	char line[] = "--folder A --user anna --shared --disable=IDLE "
	    "--insecure-plaintext=no vault --shared=yes";
	char *argv[WORDS];
	struct err e = { .kind = EK_NONE };
	int argc = split(line, argv);

	(void)state;
	if (opt_parse(sets, 2, NOW, false, &argc, argv, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(argc, 1);
	assert_int_equal(o.folders.n, 1);
	assert_int_equal(given->folders.n, 0);
	assert_string_equal(given->user, "anna");
	assert_true(given->shared);
	assert_false(given->insecure_plaintext);
	assert_int_equal(given->disable.n, 1);
	opt_release(&sets[0]);
	account_free(&given);
}

static void
test_a_bad_setting_is_called_by_its_options_name(void **state)
{
	static const struct { const char *word, *want; } t[] = {
		{ "--tls-pin=x", "--tls-pin: a pin is written sha256// and 44 "
		    "characters of base64, several with ; between" },
		{ "--shared=perhaps",
		    "--shared: 'perhaps' is neither yes nor no" },
		{ "--user=a\nb", "--user: it holds a line end or another "
		    "control character" },
		{ "--vault=x", "unknown option --vault" },
		{ "--tls_ca=x", "unknown option --tls_ca" },
		{ "--password-command", "--password-command needs a value: "
		    "COMMAND" },
	};
	struct account *given = account_new();
	const struct opt_set set = { "account", opt_settings(), given };
	char *argv[2] = { NULL, NULL };
	struct err e;
	size_t i;
	int argc;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		argv[0] = strdup(t[i].word);
		argc = 1;
		assert_int_equal(opt_parse(&set, 1, NOW, false, &argc, argv,
		    &e), -1);
		assert_string_equal(e.text, t[i].want);
		assert_int_equal(e.kind, EK_USAGE);
		free(argv[0]);
		argv[0] = NULL;
	}
	account_free(&given);
}

static void
test_arguments_are_counted_by_the_synopsis(void **state)
{
	static const struct { const char *synopsis; int argc; const char *want; }
	    t[] = {
		{ "[options]", 0, NULL },
		{ "[options]", 1, "'a0' is one argument too many" },
		{ "[options] VAULT", 0, "VAULT is missing" },
		{ "[options] VAULT", 1, NULL },
		{ "[options] VAULT", 2, "'a1' is one argument too many" },
		{ "[options] URL VAULT", 1, "VAULT is missing" },
		{ "[options] --to URL VAULT", 0, "VAULT is missing" },
		{ "[options] --to URL VAULT", 1, NULL },
		{ "[options] --to URL VAULT", 2,
		    "'a1' is one argument too many" },
		{ "[options] VAULT [FOLDER]", 1, NULL },
		{ "[options] VAULT [FOLDER]", 2, NULL },
		{ "[options] VAULT [FOLDER]", 3,
		    "'a2' is one argument too many" },
		{ "[options] VAULT [FOLDER ...]", 7, NULL },
		{ "[options] VAULT [FOLDER ...]", 0, "VAULT is missing" },
		{ "[options] ACCOUNT ...", 0, "ACCOUNT is missing" },
		{ "[options] ACCOUNT ...", 5, NULL },
		{ "[options] [FROM [TO]] VAULT", 0, "VAULT is missing" },
		{ "[options] [FROM [TO]] VAULT", 3, NULL },
		{ "[options] [FROM [TO]] VAULT", 4,
		    "'a3' is one argument too many" },
		{ "[options] ACCOUNT | [SERVER] VAULT", 0,
		    "ACCOUNT is missing" },
		{ "[options] ACCOUNT | [SERVER] VAULT", 1, NULL },
		{ "[options] ACCOUNT | [SERVER] VAULT", 2, NULL },
		{ "[options] ACCOUNT | [SERVER] VAULT", 3,
		    "'a2' is one argument too many" },
		{ "", 0, NULL },
	};
	char names[8][4], *argv[9];
	struct err e;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < 8; i++) {
		snprintf(names[i], sizeof(names[i]), "a%zu", i);
		argv[i] = names[i];
	}
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		e.text[0] = '\0';
		r = opt_arguments(t[i].synopsis, t[i].argc, argv, &e);
		if ((r == 0) != (t[i].want == NULL))
			fail_msg("%s, %d", t[i].synopsis, t[i].argc);
		assert_string_equal(e.text,
		    t[i].want == NULL ? "" : t[i].want);
	}
}

/* What a function prints to a ui's stdout, as a string. */
static char *
printed(void (*fn)(struct ui *, void *), void *arg, bool json)
{
	const struct ui_opts opts = { .json = json };
	struct stage s;
	char *got;

	stage_files(&s, &opts);
	fn(s.ui, arg);
	assert_int_equal(ui_finish(&s.ui, 0), 0);
	got = contents(s.out);
	close(s.out);
	close(s.err);
	return got;
}

static const struct opt few[] = {
	OPT_FLAG('a', "all", struct test_opts, all, "everything"),
	OPT_TEXT(0, "to", struct test_opts, to, "DIR", "a help that is much "
	    "longer than what can stand on a line and so goes on, indented, "
	    "on the next one"),
	OPT_END
};

static void
print_few(struct ui *ui, void *arg)
{
	const struct opt_set set = { "own", few, NULL };

	(void)arg;
	opt_help(ui, &set, 1);
}

static void
test_help_is_printed_in_columns_from_the_rows(void **state)
{
	char *got = printed(print_few, NULL, false);

	(void)state;
	assert_string_equal(got, "\n"
	    "Options:\n"
	    "  -a, --all     everything\n"
	    "      --to DIR  a help that is much longer than what can stand "
	    "on a line and so\n"
	    "                goes on, indented, on the next one\n");
	free(got);
}

static void
print_all_help(struct ui *ui, void *arg)
{
	struct opt_set sets[] = {
		{ "own", rows, NULL },
		{ "account", opt_settings(), NULL },
		{ "global", rows, NULL },
	};

	(void)arg;
	opt_help(ui, sets, 3);
}

static void
test_help_of_all_settings_fits_80_columns_and_has_each_once(void **state)
{
	char *got = printed(print_all_help, NULL, false), *p, *end, name[80];
	const struct opt *o;

	(void)state;
	for (p = got; (end = strchr(p, '\n')) != NULL; p = end + 1) {
		if (end - p > 80)
			fail_msg("%.*s", (int)(end - p), p);
		assert_true(end == p || end[-1] != ' ');
	}
	for (o = opt_settings(); o->type != OPT_T_END; o++) {
		snprintf(name, sizeof(name), "--%s ", o->name);
		p = strstr(got, name);
		if (p == NULL) {
			/* Too long for the column, its help is below. */
			snprintf(name, sizeof(name), "--%s\n", o->name);
			p = strstr(got, name);
		}
		assert_non_null(p);
		assert_null(strstr(p + 1, name));
	}
	free(got);
}

static void
dump_few(struct ui *ui, void *arg)
{
	struct opt_set sets[] = {
		{ "own", few, NULL },
		{ "global", rows, NULL },
	};
	struct err e;

	(void)arg;
	/* Of the second set only what the first has not. */
	assert_int_equal(opt_dump("verb", sets, 2, ui, &e), 0);
}

static void
test_dump_has_a_line_for_each_option_that_can_be_reached(void **state)
{
	char *got = printed(dump_few, NULL, false), *p;
	size_t lines = 0;

	(void)state;
	assert_begins(got, "verb\t-a --all\t\teverything\town\n"
	    "verb\t--to\tDIR\ta help ");
	assert_non_null(strstr(got,
	    "\nverb\t--sort\tdate|size|name\tthe order\tglobal\n"));
	for (p = got; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	assert_int_equal(lines, sizeof(rows) / sizeof(rows[0]) - 1);
	free(got);
}

static void
test_dump_is_objects_where_json_is_asked_for(void **state)
{
	char *got = printed(dump_few, NULL, true);

	(void)state;
	assert_begins(got, "{\"v\":1,\"type\":\"option\",\"verb\":\"verb\","
	    "\"name\":\"all\",\"letter\":\"a\",\"help\":\"everything\","
	    "\"group\":\"own\"}\n");
	free(got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_of_each_type_land_in_their_fields),
		cmocka_unit_test(
		    test_options_may_follow_arguments_until_two_dashes),
		cmocka_unit_test(test_leading_options_end_at_the_first_argument),
		cmocka_unit_test(test_a_bad_option_is_named_with_what_was_meant),
		cmocka_unit_test(test_what_stood_before_a_bad_option_is_stored),
		cmocka_unit_test(
		    test_settings_fill_an_account_and_own_options_come_first),
		cmocka_unit_test(test_a_bad_setting_is_called_by_its_options_name),
		cmocka_unit_test(test_arguments_are_counted_by_the_synopsis),
		cmocka_unit_test(test_help_is_printed_in_columns_from_the_rows),
		cmocka_unit_test(
		    test_help_of_all_settings_fits_80_columns_and_has_each_once),
		cmocka_unit_test(
		    test_dump_has_a_line_for_each_option_that_can_be_reached),
		cmocka_unit_test(test_dump_is_objects_where_json_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
