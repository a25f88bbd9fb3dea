/*
 * pack_fault_test.c - bodies that fail, disks that are full, packs that are given up.
 */
#include "tests/unit/pack_help.h"

#include <sys/resource.h>
#include <signal.h>

#define KIB	1024
#define MIB	(1024 * 1024)

static struct vault v;

static int
set_up(void **state)
{
	(void)state;
	vault_make(&v);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	vault_remove(&v);
	return 0;
}

static const enum container both[] = { CONTAINER_TAR, CONTAINER_MBOX };

static void
assert_discarded(struct pack_writer **wp)
{
	pack_discard(wp);
	assert_null(*wp);
	assert_int_equal(names_in(v.tmp), 0);
	assert_int_equal(names_in(v.packs), 0);
}

static void
test_a_body_has_the_size_that_was_said(void **state)
{
	static const int off[] = { -1, 0, 1 };
	char text[1024];
	struct pack_writer *w;
	struct place place;
	struct err e;
	size_t i, j;

	(void)state;
	memset(text, '\n', sizeof(text));
	for (i = 0; i < 2 * COUNT(off); i++) {
		struct body b = { text, 600, 100, 0 };
		const struct source body = { body_pour, &b };
		const struct pack_entry entry = { "a/b.eml", 0,
		    600 + (uint64_t)off[i / 2],
		    i % 2 == 0 ? BLOB_PLAIN : BLOB_RAW };

		assert_int_equal(pack_create(v.tmp, NAME, both[i % 2], &w, &e),
		    0);
		for (j = 0; j < 3; j++)
			assert_int_equal(add_body(w, both[i % 2], "a/a.eml",
			    &b, &place, &e), 0);
		place.stored = 12345;
		assert_int_equal(pack_add(w, &entry, &body, &place, &e),
		    off[i / 2] == 0 ? 0 : -1);
		if (off[i / 2] != 0) {
			assert_int_equal(e.kind, EK_FAIL);
			assert_int_equal(place.stored, 12345);
		}
		assert_discarded(&w);
	}
}

static int
fail_later(void *arg, const struct sink *to, struct err *e)
{
	(void)arg;
	if (sink_write(to, "From half a mess", 16, e) == -1)
		return -1;
	return err_set(e, EK_TEMP, "the server hung up");
}

static void
test_a_source_that_fails_is_passed_on(void **state)
{
	const struct source body = { fail_later, NULL };
	struct pack_writer *w;
	struct place place;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		const struct pack_entry entry = { "a/b.eml", 0, 600,
		    i == 0 ? BLOB_PLAIN : BLOB_RAW };

		assert_int_equal(pack_create(v.tmp, NAME, both[i], &w, &e), 0);
		assert_int_equal(pack_add(w, &entry, &body, &place, &e), -1);
		assert_int_equal(e.kind, EK_TEMP);
		assert_string_equal(e.text, "the server hung up");
		assert_discarded(&w);
	}
}

static void
test_names_that_leave_the_directory_are_refused(void **state)
{
	static const char *const bad[] = { "", "/", "/a", "a/", "a//b", ".",
	    "..", "../a", "a/..", "a/../b", "a/./b", "./a", "a/.",
	    "\xff", "a/\xc3", "\xed\xa0\x80" };
	static const char *const good[] = { "a", "..a", "a..", "...", "a/..b",
	    ".a", "a/.b", "\xc3\xbc" };
	struct body b = { "x", 1, 0, 0 };
	struct pack_writer *w;
	struct place place;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		assert_int_equal(pack_create(v.tmp, NAME, CONTAINER_TAR, &w,
		    &e), 0);
		if (add_body(w, CONTAINER_TAR, bad[i], &b, &place, &e) == 0)
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(e.kind, EK_REFUSED);
		assert_discarded(&w);
	}
	assert_int_equal(pack_create(v.tmp, NAME, CONTAINER_TAR, &w, &e), 0);
	for (i = 0; i < COUNT(good); i++)
		assert_int_equal(add_body(w, CONTAINER_TAR, good[i], &b, &place,
		    &e), 0);
	assert_discarded(&w);
}

