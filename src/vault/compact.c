/*
 * compact.c - small packs put together, and many manifests into one file.
 *
 * Nothing is taken away here that is not seen to be elsewhere first: the new packs are read back before the commit that
 * retires the old ones, and their files stay for a day, for readers and copies that began before it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "vault/mend.h"

#define ROOM_LEAST	(1024 * 1024)	/* for the manifest, and what the catalog grows by */

/* A new pack, and what has to be in it. */
struct made {
	char		*name;		/* own */
	struct rec_blob	*blobs;		/* own */
	size_t		 n, cap;
};

struct compaction {
	struct vault_txn *t;		/* own */
	const char	*pack;		/* the old one that is being read */
	struct made	*made;		/* own */
	size_t		 made_n, made_cap;
	void		(*progress)(void *, uint64_t);
	void		*arg;
};

/* ---- out of the old ones ---- */

static bool
same_place(const struct place *a, const struct place *b)
{
	return a->frame == b->frame && a->offset == b->offset &&
	    a->stored == b->stored && a->form == b->form &&
	    a->newline_added == b->newline_added &&
	    strcmp(a->pack, b->pack) == 0;
}

/*
 * Where the same bytes can be read as several messages, the one counts that has its newest place here; in an mbox,
 * which holds every appearance, else one that is known.
 */
static int
choose(void *arg, const struct pack_found *f, const struct pack_reading **out,
    struct err *e)
{
	const struct compaction *c = arg;
	struct vault *v = c->t->v;
	struct known_blob known;
	size_t i;
	int r;

	*out = NULL;
	for (i = 0; i < f->n; i++) {
		r = catalog_blob(v->catalog, &f->readings[i].sha256, &known,
		    e);
		if (r == -1)
			return -1;
		if (r == 0)
			continue;
		if (*out == NULL)
			*out = &f->readings[i];
		if (!same_place(&known.place, &f->readings[i].place))
			continue;
		*out = &f->readings[i];
		return 1;
	}
	if (*out == NULL)
		return err_set(e, EK_CORRUPT, "packs/%s holds a message that "
		    "no manifest names", c->pack);
	return v->container == CONTAINER_MBOX;
}

static int
stored(void *arg, const struct rec_blob *b, struct err *e)
{
	struct compaction *c = arg;
	struct made *m = c->made_n == 0 ? NULL : &c->made[c->made_n - 1];

	if (m == NULL || strcmp(m->name, b->place.pack) != 0) {
		c->made = mem_grow(c->made, &c->made_cap, c->made_n + 1,
		    sizeof(*c->made));
		m = &c->made[c->made_n++];
		*m = (struct made){ .name = xstrdup(b->place.pack) };
	}
	m->blobs = mem_grow(m->blobs, &m->cap, m->n + 1, sizeof(*m->blobs));
	m->blobs[m->n] = *b;
	m->blobs[m->n++].place.pack = NULL;
	return cancel_check(e);
}

static int
frame_done(void *arg, const struct frame *f, struct err *e)
{
	const struct compaction *c = arg;

	if (c->progress != NULL)
		c->progress(c->arg, f->raw);
	return cancel_check(e);
}

static int
old_damage(void *arg, const struct pack_damage *d, struct err *e)
{
	(void)arg;
	return err_set(e, EK_CORRUPT, "packs/%s, byte %" PRIu64 ": %s",
	    d->pack, d->offset, d->what);
}

static int
found_one(void *arg, const struct digest *sha256, const struct known_blob *b,
    struct err *e)
{
	(void)arg, (void)sha256, (void)b, (void)e;
	return 1;
}

/* Nothing may have its newest place in it any more: that would be lost. */
static int
is_empty(struct compaction *c, struct err *e)
{
	int r = catalog_pack_blobs(c->t->v->catalog, c->pack, found_one, NULL,
	    e);

	if (r == 1)
		return err_set(e, EK_CORRUPT, "packs/%s lacks a message that "
		    "should be in it", c->pack);
	return r;
}

