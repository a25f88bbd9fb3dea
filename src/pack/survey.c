/*
 * survey.c - see survey.h.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/io.h"
#include "base/mem.h"
#include "pack/read.h"
#include "pack/survey.h"
#include "pack/tail.h"

#define WINDOW		(64 * 1024)	/* searched at once */
#define MAGIC		4
#define PIECES_MAX	(1024 * 1024)	/* more than any pack has; a file can be made of frames of 13 bytes */

struct file {
	struct inflate	*z;		/* borrowed */
	int		 fd;
	uint64_t	 end;
};

void
survey_add(struct survey *s, enum piece_kind kind, uint64_t offset,
    uint64_t size, uint64_t raw)
{
	s->p = mem_grow(s->p, &s->cap, s->n + 1, sizeof(*s->p));
	s->p[s->n++] = (struct piece){ kind, offset, size, raw };
}

void
survey_release(struct survey *s)
{
	free(s->p);
	*s = (struct survey){ NULL, 0, 0 };
}

/* 1, 0 where the disk can't read it, -1. */
static int
read_part(const struct file *f, void *p, size_t n, uint64_t at, struct err *e)
{
	if (io_read_at(f->fd, p, n, at, e) == 0)
		return 1;
	return read_is_damage(e) ? 0 : -1;
}

/* What begins at ${at}, by its first bytes: 1 a frame with a header of ${*header} bytes, 2 notes of ${*size}, 0, -1. */
static int
look(const struct file *f, uint64_t at, size_t *header, uint64_t *size,
    struct err *e)
{
	char p[INFLATE_HEADER];
	size_t n = sizeof(p);
	struct err why;
	int r;

	if (n > f->end - at)
		n = (size_t)(f->end - at);
	if ((r = read_part(f, p, n, at, e)) != 1)
		return r;
	if (inflate_header(p, n, header, &why) == 0)
		return 1;
	if (n < TAIL_HEADER || (*size = tail_frame(p)) == 0 ||
	    *size > f->end - at)
		return 0;
	return 2;
}

/* Whether something that we know, or the end, follows. */
static int
goes_on(const struct file *f, uint64_t at, struct err *e)
{
	uint64_t size;
	size_t header;
	int r;

	if (at == f->end)
		return 1;
	r = look(f, at, &header, &size, e);
	return r > 0 ? 1 : r;
}

/* Where a frame ends, by the headers of its blocks (RFC 8878, section 3.1.1.2): 1, 0 it doesn't, -1. */
static int
frame_end(const struct file *f, uint64_t at, size_t header, uint64_t *end,
    struct err *e)
{
	unsigned char b[3];
	uint32_t v;
	int r;

	at += header;
	do {
		if (f->end - at < sizeof(b) + 4)
			return 0;
		if ((r = read_part(f, b, sizeof(b), at, e)) != 1)
			return r;
		v = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16;
		if ((v >> 1 & 3) == 3)
			return 0;
		/* A run of one byte has that byte, whatever its length. */
		at += sizeof(b) + ((v >> 1 & 3) == 1 ? 1 : v >> 3);
		/* Its checksum follows. */
		if (at > f->end || f->end - at < 4)
			return 0;
	} while ((v & 1) == 0);
	*end = at + 4;
	return 1;
}

static int
ignore(void *arg, const void *p, size_t n, struct err *e)
{
	(void)arg, (void)p, (void)n, (void)e;
	return 0;
}

/* Whether a frame or notes at ${at} can be decompressed: 1, 0, -1. */
static int
decodes(const struct file *f, uint64_t at, int kind, uint64_t *size,
    struct err *e)
{
	const struct sink nowhere = { ignore, NULL };
	bool refused;
	int rc;

	if (kind == 1)
		rc = inflate_pour(f->z, f->fd, at, f->end, NULL, &nowhere,
		    size, e);
	else
		rc = tail_read(f->z, f->fd, at, at + *size, NULL, NULL, NULL,
		    &refused, e);
	if (rc == 0)
		return 1;
	return read_is_damage(e) ? 0 : -1;
}

/* The first of ${n} bytes, from ${at} of the file, at which something begins that can be decompressed: 1, 0, -1. */
static int
find_in(const struct file *f, const char *p, size_t n, uint64_t at,
    uint64_t *out, struct err *e)
{
	static const char frame[MAGIC] = "\x28\xb5\x2f\xfd";
	static const char notes[MAGIC] = "\x50\x2a\x4d\x18";
	uint64_t size;
	size_t i, header;
	int r = 0;

	for (i = 0; r == 0 && i + MAGIC <= n; i++) {
		if (memcmp(p + i, frame, MAGIC) != 0 &&
		    memcmp(p + i, notes, MAGIC) != 0)
			continue;
		*out = at + i;
		if ((r = look(f, *out, &header, &size, e)) > 0)
			r = decodes(f, *out, r, &size, e);
	}
	return r;
}

/* The same from ${at} to the end of the file, which it is where there is none. */
static int
find_next(const struct file *f, uint64_t at, uint64_t *out, struct err *e)
{
	char *p = xmalloc(WINDOW);
	size_t n;
	int r = 0;

	for (; r == 0 && f->end - at >= MAGIC; at += n - MAGIC + 1) {
		n = f->end - at < WINDOW ? (size_t)(f->end - at) : WINDOW;
		if (cancel_check(e) == -1)
			r = -1;
		else if ((r = read_part(f, p, n, at, e)) == 1)
			r = find_in(f, p, n, at, out, e);
	}
	free(p);
	if (r == 0)
		*out = f->end;
	return r == -1 ? -1 : 0;
}

/* The piece at ${at}: 1 with its kind and size, 0: nothing that we know, -1. */
static int
piece_at(const struct file *f, uint64_t at, enum piece_kind *kind,
    uint64_t *size, struct err *e)
{
	uint64_t end;
	size_t header;
	int what, r = 1;

	if ((what = look(f, at, &header, size, e)) <= 0)
		return what;
	*kind = what == 1 ? PIECE_FRAME : PIECE_NOTES;
	if (what == 1) {
		if ((r = frame_end(f, at, header, &end, e)) == -1)
			return -1;
		*size = r == 1 ? end - at : f->end - at;
	}
	if (r == 1 && (r = goes_on(f, at + *size, e)) != 0)
		return r;
	/* The chain is broken here or behind it: which? */
	return decodes(f, at, what, size, e);
}

int
survey_file(struct inflate *z, int fd, uint64_t from, uint64_t to,
    struct survey *s, struct err *e)
{
	const struct file f = { z, fd, to };
	enum piece_kind kind = PIECE_DAMAGE;
	uint64_t size;
	int r;

	for (; from < to; from += size) {
		if (cancel_check(e) == -1)
			return -1;
		if (s->n >= PIECES_MAX) {
			survey_add(s, PIECE_DAMAGE, from, to - from, 0);
			return 0;
		}
		if ((r = piece_at(&f, from, &kind, &size, e)) == -1)
			return -1;
		if (r == 0) {
			if (find_next(&f, from + 1, &size, e) == -1)
				return -1;
			kind = PIECE_DAMAGE;
			size -= from;
		}
		survey_add(s, kind, from, size, PIECE_ANY);
	}
	return 0;
}
