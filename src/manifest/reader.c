/*
 * reader.c - a manifest being read: decompressed as it comes, cut into lines,
 * every line checked, the file's hash made on the way.  Memory is bounded
 * whatever the file says.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zstd.h>
#include <zstd_errors.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "manifest/dir.h"

#define PIECE		(128 * 1024)	/* read and decompressed at a time */
#define WINDOW_LOG_MAX	23		/* 8 MiB: what the format allows */

enum state {
	READING,
	ENDED,
	FAILED,
};

struct manifest_reader {
	struct manifest_dir *dir;	/* borrowed */
	uint64_t	 commit;
	bool		 bundled;	/* it is in: */
	struct bundle	 in;
	int		 fd;		/* own */
	uint64_t	 size, off;	/* where its bytes end in the file; read so far */
	ZSTD_DCtx	*zstd;		/* own */
	struct hasher	*frame, *whole;	/* own; of the compressed lines, of the file */
	struct digest	 sha256;
	char		*piece;		/* own; compressed bytes: */
	size_t		 piece_n, piece_pos;
	bool		 frame_ended;
	struct buf	 text;		/* own; decompressed bytes: */
	size_t		 pos, seen;	/* where the next line begins; up to where no newline is */
	uint64_t	 line;		/* lines handed out or passed over */
	struct parsed	 head_line, parsed;	/* own */
	struct rec_head	 head;
	struct frame_run run;		/* own */
	enum state	 state;
};

/* Read the next compressed bytes. */
static int
read_piece(struct manifest_reader *r, struct err *e)
{
	uint64_t left = r->size - r->off;
	size_t n = left > PIECE ? PIECE : (size_t)left;

	if (n == 0)
		return err_set(e, EK_CORRUPT, "the file is cut off");
	if (io_read_at(r->fd, r->piece, n, r->off, e) == -1)
		return -1;
	hasher_add(r->whole, r->piece, n);
	r->off += n;
	r->piece_n = n;
	r->piece_pos = 0;
	return 0;
}

/*
 * Decompress some more text behind what is there; none without an error is the
 * end.
 */
static int
decompress(struct manifest_reader *r, struct err *e)
{
	size_t before = r->text.n, left;

	if (r->pos > 0) {
		memmove(r->text.p, r->text.p + r->pos, r->text.n - r->pos);
		before = r->text.n -= r->pos;
		r->seen -= r->pos;
		r->pos = 0;
	}
	while (r->text.n == before && !r->frame_ended) {
		ZSTD_inBuffer in = { r->piece, r->piece_n, r->piece_pos };
		ZSTD_outBuffer out = { NULL, PIECE, 0 };

		out.dst = buf_room(&r->text, PIECE);
		assert(out.dst != NULL);	/* next_line() keeps it short */
		left = ZSTD_decompressStream(r->zstd, &out, &in);
		if (ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation)
			mem_fail();
		if (ZSTD_isError(left))
			return err_set(e, EK_CORRUPT, "damaged: %s",
			    ZSTD_getErrorName(left));
		hasher_add(r->frame, r->piece + r->piece_pos,
		    in.pos - r->piece_pos);
		r->piece_pos = in.pos;
		r->text.n += out.pos;
		r->frame_ended = left == 0;
		if (out.pos == 0 && left != 0 && in.pos == in.size &&
		    read_piece(r, e) == -1)
			return -1;
	}
	return 0;
}

/*
 * The next line without its newline, borrowed: 1, 0 the end of the frame, -1.
 */
static int
next_line(struct manifest_reader *r, const char **line_out, size_t *n_out,
    struct err *e)
{
	const char *lf = NULL;
	size_t n, had;

	for (;;) {
		if (r->text.n > r->seen)
			lf = memchr(r->text.p + r->seen, '\n',
			    r->text.n - r->seen);
		n = lf != NULL ? (size_t)(lf - (r->text.p + r->pos)) :
		    r->text.n - r->pos;
		if (n >= MANIFEST_LINE_MAX)
			return err_set(e, EK_CORRUPT,
			    "longer than %d bytes", MANIFEST_LINE_MAX);
		if (lf != NULL)
			break;
		r->seen = r->text.n;
		had = n;
		if (decompress(r, e) == -1)
			return -1;
		if (r->text.n == had) {
			if (had == 0)
				return 0;
			return err_set(e, EK_CORRUPT, "cut off");
		}
	}
	*line_out = r->text.p + r->pos;
	*n_out = n;
	r->pos += n + 1;
	r->seen = r->pos;
	return 1;
}

