/*
 * closing.c - the last commit of a salvage: what had to wait for all else, and what the next backup must not
 * take for granted.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "vault/salvage.h"

struct doubts {
	uint64_t	*folders;	/* own */
	size_t		 n, cap;
};

static int
note_doubt(void *arg, const struct known_folder *k, struct err *e)
{
	struct doubts *d = arg;

	(void)e;
	if (k->epoch == 0 || k->facts.gone || k->facts.space == MAIL_IMPORTED)
		return 0;
	d->folders = mem_grow(d->folders, &d->cap, d->n + 1,
	    sizeof(*d->folders));
	d->folders[d->n++] = k->facts.folder;
	return 0;
}

static int
doubt_folder(struct salvage *s, uint64_t folder, struct err *e)
{
	struct record rec = { .kind = REC_EPOCH };
	struct known_epoch k;
	int r = catalog_epoch(s->catalog, folder, &k, e);

	if (r != 1 || !k.has_state)
		return r == -1 ? -1 : 0;
	rec.u.epoch = (struct rec_epoch){ .epoch = k.epoch, .folder = folder,
	    .uidvalidity = k.uidvalidity, .has_state = true,
	    .uidnext = k.uidnext, .highestmodseq = k.highestmodseq,
	    .exists = k.exists };
	return salvage_emit(s, &rec, e);
}

/* What had to wait until all contents that there are have their places. */
static int
finish_messages(struct salvage *s, struct err *e)
{
	struct record rec = { .kind = REC_MESSAGE };
	struct known_pack known;
	size_t i;
	int r;

	for (i = 0; i < s->put_off_n; i++) {
		rec.u.message = s->put_off[i].rec;
		r = salvage_has(s, &rec.u.message.sha256, e);
		if (r == 0)
			s->report->lost++;
		else if (r == -1 || salvage_both(s, rec.u.message.folder,
		    rec.u.message.epoch, e) == -1 ||
		    salvage_emit(s, &rec, e) == -1)
			return -1;
	}
	for (i = 0; i < s->gathered_n; i++) {
		r = catalog_pack(s->catalog, s->gathered[i], &known, e);
		if (r == -1 || (r == 1 && known.retired == 0 &&
		    reconstruct_notes(s, s->gathered[i], e) == -1))
			return -1;
	}
	return 0;
}

struct idle {
	char		**packs;	/* own */
	size_t		 n, cap;
};

static int
note_used(void *arg, const struct digest *sha256, const struct known_blob *b,
    struct err *e)
{
	(void)arg, (void)sha256, (void)b, (void)e;
	return 1;
}

static int
note_tar(void *arg, const struct known_pack *k, struct err *e)
{
	struct idle *d = arg;

	(void)e;
	if (k->container != CONTAINER_TAR)
		return 0;
	d->packs = mem_grow(d->packs, &d->cap, d->n + 1, sizeof(*d->packs));
	d->packs[d->n++] = xstrdup(k->name);
	return 0;
}

/*
 * A tar vault has each content once: packs of which another one has all, since they were compacted and the manifest
 * that retired them is lost, are retired again.
 */
static int
retire_idle(struct salvage *s, struct err *e)
{
	struct idle d = { NULL, 0, 0 };
	struct record rec = { .kind = REC_RETIRE };
	size_t i;
	int r = catalog_packs(s->catalog, note_tar, &d, e);

	for (i = 0; r == 0 && i < d.n; i++) {
		r = catalog_pack_blobs(s->catalog, d.packs[i], note_used, NULL,
		    e);
		if (r == 0) {
			rec.u.retire = (struct rec_retire){ d.packs[i],
			    RETIRE_NEEDLESS };
			r = salvage_emit(s, &rec, e);
		} else if (r == 1)
			r = 0;
	}
	while (d.n > 0)
		free(d.packs[--d.n]);
	free(d.packs);
	return r;
}

/* Flags that changed in a lost manifest don't show in what the server tells of changes: compare everything once. */
int
closing_commit(struct salvage *s, struct err *e)
{
	struct doubts d = { NULL, 0, 0 };
	size_t i;
	int rc;

	rc = salvage_begin(s, s->last + 1, s->v->env.now(s->v->env.arg),
	    s->last + 1, s->v->env.program, e);
	if (rc == 0)
		rc = salvage_run(s, true, e);
	if (rc == 0)
		rc = catalog_folders(s->catalog, CATALOG_NOW, note_doubt, &d,
		    e);
	for (i = 0; rc == 0 && i < d.n; i++)
		rc = doubt_folder(s, d.folders[i], e);
	if (rc == 0)
		rc = finish_messages(s, e);
	if (rc == 0)
		rc = retire_idle(s, e);
	if (rc == 0)
		rc = salvage_run(s, false, e);
	if (rc == 0)
		rc = salvage_end(s, e);
	free(d.folders);
	return rc;
}
