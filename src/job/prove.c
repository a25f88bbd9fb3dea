/*
 * prove.c - the proof, in the run that deletes: the vault's bytes of a message are those that came, and the server's
 * message under its UID is that one.
 *
 * The server is asked behind the very SELECT after which messages are deleted: nothing else is opened in between, and
 * where the session has to be made anew, all of it is done again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/mem.h"
#include "base/text.h"
#include "job/pruning.h"
#include "mail/flags.h"

struct prover {
	struct prune	*p;
	struct batch	*batch;
	struct headhash	 head;		/* own */
	struct hasher	*hasher;	/* own */
	struct header_scan scan;
	struct buf	 flags;		/* own */
	uint64_t	 compared;
};

/* ---- the packs ---- */

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct pack_names {
	struct intern	*names;		/* own */
	uint32_t	 n;		/* of them */
	bool		 all;		/* there are too many to tell apart */
};

/* The names of the packs that hold what may go. */
static int
gather_packs(struct prune *p, struct pack_names *out, struct err *e)
{
	struct known_message m;
	struct known_blob blob;
	uint32_t id;
	size_t i;
	int r;

	catalog_hold(p->catalog);
	for (i = 0; i < p->n; i++) {
		if (p->cands[i].state != CAND_TODO)
			continue;
		if (picks_get(&p->picks, p->cands[i].at, &m, e) == -1 ||
		    (r = catalog_blob(p->catalog, &m.sha256, &blob, e)) == -1)
			return -1;
		if (r == 0 || blob.lost || blob.place.pack == NULL)
			continue;	/* it can't be read, and will be told */
		p->cands[i].order = picks_place(&blob);
		if (out->all)
			continue;
		if (intern_put(out->names, blob.place.pack, &id) == -1)
			out->all = true;
		else if (id > out->n)
			out->n = id;
	}
	return 0;
}

static void
pack_progress(void *arg, uint64_t done, uint64_t total)
{
	prune_progress(arg, "checking the vault", NULL, done, total);
}

int
prove_packs(struct prune *p, struct err *e)
{
	struct pack_names packs = { .names = intern_new() };
	struct vault_verify_report report;
	struct vault_verify_opts opts = { .read_data = true, .percent = 100,
	    .progress = pack_progress, .arg = p };
	const char **v;
	uint32_t i;
	int rc = gather_packs(p, &packs, e);

	catalog_let_go(p->catalog);
	v = xcalloc((size_t)packs.n + 1, sizeof(*v));
	for (i = 0; i < packs.n; i++)
		v[i] = intern_text(packs.names, i + 1);
	if (!packs.all) {
		qsort(v, packs.n, sizeof(*v), by_text);
		opts.only = v;
		opts.only_n = packs.n;
	}
	if (rc == 0 && (packs.all || packs.n > 0) &&
	    (rc = vault_verify(p->v, &opts, &report, e)) == -1 &&
	    e->kind == EK_CORRUPT)
		err_next(e, "mailkeep verify --read-data shows the damage, "
		    "mailkeep repair mends it");
	free(v);
	intern_free(&packs.names);
	return rc;
}

/* ---- a batch ---- */

bool
batch_take(struct prune *p, struct prune_box *box, struct batch *b)
{
	size_t i;

	for (i = box->next; i < box->n && b->n < PRUNE_BATCH; i++) {
		struct cand *c = &p->cands[box->first + i];

		if (c->state != CAND_TODO)
			continue;
		/* Whole contents are compared apart from headers. */
		if (b->n > 0 && c->whole != b->whole)
			break;
		if (b->n == 0) {
			b->v = xcalloc(PRUNE_BATCH, sizeof(*b->v));
			b->whole = c->whole;
		}
		b->v[b->n++].cand = c;
	}
	box->next = i;
	return b->n > 0;
}

void
batch_release(struct batch *b)
{
	free(b->v);
	uidset_release(&b->good);
}

static struct proof *
proof_find(const struct batch *b, uint32_t uid)
{
	size_t low = 0, high = b->n;

	while (low < high) {
		size_t i = low + (high - low) / 2;

		if (b->v[i].cand->uid < uid)
			low = i + 1;
		else
			high = i;
	}
	return low < b->n && b->v[low].cand->uid == uid ? &b->v[low] : NULL;
}

