/*
 * mend.c - messages out of packs that are damaged, or that no manifest names, into new ones.
 *
 * A pack is never edited.  What can be read of it is stored anew, with its name and notes; a later record of the same
 * run may retire it then.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "vault/mend.h"

#define LINES_MAX	(64 * 1024 * 1024)	/* of a pack's notes; more are left out: they are for salvage only */

/* ---- whom not to trust ---- */

void
vault_distrust(struct vault_txn *t, const char *pack)
{
	t->distrusted = mem_grow(t->distrusted, &t->distrusted_cap,
	    t->distrusted_n + 1, sizeof(*t->distrusted));
	t->distrusted[t->distrusted_n++] = xstrdup(pack);
}

bool
mend_distrusts(const struct vault_txn *t, const char *pack)
{
	size_t i;

	for (i = 0; i < t->distrusted_n; i++)
		if (strcmp(t->distrusted[i], pack) == 0)
			return true;
	return false;
}

void
mend_release(struct vault_txn *t)
{
	while (t->distrusted_n > 0)
		free(t->distrusted[--t->distrusted_n]);
	free(t->distrusted);
	t->distrusted = NULL;
	t->distrusted_cap = 0;
	mend_needs_free(&t->needs);
}

int
mend_known(const struct vault_txn *t, const struct pack_found *f,
    const struct pack_reading **out, struct err *e)
{
	struct known_blob known;
	size_t i;
	int r;

	for (i = 0; i < f->n; i++) {
		*out = &f->readings[i];
		r = catalog_blob(t->v->catalog, &(*out)->sha256, &known, e);
		if (r != 0)
			return r;
	}
	*out = &f->readings[0];
	return 0;
}

int
mend_take(struct vault_txn *t, const struct pack_reading *r, struct err *e)
{
	const struct sink to = vault_intake_sink(t);

	if (vault_intake(t, r->size, e) == -1)
		return -1;
	return source_pour(&r->body, &to, e);
}

void
mend_spot_release(struct mend_spot *s)
{
	free(s->name);
	free(s->flags);
	free(s->labels);
}

void
mend_spot_folder(struct mend_spot *s, const struct known_folder *f)
{
	s->name = xstrdup(f->facts.name);
	s->box.name = s->name;
	s->box.delimiter = f->facts.delimiter;
	s->box.space = f->facts.space;
}

static int
note_first(void *arg, const struct known_message *m, struct err *e)
{
	struct mend_spot *s = arg;

	(void)e;
	s->flags = xstrdup(m->flags);
	s->labels = m->labels == NULL ? NULL : xstrdup(m->labels);
	s->box = (struct vault_box){ .folder = m->folder, .epoch = m->epoch,
	    .uidvalidity = m->uidvalidity };
	s->meta = (struct mail_meta){ .uid = m->uid, .date = m->date,
	    .has_date = m->has_date, .flags = s->flags,
	    .labels = s->labels };
	return 1;
}

/* The name of its folder; where there is none the spot is released. */
static int
name_spot(const struct vault *v, struct mend_spot *s, struct err *e)
{
	struct known_folder folder;
	int r;

	r = catalog_folder_by_number(v->catalog, s->box.folder, &folder, e);
	if (r == 1)
		mend_spot_folder(s, &folder);
	else
		mend_spot_release(s);
	return r;
}

int
mend_first_spot(const struct vault *v, const struct digest *sha256,
    struct mend_spot *out, struct err *e)
{
	char hex[DIGEST_HEX];
	int r;

	*out = (struct mend_spot){ .name = NULL };
	r = catalog_by_prefix(v->catalog, digest_hex(sha256, hex), note_first,
	    out, e);
	return r == 1 ? name_spot(v, out, e) : r;
}

int
mend_spot_at(const struct vault *v, uint64_t commit, uint64_t line,
    struct mend_spot *out, struct err *e)
{
	struct known_message m;
	int r;

	*out = (struct mend_spot){ .name = NULL };
	if ((r = catalog_message(v->catalog, commit, line, &m, e)) != 1)
		return r;
	note_first(out, &m, e);
	return name_spot(v, out, e);
}

bool
mend_failed(const struct vault_txn *t, const struct err *e)
{
	return !t->broken && (e->kind == EK_CORRUPT || e->sys == EIO);
}

/* ---- a pack of the vault, its messages stored anew ---- */

/* Notes go where the pack's messages go, as soon as there is such a pack. */
static int
give_notes(struct mend_walk *w, struct err *e)
{
	const struct vault_txn *t = w->t;

	if (w->lines.n == 0 || t->pack == NULL ||
	    (t->v->container == CONTAINER_MBOX && t->pack_folder != w->folder))
		return 0;
	if (intake_notes(w->t, &w->lines, e) == -1)
		return -1;
	buf_release(&w->lines);
	return 0;
}

/* The notes come before the first message.  A pack for them alone would be one without messages. */
static int
walk_note(void *arg, const char *line, size_t n, struct err *e)
{
	struct mend_walk *w = arg;

	(void)e;
	if (buf_room(&w->lines, n + 1) != NULL) {
		buf_add(&w->lines, line, n);
		buf_addc(&w->lines, '\n');
	}
	return 0;
}

