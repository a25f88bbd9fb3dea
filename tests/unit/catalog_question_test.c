/*
 * Questions: what callers' functions may do and return, what lives how long,
 * texts of any kind, header lines.
 */
#include "catalog_help.h"

/* More texts of flags than are remembered, in one listing and one cursor. */
static void
test_many_flags_come_back_as_they_were(void **state)
{
	struct catalog_uids *u = NULL;
	struct known_uid k;
	struct known_blob blob;
	struct digest d;
	struct book b;
	struct err e;
	struct record r;
	char flags[32], labels[32];
	uint32_t uid;

	(void)state;
	book_open(&b, "flags.sqlite");
	book_fill(&b, 1, 1);
	book_begin(&b);
	for (uid = 2; uid <= 1000; uid++) {
		snprintf(flags, sizeof(flags), "k%u", uid % 400);
		snprintf(labels, sizeof(labels), "k%u", uid % 300);
		r = a_message(1, uid, 0);
		r.u.message.flags = flags;
		r.u.message.labels = labels;
		book_put(&b, r);
	}
	book_commit(&b);
	OK(catalog_uids(b.c, 1, 1, UID_MAX, &u, &e));
	assert_int_equal(catalog_uids_next(u, &k, &e), 1);
	for (uid = 2; uid <= 1000; uid++) {
		assert_int_equal(catalog_uids_next(u, &k, &e), 1);
		/* Other questions don't touch a cursor's row. */
		d = book_digest(0);
		assert_int_equal(catalog_blob(b.c, &d, &blob, &e), 1);
		if (uid % 100 == 0)
			assert_int_equal(count_live(b.c), 1000);
		snprintf(flags, sizeof(flags), "k%u", uid % 400);
		snprintf(labels, sizeof(labels), "k%u", uid % 300);
		assert_int_equal(k.uid, uid);
		assert_string_equal(k.flags, flags);
		assert_string_equal(k.labels, labels);
	}
	OK(catalog_uids_next(u, &k, &e));
	catalog_uids_close(&u);
	catalog_uids_close(&u);
	book_close(&b);
}

static int
keep_name(void *arg, const struct known_folder *k, struct err *e)
{
	(void)e;
	*(char **)arg = xstrdup(k->facts.name);
	return 0;
}

static void
test_long_and_hostile_texts_come_back_byte_for_byte(void **state)
{
	char *name = long_text('n', 8192), *flags = long_text('f', 65536);
	char *labels = long_text('\n', 1000000), *got = NULL;
	const char *headers[HEADER_FIELDS];
	struct known_message m;
	struct known_folder k;
	struct digest d = book_digest(0);
	struct record r;
	struct book b;
	struct err e;
	int i;

	(void)state;
	name[0] = '\xff';
	name[1] = '\'';
	name[2] = '"';
	name[3] = '\x1b';
	book_open(&b, "long.sqlite");
	book_begin(&b);
	book_put(&b, a_folder(1, name));
	book_put(&b, an_epoch(1, 1));
	book_put(&b, a_blob(&b, 0));
	r = a_message(1, 1, 0);
	r.u.message.flags = flags;
	r.u.message.labels = labels;
	r.u.message.internaldate = "00-Jan-0000 \x80';--";
	book_put(&b, r);
	for (i = 0; i < HEADER_FIELDS; i++)
		headers[i] = i % 2 ? "" : name;
	OK(catalog_headers(b.c, &d, headers, &e));
	book_pack(&b);
	book_commit(&b);
	OK(catalog_folders(b.c, CATALOG_NOW, keep_name, &got, &e));
	assert_string_equal(got, name);
	assert_int_equal(catalog_folder(b.c, name, &k, &e), 1);
	assert_string_equal(k.facts.name, name);
	name[8191] = 'x';
	assert_int_equal(catalog_folder(b.c, name, &k, &e), 0);
	name[8191] = 'n';
	assert_int_equal(catalog_message(b.c, 1, 5, &m, &e), 1);
	assert_string_equal(m.flags, flags);
	assert_string_equal(m.labels, labels);
	assert_string_equal(m.folder_name, name);
	assert_string_equal(m.internaldate, "00-Jan-0000 \x80';--");
	for (i = 0; i < HEADER_FIELDS; i++)
		assert_string_equal(m.header[i], headers[i]);
	book_close(&b);
	free(got);
	free(name);
	free(flags);
	free(labels);
}

static int
stop_at(void *arg, struct err *e)
{
	int *left = arg;

	if (--*left > 0)
		return 0;
	err_set(e, EK_CANCELLED, "stopped");
	return *left == 0 ? 7 : -1;
}

static int
stop_message(void *arg, const struct known_message *m, struct err *e)
{
	(void)m;
	return stop_at(arg, e);
}

static int
stop_folder(void *arg, const struct known_folder *k, struct err *e)
{
	(void)k;
	return stop_at(arg, e);
}

static int
stop_commit(void *arg, const struct known_commit *k, struct err *e)
{
	(void)k;
	return stop_at(arg, e);
}

