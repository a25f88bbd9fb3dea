/*
 * vault.h - one directory that keeps one account: packs, manifests and a catalog, as one thing.
 *
 * A writer holds the lock from vault_open() to vault_close().  What it records goes into a commit; the commit is
 * made by publishing one manifest, after its packs.  Whatever happens before that leaves the vault as it was;
 * whatever happens after it leaves the commit. Readers need no lock.  Clock and random bits come from the caller.
 *
 * Questions about what the vault knows are the catalog's business: vault_catalog() hands it out, caught up with the
 * manifests.
 */
#ifndef VAULT_VAULT_H
#define VAULT_VAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/flow.h"
#include "catalog/catalog.h"
#include "config/config.h"
#include "mail/header.h"
#include "mail/record.h"
#include "manifest/manifest.h"

#define VAULT_FORMAT	1	/* the version of man mailkeep-vault(5) that we write */

struct vault_env {
	int64_t		(*now)(void *);		/* seconds since 1970 */
	uint64_t	(*random)(void *);
	void		*arg;
	const char	*program;		/* "mailkeep 0.1.0" */
	const char	*cache;			/* the user's cache directory, for a reader's own catalog; or NULL */
};

struct vault;

/*
 * vault_create(path, container, account, env, e): make a vault in ${path}, which must not exist, be empty, or hold
 * nothing but what an interrupted vault_create() left.  EK_REFUSED where there is something else or a vault
 * already.
 */
int vault_create(const char *, enum container, const struct account *, const struct vault_env *, struct err *);
/* vault_may_create(path, e): whether it would be refused for what is there now. */
int vault_may_create(const char *, struct err *);

enum vault_mode {
	VAULT_READ,
	VAULT_WRITE,	/* take the lock or EK_LOCKED */
	VAULT_WAIT,	/* take the lock, waiting for it */
	VAULT_CHECK,	/* for vault_verify() alone: damage is no hindrance, and nothing in the vault is written */
};
/*
 * vault_open(path, mode, env, out, e): EK_NOVAULT: there is no vault, or one of a newer version.  A writer clears
 * scratch away, moves packs that no manifest names to orphans/, and brings the catalog up to date.  EK_CORRUPT
 * where the catalog knows more than the manifests; a reader only notes that (vault_alarm()), and then uses a catalog
 * of its own in the user's cache directory, as it does where it can't bring the vault's up to date.
 */
int vault_open(const char *, enum vault_mode, const struct vault_env *, struct vault **, struct err *);
void vault_close(struct vault **);
/* vault_account_of(path, out, e): only what vault.json says of the account; to be freed. */
int vault_account_of(const char *, struct account **, struct err *);

const char *vault_path(const struct vault *);
/* vault_id(v): the one that all its manifests have. */
const char *vault_id(const struct vault *);
const struct account *vault_account(const struct vault *);
/* vault_set_account(v, account, e): write another account's settings into vault.json (a writer). */
int vault_set_account(struct vault *, const struct account *, struct err *);
/* vault_head(v, sha256_out): the number of the last commit, 0 for none, and the hash of its manifest. */
uint64_t vault_head(const struct vault *, struct digest *);
/*
 * vault_catalog(v): its catalog; with VAULT_CHECK only after vault_need_catalog(v, e), which brings one of the user's
 * own up to date where the vault's can't be used as it is.
 */
struct catalog *vault_catalog(struct vault *);
int vault_need_catalog(struct vault *, struct err *);
/*
 * vault_alarm(v): what is wrong with the vault, though it could be opened for reading: manifests are missing or
 * damaged, and the others tell what is seen; or messages can't be read.  NULL: nothing.
 */
const struct err *vault_alarm(const struct vault *);
/* vault_now(v): the time by the caller's clock. */
int64_t vault_now(const struct vault *);
/* vault_free_space(v, bytes_out, e): on its file system. */
int vault_free_space(struct vault *, uint64_t *, struct err *);