static int
keep(struct prune *p, struct batch *b, struct proof *f,
    enum job_prune_kind kind, const char *why, struct err *e)
{
	f->cand->state = CAND_KEPT;
	f->answered = true;
	f->good = false;
	return prune_found(p, kind, b->box, f->cand, why, e);
}

/* Flags as a number, without \Deleted. */
static int
number_of(struct prover *k, const char *flags, uint32_t *out, struct err *e)
{
	const char *flag;
	size_t n;

	buf_clear(&k->flags);
	while ((flag = flags_next(&flags, &n)) != NULL) {
		if (n == strlen("\\Deleted") &&
		    strncmp(flag, "\\Deleted", n) == 0)
			continue;
		if ((k->flags.n > 0 && buf_addc(&k->flags, ' ') == -1) ||
		    buf_add(&k->flags, flag, n) == -1)
			return err_set(e, EK_PROTO, "too many flags");
	}
	return intern_put(k->p->texts, buf_text(&k->flags), out) == 0 ? 0 :
	    err_set(e, EK_PROTO, "too many different sets of flags");
}

/* ---- the vault's bytes ---- */

static int
take_stored(void *arg, const void *bytes, size_t n, struct err *e)
{
	struct prover *k = arg;

	(void)e;
	headhash_feed(&k->head, bytes, n);
	header_feed(&k->scan, bytes, n);
	return 0;
}

static int
read_one(struct prover *k, struct proof *f, struct err *e)
{
	const struct sink to = { take_stored, k };
	struct prune *p = k->p;
	struct err why;

	headhash_begin(&k->head);
	header_start(&k->scan);
	if (vault_read(p->v, &f->sha256, &to, &why) == -1) {
		if (why.kind != EK_CORRUPT) {
			*e = why;
			return -1;
		}
		p->damaged = true;
		p->damage = why;
		err_next(&p->damage, "mailkeep verify --read-data shows the "
		    "damage, mailkeep repair mends it");
		return keep(p, k->batch, f, PRUNE_DAMAGED, why.text, e);
	}
	headhash_end(&k->head, &f->head);
	header_finish(&k->scan);
	f->standin = policy_standin(k->scan.value[HEADER_FROM],
	    k->scan.value[HEADER_SUBJECT]);
	return cancel_check(e);
}

static int
by_order(const void *a, const void *b)
{
	const struct proof *x = *(struct proof *const *)a;
	const struct proof *y = *(struct proof *const *)b;

	if (x->cand->order != y->cand->order)
		return x->cand->order < y->cand->order ? -1 : 1;
	return (x > y) - (x < y);
}

/* In the order of packs, so that each frame is decompressed once. */
static int
read_stored(struct prover *k, struct err *e)
{
	struct batch *b = k->batch;
	struct proof **v = xcalloc(b->n, sizeof(*v));
	struct known_message m;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < b->n; i++) {
		struct proof *f = v[i] = &b->v[i];

		if ((rc = picks_get(&k->p->picks, f->cand->at, &m, e)) == -1)
			break;
		f->sha256 = m.sha256;
		f->gmail = trash_id(m.emailid);
		rc = number_of(k, m.flags, &f->known_flags, e);
	}
	if (rc == 0)
		qsort(v, b->n, sizeof(*v), by_order);
	for (i = 0; rc == 0 && i < b->n && !k->p->damaged; i++) {
		if (i > 0 && digest_equal(&v[i]->sha256, &v[i - 1]->sha256)) {
			v[i]->head = v[i - 1]->head;
			v[i]->standin = v[i - 1]->standin;
		} else
			rc = read_one(k, v[i], e);
		if (rc == 0 && v[i]->standin)
			rc = keep(k->p, b, v[i], PRUNE_STANDIN, "the vault "
			    "has only what Exchange delivers in place of a "
			    "message that it can't convert", e);
	}
	free(v);
	return rc;
}

/* ---- the server's ---- */

