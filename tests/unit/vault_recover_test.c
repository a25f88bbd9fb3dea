/*
 * The catalog is only an index: behind, lost or damaged it is brought to where the manifests stand; one that knows
 * more than they do is an alarm (D6, R44, R47, R48, R57, R58, R61, R64).
 */
#include "vault_stage.h"

#define COMMITS	5

static char *told;	/* what the vault below says */

/* A vault of COMMITS commits, and its catalog after each of them as c1 to c5: made once, as "whole". */
static int
history_begin(void **state)
{
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	char *text, *command;
	unsigned int i;

	if (stage_begin(state) == -1)
		return -1;
	stage_create(CONTAINER_TAR);
	for (i = 1; i <= COMMITS; i++) {
		the_time += 3600;
		v = stage_open(VAULT_WRITE);
		t = stage_run_begin(v);
		box = stage_box(t, 1, "INBOX");
		text = xasprintf("Subject: %u\r\nFrom: a@b\r\n\r\nx\r\n", i);
		stage_text(t, &box, i, text);
		free(text);
		if (i == 1)
			stage_text(t, &box, 90, "");
		stage_run_end(&t);
		vault_close(&v);
		command = xasprintf("cp v/catalog.sqlite c%u", i);
		stage_run(command);
		free(command);
	}
	told = stage_look(VAULT_READ);
	stage_run("mv v whole");
	return 0;
}

static int
history_end(void **state)
{
	free(told);
	return stage_end(state);
}

/* Before each test: nothing but that. */
static int
clear(void **state)
{
	(void)state;
	stage_run("find . -mindepth 1 -maxdepth 1 ! -name whole "
	    "! -name 'c[1-9]' -exec rm -r {} +");
	the_env.cache = NULL;
	buf_clear(&the_log);
	return 0;
}

/* A copy of it, and what it says; to be freed. */
static char *
make_history(void)
{
	stage_run("cp -r whole v");
	return xstrdup(told);
}

/* What the vault says once the header lines are filled in. */
static char *
tell_filled(enum vault_mode mode)
{
	struct vault *v = stage_open(mode);
	struct err e;
	char *text;

	if (vault_fill_headers(v, &e) == -1)
		fail_msg("%s", e.text);
	text = stage_tell(v);
	vault_close(&v);
	return text;
}

/* The first line that is not as it should be. */
static void
fail_differing(const char *harm, const char *got, const char *want)
{
	while (*got != '\0' && strcspn(got, "\n") == strcspn(want, "\n") &&
	    strncmp(got, want, strcspn(got, "\n") + 1) == 0) {
		got += strcspn(got, "\n") + 1;
		want += strcspn(want, "\n") + 1;
	}
	fail_msg("%s: %.*s\nnot %.*s", harm, (int)strcspn(got, "\n"), got,
	    (int)strcspn(want, "\n"), want);
}

/* Both a writer and a reader that come by find everything as it was.  ${harm}: done before each. */
static void
assert_heals(const char *harm, const char *want)
{
	static const enum vault_mode modes[] = { VAULT_WRITE, VAULT_READ };
	size_t i;
	char *got;

	for (i = 0; i < LENGTH(modes); i++) {
		stage_run(harm);
		got = tell_filled(modes[i]);
		if (strcmp(got, want) != 0)
			fail_differing(harm, got, want);
		free(got);
		/* And it stays so. */
		got = stage_look(VAULT_READ);
		assert_string_equal(got, want);
		free(got);
		stage_run("test ! -e v/catalog.sqlite-wal -a "
		    "! -e v/catalog.sqlite-journal");
	}
}

static void
test_catalog_that_is_behind_catches_up(void **state)
{
	char *want, *harm;
	unsigned int i;

	(void)state;
	want = make_history();
	for (i = 1; i < COMMITS; i++) {
		harm = xasprintf("cp c%u v/catalog.sqlite", i);
		assert_heals(harm, want);
		free(harm);
	}
	assert_int_equal(the_log.n, 0);
	free(want);
}

