/*
 * retain.h - what may be deleted from a server, and why the rest stays: the part of the door policy.h, which includes
 * it, for prune.
 *
 * Pure, as all of policy.  Whatever is not known keeps a message: nothing here goes because a fact is missing.
 */
#ifndef POLICY_RETAIN_H
#define POLICY_RETAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "mail/mail.h"

/* Which messages should go: all that is said must hold.  POLICY_PRUNE_NONE says nothing yet. */
struct policy_prune {
	int64_t		 before;	/* INTERNALDATE before that instant; INT64_MAX: whenever */
	int64_t		 trash_before, junk_before;	/* instead of ${before}, in folders with this special use;
							   INT64_MAX: no other than elsewhere */
	uint64_t	 larger;	/* than so many bytes; POLICY_ANY_SIZE */
	const char	*sender, *recipient, *subject;	/* as struct policy_choice has them; or NULL */
	bool		 seen;		/* only what has \Seen */
	bool		 flagged;	/* also what has \Flagged */
	bool		 unread;	/* also what has not \Seen */
	uint64_t	 keep_last;	/* that many newest ones of each folder stay */
	bool		 listed;	/* they were listed one by one: the conditions above to ${seen} say nothing */
	int64_t		 young;		/* guard: what came since that instant stays; INT64_MAX: lifted */
	bool		 has_goal;	/* only as many as policy_prune_until() says */
};
#define POLICY_PRUNE_NONE	{ .before = INT64_MAX, .trash_before = INT64_MAX, .junk_before = INT64_MAX, \
	.larger = POLICY_ANY_SIZE, .young = INT64_MAX }
/*
 * policy_prune_says(policy): whether it says anything about what should go: an age, a size, a sender, ..., \Seen, a
 * goal, or a list.  policy_prune_reads(policy): whether From, To or Subject have to be known.
 */
bool policy_prune_says(const struct policy_prune *);
bool policy_prune_reads(const struct policy_prune *);

enum policy_role { ROLE_NONE, ROLE_TRASH, ROLE_JUNK };
/* policy_role(attributes): by the special use among a folder's canonical attributes. */
enum policy_role policy_role(const char *attributes);

/*
 * policy_prune_folder(patterns, n, shared, box, why_out): whether messages may be deleted from a folder at all.  As
 * policy_select(), but \All, \Flagged and \Important, which only show what is elsewhere, and folders of others are left
 * unless a pattern without wildcards names them.
 */
bool policy_prune_folder(const char *const *, size_t, bool shared, const struct mail_box *, const char **why_out);

/* What is known of a message that is on the server and in the vault.  Server: as it says now. */
struct prune_facts {
	enum policy_role role;
	int64_t		 date;		/* server: INTERNALDATE */
	bool		 has_date;
	uint64_t	 size;		/* server: RFC822.SIZE */
	bool		 has_size;
	const char	*flags;		/* server: canonical; NULL: not told */
	bool		 saved;		/* the vault has it, under the same UIDVALIDITY and UID */
	int64_t		 saved_date;	/* vault */
	bool		 has_saved_date;
	uint64_t	 saved_size;
	bool		 size_matters;	/* another size is a difference; not where the whole content is compared */
	bool		 ours;		/* an earlier run of ours set \Deleted */
	bool		 newest;	/* it is one of the keep_last */
	bool		 has_header;	/* the next are known: decoded From, To, Subject */
	const char	*from, *to, *subject;
};

/* Why a message stays; in the order in which they are looked for, so that the plainest reason is given. */
enum policy_keep {
	KEEP_NOT,		/* it goes */
	KEEP_NOT_SAVED,		/* the vault has no such message */
	KEEP_NOT_CHOSEN,	/* the policy is not about it: age, size, sender, ... */
	KEEP_FLAGGED,
	KEEP_UNREAD,
	KEEP_LAST,		/* one of the newest of its folder */
	KEEP_MARKED,		/* somebody else marked it \Deleted: left to him */
	KEEP_YOUNG,		/* guard: it came less than 30 days ago */
	KEEP_DIFFERS,		/* its size or date is another than the vault's */
	KEEP_UNKNOWN,		/* the server does not tell what has to be known, or no header is known */
	KEEP_ENOUGH,		/* the goal is reached without it */
	KEEP_STANDIN,		/* the vault has only what Exchange delivers in place of a message */
	KEEP_LABELS,		/* Gmail: it has labels that are not to be pruned, and would lose them */
	KEEP_FOLDER,		/* guard: of its folder */
	KEEP_KINDS
};
enum policy_keep policy_prune_message(const struct policy_prune *, const struct prune_facts *);
/*
 * policy_keep_words(keep): a few words for people, lower case ("flagged"); policy_keep_name(keep): for machines ("not-
 * saved").  policy_keep_is_guard(keep): it would go, were it not for a guard.  All live for ever.
 */
