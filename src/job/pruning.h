/*
 * pruning.h - what the files of a prune share.
 *
 * The story (prune.c): the folders are listed and each message is judged (sift.c, weigh.c), the plan is shown and
 * written down (outline.c); then, folder by folder and some thousand messages at a time, each is proven to be in the
 * vault and on the server (prove.c), the intent is committed, and they are deleted (erase.c) or moved (trash.c).  What
 * an interrupted run left is looked at first (tidy.c, intents.c).
 */
#ifndef JOB_PRUNING_H
#define JOB_PRUNING_H

#include "job/backup.h"
#include "job/intents.h"
#include "job/job.h"
#include "job/look.h"
#include "job/picks.h"
#include "mail/headhash.h"

/* So many are proven, announced and deleted at a time: what a lost connection leaves to be looked at. */
#define PRUNE_BATCH	10000

enum cand_state {
	CAND_TODO,
	CAND_KEPT,		/* it was told why */
	CAND_HELD,		/* by a guard of its folder */
	CAND_GONE,
};

/* A message that may go; all else of it is in the scratch file. */
struct cand {
	uint64_t	 at;		/* its note */
	uint64_t	 order;		/* in which the vault is read; once packs were proven */
	uint64_t	 size;		/* the server's RFC822.SIZE */
	int64_t		 date;		/* the server's INTERNALDATE */
	uint32_t	 uid;
	uint16_t	 year;
	uint8_t		 state;		/* enum cand_state */
	bool		 whole;		/* its whole content has to be compared */
};

/* A folder of the vault. */
struct prune_box {
	char		*name;		/* own; decoded */
	char		*wire;		/* own; NULL: it is not on the server */
	char		*mailboxid;	/* own, or NULL */
	uint64_t	 folder;
	struct known_epoch known;
	enum policy_role role;
	bool		 chosen;	/* messages of it may go */
	bool		 failed;	/* something kept it from being looked at, or from going on */
	char		*why;		/* own: what, or which rule; or NULL */
	struct open_intents open;	/* own; of interrupted runs, or of this one before it reconnected */
	bool		 unsettled;	/* and nobody has looked what became of them */
	struct uidset	 earlier;	/* own; of them, those of interrupted runs */
	/* what the server has */
	uint64_t	 messages, bytes;
	uint64_t	 vanished;
	struct job_prune_year *years;	/* own */
	size_t		 years_n, years_cap;
	uint64_t	 kept[KEEP_KINDS];
	unsigned int	 guards;	/* 1 << enum policy_guard each */
	uint64_t	 young_bytes, held_bytes;	/* of KEEP_YOUNG; of all that guards keep */
	size_t		 first, n;	/* its cands */
	size_t		 next;		/* of them: those before it are done with */
	uint64_t	 go, go_bytes;
	uint64_t	 gone;		/* of these, by now */
};

/* A line of the list that is carried out. */
struct listed_line {
	uint64_t	 folder, uidvalidity;
	uint32_t	 uid;
	bool		 met;		/* the message is there */
	struct digest	 sha256;
};

struct prune {
	struct vault	*v;
	struct catalog	*catalog;	/* the vault's */
	const struct job_prune_opts *o;
	struct job_prune_report *report;
	struct job_prune_plan *plan;
	struct look	*look;		/* own */
	struct imap_boxes boxes;	/* own */
	struct picks	 picks;		/* own */
	struct prune_box *folders;	/* own; by name, INBOX first */
	size_t		 folders_n, folders_cap;
	struct cand	*cands;		/* own; by folder, then UID */
	size_t		 n, cap;
	struct listed_line *lines;	/* own; by folder, then UID */
	size_t		 lines_n, lines_cap;
	bool		 gmail;
	char		*trash, *trash_wire;	/* own; where they are moved, or NULL */
	struct vault_txn *txn;		/* own */
	unsigned int	 breaks;	/* connections lost, and nothing came of it since */
	uint64_t	 faults;
	char		*fault;		/* own; the first one, in words */
	bool		 stale;		/* intents are open of which nobody can see what became */
	bool		 damaged;	/* the vault is: nothing more is deleted */
	struct err	 damage;
	uint64_t	 done;		/* for progress */
	struct intern	*texts;		/* own; flags and labels */
	uint64_t	*moved;		/* own; Gmail: X-GM-MSGID of what went into the trash, */
	size_t		 moved_n, moved_cap;
	bool		 moved_sorted;	/* ... in order */
};

/* prune.c */
void prune_note(struct prune *, const char *, ...) __attribute__((format(printf, 2, 3)));
/* prune_found(p, kind, box, cand, reason): tell it; ${cand} may be NULL. */
int prune_found(struct prune *, enum job_prune_kind, const struct prune_box *, const struct cand *,
    const char *reason, struct err *);
/* prune_leave(p, box, why): nothing more is done in this folder; it is a fault. */
int prune_leave(struct prune *, struct prune_box *, const char *, struct err *);
void prune_progress(struct prune *, const char *what, const struct prune_box *, uint64_t done, uint64_t total);
/* prune_gone(p, box, cand): it is gone from the server, by us. */
void prune_gone(struct prune *, struct prune_box *, struct cand *);
/* prune_cand(p, box, uid): the folder's candidate with this UID, or NULL. */
struct cand *prune_cand(const struct prune *, const struct prune_box *, uint32_t);

/* prune_stranger(box, ev): why the folder that was opened is not the one that the vault knows; NULL: it is. */
const char *prune_stranger(const struct prune_box *, const struct imap_event *);
/* prune_recheck(p, box, exists): why guards, or keep_last, hold it, with so few messages left; NULL: they don't. */
const char *prune_recheck(const struct prune *, const struct prune_box *, uint64_t);

