/*
 * frame.c - see frame.h.  The worker is the one thread beside the main one while a pack is written.
 *
 * The chunks are a ring: the caller fills the one at ${put}, the worker empties the one at ${got}.  The lock guards the
 * two numbers and the flags, never the bytes: a chunk belongs to one side at a time.
 */
#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "base/mem.h"
#include "pack/frame.h"
#include "pack/pack.h"
#include "pack/thread.h"

#define CHUNK_SIZE	(256 * 1024)	/* under 1 ms of work: a hand-over costs nothing beside it */
#define CHUNKS		4		/* 8 were no faster */
#define OUT_SIZE	(256 * 1024)	/* one write(2) */

/*
 * 3 keeps up with a fast server (300 MB/s on mail).  Level 1 makes packs larger by 1.11 to 1.25; 5 makes them 0.98 of
 * the size at 0.55 of the speed, 9 makes them 0.91 to 0.96 at a quarter (tests/bench/frames).  Its window is 2 MiB.
 */
#define LEVEL		3

/* How much may be written before the disk is sent to work: the final fsync takes a quarter of its time. */
#define FLUSH_AHEAD	(8 * 1024 * 1024)

struct chunk {
	char	*p;		/* own; CHUNK_SIZE */
	size_t	 n;
	bool	 last;		/* ends its frame */
};

struct frame_writer {
	/* The caller's. */
	struct chunk	*open;		/* in the ring, being filled; or NULL */
	uint64_t	 number, held, raw;
	pthread_t	 worker;
	bool		 running;	/* there is a worker to join */

	/* Both sides', under the lock. */
	pthread_mutex_t	 lock;
	pthread_cond_t	 filled, emptied;
	uint64_t	 put, got;	/* chunks handed over, chunks done */
	bool		 ended;		/* no chunk will follow */
	bool		 stop;		/* don't even do what is there */
	bool		 failed;
	struct err	 why;		/* if failed */

	struct chunk	 ring[CHUNKS];

	/* The worker's; the caller's when there is none. */
	struct outfile	*file;		/* borrowed */
	struct hasher	*hash;		/* own; of the file */
	ZSTD_CCtx	*zstd;		/* own */
	char		*out;		/* own; OUT_SIZE, what is still to be written */
	size_t		 out_n;
	uint64_t	 size;		/* of the file, with what is in ${out} */
	uint64_t	 pushed;	/* bytes the kernel was told to write to the disk */
	struct frame	 now;
	struct frame	*frames;	/* own; the ended ones */
	size_t		 n, cap;
};

/* Start, not await, the disk's work on what was written.  Only advice: an error shows in fsync as well. */
static void
push(struct frame_writer *w)
{
	uint64_t n = w->size - w->pushed;

	if (n < FLUSH_AHEAD)
		return;
	sync_file_range(outfile_fd(w->file), (off_t)w->pushed, (off_t)n,
	    SYNC_FILE_RANGE_WRITE);
	w->pushed = w->size;
}

static int
flush(struct frame_writer *w, struct err *e)
{
	if (outfile_write(w->file, w->out, w->out_n, e) == -1)
		return -1;
	hasher_add(w->hash, w->out, w->out_n);
	w->out_n = 0;
	push(w);
	return 0;
}

static void
end_frame(struct frame_writer *w)
{
	w->frames = mem_grow(w->frames, &w->cap, w->n + 1, sizeof(*w->frames));
	w->frames[w->n++] = w->now;
	w->now = (struct frame){ .offset = w->size };
}

static int
compress_chunk(struct frame_writer *w, const struct chunk *c, struct err *e)
{
	ZSTD_inBuffer in = { c->p, c->n, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { w->out, OUT_SIZE, w->out_n };

		left = ZSTD_compressStream2(w->zstd, &out, &in,
		    c->last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return err_set(e, EK_FAIL, "compression failed: %s",
			    ZSTD_getErrorName(left));
		w->now.size += out.pos - w->out_n;
		w->size += out.pos - w->out_n;
		w->out_n = out.pos;
		if (w->out_n == OUT_SIZE && flush(w, e) == -1)
			return -1;
	} while (c->last ? left > 0 : in.pos < in.size);
	w->now.raw += c->n;
	if (c->last)
		end_frame(w);
	return 0;
}

static void *
work(void *arg)
{
	struct frame_writer *w = arg;
	struct err e;
	int rc = 0;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (w->put == w->got && !w->ended && !w->stop)
			pthread_cond_wait(&w->filled, &w->lock);
		if (w->stop || w->put == w->got)
			break;
		pthread_mutex_unlock(&w->lock);
		/* Only this thread changes ${got}. */
		rc = compress_chunk(w, &w->ring[w->got % CHUNKS], &e);
		pthread_mutex_lock(&w->lock);
		if (rc == -1) {
			w->failed = true;
			w->why = e;
			pthread_cond_signal(&w->emptied);
			break;
		}
		w->got++;
		pthread_cond_signal(&w->emptied);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static int
set_up_zstd(struct frame_writer *w, struct err *e)
{
	if ((w->zstd = ZSTD_createCCtx()) == NULL ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(w->zstd,
	    ZSTD_c_compressionLevel, LEVEL)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(w->zstd,
	    ZSTD_c_checksumFlag, 1)))
		return err_set(e, EK_FAIL, "can't set up the compression");
	return 0;
}

int
frame_open(struct outfile *file, struct frame_writer **out, struct err *e)
{
	struct frame_writer *w = xcalloc(1, sizeof(*w));
	size_t i;

	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->filled, NULL);
	pthread_cond_init(&w->emptied, NULL);
	for (i = 0; i < CHUNKS; i++)
		w->ring[i].p = xmalloc(CHUNK_SIZE);
	w->file = file;
	w->hash = hasher_new();
	w->out = xmalloc(OUT_SIZE);
	if (set_up_zstd(w, e) == -1 ||
	    thread_start(&w->worker, work, w, e) == -1) {
		frame_free(&w);
		return -1;
	}
	w->running = true;
	*out = w;
	return 0;
}

