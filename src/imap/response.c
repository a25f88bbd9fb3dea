/*
 * response.c - see response.h: which kind of response it is, and what a status says.  The rest is in data.c and
 * message.c.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "imap/cursor.h"
#include "imap/data.h"
#include "imap/response.h"
#include "mail/flags.h"

void
response_init(struct response *r)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->list, FLAGS_MAX_TEXT);
	buf_init(&r->labels, FLAGS_MAX_TEXT);
	buf_init(&r->words, RESP_WORDS);
	/* Grown once and for all: what points into it stays good while more is added. */
	buf_room(&r->words, RESP_WORDS);
}

static void
forget_namespaces(struct response *r)
{
	while (r->ns_n > 0)
		free(r->ns[--r->ns_n].prefix);
}

void
response_release(struct response *r)
{
	buf_release(&r->list);
	buf_release(&r->labels);
	buf_release(&r->words);
	uidset_release(&r->uids);
	uidset_release(&r->moved);
	forget_namespaces(r);
	free(r->ns);
	r->ns = NULL;
	r->ns_cap = 0;
}

/* All is forgotten but the memory. */
static void
start(struct response *r)
{
	buf_clear(&r->list);
	buf_clear(&r->labels);
	buf_clear(&r->words);
	uidset_clear(&r->uids);
	uidset_clear(&r->moved);
	forget_namespaces(r);
	*r = (struct response){ .list = r->list, .labels = r->labels,
	    .words = r->words, .uids = r->uids, .moved = r->moved,
	    .ns = r->ns, .ns_cap = r->ns_cap, .text = "" };
}

/* ---- status responses ---- */