/* vault_read(v, sha256, to, e): pour a message's bytes; EK_CORRUPT, at the end, where they don't have this hash. */
int vault_read(struct vault *, const struct digest *, const struct sink *, struct err *);
/*
 * vault_lost_packs(v, fn, arg, e): call ${fn} for each pack on record that is not there, or not of its size, with a
 * sentence on it.  Looks at names and sizes only.
 */
typedef int vault_lost_fn(void *, const char *pack, const char *why, struct err *);
int vault_lost_packs(struct vault *, vault_lost_fn *, void *, struct err *);
/* vault_lost_error(n, e): the sentence on all of them; -1. */
int vault_lost_error(uint64_t, struct err *);
/*
 * vault_fill_headers(v, e): read the header lines that the catalog lacks (it was rebuilt) from the packs; nothing
 * where it lacks none.  A reader whose catalog can't be written leaves them out.
 */
int vault_fill_headers(struct vault *, struct err *);

/* ---- writing ---- */

struct vault_txn;

/* vault_begin(v, verb, out, e): begin a run.  Nothing is written before the first record. */
int vault_begin(struct vault *, const char *verb, struct vault_txn **, struct err *);
/* vault_bulk(t, e): much will come: let readers go on meanwhile. */
int vault_bulk(struct vault_txn *, struct err *);
/* vault_run(t): its number. */
uint64_t vault_run(const struct vault_txn *);
/* vault_put(t, rec, e): a record of folder, epoch, flags, gone, missing or server. */
int vault_put(struct vault_txn *, const struct record *, struct err *);

/*
 * A message on its way in.  vault_intake(t, size, e) forgets the one before and makes ready for ${size} bytes (a
 * hint); the bytes go to vault_intake_sink(t); vault_add() keeps them.  Small ones stay in memory, large ones in a
 * nameless file.
 */
int vault_intake(struct vault_txn *, uint64_t, struct err *);
struct sink vault_intake_sink(struct vault_txn *);
/* vault_intake_seen(t, sha256_out): the size and hash of what arrived, its header lines by vault_intake_header(). */
uint64_t vault_intake_seen(struct vault_txn *, struct digest *);
const char *vault_intake_header(const struct vault_txn *, enum header_field);

/* Where a message belongs: what its folder and epoch are called, in numbers and for its file name. */
struct vault_box {
	uint64_t	 folder, epoch;
	uint64_t	 uidvalidity;
	const char	*name;
	char		 delimiter;
	enum mail_space	 space;
};
/*
 * vault_add(t, box, meta, e): the message that was taken in belongs to ${box} with these facts.  Its content is
 * stored unless the vault (tar) has it.  1 it was stored, 0 its content was known, -1.
 */
int vault_add(struct vault_txn *, const struct vault_box *, const struct mail_meta *, struct err *);
/*
 * vault_refer(t, box, meta, e): the same for a message whose content is known by meta->emailid, and of the size
 * that meta->size says.  1 done, 0 it has to be fetched, -1.
 */
int vault_refer(struct vault_txn *, const struct vault_box *, const struct mail_meta *, struct err *);

/* What the open commit holds so far, for deciding when to make it. */
struct vault_pending {
	uint64_t	records, messages, bytes;
	int64_t		since;		/* time of its first record, 0 for none */
};
void vault_pending(const struct vault_txn *, struct vault_pending *);
/* vault_commit(t, e): make what was recorded durable; nothing where nothing was.  The run goes on. */
int vault_commit(struct vault_txn *, struct err *);
/* vault_end(tp, end, e): record the run's end, commit, and free the run.  run and time are filled in. */
int vault_end(struct vault_txn **, struct rec_run_end *, struct err *);
/*
 * vault_abort(tp): forget what is not committed.  No-op for NULL.  Packs that have their names already are moved to
 * orphans/ by the next vault_open(), and until then no other run can begin.
 */
void vault_abort(struct vault_txn **);

/* verify, repair, rebuild, compact */
#include "vault/care.h"

#endif
