/*
 * erase.c - messages that are proven leave the server: marked, seen to be marked, expunged by their UIDs, and seen to
 * be gone.
 *
 *	commit the intent
 *	UID STORE +FLAGS.SILENT (\Deleted), UID FETCH (FLAGS): which of them are marked, and else as they were?
 *	UID EXPUNGE exactly these, UID FETCH (FLAGS): what is there still?
 *	take the mark back from what is; commit the outcome
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/pruning.h"
#include "mail/flags.h"

/* ---- commands, as many as it takes ---- */

int
erase_send(struct imap *im, const struct uidset *uids, erase_fn *send,
    const void *arg, void *cookie, struct err *e)
{
	struct uidset some = UIDSET_INIT;
	size_t most = imap_ranges(im), at;

	for (at = 0; at < uids->n; at += some.n) {
		some.r = uids->r + at;
		some.n = uids->n - at < most ? uids->n - at : most;
		if (send(im, &some, arg, cookie, e) == -1)
			return -1;
	}
	return 0;
}

/* What commands of one kind brought. */
struct answers {
	struct uidset	 there;		/* own; UIDs of answers to FETCH */
	struct uidset	 marked;	/* own; of these, with \Deleted, */
	struct uidset	 flagged, read;	/* own; ... \Flagged, \Seen */
	struct uidset	 untold;	/* own; ... of which no flags were told */
	struct uidset	 modified;	/* own; left alone, since somebody changed them */
	char		*why;		/* own: the first refusal, or NULL */
	bool		 refused;	/* a command was, and not only for some of its messages */
	bool		 odd;		/* who was left alone was told, and could not be understood */
};

static void
answers_release(struct answers *a)
{
	uidset_release(&a->there);
	uidset_release(&a->marked);
	uidset_release(&a->flagged);
	uidset_release(&a->read);
	uidset_release(&a->untold);
	uidset_release(&a->modified);
	free(a->why);
	memset(a, 0, sizeof(*a));
}

/* Of several answers on a message the last one counts. */
static void
set_member(struct uidset *s, uint32_t uid, bool on)
{
	if (on)
		uidset_add(s, uid);
	else
		uidset_remove(s, uid);
}

static void
take_message(struct answers *a, const struct mail_meta *m)
{
	if (m->flags == NULL) {
		if (!uidset_has(&a->there, m->uid))
			uidset_add(&a->untold, m->uid);
		uidset_add(&a->there, m->uid);
		return;
	}
	uidset_add(&a->there, m->uid);
	uidset_remove(&a->untold, m->uid);
	set_member(&a->marked, m->uid, flags_has(m->flags, "\\Deleted"));
	set_member(&a->flagged, m->uid, flags_has(m->flags, "\\Flagged"));
	set_member(&a->read, m->uid, flags_has(m->flags, "\\Seen"));
}

static void
take_done(struct answers *a, const struct imap_event *ev)
{
	if (ev->uids != NULL)
		uidset_add_set(&a->modified, ev->uids);
	a->odd |= ev->odd;
	if (ev->odd || (!ev->ok && ev->uids == NULL))
		a->refused = true;
	if (!ev->ok && a->why == NULL)
		a->why = xstrdup(ev->text == NULL || *ev->text == '\0' ?
		    "the server refused" : ev->text);
}

/* What left a folder meanwhile, whoever deleted it. */
struct left {
	uint64_t	 n;
	struct uidset	 uids;		/* own; as far as they are named (VANISHED) */
};

/* Wait for all that is unanswered: the cookies are struct answers.  What leaves meanwhile is counted. */
static int
wait_all(struct imap *im, struct left *left, struct err *e)
{
	struct imap_event ev;
	int r;

	while ((r = imap_next(im, &ev, e)) == 1)
		switch (ev.kind) {
		case IMAP_MESSAGE:
			if (ev.ok)
				take_message(ev.cookie, &ev.meta);
			break;
		case IMAP_EXPUNGED:
			left->n += ev.uids == NULL ? 1 :
			    uidset_count(ev.uids);
			if (ev.uids != NULL)
				uidset_add_set(&left->uids, ev.uids);
			break;
		case IMAP_DONE:
			take_done(ev.cookie, &ev);
			break;
		default:
			break;
		}
	return r;
}

/* ---- commands ---- */

static int
send_mark(struct imap *im, const struct uidset *uids, const void *arg,
    void *cookie, struct err *e)
{
	const uint64_t *modseq = arg;

	return imap_mark(im, uids, true, *modseq, cookie, e);
}

