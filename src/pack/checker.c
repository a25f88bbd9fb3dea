/*
 * checker.c - packs checked by several threads.
 *
 * The caller's thread reads each pack from its first byte to its last, once, and hashes it; the frames go to the
 * workers through a ring of slots as they are read.  What they find is told when all of a pack is done.  A frame that
 * is too large for a slot is the caller's own work, as is the tail.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/io.h"
#include "base/mem.h"
#include "pack/check.h"
#include "pack/inflate.h"
#include "pack/read.h"
#include "pack/tail.h"
#include "pack/thread.h"

#define THREADS_MAX	64

/* A frame on its way to a worker. */
struct slot {
	char		*in;		/* own; CHECK_HELD */
	struct check_pack *pack;	/* borrowed */
	uint64_t	 frame;
	bool		 busy;		/* it is not the caller's: under the lock */
};

struct worker {
	struct pack_checker *c;		/* borrowed */
	struct check	*check;		/* own */
	pthread_t	 thread;
};

struct pack_checker {
	/* The caller's. */
	int		 dir;		/* borrowed */
	pack_damage_fn	*fn;
	void		*arg;
	struct check	*check;		/* own; for large frames */
	struct inflate	*inflate;	/* own; for tails */
	struct hasher	*hash;		/* own; of a file */
	uint64_t	 hashed;	/* bytes of it */
	struct check_pack *first, *last;	/* own; what was put, in order */
	uint64_t	 read;

	/* The caller's and the workers', under the lock. */
	pthread_mutex_t	 lock;
	pthread_cond_t	 filled, emptied;
	uint64_t	 put, got;	/* frames handed over, taken */
	bool		 stop;
	bool		 failed;	/* a worker can't go on */
	struct err	 why;		/* if failed */
	uint64_t	 raw;

	struct slot	*slots;		/* own */
	size_t		 n_slots;
	struct worker	*workers;	/* own */
	size_t		 n;		/* that run */
};

/* ---- workers ---- */

