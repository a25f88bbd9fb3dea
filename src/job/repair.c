/*
 * repair.c - a damaged vault made whole again: from what is left of its packs, from orphans, from the server.
 *
 * Nothing is given up that could still come back: as long as a message is missing its pack stays on record, so that it
 * can be brought back from another copy of the vault, until somebody says that the loss is accepted.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/mem.h"
#include "job/job.h"
#include "mail/uidset.h"

#define COMMIT_BYTES	(256 * 1024 * 1024)

/* A content that is wanted, and a place where the server may have it. */
struct want {
	uint64_t	 folder, epoch;
	uint64_t	 uidvalidity;
	uint32_t	 uid;
	struct digest	 sha256;
	char		*flags;		/* own */
	int64_t		 date;
	bool		 has_date;
};

struct names {
	char		**v;		/* own */
	size_t		 n, cap;
};

/* A message that is on the server, as far as known, and whose content is given up. */
struct given_up {
	uint64_t	 folder, epoch;
	uint32_t	 uid;
};

struct repair {
	struct vault	*v;
	const struct job_repair_opts *opts;
	struct job_repair_report *report;
	struct vault_txn *txn;		/* own */
	struct names	 packs;		/* the damaged ones */
	struct names	 strangers;	/* what doesn't belong into packs/ */
	bool		 orphans;	/* they are worth a look */
	struct digest	*lacking;	/* own; contents that are still to be had */
	size_t		 lacking_n, lacking_cap;
	const char	*pack;		/* whose contents are collected, or told as lost */
	struct want	*wants;		/* own */
	size_t		 wants_n, wants_cap;
	struct given_up	*given_up;	/* own */
	size_t		 given_up_n, given_up_cap;
};

/* ---- what is damaged ---- */

