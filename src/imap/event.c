/*
 * event.c - what answers become: the events that come out of imap_next(), at once or later.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "imap/session.h"

/*
 * A response that was not understood: each kind of fault is mentioned once a folder, however many there are.  Those
 * that belong to no message are counted for the end of the command.
 */
static void
note_fault(struct imap *im, struct command *c)
{
	struct response *r = &im->resp;
	size_t i = 0;

	if (r->meta.uid == 0) {
		if (c->unreadable++ == 0)
			c->why = r->why;
		return;
	}
	while (i < FETCH_FAULTS && im->told[i] != NULL)
		if (im->told[i++] == r->why)
			return;
	if (i == FETCH_FAULTS)
		return;
	im->told[i] = r->why;
	log_warn("an answer to FETCH was not understood (%s): message %"
	    PRIu64 ", UID %" PRIu32, r->why, r->number, r->meta.uid);
}

static int
message_event(struct imap *im, struct command *c, struct imap_event *ev)
{
	struct response *r = &im->resp;

	/* A header must not be taken for a message. */
	if (r->body == BODY_GIVEN && r->header != c->header) {
		r->bad = true;
		r->why = "its body is not the one that was asked for";
		r->body = BODY_SPOILED;
	}
	if (r->bad)
		note_fault(im, c);
	/* Without a UID it is news of a flag at most, which the next comparison finds too. */
	if (r->meta.uid == 0)
		return 0;
	ev->kind = IMAP_MESSAGE;
	ev->ok = !r->bad;
	ev->meta = r->meta;
	ev->body = r->body;
	ev->body_size = r->body_size;
	return 1;
}

static int
end_event(struct imap *im, struct command *c, struct imap_event *ev)
{
	struct response *r = &im->resp;

	/* The parameter is what it doesn't know. */
	if (c->parameter && r->status == RESP_BAD)
		im->caps &= ~(1u << CAP_CONDSTORE | 1u << CAP_QRESYNC);
	if (c->kind == COMMAND_QUIET || c->kind == COMMAND_SYNC)
		return 0;
	ev->kind = session_opens(c) ? IMAP_BOX :
	    c->kind == COMMAND_APPEND ? IMAP_APPENDED : IMAP_DONE;
	ev->cookie = c->cookie;
	ev->search = c->kind == COMMAND_SEARCH;
	ev->ok = r->status == RESP_OK;
	if (!ev->ok)
		ev->refusal = response_refusal(r, &ev->backoff_ms);
	ev->text = r->text;
	ev->box = c->box;
	ev->mailboxid = c->mailboxid;
	ev->permanent = c->permanent;
	ev->read_only = c->read_only;
	ev->exists = im->exists;
	ev->unreadable = c->unreadable;
	ev->why = c->why;
	deleting_tell(c, ev);
	if (c->kind == COMMAND_APPEND && r->code == CODE_APPENDUID) {
		ev->uidvalidity = r->number;
		ev->uids = &r->uids;
	}
	return 1;
}

/* The event that the last response is, if any: 1 or 0. */
static int
make_event(struct imap *im, struct command *ended, struct imap_event *ev)
{
	struct response *r = &im->resp;
	struct command *c = session_current(im);

	memset(ev, 0, sizeof(*ev));
	if (ended != NULL)
		return end_event(im, ended, ev);
	if (c == NULL || c->kind == COMMAND_SYNC)
		return 0;
	/* While another folder opens, the server may still tell of the one before. */
	if (session_opens(c) && !c->opening && !r->earlier)
		return 0;
	ev->cookie = c->cookie;
	switch (r->kind) {
	case RESP_FETCH:
		return message_event(im, c, ev);
	case RESP_VANISHED:
		ev->kind = r->earlier ? IMAP_VANISHED : IMAP_EXPUNGED;
		ev->uids = &r->uids;
		return !r->bad;
	case RESP_EXPUNGE:
		ev->kind = IMAP_EXPUNGED;
		return 1;
	case RESP_SEARCH:
		ev->kind = IMAP_UIDS;
		ev->uids = &r->uids;
		return !r->bad;
	default:
		return 0;
	}
}

/* ---- bodies ---- */

/* The body of a message, where it did not stream past; NULL where it did, or there is none. */
static const char *
body_of(const struct imap *im, const struct imap_event *ev)
{
	if (ev->kind != IMAP_MESSAGE || ev->body != BODY_GIVEN ||
	    !im->has_body)
		return NULL;
	if (im->resp.body_text != NULL)
		return im->resp.body_text;
	return im->body_kept ? buf_text(&im->kept_body) : NULL;
}

