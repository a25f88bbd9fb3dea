/*
 * due.h - when a run that takes messages in has to commit, and whether the vault's disk has room to go on.  Private to
 * job/.
 */
#ifndef JOB_DUE_H
#define JOB_DUE_H

#include "vault/vault.h"

#define DUE_RESERVE	(32 * 1024 * 1024)	/* free on the disk, or nothing is begun */

/* Zeroed before the first call. */
struct due {
	uint64_t	 looked;	/* bytes of the open commit when the disk was looked at */
};

/*
 * due_commit(d, v, pending, e): whether a commit is due: 1, 0, -1.  It is when much has come together, so that a run
 * that is killed loses no more; and when the disk gets full, so that what has come is kept.
 */
int due_commit(struct due *, struct vault *, const struct vault_pending *, struct err *);
/* due_room(v, next, e): -1, EK_SPACE with ${next} as advice, where so little is free that the run must stop. */
int due_room(struct vault *, const char *next, struct err *);

#endif
