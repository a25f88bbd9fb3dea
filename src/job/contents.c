/*
 * contents.c - verify --against-server, the second pass: the contents of the sample; and what the vault has itself
 * where the server has other bytes.
 */
#include <stdlib.h>

#include "base/cancel.h"
#include "base/digest.h"
#include "base/mem.h"
#include "job/against.h"

#define JUDGE_MAX	50000	/* contents of the vault that are looked up at a time */

/* ---- the server's ---- */

static int
body_begins(void *arg, uint64_t size, struct err *e)
{
	struct against *a = arg;
	struct digest ignored;

	(void)size, (void)e;
	hasher_end(a->hasher, &ignored);
	return 0;
}

static int
body_goes_on(void *arg, const void *p, size_t n, struct err *e)
{
	struct against *a = arg;

	(void)e;
	hasher_add(a->hasher, p, n);
	return 0;
}

static int
read_opened(void *arg, struct look_box *b, const struct imap_event *ev,
    struct err *e)
{
	const struct seen *s = b->of;

	(void)arg, (void)e;
	return ev->box.uidvalidity == s->known.uidvalidity;
}

static int
read_got(void *arg, struct look_box *b, const struct imap_event *ev,
    struct err *e)
{
	struct against *a = arg;
	struct seen *s = b->of;
	struct digest got;
	int r;

	hasher_end(a->hasher, &got);
	if ((r = catalog_uid_has(a->catalog, s->known.epoch, ev->meta.uid,
	    &got, e)) == -1)
		return -1;
	a->report->read++;
	a->report->read_bytes += ev->body_size;
	a->done++;
	if (r == 0)
		uidset_add(ev->body_size == 0 ? &s->empty : &s->differ,
		    ev->meta.uid);
	against_progress(a, s);
	return 0;
}

/* Those of ${part} that did not come, for the same reason. */
static void
tell_part(struct against *a, struct look_box *b, const struct uidset *part)
{
	struct uidset some = UIDSET_INIT;

	uidset_intersect(&b->there, part, &some);
	against_tell_uids(a, AGAINST_UNDELIVERED, b->of, &some,
	    look_lack(b, uidset_min(&some)));
	uidset_remove_set(&b->there, &some);
	uidset_release(&some);
}

/* What was asked for and is there, and did not come. */
static int
read_done(void *arg, struct look_box *b, struct err *e)
{
	struct against *a = arg;
	struct seen *s = b->of;

	(void)e;
	if (b->refused) {
		against_tell_refused(a, b, s);
		return 0;
	}
	if (!b->opened) {
		against_tell_folder(a, AGAINST_EPOCH, s->name, s->known.live,
		    "its UIDVALIDITY changed while it was compared");
		return 0;
	}
	a->later += b->later;
	tell_part(a, b, &b->spoiled);
	tell_part(a, b, &b->nil);
	against_tell_uids(a, AGAINST_UNDELIVERED, s, &b->there,
	    look_lack(b, uidset_min(&b->there)));
	return 0;
}

int
against_read(struct against *a, struct err *e)
{
	const struct look_handler h = { .opened = read_opened,
	    .got = read_got, .done = read_done, .arg = a,
	    .body = { body_begins, { body_goes_on, a } } };
	uint64_t n = 0;
	size_t i;
	int rc;

	for (i = 0; i < a->n; i++) {
		struct seen *s = &a->seen[i];

		if (uidset_empty(&s->sample))
			continue;
		n += uidset_count(&s->sample);
		a->looks[a->looks_n++] = (struct look_box){ .of = s,
		    .wire = s->wire, .what = LOOK_FETCH, .ask = s->sample };
		s->sample = (struct uidset)UIDSET_INIT;
	}
	a->total = a->done + n;
	rc = look_run(a->look, a->looks, a->looks_n, &h, e);
	against_drop_looks(a);
	return rc;
}

/* ---- the vault's own bytes, where the server has others ---- */

struct judged {
	uint32_t	 uid;
	struct digest	 sha256;
};

struct judge {
	const struct uidset *of;
	uint32_t	 after;		/* those up to this UID were judged */
	struct judged	*v;		/* own */
	size_t		 n, cap;
};

static int
judge_find(void *arg, const struct known_message *m, struct err *e)
{
	struct judge *j = arg;

	(void)e;
	if (m->uid <= j->after || !uidset_has(j->of, m->uid))
		return 0;
	/* All contents of one UID go together. */
	if (j->n >= JUDGE_MAX && j->v[j->n - 1].uid != m->uid)
		return 1;
	j->v = mem_grow(j->v, &j->cap, j->n + 1, sizeof(*j->v));
	j->v[j->n++] = (struct judged){ m->uid, m->sha256 };
	return 0;
}

static int
drop_bytes(void *arg, const void *p, size_t n, struct err *e)
{
	(void)arg, (void)p, (void)n, (void)e;
	return 0;
}

/* Whether the vault has this content as it came: 1, 0, -1. */
static int
is_sound(struct against *a, const struct digest *sha256, struct err *e)
{
	const struct sink nowhere = { drop_bytes, NULL };

	if (cancel_check(e) == -1)
		return -1;
	if (vault_read(a->v, sha256, &nowhere, e) == 0)
		return 1;
	return e->kind == EK_CORRUPT ? 0 : -1;
}

/* What is not known any more was taken for gone by a backup meanwhile. */
static int
judge(struct against *a, struct seen *s, struct err *e)
{
	struct judge j = { .of = &s->differ };
	struct uidset sound = UIDSET_INIT, damaged = UIDSET_INIT;
	size_t i;
	int r, sure = 0;

	do {
		j.n = 0;
		if ((r = catalog_messages(a->catalog, s->folder, CATALOG_NOW,
		    false, judge_find, &j, e)) == -1)
			break;
		for (i = 0; i < j.n && sure != -1; i++)
			if ((sure = is_sound(a, &j.v[i].sha256, e)) != -1)
				uidset_add(sure ? &sound : &damaged,
				    j.v[i].uid);
		if (j.n > 0)
			j.after = j.v[j.n - 1].uid;
	} while (r == 1 && sure != -1);
	uidset_remove_set(&sound, &damaged);
	against_tell_uids(a, AGAINST_CONTENT, s, &sound, "the server gives "
	    "other bytes than it did; the vault has those of then");
	against_tell_uids(a, AGAINST_DAMAGED, s, &damaged, "the vault has "
	    "not the bytes any more that came");
	uidset_release(&sound);
	uidset_release(&damaged);
	free(j.v);
	return r == -1 || sure == -1 ? -1 : 0;
}

int
against_judge(struct against *a, struct err *e)
{
	size_t i;

	for (i = 0; i < a->n; i++) {
		struct seen *s = &a->seen[i];

		against_tell_uids(a, AGAINST_UNDELIVERED, s, &s->empty,
		    "the server has no content for it");
		if (!uidset_empty(&s->differ) && judge(a, s, e) == -1)
			return -1;
		uidset_remove_set(&s->sizes, &s->differ);
		against_tell_uids(a, AGAINST_SIZE, s, &s->sizes,
		    "RFC822.SIZE is not the size that it has in the vault");
	}
	return 0;
}
