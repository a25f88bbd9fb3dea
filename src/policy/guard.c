/*
 * guard.c - what keeps a mistake from deleting too much, and how much is enough.
 *
 * Figures come from servers: those that contradict one another keep everything.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "policy/policy.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

/* ---- guards ---- */

static bool
lifts(unsigned int lifted, enum policy_guard guard)
{
	return (lifted & 1u << guard) != 0;
}

/* From ${then} to ${now}, as far as that can be said: a difference too large for words is the largest one. */
static int64_t
age(int64_t now, int64_t then)
{
	int64_t passed;

	if (__builtin_sub_overflow(now, then, &passed))
		return now < then ? INT64_MIN : INT64_MAX;
	return passed;
}

/* A time that is not there, or is to come, is no proof of anything long ago. */
static bool
is_new_epoch(const struct prune_folder_facts *f)
{
	return f->epoch_renewed && (f->epoch_began <= 0 ||
	    age(f->now, f->epoch_began) < POLICY_NEW_EPOCH);
}

enum policy_guard
policy_guard_folder(const struct prune_folder_facts *f, unsigned int lifted)
{
	if (f->go == 0)
		return GUARD_NONE;
	/* Nobody can lift what makes no sense. */
	if (f->go > f->exists)
		return GUARD_EMPTY_FOLDER;
	if (f->vanished > f->known)
		return GUARD_SHRUNK;
	if (f->go == f->exists && !lifts(lifted, GUARD_EMPTY_FOLDER))
		return GUARD_EMPTY_FOLDER;
	if (policy_shrunk(f->exists, f->go) && !lifts(lifted, GUARD_MOST))
		return GUARD_MOST;
	if (policy_shrunk(f->known, f->vanished) &&
	    !lifts(lifted, GUARD_SHRUNK))
		return GUARD_SHRUNK;
	if (is_new_epoch(f) && !lifts(lifted, GUARD_NEW_EPOCH))
		return GUARD_NEW_EPOCH;
	return GUARD_NONE;
}

/* Commits of one second are dated one after another, so that the last of them may lie ahead of us a little. */
static bool
is_old(const struct prune_backup_facts *f)
{
	int64_t passed = age(f->now, f->began);

	return !f->any || passed > POLICY_OLD_BACKUP ||
	    passed < -POLICY_OLD_BACKUP;
}

enum policy_guard
policy_guard_backup(const struct prune_backup_facts *f, unsigned int lifted)
{
	if (!(f->any && f->complete) && !lifts(lifted, GUARD_INCOMPLETE))
		return GUARD_INCOMPLETE;
	if (is_old(f) && !lifts(lifted, GUARD_OLD))
		return GUARD_OLD;
	return GUARD_NONE;
}

static const struct {
	const char	*name, *words;
} guards[] = {
	[GUARD_NONE] = { "none", "nothing keeps it" },
	[GUARD_EMPTY_FOLDER] = { "empty-folder", "everything in it would go" },
	[GUARD_MOST] = { "most", "more than half of it would go" },
	[GUARD_YOUNG] = { "young", "it came within the last 30 days" },
	[GUARD_SHRUNK] = { "shrunk",
	    "it has lost more than half since the last backup" },
	[GUARD_NEW_EPOCH] = { "new-epoch",
	    "its UIDVALIDITY changed within the last 7 days" },
	[GUARD_INCOMPLETE] = { "incomplete-backup",
	    "the last backup was not complete" },
	[GUARD_OLD] = { "old-backup",
	    "the last backup began more than a day ago" },
};

_Static_assert(LENGTH(guards) == GUARD_KINDS, "each guard has its words");

const char *
policy_guard_name(enum policy_guard guard)
{
	return guards[guard].name;
}

const char *
policy_guard_words(enum policy_guard guard)
{
	return guards[guard].words;
}

/* ---- until so much is free ---- */

int
policy_prune_goal(const char *text, struct prune_goal *out, struct err *e)
{
	size_t n = strlen(text);
	bool percent = n > 0 && text[n - 1] == '%';
	uint64_t v;

	if (percent ? text_u64(text, n - 1, &v) == -1 || v > 99 :
	    text_parse_size(text, &v, e) == -1)
		v = 0;
	/* Who means percent may forget to say so. */
	if (n > 0 && text[n - 1] >= '0' && text[n - 1] <= '9')
		v = 0;
	if (v == 0)
		return err_set(e, EK_USAGE, "'%s' is neither a size such as "
		    "2G nor a share from 1%% to 99%%", text);
	*out = (struct prune_goal){ .set = true, .percent = percent,
	    .amount = v };
	return 0;
}

uint64_t
policy_prune_lack(const struct prune_goal *goal, uint64_t used, uint64_t limit)
{
	uint64_t wanted = goal->amount, most;

	if (!goal->set || limit == 0 || (goal->percent && goal->amount > 100))
		return 0;
	if (goal->percent)
		wanted = limit / 100 * goal->amount +
		    (limit % 100 * goal->amount + 99) / 100;
	if (wanted > limit)
		return 0;
	most = limit - wanted;
	return used > most ? used - most : 0;
}

static int
by_order(const void *x, const void *y)
{
	const struct prune_weight *a = x, *b = y;

	return a->at < b->at ? -1 : a->at > b->at;
}

static int
by_date(const void *x, const void *y)
{
	const struct prune_weight *a = x, *b = y;

	if (a->date != b->date)
		return a->date < b->date ? -1 : 1;
	return by_order(x, y);
}

static int
by_size(const void *x, const void *y)
{
	const struct prune_weight *a = x, *b = y;

	if (a->size != b->size)
		return a->size > b->size ? -1 : 1;
	return by_order(x, y);
}

void
policy_prune_until(struct prune_weight *v, size_t n, uint64_t lack,
    bool largest_first)
{
	size_t i;

	for (i = 0; i < n; i++) {
		v[i].at = i;
		v[i].go = false;
	}
	if (n == 0)
		return;
	qsort(v, n, sizeof(v[0]), largest_first ? by_size : by_date);
	for (i = 0; i < n && lack > 0; i++) {
		/* One that is said to be empty brings the goal no closer. */
		v[i].go = v[i].size > 0;
		lack -= v[i].size < lack ? v[i].size : lack;
	}
	qsort(v, n, sizeof(v[0]), by_order);
}

static int
by_value(const void *x, const void *y)
{
	const int64_t *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

int64_t
policy_prune_newest(int64_t *dates, size_t n, uint64_t keep)
{
	if (n > 0)
		qsort(dates, n, sizeof(dates[0]), by_value);
	if (keep == 0)
		return INT64_MAX;
	return keep >= n ? INT64_MIN : dates[n - (size_t)keep];
}
