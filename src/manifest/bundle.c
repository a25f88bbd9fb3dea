/*
 * bundle.c - many manifests in one file: made, read, checked, and what it makes
 * needless removed.
 */
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "manifest/dir.h"

#define PIECE	(64 * 1024)	/* copied, hashed or compared at a time */

static size_t
count_of(const struct bundle *b)
{
	return (size_t)(b->last - b->first + 1);
}

/* Bytes of the index and its seal, which end the file. */
static size_t
tail_of(const struct bundle *b)
{
	return INDEX_HEADER + 8 * count_of(b) + SEAL_SIZE;
}

/* The seal of some bytes. */
static void
seal_of(const void *p, size_t n, unsigned char out[SEAL_SIZE])
{
	struct digest d;

	digest_of(p, n, &d);
	rule_seal(&d, out);
}

/* ---- reading one ---- */

/* The index and its seal as where each manifest ends; ${start} is where they begin. */
static int
parse_index(struct open_bundle *o, const unsigned char *p, uint64_t start,
    struct err *e)
{
	size_t i, n = count_of(&o->b), bytes = INDEX_HEADER + 8 * n;
	unsigned char header[INDEX_HEADER], seal[SEAL_SIZE];
	uint64_t size, end = 0;

	rule_index(n, header);
	seal_of(p, bytes, seal);
	if (memcmp(p + bytes, seal, SEAL_SIZE) != 0 ||
	    memcmp(p, header, INDEX_HEADER) != 0)
		return err_set(e, EK_CORRUPT, "its index is damaged");
	o->ends = xreallocarray(NULL, n, sizeof(*o->ends));
	for (i = 0; i < n; i++) {
		size = rule_get64(p + INDEX_HEADER + 8 * i);
		if (size <= SEAL_SIZE ||
		    __builtin_add_overflow(end, size, &end))
			return err_set(e, EK_CORRUPT,
			    "its index has a size that no manifest has");
		o->ends[i] = end;
	}
	if (end != start)
		return err_set(e, EK_CORRUPT,
		    "its index is not that of such a file");
	return 0;
}

int
bundle_open(int dir, const struct bundle *b, struct open_bundle *out,
    struct err *e)
{
	struct open_bundle o = { .b = *b };
	size_t tail = tail_of(b);
	char name[MANIFEST_NAME_MAX];
	unsigned char *p = NULL;
	uint64_t size;

	o.fd = io_open_file(dir, dir_name(name, b), &size, e);
	if (o.fd == -1)
		return -1;
	if (size <= tail) {
		err_set(e, EK_CORRUPT, "the file is cut off");
		goto fail;
	}
	p = xmalloc(tail);
	if (io_read_at(o.fd, p, tail, size - tail, e) == -1 ||
	    parse_index(&o, p, size - tail, e) == -1)
		goto fail;
	free(p);
	*out = o;
	return 0;
fail:
	free(p);
	bundle_close(&o);
	return err_add(e, "%s", name);
}

void
bundle_close(struct open_bundle *o)
{
	if (o->fd != -1)
		close(o->fd);
	free(o->ends);
	*o = (struct open_bundle){ .fd = -1 };
}

struct extent
bundle_part(const struct open_bundle *o, uint64_t first, uint64_t last)
{
	uint64_t i = first - o->b.first;

	return (struct extent){ o->fd, i == 0 ? 0 : o->ends[i - 1],
	    o->ends[last - o->b.first] };
}

int
bundle_hash(const struct extent *x, struct hasher *h, struct err *e)
{
	char *piece = xmalloc(PIECE);
	uint64_t at;
	size_t n;
	int rc = 0;

	for (at = x->start; rc == 0 && at < x->end; at += n) {
		n = x->end - at > PIECE ? PIECE : (size_t)(x->end - at);
		if ((rc = io_read_at(x->fd, piece, n, at, e)) == 0)
			hasher_add(h, piece, n);
	}
	free(piece);
	return rc;
}

