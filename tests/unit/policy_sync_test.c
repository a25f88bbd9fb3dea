/*
 * What incremental means (DESIGN.md D10): every combination of what the vault knows of a folder, what STATUS says and
 * what the server can do, against the rules (R31 to R36); and the figures that must add up at the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "policy/policy.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define WEEK		(7 * 86400)
#define NOW		1700000000
#define DUE		(NOW - WEEK)	/* a full comparison from then or before is too old */

/* ---- a story of known facts, changed one by one ---- */

static const struct policy_server bare = { false, false, false };
static const struct policy_server counting = { true, false, false };
static const struct policy_server resyncing = { true, true, false };
static const struct policy_server naming = { true, true, true };

/* Ten messages, the last comparison complete, two days ago. */
static struct known_epoch
known(void)
{
	return (struct known_epoch){ .epoch = 3, .folder = 2,
	    .uidvalidity = 7, .live = 10, .max_uid = 99, .max_live = 99,
	    .has_state = true, .complete = true, .uidnext = 100,
	    .highestmodseq = 50, .exists = 10,
	    .full_time = NOW - 2 * 86400 };
}

/* The server says the same. */
static struct mail_state
said(void)
{
	return (struct mail_state){ .uidvalidity = 7, .uidnext = 100,
	    .highestmodseq = 50, .exists = 10, .has_exists = true };
}

static void
test_visit_of_an_unchanged_folder_is_spared(void **state)
{
	static const struct policy_server *const servers[] = { &counting,
	    &resyncing, &naming };
	struct known_epoch k = known();
	struct mail_state st = said();
	struct policy_visit v;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(servers); i++) {
		policy_visit(&k, &st, servers[i], DUE, &v);
		assert_true(v.skip);
		assert_string_equal(v.why, "unchanged");
	}
}

/* One fact is other than in the story. */
struct twist {
	const char	*what;
	void		(*twist)(struct known_epoch *, struct mail_state *);
};

static void
more_messages(struct known_epoch *k, struct mail_state *st)
{
	(void)k;
	st->exists = 11;
}

static void
fewer_messages(struct known_epoch *k, struct mail_state *st)
{
	(void)k;
	st->exists = 9;
}

static void
later_uid(struct known_epoch *k, struct mail_state *st)
{
	(void)k;
	st->uidnext = 101;
}

static void
later_modseq(struct known_epoch *k, struct mail_state *st)
{
	(void)k;
	st->highestmodseq = 51;
}

static void
no_word_of_messages(struct known_epoch *k, struct mail_state *st)
{
	(void)k;
	st->exists = 0;
	st->has_exists = false;
}

static void
no_word_of_uidvalidity(struct known_epoch *k, struct mail_state *st)
{
	(void)k;
	st->uidvalidity = 0;
}

static void
no_word_of_uidnext(struct known_epoch *k, struct mail_state *st)
{
	(void)k;
	st->uidnext = 0;
}

static void
no_modseq_now(struct known_epoch *k, struct mail_state *st)
{
	(void)k;
	st->highestmodseq = 0;
}

static void
no_modseq_ever(struct known_epoch *k, struct mail_state *st)
{
	k->highestmodseq = st->highestmodseq = 0;
}

static void
something_missing(struct known_epoch *k, struct mail_state *st)
{
	(void)st;
	k->missing = 1;
}

static void
not_finished(struct known_epoch *k, struct mail_state *st)
{
	(void)st;
	k->complete = false;
}

static void
test_visit_is_not_spared_where_one_figure_differs(void **state)
{
	static const struct twist t[] = {
		{ "more messages", more_messages },
		{ "fewer messages", fewer_messages },
		{ "a later UIDNEXT", later_uid },
		{ "a later HIGHESTMODSEQ", later_modseq },
		{ "no MESSAGES", no_word_of_messages },
		{ "no UIDVALIDITY", no_word_of_uidvalidity },
		{ "no UIDNEXT", no_word_of_uidnext },
		{ "HIGHESTMODSEQ 0 now", no_modseq_now },
		{ "HIGHESTMODSEQ 0 both times", no_modseq_ever },
		{ "something is missing", something_missing },
		{ "not complete", not_finished },
	};
	struct policy_visit v;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		struct known_epoch k = known();
		struct mail_state st = said();

		t[i].twist(&k, &st);
		policy_visit(&k, &st, &resyncing, DUE, &v);
		if (v.skip)
			fail_msg("skipped though %s", t[i].what);
	}
}

