/*
 * pack_scan_fuzz.c - whatever a file is: what a scan finds in it can be read again and is what it was said to be, and a
 * checker agrees with the scan about whether it is sound.
 *
 * The first letter of the input says what the rest is:
 *
 *	t, m	the bytes of a tar or mbox pack
 *	T, M	what its frames hold, between lines "|", then after a line "@" its notes; compressed here.  Headers of
 *		members in a tar get a right checksum.
 *
 * seconds: 3
 */
#include <zstd.h>

#include "fuzz.h"
#include "fuzz_dir.h"
#include "pack/pack.h"

#define NAME		"00000001-1-00c0ffee.zst"
#define ALL_MAX		(64 * 1024 * 1024)
#define BLOCK		512
#define FOUND_MAX	4096

static int dir = -1;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	dir = fuzz_dir();
	return 0;
}

/* What a scan found, as a manifest would say it. */
struct seen {
	struct pack_claim claim;
	size_t		 blobs_cap, frames_cap;
	size_t		 damage;
	bool		 many;		/* more than are kept */
};

static int
on_note(void *arg, const char *line, size_t n, struct err *e)
{
	(void)arg, (void)e;
	MUST(strlen(line) <= n && line[n] == '\0' && n > 0);
	return 0;
}

static void
check_reading(const struct pack_reading *r)
{
	struct buf out = BUF_INIT(ALL_MAX);
	const struct sink to = fuzz_keep(&out);
	struct digest d;
	struct err e;

	MUST(source_pour(&r->body, &to, &e) == 0);
	digest_of(out.p, out.n, &d);
	MUST(out.n == r->size && digest_equal(&d, &r->sha256));
	buf_release(&out);
}

static int
on_found(void *arg, const struct pack_found *f, struct err *e)
{
	struct seen *s = arg;
	const char *p = f->member;
	size_t i;

	(void)e;
	MUST(f->n >= 1 && f->n <= PACK_READINGS);
	/* Nobody is led out of the directory. */
	if (p != NULL) {
		MUST(*p != '/' && *p != '\0' && utf8_valid(p, strlen(p)));
		MUST(strcmp(p, "..") != 0 && strncmp(p, "../", 3) != 0);
		MUST(strstr(p, "/../") == NULL);
		MUST(strlen(p) < 3 || strcmp(p + strlen(p) - 3, "/..") != 0);
	}
	for (i = 0; i < f->n; i++) {
		MUST(f->readings[i].place.offset <= f->frame->raw);
		MUST(f->readings[i].place.stored <= f->frame->raw);
		check_reading(&f->readings[i]);
	}
	if (s->claim.n == FOUND_MAX) {
		s->many = true;
		return 0;
	}
	i = f->n - 1;
	s->claim.blobs = mem_grow(s->claim.blobs, &s->blobs_cap,
	    s->claim.n + 1, sizeof(*s->claim.blobs));
	s->claim.blobs[s->claim.n++] = (struct rec_blob){
	    f->readings[i].sha256, f->readings[i].size, f->readings[i].place };
	return 0;
}

static int
on_frame(void *arg, const struct frame *f, struct err *e)
{
	struct seen *s = arg;

	(void)e;
	s->claim.frames = mem_grow(s->claim.frames, &s->frames_cap,
	    s->claim.info.frames + 1, sizeof(*s->claim.frames));
	s->claim.frames[s->claim.info.frames++] = *f;
	s->claim.info.raw += f->raw;
	return 0;
}

static int
on_damage(void *arg, const struct pack_damage *d, struct err *e)
{
	size_t *n = arg;

	(void)e;
	MUST(d->what[0] != '\0' && strcmp(d->pack, NAME) == 0);
	++*n;
	return 0;
}

static int
on_scan_damage(void *arg, const struct pack_damage *d, struct err *e)
{
	struct seen *s = arg;

	MUST(d->sha256 == NULL);
	return on_damage(&s->damage, d, e);
}

/* What the scan says as a manifest's claim: nothing is damaged if it said so. */
static void
check_claim(struct seen *s, const char *file, size_t n)
{
	struct pack_claim *c = &s->claim;
	struct pack_checker *checker;
	size_t damage = 0, bytes = 0, i;
	struct err e;

	for (i = 0; i < c->info.frames; i++)
		bytes += (size_t)c->frames[i].size;
	MUST(bytes <= n);
	c->name = xstrdup(NAME);
	c->info.size = n;
	c->info.tail = n - bytes;
	digest_of(file, n, &c->info.sha256);
	checker = pack_checker_new(dir, 1, on_damage, &damage);
	MUST(pack_checker_put(checker, c, &e) == 0);
	MUST(pack_checker_end(checker, &e) == 0);
	pack_checker_free(&checker);
	MUST((s->damage == 0) == (damage == 0));
}

