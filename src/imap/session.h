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
#define KEPT_MAX	(4 * 1024 * 1024)	/* bytes of events, or of one body, that are kept for later */
#define FETCH_FAULTS	8	/* kinds of them that are mentioned of a folder */

enum command_kind {
	COMMAND_QUIET,		/* nobody waits for it: CAPABILITY, ID, ENABLE */
	COMMAND_SYNC,		/* somebody waits in session_run() */
	COMMAND_EXAMINE,	/* these come out of imap_next() */
	COMMAND_SELECT,
	COMMAND_FETCH,
	COMMAND_STORE,
	COMMAND_SEARCH,
	COMMAND_APPEND,
};

/* What a server tells of the messages that a command is about, by MODIFIED or COPYUID. */
struct told {
	enum resp_code	 code;		/* that one; CODE_NONE: it doesn't matter */
	struct uidset	 asked;		/* own; the command's */
	struct uidset	 uids, moved;	/* own; all such codes together */
	uint64_t	 uidvalidity;
	bool		 odd;		/* one could not be understood: none is believed */
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
	/* COMMAND_EXAMINE, COMMAND_SELECT */
	struct mail_state box;
	char		*mailboxid;	/* own */
	char		*permanent;	/* own */
	bool		 read_only;
	bool		 parameter;	/* the command has one */
	bool		 opening;	/* what comes is about the new folder, no longer about the old one */
	/* COMMAND_FETCH */
	bool		 header;	/* the bodies that it asks for are BODY[HEADER] */
	uint64_t	 unreadable;	/* responses without a UID that could be read, */
	const char	*why;		/* ... the first of them because */
	/* COMMAND_STORE */
	struct told	 told;
};

/* The APPEND between imap_append_begin() and imap_append_end(); the last of the commands that were sent. */
struct appending {
	struct command	*c;		/* NULL once it was answered */
	bool		 open;		/* there is one */
	bool		 waits;		/* its literal waits for the continuation request */
	bool		 unended;	/* its line end is still to be sent */
	bool		 several;	/* messages may be in it */
	size_t		 messages;	/* so far */
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
	struct appending append;
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
	uint64_t	 append_limit;
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
	bool		 keeping;	/* events are kept for later, and bodies with them */
	bool		 body_kept;	/* the last one was */
	struct buf	 kept_body;
	/* the last event's own things */
	struct command	*ended;		/* own: kept for its texts until the next call */
	struct kept	*given;		/* own: likewise */
	/* events that came before they were asked for */
	struct kept	*kept, *kept_last;	/* own; in order */
	size_t		 kept_n, kept_bytes;
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
/* session_send(im, e): the same without the line end: more of it is to follow. */
int session_send(struct imap *, struct err *);
/*
 * session_command_on(im, kind, verb, uids, cookie, e): session_command() with "UID VERB 1:7" put; NULL for 1:*.
 */
struct command *session_command_on(struct imap *, enum command_kind, const char *, const struct uidset *, void *cookie,
    struct err *);
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
/* session_sync(im, e): drop all up to the tagged answer to our first NOOP; nothing once that is done. */
int session_sync(struct imap *, struct err *);
/* session_read(im, e): wait for a whole response, parsed as im->resp. */
int session_read(struct imap *, struct err *);
/* session_parse(im, e): the same of what has come alone: 1 a whole response, 0 it goes on, -1. */
int session_parse(struct imap *, struct err *);
/* session_chatter(im, e): what brings nothing has come; EK_TEMP when it is too much of that. */
int session_chatter(struct imap *, struct err *);
/*
 * session_pump(im, most, e): wait until the connection has taken all but ${most} bytes of what is queued, and see to
 * what comes in meanwhile, or has come in: what imap_next() would tell of it is kept for later.
 */
int session_pump(struct imap *, size_t most, struct err *);
/* session_hear(im, e): wait for one response, and see to it as session_pump() does. */
int session_hear(struct imap *, struct err *);
/* session_opens(c): whether it opens a folder. */
bool session_opens(const struct command *);
/* session_waits(im, n): a literal of ${n} bytes must wait for the server's continuation request. */
bool session_waits(const struct imap *, uint64_t n);
/* session_current(im): the command that untagged data belong to, or NULL: the first that asks for any. */
struct command *session_current(const struct imap *);
void command_free(struct command **);
/* session_caps_wait(im, e): wait until this session's own capabilities are known. */
int session_caps_wait(struct imap *, struct err *);

/* deleting_take_code(c, r): a code of a status that came for the command. */
void deleting_take_code(struct command *, const struct response *);
/* deleting_tell(c, ev): all of them, when it ended; borrowed. */
void deleting_tell(const struct command *, struct imap_event *);

/* event_keep(im, ended, e): keep the event that the last response is, if any, for imap_next(). */
int event_keep(struct imap *, struct command *ended, struct err *);
/* event_too_much(e): the error where that is more than KEPT_MAX. */
int event_too_much(struct err *);
/* event_forget(im): free those that were kept. */
void event_forget(struct imap *);

#endif
