/*
 * pack_forge.h - packs that nobody wrote, for the tests of what reads them: frames and tars made by hand, findings as
 * text.
 */
#ifndef TESTS_PACK_FORGE_H
#define TESTS_PACK_FORGE_H

#include <inttypes.h>

#include <zstd.h>

#include "tests/unit/pack_help.h"

#define KIB	1024
#define MIB	(1024 * 1024)
#define BLOCK	512

/* A pack in the making. */
struct forged {
	struct buf	 file;
	struct frame	 frames[64];
	size_t		 n;
};

static inline void
forge_start(struct forged *f)
{
	buf_init(&f->file, 512 * MIB);
	f->n = 0;
}

/* forge_zstd(out, p, n, window, checksum): a frame behind ${out}; ${window} 0: as zstd likes it. */
static inline void
forge_zstd(struct buf *out, const void *p, size_t n, int window, int checksum)
{
	size_t cap = ZSTD_compressBound(n);
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	ZSTD_inBuffer in = { p, n, 0 };
	ZSTD_outBuffer to = { buf_room(out, cap), cap, 0 };

	assert_non_null(to.dst);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, checksum);
	if (window != 0)
		ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, window);
	/* In two steps, as packs are: zstd doesn't know the size beforehand. */
	ZSTD_compressStream2(zstd, &to, &in, ZSTD_e_continue);
	assert_int_equal(ZSTD_compressStream2(zstd, &to, &in, ZSTD_e_end), 0);
	ZSTD_freeCCtx(zstd);
	out->n += to.pos;
}

static inline void
forge_frame(struct forged *f, const void *p, size_t n)
{
	struct frame *frame = &f->frames[f->n++];

	assert_in_range(f->n, 1, COUNT(f->frames));
	frame->offset = f->file.n;
	forge_zstd(&f->file, p, n, 0, 1);
	frame->size = f->file.n - frame->offset;
	frame->raw = n;
}

/* A skippable frame of notes; ${size} 0: the right one. */
static inline void
forge_notes(struct forged *f, const void *p, size_t n, size_t size)
{
	size_t at = f->file.n, i;

	buf_add(&f->file, "\x50\x2a\x4d\x18\0\0\0\0", 8);
	forge_zstd(&f->file, p, n, 0, 1);
	if (size == 0)
		size = f->file.n - at - 8;
	for (i = 0; i < 4; i++)
		f->file.p[at + 4 + i] = (char)(size >> (8 * i));
}

static inline void
forge_done(const struct vault *v, struct forged *f)
{
	replace(v, f->file.p, f->file.n);
	buf_release(&f->file);
}

static inline void
tar_sum(char *h)
{
	unsigned int sum = 0, i;

	memset(h + 148, ' ', 8);
	for (i = 0; i < BLOCK; i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum);
	h[155] = ' ';
}

/* A header as tar.c has them; change it and give it its sum again. */
static inline char *
tar_header(char *h, const char *name, char type, uint64_t size)
{
	memset(h, 0, BLOCK);
	snprintf(h, 100, "%s", name);
	snprintf(h + 100, 8, "000600 ");
	snprintf(h + 108, 8, "000000 ");
	snprintf(h + 116, 8, "000000 ");
	snprintf(h + 124, 12, "%011" PRIo64, size);
	h[135] = ' ';
	snprintf(h + 136, 12, "14524770400");
	h[147] = ' ';
	h[156] = type;
	memcpy(h + 257, "ustar\0" "00", 8);
	snprintf(h + 329, 8, "000000 ");
	snprintf(h + 337, 8, "000000 ");
	tar_sum(h);
	return h;
}

/* A whole member: header, content, zeros. */
static inline void
tar_member(struct buf *b, const char *name, char type, const void *p, size_t n)
{
	static const char zeros[BLOCK];
	char h[BLOCK];

	assert_int_equal(buf_add(b, tar_header(h, name, type, n), BLOCK), 0);
	assert_int_equal(buf_add(b, p, n), 0);
	assert_int_equal(buf_add(b, zeros, (size_t)(-n % BLOCK)), 0);
}

static inline void
tar_end(struct buf *b)
{
	static const char zeros[2 * BLOCK];

	assert_int_equal(buf_add(b, zeros, sizeof(zeros)), 0);
}

/* Findings: "OFFSET FRAME [four digits of the blob]: WHAT\n" each. */
static inline int
note_damage(void *arg, const struct pack_damage *d, struct err *e)
{
	char hex[DIGEST_HEX] = "-";

	(void)e;
	assert_string_equal(d->pack, NAME);
	if (d->sha256 != NULL)
		digest_hex(d->sha256, hex)[4] = '\0';
	assert_int_equal(buf_addf(arg, "%" PRIu64 " %" PRIu64 " %s: %s\n",
	    d->offset, d->frame, hex, d->what), 0);
	return 0;
}

static inline size_t
lines_in(const struct buf *b)
{
	size_t n = 0, i;

	for (i = 0; i < b->n; i++)
		n += b->p[i] == '\n';
	return n;
}

/* names_blob(b, body): whether a finding is about that message. */
static inline bool
names_blob(const struct buf *found, const struct body *b)
{
	char hex[DIGEST_HEX], want[DIGEST_HEX + 3];
	struct digest d;

	digest_of(b->p, b->n, &d);
	digest_hex(&d, hex)[4] = '\0';
	snprintf(want, sizeof(want), " %s: ", hex);
	return found->n > 0 && strstr(found->p, want) != NULL;
}

#endif
