/*
 * fetch.c - opening folders and fetching from them: the pipelined commands, and the events that their answers become.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "imap/session.h"

static void
enable_ended(struct imap *im, const struct response *r)
{
	if (r->status != RESP_OK)
		im->caps &= ~(1u << CAP_QRESYNC);
}

/* QRESYNC must be switched on before the first folder is opened (RFC 7162, section 3.2.3). */
static int
enable(struct imap *im, struct err *e)
{
	if (im->enabled || !imap_can(im, CAP_QRESYNC) ||
	    !imap_can(im, CAP_ENABLE))
		return 0;
	im->enabled = true;
	return session_quiet(im, "ENABLE QRESYNC", enable_ended, e);
}

int
imap_examine(struct imap *im, const char *wire,
    const struct imap_resync *resync, void *cookie, struct err *e)
{
	struct command *c;
	char text[96] = "";

	if (enable(im, e) == -1)
		return -1;
	if (resync != NULL && imap_can(im, CAP_QRESYNC) &&
	    imap_can(im, CAP_ENABLE))
		snprintf(text, sizeof(text),
		    " (QRESYNC (%" PRIu64 " %" PRIu64 "))",
		    resync->uidvalidity, resync->modseq);
	else if (imap_can(im, CAP_CONDSTORE))
		snprintf(text, sizeof(text), " (CONDSTORE)");
	if ((c = session_command(im, COMMAND_EXAMINE, e)) == NULL)
		return -1;
	c->cookie = cookie;
	session_put(im, "EXAMINE ");
	session_put_name(im, wire);
	session_put(im, text);
	return session_end(im, e);
}

static void
put_items(struct imap *im, unsigned int items)
{
	session_put(im, " (UID");
	if (items & IMAP_FLAGS)
		session_put(im, " FLAGS");
	if (items & IMAP_DATE)
		session_put(im, " INTERNALDATE");
	if (items & IMAP_SIZE)
		session_put(im, " RFC822.SIZE");
	if (items & IMAP_IDS && imap_can(im, CAP_GMAIL))
		session_put(im, " X-GM-MSGID X-GM-THRID");
	else if (items & IMAP_IDS && imap_can(im, CAP_OBJECTID))
		session_put(im, " EMAILID THREADID");
	if (items & IMAP_LABELS && imap_can(im, CAP_GMAIL))
		session_put(im, " X-GM-LABELS");
	if (items & IMAP_BODY)
		session_put(im, " BODY.PEEK[]");
	session_put(im, ")");
}

int
imap_fetch(struct imap *im, const struct uidset *uids, unsigned int items,
    uint64_t changed_since, void *cookie, struct err *e)
{
	struct buf set = BUF_INIT((IMAP_FETCH_RANGES + 1) * (UID_RANGE_MAX + 1));
	struct command *c;
	char text[48];

	assert(uids == NULL || (uids->n > 0 && uids->n <= IMAP_FETCH_RANGES));
	if ((c = session_command(im, COMMAND_FETCH, e)) == NULL)
		return -1;
	c->cookie = cookie;
	if (uids != NULL)
		uidset_format(uids, 0, set.max, &set);
	session_put(im, "UID FETCH ");
	session_put(im, uids == NULL ? "1:*" : buf_text(&set));
	buf_release(&set);
	put_items(im, items);
	if (changed_since != 0) {
		snprintf(text, sizeof(text), " (CHANGEDSINCE %" PRIu64 ")",
		    changed_since);
		session_put(im, text);
	}
	return session_end(im, e);
}

int
imap_search_all(struct imap *im, void *cookie, struct err *e)
{
	struct command *c;

	if ((c = session_command(im, COMMAND_SEARCH, e)) == NULL)
		return -1;
	c->cookie = cookie;
	session_put(im, imap_can(im, CAP_ESEARCH) ?
	    "UID SEARCH RETURN (ALL) ALL" : "UID SEARCH ALL");
	return session_end(im, e);
}

/* ---- events ---- */

/* A body that did not stream past because it was no literal goes to the sink now. */
static int
give_body(struct imap *im, struct err *e)
{
	struct response *r = &im->resp;

	if (r->body != BODY_GIVEN || r->body_text == NULL || !im->has_body)
		return 0;
	if (im->body.begin(im->body.sink.arg, r->body_size, e) == -1)
		return -1;
	return sink_write(&im->body.sink, r->body_text, (size_t)r->body_size,
	    e);
}

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
message_event(struct imap *im, struct command *c, struct imap_event *ev,
    struct err *e)
{
	struct response *r = &im->resp;

	if (r->bad)
		note_fault(im, c);
	/* Without a UID it is news of a flag at most, which the next comparison finds too. */
	if (r->meta.uid == 0)
		return 0;
	if (give_body(im, e) == -1)
		return -1;
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

	/* EXAMINE with a parameter is what it doesn't know. */
	if (c->kind == COMMAND_EXAMINE && r->status == RESP_BAD)
		im->caps &= ~(1u << CAP_CONDSTORE | 1u << CAP_QRESYNC);
	if (c->kind == COMMAND_QUIET || c->kind == COMMAND_SYNC)
		return 0;
	ev->kind = c->kind == COMMAND_EXAMINE ? IMAP_BOX : IMAP_DONE;
	ev->cookie = c->cookie;
	ev->search = c->kind == COMMAND_SEARCH;
	ev->ok = r->status == RESP_OK;
	if (!ev->ok)
		ev->refusal = response_refusal(r, &ev->backoff_ms);
	ev->text = r->text;
	ev->box = c->box;
	ev->mailboxid = c->mailboxid;
	ev->exists = im->exists;
	ev->unreadable = c->unreadable;
	ev->why = c->why;
	return 1;
}

/* The event that the last response is, if any: 1, 0, or -1. */
static int
make_event(struct imap *im, struct command *ended, struct imap_event *ev,
    struct err *e)
{
	struct response *r = &im->resp;
	struct command *c = session_current(im);

	memset(ev, 0, sizeof(*ev));
	if (ended != NULL)
		return end_event(im, ended, ev);
	if (c == NULL || c->kind == COMMAND_SYNC)
		return 0;
	/* While another folder opens, the server may still tell of the one before. */
	if (c->kind == COMMAND_EXAMINE && !c->opening && !r->earlier)
		return 0;
	ev->cookie = c->cookie;
	switch (r->kind) {
	case RESP_FETCH:
		return message_event(im, c, ev, e);
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

int
imap_next(struct imap *im, struct imap_event *ev, struct err *e)
{
	int r = 0;

	while (r == 0) {
		command_free(&im->ended);
		if (im->first == NULL)
			return 0;
		if (session_step(im, &im->ended, e) == -1)
			return -1;
		if ((r = make_event(im, im->ended, ev, e)) == -1)
			im->broken = true;
	}
	return r;
}
