/*
 * session.c - see session.h: opening, capabilities, what a response means for the session.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "imap/cursor.h"
#include "imap/session.h"

#define COMMAND_MAX	(64 * 1024)	/* bytes of a command */
#define CAPABILITY_MAX	4096		/* what is kept of the server's words */
#define ALERTS_MAX	10		/* shown of one session */

/* A server that talks on and on without answering: responses until a command ends. */
#define RESPONSES_MAX	50000000

static const char *const cap_names[CAP_N] = {
	[CAP_CONDSTORE] = "CONDSTORE",
	[CAP_QRESYNC] = "QRESYNC",
	[CAP_CREATE_SPECIAL_USE] = "CREATE-SPECIAL-USE",
	[CAP_ENABLE] = "ENABLE",
	[CAP_ESEARCH] = "ESEARCH",
	[CAP_ID] = "ID",
	[CAP_IMAP4REV2] = "IMAP4rev2",
	[CAP_LIST_EXTENDED] = "LIST-EXTENDED",
	[CAP_LIST_STATUS] = "LIST-STATUS",
	[CAP_LITERAL_MINUS] = "LITERAL-",
	[CAP_LITERAL_PLUS] = "LITERAL+",
	[CAP_MOVE] = "MOVE",
	[CAP_MULTIAPPEND] = "MULTIAPPEND",
	[CAP_NAMESPACE] = "NAMESPACE",
	[CAP_OBJECTID] = "OBJECTID",
	[CAP_QUOTA] = "QUOTA",
	[CAP_SPECIAL_USE] = "SPECIAL-USE",
	[CAP_STATUS_SIZE] = "STATUS=SIZE",
	[CAP_UIDPLUS] = "UIDPLUS",
	[CAP_GMAIL] = "X-GM-EXT-1",
};

/* ---- capabilities ---- */

static uint32_t
caps_of(const char *word, size_t n)
{
	size_t i;

	for (i = 0; i < CAP_N; i++)
		if (str_same(word, n, cap_names[i]))
			return 1u << i;
	/* RFC 9208: those beyond RFC 2087 name what they count. */
	if (str_same(word, n, "QUOTA=RES-STORAGE"))
		return 1u << CAP_QUOTA;
	return 0;
}

/* "APPENDLIMIT=35651584"; without a figure it is told folder by folder (RFC 7889). */
static uint64_t
append_limit(const char *word, size_t n)
{
	static const char name[] = "APPENDLIMIT=";
	const size_t len = sizeof(name) - 1;
	uint64_t limit;

	if (n < len || !str_same(word, len, name) ||
	    text_u64(word + len, n - len, &limit) == -1)
		return 0;
	return limit;
}

static void
set_caps(struct imap *im, const char *text)
{
	uint32_t caps = 0;
	uint64_t limit;
	const char *p = text;

	im->append_limit = 0;
	while (*(p += strspn(p, " ")) != '\0') {
		size_t n = strcspn(p, " ");

		caps |= caps_of(p, n);
		if ((limit = append_limit(p, n)) != 0)
			im->append_limit = limit;
		p += n;
	}
	/* RFC 7162: QRESYNC implies CONDSTORE, and can't be had without it. */
	if (caps & 1u << CAP_QRESYNC)
		caps |= 1u << CAP_CONDSTORE;
	caps &= ~im->disabled;
	if (!(caps & 1u << CAP_CONDSTORE))
		caps &= ~(1u << CAP_QRESYNC);
	im->caps = caps;
	text += strspn(text, " ");
	free(im->capability);
	im->capability = xmemdup0(text, strnlen(text, CAPABILITY_MAX));
}

bool
imap_can(const struct imap *im, enum imap_cap cap)
{
	return (im->caps & 1u << cap) != 0;
}

const char *
imap_capability(const struct imap *im)
{
	return im->capability == NULL ? "" : im->capability;
}

const char *
imap_server(const struct imap *im)
{
	return im->server;
}

uint64_t
imap_append_limit(const struct imap *im)
{
	return im->append_limit;
}

size_t
imap_sending(const struct imap *im)
{
	return wire_waiting(im->wire);
}

uint64_t
imap_received(const struct imap *im)
{
	return wire_received(im->wire);
}

/* ---- opening ---- */

