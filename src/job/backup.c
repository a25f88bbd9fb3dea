/*
 * backup.c - the story of a backup.
 *
 *	sign in; list the folders; record what became of them
 *	for each folder: nothing, what changed, or all (policy/sync.c)
 *	visit them, one behind the other on the wire (queue.c, visit.c, take.c), and settle each (settle.c)
 *	commit as it goes, by size and time, and at the end
 *
 * A connection that breaks is made again, a few times (link.c); whatever ends the run, what was whole is
 * committed.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "job/backup.h"
#include "job/connect.h"
#include "mail/name.h"

#define BULK_MESSAGES	1000	/* expected new ones from which a run counts as long */

int64_t
backup_now(const struct backup *b)
{
	return vault_now(b->v);
}

/* ---- telling ---- */

void
backup_event(struct backup *b, const struct job_event *ev)
{
	if (b->opts->listener.event != NULL)
		b->opts->listener.event(b->opts->listener.arg, ev);
}

void
backup_problem(struct backup *b, const char *folder,
    const struct uidset *uids, const char *reason)
{
	struct job_event ev = { .kind = JOB_PROBLEM, .folder = folder,
	    .uids = uids, .reason = reason };

	if (b->problems++ == 0)
		b->problem = folder == NULL ? xstrdup(reason) :
		    xasprintf("%s: %s", name_shown(folder), reason);
	backup_event(b, &ev);
}

void
backup_shrunk(struct backup *b, const char *folder, uint64_t live,
    uint64_t gone)
{
	char text[128];

	if (!policy_shrunk(live, gone))
		return;
	snprintf(text, sizeof(text), "%" PRIu64 " of %" PRIu64 " messages "
	    "are gone from the server; the vault keeps them", gone, live);
	backup_problem(b, folder, NULL, text);
}

void
backup_fail(struct backup *b, struct folder *f, const char *why, bool later)
{
	f->done = true;
	b->report->counts.failed++;
	b->put_off += later;
	backup_problem(b, f->box->name, NULL, why);
}

void
backup_note(struct backup *b, const char *fmt, ...)
{
	struct job_event ev = { .kind = JOB_NOTE };
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ev.reason = text;
	backup_event(b, &ev);
}

void
backup_progress(struct backup *b)
{
	struct job_event ev = { .kind = JOB_PROGRESS, .done = b->done,
	    .total = b->total };

	b->breaks = 0;
	if (b->queue.first != NULL)
		ev.folder = b->queue.first->f->box->name;
	ev.received = b->report->received +
	    (b->im == NULL ? 0 : imap_received(b->im));
	backup_event(b, &ev);
}

/* ---- commits ---- */

static int
check_space(struct backup *b, struct err *e)
{
	return due_room(b->v, "it goes on where it stopped", e);
}

int
backup_commit(struct backup *b, struct err *e)
{
	if (vault_commit(b->txn, e) == -1)
		return -1;
	b->safe = b->report->counts;
	return 0;
}

int
backup_commit_due(struct backup *b, struct err *e)
{
	struct vault_pending p;
	int due;

	vault_pending(b->txn, &p);
	if ((due = due_commit(&b->due, b->v, &p, e)) != 1)
		return due;
	if (backup_commit(b, e) == -1)
		return -1;
	log_info("committed %" PRIu64 " messages", p.messages);
	return check_space(b, e);
}

/* ---- the visits ---- */

/* Keep the wire busy: one command after the other, of one folder after the other. */
static int
send_some(struct backup *b, struct err *e)
{
	struct visit *v;

	while (imap_room(b->im)) {
		if (queue_next(b, &v, e) == -1)
			return -1;
		if (v == NULL || (b->gmail && v != b->queue.first))
			return 0;
		if (visit_send(b, v, e) == -1)
			return -1;
		if (v->all_sent)
			b->queue.sending = v->next;
	}
	return 0;
}

/* Settle what is answered. */
static int
settle_some(struct backup *b, struct err *e)
{
	while (b->queue.first != NULL && b->queue.first->all_sent &&
	    b->queue.first->unanswered == 0) {
		struct visit *v = queue_take(b);
		int rc = settle(b, v, e);

		if (v->f->done)
			b->breaks = 0;
		visit_free(&v);
		if (rc == -1 || backup_commit_due(b, e) == -1)
			return -1;
	}
	return 0;
}

