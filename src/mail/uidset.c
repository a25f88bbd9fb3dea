/*
 * uidset.c - see uidset.h.  An array of ranges, ascending, with a gap between
 * any two.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "mail/uidset.h"

#define RANGE_TEXT	(1 + UID_RANGE_MAX)	/* with a comma before */

void
uidset_release(struct uidset *s)
{
	free(s->r);
	*s = (struct uidset)UIDSET_INIT;
}

void
uidset_clear(struct uidset *s)
{
	s->n = 0;
}

static void
push(struct uidset *s, uint32_t first, uint32_t last)
{
	s->r = mem_grow(s->r, &s->cap, s->n + 1, sizeof(*s->r));
	s->r[s->n++] = (struct uid_range){ first, last };
}

/* Add a range that begins no earlier than the last one does. */
static void
append(struct uidset *s, uint32_t first, uint32_t last)
{
	struct uid_range *tail = s->n == 0 ? NULL : &s->r[s->n - 1];

	if (tail == NULL || first - 1 > tail->last)
		push(s, first, last);
	else if (last > tail->last)
		tail->last = last;
}

/* The first range that ends at or after a UID, or s->n. */
static size_t
find(const struct uidset *s, uint32_t uid)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->r[mid].last < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/*
 * Make ${add} ranges of room before range ${at}, or with ${drop} take that many
 * away there.
 */
static void
shift(struct uidset *s, size_t at, size_t add, size_t drop)
{
	size_t rest = s->n - at - drop;

	s->r = mem_grow(s->r, &s->cap, s->n + add, sizeof(*s->r));
	memmove(s->r + at + add, s->r + at + drop, rest * sizeof(*s->r));
	s->n = s->n + add - drop;
}

void
uidset_add_range(struct uidset *s, uint32_t first, uint32_t last)
{
	size_t lo, hi;

	assert(first != 0);
	if (first > last)
		return;
	if (s->n == 0 || first >= s->r[s->n - 1].first) {
		append(s, first, last);
		return;
	}
	/*
	 * Ranges lo to hi - 1 overlap or touch the new one and become one with
	 * it.
	 */
	lo = hi = find(s, first - 1);
	while (hi < s->n && s->r[hi].first - 1 <= last)
		hi++;
	if (lo == hi) {
		shift(s, lo, 1, 0);
		s->r[lo] = (struct uid_range){ first, last };
		return;
	}
	if (first < s->r[lo].first)
		s->r[lo].first = first;
	s->r[lo].last = last > s->r[hi - 1].last ? last : s->r[hi - 1].last;
	shift(s, lo + 1, 0, hi - lo - 1);
}

void
uidset_add(struct uidset *s, uint32_t uid)
{
	uidset_add_range(s, uid, uid);
}

/* Give ${s} the ranges of ${from}, which is empty then. */
static void
take(struct uidset *s, struct uidset *from)
{
	free(s->r);
	*s = *from;
	*from = (struct uidset)UIDSET_INIT;
}

void
uidset_add_set(struct uidset *s, const struct uidset *more)
{
	struct uidset both = UIDSET_INIT;
	size_t i = 0, j = 0;

	if (more->n == 0 || s == more)
		return;
	if (s->n == 0 || more->r[0].first > s->r[s->n - 1].last) {
		for (j = 0; j < more->n; j++)
			append(s, more->r[j].first, more->r[j].last);
		return;
	}
	while (i < s->n || j < more->n) {
		const struct uid_range *r;

		if (j == more->n ||
		    (i < s->n && s->r[i].first <= more->r[j].first))
			r = &s->r[i++];
		else
			r = &more->r[j++];
		append(&both, r->first, r->last);
	}
	take(s, &both);
}

void
uidset_remove_set(struct uidset *s, const struct uidset *gone)
{
	struct uidset left = UIDSET_INIT;
	size_t i, j = 0;

	if (s->n == 0 || gone->n == 0)
		return;
	for (i = 0; i < s->n; i++) {
		/*
		 * 64 bits: what is left may begin beyond UID_MAX, that is, be
		 * nothing.
		 */
		uint64_t first = s->r[i].first, last = s->r[i].last;

		while (j < gone->n && gone->r[j].last < first)
			j++;
		while (j < gone->n && gone->r[j].first <= last) {
			if (gone->r[j].first > first)
				append(&left, (uint32_t)first,
				    gone->r[j].first - 1);
			first = (uint64_t)gone->r[j].last + 1;
			if (first > last)
				break;	/* it may reach into the next range */
			j++;
		}
		if (first <= last)
			append(&left, (uint32_t)first, (uint32_t)last);
	}
	take(s, &left);
}

