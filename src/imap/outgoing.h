/*
 * outgoing.h - bytes on their way to a server, in the order in which they will be sent; for wire.c.
 */
#ifndef IMAP_OUTGOING_H
#define IMAP_OUTGOING_H

#include <stddef.h>

struct block;

/* All 0 when it is empty. */
struct outgoing {
	struct block	*first, *last;	/* own */
	size_t		 waiting;	/* bytes in it that are not sent */
};

void outgoing_free(struct outgoing *);
void outgoing_add(struct outgoing *, const char *, size_t);
/*
 * outgoing_hold(o, p, n): add bytes that wait, with all behind them, for an outgoing_release(); outgoing_drop() takes
 * them back.  Both are about the first such bytes.
 */
void outgoing_hold(struct outgoing *, const char *, size_t);
void outgoing_release(struct outgoing *);
void outgoing_drop(struct outgoing *);
/*
 * outgoing_next(o, n_out): what is to be sent next, or NULL for nothing.  The bytes don't move before they are sent,
 * whatever is added: a TLS write that would block must be tried again with the same bytes at the same place.
 * outgoing_sent(o, n): so many of them were sent.
 */
const char *outgoing_next(const struct outgoing *, size_t *);
void outgoing_sent(struct outgoing *, size_t);

#endif
