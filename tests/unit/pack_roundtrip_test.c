/*
 * pack_roundtrip_test.c - what goes into a pack comes out again, by us and by stock tools.
 */
#include "tests/unit/pack_help.h"

#include <locale.h>

#include <zstd.h>

#include "base/digest.h"

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

static const struct body odd[] = {
	LITERAL(""),
	LITERAL("\n"),
	LITERAL("\r\n"),
	LITERAL("\r"),
	LITERAL("\0"),
	LITERAL("x"),
	LITERAL("From "),
	LITERAL("From"),
	LITERAL("From a\r\nFrom b\r\n>From c\r\n>>>>From d\r\n"),
	LITERAL("From a\nFrom b\n>From c\n"),
	LITERAL(">From a"),
	LITERAL("Subject: a\r\n\r\nFrom here\r\nto there"),
	LITERAL("Subject: a\r\n\r\nbody\r\n"),
	LITERAL("Subject: a\r\n\r\nbody\r\n\r\n\r\n"),
	LITERAL("Subject: a\n\nbody\n"),
	LITERAL("mixed\r\nline\nends\rhere\r\r\n"),
	LITERAL("\0\r\n\0From \0\r\nFrom \0"),
	LITERAL("\xff\xfe\x80 8-bit \xc3\xbc\r\n"),
};

/* The odd bodies, then some around the sizes of tar blocks, chunks and frames. */
#define SIZES	16
#define BODIES	(COUNT(odd) + SIZES)

static char *space;

static void
make_bodies(struct body b[BODIES])
{
	static const size_t sizes[SIZES] = { 256, 511, 512, 513, 1023, 1024,
	    256 * KIB - 1, 256 * KIB, 256 * KIB + 1, 3 * MIB, 1, 2 * MIB - 513,
	    2 * MIB - 512, 2 * MIB, 100, 5 * MIB };
	size_t i, j;

	space = xmalloc(5 * MIB);
	noise(space, 5 * MIB, 1);
	/* Half of it compresses, and has lines. */
	for (i = 0; i < 5 * MIB; i += 128)
		memcpy(space + i, "\r\nFrom the same old words in every line"
		    "\r\nagain and again", 56);
	memcpy(b, odd, sizeof(odd));
	for (i = 0, j = COUNT(odd); i < SIZES; i++, j++)
		b[j] = (struct body){ space, sizes[i], i % 3 * 1000, 0 };
}

static void
check_round_trip(enum container c)
{
	struct body b[BODIES];
	struct stored s;
	struct buf scratch = BUF_INIT(8 * MIB);
	struct pack_reader *r = pack_reader_new(v.packs);
	size_t i;

	make_bodies(b);
	store(&v, c, b, BODIES, &s);
	assert_true(s.info.frames > 3);
	for (i = 0; i < BODIES; i++)
		assert_body(r, &s, i, &b[i], &scratch);
	for (i = BODIES; i-- > 0;)
		assert_body(r, &s, i, &b[i], &scratch);
	for (i = 0; i < BODIES; i++)
		assert_body(r, &s, i * 7 % BODIES, &b[i * 7 % BODIES],
		    &scratch);
	pack_reader_free(&r);
	assert_null(r);
	buf_release(&scratch);
	stored_release(&s);
	free(space);
}

static void
test_tar_gives_back_every_body(void **state)
{
	(void)state;
	check_round_trip(CONTAINER_TAR);
}

static void
test_mbox_gives_back_every_body(void **state)
{
	(void)state;
	check_round_trip(CONTAINER_MBOX);
}

