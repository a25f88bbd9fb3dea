/*
 * recheck.c - after a restore: what the server gives back is compared with the vault, message by message.
 *
 * First what has a UID is fetched.  What is not what it should be there, or has none, is then looked for among all that
 * came since the folder was opened: a server may tell wrong UIDs, or none.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/mem.h"
#include "base/spool.h"
#include "base/text.h"
#include "job/matching.h"
#include "mail/differ.h"
#include "mail/flags.h"
#include "mail/name.h"

#define COMPARE_MAX	(8 * 1024 * 1024)	/* larger messages are told apart by their size alone */

enum verdict {
	VERDICT_NONE,		/* not found yet */
	VERDICT_DONE,
	VERDICT_CHANGED,	/* other bytes under its UID: ${why} */
};

struct check {
	struct item	*item;
	struct digest	 sha256;
	uint32_t	 uid;		/* where it should be, 0: not known */
	uint8_t		 verdict;
	bool		 own;		/* CHANGED: its header lines are still its own */
	char		*why;		/* own, or NULL */
	uint64_t	 key;		/* second pass: of its header lines, once they were wanted */
};

struct recheck_spot {
	struct folder_to *f;
	struct check	*v;		/* own; by UID */
	size_t		 n;
	struct uidset	 known;		/* own; UIDs of those that were found */
	struct uidset	 rest;		/* own; second pass: UIDs that are not accounted for */
	struct check	**lost;		/* own; second pass: those to look for, by content */
	size_t		 lost_n;
	bool		 keyed;		/* they have their keys */
};

struct recheck {
	struct restore	*r;
	struct recheck_spot *spots;		/* own */
	size_t		 n;
	struct look_box	*looks;		/* own */
	size_t		 looks_n;
	struct hasher	*hasher;	/* own */
	struct header_scan scan;
	struct spool	 got, ours;	/* own */
	struct buf	 flags, dropped;	/* own */
	uint64_t	 done, total;
};

static int
by_uid(const void *a, const void *b)
{
	const struct check *x = a, *y = b;

	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return x->item < y->item ? -1 : x->item > y->item;
}

/* ---- what came, and what should have ---- */

static int
body_begins(void *arg, uint64_t size, struct err *e)
{
	struct recheck *k = arg;
	struct digest ignored;

	(void)size, (void)e;
	hasher_end(k->hasher, &ignored);
	header_start(&k->scan);
	spool_clear(&k->got);
	return 0;
}

static int
body_goes_on(void *arg, const void *p, size_t n, struct err *e)
{
	struct recheck *k = arg;
	const struct sink to = spool_sink(&k->got);

	hasher_add(k->hasher, p, n);
	header_feed(&k->scan, p, n);
	return sink_write(&to, p, n, e);
}

/* The folder has other UIDs than those that were told: all of them are to be looked at. */
static int
renumbered(struct recheck *k, struct recheck_spot *s,
    const struct imap_event *ev, struct err *e)
{
	struct folder_to *f = s->f;
	size_t i;

	f->uidvalidity = ev->box.uidvalidity;
	f->uidnext = 0;
	uidset_clear(&s->known);
	for (i = 0; i < s->n; i++) {
		s->v[i].uid = s->v[i].item->uid = 0;
		s->v[i].verdict = VERDICT_NONE;
	}
	restore_note(k->r, "%s: its UIDVALIDITY changed",
	    name_shown(f->name));
	return journal_folder(k->r->journal, f->name, f->uidvalidity,
	    ev->box.uidnext, &f->number, e);
}

static int
body_opened(void *arg, struct look_box *b, const struct imap_event *ev,
    struct err *e)
{
	struct recheck_spot *s = b->of;

	if (ev->box.uidvalidity == s->f->uidvalidity)
		return 1;
	return renumbered(arg, s, ev, e);
}

