/*
 * look.c - see look.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/log.h"
#include "base/mem.h"
#include "job/backup.h"
#include "job/connect.h"
#include "job/look.h"

#define ASK_MOST	200	/* bodies that one command asks for */
#define WHY_MAX		300	/* bytes kept of the server's words */
#define TURNS		2	/* the first, and one more */
#define LATERS_IN_A_ROW	20	/* FETCHes refused with "not now" before no more are sent */
#define PAUSE		5.0	/* seconds, where the server says "not now" and no figure, */
#define PAUSE_MAX	300.0	/* ... and the longest that is waited for */
#define BREAK_PAUSE	1.0	/* before a lost connection is made anew */

struct look {
	const struct account *account;
	const struct job_ask *ask;
	const struct job_listener *listener;
	struct connect_secret *secret;	/* own */
	char		*hint;		/* own, or NULL */
	struct imap	*im;		/* own */
	uint64_t	 received;	/* by sessions that are over */
	bool		 broken;	/* a connection was lost, and nothing came since */
	const struct look_handler *h;
	/* In the order of their commands; a second turn is a second entry. */
	struct look_box	**queue;	/* own */
	size_t		 n, cap;
	size_t		 first;		/* unanswered */
	size_t		 sending;
};

struct look *
look_new(const struct account *a, const struct job_ask *ask, const char *hint,
    const struct job_listener *listener)
{
	struct look *l = xcalloc(1, sizeof(*l));

	l->account = a;
	l->ask = ask;
	l->listener = listener;
	l->hint = hint == NULL ? NULL : xstrdup(hint);
	l->secret = connect_secret();
	return l;
}

void
look_hang_up(struct look *l)
{
	if (l->im != NULL)
		l->received += imap_received(l->im);
	imap_close(&l->im);
}

void
look_free(struct look **lp)
{
	struct look *l = *lp;

	if (l == NULL)
		return;
	look_hang_up(l);
	connect_forget(&l->secret);
	free(l->hint);
	free(l->queue);
	free(l);
	*lp = NULL;
}

void
look_box_release(struct look_box *b)
{
	uidset_release(&b->ask);
	uidset_release(&b->there);
	uidset_release(&b->nil);
	uidset_release(&b->spoiled);
	uidset_release(&b->had);
	free(b->why);
	memset(b, 0, sizeof(*b));
}

const char *
look_lack(const struct look_box *b, uint32_t uid)
{
	if (uidset_has(&b->spoiled, uid))
		return "the server's answer can't be understood";
	if (uidset_has(&b->nil, uid))
		return "the server has no content for it";
	return b->why != NULL ? b->why : "the server did not deliver it";
}

uint64_t
look_received(const struct look *l)
{
	return l->received + (l->im == NULL ? 0 : imap_received(l->im));
}

/* ---- the session ---- */

static int
sign_in(struct look *l, struct err *e)
{
	if (connect_open(l->account, l->hint, l->ask, l->secret, &l->im, e) ==
	    -1)
		return -1;
	if (l->h != NULL && l->h->body.begin != NULL)
		imap_body_to(l->im, &l->h->body);
	return 0;
}

/* After the error ${e} another session, unless the one before brought nothing either. */
static int
sign_in_again(struct look *l, struct err *e)
{
	struct job_event ev = { .kind = JOB_NOTE };
	char *text;

	if (e->kind != EK_TEMP && e->kind != EK_PROTO)
		return -1;
	look_hang_up(l);
	if (l->broken) {
		e->kind = EK_TEMP;
		return err_next(e, "run it again later");
	}
	l->broken = true;
	text = xasprintf("%s; connecting again", e->text);
	ev.reason = text;
	if (l->listener->event != NULL)
		l->listener->event(l->listener->arg, &ev);
	free(text);
	return cancel_sleep(BREAK_PAUSE, e) == -1 ? -1 : sign_in(l, e);
}

int
look_list(struct look *l, struct imap_boxes *out, struct err *e)
{
	if (sign_in(l, e) == -1)
		return -1;
	while (imap_list(l->im, false, out, e) == -1)
		if (sign_in_again(l, e) == -1)
			return -1;
	free(l->hint);
	l->hint = xstrdup(imap_capability(l->im));
	l->broken = false;
	return 0;
}

int
look_session(struct look *l, struct imap **out, struct err *e)
{
	if (l->im == NULL && sign_in(l, e) == -1)
		return -1;
	*out = l->im;
	return 0;
}

/* ---- sending ---- */

static bool
has_bodies(const struct look_box *b)
{
	return b->what == LOOK_FETCH || b->what == LOOK_HEADERS;
}

static void
put_queue(struct look *l, struct look_box *b)
{
	l->queue = mem_grow(l->queue, &l->cap, l->n + 1, sizeof(*l->queue));
	l->queue[l->n++] = b;
}

