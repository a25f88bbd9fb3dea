/*
 * What single records do and what is refused: references to nothing, numbers at
 * their limits, commits that don't follow.
 */
#include "catalog_help.h"

#define LINE_MAX_OK	((UINT64_C(1) << 31) - 1)

static struct record
uid_record(enum record_kind kind, uint64_t folder, uint64_t epoch,
    const struct uidset *uids)
{
	struct record r = { .kind = kind };

	if (kind == REC_FLAGS)
		r.u.flags = (struct rec_flags){ folder, epoch, uids, "", NULL };
	else if (kind == REC_GONE)
		r.u.gone = (struct rec_gone){ folder, epoch, uids };
	else if (kind == REC_PRUNE_INTENT)
		r.u.prune_intent = (struct rec_prune_intent){ folder, epoch,
		    uids, false, false };
	else if (kind == REC_PRUNED)
		r.u.pruned = (struct rec_pruned){ folder, epoch, 1, uids };
	else if (kind == REC_PRUNE_KEPT)
		r.u.prune_kept = (struct rec_prune_kept){ folder, epoch,
		    uids };
	else
		r.u.missing = (struct rec_missing){ folder, epoch, uids, "no" };
	return r;
}

static void
test_a_record_that_refers_to_nothing_is_corrupt(void **state)
{
	struct uid_range range = { 1, 2 };
	struct uidset uids = { &range, 1, 1 };
	struct record r[20];
	struct book b;
	struct err e;
	size_t i, n = 0;

	(void)state;
	begin_second(&b);
	r[n++] = an_epoch(2, 2);		/* no folder 2 */
	r[n++] = an_epoch(0, 1);
	r[n++] = a_folder(0, "zero");
	r[n++] = a_message(2, 9, 1);		/* no epoch 2 */
	r[n++] = a_message(0, 9, 1);
	r[n] = a_message(1, 9, 1);
	r[n++].u.message.folder = 2;		/* epoch 1 is folder 1's */
	r[n++] = a_message(1, 0, 1);
	r[n] = a_message(1, 9, 1);
	r[n++].u.message.size = 3;		/* content 1 has 2 bytes */
	r[n++] = uid_record(REC_FLAGS, 1, 2, &uids);
	r[n++] = uid_record(REC_GONE, 2, 1, &uids);
	r[n++] = uid_record(REC_MISSING, 1, UINT64_MAX, &uids);
	r[n++] = uid_record(REC_PRUNE_INTENT, 1, 2, &uids);
	r[n++] = uid_record(REC_PRUNED, 2, 1, &uids);
	r[n++] = uid_record(REC_PRUNE_KEPT, 1, 2, &uids);
	r[n] = an_epoch(1, 1);
	r[n++].u.epoch.uidvalidity = 8;
	r[n] = a_blob(&b, 0);
	r[n].u.blob.place.pack = "00000001-1-00000000.tar.zst";
	r[n++].u.blob.place.frame = 1;		/* it has one frame */
	r[n] = a_blob(&b, 0);
	r[n++].u.blob.size = 2;
	for (i = 0; i < n; i++) {
		FAILS(EK_CORRUPT, book_try(&b, r[i], &e));
		assert_non_null(strstr(e.text, "commit 2, line 2"));
		/* Whoever goes on all the same does not get far. */
		FAILS(EK_FAIL, catalog_commit(b.c, &b.head, &e));
		book_rollback(&b);
		book_begin(&b);
	}
	book_close(&b);
}

