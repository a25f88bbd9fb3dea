/*
 * copies.c - older copies of contents whose newest one is damaged, and folders of an mbox vault that lack some.
 *
 * The catalog knows the newest place of a content alone.  An mbox vault has a content once for each of its appearances,
 * and any vault that stored one anew has the old one still: the manifests know all of these places.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/log.h"
#include "base/mem.h"
#include "vault/mend.h"

#define CHECK_LINES	1000	/* a signal is looked for this often */

static int
by_digest(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct digest));
}

/* ---- what the manifests tell ---- */

typedef int record_fn(void *, uint64_t commit, uint64_t line, const struct record *, struct err *);

static int
records_of(struct vault *v, uint64_t commit, record_fn *fn, void *arg,
    struct err *e)
{
	struct manifest_reader *r;
	struct record rec;
	uint64_t line;
	int got;

	if (manifest_open(v->manifests, commit, &r, e) == -1)
		return -1;
	while ((got = manifest_next(r, &rec, &line, e)) == 1) {
		if ((got = fn(arg, commit, line, &rec, e)) != 0)
			break;
		if (line % CHECK_LINES == 0 && (got = cancel_check(e)) != 0)
			break;
	}
	manifest_close(&r);
	return got;
}

/* Each record, until ${fn} returns other than 0, which is returned. */
static int
each_record(struct vault *v, record_fn *fn, void *arg, struct err *e)
{
	uint64_t commit;
	int rc = 0;

	for (commit = 1; rc == 0 && commit <= v->head; commit++)
		rc = records_of(v, commit, fn, arg, e);
	return rc;
}

/* 1: the catalog doesn't know of it. */
static int
is_unknown(void *arg, uint64_t commit, uint64_t line, const struct record *rec,
    struct err *e)
{
	struct vault *v = arg;
	struct known_message m;
	struct known_blob b;
	int r = 1;

	if (rec->kind == REC_BLOB)
		r = catalog_blob(v->catalog, &rec->u.blob.sha256, &b, e);
	else if (rec->kind == REC_MESSAGE &&
	    (r = catalog_message(v->catalog, commit, line, &m, e)) == 1)
		r = digest_equal(&m.sha256, &rec->u.message.sha256);
	return r == -1 ? -1 : r == 0;
}

int
vault_knows(struct vault *v, struct err *e)
{
	int r = each_record(v, is_unknown, v, e);

	return r == -1 ? -1 : r == 0;
}

/* ---- what folders lack ---- */

/* Messages of a folder with one content, less the copies in its packs. */
struct need {
	struct digest	 sha256;
	uint64_t	 folder;
	int64_t		 lacks;
	uint64_t	 commit, line;	/* of such a message; 0: there is none */
};

struct mend_needs {
	struct vault_txn *t;
	struct digest	*of;		/* own; the contents that damaged packs held, sorted */
	size_t		 of_n, of_cap;
	struct need	*v;		/* own; by content, then folder */
	size_t		 n, cap;
	char		*pack;		/* own; the last that was asked for: */
	bool		 pack_counts;
	uint64_t	 pack_folder;
};

void
mend_needs_free(struct mend_needs **np)
{
	if (*np == NULL)
		return;
	free((*np)->of);
	free((*np)->v);
	free((*np)->pack);
	free(*np);
	*np = NULL;
}

static void
note_digest(struct mend_needs *s, const struct digest *sha256)
{
	s->of = mem_grow(s->of, &s->of_cap, s->of_n + 1, sizeof(*s->of));
	s->of[s->of_n++] = *sha256;
}

static int
note_damaged(void *arg, uint64_t commit, uint64_t line,
    const struct record *rec, struct err *e)
{
	struct mend_needs *s = arg;

	(void)commit, (void)line, (void)e;
	if (rec->kind == REC_BLOB &&
	    mend_distrusts(s->t, rec->u.blob.place.pack))
		note_digest(s, &rec->u.blob.sha256);
	return 0;
}

static int
note_lost(void *arg, const struct known_message *m, struct err *e)
{
	(void)e;
	note_digest(arg, &m->sha256);
	return 0;
}

/* Whose pack it is, and whether it can be relied on. */
static int
ask_pack(struct mend_needs *s, const char *pack, struct err *e)
{
	struct known_pack known;
	int r;

	if (s->pack != NULL && strcmp(s->pack, pack) == 0)
		return 0;
	if ((r = catalog_pack(s->t->v->catalog, pack, &known, e)) == -1)
		return -1;
	free(s->pack);
	s->pack = xstrdup(pack);
	s->pack_counts = r == 1 && known.retired == 0 &&
	    !mend_distrusts(s->t, pack);
	s->pack_folder = r == 1 ? known.folder : 0;
	return 0;
}

static int
count_need(void *arg, uint64_t commit, uint64_t line, const struct record *rec,
    struct err *e)
{
	struct mend_needs *s = arg;
	const struct digest *sha256 = rec->kind == REC_BLOB ?
	    &rec->u.blob.sha256 : &rec->u.message.sha256;
	struct need one = { .lacks = 1, .commit = commit, .line = line };

