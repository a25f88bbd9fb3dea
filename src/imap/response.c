/*
 * response.c - see response.h.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "imap/cursor.h"
#include "imap/response.h"
#include "mail/flags.h"

#define ID_MAX		255		/* characters of an id (RFC 8474, section 7) */
#define WORDS_MAX	(16 * 1024)	/* the small texts of one response together */

void
response_init(struct response *r)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->list, FLAGS_MAX_TEXT);
	buf_init(&r->labels, FLAGS_MAX_TEXT);
	buf_init(&r->words, WORDS_MAX);
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
	forget_namespaces(r);
	free(r->ns);
	r->ns = NULL;
	r->ns_cap = 0;
}

static void
start(struct response *r)
{
	struct response old = *r;

	memset(r, 0, sizeof(*r));
	r->list = old.list;
	r->labels = old.labels;
	r->words = old.words;
	r->uids = old.uids;
	r->ns = old.ns;
	r->ns_n = old.ns_n;
	r->ns_cap = old.ns_cap;
	buf_clear(&r->list);
	buf_clear(&r->labels);
	buf_clear(&r->words);
	uidset_clear(&r->uids);
	forget_namespaces(r);
	r->text = "";
}

/* Keep a piece of the line as a C string for the life of the response: its end is made a NUL where that destroys nothing. */
static const char *
keep(struct response *r, const struct str *s)
{
	size_t at_byte = r->words.n;

	/* Offsets stay right though the buf may move: it is grown once. */
	if (r->words.cap == 0 && buf_room(&r->words, WORDS_MAX) == NULL)
		return NULL;
	if (r->words.cap - r->words.n < s->n + 2)
		return NULL;
	if (buf_add(&r->words, s->p, s->n) == -1 ||
	    buf_addc(&r->words, '\0') == -1)
		return NULL;
	return r->words.p + at_byte;
}

/* "(\Seen Work)" as canonical flags. */
static int
take_flags(struct cursor *c, struct buf *out)
{
	char *from;

	if (!cursor_take(c, '('))
		return -1;
	from = c->p;
	while (c->p < c->end && *c->p != ')' && *c->p != '(')
		c->p++;
	if (!cursor_at(c, ')'))
		return -1;
	buf_clear(out);
	if (flags_canon(from, (size_t)(c->p - from), out) == -1)
		return -1;
	c->p++;
	return 0;
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
		{ "NOMODSEQ", CODE_NOMODSEQ },
		{ "MAILBOXID", CODE_MAILBOXID },
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (str_is(name, t[i].word))
			return t[i].code;
	return CODE_OTHER;
}

