/*
 * What a run that deletes from the server records: intents that stay open
 * until their outcome is known, and messages that are gone by its doing.
 */
#include "catalog_help.h"

static struct uidset set = UIDSET_INIT;

/* They live until the next call. */
static const struct uidset *
uids(const char *text)
{
	uidset_clear(&set);
	assert_int_equal(uidset_parse(text, strlen(text), 9, &set), 0);
	return &set;
}

static struct record
intent(const char *text, bool marked, bool move)
{
	return (struct record){ REC_PRUNE_INTENT, .u.prune_intent = { 1, 1,
	    uids(text), marked, move } };
}

static struct record
pruned(const char *text, uint64_t run)
{
	return (struct record){ REC_PRUNED, .u.pruned = { 1, 1, run,
	    uids(text) } };
}

static struct record
kept(const char *text)
{
	return (struct record){ REC_PRUNE_KEPT, .u.prune_kept = { 1, 1,
	    uids(text) } };
}

static struct record
gone(const char *text)
{
	return (struct record){ REC_GONE, .u.gone = { 1, 1,
	    uids(text) } };
}

static int
tell_intent(void *arg, const struct known_intent *k, struct err *e)
{
	(void)e;
	assert_int_equal(k->folder, 1);
	assert_int_equal(k->epoch, 1);
	buf_addf(arg, "%ju:%u-%u%s%s ", (uintmax_t)k->run, k->uids.first,
	    k->uids.last, k->marked ? "!" : "", k->move ? ">" : "");
	return 0;
}

static void
intents_are(struct book *b, const char *want)
{
	struct buf text = BUF_INIT(1000);
	struct err e;

	OK(catalog_intents(b->c, 1, tell_intent, &text, &e));
	assert_string_equal(buf_text(&text), want);
	buf_release(&text);
}

static int
tell_message(void *arg, const struct known_message *m, struct err *e)
{
	(void)e;
	buf_addf(arg, "%u", m->uid);
	if (m->gone)
		buf_adds(arg, "-");
	if (m->pruned != 0)
		buf_addf(arg, "%ju", (uintmax_t)m->pruned);
	buf_adds(arg, m->by_emailid ? "* " : " ");
	return 0;
}

/* All messages: "2-7 " is UID 2, gone by run 7. */
static void
messages_are(struct book *b, uint64_t at, const char *want)
{
	struct buf text = BUF_INIT(1000);
	struct err e;

	OK(catalog_messages(b->c, 0, at, true, tell_message, &text, &e));
	assert_string_equal(buf_text(&text), want);
	buf_release(&text);
}

/* Folder 1 with UIDs 1 to 9, its comparison complete, and a commit begun. */
static void
begin(struct book *b, const char *name)
{
	struct record state = an_epoch(1, 1);

	state.u.epoch.has_state = state.u.epoch.complete = true;
	book_open(b, name);
	book_fill(b, 1, 9);
	book_begin(b);
	book_put(b, state);
	book_commit(b);
	book_begin(b);
}

static bool
is_complete(struct book *b)
{
	struct known_epoch k;
	struct err e;

	assert_int_equal(catalog_epoch(b->c, 1, &k, &e), 1);
	return k.complete;
}

static void
test_an_intent_is_closed_by_its_outcome_and_nothing_else(void **state)
{
	struct record same = a_message(1, 6, 5), other = a_message(1, 7, 1);
	struct record r;
	struct book b;

	(void)state;
	begin(&b, "intent.sqlite");
	intents_are(&b, "");
	book_put(&b, intent("2:8", false, false));
	intents_are(&b, "3:2-8 ");
	/* Seen again, as it was or otherwise, is no outcome. */
	book_put(&b, same);
	book_put(&b, other);
	r = (struct record){ REC_FLAGS, .u.flags = { 1, 1, uids("2:8"),
	    "\\Deleted", NULL } };
	book_put(&b, r);
	r = (struct record){ REC_MISSING, .u.missing = { 1, 1,
	    uids("8"), "no" } };
	book_put(&b, r);
	intents_are(&b, "3:2-8 ");
	book_put(&b, kept("4"));
	intents_are(&b, "3:2-3 3:5-8 ");
	book_put(&b, gone("1:2"));
	intents_are(&b, "3:3-3 3:5-8 ");
	book_put(&b, pruned("6:7", 3));
	intents_are(&b, "3:3-3 3:5-5 3:8-8 ");
	book_commit(&b);
	intents_are(&b, "3:3-3 3:5-5 3:8-8 ");
	book_begin(&b);
	book_put(&b, kept("1:4294967295"));
	intents_are(&b, "");
	book_commit(&b);
	book_close(&b);
}

static void
test_each_run_has_intents_of_its_own_and_one_outcome_ends_all(void **state)
{
	struct book b;

	(void)state;
	begin(&b, "runs.sqlite");
	book_put(&b, intent("1:6", false, false));
	/* The same run once more: its last word counts. */
	book_put(&b, intent("3:4", true, false));
	intents_are(&b, "3:1-2 3:3-4! 3:5-6 ");
	book_commit(&b);
	book_begin(&b);
	book_put(&b, intent("4:5,4294967295", true, true));
	intents_are(&b, "3:1-2 3:3-4! 3:5-6 4:4-5!> 4:4294967295-4294967295!> ");
	book_put(&b, pruned("4", 3));
	intents_are(&b, "3:1-2 3:3-3! 3:5-6 4:5-5!> 4:4294967295-4294967295!> ");
	book_put(&b, kept("5:4294967295"));
	intents_are(&b, "3:1-2 3:3-3! ");
	book_close(&b);
}