static void
test_visit_compares_by_what_the_server_can_tell(void **state)
{
	struct known_epoch k = known();
	struct mail_state st = said();
	struct policy_visit v;

	(void)state;
	st.highestmodseq = 51;
	policy_visit(&k, &st, &resyncing, DUE, &v);
	assert_int_equal(v.compare, COMPARE_RESYNC);
	assert_false(v.full);
	policy_visit(&k, &st, &counting, DUE, &v);
	assert_int_equal(v.compare, COMPARE_CHANGES);
	assert_false(v.full);
	assert_false(v.dates);
	policy_visit(&k, &st, &bare, DUE, &v);
	assert_int_equal(v.compare, COMPARE_ALL);
	assert_true(v.full && v.dates);
	/* What was compared without counts can't be gone on from by counts. */
	k.highestmodseq = 0;
	policy_visit(&k, &st, &resyncing, DUE, &v);
	assert_int_equal(v.compare, COMPARE_ALL);
	assert_true(v.full && v.dates);
}

static void
test_visit_forces_a_full_comparison_when_one_is_due(void **state)
{
	static const struct { int64_t then; bool full; } t[] = {
		{ 0, true }, { DUE - 1, true }, { DUE, true },
		{ DUE + 1, false }, { NOW, false },
	};
	struct known_epoch k = known();
	struct mail_state same = said(), other = said();
	struct policy_visit v;
	size_t i;

	(void)state;
	other.highestmodseq = 51;
	for (i = 0; i < LENGTH(t); i++) {
		k.full_time = t[i].then;
		policy_visit(&k, &same, &resyncing, DUE, &v);
		assert_int_equal(v.skip, !t[i].full);
		policy_visit(&k, &other, &resyncing, DUE, &v);
		assert_int_equal(v.full, t[i].full);
		assert_int_equal(v.compare, t[i].full ? COMPARE_ALL :
		    COMPARE_RESYNC);
	}
	/* --full: each one is too old, even one from a clock that was ahead. */
	k.full_time = NOW + 86400;
	policy_visit(&k, &same, &resyncing, INT64_MAX, &v);
	assert_false(v.skip);
	assert_int_equal(v.compare, COMPARE_ALL);
	assert_true(v.full);
}

static void
test_visit_of_a_folder_that_is_new_fetches_all(void **state)
{
	struct mail_state st = said(), nothing = { .uidvalidity = 0 };
	struct policy_visit v;

	(void)state;
	policy_visit(NULL, &st, &resyncing, DUE, &v);
	assert_int_equal(v.compare, COMPARE_NONE);
	assert_true(v.full);
	assert_false(v.new_epoch || v.skip || v.list_first || v.ask_missing);
	assert_int_equal(v.first, 1);
	assert_int_equal(v.last, POLICY_UID_END);
	/* Also where STATUS said nothing, and where EXISTS says there is nothing, nothing. */
	policy_visit(NULL, &nothing, &resyncing, DUE, &v);
	assert_int_equal(v.first, 1);
	st.exists = 0;
	policy_visit(NULL, &st, &resyncing, DUE, &v);
	assert_int_equal(v.compare, COMPARE_NONE);
	assert_false(v.skip);
	assert_int_equal(v.first, 0);
	/* Where messages have names of their own they are listed first. */
	st.exists = 10;
	policy_visit(NULL, &st, &naming, DUE, &v);
	assert_true(v.list_first);
}

static void
test_visit_under_another_uidvalidity_begins_an_epoch(void **state)
{
	struct known_epoch k = known();
	struct mail_state st = said();
	struct policy_visit v;

	(void)state;
	k.missing = 4;
	st.uidvalidity = 8;
	policy_visit(&k, &st, &resyncing, DUE, &v);
	assert_true(v.new_epoch);
	assert_int_equal(v.compare, COMPARE_NONE);
	assert_int_equal(v.first, 1);
	/* What was missing was so under other UIDs. */
	assert_false(v.ask_missing);
	/* A server that gives one where it gave none. */
	k.uidvalidity = 0;
	policy_visit(&k, &st, &resyncing, DUE, &v);
	assert_true(v.new_epoch);
}

