/*
 * progress.h - how far a long work has come, as one line.
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct progress {
	const char	*title;		/* "work"; or NULL */
	const char	*where;		/* a folder; or NULL.  Both may be anything that a server sent */
	uint64_t	 bytes, bytes_total;	/* total 0: not known */
	uint64_t	 items, items_total;	/* messages; of the folder ${where} if the bytes are of all */
};

/* How fast it has been lately: where it stood in each of the last seconds. */
#define PROGRESS_PACE	8
struct progress_pace {
	struct { double when; uint64_t done; } at[PROGRESS_PACE];	/* a ring */
	size_t		 n;		/* entries ever made */
};

/*
 * progress_rate(pace, now, p): note where ${p} stands at ${now}, in seconds, and return the rate that progress_line()
 * wants.  A zeroed pace is a new one.
 */
double progress_rate(struct progress_pace *, double now, const struct progress *);

/*
 * progress_line(out, p, rate, columns, utf8): append what fits into ${columns} places of
 *
 *	  work  ━━━━━━━━━━━━━╸       71 %   6.5/9.2 GiB   31.4 MiB/s   48 s left   Archive/2019   8,112/12,004
 *
 * as plain text; the least needful parts go first.  ${rate} is in bytes (without any: items) a second, 0: not known yet.
 */
void progress_line(struct buf *, const struct progress *, double rate, size_t columns, bool utf8);

#endif