/* What the server made of it. */
static char *
describe(struct recheck *k, const struct check *c)
{
	const struct sink to = spool_sink(&k->ours);
	struct digest sha256 = c->sha256;
	struct buf b = BUF_INIT(4096);
	struct err ignored;

	spool_clear(&k->ours);
	if (vault_read(k->r->v, &sha256, &to, &ignored) == -1)
		return xstrdup("the vault can't read it any more");
	if (k->got.fd == -1 && k->ours.fd == -1)
		differ_text(buf_text(&k->ours.mem), k->ours.mem.n,
		    buf_text(&k->got.mem), k->got.mem.n, &b);
	else
		buf_addf(&b, "%" PRIu64 " bytes, not %" PRIu64, k->got.n,
		    k->ours.n);
	return buf_take(&b);
}

static int
check_flags(struct recheck *k, struct check *c, const struct known_message *m,
    const struct imap_event *ev, bool *same, struct err *e)
{
	char *why;
	int rc;

	buf_clear(&k->flags);
	buf_clear(&k->dropped);
	if (policy_flags(m->flags, restore_folder(k->r, c->item)->permanent,
	    k->r->o->deleted, &k->flags, &k->dropped) == -1)
		return err_set(e, EK_CORRUPT, "a message has too many flags");
	/* What was left out was told before. */
	*same = k->dropped.n == 0 && !way_is_bare(c->item->way);
	if (ev->meta.flags == NULL || way_is_bare(c->item->way) ||
	    strcmp(ev->meta.flags, buf_text(&k->flags)) == 0)
		return 0;
	*same = false;
	why = xasprintf("it has (%s), not (%s)", ev->meta.flags,
	    buf_text(&k->flags));
	rc = restore_found(k->r, RESTORE_FLAGS, true, c->item, why, e);
	free(why);
	return rc;
}

static int
check_date(struct recheck *k, struct check *c, const struct known_message *m,
    const struct imap_event *ev, bool *same, struct err *e)
{
	char is[TEXT_MAX], was[TEXT_MAX], *why;
	int rc;

	*same = !way_is_dateless(c->item->way);
	if (!m->has_date || !ev->meta.has_date || m->date == ev->meta.date ||
	    way_is_dateless(c->item->way))
		return 0;
	*same = false;
	why = xasprintf("it is of %s, not %s",
	    text_rfc3339(is, ev->meta.date), text_rfc3339(was, m->date));
	rc = restore_found(k->r, RESTORE_DATE, true, c->item, why, e);
	free(why);
	return rc;
}

/* The message is there: is everything about it? */
static int
check_found(struct recheck *k, struct recheck_spot *s, struct check *c,
    const struct imap_event *ev, struct err *e)
{
	struct known_message m;
	bool same = true, date = true;

	c->verdict = VERDICT_DONE;
	c->item->uid = ev->meta.uid;
	uidset_add(&s->known, ev->meta.uid);
	if (picks_get(&k->r->picks, c->item->at, &m, e) == -1 ||
	    check_flags(k, c, &m, ev, &same, e) == -1 ||
	    picks_get(&k->r->picks, c->item->at, &m, e) == -1 ||
	    check_date(k, c, &m, ev, &date, e) == -1)
		return -1;
	k->r->report->identical += same && date;
	return 0;
}

static void
tell_progress(struct recheck *k, const struct check *c)
{
	struct restore *r = k->r;

	if (r->o->progress != NULL)
		r->o->progress(r->o->arg, r->sources[c->item->source].name,
		    true, k->done, k->total, 0, 0);
}

static int
first_got(void *arg, struct look_box *b, const struct imap_event *ev,
    struct err *e)
{
	struct recheck *k = arg;
	struct recheck_spot *s = b->of;
	uint32_t uid = ev->meta.uid;
	struct check *c;
	struct digest got;
	size_t i, low = 0, high = s->n;
	uint64_t key;

	hasher_end(k->hasher, &got);
	if (cancel_check(e) == -1)
		return -1;
	while (low < high) {
		i = low + (high - low) / 2;
		if (s->v[i].uid < uid)
			low = i + 1;
		else
			high = i;
	}
	/* One UID is one message, whatever the server told. */
	for (c = NULL; low < s->n && s->v[low].uid == uid; low++) {
		if (s->v[low].verdict != VERDICT_NONE)
			continue;
		c = &s->v[low];
		if (digest_equal(&c->sha256, &got))
			break;
	}
	if (c == NULL)
		return 0;
	k->done++;
	tell_progress(k, c);
	if (digest_equal(&c->sha256, &got))
		return check_found(k, s, c, ev, e);
	header_finish(&k->scan);
	if (match_vault_key(k->r, &c->sha256, &key, e) == -1)
		return -1;
	/* Or it is another message, of which the server told a wrong UID. */
	if (key != 0 && key == match_scan_key(k->r, &k->scan)) {
		uidset_add(&s->known, ev->meta.uid);
		c->own = true;
	}
	c->verdict = VERDICT_CHANGED;
	c->why = describe(k, c);
	return 0;
}

