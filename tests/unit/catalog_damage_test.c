/*
 * Damage: whatever happens to the file, a catalog answers as before or says
 * that it is damaged.
 */
#include "catalog_help.h"

#include <endian.h>
#include <sqlite3.h>

#define PAGE	4096

/* The sum that page ${n} (from 0) should end with. */
static uint64_t
page_sum(const void *page, size_t n)
{
	uint64_t sum = n + 1, w;
	size_t i;

	for (i = 0; i < PAGE - 8; i += 8) {
		memcpy(&w, (const char *)page + i, 8);
		sum = (sum ^ le64toh(w)) * UINT64_C(0x9e3779b97f4a7c15);
		sum ^= sum >> 32;
	}
	return htole64(sum);
}

/*
 * SQL on a closed file, as a program of the same page sums but other tables
 * would run it.
 */
static void
alter(const char *path, const char *sql)
{
	struct buf b = BUF_INIT(1 << 22);
	sqlite3 *db;
	uint64_t sum;
	size_t n;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	read_file(path, &b);
	for (n = 0; n < b.n / PAGE; n++) {
		sum = page_sum(b.p + n * PAGE, n);
		memcpy(b.p + (n + 1) * PAGE - 8, &sum, 8);
	}
	write_file(path, b.p, b.n);
	buf_release(&b);
}

static void
test_a_file_that_is_no_catalog_of_this_version_is_corrupt(void **state)
{
	static const char text[] = "this is not a database";
	static const char *const sql[] = {
		"PRAGMA user_version = 1835728898",
		"PRAGMA user_version = 1835728900",
		"PRAGMA user_version = 0",
		"CREATE TABLE another (a)",
		"DROP TABLE missing",
		"DROP INDEX blob_prefix",
		"DROP INDEX blob_pack",
		"CREATE VIEW v AS SELECT 1",
		"CREATE TRIGGER t AFTER DELETE ON word BEGIN SELECT 1; END",
		"CREATE INDEX i ON run (verb)",
	};
	static const enum catalog_mode modes[] = { CATALOG_READ,
	    CATALOG_READ_FROZEN, CATALOG_WRITE };
	struct buf before = BUF_INIT(1 << 20), after = BUF_INIT(1 << 20);
	char big[3 * PAGE], *path;
	sqlite3 *db;
	struct catalog *c = NULL;
	struct err e;
	size_t i, j;

	(void)state;
	/*
	 * A change that is none, so that what the others bring about is not the
	 * change's own doing.
	 */
	path = filled("other.sqlite", 1);
	alter(path, "PRAGMA user_version = 1835728899");
	OK(catalog_open(path, CATALOG_READ, &c, &e));
	assert_int_equal(count_live(c), 2);
	catalog_close(&c);
	free(path);
	memset(big, 'x', sizeof(big));
	for (j = 0; j < 3; j++) {
		path = scratch_path("not.sqlite");
		write_file(path, text, sizeof(text));
		FAILS(EK_CORRUPT, catalog_open(path, modes[j], &c, &e));
		write_file(path, big, sizeof(big));
		FAILS(EK_CORRUPT, catalog_open(path, modes[j], &c, &e));
		memcpy(big, "SQLite format 3", 16);
		write_file(path, big, sizeof(big));
		FAILS(EK_CORRUPT, catalog_open(path, modes[j], &c, &e));
		write_file(path, "", 0);
		if (modes[j] != CATALOG_WRITE)
			FAILS(EK_CORRUPT, catalog_open(path, modes[j], &c, &e));
		free(path);
		for (i = 0; i < sizeof(sql) / sizeof(sql[0]); i++) {
			path = filled("other.sqlite", 1);
			alter(path, sql[i]);
			FAILS(EK_CORRUPT, catalog_open(path, modes[j], &c, &e));
			assert_non_null(strstr(e.text, "of this version"));
			free(path);
		}
	}
	/* Somebody's database that was given by mistake stays as it was. */
	path = scratch_path("foreign.sqlite");
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = WAL; "
	    "CREATE TABLE a (b)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	read_file(path, &before);
	FAILS(EK_CORRUPT, catalog_open(path, CATALOG_WRITE, &c, &e));
	read_file(path, &after);
	assert_int_equal(before.n, after.n);
	assert_memory_equal(before.p, after.p, before.n);
	buf_release(&before);
	buf_release(&after);
	free(path);
	/*
	 * An empty file is one that a writer was killed over: the next one goes
	 * on.
	 */
	path = scratch_path("not.sqlite");
	write_file(path, "", 0);
	OK(catalog_open(path, CATALOG_WRITE, &c, &e));
	catalog_close(&c);
	OK(catalog_open(path, CATALOG_READ, &c, &e));
	catalog_close(&c);
	free(path);
}

