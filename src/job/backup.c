/*
 * backup.c - the story of a backup.
 *
 *	sign in; list the folders; record what became of them
 *	for each folder: nothing, what changed, or all (policy/sync.c)
 *	visit them, one behind the other on the wire (visit.c), and settle each (settle.c)
 *	commit as it goes, by size and time, and at the end
 *
 * A connection that breaks is made again, a few times; whatever ends the run, what was whole is committed.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cancel.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "job/backup.h"
#include "mail/name.h"

/* A commit is made when this much has come together: a killed run loses no more. */
#define COMMIT_BYTES	(256 * 1024 * 1024)
#define COMMIT_SECONDS	60
#define COMMIT_MESSAGES	100000

#define SPACE_RESERVE	(32 * 1024 * 1024)	/* free on the disk, or the run stops */
#define BULK_MESSAGES	1000	/* expected new ones from which a run counts as long */
#define WAIT_MAX	900.0	/* seconds to wait on the server's demand, all in all */
#define BREAKS_A_FOLDER	3	/* connections lost over one folder before it is left out */

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

	b->partial = true;
	backup_event(b, &ev);
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

static void
tell_progress(struct backup *b)
{
	struct job_event ev = { .kind = JOB_PROGRESS, .done = b->done,
	    .total = b->total };

	if (b->first != NULL)
		ev.folder = b->first->f->box->name;
	ev.received = b->report->received +
	    (b->im == NULL ? 0 : imap_received(b->im));
	backup_event(b, &ev);
}

/* ---- the queue of visits ---- */

static void
put_last(struct backup *b, struct visit *v)
{
	if (b->last == NULL)
		b->first = v;
	else
		b->last->next = v;
	b->last = v;
	v->next = NULL;
	if (b->sending == NULL)
		b->sending = v;
}

void
backup_queue(struct backup *b, struct visit *v)
{
	/* Where folders share their messages, one is finished before the next: so its bodies are known there. */
	if (b->gmail && v->f->visits > 0) {
		v->next = b->first;
		b->first = b->sending = v;
		if (b->last == NULL)
			b->last = v;
		return;
	}
	put_last(b, v);
}

static struct visit *
take_first(struct backup *b)
{
	struct visit *v = b->first;

	b->first = v->next;
	if (b->first == NULL)
		b->last = NULL;
	if (b->sending == v)
		b->sending = v->next;
	v->next = NULL;
	return v;
}

/* ---- commits ---- */

static int
check_space(struct backup *b, struct err *e)
{
	char text[TEXT_MAX];
	uint64_t free_bytes;

	if (vault_free_space(b->v, &free_bytes, e) == -1)
		return -1;
	if (free_bytes >= SPACE_RESERVE)
		return 0;
	err_set(e, EK_SPACE, "only %s are free on the vault's disk",
	    text_size(text, free_bytes));
	return err_next(e, "make room and run it again: it goes on where it "
	    "stopped");
}

int
backup_stored(struct backup *b, struct err *e)
{
	struct vault_pending p;

	b->breaks = 0;
	tell_progress(b);
	vault_pending(b->txn, &p);
	if (p.records == 0 || (p.bytes < COMMIT_BYTES &&
	    p.messages < COMMIT_MESSAGES &&
	    backup_now(b) < p.since + COMMIT_SECONDS))
		return 0;
	if (vault_commit(b->txn, e) == -1)
		return -1;
	log_info("committed %" PRIu64 " messages", p.messages);
	return check_space(b, e);
}

/* ---- waiting ---- */

static int
pause_for(double seconds, struct err *e)
{
	struct pollfd fd = { .fd = cancel_fd(), .events = POLLIN };

	poll(&fd, 1, (int)(seconds * 1000));
	return cancel_check(e);
}

