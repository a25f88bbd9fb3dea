/*
 * Runs and their commits: what is committed stays, what is not was never there, and nothing is replaced (R45, R46, R48,
 * R54, R60).
 */
#include <sys/wait.h>

#include "vault_stage.h"

static const enum container containers[] = { CONTAINER_TAR, CONTAINER_MBOX };

static void
test_run_that_records_nothing_leaves_nothing(void **state)
{
	struct vault_pending p;
	struct vault *v;
	struct vault_txn *t;

	(void)state;
	stage_fill(CONTAINER_TAR, 1);
	stage_run("cp -r v before");
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	assert_int_equal(vault_run(t), 2);
	vault_pending(t, &p);
	assert_int_equal(p.records, 0);
	assert_int_equal(p.since, 0);
	stage_commit(t);
	assert_int_equal(stage_head(v), 1);
	vault_abort(&t);
	assert_null(t);
	vault_abort(&t);
	vault_close(&v);
	stage_run("diff -r v before");
}

static void
test_run_needs_the_lock(void **state)
{
	struct vault *v;
	struct vault_txn *t = NULL;
	struct err e;

	(void)state;
	stage_fill(CONTAINER_TAR, 1);
	v = stage_open(VAULT_READ);
	assert_int_equal(vault_begin(v, "backup", &t, &e), -1);
	assert_int_equal(e.kind, EK_REFUSED);
	assert_null(t);
	vault_close(&v);
}

/* A reader of its own after each step: exactly what is committed is there. */
static void
test_commits_are_seen_one_by_one(void **state)
{
	struct vault *v, *r;
	struct vault_txn *t;
	struct vault_box box;
	struct vault_pending p;
	struct known_totals k;
	struct err e;
	char text[40];
	uint32_t i;
	size_t c;

	(void)state;
	for (c = 0; c < LENGTH(containers); c++) {
		stage_create(containers[c]);
		v = stage_open(VAULT_WRITE);
		t = stage_run_begin(v);
		box = stage_box(t, 1, "INBOX");
		for (i = 1; i <= 5; i++) {
			the_time += 10;
			snprintf(text, sizeof(text), "Subject: %u\r\n\r\n", i);
			stage_text(t, &box, i, text);
			vault_pending(t, &p);
			assert_int_equal(p.messages, 1);
			assert_int_equal(p.bytes, strlen(text));
			assert_in_range(p.since, BEGAN, the_time);
			r = stage_open(VAULT_READ);
			assert_int_equal(stage_head(r), i - 1);
			assert_int_equal(catalog_totals(vault_catalog(r), &k,
			    &e), 0);
			assert_int_equal(k.kept, i - 1);
			vault_close(&r);
			stage_commit(t);
			assert_int_equal(stage_head(v), i);
			vault_pending(t, &p);
			assert_int_equal(p.messages, 0);
			r = stage_open(VAULT_READ);
			assert_int_equal(stage_head(r), i);
			assert_stored(r, text, strlen(text));
			vault_close(&r);
			/* Nothing new, nothing done. */
			stage_commit(t);
			assert_int_equal(stage_head(v), i);
		}
		assert_int_equal(vault_run(t), 1);
		stage_run_end(&t);
		assert_int_equal(stage_head(v), 6);
		vault_close(&v);
		assert_int_equal(stage_count("manifests"), 6);
		assert_int_equal(stage_count("packs"), 5);
		assert_int_equal(stage_count("tmp"), 0);
		stage_run("rm -r v");
	}
}

struct last {
	struct known_commit k;
	char	result[20];
};

static int
take_commit(void *arg, const struct known_commit *k, struct err *e)
{
	struct last *l = arg;

	(void)e;
	l->k = *k;
	snprintf(l->result, sizeof(l->result), "%s", k->run_ends ? k->result :
	    "");
	return 1;
}

static void
test_run_end_tells_what_was_stored(void **state)
{
	struct rec_run_end end = { .result = "partial", .status = 3,
	    .error = "one was lost" };
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	struct last l;
	struct stat st;
	struct err e;
	char *names;

	(void)state;
	stage_create(CONTAINER_TAR);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	box = stage_box(t, 1, "INBOX");
	stage_text(t, &box, 1, "x\r\n");
	the_time += 5;
	end.counts.added = 1;
	assert_int_equal(vault_end(&t, &end, &e), 0);
	assert_int_equal(end.run, 1);
	assert_int_equal(end.time, BEGAN + 5);
	names = stage_names("packs");
	names[strlen(names) - 1] = '\0';
	assert_int_equal(stat(stage_path("v/packs/%s", names), &st), 0);
	assert_int_equal(end.counts.stored_bytes, st.st_size);
	free(names);
	assert_int_equal(catalog_commits(vault_catalog(v), take_commit, &l,
	    &e), 1);
	assert_true(l.k.run_ends);
	assert_string_equal(l.result, "partial");
	assert_int_equal(l.k.status, 3);
	assert_int_equal(l.k.counts.stored_bytes, st.st_size);
	/* One that had nothing to do leaves its end all the same. */
	t = stage_run_begin(v);
	stage_run_end(&t);
	assert_int_equal(stage_head(v), 2);
	assert_int_equal(stage_count("packs"), 1);
	vault_close(&v);
}

