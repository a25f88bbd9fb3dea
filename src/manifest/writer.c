/*
 * writer.c - a manifest in the making: lines are gathered, compressed and
 * hashed on their way into a temporary file that gets its name at the very end.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "manifest/line.h"
#include "manifest/manifest.h"

/*
 * Lines are handed to the compressor this many bytes at a time: a call for each
 * would cost as much as making the line.
 */
#define BATCH	(64 * 1024)

/*
 * The lowest level makes the smallest file: half of it is the digits of hashes,
 * in which the searches of higher levels find matches that are dearer than the
 * digits.  At level 3 a first backup's lines come out 1.10 times as large and
 * take 2.5 times as long, at 6 it is 1.07 and 5, at 9 1.05 and 9, at 12 1.05
 * and 20.  A larger window gives nothing but its memory.
 */
#define LEVEL		1
#define WINDOW_LOG	19

struct manifest_writer {
	struct outfile	*file;		/* own */
	ZSTD_CCtx	*zstd;		/* own */
	struct hasher	*frame, *whole;	/* own; of the compressed lines, of the file */
	struct buf	 text;		/* own; lines not compressed yet */
	char		*out;		/* own */
	size_t		 out_size;
	struct frame_run run;		/* own */
	uint64_t	 commit, lines;
	bool		 failed;	/* something is missing in it: never to be published */
};

/* The file's bytes, as they go out. */
static int
emit(struct manifest_writer *w, const void *p, size_t n, struct err *e)
{
	if (n == 0)
		return 0;
	hasher_add(w->whole, p, n);
	return outfile_write(w->file, p, n, e);
}

/* Compress the lines gathered so far; with ${last} end the frame. */
static int
compress(struct manifest_writer *w, bool last, struct err *e)
{
	ZSTD_EndDirective how = last ? ZSTD_e_end : ZSTD_e_continue;
	ZSTD_inBuffer in = { w->text.p, w->text.n, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { w->out, w->out_size, 0 };

		left = ZSTD_compressStream2(w->zstd, &out, &in, how);
		if (ZSTD_isError(left))
			return err_set(e, EK_FAIL, "compression failed: %s",
			    ZSTD_getErrorName(left));
		hasher_add(w->frame, w->out, out.pos);
		if (emit(w, w->out, out.pos, e) == -1)
			return -1;
	} while (in.pos < in.size || (last && left != 0));
	buf_clear(&w->text);
	return 0;
}

static bool
set_up(ZSTD_CCtx *z)
{
	return z != NULL &&
	    !ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel,
	    LEVEL)) &&
	    !ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog,
	    WINDOW_LOG)) &&
	    !ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1));
}

int
manifest_create(int tmp, const struct rec_head *head,
    struct manifest_writer **out, struct err *e)
{
	struct manifest_writer *w = xcalloc(1, sizeof(*w));
	char final[MANIFEST_NAME_MAX], name[MANIFEST_NAME_MAX + 4];

	w->commit = head->commit;
	buf_init(&w->text, BATCH + MANIFEST_LINE_MAX);
	w->out_size = ZSTD_CStreamOutSize();
	w->out = xmalloc(w->out_size);
	w->frame = hasher_new();
	w->whole = hasher_new();
	w->zstd = ZSTD_createCCtx();
	if (!set_up(w->zstd)) {
		err_set(e, EK_FAIL, "can't set up compression");
		goto fail;
	}
	if (format_head(&w->text, head, e) == -1)
		goto fail;
	w->lines = 1;
	snprintf(name, sizeof(name), "%s.tmp",
	    manifest_name(final, head->commit));
	if (outfile_create(tmp, name, &w->file, e) == -1)
		goto fail;
	*out = w;
	return 0;
fail:
	err_add(e, "manifest %" PRIu64, head->commit);
	manifest_discard(&w);
	return -1;
}

/* Frames and packs must add up, or nobody could find a message in them. */
static int
check_frames(struct manifest_writer *w, const struct record *rec,
    struct err *e)
{
	const char *why = NULL;

	if (rec->kind == REC_PACK && rec->u.pack.pack != NULL)
		why = rule_run_pack(&w->run, &rec->u.pack);
	else if (rec->kind == REC_FRAMES && rec->u.frames.pack != NULL)
		why = rule_run_frames(&w->run, &rec->u.frames);
	else if (rec->kind == REC_NOTE)
		why = "it belongs into a pack's tail";
	if (why != NULL)
		return err_set(e, EK_FAIL, "a %s record can't be written: %s",
		    rule_type[rec->kind], why);
	return 0;
}

int
manifest_put(struct manifest_writer *w, const struct record *rec,
    struct manifest_line *line_out, struct err *e)
{
	size_t start, at = 0;

	if (w->failed)
		return err_set(e, EK_FAIL, "manifest %" PRIu64
		    ": an earlier record is missing", w->commit);
	w->failed = true;
	if (check_frames(w, rec, e) == -1)
		goto fail;
	do {
		if (w->text.n >= BATCH && compress(w, false, e) == -1)
			goto fail;
		start = w->text.n;
		if (format_record(&w->text, rec, &at, e) == -1)
			goto fail;
		w->lines++;
	} while (at != 0);
	w->failed = false;
	if (line_out != NULL)
		*line_out = (struct manifest_line){ w->text.p + start,
		    w->text.n - start, w->lines };
	return 0;
fail:
	return err_add(e, "manifest %" PRIu64, w->commit);
}

/* End the compressed lines and seal them. */
static int
seal(struct manifest_writer *w, struct err *e)
{
	unsigned char bytes[SEAL_SIZE];
	struct digest d;
	const char *why;

	if ((why = rule_run_end(&w->run)) != NULL)
		return err_set(e, EK_FAIL, "%s", why);
	if (format_end(&w->text, w->lines + 1, e) == -1 ||
	    compress(w, true, e) == -1)
		return -1;
	hasher_end(w->frame, &d);
	rule_seal(&d, bytes);
	return emit(w, bytes, sizeof(bytes), e);
}

int
manifest_publish(struct manifest_writer **wp, struct manifest_dir *dir,
    struct digest *sha256_out, struct err *e)
{
	struct manifest_writer *w = *wp;
	char name[MANIFEST_NAME_MAX];
	struct digest d;

	if (w->failed) {
		err_set(e, EK_FAIL, "an earlier record is missing");
		goto fail;
	}
	w->failed = true;
	if (seal(w, e) == -1)
		goto fail;
	hasher_end(w->whole, &d);
	if (outfile_publish(&w->file, manifest_dir_fd(dir),
	    manifest_name(name, w->commit), e) == -1)
		goto fail;
	*sha256_out = d;
	manifest_discard(wp);
	return 0;
fail:
	return err_add(e, "manifest %" PRIu64, w->commit);
}

void
manifest_discard(struct manifest_writer **wp)
{
	struct manifest_writer *w = *wp;

	if (w == NULL)
		return;
	outfile_discard(&w->file);
	ZSTD_freeCCtx(w->zstd);
	hasher_free(&w->frame);
	hasher_free(&w->whole);
	buf_release(&w->text);
	free(w->out);
	rule_run_release(&w->run);
	free(w);
	*wp = NULL;
}