static int
give_body(struct imap *im, const char *body, uint64_t n, struct err *e)
{
	if (body == NULL)
		return 0;
	if (im->body.begin(im->body.sink.arg, n, e) == -1)
		return -1;
	return sink_write(&im->body.sink, body, (size_t)n, e);
}

/* ---- for later ---- */

#define TEXTS	8	/* of one event */

/* An event with all that it points to. */
struct kept {
	struct kept	*next;		/* own */
	struct imap_event ev;
	struct uidset	 uids, moved;
	char		*body;		/* own, or NULL */
	char		*text[TEXTS];	/* own */
	size_t		 texts;
	size_t		 bytes;
};

static void
kept_free(struct kept **kp)
{
	struct kept *k = *kp;

	if (k == NULL)
		return;
	while (k->texts > 0)
		free(k->text[--k->texts]);
	uidset_release(&k->uids);
	uidset_release(&k->moved);
	free(k->body);
	free(k);
	*kp = NULL;
}

void
event_forget(struct imap *im)
{
	struct kept *k;

	while ((k = im->kept) != NULL) {
		im->kept = k->next;
		kept_free(&k);
	}
	kept_free(&im->given);
	im->kept_last = NULL;
	im->kept_n = im->kept_bytes = 0;
}

int
event_too_much(struct err *e)
{
	return err_set(e, EK_PROTO, "the server sent more than %d MiB while "
	    "it was sent to", KEPT_MAX / (1024 * 1024));
}

static void
keep_text(struct kept *k, const char **text)
{
	if (*text == NULL)
		return;
	k->bytes += strlen(*text) + 1;
	*text = k->text[k->texts++] = xstrdup(*text);
}

static void
keep_uids(struct kept *k, struct uidset *copy, const struct uidset **uids)
{
	if (*uids == NULL)
		return;
	uidset_add_set(copy, *uids);
	*uids = copy;
	k->bytes += copy->n * sizeof(*copy->r);
}

static struct kept *
keep(struct imap *im, const struct imap_event *ev)
{
	struct kept *k = xcalloc(1, sizeof(*k));
	const char *body = body_of(im, ev);

	k->ev = *ev;
	k->bytes = sizeof(*k);
	keep_text(k, &k->ev.text);
	keep_text(k, &k->ev.mailboxid);
	keep_text(k, &k->ev.permanent);
	keep_text(k, &k->ev.meta.internaldate);
	keep_text(k, &k->ev.meta.flags);
	keep_text(k, &k->ev.meta.labels);
	keep_text(k, &k->ev.meta.emailid);
	keep_text(k, &k->ev.meta.threadid);
	keep_uids(k, &k->uids, &k->ev.uids);
	keep_uids(k, &k->moved, &k->ev.moved);
	if (body != NULL) {
		k->body = body == im->resp.body_text ?
		    xmemdup0(body, (size_t)ev->body_size) :
		    buf_take(&im->kept_body);
		k->bytes += (size_t)ev->body_size;
	}
	return k;
}

int
event_keep(struct imap *im, struct command *ended, struct err *e)
{
	struct imap_event ev;
	struct kept *k;

	if (make_event(im, ended, &ev) == 0)
		return 0;
	k = keep(im, &ev);
	if (im->kept == NULL)
		im->kept = k;
	else
		im->kept_last->next = k;
	im->kept_last = k;
	im->kept_n++;
	im->kept_bytes += k->bytes;
	return im->kept_bytes > KEPT_MAX ? event_too_much(e) : 0;
}

/* The first of those that were kept. */
static int
give_kept(struct imap *im, struct imap_event *ev, struct err *e)
{
	struct kept *k = im->kept;

	im->given = k;
	im->kept = k->next;
	im->kept_n--;
	im->kept_bytes -= k->bytes;
	*ev = k->ev;
	return give_body(im, k->body, k->ev.body_size, e);
}

/* ---- */

/* The next event: 1, 0 for none as yet, -1. */
static int
take_event(struct imap *im, struct imap_event *ev, struct err *e)
{
	if (im->kept != NULL)
		return give_kept(im, ev, e) == -1 ? -1 : 1;
	if (session_step(im, &im->ended, e) == -1)
		return -1;
	if (make_event(im, im->ended, ev) == 0)
		return 0;
	return give_body(im, body_of(im, ev), ev->body_size, e) == -1 ? -1 :
	    1;
}

int
imap_next(struct imap *im, struct imap_event *ev, struct err *e)
{
	int r = 0;

	while (r == 0) {
		command_free(&im->ended);
		kept_free(&im->given);
		if (im->first == NULL && im->kept == NULL)
			return 0;
		if ((r = take_event(im, ev, e)) == -1)
			im->broken = true;
	}
	return r;
}
