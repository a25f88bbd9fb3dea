/*
 * private.h - what the files of vault/ share.
 */
#ifndef VAULT_PRIVATE_H
#define VAULT_PRIVATE_H

#include "base/buf.h"
#include "base/spool.h"
#include "manifest/manifest.h"
#include "mail/mbox.h"
#include "pack/pack.h"
#include "vault/vault.h"

#define ID_MAX		64
#define CATALOG_FILE	"catalog.sqlite"

/* Why a pack was retired: it decides what becomes of its file. */
#define RETIRE_COMPACTED "compacted"
#define RETIRE_DAMAGED	"damaged"
#define RETIRE_NEEDLESS	"needless"	/* nothing in it is not kept elsewhere, as far as it can be read */
#define RETIRE_KEEP	(24 * 3600)	/* seconds that a file which isn't needed any more stays for readers */

struct vault {
	struct vault_env env;
	char		*path;			/* own; absolute, links resolved */
	int		 dir, packs;		/* own */
	struct manifest_dir *manifests;		/* own */
	int		 tmp, orphans;		/* own; -1 in a reader */
	int		 lock;			/* own; -1 in a reader */
	char		 id[ID_MAX];
	enum container	 container;
	char		*created;		/* own; as vault.json has it */
	struct account	*account;		/* own */
	uint64_t	 head;			/* last commit, 0 for none */
	struct digest	 head_sha256;
	int64_t		 head_time;		/* a writer's: time of the last commit */
	struct catalog	*catalog;		/* own */
	char		*catalog_path;		/* own; its file */
	bool		 catalog_writable;	/* a writer's, or a reader's own */
	bool		 reading;	/* opened for that */
	bool		 checking;	/* ... and nothing is to be written */
	bool		 alarmed;	/* a reader found this wrong with the vault: */
	struct err	 alarm;
	bool		 untidy;	/* packs of a run that broke off are in packs/ */
	struct pack_reader *reader;		/* own; NULL until needed */
	bool		 looked;	/* a reader missed a pack, and looked at the vault anew: */
	struct vault	*newer;		/* own; as it was then, or NULL */
};

/* One message on its way in. */
struct intake {
	struct hasher	*hasher;	/* own */
	struct spool	 spool;		/* own */
	bool		 ended;		/* sha256 is final */
	struct digest	 sha256;
	struct header_scan scan;
	struct mbox_probe probe;
	struct buf	 text;		/* own; scratch: a name, a line */
};

struct vault_txn {
	struct vault	*v;
	char		*verb;		/* own */
	uint64_t	 run;
	bool		 begun;		/* run-begin is recorded */
	bool		 broken;	/* only vault_abort() may follow */
	struct err	 why;		/* it is */
	bool		 named;		/* packs of the open commit have their names */
	struct manifest_writer *manifest;	/* own; NULL between commits */
	struct pack_writer *pack;	/* own; NULL until a message is stored */
	uint64_t	 pack_folder;	/* mbox: whose pack it is */
	unsigned int	 serial;	/* packs of this commit so far */
	uint64_t	 noted_epoch;	/* whose folder and epoch lines the pack's notes have */
	int64_t		 time;		/* of the open commit */
	struct vault_pending pending;
	uint64_t	 stored;
	struct intake	 intake;
	char		*whole[16];	/* own; packs seen to be there with their size, newest first */
	char		**distrusted;	/* own; packs that may be damaged: what they hold counts as not there */
	size_t		 distrusted_n, distrusted_cap;
	struct mend_needs *needs;	/* own; mbox: what folders' packs lack, once it was asked for */
};

/* layout.c: vault.json.  layout_put(v, e): write it; layout_new_id(v): give the vault an id by chance. */
int layout_read(struct vault *, struct err *);
int layout_put(struct vault *, struct err *);
void layout_new_id(struct vault *);