static void
test_visit_without_uidvalidity_fetches_all_each_time(void **state)
{
	struct known_epoch k = known();
	struct mail_state st = said();
	struct policy_visit v;

	(void)state;
	k.uidvalidity = st.uidvalidity = 0;
	policy_visit(&k, &st, &naming, DUE, &v);
	assert_int_equal(v.compare, COMPARE_CONTENT);
	assert_false(v.skip || v.new_epoch || v.list_first);
	assert_int_equal(v.first, 1);
	assert_int_equal(v.last, POLICY_UID_END);
}

static void
test_visit_where_uidnext_went_back_fetches_all(void **state)
{
	static const struct {
		uint64_t known_next;
		uint32_t max_live;
		uint64_t uidnext;
		bool back;
	} t[] = {
		{ 100, 99, 99, true }, { 100, 99, 1, true },
		{ 100, 99, 100, false }, { 100, 99, 101, false },
		/* the highest was deleted long ago */
		{ 100, 50, 99, true }, { 100, 0, 99, true },
		{ 100, 50, 100, false },
		/* mail came while the last run was looking */
		{ 100, 105, 105, true }, { 100, 105, 100, true },
		{ 100, 105, 106, false },
		/* the end of the numbers */
		{ UID_MAX, UID_MAX - 1, UID_MAX, false },
		{ UID_MAX, UID_MAX, UID_MAX, true },
	};
	struct policy_visit v;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		struct known_epoch k = known();
		struct mail_state st = said();

		k.uidnext = t[i].known_next;
		k.max_live = t[i].max_live;
		st.uidnext = t[i].uidnext;
		st.highestmodseq = 51;
		policy_visit(&k, &st, &resyncing, DUE, &v);
		assert_int_equal(v.compare, t[i].back ? COMPARE_CONTENT :
		    COMPARE_RESYNC);
		if (t[i].back)
			assert_int_equal(v.first, 1);
		/* And so the second time. */
		policy_again(&k, &st, &resyncing, &v);
		assert_int_equal(v.compare, t[i].back ? COMPARE_CONTENT :
		    COMPARE_ALL);
	}
}

static void
test_visit_where_highestmodseq_went_back_looks_at_dates(void **state)
{
	struct known_epoch k = known();
	struct mail_state st = said();
	struct policy_visit v;

	(void)state;
	/* A server set back to a copy, and new mail under UIDs that we know. */
	st.highestmodseq = 49;
	policy_visit(&k, &st, &resyncing, DUE, &v);
	assert_int_equal(v.compare, COMPARE_ALL);
	assert_true(v.full && v.dates);
	policy_again(&k, &st, &resyncing, &v);
	assert_int_equal(v.compare, COMPARE_ALL);
	assert_true(v.dates);
	/* Whatever else is the reason to look. */
	policy_visit(&k, &st, &resyncing, INT64_MAX, &v);
	assert_true(v.dates);
	k.complete = false;
	policy_visit(&k, &st, &resyncing, DUE, &v);
	assert_true(v.dates);
	st.highestmodseq = 50;
	policy_visit(&k, &st, &resyncing, DUE, &v);
	assert_false(v.dates);
}

static void
test_visit_after_a_run_that_broke_off_compares_every_uid(void **state)
{
	struct known_epoch k = known();
	struct mail_state st = said();
	struct policy_visit v;

	(void)state;
	k.complete = false;
	policy_visit(&k, &st, &resyncing, DUE, &v);
	assert_int_equal(v.compare, COMPARE_ALL);
	/* Holes may be anywhere: no body is asked for before the listing. */
	assert_true(v.full && v.list_first);
	assert_int_equal(v.first, 0);
	k.has_state = false;
	k.uidnext = k.highestmodseq = k.exists = 0;
	policy_visit(&k, &st, &resyncing, DUE, &v);
	assert_int_equal(v.compare, COMPARE_ALL);
	assert_true(v.list_first);
}

