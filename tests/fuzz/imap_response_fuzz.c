/*
 * imap_response_fuzz.c - whatever a server sends is understood the same, and within bounds, in any pieces.
 *
 * The input is what the server sends.
 * seconds: 3
 */
#include "fuzz.h"
#include "mail/flags.h"
#include "tests/unit/imap_feed.h"

static void
check_canonical(const char *flags)
{
	struct buf again = BUF_INIT(FLAGS_MAX_TEXT);

	MUST(flags_canon(flags, strlen(flags), &again) == 0);
	MUST(strcmp(buf_text(&again), flags) == 0);
	buf_release(&again);
}

static void
check_response(const struct response *r, const struct lex *l)
{
	size_t i;

	for (i = 0; i < r->uids.n; i++) {
		MUST(r->uids.r[i].first <= r->uids.r[i].last);
		MUST(i == 0 ? r->uids.r[0].first > 0 :
		    r->uids.r[i].first > r->uids.r[i - 1].last);
	}
	if (r->bad)
		return;
	if (r->kind == RESP_LIST || r->kind == RESP_LSUB)
		check_canonical(buf_text(&r->list));
	if (r->kind != RESP_FETCH)
		return;
	if (r->meta.flags != NULL)
		check_canonical(r->meta.flags);
	MUST(r->meta.internaldate == NULL ||
	    strlen(r->meta.internaldate) <= DATE_MAX_RAW);
	MUST(!r->meta.has_date || r->meta.internaldate != NULL);
	if (r->body == BODY_GIVEN && r->body_text == NULL)
		MUST(l->bodies > 0 && r->body_size == l->body_size);
}

/* A whole response, from memory of exactly its size. */
static void
take_response(struct feed *f)
{
	struct buf *line = &f->lex.line;
	char *exact = xmemdup0(buf_text(line), line->n);

	MUST(line->n <= LEX_LINE_MAX);
	MUST(f->lex.body_at == SIZE_MAX || f->lex.body_at <= line->n);
	response_parse(&f->resp, exact, line->n, f->lex.body_at,
	    f->lex.body_size);
	check_response(&f->resp, &f->lex);
	feed_response(&f->resp, &f->out);
	free(exact);
}

/* Some bytes of the server; ${left} are still to come of the body that streams. */
static void
take_bytes(struct feed *f, const char *p, size_t n, uint64_t *left)
{
	char *exact = fuzz_copy(p, n);
	const char *at = exact, *piece = NULL;
	enum lex_event ev = LEX_RESPONSE;
	size_t len = 0;
	struct err e;

	while (!f->failed && (at < exact + n || ev != LEX_MORE)) {
		if (lex_push(&f->lex, &at, exact + n, &ev, &piece, &len,
		    &e) == -1) {
			MUST(e.kind == EK_PROTO);
			buf_addf(&f->out, "error: %s\n", e.text);
			f->failed = true;
			break;
		}
		switch (ev) {
		case LEX_MORE:
			MUST(at == exact + n);
			break;
		case LEX_BODY_BEGIN:
			*left = f->lex.left;
			buf_addf(&f->out, "{%" PRIu64 "}", *left);
			break;
		case LEX_BODY:
			MUST(len <= *left);
			*left -= len;
			buf_add(&f->out, piece, len);
			break;
		case LEX_BODY_END:
			MUST(*left == 0);
			buf_addc(&f->out, '\n');
			break;
		case LEX_RESPONSE:
			take_response(f);
			break;
		}
	}
	free(exact);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf first = BUF_INIT(FEED_TEXT);
	int how;

	for (how = 0; how < FUZZ_WAYS; how++) {
		struct fuzz_in in = fuzz_begin(data, n);
		uint64_t left = 0;
		struct feed f;

		feed_start(&f);
		while (in.n > 0) {
			size_t len = fuzz_piece(in, how);

			take_bytes(&f, in.p, len, &left);
			in.p += len;
			in.n -= len;
		}
		if (how == 0)
			buf_add(&first, f.out.p, f.out.n);
		MUST(fuzz_equal(&first, f.out.p, f.out.n));
		feed_end(&f);
	}
	buf_release(&first);
	return 0;
}
