/*
 * What may be deleted from a server: the order in which reasons to stay are looked for, that whatever is not known
 * keeps a message, the guards, and how much is enough.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "mail/flags.h"
#include "policy/policy.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

#define NOW		2000000000
#define OLD		(NOW - 900 * 86400)
#define AGO(days)	(NOW - (days) * 86400)
#define NEVER		INT64_MAX
#define PATTERNS	6

/* ---- one message ---- */

/* Older than two years goes: nothing else is said, nothing lifted. */
static struct policy_prune
two_years(void)
{
	struct policy_prune p = POLICY_PRUNE_NONE;

	p.before = AGO(730);
	p.young = NOW - POLICY_YOUNG;
	return p;
}

/* A message that it takes, of which all is known. */
static struct prune_facts
plain(void)
{
	return (struct prune_facts){ .date = OLD, .has_date = true,
	    .size = 5000, .has_size = true, .flags = "\\Seen", .saved = true,
	    .saved_date = OLD, .has_saved_date = true, .saved_size = 5000,
	    .size_matters = true, .has_header = true,
	    .from = "Anna <anna@example.org>", .to = "bob@example.org",
	    .subject = "Invoice" };
}

static enum policy_keep
judge(struct policy_prune p, struct prune_facts f)
{
	return policy_prune_message(&p, &f);
}

/*
 * The whole order: each row makes what it says true, and leaves it so for the rows above it: every reason comes before
 * those that are already there.
 */
enum change { NOTHING, NO_SIZE, OTHER_SIZE, YOUNG, MARKED, NEWEST, UNREAD,
	FLAGGED, TOO_SMALL, NOT_SAVED };

static const struct {
	enum change change;
	enum policy_keep keep;
} order[] = {
	{ NOTHING, KEEP_NOT },
	{ NO_SIZE, KEEP_UNKNOWN },
	{ OTHER_SIZE, KEEP_DIFFERS },	/* now the header is what isn't known */
	{ YOUNG, KEEP_YOUNG },
	{ MARKED, KEEP_MARKED },
	{ NEWEST, KEEP_LAST },
	{ UNREAD, KEEP_UNREAD },
	{ FLAGGED, KEEP_FLAGGED },
	{ TOO_SMALL, KEEP_NOT_CHOSEN },
	{ NOT_SAVED, KEEP_NOT_SAVED },
};

static void
make(enum change change, struct policy_prune *p, struct prune_facts *f)
{
	switch (change) {
	case NOTHING:
		break;
	case NO_SIZE:
		f->has_size = false;
		break;
	case OTHER_SIZE:
		f->has_size = true;
		f->size = 5001;
		p->sender = "anna";
		f->has_header = false;
		break;
	case YOUNG:
		p->before = NEVER;
		f->date = f->saved_date = AGO(3);
		break;
	case MARKED:
		f->flags = "\\Deleted \\Seen";
		break;
	case NEWEST:
		p->keep_last = 1;
		f->newest = true;
		break;
	case UNREAD:
		f->flags = "\\Deleted";
		break;
	case FLAGGED:
		f->flags = "\\Deleted \\Flagged";
		break;
	case TOO_SMALL:
		p->larger = 1000000;
		break;
	case NOT_SAVED:
		f->saved = false;
		break;
	}
}

static void
test_the_plainest_reason_is_given(void **state)
{
	struct policy_prune p = two_years();
	struct prune_facts f = plain();
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(order); i++) {
		make(order[i].change, &p, &f);
		assert_int_equal(judge(p, f), order[i].keep);
		/* Later reasons have larger numbers, as the enum promises. */
		if (i > 1)
			assert_true(order[i].keep < order[i - 1].keep);
	}
}

static void
test_ages_and_sizes_have_sharp_borders(void **state)
{
	static const struct {
		int64_t date, before, young;
		enum policy_keep keep;
	} t[] = {
		{ 99, 100, NEVER, KEEP_NOT },
		{ 100, 100, NEVER, KEEP_NOT_CHOSEN },
		{ 101, 100, NEVER, KEEP_NOT_CHOSEN },
		{ 99, NEVER, 100, KEEP_NOT },
		{ 100, NEVER, 100, KEEP_YOUNG },
		{ 101, NEVER, 100, KEEP_YOUNG },
		{ INT64_MAX, NEVER, NEVER, KEEP_NOT },
		{ INT64_MIN, 100, 100, KEEP_NOT },
		{ INT64_MIN, INT64_MIN, NEVER, KEEP_NOT_CHOSEN },
	};
	struct policy_prune p = POLICY_PRUNE_NONE;
	struct prune_facts f = plain();
	size_t i;

	(void)state;
	p.seen = true;
	for (i = 0; i < LENGTH(t); i++) {
		p.before = t[i].before;
		p.young = t[i].young;
		f.date = f.saved_date = t[i].date;
		assert_int_equal(judge(p, f), t[i].keep);
	}
	p = two_years();
	f = plain();
	p.larger = 4999;
	assert_int_equal(judge(p, f), KEEP_NOT);
	p.larger = 5000;
	assert_int_equal(judge(p, f), KEEP_NOT_CHOSEN);
}

