/*
 * The file: what may be opened, what a killed writer leaves, readers beside a
 * writer, full disks.
 */
#include "catalog_help.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static bool
there(const char *path, const char *suffix)
{
	char *name = xasprintf("%s%s", path, suffix);
	struct stat st;
	int rc = lstat(name, &st);

	free(name);
	return rc == 0;
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
test_what_is_not_there_is_made_only_by_a_writer(void **state)
{
	char *path = scratch_path("none.sqlite");
	struct catalog *c = NULL;
	struct err e;

	(void)state;
	FAILS(EK_FAIL, catalog_open(path, CATALOG_READ, &c, &e));
	assert_int_equal(e.sys, ENOENT);
	FAILS(EK_FAIL, catalog_open(path, CATALOG_READ_FROZEN, &c, &e));
	assert_int_equal(e.sys, ENOENT);
	assert_false(there(path, ""));
	OK(catalog_open(path, CATALOG_WRITE, &c, &e));
	catalog_close(&c);
	catalog_close(&c);
	OK(catalog_open(path, CATALOG_READ, &c, &e));
	assert_int_equal(count_live(c), 0);
	catalog_close(&c);
	OK(catalog_remove(path, &e));
	assert_false(there(path, ""));
	OK(catalog_remove(path, &e));
	free(path);
	path = scratch_path("no/such/place");
	FAILS(EK_FAIL, catalog_open(path, CATALOG_WRITE, &c, &e));
	assert_null(c);
	free(path);
}

static void
test_files_are_0600_whatever_the_umask(void **state)
{
	static const mode_t masks[] = { 0, 022, 0777 };
	struct book b;
	struct err e;
	char *wal;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		mode_t old = umask(masks[i]);

		book_open(&b, "mode.sqlite");
		book_fill(&b, 1, 1);
		OK(catalog_bulk(b.c, &e));
		book_begin(&b);
		book_put(&b, a_folder(2, "two"));
		book_commit(&b);
		umask(old);
		assert_int_equal(mode_of(b.path), 0600);
		wal = xasprintf("%s-wal", b.path);
		assert_int_equal(mode_of(wal), 0600);
		free(wal);
		book_close(&b);
	}
}

static void
test_a_link_or_anything_but_a_file_is_refused(void **state)
{
	static const enum catalog_mode modes[] = { CATALOG_READ,
	    CATALOG_READ_FROZEN, CATALOG_WRITE };
	char *path = filled("real.sqlite", 1), *link = scratch_path("link");
	char *fifo = scratch_path("fifo"), *dir = scratch_path("dir");
	char *dirlink = scratch_path("dirlink"), *through;
	struct catalog *c = NULL;
	struct err e;
	size_t i;

	(void)state;
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(symlink(scratch, dirlink), 0);
	through = xasprintf("%s/real.sqlite", dirlink);
	for (i = 0; i < 3; i++) {
		FAILS(EK_CORRUPT, catalog_open(link, modes[i], &c, &e));
		FAILS(EK_CORRUPT, catalog_open(fifo, modes[i], &c, &e));
		FAILS(EK_CORRUPT, catalog_open(dir, modes[i], &c, &e));
		/* A directory on the way may be a link: homes often are. */
		OK(catalog_open(through, modes[i], &c, &e));
		assert_int_equal(count_live(c), 2);
		catalog_close(&c);
	}
	free(through);
	free(dirlink);
	free(dir);
	free(fifo);
	free(link);
	free(path);
}

static void
test_paths_with_marks_of_a_uri_are_opened_as_they_are(void **state)
{
	static const char *const names[] = { "a?mode=rwc", "b#c", "d%20e",
	    "f&g", "h'\"i", "j\nk\x01", "l\xc3\xa4\xff", "-m n", "file:o" };
	struct catalog *c = NULL;
	struct err e;
	char *path;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path = filled(names[i], 1);
		assert_true(there(path, ""));
		OK(catalog_open(path, CATALOG_READ_FROZEN, &c, &e));
		assert_int_equal(count_live(c), 2);
		catalog_close(&c);
		OK(catalog_remove(path, &e));
		free(path);
	}
	assert_int_equal(chdir(scratch), 0);
	free(filled("here.sqlite", 1));
	OK(catalog_open("here.sqlite", CATALOG_READ, &c, &e));
	assert_int_equal(count_live(c), 2);
	catalog_close(&c);
	OK(catalog_open("./here.sqlite", CATALOG_READ_FROZEN, &c, &e));
	catalog_close(&c);
}

