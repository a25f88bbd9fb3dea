/*
 * sizes.c - verify --against-server, the first pass: which UIDs there are, and their sizes; the sample is drawn on the
 * way.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "job/against.h"
#include "mail/name.h"

#define SAMPLE_LEAST	20
#define SAMPLE_MOST	500
#define SUSPECTS_MAX	100	/* messages of another size that are read beside the sample */

/* ---- the sample ---- */

static void
begin_sample(struct against *a)
{
	uint64_t all = a->left, whole = all / 100, rest = all % 100;
	int percent = a->opts->percent;

	random_bytes(&a->chance, sizeof(a->chance));
	a->chance |= 1;
	if (percent == AGAINST_SAMPLE) {
		a->want = whole + (rest > 0);
		if (a->want < SAMPLE_LEAST)
			a->want = SAMPLE_LEAST;
		if (a->want > SAMPLE_MOST)
			a->want = SAMPLE_MOST;
	} else
		a->want = whole * (uint64_t)percent +
		    (rest * (uint64_t)percent + 99) / 100;
	a->total = all + (a->want < all ? a->want : all);
}

/* Marsaglia's xorshift64*: good enough to look here and there. */
static uint64_t
draw(struct against *a)
{
	a->chance ^= a->chance >> 12;
	a->chance ^= a->chance << 25;
	a->chance ^= a->chance >> 27;
	return a->chance * 2685821657736338717u;
}

/*
 * The next message of all that there are: every choice of so many is as likely as any other (Knuth's algorithm S).
 */
static bool
is_drawn(struct against *a)
{
	uint64_t left = a->left > 0 ? a->left-- : 0;

	if (a->want == 0 || (left > a->want && draw(a) % left >= a->want))
		return false;
	a->want--;
	return true;
}

/* What will not be seen can't be drawn. */
static void
pass_over(struct against *a, uint64_t n)
{
	a->left -= n < a->left ? n : a->left;
	a->done += n;
}

/* ---- UIDs and sizes ---- */

static int
list_opened(void *arg, struct look_box *b, const struct imap_event *ev,
    struct err *e)
{
	struct against *a = arg;
	struct seen *s = b->of;

	(void)e;
	listing_free(&a->listing);
	if (s == NULL)
		return 0;
	a->listing = listing_new();
	s->other_epoch = ev->box.uidvalidity != 0;
	s->other = NULL;
	if (!s->other_epoch)
		s->other = "the server gives no UIDVALIDITY: its messages "
		    "can't be compared";
	else if (ev->box.uidvalidity != s->known.uidvalidity)
		s->other = "it has a new UIDVALIDITY: its messages were not "
		    "compared";
	else if (ev->mailboxid != NULL && s->mailboxid != NULL &&
	    strcmp(ev->mailboxid, s->mailboxid) != 0)
		s->other = "another folder has its name now: its messages "
		    "were not compared";
	return s->other == NULL;
}

static int
list_message(void *arg, struct look_box *b, const struct mail_meta *m,
    struct err *e)
{
	struct against *a = arg;
	struct listed line = { .uid = m->uid, .size = LISTED_NO_DATE };

	if (m->has_size && m->size < INT64_MAX)
		line.size = (int64_t)m->size;
	if (listing_count(a->listing) % 1024 == 0)
		against_progress(a, b->of);
	return listing_add(a->listing, &line, e);
}

/* A message that both have. */
static void
match(struct against *a, struct seen *s, const struct known_uid *k,
    const struct listed *l)
{
	bool other = l->size != LISTED_NO_DATE && (uint64_t)l->size != k->size;
	bool drawn = is_drawn(a);

	a->report->messages++;
	a->done++;
	if (other)
		uidset_add(&s->sizes, k->uid);
	if (other && !drawn && a->opts->percent != 0 &&
	    a->suspects < SUSPECTS_MAX) {
		a->suspects++;
		drawn = true;
	}
	if (drawn)
		uidset_add(&s->sample, k->uid);
}

/* The sorted listing beside what is known: what only one of them has. */
static int
compare(struct against *a, struct seen *s, struct uidset *server_only,
    struct uidset *vault_only, struct err *e)
{
	struct listing *l = a->listing;
	struct catalog_uids *it;
	struct known_uid k;
	uint64_t i = 0, n = listing_count(l);
	uint32_t last = 0;
	int r;

	if (catalog_uids(a->catalog, s->known.epoch, 1, UID_MAX, &it, e) == -1)
		return -1;
	while ((r = catalog_uids_next(it, &k, e)) == 1) {
		while (i < n && listing_at(l, i)->uid < k.uid)
			uidset_add(server_only, listing_at(l, i++)->uid);
		/* The same UID may be known twice, with two contents. */
		if (k.uid == last)
			pass_over(a, 1);
		else if (i < n && listing_at(l, i)->uid == k.uid)
			match(a, s, &k, listing_at(l, i++));
		else {
			uidset_add(vault_only, k.uid);
			pass_over(a, 1);
		}
		last = k.uid;
	}
	while (i < n)
		uidset_add(server_only, listing_at(l, i++)->uid);
	catalog_uids_close(&it);
	return r;
}

