/*
 * settle.c - what a visit came to: what changed is recorded, and the folder is done, or visited again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/backup.h"
#include "mail/name.h"

/*
 * A folder gets a comparison, a fetch of what was lacking, one more comparison and a fetch message by message.
 * What is lacking then is missing.
 */
#define VISITS_MAX	4

/* A figure of a full comparison that nothing else changed is written again once a day. */
#define FULL_NOTE_EVERY	86400

/* ---- records ---- */

/* ${over} was missing, and is not there any more: nobody need ask for it again. */
static int
put_gone(struct backup *b, struct visit *v, const struct uidset *gone,
    const struct uidset *over, struct err *e)
{
	struct record rec = { .kind = REC_GONE };
	struct uidset both = UIDSET_INIT;
	uint64_t n = uidset_count(gone), live = v->known.live;
	char text[128];
	int rc = 0;

	uidset_add_set(&both, gone);
	uidset_add_set(&both, over);
	rec.u.gone = (struct rec_gone){ v->where.folder, v->where.epoch,
	    &both };
	v->f->gone += n;
	b->report->counts.gone += n;
	if (policy_shrunk(live, n)) {
		snprintf(text, sizeof(text), "%" PRIu64 " of %" PRIu64
		    " messages are gone from the server; the vault keeps them",
		    n, live);
		backup_problem(b, v->f->box->name, NULL, text);
	}
	if (!uidset_empty(&both))
		rc = vault_put(b->txn, &rec, e);
	uidset_release(&both);
	return rc;
}

/* The changed flags, one record for all messages that have the same now. */
static int
put_flags(struct backup *b, struct visit *v, const struct changes *c,
    struct err *e)
{
	struct record rec = { .kind = REC_FLAGS };
	struct uidset uids = UIDSET_INIT;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < c->flags_n; i++) {
		const struct listed *l = c->flags[i], *next =
		    i + 1 < c->flags_n ? c->flags[i + 1] : NULL;

		uidset_add(&uids, l->uid);
		if (next != NULL && next->flags == l->flags &&
		    next->labels == l->labels)
			continue;
		rec.u.flags = (struct rec_flags){ v->where.folder,
		    v->where.epoch, &uids, intern_text(b->texts, l->flags),
		    intern_text(b->texts, l->labels) };
		rc = vault_put(b->txn, &rec, e);
		uidset_clear(&uids);
	}
	uidset_release(&uids);
	v->f->flags += c->flags_n;
	b->report->counts.flags += c->flags_n;
	return rc;
}

static int
put_missing(struct backup *b, struct visit *v, const struct uidset *uids,
    const char *reason, struct err *e)
{
	struct record rec = { .kind = REC_MISSING };

	if (uidset_empty(uids))
		return 0;
	rec.u.missing = (struct rec_missing){ v->where.folder,
	    v->where.epoch, uids, reason };
	b->report->counts.missing += uidset_count(uids);
	backup_problem(b, v->f->box->name, uids, reason);
	return vault_put(b->txn, &rec, e);
}

static bool
same_state(const struct known_epoch *k, const struct rec_epoch *r)
{
	return k->has_state && k->complete && r->complete &&
	    k->uidnext == r->uidnext &&
	    k->highestmodseq == r->highestmodseq && k->exists == r->exists;
}

/* The comparison of this folder is finished, with the state that was announced before it began. */
static int
finish(struct backup *b, struct visit *v, const struct mail_state *state,
    bool full, struct err *e)
{
	struct job_event ev = { .kind = JOB_FOLDER };
	struct record rec = { .kind = REC_EPOCH };
	struct known_epoch now;
	struct folder *f = v->f;

	f->done = true;
	b->report->counts.listed += v->exists;
	rec.u.epoch = (struct rec_epoch){
		.epoch = v->where.epoch,
		.folder = v->where.folder,
		.uidvalidity = v->where.uidvalidity,
		.has_state = true,
		.complete = v->unnamed == 0,
		.full = full,
		.uidnext = state->uidnext,
		.highestmodseq = state->highestmodseq,
		.exists = state->exists,
	};
	if (catalog_epoch(b->catalog, f->number, &now, e) == -1)
		return -1;
	if (!same_state(&now, &rec.u.epoch) || (full &&
	    now.full_time + FULL_NOTE_EVERY <= backup_now(b))) {
		if (vault_put(b->txn, &rec, e) == -1)
			return -1;
	}
	ev.folder = f->box->name;
	ev.messages = f->added;
	ev.bytes = f->bytes;
	ev.flags = f->flags;
	ev.gone = f->gone;
	backup_event(b, &ev);
	return 0;
}

