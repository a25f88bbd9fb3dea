/*
 * take.c - what is made of each answer of a visit: messages are stored as they come, the rest is noted for settle.c.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "job/backup.h"
#include "mail/name.h"

#define WHY_MAX		300	/* bytes of a server's refusal that are kept */
#define TOLD_SPARE	100000	/* news beyond two for each message, before a server is cut short */

/* ---- messages ---- */

/* All that was asked for with a body.  What a server leaves out is waited for until it tells of something else. */
static bool
is_complete(const struct backup *b, const struct mail_meta *m)
{
	return m->flags != NULL && m->internaldate != NULL && m->has_size &&
	    (m->labels != NULL || !b->gmail) &&
	    (m->emailid != NULL || !b->server.ids);
}

static void
count_added(struct backup *b, struct visit *v, uint32_t uid, uint64_t size)
{
	v->added++;
	if (v->box.uidnext == 0 || uid < v->box.uidnext)
		v->below++;
	v->f->added++;
	v->f->bytes += size;
	b->report->counts.added++;
	b->report->counts.added_bytes += size;
	b->done++;
}

/*
 * A UID that we know, with another content than we know: 1 the one we had is recorded as gone, 0 there is nothing
 * to do, -1.
 */
static int
replace_known(struct backup *b, struct visit *v, uint32_t uid, struct err *e)
{
	struct uidset one = UIDSET_INIT, known = UIDSET_INIT;
	struct record rec = { .kind = REC_GONE };
	int rc = -1;

	uidset_add(&one, uid);
	if (compare_known(b->catalog, v->where.epoch, &one, &known, e) == -1)
		goto out;
	rc = 0;
	if (uidset_empty(&known))
		goto out;
	rec.u.gone = (struct rec_gone){ v->where.folder, v->where.epoch,
	    &one };
	rc = vault_put(b->txn, &rec, e) == -1 ? -1 : 1;
	v->f->gone++;
	b->report->counts.gone++;
out:
	uidset_release(&one);
	uidset_release(&known);
	return rc;
}

/*
 * Whether a message that is known under this UID came on the same day: the same bytes may have been mailed twice.
 * 1, 0, -1.
 */
static int
same_date(struct backup *b, struct visit *v, const struct mail_meta *m,
    struct err *e)
{
	struct catalog_uids *it;
	struct known_uid k;
	bool same = !m->has_date;
	int r;

	if (catalog_uids(b->catalog, v->where.epoch, m->uid, m->uid, &it, e) ==
	    -1)
		return -1;
	while ((r = catalog_uids_next(it, &k, e)) == 1)
		if (k.has_date && k.date == m->date)
			same = true;
	catalog_uids_close(&it);
	return r == -1 ? -1 : same;
}

/*
 * Whether the message that was taken in is known already under this UID: 1 yes, 0 no, -1.  Only UIDs that can be
 * known are looked up.
 */
static int
known_content(struct backup *b, struct visit *v, const struct mail_meta *m,
    const struct digest *sha256, struct err *e)
{
	uint32_t uid = m->uid;
	bool twice = uidset_has(&v->arrived, uid);
	int r;

	if (!twice && (v->known.epoch != v->where.epoch ||
	    uid > v->known.max_uid))
		return 0;
	r = catalog_uid_has(b->catalog, v->where.epoch, uid, sha256, e);
	if (r == 1 && !twice && !v->f->dates_change)
		r = same_date(b, v, m, e);
	if (r != 0)
		return r;
	if (twice) {
		struct uidset one = UIDSET_INIT;

		uidset_add(&one, uid);
		backup_problem(b, v->f->box->name, &one,
		    "the server has two messages with one UID; both are kept");
		uidset_release(&one);
		return 0;
	}
	return replace_known(b, v, uid, e) == -1 ? -1 : 0;
}

static bool
is_standin(const struct backup *b)
{
	return policy_standin(vault_intake_header(b->txn, HEADER_FROM),
	    vault_intake_header(b->txn, HEADER_SUBJECT));
}

/*
 * A message that is known came at last, after a run that had to see it again and could not.  Only a record of it takes
 * it off the list of what is missing: 0 it is to be recorded anew, 1 it was not on that list, -1.
 */