static int
print_message_to(void *arg, const struct known_message *m, struct err *e)
{
	char hex[DIGEST_HEX];

	(void)e;
	return buf_addf(arg, "%ju.%ju %s %u %s %ju %s %d %s\n",
	    (uintmax_t)m->commit, (uintmax_t)m->line, m->folder_name, m->uid,
	    digest_hex(&m->sha256, hex), (uintmax_t)m->size, m->flags,
	    m->gone, m->header[HEADER_SUBJECT]);
}

static int
print_folder_to(void *arg, const struct known_folder *k, struct err *e)
{
	(void)e;
	return buf_addf(arg, "%ju %s %ju %ju %ju\n",
	    (uintmax_t)k->facts.folder, k->facts.name, (uintmax_t)k->epoch,
	    (uintmax_t)k->live, (uintmax_t)k->kept);
}

static int
print_commit_to(void *arg, const struct known_commit *k, struct err *e)
{
	(void)e;
	return buf_addf(arg, "%ju %ju %ju\n", (uintmax_t)k->commit,
	    (uintmax_t)k->added, (uintmax_t)k->packs);
}

static int
print_pack_to(void *arg, const struct known_pack *k, struct err *e)
{
	(void)e;
	return buf_addf(arg, "%s %ju %ju %ju\n", k->name, (uintmax_t)k->size,
	    (uintmax_t)k->retired, (uintmax_t)k->retired_time);
}

/* All of a catalog as a text: 0, or -1 with the error of whatever failed. */
static int
dump(const char *path, struct buf *b, struct err *e)
{
	struct catalog *c = NULL;
	struct catalog_uids *u = NULL;
	struct known_totals t;
	struct known_blob blob;
	struct known_uid k;
	struct digest d;
	uint64_t n;
	int rc = -1, got;

	buf_clear(b);
	if (catalog_open(path, CATALOG_READ, &c, e) == -1 ||
	    catalog_folders(c, CATALOG_NOW, print_folder_to, b, e) == -1 ||
	    catalog_commits(c, print_commit_to, b, e) == -1 ||
	    catalog_messages(c, 0, CATALOG_NOW, true, print_message_to, b,
	    e) == -1 || catalog_totals(c, &t, e) == -1 ||
	    catalog_packs(c, print_pack_to, b, e) == -1 ||
	    catalog_retired(c, print_pack_to, b, e) == -1)
		goto out;
	buf_addf(b, "%ju %ju\n", (uintmax_t)t.live, (uintmax_t)t.blob_bytes);
	for (n = 0; n < 80; n++) {
		d = book_digest(n);
		if ((got = catalog_blob(c, &d, &blob, e)) == -1)
			goto out;
		buf_addf(b, "%d %s\n", got, got ? blob.place.pack : "");
	}
	for (n = 1; n <= 2; n++) {
		if (catalog_uids(c, n, 1, UID_MAX, &u, e) == -1)
			goto out;
		while ((got = catalog_uids_next(u, &k, e)) == 1)
			buf_addf(b, "%u %s\n", k.uid, k.flags);
		if (got == -1)
			goto out;
		catalog_uids_close(&u);
	}
	rc = 0;
out:
	catalog_uids_close(&u);
	catalog_close(&c);
	return rc;
}

