/*
 * verify.c - is the vault what its manifests say?
 *
 * First all manifests are read: they give the chain, and the packs that have to be there.  Then the names and sizes of
 * packs, the catalog, and, on demand, every byte of the packs.  What a pack has to hold is too much to be kept of all:
 * so they are read beside their manifests where all are wanted, else the manifests of chosen ones are read again.
 */
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "vault/verify.h"

/* ---- findings ---- */

void
verify_find(struct verify *y, const struct vault_finding *f)
{
	if (f->damage)
		y->report->damage[f->kind]++;
	if (y->opts->found != NULL)
		y->opts->found(y->opts->arg, f);
}

static void
find_manifest(struct verify *y, uint64_t commit, const char *why)
{
	char name[MANIFEST_NAME_MAX], file[MANIFEST_NAME_MAX + 16];

	snprintf(file, sizeof(file), "manifests/%s",
	    manifest_name(name, commit));
	verify_find(y, &(struct vault_finding){ .kind = FOUND_MANIFEST,
	    .damage = true, .file = file, .why = why });
}

static void
find_pack(struct verify *y, const char *name, enum vault_found kind,
    bool damage, const char *why)
{
	char *file = xasprintf("packs/%s", name);

	verify_find(y, &(struct vault_finding){ .kind = kind, .damage = damage,
	    .file = file, .why = why });
	free(file);
}

static void
find_catalog(struct verify *y, bool damage, const char *why)
{
	verify_find(y, &(struct vault_finding){ .kind = FOUND_CATALOG,
	    .damage = damage, .file = CATALOG_FILE, .why = why });
}

/* Whether an error is about what is stored, and not about us. */
static bool
is_damage(const struct err *e)
{
	return e->kind == EK_CORRUPT || e->sys == EIO;
}

/* ---- the chain ---- */

/* A bundle is looked at as a file; its manifests as those of the chain. */
static int
look_at_bundle(void *arg, const struct manifest_file *f, struct err *e)
{
	struct verify *y = arg;
	char *file;

	if (f->first == f->last ||
	    manifest_check(y->v->manifests, f->first, f->last, e) == 0)
		return 0;
	if (!is_damage(e))
		return -1;
	file = xasprintf("manifests/%s", f->name);
	verify_find(y, &(struct vault_finding){ .kind = FOUND_MANIFEST,
	    .damage = true, .file = file, .why = e->text });
	free(file);
	return cancel_check(e);
}

static void
note_pack(struct verify *y, uint64_t commit, const struct rec_pack *r)
{
	y->packs = mem_grow(y->packs, &y->packs_cap, y->packs_n + 1,
	    sizeof(*y->packs));
	y->packs[y->packs_n++] = (struct recorded){ .name = xstrdup(r->pack),
	    .commit = commit, .size = r->size, .raw = r->raw };
}

static void
note_retired(struct verify *y, const char *name)
{
	y->retired = mem_grow(y->retired, &y->retired_cap, y->retired_n + 1,
	    sizeof(*y->retired));
	y->retired[y->retired_n++] = xstrdup(name);
}

static int
read_records(struct verify *y, struct manifest_reader *r, uint64_t commit,
    struct err *e)
{
	uint64_t messages = 0, line;
	size_t packs = y->packs_n, retired = y->retired_n;
	struct record rec;
	int got;

	while ((got = manifest_next(r, &rec, &line, e)) == 1) {
		if (rec.kind == REC_MESSAGE)
			messages++;
		else if (rec.kind == REC_PACK)
			note_pack(y, commit, &rec.u.pack);
		else if (rec.kind == REC_RETIRE)
			note_retired(y, rec.u.retire.pack);
		reread_note(y, &rec);
		if (line % VERIFY_LINES == 0 && cancel_check(e) == -1)
			return -1;
	}
	if (got == 0) {
		y->report->messages += messages;
		return 0;
	}
	/* A record counts only if its whole manifest does. */
	while (y->packs_n > packs)
		free(y->packs[--y->packs_n].name);
	while (y->retired_n > retired)
		free(y->retired[--y->retired_n]);
	return -1;
}

/* Read one manifest; ${*prev} is the hash of the one before, NULL where that is not known. */
static int
read_manifest(struct verify *y, uint64_t commit, const struct digest *prev,
    struct err *e)
{
	struct manifest_reader *r;
	const struct rec_head *head;
	int rc;

