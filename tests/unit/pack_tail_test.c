/*
 * pack_tail_test.c - the notes behind the frames, read as the format's description has it.
 */
#include "tests/unit/pack_help.h"

#include <zstd.h>

#define MIB		(1024 * 1024)
#define PAYLOAD_MAX	(8 * MIB)
#define NOTE_MAX	MIB

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

/* Open a pack, take notes by add(arg), seal and publish. */
static void
note_pack(int (*add)(struct pack_writer *, void *, struct err *), void *arg,
    struct rec_pack *info_out)
{
	struct pack_writer *w;
	struct rec_frames frames;
	struct err e;

	assert_int_equal(pack_create(v.tmp, NAME, CONTAINER_TAR, &w, &e), 0);
	if (add(w, arg, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(pack_seal(w, info_out, &frames, &e), 0);
	assert_int_equal(pack_publish(&w, v.packs, &e), 0);
	/* The scratch file has no name, or had one for a moment. */
	assert_int_equal(names_in(v.tmp), 0);
}

static uint32_t
le32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 |
	    (uint32_t)u[3] << 24;
}

/* All notes of packs/NAME, to be freed; asserts the form of the tail. */
static void
read_notes(const struct rec_pack *info, struct buf *to, size_t *frames_out)
{
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	size_t n, at, left, before, max = 1 + PAYLOAD_MAX * 8;
	char *file = slurp(&v, &n), *room;
	uint32_t size;

	*frames_out = 0;
	for (at = n - (size_t)info->tail; at < n; at += 8 + size) {
		ZSTD_inBuffer in;
		ZSTD_outBuffer out;

		assert_true(n - at > 8);
		assert_int_equal(le32(file + at), 0x184D2A50);
		size = le32(file + at + 4);
		assert_in_range(size, 9, PAYLOAD_MAX);
		assert_true(size <= n - at - 8);
		assert_non_null(room = buf_room(to, max));
		before = to->n;
		in = (ZSTD_inBuffer){ file + at + 8, size, 0 };
		out = (ZSTD_outBuffer){ room, max, 0 };
		left = ZSTD_decompressStream(zstd, &out, &in);
		assert_int_equal(left, 0);
		assert_int_equal(in.pos, in.size);
		to->n += out.pos;
		/* Whole lines, and some. */
		assert_true(to->n > before);
		assert_int_equal(to->p[to->n - 1], '\n');
		++*frames_out;
	}
	assert_int_equal(at, n);
	ZSTD_freeDCtx(zstd);
	free(file);
}

static int
add_lines(struct pack_writer *w, void *arg, struct err *e)
{
	size_t i, n = *(size_t *)arg;
	char line[100];
	int len;

	for (i = 0; i < n; i++) {
		len = snprintf(line, sizeof(line), "{\"uid\":%zu}\n", i);
		if (pack_note(w, line, (size_t)len, e) == -1)
			return -1;
	}
	return 0;
}

static void
test_notes_come_back_line_by_line(void **state)
{
	static size_t counts[] = { 0, 1, 2, 100, 100000 };
	struct rec_pack info;
	struct buf notes;
	char line[100];
	size_t i, j, at, frames;
	int len;

	(void)state;
	for (i = 0; i < COUNT(counts); i++) {
		note_pack(add_lines, &counts[i], &info);
		buf_init(&notes, SIZE_MAX / 4);
		read_notes(&info, &notes, &frames);
		assert_int_equal(frames, counts[i] > 0);
		for (j = at = 0; j < counts[i]; j++) {
			len = snprintf(line, sizeof(line), "{\"uid\":%zu}\n",
			    j);
			assert_true(notes.n - at >= (size_t)len);
			assert_memory_equal(notes.p + at, line, (size_t)len);
			at += (size_t)len;
		}
		assert_int_equal(at, notes.n);
		buf_release(&notes);
		assert_int_equal(run(&v, "tar --zstd -tf packs/%s 2>tmp/err && "
		    "! test -s tmp/err && rm tmp/err packs/%s", NAME, NAME), 0);
	}
}

/* Lines of bytes that don't compress, ${n} of ${size}. */
struct noisy {
	size_t	n, size;
};

static void
noisy_line(char *p, size_t size, size_t i)
{
	noise(p, size, i + 1);
	p[size - 1] = '\n';
}

static int
add_noise(struct pack_writer *w, void *arg, struct err *e)
{
	const struct noisy *t = arg;
	char *p = xmalloc(t->size);
	size_t i;
	int rc = 0;

	for (i = 0; i < t->n && rc == 0; i++) {
		noisy_line(p, t->size, i);
		rc = pack_note(w, p, t->size, e);
	}
	free(p);
	return rc;
}

static void
test_a_payload_ends_before_8_mib(void **state)
{
	/* Bytes of notes, from below the limit to several payloads. */
	static struct { struct noisy lines; size_t frames; } t[] = {
		{ { 7, MIB }, 2 },
		{ { 6, MIB }, 1 },
		{ { 20, MIB }, 4 },
		{ { 7000, 1024 }, 1 },
		{ { 24000, 1024 }, 3 },
	};
	struct rec_pack info;
	struct buf notes;
	size_t i, j, frames;
	char *p = xmalloc(MIB);

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		note_pack(add_noise, &t[i].lines, &info);
		buf_init(&notes, SIZE_MAX / 4);
		read_notes(&info, &notes, &frames);
		assert_int_equal(notes.n, t[i].lines.n * t[i].lines.size);
		assert_in_range(frames, t[i].frames - 1, t[i].frames + 1);
		for (j = 0; j < t[i].lines.n; j++) {
			noisy_line(p, t[i].lines.size, j);
			assert_true(memcmp(notes.p + j * t[i].lines.size, p,
			    t[i].lines.size) == 0);
		}
		buf_release(&notes);
		assert_int_equal(run(&v, "tar --zstd -tf packs/%s 2>tmp/err && "
		    "! test -s tmp/err && zstd -q -t packs/%s && "
		    "rm tmp/err packs/%s", NAME, NAME, NAME), 0);
	}
	free(p);
}

static void
test_a_note_has_a_limit(void **state)
{
	static const int off[] = { -1, 0, 1 };
	char *p = xmalloc(NOTE_MAX + 1);
	struct pack_writer *w;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(off); i++) {
		size_t n = (size_t)(NOTE_MAX + off[i]);

		noise(p, n, 1);
		assert_int_equal(pack_create(v.tmp, NAME, CONTAINER_TAR, &w,
		    &e), 0);
		assert_int_equal(pack_note(w, p, n, &e), off[i] > 0 ? -1 : 0);
		if (off[i] > 0)
			assert_int_equal(e.kind, EK_FAIL);
		pack_discard(&w);
	}
	free(p);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_notes_come_back_line_by_line),
		T(test_a_payload_ends_before_8_mib),
		T(test_a_note_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