/* "[CODE arguments] text" */
static void
parse_code(struct response *r, struct cursor *c)
{
	char *close = memchr(c->p, ']', (size_t)(c->end - c->p));
	struct cursor in;
	struct str s;

	if (close == NULL)
		return;
	in = (struct cursor){ c->p + 1, close, NULL };
	cursor_atom(&in, &s);
	cursor_blanks(&in);
	r->code = code_of(&s);
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
		cursor_take(&in, '(');
		cursor_atom(&in, &s);
		if (s.n > 0 && s.n <= ID_MAX)
			r->code_text = keep(r, &s);
		break;
	case CODE_CAPABILITY:
		*close = '\0';
		r->code_text = in.p;
		break;
	default:
		r->code_name = keep(r, &s);
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
	/* The text keeps its code: "[THROTTLED]" tells people something too. */
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

/* A folder's name, wherever it stands. */
static int
take_name(struct response *r, struct cursor *c)
{
	struct str s;

	if (cursor_str(c, &s) == -1 || s.streamed)
		return -1;
	r->name_nul = memchr(s.p, '\0', s.n) != NULL;
	/* The NUL goes where the closing quote was, or on the blank or the line's end behind it. */
	if (s.p + s.n == c->p && c->p < c->end) {
		if (*c->p != ' ')
			return (r->name = keep(r, &s)) == NULL ? -1 : 0;
		c->p++;
	}
	s.p[s.n] = '\0';
	r->name = s.p;
	return 0;
}

/* * LIST (\HasNoChildren) "/" name [(extended items)] */
static int
parse_list(struct response *r, struct cursor *c)
{
	struct str s;

	cursor_blanks(c);
	if (take_flags(c, &r->list) == -1)
		return -1;
	cursor_blanks(c);
	if (cursor_str(c, &s) == -1 || s.n == 0)
		return -1;
	r->delimiter = s.nil ? '\0' : s.p[0];
	cursor_blanks(c);
	return take_name(r, c);
}

static int
status_item(struct response *r, struct cursor *c, const struct str *item)
{
	struct mail_state *b = &r->box;
	uint64_t v = 0;
	struct str s;

	if (str_is(item, "MAILBOXID")) {
		if (!cursor_take(c, '(') || cursor_str(c, &s) == -1 ||
		    !cursor_take(c, ')'))
			return -1;
		if (s.n > 0 && s.n <= ID_MAX)
			r->mailboxid = keep(r, &s);
		return 0;
	}
	/* NIL, -1 and other figures of speech are "not told". */
	if (cursor_number(c, &v) == -1)
		return cursor_skip(c);
	if (str_is(item, "MESSAGES") && v <= UID_MAX) {
		b->exists = v;
		b->has_exists = true;
	} else if (str_is(item, "UIDNEXT") && v <= UID_MAX)
		b->uidnext = v;
	else if (str_is(item, "UIDVALIDITY") && v <= UID_MAX)
		b->uidvalidity = v;
	else if (str_is(item, "HIGHESTMODSEQ") && v <= INT64_MAX)
		b->highestmodseq = v;
	else if (str_is(item, "SIZE")) {
		b->size = v;
		b->has_size = true;
	}
	return 0;
}

/* * STATUS name (MESSAGES 3 UIDNEXT 7) */
static int
parse_box_status(struct response *r, struct cursor *c)
{
	struct str item;

	cursor_blanks(c);
	if (take_name(r, c) == -1)
		return -1;
	cursor_blanks(c);
	if (!cursor_take(c, '('))
		return -1;
	for (;;) {
		cursor_blanks(c);
		if (cursor_take(c, ')'))
			return 0;
		cursor_atom(c, &item);
		cursor_blanks(c);
		if (item.n == 0 || status_item(r, c, &item) == -1)
			return -1;
	}
}

/* * SEARCH 2 3 6; junk between the numbers is stepped over. */
static void
parse_search(struct response *r, struct cursor *c)
{
	struct str s;
	uint64_t v;

	for (;;) {
		cursor_blanks(c);
		if (c->p == c->end)
			return;
		cursor_atom(c, &s);
		if (s.n == 0)
			c->p++;
		else if (text_u64(s.p, s.n, &v) == 0 && v >= 1 && v <= UID_MAX)
			uidset_add(&r->uids, (uint32_t)v);
	}
}

/* * ESEARCH (TAG "x") UID ALL 1:3,5 */
static void
parse_esearch(struct response *r, struct cursor *c)
{
	struct str s;

	cursor_blanks(c);
	if (cursor_at(c, '(') && cursor_skip(c) == -1)
		return;
	for (;;) {
		cursor_blanks(c);
		cursor_atom(c, &s);
		if (s.n == 0)
			return;
		if (str_is(&s, "UID"))
			continue;
		cursor_blanks(c);
		if (!str_is(&s, "ALL")) {
			if (cursor_skip(c) == -1)
				return;
			continue;
		}
		cursor_atom(c, &s);
		if (uidset_parse(s.p, s.n, RESP_RANGES, &r->uids) == -1) {
			uidset_clear(&r->uids);
			r->bad = true;
		}
	}
}

/* * VANISHED (EARLIER) 41,43:116 */
static int
parse_vanished(struct response *r, struct cursor *c)
{
	struct str s;

	cursor_blanks(c);
	if (cursor_at(c, '(')) {
		r->earlier = true;
		if (cursor_skip(c) == -1)
			return -1;
		cursor_blanks(c);
	}
	cursor_atom(c, &s);
	return uidset_parse(s.p, s.n, RESP_RANGES, &r->uids);
}

/* One of the three lists of NAMESPACE: NIL or ((prefix delimiter ...)...). */
static int
parse_namespaces(struct response *r, struct cursor *c, enum mail_space space)
{
	struct resp_prefix *ns;
	struct str prefix, delimiter;

	cursor_blanks(c);
	if (!cursor_take(c, '('))
		return cursor_skip(c);
	for (;;) {
		cursor_blanks(c);
		if (cursor_take(c, ')'))
			return 0;
		if (!cursor_take(c, '('))
			return -1;
		cursor_blanks(c);
		if (cursor_str(c, &prefix) == -1)
			return -1;
		cursor_blanks(c);
		if (cursor_str(c, &delimiter) == -1 || r->ns_n >= 1000)
			return -1;
		r->ns = mem_grow(r->ns, &r->ns_cap, r->ns_n + 1,
		    sizeof(*r->ns));
		ns = &r->ns[r->ns_n++];
		ns->prefix = xmemdup0(prefix.p, prefix.n);
		ns->delimiter = delimiter.nil || delimiter.n == 0 ? '\0' :
		    delimiter.p[0];
		ns->space = space;
		for (;;) {	/* extensions */
			cursor_blanks(c);
			if (cursor_take(c, ')'))
				break;
			if (cursor_skip(c) == -1)
				return -1;
		}
	}
}

/* * QUOTA root (STORAGE used limit) */
static void
parse_quota(struct response *r, struct cursor *c)
{
	struct str s;

	cursor_blanks(c);
	if (cursor_str(c, &s) == -1)	/* the root's name: "" is an ordinary one */
		return;
	cursor_blanks(c);
	if (!cursor_take(c, '('))
		return;
	for (;;) {
		cursor_blanks(c);
		cursor_atom(c, &s);
		if (s.n == 0)
			return;
		cursor_blanks(c);
		if (!str_is(&s, "STORAGE")) {
			if (cursor_skip(c) == -1)
				return;
			cursor_blanks(c);
			if (!cursor_at(c, ')') && cursor_skip(c) == -1)
				return;
			continue;
		}
		if (cursor_number(c, &r->used) == -1)
			return;
		cursor_blanks(c);
		r->has_quota = cursor_number(c, &r->limit) == 0;
		return;
	}
}

/* * ID ("name" "Dovecot" "version" "2.3"): what is worth keeping as "name version". */
static void
parse_id(struct response *r, struct cursor *c)
{
	struct str key, value;

	cursor_blanks(c);
	if (!cursor_take(c, '('))
		return;
	for (;;) {
		cursor_blanks(c);
		if (c->p == c->end || *c->p == ')')
			break;
		if (cursor_str(c, &key) == -1)
			break;
		cursor_blanks(c);
		if (cursor_str(c, &value) == -1)
			break;
		if (value.nil || (!str_is(&key, "name") &&
		    !str_is(&key, "version")))
			continue;
		if (r->words.n + value.n + 2 > 256 ||
		    memchr(value.p, '\0', value.n) != NULL)
			continue;
		if (r->words.n > 0)
			buf_addc(&r->words, ' ');
		buf_add(&r->words, value.p, value.n);
	}
	r->text = buf_text(&r->words);
}

/* ---- FETCH ---- */

/* An item's name: "BODY[HEADER.FIELDS (FROM TO)]<0>" counts as one. */
static void
take_item(struct cursor *c, struct str *s)
{
	s->p = c->p;
	s->nil = s->streamed = false;
	while (c->p < c->end && *c->p != ' ' && *c->p != '(' && *c->p != ')') {
		if (*c->p++ != '[')
			continue;
		while (c->p < c->end && *c->p != ']')
			c->p++;
	}
	s->n = (size_t)(c->p - s->p);
}

static int
fetch_uid(struct response *r, struct cursor *c)
{
	uint64_t v;

	if (cursor_number(c, &v) == -1 || v == 0 || v > UID_MAX) {
		r->why = "its UID is no UID";
		return -1;
	}
	if (r->meta.uid != 0 && r->meta.uid != v) {
		r->why = "it has two UIDs";
		return -1;
	}
	r->meta.uid = (uint32_t)v;
	return 0;
}

static int
fetch_date(struct response *r, struct cursor *c)
{
	struct str s;

	if (cursor_str(c, &s) == -1)
		return -1;
	if (s.nil || s.streamed)
		return 0;
	if (s.n > DATE_MAX_RAW)
		s.n = DATE_MAX_RAW;
	s.n = strnlen(s.p, s.n);
	if ((r->meta.internaldate = keep(r, &s)) == NULL)
		return -1;
	r->meta.has_date = date_parse(s.p, s.n, &r->meta.date) == 0;
	return 0;
}

/* An id, in parentheses (RFC 8474) or not (Gmail's numbers, which get a prefix of their own). */
static int
fetch_id(struct response *r, struct cursor *c, const char *prefix,
    const char **out)
{
	char text[ID_MAX + 8];
	struct str s;
	bool parens = cursor_take(c, '(');
	size_t n = strlen(prefix);

	cursor_blanks(c);
	if (cursor_str(c, &s) == -1)
		return -1;
	cursor_blanks(c);
	if (parens && !cursor_take(c, ')'))
		return -1;
	if (s.nil || s.n == 0 || s.n > ID_MAX ||
	    memchr(s.p, '\0', s.n) != NULL)
		return 0;
	memcpy(text, prefix, n);
	memcpy(text + n, s.p, s.n);
	s.p = text;
	s.n += n;
	*out = keep(r, &s);
	return 0;
}

static int
fetch_labels(struct response *r, struct cursor *c)
{
	struct str s;

	if (!cursor_take(c, '('))
		return cursor_skip(c);
	for (;;) {
		cursor_blanks(c);
		if (cursor_take(c, ')'))
			break;
		if (cursor_str(c, &s) == -1 || s.streamed ||
		    labels_add(&r->labels, s.p, s.n) == -1)
			return -1;
	}
	r->meta.labels = buf_text(&r->labels);
	return 0;
}

static int
fetch_body(struct response *r, struct cursor *c, uint64_t streamed_size)
{
	struct str s;

	if (r->body != BODY_NONE) {
		r->why = "it has two bodies";
		return -1;
	}
	if (cursor_str(c, &s) == -1)
		return -1;
	if (s.nil) {
		r->body = BODY_NIL;
		return 0;
	}
	r->body = BODY_GIVEN;
	r->body_size = s.streamed ? streamed_size : s.n;
	r->body_text = s.streamed ? NULL : s.p;
	return 0;
}

static int
fetch_item(struct response *r, struct cursor *c, const struct str *item,
    uint64_t streamed_size)
{
	uint64_t v;

	if (str_is(item, "UID"))
		return fetch_uid(r, c);
	if (str_is(item, "FLAGS")) {
		if (take_flags(c, &r->list) == -1)
			return -1;
		r->meta.flags = buf_text(&r->list);
		return 0;
	}
	if (str_is(item, "INTERNALDATE"))
		return fetch_date(r, c);
	if (str_is(item, "RFC822.SIZE")) {
		if (cursor_number(c, &v) == -1 ||
		    (c->p < c->end && *c->p != ' ' && *c->p != ')'))
			return cursor_skip(c);
		r->meta.size = v;
		r->meta.has_size = true;
		return 0;
	}
	if (str_is(item, "EMAILID"))
		return fetch_id(r, c, "", &r->meta.emailid);
	if (str_is(item, "THREADID"))
		return fetch_id(r, c, "", &r->meta.threadid);
	if (str_is(item, "X-GM-MSGID"))
		return fetch_id(r, c, "gm:", &r->meta.emailid);
	if (str_is(item, "X-GM-THRID"))
		return fetch_id(r, c, "gm:", &r->meta.threadid);
	if (str_is(item, "X-GM-LABELS"))
		return fetch_labels(r, c);
	if (str_is(item, "BODY[]") || str_is(item, "BODY[]<0>"))
		return fetch_body(r, c, streamed_size);
	return cursor_skip(c);
}

static int
parse_fetch(struct response *r, struct cursor *c, uint64_t streamed_size)
{
	struct str item;

	r->why = "its items can't be read";
	cursor_blanks(c);
	if (!cursor_take(c, '('))
		return -1;
	for (;;) {
		cursor_blanks(c);
		if (cursor_take(c, ')'))
			break;
		take_item(c, &item);
		if (item.n == 0)
			return -1;
		cursor_blanks(c);
		if (fetch_item(r, c, &item, streamed_size) == -1)
			return -1;
	}
	r->why = NULL;
	return 0;
}

/* ---- the whole ---- */

/* "* 12 EXISTS", "* 12 FETCH (...)" */
static void
parse_numbered(struct response *r, struct cursor *c, uint64_t streamed_size)
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
		if (parse_fetch(r, c, streamed_size) == -1) {
			r->bad = true;
			if (r->body == BODY_GIVEN)
				r->body = BODY_SPOILED;
		}
	}
}

