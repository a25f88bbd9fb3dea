/*
 * query.c - questions about folders, epochs, commits and the whole.
 */
#include <limits.h>

#include "catalog/write.h"

/*
 * Each folder as of commit ?1, with its newest epoch then (the one with the
 * highest number).  A folder that is gone has nothing on the server.
 */
#define FOLDER_SELECT							\
	"SELECT f.folder, f.at, f.name, f.attributes, f.mailboxid, "	\
	"f.delimiter, f.space, f.selectable, f.subscribed, f.gone, "	\
	"coalesce(e.epoch, 0), coalesce(e.uidvalidity, 0), "		\
	"iif(f.gone OR e.epoch IS NULL, 0, s.live), "			\
	"iif(f.gone OR e.epoch IS NULL, 0, s.live_bytes), "		\
	"iif(f.gone OR e.epoch IS NULL, 0, s.missing), "		\
	"(SELECT coalesce(sum(k.kept), 0) FROM epoch x "		\
	"JOIN epoch_at k ON k.epoch = x.epoch AND k.at = "		\
	"(SELECT max(at) FROM epoch_at "				\
	"WHERE epoch = x.epoch AND at <= ?1) "				\
	"WHERE x.folder = f.folder AND x.at <= ?1) "			\
	"FROM folder f LEFT JOIN epoch e ON e.epoch = "			\
	"(SELECT max(epoch) FROM epoch "				\
	"WHERE folder = f.folder AND at <= ?1) "			\
	"LEFT JOIN epoch_at s ON s.epoch = e.epoch AND s.at = "		\
	"(SELECT max(at) FROM epoch_at "				\
	"WHERE epoch = e.epoch AND at <= ?1) "				\
	"WHERE f.at = (SELECT max(at) FROM folder "			\
	"WHERE folder = f.folder AND at <= ?1) "

int
catalog_at(struct catalog *c, int64_t t, uint64_t *out, struct err *e)
{
	sqlite3_stmt *s;
	uint64_t commit = 0;
	int rc;

	if (write_flush(c, e) == -1 ||
	    db_use(c, "SELECT manifest FROM manifest WHERE time <= ?1 "
	    "ORDER BY manifest DESC LIMIT 1", &s, e) == -1)
		return -1;
	db_int(c, s, 1, t);
	if ((rc = db_step(c, s, e)) == 1)
		commit = db_col_u64(c, s, 0);
	db_end(s);
	if (rc != 1)
		return rc;
	if (db_sane(c, e) == -1)
		return -1;
	*out = commit;
	return 1;
}

static int
fill_folder(struct catalog *c, sqlite3_stmt *s, struct known_folder *k,
    struct err *e)
{
	*k = (struct known_folder){ .commit = db_col_u64(c, s, 1) };
	k->facts.folder = db_col_u64(c, s, 0);
	k->facts.name = db_col_text(c, s, 2);
	k->facts.attributes = db_col_text(c, s, 3);
	k->facts.mailboxid = db_col_opt(c, s, 4);
	k->facts.delimiter = (char)db_col_max(c, s, 5, UCHAR_MAX);
	k->facts.space = (enum mail_space)db_col_max(c, s, 6, MAIL_IMPORTED);
	k->facts.selectable = db_col_bool(c, s, 7);
	k->facts.subscribed = db_col_bool(c, s, 8);
	k->facts.gone = db_col_bool(c, s, 9);
	k->epoch = db_col_u64(c, s, 10);
	k->uidvalidity = db_col_u64(c, s, 11);
	k->live = db_col_u64(c, s, 12);
	k->live_bytes = db_col_u64(c, s, 13);
	k->missing = db_col_u64(c, s, 14);
	k->kept = db_col_u64(c, s, 15);
	return db_sane(c, e);
}

int
catalog_folders(struct catalog *c, uint64_t at, catalog_folder_fn *fn,
    void *arg, struct err *e)
{
	struct known_folder k;
	sqlite3_stmt *s = NULL;
	int rc;

	if (write_flush(c, e) == -1 ||
	    db_prepare(c, FOLDER_SELECT "ORDER BY f.folder", &s, e) == -1)
		return -1;
	db_u64(c, s, 1, db_at(at));
	while ((rc = db_step(c, s, e)) == 1) {
		if ((rc = fill_folder(c, s, &k, e)) == -1 ||
		    (rc = fn(arg, &k, e)) != 0)
			break;
	}
	db_finish(&s);
	return rc;
}

