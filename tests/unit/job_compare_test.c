/*
 * What a backup compares: texts as numbers, what the server lists in order, and that against what is known, by a model
 * that knows nothing of sorted streams (R35, R37, R39, D10).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "job/backup.h"
#include "base_scratch.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

static uint64_t chance;

/* A number below ${n}; the same ones in each run. */
static uint32_t
some(uint32_t n)
{
	chance = chance * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(chance >> 33) % n;
}

/* ---- texts as numbers ---- */

static void
test_intern_same_text_same_number(void **state)
{
	struct intern *in = intern_new();
	uint32_t a, b, id;

	(void)state;
	assert_int_equal(intern_put(in, NULL, &id), 0);
	assert_int_equal(id, 0);
	assert_null(intern_text(in, 0));
	assert_int_equal(intern_put(in, "", &a), 0);
	assert_int_not_equal(a, 0);
	assert_string_equal(intern_text(in, a), "");
	assert_int_equal(intern_put(in, "\\Seen", &b), 0);
	assert_int_not_equal(b, a);
	assert_int_equal(intern_put(in, "\\Seen", &id), 0);
	assert_int_equal(id, b);
	assert_int_equal(intern_put(in, "", &id), 0);
	assert_int_equal(id, a);
	assert_int_equal(intern_put(in, "\\seen", &id), 0);
	assert_int_not_equal(id, b);
	intern_free(&in);
	assert_null(in);
	intern_free(&in);
}

static void
test_intern_takes_65536_texts_and_remembers_them_all(void **state)
{
	struct intern *in = intern_new();
	uint32_t id, i, *ids = xreallocarray(NULL, 65536, sizeof(*ids));
	char text[20];

	(void)state;
	for (i = 0; i < 65536; i++) {
		snprintf(text, sizeof(text), "keyword%u", i);
		assert_int_equal(intern_put(in, text, &ids[i]), 0);
	}
	id = 4711;
	assert_int_equal(intern_put(in, "one more", &id), -1);
	assert_int_equal(id, 4711);
	for (i = 0; i < 65536; i++) {
		snprintf(text, sizeof(text), "keyword%u", i);
		assert_int_equal(intern_put(in, text, &id), 0);
		assert_int_equal(id, ids[i]);
		assert_string_equal(intern_text(in, id), text);
	}
	assert_int_equal(intern_put(in, NULL, &id), 0);
	intern_free(&in);
	free(ids);
}

static void
test_intern_takes_8_mib_of_text(void **state)
{
	const size_t n = 1024 * 1024;
	struct intern *in = intern_new();
	char *text = xmalloc(n + 1);
	uint32_t id, first = 0;
	int i;

	(void)state;
	memset(text, 'x', n);
	text[n] = '\0';
	for (i = 0; i < 7; i++) {
		text[0] = (char)('a' + i);
		assert_int_equal(intern_put(in, text, &id), 0);
		if (i == 0)
			first = id;
	}
	/* One byte too many, then just right, then none more but what is there. */
	text[0] = 'y';
	assert_int_equal(intern_put(in, "z", &id), 0);
	assert_int_equal(intern_put(in, text, &id), -1);
	text[n - 1] = '\0';
	assert_int_equal(intern_put(in, text, &id), 0);
	assert_int_equal(intern_put(in, "w", &id), -1);
	assert_int_equal(intern_put(in, "", &id), 0);
	text[0] = 'a';
	text[n - 1] = 'x';
	assert_int_equal(intern_put(in, text, &id), 0);
	assert_int_equal(id, first);
	intern_free(&in);
	free(text);
}

/* ---- what the server lists ---- */

static void
list(struct listing *l, uint32_t uid, uint32_t flags, uint32_t labels,
    int64_t date)
{
	struct listed m = { .uid = uid, .flags = flags, .labels = labels,
	    .date = date };
	struct err e;

	assert_int_equal(listing_add(l, &m, &e), 0);
}

