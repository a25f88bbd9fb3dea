/*
 * epoch.c - the epochs of the commit in the making: their figures are counted
 * here and become one row for each commit.
 */
#include "catalog/write.h"

static int
load_figures(struct catalog *c, struct epoch *p, struct err *e)
{
	sqlite3_stmt *s;
	int rc;

	if (db_use(c, "SELECT live, live_bytes, kept, kept_bytes, missing, "
	    "max_uid, has_state, complete, uidnext, highestmodseq, messages, "
	    "full_time FROM epoch_at WHERE epoch = ?1 "
	    "ORDER BY at DESC LIMIT 1", &s, e) == -1)
		return -1;
	db_u64(c, s, 1, p->number);
	if ((rc = db_step(c, s, e)) == 1) {
		p->live = db_col_u64(c, s, 0);
		p->live_bytes = db_col_u64(c, s, 1);
		p->kept = db_col_u64(c, s, 2);
		p->kept_bytes = db_col_u64(c, s, 3);
		p->missing = db_col_u64(c, s, 4);
		p->max_uid = (uint32_t)db_col_max(c, s, 5, UID_MAX);
		p->has_state = db_col_bool(c, s, 6);
		p->complete = db_col_bool(c, s, 7);
		p->uidnext = db_col_u64(c, s, 8);
		p->highestmodseq = db_col_u64(c, s, 9);
		p->messages = db_col_u64(c, s, 10);
		p->full_time = db_col_int(c, s, 11);
	} else if (rc == 0)
		err_set(e, EK_CORRUPT,
		    "the catalog has an epoch without figures");
	db_end(s);
	return rc == 1 ? db_sane(c, e) : -1;
}

/* 1 found, 0, -1. */
static int
load(struct catalog *c, uint64_t number, struct epoch *out, struct err *e)
{
	struct epoch row = { .number = number };
	sqlite3_stmt *s;
	int rc;

	if (db_use(c, "SELECT folder, uidvalidity FROM epoch "
	    "WHERE epoch = ?1", &s, e) == -1)
		return -1;
	db_u64(c, s, 1, number);
	if ((rc = db_step(c, s, e)) == 1) {
		row.folder = db_col_u64(c, s, 0);
		row.uidvalidity = db_col_u64(c, s, 1);
	}
	db_end(s);
	if (rc != 1)
		return rc;
	if (db_sane(c, e) == -1 || load_figures(c, &row, e) == -1)
		return -1;
	*out = row;
	return 1;
}

static int
save(struct catalog *c, struct epoch *p, struct err *e)
{
	sqlite3_stmt *s;

	if (!p->dirty)
		return 0;
	if (db_use(c, "INSERT OR REPLACE INTO epoch_at VALUES (?1, ?2, ?3, "
	    "?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)", &s, e) == -1)
		return -1;
	db_u64(c, s, 1, p->number);
	db_u64(c, s, 2, c->w->now.commit);
	db_u64(c, s, 3, p->live);
	db_u64(c, s, 4, p->live_bytes);
	db_u64(c, s, 5, p->kept);
	db_u64(c, s, 6, p->kept_bytes);
	db_u64(c, s, 7, p->missing);
	db_int(c, s, 8, p->max_uid);
	db_int(c, s, 9, p->has_state);
	db_int(c, s, 10, p->complete);
	db_u64(c, s, 11, p->uidnext);
	db_u64(c, s, 12, p->highestmodseq);
	db_u64(c, s, 13, p->messages);
	db_int(c, s, 14, p->full_time);
	if (db_run(c, s, e) == -1)
		return -1;
	p->dirty = false;
	return 0;
}

/* 1 found, 0 no such epoch (${*out} is then an empty slot for it), -1. */
static int
find(struct catalog *c, uint64_t number, struct epoch **out, struct err *e)
{
	struct epoch *p = &c->w->epochs[number % WRITE_EPOCHS];
	int rc;

	*out = p;
	if (p->number == number && number != 0)
		return 1;
	if (save(c, p, e) == -1)
		return -1;
	p->number = 0;
	if (number == 0 || number > INT64_MAX)
		return 0;
	if ((rc = load(c, number, p, e)) == 0)
		*p = (struct epoch){ .number = 0 };
	return rc;
}

int
epoch_get(struct catalog *c, uint64_t number, uint64_t folder,
    struct epoch **out, struct err *e)
{
	int rc;

	if ((rc = find(c, number, out, e)) == -1)
		return -1;
	if (rc == 0 || (*out)->folder != folder)
		return err_set(e, EK_CORRUPT, "folder %llu has no epoch %llu",
		    (unsigned long long)folder, (unsigned long long)number);
	return 0;
}

static int
folder_known(struct catalog *c, uint64_t folder, struct err *e)
{
	sqlite3_stmt *s;
	int rc;

	if (db_use(c, "SELECT 1 FROM folder WHERE folder = ?1 LIMIT 1", &s,
	    e) == -1)
		return -1;
	db_u64(c, s, 1, folder);
	rc = db_step(c, s, e);
	db_end(s);
	if (rc == 0)
		err_set(e, EK_CORRUPT, "there is no folder %llu",
		    (unsigned long long)folder);
	return rc == 1 ? 0 : -1;
}

static int
declare(struct catalog *c, const struct rec_epoch *r, struct epoch *p,
    struct err *e)
{
	sqlite3_stmt *s;

	if (r->epoch == 0)
		return err_set(e, EK_CORRUPT, "an epoch's number is 0");
	if (folder_known(c, r->folder, e) == -1 ||
	    db_use(c, "INSERT INTO epoch VALUES (?1, ?2, ?3, ?4)", &s,
	    e) == -1)
		return -1;
	db_u64(c, s, 1, r->epoch);
	db_u64(c, s, 2, c->w->now.commit);
	db_u64(c, s, 3, r->folder);
	db_u64(c, s, 4, r->uidvalidity);
	if (db_run(c, s, e) == -1)
		return -1;
	*p = (struct epoch){ .number = r->epoch, .folder = r->folder,
	    .uidvalidity = r->uidvalidity, .dirty = true };
	return 0;
}

int
epoch_apply(struct catalog *c, const struct rec_epoch *r, struct err *e)
{
	struct epoch *p;
	int rc;

	if ((rc = find(c, r->epoch, &p, e)) == -1)
		return -1;
	if (rc == 0) {
		if (declare(c, r, p, e) == -1)
			return -1;
	} else if (p->folder != r->folder || p->uidvalidity != r->uidvalidity)
		return err_set(e, EK_CORRUPT,
		    "epoch %llu has another folder or UIDVALIDITY",
		    (unsigned long long)r->epoch);
	if (!r->has_state)
		return 0;
	p->has_state = true;
	p->complete = r->complete;
	p->uidnext = r->uidnext;
	p->highestmodseq = r->highestmodseq;
	p->messages = r->exists;
	if (r->full)
		p->full_time = c->w->now.time;
	p->dirty = true;
	return 0;
}

void
epoch_touch(struct epoch *p)
{
	p->complete = false;
	p->dirty = true;
}

int
epoch_flush(struct catalog *c, struct err *e)
{
	size_t i;

	for (i = 0; i < WRITE_EPOCHS; i++)
		if (save(c, &c->w->epochs[i], e) == -1)
			return -1;
	return 0;
}
