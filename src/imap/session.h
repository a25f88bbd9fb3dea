/*
 * session.h - what the files of imap/ share: the state of a session and the queue of its commands.
 */
#ifndef IMAP_SESSION_H
#define IMAP_SESSION_H

#include "base/buf.h"
#include "imap/imap.h"
#include "imap/lex.h"
#include "imap/response.h"
#include "imap/wire.h"

#define TAG_MAX		32

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
	/* COMMAND_SYNC: untagged data goes to take() while it is the first in the queue */
	void		(*take)(void *, const struct response *);
	void		*arg;
	/* COMMAND_QUIET: called at its end */
	void		(*ended)(struct imap *, const struct response *);
	/* COMMAND_EXAMINE */
	struct mail_state box;
	char		*mailboxid;	/* own */
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
	struct command	*first, *last;	/* unanswered, in order; own */
	size_t		 unanswered;
	bool		 broken;	/* nothing may be sent any more */
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
	/* bodies */
	struct imap_body body;
	bool		 has_body;
	/* the last event's own things */
	struct command	*ended;		/* own: kept for its texts until the next call */
};

/*
 * session_command(im, kind, out): a new command whose tag is written to the wire; the caller adds the rest with session_put() and ends it with
 * session_end().  NULL when the session is broken.
 */
struct command *session_command(struct imap *, enum command_kind, struct err *);
int session_puts(struct imap *, const char *, struct err *);
/* session_put_name(im, wire, e): a folder's name as an astring: quoted, or a literal where quoting can't carry it. */
int session_put_name(struct imap *, const char *, struct err *);
int session_end(struct imap *, struct err *);
/* session_quiet(im, text, ended, e): queue a command of one piece that nobody waits for; ended() may be NULL. */
int session_quiet(struct imap *, const char *, void (*ended)(struct imap *, const struct response *), struct err *);
/* session_run(im, c, e): wait for the end of a COMMAND_SYNC.  0 answered OK, -1: EK_NO and others. */
int session_run(struct imap *, struct command *, struct err *);
/*
 * session_step(im, ended_out, e): wait for one response and act on what concerns the session.  ${*ended_out} is the command that it ended
 * (to be freed with command_free()), or NULL.
 */
int session_step(struct imap *, struct command **, struct err *);
void command_free(struct command **);
/* session_caps_wait(im, e): wait until this session's own capabilities are known. */
int session_caps_wait(struct imap *, struct err *);

#endif
