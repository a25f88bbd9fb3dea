/*
 * hurt.c - ways to damage a vault, but for those that take a forger's skill (forge.c).
 */
#include <sys/stat.h>
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/mem.h"
#include "damage.h"
#include "vault/private.h"

#define BLOCK	512

/* ---- what to damage ---- */

static bool
takes(const struct file *f, unsigned int roles)
{
	return (roles & 1u << f->role) != 0;
}

#define PACKS		(1u << ROLE_PACK)
#define CHAIN		(1u << ROLE_MANIFEST | 1u << ROLE_BUNDLE)
#define OUTSIDE		(1u << ROLE_RETIRED | 1u << ROLE_ORPHAN)

/* A file of one of these roles, but not ${but}; NULL: there is none. */
static const struct file *
choose_file(struct hurt *h, const struct scene *s, unsigned int roles,
    const struct file *but)
{
	const struct file *f = NULL;
	size_t i, n = 0;

	for (i = 0; i < s->files_n; i++)
		if (takes(&s->files[i], roles) && &s->files[i] != but &&
		    one_in(h->rng, ++n))
			f = &s->files[i];
	return f;
}

/* Packs and manifests alike; now and then what does not count. */
static const struct file *
choose_any(struct hurt *h)
{
	const struct file *f = NULL;

	if (one_in(h->rng, 25))
		f = choose_file(h, h->s, OUTSIDE, NULL);
	if (f == NULL)
		f = choose_file(h, h->s, one_in(h->rng, 2) ? PACKS : CHAIN,
		    NULL);
	return f;
}

/* What is expected where such a file isn't as it was. */
static void
expect_of(struct hurt *h, const struct file *f)
{
	if (takes(f, OUTSIDE))
		h->expect = EXPECT_CLEAN;
	else
		h->expect = EXPECT_FOUND;
	h->only_packs = f->role == ROLE_PACK;
}

/* ---- bytes ---- */

struct bytes {
	char		*p;		/* own */
	size_t		 n;
};

/* Borders of frames, and of blocks in them. */
static size_t
frame_border(struct hurt *h, const struct bytes *b)
{
	size_t at = 0, chosen = 0, seen = 0, n;

	for (;;) {
		n = ZSTD_findFrameCompressedSize(b->p + at, b->n - at);
		if (ZSTD_isError(n) || at + n >= b->n)
			return chosen;
		at += n;
		if (one_in(h->rng, ++seen))
			chosen = at;
	}
}

static void
flip_bit(struct hurt *h, struct bytes *b)
{
	size_t at = rng_below(h->rng, b->n), bit = rng_below(h->rng, 8);

	b->p[at] = (char)(b->p[at] ^ (char)(1 << bit));
	buf_addf(&h->what, "bit %zu of byte %zu", bit, at);
}

static void
change_byte(struct hurt *h, struct bytes *b)
{
	size_t at = rng_below(h->rng, b->n);

	b->p[at] = (char)(b->p[at] + (char)(1 + rng_below(h->rng, 255)));
	buf_addf(&h->what, "byte %zu", at);
}

static void
change_bytes(struct hurt *h, struct bytes *b)
{
	size_t n = 2 + rng_below(h->rng, 63), at = rng_below(h->rng, b->n);
	bool run = one_in(h->rng, 2);

	buf_addf(&h->what, "%zu bytes %s %zu", n, run ? "from" :
	    "anywhere, first", at);
	for (; n > 0; n--) {
		if (at < b->n)
			b->p[at] = (char)rng_next(h->rng);
		at = run ? at + 1 : rng_below(h->rng, b->n);
	}
}

static void
zero_block(struct hurt *h, struct bytes *b)
{
	size_t at = rng_below(h->rng, (b->n + BLOCK - 1) / BLOCK) * BLOCK;
	size_t n = b->n - at < BLOCK ? b->n - at : BLOCK;

	memset(b->p + at, 0, n);
	buf_addf(&h->what, "%zu zeros from byte %zu", n, at);
}

static void
cut(struct hurt *h, struct bytes *b)
{
	switch (rng_below(h->rng, 5)) {
	case 0:
		b->n--;
		break;
	case 1:
		b->n = rng_below(h->rng, b->n);
		break;
	case 2:
	case 3:
		b->n = frame_border(h, b);
		break;
	default:
		b->n = 0;
		break;
	}
	buf_addf(&h->what, "cut to %zu bytes", b->n);
}

