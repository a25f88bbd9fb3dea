/*
 * scan.c - a walk through a pack that takes nothing on trust.
 *
 * Each frame is decompressed to its end and parsed before anything of it is told, so that only bytes with a right
 * checksum count.  What is remembered of a message meanwhile is its place and the digests of each way to read it; who
 * wants its bytes has them read again, by the reader of single messages.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "mail/mbox.h"
#include "pack/inflate.h"
#include "pack/pack.h"
#include "pack/parse.h"
#include "pack/read.h"
#include "pack/survey.h"
#include "pack/tail.h"

/* In a frame of ours that holds several messages, all but the last fit PACK_FRAME, with their names. */
#define ENTRIES_MAX	(64 * 1024)
#define NAMES_MAX	(2 * PACK_FRAME)

/* One way to read what is stored. */
static const struct way {
	enum blob_form	form;
	bool		newline_added;
} tar_way[] = {
	{ BLOB_PLAIN, false },
}, mbox_ways[PACK_READINGS] = {
	{ BLOB_LF, false },
	{ BLOB_LF, true },
	{ BLOB_RAW, false },
	{ BLOB_RAW, true },
};

/* A message being read that way. */
struct attempt {
	bool		 failed;	/* the bytes can't be meant so */
	uint64_t	 size;
	struct hasher	*hash;		/* own */
	struct mbox_unquote u;
};

struct outcome {
	bool		 failed;
	uint64_t	 size;
	struct digest	 sha256;
};

/* A message of the frame that is being parsed. */
struct entry {
	uint64_t	 offset, stored;
	int64_t		 mtime;
	size_t		 member;	/* its name in ${names} */
	struct outcome	 outcome[PACK_READINGS];
};

struct scan {
	const char	*name;		/* borrowed */
	enum container	 container;
	const struct pack_scan_fns *fns;	/* borrowed */
	int		 fd;		/* own */
	uint64_t	 size;
	struct inflate	*inflate;	/* own */
	struct pack_reader *reader;	/* own */
	struct survey	 survey;	/* own */
	size_t		 last;		/* frame in it */
	bool		 broken;	/* damage follows that one: it may not be the last */
	const struct way *ways;
	size_t		 n_ways;
	struct attempt	 attempt[PACK_READINGS];

	/* Of the frame that is being parsed. */
	const struct parse_syntax *syntax;
	struct parse_events events;
	void		*parser;	/* own */
	uint64_t	 number, raw, raw_max;
	bool		 failed;	/* it is none as packs have them */
	bool		 open;		/* an entry has begun */
	struct err	 why;		/* if failed */
	struct entry	*entries;	/* own */
	size_t		 n, cap;
	struct buf	 names;		/* own; each with its NUL */
};

/* ---- what the parser tells ---- */

static int
count(void *arg, const void *p, size_t n, struct err *e)
{
	struct attempt *a = arg;

	(void)e;
	a->size += n;
	hasher_add(a->hash, p, n);
	return 0;
}

static void
on_begin(void *arg, const char *member, int64_t mtime, uint64_t offset)
{
	struct scan *s = arg;
	struct entry *entry;
	struct digest cut_off;
	size_t i;

	s->entries = mem_grow(s->entries, &s->cap, s->n + 1,
	    sizeof(*s->entries));
	entry = &s->entries[s->n];
	*entry = (struct entry){ .offset = offset, .mtime = mtime,
	    .member = s->names.n };
	if (!s->failed && (s->n == ENTRIES_MAX || (member != NULL &&
	    buf_add(&s->names, member, strlen(member) + 1) == -1))) {
		s->failed = true;
		err_set(&s->why, EK_CORRUPT,
		    "more messages than a frame can have");
	}
	for (i = 0; i < s->n_ways; i++) {
		if (s->open)
			hasher_end(s->attempt[i].hash, &cut_off);
		s->attempt[i].failed = false;
		s->attempt[i].size = 0;
		mbox_unquote_start(&s->attempt[i].u, s->ways[i].form,
		    s->ways[i].newline_added,
		    (struct sink){ count, &s->attempt[i] });
	}
	s->open = true;
}

static void
on_data(void *arg, const void *p, size_t n)
{
	struct scan *s = arg;
	struct attempt *a;
	struct sink to;
	struct err e;
	size_t i;

	for (i = 0; i < s->n_ways; i++) {
		a = &s->attempt[i];
		to = s->container == CONTAINER_TAR ? (struct sink){ count, a } :
		    mbox_unquote_sink(&a->u);
		if (!a->failed && sink_write(&to, p, n, &e) == -1)
			a->failed = true;
	}
}