static int
no_more(void *arg, struct look_box *b, struct err *e)
{
	const struct recheck_spot *s = b->of;

	(void)arg;
	if (!b->refused)
		return 0;
	err_set(e, EK_TEMP, "%s: what was restored can't be looked at: %s",
	    s->f->name, b->why != NULL ? b->why : "");
	return err_next(e, "run it again: it looks what is there");
}

/* ---- the second pass ---- */

static int
list_listed(void *arg, struct look_box *b, const struct mail_meta *m,
    struct err *e)
{
	struct recheck_spot *s = b->of;

	(void)arg, (void)e;
	if (!uidset_has(&s->known, m->uid))
		uidset_add(&s->rest, m->uid);
	return 0;
}

static int
list_opened(void *arg, struct look_box *b, const struct imap_event *ev,
    struct err *e)
{
	struct recheck_spot *s = b->of;

	int rc = body_opened(arg, b, ev, e);

	uidset_clear(&s->rest);
	return rc == -1 ? -1 : 1;
}

static int
by_content(const void *a, const void *b)
{
	const struct check *x = *(struct check *const *)a;
	const struct check *y = *(struct check *const *)b;
	int c = memcmp(x->sha256.b, y->sha256.b, DIGEST_SIZE);

	if (c != 0)
		return c;
	return x < y ? -1 : x > y;
}

/* Of equal messages: how much of a message's flags and date is what was found: 0 to 2, or -1. */
static int
is_alike(struct recheck *k, struct check *c, const struct imap_event *ev,
    struct err *e)
{
	struct known_message m;

	if (picks_get(&k->r->picks, c->item->at, &m, e) == -1)
		return -1;
	return (m.has_date && ev->meta.has_date && m.date == ev->meta.date) +
	    (ev->meta.flags != NULL && strcmp(m.flags, ev->meta.flags) == 0);
}

/* It is not deleted: nothing on the target ever is. */
static void
tell_twice(struct recheck *k, const struct recheck_spot *s, uint32_t uid)
{
	struct buf b = BUF_INIT(256);

	buf_addf(&b, "UID %" PRIu32 " has the content of a message that was "
	    "restored under another UID: it came late, after the connection "
	    "was lost, or it is somebody else's copy", uid);
	restore_note(k->r, "%s: %s", name_shown(s->f->name), buf_text(&b));
	buf_release(&b);
}

/* Not a content that is looked for: perhaps one that the server changed, known by its header lines. */
static int
second_changed(struct recheck *k, struct recheck_spot *s, uint32_t uid,
    struct err *e)
{
	uint64_t key;
	size_t i;

	header_finish(&k->scan);
	key = match_scan_key(k->r, &k->scan);
	for (i = 0; !s->keyed && i < s->lost_n; i++)
		if (s->lost[i]->verdict == VERDICT_NONE && match_vault_key(
		    k->r, &s->lost[i]->sha256, &s->lost[i]->key, e) == -1)
			return -1;
	s->keyed = true;
	for (i = 0; i < s->lost_n; i++)
		if (s->lost[i]->verdict == VERDICT_NONE &&
		    s->lost[i]->key == key && key != 0)
			break;
	if (i == s->lost_n)
		return cancel_check(e);
	s->lost[i]->verdict = VERDICT_CHANGED;
	s->lost[i]->own = true;
	s->lost[i]->why = describe(k, s->lost[i]);
	s->lost[i]->item->uid = uid;
	return 0;
}

static int
second_got(void *arg, struct look_box *b, const struct imap_event *ev,
    struct err *e)
{
	struct recheck *k = arg;
	struct recheck_spot *s = b->of;
	size_t low = 0, high = s->lost_n, mid;
	struct check *best = NULL;
	int alike, best_alike = 0;
	bool twice = false;
	struct digest got;

