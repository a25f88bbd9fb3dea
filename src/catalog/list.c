/*
 * list.c - messages as listings show them, now and as of older commits.
 *
 * The statement that finds the folder (or the blob) stays open while its
 * messages are read, so that all of a question is answered from one state
 * although a writer may commit meanwhile.
 */
#include <string.h>

#include "catalog/write.h"

/* Folders as of commit ?1. */
#define FOLDER_SELECT							\
	"SELECT f.folder, f.name, f.gone, coalesce(e.epoch, 0), "	\
	"coalesce(e.uidvalidity, 0) "					\
	"FROM folder f LEFT JOIN epoch e ON e.epoch = "			\
	"(SELECT max(epoch) FROM epoch "				\
	"WHERE folder = f.folder AND at <= ?1) "			\
	"WHERE f.at = (SELECT max(at) FROM folder "			\
	"WHERE folder = f.folder AND at <= ?1) "

#define MESSAGE_COLUMNS							\
	"m.id, m.uid, m.size, m.date, m.internaldate, m.emailid, "	\
	"m.threadid, b.sha256, h.blob, h.sender, h.recipient, "		\
	"h.subject, h.date, h.message_id, m.by_emailid, "

/* What isn't there though it must be shows as a null, not as a message less. */
#define MESSAGE_CONTENT							\
	"LEFT JOIN blob b ON b.blob = m.blob "				\
	"LEFT JOIN header h ON h.blob = m.blob "

/* What is on the server now: the whole answer in one pass over an index. */
static const char select_live[] =
    "SELECT " MESSAGE_COLUMNS "m.flags, m.labels "
    "FROM message m INDEXED BY message_live " MESSAGE_CONTENT
    "WHERE m.epoch = ?1 AND m.gone IS NULL ORDER BY m.uid, m.id";

/* Message ?1 as of commit ?2. */
static const char select_then[] =
    "SELECT " MESSAGE_COLUMNS
    "iif(w.id IS NULL, m.flags, w.flags), "
    "iif(w.id IS NULL, m.labels, w.labels), "
    "m.epoch, x.uidvalidity, m.gone IS NOT NULL AND m.gone <= ?2, "
    "iif(m.gone <= ?2, coalesce(m.pruned, 0), 0) "
    "FROM message m " MESSAGE_CONTENT
    "LEFT JOIN epoch x ON x.epoch = m.epoch "
    "LEFT JOIN was w ON w.id = m.id AND w.until = "
    "(SELECT min(until) FROM was WHERE id = m.id AND until > ?2) "
    "WHERE m.id = ?1";

/*
 * For older states rows are found and sorted as narrow as can be, then fetched
 * one by one.
 */
static const char select_ids_then[] =
    "SELECT id FROM message WHERE epoch = ?1 AND id <= ?2 "
    "AND (gone IS NULL OR gone > ?3) ORDER BY uid, id";

static const char select_ids_all[] =
    "SELECT m.id FROM epoch x JOIN message m ON m.epoch = x.epoch "
    "WHERE x.folder = ?1 AND m.id <= ?2 ORDER BY m.uid, m.id";

/* A question on its way. */
struct listing {
	struct catalog		*c;	/* borrowed */
	uint64_t		 at;
	bool			 all;
	catalog_message_fn	*fn;
	void			*arg;
	sqlite3_stmt		*live, *ids, *then;	/* own */
	/* the folder at hand */
	uint64_t		 folder, epoch, uidvalidity;
	const char		*name;
	bool			 gone;
};

static int
listing_open(struct listing *l, struct err *e)
{
	if (db_prepare(l->c, select_then, &l->then, e) == -1)
		return -1;
	if (l->at == CATALOG_NOW && !l->all)
		return db_prepare(l->c, select_live, &l->live, e);
	return db_prepare(l->c, l->all ? select_ids_all : select_ids_then,
	    &l->ids, e);
}

static void
listing_close(struct listing *l)
{
	db_finish(&l->live);
	db_finish(&l->ids);
	db_finish(&l->then);
}