static void
test_listing_is_sorted_whatever_came_first(void **state)
{
	static const uint32_t uids[][6] = {
		{ 1, 2, 3, 4, 5, 6 }, { 6, 5, 4, 3, 2, 1 },
		{ 3, 1, 2, 6, 4, 5 }, { 1, 2, 3, 4, 6, 5 },
	};
	struct uidset set = UIDSET_INIT;
	struct listing *l;
	size_t i, j;

	(void)state;
	for (i = 0; i < LENGTH(uids); i++) {
		l = listing_new();
		assert_int_equal(listing_sort(l), 0);
		for (j = 0; j < 6; j++)
			list(l, uids[i][j], 100 + uids[i][j], 0, uids[i][j]);
		assert_int_equal(listing_sort(l), 0);
		assert_int_equal(listing_count(l), 6);
		for (j = 0; j < 6; j++) {
			assert_int_equal(listing_at(l, j)->uid, j + 1);
			assert_int_equal(listing_at(l, j)->flags, j + 101);
			assert_int_equal(listing_at(l, j)->date, j + 1);
		}
		uidset_clear(&set);
		uidset_add(&set, 9);
		listing_uids(l, &set);
		assert_int_equal(uidset_count(&set), 7);
		listing_free(&l);
		assert_null(l);
		listing_free(&l);
	}
	uidset_release(&set);
}

/* Facts of one message in several responses; flags that changed while they were listed. */
static void
test_listing_the_later_word_counts_fact_by_fact(void **state)
{
	struct listing *l = listing_new();

	(void)state;
	list(l, 5, 1, 0, LISTED_NO_DATE);
	list(l, 2, 7, 8, 20);
	list(l, 5, 0, 3, LISTED_NO_DATE);
	list(l, 5, 2, 0, 50);
	list(l, 5, 0, 0, LISTED_NO_DATE);
	list(l, 2, 0, 9, LISTED_NO_DATE);
	assert_int_equal(listing_count(l), 6);
	assert_int_equal(listing_sort(l), 4);
	assert_int_equal(listing_count(l), 2);
	assert_int_equal(listing_at(l, 0)->uid, 2);
	assert_int_equal(listing_at(l, 0)->flags, 7);
	assert_int_equal(listing_at(l, 0)->labels, 9);
	assert_int_equal(listing_at(l, 0)->date, 20);
	assert_int_equal(listing_at(l, 1)->uid, 5);
	assert_int_equal(listing_at(l, 1)->flags, 2);
	assert_int_equal(listing_at(l, 1)->labels, 3);
	assert_int_equal(listing_at(l, 1)->date, 50);
	/* Sorted once, it stays so. */
	assert_int_equal(listing_sort(l), 0);
	/* And can be added to. */
	list(l, 3, 1, 1, 1);
	list(l, 3, 4, 0, 1);
	assert_int_equal(listing_sort(l), 1);
	assert_int_equal(listing_count(l), 3);
	assert_int_equal(listing_at(l, 1)->uid, 3);
	assert_int_equal(listing_at(l, 1)->flags, 4);
	listing_free(&l);
	/* Twice the same, at once. */
	l = listing_new();
	list(l, 1, 1, 0, 0);
	list(l, 1, 2, 0, 0);
	assert_int_equal(listing_sort(l), 1);
	assert_int_equal(listing_at(l, 0)->flags, 2);
	listing_free(&l);
}

static void
test_listing_of_a_million_in_order_and_in_none(void **state)
{
	const uint32_t n = 1000000;
	struct listing *l = listing_new();
	uint32_t i;

	(void)state;
	for (i = 1; i <= n; i++)
		list(l, 3 * i, i, 0, i);
	assert_int_equal(listing_sort(l), 0);
	assert_int_equal(listing_count(l), n);
	for (i = 1; i <= n; i += 997)
		assert_int_equal(listing_at(l, i - 1)->uid, 3 * i);
	listing_free(&l);
	/* Each once, in an order that jumps about (7919 is prime to it). */
	l = listing_new();
	for (i = 0; i < n; i++)
		list(l, (uint32_t)((uint64_t)i * 7919 % n) + 1, i + 1, 0, i);
	assert_int_equal(listing_sort(l), 0);
	assert_int_equal(listing_count(l), n);
	for (i = 0; i < n; i++)
		if (listing_at(l, i)->uid != i + 1)
			fail_msg("at %u", i);
	listing_free(&l);
}

