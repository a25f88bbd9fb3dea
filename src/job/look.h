/*
 * look.h - looking at folders, without changing a thing on the server: listed, or some messages of them fetched.
 *
 * All commands of a folder are known before it is opened, so the folders stand one behind the other on the wire, as
 * in a backup.  What did not come is asked for once more, message by message, when all other folders are through.  A
 * lost connection is made anew once, and again whenever something came since; what came is not asked for twice.
 */
#ifndef JOB_LOOK_H
#define JOB_LOOK_H

#include "job/job.h"

enum look_what {
	LOOK_OPEN,		/* only opened */
	LOOK_LIST,		/* the UID and RFC822.SIZE of every message from UID ${from} on */
	LOOK_FETCH,		/* the bodies of ${ask}, with INTERNALDATE */
	LOOK_HEADERS,		/* the headers of ${ask}, likewise */
};

/* A folder to look at.  The first eight are the caller's; all else is 0 before look_run(). */
struct look_box {
	const char	*wire;		/* borrowed */
	void		*of;		/* what the caller knows of it */
	enum look_what	 what;
	uint32_t	 from;		/* LIST: 0 for all */
	unsigned int	 items;		/* enum imap_items to be asked for, too */
	bool		 writable;	/* open it by SELECT: that tells what may be written */
	bool		 exact;		/* ... by imap_select_exact() */
	struct uidset	 ask;		/* own: FETCH: these; at the end those that did not come */
	/* what came of it */
	bool		 opened;	/* ... and was to be looked at */
	bool		 refused;	/* it was not opened, or not listed to the end */
	bool		 later;		/* it may come another time: the server said "not now" */
	char		*why;		/* own: the server's words on what it refused, or NULL */
	uint64_t	 exists;	/* at EXAMINE */
	uint64_t	 expunged;	/* since */
	uint64_t	 unreadable;	/* answers that could not be understood */
	struct uidset	 there;		/* own: FETCH: of ${ask}: on the server, as far as it told */
	struct uidset	 nil;		/* own: of these, said to have no content */
	struct uidset	 spoiled;	/* own: ... answered in a way that can't be understood */
	/* look.c's own */
	struct uidset	 had;		/* own: of ask: came in this turn */
	bool		 examined, asked, all_sent;
	bool		 left;		/* opened, and not to be looked at */
	size_t		 range;		/* of ask: the next one to send, */
	uint32_t	 uid;		/* ... from this UID */
	unsigned int	 unanswered;
	unsigned int	 laters;	/* refused so in a row */
	unsigned int	 questions;	/* which of them are there: unanswered */
	unsigned int	 turns;		/* made before */
	uint64_t	 backoff_ms;
	int64_t		 not_before;	/* by backup_ms() */
};

struct look_handler {
	/*
	 * opened(arg, box, ev, e): it is open, as ev->box and ev->mailboxid say.  1: look at it; 0: leave it; -1.
	 * When it is called again for the same box, what was listed before doesn't count.
	 */
	int	(*opened)(void *, struct look_box *, const struct imap_event *, struct err *);
	/* listed(arg, box, meta, e): a message of the listing; may be NULL. */
	int	(*listed)(void *, struct look_box *, const struct mail_meta *, struct err *);
	/* got(arg, box, ev, e): the body that went to the sink is this message's, one that was asked for. */
	int	(*got)(void *, struct look_box *, const struct imap_event *, struct err *);
	/* done(arg, box, e): nothing more will come of it. */
	int	(*done)(void *, struct look_box *, struct err *);
	struct imap_body body;		/* where bodies go; begin may be NULL where none is asked for */
	bool	once;			/* a connection that is lost ends it: what came belongs to that session */
	void	*arg;
};

struct look;

/* look_new(account, ask, hint, listener): ${hint} as imap_login's, or NULL; all but the hint are borrowed. */
struct look *look_new(const struct account *, const struct job_ask *, const char *hint, const struct job_listener *);
void look_free(struct look **);
/* look_list(l, boxes_out, e): sign in and list the folders. */
int look_list(struct look *, struct imap_boxes *, struct err *);
/* look_run(l, boxes, n, handler, e): after look_list(). */
int look_run(struct look *, struct look_box *, size_t, const struct look_handler *, struct err *);
/*
 * look_session(l, im_out, e): the session itself, signed in, with nothing unanswered; borrowed.  Where it breaks,
 * look_hang_up() and ask for another one.
 */
int look_session(struct look *, struct imap **, struct err *);
/* look_received(l): bytes, of all sessions. */
uint64_t look_received(const struct look *);
/* look_hang_up(l): nothing more is asked for, for now. */
void look_hang_up(struct look *);
/* look_lack(box, uid): FETCH: why a message that is there did not come. */
const char *look_lack(const struct look_box *, uint32_t);
void look_box_release(struct look_box *);

#endif