/* With the lock held: what was found in a frame belongs to its pack. */
static void
hand_in(struct pack_checker *c, struct check *check, struct check_pack *p)
{
	check_items_move(&p->found, &check->items);
	p->left--;
	c->raw += check->raw;
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct pack_checker *c = w->c;
	struct slot *s;
	struct err e;
	int rc;

	pthread_mutex_lock(&c->lock);
	for (;;) {
		while (c->got == c->put && !c->stop)
			pthread_cond_wait(&c->filled, &c->lock);
		if (c->stop)
			break;
		s = &c->slots[c->got++ % c->n_slots];
		pthread_mutex_unlock(&c->lock);
		rc = check_held(w->check, s->pack, s->frame, s->in, &e);
		pthread_mutex_lock(&c->lock);
		if (rc == -1 && !c->failed) {
			c->failed = true;
			c->why = e;
		}
		hand_in(c, w->check, s->pack);
		s->busy = false;
		pthread_cond_signal(&c->emptied);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

struct pack_checker *
pack_checker_new(int dir, unsigned int threads, pack_damage_fn *fn, void *arg)
{
	struct pack_checker *c = xcalloc(1, sizeof(*c));
	struct err e;

	c->dir = dir;
	c->fn = fn;
	c->arg = arg;
	c->check = check_new();
	c->inflate = inflate_new();
	c->hash = hasher_new();
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->filled, NULL);
	pthread_cond_init(&c->emptied, NULL);
	if (threads > THREADS_MAX)
		threads = THREADS_MAX;
	/* One more, so that none has to wait for the next. */
	c->n_slots = (size_t)threads + 1;
	c->slots = xcalloc(c->n_slots, sizeof(*c->slots));
	c->workers = xcalloc(c->n_slots, sizeof(*c->workers));
	for (; c->n < threads; c->n++) {
		c->workers[c->n] = (struct worker){ c, check_new(), 0 };
		if (thread_start(&c->workers[c->n].thread, work,
		    &c->workers[c->n], &e) == -1) {
			check_free(&c->workers[c->n].check);
			break;
		}
	}
	return c;
}

void
pack_checker_free(struct pack_checker **cp)
{
	struct pack_checker *c = *cp;
	struct check_pack *p;
	size_t i;

	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_cond_broadcast(&c->filled);
	pthread_mutex_unlock(&c->lock);
	for (i = 0; i < c->n; i++) {
		pthread_join(c->workers[i].thread, NULL);
		check_free(&c->workers[i].check);
	}
	while ((p = c->first) != NULL) {
		c->first = p->next;
		check_pack_free(&p);
	}
	for (i = 0; i < c->n_slots; i++)
		free(c->slots[i].in);
	pthread_cond_destroy(&c->emptied);
	pthread_cond_destroy(&c->filled);
	pthread_mutex_destroy(&c->lock);
	check_free(&c->check);
	inflate_free(&c->inflate);
	hasher_free(&c->hash);
	free(c->slots);
	free(c->workers);
	free(c);
	*cp = NULL;
}

/* ---- telling ---- */

static int
tell(struct pack_checker *c, struct check_pack *p, struct err *e)
{
	const struct check_item *item;
	struct pack_damage d = { .pack = p->claim.name };
	size_t i;

	/* Nobody needs to hear it twice. */
	if (p->changed && p->found.n == 0)
		check_items_add(&p->found, 0, 0, NULL, "its bytes are not "
		    "those that were written (SHA-256 of the file)");
	check_items_sort(&p->found);
	for (i = 0; i < p->found.n; i++) {
		item = &p->found.p[i];
		d.offset = item->offset;
		d.frame = item->frame;
		d.what = item->what;
		d.sha256 = item->costs ? &item->sha256 : NULL;
		if (c->fn(c->arg, &d, e) == -1)
			return -1;
	}
	return 0;
}

/* Tell of the packs that are done; where ${all} is set, wait for them. */
static int
tell_done(struct pack_checker *c, bool all, struct err *e)
{
	struct check_pack *p;
	bool done;
	int rc = 0;

	while (rc == 0 && (p = c->first) != NULL) {
		pthread_mutex_lock(&c->lock);
		while (all && p->left > 0 && !c->failed)
			pthread_cond_wait(&c->emptied, &c->lock);
		done = p->read && p->left == 0;
		if (c->failed) {
			*e = c->why;
			rc = -1;
		}
		pthread_mutex_unlock(&c->lock);
		if (rc == -1 || !done)
			break;
		rc = tell(c, p, e);
		c->first = p->next;
		check_pack_free(&p);
	}
	return rc;
}

/* ---- reading ---- */

static void
found(struct pack_checker *c, struct check_pack *p, uint64_t offset,
    uint64_t frame, const char *what)
{
	struct check_items items = { NULL, 0, 0 };

	check_items_add(&items, offset, frame, NULL, what);
	pthread_mutex_lock(&c->lock);
	check_items_move(&p->found, &items);
	pthread_mutex_unlock(&c->lock);
	check_items_release(&items);
}

static int
saw(void *arg, const void *p, size_t n, struct err *e)
{
	struct pack_checker *c = arg;

	(void)e;
	hasher_add(c->hash, p, n);
	c->hashed += n;
	c->read += n;
	return 0;
}

/* A slot that is the caller's to fill; waits for one. */
static int
open_slot(struct pack_checker *c, struct slot **out, struct err *e)
{
	struct slot *s = &c->slots[c->put % c->n_slots];
	int rc = 0;

	pthread_mutex_lock(&c->lock);
	while (s->busy && !c->failed)
		pthread_cond_wait(&c->emptied, &c->lock);
	if (c->failed) {
		*e = c->why;
		rc = -1;
	}
	pthread_mutex_unlock(&c->lock);
	if (s->in == NULL)
		s->in = xmalloc(CHECK_HELD);
	*out = s;
	return rc;
}

static void
hand_over(struct pack_checker *c, struct slot *s, struct check_pack *p,
    uint64_t frame)
{
	s->pack = p;
	s->frame = frame;
	pthread_mutex_lock(&c->lock);
	p->left++;
	s->busy = true;
	c->put++;
	pthread_cond_signal(&c->filled);
	pthread_mutex_unlock(&c->lock);
}

static void
lose(struct pack_checker *c, struct check_pack *p, uint64_t frame,
    const char *what)
{
	struct check_items items = { NULL, 0, 0 };

	check_pack_lose(p, frame, what, &items);
	pthread_mutex_lock(&c->lock);
	check_items_move(&p->found, &items);
	pthread_mutex_unlock(&c->lock);
	check_items_release(&items);
}

/* A frame that a slot can hold. */
static int
check_small(struct pack_checker *c, struct check_pack *p, uint64_t frame,
    int fd, struct err *e)
{
	const struct frame *f = &p->claim.frames[frame];
	struct slot *s;
	int rc;

	if (open_slot(c, &s, e) == -1)
		return -1;
	if (io_read_at(fd, s->in, (size_t)f->size, f->offset, e) == -1) {
		if (!read_is_damage(e))
			return -1;
		lose(c, p, frame, e->text);
		return 0;
	}
	/* The worker only reads it, so that both can be at it. */
	if (c->n > 0)
		hand_over(c, s, p, frame);
	saw(c, s->in, (size_t)f->size, e);
	if (c->n > 0)
		return 0;
	p->left++;
	rc = check_held(c->check, p, frame, s->in, e);
	hand_in(c, c->check, p);
	return rc;
}

static int
check_large(struct pack_checker *c, struct check_pack *p, uint64_t frame,
    int fd, struct err *e)
{
	const struct sink seen = { saw, c };
	int rc;

	rc = check_stream(c->check, p, frame, fd, &seen, e);
	pthread_mutex_lock(&c->lock);
	p->left++;
	hand_in(c, c->check, p);
	pthread_mutex_unlock(&c->lock);
	return rc;
}

static int
check_tail(struct pack_checker *c, struct check_pack *p, int fd,
    uint64_t size, struct err *e)
{
	const struct rec_pack *info = &p->claim.info;
	const struct sink seen = { saw, c };
	uint64_t from;
	bool refused;

	if (__builtin_sub_overflow(info->size, info->tail, &from) ||
	    info->size > size)
		return 0;	/* told of already */
	if (tail_read(c->inflate, fd, from, info->size, &seen, NULL, NULL,
	    &refused, e) == 0)
		return 0;
	if (!read_is_damage(e))
		return -1;
	err_add(e, "the notes at its end");
	found(c, p, from, info->frames, e->text);
	return 0;
}

/* What follows from the whole file.  All frames were read, but they may still be at work. */
static void
check_whole(struct pack_checker *c, struct check_pack *p, uint64_t size)
{
	const struct rec_pack *info = &p->claim.info;
	struct digest is;
	char what[128];

	hasher_end(c->hash, &is);
	if (size != info->size) {
		snprintf(what, sizeof(what), "the file has %" PRIu64
		    " bytes, the manifests say %" PRIu64, size, info->size);
		found(c, p, size < info->size ? size : info->size,
		    info->frames, what);
	} else
		p->changed = c->hashed == size &&
		    !digest_equal(&is, &info->sha256);
	c->hashed = 0;
}

static int
check_file(struct pack_checker *c, struct check_pack *p, int fd,
    uint64_t size, struct err *e)
{
	const struct frame *f;
	uint64_t end, i;
	int rc = 0;

	for (i = 0; rc == 0 && i < p->claim.info.frames; i++) {
		f = &p->claim.frames[i];
		if (cancel_check(e) == -1)
			return -1;
		if (__builtin_add_overflow(f->offset, f->size, &end) ||
		    end > size)
			lose(c, p, i, "the file ends before it should");
		else if (check_is_held(f))
			rc = check_small(c, p, i, fd, e);
		else
			rc = check_large(c, p, i, fd, e);
	}
	if (rc == -1)
		return -1;
	if (check_tail(c, p, fd, size, e) == -1)
		return -1;
	check_whole(c, p, size);
	return 0;
}

/* There is no file to be read. */
static int
check_missing(struct check_pack *p, struct err *e)
{
	const struct pack_claim *claim = &p->claim;
	const char *what = e->text;
	size_t i;

	if (!read_is_damage(e))
		return -1;
	if (e->sys == ENOENT)
		what = "the file is missing";
	check_items_release(&p->found);
	for (i = 0; i < claim->n; i++)
		check_items_add(&p->found, 0, claim->blobs[i].place.frame,
		    &claim->blobs[i].sha256, what);
	if (claim->n == 0)
		check_items_add(&p->found, 0, 0, NULL, what);
	return 0;
}

int
pack_checker_put(struct pack_checker *c, struct pack_claim *claim,
    struct err *e)
{
	struct check_pack *p = check_pack_new(claim);
	uint64_t size;
	int fd, rc;

	if (c->first == NULL)
		c->first = p;
	else
		c->last->next = p;
	c->last = p;
	check_pack_claims(p, &p->found);
	fd = read_open(c->dir, p->claim.name, &size, e);
	if (fd == -1)
		rc = check_missing(p, e);
	else {
		rc = check_file(c, p, fd, size, e);
		close(fd);
	}
	if (rc == -1)
		return -1;
	p->read = true;
	return tell_done(c, false, e);
}

int
pack_checker_end(struct pack_checker *c, struct err *e)
{
	return tell_done(c, true, e);
}

void
pack_checker_progress(struct pack_checker *c, uint64_t *read, uint64_t *raw)
{
	*read = c->read;
	pthread_mutex_lock(&c->lock);
	*raw = c->raw;
	pthread_mutex_unlock(&c->lock);
}