static void
scan(enum container c, const char *file, size_t n)
{
	struct seen s = { .claim = { .info = { .container = c } } };
	struct seen again = { .claim = { .info = { .container = c } } };
	struct pack_scan_fns fns = { on_note, on_found, on_frame,
	    on_scan_damage, &s };
	struct err e;

	fuzz_put(dir, NAME, file, n);
	MUST(pack_scan(dir, NAME, c, NULL, 0, &fns, &e) == 0);
	/* With the frames known it is the same. */
	fns.arg = &again;
	if (s.damage == 0 && n > 0) {
		MUST(pack_scan(dir, NAME, c, s.claim.frames,
		    (size_t)s.claim.info.frames, &fns, &e) == 0);
		MUST(again.damage == 0 && again.claim.n == s.claim.n);
		MUST(again.claim.info.frames == s.claim.info.frames);
	}
	pack_claim_release(&again.claim);
	if (!s.many && s.claim.info.frames > 0)
		check_claim(&s, file, n);
	pack_claim_release(&s.claim);
}

static void
add_frame(struct buf *file, const char *p, size_t n)
{
	size_t cap = ZSTD_compressBound(n), size;
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	char *to = buf_room(file, cap);

	MUST(to != NULL);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, 1);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
	size = ZSTD_compress2(zstd, to, cap, p, n);
	MUST(!ZSTD_isError(size));
	file->n += size;
	ZSTD_freeCCtx(zstd);
}

static void
add_notes(struct buf *file, const char *p, size_t n)
{
	size_t at = file->n, i, size;

	buf_add(file, "\x50\x2a\x4d\x18\0\0\0\0", 8);
	add_frame(file, p, n);
	size = file->n - at - 8;
	for (i = 0; i < 4; i++)
		file->p[at + 4 + i] = (char)(size >> (8 * i));
}

/* Give each block that looks like a header the checksum that it should have. */
static void
mend_headers(char *p, size_t n)
{
	unsigned int sum, i;

	for (; n >= BLOCK; p += BLOCK, n -= BLOCK) {
		if (memcmp(p + 257, "ustar", 5) != 0)
			continue;
		memset(p + 148, ' ', 8);
		for (sum = i = 0; i < BLOCK; i++)
			sum += (unsigned char)p[i];
		snprintf(p + 148, 8, "%06o", sum);
		p[155] = ' ';
	}
}

/* The next part of the input, up to a line of one letter: that letter, or 0 at the end. */
static char
part(struct fuzz_in *in, struct fuzz_in *out)
{
	struct fuzz_in line;

	for (*out = (struct fuzz_in){ in->p, 0 }; fuzz_line(in, &line);
	    out->n = (size_t)(in->p - out->p))
		if (line.n == 1 && (*line.p == '|' || *line.p == '@'))
			return *line.p;
	return 0;
}

static void
from_content(enum container c, struct fuzz_in in)
{
	struct buf file = BUF_INIT(ALL_MAX);
	struct fuzz_in p;
	char end, *copy;

	do {
		end = part(&in, &p);
		/* A tar doesn't end with a newline, the line that ends it begins behind one. */
		if (c == CONTAINER_TAR && end != 0 && p.n > 0)
			p.n--;
		copy = fuzz_copy(p.p, p.n);
		if (c == CONTAINER_TAR)
			mend_headers(copy, p.n);
		add_frame(&file, copy, p.n);
		free(copy);
	} while (end == '|');
	while (end == '@') {
		end = part(&in, &p);
		add_notes(&file, p.p, p.n);
	}
	scan(c, file.p, file.n);
	buf_release(&file);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct fuzz_in in = fuzz_begin(data, n), line = { NULL, 0 };

	fuzz_line(&in, &line);
	if (line.n == 0)
		return 0;
	switch (*line.p) {
	case 'T': from_content(CONTAINER_TAR, in); break;
	case 'M': from_content(CONTAINER_MBOX, in); break;
	case 't': scan(CONTAINER_TAR, in.p, in.n); break;
	default: scan(CONTAINER_MBOX, in.p, in.n); break;
	}
	return 0;
}
