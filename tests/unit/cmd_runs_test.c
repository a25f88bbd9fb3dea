/*
 * What runs that deleted messages from a server did, as log, list, export and restore show it, over a vault made here.
 */
#include <fcntl.h>

#include "tests/unit/cmd_vault.h"

#define MESSAGES	9

static char *secret;		/* own; a file with a password */

/* ---- a vault ---- */

static void
put_uids(struct vault_txn *t, enum record_kind kind, uint64_t run,
    uint32_t first, uint32_t last)
{
	struct record rec = { .kind = kind };
	struct uidset uids = UIDSET_INIT;

	uidset_add_range(&uids, first, last);
	if (kind == REC_GONE)
		rec.u.gone = (struct rec_gone){ 1, 1, &uids };
	else if (kind == REC_PRUNED)
		rec.u.pruned = (struct rec_pruned){ 1, 1, run, &uids };
	else
		rec.u.prune_intent = (struct rec_prune_intent){ 1, 1, &uids,
		    false, false };
	put_record(t, &rec);
	uidset_release(&uids);
}

static void
back_up(struct vault *v)
{
	struct vault_box box;
	struct vault_txn *t;
	char text[64];
	struct err e;
	uint32_t uid;

	assert_int_equal(vault_begin(v, "backup", &t, &e), 0);
	box = put_box(t, "Work");
	for (uid = 1; uid <= MESSAGES; uid++) {
		snprintf(text, sizeof(text), "Subject: number %u\r\n\r\n",
		    uid);
		put(t, &box, uid, text, strlen(text), uid % 2 == 0 ?
		    "\\Seen" : "", NULL);
	}
	end_run(&t);
}

/*
 * Run 1 saves UIDs 1 to 9; run 2 deletes 1 to 3, in two commits; run 4 is killed when it has deleted 5 and 6, which
 * backup finds in run 5, with 9, that somebody else has deleted.
 */
static int
make_vault(void **state)
{
	struct vault *v = make_empty("imaps://ann@127.0.0.1:1");
	struct vault_txn *t;
	struct err e;

	(void)state;
	back_up(v);
	assert_int_equal(vault_begin(v, "prune", &t, &e), 0);
	put_uids(t, REC_PRUNE_INTENT, 0, 1, 3);
	assert_int_equal(vault_commit(t, &e), 0);
	put_uids(t, REC_PRUNED, 2, 1, 3);
	end_run(&t);
	assert_int_equal(vault_begin(v, "prune", &t, &e), 0);
	put_uids(t, REC_PRUNE_INTENT, 0, 5, 6);
	assert_int_equal(vault_commit(t, &e), 0);
	vault_abort(&t);
	assert_int_equal(vault_begin(v, "backup", &t, &e), 0);
	put_uids(t, REC_PRUNED, 4, 5, 6);
	put_uids(t, REC_GONE, 0, 9, 9);
	end_run(&t);
	vault_close(&v);
	return 0;
}

/* ---- verbs ---- */

static int
play(const char *const *words)
{
	static const struct command *const commands[] = { &cmd_export,
	    &cmd_list, &cmd_log, &cmd_restore, NULL };

	stage_files(&stage, &plain);
	return play_words(commands, words);
}

#define PLAY(...)	play((const char *const[]){ __VA_ARGS__, NULL })

/* What was printed and said; to be freed. */
static char *
printed(void)
{
	char *out = contents(stage.out), *err = contents(stage.err), *all;

	all = xasprintf("%s%s", out, err);
	free(out);
	free(err);
	close_stage();
	return all;
}

static void
has(const char *want)
{
	char *got = printed();

	if (strstr(got, want) == NULL)
		fail_msg("%s\n  is not in\n%s", want, got);
	free(got);
}

/* The lines of a JSON answer that have ${word}. */
static int
count(const char *word)
{
	char *got = printed(), *s;
	int n = 0;

	for (s = got; (s = strstr(s, word)) != NULL; s++)
		n++;
	free(got);
	return n;
}

/* Each line below the first has a commit's number, and such words; there are no others. */
static void
assert_rows(const char *got, const char *const *rows, size_t n)
{
	const char *line = strchr(got, '\n');
	size_t i;

	for (i = 0; i < n; i += 2) {
		size_t len;
		char *row;

		assert_non_null(line);
		len = strcspn(++line, "\n");
		row = xasprintf(" %.*s", (int)len, line);
		if (strstr(row, rows[i]) == NULL ||
		    strstr(row, rows[i + 1]) == NULL)
			fail_msg("%s and %s are not in%s", rows[i],
			    rows[i + 1], row);
		free(row);
		line = strchr(line, '\n');
	}
	assert_string_equal(line, "\n");
}