static void
join_worker(struct frame_writer *w)
{
	if (!w->running)
		return;
	pthread_join(w->worker, NULL);
	w->running = false;
}

void
frame_free(struct frame_writer **wp)
{
	struct frame_writer *w = *wp;
	size_t i;

	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->filled);
	pthread_mutex_unlock(&w->lock);
	join_worker(w);
	pthread_cond_destroy(&w->emptied);
	pthread_cond_destroy(&w->filled);
	pthread_mutex_destroy(&w->lock);
	for (i = 0; i < CHUNKS; i++)
		free(w->ring[i].p);
	hasher_free(&w->hash);
	ZSTD_freeCCtx(w->zstd);
	free(w->out);
	free(w->frames);
	free(w);
	*wp = NULL;
}

/* With the lock held. */
static int
failure(const struct frame_writer *w, struct err *e)
{
	if (!w->failed)
		return 0;
	*e = w->why;
	return -1;
}

int
frame_check(struct frame_writer *w, struct err *e)
{
	int rc;

	pthread_mutex_lock(&w->lock);
	rc = failure(w, e);
	pthread_mutex_unlock(&w->lock);
	return rc;
}

/* Wait until a chunk of the ring is free and open it. */
static int
open_chunk(struct frame_writer *w, struct err *e)
{
	int rc;

	pthread_mutex_lock(&w->lock);
	while (w->put - w->got == CHUNKS && !w->failed)
		pthread_cond_wait(&w->emptied, &w->lock);
	rc = failure(w, e);
	pthread_mutex_unlock(&w->lock);
	if (rc == -1)
		return -1;
	w->open = &w->ring[w->put % CHUNKS];
	w->open->n = 0;
	return 0;
}

static void
hand_over(struct frame_writer *w, bool last)
{
	w->open->last = last;
	w->open = NULL;
	pthread_mutex_lock(&w->lock);
	w->put++;
	pthread_cond_signal(&w->filled);
	pthread_mutex_unlock(&w->lock);
}

int
frame_write(struct frame_writer *w, const void *p, size_t n, struct err *e)
{
	const char *from = p;
	size_t part;

	while (n > 0) {
		/* Not before there is more to come: the end of a frame should find its last bytes in a chunk. */
		if (w->open != NULL && w->open->n == CHUNK_SIZE)
			hand_over(w, false);
		if (w->open == NULL && open_chunk(w, e) == -1)
			return -1;
		part = CHUNK_SIZE - w->open->n;
		if (part > n)
			part = n;
		memcpy(w->open->p + w->open->n, from, part);
		w->open->n += part;
		w->held += part;
		w->raw += part;
		from += part;
		n -= part;
	}
	return 0;
}

static int
write_sink(void *arg, const void *p, size_t n, struct err *e)
{
	return frame_write(arg, p, n, e);
}

struct sink
frame_sink(struct frame_writer *w)
{
	return (struct sink){ write_sink, w };
}

int
frame_cut(struct frame_writer *w, struct err *e)
{
	if (w->open == NULL && open_chunk(w, e) == -1)
		return -1;
	hand_over(w, true);
	w->number++;
	w->held = 0;
	return 0;
}

uint64_t
frame_number(const struct frame_writer *w)
{
	return w->number;
}

uint64_t
frame_held(const struct frame_writer *w)
{
	return w->held;
}

uint64_t
frame_raw(const struct frame_writer *w)
{
	return w->raw;
}

int
frame_finish(struct frame_writer *w, struct err *e)
{
	if ((w->held > 0 || w->number == 0) && frame_cut(w, e) == -1)
		return -1;
	pthread_mutex_lock(&w->lock);
	w->ended = true;
	pthread_cond_signal(&w->filled);
	pthread_mutex_unlock(&w->lock);
	join_worker(w);
	if (failure(w, e) == -1)
		return -1;
	assert(w->n == w->number);
	return flush(w, e);
}

int
frame_append(struct frame_writer *w, const void *p, size_t n, struct err *e)
{
	if (outfile_write(w->file, p, n, e) == -1)
		return -1;
	hasher_add(w->hash, p, n);
	w->size += n;
	return 0;
}

void
frame_end(struct frame_writer *w, uint64_t *size_out, struct digest *d)
{
	*size_out = w->size;
	hasher_end(w->hash, d);
}

const struct frame *
frame_table(const struct frame_writer *w, size_t *n_out)
{
	*n_out = w->n;
	return w->frames;
}
