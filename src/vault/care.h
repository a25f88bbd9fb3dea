/*
 * care.h - keeping a vault whole: the second half of the door vault.h, which includes it.
 */
#ifndef VAULT_CARE_H
#define VAULT_CARE_H

#include "vault/vault.h"

/* ---- checking ---- */

enum vault_found {
	FOUND_MANIFEST,		/* missing, damaged, or not the one that its successor follows */
	FOUND_PACK,		/* missing, or not the file that was written */
	FOUND_CONTENT,		/* a message's bytes in a pack are not as they were */
	FOUND_CATALOG,		/* it doesn't say what the manifests say */
	FOUND_STRANGER,		/* a file that doesn't belong there */
	FOUND_KINDS
};

struct vault_finding {
	enum vault_found kind;
	bool		 damage;	/* else it is only worth knowing */
	const char	*file;		/* below the vault: "packs/..."; the manifest's or catalog's too */
	bool		 has_offset;
	uint64_t	 offset;	/* in the file */
	const char	*why;		/* "its checksum is wrong" */
	const struct digest *blob;	/* CONTENT */
};

struct vault_verify_opts {
	bool		 read_data;	/* read packs back, not only names and sizes */
	unsigned int	 percent;	/* ... a random choice of about so many of 100 */
	uint64_t	 part, parts;	/* ... or the ${part}th (from 1) of ${parts} of equal numbers; parts 0: all */
	const char	*const *only;	/* ... or these, sorted by strcmp(), and they must be there; NULL: as above */
	size_t		 only_n;
	const char	*expect;	/* hex digits that the hash of some manifest has to begin with, or NULL */
	void		(*found)(void *, const struct vault_finding *);	/* may be NULL */
	/* A message whose content is damaged, in which pack.  Called when all was looked at; may be NULL. */
	void		(*cost)(void *, const struct known_message *, const char *pack);
	void		(*progress)(void *, uint64_t done, uint64_t total);	/* bytes of packs; may be NULL */
	void		*arg;
};

struct vault_verify_report {
	uint64_t	 commits, packs, messages;	/* recorded; packs that are not retired */
	uint64_t	 stored;			/* bytes of these packs */
	uint64_t	 packs_read, read;		/* of these, read back; bytes of mail in them */
	uint64_t	 damage[FOUND_KINDS];		/* findings that are damage */
	uint64_t	 costs;				/* messages whose content is damaged */
	bool		 catalog_ahead;			/* it knows what the manifests lack */
	uint64_t	 orphans;			/* packs in orphans/ that no manifest names */
	uint64_t	 lost;				/* messages whose content was given up by an earlier repair */
	uint64_t	 head;				/* last commit that is there, and its manifest's hash */
	struct digest	 head_sha256;
	uint64_t	 expected;			/* the commit with the hash ${expect}; 0: none has */
};

/*
 * vault_verify(v, opts, report_out, e): whether a vault is what its manifests say: names and sizes, the chain, the
 * number of records, the catalog; with read_data every frame and every message too.  Reads the vault alone, not the
 * catalog's word for it, and writes nothing into it.  0, or -1: EK_CORRUPT where there is damage or ${expect} was not
 * found, after all was looked at and told; others where it could not be looked at.  ${v}: opened with VAULT_CHECK, or
 * for writing.  The report is filled in any case.
 */
int vault_verify(struct vault *, const struct vault_verify_opts *, struct vault_verify_report *, struct err *);

/*
 * Mending.  A pack is never edited: what can be read of a damaged one is stored anew, and then the pack is retired,
 * that is, no part of the vault any more.
 */
struct vault_mended {
	uint64_t	saved;		/* contents read from damaged packs, or found in orphans/, and stored anew */
	uint64_t	adopted;	/* messages found in orphans/ that the vault did not have */
};
/* vault_distrust(t, pack): from now on what the pack holds counts as not there. */
void vault_distrust(struct vault_txn *, const char *pack);
/* vault_save_pack(t, pack, report, e): store anew what can be read of it; adds to ${report}. */
int vault_save_pack(struct vault_txn *, const char *pack, struct vault_mended *, struct err *);
/*
 * vault_adopt(t, report, e): look through the packs in orphans/.  What is damaged or given up elsewhere is stored
 * anew; a message that the vault lacks comes back to its place, or to the folder Recovered.  They stay there.
 */
int vault_adopt(struct vault_txn *, struct vault_mended *, struct err *);
/*
 * vault_find_copies(t, sha256s, n, report, e): look through the manifests for older copies of these contents (it sorts
 * them), in packs that are not distrusted, and store them anew; adds to ${report}.
 */
int vault_find_copies(struct vault_txn *, struct digest *, size_t, struct vault_mended *, struct err *);
/*
 * vault_replace(t, box, meta, sha256, e): if what was taken in is this content, of a message on record with these
 * facts, store it.  1 stored, 2 it is, but was there after all, 0 it is another, -1.
 */
int vault_replace(struct vault_txn *, const struct vault_box *, const struct mail_meta *, const struct digest *,
    struct err *);
/*
 * vault_fill_folders(t, e): in an mbox vault, where a folder's packs lack messages whose content others have still,
 * store them there, too.  Commits what came before.
 */
