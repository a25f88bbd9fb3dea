/*
 * salvage.c - manifests are lost or damaged: a new chain from what is left.
 *
 * The new chain has the same numbers.  A manifest that can be read gives its records as they were; the place of one
 * that can't is taken by what the packs of that commit tell: their contents, and the notes at their ends.  So
 * messages keep their ids, and dates their meaning, as far as anything is left of them.
 *
 * The new manifests grow beside the old ones and change places with them at the end, in one step.  Nothing is removed:
 * the old ones, and the catalog that went with them, stand in orphans/ afterwards.
 */
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
#include "vault/salvage.h"

#define CHECK_LINES	1000	/* a signal is looked for this often */
#define FAR		1000	/* so many commits in a row without manifests and packs are none */
/* Numbers given to folders and epochs of which nothing but messages is left: far above any that a commit gave. */
#define MADE_UP		UINT64_C(1000000000)

/* ---- sets of numbers ---- */

static size_t
place_of(const struct numbers *s, uint64_t x)
{
	size_t low = 0, high = s->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (s->v[mid] < x)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool
has_number(const struct numbers *s, uint64_t x)
{
	size_t at = place_of(s, x);

	return at < s->n && s->v[at] == x;
}

static void
add_number(struct numbers *s, uint64_t x)
{
	size_t at = place_of(s, x);

	if (at < s->n && s->v[at] == x)
		return;
	s->v = mem_grow(s->v, &s->cap, s->n + 1, sizeof(*s->v));
	memmove(s->v + at + 1, s->v + at, (s->n - at) * sizeof(*s->v));
	s->v[at] = x;
	s->n++;
}

/* One that an earlier salvage made up is not made up again. */
static void
note_number(struct salvage *s, struct numbers *to, uint64_t x)
{
	add_number(to, x);
	if (x > s->last_made_up)
		s->last_made_up = x;
}

/* ---- writing the new chain ---- */

int
salvage_begin(struct salvage *s, uint64_t commit, int64_t time, uint64_t run,
    const char *program, struct err *e)
{
	s->head = (struct rec_head){ .vault = s->v->id, .commit = commit,
	    .prev = s->prev, .time = time > s->time ? time : s->time + 1,
	    .run = run, .program = program };
	if (manifest_create(s->v->tmp, &s->head, &s->w, e) == -1)
		return -1;
	return catalog_begin(s->catalog, &s->head, e);
}

int
salvage_emit(struct salvage *s, const struct record *rec, struct err *e)
{
	struct manifest_line line;

	if (manifest_put(s->w, rec, &line, e) == -1 ||
	    catalog_apply(s->catalog, line.number, rec, e) == -1)
		return -1;
	if (rec->kind == REC_FOLDER)
		note_number(s, &s->folders, rec->u.folder.folder);
	else if (rec->kind == REC_EPOCH)
		note_number(s, &s->epochs, rec->u.epoch.epoch);
	return 0;
}

int
salvage_end(struct salvage *s, struct err *e)
{
	if (manifest_publish(&s->w, s->dir, &s->prev, e) == -1)
		return -1;
	s->time = s->head.time;
	return catalog_commit(s->catalog, &s->prev, e);
}

int
salvage_run(struct salvage *s, bool begins, struct err *e)
{
	struct record rec = { .kind = begins ? REC_RUN_BEGIN : REC_RUN_END };

	if (begins)
		rec.u.run_begin = (struct rec_run_begin){ s->head.run,
		    "rebuild --salvage", s->head.time };
	else
		rec.u.run_end = (struct rec_run_end){ .run = s->head.run,
		    .time = s->head.time, .result = "partial", .status = 3,
		    .error = "its manifest was lost" };
	return salvage_emit(s, &rec, e);
}

/* ---- what refers to something that is gone ---- */

int
salvage_folder(struct salvage *s, uint64_t folder,
    const struct note_folder *known, struct err *e)
{
	struct record rec = { .kind = REC_FOLDER };
	char *made = NULL;
	int rc;

	if (has_number(&s->folders, folder))
		return 0;
	rec.u.folder = (struct rec_folder){ .folder = folder,
	    .attributes = "", .selectable = true };
	if (known == NULL) {
		made = xasprintf("Lost and found (folder %" PRIu64 ")",
		    folder);
		rec.u.folder.name = made;
	} else {
		rec.u.folder.name = known->name;
		rec.u.folder.delimiter = known->delimiter;
		rec.u.folder.space = known->space;
	}
	rc = salvage_emit(s, &rec, e);
	free(made);
	return rc;
}

int
salvage_epoch(struct salvage *s, uint64_t epoch, uint64_t folder,
    uint64_t uidvalidity, struct err *e)
{
	struct record rec = { .kind = REC_EPOCH };

	if (has_number(&s->epochs, epoch))
		return 0;
	rec.u.epoch = (struct rec_epoch){ .epoch = epoch, .folder = folder,
	    .uidvalidity = uidvalidity };
	return salvage_emit(s, &rec, e);
}

int
salvage_both(struct salvage *s, uint64_t folder, uint64_t epoch, struct err *e)
{
	if (salvage_folder(s, folder, NULL, e) == -1)
		return -1;
	return salvage_epoch(s, epoch, folder, 0, e);
}

/* Whether a content has a place: 1, 0, -1. */
int
salvage_has(struct salvage *s, const struct digest *sha256, struct err *e)
{
	struct known_blob known;

	return catalog_blob(s->catalog, sha256, &known, e);
}

/* ---- a commit whose manifest can be read ---- */

static char *
copy_text(const char *s)
{
	return s == NULL ? NULL : xstrdup(s);
}

static void
put_off(struct salvage *s, const struct rec_message *m)
{
	struct message_copy *c;

	s->put_off = mem_grow(s->put_off, &s->put_off_cap, s->put_off_n + 1,
	    sizeof(*s->put_off));
	c = &s->put_off[s->put_off_n++];
	c->rec = *m;
	c->rec.internaldate = c->texts[0] = copy_text(m->internaldate);
	c->rec.flags = c->texts[1] = copy_text(m->flags);
	c->rec.labels = c->texts[2] = copy_text(m->labels);
	c->rec.emailid = c->texts[3] = copy_text(m->emailid);
	c->rec.threadid = c->texts[4] = copy_text(m->threadid);
	c->rec.by = c->texts[5] = copy_text(m->by);
}

static int
copy_message(struct salvage *s, const struct record *rec, struct err *e)
{
	const struct rec_message *m = &rec->u.message;
	int r;

	if ((r = salvage_has(s, &m->sha256, e)) == -1)
		return -1;
	/* Its content's record may be lost, and be told again by a later commit: one that compacted, or repaired. */
	if (r == 0) {
		put_off(s, m);
		return 0;
	}
	if (salvage_both(s, m->folder, m->epoch, e) == -1)
		return -1;
	return salvage_emit(s, rec, e);
}

static int
copy_retire(struct salvage *s, const struct record *rec, struct err *e)
{
	struct known_pack known;
	int r = catalog_pack(s->catalog, rec->u.retire.pack, &known, e);

	if (r != 1 || known.retired != 0)
		return r == -1 ? -1 : 0;
	return salvage_emit(s, rec, e);
}

/* Of an epoch that nothing else is left of, what happened to its messages tells nothing. */
static int
copy_if_known(struct salvage *s, const struct record *rec, uint64_t epoch,
    struct err *e)
{
	return has_number(&s->epochs, epoch) ? salvage_emit(s, rec, e) : 0;
}

static int
copy_record(struct salvage *s, const struct record *rec, struct err *e)
{
	switch (rec->kind) {
	case REC_MESSAGE:
		return copy_message(s, rec, e);
	case REC_EPOCH:
		if (salvage_folder(s, rec->u.epoch.folder, NULL, e) == -1)
			return -1;
		return salvage_emit(s, rec, e);
	case REC_FLAGS:
		return copy_if_known(s, rec, rec->u.flags.epoch, e);
	case REC_GONE:
		return copy_if_known(s, rec, rec->u.gone.epoch, e);
	case REC_MISSING:
		return copy_if_known(s, rec, rec->u.missing.epoch, e);
	case REC_PRUNE_INTENT:
		return copy_if_known(s, rec, rec->u.prune_intent.epoch, e);
	case REC_PRUNED:
		return copy_if_known(s, rec, rec->u.pruned.epoch, e);
	case REC_PRUNE_KEPT:
		return copy_if_known(s, rec, rec->u.prune_kept.epoch, e);
	case REC_RETIRE:
		return copy_retire(s, rec, e);
	default:
		return salvage_emit(s, rec, e);
	}
}

/* Whether a manifest can be read to its end: 1, 0, -1. */
static int
is_sound(struct salvage *s, uint64_t commit, struct err *e)
{
	struct manifest_reader *r;
	struct record rec;
	uint64_t line;
	int got;

	got = manifest_open(s->v->manifests, commit, &r, e);
	if (got == 0) {
		if (strcmp(manifest_head(r)->vault, s->v->id) != 0) {
			s->foreign = true;
			got = err_set(e, EK_CORRUPT,
			    "it belongs to another vault");
		} else
			do {
				got = manifest_next(r, &rec, &line, e);
			} while (got == 1);
		manifest_close(&r);
	}
	if (got == 0)
		return 1;
	return e->kind == EK_CORRUPT || e->sys == EIO ? 0 : -1;
}

static void
note_gathered(struct salvage *s, const char *pack)
{
	s->gathered = mem_grow(s->gathered, &s->gathered_cap,
	    s->gathered_n + 1, sizeof(*s->gathered));
	s->gathered[s->gathered_n++] = xstrdup(pack);
}

static int
copy_commit(struct salvage *s, uint64_t commit, struct err *e)
{
	struct manifest_reader *r;
	const struct rec_head *head;
	size_t gathered = s->gathered_n;
	bool messages = false;
	struct record rec;
	uint64_t line;
	int got = -1;

	if (manifest_open(s->v->manifests, commit, &r, e) == -1)
		return -1;
	head = manifest_head(r);
	if (salvage_begin(s, commit, head->time, head->run, head->program, e) ==
	    -1)
		goto out;
	while ((got = manifest_next(r, &rec, &line, e)) == 1) {
		messages = messages || rec.kind == REC_MESSAGE;
		if (rec.kind == REC_PACK)
			note_gathered(s, rec.u.pack.pack);
		if (copy_record(s, &rec, e) == -1 ||
		    (line % CHECK_LINES == 0 && cancel_check(e) == -1)) {
			got = -1;
			break;
		}
	}
	if (got == 0)
		got = salvage_end(s, e);
	/* What a commit with messages tells of its packs is all there is to tell. */
	while (messages && s->gathered_n > gathered)
		free(s->gathered[--s->gathered_n]);
out:
	manifest_close(&r);
	return got;
}

/* ---- all of it ---- */

static int
note_pack_file(void *arg, const char *name, struct err *e)
{
	struct salvage *s = arg;
	size_t digits = strspn(name, "0123456789");
	uint64_t commit;

	(void)e;
	if (!manifest_is_pack(name) || text_u64(name, digits, &commit) == -1)
		return 0;
	s->packs = mem_grow(s->packs, &s->packs_cap, s->packs_n + 1,
	    sizeof(*s->packs));
	s->packs[s->packs_n++] = (struct pack_file){ xstrdup(name), commit };
	return 0;
}

static int
by_commit_and_name(const void *a, const void *b)
{
	const struct pack_file *x = a, *y = b;

	if (x->commit != y->commit)
		return x->commit < y->commit ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int
note_manifest(void *arg, const struct manifest_file *f, struct err *e)
{
	struct salvage *s = arg;

	(void)e;
	s->report->manifests += f->last - f->first + 1;
	if (f->last > s->last_manifest)
		s->last_manifest = f->last;
	return 0;
}

/* A manifest whose own file is damaged may stand in a bundle as well: 1, and the file is set aside, 0, -1. */
static int
look_in_bundle(struct salvage *s, uint64_t commit, struct err *e)
{
	struct vault *v = s->v;
	int from = manifest_dir_fd(v->manifests), sound;
	char name[MANIFEST_NAME_MAX], *aside;

	manifest_name(name, commit);
	aside = xasprintf("%s~%016" PRIx64, name, v->env.random(v->env.arg));
	if (renameat(from, name, v->orphans, aside) == -1) {
		free(aside);
		return 0;
	}
	sound = is_sound(s, commit, e);
	if (sound == 1) {
		log_warn("manifests/%s is damaged, and stands in a bundle: "
		    "moved to orphans/", name);
		s->report->bundles++;
	} else if (renameat(v->orphans, aside, from, name) == -1)
		sound = err_sys(e, "can't put manifests/%s back", name);
	free(aside);
	return sound;
}

static int
look_at_manifests(struct salvage *s, struct err *e)
{
	uint64_t commit;
	int sound;

	for (commit = 1; commit <= s->last; commit++) {
		if ((sound = is_sound(s, commit, e)) == -1 ||
		    cancel_check(e) == -1)
			return -1;
		if (!sound && (sound = look_in_bundle(s, commit, e)) == -1)
			return -1;
		if (sound)
			add_number(&s->sound, commit);
	}
	return 0;
}

static int
write_chain(struct salvage *s, struct err *e)
{
	size_t at = 0;
	uint64_t commit;
	int rc;

	for (commit = 1; commit <= s->last; commit++) {
		while (at < s->packs_n && s->packs[at].commit < commit)
			at++;
		rc = has_number(&s->sound, commit) ?
		    copy_commit(s, commit, e) : reconstruct(s, commit, at, e);
		if (rc == -1)
			return err_add(e, "commit %" PRIu64, commit);
		if (cancel_check(e) == -1)
			return -1;
	}
	return closing_commit(s, e);
}

/* A pack whose number is far above all others came from elsewhere: so many commits without packs there are not. */
static void
leave_far_ones(struct salvage *s)
{
	uint64_t last = s->last_manifest;
	size_t i;

	for (i = 0; i < s->packs_n; i++) {
		if (s->packs[i].commit > last + FAR)
			break;
		if (s->packs[i].commit > last)
			last = s->packs[i].commit;
	}
	for (; s->packs_n > i; free(s->packs[s->packs_n].name))
		log_warn("packs/%s is left alone: its number is far from all "
		    "others", s->packs[--s->packs_n].name);
	s->last = last;
}

/* What there is. */
static int
take_stock(struct salvage *s, struct err *e)
{
	if (io_list(s->v->packs, note_pack_file, s, e) == -1 ||
	    manifest_files(s->v->manifests, note_manifest, s, e) == -1)
		return -1;
	if (s->packs_n > 0)
		qsort(s->packs, s->packs_n, sizeof(*s->packs),
		    by_commit_and_name);
	leave_far_ones(s);
	if (s->last == 0)
		return err_set(e, EK_FAIL,
		    "there is neither a manifest nor a pack");
	if (look_at_manifests(s, e) == -1)
		return -1;
	/* They are right, and who they should belong to is not. */
	if (s->foreign && s->sound.n == 0) {
		err_set(e, EK_CORRUPT, "all manifests that can be read belong "
		    "to another vault than vault.json");
		return recover_foreign(s->v, e);
	}
	return 0;
}

/* What a damaged bundle has still goes into files of its own, and then the bundle is of no use. */
static int
drop_bundle(void *arg, const struct manifest_file *f, struct err *e)
{
	struct salvage *s = arg;
	struct vault *v = s->v;

	if (f->first == f->last ||
	    manifest_check(v->manifests, f->first, f->last, e) == 0)
		return 0;
	if (e->kind != EK_CORRUPT && e->sys != EIO)
		return -1;
	if (manifest_unbundle(v->manifests, v->tmp, f->first, f->last, e) == -1)
		return -1;
	log_warn("manifests/%s is damaged, and needed no more: moved to "
	    "orphans/", f->name);
	if (renameat(manifest_dir_fd(v->manifests), f->name, v->orphans,
	    f->name) == -1)
		return err_sys(e, "can't move manifests/%s", f->name);
	s->report->bundles++;
	return 0;
}

/* Where the new chain will stand, and its catalog. */
static int
set_up(struct salvage *s, struct err *e)
{
	struct vault *v = s->v;

	s->dir_name = xasprintf("manifests-%016" PRIx64,
	    v->env.random(v->env.arg));
	s->catalog_path = xasprintf("%s/tmp/salvage.sqlite", v->path);
	if (recover_tmp(v, e) == -1 ||
	    io_make_dir(v->orphans, s->dir_name, e) == -1 ||
	    manifest_dir_open(v->orphans, s->dir_name, &s->dir, e) == -1)
		return -1;
	return catalog_open(s->catalog_path, CATALOG_WRITE, &s->catalog, e);
}

/* The new manifests for the old ones: in one step where the file system can do that. */
static int
change_places(struct salvage *s, struct err *e)
{
	struct vault *v = s->v;
	char *old;
	int rc;

	if (io_sync_dir(v->orphans, e) == -1)
		return -1;
	if (renameat2(v->orphans, s->dir_name, v->dir, "manifests",
	    RENAME_EXCHANGE) == 0)
		rc = 0;
	else if (errno != EINVAL && errno != ENOSYS)
		rc = err_sys(e, "can't put the new manifests in place");
	else {
		old = xasprintf("%s.old", s->dir_name);
		rc = renameat(v->dir, "manifests", v->orphans, old);
		if (rc == 0 && (rc = renameat(v->orphans, s->dir_name, v->dir,
		    "manifests")) == -1)
			renameat(v->orphans, old, v->dir, "manifests");
		if (rc == -1)
			err_sys(e, "can't put the new manifests in place");
		free(old);
	}
	if (rc == 0 && (io_sync_dir(v->dir, e) == -1 ||
	    io_sync_dir(v->orphans, e) == -1))
		rc = -1;
	return rc;
}

static int
remove_new(void *arg, const char *name, struct err *e)
{
	const struct salvage *s = arg;

	(void)e;
	unlinkat(manifest_dir_fd(s->dir), name, 0);
	return 0;
}

static void
release(struct salvage *s, bool done)
{
	struct err ignored;
	size_t i;

	manifest_discard(&s->w);
	if (s->dir != NULL && !done) {
		io_list(manifest_dir_fd(s->dir), remove_new, s, &ignored);
		unlinkat(s->v->orphans, s->dir_name, AT_REMOVEDIR);
	}
	manifest_dir_close(&s->dir);
	catalog_close(&s->catalog);
	if (s->catalog_path != NULL)
		catalog_remove(s->catalog_path, &ignored);
	for (i = 0; i < s->packs_n; i++)
		free(s->packs[i].name);
	free(s->packs);
	while (s->put_off_n > 0) {
		s->put_off_n--;
		for (i = 0; i < SALVAGE_TEXTS; i++)
			free(s->put_off[s->put_off_n].texts[i]);
	}
	free(s->put_off);
	while (s->gathered_n > 0)
		free(s->gathered[--s->gathered_n]);
	free(s->gathered);
	free(s->sound.v);
	free(s->folders.v);
	free(s->epochs.v);
	free(s->dir_name);
	free(s->catalog_path);
}

static int
salvage(struct vault *v, struct vault_salvage_report *report, struct err *e)
{
	struct salvage s = { .v = v, .report = report,
	    .last_made_up = MADE_UP };
	bool done = false;
	int rc;

	if ((rc = recover_tmp(v, e)) == 0)
		rc = take_stock(&s, e);
	if (rc == 0 && s.sound.n == s.last)
		rc = manifest_files(v->manifests, drop_bundle, &s, e);
	else if (rc == 0) {
		if (set_up(&s, e) == -1 || write_chain(&s, e) == -1)
			rc = -1;
		catalog_close(&s.catalog);
		/* It knows the old chain: between the two steps there must be none. */
		if (rc == 0)
			rc = recover_set_catalog_aside(v, e);
		if (rc == 0 && (rc = change_places(&s, e)) == 0)
			done = true;
	}
	release(&s, done);
	return rc;
}

int
vault_salvage(const char *path, bool wait, const struct vault_env *env,
    struct vault_salvage_report *report, struct err *e)
{
	struct vault *v;
	int rc;

	memset(report, 0, sizeof(*report));
	if (vault_open_bare(path, wait, env, &v, e) == -1)
		return -1;
	rc = salvage(v, report, e);
	if (rc == -1)
		err_add(e, "%s", path);
	vault_close(&v);
	return rc;
}

int
vault_accept_loss(const char *path, bool wait, const struct vault_env *env,
    struct err *e)
{
	enum recover_standing where = RECOVER_AT_HEAD;
	struct vault *v;
	int rc;

	if (vault_open_bare(path, wait, env, &v, e) == -1)
		return -1;
	/* Where packs are left of the lost commits, salvage does better. */
	if ((rc = recover_head(v, e)) == 0 && (rc = recover_miss(v, e)) == 0)
		rc = recover_catalog_check(v, &where, e);
	if (rc == 0 && where == RECOVER_AHEAD) {
		catalog_close(&v->catalog);
		rc = recover_set_catalog_aside(v, e) == -1 ? -1 : 1;
	}
	if (rc == -1)
		err_add(e, "%s", path);
	vault_close(&v);
	return rc;
}
