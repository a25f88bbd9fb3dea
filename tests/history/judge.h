/*
 * judge.h - what a vault says it holds, read from its manifests alone, and whether that is so.
 */
#ifndef HISTORY_JUDGE_H
#define HISTORY_JUDGE_H

#include "base/err.h"
#include "sim.h"
#include "vault/vault.h"

struct kept_folder {
	uint64_t	 number;
	char		*name, *attributes;	/* own */
	char		*mailboxid;		/* own, or NULL */
	bool		 subscribed, selectable, gone;
	uint32_t	 gone_in;		/* run */
};

struct kept_epoch {
	uint64_t	 number, folder, uidvalidity, uidnext;
	bool		 complete;
	struct uidset	 missing;
	uint32_t	 begun_in;		/* run */
};

struct kept_message {
	uint64_t	 folder, epoch;
	uint32_t	 uid;
	struct digest	 sha256;
	uint64_t	 size;
	char		*flags;			/* own */
	char		*labels, *date;		/* own, or NULL */
	bool		 live, pruned;
	uint32_t	 came_in, gone_in;	/* runs */
};

struct kept_intent {
	uint64_t	 epoch, run;		/* run as the vault numbers them */
	bool		 marked;
	struct uidset	 uids;			/* own; those that are open */
};
/* A message that is said to be gone, and may be there again. */
struct doubt {
	uint64_t	 epoch;
	uint32_t	 uid;
};

struct kept_blob {
	struct digest	 sha256;
	uint64_t	 folder;		/* mbox: whose pack; else 0 */
};

struct judge {
	const struct world *w;
	const char	*path;			/* of the vault */
	enum container	 container;
	uint64_t	 head;			/* manifests read so far */
	struct digest	 sha256;
	uint32_t	 run;
	struct kept_folder *folders;		/* own, and so on */
	size_t		 folders_n, folders_cap;
	struct kept_epoch *epochs;
	size_t		 epochs_n, epochs_cap;
	struct kept_message *messages;
	size_t		 messages_n, messages_cap;
	struct kept_blob *blobs;
	size_t		 blobs_n, blobs_cap;
	struct kept_intent *intents;
	size_t		 intents_n, intents_cap;
	struct doubt	*doubts;
	size_t		 doubts_n, doubts_cap;
	uint64_t	 pruned;		/* messages */
	uint64_t	 packs;
	struct buf	 why;			/* what is wrong, a line each */
	unsigned int	 complaints;
};

void judge_init(struct judge *, const struct world *, const char *path, enum container);
void judge_release(struct judge *);
/* judge_read(j, run): what was committed since the last time, by that run. */
void judge_read(struct judge *, uint32_t run);
/* judge_same(j): the vault's state is the server's. */
void judge_same(struct judge *);
/* judge_fair(j): as far as nothing happened to a message in this run, the vault's word is the server's. */
void judge_fair(struct judge *);
/* judge_delivered(j, contents): the contents with these numbers, plus 1, are in the vault. */
void judge_delivered(struct judge *, const struct uidset *);
/* judge_known(j, b): what the vault must take the folder's UIDNEXT to be at least. */
uint64_t judge_known(const struct judge *, const struct box *);
/* judge_catalog(j, v): the catalog says the same as the manifests, and each content can be read. */
void judge_catalog(struct judge *, struct vault *);
/*
 * judge_shrunk(j): whether more than half of a folder, and more than 20, went away in this run: messages, or the
 * folder, or all by another UIDVALIDITY.
 */
bool judge_shrunk(const struct judge *);
/* judge_ill(j): whether a message that the vault lacks can't be had; judge_sick(j): whether any can't be had now. */
bool judge_ill(const struct judge *);
bool judge_sick(const struct judge *);
/* judge_live(j, epoch, out): adds the UIDs of an epoch that the vault takes to be on the server. */
void judge_live(const struct judge *, uint64_t epoch, struct uidset *);

/*
 * meant.c: meant_take(j, run, r): a run is about to delete.  meant_close(j, epoch, uids): what became of these is
 * known.  meant_run(j, epoch, uid): the run that has deleted it, if anybody has; 0 for none.  meant_gone(j, m): it is
 * said to be gone by itself, which must not be so unless meant_came(j, epoch, uid) is told of another message in its
 * place; meant_end(j) complains of the others.  meant_catalog(j, v): the catalog knows the same.
 */
void meant_take(struct judge *, uint64_t run, const struct rec_prune_intent *);
void meant_close(struct judge *, uint64_t epoch, const struct uidset *);
uint64_t meant_run(const struct judge *, uint64_t epoch, uint32_t uid);
void meant_gone(struct judge *, const struct kept_message *);
void meant_came(struct judge *, uint64_t epoch, uint32_t uid);
void meant_end(struct judge *);
void meant_catalog(struct judge *, struct vault *);
void meant_release(struct judge *);
void complain(struct judge *, const char *, ...) __attribute__((format(printf, 2, 3)));

#endif