/* recover.c: see vault_open() */
int recover_head(struct vault *, struct err *);
int recover_tmp(struct vault *, struct err *);
/* recover_foreign(v, e): what to do where manifests are another vault's; -1. */
int recover_foreign(const struct vault *, struct err *);
/* recover_miss(v, e): EK_CORRUPT where packs tell of commits that no manifest is there of. */
int recover_miss(struct vault *, struct err *);
int recover_scratch(struct vault *, struct err *);
/* recover_set_catalog_aside(v, e): move the catalog to orphans/. */
int recover_set_catalog_aside(struct vault *, struct err *);
int recover_catalog_write(struct vault *, struct err *);
int recover_catalog_read(struct vault *, struct err *);
void recover_catalog_close(struct vault *);
/*
 * recover_catalog_check(v, where_out, e): open the vault's catalog as it is, for vault_verify(); v->head is known.  It
 * is there AT_HEAD or AHEAD, else NULL; UNUSABLE: why is in ${e}.  recover_catalog_private(v, e): a catalog of one's
 * own in the user's cache directory.
 */
enum recover_standing {
	RECOVER_AT_HEAD,
	RECOVER_BEHIND,		/* or not there at all */
	RECOVER_AHEAD,		/* it knows what the manifests don't */
	RECOVER_UNUSABLE,
};
int recover_catalog_check(struct vault *, enum recover_standing *, struct err *);
int recover_catalog_private(struct vault *, struct err *);
/* recover_alarm(v, e): something is wrong with the vault that doesn't keep a reader from reading: see vault_alarm(). */
void recover_alarm(struct vault *, const struct err *);

/*
 * vault.c: vault_open_bare(path, wait, env, out, e): open and lock a vault whose manifests and catalog nobody has
 * looked at, for mending.
 */
int vault_open_bare(const char *, bool wait, const struct vault_env *, struct vault **, struct err *);
/* vault_open_nameless(path, env, out, e): one whose vault.json can't be read, likewise; EK_REFUSED where it can be. */
int vault_open_nameless(const char *, const struct vault_env *, struct vault **, struct err *);
int vault_take_lock(struct vault *, bool wait, struct err *);
void vault_drop_lock(struct vault *);

/* txn.c: append a record to the open commit, opening one where there is none. */
int txn_emit(struct vault_txn *, const struct record *, struct err *);
/* txn_break(t, e): the run can't go on because of ${e}; -1.  txn_broken(t, e): say so again; -1. */
int txn_break(struct vault_txn *, const struct err *);
int txn_broken(const struct vault_txn *, struct err *);
int txn_seal_pack(struct vault_txn *, struct err *);

/*
 * again.c: again_commit(v, commit, e): read the packs back that a commit brought: whole, or -1.
 * again_retires(v, commit, pack): its manifest says that this pack was compacted.
 */
int again_commit(struct vault *, uint64_t commit, struct err *);
bool again_retires(struct vault *, uint64_t commit, const char *pack);

/* mend.c */
bool mend_distrusts(const struct vault_txn *, const char *pack);
void mend_release(struct vault_txn *);

/* read.c: whether a pack is there; what is wrong with it, or NULL. */
const char *read_lacks(const struct vault *, const char *pack, uint64_t size);

/* intake.c */
/* intake_has(t, sha256, e): whether the vault has this content where it can be got: 1, 0, -1. */
int intake_has(struct vault_txn *, const struct digest *, struct err *);
/*
 * intake_store(t, folder, member, mtime, place_out, e): put what was taken in into the open pack, or that of
 * ${folder} in an mbox, and record where.  intake_notes(t, lines, e): whole lines for the tail of the pack that is
 * open. intake_replace(t, box, meta, e): store what was taken in as the content of a message that is on record.
 */
int intake_store(struct vault_txn *, uint64_t folder, const char *member, int64_t mtime, struct place *, struct err *);
int intake_notes(struct vault_txn *, const struct buf *lines, struct err *);
int intake_replace(struct vault_txn *, const struct vault_box *, const struct mail_meta *, struct err *);
void intake_init(struct intake *, int tmp);
void intake_release(struct intake *);

#endif
