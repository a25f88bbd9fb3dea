/*
 * Where responses and bodies begin and end, and the limits of both (R113, R115, R116).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "imap_feed.h"
#include "imap/cursor.h"
#include "mail/flags.h"
#include "mail/name.h"

#define KI	1024
#define MI	(1024 * 1024)

static void
feed_text(struct feed *f, const char *s)
{
	feed_bytes(f, s, strlen(s));
}

/* ${n} times the same byte, in pieces that are no power of two. */
static void
feed_fill(struct feed *f, char c, uint64_t n)
{
	static char piece[60 * KI + 7];

	memset(piece, c, sizeof(piece));
	for (; n > 0 && !f->failed; n -= n < sizeof(piece) ? n : sizeof(piece))
		feed_bytes(f, piece,
		    n < sizeof(piece) ? (size_t)n : sizeof(piece));
}

static void
assert_said(struct feed *f, const char *want)
{
	assert_string_equal(buf_text(&f->out), want);
	feed_end(f);
}

/* What is announced at the end of a line: "body", "literal", "text" or "error". */
static const char *
kind_of(const char *line, uint64_t *size)
{
	struct lex l;
	enum lex_event ev;
	const char *p = line, *piece, *what = "text";
	struct buf b = BUF_INIT(1000);
	struct err e;
	size_t n;

	lex_init(&l);
	buf_addf(&b, "%s\r\n", line);
	p = b.p;
	if (lex_push(&l, &p, p + b.n, &ev, &piece, &n, &e) == -1) {
		assert_int_equal(e.kind, EK_PROTO);
		what = "error";
	} else if (ev == LEX_BODY_BEGIN)
		what = "body";
	else if (l.segment > 0)
		what = "literal";
	*size = l.left;
	lex_release(&l);
	buf_release(&b);
	return what;
}

static void
test_lex_knows_a_body_from_a_literal_from_text(void **state)
{
	static const struct { const char *line, *want; uint64_t size; } t[] = {
		{ "* 1 FETCH (UID 7 BODY[] {3}", "body", 3 },
		{ "* 1 FETCH (BODY[] {3}", "body", 3 },
		{ "* 1 fetch (body[] {003}", "body", 3 },
		{ "* 1 FETCH (BODY[]<0> {3}", "body", 3 },
		{ "* 1 FETCH (BODY[] ~{3}", "body", 3 },
		{ "* 1 FETCH (BODY[]{3+}", "body", 3 },
		{ "*  1\tFETCH(BODY[]   {3}", "body", 3 },
		{ "* 1 FETCH ((X \"a\") BODY[] {3}", "body", 3 },
		{ "* 1 FETCH (X-BODY[] {3}", "literal", 3 },
		{ "* 1 FETCH (BODY[1] {3}", "literal", 3 },
		{ "* 1 FETCH (BODY[]<0 {3}", "literal", 3 },
		{ "* 1 FETCH (0> {3}", "literal", 3 },
		{ "* 1 FETCH (> {3}", "literal", 3 },
		{ "* 1 FETCH {3}", "literal", 3 },
		{ "* 1 FETCHES (BODY[] {3}", "literal", 3 },
		{ "* FETCH (BODY[] {3}", "literal", 3 },
		{ "* LIST () \"/\" {3}", "literal", 3 },
		{ "* LIST () \"/\" BODY[] {3}", "literal", 3 },
		{ "* {3}", "literal", 3 },
		{ "* LIST () \"/\" \"{3}\"", "text", 0 },
		{ "* LIST () \"/\" \"a {3}", "text", 0 },
		{ "* LIST () \"/\" \"a\\\" {3}", "text", 0 },
		{ "* LIST () \"/\" \"a\\\\\" {3}", "literal", 3 },
		{ "* LIST () \"/\" {}", "text", 0 },
		{ "* LIST () \"/\" {+}", "text", 0 },
		{ "* LIST () \"/\" { 3}", "text", 0 },
		{ "* LIST () \"/\" {3 }", "text", 0 },
		{ "* LIST () \"/\" {a3}", "text", 0 },
		{ "* LIST () \"/\" {3++}", "text", 0 },
		{ "* LIST () \"/\" 3}", "text", 0 },
		{ "* LIST () \"/\" {1-3}", "text", 0 },
		{ "* OK {3}", "text", 0 },
		{ "* ok {3}", "text", 0 },
		{ "* NO {3}", "text", 0 },
		{ "* BAD {3}", "text", 0 },
		{ "* BYE {3}", "text", 0 },
		{ "* PREAUTH {3}", "text", 0 },
		{ "* [X] {3}", "text", 0 },
		{ "*{3}", "literal", 3 },
		{ "*", "text", 0 },
		{ "k1 OK {3}", "text", 0 },
		{ "+ {3}", "text", 0 },
		{ "{3}", "text", 0 },
		{ "}", "text", 0 },
	};
	uint64_t size;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_string_equal(kind_of(t[i].line, &size), t[i].want);
		assert_int_equal(size, t[i].size);
	}
}

