/*
 * schema.c - the tables, and whether a file has them.
 *
 * "at" is always the number of a commit: the row holds from then on.  Nothing
 * is deleted but what is no longer missing, and what was meant to be deleted
 * from the server once it is known whether it was; so every other table can be
 * asked for the state at an older commit.
 */
#include <errno.h>
#include <string.h>

#include "catalog/db.h"

/*
 * "mk" and the version of the tables; another number, or other tables, and the
 * catalog is built anew.
 */
#define SCHEMA_VERSION	0x6d6b0003

static const char *const schema[] = {
	/*
	 * One row: what the catalog is bound to, totals over blob, the last
	 * word of the server on itself; filled: contents up to this number have
	 * their header lines.
	 */
	"CREATE TABLE head ("
	"one INTEGER PRIMARY KEY CHECK (one = 1), "
	"vault TEXT NOT NULL, "
	"manifest INTEGER NOT NULL, "
	"sha256 BLOB NOT NULL, "
	"blobs INTEGER NOT NULL, "
	"blob_bytes INTEGER NOT NULL, "
	"capability TEXT, "
	"server_id TEXT, "
	"filled INTEGER NOT NULL) STRICT",

	"CREATE TABLE run ("
	"run INTEGER PRIMARY KEY, "
	"verb TEXT NOT NULL) STRICT",

	/* A commit and what its records came to. */
	"CREATE TABLE manifest ("
	"manifest INTEGER PRIMARY KEY, "
	"time INTEGER NOT NULL, "
	"sha256 BLOB NOT NULL, "
	"run INTEGER NOT NULL, "
	"added INTEGER NOT NULL, "
	"added_bytes INTEGER NOT NULL, "
	"gone INTEGER NOT NULL, "
	"flags INTEGER NOT NULL, "
	"missing INTEGER NOT NULL, "
	"packs INTEGER NOT NULL, "
	"stored_bytes INTEGER NOT NULL) STRICT",

	"CREATE TABLE run_end ("
	"manifest INTEGER PRIMARY KEY, "
	"result TEXT NOT NULL, "
	"status INTEGER NOT NULL, "
	"error TEXT, "
	"folders INTEGER NOT NULL, "
	"listed INTEGER NOT NULL, "
	"fetched INTEGER NOT NULL, "
	"fetched_bytes INTEGER NOT NULL, "
	"added INTEGER NOT NULL, "
	"added_bytes INTEGER NOT NULL, "
	"flags INTEGER NOT NULL, "
	"gone INTEGER NOT NULL, "
	"missing INTEGER NOT NULL, "
	"failed INTEGER NOT NULL, "
	"stored_bytes INTEGER NOT NULL) STRICT",

	"CREATE TABLE folder ("
	"folder INTEGER NOT NULL, "
	"at INTEGER NOT NULL, "
	"name TEXT NOT NULL, "
	"attributes TEXT NOT NULL, "
	"mailboxid TEXT, "
	"delimiter INTEGER NOT NULL, "
	"space INTEGER NOT NULL, "
	"selectable INTEGER NOT NULL, "
	"subscribed INTEGER NOT NULL, "
	"gone INTEGER NOT NULL, "
	"PRIMARY KEY (folder, at)) STRICT, WITHOUT ROWID",
	"CREATE INDEX folder_name ON folder (name)",
	"CREATE INDEX folder_mailboxid ON folder (mailboxid) "
	"WHERE mailboxid IS NOT NULL",

	"CREATE TABLE epoch ("
	"epoch INTEGER PRIMARY KEY, "
	"at INTEGER NOT NULL, "
	"folder INTEGER NOT NULL, "
	"uidvalidity INTEGER NOT NULL) STRICT",
	"CREATE INDEX epoch_folder ON epoch (folder)",

	/*
	 * An epoch's figures at the end of each commit that touched it.
	 * complete: the commit's last word on it was a complete state.
	 */
	"CREATE TABLE epoch_at ("
	"epoch INTEGER NOT NULL, "
	"at INTEGER NOT NULL, "
	"live INTEGER NOT NULL, "
	"live_bytes INTEGER NOT NULL, "
	"kept INTEGER NOT NULL, "
	"kept_bytes INTEGER NOT NULL, "
	"missing INTEGER NOT NULL, "
	"max_uid INTEGER NOT NULL, "
	"has_state INTEGER NOT NULL, "
	"complete INTEGER NOT NULL, "
	"uidnext INTEGER NOT NULL, "
	"highestmodseq INTEGER NOT NULL, "
	"messages INTEGER NOT NULL, "
	"full_time INTEGER NOT NULL, "
	"PRIMARY KEY (epoch, at)) STRICT, WITHOUT ROWID",

	/*
	 * since: id (as of a message) of the first record that named it; pack:
	 * null while no blob record has come.
	 */
	"CREATE TABLE blob ("
	"blob INTEGER PRIMARY KEY, "
	"prefix INTEGER NOT NULL, "
	"sha256 BLOB NOT NULL, "
	"since INTEGER NOT NULL, "
	"size INTEGER NOT NULL, "
	"pack INTEGER, "
	"frame INTEGER, "
	"start INTEGER, "
	"stored INTEGER, "
	"form INTEGER, "
	"newline_added INTEGER) STRICT",
	/*
	 * The one index whose order is random is kept narrow: four bytes of the
	 * digest.
	 */
	"CREATE INDEX blob_prefix ON blob (prefix)",
	/* Nearly always appended to: packs come one after the other. */
	"CREATE INDEX blob_pack ON blob (pack) WHERE pack IS NOT NULL",

	"CREATE TABLE header ("
	"blob INTEGER PRIMARY KEY, "
	"sender TEXT NOT NULL, "
	"recipient TEXT NOT NULL, "
	"subject TEXT NOT NULL, "
	"date TEXT NOT NULL, "
	"message_id TEXT NOT NULL) STRICT",

	/* Texts that many messages share: flags and labels. */
	"CREATE TABLE word ("
	"word INTEGER PRIMARY KEY, "
	"text TEXT NOT NULL UNIQUE) STRICT",

	/*
	 * gone: the commit that ended it; pruned: the run that deleted it from
	 * the server, as known now.
	 */
	"CREATE TABLE message ("
	"id INTEGER PRIMARY KEY, "
	"epoch INTEGER NOT NULL, "
	"uid INTEGER NOT NULL, "
	"gone INTEGER, "
	"pruned INTEGER, "
	"blob INTEGER NOT NULL, "
	"size INTEGER NOT NULL, "
	"date INTEGER, "
	"flags INTEGER NOT NULL, "
	"labels INTEGER, "
	"internaldate TEXT, "
	"emailid TEXT, "
	"threadid TEXT, "
	"by_emailid INTEGER NOT NULL) STRICT",
	/* The live ones of an epoch stand together, by UID. */
	"CREATE INDEX message_live ON message (epoch, gone, uid)",
	"CREATE INDEX message_emailid ON message (emailid) "
	"WHERE emailid IS NOT NULL",
	"CREATE INDEX message_pruned ON message (pruned, size) "
	"WHERE pruned IS NOT NULL",

	/* Flags and labels as they were before commit ${until}. */
	"CREATE TABLE was ("
	"id INTEGER NOT NULL, "
	"until INTEGER NOT NULL, "
	"flags INTEGER NOT NULL, "
	"labels INTEGER, "
	"PRIMARY KEY (id, until)) STRICT, WITHOUT ROWID",

	"CREATE TABLE missing ("
	"epoch INTEGER NOT NULL, "
	"first INTEGER NOT NULL, "
	"last INTEGER NOT NULL, "
	"reason TEXT NOT NULL, "
	"PRIMARY KEY (epoch, first)) STRICT, WITHOUT ROWID",

	/* What a run was about to delete from the server, while that is open. */
	"CREATE TABLE intent ("
	"epoch INTEGER NOT NULL, "
	"run INTEGER NOT NULL, "
	"first INTEGER NOT NULL, "
	"last INTEGER NOT NULL, "
	"marked INTEGER NOT NULL, "
	"move INTEGER NOT NULL, "
	"PRIMARY KEY (epoch, run, first)) STRICT, WITHOUT ROWID",

	/*
	 * size: null while no pack record has come; need: so many frames are
	 * named by blobs; retired: the commit since which it is no part of the
	 * vault, and why.
	 */
	"CREATE TABLE pack ("
	"pack INTEGER PRIMARY KEY, "
	"name TEXT NOT NULL UNIQUE, "
	"size INTEGER, "
	"sha256 BLOB, "
	"raw INTEGER, "
	"frames INTEGER, "
	"tail INTEGER, "
	"container INTEGER, "
	"folder INTEGER, "
	"need INTEGER NOT NULL, "
	"retired INTEGER, "
	"why TEXT) STRICT",

	"CREATE TABLE frame ("
	"pack INTEGER NOT NULL, "
	"frame INTEGER NOT NULL, "
	"start INTEGER NOT NULL, "
	"size INTEGER NOT NULL, "
	"raw INTEGER NOT NULL, "
	"PRIMARY KEY (pack, frame)) STRICT, WITHOUT ROWID",
};

