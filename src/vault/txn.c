/*
 * txn.c - a run and its commits.
 *
 * Order is law: the pack's bytes and name are durable, then the manifest's: that is the commit.  The catalog
 * follows; losing it loses nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "vault/private.h"

#define RANGES_MAX	100000	/* of UIDs, in one record: 2.2 MB at most */

int
vault_begin(struct vault *v, const char *verb, struct vault_txn **out,
    struct err *e)
{
	struct vault_txn *t;

	if (v->lock == -1)
		return err_set(e, EK_REFUSED, "the vault is open for reading");
	if (v->untidy)
		return err_set(e, EK_FAIL,
		    "after a run that broke off the vault must be opened anew");
	t = xcalloc(1, sizeof(*t));
	t->v = v;
	t->verb = xstrdup(verb);
	t->run = v->head + 1;
	intake_init(&t->intake, v->tmp);
	*out = t;
	return 0;
}

int
vault_bulk(struct vault_txn *t, struct err *e)
{
	return t->manifest != NULL ? 0 : catalog_bulk(t->v->catalog, e);
}

uint64_t
vault_run(const struct vault_txn *t)
{
	return t->run;
}

void
vault_pending(const struct vault_txn *t, struct vault_pending *out)
{
	*out = t->pending;
}

int
txn_break(struct vault_txn *t, const struct err *e)
{
	if (!t->broken)
		t->why = *e;
	t->broken = true;
	return -1;
}

int
txn_broken(const struct vault_txn *t, struct err *e)
{
	*e = t->why;
	return -1;
}

/* Both who writes the truth and who indexes it get the record. */
static int
record(struct vault_txn *t, const struct record *rec, struct err *e)
{
	struct manifest_line line;

	if (manifest_put(t->manifest, rec, &line, e) == -1 ||
	    catalog_apply(t->v->catalog, line.number, rec, e) == -1)
		return txn_break(t, e);
	t->pending.records++;
	return 0;
}

static int
open_commit(struct vault_txn *t, struct err *e)
{
	struct vault *v = t->v;
	struct rec_head head = {
		.vault = v->id,
		.commit = v->head + 1,
		.prev = v->head_sha256,
		.time = v->env.now(v->env.arg),
		.run = t->run,
		.program = v->env.program,
	};
	struct record begin = { .kind = REC_RUN_BEGIN };

	/* A clock that went back must not make time go back in the chain. */
	if (head.time <= v->head_time)
		head.time = v->head_time + 1;
	t->time = head.time;
	t->serial = 0;
	memset(&t->pending, 0, sizeof(t->pending));
	t->pending.since = v->env.now(v->env.arg);
	if (manifest_create(v->tmp, &head, &t->manifest, e) == -1 ||
	    catalog_begin(v->catalog, &head, e) == -1)
		return txn_break(t, e);
	if (t->begun)
		return 0;
	t->begun = true;
	begin.u.run_begin = (struct rec_run_begin){ t->run, t->verb,
	    t->time };
	return record(t, &begin, e);
}

int
txn_emit(struct vault_txn *t, const struct record *rec, struct err *e)
{
	if (t->broken)
		return txn_broken(t, e);
	if (t->manifest == NULL && open_commit(t, e) == -1)
		return -1;
	return record(t, rec, e);
}

/* Where a record has its UIDs, if it has any. */
static const struct uidset **
uids_of(struct record *rec)
{
	switch (rec->kind) {
	case REC_FLAGS:
		return &rec->u.flags.uids;
	case REC_GONE:
		return &rec->u.gone.uids;
	case REC_MISSING:
		return &rec->u.missing.uids;
	case REC_PRUNE_INTENT:
		return &rec->u.prune_intent.uids;
	case REC_PRUNED:
		return &rec->u.pruned.uids;
	case REC_PRUNE_KEPT:
		return &rec->u.prune_kept.uids;
	default:
		return NULL;
	}
}

