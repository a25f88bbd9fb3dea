/*
 * catalog.h - a SQLite index over the manifests.  May be deleted at any time; never the truth.
 *
 * Records are applied in the order of the manifests inside one transaction a commit; the catalog remembers the
 * vault's id and the number and SHA-256 of the last manifest applied, by which the vault finds out whether it may
 * be used.
 *
 * All functions return 0 or -1 unless said otherwise.  A damaged file is EK_CORRUPT (then it is removed by
 * catalog_remove() and built anew), a full disk EK_SPACE, a wait of 10 seconds for the other side EK_LOCKED.  Beside
 * a reader in the middle of a question (a function that takes its time) a writer can't make its commits durable
 * unless it called catalog_bulk() before: they wait for the next one, or for catalog_close(), at worst in vain.
 * While a handle is open this process must not open the file by other means: to close it would drop SQLite's locks
 * (fcntl).
 */
#ifndef CATALOG_CATALOG_H
#define CATALOG_CATALOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "mail/known.h"
#include "mail/record.h"

struct catalog;

enum catalog_mode {
	CATALOG_READ,		/* there must be one; a writer may be at work beside us */
	CATALOG_READ_FROZEN,	/* on read-only media: nobody writes, no lock or journal can be made (immutable=1) */
	CATALOG_WRITE,		/* made where there is none; only for the holder of the vault's lock */
};

/* What a catalog is bound to. */
struct catalog_head {
	char		vault[64];	/* the vault's id; "" in a new one */
	uint64_t	commit;		/* last manifest applied; 0 for none */
	struct digest	sha256;		/* its hash */
};
/*
 * catalog_open(path, mode, out, e): path must not be a symbolic link.  EK_CORRUPT: not a catalog of this version (of
 * another one where e->sys is ENOTSUP).
 */
int catalog_open(const char *path, enum catalog_mode, struct catalog **, struct err *);
/*
 * catalog_close(cp): roll back what is open; a writer leaves one file in journal_mode=DELETE behind, where no
 * reader keeps it from doing so for more than 2 seconds.  Cursors must be closed before.
 */
void catalog_close(struct catalog **);
/* catalog_damaged(c): something in it is not as it was written: close it, remove it, and build it anew. */
bool catalog_damaged(const struct catalog *);
/* catalog_remove(path, e): with all that belongs to it (a journal must never meet another file); fine where none is. */
int catalog_remove(const char *path, struct err *);
/*
 * catalog_at_rest(path): nobody writes it, nor was interrupted in it: a reader leaves everything as it is.  Not while
 * this process has it open.
 */
bool catalog_at_rest(const char *path);
int catalog_head(struct catalog *, struct catalog_head *, struct err *);
/* catalog_check(c, e): read all of the file: EK_CORRUPT where it isn't whole.  Says nothing of what stands in it. */
int catalog_check(struct catalog *, struct err *);

/*
 * catalog_bulk(c, e): a long transaction lies ahead: go over to a write-ahead log, so that readers don't wait for
 * it.
 */
int catalog_bulk(struct catalog *, struct err *);
/*
 * catalog_begin(c, head, e): start applying the manifest that ${head} begins; catalog_apply(c, line, rec, e): one
 * record of it, with its line's number; catalog_commit(c, sha256, e): its end.  What is applied is visible to
 * queries on this handle at once.  catalog_rollback(c): forget all since catalog_begin(); fine where nothing is
 * open. A record that refers to what is not there is EK_CORRUPT, at the commit's end for contents, packs and
 * frames, which may be named before they are recorded.  After an error only catalog_rollback() helps.  UIDs of
 * flags and gone that are not there are passed over, and so is a message that is there already, alike in all facts.
 */
int catalog_begin(struct catalog *, const struct rec_head *, struct err *);
int catalog_apply(struct catalog *, uint64_t line, const struct record *, struct err *);
int catalog_commit(struct catalog *, const struct digest *, struct err *);
void catalog_rollback(struct catalog *);

/*
 * catalog_headers(c, sha256, values, e): keep the header lines of a blob (HEADER_FIELDS strings).  Outside a commit
 * they are durable at the next catalog_begin() or catalog_close(), or after some thousands.
 * catalog_headerless(c, fn, arg, e): each blob whose lines are not known yet and that is not lost, in the order of
 * packs and frames; ${fn} may call catalog_headers().
 */
int catalog_headers(struct catalog *, const struct digest *, const char *const *values, struct err *);
typedef int catalog_blob_fn(void *, const struct digest *, const struct known_blob *, struct err *);
int catalog_headerless(struct catalog *, catalog_blob_fn *, void *, struct err *);

/*
 * Questions.  Those that find one thing return 1 found, 0 not there, -1.  Those with a function call it once per row,
 * until it returns other than 0, and return that (it may not change the catalog).
 */
#define CATALOG_NOW	UINT64_MAX	/* as ${at}: the newest commit */

/*
 * catalog_hold(c), catalog_let_go(c): many questions are asked between the two, one behind the other: what costs the
 * most of a short one, a lock of its own, they share.  Others can't write meanwhile.  Only a matter of speed: a commit
 * that begins lets go as well.
 */
void catalog_hold(struct catalog *);
void catalog_let_go(struct catalog *);

/* catalog_at(c, time, commit_out, e): the last commit not later than ${time}; 0 found where there is none. */
int catalog_at(struct catalog *, int64_t, uint64_t *, struct err *);

/*
 * Folders by number; at an older commit with the facts and figures of then.  The newest epoch is the one with the
 * highest number.  A folder that is gone has nothing on the server (live, missing), what it had is kept.
 */
