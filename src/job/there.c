/*
 * there.c - which of the chosen messages the target has already.
 *
 * The journal knows what was put there under which UID.  For all else a folder is listed, and what has the size of a
 * message that is wanted is fetched: only equal contents are taken for the same message, one for one.
 * What was on its way when a connection was lost may have come and been changed by the server: among the messages that
 * came since then, it is known by its header lines.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/mem.h"
#include "job/matching.h"

#define LATE_SECONDS	2.0	/* a server may still be storing what came before the connection was lost */
#define AT_ONCE		50000	/* messages of so many folders are looked for together */

/* ---- what is wanted ---- */

static int
by_content(const void *a, const void *b)
{
	const struct want *x = a, *y = b;
	int c = memcmp(x->sha256.b, y->sha256.b, DIGEST_SIZE);

	if (c != 0)
		return c;
	/* What is known to be there comes first. */
	if (x->item->state != y->item->state)
		return x->item->state == ITEM_SENT ? -1 : 1;
	return x->item < y->item ? -1 : x->item > y->item;
}

static int
by_key(const void *a, const void *b)
{
	const struct want *x = *(struct want *const *)a;
	const struct want *y = *(struct want *const *)b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* After a break also what the server took: an equal one must not be taken for it, wherever the server said it is. */
static bool
is_wanted(const struct there *t, const struct item *i)
{
	return t->again ? i->state == ITEM_SENDING || i->state == ITEM_SENT :
	    i->state == ITEM_TODO;
}

static int
message_id_key(struct there *t, const struct known_message *m, uint64_t *key,
    struct err *e)
{
	struct known_message k;
	int r;

	*key = 0;
	if (!t->r->o->by_message_id)
		return 0;
	r = catalog_message(t->r->catalog, m->commit, m->line, &k, e);
	if (r == 1 && k.has_headers)
		*key = match_key(k.header[HEADER_MESSAGE_ID]);
	return r == -1 ? -1 : 0;
}

/* The folder is open: what the journal knows of its messages. */
static int
fill_wants(struct there *t, struct spot *s, struct err *e)
{
	struct restore *r = t->r;
	struct known_message m;
	struct journal_id id;
	size_t i;

	s->wants = xcalloc(s->f->n + 1, sizeof(*s->wants));
	for (i = s->f->first; i < s->f->first + s->f->n; i++) {
		struct item *item = &r->items[i];
		struct want *w = &s->wants[s->wants_n];

		if (!is_wanted(t, item))
			continue;
		if (picks_get(&r->picks, item->at, &m, e) == -1)
			return -1;
		id = restore_id(&m);
		*w = (struct want){ .sha256 = m.sha256, .size = m.size,
		    .date = m.date, .has_date = m.has_date, .item = item,
		    .entry = journal_find(r->journal, s->f->number, &id) };
		if (message_id_key(t, &m, &w->key, e) == -1)
			return -1;
		s->wants_n++;
	}
	qsort(s->wants, s->wants_n, sizeof(*s->wants), by_content);
	s->keyed = xcalloc(s->wants_n + 1, sizeof(struct want *));
	for (i = 0; i < s->wants_n; i++)
		if (s->wants[i].key != 0)
			s->keyed[s->keyed_n++] = &s->wants[i];
	if (s->keyed_n > 0)
		qsort(s->keyed, s->keyed_n, sizeof(struct want *), by_key);
	return 0;
}

/*
 * What a run of prune deleted is brought back to where it was: an equal message that the run left there is another one,
 * and not that which is wanted.
 */
struct others {
	uint64_t	 before;	/* the run */
	uint64_t	 uidvalidity;
	struct uidset	*uids;
};

static int
add_other(void *arg, const struct known_message *m, struct err *e)
{
	struct others *o = arg;

	(void)e;
	if (m->commit < o->before && m->uidvalidity == o->uidvalidity)
		uidset_add(o->uids, m->uid);
	return 0;
}

static int
find_others(struct there *t, struct spot *s, uint64_t uidvalidity,
    struct err *e)
{
	struct restore *r = t->r;
	struct others o = { r->o->choice.pruned, uidvalidity, &s->others };
	char *from = account_url_text(vault_account(r->v));
	char *to = account_url_text(r->o->target);
	bool same = strcmp(from, to) == 0;
	size_t i;

	free(from);
	free(to);
	uidset_clear(&s->others);
	for (i = 0; same && o.before != 0 && i < r->sources_n; i++)
		if (&r->folders[r->sources[i].to] == s->f &&
		    catalog_messages(r->catalog, r->sources[i].folder,
		    CATALOG_NOW, false, add_other, &o, e) == -1)
			return -1;
	return 0;
}

/* ---- the listing ---- */

static int
list_opened(void *arg, struct look_box *b, const struct imap_event *ev,
    struct err *e)
{
	struct there *t = arg;
	struct spot *s = b->of;
	struct folder_to *f = s->f;

	s->seen_n = 0;
	if (b->writable) {
		f->read_only = ev->read_only;
		free(f->permanent);
		f->permanent = ev->permanent == NULL ? NULL :
		    xstrdup(ev->permanent);
	}
	if (f->opened && t->again && f->uidvalidity != ev->box.uidvalidity) {
		err_set(e, EK_TEMP, "%s: its UIDVALIDITY changed while "
		    "messages were appended", f->name);
		return err_next(e, "run it again: it finds what is there");
	}
	if (!f->opened) {
		f->uidvalidity = ev->box.uidvalidity;
		f->uidnext = ev->box.uidnext;
		if (journal_folder(t->r->journal, f->name, f->uidvalidity,
		    f->uidnext, &f->number, e) == -1)
			return -1;
		f->opened = true;
	}
	if (s->wants == NULL && fill_wants(t, s, e) == -1)
		return -1;
	return find_others(t, s, ev->box.uidvalidity, e) == -1 ? -1 : 1;
}

static int
list_listed(void *arg, struct look_box *b, const struct mail_meta *m,
    struct err *e)
{
	struct spot *s = b->of;

	(void)arg, (void)e;
	if (uidset_has(&s->others, m->uid))
		return 0;
	s->seen = mem_grow(s->seen, &s->cap, s->seen_n + 1, sizeof(*s->seen));
	s->seen[s->seen_n++] = (struct seen){ .uid = m->uid,
	    .size = m->has_size ? m->size : UINT64_MAX,
	    .date = m->date, .has_date = m->has_date };
	return 0;
}

static int
list_done(void *arg, struct look_box *b, struct err *e)
{
	struct there *t = arg;
	struct spot *s = b->of;

	(void)e;
	if (b->refused) {
		/* Without knowing what is there nothing may be added. */
		if (t->again || b->later) {
			err_set(e, EK_TEMP, "%s can't be looked at now: %s",
			    s->f->name, b->why == NULL ? "" : b->why);
			return err_next(e, "run it again later");
		}
		s->f->failed = true;
		restore_found_folder(t->r, s->f, b->why == NULL ?
		    "the server doesn't open it" : b->why);
		return 0;
	}
	match_sort(s);
	s->listed = true;
	return 0;
}

/* ---- contents ---- */

static int
body_begins(void *arg, uint64_t size, struct err *e)
{
	struct there *t = arg;
	struct digest ignored;

	(void)size, (void)e;
	hasher_end(t->hasher, &ignored);
	header_start(&t->scan);
	return 0;
}

static int
body_goes_on(void *arg, const void *p, size_t n, struct err *e)
{
	struct there *t = arg;

	(void)e;
	hasher_add(t->hasher, p, n);
	header_feed(&t->scan, p, n);
	return 0;
}

static int
body_opened(void *arg, struct look_box *b, const struct imap_event *ev,
    struct err *e)
{
	struct spot *s = b->of;

	(void)arg, (void)e;
	return ev->box.uidvalidity == s->f->uidvalidity;
}

static int
body_got(void *arg, struct look_box *b, const struct imap_event *ev,
    struct err *e)
{
	struct there *t = arg;
	struct spot *s = b->of;
	struct digest got;

	hasher_end(t->hasher, &got);
	header_finish(&t->scan);
	if (cancel_check(e) == -1)
		return -1;
	return match_got(t, s, ev->meta.uid,
	    b->what == LOOK_HEADERS ? NULL : &got, e);
}

static int
body_done(void *arg, struct look_box *b, struct err *e)
{
	struct spot *s = b->of;

	(void)arg;
	/* Until it is known what they are, nothing may be added. */
	if (!b->opened || b->refused || !uidset_empty(&b->there)) {
		err_set(e, EK_TEMP, "%s: messages that are there can't be "
		    "compared: %s", s->f->name, b->why != NULL ? b->why :
		    "the server doesn't deliver them");
		return err_next(e, "run it again, or with --duplicates to "
		    "append what is to be restored without looking");
	}
	return 0;
}

/* ---- the whole ---- */

static void
drop_looks(struct there *t)
{
	while (t->looks_n > 0)
		look_box_release(&t->looks[--t->looks_n]);
}

static int
list_all(struct there *t, struct err *e)
{
	const struct look_handler h = { .opened = list_opened,
	    .listed = list_listed, .done = list_done, .arg = t };
	size_t i;
	int rc;

	for (i = 0; i < t->n; i++) {
		struct folder_to *f = t->spots[i].f;

		t->looks[t->looks_n++] = (struct look_box){ .wire = f->wire,
		    .of = &t->spots[i], .what = LOOK_LIST, .items = IMAP_DATE,
		    .writable = !t->again,
		    .from = t->again ? (uint32_t)f->uidnext : 0 };
	}
	rc = look_run(t->r->look, t->looks, t->looks_n, &h, e);
	drop_looks(t);
	return rc;
}

/* Takes ${ask} over. */
static void
add_look(struct there *t, struct spot *s, enum look_what what,
    struct uidset *ask)
{
	if (uidset_empty(ask)) {
		uidset_release(ask);
		return;
	}
	t->looks[t->looks_n++] = (struct look_box){ .wire = s->f->wire,
	    .of = s, .what = what, .ask = *ask };
}

static int
compare_all(struct there *t, struct err *e)
{
	const struct look_handler h = { .opened = body_opened,
	    .got = body_got, .done = body_done, .arg = t,
	    .body = { body_begins, { body_goes_on, t } } };
	size_t i;
	int rc = 0;

	for (i = 0; i < t->n; i++) {
		struct spot *s = &t->spots[i];
		struct uidset whole = UIDSET_INIT, headers = UIDSET_INIT;

		if (!s->listed)
			continue;
		match_ask(t, s, &whole, &headers);
		add_look(t, s, LOOK_FETCH, &whole);
		add_look(t, s, LOOK_HEADERS, &headers);
	}
	if (t->looks_n > 0)
		rc = look_run(t->r->look, t->looks, t->looks_n, &h, e);
	drop_looks(t);
	for (i = 0; rc == 0 && i < t->n; i++)
		if (t->spots[i].listed)
			rc = match_changed(t, &t->spots[i], e);
	return rc;
}

static bool
some_on_their_way(const struct there *t)
{
	size_t i, j;

	for (i = 0; i < t->n; i++)
		for (j = 0; j < t->spots[i].wants_n; j++)
			if (!t->spots[i].wants[j].done &&
			    t->spots[i].wants[j].entry.state ==
			    JOURNAL_SENDING)
				return true;
	return false;
}

static int
look(struct there *t, struct err *e)
{
	if (list_all(t, e) == -1 || compare_all(t, e) == -1)
		return -1;
	return 0;
}

static int
find_some(struct there *t, struct err *e)
{
	int64_t then = journal_unfinished(t->r->journal);

	if (look(t, e) == -1)
		return -1;
	/* A server goes on with what it had received: give it time, and look again. */
	if (!some_on_their_way(t) || (!t->again &&
	    (then == 0 || vault_now(t->r->v) - then > 600)))
		return 0;
	return cancel_sleep(LATE_SECONDS, e) == -1 ? -1 : look(t, e);
}

static void
release(struct there *t)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		free(t->spots[i].wants);
		free(t->spots[i].keyed);
		free(t->spots[i].seen);
		free(t->spots[i].told);
		uidset_release(&t->spots[i].others);
	}
	drop_looks(t);
	free(t->looks);
	free(t->spots);
	hasher_free(&t->hasher);
}

