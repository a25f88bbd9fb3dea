/*
 * input.c - from bytes to whole responses; bodies go to their sink on the way.
 */
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "imap/session.h"

#define DISCARD_MAX	(1024 * 1024)	/* bytes that libcurl may have left behind the sign-in */

/* Responses that bring nothing, such as "OK still here", in a row and in seconds. */
#define CHATTER_MAX	1000000
#define CHATTER_SECONDS	3600

/* More to look at: it is in im->in. */
static int
receive(struct imap *im, struct err *e)
{
	size_t n;

	if (wire_get(im->wire, &im->in, &n, e) == -1)
		return -1;
	im->in_end = im->in + n;
	return 0;
}

/* What brings nothing has come: a server may do that for a while. */
int
session_chatter(struct imap *im, struct err *e)
{
	if (im->chatter++ == 0)
		im->chatter_since = time(NULL);
	if (im->chatter <= CHATTER_MAX &&
	    time(NULL) - im->chatter_since <= CHATTER_SECONDS)
		return 0;
	return err_set(e, EK_TEMP, "the server talks, but answers nothing");
}

/* One line of what libcurl may have left behind: whether it is the answer to our NOOP. */
static bool
is_synced(const struct imap *im, const struct buf *line, struct buf *bye)
{
	size_t n = strlen(im->sync);

	/* Not to be believed, but it explains an end. */
	if (strncmp(buf_text(line), "* BYE ", 6) == 0) {
		buf_clear(bye);
		buf_add(bye, line->p + 6, strcspn(line->p + 6, "\r\n"));
	}
	return line->n > n && memcmp(line->p, im->sync, n) == 0 &&
	    line->p[n] == ' ';
}

int
session_sync(struct imap *im, struct err *e)
{
	struct buf line = BUF_INIT(DISCARD_MAX), bye = BUF_INIT(DISCARD_MAX);
	size_t dropped = 0, n;
	int rc = -1;

	while (!im->synced) {
		const char *nl;

		if (im->in == im->in_end && receive(im, e) == -1) {
			if (e->kind == EK_TEMP && bye.n > 0)
				err_set(e, EK_TEMP, "the server closed the "
				    "connection: %s", bye.p);
			goto out;
		}
		if (session_chatter(im, e) == -1)
			goto out;
		nl = memchr(im->in, '\n', (size_t)(im->in_end - im->in));
		n = (size_t)((nl == NULL ? im->in_end : nl + 1) - im->in);
		if (n > DISCARD_MAX - dropped) {
			err_set(e, EK_PROTO,
			    "the server does not answer NOOP");
			goto out;
		}
		dropped += n;
		buf_add(&line, im->in, n);
		im->in += n;
		if (nl != NULL) {
			im->synced = is_synced(im, &line, &bye);
			buf_clear(&line);
		}
	}
	rc = 0;
out:
	buf_release(&line);
	buf_release(&bye);
	return rc;
}

static int
take_body(struct imap *im, enum lex_event ev, const char *p, size_t n,
    struct err *e)
{
	/* A second body in one response is not wanted: the response is spoiled. */
	if (!im->has_body || im->lex.bodies > 1)
		return 0;
	if (ev == LEX_BODY_BEGIN) {
		im->body_kept = im->keeping;
		buf_clear(&im->kept_body);
		return im->body_kept ? 0 :
		    im->body.begin(im->body.sink.arg, im->lex.body_size, e);
	}
	if (!im->body_kept)
		return sink_write(&im->body.sink, p, n, e);
	return buf_add(&im->kept_body, p, n) == 0 ? 0 : event_too_much(e);
}

int
session_parse(struct imap *im, struct err *e)
{
	enum lex_event ev;
	const char *piece = NULL;
	size_t n = 0;

	for (;;) {
		if (lex_push(&im->lex, &im->in, im->in_end, &ev, &piece, &n,
		    e) == -1)
			return -1;
		switch (ev) {
		case LEX_MORE:
			return 0;
		case LEX_BODY_BEGIN:
		case LEX_BODY:
			if (take_body(im, ev, piece, n, e) == -1)
				return -1;
			break;
		case LEX_BODY_END:
			break;
		case LEX_RESPONSE:
			if (log_wants(LOG_DEBUG))
				log_debug("S: %s", im->lex.line.p);
			response_parse(&im->resp, im->lex.line.p,
			    im->lex.line.n, im->lex.body_at,
			    im->lex.body_size);
			return 1;
		}
	}
}

int
session_read(struct imap *im, struct err *e)
{
	int r;

	if (session_sync(im, e) == -1)
		return -1;
	while ((r = session_parse(im, e)) == 0)
		if (receive(im, e) == -1)
			return -1;
	return r == -1 ? -1 : 0;
}
