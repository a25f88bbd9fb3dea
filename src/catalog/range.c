/*
 * range.c - sets of UIDs as rows, one for each range.  Ranges of a set never
 * overlap.
 */
#include "catalog/write.h"

struct found {
	uint64_t	first, last;
};

static int
use(struct catalog *c, const struct range_set *set, const char *sql,
    sqlite3_stmt **out, struct err *e)
{
	if (db_use(c, sql, out, e) == -1)
		return -1;
	db_u64(c, *out, 1, set->epoch);
	db_u64(c, *out, 2, set->run);
	return 0;
}

/* The last range that begins at or before ${uid}: 1 found, 0, -1. */
static int
last_range(struct catalog *c, const struct range_set *set, uint32_t uid,
    struct found *out, struct err *e)
{
	sqlite3_stmt *s;
	int rc;

	if (use(c, set, set->sql->find, &s, e) == -1)
		return -1;
	db_int(c, s, 3, uid);
	if ((rc = db_step(c, s, e)) == 1) {
		out->first = db_col_max(c, s, 0, UID_MAX);
		out->last = db_col_max(c, s, 1, UID_MAX);
	}
	db_end(s);
	return rc == 1 && db_sane(c, e) == -1 ? -1 : rc;
}

/* Do that to the range that begins at ${first}; what is left of it begins or ends at ${end}. */
static int
change(struct catalog *c, const struct range_set *set, const char *sql,
    uint64_t first, uint64_t end, struct err *e)
{
	sqlite3_stmt *s;

	if (use(c, set, sql, &s, e) == -1)
		return -1;
	db_u64(c, s, 3, first);
	db_u64(c, s, 4, end);
	return db_run(c, s, e);
}

/*
 * Take ${first} to ${last} out of the last range that meets them: 1 done, 0
 * none does, -1.
 */
static int
cut(struct catalog *c, const struct range_set *set, uint32_t first,
    uint32_t last, uint64_t *n, struct err *e)
{
	struct found r;
	uint64_t from, to;
	int rc;

	if ((rc = last_range(c, set, last, &r, e)) != 1)
		return rc;
	if (r.last < first)
		return 0;
	from = r.first < first ? first : r.first;
	to = r.last > last ? last : r.last;
	*n += to - from + 1;
	if (to < r.last &&
	    change(c, set, set->sql->go_on, r.first, to + 1, e) == -1)
		return -1;
	if (change(c, set, from > r.first ? set->sql->shorten :
	    set->sql->drop, r.first, from - 1, e) == -1)
		return -1;
	return 1;
}

int
range_remove(struct catalog *c, const struct range_set *set, uint32_t first,
    uint32_t last, uint64_t *n, struct err *e)
{
	int rc;

	*n = 0;
	do
		rc = cut(c, set, first, last, n, e);
	while (rc == 1);
	return rc;
}
