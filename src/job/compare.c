/*
 * compare.c - see backup.h: two sorted streams side by side.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/backup.h"

void
changes_release(struct changes *c)
{
	uidset_release(&c->want);
	uidset_release(&c->gone);
	free(c->flags);
	memset(c, 0, sizeof(*c));
}

/* A message that is both known and listed, as number ${i}. */
static void
compare_one(const struct known_uid *k, struct listing *listing, uint64_t i,
    struct intern *in, struct changes *out)
{
	const struct listed *l = listing_at(listing, i);
	const char *flags = intern_text(in, l->flags);
	const char *labels = intern_text(in, l->labels);
	uint32_t known;

	out->same++;
	if (l->date != LISTED_NO_DATE && k->has_date && l->date != k->date)
		out->reused = true;
	/* What the listing didn't ask for has not changed. */
	if ((flags == NULL || strcmp(flags, k->flags) == 0) &&
	    (labels == NULL || (k->labels != NULL &&
	    strcmp(labels, k->labels) == 0)))
		return;
	/* A record of changed labels has the flags too. */
	if (flags == NULL) {
		if (intern_put(in, k->flags, &known) == -1) {
			out->untold++;
			return;
		}
		listing_fill(listing, i, known);
	}
	out->flags = mem_grow(out->flags, &out->flags_cap, out->flags_n + 1,
	    sizeof(*out->flags));
	out->flags[out->flags_n++] = l;
}

static int
by_flags(const void *a, const void *b)
{
	const struct listed *x = *(const struct listed *const *)a;
	const struct listed *y = *(const struct listed *const *)b;

	if (x->flags != y->flags)
		return x->flags < y->flags ? -1 : 1;
	if (x->labels != y->labels)
		return x->labels < y->labels ? -1 : 1;
	return (x->uid > y->uid) - (x->uid < y->uid);
}

static void
sort_flags(struct changes *c)
{
	if (c->flags_n > 1)
		qsort(c->flags, c->flags_n, sizeof(*c->flags), by_flags);
}

int
compare_all(struct catalog *c, uint64_t epoch, struct listing *l,
    struct intern *in, struct changes *out, struct err *e)
{
	struct catalog_uids *it;
	struct known_uid k;
	uint64_t i = 0, n = listing_count(l);
	int r;

	if (catalog_uids(c, epoch, 1, UID_MAX, &it, e) == -1)
		return -1;
	while ((r = catalog_uids_next(it, &k, e)) == 1) {
		while (i < n && listing_at(l, i)->uid < k.uid)
			uidset_add(&out->want, listing_at(l, i++)->uid);
		if (i == n || listing_at(l, i)->uid > k.uid) {
			/* The same UID may be known twice, with two contents. */
			if (i == 0 || listing_at(l, i - 1)->uid != k.uid)
				uidset_add(&out->gone, k.uid);
			continue;
		}
		compare_one(&k, l, i++, in, out);
	}
	while (i < n)
		uidset_add(&out->want, listing_at(l, i++)->uid);
	catalog_uids_close(&it);
	sort_flags(out);
	return r;
}

int
compare_some(struct catalog *c, uint64_t epoch, struct listing *l,
    struct intern *in, struct changes *out, struct err *e)
{
	struct uidset uids = UIDSET_INIT, known = UIDSET_INIT;
	struct catalog_uids *it;
	struct known_uid k;
	uint64_t i = 0, n = listing_count(l);
	size_t range;
	int r = 0;

	listing_uids(l, &uids);
	for (range = 0; r != -1 && range < uids.n; range++) {
		if (catalog_uids(c, epoch, uids.r[range].first,
		    uids.r[range].last, &it, e) == -1) {
			r = -1;
			break;
		}
		while ((r = catalog_uids_next(it, &k, e)) == 1) {
			while (i < n && listing_at(l, i)->uid < k.uid)
				i++;
			uidset_add(&known, k.uid);
			if (i < n && listing_at(l, i)->uid == k.uid)
				compare_one(&k, l, i, in, out);
		}
		catalog_uids_close(&it);
	}
	uidset_add_set(&out->want, &uids);
	uidset_remove_set(&out->want, &known);
	uidset_release(&uids);
	uidset_release(&known);
	sort_flags(out);
	return r == -1 ? -1 : 0;
}

int
compare_set(struct catalog *c, uint64_t epoch, const struct uidset *all,
    struct changes *out, struct err *e)
{
	struct uidset range = UIDSET_INIT, known = UIDSET_INIT;
	int rc;

	uidset_add_range(&range, 1, UID_MAX);
	if ((rc = compare_known(c, epoch, &range, &known, e)) == 0) {
		uidset_add_set(&out->want, all);
		uidset_remove_set(&out->want, &known);
		out->same = uidset_count(&known);
		uidset_add_set(&out->gone, &known);
		uidset_remove_set(&out->gone, all);
		out->same -= uidset_count(&out->gone);
	}
	uidset_release(&range);
	uidset_release(&known);
	return rc;
}

int
compare_known(struct catalog *c, uint64_t epoch, const struct uidset *in,
    struct uidset *out, struct err *e)
{
	struct catalog_uids *it;
	struct known_uid k;
	size_t range;
	int r = 0;

	for (range = 0; r != -1 && range < in->n; range++) {
		if (catalog_uids(c, epoch, in->r[range].first,
		    in->r[range].last, &it, e) == -1)
			return -1;
		while ((r = catalog_uids_next(it, &k, e)) == 1)
			uidset_add(out, k.uid);
		catalog_uids_close(&it);
	}
	return r == -1 ? -1 : 0;
}
