/*
 * shelf.c - questions about packs: those of the vault, and those that are
 * retired.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "catalog/write.h"

#define PACK_SELECT							\
	"SELECT p.name, p.size, p.sha256, p.raw, p.frames, p.tail, "	\
	"p.container, p.folder, p.retired, p.why, m.time FROM pack p "	\
	"LEFT JOIN manifest m ON m.manifest = p.retired "		\
	"WHERE p.size IS NOT NULL "

static int
fill(struct catalog *c, sqlite3_stmt *s, struct known_pack *k, struct err *e)
{
	*k = (struct known_pack){ .name = db_col_text(c, s, 0),
	    .size = db_col_u64(c, s, 1), .raw = db_col_u64(c, s, 3),
	    .frames = db_col_u64(c, s, 4), .tail = db_col_u64(c, s, 5),
	    .folder = db_col_u64(c, s, 7) };
	db_col_digest(c, s, 2, &k->sha256);
	k->container = (enum container)db_col_max(c, s, 6, CONTAINER_MBOX);
	if (!db_col_null(s, 8)) {
		k->retired = db_col_u64(c, s, 8);
		k->why = db_col_text(c, s, 9);
		k->retired_time = db_col_int(c, s, 10);
	}
	return db_sane(c, e);
}

static int
each(struct catalog *c, const char *sql, catalog_pack_fn *fn, void *arg,
    struct err *e)
{
	struct known_pack k;
	sqlite3_stmt *s = NULL;
	int rc;

	if (write_flush(c, e) == -1 || db_prepare(c, sql, &s, e) == -1)
		return -1;
	while ((rc = db_step(c, s, e)) == 1) {
		if ((rc = fill(c, s, &k, e)) == -1 ||
		    (rc = fn(arg, &k, e)) != 0)
			break;
	}
	db_finish(&s);
	return rc;
}

int
catalog_packs(struct catalog *c, catalog_pack_fn *fn, void *arg,
    struct err *e)
{
	return each(c, PACK_SELECT "AND p.retired IS NULL ORDER BY p.pack",
	    fn, arg, e);
}

int
catalog_retired(struct catalog *c, catalog_pack_fn *fn, void *arg,
    struct err *e)
{
	return each(c, PACK_SELECT "AND p.retired IS NOT NULL "
	    "ORDER BY p.pack", fn, arg, e);
}

int
catalog_pack(struct catalog *c, const char *name, struct known_pack *out,
    struct err *e)
{
	struct known_pack k;
	sqlite3_stmt *s;
	int rc;

	db_forget(c);
	if (write_flush(c, e) == -1 ||
	    db_use(c, PACK_SELECT "AND p.name = ?1", &s, e) == -1)
		return -1;
	db_text(c, s, 1, name);
	if ((rc = db_step(c, s, e)) == 1 && fill(c, s, &k, e) == -1)
		rc = -1;
	if (rc == 1) {
		k.name = db_keep(c, k.name);
		k.why = db_keep(c, k.why);
		*out = k;
	}
	db_end(s);
	return rc;
}

static int
read_frames(struct catalog *c, sqlite3_stmt *s, struct frame **out,
    size_t *n_out, struct err *e)
{
	struct frame *v = NULL, *f;
	size_t n = 0, cap = 0;
	int rc;

	while ((rc = db_step(c, s, e)) == 1) {
		v = mem_grow(v, &cap, n + 1, sizeof(*v));
		f = &v[n++];
		f->offset = db_col_u64(c, s, 0);
		f->size = db_col_u64(c, s, 1);
		f->raw = db_col_u64(c, s, 2);
	}
	if (rc == -1 || db_sane(c, e) == -1) {
		free(v);
		return -1;
	}
	*out = v;
	*n_out = n;
	return 0;
}

int
catalog_frames(struct catalog *c, const char *name, struct frame **out,
    size_t *n_out, struct err *e)
{
	struct known_pack k;
	sqlite3_stmt *s;
	int rc;

	if ((rc = catalog_pack(c, name, &k, e)) != 1)
		return rc;
	if (db_use(c, "SELECT start, size, raw FROM frame WHERE pack = "
	    "(SELECT pack FROM pack WHERE name = ?1) ORDER BY frame", &s,
	    e) == -1)
		return -1;
	db_text(c, s, 1, name);
	rc = read_frames(c, s, out, n_out, e);
	db_end(s);
	return rc == -1 ? -1 : 1;
}