/* ---- going on ---- */

static int
fail_folder(struct backup *b, struct visit *v, const char *why)
{
	v->f->done = true;
	b->report->counts.failed++;
	backup_problem(b, v->f->box->name, NULL, why);
	return 0;
}

static int
look_again(struct backup *b, struct visit *v, struct err *e)
{
	struct visit *next;

	if ((next = visit_again(b, v, e)) == NULL)
		return -1;
	backup_queue(b, next);
	return 0;
}

static int
plan_anew(struct backup *b, struct visit *v, struct err *e)
{
	struct visit *next;

	if ((next = visit_new(b, v->f, VISIT_COMPARE, e)) == NULL)
		return -1;
	backup_queue(b, next);
	return 0;
}

/* Fetch exactly these, then the folder is done. */
static int
fetch_lacking(struct backup *b, struct visit *v, const struct uidset *want,
    struct err *e)
{
	struct visit *next;

	if ((next = visit_new(b, v->f, VISIT_FETCH, e)) == NULL)
		return -1;
	uidset_add_set(&next->ask, want);
	next->ask_uid = uidset_min(want);
	if (v->f->visits >= VISITS_MAX - 1)
		next->ask_step = 1;
	next->settled = v->box;
	next->settled_full = v->plan.full;
	next->unnamed = v->unnamed;
	backup_queue(b, next);
	return 0;
}

/* ---- a comparison ---- */

/* What a visit found out, whichever way it compared. */
struct findings {
	struct changes	changes;
	struct uidset	lacking;	/* on the server, and not here */
	struct uidset	over;		/* was lacking before, and is not on the server */
	bool		trusted;	/* the figures add up */
	uint64_t	unnamed;	/* messages more than UIDs */
};

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

/* What was missing in this epoch and is not among ${there}. */
static int
find_over(struct backup *b, struct visit *v, const struct uidset *there,
    struct findings *f, struct err *e)
{
	if (v->known.epoch != v->where.epoch || v->known.missing == 0)
		return 0;
	if (catalog_missing(b->catalog, v->where.epoch, &f->over, e) == -1)
		return -1;
	uidset_remove_set(&f->over, there);
	uidset_remove_set(&f->lacking, &f->over);
	return 0;
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
	if (!f->trusted && v->exists > left)
		f->unnamed = v->exists - left;
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

/* Under one UIDVALIDITY a UID names another message than it did: what we know is of an epoch that is over. */
static int
begin_epoch(struct backup *b, struct visit *v, struct err *e)
{
	struct record rec = { .kind = REC_EPOCH };

	backup_note(b, "folder %s: UIDs stand for other messages than before: "
	    "all are fetched anew, those of before are kept",
	    name_shown(v->f->box->name));
	rec.u.epoch = (struct rec_epoch){ .epoch = ++b->next_epoch,
	    .folder = v->f->number, .uidvalidity = v->where.uidvalidity };
	if (vault_put(b->txn, &rec, e) == -1)
		return -1;
	return look_again(b, v, e);
}

/* Is it the known folder under a new name?  Most of its messages must be where they were. */
static int
settle_rename(struct backup *b, struct visit *v, const struct findings *f,
    bool *accepted, struct err *e)
{
	*accepted = v->opened && !v->moved && f->trusted &&
	    !f->changes.reused && f->changes.same > 0 &&
	    uidset_count(&f->changes.gone) <= f->changes.same;
	if (*accepted)
		return plan_rename(b, v->f, e);
	if (plan_new(b, v->f, e) == -1)
		return -1;
	return plan_anew(b, v, e);
}

static int
settle_findings(struct backup *b, struct visit *v, struct findings *f,
    struct err *e)
{
	bool renamed;