#define SCHEMA_COUNT	(sizeof(schema) / sizeof(schema[0]))

static int
put_version(struct catalog *c, struct err *e)
{
	char sql[64];

	sqlite3_snprintf((int)sizeof(sql), sql, "PRAGMA user_version = %d",
	    SCHEMA_VERSION);
	return db_exec(c, sql, e);
}

int
schema_make(struct catalog *c, struct err *e)
{
	struct err ignored;
	size_t i;

	/* Both must be said before the first page is written. */
	if (db_exec(c, "PRAGMA page_size = 4096", e) == -1)
		return -1;
	if (pagesum_reserve(c->db) == -1)
		return err_set(e, EK_FAIL,
		    "the catalog's pages can't hold a checksum");
	if (db_exec(c, "BEGIN IMMEDIATE", e) == -1)
		return -1;
	for (i = 0; i < SCHEMA_COUNT; i++)
		if (db_exec(c, schema[i], e) == -1)
			goto fail;
	if (db_exec(c, "INSERT INTO head VALUES "
	    "(1, '', 0, zeroblob(32), 0, 0, NULL, NULL, 0)", e) == -1 ||
	    put_version(c, e) == -1 ||
	    db_exec(c, "COMMIT", e) == -1)
		goto fail;
	return 0;
fail:
	db_exec(c, "ROLLBACK", &ignored);
	return -1;
}

