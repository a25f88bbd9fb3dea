/*
 * What prune needs of a vault: packs that are named are read back and no
 * others (R112), and what it records is there after whatever becomes of
 * catalog, manifests and packs (R111).
 */
#include <stdlib.h>

#include "base/mem.h"
#include "vault_stage.h"

#define COMMITS	4

/* ---- reading back what is named ---- */

static void
note_finding(void *arg, const struct vault_finding *f)
{
	buf_addf(arg, "%s: %s\n", f->file, f->why);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
take_pack(void *arg, const struct known_pack *p, struct err *e)
{
	char **v = arg;

	(void)e;
	while (*v != NULL)
		v++;
	*v = xstrdup(p->name);
	return 0;
}

/* The names of the packs in the order they were made; each to be freed. */
static void
pack_names(char *names[COMMITS + 1])
{
	struct vault *v = stage_open(VAULT_READ);
	struct err e;

	memset(names, 0, (COMMITS + 1) * sizeof(*names));
	assert_int_equal(catalog_packs(vault_catalog(v), take_pack, names, &e),
	    0);
	vault_close(&v);
}

static void
free_names(char *names[COMMITS + 1])
{
	size_t i;

	for (i = 0; i < COMMITS; i++)
		free(names[i]);
}

/* Read back ${n} packs; so many were, and ${found} is what it said.  0 or -1 as vault_verify(). */
static int
verify(const char *const *only, size_t n, uint64_t read, struct buf *found)
{
	const struct vault_verify_opts opts = { .read_data = true,
	    .percent = 100, .only = only, .only_n = n,
	    .found = note_finding, .arg = found };
	struct vault *v = stage_open(VAULT_WRITE);
	struct vault_verify_report report;
	struct err e = { .kind = EK_NONE };
	int rc;

	buf_clear(found);
	rc = vault_verify(v, &opts, &report, &e);
	assert_true(rc == 0 || e.kind == EK_CORRUPT);
	assert_int_equal(report.packs_read, read);
	assert_int_equal(report.packs, COMMITS);
	vault_close(&v);
	return rc;
}

/* Change a byte of a file without changing its size. */
static void
flip(const char *name)
{
	char byte;
	int fd = open(stage_path("v/packs/%s", name), O_RDWR);

	assert_true(fd != -1);
	assert_int_equal(pread(fd, &byte, 1, 30), 1);
	byte = (char)(byte ^ 0x55);
	assert_int_equal(pwrite(fd, &byte, 1, 30), 1);
	close(fd);
}

static void
test_verify_reads_the_packs_that_are_named_and_no_others(void **state)
{
	struct buf found = BUF_INIT(1 << 16);
	const char *only[COMMITS];
	char *names[COMMITS + 1];
	size_t i;

	(void)state;
	stage_fill(CONTAINER_TAR, COMMITS);
	pack_names(names);
	flip(names[1]);
	for (i = 0; i < COMMITS; i++) {
		only[0] = names[i];
		assert_int_equal(verify(only, 1, 1, &found), i == 1 ? -1 : 0);
		assert_int_equal(strstr(buf_text(&found), names[1]) != NULL,
		    i == 1);
	}
	only[0] = names[0];
	only[1] = names[2];
	qsort(only, 2, sizeof(only[0]), by_text);
	assert_int_equal(verify(only, 2, 2, &found), 0);
	only[1] = names[1];
	qsort(only, 2, sizeof(only[0]), by_text);
	assert_int_equal(verify(only, 2, 2, &found), -1);
	/* None is none, and no list is all. */
	assert_int_equal(verify(only, 0, 0, &found), 0);
	assert_int_equal(verify(NULL, 0, COMMITS, &found), -1);
	free_names(names);
	buf_release(&found);
}

static void
test_verify_looks_at_names_and_sizes_of_all_packs_all_the_same(void **state)
{
	struct buf found = BUF_INIT(1 << 16);
	char *names[COMMITS + 1];
	const char *only[1];

	(void)state;
	stage_fill(CONTAINER_TAR, COMMITS);
	pack_names(names);
	only[0] = names[0];
	assert_int_equal(verify(only, 1, 1, &found), 0);
	/* What is not as long as it should be is read, to tell what is lost. */
	assert_int_equal(truncate(stage_path("v/packs/%s", names[3]), 50), 0);
	assert_int_equal(verify(only, 1, 2, &found), -1);
	assert_non_null(strstr(buf_text(&found), names[3]));
	assert_int_equal(verify(only, 0, 1, &found), -1);
	free_names(names);
	buf_release(&found);
}

static void
test_verify_says_so_where_a_pack_that_is_named_is_none(void **state)
{
	static const char *const only[] = { "00000009-1-0badcafe.tar.zst" };
	const struct vault_verify_opts opts = { .read_data = true,
	    .only = only, .only_n = 1 };
	struct buf found = BUF_INIT(1 << 16);
	struct vault_verify_report report;
	struct vault *v;
	struct err e;

	(void)state;
	stage_fill(CONTAINER_TAR, COMMITS);
	assert_int_equal(verify(only, 1, 0, &found), -1);
	assert_string_equal(buf_text(&found), "packs/00000009-1-0badcafe.tar."
	    "zst: no manifest names it\n");
	/* Who doesn't want to be told still gets the verdict. */
	v = stage_open(VAULT_CHECK);
	assert_int_equal(vault_verify(v, &opts, &report, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	assert_int_equal(report.damage[FOUND_PACK], 1);
	vault_close(&v);
	buf_release(&found);
}

/* ---- what prune records ---- */

static int
tell_intent(void *arg, const struct known_intent *k, struct err *e)
{
	(void)e;
	buf_addf(arg, "%ju.%ju run %ju %u-%u %d%d; ", (uintmax_t)k->folder,
	    (uintmax_t)k->epoch, (uintmax_t)k->run, k->uids.first,
	    k->uids.last, k->marked, k->move);
	return 0;
}

static int
tell_pruned(void *arg, const struct known_message *m, struct err *e)
{
	(void)e;
	if (m->gone)
		buf_addf(arg, "%u gone %ju; ", m->uid, (uintmax_t)m->pruned);
	return 0;
}

/* What is open, and what is gone; to be freed. */
static char *
outcome(void)
{
	struct buf b = BUF_INIT(4 << 20);
	struct vault *v = stage_open(VAULT_READ);
	struct catalog *c = vault_catalog(v);
	struct err e;

	if (catalog_intents(c, 0, tell_intent, &b, &e) == -1 ||
	    catalog_messages(c, 0, CATALOG_NOW, true, tell_pruned, &b,
	    &e) == -1)
		fail_msg("%s", e.text);
	vault_close(&v);
	return buf_take(&b);
}

static void
put_uids(struct vault_txn *t, struct record *rec, const struct uidset **where,
    const char *text)
{
	struct uidset set = UIDSET_INIT;
	struct err e;

	assert_int_equal(uidset_parse(text, strlen(text), 99, &set), 0);
	*where = &set;
	assert_int_equal(vault_put(t, rec, &e), 0);
	uidset_release(&set);
}

/*
 * A vault whose commit 5 means to delete UIDs 1 to 6, whose commit 6 did so with
 * 2 and 3 and not with 4, and whose commit 7 found 5 gone.
 */
static void
prune(void)
{
	struct record intent = { .kind = REC_PRUNE_INTENT, .u.prune_intent =
	    { 1, 1, NULL, false, false } };
	struct record pruned = { .kind = REC_PRUNED, .u.pruned =
	    { 1, 1, COMMITS + 1, NULL } };
	struct record kept = { .kind = REC_PRUNE_KEPT, .u.prune_kept =
	    { 1, 1, NULL } };
	struct record gone = { .kind = REC_GONE, .u.gone = { 1, 1, NULL } };
	struct vault *v = stage_open(VAULT_WRITE);
	struct vault_txn *t = NULL;
	struct err e;

	assert_int_equal(vault_begin(v, "prune", &t, &e), 0);
	put_uids(t, &intent, &intent.u.prune_intent.uids, "1:5");
	intent.u.prune_intent.marked = intent.u.prune_intent.move = true;
	put_uids(t, &intent, &intent.u.prune_intent.uids, "6");
	stage_commit(t);
	put_uids(t, &pruned, &pruned.u.pruned.uids, "2:3");
	put_uids(t, &kept, &kept.u.prune_kept.uids, "4");
	stage_run_end(&t);
	t = stage_run_begin(v);
	put_uids(t, &gone, &gone.u.gone.uids, "5");
	stage_run_end(&t);
	vault_close(&v);
}

#define OUTCOME	"1.1 run 5 1-1 00; 1.1 run 5 6-6 11; 2 gone 5; 3 gone 5; " \
		"5 gone 0; "

static void
assert_outcome(const char *want)
{
	char *got = outcome();

	assert_string_equal(got, want);
	free(got);
}

static void
test_a_catalog_that_is_made_anew_knows_what_was_pruned(void **state)
{
	struct vault *v;
	struct err e;

	(void)state;
	stage_fill(CONTAINER_TAR, COMMITS);
	prune();
	assert_outcome(OUTCOME);
	stage_run("rm v/catalog.sqlite");
	v = stage_open(VAULT_WRITE);
	assert_int_equal(vault_rebuild(v, true, &e), 0);
	vault_close(&v);
	assert_outcome(OUTCOME);
}

static void
test_bundles_and_compacted_packs_keep_what_was_pruned(void **state)
{
	char *names[COMMITS + 1];
	struct vault_compacted out = { .packs = 0 };
	struct buf found = BUF_INIT(1 << 16);
	struct vault *v;
	struct err e;

	(void)state;
	stage_fill(CONTAINER_TAR, COMMITS);
	prune();
	pack_names(names);
	v = stage_open(VAULT_WRITE);
	if (vault_compact(v, (const char *const *)names, COMMITS, NULL, NULL,
	    &out, &e) == -1 || vault_bundle(v, 1, 7, 1 << 20, &e) == -1)
		fail_msg("%s", e.text);
	vault_close(&v);
	assert_int_equal(out.packs, COMMITS);
	assert_outcome(OUTCOME);
	/* The bundle has all of it. */
	stage_run("rm v/manifests/0000000[1-7].jsonl.zst v/catalog.sqlite");
	v = stage_open(VAULT_WRITE);
	vault_close(&v);
	assert_outcome(OUTCOME);
	free_names(names);
	buf_release(&found);
}

static void
test_a_salvaged_chain_keeps_what_its_manifests_say_of_pruning(void **state)
{
	struct vault_salvage_report report;
	struct err e;

	(void)state;
	stage_fill(CONTAINER_TAR, COMMITS);
	prune();
	/* A first one with messages, and the one with the intents. */
	stage_run("rm v/manifests/0000000[25].jsonl.zst");
	assert_int_equal(vault_salvage(the_path, false, &the_env, &report, &e),
	    0);
	assert_outcome("2 gone 5; 3 gone 5; 5 gone 0; ");
}

/* An epoch that the lost manifest began, and nothing else is left of. */
static void
test_what_is_said_of_an_epoch_that_is_lost_is_passed_over(void **state)
{
	struct record intent = { .kind = REC_PRUNE_INTENT, .u.prune_intent =
	    { 2, 2, NULL, false, false } };
	struct record pruned = { .kind = REC_PRUNED, .u.pruned =
	    { 2, 2, 1, NULL } };
	struct record kept = { .kind = REC_PRUNE_KEPT, .u.prune_kept =
	    { 2, 2, NULL } };
	struct vault_salvage_report report;
	struct vault_txn *t;
	struct vault *v;
	struct err e;

	(void)state;
	stage_fill(CONTAINER_TAR, COMMITS);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	stage_box(t, 2, "Lost");
	stage_commit(t);
	put_uids(t, &intent, &intent.u.prune_intent.uids, "1:9");
	put_uids(t, &pruned, &pruned.u.pruned.uids, "1:3");
	put_uids(t, &kept, &kept.u.prune_kept.uids, "4");
	stage_run_end(&t);
	vault_close(&v);
	assert_outcome("2.2 run 5 5-9 00; ");
	stage_run("rm v/manifests/00000005.jsonl.zst");
	if (vault_salvage(the_path, false, &the_env, &report, &e) == -1)
		fail_msg("%s", e.text);
	assert_outcome("");
}

static void
test_a_chain_without_any_manifest_of_pruning_is_fine(void **state)
{
	struct vault_salvage_report report;
	struct buf found = BUF_INIT(1 << 16);
	struct err e;

	(void)state;
	stage_fill(CONTAINER_TAR, COMMITS);
	prune();
	stage_run("rm v/manifests/0000000[567].jsonl.zst");
	stage_run("rm v/catalog.sqlite");
	stage_run("rm v/manifests/00000001.jsonl.zst");
	assert_int_equal(vault_salvage(the_path, false, &the_env, &report, &e),
	    0);
	assert_outcome("");
	assert_int_equal(verify(NULL, 0, COMMITS, &found), 0);
	buf_release(&found);
}

/* More UIDs than a line takes. */
static void
test_a_long_intent_takes_several_records_and_is_one(void **state)
{
	struct record rec = { .kind = REC_PRUNE_INTENT };
	struct uidset set = UIDSET_INIT;
	struct vault_txn *t;
	struct vault *v;
	struct err e;
	uint32_t uid;
	size_t n = 0;
	char *got, *s;

	(void)state;
	stage_fill(CONTAINER_TAR, COMMITS);
	for (uid = 1; uid <= 40000; uid++)
		uidset_add(&set, uid * 100001);
	rec.u.prune_intent = (struct rec_prune_intent){ 1, 1, &set, true,
	    false };
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	assert_int_equal(vault_put(t, &rec, &e), 0);
	stage_run_end(&t);
	vault_close(&v);
	got = outcome();
	for (s = got; (s = strstr(s, " 10; ")) != NULL; s++)
		n++;
	assert_int_equal(n, 40000);
	free(got);
	uidset_release(&set);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, stage_begin, stage_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_verify_reads_the_packs_that_are_named_and_no_others),
		TEST(
	    test_verify_looks_at_names_and_sizes_of_all_packs_all_the_same),
		TEST(test_verify_says_so_where_a_pack_that_is_named_is_none),
		TEST(test_a_catalog_that_is_made_anew_knows_what_was_pruned),
		TEST(test_bundles_and_compacted_packs_keep_what_was_pruned),
		TEST(
	    test_a_salvaged_chain_keeps_what_its_manifests_say_of_pruning),
		TEST(test_what_is_said_of_an_epoch_that_is_lost_is_passed_over),
		TEST(test_a_chain_without_any_manifest_of_pruning_is_fine),
		TEST(test_a_long_intent_takes_several_records_and_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
