/*
 * parts.h - where the parts of a message in memory begin and end (RFC 2046), and the fields of their headers.
 *
 * What a header says is for whoever walks to find out: a part is looked into only if he calls it a multipart.  So the
 * walk knows no MIME types, goes over the bytes once and without recursion, and a message inside a message is a body.
 *
 * Lines end with LF and whatever CRs stand before it.  A boundary of an outer multipart ends the inner ones too; a
 * multipart that is never closed ends with the message.
 */
#ifndef MAIL_PARTS_H
#define MAIL_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define PARTS_MAX	10000	/* met in a walk, multiparts too */
#define PARTS_LEVELS	32	/* of multiparts in each other */

/* Some bytes of the message. */
struct parts_span {
	const char	*p;	/* borrowed */
	size_t		 n;
};

struct parts {
	const char	*p, *end;	/* what is left of the message */
	bool		 inside;	/* ${p} is in a body, else at a header */
	struct {
		char	*boundary;	/* own */
		size_t	 n;
		bool	 alternative;
	}		 open[PARTS_LEVELS];	/* multiparts */
	size_t		 depth;
	size_t		 met;		/* parts, the one too many as well */
};

/*
 * parts_begin(w, p, n): walk through a message.  parts_end(w): stop; may be called early, and twice.
 *
 * parts_next(w, header_out): go on to the next part; its header ends with the empty line behind it.  Return false at
 * the end of the message, or after PARTS_MAX parts: ${w->met} is PARTS_MAX + 1 then.
 *
 * Of the part whose header came last (once):
 * parts_enter(w, boundary, alternative): it is a multipart; the next parts are those in it.  Return false where it
 * can't be looked into: the boundary is NULL or blank, or PARTS_LEVELS are open already.
 * parts_body(w): its body, up to the line end that belongs to the next boundary.
 *
 * parts_alternative(w): whether one of the multiparts around is an ${alternative} one.
 */
void parts_begin(struct parts *, const void *, size_t);
void parts_end(struct parts *);
bool parts_next(struct parts *, struct parts_span *);
bool parts_enter(struct parts *, const char *, bool);
struct parts_span parts_body(struct parts *);
bool parts_alternative(const struct parts *);

/*
 * parts_header(p, n): the header at the beginning of a message, with the empty line that ends it.
 * parts_field(header, name, out): the raw value of the first field of that name (any case) that is not empty,
 * unfolded; nothing where there is none.  What passes the limit of ${out} is cut.
 */
struct parts_span parts_header(const void *, size_t);
void parts_field(struct parts_span, const char *, struct buf *);

#endif