static int
send_unmark(struct imap *im, const struct uidset *uids, const void *arg,
    void *cookie, struct err *e)
{
	(void)arg;
	return imap_mark(im, uids, false, 0, cookie, e);
}

static int
send_expunge(struct imap *im, const struct uidset *uids, const void *arg,
    void *cookie, struct err *e)
{
	(void)arg;
	return imap_expunge(im, uids, cookie, e);
}

static int
send_see(struct imap *im, const struct uidset *uids, const void *arg,
    void *cookie, struct err *e)
{
	(void)arg;
	return imap_fetch(im, uids, IMAP_FLAGS, 0, cookie, e);
}

int
erase_see(struct imap *im, const struct uidset *uids, struct uidset *there,
    struct uidset *marked, struct err *e)
{
	struct answers a = { .refused = false };
	struct left ignored = { .n = 0 };
	int rc = 0;

	if (erase_send(im, uids, send_see, NULL, &a, e) == -1 ||
	    wait_all(im, &ignored, e) == -1)
		rc = -1;
	else if (a.refused || !uidset_empty(&a.untold))
		rc = err_set(e, EK_NO, "%s", a.why != NULL ? a.why :
		    "the server does not tell what is marked");
	if (rc == 0) {
		uidset_intersect(&a.there, uids, there);
		uidset_intersect(&a.marked, uids, marked);
	}
	answers_release(&a);
	uidset_release(&ignored.uids);
	return rc;
}

int
erase_unmark(struct imap *im, const struct uidset *uids,
    struct uidset *stuck, char **why, struct err *e)
{
	struct answers a = { .refused = false };
	struct uidset there = UIDSET_INIT, marked = UIDSET_INIT;
	struct left ignored = { .n = 0 };
	int rc = 0;

	if (uidset_empty(uids))
		return 0;
	if (erase_send(im, uids, send_unmark, NULL, &a, e) == -1 ||
	    wait_all(im, &ignored, e) == -1 ||
	    (rc = erase_see(im, uids, &there, &marked, e)) == -1)
		rc = -1;
	/* What it would not show may show on another try. */
	if (rc == -1 && e->kind == EK_NO)
		e->kind = EK_TEMP;
	if (rc == 0) {
		uidset_remove_set(&there, &marked);
		uidset_add_set(stuck, uids);
		uidset_remove_set(stuck, &there);
	}
	*why = a.why != NULL ? a.why : xstrdup("the server does not take the "
	    "mark back");
	a.why = NULL;
	answers_release(&a);
	uidset_release(&there);
	uidset_release(&marked);
	uidset_release(&ignored.uids);
	return rc;
}

int
erase_by_uid(struct imap *im, const struct uidset *uids, uint64_t modseq,
    struct uidset *there, char **why, struct err *e)
{
	struct answers a = { .refused = false };
	struct uidset marked = UIDSET_INIT, ignored = UIDSET_INIT;
	struct left left = { .n = 0 };
	int rc = -1;

	if (erase_send(im, uids, send_mark, &modseq, &a, e) == -1 ||
	    wait_all(im, &left, e) == -1 ||
	    erase_see(im, uids, there, &marked, e) == -1)
		goto out;
	uidset_remove_set(&marked, &a.modified);
	if (a.refused)
		uidset_clear(&marked);
	if (erase_send(im, &marked, send_expunge, NULL, &a, e) == -1 ||
	    wait_all(im, &left, e) == -1 ||
	    erase_see(im, uids, there, &ignored, e) == -1)
		goto out;
	/* What stays has no mark of ours. */
	uidset_intersect(&marked, there, &ignored);
	if (erase_send(im, &ignored, send_unmark, NULL, &a, e) == -1 ||
	    wait_all(im, &left, e) == -1)
		goto out;
	*why = a.why;
	a.why = NULL;
	rc = 0;
out:
	answers_release(&a);
	uidset_release(&marked);
	uidset_release(&ignored);
	uidset_release(&left.uids);
	return rc;
}

/* ---- what the vault is told ---- */

static int
put_uids(struct prune *p, const struct record *rec, const struct uidset *uids,
    struct err *e)
{
	return uids == NULL || uidset_empty(uids) ? 0 :
	    vault_put(p->txn, rec, e);
}

static int
commit(struct prune *p, struct err *e)
{
	if (vault_commit(p->txn, e) == -1)
		return -1;
	p->report->run = vault_run(p->txn);
	return 0;
}

