/*
 * compact.c - which packs become one, and which manifests a bundle.
 *
 * What was done once should not be done over and over: a pack or a bundle that is large enough is left alone, so that
 * what each run writes is bounded by what came since and one small pack (of each folder), or bundle.
 */
#include "policy/policy.h"

/* ---- packs ---- */

/* The packs that come together, as they are found. */
struct gathering {
	struct policy_pack *packs;
	size_t		 from, to;	/* those in it with batch PENDING */
	size_t		 members;
	uint64_t	 raw;
	size_t		 batch;		/* the last one */
	uint64_t	 batch_raw;
};

#define PENDING	SIZE_MAX

/* One alone would only be copied. */
static void
end_group(struct gathering *g)
{
	size_t i, batch = 0;

	if (g->members > 1) {
		if (g->batch == 0 ||
		    g->raw > POLICY_PACK_FULL - g->batch_raw) {
			g->batch++;
			g->batch_raw = 0;
		}
		g->batch_raw += g->raw;
		batch = g->batch;
	}
	for (i = g->from; i < g->to; i++)
		if (g->packs[i].batch == PENDING)
			g->packs[i].batch = batch;
	g->members = 0;
	g->raw = 0;
}

size_t
policy_compact(struct policy_pack *packs, size_t n, uint64_t below)
{
	struct gathering g = { .packs = packs };
	size_t i;

	for (i = 0; i < n; i++) {
		struct policy_pack *p = &packs[i];

		p->batch = 0;
		if (i > 0 && p->folder != packs[i - 1].folder)
			end_group(&g);
		if (p->raw >= below || p->raw > POLICY_PACK_FULL)
			continue;
		if (g.members > 0 && p->raw > POLICY_PACK_FULL - g.raw)
			end_group(&g);
		if (g.members++ == 0)
			g.from = i;
		g.to = i + 1;
		g.raw += p->raw;
		p->batch = PENDING;
	}
	end_group(&g);
	return g.batch;
}

/* ---- manifests ---- */

/* The largest bundle that ends with this manifest, or NULL. */
static const struct policy_manifests *
bundle_to(const struct policy_manifests *files, size_t n, uint64_t last)
{
	const struct policy_manifests *found = NULL, *f;

	for (f = files; f < files + n; f++)
		if (f->first < f->last && f->last == last &&
		    (found == NULL || f->first < found->first))
			found = f;
	return found;
}

bool
policy_bundle(const struct policy_manifests *files, size_t n, uint64_t head,
    uint64_t least, struct policy_manifests *out)
{
	const struct policy_manifests *f;
	uint64_t bundled = 0;

	for (f = files; f < files + n; f++)
		if (f->first < f->last && f->last > bundled)
			bundled = f->last;
	if (bundled >= head || head - bundled < least)
		return false;
	*out = (struct policy_manifests){ bundled + 1, head, 0 };
	while ((f = bundle_to(files, n, out->first - 1)) != NULL &&
	    f->size < POLICY_BUNDLE_SMALL) {
		out->first = f->first;
		out->size += f->size;
	}
	if (out->last - out->first >= POLICY_BUNDLE_MOST)
		out->last = out->first + POLICY_BUNDLE_MOST - 1;
	for (f = files; f < files + n; f++)
		if (f->first == f->last && f->first > bundled &&
		    f->last <= out->last)
			out->size += f->size;
	return out->first < out->last;
}
