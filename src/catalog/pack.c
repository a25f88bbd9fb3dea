/*
 * pack.c - packs and their frames.  A blob names its pack before the commit
 * records it, so a pack begins as a name.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "catalog/write.h"

static int
load(struct catalog *c, const char *name, struct last_pack *out, struct err *e)
{
	sqlite3_stmt *s;
	int rc;

	if (db_use(c, "SELECT pack, size IS NOT NULL, coalesce(frames, 0), "
	    "need, retired IS NOT NULL FROM pack WHERE name = ?1", &s, e) == -1)
		return -1;
	db_text(c, s, 1, name);
	if ((rc = db_step(c, s, e)) == 1) {
		out->number = db_col_int(c, s, 0);
		out->recorded = db_col_bool(c, s, 1);
		out->frames = db_col_u64(c, s, 2);
		out->need = db_col_u64(c, s, 3);
		out->retired = db_col_bool(c, s, 4);
	}
	db_end(s);
	return rc == 1 && db_sane(c, e) == -1 ? -1 : rc;
}

static int
insert(struct catalog *c, const char *name, int64_t *out, struct err *e)
{
	sqlite3_stmt *s;

	if (db_use(c, "INSERT INTO pack (name, need) VALUES (?1, 0)", &s,
	    e) == -1)
		return -1;
	db_text(c, s, 1, name);
	if (db_run(c, s, e) == -1)
		return -1;
	*out = sqlite3_last_insert_rowid(c->db);
	return 0;
}

int
pack_flush(struct catalog *c, struct err *e)
{
	struct last_pack *p = &c->w->pack;
	sqlite3_stmt *s;

	if (!p->dirty)
		return 0;
	if (db_use(c, "UPDATE pack SET need = ?2 WHERE pack = ?1", &s,
	    e) == -1)
		return -1;
	db_int(c, s, 1, p->number);
	db_u64(c, s, 2, p->need);
	if (db_run(c, s, e) == -1)
		return -1;
	p->dirty = false;
	return 0;
}

/* Make the pack of this name the last one, made where it is new. */
static int
find(struct catalog *c, const char *name, struct err *e)
{
	struct last_pack *p = &c->w->pack, row = { .number = 0 };
	int rc;

	if (p->number != 0 && strcmp(p->name, name) == 0)
		return 0;
	if (pack_flush(c, e) == -1 ||
	    (rc = load(c, name, &row, e)) == -1 ||
	    (rc == 0 && insert(c, name, &row.number, e) == -1))
		return -1;
	free(p->name);
	*p = row;
	p->name = xstrdup(name);
	return 0;
}

int
pack_number(struct catalog *c, const char *name, uint64_t frame, int64_t *out,
    struct err *e)
{
	struct last_pack *p = &c->w->pack;

	if (find(c, name, e) == -1)
		return -1;
	if (p->retired)
		return err_set(e, EK_CORRUPT, "pack %s was retired", name);
	if (frame >= INT64_MAX || (p->recorded && frame >= p->frames))
		return err_set(e, EK_CORRUPT, "pack %s has no frame %llu",
		    name, (unsigned long long)frame);
	if (frame >= p->need) {
		p->need = frame + 1;
		p->dirty = true;
	}
	*out = p->number;
	return 0;
}

int
pack_apply(struct catalog *c, const struct rec_pack *r, struct err *e)
{
	sqlite3_stmt *s;

	if (find(c, r->pack, e) == -1)
		return -1;
	if (c->w->pack.recorded)
		return err_set(e, EK_CORRUPT, "pack %s is recorded twice",
		    r->pack);
	if (db_use(c, "UPDATE pack SET size = ?2, sha256 = ?3, raw = ?4, "
	    "frames = ?5, tail = ?6, container = ?7, folder = ?8 "
	    "WHERE pack = ?1", &s, e) == -1)
		return -1;
	db_int(c, s, 1, c->w->pack.number);
	db_u64(c, s, 2, r->size);
	db_digest(c, s, 3, &r->sha256);
	db_u64(c, s, 4, r->raw);
	db_u64(c, s, 5, r->frames);
	db_u64(c, s, 6, r->tail);
	db_int(c, s, 7, r->container);
	db_u64(c, s, 8, r->folder);
	if (db_run(c, s, e) == -1)
		return -1;
	c->w->pack.recorded = true;
	c->w->pack.frames = r->frames;
	c->w->now.packs++;
	return db_add(&c->w->now.stored_bytes, r->size, e);
}

int
pack_apply_frames(struct catalog *c, const struct rec_frames *r, struct err *e)
{
	uint64_t last;
	sqlite3_stmt *s;
	size_t i;

	if (__builtin_add_overflow(r->from, r->n, &last) || last > INT64_MAX)
		return err_set(e, EK_CORRUPT, "pack %s has too many frames",
		    r->pack);
	if (find(c, r->pack, e) == -1)
		return -1;
	for (i = 0; i < r->n; i++) {
		if (db_use(c, "INSERT INTO frame VALUES "
		    "(?1, ?2, ?3, ?4, ?5)", &s, e) == -1)
			return -1;
		db_int(c, s, 1, c->w->pack.number);
		db_u64(c, s, 2, r->from + i);
		db_u64(c, s, 3, r->frames[i].offset);
		db_u64(c, s, 4, r->frames[i].size);
		db_u64(c, s, 5, r->frames[i].raw);
		if (db_run(c, s, e) == -1)
			return -1;
	}
	return 0;
}

int
pack_apply_retire(struct catalog *c, const struct rec_retire *r,
    struct err *e)
{
	struct last_pack *p = &c->w->pack;
	sqlite3_stmt *s;

	if (find(c, r->pack, e) == -1)
		return -1;
	if (!p->recorded || p->number >= c->w->now.first_pack)
		return err_set(e, EK_CORRUPT,
		    "no commit before it recorded pack %s", r->pack);
	if (p->retired)
		return err_set(e, EK_CORRUPT, "pack %s is retired twice",
		    r->pack);
	if (db_use(c, "UPDATE pack SET retired = ?2, why = ?3 WHERE pack = ?1",
	    &s, e) == -1)
		return -1;
	db_int(c, s, 1, p->number);
	db_u64(c, s, 2, c->w->now.commit);
	db_text(c, s, 3, r->why);
	if (db_run(c, s, e) == -1)
		return -1;
	p->retired = true;
	return 0;
}

int
pack_check(struct catalog *c, struct err *e)
{
	sqlite3_stmt *s;
	int rc;

	/*
	 * Frames are counted from 0 and never twice, so the right number below
	 * the right one is all of them.
	 */
	if (db_use(c, "SELECT name, size IS NULL FROM pack WHERE pack >= ?1 "
	    "AND (size IS NULL OR frames < need OR "
	    "frames <> (SELECT count(*) FROM frame f "
	    "WHERE f.pack = pack.pack) OR "
	    "frames <> (SELECT count(*) FROM frame f "
	    "WHERE f.pack = pack.pack AND f.frame < frames)) LIMIT 1", &s,
	    e) == -1)
		return -1;
	db_int(c, s, 1, c->w->now.first_pack);
	if ((rc = db_step(c, s, e)) == 1)
		err_set(e, EK_CORRUPT, db_col_bool(c, s, 1) ?
		    "commit %llu does not record its pack %s" :
		    "commit %llu has not all frames of its pack %s",
		    (unsigned long long)c->w->now.commit,
		    db_col_text(c, s, 0));
	db_end(s);
	if (rc == 0)
		return 0;
	c->odd = false;
	return -1;
}
