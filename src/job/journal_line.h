/*
 * journal_line.h - the lines of a journal, both ways.
 *
 *	{"type":"journal","version":1,"vault":ID,"target":URL,"sum":...}
 *	{"type":"folder","folder":0,"name":NAME,"uidvalidity":N,"uidnext":N,"sum":...}
 *	{"type":"sending","folder":0,"messages":"12.34-36,12.40","sum":...}
 *	{"type":"sent","folder":0,"messages":"12.34-36,12.40","uids":"100-102,107","sum":...}
 *	{"type":"refused","folder":0,"messages":"12.40","sum":...}
 *	{"type":"end","sum":...}
 *
 * The sum is the first 8 digits of the SHA-256 of the line before's sum and of the line up to its own.  So a line that
 * was changed is seen, and so is one that went or came.  Folders are numbered as their lines come; the lines behind
 * tell by such a number where messages went.
 */
#ifndef JOB_JOURNAL_LINE_H
#define JOB_JOURNAL_LINE_H

#include "base/buf.h"
#include "base/digest.h"
#include "job/journal.h"

#define JOURNAL_LINE_MAX	65535	/* bytes, with its newline */
#define JOURNAL_LINE_IDS	1000	/* at most 53 bytes each, with their UIDs */
#define JOURNAL_LINE_SUM	8	/* digits */

enum journal_what {
	JOURNAL_LINE_FOLDER,
	JOURNAL_LINE_SENDING,
	JOURNAL_LINE_SENT,
	JOURNAL_LINE_REFUSED,
	JOURNAL_LINE_END,
	JOURNAL_LINES
};

struct journal_line {
	enum journal_what what;
	uint64_t	 folder;	/* a folder's own number, or where messages go */
	/* FOLDER */
	const char	*name;
	uint32_t	 uidvalidity, uidnext;
	/* SENDING, SENT, REFUSED: at most JOURNAL_LINE_IDS */
	const struct journal_id *ids;
	const uint32_t	*uids;		/* SENT: or NULL */
	size_t		 n;
};

/* Line after line, of one journal. */
struct journal_lines {
	struct buf	 line;		/* own; the one that was made */
	struct buf	 text;		/* own; scratch */
	struct hasher	*hasher;	/* own */
	char		 first[JOURNAL_LINE_SUM + 1];	/* sum of the first line */
	char		 sum[JOURNAL_LINE_SUM + 1];	/* of the last one */
	char		 next[JOURNAL_LINE_SUM + 1];	/* of ->line */
	struct journal_id *ids;		/* own; what was read last */
	uint32_t	*uids;
	char		*name;
};

void journal_lines_init(struct journal_lines *);
void journal_lines_release(struct journal_lines *);
/*
 * journal_lines_head(l, vault, target, e): make the first line, and go on behind it.  journal_lines_restart(l): go on
 * behind it again.
 */
int journal_lines_head(struct journal_lines *, const char *vault, const char *target, struct err *);
void journal_lines_restart(struct journal_lines *);
/*
 * journal_lines_make(l, line, e): make l->line, with its newline; EK_FAIL: it would be too long.
 * journal_lines_made(l): it is written: go on behind it.
 */
int journal_lines_make(struct journal_lines *, const struct journal_line *, struct err *);
void journal_lines_made(struct journal_lines *);
/*
 * journal_lines_take(l, p, n, out, e): read a line, without its newline, and go on behind it.  EK_CORRUPT.  ${out}
 * points into ${l}.
 */
int journal_lines_take(struct journal_lines *, const char *, size_t, struct journal_line *, struct err *);
/*
 * journal_lines_refuse(l, p, n, e): why a first line is not the one that it should be: EK_CORRUPT, or EK_REFUSED: a
 * newer version wrote it.  Return -1; then only journal_lines_restart() may follow.
 */
int journal_lines_refuse(struct journal_lines *, const char *, size_t, struct err *);

#endif
