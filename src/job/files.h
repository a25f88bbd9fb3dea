/*
 * files.h - mail from and to files: the part of the door job.h, which includes it, for list, export and import.
 */
#ifndef JOB_FILES_H
#define JOB_FILES_H

#include "foreign/foreign.h"
#include "job/job.h"
#include "policy/policy.h"

/* ---- messages of a vault, and taking them out ---- */

struct job_choice {
	const char	*const *folders;	/* patterns as policy_select() has them; none: all */
	size_t		 folders_n;
	uint64_t	 at;		/* a commit, or CATALOG_NOW */
	bool		 by_date;	/* ... of each folder, the last complete state up to there */
	bool		 all;		/* also what was gone by then */
	uint64_t	 pruned;	/* only what this run deleted from the server, ${all} or not; 0: whatever */
	struct policy_choice which;
};

/*
 * job_messages(vault, choice, folder, message, arg, unread_out, e): call ${message} for each message that was chosen,
 * folder by folder (INBOX, then by name) in the order of UIDs, and ${folder}, unless NULL, for each folder before.
 * ${*unread_out} counts those that could not be judged, since their header lines are not known.  EK_USAGE: no folder
 * matches a pattern.
 */
typedef int job_folder_fn(void *, const struct known_folder *, struct err *);
int job_messages(struct vault *, const struct job_choice *, job_folder_fn *, catalog_message_fn *, void *,
    uint64_t *unread_out, struct err *);

/*
 * job_find(vault, id, out, e): the message with the id "12.34", or whose content's SHA-256 begins with these digits.
 * EK_USAGE: it is no id, there is none, or there are several.  ${out} lives until the next question to the catalog.
 */
int job_find(struct vault *, const char *, struct known_message *, struct err *);

struct job_export_report {
	uint64_t	 folders, messages, bytes;	/* written; with dry_run: to be written */
	uint64_t	 damaged;	/* left out, since they can't be read */
	uint64_t	 unread;	/* see job_messages() */
	uint64_t	 gone;		/* what choice->all would add, before other conditions */
	struct foreign_lack lack;
};

struct job_export_opts {
	const struct job_choice *choice;
	enum foreign_kind kind;
	const char	*to;		/* see foreign_create(); NULL: */
	struct sink	 stream;	/* ... an archive goes there */
	bool		 dry_run;
	/* Told on the way; all may be NULL. */
	void		(*folder)(void *, const char *name, uint64_t messages, uint64_t bytes);	/* will be written */
	void		(*damaged)(void *, const struct known_message *, const char *why);
	void		(*progress)(void *, const char *folder, const struct job_export_report *, uint64_t messages,
			    uint64_t bytes);		/* of so many in all */
	void		*arg;
};

/*
 * job_export(vault, opts, report_out, e): write the chosen messages, each read back and compared with its SHA-256.  -1:
 * EK_CORRUPT: all but the damaged ones were written; EK_REFUSED: the target is not empty; others: what is there is
 * whole (foreign_discard()).  The report is filled in any case.
 */
int job_export(struct vault *, const struct job_export_opts *, struct job_export_report *, struct err *);

/* ---- import ---- */

struct job_import_opts {
	const char	*source;	/* see foreign_open() */
	const char	*into;		/* what folders are below, without a '/' at either end */
	enum foreign_format format;
	enum foreign_quoting quoting;
	enum foreign_date date;
	bool		 raw;
	bool		 dry_run;	/* count only; the vault may be open for reading */
	/* A folder is done; ${known} messages of it were there already. */
	void		(*folder)(void *, const char *name, uint64_t added, uint64_t bytes, uint64_t known);
	foreign_told_fn	*told;		/* of the source; ${where} NULL: of the whole */
	void		(*progress)(void *, const char *folder, uint64_t messages, uint64_t bytes, uint64_t total);
	void		*arg;
};

struct job_import_report {
	struct run_counts counts;	/* listed: found; missing: of these, can't be read; failed: nor can files */
	uint64_t	 known;		/* were there already */
	uint64_t	 passed_over;	/* parts of the source that are no mail, as far as can be seen */
	uint64_t	 run, commit;	/* as of a backup */
	struct digest	 head;
};

/*
 * job_import(vault, opts, report_out, e): put the messages of a source into folders of the vault that no server has.
 * Of equal messages in a folder as many are added as it lacks, so that doing it twice adds nothing.  -1: EK_PARTIAL:
 * all but what was told to be lost is there; EK_USAGE: there is no mail in the source, and no commit; others as of a
 * backup.  The report is filled in any case.
 */
int job_import(struct vault *, const struct job_import_opts *, struct job_import_report *, struct err *);

#endif
