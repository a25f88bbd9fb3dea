/*
 * apply.c - one record of a manifest becomes rows.
 *
 * Replayed in order, records give the state at every commit: what a record ends
 * is marked with the commit's number or copied to a table of old values, never
 * overwritten or deleted.
 */
#include <assert.h>

#include "catalog/write.h"

static int
apply_run_begin(struct catalog *c, const struct rec_run_begin *r,
    struct err *e)
{
	sqlite3_stmt *s;

	if (db_use(c, "INSERT OR REPLACE INTO run VALUES (?1, ?2)", &s,
	    e) == -1)
		return -1;
	db_u64(c, s, 1, r->run);
	db_text(c, s, 2, r->verb);
	return db_run(c, s, e);
}

static int
apply_run_end(struct catalog *c, const struct rec_run_end *r, struct err *e)
{
	const struct run_counts *n = &r->counts;
	const uint64_t counts[] = { n->folders, n->listed, n->fetched,
	    n->fetched_bytes, n->added, n->added_bytes, n->flags, n->gone,
	    n->missing, n->failed, n->stored_bytes };
	sqlite3_stmt *s;
	size_t i;

	if (db_use(c, "INSERT OR REPLACE INTO run_end VALUES (?1, ?2, ?3, "
	    "?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)", &s,
	    e) == -1)
		return -1;
	db_u64(c, s, 1, c->w->now.commit);
	db_text(c, s, 2, r->result);
	db_int(c, s, 3, r->status);
	db_text(c, s, 4, r->error);
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		db_u64(c, s, 5 + (int)i, counts[i]);
	return db_run(c, s, e);
}

static int
apply_server(struct catalog *c, const struct rec_server *r, struct err *e)
{
	sqlite3_stmt *s;

	if (db_use(c, "UPDATE head SET capability = ?1, server_id = ?2", &s,
	    e) == -1)
		return -1;
	db_text(c, s, 1, r->capability);
	db_text(c, s, 2, r->id);
	return db_run(c, s, e);
}

static int
apply_folder(struct catalog *c, const struct rec_folder *r, struct err *e)
{
	sqlite3_stmt *s;

	if (r->folder == 0)
		return err_set(e, EK_CORRUPT, "a folder's number is 0");
	if (db_use(c, "INSERT OR REPLACE INTO folder VALUES "
	    "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)", &s, e) == -1)
		return -1;
	db_u64(c, s, 1, r->folder);
	db_u64(c, s, 2, c->w->now.commit);
	db_text(c, s, 3, r->name);
	db_text(c, s, 4, r->attributes);
	db_text(c, s, 5, r->mailboxid);
	db_int(c, s, 6, (unsigned char)r->delimiter);
	db_int(c, s, 7, r->space);
	db_int(c, s, 8, r->selectable);
	db_int(c, s, 9, r->subscribed);
	db_int(c, s, 10, r->gone);
	return db_run(c, s, e);
}

static int
labels_number(struct catalog *c, const char *labels, int64_t *out,
    struct err *e)
{
	*out = 0;
	return labels == NULL ? 0 : word_number(c, labels, out, e);
}

/*
 * The columns that say what a message is, in the order of both statements
 * below.
 */
static void
bind_message(struct catalog *c, sqlite3_stmt *s, const struct rec_message *r,
    int64_t blob, int64_t flags, int64_t labels)
{
	db_u64(c, s, 1, r->epoch);
	db_int(c, s, 2, r->uid);
	db_int(c, s, 3, blob);
	db_u64(c, s, 4, r->size);
	if (r->has_date)
		db_int(c, s, 5, r->date);
	else
		db_null(c, s, 5);
	db_int(c, s, 6, flags);
	if (r->labels != NULL)
		db_int(c, s, 7, labels);
	else
		db_null(c, s, 7);
	db_text(c, s, 8, r->internaldate);
	db_text(c, s, 9, r->emailid);
	db_text(c, s, 10, r->threadid);
}