/* What the vault lacks: is it newer than the last backup, or should that have brought it? */
static int
tell_lacking(struct against *a, struct seen *s, struct uidset *lacking,
    struct err *e)
{
	const struct known_epoch *k = &s->known;
	struct uidset fresh = UIDSET_INIT, asked = UIDSET_INIT,
	    both = UIDSET_INIT;
	uint64_t from = (uint64_t)k->max_uid + 1;
	int rc;

	if (k->has_state && k->uidnext > from)
		from = k->uidnext;
	if (from <= UID_MAX) {
		uidset_add_range(&both, (uint32_t)from, UID_MAX);
		uidset_intersect(lacking, &both, &fresh);
		uidset_remove_set(lacking, &fresh);
	}
	if ((rc = catalog_missing(a->catalog, k->epoch, &asked, e)) == 0) {
		against_tell_uids(a, AGAINST_NEW, s, &fresh,
		    "new: the next backup brings it");
		uidset_intersect(lacking, &asked, &both);
		uidset_remove_set(lacking, &asked);
		against_tell_uids(a, AGAINST_MISSED, s, &both,
		    "not in the vault: the server did not give it to a backup");
		against_tell_uids(a, AGAINST_MISSED, s, lacking,
		    k->has_state && k->complete ?
		    "not in the vault, though the last backup was complete" :
		    "not in the vault: the last backup of this folder was "
		    "not finished");
	}
	uidset_release(&fresh);
	uidset_release(&asked);
	uidset_release(&both);
	return rc;
}

/* Whether the listing is as long as the server counts; else it is told. */
static bool
is_whole(struct against *a, const struct look_box *b, const struct seen *s)
{
	uint64_t n = listing_count(a->listing);
	char text[128];

	if (n + b->expunged >= b->exists && b->unreadable == 0)
		return true;
	snprintf(text, sizeof(text), "the server counts %" PRIu64
	    " messages and lists %" PRIu64, b->exists, n);
	against_tell_folder(a, AGAINST_FOLDER, s->name, s->known.live, text);
	return false;
}

static int
list_compare(struct against *a, struct look_box *b, struct seen *s,
    struct err *e)
{
	struct uidset server_only = UIDSET_INIT, vault_only = UIDSET_INIT;
	bool whole;
	int rc;

	listing_sort(a->listing);
	whole = is_whole(a, b, s);
	a->report->folders++;
	if ((rc = compare(a, s, &server_only, &vault_only, e)) == 0)
		rc = tell_lacking(a, s, &server_only, e);
	if (rc == 0 && whole)
		against_tell_uids(a, AGAINST_GONE, s, &vault_only,
		    "gone from the server since the last backup; the vault "
		    "keeps it");
	uidset_release(&server_only);
	uidset_release(&vault_only);
	against_progress(a, s);
	return rc;
}

static int
list_done(void *arg, struct look_box *b, struct err *e)
{
	struct against *a = arg;
	struct seen *s = b->of;
	int rc = 0;

	if (s == NULL) {
		char *name = name_from_wire(b->wire);

		a->later += b->refused && b->later;
		against_tell_folder(a, b->refused ? AGAINST_FOLDER :
		    AGAINST_FOLDER_NEW, name, b->exists, !b->refused ?
		    "new: the next backup brings it" : b->why == NULL ?
		    "it is new, and can't be opened" : b->why);
		free(name);
	} else if (b->opened && !b->refused)
		rc = list_compare(a, b, s, e);
	else {
		if (b->refused)
			against_tell_refused(a, b, s);
		else
			against_tell_folder(a, s->other_epoch ? AGAINST_EPOCH :
			    AGAINST_FOLDER, s->name, s->known.live, s->other);
		pass_over(a, s->known.live);
	}
	listing_free(&a->listing);
	return rc;
}

/* ---- the pass ---- */

/* The folders that no backup has seen yet: how much is in them? */
static void
look_at_new(struct against *a)
{
	size_t i;

	for (i = 0; i < a->boxes.n; i++)
		if (!a->known[i] && against_chooses(a, &a->boxes.v[i]))
			a->looks[a->looks_n++] = (struct look_box){
			    .wire = a->boxes.v[i].wire, .what = LOOK_OPEN };
}

int
against_list(struct against *a, struct err *e)
{
	const struct look_handler h = { .opened = list_opened,
	    .listed = list_message, .done = list_done, .arg = a };
	size_t i;
	int rc;

	begin_sample(a);
	a->looks = xcalloc(a->n + a->boxes.n + 1, sizeof(*a->looks));
	for (i = 0; i < a->n; i++) {
		struct seen *s = &a->seen[i];

		a->looks[a->looks_n++] = (struct look_box){ .of = s,
		    .wire = s->wire, .what = LOOK_LIST };
	}
	look_at_new(a);
	rc = look_run(a->look, a->looks, a->looks_n, &h, e);
	against_drop_looks(a);
	return rc;
}
