/*
 * What compaction left behind, though it said that it did not: found as damage, and mended from the old pack while it
 * is there (R61, R70; D2).
 */
#include "base/mem.h"
#include "job/job.h"
#include "vault_stage.h"

static void
note_finding(void *arg, const struct vault_finding *f)
{
	if (f->damage)
		buf_addf(arg, "%.15s: %s\n", f->file, f->why);
}

static void
note_cost(void *arg, const struct known_message *m, const char *pack)
{
	buf_addf(arg, "costs UID %u, in %.9s\n", m->uid, pack);
}

/* What is wrong with the vault, read or not. */
static void
assert_found(bool read_data, const char *want, uint64_t lost)
{
	struct vault *v = stage_open(VAULT_CHECK);
	struct buf b = BUF_INIT(1 << 20);
	const struct vault_verify_opts opts = { .read_data = read_data,
	    .percent = 100, .found = note_finding, .cost = note_cost,
	    .arg = &b };
	struct vault_verify_report r;
	struct err e;

	assert_int_equal(vault_verify(v, &opts, &r, &e), *want == '\0' ? 0 :
	    -1);
	assert_string_equal(buf_text(&b), want);
	assert_int_equal(r.lost, lost);
	if (*want != '\0')
		assert_int_equal(e.kind, EK_CORRUPT);
	buf_release(&b);
	vault_close(&v);
}

/* The first pack of a commit; to be freed. */
static char *
pack_of(const char *commit)
{
	char *names = stage_names("packs"), *at = strstr(names, commit), *pack;

	assert_non_null(at);
	pack = xmemdup0(at, strcspn(at, " "));
	free(names);
	return pack;
}

/* Say that a pack is none any more. */
static void
retire(const char *pack, const char *why)
{
	struct vault *v = stage_open(VAULT_WRITE);
	struct vault_txn *t = stage_run_begin(v);
	struct record rec = { .kind = REC_RETIRE };
	struct err e;

	rec.u.retire = (struct rec_retire){ pack, why };
	assert_int_equal(vault_put(t, &rec, &e), 0);
	stage_run_end(&t);
	vault_close(&v);
}

static int
repair(bool accept_loss, struct job_repair_report *r, struct err *e)
{
	struct vault *v = stage_open(VAULT_WRITE);
	struct buf b = BUF_INIT(1 << 20);
	const struct job_repair_opts opts = { .account = vault_account(v),
	    .offline = true, .accept_loss = accept_loss,
	    .found = note_finding, .arg = &b };
	int rc;

	e->kind = EK_NONE;
	rc = job_repair(v, &opts, r, e);
	buf_release(&b);
	vault_close(&v);
	return rc;
}

#define LEFT	"packs/00000001-: it was compacted, and 2 messages went to " \
		"no other pack\n" \
		"costs UID 1, in 00000001-\ncosts UID 2, in 00000001-\n"

static void
test_what_compaction_left_behind_is_damage_and_not_given_up(void **state)
{
	static const enum container kinds[] = { CONTAINER_TAR,
	    CONTAINER_MBOX };
	struct job_repair_report r;
	struct err e;
	char *pack;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(kinds); i++) {
		stage_fill(kinds[i], 2);
		pack = pack_of("00000001-");
		assert_found(true, "", 0);
		retire(pack, "compacted");
		assert_found(false, LEFT, 0);
		assert_found(true, LEFT, 0);
		assert_int_equal(repair(false, &r, &e), 0);
		assert_int_equal(r.mended.saved, 2);
		assert_int_equal(r.retired, 0);
		assert_found(true, "", 0);
		free(pack);
		stage_run("rm -r v");
	}
}

static void
test_what_compaction_left_behind_may_be_nowhere(void **state)
{
	struct job_repair_report r;
	struct err e;
	char *pack;

	(void)state;
	stage_fill(CONTAINER_TAR, 2);
	pack = pack_of("00000001-");
	retire(pack, "compacted");
	stage_run("rm v/packs/00000001-*");
	assert_found(true, LEFT, 0);
	assert_int_equal(repair(false, &r, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	assert_int_equal(r.lost, 2);
	/* It can't be retired once more: it stays damage. */
	assert_int_equal(repair(true, &r, &e), 0);
	assert_found(true, LEFT, 0);
	free(pack);
}

static void
test_what_a_repair_gave_up_is_no_damage(void **state)
{
	char *pack;

	(void)state;
	stage_fill(CONTAINER_TAR, 2);
	pack = pack_of("00000001-");
	retire(pack, "damaged");
	assert_found(true, "", 2);
	free(pack);
}

#define TEST(t)	cmocka_unit_test_setup_teardown(t, stage_begin, stage_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_compaction_left_behind_is_damage_and_not_given_up),
		TEST(test_what_compaction_left_behind_may_be_nowhere),
		TEST(test_what_a_repair_gave_up_is_no_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