static int
known_missing(struct backup *b, struct visit *v, uint32_t uid, struct err *e)
{
	struct uidset missing = UIDSET_INIT;
	bool listed;
	int rc;

	if (v->known.missing == 0 || is_standin(b))
		return 1;
	rc = catalog_missing(b->catalog, v->where.epoch, &missing, e);
	listed = uidset_has(&missing, uid);
	uidset_release(&missing);
	if (rc == -1 || !listed)
		return rc == -1 ? -1 : 1;
	return replace_known(b, v, uid, e) == -1 ? -1 : 0;
}

/* Exchange's excuse for a message is kept as what it is, and the message stays on the list of what is missing. */
static int
check_standin(struct backup *b, struct visit *v, uint32_t uid, struct err *e)
{
	struct uidset one = UIDSET_INIT;
	struct record rec = { .kind = REC_MISSING };
	const char *reason = "the server delivered a notice in its place";
	int rc;

	if (!is_standin(b))
		return 0;
	uidset_add(&one, uid);
	rec.u.missing = (struct rec_missing){ v->where.folder,
	    v->where.epoch, &one, reason };
	rc = vault_put(b->txn, &rec, e);
	b->report->counts.missing++;
	backup_problem(b, v->f->box->name, &one, reason);
	uidset_release(&one);
	return rc;
}

static void
check_size(struct visit *v, const struct mail_meta *m, uint64_t size)
{
	if (!m->has_size || m->size == size || v->f->noted_size)
		return;
	/* A hint that many servers get wrong: worth a word, once. */
	v->f->noted_size = true;
	log_info("%s: UID %" PRIu32 " has %" PRIu64 " bytes, the server had "
	    "said %" PRIu64, name_shown(v->f->box->name), m->uid, size,
	    m->size);
}

/* A server that tells more than it can have to tell never comes to an end. */
static int
check_told(const struct visit *v, uint64_t n, struct err *e)
{
	const uint64_t counts[] = { v->box.exists, v->exists,
	    v->f->box->state.exists, v->known.live };
	uint64_t most = 0;
	size_t i;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (counts[i] > most)
			most = counts[i];
	if (n <= 2 * most + TOLD_SPARE)
		return 0;
	return err_set(e, EK_PROTO, "the server tells of more messages than "
	    "there are in the folder");
}

/* A line of the listing; without the flags where a body with newer ones is on its way. */
static int
note_listed(struct backup *b, struct visit *v, const struct mail_meta *m,
    bool with_flags, struct err *e)
{
	struct listed l = { .uid = m->uid,
	    .date = m->has_date ? m->date : LISTED_NO_DATE };

	/* More different ones than we keep at a time: those of this message are not compared. */
	if (with_flags && (intern_put(b->texts, m->flags, &l.flags) == -1 ||
	    intern_put(b->texts, m->labels, &l.labels) == -1))
		v->untold++;
	return listing_add(v->listing, &l, e);
}

/* A message is in the vault that was not there before. */
static int
go_on(struct backup *b, struct err *e)
{
	backup_progress(b);
	return backup_commit_due(b, e);
}

/* The message that was taken in is whole, and all facts are there that will come. */
static int
keep_body(struct backup *b, struct visit *v, const struct mail_meta *m,
    struct err *e)
{
	struct digest sha256;
	uint64_t size = vault_intake_seen(b->txn, &sha256);
	int known;

	b->report->counts.fetched++;
	b->report->counts.fetched_bytes += size;
	/* Empty is a message only where the server says that it has no bytes. */
	if (size == 0 && (!m->has_size || m->size > 0)) {
		uidset_add(&v->nil, m->uid);
		return 0;
	}
	check_size(v, m, size);
	if ((known = known_content(b, v, m, &sha256, e)) == 1)
		known = known_missing(b, v, m->uid, e);
	if (known == -1)
		return -1;
	if (!known) {
		if (vault_add(b->txn, &v->where, m, e) == -1)
			return -1;
		count_added(b, v, m->uid, size);
	} else if (note_listed(b, v, m, true, e) == -1)
		return -1;	/* its flags may have changed */
	if (check_standin(b, v, m->uid, e) == -1)
		return -1;
	uidset_add(&v->arrived, m->uid);
	uidset_remove(&v->nil, m->uid);
	uidset_remove(&v->spoiled, m->uid);
	v->laters = 0;
	return go_on(b, e);
}

int
take_flush(struct backup *b, struct err *e)
{
	struct visit *v = b->late_visit;

	if (!b->late.set)
		return 0;
	b->late.set = false;
	return keep_body(b, v, &b->late.meta, e);
}

