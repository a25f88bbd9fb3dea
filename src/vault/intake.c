/*
 * intake.c - one message in: spooled while it is hashed, then stored or found to be known, and recorded.
 *
 * The spool stands between wire and pack because the digest exists only after the last byte, and what comes before
 * a message in its pack depends on the digest.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/text.h"
#include "mail/name.h"
#include "vault/private.h"

#define SPOOL_MEMORY	(4 * 1024 * 1024)	/* a larger message goes through a file */

void
intake_init(struct intake *in, int tmp)
{
	memset(in, 0, sizeof(*in));
	in->hasher = hasher_new();
	spool_init(&in->spool, SPOOL_MEMORY, tmp);
	buf_init(&in->text, MANIFEST_LINE_MAX);
}

void
intake_release(struct intake *in)
{
	hasher_free(&in->hasher);
	spool_release(&in->spool);
	buf_release(&in->text);
}

/* A message that is known to be large goes to the disk: is there room? */
static int
check_room(struct vault_txn *t, uint64_t size, struct err *e)
{
	char need[TEXT_MAX], have[TEXT_MAX];
	uint64_t room;

	if (vault_free_space(t->v, &room, e) == -1)
		return -1;
	if (size > room)
		return err_set(e, EK_SPACE, "a message of %s is on its way, %s "
		    "are free on the vault's disk", text_size(need, size),
		    text_size(have, room));
	return 0;
}

int
vault_intake(struct vault_txn *t, uint64_t size, struct err *e)
{
	struct intake *in = &t->intake;

	spool_clear(&in->spool);
	if (!in->ended)
		hasher_end(in->hasher, &in->sha256);	/* makes it ready again */
	in->ended = false;
	header_start(&in->scan);
	mbox_probe_start(&in->probe);
	return size > SPOOL_MEMORY ? check_room(t, size, e) : 0;
}

static int
intake_write(void *arg, const void *p, size_t n, struct err *e)
{
	struct vault_txn *t = arg;
	struct intake *in = &t->intake;
	const struct sink to = spool_sink(&in->spool);

	hasher_add(in->hasher, p, n);
	header_feed(&in->scan, p, n);
	if (t->v->container == CONTAINER_MBOX)
		mbox_probe_feed(&in->probe, p, n);
	return sink_write(&to, p, n, e);
}

struct sink
vault_intake_sink(struct vault_txn *t)
{
	return (struct sink){ intake_write, t };
}

static void
end_intake(struct intake *in)
{
	if (in->ended)
		return;
	hasher_end(in->hasher, &in->sha256);
	header_finish(&in->scan);
	in->ended = true;
}

uint64_t
vault_intake_seen(struct vault_txn *t, struct digest *sha256)
{
	end_intake(&t->intake);
	*sha256 = t->intake.sha256;
	return t->intake.spool.n;
}

const char *
vault_intake_header(const struct vault_txn *t, enum header_field field)
{
	return t->intake.scan.value[field];
}

/* ---- what is known ---- */

/* Whether a pack of an earlier commit is there, of the size its manifest says.  Remembered for the last few. */
static bool
pack_is_whole(struct vault_txn *t, const char *pack, uint64_t size)
{
	size_t n = sizeof(t->whole) / sizeof(t->whole[0]), i;

	for (i = 0; i < n && t->whole[i] != NULL; i++)
		if (strcmp(t->whole[i], pack) == 0)
			return true;
	if (read_lacks(t->v, pack, size) != NULL)
		return false;
	free(t->whole[n - 1]);
	memmove(t->whole + 1, t->whole, (n - 1) * sizeof(t->whole[0]));
	t->whole[0] = xstrdup(pack);
	return true;
}

int
intake_has(struct vault_txn *t, const struct digest *sha256, struct err *e)
{
	struct known_blob b;
	int r;

	if ((r = catalog_blob(t->v->catalog, sha256, &b, e)) != 1)
		return r;
	if (b.lost || mend_distrusts(t, b.place.pack))
		return 0;
	/* Being written by this very commit? */
	if (b.pack_size == 0)
		return t->pack != NULL &&
		    strcmp(pack_name(t->pack), b.place.pack) == 0;
	return pack_is_whole(t, b.place.pack, b.pack_size);
}

/* ---- storing ---- */