static void
capability_ended(struct imap *im, const struct response *r)
{
	(void)r;
	im->caps_known = true;
}

int
imap_open(const struct imap_login *l, struct imap **out, struct err *e)
{
	struct imap *im;
	struct wire *wire;
	uint8_t random[4];
	char line[TAG_MAX + 16];
	size_t i;

	if (wire_open(l, &wire, e) == -1)
		return -1;
	im = xcalloc(1, sizeof(*im));
	im->wire = wire;
	buf_init(&im->line, COMMAND_MAX);
	buf_init(&im->kept_body, KEPT_MAX);
	lex_init(&im->lex);
	response_init(&im->resp);
	random_bytes(random, sizeof(random));
	snprintf(im->prefix, sizeof(im->prefix), "k%02x%02x%02x%02x.",
	    random[0], random[1], random[2], random[3]);
	for (i = 0; i < l->disable_n; i++)
		im->disabled |= caps_of(l->disable[i], strlen(l->disable[i]));
	if (l->hint != NULL)
		set_caps(im, l->hint);
	/*
	 * libcurl may have read, and thrown away, a part of what the server sent behind its answer to the sign-in: so
	 * nothing is believed before the answer to a tag that nobody can guess.
	 */
	session_tag(im, im->sync);
	snprintf(line, sizeof(line), "%s NOOP\r\n", im->sync);
	if (wire_put(im->wire, line, strlen(line), 0, e) == -1 ||
	    session_quiet(im, "CAPABILITY", capability_ended, e) == -1) {
		imap_close(&im);
		return -1;
	}
	*out = im;
	return 0;
}

void
imap_close(struct imap **imp)
{
	struct imap *im = *imp;
	struct command *c;
	struct err ignored;

	if (im == NULL)
		return;
	/* What would be sent in the middle of a message would become a part of it. */
	if (!im->broken && !im->append.open && session_quiet(im, "LOGOUT", NULL, &ignored) == 0)
		wire_flush(im->wire);
	while ((c = im->first) != NULL) {
		im->first = c->next;
		command_free(&c);
	}
	command_free(&im->making);
	command_free(&im->ended);
	event_forget(im);
	buf_release(&im->kept_body);
	wire_close(&im->wire);
	buf_release(&im->line);
	lex_release(&im->lex);
	response_release(&im->resp);
	free(im->capability);
	free(im->server);
	while (im->ns_n > 0)
		free(im->ns[--im->ns_n].prefix);
	free(im->ns);
	free(im);
	*imp = NULL;
}

void
imap_body_to(struct imap *im, const struct imap_body *body)
{
	im->has_body = body != NULL;
	if (body != NULL)
		im->body = *body;
}

/* ---- responses ---- */

/* A message whose response can't be trusted as a whole. */
static void
check_fetch(struct imap *im)
{
	struct response *r = &im->resp;

	if (im->lex.bodies > 1) {
		r->bad = true;
		r->why = "it has two bodies";
	}
	if (r->bad && (im->lex.bodies > 0 || r->body == BODY_GIVEN))
		r->body = BODY_SPOILED;
}

bool
session_opens(const struct command *c)
{
	return c != NULL && (c->kind == COMMAND_EXAMINE ||
	    c->kind == COMMAND_SELECT);
}

/* A code of a status; ${c}: the command that it may be about, or NULL. */
static void
take_code(struct imap *im, struct command *c, const struct response *r)
{
	if (r->code == CODE_CAPABILITY)
		set_caps(im, r->code_text);
	if (r->code == CODE_ALERT && im->alerts++ < ALERTS_MAX)
		log_warn("the server says: %s", r->text);
	if (c != NULL)
		deleting_take_code(c, r);
	if (!session_opens(c))
		return;
	switch (r->code) {
	case CODE_CLOSED:
		/* What came so far was about the folder before. */
		memset(&c->box, 0, sizeof(c->box));
		free(c->permanent);
		c->permanent = NULL;
		c->read_only = false;
		c->opening = true;
		break;
	case CODE_UIDVALIDITY:
		c->box.uidvalidity = r->number <= UID_MAX ? r->number : 0;
		c->opening = true;
		break;
	case CODE_UIDNEXT:
		c->box.uidnext = r->number <= UID_MAX ? r->number : 0;
		break;
	case CODE_HIGHESTMODSEQ:
		c->box.highestmodseq = r->number;
		break;
	case CODE_MAILBOXID:
		if (c->mailboxid == NULL && r->code_text != NULL)
			c->mailboxid = xstrdup(r->code_text);
		break;
	case CODE_PERMANENTFLAGS:
		free(c->permanent);
		c->permanent = xstrdup(buf_text(&r->list));
		break;
	case CODE_READ_ONLY:
	case CODE_READ_WRITE:
		c->read_only = r->code == CODE_READ_ONLY;
		break;
	default:
		break;
	}
}