/* Deleting it changes no decision (R44). */
static void
test_catalog_that_is_gone_is_built_anew(void **state)
{
	char *want;

	(void)state;
	want = make_history();
	assert_heals("rm v/catalog.sqlite", want);
	assert_int_equal(the_log.n, 0);
	free(want);
}

static void
test_catalog_of_another_vault_is_built_anew(void **state)
{
	char *want;

	(void)state;
	stage_fill(CONTAINER_TAR, 3);
	stage_run("mv v other");
	want = make_history();
	assert_heals("cp other/catalog.sqlite v/catalog.sqlite", want);
	assert_non_null(strstr(buf_text(&the_log), "another vault's"));
	free(want);
}

/*
 * A vault whose catalog is damaged somewhere: questions are answered right or not at all, and then all is as it was.
 */
static void
assert_heals_itself(enum vault_mode mode, const char *harm, const char *want)
{
	struct buf b = BUF_INIT(1 << 20);
	struct vault *v;
	struct err e;
	char *got;

	if (vault_open(the_path, mode, &the_env, &v, &e) == -1)
		fail_msg("%s: %s", harm, e.text);
	/* Built anew it lacks the header lines. */
	if (vault_fill_headers(v, &e) == 0 && stage_ask(v, &b, &e) == 0) {
		if (strcmp(buf_text(&b), want) != 0)
			fail_differing(harm, buf_text(&b), want);
	} else
		assert_int_equal(e.kind, EK_CORRUPT);
	vault_close(&v);
	got = tell_filled(mode);
	if (strcmp(got, want) != 0)
		fail_differing(harm, got, want);
	free(got);
	buf_release(&b);
}

static void
test_catalog_that_is_damaged_is_built_anew(void **state)
{
	static const char *const harm[] = {
		": > v/catalog.sqlite",
		"echo hello > v/catalog.sqlite",
		"truncate -s 100 v/catalog.sqlite",
		"truncate -s 4096 v/catalog.sqlite",
		"truncate -s 20000 v/catalog.sqlite",
		"truncate -s -1 v/catalog.sqlite",
		"dd if=/dev/zero of=v/catalog.sqlite bs=100 count=1 "
		    "conv=notrunc 2>/dev/null",
		"dd if=/dev/urandom of=v/catalog.sqlite bs=4096 seek=1 "
		    "count=1 conv=notrunc 2>/dev/null",
		"head -c 100000 /dev/urandom > v/catalog.sqlite",
		"cp c5 v/catalog.sqlite-journal",
		"cp c5 v/catalog.sqlite-wal",
	};
	char *want, *command;
	size_t i;

	(void)state;
	want = make_history();
	for (i = 0; i < LENGTH(harm); i++) {
		command = xasprintf("cp c5 v/catalog.sqlite && %s", harm[i]);
		stage_run(command);
		assert_heals_itself(VAULT_WRITE, harm[i], want);
		stage_run(command);
		assert_heals_itself(VAULT_READ, harm[i], want);
		free(command);
	}
	free(want);
}

