/*
 * check.c - see check.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mail/mbox.h"
#include "pack/check.h"
#include "pack/inflate.h"
#include "pack/parse.h"
#include "pack/read.h"

struct check_tools {
	struct inflate	*inflate;	/* own */
	char		*out;		/* own; CHECK_HELD, or NULL */
	struct hasher	*hash;		/* own */
	struct parse_events events;
	const struct parse_syntax *syntax;	/* of the parser, or NULL */
	void		*parser;	/* own */

	/* The frame at work. */
	struct check_items *items;	/* borrowed */
	struct check_pack *pack;	/* borrowed */
	uint64_t	 frame;
	uint64_t	 raw;		/* seen of it */
	bool		 malformed;
	struct err	 why;		/* if malformed */
	size_t		 end;		/* its blobs: before this one */
	/* A message that the parser has found. */
	uint64_t	 offset;
	size_t		 placed;	/* the blob that stands there, or after it */
	uint64_t	 unnamed;	/* messages that no blob stands for */
	/* The blob whose bytes come next. */
	size_t		 blob;
	bool		 open;
	bool		 failed;	/* its bytes are none */
	uint64_t	 size;		/* of it so far */
	struct mbox_unquote u;
};

static const struct rec_blob *
blob_at(const struct check_tools *t, size_t i)
{
	return &t->pack->claim.blobs[i];
}

static void
tell(struct check_tools *t, const struct digest *blob, const char *what)
{
	check_items_add(t->items, t->pack->claim.frames[t->frame].offset,
	    t->frame, blob, what);
}

static void
tell_blob(struct check_tools *t, size_t i, const char *what)
{
	if (!t->pack->told[i])
		tell(t, &blob_at(t, i)->sha256, what);
	t->pack->told[i] = true;
}

/* ---- the bytes at each blob's place ---- */

static int
count(void *arg, const void *p, size_t n, struct err *e)
{
	struct check_tools *t = arg;

	(void)e;
	t->size += n;
	hasher_add(t->hash, p, n);
	return 0;
}

static void
begin_blob(struct check_tools *t, const struct rec_blob *b)
{
	const struct sink to = { count, t };

	t->open = true;
	t->failed = false;
	t->size = 0;
	if (b->place.form != BLOB_PLAIN)
		mbox_unquote_start(&t->u, b->place.form,
		    b->place.newline_added, to);
}

static void
add_to_blob(struct check_tools *t, const struct rec_blob *b, const char *p,
    size_t n)
{
	struct sink to = { count, t };
	struct err e;

	if (b->place.form != BLOB_PLAIN)
		to = mbox_unquote_sink(&t->u);
	if (!t->failed && sink_write(&to, p, n, &e) == -1)
		t->failed = true;
}

static void
end_blob(struct check_tools *t, const struct rec_blob *b)
{
	struct digest is;
	struct err e;

	if (b->place.form != BLOB_PLAIN && !t->failed &&
	    mbox_unquote_end(&t->u, &e) == -1)
		t->failed = true;
	hasher_end(t->hash, &is);
	t->open = false;
	if (t->failed)
		tell_blob(t, t->blob, "its bytes are not in the form that "
		    "the manifests say");
	else if (t->size != b->size || !digest_equal(&is, &b->sha256))
		tell_blob(t, t->blob, "its bytes are not those that were "
		    "stored (SHA-256)");
}

/* ${n} bytes of the frame, the first of them at ${at}. */
static void
feed_blobs(struct check_tools *t, const char *p, size_t n, uint64_t at)
{
	const uint64_t end = at + n;
	const struct rec_blob *b;
	uint64_t from, to, low, high;

	for (; t->blob < t->end; t->blob++) {
		b = blob_at(t, t->blob);
		/* One that reaches beyond the frame has been told of. */
		if (t->pack->told[t->blob] && !t->open)
			continue;
		from = b->place.offset;
		to = from + b->place.stored;
		if (from >= end && to > end)
			return;
		if (!t->open)
			begin_blob(t, b);
		low = from < at ? at : from;
		high = to > end ? end : to;
		if (low < high)
			add_to_blob(t, b, p + (low - at), (size_t)(high - low));
		if (to > end)
			return;
		end_blob(t, b);
	}
}

/* ---- the messages that the parser finds ---- */

static void
on_begin(void *arg, const char *member, int64_t mtime, uint64_t offset)
{
	struct check_tools *t = arg;

	(void)member;
	(void)mtime;
	t->offset = offset;
}

static void
on_data(void *arg, const void *p, size_t n)
{
	(void)arg;
	(void)p;
	(void)n;
}

#define MISPLACED	"no message stands where the manifests say"

static void
on_end(void *arg, uint64_t stored)
{
	struct check_tools *t = arg;
	bool named = false;

	for (; t->placed < t->end &&
	    blob_at(t, t->placed)->place.offset <= t->offset; t->placed++) {
		if (blob_at(t, t->placed)->place.offset == t->offset)
			named = true;
		if (blob_at(t, t->placed)->place.offset < t->offset ||
		    blob_at(t, t->placed)->place.stored != stored)
			tell_blob(t, t->placed, MISPLACED);
	}
	if (!named)
		t->unnamed++;
}

