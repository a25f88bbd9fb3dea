/*
 * settle.c - what a visit came to: what changed is recorded, and the folder is done, or visited again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/backup.h"
#include "job/intents.h"
#include "mail/name.h"

/*
 * A folder gets a comparison, a fetch of what was lacking, one more comparison and a fetch message by message.
 * What is lacking then is missing.
 */
#define VISITS_MAX	4

/* A figure of a full comparison that nothing else changed is written again once a day. */
#define FULL_NOTE_EVERY	86400

/* ---- records ---- */

/* Of what is gone, ${pruned}: what a run that was interrupted meant to delete, and did. */
static int
put_pruned(struct backup *b, struct visit *v, const struct uidset *gone,
    struct uidset *pruned, struct err *e)
{
	struct open_intents open = { .n = 0 };
	uint64_t n;
	int rc;

	if ((rc = intents_load(b->catalog, v->where.epoch, &open, e)) == 0) {
		uidset_intersect(gone, &open.all, pruned);
		rc = intents_pruned(b->txn, &open, v->where.folder,
		    v->where.epoch, pruned, e);
	}
	if (rc == 0 && (n = uidset_count(pruned)) > 0)
		backup_note(b, "folder %s: %" PRIu64 " message%s that prune "
		    "was about to delete %s gone", name_shown(v->f->box->name),
		    n, n == 1 ? "" : "s", n == 1 ? "is" : "are");
	intents_release(&open);
	return rc;
}

