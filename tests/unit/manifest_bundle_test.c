/*
 * Bundles: many manifests in one file, found and read as single ones are; what makes one, and what it makes needless.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include <cmocka.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "manifest/line.h"
#include "manifest/manifest.h"

#define MADE		9		/* manifests of one test */
#define BIG		10		/* one of many pieces, for who wants it */
#define FAR		((int64_t)1 << 40)	/* later than any file */
#define ALL		"00000001-00000009.jsonl.zst"

#define OK(call)	do {						\
	if ((call) != 0)						\
		fail_msg("%s: %s", #call, e.text);			\
} while (0)

#define FAILS(k, call)	do {						\
	assert_int_equal((call), -1);					\
	if (e.kind != (k))						\
		fail_msg("%s: kind %d: %s", #call, e.kind, e.text);	\
} while (0)

static char		*path;		/* of the directory of one test */
static int		 dir = -1, tmp = -1;
static struct manifest_dir *chain;
static struct digest	 heads[MADE + 2];
static struct buf	 files[MADE + 2];	/* their bytes */

/* ---- a chain ---- */

/* Record ${n} of manifest ${commit}: sizes differ, and some don't compress. */
static struct record
a_record(uint64_t commit, uint64_t n, char text[600])
{
	struct record r = { .kind = REC_SERVER };
	size_t i, size = (size_t)(commit * 37 + n * 101) % 590;
	uint32_t x = (uint32_t)(commit * 1000 + n + 1);

	for (i = 0; i < size; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		text[i] = (char)('A' + x % 26);
	}
	text[size] = '\0';
	r.u.server.capability = text;
	return r;
}

static uint64_t
records_of(uint64_t commit)
{
	return commit == BIG ? 600 : commit % 4 * 3 + 1;
}

static void
make_manifest(uint64_t commit)
{
	struct rec_head head = { "5e1f", commit, heads[commit - 1],
	    1700000000 + (int64_t)commit, commit, "test" };
	char text[600], name[MANIFEST_NAME_MAX];
	struct manifest_writer *w;
	struct record r;
	struct err e;
	uint64_t n;

	OK(manifest_create(tmp, &head, &w, &e));
	for (n = 0; n < records_of(commit); n++) {
		r = a_record(commit, n, text);
		OK(manifest_put(w, &r, NULL, &e));
	}
	OK(manifest_publish(&w, chain, &heads[commit], &e));
	buf_release(&files[commit]);
	buf_init(&files[commit], 1 << 20);
	OK(io_read_file(dir, manifest_name(name, commit), &files[commit], &e));
}

