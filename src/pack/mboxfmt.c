/*
 * mboxfmt.c - messages as the entries of an mbox; what an entry is, mail/mbox.h knows.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mail/mbox.h"
#include "pack/format.h"

static int
mbox_begin(struct frame_writer *to, void **out, struct err *e)
{
	(void)e;
	*out = to;
	return 0;
}

static int
mbox_add(void *arg, const struct pack_entry *entry, const struct source *body,
    struct place *place, struct err *e)
{
	struct frame_writer *to = arg;
	const struct sink sink = frame_sink(to);
	char from[MBOX_FROM_MAX];

	assert(entry->form == BLOB_LF || entry->form == BLOB_RAW);
	mbox_from_line(from, entry->mtime);
	if (frame_write(to, from, strlen(from), e) == -1)
		return -1;
	place->frame = frame_number(to);
	place->offset = frame_held(to);
	place->form = entry->form;
	if (mbox_quote(entry->form, body, &sink, &place->stored,
	    &place->newline_added, e) == -1)
		return -1;
	return frame_write(to, "\n", 1, e);
}

static int
mbox_end(void *arg, struct err *e)
{
	(void)arg;
	(void)e;
	return 0;
}

static void
mbox_drop(void *arg)
{
	(void)arg;	/* borrowed */
}

const struct pack_format mboxfmt_format = {
	mbox_begin, mbox_add, mbox_end, mbox_drop
};
