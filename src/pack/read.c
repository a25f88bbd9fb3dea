/*
 * read.c - one message out of a pack.
 *
 * Where a message is comes from the manifest; neither that nor the pack is trusted.  A frame is decompressed to its end
 * before a byte of it is handed on (a small one), or before the call succeeds (a large one), so that its checksum has
 * been seen.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zstd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "mail/mbox.h"
#include "pack/inflate.h"
#include "pack/pack.h"
#include "pack/read.h"

struct pack_reader {
	int		 dir;		/* borrowed */
	struct inflate	*inflate;	/* own */
	char		*name;		/* own; of the pack that is open, or NULL */
	int		 fd;		/* own */
	uint64_t	 size;		/* of the file */
	bool		 kept;		/* ${out} is the frame ${frame} of this pack */
	struct frame	 frame;
	struct buf	 in, out;	/* own */
};

struct pack_reader *
pack_reader_new(int dir)
{
	struct pack_reader *r = xcalloc(1, sizeof(*r));

	r->dir = dir;
	r->fd = -1;
	r->inflate = inflate_new();
	buf_init(&r->in, ZSTD_COMPRESSBOUND(PACK_FRAME_KEEP));
	buf_init(&r->out, PACK_FRAME_KEEP);
	return r;
}

static void
close_pack(struct pack_reader *r)
{
	if (r->fd != -1)
		close(r->fd);
	r->fd = -1;
	free(r->name);
	r->name = NULL;
	r->kept = false;
}

void
pack_reader_free(struct pack_reader **rp)
{
	struct pack_reader *r = *rp;

	if (r == NULL)
		return;
	close_pack(r);
	inflate_free(&r->inflate);
	buf_release(&r->in);
	buf_release(&r->out);
	free(r);
	*rp = NULL;
}

/* A message on its way out: counted, unquoted where it was quoted. */
struct delivery {
	struct sink		 stored;	/* what the frame holds goes here */
	const struct sink	*to;		/* borrowed */
	uint64_t		 size, seen;
	bool			 refused;	/* the error is ${to}'s, not the pack's */
	bool			 quoted;
	struct mbox_unquote	 u;
};

static int
count(void *arg, const void *p, size_t n, struct err *e)
{
	struct delivery *d = arg;

	if (n > d->size - d->seen)
		return err_set(e, EK_CORRUPT,
		    "a message is longer than its %" PRIu64 " bytes", d->size);
	d->seen += n;
	if (sink_write(d->to, p, n, e) == -1) {
		d->refused = true;
		return -1;
	}
	return 0;
}

static void
delivery_start(struct delivery *d, const struct place *place, uint64_t size,
    const struct sink *to)
{
	const struct sink counted = { count, d };

	*d = (struct delivery){ .stored = counted, .to = to, .size = size };
	if (place->form == BLOB_PLAIN)
		return;
	d->quoted = true;
	mbox_unquote_start(&d->u, place->form, place->newline_added, counted);
	d->stored = mbox_unquote_sink(&d->u);
}

static int
delivery_end(struct delivery *d, struct err *e)
{
	if (d->quoted && mbox_unquote_end(&d->u, e) == -1)
		return -1;
	if (d->seen != d->size)
		return err_set(e, EK_CORRUPT, "a message has %" PRIu64
		    " bytes where it should have %" PRIu64, d->seen, d->size);
	return 0;
}

int
read_open(int dir, const char *name, uint64_t *size_out, struct err *e)
{
	int fd;

	if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
		return err_set(e, EK_CORRUPT,
		    "'%s' can't be the name of a pack", name);
	fd = io_open_file(dir, name, size_out, e);
	if (fd == -1 && e->sys == ENOENT)
		e->kind = EK_CORRUPT;
	return fd;
}

static int
open_pack(struct pack_reader *r, const char *name, struct err *e)
{
	if (r->name != NULL && strcmp(r->name, name) == 0)
		return 0;
	close_pack(r);
	if ((r->fd = read_open(r->dir, name, &r->size, e)) == -1)
		return -1;
	r->name = xstrdup(name);
	return 0;
}