/* The flags that go with a message are those of its last moment there, for who restores it. */
static int
put_flags(struct prune *p, const struct batch *b, const struct proof *f,
    struct err *e)
{
	struct uidset one = UIDSET_INIT;
	struct record rec = { .kind = REC_FLAGS, .u.flags = {
	    .folder = b->box->folder, .epoch = b->box->known.epoch,
	    .uids = &one, .flags = intern_text(p->texts, f->flags) } };
	int rc;

	if (f->flags == f->known_flags)
		return 0;
	uidset_add(&one, f->cand->uid);
	rc = vault_put(p->txn, &rec, e);
	uidset_release(&one);
	return rc;
}

int
erase_intend(struct prune *p, const struct batch *b, bool move, struct err *e)
{
	struct uidset marked = UIDSET_INIT, bare = UIDSET_INIT;
	struct record rec = { .kind = REC_PRUNE_INTENT };
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < b->n; i++) {
		const struct proof *f = &b->v[i];
		uint32_t uid = f->cand->uid;

		if (!f->good)
			continue;
		/* A mark that an earlier run of ours set is ours still. */
		uidset_add(f->marked && !uidset_has(&b->box->open.ours, uid) ?
		    &marked : &bare, uid);
		rc = put_flags(p, b, f, e);
	}
	rec.u.prune_intent = (struct rec_prune_intent){ b->box->folder,
	    b->box->known.epoch, &bare, false, move };
	if (rc == 0)
		rc = put_uids(p, &rec, &bare, e);
	rec.u.prune_intent.marked = true;
	rec.u.prune_intent.uids = &marked;
	if (rc == 0)
		rc = put_uids(p, &rec, &marked, e);
	uidset_release(&marked);
	uidset_release(&bare);
	return rc == -1 ? -1 : commit(p, e);
}

int
erase_commit(struct prune *p, const struct prune_box *box,
    const struct outcome *o, struct err *e)
{
	const struct record pruned = { .kind = REC_PRUNED, .u.pruned = {
	    box->folder, box->known.epoch, vault_run(p->txn), o->pruned } };
	const struct record gone = { .kind = REC_GONE, .u.gone = {
	    box->folder, box->known.epoch, o->gone } };
	const struct record kept = { .kind = REC_PRUNE_KEPT, .u.prune_kept = {
	    box->folder, box->known.epoch, o->kept } };

	if (put_uids(p, &pruned, o->pruned, e) == -1 ||
	    put_uids(p, &gone, o->gone, e) == -1 ||
	    put_uids(p, &kept, o->kept, e) == -1)
		return -1;
	return commit(p, e);
}

/* ---- a batch ---- */

struct eraser {
	struct prune	*p;
	struct batch	*b;
	struct imap	*im;		/* borrowed */
	struct answers	 mark, seen, expunge, after;
	struct left	 left;		/* own */
	/* own, all of them: after the mark: */
	struct uidset	 go;		/* marked, and else as they were proven */
	struct uidset	 unmarked;	/* there, and not marked */
	struct uidset	 changed;	/* somebody changed them */
	struct uidset	 ours;		/* marked by us */
	/* in the end: */
	struct uidset	 gone, lost;	/* by us, by others */
	struct uidset	 kept;		/* there */
};

static int
tell(struct eraser *r, enum job_prune_kind kind, const struct uidset *uids,
    const char *why, struct err *e)
{
	size_t i;

	for (i = 0; i < r->b->n; i++) {
		struct cand *c = r->b->v[i].cand;

		if (!uidset_has(uids, c->uid) || c->state != CAND_TODO)
			continue;
		c->state = CAND_KEPT;
		if (prune_found(r->p, kind, r->b->box, c, why, e) == -1)
			return -1;
	}
	return 0;
}

/* The same where it concerns some; where it concerns all of them, the folder is left with one word. */
static int
tell_or_leave(struct eraser *r, enum job_prune_kind kind,
    const struct uidset *uids, bool all, const char *why, struct err *e)
{
	size_t i;

	if (uidset_empty(uids))
		return 0;
	if (!all)
		return tell(r, kind, uids, why, e);
	for (i = 0; i < r->b->n; i++)
		if (uidset_has(uids, r->b->v[i].cand->uid))
			r->b->v[i].cand->state = CAND_KEPT;
	r->p->report->found[kind] += uidset_count(uids);
	return prune_leave(r->p, r->b->box, why, e);
}

/* The server has named each of them as gone. */
static bool
have_all_left(const struct eraser *r)
{
	struct uidset rest = UIDSET_INIT;
	bool all;

	uidset_add_set(&rest, &r->b->good);
	uidset_remove_set(&rest, &r->left.uids);
	all = uidset_empty(&rest);
	uidset_release(&rest);
	return all;
}