/* sift.c: sift_all(p, e): look at every chosen folder, and judge each message: p->cands. */
int sift_all(struct prune *, struct err *);
/*
 * sift_facts(box, m, flags, whole, facts_out): what the policy wants to know, as far as vault and box tell; ${whole}:
 * the whole content is compared.
 */
void sift_facts(const struct prune_box *, const struct known_message *, const char *flags, bool whole,
    struct prune_facts *);
/* sift_other_labels(p, labels): Gmail: whether it is in folders that nothing may be deleted from. */
bool sift_other_labels(const struct prune *, const char *);

/* weigh.c: weigh(p, e): the goal and the guards: which of the candidates stay; tells each folder, fills the plan. */
int weigh(struct prune *, struct err *);

/*
 * outline.c: the list as JSON Lines.  outline_write(p, e): to o->plan_to; outline_read(p, e): o->execute into p->lines;
 * outline_find(p, folder, uid): its line, or NULL; outline_names(p, folder): whether it has any of that folder.
 */
int outline_write(struct prune *, struct err *);
int outline_read(struct prune *, struct err *);
struct listed_line *outline_find(const struct prune *, uint64_t folder, uint32_t uid);
bool outline_names(const struct prune *, uint64_t folder);

/* What is proven of a batch. */
struct proof {
	struct cand	*cand;
	struct digest	 sha256;	/* of the content */
	struct digest	 head;		/* of its header, as it is stored */
	uint32_t	 flags, known_flags;	/* interned: the server's, the vault's; without \Deleted */
	uint64_t	 gmail;		/* X-GM-MSGID, or 0 */
	bool		 standin;
	bool		 marked;	/* it carried \Deleted before */
	bool		 good;		/* stored and compared */
	bool		 answered;	/* the server did */
};
struct batch {
	struct prune_box *box;
	struct proof	*v;		/* own; by UID */
	size_t		 n;
	struct uidset	 good;		/* own */
	bool		 whole;		/* the whole content is compared */
	bool		 opened;	/* the next is known */
	uint64_t	 modseq;	/* HIGHESTMODSEQ at the first SELECT, 0: not told */
};
/*
 * prove.c: prove(p, batch, e): of the next messages of batch->box: which are proven.  The folder is then open for
 * writing.  1 done; 0 the folder was left; -1.  batch_take(p, box, batch): the next
 * ones; false: none.
 */
bool batch_take(struct prune *, struct prune_box *, struct batch *);
void batch_release(struct batch *);
int prove(struct prune *, struct batch *, struct err *);
/* prove_packs(p, e): read back the packs that hold the candidates. */
int prove_packs(struct prune *, struct err *);

/*
 * erase.c: erase(p, batch, e): mark, expunge, and see what is gone.  1, or 0: the folder was left; -1.
 *
 * erase_send(im, uids, send, arg, cookie, e): a command for as many ranges as one may have, again and again.
 * erase_see(im, uids, there_out, marked_out, e): of these UIDs of the open folder, which are shown, and which carry
 * \Deleted.  EK_NO where the server would not say.
 * erase_unmark(im, uids, stuck_out, why_out, e): take our marks back; of ${stuck} it was not seen that theirs is off,
 * since ${why} (own).
 * erase_by_uid(im, uids, modseq, there_out, why_out, e): mark and expunge, without a word to the vault; ${there} are
 * then still there.
 * erase_intend(p, batch, move, e), erase_commit(p, box, outcome, e): what stands in the vault before, and after.
 */
int erase(struct prune *, struct batch *, struct err *);
typedef int erase_fn(struct imap *, const struct uidset *, const void *arg, void *cookie, struct err *);
int erase_send(struct imap *, const struct uidset *, erase_fn *, const void *, void *cookie, struct err *);
int erase_see(struct imap *, const struct uidset *, struct uidset *there, struct uidset *marked, struct err *);
int erase_unmark(struct imap *, const struct uidset *, struct uidset *stuck, char **why, struct err *);
int erase_by_uid(struct imap *, const struct uidset *, uint64_t modseq, struct uidset *there, char **why,
    struct err *);
int erase_intend(struct prune *, const struct batch *, bool move, struct err *);
/* What became of messages; each may be NULL. */
struct outcome {
	const struct uidset *pruned;	/* deleted by this run */
	const struct uidset *gone;	/* by others */
	const struct uidset *kept;	/* there, without a mark of ours */
};
int erase_commit(struct prune *, const struct prune_box *, const struct outcome *, struct err *);

/*
 * trash.c: trash_move(p, batch, e): move them, and on Gmail delete them there; as erase().  trash_find(p): the folder
 * they are moved to.  trash_id(emailid): Gmail's number of a message, 0 for none; trash_has_moved(p, id): it went into
 * the trash from another folder, and so from all.
 */
int trash_move(struct prune *, struct batch *, struct err *);
void trash_find(struct prune *);
uint64_t trash_id(const char *);
bool trash_has_moved(struct prune *, uint64_t);

/*
 * tidy.c: tidy(p, box, e): look what became of open intents, and take marks back that nobody will finish.  1, or 0: the
 * folder was left; -1.
 */
int tidy(struct prune *, struct prune_box *, struct err *);
/* tidy_stale(p, e): intents of folders and UIDVALIDITYs that are no more are told, and given up. */
int tidy_stale(struct prune *, struct err *);

#endif
