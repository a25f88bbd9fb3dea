/*
 * pack_read_fuzz.c - a message comes out of a pack as it went in, or not at all, whatever file and manifest say.
 *
 * The first letter of the input says what the rest is, numbers behind it what a manifest would say:
 *
 *	b FRAME-OFFSET FRAME-SIZE FRAME-RAW OFFSET STORED SIZE FORM NEWLINE
 *		the bytes of a pack
 *	z OFFSET STORED SIZE FORM NEWLINE REPEAT
 *		what a frame holds, again and again up to REPEAT bytes (99999: too large to be held); compressed here
 *	t MTIME, m MTIME
 *		messages, between lines "|", for a tar or mbox pack that is written here
 *
 * FORM is 0 plain, 1 lf, 2 raw.
 * seconds: 3
 */
#include <zstd.h>

#include "fuzz.h"
#include "fuzz_dir.h"
#include "mail/mbox.h"
#include "pack/pack.h"

#define NAME		"00000001-1-00c0ffee.zst"
#define MESSAGES	16
#define ALL_MAX		(64 * 1024 * 1024)
#define SMALL		(16 * 1024)
/* A number that no mutation meets often, as it is slow. */
#define LARGE		99999

static int dir = -1, tmp = -1;

/* No disk has to keep what is written here. */
int
fsync(int fd)
{
	(void)fd;
	return 0;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct err e;

	(void)argc, (void)argv;
	dir = fuzz_dir();
	MUST(io_make_dir(dir, "tmp", &e) == 1);
	tmp = io_open_dir(dir, "tmp", &e);
	MUST(tmp != -1);
	return 0;
}

static enum blob_form
form_of(uint64_t n)
{
	return n % 3 == 0 ? BLOB_PLAIN : n % 3 == 1 ? BLOB_LF : BLOB_RAW;
}

/* Read one message; ${out} has no more than its size. */
static int
take(struct pack_reader *r, const struct place *place, const struct frame *f,
    uint64_t size, struct buf *out)
{
	const struct sink to = fuzz_keep(out);
	struct err e;

	buf_clear(out);
	if (pack_read(r, place, f, size, &to, &e) == -1) {
		MUST(e.kind == EK_CORRUPT);
		MUST(out->n <= size);
		return -1;
	}
	MUST(out->n == size);
	return 0;
}

/* ---- b ---- */

static void
any_bytes(struct fuzz_in numbers, struct fuzz_in file)
{
	struct buf out = BUF_INIT(ALL_MAX), again = BUF_INIT(ALL_MAX);
	struct pack_reader *r = pack_reader_new(dir);
	struct place place = { .pack = NAME };
	struct frame f;
	uint64_t size;
	int got;

	f.offset = fuzz_number(&numbers);
	f.size = fuzz_number(&numbers);
	f.raw = fuzz_number(&numbers);
	place.offset = fuzz_number(&numbers);
	place.stored = fuzz_number(&numbers);
	size = fuzz_number(&numbers);
	place.form = form_of(fuzz_number(&numbers));
	place.newline_added = fuzz_number(&numbers) % 2 == 1;
	fuzz_put(dir, NAME, file.p, file.n);
	got = take(r, &place, &f, size, &out);
	/* Out of the frame that is kept it is the same. */
	MUST(take(r, &place, &f, size, &again) == got);
	if (got == 0)
		MUST(fuzz_equal(&again, out.p, out.n));
	pack_reader_free(&r);
	buf_release(&out);
	buf_release(&again);
}

/* ---- z ---- */

/* What the message at ${place} is, by mail/mbox.h alone: 0, or -1 none. */
static int
expected(const struct place *place, const char *p, struct buf *want)
{
	struct mbox_unquote u;
	struct sink to;
	struct err e;

	if (place->form == BLOB_PLAIN)
		return buf_add(want, p, (size_t)place->stored);
	mbox_unquote_start(&u, place->form, place->newline_added,
	    fuzz_keep(want));
	to = mbox_unquote_sink(&u);
	if (sink_write(&to, p, (size_t)place->stored, &e) == -1)
		return -1;
	return mbox_unquote_end(&u, &e);
}

static void
put_frame(const struct buf *content, struct frame *f)
{
	size_t room = ZSTD_compressBound(content->n), n;
	char *file = xmalloc(room + 8);
	ZSTD_CCtx *zstd = ZSTD_createCCtx();

	memcpy(file, "before..", 8);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, 1);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
	n = ZSTD_compress2(zstd, file + 8, room, content->p, content->n);
	MUST(!ZSTD_isError(n));
	ZSTD_freeCCtx(zstd);
	*f = (struct frame){ 8, n, content->n };
	fuzz_put(dir, NAME, file, n + 8);
	free(file);
}

static void
any_content(struct fuzz_in numbers, struct fuzz_in in)
{
	struct buf content = BUF_INIT(ALL_MAX), out = BUF_INIT(ALL_MAX);
	struct buf want = BUF_INIT(ALL_MAX);
	struct pack_reader *r = pack_reader_new(dir);
	struct place place = { .pack = NAME };
	uint64_t size, repeat;
	struct frame f;
	bool good;

	place.offset = fuzz_number(&numbers);
	place.stored = fuzz_number(&numbers);
	size = fuzz_number(&numbers);
	place.form = form_of(fuzz_number(&numbers));
	place.newline_added = fuzz_number(&numbers) % 2 == 1;
	repeat = fuzz_number(&numbers);
	do
		buf_add(&content, in.p, in.n);
	while (in.n > 0 && content.n <=
	    (repeat == LARGE ? PACK_FRAME_KEEP : repeat % SMALL));
	put_frame(&content, &f);
	good = place.offset <= content.n &&
	    place.stored <= content.n - place.offset &&
	    expected(&place, content.p + place.offset, &want) == 0 &&
	    want.n == size;
	MUST((take(r, &place, &f, size, &out) == 0) == good);
	if (good)
		MUST(fuzz_equal(&out, want.p, want.n));
	pack_reader_free(&r);
	buf_release(&content);
	buf_release(&out);
	buf_release(&want);
}