static void
test_visit_asks_for_bodies_above_all_that_is_known(void **state)
{
	static const struct {
		uint32_t max_live;
		uint64_t uidnext, said;
		uint32_t first;
	} t[] = {
		{ 99, 100, 120, 100 },
		{ 50, 100, 120, 100 },
		{ 105, 100, 120, 106 },
		{ 0, 1, 120, 1 },
		{ 0, 0, 120, 1 },
		{ UID_MAX - 2, UID_MAX - 1, UID_MAX, UID_MAX - 1 },
		{ UID_MAX - 1, UID_MAX, UID_MAX, 0 },
		{ UID_MAX, UID_MAX, 0, 0 },
	};
	struct policy_visit v;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		struct known_epoch k = known();
		struct mail_state st = said();

		k.max_live = t[i].max_live;
		k.uidnext = t[i].uidnext;
		st.uidnext = t[i].said;
		st.highestmodseq = 51;
		policy_visit(&k, &st, &resyncing, DUE, &v);
		assert_int_equal(v.compare, COMPARE_RESYNC);
		assert_int_equal(v.first, t[i].first);
		if (v.first != 0)
			assert_int_equal(v.last, POLICY_UID_END);
	}
}

/* ---- all combinations, against the rules ---- */

/* One rule that does not hold. */
static char broken[200];

static void
rule(bool holds, const char *what)
{
	if (!holds && broken[0] == '\0')
		snprintf(broken, sizeof(broken), "%s", what);
}

static bool
is_delta(const struct policy_visit *v)
{
	return v->compare == COMPARE_RESYNC || v->compare == COMPARE_CHANGES;
}

/* What must be so whatever is decided; nothing here says how it is decided. */
static void
check_rules(const struct known_epoch *k, const struct mail_state *st,
    const struct policy_server *s, const struct policy_visit *v)
{
	bool changed = st->uidvalidity != 0 &&
	    st->uidvalidity != k->uidvalidity;
	bool back = st->uidnext != 0 && (st->uidnext <= k->max_live ||
	    (k->has_state && st->uidnext < k->uidnext));
	bool due = k->full_time <= DUE;
	bool finished = k->has_state && k->complete;
	bool same = finished && k->uidvalidity != 0 &&
	    st->uidvalidity == k->uidvalidity &&
	    st->uidnext == k->uidnext && k->highestmodseq != 0 &&
	    st->highestmodseq == k->highestmodseq && st->has_exists &&
	    st->exists == k->exists && k->missing == 0;

	rule(v->why != NULL && *v->why != '\0', "a reason is given");
	rule(v->skip == (same && !due && !back),
	    "D10: skipped if and only if nothing changed and nothing is due");
	if (v->skip)
		return;
	rule(v->new_epoch == changed, "R31: another UIDVALIDITY, an epoch");
	if (changed) {
		rule(v->compare == COMPARE_NONE, "R32: epochs never mix");
		return;
	}
	if (k->uidvalidity == 0 || back)
		rule(v->compare == COMPARE_CONTENT,
		    "R33, R34: UIDs that mean nothing are not compared");
	else
		rule(v->compare != COMPARE_CONTENT && v->compare !=
		    COMPARE_NONE, "what is known is made use of");
	if (is_delta(v)) {
		rule(finished, "D10: no delta upon what was not finished");
		rule(!due, "R36: a full comparison in time");
		rule(k->highestmodseq != 0 && s->condstore,
		    "a delta needs counts on both sides");
		rule(v->compare != COMPARE_RESYNC || s->qresync,
		    "QRESYNC where it is offered");
		rule(st->highestmodseq == 0 ||
		    st->highestmodseq >= k->highestmodseq,
		    "a count that went back tells nothing");
		rule(!v->full, "a delta is not a full comparison");
	} else
		rule(v->full, "all else is a full comparison");
	if (v->compare == COMPARE_ALL && (!s->condstore ||
	    k->highestmodseq == 0 || (st->has_exists &&
	    st->highestmodseq < k->highestmodseq)))
		rule(v->dates, "D10: without counts dates are looked at");
	rule(v->ask_missing == (k->missing > 0),
	    "R6: what is missing is asked for again");
	if (v->compare == COMPARE_CONTENT)
		rule(!v->list_first && (v->first == 1 || (st->has_exists &&
		    st->exists == 0)), "all bodies");
	else
		rule(v->list_first || v->first != 0 ||
		    k->max_live >= UID_MAX - 1 || k->uidnext >= UID_MAX,
		    "R35: what is new is asked for, or listed");
	rule(v->first == 0 || v->last == POLICY_UID_END, "to the end");
}

static const struct policy_server servers[] = {
	{ false, false, false }, { false, false, true },
	{ true, false, false }, { true, false, true },
	{ true, true, false }, { true, true, true },
};

