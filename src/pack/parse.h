/*
 * parse.h - what stands in the frames, read back: the other way of format.h.  Private to pack/.
 *
 * A parser accepts what the format's description allows and nothing else: what it takes, every byte of it, belongs to
 * a message it told of or has the one value it can have.  Messages never span frames, so each frame is parsed by
 * itself; bytes may come in pieces of any size.
 */
#ifndef PACK_PARSE_H
#define PACK_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "mail/place.h"

/* What is found, in order: begin, data any number of times, end.  An entry without an end was not one. */
struct parse_events {
	/* begin(arg, member, mtime, offset): an entry whose bytes begin at ${offset}; ${member} is NULL in an mbox. */
	void	(*begin)(void *, const char *, int64_t, uint64_t);
	/* data(arg, p, n): its bytes as they are stored, without From line and empty line, still quoted. */
	void	(*data)(void *, const void *, size_t);
	/* end(arg, stored): so many they were. */
	void	(*end)(void *, uint64_t);
	void	*arg;
};

struct parse_syntax {
	/* begin(events): a parser; ${events} is borrowed until drop(). */
	void	*(*begin)(const struct parse_events *);
	/* start(state): a frame begins. */
	void	(*start)(void *);
	/* feed(state, p, n, e): more of it.  EK_CORRUPT with the offset in the frame; then only start() may follow. */
	int	(*feed)(void *, const void *, size_t, struct err *);
	/* finish(state, last, e): the frame has ended; ${last}: it is the last one of the pack. */
	int	(*finish)(void *, bool, struct err *);
	void	(*drop)(void *);
};

extern const struct parse_syntax untar_syntax;	/* untar.c */
extern const struct parse_syntax unmbox_syntax;	/* unmbox.c */

static inline const struct parse_syntax *
parse_syntax(enum container c)
{
	return c == CONTAINER_TAR ? &untar_syntax : &unmbox_syntax;
}

#endif
