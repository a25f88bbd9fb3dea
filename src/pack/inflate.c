/*
 * inflate.c - see inflate.h.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>
#include <zstd_errors.h>

#include "base/cancel.h"
#include "base/io.h"
#include "base/mem.h"
#include "pack/inflate.h"

#define WINDOW_LOG	23	/* 8 MiB: the format's limit, and what any stock tool opens */
#define IN_PIECE	(128 * 1024)
#define OUT_PIECE	(128 * 1024)

struct inflate {
	ZSTD_DCtx	*zstd;	/* own; NULL before the first frame */
	char		*in, *out;	/* own; pieces, NULL before the first pour */
};

struct inflate *
inflate_new(void)
{
	return xcalloc(1, sizeof(struct inflate));
}

void
inflate_free(struct inflate **zp)
{
	struct inflate *z = *zp;

	if (z == NULL)
		return;
	ZSTD_freeDCtx(z->zstd);
	free(z->in);
	free(z->out);
	free(z);
	*zp = NULL;
}

static int
set_up(struct inflate *z, struct err *e)
{
	if (z->zstd != NULL)
		return 0;
	if ((z->zstd = ZSTD_createDCtx()) == NULL ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(z->zstd,
	    ZSTD_d_windowLogMax, WINDOW_LOG))) {
		ZSTD_freeDCtx(z->zstd);
		z->zstd = NULL;
		return err_set(e, EK_FAIL, "can't set up the decompression");
	}
	return 0;
}

static uint64_t
le(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

/*
 * RFC 8878, section 3.1.1.1: magic, descriptor (content size flag, single segment, unused, reserved, checksum,
 * dictionary), window, content size.
 */
int
inflate_header(const void *data, size_t n, size_t *size_out, struct err *e)
{
	static const unsigned char magic[] = { 0x28, 0xb5, 0x2f, 0xfd };
	static const size_t fcs_size[] = { 0, 2, 4, 8 };
	const unsigned char *p = data;
	uint64_t window;
	bool single;
	size_t fcs, at;

	if (n < 6 || memcmp(p, magic, sizeof(magic)) != 0)
		return err_set(e, EK_CORRUPT, "no zstd frame begins here");
	single = (p[4] & 0x20) != 0;
	if ((p[4] & 0x08) != 0 || (p[4] & 0x03) != 0)
		return err_set(e, EK_CORRUPT,
		    "the zstd frame is of another kind than packs are made of");
	if ((p[4] & 0x04) == 0)
		return err_set(e, EK_CORRUPT,
		    "the zstd frame has no checksum");
	fcs = fcs_size[p[4] >> 6];
	if (single && fcs == 0)
		fcs = 1;
	at = single ? 5 : 6;
	if (at + fcs > n)
		return err_set(e, EK_CORRUPT, "the zstd frame is cut short");
	if (single)
		window = fcs == 2 ? le(p + 5, 2) + 256 : le(p + 5, fcs);
	else {
		window = UINT64_C(1) << (10 + (p[5] >> 3));
		window += window / 8 * (p[5] & 7);
	}
	if (window > UINT64_C(1) << WINDOW_LOG)
		return err_set(e, EK_CORRUPT,
		    "the zstd frame wants a window of more than 8 MiB");
	*size_out = at + fcs;
	return 0;
}

static int
failed(size_t code, struct err *e)
{
	if (ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation)
		return err_set(e, EK_FAIL, "out of memory");
	return err_set(e, EK_CORRUPT, "can't be decompressed (%s)",
	    ZSTD_getErrorName(code));
}

int
inflate_whole(struct inflate *z, const void *in, size_t n, void *out,
    size_t room, size_t *raw_out, struct err *e)
{
	size_t raw;

	if (set_up(z, e) == -1 || inflate_header(in, n, &raw, e) == -1)
		return -1;
	/* One frame, no more and no less. */
	raw = ZSTD_findFrameCompressedSize(in, n);
	if (ZSTD_isError(raw))
		return failed(raw, e);
	if (raw != n)
		return err_set(e, EK_CORRUPT,
		    "the zstd frame ends before it should");
	raw = ZSTD_decompressDCtx(z->zstd, out, room, in, n);
	if (ZSTD_isError(raw))
		return failed(raw, e);
	*raw_out = raw;
	return 0;
}

/* One frame in the course of being poured. */
struct pour {
	int		 fd;
	uint64_t	 from, to;	/* of the file, what is left to read */
	ZSTD_inBuffer	 in;
	const struct sink *seen;	/* borrowed, or NULL */
};

static int
refill(struct inflate *z, struct pour *p, struct err *e)
{
	size_t n = IN_PIECE;

	if (n > p->to - p->from)
		n = (size_t)(p->to - p->from);
	if (cancel_check(e) == -1 ||
	    io_read_at(p->fd, z->in, n, p->from, e) == -1 ||
	    (p->seen != NULL && sink_write(p->seen, z->in, n, e) == -1))
		return -1;
	p->in = (ZSTD_inBuffer){ z->in, n, 0 };
	p->from += n;
	return 0;
}

static int
pour(struct inflate *z, struct pour *p, const struct sink *out, struct err *e)
{
	size_t left;

	do {
		ZSTD_outBuffer piece = { z->out, OUT_PIECE, 0 };

		if (p->in.pos == p->in.size && p->from < p->to &&
		    refill(z, p, e) == -1)
			return -1;
		left = ZSTD_decompressStream(z->zstd, &piece, &p->in);
		if (ZSTD_isError(left))
			return failed(left, e);
		/* Out of input, and nothing held back that could still come. */
		if (left > 0 && piece.pos == 0 && p->in.pos == p->in.size &&
		    p->from == p->to)
			return err_set(e, EK_CORRUPT,
			    "the zstd frame is cut short");
		if (sink_write(out, z->out, piece.pos, e) == -1)
			return -1;
	} while (left > 0);
	return 0;
}

int
inflate_pour(struct inflate *z, int fd, uint64_t from, uint64_t to,
    const struct sink *seen, const struct sink *out, uint64_t *size_out,
    struct err *e)
{
	struct pour p = { .fd = fd, .from = from, .to = to, .seen = seen };
	size_t header;

	if (set_up(z, e) == -1)
		return -1;
	if (z->in == NULL) {
		z->in = xmalloc(IN_PIECE);
		z->out = xmalloc(OUT_PIECE);
	}
	ZSTD_DCtx_reset(z->zstd, ZSTD_reset_session_only);
	if (from >= to)
		return err_set(e, EK_CORRUPT, "no zstd frame begins here");
	if (refill(z, &p, e) == -1 ||
	    inflate_header(z->in, p.in.size, &header, e) == -1 ||
	    pour(z, &p, out, e) == -1)
		return -1;
	*size_out = p.from - from - (p.in.size - p.in.pos);
	return 0;
}