static void
test_a_reader_beside_a_bulk_writer_sees_the_last_commit(void **state)
{
	struct catalog *early = NULL, *late = NULL;
	struct catalog_head head;
	struct book b;
	struct err e;

	(void)state;
	book_open(&b, "beside.sqlite");
	book_fill(&b, 1, 3);
	OK(catalog_open(b.path, CATALOG_READ, &early, &e));
	assert_int_equal(count_live(early), 3);
	OK(catalog_bulk(b.c, &e));
	book_begin(&b);
	book_put(&b, a_message(1, 10, 0));
	OK(catalog_open(b.path, CATALOG_READ, &late, &e));
	assert_int_equal(count_live(b.c), 4);
	assert_int_equal(count_live(early), 3);
	assert_int_equal(count_live(late), 3);
	OK(catalog_head(late, &head, &e));
	assert_int_equal(head.commit, 1);
	book_commit(&b);
	assert_int_equal(count_live(early), 4);
	assert_int_equal(count_live(late), 4);
	OK(catalog_head(late, &head, &e));
	assert_int_equal(head.commit, 2);
	catalog_close(&early);
	catalog_close(&late);
	book_close(&b);
}

struct beside {
	struct book	*b;
	size_t		 n;
};

static int
commit_meanwhile(void *arg, const struct known_message *m, struct err *e)
{
	struct beside *x = arg;
	(void)m;
	(void)e;

	if (x->n++ == 0) {
		book_begin(x->b);
		book_put(x->b, a_folder(2, "two"));
		book_put(x->b, an_epoch(2, 2));
		book_put(x->b, a_message(1, 100, 0));
		book_put(x->b, a_message(2, 1, 0));
		book_commit(x->b);
	}
	return 0;
}

static void
test_an_answer_is_of_one_state_though_a_writer_commits(void **state)
{
	struct catalog *reader = NULL;
	struct beside x = { .n = 0 };
	struct book b;
	struct err e;

	(void)state;
	book_open(&b, "one.sqlite");
	book_fill(&b, 1, 3);
	OK(catalog_bulk(b.c, &e));
	OK(catalog_open(b.path, CATALOG_READ, &reader, &e));
	x.b = &b;
	OK(catalog_messages(reader, 0, CATALOG_NOW, false, commit_meanwhile,
	    &x, &e));
	assert_int_equal(x.n, 3);
	assert_int_equal(count_live(reader), 5);
	catalog_close(&reader);
	book_close(&b);
}