	hasher_end(k->hasher, &got);
	while (low < high) {
		mid = low + (high - low) / 2;
		if (memcmp(s->lost[mid]->sha256.b, got.b, DIGEST_SIZE) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < s->lost_n &&
	    digest_equal(&s->lost[low]->sha256, &got); low++) {
		struct check *c = s->lost[low];

		twice = true;
		if (c->verdict == VERDICT_DONE)
			continue;
		if ((alike = is_alike(k, c, ev, e)) == -1)
			return -1;
		if (best == NULL || alike > best_alike) {
			best = c;
			best_alike = alike;
		}
	}
	if (best != NULL)
		return check_found(k, s, best, ev, e);
	if (twice) {
		tell_twice(k, s, ev->meta.uid);
		return cancel_check(e);
	}
	return second_changed(k, s, ev->meta.uid, e);
}

/*
 * Which ones were not found; whether there are any.  Where a connection was lost, all: the server may have stored
 * something long after it was looked for, and sent again.
 */
static bool
find_lost(struct recheck_spot *s)
{
	size_t i;

	s->lost = xcalloc(s->n + 1, sizeof(struct check *));
	for (i = 0; i < s->n; i++)
		if (s->v[i].verdict != VERDICT_DONE || s->f->broke)
			s->lost[s->lost_n++] = &s->v[i];
	if (s->lost_n > 0)
		qsort(s->lost, s->lost_n, sizeof(struct check *), by_content);
	return s->lost_n > 0;
}

/* ---- the whole ---- */

static void
drop_looks(struct recheck *k)
{
	while (k->looks_n > 0)
		look_box_release(&k->looks[--k->looks_n]);
}

static int
run(struct recheck *k, const struct look_handler *h, struct err *e)
{
	int rc = k->looks_n == 0 ? 0 :
	    look_run(k->r->look, k->looks, k->looks_n, h, e);

	drop_looks(k);
	return rc;
}

static int
first_pass(struct recheck *k, struct err *e)
{
	const struct look_handler h = { .opened = body_opened,
	    .got = first_got, .done = no_more, .arg = k,
	    .body = { body_begins, { body_goes_on, k } } };
	size_t i, j;

	for (i = 0; i < k->n; i++) {
		struct look_box *b = &k->looks[k->looks_n];

		*b = (struct look_box){ .wire = k->spots[i].f->wire,
		    .of = &k->spots[i], .what = LOOK_FETCH,
		    .items = IMAP_FLAGS };
		for (j = 0; j < k->spots[i].n; j++)
			if (k->spots[i].v[j].uid != 0)
				uidset_add(&b->ask, k->spots[i].v[j].uid);
		if (uidset_empty(&b->ask))
			look_box_release(b);
		else
			k->looks_n++;
	}
	return run(k, &h, e);
}

static int
second_pass(struct recheck *k, struct err *e)
{
	const struct look_handler list = { .opened = list_opened,
	    .listed = list_listed, .done = no_more, .arg = k };
	const struct look_handler fetch = { .opened = body_opened,
	    .got = second_got, .done = no_more, .arg = k,
	    .body = { body_begins, { body_goes_on, k } } };
	size_t i;

	for (i = 0; i < k->n; i++)
		if (find_lost(&k->spots[i]))
			k->looks[k->looks_n++] = (struct look_box){
			    .wire = k->spots[i].f->wire, .of = &k->spots[i],
			    .what = LOOK_LIST,
			    .from = (uint32_t)k->spots[i].f->uidnext };
	if (run(k, &list, e) == -1)
		return -1;
	for (i = 0; i < k->n; i++) {
		struct recheck_spot *s = &k->spots[i];
		struct look_box *b = &k->looks[k->looks_n];

		if (uidset_empty(&s->rest))
			continue;
		*b = (struct look_box){ .wire = s->f->wire, .of = s,
		    .what = LOOK_FETCH, .items = IMAP_FLAGS };
		uidset_add_set(&b->ask, &s->rest);
		k->looks_n++;
	}
	return run(k, &fetch, e);
}

/* What was not found as it was, told; and the journal put right where the server told wrong UIDs. */
static int
judge(struct recheck *k, struct recheck_spot *s, struct err *e)
{
	struct known_message m;
	struct journal_id id;
	uint32_t uid;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < s->n; i++) {
		struct check *c = &s->v[i];

		k->r->report->checked++;
		if (c->verdict == VERDICT_DONE && c->item->uid == c->uid)
			continue;
		if (picks_get(&k->r->picks, c->item->at, &m, e) == -1)
			return -1;
		id = restore_id(&m);
		uid = c->item->uid;
		/* What is there under the UID that was told is another one. */
		if (c->verdict == VERDICT_CHANGED && !c->own &&
		    uidset_has(&s->known, uid))
			c->verdict = VERDICT_NONE;
		switch ((enum verdict)c->verdict) {
		case VERDICT_DONE:
			rc = journal_sent(k->r->journal, s->f->number, &id,
			    &uid, 1, e);
			break;
		case VERDICT_CHANGED:
			if (uid != c->uid && journal_sent(k->r->journal,
			    s->f->number, &id, &uid, 1, e) == -1)
				return -1;
			rc = restore_found(k->r, RESTORE_CHANGED, !c->item->cure
			    && c->item->way != WAY_CURED, c->item, c->why, e);
			break;
		case VERDICT_NONE:
			c->item->uid = 0;
			if (journal_refused(k->r->journal, s->f->number, &id,
			    1, e) == -1)
				return -1;
			rc = restore_found(k->r, RESTORE_MISSING, true,
			    c->item, "the server took it, and it is not there: "
			    "it may keep only one of equal messages", e);
		}
	}
	return rc;
}

