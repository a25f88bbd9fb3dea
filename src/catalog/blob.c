/*
 * blob.c - contents: which there are and where they stand.
 */
#include "catalog/write.h"

/*
 * Looked up by four bytes of the digest, as a number that SQLite stores in
 * four; the rest is compared.
 */
int64_t
blob_prefix(const struct digest *d)
{
	uint32_t n = (uint32_t)d->b[0] << 24 | (uint32_t)d->b[1] << 16 |
	    (uint32_t)d->b[2] << 8 | d->b[3];

	return (int64_t)n + INT32_MIN;
}

static int
look_up(struct catalog *c, const struct digest *d, struct last_blob *out,
    struct err *e)
{
	struct last_blob b = { .asked = true, .sha256 = *d };
	sqlite3_stmt *s;
	int rc;

	if (db_use(c, "SELECT blob, size, pack IS NOT NULL FROM blob "
	    "WHERE prefix = ?1 AND sha256 = ?2", &s, e) == -1)
		return -1;
	db_int(c, s, 1, blob_prefix(d));
	db_digest(c, s, 2, d);
	if ((rc = db_step(c, s, e)) == 1) {
		b.number = db_col_int(c, s, 0);
		b.size = db_col_u64(c, s, 1);
		b.placed = db_col_bool(c, s, 2);
	}
	db_end(s);
	if (rc == -1 || db_sane(c, e) == -1)
		return -1;
	*out = b;
	return rc;
}

/*
 * A new message's content is asked for before it is stored, when it is, and
 * again for its header lines: one look is enough for all, as each look is at
 * another end of the index.
 */
static int
recall(struct catalog *c, const struct digest *d, struct err *e)
{
	struct last_blob *b = &c->w->blob;

	if (b->asked && digest_equal(&b->sha256, d))
		return b->number != 0;
	return look_up(c, d, b, e);
}

int
blob_find(struct catalog *c, const struct digest *d, struct last_blob *out,
    struct err *e)
{
	int rc;

	if (c->w == NULL)
		return look_up(c, d, out, e);
	if ((rc = recall(c, d, e)) != -1)
		*out = c->w->blob;
	return rc;
}

static void
bind_name(struct catalog *c, sqlite3_stmt *s, const struct digest *d,
    uint64_t size, uint64_t id)
{
	db_int(c, s, 1, blob_prefix(d));
	db_digest(c, s, 2, d);
	db_u64(c, s, 3, id);
	db_u64(c, s, 4, size);
}

static void
bind_place(struct catalog *c, sqlite3_stmt *s, const struct place *at,
    int64_t pack)
{
	db_int(c, s, 5, pack);
	db_u64(c, s, 6, at->frame);
	db_u64(c, s, 7, at->offset);
	db_u64(c, s, 8, at->stored);
	db_int(c, s, 9, at->form);
	db_int(c, s, 10, at->newline_added);
}

/* Run the insertion of a blob that was not there and remember it. */
static int
inserted(struct catalog *c, sqlite3_stmt *s, const struct digest *d,
    uint64_t size, bool placed, struct err *e)
{
	if (db_run(c, s, e) == -1)
		return -1;
	c->w->blob = (struct last_blob){ .asked = true,
	    .number = sqlite3_last_insert_rowid(c->db), .sha256 = *d,
	    .size = size, .placed = placed };
	return 0;
}

static int
check_size(const struct last_blob *b, uint64_t size, struct err *e)
{
	if (b->size == size)
		return 0;
	return err_set(e, EK_CORRUPT,
	    "a content of %llu bytes is said to have %llu",
	    (unsigned long long)b->size, (unsigned long long)size);
}

int
blob_number(struct catalog *c, const struct digest *d, uint64_t size,
    uint64_t id, int64_t *out, struct err *e)
{
	sqlite3_stmt *s;
	int rc;

	if ((rc = recall(c, d, e)) == -1)
		return -1;
	if (rc == 1) {
		if (check_size(&c->w->blob, size, e) == -1)
			return -1;
	} else {
		if (db_use(c, "INSERT INTO blob (prefix, sha256, since, size) "
		    "VALUES (?1, ?2, ?3, ?4)", &s, e) == -1)
			return -1;
		bind_name(c, s, d, size, id);
		if (inserted(c, s, d, size, false, e) == -1)
			return -1;
		c->w->now.unplaced++;
	}
	*out = c->w->blob.number;
	return 0;
}

static int
count(struct catalog *c, uint64_t size, struct err *e)
{
	if (db_add(&c->w->now.blobs, 1, e) == -1)
		return -1;
	return db_add(&c->w->now.blob_bytes, size, e);
}

/* A content that is there moves, or has its first place now. */
static int
move(struct catalog *c, const struct rec_blob *r, int64_t pack, struct err *e)
{
	struct last_blob *b = &c->w->blob;
	sqlite3_stmt *s;

	if (check_size(b, r->size, e) == -1)
		return -1;
	if (db_use(c, "UPDATE blob SET pack = ?5, frame = ?6, start = ?7, "
	    "stored = ?8, form = ?9, newline_added = ?10 "
	    "WHERE blob = ?1", &s, e) == -1)
		return -1;
	db_int(c, s, 1, b->number);
	bind_place(c, s, &r->place, pack);
	if (db_run(c, s, e) == -1)
		return -1;
	if (b->placed)
		return 0;
	b->placed = true;
	c->w->now.unplaced--;
	return count(c, r->size, e);
}

int
blob_apply(struct catalog *c, uint64_t id, const struct rec_blob *r,
    struct err *e)
{
	sqlite3_stmt *s;
	int64_t pack;
	int rc;

	if (pack_number(c, r->place.pack, r->place.frame, &pack, e) == -1 ||
	    (rc = recall(c, &r->sha256, e)) == -1)
		return -1;
	if (rc == 1)
		return move(c, r, pack, e);
	if (db_use(c, "INSERT INTO blob (prefix, sha256, since, size, pack, "
	    "frame, start, stored, form, newline_added) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)", &s, e) == -1)
		return -1;
	bind_name(c, s, &r->sha256, r->size, id);
	bind_place(c, s, &r->place, pack);
	if (inserted(c, s, &r->sha256, r->size, true, e) == -1)
		return -1;
	return count(c, r->size, e);
}
