/*
 * mend.h - messages stored anew: what the files that do it share.  Private to vault/.
 */
#ifndef VAULT_MEND_H
#define VAULT_MEND_H

#include "vault/private.h"

/*
 * mend_walk(w, pack, e): walk through a pack on record and store its messages anew, each with its name and date, and
 * its notes: 1 done, 0 no such pack is on record, -1.  What ${w} must have stands above the line.
 */
struct mend_walk {
	struct vault_txn *t;
	bool		 blind;		/* frames are searched for: the table may be another file's */
	/* choose(arg, found, reading_out, e): 1 this reading of it is to be stored, 0 nothing is, -1. */
	int		(*choose)(void *, const struct pack_found *, const struct pack_reading **, struct err *);
	int		(*stored)(void *, const struct rec_blob *, struct err *);	/* there */
	int		(*frame)(void *, const struct frame *, struct err *);	/* is done; or NULL */
	pack_damage_fn	*damage;
	void		*arg;
	/* ---- */
	uint64_t	 folder;	/* of an mbox */
	struct buf	 lines;		/* own; notes, until there is a pack to put them in */
};
int mend_walk(struct mend_walk *, const char *pack, struct err *);
void mend_walk_release(struct mend_walk *);

/*
 * mend_known(t, found, reading_out, e): of the readings of what was found the one that is a content on record: 1, 0
 * none is: the likeliest, -1.  mend_take(t, reading, e): take it in.
 */
int mend_known(const struct vault_txn *, const struct pack_found *, const struct pack_reading **, struct err *);
int mend_take(struct vault_txn *, const struct pack_reading *, struct err *);

/* Where a message belongs, with strings of its own: the catalog's live but for a moment. */
struct mend_spot {
	struct vault_box box;
	struct mail_meta meta;
	char		*name, *flags, *labels;	/* own */
};
/* mend_first_spot(v, sha256, out, e): where a content appeared first: 1, 0 nowhere, -1. */
int mend_first_spot(const struct vault *, const struct digest *, struct mend_spot *, struct err *);
/* mend_spot_at(v, commit, line, out, e): the place of this message: 1, 0 there is none, -1. */
int mend_spot_at(const struct vault *, uint64_t commit, uint64_t line, struct mend_spot *, struct err *);
void mend_spot_folder(struct mend_spot *, const struct known_folder *);
void mend_spot_release(struct mend_spot *);

/*
 * The packs of an mbox folder hold each of its messages.  mend_lacks(t, sha256, folder, e): of a content that a damaged
 * pack held, whether the others have fewer than the folder has messages: 1, 0, -1.  mend_took(t, sha256, folder): one
 * was stored.  mend_put_back(t, sha256, e): store what was taken in, a content on record, in a folder that lacks it, or
 * as where it appeared first: 1 stored, 0 no message has it, -1.
 */
int mend_lacks(struct vault_txn *, const struct digest *, uint64_t folder, struct err *);
void mend_took(struct vault_txn *, const struct digest *, uint64_t folder);
int mend_put_back(struct vault_txn *, const struct digest *, struct err *);
void mend_needs_free(struct mend_needs **);

/* mend_failed(t, e): whether an error is only about the pack that was read, so that the next one can be tried. */
bool mend_failed(const struct vault_txn *, const struct err *);

#endif
