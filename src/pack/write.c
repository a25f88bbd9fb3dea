/*
 * write.c - a pack in the making: entries to the format, frames cut between them, notes behind.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/io.h"
#include "base/mem.h"
#include "pack/format.h"
#include "pack/frame.h"
#include "pack/pack.h"
#include "pack/tail.h"

/* A header, a From_ line and what else stands around a message in its frame. */
#define AROUND	(16 * 1024)

enum writer_state {
	WRITER_OPEN,
	WRITER_FAILED,
	WRITER_SEALED,
};

struct pack_writer {
	enum writer_state	 state;
	char			*name;		/* own */
	enum container		 container;
	struct outfile		*file;		/* own */
	struct frame_writer	*frames;	/* own */
	const struct pack_format *format;	/* static */
	void			*inside;	/* own; the format's */
	struct tail		*tail;		/* own */
};

/* What of a pack was not published goes with it. */
static void
writer_free(struct pack_writer **wp)
{
	struct pack_writer *w = *wp;

	/* From the top down: each one writes to the next. */
	if (w->inside != NULL)
		w->format->drop(w->inside);
	frame_free(&w->frames);
	outfile_discard(&w->file);
	tail_free(&w->tail);
	free(w->name);
	free(w);
	*wp = NULL;
}

int
pack_create(int tmp, const char *name, enum container container,
    struct pack_writer **out, struct err *e)
{
	struct pack_writer *w = xcalloc(1, sizeof(*w));

	w->name = xstrdup(name);
	w->container = container;
	w->format = container == CONTAINER_TAR ? &tar_format : &mboxfmt_format;
	w->tail = tail_new(tmp);
	if (outfile_create(tmp, name, &w->file, e) == -1 ||
	    frame_open(w->file, &w->frames, e) == -1 ||
	    w->format->begin(w->frames, &w->inside, e) == -1) {
		pack_discard(&w);
		return -1;
	}
	*out = w;
	return 0;
}

/* A body that is held to its word. */
struct measured {
	const struct source	*body;
	const struct sink	*to;
	uint64_t		 size, seen;
};

static int
measured_write(void *arg, const void *p, size_t n, struct err *e)
{
	struct measured *m = arg;

	if (n > m->size - m->seen)
		return err_set(e, EK_FAIL, "a message has more than the %"
		    PRIu64 " bytes that were announced", m->size);
	m->seen += n;
	return sink_write(m->to, p, n, e);
}

static int
measured_pour(void *arg, const struct sink *to, struct err *e)
{
	struct measured *m = arg;
	const struct sink through = { measured_write, m };

	m->to = to;
	if (source_pour(m->body, &through, e) == -1)
		return -1;
	if (m->seen != m->size)
		return err_set(e, EK_FAIL, "a message has %" PRIu64
		    " bytes where %" PRIu64 " were announced", m->seen,
		    m->size);
	return 0;
}

/*
 * A message begins a frame where the one before is full, and where it would make that one too large to be held by a
 * reader: the small neighbours of a huge message should not be as slow to read as that is.
 */
static bool
begins_frame(const struct pack_writer *w, uint64_t size)
{
	uint64_t held = frame_held(w->frames);

	return held > 0 && (held >= PACK_FRAME ||
	    size > PACK_FRAME_KEEP - AROUND - held);
}

int
pack_add(struct pack_writer *w, const struct pack_entry *entry,
    const struct source *body, struct place *place_out, struct err *e)
{
	struct measured m = { .body = body, .size = entry->size };
	const struct source exact = { measured_pour, &m };
	struct place place = { .pack = w->name };

	assert(w->state == WRITER_OPEN);
	w->state = WRITER_FAILED;
	if (frame_check(w->frames, e) == -1)
		return -1;
	if (begins_frame(w, entry->size) && frame_cut(w->frames, e) == -1)
		return -1;
	if (w->format->add(w->inside, entry, &exact, &place, e) == -1)
		return -1;
	*place_out = place;
	w->state = WRITER_OPEN;
	return 0;
}

int
pack_note(struct pack_writer *w, const char *line, size_t n, struct err *e)
{
	assert(w->state == WRITER_OPEN);
	if (tail_add(w->tail, line, n, e) == -1) {
		w->state = WRITER_FAILED;
		return -1;
	}
	return 0;
}

uint64_t
pack_raw(const struct pack_writer *w)
{
	return frame_raw(w->frames);
}

const char *
pack_name(const struct pack_writer *w)
{
	return w->name;
}

static int
append(void *arg, const void *p, size_t n, struct err *e)
{
	return frame_append(arg, p, n, e);
}

int
pack_seal(struct pack_writer *w, struct rec_pack *info,
    struct rec_frames *frames, struct err *e)
{
	const struct sink behind = { append, w->frames };
	uint64_t tail;

	assert(w->state == WRITER_OPEN);
	w->state = WRITER_FAILED;
	if (w->format->end(w->inside, e) == -1 ||
	    frame_finish(w->frames, e) == -1 ||
	    tail_pour(w->tail, &behind, &tail, e) == -1 ||
	    outfile_sync(w->file, e) == -1)
		return -1;
	*info = (struct rec_pack){ .pack = w->name, .tail = tail,
	    .raw = frame_raw(w->frames), .container = w->container };
	frame_end(w->frames, &info->size, &info->sha256);
	*frames = (struct rec_frames){ .pack = w->name };
	frames->frames = frame_table(w->frames, &frames->n);
	info->frames = frames->n;
	w->state = WRITER_SEALED;
	return 0;
}

int
pack_publish(struct pack_writer **wp, int dir, struct err *e)
{
	struct pack_writer *w = *wp;

	assert(w->state == WRITER_SEALED);
	w->state = WRITER_FAILED;
	if (outfile_publish(&w->file, dir, w->name, e) == -1)
		return -1;
	writer_free(wp);
	return 0;
}

void
pack_discard(struct pack_writer **wp)
{
	if (*wp != NULL)
		writer_free(wp);
}
