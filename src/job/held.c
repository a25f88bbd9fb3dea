/*
 * held.c - facts of a message that come in several responses: those that come before the body, and the body that waits
 * for more of them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/backup.h"
#include "mail/date.h"
#include "mail/flags.h"

#define LABELS_MAX	FLAGS_MAX_TEXT
#define ID_MAX		300

static void
init_held(struct held *h)
{
	memset(h, 0, sizeof(*h));
	buf_init(&h->date, DATE_MAX_RAW);
	buf_init(&h->flags, FLAGS_MAX_TEXT);
	buf_init(&h->labels, LABELS_MAX);
	buf_init(&h->emailid, ID_MAX);
	buf_init(&h->threadid, ID_MAX);
}

static void
release_held(struct held *h)
{
	buf_release(&h->date);
	buf_release(&h->flags);
	buf_release(&h->labels);
	buf_release(&h->emailid);
	buf_release(&h->threadid);
}

void
held_begin(struct backup *b)
{
	size_t i;

	b->early = xcalloc(EARLY_MAX, sizeof(*b->early));
	for (i = 0; i < EARLY_MAX; i++)
		init_held(&b->early[i]);
	init_held(&b->late);
}

void
held_forget(struct backup *b)
{
	size_t i;

	for (i = 0; i < EARLY_MAX; i++)
		b->early[i].set = false;
	b->late.set = false;
}

void
held_end(struct backup *b)
{
	size_t i;

	for (i = 0; i < EARLY_MAX; i++)
		release_held(&b->early[i]);
	release_held(&b->late);
	free(b->early);
}

struct held *
held_early(const struct backup *b, uint32_t uid)
{
	return &b->early[uid % EARLY_MAX];
}

static const char *
held_text(struct buf *b, const char *s)
{
	buf_clear(b);
	return s == NULL || buf_adds(b, s) == -1 ? NULL : buf_text(b);
}

void
held_add(struct held *h, const struct mail_meta *from, bool newer)
{
	struct mail_meta *m = &h->meta;

	if (from->internaldate != NULL && (newer || m->internaldate == NULL)) {
		m->internaldate = held_text(&h->date, from->internaldate);
		m->date = from->date;
		m->has_date = from->has_date;
	}
	if (from->flags != NULL && (newer || m->flags == NULL))
		m->flags = held_text(&h->flags, from->flags);
	if (from->labels != NULL && (newer || m->labels == NULL))
		m->labels = held_text(&h->labels, from->labels);
	if (from->emailid != NULL && (newer || m->emailid == NULL))
		m->emailid = held_text(&h->emailid, from->emailid);
	if (from->threadid != NULL && (newer || m->threadid == NULL))
		m->threadid = held_text(&h->threadid, from->threadid);
	if (from->has_size && (newer || !m->has_size)) {
		m->size = from->size;
		m->has_size = true;
	}
}

void
held_put(struct held *h, const struct mail_meta *m)
{
	if (!h->set || h->meta.uid != m->uid)
		h->meta = (struct mail_meta){ .uid = m->uid };
	h->set = true;
	held_add(h, m, true);
}
