/*
 * lex.h - where responses begin and end, and which bytes are a message body.
 *
 * A response is a line that may hold literals.  Lines and small literals are gathered into a buffer, for response.c
 * to parse as a whole; the literal of a FETCH's BODY[] is not gathered but handed out piece by piece as it arrives.
 * So is a SEARCH that finds a million messages, as several of them.
 */
#ifndef IMAP_LEX_H
#define IMAP_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define LEX_LINE_MAX	(8 * 1024 * 1024)	/* bytes of a response without its bodies */
#define LEX_PART	(1024 * 1024)	/* a longer SEARCH comes in parts of about that, each a whole response */
#define LEX_LITERAL_MAX	(1024 * 1024)	/* bytes of a literal that is not a body */

enum lex_event {
	LEX_MORE,		/* all input is used up */
	LEX_RESPONSE,		/* lex.line is a whole response, without the last line end */
	LEX_BODY_BEGIN,		/* a body of ${size} bytes begins */
	LEX_BODY,		/* ${n} bytes of it at ${p} */
	LEX_BODY_END,		/* that was all of it */
};

struct lex {
	struct buf	line;		/* own */
	size_t		body_at;	/* where in the line the streamed literal would stand; SIZE_MAX for none */
	uint64_t	body_size;
	unsigned int	bodies;		/* streamed literals in this response: more than one spoils it */
	/* inner state */
	enum { LEX_TEXT, LEX_LITERAL, LEX_STREAM } state;
	size_t		segment;	/* where the text behind the last literal begins */
	uint64_t	left;		/* of the current literal */
	bool		finished;	/* the line was handed out: the next call starts a new one */
	bool		parted;		/* ... which is the same SEARCH's, and begins with this piece of a number: */
	char		number[24];
};

void lex_init(struct lex *);
void lex_release(struct lex *);
/*
 * lex_push(l, p, end, ev_out, piece_out, n_out, e): go on at ${*p}, which is moved.  LEX_BODY borrows from the input.
 * EK_PROTO when a limit is passed or a literal's size is no number.
 */
int lex_push(struct lex *, const char **, const char *, enum lex_event *, const char **, size_t *, struct err *);

#endif
