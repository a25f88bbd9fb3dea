/*
 * reconstruct.c - a commit whose manifest is lost, from its packs: every content in them, and what the notes at their
 * ends say of folders, UIDs, dates and flags.
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
#include "vault/salvage.h"

/* A content of the pack that is being read. */
struct content {
	struct digest	 sha256;
	uint64_t	 size;
	struct place	 place;		/* without the pack's name */
	int64_t		 mtime;
	bool		 noted;		/* a message names it */
};

struct reading {
	struct salvage	*s;
	const char	*pack;
	struct notes	 notes;		/* own */
	size_t		 at;		/* messages met */
	struct content	*v;		/* own; in the order of the pack, then by digest */
	size_t		 n, cap;
	struct frame	*frames;	/* own */
	size_t		 frames_n, frames_cap;
	uint64_t	 end, raw;	/* of the frames: in the file, decompressed */
};

static int
read_note(void *arg, const char *line, size_t n, struct err *e)
{
	struct reading *r = arg;

	(void)e;
	notes_line(&r->notes, line, n);
	return 0;
}

static bool
is_noted(const struct reading *r, const struct digest *sha256)
{
	uint64_t prefix = notes_prefix(sha256);
	size_t i;

	/* The next one, nearly always; an mbox has a note for each of its messages, a tar at least that for each. */
	for (i = 0; i < r->notes.n; i++)
		if (r->notes.v[(r->at + i) % r->notes.n].prefix == prefix)
			return true;
	return false;
}

/* Of several readings of a message the one that a note speaks of counts, else the likeliest. */
static int
read_found(void *arg, const struct pack_found *f, struct err *e)
{
	struct reading *r = arg;
	const struct pack_reading *it = &f->readings[0];
	size_t i;

	for (i = 0; f->n > 1 && i < f->n; i++)
		if (is_noted(r, &f->readings[i].sha256)) {
			it = &f->readings[i];
			break;
		}
	r->at++;
	r->v = mem_grow(r->v, &r->cap, r->n + 1, sizeof(*r->v));
	r->v[r->n++] = (struct content){ .sha256 = it->sha256,
	    .size = it->size, .place = it->place, .mtime = f->mtime };
	return cancel_check(e);
}

static int
read_frame(void *arg, const struct frame *f, struct err *e)
{
	struct reading *r = arg;

	(void)e;
	/* What comes behind the notes counts as part of the tail. */
	if (f->offset != r->end)
		return 0;
	r->frames = mem_grow(r->frames, &r->frames_cap, r->frames_n + 1,
	    sizeof(*r->frames));
	r->frames[r->frames_n++] = *f;
	r->end += f->size;
	r->raw += f->raw;
	return 0;
}

static int
read_damage(void *arg, const struct pack_damage *d, struct err *e)
{
	const struct reading *r = arg;

	r->s->report->damaged++;
	log_warn("packs/%s, byte %" PRIu64 ": %s", r->pack, d->offset,
	    d->what);
	return cancel_check(e);
}

static int
by_digest(const void *a, const void *b)
{
	const struct content *x = a, *y = b;

	return memcmp(x->sha256.b, y->sha256.b, DIGEST_SIZE);
}

struct content_out {
	struct digest	*sha256;
	uint64_t	*size;
};

static int
take_content(void *arg, const struct known_message *m, struct err *e)
{
	const struct content_out *out = arg;

	(void)e;
	*out->sha256 = m->sha256;
	*out->size = m->size;
	return 1;
}

/* The content that a note means, in this pack or one before: 1 found, 0, -1. */
static int
content_of(struct reading *r, const struct note *note, struct digest *sha256,
    uint64_t *size, struct err *e)
{
	size_t low = 0, high = r->n, mid;
	char hex[DIGEST_HEX];
	int got;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (notes_prefix(&r->v[mid].sha256) < note->prefix)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < r->n && notes_prefix(&r->v[low].sha256) == note->prefix) {
		*sha256 = r->v[low].sha256;
		*size = r->v[low].size;
		r->v[low].noted = true;
		return 1;
	}
	snprintf(hex, sizeof(hex), "%016" PRIx64, note->prefix);
	if ((got = catalog_by_prefix(r->s->catalog, hex, take_content,
	    &(struct content_out){ sha256, size }, e)) != 1)
		return got;
	return salvage_has(r->s, sha256, e);
}

