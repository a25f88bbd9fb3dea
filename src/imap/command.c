/*
 * command.c - commands on their way to the server: their text, their tags, the queue of those that are unanswered.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "imap/session.h"

#define LITERAL_MINUS_MAX	4096	/* RFC 7888, section 5 */
#define PIPELINE_MAX	64		/* commands on their way */
#define WAITING_MAX	(256 * 1024)	/* bytes not taken by the connection */

void
command_free(struct command **cp)
{
	if (*cp == NULL)
		return;
	free((*cp)->mailboxid);
	free((*cp)->permanent);
	uidset_release(&(*cp)->told.asked);
	uidset_release(&(*cp)->told.uids);
	uidset_release(&(*cp)->told.moved);
	free(*cp);
	*cp = NULL;
}

void
session_tag(struct imap *im, char out[TAG_MAX])
{
	snprintf(out, TAG_MAX, "%s%" PRIu64, im->prefix, ++im->tags);
}

struct command *
session_command(struct imap *im, enum command_kind kind, struct err *e)
{
	struct command *c;

	assert(!im->append.open);
	command_free(&im->making);
	if (im->broken) {
		err_set(e, EK_TEMP, "the session is over");
		return NULL;
	}
	im->making = c = xcalloc(1, sizeof(*c));
	c->kind = kind;
	session_tag(im, c->tag);
	buf_clear(&im->line);
	im->hold_at = SIZE_MAX;
	im->too_long = false;
	session_put(im, c->tag);
	session_put(im, " ");
	return c;
}

void
session_put(struct imap *im, const char *s)
{
	if (buf_adds(&im->line, s) == -1)
		im->too_long = true;
}

bool
session_waits(const struct imap *im, uint64_t n)
{
	return !imap_can(im, CAP_LITERAL_PLUS) &&
	    !(imap_can(im, CAP_LITERAL_MINUS) && n <= LITERAL_MINUS_MAX);
}

/* Quoted strings can't hold a line end (RFC 9051, section 4.3). */
static void
put_literal(struct imap *im, const char *s)
{
	size_t n = strlen(s);
	bool waits = session_waits(im, n);
	char size[32];

	snprintf(size, sizeof(size), "{%zu%s}\r\n", n, waits ? "" : "+");
	session_put(im, size);
	if (waits)
		im->hold_at = im->line.n;
	session_put(im, s);
}

void
session_put_name(struct imap *im, const char *name)
{
	char piece[3] = "";

	if (strpbrk(name, "\r\n") != NULL) {
		put_literal(im, name);
		return;
	}
	session_put(im, "\"");
	for (; *name != '\0'; name++) {
		bool escape = *name == '"' || *name == '\\';

		piece[0] = escape ? '\\' : *name;
		piece[1] = escape ? *name : '\0';
		session_put(im, piece);
	}
	session_put(im, "\"");
}

int
session_send(struct imap *im, struct err *e)
{
	struct command *c = im->making;

	log_debug("C: %.*s", (int)strcspn(im->line.p, "\r\n") -
	    (int)strlen(c->tag) - 1, im->line.p + strlen(c->tag) + 1);
	if (im->too_long)
		return err_set(e, EK_FAIL, "a command is too long");
	c->held = im->line.n - (im->hold_at < im->line.n ? im->hold_at :
	    im->line.n);
	if (wire_put(im->wire, im->line.p, im->line.n, c->held, e) == -1) {
		im->broken = true;
		return -1;
	}
	im->making = NULL;
	if (im->last == NULL)
		im->first = c;
	else
		im->last->next = c;
	im->last = c;
	im->unanswered++;
	return 0;
}

int
session_end(struct imap *im, struct err *e)
{
	session_put(im, "\r\n");
	return session_send(im, e);
}

int
session_quiet(struct imap *im, const char *text,
    void (*ended)(struct imap *, const struct response *), struct err *e)
{
	struct command *c;

	if ((c = session_command(im, COMMAND_QUIET, e)) == NULL)
		return -1;
	c->ended = ended;
	session_put(im, text);
	return session_end(im, e);
}

struct command *
session_current(const struct imap *im)
{
	struct command *c = im->first;

	while (c != NULL && (c->kind == COMMAND_QUIET ||
	    c->kind == COMMAND_APPEND))
		c = c->next;
	return c;
}

struct command *
session_command_on(struct imap *im, enum command_kind kind, const char *verb,
    const struct uidset *uids, void *cookie, struct err *e)
{
	struct buf set = BUF_INIT((IMAP_LONG_RANGES + 1) * (UID_RANGE_MAX + 1));
	struct command *c;

	assert(uids == NULL || (uids->n > 0 && uids->n <= imap_ranges(im)));
	if ((c = session_command(im, kind, e)) == NULL)
		return NULL;
	c->cookie = cookie;
	if (uids != NULL)
		uidset_format(uids, 0, set.max, &set);
	session_put(im, verb);
	session_put(im, uids == NULL ? "1:*" : buf_text(&set));
	buf_release(&set);
	return c;
}

size_t
imap_ranges(const struct imap *im)
{
	return imap_can(im, CAP_CONDSTORE) ? IMAP_LONG_RANGES :
	    IMAP_FETCH_RANGES;
}

bool
imap_room(const struct imap *im)
{
	return im->unanswered + im->kept_n < PIPELINE_MAX &&
	    wire_waiting(im->wire) <= WAITING_MAX;
}