/* Whether a manifest's bytes end with their own seal. */
static int
check_seal(const struct extent *x, struct hasher *h, struct err *e)
{
	struct extent body = { x->fd, x->start, x->end - SEAL_SIZE };
	unsigned char got[SEAL_SIZE], want[SEAL_SIZE];
	struct digest d;

	if (x->end - x->start <= SEAL_SIZE)
		return err_set(e, EK_CORRUPT, "the file is cut off");
	if (bundle_hash(&body, h, e) == -1 ||
	    io_read_at(x->fd, got, SEAL_SIZE, body.end, e) == -1)
		return -1;
	hasher_end(h, &d);
	rule_seal(&d, want);
	if (memcmp(got, want, SEAL_SIZE) != 0)
		return err_set(e, EK_CORRUPT, "damaged: the seal is not that "
		    "of the bytes before it");
	return 0;
}

/* Whether the bytes are the same: 1, 0, -1. */
static int
same_bytes(const struct extent *a, const struct extent *b, struct err *e)
{
	uint64_t at, size = a->end - a->start;
	char *one, *two;
	size_t n;
	int rc = 1;

	if (b->end - b->start != size)
		return 0;
	one = xmalloc(PIECE);
	two = xmalloc(PIECE);
	for (at = 0; rc == 1 && at < size; at += n) {
		n = size - at > PIECE ? PIECE : (size_t)(size - at);
		if (io_read_at(a->fd, one, n, a->start + at, e) == -1 ||
		    io_read_at(b->fd, two, n, b->start + at, e) == -1)
			rc = -1;
		else
			rc = memcmp(one, two, n) == 0;
	}
	free(one);
	free(two);
	return rc;
}

/* ---- making one ---- */

/* A bundle in the making. */
struct making {
	struct manifest_dir *d;		/* borrowed */
	struct bundle	 b;
	struct outfile	*file;		/* own */
	unsigned char	*index;		/* own; with its header */
};

static int
append(struct outfile *file, const struct extent *x, struct err *e)
{
	char *piece = xmalloc(PIECE);
	uint64_t at;
	size_t n;
	int rc = 0;

	for (at = x->start; rc == 0 && at < x->end; at += n) {
		n = x->end - at > PIECE ? PIECE : (size_t)(x->end - at);
		if ((rc = io_read_at(x->fd, piece, n, at, e)) == 0)
			rc = outfile_write(file, piece, n, e);
	}
	free(piece);
	return rc;
}

static int
add_manifest(struct making *m, uint64_t commit, struct err *e)
{
	const struct bundle *in;
	struct extent x;
	int rc = -1;

	if (dir_find(m->d, commit, &x, &in, e) == -1)
		goto fail;
	rule_put64(m->index + INDEX_HEADER + 8 * (commit - m->b.first),
	    x.end - x.start);
	rc = append(m->file, &x, e);
	close(x.fd);
fail:
	return rc == 0 ? 0 : err_add(e, "manifest %" PRIu64, commit);
}

static int
add_index(struct making *m, struct err *e)
{
	size_t n = INDEX_HEADER + 8 * count_of(&m->b);
	unsigned char seal[SEAL_SIZE];

	rule_index(count_of(&m->b), m->index);
	seal_of(m->index, n, seal);
	if (outfile_write(m->file, m->index, n, e) == -1)
		return -1;
	return outfile_write(m->file, seal, SEAL_SIZE, e);
}

/* Whether a manifest in a bundle is whole, and what the chain has. */
static int
check_member(struct manifest_dir *d, const struct open_bundle *o,
    uint64_t commit, struct hasher *h, struct err *e)
{
	struct extent x = bundle_part(o, commit, commit), other;
	const struct bundle *in;
	int r;

	if (check_seal(&x, h, e) == -1)
		return -1;
	if (dir_find(d, commit, &other, &in, e) == -1)
		return -1;
	r = in != NULL && in->first == o->b.first && in->last == o->b.last ?
	    1 : same_bytes(&x, &other, e);
	close(other.fd);
	if (r == 0)
		err_set(e, EK_CORRUPT, "it is not the same as elsewhere");
	return r == 1 ? 0 : -1;
}

