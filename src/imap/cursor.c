/*
 * cursor.c - see cursor.h.
 */
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "imap/cursor.h"

void
cursor_blanks(struct cursor *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t'))
		c->p++;
}

bool
cursor_take(struct cursor *c, char want)
{
	if (c->p == c->end || *c->p != want)
		return false;
	c->p++;
	return true;
}

bool
cursor_at(const struct cursor *c, char want)
{
	return c->p < c->end && *c->p == want;
}

/* An atom by what ends it, not by what it may hold: servers put much into atoms. */
void
cursor_atom(struct cursor *c, struct str *s)
{
	s->p = c->p;
	while (c->p < c->end && *c->p != ' ' && *c->p != '(' && *c->p != ')' &&
	    *c->p != '"')
		c->p++;
	s->n = (size_t)(c->p - s->p);
	s->nil = s->n == 3 && strncasecmp(s->p, "NIL", 3) == 0;
	s->streamed = false;
}

bool
str_is(const struct str *s, const char *word)
{
	return strlen(word) == s->n && strncasecmp(s->p, word, s->n) == 0;
}

int
cursor_number(struct cursor *c, uint64_t *out)
{
	char *from = c->p;

	while (c->p < c->end && *c->p >= '0' && *c->p <= '9')
		c->p++;
	return text_u64(from, (size_t)(c->p - from), out);
}

/* A quoted string, unescaped where it stands. */
static int
take_quoted(struct cursor *c, struct str *s)
{
	char *to;

	c->p++;
	s->p = to = c->p;
	s->nil = s->streamed = false;
	for (; c->p < c->end; c->p++) {
		if (*c->p == '"') {
			c->p++;
			s->n = (size_t)(to - s->p);
			return 0;
		}
		if (*c->p == '\\' && c->p + 1 < c->end)
			c->p++;
		*to++ = *c->p;
	}
	return -1;
}

/* A literal: lex.c left "{n}" CRLF and the bytes, or no bytes for the streamed one. */
static int
take_literal(struct cursor *c, struct str *s)
{
	char *brace = c->p;
	uint64_t n;

	c->p++;
	if (cursor_number(c, &n) == -1)
		goto atom;
	cursor_take(c, '+');
	if (!cursor_take(c, '}') || !cursor_take(c, '\r') || !cursor_take(c, '\n'))
		goto atom;
	s->p = c->p;
	s->nil = false;
	s->streamed = c->body_at == c->p;
	if (s->streamed) {
		s->n = 0;
		c->body_at = NULL;
		return 0;
	}
	if (n > (uint64_t)(c->end - c->p))
		return -1;
	s->n = (size_t)n;
	c->p += n;
	return 0;
atom:
	/* An atom that begins with a brace, such as Exchange sends. */
	c->p = brace;
	cursor_atom(c, s);
	return s->n == 0 ? -1 : 0;
}

/* atom, quoted string or literal; NIL is an atom. */
int
cursor_str(struct cursor *c, struct str *s)
{
	if (cursor_at(c, '"'))
		return take_quoted(c, s);
	if (cursor_at(c, '~') && c->p + 1 < c->end && c->p[1] == '{')
		c->p++;
	if (cursor_at(c, '{'))
		return take_literal(c, s);
	cursor_atom(c, s);
	return s->n == 0 ? -1 : 0;
}

/* Step over a value of any form.  Depth is counted, not recursed into. */
int
cursor_skip(struct cursor *c)
{
	struct str s;
	int depth = 0;

	do {
		cursor_blanks(c);
		if (cursor_at(c, '(')) {
			if (++depth > CURSOR_DEPTH)
				return -1;
			c->p++;
		} else if (cursor_at(c, ')')) {
			if (depth == 0)
				return -1;
			depth--;
			c->p++;
		} else if (cursor_str(c, &s) == -1)
			return -1;
	} while (depth > 0);
	return 0;
}
