/*
 * content.c - questions about contents, and the header lines kept with them.
 */
#include <assert.h>

#include "base/log.h"
#include "catalog/write.h"

/* So many header lines outside a commit are put before they are durable. */
#define LOOSE_MAX	4096
/* So many contents are looked at anew rather than to write that it was done. */
#define FILLED_STEP	"1000"

#define BLOB_SELECT							\
	"SELECT b.sha256, b.size, p.name, b.frame, b.start, b.stored, "	\
	"b.form, b.newline_added, p.size, f.start, f.size, f.raw, "	\
	"p.retired IS NOT NULL "					\
	"FROM blob b LEFT JOIN pack p ON p.pack = b.pack "		\
	"LEFT JOIN frame f ON f.pack = b.pack AND f.frame = b.frame "	\
	"WHERE b.pack IS NOT NULL "

static int
fill_blob(struct catalog *c, sqlite3_stmt *s, struct digest *sha256,
    struct known_blob *out, struct err *e)
{
	struct known_blob b = { .size = db_col_u64(c, s, 1) };
	bool open;

	db_col_digest(c, s, 0, sha256);
	b.place.pack = db_keep(c, db_col_text(c, s, 2));
	b.place.frame = db_col_u64(c, s, 3);
	b.place.offset = db_col_u64(c, s, 4);
	b.place.stored = db_col_u64(c, s, 5);
	b.place.form = (enum blob_form)db_col_max(c, s, 6, BLOB_RAW);
	b.place.newline_added = db_col_bool(c, s, 7);
	/*
	 * Pack and frames are recorded at the end of a commit, which has not
	 * come yet while one is open.
	 */
	open = c->w != NULL && c->w->open;
	b.lost = db_col_bool(c, s, 12);
	if (!b.lost && (!open || !db_col_null(s, 8)))
		b.pack_size = db_col_u64(c, s, 8);
	if (!open || !db_col_null(s, 9)) {
		b.frame.offset = db_col_u64(c, s, 9);
		b.frame.size = db_col_u64(c, s, 10);
		b.frame.raw = db_col_u64(c, s, 11);
	}
	if (db_sane(c, e) == -1)
		return -1;
	*out = b;
	return 0;
}

/* Content ${number}, which has a place: 1, 0 not there, -1. */
static int
get_blob(struct catalog *c, int64_t number, struct digest *sha256,
    struct known_blob *out, struct err *e)
{
	sqlite3_stmt *s;
	int rc;

	if (db_use(c, BLOB_SELECT "AND b.blob = ?1", &s, e) == -1)
		return -1;
	db_int(c, s, 1, number);
	if ((rc = db_step(c, s, e)) == 1 &&
	    fill_blob(c, s, sha256, out, e) == -1)
		rc = -1;
	db_end(s);
	return rc;
}

int
catalog_blob(struct catalog *c, const struct digest *d, struct known_blob *out,
    struct err *e)
{
	struct last_blob b;
	struct digest same;
	int rc;

	db_forget(c);
	if ((rc = blob_find(c, d, &b, e)) != 1 || !b.placed)
		return rc == -1 ? -1 : 0;
	return get_blob(c, b.number, &same, out, e);
}

int
catalog_emailid(struct catalog *c, const char *id, struct digest *out,
    uint64_t *size, struct err *e)
{
	struct digest d;
	sqlite3_stmt *s;
	uint64_t n = 0;
	int rc;

	if (db_use(c, "SELECT b.sha256, b.size FROM message m "
	    "JOIN blob b ON b.blob = m.blob JOIN pack p ON p.pack = b.pack "
	    "WHERE m.emailid = ?1 AND p.retired IS NULL "
	    "ORDER BY m.id DESC LIMIT 1", &s, e) == -1)
		return -1;
	db_text(c, s, 1, id);
	if ((rc = db_step(c, s, e)) == 1) {
		db_col_digest(c, s, 0, &d);
		n = db_col_u64(c, s, 1);
	}
	db_end(s);
	if (rc != 1)
		return rc;
	if (db_sane(c, e) == -1)
		return -1;
	*out = d;
	*size = n;
	return 1;
}

