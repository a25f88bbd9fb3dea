/*
 * session.h - what the files of imap/ share: the state of a session and the queue of its commands.
 */
#ifndef IMAP_SESSION_H
#define IMAP_SESSION_H

#include <time.h>

#include "base/buf.h"
#include "imap/imap.h"
#include "imap/lex.h"
#include "imap/response.h"
#include "imap/wire.h"

#define TAG_MAX		32
#define FETCH_FAULTS	8	/* kinds of them that are mentioned of a folder */

enum command_kind {
	COMMAND_QUIET,		/* nobody waits for it: CAPABILITY, ID, ENABLE */
	COMMAND_SYNC,		/* somebody waits in session_run() */
	COMMAND_EXAMINE,	/* these come out of imap_next() */
	COMMAND_FETCH,
	COMMAND_SEARCH,
};

struct command {
	struct command	*next;		/* own */
	enum command_kind kind;
	char		 tag[TAG_MAX];
	void		*cookie;
	size_t		 held;		/* bytes of it that wait for the server's continuation request */
	/* COMMAND_SYNC: untagged data goes to take() while it is the current one */
	int		(*take)(void *, const struct response *, struct err *);
	void		*arg;
	/* called at its end, or NULL */
	void		(*ended)(struct imap *, const struct response *);
	/* COMMAND_EXAMINE */
	struct mail_state box;
	char		*mailboxid;	/* own */
	bool		 opening;	/* what comes is about the new folder, no longer about the old one */
	/* COMMAND_FETCH */
	uint64_t	 unreadable;	/* responses without a UID that could be read, */
	const char	*why;		/* ... the first of them because */
};

struct imap {
	struct wire	*wire;		/* own */
	struct lex	 lex;
	struct response	 resp;		/* the last one */
	const char	*in, *in_end;	/* received, not looked at yet */
	char		 prefix[TAG_MAX / 2];	/* of our tags, not guessable */
	uint64_t	 tags;
	char		 sync[TAG_MAX];	/* what comes before its answer is libcurl's */
	bool		 synced;
	/* the command in the making */
	struct command	*making;	/* own, or NULL */
	struct buf	 line;		/* its text */
	size_t		 hold_at;	/* where in it a synchronizing literal begins; SIZE_MAX for none */
	bool		 too_long;
	/* the commands that were sent */
	struct command	*first, *last;	/* unanswered, in order; own */
	size_t		 unanswered;
	bool		 broken;	/* nothing may be sent any more */
	uint64_t	 responses;	/* since a command ended */
	uint64_t	 chatter;	/* those that brought nothing, in a row, */
	time_t		 chatter_since;	/* ... the first of them at this time */
	unsigned int	 alerts;	/* shown so far */
	/* what the server can */
	uint32_t	 caps, disabled;	/* 1 << enum imap_cap */
	bool		 caps_known;	/* from this session, not from a hint */
	char		*capability;	/* own */
	char		*server;	/* own, or NULL */
	struct resp_prefix *ns;		/* own; NAMESPACE's answer */
	size_t		 ns_n;
	bool		 enabled;	/* ENABLE QRESYNC was sent */
	/* the folder that is open */
	uint64_t	 exists;
	const char	*told[FETCH_FAULTS];	/* what was wrong with answers, as far as it was said */
	/* bodies */
	struct imap_body body;
	bool		 has_body;
	/* the last event's own things */
	struct command	*ended;		/* own: kept for its texts until the next call */
};

/*
 * session_command(im, kind, e): begin a command; session_put() and session_put_name() add its text, session_end()
 * sends it. One at a time: what was begun before and not sent is forgotten.  NULL when the session is over.
 */
struct command *session_command(struct imap *, enum command_kind, struct err *);
void session_put(struct imap *, const char *);
/* session_put_name(im, wire): a folder's name as an astring: quoted, or as a literal where quoting can't carry it. */
void session_put_name(struct imap *, const char *);
int session_end(struct imap *, struct err *);
/* session_tag(im, out): a tag that was not used before. */
void session_tag(struct imap *, char[TAG_MAX]);
/* session_quiet(im, text, ended, e): send a command that nobody waits for; ended() may be NULL. */
int session_quiet(struct imap *, const char *, void (*ended)(struct imap *, const struct response *), struct err *);
/* session_run(im, c, e): wait for the end of a COMMAND_SYNC that was sent.  0 answered OK, -1: EK_NO and others. */
int session_run(struct imap *, struct command *, struct err *);
/*
 * session_step(im, ended_out, e): wait for one response and act on what concerns the session.  ${*ended_out} is the
 * command that it ended (to be freed with command_free()), or NULL.
 */
int session_step(struct imap *, struct command **, struct err *);
/* session_current(im): the command that untagged data belong to, or NULL: the first one that somebody waits for. */
struct command *session_current(const struct imap *);
void command_free(struct command **);
/* session_caps_wait(im, e): wait until this session's own capabilities are known. */
int session_caps_wait(struct imap *, struct err *);

#endif
