/*
 * pack_damage_test.c - damaged packs and manifests that lie: EK_CORRUPT, never other bytes, never much memory.
 */
#include "tests/unit/pack_help.h"

#include <zstd.h>

#define KIB	1024
#define MIB	(1024 * 1024)

static struct vault v;

static int
set_up(void **state)
{
	(void)state;
	vault_make(&v);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	vault_remove(&v);
	return 0;
}

#define LITERAL(s)	{ s, sizeof(s) - 1, 0, 0 }

static struct body small[] = {
	LITERAL("Subject: one\r\n\r\nFrom the first\r\n"),
	LITERAL("Subject: two\r\n\r\nFrom the second\r\n>From it again\r\n"),
	LITERAL("Subject: three\r\n\r\nand no end of line"),
};

/*
 * Change each byte of a small pack in turn.  Some changes don't change what is decompressed (a larger window, a bit
 * that decoders ignore); the SHA-256 of the whole file is there for these.
 */
static void
check_each_byte(enum container c, unsigned char with)
{
	struct buf scratch = BUF_INIT(KIB);
	struct pack_reader *r;
	struct stored s;
	size_t n, i, j, data, harmless = 0;
	struct err e;
	char *file;

	store(&v, c, small, COUNT(small), &s);
	file = slurp(&v, &n);
	data = n - (size_t)s.info.tail;
	assert_true(s.info.tail > 8 && data > 20);
	for (i = 0; i < n; i++) {
		file[i] = (char)(file[i] ^ with);
		replace(&v, file, n);
		file[i] = (char)(file[i] ^ with);
		r = pack_reader_new(v.packs);
		for (j = 0; j < COUNT(small); j++) {
			if (fetch(r, &s, j, small[j].n, &scratch, &e) == -1) {
				assert_true(i < data);
				assert_int_equal(e.kind, EK_CORRUPT);
				assert_non_null(strstr(e.text,
				    NAME ": frame 0: "));
				continue;
			}
			assert_int_equal(scratch.n, small[j].n);
			assert_memory_equal(scratch.p, small[j].p, small[j].n);
			harmless += i < data;
		}
		pack_reader_free(&r);
	}
	assert_in_range(harmless, 0, COUNT(small) * data / 20);
	free(file);
	buf_release(&scratch);
	stored_release(&s);
	assert_int_equal(run(&v, "rm packs/%s", NAME), 0);
}

static void
test_no_changed_byte_gives_other_bytes(void **state)
{
	static const unsigned char with[] = { 0xff, 0x01, 0x80, 0x10 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(with); i++) {
		check_each_byte(CONTAINER_TAR, with[i]);
		check_each_byte(CONTAINER_MBOX, with[i]);
	}
}

static void
test_a_pack_cut_anywhere_is_corrupt(void **state)
{
	struct buf scratch = BUF_INIT(KIB);
	struct pack_reader *r;
	struct stored s;
	struct err e;
	size_t n, i;
	char *file;
	int rc;

	(void)state;
	store(&v, CONTAINER_TAR, small, COUNT(small), &s);
	file = slurp(&v, &n);
	for (i = 0; i < n; i++) {
		replace(&v, file, i);
		r = pack_reader_new(v.packs);
		rc = fetch(r, &s, 1, small[1].n, &scratch, &e);
		assert_int_equal(rc, i < s.frames[0].size ? -1 : 0);
		if (rc == -1)
			assert_int_equal(e.kind, EK_CORRUPT);
		pack_reader_free(&r);
	}
	free(file);
	buf_release(&scratch);
	stored_release(&s);
}

