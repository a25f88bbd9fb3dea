/*
 * find.c - what a comparison found out, whichever way it was made, and whether the figures bear it out.
 */
#include <string.h>

#include "job/backup.h"

/* What was asked for by number and did not come, of what isn't gone. */
static int
find_lacking(struct backup *b, struct visit *v, struct uidset *out,
    struct err *e)
{
	if (v->plan.ask_missing && v->known.epoch == v->where.epoch &&
	    catalog_missing(b->catalog, v->where.epoch, out, e) == -1)
		return -1;
	uidset_add_set(out, &v->nil);
	uidset_add_set(out, &v->spoiled);
	uidset_remove_set(out, &v->arrived);
	uidset_remove_set(out, &v->vanished);
	return 0;
}

/*
 * What was missing in this epoch: not among ${there} it is over, else it is lacking still, though the message itself
 * may be known: its content was given up.
 */
static int
find_over(struct backup *b, struct visit *v, const struct uidset *there,
    struct findings *f, struct err *e)
{
	struct uidset still = UIDSET_INIT;
	int rc = -1;

	if (v->known.epoch != v->where.epoch || v->known.missing == 0)
		return 0;
	if (catalog_missing(b->catalog, v->where.epoch, &f->over, e) == -1 ||
	    catalog_missing(b->catalog, v->where.epoch, &still, e) == -1)
		goto out;
	uidset_remove_set(&f->over, there);
	uidset_remove_set(&still, &f->over);
	uidset_remove_set(&still, &v->arrived);
	uidset_add_set(&f->lacking, &still);
	uidset_remove_set(&f->lacking, &f->over);
	rc = 0;
out:
	uidset_release(&still);
	return rc;
}

static void
tally(const struct visit *v, const struct findings *f, struct policy_tally *t)
{
	memset(t, 0, sizeof(*t));
	t->known = v->known.epoch == v->where.epoch ? v->known.live : 0;
	t->gone = uidset_count(&f->changes.gone);
	t->added = v->added;
	t->below = v->below;
	t->lacking = uidset_count(&f->lacking);
	t->opened = v->box.exists;
	t->exists = v->exists;
}

/* What the server told of changes: flags, late messages, and what was lacking before. */
static int
find_changed(struct backup *b, struct visit *v, struct findings *f,
    struct err *e)
{
	if (find_lacking(b, v, &f->lacking, e) == -1)
		return -1;
	listing_sort(v->listing);
	if (compare_some(b->catalog, v->where.epoch, v->listing, b->texts,
	    &f->changes, e) == -1)
		return -1;
	uidset_add_set(&f->lacking, &f->changes.want);
	uidset_remove_set(&f->lacking, &v->vanished);
	return 0;
}

/* Nothing was known, or nothing that could be trusted: all bodies came. */
static int
find_by_content(struct backup *b, struct visit *v, struct findings *f,
    struct err *e)
{
	struct uidset all = UIDSET_INIT;
	struct policy_tally t;
	int rc;

	if (find_changed(b, v, f, e) == -1)
		return -1;
	f->changes.reused = false;
	if (v->plan.compare == COMPARE_NONE) {
		tally(v, f, &t);
		f->trusted = policy_adds_up(&t);
		return 0;
	}
	/* What was listed without a body is nil. */
	uidset_add_set(&all, &v->nil);
	uidset_add_set(&all, &v->spoiled);
	uidset_add_set(&all, &v->searched);
	uidset_remove_set(&all, &v->vanished);
	uidset_add_set(&f->lacking, &all);
	uidset_remove_set(&f->lacking, &v->arrived);
	uidset_add_set(&all, &v->arrived);
	rc = compare_set(b->catalog, v->where.epoch, &all, &f->changes, e);
	if (rc == 0)
		rc = find_over(b, v, &all, f, e);
	f->trusted = uidset_count(&all) == v->exists ||
	    uidset_count(&all) == v->box.exists;
	uidset_clear(&f->changes.want);
	uidset_release(&all);
	return rc;
}

/* Do the figures add up, and did the server keep count of changes all the time? */
static bool
adds_up(const struct visit *v, const struct findings *f)
{
	struct policy_tally t;

	tally(v, f, &t);
	return policy_adds_up(&t) && v->box.highestmodseq != 0 &&
	    v->box.highestmodseq >= v->known.highestmodseq;
}

/* The server told what changed and what vanished. */
static int
find_by_resync(struct backup *b, struct visit *v, struct findings *f,
    struct err *e)
{
	struct uidset there = UIDSET_INIT;
	int rc;

