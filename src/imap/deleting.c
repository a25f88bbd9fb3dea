/*
 * deleting.c - see deleting.h: the commands, and what the server tells of the messages that they name.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "imap/session.h"

/* ---- commands ---- */

bool
imap_can_expunge(const struct imap *im)
{
	return imap_can(im, CAP_UIDPLUS) || imap_can(im, CAP_IMAP4REV2);
}

bool
imap_can_move(const struct imap *im)
{
	return imap_can(im, CAP_MOVE) || imap_can(im, CAP_IMAP4REV2);
}

/* A command on these messages and no others, whatever the caller made of them. */
static struct command *
command(struct imap *im, const char *verb, const struct uidset *uids,
    enum resp_code code, void *cookie, struct err *e)
{
	struct command *c;

	if (uids == NULL || uids->n == 0 || uids->n > imap_ranges(im)) {
		err_set(e, EK_FAIL, "no messages, or too many at a time: %s",
		    verb);
		return NULL;
	}
	if ((c = session_command_on(im, COMMAND_STORE, verb, uids, cookie,
	    e)) == NULL)
		return NULL;
	c->told.code = code;
	uidset_add_set(&c->told.asked, uids);
	return c;
}

int
imap_mark(struct imap *im, const struct uidset *uids, bool on,
    uint64_t unchanged_since, void *cookie, struct err *e)
{
	char text[64];

	if (command(im, "UID STORE ", uids, CODE_MODIFIED, cookie, e) == NULL)
		return -1;
	if (unchanged_since != 0 && imap_can(im, CAP_CONDSTORE)) {
		snprintf(text, sizeof(text), " (UNCHANGEDSINCE %" PRIu64 ")",
		    unchanged_since);
		session_put(im, text);
	}
	session_put(im, on ? " +" : " -");
	session_put(im, "FLAGS.SILENT (\\Deleted)");
	return session_end(im, e);
}

int
imap_expunge(struct imap *im, const struct uidset *uids, void *cookie,
    struct err *e)
{
	if (!imap_can_expunge(im))
		return err_set(e, EK_FAIL,
		    "the server offers no UID EXPUNGE");
	if (command(im, "UID EXPUNGE ", uids, CODE_NONE, cookie, e) == NULL)
		return -1;
	return session_end(im, e);
}

int
imap_move(struct imap *im, const struct uidset *uids, const char *wire,
    void *cookie, struct err *e)
{
	if (!imap_can_move(im))
		return err_set(e, EK_FAIL, "the server offers no UID MOVE");
	if (command(im, "UID MOVE ", uids, CODE_COPYUID, cookie, e) == NULL)
		return -1;
	session_put(im, " ");
	session_put_name(im, wire);
	return session_end(im, e);
}

/* ---- what is told ---- */

/* The text keeps a code that could not be read; so it does one that stands where none belongs. */
static bool
has_unread(const struct response *r, enum resp_code code)
{
	return strcasestr(r->text, code == CODE_MODIFIED ? "[MODIFIED" :
	    "[COPYUID") != NULL;
}

/* Whether what is told can be so: of messages that were asked about, all of them in one folder. */
static bool
is_sound(const struct told *t, const struct response *r)
{
	struct uidset others = UIDSET_INIT;
	bool sound;

	uidset_add_set(&others, &r->uids);
	uidset_remove_set(&others, &t->asked);
	sound = uidset_empty(&others);
	uidset_release(&others);
	return sound &&
	    (uidset_empty(&t->uids) || t->uidvalidity == r->number) &&
	    t->uids.n + r->uids.n <= RESP_CODE_RANGES &&
	    t->moved.n + r->moved.n <= RESP_CODE_RANGES;
}

void
deleting_take_code(struct command *c, const struct response *r)
{
	struct told *t = &c->told;

	if (t->code == CODE_NONE)
		return;
	if (has_unread(r, t->code) || (r->code == t->code && !is_sound(t, r)))
		t->odd = true;
	else if (r->code == t->code) {
		uidset_add_set(&t->uids, &r->uids);
		uidset_add_set(&t->moved, &r->moved);
		t->uidvalidity = r->number;
	}
}

void
deleting_tell(const struct command *c, struct imap_event *ev)
{
	const struct told *t = &c->told;

	/* Several that overlap may not come out even. */
	ev->odd = t->odd || (t->code == CODE_COPYUID &&
	    uidset_count(&t->uids) != uidset_count(&t->moved));
	if (ev->odd || uidset_empty(&t->uids))
		return;
	ev->uids = &t->uids;
	if (t->code == CODE_COPYUID) {
		ev->uidvalidity = t->uidvalidity;
		ev->moved = &t->moved;
	}
}
