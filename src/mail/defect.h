/*
 * defect.h - what in a message's bytes some servers refuse or change: NULs, lone CRs and LFs, over-long lines.
 *
 * A scan tells what there is; a repair makes a copy without it.  Both look at bytes only, whatever MIME says.
 */
#ifndef MAIL_DEFECT_H
#define MAIL_DEFECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/flow.h"

/* What was found, or what a server objects to (as limits: what is allowed). */
struct defects {
	uint64_t	nuls;		/* NUL bytes */
	uint64_t	bare_lfs;	/* LFs without a CR before */
	uint64_t	bare_crs;	/* CRs without an LF behind */
	uint64_t	longest;	/* bytes of the longest line, without its end (CRLF or a bare LF) */
	bool		unended;	/* the last line has no end (an empty message has none to lack) */
};

struct defect_scan {
	struct defects	found;		/* whole after defect_finish() */
	uint64_t	line;		/* bytes of the line so far */
	bool		cr;		/* the last byte was a CR */
};

void defect_start(struct defect_scan *);
void defect_feed(struct defect_scan *, const void *, size_t);
void defect_finish(struct defect_scan *);

/* What is to be repaired. */
struct defect_cure {
	bool		nuls;		/* drop them */
	bool		line_ends;	/* lone LFs and CRs become CRLF */
	uint64_t	longest;	/* lines with more bytes are broken there by CRLF; in the header (up to the
					   first empty line) by CRLF and a blank, which counts; 0: no limit; else at
					   least 10 */
	bool		end;		/* a last line without an end gets CRLF */
};

/*
 * A repair in progress: feed it the message, what comes out goes to ${to} (borrowed).  defect_repair_end() pours what
 * is held back, and fills ${done}: NULs dropped, LFs and CRs that became CRLF, and in ->longest the number of line
 * breaks put in; ->unended where an end was added.  CRs just before a CRLF, which transfers "as text" leave, are no
 * lines of their own: they become one with it.
 */
struct defect_repair {
	struct defect_cure cure;
	const struct sink *to;
	struct defects	done;
	/* its own state */
	uint64_t	line;		/* bytes of the line so far, as it goes out */
	uint64_t	crs;		/* CRs of which it is not known yet what they are */
	bool		body;		/* the header is over */
	size_t		n;
	char		held[4096];	/* ${n} bytes on their way to ${to} */
};

void defect_repair_begin(struct defect_repair *, const struct defect_cure *, const struct sink *);
int defect_repair_feed(struct defect_repair *, const void *, size_t, struct err *);
int defect_repair_end(struct defect_repair *, struct err *);
/*
 * defect_repair_text(done, b): "3 NUL bytes dropped, 12 line ends made CRLF, 1 line break put in, the last line ended";
 * appends, nothing where nothing was done.  Return 0, or -1 at the limit of ${b}.
 */
int defect_repair_text(const struct defects *, struct buf *);

#endif