/* By zstd alone, without our reader: the frames are what the table says, and the places are in them. */
static void
check_table(enum container c)
{
	struct body b[BODIES];
	struct stored s;
	uint64_t at = 0, raw = 0;
	struct digest d;
	char *file, *out = xmalloc(24 * MIB);
	size_t i, n, got;

	make_bodies(b);
	store(&v, c, b, BODIES, &s);
	file = slurp(&v, &n);
	assert_int_equal(n, s.info.size);
	digest_of(file, n, &d);
	assert_true(digest_equal(&d, &s.info.sha256));
	assert_int_equal(s.info.container, c);
	assert_int_equal(s.info.folder, 0);
	for (i = 0; i < s.info.frames; i++) {
		assert_int_equal(s.frames[i].offset, at);
		got = ZSTD_decompress(out, 24 * MIB, file + at,
		    (size_t)s.frames[i].size);
		assert_int_equal(got, s.frames[i].raw);
		at += s.frames[i].size;
		raw += s.frames[i].raw;
	}
	assert_int_equal(raw, s.info.raw);
	assert_int_equal(at + s.info.tail, s.info.size);
	for (i = 0; i < BODIES; i++) {
		const struct frame *f = &s.frames[s.places[i].frame];

		ZSTD_decompress(out, 24 * MIB, file + f->offset,
		    (size_t)f->size);
		if (c == CONTAINER_TAR) {
			assert_int_equal(s.places[i].stored, b[i].n);
			assert_int_equal(s.places[i].offset % 512, 0);
			assert_memory_equal(out + s.places[i].offset, b[i].p,
			    b[i].n);
		} else {
			/* A newline ends the body, another one the entry; a From_ line is before it. */
			assert_int_equal(out[s.places[i].offset +
			    s.places[i].stored], '\n');
			assert_int_equal(out[s.places[i].offset - 1], '\n');
		}
	}
	free(file);
	free(out);
	free(space);
	stored_release(&s);
}

static void
test_tar_table_is_true_of_the_file(void **state)
{
	(void)state;
	check_table(CONTAINER_TAR);
}

static void
test_mbox_table_is_true_of_the_file(void **state)
{
	(void)state;
	check_table(CONTAINER_MBOX);
}

static void
test_mbox_is_what_the_words_say(void **state)
{
	static struct body b[] = {
		LITERAL("Subject: a\r\n\r\nFrom here\r\n"),
		LITERAL("raw\n>From there"),
	};
	static const char want[] =
	    "From mailkeep@localhost Tue Nov 14 22:13:20 2023\n"
	    "Subject: a\n\n>From here\n\n"
	    "From mailkeep@localhost Tue Nov 14 22:13:20 2023\n"
	    "raw\n>>From there\n\n";
	struct stored s;

	(void)state;
	store(&v, CONTAINER_MBOX, b, COUNT(b), &s);
	assert_int_equal(s.info.raw, sizeof(want) - 1);
	assert_int_equal(s.places[0].form, BLOB_LF);
	assert_false(s.places[0].newline_added);
	assert_int_equal(s.places[0].offset, 49);
	assert_int_equal(s.places[0].stored, 23);
	assert_int_equal(s.places[1].form, BLOB_RAW);
	assert_true(s.places[1].newline_added);
	assert_int_equal(io_put_file(v.tmp, v.packs, "want", want,
	    sizeof(want) - 1, &(struct err){ 0 }), 0);
	assert_int_equal(run(&v, "zstdcat packs/%s | cmp - packs/want", NAME),
	    0);
	stored_release(&s);
}

/* Names as mail/name.h makes them, short, long and not ASCII. */
static const char *const names[] = {
	"INBOX/1.1.beef.eml",
	"INBOX/a b (c) [d] & e, f=g@h+i_j.k/1.2.beef.eml",
	"Entw\xc3\xbcrfe/1.3.beef.eml",
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e/\xf0\x9f\x93\xa7/1.4.beef.eml",
	"INBOX/%2Ehidden/..%2E/100%25/1.5.beef.eml",
	/* 100, 101 and 150 bytes; the last two fit ustar's prefix. */
	"l00/3456789/3456789/3456789/3456789/3456789/3456789/3456789/"
	    "3456789/3456789/3456789/3456789/3456.eml",
	"l01/3456789/3456789/3456789/3456789/3456789/3456789/3456789/"
	    "3456789/3456789/3456789/3456789/34567.eml",
	"l50/3456789/3456789/3456789/3456789/3456789/3456789/3456789/"
	    "3456789/3456789/3456789/3456789/3456789/3456789/3456789/"
	    "3456789/3456789/3456789/34.eml",
	/* One component of 200 bytes, which does not. */
	"0123456789012345678901234567890123456789012345678901234567890123456789"
	    "01234567890123456789012345678901234567890123456789012345678901234"
	    "56789012345678901234567890123456789012345678901234567890123456789/"
	    "1.6.beef.eml",
};
#define PAX_NAMES(i)	((i) == 2 || (i) == 3 || (i) == 8)

