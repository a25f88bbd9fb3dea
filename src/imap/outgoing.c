/*
 * outgoing.c - see outgoing.h: a list of blocks, each filled once and sent from where it is.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "imap/outgoing.h"

#define BLOCK	(64 * 1024)	/* bytes that are sent at a time: four records of TLS */

struct block {
	struct block	*next;		/* own */
	size_t		 n, cap;
	size_t		 sent;		/* of them */
	bool		 held;
	char		 p[];
};

void
outgoing_free(struct outgoing *o)
{
	struct block *b;

	while ((b = o->first) != NULL) {
		o->first = b->next;
		free(b);
	}
	*o = (struct outgoing){ NULL, NULL, 0 };
}

static struct block *
add_block(struct outgoing *o, size_t cap)
{
	struct block *b = xmalloc(sizeof(*b) + cap);

	*b = (struct block){ .cap = cap };
	if (o->last == NULL)
		o->first = b;
	else
		o->last->next = b;
	o->last = b;
	return b;
}

void
outgoing_add(struct outgoing *o, const char *p, size_t n)
{
	struct block *b = o->last;
	size_t some;

	o->waiting += n;
	while (n > 0) {
		/* One that is held is full. */
		if (b == NULL || b->n == b->cap)
			b = add_block(o, BLOCK);
		some = b->cap - b->n < n ? b->cap - b->n : n;
		memcpy(b->p + b->n, p, some);
		b->n += some;
		p += some;
		n -= some;
	}
}

void
outgoing_hold(struct outgoing *o, const char *p, size_t n)
{
	struct block *b = add_block(o, n);

	memcpy(b->p, p, n);
	b->n = n;
	b->held = true;
	o->waiting += n;
}

static struct block *
first_held(struct outgoing *o)
{
	struct block *b = o->first;

	while (!b->held)
		b = b->next;
	return b;
}

/* Blocks that were sent go, but for the last one: it takes what comes next. */
static void
tidy(struct outgoing *o)
{
	struct block *b;

	while ((b = o->first) != NULL && !b->held && b->sent == b->n) {
		if (b->next == NULL) {
			b->n = b->sent = 0;
			return;
		}
		o->first = b->next;
		free(b);
	}
}

void
outgoing_release(struct outgoing *o)
{
	first_held(o)->held = false;
}

void
outgoing_drop(struct outgoing *o)
{
	struct block *b = first_held(o);

	o->waiting -= b->n;
	b->n = 0;
	b->held = false;
	tidy(o);
}

const char *
outgoing_next(const struct outgoing *o, size_t *n)
{
	const struct block *b = o->first;

	if (b == NULL || b->held || b->sent == b->n)
		return NULL;
	*n = b->n - b->sent;
	return b->p + b->sent;
}

void
outgoing_sent(struct outgoing *o, size_t n)
{
	o->first->sent += n;
	o->waiting -= n;
	tidy(o);
}