/* What a manifest may say wrongly of a message; the numbers are added to the true ones. */
static const struct lie {
	uint64_t	offset, stored;
	uint64_t	frame_offset, frame_size, frame_raw, size;
} lies[] = {
	{ .offset = 1 << 20 },
	{ .offset = UINT64_MAX - 517 },		/* its end is past 2^64 */
	{ .offset = UINT64_MAX / 2 },
	{ .stored = 1 },
	{ .stored = UINT64_MAX },		/* -1 */
	{ .stored = UINT64_MAX - 1000 },
	{ .stored = UINT64_MAX / 2 },
	{ .frame_offset = 1 },
	{ .frame_offset = UINT64_MAX },
	{ .frame_offset = UINT64_MAX / 2 },
	{ .frame_size = 1 },
	{ .frame_size = UINT64_MAX },
	{ .frame_size = UINT64_MAX / 2 },
	{ .frame_size = 1 << 20 },
	{ .frame_raw = 1 },
	{ .frame_raw = UINT64_MAX },
	{ .frame_raw = 1 << 20 },
	{ .frame_raw = PACK_FRAME_KEEP },
	{ .frame_raw = UINT64_MAX / 2 },
	{ .size = 1 },
	{ .size = UINT64_MAX },
	{ .size = UINT64_MAX / 2 },
};

static void
check_lies(enum container c, struct body *b, size_t n)
{
	struct buf scratch = BUF_INIT(32 * MIB);
	const struct sink sink = { keep, &scratch };
	struct pack_reader *r = pack_reader_new(v.packs);
	struct stored s;
	struct err e;
	size_t i;

	store(&v, c, b, n, &s);
	for (i = 0; i < COUNT(lies); i++) {
		const struct lie *l = &lies[i];
		struct place place = s.places[0];
		struct frame frame = s.frames[0];

		place.offset += l->offset;
		place.stored += l->stored;
		frame.offset += l->frame_offset;
		frame.size += l->frame_size;
		frame.raw += l->frame_raw;
		buf_clear(&scratch);
		if (pack_read(r, &place, &frame, b[0].n + l->size, &sink,
		    &e) == 0)
			fail_msg("lie %zu was believed", i);
		assert_int_equal(e.kind, EK_CORRUPT);
		assert_true(scratch.n <= b[0].n + l->size);
		/* The reader is none the worse for it. */
		assert_body(r, &s, 0, &b[0], &scratch);
	}
	pack_reader_free(&r);
	buf_release(&scratch);
	stored_release(&s);
	assert_int_equal(run(&v, "rm packs/%s", NAME), 0);
}

static void
test_a_manifest_that_lies_is_found_out(void **state)
{
	struct body large = { xcalloc(1, PACK_FRAME_KEEP), PACK_FRAME_KEEP,
	    0, 0 };

	(void)state;
	check_lies(CONTAINER_TAR, small, COUNT(small));
	check_lies(CONTAINER_MBOX, small, COUNT(small));
	check_lies(CONTAINER_TAR, &large, 1);
	check_lies(CONTAINER_MBOX, &large, 1);
	free((char *)large.p);
}