/* What is not known keeps, whether a condition, a keep or the proof needs it; what is known to be otherwise says so. */
static void
test_what_is_not_known_keeps(void **state)
{
	struct policy_prune p = two_years();
	struct prune_facts f = plain();

	(void)state;
	f.flags = NULL;
	assert_int_equal(judge(p, f), KEEP_UNKNOWN);
	p.flagged = p.unread = true;
	assert_int_equal(judge(p, f), KEEP_UNKNOWN);
	f.date = f.saved_date = NOW;
	assert_int_equal(judge(p, f), KEEP_NOT_CHOSEN);

	p = two_years();
	f = plain();
	f.has_size = false;
	assert_int_equal(judge(p, f), KEEP_UNKNOWN);
	f.size_matters = false;
	assert_int_equal(judge(p, f), KEEP_UNKNOWN);
	p.larger = 10;
	assert_int_equal(judge(p, f), KEEP_UNKNOWN);
	p.before = 0;
	assert_int_equal(judge(p, f), KEEP_NOT_CHOSEN);

	p = two_years();
	f = plain();
	p.subject = "invoice";
	assert_int_equal(judge(p, f), KEEP_NOT);
	f.has_header = false;
	assert_int_equal(judge(p, f), KEEP_UNKNOWN);
	f.has_header = true;
	f.subject = NULL;
	assert_int_equal(judge(p, f), KEEP_UNKNOWN);
	p.sender = "carol";
	assert_int_equal(judge(p, f), KEEP_NOT_CHOSEN);
}

/* Each of these needs the date by itself. */
static void
test_without_a_date_whatever_needs_it_keeps(void **state)
{
	struct policy_prune p = POLICY_PRUNE_NONE;
	struct prune_facts f = plain();

	(void)state;
	p.seen = true;
	f.has_date = f.has_saved_date = false;
	assert_int_equal(judge(p, f), KEEP_NOT);
	f.has_saved_date = true;
	assert_int_equal(judge(p, f), KEEP_UNKNOWN);
	f.has_saved_date = false;
	p.young = 100;
	assert_int_equal(judge(p, f), KEEP_UNKNOWN);
	p.young = NEVER;
	p.before = NOW;
	assert_int_equal(judge(p, f), KEEP_UNKNOWN);
	p.before = NEVER;
	p.keep_last = 1;
	assert_int_equal(judge(p, f), KEEP_UNKNOWN);
	p.keep_last = 0;
	p.has_goal = true;
	assert_int_equal(judge(p, f), KEEP_UNKNOWN);
	p.has_goal = false;
	f.role = ROLE_TRASH;
	p.trash_before = NOW;
	assert_int_equal(judge(p, f), KEEP_UNKNOWN);
	p.trash_before = NEVER;
	assert_int_equal(judge(p, f), KEEP_NOT);
}

static void
test_a_difference_to_the_vault_keeps(void **state)
{
	struct policy_prune p = two_years();
	struct prune_facts f = plain();

	(void)state;
	f.size++;
	assert_int_equal(judge(p, f), KEEP_DIFFERS);
	f.size_matters = false;
	assert_int_equal(judge(p, f), KEEP_NOT);
	f = plain();
	f.saved_date++;
	assert_int_equal(judge(p, f), KEEP_DIFFERS);
	f = plain();
	f.has_saved_date = false;
	assert_int_equal(judge(p, f), KEEP_DIFFERS);
}

static void
test_keeps_are_lifted_one_by_one(void **state)
{
	struct policy_prune p = two_years();
	struct prune_facts f = plain();

	(void)state;
	f.flags = "\\Flagged";
	assert_int_equal(judge(p, f), KEEP_FLAGGED);
	p.flagged = true;
	assert_int_equal(judge(p, f), KEEP_UNREAD);
	p.unread = true;
	assert_int_equal(judge(p, f), KEEP_NOT);
	p.seen = true;
	assert_int_equal(judge(p, f), KEEP_NOT_CHOSEN);
	p = two_years();
	p.unread = true;
	assert_int_equal(judge(p, f), KEEP_FLAGGED);
	/* An earlier run's mark is our own. */
	p = two_years();
	f.flags = "\\Deleted \\Seen";
	assert_int_equal(judge(p, f), KEEP_MARKED);
	f.ours = true;
	assert_int_equal(judge(p, f), KEEP_NOT);
	/* One of the newest stays whatever is lifted. */
	f.newest = true;
	p.flagged = p.unread = true;
	p.young = NEVER;
	assert_int_equal(judge(p, f), KEEP_LAST);
}

static void
test_a_policy_that_says_nothing_takes_nothing(void **state)
{
	struct policy_prune p = POLICY_PRUNE_NONE;
	struct prune_facts f = plain();

	(void)state;
	assert_false(policy_prune_says(&p));
	assert_int_equal(judge(p, f), KEEP_NOT_CHOSEN);
	p.flagged = p.unread = true;
	p.keep_last = 7;
	p.young = 0;
	assert_false(policy_prune_says(&p));
	assert_int_equal(judge(p, f), KEEP_NOT_CHOSEN);
}

static void
test_each_condition_says_something(void **state)
{
	struct policy_prune p[10];
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(p); i++)
		p[i] = (struct policy_prune)POLICY_PRUNE_NONE;
	p[0].before = 5;
	p[1].trash_before = 5;
	p[2].junk_before = 5;
	p[3].larger = 0;
	p[4].seen = true;
	p[5].has_goal = true;
	p[6].listed = true;
	p[7].sender = "";
	p[8].recipient = "a";
	p[9].subject = "a";
	for (i = 0; i < LENGTH(p); i++) {
		assert_true(policy_prune_says(&p[i]));
		assert_int_equal(policy_prune_reads(&p[i]), i >= 7);
	}
}

static void
test_texts_are_looked_for_where_they_belong(void **state)
{
	static const struct {
		const char *sender, *recipient, *subject;
		enum policy_keep keep;
	} t[] = {
		{ "ANNA", NULL, NULL, KEEP_NOT },
		{ "bob", NULL, NULL, KEEP_NOT_CHOSEN },
		{ NULL, "Bob@", NULL, KEEP_NOT },
		{ NULL, "anna", NULL, KEEP_NOT_CHOSEN },
		{ NULL, NULL, "inVOICE", KEEP_NOT },
		{ NULL, NULL, "example", KEEP_NOT_CHOSEN },
		{ "anna", "bob", "invoice", KEEP_NOT },
		{ "anna", "bob", "bill", KEEP_NOT_CHOSEN },
	};
	struct policy_prune p = two_years();
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		p.sender = t[i].sender;
		p.recipient = t[i].recipient;
		p.subject = t[i].subject;
		assert_int_equal(judge(p, plain()), t[i].keep);
	}
}

