/*
 * visit.c - one visit to a folder: made as policy plans it, and sent, one command at a time.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/backup.h"

#define ASK_EXACT	500	/* UIDs a command, where each is known to exist */
#define LATERS_IN_A_ROW	20	/* FETCHes refused with "not now" before no more are sent */

/* ---- making one ---- */

static struct visit *
make_visit(struct folder *f, enum visit_kind kind)
{
	struct visit *v = xcalloc(1, sizeof(*v));

	v->f = f;
	v->kind = kind;
	v->listing = listing_new();
	v->where = (struct vault_box){ .folder = f->number,
	    .name = f->box->name, .delimiter = f->box->delimiter,
	    .space = f->box->space };
	return v;
}

/* The bodies that the plan asks for without knowing whether they exist. */
static int
set_ask(struct backup *b, struct visit *v, struct err *e)
{
	if (v->plan.first != 0 && !v->plan.list_first)
		uidset_add_range(&v->ask, v->plan.first, v->plan.last);
	if (v->plan.ask_missing && !v->plan.list_first)
		return catalog_missing(b->catalog, v->known.epoch, &v->ask, e);
	return 0;
}

static void
begin_asking(struct visit *v, uint32_t step)
{
	v->ask_range = 0;
	v->ask_uid = uidset_min(&v->ask);
	v->ask_step = step;
}

int
visit_plan(struct backup *b, const struct folder *f, struct known_epoch *k,
    struct policy_visit *plan, struct err *e)
{
	int64_t full_before = backup_now(b) - b->opts->account->full_every;

	memset(k, 0, sizeof(*k));
	if (catalog_epoch(b->catalog, f->number, k, e) == -1)
		return -1;
	policy_visit(k->epoch == 0 ? NULL : k, &f->box->state, &b->server,
	    b->opts->full ? INT64_MAX : full_before, plan);
	if (f->renamed_from == 0)
		return 0;
	/* Its messages must prove that it is the folder we know. */
	plan->compare = COMPARE_ALL;
	plan->skip = plan->list_first = false;
	plan->dates = plan->full = true;
	plan->first = 0;
	plan->ask_missing = false;
	return 0;
}

struct visit *
visit_new(struct backup *b, struct folder *f, enum visit_kind kind,
    struct err *e)
{
	struct visit *v = make_visit(f, kind);

	if (kind == VISIT_FETCH) {
		v->ask_step = ASK_EXACT;
		if (catalog_epoch(b->catalog, f->number, &v->known, e) == -1)
			visit_free(&v);
		return v;
	}
	if (visit_plan(b, f, &v->known, &v->plan, e) == -1 ||
	    set_ask(b, v, e) == -1)
		visit_free(&v);
	else
		begin_asking(v, policy_chunk(&f->box->state));
	return v;
}

/* The careful visit to a folder that was opened in ${old}. */
static int
plan_again(struct backup *b, const struct visit *old, struct visit *v,
    struct err *e)
{
	struct known_epoch before;

	if (catalog_epoch(b->catalog, v->f->number, &v->known, e) == -1)
		return -1;
	/* What came since that EXAMINE does not show that its UIDNEXT went back. */
	before = v->known;
	before.max_live = old->known.epoch == before.epoch ?
	    old->known.max_live : 0;
	if (v->f->dates_change)
		policy_by_content(&v->plan);
	else
		policy_again(before.epoch == 0 ? NULL : &before, &old->box,
		    &b->server, &v->plan);
	return set_ask(b, v, e);
}

struct visit *
visit_again(struct backup *b, const struct visit *old, struct err *e)
{
	struct visit *v;

	if (!old->opened || old->f->renamed_from != 0)
		return visit_new(b, old->f, VISIT_COMPARE, e);
	v = make_visit(old->f, VISIT_COMPARE);
	if (plan_again(b, old, v, e) == -1)
		visit_free(&v);
	else
		begin_asking(v, policy_chunk(&old->box));
	return v;
}

void
visit_free(struct visit **vp)
{
	struct visit *v = *vp;

	if (v == NULL)
		return;
	uidset_release(&v->ask);
	uidset_release(&v->searched);
	uidset_release(&v->vanished);
	uidset_release(&v->arrived);
	uidset_release(&v->nil);
	uidset_release(&v->spoiled);
	listing_free(&v->listing);
	free(v->why);
	free(v);
	*vp = NULL;
}

/* ---- sending ---- */

