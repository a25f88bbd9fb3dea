/*
 * greeting.h - what a server says while libcurl signs in; for wire.c.
 */
#ifndef IMAP_GREETING_H
#define IMAP_GREETING_H

#include <stdbool.h>

#include "base/buf.h"

struct greeting {
	bool		 connected;		/* there was somebody to say something */
	bool		 begun;			/* its first line was one */
	struct buf	 last;			/* its last NO, BAD or BYE; or what it said instead of a greeting */
	bool		 refused, bye;		/* there was one; it was a BYE */
	/* the last CAPABILITY: what was offered before STARTTLS is no longer true */
	bool		 password, token;	/* a SASL mechanism that we can use */
	bool		 login_disabled;
};

#define GREETING_INIT	{ .last = BUF_INIT(1024) }

/* greeting_line(g, line): take the next line.  0, or -1: it is no IMAP server's greeting. */
int greeting_line(struct greeting *, const char *);

#endif