/* One step: 1 there is more to do, 0 all is done, -1. */
static int
turn(struct backup *b, struct err *e)
{
	struct imap_event ev;
	int r;

	if (send_some(b, e) == -1)
		return -1;
	if (b->queue.first == NULL)
		return 0;
	if ((r = imap_next(b->im, &ev, e)) == -1)
		return -1;
	if (r == 0)
		return err_set(e, EK_PROTO, "the server owes nothing, "
		    "and yet not all is answered");
	if (take_event(b, ev.cookie, &ev, e) == -1)
		return -1;
	return settle_some(b, e) == -1 ? -1 : 1;
}

static int
run_visits(struct backup *b, struct err *e)
{
	int r;

	for (;;) {
		if ((r = turn(b, e)) == 0)
			return 0;
		if (r == 1)
			continue;
		if (link_renew(b, e) == -1)
			return -1;
		if (b->im == NULL)
			return 0;
	}
}

/* The server's capabilities are remembered: the next run need not ask first. */
static int
record_server(struct backup *b, struct err *e)
{
	struct record rec = { .kind = REC_SERVER };
	struct rec_server known;
	int r;

	if ((r = catalog_server(b->catalog, &known, e)) == -1)
		return -1;
	if (r == 1 && strcmp(known.capability, imap_capability(b->im)) == 0)
		return 0;
	rec.u.server = (struct rec_server){ imap_capability(b->im),
	    imap_server(b->im) };
	return vault_put(b->txn, &rec, e);
}

/*
 * Before much is fetched: will it fit?  What the server says of its quota is taken where it says anything of what was
 * chosen, else what messages came to so far.
 */
static int
foresee_space(struct backup *b, struct err *e)
{
	struct known_totals t;
	char need_text[TEXT_MAX], free_text[TEXT_MAX];
	uint64_t used = 0, limit = 0, free_bytes;
	double ratio = 0.7, need;
	int r;

	if (check_space(b, e) == -1)
		return -1;
	if (b->total < BULK_MESSAGES)
		return 0;
	if (vault_bulk(b->txn, e) == -1 ||
	    catalog_totals(b->catalog, &t, e) == -1 ||
	    vault_free_space(b->v, &free_bytes, e) == -1)
		return -1;
	if (t.blob_bytes > 0)
		ratio = (double)t.stored_bytes / (double)t.blob_bytes;
	r = b->all_chosen ? imap_quota(b->im, &used, &limit, e) : 0;
	if (r == -1)
		return -1;
	if (r == 1)
		need = used > t.live_bytes ? (double)(used - t.live_bytes) : 0;
	else if (t.kept > 0)
		need = (double)b->total * (double)t.kept_bytes /
		    (double)t.kept;
	else
		return 0;	/* nothing to judge by: each commit looks again */
	need *= ratio;
	if (need + DUE_RESERVE <= (double)free_bytes)
		return 0;
	text_size(need_text, (uint64_t)need);
	text_size(free_text, free_bytes);
	if (r == 0) {
		backup_note(b, "about %s may come, %s are free", need_text,
		    free_text);
		return 0;
	}
	err_set(e, EK_SPACE, "about %s are needed, %s are free", need_text,
	    free_text);
	return err_next(e, "make room, or choose folders with --folder");
}

static int
tell_lost(void *arg, const char *pack, const char *why, struct err *e)
{
	struct backup *b = arg;
	struct job_event ev = { .kind = JOB_DAMAGE, .pack = pack,
	    .reason = why };

	(void)e;
	b->lost_packs++;
	backup_event(b, &ev);
	return 0;
}

static int
whole_backup(struct backup *b, struct err *e)
{
	/* Old damage keeps no new mail out of the vault. */
	if (vault_lost_packs(b->v, tell_lost, b, e) == -1 ||
	    link_open(b, e) == -1)
		return -1;
	if (plan_folders(b, e) == -1 || plan_visits(b, e) == -1)
		return -1;
	if (b->opts->dry_run)
		return 0;
	if (record_server(b, e) == -1 || foresee_space(b, e) == -1)
		return -1;
	return run_visits(b, e);
}

/* ---- beginning and end ---- */

