/*
 * run.h - the records that begin and end a run; part of record.h, which includes it.
 */
#ifndef MAIL_RUN_H
#define MAIL_RUN_H

#include <stdint.h>

/* The start of a run (one execution of a writing verb); its number is the commit it begins with. */
struct rec_run_begin {
	uint64_t	 run;
	const char	*verb;		/* "backup" */
	int64_t		 time;
};

struct run_counts {
	uint64_t	folders;	/* looked at */
	uint64_t	listed;		/* messages the server has in them */
	uint64_t	fetched;	/* bodies received */
	uint64_t	fetched_bytes;
	uint64_t	added;		/* messages new to the vault */
	uint64_t	added_bytes;
	uint64_t	flags;		/* messages whose flags changed */
	uint64_t	gone;		/* no longer on the server */
	uint64_t	missing;	/* listed, not delivered */
	uint64_t	failed;		/* folders that could not be read */
	uint64_t	stored_bytes;	/* packs written */
};

struct rec_run_end {
	uint64_t	 run;
	int64_t		 time;
	const char	*result;	/* "complete", "partial", "interrupted", "failed" */
	int		 status;	/* the exit status */
	const char	*error;		/* what ended it, or NULL */
	struct run_counts counts;
};

#endif