int vault_fill_folders(struct vault_txn *, struct err *);
/*
 * vault_knows(v, e): whether the catalog has each message and each content that the manifests tell: 1, 0, -1.  Before
 * anything is given up because the catalog knows of nobody who needs it.
 */
int vault_knows(struct vault *, struct err *);
/*
 * vault_retire(t, pack, e): give up a damaged pack: what has no place elsewhere is lost.  Its file goes to orphans/ by
 * vault_clear(v, e) once that is committed, or when the vault is opened for writing the next time.
 */
int vault_retire(struct vault_txn *, const char *pack, struct err *);
int vault_clear(struct vault *, struct err *);
/* vault_set_aside(v, name, e): move a file that doesn't belong there from packs/ to orphans/. */
int vault_set_aside(struct vault *, const char *, struct err *);
/*
 * vault_rebuild(v, quick, e): make the catalog anew from the manifests; ${quick}: without the header lines, which are
 * read from the packs when they are needed.
 */
int vault_rebuild(struct vault *, bool quick, struct err *);

/*
 * Compaction.  What is small and many becomes large and few; what the vault says is the same.
 */
struct vault_compacted {
	uint64_t	packs, bytes;	/* that are no part of the vault any more: files and their sizes */
	uint64_t	made, made_bytes;	/* packs in their place */
	uint64_t	run;		/* of the commit; 0: there was none */
};
/*
 * vault_compact(v, packs, n, progress, arg, report, e): put what ${n} packs hold into new ones, one for each folder
 * in an mbox vault (${packs} are in the order of folders then), read these back, and retire the old ones, all in one
 * commit and run.  Their files stay for a day, until a later vault_clear().  ${progress}(arg, raw) is told of bytes
 * of mail that were read since the last call; it may be NULL.  Adds to ${report}.  EK_CORRUPT: an old pack is
 * damaged; EK_SPACE; then nothing was changed.
 */
int vault_compact(struct vault *, const char *const *packs, size_t, void (*progress)(void *, uint64_t raw), void *,
    struct vault_compacted *, struct err *);
/* vault_manifests(v, fn, arg, e): each file of the chain, as manifest_files() has it. */
int vault_manifests(struct vault *, manifest_file_fn *, void *, struct err *);
/*
 * vault_bundle(v, first, last, bytes, e): put these manifests, of ${bytes} in all, into a bundle (manifest_bundle());
 * the files that it makes needless stay for a day.  No commit.
 */
int vault_bundle(struct vault *, uint64_t first, uint64_t last, uint64_t bytes, struct err *);

/* What stands in orphans/. */
struct vault_orphans {
	uint64_t	packs;		/* of no commit, or damaged ones that were retired */
	uint64_t	others;		/* manifests' directories and catalogs that were set aside */
	uint64_t	bytes;		/* of these files */
	uint64_t	strangers;	/* what nobody here put there, and is left alone */
	uint64_t	only;		/* contents of these packs that the vault does not have, or not any more */
};
/*
 * vault_orphans(v, out, e): what there is; all packs are read for that.  vault_spare_orphans(v, orphans, e): -1,
 * EK_REFUSED, if that is all there is of some messages, else 0.  vault_drop_orphans(v, out, e): a writer removes it, or
 * is refused that way and removes nothing.  What can't be read of a pack doesn't count.
 */
int vault_orphans(struct vault *, struct vault_orphans *, struct err *);
int vault_spare_orphans(const struct vault *, const struct vault_orphans *, struct err *);
int vault_drop_orphans(struct vault *, struct vault_orphans *, struct err *);

/*
 * vault_revive(path, container, account, env, e): make vault.json anew where it is missing or can't be read, though the
 * rest of a vault is there: with the id of the manifests and the container of the packs (${container} if there are
 * none).  EK_REFUSED where it can be read.  The old file goes to orphans/.
 */
int vault_revive(const char *, enum container, const struct account *, const struct vault_env *, struct err *);

struct vault_salvage_report {
	uint64_t	manifests;	/* that were there */
	uint64_t	reconstructed;	/* commits whose manifest was missing or damaged, and made anew from packs */
	uint64_t	forgotten;	/* of these, commits that had no packs: what they said is lost */
	uint64_t	packs;		/* read for that, */
	uint64_t	contents, messages;	/* found in them */
	uint64_t	unplaced;	/* of these, messages whose folder nothing tells */
	uint64_t	lost;		/* messages of which only the manifest is left */
	uint64_t	damaged;	/* places in packs that can't be read */
	uint64_t	bundles;	/* damaged ones that were not needed, moved to orphans/ */
};
/*
 * vault_salvage(path, wait, env, report_out, e): make a new chain from the manifests that can be read and the packs of
 * the others, with the same numbers; nothing is changed where all can be read.  The old manifests go to orphans/.
 */
int vault_salvage(const char *, bool wait, const struct vault_env *, struct vault_salvage_report *, struct err *);
/*
 * vault_accept_loss(path, wait, env, e): set a catalog aside that knows more than the manifests, so that the vault goes
 * on without what they lack.  1 done, 0 there is nothing to accept, -1.
 */
int vault_accept_loss(const char *, bool wait, const struct vault_env *, struct err *);

#endif