	if (manifest_open(y->v->manifests, commit, &r, e) == -1)
		return -1;
	head = manifest_head(r);
	rc = 0;
	if (strcmp(head->vault, y->v->id) != 0) {
		y->foreign = true;
		rc = err_set(e, EK_CORRUPT, "it belongs to another vault");
	} else if (prev != NULL && !digest_equal(&head->prev, prev))
		rc = err_set(e, EK_CORRUPT,
		    "it doesn't follow the one before it, which was replaced "
		    "or is damaged");
	if (rc == 0 && (rc = read_records(y, r, commit, e)) == 0) {
		y->heads = mem_grow(y->heads, &y->heads_cap, y->heads_n + 1,
		    sizeof(*y->heads));
		y->heads[y->heads_n].commit = commit;
		manifest_sha256(r, &y->heads[y->heads_n++].sha256);
	}
	manifest_close(&r);
	return rc;
}

static bool
begins_so(const struct digest *d, const char *hex)
{
	char all[DIGEST_HEX];

	return strncmp(digest_hex(d, all), hex, strlen(hex)) == 0;
}

/* The files of the chain, and how far it was walked. */
struct walk {
	struct verify	*y;
	uint64_t	*ends;		/* own; where files begin or end: the commits before and at */
	size_t		 n, cap;
	struct names	 all, ours;	/* own; what is in manifests/, and what of that is a manifest's or bundle's */
	uint64_t	 last;
	struct digest	 prev;		/* of the manifest before */
	bool		 known;		/* it is */
};

static void
note_name(struct names *n, const char *name)
{
	n->v = mem_grow(n->v, &n->cap, n->n + 1, sizeof(*n->v));
	n->v[n->n++] = xstrdup(name);
}

static void
release_names(struct names *n)
{
	while (n->n > 0)
		free(n->v[--n->n]);
	free(n->v);
}

static int
note_any(void *arg, const char *name, struct err *e)
{
	struct walk *w = arg;

	(void)e;
	note_name(&w->all, name);
	return 0;
}

static int
note_file(void *arg, const struct manifest_file *f, struct err *e)
{
	struct walk *w = arg;

	(void)e;
	note_name(&w->ours, f->name);
	w->ends = mem_grow(w->ends, &w->cap, w->n + 2, sizeof(*w->ends));
	w->ends[w->n++] = f->first - 1;
	w->ends[w->n++] = f->last;
	if (f->last > w->last)
		w->last = f->last;
	return 0;
}

