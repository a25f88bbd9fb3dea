/*
 * matching.h - what there.c and match.c share: the messages that are wanted in a folder, and those that are there.
 */
#ifndef JOB_MATCHING_H
#define JOB_MATCHING_H

#include "job/restoring.h"

/* A message that is wanted. */
struct want {
	struct digest	 sha256;
	uint64_t	 size;
	int64_t		 date;
	bool		 has_date, done;
	struct item	*item;
	struct journal_entry entry;
	uint64_t	 key;		/* of its Message-ID, where that decides; 0: none */
};

/* A message of the target. */
struct seen {
	uint32_t	 uid;
	bool		 has_date, taken;
	uint64_t	 size;
	int64_t		 date;
	uint64_t	 key;		/* of its header lines; 0: not fetched */
};

/* A folder that is looked at. */
struct spot {
	struct folder_to *f;
	struct want	*wants;		/* own; by content */
	size_t		 wants_n;
	struct want	**keyed;	/* own; those with a key, by key */
	size_t		 keyed_n;
	struct seen	*seen;		/* own; by UID */
	size_t		 seen_n, cap;
	uint32_t	*told;		/* own; UIDs that the journal tells of, and where the size is another */
	size_t		 told_n;
	struct uidset	 others;	/* own; other messages of the vault: none of those that are wanted */
	bool		 listed;
	uint64_t	 since;		/* what may have come in secret has a UID from here on; 0: nothing has */
};

struct there {
	struct restore	*r;
	bool		 again;		/* after a break: only what was on its way is looked for */
	struct spot	*spots;		/* own */
	size_t		 n;
	struct look_box	*looks;		/* own */
	size_t		 looks_n;
	struct hasher	*hasher;	/* own */
	struct header_scan scan;
};

/* match_key(s): of a header line's value; 0 where it is empty. */
uint64_t match_key(const char *);
/*
 * match_scan_key(r, scan): of a message's header lines together; of Message-ID alone where that is to decide.
 * match_vault_key(r, sha256, key_out, e): the same of a message of the vault; 0 where it can't be read.
 */
uint64_t match_scan_key(const struct restore *, const struct header_scan *);
int match_vault_key(struct restore *, const struct digest *, uint64_t *, struct err *);
/* match_sort(s): put what was listed in order, each UID once. */
void match_sort(struct spot *);
/*
 * match_ask(t, s, ask_out, headers_out): take what the journal knows to be there, and tell which UIDs have to be
 * fetched, and of which others only the headers.
 */
void match_ask(struct there *, struct spot *, struct uidset *, struct uidset *);
/* match_got(t, s, uid, sha256, e): one was fetched, its header lines are in t->scan; NULL: only these were. */
int match_got(struct there *, struct spot *, uint32_t, const struct digest *, struct err *);
/* match_changed(t, s, e): all were: what the server changed may be among them. */
int match_changed(struct there *, struct spot *, struct err *);

#endif
