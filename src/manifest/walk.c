/*
 * walk.c - a bundle without its index: each manifest is one zstd frame and a seal, and the next one follows.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <zstd.h>

#include "base/cancel.h"
#include "base/io.h"
#include "base/mem.h"
#include "manifest/dir.h"

#define PIECE		(128 * 1024)
#define WINDOW_LOG_MAX	23		/* 8 MiB: what the format allows */

struct walk {
	int		 fd;		/* borrowed */
	uint64_t	 at, size;	/* of the file */
	ZSTD_DCtx	*zstd;		/* own */
	char		*in, *out;	/* own; PIECE each */
};

/* Past the frame at ${w->at}. */
static int
pass_frame(struct walk *w, struct err *e)
{
	ZSTD_inBuffer in = { w->in, 0, 0 };
	size_t left = 1, n;

	ZSTD_DCtx_reset(w->zstd, ZSTD_reset_session_only);
	while (left != 0) {
		ZSTD_outBuffer out = { w->out, PIECE, 0 };

		if (in.pos == in.size) {
			n = w->size - w->at > PIECE ? PIECE :
			    (size_t)(w->size - w->at);
			if (n == 0)
				return err_set(e, EK_CORRUPT, "it is cut off");
			if (io_read_at(w->fd, w->in, n, w->at, e) == -1)
				return -1;
			in = (ZSTD_inBuffer){ w->in, n, 0 };
			w->at += n;
		}
		left = ZSTD_decompressStream(w->zstd, &out, &in);
		if (ZSTD_isError(left))
			return err_set(e, EK_CORRUPT, "damaged: %s",
			    ZSTD_getErrorName(left));
	}
	w->at -= in.size - in.pos;
	return cancel_check(e);
}

static int
find_ends(struct walk *w, struct open_bundle *o, struct err *e)
{
	uint64_t n = o->b.last - o->b.first + 1, i;
	size_t cap = 0;

	for (i = 0; i < n; i++) {
		if (pass_frame(w, e) == -1)
			return -1;
		if (w->size - w->at < SEAL_SIZE)
			return err_set(e, EK_CORRUPT, "it is cut off");
		w->at += SEAL_SIZE;
		o->ends = mem_grow(o->ends, &cap, (size_t)i + 1,
		    sizeof(*o->ends));
		o->ends[i] = w->at;
	}
	return 0;
}

int
bundle_walk(int dir, const struct bundle *b, struct open_bundle *out,
    struct err *e)
{
	struct open_bundle o = { .b = *b };
	struct walk w = { .in = xmalloc(PIECE), .out = xmalloc(PIECE),
	    .zstd = ZSTD_createDCtx() };
	char name[MANIFEST_NAME_MAX];
	int rc = -1;

	w.fd = o.fd = io_open_file(dir, dir_name(name, b), &w.size, e);
	if (w.zstd == NULL || ZSTD_isError(ZSTD_DCtx_setParameter(w.zstd,
	    ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
		err_set(e, EK_FAIL, "can't set up decompression");
	else if (o.fd != -1)
		rc = find_ends(&w, &o, e);
	ZSTD_freeDCtx(w.zstd);
	free(w.in);
	free(w.out);
	if (rc == 0) {
		*out = o;
		return 0;
	}
	bundle_close(&o);
	return err_add(e, "%s", name);
}
