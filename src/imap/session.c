/*
 * session.c - see session.h: opening, tags, capabilities, one response at a time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "imap/session.h"

#define DISCARD_MAX	(1024 * 1024)	/* bytes that libcurl may have left behind the sign-in */
#define CAPABILITY_MAX	4096		/* what is kept of the server's words */
#define PIPELINE_MAX	64		/* commands on their way */
#define WAITING_MAX	(32 * 1024)	/* bytes not taken by the connection */

static const char *const cap_names[CAP_N] = {
	[CAP_CONDSTORE] = "CONDSTORE",
	[CAP_QRESYNC] = "QRESYNC",
	[CAP_ENABLE] = "ENABLE",
	[CAP_ESEARCH] = "ESEARCH",
	[CAP_ID] = "ID",
	[CAP_LIST_EXTENDED] = "LIST-EXTENDED",
	[CAP_LIST_STATUS] = "LIST-STATUS",
	[CAP_LITERAL_MINUS] = "LITERAL-",
	[CAP_LITERAL_PLUS] = "LITERAL+",
	[CAP_NAMESPACE] = "NAMESPACE",
	[CAP_OBJECTID] = "OBJECTID",
	[CAP_QUOTA] = "QUOTA",
	[CAP_SPECIAL_USE] = "SPECIAL-USE",
	[CAP_STATUS_SIZE] = "STATUS=SIZE",
	[CAP_GMAIL] = "X-GM-EXT-1",
};

/* ---- capabilities ---- */

static uint32_t
caps_of(const char *word, size_t n)
{
	size_t i;

	for (i = 0; i < CAP_N; i++)
		if (strlen(cap_names[i]) == n &&
		    strncasecmp(cap_names[i], word, n) == 0)
			return 1u << i;
	return 0;
}

