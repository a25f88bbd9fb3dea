/*
 * tidy.c - what became of messages that were to be deleted when a run was interrupted, or lost its connection.
 *
 * What is not there any more was deleted.  What is there, with a mark of ours, is either to be deleted now (it is
 * proven anew first), or the mark is taken back.  Marks that others set are left to them.  The whole folder is listed
 * for that: that a server does not show a message is no proof that it is gone, as long as it counts it.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "job/pruning.h"
#include "mail/flags.h"
#include "mail/name.h"

struct tidying {
	struct prune	*p;
	struct prune_box *box;
	uint64_t	 listed;	/* messages */
	struct uidset	 all;		/* own; listed */
	struct uidset	 there, marked;	/* own; of those with an open intent */
	struct uidset	 untold;	/* own; ... whose flags are not known */
	struct uidset	 gone, back, kept;	/* own */
};

static int
opened(void *arg, struct look_box *lb, const struct imap_event *ev,
    struct err *e)
{
	struct tidying *t = arg;
	const char *why = prune_stranger(t->box, ev);

	(void)lb;
	if (why == NULL && ev->read_only)
		why = "the server lets it only be read";
	if (why == NULL)
		return 1;
	return prune_leave(t->p, t->box, why, e) == -1 ? -1 : 0;
}

static int
listed(void *arg, struct look_box *lb, const struct mail_meta *m,
    struct err *e)
{
	struct tidying *t = arg;

	(void)lb, (void)e;
	if (!uidset_has(&t->all, m->uid))
		t->listed++;
	uidset_add(&t->all, m->uid);
	if (!uidset_has(&t->box->open.all, m->uid))
		return 0;
	uidset_add(&t->there, m->uid);
	if (m->flags == NULL)
		uidset_add(&t->untold, m->uid);
	else if (flags_has(m->flags, "\\Deleted"))
		uidset_add(&t->marked, m->uid);
	return 0;
}

static int
done(void *arg, struct look_box *lb, struct err *e)
{
	(void)arg, (void)lb, (void)e;
	return 0;
}

/* What keeps the listing from being believed, or NULL. */
static const char *
doubt(const struct tidying *t, const struct look_box *lb)
{
	if (lb->refused)
		return lb->why == NULL ? "it can't be opened" : lb->why;
	if (lb->unreadable > 0 || !uidset_empty(&t->untold))
		return "the server does not tell what is marked in it";
	if (t->listed + lb->expunged < lb->exists)
		return "the server does not show all that it has";
	return NULL;
}

/* List it, and see which of them are there: 1, 0 the folder was left, -1. */
static int
see(struct tidying *t, struct err *e)
{
	struct look_box lb = { .wire = t->box->wire, .of = t->box,
	    .what = LOOK_LIST, .items = IMAP_FLAGS, .writable = true,
	    .exact = true };
	const struct look_handler h = { .opened = opened, .listed = listed,
	    .done = done, .once = true, .arg = t };
	const char *why;
	int rc = look_run(t->p->look, &lb, 1, &h, e);

	if (rc == 0 && !lb.left) {
		rc = 1;
		if ((why = doubt(t, &lb)) != NULL)
			rc = prune_leave(t->p, t->box, why, e);
	}
	look_box_release(&lb);
	return rc;
}

/* Which of those that are there nobody will finish now. */
static void
sort_out(struct tidying *t)
{
	struct uidset *all = &t->box->open.all;
	size_t i;
	uint64_t uid;

	uidset_add_set(&t->gone, all);
	uidset_remove_set(&t->gone, &t->there);
	for (i = 0; i < all->n; i++)
		for (uid = all->r[i].first; uid <= all->r[i].last; uid++) {
			struct cand *c = prune_cand(t->p, t->box,
			    (uint32_t)uid);

			if (c != NULL && c->state == CAND_TODO) {
				if (uidset_has(&t->gone, c->uid))
					prune_gone(t->p, t->box, c);
			} else if (uidset_has(&t->there, (uint32_t)uid)) {
				uidset_add(&t->kept, (uint32_t)uid);
				if (uidset_has(&t->marked, (uint32_t)uid) &&
				    uidset_has(&t->box->open.ours,
				    (uint32_t)uid))
					uidset_add(&t->back, (uint32_t)uid);
			}
		}
}

static int
take_back(struct tidying *t, struct err *e)
{
	struct uidset stuck = UIDSET_INIT;
	struct imap *im;
	char *why = NULL;
	int rc;

	if ((rc = look_session(t->p->look, &im, e)) == 0)
		rc = erase_unmark(im, &t->back, &stuck, &why, e);
	if (rc == 0) {
		t->p->report->taken_back += uidset_count(&t->back) -
		    uidset_count(&stuck);
		uidset_remove_set(&t->kept, &stuck);
	}
	if (rc == 0 && !uidset_empty(&stuck)) {
		t->p->report->found[PRUNE_STUCK] += uidset_count(&stuck) - 1;
		rc = prune_found(t->p, PRUNE_STUCK, t->box, NULL, why, e);
	}
	free(why);
	uidset_release(&stuck);
	return rc;
}

