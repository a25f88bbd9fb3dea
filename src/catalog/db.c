/*
 * db.c - see db.h.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "catalog/db.h"

static bool
no_space(int sys)
{
	return sys == ENOSPC || sys == EDQUOT || sys == EFBIG;
}

static enum err_kind
kind_of(int rc, int sys)
{
	if (rc == SQLITE_IOERR_DATA || rc == SQLITE_IOERR_CORRUPTFS)
		return EK_CORRUPT;
	switch (rc & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_ERROR:	/* a table or column isn't there */
	case SQLITE_TOOBIG:	/* said by a damaged row */
		return EK_CORRUPT;
	case SQLITE_FULL:
		return EK_SPACE;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return EK_LOCKED;
	default:
		return no_space(sys) ? EK_SPACE : EK_FAIL;
	}
}

/* It can be had again from the manifests, once it is let go. */
static int
damaged(struct catalog *c, struct err *e)
{
	c->damaged = true;
	return err_next(e, "it is only an index: run it again, and it is built "
	    "anew from the manifests");
}

int
db_error(struct catalog *c, int rc, struct err *e)
{
	enum err_kind kind;
	int sys = 0, last = errno;

	if ((rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CANTOPEN)
		sys = sqlite3_system_errno(c->db);
	/* Of a failed COMMIT it doesn't keep the reason; a full disk is worth a guess. */
	if (sys == 0 && (rc & 0xff) == SQLITE_IOERR && no_space(last))
		sys = last;
	kind = kind_of(rc, sys);
	if (rc == SQLITE_IOERR_DATA)
		err_set(e, kind, "the catalog has a damaged page");
	else if (sys != 0 && kind != EK_CORRUPT)
		err_set(e, kind, "the catalog: %s: %s", sqlite3_errstr(rc),
		    strerror(sys));
	else
		err_set(e, kind, "the catalog: %s", sqlite3_errmsg(c->db));
	e->sys = sys;
	if (kind == EK_CORRUPT)
		damaged(c, e);
	return -1;
}

int
db_exec(struct catalog *c, const char *sql, struct err *e)
{
	int rc;

	if ((rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL)) != SQLITE_OK)
		return db_error(c, rc, e);
	return 0;
}

int
db_number(struct catalog *c, const char *sql, int64_t *out, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc;

	if (db_prepare(c, sql, &s, e) == -1)
		return -1;
	if ((rc = db_step(c, s, e)) == 1)
		*out = db_col_int(c, s, 0);
	else if (rc == 0)
		err_set(e, EK_CORRUPT, "the catalog has no %s", sql);
	db_finish(&s);
	return rc == 1 ? db_sane(c, e) : -1;
}

static int
prepare(struct catalog *c, const char *sql, unsigned int flags,
    sqlite3_stmt **out, struct err *e)
{
	int rc;

	rc = sqlite3_prepare_v3(c->db, sql, -1, flags, out, NULL);
	return rc == SQLITE_OK ? 0 : db_error(c, rc, e);
}

int
db_prepare(struct catalog *c, const char *sql, sqlite3_stmt **out,
    struct err *e)
{
	return prepare(c, sql, 0, out, e);
}

void
db_finish(sqlite3_stmt **sp)
{
	sqlite3_finalize(*sp);
	*sp = NULL;
}

int
db_use(struct catalog *c, const char *sql, sqlite3_stmt **out, struct err *e)
{
	size_t i = ((uintptr_t)sql >> 4) % DB_STATEMENTS, tried;
	struct db_statement *st = NULL;

	for (tried = 0; tried < DB_STATEMENTS; tried++) {
		st = &c->statements[(i + tried) % DB_STATEMENTS];
		if (st->sql == sql || st->sql == NULL)
			break;
	}
	assert(tried < DB_STATEMENTS);
	if (st->sql == NULL) {
		if (prepare(c, sql, SQLITE_PREPARE_PERSISTENT, &st->s,
		    e) == -1)
			return -1;
		st->sql = sql;
	}
	assert(!sqlite3_stmt_busy(st->s));
	*out = st->s;
	return 0;
}

void
db_end(sqlite3_stmt *s)
{
	sqlite3_reset(s);
}

static void
bound(struct catalog *c, int rc)
{
	if (rc != SQLITE_OK && c->bound == SQLITE_OK)
		c->bound = rc;
}

void
db_int(struct catalog *c, sqlite3_stmt *s, int i, int64_t v)
{
	bound(c, sqlite3_bind_int64(s, i, v));
}

void
db_u64(struct catalog *c, sqlite3_stmt *s, int i, uint64_t v)
{
	if (v > INT64_MAX)
		bound(c, SQLITE_TOOBIG);
	else
		bound(c, sqlite3_bind_int64(s, i, (int64_t)v));
}

void
db_null(struct catalog *c, sqlite3_stmt *s, int i)
{
	bound(c, sqlite3_bind_null(s, i));
}

