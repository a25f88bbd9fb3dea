/*
 * link.c - the session of a backup: opened, waited for when the server asks for it, and made anew when it is lost.
 */
#include <stdlib.h>
#include <time.h>

#include "base/cancel.h"
#include "base/mem.h"
#include "job/backup.h"
#include "job/connect.h"

#define WAIT_MAX	900.0	/* seconds to wait on the server's demand, all in all */
#define BREAKS_A_FOLDER	3	/* connections lost over one folder before it is left out */

int64_t
backup_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- a session ---- */

int
link_open(struct backup *b, struct err *e)
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
	r = connect_open(b->opts->account, hint, &b->opts->ask, b->secret,
	    &b->im, e);
	free(hint);
	if (r == -1)
		return -1;
	imap_body_to(b->im, &body);
	b->signed_in = true;
	return 0;
}

void
link_close(struct backup *b)
{
	if (b->im != NULL)
		b->report->received += imap_received(b->im);
	imap_close(&b->im);
}

/* ---- waiting ---- */

/*
 * How long to wait by what was said in this visit; 0: no longer.  Servers that give a figure are taken at their word.
 * Others mean "not now", or that they never will: they are asked twice more, and again if something came meanwhile.
 */
static double
wanted_pause(const struct visit *v)
{
	static const double seconds[] = { 5, 10 };
	const unsigned int most = sizeof(seconds) / sizeof(seconds[0]);
	struct folder *f = v->f;

	if (v->backoff_ms > 0)
		return v->backoff_ms < 1000 ? 1 : (double)v->backoff_ms / 1000;
	if (f->laters == most)
		return 0;
	if (v->added > 0)
		f->laters = 0;
	return seconds[f->laters++];
}

int
link_wait(struct backup *b, const struct visit *v, struct err *e)
{
	double seconds = wanted_pause(v), rest;
	int64_t now = backup_ms();
	const char *why = v->why == NULL ? "" : v->why;

	if (seconds == 0)
		return 0;
	/* What was on the wire already when the last pause began is waited for by that. */
	rest = seconds;
	if (v->sent_at <= b->waited_from)
		rest -= (double)(now - b->waited_from) / 1000;
	if (rest <= 0)
		return 1;
	if (b->waited + rest > WAIT_MAX) {
		if (v->backoff_ms == 0)
			return 0;
		b->give_up = true;
		err_set(e, EK_TEMP, "the server asks to wait: %s", why);
		return err_next(e, "run it again later: it goes on where it "
		    "stopped");
	}
	b->waited += rest;
	b->waited_from = now;
	backup_note(b, "the server asks to wait (%s): %.0f seconds", why,
	    seconds);
	/* What is whole is safe while we wait. */
	if (backup_commit(b, e) == -1 || cancel_sleep(rest, e) == -1)
		return -1;
	return 1;
}

/* ---- another session ---- */

/*
 * A break is somebody's fault: the folder that was being answered.  If it brought nothing since the last one,
 * others come first; the third time it is left out.
 */
static void
blame(struct backup *b, const struct err *why)
{
	struct visit *v = b->queue.first;
	struct folder *f;

	if (v == NULL || !v->examined)
		return;
	f = v->f;
	if (f->added > f->added_then)
		f->breaks = 0;
	f->added_then = f->added;
	if (++f->breaks == 1)
		return;
	v = queue_take(b);
	if (f->breaks < BREAKS_A_FOLDER) {
		queue_put_off(b, v);
		return;
	}
	backup_fail(b, f, v->later && v->why != NULL ? v->why : why->text,
	    v->later);
	visit_free(&v);
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
	return cancel_sleep(seconds, e);
}

/* Whether a new connection may help. */
static bool
is_worth_another(const struct err *e)
{
	return e->kind == EK_TEMP || e->kind == EK_PROTO;
}

/* Sign in again, until it works or patience ends; ${paused}: the first time at once. */
static int
sign_in_again(struct backup *b, const struct err *broken, bool paused,
    struct err *e)
{
	struct err why = *broken;

	for (;;) {
		if (!paused && pause_after(b, &why, e) == -1)
			return -1;
		if (link_open(b, e) == 0)
			return 0;
		if (!is_worth_another(e))
			return -1;
		why = *e;
		paused = false;
	}
}

int
link_renew(struct backup *b, struct err *e)
{
	struct err why = *e;
	struct visit *v = b->queue.first;
	int waited = 0;

	if (!is_worth_another(e) || b->give_up)
		return -1;
	link_close(b);
	/* A body that waited for more facts is whole. */
	if (take_flush(b, e) == -1)
		return -1;
	held_forget(b);
	/* A server that is asked for too much may say so before it breaks off. */
	if (v != NULL && v->later && (waited = link_wait(b, v, e)) == -1)
		return -1;
	if (!waited)
		blame(b, &why);
	if (queue_restart(b, e) == -1 || backup_commit(b, e) == -1 ||
	    queue_next(b, &v, e) == -1)
		return -1;
	return b->queue.first == NULL ? 0 :
	    sign_in_again(b, &why, waited == 1, e);
}