static const struct bytes tails[] = {
	/* an empty zstd frame, with and without a checksum */
	{ (char[]){ "\x28\xb5\x2f\xfd\x20\x00\x01\x00\x00" }, 9 },
	{ (char[]){ "\x28\xb5\x2f\xfd\x24\x00\x01\x00\x00\x99\xe9\xd8\x51" },
	    13 },
	/* skippable frames: empty ones, one that lies of its length */
	{ (char[]){ "\x50\x2a\x4d\x18\x00\x00\x00\x00" }, 8 },
	{ (char[]){ "\x5e\x2a\x4d\x18\x00\x00\x00\x00" }, 8 },
	{ (char[]){ "\x51\x2a\x4d\x18\x03\x00\x00\x00" "abc" }, 11 },
	{ (char[]){ "\x50\x2a\x4d\x18\xff\xff\xff\xff" "abc" }, 11 },
	/* one with an empty frame in it, as the notes have */
	{ (char[]){ "\x50\x2a\x4d\x18\x0d\x00\x00\x00"
	    "\x28\xb5\x2f\xfd\x24\x00\x01\x00\x00\x99\xe9\xd8\x51" }, 21 },
	{ (char[]){ "\n" }, 1 },
	{ (char[]){ "{}\n" }, 3 },
};

static void
append(struct hurt *h, struct bytes *b)
{
	size_t kind = rng_below(h->rng, 14), n = 1 + rng_below(h->rng, 2048);
	size_t known = sizeof(tails) / sizeof(tails[0]), i;
	struct bytes more = { NULL, n };
	size_t at = 0;

	if (kind < known)
		more = tails[kind];
	if (kind == 13) {
		/* All of it once more, or the last frame. */
		at = one_in(h->rng, 2) ? 0 : frame_border(h, b);
		more.n = b->n - at;
	}
	b->p = xreallocarray(b->p, b->n + more.n + 1, 1);
	for (i = 0; i < more.n; i++)
		b->p[b->n + i] = kind < known ? more.p[i] : kind == 13 ?
		    b->p[at + i] : kind < 11 ? 0 : (char)rng_next(h->rng);
	b->n += more.n;
	buf_addf(&h->what, "%zu bytes appended (%zu)", more.n, kind);
}

/* A byte too many, or too few, somewhere. */
static void
shift(struct hurt *h, struct bytes *b)
{
	size_t at = rng_below(h->rng, b->n);

	if (one_in(h->rng, 2)) {
		memmove(b->p + at, b->p + at + 1, b->n - at - 1);
		b->n--;
		buf_addf(&h->what, "byte %zu taken out", at);
	} else {
		/* slurp() gives room for one more. */
		memmove(b->p + at + 1, b->p + at, b->n - at);
		b->p[at] = (char)rng_next(h->rng);
		b->n++;
		buf_addf(&h->what, "a byte put in at %zu", at);
	}
}

/* Damage a file by its bytes; false where that changes nothing. */
static bool
rewrite(struct hurt *h, const char *name,
    void (*fn)(struct hurt *, struct bytes *))
{
	char *path = path_of(h->path, name), *old;
	struct bytes b;
	bool changed;
	size_t n;

	old = slurp(path, &n);
	b.p = slurp(path, &b.n);
	buf_addf(&h->what, "%s: ", name);
	if (n > 0)
		fn(h, &b);
	changed = b.n != n || memcmp(b.p, old, n) != 0;
	if (changed)
		spill(path, b.p, b.n);
	free(b.p);
	free(old);
	free(path);
	return changed;
}

static bool
hurt_bytes(struct hurt *h, void (*fn)(struct hurt *, struct bytes *))
{
	const struct file *f = choose_any(h);

	if (f == NULL)
		return false;
	expect_of(h, f);
	return rewrite(h, f->name, fn);
}

static bool hurt_bit(struct hurt *h) { return hurt_bytes(h, flip_bit); }
static bool hurt_byte(struct hurt *h) { return hurt_bytes(h, change_byte); }
static bool hurt_some(struct hurt *h) { return hurt_bytes(h, change_bytes); }
static bool hurt_block(struct hurt *h) { return hurt_bytes(h, zero_block); }
static bool hurt_cut(struct hurt *h) { return hurt_bytes(h, cut); }
static bool hurt_append(struct hurt *h) { return hurt_bytes(h, append); }
static bool hurt_shift(struct hurt *h) { return hurt_bytes(h, shift); }

/* ---- files ---- */

static void
take_away(const struct hurt *h, const char *name)
{
	char *p = path_of(h->path, name);

	if (remove(p) == -1)
		err(1, "%s", p);
	free(p);
}