const char *policy_keep_words(enum policy_keep);
const char *policy_keep_name(enum policy_keep);
bool policy_keep_is_guard(enum policy_keep);

/* Guards: what must not happen by mistake.  Each is lifted by its own option, --allow-<name>. */
enum policy_guard {
	GUARD_NONE,
	GUARD_EMPTY_FOLDER,	/* everything in a folder would go; "empty-folder" */
	GUARD_MOST,		/* more than half of one, and more than 20; "most" */
	GUARD_YOUNG,		/* messages of the last 30 days; "young" */
	GUARD_SHRUNK,		/* the folder has lost more than half since the last backup; "shrunk" */
	GUARD_NEW_EPOCH,	/* its UIDVALIDITY changed within the last 7 days; "new-epoch" */
	GUARD_INCOMPLETE,	/* the last backup was not complete; "incomplete-backup" */
	GUARD_OLD,		/* ... or it began more than a day ago; "old-backup" */
	GUARD_KINDS
};
const char *policy_guard_name(enum policy_guard);	/* "empty-folder" */
const char *policy_guard_words(enum policy_guard);	/* "everything in it would go" */

#define POLICY_YOUNG	(30 * 86400)	/* seconds */
#define POLICY_OLD_BACKUP	86400
#define POLICY_NEW_EPOCH	(7 * 86400)

struct prune_folder_facts {
	uint64_t	 exists;	/* on the server */
	uint64_t	 go;		/* of these, would go */
	uint64_t	 known, vanished;	/* live in the vault; of these, not on the server, though not pruned */
	int64_t		 now, epoch_began;
	bool		 epoch_renewed;
};
/*
 * policy_guard_folder(facts, lifted): the first guard that keeps the folder; ${lifted}: 1 << enum policy_guard each.
 * None where nothing would go.  Figures that can't be (more goes than there is) keep it whatever is lifted.
 */
enum policy_guard policy_guard_folder(const struct prune_folder_facts *, unsigned int lifted);

/* What the last run of backup came to. */
struct prune_backup_facts {
	bool		 any;		/* there was one, of the whole account */
	bool		 complete;
	int64_t		 began, now;
};
enum policy_guard policy_guard_backup(const struct prune_backup_facts *, unsigned int lifted);

/*
 * --until-free: policy_prune_goal(text, out, e): "2G" or "20%" (1% to 99%), never bare.  policy_prune_lack(goal, used,
 * limit): so many bytes have to go; 0 also without a limit, or with one below the goal, which nothing can reach.
 * policy_prune_until(v, n, lack, largest_first): of ${n} messages that may go the oldest (or largest) are taken until
 * their sizes come to ${lack}, of equal ones the first; those have ->go set, the order of ${v} is kept.
 */
struct prune_goal {
	bool		 set, percent;
	uint64_t	 amount;	/* bytes, or percent of the limit */
};
int policy_prune_goal(const char *, struct prune_goal *, struct err *);
uint64_t policy_prune_lack(const struct prune_goal *, uint64_t used, uint64_t limit);
struct prune_weight {
	int64_t		 date;
	uint64_t	 size;
	size_t		 at;		/* policy's own; the caller sets nothing */
	bool		 go;		/* out */
};
void policy_prune_until(struct prune_weight *, size_t, uint64_t lack, bool largest_first);
/*
 * policy_prune_newest(dates, n, keep): the instant such that the ${keep} newest are those not before it; puts ${dates}
 * in order.  INT64_MIN where all are; INT64_MAX where none is (keep 0).  Of equal dates at the border all are kept.
 */
int64_t policy_prune_newest(int64_t *, size_t, uint64_t keep);

#endif