static int
open_pack(struct vault_txn *t, uint64_t of, struct err *e)
{
	bool mbox = t->v->container == CONTAINER_MBOX;
	char name[128], folder[32] = "";

	/* An mbox holds one folder. */
	if (t->pack != NULL && mbox && t->pack_folder != of &&
	    txn_seal_pack(t, e) == -1)
		return -1;
	if (t->pack != NULL)
		return 0;
	if (mbox)
		snprintf(folder, sizeof(folder), ".f%" PRIu64, of);
	snprintf(name, sizeof(name), "%08" PRIu64 "-%u-%08x%s.%s.zst",
	    t->v->head + 1, ++t->serial,
	    (unsigned int)t->v->env.random(t->v->env.arg), folder,
	    mbox ? "mbox" : "tar");
	t->pack_folder = mbox ? of : 0;
	t->noted_epoch = 0;
	return pack_create(t->v->tmp, name, t->v->container, &t->pack, e);
}

/*
 * What salvage will need if all manifests are lost goes to the end of the pack: where a message belongs, and before
 * the first of a folder what the folder and its epoch are.
 */
static int
note_message(struct vault_txn *t, const struct vault_box *box,
    const struct rec_message *m, const struct place *place, struct err *e)
{
	struct record folder = { .kind = REC_FOLDER };
	struct record epoch = { .kind = REC_EPOCH };
	struct buf *b = &t->intake.text;

	if (t->pack == NULL)
		return 0;
	buf_clear(b);
	if (t->noted_epoch != box->epoch) {
		folder.u.folder = (struct rec_folder){ .folder = box->folder,
		    .name = box->name, .attributes = "",
		    .delimiter = box->delimiter, .space = box->space,
		    .selectable = true };
		epoch.u.epoch = (struct rec_epoch){ .epoch = box->epoch,
		    .folder = box->folder, .uidvalidity = box->uidvalidity };
		if (manifest_text(&folder, b, e) == -1 ||
		    manifest_text(&epoch, b, e) == -1 ||
		    pack_note(t->pack, b->p, b->n, e) == -1)
			goto broken;
		t->noted_epoch = box->epoch;
		buf_clear(b);
	}
	if (manifest_note(m, place, b, e) == -1 ||
	    pack_note(t->pack, b->p, b->n, e) == -1)
		goto broken;
	return 0;
broken:
	return txn_break(t, e);
}

/* Put the message that was taken in into the open pack. */
static int
put_in_pack(struct vault_txn *t, const char *member, int64_t mtime,
    struct place *place, struct err *e)
{
	struct intake *in = &t->intake;
	struct source body = spool_source(&in->spool);
	struct pack_entry entry = { .member = member, .size = in->spool.n,
	    .mtime = mtime < 0 ? 0 : mtime, .form = BLOB_PLAIN };

	if (t->v->container == CONTAINER_MBOX)
		entry.form = mbox_probe_form(&in->probe);
	return pack_add(t->pack, &entry, &body, place, e);
}

int
intake_store(struct vault_txn *t, uint64_t folder, const char *member,
    int64_t mtime, struct place *place, struct err *e)
{
	struct record rec = { .kind = REC_BLOB };

	/* What is recorded belongs to a commit that is open, so that a pack's name carries its number. */
	end_intake(&t->intake);
	rec.u.blob.sha256 = t->intake.sha256;
	rec.u.blob.size = t->intake.spool.n;
	if (open_pack(t, folder, e) == -1 ||
	    put_in_pack(t, member, mtime, &rec.u.blob.place, e) == -1)
		return txn_break(t, e);
	*place = rec.u.blob.place;
	if (txn_emit(t, &rec, e) == -1)
		return -1;
	t->pending.bytes += t->intake.spool.n;
	return 0;
}

int
intake_notes(struct vault_txn *t, const struct buf *lines, struct err *e)
{
	const char *p = lines->p, *end = p + lines->n, *next;

	for (; lines->n > 0 && p < end; p = next) {
		next = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
		if (pack_note(t->pack, p, (size_t)(next - p), e) == -1)
			return txn_break(t, e);
	}
	/* The last one may have been about another epoch. */
	t->noted_epoch = 0;
	return 0;
}

static int
store_blob(struct vault_txn *t, const struct vault_box *box,
    const struct mail_meta *m, bool known, struct place *place,
    struct err *e)
{
	const struct intake *in = &t->intake;
	struct buf *member = &t->intake.text;
	const char *values[HEADER_FIELDS];
	size_t i;