static void
on_end(void *arg, uint64_t stored)
{
	struct scan *s = arg;
	struct entry *entry = &s->entries[s->n];
	struct attempt *a;
	struct err e;
	size_t i;

	s->open = false;
	entry->stored = stored;
	for (i = 0; i < s->n_ways; i++) {
		a = &s->attempt[i];
		if (s->container == CONTAINER_MBOX &&
		    mbox_unquote_end(&a->u, &e) == -1)
			a->failed = true;
		entry->outcome[i].failed = a->failed;
		entry->outcome[i].size = a->size;
		hasher_end(a->hash, &entry->outcome[i].sha256);
	}
	if (!s->failed)
		s->n++;
}

/* ---- telling ---- */

static int
tell_damage(const struct scan *s, uint64_t offset, const char *what,
    struct err *e)
{
	const struct pack_damage d = { .pack = s->name, .offset = offset,
	    .frame = s->number, .what = what };

	return s->fns->damage(s->fns->arg, &d, e);
}

/* One reading's bytes. */
struct body {
	const struct scan	*s;
	const struct pack_found	*found;
	const struct pack_reading *reading;
};

static int
pour_body(void *arg, const struct sink *to, struct err *e)
{
	const struct body *b = arg;

	return pack_read(b->s->reader, &b->reading->place, b->found->frame,
	    b->reading->size, to, e);
}

static int
tell_entry(struct scan *s, const struct entry *entry,
    const struct frame *frame, struct err *e)
{
	struct pack_reading readings[PACK_READINGS];
	struct body bodies[PACK_READINGS];
	struct pack_found found = { .mtime = entry->mtime, .frame = frame,
	    .readings = readings };
	struct pack_reading *r;
	size_t i;

	if (s->container == CONTAINER_TAR)
		found.member = s->names.p + entry->member;
	for (i = 0; i < s->n_ways; i++) {
		if (entry->outcome[i].failed)
			continue;
		r = &readings[found.n];
		bodies[found.n] = (struct body){ s, &found, r };
		*r = (struct pack_reading){
			.place = { s->name, s->number, entry->offset,
			    entry->stored, s->ways[i].form,
			    s->ways[i].newline_added },
			.size = entry->outcome[i].size,
			.sha256 = entry->outcome[i].sha256,
			.body = { pour_body, &bodies[found.n] },
		};
		found.n++;
	}
	return s->fns->found(s->fns->arg, &found, e);
}

/* ---- frames ---- */

static int
take_raw(void *arg, const void *p, size_t n, struct err *e)
{
	struct scan *s = arg;

	if (n > s->raw_max - s->raw)
		return err_set(e, EK_CORRUPT,
		    "decompresses to more than it should");
	s->raw += n;
	/* What isn't well-formed is still decompressed: its beginning counts if the checksum is right. */
	if (!s->failed && s->syntax->feed(s->parser, p, n, &s->why) == -1)
		s->failed = true;
	return 0;
}

static int
read_frame(struct scan *s, const struct piece *p, struct err *e)
{
	const struct sink to = { take_raw, s };
	uint64_t end, size;

	s->raw = 0;
	s->raw_max = p->raw;
	s->failed = false;
	s->n = 0;
	buf_clear(&s->names);
	s->syntax->start(s->parser);
	if (__builtin_add_overflow(p->offset, p->size, &end) || end > s->size)
		return err_set(e, EK_CORRUPT, "the file ends before it should");
	if (inflate_pour(s->inflate, s->fd, p->offset, end, NULL, &to, &size,
	    e) == -1)
		return -1;
	if (size != p->size)
		return err_set(e, EK_CORRUPT,
		    "the zstd frame ends before it should");
	if (p->raw != PIECE_ANY && s->raw != p->raw)
		return err_set(e, EK_CORRUPT,
		    "decompresses to less than it should");
	return 0;
}

static int
scan_frame(struct scan *s, size_t i, struct err *e)
{
	const struct piece *p = &s->survey.p[i];
	const bool last = i == s->last;
	struct frame frame;
	size_t k;

	if (read_frame(s, p, e) == -1) {
		if (!read_is_damage(e))
			return -1;
		s->why = *e;
		return tell_damage(s, p->offset, s->why.text, e);
	}
	frame = (struct frame){ p->offset, p->size, s->raw };
	if (!s->failed && s->syntax->finish(s->parser, last, &s->why) == -1)
		s->failed = !last || !s->broken;
	for (k = 0; k < s->n; k++)
		if (tell_entry(s, &s->entries[k], &frame, e) == -1)
			return -1;
	return s->failed ? tell_damage(s, p->offset, s->why.text, e) : 0;
}