static int
check_members(struct manifest_dir *d, const struct open_bundle *o,
    struct err *e)
{
	struct hasher *h = hasher_new();
	uint64_t commit;
	int rc = 0;

	for (commit = o->b.first; rc == 0 && commit <= o->b.last; commit++)
		if ((rc = check_member(d, o, commit, h, e)) == -1)
			err_add(e, "manifest %" PRIu64, commit);
	hasher_free(&h);
	return rc;
}

/* What was written, read back: the index, and each manifest, whole and as it is where it came from. */
static int
read_back(struct making *m, int tmp, const char *draft, struct err *e)
{
	struct open_bundle o = { .b = m->b };
	size_t tail = tail_of(&m->b);
	unsigned char *p = NULL;
	uint64_t size;
	int rc = -1;

	if ((o.fd = io_open_file(tmp, draft, &size, e)) == -1)
		return -1;
	if (size <= tail) {
		err_set(e, EK_FAIL, "what was written is not all there");
		goto out;
	}
	p = xmalloc(tail);
	if (io_read_at(o.fd, p, tail, size - tail, e) == 0 &&
	    parse_index(&o, p, size - tail, e) == 0)
		rc = check_members(m->d, &o, e);
out:
	free(p);
	bundle_close(&o);
	return rc;
}

static int
make(struct making *m, int tmp, const char *name, struct err *e)
{
	char *draft = xasprintf("%s.tmp", name);
	uint64_t commit;
	int rc;

	rc = outfile_create(tmp, draft, &m->file, e);
	for (commit = m->b.first; rc == 0 && commit <= m->b.last; commit++)
		rc = add_manifest(m, commit, e);
	if (rc == 0)
		rc = add_index(m, e);
	if (rc == 0)
		rc = outfile_sync(m->file, e);
	if (rc == 0)
		rc = read_back(m, tmp, draft, e);
	if (rc == 0)
		rc = outfile_publish(&m->file, m->d->fd, name, e);
	outfile_discard(&m->file);
	free(draft);
	return rc;
}

/* A range that has no other name. */
static int
as_bundle(uint64_t first, uint64_t last, struct bundle *out,
    char name[MANIFEST_NAME_MAX], struct err *e)
{
	struct bundle b = { first, last };

	if (first == last || !dir_bundle(dir_name(name, &b), out))
		return err_set(e, EK_FAIL, "manifests %" PRIu64 " to %" PRIu64
		    " can't be in a bundle", first, last);
	return 0;
}

int
manifest_bundle(struct manifest_dir *d, int tmp, uint64_t first, uint64_t last,
    struct err *e)
{
	struct making m = { .d = d };
	char name[MANIFEST_NAME_MAX];
	int rc;