static bool
hurt_missing(struct hurt *h)
{
	const struct file *f = choose_any(h);

	if (f == NULL)
		return false;
	expect_of(h, f);
	if (f->covered)
		h->expect = EXPECT_CLEAN;
	take_away(h, f->name);
	buf_addf(&h->what, "%s", f->name);
	return true;
}

/* Put the bytes of one file where another is; false where they are the same. */
static bool
copy_over(struct hurt *h, const char *from, const char *name)
{
	char *to = path_of(h->path, name), *p, *old;
	size_t n, old_n = 0;
	bool differs;

	p = slurp(from, &n);
	old = is_there(to) ? slurp(to, &old_n) : NULL;
	differs = old == NULL || n != old_n || memcmp(p, old, n) != 0;
	if (differs)
		spill(to, p, n);
	free(old);
	free(p);
	free(to);
	return differs;
}

static bool
hurt_swap(struct hurt *h)
{
	unsigned int roles = one_in(h->rng, 2) ? PACKS : CHAIN;
	const struct file *a = choose_file(h, h->s, roles, NULL);
	const struct file *b = choose_file(h, h->s, roles, a);
	char *pa, *pb, *tmp;

	if (a == NULL || b == NULL)
		return false;
	pa = path_of(h->path, a->name);
	pb = path_of(h->path, b->name);
	tmp = path_of(h->path, "swap");
	move(pa, tmp);
	move(pb, pa);
	move(tmp, pb);
	free(pa);
	free(pb);
	free(tmp);
	expect_of(h, a);
	buf_addf(&h->what, "%s and %s", a->name, b->name);
	return true;
}

/* Another name that a file of this kind may have. */
static char *
other_name(struct hurt *h, const struct file *f)
{
	const struct scene *s = h->s;
	uint64_t commit = 1 + rng_below(h->rng, s->head + 3);
	const char *ext = strchr(f->name, '.');

	if (f->role == ROLE_PACK || f->role == ROLE_RETIRED)
		return xasprintf("packs/%08" PRIu64 "-%zu-%08" PRIx32 "%s",
		    one_in(h->rng, 2) ? f->first : commit,
		    1 + rng_below(h->rng, 3), (uint32_t)rng_next(h->rng), ext);
	if (one_in(h->rng, 3))
		return xasprintf("manifests/%08" PRIu64 "-%08" PRIu64 "%s",
		    commit, commit + 1 + rng_below(h->rng, 3), ext);
	return xasprintf("manifests/%08" PRIu64 "%s", commit, ext);
}

static bool
hurt_double(struct hurt *h)
{
	const struct file *f = choose_file(h, h->s, PACKS | CHAIN, NULL);
	char *name = other_name(h, f), *to = path_of(h->path, name), *from;
	bool done = false;

	if (!is_there(to)) {
		from = path_of(h->path, f->name);
		done = copy_over(h, from, name);
		free(from);
		expect_of(h, f);
		/* What no commit has may have been left by a run that broke off. */
		if (f->role == ROLE_PACK && strtoull(name + 6, NULL, 10) >
		    h->s->head)
			h->expect = EXPECT_TOLD;
	}
	buf_addf(&h->what, "%s as %s", f->name, name);
	free(to);
	free(name);
	return done;
}

static bool
hurt_rename(struct hurt *h)
{
	const struct file *f = choose_file(h, h->s, PACKS | CHAIN, NULL);
	bool valid = one_in(h->rng, 2);
	char *name = valid ? other_name(h, f) : xasprintf("%s~", f->name);
	char *to = path_of(h->path, name), *from;
	bool done = false;

	if (!is_there(to)) {
		from = path_of(h->path, f->name);
		move(from, to);
		free(from);
		expect_of(h, f);
		if (f->covered && !valid)
			h->expect = EXPECT_CLEAN;
		done = true;
	}
	buf_addf(&h->what, "%s to %s", f->name, name);
	free(to);
	free(name);
	return done;
}

/* Another one of this vault, or the same one of another. */
static bool
hurt_replace(struct hurt *h)
{
	unsigned int roles = one_in(h->rng, 2) ? PACKS : CHAIN;
	const struct scene *from = one_in(h->rng, 2) ? h->s :
	    &h->all[rng_below(h->rng, SCENES)];
	const struct file *a = choose_file(h, h->s, roles, NULL);
	const struct file *b = choose_file(h, from, roles, a);
	char *path;
	bool done;

	if (a == NULL || b == NULL)
		return false;
	path = path_of(from->path, b->name);
	done = copy_over(h, path, a->name);
	free(path);
	expect_of(h, a);
	buf_addf(&h->what, "%s by %s of vault %u", a->name, b->name,
	    from->number);
	return done;
}