static void
parse_data(struct response *r, struct cursor *c, const struct str *word)
{
	static const enum mail_space spaces[] = { MAIL_PERSONAL, MAIL_OTHER,
	    MAIL_SHARED };
	size_t i;

	if (str_is(word, "LIST") || str_is(word, "XLIST") ||
	    str_is(word, "LSUB")) {
		r->kind = str_is(word, "LSUB") ? RESP_LSUB : RESP_LIST;
		r->bad = parse_list(r, c) == -1;
	} else if (str_is(word, "STATUS")) {
		r->kind = RESP_STATUS;
		r->bad = parse_box_status(r, c) == -1;
	} else if (str_is(word, "SEARCH")) {
		r->kind = RESP_SEARCH;
		parse_search(r, c);
	} else if (str_is(word, "ESEARCH")) {
		r->kind = RESP_SEARCH;
		parse_esearch(r, c);
	} else if (str_is(word, "VANISHED")) {
		r->kind = RESP_VANISHED;
		r->bad = parse_vanished(r, c) == -1;
	} else if (str_is(word, "CAPABILITY")) {
		r->kind = RESP_CAPABILITY;
		r->text = c->p;
	} else if (str_is(word, "NAMESPACE")) {
		r->kind = RESP_NAMESPACE;
		for (i = 0; i < 3 && !r->bad; i++)
			r->bad = parse_namespaces(r, c, spaces[i]) == -1;
	} else if (str_is(word, "QUOTA")) {
		r->kind = RESP_QUOTA;
		parse_quota(r, c);
	} else if (str_is(word, "ID")) {
		r->kind = RESP_ID;
		parse_id(r, c);
	}
}