/*
 * A command, and then what the server shows.  Not in one go: servers answer a FETCH that is on its way already before
 * they have carried out, or told of, what stands before it (RFC 9051, section 5.5).
 */
static int
then_see(struct eraser *r, const struct uidset *uids, erase_fn *send,
    const void *arg, struct answers *did, struct answers *seen, struct err *e)
{
	if (erase_send(r->im, uids, send, arg, did, e) == -1 ||
	    wait_all(r->im, &r->left, e) == -1)
		return -1;
	if (have_all_left(r))
		return 0;
	if (erase_send(r->im, &r->b->good, send_see, NULL, seen, e) == -1 ||
	    wait_all(r->im, &r->left, e) == -1)
		return -1;
	/* Without a word on what there is nothing is certain. */
	return !seen->refused ? 0 : err_set(e, EK_TEMP, "the server does not "
	    "show what there is: %s", seen->why != NULL ? seen->why :
	    "its answer can't be understood");
}

/* Of these the server shows all that it did not say were gone, with their flags. */
static bool
is_shown(const struct eraser *r, const struct answers *seen)
{
	struct uidset shown = UIDSET_INIT;
	uint64_t n;

	uidset_intersect(&seen->there, &r->b->good, &shown);
	n = uidset_count(&shown) + r->left.n;
	uidset_intersect(&seen->untold, &r->b->good, &shown);
	n -= uidset_count(&shown) < n ? uidset_count(&shown) : n;
	uidset_release(&shown);
	return n >= uidset_count(&r->b->good);
}

/* A mark that was there before is ours if an earlier run says so; one that came now, if nobody else was there. */
static bool
may_be_ours(const struct eraser *r, const struct proof *f)
{
	uint32_t uid = f->cand->uid;

	if (f->marked)
		return uidset_has(&r->b->box->open.ours, uid);
	return !r->mark.odd && !uidset_has(&r->mark.modified, uid);
}

/*
 * A server that hides what it has: all marks are taken back, as far as that can be done, and the intents stay open for
 * a run that sees what became of them.
 */
static int
leave_hidden(struct eraser *r, struct err *e)
{
	struct uidset stuck = UIDSET_INIT;
	struct err ignored;
	char *why = NULL;
	size_t i;
	int rc;

	for (i = 0; i < r->b->n; i++) {
		const struct proof *f = &r->b->v[i];

		if (!f->good)
			continue;
		f->cand->state = CAND_KEPT;
		if (may_be_ours(r, f))
			uidset_add(&r->ours, f->cand->uid);
	}
	rc = erase_unmark(r->im, &r->ours, &stuck, &why, &ignored);
	if (rc == -1 && ignored.kind != EK_TEMP)
		*e = ignored;
	else
		rc = 0;
	free(why);
	uidset_release(&stuck);
	return rc == -1 ? -1 : prune_leave(r->p, r->b->box, "the server does "
	    "not show all that it has", e);
}

/* Somebody has read or flagged it since it was proven, or taken that back. */
static bool
is_changed(const struct eraser *r, const struct proof *f)
{
	const char *flags = intern_text(r->p->texts, f->flags);
	uint32_t uid = f->cand->uid;

	return uidset_has(&r->mark.modified, uid) ||
	    uidset_has(&r->seen.flagged, uid) != flags_has(flags,
	    "\\Flagged") ||
	    uidset_has(&r->seen.read, uid) != flags_has(flags, "\\Seen");
}

/*
 * Which of them may go.  That others are none of our marks is committed before anything else happens: who comes after
 * an interruption must not take them for such.
 */
static int
judge_marks(struct eraser *r, struct err *e)
{
	struct uidset others = UIDSET_INIT;
	size_t i;
	int rc = 0;

	for (i = 0; i < r->b->n; i++) {
		const struct proof *f = &r->b->v[i];
		uint32_t uid = f->cand->uid;
		bool marked = uidset_has(&r->seen.marked, uid);

		if (!f->good || !uidset_has(&r->seen.there, uid))
			continue;
		if (marked && may_be_ours(r, f))
			uidset_add(&r->ours, uid);
		if (is_changed(r, f))
			uidset_add(&r->changed, uid);
		else
			uidset_add(marked && !r->mark.refused ? &r->go :
			    &r->unmarked, uid);
	}
	uidset_add_set(&others, &r->changed);
	uidset_add_set(&others, &r->unmarked);
	uidset_remove_set(&others, &r->ours);
	if (!uidset_empty(&others))
		rc = erase_commit(r->p, r->b->box,
		    &(struct outcome){ .kept = &others }, e);
	uidset_release(&others);
	return rc;
}