/* Run by a child that is then gone without a word. */
static void
in_child(void (*fn)(struct book *), struct book *b)
{
	int status;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		fn(b);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
die_after_bulk_commit(struct book *b)
{
	struct err e;

	if (catalog_open(b->path, CATALOG_WRITE, &b->c, &e) != 0 ||
	    catalog_bulk(b->c, &e) != 0)
		_exit(1);
	book_begin(b);
	book_put(b, a_message(1, 100, 0));
	book_commit(b);
	book_begin(b);
	book_put(b, a_message(1, 101, 0));
}

static void
test_what_a_killed_bulk_writer_committed_is_there(void **state)
{
	struct catalog *c = NULL;
	struct book b;
	struct err e;

	(void)state;
	book_open(&b, "killed.sqlite");
	book_fill(&b, 1, 3);
	catalog_close(&b.c);
	in_child(die_after_bulk_commit, &b);
	assert_true(there(b.path, "-wal"));
	/*
	 * Without its log the file is not whole, and frozen nobody reads the
	 * log.
	 */
	FAILS(EK_CORRUPT, catalog_open(b.path, CATALOG_READ_FROZEN, &c, &e));
	OK(catalog_open(b.path, CATALOG_READ, &c, &e));
	assert_int_equal(count_live(c), 4);
	catalog_close(&c);
	assert_true(there(b.path, "-wal"));
	OK(catalog_open(b.path, CATALOG_WRITE, &c, &e));
	assert_int_equal(count_live(c), 4);
	catalog_close(&c);
	assert_false(there(b.path, "-wal"));
	assert_false(there(b.path, "-shm"));
	OK(catalog_open(b.path, CATALOG_READ_FROZEN, &c, &e));
	assert_int_equal(count_live(c), 4);
	catalog_close(&c);
	book_close(&b);
}

/*
 * Enough to overflow the page cache, so that the file is changed before the
 * commit.
 */
static void
put_much(struct book *b)
{
	struct record r;
	char flags[8000];
	uint32_t uid;

	memset(flags, 'f', sizeof(flags));
	for (uid = 200; uid < 3200; uid++) {
		snprintf(flags, sizeof(flags), "%u", uid);
		flags[strlen(flags)] = 'f';
		flags[sizeof(flags) - 1] = '\0';
		r = a_message(1, uid, 0);
		r.u.message.flags = flags;
		book_put(b, r);
	}
}

static void
die_in_large_commit(struct book *b)
{
	struct err e;

	if (catalog_open(b->path, CATALOG_WRITE, &b->c, &e) != 0)
		_exit(1);
	book_begin(b);
	put_much(b);
}

static void
test_a_commit_that_was_killed_is_undone_by_whoever_comes_next(void **state)
{
	static const enum catalog_mode modes[] = { CATALOG_READ,
	    CATALOG_WRITE };
	struct catalog *c = NULL;
	struct stat before, after;
	struct book b;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		book_open(&b, "undone.sqlite");
		book_fill(&b, 1, 3);
		catalog_close(&b.c);
		assert_int_equal(stat(b.path, &before), 0);
		in_child(die_in_large_commit, &b);
		assert_int_equal(stat(b.path, &after), 0);
		assert_true(after.st_size > before.st_size);
		assert_true(there(b.path, "-journal"));
		FAILS(EK_CORRUPT,
		    catalog_open(b.path, CATALOG_READ_FROZEN, &c, &e));
		OK(catalog_open(b.path, modes[i], &c, &e));
		assert_int_equal(count_live(c), 3);
		catalog_close(&c);
		assert_false(there(b.path, "-journal"));
		book_close(&b);
	}
}

static void
test_an_old_journal_never_meets_a_new_file(void **state)
{
	struct catalog *c = NULL;
	struct book b;
	struct err e;

	(void)state;
	book_open(&b, "stale.sqlite");
	book_fill(&b, 1, 3);
	catalog_close(&b.c);
	in_child(die_in_large_commit, &b);
	assert_true(there(b.path, "-journal"));
	assert_int_equal(unlink(b.path), 0);
	OK(catalog_open(b.path, CATALOG_WRITE, &c, &e));
	assert_false(there(b.path, "-journal"));
	assert_int_equal(count_live(c), 0);
	catalog_close(&c);
	book_close(&b);
	book_open(&b, "stale.sqlite");
	book_fill(&b, 1, 3);
	catalog_close(&b.c);
	in_child(die_after_bulk_commit, &b);
	assert_true(there(b.path, "-wal"));
	OK(catalog_remove(b.path, &e));
	assert_false(there(b.path, ""));
	assert_false(there(b.path, "-wal"));
	assert_false(there(b.path, "-shm"));
	book_close(&b);
}

static void
test_a_writer_leaves_one_file(void **state)
{
	struct buf file = BUF_INIT(1 << 22);
	struct catalog *reader = NULL;
	struct book b;
	struct err e;
	char *path;

	(void)state;
	book_open(&b, "single.sqlite");
	OK(catalog_bulk(b.c, &e));
	book_fill(&b, 1, 3);
	assert_true(there(b.path, "-wal"));
	book_begin(&b);
	book_put(&b, a_folder(2, "never committed"));
	path = xstrdup(b.path);
	book_close(&b);
	assert_false(there(path, "-wal"));
	assert_false(there(path, "-shm"));
	assert_false(there(path, "-journal"));
	/*
	 * Bytes 18 and 19 say which journal it had: 1 for a rollback journal, 2
	 * for a log.
	 */
	read_file(path, &file);
	assert_memory_equal(file.p + 18, "\1\1", 2);
	buf_release(&file);
	OK(catalog_open(path, CATALOG_READ_FROZEN, &reader, &e));
	assert_int_equal(count_live(reader), 3);
	catalog_close(&reader);
	free(path);
}

