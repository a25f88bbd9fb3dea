/*
 * SQLite runs out of memory, at one allocation after the other, once or for
 * good: an error that says so, never a wrong answer, never damage that isn't
 * there.
 */
#include "catalog_help.h"

#include <sqlite3.h>

static sqlite3_mem_methods real;
static long countdown;		/* until one fails; below 0 for never */
static bool lasting;		/* all after it fail too */

static bool
fails(void)
{
	if (countdown < 0)
		return false;
	if (countdown > 0) {
		countdown--;
		return false;
	}
	if (!lasting)
		countdown = -1;
	return true;
}

static void *
poor_malloc(int n)
{
	return fails() ? NULL : real.xMalloc(n);
}

static void *
poor_realloc(void *p, int n)
{
	return fails() ? NULL : real.xRealloc(p, n);
}

static const char *const headers[HEADER_FIELDS] = { "from", "to", "subject",
    "date", "id" };

/* Whatever a backup asks and tells: 0, or -1 with the error of what failed. */
static int
work(const char *path, uint64_t *commits, struct err *e)
{
	struct book b = { .path = NULL };
	struct catalog_uids *u = NULL;
	struct known_totals totals;
	struct known_blob blob;
	struct known_uid uid;
	struct rec_head h;
	struct digest d;
	uint64_t n, i;
	size_t seen = 0;
	int rc = -1, got;

	*commits = 0;
	if (catalog_open(path, CATALOG_WRITE, &b.c, e) == -1 ||
	    catalog_bulk(b.c, e) == -1)
		goto out;
	for (n = 0; n < 2; n++) {
		h = book_head(&b);
		if (catalog_begin(b.c, &h, e) == -1)
			goto out;
		b.commit++;
		b.line = 1;
		snprintf(b.pack, sizeof(b.pack), "%ju", (uintmax_t)b.commit);
		struct record r[] = { a_folder(n + 1, "name"),
		    an_epoch(n + 1, n + 1), a_blob(&b, n),
		    a_message(n + 1, 7, n), a_pack(&b, 1),
		    some_frames(&b, 0, 1) };

		for (i = 0; i < sizeof(r) / sizeof(r[0]); i++)
			if (book_try(&b, r[i], e) == -1)
				goto out;
		d = book_digest(n);
		if (catalog_headers(b.c, &d, headers, e) == -1)
			goto out;
		b.head = book_digest(b.commit);
		if (catalog_commit(b.c, &b.head, e) == -1)
			goto out;
		++*commits;
	}
	if (catalog_totals(b.c, &totals, e) == -1 ||
	    catalog_messages(b.c, 0, CATALOG_NOW, true, count_message, &seen,
	    e) == -1 || catalog_uids(b.c, 1, 1, UID_MAX, &u, e) == -1 ||
	    (got = catalog_uids_next(u, &uid, e)) == -1)
		goto out;
	assert_int_equal(got, 1);
	if ((got = catalog_blob(b.c, &d, &blob, e)) == -1)
		goto out;
	assert_int_equal(got, 1);
	assert_string_equal(blob.place.pack, "2");
	assert_int_equal(seen, 2);
	assert_int_equal(totals.kept, 2);
	rc = 0;
out:
	catalog_uids_close(&u);
	catalog_close(&b.c);
	return rc;
}

static void
check_after(const char *path, uint64_t commits)
{
	struct catalog *c = NULL;
	struct catalog_head head;
	struct err e;

	OK(catalog_open(path, CATALOG_WRITE, &c, &e));
	OK(catalog_head(c, &head, &e));
	/*
	 * What was said to be there is; the last may be there although nobody
	 * could be told.
	 */
	assert_true(head.commit == commits || head.commit == commits + 1);
	assert_int_equal(count_live(c), head.commit);
	catalog_close(&c);
}

static void
test_without_memory_there_are_errors_and_nothing_worse(void **state)
{
	char *path = scratch_path("poor.sqlite");
	struct err e;
	uint64_t commits;
	long n, step;
	int rc, failed = 0;

	(void)state;
	for (step = 0; step < 2; step++) {
		lasting = step == 1;
		for (n = 0, rc = -1; rc == -1 || countdown == -1; n += 11) {
			countdown = -1;
			OK(catalog_remove(path, &e));
			countdown = n;
			rc = work(path, &commits, &e);
			/* SQLite does without some of them. */
			if (rc == -1) {
				if (e.kind != EK_FAIL)
					fail_msg("at %ld: %s", n, e.text);
				failed++;
			}
			if (rc == 0 && countdown > 0)
				break;
			countdown = -1;
			check_after(path, commits);
		}
	}
	countdown = -1;
	assert_true(failed > 100);
	free(path);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_without_memory_there_are_errors_and_nothing_worse),
	};
	sqlite3_mem_methods poor;
	int failed;

	(void)argc;
	countdown = -1;
	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real) != SQLITE_OK)
		return 1;
	poor = real;
	poor.xMalloc = poor_malloc;
	poor.xRealloc = poor_realloc;
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &poor) != SQLITE_OK)
		return 1;
	scratch_begin(argv[0]);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	scratch_end();
	return failed;
}
