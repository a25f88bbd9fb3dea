/*
 * missing.c - the UIDs of an epoch that could not be had, as ranges that never
 * overlap.
 */
#include "catalog/write.h"

struct range {
	uint64_t	 first, last;
	const char	*reason;	/* kept until db_forget() */
};

/* Nothing where the range is empty (${first} above ${last}). */
static int
put(struct catalog *c, const struct epoch *p, uint64_t first, uint64_t last,
    const char *reason, struct err *e)
{
	sqlite3_stmt *s;

	if (first > last)
		return 0;
	if (db_use(c, "INSERT INTO missing "
	    "VALUES (?1, ?2, ?3, ?4)", &s, e) == -1)
		return -1;
	db_u64(c, s, 1, p->number);
	db_u64(c, s, 2, first);
	db_u64(c, s, 3, last);
	db_text(c, s, 4, reason);
	return db_run(c, s, e);
}

static int
drop(struct catalog *c, const struct epoch *p, uint64_t first, struct err *e)
{
	sqlite3_stmt *s;

	if (db_use(c, "DELETE FROM missing WHERE epoch = ?1 AND first = ?2",
	    &s, e) == -1)
		return -1;
	db_u64(c, s, 1, p->number);
	db_u64(c, s, 2, first);
	return db_run(c, s, e);
}

/* The last range that begins at or before ${uid}: 1 found, 0, -1. */
static int
last_range(struct catalog *c, const struct epoch *p, uint32_t uid,
    struct range *out, struct err *e)
{
	sqlite3_stmt *s;
	int rc;

	if (db_use(c, "SELECT first, last, reason FROM missing "
	    "WHERE epoch = ?1 AND first <= ?2 "
	    "ORDER BY first DESC LIMIT 1", &s, e) == -1)
		return -1;
	db_u64(c, s, 1, p->number);
	db_int(c, s, 2, uid);
	if ((rc = db_step(c, s, e)) == 1) {
		db_forget(c);
		out->first = db_col_max(c, s, 0, UID_MAX);
		out->last = db_col_max(c, s, 1, UID_MAX);
		out->reason = db_keep(c, db_col_text(c, s, 2));
	}
	db_end(s);
	return rc == 1 && db_sane(c, e) == -1 ? -1 : rc;
}

/*
 * Take ${first} to ${last} out of the last range that meets them: 1 done, 0
 * none does, -1.
 */
static int
cut(struct catalog *c, struct epoch *p, uint32_t first, uint32_t last,
    struct err *e)
{
	struct range r;
	uint64_t from, to;
	int rc;

	if ((rc = last_range(c, p, last, &r, e)) != 1)
		return rc;
	if (r.last < first)
		return 0;
	from = r.first < first ? first : r.first;
	to = r.last > last ? last : r.last;
	if (__builtin_sub_overflow(p->missing, to - from + 1, &p->missing))
		return err_set(e, EK_CORRUPT,
		    "the catalog miscounts what is missing");
	if (drop(c, p, r.first, e) == -1 ||
	    put(c, p, r.first, from - 1, r.reason, e) == -1 ||
	    put(c, p, to + 1, r.last, r.reason, e) == -1)
		return -1;
	return 1;
}

int
missing_remove(struct catalog *c, struct epoch *p, uint32_t first,
    uint32_t last, struct err *e)
{
	int rc = 1;

	while (p->missing > 0 && rc == 1)
		rc = cut(c, p, first, last, e);
	return rc == -1 ? -1 : 0;
}

int
missing_add(struct catalog *c, struct epoch *p, uint32_t first, uint32_t last,
    const char *reason, struct err *e)
{
	if (missing_remove(c, p, first, last, e) == -1 ||
	    put(c, p, first, last, reason, e) == -1)
		return -1;
	if (p->max_uid < last)
		p->max_uid = last;
	return db_add(&p->missing, (uint64_t)last - first + 1, e);
}