/* ---- what is listed against what is known ---- */

#define UIDS	40		/* in the small world of the model */
#define TOP	(UID_MAX - 2)	/* the last ones are at the end of the numbers */

static uint32_t
uid_of(uint32_t i)
{
	return i < UIDS - 3 ? i + 1 : TOP + (i - (UIDS - 3));
}

static const char *const flag_texts[] = { "", "\\Seen", "\\Seen \\Flagged",
    "$Forwarded" };
static const char *const label_texts[] = { NULL, "\\Inbox", "work" };

struct side {
	bool		 there;
	const char	*flags, *labels;
	int64_t		 date;
	bool		 has_date;
};

static struct catalog *catalog;
static uint64_t line, epoch;

static void
apply(struct record *r)
{
	struct err e;

	if (catalog_apply(catalog, ++line, r, &e) == -1)
		fail_msg("%s", e.text);
}

static void
know(uint32_t uid, const struct side *s, uint64_t content)
{
	struct record r = { .kind = REC_MESSAGE };

	r.u.message = (struct rec_message){ .folder = 1, .epoch = epoch,
	    .uid = uid, .size = 10, .flags = s->flags, .labels = s->labels,
	    .date = s->has_date ? s->date : 0, .has_date = s->has_date,
	    .internaldate = s->has_date ? "17-Jul-1996 02:44:25 -0700" : NULL };
	digest_of(&content, sizeof(content), &r.u.message.sha256);
	apply(&r);
}

/* Known before, but gone. */
static void
forget(uint32_t uid)
{
	struct record r = { .kind = REC_GONE };
	struct uidset one = UIDSET_INIT;

	uidset_add(&one, uid);
	r.u.gone = (struct rec_gone){ 1, epoch, &one };
	apply(&r);
	uidset_release(&one);
}

static void
make_known(struct side *known)
{
	struct record r = { .kind = REC_EPOCH };
	uint32_t i;

	epoch++;
	r.u.epoch = (struct rec_epoch){ .epoch = epoch, .folder = 1,
	    .uidvalidity = epoch };
	apply(&r);
	for (i = 0; i < UIDS; i++) {
		uint32_t what = some(4);

		known[i] = (struct side){ .flags = flag_texts[some(4)],
		    .labels = label_texts[some(3)], .date = some(2),
		    .has_date = some(5) != 0 };
		if (what == 0)
			continue;
		know(uid_of(i), &known[i], i);
		if (what == 1)
			forget(uid_of(i));
		else
			known[i].there = true;
		/* The same UID with another content (R37). */
		if (what == 2 && some(4) == 0)
			know(uid_of(i), &known[i], 1000 + i);
	}
}

/* What the server lists, in order or not. */
static void
make_listed(struct side *listed, struct listing *l, struct intern *in,
    bool dates)
{
	uint32_t order[UIDS], i, j, flags, labels;

	for (i = 0; i < UIDS; i++) {
		order[i] = i;
		listed[i] = (struct side){ .there = some(3) != 0,
		    .flags = some(8) == 0 ? NULL : flag_texts[some(4)],
		    .labels = label_texts[some(3)], .date = some(2),
		    .has_date = dates && some(8) != 0 };
	}
	for (i = UIDS - 1; some(2) && i > 0; i--) {
		j = some(i + 1);
		flags = order[i];
		order[i] = order[j];
		order[j] = flags;
	}
	for (i = 0; i < UIDS; i++) {
		const struct side *s = &listed[order[i]];

		if (!s->there)
			continue;
		assert_int_equal(intern_put(in, s->flags, &flags), 0);
		assert_int_equal(intern_put(in, s->labels, &labels), 0);
		list(l, uid_of(order[i]), flags, labels,
		    s->has_date ? s->date : LISTED_NO_DATE);
	}
	listing_sort(l);
}

