/*
 * lex.c - see lex.h.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "imap/cursor.h"
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

#define SEARCH		"* SEARCH "	/* what a part of one begins with */

static void
start_response(struct lex *l)
{
	buf_clear(&l->line);
	if (l->parted)
		buf_addf(&l->line, SEARCH "%s", l->number);
	l->parted = false;
	l->segment = 0;
	l->body_at = SIZE_MAX;
	l->body_size = 0;
	l->bodies = 0;
	l->finished = false;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next word at ${*p}, which is moved behind it. */
static size_t
next_word(const char **p, const char *end, const char **word)
{
	while (*p < end && is_blank(**p))
		(*p)++;
	*word = *p;
	while (*p < end && !is_blank(**p))
		(*p)++;
	return (size_t)(*p - *word);
}

/*
 * Only untagged data carries literals.  The text behind a status, or behind a response code whose status a server
 * forgot, is for people and may well end in "{5}".
 */
static bool
may_hold_literals(const struct lex *l)
{
	static const char *const words[] = { "OK", "NO", "BAD", "BYE",
	    "PREAUTH" };
	const char *p = l->line.p, *end = p + l->line.n, *word;
	size_t i, n;

	if (l->line.n == 0 || *p++ != '*')
		return false;
	n = next_word(&p, end, &word);
	if (n == 0 || *word == '[')
		return false;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_same(word, n, words[i]))
			return false;
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
 * Does the line end in {size}?  1 and the size and where the brace is; 0 no; -1 it does, but that is no size we can
 * read.
 */
static int
announced(const struct lex *l, uint64_t *size, size_t *brace)
{
	const char *p = l->line.p;
	size_t end = l->line.n, at;

	if (end == 0 || p[--end] != '}')
		return 0;
	if (end > l->segment && p[end - 1] == '+')	/* a client's form; some servers send it */
		end--;
	for (at = end; at > l->segment && p[at - 1] >= '0' &&
	    p[at - 1] <= '9'; at--)
		;
	if (at < end && at > l->segment && p[at - 1] == '-')
		at--;
	if (at == end || at == l->segment || p[at - 1] != '{')
		return 0;
	*brace = at - 1;
	if (in_quotes(p + l->segment, *brace - l->segment))
		return 0;
	/* Below 2^62, so that sums with it can't overflow. */
	if (text_u64(p + at, end - at, size) == -1 || *size >> 62 != 0)
		return -1;
	return 1;
}

/* Whether the last of the words is ${item}. */
static bool
ends_in(const char *p, const char *end, const char *item)
{
	ptrdiff_t n = (ptrdiff_t)strlen(item);

	return end - p > n && str_same(end - n, (size_t)n, item) &&
	    (is_blank(end[-n - 1]) || end[-n - 1] == '(');
}

/* Whether what is announced at ${brace} is a message or its header: "* 12 FETCH (... BODY[] {", or BODY[]<0> {. */
static bool
is_body(const struct lex *l, size_t brace)
{
	const char *p = l->line.p + 1, *end = l->line.p + brace, *word;
	const char *parenthesis;
	size_t n;

	next_word(&p, end, &word);	/* the number */
	n = next_word(&p, end, &word);
	parenthesis = memchr(word, '(', n);
	if (!str_same(word, parenthesis == NULL ? n :
	    (size_t)(parenthesis - word), "FETCH"))
		return false;
	/* Backwards from the brace. */
	if (end > word && end[-1] == '~')
		end--;
	while (end > word && is_blank(end[-1]))
		end--;
	if (end > word && end[-1] == '>') {
		while (end > word && end[-1] != '<')
			end--;
		end--;
	}
	return ends_in(word, end, "BODY[]") ||
	    ends_in(word, end, "BODY[HEADER]");
}

static int
too_long(struct err *e)
{
	return err_set(e, EK_PROTO,
	    "the server sent a response longer than %d bytes", LEX_LINE_MAX);
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
		return too_long(e);
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
		    "a literal of %" PRIu64 " bytes that is no message", size);
	l->state = LEX_LITERAL;
	return 0;
}

/*
 * A SEARCH that gets long is handed out between two numbers; the second one, as far as it is there, begins the rest.
 * Its MODSEQ, "(MODSEQ 5)" at the end, is left alone.
 */
static bool
cut_search(struct lex *l)
{
	const char *p = l->line.p, *end = p + l->line.n, *last = end;

	if (l->line.n < LEX_PART || l->segment > 0 ||
	    !str_same(p, strlen(SEARCH), SEARCH))
		return false;
	while (last[-1] >= '0' && last[-1] <= '9')
		last--;
	if ((size_t)(end - last) >= sizeof(l->number) || last[-1] != ' ' ||
	    last[-2] < '0' || last[-2] > '9')
		return false;
	memcpy(l->number, last, (size_t)(end - last) + 1);
	l->line.n = (size_t)(last - 1 - p);
	l->line.p[l->line.n] = '\0';
	l->finished = l->parted = true;
	return true;
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
		return too_long(e);
	*p += n;
	*ev = LEX_MORE;
	if (nl == NULL) {
		if (cut_search(l))
			*ev = LEX_RESPONSE;
		return 0;
	}
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
		return too_long(e);
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