static int
stop_blob(void *arg, const struct digest *d, const struct known_blob *k,
    struct err *e)
{
	(void)d;
	(void)k;
	return stop_at(arg, e);
}

static int
stop_missing(void *arg, const char *folder, const struct rec_missing *r,
    struct err *e)
{
	(void)folder;
	(void)r;
	return stop_at(arg, e);
}

static int
stop_pack(void *arg, const struct known_pack *k, struct err *e)
{
	(void)k;
	return stop_at(arg, e);
}

static void
test_a_function_that_returns_other_than_0_ends_the_question(void **state)
{
	struct uid_range ranges[2] = { { 50, 51 }, { 60, 60 } };
	struct uidset uids = { ranges, 2, 2 };
	struct record missing = { REC_MISSING, .u.missing = { 1, 1, &uids,
	    "no" } };
	struct record retire = { REC_RETIRE, .u.retire = { NULL, "x" } };
	const char *const packs[2] = { "00000001-1-00000000.tar.zst",
	    "00000003-1-00000000.tar.zst" };
	struct digest d[2] = { book_digest(1), book_digest(0) };
	struct book b;
	struct err e;
	int left, i;

	(void)state;
	begin_second(&b);
	book_put(&b, a_folder(2, "two"));
	book_put(&b, missing);
	book_commit(&b);
#define STOPS(call)	do {		\
	left = 2;			\
	assert_int_equal((call), 7);	\
	assert_int_equal(left, 0);	\
	left = 0;			\
	e.kind = EK_NONE;		\
	assert_int_equal((call), -1);	\
	assert_int_equal(e.kind, EK_CANCELLED); \
	assert_int_equal(left, -1);	\
} while (0)
	STOPS(catalog_messages(b.c, 0, CATALOG_NOW, false, stop_message,
	    &left, &e));
	STOPS(catalog_messages(b.c, 1, 1, true, stop_message, &left, &e));
	STOPS(catalog_by_prefix(b.c, "", stop_message, &left, &e));
	STOPS(catalog_folders(b.c, CATALOG_NOW, stop_folder, &left, &e));
	STOPS(catalog_commits(b.c, stop_commit, &left, &e));
	STOPS(catalog_headerless(b.c, stop_blob, &left, &e));
	STOPS(catalog_each_missing(b.c, stop_missing, &left, &e));
	STOPS(catalog_pack_blobs(b.c, "00000001-1-00000000.tar.zst",
	    stop_blob, &left, &e));
	STOPS(catalog_costs(b.c, d, 2, stop_message, &left, &e));
	book_begin(&b);
	book_put(&b, a_blob(&b, 7));
	book_pack(&b);
	book_commit(&b);
	STOPS(catalog_packs(b.c, stop_pack, &left, &e));
	for (i = 0; i < 2; i++) {
		book_begin(&b);
		retire.u.retire.pack = packs[i];
		book_put(&b, retire);
		book_commit(&b);
	}
	STOPS(catalog_retired(b.c, stop_pack, &left, &e));
	STOPS(catalog_lost(b.c, stop_message, &left, &e));
	book_close(&b);
}

struct nested {
	struct catalog	*c;
	size_t		 outer, inner;
};

static int
ask_again(void *arg, const struct known_message *m, struct err *out)
{
	struct nested *n = arg;
	struct err e;
	struct known_message same;
	struct known_epoch epoch;
	uint64_t commit = m->commit, line = m->line;
	uint32_t uid = m->uid;

	(void)out;
	n->outer++;
	OK(catalog_messages(n->c, m->folder, CATALOG_NOW, false, count_message,
	    &n->inner, &e));
	assert_int_equal(catalog_epoch(n->c, m->folder, &epoch, &e), 1);
	assert_int_equal(catalog_message(n->c, commit, line, &same, &e), 1);
	assert_int_equal(same.uid, uid);
	return 0;
}

static void
test_questions_may_be_asked_while_another_is_answered(void **state)
{
	struct nested n = { .outer = 0 };
	struct book b;
	struct err e;

	(void)state;
	book_open(&b, "nested.sqlite");
	book_fill(&b, 3, 4);
	n.c = b.c;
	OK(catalog_messages(b.c, 0, CATALOG_NOW, false, ask_again, &n, &e));
	assert_int_equal(n.outer, 12);
	assert_int_equal(n.inner, 48);
	book_close(&b);
}

static const char *const plain_headers[HEADER_FIELDS] = { "f", "t", "s", "d",
    "i" };

static int
put_headers(void *arg, const struct digest *d, const struct known_blob *k,
    struct err *e)
{
	struct nested *n = arg;

	assert_int_equal(k->size, n->outer + 1);
	n->outer++;
	return catalog_headers(n->c, d, plain_headers, e);
}

static int
count_blob(void *arg, const struct digest *d, const struct known_blob *k,
    struct err *e)
{
	(void)d;
	(void)k;
	(void)e;
	++*(size_t *)arg;
	return 0;
}