/* The number by which what an earlier run deleted can be brought back. */
static void
tell_runs(const struct tidying *t)
{
	uint64_t own = vault_run(t->p->txn), n;
	struct uidset of_run = UIDSET_INIT, some = UIDSET_INIT;
	const struct open_intents *open = &t->box->open;
	size_t i = 0, from;

	while (i < open->n) {
		uidset_clear(&of_run);
		for (from = i; i < open->n &&
		    open->v[i].run == open->v[from].run; i++)
			uidset_add_range(&of_run, open->v[i].uids.first,
			    open->v[i].uids.last);
		uidset_intersect(&of_run, &t->gone, &some);
		n = uidset_count(&some);
		if (n > 0 && open->v[from].run != own)
			prune_note(t->p, "%s: %" PRIu64 " message%s that run "
			    "%" PRIu64 " was about to delete when it was "
			    "interrupted %s gone", name_shown(t->box->name), n,
			    n == 1 ? "" : "s", open->v[from].run,
			    n == 1 ? "is" : "are");
	}
	uidset_release(&of_run);
	uidset_release(&some);
}

static int
settle_intents(struct tidying *t, struct err *e)
{
	struct prune_box *box = t->box;

	sort_out(t);
	tell_runs(t);
	if (take_back(t, e) == -1 ||
	    intents_pruned(t->p->txn, &box->open, box->folder,
	    box->known.epoch, &t->gone, e) == -1 ||
	    erase_commit(t->p, box, &(struct outcome){ .kept = &t->kept },
	    e) == -1)
		return -1;
	return intents_load(t->p->catalog, box->known.epoch, &box->open, e);
}

int
tidy(struct prune *p, struct prune_box *box, struct err *e)
{
	struct tidying t = { .p = p, .box = box };
	struct uidset *const own[] = { &t.all, &t.there, &t.marked, &t.untold,
	    &t.gone, &t.back, &t.kept };
	size_t i;
	int rc;

	/* This run may have added some. */
	if (intents_load(p->catalog, box->known.epoch, &box->open, e) == -1)
		return -1;
	rc = box->open.n == 0 ? 1 : see(&t, e);
	if (rc == 1 && box->open.n > 0)
		rc = settle_intents(&t, e) == -1 ? -1 : 1;
	if (rc != -1)
		box->unsettled = false;
	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		uidset_release(own[i]);
	return rc;
}

/* ---- what nobody can look at any more ---- */

struct stale {
	struct prune	*p;
	struct known_intent *v;		/* own */
	size_t		 n, cap;
};

static bool
is_current(const struct prune *p, const struct known_intent *k)
{
	size_t i;

	for (i = 0; i < p->folders_n; i++)
		if (p->folders[i].folder == k->folder &&
		    p->folders[i].known.epoch == k->epoch)
			return true;
	return false;
}

static int
take_stale(void *arg, const struct known_intent *k, struct err *e)
{
	struct stale *s = arg;

	(void)e;
	if (is_current(s->p, k))
		return 0;
	s->v = mem_grow(s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = *k;
	return 0;
}

static int
give_up(struct prune *p, const struct known_intent *k, struct err *e)
{
	struct uidset uids = UIDSET_INIT;
	struct record rec = { .kind = REC_PRUNE_KEPT, .u.prune_kept = {
	    k->folder, k->epoch, &uids } };
	int rc;

	uidset_add_range(&uids, k->uids.first, k->uids.last);
	rc = vault_put(p->txn, &rec, e);
	uidset_release(&uids);
	return rc;
}

int
tidy_stale(struct prune *p, struct err *e)
{
	struct stale s = { .p = p };
	struct known_folder f;
	uint64_t last = 0;
	size_t i;
	int rc = catalog_intents(p->catalog, 0, take_stale, &s, e);

	for (i = 0; rc == 0 && i < s.n; i++) {
		if (s.v[i].epoch != last && catalog_folder_by_number(
		    p->catalog, s.v[i].folder, &f, e) == 1)
			prune_note(p, "%s: messages may be marked as deleted "
			    "there by run %" PRIu64 ", which was interrupted "
			    "before the folder became another one: look "
			    "yourself", name_shown(f.facts.name), s.v[i].run);
		last = s.v[i].epoch;
		rc = give_up(p, &s.v[i], e);
	}
	if (rc == 0 && s.n > 0)
		rc = erase_commit(p, &(struct prune_box){ .folder = 0 },
		    &(struct outcome){ .kept = NULL }, e);
	free(s.v);
	return rc;
}
