/*
 * data.c - untagged data but FETCH: folders, their state, UIDs, namespaces, quota.
 */
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "imap/data.h"
#include "mail/flags.h"

#define ID_MAX		255	/* characters of an id (RFC 8474, section 7) */
#define SERVER_MAX	256	/* bytes kept of a server's name and version */
#define NAMESPACES_MAX	1000

/* ---- what several kinds have in them ---- */

const char *
data_keep(struct response *r, const struct str *s)
{
	size_t at = r->words.n;

	if (buf_add(&r->words, s->p, s->n) == -1)
		return NULL;
	if (buf_addc(&r->words, '\0') == -1) {
		r->words.n = at;
		return NULL;
	}
	return r->words.p + at;
}

int
data_flags(struct cursor *c, struct buf *out)
{
	struct str s;
	char *from;

	if (!cursor_take(c, '(')) {
		cursor_atom(c, &s);
		return s.nil ? 0 : -1;
	}
	from = c->p;
	while (c->p < c->end && *c->p != ')' && *c->p != '(' && *c->p != '\n')
		c->p++;
	if (!cursor_at(c, ')'))
		return -1;
	buf_clear(out);
	if (flags_canon(from, (size_t)(c->p - from), out) == -1)
		return -1;
	c->p++;
	return 0;
}

/* RFC 8474, section 7: letters, digits, '_' and '-'. */
static bool
is_objectid(const struct str *s)
{
	static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t i;

	for (i = 0; i < s->n && s->p[i] != '\0' &&
	    strchr(safe, s->p[i]) != NULL; i++)
		;
	return i == s->n;
}

int
data_id(struct response *r, struct cursor *c, const char *prefix,
    const char **out)
{
	bool parentheses = cursor_take(c, '(');
	char text[ID_MAX + 8];
	size_t n = strlen(prefix);
	struct str s;

	cursor_blanks(c);
	if (cursor_str(c, &s) == -1)
		return -1;
	cursor_blanks(c);
	if (parentheses && !cursor_take(c, ')'))
		return -1;
	if (s.nil || s.n == 0 || s.n > ID_MAX || !is_objectid(&s))
		return 0;
	memcpy(text, prefix, n);
	memcpy(text + n, s.p, s.n);
	*out = data_keep(r, &(struct str){ .p = text, .n = n + s.n });
	return 0;
}

/* A folder's name, as a C string. */
static int
set_name(struct response *r, const struct str *s)
{
	r->name_nul = memchr(s->p, '\0', s->n) != NULL;
	r->name = data_keep(r, s);
	return r->name == NULL ? -1 : 0;
}

/* ---- LIST, LSUB ---- */

/* Extended data (RFC 5258): ("TAG" value "TAG" value), and nothing behind it. */
static bool
is_extension(struct cursor c)
{
	unsigned int values = 0;

	if (!cursor_take(&c, '('))
		return false;
	for (;;) {
		cursor_blanks(&c);
		if (cursor_take(&c, ')'))
			break;
		if (cursor_skip(&c) == -1)
			return false;
		values++;
	}
	cursor_blanks(&c);
	return c.p == c.end && values % 2 == 0;
}

/* What would not be there in a name that was sent bare. */
static bool
has_syntax(const char *p, const char *end)
{
	while (p < end && *p != '"' && *p != '\\' && *p != '\n')
		p++;
	return p < end;
}

/*
 * The name in a LIST is all that is left, but for extended data.  Servers that don't quote names send blanks and
 * parentheses bare: the first half of such a name may be the name of another folder.
 */
static int
list_name(struct response *r, struct cursor *c)
{
	struct str s;
	bool bare;

	if (cursor_str(c, &s) == -1 || s.streamed)
		return -1;
	cursor_blanks(c);
	bare = s.atom && !has_syntax(s.p, c->end);
	if (c->p < c->end && !is_extension(*c)) {
		if (!bare)
			return -1;
		s.n = (size_t)(c->end - s.p);
		while (s.p[s.n - 1] == ' ')
			s.n--;
	}
	return set_name(r, &s);
}

