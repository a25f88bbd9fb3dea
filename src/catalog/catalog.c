/*
 * catalog.c - opening, closing, transactions.  See catalog.h.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "catalog/write.h"

/* How long a closing writer waits for readers to let go of the log, in ms. */
#define CLOSE_WAIT	2000

/*
 * Whether the file is as it was made, which it also is when a writer was killed
 * before it made tables.
 */
static int
is_empty(struct catalog *c, bool *empty, struct err *e)
{
	int64_t pages;

	if (db_number(c, "PRAGMA page_count", &pages, e) == -1)
		return -1;
	*empty = pages == 0;
	return 0;
}

static int
journal_mode(struct catalog *c, const char *sql, bool *wal, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc;

	if (db_prepare(c, sql, &s, e) == -1)
		return -1;
	if ((rc = db_step(c, s, e)) == 1)
		*wal = strcmp(db_col_text(c, s, 0), "wal") == 0;
	db_finish(&s);
	return rc == -1 ? -1 : db_sane(c, e);
}

/*
 * Copy the log back and go without one.  Readers may prevent it: the next
 * writer tries again.
 */
static void
drop_log(struct catalog *c)
{
	struct err e;
	bool wal = false;

	if (journal_mode(c, "PRAGMA journal_mode", &wal, &e) == 0 && !wal)
		return;
	sqlite3_busy_timeout(c->db, CLOSE_WAIT);
	if (journal_mode(c, "PRAGMA journal_mode = DELETE", &wal, &e) == -1)
		log_info("the catalog keeps its log: %s", e.text);
	sqlite3_busy_timeout(c->db, DB_BUSY_WAIT);
}

static int
prepare_writer(struct catalog *c, struct err *e)
{
	bool empty;

	if (is_empty(c, &empty, e) == -1)
		return -1;
	if (empty && schema_make(c, e) == -1)
		return -1;
	/* Until then it is not ours to change, also not while it is closed. */
	if (schema_check(c, e) == -1)
		return -1;
	c->w = xcalloc(1, sizeof(*c->w));
	drop_log(c);
	return 0;
}

int
catalog_open(const char *path, enum catalog_mode mode, struct catalog **out,
    struct err *e)
{
	struct catalog *c = xcalloc(1, sizeof(*c));

	if (file_open(c, path, mode, e) == -1 ||
	    (mode == CATALOG_WRITE ? prepare_writer(c, e) :
	    schema_check(c, e)) == -1) {
		catalog_close(&c);
		return -1;
	}
	*out = c;
	return 0;
}

bool
catalog_at_rest(const char *path)
{
	return file_at_rest(path);
}

int
catalog_remove(const char *path, struct err *e)
{
	return file_remove(path, e);
}

static void
forget_commit(struct catalog *c)
{
	struct writer *w = c->w;

	free(w->pack.name);
	word_clear(&w->words);
	memset(w, 0, sizeof(*w));
	/*
	 * Numbers given in a transaction that was rolled back are given again.
	 */
	word_clear(&c->flags);
	word_clear(&c->labels);
}

static void
close_writer(struct catalog *c)
{
	struct err e;

	catalog_rollback(c);
	if (write_end_loose(c, &e) == -1)
		log_info("the catalog lags behind: %s", e.text);
	forget_commit(c);
	drop_log(c);
	free(c->w);
}

void
catalog_hold(struct catalog *c)
{
	struct err e;

	if (!c->held && sqlite3_get_autocommit(c->db) != 0)
		c->held = db_exec(c, "BEGIN", &e) == 0;
}

void
catalog_let_go(struct catalog *c)
{
	struct err e;

	/* Nothing was written: where this fails, nothing is lost. */
	if (c->held)
		(void)db_exec(c, "COMMIT", &e);
	c->held = false;
}

bool
catalog_damaged(const struct catalog *c)
{
	return c->damaged;
}

void
catalog_close(struct catalog **cp)
{
	struct catalog *c = *cp;
	size_t i;

	if (c == NULL)
		return;
	assert(c->cursors == 0);
	for (i = 0; i < DB_STATEMENTS; i++)
		sqlite3_finalize(c->statements[i].s);
	memset(c->statements, 0, sizeof(c->statements));
	catalog_let_go(c);
	if (c->w != NULL)
		close_writer(c);
	db_forget(c);
	word_clear(&c->flags);
	word_clear(&c->labels);
	sqlite3_close(c->db);
	free(c);
	*cp = NULL;
}

static int
read_head(struct catalog *c, struct catalog_head *out, uint64_t *blobs,
    uint64_t *bytes, struct err *e)
{
	struct catalog_head head = { .commit = 0 };
	sqlite3_stmt *s;
	const char *vault;
	int rc;

	if (db_use(c, "SELECT vault, manifest, sha256, blobs, blob_bytes "
	    "FROM head", &s, e) == -1)
		return -1;
	if ((rc = db_step(c, s, e)) == 1) {
		vault = db_col_text(c, s, 0);
		if (strlen(vault) >= sizeof(head.vault))
			c->odd = true;
		else
			memcpy(head.vault, vault, strlen(vault) + 1);
		head.commit = db_col_max(c, s, 1, DB_COMMIT_MAX);
		db_col_digest(c, s, 2, &head.sha256);
		*blobs = db_col_u64(c, s, 3);
		*bytes = db_col_u64(c, s, 4);
	} else if (rc == 0)
		err_set(e, EK_CORRUPT, "the catalog has no head");
	db_end(s);
	if (rc != 1 || db_sane(c, e) == -1)
		return -1;
	*out = head;
	return 0;
}