static bool
differs(const struct side *k, const struct side *l)
{
	return (l->flags != NULL && strcmp(l->flags, k->flags) != 0) ||
	    (l->labels != NULL && (k->labels == NULL ||
	    strcmp(l->labels, k->labels) != 0));
}

/* The changes must be what one sees who looks at each UID by itself. */
static void
check(const struct side *known, const struct side *listed,
    const struct changes *c, const struct intern *in, bool whole)
{
	uint64_t want = 0, gone = 0, same = 0, flags = 0;
	bool reused = false;
	uint32_t i;
	size_t f;

	for (i = 0; i < UIDS; i++) {
		const struct side *k = &known[i], *l = &listed[i];
		bool changed = k->there && l->there && differs(k, l);
		bool found = false;

		assert_int_equal(uidset_has(&c->want, uid_of(i)),
		    l->there && !k->there);
		assert_int_equal(uidset_has(&c->gone, uid_of(i)),
		    whole && k->there && !l->there);
		want += l->there && !k->there;
		gone += whole && k->there && !l->there;
		same += k->there && l->there;
		flags += changed;
		reused |= k->there && l->there && k->has_date &&
		    l->has_date && k->date != l->date;
		for (f = 0; f < c->flags_n; f++)
			if (c->flags[f]->uid == uid_of(i)) {
				found = true;
				/* A record has both: what was not told is as it is known. */
				assert_string_equal(intern_text(in,
				    c->flags[f]->flags), l->flags != NULL ?
				    l->flags : k->flags);
				assert_int_equal(c->flags[f]->labels != 0,
				    l->labels != NULL);
				if (l->labels != NULL)
					assert_string_equal(intern_text(in,
					    c->flags[f]->labels), l->labels);
			}
		assert_int_equal(found, changed);
	}
	assert_int_equal(uidset_count(&c->want), want);
	assert_int_equal(uidset_count(&c->gone), gone);
	assert_int_equal(c->reused, reused);
	/* A UID that is known twice may be counted so where only a part was listed. */
	if (whole) {
		assert_int_equal(c->flags_n, flags);
		assert_int_equal(c->same, same);
	}
	for (f = 1; f < c->flags_n; f++)
		assert_true(c->flags[f - 1]->flags < c->flags[f]->flags ||
		    (c->flags[f - 1]->flags == c->flags[f]->flags &&
		    (c->flags[f - 1]->labels < c->flags[f]->labels ||
		    (c->flags[f - 1]->labels == c->flags[f]->labels &&
		    c->flags[f - 1]->uid <= c->flags[f]->uid))));
}

/* compare_set(): only the UIDs are known. */
static void
check_set(const struct side *known, const struct side *listed)
{
	struct changes c = { .same = 0 };
	struct uidset all = UIDSET_INIT, half = UIDSET_INIT,
	    found = UIDSET_INIT;
	struct err e;
	uint64_t same = 0;
	uint32_t i;

	for (i = 0; i < UIDS; i++)
		if (listed[i].there)
			uidset_add(&all, uid_of(i));
	assert_int_equal(compare_set(catalog, epoch, &all, &c, &e), 0);
	uidset_add_range(&half, uid_of(UIDS / 2), UID_MAX);
	assert_int_equal(compare_known(catalog, epoch, &half, &found, &e), 0);
	for (i = 0; i < UIDS; i++) {
		bool k = known[i].there, l = listed[i].there;

		assert_int_equal(uidset_has(&c.want, uid_of(i)), l && !k);
		assert_int_equal(uidset_has(&c.gone, uid_of(i)), k && !l);
		assert_int_equal(uidset_has(&found, uid_of(i)),
		    k && i >= UIDS / 2);
		same += k && l;
	}
	assert_int_equal(c.same, same);
	assert_int_equal(c.flags_n, 0);
	changes_release(&c);
	uidset_release(&all);
	uidset_release(&half);
	uidset_release(&found);
}