static int
body_begins(void *arg, uint64_t size, struct err *e)
{
	struct prover *k = arg;
	struct digest ignored;

	(void)size, (void)e;
	headhash_begin(&k->head);
	hasher_end(k->hasher, &ignored);
	return 0;
}

static int
body_goes_on(void *arg, const void *bytes, size_t n, struct err *e)
{
	struct prover *k = arg;

	(void)e;
	if (k->batch->whole)
		hasher_add(k->hasher, bytes, n);
	else
		headhash_feed(&k->head, bytes, n);
	return 0;
}

/* It is open for writing: is it the folder that the vault knows, and can messages be deleted from it? */
static int
opened(void *arg, struct look_box *lb, const struct imap_event *ev,
    struct err *e)
{
	struct prover *k = arg;
	struct prune_box *b = lb->of;
	const char *why = prune_stranger(b, ev);

	if (why == NULL && ev->read_only)
		why = "the server lets it only be read";
	if (why == NULL && ev->permanent != NULL &&
	    !flags_has(ev->permanent, "\\Deleted"))
		why = "the server lets nobody mark messages in it as deleted";
	/* On Gmail what was moved from one folder is gone from others, too. */
	if (why == NULL && !k->p->gmail)
		why = prune_recheck(k->p, b, ev->box.exists);
	/* Where it is opened once more, what was changed since the first time has changed all the same. */
	if (!k->batch->opened)
		k->batch->modseq = ev->box.highestmodseq;
	k->batch->opened = true;
	if (why == NULL)
		return 1;
	return prune_leave(k->p, b, why, e) == -1 ? -1 : 0;
}

/* What the policy says now: flags may have changed, and the list may have been wrong. */
static int
judge_again(struct prover *k, struct proof *f, const struct mail_meta *meta,
    bool *goes, struct err *e)
{
	struct policy_prune policy = k->p->o->policy;
	struct prune_facts facts;
	struct known_message m;
	enum policy_keep why;
	char is[TEXT_MAX], was[TEXT_MAX], *text;
	int rc;

	*goes = false;
	if (picks_get(&k->p->picks, f->cand->at, &m, e) == -1)
		return -1;
	/* These were judged by the stored header, which is compared. */
	policy.sender = policy.recipient = policy.subject = NULL;
	policy.listed = true;
	sift_facts(k->batch->box, &m, meta->flags, k->batch->whole, &facts);
	facts.date = meta->date;
	facts.has_date = meta->has_date;
	facts.size = meta->size;
	facts.has_size = meta->has_size;
	why = policy_prune_message(&policy, &facts);
	if (why == KEEP_NOT && k->p->o->policy.seen && !k->p->o->policy.listed &&
	    !flags_has(meta->flags, "\\Seen"))
		why = KEEP_UNREAD;
	if (why == KEEP_NOT && k->p->gmail &&
	    k->batch->box->role == ROLE_NONE &&
	    sift_other_labels(k->p, meta->labels))
		why = KEEP_LABELS;
	switch (why) {
	case KEEP_NOT:
		*goes = true;
		return 0;
	case KEEP_DIFFERS:
		break;
	case KEEP_UNKNOWN:
		return keep(k->p, k->batch, f, PRUNE_UNDELIVERED,
		    policy_keep_words(why), e);
	default:
		return keep(k->p, k->batch, f, PRUNE_CHANGED,
		    policy_keep_words(why), e);
	}
	text = m.has_date && m.date != meta->date ?
	    xasprintf("the server dates it %s, the vault %s",
	    text_rfc3339(is, meta->date), text_rfc3339(was, m.date)) :
	    xasprintf("the server says that it has %" PRIu64 " bytes, in the "
	    "vault are %" PRIu64, meta->size, m.size);
	rc = keep(k->p, k->batch, f, PRUNE_DIFFERS, text, e);
	free(text);
	return rc;
}

static int
got(void *arg, struct look_box *lb, const struct imap_event *ev,
    struct err *e)
{
	struct prover *k = arg;
	struct batch *b = k->batch;
	struct proof *f = proof_find(b, ev->meta.uid);
	struct digest is;
	bool goes;