static int
emit_noted(struct reading *r, const struct note *note, struct err *e)
{
	const struct note_folder *f = notes_folder(&r->notes, note->folder);
	const struct note_epoch *p = notes_epoch(&r->notes, note->epoch);
	struct record rec = { .kind = REC_MESSAGE };
	struct digest sha256;
	uint64_t size = 0;
	int got;

	if ((got = content_of(r, note, &sha256, &size, e)) == -1)
		return -1;
	if (got == 0) {
		r->s->report->lost++;
		return 0;
	}
	/* A pack of compaction repeats the notes of those that it replaced. */
	if ((got = catalog_uid_had(r->s->catalog, note->epoch, note->uid,
	    &sha256, e)) != 0)
		return got == -1 ? -1 : 0;
	if (salvage_folder(r->s, note->folder, f, e) == -1 ||
	    salvage_epoch(r->s, note->epoch, note->folder,
	    p == NULL ? 0 : p->uidvalidity, e) == -1)
		return -1;
	rec.u.message = (struct rec_message){ .folder = note->folder,
	    .epoch = note->epoch, .uid = note->uid, .sha256 = sha256,
	    .size = size, .date = note->date, .has_date = note->has_date,
	    .flags = note->flags, .labels = note->labels };
	r->s->report->messages++;
	return salvage_emit(r->s, &rec, e);
}

/* The folder for what no note names, made when the first comes. */
static int
make_lost_and_found(struct salvage *s, struct err *e)
{
	struct record rec = { .kind = REC_FOLDER };

	if (s->lost_epoch != 0)
		return 0;
	s->lost_folder = ++s->last_made_up;
	s->lost_epoch = ++s->last_made_up;
	rec.u.folder = (struct rec_folder){ .folder = s->lost_folder,
	    .name = "Lost and found", .attributes = "",
	    .space = MAIL_IMPORTED, .selectable = true };
	if (salvage_emit(s, &rec, e) == -1)
		return -1;
	return salvage_epoch(s, s->lost_epoch, s->lost_folder, 0, e);
}

/* A content that no note names: the tail is damaged. */
static int
emit_found(struct salvage *s, const struct content *c, struct err *e)
{
	struct record rec = { .kind = REC_MESSAGE };

	if (make_lost_and_found(s, e) == -1)
		return -1;
	rec.u.message = (struct rec_message){ .folder = s->lost_folder,
	    .epoch = s->lost_epoch, .uid = ++s->lost_uid,
	    .sha256 = c->sha256, .size = c->size, .flags = "",
	    .date = c->mtime, .has_date = c->mtime != 0 };
	s->report->messages++;
	s->report->unplaced++;
	return salvage_emit(s, &rec, e);
}

static int
emit_contents(struct reading *r, struct err *e)
{
	struct record rec = { .kind = REC_BLOB };
	size_t i;

	for (i = 0; i < r->n; i++) {
		rec.u.blob = (struct rec_blob){ .sha256 = r->v[i].sha256,
		    .size = r->v[i].size, .place = r->v[i].place };
		rec.u.blob.place.pack = r->pack;
		if (salvage_emit(r->s, &rec, e) == -1)
			return -1;
		r->s->report->contents++;
	}
	if (r->n > 0)
		qsort(r->v, r->n, sizeof(*r->v), by_digest);
	for (i = 0; i < r->notes.n; i++)
		if (emit_noted(r, &r->notes.v[i], e) == -1)
			return -1;
	for (i = 0; i < r->n; i++)
		if (!r->v[i].noted && (i == 0 ||
		    !digest_equal(&r->v[i].sha256, &r->v[i - 1].sha256)) &&
		    emit_found(r->s, &r->v[i], e) == -1)
			return -1;
	return 0;
}

static enum container
container_of(const char *pack)
{
	size_t n = strlen(pack);

	return n > 9 && strcmp(pack + n - 9, ".mbox.zst") == 0 ?
	    CONTAINER_MBOX : CONTAINER_TAR;
}

/* The number of the folder that an mbox pack's name tells; 0 for a tar. */
static uint64_t
folder_in(const char *pack)
{
	const char *f = strstr(pack, ".f");
	uint64_t folder;

	if (f == NULL || text_u64(f + 2, strspn(f + 2, "0123456789"),
	    &folder) == -1)
		return 0;
	return folder;
}

static int
emit_pack(struct reading *r, struct err *e)
{
	struct record rec = { .kind = REC_PACK };
	struct hasher *h = hasher_new();
	const struct sink to = hasher_sink(h);
	struct digest sha256;
	uint64_t size = 0;
	int fd = io_open_file(r->s->v->packs, r->pack, &size, e);
	int rc = fd == -1 ? -1 : io_pour_file(fd, &to, e);

	if (fd != -1)
		close(fd);
	hasher_end(h, &sha256);
	hasher_free(&h);
	if (rc == -1)
		return err_add(e, "packs/%s", r->pack);

	rec.u.pack = (struct rec_pack){ .pack = r->pack, .size = size,
	    .sha256 = sha256, .raw = r->raw, .frames = r->frames_n,
	    .tail = size - r->end,
	    .folder = folder_in(r->pack),
	    .container = container_of(r->pack) };
	if (salvage_emit(r->s, &rec, e) == -1)
		return -1;
	if (r->frames_n == 0)
		return 0;
	rec = (struct record){ .kind = REC_FRAMES };
	rec.u.frames = (struct rec_frames){ .pack = r->pack,
	    .n = r->frames_n, .frames = r->frames };
	return salvage_emit(r->s, &rec, e);
}