void
response_parse(struct response *r, char *line, size_t n, size_t body_at,
    uint64_t body_size)
{
	struct cursor c = { line, line + n,
	    body_at == SIZE_MAX ? NULL : line + body_at };
	struct str word;

	start(r);
	line[n] = '\0';
	if (cursor_at(&c, '+')) {
		r->kind = RESP_CONTINUE;
		r->text = line + 1;
		return;
	}
	if (!cursor_take(&c, '*')) {
		cursor_atom(&c, &word);
		cursor_blanks(&c);
		r->tag = keep(r, &word);
		cursor_atom(&c, &word);
		if (r->tag != NULL && status_word(r, &word)) {
			r->kind = RESP_TAGGED;
			parse_status(r, &c);
		}
		return;
	}
	cursor_blanks(&c);
	if (c.p < c.end && *c.p >= '0' && *c.p <= '9') {
		parse_numbered(r, &c, body_size);
		return;
	}
	cursor_atom(&c, &word);
	if (status_word(r, &word)) {
		r->kind = RESP_STATE;
		parse_status(r, &c);
	} else if (str_is(&word, "BYE")) {
		r->kind = RESP_BYE;
		parse_status(r, &c);
	} else
		parse_data(r, &c, &word);
}

enum imap_refusal
response_refusal(const struct response *r, uint64_t *backoff)
{
	static const char *const later[] = { "THROTTLED", "INUSE",
	    "UNAVAILABLE", "LIMIT]", "SERVERBUG", "Request is throttled",
	    "rate limit", "bandwidth limit", "Too many", "try again",
	    "not connected" };
	const char *p;
	size_t i;

	*backoff = 0;
	if ((p = strcasestr(r->text, "Backoff Time:")) != NULL) {
		p += 13 + strspn(p + 13, " ");
		text_u64(p, strspn(p, "0123456789"), backoff);
		return REFUSED_LATER;
	}
	for (i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		if (strcasestr(r->text, later[i]) != NULL)
			return REFUSED_LATER;
	return r->status == RESP_BAD ? REFUSED_UNKNOWN : REFUSED_PLAIN;
}