	if ((rec->kind != REC_BLOB && rec->kind != REC_MESSAGE) ||
	    bsearch(sha256, s->of, s->of_n, sizeof(*s->of), by_digest) == NULL)
		return 0;
	one.sha256 = *sha256;
	one.folder = rec->u.message.folder;
	if (rec->kind == REC_BLOB) {
		if (ask_pack(s, rec->u.blob.place.pack, e) == -1)
			return -1;
		if (!s->pack_counts)
			return 0;
		one.folder = s->pack_folder;
		one.lacks = -1;
		one.commit = one.line = 0;
	}
	s->v = mem_grow(s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = one;
	return 0;
}

static int
by_content(const void *a, const void *b)
{
	const struct need *x = a, *y = b;
	int r = memcmp(&x->sha256, &y->sha256, sizeof(x->sha256));

	return r != 0 ? r : (x->folder > y->folder) - (x->folder < y->folder);
}

static int
by_folder(const void *a, const void *b)
{
	const struct need *x = a, *y = b;

	return x->folder != y->folder ? (x->folder < y->folder ? -1 : 1) :
	    by_content(a, b);
}

static void
add_up(struct mend_needs *s)
{
	size_t i, n = 0;

	if (s->n > 1)
		qsort(s->v, s->n, sizeof(*s->v), by_content);
	for (i = 0; i < s->n; i++) {
		if (n == 0 || by_content(&s->v[n - 1], &s->v[i]) != 0) {
			s->v[n++] = s->v[i];
			continue;
		}
		s->v[n - 1].lacks += s->v[i].lacks;
		if (s->v[n - 1].commit == 0) {
			s->v[n - 1].commit = s->v[i].commit;
			s->v[n - 1].line = s->v[i].line;
		}
	}
	s->n = n;
}

/* All damaged packs are known to be so when the first of them is mended. */
static int
load_needs(struct vault_txn *t, struct err *e)
{
	struct mend_needs *s;

	if (t->needs != NULL || t->v->container != CONTAINER_MBOX)
		return 0;
	s = t->needs = xcalloc(1, sizeof(*s));
	s->t = t;
	if (each_record(t->v, note_damaged, s, e) == -1 ||
	    catalog_lost(t->v->catalog, note_lost, s, e) == -1)
		goto fail;
	if (s->of_n == 0)
		return 0;
	qsort(s->of, s->of_n, sizeof(*s->of), by_digest);
	if (each_record(t->v, count_need, s, e) == -1)
		goto fail;
	add_up(s);
	return 0;
fail:
	mend_needs_free(&t->needs);
	return -1;
}

/* The first entry of a content that is not before that of a folder. */
static struct need *
need_of(const struct mend_needs *s, const struct digest *sha256,
    uint64_t folder)
{
	const struct need key = { .sha256 = *sha256, .folder = folder };
	size_t low = 0, high = s->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (by_content(&s->v[mid], &key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < s->n && digest_equal(&s->v[low].sha256, sha256) ?
	    &s->v[low] : NULL;
}

int
mend_lacks(struct vault_txn *t, const struct digest *sha256, uint64_t folder,
    struct err *e)
{
	const struct need *n;

	if (load_needs(t, e) == -1)
		return -1;
	if (t->needs == NULL)
		return 0;
	n = need_of(t->needs, sha256, folder);
	return n != NULL && n->folder == folder && n->lacks > 0;
}

void
mend_took(struct vault_txn *t, const struct digest *sha256, uint64_t folder)
{
	struct need *n;

	if (t->needs == NULL)
		return;
	n = need_of(t->needs, sha256, folder);
	if (n != NULL && n->folder == folder)
		n->lacks--;
}

/* A message of a folder that lacks this content: 1, 0 none does, -1. */
static int
lacking_spot(struct vault_txn *t, const struct digest *sha256,
    struct mend_spot *out, struct err *e)
{
	const struct need *n, *end;

	if (load_needs(t, e) == -1)
		return -1;
	if (t->needs == NULL || (n = need_of(t->needs, sha256, 0)) == NULL)
		return 0;
	for (end = t->needs->v + t->needs->n; n < end &&
	    digest_equal(&n->sha256, sha256); n++)
		if (n->lacks > 0)
			return mend_spot_at(t->v, n->commit, n->line, out, e);
	return 0;
}

int
mend_put_back(struct vault_txn *t, const struct digest *sha256, struct err *e)
{
	struct mend_spot spot;
	int r;

	if ((r = lacking_spot(t, sha256, &spot, e)) == 0)
		r = mend_first_spot(t->v, sha256, &spot, e);
	if (r != 1)
		return r;
	if (intake_replace(t, &spot.box, &spot.meta, e) == -1)
		r = -1;
	else
		mend_took(t, sha256, spot.box.folder);
	mend_spot_release(&spot);
	return r;
}

/* A folder gets what it lacks of one content, if that can be read elsewhere. */
static int
fill(struct vault_txn *t, struct need *n, struct err *e)
{
	const struct sink to = vault_intake_sink(t);
	struct mend_spot spot;
	int r;

	if ((r = intake_has(t, &n->sha256, e)) != 1)
		return r;
	if (vault_intake(t, 0, e) == -1)
		return -1;
	if (vault_read(t->v, &n->sha256, &to, e) == -1)
		return mend_failed(t, e) ? 0 : -1;
	if ((r = mend_spot_at(t->v, n->commit, n->line, &spot, e)) != 1)
		return r;
	for (r = 0; r == 0 && n->lacks > 0; n->lacks--)
		r = intake_replace(t, &spot.box, &spot.meta, e);
	mend_spot_release(&spot);
	return r == -1 ? -1 : cancel_check(e);
}

int
vault_fill_folders(struct vault_txn *t, struct err *e)
{
	struct mend_needs *s;
	size_t i, last = SIZE_MAX;
	int rc = 0;

	if (t->broken)
		return txn_broken(t, e);
	if (load_needs(t, e) == -1)
		return -1;
	if ((s = t->needs) == NULL || s->n == 0)
		return 0;
	qsort(s->v, s->n, sizeof(*s->v), by_folder);
	for (i = 0; rc == 0 && i < s->n; i++) {
		if (s->v[i].lacks <= 0 || s->v[i].commit == 0)
			continue;
		/* What stands in a pack that is still open can't be read. */
		if (last == SIZE_MAX)
			rc = vault_commit(t, e);
		else if (s->v[i].folder != s->v[last].folder)
			rc = txn_seal_pack(t, e);
		if (rc == 0)
			rc = fill(t, &s->v[i], e);
		last = i;
	}
	qsort(s->v, s->n, sizeof(*s->v), by_content);
	return rc;
}

/* ---- older copies ---- */

/* A place that a manifest tells. */
struct copy {
	struct digest	 sha256;
	uint64_t	 size;
	struct place	 place;
	char		*pack;		/* own */
};

struct copies {
	struct vault_txn *t;
	const struct digest *want;	/* sorted */
	size_t		 want_n;
	struct copy	*v;		/* own; in the order of manifests */
	size_t		 n, cap;
};

static int
note_copy(void *arg, uint64_t commit, uint64_t line, const struct record *rec,
    struct err *e)
{
	struct copies *c = arg;
	const struct rec_blob *b = &rec->u.blob;

	(void)commit, (void)line, (void)e;
	if (rec->kind != REC_BLOB || mend_distrusts(c->t, b->place.pack) || bsearch(&b->sha256,
	    c->want, c->want_n, sizeof(*c->want), by_digest) == NULL)
		return 0;
	c->v = mem_grow(c->v, &c->cap, c->n + 1, sizeof(*c->v));
	c->v[c->n] = (struct copy){ .sha256 = b->sha256, .size = b->size,
	    .place = b->place, .pack = xstrdup(b->place.pack) };
	c->v[c->n].place.pack = c->v[c->n].pack;
	c->n++;
	return 0;
}


/* Take a copy in: 1, 0 it can't be read, -1. */
static int
take_copy(struct copies *c, const struct copy *copy, struct err *e)
{
	struct vault *v = c->t->v;
	const struct sink to = vault_intake_sink(c->t);
	struct frame *frames = NULL;
	struct digest got;
	size_t n = 0;
	int rc;

	if (v->reader == NULL)
		v->reader = pack_reader_new(v->packs);
	if ((rc = catalog_frames(v->catalog, copy->pack, &frames, &n, e)) != 1)
		return rc;
	rc = -1;
	if (copy->place.frame >= n)
		err_set(e, EK_CORRUPT, "it has no such frame");
	else if (vault_intake(c->t, copy->size, e) == 0)
		rc = pack_read(v->reader, &copy->place,
		    &frames[copy->place.frame], copy->size, &to, e);
	free(frames);
	if (rc == -1)
		return mend_failed(c->t, e) ? 0 : -1;
	vault_intake_seen(c->t, &got);
	return digest_equal(&got, &copy->sha256);
}

static int
use_copy(struct copies *c, const struct copy *copy,
    struct vault_mended *report, struct err *e)
{
	int r;

	if ((r = intake_has(c->t, &copy->sha256, e)) != 0)
		return r == -1 ? -1 : 0;
	if ((r = take_copy(c, copy, e)) != 1)
		return r;
	if ((r = mend_put_back(c->t, &copy->sha256, e)) != 1)
		return r;
	report->saved++;
	return cancel_check(e);
}

int
vault_find_copies(struct vault_txn *t, struct digest *want, size_t n,
    struct vault_mended *report, struct err *e)
{
	struct copies c = { .t = t, .want = want, .want_n = n };
	size_t i;
	int rc;

	if (t->broken)
		return txn_broken(t, e);
	if (n == 0)
		return 0;
	qsort(want, n, sizeof(*want), by_digest);
	rc = each_record(t->v, note_copy, &c, e);
	for (i = c.n; rc == 0 && i > 0; i--)
		rc = use_copy(&c, &c.v[i - 1], report, e);
	while (c.n > 0)
		free(c.v[--c.n].pack);
	free(c.v);
	return rc;
}