int
catalog_pack_blobs(struct catalog *c, const char *name, catalog_blob_fn *fn,
    void *arg, struct err *e)
{
	sqlite3_stmt *s = NULL;
	struct known_blob b;
	struct digest d;
	int rc;

	if (db_prepare(c, BLOB_SELECT "AND b.pack = "
	    "(SELECT pack FROM pack WHERE name = ?1) "
	    "ORDER BY b.frame, b.start, b.blob", &s, e) == -1)
		return -1;
	db_text(c, s, 1, name);
	while ((rc = db_step(c, s, e)) == 1) {
		db_forget(c);
		if ((rc = fill_blob(c, s, &d, &b, e)) == -1 ||
		    (rc = fn(arg, &d, &b, e)) != 0)
			break;
	}
	db_finish(&s);
	return rc;
}

static int
put_headers(struct catalog *c, const struct digest *d,
    const char *const *values, struct err *e)
{
	struct last_blob b;
	sqlite3_stmt *s;
	int i, rc;

	if ((rc = blob_find(c, d, &b, e)) == -1)
		return -1;
	if (rc == 0)
		return err_set(e, EK_FAIL,
		    "the catalog doesn't know this content");
	if (db_use(c, "INSERT OR REPLACE INTO header (blob, sender, "
	    "recipient, subject, date, message_id) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, ?6)", &s, e) == -1)
		return -1;
	db_int(c, s, 1, b.number);
	for (i = 0; i < HEADER_FIELDS; i++)
		db_text(c, s, 2 + i, values[i]);
	return db_run(c, s, e);
}

int
catalog_headers(struct catalog *c, const struct digest *d,
    const char *const *values, struct err *e)
{
	struct writer *w = c->w;

	assert(w != NULL);
	if (w->open)
		return write_alive(c, e) == -1 ? -1 :
		    put_headers(c, d, values, e);
	/*
	 * Outside a commit: thousands in one transaction, which whatever comes
	 * next ends.
	 */
	catalog_let_go(c);
	if (w->loose == 0 && db_exec(c, "BEGIN IMMEDIATE", e) == -1)
		return -1;
	w->loose++;
	if (put_headers(c, d, values, e) == -1) {
		if (sqlite3_get_autocommit(c->db) != 0)
			w->loose = 0;
		return -1;
	}
	if (w->loose < LOOSE_MAX || write_end_loose(c, e) == 0)
		return 0;
	w->loose = 1;	/* a reader is in the way: not again at once */
	return e->kind == EK_LOCKED ? 0 : -1;
}

static int
call_headerless(struct catalog *c, int64_t number, catalog_blob_fn *fn,
    void *arg, struct err *e)
{
	struct known_blob b;
	struct digest d;
	int rc;

	db_forget(c);
	if ((rc = get_blob(c, number, &d, &b, e)) == 0)
		err_set(e, EK_CORRUPT, "the catalog lacks a content");
	return rc == 1 ? fn(arg, &d, &b, e) : -1;
}

/*
 * All have their lines: the next question need not look at so many again.  Only
 * that would be lost, so a failure is no matter.
 */
static void
mark_filled(struct catalog *c)
{
	struct err e;

	if (c->w == NULL || c->w->open)
		return;
	if (db_exec(c, "UPDATE head SET filled = "
	    "(SELECT coalesce(max(blob), 0) FROM blob) WHERE filled + "
	    FILLED_STEP " < (SELECT max(blob) FROM blob)", &e) == -1)
		log_info("%s", e.text);
}

int
catalog_headerless(struct catalog *c, catalog_blob_fn *fn, void *arg,
    struct err *e)
{
	sqlite3_stmt *s = NULL;
	bool any = false;
	int rc;

	/*
	 * No index has this order, so all are found and sorted before the first
	 * is handed out: headers may be put then.
	 */
	if (db_prepare(c, "SELECT b.blob FROM blob b WHERE b.pack IS NOT NULL "
	    "AND b.blob > (SELECT filled FROM head) "
	    "AND b.pack NOT IN (SELECT pack FROM pack "
	    "WHERE retired IS NOT NULL) "
	    "AND NOT EXISTS (SELECT 1 FROM header h WHERE h.blob = b.blob) "
	    "ORDER BY b.pack, b.frame, b.start, b.blob", &s, e) == -1)
		return -1;
	while ((rc = db_step(c, s, e)) == 1) {
		any = true;
		rc = call_headerless(c, db_col_int(c, s, 0), fn, arg, e);
		if (rc != 0)
			break;
	}
	db_finish(&s);
	if (rc == 0 && !any)
		mark_filled(c);
	return rc;
}
