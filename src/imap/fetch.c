/*
 * fetch.c - asking for messages of the folder that is open, and changing what is said of them: the commands.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "imap/session.h"

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
	else if (items & IMAP_HEADER)
		session_put(im, " BODY.PEEK[HEADER]");
	session_put(im, ")");
}

int
imap_fetch(struct imap *im, const struct uidset *uids, unsigned int items,
    uint64_t changed_since, void *cookie, struct err *e)
{
	struct command *c;
	char text[48];

	if ((c = session_command_on(im, COMMAND_FETCH, "UID FETCH ", uids,
	    cookie, e)) == NULL)
		return -1;
	c->header = (items & (IMAP_HEADER | IMAP_BODY)) == IMAP_HEADER;
	put_items(im, items);
	if (changed_since != 0) {
		snprintf(text, sizeof(text), " (CHANGEDSINCE %" PRIu64 ")",
		    changed_since);
		session_put(im, text);
	}
	return session_end(im, e);
}

int
imap_store(struct imap *im, const struct uidset *uids, const char *what,
    void *cookie, struct err *e)
{
	if (strpbrk(what, "\r\n") != NULL)
		return err_set(e, EK_FAIL, "no flags: %s", what);
	if (session_command_on(im, COMMAND_STORE, "UID STORE ", uids, cookie,
	    e) == NULL)
		return -1;
	session_put(im, " ");
	session_put(im, what);
	return session_end(im, e);
}

/* Gmail takes its own labels, such as \Inbox, as quoted strings too. */
static int
put_label(struct buf *b, const char *p, size_t n)
{
	if (buf_addc(b, '"') == -1)
		return -1;
	for (; n > 0; p++, n--)
		if (((*p == '"' || *p == '\\') && buf_addc(b, '\\') == -1) ||
		    buf_addc(b, *p) == -1)
			return -1;
	return buf_addc(b, '"');
}

int
imap_put_labels(struct buf *b, const char *labels)
{
	size_t from = b->n, n;

	if (buf_addc(b, '(') == -1)
		goto full;
	for (; *labels != '\0'; labels += n) {
		n = strcspn(labels, "\n");
		if (put_label(b, labels, n) == -1)
			goto full;
		if (labels[n] == '\n' && (++n, buf_addc(b, ' ') == -1))
			goto full;
	}
	if (buf_addc(b, ')') == 0)
		return 0;
full:
	b->n = from;
	if (b->p != NULL)
		b->p[from] = '\0';
	return -1;
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
