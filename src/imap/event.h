/*
 * event.h - what a server answers to commands, and how: the part of the door imap.h, which includes it, for those who
 * listen.
 */
#ifndef IMAP_EVENT_H
#define IMAP_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "mail/mail.h"
#include "mail/uidset.h"

struct imap;

enum imap_event_kind {
	IMAP_BOX,	/* an EXAMINE or SELECT ended: ok and box, or refused */
	IMAP_MESSAGE,	/* a FETCH response with a UID */
	IMAP_VANISHED,	/* VANISHED (EARLIER): gone since the resync point */
	IMAP_EXPUNGED,	/* messages left while we were looking: uids, or NULL where only their number is told */
	IMAP_UIDS,	/* an answer to SEARCH */
	IMAP_DONE,	/* a FETCH, SEARCH, STORE, EXPUNGE or MOVE ended: ok, or refused */
	IMAP_APPENDED,	/* an APPEND ended: ok, or refused */
};

enum imap_body_state {
	BODY_NONE,	/* not in this response */
	BODY_NIL,	/* the server has none to give */
	BODY_GIVEN,	/* it went to the sink, body_size bytes */
	BODY_SPOILED,	/* it came in a response that could not be understood: drop it */
};

/* How a refusal should be taken. */
enum imap_refusal {
	REFUSED_PLAIN,		/* this command will not work */
	REFUSED_UNKNOWN,	/* BAD: the server doesn't know such a command */
	REFUSED_LATER,		/* THROTTLED, INUSE, UNAVAILABLE, LIMIT, a back-off time: it may work later */
	REFUSED_NO_FOLDER,	/* TRYCREATE, NONEXISTENT */
	REFUSED_QUOTA,		/* OVERQUOTA */
	REFUSED_TOO_BIG,	/* TOOBIG */
	REFUSED_FORBIDDEN,	/* NOPERM, READ-ONLY */
};

struct imap_event {
	enum imap_event_kind	 kind;
	void			*cookie;
	bool			 ok;
	bool			 search;	/* DONE: of a SEARCH, not of a FETCH */
	enum imap_refusal	 refusal;	/* not ok */
	uint64_t		 backoff_ms;	/* REFUSED_LATER: the server's own figure, or 0 */
	const char		*text;		/* the server's words at BOX, DONE and APPENDED */
	struct mail_state	 box;		/* BOX: as announced at EXAMINE */
	const char		*mailboxid;	/* BOX: RFC 8474, or NULL */
	const char		*permanent;	/* BOX: canonical PERMANENTFLAGS, with "\*" perhaps; NULL: not told */
	bool			 read_only;	/* BOX: it can't be written */
	uint64_t		 exists;	/* BOX, DONE: messages in the folder as of now */
	uint64_t		 unreadable;	/* DONE: responses to FETCH of which not even the UID was understood, */
	const char		*why;		/* ... and what was wrong with the first one */
	struct mail_meta	 meta;		/* MESSAGE */
	enum imap_body_state	 body;		/* MESSAGE */
	uint64_t		 body_size;
	const struct uidset	*uids;		/* VANISHED, EXPUNGED, UIDS; APPENDED: what APPENDUID tells, or NULL;
						   DONE of imap_mark(), imap_move(): see there */
	uint64_t		 uidvalidity;	/* APPENDED: what APPENDUID tells, or 0; DONE of imap_move() */
	const struct uidset	*moved;		/* DONE of imap_move(), or NULL */
	bool			 odd;		/* DONE of imap_mark(), imap_move(): see there */
};

/*
 * imap_next(im, ev_out, e): wait for the next event.  1 an event (its pointers live until the next call), 0 nothing
 * is unanswered, -1.
 */
int imap_next(struct imap *, struct imap_event *, struct err *);

#endif