/* On record, so that the next run need not fetch it; what is not there is to be sent (again). */
static int
settle(struct there *t, struct spot *s, struct err *e)
{
	struct journal_id *ids = xcalloc(s->wants_n + 1, sizeof(*ids));
	uint32_t *uids = xcalloc(s->wants_n + 1, sizeof(*uids));
	struct known_message m;
	size_t i, n = 0;
	int rc = 0;

	for (i = 0; rc == 0 && i < s->wants_n; i++) {
		struct want *w = &s->wants[i];

		if (!w->done) {
			/* It may come yet: that is looked for at the end. */
			if (w->entry.state == JOURNAL_SENDING)
				s->f->broke = true;
			if (w->item->state == ITEM_SENDING)
				w->item->state = ITEM_TODO;
			continue;
		}
		if (w->entry.state == JOURNAL_SENT &&
		    w->entry.uid == w->item->uid)
			continue;
		rc = picks_get(&t->r->picks, w->item->at, &m, e);
		ids[n] = restore_id(&m);
		uids[n++] = w->item->uid;
	}
	if (rc == 0 && n > 0 && !t->r->o->dry_run)
		rc = journal_sent(t->r->journal, s->f->number, ids, uids, n,
		    e);
	free(ids);
	free(uids);
	return rc;
}

