/*
 * imap.h - one signed-in IMAP session (RFC 3501, and what RFC 9051 adds where the server offers it).
 *
 * libcurl opens the connection and signs in; from there we speak ourselves, so that commands can be pipelined and
 * message bodies streamed.  Commands are put on the wire without waiting, and their answers come out of imap_next()
 * in the order of the commands:
 *
 *	imap_examine(im, box, NULL, cookie, e);  imap_fetch(im, ...);  imap_examine(im, next, ...);
 *	while ((r = imap_next(im, &ev, e)) == 1) switch (ev.kind) ...
 *
 * Nothing is allocated by a number that the server announced.  Every error of a session but EK_NO ends it: EK_TEMP
 * (network, throttling, BYE), EK_PROTO, EK_CANCELLED; imap_close() is then all that may follow.  Not for several
 * threads.
 */
#ifndef IMAP_IMAP_H
#define IMAP_IMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/flow.h"
#include "mail/mail.h"
#include "mail/uidset.h"

/* What a session is opened with; all borrowed for the length of imap_open(). */
struct imap_login {
	const char	*host;
	uint16_t	 port;
	enum { IMAP_TLS_IMPLICIT, IMAP_TLS_STARTTLS, IMAP_TLS_NONE } tls;
	const char	*user;
	const char	*secret;	/* password, or token with ${is_token} */
	bool		 is_token;	/* OAUTHBEARER or XOAUTH2 */
	const char	*tls_ca;	/* file or directory of certificates instead of the system's; or NULL */
	const char	*tls_pin;	/* sha256//BASE64, several with ';'; replaces the check of the chain; or NULL */
	const char	*proxy;		/* as CURLOPT_PROXY; or NULL */
	unsigned int	 timeout;	/* seconds of silence after which the connection counts as dead */
	uint64_t	 max_rate;	/* bytes a second to receive, 0 for no limit */
	char *const	*disable;	/* capabilities not to be used, as the server spells them */
	size_t		 disable_n;
	const char	*hint;		/* capabilities of the last session (imap_capability()), or NULL */
};

enum imap_cap {
	CAP_CONDSTORE,		/* RFC 7162 */
	CAP_QRESYNC,
	CAP_CREATE_SPECIAL_USE,	/* RFC 6154 */
	CAP_ENABLE,		/* RFC 5161 */
	CAP_ESEARCH,		/* RFC 4731 */
	CAP_ID,			/* RFC 2971 */
	CAP_IMAP4REV2,		/* RFC 9051 */
	CAP_LIST_EXTENDED,	/* RFC 5258 */
	CAP_LIST_STATUS,	/* RFC 5819 */
	CAP_LITERAL_MINUS,	/* RFC 7888 */
	CAP_LITERAL_PLUS,
	CAP_MOVE,		/* RFC 6851 */
	CAP_MULTIAPPEND,	/* RFC 3502 */
	CAP_NAMESPACE,		/* RFC 2342 */
	CAP_OBJECTID,		/* RFC 8474 */
	CAP_QUOTA,		/* RFC 9208 */
	CAP_SPECIAL_USE,	/* RFC 6154 */
	CAP_STATUS_SIZE,	/* RFC 8438 */
	CAP_UIDPLUS,		/* RFC 4315 */
	CAP_GMAIL,		/* X-GM-EXT-1 */
	CAP_N
};

struct imap;

/*
 * imap_open(login, im_out, e): connect and sign in.  EK_AUTH: the server refused (its words are in the text); EK_TLS:
 * trust or encryption; EK_TEMP: no connection, or a refusal that will pass; EK_PROTO: no IMAP.  CAPABILITY is queued
 * when it returns: with a hint the first commands follow it in the same write.
 */
int imap_open(const struct imap_login *, struct imap **, struct err *);
/* imap_close(imp): LOGOUT where the session is sound; never waits. */
void imap_close(struct imap **);

/* imap_can(im, cap): the server offers it and it was not disabled; right from imap_list() on. */
bool imap_can(const struct imap *, enum imap_cap);
/* imap_capability(im): the server's words, for the next hint; imap_server(im): its name and version, or NULL. */
const char *imap_capability(const struct imap *);
const char *imap_server(const struct imap *);
/* imap_received(im): bytes received after the sign-in. */
uint64_t imap_received(const struct imap *);

