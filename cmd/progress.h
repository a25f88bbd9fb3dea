/*
 * progress.h - how far a long work has come, as one line.
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"

struct progress {
	const char	*title;		/* "work"; or NULL */
	const char	*where;		/* a folder; or NULL.  Both may be anything that a server sent */
	uint64_t	 bytes, bytes_total;	/* total 0: not known */
	uint64_t	 items, items_total;	/* messages */
};

/* How fast it has been lately, a second; 0: not known yet. */
struct progress_rate {
	double		 bytes, items;
};

/* Where it stood in each of the last seconds. */
#define PROGRESS_PACE	8
struct progress_pace {
	struct { double when; uint64_t bytes, items; } at[PROGRESS_PACE];	/* a ring */
	size_t		 n;		/* entries ever made */
};

/* progress_rate(pace, now, p): note where ${p} stands at ${now}, in seconds.  A zeroed pace is a new one. */
struct progress_rate progress_rate(struct progress_pace *, double now, const struct progress *);

/*
 * progress_line(out, p, rate, columns, utf8): append what fits into ${columns} places of
 *
 *	  work  ━━━━━━━╸   71 %   6.5/9.2 GiB   31.4 MiB/s   48 s left   Archive/2019   8,112/12,004
 *
 * as plain text; the least needful parts go first.  How much is done and how long it will take is told by the bytes if
 * their total is known, else by the items.
 */
void progress_line(struct buf *, const struct progress *, struct progress_rate, size_t columns, bool utf8);
/* progress_json(j, p, rate): the members of an object of type "progress". */
void progress_json(struct json_out *, const struct progress *, struct progress_rate);

#endif