static uint32_t
next_random(uint32_t *r)
{
	*r ^= *r << 13;
	*r ^= *r >> 17;
	*r ^= *r << 5;
	return *r;
}

/* Rows that SQLite takes and we never write. */
static void
test_rows_that_make_no_sense_are_corrupt(void **state)
{
	static const char *const sql[] = {
		"UPDATE blob SET sha256 = x'00' WHERE blob = 3",
		"UPDATE blob SET size = -1 WHERE blob = 3",
		"UPDATE blob SET form = 7 WHERE blob = 3",
		"UPDATE blob SET frame = NULL WHERE blob = 3",
		"UPDATE blob SET newline_added = 2 WHERE blob = 3",
		"DELETE FROM blob WHERE blob = 3",
		"DELETE FROM frame",
		"DELETE FROM pack",
		"UPDATE pack SET size = NULL",
		"UPDATE pack SET container = 2",
		"UPDATE pack SET retired = -1, why = 'x'",
		"UPDATE pack SET retired = 1, why = NULL",
		"UPDATE pack SET retired = 99, why = 'x'",
		"UPDATE message SET uid = -1 WHERE uid = 5",
		"UPDATE message SET uid = 4294967296 WHERE uid = 5",
		"UPDATE message SET flags = 99 WHERE uid = 5",
		"UPDATE message SET flags = 0 WHERE uid = 5",
		"DELETE FROM word",
		"UPDATE word SET text = 'a' || char(0) || 'b'",
		"UPDATE folder SET gone = 2 WHERE folder = 1",
		"UPDATE folder SET space = 4 WHERE folder = 1",
		"UPDATE epoch_at SET live = -1 WHERE epoch = 1",
		"DELETE FROM epoch_at WHERE epoch = 1",
		"UPDATE manifest SET sha256 = x''",
		"DELETE FROM head",
	};
	struct buf got = BUF_INIT(1 << 20);
	struct err e;
	char *path;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sql) / sizeof(sql[0]); i++) {
		path = filled("odd.sqlite", 40);
		alter(path, sql[i]);
		if (dump(path, &got, &e) == 0)
			fail_msg("taken: %s", sql[i]);
		assert_int_equal(e.kind, EK_CORRUPT);
		free(path);
	}
	buf_release(&got);
}

static void
test_a_catalog_cut_short_is_never_taken_for_whole(void **state)
{
	char *path = filled("cut.sqlite", 40);
	struct buf b = BUF_INIT(1 << 22), want = BUF_INIT(1 << 20);
	struct buf got = BUF_INIT(1 << 20);
	struct err e;
	size_t n;

	(void)state;
	OK(dump(path, &want, &e));
	read_file(path, &b);
	assert_true(b.n > 20 * PAGE);
	for (n = 1; n < b.n; n += n % PAGE == 0 ? 1 : PAGE - 1) {
		write_file(path, b.p, n);
		/* The last page may hold nothing that is asked for. */
		if (dump(path, &got, &e) == -1)
			assert_int_equal(e.kind, EK_CORRUPT);
		else if (n < b.n - PAGE)
			fail_msg("%zu of %zu bytes were taken", n, b.n);
		else
			assert_string_equal(buf_text(&got), buf_text(&want));
	}
	write_file(path, b.p, b.n);
	OK(dump(path, &got, &e));
	assert_string_equal(buf_text(&got), buf_text(&want));
	buf_release(&b);
	buf_release(&want);
	buf_release(&got);
	free(path);
}

/* One way to hurt a file, by number. */
static void
hurt(struct buf *b, uint32_t *r)
{
	size_t pages = b->n / PAGE, page = next_random(r) % pages;
	size_t other = next_random(r) % pages, at, i, n;
	char swap[PAGE];

	switch (next_random(r) % 5) {
	case 0:			/* one bit */
		b->p[next_random(r) % b->n] ^= (char)(1 << next_random(r) % 8);
		break;
	case 1:			/* some bytes of a page */
		at = page * PAGE + next_random(r) % (PAGE - 200);
		n = 1 + next_random(r) % 200;
		for (i = 0; i < n; i++)
			b->p[at + i] = (char)next_random(r);
		break;
	case 2:			/* a sector gone */
		memset(b->p + page * PAGE + next_random(r) % 8 * 512, 0, 512);
		break;
	case 3:			/* a page gone */
		memset(b->p + page * PAGE, 0, PAGE);
		break;
	default:		/* two pages in each other's place */
		memcpy(swap, b->p + page * PAGE, PAGE);
		memcpy(b->p + page * PAGE, b->p + other * PAGE, PAGE);
		memcpy(b->p + other * PAGE, swap, PAGE);
	}
}

