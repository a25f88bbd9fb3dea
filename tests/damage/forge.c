/*
 * forge.c - manifests and packs that somebody changed who knows the format: what is in them differs, seals and counts
 * are right again.
 */
#include <ctype.h>
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/mem.h"
#include "damage.h"
#include "vault/private.h"

#define SEAL		40
#define RAW_MAX		(8 << 20)

/* ---- numbers as they stand in files ---- */

static void
put_little(unsigned char *p, uint64_t v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (unsigned char)(v >> 8 * i);
}

static uint64_t
get_little(const unsigned char *p, size_t n)
{
	uint64_t v = 0;
	size_t i;

	for (i = n; i > 0; i--)
		v = v << 8 | p[i - 1];
	return v;
}

static void
add_skippable(struct buf *b, uint32_t magic, const void *p, size_t n)
{
	unsigned char head[8];

	put_little(head, magic, 4);
	put_little(head + 4, n, 4);
	buf_add(b, head, sizeof(head));
	buf_add(b, p, n);
}

/* ---- a manifest's lines ---- */

struct lines {
	char		**v;		/* own */
	size_t		 n, cap;
};

static void
insert(struct lines *l, size_t at, char *line)
{
	l->v = mem_grow(l->v, &l->cap, l->n + 1, sizeof(*l->v));
	memmove(l->v + at + 1, l->v + at, (l->n - at) * sizeof(*l->v));
	l->v[at] = line;
	l->n++;
}

static void
take_out(struct lines *l, size_t at)
{
	free(l->v[at]);
	memmove(l->v + at, l->v + at + 1, (l->n - at - 1) * sizeof(*l->v));
	l->n--;
}

static void
release(struct lines *l)
{
	while (l->n > 0)
		free(l->v[--l->n]);
	free(l->v);
}

static struct lines
open_manifest(const char *p, size_t n)
{
	struct lines l = { NULL, 0, 0 };
	char *raw = xmalloc(RAW_MAX), *s, *end;
	size_t got = ZSTD_decompress(raw, RAW_MAX, p, n - SEAL);

	if (ZSTD_isError(got))
		errx(1, "a manifest: %s", ZSTD_getErrorName(got));
	for (s = raw; s < raw + got; s = end + 1) {
		end = memchr(s, '\n', (size_t)(raw + got - s));
		insert(&l, l.n, xmemdup0(s, (size_t)(end - s)));
	}
	free(raw);
	return l;
}

static void
seal_up(struct buf *b, size_t from)
{
	struct digest d;

	digest_of(b->p + from, b->n - from, &d);
	add_skippable(b, 0x184D2A5E, d.b, sizeof(d.b));
}

/* Append the manifest. */
static void
close_manifest(const struct lines *l, struct buf *b)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	struct buf raw = BUF_INIT(RAW_MAX);
	size_t i, n, from = b->n, room;

	for (i = 0; i < l->n; i++)
		buf_addf(&raw, "%s\n", l->v[i]);
	room = ZSTD_compressBound(raw.n);
	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	n = ZSTD_compress2(c, buf_room(b, room), room, buf_text(&raw), raw.n);
	if (ZSTD_isError(n))
		errx(1, "a manifest: %s", ZSTD_getErrorName(n));
	b->n += n;
	seal_up(b, from);
	buf_release(&raw);
	ZSTD_freeCCtx(c);
}

/* Put ${value} in place of the text behind ${key}, up to ${end}. */
static void
replace_value(char **line, const char *key, const char *value, char end)
{
	char *at = strstr(*line, key), *rest, *new;

	if (at == NULL)
		return;
	at += strlen(key);
	if ((rest = strchr(at, end)) == NULL)
		return;
	new = xasprintf("%.*s%s%s", (int)(at - *line), *line, value, rest);
	free(*line);
	*line = new;
}

static void
count_again(struct lines *l)
{
	char *n = xasprintf("%zu", l->n);

	if (l->n > 0)
		replace_value(&l->v[l->n - 1], "\"lines\":", n, '}');
	free(n);
}

/* ---- edits ---- */

static void
change_character(struct hurt *h, char *line)
{
	size_t n = strlen(line), at = rng_below(h->rng, n), i;
	unsigned char c;

	for (i = 0; i < n; i++) {
		c = (unsigned char)line[(at + i) % n];
		if (isalnum(c))
			break;
	}
	at = (at + i) % n;
	c = (unsigned char)line[at];
	if (isdigit(c))
		line[at] = (char)('0' + (c - '0' + 1 +
		    (int)rng_below(h->rng, 9)) % 10);
	else if (isalpha(c))
		line[at] = (char)('a' + (int)rng_below(h->rng, 26));
}