static void
test_a_commit_that_lacks_a_content_or_a_pack_is_corrupt(void **state)
{
	struct book b;
	struct err e;
	int i;

	(void)state;
	begin_second(&b);
	for (i = 0; i < 7; i++) {
		switch (i) {
		case 0:			/* a message alone */
			book_put(&b, a_message(1, 9, 50));
			break;
		case 1:			/* its blob alone */
			book_put(&b, a_blob(&b, 50));
			break;
		case 2:			/* no frames */
			book_put(&b, a_blob(&b, 50));
			book_put(&b, a_pack(&b, 1));
			break;
		case 3:			/* too few */
			book_put(&b, a_pack(&b, 3));
			book_put(&b, some_frames(&b, 0, 2));
			break;
		case 4:			/* too many */
			book_put(&b, a_pack(&b, 1));
			book_put(&b, some_frames(&b, 0, 2));
			break;
		case 5:			/* one not the first */
			book_put(&b, a_pack(&b, 2));
			book_put(&b, some_frames(&b, 1, 2));
			break;
		default: {		/* a blob behind the last */
			struct record r = a_blob(&b, 50);

			r.u.blob.place.frame = 1;
			book_put(&b, r);
			book_pack(&b);
		}
		}
		FAILS(EK_CORRUPT, catalog_commit(b.c, &b.head, &e));
		book_rollback(&b);
		assert_int_equal(count_live(b.c), 2);
		book_begin(&b);
	}
	/* The same, whole. */
	book_put(&b, a_message(1, 9, 50));
	book_put(&b, a_blob(&b, 50));
	book_pack(&b);
	book_commit(&b);
	assert_int_equal(count_live(b.c), 3);
	book_close(&b);
}

static void
test_a_pack_or_frame_recorded_twice_is_corrupt(void **state)
{
	struct book b;
	struct err e;

	(void)state;
	begin_second(&b);
	book_pack(&b);
	FAILS(EK_CORRUPT, book_try(&b, a_pack(&b, 1), &e));
	book_rollback(&b);
	book_begin(&b);
	book_pack(&b);
	FAILS(EK_CORRUPT, book_try(&b, some_frames(&b, 0, 1), &e));
	book_close(&b);
}

#define FIRST	"00000001-1-00000000.tar.zst"

static void
refused(struct book *b, struct record r, const char *why)
{
	struct err e;

	FAILS(EK_CORRUPT, book_try(b, r, &e));
	assert_non_null(strstr(e.text, why));
	book_rollback(b);
	book_begin(b);
}

static void
test_a_pack_is_retired_once_and_takes_nothing_more(void **state)
{
	struct record r = { REC_RETIRE, .u.retire = { FIRST, "compacted" } };
	struct record unknown = { REC_RETIRE, .u.retire =
	    { "00000009-1-00000000.tar.zst", "damaged" } };
	struct record own = { .kind = REC_RETIRE }, blob;
	struct record note = { .kind = REC_NOTE };
	struct known_blob k;
	struct digest d = book_digest(0);
	struct known_pack pack;
	struct book b;
	struct err e;

	(void)state;
	begin_second(&b);
	refused(&b, unknown, "no commit before it recorded");
	/* One that a blob names, but no commit has recorded yet, and one that this commit does. */
	own.u.retire = (struct rec_retire){ b.pack, "damaged" };
	book_put(&b, a_blob(&b, 50));
	refused(&b, own, "no commit before it recorded");
	book_put(&b, a_blob(&b, 50));
	book_pack(&b);
	refused(&b, own, "no commit before it recorded");
	book_put(&b, r);
	refused(&b, r, "twice");
	blob = a_blob(&b, 0);
	blob.u.blob.place.pack = FIRST;
	book_put(&b, r);
	refused(&b, blob, "was retired");
	FAILS(EK_FAIL, book_try(&b, note, &e));
	book_rollback(&b);
	assert_int_equal(catalog_blob(b.c, &d, &k, &e), 1);
	assert_false(k.lost);
	assert_int_equal(k.pack_size, 1000);
	book_begin(&b);
	book_put(&b, r);
	book_commit(&b);
	assert_int_equal(catalog_blob(b.c, &d, &k, &e), 1);
	assert_true(k.lost);
	assert_int_equal(k.pack_size, 0);
	/* As it is in another commit. */
	book_begin(&b);
	refused(&b, r, "twice");
	refused(&b, blob, "was retired");
	book_put(&b, a_blob(&b, 0));
	book_pack(&b);
	book_commit(&b);
	assert_int_equal(catalog_blob(b.c, &d, &k, &e), 1);
	assert_false(k.lost);
	assert_string_equal(k.place.pack, b.pack);
	assert_int_equal(catalog_pack(b.c, FIRST, &pack, &e), 1);
	assert_int_equal(pack.retired, 2);
	assert_int_equal(pack.retired_time, 120);
	assert_string_equal(pack.why, "compacted");
	book_close(&b);
}

