/*
 * manifest_bundle_fuzz.c - a bundle from anywhere is read within its bounds: what is taken for whole has all its
 * manifests where its index says, and what can be read of one is what stands in a file of its own.
 *
 * The first letter of the input says what follows its line: "b" the bytes of a bundle of manifests 1 to 3, "i" three
 * sizes of 8 bytes, the lowest first, and the bytes before the index, which is made and sealed here, "s" the same, and
 * each manifest gets the seal that its bytes should have.
 * seconds: 3
 */
#include <unistd.h>

#include "fuzz.h"
#include "fuzz_dir.h"
#include "manifest/line.h"
#include "manifest/manifest.h"

#define MEMBERS	3
#define NAME	"00000001-00000003.jsonl.zst"

static int dir = -1;
static struct manifest_dir *chain;

static void
close_chain(void)
{
	manifest_dir_close(&chain);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct err e;

	(void)argc, (void)argv;
	dir = fuzz_dir();
	MUST(manifest_dir_open(dir, ".", &chain, &e) == 0);
	atexit(close_chain);
	return 0;
}

/* The sizes say what is whose; where they do, each manifest is sealed. */
static void
seal_members(unsigned char *p, size_t n, const uint64_t sizes[MEMBERS])
{
	struct digest d;
	size_t i, at = 0;

	for (i = 0; i < MEMBERS; i++) {
		if (sizes[i] <= SEAL_SIZE || sizes[i] > n - at)
			return;
		digest_of(p + at, (size_t)sizes[i] - SEAL_SIZE, &d);
		at += (size_t)sizes[i];
		rule_seal(&d, p + at - SEAL_SIZE);
	}
}

static void
put_indexed(const char *p, size_t n, bool seal)
{
	unsigned char tail[INDEX_HEADER + 8 * MEMBERS + SEAL_SIZE];
	size_t i, index = INDEX_HEADER + 8 * MEMBERS;
	uint64_t sizes[MEMBERS];
	unsigned char *file;
	struct digest d;

	if (n < 8 * MEMBERS)
		return;
	rule_index(MEMBERS, tail);
	memcpy(tail + INDEX_HEADER, p, 8 * MEMBERS);
	for (i = 0; i < MEMBERS; i++)
		sizes[i] = rule_get64(tail + INDEX_HEADER + 8 * i);
	digest_of(tail, index, &d);
	rule_seal(&d, tail + index);
	p += 8 * MEMBERS;
	n -= 8 * MEMBERS;
	file = xmalloc(n + sizeof(tail));
	memcpy(file, p, n);
	if (seal)
		seal_members(file, n, sizes);
	memcpy(file + n, tail, sizeof(tail));
	fuzz_put(dir, NAME, file, n + sizeof(tail));
	free(file);
}

/* All lines of a manifest as they come: 0 it is whole, -1. */
static int
read_one(uint64_t commit, struct buf *text)
{
	struct manifest_reader *r;
	struct record rec;
	struct err e;
	uint64_t line;
	int got;

	buf_clear(text);
	if (manifest_open(chain, commit, &r, &e) == -1) {
		MUST(e.kind == EK_CORRUPT || e.kind == EK_NOVAULT);
		return -1;
	}
	while ((got = manifest_next(r, &rec, &line, &e)) == 1)
		MUST(manifest_text(&rec, text, &e) == 0);
	MUST(got == 0 || e.kind == EK_CORRUPT || e.kind == EK_NOVAULT);
	manifest_close(&r);
	return got;
}

/* The bytes of one in a file of its own are read the same. */
static void
compare_alone(uint64_t commit, const char *p, size_t n)
{
	struct buf in = BUF_INIT(16 * 1024 * 1024);
	struct buf alone = BUF_INIT(16 * 1024 * 1024);
	char name[MANIFEST_NAME_MAX];
	int got = read_one(commit, &in);

	fuzz_put(dir, manifest_name(name, commit), p, n);
	MUST(read_one(commit, &alone) == got);
	MUST(got == -1 || fuzz_equal(&alone, buf_text(&in), in.n));
	MUST(unlinkat(dir, name, 0) == 0);
	buf_release(&in);
	buf_release(&alone);
}

static void
look(void)
{
	struct buf file = BUF_INIT(16 * 1024 * 1024);
	size_t at = 0, tail = INDEX_HEADER + 8 * MEMBERS + SEAL_SIZE;
	struct digest d, want;
	struct err e;
	uint64_t last, i, size;
	bool whole;

	MUST(manifest_last(chain, &last, &e) == 0 && last == MEMBERS);
	MUST(io_read_file(dir, NAME, &file, &e) == 0);
	whole = manifest_check(chain, 1, MEMBERS, &e) == 0;
	MUST(whole || e.kind == EK_CORRUPT);
	for (i = 1; i <= MEMBERS; i++) {
		if (manifest_digest(chain, i, &d, &e) == -1) {
			MUST(!whole && e.kind == EK_CORRUPT);
			break;
		}
		/* An index that is damaged is done without. */
		if (!whole)
			continue;
		size = rule_get64((unsigned char *)file.p + file.n - tail +
		    INDEX_HEADER + 8 * (i - 1));
		MUST(size <= file.n - tail - at);
		digest_of(file.p + at, (size_t)size, &want);
		MUST(digest_equal(&d, &want));
		compare_alone(i, file.p + at, (size_t)size);
		at += (size_t)size;
	}
	MUST(!whole || i <= MEMBERS || at == file.n - tail);
	buf_release(&file);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct fuzz_in in = fuzz_begin(data, n), line = { NULL, 0 };
	struct err e;

	fuzz_line(&in, &line);
	/* The handle must not remember the one before. */
	manifest_dir_close(&chain);
	(void)unlinkat(dir, NAME, 0);
	if (line.n > 0 && *line.p == 'b')
		fuzz_put(dir, NAME, in.p, in.n);
	else
		put_indexed(in.p, in.n, line.n > 0 && *line.p == 's');
	MUST(manifest_dir_open(dir, ".", &chain, &e) == 0);
	if (faccessat(dir, NAME, F_OK, 0) == 0)
		look();
	return 0;
}
