/*
 * packs.h - packs, and what damage to them costs: the part of the door catalog.h, which includes it, for care.
 */
#ifndef CATALOG_PACKS_H
#define CATALOG_PACKS_H

#include "catalog/catalog.h"

/*
 * Packs that are on record, in the order they were made: those that are part of the vault, and those that are retired.
 * catalog_pack(c, name, out, e): the one or the other.
 */
typedef int catalog_pack_fn(void *, const struct known_pack *, struct err *);
int catalog_packs(struct catalog *, catalog_pack_fn *, void *, struct err *);
int catalog_retired(struct catalog *, catalog_pack_fn *, void *, struct err *);
int catalog_pack(struct catalog *, const char *name, struct known_pack *, struct err *);
/*
 * catalog_frames(c, name, frames_out, n_out, e): a pack's frames in order, for the caller to free(); 1, or 0 where no
 * such pack is on record.
 */
int catalog_frames(struct catalog *, const char *name, struct frame **, size_t *, struct err *);
/* catalog_pack_blobs(c, name, fn, arg, e): each blob whose newest place is in this pack, in the order of places. */
int catalog_pack_blobs(struct catalog *, const char *name, catalog_blob_fn *, void *, struct err *);
/*
 * What damage costs: messages of all epochs, gone or not (marked as by catalog_messages() with ${all}), by folder,
 * then UID.  catalog_lost(c, fn, arg, e): those whose content is lost.  catalog_costs(c, sha256s, n, fn, arg, e): those
 * whose content is one of ${n}, in any order; a content that is not known costs nothing.
 */
int catalog_lost(struct catalog *, catalog_message_fn *, void *, struct err *);
int catalog_costs(struct catalog *, const struct digest *, size_t n, catalog_message_fn *, void *, struct err *);

#endif