/* ---- t and m ---- */

struct message {
	struct fuzz_in	 body;
	struct place	 place;
};

static size_t
cut_messages(struct fuzz_in in, struct message m[MESSAGES])
{
	struct fuzz_in line, left = in;
	size_t n = 0;

	for (m[0].body = (struct fuzz_in){ in.p, 0 };
	    fuzz_line(&left, &line);) {
		if (line.n == 1 && *line.p == '|') {
			if (n + 1 == MESSAGES)
				break;
			m[++n].body = (struct fuzz_in){ left.p, 0 };
		} else
			m[n].body.n = (size_t)(left.p - m[n].body.p);
	}
	return n + 1;
}

static void
add_message(struct pack_writer *w, enum container c, struct message *m,
    size_t number, int64_t mtime)
{
	struct fuzz_body body = { m->body, (int)(number % FUZZ_WAYS) };
	const struct source from = fuzz_source(&body);
	struct pack_entry entry = { NULL, mtime, m->body.n, BLOB_PLAIN };
	char *member = xasprintf("INBOX/1.%zu.beef.eml", number);
	struct mbox_probe probe;
	struct err e;

	entry.member = member;
	if (c == CONTAINER_MBOX) {
		mbox_probe_start(&probe);
		mbox_probe_feed(&probe, m->body.p, m->body.n);
		entry.form = mbox_probe_form(&probe);
	}
	MUST(pack_add(w, &entry, &from, &m->place, &e) == 0);
	MUST(pack_note(w, member, strlen(member), &e) == 0);
	MUST(pack_note(w, "\n", 1, &e) == 0);
	m->place.pack = NAME;
	free(member);
}

static uint32_t
le32(const char *p)
{
	uint32_t v = 0;
	int i;

	for (i = 3; i >= 0; i--)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

/* The notes, as the format's description has them: zstd frames inside skippable ones. */
static void
check_tail(const char *p, size_t n, size_t messages)
{
	char text[MESSAGES * 32];
	size_t len, lines = 0, i;
	uint32_t size;

	for (; n > 0; p += 8 + size, n -= 8 + size) {
		MUST(n > 8 && le32(p) == 0x184D2A50);
		size = le32(p + 4);
		MUST(size <= n - 8);
		len = ZSTD_decompress(text, sizeof(text), p + 8, size);
		MUST(!ZSTD_isError(len) && len > 0 && text[len - 1] == '\n');
		for (i = 0; i < len; i++)
			lines += text[i] == '\n';
	}
	MUST(lines == messages);
}

/* The whole file by zstd alone: frames as recorded, then notes. */
static void
check_file(const struct rec_pack *info, const struct rec_frames *frames,
    size_t messages)
{
	struct buf file = BUF_INIT(ALL_MAX);
	uint64_t at = 0, raw = 0;
	struct digest d;
	struct err e;
	size_t i;

	MUST(io_read_file(dir, NAME, &file, &e) == 0);
	digest_of(file.p, file.n, &d);
	MUST(file.n == info->size && digest_equal(&d, &info->sha256));
	MUST(frames->n == info->frames && frames->n > 0);
	for (i = 0; i < frames->n; i++) {
		MUST(frames->frames[i].offset == at);
		at += frames->frames[i].size;
		raw += frames->frames[i].raw;
	}
	MUST(at + info->tail == file.n && raw == info->raw);
	MUST(info->container == CONTAINER_MBOX || raw % 512 == 0);
	check_tail(file.p + at, (size_t)info->tail, messages);
	buf_release(&file);
}

static void
there_and_back(enum container c, struct fuzz_in numbers, struct fuzz_in in)
{
	static struct frame table[MESSAGES + 1];
	struct message m[MESSAGES];
	struct buf out = BUF_INIT(ALL_MAX);
	int64_t mtime = (int64_t)fuzz_number(&numbers);
	size_t n = cut_messages(in, m), i;
	struct pack_reader *r;
	struct pack_writer *w;
	struct rec_frames frames;
	struct rec_pack info;
	struct err e;

	(void)unlinkat(dir, NAME, 0);
	MUST(pack_create(tmp, NAME, c, &w, &e) == 0);
	for (i = 0; i < n; i++)
		add_message(w, c, &m[i], i, mtime);
	MUST(pack_seal(w, &info, &frames, &e) == 0);
	MUST(frames.n <= MESSAGES + 1);
	memcpy(table, frames.frames, frames.n * sizeof(table[0]));
	frames.frames = table;
	MUST(pack_publish(&w, dir, &e) == 0);
	check_file(&info, &frames, n);
	r = pack_reader_new(dir);
	for (i = n; i-- > 0;) {
		MUST(take(r, &m[i].place, &table[m[i].place.frame],
		    m[i].body.n, &out) == 0);
		MUST(fuzz_equal(&out, m[i].body.p, m[i].body.n));
	}
	pack_reader_free(&r);
	buf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct fuzz_in in = fuzz_begin(data, n), line = { NULL, 0 };

	fuzz_line(&in, &line);
	if (line.n == 0)
		return 0;
	switch (*line.p) {
	case 't': there_and_back(CONTAINER_TAR, line, in); break;
	case 'm': there_and_back(CONTAINER_MBOX, line, in); break;
	case 'z': any_content(line, in); break;
	default: any_bytes(line, in); break;
	}
	return 0;
}