int
backup_wait(struct backup *b, const struct visit *v, struct err *e)
{
	double seconds = (double)v->backoff_ms / 1000;

	/* Its own figure, else longer each time. */
	if (v->backoff_ms == 0)
		seconds = b->waited < 5 ? 5 : b->waited;
	else if (seconds < 1)
		seconds = 1;
	b->waited += seconds;
	if (b->waited > WAIT_MAX) {
		b->give_up = true;
		err_set(e, EK_TEMP, "the server asks to wait: %s",
		    v->why == NULL ? "" : v->why);
		return err_next(e, "run it again later: it goes on where it "
		    "stopped");
	}
	backup_note(b, "the server asks to wait (%s): %.0f seconds",
	    v->why == NULL ? "" : v->why, seconds);
	/* What is whole is safe while we wait. */
	if (vault_commit(b->txn, e) == -1)
		return -1;
	return pause_for(seconds, e);
}

/* ---- the session ---- */

static int
connect_session(struct backup *b, struct err *e)
{
	struct imap_body body = { take_body_begins,
	    { take_body_goes_on, b } };
	struct rec_server known;
	char *hint = NULL;
	int r;

	if ((r = catalog_server(b->catalog, &known, e)) == -1)
		return -1;
	if (r == 1)
		hint = xstrdup(known.capability);
	r = job_connect(b->opts->account, hint, &b->opts->ask, &b->im, e);
	free(hint);
	if (r == -1)
		return -1;
	imap_body_to(b->im, &body);
	b->signed_in = true;
	return 0;
}

static void
close_session(struct backup *b)
{
	if (b->im != NULL)
		b->report->received += imap_received(b->im);
	imap_close(&b->im);
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
 * The connection is lost.  Visits that were under way begin anew, carefully, since part of what they asked for has
 * come.
 */
static int
begin_anew(struct backup *b, struct err *e)
{
	struct visit *old, *next, *rest = b->first;
	int rc = 0;

	b->first = b->last = b->sending = NULL;
	while ((old = rest) != NULL) {
		rest = old->next;
		if (!old->examined || rc == -1) {
			put_last(b, old);
			continue;
		}
		next = old->opened && old->f->renamed_from == 0 ?
		    visit_again(b, old, e) :
		    visit_new(b, old->f, VISIT_COMPARE, e);
		if (next == NULL)
			rc = -1;
		put_last(b, next == NULL ? old : next);
		if (next != NULL)
			visit_free(&old);
	}
	return rc;
}

/*
 * A break is somebody's fault: the folder that was being answered.  If it brought nothing since the last one,
 * others come first; the third time it is left out.
 */
static void
blame(struct backup *b, const struct err *why)
{
	struct visit *v = b->first;
	struct folder *f;

	if (v == NULL || !v->examined)
		return;
	f = v->f;
	if (f->added > f->added_then)
		f->breaks = 0;
	f->added_then = f->added;
	if (++f->breaks == 1)
		return;
	v = take_first(b);
	if (f->breaks < BREAKS_A_FOLDER) {
		put_last(b, v);
		return;
	}
	f->done = true;
	b->report->counts.failed++;
	backup_problem(b, f->box->name, NULL, why->text);
	visit_free(&v);
}

/* Whether a new connection may help. */
static bool
is_passing(const struct err *e)
{
	return e->kind == EK_TEMP || e->kind == EK_PROTO;
}

/* Longer after each break without progress, up to the end of patience. */
static int
pause_after(struct backup *b, const struct err *why, struct err *e)
{
	unsigned int seconds = policy_pause(++b->breaks);

	if (seconds == 0) {
		*e = *why;
		return err_next(e, "run it again: it goes on where it stopped");
	}
	backup_note(b, "%s; connecting again in %u s", why->text, seconds);
	return pause_for(seconds, e);
}

static int
reconnect(struct backup *b, struct err *e)
{
	struct err why = *e;
	bool paused = false;

	close_session(b);
	/* A body that waited for more facts is whole. */
	if (take_flush(b, e) == -1)
		return -1;
	held_forget(b);
	/* A server that is asked for too much may say so before it breaks off. */
	if (b->first != NULL && b->first->later) {
		if (backup_wait(b, b->first, e) == -1)
			return -1;
		paused = true;
	} else
		blame(b, &why);
	if (begin_anew(b, e) == -1 || vault_commit(b->txn, e) == -1)
		return -1;
	if (b->first == NULL)
		return 0;
	for (;;) {
		if (!paused && pause_after(b, &why, e) == -1)
			return -1;
		if (connect_session(b, e) == 0)
			return 0;
		if (!is_passing(e))
			return -1;
		why = *e;
		paused = false;
	}
}

/* ---- the visits ---- */

/* Keep the wire busy: one command after the other, of one folder after the other. */
static int
send_some(struct backup *b, struct err *e)
{
	while (b->sending != NULL && imap_room(b->im)) {
		struct visit *v = b->sending;

		if (b->gmail && v != b->first)
			return 0;
		if (visit_send(b, v, e) == -1)
			return -1;
		if (v->all_sent)
			b->sending = v->next;
	}
	return 0;
}

/* Settle what is answered. */
static int
settle_some(struct backup *b, struct err *e)
{
	while (b->first != NULL && b->first->all_sent &&
	    b->first->unanswered == 0) {
		struct visit *v = take_first(b);
		int rc = settle(b, v, e);

		if (v->f->done)
			b->breaks = 0;
		visit_free(&v);
		if (rc == -1)
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
	if (b->first == NULL)
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
		if (!is_passing(e) || b->give_up || reconnect(b, e) == -1)
			return -1;
		if (b->im == NULL)
			return 0;
	}
}

/*
 * Before much is fetched: will it fit?  What the server says of its quota is taken where it says anything, else
 * what messages came to so far.
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
	if ((r = imap_quota(b->im, &used, &limit, e)) == -1)
		return -1;
	if (r == 1)
		need = used > t.live_bytes ? (double)(used - t.live_bytes) : 0;
	else if (t.kept > 0)
		need = (double)b->total * (double)t.kept_bytes /
		    (double)t.kept;
	else
		return 0;	/* nothing to judge by: each commit looks again */
	need *= ratio;
	if (need + SPACE_RESERVE <= (double)free_bytes)
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
	    connect_session(b, e) == -1)
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

