/*
 * prune.h - deleting from a server what is safe in the vault: the part of the door job.h, which includes it, for prune
 * and quota.
 */
#ifndef JOB_PRUNE_H
#define JOB_PRUNE_H

#include "job/files.h"

/* ---- the plan ---- */

/* What came in one year (by INTERNALDATE, local time; 0: no date) of a folder. */
struct job_prune_year {
	int		 year;
	uint64_t	 messages, bytes;	/* on the server */
	uint64_t	 go, go_bytes;		/* of these, would be deleted */
};

/* A folder of the plan, as the server has it now. */
struct job_prune_folder {
	const char	*name;		/* decoded (mail/name.h); escape it */
	uint64_t	 messages, bytes;
	uint64_t	 go, go_bytes;
	const struct job_prune_year *years;	/* ascending */
	size_t		 years_n;
	uint64_t	 kept[KEEP_KINDS];	/* messages, by reason; the guard's are in [KEEP_FOLDER] */
	unsigned int	guards;		/* that keep all of it, 1 << enum policy_guard each; 0: none does */
	uint64_t	 held_bytes;	/* of what guards keep */
	const char	*why;		/* why nothing of it can be deleted, or NULL */
	bool		 failed;	/* ... and that is a failure, not a rule */
};

struct job_prune_plan {
	uint64_t	 folders;	/* with messages that go */
	uint64_t	 messages, bytes;	/* that go */
	uint64_t	 kept[KEEP_KINDS];
	uint64_t	 guarded, guarded_bytes;	/* that would go, were it not for guards, */
	unsigned int	 guards;	/* ... these */
	uint64_t	 lack;		/* bytes that the goal is missed by */
	uint64_t	 unsaved;	/* folders of the server that should be in the vault, and are not */
	enum policy_guard guard;	/* keeps everything (the last backup's), or GUARD_NONE */
	uint64_t	 open;		/* messages that an interrupted run meant to delete */
	bool		 has_quota;
	uint64_t	 quota_used, quota_limit;	/* bytes, before */
	bool		 gmail;
	bool		 move;		/* they are moved to the trash */
	char		*trash;		/* its name, or NULL; lives as long as the job */
	char		 server[128];	/* its name and version, or "" */
};

/* ---- carrying it out ---- */

/* What is to be said of a message, or of a folder. */
enum job_prune_kind {
	PRUNE_DIFFERS,		/* * what the server has is not what the vault has: kept */
	PRUNE_CHANGED,		/* its flags changed since the plan: kept */
	PRUNE_GONE,		/* it was not there any more */
	PRUNE_DAMAGED,		/* * the vault can't read it: kept, and nothing more is deleted */
	PRUNE_STANDIN,		/* * the vault has only Exchange's stand-in for it: kept */
	PRUNE_UNDELIVERED,	/* * the server did not deliver what was to be compared: kept */
	PRUNE_UNMARKED,		/* * the server did not mark it: kept */
	PRUNE_STAYED,		/* * it was marked, and the server did not delete it; the mark was taken back */
	PRUNE_STUCK,		/* * ... and the mark could not be taken back */
	PRUNE_IN_TRASH,		/* Gmail: it was moved to the trash, and could not be deleted there */
	PRUNE_FOLDER,		/* * a folder was left, in the middle perhaps */
	PRUNE_LISTED,		/* * a line of the list that is not so any more: kept */
	PRUNE_KINDS
};

struct job_prune_finding {
	enum job_prune_kind kind;
	bool		 fault;		/* those marked * */
	const char	*folder;	/* decoded */
	uint32_t	 uid;		/* 0: it is about the folder */
	const struct known_message *message;	/* or NULL */
	const char	*reason;	/* what differs, or a server's words */
};

struct job_prune_report {
	uint64_t	 messages, bytes;	/* deleted, as the server shows */
	uint64_t	 moved;		/* of these, only into the trash */
	uint64_t	 finished, taken_back;	/* messages of an interrupted run: of ${messages}; marks taken back */
	uint64_t	 open;		/* messages of which the run did not see whether they are gone */
	uint64_t	 found[PRUNE_KINDS];
	uint64_t	 deleting_ms;	/* of the run: from the announcement of messages to their being seen gone */
	uint64_t	 run;		/* 0: nothing was recorded */
	bool		 has_quota;	/* afterwards */
	uint64_t	 quota_used, quota_limit;
	uint64_t	 commit;	/* the head afterwards, and its hash */
	struct digest	 head;
};

struct job_prune_opts {
	const struct account *account;	/* folders, shared: what is backed up */
	struct job_ask	 ask;
	struct policy_prune policy;
	const char	*const *folders;	/* patterns; none: all that are backed up */
	size_t		 folders_n;
	struct prune_goal goal;		/* policy.has_goal says the same */
	bool		 largest_first;	/* for the goal; else the oldest */
	unsigned int	 lifted;	/* guards: 1 << enum policy_guard */
	bool		 compare_full;	/* compare the whole content, not size, date and header */
	bool		 to_trash;	/* move there, delete nothing */
	bool		 dry_run;	/* the plan only; the vault may be opened with VAULT_CHECK */
	bool		 survey;	/* with dry_run: what fills the account: no guards, no need for a policy */
	const struct sink *plan_to;	/* the list is written there as JSON Lines (mailkeep-prune(1)); or NULL */
	const struct source *execute;	/* such a list: these messages, no others; or NULL */
	/* Told on the way; all may be NULL. */
	void		(*folder)(void *, const struct job_prune_folder *);
	/* 1 go on, 0 no, -1; not called with dry_run, nor where nothing goes */
	int		(*plan)(void *, const struct job_prune_plan *, struct err *);
	void		(*found)(void *, const struct job_prune_finding *);
	void		(*note)(void *, const char *);	/* a sentence worth knowing */
	void		(*verified)(void *, const struct vault_finding *);	/* the vault is damaged there */
	/* ${what}: "checking the vault", "looking at the server", "comparing", "deleting" */
	void		(*progress)(void *, const char *what, const char *folder, uint64_t done, uint64_t total);
	void		*arg;
};

/*
 * job_prune(vault, opts, report_out, plan_out, e): delete from the server what the policy says may go and what is
 * proven, one by one and in this run, to be in the vault.
 *
 * Proven is: the vault is whole as far as names and sizes tell, and the packs that are concerned were read back; the
 * folder's UIDVALIDITY at the SELECT that deletes is the vault's; the stored bytes have their SHA-256; the server's
 * size, INTERNALDATE and header bytes (or all bytes) are those that are stored.  What is to be deleted is committed to
 * the vault before, what was is after.
 *
 * 0: all of the plan is gone (or with dry_run: the plan is told).  -1: EK_PARTIAL: the rest was told and stays;
 * EK_REFUSED: guards kept something, opts->plan said no, or this server can't delete single messages; EK_CORRUPT: the
 * vault is damaged, and nothing (more) was deleted; EK_TEMP, EK_CANCELLED: run it again: what was begun is finished or
 * taken back; EK_USAGE: the policy says nothing, or the list can't be read; others.  Report and plan are filled in any
 * case.
 */
int job_prune(struct vault *, const struct job_prune_opts *, struct job_prune_report *, struct job_prune_plan *,
    struct err *);

#endif