/* More than fit into one of the transactions that are made for them. */
static void
test_header_lines_may_be_put_while_headerless_contents_are_listed(void **state)
{
	struct nested n = { .outer = 0 };
	struct digest d = book_digest(99999);
	struct book b;
	struct err e;
	size_t left = 0;

	(void)state;
	book_open(&b, "headers.sqlite");
	book_fill(&b, 1, 5000);
	n.c = b.c;
	OK(catalog_headerless(b.c, put_headers, &n, &e));
	assert_int_equal(n.outer, 5000);
	FAILS(EK_FAIL, catalog_headers(b.c, &d, plain_headers, &e));
	/*
	 * They stay, whatever comes next: a commit that comes to nothing, or
	 * the end.
	 */
	book_begin(&b);
	book_rollback(&b);
	OK(catalog_headerless(b.c, count_blob, &left, &e));
	assert_int_equal(left, 0);
	book_begin(&b);
	book_put(&b, a_blob(&b, 70000));
	book_pack(&b);
	book_commit(&b);
	d = book_digest(70000);
	OK(catalog_headers(b.c, &d, plain_headers, &e));
	catalog_close(&b.c);
	OK(catalog_open(b.path, CATALOG_READ, &b.c, &e));
	OK(catalog_headerless(b.c, count_blob, &left, &e));
	assert_int_equal(left, 0);
	book_close(&b);
}

static void
test_header_lines_of_a_commit_go_when_it_goes(void **state)
{
	struct digest d = book_digest(1);
	struct book b;
	struct err e;
	size_t left = 0;

	(void)state;
	begin_second(&b);
	OK(catalog_headers(b.c, &d, plain_headers, &e));
	book_rollback(&b);
	OK(catalog_headerless(b.c, count_blob, &left, &e));
	assert_int_equal(left, 2);
	book_begin(&b);
	OK(catalog_headers(b.c, &d, plain_headers, &e));
	book_commit(&b);
	left = 0;
	OK(catalog_headerless(b.c, count_blob, &left, &e));
	assert_int_equal(left, 1);
	book_close(&b);
}

/* That thousands have their lines is remembered, and what comes after them is looked at all the same. */
static void
test_a_content_without_header_lines_is_found_behind_many_that_have_them(
    void **state)
{
	struct nested n = { .outer = 0 };
	struct book b;
	struct err e;
	size_t left = 0;

	(void)state;
	book_open(&b, "behind.sqlite");
	book_fill(&b, 1, 5000);
	n.c = b.c;
	/* To have been told of them is not to have put them. */
	OK(catalog_headerless(b.c, count_blob, &left, &e));
	assert_int_equal(left, 5000);
	left = 0;
	OK(catalog_headerless(b.c, put_headers, &n, &e));
	assert_int_equal(n.outer, 5000);
	OK(catalog_headerless(b.c, count_blob, &left, &e));
	assert_int_equal(left, 0);
	book_begin(&b);
	book_put(&b, a_blob(&b, 70000));
	book_pack(&b);
	book_commit(&b);
	OK(catalog_headerless(b.c, count_blob, &left, &e));
	assert_int_equal(left, 1);
	catalog_close(&b.c);
	OK(catalog_open(b.path, CATALOG_READ, &b.c, &e));
	OK(catalog_headerless(b.c, count_blob, &left, &e));
	assert_int_equal(left, 2);
	book_close(&b);
}

/* The answer to the last question is kept at hand: it must not outlive what it was about. */
static void
test_a_content_is_there_from_its_record_on_and_not_after_a_rollback(
    void **state)
{
	struct digest d = book_digest(70000);
	struct known_blob k;
	struct book b;
	struct err e;
	int i;

	(void)state;
	begin_second(&b);
	for (i = 0; i < 2; i++) {
		assert_int_equal(catalog_blob(b.c, &d, &k, &e), 0);
		book_put(&b, a_blob(&b, 70000));
		assert_int_equal(catalog_blob(b.c, &d, &k, &e), 1);
		assert_int_equal(k.size, a_blob(&b, 70000).u.blob.size);
		if (i == 0) {
			book_rollback(&b);
			assert_int_equal(catalog_blob(b.c, &d, &k, &e), 0);
			book_begin(&b);
		}
	}
	book_pack(&b);
	book_commit(&b);
	assert_int_equal(catalog_blob(b.c, &d, &k, &e), 1);
	book_close(&b);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_flags_come_back_as_they_were),
		cmocka_unit_test(
		    test_long_and_hostile_texts_come_back_byte_for_byte),
		cmocka_unit_test(
	    test_a_function_that_returns_other_than_0_ends_the_question),
		cmocka_unit_test(
		    test_questions_may_be_asked_while_another_is_answered),
		cmocka_unit_test(
	    test_header_lines_may_be_put_while_headerless_contents_are_listed),
		cmocka_unit_test(test_header_lines_of_a_commit_go_when_it_goes),
		cmocka_unit_test(
test_a_content_without_header_lines_is_found_behind_many_that_have_them),
		cmocka_unit_test(
	    test_a_content_is_there_from_its_record_on_and_not_after_a_rollback),
	};
	int failed;

	(void)argc;
	scratch_begin(argv[0]);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	scratch_end();
	return failed;
}