static void
test_damage_is_found_or_does_not_matter(void **state)
{
	char *path = filled("hurt.sqlite", 40);
	struct buf whole = BUF_INIT(1 << 22), b = BUF_INIT(1 << 22);
	struct buf want = BUF_INIT(1 << 20), got = BUF_INIT(1 << 20);
	uint32_t r = 12345;
	struct err e;
	int i, found = 0;

	(void)state;
	OK(dump(path, &want, &e));
	read_file(path, &whole);
	for (i = 0; i < 600; i++) {
		buf_clear(&b);
		buf_add(&b, whole.p, whole.n);
		hurt(&b, &r);
		write_file(path, b.p, b.n);
		if (dump(path, &got, &e) == -1) {
			assert_int_equal(e.kind, EK_CORRUPT);
			found++;
		} else
			assert_string_equal(buf_text(&got), buf_text(&want));
	}
	/*
	 * Some of it hits pages that these questions don't read, or zeroes what
	 * was zero.
	 */
	assert_true(found > 400);
	buf_release(&whole);
	buf_release(&b);
	buf_release(&want);
	buf_release(&got);
	free(path);
}

static void
patch_file(const char *path, const void *p, size_t n, off_t off)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_int_not_equal(fd, -1);
	assert_int_equal(pwrite(fd, p, n, off), (ssize_t)n);
	close(fd);
}

/*
 * A page whose checksum is right and which makes no sense all the same: what a
 * faulty program could have written.
 */
static void
test_pages_of_nonsense_with_good_checksums_do_no_harm(void **state)
{
	char *path = filled("nonsense.sqlite", 40);
	struct buf whole = BUF_INIT(1 << 22), got = BUF_INIT(1 << 20);
	unsigned char page[PAGE];
	uint32_t r = 99;
	struct err e;
	uint64_t sum;
	size_t n, i, at;
	int round;

	(void)state;
	read_file(path, &whole);
	for (round = 0; round < 400; round++) {
		n = 1 + next_random(&r) % (whole.n / PAGE - 1);
		memcpy(page, whole.p + n * PAGE, PAGE);
		at = next_random(&r) % 2 ? next_random(&r) % 16 :
		    next_random(&r) % (PAGE - 16);
		for (i = 0; i < 1 + next_random(&r) % 6; i++)
			page[at + i] = (unsigned char)next_random(&r);
		sum = page_sum(page, n);
		memcpy(page + PAGE - 8, &sum, 8);
		write_file(path, whole.p, whole.n);
		patch_file(path, page, PAGE, (off_t)(n * PAGE));
		/* Whatever comes of it: an answer or an error, and no crash. */
		if (dump(path, &got, &e) == -1)
			assert_true(e.kind == EK_CORRUPT ||
			    e.kind == EK_FAIL);
		else
			assert_true(got.n > 0);
	}
	buf_release(&whole);
	buf_release(&got);
	free(path);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_a_file_that_is_no_catalog_of_this_version_is_corrupt),
		cmocka_unit_test(test_rows_that_make_no_sense_are_corrupt),
		cmocka_unit_test(
		    test_a_catalog_cut_short_is_never_taken_for_whole),
		cmocka_unit_test(test_damage_is_found_or_does_not_matter),
		cmocka_unit_test(
		    test_pages_of_nonsense_with_good_checksums_do_no_harm),
	};
	int failed;

	(void)argc;
	scratch_begin(argv[0]);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	scratch_end();
	return failed;
}
