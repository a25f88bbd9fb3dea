/*
 * imap_feed.h - bytes of a server through lex.c and response.c, and what was understood as a text to compare.
 *
 * A response is a line of the text:
 *
 *	k1 OK UIDNEXT=7 | done			tagged: tag, status, code, words
 *	* NO | no such folder			untagged
 *	LIST "/" INBOX (\HasNoChildren)		name, delimiter, attributes
 *	STATUS INBOX messages=3 uidnext=7	what was told
 *	FETCH 1 uid=7 flags=(\Seen) body=5	body= is given, NIL or spoiled; "bad: why" where it was not understood
 *
 * and the body before it one of its own, "{5}hello", as it went by.  After an error comes "error: text", and
 * nothing more.
 */
#ifndef TESTS_UNIT_IMAP_FEED_H
#define TESTS_UNIT_IMAP_FEED_H

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "imap/lex.h"
#include "imap/response.h"

#define FEED_TEXT	(64 * 1024 * 1024)

static const char *const feed_status[] = { "OK", "NO", "BAD" };

static inline void
feed_code(const struct response *r, struct buf *out)
{
	switch (r->code) {
	case CODE_NONE:
	case CODE_OTHER:
		break;
	case CODE_CAPABILITY:
		buf_addf(out, " CAPABILITY=%s", r->code_text);
		break;
	case CODE_UIDVALIDITY:
		buf_addf(out, " UIDVALIDITY=%" PRIu64, r->number);
		break;
	case CODE_UIDNEXT:
		buf_addf(out, " UIDNEXT=%" PRIu64, r->number);
		break;
	case CODE_HIGHESTMODSEQ:
		buf_addf(out, " HIGHESTMODSEQ=%" PRIu64, r->number);
		break;
	case CODE_MAILBOXID:
		buf_addf(out, " MAILBOXID=%s",
		    r->code_text == NULL ? "(none)" : r->code_text);
		break;
	case CODE_CLOSED:
		buf_adds(out, " CLOSED");
		break;
	case CODE_ALERT:
		buf_adds(out, " ALERT");
		break;
	case CODE_APPENDUID:
		buf_addf(out, " APPENDUID=%" PRIu64 ":", r->number);
		uidset_format(&r->uids, 0, FEED_TEXT / 2, out);
		break;
	case CODE_MODIFIED:
		buf_adds(out, " MODIFIED=");
		uidset_format(&r->uids, 0, FEED_TEXT / 2, out);
		break;
	case CODE_COPYUID:
		buf_addf(out, " COPYUID=%" PRIu64 ":", r->number);
		uidset_format(&r->uids, 0, FEED_TEXT / 4, out);
		buf_adds(out, "->");
		uidset_format(&r->moved, 0, FEED_TEXT / 4, out);
		break;
	case CODE_PERMANENTFLAGS:
		buf_addf(out, " PERMANENTFLAGS=(%s)", buf_text(&r->list));
		break;
	case CODE_READ_ONLY:
	case CODE_READ_WRITE:
		buf_adds(out, r->code == CODE_READ_ONLY ? " READ-ONLY" :
		    " READ-WRITE");
		break;
	}
	buf_addf(out, " | %s", r->text);
}

static inline void
feed_uids(const struct response *r, struct buf *out)
{
	uidset_format(&r->uids, 0, FEED_TEXT / 2, out);
}

static inline void
feed_message(const struct response *r, struct buf *out)
{
	const struct mail_meta *m = &r->meta;

	buf_addf(out, "FETCH %" PRIu64, r->number);
	if (m->uid != 0)
		buf_addf(out, " uid=%" PRIu32, m->uid);
	if (m->flags != NULL)
		buf_addf(out, " flags=(%s)", m->flags);
	if (m->internaldate != NULL)
		buf_addf(out, " date=%s", m->internaldate);
	if (m->has_date)
		buf_addf(out, "@%" PRId64, m->date);
	if (m->has_size)
		buf_addf(out, " size=%" PRIu64, m->size);
	if (m->emailid != NULL)
		buf_addf(out, " emailid=%s", m->emailid);
	if (m->threadid != NULL)
		buf_addf(out, " threadid=%s", m->threadid);
	if (m->labels != NULL) {
		const char *p;

		buf_adds(out, " labels=(");
		for (p = m->labels; *p != '\0'; p++)
			buf_addc(out, *p == '\n' ? '|' : *p);
		buf_adds(out, ")");
	}
	if (r->body == BODY_NIL)
		buf_adds(out, " body=NIL");
	else if (r->body == BODY_SPOILED)
		buf_adds(out, " body=spoiled");
	else if (r->body == BODY_GIVEN) {
		buf_addf(out, " %s=%" PRIu64, r->header ? "header" : "body",
		    r->body_size);
		if (r->body_text != NULL) {
			buf_addc(out, ':');
			buf_add(out, r->body_text, (size_t)r->body_size);
		}
	}
}

static inline void
feed_state(const struct response *r, struct buf *out)
{
	const struct mail_state *b = &r->box;

	if (b->has_exists)
		buf_addf(out, " messages=%" PRIu64, b->exists);
	if (b->uidnext != 0)
		buf_addf(out, " uidnext=%" PRIu64, b->uidnext);
	if (b->uidvalidity != 0)
		buf_addf(out, " uidvalidity=%" PRIu64, b->uidvalidity);
	if (b->highestmodseq != 0)
		buf_addf(out, " highestmodseq=%" PRIu64, b->highestmodseq);
	if (b->has_size)
		buf_addf(out, " size=%" PRIu64, b->size);
	if (r->mailboxid != NULL)
		buf_addf(out, " mailboxid=%s", r->mailboxid);
}

