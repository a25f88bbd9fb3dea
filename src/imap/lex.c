/*
 * lex.c - see lex.h.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "imap/lex.h"

void
lex_init(struct lex *l)
{
	memset(l, 0, sizeof(*l));
	buf_init(&l->line, LEX_LINE_MAX);
	l->body_at = SIZE_MAX;
}

void
lex_release(struct lex *l)
{
	buf_release(&l->line);
}

static void
start_response(struct lex *l)
{
	buf_clear(&l->line);
	l->segment = 0;
	l->body_at = SIZE_MAX;
	l->body_size = 0;
	l->bodies = 0;
	l->finished = false;
}

/*
 * Only untagged data carries literals.  The text behind a status is for people and may well end in "{5}".
 */
static bool
may_hold_literals(const struct lex *l)
{
	static const char *const words[] = { "OK", "NO", "BAD", "BYE",
	    "PREAUTH" };
	const char *p = l->line.p;
	size_t i, n;

	if (l->line.n < 3 || p[0] != '*' || p[1] != ' ')
		return false;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		n = strlen(words[i]);
		if (l->line.n >= 2 + n &&
		    strncasecmp(p + 2, words[i], n) == 0 &&
		    (l->line.n == 2 + n || p[2 + n] == ' '))
			return false;
	}
	return true;
}

/* Whether the text ends inside a quoted string: such a line is malformed, and what ends it is no literal. */
static bool
in_quotes(const char *p, size_t n)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] == '"')
			quoted = !quoted;
		else if (p[i] == '\\' && quoted)
			i++;
	}
	return quoted;
}

/*
 * Does the line end in {digits}?  1 and the size and where the brace is; 0 no; -1 it does, but that is no size we can read.
 */
static int
announced(const struct lex *l, uint64_t *size, size_t *brace)
{
	const char *p = l->line.p;
	size_t end = l->line.n, at, digits;

	if (end == 0 || p[end - 1] != '}')
		return 0;
	for (at = end - 1; at > l->segment && p[at - 1] != '{'; at--)
		if (end - at > 64)
			return 0;
	if (at == l->segment)
		return 0;
	*brace = at - 1;
	digits = end - 1 - at;
	if (digits > 0 && p[end - 2] == '+')	/* a client's form; some servers send it */
		digits--;
	if (strspn(p + at, "0123456789-") < digits || digits == 0 ||
	    in_quotes(p + l->segment, *brace - l->segment))
		return 0;
	/* Below 2^62, so that sums with it can't overflow. */
	if (text_u64(p + at, digits, size) == -1 || *size >> 62 != 0)
		return -1;
	return 1;
}

/* Whether what is announced at ${brace} is the body of a message: "* 12 FETCH (... BODY[] {" or BODY[]<0> {. */
static bool
is_body(const struct lex *l, size_t brace)
{
	const char *p = l->line.p, *s = p + 2, *end = p + brace;

	while (s < end && *s >= '0' && *s <= '9')
		s++;
	if (s == p + 2 || end - s < 7 || strncasecmp(s, " FETCH ", 7) != 0)
		return false;
	if (end > s && end[-1] == '~')
		end--;
	while (end > s && end[-1] == ' ')
		end--;
	if (end - s > 3 && end[-1] == '>') {
		while (end > s && end[-1] != '<')
			end--;
		if (end > s)
			end--;
	}
	return end - s > 6 && strncasecmp(end - 6, "BODY[]", 6) == 0 &&
	    (end[-7] == ' ' || end[-7] == '(');
}

/* A whole line has arrived: a response, or a part of one with a literal behind it. */
static int
end_line(struct lex *l, enum lex_event *ev, struct err *e)
{
	uint64_t size;
	size_t brace;
	int r;

	while (l->line.n > l->segment && l->line.p[l->line.n - 1] == '\r')
		l->line.p[--l->line.n] = '\0';
	*ev = LEX_RESPONSE;
	l->finished = true;
	if (!may_hold_literals(l) ||
	    (r = announced(l, &size, &brace)) == 0)
		return 0;
	if (r == -1)
		return err_set(e, EK_PROTO,
		    "the server announced a literal of an impossible size");
	l->finished = false;
	*ev = LEX_MORE;
	if (buf_adds(&l->line, "\r\n") == -1)
		return err_set(e, EK_PROTO, "response too long");
	l->segment = l->line.n;
	l->left = size;
	if (is_body(l, brace)) {
		l->state = LEX_STREAM;
		if (l->bodies++ == 0) {
			l->body_at = l->line.n;
			l->body_size = size;
		}
		*ev = LEX_BODY_BEGIN;
		return 0;
	}
	if (size > LEX_LITERAL_MAX)
		return err_set(e, EK_PROTO,
		    "a literal of %llu bytes that is no message",
		    (unsigned long long)size);
	l->state = LEX_LITERAL;
	return 0;
}

static int
push_text(struct lex *l, const char **p, const char *end, enum lex_event *ev,
    struct err *e)
{
	const char *nl;
	size_t n;

	if (l->finished)
		start_response(l);
	nl = memchr(*p, '\n', (size_t)(end - *p));
	n = (size_t)((nl == NULL ? end : nl) - *p);
	if (buf_add(&l->line, *p, n) == -1)
		return err_set(e, EK_PROTO,
		    "the server sent a line longer than %d bytes",
		    LEX_LINE_MAX);
	*p += n;
	*ev = LEX_MORE;
	if (nl == NULL)
		return 0;
	(*p)++;
	return end_line(l, ev, e);
}

static int
push_literal(struct lex *l, const char **p, const char *end, struct err *e)
{
	size_t n = (size_t)(end - *p);

	if (n > l->left)
		n = (size_t)l->left;
	if (buf_add(&l->line, *p, n) == -1)
		return err_set(e, EK_PROTO, "response too long");
	*p += n;
	if ((l->left -= n) == 0) {
		l->state = LEX_TEXT;
		l->segment = l->line.n;
	}
	return 0;
}

int
lex_push(struct lex *l, const char **p, const char *end, enum lex_event *ev,
    const char **piece, size_t *n, struct err *e)
{
	for (;;) {
		*ev = LEX_MORE;
		/* Literals of no bytes are over without any input. */
		if (l->state == LEX_LITERAL && l->left == 0)
			l->state = LEX_TEXT;
		if (l->state == LEX_STREAM && l->left == 0) {
			l->state = LEX_TEXT;
			*ev = LEX_BODY_END;
			return 0;
		}
		if (*p == end)
			return 0;
		switch (l->state) {
		case LEX_TEXT:
			if (push_text(l, p, end, ev, e) == -1)
				return -1;
			if (*ev != LEX_MORE)
				return 0;
			break;
		case LEX_LITERAL:
			if (push_literal(l, p, end, e) == -1)
				return -1;
			break;
		case LEX_STREAM:
			*piece = *p;
			*n = (size_t)(end - *p);
			if (*n > l->left)
				*n = (size_t)l->left;
			*p += *n;
			l->left -= *n;
			*ev = LEX_BODY;
			return 0;
		}
	}
}
