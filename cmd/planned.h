/*
 * planned.h - the plan of a restore, as it is shown before anything is sent.
 */
#ifndef CMD_PLANNED_H
#define CMD_PLANNED_H

#include "cmd/table.h"
#include "job/job.h"

struct planned {
	struct ui	*ui;		/* borrowed; */
	const char	*title;		/* ... of the account that messages go to */
	bool		 spoken;	/* print a table and what it comes to; else a note */
	bool		 all;		/* also folders to which nothing goes */
	/* Its own: */
	struct table	*table;		/* own; or NULL */
	bool		 narrow;	/* what is to be said of names stands below each line */
	bool		 told;		/* planned_tell() was called */
};

/* planned_begin(s): the first four are filled.  planned_end(s): free what it owns; planned_tell() does so, too. */
void planned_begin(struct planned *);
void planned_end(struct planned *);
/*
 * planned_folder(s, folder): a line of it.  planned_tell(s, plan, why): that was all; what it comes to.  Where nothing
 * was chosen ${why} is a sentence that says so; else NULL.
 */
void planned_folder(const struct planned *, const struct job_restore_folder *);
void planned_tell(struct planned *, const struct job_restore_plan *, const char *why);
/* planned_messages(b, n, bytes): append "1,234 messages (120.0 MiB)". */
void planned_messages(struct buf *, uint64_t n, uint64_t bytes);

#endif
