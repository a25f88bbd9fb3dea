/*
 * job.h - the stories: what a verb does, told in steps.  Options in, a report out, events on the way.
 *
 * A job talks to a server and a vault; it prints nothing and reads no command line.
 */
#ifndef JOB_JOB_H
#define JOB_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "config/config.h"
#include "imap/imap.h"
#include "mail/record.h"
#include "vault/vault.h"

/*
 * How a job asks for a password, see secret_get(): once a job, and it is wiped at the job's end, those of one session
 * before its first command.  Only a token is asked for again when a lost connection is made anew.
 */
struct job_ask {
	secret_ask_fn	*fn;	/* may be NULL: nobody to ask */
	void		*arg;
};

/* job_try(account, ask, folders_out, e): sign in, count the folders to back up, sign out: the account is right. */
int job_try(const struct account *, const struct job_ask *, size_t *, struct err *);
/*
 * job_folders(account, ask, boxes_out, e): every folder of the server with its figures, sizes where the server can
 * tell them cheaply.
 */
int job_folders(const struct account *, const struct job_ask *, struct imap_boxes *, struct err *);

/* ---- backup ---- */

/* What a listener is told.  Strings are a server's: escape them. */
enum job_event_kind {
	JOB_PLAN,	/* a folder will be looked at, or not: name, reason, messages (what looks new) */
	JOB_FOLDER,	/* a folder is done: name, counts of it */
	JOB_PROBLEM,	/* name, uids (or NULL), reason: something is missing */
	JOB_PROGRESS,	/* how far the transfer is */
	JOB_DAMAGE,	/* pack, reason: what was kept in it can't be read any more */
	JOB_NOTE,	/* reason: a sentence worth knowing */
};

struct job_event {
	enum job_event_kind kind;
	const char	*folder;	/* or NULL */
	const struct uidset *uids;	/* or NULL */
	const char	*pack;		/* DAMAGE */
	const char	*reason;
	bool		 skip;		/* PLAN: nothing to do */
	uint64_t	 messages;	/* PLAN: expected new; FOLDER: new */
	uint64_t	 bytes;		/* FOLDER: of the new ones */
	uint64_t	 flags, gone;	/* FOLDER */
	/* PROGRESS */
	uint64_t	 done, total;	/* messages; total 0 where it can't be told */
	uint64_t	 received;	/* bytes from the server */
};

struct job_listener {
	void	(*event)(void *, const struct job_event *);
	void	*arg;
};

struct job_backup_opts {
	bool		 full;		/* compare everything */
	bool		 some;		/* folders were chosen for this run alone: it is no backup of the account */
	bool		 dry_run;	/* plan only; the vault may be open for reading */
	const struct account *account;	/* folders, shared, full_every */
	struct job_ask	 ask;
	struct job_listener listener;
};

struct job_backup_report {
	struct run_counts counts;
	uint64_t	 run;		/* 0 where nothing was recorded */
	uint64_t	 commit;	/* the head afterwards, and its hash */
	struct digest	 head;
	uint64_t	 received;	/* bytes from the server */
	uint64_t	 skipped;	/* folders that had not changed */
};

/*
 * job_backup(vault, opts, report_out, e): bring the vault up to date with the server.  0: every message that the
 * server listed in the chosen folders is in the vault or was seen to vanish.  -1: EK_PARTIAL: all that could be had
 * is there, the rest was named; EK_TEMP, EK_CANCELLED: what was whole is committed, run it again; others likewise
 * unless the vault itself failed.  The report is filled in any case.
 */
int job_backup(struct vault *, const struct job_backup_opts *, struct job_backup_report *, struct err *);

#include "job/care.h"
#include "job/files.h"
#include "job/prune.h"
#include "job/restore.h"

#endif
