/*
 * catalog_text.h - what the catalog hands out as texts, and the same texts as the model has them.
 */
#ifndef CATALOG_TEXT_H
#define CATALOG_TEXT_H

#include "catalog_model.h"

static const char *
shown(const char *s)
{
	return s == NULL ? "(none)" : s;
}

static void
put_message(struct buf *b, const struct known_message *m)
{
	char hex[DIGEST_HEX];
	int i;

	buf_addf(b, "message %ju.%ju folder %ju %s epoch %ju/%ju uid %u ",
	    (uintmax_t)m->commit, (uintmax_t)m->line, (uintmax_t)m->folder,
	    m->folder_name, (uintmax_t)m->epoch, (uintmax_t)m->uidvalidity,
	    m->uid);
	buf_addf(b, "%.12s size %ju date %s %d %jd [%s] [%s] %s %s gone %d",
	    digest_hex(&m->sha256, hex), (uintmax_t)m->size,
	    shown(m->internaldate), m->has_date, (intmax_t)m->date, m->flags,
	    shown(m->labels), shown(m->emailid), shown(m->threadid), m->gone);
	buf_addf(b, " pruned %ju by %d headers %d", (uintmax_t)m->pruned,
	    m->by_emailid, m->has_headers);
	for (i = 0; i < HEADER_FIELDS; i++)
		buf_addf(b, " <%s>", m->header[i]);
	buf_addc(b, '\n');
}

static void
put_folder(struct buf *b, const struct known_folder *k)
{
	const struct rec_folder *f = &k->facts;

	buf_addf(b, "folder %ju at %ju %s [%s] %s %d %d %d %d %d ",
	    (uintmax_t)f->folder, (uintmax_t)k->commit, f->name,
	    f->attributes, shown(f->mailboxid), f->delimiter, f->space,
	    f->selectable, f->subscribed, f->gone);
	buf_addf(b, "epoch %ju/%ju live %ju %ju kept %ju missing %ju\n",
	    (uintmax_t)k->epoch, (uintmax_t)k->uidvalidity,
	    (uintmax_t)k->live, (uintmax_t)k->live_bytes, (uintmax_t)k->kept,
	    (uintmax_t)k->missing);
}

static void
put_blob(struct buf *b, const struct known_blob *k)
{
	buf_addf(b, "size %ju in %s frame %ju at %ju stored %ju form %d %d ",
	    (uintmax_t)k->size, k->place.pack, (uintmax_t)k->place.frame,
	    (uintmax_t)k->place.offset, (uintmax_t)k->place.stored,
	    k->place.form, k->place.newline_added);
	buf_addf(b, "frame %ju %ju %ju pack %ju lost %d\n",
	    (uintmax_t)k->frame.offset, (uintmax_t)k->frame.size,
	    (uintmax_t)k->frame.raw, (uintmax_t)k->pack_size, k->lost);
}

static void
put_pack(struct buf *b, const struct known_pack *k)
{
	buf_addf(b, "pack %s size %ju %02x raw %ju frames %ju tail %ju "
	    "%d of %ju retired %ju at %jd %s\n", k->name, (uintmax_t)k->size,
	    k->sha256.b[0], (uintmax_t)k->raw, (uintmax_t)k->frames,
	    (uintmax_t)k->tail, k->container, (uintmax_t)k->folder,
	    (uintmax_t)k->retired, (intmax_t)k->retired_time, shown(k->why));
}

