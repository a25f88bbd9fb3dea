/*
 * pruned.h - what a prune did, as it is told.
 */
#ifndef CMD_PRUNED_H
#define CMD_PRUNED_H

#include "cmd/remarks.h"
#include "job/job.h"

struct pruned {
	struct app	*app;		/* borrowed; */
	struct ui	*ui;		/* ... its own; */
	const char	*title;		/* ... the account's */
	bool		 dry;
	struct job_prune_plan plan;
	struct job_prune_report report;
};

/* pruned_found(remarks, finding): a line on the way. */
void pruned_found(struct remarks *, const struct job_prune_finding *);
/* pruned_json(p, seconds): the summary.  pruned_text(p, seconds): the end, where something was done. */
void pruned_json(const struct pruned *, double seconds);
void pruned_text(const struct pruned *, double seconds);

#endif