/* A line of a manifest has a limit, a set of UIDs has none: it goes in parts. */
int
vault_put(struct vault_txn *t, const struct record *rec, struct err *e)
{
	struct record part = *rec;
	const struct uidset **uids = uids_of(&part), *all;
	struct uidset some = UIDSET_INIT;
	size_t at;

	if (uids == NULL || (*uids)->n <= RANGES_MAX)
		return txn_emit(t, rec, e);
	all = *uids;
	*uids = &some;
	for (at = 0; at < all->n; at += some.n) {
		some.r = all->r + at;
		some.n = all->n - at < RANGES_MAX ? all->n - at : RANGES_MAX;
		if (txn_emit(t, &part, e) == -1)
			return -1;
	}
	return 0;
}

/* End the open pack, record it, and give it its name. */
int
txn_seal_pack(struct vault_txn *t, struct err *e)
{
	struct record info = { .kind = REC_PACK };
	struct record frames = { .kind = REC_FRAMES };

	if (t->pack == NULL)
		return 0;
	if (pack_seal(t->pack, &info.u.pack, &frames.u.frames, e) == -1)
		goto broken;
	info.u.pack.folder = t->pack_folder;
	if (txn_emit(t, &info, e) == -1 || txn_emit(t, &frames, e) == -1 ||
	    pack_publish(&t->pack, t->v->packs, e) == -1)
		goto broken;
	t->named = true;
	t->stored += info.u.pack.size;
	t->noted_epoch = 0;
	return 0;
broken:
	return txn_break(t, e);
}

int
vault_commit(struct vault_txn *t, struct err *e)
{
	struct vault *v = t->v;
	struct digest sha256;
	struct err why;

	if (t->manifest == NULL)
		return 0;
	if (t->broken)
		return txn_broken(t, e);
	if (txn_seal_pack(t, e) == -1)
		return -1;
	if (manifest_publish(&t->manifest, v->manifests, &sha256, e) == -1)
		return txn_break(t, e);
	v->head++;
	v->head_sha256 = sha256;
	v->head_time = t->time;
	t->named = false;
	memset(&t->pending, 0, sizeof(t->pending));
	if (catalog_commit(v->catalog, &sha256, &why) == -1) {
		/* The commit stands.  The next run catches up. */
		log_warn("the catalog could not be written: %s", why.text);
		catalog_rollback(v->catalog);
		txn_break(t, &why);
	}
	return 0;
}

static void
free_txn(struct vault_txn **tp)
{
	struct vault_txn *t = *tp;
	size_t i;

	intake_release(&t->intake);
	for (i = 0; i < sizeof(t->whole) / sizeof(t->whole[0]); i++)
		free(t->whole[i]);
	mend_release(t);
	free(t->verb);
	free(t);
	*tp = NULL;
}

int
vault_end(struct vault_txn **tp, struct rec_run_end *end, struct err *e)
{
	struct vault_txn *t = *tp;
	struct record rec = { .kind = REC_RUN_END };
	int64_t now = t->v->env.now(t->v->env.arg);

	/* The pack is sealed first, so that the run's end can say what was stored. */
	if (t->broken) {
		txn_broken(t, e);
		goto fail;
	}
	/* A message that stopped half-way may hold the room that the end needs. */
	intake_release(&t->intake);
	intake_init(&t->intake, t->v->tmp);
	if (txn_seal_pack(t, e) == -1)
		goto fail;
	end->run = t->run;
	end->time = now > t->v->head_time ? now : t->v->head_time + 1;
	end->counts.stored_bytes = t->stored;
	rec.u.run_end = *end;
	if (txn_emit(t, &rec, e) == -1 || vault_commit(t, e) == -1)
		goto fail;
	free_txn(tp);
	return 0;
fail:
	vault_abort(tp);
	return -1;
}

void
vault_abort(struct vault_txn **tp)
{
	struct vault_txn *t = *tp;

	if (t == NULL)
		return;
	pack_discard(&t->pack);
	manifest_discard(&t->manifest);
	catalog_rollback(t->v->catalog);
	/* Their number must not be used again before they are out of the way. */
	if (t->named)
		t->v->untidy = true;
	free_txn(tp);
}
