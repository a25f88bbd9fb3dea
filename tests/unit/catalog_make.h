/*
 * catalog_make.h - random histories: any records in any order that a vault could write, from a seed.
 */
#ifndef CATALOG_MAKE_H
#define CATALOG_MAKE_H

#include "catalog_model.h"

static uint32_t
rnd(struct history *h, uint32_t n)
{
	h->rnd ^= h->rnd << 13;
	h->rnd ^= h->rnd >> 17;
	h->rnd ^= h->rnd << 5;
	return h->rnd % n;
}

#define PICK(h, a)	((a)[rnd((h), sizeof(a) / sizeof((a)[0]))])

static struct event *
next_event(struct history *h)
{
	struct event *ev;

	assert_true(h->n < EVENTS);
	ev = &h->e[h->n++];
	memset(ev, 0, sizeof(*ev));
	h->line += 1 + rnd(h, 3);
	ev->commit = h->commit;
	ev->line = h->line;
	ev->time = (int64_t)h->commit * 10 + 1000;
	return ev;
}

static void
random_uids(struct history *h, struct event *ev)
{
	uint32_t n = 1 + rnd(h, RANGES), first = 1 + rnd(h, 4), last;

	ev->set = (struct uidset){ ev->ranges, 0, RANGES };
	for (; n > 0 && first <= UIDS; n--) {
		last = first + rnd(h, 4);
		if (last > UIDS)
			last = UIDS;
		ev->ranges[ev->set.n++] = (struct uid_range){ first, last };
		first = last + 2 + rnd(h, 6);
	}
}

static void
random_folder(struct history *h, struct event *ev)
{
	uint64_t n = 1 + rnd(h, FOLDERS);

	/* A folder that is not there yet, one after the other, or another word on one that is. */
	if (n > h->folders)
		n = ++h->folders;
	ev->r.kind = REC_FOLDER;
	ev->r.u.folder = (struct rec_folder){ .folder = n,
	    .name = PICK(h, names), .attributes = "\\HasNoChildren",
	    .mailboxid = rnd(h, 2) ? PICK(h, mailbox_ids) : NULL,
	    .delimiter = rnd(h, 2) ? '/' : '\0', .space = rnd(h, 4),
	    .selectable = rnd(h, 2), .subscribed = rnd(h, 2),
	    .gone = rnd(h, 4) == 0 };
}

static void
random_epoch(struct history *h, struct event *ev)
{
	uint64_t n = 1 + rnd(h, EPOCHS);

	if (n > h->epochs && (rnd(h, 3) == 0 || h->epochs == 0)) {
		n = ++h->epochs;
		h->folder_of[n] = 1 + rnd(h, (uint32_t)h->folders);
	} else if (n > h->epochs)
		n = h->epochs;
	ev->r.kind = REC_EPOCH;
	ev->r.u.epoch = (struct rec_epoch){ .epoch = n,
	    .folder = h->folder_of[n], .uidvalidity = 1000 - n,
	    .has_state = rnd(h, 3) > 0, .complete = rnd(h, 4) > 0,
	    .full = rnd(h, 2), .uidnext = rnd(h, 99),
	    .highestmodseq = UINT64_C(0x7fffffffffffff00) + rnd(h, 99),
	    .exists = rnd(h, 99) };
}

static void
random_blob(struct history *h, struct event *ev, int blob)
{
	ev->r.kind = REC_BLOB;
	ev->r.u.blob = (struct rec_blob){ .sha256 = blob_digest(blob),
	    .size = blob_size(blob), .place = { .pack = pack_names[h->commit],
	    .frame = rnd(h, FRAMES), .offset = rnd(h, BLOBS),
	    .stored = blob_size(blob), .form = rnd(h, 3),
	    .newline_added = rnd(h, 2) } };
}

static bool
has_blob(const struct history *h, int blob)
{
	struct digest d = blob_digest(blob);
	size_t i;

	for (i = 0; i < h->n; i++)
		if (!h->e[i].headers && h->e[i].r.kind == REC_BLOB &&
		    digest_equal(&h->e[i].r.u.blob.sha256, &d))
			return true;
	return false;
}

/* A message; where its content is new, the blob comes before it, after it, or later in the commit (${*later}). */
static void
random_message(struct history *h, uint32_t *later)
{
	int blob = (int)rnd(h, BLOBS);
	bool fresh = !has_blob(h, blob) && (*later & 1U << blob) == 0;
	uint64_t epoch = 1 + rnd(h, (uint32_t)h->epochs);
	uint32_t when = rnd(h, 3);
	struct event *ev;

	if (fresh && when == 0)
		random_blob(h, next_event(h), blob);
	ev = next_event(h);
	ev->r.kind = REC_MESSAGE;
	ev->r.u.message = (struct rec_message){
	    .folder = h->folder_of[epoch], .epoch = epoch,
	    .uid = 1 + rnd(h, UIDS), .sha256 = blob_digest(blob),
	    .size = blob_size(blob),
	    .internaldate = rnd(h, 3) ? "17-Jul-1996 02:44:25 -0700" : NULL,
	    .date = 837596665, .has_date = rnd(h, 2),
	    .flags = PICK(h, flag_texts),
	    .labels = rnd(h, 2) ? PICK(h, label_texts) : NULL,
	    .emailid = rnd(h, 3) == 0 ? PICK(h, email_ids) : NULL,
	    .threadid = rnd(h, 4) == 0 ? "T'1" : NULL,
	    .by = rnd(h, 4) == 0 ? "emailid" : NULL };
	if (fresh && when == 1)
		random_blob(h, next_event(h), blob);
	if (fresh && when == 2)
		*later |= 1U << blob;
}