/* What came need not come again; ${b} begins anew. */
static void
begin_turn(struct look_box *b)
{
	uidset_remove_set(&b->ask, &b->had);
	uidset_clear(&b->had);
	uidset_clear(&b->there);
	uidset_clear(&b->nil);
	uidset_clear(&b->spoiled);
	free(b->why);
	b->why = NULL;
	b->opened = b->left = b->refused = b->later = false;
	b->examined = b->asked = b->all_sent = false;
	b->unanswered = b->laters = b->questions = 0;
	b->range = 0;
	b->uid = 0;
	b->backoff_ms = 0;
}

/* The next UIDs whose bodies one command asks for: false when there are none. */
static bool
next_ask(struct look_box *b, uint64_t room, struct uidset *out)
{
	while (b->range < b->ask.n && out->n < IMAP_FETCH_RANGES && room > 0) {
		const struct uid_range *r = &b->ask.r[b->range];
		uint64_t from = b->uid > r->first ? b->uid : r->first;
		uint64_t to = from + room - 1;

		if (to >= r->last) {
			to = r->last;
			b->range++;
			b->uid = 0;
		} else
			b->uid = (uint32_t)to + 1;
		uidset_add_range(out, (uint32_t)from, (uint32_t)to);
		room -= to - from + 1;
	}
	return !uidset_empty(out);
}

/*
 * In the second turn each message is asked for by itself, behind a question which of them are still there.  That
 * one walks over ${ask} first, from the beginning to the end.
 */
static int
send_fetch(struct look *l, struct look_box *b, struct err *e)
{
	struct uidset some = UIDSET_INIT;
	bool again = b->turns > 0, more;
	int rc = 0;

	more = next_ask(b, !again ? ASK_MOST : b->asked ? 1 : UID_MAX, &some);
	if (!more && again && !b->asked) {
		b->asked = true;
		b->range = 0;
		b->uid = 0;
		return 0;
	}
	if (more) {
		b->unanswered++;
		b->questions += again && !b->asked;
		rc = imap_fetch(l->im, &some, again && !b->asked ? IMAP_SIZE :
		    IMAP_DATE | b->items | (b->what == LOOK_HEADERS ?
		    IMAP_HEADER : IMAP_BODY), 0, b, e);
	}
	b->all_sent = !more || b->laters >= LATERS_IN_A_ROW;
	uidset_release(&some);
	return rc;
}

static int
send_one(struct look *l, struct look_box *b, struct err *e)
{
	struct uidset from = UIDSET_INIT;
	int rc;

	if (!b->examined) {
		b->examined = true;
		b->all_sent = b->what == LOOK_OPEN;
		b->unanswered++;
		if (!b->writable)
			return imap_examine(l->im, b->wire, NULL, b, e);
		return b->exact ? imap_select_exact(l->im, b->wire, b, e) :
		    imap_select(l->im, b->wire, b, e);
	}
	if (has_bodies(b))
		return send_fetch(l, b, e);
	b->all_sent = true;
	b->unanswered++;
	if (b->from > 1)
		uidset_add_range(&from, b->from, POLICY_UID_END);
	rc = imap_fetch(l->im, b->from > 1 ? &from : NULL, IMAP_SIZE |
	    b->items, 0, b, e);
	uidset_release(&from);
	return rc;
}

/* Keep the wire busy, but let a server rest that asked for it. */
static int
send_some(struct look *l, struct err *e)
{
	int64_t now = backup_ms();

	while (l->sending < l->n && imap_room(l->im)) {
		struct look_box *b = l->queue[l->sending];

		if (!b->examined && b->not_before > now) {
			if (l->first < l->sending)
				return 0;
			if (cancel_sleep((double)(b->not_before - now) / 1000,
			    e) == -1)
				return -1;
			now = b->not_before;
		}
		if (send_one(l, b, e) == -1)
			return -1;
		if (b->all_sent)
			l->sending++;
	}
	return 0;
}

/* ---- what is answered ---- */

static void
answer_refused(struct look_box *b, const struct imap_event *ev)
{
	if (ev->refusal == REFUSED_LATER) {
		b->later = true;
		b->laters++;
	}
	if (ev->backoff_ms > b->backoff_ms)
		b->backoff_ms = ev->backoff_ms;
	if (b->why == NULL)
		b->why = xmemdup0(ev->text, strnlen(ev->text, WHY_MAX));
}

static int
answer_opened(struct look *l, struct look_box *b, const struct imap_event *ev,
    struct err *e)
{
	int r;

	b->unanswered--;
	b->expunged = b->unreadable = 0;
	if (!ev->ok) {
		b->refused = true;
		answer_refused(b, ev);
		return 0;
	}
	b->exists = ev->box.exists;
	if ((r = l->h->opened(l->h->arg, b, ev, e)) == -1)
		return -1;
	b->opened = r == 1;
	b->left = r == 0;
	return 0;
}

static int
answer_message(struct look *l, struct look_box *b, const struct imap_event *ev,
    struct err *e)
{
	uint32_t uid = ev->meta.uid;