/* Whether the very same message is live: 1 yes, 0, -1. */
static int
is_live(struct catalog *c, const struct rec_message *r, int64_t blob,
    int64_t flags, int64_t labels, struct err *e)
{
	sqlite3_stmt *s;
	int rc;

	if (db_use(c, "SELECT 1 FROM message WHERE epoch = ?1 AND uid = ?2 "
	    "AND gone IS NULL AND blob = ?3 AND size = ?4 AND date IS ?5 "
	    "AND flags = ?6 AND labels IS ?7 AND internaldate IS ?8 "
	    "AND emailid IS ?9 AND threadid IS ?10 LIMIT 1", &s, e) == -1)
		return -1;
	bind_message(c, s, r, blob, flags, labels);
	rc = db_step(c, s, e);
	db_end(s);
	return rc;
}

static int
count_message(struct catalog *c, struct epoch *p, const struct rec_message *r,
    struct err *e)
{
	struct commit *now = &c->w->now;

	if (p->max_uid < r->uid)
		p->max_uid = r->uid;
	if (db_add(&p->live_bytes, r->size, e) == -1 ||
	    db_add(&p->kept_bytes, r->size, e) == -1 ||
	    db_add(&now->added_bytes, r->size, e) == -1)
		return -1;
	p->live++;
	p->kept++;
	now->added++;
	return 0;
}

static int
apply_message(struct catalog *c, uint64_t id, const struct rec_message *r,
    struct err *e)
{
	int64_t blob, flags, labels;
	struct epoch *p;
	sqlite3_stmt *s;
	int rc;

	if (r->uid == 0)
		return err_set(e, EK_CORRUPT, "a message's UID is 0");
	if (epoch_get(c, r->epoch, r->folder, &p, e) == -1 ||
	    blob_number(c, &r->sha256, r->size, id, &blob, e) == -1 ||
	    word_number(c, r->flags, &flags, e) == -1 ||
	    labels_number(c, r->labels, &labels, e) == -1 ||
	    missing_remove(c, p, r->uid, r->uid, e) == -1)
		return -1;
	epoch_touch(p);
	/* Nearly always the UID is above all others, and nobody need look. */
	if (r->uid <= p->max_uid &&
	    (rc = is_live(c, r, blob, flags, labels, e)) != 0)
		return rc == 1 ? 0 : -1;
	if (db_use(c, "INSERT INTO message (epoch, uid, blob, size, date, "
	    "flags, labels, internaldate, emailid, threadid, id, by_emailid) "
	    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)", &s,
	    e) == -1)
		return -1;
	bind_message(c, s, r, blob, flags, labels);
	db_u64(c, s, 11, id);
	db_int(c, s, 12, r->by != NULL);
	if (db_run(c, s, e) == -1)
		return -1;
	return count_message(c, p, r, e);
}

/* Messages of ${r}'s UIDs from ?2 to ?3 that are live and would change. */
#define CHANGING	"FROM message WHERE epoch = ?1 AND gone IS NULL " \
			"AND uid BETWEEN ?2 AND ?3 AND (flags <> ?4 " \
			"OR (?5 IS NOT NULL AND labels IS NOT ?5))"

static int
set_flags(struct catalog *c, const struct rec_flags *r, struct uid_range u,
    int64_t flags, int64_t labels, struct err *e)
{
	/*
	 * A value that began in this commit never was one at the end of a
	 * commit, so it isn't kept.
	 */
	static const char *const sql[] = {
		"INSERT OR IGNORE INTO was SELECT id, ?6, flags, labels "
		CHANGING " AND id < ?7",
		"UPDATE message SET flags = ?4, labels = coalesce(?5, labels) "
		"WHERE id IN (SELECT id " CHANGING ")",
	};
	uint64_t commit = c->w->now.commit;
	sqlite3_stmt *s;
	size_t i;

	for (i = 0; i < 2; i++) {
		if (db_use(c, sql[i], &s, e) == -1)
			return -1;
		db_u64(c, s, 1, r->epoch);
		db_int(c, s, 2, u.first);
		db_int(c, s, 3, u.last);
		db_int(c, s, 4, flags);
		if (r->labels != NULL)
			db_int(c, s, 5, labels);
		else
			db_null(c, s, 5);
		if (i == 0) {
			db_u64(c, s, 6, commit);
			db_u64(c, s, 7, db_id(commit, 0));
		}
		if (db_run(c, s, e) == -1)
			return -1;
	}
	return db_add(&c->w->now.flags, (uint64_t)sqlite3_changes64(c->db), e);
}