/*
 * What is not shown any more is gone, if the server told of as many that left; else it has to be asked anew.  What was
 * not told to go was deleted by others.
 */
static int
see_gone(struct eraser *r, struct err *e)
{
	if (!is_shown(r, &r->after))
		return err_set(e, EK_PROTO, "the server does not show "
		    "messages that it did not say were gone");
	/* Gmail may be set to expunge what is marked at once. */
	uidset_add_set(&r->gone, r->p->gmail ? &r->b->good : &r->go);
	uidset_remove_set(&r->gone, &r->after.there);
	uidset_add_set(&r->lost, &r->b->good);
	uidset_remove_set(&r->lost, &r->after.there);
	uidset_remove_set(&r->lost, &r->gone);
	uidset_intersect(&r->b->good, &r->after.there, &r->kept);
	return 0;
}

/* What stays has no mark of ours. */
static int
take_back(struct eraser *r, struct err *e)
{
	struct uidset stay = UIDSET_INIT, stuck = UIDSET_INIT;
	char *why = NULL;
	int rc;

	uidset_intersect(&r->ours, &r->kept, &stay);
	if ((rc = erase_unmark(r->im, &stay, &stuck, &why, e)) == 0) {
		/* Their intents stay open: the next run tries again. */
		uidset_remove_set(&r->kept, &stuck);
		rc = tell(r, PRUNE_STUCK, &stuck, why, e);
	}
	free(why);
	uidset_release(&stay);
	uidset_release(&stuck);
	return rc;
}

/* What is there after all that. */
static int
tell_rest(struct eraser *r, struct err *e)
{
	struct uidset stayed = UIDSET_INIT;
	size_t i;
	int rc;

	if (tell(r, PRUNE_GONE, &r->lost, "it is not there any more", e) ==
	    -1 || tell(r, PRUNE_CHANGED, &r->changed,
	    "it was changed while it was looked at", e) == -1)
		return -1;
	rc = tell_or_leave(r, PRUNE_UNMARKED, &r->unmarked,
	    uidset_empty(&r->go), r->mark.why != NULL ? r->mark.why :
	    "the server does not mark what it is told to", e);
	for (i = 0; i < r->b->n; i++) {
		const struct proof *f = &r->b->v[i];

		if (f->good && f->cand->state == CAND_TODO)
			uidset_add(&stayed, f->cand->uid);
	}
	if (rc == 0)
		rc = tell_or_leave(r, PRUNE_STAYED, &stayed,
		    uidset_empty(&r->gone), r->expunge.why != NULL ?
		    r->expunge.why : "the server does not delete what it is "
		    "told to", e);
	uidset_release(&stayed);
	return rc;
}

static void
count_gone(struct eraser *r)
{
	size_t i;

	for (i = 0; i < r->b->n; i++)
		if (uidset_has(&r->gone, r->b->v[i].cand->uid))
			prune_gone(r->p, r->b->box, r->b->v[i].cand);
	prune_progress(r->p, "deleting", r->b->box, r->p->done,
	    r->p->plan->messages);
}

static int
run(struct eraser *r, struct err *e)
{
	if (look_session(r->p->look, &r->im, e) == -1 ||
	    erase_intend(r->p, r->b, false, e) == -1 ||
	    then_see(r, &r->b->good, send_mark, &r->b->modseq, &r->mark,
	    &r->seen, e) == -1)
		return -1;
	if (!is_shown(r, &r->seen))
		return leave_hidden(r, e);
	if (judge_marks(r, e) == -1 || then_see(r, &r->go, send_expunge, NULL,
	    &r->expunge, &r->after, e) == -1 || see_gone(r, e) == -1 ||
	    take_back(r, e) == -1)
		return -1;
	count_gone(r);
	if (erase_commit(r->p, r->b->box, &(struct outcome){ &r->gone,
	    &r->lost, &r->kept }, e) == -1)
		return -1;
	return tell_rest(r, e);
}

int
erase(struct prune *p, struct batch *b, struct err *e)
{
	struct eraser r = { .p = p, .b = b };
	struct uidset *const own[] = { &r.go, &r.unmarked, &r.changed,
	    &r.ours, &r.gone, &r.lost, &r.kept };
	int rc = run(&r, e);
	size_t i;

	answers_release(&r.mark);
	answers_release(&r.seen);
	answers_release(&r.expunge);
	answers_release(&r.after);
	uidset_release(&r.left.uids);
	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		uidset_release(own[i]);
	if (rc == -1)
		return -1;
	return b->box->failed ? 0 : 1;
}