/* The folder of now that a statement finds by ?2: a text, or a number where there is none. */
static int
one_folder(struct catalog *c, const char *sql, const char *text,
    uint64_t number, struct known_folder *out, struct err *e)
{
	struct known_folder k;
	sqlite3_stmt *s;
	int rc;

	db_forget(c);
	if (write_flush(c, e) == -1 || db_use(c, sql, &s, e) == -1)
		return -1;
	db_u64(c, s, 1, db_at(CATALOG_NOW));
	if (text != NULL)
		db_text(c, s, 2, text);
	else
		db_u64(c, s, 2, number);
	if ((rc = db_step(c, s, e)) == 1) {
		if (fill_folder(c, s, &k, e) == -1)
			rc = -1;
		k.facts.name = db_keep(c, k.facts.name);
		k.facts.attributes = db_keep(c, k.facts.attributes);
		k.facts.mailboxid = db_keep(c, k.facts.mailboxid);
	}
	db_end(s);
	if (rc == 1)
		*out = k;
	return rc;
}

int
catalog_folder(struct catalog *c, const char *name, struct known_folder *out,
    struct err *e)
{
	return one_folder(c, FOLDER_SELECT "AND f.name = ?2 "
	    "ORDER BY f.gone, f.folder DESC LIMIT 1", name, 0, out, e);
}

int
catalog_folder_by_id(struct catalog *c, const char *id,
    struct known_folder *out, struct err *e)
{
	return one_folder(c, FOLDER_SELECT "AND f.mailboxid = ?2 "
	    "ORDER BY f.gone, f.folder DESC LIMIT 1", id, 0, out, e);
}

int
catalog_folder_by_number(struct catalog *c, uint64_t number,
    struct known_folder *out, struct err *e)
{
	return one_folder(c, FOLDER_SELECT "AND f.folder = ?2", NULL, number,
	    out, e);
}

static int
highest(struct catalog *c, const char *sql, uint64_t *out, struct err *e)
{
	int64_t n;

	if (db_number(c, sql, &n, e) == -1)
		return -1;
	*out = (uint64_t)n;
	return 0;
}

int
catalog_last_folder(struct catalog *c, uint64_t *out, struct err *e)
{
	return highest(c, "SELECT coalesce(max(folder), 0) FROM folder", out,
	    e);
}

int
catalog_last_epoch(struct catalog *c, uint64_t *out, struct err *e)
{
	return highest(c, "SELECT coalesce(max(epoch), 0) FROM epoch", out, e);
}

int
catalog_epoch(struct catalog *c, uint64_t folder, struct known_epoch *out,
    struct err *e)
{
	struct known_epoch k = { .folder = folder };
	sqlite3_stmt *s;
	int rc;

	if (write_flush(c, e) == -1 ||
	    db_use(c, "SELECT e.epoch, e.uidvalidity, s.live, s.max_uid, "
	    "s.missing, s.has_state, s.complete, s.uidnext, s.highestmodseq, "
	    "s.messages, s.full_time, coalesce((SELECT max(m.uid) "
	    "FROM message m INDEXED BY message_live "
	    "WHERE m.epoch = e.epoch AND m.gone IS NULL), 0), "
	    "(SELECT time FROM manifest WHERE manifest = e.at), "
	    "EXISTS (SELECT 1 FROM epoch o WHERE o.folder = e.folder "
	    "AND o.epoch < e.epoch) FROM epoch e "
	    "LEFT JOIN epoch_at s ON s.epoch = e.epoch WHERE e.epoch = "
	    "(SELECT max(epoch) FROM epoch WHERE folder = ?1) "
	    "ORDER BY s.at DESC LIMIT 1", &s, e) == -1)
		return -1;
	db_u64(c, s, 1, folder);
	if ((rc = db_step(c, s, e)) == 1) {
		k.epoch = db_col_u64(c, s, 0);
		k.uidvalidity = db_col_u64(c, s, 1);
		k.live = db_col_u64(c, s, 2);
		k.max_uid = (uint32_t)db_col_max(c, s, 3, UID_MAX);
		k.missing = db_col_u64(c, s, 4);
		k.has_state = db_col_bool(c, s, 5);
		k.complete = db_col_bool(c, s, 6);
		k.uidnext = db_col_u64(c, s, 7);
		k.highestmodseq = db_col_u64(c, s, 8);
		k.exists = db_col_u64(c, s, 9);
		k.full_time = db_col_int(c, s, 10);
		k.max_live = (uint32_t)db_col_max(c, s, 11, UID_MAX);
		k.began = db_col_int(c, s, 12);
		k.renewed = db_col_bool(c, s, 13);
	}
	db_end(s);
	if (rc != 1)
		return rc;
	if (db_sane(c, e) == -1)
		return -1;
	*out = k;
	return 1;
}