static int
damaged(struct err *e)
{
	return err_set(e, EK_CORRUPT,
	    "damaged, or not what the manifest says");
}

/* Whether the numbers of the manifest can be true of this file. */
static int
check_place(const struct pack_reader *r, const struct place *place,
    const struct frame *f, struct err *e)
{
	uint64_t end;

	if (f->size == 0)
		return damaged(e);
	if (__builtin_add_overflow(f->offset, f->size, &end) || end > r->size)
		return err_set(e, EK_CORRUPT, "the file ends before it should");
	if (__builtin_add_overflow(place->offset, place->stored, &end) ||
	    end > f->raw)
		return err_set(e, EK_CORRUPT,
		    "a message is said to lie beyond its end");
	return 0;
}

/* All of a frame into r->out. */
static int
load_frame(struct pack_reader *r, const struct frame *f, struct err *e)
{
	char *in, *out;
	size_t n;

	if (r->kept && memcmp(&r->frame, f, sizeof(*f)) == 0)
		return 0;
	r->kept = false;
	buf_clear(&r->in);
	buf_clear(&r->out);
	if (f->size > r->in.max ||
	    (in = buf_room(&r->in, (size_t)f->size)) == NULL ||
	    (out = buf_room(&r->out, (size_t)f->raw)) == NULL)
		return damaged(e);
	if (io_read_at(r->fd, in, (size_t)f->size, f->offset, e) == -1)
		return -1;
	if (inflate_whole(r->inflate, in, (size_t)f->size, out,
	    (size_t)f->raw, &n, e) == -1)
		return -1;
	if (n != f->raw)
		return damaged(e);
	r->frame = *f;
	r->kept = true;
	return 0;
}

/* A frame on its way past: what of it belongs to the message is delivered. */
struct passage {
	struct delivery		*d;
	const struct place	*place;
	const struct frame	*frame;
	uint64_t		 at;
};

static int
pass(void *arg, const void *data, size_t n, struct err *e)
{
	struct passage *s = arg;
	const char *p = data;
	uint64_t from = s->place->offset, to = from + s->place->stored;

	if (n > s->frame->raw - s->at)
		return damaged(e);
	if (from < s->at)
		from = s->at;
	if (to > s->at + n)
		to = s->at + n;
	if (from < to && sink_write(&s->d->stored, p + (from - s->at),
	    (size_t)(to - from), e) == -1)
		return -1;
	s->at += n;
	return 0;
}

/* A frame that is too large to be held: past the message and on to its end. */
static int
stream_frame(struct pack_reader *r, const struct place *place,
    const struct frame *f, struct delivery *d, struct err *e)
{
	struct passage s = { d, place, f, 0 };
	const struct sink to = { pass, &s };
	uint64_t size;

	if (inflate_pour(r->inflate, r->fd, f->offset, f->offset + f->size,
	    NULL, &to, &size, e) == -1)
		return -1;
	if (size != f->size || s.at != f->raw)
		return damaged(e);
	return 0;
}

static int
read_message(struct pack_reader *r, const struct place *place,
    const struct frame *f, struct delivery *d, struct err *e)
{
	if (check_place(r, place, f, e) == -1)
		return -1;
	if (f->raw > PACK_FRAME_KEEP) {
		if (stream_frame(r, place, f, d, e) == -1)
			return -1;
	} else {
		if (load_frame(r, f, e) == -1 ||
		    sink_write(&d->stored, r->out.p + place->offset,
		    (size_t)place->stored, e) == -1)
			return -1;
	}
	return delivery_end(d, e);
}

int
pack_read(struct pack_reader *r, const struct place *place,
    const struct frame *f, uint64_t size, const struct sink *to, struct err *e)
{
	struct delivery d;

	if (open_pack(r, place->pack, e) == -1)
		return -1;
	delivery_start(&d, place, size, to);
	if (read_message(r, place, f, &d, e) == -1)
		return d.refused ? -1 : err_add(e, "%s: frame %" PRIu64,
		    place->pack, place->frame);
	return 0;
}
