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
#include "pack/pack.h"

#define WINDOW_LOG	23	/* 8 MiB: the format's limit, and what any stock tool opens */
#define IN_PIECE	(128 * 1024)
#define OUT_PIECE	(128 * 1024)

struct pack_reader {
	int		 dir;		/* borrowed */
	ZSTD_DCtx	*zstd;		/* own; NULL before the first frame */
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
	ZSTD_freeDCtx(r->zstd);
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

static int
open_pack(struct pack_reader *r, const char *name, struct err *e)
{
	if (r->name != NULL && strcmp(r->name, name) == 0)
		return 0;
	close_pack(r);
	if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
		return err_set(e, EK_CORRUPT,
		    "'%s' can't be the name of a pack", name);
	if ((r->fd = io_open_file(r->dir, name, &r->size, e)) == -1) {
		if (e->sys == ENOENT)
			e->kind = EK_CORRUPT;
		return -1;
	}
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

/* A frame of ours begins so; skippable and old kinds of frames, which zstd would take as well, do not. */
static bool
has_magic(const void *p, size_t n)
{
	static const unsigned char magic[] = { 0x28, 0xb5, 0x2f, 0xfd };

	return n >= sizeof(magic) && memcmp(p, magic, sizeof(magic)) == 0;
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
	/* One frame, no more and no less. */
	if (!has_magic(in, (size_t)f->size) ||
	    ZSTD_findFrameCompressedSize(in, (size_t)f->size) != f->size)
		return damaged(e);
	n = ZSTD_decompressDCtx(r->zstd, out, (size_t)f->raw, in,
	    (size_t)f->size);
	if (ZSTD_isError(n) || n != f->raw)
		return damaged(e);
	r->frame = *f;
	r->kept = true;
	return 0;
}

/* What of a piece of a frame, which begins at ${at}, belongs to the message. */
static int
deliver_part(struct delivery *d, const struct place *place, uint64_t at,
    const char *p, size_t n, struct err *e)
{
	uint64_t from = place->offset, to = place->offset + place->stored;

	if (from < at)
		from = at;
	if (to > at + n)
		to = at + n;
	if (from >= to)
		return 0;
	return sink_write(&d->stored, p + (from - at), (size_t)(to - from), e);
}

/* The next piece of a frame's file bytes, of which ${*read} were had. */
static int
refill(struct pack_reader *r, const struct frame *f, uint64_t *read,
    ZSTD_inBuffer *in, struct err *e)
{
	size_t n = IN_PIECE;

	if (n > f->size - *read)
		n = (size_t)(f->size - *read);
	if (io_read_at(r->fd, r->in.p, n, f->offset + *read, e) == -1)
		return -1;
	if (*read == 0 && !has_magic(r->in.p, n))
		return damaged(e);
	*in = (ZSTD_inBuffer){ r->in.p, n, 0 };
	*read += n;
	return 0;
}

/* A frame that is too large to be held: past the message and on to its end. */
static int
stream_frame(struct pack_reader *r, const struct place *place,
    const struct frame *f, struct delivery *d, struct err *e)
{
	ZSTD_inBuffer in = { NULL, 0, 0 };
	uint64_t read = 0, raw = 0;
	size_t left;

	r->kept = false;
	buf_clear(&r->in);
	buf_clear(&r->out);
	if (buf_room(&r->in, IN_PIECE) == NULL ||
	    buf_room(&r->out, OUT_PIECE) == NULL)
		return damaged(e);
	ZSTD_DCtx_reset(r->zstd, ZSTD_reset_session_only);
	do {
		ZSTD_outBuffer out = { r->out.p, OUT_PIECE, 0 };

		if (in.pos == in.size && read < f->size &&
		    refill(r, f, &read, &in, e) == -1)
			return -1;
		left = ZSTD_decompressStream(r->zstd, &out, &in);
		if (ZSTD_isError(left) || out.pos > f->raw - raw)
			return damaged(e);
		/* Out of input, and nothing held back that could still come. */
		if (left > 0 && out.pos == 0 && in.pos == in.size &&
		    read == f->size)
			return damaged(e);
		if (deliver_part(d, place, raw, out.dst, out.pos, e) == -1)
			return -1;
		raw += out.pos;
	} while (left > 0);
	if (in.pos != in.size || read != f->size || raw != f->raw)
		return damaged(e);
	return 0;
}

static int
set_up(struct pack_reader *r, struct err *e)
{
	if (r->zstd != NULL)
		return 0;
	if ((r->zstd = ZSTD_createDCtx()) == NULL ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(r->zstd,
	    ZSTD_d_windowLogMax, WINDOW_LOG)))
		return err_set(e, EK_FAIL, "can't set up the decompression");
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

	if (set_up(r, e) == -1 || open_pack(r, place->pack, e) == -1)
		return -1;
	delivery_start(&d, place, size, to);
	if (read_message(r, place, f, &d, e) == -1)
		return d.refused ? -1 : err_add(e, "%s: frame %" PRIu64,
		    place->pack, place->frame);
	return 0;
}
