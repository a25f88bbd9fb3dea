/*
 * cursor.c - see cursor.h.
 */
#include "base/text.h"
#include "imap/cursor.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

void
cursor_blanks(struct cursor *c)
{
	while (c->p < c->end && is_blank(*c->p))
		c->p++;
}

bool
cursor_at(const struct cursor *c, char want)
{
	return c->p < c->end && *c->p == want;
}

bool
cursor_take(struct cursor *c, char want)
{
	if (!cursor_at(c, want))
		return false;
	c->p++;
	return true;
}

/*
 * What ends an atom.  A line feed is in a line only behind a literal's size: where no literal may stand, nothing
 * steps over it, so that a literal's bytes are never taken for syntax.
 */
static bool
ends_atom(char c)
{
	return is_blank(c) || c == '(' || c == ')' || c == '"' || c == '\n';
}

/* An atom by what ends it, not by what it may hold: servers put much into atoms. */
void
cursor_atom(struct cursor *c, struct str *s)
{
	s->p = c->p;
	while (c->p < c->end && !ends_atom(*c->p))
		c->p++;
	s->n = (size_t)(c->p - s->p);
	s->atom = true;
	s->nil = str_is(s, "NIL");
	s->streamed = false;
}

static char
fold(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

bool
str_same(const char *p, size_t n, const char *word)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (word[i] == '\0' || fold(p[i]) != fold(word[i]))
			return false;
	return word[n] == '\0';
}

bool
str_is(const struct str *s, const char *word)
{
	return str_same(s->p, s->n, word);
}

/* Digits, whatever follows them. */
static int
take_digits(struct cursor *c, uint64_t *out)
{
	char *from = c->p;

	while (c->p < c->end && *c->p >= '0' && *c->p <= '9')
		c->p++;
	return text_u64(from, (size_t)(c->p - from), out);
}

int
cursor_number(struct cursor *c, uint64_t *out)
{
	char *from = c->p;
	uint64_t v;

	if (take_digits(c, &v) == -1 || (c->p < c->end && !ends_atom(*c->p))) {
		c->p = from;
		return -1;
	}
	*out = v;
	return 0;
}

/* A quoted string, unescaped where it stands. */
static int
take_quoted(struct cursor *c, struct str *s)
{
	char *to;

	c->p++;
	*s = (struct str){ .p = c->p };
	for (to = c->p; c->p < c->end; c->p++) {
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
	if (take_digits(c, &n) == -1)
		goto atom;
	cursor_take(c, '+');
	if (!cursor_take(c, '}') || !cursor_take(c, '\r') ||
	    !cursor_take(c, '\n'))
		goto atom;
	*s = (struct str){ .p = c->p, .streamed = c->p == c->body_at };
	if (s->streamed)
		return 0;
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

/* Depth is counted, not recursed into. */
int
cursor_skip(struct cursor *c)
{
	struct str s;
	int depth = 0;

	do {
		cursor_blanks(c);
		if (cursor_take(c, '(')) {
			if (++depth > CURSOR_DEPTH)
				return -1;
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