static void
store_names(struct stored *s, int64_t mtime)
{
	struct pack_writer *w;
	struct rec_frames frames;
	struct err e;
	size_t i;

	*s = (struct stored){ .n = COUNT(names) };
	s->places = xcalloc(COUNT(names), sizeof(*s->places));
	assert_int_equal(pack_create(v.tmp, NAME, CONTAINER_TAR, &w, &e), 0);
	for (i = 0; i < COUNT(names); i++) {
		struct body b = { names[i], strlen(names[i]), 0, 0 };
		const struct source body = { body_pour, &b };
		const struct pack_entry entry = { names[i], mtime, b.n,
		    BLOB_PLAIN };

		if (pack_add(w, &entry, &body, &s->places[i], &e) == -1)
			fail_msg("%s: %s", names[i], e.text);
		assert_int_equal(pack_note(w, "{}\n", 3, &e), 0);
	}
	assert_int_equal(pack_seal(w, &s->info, &frames, &e), 0);
	s->frames = xreallocarray(NULL, frames.n, sizeof(*s->frames));
	memcpy(s->frames, frames.frames, frames.n * sizeof(*s->frames));
	assert_int_equal(pack_publish(&w, v.packs, &e), 0);
}

/* Every name is a file that holds its own name, 0600 and of that time. */
static void
check_extracted(const char *dir, int64_t mtime)
{
	char path[PATH_MAX];
	struct stat st;
	struct buf text;
	struct err e;
	size_t i;

	for (i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s/%s", v.path, dir, names[i]);
		if (lstat(path, &st) == -1)
			fail_msg("not extracted: %s", names[i]);
		assert_true(S_ISREG(st.st_mode));
		assert_int_equal(st.st_mode & 07777, 0600);
		assert_int_equal(st.st_mtime, mtime);
		buf_init(&text, 4096);
		assert_int_equal(io_read_file(AT_FDCWD, path, &text, &e), 0);
		assert_string_equal(buf_text(&text), names[i]);
		buf_release(&text);
	}
	assert_int_equal(run(&v, "test $(find %s -type f | wc -l) -eq %zu", dir,
	    COUNT(names)), 0);
}

static void
check_tool(const char *list, const char *extract, int64_t mtime)
{
	/* Nothing to say about it, no names of users in it, and nothing else in it. */
	assert_int_equal(run(&v, "LC_ALL=C.UTF-8 %s packs/%s >tmp/list "
	    "2>tmp/stderr && ! test -s tmp/stderr", list, NAME), 0);
	assert_int_equal(run(&v, "test $(wc -l <tmp/list) -eq %zu",
	    COUNT(names)), 0);
	assert_int_equal(run(&v, "! grep -q root tmp/list"), 0);
	assert_int_equal(run(&v, "mkdir out && cd out && LC_ALL=C.UTF-8 %s "
	    "../packs/%s >../tmp/stderr 2>&1 && ! test -s ../tmp/stderr",
	    extract, NAME), 0);
	check_extracted("out", mtime);
	assert_int_equal(run(&v, "rm -r out"), 0);
}

static void
check_tar_tools(void)
{
	static const int64_t times[] = { 1700000000, 0 };
	struct stored s;
	size_t i;

	for (i = 0; i < COUNT(times); i++) {
		store_names(&s, times[i]);
		check_tool("tar --zstd -tvf", "tar --zstd -xf", times[i]);
		if (run(&v, "command -v bsdtar >/dev/null") == 0)
			check_tool("bsdtar -tvf", "bsdtar -xf", times[i]);
		assert_int_equal(run(&v, "zstd -q -t packs/%s", NAME), 0);
		assert_int_equal(run(&v, "rm packs/%s", NAME), 0);
		stored_release(&s);
	}
}

static void
test_stock_tools_extract_without_a_warning_in_the_c_locale(void **state)
{
	(void)state;
	assert_non_null(setlocale(LC_ALL, "C"));
	check_tar_tools();
}

static void
test_stock_tools_extract_without_a_warning_in_a_utf8_locale(void **state)
{
	(void)state;
	assert_non_null(setlocale(LC_ALL, "C.UTF-8"));
	check_tar_tools();
	setlocale(LC_ALL, "C");
}

