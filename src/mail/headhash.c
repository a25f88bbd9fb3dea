/*
 * headhash.c - see headhash.h.
 */
#include <string.h>

#include "mail/headhash.h"

void
headhash_init(struct headhash *h)
{
	h->hasher = hasher_new();
	headhash_begin(h);
}

void
headhash_release(struct headhash *h)
{
	hasher_free(&h->hasher);
}

void
headhash_begin(struct headhash *h)
{
	struct digest ignored;

	hasher_end(h->hasher, &ignored);
	h->line_begins = true;
	h->crs = 0;
	h->done = false;
}

/* CRs that were held back belong to a line after all. */
static void
add_crs(struct headhash *h)
{
	for (; h->crs > 0; h->crs--)
		hasher_add(h->hasher, "\r", 1);
}

/* The first bytes of a line: those that were taken. */
static size_t
begin_line(struct headhash *h, const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] == '\r')
		i++;
	h->crs += i;
	if (i == n)
		return i;
	if (p[i] == '\n') {
		h->done = true;
		return i;
	}
	add_crs(h);
	h->line_begins = false;
	return i;
}

void
headhash_feed(struct headhash *h, const void *bytes, size_t n)
{
	const char *p = bytes, *end = p + n, *lf;

	while (p < end && !h->done) {
		if (h->line_begins) {
			p += begin_line(h, p, (size_t)(end - p));
			continue;
		}
		lf = memchr(p, '\n', (size_t)(end - p));
		h->line_begins = lf != NULL;
		lf = lf == NULL ? end : lf + 1;
		hasher_add(h->hasher, p, (size_t)(lf - p));
		p = lf;
	}
}

void
headhash_end(struct headhash *h, struct digest *out)
{
	if (!h->done)
		add_crs(h);
	hasher_end(h->hasher, out);
	headhash_begin(h);
}
