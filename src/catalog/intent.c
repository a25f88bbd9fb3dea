/*
 * intent.c - what runs of prune meant to delete from the server, as long as it
 * isn't known what became of it.  Each run has its own ranges.
 */
#include "catalog/write.h"

static const struct range_sql ranges = RANGE_SQL("intent",
    "epoch = ?1 AND run = ?2", "epoch, run", "marked, move");

/* ---- records ---- */

static int
add(struct catalog *c, const struct rec_prune_intent *r, struct uid_range u,
    struct err *e)
{
	const struct range_set set = { &ranges, r->epoch, c->w->now.run };
	sqlite3_stmt *s;
	uint64_t n;

	/* A run that has to do it again says so again: its last word counts. */
	if (range_remove(c, &set, u.first, u.last, &n, e) == -1 ||
	    db_use(c, "INSERT INTO intent VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	    &s, e) == -1)
		return -1;
	db_u64(c, s, 1, set.epoch);
	db_u64(c, s, 2, set.run);
	db_int(c, s, 3, u.first);
	db_int(c, s, 4, u.last);
	db_int(c, s, 5, r->marked);
	db_int(c, s, 6, r->move);
	return db_run(c, s, e);
}

int
intent_apply(struct catalog *c, const struct rec_prune_intent *r,
    struct err *e)
{
	struct epoch *p;
	size_t i;

	if (epoch_get(c, r->epoch, r->folder, &p, e) == -1)
		return -1;
	for (i = 0; i < r->uids->n; i++)
		if (add(c, r, r->uids->r[i], e) == -1)
			return -1;
	return 0;
}

/* The next run with an intent in the epoch: 1 found, 0, -1. */
static int
next_run(struct catalog *c, uint64_t epoch, uint64_t *run, struct err *e)
{
	sqlite3_stmt *s;
	int rc;

	if (db_use(c, "SELECT run FROM intent WHERE epoch = ?1 AND run > ?2 "
	    "ORDER BY run LIMIT 1", &s, e) == -1)
		return -1;
	db_u64(c, s, 1, epoch);
	db_u64(c, s, 2, *run);
	if ((rc = db_step(c, s, e)) == 1)
		*run = db_col_u64(c, s, 0);
	db_end(s);
	return rc == 1 && db_sane(c, e) == -1 ? -1 : rc;
}

int
intent_close(struct catalog *c, const struct epoch *p,
    const struct uidset *uids, struct err *e)
{
	struct range_set set = { &ranges, p->number, 0 };
	uint64_t n;
	size_t i;
	int rc;

	while ((rc = next_run(c, p->number, &set.run, e)) == 1)
		for (i = 0; i < uids->n; i++)
			if (range_remove(c, &set, uids->r[i].first,
			    uids->r[i].last, &n, e) == -1)
				return -1;
	return rc;
}

int
intent_apply_kept(struct catalog *c, const struct rec_prune_kept *r,
    struct err *e)
{
	struct epoch *p;

	if (epoch_get(c, r->epoch, r->folder, &p, e) == -1)
		return -1;
	return intent_close(c, p, r->uids, e);
}

/* ---- questions ---- */

static int
fill(struct catalog *c, sqlite3_stmt *s, struct known_intent *k,
    struct err *e)
{
	k->folder = db_col_u64(c, s, 0);
	k->epoch = db_col_u64(c, s, 1);
	k->run = db_col_u64(c, s, 2);
	k->uids.first = (uint32_t)db_col_max(c, s, 3, UID_MAX);
	k->uids.last = (uint32_t)db_col_max(c, s, 4, UID_MAX);
	k->marked = db_col_bool(c, s, 5);
	k->move = db_col_bool(c, s, 6);
	if (k->uids.first == 0 || k->uids.first > k->uids.last)
		c->odd = true;
	return db_sane(c, e);
}

int
catalog_intents(struct catalog *c, uint64_t epoch, catalog_intent_fn *fn,
    void *arg, struct err *e)
{
	struct known_intent k;
	sqlite3_stmt *s = NULL;
	int rc;

	if (db_prepare(c, "SELECT x.folder, i.epoch, i.run, i.first, i.last, "
	    "i.marked, i.move FROM intent i CROSS JOIN epoch x "
	    "ON x.epoch = i.epoch WHERE i.epoch BETWEEN ?1 AND ?2 "
	    "ORDER BY i.epoch, i.run, i.first", &s, e) == -1)
		return -1;
	db_u64(c, s, 1, epoch);
	db_u64(c, s, 2, epoch == 0 ? INT64_MAX : epoch);
	while ((rc = db_step(c, s, e)) == 1)
		if ((rc = fill(c, s, &k, e)) == -1 ||
		    (rc = fn(arg, &k, e)) != 0)
			break;
	db_finish(&s);
	return rc;
}

int
catalog_pruned(struct catalog *c, catalog_pruned_fn *fn, void *arg,
    struct err *e)
{
	uint64_t run, messages, bytes;
	sqlite3_stmt *s = NULL;
	int rc;

	if (db_prepare(c, "SELECT pruned, count(*), sum(size) FROM message "
	    "WHERE pruned IS NOT NULL GROUP BY pruned ORDER BY pruned DESC",
	    &s, e) == -1)
		return -1;
	while ((rc = db_step(c, s, e)) == 1) {
		run = db_col_u64(c, s, 0);
		messages = db_col_u64(c, s, 1);
		bytes = db_col_u64(c, s, 2);
		if ((rc = db_sane(c, e)) == -1 ||
		    (rc = fn(arg, run, messages, bytes, e)) != 0)
			break;
	}
	db_finish(&s);
	return rc;
}