/* Trash and Junk: an age of their own takes the place of the other one there, and does nothing elsewhere. */
static void
test_trash_and_junk_have_ages_of_their_own(void **state)
{
	static const struct {
		enum policy_role role;
		int before, trash, junk;	/* days; 0: not said */
		int age;
		const char *flags;
		enum policy_keep keep;
	} t[] = {
		{ ROLE_TRASH, 730, 60, 0, 90, "\\Seen", KEEP_NOT },
		{ ROLE_TRASH, 730, 60, 0, 50, "\\Seen", KEEP_NOT_CHOSEN },
		{ ROLE_JUNK, 730, 60, 0, 90, "\\Seen", KEEP_NOT_CHOSEN },
		{ ROLE_JUNK, 730, 60, 0, 800, "\\Seen", KEEP_NOT },
		{ ROLE_JUNK, 730, 0, 60, 90, "\\Seen", KEEP_NOT },
		{ ROLE_TRASH, 730, 0, 60, 90, "\\Seen", KEEP_NOT_CHOSEN },
		{ ROLE_NONE, 730, 60, 60, 90, "\\Seen", KEEP_NOT_CHOSEN },
		/* It may be longer than elsewhere, too. */
		{ ROLE_TRASH, 60, 730, 0, 90, "\\Seen", KEEP_NOT_CHOSEN },
		/* Said alone, nothing goes of other folders. */
		{ ROLE_NONE, 0, 60, 0, 800, "\\Seen", KEEP_NOT_CHOSEN },
		{ ROLE_JUNK, 0, 60, 0, 800, "\\Seen", KEEP_NOT_CHOSEN },
		{ ROLE_TRASH, 0, 60, 0, 800, "\\Seen", KEEP_NOT },
		{ ROLE_TRASH, 0, 0, 60, 800, "\\Seen", KEEP_NOT_CHOSEN },
		/* Unread mail goes there, flagged mail stays. */
		{ ROLE_TRASH, 0, 60, 0, 90, "", KEEP_NOT },
		{ ROLE_JUNK, 0, 0, 60, 90, "", KEEP_NOT },
		{ ROLE_JUNK, 60, 60, 0, 90, "", KEEP_UNREAD },
		{ ROLE_TRASH, 60, 0, 60, 90, "", KEEP_UNREAD },
		{ ROLE_TRASH, 60, 0, 0, 90, "", KEEP_UNREAD },
		{ ROLE_NONE, 60, 60, 60, 90, "", KEEP_UNREAD },
		{ ROLE_TRASH, 0, 60, 0, 90, "\\Flagged", KEEP_FLAGGED },
		{ ROLE_TRASH, 0, 60, 0, 90, "\\Deleted", KEEP_MARKED },
		/* The guard holds there as well. */
		{ ROLE_TRASH, 0, 7, 0, 29, "", KEEP_YOUNG },
		{ ROLE_TRASH, 0, 7, 0, 31, "", KEEP_NOT },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		struct policy_prune p = POLICY_PRUNE_NONE;
		struct prune_facts f = plain();

		p.young = NOW - POLICY_YOUNG;
		if (t[i].before > 0)
			p.before = AGO(t[i].before);
		if (t[i].trash > 0)
			p.trash_before = AGO(t[i].trash);
		if (t[i].junk > 0)
			p.junk_before = AGO(t[i].junk);
		f.role = t[i].role;
		f.date = f.saved_date = AGO(t[i].age);
		f.flags = t[i].flags;
		if (judge(p, f) != t[i].keep)
			fail_msg("row %zu: %s", i,
			    policy_keep_name(judge(p, f)));
	}
}

static void
test_other_conditions_hold_in_the_trash_too(void **state)
{
	struct policy_prune p = POLICY_PRUNE_NONE;
	struct prune_facts f = plain();

	(void)state;
	p.trash_before = AGO(60);
	p.larger = 10000;
	f.role = ROLE_TRASH;
	assert_int_equal(judge(p, f), KEEP_NOT_CHOSEN);
	f.size = f.saved_size = 10001;
	assert_int_equal(judge(p, f), KEEP_NOT);
	p.seen = true;
	f.flags = "";
	assert_int_equal(judge(p, f), KEEP_NOT_CHOSEN);
}

/* A list stands in for the conditions, and for nothing else. */
static void
test_a_list_skips_conditions_and_nothing_else(void **state)
{
	struct policy_prune p = POLICY_PRUNE_NONE;
	struct prune_facts f = plain();
	size_t i;

	(void)state;
	p.listed = true;
	p.before = 0;
	p.larger = 1000000;
	p.sender = "carol";
	p.seen = true;
	p.young = NOW - POLICY_YOUNG;
	assert_int_equal(judge(p, f), KEEP_NOT);
	f.has_header = false;
	assert_int_equal(judge(p, f), KEEP_NOT);
	/* The rest of the order is as it was. */
	f = plain();
	for (i = 1; i < LENGTH(order); i++) {
		if (order[i].keep == KEEP_NOT_CHOSEN)
			continue;
		make(order[i].change, &p, &f);
		assert_int_equal(judge(p, f), order[i].keep);
	}
	f = plain();
	p.keep_last = 0;
	f.flags = "";
	assert_int_equal(judge(p, f), KEEP_UNREAD);
	/* ... also that the trash's own age takes what is unread. */
	f.role = ROLE_TRASH;
	assert_int_equal(judge(p, f), KEEP_UNREAD);
	p.trash_before = OLD;
	assert_int_equal(judge(p, f), KEEP_UNREAD);
	p.trash_before = OLD + 1;
	assert_int_equal(judge(p, f), KEEP_NOT);
	f.has_date = false;
	assert_int_equal(judge(p, f), KEEP_UNREAD);
}

