/*
 * salvage.h - what the files of a salvage share.  Private to vault/.
 */
#ifndef VAULT_SALVAGE_H
#define VAULT_SALVAGE_H

#include "vault/notes.h"
#include "vault/private.h"

struct pack_file {
	char		*name;		/* own */
	uint64_t	 commit;
};

/* A set of numbers, sorted. */
struct numbers {
	uint64_t	*v;		/* own */
	size_t		 n, cap;
};

/* A message record with strings of its own. */
#define SALVAGE_TEXTS	6
struct message_copy {
	struct rec_message rec;
	char		*texts[SALVAGE_TEXTS];	/* own */
};

struct salvage {
	struct vault	*v;
	struct vault_salvage_report *report;
	struct numbers	 sound;		/* commits whose manifest can be read */
	bool		 foreign;	/* some can, and are another vault's */
	struct manifest_dir *dir;	/* own: of the new manifests */
	char		*dir_name;	/* own: in orphans/ */
	struct catalog	*catalog;	/* own: of the new chain, scratch */
	char		*catalog_path;	/* own */
	struct pack_file *packs;	/* own; by name */
	size_t		 packs_n, packs_cap;
	uint64_t	 last, last_manifest;	/* commits */
	struct manifest_writer *w;	/* own; of the commit that is written */
	struct rec_head	 head;		/* of it; its strings are borrowed */
	struct digest	 prev;
	int64_t		 time;		/* of the last commit */
	struct numbers	 folders, epochs;	/* that have a record */
	struct message_copy *put_off;	/* own; messages whose content had no place yet */
	size_t		 put_off_n, put_off_cap;
	char		**gathered;	/* own; packs of commits that brought no message: they hold what others held */
	size_t		 gathered_n, gathered_cap;
	uint64_t	 last_made_up;
	uint64_t	 lost_folder, lost_epoch;	/* the epoch of LOST_AND_FOUND; 0: there is none yet */
	uint32_t	 lost_uid;
};

/* salvage.c: the commit that is written. */
int salvage_begin(struct salvage *, uint64_t commit, int64_t time, uint64_t run, const char *program, struct err *);
int salvage_emit(struct salvage *, const struct record *, struct err *);
int salvage_end(struct salvage *, struct err *);
/* salvage_run(s, begins, e): the run's first or last record, where the commit is a run of its own. */
int salvage_run(struct salvage *, bool begins, struct err *);
/*
 * A record needs its folder and epoch: they are made up where there are none.  salvage_folder(s, folder, known, e):
 * ${known} is what a note tells of it, or NULL.  salvage_epoch(s, epoch, folder, uidvalidity, e).
 */
int salvage_folder(struct salvage *, uint64_t, const struct note_folder *known, struct err *);
int salvage_both(struct salvage *, uint64_t folder, uint64_t epoch, struct err *);
int salvage_epoch(struct salvage *, uint64_t epoch, uint64_t folder, uint64_t uidvalidity, struct err *);
/* salvage_has(s, sha256, e): whether a content has a place: 1, 0, -1. */
int salvage_has(struct salvage *, const struct digest *, struct err *);

/* reconstruct.c: a commit of which only the packs are left, from packs[first] on. */
int reconstruct(struct salvage *, uint64_t commit, size_t first, struct err *);
/*
 * reconstruct_notes(s, pack, e): messages that the notes of a pack tell of, which is on record itself, and that nothing
 * else does; and its contents that belong to no message.
 */
int reconstruct_notes(struct salvage *, const char *pack, struct err *);

/* closing.c: write the last commit. */
int closing_commit(struct salvage *, struct err *);

#endif