/* Page after page, so that damage is met at the opening or in the middle of the work. */
static void
test_catalog_with_a_damaged_page_never_lies(void **state)
{
	struct buf good = BUF_INIT(1 << 20);
	struct err e;
	size_t at, i, turn = 0;
	char *want, harm[40];
	int dir;

	(void)state;
	want = make_history();
	dir = open(the_path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(io_read_file(dir, "catalog.sqlite", &good, &e), 0);
	close(dir);
	for (at = 0; at < good.n; at += 4096, turn++) {
		char *bad = xmemdup0(good.p, good.n);

		/* Past what says that it is a database at all. */
		for (i = at == 0 ? 200 : at; i < at + 4096 && i < good.n; i++)
			bad[i] = (char)~bad[i];
		stage_write(stage_path("v/catalog.sqlite"), bad, good.n);
		snprintf(harm, sizeof(harm), "page at %zu", at);
		assert_heals_itself(VAULT_WRITE, harm, want);
		if (turn % 2) {
			stage_write(stage_path("v/catalog.sqlite"), bad,
			    good.n);
			assert_heals_itself(VAULT_READ, harm, want);
		}
		free(bad);
	}
	assert_true(turn > 10);
	free(want);
	buf_release(&good);
}

static void
test_catalog_that_is_a_link_is_not_followed(void **state)
{
	struct vault *v = NULL;
	struct err e;
	char *want;

	(void)state;
	want = make_history();
	stage_run("cp c5 elsewhere && rm v/catalog.sqlite && "
	    "ln -s ../elsewhere v/catalog.sqlite");
	if (vault_open(the_path, VAULT_WRITE, &the_env, &v, &e) == 0)
		vault_close(&v);
	stage_run("cmp c5 elsewhere");
	free(want);
}

/* ---- the alarm ---- */

/* A vault whose catalog knows what its manifests don't. */
static void
assert_alarm(const char *text)
{
	struct vault *v;
	struct err e;
	char *got;

	stage_run("cp v/catalog.sqlite before.sqlite && "
	    "ls v/packs v/manifests > before.ls");
	assert_int_equal(stage_refused(VAULT_WRITE, &e), EK_CORRUPT);
	if (strstr(e.text, text) == NULL)
		fail_msg("'%s' does not say '%s'", e.text, text);
	assert_true(strlen(e.next) > 0);
	/* A reader knows, and reads by a catalog of its own. */
	assert_int_not_equal(stage_refused(VAULT_READ, &e), EK_NONE);
	the_env.cache = stage_path("cache");
	v = stage_open(VAULT_READ);
	assert_non_null(vault_alarm(v));
	assert_non_null(strstr(vault_alarm(v)->text, text));
	vault_close(&v);
	got = tell_filled(VAULT_READ);
	assert_non_null(strstr(got, "message 1."));
	free(got);
	/* A second time from the same one. */
	got = tell_filled(VAULT_READ);
	free(got);
	stage_run("test $(ls cache/mailkeep/*.sqlite | wc -l) = 1");
	/* The alarm goes on: nothing was changed. */
	assert_int_equal(stage_refused(VAULT_WRITE, &e), EK_CORRUPT);
	stage_run("cmp v/catalog.sqlite before.sqlite && "
	    "ls v/packs v/manifests | cmp - before.ls");
	the_env.cache = NULL;
}

static void
test_alarm_where_the_last_manifests_are_lost(void **state)
{
	static const char *const lost[] = {
		"rm v/manifests/00000005*",
		"rm v/manifests/0000000[345]*",
		"rm v/manifests/*5.jsonl.zst v/packs/00000005*",
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(lost); i++) {
		stage_run("rm -rf v cache && cp -r whole v");
		stage_run(lost[i]);
		assert_alarm("knows commit 5");
	}
}

static void
test_alarm_where_all_manifests_are_lost(void **state)
{
	struct err e;

	(void)state;
	free(make_history());
	stage_run("rm v/manifests/*");
	assert_int_equal(stage_refused(VAULT_WRITE, &e), EK_CORRUPT);
	assert_non_null(strstr(e.text, "knows commit 5"));
	/* No pack was moved: which of them belong to a commit is not known. */
	assert_int_equal(stage_count("packs"), COMMITS);
	assert_int_equal(stage_count("orphans"), 0);
}

static void
test_alarm_where_a_manifest_was_replaced(void **state)
{
	struct vault *v;
	struct vault_txn *t;

	(void)state;
	free(make_history());
	/* The same vault set back to commit 4, and another commit 5 made in it. */
	stage_run("cp -r v other && rm v/manifests/*5.jsonl.zst "
	    "v/packs/00000005* && cp c4 v/catalog.sqlite");
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	stage_run_end(&t);
	vault_close(&v);
	stage_run("cp c5 v/catalog.sqlite");
	assert_alarm("manifest 5 is not the one that the catalog knows");
	/* Also where more came after it. */
	stage_run("rm -r cache && rm v/catalog.sqlite");
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	stage_run_end(&t);
	vault_close(&v);
	stage_run("cp c5 v/catalog.sqlite");
	assert_alarm("manifest 5 is not the one that the catalog knows");
}

static void
test_alarm_ends_when_the_manifests_are_back(void **state)
{
	char *want, *got;
	struct err e;

	(void)state;
	want = make_history();
	stage_run("mv v/manifests/00000005.jsonl.zst .");
	assert_int_equal(stage_refused(VAULT_WRITE, &e), EK_CORRUPT);
	/* Its pack too, if it was moved. */
	stage_run("mv 00000005.jsonl.zst v/manifests/");
	got = tell_filled(VAULT_WRITE);
	assert_string_equal(got, want);
	free(got);
	free(want);
	assert_int_equal(stage_count("packs"), COMMITS);
}

/* ---- the chain ---- */

static void
test_chain_with_a_fault_is_not_gone_on_from(void **state)
{
	/* A reader goes as far as the commit ${seen}; where one is missing it can't tell how far that is. */
	static const struct { const char *harm, *text; uint64_t seen; } t[] = {
		{ "rm v/manifests/00000003.jsonl.zst", "3", 0 },
		{ "truncate -s -1 v/manifests/00000003.jsonl.zst", "3", 2 },
		{ "truncate -s 0 v/manifests/00000005.jsonl.zst", "5", 4 },
		{ "printf X | dd of=v/manifests/00000002.jsonl.zst bs=1 "
		    "seek=40 conv=notrunc 2>/dev/null", "2", 1 },
		{ "cp v/manifests/00000002.jsonl.zst "
		    "v/manifests/00000003.jsonl.zst", "3", 2 },
		{ "cp other/manifests/00000003.jsonl.zst "
		    "v/manifests/00000003.jsonl.zst", "3", 2 },
		{ "cp v/manifests/00000005.jsonl.zst "
		    "v/manifests/00000006.jsonl.zst", "6", 5 },
	};
	struct digest head;
	struct vault *v;
	struct err e;
	size_t i;

	(void)state;
	/* Another vault has just such manifests. */
	stage_fill(CONTAINER_TAR, 3);
	stage_run("mv v other");
	for (i = 0; i < LENGTH(t); i++) {
		stage_run("rm -rf v && cp -r whole v && rm v/catalog.sqlite");
		stage_run(t[i].harm);
		assert_int_equal(stage_refused(VAULT_WRITE, &e), EK_CORRUPT);
		if (strstr(e.text, t[i].text) == NULL)
			fail_msg("%s: %s", t[i].harm, e.text);
		if (t[i].seen == 0) {
			assert_int_equal(stage_refused(VAULT_READ, &e),
			    EK_CORRUPT);
			continue;
		}
		v = stage_open(VAULT_READ);
		assert_int_equal(vault_head(v, &head), t[i].seen);
		assert_non_null(vault_alarm(v));
		assert_int_equal(vault_alarm(v)->kind, EK_CORRUPT);
		assert_non_null(strstr(vault_alarm(v)->text, t[i].text));
		vault_close(&v);
	}
	stage_run("rm -r v && cp -r whole v");
	v = stage_open(VAULT_READ);
	assert_null(vault_alarm(v));
	vault_close(&v);
	v = stage_open(VAULT_WRITE);
	vault_close(&v);
}

/* ---- scratch and orphans ---- */

static void
test_scratch_is_cleared_by_writers_only(void **state)
{
	struct vault *v;

	(void)state;
	stage_fill(CONTAINER_TAR, 1);
	stage_run("touch v/tmp/00000002.jsonl.zst.tmp v/tmp/spool-0 && "
	    "head -c 1000 v/manifests/* > v/tmp/00000002.jsonl.zst");
	v = stage_open(VAULT_READ);
	assert_int_equal(stage_head(v), 1);
	vault_close(&v);
	assert_int_equal(stage_count("tmp"), 3);
	v = stage_open(VAULT_WRITE);
	vault_close(&v);
	assert_int_equal(stage_count("tmp"), 0);
}

static void
test_orphans_are_moved_and_kept(void **state)
{
	struct vault *v;

	(void)state;
	stage_fill(CONTAINER_TAR, 3);
	stage_run("cp $(ls v/packs/00000002*) pack && "
	    "cp pack v/packs/00000004-1-deadbeef.tar.zst && "
	    "cp pack v/packs/00000004-12-00c0ffee.f3.mbox.zst && "
	    "cp pack v/packs/00000004-2-00c0ffee.tar.zst && "
	    "echo mine > v/packs/notes.txt && echo mine > v/packs/4711 && "
	    "ls v/packs/0000000[123]* > before");
	/* A reader leaves all where it is. */
	v = stage_open(VAULT_READ);
	vault_close(&v);
	assert_int_equal(stage_count("orphans"), 0);
	v = stage_open(VAULT_WRITE);
	assert_int_equal(stage_head(v), 3);
	assert_stored(v, "Subject: second of 2\r\n\r\nFrom me\r\n", 33);
	vault_close(&v);
	assert_int_equal(stage_count("orphans"), 3);
	stage_run("cmp pack v/orphans/00000004-1-deadbeef.tar.zst && "
	    "cmp pack v/orphans/00000004-12-00c0ffee.f3.mbox.zst && "
	    "cmp pack v/orphans/00000004-2-00c0ffee.tar.zst");
	/* What is not ours, and what belongs to a commit, stays. */
	stage_run("test -e v/packs/notes.txt -a -e v/packs/4711 && "
	    "ls v/packs/0000000[123]* | cmp - before");
	assert_non_null(strstr(buf_text(&the_log), "00000004-1-deadbeef"));
	/* They are told of once. */
	buf_clear(&the_log);
	v = stage_open(VAULT_WRITE);
	vault_close(&v);
	assert_int_equal(the_log.n, 0);
}

/* A run that died left packs of one commit; those of later ones had manifests. */
static void
test_packs_of_later_commits_tell_that_manifests_are_missing(void **state)
{
	struct err e;

	(void)state;
	stage_fill(CONTAINER_TAR, 3);
	stage_run("rm v/catalog.sqlite v/manifests/00000002* "
	    "v/manifests/00000003*");
	assert_int_equal(stage_refused(VAULT_WRITE, &e), EK_CORRUPT);
	assert_non_null(strstr(e.next, "--salvage"));
	assert_int_equal(stage_count("orphans"), 0);
	assert_int_equal(stage_count("packs"), 3);
}

static void
test_orphans_never_replace_each_other(void **state)
{
	struct vault *v = NULL;
	struct err e;

	(void)state;
	stage_fill(CONTAINER_TAR, 1);
	stage_run("echo first > v/orphans/00000002-1-deadbeef.tar.zst && "
	    "echo second > v/packs/00000002-1-deadbeef.tar.zst");
	if (vault_open(the_path, VAULT_WRITE, &the_env, &v, &e) == 0)
		vault_close(&v);
	stage_run("test $(cat v/orphans/00000002-1-deadbeef.tar.zst) = first "
	    "&& cat v/orphans/* v/packs/00000002* 2>/dev/null | "
	    "grep -qx second");
}

/* ---- header lines ---- */

static int
count_headers(void *arg, const struct known_message *m, struct err *e)
{
	(void)e;
	*(unsigned int *)arg += m->has_headers;
	return 0;
}

static unsigned int
headers(struct vault *v)
{
	unsigned int n = 0;
	struct err e;

	assert_int_equal(catalog_messages(vault_catalog(v), 0, CATALOG_NOW,
	    true, count_headers, &n, &e), 0);
	return n;
}

static void
test_header_lines_come_back_from_the_packs(void **state)
{
	struct vault *v;
	struct err e;
	char *want;

	(void)state;
	want = make_history();
	/* A writer. */
	stage_run("rm v/catalog.sqlite");
	v = stage_open(VAULT_WRITE);
	assert_int_equal(headers(v), 0);
	assert_int_equal(vault_fill_headers(v, &e), 0);
	assert_int_equal(headers(v), COMMITS + 1);
	vault_close(&v);
	/* A reader, which lends itself the lock for it. */
	stage_run("rm v/catalog.sqlite");
	v = stage_open(VAULT_READ);
	assert_int_equal(headers(v), 0);
	assert_int_equal(vault_fill_headers(v, &e), 0);
	assert_int_equal(headers(v), COMMITS + 1);
	assert_int_equal(vault_fill_headers(v, &e), 0);
	vault_close(&v);
	/* One of which the pack is lost is passed over, with a word. */
	stage_run("rm v/catalog.sqlite v/packs/00000003*");
	v = stage_open(VAULT_WRITE);
	buf_clear(&the_log);
	assert_int_equal(vault_fill_headers(v, &e), 0);
	assert_non_null(strstr(buf_text(&the_log), "00000003"));
	vault_close(&v);
	free(want);
}

static void
test_header_lines_wait_for_a_writer_at_work(void **state)
{
	struct vault *w, *r;
	struct err e;

	(void)state;
	free(make_history());
	stage_run("rm v/catalog.sqlite");
	w = stage_open(VAULT_WRITE);
	r = stage_open(VAULT_READ);
	assert_int_equal(vault_fill_headers(r, &e), 0);
	assert_int_equal(headers(r), 0);
	vault_close(&r);
	vault_close(&w);
}

/* ---- packs that are lost ---- */

static int
note_lost(void *arg, const char *pack, const char *why, struct err *e)
{
	(void)e;
	buf_addf(arg, "%.8s %s\n", pack, why);
	return 0;
}

static void
test_lost_packs_are_named(void **state)
{
	struct buf b = BUF_INIT(10000);
	struct vault *v;
	struct err e;

	(void)state;
	free(make_history());
	v = stage_open(VAULT_READ);
	assert_int_equal(vault_lost_packs(v, note_lost, &b, &e), 0);
	assert_string_equal(buf_text(&b), "");
	stage_run("cd v/packs && rm 00000001* && truncate -s +1 00000002* && "
	    "n=$(ls 00000003*) && rm $n && mkdir $n && n=$(ls 00000005*) && "
	    "mv $n ../.. && ln -s ../../$n $n");
	assert_int_equal(vault_lost_packs(v, note_lost, &b, &e), 0);
	assert_non_null(strstr(buf_text(&b), "00000001 it is missing\n"));
	assert_non_null(strstr(buf_text(&b), "00000002 it has another size\n"));
	assert_non_null(strstr(buf_text(&b),
	    "00000003 it is no regular file\n"));
	assert_null(strstr(buf_text(&b), "00000004"));
	assert_non_null(strstr(buf_text(&b),
	    "00000005 it is no regular file\n"));
	vault_close(&v);
	buf_release(&b);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, clear, NULL)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_catalog_that_is_behind_catches_up),
		TEST(test_catalog_that_is_gone_is_built_anew),
		TEST(test_catalog_of_another_vault_is_built_anew),
		TEST(test_catalog_that_is_damaged_is_built_anew),
		TEST(test_catalog_with_a_damaged_page_never_lies),
		TEST(test_catalog_that_is_a_link_is_not_followed),
		TEST(test_alarm_where_the_last_manifests_are_lost),
		TEST(test_alarm_where_all_manifests_are_lost),
		TEST(test_alarm_where_a_manifest_was_replaced),
		TEST(test_alarm_ends_when_the_manifests_are_back),
		TEST(test_chain_with_a_fault_is_not_gone_on_from),
		TEST(test_scratch_is_cleared_by_writers_only),
		TEST(test_orphans_are_moved_and_kept),
		TEST(test_packs_of_later_commits_tell_that_manifests_are_missing),
		TEST(test_orphans_never_replace_each_other),
		TEST(test_header_lines_come_back_from_the_packs),
		TEST(test_header_lines_wait_for_a_writer_at_work),
		TEST(test_lost_packs_are_named),
	};

	return cmocka_run_group_tests(tests, history_begin,
	    history_end);
}
