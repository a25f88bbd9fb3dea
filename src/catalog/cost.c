/*
 * cost.c - which messages a damage costs: those whose content is among some.
 *
 * No index leads from a content to its messages, since each backup would pay for
 * it: they are found in one pass over all.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "catalog/write.h"

struct costs {
	struct catalog	*c;		/* borrowed */
	int64_t		*blobs;		/* own; sorted */
	size_t		 n, cap;
	struct list_id	*ids;		/* own */
	size_t		 ids_n, ids_cap;
};

static int
by_number(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return (a > b) - (a < b);
}

static int
by_digest(const void *x, const void *y)
{
	const struct digest *a = x, *b = y;

	return memcmp(a->b, b->b, DIGEST_SIZE);
}

static int
by_place(const void *x, const void *y)
{
	const struct list_id *a = x, *b = y;

	if (a->folder != b->folder)
		return a->folder < b->folder ? -1 : 1;
	if (a->uid != b->uid)
		return a->uid < b->uid ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

static void
add_blob(struct costs *k, int64_t blob)
{
	k->blobs = mem_grow(k->blobs, &k->cap, k->n + 1, sizeof(*k->blobs));
	k->blobs[k->n++] = blob;
}

static int
add_message(struct costs *k, uint64_t id, struct err *e)
{
	struct list_id m = { .id = id };
	sqlite3_stmt *s;
	int rc;

	if (db_use(k->c, "SELECT x.folder, m.uid FROM message m "
	    "JOIN epoch x ON x.epoch = m.epoch WHERE m.id = ?1", &s, e) == -1)
		return -1;
	db_u64(k->c, s, 1, id);
	if ((rc = db_step(k->c, s, e)) == 1) {
		m.folder = db_col_u64(k->c, s, 0);
		m.uid = (uint32_t)db_col_max(k->c, s, 1, UID_MAX);
	} else if (rc == 0)
		err_set(e, EK_CORRUPT, "the catalog lacks an epoch");
	db_end(s);
	if (rc != 1 || db_sane(k->c, e) == -1)
		return -1;
	k->ids = mem_grow(k->ids, &k->ids_cap, k->ids_n + 1, sizeof(*k->ids));
	k->ids[k->ids_n++] = m;
	return 0;
}

/* The messages of the blobs. */
static int
find_messages(struct costs *k, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int64_t blob;
	int rc;

	qsort(k->blobs, k->n, sizeof(*k->blobs), by_number);
	if (db_prepare(k->c, "SELECT blob, id FROM message", &s, e) == -1)
		return -1;
	while ((rc = db_step(k->c, s, e)) == 1) {
		blob = db_col_int(k->c, s, 0);
		if (bsearch(&blob, k->blobs, k->n, sizeof(*k->blobs),
		    by_number) != NULL &&
		    (rc = add_message(k, db_col_u64(k->c, s, 1), e)) == -1)
			break;
	}
	db_finish(&s);
	if (rc == -1 || db_sane(k->c, e) == -1)
		return -1;
	if (k->ids_n > 1)
		qsort(k->ids, k->ids_n, sizeof(*k->ids), by_place);
	return 0;
}

static int
list_costs(struct costs *k, catalog_message_fn *fn, void *arg, struct err *e)
{
	int rc = 0;

	if (k->n > 0 && (rc = find_messages(k, e)) == 0)
		rc = list_ids(k->c, k->ids, k->ids_n, fn, arg, e);
	free(k->blobs);
	free(k->ids);
	return rc;
}

int
catalog_lost(struct catalog *c, catalog_message_fn *fn, void *arg,
    struct err *e)
{
	struct costs k = { .c = c };
	sqlite3_stmt *s = NULL;
	int rc;

	if (db_prepare(c, "SELECT b.blob FROM pack p "
	    "JOIN blob b ON b.pack = p.pack WHERE p.retired IS NOT NULL", &s,
	    e) == -1)
		return -1;
	while ((rc = db_step(c, s, e)) == 1)
		add_blob(&k, db_col_int(c, s, 0));
	db_finish(&s);
	if (rc == -1 || db_sane(c, e) == -1) {
		free(k.blobs);
		return -1;
	}
	return list_costs(&k, fn, arg, e);
}

int
catalog_costs(struct catalog *c, const struct digest *sha256s, size_t n,
    catalog_message_fn *fn, void *arg, struct err *e)
{
	struct costs k = { .c = c };
	struct last_blob b;
	struct digest *v;
	size_t i;
	int rc = 0;

	if (n == 0)
		return 0;
	/* In the order of the index. */
	v = xreallocarray(NULL, n, sizeof(*v));
	memcpy(v, sha256s, n * sizeof(*v));
	qsort(v, n, sizeof(*v), by_digest);
	for (i = 0; rc != -1 && i < n; i++)
		if ((rc = blob_find(c, &v[i], &b, e)) == 1)
			add_blob(&k, b.number);
	free(v);
	if (rc == -1) {
		free(k.blobs);
		return -1;
	}
	return list_costs(&k, fn, arg, e);
}
