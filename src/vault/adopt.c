/*
 * adopt.c - packs that no manifest names: what they hold and the vault lacks comes back into it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/io.h"
#include "base/log.h"
#include "vault/mend.h"
#include "vault/notes.h"

#define FOUND_FOLDER	"Recovered"	/* what is found and has no place of its own comes there */

struct adopting {
	struct vault_txn *t;
	const char	*pack;
	struct vault_mended *report;
	struct notes	 notes;		/* own; of the pack */
	size_t		 sorted;	/* of them, by content */
	uint64_t	 found_epoch;	/* of FOUND_FOLDER; 0: there is none yet */
	uint64_t	 found_folder;
	uint32_t	 found_uid;
};

static int
adopt_damage(void *arg, const struct pack_damage *d, struct err *e)
{
	const struct adopting *m = arg;

	log_info("orphans/%s, byte %" PRIu64 ": %s", m->pack, d->offset,
	    d->what);
	return cancel_check(e);
}

static int
adopt_note(void *arg, const char *line, size_t n, struct err *e)
{
	struct adopting *m = arg;

	(void)e;
	notes_line(&m->notes, line, n);
	return 0;
}

static int
by_prefix(const void *a, const void *b)
{
	const struct note *x = a, *y = b;

	if (x->prefix != y->prefix)
		return x->prefix < y->prefix ? -1 : 1;
	if (x->epoch != y->epoch)
		return x->epoch < y->epoch ? -1 : 1;
	return (x->uid > y->uid) - (x->uid < y->uid);
}