static int
send_examine(struct backup *b, struct visit *v, struct err *e)
{
	struct imap_resync resync = { v->known.uidvalidity,
	    v->known.highestmodseq };

	/* The server may have taken it back since the visit was planned. */
	if (v->plan.compare == COMPARE_RESYNC &&
	    !imap_can(b->im, CAP_QRESYNC))
		v->plan.compare = COMPARE_CHANGES;
	v->condstore = imap_can(b->im, CAP_CONDSTORE);
	if (v->plan.compare == COMPARE_CHANGES && !v->condstore) {
		v->plan.compare = COMPARE_ALL;
		v->plan.dates = v->plan.full = true;
	}
	v->examined = true;
	v->unanswered++;
	return imap_examine(b->im, v->f->box->wire,
	    v->plan.compare == COMPARE_RESYNC ? &resync : NULL, v, e);
}

static unsigned int
list_items(const struct backup *b, const struct visit *v)
{
	unsigned int items = IMAP_FLAGS;

	if (v->plan.dates)
		items |= IMAP_DATE;
	if (b->gmail)
		items |= IMAP_LABELS;
	/* All that a message record needs, if its content turns out to be known. */
	if (v->plan.list_first && b->server.ids)
		items |= IMAP_IDS | IMAP_SIZE | IMAP_DATE;
	return items;
}

/* The listing: 0 nothing to send for it, 1 sent, -1. */
static int
send_listing(struct backup *b, struct visit *v, struct err *e)
{
	bool search = v->plan.compare == COMPARE_CHANGES || v->f->visits > 0;
	uint64_t since = 0;

	v->listed = true;
	if (v->kind == VISIT_FETCH || v->plan.compare == COMPARE_RESYNC ||
	    (v->plan.compare == COMPARE_NONE && !v->plan.list_first))
		return 0;
	if (v->plan.compare == COMPARE_CHANGES)
		since = v->known.highestmodseq;
	v->unanswered++;
	if (imap_fetch(b->im, NULL, list_items(b, v), since, v, e) == -1)
		return -1;
	/* A second opinion on which UIDs there are. */
	if (search) {
		v->unanswered++;
		if (imap_search_all(b->im, v, e) == -1)
			return -1;
	}
	return 1;
}

/* The next UIDs whose bodies one command asks for: false when there are none. */
static bool
next_ask(struct visit *v, struct uidset *out)
{
	uint64_t last_known = v->f->box->state.uidnext;
	uint64_t room = v->ask_step;

	uidset_clear(out);
	while (v->ask_range < v->ask.n && out->n < IMAP_FETCH_RANGES &&
	    room > 0) {
		const struct uid_range *r = &v->ask.r[v->ask_range];
		uint64_t from = v->ask_uid > r->first ? v->ask_uid : r->first;
		uint64_t to = from + room - 1;

		/* What lies beyond the known end is one piece, however long. */
		if (to >= r->last || (r->last == POLICY_UID_END &&
		    to + 1 >= last_known))
			to = r->last;
		uidset_add_range(out, (uint32_t)from, (uint32_t)to);
		room -= to - from + 1 < room ? to - from + 1 : room;
		if (to == r->last) {
			v->ask_range++;
			v->ask_uid = 0;
		} else
			v->ask_uid = (uint32_t)to + 1;
	}
	return !uidset_empty(out);
}

bool
visit_refused_later(const struct visit *v)
{
	return v->laters >= LATERS_IN_A_ROW;
}

static int
send_bodies(struct backup *b, struct visit *v, struct err *e)
{
	struct uidset some = UIDSET_INIT;
	int rc = 0;

	if (next_ask(v, &some)) {
		v->unanswered++;
		rc = imap_fetch(b->im, &some, IMAP_FLAGS | IMAP_DATE |
		    IMAP_SIZE | IMAP_IDS | IMAP_LABELS | IMAP_BODY, 0, v, e);
	}
	if (v->ask_range >= v->ask.n || visit_refused_later(v))
		v->all_sent = true;
	uidset_release(&some);
	return rc;
}

int
visit_send(struct backup *b, struct visit *v, struct err *e)
{
	int r;

	v->sent_at = backup_ms();
	if (!v->examined)
		return send_examine(b, v, e);
	if (!v->listed && (r = send_listing(b, v, e)) != 0)
		return r == -1 ? -1 : 0;
	return send_bodies(b, v, e);
}
