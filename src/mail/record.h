/*
 * record.h - the records of a manifest, as structs: what a commit says.
 *
 * The vault makes them, manifest/ writes and reads them as JSON Lines, catalog/ applies them.  man mailkeep-vault(5)
 * is the normative text.  Strings and arrays are borrowed from whoever made the record, for the length of a call.
 */
#ifndef MAIL_RECORD_H
#define MAIL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "mail/mail.h"
#include "mail/note.h"
#include "mail/place.h"
#include "mail/run.h"
#include "mail/uidset.h"

enum record_kind {
	REC_RUN_BEGIN,
	REC_RUN_END,
	REC_SERVER,
	REC_FOLDER,
	REC_EPOCH,
	REC_BLOB,
	REC_MESSAGE,
	REC_FLAGS,
	REC_GONE,
	REC_MISSING,
	REC_PACK,
	REC_FRAMES,
	REC_RETIRE,
	REC_PRUNE_INTENT,
	REC_PRUNED,
	REC_PRUNE_KEPT,
	REC_NOTE,		/* never in a manifest: only in the tails of packs */
	REC_KINDS
};

/* What the server said of itself; a hint for the next run. */
struct rec_server {
	const char	*capability;	/* after login */
	const char	*id;		/* RFC 2971 name and version, or NULL */
};

/* A folder's facts as of now; a later record for the same number replaces all of them. */
struct rec_folder {
	uint64_t	 folder;	/* never used again for another one; from 1 */
	const char	*name;		/* mail/name.h */
	const char	*attributes;	/* canonical */
	const char	*mailboxid;	/* or NULL */
	char		 delimiter;
	enum mail_space	 space;
	bool		 selectable;
	bool		 subscribed;
	bool		 gone;		/* no longer on the server */
};

/* An epoch begins (first record) or its state is known anew. */
struct rec_epoch {
	uint64_t	 epoch;		/* unique in the vault; from 1 */
	uint64_t	 folder;
	uint64_t	 uidvalidity;	/* 0: the server gave none */
	bool		 has_state;	/* the rest is set: a comparison finished */
	bool		 complete;	/* nothing of the folder was missing then */
	bool		 full;		/* every UID and flag was compared, not only a delta */
	uint64_t	 uidnext, highestmodseq, exists;
};

struct rec_blob {
	struct digest	 sha256;
	uint64_t	 size;		/* of the message */
	struct place	 place;
};

struct rec_message {
	uint64_t	 folder, epoch;
	uint32_t	 uid;
	struct digest	 sha256;
	uint64_t	 size;
	const char	*internaldate;	/* as sent, or NULL */
	int64_t		 date;
	bool		 has_date;
	const char	*flags;		/* canonical; "" for none */
	const char	*labels;	/* canonical, or NULL where the server has none such */
	const char	*emailid;	/* or NULL */
	const char	*threadid;	/* or NULL */
	const char	*by;		/* "emailid": the content was not fetched but taken as known; else NULL */
};

/* These UIDs have these flags from now on. */
struct rec_flags {
	uint64_t	 folder, epoch;
	const struct uidset *uids;
	const char	*flags;
	const char	*labels;	/* NULL: unchanged */
};

/* These UIDs are no longer on the server; the vault keeps them. */
struct rec_gone {
	uint64_t	 folder, epoch;
	const struct uidset *uids;
};

/* These UIDs are on the server but could not be had; asked for again until a message or a gone names them. */
struct rec_missing {
	uint64_t	 folder, epoch;
	const struct uidset *uids;
	const char	*reason;	/* a few words */
};

struct rec_pack {
	const char	*pack;
	uint64_t	 size;		/* of the file */
	struct digest	 sha256;	/* of the file */
	uint64_t	 raw;		/* decompressed, all frames */
	uint64_t	 frames;
	uint64_t	 tail;		/* bytes of the skippable frames at the end */
	enum container	 container;
	uint64_t	 folder;	/* mbox: the one folder; else 0 */
};

/* Frames ${from} to ${from} + ${n} - 1 of a pack. */
struct rec_frames {
	const char	*pack;
	uint64_t	 from;
	size_t		 n;
	const struct frame *frames;
};

/*
 * From this commit on the pack is no part of the vault: its file may be gone.  A blob whose newest place is in it is
 * lost until a blob record gives it another.
 */
struct rec_retire {
	const char	*pack;		/* recorded by an earlier commit, and not retired yet */
	const char	*why;		/* "compacted", "damaged"; for people */
};

/*
 * This run is about to delete these UIDs from the server; committed before anything is sent.  The intent is open until
 * a pruned, prune-kept or gone record names the UID.
 */
struct rec_prune_intent {
	uint64_t	 folder, epoch;
	const struct uidset *uids;
	bool		 marked;	/* somebody else had marked them \Deleted: that mark is not ours to take back */
	bool		 move;		/* they are moved to the trash, not marked and expunged */
};

/* These UIDs are no longer on the server, since a run deleted them there; the vault keeps them. */
struct rec_pruned {
	uint64_t	 folder, epoch;
	uint64_t	 run;		/* that one; this or an earlier one */
	const struct uidset *uids;
};

/* Nothing came of the intents for these UIDs: they are on the server, without a mark of ours. */
struct rec_prune_kept {
	uint64_t	 folder, epoch;
	const struct uidset *uids;
};

struct record {
	enum record_kind	kind;
	union {
		struct rec_run_begin	run_begin;
		struct rec_run_end	run_end;
		struct rec_server	server;
		struct rec_folder	folder;
		struct rec_epoch	epoch;
		struct rec_blob		blob;
		struct rec_message	message;
		struct rec_flags	flags;
		struct rec_gone		gone;
		struct rec_missing	missing;
		struct rec_pack		pack;
		struct rec_frames	frames;
		struct rec_retire	retire;
		struct rec_prune_intent	prune_intent;
		struct rec_pruned	pruned;
		struct rec_prune_kept	prune_kept;
		struct rec_note		note;
	} u;
};

/* The first line of a manifest. */
struct rec_head {
	const char	*vault;		/* the vault's id */
	uint64_t	 commit;
	struct digest	 prev;		/* SHA-256 of the manifest before; all zero for commit 1 */
	int64_t		 time;
	uint64_t	 run;
	const char	*program;
};

#endif
