/*
 * Manifests as files: what is published is read back, anything else is found out.  The files with something wrong
 * in them are made here from the format's description alone.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zstd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "mail/flags.h"
#include "manifest/manifest.h"

#define SHA	"00112233445566778899aabbccddeeff" \
		"00112233445566778899aabbccddeeff"
#define PACK	"00000012-1-3fa94c1e.tar.zst"
#define OTHER	"00000012-2-3fa94c1e.tar.zst"
#define HEAD	"{\"type\":\"manifest\",\"v\":1,\"vault\":\"5e1f\"," \
		"\"commit\":1,\"time\":\"2026-11-20T18:05:00Z\"," \
		"\"run\":1,\"program\":\"test\"}\n"
#define BEGIN	"{\"type\":\"run-begin\",\"run\":1,\"verb\":\"backup\"," \
		"\"time\":\"2026-11-20T18:05:00Z\"}\n"
#define END(n)	"{\"type\":\"end\",\"lines\":" #n "}\n"
#define FILE_1	"00000001.jsonl.zst"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

static char		*path;		/* of the directory of one test */
static int		 dir = -1, tmp = -1;
static struct manifest_dir *chain;
static struct digest	 sha;

static const struct rec_head head_1 = { "5e1f", 1, { { 0 } }, 1795197900, 1,
    "test" };

static uint64_t
chance(uint64_t *seed, uint64_t n)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed % n;
}

static int
set_up(void **state)
{
	const char *top = getenv("TMPDIR");
	struct err e;

	(void)state;
	path = xasprintf("%s/manifest_chain.XXXXXX",
	    top == NULL ? "/tmp" : top);
	assert_non_null(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_not_equal(dir, -1);
	assert_int_equal(manifest_dir_open(dir, ".", &chain, &e), 0);
	assert_int_equal(io_make_dir(dir, "tmp", &e), 1);
	tmp = io_open_dir(dir, "tmp", &e);
	assert_int_not_equal(tmp, -1);
	assert_int_equal(digest_parse(SHA, &sha), 0);
	return 0;
}

static int
remove_one(void *arg, const char *name, struct err *e)
{
	(void)e;
	assert_int_equal(unlinkat(*(int *)arg, name, 0), 0);
	return 0;
}

static int
tear_down(void **state)
{
	struct err e;

	(void)state;
	/* Whatever a test did, no temporary file may be left. */
	close(tmp);
	assert_int_equal(unlinkat(dir, "tmp", AT_REMOVEDIR), 0);
	assert_int_equal(io_list(dir, remove_one, &dir, &e), 0);
	manifest_dir_close(&chain);
	close(dir);
	assert_int_equal(rmdir(path), 0);
	free(path);
	return 0;
}

static void
put_file(const char *name, const void *p, size_t n)
{
	struct err e;

	unlinkat(dir, name, 0);
	if (io_put_file(tmp, dir, name, p, n, &e) == -1)
		fail_msg("%s", e.text);
}

static void
get_file(const char *name, struct buf *b)
{
	struct err e;

	buf_clear(b);
	assert_int_equal(io_read_file(dir, name, b, &e), 0);
}

/* Append the zstd frame of some bytes; ${window} 0 for the usual one. */
static void
add_frame(struct buf *b, const char *text, size_t n, int window)
{
	size_t room = ZSTD_compressBound(n), made;
	ZSTD_CCtx *z = ZSTD_createCCtx();
	ZSTD_inBuffer in = { text, n, 0 };
	ZSTD_outBuffer out = { NULL, room, 0 };
	char *to;

	assert_non_null(z);
	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	if (window != 0)
		ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, window);
	assert_non_null(to = buf_room(b, room));
	out.dst = to;
	/* A first call that doesn't end keeps the size out of the header. */
	made = ZSTD_compressStream2(z, &out, &in, ZSTD_e_flush);
	assert_false(ZSTD_isError(made));
	made = ZSTD_compressStream2(z, &out, &in, ZSTD_e_end);
	assert_int_equal(made, 0);
	b->n += out.pos;
	ZSTD_freeCCtx(z);
}

/* Append the seal of bytes ${from} and on. */
static void
add_seal(struct buf *b, size_t from)
{
	struct digest d;

	digest_of(b->p + from, b->n - from, &d);
	assert_int_equal(buf_add(b, "\x5e\x2a\x4d\x18\x20\x00\x00\x00", 8), 0);
	assert_int_equal(buf_add(b, d.b, DIGEST_SIZE), 0);
}

/* Make manifest 1 of this text. */
static void
make_file(const char *text, size_t n)
{
	struct buf b = BUF_INIT(64 * 1024 * 1024);

	add_frame(&b, text, n, 0);
	add_seal(&b, 0);
	put_file(FILE_1, b.p, b.n);
	buf_release(&b);
}

/* Read a manifest to its end: 0 or -1; counts the records. */
static int
read_all(uint64_t commit, size_t *count, struct err *e)
{
	struct manifest_reader *r;
	struct record rec;
	uint64_t line, before = 1;
	int got;

	*count = 0;
	if (manifest_open(chain, commit, &r, e) == -1)
		return -1;
	while ((got = manifest_next(r, &rec, &line, e)) == 1) {
		assert_true(line > before);
		before = line;
		++*count;
	}
	if (got == -1) {
		struct err again;

		/* It stays so. */
		assert_int_equal(manifest_next(r, &rec, &line, &again), -1);
		assert_int_equal(again.kind, EK_CORRUPT);
	} else
		assert_int_equal(manifest_next(r, &rec, &line, e), 0);
	manifest_close(&r);
	assert_null(r);
	return got;
}

