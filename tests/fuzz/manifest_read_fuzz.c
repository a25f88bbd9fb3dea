/*
 * manifest_read_fuzz.c - a manifest from anywhere is read within bounds; what was read is written and read the same.
 *
 * The first letter of the input says what follows its line: "l" lines, "f" the lines of a manifest (they are
 * compressed and sealed here), "b" the bytes of a manifest's file.
 * seconds: 3
 */
#include <zstd.h>

#include "fuzz.h"
#include "fuzz_dir.h"
#include "manifest/line.h"
#include "manifest/manifest.h"

#define TEXT_MAX_ALL	(16 * 1024 * 1024)

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

/* ---- lines ---- */

/* What a record says, written: as a line of its own, and as a note. */
static void
write_record(const struct record *rec, struct buf *text)
{
	static const struct place place = { .pack = "x", .form = BLOB_LF };
	struct buf note = BUF_INIT(MANIFEST_LINE_MAX);
	struct err e;

	MUST(manifest_text(rec, text, &e) == 0);
	MUST(text->n > 0 && text->p[text->n - 1] == '\n');
	if (rec->kind != REC_MESSAGE)
		return;
	MUST(manifest_note(&rec->u.message, &place, &note, &e) == 0);
	MUST(memchr(note.p, '\n', note.n) == note.p + note.n - 1);
	buf_release(&note);
}

static void
one_line(struct manifest_parser *p, struct fuzz_in line)
{
	struct buf first = BUF_INIT(MANIFEST_LINE_MAX);
	struct buf again = BUF_INIT(MANIFEST_LINE_MAX);
	char *exact = fuzz_copy(line.p, line.n);
	struct fuzz_in in, part;
	struct record rec;
	struct err e;

	if (manifest_parse(p, exact, line.n, &rec, &e) == 1) {
		write_record(&rec, &first);
		in = (struct fuzz_in){ first.p, first.n };
		while (fuzz_line(&in, &part)) {
			MUST(manifest_parse(p, part.p, part.n, &rec, &e) == 1);
			MUST(manifest_text(&rec, &again, &e) == 0);
		}
		MUST(fuzz_equal(&again, first.p, first.n));
	}
	free(exact);
	buf_release(&first);
	buf_release(&again);
}

/* ---- files ---- */

static void
put_file(const void *p, size_t n)
{
	char name[MANIFEST_NAME_MAX];

	fuzz_put(dir, manifest_name(name, 1), p, n);
}

/* The lines, compressed and sealed. */
static void
put_lines(const char *p, size_t n)
{
	size_t room = ZSTD_compressBound(n), size;
	unsigned char *file = xmalloc(room + SEAL_SIZE);
	struct digest d;

	size = ZSTD_compress(file, room, p, n, 1);
	MUST(!ZSTD_isError(size));
	digest_of(file, size, &d);
	rule_seal(&d, file + size);
	put_file(file, size + SEAL_SIZE);
	free(file);
}

/* Read manifest 1, and write what it says as lines.  0 it is whole, -1 it is not. */
static int
read_file(struct buf *text)
{
	struct manifest_reader *r;
	uint64_t line, before = 1, lines = 2;
	struct record rec;
	struct err e;
	int got;

	buf_clear(text);
	if (manifest_open(chain, 1, &r, &e) == -1) {
		MUST(e.kind == EK_CORRUPT || e.kind == EK_NOVAULT);
		return -1;
	}
	MUST(format_head(text, manifest_head(r), &e) == 0);
	while ((got = manifest_next(r, &rec, &line, &e)) == 1) {
		MUST(line > before);
		before = line;
		write_record(&rec, text);
		lines++;
	}
	MUST(got == 0 || e.kind == EK_CORRUPT || e.kind == EK_NOVAULT);
	MUST(format_end(text, lines, &e) == 0);
	manifest_close(&r);
	return got;
}

static void
whole_file(void)
{
	struct buf first = BUF_INIT(TEXT_MAX_ALL);
	struct buf again = BUF_INIT(TEXT_MAX_ALL);

	if (read_file(&first) == 0) {
		put_lines(first.p, first.n);
		MUST(read_file(&again) == 0);
		MUST(fuzz_equal(&again, first.p, first.n));
	}
	buf_release(&first);
	buf_release(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct fuzz_in in = fuzz_begin(data, n), line = { NULL, 0 };
	struct manifest_parser *p;

	fuzz_line(&in, &line);
	switch (line.n == 0 ? 'l' : *line.p) {
	case 'f':
		put_lines(in.p, in.n);
		whole_file();
		break;
	case 'b':
		put_file(in.p, in.n);
		whole_file();
		break;
	default:
		p = manifest_parser_new();
		while (fuzz_line(&in, &line))
			one_line(p, line);
		manifest_parser_free(&p);
	}
	return 0;
}
