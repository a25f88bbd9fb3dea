/*
 * header.h - the few header lines that a listing shows, found while a message streams past.
 *
 * Raw: as in the message, unfolded (the line end dropped, the white space behind it kept: RFC 5322, section 2.2.3),
 * white space and CRs around the value dropped, nothing decoded; that is mail/decode.h's work when they are shown.  The
 * scan is bounded: it looks at the first HEADER_SCAN bytes and keeps at most HEADER_LINE bytes of a field, the
 * first one of each kind that is not empty.  A line ends with LF and whatever CRs stand right before it; the header
 * ends with an empty line.  Lines without a colon (the From_ line of an mbox) are passed over.
 */
#ifndef MAIL_HEADER_H
#define MAIL_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEADER_SCAN	(64 * 1024)
#define HEADER_LINE	998

enum header_field {
	HEADER_FROM,
	HEADER_TO,
	HEADER_SUBJECT,
	HEADER_DATE,
	HEADER_MESSAGE_ID,
	HEADER_FIELDS
};

struct header_scan {
	char		value[HEADER_FIELDS][HEADER_LINE + 1];	/* "" where absent; NUL bytes dropped */
	uint64_t	seen;		/* bytes looked at */
	bool		done;		/* values are whole: the header ended, all was found, or the bound was met */
	/* the scanner's own state */
	int		field;		/* being collected, or -1 */
	unsigned int	state;
	size_t		n;		/* bytes in the name or value so far */
	char		name[16];
};

void header_start(struct header_scan *);
/* header_feed(h, p, n): the next bytes; cheap once ${done}. */
void header_feed(struct header_scan *, const void *, size_t);
/* header_finish(h): the message has ended. */
void header_finish(struct header_scan *);

#endif
