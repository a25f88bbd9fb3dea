/*
 * restore.h - mail from a vault into an account: the part of the door job.h, which includes it, for restore and copy.
 */
#ifndef JOB_RESTORE_H
#define JOB_RESTORE_H

#include "job/files.h"

/* A folder of the plan.  All names are decoded (mail/name.h); escape them. */
struct job_restore_folder {
	const char	*name;		/* in the vault */
	const char	*to;		/* on the target */
	const char	*how;		/* why it is called otherwise there, a few words; NULL: it isn't */
	bool		 exists;	/* it is on the target */
	uint64_t	 messages, bytes;	/* to be appended */
	uint64_t	 there;		/* messages that are there already */
	uint64_t	 left;		/* that the target will not take, each of them told as a finding */
};

struct job_restore_plan {
	uint64_t	 folders, made;	/* of the plan; of these, to be made */
	uint64_t	 messages, bytes;	/* to be appended */
	uint64_t	 there, left;
	bool		 has_quota;
	uint64_t	 quota_used, quota_limit;	/* bytes */
	uint64_t	 append_limit;	/* octets of a message; 0: not told */
	char		 server[128];	/* its name and version, or "" */
};

/* What is to be said of a message, or of a folder. */
enum job_restore_kind {
	RESTORE_LEFT,		/* the target would not take it: it was not sent */
	RESTORE_REFUSED,	/* the server refused it */
	RESTORE_DAMAGED,	/* the vault can't read it */
	RESTORE_MISSING,	/* it was appended, and is not there */
	RESTORE_CHANGED,	/* it is there with other bytes */
	RESTORE_FLAGS,		/* ... with other flags */
	RESTORE_DATE,		/* ... with another date */
	RESTORE_WITHOUT,	/* it was taken only without its keywords, or date */
	RESTORE_FIXED,		/* a repaired copy was appended */
	RESTORE_FOLDER,		/* a folder can't be made or opened: its messages are left */
	RESTORE_KINDS
};

struct job_restore_finding {
	enum job_restore_kind kind;
	bool		 fault;		/* the restore is not complete for it */
	const char	*folder, *to;	/* as in the plan */
	const struct known_message *message;	/* NULL: it is about the folder */
	uint32_t	 uid;		/* of the message on the target, 0 where not known */
	const char	*reason;	/* how, or why; may hold a server's words */
};

struct job_restore_report {
	uint64_t	 folders, made;	/* with messages; made or subscribed anew */
	uint64_t	 messages;	/* chosen */
	uint64_t	 there;		/* were there already */
	uint64_t	 appended, appended_bytes;
	uint64_t	 checked, identical;	/* of the appended ones */
	uint64_t	 found[RESTORE_KINDS];	/* findings */
	uint64_t	 deleted;	/* of the messages: \Deleted was left out, see opts->deleted */
	uint64_t	 unread;	/* see job_messages() */
};

struct job_restore_opts {
	const struct account *target;
	struct job_ask	 ask;
	struct job_choice choice;
	const char	*const *ids;	/* "12.34" or the beginning of a SHA-256: these messages only */
	size_t		 ids_n;
	const char	*into;		/* the folder that all go below, with '/' between parts; or NULL */
	const char	*const *maps;	/* "OLD=NEW"; see policy_map() */
	size_t		 maps_n;
	bool		 no_roles;	/* folders of a special use keep their names */
	bool		 by_message_id;	/* --match message-id: what has the same Message-ID is there */
	bool		 duplicates;	/* don't look what is there, but for what an interrupted run put there */
	bool		 deleted;	/* restore \Deleted, too */
	bool		 fix;		/* append repaired copies of what would be refused */
	bool		 no_check;
	bool		 dry_run;	/* the plan only */
	const char	*state;		/* the directory for journals; made where it isn't there */
	/* Told on the way; all may be NULL. */
	void		(*folder)(void *, const struct job_restore_folder *);	/* a line of the plan */
	/* 1 go on, 0 no, -1; not called with dry_run */
	int		(*plan)(void *, const struct job_restore_plan *, struct err *);
	void		(*found)(void *, const struct job_restore_finding *);
	void		(*note)(void *, const char *);	/* a sentence worth knowing */
	/* ${checking}: the check of so many; else the appending */
	void		(*progress)(void *, const char *folder, bool checking, uint64_t done, uint64_t total,
			    uint64_t bytes, uint64_t bytes_total);
	void		*arg;
};

/*
 * job_restore(vault, opts, report_out, plan_out, e): bring the chosen messages into the target account, each once: what
 * is there already stays as it is, whether it came by an earlier run that was interrupted or otherwise, and nothing of
 * the target is ever changed or deleted.  0: all are there, as far as was checked.  -1: EK_PARTIAL: all that could be
 * done is done, the rest was told; EK_SPACE: the target's quota is full; EK_TEMP, EK_CANCELLED: run it again, it goes
 * on where it stopped; EK_REFUSED: opts->plan said no, or a journal can't be kept; EK_LOCKED: another restore of that
 * vault to that account is at work.  Report and plan are filled in any case.
 */
int job_restore(struct vault *, const struct job_restore_opts *, struct job_restore_report *, struct job_restore_plan *,
    struct err *);
/*
 * job_check_maps(vault, at, maps, n, e): whether each of opts->maps is about a folder that the vault had at commit
 * ${at}, chosen or not.  EK_USAGE.
 */
int job_check_maps(struct vault *, uint64_t at, const char *const *maps, size_t, struct err *);

#endif