static void
test_compare_agrees_with_looking_at_each_uid(void **state)
{
	struct side known[UIDS], listed[UIDS];
	struct err e;
	uint32_t seed;

	(void)state;
	for (seed = 1; seed <= 400; seed++) {
		struct intern *in = intern_new();
		struct listing *l = listing_new();
		struct changes all = { .same = 0 }, part = { .same = 0 };

		chance = seed;
		make_known(known);
		make_listed(listed, l, in, seed % 2 == 0);
		assert_int_equal(compare_all(catalog, epoch, l, in, &all, &e),
		    0);
		check(known, listed, &all, in, true);
		assert_int_equal(compare_some(catalog, epoch, l, in, &part,
		    &e), 0);
		check(known, listed, &part, in, false);
		check_set(known, listed);
		changes_release(&all);
		changes_release(&part);
		listing_free(&l);
		intern_free(&in);
	}
}

static void
test_compare_with_nothing_on_either_side(void **state)
{
	struct intern *in = intern_new();
	struct listing *l = listing_new();
	struct changes c = { .same = 0 };
	struct side s = { .flags = "" };
	struct record r = { .kind = REC_EPOCH };
	struct err e;

	(void)state;
	epoch++;
	r.u.epoch = (struct rec_epoch){ .epoch = epoch, .folder = 1,
	    .uidvalidity = epoch };
	apply(&r);
	assert_int_equal(compare_all(catalog, epoch, l, in, &c, &e), 0);
	assert_int_equal(compare_some(catalog, epoch, l, in, &c, &e), 0);
	assert_true(uidset_empty(&c.want) && uidset_empty(&c.gone));
	know(1, &s, 1);
	know(UID_MAX, &s, 2);
	assert_int_equal(compare_some(catalog, epoch, l, in, &c, &e), 0);
	assert_true(uidset_empty(&c.gone));
	assert_int_equal(compare_all(catalog, epoch, l, in, &c, &e), 0);
	assert_int_equal(uidset_count(&c.gone), 2);
	assert_true(uidset_has(&c.gone, UID_MAX));
	changes_release(&c);
	assert_true(uidset_empty(&c.gone));
	listing_free(&l);
	intern_free(&in);
}

static int
begin(void **state)
{
	const struct rec_head head = { .vault = "v", .commit = 1, .time = 1,
	    .run = 1, .program = "mailkeep" };
	struct record r = { .kind = REC_FOLDER };
	struct err e;
	char *path;

	if (scratch_begin(state) == -1)
		return -1;
	path = xasprintf("%s/catalog.sqlite", scratch);
	if (catalog_open(path, CATALOG_WRITE, &catalog, &e) == -1 ||
	    catalog_begin(catalog, &head, &e) == -1)
		return -1;
	free(path);
	line = 1;	/* that of the head */
	r.u.folder = (struct rec_folder){ .folder = 1, .name = "INBOX",
	    .attributes = "", .delimiter = '/', .selectable = true };
	apply(&r);
	return 0;
}

static int
end(void **state)
{
	catalog_rollback(catalog);
	catalog_close(&catalog);
	return scratch_end(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intern_same_text_same_number),
		cmocka_unit_test(
		    test_intern_takes_65536_texts_and_remembers_them_all),
		cmocka_unit_test(test_intern_takes_8_mib_of_text),
		cmocka_unit_test(test_listing_is_sorted_whatever_came_first),
		cmocka_unit_test(
		    test_listing_the_later_word_counts_fact_by_fact),
		cmocka_unit_test(
		    test_listing_of_a_million_in_order_and_in_none),
		cmocka_unit_test(
		    test_compare_agrees_with_looking_at_each_uid),
		cmocka_unit_test(test_compare_with_nothing_on_either_side),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