/* R115, A3: sizes near and beyond what a number can hold. */
static void
test_lex_refuses_impossible_sizes(void **state)
{
	static const struct { const char *size, *body, *other; } t[] = {
		{ "0", "body", "literal" },
		{ "1048576", "body", "literal" },
		{ "1048577", "body", "error" },
		{ "2147483648", "body", "error" },
		{ "4294967296", "body", "error" },
		{ "4611686018427387903", "body", "error" },
		{ "4611686018427387904", "error", "error" },	/* 2^62 */
		{ "9223372036854775808", "error", "error" },	/* 2^63 */
		{ "18446744073709551616", "error", "error" },	/* 2^64 */
		{ "123456789012345678901234567890", "error", "error" },
		{ "000000000000000000000000000000000000000000000000000000000000"
		    "000000000000000000000000000000000000000000000000000000001",
		    "body", "literal" },
		{ "999999999999999999999999999999999999999999999999999999999999"
		    "999999999999999999999999999999999999999999999999999999999",
		    "error", "error" },
		{ "-1", "error", "error" },
	};
	char line[300];
	uint64_t size;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(line, sizeof(line), "* 1 FETCH (BODY[] {%s}",
		    t[i].size);
		assert_string_equal(kind_of(line, &size), t[i].body);
		snprintf(line, sizeof(line), "* LIST () \"/\" {%s}",
		    t[i].size);
		assert_string_equal(kind_of(line, &size), t[i].other);
	}
}

static void
test_lex_limits_lines(void **state)
{
	static const char head[] = "* X ";
	int over;

	(void)state;
	for (over = -1; over <= 1; over++) {
		struct feed f;

		feed_start(&f);
		feed_text(&f, head);
		feed_fill(&f, 'x', (uint64_t)(LEX_LINE_MAX -
		    (int)strlen(head) + over));
		feed_text(&f, "\n* 1 EXISTS\r\n");
		/* R116: bounded, whatever comes. */
		assert_true(f.lex.line.cap <= 2 * LEX_LINE_MAX);
		assert_said(&f, over <= 0 ? "?\n1 EXISTS\n" : "error: the "
		    "server sent a response longer than 8388608 bytes\n");
	}
}

/* The size's own line end counts, and so does each literal. */
static void
test_lex_limits_literals_together_as_a_line(void **state)
{
	char announce[40], want[100];
	int over, i;

	(void)state;
	for (over = -1; over <= 1; over++) {
		struct feed f;
		uint64_t room;

		feed_start(&f);
		feed_text(&f, "* LIST () \"/\" (");
		for (i = 0; i < 7; i++) {
			feed_text(&f, " {1048576}\r\n");
			feed_fill(&f, 'x', MI);
		}
		room = LEX_LINE_MAX - f.lex.line.n;
		snprintf(announce, sizeof(announce), " {%llu}\r\n",
		    (unsigned long long)room - 12 + (unsigned long long)over);
		assert_int_equal(strlen(announce), 12);
		feed_text(&f, announce);
		feed_fill(&f, 'x', room - 12 + (uint64_t)over);
		feed_text(&f, "\r");
		snprintf(want, sizeof(want), over < 1 ? "" : "error: the "
		    "server sent a response longer than 8388608 bytes\n");
		if (over == -1)	/* the CR has room, too */
			feed_text(&f, "\n* 1 EXISTS\r\n");
		assert_said(&f, over == -1 ? "LIST bad: \n1 EXISTS\n" :
		    over == 0 ? "error: the server sent a response longer "
		    "than 8388608 bytes\n" : want);
	}
}