/* Read and check a line. */
static int
next_parsed(struct manifest_reader *r, struct parsed *p,
    struct parse_result *out, struct err *e)
{
	const char *line;
	size_t n;
	int got;

	if ((got = next_line(r, &line, &n, e)) == 1)
		got = parse_line(p, line, n, out, e);
	else if (got == 0)
		got = err_set(e, EK_CORRUPT, "the end record is missing");
	if (got == -1)
		return err_add(e, "manifest %" PRIu64 ", line %" PRIu64,
		    r->commit, r->line + 1);
	r->line++;
	return 0;
}

/*
 * After the end record: no more lines, then the seal, which must match, and
 * nothing else.
 */
static int
check_end(struct manifest_reader *r, uint64_t lines, struct err *e)
{
	unsigned char got[SEAL_SIZE], want[SEAL_SIZE];
	struct digest d;
	const char *line, *why;
	size_t n;
	int more;

	if ((why = rule_run_end(&r->run)) != NULL)
		return err_set(e, EK_CORRUPT, "%s", why);
	if (lines != r->line)
		return err_set(e, EK_CORRUPT, "it has %" PRIu64
		    " lines, but its end says %" PRIu64, r->line, lines);
	if ((more = next_line(r, &line, &n, e)) == -1)
		return -1;
	if (more == 1)
		return err_set(e, EK_CORRUPT, "something follows the end");
	if (r->piece_n - r->piece_pos + (r->size - r->off) != SEAL_SIZE)
		return err_set(e, EK_CORRUPT, "the file has another length "
		    "than its end and seal say");
	while (r->off < r->size)
		if (read_piece(r, e) == -1)
			return -1;
	if (io_read_at(r->fd, got, SEAL_SIZE, r->size - SEAL_SIZE, e) == -1)
		return -1;
	hasher_end(r->frame, &d);
	rule_seal(&d, want);
	if (memcmp(got, want, SEAL_SIZE) != 0)
		return err_set(e, EK_CORRUPT, "damaged: the seal is not that "
		    "of the bytes before it");
	hasher_end(r->whole, &r->sha256);
	return 0;
}

static int
read_head(struct manifest_reader *r, struct err *e)
{
	struct parse_result got;

	if (next_parsed(r, &r->head_line, &got, e) == -1)
		return -1;
	if (got.kind != PARSE_HEAD)
		return err_set(e, EK_CORRUPT, "manifest %" PRIu64
		    ", line 1: not the head of a manifest", r->commit);
	if (got.head.commit != r->commit)
		return err_set(e, EK_CORRUPT, "manifest %" PRIu64
		    " says of itself that it is manifest %" PRIu64, r->commit,
		    got.head.commit);
	r->head = got.head;
	return 0;
}

static bool
set_up(struct manifest_reader *r)
{
	r->fd = -1;
	r->piece = xmalloc(PIECE);
	r->frame = hasher_new();
	r->whole = hasher_new();
	buf_init(&r->text, MANIFEST_LINE_MAX + PIECE);
	parse_init(&r->head_line);
	parse_init(&r->parsed);
	r->zstd = ZSTD_createDCtx();
	return r->zstd != NULL && !ZSTD_isError(ZSTD_DCtx_setParameter(r->zstd,
	    ZSTD_d_windowLogMax, WINDOW_LOG_MAX));
}

/* A reader as set_up() leaves it: one that was closed, or a new one. */
static int
take(struct manifest_dir *d, struct manifest_reader **out, struct err *e)
{
	struct manifest_reader *r = d->spare;

	d->spare = NULL;
	if (r == NULL) {
		r = xcalloc(1, sizeof(*r));
		if (!set_up(r)) {
			reader_free(&r);
			return err_set(e, EK_FAIL,
			    "can't set up decompression");
		}
	}
	r->dir = d;
	*out = r;
	return 0;
}

/* Damage is named by its file; a single manifest's is told by its number. */
static int
name_file(const struct manifest_reader *r, struct err *e)
{
	char name[MANIFEST_NAME_MAX];

	return r->bundled ? err_add(e, "%s", dir_name(name, &r->in)) : -1;
}