static void
end_messages(struct check_tools *t)
{
	char what[96];

	/* What a parser has given up on, nobody knows. */
	if (t->malformed)
		tell(t, NULL, t->why.text);
	else
		for (; t->placed < t->end; t->placed++)
			tell_blob(t, t->placed, MISPLACED);
	if (t->unnamed == 0 || t->pack->claim.partial)
		return;
	snprintf(what, sizeof(what), "holds %" PRIu64
	    " message%s that no manifest names", t->unnamed,
	    t->unnamed == 1 ? "" : "s");
	tell(t, NULL, what);
}

/* ---- frames ---- */

struct check *
check_new(void)
{
	struct check *c = xcalloc(1, sizeof(*c));

	c->tools = xcalloc(1, sizeof(*c->tools));
	c->tools->inflate = inflate_new();
	c->tools->hash = hasher_new();
	c->tools->events = (struct parse_events){ on_begin, on_data, on_end,
	    c->tools };
	return c;
}

void
check_free(struct check **cp)
{
	struct check *c = *cp;

	if (c == NULL)
		return;
	if (c->tools->syntax != NULL)
		c->tools->syntax->drop(c->tools->parser);
	inflate_free(&c->tools->inflate);
	hasher_free(&c->tools->hash);
	free(c->tools->out);
	free(c->tools);
	check_items_release(&c->items);
	free(c);
	*cp = NULL;
}

bool
check_is_held(const struct frame *f)
{
	return f->size <= CHECK_HELD && f->raw <= CHECK_HELD;
}

static void
set_parser(struct check_tools *t, enum container container)
{
	const struct parse_syntax *syntax = parse_syntax(container);

	if (t->syntax == syntax)
		return;
	if (t->syntax != NULL)
		t->syntax->drop(t->parser);
	t->syntax = syntax;
	t->parser = syntax->begin(&t->events);
}

static void
begin_frame(struct check *c, struct check_pack *p, uint64_t frame)
{
	struct check_tools *t = c->tools;
	struct digest cut_off;

	set_parser(t, p->claim.info.container);
	t->syntax->start(t->parser);
	if (t->open)
		hasher_end(t->hash, &cut_off);
	t->open = t->malformed = false;
	t->items = &c->items;
	t->pack = p;
	t->frame = frame;
	t->raw = t->unnamed = 0;
	t->blob = t->placed = check_pack_first(p, frame);
	t->end = check_pack_first(p, frame + 1);
}

static int
take_raw(void *arg, const void *p, size_t n, struct err *e)
{
	struct check_tools *t = arg;

	if (n > t->pack->claim.frames[t->frame].raw - t->raw)
		return err_set(e, EK_CORRUPT,
		    "decompresses to more than the manifests say");
	feed_blobs(t, p, n, t->raw);
	if (!t->malformed && t->syntax->feed(t->parser, p, n, &t->why) == -1)
		t->malformed = true;
	t->raw += n;
	return 0;
}

/* The frame was decompressed with ${rc}: what of it is left to say. */
static int
end_frame(struct check *c, int rc, struct err *e)
{
	struct check_tools *t = c->tools;
	const struct pack_claim *claim = &t->pack->claim;

	c->raw = t->raw;
	if (rc == 0 && t->raw != claim->frames[t->frame].raw)
		rc = err_set(e, EK_CORRUPT,
		    "decompresses to less than the manifests say");
	if (rc == -1) {
		if (!read_is_damage(e))
			return -1;
		check_pack_lose(t->pack, t->frame, e->text, t->items);
		return 0;
	}
	/* An empty blob at the very end. */
	feed_blobs(t, "", 0, t->raw);
	if (!t->malformed && t->syntax->finish(t->parser,
	    t->frame + 1 == claim->info.frames, &t->why) == -1)
		t->malformed = true;
	end_messages(t);
	return 0;
}

int
check_held(struct check *c, struct check_pack *p, uint64_t frame,
    const char *in, struct err *e)
{
	const struct frame *f = &p->claim.frames[frame];
	struct check_tools *t = c->tools;
	size_t raw;
	int rc;

	begin_frame(c, p, frame);
	if (t->out == NULL)
		t->out = xmalloc(CHECK_HELD);
	rc = inflate_whole(t->inflate, in, (size_t)f->size, t->out,
	    (size_t)f->raw, &raw, e);
	if (rc == 0)
		rc = take_raw(t, t->out, raw, e);
	return end_frame(c, rc, e);
}

int
check_stream(struct check *c, struct check_pack *p, uint64_t frame, int fd,
    const struct sink *seen, struct err *e)
{
	const struct frame *f = &p->claim.frames[frame];
	const struct sink to = { take_raw, c->tools };
	uint64_t size;
	int rc;

	begin_frame(c, p, frame);
	rc = inflate_pour(c->tools->inflate, fd, f->offset,
	    f->offset + f->size, seen, &to, &size, e);
	if (rc == 0 && size != f->size)
		rc = err_set(e, EK_CORRUPT,
		    "the zstd frame ends before it should");
	return end_frame(c, rc, e);
}
