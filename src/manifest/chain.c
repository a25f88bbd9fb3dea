/*
 * chain.c - the manifests as numbered files in one directory, alone or in
 * bundles.
 */
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/text.h"
#include "manifest/dir.h"

#define SUFFIX	".jsonl.zst"

/* ---- names ---- */

char *
manifest_name(char out[MANIFEST_NAME_MAX], uint64_t commit)
{
	snprintf(out, MANIFEST_NAME_MAX, "%08" PRIu64 SUFFIX, commit);
	return out;
}

char *
dir_name(char out[MANIFEST_NAME_MAX], const struct bundle *b)
{
	if (b->first == b->last)
		return manifest_name(out, b->first);
	snprintf(out, MANIFEST_NAME_MAX, "%08" PRIu64 "-%08" PRIu64 SUFFIX,
	    b->first, b->last);
	return out;
}

/* The number of a manifest's name, or 0: not one.  A number has one spelling. */
static uint64_t
number_of(const char *name)
{
	size_t n = strspn(name, "0123456789");
	char same[MANIFEST_NAME_MAX];
	uint64_t commit;

	if (text_u64(name, n, &commit) == -1 ||
	    strcmp(manifest_name(same, commit), name) != 0)
		return 0;
	return commit;
}

bool
dir_bundle(const char *name, struct bundle *out)
{
	size_t n = strspn(name, "0123456789"), m;
	char same[MANIFEST_NAME_MAX];
	struct bundle b;

	if (text_u64(name, n, &b.first) == -1 || name[n] != '-')
		return false;
	m = strspn(name + n + 1, "0123456789");
	if (text_u64(name + n + 1, m, &b.last) == -1 ||
	    strcmp(dir_name(same, &b), name) != 0 ||
	    b.first == 0 || b.last <= b.first ||
	    b.last - b.first >= MANIFEST_BUNDLE_MAX)
		return false;
	*out = b;
	return true;
}

/* ---- the directory ---- */

int
manifest_dir_open(int at, const char *name, struct manifest_dir **out,
    struct err *e)
{
	struct manifest_dir *d;
	int fd;

	if ((fd = io_open_dir(at, name, e)) == -1)
		return -1;
	d = xcalloc(1, sizeof(*d));
	d->fd = fd;
	d->open.fd = -1;
	*out = d;
	return 0;
}

void
manifest_dir_close(struct manifest_dir **dp)
{
	struct manifest_dir *d = *dp;

	if (d == NULL)
		return;
	reader_free(&d->spare);
	bundle_close(&d->open);
	free(d->bundles);
	close(d->fd);
	free(d);
	*dp = NULL;
}

int
manifest_dir_fd(const struct manifest_dir *d)
{
	return d->fd;
}

/* By first, then the larger one first. */
static int
by_range(const void *x, const void *y)
{
	const struct bundle *a = x, *b = y;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return (a->last < b->last) - (a->last > b->last);
}

/* What a listing comes to. */
struct tally {
	struct manifest_dir *d;
	uint64_t	count, last;	/* of single manifests */
};

static int
tally(void *arg, const char *name, struct err *e)
{
	struct tally *t = arg;
	struct manifest_dir *d = t->d;
	uint64_t commit = number_of(name);
	struct bundle b;

	(void)e;
	if (commit != 0)
		t->count++;
	if (commit > t->last)
		t->last = commit;
	if (commit == 0 && dir_bundle(name, &b)) {
		d->bundles = mem_grow(d->bundles, &d->cap, d->n + 1,
		    sizeof(*d->bundles));
		d->bundles[d->n++] = b;
	}
	return 0;
}

static int
look(struct tally *t, struct err *e)
{
	struct manifest_dir *d = t->d;

	d->n = 0;
	d->listed = false;
	if (io_list(d->fd, tally, t, e) == -1)
		return -1;
	d->listed = true;
	if (d->n > 1)
		qsort(d->bundles, d->n, sizeof(*d->bundles), by_range);
	return 0;
}

int
dir_list(struct manifest_dir *d, struct err *e)
{
	struct tally t = { d, 0, 0 };

	return look(&t, e);
}

/* The largest bundle that a manifest should be in, or NULL. */
static const struct bundle *
covers(const struct manifest_dir *d, uint64_t commit)
{
	const struct bundle *b, *best = NULL;

	for (b = d->bundles; b < d->bundles + d->n && b->first <= commit; b++)
		if (b->last >= commit && (best == NULL ||
		    b->last - b->first > best->last - best->first))
			best = b;
	return best;
}

/* ---- the last one ---- */

/*
 * Look for each number up to the last: a writer may have published two
 * manifests while the directory was read, and then the listing may lack the
 * first.
 */