static void
test_times_before_1970_and_far_ahead_are_fit_for_tar(void **state)
{
	struct stored s;

	(void)state;
	store_names(&s, -5);
	check_tool("tar --zstd -tvf", "tar --zstd -xf", 0);
	stored_release(&s);
	assert_int_equal(run(&v, "rm packs/%s", NAME), 0);
	/* Beyond 31 bits and beyond what ustar's twelve digits hold. */
	store_names(&s, INT64_C(10000000000));
	check_tool("tar --zstd -tvf",
	    "tar --zstd --warning=no-timestamp -xf", INT64_C(10000000000));
	stored_release(&s);
}

static void
test_the_thread_keeps_its_locale(void **state)
{
	struct stored s;

	(void)state;
	store_names(&s, 0);
	assert_true(uselocale((locale_t)0) == LC_GLOBAL_LOCALE);
	stored_release(&s);
}

static void
test_names_take_a_plain_header_where_they_fit(void **state)
{
	struct stored s;
	uint64_t at = 0;
	size_t i;

	(void)state;
	store_names(&s, 0);
	for (i = 0; i < COUNT(names); i++) {
		/* One block of header, or three: pax header, its content, header. */
		at += PAX_NAMES(i) ? 3 * 512 : 512;
		assert_int_equal(s.places[i].offset, at);
		at += 512;
	}
	assert_int_equal(s.info.raw, at + 1024);
	stored_release(&s);
}

static void
test_all_bodies_extracted_by_tar_are_the_bodies(void **state)
{
	struct body b[BODIES];
	struct stored s;
	char path[PATH_MAX];
	struct buf text;
	struct err e;
	size_t i;

	(void)state;
	make_bodies(b);
	store(&v, CONTAINER_TAR, b, BODIES, &s);
	assert_int_equal(run(&v, "tar --zstd -xf packs/%s 2>tmp/stderr && "
	    "! test -s tmp/stderr", NAME), 0);
	for (i = 0; i < BODIES; i++) {
		snprintf(path, sizeof(path), "%s/INBOX/1.%zu.beef.eml", v.path,
		    i + 1);
		buf_init(&text, 8 * MIB);
		assert_int_equal(io_read_file(AT_FDCWD, path, &text, &e), 0);
		assert_int_equal(text.n, b[i].n);
		assert_true(b[i].n == 0 || memcmp(text.p, b[i].p, b[i].n) == 0);
		buf_release(&text);
	}
	free(space);
	stored_release(&s);
}

static void
test_the_same_messages_make_the_same_bytes(void **state)
{
	static const struct { size_t piece; unsigned int pause; } way[] = {
		{ 0, 0 }, { 999, 0 }, { 64 * KIB, 0 }, { 1 * MIB, 3000 },
	};
	struct body b[BODIES];
	struct stored s;
	char *first[2] = { NULL, NULL }, *file;
	size_t i, j, k, n, first_n[2] = { 0, 0 };

	(void)state;
	make_bodies(b);
	for (i = 0; i < 2 * COUNT(way); i++) {
		k = i % 2;
		for (j = 0; j < BODIES; j++) {
			b[j].piece = way[i / 2].piece;
			b[j].pause = way[i / 2].pause;
		}
		store(&v, k == 0 ? CONTAINER_TAR : CONTAINER_MBOX, b, BODIES,
		    &s);
		file = slurp(&v, &n);
		if (first[k] == NULL) {
			first[k] = file;
			first_n[k] = n;
		} else {
			assert_int_equal(n, first_n[k]);
			assert_memory_equal(file, first[k], n);
			free(file);
		}
		assert_int_equal(run(&v, "rm packs/%s", NAME), 0);
		stored_release(&s);
	}
	free(first[0]);
	free(first[1]);
	free(space);
}

/*
 * In an mbox of raw bodies that end with a newline, a message of n bytes makes n + FROM + 1 bytes of frame.
 */
#define FROM	49

