/*
 * foreign_mbox_fuzz.c - whatever an mbox holds, it comes apart the same way in whatever pieces it comes, with nothing
 * that was not in it; and messages that were put together as mboxrd are what comes out.
 *
 * The input is an mbox, and messages with a line "%" between them.
 * seconds: 3
 */
#include "foreign/read.h"
#include "fuzz.h"
#include "mail/mbox.h"

#define MAX	(1024 * 1024)

struct feed {
	struct fuzz_in	 left;
	int		 how;
	char		*last;		/* own */
};

static int
fill(void *arg, const char **p, size_t *n, struct err *e)
{
	struct feed *f = arg;

	(void)e;
	free(f->last);
	f->last = NULL;
	if (f->left.n == 0)
		return 0;
	*n = fuzz_piece(f->left, f->how);
	*p = f->last = fuzz_copy(f->left.p, *n);
	f->left.p += *n;
	f->left.n -= *n;
	return 1;
}

/* All bodies, each behind its number and date; the number of messages, or -1. */
static int
take_apart(struct fuzz_in in, enum foreign_quoting quoting, int how,
    bool bodies, struct buf *out)
{
	struct feed f = { in, how, NULL };
	struct read_mbox *m = read_mbox_new((struct read_bytes){ fill, &f },
	    quoting);
	const struct sink to = fuzz_keep(out);
	struct err e = { .kind = EK_NONE };
	int64_t date;
	int n, r;

	buf_clear(out);
	for (n = 0; (r = read_mbox_next(m, &e)) == 1; n++) {
		if (!bodies)
			continue;
		buf_addf(out, "(%d %d)", n, read_mbox_date(m, &date));
		MUST(read_mbox_body(m, &to, &e) == 0);
	}
	MUST(r == 0 || (n == 0 && e.kind == EK_CORRUPT));
	free(f.last);
	read_mbox_free(&m);
	return r == 0 ? n : -1;
}

static void
any_mbox(struct fuzz_in in)
{
	struct buf first = BUF_INIT(2 * MAX), again = BUF_INIT(2 * MAX);
	enum foreign_quoting q;
	int n, how;

	for (q = FOREIGN_MBOXRD; q <= FOREIGN_UNQUOTED; q++) {
		n = take_apart(in, q, 0, true, &first);
		MUST(first.n <= in.n + 24 * (size_t)(n + 1));
		for (how = 1; how < FUZZ_WAYS; how++) {
			MUST(take_apart(in, q, how, true, &again) == n);
			MUST(fuzz_equal(&again, first.p, first.n));
		}
		MUST(take_apart(in, q, 0, false, &again) == n);
	}
	buf_release(&first);
	buf_release(&again);
}

/* The next message: lines up to one that is "%". */
static bool
next_message(struct fuzz_in *in, struct buf *out)
{
	struct fuzz_in line;

	buf_clear(out);
	if (in->n == 0)
		return false;
	while (fuzz_line(in, &line)) {
		if (line.n == 1 && line.p[0] == '%')
			break;
		buf_add(out, line.p, line.n);
		/* Only the last one may lack its newline. */
		if (in->p > line.p + line.n)
			buf_addc(out, '\n');
	}
	return true;
}

static void
messages(struct fuzz_in in)
{
	struct buf mbox = BUF_INIT(4 * MAX), want = BUF_INIT(4 * MAX);
	struct buf mail = BUF_INIT(MAX), got = BUF_INIT(4 * MAX);
	const struct sink to = fuzz_keep(&mbox);
	char from[MBOX_FROM_MAX];
	uint64_t stored;
	struct err e;
	bool added;
	int n;

	for (n = 0; next_message(&in, &mail); n++) {
		struct fuzz_body body = { { buf_text(&mail), mail.n }, 0 };
		const struct source source = fuzz_source(&body);

		buf_adds(&mbox, mbox_from_line(from, n));
		MUST(mbox_quote(BLOB_RAW, &source, &to, &stored, &added, &e) ==
		    0);
		buf_addc(&mbox, '\n');
		buf_addf(&want, "(%d 1)", n);
		buf_add(&want, buf_text(&mail), mail.n);
		if (added)
			buf_addc(&want, '\n');
	}
	MUST(take_apart((struct fuzz_in){ buf_text(&mbox), mbox.n },
	    FOREIGN_MBOXRD, 0, true, &got) == n);
	MUST(fuzz_equal(&got, want.p, want.n));
	buf_release(&mbox);
	buf_release(&want);
	buf_release(&mail);
	buf_release(&got);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct fuzz_in in = fuzz_begin(data, n);

	if (n > MAX / 4)
		return 0;
	any_mbox(in);
	messages(in);
	return 0;
}