/* Let no file grow beyond ${n} bytes; a disk that is full at that place. */
static void
limit_files(rlim_t n)
{
	struct rlimit lim;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &lim), 0);
	lim.rlim_cur = n;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &lim), 0);
}

static void
test_a_full_disk_is_told_by_the_next_calls(void **state)
{
	char *p = xmalloc(MIB);
	struct body b = { p, MIB, 0, 0 };
	struct pack_writer *w;
	struct place place;
	struct err e;
	size_t i, j;

	(void)state;
	noise(p, MIB, 7);
	for (i = 0; i < 2; i++) {
		assert_int_equal(pack_create(v.tmp, NAME, both[i], &w, &e), 0);
		limit_files(3 * MIB + 4321);
		/* What is on its way is bounded, so it must show before long. */
		for (j = 0; j < 20; j++)
			if (add_body(w, both[i], "a", &b, &place, &e) == -1)
				break;
		limit_files(RLIM_INFINITY);
		assert_in_range(j, 3, 10);
		assert_int_equal(e.kind, EK_SPACE);
		assert_int_equal(e.sys, EFBIG);
		assert_non_null(strstr(e.text, NAME));
		assert_discarded(&w);
	}
	free(p);
}

static void
test_a_worker_that_failed_is_noticed_without_more_bytes(void **state)
{
	char *p = xmalloc(MIB);
	/* More than a chunk, which the worker gets, and less than two. */
	struct body b = { p, 300 * KIB, 0, 0 }, nothing = { "", 0, 0, 0 };
	struct pack_writer *w;
	struct place place;
	struct err e;
	int i, j, rc = 0, noticed = 0;

	(void)state;
	noise(p, MIB, 7);
	for (i = 0; i < 100 && noticed == 0; i++) {
		assert_int_equal(pack_create(v.tmp, NAME, CONTAINER_TAR, &w,
		    &e), 0);
		limit_files(100);
		/* It may be as fast as this call; then try again. */
		rc = add_body(w, CONTAINER_TAR, "a", &b, &place, &e);
		for (j = 0; rc == 0 && j < 200; j++) {
			usleep(10000);
			noticed = rc = add_body(w, CONTAINER_TAR, "b",
			    &nothing, &place, &e);
		}
		limit_files(RLIM_INFINITY);
		assert_int_equal(rc, -1);
		assert_int_equal(e.kind, EK_SPACE);
		assert_discarded(&w);
	}
	assert_int_equal(noticed, -1);
	free(p);
}

/* The limits meet the frames, the notes' header, the notes. */
static void
test_a_full_disk_is_told_by_sealing(void **state)
{
	char text[2000], note[700];
	struct body b = { text, sizeof(text), 0, 0 };
	struct pack_writer *w;
	struct rec_frames frames;
	struct rec_pack info;
	struct place place;
	struct err e;
	size_t i;
	uint64_t whole = 0;
	int rc;

	(void)state;
	noise(text, sizeof(text), 5);
	noise(note, sizeof(note), 6);
	for (i = 0; i < 7; i++) {
		assert_int_equal(pack_create(v.tmp, NAME, CONTAINER_TAR, &w,
		    &e), 0);
		assert_int_equal(add_body(w, CONTAINER_TAR, "a", &b, &place,
		    &e), 0);
		assert_int_equal(pack_note(w, note, sizeof(note), &e), 0);
		if (i > 0)
			limit_files((const rlim_t[]){ 0, 1, 1000, whole - 400,
			    whole - 1, whole }[i - 1]);
		rc = pack_seal(w, &info, &frames, &e);
		limit_files(RLIM_INFINITY);
		if (i == 0 || i == 6) {
			assert_int_equal(rc, 0);
			whole = info.size;
			assert_true(info.tail > 400);
		} else {
			assert_int_equal(rc, -1);
			assert_int_equal(e.kind, EK_SPACE);
		}
		assert_discarded(&w);
	}
}

