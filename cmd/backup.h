/*
 * backup.h - an account's backup as it is told of, for the verbs that make one.
 */
#ifndef CMD_BACKUP_H
#define CMD_BACKUP_H

#include "cmd/target.h"

struct backup_opts {
	bool		 dry_run;	/* tell what would be done */
	bool		 full;
	bool		 wait;		/* for another writer */
	bool		 some;		/* see job_backup_opts */
};

/* backup_account(app, target, opts, ask, e): bring its vault up to date.  0, or -1 as of job_backup(). */
int backup_account(struct app *, struct target *, const struct backup_opts *, const struct job_ask *, struct err *);

#endif