typedef int catalog_folder_fn(void *, const struct known_folder *, struct err *);
int catalog_folders(struct catalog *, uint64_t at, catalog_folder_fn *, void *, struct err *);
/*
 * catalog_folder(c, name, out, e): the folder on the server that has this name; one that is gone only where none
 * has.
 */
int catalog_folder(struct catalog *, const char *name, struct known_folder *, struct err *);
int catalog_folder_by_number(struct catalog *, uint64_t, struct known_folder *, struct err *);
int catalog_folder_by_id(struct catalog *, const char *mailboxid, struct known_folder *, struct err *);
/* catalog_last_folder(), catalog_last_epoch(): the highest number given so far, 0 for none. */
int catalog_last_folder(struct catalog *, uint64_t *, struct err *);
int catalog_last_epoch(struct catalog *, uint64_t *, struct err *);
/*
 * catalog_epoch(c, folder, out, e): a folder's newest epoch, with the figures of the records even where the folder
 * is gone.
 */
int catalog_epoch(struct catalog *, uint64_t folder, struct known_epoch *, struct err *);
/*
 * catalog_complete(c, folder, at, commit_out, e): the last commit up to ${at} that recorded a complete state of the
 * folder, after which nothing else came in the same commit.
 */
int catalog_complete(struct catalog *, uint64_t folder, uint64_t at, uint64_t *, struct err *);

/*
 * What is on the server in an epoch, UIDs ${first} to ${last} in order.  catalog_uids_next(): 1 a row, 0 the end,
 * -1.
 */
struct catalog_uids;
int catalog_uids(struct catalog *, uint64_t epoch, uint32_t first, uint32_t last, struct catalog_uids **, struct err *);
int catalog_uids_next(struct catalog_uids *, struct known_uid *, struct err *);
void catalog_uids_close(struct catalog_uids **);
/* catalog_uid_has(c, epoch, uid, sha256, e): whether this UID has this content: 1 yes, 0 no. */
int catalog_uid_has(struct catalog *, uint64_t epoch, uint32_t uid, const struct digest *, struct err *);
/* catalog_uid_had(): the same, gone or not.  Slow where much is gone. */
int catalog_uid_had(struct catalog *, uint64_t epoch, uint32_t uid, const struct digest *, struct err *);
/* catalog_missing(c, epoch, out, e): adds the UIDs that could not be had. */
int catalog_missing(struct catalog *, uint64_t epoch, struct uidset *, struct err *);
/*
 * Each range of missing UIDs with the folder's name and the reason, of the newest epochs of folders on the server: the
 * others can't be had any more.
 */
typedef int catalog_missing_fn(void *, const char *folder, const struct rec_missing *, struct err *);
int catalog_each_missing(struct catalog *, catalog_missing_fn *, void *, struct err *);

/*
 * catalog_intents(c, epoch, fn, arg, e): each range of UIDs whose intent is open, in the order of epochs, then runs;
 * ${epoch} 0: all, those of epochs that are over and of folders that are gone among them.  A UID may be in several:
 * each run that tried has its own, its last word on it.
 */
typedef int catalog_intent_fn(void *, const struct known_intent *, struct err *);
int catalog_intents(struct catalog *, uint64_t epoch, catalog_intent_fn *, void *, struct err *);
/* catalog_pruned(c, fn, arg, e): each run that deleted messages from the server, the newest first, and what it did. */
typedef int catalog_pruned_fn(void *, uint64_t run, uint64_t messages, uint64_t bytes, struct err *);
int catalog_pruned(struct catalog *, catalog_pruned_fn *, void *, struct err *);

/*
 * catalog_blob(c, sha256, out, e): found also where it is lost.  frame and pack_size are 0 while the commit is open
 * that records them.
 */
int catalog_blob(struct catalog *, const struct digest *, struct known_blob *, struct err *);
/* catalog_emailid(c, id, sha256_out, size_out, e): the content last known by this EMAILID that is not lost. */
int catalog_emailid(struct catalog *, const char *, struct digest *, uint64_t *, struct err *);

/*
 * Messages.  ${folder} 0 is all; by folder, then UID.  As of commit ${at}: what was on the server then with the
 * flags of then; with ${all} also what was gone by then, of all epochs, marked.  Gone are also messages of older
 * epochs and gone folders.  Header lines, and which run deleted what was gone by then, are shown as known now.
 */
typedef int catalog_message_fn(void *, const struct known_message *, struct err *);
int catalog_messages(struct catalog *, uint64_t folder, uint64_t at, bool all, catalog_message_fn *, void *,
    struct err *);
int catalog_message(struct catalog *, uint64_t commit, uint64_t line, struct known_message *, struct err *);
/*
 * catalog_by_prefix(c, hex, fn, arg, e): the first appearance of each content whose SHA-256 begins with these hex
 * digits; at most two are called for, which is enough to see that a prefix is not unique.
 */
int catalog_by_prefix(struct catalog *, const char *hex, catalog_message_fn *, void *, struct err *);

/* Commits from the newest. */
typedef int catalog_commit_fn(void *, const struct known_commit *, struct err *);
int catalog_commits(struct catalog *, catalog_commit_fn *, void *, struct err *);
int catalog_totals(struct catalog *, struct known_totals *, struct err *);

/* catalog_server(c, out, e): the last REC_SERVER. */
int catalog_server(struct catalog *, struct rec_server *, struct err *);

#include "catalog/packs.h"

#endif
