/*
 * writing.h - what changes something on the server: folders made, messages appended, flags stored; the part of the
 * door imap.h, which includes it, for restore.
 *
 * Nothing here deletes, and nothing closes a folder: CLOSE would expunge.
 */
#ifndef IMAP_WRITING_H
#define IMAP_WRITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/flow.h"
#include "mail/uidset.h"

struct imap;

/* imap_append_limit(im): octets of a message that may be appended (RFC 7889), 0 where it isn't told once for all. */
uint64_t imap_append_limit(const struct imap *);
/*
 * imap_personal(im, delimiter_out): what the names of one's own folders begin with on the wire ("INBOX." on Courier),
 * "" where they begin with nothing or nothing is told; borrowed.  The delimiter is '\0' where none is told.  After
 * imap_list().
 */
const char *imap_personal(const struct imap *, char *);
/*
 * imap_create(im, wire, use, e): make a folder, for a special use ("\Sent") where ${use} is not NULL and the server
 * offers it (RFC 6154); where it refuses that, without.  1 made, 0 it was there already (ALREADYEXISTS, or words to
 * that effect), -1: EK_NO refused.  imap_subscribe(im, wire, e): 0, or -1: EK_NO refused.  Both wait for the answer;
 * nothing else may be unanswered.
 */
int imap_create(struct imap *, const char *, const char *use, struct err *);
int imap_subscribe(struct imap *, const char *, struct err *);
/*
 * imap_ask_create(im, wire, use, cookie, e), imap_ask_subscribe(im, wire, cookie, e): the same without waiting, and
 * without a second try; each ends with IMAP_DONE.
 */
int imap_ask_create(struct imap *, const char *, const char *use, void *cookie, struct err *);
int imap_ask_subscribe(struct imap *, const char *, void *cookie, struct err *);

/* imap_select(im, wire, cookie, e): open a folder for writing.  Ends with IMAP_BOX, which tells its permanent flags. */
int imap_select(struct imap *, const char *, void *cookie, struct err *);

/*
 * imap_store(im, uids, what, cookie, e): UID STORE of a whole item, as "+FLAGS.SILENT (\Seen)", in the folder that
 * imap_select() opened; ranges as for imap_fetch().  Ends with IMAP_DONE.
 * imap_put_labels(b, labels): append "(label ...)" as X-GM-LABELS wants it to ${b}, of canonical labels (mail/flags.h).
 */
int imap_store(struct imap *, const struct uidset *, const char *, void *cookie, struct err *);
int imap_put_labels(struct buf *, const char *);

/*
 * APPEND (RFC 9051, section 6.3.12), several messages in one command where CAP_MULTIAPPEND (RFC 3502: all or none):
 *
 *	imap_append_begin(im, wire, cookie, e);  imap_append_add(im, &what, &body, e);  ...  imap_append_end(im, e);
 *
 * and sooner or later an IMAP_APPENDED with the cookie comes out of imap_next().  Nothing else may be queued between
 * begin and end.  Literals don't wait for the server where LITERAL+ (or LITERAL-, and they are small enough) allows;
 * else imap_append_add() waits for the continuation request.  While it sends it receives as well, so that any number
 * of commands may be on their way; what comes in meanwhile comes out of imap_next() later.  4 MiB of that are kept,
 * beyond it is EK_PROTO: large bodies should be asked for at another time.
 *
 * imap_append_add(im, append, body, e): 1 sent or queued; 0 the command was refused meanwhile (its event will tell;
 * this and further messages of it are not sent, or were in vain); -1.  ${body} must pour exactly append->size bytes:
 * all else, as any failure of it, ends the session.  ${wire} must not hold CR or LF (EK_FAIL; the session goes on),
 * nor may flags and date hold what would end them (EK_FAIL).  At least one message belongs between begin and end,
 * unless -1.
 */
struct imap_append {
	uint64_t	 size;
	const char	*flags;		/* canonical; "" for none: a list is always sent */
	const char	*date;		/* INTERNALDATE as it should be sent, without quotes; NULL: none */
};
int imap_append_begin(struct imap *, const char *, void *cookie, struct err *);
int imap_append_add(struct imap *, const struct imap_append *, const struct source *, struct err *);
int imap_append_end(struct imap *, struct err *);
/* imap_sending(im): bytes queued that the connection has not taken yet. */
size_t imap_sending(const struct imap *);

#endif