/* What a run that came to its end has to say nevertheless. */
static int
verdict(const struct backup *b, struct err *e)
{
	const struct run_counts *n = &b->report->counts;

	if (b->lost_packs > 0)
		return vault_lost_error(b->lost_packs, e);
	if (!b->partial)
		return 0;
	if (n->missing == 0 && n->failed == 0)
		return err_set(e, EK_PARTIAL,
		    "the backup ended with the warnings above");
	if (n->failed == 0)
		err_set(e, EK_PARTIAL, "%" PRIu64 " message%s could not be had",
		    n->missing, n->missing == 1 ? "" : "s");
	else
		err_set(e, EK_PARTIAL, "%" PRIu64 " folder%s could not be "
		    "backed up, %" PRIu64 " message%s could not be had",
		    n->failed, n->failed == 1 ? "" : "s", n->missing,
		    n->missing == 1 ? "" : "s");
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
		/* The first trouble is the one to tell. */
		if (rc == 0)
			*e = why;
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
	struct visit *v;

	while (b->first != NULL) {
		v = take_first(b);
		visit_free(&v);
	}
	close_session(b);
	vault_abort(&b->txn);
	imap_boxes_release(&b->boxes);
	free(b->folders);
	intern_free(&b->texts);
	held_end(b);
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
	};
	bool finished;
	int rc;

	memset(report, 0, sizeof(*report));
	held_begin(&b);
	if (!opts->dry_run && vault_begin(v, "backup", &b.txn, e) == -1) {
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