static int
find_gap(const struct manifest_dir *d, uint64_t last, struct err *e)
{
	char name[MANIFEST_NAME_MAX];
	const struct bundle *b;
	uint64_t i;

	for (i = 1; i <= last; i++) {
		if ((b = covers(d, i)) != NULL) {
			i = b->last;
			continue;
		}
		if (faccessat(d->fd, manifest_name(name, i), F_OK,
		    AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		if (errno == ENOENT)
			return err_set(e, EK_CORRUPT, "manifest %" PRIu64
			    " is missing, though there is a manifest %" PRIu64,
			    i, last);
		return err_sys(e, "can't look for %s", name);
	}
	return 0;
}

static int
count_alone(void *arg, const char *name, struct err *e)
{
	struct tally *t = arg;
	uint64_t commit = number_of(name);

	(void)e;
	if (commit != 0 && covers(t->d, commit) == NULL)
		t->count++;
	return 0;
}

/* Count anew where there are bundles: each number that is in one or alone. */
static int
count_all(struct tally *t, struct err *e)
{
	const struct bundle *b;
	uint64_t next = 1;

	t->count = 0;
	if (io_list(t->d->fd, count_alone, t, e) == -1)
		return -1;
	for (b = t->d->bundles; b < t->d->bundles + t->d->n; b++) {
		if (b->last < next)
			continue;
		t->count += b->last - (b->first > next ? b->first : next) + 1;
		next = b->last + 1;
	}
	if (t->last < next - 1)
		t->last = next - 1;
	return 0;
}

int
manifest_last(struct manifest_dir *d, uint64_t *last_out, struct err *e)
{
	struct tally t = { d, 0, 0 };

	if (look(&t, e) == -1 || (d->n > 0 && count_all(&t, e) == -1))
		return -1;
	if (t.count != t.last && find_gap(d, t.last, e) == -1)
		return -1;
	*last_out = t.last;
	return 0;
}

/* ---- finding one ---- */

static bool
is_open(const struct manifest_dir *d, uint64_t commit)
{
	const struct bundle *b = &d->open.b;

	return d->open.fd != -1 && b->first <= commit && commit <= b->last;
}

/*
 * Open the bundle that has a manifest: 1, 0 none has, -1.  What an older look at
 * the directory found may be gone by now, in favour of a larger one.
 */
static int
load_for(struct manifest_dir *d, uint64_t commit, struct err *e)
{
	const struct bundle *b;
	bool fresh = false;

	if (is_open(d, commit))
		return 1;
	for (;;) {
		if (!d->listed) {
			if (dir_list(d, e) == -1)
				return -1;
			fresh = true;
		}
		b = covers(d, commit);
		bundle_close(&d->open);
		if (b != NULL && (bundle_open(d->fd, b, &d->open, e) == 0 ||
		    (e->kind == EK_CORRUPT &&
		    bundle_walk(d->fd, b, &d->open, e) == 0)))
			return 1;
		if (fresh)
			return b == NULL ? 0 : -1;
		if (b != NULL && e->sys != ENOENT)
			return -1;
		d->listed = false;
	}
}

int
dir_find(struct manifest_dir *d, uint64_t commit, struct extent *out,
    const struct bundle **in, struct err *e)
{
	char name[MANIFEST_NAME_MAX];
	struct extent x = { -1, 0, 0 };
	struct err other;
	int r;

	*in = NULL;
	x.fd = io_open_file(d->fd, manifest_name(name, commit), &x.end, e);
	if (x.fd != -1) {
		*out = x;
		return 0;
	}
	if (e->sys != ENOENT)
		return -1;
	e->kind = EK_CORRUPT;
	if ((r = load_for(d, commit, &other)) != 1) {
		if (r == -1)
			*e = other;
		return -1;
	}
	x = bundle_part(&d->open, commit, commit);
	if ((x.fd = fcntl(x.fd, F_DUPFD_CLOEXEC, 0)) == -1)
		return err_sys(e, "can't open a bundle again");
	*in = &d->open.b;
	*out = x;
	return 0;
}

int
manifest_digest(struct manifest_dir *d, uint64_t commit, struct digest *out,
    struct err *e)
{
	const struct bundle *in;
	struct hasher *h;
	struct extent x;
	int rc;

	if (dir_find(d, commit, &x, &in, e) == -1)
		return err_add(e, "manifest %" PRIu64, commit);
	h = hasher_new();
	if ((rc = bundle_hash(&x, h, e)) == 0)
		hasher_end(h, out);
	else
		err_add(e, "manifest %" PRIu64, commit);
	hasher_free(&h);
	close(x.fd);
	return rc;
}

/* ---- all files ---- */

struct files {
	struct bundle	*v;	/* own; a single one is first and last alike */
	size_t		 n, cap;
};

static int
take_file(void *arg, const char *name, struct err *e)
{
	struct files *f = arg;
	struct bundle b;

	(void)e;
	b.first = b.last = number_of(name);
	if (b.first == 0 && !dir_bundle(name, &b))
		return 0;
	f->v = mem_grow(f->v, &f->cap, f->n + 1, sizeof(*f->v));
	f->v[f->n++] = b;
	return 0;
}

/* By first, then the smaller one first. */
static int
by_file(const void *x, const void *y)
{
	const struct bundle *a = x, *b = y;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return (a->last > b->last) - (a->last < b->last);
}

int
manifest_files(struct manifest_dir *d, manifest_file_fn *fn, void *arg,
    struct err *e)
{
	struct files f = { NULL, 0, 0 };
	char name[MANIFEST_NAME_MAX];
	struct manifest_file file;
	struct stat st;
	size_t i;
	int rc;

	rc = io_list(d->fd, take_file, &f, e);
	if (f.n > 1)
		qsort(f.v, f.n, sizeof(*f.v), by_file);
	for (i = 0; rc == 0 && i < f.n; i++) {
		if (fstatat(d->fd, dir_name(name, &f.v[i]), &st, AT_SYMLINK_NOFOLLOW) == -1) {
			if (errno == ENOENT)	/* tidied away just now */
				continue;
			rc = err_sys(e, "can't look at %s", name);
			break;
		}
		file = (struct manifest_file){ f.v[i].first, f.v[i].last, name,
		    S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0 };
		rc = fn(arg, &file, e);
	}
	free(f.v);
	return rc;
}