	/* A server that refused a folder may have left another one open. */
	if (!b->opened)
		return 0;
	if (b->what == LOOK_LIST)
		return ev->ok ? l->h->listed(l->h->arg, b, &ev->meta, e) : 0;
	if (!uidset_has(&b->ask, uid) || uidset_has(&b->had, uid))
		return 0;
	uidset_add(&b->there, uid);
	if (ev->body == BODY_SPOILED)
		uidset_add(&b->spoiled, uid);
	if (ev->body == BODY_NIL)
		uidset_add(&b->nil, uid);
	if (ev->body != BODY_GIVEN)
		return 0;
	l->broken = false;
	b->laters = 0;
	uidset_add(&b->had, uid);
	return l->h->got(l->h->arg, b, ev, e);
}

static void
answer_done(struct look_box *b, const struct imap_event *ev)
{
	b->unanswered--;
	b->unreadable += ev->unreadable;
	/* Without an answer to the question, all that did not come may be there. */
	if (b->questions > 0) {
		b->questions--;
		if (!ev->ok && b->opened)
			uidset_add_set(&b->there, &b->ask);
	}
	if (ev->ok) {
		b->laters = 0;
		return;
	}
	/* Where nothing is, some servers refuse the question. */
	if (!b->opened || (b->what == LOOK_LIST && b->exists == 0))
		return;
	if (b->what == LOOK_LIST)
		b->refused = true;
	answer_refused(b, ev);
}

static int
answer(struct look *l, const struct imap_event *ev, struct err *e)
{
	struct look_box *b = ev->cookie;

	switch (ev->kind) {
	case IMAP_BOX:
		return answer_opened(l, b, ev, e);
	case IMAP_MESSAGE:
		return answer_message(l, b, ev, e);
	case IMAP_EXPUNGED:
		b->expunged += ev->uids == NULL ? 1 : uidset_count(ev->uids);
		break;
	case IMAP_DONE:
		answer_done(b, ev);
		break;
	case IMAP_VANISHED:
	case IMAP_UIDS:
	case IMAP_APPENDED:
		break;
	}
	return 0;
}

/* ---- turns ---- */

/* Whether it should be looked at once more; and when. */
static bool
has_another_turn(struct look_box *b)
{
	double seconds = 0;

	if (b->turns + 1 == TURNS || b->left || (!b->refused &&
	    (!has_bodies(b) || uidset_empty(&b->ask))))
		return false;
	if (b->later)
		seconds = b->backoff_ms == 0 ? PAUSE :
		    (double)b->backoff_ms / 1000;
	if (seconds > PAUSE_MAX)
		return false;
	b->not_before = backup_ms() + (int64_t)(seconds * 1000);
	return true;
}

static int
end_turn(struct look *l, struct look_box *b, struct err *e)
{
	uidset_remove_set(&b->ask, &b->had);
	uidset_remove_set(&b->there, &b->had);
	uidset_remove_set(&b->nil, &b->had);
	uidset_remove_set(&b->spoiled, &b->had);
	uidset_clear(&b->had);
	if (has_another_turn(b)) {
		begin_turn(b);
		b->turns++;
		put_queue(l, b);
		return 0;
	}
	if (!b->refused)
		l->broken = false;
	/* It was not asked which of them are still there. */
	if (b->turns == 0)
		uidset_add_set(&b->there, &b->ask);
	return l->h->done(l->h->arg, b, e);
}

static int
end_some(struct look *l, struct err *e)
{
	while (l->first < l->sending &&
	    l->queue[l->first]->unanswered == 0)
		if (end_turn(l, l->queue[l->first++], e) == -1)
			return -1;
	return 0;
}

/* One step: 1 there is more to do, 0 all is done, -1. */
static int
turn(struct look *l, struct err *e)
{
	struct imap_event ev;
	int r;

	if (l->first == l->n)
		return 0;
	if (send_some(l, e) == -1 || (r = imap_next(l->im, &ev, e)) == -1)
		return -1;
	if (r == 0)
		return err_set(e, EK_PROTO, "the server owes nothing, "
		    "and yet not all is answered");
	if (answer(l, &ev, e) == -1)
		return -1;
	return end_some(l, e) == -1 ? -1 : 1;
}

/* What is on the wire will never be answered. */
static void
restart(struct look *l)
{
	size_t i;

	for (i = l->first; i < l->n && i <= l->sending; i++)
		if (l->queue[i]->examined)
			begin_turn(l->queue[i]);
	l->sending = l->first;
}

int
look_run(struct look *l, struct look_box *boxes, size_t n,
    const struct look_handler *h, struct err *e)
{
	size_t i;
	int r;

	l->h = h;
	l->n = l->first = l->sending = 0;
	for (i = 0; i < n; i++) {
		begin_turn(&boxes[i]);
		boxes[i].turns = 0;
		put_queue(l, &boxes[i]);
	}
	if (l->im == NULL && sign_in(l, e) == -1) {
		l->h = NULL;
		return -1;
	}
	if (h->body.begin != NULL)
		imap_body_to(l->im, &h->body);
	while ((r = turn(l, e)) != 0) {
		if (r == 1)
			continue;
		if (h->once || sign_in_again(l, e) == -1)
			break;
		restart(l);
	}
	/* It is the caller's, and gone when more comes, or another session begins. */
	l->h = NULL;
	if (l->im != NULL)
		imap_body_to(l->im, NULL);
	return r;
}
