/*
 * queue.c - which visit comes next.  A visit is made when the wire has room for it, so that a million folders cost no
 * more than those that are being looked at.
 */
#include <stddef.h>

#include "job/backup.h"

static void
put_last(struct queue *q, struct visit *v)
{
	if (q->last == NULL)
		q->first = v;
	else
		q->last->next = v;
	q->last = v;
	v->next = NULL;
	if (q->sending == NULL)
		q->sending = v;
}

void
queue_put(struct backup *b, struct visit *v)
{
	struct queue *q = &b->queue;

	if (!b->gmail) {
		put_last(q, v);
		return;
	}
	/* Where folders share their messages, one is finished before the next: so its bodies are known there. */
	v->next = q->first;
	q->first = q->sending = v;
	if (q->last == NULL)
		q->last = v;
}

void
queue_put_off(struct backup *b, struct visit *v)
{
	struct queue *q = &b->queue;

	v->next = NULL;
	if (q->put_off == NULL)
		q->put_off = v;
	else
		q->put_off_last->next = v;
	q->put_off_last = v;
}

/* The visits that are over, made again one by one. */
static int
take_put_off(struct backup *b, struct err *e)
{
	struct queue *q = &b->queue;
	struct visit *old = q->put_off, *v;

	if ((v = visit_again(b, old, e)) == NULL)
		return -1;
	q->put_off = old->next;
	visit_free(&old);
	put_last(q, v);
	return 0;
}

int
queue_next(struct backup *b, struct visit **out, struct err *e)
{
	struct queue *q = &b->queue;
	struct visit *v;

	while (q->sending == NULL && q->reached < b->folders_n) {
		struct folder *f = &b->folders[q->reached];

		if (!f->done) {
			if ((v = visit_new(b, f, VISIT_COMPARE, e)) == NULL)
				return -1;
			put_last(q, v);
		}
		q->reached++;
	}
	if (q->sending == NULL && q->put_off != NULL &&
	    take_put_off(b, e) == -1)
		return -1;
	*out = q->sending;
	return 0;
}

struct visit *
queue_take(struct backup *b)
{
	struct queue *q = &b->queue;
	struct visit *v = q->first;

	q->first = v->next;
	if (q->first == NULL)
		q->last = NULL;
	if (q->sending == v)
		q->sending = v->next;
	v->next = NULL;
	return v;
}

int
queue_restart(struct backup *b, struct err *e)
{
	struct queue *q = &b->queue;
	struct visit *old, *v, *rest = q->first;
	int rc = 0;

	q->first = q->last = q->sending = NULL;
	while ((old = rest) != NULL) {
		rest = old->next;
		v = old;
		if (old->examined && rc == 0) {
			if ((v = visit_again(b, old, e)) == NULL) {
				rc = -1;
				v = old;
			} else
				visit_free(&old);
		}
		put_last(q, v);
	}
	return rc;
}

static void
free_all(struct visit *v)
{
	struct visit *next;

	for (; v != NULL; v = next) {
		next = v->next;
		visit_free(&v);
	}
}

void
queue_release(struct backup *b)
{
	free_all(b->queue.first);
	free_all(b->queue.put_off);
	b->queue = (struct queue){ .reached = b->folders_n };
}
