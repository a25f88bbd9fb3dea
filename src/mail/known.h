/*
 * known.h - what a vault knows, as rows that the catalog hands out and reading verbs show.
 *
 * Strings are borrowed: they live until the next call on whatever handed out the row.
 */
#ifndef MAIL_KNOWN_H
#define MAIL_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "mail/header.h"
#include "mail/mail.h"
#include "mail/place.h"
#include "mail/record.h"

/* A folder, as of some commit, with its newest epoch then. */
struct known_folder {
	struct rec_folder facts;
	uint64_t	 commit;	/* that of the facts */
	uint64_t	 epoch;		/* newest one, 0 for none */
	uint64_t	 uidvalidity;	/* of that epoch */
	uint64_t	 live;		/* messages on the server, as far as known */
	uint64_t	 live_bytes;
	uint64_t	 kept;		/* messages in the vault, all epochs, gone or not */
	uint64_t	 missing;	/* UIDs that could not be had yet */
};

/* The newest epoch of a folder. */
struct known_epoch {
	uint64_t	 epoch, folder;
	uint64_t	 uidvalidity;
	uint64_t	 live;		/* messages in it that are not gone */
	uint32_t	 max_uid;	/* highest ever seen in it, 0 for none */
	uint32_t	 max_live;	/* highest of those that are not gone, 0 for none */
	uint64_t	 missing;	/* UIDs asked for in vain so far */
	bool		 has_state;	/* a comparison finished once; the rest is of the last one */
	bool		 complete;	/* ... and no message, flag, gone, pruned or missing record came after it */
	uint64_t	 uidnext, highestmodseq, exists;
	int64_t		 full_time;	/* commit time of the last full comparison, 0 for never */
	int64_t		 began;		/* commit time of its first record */
	bool		 renewed;	/* the folder had another epoch before */
};

/* A message that is on the server, as the comparison with the server needs it. */
struct known_uid {
	uint32_t	 uid;
	const char	*flags;		/* canonical */
	const char	*labels;	/* or NULL */
	const char	*emailid;	/* or NULL */
	int64_t		 date;
	bool		 has_date;
	uint64_t	 size;
};

/* A message as a listing shows it. */
struct known_message {
	uint64_t	 commit, line;	/* its id: the record's place in the manifests */
	uint64_t	 folder, epoch, uidvalidity;
	const char	*folder_name;
	uint32_t	 uid;
	struct digest	 sha256;
	uint64_t	 size;
	const char	*internaldate;	/* as sent, or NULL */
	int64_t		 date;
	bool		 has_date;
	const char	*flags;		/* as of the commit asked for */
	const char	*labels, *emailid, *threadid;	/* or NULL */
	bool		 gone;		/* no longer on the server then */
	uint64_t	 pruned;	/* ... since this run deleted it there; 0: none did */
	bool		 by_emailid;	/* its content was not fetched, but taken as known by its EMAILID */
	bool		 has_headers;	/* the next are known; "" where the message has none */
	const char	*header[HEADER_FIELDS];	/* raw values (mail/header.h) */
};

/* UIDs that a run meant to delete from the server, and it isn't known what became of them. */
struct known_intent {
	uint64_t	 folder, epoch;
	uint64_t	 run;
	struct uid_range uids;
	bool		 marked, move;	/* as its record says */
};

/* Where a blob is and how to read it. */
struct known_blob {
	uint64_t	 size;
	struct place	 place;
	struct frame	 frame;		/* the frame it is in */
	uint64_t	 pack_size;	/* recorded size of the pack's file */
	bool		 lost;		/* that pack is retired and its file may be gone: pack_size is 0 */
};

/* One commit, and the run it belongs to. */
struct known_commit {
	uint64_t	 commit;
	int64_t		 time;
	struct digest	 head;		/* SHA-256 of its manifest */
	uint64_t	 run;
	const char	*verb;
	uint64_t	 added, added_bytes, gone, flags, missing;	/* records of this commit */
	uint64_t	 packs, stored_bytes;
	bool		 run_ends;	/* it holds the run's end: the next are known */
	const char	*result;
	int		 status;
	const char	*error;		/* or NULL */
	struct run_counts counts;
};

struct known_pack {
	const char	*name;
	uint64_t	 size;		/* of its file */
	struct digest	 sha256;	/* of its file */
	uint64_t	 raw;		/* decompressed */
	uint64_t	 frames;
	uint64_t	 tail;		/* bytes of its file behind the frames */
	enum container	 container;
	uint64_t	 folder;	/* mbox: the one folder; else 0 */
	uint64_t	 retired;	/* the commit since which it is no part of the vault; 0: it is one */
	int64_t		 retired_time;	/* of that commit */
	const char	*why;		/* as the retire record says, or NULL */
};

/* The whole vault in figures. */
struct known_totals {
	uint64_t	folders;	/* on the server at the last backup */
	uint64_t	live, live_bytes;
	uint64_t	kept, kept_bytes;	/* all messages ever, each appearance counted */
	uint64_t	blobs, blob_bytes;	/* different contents */
	uint64_t	packs, stored_bytes;	/* without those that are retired */
	uint64_t	missing;
};

#endif