int
catalog_complete(struct catalog *c, uint64_t folder, uint64_t at,
    uint64_t *out, struct err *e)
{
	sqlite3_stmt *s;
	uint64_t commit = 0;
	int rc;

	if (write_flush(c, e) == -1 ||
	    db_use(c, "SELECT s.at FROM epoch e JOIN epoch_at s "
	    "ON s.epoch = e.epoch WHERE e.folder = ?1 AND s.at <= ?2 "
	    "AND s.complete ORDER BY s.at DESC LIMIT 1", &s, e) == -1)
		return -1;
	db_u64(c, s, 1, folder);
	db_u64(c, s, 2, db_at(at));
	if ((rc = db_step(c, s, e)) == 1)
		commit = db_col_u64(c, s, 0);
	db_end(s);
	if (rc != 1)
		return rc;
	if (db_sane(c, e) == -1)
		return -1;
	*out = commit;
	return 1;
}

static void
fill_run_end(struct catalog *c, sqlite3_stmt *s, struct known_commit *k)
{
	uint64_t *const counts[] = { &k->counts.folders, &k->counts.listed,
	    &k->counts.fetched, &k->counts.fetched_bytes, &k->counts.added,
	    &k->counts.added_bytes, &k->counts.flags, &k->counts.gone,
	    &k->counts.missing, &k->counts.failed, &k->counts.stored_bytes };
	size_t i;

	k->result = db_col_text(c, s, 12);
	k->status = (int)db_col_int(c, s, 13);
	k->error = db_col_opt(c, s, 14);
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		*counts[i] = db_col_u64(c, s, 15 + (int)i);
}

static int
fill_commit(struct catalog *c, sqlite3_stmt *s, struct known_commit *k,
    struct err *e)
{
	*k = (struct known_commit){ .commit = db_col_u64(c, s, 0) };
	k->time = db_col_int(c, s, 1);
	db_col_digest(c, s, 2, &k->head);
	k->run = db_col_u64(c, s, 3);
	k->added = db_col_u64(c, s, 4);
	k->added_bytes = db_col_u64(c, s, 5);
	k->gone = db_col_u64(c, s, 6);
	k->flags = db_col_u64(c, s, 7);
	k->missing = db_col_u64(c, s, 8);
	k->packs = db_col_u64(c, s, 9);
	k->stored_bytes = db_col_u64(c, s, 10);
	k->verb = db_col_text(c, s, 11);
	if ((k->run_ends = !db_col_null(s, 12)))
		fill_run_end(c, s, k);
	return db_sane(c, e);
}

int
catalog_commits(struct catalog *c, catalog_commit_fn *fn, void *arg,
    struct err *e)
{
	struct known_commit k;
	sqlite3_stmt *s = NULL;
	int rc;