static enum resp_code
code_of(const struct str *name)
{
	static const struct { const char *word; enum resp_code code; } t[] = {
		{ "CAPABILITY", CODE_CAPABILITY },
		{ "UIDVALIDITY", CODE_UIDVALIDITY },
		{ "UIDNEXT", CODE_UIDNEXT },
		{ "HIGHESTMODSEQ", CODE_HIGHESTMODSEQ },
		{ "MAILBOXID", CODE_MAILBOXID },
		{ "CLOSED", CODE_CLOSED },
		{ "ALERT", CODE_ALERT },
		{ "APPENDUID", CODE_APPENDUID },
		{ "PERMANENTFLAGS", CODE_PERMANENTFLAGS },
		{ "READ-ONLY", CODE_READ_ONLY },
		{ "READ-WRITE", CODE_READ_WRITE },
		{ "MODIFIED", CODE_MODIFIED },
		{ "COPYUID", CODE_COPYUID },
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (str_is(name, t[i].word))
			return t[i].code;
	return CODE_OTHER;
}

static int
code_uids(struct cursor *c, size_t ranges, struct uidset *out)
{
	struct str s;

	cursor_blanks(c);
	cursor_atom(c, &s);
	cursor_blanks(c);
	return uidset_parse(s.p, s.n, ranges, out);
}

/* 38505 3955,3957:3959 */
static int
append_uid(struct response *r, struct cursor *c)
{
	if (cursor_number(c, &r->number) == -1 || r->number == 0 ||
	    r->number > UID_MAX)
		return -1;
	return code_uids(c, RESP_RANGES, &r->uids);
}

/* 7,9 */
static int
modified(struct response *r, struct cursor *c)
{
	return code_uids(c, RESP_CODE_RANGES, &r->uids) == -1 ||
	    c->p < c->end ? -1 : 0;
}

/* 38505 304,319:320 3956:3958: from where to where, so as many here as there */
static int
copy_uid(struct response *r, struct cursor *c)
{
	if (cursor_number(c, &r->number) == -1 || r->number == 0 ||
	    r->number > UID_MAX ||
	    code_uids(c, RESP_CODE_RANGES, &r->uids) == -1 ||
	    code_uids(c, RESP_CODE_RANGES, &r->moved) == -1 ||
	    c->p < c->end)
		return -1;
	return uidset_count(&r->uids) == uidset_count(&r->moved) ? 0 : -1;
}

/* "[CODE arguments]" */
static void
parse_code(struct response *r, struct cursor *c)
{
	char *close = memchr(c->p, ']', (size_t)(c->end - c->p));
	struct cursor in;
	struct str name;

	if (close == NULL)
		return;
	in = (struct cursor){ c->p + 1, close, NULL };
	cursor_atom(&in, &name);
	cursor_blanks(&in);
	r->code = code_of(&name);
	switch (r->code) {
	case CODE_UIDVALIDITY:
	case CODE_UIDNEXT:
	case CODE_HIGHESTMODSEQ:
		/* RFC 7162: 63 bits are enough for anyone. */
		if (cursor_number(&in, &r->number) == -1 ||
		    r->number > INT64_MAX)
			r->code = CODE_OTHER;
		break;
	case CODE_MAILBOXID:
		if (data_id(r, &in, "", &r->code_text) == -1)
			r->code = CODE_OTHER;
		break;
	case CODE_APPENDUID:
		if (append_uid(r, &in) == -1)
			r->code = CODE_OTHER;
		break;
	case CODE_MODIFIED:
		if (modified(r, &in) == -1)
			r->code = CODE_OTHER;
		break;
	case CODE_COPYUID:
		/* What was refused went nowhere. */
		if (r->status != RESP_OK || copy_uid(r, &in) == -1)
			r->code = CODE_OTHER;
		break;
	case CODE_PERMANENTFLAGS:
		if (data_flags(&in, &r->list) == -1)
			r->code = CODE_OTHER;
		break;
	case CODE_READ_ONLY:
	case CODE_READ_WRITE:
		/* As a reason for a refusal it is for people, too. */
		if (r->status != RESP_OK)
			r->code = CODE_OTHER;
		break;
	case CODE_CAPABILITY:
		*close = '\0';
		r->code_text = in.p;
		break;
	default:
		break;
	}
	c->p = close + 1;
	cursor_blanks(c);
}

static void
parse_status(struct response *r, struct cursor *c)
{
	cursor_blanks(c);
	r->text = c->p;
	if (cursor_at(c, '['))
		parse_code(r, c);
	/* The text keeps a code that we don't act on: "[THROTTLED]" tells people something too. */
	if (r->code != CODE_OTHER)
		r->text = c->p;
}

static bool
status_word(struct response *r, const struct str *s)
{
	if (str_is(s, "OK") || str_is(s, "PREAUTH"))
		r->status = RESP_OK;
	else if (str_is(s, "NO"))
		r->status = RESP_NO;
	else if (str_is(s, "BAD"))
		r->status = RESP_BAD;
	else
		return false;
	return true;
}

/* ---- data ---- */

/* "12 EXISTS", "12 FETCH (...)" */
static void
parse_numbered(struct response *r, struct cursor *c, uint64_t streamed)
{
	struct str word;

	if (cursor_number(c, &r->number) == -1)
		return;
	cursor_blanks(c);
	cursor_atom(c, &word);
	if (str_is(&word, "EXISTS"))
		r->kind = RESP_EXISTS;
	else if (str_is(&word, "EXPUNGE"))
		r->kind = RESP_EXPUNGE;
	else if (str_is(&word, "FETCH")) {
		r->kind = RESP_FETCH;
		r->bad = data_message(r, c, streamed) == -1;
		if (r->bad && r->body == BODY_GIVEN)
			r->body = BODY_SPOILED;
	}
}

static void
parse_data(struct response *r, struct cursor *c, const struct str *word)
{
	static const struct {
		const char	*word;
		enum resp_kind	 kind;
		int		(*parse)(struct response *, struct cursor *);
	} t[] = {
		{ "LIST", RESP_LIST, data_list },
		{ "LSUB", RESP_LSUB, data_list },
		{ "XLIST", RESP_LIST, data_list },
		{ "STATUS", RESP_STATUS, data_status },
		{ "SEARCH", RESP_SEARCH, data_search },
		{ "ESEARCH", RESP_SEARCH, data_esearch },
		{ "VANISHED", RESP_VANISHED, data_vanished },
		{ "NAMESPACE", RESP_NAMESPACE, data_namespace },
		{ "QUOTA", RESP_QUOTA, data_quota },
		{ "ID", RESP_ID, data_server },
	};
	size_t i;

	if (str_is(word, "CAPABILITY")) {
		r->kind = RESP_CAPABILITY;
		r->text = c->p;
		return;
	}
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (str_is(word, t[i].word)) {
			r->kind = t[i].kind;
			r->bad = t[i].parse(r, c) == -1;
			return;
		}
}

/* Behind the '*'. */
static void
parse_untagged(struct response *r, struct cursor *c, uint64_t streamed)
{
	struct str word;

	cursor_blanks(c);
	if (c->p < c->end && *c->p >= '0' && *c->p <= '9') {
		parse_numbered(r, c, streamed);
		return;
	}
	/* Exchange and others forget the OK before a code. */
	if (cursor_at(c, '[')) {
		r->kind = RESP_STATE;
		parse_status(r, c);
		return;
	}
	cursor_atom(c, &word);
	if (status_word(r, &word)) {
		r->kind = RESP_STATE;
		parse_status(r, c);
	} else if (str_is(&word, "BYE")) {
		r->kind = RESP_BYE;
		parse_status(r, c);
	} else
		parse_data(r, c, &word);
}

static void
parse_tagged(struct response *r, struct cursor *c)
{
	struct str tag, word;

	cursor_atom(c, &tag);
	cursor_blanks(c);
	cursor_atom(c, &word);
	if ((r->tag = data_keep(r, &tag)) != NULL && status_word(r, &word)) {
		r->kind = RESP_TAGGED;
		parse_status(r, c);
	}
}

void
response_parse(struct response *r, char *line, size_t n, size_t body_at,
    uint64_t body_size)
{
	struct cursor c = { line, line + n,
	    body_at == SIZE_MAX ? NULL : line + body_at };

	start(r);
	line[n] = '\0';
	if (cursor_take(&c, '*'))
		parse_untagged(r, &c, body_size);
	else if (cursor_at(&c, '+'))
		r->kind = RESP_CONTINUE;
	else
		parse_tagged(r, &c);
}

/* ---- refusals ---- */

static bool
has_word(const char *text, const char *const *words, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcasestr(text, words[i]) != NULL)
			return true;
	return false;
}