static inline void
feed_namespaces(const struct response *r, struct buf *out)
{
	static const char *const spaces[] = { "personal", "other", "shared" };
	size_t i;

	for (i = 0; i < r->ns_n; i++)
		buf_addf(out, " %s=%s%s%.1s", spaces[r->ns[i].space],
		    r->ns[i].prefix, r->ns[i].delimiter == '\0' ? "" : "|",
		    &r->ns[i].delimiter);
}

/* One response as a line. */
static inline void
feed_response(const struct response *r, struct buf *out)
{
	switch (r->kind) {
	case RESP_OTHER:
		buf_adds(out, "?");
		break;
	case RESP_CONTINUE:
		buf_adds(out, "+");
		break;
	case RESP_TAGGED:
		buf_addf(out, "%s %s", r->tag, feed_status[r->status]);
		feed_code(r, out);
		break;
	case RESP_STATE:
		buf_addf(out, "* %s", feed_status[r->status]);
		feed_code(r, out);
		break;
	case RESP_BYE:
		buf_adds(out, "BYE");
		feed_code(r, out);
		break;
	case RESP_CAPABILITY:
		buf_addf(out, "CAPABILITY%s", r->text);
		break;
	case RESP_LIST:
	case RESP_LSUB:
		buf_adds(out, r->kind == RESP_LIST ? "LIST" : "LSUB");
		if (r->bad)
			break;
		if (r->delimiter == '\0')
			buf_adds(out, " NIL ");
		else
			buf_addf(out, " \"%c\" ", r->delimiter);
		buf_addf(out, "%s%s (%s)", r->name,
		    r->name_nul ? "\\0..." : "", buf_text(&r->list));
		break;
	case RESP_STATUS:
		buf_adds(out, "STATUS");
		if (r->bad)
			break;
		buf_addf(out, " %s", r->name);
		feed_state(r, out);
		break;
	case RESP_SEARCH:
		buf_adds(out, "SEARCH ");
		if (!r->bad)
			feed_uids(r, out);
		break;
	case RESP_EXISTS:
		buf_addf(out, "%" PRIu64 " EXISTS", r->number);
		break;
	case RESP_EXPUNGE:
		buf_addf(out, "%" PRIu64 " EXPUNGE", r->number);
		break;
	case RESP_FETCH:
		feed_message(r, out);
		break;
	case RESP_VANISHED:
		buf_addf(out, "VANISHED %s", r->earlier ? "earlier " : "");
		if (!r->bad)
			feed_uids(r, out);
		break;
	case RESP_NAMESPACE:
		buf_adds(out, "NAMESPACE");
		if (!r->bad)
			feed_namespaces(r, out);
		break;
	case RESP_QUOTA:
		buf_adds(out, "QUOTA");
		if (r->has_quota)
			buf_addf(out, " %" PRIu64 "/%" PRIu64, r->used,
			    r->limit);
		break;
	case RESP_ID:
		buf_addf(out, "ID %s", r->text);
		break;
	}
	if (r->bad)
		buf_addf(out, " bad: %s", r->why == NULL ? "" : r->why);
	buf_addc(out, '\n');
}

/* A client's end of a connection. */
struct feed {
	struct lex	 lex;
	struct response	 resp;
	struct buf	 out;
	bool		 failed;
};

static inline void
feed_start(struct feed *f)
{
	lex_init(&f->lex);
	response_init(&f->resp);
	f->out = (struct buf)BUF_INIT(FEED_TEXT);
	f->failed = false;
}

static inline void
feed_end(struct feed *f)
{
	lex_release(&f->lex);
	response_release(&f->resp);
	buf_release(&f->out);
}

/* Some bytes, from memory of exactly their size. */
static inline void
feed_bytes(struct feed *f, const char *p, size_t n)
{
	char *exact = xmalloc(n);
	const char *at = exact, *piece = NULL;
	enum lex_event ev = LEX_RESPONSE;
	struct err e;
	size_t len = 0;

	memcpy(exact, p, n);
	while (!f->failed && (at < exact + n || ev != LEX_MORE)) {
		if (lex_push(&f->lex, &at, exact + n, &ev, &piece, &len,
		    &e) == -1) {
			buf_addf(&f->out, "error: %s\n", e.text);
			f->failed = true;
			break;
		}
		switch (ev) {
		case LEX_MORE:
			break;
		case LEX_BODY_BEGIN:
			buf_addf(&f->out, "{%" PRIu64 "}", f->lex.bodies == 1 ?
			    f->lex.body_size : 0);
			break;
		case LEX_BODY:
			buf_add(&f->out, piece, len);
			break;
		case LEX_BODY_END:
			buf_addc(&f->out, '\n');
			break;
		case LEX_RESPONSE:
			response_parse(&f->resp, f->lex.line.p,
			    f->lex.line.n, f->lex.body_at, f->lex.body_size);
			feed_response(&f->resp, &f->out);
			break;
		}
	}
	free(exact);
}

#endif