static void
test_lex_limits_literals_that_are_no_body(void **state)
{
	int over;

	(void)state;
	for (over = -1; over <= 1; over++) {
		char announce[64];
		struct feed f;

		feed_start(&f);
		snprintf(announce, sizeof(announce), "* 1 FETCH (X {%d}\r\n",
		    LEX_LITERAL_MAX + over);
		feed_text(&f, announce);
		feed_fill(&f, ')', (uint64_t)(LEX_LITERAL_MAX + over));
		feed_text(&f, " UID 7)\r\n");
		assert_said(&f, over <= 0 ? "FETCH 1 uid=7\n" : "error: a "
		    "literal of 1048577 bytes that is no message\n");
	}
}

/* Names of 8 KiB are taken as they are; the session says what is longer (imap_list_test). */
static void
test_lex_hands_over_long_names_whole(void **state)
{
	int over;

	(void)state;
	for (over = -1; over <= 1; over++) {
		struct feed f;

		feed_start(&f);
		feed_text(&f, "* LIST () \"/\" \"");
		feed_fill(&f, 'n', (uint64_t)(NAME_MAX_WIRE + over));
		feed_text(&f, "\"\r\n");
		assert_non_null(f.resp.name);
		assert_int_equal(strlen(f.resp.name), NAME_MAX_WIRE + over);
		feed_end(&f);
	}
}

/* R115: 5 GiB go by in pieces of the input, and nothing is kept. */
static void
test_lex_streams_bodies_of_any_size(void **state)
{
	static char piece[MI];
	const uint64_t size = 5ull << 30;
	const char *p, *q = NULL;
	enum lex_event ev = LEX_MORE;
	uint64_t seen = 0;
	struct lex l;
	struct err e;
	size_t n = 0;

	(void)state;
	lex_init(&l);
	p = "* 1 FETCH (UID 7 BODY[] {5368709120}\r\n";
	assert_int_equal(lex_push(&l, &p, p + strlen(p), &ev, &q, &n, &e), 0);
	assert_int_equal(ev, LEX_BODY_BEGIN);
	assert_true(l.body_size == size);
	while (seen < size) {
		p = piece;
		assert_int_equal(lex_push(&l, &p, piece + sizeof(piece), &ev,
		    &q, &n, &e), 0);
		assert_int_equal(ev, LEX_BODY);
		assert_ptr_equal(q, piece);
		seen += n;
	}
	assert_true(seen == size);
	assert_true(l.line.cap < 4 * KI);
	p = ")\r\n";
	assert_int_equal(lex_push(&l, &p, p + 3, &ev, &q, &n, &e), 0);
	assert_int_equal(ev, LEX_BODY_END);
	assert_int_equal(lex_push(&l, &p, p + 3, &ev, &q, &n, &e), 0);
	assert_int_equal(ev, LEX_RESPONSE);
	lex_release(&l);
}

/* The session drops what a second one brings, and says so. */
static void
test_lex_counts_the_bodies_of_a_response(void **state)
{
	struct feed f;

	(void)state;
	feed_start(&f);
	feed_text(&f, "* 1 FETCH (BODY[] {2}\r\nab BODY[] {3}\r\ncde UID 7)\r\n");
	assert_int_equal(f.lex.bodies, 2);
	assert_int_equal(f.lex.body_size, 2);
	assert_true(f.resp.bad);
	feed_text(&f, "* 2 FETCH (BODY[] {1}\r\nx UID 8)\r\n");
	assert_int_equal(f.lex.bodies, 1);
	assert_int_equal(f.resp.meta.uid, 8);
	assert_int_equal(f.resp.body_size, 1);
	feed_end(&f);
}

