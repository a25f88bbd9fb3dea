/*
 * mailbox.c - folders: opening one, making one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "imap/session.h"

/* ---- opening ---- */

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

static int
open_box(struct imap *im, enum command_kind kind, const char *wire,
    const char *parameter, void *cookie, struct err *e)
{
	struct command *c;

	if ((c = session_command(im, kind, e)) == NULL)
		return -1;
	c->cookie = cookie;
	c->parameter = *parameter != '\0';
	session_put(im, kind == COMMAND_SELECT ? "SELECT " : "EXAMINE ");
	session_put_name(im, wire);
	session_put(im, parameter);
	return session_end(im, e);
}

int
imap_examine(struct imap *im, const char *wire,
    const struct imap_resync *resync, void *cookie, struct err *e)
{
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
	return open_box(im, COMMAND_EXAMINE, wire, text, cookie, e);
}

int
imap_select(struct imap *im, const char *wire, void *cookie, struct err *e)
{
	return open_box(im, COMMAND_SELECT, wire, "", cookie, e);
}

int
imap_select_exact(struct imap *im, const char *wire, void *cookie,
    struct err *e)
{
	return open_box(im, COMMAND_SELECT, wire,
	    imap_can(im, CAP_CONDSTORE) ? " (CONDSTORE)" : "", cookie, e);
}

/* ---- making ---- */

/* Wait for the answer to "VERB name parameter". */
static int
run(struct imap *im, const char *verb, const char *wire,
    const char *parameter, struct err *e)
{
	struct command *c;

	if ((c = session_command(im, COMMAND_SYNC, e)) == NULL)
		return -1;
	session_put(im, verb);
	session_put_name(im, wire);
	session_put(im, parameter);
	return session_end(im, e) == -1 ? -1 : session_run(im, c, e);
}

/* 1 made, 0 there already, -1. */
static int
create(struct imap *im, const char *wire, const char *parameter,
    struct err *e)
{
	if (run(im, "CREATE ", wire, parameter, e) == 0)
		return 1;
	/* Servers without the code (RFC 5530) have the words. */
	return e->kind == EK_NO && (strcasestr(e->text, "[ALREADYEXISTS]") !=
	    NULL || strcasestr(e->text, "already exists") != NULL) ? 0 : -1;
}

int
imap_create(struct imap *im, const char *wire, const char *use,
    struct err *e)
{
	char text[64];
	int r;

	if (use != NULL && imap_can(im, CAP_CREATE_SPECIAL_USE)) {
		snprintf(text, sizeof(text), " (USE (%s))", use);
		if ((r = create(im, wire, text, e)) != -1 || e->kind != EK_NO)
			return r;
	}
	return create(im, wire, "", e);
}

int
imap_subscribe(struct imap *im, const char *wire, struct err *e)
{
	return run(im, "SUBSCRIBE ", wire, "", e);
}

static int
ask(struct imap *im, const char *verb, const char *wire, const char *parameter,
    void *cookie, struct err *e)
{
	struct command *c;

	if ((c = session_command(im, COMMAND_STORE, e)) == NULL)
		return -1;
	c->cookie = cookie;
	session_put(im, verb);
	session_put_name(im, wire);
	session_put(im, parameter);
	return session_end(im, e);
}

int
imap_ask_create(struct imap *im, const char *wire, const char *use,
    void *cookie, struct err *e)
{
	char text[64] = "";

	if (use != NULL && imap_can(im, CAP_CREATE_SPECIAL_USE))
		snprintf(text, sizeof(text), " (USE (%s))", use);
	return ask(im, "CREATE ", wire, text, cookie, e);
}

int
imap_ask_subscribe(struct imap *im, const char *wire, void *cookie,
    struct err *e)
{
	return ask(im, "SUBSCRIBE ", wire, "", cookie, e);
}

const char *
imap_personal(const struct imap *im, char *delimiter)
{
	size_t i;

	*delimiter = '\0';
	for (i = 0; i < im->ns_n; i++)
		if (im->ns[i].space == MAIL_PERSONAL) {
			*delimiter = im->ns[i].delimiter;
			return im->ns[i].prefix;
		}
	return "";
}
