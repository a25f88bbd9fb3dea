/*
 * care.h - keeping a vault whole: the part of the door job.h, which includes it, for verify, repair and compact.
 */
#ifndef JOB_CARE_H
#define JOB_CARE_H

#include "job/job.h"

/* ---- verify --against-server ---- */

/* What is told of a folder's messages (uids), and of whole folders (no uids).  Those marked * are faults. */
enum job_against_kind {
	AGAINST_NEW,		/* on the server, newer than all that is known: the next backup brings them */
	AGAINST_MISSED,		/* * on the server, not newer: a backup should have brought them */
	AGAINST_GONE,		/* kept in the vault, gone from the server since the last backup */
	AGAINST_SIZE,		/* RFC822.SIZE is another; only a hint: contents that were read are equal */
	AGAINST_CONTENT,	/* * other bytes than came then, which the vault has still: the server changed them */
	AGAINST_DAMAGED,	/* * other bytes, and the vault's own can't be read or are not those that came */
	AGAINST_UNDELIVERED,	/* * on the server, which does not give its content */
	AGAINST_EPOCH,		/* * another UIDVALIDITY or MAILBOXID: nothing of it could be compared */
	AGAINST_FOLDER,		/* * a folder could not be compared, or not all of it; NULL: the list of folders */
	AGAINST_FOLDER_NEW,	/* the next backup brings it */
	AGAINST_FOLDER_GONE,	/* the vault keeps it */
	AGAINST_KINDS
};

struct job_against_finding {
	enum job_against_kind kind;
	const char	*folder;	/* or NULL */
	const struct uidset *uids;	/* or NULL */
	uint64_t	 messages;
	bool		 fault;
	const char	*reason;	/* may be a server's words */
};

#define AGAINST_SAMPLE	(-1)
struct job_against_opts {
	const struct account *account;	/* folders, shared */
	struct job_ask	 ask;
	int		 percent;	/* of the messages are read; AGAINST_SAMPLE: 1, but 20 to 500 messages */
	void		(*found)(void *, const struct job_against_finding *);
	void		*arg;
	struct job_listener listener;	/* JOB_PROGRESS, JOB_NOTE */
};

struct job_against_report {
	uint64_t	 folders;	/* compared */
	uint64_t	 messages;	/* that both have */
	uint64_t	 read, read_bytes;	/* of these, contents that the server gave */
	uint64_t	 found[AGAINST_KINDS];	/* messages, or folders */
	uint64_t	 received;
};

/*
 * job_against(vault, opts, report_out, e): compare what the vault says is on the server with the server: UIDs, sizes,
 * and by SHA-256 the contents of a sample by chance (and of up to 100 more whose sizes differ).  Only reads, here and
 * there: EXAMINE and PEEK.  The vault's own bytes are looked at only where the server's are others.
 *
 * 0: no faults: every message of the chosen folders that the server has is known, or newer than the last backup, and
 * all that was read is equal.  -1: EK_CORRUPT where the vault was found damaged; EK_TEMP where the server put us off
 * or a connection was lost twice; EK_PARTIAL for all other faults; others.  The report is filled in any case.
 */
int job_against(struct vault *, const struct job_against_opts *, struct job_against_report *, struct err *);

/* ---- for repair: messages once more ---- */

/* A message whose content is wanted again, and where the server had it. */
struct job_wanted {
	const char	*folder;	/* name (mail/name.h) */
	uint64_t	 uidvalidity;
	uint32_t	 uid;
	struct digest	 sha256;
};

enum job_refetch_failure {
	REFETCH_FOLDER,		/* the server has no such folder, or does not open it */
	REFETCH_EPOCH,		/* the folder has another UIDVALIDITY, or none */
	REFETCH_GONE,		/* no such message any more */
	REFETCH_UNDELIVERED,	/* the message is there, and the server does not give its content */
	REFETCH_OTHER,		/* whole() said so: it is another content */
};

