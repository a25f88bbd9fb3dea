/*
 * sift.c - the lexical rules of the config file, kept by us rather than by
 * libconfuse.
 *
 * Left alone, libconfuse 3.3 counts lines wrong behind a comment, takes no
 * comment inside a list, puts the environment into strings, cuts a string at an
 * escaped NUL, lets a string run over lines, swallows characters that it
 * doesn't know, accepts a section that is never closed and can print to
 * stdout.  So what reaches it is only this: words of harmless characters,
 * strings that end on their line and hold no escapes but of quotes and
 * backslashes, braces that match, = , +=.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/sift.h"

#define DEPTH_MAX	2	/* a list in a section */

/* May stand in a word without quotes; so may whatever is not ASCII. */
static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || ((unsigned char)c & 0x80) != 0 ||
	    (c != '\0' && strchr("_-.:/@%~", c) != NULL);
}

static int
refuse_byte(char c, struct err *e)
{
	if ((unsigned char)c < 0x20 || c == 0x7f)
		return err_set(e, EK_CONFIG, "a control character (0x%02x)",
		    (unsigned int)(unsigned char)c);
	return err_set(e, EK_CONFIG, "'%c' has to stand between quotes", c);
}

/*
 * A string: ${*i} is at its first quote and comes to stand behind its last one.
 */
static int
sift_string(const char *p, size_t n, size_t *i, struct err *e)
{
	char quote = p[(*i)++];

	for (; *i < n && p[*i] != '\n'; (*i)++) {
		char c = p[*i], next = *i + 1 < n ? p[*i + 1] : '\n';

		if (c == quote) {
			(*i)++;
			return 0;
		}
		if (((unsigned char)c < 0x20 || c == 0x7f) &&
		    !(c == '\r' && next == '\n'))
			return refuse_byte(c, e);
		if (quote == '"' && c == '$' && next == '{') {
			err_set(e, EK_CONFIG, "variables such as ${HOME} have "
			    "no meaning here");
			return err_next(e, "put the text between single "
			    "quotes where ${ is meant as it stands");
		}
		if (c == '\\' && quote == '"' && next != '"' && next != '\\') {
			err_set(e, EK_CONFIG, "a backslash stands only before "
			    "another one or a quote");
			return err_next(e, "write it twice, or put the text "
			    "between single quotes");
		}
		if (c == '\\' && next != '\n' && next != '\r')
			(*i)++;
	}
	return err_set(e, EK_CONFIG,
	    "the quoted text does not end on this line");
}

static int
sift_brace(struct sift *s, char c, unsigned int *depth, struct err *e)
{
	if (c == '}') {
		if (*depth == 0)
			return err_set(e, EK_CONFIG, "this } closes nothing");
		(*depth)--;
		return 0;
	}
	if (*depth == DEPTH_MAX)
		return err_set(e, EK_CONFIG, "this { opens nothing");
	if ((*depth)++ == 0) {
		s->starts = mem_grow(s->starts, &s->cap, s->n + 1,
		    sizeof(s->starts[0]));
		s->starts[s->n++] = s->line;
	}
	return 0;
}

/* A word: ${*i} comes to stand behind it. */
static int
sift_word(const char *p, size_t n, size_t *i, struct err *e)
{
	if (n - *i >= 2 && p[*i] == '/' && p[*i + 1] == '/')
		return err_set(e, EK_CONFIG, "a comment begins with #");
	while (*i < n && is_word(p[*i]))
		(*i)++;
	return 0;
}

/* One token, or the blanks between. */
static int
sift_token(struct sift *s, char *p, size_t n, size_t *i, unsigned int *depth,
    struct err *e)
{
	char c = p[*i], next = *i + 1 < n ? p[*i + 1] : '\0';

	if (c == '"' || c == '\'')
		return sift_string(p, n, i, e);
	if (is_word(c))
		return sift_word(p, n, i, e);
	if (c == '#') {
		while (*i < n && p[*i] != '\n')
			p[(*i)++] = ' ';
		return 0;
	}
	if (c == '\n')
		s->line++;
	else if (c == '\r' && next == '\n')
		p[*i] = ' ';
	else if (c == '{' || c == '}') {
		if (sift_brace(s, c, depth, e) == -1)
			return -1;
	} else if (c == '+' && next == '=')
		(*i)++;
	else if (strchr(" \t=,", c) == NULL || c == '\0')
		return refuse_byte(c, e);
	(*i)++;
	return 0;
}

int
sift_text(struct sift *s, char *p, size_t n, struct err *e)
{
	unsigned int depth = 0;
	size_t i = 0;

	s->line = 1;
	/* The mark that some editors put first. */
	if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		memset(p, ' ', 3);
	while (i < n)
		if (sift_token(s, p, n, &i, &depth, e) == -1)
			return -1;
	if (depth > 0) {
		s->line = s->starts[s->n - 1];
		return err_set(e, EK_CONFIG,
		    "the section that begins here is never closed with }");
	}
	return 0;
}

void
sift_release(struct sift *s)
{
	free(s->starts);
	*s = (struct sift){ 0 };
}
