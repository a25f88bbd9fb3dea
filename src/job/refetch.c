/*
 * refetch.c - the story of fetching messages again, for repair.
 *
 * In rounds: in each, every content that was not had yet is asked for in the next of its places; what is asked for in
 * one folder goes together.  A folder that turns out to be of no use is not asked again.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/backup.h"
#include "job/look.h"

/* A folder under one UIDVALIDITY. */
struct spot {
	const char	*folder;	/* borrowed, as in the request */
	uint64_t	 uidvalidity;
	bool		 dead;		/* nothing can be had there, for the next two reasons */
	enum job_refetch_failure failure;
	char		*why;		/* own */
};

/* A content in one of its places. */
struct spotted {
	const struct job_wanted *w;	/* borrowed */
	struct spot	*spot;		/* borrowed */
};

struct content {
	struct spotted	*at, *end;	/* its places that were not tried; the first is being tried */
	bool		 had;
};

/* What is asked for in one folder in one round, by UID, none twice. */
struct errand {
	struct spot	*spot;
	struct content	**v;		/* borrowed: a piece of the round */
	size_t		 n;
	struct uidset	 answered;	/* own */
	bool		 moved;		/* it is another epoch */
};

struct refetch {
	const struct job_refetch_handler *h;
	struct look	*look;		/* own */
	struct imap_boxes boxes;	/* own */
	struct spot	*spots;		/* own */
	size_t		 spots_n;
	struct spotted	*places;	/* own; by content, then spot and UID */
	size_t		 n;
	struct content	*contents;	/* own */
	size_t		 contents_n;
	struct content	**round;	/* own; by spot and UID */
	size_t		 round_n;
	struct errand	*errands;	/* own */
	struct look_box	*looks;		/* own; one for each errand */
	size_t		 errands_n;
	uint64_t	 had;
	bool		 later;		/* something may be had another time */
};

static int
compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* ---- what is wanted, in order ---- */

static int
by_spot(const void *a, const void *b)
{
	const struct job_wanted *x = ((const struct spotted *)a)->w;
	const struct job_wanted *y = ((const struct spotted *)b)->w;
	int r = strcmp(x->folder, y->folder);

	return r != 0 ? r : compare_numbers(x->uidvalidity, y->uidvalidity);
}

static int
by_content(const void *a, const void *b)
{
	const struct spotted *x = a, *y = b;
	int r = memcmp(x->w->sha256.b, y->w->sha256.b, DIGEST_SIZE);

	if (r != 0)
		return r;
	if (x->spot != y->spot)
		return x->spot < y->spot ? -1 : 1;
	return compare_numbers(x->w->uid, y->w->uid);
}

static int
by_place(const void *a, const void *b)
{
	const struct spotted *x = (*(struct content *const *)a)->at;
	const struct spotted *y = (*(struct content *const *)b)->at;

	if (x->spot != y->spot)
		return x->spot < y->spot ? -1 : 1;
	return compare_numbers(x->w->uid, y->w->uid);
}

static void
kill_spot(struct spot *s, enum job_refetch_failure failure, const char *why)
{
	s->dead = true;
	s->failure = failure;
	s->why = xstrdup(why);
}

static const char *
wire_of(const struct refetch *r, const struct spot *s)
{
	const struct mail_box *box = plan_box(&r->boxes, s->folder);

	/* It can be opened though it is not listed. */
	if (box == NULL && strcmp(s->folder, "INBOX") == 0)
		return "INBOX";
	return box == NULL || !box->selectable ? NULL : box->wire;
}

static void
find_spots(struct refetch *r)
{
	size_t i;

	qsort(r->places, r->n, sizeof(*r->places), by_spot);
	for (i = 0; i < r->n; i++) {
		struct spotted *p = &r->places[i];
		struct spot *s = &r->spots[r->spots_n];

		if (i == 0 || by_spot(p - 1, p) != 0) {
			*s = (struct spot){ .folder = p->w->folder,
			    .uidvalidity = p->w->uidvalidity };
			if (wire_of(r, s) == NULL)
				kill_spot(s, REFETCH_FOLDER,
				    "the server has no such folder any more");
			r->spots_n++;
		}
		p->spot = &r->spots[r->spots_n - 1];
	}
}