static void
release_reading(struct reading *r)
{
	free(r->v);
	free(r->frames);
	notes_release(&r->notes);
}

static int
read_pack(struct salvage *s, const char *pack, struct err *e)
{
	struct reading r = { .s = s, .pack = pack };
	const struct pack_scan_fns fns = { .note = read_note,
	    .found = read_found, .frame = read_frame, .damage = read_damage,
	    .arg = &r };
	int rc = -1;

	if (pack_scan(s->v->packs, pack, container_of(pack), NULL, 0, &fns,
	    e) == -1) {
		if (e->kind != EK_CORRUPT && e->sys != EIO)
			goto out;
		log_warn("packs/%s: %s", pack, e->text);
		s->report->damaged++;
		rc = 0;
		goto out;
	}
	if (emit_contents(&r, e) == -1 || emit_pack(&r, e) == -1)
		goto out;
	s->report->packs++;
	rc = 0;
out:
	release_reading(&r);
	return rc;
}

/* ---- a pack on record ---- */

static int
pass_found(void *arg, const struct pack_found *f, struct err *e)
{
	(void)arg, (void)f;
	return cancel_check(e);
}

static int
pass_damage(void *arg, const struct pack_damage *d, struct err *e)
{
	(void)arg, (void)d;
	return cancel_check(e);
}

static int
note_content(void *arg, const struct digest *sha256,
    const struct known_blob *b, struct err *e)
{
	struct reading *r = arg;

	(void)e;
	r->v = mem_grow(r->v, &r->cap, r->n + 1, sizeof(*r->v));
	r->v[r->n++] = (struct content){ .sha256 = *sha256,
	    .size = b->size };
	return 0;
}

static int
is_message(void *arg, const struct known_message *m, struct err *e)
{
	(void)arg, (void)m, (void)e;
	return 1;
}

/* Contents that no message names, also after the notes were looked at. */
static int
emit_unnamed(struct reading *r, struct err *e)
{
	char hex[DIGEST_HEX];
	size_t i;
	int got;

	for (i = 0; i < r->n; i++) {
		got = catalog_by_prefix(r->s->catalog,
		    digest_hex(&r->v[i].sha256, hex), is_message, NULL, e);
		if (got == -1 ||
		    (got == 0 && emit_found(r->s, &r->v[i], e) == -1))
			return -1;
	}
	return 0;
}

int
reconstruct_notes(struct salvage *s, const char *pack, struct err *e)
{
	struct reading r = { .s = s, .pack = pack };
	const struct pack_scan_fns fns = { .note = read_note,
	    .found = pass_found, .damage = pass_damage, .arg = &r };
	size_t i;
	int rc = -1;

	if (pack_scan(s->v->packs, pack, container_of(pack), NULL, 0, &fns,
	    e) == -1 && e->kind != EK_CORRUPT && e->sys != EIO)
		goto out;
	if (catalog_pack_blobs(s->catalog, pack, note_content, &r, e) == -1)
		goto out;
	if (r.n > 0)
		qsort(r.v, r.n, sizeof(*r.v), by_digest);
	for (i = 0; i < r.notes.n; i++)
		if (emit_noted(&r, &r.notes.v[i], e) == -1)
			goto out;
	rc = emit_unnamed(&r, e);
out:
	release_reading(&r);
	return rc;
}

static int64_t
time_of(const struct salvage *s, const struct pack_file *p)
{
	struct stat st;

	if (p == NULL || fstatat(s->v->packs, p->name, &st,
	    AT_SYMLINK_NOFOLLOW) == -1)
		return s->time + 1;
	return (int64_t)st.st_mtime;
}

int
reconstruct(struct salvage *s, uint64_t commit, size_t first, struct err *e)
{
	const struct pack_file *p = first < s->packs_n &&
	    s->packs[first].commit == commit ? &s->packs[first] : NULL;
	size_t i;

	log_warn("manifest %" PRIu64 " can't be read: %s", commit, p == NULL ?
	    "it had no packs, and what it said is lost" :
	    "what it said is taken from its packs");
	s->report->reconstructed++;
	if (p == NULL)
		s->report->forgotten++;
	if (salvage_begin(s, commit, time_of(s, p), commit,
	    s->v->env.program, e) == -1 || salvage_run(s, true, e) == -1)
		return -1;
	for (i = first; i < s->packs_n && s->packs[i].commit == commit; i++)
		if (read_pack(s, s->packs[i].name, e) == -1)
			return -1;
	if (salvage_run(s, false, e) == -1)
		return -1;
	return salvage_end(s, e);
}