static int
apply_flags(struct catalog *c, const struct rec_flags *r, struct err *e)
{
	int64_t flags, labels;
	struct epoch *p;
	size_t i;

	if (epoch_get(c, r->epoch, r->folder, &p, e) == -1 ||
	    word_number(c, r->flags, &flags, e) == -1 ||
	    labels_number(c, r->labels, &labels, e) == -1)
		return -1;
	epoch_touch(p);
	for (i = 0; i < r->uids->n; i++)
		if (set_flags(c, r, r->uids->r[i], flags, labels, e) == -1)
			return -1;
	return 0;
}

/* A statement whose first parameters are an epoch and a range of its UIDs. */
static int
use_range(struct catalog *c, const char *sql, const struct epoch *p,
    struct uid_range u, sqlite3_stmt **s, struct err *e)
{
	if (db_use(c, sql, s, e) == -1)
		return -1;
	db_u64(c, *s, 1, p->number);
	db_int(c, *s, 2, u.first);
	db_int(c, *s, 3, u.last);
	return 0;
}

/*
 * Take the live messages of a range of UIDs off an epoch's figures; of so many
 * UIDs there are some.
 */
static int
discount(struct catalog *c, struct epoch *p, struct uid_range u,
    uint64_t *uids, struct err *e)
{
	uint64_t n = 0, bytes = 0;
	sqlite3_stmt *s;
	int rc;

	*uids = 0;
	if (use_range(c, "SELECT count(*), coalesce(sum(size), 0), "
	    "count(DISTINCT uid) FROM message WHERE epoch = ?1 "
	    "AND gone IS NULL AND uid BETWEEN ?2 AND ?3", p, u, &s, e) == -1)
		return -1;
	if ((rc = db_step(c, s, e)) == 1) {
		n = db_col_u64(c, s, 0);
		bytes = db_col_u64(c, s, 1);
		*uids = db_col_u64(c, s, 2);
	}
	db_end(s);
	if (rc == -1 || db_sane(c, e) == -1)
		return -1;
	if (n > p->live || bytes > p->live_bytes)
		return err_set(e, EK_CORRUPT,
		    "the catalog miscounts epoch %llu",
		    (unsigned long long)p->number);
	p->live -= n;
	p->live_bytes -= bytes;
	c->w->now.gone += n;
	return 0;
}

/*
 * Messages of a range that are live are gone; ${run}, unless 0, deleted them.
 * Of ${*uids} UIDs there were some.
 */
static int
end_messages(struct catalog *c, struct epoch *p, struct uid_range u,
    uint64_t run, uint64_t *uids, struct err *e)
{
	sqlite3_stmt *s;

	if (missing_remove(c, p, u.first, u.last, e) == -1 ||
	    discount(c, p, u, uids, e) == -1)
		return -1;
	if (*uids == 0)
		return 0;
	if (use_range(c, "UPDATE message SET gone = ?4, pruned = ?5 "
	    "WHERE epoch = ?1 AND gone IS NULL AND uid BETWEEN ?2 AND ?3", p,
	    u, &s, e) == -1)
		return -1;
	db_u64(c, s, 4, c->w->now.commit);
	if (run != 0)
		db_u64(c, s, 5, run);
	else
		db_null(c, s, 5);
	return db_run(c, s, e);
}

static int
apply_gone(struct catalog *c, const struct rec_gone *r, struct err *e)
{
	struct epoch *p;
	uint64_t n;
	size_t i;

	if (epoch_get(c, r->epoch, r->folder, &p, e) == -1)
		return -1;
	epoch_touch(p);
	for (i = 0; i < r->uids->n; i++)
		if (end_messages(c, p, r->uids->r[i], 0, &n, e) == -1)
			return -1;
	return intent_close(c, p, r->uids, e);
}

/*
 * The newest messages of a range, where they were gone before anybody knew that
 * a run had deleted them.
 */
