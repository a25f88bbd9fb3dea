/*
 * missing.c - the UIDs of an epoch that could not be had.
 */
#include "catalog/write.h"

static const struct range_sql ranges = RANGE_SQL("missing", "epoch = ?1",
    "epoch", "reason");

int
missing_remove(struct catalog *c, struct epoch *p, uint32_t first,
    uint32_t last, struct err *e)
{
	const struct range_set set = { &ranges, p->number, 0 };
	uint64_t n;

	if (p->missing == 0)
		return 0;
	if (range_remove(c, &set, first, last, &n, e) == -1)
		return -1;
	if (__builtin_sub_overflow(p->missing, n, &p->missing))
		return err_set(e, EK_CORRUPT,
		    "the catalog miscounts what is missing");
	return 0;
}

int
missing_add(struct catalog *c, struct epoch *p, uint32_t first, uint32_t last,
    const char *reason, struct err *e)
{
	sqlite3_stmt *s;

	if (missing_remove(c, p, first, last, e) == -1 ||
	    db_use(c, "INSERT INTO missing VALUES (?1, ?2, ?3, ?4)", &s,
	    e) == -1)
		return -1;
	db_u64(c, s, 1, p->number);
	db_int(c, s, 2, first);
	db_int(c, s, 3, last);
	db_text(c, s, 4, reason);
	if (db_run(c, s, e) == -1)
		return -1;
	if (p->max_uid < last)
		p->max_uid = last;
	return db_add(&p->missing, (uint64_t)last - first + 1, e);
}