static int
walk_found(void *arg, const struct pack_found *f, struct err *e)
{
	struct mend_walk *w = arg;
	const struct pack_reading *r;
	struct rec_blob blob;
	int chosen;

	if ((chosen = w->choose(w->arg, f, &r, e)) != 1)
		return chosen;
	blob = (struct rec_blob){ .sha256 = r->sha256, .size = r->size };
	if (mend_take(w->t, r, e) == -1 ||
	    intake_store(w->t, w->folder, f->member, f->mtime, &blob.place,
	    e) == -1)
		return -1;
	return w->stored(w->arg, &blob, e);
}

static int
walk_frame(void *arg, const struct frame *f, struct err *e)
{
	const struct mend_walk *w = arg;

	return w->frame == NULL ? 0 : w->frame(w->arg, f, e);
}

static int
walk_damage(void *arg, const struct pack_damage *d, struct err *e)
{
	const struct mend_walk *w = arg;

	return w->damage(w->arg, d, e);
}

int
mend_walk(struct mend_walk *w, const char *pack, struct err *e)
{
	const struct pack_scan_fns fns = { .note = walk_note,
	    .found = walk_found, .frame = walk_frame, .damage = walk_damage,
	    .arg = w };
	struct vault *v = w->t->v;
	struct known_pack known;
	struct frame *frames = NULL;
	size_t n = 0;
	int rc;

	if ((rc = catalog_pack(v->catalog, pack, &known, e)) != 1)
		return rc;
	w->folder = known.folder;
	w->lines.max = LINES_MAX;
	if (!w->blind &&
	    catalog_frames(v->catalog, pack, &frames, &n, e) == -1)
		return -1;
	rc = pack_scan(v->packs, pack, v->container, frames, n, &fns, e);
	free(frames);
	/* Also where the walk broke off: what was stored until then may be kept. */
	if (!w->t->broken && give_notes(w, e) == -1)
		rc = -1;
	return rc == -1 ? -1 : 1;
}

void
mend_walk_release(struct mend_walk *w)
{
	buf_release(&w->lines);
}

/* ---- a damaged pack of the vault ---- */

/* What is saved of a damaged pack. */
struct saving {
	struct vault_txn *t;
	const char	*pack;
	struct vault_mended *report;
	const struct mend_walk *w;
	bool		 damaged;	/* the walk met something that can't be read */
	bool		 had;		/* the content that is stored is there already */
};

static int
save_damage(void *arg, const struct pack_damage *d, struct err *e)
{
	struct saving *s = arg;

	s->damaged = true;
	log_info("packs/%s, byte %" PRIu64 ": %s", s->pack, d->offset, d->what);
	return cancel_check(e);
}

static int
save_choose(void *arg, const struct pack_found *f,
    const struct pack_reading **out, struct err *e)
{
	struct saving *s = arg;
	int has, known;

	if ((known = mend_known(s->t, f, out, e)) != 1)
		return known;
	if ((has = intake_has(s->t, &(*out)->sha256, e)) == -1)
		return -1;
	s->had = has == 1;
	/* In an mbox every appearance counts, but none twice: an earlier run may have saved some. */
	return s->had ? mend_lacks(s->t, &(*out)->sha256, s->w->folder, e) : 1;
}

static int
save_stored(void *arg, const struct rec_blob *b, struct err *e)
{
	struct saving *s = arg;

	mend_took(s->t, &b->sha256, s->w->folder);
	if (!s->had)
		s->report->saved++;
	return cancel_check(e);
}

int
vault_save_pack(struct vault_txn *t, const char *pack,
    struct vault_mended *report, struct err *e)
{
	struct saving s = { .t = t, .pack = pack, .report = report };
	struct mend_walk w = { .t = t, .choose = save_choose,
	    .stored = save_stored, .damage = save_damage, .arg = &s };
	int rc;

	s.w = &w;
	if (t->broken)
		return txn_broken(t, e);
	if (faccessat(t->v->packs, pack, F_OK, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	rc = mend_walk(&w, pack, e);
	/* It may be another pack's file, or its frames may have moved: then they have to be searched for. */
	if (rc == 1 && s.damaged) {
		w.blind = true;
		rc = mend_walk(&w, pack, e);
	}
	/* A file that can't be opened at all gives nothing. */
	if (rc == -1 && mend_failed(t, e)) {
		log_info("%s", e->text);
		rc = 0;
	}
	mend_walk_release(&w);
	return rc == -1 ? -1 : 0;
}

int
vault_replace(struct vault_txn *t, const struct vault_box *box,
    const struct mail_meta *meta, const struct digest *want, struct err *e)
{
	struct digest got;
	int r;

	if (t->broken)
		return txn_broken(t, e);
	vault_intake_seen(t, &got);
	if (!digest_equal(&got, want))
		return 0;
	if ((r = intake_has(t, want, e)) != 0)
		return r == -1 ? -1 : 2;
	if (t->v->container == CONTAINER_MBOX &&
	    (r = mend_put_back(t, want, e)) != 0)
		return r;
	return intake_replace(t, box, meta, e) == -1 ? -1 : 1;
}

int
vault_retire(struct vault_txn *t, const char *pack, struct err *e)
{
	struct record rec = { .kind = REC_RETIRE };

	rec.u.retire = (struct rec_retire){ pack, RETIRE_DAMAGED };
	return txn_emit(t, &rec, e);
}
