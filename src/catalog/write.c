/*
 * write.c - what is counted while records are applied becomes rows.
 */
#include "catalog/write.h"

#define COMMIT_WAIT	1000	/* ms for readers to finish */

int
write_alive(struct catalog *c, struct err *e)
{
	if (sqlite3_get_autocommit(c->db) != 0)
		c->w->failed = true;
	if (c->w->failed)
		return err_set(e, EK_FAIL,
		    "the catalog: an earlier write of the commit failed");
	return 0;
}

int
write_commit(struct catalog *c, const struct digest *d, struct err *e)
{
	const struct commit *now = &c->w->now;
	sqlite3_stmt *s;

	if (db_use(c, "INSERT OR REPLACE INTO manifest VALUES "
	    "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)", &s, e) == -1)
		return -1;
	db_u64(c, s, 1, now->commit);
	db_int(c, s, 2, now->time);
	db_digest(c, s, 3, d);
	db_u64(c, s, 4, now->run);
	db_u64(c, s, 5, now->added);
	db_u64(c, s, 6, now->added_bytes);
	db_u64(c, s, 7, now->gone);
	db_u64(c, s, 8, now->flags);
	db_u64(c, s, 9, now->missing);
	db_u64(c, s, 10, now->packs);
	db_u64(c, s, 11, now->stored_bytes);
	if (db_run(c, s, e) == -1)
		return -1;
	if (db_use(c, "UPDATE head SET blobs = ?1, blob_bytes = ?2", &s,
	    e) == -1)
		return -1;
	db_u64(c, s, 1, now->blobs);
	db_u64(c, s, 2, now->blob_bytes);
	return db_run(c, s, e);
}

int
write_flush(struct catalog *c, struct err *e)
{
	static const struct digest none;

	if (c->w == NULL || !c->w->open)
		return 0;
	if (write_alive(c, e) == -1 ||
	    epoch_flush(c, e) == -1 || pack_flush(c, e) == -1)
		return -1;
	return write_commit(c, &none, e);
}

int
write_through(struct catalog *c, struct err *e)
{
	int rc;

	/* Readers may take their time; what is not done now is done with the next commit. */
	sqlite3_busy_timeout(c->db, COMMIT_WAIT);
	rc = db_exec(c, "COMMIT", e);
	sqlite3_busy_timeout(c->db, DB_BUSY_WAIT);
	return rc;
}

int
write_end_loose(struct catalog *c, struct err *e)
{
	int rc;

	if (c->w->loose == 0)
		return 0;
	rc = write_through(c, e);
	/* A full disk or a failed write makes SQLite roll back by itself. */
	if (sqlite3_get_autocommit(c->db) != 0)
		c->w->loose = 0;
	return rc;
}
