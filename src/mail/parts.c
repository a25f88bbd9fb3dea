/*
 * parts.c - see parts.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mail/fold.h"
#include "mail/parts.h"

struct line {
	const char	*p;
	size_t		 n;	/* without LF and the CRs before it */
	const char	*next;
};

static struct line
line_at(const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));
	const char *stop = lf == NULL ? end : lf;

	while (stop > p && stop[-1] == '\r')
		stop--;
	return (struct line){ p, (size_t)(stop - p),
	    lf == NULL ? end : lf + 1 };
}

/* How many blanks stand at ${p}. */
static size_t
blanks(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && (p[i] == ' ' || p[i] == '\t'); i++)
		;
	return i;
}

/* ---- headers ---- */

/* If a line begins the field of that name: where its value does, else 0. */
static size_t
value_of(const struct line *l, const char *name)
{
	size_t n = strlen(name);

	if (l->n <= n || !fold_equal(l->p, name, n))
		return 0;
	n += blanks(l->p + n, l->n - n);
	return n < l->n && l->p[n] == ':' ? n + 1 : 0;
}

void
parts_field(struct parts_span header, const char *name, struct buf *out)
{
	const char *p = header.p, *end = p + header.n;
	bool ours = false;
	struct line l;
	size_t from;

	buf_clear(out);
	for (; p < end; p = l.next) {
		l = line_at(p, end);
		from = 0;
		if (blanks(l.p, l.n) == 0) {
			if (blanks(buf_text(out), out->n) < out->n)
				break;
			buf_clear(out);
			from = value_of(&l, name);
			ours = from > 0;
		}
		if (ours)
			buf_add_some(out, l.p + from, l.n - from);
	}
}

/* ---- boundaries ---- */

static void
close_levels(struct parts *w, size_t depth)
{
	while (w->depth > depth)
		free(w->open[--w->depth].boundary);
}

/* The level, from 1, that a line is a boundary of (its ${last}?), or 0. */
static size_t
boundary_of(const struct parts *w, const struct line *l, bool *last)
{
	size_t i, n;

	if (l->n < 2 || l->p[0] != '-' || l->p[1] != '-')
		return 0;
	for (i = w->depth; i > 0; i--) {
		n = 2 + w->open[i - 1].n;
		if (l->n < n ||
		    memcmp(l->p + 2, w->open[i - 1].boundary, n - 2) != 0)
			continue;
		*last = l->n - n >= 2 && memcmp(l->p + n, "--", 2) == 0;
		if (*last || n + blanks(l->p + n, l->n - n) == l->n)
			return i;
	}
	return 0;
}

/* Go on to the next boundary and return its level, or to the end: 0. */
static size_t
to_boundary(struct parts *w, struct line *l, bool *last)
{
	size_t level;

	for (; w->depth > 0 && w->p < w->end; w->p = l->next) {
		*l = line_at(w->p, w->end);
		if ((level = boundary_of(w, l, last)) > 0)
			return level;
	}
	w->p = w->end;
	return 0;
}

/* Go on to the next part's header.  Return whether there is one. */
static bool
to_header(struct parts *w)
{
	struct line l;
	size_t level;
	bool last = false;

	while (w->inside) {
		if ((level = to_boundary(w, &l, &last)) == 0)
			return false;
		close_levels(w, last ? level - 1 : level);
		w->p = l.next;
		w->inside = last;
	}
	return w->p < w->end;
}

/* A header ends with an empty line or at a boundary. */
static const char *
header_end(const struct parts *w)
{
	const char *p;
	struct line l;
	bool last;

	for (p = w->p; p < w->end; p = l.next) {
		l = line_at(p, w->end);
		if (l.n == 0)
			return l.next;
		if (boundary_of(w, &l, &last) > 0)
			break;
	}
	return p;
}

/* ---- the door ---- */

void
parts_begin(struct parts *w, const void *p, size_t n)
{
	*w = (struct parts){ .p = p, .end = (const char *)p + n };
}

void
parts_end(struct parts *w)
{
	close_levels(w, 0);
	w->p = w->end;
}

bool
parts_next(struct parts *w, struct parts_span *header)
{
	const char *p;

	if (!to_header(w) || w->met++ == PARTS_MAX) {
		parts_end(w);
		return false;
	}
	p = w->p;
	w->p = header_end(w);
	w->inside = true;
	*header = (struct parts_span){ p, (size_t)(w->p - p) };
	return true;
}

bool
parts_enter(struct parts *w, const char *boundary, bool alternative)
{
	size_t n = boundary == NULL ? 0 : strlen(boundary);

	/* A blank at its end would be taken for padding. */
	while (n > 0 && blanks(boundary + n - 1, 1) > 0)
		n--;
	if (n == 0 || w->depth == PARTS_LEVELS)
		return false;
	w->open[w->depth].boundary = xmemdup0(boundary, n);
	w->open[w->depth].n = n;
	w->open[w->depth].alternative = alternative;
	w->depth++;
	return true;
}

struct parts_span
parts_body(struct parts *w)
{
	const char *p = w->p, *end;
	struct line l;
	bool last;

	if (to_boundary(w, &l, &last) == 0)
		return (struct parts_span){ p, (size_t)(w->end - p) };
	end = w->p;
	if (end > p && end[-1] == '\n')
		end -= end - p > 1 && end[-2] == '\r' ? 2 : 1;
	return (struct parts_span){ p, (size_t)(end - p) };
}

bool
parts_alternative(const struct parts *w)
{
	size_t i;

	for (i = 0; i < w->depth; i++)
		if (w->open[i].alternative)
			return true;
	return false;
}

struct parts_span
parts_header(const void *p, size_t n)
{
	const struct parts w = { .p = p, .end = (const char *)p + n };

	return (struct parts_span){ p, (size_t)(header_end(&w) - w.p) };
}