/* EXISTS, EXPUNGE, VANISHED: the number of messages in the folder that is open, or that EXAMINE is opening. */
static int
count_messages(struct imap *im, struct command *c, const struct response *r,
    struct err *e)
{
	bool opens = session_opens(c);
	uint64_t *count = opens ? &c->box.exists : &im->exists, gone;

	if (r->kind == RESP_EXISTS) {
		if (r->number > UID_MAX)
			return err_set(e, EK_PROTO, "the server claims "
			    "%" PRIu64 " messages in a folder", r->number);
		*count = r->number;
		if (opens)
			c->box.has_exists = true;
		return 0;
	}
	gone = r->kind == RESP_EXPUNGE ? 1 : uidset_count(&r->uids);
	if (!r->earlier && !r->bad)
		*count -= gone < *count ? gone : *count;
	return 0;
}

/* A continuation request: the first literal that waits for one may go. */
static void
continue_literal(struct imap *im)
{
	struct command *c = im->first;

	while (c != NULL && c->held == 0)
		c = c->next;
	if (c == NULL) {
		/* That of an APPEND comes behind them all. */
		im->append.waits = false;
		return;
	}
	c->held = 0;
	wire_release(im->wire);
}

static void
take_namespaces(struct imap *im, struct response *r)
{
	if (r->bad || im->ns != NULL)
		return;
	/* They change hands: a response is not needed twice. */
	im->ns = r->ns;
	im->ns_n = r->ns_n;
	r->ns = NULL;
	r->ns_n = r->ns_cap = 0;
}

/* The answer to an APPEND that is still being sent. */
static int
end_append(struct imap *im, struct err *e)
{
	struct appending *a = &im->append;

	if (im->resp.status == RESP_OK)
		return err_set(e, EK_PROTO, "the server answered to APPEND "
		    "before it had all of it");
	/* Refused instead of asked for its literal, the command is at its end. */
	if (a->waits)
		a->unended = false;
	a->waits = false;
	a->c = NULL;
	return 0;
}

/* The command that this tagged response ends, taken out of the queue. */
static int
end_command(struct imap *im, struct command **out, struct err *e)
{
	struct response *r = &im->resp;
	struct command **at = &im->first, *c, *before = NULL;
	bool stuck = false;

	/* What stands behind a literal that waits was not sent yet. */
	while ((c = *at) != NULL && !stuck && strcmp(c->tag, r->tag) != 0) {
		stuck = c->held > 0;
		before = c;
		at = &c->next;
	}
	if (c == NULL || stuck)
		return err_set(e, EK_PROTO,
		    "the server answered a command that was not sent: %s",
		    r->tag);
	/* Refused before its literal was asked for: that must not go out. */
	if (c->held > 0)
		wire_drop(im->wire);
	*at = c->next;
	if (im->last == c)
		im->last = before;
	c->next = NULL;
	im->unanswered--;
	take_code(im, c, r);
	if (session_opens(c)) {
		im->exists = c->box.exists;
		memset(im->told, 0, sizeof(im->told));
	}
	if (c->ended != NULL)
		c->ended(im, r);
	*out = c;
	return c == im->append.c ? end_append(im, e) : 0;
}