/* ---- whatever the facts ---- */

static uint64_t seed;

static unsigned int
draw(unsigned int n)
{
	/* splitmix64 */
	uint64_t z = seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (unsigned int)((z ^ z >> 31) % n);
}

static bool
draws(void)
{
	return draw(2) == 1;
}

static int64_t
random_instant(void)
{
	return draw(3) == 0 ? NEVER : AGO((int64_t)draw(10) * 10);
}

static struct policy_prune
random_policy(void)
{
	return (struct policy_prune){ .before = random_instant(),
	    .trash_before = random_instant(), .junk_before = random_instant(),
	    .larger = draws() ? POLICY_ANY_SIZE : draw(4),
	    .sender = draws() ? NULL : "a", .recipient = draws() ? NULL : "b",
	    .subject = draws() ? NULL : "c", .seen = draw(4) == 0,
	    .flagged = draws(), .unread = draws(), .keep_last = draw(2),
	    .listed = draw(4) == 0, .young = random_instant(),
	    .has_goal = draw(4) == 0 };
}

static struct prune_facts
random_facts(void)
{
	static const char *const flags[] = { "", "\\Seen", "\\Flagged",
	    "\\Flagged \\Seen", "\\Deleted", "\\Deleted \\Seen", "$Work",
	    "\\Seen $Flagged", NULL };
	struct prune_facts f = { .role = (enum policy_role)draw(3),
	    .date = AGO((int64_t)draw(10) * 10), .has_date = draw(8) > 0,
	    .size = draw(4), .has_size = draw(8) > 0,
	    .flags = flags[draw(LENGTH(flags))], .saved = draw(8) > 0,
	    .has_saved_date = draw(8) > 0, .size_matters = draws(),
	    .ours = draws(), .newest = draw(4) == 0,
	    .has_header = draw(8) > 0, .from = draws() ? "a" : "x",
	    .to = draws() ? "b" : "x", .subject = draws() ? "c" : "x" };

	f.saved_date = draw(8) > 0 ? f.date : f.date + 1;
	f.saved_size = draw(8) > 0 ? f.size : f.size + 1;
	return f;
}

static bool
has(const struct prune_facts *f, const char *flag)
{
	return f->flags != NULL && flags_has(f->flags, flag);
}

/* Its folder's own age is said, and reached. */
static bool
own_age(const struct policy_prune *p, const struct prune_facts *f)
{
	int64_t own = f->role == ROLE_TRASH ? p->trash_before :
	    f->role == ROLE_JUNK ? p->junk_before : NEVER;

	return own != NEVER && f->has_date && f->date < own;
}

/* Why it must not go, told the other way round than retain.c looks for it; or NULL. */
static const char *
must_stay(const struct policy_prune *p, const struct prune_facts *f)
{
	if (!f->saved)
		return "not in the vault";
	if (f->newest)
		return "one of the newest";
	if (f->flags == NULL || !f->has_size)
		return "flags or size not told";
	if (has(f, "\\Flagged") && !p->flagged)
		return "flagged";
	if (!has(f, "\\Seen") && !p->unread && !own_age(p, f))
		return "unread";
	if (has(f, "\\Deleted") && !f->ours)
		return "marked by others";
	if (p->young != NEVER && (!f->has_date || f->date >= p->young))
		return "young";
	if (f->size_matters && f->size != f->saved_size)
		return "of another size";
	if (f->has_date != f->has_saved_date ||
	    (f->has_date && f->date != f->saved_date))
		return "of another date";
	if (p->listed)
		return NULL;
	if (!policy_prune_says(p))
		return "not spoken of";
	if (p->larger != POLICY_ANY_SIZE && f->size <= p->larger)
		return "too small";
	if ((p->sender != NULL || p->recipient != NULL || p->subject != NULL) &&
	    !f->has_header)
		return "of an unknown header";
	if ((p->sender != NULL && *f->from == 'x') ||
	    (p->recipient != NULL && *f->to == 'x') ||
	    (p->subject != NULL && *f->subject == 'x'))
		return "from somebody else";
	if (p->seen && !has(f, "\\Seen"))
		return "not seen";
	if (!own_age(p, f) && p->before != NEVER &&
	    (!f->has_date || f->date >= p->before))
		return "not old enough";
	return NULL;
}

static void
test_nothing_goes_that_must_stay(void **state)
{
	uint64_t went = 0, i;

	(void)state;
	for (i = 1; i <= 200000; i++) {
		struct policy_prune p;
		struct prune_facts f;
		const char *why;

		seed = i;
		p = random_policy();
		f = random_facts();
		if (judge(p, f) != KEEP_NOT)
			continue;
		went++;
		if ((why = must_stay(&p, &f)) != NULL)
			fail_msg("seed %" PRIu64 ": %s", i, why);
	}
	/* ... and enough goes for that to mean something. */
	assert_true(went > 5000);
}