static void
test_a_wrong_form_is_found_out(void **state)
{
	struct buf scratch = BUF_INIT(KIB);
	struct pack_reader *r = pack_reader_new(v.packs);
	struct stored s;
	struct err e;

	(void)state;
	store(&v, CONTAINER_MBOX, small, COUNT(small), &s);
	s.places[0].form = BLOB_RAW;
	assert_int_equal(fetch(r, &s, 0, small[0].n, &scratch, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	s.places[1].newline_added = true;
	assert_int_equal(fetch(r, &s, 1, small[1].n, &scratch, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	s.places[2].newline_added = false;
	assert_int_equal(fetch(r, &s, 2, small[2].n, &scratch, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	pack_reader_free(&r);
	buf_release(&scratch);
	stored_release(&s);
}

static void
test_what_is_no_pack_is_corrupt(void **state)
{
	static const struct { const char *name; int sys; } t[] = {
		{ "missing", ENOENT },
		{ "link", 0 },
		{ "directory", 0 },
		{ "fifo", 0 },
		{ "", 0 },
		{ ".", 0 },
		{ "..", 0 },
		{ "../packs/" NAME, 0 },
		{ "directory/../" NAME, 0 },
		{ "/etc/passwd", 0 },
	};
	struct buf scratch = BUF_INIT(KIB);
	struct pack_reader *r = pack_reader_new(v.packs);
	struct stored s;
	struct err e;
	size_t i;

	(void)state;
	store(&v, CONTAINER_TAR, small, 1, &s);
	assert_int_equal(run(&v, "cd packs && ln -s %s link && mkdir directory "
	    "&& mkfifo fifo", NAME), 0);
	for (i = 0; i < COUNT(t); i++) {
		s.places[0].pack = t[i].name;
		assert_int_equal(fetch(r, &s, 0, small[0].n, &scratch, &e), -1);
		assert_int_equal(e.kind, EK_CORRUPT);
		assert_int_equal(e.sys, t[i].sys);
	}
	s.places[0].pack = NAME;
	assert_body(r, &s, 0, &small[0], &scratch);
	pack_reader_free(&r);
	buf_release(&scratch);
	stored_release(&s);
}

/* A frame, with a checksum or without; its length. */
static size_t
compress(char *out, size_t room, const char *p, size_t n, int checksum)
{
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	size_t size;

	ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, checksum);
	size = ZSTD_compress2(zstd, out, room, p, n);
	assert_false(ZSTD_isError(size));
	ZSTD_freeCCtx(zstd);
	return size;
}

/* A frame in a file, made by zstd with parameters of the test's choice. */
static struct frame
make_frame(const char *p, size_t n, int window, size_t garbage)
{
	size_t cap = ZSTD_compressBound(n) + garbage, got = 0;
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	char *out = xcalloc(1, cap);
	ZSTD_inBuffer in = { p, n, 0 };
	ZSTD_outBuffer to = { out, cap, 0 };

	ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, window);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
	/* In two steps, so that zstd does not know the size and make the window fit. */
	ZSTD_compressStream2(zstd, &to, &in, ZSTD_e_continue);
	got = ZSTD_compressStream2(zstd, &to, &in, ZSTD_e_end);
	assert_int_equal(got, 0);
	replace(&v, out, to.pos + garbage);
	ZSTD_freeCCtx(zstd);
	free(out);
	return (struct frame){ 0, to.pos + garbage, n };
}

static int
read_frame(const struct frame *f, struct err *e)
{
	const struct place place = { .pack = NAME, .offset = 1, .stored = 10,
	    .form = BLOB_PLAIN };
	struct pack_reader *r = pack_reader_new(v.packs);
	struct buf scratch = BUF_INIT(10);
	const struct sink sink = { keep, &scratch };
	int rc;

	rc = pack_read(r, &place, f, 10, &sink, e);
	if (rc == 0)
		assert_memory_equal(scratch.p, "\0\0\0\0\0\0\0\0\0\0", 10);
	pack_reader_free(&r);
	buf_release(&scratch);
	return rc;
}

static int
read_nothing(const struct frame *f, struct err *e)
{
	const struct place place = { .pack = NAME, .form = BLOB_PLAIN };
	struct pack_reader *r = pack_reader_new(v.packs);
	const struct sink sink = { keep, NULL };
	int rc;

	rc = pack_read(r, &place, f, 0, &sink, e);
	pack_reader_free(&r);
	return rc;
}

static void
test_a_large_frame_with_a_window_over_8_mib_is_refused(void **state)
{
	const size_t n = PACK_FRAME_KEEP + 1;
	char *p = xcalloc(1, n);
	struct frame f;
	struct err e;

	(void)state;
	f = make_frame(p, n, 23, 0);
	assert_int_equal(read_frame(&f, &e), 0);
	f = make_frame(p, n, 24, 0);
	assert_int_equal(read_frame(&f, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	free(p);
}

static void
test_a_frame_is_one_frame_and_all_of_it(void **state)
{
	static const size_t sizes[] = { 100, PACK_FRAME_KEEP,
	    PACK_FRAME_KEEP + 1 };
	char *p = xcalloc(1, PACK_FRAME_KEEP + 1);
	struct frame f, g;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(sizes); i++) {
		f = make_frame(p, sizes[i], 21, 0);
		assert_int_equal(read_frame(&f, &e), 0);
		/* What it holds is another number of bytes: a bomb, or less than promised. */
		g = f;
		g.raw = 50;
		assert_int_equal(read_frame(&g, &e), -1);
		assert_int_equal(e.kind, EK_CORRUPT);
		g.raw = f.raw - 1;
		assert_int_equal(read_frame(&g, &e), -1);
		assert_int_equal(e.kind, EK_CORRUPT);
		g.raw = f.raw + 1;
		assert_int_equal(read_frame(&g, &e), -1);
		assert_int_equal(e.kind, EK_CORRUPT);
		/* Something stands behind it that the table counts to it. */
		f = make_frame(p, sizes[i], 21, 1);
		assert_int_equal(read_frame(&f, &e), -1);
		assert_int_equal(e.kind, EK_CORRUPT);
	}
	free(p);
}

static void
test_two_frames_or_a_skippable_one_are_not_a_frame(void **state)
{
	/* An empty skippable frame, then a frame; two frames. */
	static const char skip[] = "\x50\x2a\x4d\x18\0\0\0\0";
	static const char zeros[64];
	char p[256];
	struct frame f;
	struct err e;
	size_t n;

	(void)state;
	memcpy(p, skip, 8);
	n = compress(p + 8, sizeof(p) - 8, zeros, sizeof(zeros), 1);
	replace(&v, p, 8 + n);
	f = (struct frame){ 0, 8 + n, sizeof(zeros) };
	assert_int_equal(read_frame(&f, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	f.raw = PACK_FRAME_KEEP + 1;
	assert_int_equal(read_frame(&f, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	f = (struct frame){ 8, n, sizeof(zeros) };
	assert_int_equal(read_frame(&f, &e), 0);

	/* A skippable one alone, as if it were a frame of no bytes. */
	f = (struct frame){ 0, 8, 0 };
	assert_int_equal(read_nothing(&f, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);

	memmove(p, p + 8, n);
	memcpy(p + n, p, n);
	replace(&v, p, 2 * n);
	f = (struct frame){ 0, 2 * n, 2 * sizeof(zeros) };
	assert_int_equal(read_frame(&f, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	f = (struct frame){ n, n, sizeof(zeros) };
	assert_int_equal(read_frame(&f, &e), 0);
}

static void
test_a_frame_without_a_checksum_is_refused(void **state)
{
	static const char zeros[64];
	char p[256];
	struct frame f = { 0, 0, sizeof(zeros) };
	struct err e;

	(void)state;
	f.size = compress(p, sizeof(p), zeros, sizeof(zeros), 1);
	replace(&v, p, (size_t)f.size);
	assert_int_equal(read_frame(&f, &e), 0);
	f.size = compress(p, sizeof(p), zeros, sizeof(zeros), 0);
	replace(&v, p, (size_t)f.size);
	assert_int_equal(read_frame(&f, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
}

static void
test_frames_of_an_older_zstd_are_not_ours(void **state)
{
	/* Format 0.7: a window of 1 MiB, blocks of 128 KiB as they are, an end. */
	static const char head[] = "\x27\xb5\x2f\xfd\x00\x50";
	static const char block[3 + 128 * KIB] = "\x42", end[] = "\xc0\0\0";
	static const size_t blocks[] = { 1, 130 };
	struct buf file = BUF_INIT(20 * MIB);
	struct frame f;
	struct err e;
	size_t i, j;

	(void)state;
	for (i = 0; i < COUNT(blocks); i++) {
		buf_clear(&file);
		buf_add(&file, head, 6);
		for (j = 0; j < blocks[i]; j++)
			buf_add(&file, block, sizeof(block));
		buf_add(&file, end, 3);
		replace(&v, file.p, file.n);
		f = (struct frame){ 0, file.n, blocks[i] * 128 * KIB };
		assert_int_equal(read_frame(&f, &e), -1);
		assert_int_equal(e.kind, EK_CORRUPT);
	}
	buf_release(&file);
}

static void
test_a_frame_that_failed_leaves_the_one_kept_alone(void **state)
{
	char *p = xmalloc(PACK_FRAME + 1), *file;
	struct body b[] = { { p, PACK_FRAME, 0, 0 }, { p + 1, PACK_FRAME,
	    0, 0 } };
	struct buf scratch = BUF_INIT(PACK_FRAME);
	struct pack_reader *r = pack_reader_new(v.packs);
	struct stored s;
	struct err e;
	size_t n;

	(void)state;
	noise(p, PACK_FRAME + 1, 4);
	store(&v, CONTAINER_TAR, b, 2, &s);
	assert_int_equal(s.places[1].frame, 1);
	/* All of it is decompressed before the checksum at its end is found wrong. */
	file = slurp(&v, &n);
	file[n - (size_t)s.info.tail - 1] ^= 1;
	replace(&v, file, n);
	assert_body(r, &s, 0, &b[0], &scratch);
	assert_int_equal(fetch(r, &s, 1, b[1].n, &scratch, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	assert_body(r, &s, 0, &b[0], &scratch);
	pack_reader_free(&r);
	buf_release(&scratch);
	stored_release(&s);
	free(file);
	free(p);
}

static void
test_damage_in_a_large_frame_is_found(void **state)
{
	char *p = xmalloc(PACK_FRAME_KEEP), *file;
	struct body b = { p, PACK_FRAME_KEEP, 0, 0 };
	struct buf scratch = BUF_INIT(PACK_FRAME_KEEP);
	struct stored s;
	struct err e;
	size_t n, i, at;

	(void)state;
	noise(p, b.n, 3);
	store(&v, CONTAINER_TAR, &b, 1, &s);
	assert_true(s.frames[0].raw > PACK_FRAME_KEEP);
	file = slurp(&v, &n);
	for (i = 0; i < 12; i++) {
		struct pack_reader *r = pack_reader_new(v.packs);

		/* The magic, then all over it, at last the checksum. */
		at = (size_t)(s.frames[0].size - 1) * i / 11;
		file[at] ^= 0x20;
		replace(&v, file, n);
		file[at] ^= 0x20;
		assert_int_equal(fetch(r, &s, 0, b.n, &scratch, &e), -1);
		assert_int_equal(e.kind, EK_CORRUPT);
		replace(&v, file, at);
		pack_reader_free(&r);
		r = pack_reader_new(v.packs);
		assert_int_equal(fetch(r, &s, 0, b.n, &scratch, &e), -1);
		assert_int_equal(e.kind, EK_CORRUPT);
		pack_reader_free(&r);
	}
	free(file);
	free(p);
	buf_release(&scratch);
	stored_release(&s);
}

static int
refuse(void *arg, const void *p, size_t n, struct err *e)
{
	(void)arg;
	(void)p;
	(void)n;
	return err_set(e, EK_TEMP, "the line is gone");
}

static void
test_an_error_of_the_sink_is_not_blamed_on_the_pack(void **state)
{
	struct body b[] = { small[0], { xcalloc(1, PACK_FRAME_KEEP),
	    PACK_FRAME_KEEP, 0, 0 } };
	static const enum container both[] = { CONTAINER_TAR, CONTAINER_MBOX };
	const struct sink sink = { refuse, NULL };
	struct buf scratch = BUF_INIT(PACK_FRAME_KEEP);
	struct pack_reader *r;
	struct stored s;
	struct err e;
	size_t i, j;

	(void)state;
	for (i = 0; i < 2; i++) {
		store(&v, both[i], b, COUNT(b), &s);
		r = pack_reader_new(v.packs);
		for (j = 0; j < COUNT(b); j++) {
			assert_int_equal(pack_read(r, &s.places[j],
			    &s.frames[s.places[j].frame], b[j].n, &sink, &e),
			    -1);
			assert_int_equal(e.kind, EK_TEMP);
			assert_string_equal(e.text, "the line is gone");
			assert_body(r, &s, j, &b[j], &scratch);
		}
		assert_body(r, &s, 0, &b[0], &scratch);
		pack_reader_free(&r);
		stored_release(&s);
		assert_int_equal(run(&v, "rm packs/%s", NAME), 0);
	}
	buf_release(&scratch);
	free((char *)b[1].p);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_no_changed_byte_gives_other_bytes),
		T(test_a_pack_cut_anywhere_is_corrupt),
		T(test_a_manifest_that_lies_is_found_out),
		T(test_a_wrong_form_is_found_out),
		T(test_what_is_no_pack_is_corrupt),
		T(test_a_large_frame_with_a_window_over_8_mib_is_refused),
		T(test_a_frame_is_one_frame_and_all_of_it),
		T(test_two_frames_or_a_skippable_one_are_not_a_frame),
		T(test_a_frame_without_a_checksum_is_refused),
		T(test_frames_of_an_older_zstd_are_not_ours),
		T(test_a_frame_that_failed_leaves_the_one_kept_alone),
		T(test_damage_in_a_large_frame_is_found),
		T(test_an_error_of_the_sink_is_not_blamed_on_the_pack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