static void
find_contents(struct refetch *r)
{
	size_t i;

	qsort(r->places, r->n, sizeof(*r->places), by_content);
	for (i = 0; i < r->n; i++) {
		struct spotted *p = &r->places[i];

		if (i == 0 || !digest_equal(&p[-1].w->sha256, &p->w->sha256))
			r->contents[r->contents_n++].at = p;
		r->contents[r->contents_n - 1].end = p + 1;
	}
}

static void
put_in_order(struct refetch *r, const struct job_wanted *wanted)
{
	size_t i;

	r->places = xcalloc(r->n + 1, sizeof(*r->places));
	r->spots = xcalloc(r->n + 1, sizeof(*r->spots));
	r->contents = xcalloc(r->n + 1, sizeof(*r->contents));
	r->round = xcalloc(r->n + 1, sizeof(*r->round));
	for (i = 0; i < r->n; i++)
		r->places[i].w = &wanted[i];
	if (r->n == 0)
		return;
	find_spots(r);
	find_contents(r);
}

/* ---- what is answered ---- */

/* This place was in vain. */
static int
give_up(struct refetch *r, struct content *c, enum job_refetch_failure failure,
    const char *why, struct err *e)
{
	return r->h->failed(r->h->arg, c->at++->w, failure, why, e);
}

static void
progress(struct refetch *r, const struct errand *d)
{
	struct job_event ev = { .kind = JOB_PROGRESS, .done = r->had,
	    .total = r->contents_n, .folder = d->spot->folder,
	    .received = look_received(r->look) };

	if (r->h->listener.event != NULL)
		r->h->listener.event(r->h->listener.arg, &ev);
}

static int
opened(void *arg, struct look_box *b, const struct imap_event *ev,
    struct err *e)
{
	struct errand *d = b->of;

	(void)arg, (void)e;
	d->moved = ev->box.uidvalidity == 0 ||
	    ev->box.uidvalidity != d->spot->uidvalidity;
	return !d->moved;
}

