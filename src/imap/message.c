/*
 * message.c - what FETCH says of a message.
 *
 * Strict where a guess could file a message under another's UID, or a body that is none; what is only said of a
 * message may be missing.
 */
#include <string.h>

#include "base/buf.h"
#include "imap/data.h"
#include "mail/flags.h"

static bool
ends_item(char c)
{
	return c == ' ' || c == '(' || c == ')' || c == '{' || c == '"' ||
	    c == '\t' || c == '\n';
}

/* An item's name: "BODY[HEADER.FIELDS (FROM TO)]<0>" counts as one. */
static void
take_item(struct cursor *c, struct str *s)
{
	*s = (struct str){ .p = c->p };
	while (c->p < c->end && !ends_item(*c->p)) {
		if (*c->p++ != '[')
			continue;
		while (c->p < c->end && *c->p != ']' && *c->p != '\n')
			c->p++;
	}
	s->n = (size_t)(c->p - s->p);
}

static int
take_uid(struct response *r, struct cursor *c)
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
take_flags(struct response *r, struct cursor *c)
{
	r->meta.flags = NULL;
	if (data_flags(c, &r->list) == -1)
		return -1;
	r->meta.flags = buf_text(&r->list);
	return 0;
}

static int
take_date(struct response *r, struct cursor *c)
{
	struct str s;

	if (cursor_str(c, &s) == -1)
		return -1;
	if (s.nil || s.streamed)
		return 0;
	if (s.n > DATE_MAX_RAW)
		s.n = DATE_MAX_RAW;
	s.n = strnlen(s.p, s.n);
	r->meta.internaldate = data_keep(r, &s);
	r->meta.has_date = date_parse(s.p, s.n, &r->meta.date) == 0;
	return 0;
}

/* A figure of speech instead of a number, such as -1 or 9.4e+06, is as good as none. */
static int
take_size(struct response *r, struct cursor *c)
{
	if (cursor_number(c, &r->meta.size) == -1)
		return cursor_skip(c);
	r->meta.has_size = true;
	return 0;
}

static int
take_labels(struct response *r, struct cursor *c)
{
	struct str s;

	if (!cursor_take(c, '('))
		return cursor_skip(c);
	r->meta.labels = NULL;
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
take_body(struct response *r, struct cursor *c, uint64_t streamed)
{
	struct str s;

	if (r->body != BODY_NONE) {
		r->why = "it has two bodies";
		return -1;
	}
	/* Some servers name the item and leave out its value. */
	if (cursor_at(c, ')')) {
		r->body = BODY_NIL;
		return 0;
	}
	if (cursor_str(c, &s) == -1 || (s.atom && !s.nil)) {
		r->why = "its body can't be read";
		return -1;
	}
	r->body = s.nil ? BODY_NIL : BODY_GIVEN;
	r->body_size = s.streamed ? streamed : s.n;
	r->body_text = s.nil || s.streamed ? NULL : s.p;
	return 0;
}

static int
take_value(struct response *r, struct cursor *c, const struct str *item,
    uint64_t streamed)
{
	if (str_is(item, "UID"))
		return take_uid(r, c);
	if (str_is(item, "FLAGS"))
		return take_flags(r, c);
	if (str_is(item, "INTERNALDATE"))
		return take_date(r, c);
	if (str_is(item, "RFC822.SIZE"))
		return take_size(r, c);
	if (str_is(item, "BODY[]") || str_is(item, "BODY[]<0>"))
		return take_body(r, c, streamed);
	if (str_is(item, "BODY[HEADER]")) {
		r->header = true;
		return take_body(r, c, streamed);
	}
	if (str_is(item, "EMAILID"))
		return data_id(r, c, "", &r->meta.emailid);
	if (str_is(item, "THREADID"))
		return data_id(r, c, "", &r->meta.threadid);
	/* Gmail's numbers get a prefix of their own. */
	if (str_is(item, "X-GM-MSGID"))
		return data_id(r, c, "gm:", &r->meta.emailid);
	if (str_is(item, "X-GM-THRID"))
		return data_id(r, c, "gm:", &r->meta.threadid);
	if (str_is(item, "X-GM-LABELS"))
		return take_labels(r, c);
	return cursor_skip(c);
}

int
data_message(struct response *r, struct cursor *c, uint64_t streamed)
{
	struct str item;
	int depth = 0;

	r->why = "its items can't be read";
	do {
		cursor_blanks(c);
		/* Domino puts parentheses around some items. */
		if (cursor_take(c, '(')) {
			if (++depth > CURSOR_DEPTH)
				return -1;
			continue;
		}
		if (depth == 0)
			return -1;
		if (cursor_take(c, ')')) {
			depth--;
			continue;
		}
		take_item(c, &item);
		if (item.n == 0)
			return -1;
		cursor_blanks(c);
		if (take_value(r, c, &item, streamed) == -1)
			return -1;
	} while (depth > 0);
	/* One parenthesis too many does no harm; anything else, a body for example, would be lost. */
	do
		cursor_blanks(c);
	while (cursor_take(c, ')'));
	if (c->p != c->end)
		return -1;
	r->why = NULL;
	return 0;
}
