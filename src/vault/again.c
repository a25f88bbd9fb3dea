/*
 * again.c - one commit looked at again, before something is removed because of it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "vault/verify.h"

static void
tell(void *arg, const struct vault_finding *f)
{
	(void)arg;
	log_info("%s: %s", f->file, f->why);
}

/* A pack of the commit.  What went on to another one since is none of its business any more. */
static int
note_pack(struct verify *y, uint64_t commit, const struct rec_pack *r,
    struct err *e)
{
	struct known_pack known = { .retired = 0 };
	int got = catalog_pack(y->v->catalog, r->pack, &known, e);

	if (got == -1)
		return -1;
	y->packs = mem_grow(y->packs, &y->packs_cap, y->packs_n + 1,
	    sizeof(*y->packs));
	y->packs[y->packs_n++] = (struct recorded){ .name = xstrdup(r->pack),
	    .commit = commit, .size = r->size, .there = true,
	    .retired = known.retired != 0 };
	return 0;
}

static int
note_packs(struct verify *y, uint64_t commit, struct err *e)
{
	struct manifest_reader *r;
	struct record rec;
	uint64_t line;
	int got;

	if (manifest_open(y->v->manifests, commit, &r, e) == -1)
		return -1;
	while ((got = manifest_next(r, &rec, &line, e)) == 1)
		if (rec.kind == REC_PACK &&
		    note_pack(y, commit, &rec.u.pack, e) == -1) {
			got = -1;
			break;
		}
	manifest_close(&r);
	return got;
}

static int
by_name(const void *a, const void *b)
{
	const struct recorded *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int
again_commit(struct vault *v, uint64_t commit, struct err *e)
{
	const struct vault_verify_opts opts = { .read_data = true,
	    .percent = 100, .found = tell };
	struct vault_verify_report report = { .commits = commit };
	struct verify y = { .v = v, .opts = &opts, .report = &report };
	size_t i;
	int rc = note_packs(&y, commit, e);

	if (rc == 0 && y.packs_n > 0) {
		qsort(y.packs, y.packs_n, sizeof(*y.packs), by_name);
		rc = reread_packs(&y, e);
	}
	if (rc == 0 && report.damage[FOUND_PACK] +
	    report.damage[FOUND_CONTENT] > 0)
		rc = err_set(e, EK_CORRUPT, "its packs are damaged");
	for (i = 0; i < y.packs_n; i++)
		free(y.packs[i].name);
	free(y.packs);
	free(y.damaged);
	return rc;
}

bool
again_retires(struct vault *v, uint64_t commit, const char *pack)
{
	struct manifest_reader *r;
	struct record rec;
	struct err ignored;
	bool found = false;
	uint64_t line;
	int got;

	if (manifest_open(v->manifests, commit, &r, &ignored) == -1)
		return false;
	while ((got = manifest_next(r, &rec, &line, &ignored)) == 1)
		if (rec.kind == REC_RETIRE &&
		    strcmp(rec.u.retire.pack, pack) == 0 &&
		    strcmp(rec.u.retire.why, RETIRE_COMPACTED) == 0)
			found = true;
	manifest_close(&r);
	return got == 0 && found;
}
