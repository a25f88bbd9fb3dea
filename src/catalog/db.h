/*
 * db.h - SQLite as the rest of this room uses it: a handle, statements that are prepared once, parameters and columns
 * that are checked, errors as struct err.
 *
 * A statement from db_use() is shared by all who use the same text: it serves questions that find one thing and is over
 * (db_end) before the function returns, so that no lock outlives a question.  Whoever calls a function of the caller's
 * between rows, or hands out a cursor, has a statement of its own from db_prepare().
 */
#ifndef CATALOG_DB_H
#define CATALOG_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "catalog/catalog.h"

#define DB_BUSY_WAIT	10000	/* ms that a question or commit waits for the other side's lock */
#define DB_STATEMENTS	128	/* slots; about half of them are used */
#define DB_KEPT		16	/* strings of one row that outlive its statement */
#define DB_WORDS	128	/* texts remembered of a kind */

/*
 * A message's id in one integer: its commit above its line.  Both are checked where they come in; a manifest of 2^31
 * lines would have 100 GB, and 2^32 commits are 8,000 years of one a minute.
 */
#define DB_LINE_BITS	31
#define DB_LINE_MAX	((UINT64_C(1) << DB_LINE_BITS) - 1)
#define DB_COMMIT_MAX	((UINT64_C(1) << 32) - 1)

struct db_statement {
	const char	*sql;	/* borrowed: the address of a literal is the key */
	sqlite3_stmt	*s;	/* own */
};

/* Texts of the table word that were met lately. */
struct word {
	int64_t		 id;	/* 0: an empty slot */
	char		*text;	/* own */
};
struct words {
	struct word	 slot[DB_WORDS];
};

struct writer;

struct catalog {
	sqlite3		*db;				/* own */
	struct db_statement statements[DB_STATEMENTS];
	struct writer	*w;				/* own; NULL for a reader */
	struct words	 flags, labels;			/* of rows handed out, by id */
	char		*kept[DB_KEPT];			/* own */
	size_t		 n_kept;
	size_t		 cursors;			/* open ones */
	bool		 held;				/* see catalog_hold() */
	int		 bound;				/* SQLite's word on a parameter it refused, or 0 */
	bool		 odd;				/* a column held what we never write */
	bool		 damaged;			/* something in the file was not as it was written */
};

static inline uint64_t
db_id(uint64_t commit, uint64_t line)
{
	return commit << DB_LINE_BITS | line;
}

/* db_at(at): a commit to compare with, CATALOG_NOW being later than all. */
static inline uint64_t
db_at(uint64_t at)
{
	return at > DB_COMMIT_MAX ? DB_COMMIT_MAX : at;
}

/* db_error(c, rc, e): fill ${e} from SQLite's code and text.  Return -1. */
int db_error(struct catalog *, int, struct err *);

/* db_exec(c, sql, e): statements without parameters or rows. */
int db_exec(struct catalog *, const char *, struct err *);
/* db_number(c, sql, out, e): the one integer that a query without parameters gives. */
int db_number(struct catalog *, const char *, int64_t *, struct err *);
/* db_prepare(c, sql, out, e): the caller's own; ends with db_finish(), which accepts NULL. */
int db_prepare(struct catalog *, const char *, sqlite3_stmt **, struct err *);
void db_finish(sqlite3_stmt **);
/* db_use(c, sql, out, e): a shared one, ready for parameters.  ${sql} must be a literal or static. */
int db_use(struct catalog *, const char *, sqlite3_stmt **, struct err *);
void db_end(sqlite3_stmt *);

/* Parameters.  What does not fit is remembered and makes db_step() fail.  Texts are borrowed until db_end(). */
void db_int(struct catalog *, sqlite3_stmt *, int, int64_t);
void db_u64(struct catalog *, sqlite3_stmt *, int, uint64_t);
void db_null(struct catalog *, sqlite3_stmt *, int);
void db_text(struct catalog *, sqlite3_stmt *, int, const char *);	/* NULL is null */
void db_digest(struct catalog *, sqlite3_stmt *, int, const struct digest *);

/* db_step(c, s, e): 1 a row, 0 the end, -1.  db_run(c, s, e): to the end, then db_end(). */
int db_step(struct catalog *, sqlite3_stmt *, struct err *);
int db_run(struct catalog *, sqlite3_stmt *, struct err *);

/* Columns, from 0.  What we never write there makes db_sane() fail; db_col_opt() is for what may be null. */
int64_t db_col_int(struct catalog *, sqlite3_stmt *, int);
uint64_t db_col_u64(struct catalog *, sqlite3_stmt *, int);
uint64_t db_col_max(struct catalog *, sqlite3_stmt *, int, uint64_t max);
bool db_col_bool(struct catalog *, sqlite3_stmt *, int);
bool db_col_null(sqlite3_stmt *, int);
const char *db_col_text(struct catalog *, sqlite3_stmt *, int);
const char *db_col_opt(struct catalog *, sqlite3_stmt *, int);
void db_col_digest(struct catalog *, sqlite3_stmt *, int, struct digest *);
/* db_sane(c, e): 0, or -1 with EK_CORRUPT where a column since the last call was odd. */
int db_sane(struct catalog *, struct err *);

/*
 * db_forget(c), db_keep(c, s): let go of the last row's strings; a copy of one that lives until then (NULL stays
 * NULL).
 */
void db_forget(struct catalog *);
const char *db_keep(struct catalog *, const char *);

/* db_add(sum, n, e): ${*sum} += ${n}, or -1 where the catalog could not hold it. */
int db_add(uint64_t *, uint64_t, struct err *);

/* word.c: word_text(c, words, id, out, e): the text of a number, borrowed from ${words}.  word_clear(w): forget all. */
int word_text(struct catalog *, struct words *, int64_t, const char **, struct err *);
void word_clear(struct words *);

/* file.c: connect ${c} to the file, which a writer makes where there is none; remove a file and its journals. */
int file_open(struct catalog *, const char *path, enum catalog_mode, struct err *);
int file_remove(const char *path, struct err *);
/* file_at_rest(path): a file of its own, with no journal beside it. */
bool file_at_rest(const char *path);

/*
 * list.c: list_ids(c, v, n, fn, arg, e): call for each of these messages, as catalog_messages() with ${all} shows them.
 * Those of a folder stand together.
 */
struct list_id {
	uint64_t	 folder, id;
	uint32_t	 uid;
};
int list_ids(struct catalog *, const struct list_id *, size_t, catalog_message_fn *, void *, struct err *);

/* schema.c: make the tables of an empty file; see whether a file has exactly these. */
int schema_make(struct catalog *, struct err *);
int schema_check(struct catalog *, struct err *);

/*
 * pagesum.c: the name of a VFS that keeps a checksum in the last bytes of each page.  pagesum_reserve(db): give a new
 * file the room for it; pagesum_kept(c): whether a file has it.
 */
#define PAGESUM_PAGE	4096
const char *pagesum_vfs(void);
int pagesum_reserve(sqlite3 *);
bool pagesum_kept(sqlite3 *);

#endif