/* ${over} was missing, and is not there any more: nobody need ask for it again. */
static int
put_gone(struct backup *b, struct visit *v, const struct uidset *gone,
    const struct uidset *over, struct err *e)
{
	struct uidset both = UIDSET_INIT, pruned = UIDSET_INIT;
	struct record rec = { .kind = REC_GONE };
	uint64_t n = uidset_count(gone), meant;
	int rc;

	rc = uidset_empty(gone) ? 0 : put_pruned(b, v, gone, &pruned, e);
	uidset_add_set(&both, gone);
	uidset_remove_set(&both, &pruned);
	uidset_add_set(&both, over);
	rec.u.gone = (struct rec_gone){ v->where.folder, v->where.epoch,
	    &both };
	v->f->gone += n;
	b->report->counts.gone += n;
	/* What was meant to go is no loss that somebody should know of. */
	meant = uidset_count(&pruned);
	if (v->known.live >= meant)
		backup_shrunk(b, v->f->box->name, v->known.live - meant,
		    n - meant);
	if (rc == 0 && !uidset_empty(&both))
		rc = vault_put(b->txn, &rec, e);
	uidset_release(&both);
	uidset_release(&pruned);
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
		.complete = !v->open,
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
look_again(struct backup *b, struct visit *v, struct err *e)
{
	struct visit *next;

	if ((next = visit_again(b, v, e)) == NULL)
		return -1;
	queue_put(b, next);
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
	next->open = v->open;
	queue_put(b, next);
	return 0;
}

/* ---- a comparison ---- */

/* 1 is found in an epoch before ${at}, under its UIDVALIDITY. */
struct before {
	uint64_t	epoch, uidvalidity;
};

static int
is_before(void *arg, const struct known_message *m, struct err *e)
{
	const struct before *at = arg;

	(void)e;
	return m->epoch < at->epoch && m->uidvalidity == at->uidvalidity;
}

/* Whether this folder's epoch began because UIDs stood for other messages: 1, 0, -1. */
static int
is_renewed(struct backup *b, const struct visit *v, struct err *e)
{
	struct before at = { v->where.epoch, v->where.uidvalidity };

	return catalog_messages(b->catalog, v->f->number, CATALOG_NOW, true,
	    is_before, &at, e);
}

/*
 * Under one UIDVALIDITY a UID names another message than it did: what we know is of an epoch that is over.  A server
 * that does this again and again only has dates that change: there contents are compared.
 */
static int
begin_epoch(struct backup *b, struct visit *v, struct err *e)
{
	struct record rec = { .kind = REC_EPOCH };
	const char *name = v->f->box->name;
	int r;

	if ((r = is_renewed(b, v, e)) == -1)
		return -1;
	if (r == 1) {
		backup_problem(b, name, NULL, "once more messages have other "
		    "dates than before: all are fetched and compared");
		v->f->dates_change = true;
		return look_again(b, v, e);
	}
	backup_note(b, "folder %s: UIDs stand for other messages than before: "
	    "all are fetched anew, those of before are kept",
	    name_shown(name));
	if (v->box.exists < v->known.live)
		backup_shrunk(b, name, v->known.live,
		    v->known.live - v->box.exists);
	rec.u.epoch = (struct rec_epoch){ .epoch = ++b->last_epoch,
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
	struct visit *next;

	*accepted = v->opened && !v->moved && f->trusted &&
	    !f->changes.reused && f->changes.same > 0 &&
	    uidset_count(&f->changes.gone) <= f->changes.same;
	if (*accepted)
		return place_rename(b, v->f, e);
	if (place_apart(b, v->f, e) == -1 ||
	    (next = visit_new(b, v->f, VISIT_COMPARE, e)) == NULL)
		return -1;
	queue_put(b, next);
	return 0;
}

/* Flags that were told and could not be kept for the comparison: the next run does it anew. */
static void
name_untold(struct backup *b, struct visit *v, const struct changes *c)
{
	uint64_t n = v->untold + c->untold;
	char text[128];

	if (n == 0)
		return;
	v->open = true;
	snprintf(text, sizeof(text), "the flags of %" PRIu64 " messages were "
	    "not compared: there are too many different ones", n);
	backup_problem(b, v->f->box->name, NULL, text);
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
	if (!f->trusted && v->later) {
		backup_fail(b, v->f, v->why, true);
		return 0;
	}
	if (!f->trusted) {
		v->open = true;
		backup_problem(b, v->f->box->name, NULL, v->fetch_refused ?
		    v->why :
		    "the server counts more or fewer messages than it lists");
	} else if (put_gone(b, v, &f->changes.gone, &f->over, e) == -1)
		return -1;
	if (put_flags(b, v, &f->changes, e) == -1)
		return -1;
	name_untold(b, v, &f->changes);
	if (!uidset_empty(&f->lacking))
		return fetch_lacking(b, v, &f->lacking, e);
	return finish(b, v, &v->box, v->plan.full, e);
}

static int
settle_compare(struct backup *b, struct visit *v, struct err *e)
{
	struct findings f;
	int rc;

	if ((rc = find_all(b, v, &f, e)) == 0)
		rc = settle_findings(b, v, &f, e);
	find_release(&f);
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
	if (visit_refused_later(v)) {
		backup_fail(b, v->f, v->why, true);
		rc = 0;
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
	name_untold(b, v, &changes);
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
	if (v->f->visits < VISITS_MAX && !v->later && !v->replaced &&
	    (v->plan.compare == COMPARE_RESYNC || (v->unknown && v->condstore))) {
		b->server.qresync = false;
		return look_again(b, v, e);
	}
	backup_fail(b, v->f, v->replaced ? "another folder has its name now: "
	    "that is looked at by the next run" :
	    v->why == NULL ? "it can't be opened" : v->why, v->later);
	return 0;
}

int
settle(struct backup *b, struct visit *v, struct err *e)
{
	int r;

	if (v->later && (r = link_wait(b, v, e)) != 0)
		/* Being told to wait is no attempt. */
		return r == -1 ? -1 : look_again(b, v, e);
	v->f->visits++;
	if (!v->opened)
		return settle_refused(b, v, e);
	if (v->moved && v->f->renamed_from == 0) {
		if (v->f->visits < VISITS_MAX)
			return look_again(b, v, e);
		backup_fail(b, v->f, "its UIDVALIDITY is never the same",
		    false);
		return 0;
	}
	return v->kind == VISIT_FETCH ? settle_fetch(b, v, e) :
	    settle_compare(b, v, e);
}