static void
test_a_pack_can_be_given_up_at_any_time(void **state)
{
	char *p = xmalloc(MIB);
	struct body b = { p, MIB, 0, 0 };
	struct pack_writer *w = NULL;
	struct rec_frames frames;
	struct rec_pack info;
	struct place place;
	struct err e;
	size_t i, j;

	(void)state;
	noise(p, MIB, 9);
	pack_discard(&w);
	for (i = 0; i < 24; i++) {
		assert_int_equal(pack_create(v.tmp, NAME, both[i % 2], &w, &e),
		    0);
		assert_string_equal(pack_name(w), NAME);
		b.n = i * 1000;
		for (j = 0; j < i / 2; j++) {
			assert_int_equal(add_body(w, both[i % 2], "a", &b,
			    &place, &e), 0);
			assert_int_equal(pack_note(w, "{}\n", 3, &e), 0);
		}
		b.n = MIB;
		for (j = 0; j < i % 4; j++)
			assert_int_equal(add_body(w, both[i % 2], "a", &b,
			    &place, &e), 0);
		if (i % 8 == 7)
			assert_int_equal(pack_seal(w, &info, &frames, &e), 0);
		assert_discarded(&w);
	}
	free(p);
}

static void
test_raw_counts_what_will_be_decompressed(void **state)
{
	struct body b = { "x\n", 2, 0, 0 };
	struct pack_writer *w;
	struct rec_frames frames;
	struct rec_pack info;
	struct place place;
	struct err e;

	(void)state;
	assert_int_equal(pack_create(v.tmp, NAME, CONTAINER_TAR, &w, &e), 0);
	assert_int_equal(pack_raw(w), 0);
	assert_int_equal(add_body(w, CONTAINER_TAR, "a", &b, &place, &e), 0);
	assert_int_equal(pack_raw(w), 1024);
	assert_int_equal(pack_seal(w, &info, &frames, &e), 0);
	assert_int_equal(pack_raw(w), 2048);
	assert_int_equal(info.raw, 2048);
	assert_discarded(&w);
}

static void
test_nothing_is_replaced(void **state)
{
	struct body b = { "x", 1, 0, 0 };
	struct pack_writer *w = NULL, *other;
	struct rec_frames frames;
	struct rec_pack info;
	struct place place;
	struct stored s;
	struct stat before, after;
	struct err e;

	(void)state;
	store(&v, CONTAINER_TAR, &b, 1, &s);
	assert_int_equal(fstatat(v.packs, NAME, &before, 0), 0);
	assert_int_equal(before.st_mode & 07777, 0600);
	assert_int_equal(names_in(v.tmp), 0);

	assert_int_equal(pack_create(v.tmp, NAME, CONTAINER_TAR, &w, &e), 0);
	/* Its temporary name is taken, too. */
	assert_int_equal(pack_create(v.tmp, NAME, CONTAINER_TAR, &other, &e),
	    -1);
	assert_int_equal(e.sys, EEXIST);
	assert_int_equal(names_in(v.tmp), 1);
	assert_int_equal(add_body(w, CONTAINER_TAR, "a", &b, &place, &e), 0);
	assert_int_equal(pack_seal(w, &info, &frames, &e), 0);
	assert_int_equal(pack_publish(&w, v.packs, &e), -1);
	assert_int_equal(e.kind, EK_LOCKED);
	assert_non_null(w);
	pack_discard(&w);
	assert_int_equal(names_in(v.tmp), 0);
	assert_int_equal(fstatat(v.packs, NAME, &after, 0), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	stored_release(&s);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_a_body_has_the_size_that_was_said),
		T(test_a_source_that_fails_is_passed_on),
		T(test_names_that_leave_the_directory_are_refused),
		T(test_a_full_disk_is_told_by_the_next_calls),
		T(test_a_worker_that_failed_is_noticed_without_more_bytes),
		T(test_a_full_disk_is_told_by_sealing),
		T(test_a_pack_can_be_given_up_at_any_time),
		T(test_raw_counts_what_will_be_decompressed),
		T(test_nothing_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
