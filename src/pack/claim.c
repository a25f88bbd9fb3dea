/*
 * claim.c - what manifests say of a pack, put in order, and the list of what is not so.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pack/check.h"

void
pack_claim_release(struct pack_claim *c)
{
	free(c->name);
	free(c->frames);
	free(c->blobs);
	*c = (struct pack_claim){ .name = NULL };
}

static int
compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int
by_place(const void *p, const void *q)
{
	const struct rec_blob *a = p, *b = q;
	int r;

	if ((r = compare(a->place.frame, b->place.frame)) != 0 ||
	    (r = compare(a->place.offset, b->place.offset)) != 0 ||
	    (r = compare(a->place.stored, b->place.stored)) != 0)
		return r;
	return memcmp(a->sha256.b, b->sha256.b, DIGEST_SIZE);
}

/* Several records may say the same of a blob. */
static bool
same(const struct rec_blob *a, const struct rec_blob *b)
{
	return by_place(a, b) == 0 && a->size == b->size &&
	    a->place.form == b->place.form &&
	    a->place.newline_added == b->place.newline_added;
}

struct check_pack *
check_pack_new(struct pack_claim *claim)
{
	struct check_pack *p = xcalloc(1, sizeof(*p));
	struct rec_blob *b = claim->blobs;
	size_t i, n = 0;

	if (claim->n > 1)
		qsort(b, claim->n, sizeof(*b), by_place);
	for (i = 0; i < claim->n; i++)
		if (n == 0 || !same(&b[n - 1], &b[i]))
			b[n++] = b[i];
	claim->n = n;
	p->claim = *claim;
	*claim = (struct pack_claim){ .name = NULL };
	p->told = xcalloc(n + 1, sizeof(*p->told));
	return p;
}

void
check_pack_free(struct check_pack **pp)
{
	struct check_pack *p = *pp;

	if (p == NULL)
		return;
	pack_claim_release(&p->claim);
	check_items_release(&p->found);
	free(p->told);
	free(p);
	*pp = NULL;
}

void
check_items_release(struct check_items *items)
{
	size_t i;

	for (i = 0; i < items->n; i++)
		free(items->p[i].what);
	free(items->p);
	*items = (struct check_items){ NULL, 0, 0 };
}

void
check_items_move(struct check_items *to, struct check_items *from)
{
	size_t i;

	if (from->n == 0)
		return;
	to->p = mem_grow(to->p, &to->cap, to->n + from->n, sizeof(*to->p));
	for (i = 0; i < from->n; i++) {
		to->p[to->n] = from->p[i];
		to->p[to->n].order = to->n;
		to->n++;
	}
	from->n = 0;
}

void
check_items_add(struct check_items *items, uint64_t offset, uint64_t frame,
    const struct digest *blob, const char *what)
{
	struct check_item *item;

	items->p = mem_grow(items->p, &items->cap, items->n + 1,
	    sizeof(*items->p));
	item = &items->p[items->n];
	*item = (struct check_item){ .offset = offset, .frame = frame,
	    .order = items->n++, .what = xstrdup(what), .costs = blob != NULL };
	if (blob != NULL)
		item->sha256 = *blob;
}

static int
by_offset(const void *p, const void *q)
{
	const struct check_item *a = p, *b = q;
	int r = compare(a->offset, b->offset);

	return r != 0 ? r : compare(a->order, b->order);
}

void
check_items_sort(struct check_items *items)
{
	if (items->n > 1)
		qsort(items->p, items->n, sizeof(*items->p), by_offset);
}

size_t
check_pack_first(const struct check_pack *p, uint64_t frame)
{
	size_t low = 0, high = p->claim.n, i;

	while (low < high) {
		i = low + (high - low) / 2;
		if (p->claim.blobs[i].place.frame < frame)
			low = i + 1;
		else
			high = i;
	}
	return low;
}

void
check_pack_lose(struct check_pack *p, uint64_t frame, const char *what,
    struct check_items *items)
{
	const struct pack_claim *c = &p->claim;
	uint64_t offset = c->frames[frame].offset;
	bool any = false;
	size_t i = check_pack_first(p, frame);

	for (; i < c->n && c->blobs[i].place.frame == frame; i++) {
		any = true;
		if (!p->told[i])
			check_items_add(items, offset, frame,
			    &c->blobs[i].sha256, what);
		p->told[i] = true;
	}
	if (!any)
		check_items_add(items, offset, frame, NULL, what);
}

/* Whether the frames follow each other from the first byte on, and with the tail make the file. */
static bool
frames_add_up(const struct pack_claim *c)
{
	uint64_t at = 0, raw = 0, i;

	for (i = 0; i < c->info.frames; i++) {
		if (c->frames[i].offset != at ||
		    __builtin_add_overflow(at, c->frames[i].size, &at) ||
		    __builtin_add_overflow(raw, c->frames[i].raw, &raw))
			return false;
	}
	return !__builtin_add_overflow(at, c->info.tail, &at) &&
	    at == c->info.size && raw == c->info.raw;
}

void
check_pack_claims(struct check_pack *p, struct check_items *items)
{
	const struct pack_claim *c = &p->claim;
	const struct place *place;
	uint64_t end;
	size_t i;

	if (!frames_add_up(c))
		check_items_add(items, 0, 0, NULL,
		    "what the manifests say of its frames does not add up");
	for (i = 0; i < c->n; i++) {
		place = &c->blobs[i].place;
		if (place->frame < c->info.frames &&
		    !__builtin_add_overflow(place->offset, place->stored,
		    &end) && end <= c->frames[place->frame].raw)
			continue;
		p->told[i] = true;
		check_items_add(items, place->frame < c->info.frames ?
		    c->frames[place->frame].offset : 0, place->frame,
		    &c->blobs[i].sha256,
		    "the manifests say that it lies beyond the end");
	}
}
