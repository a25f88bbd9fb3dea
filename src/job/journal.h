/*
 * journal.h - what a restore put where, and what it was about to: a file in the user's state directory for each vault
 * and target account.
 *
 * JSON Lines, appended to, each line with one write(2) at a line's end.  Where the program was killed a last line may
 * be torn: it is cut off by the next one that opens the file.  What a target holds is found out by looking; the journal
 * decides where looking can't tell: on servers that change what they are given, and for copies of one message.
 */
#ifndef JOB_JOURNAL_H
#define JOB_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct journal;

/* A message of the vault: the place of its record in the manifests. */
struct journal_id {
	uint64_t	commit, line;
};

/*
 * journal_open(dir, vault, target, out, warning_out, e): open or make the journal in the directory ${dir}, which is
 * made with all above it where it isn't there (0700), and lock it: EK_LOCKED another process has it.  It is called by
 * the vault's id and the first digits of a hash of the target ("imaps://anna@host:993").  One that can't be understood,
 * or is another target's, is renamed to NAME.damaged and a new one begun: ${*warning_out}, if not NULL, is then a
 * sentence to be freed, otherwise NULL.  One of a newer version is EK_REFUSED.  Nothing is written to the file before
 * there is something to be told.
 */
int journal_open(const char *dir, const char *vault, const char *target, struct journal **, char **warning_out,
    struct err *);
void journal_close(struct journal **);
/*
 * journal_unfinished(j): when the last record of a run before this one that had no journal_end() was written (the
 * file's time), or 0: there is none.
 */
int64_t journal_unfinished(const struct journal *);
/* journal_forget(j): what runs that ended put there counts no more for this ${j}; the file keeps it. */
void journal_forget(struct journal *);

/*
 * journal_folder(j, name, uidvalidity, uidnext, number_out, e): from now on messages go into the target's folder
 * ${name} (decoded), whose UIDVALIDITY and UIDNEXT these are (0: not told).  Numbers begin with 0, a folder keeps its
 * own while it has that UIDVALIDITY.
 */
int journal_folder(struct journal *, const char *name, uint64_t uidvalidity, uint64_t uidnext, size_t *number,
    struct err *);
/* journal_sending(j, folder, ids, n, e): these are about to be appended.  On record before the first byte is sent. */
int journal_sending(struct journal *, size_t folder, const struct journal_id *, size_t, struct err *);
/* journal_sent(j, folder, ids, uids, n, e): they are there, under these UIDs (0, or NULL for all: not known). */
int journal_sent(struct journal *, size_t folder, const struct journal_id *, const uint32_t *uids, size_t,
    struct err *);
/* journal_refused(j, folder, ids, n, e): they are not: the server said no. */
int journal_refused(struct journal *, size_t folder, const struct journal_id *, size_t, struct err *);
/*
 * journal_sync(j, e): make it durable; journal_end(j, e): the run is over, and nothing is on its way any more; durable,
 * too.  Where a line can't be written (EK_SPACE) none of it is, and later ones may be.
 */
int journal_sync(struct journal *, struct err *);
int journal_end(struct journal *, struct err *);

enum journal_state {
	JOURNAL_NONE,		/* never sent, or refused */
	JOURNAL_SENDING,	/* it may be there, with a UID from ${since} on */
	JOURNAL_SENT,		/* it is, or was */
};
struct journal_entry {
	enum journal_state state;
	uint32_t	 uid;		/* SENT: or 0 */
	uint64_t	 since;		/* UIDNEXT when it was sent, or 0 */
	bool		 unended;	/* by a run that had no journal_end(): nobody looked at it */
};
/* journal_find(j, folder, id): what is on record of a message in this folder (same name and UIDVALIDITY). */
struct journal_entry journal_find(const struct journal *, size_t folder, const struct journal_id *);

#endif