static const char *const strange[] = {
	"", "{}", "[]", "null", "{\"type\":\"forget\"}",
	"{\"type\":\"new\",\"optional\":true}",
	"{\"type\":\"retire\",\"pack\":\"00000001-1-00000000.tar.zst\","
	    "\"reason\":\"compacted\"}",
	"{\"type\":\"retire\",\"pack\":\"../vault.json\",\"reason\":\"x\"}",
	"{\"type\":\"gone\",\"folder\":1,\"epoch\":1,\"uids\":\"1:4294967295\"}",
	"{\"type\":\"gone\",\"folder\":99,\"epoch\":99,\"uids\":\"1\"}",
	"{\"type\":\"prune-intent\",\"folder\":1,\"epoch\":1,"
	    "\"uids\":\"1:4294967295\"}",
	"{\"type\":\"pruned\",\"folder\":1,\"epoch\":1,\"run\":1,"
	    "\"uids\":\"1:4294967295\"}",
	"{\"type\":\"prune-kept\",\"folder\":99,\"epoch\":99,\"uids\":\"1\"}",
	"{\"type\":\"end\",\"lines\":3}",
	"{\"type\":\"frames\",\"pack\":\"00000001-1-00000000.tar.zst\","
	    "\"from\":0,\"frames\":[[9223372036854775807,"
	    "9223372036854775807]]}",
};

/* Change something; false where that leaves all as it was. */
static bool
edit(struct hurt *h, struct lines *l)
{
	size_t a = rng_below(h->rng, l->n), b = rng_below(h->rng, l->n);
	size_t way = rng_below(h->rng, 8);
	char *t;
	bool changed = true;

	switch (way) {
	case 0:
		take_out(l, a);
		break;
	case 1:
		insert(l, b, xstrdup(l->v[a]));
		break;
	case 2:
		changed = strcmp(l->v[a], l->v[b]) != 0;
		t = l->v[a];
		l->v[a] = l->v[b];
		l->v[b] = t;
		break;
	case 3:
		insert(l, a, xstrdup(strange[rng_below(h->rng,
		    sizeof(strange) / sizeof(strange[0]))]));
		break;
	case 4:
		while (l->n > a + 1)
			take_out(l, a);
		break;
	default:
		t = xstrdup(l->v[a]);
		change_character(h, l->v[a]);
		changed = strcmp(t, l->v[a]) != 0;
		free(t);
		break;
	}
	if (!one_in(h->rng, 4))
		count_again(l);
	buf_addf(&h->what, " (%zu: %zu, %zu)", way, a, b);
	return changed;
}

/* ---- one manifest ---- */

static const struct file *
single(const struct scene *s, uint64_t commit)
{
	size_t i;

	for (i = 0; i < s->files_n; i++)
		if (s->files[i].role == ROLE_MANIFEST &&
		    s->files[i].first == commit)
			return &s->files[i];
	return NULL;
}

static void
tell_forged(struct hurt *h, bool seen)
{
	h->expect = EXPECT_FOUND;
	h->forged = true;
	if (one_in(h->rng, 2)) {
		hurt_without_catalog(h);
		if (!seen)
			h->expect = EXPECT_HASH;
	}
}

bool
forge_line(struct hurt *h)
{
	uint64_t commit = 1 + rng_below(h->rng, h->s->head);
	const struct file *f;
	struct buf b = BUF_INIT(RAW_MAX);
	struct lines l;
	char *path, *p;
	bool changed;
	size_t n;

	/* The last one is the hardest to tell. */
	if (one_in(h->rng, 2))
		commit = h->s->head;
	if ((f = single(h->s, commit)) == NULL)
		return false;
	buf_addf(&h->what, "%s", f->name);
	path = path_of(h->path, f->name);
	p = slurp(path, &n);
	l = open_manifest(p, n);
	changed = edit(h, &l);
	close_manifest(&l, &b);
	spill(path, b.p, b.n);
	tell_forged(h, commit < h->s->head);
	release(&l);
	buf_release(&b);
	free(p);
	free(path);
	return changed;
}

/* ---- all from one on ---- */

bool
forge_chain(struct hurt *h)
{
	uint64_t commit = 1 + rng_below(h->rng, h->s->head), c;
	struct buf b = BUF_INIT(RAW_MAX);
	bool changed = false, covered = false;
	char hex[DIGEST_HEX] = "", *path, *p;
	struct digest d;
	struct lines l;
	size_t n;

	for (c = commit; c <= h->s->head; c++)
		if (single(h->s, c) == NULL)
			return false;
	buf_addf(&h->what, "from commit %" PRIu64 " on", commit);
	for (c = commit; c <= h->s->head; c++) {
		covered = covered || single(h->s, c)->covered;
		path = path_of(h->path, single(h->s, c)->name);
		p = slurp(path, &n);
		l = open_manifest(p, n);
		if (c > commit)
			replace_value(&l.v[0], "\"prev\":\"", hex, '"');
		else
			changed = edit(h, &l);
		buf_clear(&b);
		close_manifest(&l, &b);
		spill(path, b.p, b.n);
		digest_of(b.p, b.n, &d);
		digest_hex(&d, hex);
		release(&l);
		free(p);
		free(path);
	}
	tell_forged(h, covered);
	buf_release(&b);
	return changed;
}