static int
by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int
verify_by_text(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* What is called neither as a manifest nor as a bundle. */
static void
look_at_others(struct walk *w)
{
	int dir = manifest_dir_fd(w->y->v->manifests);
	struct stat st;
	char *file;
	size_t i;

	if (w->ours.n > 0)
		qsort(w->ours.v, w->ours.n, sizeof(*w->ours.v), verify_by_text);
	for (i = 0; i < w->all.n; i++) {
		/* One of ours may have been tidied away meanwhile. */
		if ((w->ours.n > 0 && bsearch(&w->all.v[i], w->ours.v,
		    w->ours.n, sizeof(*w->ours.v), verify_by_text) != NULL) ||
		    fstatat(dir, w->all.v[i], &st, AT_SYMLINK_NOFOLLOW) == -1)
			continue;
		file = xasprintf("manifests/%s", w->all.v[i]);
		verify_find(w->y, &(struct vault_finding){
		    .kind = FOUND_STRANGER, .damage = true, .file = file,
		    .why = "it is no manifest: move it away" });
		free(file);
	}
}

/* Manifests that can't be got at, one like the other: however many a name promises, that is told once. */
static void
find_manifests(struct verify *y, uint64_t first, uint64_t last,
    const struct err *e)
{
	char *why = xasprintf("manifests %" PRIu64 " to %" PRIu64 " %s%s",
	    first, last, e->sys == ENOENT ? "are missing" : "can't be read: ",
	    e->sys == ENOENT ? "" : e->text);

	find_manifest(y, first, why);
	free(why);
}

/*
 * Some commits that all stand in the same files, or in none.  Where the place of one is not to be found, neither is
 * that of the next.  One whose bytes its successor vouches for is told of once, so the hash of what is there counts
 * even where its lines can't be read.
 */
static int
walk_alike(struct walk *w, uint64_t first, uint64_t last, struct err *e)
{
	struct verify *y = w->y;
	struct err why;
	uint64_t commit;
	bool sound;

	for (commit = first;; commit++) {
		sound = read_manifest(y, commit, w->known ? &w->prev : NULL,
		    e) == 0;
		if ((!sound && !is_damage(e)) ||
		    reread_give(y, commit, sound, e) == -1)
			return -1;
		w->known = sound || manifest_digest(y->v->manifests, commit,
		    &w->prev, &why) == 0;
		if (sound)
			w->prev = y->heads[y->heads_n - 1].sha256;
		if (!w->known && commit < last && why.kind == EK_CORRUPT) {
			find_manifests(y, commit, last, &why);
			return cancel_check(e);
		}
		if (!sound)
			find_manifest(y, commit, e->text);
		if (w->known && y->opts->expect != NULL &&
		    begins_so(&w->prev, y->opts->expect))
			y->report->expected = commit;
		if (commit == last)
			return 0;
	}
}

static int
walk_chain(struct verify *y, struct err *e)
{
	struct walk w = { .y = y, .known = true };
	struct manifest_dir *d = y->v->manifests;
	uint64_t done = 0;
	size_t i;
	int rc = -1;

	/* In this order: a manifest that is published meanwhile is no stranger. */
	if (io_list(manifest_dir_fd(d), note_any, &w, e) == -1 ||
	    manifest_files(d, note_file, &w, e) == -1)
		goto out;
	if (w.n > 0)
		qsort(w.ends, w.n, sizeof(*w.ends), by_number);
	for (i = 0; i < w.n; i++) {
		if (w.ends[i] == done)
			continue;
		if (walk_alike(&w, done + 1, w.ends[i], e) == -1)
			goto out;
		done = w.ends[i];
	}
	if (w.known)
		y->report->head_sha256 = w.prev;
	y->report->commits = y->report->head = w.last;
	look_at_others(&w);
	rc = manifest_files(d, look_at_bundle, y, e);
out:
	free(w.ends);
	release_names(&w.all);
	release_names(&w.ours);
	return rc;
}

/* ---- names and sizes ---- */

static int
by_name(const void *a, const void *b)
{
	const struct recorded *x = a, *y = b;

	return strcmp(x->name, y->name);
}

struct recorded *
verify_pack(struct verify *y, const char *name)
{
	struct recorded key = { .name = (char *)(uintptr_t)name };

	return y->packs_n == 0 ? NULL : bsearch(&key, y->packs, y->packs_n,
	    sizeof(*y->packs), by_name);
}

static int
by_commit(const void *a, const void *b)
{
	const struct head *x = a, *y = b;

	return (x->commit > y->commit) - (x->commit < y->commit);
}

/* The hash of a manifest that could be read, or NULL. */
static const struct digest *
head_of(const struct verify *y, uint64_t commit)
{
	const struct head key = { .commit = commit }, *h;

	h = y->heads_n == 0 ? NULL : bsearch(&key, y->heads, y->heads_n,
	    sizeof(*y->heads), by_commit);
	return h == NULL ? NULL : &h->sha256;
}

static bool
manifest_is_bad(const struct verify *y, uint64_t commit)
{
	return commit >= 1 && commit <= y->report->commits &&
	    head_of(y, commit) == NULL;
}

/* A writer may be at work beside us. */
static bool
has_come(const struct verify *y, uint64_t commit)
{
	char name[MANIFEST_NAME_MAX];

	return faccessat(manifest_dir_fd(y->v->manifests),
	    manifest_name(name, commit), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A name in packs/ that no manifest has. */
static void
look_at_stranger(struct verify *y, const char *name)
{
	size_t digits = strspn(name, "0123456789");
	uint64_t commit;

	if (text_u64(name, digits, &commit) == -1 || name[digits] != '-')
		find_pack(y, name, FOUND_STRANGER, true, "it is no pack: move "
		    "it away");
	else if (manifest_is_bad(y, commit))
		find_pack(y, name, FOUND_STRANGER, false, "it may belong to "
		    "the manifest that can't be read");
	else if (commit > y->report->commits && has_come(y, commit))
		return;
	else if (commit > y->report->commits + 1 && !has_come(y, commit - 1))
		find_pack(y, name, FOUND_MANIFEST, true, "the manifest of its "
		    "commit is missing");
	else if (commit > y->report->commits)
		find_pack(y, name, FOUND_STRANGER, false, "it belongs to no "
		    "commit: an interrupted run left it, or the newest "
		    "manifests were lost");
	else
		find_pack(y, name, FOUND_STRANGER, true, "no manifest names "
		    "it: a copy of another pack, or one from elsewhere");
}

static int
look_at_name(void *arg, const char *name, struct err *e)
{
	struct verify *y = arg;
	struct recorded *p = verify_pack(y, name);

	(void)e;
	if (p != NULL)
		p->there = true;
	else
		look_at_stranger(y, name);
	return 0;
}

static void
look_at_pack(struct verify *y, struct recorded *p)
{
	const char *why;

	y->report->packs++;
	y->report->stored += p->size;
	why = p->there ? read_lacks(y->v, p->name, p->size) :
	    "it is missing";
	if (why == NULL)
		return;
	p->wrong = true;
	/* Who reads it will say more of it. */
	if (!p->there)
		find_pack(y, p->name, FOUND_PACK, true, why);
}

static int
look_at_packs(struct verify *y, struct err *e)
{
	struct recorded *p;
	size_t i;

	if (y->packs_n > 0)
		qsort(y->packs, y->packs_n, sizeof(*y->packs), by_name);
	for (i = 1; i < y->packs_n; i++)
		if (strcmp(y->packs[i - 1].name, y->packs[i].name) == 0)
			find_manifest(y, y->packs[i].commit,
			    "it records a pack that was recorded before");
	for (i = 0; i < y->retired_n; i++)
		if ((p = verify_pack(y, y->retired[i])) != NULL)
			p->retired = true;
	if (io_list(y->v->packs, look_at_name, y, e) == -1)
		return -1;
	for (i = 0; i < y->packs_n; i++)
		if (!y->packs[i].retired)
			look_at_pack(y, &y->packs[i]);
	return 0;
}

/* What stands aside: packs of no commit, and what is needed no more. */
struct aside {
	struct verify	*y;
	uint64_t	 unknown, needless;
};

static int
look_at_orphan(void *arg, const char *name, struct err *e)
{
	struct aside *a = arg;
	const struct recorded *p = verify_pack(a->y, name);

	(void)e;
	if (manifest_is_pack(name) && (p == NULL || !p->retired))
		a->unknown++;
	else
		a->needless++;
	return 0;
}

static void
find_aside(struct verify *y, uint64_t n, const char *what)
{
	char *why;

	if (n == 0)
		return;
	why = xasprintf("%" PRIu64 " %s", n, what);
	verify_find(y, &(struct vault_finding){ .kind = FOUND_STRANGER,
	    .file = "orphans", .why = why });
	free(why);
}

static int
look_at_orphans(struct verify *y, struct err *e)
{
	struct aside a = { .y = y };
	struct err why;
	int dir, rc;

	if ((dir = io_open_dir(y->v->dir, "orphans", &why)) == -1)
		return 0;
	rc = io_list(dir, look_at_orphan, &a, e);
	close(dir);
	find_aside(y, a.unknown, a.unknown == 1 ?
	    "pack of no commit; mailkeep repair looks for what is in no other" :
	    "packs of no commit; mailkeep repair looks for what is in no "
	    "others");
	find_aside(y, a.needless, a.needless == 1 ?
	    "file that is not needed; mailkeep compact --drop-orphans removes "
	    "it" : "files that are not needed; mailkeep compact "
	    "--drop-orphans removes them");
	y->report->orphans = a.unknown;
	return rc;
}

/* ---- the catalog ---- */

struct comparison {
	struct verify	*y;
	uint64_t	 commits;
	bool		 differs;
};

static int
compare_commit(void *arg, const struct known_commit *k, struct err *e)
{
	struct comparison *c = arg;
	const struct digest *head = head_of(c->y, k->commit);

	(void)e;
	c->commits++;
	if (head == NULL ? !manifest_is_bad(c->y, k->commit) :
	    !digest_equal(&k->head, head))
		c->differs = true;
	return 0;
}

static int
compare_pack(void *arg, const struct known_pack *k, struct err *e)
{
	struct comparison *c = arg;
	const struct recorded *p = verify_pack(c->y, k->name);

	(void)e;
	c->commits++;
	if (p == NULL || p->retired || p->size != k->size)
		c->differs = true;
	return 0;
}

/* A catalog that stands at the head must have each commit and pack, and no other. */
static int
compare_catalog(struct verify *y, struct err *e)
{
	struct comparison c = { .y = y };

	if (catalog_commits(y->v->catalog, compare_commit, &c, e) == -1)
		return -1;
	if (c.commits != y->report->commits)
		c.differs = true;
	c.commits = 0;
	if (catalog_packs(y->v->catalog, compare_pack, &c, e) == -1)
		return -1;
	if (c.commits != y->report->packs)
		c.differs = true;
	if (c.differs && y->report->damage[FOUND_MANIFEST] == 0)
		return err_set(e, EK_CORRUPT,
		    "it doesn't say what the manifests say");
	return y->opts->read_data ? catalog_check(y->v->catalog, e) : 0;
}

static int
look_at_catalog(struct verify *y, struct err *e)
{
	enum recover_standing where = RECOVER_AT_HEAD;
	int rc;

	/* A writer's was brought up to date when the vault was opened. */
	if (y->v->lock == -1) {
		y->v->head = y->report->head;
		y->v->head_sha256 = y->report->head_sha256;
		if (recover_catalog_check(y->v, &where, e) == -1)
			return -1;
	}
	switch (where) {
	case RECOVER_AT_HEAD:
		rc = compare_catalog(y, e);
		if (rc == 0)
			return 0;
		if (!is_damage(e))
			return -1;
		find_catalog(y, true, e->text);
		break;
	case RECOVER_BEHIND:
		find_catalog(y, false, "it is missing or behind the manifests: "
		    "the next command that writes will bring it up to date");
		break;
	case RECOVER_AHEAD:
		/* Of what came meanwhile, and the manifests have as well. */
		if (has_come(y, y->report->commits + 1))
			break;
		y->report->catalog_ahead = true;
		find_catalog(y, true, "it knows commits that the manifests "
		    "lack: manifests were lost, or an older copy was put back");
		break;
	case RECOVER_UNUSABLE:
		find_catalog(y, true, e->text);
		break;
	}
	return 0;
}

/*
 * Whether the records hang together, which shows when a catalog is made of them.  One that stands at the head has shown
 * it; else one is made in the user's cache, unless the manifests are known to be damaged.
 */
static int
apply_all(struct verify *y, struct err *e)
{
	if (!y->opts->read_data || y->v->catalog != NULL ||
	    y->report->damage[FOUND_MANIFEST] > 0 ||
	    recover_catalog_private(y->v, e) == 0)
		return 0;
	if (e->kind == EK_CANCELLED)
		return -1;
	if (e->kind == EK_CORRUPT)
		verify_find(y, &(struct vault_finding){
		    .kind = FOUND_MANIFEST, .damage = true,
		    .file = "manifests", .why = e->text });
	else
		log_warn("whether the manifests' records hang together can't "
		    "be told: %s", e->text);
	return 0;
}

/* ---- all of it ---- */

static int
verify(struct verify *y, struct err *e)
{
	bool packs_wrong = false;
	size_t i;

	if (reread_begin(y, e) == -1 ||
	    walk_chain(y, e) == -1 || look_at_packs(y, e) == -1 ||
	    look_at_orphans(y, e) == -1 || look_at_catalog(y, e) == -1 ||
	    apply_all(y, e) == -1)
		return -1;
	for (i = 0; i < y->packs_n; i++)
		packs_wrong = packs_wrong || y->packs[i].wrong;
	if ((y->opts->read_data || packs_wrong) && reread_packs(y, e) == -1)
		return -1;
	return reread_compacted(y, e) == -1 || reread_costs(y, e) == -1 ? -1 :
	    reread_lost(y, e);
}

static int
verdict(const struct verify *y, struct err *e)
{
	const struct vault_verify_report *r = y->report;
	uint64_t all = 0;
	size_t i;

	for (i = 0; i < FOUND_KINDS; i++)
		all += r->damage[i];
	/* They are right, and who they should belong to is not. */
	if (y->foreign && y->heads_n == 0) {
		err_set(e, EK_CORRUPT, "all manifests that can be read belong "
		    "to another vault than vault.json");
		return recover_foreign(y->v, e);
	}
	if (all > 0 && r->costs > 0)
		return err_set(e, EK_CORRUPT, "the vault is damaged: %" PRIu64
		    " message%s can't be read", r->costs,
		    r->costs == 1 ? "" : "s");
	if (all > 0)
		return err_set(e, EK_CORRUPT, "the vault is damaged");
	if (y->opts->expect != NULL && r->expected == 0)
		return err_set(e, EK_CORRUPT, "no manifest of the vault has "
		    "the hash %s: an older state was put back, or history "
		    "was rewritten", y->opts->expect);
	return 0;
}

static void
release(struct verify *y)
{
	size_t i;

	reread_release(y);
	for (i = 0; i < y->packs_n; i++)
		free(y->packs[i].name);
	for (i = 0; i < y->retired_n; i++)
		free(y->retired[i]);
	free(y->packs);
	free(y->retired);
	free(y->heads);
	free(y->damaged);
}

int
vault_verify(struct vault *v, const struct vault_verify_opts *opts,
    struct vault_verify_report *report, struct err *e)
{
	struct verify y = { .v = v, .opts = opts, .report = report };
	int rc;

	memset(report, 0, sizeof(*report));
	if ((rc = verify(&y, e)) == 0)
		rc = verdict(&y, e);
	release(&y);
	return rc;
}