	(void)lb;
	if (b->whole)
		hasher_end(k->hasher, &is);
	else
		headhash_end(&k->head, &is);
	if (cancel_check(e) == -1)
		return -1;
	if (f == NULL || f->answered)
		return 0;
	f->answered = true;
	if (++k->compared % 256 == 0)
		prune_progress(k->p, "comparing", b->box,
		    k->p->done + k->compared, k->p->plan->messages);
	if (judge_again(k, f, &ev->meta, &goes, e) == -1)
		return -1;
	if (!goes)
		return 0;
	if (!digest_equal(&is, b->whole ? &f->sha256 : &f->head))
		return keep(k->p, b, f, PRUNE_DIFFERS, b->whole ?
		    "its content is not the one in the vault" :
		    "its header is not the one in the vault", e);
	f->good = true;
	f->marked = flags_has(ev->meta.flags, "\\Deleted");
	f->gmail = trash_id(ev->meta.emailid);
	return number_of(k, ev->meta.flags, &f->flags, e);
}

static int
done(void *arg, struct look_box *lb, struct err *e)
{
	(void)arg, (void)lb, (void)e;
	return 0;
}

/* Those that the server did not show. */
static int
tell_lacking(struct prover *k, const struct look_box *lb, struct err *e)
{
	struct batch *b = k->batch;
	struct uidset gone = UIDSET_INIT;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < b->n; i++) {
		struct proof *f = &b->v[i];

		if (f->answered)
			continue;
		if (uidset_has(&lb->there, f->cand->uid))
			rc = keep(k->p, b, f, PRUNE_UNDELIVERED,
			    look_lack(lb, f->cand->uid), e);
		else if (trash_has_moved(k->p, f->gmail))
			uidset_add(&gone, f->cand->uid);
		else
			rc = keep(k->p, b, f, PRUNE_GONE,
			    "it is not there any more", e);
	}
	if (rc == 0 && !uidset_empty(&gone))
		rc = erase_commit(k->p, b->box,
		    &(struct outcome){ .pruned = &gone }, e);
	uidset_release(&gone);
	return rc;
}

static int
compare(struct prover *k, struct err *e)
{
	struct batch *b = k->batch;
	struct look_box lb = { .wire = b->box->wire, .of = b->box,
	    .what = b->whole ? LOOK_FETCH : LOOK_HEADERS,
	    .items = IMAP_FLAGS | IMAP_SIZE | (k->p->gmail ?
	    IMAP_IDS | IMAP_LABELS : 0), .writable = true, .exact = true };
	const struct look_handler h = { .opened = opened, .got = got,
	    .done = done, .body = { body_begins, { body_goes_on, k } },
	    .once = true, .arg = k };
	size_t i;
	int rc;

	for (i = 0; i < b->n; i++)
		if (!b->v[i].answered)
			uidset_add(&lb.ask, b->v[i].cand->uid);
	if (uidset_empty(&lb.ask))
		return 1;
	rc = look_run(k->p->look, &lb, 1, &h, e);
	if (rc == 0 && (lb.left || b->box->failed))
		;
	else if (rc == 0 && lb.refused)
		rc = prune_leave(k->p, b->box, lb.why == NULL ?
		    "it can't be opened" : lb.why, e);
	else if (rc == 0)
		rc = tell_lacking(k, &lb, e) == -1 ? -1 : 1;
	look_box_release(&lb);
	return rc;
}

int
prove(struct prune *p, struct batch *b, struct err *e)
{
	struct prover k = { .p = p, .batch = b, .hasher = hasher_new(),
	    .flags = BUF_INIT(FLAGS_MAX_TEXT) };
	size_t i;
	int rc;

	headhash_init(&k.head);
	catalog_hold(p->catalog);
	rc = read_stored(&k, e);
	catalog_let_go(p->catalog);
	if (rc == 0 && !p->damaged)
		rc = compare(&k, e);
	for (i = 0; rc == 1 && i < b->n; i++)
		if (b->v[i].good)
			uidset_add(&b->good, b->v[i].cand->uid);
	headhash_release(&k.head);
	hasher_free(&k.hasher);
	buf_release(&k.flags);
	return rc;
}