static void
test_only_the_next_commit_of_the_same_vault_begins(void **state)
{
	struct catalog_head head;
	struct rec_head h;
	char id[65];
	struct book b;
	struct err e;
	int i;

	(void)state;
	book_open(&b, "next.sqlite");
	OK(catalog_head(b.c, &head, &e));
	assert_string_equal(head.vault, "");
	assert_int_equal(head.commit, 0);
	book_fill(&b, 1, 1);
	memset(id, 'x', 64);
	id[64] = '\0';
	for (i = 0; i < 7; i++) {
		h = book_head(&b);
		if (i == 0)
			h.commit = 1;
		else if (i == 1)
			h.commit = 3;
		else if (i == 2)
			h.prev.b[31] ^= 1;
		else if (i == 3)
			h.vault = "b vault";
		else if (i == 4)
			h.vault = "";
		else if (i == 5)
			h.vault = id;
		else
			h.commit = UINT64_C(1) << 32;
		FAILS(i == 6 ? EK_FAIL : EK_CORRUPT,
		    catalog_begin(b.c, &h, &e));
	}
	OK(catalog_head(b.c, &head, &e));
	assert_string_equal(head.vault, "a vault");
	assert_int_equal(head.commit, 1);
	assert_true(digest_equal(&head.sha256, &b.head));
	book_begin(&b);
	OK(catalog_head(b.c, &head, &e));
	assert_int_equal(head.commit, 1);
	book_commit(&b);
	OK(catalog_head(b.c, &head, &e));
	assert_int_equal(head.commit, 2);
	book_close(&b);
}

static void
test_a_vaults_id_may_have_63_bytes(void **state)
{
	struct catalog_head head;
	struct rec_head h;
	char id[64];
	struct book b;
	struct err e;

	(void)state;
	book_open(&b, "id.sqlite");
	memset(id, 'x', 63);
	id[63] = '\0';
	h = book_head(&b);
	h.vault = id;
	OK(catalog_begin(b.c, &h, &e));
	OK(catalog_commit(b.c, &b.head, &e));
	OK(catalog_head(b.c, &head, &e));
	assert_string_equal(head.vault, id);
	book_close(&b);
}

static void
test_lines_ascend_up_to_their_limit(void **state)
{
	struct known_message m;
	struct record r;
	struct book b;
	struct err e;
	uint64_t i;

	(void)state;
	begin_second(&b);
	r = a_folder(2, "two");
	FAILS(EK_CORRUPT, catalog_apply(b.c, 1, &r, &e));
	book_rollback(&b);
	book_begin(&b);
	OK(catalog_apply(b.c, 7, &r, &e));
	FAILS(EK_CORRUPT, catalog_apply(b.c, 7, &r, &e));
	book_rollback(&b);
	book_begin(&b);
	for (i = 0; i < 2; i++) {
		r = a_message(1, 10 + (uint32_t)i, i);
		OK(catalog_apply(b.c, LINE_MAX_OK - 1 + i, &r, &e));
	}
	book_commit(&b);
	for (i = 0; i < 2; i++) {
		assert_int_equal(catalog_message(b.c, 2, LINE_MAX_OK - 1 + i,
		    &m, &e), 1);
		assert_int_equal(m.uid, 10 + i);
		assert_int_equal(m.commit, 2);
		assert_int_equal(m.line, LINE_MAX_OK - 1 + i);
	}
	assert_int_equal(catalog_message(b.c, 2, LINE_MAX_OK + 1, &m, &e), 0);
	assert_int_equal(catalog_message(b.c, 1, LINE_MAX_OK, &m, &e), 0);
	assert_int_equal(catalog_message(b.c, UINT64_MAX, 2, &m, &e), 0);
	book_begin(&b);
	r = a_message(1, 12, 0);
	FAILS(EK_FAIL, catalog_apply(b.c, LINE_MAX_OK + 1, &r, &e));
	book_close(&b);
}