	uidset_add_range(&there, 1, UID_MAX);
	uidset_remove_set(&there, &v->vanished);
	rc = find_changed(b, v, f, e);
	if (rc == 0)
		rc = compare_known(b->catalog, v->where.epoch, &v->vanished,
		    &f->changes.gone, e);
	if (rc == 0)
		rc = find_over(b, v, &there, f, e);
	f->trusted = adds_up(v, f);
	uidset_release(&there);
	return rc;
}

/* The server told what changed; SEARCH told which UIDs there are. */
static int
find_by_changes(struct backup *b, struct visit *v, struct findings *f,
    struct err *e)
{
	uint64_t n = uidset_count(&v->searched), left;
	struct uidset there = UIDSET_INIT;
	int rc;

	uidset_add_set(&there, &v->searched);
	uidset_remove_set(&there, &v->vanished);
	left = uidset_count(&there);
	rc = find_changed(b, v, f, e);
	/* An answer that was cut short must not make messages disappear. */
	if (rc == -1 || (n != v->exists && n != v->box.exists &&
	    left != v->exists))
		goto out;
	if ((rc = compare_set(b->catalog, v->where.epoch, &there, &f->changes,
	    e)) == -1)
		goto out;
	uidset_add_set(&f->lacking, &f->changes.want);
	rc = find_over(b, v, &there, f, e);
	f->trusted = adds_up(v, f);
out:
	uidset_release(&there);
	return rc;
}

static void
name_doubles(struct backup *b, struct visit *v, uint64_t doubles)
{
	if (doubles > 0 && v->exists != listing_count(v->listing))
		backup_problem(b, v->f->box->name, NULL,
		    "the server lists one UID more than once");
}

/* Every UID was listed. */
static int
find_by_listing(struct backup *b, struct visit *v, struct findings *f,
    struct err *e)
{
	struct uidset all = UIDSET_INIT;
	uint64_t n, left;
	int rc = -1;

	name_doubles(b, v, listing_sort(v->listing));
	if (compare_all(b->catalog, v->where.epoch, v->listing, b->texts,
	    &f->changes, e) == -1)
		goto out;
	/* What only SEARCH knows is there too, and was not listed. */
	listing_uids(v->listing, &all);
	uidset_add_set(&all, &v->searched);
	uidset_add_set(&f->changes.want, &v->searched);
	uidset_remove_set(&f->changes.gone, &v->searched);
	uidset_add_set(&f->lacking, &f->changes.want);
	if (!uidset_empty(&v->searched)) {
		struct uidset known = UIDSET_INIT;

		if (compare_known(b->catalog, v->where.epoch, &f->lacking,
		    &known, e) == -1)
			goto out;
		uidset_remove_set(&f->lacking, &known);
		uidset_release(&known);
	}
	uidset_remove_set(&f->lacking, &v->arrived);
	uidset_remove_set(&f->lacking, &v->vanished);
	n = uidset_count(&all);
	uidset_remove_set(&all, &v->vanished);
	if (find_over(b, v, &all, f, e) == -1)
		goto out;
	left = uidset_count(&all);
	f->trusted = n == v->box.exists || n == v->exists ||
	    left == v->exists || (v->expunged && n >= v->exists);
	rc = 0;
out:
	uidset_release(&all);
	return rc;
}

static int
find(struct backup *b, struct visit *v, struct findings *f, struct err *e)
{
	switch (v->plan.compare) {
	case COMPARE_NONE:
		return v->plan.list_first ? find_by_listing(b, v, f, e) :
		    find_by_content(b, v, f, e);
	case COMPARE_CONTENT:
		return find_by_content(b, v, f, e);
	case COMPARE_RESYNC:
		return find_by_resync(b, v, f, e);
	case COMPARE_CHANGES:
		return find_by_changes(b, v, f, e);
	case COMPARE_ALL:
		return find_by_listing(b, v, f, e);
	}
	return -1;
}

int
find_all(struct backup *b, struct visit *v, struct findings *f,
    struct err *e)
{
	memset(f, 0, sizeof(*f));
	/* It may be a renamed folder, and is another one. */
	if (v->moved)
		return 0;
	if (find(b, v, f, e) == -1)
		return -1;
	/* Flags that were not listed were not compared. */
	if (v->fetch_refused && (v->plan.compare == COMPARE_CHANGES ||
	    v->plan.compare == COMPARE_ALL))
		f->trusted = false;
	return 0;
}

void
find_release(struct findings *f)
{
	changes_release(&f->changes);
	uidset_release(&f->lacking);
	uidset_release(&f->over);
}
