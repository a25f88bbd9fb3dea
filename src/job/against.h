/*
 * against.h - what the files of verify --against-server share.
 */
#ifndef JOB_AGAINST_H
#define JOB_AGAINST_H

#include "job/backup.h"
#include "job/look.h"

/* A folder of the vault that should be on the server. */
struct seen {
	char		*name;		/* own */
	char		*mailboxid;	/* own, or NULL */
	uint64_t	 folder;
	const char	*wire;		/* borrowed: what the server calls it */
	struct known_epoch known;
	const char	*other;		/* why it can't be compared by UID, or NULL */
	bool		 other_epoch;
	struct uidset	 sizes;		/* own: both have it, the sizes differ */
	struct uidset	 sample;	/* own: to be read */
	struct uidset	 differ;	/* own: read, and other bytes than known */
	struct uidset	 empty;		/* own: read, and nothing came */
};

struct against {
	struct vault	*v;
	struct catalog	*catalog;	/* the vault's */
	const struct job_against_opts *opts;
	struct job_against_report *report;
	struct look	*look;		/* own */
	struct imap_boxes boxes;	/* own */
	bool		*known;		/* own: of each box, whether the vault has it */
	bool		 listing_trusted;
	struct seen	*seen;		/* own */
	size_t		 n, cap;
	struct look_box	*looks;		/* own */
	size_t		 looks_n;
	struct listing	*listing;	/* own: of the folder being listed */
	struct hasher	*hasher;	/* own */
	/* the sample: so many are wanted of those that are still to come */
	uint64_t	 want, left, chance;
	uint64_t	 suspects;
	uint64_t	 done, total;	/* for progress */
	uint64_t	 later;		/* folders that the server would not show now */
	char		*fault;		/* own: the first one, or NULL */
};

/* against.c */
void against_tell_uids(struct against *, enum job_against_kind, const struct seen *, const struct uidset *,
    const char *reason);
/* against_tell_folder(a, kind, name, messages, reason): the name may be NULL. */
void against_tell_folder(struct against *, enum job_against_kind, const char *, uint64_t, const char *);
/* against_tell_refused(a, box, s): the server did not open or list it. */
void against_tell_refused(struct against *, const struct look_box *, const struct seen *);
void against_progress(struct against *, const struct seen *);
/* against_chooses(a, box): whether the account's settings do. */
bool against_chooses(const struct against *, const struct mail_box *);
void against_drop_looks(struct against *);

/* sizes.c: against_list(a, e): list every folder, tell what only one side has, and draw the sample. */
int against_list(struct against *, struct err *);

/* contents.c: against_read(a, e): fetch the sample; against_judge(a, e): tell what was found by that. */
int against_read(struct against *, struct err *);
int against_judge(struct against *, struct err *);

#endif