/* Something else in place of a file, or of a directory of them. */
static bool
hurt_kind(struct hurt *h)
{
	static const char *const dirs[] = { "packs", "manifests" };
	const struct file *f = choose_any(h);
	const char *name = one_in(h->rng, 10) ? dirs[rng_below(h->rng, 2)] :
	    f->name;
	char *path = path_of(h->path, name), *aside = path_of(h->path, "aside");
	size_t how = rng_below(h->rng, 4);
	int rc = 0;

	expect_of(h, f);
	h->expect = h->expect == EXPECT_FOUND && name != f->name ?
	    EXPECT_ERROR : h->expect;
	move(path, aside);
	switch (how) {
	case 0:
		rc = symlink(name == f->name ? "../aside" : "aside", path);
		break;
	case 1:
		rc = symlink("nowhere", path);
		break;
	case 2:
		rc = name == f->name ? mkdir(path, 0700) : 0;
		break;
	default:
		rc = mkfifo(path, 0600);
		break;
	}
	if (rc == -1)
		err(1, "%s", path);
	buf_addf(&h->what, "%s: %s", name, how < 2 ? "a link" : how == 2 ?
	    "a directory, or nothing" : "a FIFO");
	free(path);
	free(aside);
	return true;
}

static bool
hurt_mode(struct hurt *h)
{
	const struct file *f = choose_file(h, h->s, PACKS | CHAIN, NULL);
	char *path = path_of(h->path, f->name), *p;
	size_t n;

	/* Its mode is not that of the file in the sound vault. */
	p = slurp(path, &n);
	spill(path, p, n);
	free(p);
	if (geteuid() == 0) {
		give_away(h->path);
		h->nobody = true;
	}
	if (chmod(path, 0) == -1)
		err(1, "%s", path);
	free(path);
	h->expect = EXPECT_ERROR;
	/* One of both is enough to read by, but nobody can say that they are alike. */
	if (f->covered)
		h->expect = EXPECT_ANYTHING;
	buf_addf(&h->what, "%s: mode 000", f->name);
	return true;
}

/* ---- an older state ---- */

/* Remove the packs and manifests of commits from ${first} on; false where some stand in a bundle. */
static bool
cut_chain(struct hurt *h, uint64_t first, bool packs)
{
	const struct file *f;
	size_t i;

	for (i = 0; i < h->s->files_n; i++)
		if (takes(&h->s->files[i], CHAIN) &&
		    h->s->files[i].last >= first &&
		    h->s->files[i].first < first)
			return false;
	for (i = 0; i < h->s->files_n; i++) {
		f = &h->s->files[i];
		if (f->first >= first && (takes(f, CHAIN) ||
		    (packs && (f->role == ROLE_PACK ||
		    f->role == ROLE_RETIRED))))
			take_away(h, f->name);
	}
	return true;
}

void
hurt_without_catalog(struct hurt *h)
{
	take_away(h, CATALOG_FILE);
	buf_adds(&h->what, ", no catalog");
}

static bool
hurt_stale(struct hurt *h)
{
	uint64_t keep = h->s->head - 1 - rng_below(h->rng, h->s->head - 1);
	bool packs = one_in(h->rng, 2);
	char *name = xasprintf("%s/%08" PRIu64, h->s->older, keep);
	size_t catalog = rng_below(h->rng, 3);
	bool done = cut_chain(h, keep + 1, packs);

	buf_addf(&h->what, "back to commit %" PRIu64 " of %" PRIu64 "%s", keep,
	    h->s->head, packs ? ", its packs too" : "");
	h->expect = EXPECT_FOUND;
	if (catalog > 0) {
		h->expect = EXPECT_HASH;
		if (is_there(name)) {
			copy_over(h, name, CATALOG_FILE);
			buf_adds(&h->what, ", an older catalog");
		} else if (done) {
			hurt_without_catalog(h);
		}
	}
	free(name);
	return done;
}

/* ---- what is not sealed ---- */

static bool
hurt_json(struct hurt *h)
{
	static void (*const ways[])(struct hurt *, struct bytes *) = {
		flip_bit, change_byte, change_bytes, zero_block, cut, append,
		shift };
	char *other;
	bool done = true;

	h->expect = EXPECT_ANYTHING;
	switch (rng_below(h->rng, 10)) {
	case 0:
		take_away(h, "vault.json");
		h->expect = EXPECT_ERROR;
		buf_adds(&h->what, "vault.json: missing");
		break;
	case 1:
		other = path_of(h->all[(h->s->number + 2) % SCENES].path,
		    "vault.json");
		done = copy_over(h, other, "vault.json");
		h->expect = EXPECT_FOUND;
		buf_adds(&h->what, "vault.json: another vault's");
		free(other);
		break;
	default:
		done = rewrite(h, "vault.json", ways[rng_below(h->rng, 7)]);
		break;
	}
	return done;
}