/* What a run that came to its end has to say nevertheless; the first problem stands for all in the log. */
static int
verdict(const struct backup *b, struct err *e)
{
	const struct run_counts *n = &b->report->counts;

	if (b->lost_packs > 0)
		return vault_lost_error(b->lost_packs, e);
	if (b->put_off > 0) {
		err_set(e, EK_TEMP, "%" PRIu64 " folder%s could not be backed "
		    "up now: %s", b->put_off, b->put_off == 1 ? "" : "s",
		    b->problem);
		return err_next(e, "run it again later: it goes on where it "
		    "stopped");
	}
	if (b->problems == 0)
		return 0;
	if (n->missing == 0 && n->failed == 0)
		return err_set(e, EK_PARTIAL,
		    "the backup ended with warnings: %s", b->problem);
	if (n->failed == 0)
		err_set(e, EK_PARTIAL, "%" PRIu64 " message%s could not be "
		    "had: %s", n->missing, n->missing == 1 ? "" : "s",
		    b->problem);
	else
		err_set(e, EK_PARTIAL, "%" PRIu64 " folder%s could not be "
		    "backed up, %" PRIu64 " message%s could not be had: %s",
		    n->failed, n->failed == 1 ? "" : "s", n->missing,
		    n->missing == 1 ? "" : "s", b->problem);
	return err_next(e, "what is named above is asked for again by the "
	    "next run");
}

static const char *
result_of(bool finished, int rc, const struct err *e)
{
	if (finished)
		return rc == 0 ? "complete" : "partial";
	return e->kind == EK_CANCELLED ? "interrupted" : "failed";
}

/* Whether the vault itself is in trouble: that is told rather than what the server did. */
static bool
is_of_vault(const struct err *e)
{
	return e->kind == EK_FAIL || e->kind == EK_CORRUPT ||
	    e->kind == EK_SPACE;
}

/* The end could not be written: what was not committed before is not in the vault. */
static void
withdraw(struct backup *b)
{
	struct digest ignored;

	b->report->counts = b->safe;
	if (vault_head(b->v, &ignored) == b->head)
		b->report->run = 0;
}

/* Write the end of the run.  A run that never signed in leaves nothing. */
static int
end_run(struct backup *b, bool finished, int rc, struct err *e)
{
	struct rec_run_end end = { .result = result_of(finished, rc, e),
	    .status = rc == 0 ? 0 : err_status(e->kind, e->sys),
	    .error = rc == 0 ? NULL : e->text,
	    .counts = b->report->counts };
	struct err why;

	if (b->report->run == 0) {
		vault_abort(&b->txn);
		return rc;
	}
	if (vault_end(&b->txn, &end, &why) == -1) {
		if (rc == 0 || !is_of_vault(e))
			*e = why;
		withdraw(b);
		return -1;
	}
	b->report->counts = end.counts;
	return rc;
}

/* The next run builds a catalog anew: there is nothing to bring back from a copy. */
static void
excuse_catalog(const struct backup *b, struct err *e)
{
	if (e->kind != EK_CORRUPT || !catalog_damaged(b->catalog))
		return;
	e->kind = EK_TEMP;
	e->next[0] = '\0';
	err_next(e, "run it again: the catalog is built anew from the manifests");
}

static void
release(struct backup *b)
{
	queue_release(b);
	link_close(b);
	vault_abort(&b->txn);
	imap_boxes_release(&b->boxes);
	free(b->folders);
	free(b->problem);
	intern_free(&b->texts);
	held_end(b);
	connect_forget(&b->secret);
}

int
job_backup(struct vault *v, const struct job_backup_opts *opts,
    struct job_backup_report *report, struct err *e)
{
	struct backup b = {
		.v = v,
		.opts = opts,
		.report = report,
		.catalog = vault_catalog(v),
		.texts = intern_new(),
		.secret = connect_secret(),
	};
	struct digest head;
	bool finished;
	int rc;

	memset(report, 0, sizeof(*report));
	held_begin(&b);
	b.head = vault_head(v, &head);
	if (!opts->dry_run && vault_begin(v, opts->some ? "backup --folder" :
	    "backup", &b.txn, e) == -1) {
		release(&b);
		return -1;
	}
	finished = (rc = whole_backup(&b, e)) == 0;
	if (finished)
		rc = verdict(&b, e);
	if (!opts->dry_run) {
		if (b.signed_in)
			report->run = vault_run(b.txn);
		rc = end_run(&b, finished, rc, e);
	}
	if (rc == 0 && !opts->dry_run)
		rc = vault_fill_headers(v, e);
	if (rc == -1)
		excuse_catalog(&b, e);
	report->commit = vault_head(v, &report->head);
	release(&b);
	return rc;
}
