/*
 * catalog_model.h - what a catalog should know, found in the plainest way: records are kept in a list and replayed from
 * the first for every state that is asked for.
 */
#ifndef CATALOG_MODEL_H
#define CATALOG_MODEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "catalog/catalog.h"

#define COMMITS		10
#define RECORDS		26		/* of a commit, before its packs */
#define EVENTS		2000
#define UIDS		24
#define BLOBS		14
#define FOLDERS		4
#define EPOCHS		9
#define MESSAGES	600
#define PACKS		(COMMITS + 1)
#define FRAMES		3
#define RANGES		4
#define VAULT		"0f8fad5b-d9cb-469f-a165-70867728950e"

/* A record as it was applied, with what its pointers point to; or header lines. */
struct event {
	uint64_t	commit, line;
	int64_t		time;
	bool		headers;	/* of blob ${blob}; no record */
	int		blob;
	struct record	r;
	struct uidset	set;
	struct uid_range ranges[RANGES];
	struct frame	frames[FRAMES];
};

struct history {
	struct event	e[EVENTS];
	size_t		n;
	uint64_t	commit;		/* the last one, or the one being made */
	uint64_t	line;
	struct digest	head;
	uint32_t	rnd;
	uint64_t	folders, epochs;	/* so many were made */
	uint64_t	folder_of[EPOCHS + 1];
};

/* What the model knows at a commit. */
struct model_message {
	struct rec_message m;
	uint64_t	commit, line;
	bool		gone;
	uint64_t	pruned;
};
struct model_intent {
	bool		open, marked, move;
};
struct model_blob {
	bool		named, placed, headers;
	size_t		order;		/* of naming */
	struct rec_blob	r;
};
struct model_pack {
	const char	*name;
	bool		recorded;
	struct rec_pack	r;
	struct frame	frames[FRAMES];
	uint64_t	retired;
	const char	*why;
};
struct model_epoch {
	struct rec_epoch first, state;
	bool		has_state, complete;
	int64_t		full_time;
	uint32_t	max_uid;
	const char	*missing[UIDS + 1];
	struct model_intent intent[COMMITS + 1][UIDS + 1];	/* by run */
	int64_t		began;
};
struct model {
	struct known_folder folder[FOLDERS + 1];
	struct model_epoch epoch[EPOCHS + 1];
	struct model_message message[MESSAGES];
	struct model_blob blob[BLOBS];
	struct model_pack pack[PACKS];
	struct known_commit commit[COMMITS + 1];
	size_t		messages, packs, named;
	uint64_t	commits;
	struct rec_server server;
};

static const char *const names[] = { "INBOX", "Work", "It's \"quoted\"",
    "a\tb\nc\x01", "\xff&broken-", "Entw\xc3\xbcrfe/%?#" };
static const char *const reasons[] = { "the server said NO", "empty body" };
static const char *const whys[] = { "compacted", "damaged" };
static const char *const flag_texts[] = { "", "\\Seen", "\\Flagged \\Seen",
    "\\Seen Work", "$Junk" };
static const char *const label_texts[] = { "", "\\Inbox\nA label", "x'y" };
static const char *const email_ids[] = { "gm:1", "gm:2", "M3" };
static const char *const mailbox_ids[] = { "F1", "F2" };
static const char *const pack_names[] = { "", "00000001-1-0a.tar.zst",
    "00000002-1-0b.tar.zst", "00000003-1-0c.tar.zst", "00000004-1-0d.tar.zst",
    "00000005-1-0e.tar.zst", "00000006-1-0f.tar.zst", "00000007-1-10.tar.zst",
    "00000008-1-11.tar.zst", "00000009-1-12.tar.zst",
    "00000010-1-13.tar.zst" };

/* Every other content shares five bytes of its digest with its neighbour. */
static struct digest
blob_digest(int blob)
{
	struct digest d, like;
	int base = blob & ~1;

	digest_of(&blob, sizeof(blob), &d);
	digest_of(&base, sizeof(base), &like);
	memcpy(d.b, like.b, 5);
	return d;
}

static int
blob_of(const struct digest *d)
{
	struct digest other;
	int i;

	for (i = 0; i < BLOBS; i++) {
		other = blob_digest(i);
		if (digest_equal(d, &other))
			return i;
	}
	fail_msg("a digest that nobody made");
	return -1;
}

static uint64_t
blob_size(int blob)
{
	return (uint64_t)blob * 1000 + 7;
}

/*
 * The model: records replayed up to a commit.
 */

