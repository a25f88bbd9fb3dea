/*
 * restoring.h - what the files of a restore share.
 *
 * The story (restore.c): the chosen messages are noted (choose), each folder gets its place on the target (prepare.c),
 * what is there already is found (there.c), the plan is shown; then folders are made and their messages appended
 * (send.c), on Gmail labelled (labels.c), and in the end looked at (recheck.c).
 */
#ifndef JOB_RESTORING_H
#define JOB_RESTORING_H

#include "job/job.h"
#include "job/journal.h"
#include "job/look.h"
#include "job/picks.h"
#include "policy/policy.h"

/* A folder of the vault. */
struct folder_from {
	uint64_t	 folder;	/* its number there */
	char		*name;		/* own */
	char		*attributes;	/* own */
	char		 delimiter;
	bool		 subscribed;
	size_t		 to;		/* index of the target's folder */
	uint64_t	 there;		/* of its messages */
	uint64_t	 left;
	uint64_t	 labels;	/* Gmail: that are labels of other items */
	uint64_t	 messages, bytes;	/* to be appended */
	bool		 is_all;	/* \All */
};

/* A folder of the target that messages go into. */
struct folder_to {
	char		*name;		/* own; decoded */
	char		*wire;		/* own */
	char		*how;		/* own; see policy_map(), or NULL */
	const char	*use;		/* to be made for that special use; NULL: for none */
	bool		 exists;	/* it is on the target */
	bool		 opened;	/* the next four are known */
	bool		 selected;	/* it was opened for writing, too */
	bool		 ready;		/* it was made and opened, and nothing was heard to the contrary */
	bool		 fresh;		/* it was made now, and not opened yet */
	bool		 failed;	/* it can't be made or opened: told */
	bool		 subscribe;
	bool		 broke;		/* a connection was lost over it */
	bool		 unseen;	/* it was there when it was to be made: nobody looked what is in it */
	uint64_t	 uidvalidity, uidnext;	/* when it was opened first */
	bool		 read_only;	/* it may only be read */
	char		*permanent;	/* own; canonical, or NULL: not told */
	const char	*gmail_use;	/* its special use there, or NULL */
	size_t		 number;	/* in the journal */
	size_t		 first, n;	/* its items */
};

enum item_state {
	ITEM_TODO,
	ITEM_THERE,		/* it was there already */
	ITEM_LEFT,		/* the target would not take it */
	ITEM_SENDING,		/* it may be there */
	ITEM_SENT,		/* the server took it */
	ITEM_REFUSED,
	ITEM_DAMAGED,
	ITEM_LABEL,		/* Gmail: another item's label */
};

/* How it is sent, from the first try on: what a server refuses once it may take the next time. */
enum item_way {
	WAY_WHOLE,
	WAY_AGAIN,
	WAY_BARE,		/* without keywords */
	WAY_DATELESS,
	WAY_NAKED,		/* without both */
	WAY_CURED,		/* repaired */
	WAY_END
};

static inline bool
way_is_bare(unsigned int way)
{
	return way == WAY_BARE || way == WAY_NAKED;
}

static inline bool
way_is_dateless(unsigned int way)
{
	return way == WAY_DATELESS || way == WAY_NAKED;
}

/* A chosen message; all else of it is in the scratch file. */
struct item {
	uint64_t	 at;		/* its note */
	uint64_t	 order;		/* in which the vault is read */
	uint64_t	 label_of;	/* LABEL: the note of that item */
	uint32_t	 source;
	uint32_t	 uid;		/* on the target; 0: not known */
	uint8_t		 state;
	uint8_t		 way;
	bool		 cure;		/* it is to be repaired */
	bool		 alone;		/* in a command of its own */
	uint8_t		 broke;		/* connections lost while it was alone on its way */
	bool		 unchecked;	/* THERE by a run that was interrupted: it is to be checked, too */
};