/*
 * imap_list(im, sizes, out, e): every folder that LIST names, with subscription, special use and namespace, and with
 * STATUS where LIST-STATUS offers it (${sizes}: SIZE too).  Waits for the answer.  Lines that could not be read, or
 * that list one name as two folders, are counted: folders may be hidden behind them.  EK_TEMP: not now; EK_NO: never.
 */
struct imap_boxes {
	struct mail_box	*v;		/* own; by name, no name twice */
	size_t		 n, cap;
	uint64_t	 unreadable;
	char		*first_unreadable;	/* own, or NULL */
};
int imap_list(struct imap *, bool sizes, struct imap_boxes *, struct err *);
void imap_boxes_release(struct imap_boxes *);
/*
 * imap_status(im, boxes, n, sizes, e): fill the state of ${n} folders by STATUS, pipelined.  Where it is refused, or
 * answered for another folder, the state stays 0.
 */
int imap_status(struct imap *, struct mail_box *const *, size_t, bool sizes, struct err *);
/*
 * imap_quota(im, used_out, limit_out, e): bytes of the storage quota over INBOX, of the one with the least room where
 * there are several: 1 known, 0 not told (no limit, or none of storage), -1.
 */
int imap_quota(struct imap *, uint64_t *, uint64_t *, struct err *);

/*
 * Commands.  Each returns 0 once the command is queued; it is sent as the connection takes it.  The ${cookie} comes
 * back with every event that belongs to the command.  imap_room(im): whether another one should be queued now; a
 * pipeline that is longer buys nothing.
 */
bool imap_room(const struct imap *);

/*
 * What is known of a folder, for QRESYNC (RFC 7162, section 3.2.5): the server then tells what changed and vanished
 * since.
 */
struct imap_resync {
	uint64_t	uidvalidity, modseq;
};
/* imap_examine(im, wire, resync, cookie, e): open a folder read-only.  Ends with IMAP_BOX. */
int imap_examine(struct imap *, const char *, const struct imap_resync *, void *cookie, struct err *);

/* What FETCH asks for beside the UID. */
enum imap_items {
	IMAP_FLAGS = 1,
	IMAP_DATE = 2,		/* INTERNALDATE */
	IMAP_SIZE = 4,		/* RFC822.SIZE */
	IMAP_IDS = 8,		/* EMAILID and THREADID, or Gmail's, where offered */
	IMAP_LABELS = 16,	/* X-GM-LABELS, where offered */
	IMAP_BODY = 32,		/* BODY.PEEK[] */
	IMAP_HEADER = 64,	/* BODY.PEEK[HEADER]; comes as a body; not with IMAP_BODY */
};
/*
 * imap_ranges(im): how many ranges of UIDs one command may have: IMAP_FETCH_RANGES keep it below the 1,000 octets that
 * are safe everywhere; where CONDSTORE is offered IMAP_LONG_RANGES do below 8,192 (RFC 7162, section 4).
 */
#define IMAP_FETCH_RANGES	36
#define IMAP_LONG_RANGES	350
size_t imap_ranges(const struct imap *);
/*
 * imap_fetch(im, uids, items, changed_since, cookie, e): UID FETCH of ${uids}, at most imap_ranges() of them, or of 1:*
 * where it is NULL; CHANGEDSINCE where ${changed_since} is not 0.  Each response is an IMAP_MESSAGE; ends with
 * IMAP_DONE.
 */
int imap_fetch(struct imap *, const struct uidset *, unsigned int items, uint64_t changed_since, void *cookie,
    struct err *);
/* imap_search_all(im, cookie, e): the UIDs of all messages, as any number of IMAP_UIDS; ends with IMAP_DONE. */
int imap_search_all(struct imap *, void *cookie, struct err *);

/*
 * Where bodies go: begin(arg, size, e) when one is announced, then sink writes.  It is known whose it was, and that
 * it was whole, only when the IMAP_MESSAGE comes: keep or drop it then.  One may also begin without any event about
 * the one before: that belongs to nobody.  A failure ends the session with that error.  imap_body_to(im, NULL):
 * nowhere.
 */
struct imap_body {
	int		(*begin)(void *, uint64_t, struct err *);
	struct sink	  sink;		/* its arg is begin's too */
};
void imap_body_to(struct imap *, const struct imap_body *);

#include "imap/event.h"
#include "imap/writing.h"
#include "imap/deleting.h"

#endif
