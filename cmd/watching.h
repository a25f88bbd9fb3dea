/*
 * watching.h - what a job says on the way, for prune and quota.
 */
#ifndef CMD_WATCHING_H
#define CMD_WATCHING_H

#include "cmd/damage.h"
#include "job/job.h"

/* The first member of what the job hands to its listeners. */
struct watching {
	struct ui	*ui;		/* borrowed */
	const char	*title;		/* borrowed */
	struct damage	*damage;	/* own */
	const char	*doing;		/* the progress that is shown; static */
};

/*
 * watching_begin(w, app, title, job): begin, and have the job tell notes, damage and progress.  watching_end(w): it has
 * ended.
 */
void watching_begin(struct watching *, struct app *, const char *title, struct job_prune_opts *);
void watching_end(struct watching *);

#endif