int
manifest_open(struct manifest_dir *d, uint64_t commit,
    struct manifest_reader **out, struct err *e)
{
	struct manifest_reader *r = NULL;
	const struct bundle *in;
	struct extent x;

	if (dir_find(d, commit, &x, &in, e) == -1)
		return err_add(e, "manifest %" PRIu64, commit);
	if (take(d, &r, e) == -1) {
		close(x.fd);
		return -1;
	}
	r->commit = commit;
	if ((r->bundled = in != NULL))
		r->in = *in;
	r->fd = x.fd;
	r->off = x.start;
	r->size = x.end;
	if (read_head(r, e) == -1) {
		name_file(r, e);
		manifest_close(&r);
		return -1;
	}
	*out = r;
	return 0;
}

const struct rec_head *
manifest_head(const struct manifest_reader *r)
{
	return &r->head;
}

/*
 * What the rules say of a record where it stands; sets what is not in its line.
 */
static const char *
place_record(struct manifest_reader *r, const struct parse_result *got)
{
	const struct record *rec = &got->record;
	const char *why;

	if (got->kind == PARSE_HEAD)
		return "a second head";
	if (got->kind != PARSE_RECORD)
		return NULL;
	if (rec->kind == REC_PACK)
		return rule_run_pack(&r->run, &rec->u.pack);
	if (rec->kind != REC_FRAMES)
		return NULL;
	why = rule_run_offsets(&r->run, r->parsed.frames, rec->u.frames.n);
	return why != NULL ? why : rule_run_frames(&r->run, &rec->u.frames);
}

static int
next(struct manifest_reader *r, struct record *rec_out, uint64_t *line_out,
    struct err *e)
{
	struct parse_result got;
	const char *why;

	do {
		if (next_parsed(r, &r->parsed, &got, e) == -1)
			return -1;
		if ((why = place_record(r, &got)) != NULL)
			return err_set(e, EK_CORRUPT, "manifest %" PRIu64
			    ", line %" PRIu64 ": %s", r->commit, r->line, why);
	} while (got.kind == PARSE_SKIP);
	if (got.kind == PARSE_END) {
		if (check_end(r, got.lines, e) == -1)
			return err_add(e, "manifest %" PRIu64, r->commit);
		return 0;
	}
	*rec_out = got.record;
	*line_out = r->line;
	return 1;
}

int
manifest_next(struct manifest_reader *r, struct record *rec_out,
    uint64_t *line_out, struct err *e)
{
	int got;

	if (r->state == ENDED)
		return 0;
	if (r->state == FAILED)
		return err_set(e, EK_CORRUPT, "manifest %" PRIu64
		    " can't be read any further", r->commit);
	got = next(r, rec_out, line_out, e);
	if (got != 1)
		r->state = got == 0 ? ENDED : FAILED;
	return got == -1 ? name_file(r, e) : got;
}

void
manifest_sha256(const struct manifest_reader *r, struct digest *out)
{
	assert(r->state == ENDED);
	*out = r->sha256;
}

void
reader_free(struct manifest_reader **rp)
{
	struct manifest_reader *r = *rp;

	if (r == NULL)
		return;
	if (r->fd != -1)
		close(r->fd);
	ZSTD_freeDCtx(r->zstd);
	hasher_free(&r->frame);
	hasher_free(&r->whole);
	free(r->piece);
	buf_release(&r->text);
	parse_release(&r->head_line);
	parse_release(&r->parsed);
	rule_run_release(&r->run);
	free(r);
	*rp = NULL;
}

/* Nothing of the manifest is left in it. */
static void
clean(struct manifest_reader *r)
{
	struct digest ignored;

	close(r->fd);
	r->fd = -1;
	ZSTD_DCtx_reset(r->zstd, ZSTD_reset_session_only);
	hasher_end(r->frame, &ignored);
	hasher_end(r->whole, &ignored);
	r->piece_n = r->piece_pos = 0;
	r->frame_ended = false;
	buf_clear(&r->text);
	r->pos = r->seen = 0;
	r->line = 0;
	rule_run_release(&r->run);
	r->state = READING;
}

void
manifest_close(struct manifest_reader **rp)
{
	struct manifest_reader *r = *rp;

	if (r == NULL)
		return;
	if (r->dir->spare != NULL) {
		reader_free(rp);
		return;
	}
	clean(r);
	r->dir->spare = r;
	*rp = NULL;
}
