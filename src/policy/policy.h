/*
 * policy.h - what to fetch, how to compare, when a folder is done: decided from facts, returned with the reason.
 *
 * Pure: no I/O, no clock; the caller passes the time.  DESIGN's rules of what incremental means live here and
 * nowhere else.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mail/known.h"
#include "mail/mail.h"
#include "mail/uidset.h"

/*
 * policy_select(patterns, n, shared, box, why_out): whether a folder is to be backed up.  Patterns are IMAP globs,
 * '!' before one excludes, the last that matches wins; without any that includes, all folders are included first.
 * Where the answer is no ${*why_out} is a reason, or the pattern that excludes it, which begins with '!'.
 */
bool policy_select(const char *const *, size_t, bool shared, const struct mail_box *, const char **why_out);
/*
 * policy_rank(box, gmail): the order of visits: smaller first.  With Gmail the folders that hold everything come
 * first, so that the others are labels on what is known.
 */
int policy_rank(const struct mail_box *, bool gmail);

/* Which messages somebody asked for: all that is said must hold. */
struct policy_choice {
	int64_t		 since, before;		/* INTERNALDATE, half-open; without a date: never */
	uint64_t	 larger, smaller;	/* than that; POLICY_ANY_SIZE */
	const char	*const *flags;		/* canonical, with '!' before those that it must not have */
	size_t		 flags_n;
	const char	*sender, *recipient, *subject;	/* texts that are somewhere in From, To, Subject; or NULL */
};
#define POLICY_ANY_SIZE	UINT64_MAX
#define POLICY_ALL	{ .since = INT64_MIN, .before = INT64_MAX, \
	.larger = POLICY_ANY_SIZE, .smaller = POLICY_ANY_SIZE }
/* policy_chosen(choice, message): as far as its header isn't needed; policy_choice_reads(choice): it is, too: */
bool policy_chosen(const struct policy_choice *, const struct known_message *);
bool policy_choice_reads(const struct policy_choice *);
/* policy_chosen_by(choice, from, to, subject): by header lines, decoded. */
bool policy_chosen_by(const struct policy_choice *, const char *, const char *, const char *);
/* policy_contains(text, part): whether it is in it, in capital or small letters; both UTF-8. */
bool policy_contains(const char *, const char *);

/* What the server can do about changes. */
struct policy_server {
	bool	condstore, qresync;
	bool	ids;			/* EMAILID or X-GM-MSGID */
};

/* How a folder is compared with what is known of it. */
enum policy_compare {
	COMPARE_NONE,		/* nothing is known: all there is is new */
	COMPARE_CONTENT,	/* UIDs can't be trusted: fetch all, compare by content */
	COMPARE_RESYNC,		/* the server tells what changed and vanished */
	COMPARE_CHANGES,	/* the server tells what changed; what vanished shows in the number of messages */
	COMPARE_ALL,		/* every UID and its flags */
};

/*
 * The end of a range that goes on to the last message.  '*' would bring that message again where there is nothing
 * newer, and Dovecot takes the highest UID there is for a '*'.
 */
#define POLICY_UID_END	(UID_MAX - 1)

/* A visit to a folder: all that has to be sent is known before it is opened. */
struct policy_visit {
	bool		 skip;		/* nothing to do */
	enum policy_compare compare;
	bool		 new_epoch;	/* what is known belongs to another UIDVALIDITY */
	bool		 dates;		/* the listing asks INTERNALDATE and size too, for UIDs used anew */
	bool		 list_first;	/* bodies are asked for only after a listing with ids: many may be known */
	uint32_t	first, last;	/* bodies of these UIDs, as far as there are; first 0: none */
	bool		ask_missing;	/* bodies of what could not be had before */
	bool		 full;		/* it counts as a full comparison */
	const char	*why;
};

/*
 * policy_visit(known, status, server, full_before, visit_out): what to do about a folder, from what the vault knows
 * of it (NULL: nothing) and what STATUS says (all 0: nothing).  ${full_before}: a last full comparison before this
 * time is too old.
 */
