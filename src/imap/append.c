/*
 * append.c - messages to the server: APPEND, with a literal for each.
 *
 * The command stands in the queue of those that are unanswered from its first word on, since the answer may come
 * before its last one.  The bytes of messages go straight to the wire; where that is full, what the server says is
 * taken in meanwhile, so that neither side waits for the other.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "imap/session.h"

#define PIECE		(64 * 1024)	/* bytes queued before the connection is looked after */
#define SENDING_MAX	(192 * 1024)	/* bytes queued that we don't wait for */

/* The session is over, with this error. */
static int
end_session(struct imap *im)
{
	im->broken = true;
	return -1;
}

int
imap_append_begin(struct imap *im, const char *wire, void *cookie,
    struct err *e)
{
	struct command *c;

	if (strpbrk(wire, "\r\n") != NULL)
		return err_set(e, EK_FAIL, "a folder's name with a line end");
	if ((c = session_command(im, COMMAND_APPEND, e)) == NULL)
		return -1;
	c->cookie = cookie;
	session_put(im, "APPEND ");
	session_put_name(im, wire);
	if (session_send(im, e) == -1)
		return -1;
	im->append = (struct appending){ .c = c, .open = true,
	    .unended = true, .several = imap_can(im, CAP_MULTIAPPEND) };
	return 0;
}

/* ' (\Seen) "date" {20+}' and the line end; what the literal waits for is the other side's word. */
static int
put_what(struct imap *im, const struct imap_append *a, bool waits,
    struct err *e)
{
	struct buf *b = &im->line;

	buf_clear(b);
	if ((a->date != NULL && strpbrk(a->date, "\"\\\r\n") != NULL) ||
	    strpbrk(a->flags, "()\r\n") != NULL)
		return err_set(e, EK_FAIL, "no flags or no date: %s %s",
		    a->flags, a->date == NULL ? "" : a->date);
	if (buf_addf(b, " (%s)", a->flags) == -1 ||
	    (a->date != NULL && buf_addf(b, " \"%s\"", a->date) == -1) ||
	    buf_addf(b, " {%" PRIu64 "%s}", a->size, waits ? "" : "+") == -1)
		return err_set(e, EK_FAIL, "a command is too long");
	log_debug("C: ...%s", b->p);
	buf_adds(b, "\r\n");
	return wire_put(im->wire, b->p, b->n, 0, e);
}

/* A message on its way. */
struct pouring {
	struct imap	*im;
	uint64_t	 left;
	bool		 failed;	/* on our side of the sink: */
	struct err	 why;
};

static int
send_piece(struct imap *im, const char *p, size_t n, struct err *e)
{
	if (wire_put(im->wire, p, n, 0, e) == -1)
		return -1;
	return wire_waiting(im->wire) < PIECE ? 0 :
	    session_pump(im, SENDING_MAX, e);
}

static int
take_bytes(void *arg, const void *p, size_t n, struct err *e)
{
	struct pouring *to = arg;
	const char *at = p;
	size_t some;
	int rc = 0;

	if (n > to->left)
		rc = err_set(&to->why, EK_FAIL,
		    "a message is longer than its size says");
	for (; rc == 0 && n > 0; at += some, n -= some) {
		some = n < PIECE ? n : PIECE;
		to->left -= some;
		rc = send_piece(to->im, at, some, &to->why);
	}
	if (rc == 0)
		return 0;
	to->failed = true;
	*e = to->why;
	return -1;
}

static int
pour(struct imap *im, const struct imap_append *a, const struct source *body,
    struct err *e)
{
	struct pouring to = { .im = im, .left = a->size };
	const struct sink sink = { take_bytes, &to };

	if (source_pour(body, &sink, e) == -1) {
		/* What befell the session is not the source's. */
		if (to.failed)
			*e = to.why;
		return -1;
	}
	if (to.left > 0)
		return err_set(e, EK_FAIL,
		    "a message is shorter than its size says");
	return 0;
}

/* Wait for the server's word on a literal: it is asked for, or the command refused. */
static int
wait_for_word(struct imap *im, struct err *e)
{
	while (im->append.waits)
		if (session_hear(im, e) == -1)
			return -1;
	return 0;
}

static int
add(struct imap *im, const struct imap_append *a, const struct source *body,
    struct err *e)
{
	struct appending *to = &im->append;
	bool waits = session_waits(im, a->size);

	/* Perhaps it was refused by now. */
	if (session_pump(im, SIZE_MAX, e) == -1)
		return -1;
	if (to->c == NULL)
		return 0;
	if (put_what(im, a, waits, e) == -1)
		return -1;
	to->waits = waits;
	if (wait_for_word(im, e) == -1)
		return -1;
	/* A literal that was announced is sent whole, whatever the server says meanwhile. */
	if (to->c != NULL && pour(im, a, body, e) == -1)
		return -1;
	return to->c != NULL;
}

int
imap_append_add(struct imap *im, const struct imap_append *a,
    const struct source *body, struct err *e)
{
	int r;

	assert(im->append.open);
	assert(im->append.messages == 0 || im->append.several);
	im->append.messages++;
	if ((r = add(im, a, body, e)) == -1)
		return end_session(im);
	return r;
}

int
imap_append_end(struct imap *im, struct err *e)
{
	struct appending *a = &im->append;
	bool unended = a->unended;

	assert(a->open && a->messages > 0);
	*a = (struct appending){ .open = false };
	if (im->broken)
		return err_set(e, EK_TEMP, "the session is over");
	if (unended && wire_put(im->wire, "\r\n", 2, 0, e) == -1)
		return end_session(im);
	return 0;
}