/* Taking a fact away, or adding a condition, never makes a message go. */
static void
test_less_knowledge_and_more_conditions_only_keep(void **state)
{
	uint64_t i, kept = 0;

	(void)state;
	for (i = 1; i <= 100000; i++) {
		struct policy_prune p;
		struct prune_facts f;

		seed = i;
		p = random_policy();
		f = random_facts();
		if (judge(p, f) == KEEP_NOT || !policy_prune_says(&p))
			continue;
		kept++;
		switch (draw(7)) {
		case 0: f.flags = NULL; break;
		case 1: f.has_size = false; break;
		case 2: f.has_header = false; break;
		case 3: f.saved = false; break;
		case 4: p.larger = p.larger == POLICY_ANY_SIZE ? 1 :
		    p.larger + 1; break;
		case 5: p.seen = true; break;
		default: f.newest = true; break;
		}
		/* A first condition for all folders is what makes a message one that is spoken of. */
		if (p.before == NEVER && p.listed == false)
			continue;
		if (judge(p, f) == KEEP_NOT)
			fail_msg("seed %" PRIu64, i);
	}
	assert_true(kept > 5000);
}

/* ---- folders ---- */

static struct mail_box
box(const char *name, const char *attributes, enum mail_space space)
{
	/* policy only reads it */
	return (struct mail_box){ .name = (char *)(uintptr_t)name,
	    .attributes = (char *)(uintptr_t)attributes, .delimiter = '/',
	    .space = space, .selectable = true };
}

static void
test_folders_that_show_what_is_elsewhere_are_named_in_full(void **state)
{
	static const struct {
		const char *patterns[PATTERNS];
		const char *name, *attributes;
		enum mail_space space;
		bool shared, prunes;
	} t[] = {
		/* Common folders as backup has them. */
		{ { NULL }, "INBOX", "", MAIL_PERSONAL, false, true },
		{ { NULL }, "Trash", "\\Trash", MAIL_PERSONAL, false, true },
		{ { "Archive/*" }, "Archive/a", "", MAIL_PERSONAL, false,
		    true },
		{ { "Archive/*" }, "INBOX", "", MAIL_PERSONAL, false, false },
		{ { "!Drafts" }, "Drafts", "\\Drafts", MAIL_PERSONAL, false,
		    false },
		/* Views. */
		{ { NULL }, "All", "\\All", MAIL_PERSONAL, false, false },
		{ { NULL }, "All", "\\HasNoChildren \\all", MAIL_PERSONAL,
		    false, false },
		{ { NULL }, "Starred", "\\Flagged", MAIL_PERSONAL, false,
		    false },
		{ { NULL }, "Hot", "\\Important", MAIL_PERSONAL, false, false },
		/* ... also where that is not the first of its uses. */
		{ { NULL }, "Arch", "\\Archive \\Important", MAIL_PERSONAL,
		    false, false },
		{ { NULL }, "Allmost", "\\Allmost \\Al", MAIL_PERSONAL, false,
		    true },
		{ { "*" }, "All", "\\All", MAIL_PERSONAL, false, false },
		{ { "A%" }, "All", "\\All", MAIL_PERSONAL, false, false },
		{ { "All" }, "All", "\\All", MAIL_PERSONAL, false, true },
		{ { "*", "All" }, "All", "\\All", MAIL_PERSONAL, false, true },
		{ { "All", "*" }, "All", "\\All", MAIL_PERSONAL, false, true },
		{ { "INBOX", "*" }, "All", "\\All", MAIL_PERSONAL, false,
		    false },
		{ { "All", "!A*" }, "All", "\\All", MAIL_PERSONAL, false,
		    false },
		/* Taken back, it can't come again by a wildcard. */
		{ { "All", "!All", "*" }, "All", "\\All", MAIL_PERSONAL, false,
		    false },
		{ { "!All", "All" }, "All", "\\All", MAIL_PERSONAL, false,
		    true },
		/* A name that looks like a wildcard. */
		{ { "*" }, "*", "\\All", MAIL_PERSONAL, false, false },
		/* Others' folders: named, and shared. */
		{ { NULL }, "Other/bob", "", MAIL_OTHER, true, false },
		{ { "Other/*" }, "Other/bob", "", MAIL_OTHER, true, false },
		{ { "Other/bob" }, "Other/bob", "", MAIL_OTHER, true, true },
		{ { "Other/bob" }, "Other/bob", "", MAIL_OTHER, false, false },
		{ { "Shared/x" }, "Shared/x", "", MAIL_SHARED, true, true },
		{ { "*" }, "Shared/x", "", MAIL_SHARED, true, false },
		{ { "!INBOX" }, "Shared/x", "", MAIL_SHARED, true, false },
		{ { NULL }, "old", "", MAIL_IMPORTED, true, false },
	};
	size_t i, n;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		struct mail_box b = box(t[i].name, t[i].attributes,
		    t[i].space);
		const char *why = NULL;

		for (n = 0; n < PATTERNS && t[i].patterns[n] != NULL; n++)
			;
		if (policy_prune_folder(t[i].patterns, n, t[i].shared, &b,
		    &why) != t[i].prunes)
			fail_msg("row %zu, %s", i, t[i].name);
		if (!t[i].prunes)
			assert_non_null(why);
	}
}

static void
test_a_folder_without_messages_is_left(void **state)
{
	static const char *const name[] = { "a" };
	struct mail_box b = box("a", "", MAIL_PERSONAL);
	const char *why = NULL;

	(void)state;
	b.selectable = false;
	assert_false(policy_prune_folder(name, 1, true, &b, &why));
	assert_string_equal(why, "it holds no messages");
}

static void
test_the_role_is_the_most_telling_special_use(void **state)
{
	(void)state;
	assert_int_equal(policy_role(""), ROLE_NONE);
	assert_int_equal(policy_role("\\HasNoChildren \\Trash"), ROLE_TRASH);
	assert_int_equal(policy_role("\\junk"), ROLE_JUNK);
	assert_int_equal(policy_role("\\Junk \\Trash"), ROLE_TRASH);
	assert_int_equal(policy_role("\\All \\Trash"), ROLE_NONE);
	assert_int_equal(policy_role("\\Archive"), ROLE_NONE);
	assert_int_equal(policy_role("Trash"), ROLE_NONE);
}