static int
take_folder(struct listing *l, sqlite3_stmt *s, struct err *e)
{
	l->folder = db_col_u64(l->c, s, 0);
	l->name = db_col_text(l->c, s, 1);
	l->gone = db_col_bool(l->c, s, 2);
	l->epoch = db_col_u64(l->c, s, 3);
	l->uidvalidity = db_col_u64(l->c, s, 4);
	return db_sane(l->c, e);
}

static int
fill(struct listing *l, sqlite3_stmt *s, struct known_message *m,
    struct err *e)
{
	struct catalog *c = l->c;
	uint64_t id = db_col_u64(c, s, 0);
	int i;

	*m = (struct known_message){ .commit = id >> DB_LINE_BITS,
	    .line = id & DB_LINE_MAX, .folder = l->folder,
	    .epoch = l->epoch, .uidvalidity = l->uidvalidity,
	    .folder_name = l->name, .gone = l->gone };
	m->uid = (uint32_t)db_col_max(c, s, 1, UID_MAX);
	m->size = db_col_u64(c, s, 2);
	if ((m->has_date = !db_col_null(s, 3)))
		m->date = db_col_int(c, s, 3);
	m->internaldate = db_col_opt(c, s, 4);
	m->emailid = db_col_opt(c, s, 5);
	m->threadid = db_col_opt(c, s, 6);
	db_col_digest(c, s, 7, &m->sha256);
	m->has_headers = !db_col_null(s, 8);
	for (i = 0; i < HEADER_FIELDS; i++)
		m->header[i] = m->has_headers ? db_col_text(c, s, 9 + i) : "";
	m->by_emailid = db_col_bool(c, s, 14);
	if (word_text(c, &c->flags, db_col_int(c, s, 15), &m->flags, e) == -1)
		return -1;
	if (!db_col_null(s, 16) && word_text(c, &c->labels,
	    db_col_int(c, s, 16), &m->labels, e) == -1)
		return -1;
	return db_sane(c, e);
}

static int
list_live(struct listing *l, struct err *e)
{
	struct known_message m;
	int rc;

	db_u64(l->c, l->live, 1, l->epoch);
	while ((rc = db_step(l->c, l->live, e)) == 1) {
		if ((rc = fill(l, l->live, &m, e)) == -1 ||
		    (rc = l->fn(l->arg, &m, e)) != 0)
			break;
	}
	db_end(l->live);
	return rc;
}

/* Call for one message as of then. */
static int
show(struct listing *l, uint64_t id, struct err *e)
{
	struct known_message m;
	int rc;

	db_u64(l->c, l->then, 1, id);
	db_u64(l->c, l->then, 2, db_at(l->at));
	if ((rc = db_step(l->c, l->then, e)) == 0)
		rc = err_set(e, EK_CORRUPT,
		    "the catalog has a message without a content");
	if (rc == 1 && (rc = fill(l, l->then, &m, e)) == 0) {
		m.epoch = db_col_u64(l->c, l->then, 17);
		m.uidvalidity = db_col_u64(l->c, l->then, 18);
		m.gone = db_col_bool(l->c, l->then, 19) || l->gone ||
		    m.epoch != l->epoch;
		m.pruned = db_col_u64(l->c, l->then, 20);
		if ((rc = db_sane(l->c, e)) == 0)
			rc = l->fn(l->arg, &m, e);
	}
	db_end(l->then);
	return rc;
}

static int
list_then(struct listing *l, struct err *e)
{
	struct catalog *c = l->c;
	int rc;

	db_u64(c, l->ids, 1, l->all ? l->folder : l->epoch);
	db_u64(c, l->ids, 2, db_id(db_at(l->at), DB_LINE_MAX));
	if (!l->all)
		db_u64(c, l->ids, 3, db_at(l->at));
	while ((rc = db_step(c, l->ids, e)) == 1)
		if ((rc = show(l, db_col_u64(c, l->ids, 0), e)) != 0)
			break;
	db_end(l->ids);
	return rc;
}

