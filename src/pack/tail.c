/*
 * tail.c - see tail.h.  The notes are compressed as they come; what passes a buffer waits in a nameless file, since a
 * commit of very many small messages would else hold tens of megabytes.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zstd.h>

#include "base/io.h"
#include "base/mem.h"
#include "pack/tail.h"

#define OUT_SIZE	(256 * 1024)
/* On lines of JSON with hashes in them 1 beats 2 to 15, by 4 to 13 %. */
#define LEVEL		1

struct tail {
	int		 tmp;		/* borrowed */
	int		 spool;		/* own; -1 while all fits ${out} */
	uint64_t	 spooled;
	char		*out;		/* own; OUT_SIZE, what follows the spool's bytes */
	size_t		 out_n;
	ZSTD_CCtx	*zstd;		/* own; NULL before the first line */
	bool		 open;		/* a payload was begun */
	uint64_t	 size, raw;	/* of it, so far, and of its lines */
	uint32_t	*payloads;	/* own; sizes of the ended ones */
	size_t		 n, cap;
};

struct tail *
tail_new(int tmp)
{
	struct tail *t = xcalloc(1, sizeof(*t));

	t->tmp = tmp;
	t->spool = -1;
	return t;
}

void
tail_free(struct tail **tp)
{
	struct tail *t = *tp;

	if (t == NULL)
		return;
	if (t->spool != -1)
		close(t->spool);
	ZSTD_freeCCtx(t->zstd);
	free(t->out);
	free(t->payloads);
	free(t);
	*tp = NULL;
}

static int
set_up(struct tail *t, struct err *e)
{
	if (t->zstd != NULL)
		return 0;
	t->out = xmalloc(OUT_SIZE);
	if ((t->zstd = ZSTD_createCCtx()) == NULL ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(t->zstd,
	    ZSTD_c_compressionLevel, LEVEL)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(t->zstd,
	    ZSTD_c_checksumFlag, 1)))
		return err_set(e, EK_FAIL, "can't set up the compression");
	return 0;
}

static int
spill(struct tail *t, struct err *e)
{
	if (t->spool == -1 && (t->spool = io_spool(t->tmp, e)) == -1)
		return -1;
	if (io_write_all(t->spool, t->out, t->out_n, e) == -1)
		return err_add(e, "scratch file");
	t->spooled += t->out_n;
	t->out_n = 0;
	return 0;
}

static int
compress(struct tail *t, const char *p, size_t n, bool last, struct err *e)
{
	ZSTD_inBuffer in = { p, n, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { t->out, OUT_SIZE, t->out_n };

		left = ZSTD_compressStream2(t->zstd, &out, &in,
		    last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return err_set(e, EK_FAIL, "compression failed: %s",
			    ZSTD_getErrorName(left));
		t->size += out.pos - t->out_n;
		t->out_n = out.pos;
		if (t->out_n == OUT_SIZE && spill(t, e) == -1)
			return -1;
	} while (last ? left > 0 : in.pos < in.size);
	return 0;
}

static int
end_payload(struct tail *t, struct err *e)
{
	if (!t->open)
		return 0;
	if (compress(t, NULL, 0, true, e) == -1)
		return -1;
	t->payloads = mem_grow(t->payloads, &t->cap, t->n + 1,
	    sizeof(*t->payloads));
	t->payloads[t->n++] = (uint32_t)t->size;
	t->open = false;
	t->size = t->raw = 0;
	return 0;
}

int
tail_add(struct tail *t, const char *line, size_t n, struct err *e)
{
	/* What zstd may still hold is less than a block; with this line it may come out no smaller than it went in. */
	const size_t ahead = ZSTD_compressBound(ZSTD_CStreamInSize() + n);

	if (n > TAIL_LINE)
		return err_set(e, EK_FAIL,
		    "a note of %zu bytes is too long", n);
	if (set_up(t, e) == -1)
		return -1;
	if ((t->size + ahead > TAIL_PAYLOAD || t->raw + n > TAIL_RAW) &&
	    end_payload(t, e) == -1)
		return -1;
	t->open = true;
	t->raw += n;
	return compress(t, line, n, false, e);
}

static void
put_le32(unsigned char *p, uint32_t v)
{
	p[0] = (unsigned char)v;
	p[1] = (unsigned char)(v >> 8);
	p[2] = (unsigned char)(v >> 16);
	p[3] = (unsigned char)(v >> 24);
}

/* The compressed bytes from ${at}: first the spool's, then those in ${out}. */
static int
pour_range(struct tail *t, uint64_t at, uint64_t n, const struct sink *to,
    struct err *e)
{
	char piece[16 * 1024];
	size_t part;

	while (n > 0) {
		if (at >= t->spooled)
			return sink_write(to, t->out + (at - t->spooled),
			    (size_t)n, e);
		part = n < sizeof(piece) ? (size_t)n : sizeof(piece);
		if (part > t->spooled - at)
			part = (size_t)(t->spooled - at);
		if (io_read_at(t->spool, piece, part, at, e) == -1)
			return err_add(e, "scratch file");
		if (sink_write(to, piece, part, e) == -1)
			return -1;
		at += part;
		n -= part;
	}
	return 0;
}

int
tail_pour(struct tail *t, const struct sink *to, uint64_t *size_out,
    struct err *e)
{
	unsigned char header[TAIL_HEADER];
	uint64_t at = 0;
	size_t i;

	if (end_payload(t, e) == -1)
		return -1;
	for (i = 0; i < t->n; i++) {
		put_le32(header, TAIL_MAGIC);
		put_le32(header + 4, t->payloads[i]);
		if (sink_write(to, header, TAIL_HEADER, e) == -1 ||
		    pour_range(t, at, t->payloads[i], to, e) == -1)
			return -1;
		at += t->payloads[i];
	}
	*size_out = at + TAIL_HEADER * t->n;
	return 0;
}
