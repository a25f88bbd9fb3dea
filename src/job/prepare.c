/*
 * prepare.c - the target's folders before anything is sent: which ones they are, what they won't take, and that they
 * are there.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/mem.h"
#include "base/text.h"
#include "job/restoring.h"
#include "mail/flags.h"
#include "mail/name.h"

#define AT_ONCE	20	/* folders that are made and opened without waiting for each */

/* ---- names ---- */

static size_t
find_folder(const struct restore *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->folders_n; i++)
		if (strcmp(r->folders[i].name, name) == 0)
			break;
	return i;
}

/* The only folder of the target for that use, or NULL. */
static const struct mail_box *
box_for(const struct restore *r, const char *use)
{
	const struct mail_box *found = NULL;
	const char *s;
	size_t i;

	for (i = 0; i < r->boxes.n; i++) {
		s = mail_special_use(r->boxes.v[i].attributes);
		if (s == NULL || strcmp(s, use) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = &r->boxes.v[i];
	}
	return found;
}

/* The use that a folder is to be made for, if it has one that is a place and the target has no folder for it. */
static const char *
use_of(const struct restore *r, const struct folder_from *from)
{
	const char *use = mail_special_use(from->attributes);
	size_t i;

	if (use == NULL || strcmp(use, "\\All") == 0 ||
	    strcmp(use, "\\Flagged") == 0 || strcmp(use, "\\Important") == 0)
		return NULL;
	for (i = 0; i < r->boxes.n; i++) {
		const char *s = mail_special_use(r->boxes.v[i].attributes);

		if (s != NULL && strcmp(s, use) == 0)
			return NULL;
	}
	return use;
}

static void
place(struct restore *r, struct folder_from *from, struct policy_move *m)
{
	struct folder_to *f;
	const char *use;

	from->to = find_folder(r, m->to);
	f = &r->folders[from->to];
	if (from->to == r->folders_n) {
		r->folders_n++;
		f->name = xstrdup(m->to);
		f->exists = m->box != NULL;
		f->wire = f->exists ? xstrdup(m->box->wire) :
		    name_to_wire(m->to);
		f->use = f->exists || r->o->no_roles ? NULL : use_of(r, from);
	}
	if (m->how != NULL && f->how == NULL)
		f->how = xstrdup(m->how);
	if (from->subscribed && (m->box == NULL || !m->box->subscribed))
		f->subscribe = true;
	/* Gmail keeps everything in one folder; the others are labels. */
	use = mail_special_use(from->attributes);
	from->is_all = use != NULL && strcmp(use, "\\All") == 0;
}

/* What holds everything goes where everything is. */
static void
place_all(struct restore *r, const struct folder_from *from,
    struct policy_move *m)
{
	const char *use = mail_special_use(from->attributes);
	const struct mail_box *all;

	if (!r->gmail || use == NULL || strcmp(use, "\\All") != 0 ||
	    (all = box_for(r, use)) == NULL)
		return;
	free(m->to);
	free(m->how);
	m->to = xstrdup(all->name);
	m->how = NULL;
	m->box = all;
}

/* Whether a folder is INBOX or below it, as all are where a server's namespace begins so (Courier, Cyrus). */
static int
look_below(void *arg, const struct known_folder *k, struct err *e)
{
	bool *below = arg;
	const char *name = k->facts.name;

	(void)e;
	if (k->facts.gone || k->facts.space != MAIL_PERSONAL)
		return 0;
	*below = strncmp(name, "INBOX", 5) == 0 && (name[5] == '\0' ||
	    name[5] == k->facts.delimiter);
	return !*below;
}

int
prepare_map(struct restore *r, struct err *e)
{
	struct policy_move *moves = xcalloc(r->sources_n + 1, sizeof(*moves));
	struct policy_target t = { .boxes = r->boxes.v, .n = r->boxes.n,
	    .into = r->o->into, .maps = r->o->maps, .maps_n = r->o->maps_n,
	    .no_roles = r->o->no_roles };
	char *prefix = NULL;
	struct imap *im;
	size_t i;
	int rc = -1;

	t.below_inbox = true;
	if (look_session(r->look, &im, e) == -1 ||
	    catalog_folders(r->catalog, CATALOG_NOW, look_below,
	    &t.below_inbox, e) == -1)
		goto out;
	prefix = name_from_wire(imap_personal(im, &t.delimiter));
	t.prefix = prefix;
	if (t.delimiter == '\0' && r->boxes.n > 0)
		t.delimiter = r->boxes.v[0].delimiter;
	for (i = 0; i < r->sources_n; i++) {
		moves[i].name = r->sources[i].name;
		moves[i].delimiter = r->sources[i].delimiter;
		moves[i].attributes = r->sources[i].attributes;
	}
	if ((rc = policy_map(moves, r->sources_n, &t, e)) == -1)
		goto out;
	r->delimiter = t.delimiter;
	r->folders = xcalloc(r->sources_n + 1, sizeof(*r->folders));
	for (i = 0; i < r->sources_n; i++) {
		place_all(r, &r->sources[i], &moves[i]);
		place(r, &r->sources[i], &moves[i]);
	}
out:
	policy_map_release(moves, r->sources_n);
	free(moves);
	free(prefix);
	return rc;
}

/* ---- what it won't take ---- */

static int
feed_scan(void *arg, const void *p, size_t n, struct err *e)
{
	(void)e;
	defect_feed(arg, p, n);
	return 0;
}

/* Whether the server, as it is known, objects to what is in the message. */
static int
taste_item(struct restore *r, struct item *i, const struct digest *sha256,
    struct err *e)
{
	struct defect_scan scan;
	const struct sink to = { feed_scan, &scan };
	const char *why;
	struct err damaged;

	defect_start(&scan);
	if (vault_read(r->v, sha256, &to, &damaged) == -1) {
		/* That is told when it is to be sent. */
		if (damaged.kind == EK_CORRUPT || damaged.sys == EIO)
			return 0;
		*e = damaged;
		return -1;
	}
	defect_finish(&scan);
	if ((why = policy_objects(r->taste, &scan.found)) == NULL)
		return 0;
	if (r->o->fix) {
		i->cure = true;
		return 0;
	}
	i->state = ITEM_LEFT;
	return restore_found(r, RESTORE_LEFT, true, i, why, e);
}

static int
judge_item(struct restore *r, struct item *i, struct err *e)
{
	struct known_message m;
	struct digest sha256;
	char size[TEXT_MAX], limit[TEXT_MAX], *why;
	int rc;

	if (restore_folder(r, i)->failed) {
		i->state = ITEM_LEFT;
		return 0;
	}
	if (picks_get(&r->picks, i->at, &m, e) == -1 || cancel_check(e) == -1)
		return -1;
	sha256 = m.sha256;
	if (r->limit == 0 || m.size <= r->limit)
		return r->taste == NULL ? 0 : taste_item(r, i, &sha256, e);
	i->state = ITEM_LEFT;
	why = xasprintf("it has %s, the server takes at most %s",
	    text_size(size, m.size), text_size(limit, r->limit));
	rc = restore_found(r, RESTORE_LEFT, true, i, why, e);
	free(why);
	return rc;
}

/* What is known of a folder before anything goes into it. */
static int
judge_folder(struct restore *r, struct folder_to *f, struct err *e)
{
	struct buf flags = BUF_INIT(FLAGS_MAX_TEXT + 1);
	struct buf dropped = BUF_INIT(FLAGS_MAX_TEXT + 1);
	struct known_message m;
	uint64_t poorer = 0;
	size_t i;
	int rc = 0;

	if (f->read_only && !f->failed && prepare_needs(r, f)) {
		restore_found_folder(r, f, "it may only be read");
		f->failed = true;
	}
	for (i = f->first; rc == 0 && f->permanent != NULL && !f->failed &&
	    i < f->first + f->n; i++) {
		if (r->items[i].state != ITEM_TODO)
			continue;
		buf_clear(&flags);
		buf_clear(&dropped);
		if ((rc = picks_get(&r->picks, r->items[i].at, &m, e)) == 0 &&
		    policy_flags(m.flags, f->permanent, r->o->deleted, &flags,
		    &dropped) == 0)
			poorer += dropped.n > 0;
	}
	if (poorer > 0)
		restore_note(r, "%s: %" PRIu64 " message%s will come without "
		    "keywords that the server does not take there",
		    name_shown(f->name), poorer, poorer == 1 ? "" : "s");
	buf_release(&flags);
	buf_release(&dropped);
	return rc;
}

int
prepare_judge(struct restore *r, struct err *e)
{
	size_t i;

	for (i = 0; i < r->folders_n; i++)
		if (judge_folder(r, &r->folders[i], e) == -1)
			return -1;
	for (i = 0; i < r->n; i++)
		if (r->items[i].state == ITEM_TODO &&
		    judge_item(r, &r->items[i], e) == -1)
			return -1;
	return 0;
}

/* ---- opening ---- */

static int
fail_folder(struct restore *r, struct folder_to *f, const char *why)
{
	size_t i;

	if (!f->failed)
		restore_found_folder(r, f, why);
	f->failed = true;
	for (i = f->first; i < f->first + f->n; i++)
		if (r->items[i].state == ITEM_TODO)
			r->items[i].state = ITEM_LEFT;
	return 0;
}

static bool
is_listed(const struct restore *r, const char *wire)
{
	size_t i;

	for (i = 0; i < r->boxes.n; i++)
		if (strcmp(r->boxes.v[i].wire, wire) == 0)
			return r->boxes.v[i].selectable;
	return false;
}

/* Under a name that is easier to take: as imap_create(), with EK_NO where there is no such name, too. */
static int
make_safer(struct restore *r, struct imap *im, struct folder_to *f,
    struct err *e)
{
	char *safer = policy_safer(f->name, r->delimiter);
	char *wire;
	int rc;

	if (safer == NULL || find_folder(r, safer) < r->folders_n) {
		free(safer);
		return -1;
	}
	wire = name_to_wire(safer);
	/* An earlier run may have made it. */
	rc = is_listed(r, wire) ? 0 : imap_create(im, wire, f->use, e);
	if (rc == -1) {
		free(wire);
		free(safer);
		return -1;
	}
	restore_note(r, "%s: the server would not make it; it is called %s "
	    "there", name_shown(f->name), safer);
	free(f->name);
	free(f->wire);
	f->name = safer;
	f->wire = wire;
	return rc;
}

static int
make(struct restore *r, struct imap *im, struct folder_to *f, struct err *e)
{
	struct err why;
	int rc;

	if ((rc = imap_create(im, f->wire, f->use, e)) == -1) {
		if (e->kind != EK_NO)
			return -1;
		why = *e;
		if ((rc = make_safer(r, im, f, e)) == -1)
			return e->kind == EK_NO ? fail_folder(r, f, why.text) :
			    -1;
	}
	f->exists = true;
	f->unseen = rc == 0;
	f->fresh = rc == 1;
	r->report->made += rc == 1;
	return 1;
}

/* It is another folder than the one that was looked at: what was found there was found elsewhere. */
static void
forget_there(struct restore *r, struct folder_to *f)
{
	size_t i;

	for (i = f->first; i < f->first + f->n; i++) {
		struct item *item = &r->items[i];

		if (item->state != ITEM_THERE)
			continue;
		item->state = ITEM_TODO;
		item->uid = 0;
		r->report->there--;
	}
	f->unseen = true;
}

static int
opened(struct restore *r, struct folder_to *f, const struct imap_event *ev,
    struct err *e)
{
	if (!ev->ok)
		return fail_folder(r, f, ev->text);
	if (ev->read_only)
		return fail_folder(r, f, "it may only be read");
	if (f->opened && f->uidvalidity != ev->box.uidvalidity)
		forget_there(r, f);
	/* Where messages of this run begin does not change when a connection is made anew. */
	if (!f->opened || f->uidvalidity != ev->box.uidvalidity ||
	    !f->selected)
		f->uidnext = ev->box.uidnext;
	f->uidvalidity = ev->box.uidvalidity;
	f->selected = true;
	free(f->permanent);
	f->permanent = ev->permanent == NULL ? NULL : xstrdup(ev->permanent);
	if (journal_folder(r->journal, f->name, f->uidvalidity, f->uidnext,
	    &f->number, e) == -1)
		return -1;
	/* A server may say that it made what was there. */
	f->unseen = f->unseen || (f->fresh && ev->box.exists > 0);
	f->fresh = false;
	f->opened = f->ready = true;
	return 1;
}

static int
subscribe(struct restore *r, struct imap *im, struct folder_to *f,
    struct err *e)
{
	if (!f->subscribe)
		return 0;
	if (imap_subscribe(im, f->wire, e) == -1) {
		if (e->kind != EK_NO)
			return -1;
		restore_note(r, "%s: it can't be subscribed: %s",
		    name_shown(f->name), e->text);
	}
	f->subscribe = false;
	return 0;
}

/* 1 it was answered, -1. */
static int
select_folder(struct imap *im, const struct folder_to *f,
    struct imap_event *ev, struct err *e)
{
	int rc;

	if (imap_select(im, f->wire, NULL, e) == -1)
		return -1;
	do {
		if ((rc = imap_next(im, ev, e)) == -1)
			return -1;
	} while (rc == 1 && ev->kind != IMAP_BOX);
	return rc == 1 ? 1 : err_set(e, EK_PROTO, "the server does not answer "
	    "SELECT");
}

int
prepare_open(struct restore *r, struct folder_to *f, struct err *e)
{
	struct imap_event ev;
	struct imap *im;
	bool listed = f->exists;
	int rc;

	if (f->failed)
		return 0;
	if (look_session(r->look, &im, e) == -1)
		return -1;
	if (!f->exists && (rc = make(r, im, f, e)) != 1)
		return rc;
	if (subscribe(r, im, f, e) == -1)
		return -1;
	if (f->n == 0)
		return 1;
	if (select_folder(im, f, &ev, e) == -1)
		return -1;
	/* It may be gone since it was listed. */
	if (!ev.ok && listed && ev.refusal == REFUSED_NO_FOLDER) {
		if ((rc = make(r, im, f, e)) != 1)
			return rc;
		if (select_folder(im, f, &ev, e) == -1)
			return -1;
	}
	return opened(r, f, &ev, e);
}

/* ---- all of them at once ---- */

bool
prepare_needs(const struct restore *r, const struct folder_to *f)
{
	size_t i;

	if (f->failed)
		return false;
	if (!f->exists || f->subscribe)
		return true;
	for (i = f->first; i < f->first + f->n && !f->ready; i++)
		if (r->items[i].state == ITEM_TODO)
			return true;
	return false;
}

/* A question that is on its way. */
struct question {
	struct folder_to *f;
	enum { ASK_CREATE, ASK_SUBSCRIBE, ASK_SELECT } what;
};

static int
ask_folder(struct imap *im, struct folder_to *f, struct question *q,
    size_t *n, struct err *e)
{
	if (!f->exists) {
		q[*n] = (struct question){ f, ASK_CREATE };
		if (imap_ask_create(im, f->wire, f->use, &q[(*n)++], e) == -1)
			return -1;
	}
	if (f->subscribe) {
		q[*n] = (struct question){ f, ASK_SUBSCRIBE };
		if (imap_ask_subscribe(im, f->wire, &q[(*n)++], e) == -1)
			return -1;
	}
	if (f->n == 0)
		return 0;
	q[*n] = (struct question){ f, ASK_SELECT };
	return imap_select(im, f->wire, &q[(*n)++], e);
}

/* What is refused is asked for again by prepare_open(), which knows what to do about it. */
static int
take_answer(struct restore *r, const struct imap_event *ev, struct err *e)
{
	const struct question *q = ev->cookie;

	if (!ev->ok)
		return 0;
	switch (q->what) {
	case ASK_CREATE:
		q->f->exists = q->f->fresh = true;
		r->report->made++;
		return 0;
	case ASK_SUBSCRIBE:
		q->f->subscribe = false;
		return 0;
	case ASK_SELECT:
		break;
	}
	return !q->f->exists || ev->read_only ||
	    opened(r, q->f, ev, e) != -1 ? 0 : -1;
}

static int
take_answers(struct restore *r, struct imap *im, size_t n, struct err *e)
{
	struct imap_event ev;
	int rc;

	while (n > 0) {
		if ((rc = imap_next(im, &ev, e)) == -1)
			return -1;
		if (rc == 0)
			return err_set(e, EK_PROTO,
			    "the server does not answer");
		if (ev.kind != IMAP_BOX && ev.kind != IMAP_DONE)
			continue;
		n--;
		if (take_answer(r, &ev, e) == -1)
			return -1;
	}
	return 0;
}

int
prepare_all(struct restore *r, struct err *e)
{
	struct question q[3 * AT_ONCE];
	size_t i = 0, n, folders;
	struct imap *im;

	if (look_session(r->look, &im, e) == -1)
		return -1;
	while (i < r->folders_n) {
		n = 0;
		for (folders = 0; i < r->folders_n && folders < AT_ONCE; i++) {
			if (!prepare_needs(r, &r->folders[i]))
				continue;
			if (ask_folder(im, &r->folders[i], q, &n, e) == -1)
				return -1;
			folders++;
		}
		if (take_answers(r, im, n, e) == -1)
			return -1;
	}
	return 0;
}
