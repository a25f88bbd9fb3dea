/*
 * copies.c - older copies of contents whose newest one is damaged.
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
by_digest(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct digest));
}

static void
note_copy(struct copies *c, const struct rec_blob *b)
{
	if (mend_distrusts(c->t, b->place.pack) || bsearch(&b->sha256,
	    c->want, c->want_n, sizeof(*c->want), by_digest) == NULL)
		return;
	c->v = mem_grow(c->v, &c->cap, c->n + 1, sizeof(*c->v));
	c->v[c->n] = (struct copy){ .sha256 = b->sha256, .size = b->size,
	    .place = b->place, .pack = xstrdup(b->place.pack) };
	c->v[c->n].place.pack = c->v[c->n].pack;
	c->n++;
}

static int
look_in(struct copies *c, uint64_t commit, struct err *e)
{
	struct manifest_reader *r;
	struct record rec;
	uint64_t line;
	int got;

	if (manifest_open(c->t->v->manifests, commit, &r, e) == -1)
		return -1;
	while ((got = manifest_next(r, &rec, &line, e)) == 1) {
		if (rec.kind == REC_BLOB)
			note_copy(c, &rec.u.blob);
		if (line % CHECK_LINES == 0 && cancel_check(e) == -1) {
			got = -1;
			break;
		}
	}
	manifest_close(&r);
	return got;
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
	struct mend_spot spot;
	int r;

	if ((r = intake_has(c->t, &copy->sha256, e)) != 0)
		return r == -1 ? -1 : 0;
	if ((r = take_copy(c, copy, e)) != 1)
		return r;
	if ((r = mend_first_spot(c->t->v, &copy->sha256, &spot, e)) != 1)
		return r;
	r = intake_replace(c->t, &spot.box, &spot.meta, e);
	mend_spot_release(&spot);
	if (r == -1)
		return -1;
	report->saved++;
	return cancel_check(e);
}

int
vault_find_copies(struct vault_txn *t, struct digest *want, size_t n,
    struct vault_mended *report, struct err *e)
{
	struct copies c = { .t = t, .want = want, .want_n = n };
	uint64_t commit;
	size_t i;
	int rc = 0;

	if (t->broken)
		return txn_broken(t, e);
	if (n == 0)
		return 0;
	qsort(want, n, sizeof(*want), by_digest);
	for (commit = 1; rc == 0 && commit <= t->v->head; commit++)
		rc = look_in(&c, commit, e);
	for (i = c.n; rc == 0 && i > 0; i--)
		rc = use_copy(&c, &c.v[i - 1], report, e);
	while (c.n > 0)
		free(c.v[--c.n].pack);
	free(c.v);
	return rc;
}