static void
test_abort_leaves_the_vault_as_it_was(void **state)
{
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	char *before, *after;
	size_t c;

	(void)state;
	for (c = 0; c < LENGTH(containers); c++) {
		stage_fill(containers[c], 2);
		stage_run("rm -rf before && cp -r v before");
		before = stage_look(VAULT_READ);
		v = stage_open(VAULT_WRITE);
		t = stage_run_begin(v);
		box = stage_box(t, 3, "Drafts");
		stage_text(t, &box, 1, "Subject: never\r\n\r\n");
		stage_take(t, "half", 4, 1, 5000000);
		vault_abort(&t);
		assert_null(t);
		/* In this handle too. */
		after = stage_tell(v);
		assert_string_equal(after, before);
		free(after);
		vault_close(&v);
		stage_run("diff -r -x catalog.sqlite v before");
		/* And a run after it is none the worse. */
		v = stage_open(VAULT_WRITE);
		t = stage_run_begin(v);
		box = stage_box(t, 3, "Drafts");
		vault_abort(&t);
		t = stage_run_begin(v);
		box = stage_box(t, 3, "Drafts");
		assert_int_equal(stage_text(t, &box, 1,
		    "Subject: never\r\n\r\n"), 1);
		stage_run_end(&t);
		assert_int_equal(stage_head(v), 3);
		assert_stored(v, "Subject: never\r\n\r\n", 18);
		vault_close(&v);
		free(before);
		stage_run("rm -r v");
	}
}

/* mbox: the first folder's pack has its name when the second's begins. */
static void
test_abort_keeps_packs_that_have_their_names_as_orphans(void **state)
{
	struct vault *v;
	struct vault_txn *t;
	struct vault_box in, sent;
	struct err e;

	(void)state;
	stage_fill(CONTAINER_MBOX, 1);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	in = stage_box(t, 1, "INBOX");
	sent = stage_box(t, 2, "Sent");
	stage_text(t, &in, 8, "Subject: a\r\n\r\n");
	stage_text(t, &sent, 9, "Subject: b\r\n\r\n");
	assert_int_equal(stage_count("packs"), 2);
	vault_abort(&t);
	/* Another run would use the same number: not before it is out of the way. */
	assert_int_equal(vault_begin(v, "backup", &t, &e), -1);
	assert_null(t);
	vault_close(&v);
	v = stage_open(VAULT_WRITE);
	assert_int_equal(stage_count("packs"), 1);
	assert_int_equal(stage_count("orphans"), 1);
	t = stage_run_begin(v);
	in = stage_box(t, 1, "INBOX");
	stage_text(t, &in, 8, "Subject: a\r\n\r\n");
	stage_run_end(&t);
	assert_stored(v, "Subject: a\r\n\r\n", 14);
	vault_close(&v);
	assert_int_equal(stage_count("packs"), 2);
	assert_int_equal(stage_count("orphans"), 1);
}

/* ---- killed ---- */

/* Where a process of its own is when it ends without a word. */
enum stage_of_run {
	RECORDED,	/* records, no message */
	STORED,		/* a message in the open pack */
	COMMITTED,	/* one commit, nothing open */
	GOING_ON,	/* one commit, a message in the next */
	TWO_FOLDERS,	/* mbox: a pack that has its name, in no commit */
	STAGES
};

static void
die_at(enum stage_of_run s)
{
	struct vault *v = stage_open(VAULT_WRITE);
	struct vault_txn *t = stage_run_begin(v);
	struct vault_box box = stage_box(t, 1, "INBOX"), other;

	if (s >= STORED)
		stage_text(t, &box, 11, "Subject: one\r\n\r\n");
	if (s >= COMMITTED)
		stage_commit(t);
	if (s >= GOING_ON) {
		other = stage_box(t, 2, "Sent");
		stage_text(t, &box, 12, "Subject: two\r\n\r\n");
		if (s == TWO_FOLDERS)
			stage_text(t, &other, 1, "Subject: three\r\n\r\n");
	}
	_exit(0);
}