/* Walk through all facts about the server's side. */
static unsigned long
check_answers(const struct known_epoch *k)
{
	static const uint64_t validity[] = { 0, 7, 8 };
	static const uint64_t next[] = { 0, 90, 100, 106, 120, UID_MAX };
	static const uint64_t modseq[] = { 0, 49, 50, 51 };
	static const int exists[] = { -1, 0, 10, 11 };
	struct mail_state st = { .uidvalidity = 0 };
	struct policy_visit v;
	unsigned long n = 0;
	size_t a, b, c, d, s;

	for (a = 0; a < LENGTH(validity); a++)
	for (b = 0; b < LENGTH(next); b++)
	for (c = 0; c < LENGTH(modseq); c++)
	for (d = 0; d < LENGTH(exists); d++)
	for (s = 0; s < LENGTH(servers); s++) {
		st.uidvalidity = validity[a];
		st.uidnext = next[b];
		st.highestmodseq = modseq[c];
		st.has_exists = exists[d] >= 0;
		st.exists = st.has_exists ? (uint64_t)exists[d] : 0;
		memset(&v, 0xa5, sizeof(v));
		policy_visit(k, &st, &servers[s], DUE, &v);
		broken[0] = '\0';
		check_rules(k, &st, &servers[s], &v);
		if (broken[0] != '\0')
			fail_msg("%s (validity %d/%d next %u/%u modseq %d/%d "
			    "exists %d server %d; state %d complete %d "
			    "missing %d highest %u: compare %d first %u)",
			    broken, (int)k->uidvalidity, (int)validity[a],
			    (unsigned int)k->uidnext, (unsigned int)next[b],
			    (int)k->highestmodseq, (int)modseq[c], exists[d],
			    (int)s, k->has_state, k->complete, (int)k->missing,
			    k->max_live, (int)v.compare, v.first);
		n++;
	}
	return n;
}

static void
test_visit_keeps_the_rules_in_every_combination(void **state)
{
	static const uint64_t validity[] = { 0, 7 };
	static const uint32_t highest[] = { 0, 60, 99, 105, UID_MAX - 1,
	    UID_MAX };
	static const uint64_t modseq[] = { 0, 50 }, missing[] = { 0, 3 };
	static const int64_t full[] = { 0, DUE, NOW };
	unsigned long n = 0;
	size_t a, b, c, d, e, stage;

	(void)state;
	for (a = 0; a < LENGTH(validity); a++)
	for (b = 0; b < LENGTH(highest); b++)
	for (c = 0; c < LENGTH(modseq); c++)
	for (d = 0; d < LENGTH(missing); d++)
	for (e = 0; e < LENGTH(full); e++)
	for (stage = 0; stage < 3; stage++) {
		struct known_epoch k = known();

		k.uidvalidity = validity[a];
		k.max_live = k.max_uid = highest[b];
		k.live = highest[b] == 0 ? 0 : 10;
		k.missing = missing[d];
		k.full_time = full[e];
		k.complete = stage == 2;
		k.has_state = stage > 0;
		k.highestmodseq = k.has_state ? modseq[c] : 0;
		if (!k.has_state)
			k.uidnext = k.exists = 0;
		n += check_answers(&k);
	}
	assert_int_equal(n, 432 * 1728);
}

static void
test_again_lists_before_it_fetches(void **state)
{
	struct known_epoch k = known();
	struct mail_state box = said();
	struct policy_visit v;
	size_t s;

	(void)state;
	for (s = 0; s < LENGTH(servers); s++) {
		memset(&v, 0xa5, sizeof(v));
		policy_again(&k, &box, &servers[s], &v);
		assert_int_equal(v.compare, COMPARE_ALL);
		assert_true(v.full && v.list_first);
		assert_false(v.skip || v.new_epoch || v.ask_missing);
		assert_int_equal(v.first, 0);
		assert_int_equal(v.dates, !servers[s].condstore);
		assert_string_equal(v.why, "the figures did not add up");
		/* Nothing known: the listing is for what is new. */
		policy_again(NULL, &box, &servers[s], &v);
		assert_int_equal(v.compare, COMPARE_NONE);
		assert_true(v.list_first);
		assert_int_equal(v.first, 0);
	}
	/* The folder has no counts, whatever the server has. */
	box.highestmodseq = 0;
	policy_again(&k, &box, &resyncing, &v);
	assert_true(v.dates);
	k.live = 0;
	policy_again(&k, &box, &resyncing, &v);
	assert_int_equal(v.compare, COMPARE_NONE);
}

