/*
 * listing.c - see backup.h.  Kept in blocks, so that a million messages are never copied to make room for one more.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/backup.h"

#define BLOCK		4096
#define LISTED_MAX	20000000	/* messages in one folder */

struct listing {
	struct listed	**block;	/* own, each BLOCK long */
	size_t		  blocks, cap;
	uint64_t	  n;
	bool		  ascending;
};

struct listing *
listing_new(void)
{
	struct listing *l = xcalloc(1, sizeof(*l));

	l->ascending = true;
	return l;
}

void
listing_free(struct listing **lp)
{
	struct listing *l = *lp;

	if (l == NULL)
		return;
	while (l->blocks > 0)
		free(l->block[--l->blocks]);
	free(l->block);
	free(l);
	*lp = NULL;
}

static struct listed *
entry(const struct listing *l, uint64_t i)
{
	return &l->block[i / BLOCK][i % BLOCK];
}

int
listing_add(struct listing *l, const struct listed *m, struct err *e)
{
	if (l->n == LISTED_MAX)
		return err_set(e, EK_PROTO,
		    "more than %d messages are listed in a folder", LISTED_MAX);
	if (l->n == (uint64_t)l->blocks * BLOCK) {
		l->block = mem_grow(l->block, &l->cap, l->blocks + 1,
		    sizeof(*l->block));
		l->block[l->blocks++] = xreallocarray(NULL, BLOCK,
		    sizeof(**l->block));
	}
	if (l->n > 0 && entry(l, l->n - 1)->uid >= m->uid)
		l->ascending = false;
	*entry(l, l->n) = *m;
	entry(l, l->n)->at = (uint32_t)l->n;
	l->n++;
	return 0;
}

uint64_t
listing_count(const struct listing *l)
{
	return l->n;
}

const struct listed *
listing_at(const struct listing *l, uint64_t i)
{
	return entry(l, i);
}

void
listing_fill(struct listing *l, uint64_t i, uint32_t flags)
{
	entry(l, i)->flags = flags;
}

static int
by_uid(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* Servers list in order; one that doesn't costs a copy. */
static void
sort_blocks(struct listing *l)
{
	struct listed *flat = xreallocarray(NULL, (size_t)l->n, sizeof(*flat));
	uint64_t i;

	for (i = 0; i < l->n; i++)
		flat[i] = *entry(l, i);
	qsort(flat, (size_t)l->n, sizeof(*flat), by_uid);
	for (i = 0; i < l->n; i++)
		*entry(l, i) = flat[i];
	free(flat);
}

/*
 * The later word counts, fact by fact: flags may have changed meanwhile, and facts may come in more than one
 * response.
 */
static void
merge(struct listed *into, const struct listed *later)
{
	if (later->flags != 0)
		into->flags = later->flags;
	if (later->labels != 0)
		into->labels = later->labels;
	if (later->date != LISTED_NO_DATE)
		into->date = later->date;
}

uint64_t
listing_sort(struct listing *l)
{
	uint64_t i, n = 0, doubles = 0;

	if (l->ascending || l->n == 0)
		return 0;
	sort_blocks(l);
	for (i = 0; i < l->n; i++) {
		if (n > 0 && entry(l, n - 1)->uid == entry(l, i)->uid) {
			merge(entry(l, n - 1), entry(l, i));
			doubles++;
			continue;
		}
		*entry(l, n++) = *entry(l, i);
	}
	l->n = n;
	l->ascending = true;
	return doubles;
}

void
listing_uids(const struct listing *l, struct uidset *out)
{
	uint64_t i;

	for (i = 0; i < l->n; i++)
		uidset_add(out, entry(l, i)->uid);
}
