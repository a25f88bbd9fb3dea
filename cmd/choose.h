/*
 * choose.h - the options that say which messages, for all verbs that read messages from a vault.
 *
 * Such a verb has a struct choose named ${choose} among its options, CHOOSE_DEFAULTS for it, and a row for each, in
 * alphabetical order among its own.
 */
#ifndef CMD_CHOOSE_H
#define CMD_CHOOSE_H

#include "cmd/opt.h"
#include "cmd/when.h"
#include "job/job.h"

struct choose {
	const char	*at;
	bool		 all;
	uint64_t	 pruned;	/* a run, or CHOOSE_ANY_RUN */
	int64_t		 since, before;
	uint64_t	 larger, smaller;
	struct words	 flags;
	const char	*sender, *recipient, *subject;
};

#define CHOOSE_ANY_RUN	UINT64_MAX
#define CHOOSE_DEFAULTS	{ .pruned = CHOOSE_ANY_RUN, .since = INT64_MIN, .before = INT64_MAX, \
	.larger = POLICY_ANY_SIZE, .smaller = POLICY_ANY_SIZE }

#define CHOOSE_ALL(T)		OPT_FLAG('a', "all", T, choose.all, "also what is gone from the server")
#define CHOOSE_AT(T)		OPT_TEXT(0, "at", T, choose.at, "COMMIT|DATE", "the mailbox as it was then")
#define CHOOSE_BEFORE(T)	OPT_DATE(0, "before", T, choose.before, "DATE", "what the server received before")
#define CHOOSE_FLAG(T)		OPT_LIST(0, "flag", T, choose.flags, "FLAG", \
	"what has this flag; with ! before it: has not")
#define CHOOSE_LARGER(T)	OPT_SIZE(0, "larger", T, choose.larger, "SIZE", "what is larger, as 5M")
#define CHOOSE_PRUNED(T)	OPT_U64(0, "pruned", T, choose.pruned, "RUN", \
	"what this run of prune deleted from the server")
#define CHOOSE_RECIPIENT(T)	OPT_TEXT(0, "recipient", T, choose.recipient, "TEXT", "what has this in To")
#define CHOOSE_SENDER(T)	OPT_TEXT(0, "sender", T, choose.sender, "TEXT", "what has this in From")
#define CHOOSE_SINCE(T)		OPT_DATE(0, "since", T, choose.since, "DATE", \
	"what the server received since, as 2024 or 30d")
#define CHOOSE_SMALLER(T)	OPT_SIZE(0, "smaller", T, choose.smaller, "SIZE", "what is smaller")
#define CHOOSE_SUBJECT(T)	OPT_TEXT(0, "subject", T, choose.subject, "TEXT", "what has this in the subject")

/* What they say of one vault. */
struct chosen {
	struct job_choice choice;
	struct when	 when;
	char		**flags;	/* own; canonical */
};

/*
 * choose_begin(choose, vault, folders, n, out, e): ${folders}: patterns, borrowed.  EK_USAGE.  choose_end(chosen): free
 * what it owns.
 */
int choose_begin(const struct choose *, struct vault *, char *const *folders, int, struct chosen *, struct err *);
void choose_end(struct chosen *);
/* choose_note(ui, vault, chosen, unread, e): what is worth knowing at the end; ${unread}: see job_messages(). */
int choose_note(struct ui *, struct vault *, const struct chosen *, uint64_t unread, struct err *);

#endif