static void
test_kill_at_any_stage_loses_only_the_open_commit(void **state)
{
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	size_t c;
	int s, status;
	pid_t pid;

	(void)state;
	for (c = 0; c < LENGTH(containers); c++)
		for (s = 0; s < STAGES; s++) {
			uint64_t commits = s >= COMMITTED ? 2 : 1;
			bool mbox = containers[c] == CONTAINER_MBOX;

			stage_fill(containers[c], 1);
			if ((pid = fork()) == 0)
				die_at((enum stage_of_run)s);
			assert_int_equal(waitpid(pid, &status, 0), pid);
			assert_int_equal(status, 0);
			/* A reader first: it needs nothing repaired. */
			v = stage_open(VAULT_READ);
			assert_int_equal(stage_head(v), commits);
			vault_close(&v);
			v = stage_open(VAULT_WRITE);
			assert_int_equal(stage_head(v), commits);
			assert_int_equal(stage_count("tmp"), 0);
			assert_int_equal(stage_count("packs"), commits);
			assert_int_equal(stage_count("orphans"),
			    mbox && s == TWO_FOLDERS);
			if (s >= COMMITTED)
				assert_stored(v, "Subject: one\r\n\r\n", 16);
			/* What was not committed was never there. */
			t = stage_run_begin(v);
			box = stage_box(t, 1, "INBOX");
			assert_int_equal(stage_text(t, &box, 12,
			    "Subject: two\r\n\r\n"), 1);
			stage_run_end(&t);
			assert_int_equal(stage_head(v), commits + 1);
			vault_close(&v);
			stage_run("rm -r v");
		}
}

/* ---- two of them ---- */

static void
test_commit_never_replaces_a_manifest(void **state)
{
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	struct rec_run_end end = { .result = "complete" };
	struct err e;

	(void)state;
	stage_fill(CONTAINER_TAR, 1);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	box = stage_box(t, 1, "INBOX");
	stage_text(t, &box, 5, "Subject: mine\r\n\r\n");
	/* Another writer, on a file system whose locks don't hold. */
	stage_run("echo theirs > v/manifests/00000002.jsonl.zst");
	assert_int_equal(vault_commit(t, &e), -1);
	assert_int_equal(e.kind, EK_LOCKED);
	stage_run("test $(cat v/manifests/00000002.jsonl.zst) = theirs");
	/* After that the run can only be forgotten. */
	assert_int_equal(vault_commit(t, &e), -1);
	assert_int_equal(vault_end(&t, &end, &e), -1);
	assert_null(t);
	assert_int_equal(stage_head(v), 1);
	vault_close(&v);
	/* The pack that it had published is kept, out of the way. */
	stage_run("rm v/manifests/00000002.jsonl.zst");
	v = stage_open(VAULT_WRITE);
	assert_int_equal(stage_head(v), 1);
	vault_close(&v);
	assert_int_equal(stage_count("orphans"), 1);
	assert_int_equal(stage_count("packs"), 1);
}

static void
test_record_that_makes_no_sense_breaks_the_run_not_the_vault(void **state)
{
	struct record rec = { .kind = REC_GONE };
	struct uidset uids = UIDSET_INIT;
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	struct mail_meta m = stage_meta(1);
	struct err e;

	(void)state;
	stage_fill(CONTAINER_TAR, 1);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	box = stage_box(t, 1, "INBOX");
	/* No such epoch. */
	uidset_add(&uids, 1);
	rec.u.gone = (struct rec_gone){ 1, 99, &uids };
	assert_int_equal(vault_put(t, &rec, &e), -1);
	assert_int_equal(vault_put(t, &rec, &e), -1);
	assert_int_equal(vault_commit(t, &e), -1);
	stage_take(t, "x", 1, 1, 1);
	assert_int_equal(vault_add(t, &box, &m, &e), -1);
	m.emailid = "M1";
	m.has_size = true;
	assert_int_equal(vault_refer(t, &box, &m, &e), -1);
	vault_abort(&t);
	assert_int_equal(stage_head(v), 1);
	t = stage_run_begin(v);
	stage_run_end(&t);
	assert_int_equal(stage_head(v), 2);
	vault_close(&v);
	assert_int_equal(stage_count("tmp"), 0);
	uidset_release(&uids);
}