/* ---- guards ---- */

#define LIFT(g)	(1u << (g))
#define ALL	(~0u)

static void
test_guards_keep_a_folder(void **state)
{
	static const struct {
		uint64_t exists, go, known, vanished;
		int64_t began;
		bool renewed;
		unsigned int lifted;
		enum policy_guard guard;
	} t[] = {
		/* Nothing goes: there is nothing to guard. */
		{ 100, 0, 100, 90, NOW, true, 0, GUARD_NONE },
		{ 0, 0, 0, 0, 1, false, 0, GUARD_NONE },
		/* All of it, were it one message. */
		{ 1, 1, 1, 0, 1, false, 0, GUARD_EMPTY_FOLDER },
		{ 2, 1, 2, 0, 1, false, 0, GUARD_NONE },
		{ 100, 100, 100, 0, 1, false, 0, GUARD_EMPTY_FOLDER },
		{ 20, 20, 20, 0, 1, false, LIFT(GUARD_EMPTY_FOLDER),
		    GUARD_NONE },
		{ 21, 21, 21, 0, 1, false, LIFT(GUARD_EMPTY_FOLDER),
		    GUARD_MOST },
		{ 21, 21, 21, 0, 1, false, LIFT(GUARD_MOST),
		    GUARD_EMPTY_FOLDER },
		{ 21, 21, 21, 0, 1, false,
		    LIFT(GUARD_EMPTY_FOLDER) | LIFT(GUARD_MOST), GUARD_NONE },
		/* Most of it: more than half and more than 20. */
		{ 40, 20, 40, 0, 1, false, 0, GUARD_NONE },
		{ 21, 20, 21, 0, 1, false, 0, GUARD_NONE },
		{ 41, 21, 41, 0, 1, false, 0, GUARD_MOST },
		{ 42, 21, 42, 0, 1, false, 0, GUARD_NONE },
		{ 42, 22, 42, 0, 1, false, 0, GUARD_MOST },
		{ 42, 22, 42, 0, 1, false, LIFT(GUARD_MOST), GUARD_NONE },
		{ UINT64_MAX, UINT64_MAX / 2, 9, 0, 1, false, 0, GUARD_NONE },
		{ UINT64_MAX, UINT64_MAX / 2 + 1, 9, 0, 1, false, 0,
		    GUARD_MOST },
		/* It has shrunk. */
		{ 79, 1, 100, 21, 1, false, 0, GUARD_NONE },
		{ 50, 1, 100, 50, 1, false, 0, GUARD_NONE },
		{ 49, 1, 100, 51, 1, false, 0, GUARD_SHRUNK },
		{ 49, 1, 100, 51, 1, false, LIFT(GUARD_SHRUNK), GUARD_NONE },
		{ 49, 1, 100, 51, 1, false, ALL & ~LIFT(GUARD_SHRUNK),
		    GUARD_SHRUNK },
		/* Another epoch, of late. */
		{ 9, 1, 9, 0, NOW, true, 0, GUARD_NEW_EPOCH },
		{ 9, 1, 9, 0, NOW - POLICY_NEW_EPOCH + 1, true, 0,
		    GUARD_NEW_EPOCH },
		{ 9, 1, 9, 0, NOW - POLICY_NEW_EPOCH, true, 0, GUARD_NONE },
		{ 9, 1, 9, 0, NOW, false, 0, GUARD_NONE },
		{ 9, 1, 9, 0, NOW, true, LIFT(GUARD_NEW_EPOCH), GUARD_NONE },
		{ 9, 1, 9, 0, NOW, true, ALL & ~LIFT(GUARD_NEW_EPOCH),
		    GUARD_NEW_EPOCH },
		{ 9, 1, 9, 0, NOW + 10 * POLICY_NEW_EPOCH, true, 0,
		    GUARD_NEW_EPOCH },
		{ 9, 1, 9, 0, 0, true, 0, GUARD_NEW_EPOCH },
		{ 9, 1, 9, 0, INT64_MIN, true, 0, GUARD_NEW_EPOCH },
		{ 9, 1, 9, 0, INT64_MAX, true, 0, GUARD_NEW_EPOCH },
		/* What can't be keeps, whatever is lifted. */
		{ 5, 6, 6, 0, 1, false, ALL, GUARD_EMPTY_FOLDER },
		{ 0, 1, 1, 0, 1, false, ALL, GUARD_EMPTY_FOLDER },
		{ 9, 1, 4, 5, 1, false, ALL, GUARD_SHRUNK },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		struct prune_folder_facts f = { .exists = t[i].exists,
		    .go = t[i].go, .known = t[i].known,
		    .vanished = t[i].vanished, .now = NOW,
		    .epoch_began = t[i].began, .epoch_renewed = t[i].renewed };

		if (policy_guard_folder(&f, t[i].lifted) != t[i].guard)
			fail_msg("row %zu: %s", i, policy_guard_name(
			    policy_guard_folder(&f, t[i].lifted)));
	}
}