/* R116: what would take a recursive parser's stack, or a quadratic one's time. */
static void
test_lex_and_response_bear_a_million_parentheses(void **state)
{
	static const char *const heads[] = { "* 1 FETCH ", "* 1 FETCH (X ",
	    "* LIST ", "* LIST () \"/\" x ", "* STATUS x (Y ", "* SEARCH ",
	    "* ESEARCH ", "* NAMESPACE ", "* QUOTA x ", "* ID ",
	    "* VANISHED ", "* 1 FETCH (X-GM-LABELS ", "* 1 FETCH (FLAGS " };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct feed f;

		feed_start(&f);
		feed_text(&f, heads[i]);
		feed_fill(&f, '(', 1000000);
		feed_fill(&f, ')', 1000000);
		feed_text(&f, "\r\n* 1 EXISTS\r\n");
		assert_false(f.failed);
		assert_int_equal(f.resp.kind, RESP_EXISTS);
		feed_end(&f);
	}
}

/* A million UIDs, in the worst order there is. */
static void
test_response_sorts_uids_of_any_order(void **state)
{
	struct buf in = BUF_INIT(LEX_LINE_MAX);
	struct response r;
	uint32_t i;

	(void)state;
	buf_adds(&in, "* SEARCH");
	for (i = 0; i < 1000000; i++)
		buf_addf(&in, " %u", 2000000 - 2 * i);
	response_init(&r);
	response_parse(&r, in.p, in.n, SIZE_MAX, 0);
	assert_false(r.bad);
	assert_int_equal(uidset_count(&r.uids), 1000000);
	assert_int_equal(uidset_min(&r.uids), 2);
	assert_int_equal(uidset_max(&r.uids), 2000000);
	response_release(&r);
	buf_release(&in);
}

/* More UIDs than fit a line, as they come from the wire in pieces: in parts, of which none is lost or cut. */
static void
test_lex_hands_out_a_long_search_in_parts(void **state)
{
	/* Of 8: each ends behind a blank. */
	static const size_t pieces[] = { 1, 7, 8, 4096, 256 * KI };
	struct uidset want = UIDSET_INIT;
	size_t i, k, from;

	(void)state;
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		uint32_t count = i < 3 ? 300000 : 1200000;
		struct buf in = BUF_INIT(64 * MI);
		struct uidset got = UIDSET_INIT;
		struct lex l;
		struct response r;

		lex_init(&l);
		response_init(&r);
		uidset_clear(&want);
		buf_adds(&in, "* search ");
		for (k = 0; k < count; k++) {
			buf_addf(&in, "%zu ", 2 * k + 999998);
			uidset_add(&want, (uint32_t)(2 * k + 999998));
		}
		buf_adds(&in, "(MODSEQ 917162500)\r\n* 1 EXISTS\r\n");
		for (from = 0; from < in.n; from += pieces[i]) {
			size_t n = in.n - from < pieces[i] ? in.n - from :
			    pieces[i], m;
			const char *p = in.p + from, *end = p + n, *q;
			enum lex_event ev = LEX_RESPONSE;
			struct err e;

			while (ev != LEX_MORE) {
				assert_int_equal(lex_push(&l, &p, end, &ev,
				    &q, &m, &e), 0);
				assert_true(l.line.cap <= 2 * MI + 2);
				if (ev != LEX_RESPONSE)
					continue;
				response_parse(&r, l.line.p, l.line.n,
				    SIZE_MAX, 0);
				assert_false(r.bad);
				uidset_add_set(&got, &r.uids);
			}
		}
		assert_int_equal(r.kind, RESP_EXISTS);
		assert_int_equal(got.n, want.n);
		assert_int_equal(memcmp(got.r, want.r, got.n *
		    sizeof(*got.r)), 0);
		uidset_release(&got);
		response_release(&r);
		lex_release(&l);
		buf_release(&in);
	}
	uidset_release(&want);
}

/* RFC 7162: the number in "(MODSEQ 917162500)" is no UID, wherever the line is cut. */
static void
test_lex_takes_no_modseq_for_a_uid(void **state)
{
	static const char *const ends[] = { "", "(", "(MODSEQ", "(MODSEQ ", "(MODSEQ 9171" };
	static const char all[] = "(MODSEQ 917162500)\r\n";
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char piece[32];
		struct feed f;

		feed_start(&f);
		feed_text(&f, "* SEARCH 5 6");
		feed_fill(&f, ' ', LEX_PART);
		snprintf(piece, sizeof(piece), "8 %s", ends[i]);
		feed_text(&f, piece);
		feed_text(&f, all + strlen(ends[i]));
		assert_said(&f, i == 0 ? "SEARCH 5:6,8\nSEARCH \n" :
		    "SEARCH 5:6,8\n");
	}
}