/* ---- bundles ---- */

struct member {
	const char	*p;
	size_t		 n;
};

/* Write a bundle of these members; ${lie}: sizes that don't add up. */
static void
write_bundle(const struct member *m, size_t n, bool lie, struct buf *b)
{
	unsigned char size[8];
	struct buf index = BUF_INIT(1 << 20);
	size_t i, from;

	for (i = 0; i < n; i++) {
		buf_add(b, m[i].p, m[i].n);
		put_little(size, m[i].n + (lie && i == 0) -
		    (lie && i == n - 1), 8);
		buf_add(&index, size, 8);
	}
	from = b->n;
	add_skippable(b, 0x184D2A5D, buf_text(&index), index.n);
	seal_up(b, from);
	buf_release(&index);
}

bool
forge_bundle(struct hurt *h)
{
	const struct file *f = NULL;
	struct buf out = BUF_INIT(RAW_MAX), changed = BUF_INIT(RAW_MAX);
	struct member *m, swap;
	struct lines l;
	const char *at;
	char *path, *p;
	size_t i, n, count, a, way = rng_below(h->rng, 4);
	bool done = true;

	for (i = 0; i < h->s->files_n; i++)
		if (h->s->files[i].role == ROLE_BUNDLE &&
		    (f == NULL || one_in(h->rng, 2)))
			f = &h->s->files[i];
	if (f == NULL)
		return false;
	path = path_of(h->path, f->name);
	at = p = slurp(path, &n);
	count = (size_t)(f->last - f->first + 1);
	m = xcalloc(count, sizeof(*m));
	for (i = 0; i < count; i++) {
		m[i] = (struct member){ at, (size_t)get_little(
		    (unsigned char *)p + n - SEAL - 8 * (count - i), 8) };
		at += m[i].n;
	}
	a = rng_below(h->rng, count);
	buf_addf(&h->what, "%s: way %zu, member %zu", f->name, way, a);
	if (way == 0) {
		l = open_manifest(m[a].p, m[a].n);
		done = edit(h, &l);
		close_manifest(&l, &changed);
		m[a] = (struct member){ changed.p, changed.n };
		release(&l);
	} else if (way == 1) {
		swap = m[a];
		m[a] = m[(a + 1) % count];
		m[(a + 1) % count] = swap;
	} else if (way == 2) {
		/* One too few, or one of them twice. */
		if (one_in(h->rng, 2))
			count--;
		else
			m[a] = m[(a + 1) % count];
	}
	write_bundle(m, count, way == 3, &out);
	spill(path, out.p, out.n);
	h->expect = EXPECT_FOUND;
	h->forged = true;
	free(m);
	free(p);
	free(path);
	buf_release(&out);
	buf_release(&changed);
	return done;
}

/* ---- another file of the same size ---- */

bool
forge_twin(struct hurt *h)
{
	const struct scene *from = &h->all[rng_below(h->rng, SCENES)];
	const struct file *f = &h->s->files[rng_below(h->rng, h->s->files_n)];
	const struct file *g = &from->files[rng_below(h->rng, from->files_n)];
	struct buf b = BUF_INIT(RAW_MAX);
	char *path, *p, *pad;
	size_t n, seal;

	if ((f->role != ROLE_PACK && f->role != ROLE_MANIFEST) ||
	    f->role != g->role || g->size + 8 > f->size)
		return false;
	seal = f->role == ROLE_MANIFEST ? SEAL : 0;
	path = path_of(from->path, g->name);
	p = slurp(path, &n);
	free(path);
	path = path_of(h->path, f->name);
	buf_add(&b, p, n - seal);
	pad = xcalloc(f->size, 1);
	add_skippable(&b, seal > 0 ? 0x184D2A51 : 0x184D2A50, pad,
	    f->size - n - 8);
	if (seal > 0)
		seal_up(&b, 0);
	if (b.n != f->size)
		errx(1, "a twin of %s has %zu bytes", f->name, b.n);
	spill(path, b.p, b.n);
	h->expect = EXPECT_FOUND;
	h->only_packs = seal == 0;
	buf_addf(&h->what, "%s by %s of vault %u", f->name, g->name,
	    from->number);
	buf_release(&b);
	free(pad);
	free(p);
	free(path);
	return true;
}
