/*
 * buf.c - see buf.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf)BUF_INIT(max);
}

void
buf_release(struct buf *b)
{
	free(b->p);
	b->p = NULL;
	b->n = b->cap = 0;
}

void
buf_clear(struct buf *b)
{
	b->n = 0;
	if (b->p != NULL)
		b->p[0] = '\0';
}

char *
buf_room(struct buf *b, size_t n)
{
	if (n > b->max || b->n > b->max - n)
		return NULL;
	b->p = mem_grow(b->p, &b->cap, b->n + n + 1, 1);
	return b->p + b->n;
}

int
buf_add(struct buf *b, const void *p, size_t n)
{
	char *to;

	if ((to = buf_room(b, n)) == NULL)
		return -1;
	if (n > 0)
		memcpy(to, p, n);
	to[n] = '\0';
	b->n += n;
	return 0;
}

void
buf_add_some(struct buf *b, const void *p, size_t n)
{
	buf_add(b, p, n < b->max - b->n ? n : b->max - b->n);
}

int
buf_addc(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

int
buf_adds(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int
buf_addf(struct buf *b, const char *fmt, ...)
{
	char *to;
	int n;
	va_list ap;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || (to = buf_room(b, (size_t)n)) == NULL)
		return -1;
	va_start(ap, fmt);
	vsnprintf(to, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
	return 0;
}

const char *
buf_text(const struct buf *b)
{
	return b->p == NULL ? "" : b->p;
}

char *
buf_take(struct buf *b)
{
	char *s;

	s = b->p == NULL ? xstrdup("") : b->p;
	b->p = NULL;
	b->n = b->cap = 0;
	return s;
}