int
catalog_messages(struct catalog *c, uint64_t folder, uint64_t at, bool all,
    catalog_message_fn *fn, void *arg, struct err *e)
{
	struct listing l = { .c = c, .at = at, .all = all, .fn = fn,
	    .arg = arg };
	sqlite3_stmt *s = NULL;
	int rc = -1;

	if (listing_open(&l, e) == -1 ||
	    db_prepare(c, FOLDER_SELECT "AND f.folder BETWEEN ?2 AND ?3 "
	    "ORDER BY f.folder", &s, e) == -1)
		goto out;
	db_u64(c, s, 1, db_at(at));
	db_u64(c, s, 2, folder);
	db_u64(c, s, 3, folder == 0 ? INT64_MAX : folder);
	while ((rc = db_step(c, s, e)) == 1) {
		if ((rc = take_folder(&l, s, e)) == -1)
			break;
		/* A folder that is gone has nothing on the server. */
		if (l.gone && !all)
			continue;
		rc = l.live != NULL ? list_live(&l, e) : list_then(&l, e);
		if (rc != 0)
			break;
	}
out:
	db_finish(&s);
	listing_close(&l);
	return rc;
}

/*
 * Call for message ${id} as of now; 0 where there is none, else what the
 * function said.
 */
static int
show_now(struct listing *l, uint64_t id, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc;

	if (db_prepare(l->c, FOLDER_SELECT "AND f.folder = (SELECT x.folder "
	    "FROM message m JOIN epoch x ON x.epoch = m.epoch "
	    "WHERE m.id = ?2)", &s, e) == -1)
		return -1;
	db_u64(l->c, s, 1, db_at(l->at));
	db_u64(l->c, s, 2, id);
	if ((rc = db_step(l->c, s, e)) == 1 &&
	    (rc = take_folder(l, s, e)) == 0)
		rc = show(l, id, e);
	db_finish(&s);
	return rc;
}

int
list_ids(struct catalog *c, const struct list_id *v, size_t n,
    catalog_message_fn *fn, void *arg, struct err *e)
{
	struct listing l = { .c = c, .at = CATALOG_NOW, .all = true,
	    .fn = fn, .arg = arg };
	sqlite3_stmt *s = NULL;
	size_t i;
	int rc = -1;

	if (db_prepare(c, select_then, &l.then, e) == -1 ||
	    db_prepare(c, FOLDER_SELECT "AND f.folder = ?2", &s, e) == -1)
		goto out;
	for (i = 0, rc = 0; rc == 0 && i < n; i++) {
		if (i == 0 || v[i].folder != v[i - 1].folder) {
			db_end(s);
			db_u64(c, s, 1, db_at(l.at));
			db_u64(c, s, 2, v[i].folder);
			if ((rc = db_step(c, s, e)) == 0)
				rc = err_set(e, EK_CORRUPT,
				    "the catalog lacks a folder");
			if (rc == -1 || (rc = take_folder(&l, s, e)) == -1)
				break;
		}
		rc = show(&l, v[i].id, e);
	}
out:
	db_finish(&s);
	listing_close(&l);
	return rc;
}

struct copy {
	struct catalog		*c;
	struct known_message	 m;
};

/* The row outlives its statement: its strings become the handle's. */
static int
copy_message(void *arg, const struct known_message *m, struct err *e)
{
	struct copy *to = arg;
	int i;

	(void)e;
	to->m = *m;
	to->m.folder_name = db_keep(to->c, m->folder_name);
	to->m.internaldate = db_keep(to->c, m->internaldate);
	to->m.emailid = db_keep(to->c, m->emailid);
	to->m.threadid = db_keep(to->c, m->threadid);
	for (i = 0; i < HEADER_FIELDS; i++)
		to->m.header[i] = db_keep(to->c, m->header[i]);
	return 1;
}