static struct manifest_writer *
begin(const struct rec_head *head)
{
	struct manifest_writer *w = NULL;
	struct err e;

	if (manifest_create(tmp, head, &w, &e) == -1)
		fail_msg("%s", e.text);
	return w;
}

static void
put_run(struct manifest_writer *w)
{
	struct record rec = { .kind = REC_RUN_BEGIN };
	struct err e;

	rec.u.run_begin = (struct rec_run_begin){ 1, "backup", 1795197900 };
	assert_int_equal(manifest_put(w, &rec, NULL, &e), 0);
}

static void
publish(struct manifest_writer **w, struct digest *d)
{
	struct err e;

	if (manifest_publish(w, chain, d, &e) == -1)
		fail_msg("%s", e.text);
	assert_null(*w);
}

/* ---- names and numbers ---- */

static void
test_chain_names_have_eight_digits_or_more(void **state)
{
	char name[MANIFEST_NAME_MAX];

	(void)state;
	assert_string_equal(manifest_name(name, 1), "00000001.jsonl.zst");
	assert_string_equal(manifest_name(name, 99999999),
	    "99999999.jsonl.zst");
	assert_string_equal(manifest_name(name, 100000000),
	    "100000000.jsonl.zst");
	assert_string_equal(manifest_name(name, UINT64_MAX),
	    "18446744073709551615.jsonl.zst");
}

static void
test_chain_last_passes_over_names_that_are_no_manifests(void **state)
{
	static const char *const foreign[] = { "00000007.jsonl.zst.tmp",
	    ".00000007.jsonl.zst", "7.jsonl.zst", "000000007.jsonl.zst",
	    "00000000.jsonl.zst", "00000007.jsonl", "00000007.jsonl.zst~",
	    "00000007.JSONL.zst", "99999999999999999999.jsonl.zst",
	    "-0000007.jsonl.zst", "00000007-1-3fa94c1e.tar.zst", "README" };
	uint64_t last = 99;
	size_t i;
	struct err e;

	(void)state;
	assert_int_equal(manifest_last(chain, &last, &e), 0);
	assert_int_equal(last, 0);
	for (i = 0; i < LENGTH(foreign); i++)
		put_file(foreign[i], "x", 1);
	assert_int_equal(manifest_last(chain, &last, &e), 0);
	assert_int_equal(last, 0);
	put_file("00000001.jsonl.zst", "x", 1);
	put_file("00000002.jsonl.zst", "x", 1);
	assert_int_equal(manifest_last(chain, &last, &e), 0);
	assert_int_equal(last, 2);
}

static void
test_chain_gap_is_found_and_named(void **state)
{
	char name[MANIFEST_NAME_MAX];
	uint64_t i, last = 99;
	struct err e;

	(void)state;
	for (i = 1; i <= 12; i++)
		put_file(manifest_name(name, i), "x", 1);
	assert_int_equal(manifest_last(chain, &last, &e), 0);
	assert_int_equal(last, 12);
	last = 99;
	for (i = 1; i < 12; i++) {
		char *want = xasprintf("manifest %" PRIu64 " is missing", i);

		unlinkat(dir, manifest_name(name, i), 0);
		assert_int_equal(manifest_last(chain, &last, &e), -1);
		assert_int_equal(e.kind, EK_CORRUPT);
		assert_non_null(strstr(e.text, want));
		assert_int_equal(last, 99);
		put_file(manifest_name(name, i), "x", 1);
		free(want);
	}
	/* What is lost at the end can't be seen from the names. */
	unlinkat(dir, manifest_name(name, 12), 0);
	assert_int_equal(manifest_last(chain, &last, &e), 0);
	assert_int_equal(last, 11);
}