	if (v->f->renamed_from != 0) {
		if (settle_rename(b, v, f, &renamed, e) == -1)
			return -1;
		if (!renamed)
			return 0;
	}
	if (f->changes.reused)
		return begin_epoch(b, v, e);
	if (!f->trusted && v->f->visits < VISITS_MAX - 1)
		return look_again(b, v, e);
	if (!f->trusted) {
		v->unnamed = f->unnamed > 0 ? f->unnamed : 1;
		backup_problem(b, v->f->box->name, NULL, v->fetch_refused ?
		    v->why :
		    "the server counts more or fewer messages than it lists");
	} else if (put_gone(b, v, &f->changes.gone, &f->over, e) == -1)
		return -1;
	if (put_flags(b, v, &f->changes, e) == -1)
		return -1;
	if (!uidset_empty(&f->lacking))
		return fetch_lacking(b, v, &f->lacking, e);
	return finish(b, v, &v->box, v->plan.full, e);
}

static int
settle_compare(struct backup *b, struct visit *v, struct err *e)
{
	struct findings f;
	int rc;

	memset(&f, 0, sizeof(f));
	rc = v->moved ? 0 : find(b, v, &f, e);
	/* Flags that were not listed were not compared. */
	if (v->fetch_refused && (v->plan.compare == COMPARE_CHANGES ||
	    v->plan.compare == COMPARE_ALL))
		f.trusted = false;
	if (rc == 0)
		rc = settle_findings(b, v, &f, e);
	changes_release(&f.changes);
	uidset_release(&f.lacking);
	uidset_release(&f.over);
	return rc;
}

/* ---- a fetch by number ---- */

static int
settle_fetch(struct backup *b, struct visit *v, struct err *e)
{
	struct changes changes = { .same = 0 };
	struct uidset rest = UIDSET_INIT, some = UIDSET_INIT;
	int rc = -1;

	uidset_add_set(&rest, &v->ask);
	uidset_remove_set(&rest, &v->arrived);
	uidset_remove_set(&rest, &v->vanished);
	if (!uidset_empty(&rest) && v->f->visits < VISITS_MAX) {
		/* Gone meanwhile, or left out?  The listing tells. */
		rc = look_again(b, v, e);
		goto out;
	}
	uidset_intersect(&rest, &v->nil, &some);
	if (put_missing(b, v, &some, "the server has no content for it", e) ==
	    -1)
		goto out;
	uidset_remove_set(&rest, &some);
	uidset_intersect(&rest, &v->spoiled, &some);
	if (put_missing(b, v, &some, "the server's answer can't be understood",
	    e) == -1)
		goto out;
	uidset_remove_set(&rest, &some);
	if (put_missing(b, v, &rest, v->why != NULL ? v->why :
	    "the server did not deliver it", e) == -1)
		goto out;
	/* What turned out to be known may have other flags. */
	listing_sort(v->listing);
	if (compare_some(b->catalog, v->where.epoch, v->listing, b->texts,
	    &changes, e) == -1 || put_flags(b, v, &changes, e) == -1)
		goto out;
	rc = finish(b, v, &v->settled, v->settled_full, e);
out:
	changes_release(&changes);
	uidset_release(&rest);
	uidset_release(&some);
	return rc;
}

/* ---- the door ---- */

/* The folder did not open. */
static int
settle_refused(struct backup *b, struct visit *v, struct err *e)
{
	/* It may be the parameter that the server can't do, though it says so. */
	if (v->f->visits < VISITS_MAX &&
	    (v->plan.compare == COMPARE_RESYNC || (v->unknown && v->condstore))) {
		b->server.qresync = false;
		return plan_anew(b, v, e);
	}
	return fail_folder(b, v, v->why == NULL ? "it can't be opened" :
	    v->why);
}

int
settle(struct backup *b, struct visit *v, struct err *e)
{
	v->f->visits++;
	if (v->later) {
		/* Being told to wait is no attempt. */
		v->f->visits--;
		if (backup_wait(b, v, e) == -1)
			return -1;
		return v->opened ? look_again(b, v, e) : plan_anew(b, v, e);
	}
	if (!v->opened)
		return settle_refused(b, v, e);
	if (v->moved && v->f->renamed_from == 0) {
		if (v->f->visits >= VISITS_MAX)
			return fail_folder(b, v, "its UIDVALIDITY is never "
			    "the same");
		return look_again(b, v, e);
	}
	return v->kind == VISIT_FETCH ? settle_fetch(b, v, e) :
	    settle_compare(b, v, e);
}