static int
copy_packs(struct compaction *c, const char *const *packs, size_t n,
    struct err *e)
{
	struct mend_walk w = { .t = c->t, .choose = choose, .stored = stored,
	    .frame = frame_done, .damage = old_damage, .arg = c };
	size_t i;
	int r = 1;

	for (i = 0; r == 1 && i < n; i++) {
		c->pack = packs[i];
		/* That it is on record was seen before. */
		if ((r = mend_walk(&w, c->pack, e)) == 1 &&
		    is_empty(c, e) == -1)
			r = -1;
	}
	mend_walk_release(&w);
	return r == 1 ? txn_seal_pack(c->t, e) : -1;
}

/* ---- the new ones ---- */

static int
new_damage(void *arg, const struct pack_damage *d, struct err *e)
{
	(void)arg;
	return err_set(e, EK_FAIL, "packs/%s, byte %" PRIu64
	    ": what was written is not what is read: %s", d->pack, d->offset,
	    d->what);
}

/* What the manifest is going to say of a new pack. */
static int
claim_of(struct vault *v, struct made *m, struct pack_claim *out,
    struct err *e)
{
	struct known_pack k;
	struct frame *frames = NULL;
	size_t i, n = 0;

	if (catalog_pack(v->catalog, m->name, &k, e) != 1 ||
	    catalog_frames(v->catalog, m->name, &frames, &n, e) != 1) {
		if (e->kind == EK_NONE)
			err_set(e, EK_FAIL, "packs/%s is not recorded",
			    m->name);
		free(frames);
		return -1;
	}
	*out = (struct pack_claim){ .name = xstrdup(m->name),
	    .frames = frames, .blobs = m->blobs, .n = m->n };
	out->info = (struct rec_pack){ .pack = out->name, .size = k.size,
	    .sha256 = k.sha256, .raw = k.raw, .frames = n, .tail = k.tail,
	    .container = k.container, .folder = k.folder };
	m->blobs = NULL;
	for (i = 0; i < out->n; i++)
		out->blobs[i].place.pack = out->name;
	return 0;
}

static int
check_new(struct compaction *c, struct err *e)
{
	struct vault *v = c->t->v;
	struct pack_checker *checker = pack_checker_new(v->packs, 1,
	    new_damage, c);
	struct pack_claim claim;
	size_t i;
	int rc = 0;

	e->kind = EK_NONE;
	for (i = 0; rc == 0 && i < c->made_n; i++)
		if ((rc = claim_of(v, &c->made[i], &claim, e)) == 0)
			rc = pack_checker_put(checker, &claim, e);
	if (rc == 0)
		rc = pack_checker_end(checker, e);
	pack_checker_free(&checker);
	return rc;
}

static int
add_made(const struct compaction *c, struct vault_compacted *report,
    struct err *e)
{
	struct known_pack k;
	size_t i;

	for (i = 0; i < c->made_n; i++) {
		if (catalog_pack(c->t->v->catalog, c->made[i].name, &k, e) ==
		    -1)
			return -1;
		report->made_bytes += k.size;
	}
	report->made += c->made_n;
	return 0;
}

/* ---- the commit ---- */

static int
retire(struct compaction *c, const char *const *packs, size_t n, struct err *e)
{
	struct record rec = { .kind = REC_RETIRE };
	size_t i;

	for (i = 0; i < n; i++) {
		rec.u.retire = (struct rec_retire){ packs[i],
		    RETIRE_COMPACTED };
		if (txn_emit(c->t, &rec, e) == -1)
			return -1;
	}
	return 0;
}

/*
 * Nobody began to publish a manifest that names the new packs, and the old ones hold all that is in them: they need not
 * stand about, unless ${e} says that a name was not ours.
 */