static void
test_numbers_fit_up_to_63_bits(void **state)
{
	static const uint64_t limits[] = { INT64_MAX - UINT64_C(1), INT64_MAX,
	    INT64_MAX + UINT64_C(1), UINT64_MAX };
	struct known_epoch k;
	struct record r;
	struct book b;
	struct err e;
	size_t i;

	(void)state;
	begin_second(&b);
	for (i = 0; i < 4; i++) {
		r = an_epoch(1, 1);
		r.u.epoch.has_state = true;
		r.u.epoch.highestmodseq = limits[i];
		book_put(&b, r);
		if (i < 2) {
			book_commit(&b);
			assert_int_equal(catalog_epoch(b.c, 1, &k, &e), 1);
			assert_true(k.highestmodseq == limits[i]);
		} else {
			FAILS(EK_FAIL, catalog_commit(b.c, &b.head, &e));
			book_rollback(&b);
		}
		book_begin(&b);
	}
	/* Nor may a sum pass what a number can be: 3 bytes are there. */
	for (i = 0; i < 2; i++) {
		r = a_blob(&b, 100);
		r.u.blob.size = INT64_MAX - 3 + i;
		if (i == 0)
			book_put(&b, r);
		else
			FAILS(EK_FAIL, book_try(&b, r, &e));
		book_rollback(&b);
		book_begin(&b);
	}
	r = a_message(1, UINT32_MAX, 3);
	book_put(&b, r);
	book_put(&b, a_blob(&b, 3));
	book_pack(&b);
	book_commit(&b);
	assert_int_equal(catalog_epoch(b.c, 1, &k, &e), 1);
	assert_int_equal(k.max_uid, UINT32_MAX);
	book_close(&b);
}

static void
test_a_message_said_twice_is_one_and_any_other_fact_makes_two(void **state)
{
	struct record same, r;
	struct known_epoch k;
	struct book b;
	struct err e;
	uint64_t live = 3;
	int i;

	(void)state;
	begin_second(&b);
	same = a_message(1, 9, 0);
	same.u.message.emailid = "e";
	same.u.message.threadid = "t";
	same.u.message.internaldate = "then";
	book_put(&b, same);
	for (i = 0; i < 12; i++) {
		r = same;
		switch (i) {
		case 0: r.u.message.uid = 8; break;
		case 1: r.u.message.sha256 = book_digest(1);
			r.u.message.size = 2; break;
		case 2: r.u.message.internaldate = "now"; break;
		case 3: r.u.message.internaldate = NULL; break;
		case 4: r.u.message.has_date = true; break;
		case 5: r.u.message.flags = "\\Seen"; break;
		case 6: r.u.message.labels = ""; break;
		case 7: r.u.message.emailid = "f"; break;
		case 8: r.u.message.emailid = NULL; break;
		case 9: r.u.message.threadid = "u"; break;
		case 10: r.u.message.threadid = NULL; break;
		default: r.u.message.uid = 10;
		}
		book_put(&b, r);
		assert_int_equal(catalog_epoch(b.c, 1, &k, &e), 1);
		assert_int_equal(k.live, ++live);
		book_put(&b, r);
		book_put(&b, same);
		assert_int_equal(catalog_epoch(b.c, 1, &k, &e), 1);
		assert_int_equal(k.live, live);
	}
	book_close(&b);
}

/*
 * More epochs at once than are remembered, so that figures go to the file and
 * come back.
 */