static void
put_commit(struct buf *b, const struct known_commit *k)
{
	const struct run_counts *n = &k->counts;

	buf_addf(b, "commit %ju time %jd head %02x run %ju %s "
	    "+%ju %ju -%ju f%ju m%ju packs %ju %ju",
	    (uintmax_t)k->commit, (intmax_t)k->time, k->head.b[0],
	    (uintmax_t)k->run, k->verb, (uintmax_t)k->added,
	    (uintmax_t)k->added_bytes, (uintmax_t)k->gone,
	    (uintmax_t)k->flags, (uintmax_t)k->missing, (uintmax_t)k->packs,
	    (uintmax_t)k->stored_bytes);
	if (k->run_ends)
		buf_addf(b, " ends %s %d %s %ju %ju %ju %ju %ju %ju %ju %ju "
		    "%ju %ju %ju", k->result, k->status, shown(k->error),
		    (uintmax_t)n->folders, (uintmax_t)n->listed,
		    (uintmax_t)n->fetched, (uintmax_t)n->fetched_bytes,
		    (uintmax_t)n->added, (uintmax_t)n->added_bytes,
		    (uintmax_t)n->flags, (uintmax_t)n->gone,
		    (uintmax_t)n->missing, (uintmax_t)n->failed,
		    (uintmax_t)n->stored_bytes);
	buf_addc(b, '\n');
}

static void
put_totals(struct buf *b, const struct known_totals *t)
{
	buf_addf(b, "totals %ju live %ju %ju kept %ju %ju blobs %ju %ju "
	    "packs %ju %ju missing %ju\n", (uintmax_t)t->folders,
	    (uintmax_t)t->live, (uintmax_t)t->live_bytes, (uintmax_t)t->kept,
	    (uintmax_t)t->kept_bytes, (uintmax_t)t->blobs,
	    (uintmax_t)t->blob_bytes, (uintmax_t)t->packs,
	    (uintmax_t)t->stored_bytes, (uintmax_t)t->missing);
}

static void
put_epoch(struct buf *b, const struct known_epoch *k)
{
	buf_addf(b, "epoch %ju of %ju/%ju live %ju max %u %u missing %ju state "
	    "%d %d %ju %ju %ju %jd began %jd %d\n", (uintmax_t)k->epoch,
	    (uintmax_t)k->folder, (uintmax_t)k->uidvalidity,
	    (uintmax_t)k->live, k->max_uid, k->max_live,
	    (uintmax_t)k->missing,
	    k->has_state, k->complete, (uintmax_t)k->uidnext,
	    (uintmax_t)k->highestmodseq, (uintmax_t)k->exists,
	    (intmax_t)k->full_time, (intmax_t)k->began, k->renewed);
}

static void
put_intent(struct buf *b, uint64_t folder, uint64_t epoch, uint64_t run,
    uint32_t uid, bool marked, bool move)
{
	buf_addf(b, "intent %ju %ju run %ju uid %u %d %d\n",
	    (uintmax_t)folder, (uintmax_t)epoch, (uintmax_t)run, uid, marked,
	    move);
}

static void
put_pruned(struct buf *b, uint64_t run, uint64_t messages, uint64_t bytes)
{
	buf_addf(b, "run %ju deleted %ju %ju\n", (uintmax_t)run,
	    (uintmax_t)messages, (uintmax_t)bytes);
}

static void
put_uid(struct buf *b, const struct known_uid *k)
{
	buf_addf(b, "uid %u [%s] [%s] %s %d %jd %ju\n", k->uid, k->flags,
	    shown(k->labels), shown(k->emailid), k->has_date,
	    (intmax_t)k->date, (uintmax_t)k->size);
}