/* What concerns the session; ${c}: the current command, or NULL. */
static int
act(struct imap *im, struct command *c, struct err *e)
{
	struct response *r = &im->resp;

	switch (r->kind) {
	case RESP_BYE:
		return err_set(e, EK_TEMP,
		    "the server closed the connection: %s", r->text);
	case RESP_CONTINUE:
		continue_literal(im);
		break;
	case RESP_STATE:
		take_code(im, c, r);
		break;
	case RESP_CAPABILITY:
		set_caps(im, r->text);
		break;
	case RESP_ID:
		if (*r->text != '\0') {
			free(im->server);
			im->server = xstrdup(r->text);
		}
		break;
	case RESP_NAMESPACE:
		take_namespaces(im, r);
		break;
	case RESP_EXISTS:
	case RESP_EXPUNGE:
	case RESP_VANISHED:
		return count_messages(im, c, r, e);
	case RESP_FETCH:
		check_fetch(im);
		break;
	default:
		break;
	}
	return 0;
}

/* A server may take its time, but not for ever. */
static int
check_patience(struct imap *im, struct err *e)
{
	const struct response *r = &im->resp;

	if (r->kind == RESP_TAGGED) {
		im->responses = im->chatter = 0;
		return 0;
	}
	if (++im->responses > RESPONSES_MAX)
		return err_set(e, EK_PROTO, "the server sent %d responses "
		    "and no answer", RESPONSES_MAX);
	switch (r->kind) {
	case RESP_LIST:
	case RESP_LSUB:
	case RESP_STATUS:
	case RESP_SEARCH:
	case RESP_FETCH:
	case RESP_VANISHED:
	case RESP_EXPUNGE:
		im->chatter = 0;
		return 0;
	default:
		break;
	}
	return session_chatter(im, e);
}

/* See to the last response. */
static int
take_response(struct imap *im, struct command **ended, struct err *e)
{
	struct response *r = &im->resp;
	struct command *c;

	if (check_patience(im, e) == -1)
		return -1;
	if (r->kind == RESP_TAGGED)
		return end_command(im, ended, e);
	c = session_current(im);
	if (act(im, c, e) == -1)
		return -1;
	return c != NULL && c->take != NULL ? c->take(c->arg, r, e) : 0;
}

int
session_step(struct imap *im, struct command **ended, struct err *e)
{
	*ended = NULL;
	if (im->broken)
		return err_set(e, EK_TEMP, "the session is over");
	if (session_read(im, e) == -1 || take_response(im, ended, e) == -1) {
		im->broken = true;
		return -1;
	}
	return 0;
}

/* The last response, its event for later. */
static int
keep_response(struct imap *im, struct err *e)
{
	struct command *ended = NULL;
	int rc;

	if ((rc = take_response(im, &ended, e)) == 0)
		rc = event_keep(im, ended, e);
	command_free(&ended);
	return rc;
}

static int
pump(struct imap *im, size_t most, struct err *e)
{
	size_t n;
	int r;

	if (session_sync(im, e) == -1)
		return -1;
	for (;;) {
		while ((r = session_parse(im, e)) == 1)
			if (keep_response(im, e) == -1)
				return -1;
		if (r == -1 || (r = wire_send(im->wire, most, &im->in, &n,
		    e)) != 1)
			return r;
		im->in_end = im->in + n;
	}
}

int
session_pump(struct imap *im, size_t most, struct err *e)
{
	int rc;

	if (im->broken)
		return err_set(e, EK_TEMP, "the session is over");
	im->keeping = true;
	rc = pump(im, most, e);
	im->keeping = false;
	if (rc == -1)
		im->broken = true;
	return rc;
}

int
session_hear(struct imap *im, struct err *e)
{
	int rc;

	if (im->broken)
		return err_set(e, EK_TEMP, "the session is over");
	im->keeping = true;
	if ((rc = session_read(im, e)) == 0)
		rc = keep_response(im, e);
	im->keeping = false;
	if (rc == -1)
		im->broken = true;
	return rc;
}

int
session_run(struct imap *im, struct command *c, struct err *e)
{
	struct command *ended = NULL;

	while (ended != c) {
		command_free(&ended);
		if (session_step(im, &ended, e) == -1)
			return -1;
	}
	command_free(&ended);
	if (im->resp.status != RESP_OK)
		return err_set(e, EK_NO, "%s", im->resp.text);
	return 0;
}

int
session_caps_wait(struct imap *im, struct err *e)
{
	struct command *ended;

	while (!im->caps_known) {
		if (session_step(im, &ended, e) == -1)
			return -1;
		command_free(&ended);
	}
	return 0;
}