static void
note_name(struct names *s, const char *name)
{
	size_t i;

	/* Findings of one pack come one after the other. */
	for (i = s->n; i > 0; i--)
		if (strcmp(s->v[i - 1], name) == 0)
			return;
	s->v = mem_grow(s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = xstrdup(name);
}

static void
release_names(struct names *s)
{
	while (s->n > 0)
		free(s->v[--s->n]);
	free(s->v);
}

static void
on_finding(void *arg, const struct vault_finding *f)
{
	struct repair *r = arg;

	if (f->damage && (f->kind == FOUND_PACK || f->kind == FOUND_CONTENT) &&
	    strncmp(f->file, "packs/", 6) == 0)
		note_name(&r->packs, f->file + 6);
	if (f->damage && f->kind == FOUND_STRANGER &&
	    strncmp(f->file, "packs/", 6) == 0)
		note_name(&r->strangers, f->file + 6);
	r->opts->found(r->opts->arg, f);
}

static void
on_progress(void *arg, uint64_t done, uint64_t total)
{
	struct repair *r = arg;

	if (r->opts->progress != NULL)
		r->opts->progress(r->opts->arg, done, total);
}

static int
look(struct repair *r, struct err *e)
{
	const struct vault_verify_opts opts = { .read_data = true,
	    .percent = 100, .found = on_finding, .progress = on_progress,
	    .arg = r };
	struct vault_verify_report *b = &r->report->before;

	if (vault_verify(r->v, &opts, b, e) == -1 && e->kind != EK_CORRUPT)
		return -1;
	/* What was given up may have been brought back there, too. */
	r->orphans = b->orphans > 0 || b->lost > 0;
	if (b->damage[FOUND_MANIFEST] == 0)
		return 0;
	err_set(e, EK_CORRUPT, "%" PRIu64 " manifest%s missing or damaged: "
	    "packs can't be repaired without them", b->damage[FOUND_MANIFEST],
	    b->damage[FOUND_MANIFEST] == 1 ? " is" : "s are");
	return err_next(e, "bring them back from another copy of the vault; "
	    "if there is none, mailkeep rebuild --salvage %s makes the best of "
	    "what is left", vault_path(r->v));
}

/*
 * What is given up is what the catalog says that nobody needs.  One that lacks something is made anew; not any, because
 * the header lines of what is lost would be gone with it.
 */
static int
check_catalog(struct repair *r, struct err *e)
{
	int knows = 0;

	if (r->report->before.damage[FOUND_CATALOG] == 0 &&
	    (knows = vault_knows(r->v, e)) == -1)
		return -1;
	return knows ? 0 : vault_rebuild(r->v, true, e);
}

static int
set_aside(struct repair *r, struct err *e)
{
	size_t i;

	for (i = 0; i < r->strangers.n; i++)
		if (vault_set_aside(r->v, r->strangers.v[i], e) == -1)
			return -1;
	r->orphans = r->orphans || r->strangers.n > 0;
	return 0;
}

/* ---- what is still to be had ---- */

static int
note_lacking(void *arg, const struct digest *sha256,
    const struct known_blob *b, struct err *e)
{
	struct repair *r = arg;

	(void)b, (void)e;
	r->lacking = mem_grow(r->lacking, &r->lacking_cap, r->lacking_n + 1,
	    sizeof(*r->lacking));
	r->lacking[r->lacking_n++] = *sha256;
	return 0;
}

/* The contents whose newest place is still in a damaged pack. */
static int
find_lacking(struct repair *r, struct err *e)
{
	size_t i;

	r->lacking_n = 0;
	for (i = 0; i < r->packs.n; i++)
		if (catalog_pack_blobs(vault_catalog(r->v), r->packs.v[i],
		    note_lacking, r, e) == -1)
			return -1;
	return 0;
}

static int
note_want(void *arg, const struct known_message *m, struct err *e)
{
	struct repair *r = arg;

	(void)e;
	if (m->gone || m->uidvalidity == 0)
		return 0;
	r->wants = mem_grow(r->wants, &r->wants_cap, r->wants_n + 1,
	    sizeof(*r->wants));
	r->wants[r->wants_n++] = (struct want){ .folder = m->folder,
	    .epoch = m->epoch, .uidvalidity = m->uidvalidity, .uid = m->uid,
	    .sha256 = m->sha256, .flags = xstrdup(m->flags), .date = m->date,
	    .has_date = m->has_date };
	return 0;
}

/* ---- from the server ---- */

struct refetch {
	struct repair	*r;
	struct job_wanted *wanted;	/* own; for each want */
	char		**names;	/* own; of their folders */
	char		*delimiters;	/* own */
};

static int
body_begins(void *arg, uint64_t size, struct err *e)
{
	struct refetch *f = arg;

	return vault_intake(f->r->txn, size, e);
}

static int
body_goes_on(void *arg, const void *p, size_t n, struct err *e)
{
	struct refetch *f = arg;
	const struct sink to = vault_intake_sink(f->r->txn);

	return sink_write(&to, p, n, e);
}

static int
commit_due(struct repair *r, struct err *e)
{
	struct vault_pending pending;

	vault_pending(r->txn, &pending);
	return pending.bytes < COMMIT_BYTES ? 0 : vault_commit(r->txn, e);
}

static int
on_whole(void *arg, const struct job_wanted *wanted,
    const struct mail_meta *meta, struct err *e)
{
	struct refetch *f = arg;
	size_t i = (size_t)(wanted - f->wanted);
	const struct want *w = &f->r->wants[i];
	const struct vault_box box = { .folder = w->folder,
	    .epoch = w->epoch, .uidvalidity = w->uidvalidity,
	    .name = f->names[i], .delimiter = f->delimiters[i],
	    .space = MAIL_PERSONAL };
	const struct mail_meta facts = { .uid = w->uid, .date = w->date,
	    .has_date = w->has_date, .flags = w->flags };
	int got;

	(void)meta;
	got = vault_replace(f->r->txn, &box, &facts, &w->sha256, e);
	if (got == 1)
		f->r->report->refetched++;
	if (got == -1 || commit_due(f->r, e) == -1)
		return -1;
	return got > 0;
}

static int
on_failed(void *arg, const struct job_wanted *wanted,
    enum job_refetch_failure failure, const char *why, struct err *e)
{
	(void)arg, (void)wanted, (void)failure, (void)why;
	return cancel_check(e);
}

/* What folders are called; what was never on a server is not asked for there. */
static int
name_folders(struct refetch *f, size_t *n_out, struct err *e)
{
	struct repair *r = f->r;
	struct known_folder k;
	size_t i, n = 0;
	int got;

	for (i = 0; i < r->wants_n; i++) {
		got = catalog_folder_by_number(vault_catalog(r->v),
		    r->wants[i].folder, &k, e);
		if (got == -1)
			return -1;
		if (got == 0 || k.facts.gone ||
		    k.facts.space == MAIL_IMPORTED) {
			free(r->wants[i].flags);
			r->wants[i].flags = NULL;
			continue;
		}
		if (n != i) {
			r->wants[n] = r->wants[i];
			r->wants[i].flags = NULL;
		}
		f->names[n] = xstrdup(k.facts.name);
		f->delimiters[n] = k.facts.delimiter;
		f->wanted[n] = (struct job_wanted){ .folder = f->names[n],
		    .uidvalidity = r->wants[n].uidvalidity,
		    .uid = r->wants[n].uid, .sha256 = r->wants[n].sha256 };
		n++;
	}
	*n_out = n;
	return 0;
}

static int
ask_server(struct repair *r, struct err *e)
{
	struct refetch f = { .r = r };
	const struct job_refetch_handler handler = {
	    .body = { body_begins, { body_goes_on, &f } },
	    .whole = on_whole, .failed = on_failed, .arg = &f,
	    .listener = r->opts->listener };
	size_t n = 0, i;
	int rc;

	if (catalog_costs(vault_catalog(r->v), r->lacking, r->lacking_n,
	    note_want, r, e) == -1)
		return -1;
	f.wanted = xcalloc(r->wants_n + 1, sizeof(*f.wanted));
	f.names = xcalloc(r->wants_n + 1, sizeof(*f.names));
	f.delimiters = xcalloc(r->wants_n + 1, 1);
	rc = name_folders(&f, &n, e);
	if (rc == 0 && n > 0)
		rc = job_refetch(r->opts->account, &r->opts->ask, f.wanted, n,
		    &handler, e);
	if (rc == -1 && e->kind == EK_PARTIAL)
		rc = 0;
	for (i = 0; i < r->wants_n; i++) {
		free(f.names[i]);
		free(r->wants[i].flags);
	}
	free(f.wanted);
	free(f.names);
	free(f.delimiters);
	free(r->wants);
	r->wants = NULL;
	r->wants_n = r->wants_cap = 0;
	return rc;
}

/* ---- the end ---- */

static int
tell_lost(void *arg, const struct known_message *m, struct err *e)
{
	struct repair *r = arg;

	r->report->lost++;
	if (r->opts->lost != NULL)
		r->opts->lost(r->opts->arg, m, r->pack);
	if (!m->gone && m->uidvalidity != 0) {
		r->given_up = mem_grow(r->given_up, &r->given_up_cap,
		    r->given_up_n + 1, sizeof(*r->given_up));
		r->given_up[r->given_up_n++] = (struct given_up){ m->folder,
		    m->epoch, m->uid };
	}
	return cancel_check(e);
}

/* Should the server have it after all, the next backup asks for it by number. */
static int
record_missing(struct repair *r, struct err *e)
{
	struct record rec = { .kind = REC_MISSING };
	struct uidset uids = UIDSET_INIT;
	size_t i;
	int rc = 0;

	/* By folder and UID, as they were told. */
	for (i = 0; rc == 0 && i < r->given_up_n; i++) {
		const struct given_up *g = &r->given_up[i];

		uidset_add(&uids, g->uid);
		if (i + 1 < r->given_up_n && g[1].epoch == g->epoch)
			continue;
		rec.u.missing = (struct rec_missing){ .folder = g->folder,
		    .epoch = g->epoch, .uids = &uids,
		    .reason = "given up by a repair" };
		rc = vault_put(r->txn, &rec, e);
		uidset_clear(&uids);
	}
	uidset_release(&uids);
	return rc;
}

/* A damaged pack can go once nothing needs it, or the loss is accepted.  One that was compacted has gone already. */
static int
settle_pack(struct repair *r, const char *pack, struct err *e)
{
	uint64_t lost = r->report->lost;
	struct known_pack known;
	int got;

	r->pack = pack;
	r->lacking_n = r->given_up_n = 0;
	if (catalog_pack_blobs(vault_catalog(r->v), pack, note_lacking, r, e) ==
	    -1 || catalog_costs(vault_catalog(r->v), r->lacking, r->lacking_n,
	    tell_lost, r, e) == -1)
		return -1;
	if (r->report->lost > lost && !r->opts->accept_loss)
		return 0;
	if (record_missing(r, e) == -1 || (got =
	    catalog_pack(vault_catalog(r->v), pack, &known, e)) == -1)
		return -1;
	if (got == 1 && known.retired != 0)
		return 0;
	r->report->retired++;
	return vault_retire(r->txn, pack, e);
}

static int
mend(struct repair *r, struct err *e)
{
	struct err why = { .kind = EK_NONE };
	size_t i;

	for (i = 0; i < r->packs.n; i++)
		vault_distrust(r->txn, r->packs.v[i]);
	for (i = 0; i < r->packs.n; i++)
		if (vault_save_pack(r->txn, r->packs.v[i], &r->report->mended,
		    e) == -1 || commit_due(r, e) == -1)
			return -1;
	if (vault_adopt(r->txn, &r->report->mended, e) == -1 ||
	    find_lacking(r, e) == -1 ||
	    vault_find_copies(r->txn, r->lacking, r->lacking_n,
	    &r->report->mended, e) == -1 || find_lacking(r, e) == -1)
		return -1;
	if (r->lacking_n > 0 && !r->opts->offline && ask_server(r, &why) == -1) {
		*e = why;
		return -1;
	}
	if (vault_fill_folders(r->txn, e) == -1)
		return -1;
	for (i = 0; i < r->packs.n; i++)
		if (settle_pack(r, r->packs.v[i], e) == -1)
			return -1;
	return 0;
}

static int
verdict(const struct repair *r, struct err *e)
{
	uint64_t n = r->report->lost;

	if (n == 0 || r->opts->accept_loss)
		return 0;
	if (r->opts->offline) {
		err_set(e, EK_CORRUPT, "%" PRIu64 " message%s can't be read, "
		    "and the server was not asked", n, n == 1 ? "" : "s");
		return err_next(e, "mailkeep repair %s asks it",
		    vault_path(r->v));
	}
	err_set(e, EK_CORRUPT, "%" PRIu64 " message%s can't be read, and could "
	    "not be had from the server", n, n == 1 ? "" : "s");
	return err_next(e, "bring the packs that were named back from another "
	    "copy of the vault; only if there is none, mailkeep repair "
	    "--accept-loss %s gives these messages up", vault_path(r->v));
}

/* What was had is kept, however the rest went; where nothing was, there is nothing to record. */
static int
finish(struct repair *r, int rc, struct err *e)
{
	const struct vault_mended *m = &r->report->mended;
	struct rec_run_end end = { .result = "complete" };
	struct err why;

	if (m->saved + m->adopted + r->report->refetched +
	    r->report->retired == 0) {
		vault_abort(&r->txn);
		return rc;
	}
	if (rc == -1 && e->kind != EK_CORRUPT && e->kind != EK_TEMP &&
	    e->kind != EK_AUTH && e->kind != EK_TLS &&
	    e->kind != EK_CANCELLED && e->kind != EK_CONFIG) {
		vault_abort(&r->txn);
		return -1;
	}
	if (rc == -1) {
		end.result = e->kind == EK_CANCELLED ? "interrupted" :
		    "partial";
		end.status = err_status(e->kind, e->sys);
		end.error = e->text;
	}
	end.counts.added = r->report->mended.adopted;
	end.counts.fetched = r->report->refetched;
	end.counts.missing = r->report->lost;
	if (vault_end(&r->txn, &end, &why) == -1 ||
	    vault_clear(r->v, &why) == -1) {
		*e = why;
		return -1;
	}
	r->report->run = end.run;
	return rc;
}

int
job_repair(struct vault *v, const struct job_repair_opts *opts,
    struct job_repair_report *report, struct err *e)
{
	struct repair r = { .v = v, .opts = opts, .report = report };
	int rc;

	memset(report, 0, sizeof(*report));
	if ((rc = look(&r, e)) == 0)
		rc = set_aside(&r, e);
	if (rc == 0 && (r.packs.n > 0 || r.orphans) &&
	    (rc = check_catalog(&r, e)) == 0 &&
	    (rc = vault_begin(v, "repair", &r.txn, e)) == 0) {
		if ((rc = mend(&r, e)) == 0)
			rc = verdict(&r, e);
		rc = finish(&r, rc, e);
	}
	report->commit = vault_head(v, &report->head);
	release_names(&r.packs);
	release_names(&r.strangers);
	free(r.lacking);
	free(r.given_up);
	return rc;
}