/*
 * Nothing can be written beside it: as somebody who may not, where we are root.
 */
static void
test_a_frozen_catalog_needs_nothing_but_the_file(void **state)
{
	char *dir = scratch_path("frozen"), *path = NULL;
	struct catalog *c = NULL;
	struct err e;
	uid_t uid = geteuid();

	(void)state;
	assert_int_equal(mkdir(dir, 0700), 0);
	path = filled("frozen/c.sqlite", 2);
	assert_int_equal(chmod(path, 0444), 0);
	assert_int_equal(chmod(dir, 0555), 0);
	assert_int_equal(chmod(scratch, 0755), 0);
	if (uid == 0)
		assert_int_equal(seteuid(65534), 0);
	/* Somebody else may not get as far as this directory. */
	if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0) {
		OK(catalog_open(path, CATALOG_READ_FROZEN, &c, &e));
		assert_int_equal(count_live(c), 4);
		catalog_close(&c);
		OK(catalog_open(path, CATALOG_READ, &c, &e));
		assert_int_equal(count_live(c), 4);
		catalog_close(&c);
		FAILS(EK_FAIL, catalog_open(path, CATALOG_WRITE, &c, &e));
	}
	if (uid == 0)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(scratch, 0700), 0);
	assert_int_equal(chmod(dir, 0700), 0);
	free(path);
	free(dir);
}

static void
fill_the_disk(struct book *b)
{
	struct rlimit limit = { 300000, 300000 };
	struct record r;
	struct err e;
	uint32_t uid;
	char flags[8000];
	int rc = 0;

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) == -1 ||
	    catalog_open(b->path, CATALOG_WRITE, &b->c, &e) != 0)
		_exit(1);
	memset(flags, 'f', sizeof(flags));
	flags[sizeof(flags) - 1] = '\0';
	book_begin(b);
	for (uid = 200; uid < 3200 && rc == 0; uid++) {
		snprintf(flags, 10, "%09u", uid);
		flags[9] = 'f';
		r = a_message(1, uid, 0);
		r.u.message.flags = flags;
		rc = book_try(b, r, &e);
	}
	if (rc == 0)
		rc = catalog_commit(b->c, &b->head, &e);
	if (rc == 0 || e.kind != EK_SPACE)
		_exit(2);
	book_rollback(b);
	if (count_live(b->c) != 3)
		_exit(3);
	catalog_close(&b->c);
}

static void
test_a_full_disk_is_said_and_leaves_the_last_commit(void **state)
{
	struct catalog *c = NULL;
	struct book b;
	struct err e;

	(void)state;
	book_open(&b, "full.sqlite");
	book_fill(&b, 1, 3);
	catalog_close(&b.c);
	in_child(fill_the_disk, &b);
	OK(catalog_open(b.path, CATALOG_READ, &c, &e));
	assert_int_equal(count_live(c), 3);
	catalog_close(&c);
	book_close(&b);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_what_is_not_there_is_made_only_by_a_writer),
		cmocka_unit_test(test_files_are_0600_whatever_the_umask),
		cmocka_unit_test(test_a_link_or_anything_but_a_file_is_refused),
		cmocka_unit_test(
		    test_paths_with_marks_of_a_uri_are_opened_as_they_are),
		cmocka_unit_test(
		    test_a_reader_beside_a_bulk_writer_sees_the_last_commit),
		cmocka_unit_test(
		    test_an_answer_is_of_one_state_though_a_writer_commits),
		cmocka_unit_test(
		    test_what_a_killed_bulk_writer_committed_is_there),
		cmocka_unit_test(
	    test_a_commit_that_was_killed_is_undone_by_whoever_comes_next),
		cmocka_unit_test(test_an_old_journal_never_meets_a_new_file),
		cmocka_unit_test(test_a_writer_leaves_one_file),
		cmocka_unit_test(
		    test_a_frozen_catalog_needs_nothing_but_the_file),
		cmocka_unit_test(
		    test_a_full_disk_is_said_and_leaves_the_last_commit),
	};
	int failed;

	(void)argc;
	scratch_begin(argv[0]);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	scratch_end();
	return failed;
}
