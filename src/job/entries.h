/*
 * entries.h - what the lines of a journal tell, in memory.
 *
 * Each time that lines begin to tell of a folder is a visit to it.  Where there are many messages, each takes 35 bytes
 * at most.
 */
#ifndef JOB_ENTRIES_H
#define JOB_ENTRIES_H

#include "job/journal_line.h"

#define ENTRIES_VISITS	((uint32_t)1 << 30)	/* so many visits, and folders, at most */
#define ENTRIES_MAX	(UINT32_MAX - 1)	/* and entries */

/* A folder of the target under one UIDVALIDITY. */
struct folder_entry {
	char		*name;		/* own */
	uint64_t	 hash;		/* of both */
	uint32_t	 uidvalidity, uidnext;
	uint32_t	 visit;		/* the last one; UINT32_MAX: none */
};

/* Messages went there, from this UIDNEXT on. */
struct visit_entry {
	uint32_t	folder, uidnext;
};

/* A message; in which folder its visit knows. */
struct entry {
	uint64_t	commit, line;
	uint32_t	uid;
	unsigned int	visit : 30;
	unsigned int	state : 2;	/* enum journal_state */
};

struct entries {
	struct folder_entry *folders;	/* own */
	size_t		 folders_n, folders_cap;
	struct visit_entry *visits;	/* own */
	size_t		 visits_n, visits_cap;
	struct entry	**pieces;	/* own, and so is each; of one size, so that nothing is copied to grow */
	size_t		 pieces_cap;
	size_t		 n;		/* entries */
	uint32_t	*slots;		/* own; an open hash table of entries' numbers + 1; 0: free */
	size_t		 slots_n;	/* a power of two, or 0 */
	uint32_t	 run;		/* visits before this one are of runs that ended */
	bool		 open;		/* there were lines since the last end */
};

/* entries_folder(t, name, uidvalidity, number_out, e): a folder's number; a new one where it is not known. */
int entries_folder(struct entries *, const char *name, uint32_t uidvalidity, size_t *number, struct err *);
/* entries_take(t, line, e): what a line tells, read or just written.  EK_CORRUPT: it can't follow the ones before. */
int entries_take(struct entries *, const struct journal_line *, struct err *);
/* entries_find(t, folder, id): the message's entry, or NULL. */
const struct entry *entries_find(const struct entries *, size_t folder, const struct journal_id *);
/* entries_forget(t): all messages of runs that ended become JOURNAL_NONE. */
void entries_forget(struct entries *);
/* entries_release(t): ${t} is empty. */
void entries_release(struct entries *);

#endif