static void
test_frames_end_between_messages_at_the_limit(void **state)
{
	static const struct {
		size_t		first, second;
		uint64_t	frame;		/* where the second one goes */
	} t[] = {
		{ PACK_FRAME - FROM - 2, 10, 0 },
		{ PACK_FRAME - FROM - 1, 10, 1 },
		{ PACK_FRAME - FROM, 10, 1 },
		{ 10, PACK_FRAME_KEEP - 16 * KIB - FROM - 11, 0 },
		{ 10, PACK_FRAME_KEEP - 16 * KIB - FROM - 10, 1 },
	};
	char *p = xmalloc(PACK_FRAME_KEEP);
	struct buf scratch = BUF_INIT(PACK_FRAME_KEEP);
	struct pack_reader *r;
	struct stored s;
	size_t i;

	(void)state;
	memset(p, '\n', PACK_FRAME_KEEP);
	for (i = 0; i < COUNT(t); i++) {
		struct body b[] = { { p, t[i].first, 0, 0 },
		    { p, t[i].second, 0, 0 } };

		store(&v, CONTAINER_MBOX, b, 2, &s);
		assert_int_equal(s.places[0].frame, 0);
		assert_int_equal(s.places[1].frame, t[i].frame);
		assert_int_equal(s.info.frames, t[i].frame + 1);
		r = pack_reader_new(v.packs);
		assert_body(r, &s, 0, &b[0], &scratch);
		assert_body(r, &s, 1, &b[1], &scratch);
		pack_reader_free(&r);
		assert_int_equal(run(&v, "rm packs/%s", NAME), 0);
		stored_release(&s);
	}
	buf_release(&scratch);
	free(p);
}

static void
test_a_pack_without_messages_is_one_that_tools_open(void **state)
{
	struct stored s;

	(void)state;
	store(&v, CONTAINER_TAR, NULL, 0, &s);
	assert_int_equal(s.info.frames, 1);
	assert_int_equal(s.info.raw, 1024);
	assert_int_equal(s.info.tail, 0);
	assert_int_equal(run(&v, "tar --zstd -tvf packs/%s >tmp/out 2>&1 && "
	    "! test -s tmp/out && rm packs/%s", NAME, NAME), 0);
	stored_release(&s);
	store(&v, CONTAINER_MBOX, NULL, 0, &s);
	assert_int_equal(s.info.frames, 1);
	assert_int_equal(s.info.raw, 0);
	assert_int_equal(run(&v, "zstdcat packs/%s >tmp/out 2>&1 && "
	    "! test -s tmp/out", NAME), 0);
	stored_release(&s);
}

static void
test_a_reader_goes_from_pack_to_pack(void **state)
{
	char one[4000], two[4000];
	struct body a = { one, sizeof(one), 0, 0 };
	struct body b = { two, sizeof(two), 0, 0 };
	struct pack_reader *r = pack_reader_new(v.packs);
	struct buf scratch = BUF_INIT(sizeof(one));
	struct stored s, t;
	size_t i;

	(void)state;
	noise(one, sizeof(one), 1);
	noise(two, sizeof(two), 2);
	store(&v, CONTAINER_MBOX, &a, 1, &s);
	assert_int_equal(run(&v, "mv packs/%s packs/other", NAME), 0);
	store(&v, CONTAINER_MBOX, &b, 1, &t);
	/* Nothing but the pack's name tells the frames apart. */
	assert_memory_equal(s.frames, t.frames, sizeof(*s.frames));
	s.places[0].pack = "other";
	for (i = 0; i < 2; i++) {
		assert_body(r, &s, 0, &a, &scratch);
		assert_body(r, &t, 0, &b, &scratch);
	}
	pack_reader_free(&r);
	buf_release(&scratch);
	stored_release(&s);
	stored_release(&t);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_tar_gives_back_every_body),
		T(test_mbox_gives_back_every_body),
		T(test_tar_table_is_true_of_the_file),
		T(test_mbox_table_is_true_of_the_file),
		T(test_mbox_is_what_the_words_say),
		T(test_stock_tools_extract_without_a_warning_in_the_c_locale),
		T(test_stock_tools_extract_without_a_warning_in_a_utf8_locale),
		T(test_times_before_1970_and_far_ahead_are_fit_for_tar),
		T(test_the_thread_keeps_its_locale),
		T(test_names_take_a_plain_header_where_they_fit),
		T(test_all_bodies_extracted_by_tar_are_the_bodies),
		T(test_the_same_messages_make_the_same_bytes),
		T(test_frames_end_between_messages_at_the_limit),
		T(test_a_pack_without_messages_is_one_that_tools_open),
		T(test_a_reader_goes_from_pack_to_pack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
