/*
 * deleting.h - how messages leave a server: the part of the door imap.h, which includes it, for prune.
 *
 * Only named UIDs ever go.  There is no EXPUNGE and no CLOSE: both would take what others have marked.
 */
#ifndef IMAP_DELETING_H
#define IMAP_DELETING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "mail/uidset.h"

struct imap;

/*
 * imap_can_expunge(im): UID EXPUNGE is offered: UIDPLUS (RFC 4315), or IMAP4rev2, which has it (RFC 9051, section
 * 6.4.9).  imap_can_move(im): UID MOVE is: MOVE (RFC 6851), or IMAP4rev2.
 */
bool imap_can_expunge(const struct imap *);
bool imap_can_move(const struct imap *);

/*
 * imap_select_exact(im, wire, cookie, e): imap_select(), with CONDSTORE where it is offered, so that HIGHESTMODSEQ is
 * told and imap_mark() can say what it must not have passed.  A server that answers BAD to that gets a plain SELECT the
 * next time.
 */
int imap_select_exact(struct imap *, const char *, void *cookie, struct err *);

/*
 * All of these take at most imap_ranges() ranges, in the folder that imap_select_exact() opened, and end with
 * IMAP_DONE.  What leaves meanwhile is told by IMAP_EXPUNGED.
 *
 * imap_mark(im, uids, on, unchanged_since, cookie, e): UID STORE +FLAGS.SILENT (\Deleted), or -FLAGS.SILENT to take it
 * back; where ${unchanged_since} is not 0 and CONDSTORE is offered, UNCHANGEDSINCE it (RFC 7162, section 3.1.3): those
 * that were changed since are left, and ev->uids of IMAP_DONE names them (MODIFIED), whether ok or not; else NULL.
 * ev->odd: the server named some, and it can't be understood which (or they are none of ${uids}): ev->uids is NULL, and
 * a mark that is seen on any of them may be somebody else's.
 * imap_expunge(im, uids, cookie, e): UID EXPUNGE.  EK_FAIL unless imap_can_expunge().
 * imap_move(im, uids, wire, cookie, e): UID MOVE to another folder.  EK_FAIL unless imap_can_move().  Where the server
 * told (COPYUID, in the tagged answer or before it), ev->uidvalidity and ev->moved of IMAP_DONE are where they are now,
 * and ev->uids those that were moved, as many as ev->moved; also where the rest was refused.  ev->odd: what it told
 * can't be so; it counts as not told.
 * EK_FAIL, too, where ${uids} is NULL, empty or of too many ranges: nothing is sent then.
 */
int imap_mark(struct imap *, const struct uidset *, bool on, uint64_t unchanged_since, void *cookie, struct err *);
int imap_expunge(struct imap *, const struct uidset *, void *cookie, struct err *);
int imap_move(struct imap *, const struct uidset *, const char *, void *cookie, struct err *);

#endif