	buf_clear(member);
	if (name_path(box->name, box->delimiter, member) == -1)
		abort();	/* it is never longer than NAME_MAX_PATH */
	buf_addf(member, "/%" PRIu64 ".%" PRIu32 ".%02x%02x.eml",
	    box->uidvalidity, m->uid, in->sha256.b[0], in->sha256.b[1]);
	if (intake_store(t, box->folder, buf_text(member),
	    m->has_date ? m->date : 0, place, e) == -1)
		return -1;
	if (known)
		return 0;
	for (i = 0; i < HEADER_FIELDS; i++)
		values[i] = in->scan.value[i];
	if (catalog_headers(t->v->catalog, &in->sha256, values, e) == -1)
		return txn_break(t, e);
	return 0;
}

static struct rec_message
message_of(const struct vault_box *box, const struct mail_meta *m,
    const struct digest *sha256, uint64_t size, const char *by)
{
	return (struct rec_message){
		.folder = box->folder,
		.epoch = box->epoch,
		.uid = m->uid,
		.sha256 = *sha256,
		.size = size,
		.internaldate = m->internaldate,
		.date = m->date,
		.has_date = m->has_date,
		.flags = m->flags == NULL ? "" : m->flags,
		.labels = m->labels,
		.emailid = m->emailid,
		.threadid = m->threadid,
		.by = by,
	};
}

int
intake_replace(struct vault_txn *t, const struct vault_box *box,
    const struct mail_meta *m, struct err *e)
{
	struct rec_message message;
	struct place place;

	end_intake(&t->intake);
	if (store_blob(t, box, m, true, &place, e) == -1)
		return -1;
	message = message_of(box, m, &t->intake.sha256, t->intake.spool.n, NULL);
	return note_message(t, box, &message, &place, e);
}

static int
record_message(struct vault_txn *t, const struct vault_box *box,
    const struct mail_meta *m, const struct digest *sha256, uint64_t size,
    const char *by, const struct place *place, struct err *e)
{
	struct record rec = { .kind = REC_MESSAGE };

	rec.u.message = message_of(box, m, sha256, size, by);
	if (txn_emit(t, &rec, e) == -1)
		return -1;
	t->pending.messages++;
	return note_message(t, box, &rec.u.message, place, e);
}

int
vault_add(struct vault_txn *t, const struct vault_box *box,
    const struct mail_meta *m, struct err *e)
{
	struct intake *in = &t->intake;
	struct place place;
	bool store;
	int known;

	if (t->broken)
		return txn_broken(t, e);
	end_intake(in);
	if ((known = intake_has(t, &in->sha256, e)) == -1)
		return -1;
	/* An mbox is complete in itself: each occurrence stands in its folder's pack. */
	store = !known || t->v->container == CONTAINER_MBOX;
	if (store && store_blob(t, box, m, known, &place, e) == -1)
		return -1;
	if (record_message(t, box, m, &in->sha256, in->spool.n, NULL,
	    store ? &place : NULL, e) == -1)
		return -1;
	return !known;
}

int
vault_refer(struct vault_txn *t, const struct vault_box *box,
    const struct mail_meta *m, struct err *e)
{
	struct digest sha256;
	struct sink to = vault_intake_sink(t);
	struct place place;
	bool copied = false;
	uint64_t size;
	int r;

	if (t->broken)
		return txn_broken(t, e);
	if (m->emailid == NULL || !m->has_size)
		return 0;
	if ((r = catalog_emailid(t->v->catalog, m->emailid, &sha256, &size,
	    e)) != 1)
		return r;
	if (size != m->size || (r = intake_has(t, &sha256, e)) != 1)
		return size != m->size ? 0 : r;
	if (t->v->container == CONTAINER_MBOX) {
		struct digest seen;

		/* Copied, and seen to be right, before it goes into the pack: what can't be read is fetched instead. */
		if (vault_intake(t, size, e) == -1)
			return -1;
		if (vault_read(t->v, &sha256, &to, e) == -1)
			return 0;
		vault_intake_seen(t, &seen);
		if (store_blob(t, box, m, true, &place, e) == -1)
			return -1;
		copied = true;
	}
	if (record_message(t, box, m, &sha256, size, "emailid",
	    copied ? &place : NULL, e) == -1)
		return -1;
	return 1;
}