struct restore {
	struct vault	*v;
	struct catalog	*catalog;	/* the vault's */
	const struct job_restore_opts *o;
	struct job_restore_report *report;
	struct job_restore_plan *plan;
	struct look	*look;		/* own */
	struct imap_boxes boxes;	/* own */
	struct journal	*journal;	/* own */
	int		 dir;		/* own; the state directory */
	struct picks	 picks;		/* own */
	struct folder_from *sources;	/* own */
	size_t		 sources_n, sources_cap;
	struct folder_to *folders;	/* own */
	size_t		 folders_n;
	struct item	*items;		/* own; by target folder, then order */
	size_t		 n, cap;
	bool		 gmail;
	char		 delimiter;	/* of the target */
	uint64_t	 limit;		/* octets of a message */
	const struct policy_taste *taste;	/* or NULL */
	unsigned int	 breaks;	/* connections lost, and nothing came since */
	unsigned int	 strikes;	/* refusals for want of room, in a row */
	uint64_t	 over_quota;	/* messages refused for want of room */
	double		 waited;	/* seconds, on the server's demand */
	bool		 give_up;	/* no patience is left with the server */
	uint64_t	 done, done_bytes;	/* for progress */
	bool		 full;		/* the quota is: nothing more is sent */
	uint64_t	 faults;
};

/* restore.c */
void restore_note(struct restore *, const char *, ...) __attribute__((format(printf, 2, 3)));
/*
 * restore_found(r, kind, fault, item, reason): tell it; restore_found_folder(r, f, reason): a folder is left.  They
 * overwrite what picks_get() gave.
 */
int restore_found(struct restore *, enum job_restore_kind, bool fault, const struct item *, const char *reason,
    struct err *);
void restore_found_folder(struct restore *, const struct folder_to *, const char *reason);
/* restore_appended(r, item, size): it is there, by us. */
void restore_appended(struct restore *, struct item *, uint64_t);
struct folder_to *restore_folder(struct restore *, const struct item *);
/* restore_id(m): as the journal wants it. */
struct journal_id restore_id(const struct known_message *);
/* restore_again(r, e): after ${e} another session may help: pause. -1: it will not, or patience is at its end. */
int restore_again(struct restore *, struct err *);

/* chosen.c: chosen_gather(r, e): note what was asked for: its folders are r->sources, its messages r->items. */
int chosen_gather(struct restore *, struct err *);

/* prepare.c: prepare_map(r, e): each source has its folder; prepare_open(r, f, e): make, subscribe, and open it. */
int prepare_map(struct restore *, struct err *);
int prepare_judge(struct restore *, struct err *);
/*
 * prepare_all(r, e): make, subscribe and open what has to be, without waiting for each; what is refused is left to
 * prepare_open(); prepare_needs(r, f): whether it is.
 */
int prepare_all(struct restore *, struct err *);
bool prepare_needs(const struct restore *, const struct folder_to *);
/* prepare_open(): 1 done, 0 it failed and was told, -1: the session broke (EK_TEMP, EK_PROTO) or more. */
int prepare_open(struct restore *, struct folder_to *, struct err *);

/*
 * there.c: there_find(r, e): which of the messages are there already: they become THERE; there_find_in(r, f, e): of one
 * folder.  there_again(r, f, e): after a
 * connection was lost: what of a folder is SENDING becomes SENT where it is there; else it is to be
 * sent.
 */
int there_find(struct restore *, struct err *);
int there_find_in(struct restore *, struct folder_to *, struct err *);
int there_again(struct restore *, struct folder_to *, struct err *);

/* send.c: send_folder(r, f, e): append what is still to be sent. */
int send_folder(struct restore *, struct folder_to *, struct err *);

/*
 * labels.c, Gmail alone: labels_group(r, e): of the messages with one content one is appended, the others are labels of
 * it; labels_promote(r): where the one's folder failed, another one is to be sent: whether there are any;
 * labels_put(r, e): give them; labels_left(r): whether there are any to give.
 */
int labels_group(struct restore *, struct err *);
int labels_put(struct restore *, struct err *);
bool labels_promote(struct restore *);
bool labels_left(const struct restore *);

/* recheck.c: recheck_all(r, e): look at what was appended. */
int recheck_all(struct restore *, struct err *);

#endif