/* A line of a manifest has a limit, a folder with holes has none. */
static void
test_record_of_very_many_uids_is_kept_whole(void **state)
{
	static const uint32_t ranges[] = { 100000, 100001 };
	struct record rec = { .kind = REC_MISSING };
	struct uidset uids = UIDSET_INIT, got = UIDSET_INIT;
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	struct err e;
	uint32_t i, n;

	(void)state;
	stage_create(CONTAINER_TAR);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	for (i = 0; i < LENGTH(ranges); i++) {
		box = stage_box(t, i + 1, "INBOX");
		uidset_clear(&uids);
		for (n = 1; n <= ranges[i]; n++)
			uidset_add(&uids, 2 * n);
		rec.u.missing = (struct rec_missing){ box.folder, box.epoch,
		    &uids, "not there" };
		assert_int_equal(vault_put(t, &rec, &e), 0);
		/* The caller's set is as it was. */
		assert_int_equal(uidset_count(&uids), ranges[i]);
		uidset_clear(&got);
		assert_int_equal(catalog_missing(vault_catalog(v), i + 1,
		    &got, &e), 0);
		assert_int_equal(uidset_count(&got), ranges[i]);
		uidset_remove_set(&got, &uids);
		assert_true(uidset_empty(&got));
	}
	stage_run_end(&t);
	vault_close(&v);
	uidset_release(&uids);
	uidset_release(&got);
}

/* ---- the clock ---- */

static int
check_time(void *arg, const struct known_commit *k, struct err *e)
{
	int64_t *later = arg;

	(void)e;
	assert_true(k->time < *later);
	*later = k->time;
	return 0;
}

static void
test_time_in_the_chain_never_goes_back(void **state)
{
	static const int64_t step[] = { 10, 0, -86400, -1, 5, 86400, -1000000,
	    0, 0, 1 };
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	int64_t later = INT64_MAX;
	struct err e;
	char text[40];
	size_t i;

	(void)state;
	stage_create(CONTAINER_TAR);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	for (i = 0; i < LENGTH(step); i++) {
		the_time += step[i];
		box = stage_box(t, 1, "INBOX");
		snprintf(text, sizeof(text), "Subject: %zu\r\n\r\n", i);
		stage_text(t, &box, (uint32_t)i + 1, text);
		stage_commit(t);
		/* Now and then in a new process. */
		if (i % 3 == 2) {
			stage_run_end(&t);
			vault_close(&v);
			v = stage_open(VAULT_WRITE);
			t = stage_run_begin(v);
		}
	}
	stage_run_end(&t);
	assert_int_equal(catalog_commits(vault_catalog(v), check_time, &later,
	    &e), 0);
	assert_int_equal(later, BEGAN + 10);
	vault_close(&v);
}

/* ---- beside each other ---- */

static void
beside(bool bulk)
{
	struct vault *w, *r;
	struct vault_txn *t;
	struct vault_box box;
	char *before, *now;
	struct err e;
	uint32_t i;
	char text[60];

	stage_fill(CONTAINER_TAR, 2);
	w = stage_open(VAULT_WRITE);
	r = stage_open(VAULT_READ);
	before = stage_tell(r);
	t = stage_run_begin(w);
	if (bulk)
		assert_int_equal(vault_bulk(t, &e), 0);
	box = stage_box(t, 1, "INBOX");
	for (i = 0; i < 50; i++) {
		snprintf(text, sizeof(text), "Subject: beside %u\r\n\r\n", i);
		stage_text(t, &box, 100 + i, text);
	}
	/* Nothing of an open commit is seen. */
	now = stage_tell(r);
	assert_string_equal(now, before);
	free(now);
	stage_commit(t);
	/* What there was can be read by who came before the commit, the rest by who comes now. */
	assert_stored(r, "Subject: second of 1\r\n\r\nFrom me\r\n", 33);
	vault_close(&r);
	r = stage_open(VAULT_READ);
	assert_int_equal(stage_head(r), 3);
	assert_stored(r, text, strlen(text));
	vault_close(&r);
	stage_run_end(&t);
	vault_close(&w);
	free(before);
	assert_false(stage_has(stage_path("v/catalog.sqlite-wal")));
	assert_false(stage_has(stage_path("v/catalog.sqlite-journal")));
	stage_run("rm -r v");
}

static void
test_reader_beside_a_writer_sees_whole_commits(void **state)
{
	(void)state;
	beside(false);
	beside(true);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, stage_begin, stage_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_run_that_records_nothing_leaves_nothing),
		TEST(test_run_needs_the_lock),
		TEST(test_commits_are_seen_one_by_one),
		TEST(test_run_end_tells_what_was_stored),
		TEST(test_abort_leaves_the_vault_as_it_was),
		TEST(test_abort_keeps_packs_that_have_their_names_as_orphans),
		TEST(test_kill_at_any_stage_loses_only_the_open_commit),
		TEST(test_commit_never_replaces_a_manifest),
		TEST(test_record_that_makes_no_sense_breaks_the_run_not_the_vault),
		TEST(test_record_of_very_many_uids_is_kept_whole),
		TEST(test_time_in_the_chain_never_goes_back),
		TEST(test_reader_beside_a_writer_sees_whole_commits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