/*
 * SQLite keeps the text of each CREATE as it was given, so tables are ours when
 * their texts are.
 */
static int
same_tables(struct catalog *c, bool *same, struct err *e)
{
	sqlite3_stmt *s = NULL;
	const char *sql;
	size_t n = 0;
	int rc;

	*same = true;
	if (db_prepare(c, "SELECT sql FROM sqlite_schema "
	    "WHERE sql IS NOT NULL ORDER BY rowid", &s, e) == -1)
		return -1;
	while ((rc = db_step(c, s, e)) == 1 && *same) {
		sql = db_col_text(c, s, 0);
		if (n == SCHEMA_COUNT || strcmp(sql, schema[n++]) != 0)
			*same = false;
	}
	if (rc == 0 && n != SCHEMA_COUNT)
		*same = false;
	db_finish(&s);
	return rc == -1 ? -1 : db_sane(c, e);
}

int
schema_check(struct catalog *c, struct err *e)
{
	int64_t version, page;
	bool same;

	if (db_number(c, "PRAGMA user_version", &version, e) == -1 ||
	    db_number(c, "PRAGMA page_size", &page, e) == -1)
		return -1;
	if (version != SCHEMA_VERSION || page != PAGESUM_PAGE ||
	    !pagesum_kept(c->db)) {
		err_set(e, EK_CORRUPT,
		    "the catalog is not one of this version");
		/* Of another version of ours it is no damage. */
		if (version != SCHEMA_VERSION &&
		    version >> 16 == SCHEMA_VERSION >> 16)
			e->sys = ENOTSUP;
		return -1;
	}
	if (same_tables(c, &same, e) == -1)
		return -1;
	if (!same)
		return err_set(e, EK_CORRUPT,
		    "the catalog's tables are not those of this version");
	return 0;
}