int
take_body_begins(void *arg, uint64_t size, struct err *e)
{
	struct backup *b = arg;

	/* There is one intake: what waits in it goes first. */
	if (take_flush(b, e) == -1)
		return -1;
	return vault_intake(b->txn, size, e);
}

int
take_body_goes_on(void *arg, const void *p, size_t n, struct err *e)
{
	struct backup *b = arg;
	struct sink to = vault_intake_sink(b->txn);

	return sink_write(&to, p, n, e);
}

static int
take_body(struct backup *b, struct visit *v, const struct imap_event *ev,
    struct err *e)
{
	struct mail_meta m = ev->meta;
	const struct held *early;

	/* Filed only under a UID that was asked for. */
	if (!uidset_has(&v->ask, m.uid) || v->refused || !v->opened ||
	    (v->moved && v->kind == VISIT_FETCH)) {
		log_info("dropped a message that was not asked for: UID %"
		    PRIu32, m.uid);
		return 0;
	}
	switch (ev->body) {
	case BODY_NIL:
		if (!uidset_has(&v->arrived, m.uid))
			uidset_add(&v->nil, m.uid);
		return 0;
	case BODY_SPOILED:
		if (!uidset_has(&v->arrived, m.uid))
			uidset_add(&v->spoiled, m.uid);
		return 0;
	default:
		break;
	}
	if (is_complete(b, &m))
		return keep_body(b, v, &m, e);
	held_put(&b->late, &m);
	b->late_visit = v;
	early = held_early(b, m.uid);
	if (early->set && early->meta.uid == m.uid)
		held_add(&b->late, &early->meta, false);
	return is_complete(b, &b->late.meta) ? take_flush(b, e) : 0;
}

/* A message whose content the vault has by its id needs no body. */
static int
take_by_id(struct backup *b, struct visit *v, const struct mail_meta *m,
    struct err *e)
{
	int r;

	if (!v->plan.list_first || !b->server.ids || b->opts->full ||
	    m->emailid == NULL || !is_complete(b, m) ||
	    uidset_has(&v->arrived, m->uid) ||
	    (v->known.epoch == v->where.epoch && m->uid <= v->known.max_uid))
		return 0;
	if ((r = vault_refer(b->txn, &v->where, m, e)) != 1)
		return r;
	uidset_add(&v->arrived, m->uid);
	count_added(b, v, m->uid, m->size);
	return go_on(b, e);
}

/* A response without a body: a line of a listing, or news of flags. */
static int
take_facts(struct backup *b, struct visit *v, const struct mail_meta *m,
    struct err *e)
{
	bool awaited = uidset_has(&v->ask, m->uid) &&
	    !uidset_has(&v->arrived, m->uid);

	/* What QRESYNC tells of changes comes before the answer to EXAMINE. */
	if (!v->opened && v->plan.compare != COMPARE_RESYNC)
		return 0;
	if (check_told(v, ++v->told, e) == -1)
		return -1;
	if (awaited) {
		/* It is there, and has no content unless that follows. */
		held_put(held_early(b, m->uid), m);
		uidset_add(&v->nil, m->uid);
	}
	/* A line of a listing may come in pieces. */
	if (v->kind == VISIT_FETCH ||
	    (m->flags == NULL && m->labels == NULL && !m->has_date))
		return 0;
	if (note_listed(b, v, m, !awaited, e) == -1)
		return -1;
	return v->opened ? take_by_id(b, v, m, e) : 0;
}

static int
take_message(struct backup *b, struct visit *v, const struct imap_event *ev,
    struct err *e)
{
	if (ev->body != BODY_NONE)
		return take_body(b, v, ev, e);
	if (!ev->ok)
		return 0;
	if (b->late.set && b->late_visit == v &&
	    b->late.meta.uid == ev->meta.uid) {
		held_add(&b->late, &ev->meta, true);
		return is_complete(b, &b->late.meta) ? take_flush(b, e) : 0;
	}
	return take_facts(b, v, &ev->meta, e);
}

/* ---- the other events ---- */

/* What is odd about a folder's UIDs is worth a word, though all is well. */
static void
warn_of_uids(const struct visit *v)
{
	const char *name = name_shown(v->f->box->name);

	if (v->f->visits > 0 || v->kind != VISIT_COMPARE)
		return;
	if (v->box.uidvalidity == 0)
		log_warn("folder %s: the server gives no UIDVALIDITY: all is "
		    "fetched and compared each time", name);
	else if (v->plan.compare == COMPARE_CONTENT &&
	    policy_same_epoch(&v->known, &v->box))
		log_warn("folder %s: UIDNEXT went back, UIDs may stand for "
		    "other messages than before: all is fetched and compared",
		    name);
}