static void
test_log_says_what_a_run_deleted_where_its_newest_commit_is(void **state)
{
	char *got, *line;
	static const char *const rows[] = {
		" 5 ", "backup ok ", " 4 ", "prune ..., 2 deleted ",
		" 3 ", "prune ok, 3 deleted ", " 2 ", "prune ... ",
		" 1 ", "backup ok ",
	};
	/* A row for each run, which nothing cuts. */
	static const char *const runs[] = {
		" 5 ", "backup ok ", " 4 ", "prune ...    0     2 ",
		" 3 ", "prune ok     0     3 ", " 1 ", "backup ok ",
	};

	(void)state;
	assert_int_equal(PLAY("log", "-v", vault), 0);
	got = printed();
	assert_rows(got, rows, sizeof(rows) / sizeof(rows[0]));
	free(got);
	assert_int_equal(PLAY("log", vault), 0);
	got = printed();
	assert_rows(got, runs, sizeof(runs) / sizeof(runs[0]));
	free(got);
	assert_int_equal(PLAY("log", "--last", "2", vault), 0);
	got = printed();
	assert_rows(got, runs, 4);
	free(got);
	assert_int_equal(PLAY("log", "--json", vault), 0);
	got = printed();
	assert_non_null(strstr(got, "\"commit\":4,"));
	assert_non_null(strstr(got, "\"pruned\":2,\"pruned_bytes\":42}"));
	assert_non_null(strstr(got, "\"pruned\":3,\"pruned_bytes\":63}"));
	line = strstr(got, "\"pruned\":");
	assert_non_null(line = strstr(line + 1, "\"pruned\":"));
	assert_null(strstr(line + 1, "\"pruned\":"));
	free(got);
}

static void
test_pruned_chooses_what_one_run_deleted(void **state)
{
	(void)state;
	assert_int_equal(PLAY("list", "--json", "--pruned", "2", vault), 0);
	assert_int_equal(count("\"gone\":true,\"pruned\":2,"), 3);
	assert_int_equal(PLAY("list", "--json", "--pruned", "2", vault), 0);
	assert_int_equal(count("\"type\":\"message\""), 3);
	assert_int_equal(PLAY("list", "--json", "--pruned", "4", vault), 0);
	assert_int_equal(count("\"type\":\"message\""), 2);
	/* Other conditions hold as well. */
	assert_int_equal(PLAY("list", "--json", "--pruned", "2", "--flag",
	    "seen", vault), 0);
	assert_int_equal(count("\"type\":\"message\""), 1);
	assert_int_equal(PLAY("list", "--json", "--pruned", "2", vault,
	    "Wor*"), 0);
	assert_int_equal(count("\"type\":\"message\""), 3);
	assert_int_equal(PLAY("export", "--json", "-n", "--pruned", "4",
	    vault), 0);
	has("\"messages\":2,");
}

static void
test_list_says_what_was_deleted_and_what_is_gone(void **state)
{
	char *got;

	(void)state;
	assert_int_equal(PLAY("list", "--all", vault), 0);
	assert_int_equal(count(" pruned\n"), 5);
	assert_int_equal(PLAY("list", "--all", vault), 0);
	assert_int_equal(count(" gone\n"), 1);
	/* Where only such are listed the column is there, too. */
	assert_int_equal(PLAY("list", "--pruned", "2", vault), 0);
	got = printed();
	assert_non_null(strstr(got, "GONE\n"));
	free(got);
	/* As it was then. */
	assert_int_equal(PLAY("list", "--at", "2", "--json", vault), 0);
	assert_int_equal(count("\"type\":\"message\""), MESSAGES);
}

static void
test_a_run_that_deleted_nothing_is_a_mistake(void **state)
{
	static const char *const runs[] = { "0", "1", "3", "5", "99",
	    "18446744073709551614" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		assert_int_equal(PLAY("list", "--pruned", runs[i], vault), 2);
		has("  -> runs 4, 2 did; mailkeep log lists the runs\n");
		assert_int_equal(PLAY("export", "-n", "--pruned", runs[i],
		    vault), 2);
		has("deleted nothing from the server\n");
		assert_int_equal(PLAY("restore", "-y", "--pruned", runs[i],
		    vault), 2);
		has("deleted nothing from the server\n");
	}
	assert_int_equal(PLAY("list", "--pruned", "two", vault), 2);
	has("two");
}

static void
test_restore_of_a_run_goes_back_to_the_vaults_own_account(void **state)
{
	(void)state;
	/* Nobody is there: what counts is who was asked. */
	assert_int_equal(PLAY("restore", "-y", "--pruned", "2", vault,
	    "--password-file", secret), 75);
	has("127.0.0.1");
	assert_int_equal(PLAY("restore", "-y", "--pruned", "2", vault,
	    "--password-file", secret, "--to", "imaps://ann@127.0.0.2:1"), 75);
	has("127.0.0.2");
	assert_int_equal(PLAY("restore", "-y", vault), 2);
	has("where to is not said");
	assert_int_equal(PLAY("restore", "-y", "--pruned", "2", "--to", "",
	    vault), 2);
	has("where to is not said");
	/* An id says all there is to say. */
	assert_int_equal(PLAY("restore", "-y", "--pruned", "2", vault, "1.5"),
	    2);
	has("'1.5' names a message");
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
	    test_log_says_what_a_run_deleted_where_its_newest_commit_is),
		cmocka_unit_test(test_pruned_chooses_what_one_run_deleted),
		cmocka_unit_test(
		    test_list_says_what_was_deleted_and_what_is_gone),
		cmocka_unit_test(test_a_run_that_deleted_nothing_is_a_mistake),
		cmocka_unit_test(
	    test_restore_of_a_run_goes_back_to_the_vaults_own_account),
	};
	int failed, fd;

	(void)argc;
	if (make_scratch(argv[0]) == -1)
		return 1;
	secret = xasprintf("%s/secret", scratch);
	fd = open(secret, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1 || write(fd, "secret\n", 7) != 7)
		return 1;
	close(fd);
	failed = cmocka_run_group_tests(tests, make_vault, remove_all);
	free_scratch();
	free(secret);
	return failed;
}