static int
explain_gone(struct catalog *c, const struct epoch *p, struct uid_range u,
    uint64_t run, struct err *e)
{
	sqlite3_stmt *s;

	if (use_range(c, "UPDATE message SET pruned = ?4 WHERE id IN "
	    "(SELECT max(id) FROM message INDEXED BY message_live "
	    "WHERE epoch = ?1 AND uid BETWEEN ?2 AND ?3 GROUP BY uid) "
	    "AND gone IS NOT NULL AND pruned IS NULL", p, u, &s, e) == -1)
		return -1;
	db_u64(c, s, 4, run);
	return db_run(c, s, e);
}

static int
apply_pruned(struct catalog *c, const struct rec_pruned *r, struct err *e)
{
	struct uid_range u;
	struct epoch *p;
	uint64_t n;
	size_t i;

	if (epoch_get(c, r->epoch, r->folder, &p, e) == -1)
		return -1;
	epoch_touch(p);
	for (i = 0; i < r->uids->n; i++) {
		u = r->uids->r[i];
		if (end_messages(c, p, u, r->run, &n, e) == -1)
			return -1;
		/* To look for those that are gone is slow where many are. */
		if (n <= u.last - u.first &&
		    explain_gone(c, p, u, r->run, e) == -1)
			return -1;
	}
	return intent_close(c, p, r->uids, e);
}

static int
apply_missing(struct catalog *c, const struct rec_missing *r, struct err *e)
{
	struct epoch *p;
	size_t i;

	if (epoch_get(c, r->epoch, r->folder, &p, e) == -1)
		return -1;
	epoch_touch(p);
	for (i = 0; i < r->uids->n; i++)
		if (missing_add(c, p, r->uids->r[i].first,
		    r->uids->r[i].last, r->reason, e) == -1)
			return -1;
	return db_add(&c->w->now.missing, uidset_count(r->uids), e);
}

static int
apply(struct catalog *c, uint64_t id, const struct record *r, struct err *e)
{
	switch (r->kind) {
	case REC_RUN_BEGIN:
		return apply_run_begin(c, &r->u.run_begin, e);
	case REC_RUN_END:
		return apply_run_end(c, &r->u.run_end, e);
	case REC_SERVER:
		return apply_server(c, &r->u.server, e);
	case REC_FOLDER:
		return apply_folder(c, &r->u.folder, e);
	case REC_EPOCH:
		return epoch_apply(c, &r->u.epoch, e);
	case REC_BLOB:
		return blob_apply(c, id, &r->u.blob, e);
	case REC_MESSAGE:
		return apply_message(c, id, &r->u.message, e);
	case REC_FLAGS:
		return apply_flags(c, &r->u.flags, e);
	case REC_GONE:
		return apply_gone(c, &r->u.gone, e);
	case REC_MISSING:
		return apply_missing(c, &r->u.missing, e);
	case REC_PACK:
		return pack_apply(c, &r->u.pack, e);
	case REC_FRAMES:
		return pack_apply_frames(c, &r->u.frames, e);
	case REC_RETIRE:
		return pack_apply_retire(c, &r->u.retire, e);
	case REC_PRUNE_INTENT:
		return intent_apply(c, &r->u.prune_intent, e);
	case REC_PRUNED:
		return apply_pruned(c, &r->u.pruned, e);
	case REC_PRUNE_KEPT:
		return intent_apply_kept(c, &r->u.prune_kept, e);
	case REC_NOTE:
	case REC_KINDS:
		break;
	}
	return err_set(e, EK_FAIL, "the catalog doesn't know such a record");
}

static int
check_line(const struct commit *now, uint64_t line, struct err *e)
{
	if (line > DB_LINE_MAX)
		return err_set(e, EK_FAIL,
		    "the catalog can't count as far as this line");
	if (line <= now->line)
		return err_set(e, EK_CORRUPT, "it comes after line %llu",
		    (unsigned long long)now->line);
	return 0;
}

int
catalog_apply(struct catalog *c, uint64_t line, const struct record *r,
    struct err *e)
{
	struct commit *now = &c->w->now;

	assert(c->w->open);
	if (write_alive(c, e) == -1 || check_line(now, line, e) == -1 ||
	    apply(c, db_id(now->commit, line), r, e) == -1) {
		c->w->failed = true;
		return err_add(e, "commit %llu, line %llu",
		    (unsigned long long)now->commit,
		    (unsigned long long)line);
	}
	now->line = line;
	return 0;
}