static void
test_many_epochs_in_turn_are_all_counted(void **state)
{
	struct known_epoch k;
	struct book b;
	struct err e;
	uint64_t f;
	uint32_t uid;
	char name[32];

	(void)state;
	book_open(&b, "many.sqlite");
	book_begin(&b);
	for (f = 1; f <= 200; f++) {
		snprintf(name, sizeof(name), "F%ju", (uintmax_t)f);
		book_put(&b, a_folder(f, name));
		book_put(&b, an_epoch(f, f));
	}
	book_put(&b, a_blob(&b, 1));
	for (uid = 1; uid <= 3; uid++)
		for (f = 1; f <= 200; f++)
			book_put(&b, a_message(f, uid * 2, 1));
	book_pack(&b);
	book_commit(&b);
	for (f = 1; f <= 200; f++) {
		assert_int_equal(catalog_epoch(b.c, f, &k, &e), 1);
		assert_int_equal(k.live, 3);
		assert_int_equal(k.max_uid, 6);
	}
	assert_int_equal(count_live(b.c), 600);
	book_close(&b);
}

static void
test_a_text_beyond_all_limits_is_refused(void **state)
{
	char *name = long_text('n', 16 * 1024 * 1024 + 1);
	struct book b;
	struct err e;

	(void)state;
	book_open(&b, "huge.sqlite");
	book_begin(&b);
	FAILS(EK_FAIL, book_try(&b, a_folder(1, name), &e));
	book_close(&b);
	free(name);
}

/*
 * A text that was new in a commit that came to nothing must not keep its
 * number.
 */
static void
test_what_is_rolled_back_leaves_nothing_behind(void **state)
{
	struct known_message m;
	struct known_epoch k;
	struct record r;
	struct book b;
	struct err e;
	uint64_t n;

	(void)state;
	begin_second(&b);
	r = a_message(1, 3, 0);
	r.u.message.flags = "first";
	book_put(&b, r);
	assert_int_equal(catalog_message(b.c, 2, 2, &m, &e), 1);
	assert_string_equal(m.flags, "first");
	book_put(&b, a_folder(2, "two"));
	book_put(&b, an_epoch(2, 2));
	book_rollback(&b);
	catalog_rollback(b.c);
	OK(catalog_last_folder(b.c, &n, &e));
	assert_int_equal(n, 1);
	assert_int_equal(catalog_epoch(b.c, 1, &k, &e), 1);
	assert_int_equal(k.live, 2);
	book_begin(&b);
	r.u.message.flags = "second";
	book_put(&b, r);
	FAILS(EK_CORRUPT, book_try(&b, a_message(2, 1, 0), &e));
	book_rollback(&b);
	book_begin(&b);
	book_put(&b, r);
	book_commit(&b);
	assert_int_equal(catalog_message(b.c, 2, 2, &m, &e), 1);
	assert_string_equal(m.flags, "second");
	book_close(&b);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_a_record_that_refers_to_nothing_is_corrupt),
		cmocka_unit_test(
		    test_a_commit_that_lacks_a_content_or_a_pack_is_corrupt),
		cmocka_unit_test(
		    test_a_pack_or_frame_recorded_twice_is_corrupt),
		cmocka_unit_test(
		    test_only_the_next_commit_of_the_same_vault_begins),
		cmocka_unit_test(
		    test_a_pack_is_retired_once_and_takes_nothing_more),
		cmocka_unit_test(test_a_vaults_id_may_have_63_bytes),
		cmocka_unit_test(test_lines_ascend_up_to_their_limit),
		cmocka_unit_test(test_numbers_fit_up_to_63_bits),
		cmocka_unit_test(
	    test_a_message_said_twice_is_one_and_any_other_fact_makes_two),
		cmocka_unit_test(test_many_epochs_in_turn_are_all_counted),
		cmocka_unit_test(test_a_text_beyond_all_limits_is_refused),
		cmocka_unit_test(
		    test_what_is_rolled_back_leaves_nothing_behind),
	};
	int failed;

	(void)argc;
	scratch_begin(argv[0]);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	scratch_end();
	return failed;
}