/* Say the same as before once more. */
static void
repeat_message(struct history *h)
{
	size_t i, n = rnd(h, (uint32_t)h->n);
	struct record r;

	for (i = n; i < h->n; i++)
		if (!h->e[i].headers && h->e[i].r.kind == REC_MESSAGE) {
			r = h->e[i].r;
			next_event(h)->r = r;
			return;
		}
}

static void
random_uid_record(struct history *h)
{
	uint64_t epoch = 1 + rnd(h, (uint32_t)h->epochs);
	uint64_t folder = h->folder_of[epoch];
	struct event *ev = next_event(h);

	random_uids(h, ev);
	switch (rnd(h, 7)) {
	case 0:
		ev->r.kind = REC_FLAGS;
		ev->r.u.flags = (struct rec_flags){ folder, epoch, &ev->set,
		    PICK(h, flag_texts),
		    rnd(h, 2) ? PICK(h, label_texts) : NULL };
		break;
	case 1:
		ev->r.kind = REC_GONE;
		ev->r.u.gone = (struct rec_gone){ folder, epoch, &ev->set };
		break;
	case 2:
	case 3:
		ev->r.kind = REC_PRUNE_INTENT;
		ev->r.u.prune_intent = (struct rec_prune_intent){ folder,
		    epoch, &ev->set, rnd(h, 2), rnd(h, 2) };
		break;
	case 4:
		ev->r.kind = REC_PRUNED;
		ev->r.u.pruned = (struct rec_pruned){ folder, epoch,
		    1 + rnd(h, (uint32_t)h->commit), &ev->set };
		break;
	case 5:
		ev->r.kind = REC_PRUNE_KEPT;
		ev->r.u.prune_kept = (struct rec_prune_kept){ folder, epoch,
		    &ev->set };
		break;
	default:
		ev->r.kind = REC_MISSING;
		ev->r.u.missing = (struct rec_missing){ folder, epoch,
		    &ev->set, PICK(h, reasons) };
	}
}

static void
random_run_record(struct history *h)
{
	struct event *ev = next_event(h);

	switch (rnd(h, 3)) {
	case 0:
		ev->r.kind = REC_RUN_BEGIN;
		ev->r.u.run_begin = (struct rec_run_begin){ h->commit,
		    rnd(h, 2) ? "backup" : "prune", ev->time };
		break;
	case 1:
		ev->r.kind = REC_RUN_END;
		ev->r.u.run_end = (struct rec_run_end){ h->commit, ev->time,
		    "partial", (int)rnd(h, 9), rnd(h, 2) ? "it's cut" : NULL,
		    { 1, 2, 3, rnd(h, 99), 5, 6, 7, 8, 9, 10, 11 } };
		break;
	default:
		ev->r.kind = REC_SERVER;
		ev->r.u.server = (struct rec_server){
		    rnd(h, 2) ? "IMAP4rev1" : "UIDPLUS",
		    rnd(h, 2) ? "Dovecot" : NULL };
	}
}

/* A pack of an earlier commit is retired, if there is one left. */
static void
random_retire(struct history *h)
{
	const char *pack = pack_names[rnd(h, (uint32_t)h->commit)];
	struct event *ev;
	size_t i;

	for (i = 0; i < h->n; i++)
		if (!h->e[i].headers && h->e[i].r.kind == REC_RETIRE &&
		    strcmp(h->e[i].r.u.retire.pack, pack) == 0)
			return;
	if (*pack == '\0')
		return;
	ev = next_event(h);
	ev->r.kind = REC_RETIRE;
	ev->r.u.retire = (struct rec_retire){ pack, PICK(h, whys) };
}

static void
random_record(struct history *h, uint32_t *later)
{
	uint32_t kind = rnd(h, 25);
	int blob;

	if (kind < 2 || h->folders == 0)
		random_folder(h, next_event(h));
	else if (kind < 6 || h->epochs == 0)
		random_epoch(h, next_event(h));
	else if (kind < 13)
		random_message(h, later);
	else if (kind < 20)
		random_uid_record(h);
	else if (kind == 20)
		repeat_message(h);
	else if (kind == 21)
		random_run_record(h);
	else if (kind == 22)
		random_blob(h, next_event(h), (int)rnd(h, BLOBS));
	else if (kind == 23)
		random_retire(h);
	else if (has_blob(h, blob = (int)rnd(h, BLOBS))) {
		h->e[h->n].blob = blob;
		next_event(h);
		h->e[h->n - 1].headers = true;
		h->e[h->n - 1].blob = blob;
	}
}

/* What must follow: contents that messages named, and the pack with its frames. */
static void
finish_commit(struct history *h, uint32_t later)
{
	struct event *ev;
	int blob, i;

	for (blob = 0; blob < BLOBS; blob++)
		if ((later & 1U << blob) != 0)
			random_blob(h, next_event(h), blob);
	ev = next_event(h);
	ev->r.kind = REC_PACK;
	ev->r.u.pack = (struct rec_pack){ .pack = pack_names[h->commit],
	    .size = 100 + h->commit, .raw = 4000, .frames = FRAMES,
	    .tail = 9 };
	for (i = 0; i < 2; i++) {
		ev = next_event(h);
		ev->r.kind = REC_FRAMES;
		ev->frames[0] = (struct frame){ 10 * (uint64_t)i,
		    h->commit, 7 };
		ev->frames[1] = (struct frame){ 99, 98, 97 };
		ev->r.u.frames = (struct rec_frames){ pack_names[h->commit],
		    i == 0 ? 0 : 2, i == 0 ? 2 : 1, ev->frames };
	}
}

#endif