static struct content *
find(const struct errand *d, uint32_t uid)
{
	size_t lo = 0, hi = d->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (d->v[mid]->at->w->uid < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return d->v[lo];
}

static int
got(void *arg, struct look_box *b, const struct imap_event *ev, struct err *e)
{
	struct refetch *r = arg;
	struct errand *d = b->of;
	struct content *c = find(d, ev->meta.uid);
	int right;

	uidset_add(&d->answered, ev->meta.uid);
	if ((right = r->h->whole(r->h->arg, c->at->w, &ev->meta, e)) == -1)
		return -1;
	c->had = right == 1;
	r->had += c->had;
	progress(r, d);
	return 0;
}

static int
done(void *arg, struct look_box *b, struct err *e)
{
	struct refetch *r = arg;
	struct errand *d = b->of;
	size_t i;
	int rc = 0;

	r->later |= b->later;
	if (b->refused)
		kill_spot(d->spot, REFETCH_FOLDER,
		    b->why == NULL ? "it can't be opened" : b->why);
	else if (d->moved)
		kill_spot(d->spot, REFETCH_EPOCH,
		    "the folder has another UIDVALIDITY now");
	for (i = 0; rc == 0 && i < d->n; i++) {
		struct content *c = d->v[i];
		uint32_t uid = c->at->w->uid;

		if (c->had)
			continue;
		if (uidset_has(&d->answered, uid))
			rc = give_up(r, c, REFETCH_OTHER,
			    "the server has another content there now", e);
		else if (d->spot->dead)
			rc = give_up(r, c, d->spot->failure, d->spot->why, e);
		else if (!uidset_has(&b->there, uid))
			rc = give_up(r, c, REFETCH_GONE,
			    "the server has it no more", e);
		else
			rc = give_up(r, c, REFETCH_UNDELIVERED,
			    look_lack(b, uid), e);
	}
	return rc;
}

/* ---- rounds ---- */

/* The contents that have a place left to try, by place. */
static int
begin_round(struct refetch *r, struct err *e)
{
	size_t i;

	r->round_n = 0;
	for (i = 0; i < r->contents_n; i++) {
		struct content *c = &r->contents[i];

		while (!c->had && c->at < c->end && c->at->spot->dead)
			if (give_up(r, c, c->at->spot->failure,
			    c->at->spot->why, e) == -1)
				return -1;
		if (!c->had && c->at < c->end)
			r->round[r->round_n++] = c;
	}
	if (r->round_n > 1)
		qsort(r->round, r->round_n, sizeof(*r->round), by_place);
	return 0;
}

/* A UID that is wanted for two contents waits for the next round with the second one. */
static void
drop_doubles(struct refetch *r)
{
	size_t i, n = 0;

	for (i = 0; i < r->round_n; i++)
		if (n == 0 || by_place(&r->round[n - 1], &r->round[i]) != 0)
			r->round[n++] = r->round[i];
	r->round_n = n;
}

static void
drop_errands(struct refetch *r)
{
	while (r->errands_n > 0) {
		look_box_release(&r->looks[--r->errands_n]);
		uidset_release(&r->errands[r->errands_n].answered);
	}
}

static void
make_errands(struct refetch *r)
{
	struct errand *d = NULL;
	size_t i;

	for (i = 0; i < r->round_n; i++) {
		struct spotted *p = r->round[i]->at;

		if (d == NULL || d->spot != p->spot) {
			d = &r->errands[r->errands_n];
			*d = (struct errand){ .spot = p->spot,
			    .v = &r->round[i] };
			r->looks[r->errands_n++] = (struct look_box){
			    .wire = wire_of(r, p->spot), .of = d,
			    .what = LOOK_FETCH };
		}
		d->n++;
		uidset_add(&r->looks[r->errands_n - 1].ask, p->w->uid);
	}
}

static int
all_rounds(struct refetch *r, struct err *e)
{
	const struct look_handler h = { .opened = opened, .got = got,
	    .done = done, .body = r->h->body, .arg = r };
	int rc;

	r->errands = xcalloc(r->spots_n + 1, sizeof(*r->errands));
	r->looks = xcalloc(r->spots_n + 1, sizeof(*r->looks));
	while ((rc = begin_round(r, e)) == 0 && r->round_n > 0) {
		drop_doubles(r);
		make_errands(r);
		rc = look_run(r->look, r->looks, r->errands_n, &h, e);
		drop_errands(r);
		if (rc == -1)
			break;
	}
	return rc;
}

/* ---- the whole ---- */

static int
verdict(const struct refetch *r, struct err *e)
{
	uint64_t lacking = r->contents_n - r->had;

	if (lacking == 0)
		return 0;
	err_set(e, r->later ? EK_TEMP : EK_PARTIAL, "%" PRIu64 " of %zu "
	    "messages could not be fetched again", lacking, r->contents_n);
	return r->later ? err_next(e, "run it again later") : -1;
}

static void
release(struct refetch *r)
{
	drop_errands(r);
	free(r->errands);
	free(r->looks);
	free(r->round);
	free(r->contents);
	free(r->places);
	while (r->spots_n > 0)
		free(r->spots[--r->spots_n].why);
	free(r->spots);
	imap_boxes_release(&r->boxes);
	look_free(&r->look);
}

int
job_refetch(const struct account *account, const struct job_ask *ask,
    const struct job_wanted *wanted, size_t n,
    const struct job_refetch_handler *h, struct err *e)
{
	struct refetch r = { .h = h, .n = n };
	int rc;

	r.look = look_new(account, ask, NULL, &h->listener);
	if ((rc = look_list(r.look, &r.boxes, e)) == 0) {
		put_in_order(&r, wanted);
		rc = all_rounds(&r, e);
	}
	if (rc == 0)
		rc = verdict(&r, e);
	release(&r);
	return rc;
}