void
uidset_remove(struct uidset *s, uint32_t uid)
{
	size_t i = find(s, uid);
	uint32_t last;

	if (i == s->n || uid < s->r[i].first)
		return;
	last = s->r[i].last;
	if (s->r[i].first == uid && last == uid)
		shift(s, i, 0, 1);
	else if (s->r[i].first == uid)
		s->r[i].first++;
	else if (last == uid)
		s->r[i].last--;
	else {
		shift(s, i + 1, 1, 0);
		s->r[i].last = uid - 1;
		s->r[i + 1] = (struct uid_range){ uid + 1, last };
	}
}

bool
uidset_has(const struct uidset *s, uint32_t uid)
{
	size_t i = find(s, uid);

	return i < s->n && s->r[i].first <= uid;
}

bool
uidset_empty(const struct uidset *s)
{
	return s->n == 0;
}

uint64_t
uidset_count(const struct uidset *s)
{
	uint64_t count = 0;
	size_t i;

	for (i = 0; i < s->n; i++)
		count += (uint64_t)s->r[i].last - s->r[i].first + 1;
	return count;
}

uint32_t
uidset_min(const struct uidset *s)
{
	return s->n == 0 ? 0 : s->r[0].first;
}

uint32_t
uidset_max(const struct uidset *s)
{
	return s->n == 0 ? 0 : s->r[s->n - 1].last;
}

void
uidset_intersect(const struct uidset *a, const struct uidset *b,
    struct uidset *out)
{
	size_t i = 0, j = 0;

	assert(out != a && out != b);
	uidset_clear(out);
	while (i < a->n && j < b->n) {
		uint32_t first = a->r[i].first, last = a->r[i].last;

		if (b->r[j].first > first)
			first = b->r[j].first;
		if (b->r[j].last < last)
			last = b->r[j].last;
		if (first <= last)
			append(out, first, last);
		if (a->r[i].last < b->r[j].last)
			i++;
		else
			j++;
	}
}

/* A nz-number at ${*p}; moves on.  Return 0 or -1. */
static int
parse_uid(const char **p, const char *end, uint32_t *out)
{
	const char *s = *p;
	uint64_t v;

	while (*p < end && **p >= '0' && **p <= '9')
		(*p)++;
	if (*p == s || *s == '0' || text_u64(s, (size_t)(*p - s), &v) == -1 ||
	    v > UID_MAX)
		return -1;
	*out = (uint32_t)v;
	return 0;
}

static int
parse_range(const char **p, const char *end, struct uid_range *out)
{
	uint32_t a, b;

	if (parse_uid(p, end, &a) == -1)
		return -1;
	b = a;
	if (*p < end && **p == ':') {
		(*p)++;
		if (parse_uid(p, end, &b) == -1)
			return -1;
	}
	*out = (struct uid_range){ a < b ? a : b, a < b ? b : a };
	return 0;
}

static int
by_first(const void *a, const void *b)
{
	const struct uid_range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

int
uidset_parse(const char *p, size_t n, size_t limit, struct uidset *out)
{
	const char *end = p + n;
	struct uid_range r, *all = NULL;
	struct uidset set = UIDSET_INIT;
	size_t count = 0, cap = 0, i;
	bool ascending = true;
	int rc = -1;

	/*
	 * All of them first: put in their places one by one, a server's
	 * unsorted list would cost the square of its length.
	 */
	for (;;) {
		if (count == limit || parse_range(&p, end, &r) == -1)
			goto out;
		if (count > 0 && r.first < all[count - 1].first)
			ascending = false;
		all = mem_grow(all, &cap, count + 1, sizeof(*all));
		all[count++] = r;
		if (p == end)
			break;
		if (*p++ != ',')
			goto out;
	}
	if (!ascending)
		qsort(all, count, sizeof(*all), by_first);
	for (i = 0; i < count; i++)
		append(&set, all[i].first, all[i].last);
	uidset_add_set(out, &set);
	rc = 0;
out:
	uidset_release(&set);
	free(all);
	return rc;
}

/* Write a number before ${to}; return where it begins. */
static char *
put_uid(char *to, uint32_t uid)
{
	do
		*--to = (char)('0' + uid % 10);
	while ((uid /= 10) != 0);
	return to;
}

size_t
uidset_format(const struct uidset *s, size_t from, size_t max, struct buf *b)
{
	size_t i, used = 0;

	for (i = from; i < s->n; i++) {
		char text[RANGE_TEXT], *end = text + sizeof(text), *p = end;
		size_t n;

		p = put_uid(p, s->r[i].last);
		if (s->r[i].first != s->r[i].last) {
			*--p = ':';
			p = put_uid(p, s->r[i].first);
		}
		if (i > from)
			*--p = ',';
		n = (size_t)(end - p);
		if (i > from && (n > max || used > max - n))
			break;
		if (buf_add(b, p, n) == -1)
			break;
		used += n;
	}
	return i;
}