/* Folders that are looked at together. */
static int
find_together(struct restore *r, struct folder_to **folders, size_t n,
    bool again, struct err *e)
{
	struct there t = { .r = r, .again = again, .n = n,
	    .spots = xcalloc(n, sizeof(*t.spots)),
	    .looks = xcalloc(2 * n, sizeof(*t.looks)), .hasher = hasher_new() };
	size_t i;
	int rc;

	for (i = 0; i < n; i++)
		t.spots[i].f = folders[i];
	rc = find_some(&t, e);
	for (i = 0; rc == 0 && i < n; i++)
		rc = settle(&t, &t.spots[i], e);
	release(&t);
	return rc;
}

int
there_find_in(struct restore *r, struct folder_to *f, struct err *e)
{
	return find_together(r, &f, 1, false, e);
}

int
there_again(struct restore *r, struct folder_to *f, struct err *e)
{
	return find_together(r, &f, 1, true, e);
}

int
there_find(struct restore *r, struct err *e)
{
	struct folder_to **some = xcalloc(r->folders_n + 1, sizeof(*some));
	size_t i, n = 0, messages = 0;
	int rc = 0;

	for (i = 0; rc == 0 && i < r->folders_n; i++) {
		struct folder_to *f = &r->folders[i];

		if (!f->exists || f->n == 0)
			continue;
		some[n++] = f;
		messages += f->n;
		if (messages < AT_ONCE)
			continue;
		rc = find_together(r, some, n, false, e);
		n = messages = 0;
	}
	if (rc == 0 && n > 0)
		rc = find_together(r, some, n, false, e);
	free(some);
	return rc;
}
