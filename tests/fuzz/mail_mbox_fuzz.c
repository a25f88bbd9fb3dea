/*
 * mail_mbox_fuzz.c - mboxrd keeps every byte of every message, both ways, in whatever pieces it comes.
 *
 * The input is a message, and a stored form.
 * seconds: 3
 */
#include "fuzz.h"
#include "mail/mbox.h"

#define MAX	(1024 * 1024)

static const enum blob_form forms[] = { BLOB_LF, BLOB_RAW };

static enum blob_form
form_of(struct fuzz_in in, int how)
{
	struct mbox_probe probe;

	mbox_probe_start(&probe);
	while (in.n > 0) {
		size_t n = fuzz_piece(in, how);
		char *piece = fuzz_copy(in.p, n);

		mbox_probe_feed(&probe, piece, n);
		free(piece);
		in.p += n;
		in.n -= n;
	}
	return mbox_probe_form(&probe);
}

/* As RFC 5322 has it: CRLF ends every line, and nothing else does. */
static bool
is_plain(struct fuzz_in in)
{
	size_t i;

	for (i = 0; i < in.n; i++)
		if (in.p[i] == '\0' ||
		    (in.p[i] == '\n' && (i == 0 || in.p[i - 1] != '\r')) ||
		    (in.p[i] == '\r' && (i + 1 == in.n || in.p[i + 1] != '\n')))
			return false;
	return true;
}

static int
quote(struct fuzz_in in, enum blob_form form, int how, struct buf *out,
    bool *added)
{
	struct fuzz_body body = { in, how };
	const struct source from = fuzz_source(&body);
	const struct sink to = fuzz_keep(out);
	uint64_t stored = 0;
	struct err e;

	buf_clear(out);
	*added = false;
	if (mbox_quote(form, &from, &to, &stored, added, &e) == -1) {
		MUST(e.kind == EK_FAIL);
		return -1;
	}
	MUST(stored == out->n);
	return 0;
}

static int
unquote(struct fuzz_in in, enum blob_form form, bool added, int how,
    struct buf *out)
{
	struct fuzz_body body = { in, how };
	const struct source from = fuzz_source(&body);
	struct mbox_unquote u;
	struct sink to;
	struct err e;

	buf_clear(out);
	mbox_unquote_start(&u, form, added, fuzz_keep(out));
	to = mbox_unquote_sink(&u);
	if (source_pour(&from, &to, &e) == -1 ||
	    mbox_unquote_end(&u, &e) == -1) {
		MUST(e.kind == EK_CORRUPT);
		return -1;
	}
	return 0;
}

/* It ends with a newline, and no reader takes a line of it for the beginning of another message. */
static void
check_stored(const struct buf *b)
{
	struct fuzz_in in = { b->p, b->n }, line;

	MUST(b->n == 0 || b->p[b->n - 1] == '\n');
	while (fuzz_line(&in, &line))
		MUST(line.n < 5 || memcmp(line.p, "From ", 5) != 0);
}

static void
there_and_back(struct fuzz_in in, enum blob_form form)
{
	struct buf first = BUF_INIT(MAX), stored = BUF_INIT(MAX);
	struct buf back = BUF_INIT(MAX);
	bool added, again;
	int how;

	if (quote(in, form, 0, &first, &added) == -1) {
		MUST(form == BLOB_LF && !is_plain(in));
	} else {
		MUST(form == BLOB_RAW || is_plain(in));
		MUST(added == (in.n > 0 && in.p[in.n - 1] != '\n'));
		check_stored(&first);
	}
	for (how = 1; how < FUZZ_WAYS && first.n > 0; how++) {
		MUST(quote(in, form, how, &stored, &again) == 0);
		MUST(added == again);
		MUST(fuzz_equal(&stored, first.p, first.n));
	}
	for (how = 0; how < FUZZ_WAYS && first.n > 0; how++) {
		struct fuzz_in whole = { first.p, first.n };

		MUST(unquote(whole, form, added, how, &back) == 0);
		MUST(fuzz_equal(&back, in.p, in.n));
	}
	buf_release(&first);
	buf_release(&stored);
	buf_release(&back);
}

/* What comes out of a stored form is stored as just that. */
static void
back_and_there(struct fuzz_in in, enum blob_form form, bool added)
{
	struct buf body = BUF_INIT(MAX), again = BUF_INIT(MAX);
	bool readable = unquote(in, form, added, 0, &body) == 0, newline;
	struct fuzz_in message = { body.p, body.n };
	int how;

	for (how = 1; how < FUZZ_WAYS; how++)
		MUST((unquote(in, form, added, how, &again) == 0) == readable);
	if (readable) {
		MUST(fuzz_equal(&again, body.p, body.n));
		MUST(quote(message, form, 0, &again, &newline) == 0);
		MUST(newline == added);
		MUST(fuzz_equal(&again, in.p, in.n));
	}
	buf_release(&body);
	buf_release(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct fuzz_in in = fuzz_begin(data, n);
	size_t i;
	int how;

	for (how = 0; how < FUZZ_WAYS; how++)
		MUST(form_of(in, how) == (is_plain(in) ? BLOB_LF : BLOB_RAW));
	for (i = 0; i < 2; i++) {
		there_and_back(in, forms[i]);
		back_and_there(in, forms[i], false);
		back_and_there(in, forms[i], true);
	}
	return 0;
}