	if (write_flush(c, e) == -1 ||
	    db_prepare(c, "SELECT m.manifest, m.time, m.sha256, m.run, "
	    "m.added, m.added_bytes, m.gone, m.flags, m.missing, m.packs, "
	    "m.stored_bytes, coalesce(r.verb, ''), x.result, x.status, "
	    "x.error, x.folders, x.listed, x.fetched, x.fetched_bytes, "
	    "x.added, x.added_bytes, x.flags, x.gone, x.missing, x.failed, "
	    "x.stored_bytes FROM manifest m LEFT JOIN run r ON r.run = m.run "
	    "LEFT JOIN run_end x ON x.manifest = m.manifest "
	    "ORDER BY m.manifest DESC", &s, e) == -1)
		return -1;
	while ((rc = db_step(c, s, e)) == 1) {
		if ((rc = fill_commit(c, s, &k, e)) == -1 ||
		    (rc = fn(arg, &k, e)) != 0)
			break;
	}
	db_finish(&s);
	return rc;
}

/*
 * Folders on the server with their newest epochs, all epochs, the packs of
 * the vault.  CROSS
 * JOIN keeps SQLite from reading all of epoch_at.
 */
static const char select_totals[] =
    "SELECT f.n, f.live, f.live_bytes, f.missing, "
    "k.kept, k.kept_bytes, h.blobs, h.blob_bytes, p.n, p.bytes FROM head h, "
    "(SELECT count(*) AS n, coalesce(sum(s.live), 0) AS live, "
    "coalesce(sum(s.live_bytes), 0) AS live_bytes, "
    "coalesce(sum(s.missing), 0) AS missing "
    "FROM folder x LEFT JOIN epoch e ON e.epoch = "
    "(SELECT max(epoch) FROM epoch WHERE folder = x.folder) "
    "LEFT JOIN epoch_at s ON s.epoch = e.epoch AND s.at = "
    "(SELECT max(at) FROM epoch_at WHERE epoch = e.epoch) "
    "WHERE x.gone = 0 AND x.at = "
    "(SELECT max(at) FROM folder WHERE folder = x.folder)) f, "
    "(SELECT coalesce(sum(s.kept), 0) AS kept, "
    "coalesce(sum(s.kept_bytes), 0) AS kept_bytes "
    "FROM epoch e CROSS JOIN epoch_at s ON s.epoch = e.epoch AND s.at = "
    "(SELECT max(at) FROM epoch_at WHERE epoch = e.epoch)) k, "
    "(SELECT count(size) AS n, coalesce(sum(size), 0) AS bytes "
    "FROM pack WHERE retired IS NULL) p";

int
catalog_totals(struct catalog *c, struct known_totals *out, struct err *e)
{
	struct known_totals t = { .folders = 0 };
	sqlite3_stmt *s;
	int rc;

	if (write_flush(c, e) == -1 ||
	    db_use(c, select_totals, &s, e) == -1)
		return -1;
	if ((rc = db_step(c, s, e)) == 1) {
		t.folders = db_col_u64(c, s, 0);
		t.live = db_col_u64(c, s, 1);
		t.live_bytes = db_col_u64(c, s, 2);
		t.missing = db_col_u64(c, s, 3);
		t.kept = db_col_u64(c, s, 4);
		t.kept_bytes = db_col_u64(c, s, 5);
		t.blobs = db_col_u64(c, s, 6);
		t.blob_bytes = db_col_u64(c, s, 7);
		t.packs = db_col_u64(c, s, 8);
		t.stored_bytes = db_col_u64(c, s, 9);
	}
	db_end(s);
	if (rc == 0)
		return err_set(e, EK_CORRUPT, "the catalog has no head");
	if (rc == -1 || db_sane(c, e) == -1)
		return -1;
	*out = t;
	return 0;
}

int
catalog_server(struct catalog *c, struct rec_server *out, struct err *e)
{
	struct rec_server r = { .capability = NULL };
	sqlite3_stmt *s;
	int rc;

	db_forget(c);
	if (db_use(c, "SELECT capability, server_id FROM head "
	    "WHERE capability IS NOT NULL", &s, e) == -1)
		return -1;
	if ((rc = db_step(c, s, e)) == 1) {
		r.capability = db_keep(c, db_col_text(c, s, 0));
		r.id = db_keep(c, db_col_opt(c, s, 1));
	}
	db_end(s);
	if (rc != 1)
		return rc;
	if (db_sane(c, e) == -1)
		return -1;
	*out = r;
	return 1;
}
