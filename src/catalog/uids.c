/*
 * uids.c - what is on the server, as the comparison with the server reads it.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "catalog/write.h"

struct catalog_uids {
	struct catalog	*c;		/* borrowed */
	sqlite3_stmt	*s;		/* own */
	struct words	 flags, labels;	/* the handle has others */
};

int
catalog_uids(struct catalog *c, uint64_t epoch, uint32_t first, uint32_t last,
    struct catalog_uids **out, struct err *e)
{
	struct catalog_uids *u;
	sqlite3_stmt *s = NULL;

	if (db_prepare(c, "SELECT uid, size, flags, labels, date, emailid "
	    "FROM message INDEXED BY message_live "
	    "WHERE epoch = ?1 AND gone IS NULL AND uid BETWEEN ?2 AND ?3 "
	    "ORDER BY uid, id", &s, e) == -1)
		return -1;
	db_u64(c, s, 1, epoch);
	db_int(c, s, 2, first);
	db_int(c, s, 3, last);
	u = xcalloc(1, sizeof(*u));
	u->c = c;
	u->s = s;
	c->cursors++;
	*out = u;
	return 0;
}

int
catalog_uids_next(struct catalog_uids *u, struct known_uid *out, struct err *e)
{
	struct catalog *c = u->c;
	sqlite3_stmt *s = u->s;
	struct known_uid k = { .uid = 0 };
	int rc;

	if ((rc = db_step(c, s, e)) != 1)
		return rc;
	k.uid = (uint32_t)db_col_max(c, s, 0, UID_MAX);
	k.size = db_col_u64(c, s, 1);
	if (word_text(c, &u->flags, db_col_int(c, s, 2), &k.flags, e) == -1)
		return -1;
	if (!db_col_null(s, 3) && word_text(c, &u->labels,
	    db_col_int(c, s, 3), &k.labels, e) == -1)
		return -1;
	if ((k.has_date = !db_col_null(s, 4)))
		k.date = db_col_int(c, s, 4);
	k.emailid = db_col_opt(c, s, 5);
	if (db_sane(c, e) == -1)
		return -1;
	*out = k;
	return 1;
}

void
catalog_uids_close(struct catalog_uids **up)
{
	struct catalog_uids *u = *up;

	if (u == NULL)
		return;
	u->c->cursors--;
	db_finish(&u->s);
	word_clear(&u->flags);
	word_clear(&u->labels);
	free(u);
	*up = NULL;
}

/* The index has gone messages by commit, then UID. */
#define UID_HAS(gone)	"SELECT 1 FROM message m JOIN blob b " \
			"ON b.blob = m.blob WHERE m.epoch = ?1 AND m.gone " \
			gone " AND m.uid = ?2 AND b.sha256 = ?3 LIMIT 1"

static int
uid_has(struct catalog *c, const char *sql, uint64_t epoch, uint32_t uid,
    const struct digest *d, struct err *e)
{
	sqlite3_stmt *s;
	int rc;

	if (db_use(c, sql, &s, e) == -1)
		return -1;
	db_u64(c, s, 1, epoch);
	db_int(c, s, 2, uid);
	db_digest(c, s, 3, d);
	rc = db_step(c, s, e);
	db_end(s);
	return rc;
}

int
catalog_uid_has(struct catalog *c, uint64_t epoch, uint32_t uid,
    const struct digest *d, struct err *e)
{
	return uid_has(c, UID_HAS("IS NULL"), epoch, uid, d, e);
}

int
catalog_uid_had(struct catalog *c, uint64_t epoch, uint32_t uid,
    const struct digest *d, struct err *e)
{
	int r = catalog_uid_has(c, epoch, uid, d, e);

	return r != 0 ? r : uid_has(c, UID_HAS("IS NOT NULL"), epoch, uid, d,
	    e);
}

int
catalog_missing(struct catalog *c, uint64_t epoch, struct uidset *out,
    struct err *e)
{
	uint32_t first, last;
	sqlite3_stmt *s;
	int rc;

	if (db_use(c, "SELECT first, last FROM missing WHERE epoch = ?1 "
	    "ORDER BY first", &s, e) == -1)
		return -1;
	db_u64(c, s, 1, epoch);
	while ((rc = db_step(c, s, e)) == 1) {
		first = (uint32_t)db_col_max(c, s, 0, UID_MAX);
		last = (uint32_t)db_col_max(c, s, 1, UID_MAX);
		if (first == 0)
			c->odd = true;
		if (c->odd)
			break;
		uidset_add_range(out, first, last);
	}
	db_end(s);
	return rc == -1 ? -1 : db_sane(c, e);
}

static int
call_missing(struct catalog *c, sqlite3_stmt *s, catalog_missing_fn *fn,
    void *arg, struct err *e)
{
	struct uid_range range;
	const struct uidset uids = { &range, 1, 1 };
	struct rec_missing r = { .uids = &uids };
	const char *folder = db_col_text(c, s, 0);

	r.folder = db_col_u64(c, s, 1);
	r.epoch = db_col_u64(c, s, 2);
	range.first = (uint32_t)db_col_max(c, s, 3, UID_MAX);
	range.last = (uint32_t)db_col_max(c, s, 4, UID_MAX);
	r.reason = db_col_text(c, s, 5);
	if (db_sane(c, e) == -1)
		return -1;
	return fn(arg, folder, &r, e);
}

int
catalog_each_missing(struct catalog *c, catalog_missing_fn *fn, void *arg,
    struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc;

	/*
	 * Those of older epochs and of folders that are gone can't be had any
	 * more, so nobody waits for them.
	 */
	if (db_prepare(c, "SELECT f.name, f.folder, m.epoch, m.first, m.last, "
	    "m.reason FROM folder f JOIN missing m ON m.epoch = "
	    "(SELECT max(epoch) FROM epoch WHERE folder = f.folder) "
	    "WHERE f.gone = 0 AND f.at = "
	    "(SELECT max(at) FROM folder WHERE folder = f.folder) "
	    "ORDER BY f.folder, m.first", &s, e) == -1)
		return -1;
	while ((rc = db_step(c, s, e)) == 1)
		if ((rc = call_missing(c, s, fn, arg, e)) != 0)
			break;
	db_finish(&s);
	return rc;
}