static void
test_again_without_uidvalidity_looks_at_content(void **state)
{
	struct known_epoch k = known();
	struct mail_state box = said();
	struct policy_visit v;

	(void)state;
	k.uidvalidity = box.uidvalidity = 0;
	policy_again(&k, &box, &naming, &v);
	assert_int_equal(v.compare, COMPARE_CONTENT);
	assert_int_equal(v.first, 1);
	assert_int_equal(v.last, POLICY_UID_END);
	assert_false(v.list_first);
	/* UIDs of another epoch did not go back. */
	k.uidvalidity = 8;
	box.uidvalidity = 7;
	box.uidnext = 3;
	policy_again(&k, &box, &naming, &v);
	assert_int_equal(v.compare, COMPARE_ALL);
}

static void
test_same_epoch_is_the_same_uidvalidity(void **state)
{
	struct known_epoch k = known();
	struct mail_state box = said();

	(void)state;
	assert_true(policy_same_epoch(&k, &box));
	box.uidvalidity = 8;
	assert_false(policy_same_epoch(&k, &box));
	assert_false(policy_same_epoch(NULL, &box));
	box.uidvalidity = k.uidvalidity = 0;
	assert_true(policy_same_epoch(&k, &box));
}

/* ---- figures ---- */

static void
test_figures_add_up_at_the_end_or_at_the_examine(void **state)
{
	static const struct {
		const char		*what;
		struct policy_tally	 t;	/* known gone added below lacking opened exists */
		bool			 up;
	} t[] = {
		{ "nothing", { 0, 0, 0, 0, 0, 0, 0 }, true },
		{ "unchanged", { 10, 0, 0, 0, 0, 10, 10 }, true },
		{ "two came", { 10, 0, 2, 2, 0, 12, 12 }, true },
		{ "two went", { 10, 2, 0, 0, 0, 8, 8 }, true },
		{ "both", { 10, 3, 2, 2, 0, 9, 9 }, true },
		{ "one late, seen and fetched", { 10, 0, 1, 0, 0, 10, 11 },
		    true },
		{ "one late, seen, not fetched", { 10, 0, 0, 0, 0, 10, 11 },
		    true },
		{ "one late, fetched, not seen", { 10, 0, 1, 0, 0, 10, 10 },
		    true },
		{ "asked for in vain", { 10, 0, 0, 0, 1, 11, 11 }, true },
		{ "one left out", { 10, 0, 0, 0, 0, 11, 11 }, false },
		{ "one too many", { 10, 0, 2, 2, 0, 11, 11 }, false },
		{ "one went untold", { 10, 0, 0, 0, 0, 9, 9 }, false },
		{ "one went untold, one came", { 10, 0, 1, 1, 0, 10, 10 },
		    false },
		{ "more gone than known", { 10, 11, 1, 1, 0, 0, 0 }, false },
		{ "all gone", { 10, 10, 0, 0, 0, 0, 0 }, true },
		{ "first run, cut", { 0, 0, 7, 7, 0, 10, 10 }, false },
		{ "first run", { 0, 0, 10, 10, 0, 10, 10 }, true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++)
		if (policy_adds_up(&t[i].t) != t[i].up)
			fail_msg("%s", t[i].what);
}

static void
test_shrunk_is_more_than_half_and_more_than_twenty(void **state)
{
	static const struct { uint64_t known, gone; bool yes; } t[] = {
		{ 0, 0, false }, { 20, 20, false }, { 21, 21, true },
		{ 30, 20, false }, { 30, 21, true },
		{ 42, 21, false }, { 41, 21, true }, { 43, 21, false },
		{ 43, 22, true }, { 1000000, 500000, false },
		{ 1000000, 500001, true }, { UINT64_MAX, UINT64_MAX, true },
		{ UINT64_MAX, UINT64_MAX / 2, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++)
		assert_int_equal(policy_shrunk(t[i].known, t[i].gone),
		    t[i].yes);
}

static void
test_chunk_grows_with_the_gaps_and_fits_a_uid(void **state)
{
	static const struct { uint64_t uidnext, exists; uint32_t least, most; } t[] = {
		{ 1, 0, 500, 500 },
		{ 0, 1000, 500, 500 },
		{ 1001, 1000, 500, 500 },
		{ 10, 1000, 500, 500 },		/* nonsense */
		{ 10001, 1000, 5000, 5005 },
		{ 4294967295u, 1, UID_MAX, UID_MAX },
		{ 4294967295u, 1000, 2147483000, UID_MAX },
		{ 4294967295u, 4294967295u, 500, 500 },
		{ 4294967295u, UINT64_MAX, 500, 500 },
		{ UINT64_MAX, 1, UID_MAX, UID_MAX },
	};
	struct mail_state st = { .uidnext = 5000 };
	size_t i;

	(void)state;
	assert_int_equal(policy_chunk(&st), 500);
	for (i = 0; i < LENGTH(t); i++) {
		st = (struct mail_state){ .uidnext = t[i].uidnext,
		    .exists = t[i].exists, .has_exists = true };
		assert_in_range(policy_chunk(&st), t[i].least, t[i].most);
	}
}

static void
test_standin_is_exchanges_apology_and_nothing_else(void **state)
{
	static const char apology[] = "Retrieval using the IMAP4 protocol "
	    "failed for the following message: 4711";
	static const struct { const char *from, *subject; bool yes; } t[] = {
		{ "\"Microsoft Exchange Server\" <>", apology, true },
		{ "microsoft exchange <x@example.org>", apology, true },
		{ "Microsoft Exchange", "RETRIEVAL USING THE IMAP4 PROTOCOL "
		    "FAILED FOR THE FOLLOWING MESSAGE: 1", true },
		{ "anna@example.org", apology, false },
		{ "Microsoft Exchange", "Re: Retrieval using the IMAP4 "
		    "protocol failed for the following message: 1", false },
		{ "Microsoft Exchange", "Retrieval using the IMAP4 protocol "
		    "failed", false },
		{ "Microsoft Exchange", "", false },
		{ "", apology, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++)
		assert_int_equal(policy_standin(t[i].from, t[i].subject),
		    t[i].yes);
}

static void
test_pauses_grow_and_end(void **state)
{
	unsigned int i, last = 0, all = 0;

	(void)state;
	assert_int_equal(policy_pause(0), 0);
	for (i = 1; policy_pause(i) != 0; i++) {
		assert_true(policy_pause(i) > last);
		last = policy_pause(i);
		all += last;
		assert_in_range(i, 1, 10);
	}
	assert_in_range(i, 3, 10);
	assert_in_range(all, 10, 300);
	assert_int_equal(policy_pause(i + 1), 0);
	assert_int_equal(policy_pause(UINT32_MAX), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_visit_of_an_unchanged_folder_is_spared),
		cmocka_unit_test(
		    test_visit_is_not_spared_where_one_figure_differs),
		cmocka_unit_test(
		    test_visit_compares_by_what_the_server_can_tell),
		cmocka_unit_test(
		    test_visit_forces_a_full_comparison_when_one_is_due),
		cmocka_unit_test(
		    test_visit_of_a_folder_that_is_new_fetches_all),
		cmocka_unit_test(
		    test_visit_under_another_uidvalidity_begins_an_epoch),
		cmocka_unit_test(
		    test_visit_without_uidvalidity_fetches_all_each_time),
		cmocka_unit_test(
		    test_visit_where_uidnext_went_back_fetches_all),
		cmocka_unit_test(
		    test_visit_where_highestmodseq_went_back_looks_at_dates),
		cmocka_unit_test(
		    test_visit_after_a_run_that_broke_off_compares_every_uid),
		cmocka_unit_test(
		    test_visit_asks_for_bodies_above_all_that_is_known),
		cmocka_unit_test(
		    test_visit_keeps_the_rules_in_every_combination),
		cmocka_unit_test(test_again_lists_before_it_fetches),
		cmocka_unit_test(
		    test_again_without_uidvalidity_looks_at_content),
		cmocka_unit_test(test_same_epoch_is_the_same_uidvalidity),
		cmocka_unit_test(
		    test_figures_add_up_at_the_end_or_at_the_examine),
		cmocka_unit_test(
		    test_shrunk_is_more_than_half_and_more_than_twenty),
		cmocka_unit_test(
		    test_chunk_grows_with_the_gaps_and_fits_a_uid),
		cmocka_unit_test(
		    test_standin_is_exchanges_apology_and_nothing_else),
		cmocka_unit_test(test_pauses_grow_and_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