static void
test_chain_missing_manifest_and_link_are_damage(void **state)
{
	struct manifest_reader *r;
	struct digest d;
	struct err e;

	(void)state;
	assert_int_equal(manifest_open(chain, 1, &r, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	assert_int_equal(e.sys, ENOENT);
	assert_int_equal(manifest_digest(chain, 1, &d, &e), -1);
	make_file(HEAD END(2), strlen(HEAD END(2)));
	assert_int_equal(symlinkat(FILE_1, dir, "00000002.jsonl.zst"), 0);
	assert_int_equal(manifest_open(chain, 2, &r, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
}

/* ---- what is published is read back ---- */

static void
test_chain_head_and_lines_come_back(void **state)
{
	struct rec_head head = { "0b7a3c1e-1111-4222-8333-444455556666", 12,
	    sha, 1795197900, 7, "mailkeep \"0.1.0\"" };
	struct record rec = { .kind = REC_SERVER };
	const struct rec_head *got;
	struct manifest_writer *w = begin(&head);
	struct manifest_reader *r;
	struct manifest_line line;
	struct digest d, file, read;
	struct buf bytes = BUF_INIT(1 << 20);
	uint64_t number;
	struct stat st;
	struct err e;

	(void)state;
	put_run(w);
	rec.u.server = (struct rec_server){ "IMAP4rev1", NULL };
	assert_int_equal(manifest_put(w, &rec, &line, &e), 0);
	assert_int_equal(line.number, 3);
	publish(&w, &d);
	assert_int_equal(manifest_open(chain, 12, &r, &e), 0);
	got = manifest_head(r);
	assert_string_equal(got->vault, head.vault);
	assert_int_equal(got->commit, 12);
	assert_true(digest_equal(&got->prev, &sha));
	assert_true(got->time == 1795197900);
	assert_int_equal(got->run, 7);
	assert_string_equal(got->program, head.program);
	assert_int_equal(manifest_next(r, &rec, &number, &e), 1);
	assert_int_equal(number, 2);
	assert_int_equal(rec.kind, REC_RUN_BEGIN);
	assert_int_equal(manifest_next(r, &rec, &number, &e), 1);
	assert_int_equal(number, 3);
	assert_string_equal(rec.u.server.capability, "IMAP4rev1");
	assert_int_equal(manifest_next(r, &rec, &number, &e), 0);
	/* The head outlives the lines. */
	assert_string_equal(manifest_head(r)->vault, head.vault);
	manifest_sha256(r, &read);
	manifest_close(&r);
	assert_true(digest_equal(&d, &read));
	assert_int_equal(manifest_digest(chain, 12, &file, &e), 0);
	assert_true(digest_equal(&d, &file));
	get_file("00000012.jsonl.zst", &bytes);
	digest_of(bytes.p, bytes.n, &file);
	assert_true(digest_equal(&d, &file));
	buf_release(&bytes);
	assert_int_equal(fstatat(dir, "00000012.jsonl.zst", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void
test_chain_first_commit_has_no_predecessor(void **state)
{
	static const struct digest none;
	struct manifest_writer *w = begin(&head_1);
	struct manifest_reader *r;
	struct digest d;
	struct err e;

	(void)state;
	publish(&w, &d);
	assert_int_equal(manifest_open(chain, 1, &r, &e), 0);
	assert_true(digest_equal(&manifest_head(r)->prev, &none));
	manifest_close(&r);
}

/* Nobody shall need this program to read a manifest. */
static void
test_chain_stock_zstd_reads_it_without_a_word(void **state)
{
	static const char want[] = HEAD BEGIN END(3);
	struct manifest_writer *w = begin(&head_1);
	struct digest d;
	struct buf out = BUF_INIT(1 << 20);
	struct stat st;
	char *cmd;

	(void)state;
	put_run(w);
	publish(&w, &d);
	cmd = xasprintf("cd '%s' && zstd -dc " FILE_1 " >out 2>err && "
	    "zstd -tq --memory=8MB " FILE_1 " 2>>err", path);
	assert_int_equal(system(cmd), 0);
	free(cmd);
	get_file("out", &out);
	assert_int_equal(out.n, strlen(want));
	assert_memory_equal(out.p, want, out.n);
	assert_int_equal(fstatat(dir, "err", &st, 0), 0);
	assert_int_equal(st.st_size, 0);
	/* The flag of the content checksum (RFC 8878, section 3.1.1.1.1). */
	get_file(FILE_1, &out);
	assert_int_equal(out.p[4] & 4, 4);
	buf_release(&out);
}

static void
test_chain_same_records_make_the_same_bytes(void **state)
{
	struct buf a = BUF_INIT(1 << 20), b = BUF_INIT(1 << 20);
	struct manifest_writer *w = begin(&head_1);
	struct digest d;

	(void)state;
	put_run(w);
	publish(&w, &d);
	get_file(FILE_1, &a);
	unlinkat(dir, FILE_1, 0);
	w = begin(&head_1);
	put_run(w);
	publish(&w, &d);
	get_file(FILE_1, &b);
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.p, b.p, a.n);
	buf_release(&a);
	buf_release(&b);
}

static void
test_chain_hand_made_file_is_read(void **state)
{
	static const char text[] = HEAD BEGIN
	    "{\"type\":\"later\",\"optional\":true,\"x\":[]}\n" BEGIN END(5);
	size_t count;
	struct err e;

	(void)state;
	make_file(text, strlen(text));
	if (read_all(1, &count, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(count, 2);
}

/* ---- publishing ---- */

static void
test_chain_number_that_is_taken_is_another_writer(void **state)
{
	struct manifest_writer *w = begin(&head_1);
	struct buf before = BUF_INIT(1 << 20), after = BUF_INIT(1 << 20);
	struct digest d;
	struct err e;

	(void)state;
	publish(&w, &d);
	get_file(FILE_1, &before);
	w = begin(&head_1);
	put_run(w);
	assert_int_equal(manifest_publish(&w, chain, &d, &e), -1);
	assert_int_equal(e.kind, EK_LOCKED);
	assert_non_null(w);
	get_file(FILE_1, &after);
	assert_int_equal(before.n, after.n);
	assert_memory_equal(before.p, after.p, after.n);
	/* It has its end already: not even with the way free may it be tried again. */
	unlinkat(dir, FILE_1, 0);
	assert_int_equal(manifest_publish(&w, chain, &d, &e), -1);
	manifest_discard(&w);
	assert_null(w);
	buf_release(&before);
	buf_release(&after);
}

static void
test_chain_discarded_manifest_leaves_nothing(void **state)
{
	struct manifest_writer *w = begin(&head_1);
	uint64_t last;
	struct err e;

	(void)state;
	put_run(w);
	assert_int_equal(faccessat(tmp, FILE_1 ".tmp", F_OK, 0), 0);
	assert_int_equal(manifest_last(chain, &last, &e), 0);
	assert_int_equal(last, 0);
	manifest_discard(&w);
	manifest_discard(&w);
	assert_int_equal(faccessat(tmp, FILE_1 ".tmp", F_OK, 0), -1);
	assert_int_equal(manifest_last(chain, &last, &e), 0);
	assert_int_equal(last, 0);
}

static void
test_chain_impossible_heads_are_not_written(void **state)
{
	static const struct rec_head bad[] = {
		{ NULL, 1, { { 0 } }, 0, 1, "test" },
		{ "", 1, { { 0 } }, 0, 1, "test" },
		{ "a/b", 1, { { 0 } }, 0, 1, "test" },
		{ "5e1f", 0, { { 0 } }, 0, 1, "test" },
		{ "5e1f", 1, { { 0 } }, -1, 1, "test" },
		{ "5e1f", 1, { { 0 } }, 0, 0, "test" },
		{ "5e1f", 1, { { 0 } }, 0, 2, "test" },	/* not begun yet */
		{ "5e1f", 1, { { 0 } }, 0, 1, NULL },
		{ "5e1f", UINT64_MAX, { { 0 } }, 0, 1, "test" },
	};
	struct manifest_writer *w = NULL;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(bad); i++) {
		assert_int_equal(manifest_create(tmp, &bad[i], &w, &e), -1);
		assert_int_equal(e.kind, EK_FAIL);
		assert_null(w);
	}
}

static void
test_chain_full_disk_is_said_and_leaves_nothing(void **state)
{
	struct rlimit old, small;
	struct manifest_writer *w;
	struct record rec = { .kind = REC_MESSAGE };
	struct digest d;
	uint64_t last;
	size_t i;
	int r = 0;
	struct err e;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 4096;
	w = begin(&head_1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	rec.u.message = (struct rec_message){ 1, 1, 1, sha, 1, NULL, 0, false,
	    "", NULL, NULL, NULL, NULL };
	for (i = 0; i < 20000 && r == 0; i++) {
		rec.u.message.size = i * 2654435761u;
		digest_of(&i, sizeof(i), &rec.u.message.sha256);
		r = manifest_put(w, &rec, NULL, &e);
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(r, -1);
	assert_int_equal(e.kind, EK_SPACE);
	/* There is room again, but a part is lost. */
	assert_int_equal(manifest_put(w, &rec, NULL, &e), -1);
	assert_int_equal(manifest_publish(&w, chain, &d, &e), -1);
	manifest_discard(&w);
	assert_int_equal(manifest_last(chain, &last, &e), 0);
	assert_int_equal(last, 0);
}

/* ---- packs and their frames ---- */

/* A record of a pack with ${n} frames of 100 bytes that hold 1,000 each, and a tail of 7. */
static struct record
pack_of(const char *name, uint64_t n)
{
	struct record rec = { .kind = REC_PACK };

	rec.u.pack = (struct rec_pack){ name, n * 100 + 7, sha, n * 1000, n, 7,
	    CONTAINER_TAR, 0 };
	return rec;
}

static struct frame eight[8];

static struct record
frames_of(const char *name, uint64_t from, size_t n)
{
	struct record rec = { .kind = REC_FRAMES };
	size_t i;

	for (i = 0; i < LENGTH(eight); i++)
		eight[i] = (struct frame){ i * 100, 100, 1000 };
	rec.u.frames = (struct rec_frames){ name, from, n, eight + from };
	return rec;
}

static void
test_chain_frames_that_do_not_follow_are_not_written(void **state)
{
	struct record good[] = { pack_of(PACK, 4), frames_of(PACK, 0, 2) };
	struct record bad[] = {
		frames_of(PACK, 0, 2),		/* again */
		frames_of(PACK, 3, 1),		/* one left out */
		frames_of(PACK, 2, 3),		/* one too many */
		frames_of(OTHER, 2, 2),
		pack_of(OTHER, 1),		/* before the last frames */
		frames_of(PACK, 2, 0),
	};
	struct manifest_writer *w;
	struct digest d;
	struct record rest;
	size_t i;
	struct err e;

	(void)state;
	for (i = 0; i < LENGTH(bad); i++) {
		w = begin(&head_1);
		assert_int_equal(manifest_put(w, &good[0], NULL, &e), 0);
		assert_int_equal(manifest_put(w, &good[1], NULL, &e), 0);
		assert_int_equal(manifest_put(w, &bad[i], NULL, &e), -1);
		assert_int_equal(e.kind, EK_FAIL);
		manifest_discard(&w);
	}
	/* Frames without a pack, a pack without its last frames. */
	w = begin(&head_1);
	assert_int_equal(manifest_put(w, &good[1], NULL, &e), -1);
	manifest_discard(&w);
	w = begin(&head_1);
	assert_int_equal(manifest_put(w, &good[0], NULL, &e), 0);
	assert_int_equal(manifest_put(w, &good[1], NULL, &e), 0);
	assert_int_equal(manifest_publish(&w, chain, &d, &e), -1);
	manifest_discard(&w);
	/* An offset, a sum and a content that are not as the pack says. */
	for (i = 0; i < 3; i++) {
		w = begin(&head_1);
		assert_int_equal(manifest_put(w, &good[0], NULL, &e), 0);
		rest = frames_of(PACK, 0, 4);
		if (i == 0)
			eight[2].offset++;
		else if (i == 1)
			eight[3].size++;
		else
			eight[3].raw--;
		assert_int_equal(manifest_put(w, &rest, NULL, &e),
		    i == 0 ? -1 : 0);
		assert_int_equal(manifest_publish(&w, chain, &d, &e), -1);
		assert_int_equal(e.kind, EK_FAIL);
		manifest_discard(&w);
	}
	w = begin(&head_1);
	assert_int_equal(manifest_put(w, &good[0], NULL, &e), 0);
	rest = frames_of(PACK, 0, 4);
	assert_int_equal(manifest_put(w, &rest, NULL, &e), 0);
	publish(&w, &d);
}

#define P(name, size, raw, n, tail)					\
	"{\"type\":\"pack\",\"pack\":\"" name "\",\"size\":" #size	\
	",\"sha256\":\"" SHA "\",\"raw\":" #raw ",\"frames\":" #n	\
	",\"tail\":" #tail ",\"container\":\"tar\"}\n"
#define F(name, from, list)						\
	"{\"type\":\"frames\",\"pack\":\"" name "\",\"from\":" #from	\
	",\"frames\":[" list "]}\n"

static void
test_chain_frames_that_do_not_add_up_are_damage(void **state)
{
	static const struct {
		const char	*text;
		const char	*err;	/* NULL: fine */
	} t[] = {
		{ HEAD P(PACK, 37, 30, 2, 7) F(PACK, 0, "[10,10],[20,20]")
		    END(4), NULL },
		{ HEAD P(PACK, 37, 30, 2, 7) F(PACK, 0, "[10,10]")
		    F(PACK, 1, "[20,20]") P(OTHER, 1, 0, 0, 1) END(6), NULL },
		{ HEAD P(PACK, 37, 30, 2, 7) F(PACK, 0, "[10,10]") END(4),
		    "missing" },
		{ HEAD P(PACK, 37, 30, 2, 7) F(PACK, 0, "[10,10]")
		    P(OTHER, 1, 0, 0, 1) END(5), "line 4: frames" },
		{ HEAD F(PACK, 0, "[10,10],[20,20]") P(PACK, 37, 30, 2, 7)
		    END(4), "line 2: not of the pack" },
		{ HEAD P(PACK, 37, 30, 2, 7) F(OTHER, 0, "[10,10],[20,20]")
		    END(4), "line 3: not of the pack" },
		{ HEAD P(PACK, 37, 30, 2, 7) F(PACK, 1, "[10,10],[20,20]")
		    END(4), "line 3: not the next" },
		{ HEAD P(PACK, 37, 30, 2, 7)
		    F(PACK, 0, "[10,10],[20,20],[0,0]") END(4), "more" },
		{ HEAD P(PACK, 36, 30, 2, 7) F(PACK, 0, "[10,10],[20,20]")
		    END(4), "add up" },
		{ HEAD P(PACK, 37, 31, 2, 7) F(PACK, 0, "[10,10],[20,20]")
		    END(4), "add up" },
		{ HEAD P(PACK, 37, 30, 2, 38) END(3), "line 2: the tail" },
		{ HEAD P(PACK, 7, 0, 3, 7) F(PACK, 0, "[9223372036854775807,0],"
		    "[9223372036854775807,0],[9223372036854775807,0]") END(4),
		    "overflow" },
		{ HEAD P(PACK, 7, 0, 3, 7) F(PACK, 0, "[0,9223372036854775807],"
		    "[0,9223372036854775807],[0,9223372036854775807]") END(4),
		    "overflow" },
	};
	size_t i, count;
	int got;
	struct err e;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		make_file(t[i].text, strlen(t[i].text));
		got = read_all(1, &count, &e);
		if (got != (t[i].err == NULL ? 0 : -1))
			fail_msg("%d for %s: %s", got, t[i].text, e.text);
		if (got == 0)
			continue;
		assert_int_equal(e.kind, EK_CORRUPT);
		if (strstr(e.text, t[i].err) == NULL ||
		    strstr(e.text, "manifest 1") == NULL)
			fail_msg("%s: %s", t[i].text, e.text);
	}
}

/* ---- damage ---- */

static void
test_chain_lines_in_disorder_are_damage(void **state)
{
#define HEAD2	"{\"type\":\"manifest\",\"v\":1,\"vault\":\"5e1f\",\"commit\":"
#define REST	",\"time\":\"2026-11-20T18:05:00Z\",\"run\":1," \
		"\"program\":\"test\"}\n"
	static const struct {
		const char	*text;
		enum err_kind	 kind;
		const char	*err;
	} t[] = {
		{ "", EK_CORRUPT, "line 1: the end record is missing" },
		{ HEAD, EK_CORRUPT, "line 2: the end record is missing" },
		{ HEAD BEGIN, EK_CORRUPT, "line 3: the end record is missing" },
		{ BEGIN END(2), EK_CORRUPT, "line 1: not the head" },
		{ END(1), EK_CORRUPT, "line 1: not the head" },
		{ HEAD END(1), EK_CORRUPT, "2 lines" },
		{ HEAD END(3), EK_CORRUPT, "2 lines" },
		{ HEAD BEGIN END(2), EK_CORRUPT, "3 lines" },
		{ HEAD END(2) BEGIN, EK_CORRUPT, "follows" },
		{ HEAD END(2) END(2), EK_CORRUPT, "follows" },
		{ HEAD END(2) END(3), EK_CORRUPT, "follows" },
		{ HEAD END(2) "\n", EK_CORRUPT, "follows" },
		{ HEAD END(2) " ", EK_CORRUPT, "cut off" },
		{ HEAD HEAD END(3), EK_CORRUPT, "line 2: a second head" },
		{ HEAD "\n" END(3), EK_CORRUPT, "line 2: not JSON" },
		{ HEAD "{\"type\":\"end\",\"lines\":2}", EK_CORRUPT,
		    "line 2: cut off" },
		{ HEAD BEGIN "{\"type\":\"message\",\"uid\":1}\n" END(4),
		    EK_CORRUPT, "line 3: message: folder is missing" },
		{ HEAD "{\"type\":\"checkpoint\"}\n" END(3), EK_NOVAULT,
		    "line 2: a record of the unknown type \"checkpoint\"" },
		{ HEAD "{\"type\":\"hint\",\"optional\":true}\n" END(2),
		    EK_CORRUPT, "3 lines" },
		{ HEAD2 "2,\"prev\":\"" SHA "\"" REST END(2), EK_CORRUPT,
		    "manifest 2" },
		{ HEAD2 "2" REST END(2), EK_CORRUPT, "prev is missing" },
		{ HEAD2 "1,\"prev\":\"" SHA "\"" REST END(2), EK_CORRUPT,
		    "prev" },
		{ HEAD2 "1,\"prev\":\"00\"" REST END(2), EK_CORRUPT, "prev" },
		{ HEAD2 "0" REST END(2), EK_CORRUPT, "commit" },
		{ "{\"type\":\"manifest\",\"v\":2}\n" END(2), EK_NOVAULT,
		    "version 2" },
		{ "{\"type\":\"manifest\",\"v\":0}\n" END(2), EK_CORRUPT, "v" },
		{ "{\"type\":\"manifest\"}\n" END(2), EK_CORRUPT, "v is miss" },
	};
	size_t i, count;
	struct err e;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		make_file(t[i].text, strlen(t[i].text));
		if (read_all(1, &count, &e) != -1)
			fail_msg("read: %s", t[i].text);
		if (e.kind != t[i].kind || strstr(e.text, t[i].err) == NULL ||
		    strstr(e.text, "manifest 1") == NULL)
			fail_msg("%s: %s", t[i].text, e.text);
	}
}

/* A manifest with some of everything that compression does to it. */
static void
make_small(struct buf *b)
{
	struct manifest_writer *w = begin(&head_1);
	struct record rec = { .kind = REC_MESSAGE };
	struct digest d;
	uint32_t i;
	struct err e;

	put_run(w);
	for (i = 1; i <= 12; i++) {
		rec.u.message = (struct rec_message){ 1, 1, i, sha, i * 977,
		    "17-Jul-1996 02:44:25 -0700", 837596665 + (int64_t)i, true,
		    i % 3 ? "\\Seen" : "", NULL, NULL, NULL, NULL };
		digest_of(&i, sizeof(i), &rec.u.message.sha256);
		assert_int_equal(manifest_put(w, &rec, NULL, &e), 0);
	}
	publish(&w, &d);
	get_file(FILE_1, b);
}

static void
is_damage(const char *what, size_t at, const void *p, size_t n)
{
	size_t count;
	struct err e;

	/* Not by the careful way: this is done some ten thousand times. */
	int fd = openat(dir, FILE_1, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_not_equal(fd, -1);
	assert_int_equal(io_write_all(fd, p, n, &e), 0);
	close(fd);
	if (read_all(1, &count, &e) != -1)
		fail_msg("%s %zu is not found", what, at);
	if (e.kind != EK_CORRUPT && e.kind != EK_NOVAULT)
		fail_msg("%s %zu: %s", what, at, e.text);
}

static void
test_chain_each_flipped_bit_and_byte_is_found(void **state)
{
	struct buf b = BUF_INIT(1 << 20);
	size_t i;
	int bit;

	(void)state;
	make_small(&b);
	assert_true(b.n > 500);
	for (i = 0; i < b.n; i++) {
		for (bit = 0; bit < 8; bit++) {
			b.p[i] = (char)(b.p[i] ^ 1 << bit);
			is_damage("bit of byte", i, b.p, b.n);
			b.p[i] = (char)(b.p[i] ^ 1 << bit);
		}
		b.p[i] = (char)~b.p[i];
		is_damage("byte", i, b.p, b.n);
		b.p[i] = (char)~b.p[i];
	}
	buf_release(&b);
}

static void
test_chain_each_truncation_is_found(void **state)
{
	struct buf b = BUF_INIT(1 << 20);
	size_t n;

	(void)state;
	make_small(&b);
	for (n = 0; n < b.n; n++)
		is_damage("truncation to", n, b.p, n);
	buf_release(&b);
}

static void
test_chain_whatever_follows_or_precedes_the_frame_is_found(void **state)
{
	static const char skip[] = "\x50\x2a\x4d\x18\x04\x00\x00\x00" "note";
	struct buf good = BUF_INIT(1 << 20), b = BUF_INIT(1 << 20);
	struct buf frame = BUF_INIT(1 << 20);
	static const char text[] = HEAD END(2);

	(void)state;
	make_small(&good);
	buf_add(&b, good.p, good.n);
	buf_addc(&b, '\0');
	is_damage("a byte behind", 0, b.p, b.n);
	buf_clear(&b);
	buf_add(&b, good.p, good.n);
	buf_add(&b, good.p, good.n);
	is_damage("the whole behind", 0, b.p, b.n);
	buf_clear(&b);
	buf_add(&b, good.p, good.n);
	buf_add(&b, good.p + good.n - 40, 40);
	is_damage("a second seal", 0, b.p, b.n);
	/* The seal is right in what follows. */
	add_frame(&frame, text, strlen(text), 0);
	buf_clear(&b);
	buf_add(&b, skip, sizeof(skip) - 1);
	buf_add(&b, frame.p, frame.n);
	add_seal(&b, 0);
	is_damage("a skippable frame before", 0, b.p, b.n);
	buf_clear(&b);
	buf_add(&b, frame.p, frame.n);
	buf_add(&b, skip, sizeof(skip) - 1);
	add_seal(&b, 0);
	is_damage("a skippable frame behind", 0, b.p, b.n);
	buf_clear(&b);
	buf_add(&b, frame.p, frame.n);
	add_frame(&b, "", 0, 0);
	add_seal(&b, 0);
	is_damage("an empty frame behind", 0, b.p, b.n);
	buf_clear(&b);
	add_frame(&b, HEAD, strlen(HEAD), 0);
	add_frame(&b, END(2), strlen(END(2)), 0);
	add_seal(&b, 0);
	is_damage("two frames", 0, b.p, b.n);
	buf_release(&good);
	buf_release(&frame);
	buf_release(&b);
}

static void
test_chain_window_of_8_mib_is_read_and_a_larger_one_is_not(void **state)
{
	static const char text[] = HEAD END(2);
	struct buf b = BUF_INIT(1 << 20);
	size_t count;
	int window;
	struct err e;

	(void)state;
	for (window = 22; window <= 25; window++) {
		buf_clear(&b);
		add_frame(&b, text, strlen(text), window);
		add_seal(&b, 0);
		put_file(FILE_1, b.p, b.n);
		assert_int_equal(read_all(1, &count, &e),
		    window <= 23 ? 0 : -1);
		if (window > 23)
			assert_int_equal(e.kind, EK_CORRUPT);
	}
	buf_release(&b);
}

/* ---- limits ---- */

/* A server record whose line has ${n} bytes with its newline. */
static char *
text_for(size_t n)
{
	size_t len = n - strlen("{\"type\":\"server\",\"capability\":\"\"}\n");
	char *s = xmalloc(len + 1);

	memset(s, 'x', len);
	s[len] = '\0';
	return s;
}

static void
test_chain_line_limit_holds_for_the_writer(void **state)
{
	static const size_t sizes[] = { MANIFEST_LINE_MAX - 1,
	    MANIFEST_LINE_MAX, MANIFEST_LINE_MAX + 1, 2 * MANIFEST_LINE_MAX };
	size_t i, count;

	(void)state;
	for (i = 0; i < LENGTH(sizes); i++) {
		struct manifest_writer *w = begin(&head_1);
		struct record rec = { .kind = REC_SERVER };
		char *s = text_for(sizes[i]);
		bool fits = sizes[i] <= MANIFEST_LINE_MAX;
		struct manifest_line line;
		struct digest d;
		struct err e;

		put_run(w);
		rec.u.server = (struct rec_server){ s, NULL };
		assert_int_equal(manifest_put(w, &rec, &line, &e),
		    fits ? 0 : -1);
		if (fits) {
			assert_int_equal(line.n, sizes[i]);
			put_run(w);
			publish(&w, &d);
			assert_int_equal(read_all(1, &count, &e), 0);
			assert_int_equal(count, 3);
			unlinkat(dir, FILE_1, 0);
		} else
			assert_int_equal(e.kind, EK_FAIL);
		manifest_discard(&w);
		free(s);
	}
}

static void
test_chain_long_line_that_does_not_compress_comes_back(void **state)
{
	struct manifest_writer *w = begin(&head_1);
	struct manifest_reader *r;
	struct record rec = { .kind = REC_SERVER };
	char *s = text_for(MANIFEST_LINE_MAX);
	uint64_t seed = 1, line;
	struct digest d;
	size_t i;
	struct err e;

	(void)state;
	for (i = 0; s[i] != '\0'; i++)
		s[i] = (char)('#' + chance(&seed, 57));
	rec.u.server = (struct rec_server){ s, NULL };
	assert_int_equal(manifest_put(w, &rec, NULL, &e), 0);
	publish(&w, &d);
	assert_int_equal(manifest_open(chain, 1, &r, &e), 0);
	assert_int_equal(manifest_next(r, &rec, &line, &e), 1);
	assert_string_equal(rec.u.server.capability, s);
	assert_int_equal(manifest_next(r, &rec, &line, &e), 0);
	manifest_close(&r);
	free(s);
}

static void
test_chain_line_limit_holds_for_the_reader(void **state)
{
	struct buf text = BUF_INIT(3 * MANIFEST_LINE_MAX);
	size_t n, count;
	struct err e;

	(void)state;
	for (n = MANIFEST_LINE_MAX - 1; n <= MANIFEST_LINE_MAX + 1; n++) {
		char *s = text_for(n);

		buf_clear(&text);
		buf_addf(&text, HEAD "{\"type\":\"server\",\"capability\":"
		    "\"%s\"}\n" END(3), s);
		make_file(text.p, text.n);
		assert_int_equal(read_all(1, &count, &e),
		    n <= MANIFEST_LINE_MAX ? 0 : -1);
		free(s);
	}
	assert_int_equal(e.kind, EK_CORRUPT);
	assert_non_null(strstr(e.text, "line 2: longer than"));
	/* A line that never ends. */
	buf_clear(&text);
	buf_adds(&text, HEAD);
	while (text.n < 2 * MANIFEST_LINE_MAX)
		buf_adds(&text, "                                        ");
	make_file(text.p, text.n);
	assert_int_equal(read_all(1, &count, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	assert_non_null(strstr(e.text, "line 2: longer than"));
	buf_release(&text);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_KNOWN	0	/* freed memory is kept for a while */
#elif defined(__has_feature)
#define MEMORY_KNOWN	(!__has_feature(address_sanitizer))
#else
#define MEMORY_KNOWN	1
#endif

static long
peak_kib(void)
{
	struct rusage u;

	assert_int_equal(getrusage(RUSAGE_SELF, &u), 0);
	return u.ru_maxrss;
}

/* Run first: a peak never goes down. */
static void
test_chain_memory_does_not_grow_with_the_records(void **state)
{
	const uint32_t n = 300000;
	struct manifest_writer *w = begin(&head_1);
	struct record rec = { .kind = REC_MESSAGE };
	struct digest d;
	long before = peak_kib();
	uint32_t i;
	size_t count;
	struct err e;

	(void)state;
	rec.u.message = (struct rec_message){ 1, 1, 1, sha, 1,
	    "17-Jul-1996 02:44:25 -0700", 837596665, true, "\\Seen", NULL,
	    NULL, NULL, NULL };
	for (i = 1; i <= n; i++) {
		rec.u.message.uid = i;
		memcpy(rec.u.message.sha256.b, &i, sizeof(i));
		assert_int_equal(manifest_put(w, &rec, NULL, &e), 0);
	}
	publish(&w, &d);
	if (read_all(1, &count, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(count, n);
	if (MEMORY_KNOWN)
		assert_true(peak_kib() - before < 8 * 1024);
}

/* ---- anything ---- */

/* Text of any bytes but NUL. */
static char *
any_text(uint64_t *seed, char *out, size_t max)
{
	size_t i, n = chance(seed, max);
	uint64_t high = chance(seed, 3);

	for (i = 0; i < n; i++)
		out[i] = (char)(1 + chance(seed, high == 0 ? 255 : 126));
	out[n] = '\0';
	return out;
}

/* The same seed gives the same message. */
static void
any_message(uint64_t seed, struct rec_message *m, struct buf *flags,
    struct buf *labels, char text[4][64])
{
	size_t i;
	char raw[64];

	seed = seed * 0x9e3779b97f4a7c15u + 1;
	memset(m, 0, sizeof(*m));
	m->folder = 1 + chance(&seed, INT64_MAX);
	m->epoch = 1 + chance(&seed, 9);
	m->uid = (uint32_t)(1 + chance(&seed, UID_MAX));
	for (i = 0; i < DIGEST_SIZE; i++)
		m->sha256.b[i] = (uint8_t)chance(&seed, 256);
	m->size = chance(&seed, (uint64_t)INT64_MAX + 1);
	m->internaldate = any_text(&seed, text[0], 64);
	m->has_date = chance(&seed, 2) == 1;
	m->date = (int64_t)chance(&seed, UINT64_MAX);
	buf_clear(flags);
	any_text(&seed, raw, 64);
	assert_int_equal(flags_canon(raw, strlen(raw), flags), 0);
	m->flags = buf_text(flags);
	buf_clear(labels);
	for (i = chance(&seed, 4); i > 0; i--) {
		any_text(&seed, raw, 20);
		assert_int_equal(labels_add(labels, raw, strlen(raw)), 0);
	}
	m->labels = chance(&seed, 3) == 0 ? NULL : buf_text(labels);
	m->emailid = chance(&seed, 3) == 0 ? NULL :
	    any_text(&seed, text[1], 64);
	m->threadid = chance(&seed, 3) == 0 ? NULL :
	    any_text(&seed, text[2], 64);
	m->by = chance(&seed, 3) == 0 ? NULL : any_text(&seed, text[3], 64);
}

static void
same_text(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a != NULL)
		assert_string_equal(a, b);
}

static void
test_chain_any_messages_come_back_exactly(void **state)
{
	const uint64_t n = 4000;
	struct manifest_writer *w = begin(&head_1);
	struct manifest_reader *r;
	struct buf flags = BUF_INIT(FLAGS_MAX_TEXT);
	struct buf labels = BUF_INIT(FLAGS_MAX_TEXT);
	struct record rec = { .kind = REC_MESSAGE };
	struct rec_message want;
	const struct rec_message *got = &rec.u.message;
	char text[4][64];
	uint64_t i, line;
	struct digest d;
	struct err e;

	(void)state;
	for (i = 0; i < n; i++) {
		any_message(i, &rec.u.message, &flags, &labels, text);
		if (manifest_put(w, &rec, NULL, &e) == -1)
			fail_msg("%s", e.text);
	}
	publish(&w, &d);
	assert_int_equal(manifest_open(chain, 1, &r, &e), 0);
	for (i = 0; i < n; i++) {
		if (manifest_next(r, &rec, &line, &e) != 1)
			fail_msg("%s", e.text);
		assert_int_equal(line, i + 2);
		any_message(i, &want, &flags, &labels, text);
		assert_int_equal(got->folder, want.folder);
		assert_int_equal(got->epoch, want.epoch);
		assert_int_equal(got->uid, want.uid);
		assert_true(digest_equal(&got->sha256, &want.sha256));
		assert_int_equal(got->size, want.size);
		same_text(got->internaldate, want.internaldate);
		assert_int_equal(got->has_date, want.has_date);
		if (want.has_date)
			assert_true(got->date == want.date);
		same_text(got->flags, want.flags);
		same_text(got->labels, want.labels);
		same_text(got->emailid, want.emailid);
		same_text(got->threadid, want.threadid);
		same_text(got->by, want.by);
	}
	assert_int_equal(manifest_next(r, &rec, &line, &e), 0);
	manifest_close(&r);
	buf_release(&flags);
	buf_release(&labels);
}

#define T(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_chain_memory_does_not_grow_with_the_records),
		T(test_chain_names_have_eight_digits_or_more),
		T(test_chain_last_passes_over_names_that_are_no_manifests),
		T(test_chain_gap_is_found_and_named),
		T(test_chain_missing_manifest_and_link_are_damage),
		T(test_chain_head_and_lines_come_back),
		T(test_chain_first_commit_has_no_predecessor),
		T(test_chain_stock_zstd_reads_it_without_a_word),
		T(test_chain_same_records_make_the_same_bytes),
		T(test_chain_hand_made_file_is_read),
		T(test_chain_number_that_is_taken_is_another_writer),
		T(test_chain_discarded_manifest_leaves_nothing),
		T(test_chain_impossible_heads_are_not_written),
		T(test_chain_full_disk_is_said_and_leaves_nothing),
		T(test_chain_frames_that_do_not_follow_are_not_written),
		T(test_chain_frames_that_do_not_add_up_are_damage),
		T(test_chain_lines_in_disorder_are_damage),
		T(test_chain_each_flipped_bit_and_byte_is_found),
		T(test_chain_each_truncation_is_found),
		T(test_chain_whatever_follows_or_precedes_the_frame_is_found),
		T(test_chain_window_of_8_mib_is_read_and_a_larger_one_is_not),
		T(test_chain_line_limit_holds_for_the_writer),
		T(test_chain_long_line_that_does_not_compress_comes_back),
		T(test_chain_line_limit_holds_for_the_reader),
		T(test_chain_any_messages_come_back_exactly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