static int
set_up(void **state)
{
	const char *top = getenv("TMPDIR");
	struct err e;
	uint64_t i;

	(void)state;
	path = xasprintf("%s/manifest_bundle.XXXXXX",
	    top == NULL ? "/tmp" : top);
	assert_non_null(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_not_equal(dir, -1);
	assert_int_equal(io_make_dir(dir, "tmp", &e), 1);
	tmp = io_open_dir(dir, "tmp", &e);
	assert_int_not_equal(tmp, -1);
	OK(manifest_dir_open(dir, ".", &chain, &e));
	for (i = 1; i <= MADE; i++)
		make_manifest(i);
	return 0;
}

static int
remove_one(void *arg, const char *name, struct err *e)
{
	(void)arg, (void)e;
	unlinkat(dir, name, 0);
	return 0;
}

static int
tear_down(void **state)
{
	struct err e;
	size_t i;

	(void)state;
	for (i = 1; i <= BIG; i++)
		buf_release(&files[i]);
	manifest_dir_close(&chain);
	close(tmp);
	/* Whatever was tried, nothing is left there. */
	assert_int_equal(unlinkat(dir, "tmp", AT_REMOVEDIR), 0);
	OK(io_list(dir, remove_one, NULL, &e));
	close(dir);
	assert_int_equal(rmdir(path), 0);
	free(path);
	return 0;
}

static bool
is_there(const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool
is_single(uint64_t commit)
{
	char name[MANIFEST_NAME_MAX];

	return is_there(manifest_name(name, commit));
}

static void
remove_singles(uint64_t first, uint64_t last)
{
	char name[MANIFEST_NAME_MAX];

	for (; first <= last; first++)
		assert_int_equal(unlinkat(dir, manifest_name(name, first), 0),
		    0);
}

static void
put_file(const char *name, const void *p, size_t n)
{
	struct err e;

	unlinkat(dir, name, 0);
	OK(io_put_file(tmp, dir, name, p, n, &e));
}

/* Read a manifest and see that it says what was written: 0, or -1 with the error. */
static int
read_one(struct manifest_dir *d, uint64_t commit, struct err *e)
{
	struct manifest_reader *r;
	struct digest sha256;
	struct record got, want;
	char text[600];
	uint64_t line, n = 0;
	int rc;

	if (manifest_open(d, commit, &r, e) == -1)
		return -1;
	assert_int_equal(manifest_head(r)->commit, commit);
	while ((rc = manifest_next(r, &got, &line, e)) == 1) {
		want = a_record(commit, n++, text);
		assert_int_equal(line, n + 1);
		assert_int_equal(got.kind, want.kind);
		assert_string_equal(got.u.server.capability, text);
	}
	if (rc == 0) {
		assert_int_equal(n, records_of(commit));
		manifest_sha256(r, &sha256);
		assert_memory_equal(&sha256, &heads[commit], sizeof(sha256));
	}
	manifest_close(&r);
	return rc;
}

/* All that can be asked is answered as ever. */
static void
all_there(struct manifest_dir *d)
{
	struct digest sha256;
	struct err e;
	uint64_t last, i;

	OK(manifest_last(d, &last, &e));
	assert_int_equal(last, MADE);
	for (i = MADE; i >= 1; i--) {
		OK(manifest_digest(d, i, &sha256, &e));
		assert_memory_equal(&sha256, &heads[i], sizeof(sha256));
	}
	for (i = 1; i <= MADE; i++)
		OK(read_one(d, i, &e));
	for (i = MADE + 1; i <= MADE + 2; i++) {
		FAILS(EK_CORRUPT, read_one(d, i, &e));
		FAILS(EK_CORRUPT, manifest_digest(d, i, &sha256, &e));
	}
}

/* ---- one that is made ---- */

static void
test_bundle_is_its_manifests_bytes_then_the_index_as_documented(void **state)
{
	struct buf got = BUF_INIT(1 << 20), want = BUF_INIT(1 << 20);
	struct digest d;
	struct err e;
	size_t i, j, index, size;
	unsigned char byte;

	(void)state;
	OK(manifest_bundle(chain, tmp, 3, 7, &e));
	OK(io_read_file(dir, "00000003-00000007.jsonl.zst", &got, &e));
	for (i = 3; i <= 7; i++)
		buf_add(&want, files[i].p, files[i].n);
	index = want.n;
	buf_add(&want, "\x5d\x2a\x4d\x18\x28\0\0\0", 8);
	for (i = 3; i <= 7; i++)
		for (j = 0, size = files[i].n; j < 8; j++, size >>= 8) {
			byte = (unsigned char)(size & 0xff);
			buf_add(&want, &byte, 1);
		}
	digest_of(want.p + index, want.n - index, &d);
	buf_add(&want, "\x5e\x2a\x4d\x18\x20\0\0\0", 8);
	buf_add(&want, d.b, DIGEST_SIZE);
	assert_int_equal(got.n, want.n);
	assert_memory_equal(got.p, want.p, want.n);
	buf_release(&got);
	buf_release(&want);
}

/* What zstdcat prints: all frames, one after the other, and nothing of what is to be skipped. */
static void
pour(const struct buf *file, struct buf *to)
{
	ZSTD_DCtx *z = ZSTD_createDCtx();
	ZSTD_inBuffer in = { file->p, file->n, 0 };

	while (in.pos < in.size) {
		ZSTD_outBuffer out = { buf_room(to, 65536), 65536, 0 };

		assert_false(ZSTD_isError(ZSTD_decompressStream(z, &out, &in)));
		to->n += out.pos;
	}
	ZSTD_freeDCtx(z);
}

static void
test_bundle_decompresses_to_all_lines_with_stock_tools(void **state)
{
	struct buf got = BUF_INIT(1 << 20), want = BUF_INIT(1 << 20);
	struct buf file = BUF_INIT(1 << 20);
	struct err e;
	size_t i;

	(void)state;
	OK(manifest_bundle(chain, tmp, 1, MADE, &e));
	OK(io_read_file(dir, ALL, &file, &e));
	pour(&file, &got);
	for (i = 1; i <= MADE; i++)
		pour(&files[i], &want);
	assert_int_equal(got.n, want.n);
	assert_memory_equal(got.p, want.p, want.n);
	buf_release(&file);
	buf_release(&got);
	buf_release(&want);
}

static void
test_bundle_answers_as_the_single_manifests_did(void **state)
{
	struct manifest_dir *other;
	struct err e;

	(void)state;
	all_there(chain);
	OK(manifest_bundle(chain, tmp, 1, 4, &e));
	OK(manifest_bundle(chain, tmp, 5, 8, &e));
	all_there(chain);
	OK(manifest_tidy(chain, FAR, &e));
	assert_false(is_single(1));
	assert_false(is_single(8));
	assert_true(is_single(9));
	all_there(chain);
	OK(manifest_dir_open(dir, ".", &other, &e));
	all_there(other);
	manifest_dir_close(&other);
	/* A bundle of what is in bundles and alone. */
	OK(manifest_bundle(chain, tmp, 1, MADE, &e));
	all_there(chain);
	OK(manifest_tidy(chain, FAR, &e));
	assert_false(is_there("00000001-00000004.jsonl.zst"));
	assert_false(is_there("00000005-00000008.jsonl.zst"));
	assert_false(is_single(9));
	assert_true(is_there(ALL));
	all_there(chain);
	OK(manifest_check(chain, 1, MADE, &e));
}

static void
test_bundle_that_is_there_already_is_checked(void **state)
{
	struct buf file = BUF_INIT(1 << 20);
	struct err e;

	(void)state;
	OK(manifest_bundle(chain, tmp, 2, 5, &e));
	OK(manifest_bundle(chain, tmp, 2, 5, &e));
	OK(io_read_file(dir, "00000002-00000005.jsonl.zst", &file, &e));
	file.p[20] ^= 1;
	put_file("00000002-00000005.jsonl.zst", file.p, file.n);
	FAILS(EK_CORRUPT, manifest_bundle(chain, tmp, 2, 5, &e));
	assert_non_null(strstr(e.text, "00000002-00000005.jsonl.zst"));
	assert_non_null(strstr(e.text, "manifest 2"));
	buf_release(&file);
}

static void
test_bundle_of_what_is_damaged_or_missing_is_not_made(void **state)
{
	static const struct { uint64_t first, last; } odd[] = { { 3, 3 },
	    { 0, 3 }, { 4, 3 }, { 1, MANIFEST_BUNDLE_MAX + 1 },
	    { 1, UINT64_MAX }, { UINT64_MAX, 1 } };
	struct err e;
	size_t i;
	char c;

	(void)state;
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		FAILS(EK_FAIL, manifest_bundle(chain, tmp, odd[i].first,
		    odd[i].last, &e));
	FAILS(EK_CORRUPT, manifest_bundle(chain, tmp, 5, MADE + 1, &e));
	assert_non_null(strstr(e.text, "manifest 10"));
	/* Any bit of it, seal included. */
	for (i = 0; i < files[6].n; i++) {
		c = files[6].p[i];
		files[6].p[i] = (char)(c ^ 4);
		put_file("00000006.jsonl.zst", files[6].p, files[6].n);
		FAILS(EK_CORRUPT, manifest_bundle(chain, tmp, 5, 7, &e));
		assert_non_null(strstr(e.text, "manifest 6"));
		files[6].p[i] = c;
	}
	put_file("00000006.jsonl.zst", files[6].p, SEAL_SIZE);
	FAILS(EK_CORRUPT, manifest_bundle(chain, tmp, 5, 7, &e));
	put_file("00000006.jsonl.zst", "", 0);
	FAILS(EK_CORRUPT, manifest_bundle(chain, tmp, 5, 7, &e));
	remove_singles(6, 6);
	FAILS(EK_CORRUPT, manifest_bundle(chain, tmp, 5, 7, &e));
	assert_false(is_there("00000005-00000007.jsonl.zst"));
}

/* ---- the last one, and what is missing ---- */

static void
test_bundles_leave_no_gap_unnoticed(void **state)
{
	struct err e;
	uint64_t last;

	(void)state;
	OK(manifest_bundle(chain, tmp, 1, 3, &e));
	OK(manifest_bundle(chain, tmp, 2, 5, &e));
	OK(manifest_bundle(chain, tmp, 7, 9, &e));
	remove_singles(1, 3);
	remove_singles(7, 9);
	all_there(chain);
	remove_singles(4, 5);
	all_there(chain);
	remove_singles(6, 6);
	FAILS(EK_CORRUPT, manifest_last(chain, &last, &e));
	assert_non_null(strstr(e.text, "manifest 6 is missing"));
	FAILS(EK_CORRUPT, read_one(chain, 6, &e));
	assert_non_null(strstr(e.text, "manifest 6"));
	assert_int_equal(unlinkat(dir, "00000007-00000009.jsonl.zst", 0), 0);
	OK(manifest_last(chain, &last, &e));
	assert_int_equal(last, 5);
	assert_int_equal(unlinkat(dir, "00000001-00000003.jsonl.zst", 0), 0);
	FAILS(EK_CORRUPT, manifest_last(chain, &last, &e));
	assert_non_null(strstr(e.text, "manifest 1 is missing"));
}

static void
test_bundle_names_that_are_none_are_passed_over(void **state)
{
	static const char *const names[] = { "00000010-00000012.jsonl.zs",
	    "00000010-00000012.jsonl.zst.tmp", "10-12.jsonl.zst",
	    "00000012-00000010.jsonl.zst", "00000010-00000010.jsonl.zst",
	    "00000000-00000012.jsonl.zst", "000000010-00000012.jsonl.zst",
	    "00000010-000000012.jsonl.zst", "00000010--00000012.jsonl.zst",
	    "00000010-.jsonl.zst", "-00000012.jsonl.zst",
	    "00000010-00000012-00000014.jsonl.zst",
	    "00000001-18446744073709551616.jsonl.zst",
	    "00000001-18446744073709551615.jsonl.zst",
	    "00000001-01048577.jsonl.zst", "00000001-1048577.jsonl.zst" };
	struct err e;
	uint64_t last;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		put_file(names[i], "x", 1);
	all_there(chain);
	/* As many as one may have, and what a name alone is believed. */
	put_file("00000001-01048576.jsonl.zst", "x", 1);
	OK(manifest_last(chain, &last, &e));
	assert_int_equal(last, MANIFEST_BUNDLE_MAX);
	FAILS(EK_CORRUPT, read_one(chain, 10, &e));
}

static int
take_name(void *arg, const struct manifest_file *f, struct err *e)
{
	(void)e;
	buf_addf(arg, "%ju %ju %s %ju\n", (uintmax_t)f->first,
	    (uintmax_t)f->last, f->name, (uintmax_t)f->size);
	return 0;
}

static int
stop(void *arg, const struct manifest_file *f, struct err *e)
{
	(void)arg, (void)f, (void)e;
	return 7;
}

static void
test_bundles_and_single_files_are_listed_in_order(void **state)
{
	struct buf got = BUF_INIT(4096), want = BUF_INIT(4096);
	size_t index = INDEX_HEADER + SEAL_SIZE;
	struct err e;
	uint64_t i;

	(void)state;
	put_file("readme", "x", 1);
	OK(manifest_bundle(chain, tmp, 1, 3, &e));
	OK(manifest_bundle(chain, tmp, 1, 2, &e));
	remove_singles(2, 7);
	assert_int_equal(symlinkat("x", dir, "00000003-00000007.jsonl.zst"),
	    0);
	buf_addf(&want, "1 1 00000001.jsonl.zst %zu\n"
	    "1 2 00000001-00000002.jsonl.zst %zu\n"
	    "1 3 00000001-00000003.jsonl.zst %zu\n"
	    "3 7 00000003-00000007.jsonl.zst 0\n", files[1].n,
	    files[1].n + files[2].n + index + 16,
	    files[1].n + files[2].n + files[3].n + index + 24);
	for (i = 8; i <= 9; i++)
		buf_addf(&want, "%ju %ju 0000000%ju.jsonl.zst %zu\n",
		    (uintmax_t)i, (uintmax_t)i, (uintmax_t)i, files[i].n);
	OK(manifest_files(chain, take_name, &got, &e));
	assert_string_equal(buf_text(&got), buf_text(&want));
	assert_int_equal(manifest_files(chain, stop, NULL, &e), 7);
	/* A link in place of a bundle is damage. */
	FAILS(EK_CORRUPT, read_one(chain, 5, &e));
	buf_release(&got);
	buf_release(&want);
}

/* ---- damage ---- */

static void
test_single_manifest_counts_before_a_bundle(void **state)
{
	struct buf file = BUF_INIT(1 << 20);
	struct err e;

	(void)state;
	OK(manifest_bundle(chain, tmp, 1, MADE, &e));
	OK(io_read_file(dir, ALL, &file, &e));
	put_file(ALL, file.p, file.n - 1);
	all_there(chain);
	FAILS(EK_CORRUPT, manifest_check(chain, 1, MADE, &e));
	put_file(ALL, file.p, file.n);
	OK(manifest_check(chain, 1, MADE, &e));
	/* Another manifest with a good seal, in place of one. */
	put_file("00000004.jsonl.zst", files[5].p, files[5].n);
	FAILS(EK_CORRUPT, read_one(chain, 4, &e));
	FAILS(EK_CORRUPT, manifest_check(chain, 1, MADE, &e));
	assert_non_null(strstr(e.text, "manifest 4"));
	assert_non_null(strstr(e.text, ALL));
	remove_singles(4, 4);
	OK(read_one(chain, 4, &e));
	buf_release(&file);
}

/* Whether the bundle of all manifests, and nothing else, is taken for whole. */
static bool
is_whole(const void *p, size_t n)
{
	struct manifest_dir *d;
	struct err e;
	uint64_t i;
	bool whole;
	int rc;

	put_file(ALL, p, n);
	OK(manifest_dir_open(dir, ".", &d, &e));
	for (i = 1, rc = 0; rc == 0 && i <= MADE; i++)
		rc = read_one(d, i, &e);
	if (rc == -1) {
		assert_int_equal(e.kind, EK_CORRUPT);
		assert_non_null(strstr(e.text, ALL));
	}
	/* Where only the index is damaged all manifests can be read, and it is damage all the same. */
	whole = manifest_check(d, 1, MADE, &e) == 0;
	assert_true(rc == 0 || !whole);
	manifest_dir_close(&d);
	return whole;
}

static void
test_bundle_damaged_anywhere_is_refused(void **state)
{
	struct buf file = BUF_INIT(1 << 20);
	size_t i, tail = INDEX_HEADER + 8 * MADE + SEAL_SIZE;
	struct err e;
	char c;

	(void)state;
	OK(manifest_bundle(chain, tmp, 1, MADE, &e));
	remove_singles(1, MADE);
	OK(io_read_file(dir, ALL, &file, &e));
	assert_true(is_whole(file.p, file.n));
	/* Each byte of what is small, and the index with its seal. */
	for (i = 0; i < file.n; i += i < file.n - 200 ? 7 : 1) {
		c = file.p[i];
		file.p[i] = (char)(c ^ 1 << i % 8);
		if (is_whole(file.p, file.n))
			fail_msg("byte %zu of %zu", i, file.n);
		file.p[i] = c;
	}
	for (i = 0; i < file.n; i += i < file.n - 200 ? 31 : 1)
		if (is_whole(file.p, i))
			fail_msg("cut to %zu of %zu", i, file.n);
	buf_addc(&file, '\0');
	assert_false(is_whole(file.p, file.n));
	/* Between the last manifest and the index nothing may stand. */
	file.n--;
	memmove(file.p + file.n - tail + 1, file.p + file.n - tail, tail);
	assert_false(is_whole(file.p, file.n + 1));
	buf_release(&file);
}

/* An index that is sealed and makes no sense: what a faulty program could write. */
static void
test_bundle_with_an_index_that_lies_is_refused(void **state)
{
	static const uint64_t lies[] = { 0, 1, SEAL_SIZE, UINT32_MAX,
	    (uint64_t)INT64_MAX, UINT64_MAX };
	struct buf file = BUF_INIT(1 << 20);
	unsigned char *index;
	struct digest d;
	struct err e;
	size_t i, k, n = INDEX_HEADER + 8 * MADE;
	uint64_t size;

	(void)state;
	OK(manifest_bundle(chain, tmp, 1, MADE, &e));
	remove_singles(1, MADE);
	OK(io_read_file(dir, ALL, &file, &e));
	index = (unsigned char *)file.p + file.n - n - SEAL_SIZE;
	for (k = 0; k < MADE; k++)
		for (i = 0; i <= sizeof(lies) / sizeof(lies[0]); i++) {
			size = rule_get64(index + INDEX_HEADER + 8 * k);
			assert_int_equal(size, files[k + 1].n);
			/* The last lie: one byte of the next one's, too. */
			rule_put64(index + INDEX_HEADER + 8 * k,
			    i < sizeof(lies) / sizeof(lies[0]) ? lies[i] :
			    size + 1);
			if (i == sizeof(lies) / sizeof(lies[0]))
				rule_put64(index + INDEX_HEADER +
				    8 * ((k + 1) % MADE),
				    files[(k + 1) % MADE + 1].n - 1);
			digest_of(index, n, &d);
			rule_seal(&d, index + n);
			if (is_whole(file.p, file.n))
				fail_msg("lie %zu of manifest %zu", i, k + 1);
			rule_put64(index + INDEX_HEADER + 8 * k, size);
			rule_put64(index + INDEX_HEADER + 8 * ((k + 1) % MADE),
			    files[(k + 1) % MADE + 1].n);
		}
	digest_of(index, n, &d);
	rule_seal(&d, index + n);
	assert_true(is_whole(file.p, file.n));
	buf_release(&file);
}

/* ---- what is not needed any more ---- */

static void
test_bundle_makes_single_files_needless_only_after_a_while(void **state)
{
	struct stat st;
	struct err e;

	(void)state;
	OK(manifest_tidy(chain, FAR, &e));
	OK(manifest_bundle(chain, tmp, 2, 3, &e));
	OK(manifest_bundle(chain, tmp, 2, 6, &e));
	OK(manifest_bundle(chain, tmp, 5, 8, &e));
	assert_int_equal(fstatat(dir, "00000002-00000006.jsonl.zst", &st, 0),
	    0);
	OK(manifest_tidy(chain, (int64_t)st.st_mtime - 100, &e));
	OK(manifest_tidy(chain, (int64_t)st.st_mtime - 99, &e));
	assert_true(is_single(2));
	assert_true(is_there("00000002-00000003.jsonl.zst"));
	OK(manifest_tidy(chain, (int64_t)st.st_mtime + 100, &e));
	assert_true(is_single(1));
	assert_false(is_single(2));
	assert_false(is_single(6));
	assert_false(is_single(8));
	assert_true(is_single(9));
	assert_false(is_there("00000002-00000003.jsonl.zst"));
	assert_true(is_there("00000002-00000006.jsonl.zst"));
	assert_true(is_there("00000005-00000008.jsonl.zst"));
	all_there(chain);
}

static void
set_time(const char *name, time_t t)
{
	struct timespec times[2] = { { t, 0 }, { t, 0 } };

	assert_int_equal(utimensat(dir, name, times, 0), 0);
}

static void
test_bundle_age_is_counted_to_the_second(void **state)
{
	struct err e;

	(void)state;
	OK(manifest_bundle(chain, tmp, 1, 2, &e));
	set_time("00000001-00000002.jsonl.zst", 1000);
	OK(manifest_tidy(chain, 999, &e));
	OK(manifest_tidy(chain, 1000, &e));
	assert_true(is_single(1));
	OK(manifest_tidy(chain, 1001, &e));
	assert_false(is_single(1));
	all_there(chain);
}

static void
test_what_is_not_the_same_in_a_bundle_stays(void **state)
{
	struct buf file = BUF_INIT(1 << 20);
	struct err e;

	(void)state;
	OK(manifest_bundle(chain, tmp, 1, 4, &e));
	OK(manifest_bundle(chain, tmp, 1, MADE, &e));
	OK(io_read_file(dir, ALL, &file, &e));
	/* Damage in the third of the larger one. */
	file.p[files[1].n + files[2].n + 30] ^= 1;
	put_file(ALL, file.p, file.n);
	/* The smaller one is as good a place for the first four. */
	OK(manifest_bundle(chain, tmp, 1, 4, &e));
	assert_int_equal(unlinkat(dir, "00000001-00000004.jsonl.zst", 0), 0);
	FAILS(EK_CORRUPT, manifest_tidy(chain, FAR, &e));
	assert_non_null(strstr(e.text, "00000003.jsonl.zst"));
	assert_non_null(strstr(e.text, ALL));
	assert_false(is_single(2));
	assert_true(is_single(3));
	assert_true(is_single(4));
	assert_true(is_single(9));
	all_there(chain);
	/* A bundle that can't be read makes nothing needless. */
	put_file(ALL, file.p, file.n - 1);
	FAILS(EK_CORRUPT, manifest_tidy(chain, FAR, &e));
	assert_true(is_single(3));
	buf_release(&file);
}

static void
test_handle_from_before_finds_what_another_moved_into_a_bundle(void **state)
{
	struct manifest_dir *early;
	struct manifest_reader *r;
	struct record rec;
	struct err e;
	uint64_t line, i;

	(void)state;
	OK(manifest_bundle(chain, tmp, 1, 4, &e));
	OK(manifest_tidy(chain, FAR, &e));
	OK(manifest_dir_open(dir, ".", &early, &e));
	OK(read_one(early, 2, &e));
	OK(manifest_open(early, 4, &r, &e));
	OK(manifest_bundle(chain, tmp, 1, MADE, &e));
	OK(manifest_tidy(chain, FAR, &e));
	assert_false(is_there("00000001-00000004.jsonl.zst"));
	/* Also what it has open goes on. */
	assert_int_equal(manifest_next(r, &rec, &line, &e), 1);
	manifest_close(&r);
	for (i = 1; i <= MADE; i++)
		OK(read_one(early, i, &e));
	manifest_dir_close(&early);
}

static void
test_readers_closed_half_way_leave_nothing_behind(void **state)
{
	struct manifest_reader *a, *b, *c;
	struct record rec;
	struct err e;
	uint64_t line, i;

	(void)state;
	make_manifest(BIG);
	OK(manifest_bundle(chain, tmp, 1, 5, &e));
	remove_singles(1, 5);
	for (i = 1; i <= MADE; i++) {
		OK(manifest_open(chain, BIG, &a, &e));
		assert_int_equal(manifest_next(a, &rec, &line, &e), 1);
		manifest_close(&a);
		OK(read_one(chain, i, &e));
		OK(manifest_open(chain, i, &a, &e));
		assert_int_equal(manifest_next(a, &rec, &line, &e), 1);
		OK(manifest_open(chain, MADE, &b, &e));
		manifest_close(&a);
		OK(read_one(chain, 1 + i % MADE, &e));
		OK(manifest_open(chain, i, &c, &e));
		manifest_close(&b);
		manifest_close(&c);
		OK(read_one(chain, 1 + i % MADE, &e));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(test_bundle_is_its_manifests_bytes_then_the_index_as_documented),
		T(test_bundle_decompresses_to_all_lines_with_stock_tools),
		T(test_bundle_answers_as_the_single_manifests_did),
		T(test_bundle_that_is_there_already_is_checked),
		T(test_bundle_of_what_is_damaged_or_missing_is_not_made),
		T(test_bundles_leave_no_gap_unnoticed),
		T(test_bundle_names_that_are_none_are_passed_over),
		T(test_bundles_and_single_files_are_listed_in_order),
		T(test_single_manifest_counts_before_a_bundle),
		T(test_bundle_damaged_anywhere_is_refused),
		T(test_bundle_with_an_index_that_lies_is_refused),
		T(test_bundle_makes_single_files_needless_only_after_a_while),
		T(test_bundle_age_is_counted_to_the_second),
		T(test_what_is_not_the_same_in_a_bundle_stays),
		T(test_handle_from_before_finds_what_another_moved_into_a_bundle),
		T(test_readers_closed_half_way_leave_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