int
catalog_head(struct catalog *c, struct catalog_head *out, struct err *e)
{
	uint64_t blobs, bytes;

	return read_head(c, out, &blobs, &bytes, e);
}

int
catalog_bulk(struct catalog *c, struct err *e)
{
	bool wal = false;

	assert(c->w != NULL && !c->w->open);
	catalog_let_go(c);
	if (write_end_loose(c, e) == -1)
		return -1;
	if (journal_mode(c, "PRAGMA journal_mode = WAL", &wal, e) == -1) {
		if (e->kind != EK_LOCKED)
			return -1;
		log_info("%s", e->text);
	}
	/*
	 * Some file systems can't have one.  All works without, only readers
	 * wait.
	 */
	if (!wal)
		log_info("the catalog has no write-ahead log");
	return 0;
}

/*
 * A manifest that is not the very next one of this vault would make a catalog
 * of something that never was.
 */
static int
check_next(const struct rec_head *h, const struct catalog_head *last,
    struct err *e)
{
	if (strlen(h->vault) >= sizeof(last->vault) || h->vault[0] == '\0')
		return err_set(e, EK_CORRUPT, "commit %llu has no vault's id",
		    (unsigned long long)h->commit);
	if (last->vault[0] != '\0' && strcmp(h->vault, last->vault) != 0)
		return err_set(e, EK_CORRUPT,
		    "commit %llu is of vault %s, the catalog of %s",
		    (unsigned long long)h->commit, h->vault, last->vault);
	if (h->commit > DB_COMMIT_MAX)
		return err_set(e, EK_FAIL,
		    "the catalog can't count as far as commit %llu",
		    (unsigned long long)h->commit);
	if (h->commit != last->commit + 1 ||
	    !digest_equal(&h->prev, &last->sha256))
		return err_set(e, EK_CORRUPT,
		    "commit %llu does not follow the catalog's commit %llu",
		    (unsigned long long)h->commit,
		    (unsigned long long)last->commit);
	return 0;
}

static int
begin(struct catalog *c, const struct rec_head *h, struct err *e)
{
	struct commit *now = &c->w->now;
	struct catalog_head last;
	sqlite3_stmt *s;

	if (read_head(c, &last, &now->blobs, &now->blob_bytes, e) == -1 ||
	    check_next(h, &last, e) == -1 ||
	    db_number(c, "SELECT coalesce(max(pack), 0) + 1 FROM pack",
	    &now->first_pack, e) == -1)
		return -1;
	now->commit = h->commit;
	now->run = h->run;
	now->time = h->time;
	now->line = 1;
	if (db_use(c, "UPDATE head SET vault = ?1", &s, e) == -1)
		return -1;
	db_text(c, s, 1, h->vault);
	return db_run(c, s, e);
}

int
catalog_begin(struct catalog *c, const struct rec_head *h, struct err *e)
{
	assert(c->w != NULL && !c->w->open);
	catalog_let_go(c);
	if (write_end_loose(c, e) == -1 && e->kind != EK_LOCKED)
		return -1;
	if (sqlite3_get_autocommit(c->db) != 0 &&
	    db_exec(c, "BEGIN IMMEDIATE", e) == -1)
		return -1;
	forget_commit(c);
	c->w->open = true;
	if (begin(c, h, e) == -1) {
		catalog_rollback(c);
		return -1;
	}
	return 0;
}

static int
finish(struct catalog *c, const struct digest *d, struct err *e)
{
	sqlite3_stmt *s;

	if (write_alive(c, e) == -1)
		return -1;
	if (c->w->now.unplaced > 0)
		return err_set(e, EK_CORRUPT,
		    "commit %llu has messages without a content",
		    (unsigned long long)c->w->now.commit);
	if (write_flush(c, e) == -1 || pack_check(c, e) == -1 ||
	    write_commit(c, d, e) == -1)
		return -1;
	if (db_use(c, "UPDATE head SET manifest = ?1, sha256 = ?2", &s,
	    e) == -1)
		return -1;
	db_u64(c, s, 1, c->w->now.commit);
	db_digest(c, s, 2, d);
	return db_run(c, s, e);
}

int
catalog_commit(struct catalog *c, const struct digest *d, struct err *e)
{
	int rc;

	assert(c->w != NULL && c->w->open);
	if ((rc = finish(c, d, e)) == 0 &&
	    (rc = write_through(c, e)) == -1 && e->kind == EK_LOCKED) {
		/* A reader is in the way: what comes next takes it along. */
		log_info("%s", e->text);
		c->w->loose = 1;
		rc = 0;
	}
	c->w->failed = rc == -1;
	c->w->open = rc == -1;
	return rc;
}

void
catalog_rollback(struct catalog *c)
{
	struct err ignored;

	if (c->w == NULL || !c->w->open)
		return;
	if (sqlite3_get_autocommit(c->db) == 0)
		db_exec(c, "ROLLBACK", &ignored);
	forget_commit(c);
}
