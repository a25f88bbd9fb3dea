/*
 * compact.c - a vault of many small files made into one of few large ones.
 *
 * A batch of packs is a commit of its own, so that a run that breaks off has done as much as it has done.  The
 * manifests come last; those of this run wait for the next.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/mem.h"
#include "job/job.h"

struct pack_name {
	char		*name;		/* own */
	uint64_t	 folder, raw, size;
	size_t		 order;		/* in which they were made */
};

struct compact {
	struct vault	*v;
	const struct job_compact_opts *opts;
	struct job_compact_report *report;
	struct pack_name *names;	/* own; by folder, then in the order they were made */
	struct policy_pack *plan;	/* own; of each */
	size_t		 n, cap;
	size_t		 batches;
	struct policy_manifests *files;	/* own */
	size_t		 files_n, files_cap;
	uint64_t	 done, total;	/* bytes of mail */
};

/* ---- the plan ---- */

static int
note_pack(void *arg, const struct known_pack *k, struct err *e)
{
	struct compact *c = arg;

	(void)e;
	c->names = mem_grow(c->names, &c->cap, c->n + 1, sizeof(*c->names));
	c->names[c->n] = (struct pack_name){ xstrdup(k->name), k->folder,
	    k->raw, k->size, c->n };
	c->n++;
	return 0;
}

static int
by_folder_and_age(const void *a, const void *b)
{
	const struct pack_name *x = a, *y = b;

	if (x->folder != y->folder)
		return x->folder < y->folder ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static int
plan_packs(struct compact *c, struct err *e)
{
	size_t i;

	if (catalog_packs(vault_catalog(c->v), note_pack, c, e) == -1)
		return -1;
	if (c->n > 0)
		qsort(c->names, c->n, sizeof(*c->names), by_folder_and_age);
	c->plan = xcalloc(c->n + 1, sizeof(*c->plan));
	for (i = 0; i < c->n; i++)
		c->plan[i] = (struct policy_pack){ .folder = c->names[i].folder,
		    .raw = c->names[i].raw };
	c->batches = policy_compact(c->plan, c->n, c->opts->below);
	for (i = 0; i < c->n; i++)
		if (c->plan[i].batch != 0)
			c->total += c->plan[i].raw;
	return 0;
}

static int
note_file(void *arg, const struct manifest_file *f, struct err *e)
{
	struct compact *c = arg;

	(void)e;
	c->files = mem_grow(c->files, &c->files_cap, c->files_n + 1,
	    sizeof(*c->files));
	c->files[c->files_n++] = (struct policy_manifests){ f->first, f->last,
	    f->size };
	return 0;
}

/* ---- packs ---- */

static void
on_progress(void *arg, uint64_t raw)
{
	struct compact *c = arg;

	c->done += raw;
	if (c->opts->progress != NULL)
		c->opts->progress(c->opts->arg, c->done, c->total);
}

/* What a batch would come to. */
static void
foresee(struct compact *c, size_t batch)
{
	struct vault_compacted *r = &c->report->packs;
	uint64_t folder = 0;
	bool any = false;
	size_t i;

	for (i = 0; i < c->n; i++) {
		if (c->plan[i].batch != batch)
			continue;
		r->packs++;
		r->bytes += c->names[i].size;
		if (!any || c->names[i].folder != folder)
			r->made++;
		folder = c->names[i].folder;
		any = true;
	}
}

static int
do_batch(struct compact *c, size_t batch, struct err *e)
{
	const char **packs = xcalloc(c->n, sizeof(*packs));
	size_t n = 0, i;
	int rc;

	for (i = 0; i < c->n; i++)
		if (c->plan[i].batch == batch)
			packs[n++] = c->names[i].name;
	rc = vault_compact(c->v, packs, n, on_progress, c, &c->report->packs,
	    e);
	free(packs);
	return rc;
}

static int
do_packs(struct compact *c, struct err *e)
{
	size_t batch;

	for (batch = 1; batch <= c->batches; batch++) {
		if (c->opts->dry_run)
			foresee(c, batch);
		else if (cancel_check(e) == -1 || do_batch(c, batch, e) == -1)
			return -1;
		c->report->commits++;
	}
	return 0;
}

/* ---- manifests ---- */

static int
do_manifests(struct compact *c, uint64_t head, struct err *e)
{
	struct policy_manifests b;

	if (vault_manifests(c->v, note_file, c, e) == -1)
		return -1;
	if (!policy_bundle(c->files, c->files_n, head, c->opts->manifests,
	    &b))
		return 0;
	if (!c->opts->dry_run && (cancel_check(e) == -1 ||
	    vault_bundle(c->v, b.first, b.last, b.size, e) == -1))
		return -1;
	c->report->manifests = b.last - b.first + 1;
	c->report->bundle_first = b.first;
	c->report->bundle_last = b.last;
	return 0;
}

/* ---- all of it ---- */

static int
take_stock(struct compact *c, uint64_t *packs, uint64_t *bytes, struct err *e)
{
	struct known_totals t;

	if (catalog_totals(vault_catalog(c->v), &t, e) == -1)
		return -1;
	*packs = t.packs;
	*bytes = t.stored_bytes;
	return 0;
}

static int
compact(struct compact *c, struct err *e)
{
	struct job_compact_report *r = c->report;
	struct err ignored;
	uint64_t head = vault_head(c->v, &r->head);
	int rc;

	if (take_stock(c, &r->packs_before, &r->bytes_before, e) == -1 ||
	    plan_packs(c, e) == -1)
		return -1;
	if ((rc = do_packs(c, e)) == 0)
		rc = do_manifests(c, head, e);
	if (c->opts->dry_run) {
		r->packs_after = r->packs_before - r->packs.packs +
		    r->packs.made;
		r->bytes_after = r->bytes_before;
	} else if (take_stock(c, &r->packs_after, &r->bytes_after,
	    rc == 0 ? e : &ignored) == -1)
		rc = -1;
	return rc;
}

int
job_compact(struct vault *v, const struct job_compact_opts *opts,
    struct job_compact_report *report, struct err *e)
{
	struct compact c = { .v = v, .opts = opts, .report = report };
	int rc;

	memset(report, 0, sizeof(*report));
	rc = compact(&c, e);
	report->commit = vault_head(v, &report->head);
	while (c.n > 0)
		free(c.names[--c.n].name);
	free(c.names);
	free(c.plan);
	free(c.files);
	return rc;
}