struct job_refetch_handler {
	struct imap_body body;		/* where bytes go, as imap_body_to() has it */
	/*
	 * whole(arg, wanted, meta, e): the body that went to the sink is this message's; ${meta} has its INTERNALDATE
	 * if the server told.  1: that is what was wanted; 0: it is not; -1.
	 */
	int	(*whole)(void *, const struct job_wanted *, const struct mail_meta *, struct err *);
	/* failed(arg, wanted, failure, why, e): not to be had in this place. */
	int	(*failed)(void *, const struct job_wanted *, enum job_refetch_failure, const char *why, struct err *);
	void	*arg;
	struct job_listener listener;	/* JOB_NOTE; JOB_PROGRESS in contents */
};

/*
 * job_refetch(account, ask, wanted, n, handler, e): fetch these contents again, in the order of folders.  One content
 * may be wanted in several places: the next one is tried when the one before failed.  Of each content whole() says 1
 * once, or failed() was called for each of its places, unless the job ended early.
 *
 * 0: all contents were had.  -1: EK_PARTIAL: the others were told; EK_TEMP: the server put us off, or a connection was
 * lost twice; those that were had may be kept; others.
 */
int job_refetch(const struct account *, const struct job_ask *, const struct job_wanted *, size_t,
    const struct job_refetch_handler *, struct err *);

/* ---- repair ---- */

struct job_repair_opts {
	const struct account *account;
	struct job_ask	 ask;
	bool		 offline;	/* don't ask the server */
	bool		 accept_loss;	/* give up what is nowhere to be had */
	void		(*found)(void *, const struct vault_finding *);	/* while the vault is looked at */
	void		(*lost)(void *, const struct known_message *, const char *pack);	/* can't be had */
	void		(*progress)(void *, uint64_t done, uint64_t total);	/* bytes of packs, looked at */
	void		*arg;
	struct job_listener listener;	/* JOB_NOTE; JOB_PROGRESS: contents from the server */
};

struct job_repair_report {
	struct vault_verify_report before;
	struct vault_mended mended;
	uint64_t	 refetched;	/* contents that the server gave again */
	uint64_t	 lost;		/* messages whose content is nowhere */
	uint64_t	 retired;	/* packs that are no part of the vault any more */
	uint64_t	 run, commit;	/* as of a backup */
	struct digest	 head;
};

/*
 * job_repair(vault, opts, report_out, e): look at all of the vault, and make it whole: what can be read of damaged
 * packs is stored anew, what can't is looked for in orphans/ and on the server, and packs that nothing needs any more
 * are retired.  0: it is whole.  -1: EK_CORRUPT: manifests are damaged (nothing was done), or messages are lost and
 * ${accept_loss} was not said: their packs stay; others when the server could not be asked: what was had is kept.
 */
int job_repair(struct vault *, const struct job_repair_opts *, struct job_repair_report *, struct err *);

/* ---- compact ---- */

struct job_compact_opts {
	uint64_t	 below;		/* see policy_compact() */
	uint64_t	 manifests;	/* as many of their own are worth a bundle */
	bool		 dry_run;	/* plan only; the vault may be open for reading */
	void		(*progress)(void *, uint64_t done, uint64_t total);	/* bytes of mail; may be NULL */
	void		*arg;
};

struct job_compact_report {
	uint64_t	 packs_before, bytes_before;	/* of the vault; that are retired don't count */
	uint64_t	 packs_after, bytes_after;	/* with dry_run, the bytes are those from before */
	struct vault_compacted packs;	/* of all commits; with dry_run what would be done, but for made_bytes */
	uint64_t	 commits;	/* that it took */
	uint64_t	 manifests;	/* that went into a bundle; with dry_run: would go */
	uint64_t	 bundle_first, bundle_last;	/* that one's; 0: none */
	uint64_t	 commit;	/* the head afterwards, and its hash */
	struct digest	 head;
};

/*
 * job_compact(vault, opts, report_out, e): put small packs together, and many manifests into a bundle, as
 * policy/policy.h says.  What the vault says stays the same.  -1: EK_CORRUPT: a pack or manifest is damaged; EK_SPACE;
 * EK_CANCELLED; others.  The report is filled in any case, and what it says was done is safe.
 */
int job_compact(struct vault *, const struct job_compact_opts *, struct job_compact_report *, struct err *);

#endif