void policy_visit(const struct known_epoch *, const struct mail_state *, const struct policy_server *,
    int64_t full_before, struct policy_visit *);

/*
 * policy_again(known, box, visit_out): the careful second visit to a folder whose first one did not add up: every
 * UID listed first, then exactly what is lacking fetched by number.
 */
void policy_again(const struct known_epoch *, const struct mail_state *box, const struct policy_server *,
    struct policy_visit *);

/* policy_by_content(visit_out): what every UID stands for must be seen again. */
void policy_by_content(struct policy_visit *);

/* Whether the epoch that EXAMINE announced is the one that is known. */
bool policy_same_epoch(const struct known_epoch *, const struct mail_state *box);

/* What a visit came to. */
struct policy_tally {
	uint64_t	known;		/* live messages of the epoch before */
	uint64_t	gone;		/* of these, no longer there */
	uint64_t	added;		/* messages that came */
	uint64_t	below;		/* of these, with a UID below the UIDNEXT of the EXAMINE */
	uint64_t	lacking;	/* UIDs that were asked for by number, are not gone, and did not come */
	uint64_t	opened;		/* EXISTS at the EXAMINE */
	uint64_t	exists;		/* EXISTS at the end */
};

/*
 * policy_adds_up(t): what is known now is what EXISTS says: at the end, or at the EXAMINE for what was there then
 * (mail that arrives meanwhile is the next run's).
 */
bool policy_adds_up(const struct policy_tally *);

/*
 * policy_shrunk(known, gone): so much of a folder vanished at once that a person should know: more than half, and
 * more than 20.
 */
bool policy_shrunk(uint64_t known, uint64_t gone);

/*
 * policy_standin(from, subject): the text that Exchange delivers in place of a message that it could not convert.
 */
bool policy_standin(const char *from, const char *subject);

/* policy_pause(attempt): seconds to wait before connecting again after the ${attempt}th break (from 1); 0: no more. */
unsigned int policy_pause(unsigned int);

/*
 * policy_chunk(box): how many UIDs one FETCH for a range should span, so that it brings some hundred messages
 * though UIDs have gaps.
 */
uint32_t policy_chunk(const struct mail_state *);

/* ---- compaction ---- */

#define POLICY_PACK_SMALL	(32 * 1024 * 1024)	/* bytes of mail; packs with less go together */
#define POLICY_PACK_FULL	(256 * 1024 * 1024)	/* what such a pack, or a commit of them, has at most */
#define POLICY_MANIFESTS	100			/* as many of their own are worth a bundle */
#define POLICY_BUNDLE_SMALL	(16 * 1024 * 1024)	/* bytes; such a bundle goes into the next one */
#define POLICY_BUNDLE_MOST	500000			/* manifests in one */

struct policy_pack {
	uint64_t	folder;		/* mbox: the one folder, else 0 */
	uint64_t	raw;		/* bytes of mail */
	size_t		batch;		/* out */
};
/*
 * policy_compact(packs, n, below): which packs become one: at least two of a folder, each with less than ${below}
 * bytes.  ${packs} are all that a vault has, by folder and then in the order they were made.  A batch is what one
 * commit does, from 1 up; of its packs those of one folder become one pack.  0: it stays.  Returns the number of
 * batches.
 */
size_t policy_compact(struct policy_pack *, size_t, uint64_t below);

struct policy_manifests {
	uint64_t	first, last;	/* alike: a file of its own; else a bundle */
	uint64_t	size;		/* of the file */
};
/*
 * policy_bundle(files, n, head, least, out): whether the manifests up to ${head} that no bundle has are ${least} or
 * more; then ${*out} tells which ones should go into a bundle, with those of the small bundles before them, and the
 * bytes of these files.
 */
bool policy_bundle(const struct policy_manifests *, size_t, uint64_t head, uint64_t least, struct policy_manifests *);

#include "policy/target.h"
#include "policy/retain.h"

#endif
