/*
 * intents.h - what runs of prune meant to delete from a folder, when it is not known what became of it.  Private to
 * job/.
 */
#ifndef JOB_INTENTS_H
#define JOB_INTENTS_H

#include "mail/uidset.h"
#include "vault/vault.h"

struct open_intents {
	struct known_intent *v;		/* own; by run */
	size_t		 n, cap;
	struct uidset	 all;		/* own */
	struct uidset	 ours;		/* own; of these, \Deleted is a run's own mark */
};

/* intents_load(c, epoch, out, e): ${out} is empty or of an earlier call. */
int intents_load(struct catalog *, uint64_t epoch, struct open_intents *, struct err *);
void intents_release(struct open_intents *);
/*
 * intents_pruned(t, in, folder, epoch, gone, e): record as pruned which of the UIDs ${gone} a run meant to delete: for
 * the newest that could have.  Others are passed over.
 */
int intents_pruned(struct vault_txn *, const struct open_intents *, uint64_t folder, uint64_t epoch,
    const struct uidset *gone, struct err *);

#endif