static void
set_caps(struct imap *im, const char *text)
{
	uint32_t caps = 0;
	const char *p = text;

	while (*(p += strspn(p, " ")) != '\0') {
		size_t n = strcspn(p, " ");

		caps |= caps_of(p, n);
		p += n;
	}
	/* RFC 7162: QRESYNC implies CONDSTORE. */
	if (caps & 1u << CAP_QRESYNC)
		caps |= 1u << CAP_CONDSTORE;
	im->caps = caps & ~im->disabled;
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
imap_received(const struct imap *im)
{
	return wire_received(im->wire);
}

/* ---- commands ---- */

void
command_free(struct command **cp)
{
	if (*cp == NULL)
		return;
	free((*cp)->mailboxid);
	free(*cp);
	*cp = NULL;
}

static void
new_tag(struct imap *im, char out[TAG_MAX])
{
	snprintf(out, TAG_MAX, "%s%" PRIu64, im->prefix, ++im->tags);
}

struct command *
session_command(struct imap *im, enum command_kind kind, struct err *e)
{
	struct command *c;

	if (im->broken) {
		err_set(e, EK_TEMP, "the session is over");
		return NULL;
	}
	c = xcalloc(1, sizeof(*c));
	c->kind = kind;
	new_tag(im, c->tag);
	if (wire_put(im->wire, c->tag, strlen(c->tag), e) == -1 ||
	    wire_put(im->wire, " ", 1, e) == -1) {
		im->broken = true;
		command_free(&c);
		return NULL;
	}
	if (im->last == NULL)
		im->first = c;
	else
		im->last->next = c;
	im->last = c;
	im->unanswered++;
	return c;
}

int
session_puts(struct imap *im, const char *s, struct err *e)
{
	log_debug("C: %s", s);
	return wire_put(im->wire, s, strlen(s), e);
}

int
session_put_name(struct imap *im, const char *name, struct err *e)
{
	size_t n = strlen(name), i;
	struct buf b = BUF_INIT(64 * 1024);
	int rc;

	if (strpbrk(name, "\r\n") != NULL) {
		/* Quoted strings can't hold a line end (RFC 9051, section 4.3). */
		bool waits = !imap_can(im, CAP_LITERAL_PLUS) &&
		    !(imap_can(im, CAP_LITERAL_MINUS) && n <= 4096);

		buf_addf(&b, "{%zu%s}\r\n", n, waits ? "" : "+");
		rc = session_puts(im, buf_text(&b), e);
		if (rc == 0 && waits)
			wire_hold(im->wire);
		if (rc == 0)
			rc = wire_put(im->wire, name, n, e);
		buf_release(&b);
		return rc;
	}
	buf_addc(&b, '"');
	for (i = 0; i < n; i++) {
		if (name[i] == '"' || name[i] == '\\')
			buf_addc(&b, '\\');
		buf_addc(&b, name[i]);
	}
	buf_addc(&b, '"');
	rc = session_puts(im, buf_text(&b), e);
	buf_release(&b);
	return rc;
}

int
session_end(struct imap *im, struct err *e)
{
	if (wire_put(im->wire, "\r\n", 2, e) == -1) {
		im->broken = true;
		return -1;
	}
	return 0;
}

int
session_quiet(struct imap *im, const char *text,
    void (*ended)(struct imap *, const struct response *), struct err *e)
{
	struct command *c;

	if ((c = session_command(im, COMMAND_QUIET, e)) == NULL)
		return -1;
	c->ended = ended;
	if (session_puts(im, text, e) == -1)
		return -1;
	return session_end(im, e);
}

bool
imap_room(const struct imap *im)
{
	return im->unanswered < PIPELINE_MAX &&
	    wire_waiting(im->wire) < WAITING_MAX;
}

bool
imap_idle(const struct imap *im)
{
	return im->first == NULL;
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
	 * libcurl may have read, and thrown away, a part of what the server sent behind its answer to the sign-in: so nothing is
	 * believed before the answer to a tag that nobody can guess.
	 */
	new_tag(im, im->sync);
	snprintf(line, sizeof(line), "%s NOOP\r\n", im->sync);
	if (wire_put(im->wire, line, strlen(line), e) == -1 ||
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
	if (!im->broken && session_command(im, COMMAND_QUIET, &ignored) !=
	    NULL && session_puts(im, "LOGOUT", &ignored) == 0 &&
	    session_end(im, &ignored) == 0)
		wire_flush(im->wire);
	while ((c = im->first) != NULL) {
		im->first = c->next;
		command_free(&c);
	}
	command_free(&im->ended);
	wire_close(&im->wire);
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
	im->body = *body;
	im->has_body = true;
}

/* ---- responses ---- */

/* Drop all up to the tagged answer to our first NOOP. */
static int
discard_foreign(struct imap *im, struct err *e)
{
	struct buf line = BUF_INIT(DISCARD_MAX);
	uint64_t dropped = 0;
	size_t n = strlen(im->sync), got;
	int rc = -1;

	while (!im->synced) {
		const char *nl;

		if (im->in == im->in_end) {
			if (wire_get(im->wire, &im->in, &got, e) == -1)
				goto out;
			im->in_end = im->in + got;
		}
		nl = memchr(im->in, '\n', (size_t)(im->in_end - im->in));
		got = (size_t)((nl == NULL ? im->in_end : nl + 1) - im->in);
		if ((dropped += got) > DISCARD_MAX ||
		    buf_add(&line, im->in, got) == -1) {
			err_set(e, EK_PROTO,
			    "the server does not answer NOOP");
			goto out;
		}
		im->in += got;
		if (nl == NULL)
			continue;
		im->synced = line.n > n && memcmp(line.p, im->sync, n) == 0 &&
		    line.p[n] == ' ';
		buf_clear(&line);
	}
	rc = 0;
out:
	buf_release(&line);
	return rc;
}

static int
take_body(struct imap *im, enum lex_event ev, const char *p, size_t n,
    struct err *e)
{
	/* A second body in one response is not wanted: the response is spoiled. */
	if (!im->has_body || im->lex.bodies > 1)
		return 0;
	if (ev == LEX_BODY_BEGIN)
		return im->body.begin(im->body.sink.arg, im->lex.body_size, e);
	return sink_write(&im->body.sink, p, n, e);
}

/* Read on until a whole response is parsed. */
static int
next_response(struct imap *im, struct err *e)
{
	enum lex_event ev;
	const char *piece = NULL;
	size_t n = 0;

	if (!im->synced && discard_foreign(im, e) == -1)
		return -1;
	for (;;) {
		if (lex_push(&im->lex, &im->in, im->in_end, &ev, &piece, &n,
		    e) == -1)
			return -1;
		switch (ev) {
		case LEX_MORE:
			if (wire_get(im->wire, &im->in, &n, e) == -1)
				return -1;
			im->in_end = im->in + n;
			break;
		case LEX_BODY_BEGIN:
		case LEX_BODY:
			if (take_body(im, ev, piece, n, e) == -1)
				return -1;
			break;
		case LEX_BODY_END:
			break;
		case LEX_RESPONSE:
			if (im->lex.line.n == 0)
				break;	/* an empty line */
			if (log_wants(LOG_DEBUG))
				log_debug("S: %s", im->lex.line.p);
			response_parse(&im->resp, im->lex.line.p,
			    im->lex.line.n, im->lex.body_at,
			    im->lex.body_size);
			return 0;
		}
	}
}

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

static void
take_state(struct imap *im, const struct response *r)
{
	struct command *c = im->first;

	if (r->code == CODE_CAPABILITY && r->code_text != NULL)
		set_caps(im, r->code_text);
	if (c == NULL || c->kind != COMMAND_EXAMINE)
		return;
	switch (r->code) {
	case CODE_UIDVALIDITY:
		c->box.uidvalidity = r->number <= UID_MAX ? r->number : 0;
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
	default:
		break;
	}
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

/* The command that this tagged response ends, taken out of the queue. */
static int
end_command(struct imap *im, struct command **out, struct err *e)
{
	struct response *r = &im->resp;
	struct command **at = &im->first, *c, *before = NULL;

	while ((c = *at) != NULL && strcmp(c->tag, r->tag) != 0) {
		before = c;
		at = &c->next;
	}
	if (c == NULL)
		return err_set(e, EK_PROTO,
		    "the server answered a command that was not sent: %s",
		    r->tag);
	*at = c->next;
	if (im->last == c)
		im->last = before;
	c->next = NULL;
	im->unanswered--;
	if (c->kind == COMMAND_EXAMINE)
		take_state(im, r);
	if (c->kind == COMMAND_QUIET && c->ended != NULL)
		c->ended(im, r);
	*out = c;
	return 0;
}

static int
act(struct imap *im, struct command **ended, struct err *e)
{
	struct response *r = &im->resp;

	switch (r->kind) {
	case RESP_TAGGED:
		return end_command(im, ended, e);
	case RESP_BYE:
		return err_set(e, EK_TEMP,
		    "the server closed the connection: %s", r->text);
	case RESP_CONTINUE:
		wire_release(im->wire);
		break;
	case RESP_STATE:
		take_state(im, r);
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
		if (r->number > UID_MAX)
			return err_set(e, EK_PROTO, "the server claims "
			    "%" PRIu64 " messages in a folder", r->number);
		im->exists = r->number;
		if (im->first != NULL && im->first->kind == COMMAND_EXAMINE) {
			im->first->box.exists = r->number;
			im->first->box.has_exists = true;
		}
		break;
	case RESP_EXPUNGE:
		if (im->exists > 0)
			im->exists--;
		break;
	case RESP_VANISHED:
		if (!r->earlier && !r->bad) {
			uint64_t n = uidset_count(&r->uids);

			im->exists -= n < im->exists ? n : im->exists;
		}
		break;
	case RESP_FETCH:
		check_fetch(im);
		break;
	default:
		break;
	}
	if (im->first != NULL && im->first->kind == COMMAND_SYNC &&
	    im->first->take != NULL)
		im->first->take(im->first->arg, r);
	return 0;
}

int
session_step(struct imap *im, struct command **ended, struct err *e)
{
	*ended = NULL;
	if (im->broken)
		return err_set(e, EK_TEMP, "the session is over");
	if (next_response(im, e) == -1 || act(im, ended, e) == -1) {
		im->broken = true;
		return -1;
	}
	return 0;
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