static void
take_back(struct compaction *c, struct vault *v, const struct err *e)
{
	size_t i;

	vault_abort(&c->t);
	if (e->kind == EK_LOCKED)
		return;
	v->untidy = false;
	for (i = 0; i < c->made_n; i++)
		if (unlinkat(v->packs, c->made[i].name, 0) == -1 &&
		    errno != ENOENT)
			v->untidy = true;
}

static int
have_room(struct vault *v, uint64_t bytes, struct err *e)
{
	char need[TEXT_MAX], have[TEXT_MAX];
	uint64_t room;

	bytes += bytes / 8 + ROOM_LEAST;
	if (vault_free_space(v, &room, e) == -1)
		return -1;
	if (bytes > room)
		return err_set(e, EK_SPACE, "%s are needed beside what is to "
		    "be put together, %s are free on the vault's disk",
		    text_size(need, bytes), text_size(have, room));
	return 0;
}

/* The bytes of the old packs, which have to be there. */
static int
weigh(struct vault *v, const char *const *packs, size_t n, uint64_t *out,
    struct err *e)
{
	struct known_pack k;
	const char *why;
	size_t i;
	int r;

	for (i = 0, *out = 0; i < n; i++) {
		if ((r = catalog_pack(v->catalog, packs[i], &k, e)) == -1)
			return -1;
		if (r == 0 || k.retired != 0)
			return err_set(e, EK_FAIL,
			    "packs/%s is no part of the vault", packs[i]);
		if ((why = read_lacks(v, packs[i], k.size)) != NULL)
			return err_set(e, EK_CORRUPT, "packs/%s: %s", packs[i],
			    why);
		*out += k.size;
	}
	return 0;
}

static void
release(struct compaction *c)
{
	size_t i;

	for (i = 0; i < c->made_n; i++) {
		free(c->made[i].name);
		free(c->made[i].blobs);
	}
	free(c->made);
}

static int
compact(struct vault *v, struct compaction *c, const char *const *packs,
    size_t n, struct vault_compacted *report, struct err *e)
{
	struct rec_run_end end = { .result = "complete" };
	struct vault_compacted made = { .packs = 0 };

	if (vault_begin(v, "compact", &c->t, e) == -1)
		return -1;
	if (vault_bulk(c->t, e) == -1 || copy_packs(c, packs, n, e) == -1 ||
	    check_new(c, e) == -1 || add_made(c, &made, e) == -1 ||
	    retire(c, packs, n, e) == -1) {
		take_back(c, v, e);
		return -1;
	}
	if (vault_end(&c->t, &end, e) == -1)
		return -1;
	report->made += made.made;
	report->made_bytes += made.made_bytes;
	report->run = end.run;
	return 0;
}

int
vault_compact(struct vault *v, const char *const *packs, size_t n,
    void (*progress)(void *, uint64_t), void *arg,
    struct vault_compacted *report, struct err *e)
{
	struct compaction c = { .progress = progress, .arg = arg };
	uint64_t bytes = 0;
	int rc;

	if ((rc = weigh(v, packs, n, &bytes, e)) == 0 &&
	    (rc = have_room(v, bytes, e)) == 0)
		rc = compact(v, &c, packs, n, report, e);
	if (rc == 0) {
		report->packs += n;
		report->bytes += bytes;
	} else if (e->kind == EK_CORRUPT)
		err_next(e, "mailkeep repair %s comes first", v->path);
	release(&c);
	return rc;
}

/* ---- manifests ---- */

int
vault_manifests(struct vault *v, manifest_file_fn *fn, void *arg,
    struct err *e)
{
	return manifest_files(v->manifests, fn, arg, e);
}

int
vault_bundle(struct vault *v, uint64_t first, uint64_t last, uint64_t bytes,
    struct err *e)
{
	if (have_room(v, bytes, e) == -1)
		return -1;
	return manifest_bundle(v->manifests, v->tmp, first, last, e);
}