	if (as_bundle(first, last, &m.b, name, e) == -1)
		return -1;
	if (faccessat(d->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return manifest_check(d, first, last, e);
	m.index = xmalloc(INDEX_HEADER + 8 * count_of(&m.b));
	rc = make(&m, tmp, name, e);
	d->listed = false;
	free(m.index);
	return rc == 0 ? 0 : err_add(e, "%s", name);
}

int
manifest_check(struct manifest_dir *d, uint64_t first, uint64_t last,
    struct err *e)
{
	char name[MANIFEST_NAME_MAX];
	struct open_bundle o;
	struct bundle b;
	int rc;

	if (as_bundle(first, last, &b, name, e) == -1 ||
	    bundle_open(d->fd, &b, &o, e) == -1)
		return -1;
	if ((rc = check_members(d, &o, e)) == -1)
		err_add(e, "%s", name);
	bundle_close(&o);
	return rc;
}

/* ---- back into files of their own ---- */

/* One manifest, unless it has a file of its own. */
static int
take_out(struct manifest_dir *d, int tmp, uint64_t commit, struct err *e)
{
	char name[MANIFEST_NAME_MAX];
	struct outfile *file = NULL;
	const struct bundle *in;
	struct extent x;
	int rc;

	if (dir_find(d, commit, &x, &in, e) == -1)
		return -1;
	manifest_name(name, commit);
	rc = in == NULL ? 0 : outfile_create(tmp, name, &file, e);
	if (rc == 0 && in != NULL && (rc = append(file, &x, e)) == 0)
		rc = outfile_publish(&file, d->fd, name, e);
	outfile_discard(&file);
	close(x.fd);
	return rc;
}

int
manifest_unbundle(struct manifest_dir *d, int tmp, uint64_t first,
    uint64_t last, struct err *e)
{
	uint64_t commit;

	for (commit = first; commit <= last; commit++)
		if (take_out(d, tmp, commit, e) == -1)
			return err_add(e, "manifest %" PRIu64, commit);
	return 0;
}

/* ---- what is not needed any more ---- */

struct tidying {
	struct manifest_dir *d;		/* borrowed */
	int64_t		 before;
	struct open_bundle large;	/* the one compared with last */
	uint64_t	 removed;
};

/* A larger bundle that has stood for long enough: 1, 0 there is none, -1. */
static int
find_larger(struct tidying *t, const struct bundle *b, struct bundle *out,
    struct err *e)
{
	struct manifest_dir *d = t->d;
	char name[MANIFEST_NAME_MAX];
	struct stat st;
	size_t i;

	for (i = 0; i < d->n && d->bundles[i].first <= b->first; i++) {
		*out = d->bundles[i];
		if (out->last < b->last || count_of(out) == count_of(b))
			continue;
		if (fstatat(d->fd, dir_name(name, out), &st,
		    AT_SYMLINK_NOFOLLOW) == -1)
			return err_sys(e, "can't look at %s", name);
		if (S_ISREG(st.st_mode) && st.st_mtime < t->before)
			return 1;
	}
	return 0;
}

/* Whether all of a file stands in the larger bundle: 1, 0, -1. */
static int
is_in(const struct tidying *t, const struct bundle *b, const char *name,
    struct err *e)
{
	struct open_bundle small = { .fd = -1 };
	struct extent x = { -1, 0, 0 }, all;
	int rc;

	all = bundle_part(&t->large, b->first, b->last);
	if (b->first == b->last) {
		if ((x.fd = io_open_file(t->d->fd, name, &x.end, e)) == -1)
			return -1;
		rc = same_bytes(&x, &all, e);
		close(x.fd);
		return rc;
	}
	if (bundle_open(t->d->fd, b, &small, e) == -1)
		return -1;
	x = bundle_part(&small, b->first, b->last);
	rc = same_bytes(&x, &all, e);
	bundle_close(&small);
	return rc;
}

static int
tidy_file(void *arg, const struct manifest_file *f, struct err *e)
{
	struct bundle b = { f->first, f->last }, larger;
	struct tidying *t = arg;
	char name[MANIFEST_NAME_MAX];
	int r;

	if ((r = find_larger(t, &b, &larger, e)) != 1)
		return r;
	if (t->large.fd == -1 || t->large.b.first != larger.first ||
	    t->large.b.last != larger.last) {
		bundle_close(&t->large);
		if (bundle_open(t->d->fd, &larger, &t->large, e) == -1)
			return -1;
	}
	if ((r = is_in(t, &b, f->name, e)) == -1)
		return -1;
	if (r == 0)
		return err_set(e, EK_CORRUPT, "%s is not the same in %s",
		    f->name, dir_name(name, &larger));
	if (unlinkat(t->d->fd, f->name, 0) == -1)
		return err_sys(e, "can't remove %s", f->name);
	t->removed++;
	return 0;
}

int
manifest_tidy(struct manifest_dir *d, int64_t before, struct err *e)
{
	struct tidying t = { .d = d, .before = before,
	    .large = { .fd = -1 } };
	int rc;

	if (dir_list(d, e) == -1)
		return -1;
	if (d->n == 0)
		return 0;
	rc = manifest_files(d, tidy_file, &t, e);
	bundle_close(&t.large);
	d->listed = false;
	if (t.removed > 0)
		log_info("removed %" PRIu64 " files whose manifests are in "
		    "bundles", t.removed);
	if (t.removed > 0 && rc == 0)
		rc = io_sync_dir(d->fd, e);
	return rc;
}
