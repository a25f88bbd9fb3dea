/*
 * headhash.h - the SHA-256 of a message's header, whether the whole message streams past or only what a server gives as
 * BODY[HEADER].
 *
 * The header is all up to the first empty line (a line end with nothing but CRs before it) or else to the end; that
 * line is no part of it, since servers differ in whether they send one where the message has none.
 */
#ifndef MAIL_HEADHASH_H
#define MAIL_HEADHASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

struct headhash {
	struct hasher	*hasher;	/* own */
	bool		 line_begins;	/* nothing of the line was seen but ${crs} */
	uint64_t	 crs;
	bool		 done;
};

/* headhash_init(h): ready for the first byte; free with headhash_release(). */
void headhash_init(struct headhash *);
void headhash_release(struct headhash *);
/* headhash_begin(h): forget what was fed: the next message begins. */
void headhash_begin(struct headhash *);
/* headhash_feed(h, p, n): the next bytes; cheap once ${done}. */
void headhash_feed(struct headhash *, const void *, size_t);
/* headhash_end(h, out): the message has ended; ${h} is ready for the next one. */
void headhash_end(struct headhash *, struct digest *);

#endif
