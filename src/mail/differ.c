/*
 * differ.c - see differ.h.  Header fields are compared by name and value, in whatever order they stand; the bodies as
 * they are, and if they differ, without CRs.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mail/differ.h"
#include "mail/fold.h"

#define FIELDS_MAX	2000	/* fields that are looked at */
#define NAMES_MAX	5	/* that are told of a kind */
#define NAME_BYTES	60

struct field {
	const char	*p;
	size_t		 n;		/* with its folded lines, without the last line end */
	size_t		 name;		/* bytes of its name */
	bool		 met;		/* the other message has it */
};

struct header {
	struct field	 v[FIELDS_MAX];
	size_t		 n;
	const char	*body;
	size_t		 body_n;
};

/* Where the line at ${p} ends, behind its LF. */
static const char *
line_end(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	return nl == NULL ? end : nl + 1;
}

static size_t
trimmed(const char *p, const char *end)
{
	while (end > p && (end[-1] == '\n' || end[-1] == '\r'))
		end--;
	return (size_t)(end - p);
}

static void
split(struct header *h, const char *p, size_t n)
{
	const char *end = p + n, *next, *from;
	const char *colon;

	h->n = 0;
	while (p < end) {
		from = p;
		next = line_end(p, end);
		if (trimmed(p, next) == 0) {
			p = next;
			break;
		}
		while (next < end && (*next == ' ' || *next == '\t'))
			next = line_end(next, end);
		p = next;
		if (h->n == FIELDS_MAX)
			continue;
		h->v[h->n] = (struct field){ from, trimmed(from, next), 0,
		    false };
		colon = memchr(from, ':', h->v[h->n].n);
		h->v[h->n].name = colon == NULL ? h->v[h->n].n :
		    (size_t)(colon - from);
		h->n++;
	}
	h->body = p;
	h->body_n = (size_t)(end - p);
}

static bool
same_name(const struct field *a, const struct field *b)
{
	return a->name == b->name && fold_equal(a->p, b->p, a->name);
}

/* Pairs of fields that are alike: whole, or then by name alone. */
static void
pair(struct header *a, struct header *b, bool whole, size_t *changed,
    struct buf *names)
{
	size_t i, j;

	for (i = 0; i < a->n; i++) {
		struct field *f = &a->v[i];

		if (f->met)
			continue;
		for (j = 0; j < b->n; j++) {
			struct field *g = &b->v[j];

			if (g->met || (whole ? f->n != g->n ||
			    memcmp(f->p, g->p, f->n) != 0 : !same_name(f, g)))
				continue;
			f->met = g->met = true;
			if (!whole && (*changed)++ < NAMES_MAX)
				buf_addf(names, " %.*s", (int)(f->name <
				    NAME_BYTES ? f->name : NAME_BYTES), f->p);
			break;
		}
	}
}

static void
add_part(struct buf *out, const char *what, const char *names)
{
	buf_addf(out, "%sheader%s %s", out->n > 0 ? "; " : "", names, what);
}

static void
tell_rest(const struct header *h, const char *what, struct buf *out)
{
	struct buf names = BUF_INIT(1024);
	size_t i, n = 0;

	for (i = 0; i < h->n; i++)
		if (!h->v[i].met && n++ < NAMES_MAX)
			buf_addf(&names, " %.*s", (int)(h->v[i].name <
			    NAME_BYTES ? h->v[i].name : NAME_BYTES),
			    h->v[i].p);
	if (n > 0)
		add_part(out, what, buf_text(&names));
	buf_release(&names);
}

/* Equal but for CRs. */
static bool
same_but_crs(const char *a, size_t an, const char *b, size_t bn)
{
	size_t i = 0, j = 0;

	for (;;) {
		while (i < an && a[i] == '\r')
			i++;
		while (j < bn && b[j] == '\r')
			j++;
		if (i == an || j == bn)
			return i == an && j == bn;
		if (a[i++] != b[j++])
			return false;
	}
}

static void
tell_sizes(size_t old, size_t new, const char *semi, struct buf *out)
{
	size_t n = old > new ? old - new : new - old;

	buf_addf(out, "%sbody: %zu byte%s %s", semi, n, n == 1 ? "" : "s",
	    old > new ? "less" : "more");
}

static void
tell_bodies(const struct header *a, const struct header *b, struct buf *out)
{
	const char *semi = out->n > 0 ? "; " : "";
	size_t i, n = 0, nuls = 0;

	if (a->body_n == b->body_n) {
		for (i = 0; i < a->body_n; i++) {
			n += a->body[i] != b->body[i];
			nuls += a->body[i] != b->body[i] && a->body[i] == '\0';
		}
		if (n > 0)
			buf_addf(out, "%sbody: %zu byte%s changed%s", semi, n,
			    n == 1 ? "" : "s", n == nuls ? ", all NULs" : "");
	} else if (same_but_crs(a->body, a->body_n, b->body, b->body_n))
		buf_addf(out, "%sbody: line ends", semi);
	else
		tell_sizes(a->body_n, b->body_n, semi, out);
}

void
differ_text(const char *old, size_t old_n, const char *new, size_t new_n,
    struct buf *out)
{
	struct header *a = xcalloc(1, sizeof(*a)), *b = xcalloc(1, sizeof(*b));
	struct buf names = BUF_INIT(1024);
	size_t changed = 0, before = out->n;

	split(a, old, old_n);
	split(b, new, new_n);
	pair(a, b, true, &changed, &names);
	pair(a, b, false, &changed, &names);
	if (changed > 0)
		add_part(out, "changed", buf_text(&names));
	tell_rest(b, "added", out);
	tell_rest(a, "dropped", out);
	tell_bodies(a, b, out);
	if (out->n == before)
		buf_adds(out, old_n == new_n ? "order of header lines" :
		    "line ends of the header");
	buf_release(&names);
	free(a);
	free(b);
}