int
catalog_message(struct catalog *c, uint64_t commit, uint64_t line,
    struct known_message *out, struct err *e)
{
	struct copy copy = { .c = c };
	struct listing l = { .c = c, .at = CATALOG_NOW, .all = true,
	    .fn = copy_message, .arg = &copy };
	int rc = -1;

	if (commit > DB_COMMIT_MAX || line > DB_LINE_MAX)
		return 0;
	db_forget(c);
	if (db_prepare(c, select_then, &l.then, e) == 0)
		rc = show_now(&l, db_id(commit, line), e);
	listing_close(&l);
	if (rc == 1)
		*out = copy.m;
	return rc;
}

/* The digests that begin with ${n} hex digits lie between two. */
struct prefix {
	struct digest	first, last;
};

static int
parse_prefix(const char *hex, struct prefix *out)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at;
	size_t i, n = strlen(hex);
	uint8_t v;

	if (n > 2 * (size_t)DIGEST_SIZE)
		return -1;
	memset(out->first.b, 0, DIGEST_SIZE);
	memset(out->last.b, 0xff, DIGEST_SIZE);
	for (i = 0; i < n; i++) {
		if ((at = strchr(digits, hex[i])) == NULL)
			return -1;
		v = (uint8_t)((at - digits) & 15);
		if (i % 2 == 0) {
			out->first.b[i / 2] = (uint8_t)(v << 4);
			out->last.b[i / 2] = (uint8_t)(v << 4 | 15);
		} else {
			out->first.b[i / 2] |= v;
			out->last.b[i / 2] =
			    (uint8_t)((out->last.b[i / 2] & 0xf0) | v);
		}
	}
	return 0;
}

/*
 * The first message with a blob: 1 found, 0, -1.  No record before ${since}
 * named the blob.
 */
static int
first_of(struct catalog *c, uint64_t blob, uint64_t since, uint64_t *out,
    struct err *e)
{
	sqlite3_stmt *s;
	int rc;

	if (db_use(c, "SELECT id FROM message WHERE id >= ?1 AND blob = ?2 "
	    "ORDER BY id LIMIT 1", &s, e) == -1)
		return -1;
	db_u64(c, s, 1, since);
	db_u64(c, s, 2, blob);
	if ((rc = db_step(c, s, e)) == 1)
		*out = db_col_u64(c, s, 0);
	db_end(s);
	return rc;
}

static int
each_prefix(struct listing *l, sqlite3_stmt *s, struct err *e)
{
	struct catalog *c = l->c;
	uint64_t blob, since, id;
	int found = 0, rc;

	while (found < 2 && (rc = db_step(c, s, e)) == 1) {
		blob = db_col_u64(c, s, 0);
		since = db_col_u64(c, s, 1);
		if (db_sane(c, e) == -1)
			return -1;
		if ((rc = first_of(c, blob, since, &id, e)) == 1) {
			found++;
			rc = show_now(l, id, e);
		}
		if (rc != 0)
			return rc;
	}
	return found == 2 ? 0 : rc;
}

int
catalog_by_prefix(struct catalog *c, const char *hex, catalog_message_fn *fn,
    void *arg, struct err *e)
{
	struct listing l = { .c = c, .at = CATALOG_NOW, .all = true, .fn = fn,
	    .arg = arg };
	struct prefix p;
	sqlite3_stmt *s = NULL;
	int rc = -1;

	if (parse_prefix(hex, &p) == -1)
		return 0;
	if (db_prepare(c, select_then, &l.then, e) == 0 &&
	    db_prepare(c, "SELECT blob, since FROM blob "
	    "WHERE prefix BETWEEN ?1 AND ?2 AND sha256 BETWEEN ?3 AND ?4 "
	    "ORDER BY prefix, blob", &s, e) == 0) {
		db_int(c, s, 1, blob_prefix(&p.first));
		db_int(c, s, 2, blob_prefix(&p.last));
		db_digest(c, s, 3, &p.first);
		db_digest(c, s, 4, &p.last);
		rc = each_prefix(&l, s, e);
	}
	db_finish(&s);
	listing_close(&l);
	return rc;
}