/* What is no number has the limit of a line. */
static void
test_lex_takes_no_other_line_apart(void **state)
{
	static const char *const lines[] = { "* SEARCHX 1 ", "* SEARCH (", "* SEARCH {5}\r\n 1 2 ", "* SEARCH x" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct feed f;

		feed_start(&f);
		feed_text(&f, lines[i]);
		feed_fill(&f, i == 0 || i == 2 ? '1' : 'x', 9 * MI);
		assert_said(&f, "error: the server sent a response longer "
		    "than 8388608 bytes\n");
	}
}

static void
test_cursor_skips_64_deep_and_no_deeper(void **state)
{
	int depth;

	(void)state;
	for (depth = CURSOR_DEPTH - 1; depth <= CURSOR_DEPTH + 1; depth++) {
		struct feed f;

		feed_start(&f);
		feed_text(&f, "* 1 FETCH (X ");
		feed_fill(&f, '(', (uint64_t)depth);
		feed_fill(&f, ')', (uint64_t)depth);
		feed_text(&f, " UID 7)\r\n");
		assert_said(&f, depth <= CURSOR_DEPTH ? "FETCH 1 uid=7\n" :
		    "FETCH 1 bad: its items can't be read\n");
		/* Domino's parentheses around items. */
		feed_start(&f);
		feed_text(&f, "* 1 FETCH ");
		feed_fill(&f, '(', (uint64_t)depth);
		feed_text(&f, "UID 7");
		feed_fill(&f, ')', (uint64_t)depth);
		feed_text(&f, "\r\n");
		assert_said(&f, depth <= CURSOR_DEPTH ? "FETCH 1 uid=7\n" :
		    "FETCH 1 bad: its items can't be read\n");
	}
}

/* R113: keywords of a message: 1,024, or 64 KiB of them. */
static void
test_response_limits_the_flags_of_a_message(void **state)
{
	int n;

	(void)state;
	for (n = FLAGS_MAX_COUNT - 1; n <= FLAGS_MAX_COUNT + 1; n++) {
		struct feed f;
		int i;

		feed_start(&f);
		feed_text(&f, "* 1 FETCH (UID 7 FLAGS (");
		for (i = 0; i < n; i++) {
			char flag[16];

			snprintf(flag, sizeof(flag), "k%d ", i);
			feed_text(&f, flag);
		}
		feed_text(&f, "))\r\n");
		assert_int_equal(f.resp.bad, n > FLAGS_MAX_COUNT);
		assert_int_equal(f.resp.meta.uid, 7);
		feed_end(&f);
	}
	for (n = FLAGS_MAX_TEXT - 1; n <= FLAGS_MAX_TEXT + 1; n++) {
		struct feed f;

		feed_start(&f);
		feed_text(&f, "* 1 FETCH (UID 7 FLAGS (");
		feed_fill(&f, 'k', (uint64_t)n);
		feed_text(&f, "))\r\n");
		assert_int_equal(f.resp.bad, n > FLAGS_MAX_TEXT);
		feed_end(&f);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lex_knows_a_body_from_a_literal_from_text),
		cmocka_unit_test(test_lex_refuses_impossible_sizes),
		cmocka_unit_test(test_lex_limits_lines),
		cmocka_unit_test(test_lex_limits_literals_together_as_a_line),
		cmocka_unit_test(test_lex_limits_literals_that_are_no_body),
		cmocka_unit_test(test_lex_hands_over_long_names_whole),
		cmocka_unit_test(test_lex_streams_bodies_of_any_size),
		cmocka_unit_test(test_lex_counts_the_bodies_of_a_response),
		cmocka_unit_test(test_lex_and_response_bear_a_million_parentheses),
		cmocka_unit_test(test_response_sorts_uids_of_any_order),
		cmocka_unit_test(test_lex_hands_out_a_long_search_in_parts),
		cmocka_unit_test(test_lex_takes_no_modseq_for_a_uid),
		cmocka_unit_test(test_lex_takes_no_other_line_apart),
		cmocka_unit_test(test_cursor_skips_64_deep_and_no_deeper),
		cmocka_unit_test(test_response_limits_the_flags_of_a_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