/* The folder is open: under which epoch do its messages go? */
static int
take_box(struct backup *b, struct visit *v, const struct imap_event *ev,
    struct err *e)
{
	struct record rec = { .kind = REC_EPOCH };
	const char *id = v->f->box->mailboxid;
	bool expected;

	v->replaced = ev->mailboxid != NULL && id != NULL &&
	    strcmp(ev->mailboxid, id) != 0;
	if (v->replaced)
		return 0;
	v->opened = true;
	v->box = ev->box;
	v->where.uidvalidity = ev->box.uidvalidity;
	warn_of_uids(v);
	expected = v->known.epoch != 0 && !v->plan.new_epoch;
	if (v->known.epoch != 0 && policy_same_epoch(&v->known, &ev->box)) {
		/* It may be what STATUS called another one: then the figures decide. */
		v->where.epoch = v->known.epoch;
		v->moved = v->plan.new_epoch;
		return 0;
	}
	v->moved = expected || v->kind == VISIT_FETCH;
	if (v->f->renamed_from != 0)
		return 0;	/* it is not that one: settle() knows */
	if (v->known.epoch != 0) {
		backup_note(b, "folder %s has a new UIDVALIDITY: "
		    "its messages are fetched anew, those of before are kept",
		    name_shown(v->f->box->name));
		if (ev->box.exists < v->known.live)
			backup_shrunk(b, v->f->box->name, v->known.live,
			    v->known.live - ev->box.exists);
	}
	v->where.epoch = ++b->last_epoch;
	rec.u.epoch = (struct rec_epoch){ .epoch = v->where.epoch,
	    .folder = v->where.folder, .uidvalidity = ev->box.uidvalidity };
	return vault_put(b->txn, &rec, e);
}

static void
take_refusal(struct visit *v, const struct imap_event *ev)
{
	if (ev->kind == IMAP_BOX)
		v->unknown = ev->refusal == REFUSED_UNKNOWN;
	else if (!ev->search)
		v->fetch_refused = true;
	if (ev->refusal == REFUSED_LATER) {
		v->later = true;
		v->laters++;
	}
	if (ev->backoff_ms > v->backoff_ms)
		v->backoff_ms = ev->backoff_ms;
	if (v->why == NULL)
		v->why = xmemdup0(ev->text, strnlen(ev->text, WHY_MAX));
}

/* Who knows what was in them?  It is said once a folder. */
static void
name_unreadable(struct backup *b, struct visit *v,
    const struct imap_event *ev)
{
	char *text;

	if (ev->unreadable == 0 || v->f->noted_unreadable)
		return;
	v->f->noted_unreadable = true;
	text = xasprintf("%" PRIu64 " of the server's answers could not be "
	    "understood: %s", ev->unreadable, ev->why);
	backup_problem(b, v->f->box->name, NULL, text);
	free(text);
}

int
take_event(struct backup *b, struct visit *v, const struct imap_event *ev,
    struct err *e)
{
	if (b->late.set && (ev->kind != IMAP_MESSAGE ||
	    ev->meta.uid != b->late.meta.uid || b->late_visit != v) &&
	    take_flush(b, e) == -1)
		return -1;
	switch (ev->kind) {
	case IMAP_BOX:
		held_forget(b);
		v->unanswered--;
		v->exists = ev->exists;
		if (ev->ok)
			return take_box(b, v, ev, e);
		v->refused = true;
		take_refusal(v, ev);
		return 0;
	case IMAP_MESSAGE:
		return take_message(b, v, ev, e);
	case IMAP_VANISHED:
		uidset_add_set(&v->vanished, ev->uids);
		return check_told(v, v->vanished.n, e);
	case IMAP_EXPUNGED:
		if (ev->uids != NULL)
			uidset_add_set(&v->vanished, ev->uids);
		else
			v->expunged = true;
		return check_told(v, v->vanished.n, e);
	case IMAP_UIDS:
		uidset_add_set(&v->searched, ev->uids);
		return check_told(v, v->searched.n, e);
	case IMAP_DONE:
		v->unanswered--;
		v->exists = ev->exists;
		if (!ev->ok)
			take_refusal(v, ev);
		name_unreadable(b, v, ev);
		return 0;
	case IMAP_APPENDED:
		return 0;
	}
	return 0;
}
