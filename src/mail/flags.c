/*
 * flags.c - see flags.h.  On the path of every message: the usual handful of
 * system flags costs a bit mask and no allocation.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mail/flags.h"
#include "mail/fold.h"

struct word {
	const char	*p;
	size_t		 n;
};

#define WORD(s)	{ s, sizeof(s) - 1 }

/*
 * In canonical order; the last one is the session's, not the message's, and
 * never kept.
 */
static const struct word system_flags[] = {
	WORD("\\Answered"),
	WORD("\\Deleted"),
	WORD("\\Draft"),
	WORD("\\Flagged"),
	WORD("\\Seen"),
	WORD("\\Recent"),
};
#define SYSTEM_FLAGS	(sizeof(system_flags) / sizeof(system_flags[0]))
#define KEPT_FLAGS	(SYSTEM_FLAGS - 1)

/* A system flag as a bit, or 0. */
static unsigned int
system_bit(const struct word *w)
{
	size_t i;

	if (w->p[0] != '\\')
		return 0;
	for (i = 0; i < SYSTEM_FLAGS; i++)
		if (w->n == system_flags[i].n &&
		    fold_equal(w->p, system_flags[i].p, w->n))
			return 1u << i;
	return 0;
}

/* The next run of bytes that are no separators; moves on. */
static bool
next_word(const char **p, const char *end, struct word *out)
{
	const char *s = *p;

	while (s < end && (*s == ' ' || *s == '\0' || *s == '\r' ||
	    *s == '\n'))
		s++;
	out->p = s;
	while (s < end && *s != ' ' && *s != '\0' && *s != '\r' && *s != '\n')
		s++;
	out->n = (size_t)(s - out->p);
	*p = s;
	return out->n > 0;
}

/* Byte order, a shorter one before a longer one that it begins. */
static int
compare(const char *a, size_t an, const char *b, size_t bn)
{
	int r = memcmp(a, b, an < bn ? an : bn);

	return r != 0 ? r : (an > bn) - (an < bn);
}

/* What begins with a backslash, then the rest. */
static int
by_group(const void *a, const void *b)
{
	const struct word *x = a, *y = b;
	bool xs = x->p[0] == '\\', ys = y->p[0] == '\\';

	if (xs != ys)
		return xs ? -1 : 1;
	return compare(x->p, x->n, y->p, y->n);
}

static size_t
drop_doubles(struct word *w, size_t n)
{
	size_t i, kept = 0;

	for (i = 0; i < n; i++)
		if (kept == 0 || compare(w[i].p, w[i].n, w[kept - 1].p,
		    w[kept - 1].n) != 0)
			w[kept++] = w[i];
	return kept;
}

/* Bytes of words with a blank between. */
static size_t
length(const struct word *w, size_t n, size_t before)
{
	size_t i;

	for (i = 0; i < n; i++)
		before += w[i].n + (before > 0);
	return before;
}

static char *
put_word(char *to, const char *start, const struct word *w)
{
	if (to != start)
		*to++ = ' ';
	memcpy(to, w->p, w->n);
	return to + w->n;
}

int
flags_canon(const char *p, size_t n, struct buf *out)
{
	struct word others[FLAGS_MAX_COUNT], w;
	const char *end = n == 0 ? p : p + n;	/* p may be NULL then */
	char *start, *to;
	unsigned int bits = 0, bit;
	size_t i, count = 0, rest = 0, len = 0;

	if (n > FLAGS_MAX_TEXT)
		return -1;
	for (; next_word(&p, end, &w); count++) {
		if (count == FLAGS_MAX_COUNT)
			return -1;
		if ((bit = system_bit(&w)) != 0)
			bits |= bit;
		else
			others[rest++] = w;
	}
	if (rest > 1) {
		qsort(others, rest, sizeof(others[0]), by_group);
		rest = drop_doubles(others, rest);
	}
	for (i = 0; i < KEPT_FLAGS; i++)
		if (bits & 1u << i)
			len = length(&system_flags[i], 1, len);
	len = length(others, rest, len);
	if ((start = to = buf_room(out, len)) == NULL)
		return -1;
	for (i = 0; i < KEPT_FLAGS; i++)
		if (bits & 1u << i)
			to = put_word(to, start, &system_flags[i]);
	for (i = 0; i < rest; i++)
		to = put_word(to, start, &others[i]);
	*to = '\0';
	out->n += len;
	return 0;
}

const char *
flags_next(const char **s, size_t *len)
{
	const char *p = *s;

	if (*p == ' ')
		p++;
	if (*p == '\0')
		return NULL;
	*len = strcspn(p, " ");
	*s = p + *len;
	return p;
}

int
flags_has(const char *text, const char *flag)
{
	size_t n = strlen(flag), len;
	const char *p;

	while ((p = flags_next(&text, &len)) != NULL)
		if (len == n && memcmp(p, flag, n) == 0)
			return 1;
	return 0;
}

static char
label_byte(char c)
{
	return c == '\r' || c == '\n' || c == '\0' ? '?' : c;
}

/* Compare a line of canonical labels with a label as it will stand there. */
static int
label_compare(const char *line, size_t len, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < len && i < n; i++) {
		unsigned char a = (unsigned char)line[i];
		unsigned char b = (unsigned char)label_byte(p[i]);

		if (a != b)
			return a < b ? -1 : 1;
	}
	return (len > n) - (len < n);
}

int
labels_add(struct buf *b, const char *p, size_t n)
{
	size_t at = 0, len, i;
	char *to;
	int order;

	if (n == 0)
		return 0;
	/*
	 * at: the line that this label goes before, or one past the end's
	 * newline to be.
	 */
	for (; at < b->n; at += len + 1) {
		const char *line = b->p + at;
		const char *lf = memchr(line, '\n', b->n - at);

		len = lf == NULL ? b->n - at : (size_t)(lf - line);
		if ((order = label_compare(line, len, p, n)) == 0)
			return 0;
		if (order > 0)
			break;
	}
	if (buf_room(b, b->n == 0 ? n : n + 1) == NULL)
		return -1;
	to = b->p + at;
	if (at > b->n)
		to[-1] = '\n';
	else if (b->n > 0) {
		memmove(to + n + 1, to, b->n - at);
		to[n] = '\n';
	}
	b->n += b->n == 0 ? n : n + 1;
	for (i = 0; i < n; i++)
		to[i] = label_byte(p[i]);
	b->p[b->n] = '\0';
	return 0;
}