void
db_text(struct catalog *c, sqlite3_stmt *s, int i, const char *text)
{
	if (text == NULL)
		db_null(c, s, i);
	else
		bound(c, sqlite3_bind_text64(s, i, text, strlen(text),
		    SQLITE_STATIC, SQLITE_UTF8));
}

void
db_digest(struct catalog *c, sqlite3_stmt *s, int i, const struct digest *d)
{
	bound(c, sqlite3_bind_blob(s, i, d->b, sizeof(d->b), SQLITE_STATIC));
}

/*
 * What SQLite said when it refused a parameter, or had no memory for a column.
 */
static int
refused(struct catalog *c, struct err *e)
{
	int rc = c->bound;

	c->bound = SQLITE_OK;
	return err_set(e, EK_FAIL, "the catalog: %s", rc == SQLITE_TOOBIG ?
	    "a number or text is too large" : sqlite3_errstr(rc));
}

int
db_step(struct catalog *c, sqlite3_stmt *s, struct err *e)
{
	int rc;

	if (c->bound != SQLITE_OK)
		return refused(c, e);
	if ((rc = sqlite3_step(s)) == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : db_error(c, rc, e);
}

int
db_run(struct catalog *c, sqlite3_stmt *s, struct err *e)
{
	int rc;

	while ((rc = db_step(c, s, e)) == 1)
		;
	db_end(s);
	return rc;
}

/*
 * A column that has what its type can't be, or whose bytes SQLite found no
 * memory for.
 */
static void
odd(struct catalog *c)
{
	if (sqlite3_errcode(c->db) == SQLITE_NOMEM)
		bound(c, SQLITE_NOMEM);
	c->odd = true;
}

int64_t
db_col_int(struct catalog *c, sqlite3_stmt *s, int i)
{
	if (sqlite3_column_type(s, i) != SQLITE_INTEGER) {
		c->odd = true;
		return 0;
	}
	return sqlite3_column_int64(s, i);
}

uint64_t
db_col_max(struct catalog *c, sqlite3_stmt *s, int i, uint64_t max)
{
	int64_t v = db_col_int(c, s, i);

	if (v < 0 || (uint64_t)v > max) {
		c->odd = true;
		return 0;
	}
	return (uint64_t)v;
}

uint64_t
db_col_u64(struct catalog *c, sqlite3_stmt *s, int i)
{
	return db_col_max(c, s, i, INT64_MAX);
}

bool
db_col_bool(struct catalog *c, sqlite3_stmt *s, int i)
{
	return db_col_max(c, s, i, 1) == 1;
}

bool
db_col_null(sqlite3_stmt *s, int i)
{
	return sqlite3_column_type(s, i) == SQLITE_NULL;
}

const char *
db_col_text(struct catalog *c, sqlite3_stmt *s, int i)
{
	const char *text = NULL;

	if (sqlite3_column_type(s, i) == SQLITE_TEXT)
		text = (const char *)sqlite3_column_text(s, i);
	/* We only ever put whole C strings in. */
	if (text == NULL ||
	    strlen(text) != (size_t)sqlite3_column_bytes(s, i)) {
		odd(c);
		return "";
	}
	return text;
}

const char *
db_col_opt(struct catalog *c, sqlite3_stmt *s, int i)
{
	return db_col_null(s, i) ? NULL : db_col_text(c, s, i);
}

void
db_col_digest(struct catalog *c, sqlite3_stmt *s, int i, struct digest *out)
{
	const void *p = NULL;

	if (sqlite3_column_type(s, i) == SQLITE_BLOB)
		p = sqlite3_column_blob(s, i);
	if (p == NULL || sqlite3_column_bytes(s, i) != DIGEST_SIZE) {
		odd(c);
		*out = (struct digest){ { 0 } };
		return;
	}
	memcpy(out->b, p, DIGEST_SIZE);
}

int
db_sane(struct catalog *c, struct err *e)
{
	if (!c->odd)
		return 0;
	c->odd = false;
	if (c->bound != SQLITE_OK)
		return refused(c, e);
	err_set(e, EK_CORRUPT, "the catalog has a row that makes no sense");
	return damaged(c, e);
}

void
db_forget(struct catalog *c)
{
	while (c->n_kept > 0)
		free(c->kept[--c->n_kept]);
}

const char *
db_keep(struct catalog *c, const char *s)
{
	if (s == NULL)
		return NULL;
	assert(c->n_kept < DB_KEPT);
	return c->kept[c->n_kept++] = xstrdup(s);
}

int
db_add(uint64_t *sum, uint64_t n, struct err *e)
{
	uint64_t r;

	if (__builtin_add_overflow(*sum, n, &r) || r > INT64_MAX)
		return err_set(e, EK_FAIL,
		    "the catalog: a sum is too large");
	*sum = r;
	return 0;
}