/* The first note of a content, or where it would be.  They have all come before the first message. */
static size_t
first_note(struct adopting *m, const struct digest *sha256)
{
	uint64_t prefix = notes_prefix(sha256);
	size_t low = 0, high = m->notes.n, mid;

	if (m->sorted != m->notes.n)
		qsort(m->notes.v, m->notes.n, sizeof(*m->notes.v), by_prefix);
	m->sorted = m->notes.n;
	while (low < high) {
		mid = low + (high - low) / 2;
		if (m->notes.v[mid].prefix < prefix)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* What was imported has no UIDVALIDITY: the number of the epoch is all there is. */
static bool
same_epoch(const struct known_folder *k, const struct note_folder *f,
    const struct note_epoch *p)
{
	if (k->facts.gone || k->uidvalidity != p->uidvalidity)
		return false;
	return p->uidvalidity != 0 || (f->space == MAIL_IMPORTED &&
	    k->facts.space == MAIL_IMPORTED && k->epoch == p->epoch);
}

/*
 * The place that a note tells, if the folder still has that epoch and nobody took the UID: 1, 0 none, -1.
 */
static int
old_spot(struct adopting *m, const struct note *note, struct mend_spot *s,
    struct err *e)
{
	struct catalog *c = m->t->v->catalog;
	const struct note_folder *f = notes_folder(&m->notes, note->folder);
	const struct note_epoch *p = notes_epoch(&m->notes, note->epoch);
	struct known_folder folder;
	struct catalog_uids *uids;
	struct known_uid taken;
	int r;

	if (f == NULL || p == NULL)
		return 0;
	if ((r = catalog_folder(c, f->name, &folder, e)) != 1)
		return r;
	if (!same_epoch(&folder, f, p))
		return 0;
	s->box = (struct vault_box){ .folder = folder.facts.folder,
	    .epoch = folder.epoch, .uidvalidity = folder.uidvalidity };
	mend_spot_folder(s, &folder);
	if (catalog_uids(c, s->box.epoch, note->uid, note->uid, &uids, e) ==
	    -1)
		return -1;
	r = catalog_uids_next(uids, &taken, e);
	catalog_uids_close(&uids);
	return r == 0 ? 1 : r == 1 ? 0 : -1;
}

static int
find_found(struct adopting *m, struct err *e)
{
	struct catalog *c = m->t->v->catalog;
	struct known_folder folder;
	struct known_epoch epoch;
	int r;

	if ((r = catalog_folder(c, FOUND_FOLDER, &folder, e)) != 1)
		return r;
	if (folder.epoch == 0 || folder.facts.space != MAIL_IMPORTED)
		return 0;
	m->found_folder = folder.facts.folder;
	m->found_epoch = folder.epoch;
	if ((r = catalog_epoch(c, m->found_folder, &epoch, e)) == 1)
		m->found_uid = epoch.max_uid;
	return r;
}

static int
make_found(struct adopting *m, struct err *e)
{
	struct catalog *c = m->t->v->catalog;
	struct record folder = { .kind = REC_FOLDER };
	struct record epoch = { .kind = REC_EPOCH };

	if (catalog_last_folder(c, &m->found_folder, e) == -1 ||
	    catalog_last_epoch(c, &m->found_epoch, e) == -1)
		return -1;
	folder.u.folder = (struct rec_folder){ .folder = ++m->found_folder,
	    .name = FOUND_FOLDER, .attributes = "", .space = MAIL_IMPORTED,
	    .selectable = true };
	epoch.u.epoch = (struct rec_epoch){ .epoch = ++m->found_epoch,
	    .folder = m->found_folder };
	if (txn_emit(m->t, &folder, e) == -1)
		return -1;
	return txn_emit(m->t, &epoch, e);
}

/* The folder for what has no place of its own, made where there is none. */
static int
found_spot(struct adopting *m, struct mend_spot *s, struct err *e)
{
	if (m->found_epoch == 0 && find_found(m, e) == -1)
		return -1;
	if (m->found_epoch == 0 && make_found(m, e) == -1)
		return -1;
	s->meta.uid = ++m->found_uid;
	s->box = (struct vault_box){ .folder = m->found_folder,
	    .epoch = m->found_epoch, .name = FOUND_FOLDER,
	    .space = MAIL_IMPORTED };
	return 0;
}

/* Back to where a note tells: 1, 0 it can't, -1. */
static int
adopt_there(struct adopting *m, const struct note *note, struct err *e)
{
	struct mend_spot s = { .meta = { .uid = note->uid,
	    .flags = note->flags, .labels = note->labels, .date = note->date,
	    .has_date = note->has_date } };
	int r;

	if ((r = old_spot(m, note, &s, e)) == 1 &&
	    vault_add(m->t, &s.box, &s.meta, e) == -1)
		r = -1;
	if (r == 1 && s.box.epoch == m->found_epoch && note->uid > m->found_uid)
		m->found_uid = note->uid;
	mend_spot_release(&s);
	m->report->adopted += r == 1;
	return r;
}

/* What has no place any more keeps what its note tells of it. */
static int
adopt_stray(struct adopting *m, const struct pack_found *f,
    const struct note *note, struct err *e)
{
	struct mend_spot s = { .meta = { .flags = "", .date = f->mtime,
	    .has_date = f->mtime != 0 } };

	if (note != NULL)
		s.meta = (struct mail_meta){ .flags = note->flags,
		    .labels = note->labels, .date = note->date,
		    .has_date = note->has_date };
	if (found_spot(m, &s, e) == -1 ||
	    vault_add(m->t, &s.box, &s.meta, e) == -1)
		return -1;
	m->report->adopted++;
	return 0;
}

/* A content that the vault has nowhere else, and each message that had it. */
static int
adopt_new(struct adopting *m, const struct pack_found *f,
    const struct pack_reading *r, struct err *e)
{
	uint64_t prefix = notes_prefix(&r->sha256);
	size_t first = first_note(m, &r->sha256), i;
	bool placed = false, noted;
	int got;

	if (mend_take(m->t, r, e) == -1)
		return -1;
	for (i = first; i < m->notes.n && m->notes.v[i].prefix == prefix; i++) {
		if ((got = adopt_there(m, &m->notes.v[i], e)) == -1)
			return -1;
		placed = placed || got == 1;
	}
	noted = i > first;
	if (!placed && adopt_stray(m, f, noted ? &m->notes.v[first] : NULL,
	    e) == -1)
		return -1;
	return cancel_check(e);
}

static int
adopt_found(void *arg, const struct pack_found *f, struct err *e)
{
	struct adopting *m = arg;
	const struct pack_reading *r;
	int known, rc;

	if ((known = mend_known(m->t, f, &r, e)) == -1)
		return -1;
	if (known == 0)
		return adopt_new(m, f, r, e);
	if ((rc = intake_has(m->t, &r->sha256, e)) != 0)
		return rc == -1 ? -1 : 0;
	/* One that was damaged, or given up. */
	if (mend_take(m->t, r, e) == -1)
		return -1;
	if ((rc = mend_put_back(m->t, &r->sha256, e)) != 1)
		return rc;
	m->report->saved++;
	return cancel_check(e);
}

/* Whatever it is called now, if it was a pack once. */
static int
adopt_pack(void *arg, const char *name, struct err *e)
{
	struct adopting *m = arg;
	const struct pack_scan_fns fns = { .note = adopt_note,
	    .found = adopt_found, .damage = adopt_damage, .arg = m };
	bool mbox = strstr(name, ".mbox.zst") != NULL;
	int rc;

	if (!mbox && strstr(name, ".tar.zst") == NULL)
		return 0;
	m->pack = name;
	rc = pack_scan(m->t->v->orphans, name,
	    mbox ? CONTAINER_MBOX : CONTAINER_TAR, NULL, 0, &fns, e);
	notes_release(&m->notes);
	m->sorted = 0;
	if (rc == -1 && mend_failed(m->t, e)) {
		log_info("orphans/%s: %s", name, e->text);
		rc = 0;
	}
	return rc;
}

int
vault_adopt(struct vault_txn *t, struct vault_mended *report, struct err *e)
{
	struct adopting m = { .t = t, .report = report };

	return t->broken ? txn_broken(t, e) :
	    io_list(t->v->orphans, adopt_pack, &m, e);
}