static void
test_the_last_backup_guards_everything(void **state)
{
	static const struct {
		bool any, complete;
		int64_t began;
		unsigned int lifted;
		enum policy_guard guard;
	} t[] = {
		{ true, true, NOW - 60, 0, GUARD_NONE },
		{ true, true, NOW - 86400, 0, GUARD_NONE },
		{ true, true, NOW - 86401, 0, GUARD_OLD },
		{ true, true, NOW - 86401, LIFT(GUARD_OLD), GUARD_NONE },
		{ true, true, NOW - 86401, ALL & ~LIFT(GUARD_OLD), GUARD_OLD },
		{ true, true, 0, 0, GUARD_OLD },
		{ true, true, INT64_MIN, 0, GUARD_OLD },
		/* A few seconds ahead is how commits are dated. */
		{ true, true, NOW + 5, 0, GUARD_NONE },
		{ true, true, NOW + 86401, 0, GUARD_OLD },
		{ true, true, INT64_MAX, 0, GUARD_OLD },
		{ true, false, NOW - 60, 0, GUARD_INCOMPLETE },
		{ true, false, NOW - 60, LIFT(GUARD_INCOMPLETE), GUARD_NONE },
		{ true, false, NOW - 60, LIFT(GUARD_OLD), GUARD_INCOMPLETE },
		{ true, false, 0, LIFT(GUARD_INCOMPLETE), GUARD_OLD },
		/* None at all is neither complete nor new. */
		{ false, true, NOW, 0, GUARD_INCOMPLETE },
		{ false, true, NOW, LIFT(GUARD_INCOMPLETE), GUARD_OLD },
		{ false, true, NOW, LIFT(GUARD_OLD), GUARD_INCOMPLETE },
		{ false, false, NOW, LIFT(GUARD_INCOMPLETE) | LIFT(GUARD_OLD),
		    GUARD_NONE },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		struct prune_backup_facts f = { .any = t[i].any,
		    .complete = t[i].complete, .began = t[i].began,
		    .now = NOW };

		if (policy_guard_backup(&f, t[i].lifted) != t[i].guard)
			fail_msg("row %zu: %s", i, policy_guard_name(
			    policy_guard_backup(&f, t[i].lifted)));
	}
}

static void
test_every_reason_has_words_and_a_name_of_its_own(void **state)
{
	int i, k;

	(void)state;
	for (i = 0; i < KEEP_KINDS; i++) {
		enum policy_keep keep = (enum policy_keep)i;

		assert_true(strlen(policy_keep_words(keep)) > 3);
		assert_int_equal(strspn(policy_keep_name(keep),
		    "abcdefghijklmnopqrstuvwxyz-"),
		    strlen(policy_keep_name(keep)));
		for (k = 0; k < i; k++)
			assert_string_not_equal(policy_keep_name(keep),
			    policy_keep_name((enum policy_keep)k));
		assert_int_equal(policy_keep_is_guard(keep),
		    keep == KEEP_YOUNG || keep == KEEP_FOLDER);
	}
	for (i = 0; i < GUARD_KINDS; i++) {
		enum policy_guard guard = (enum policy_guard)i;

		assert_true(strlen(policy_guard_words(guard)) > 3);
		for (k = 0; k < i; k++)
			assert_string_not_equal(policy_guard_name(guard),
			    policy_guard_name((enum policy_guard)k));
	}
	assert_string_equal(policy_keep_name(KEEP_NOT_SAVED), "not-saved");
	assert_string_equal(policy_guard_name(GUARD_EMPTY_FOLDER),
	    "empty-folder");
	assert_string_equal(policy_guard_name(GUARD_OLD), "old-backup");
}

/* ---- until so much is free ---- */

