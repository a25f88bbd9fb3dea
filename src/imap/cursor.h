/*
 * cursor.h - the words of a response that lex.c gathered: atoms, strings, numbers, lists.
 */
#ifndef IMAP_CURSOR_H
#define IMAP_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CURSOR_DEPTH	64	/* parentheses inside each other */

/* Where we are in the line, which may be written to: quoted strings are unescaped where they stand. */
struct cursor {
	char	*p, *end;
	char	*body_at;	/* the streamed literal stood here, or NULL */
};

/* A string of the line: atom, quoted or literal; not a C string. */
struct str {
	char	*p;
	size_t	 n;
	bool	 atom;
	bool	 nil;		/* the atom NIL */
	bool	 streamed;	/* it is the literal that went to the sink */
};

void cursor_blanks(struct cursor *);
/* cursor_at(c, x): the next byte is ${x}; cursor_take(c, x): and is stepped over. */
bool cursor_at(const struct cursor *, char);
bool cursor_take(struct cursor *, char);
/* cursor_atom(c, s): up to a blank, parenthesis, quote or line feed; may be empty. */
void cursor_atom(struct cursor *, struct str *);
/* cursor_number(c, out): an atom of decimal digits ("9.4e+06" is none).  0, or -1: not stepped over then. */
int cursor_number(struct cursor *, uint64_t *);
/* cursor_str(c, s): atom, quoted string or literal.  0 or -1. */
int cursor_str(struct cursor *, struct str *);
/* cursor_skip(c): step over a value of any form, at most CURSOR_DEPTH deep.  0 or -1. */
int cursor_skip(struct cursor *);
/* str_is(s, word), str_same(p, n, word): in any case (of ASCII letters, whatever the locale). */
bool str_is(const struct str *, const char *);
bool str_same(const char *, size_t, const char *);

#endif