static void
swap_pages(struct hurt *h, struct bytes *b)
{
	size_t pages = b->n / 4096, one = rng_below(h->rng, pages);
	size_t two = rng_below(h->rng, pages);
	char page[4096];

	memcpy(page, b->p + one * 4096, 4096);
	memcpy(b->p + one * 4096, b->p + two * 4096, 4096);
	memcpy(b->p + two * 4096, page, 4096);
	buf_addf(&h->what, "pages %zu and %zu", one, two);
}

static void
all_noise(struct hurt *h, struct bytes *b)
{
	size_t i = one_in(h->rng, 2) ? 16 : 0;

	for (; i < b->n; i++)
		b->p[i] = (char)rng_next(h->rng);
	buf_adds(&h->what, "noise");
}

/* Another catalog: older, or of another vault. */
static bool
other_catalog(struct hurt *h)
{
	const struct scene *s = &h->all[rng_below(h->rng, SCENES)];
	uint64_t commit = 1 + rng_below(h->rng, s->head);
	char *name = xasprintf("%s/%08" PRIu64, s->older, commit);
	bool done = is_there(name) && (s != h->s || commit < s->head);

	if (done)
		done = copy_over(h, name, CATALOG_FILE);
	buf_addf(&h->what, "that of commit %" PRIu64 " of vault %u", commit,
	    s->number);
	free(name);
	return done;
}

/* A journal that belongs to nothing: noise, or a part of the catalog. */
static bool
stray_journal(struct hurt *h)
{
	static const char *const names[] = { CATALOG_FILE "-journal",
	    CATALOG_FILE "-wal", CATALOG_FILE "-shm" };
	char *catalog = path_of(h->path, CATALOG_FILE);
	const char *name = names[rng_below(h->rng, 3)];
	char *path = path_of(h->path, name);
	struct bytes b;

	b.p = slurp(catalog, &b.n);
	if (one_in(h->rng, 2))
		all_noise(h, &b);
	spill(path, b.p, rng_below(h->rng, b.n));
	buf_addf(&h->what, " in %s", name);
	free(b.p);
	free(path);
	free(catalog);
	return true;
}

static bool
hurt_catalog(struct hurt *h)
{
	static void (*const ways[])(struct hurt *, struct bytes *) = {
		flip_bit, change_byte, change_bytes, zero_block, cut, append,
		shift, swap_pages, all_noise };
	char *path;

	h->expect = EXPECT_CATALOG;
	switch (rng_below(h->rng, 14)) {
	case 0:
	case 1:
		buf_adds(&h->what, "catalog: ");
		return other_catalog(h);
	case 2:
		hurt_without_catalog(h);
		return true;
	case 3:
		return stray_journal(h);
	case 4:
		take_away(h, CATALOG_FILE);
		path = path_of(h->path, CATALOG_FILE);
		if ((one_in(h->rng, 2) ? mkfifo(path, 0600) :
		    symlink("vault.json", path)) == -1)
			err(1, "%s", path);
		free(path);
		buf_adds(&h->what, "catalog: a link or FIFO");
		return true;
	default:
		return rewrite(h, CATALOG_FILE, ways[rng_below(h->rng, 9)]);
	}
}

const struct hurt_kind hurt_kinds[] = {
	{ "a bit",			15, hurt_bit },
	{ "a byte",			8, hurt_byte },
	{ "some bytes",			8, hurt_some },
	{ "a block of zeros",		8, hurt_block },
	{ "cut",			10, hurt_cut },
	{ "appended",			8, hurt_append },
	{ "shifted",			3, hurt_shift },
	{ "missing",			5, hurt_missing },
	{ "swapped",			5, hurt_swap },
	{ "doubled",			4, hurt_double },
	{ "renamed",			4, hurt_rename },
	{ "replaced",			4, hurt_replace },
	{ "replaced, same size",	3, forge_twin },
	{ "no regular file",		3, hurt_kind },
	{ "not to be read",		1, hurt_mode },
	{ "an older state",		6, hurt_stale },
	{ "a forged manifest",		8, forge_line },
	{ "a forged chain",		4, forge_chain },
	{ "a forged bundle",		2, forge_bundle },
	{ "vault.json",			2, hurt_json },
	{ "the catalog",		10, hurt_catalog },
};
const size_t hurt_kinds_n = sizeof(hurt_kinds) / sizeof(hurt_kinds[0]);