static int
fill(struct recheck *k, struct folder_to *f, struct err *e)
{
	struct recheck_spot *s = &k->spots[k->n];
	struct known_message m;
	size_t i;

	for (i = f->first; i < f->first + f->n; i++) {
		struct item *item = &k->r->items[i];

		if (item->state != ITEM_SENT && !item->unchecked)
			continue;
		if (s->v == NULL)
			s->v = xcalloc(f->first + f->n - i, sizeof(*s->v));
		if (picks_get(&k->r->picks, item->at, &m, e) == -1)
			return -1;
		s->v[s->n++] = (struct check){ .item = item,
		    .sha256 = m.sha256, .uid = item->uid };
	}
	if (s->n == 0)
		return 0;
	qsort(s->v, s->n, sizeof(*s->v), by_uid);
	s->f = f;
	k->n++;
	k->total += s->n;
	return 0;
}

static int
check_all(struct recheck *k, struct err *e)
{
	size_t i;

	for (i = 0; i < k->r->folders_n; i++)
		if (fill(k, &k->r->folders[i], e) == -1)
			return -1;
	if (first_pass(k, e) == -1 || second_pass(k, e) == -1)
		return -1;
	for (i = 0; i < k->n; i++)
		if (judge(k, &k->spots[i], e) == -1)
			return -1;
	return 0;
}

int
recheck_all(struct restore *r, struct err *e)
{
	struct recheck k = { .r = r, .hasher = hasher_new(),
	    .spots = xcalloc(r->folders_n + 1, sizeof(*k.spots)),
	    .looks = xcalloc(r->folders_n + 1, sizeof(*k.looks)) };
	size_t i, j;
	int rc;

	spool_init(&k.got, COMPARE_MAX, r->dir);
	spool_init(&k.ours, COMPARE_MAX, r->dir);
	buf_init(&k.flags, FLAGS_MAX_TEXT + 1);
	buf_init(&k.dropped, FLAGS_MAX_TEXT + 1);
	rc = check_all(&k, e);
	for (i = 0; i <= r->folders_n; i++) {
		for (j = 0; j < k.spots[i].n; j++)
			free(k.spots[i].v[j].why);
		free(k.spots[i].v);
		free(k.spots[i].lost);
		uidset_release(&k.spots[i].known);
		uidset_release(&k.spots[i].rest);
	}
	drop_looks(&k);
	free(k.spots);
	free(k.looks);
	hasher_free(&k.hasher);
	spool_release(&k.got);
	spool_release(&k.ours);
	buf_release(&k.flags);
	buf_release(&k.dropped);
	return rc;
}