/* (\HasNoChildren) "/" name */
int
data_list(struct response *r, struct cursor *c)
{
	struct str s;

	cursor_blanks(c);
	if (data_flags(c, &r->list) == -1)
		return -1;
	cursor_blanks(c);
	if (cursor_str(c, &s) == -1)
		return -1;
	r->delimiter = s.nil || s.n == 0 ? '\0' : s.p[0];
	cursor_blanks(c);
	return list_name(r, c);
}

/* (NAME ... NAME ...): call ${item} for each name; it reads what belongs to it. */
static int
each_item(struct response *r, struct cursor *c,
    int (*item)(struct response *, struct cursor *, const struct str *))
{
	struct str s;

	cursor_blanks(c);
	if (!cursor_take(c, '('))
		return -1;
	for (;;) {
		cursor_blanks(c);
		if (cursor_take(c, ')'))
			return 0;
		cursor_atom(c, &s);
		cursor_blanks(c);
		if (s.n == 0 || item(r, c, &s) == -1)
			return -1;
	}
}

/* ---- STATUS ---- */

/* Figures of speech (NIL, -1, 9.4e+06) are "not told". */
static int
status_item(struct response *r, struct cursor *c, const struct str *item)
{
	struct mail_state *b = &r->box;
	uint64_t v;

	if (str_is(item, "MAILBOXID"))
		return data_id(r, c, "", &r->mailboxid);
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

/* name (MESSAGES 3 UIDNEXT 7) */
int
data_status(struct response *r, struct cursor *c)
{
	struct str s;

	cursor_blanks(c);
	if (cursor_str(c, &s) == -1 || s.streamed || set_name(r, &s) == -1)
		return -1;
	return each_item(r, c, status_item);
}

/* ---- UIDs ---- */

/* A UID of SEARCH as a number without zeros before it: 1, or 0 where it is none. */
static int
search_uid(struct str *s, uint32_t *out)
{
	uint64_t v;

	if (text_u64(s->p, s->n, &v) == -1 || v == 0 || v > UID_MAX)
		return 0;
	for (; *s->p == '0'; s->n--)
		s->p++;
	*out = (uint32_t)v;
	return 1;
}

/*
 * 2 3 6, and whatever is no UID is stepped over.  They ascend, as a rule; what doesn't is written anew over the line
 * as 5,4, to be sorted in one go.
 */
int
data_search(struct response *r, struct cursor *c)
{
	char *rest = c->p, *to = rest;
	struct str s;
	uint32_t uid;

	for (;;) {
		cursor_blanks(c);
		if (c->p == c->end)
			break;
		/* MODSEQ (RFC 7162) comes in parentheses. */
		if (cursor_at(c, '(')) {
			if (cursor_skip(c) == -1)
				return -1;
			continue;
		}
		cursor_atom(c, &s);
		if (s.n == 0 && *c->p++ == '\n')
			return -1;
		if (!search_uid(&s, &uid))
			continue;
		if (uid > uidset_max(&r->uids)) {
			uidset_add(&r->uids, uid);
			continue;
		}
		if (to != rest)
			*to++ = ',';
		memmove(to, s.p, s.n);
		to += s.n;
	}
	return to == rest ? 0 : uidset_parse(rest, (size_t)(to - rest),
	    RESP_RANGES, &r->uids);
}

/* (TAG "x") UID ALL 1:3,5.  Without the word UID it would be sequence numbers. */
int
data_esearch(struct response *r, struct cursor *c)
{
	struct str s;
	bool uid = false;

	cursor_blanks(c);
	if (cursor_at(c, '(') && cursor_skip(c) == -1)
		return -1;
	for (;;) {
		cursor_blanks(c);
		if (c->p == c->end)
			return uid ? 0 : -1;
		cursor_atom(c, &s);
		if (str_is(&s, "UID")) {
			uid = true;
			continue;
		}
		cursor_blanks(c);
		if (!str_is(&s, "ALL")) {
			if (s.n == 0 || cursor_skip(c) == -1)
				return -1;
			continue;
		}
		cursor_atom(c, &s);
		if (!uid || uidset_parse(s.p, s.n, RESP_RANGES, &r->uids) ==
		    -1)
			return -1;
	}
}

/* (EARLIER) 41,43:116 */
int
data_vanished(struct response *r, struct cursor *c)
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

/* ---- the server ---- */

/* ("prefix" "delimiter" extensions...) */
static int
add_namespace(struct response *r, struct cursor *c, enum mail_space space)
{
	struct str prefix, delimiter;
	struct resp_prefix *ns;

	if (!cursor_take(c, '('))
		return -1;
	cursor_blanks(c);
	if (cursor_str(c, &prefix) == -1)
		return -1;
	cursor_blanks(c);
	if (cursor_str(c, &delimiter) == -1 || r->ns_n == NAMESPACES_MAX)
		return -1;
	r->ns = mem_grow(r->ns, &r->ns_cap, r->ns_n + 1, sizeof(*r->ns));
	ns = &r->ns[r->ns_n++];
	ns->prefix = xmemdup0(prefix.p, prefix.n);
	ns->space = space;
	ns->delimiter = delimiter.nil || delimiter.n == 0 ? '\0' :
	    delimiter.p[0];
	for (;;) {
		cursor_blanks(c);
		if (cursor_take(c, ')'))
			return 0;
		if (cursor_skip(c) == -1)
			return -1;
	}
}

/* Three times: NIL, or a list of namespaces. */
int
data_namespace(struct response *r, struct cursor *c)
{
	static const enum mail_space spaces[] = { MAIL_PERSONAL, MAIL_OTHER,
	    MAIL_SHARED };
	size_t i;

	for (i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
		cursor_blanks(c);
		if (!cursor_take(c, '(')) {
			if (cursor_skip(c) == -1)
				return -1;
			continue;
		}
		for (;;) {
			cursor_blanks(c);
			if (cursor_take(c, ')'))
				break;
			if (add_namespace(r, c, spaces[i]) == -1)
				return -1;
		}
	}
	return 0;
}

/* Of resources that we don't know the figures may be anything, such as -1 for no limit. */
static int
quota_item(struct response *r, struct cursor *c, const struct str *item)
{
	if (!str_is(item, "STORAGE") || r->has_quota)
		return cursor_skip(c) == -1 ? -1 : cursor_skip(c);
	if (cursor_number(c, &r->used) == -1)
		return -1;
	cursor_blanks(c);
	if (cursor_number(c, &r->limit) == -1)
		return -1;
	r->has_quota = true;
	return 0;
}

/* root (STORAGE used limit); the root's name may well be "", or left out where it is. */
int
data_quota(struct response *r, struct cursor *c)
{
	struct str s;

	cursor_blanks(c);
	if (!cursor_at(c, '(') && cursor_str(c, &s) == -1)
		return -1;
	return each_item(r, c, quota_item);
}

/* ("name" "Dovecot" "version" "2.3"): what is worth keeping, as "Dovecot 2.3". */
int
data_server(struct response *r, struct cursor *c)
{
	struct str key, value;

	cursor_blanks(c);
	if (cursor_take(c, '('))
		for (;;) {
			cursor_blanks(c);
			if (cursor_str(c, &key) == -1)
				break;
			cursor_blanks(c);
			if (cursor_str(c, &value) == -1)
				break;
			if (value.nil || (!str_is(&key, "name") &&
			    !str_is(&key, "version")) ||
			    r->words.n + value.n >= SERVER_MAX ||
			    memchr(value.p, '\0', value.n) != NULL)
				continue;
			if (r->words.n > 0)
				buf_addc(&r->words, ' ');
			buf_add(&r->words, value.p, value.n);
		}
	r->text = buf_text(&r->words);
	return 0;
}