static void
test_an_intent_says_nothing_about_messages_and_pruned_ends_them(void **state)
{
	struct known_epoch k;
	struct book b;
	struct err e;

	(void)state;
	begin(&b, "ends.sqlite");
	assert_true(is_complete(&b));
	book_put(&b, intent("2:8", false, false));
	assert_true(is_complete(&b));
	book_put(&b, kept("8"));
	assert_true(is_complete(&b));
	book_put(&b, pruned("3:4,10", 3));
	assert_false(is_complete(&b));
	assert_int_equal(catalog_epoch(b.c, 1, &k, &e), 1);
	assert_int_equal(k.live, 7);
	book_commit(&b);
	messages_are(&b, CATALOG_NOW, "1 2 3-3 4-3 5 6 7 8 9 ");
	messages_are(&b, 2, "1 2 3 4 5 6 7 8 9 ");
	book_close(&b);
}

static void
test_pruned_explains_what_was_gone_already(void **state)
{
	struct book b;

	(void)state;
	begin(&b, "explains.sqlite");
	book_put(&b, intent("2:5", false, false));
	book_put(&b, gone("3"));
	book_commit(&b);
	book_begin(&b);
	/* UID 3 comes back with another content, and only that is deleted. */
	book_put(&b, a_message(1, 3, 4));
	book_put(&b, gone("4,9"));
	book_put(&b, pruned("3:5", 3));
	messages_are(&b, CATALOG_NOW, "1 2 3- 3-3 4-3 5-3 6 7 8 9- ");
	/* The first that says who it was is right. */
	book_put(&b, pruned("3:5,9", 4));
	messages_are(&b, CATALOG_NOW, "1 2 3- 3-3 4-3 5-3 6 7 8 9-4 ");
	messages_are(&b, 3, "1 2 3- 4 5 6 7 8 9 ");
	book_close(&b);
}

static int
tell_run(void *arg, uint64_t run, uint64_t messages, uint64_t bytes,
    struct err *e)
{
	(void)e;
	buf_addf(arg, "%ju:%ju/%ju ", (uintmax_t)run, (uintmax_t)messages,
	    (uintmax_t)bytes);
	return 0;
}

static void
test_what_runs_deleted_is_counted_for_each(void **state)
{
	struct buf text = BUF_INIT(1000);
	struct book b;
	struct err e;

	(void)state;
	begin(&b, "runs.sqlite");
	OK(catalog_pruned(b.c, tell_run, &text, &e));
	assert_string_equal(buf_text(&text), "");
	book_put(&b, gone("1"));
	book_put(&b, pruned("3:4", 2));
	book_put(&b, pruned("9", 3));
	OK(catalog_pruned(b.c, tell_run, &text, &e));
	assert_string_equal(buf_text(&text), "3:1/9 2:2/7 ");
	buf_release(&text);
	book_close(&b);
}

static void
test_a_content_that_was_taken_as_known_is_told(void **state)
{
	struct record r = a_message(1, 10, 1);
	struct book b;

	(void)state;
	begin(&b, "by.sqlite");
	r.u.message.by = "emailid";
	book_put(&b, r);
	messages_are(&b, CATALOG_NOW, "1 2 3 4 5 6 7 8 9 10* ");
	/* That makes it no other message. */
	r.u.message.by = NULL;
	book_put(&b, r);
	messages_are(&b, CATALOG_NOW, "1 2 3 4 5 6 7 8 9 10* ");
	book_commit(&b);
	messages_are(&b, 3, "1 2 3 4 5 6 7 8 9 10* ");
	messages_are(&b, 2, "1 2 3 4 5 6 7 8 9 ");
	book_close(&b);
}

static void
test_when_an_epoch_began_and_whether_there_was_one_before(void **state)
{
	struct known_epoch k;
	struct book b;
	struct err e;

	(void)state;
	begin(&b, "began.sqlite");
	assert_int_equal(catalog_epoch(b.c, 1, &k, &e), 1);
	assert_int_equal(k.began, 60);
	assert_false(k.renewed);
	book_put(&b, a_folder(2, "another"));
	book_put(&b, an_epoch(2, 2));
	book_put(&b, an_epoch(3, 1));
	/* In the middle of its commit, too. */
	assert_int_equal(catalog_epoch(b.c, 2, &k, &e), 1);
	assert_int_equal(k.began, 180);
	assert_false(k.renewed);
	assert_int_equal(catalog_epoch(b.c, 1, &k, &e), 1);
	assert_int_equal(k.epoch, 3);
	assert_int_equal(k.began, 180);
	assert_true(k.renewed);
	book_close(&b);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_an_intent_is_closed_by_its_outcome_and_nothing_else),
		cmocka_unit_test(
	    test_each_run_has_intents_of_its_own_and_one_outcome_ends_all),
		cmocka_unit_test(
	    test_an_intent_says_nothing_about_messages_and_pruned_ends_them),
		cmocka_unit_test(test_pruned_explains_what_was_gone_already),
		cmocka_unit_test(test_what_runs_deleted_is_counted_for_each),
		cmocka_unit_test(
		    test_a_content_that_was_taken_as_known_is_told),
		cmocka_unit_test(
		    test_when_an_epoch_began_and_whether_there_was_one_before),
	};
	int failed;

	(void)argc;
	scratch_begin(argv[0]);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	uidset_release(&set);
	scratch_end();
	return failed;
}
