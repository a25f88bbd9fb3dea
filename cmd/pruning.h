/*
 * pruning.h - what should be deleted from a server, as options and the config file say it, for prune and quota.
 */
#ifndef CMD_PRUNING_H
#define CMD_PRUNING_H

#include "cmd/target.h"

/* Options of the verb: text, as the config file has it; NULL where it was not given. */
struct pruning_opts {
	const char	*older_than, *before, *larger_than, *sender, *recipient, *subject, *keep_last, *until_free;
	const char	*trash_older_than, *junk_older_than;
	struct words	 folders;
	bool		 seen, largest_first;
	bool		 also_flagged, also_unread, keep_flagged, keep_unread;
};

/*
 * pruning_fill(opts, account, listed, now, job, e): fill job->policy but for its guards, the folders, goal and order:
 * an option replaces the account's setting of the same name.  With ${listed} somebody named the messages, and nothing
 * holds but what is to be kept.  EK_USAGE.  All is borrowed.
 */
int pruning_fill(const struct pruning_opts *, const struct account *, bool listed, int64_t now,
    struct job_prune_opts *, struct err *);
/* pruning_condition(opts): the first option given of those that choose messages: "older-than"; NULL: none. */
const char *pruning_condition(const struct pruning_opts *);
/* pruning_words(opts, account, out): append "older than 2y, larger than 5M; not flagged, not unread". */
void pruning_words(const struct pruning_opts *, const struct account *, struct buf *);

#endif