static struct model_pack *
model_pack(struct model *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->packs; i++)
		if (strcmp(m->pack[i].name, name) == 0)
			return &m->pack[i];
	assert_true(m->packs < PACKS);
	m->pack[m->packs].name = name;
	return &m->pack[m->packs++];
}

static const struct model_pack *
find_pack(const struct model *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->packs; i++)
		if (strcmp(m->pack[i].name, name) == 0)
			return &m->pack[i];
	fail_msg("no pack %s", name);
	return NULL;
}

static bool
is_lost(const struct model *m, int blob)
{
	return m->blob[blob].placed &&
	    find_pack(m, m->blob[blob].r.place.pack)->retired != 0;
}

static struct model_blob *
model_blob(struct model *m, const struct digest *d)
{
	struct model_blob *b = &m->blob[blob_of(d)];

	if (!b->named) {
		b->named = true;
		b->order = m->named++;
	}
	return b;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
same_message(const struct rec_message *a, const struct rec_message *b)
{
	return a->epoch == b->epoch && a->uid == b->uid &&
	    digest_equal(&a->sha256, &b->sha256) &&
	    same_text(a->internaldate, b->internaldate) &&
	    a->has_date == b->has_date && (!a->has_date || a->date == b->date) &&
	    same_text(a->flags, b->flags) && same_text(a->labels, b->labels) &&
	    same_text(a->emailid, b->emailid) &&
	    same_text(a->threadid, b->threadid);
}

static void
model_add(struct model *m, const struct event *ev)
{
	const struct rec_message *r = &ev->r.u.message;
	struct model_epoch *p = &m->epoch[r->epoch];
	struct known_commit *k = &m->commit[ev->commit];
	size_t i;

	model_blob(m, &r->sha256);
	p->complete = false;
	p->missing[r->uid] = NULL;
	if (p->max_uid < r->uid)
		p->max_uid = r->uid;
	for (i = 0; i < m->messages; i++)
		if (!m->message[i].gone && same_message(&m->message[i].m, r))
			return;
	assert_true(m->messages < MESSAGES);
	m->message[m->messages++] = (struct model_message){ *r, ev->commit,
	    ev->line, false, 0 };
	k->added++;
	k->added_bytes += r->size;
}

static void
model_flags(struct model *m, const struct event *ev)
{
	const struct rec_flags *r = &ev->r.u.flags;
	struct model_message *x;
	size_t i;

	m->epoch[r->epoch].complete = false;
	for (i = 0; i < m->messages; i++) {
		x = &m->message[i];
		if (x->gone || x->m.epoch != r->epoch ||
		    !uidset_has(&ev->set, x->m.uid))
			continue;
		if (strcmp(x->m.flags, r->flags) != 0 || (r->labels != NULL &&
		    !same_text(x->m.labels, r->labels)))
			m->commit[ev->commit].flags++;
		x->m.flags = r->flags;
		if (r->labels != NULL)
			x->m.labels = r->labels;
	}
}

/* Nothing is open any more about these UIDs, whichever run it was. */
static void
model_kept(struct model *m, const struct event *ev, uint64_t epoch)
{
	size_t run;
	uint32_t uid;

	for (run = 0; run <= COMMITS; run++)
		for (uid = 1; uid <= UIDS; uid++)
			if (uidset_has(&ev->set, uid))
				m->epoch[epoch].intent[run][uid].open = false;
}

static void
model_intend(struct model *m, const struct event *ev)
{
	const struct rec_prune_intent *r = &ev->r.u.prune_intent;
	uint32_t uid;

	for (uid = 1; uid <= UIDS; uid++)
		if (uidset_has(&ev->set, uid))
			m->epoch[r->epoch].intent[ev->commit][uid] =
			    (struct model_intent){ true, r->marked, r->move };
}

/* ${run} 0: nobody knows how. */
static void
model_gone(struct model *m, const struct event *ev, uint64_t epoch,
    uint64_t run)
{
	struct model_epoch *p = &m->epoch[epoch];
	struct model_message *x, *newest[UIDS + 1] = { NULL };
	uint32_t uid;
	size_t i;

	p->complete = false;
	for (i = 0; i < m->messages; i++) {
		x = &m->message[i];
		if (x->m.epoch != epoch || !uidset_has(&ev->set, x->m.uid))
			continue;
		newest[x->m.uid] = x;
		if (x->gone)
			continue;
		x->gone = true;
		x->pruned = run;
		m->commit[ev->commit].gone++;
	}
	for (uid = 1; uid <= UIDS; uid++) {
		if (!uidset_has(&ev->set, uid))
			continue;
		p->missing[uid] = NULL;
		if (newest[uid] != NULL && newest[uid]->pruned == 0)
			newest[uid]->pruned = run;
	}
	model_kept(m, ev, epoch);
}

static void
model_missing(struct model *m, const struct event *ev)
{
	struct model_epoch *p = &m->epoch[ev->r.u.missing.epoch];
	uint32_t uid;

	p->complete = false;
	for (uid = 1; uid <= UIDS; uid++)
		if (uidset_has(&ev->set, uid)) {
			p->missing[uid] = ev->r.u.missing.reason;
			m->commit[ev->commit].missing++;
			if (p->max_uid < uid)
				p->max_uid = uid;
		}
}

static void
model_epoch(struct model *m, const struct event *ev)
{
	const struct rec_epoch *r = &ev->r.u.epoch;
	struct model_epoch *p = &m->epoch[r->epoch];

	if (p->first.epoch == 0) {
		p->first = *r;
		p->began = ev->time;
	}
	if (!r->has_state)
		return;
	p->state = *r;
	p->has_state = true;
	p->complete = r->complete;
	if (r->full)
		p->full_time = ev->time;
}

static void
model_run_end(struct model *m, const struct event *ev)
{
	const struct rec_run_end *r = &ev->r.u.run_end;
	struct known_commit *k = &m->commit[ev->commit];

	k->run_ends = true;
	k->result = r->result;
	k->status = r->status;
	k->error = r->error;
	k->counts = r->counts;
}

static void
model_apply(struct model *m, const struct event *ev)
{
	const struct record *r = &ev->r;
	struct known_commit *k = &m->commit[ev->commit];
	struct model_blob *b;
	struct model_pack *p;

	m->commits = ev->commit;
	k->commit = k->run = ev->commit;
	k->time = ev->time;
	if (ev->headers) {
		m->blob[ev->blob].headers = true;
		return;
	}
	switch (r->kind) {
	case REC_RUN_BEGIN:
		k->verb = r->u.run_begin.verb;
		break;
	case REC_RUN_END:
		model_run_end(m, ev);
		break;
	case REC_SERVER:
		m->server = r->u.server;
		break;
	case REC_FOLDER:
		m->folder[r->u.folder.folder].facts = r->u.folder;
		m->folder[r->u.folder.folder].commit = ev->commit;
		break;
	case REC_EPOCH:
		model_epoch(m, ev);
		break;
	case REC_BLOB:
		b = model_blob(m, &r->u.blob.sha256);
		b->placed = true;
		b->r = r->u.blob;
		model_pack(m, r->u.blob.place.pack);
		break;
	case REC_MESSAGE:
		model_add(m, ev);
		break;
	case REC_FLAGS:
		model_flags(m, ev);
		break;
	case REC_GONE:
		model_gone(m, ev, r->u.gone.epoch, 0);
		break;
	case REC_MISSING:
		model_missing(m, ev);
		break;
	case REC_PACK:
		p = model_pack(m, r->u.pack.pack);
		p->recorded = true;
		p->r = r->u.pack;
		k->packs++;
		k->stored_bytes += r->u.pack.size;
		break;
	case REC_FRAMES:
		p = model_pack(m, r->u.frames.pack);
		memcpy(p->frames + r->u.frames.from, r->u.frames.frames,
		    r->u.frames.n * sizeof(struct frame));
		break;
	case REC_RETIRE:
		p = model_pack(m, r->u.retire.pack);
		p->retired = ev->commit;
		p->why = r->u.retire.why;
		break;
	case REC_PRUNE_INTENT:
		model_intend(m, ev);
		break;
	case REC_PRUNED:
		model_gone(m, ev, r->u.pruned.epoch, r->u.pruned.run);
		break;
	case REC_PRUNE_KEPT:
		model_kept(m, ev, r->u.prune_kept.epoch);
		break;
	case REC_NOTE:
	case REC_KINDS:
		fail();
	}
}

static struct model *
replay(const struct history *h, uint64_t at)
{
	struct model *m = xcalloc(1, sizeof(*m));
	size_t i;

	for (i = 0; i < h->n && h->e[i].commit <= at; i++)
		model_apply(m, &h->e[i]);
	return m;
}

static uint64_t
newest_epoch(const struct model *m, uint64_t folder)
{
	uint64_t i, found = 0;

	for (i = 1; i <= EPOCHS; i++)
		if (m->epoch[i].first.epoch != 0 &&
		    m->epoch[i].first.folder == folder)
			found = i;
	return found;
}

static uint64_t
count_missing(const struct model_epoch *p)
{
	uint64_t n = 0;
	uint32_t uid;

	for (uid = 1; uid <= UIDS; uid++)
		n += p->missing[uid] != NULL;
	return n;
}

#endif