/* The order of a listing: folder, UID, commit and line. */
static int
by_place(const void *a, const void *b)
{
	const struct model_message *x = a, *y = b;

	if (x->m.folder != y->m.folder)
		return x->m.folder < y->m.folder ? -1 : 1;
	if (x->m.uid != y->m.uid)
		return x->m.uid < y->m.uid ? -1 : 1;
	if (x->commit != y->commit)
		return x->commit < y->commit ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static const char *const header_values[HEADER_FIELDS] = { "A <a@b>", "",
    "subject with \x80 raw", "a date", "<id@x>" };

static struct known_message
model_message(const struct model *m, const struct model_message *x)
{
	const struct model_blob *b = &m->blob[blob_of(&x->m.sha256)];
	struct known_message k = { .commit = x->commit, .line = x->line };
	int i;

	k.folder = x->m.folder;
	k.epoch = x->m.epoch;
	k.uidvalidity = m->epoch[k.epoch].first.uidvalidity;
	k.folder_name = m->folder[k.folder].facts.name;
	k.uid = x->m.uid;
	k.sha256 = x->m.sha256;
	k.size = x->m.size;
	k.internaldate = x->m.internaldate;
	k.has_date = x->m.has_date;
	k.date = k.has_date ? x->m.date : 0;
	k.flags = x->m.flags;
	k.labels = x->m.labels;
	k.emailid = x->m.emailid;
	k.threadid = x->m.threadid;
	k.by_emailid = x->m.by != NULL;
	k.pruned = x->pruned;
	k.gone = x->gone || m->folder[k.folder].facts.gone ||
	    k.epoch != newest_epoch(m, k.folder);
	k.has_headers = b->headers;
	for (i = 0; i < HEADER_FIELDS; i++)
		k.header[i] = b->headers ? header_values[i] : "";
	return k;
}

static uint64_t
pruned_now(const struct model *now, const struct model_message *x)
{
	size_t i;

	for (i = 0; i < now->messages; i++)
		if (now->message[i].commit == x->commit &&
		    now->message[i].line == x->line)
			return now->message[i].pruned;
	fail_msg("a message that is not there any more");
	return 0;
}

static void
model_list(const struct model *m, const struct model *now, uint64_t folder,
    bool all, struct buf *b)
{
	struct model_message sorted[MESSAGES];
	struct known_message k;
	size_t i;

	memcpy(sorted, m->message, sizeof(sorted));
	qsort(sorted, m->messages, sizeof(sorted[0]), by_place);
	for (i = 0; i < m->messages; i++) {
		k = model_message(m, &sorted[i]);
		/* A pruned record may come after the one that it explains. */
		if (sorted[i].gone)
			k.pruned = pruned_now(now, &sorted[i]);
		/* Header lines belong to no commit: they are shown wherever known. */
		k.has_headers = now->blob[blob_of(&k.sha256)].headers;
		memcpy(k.header, k.has_headers ? header_values :
		    (const char *const[HEADER_FIELDS]){ "", "", "", "", "" },
		    sizeof(k.header));
		if ((folder == 0 || k.folder == folder) && (all || !k.gone))
			put_message(b, &k);
	}
}

static struct known_folder
model_folder(const struct model *m, uint64_t number)
{
	struct known_folder k = m->folder[number];
	const struct model_message *x;
	size_t i;

	k.epoch = newest_epoch(m, number);
	k.uidvalidity = m->epoch[k.epoch].first.uidvalidity;
	for (i = 0; i < m->messages; i++) {
		x = &m->message[i];
		if (x->m.folder != number)
			continue;
		k.kept++;
		if (!x->gone && x->m.epoch == k.epoch && !k.facts.gone) {
			k.live++;
			k.live_bytes += x->m.size;
		}
	}
	if (!k.facts.gone)
		k.missing = count_missing(&m->epoch[k.epoch]);
	return k;
}

static void
model_totals(const struct model *m, struct buf *b)
{
	struct known_totals t = { .folders = 0 };
	struct known_folder k;
	uint64_t i;

	for (i = 1; i <= FOLDERS; i++) {
		if (m->folder[i].facts.folder == 0)
			continue;
		k = model_folder(m, i);
		t.folders += !k.facts.gone;
		t.live += k.live;
		t.live_bytes += k.live_bytes;
		t.missing += k.missing;
		t.kept += k.kept;
	}
	for (i = 0; i < m->messages; i++)
		t.kept_bytes += m->message[i].m.size;
	for (i = 0; i < BLOBS; i++)
		if (m->blob[i].placed) {
			t.blobs++;
			t.blob_bytes += m->blob[i].r.size;
		}
	for (i = 0; i < m->packs; i++)
		if (m->pack[i].recorded && m->pack[i].retired == 0) {
			t.packs++;
			t.stored_bytes += m->pack[i].r.size;
		}
	put_totals(b, &t);
}

static void
model_epochs(const struct model *m, struct buf *b)
{
	const struct model_epoch *p;
	struct known_epoch k;
	uint64_t f;
	size_t i;

	for (f = 1; f <= FOLDERS; f++) {
		k = (struct known_epoch){ .epoch = newest_epoch(m, f) };
		if (k.epoch == 0)
			continue;
		p = &m->epoch[k.epoch];
		k.folder = f;
		k.uidvalidity = p->first.uidvalidity;
		k.max_uid = p->max_uid;
		k.missing = count_missing(p);
		k.has_state = p->has_state;
		k.complete = p->complete;
		k.uidnext = p->state.uidnext;
		k.highestmodseq = p->state.highestmodseq;
		k.exists = p->state.exists;
		k.full_time = p->full_time;
		k.began = p->began;
		for (i = 1; i < k.epoch; i++)
			if (m->epoch[i].first.folder == f)
				k.renewed = true;
		for (i = 0; i < m->messages; i++) {
			const struct model_message *one = &m->message[i];

			if (one->gone || one->m.epoch != k.epoch)
				continue;
			k.live++;
			if (k.max_live < one->m.uid)
				k.max_live = one->m.uid;
		}
		put_epoch(b, &k);
	}
}

static void
model_uids(const struct model *m, struct buf *b)
{
	struct model_message sorted[MESSAGES];
	struct known_message x;
	struct known_uid k;
	uint64_t epoch;
	size_t i;

	memcpy(sorted, m->message, sizeof(sorted));
	qsort(sorted, m->messages, sizeof(sorted[0]), by_place);
	for (epoch = 1; epoch <= EPOCHS; epoch++) {
		buf_addf(b, "uids of %ju\n", (uintmax_t)epoch);
		for (i = 0; i < m->messages; i++) {
			if (sorted[i].gone || sorted[i].m.epoch != epoch)
				continue;
			x = model_message(m, &sorted[i]);
			k = (struct known_uid){ x.uid, x.flags, x.labels,
			    x.emailid, x.date, x.has_date, x.size };
			put_uid(b, &k);
		}
	}
}

static void
model_blobs(const struct model *m, struct buf *b)
{
	const struct model_pack *p;
	struct known_blob k;
	int i;

	for (i = 0; i < BLOBS; i++) {
		if (!m->blob[i].placed)
			continue;
		k = (struct known_blob){ .size = m->blob[i].r.size,
		    .place = m->blob[i].r.place };
		p = find_pack(m, k.place.pack);
		if (p->recorded) {
			k.pack_size = p->r.size;
			k.frame = p->frames[k.place.frame];
		}
		if ((k.lost = is_lost(m, i)))
			k.pack_size = 0;
		put_blob(b, &k);
	}
}

/* Those of the vault, or those that are retired. */
static void
model_packs(const struct model *m, bool retired, struct buf *b)
{
	const struct model_pack *p;
	struct known_pack k;

	for (p = m->pack; p < m->pack + m->packs; p++) {
		if (!p->recorded || (p->retired != 0) != retired)
			continue;
		k = (struct known_pack){ .name = p->name, .size = p->r.size,
		    .sha256 = p->r.sha256, .raw = p->r.raw,
		    .frames = p->r.frames, .tail = p->r.tail,
		    .container = p->r.container, .folder = p->r.folder,
		    .retired = p->retired, .why = p->why };
		if (retired)
			k.retired_time = m->commit[p->retired].time;
		put_pack(b, &k);
	}
}

/* Messages of the contents that have a bit in ${blobs}. */
static void
model_costs(const struct model *m, uint32_t blobs, struct buf *b)
{
	struct model_message sorted[MESSAGES];
	struct known_message k;
	size_t i;

	memcpy(sorted, m->message, sizeof(sorted));
	qsort(sorted, m->messages, sizeof(sorted[0]), by_place);
	for (i = 0; i < m->messages; i++)
		if ((blobs & 1U << blob_of(&sorted[i].m.sha256)) != 0) {
			k = model_message(m, &sorted[i]);
			put_message(b, &k);
		}
}

/* Runs of UIDs that are missing for one reason; the catalog may cut them finer, so it is asked UID by UID. */
static void
model_each_missing(const struct model *m, struct buf *b)
{
	const struct model_epoch *p;
	uint64_t f;
	uint32_t uid;

	for (f = 1; f <= FOLDERS; f++) {
		p = &m->epoch[newest_epoch(m, f)];
		if (m->folder[f].facts.folder == 0 || m->folder[f].facts.gone)
			continue;
		for (uid = 1; uid <= UIDS; uid++)
			if (p->missing[uid] != NULL)
				buf_addf(b, "missing %s %ju %ju %u %s\n",
				    m->folder[f].facts.name, (uintmax_t)f,
				    (uintmax_t)p->first.epoch, uid,
				    p->missing[uid]);
	}
}

/* Open intents of an epoch, or of all: by epoch, run and UID, as ranges of one UID. */
static void
model_intents(const struct model *m, uint64_t only, struct buf *b)
{
	const struct model_intent *p;
	uint64_t epoch, run;
	uint32_t uid;

	for (epoch = 1; epoch <= EPOCHS; epoch++)
		for (run = 1; run <= COMMITS; run++)
			for (uid = 1; uid <= UIDS; uid++) {
				p = &m->epoch[epoch].intent[run][uid];
				if (p->open && (only == 0 || only == epoch))
					put_intent(b,
					    m->epoch[epoch].first.folder,
					    epoch, run, uid, p->marked,
					    p->move);
			}
}

static void
model_pruned(const struct model *m, struct buf *b)
{
	uint64_t run, n, bytes;
	size_t i;

	for (run = COMMITS; run > 0; run--) {
		n = bytes = 0;
		for (i = 0; i < m->messages; i++)
			if (m->message[i].pruned == run) {
				n++;
				bytes += m->message[i].m.size;
			}
		if (n > 0)
			put_pruned(b, run, n, bytes);
	}
}

static void
model_emailids(const struct model *m, struct buf *b)
{
	const struct model_message *best;
	char hex[DIGEST_HEX];
	size_t i, j;

	for (i = 0; i < 3; i++) {
		best = NULL;
		for (j = 0; j < m->messages; j++)
			if (same_text(m->message[j].m.emailid, email_ids[i]) &&
			    m->blob[blob_of(&m->message[j].m.sha256)].placed &&
			    !is_lost(m, blob_of(&m->message[j].m.sha256)))
				best = &m->message[j];
		if (best != NULL)
			buf_addf(b, "emailid %s %s %ju\n", email_ids[i],
			    digest_hex(&best->m.sha256, hex),
			    (uintmax_t)best->m.size);
	}
}

struct sought {
	int	blob;
	size_t	order;
	struct digest d;
};

static int
by_prefix(const void *a, const void *b)
{
	const struct sought *x = a, *y = b;
	int c = memcmp(x->d.b, y->d.b, 4);

	return c != 0 ? c : x->order < y->order ? -1 : x->order > y->order;
}

static void
model_prefix(const struct model *m, const char *hex, struct buf *b)
{
	struct sought s[BLOBS];
	struct known_message k;
	char text[DIGEST_HEX];
	int i, n = 0, found = 0;
	size_t j;

	for (i = 0; i < BLOBS; i++)
		if (m->blob[i].named)
			s[n++] = (struct sought){ i, m->blob[i].order,
			    blob_digest(i) };
	qsort(s, (size_t)n, sizeof(s[0]), by_prefix);
	for (i = 0; i < n && found < 2; i++) {
		if (strncmp(digest_hex(&s[i].d, text), hex, strlen(hex)) != 0)
			continue;
		for (j = 0; j < m->messages; j++)
			if (digest_equal(&m->message[j].m.sha256, &s[i].d)) {
				k = model_message(m, &m->message[j]);
				put_message(b, &k);
				found++;
				break;
			}
	}
}

#endif
