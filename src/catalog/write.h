/*
 * write.h - what the files that apply records share: the commit in the making and what is remembered of it.
 *
 * Figures that every message changes are counted here and written when the commit ends, or when a question needs them.
 */
#ifndef CATALOG_WRITE_H
#define CATALOG_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "catalog/db.h"

#define WRITE_EPOCHS	64	/* epochs remembered; the work goes folder by folder */

/* An epoch as it is now: a row of epoch and its newest one of epoch_at. */
struct epoch {
	uint64_t	number;		/* 0: an empty slot */
	uint64_t	folder, uidvalidity;
	uint64_t	live, live_bytes, kept, kept_bytes, missing;
	uint32_t	max_uid;
	bool		has_state, complete;
	uint64_t	uidnext, highestmodseq, messages;
	int64_t		full_time;
	bool		dirty;		/* newer than its row */
};

/* The content that was asked for or applied last: what comes next is most likely about the same. */
struct last_blob {
	bool		asked;		/* sha256 is that of one */
	int64_t		number;		/* 0: there is none such */
	struct digest	sha256;
	uint64_t	size;
	bool		placed;		/* a blob record came */
};

struct last_pack {
	int64_t		number;		/* 0 for none */
	char		*name;		/* own */
	bool		recorded;	/* a pack record came */
	bool		retired;
	uint64_t	frames;		/* as recorded */
	uint64_t	need;		/* highest frame a blob names, plus 1 */
	bool		dirty;		/* need is newer than its row */
};

/* Row of table manifest, and the rest of the open commit. */
struct commit {
	uint64_t	commit, run;
	int64_t		time;
	uint64_t	added, added_bytes, gone, flags, missing;
	uint64_t	packs, stored_bytes;
	uint64_t	line;		/* of the last record */
	uint64_t	unplaced;	/* blobs named by messages of it, but not recorded yet */
	int64_t		first_pack;	/* packs from this number on are new */
	uint64_t	blobs, blob_bytes;	/* totals, as in head */
};

struct writer {
	bool		open;		/* between catalog_begin() and its end */
	bool		failed;		/* a record could not be applied: only rollback helps */
	uint64_t	loose;		/* header lines, or commits that a reader held up, in an open transaction */
	struct commit	now;
	struct epoch	epochs[WRITE_EPOCHS];
	struct last_blob blob;
	struct last_pack pack;
	struct words	words;		/* by hash of the text */
};

/*
 * write_alive(c, e): 0 while the open commit can go on, else -1.  A full disk or a failed write makes SQLite roll
 * back by itself, in a question too; what came after that would count as a commit of its own.
 */
int write_alive(struct catalog *, struct err *);
/* write_flush(c, e): what is counted here becomes rows, so that a question sees it; fine for a reader. */
int write_flush(struct catalog *, struct err *);
/* write_commit(c, sha256, e): the commit's own row and the totals. */
int write_commit(struct catalog *, const struct digest *, struct err *);
/* write_through(c, e): end the transaction; EK_LOCKED where a reader is in the way: it is still open. */
int write_through(struct catalog *, struct err *);
/* write_end_loose(c, e): make durable what was put outside a commit, and commits that a reader held up. */
int write_end_loose(struct catalog *, struct err *);

/* epoch.c: the epoch of a record, borrowed until the next call; EK_CORRUPT where it isn't there or not ${folder}'s. */
int epoch_get(struct catalog *, uint64_t number, uint64_t folder, struct epoch **, struct err *);
int epoch_apply(struct catalog *, const struct rec_epoch *, struct err *);
/* epoch_touch(p): something came after its last state. */
void epoch_touch(struct epoch *);
int epoch_flush(struct catalog *, struct err *);

/*
 * range.c: sets of UIDs as rows: epoch, perhaps run, first, last, and facts of each range.  The statements of a table:
 * RANGE_SQL(table, key, columns, facts), where ${key} finds the rows of a set, ?1 being its epoch and ?2 its run.
 */
struct range_sql {
	const char	*find, *go_on, *shorten, *drop;
};
#define RANGE_SQL(table, key, columns, facts) {						\
	.find = "SELECT first, last FROM " table " WHERE " key				\
	    " AND first <= ?3 ORDER BY first DESC LIMIT 1",				\
	.go_on = "INSERT INTO " table " SELECT " columns ", ?4, last, " facts		\
	    " FROM " table " WHERE " key " AND first = ?3",				\
	.shorten = "UPDATE " table " SET last = ?4 WHERE " key " AND first = ?3",	\
	.drop = "DELETE FROM " table " WHERE " key " AND first = ?3 AND first > ?4",	\
}
struct range_set {
	const struct range_sql *sql;
	uint64_t	epoch, run;	/* run 0 where the table has none */
};
/* range_remove(c, set, first, last, n_out, e): take these out; ${*n_out}: so many were in. */
int range_remove(struct catalog *, const struct range_set *, uint32_t first, uint32_t last, uint64_t *, struct err *);

/* intent.c: intent_close(c, p, uids, e): what was meant to become of these UIDs is settled, for all runs. */
int intent_apply(struct catalog *, const struct rec_prune_intent *, struct err *);
int intent_apply_kept(struct catalog *, const struct rec_prune_kept *, struct err *);
int intent_close(struct catalog *, const struct epoch *, const struct uidset *, struct err *);

/* missing.c: UIDs that could not be had; the epoch counts them, and knows the highest. */
int missing_add(struct catalog *, struct epoch *, uint32_t first, uint32_t last, const char *reason, struct err *);
int missing_remove(struct catalog *, struct epoch *, uint32_t first, uint32_t last, struct err *);

/*
 * blob.c: blob_number(c, sha256, size, id, out, e): the blob that the message ${id} names; made, and to be recorded
 * before the commit's end, where it is new.
 */
int blob_number(struct catalog *, const struct digest *, uint64_t size, uint64_t id, int64_t *, struct err *);
int blob_apply(struct catalog *, uint64_t id, const struct rec_blob *, struct err *);
/* blob_find(c, sha256, out, e): 1 found, 0, -1; fine for a reader. */
int blob_find(struct catalog *, const struct digest *, struct last_blob *, struct err *);
/* blob_prefix(d): the narrow key of table blob. */
int64_t blob_prefix(const struct digest *);

/* pack.c: pack_number(c, name, frame, out, e): the pack that a blob record names, and that ${frame} is one of it. */
int pack_number(struct catalog *, const char *, uint64_t frame, int64_t *, struct err *);
int pack_apply(struct catalog *, const struct rec_pack *, struct err *);
int pack_apply_frames(struct catalog *, const struct rec_frames *, struct err *);
int pack_apply_retire(struct catalog *, const struct rec_retire *, struct err *);
int pack_flush(struct catalog *, struct err *);
/* pack_check(c, e): each new pack is recorded and has all its frames, or EK_CORRUPT. */
int pack_check(struct catalog *, struct err *);

/* word.c: word_number(c, text, out, e): the number of a text, given to it now where it is new. */
int word_number(struct catalog *, const char *, int64_t *, struct err *);

#endif