static void
test_a_goal_is_a_size_or_a_share(void **state)
{
	static const struct {
		const char *text;
		bool good, percent;
		uint64_t amount;
	} t[] = {
		{ "2G", true, false, (uint64_t)2 << 30 },
		{ "1", false, false, 0 }, { "50", false, false, 0 },
		{ "1B", true, false, 1 },
		{ "500MiB", true, false, 500 << 20 },
		{ "1%", true, true, 1 }, { "20%", true, true, 20 },
		{ "99%", true, true, 99 },
		{ "0%", false, false, 0 }, { "100%", false, false, 0 },
		{ "%", false, false, 0 }, { "", false, false, 0 },
		{ "0", false, false, 0 }, { "0G", false, false, 0 },
		{ "-1%", false, false, 0 }, { "20 %", false, false, 0 },
		{ "20%%", false, false, 0 }, { "1.5G", false, false, 0 },
		{ "much", false, false, 0 },
		{ "18446744073709551617%", false, false, 0 },
		{ "18446744073709551616", false, false, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		struct prune_goal goal = { .amount = 77 };
		struct err e = { 0 };

		if (policy_prune_goal(t[i].text, &goal, &e) !=
		    (t[i].good ? 0 : -1))
			fail_msg("'%s': %s", t[i].text, e.text);
		assert_int_equal(e.kind, t[i].good ? EK_NONE : EK_USAGE);
		assert_int_equal(goal.set, t[i].good);
		assert_int_equal(goal.percent, t[i].percent);
		assert_int_equal(goal.amount, t[i].good ? t[i].amount : 77);
	}
}

static void
test_what_is_lacking_never_comes_from_nonsense(void **state)
{
	static const struct {
		bool set, percent;
		uint64_t amount, used, limit, lack;
	} t[] = {
		{ true, false, 20, 90, 100, 10 },
		{ true, false, 20, 80, 100, 0 },
		{ true, false, 20, 81, 100, 1 },
		{ true, false, 20, 0, 100, 0 },
		{ true, false, 20, 130, 100, 50 },	/* over quota */
		{ true, false, 100, 90, 100, 90 },
		{ true, true, 20, 90, 100, 10 },
		{ true, true, 50, 3, 3, 2 },		/* 1.5 is rounded up */
		{ true, true, 99, UINT64_MAX, UINT64_MAX,
		    UINT64_MAX / 100 * 99 + 15 },
		/* Not set; no limit; a limit that no deletion can meet. */
		{ false, false, 20, 90, 100, 0 },
		{ true, false, 20, 90, 0, 0 },
		{ true, true, 20, 90, 0, 0 },
		{ true, false, 101, 90, 100, 0 },
		{ true, true, 101, 90, 100, 0 },
		{ true, false, UINT64_MAX, 200, 100, 0 },
		{ true, true, UINT64_MAX, 90, 100, 0 },
		{ true, true, ((uint64_t)1 << 63) + 5, 195, 200, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		struct prune_goal goal = { t[i].set, t[i].percent,
		    t[i].amount };
		uint64_t lack = policy_prune_lack(&goal, t[i].used,
		    t[i].limit);

		if (lack != t[i].lack)
			fail_msg("row %zu: %" PRIu64, i, lack);
	}
}

static void
assert_until(const struct prune_weight *v, size_t n, uint64_t lack,
    bool largest_first, const char *want)
{
	struct prune_weight own[8];
	size_t i;

	memcpy(own, v, n * sizeof(own[0]));
	policy_prune_until(own, n, lack, largest_first);
	for (i = 0; i < n; i++) {
		if (own[i].go != (want[i] == 'x'))
			fail_msg("lack %" PRIu64 ", %d: %zu", lack,
			    largest_first, i);
		/* The order is kept. */
		assert_int_equal(own[i].date, v[i].date);
		assert_int_equal(own[i].size, v[i].size);
	}
}

static void
test_the_oldest_or_largest_go_until_it_is_enough(void **state)
{
	static const struct prune_weight v[] = {
		{ .date = 30, .size = 5, .go = true },
		{ .date = 10, .size = 7, .go = true },
		{ .date = 20, .size = 0 },
		{ .date = 10, .size = 7 },
		{ .date = -5, .size = 3 },
	};

	(void)state;
	assert_until(v, 5, 0, false, ".....");
	assert_until(v, 5, 1, false, "....x");
	assert_until(v, 5, 3, false, "....x");
	assert_until(v, 5, 4, false, ".x..x");
	assert_until(v, 5, 10, false, ".x..x");
	assert_until(v, 5, 11, false, ".x.xx");
	/* An empty one brings nothing. */
	assert_until(v, 5, 18, false, "xx.xx");
	assert_until(v, 5, 22, false, "xx.xx");
	assert_until(v, 5, UINT64_MAX, false, "xx.xx");
	assert_until(v, 5, 0, true, ".....");
	assert_until(v, 5, 1, true, ".x...");
	assert_until(v, 5, 8, true, ".x.x.");
	assert_until(v, 5, 15, true, "xx.x.");
	assert_until(v, 5, 20, true, "xx.xx");
	policy_prune_until(NULL, 0, 9, false);
}

/* Sizes that would overflow when added up. */
static void
test_huge_sizes_are_enough_at_once(void **state)
{
	static const struct prune_weight v[] = {
		{ .date = 1, .size = UINT64_MAX - 1 },
		{ .date = 2, .size = UINT64_MAX },
		{ .date = 3, .size = UINT64_MAX },
	};

	(void)state;
	assert_until(v, 3, UINT64_MAX, false, "xx.");
	assert_until(v, 3, UINT64_MAX, true, ".x.");
	assert_until(v, 3, UINT64_MAX - 1, false, "x..");
}

static void
test_the_newest_are_kept_with_their_equals(void **state)
{
	static const struct { uint64_t keep; int64_t instant; } t[] = {
		{ 0, INT64_MAX }, { 1, 40 }, { 2, 30 }, { 3, 30 }, { 4, 10 },
		{ 5, INT64_MIN }, { UINT64_MAX, INT64_MIN },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		int64_t dates[] = { 30, 10, 40, -20, 30 };

		assert_int_equal(policy_prune_newest(dates, LENGTH(dates),
		    t[i].keep), t[i].instant);
		assert_int_equal(dates[0], -20);
		assert_int_equal(dates[4], 40);
	}
	assert_int_equal(policy_prune_newest(NULL, 0, 0), INT64_MAX);
	assert_int_equal(policy_prune_newest(NULL, 0, 3), INT64_MIN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_plainest_reason_is_given),
		cmocka_unit_test(test_ages_and_sizes_have_sharp_borders),
		cmocka_unit_test(test_what_is_not_known_keeps),
		cmocka_unit_test(test_without_a_date_whatever_needs_it_keeps),
		cmocka_unit_test(test_a_difference_to_the_vault_keeps),
		cmocka_unit_test(test_keeps_are_lifted_one_by_one),
		cmocka_unit_test(test_a_policy_that_says_nothing_takes_nothing),
		cmocka_unit_test(test_each_condition_says_something),
		cmocka_unit_test(test_texts_are_looked_for_where_they_belong),
		cmocka_unit_test(test_trash_and_junk_have_ages_of_their_own),
		cmocka_unit_test(test_other_conditions_hold_in_the_trash_too),
		cmocka_unit_test(test_a_list_skips_conditions_and_nothing_else),
		cmocka_unit_test(test_nothing_goes_that_must_stay),
		cmocka_unit_test(
		    test_less_knowledge_and_more_conditions_only_keep),
		cmocka_unit_test(
		    test_folders_that_show_what_is_elsewhere_are_named_in_full),
		cmocka_unit_test(test_a_folder_without_messages_is_left),
		cmocka_unit_test(test_the_role_is_the_most_telling_special_use),
		cmocka_unit_test(test_guards_keep_a_folder),
		cmocka_unit_test(test_the_last_backup_guards_everything),
		cmocka_unit_test(
		    test_every_reason_has_words_and_a_name_of_its_own),
		cmocka_unit_test(test_a_goal_is_a_size_or_a_share),
		cmocka_unit_test(
		    test_what_is_lacking_never_comes_from_nonsense),
		cmocka_unit_test(
		    test_the_oldest_or_largest_go_until_it_is_enough),
		cmocka_unit_test(test_huge_sizes_are_enough_at_once),
		cmocka_unit_test(test_the_newest_are_kept_with_their_equals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