#define HAS_WORD(text, words)	\
	has_word(text, words, sizeof(words) / sizeof(words[0]))

bool
response_passes(const char *text, uint64_t *backoff)
{
	/* Codes after which waiting does not help, whatever the text, which may have a folder's name in it. */
	static const char *const final[] = { "[NONEXISTENT]", "[NOPERM]",
	    "[AUTHENTICATIONFAILED]", "[AUTHORIZATIONFAILED]", "[EXPIRED]",
	    "[CANNOT]", "[CORRUPTION]" };
	/* "try again" alone is said of wrong passwords, too. */
	static const char *const later[] = { "[THROTTLED]", "[INUSE]",
	    "[UNAVAILABLE]", "[LIMIT]", "[SERVERBUG]",
	    "Request is throttled", "rate limit", "bandwidth limit",
	    "Too many", "try again later", "not connected" };
	const char *p;

	*backoff = 0;
	if (HAS_WORD(text, final))
		return false;
	if ((p = strcasestr(text, "Backoff Time:")) == NULL)
		return HAS_WORD(text, later);
	p += 13 + strspn(p + 13, " ");
	text_u64(p, strspn(p, "0123456789"), backoff);
	return true;
}

/* Where the code of a refusal stands: in front, or behind all else, or nowhere. */
static const char *
find_code(const char *text)
{
	const char *open, *close;

	if (*text == '[')
		return text;
	if ((open = strrchr(text, '[')) == NULL ||
	    (close = strchr(open, ']')) == NULL ||
	    close[1 + strspn(close + 1, " .")] != '\0')
		return "";
	return open;
}

static enum imap_refusal
refusal_code(const char *text)
{
	static const struct { const char *code; enum imap_refusal how; } t[] = {
		{ "[TRYCREATE]", REFUSED_NO_FOLDER },
		{ "[NONEXISTENT]", REFUSED_NO_FOLDER },
		{ "[OVERQUOTA]", REFUSED_QUOTA },
		{ "[TOOBIG]", REFUSED_TOO_BIG },
		{ "[NOPERM]", REFUSED_FORBIDDEN },
		{ "[READ-ONLY]", REFUSED_FORBIDDEN },
	};
	const char *code = find_code(text);
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (strncasecmp(code, t[i].code, strlen(t[i].code)) == 0)
			return t[i].how;
	return REFUSED_PLAIN;
}

enum imap_refusal
response_refusal(const struct response *r, uint64_t *backoff)
{
	/* Cyrus, Courier and others before RFC 5530. */
	static const char *const full[] = { "quota exceeded", "over quota",
	    "exceeded your mail quota" };
	enum imap_refusal how = refusal_code(r->text);
	bool passes = response_passes(r->text, backoff);

	/* A quota may be one of bytes a day. */
	if (passes && (how == REFUSED_PLAIN || how == REFUSED_QUOTA))
		return REFUSED_LATER;
	if (how != REFUSED_PLAIN)
		return how;
	if (r->code != CODE_OTHER && HAS_WORD(r->text, full))
		return REFUSED_QUOTA;
	return r->status == RESP_BAD ? REFUSED_UNKNOWN : REFUSED_PLAIN;
}