static int
tell_frame(const struct scan *s, const struct piece *p, struct err *e)
{
	const struct frame frame = { .offset = p->offset, .size = p->size,
	    .raw = p->kind == PIECE_FRAME ? s->raw : 0 };

	return s->fns->frame == NULL ? 0 :
	    s->fns->frame(s->fns->arg, &frame, e);
}

static int
scan_frames(struct scan *s, struct err *e)
{
	const struct piece *p;
	bool behind = false;
	size_t i;

	s->number = 0;
	for (i = 0; i < s->survey.n; i++) {
		p = &s->survey.p[i];
		if (p->kind == PIECE_NOTES) {
			behind = true;
			continue;
		}
		if (p->kind == PIECE_FRAME && scan_frame(s, i, e) == -1)
			return -1;
		if (p->kind == PIECE_DAMAGE && tell_damage(s, p->offset,
		    "neither a frame nor notes", e) == -1)
			return -1;
		if (p->kind == PIECE_FRAME && behind && tell_damage(s,
		    p->offset, "a frame stands behind the notes", e) == -1)
			return -1;
		if (tell_frame(s, p, e) == -1)
			return -1;
		s->number++;
	}
	return s->number > 0 ? 0 : tell_damage(s, 0, "it has no frame", e);
}

/* ---- notes ---- */

static int
scan_notes(struct scan *s, struct err *e)
{
	const struct piece *p;
	bool refused;
	size_t i;

	for (i = s->number = 0; i < s->survey.n; i++) {
		p = &s->survey.p[i];
		s->number += p->kind != PIECE_NOTES;
		if (p->kind != PIECE_NOTES ||
		    tail_read(s->inflate, s->fd, p->offset,
		    p->offset + p->size, NULL, s->fns->note, s->fns->arg,
		    &refused, e) == 0)
			continue;
		if (refused || !read_is_damage(e))
			return -1;
		err_add(e, "notes");
		s->why = *e;
		if (tell_damage(s, p->offset, s->why.text, e) == -1)
			return -1;
	}
	return 0;
}

/* The pieces: the frames that are known, and what else there is. */
static int
take_stock(struct scan *s, const struct frame *frames, size_t n,
    struct err *e)
{
	uint64_t end = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		survey_add(&s->survey, PIECE_FRAME, frames[i].offset,
		    frames[i].size, frames[i].raw);
		if (__builtin_add_overflow(frames[i].offset, frames[i].size,
		    &end))
			end = UINT64_MAX;
	}
	if (end < s->size && survey_file(s->inflate, s->fd, end, s->size,
	    &s->survey, e) == -1)
		return -1;
	for (; frames != NULL && i < s->survey.n; i++)
		/* The table doesn't have it. */
		if (s->survey.p[i].kind == PIECE_FRAME)
			s->survey.p[i].kind = PIECE_DAMAGE;
	for (i = 0; i < s->survey.n; i++) {
		if (s->survey.p[i].kind == PIECE_FRAME)
			s->last = i;
		s->broken = s->survey.p[i].kind == PIECE_DAMAGE ||
		    (s->broken && s->last != i);
	}
	return 0;
}

static void
scan_release(struct scan *s)
{
	size_t i;

	for (i = 0; i < PACK_READINGS; i++)
		hasher_free(&s->attempt[i].hash);
	s->syntax->drop(s->parser);
	pack_reader_free(&s->reader);
	inflate_free(&s->inflate);
	survey_release(&s->survey);
	buf_release(&s->names);
	free(s->entries);
	close(s->fd);
}

int
pack_scan(int dir, const char *name, enum container container,
    const struct frame *frames, size_t n, const struct pack_scan_fns *fns,
    struct err *e)
{
	struct scan s = { .name = name, .container = container, .fns = fns,
	    .names = BUF_INIT(NAMES_MAX) };
	bool tar = container == CONTAINER_TAR;
	size_t i;
	int rc = -1;

	if ((s.fd = read_open(dir, name, &s.size, e)) == -1)
		return -1;
	s.events = (struct parse_events){ on_begin, on_data, on_end, &s };
	s.syntax = parse_syntax(container);
	s.parser = s.syntax->begin(&s.events);
	s.inflate = inflate_new();
	s.reader = pack_reader_new(dir);
	s.ways = tar ? tar_way : mbox_ways;
	s.n_ways = tar ? 1 : PACK_READINGS;
	for (i = 0; i < PACK_READINGS; i++)
		s.attempt[i].hash = hasher_new();
	if (take_stock(&s, frames, n, e) == 0 && scan_notes(&s, e) == 0 &&
	    scan_frames(&s, e) == 0)
		rc = 0;
	scan_release(&s);
	return rc;
}
