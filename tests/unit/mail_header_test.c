/*
 * The header scan: the same fields whether a message comes whole or byte by byte, and never more than the bound.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "mail/header.h"

#define IN(s)	s, sizeof(s) - 1

static const struct {
	const char *in;
	size_t n;
	const char *from, *to, *subject, *date, *id;
} table[] = {
	{ IN(""), "", "", "", "", "" },
	{ IN("\r\nSubject: body\r\n"), "", "", "", "", "" },
	{ IN("\nSubject: body\n"), "", "", "", "", "" },
	{ IN("\r\r\nSubject: body\n"), "", "", "", "", "" },
	{ IN("From: a@b\r\nTo: c@d\r\nSubject: Hi\r\nDate: now\r\n"
	    "Message-ID: <1@x>\r\n\r\nSubject: no\r\n"),
	    "a@b", "c@d", "Hi", "now", "<1@x>" },
	{ IN("From: a@b\nTo: c@d\nSubject: Hi\nDate: now\nMessage-Id: <1>\n"),
	    "a@b", "c@d", "Hi", "now", "<1>" },
	{ IN("SUBJECT: a\r\nfrom: b\r\nMESSAGE-id:c\r\n\r\n"),
	    "b", "", "a", "", "c" },
	{ IN("Subject: no end"), "", "", "no end", "", "" },
	{ IN("Subject: no end\r"), "", "", "no end", "", "" },
	{ IN("Subject"), "", "", "", "", "" },
	{ IN("Subject:"), "", "", "", "", "" },
	{ IN("Subject:\r\n\r\n"), "", "", "", "", "" },
	{ IN("Subject: \t\r\n\r\n"), "", "", "", "", "" },
	{ IN("Subject: a\r\n b\r\n\tc\r\n\r\n"), "", "", "a b\tc", "", "" },
	{ IN("Subject:\r\n  a\r\n\r\n"), "", "", "a", "", "" },
	{ IN("Subject: a\r\n \r\n b\r\n\r\n"), "", "", "a  b", "", "" },
	{ IN("Subject: a \r\n \r\n\r\n"), "", "", "a", "", "" },
	{ IN("Subject: a\r\r\n b\r\r\n\r\n"), "", "", "a b", "", "" },
	{ IN("Subject: a\rb\r\n\r\n"), "", "", "a\rb", "", "" },
	{ IN("Subject: a\r\n\rTo: b\r\nTo: c\r\n\r\n"),
	    "", "c", "a", "", "" },
	{ IN("Subject: a\r\n\rx\r\n b\r\n\r\n"), "", "", "a", "", "" },
	{ IN("Subject: 1\r\nSubject: 2\r\n\r\n"), "", "", "1", "", "" },
	{ IN("Subject:\r\nSubject: 2\r\n 3\r\n\r\n"), "", "", "2 3", "", "" },
	{ IN("Subject: 1\r\nSubject: 2\r\n 3\r\nTo: x\r\n\r\n"),
	    "", "x", "1", "", "" },
	{ IN("Subject : a\r\nFrom\t : b\r\n\r\n"), "b", "", "a", "", "" },
	{ IN("Subject x: a\r\nSub ject: b\r\n\r\n"), "", "", "", "", "" },
	{ IN("Subjec: a\r\nSubjects: b\r\nX-Subject: c\r\n\r\n"),
	    "", "", "", "", "" },
	{ IN("Subject\r\nTo: b\r\n\r\n"), "", "b", "", "", "" },
	{ IN(" Subject: a\r\n\tTo: b\r\nTo: c\r\n\r\n"),
	    "", "c", "", "", "" },
	{ IN("X: y\r\n Subject: a\r\nTo: c\r\n\r\n"), "", "c", "", "", "" },
	{ IN("From someone@x Mon Jan  1 00:00:00 2001\nFrom: a\n\n"),
	    "a", "", "", "", "" },
	{ IN(">From someone@x\nFrom: a\n\n"), "a", "", "", "", "" },
	{ IN("From: caf\xe9 \xc3\xa9\r\n\r\n"), "caf\xe9 \xc3\xa9", "", "", "",
	    "" },
	{ IN("Subject: a\0b\0\r\nT\0o: x\r\n\0To: z\r\nTo: y\r\n\r\n"),
	    "", "y", "ab", "", "" },
	{ IN("Subject: \0 a\r\n\r\n"), "", "", "a", "", "" },
	{ IN("no colon here\r\n: nothing\r\nTo: y\r\n\r\n"),
	    "", "y", "", "", "" },
	{ IN("Subject: a:b: c\r\n\r\n"), "", "", "a:b: c", "", "" },
	{ IN("To: =?utf-8?q?=C3=A4?= <a@b>,\r\n c@d\r\n\r\n"),
	    "", "=?utf-8?q?=C3=A4?= <a@b>, c@d", "", "", "" },
	{ IN("\x80\xff\r\nDate: d\r\n\r\n"), "", "", "", "d", "" },
};

static void
feed(struct header_scan *h, const char *p, size_t n, size_t piece)
{
	header_start(h);
	while (n > 0) {
		size_t now = n < piece ? n : piece;
		/* Each piece in memory of its own, so that a sanitizer sees a look beyond. */
		char *exact = xmalloc(now);

		memcpy(exact, p, now);
		header_feed(h, exact, now);
		free(exact);
		p += now;
		n -= now;
	}
	header_finish(h);
	assert_true(h->done);
}

static void
test_header_fields_are_found_in_pieces_of_any_size(void **state)
{
	static struct header_scan h;
	size_t i, piece;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint64_t seen = 0;

		for (piece = 1; piece <= table[i].n + 1; piece++) {
			feed(&h, table[i].in, table[i].n, piece);
			assert_string_equal(h.value[HEADER_FROM],
			    table[i].from);
			assert_string_equal(h.value[HEADER_TO], table[i].to);
			assert_string_equal(h.value[HEADER_SUBJECT],
			    table[i].subject);
			assert_string_equal(h.value[HEADER_DATE],
			    table[i].date);
			assert_string_equal(h.value[HEADER_MESSAGE_ID],
			    table[i].id);
			if (piece == 1)
				seen = h.seen;
			assert_int_equal(h.seen, seen);
		}
	}
}

static void
test_header_scan_ends_with_the_header(void **state)
{
	static struct header_scan h;
	static const char text[] = "To: a\r\n\r\nSubject: body\r\n";

	(void)state;
	header_start(&h);
	assert_false(h.done);
	header_feed(&h, text, 7);
	assert_false(h.done);
	header_feed(&h, text + 7, sizeof(text) - 8);
	assert_true(h.done);
	assert_int_equal(h.seen, 9);
	header_feed(&h, text, sizeof(text) - 1);
	assert_int_equal(h.seen, 9);
	assert_string_equal(h.value[HEADER_TO], "a");
	assert_string_equal(h.value[HEADER_SUBJECT], "");
}

static void
test_header_scan_ends_when_all_is_found(void **state)
{
	static struct header_scan h;

	(void)state;
	header_start(&h);
	header_feed(&h, IN("From: a\nTo: b\nSubject: c\nDate: d\n"
	    "Message-ID: e\n"));
	/* It may still be folded. */
	assert_false(h.done);
	header_feed(&h, IN(" f\n"));
	assert_false(h.done);
	header_feed(&h, IN("X-Long: "));
	assert_true(h.done);
	assert_string_equal(h.value[HEADER_MESSAGE_ID], "e f");
}

static void
test_header_of_nothing_is_nothing(void **state)
{
	static struct header_scan h;

	(void)state;
	header_start(&h);
	header_feed(&h, NULL, 0);
	assert_false(h.done);
	header_finish(&h);
	assert_true(h.done);
	assert_int_equal(h.seen, 0);
}

static void
test_header_value_is_kept_up_to_its_limit(void **state)
{
	static struct header_scan h;
	static const size_t pieces[] = { 1, 7, 997, 998, 999, 100000 };
	size_t i;
	int more;

	(void)state;
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		for (more = -1; more <= 1; more++) {
			struct buf b = BUF_INIT(10000);
			size_t n = (size_t)(HEADER_LINE + more);
			size_t kept = more <= 0 ? n : HEADER_LINE;

			buf_adds(&b, "Subject:  ");
			while (n-- > 0)
				buf_addc(&b, 'x');
			buf_adds(&b, "\r\n folded\r\nTo: y\r\n\r\n");
			feed(&h, b.p, b.n, pieces[i]);
			assert_string_equal(h.value[HEADER_TO], "y");
			/* One byte short of it, the blank of the fold still went in, and off again. */
			assert_int_equal(strlen(h.value[HEADER_SUBJECT]),
			    kept);
			assert_int_equal(strspn(h.value[HEADER_SUBJECT], "x"),
			    kept);
			buf_release(&b);
		}
}

static void
test_header_lines_of_100000_bytes_are_passed_over(void **state)
{
	static struct header_scan h;
	struct buf b = BUF_INIT(1000000);
	int i;

	(void)state;
	/* Beyond the bound nothing is looked at, so a shorter one before it too. */
	buf_adds(&b, "X-Long: ");
	for (i = 0; i < 30000; i++)
		buf_addc(&b, 's');
	buf_adds(&b, "\r\nSubject: here\r\nX-Longer: ");
	for (i = 0; i < 100000; i++)
		buf_addc(&b, ':');
	buf_adds(&b, "\r\nTo: too late\r\n\r\n");
	feed(&h, b.p, b.n, b.n);
	assert_string_equal(h.value[HEADER_SUBJECT], "here");
	assert_string_equal(h.value[HEADER_TO], "");
	assert_int_equal(h.seen, HEADER_SCAN);
	feed(&h, b.p, b.n, 1);
	assert_string_equal(h.value[HEADER_SUBJECT], "here");
	assert_string_equal(h.value[HEADER_TO], "");
	assert_int_equal(h.seen, HEADER_SCAN);
	buf_release(&b);
}

static void
test_header_of_one_endless_name_is_bounded(void **state)
{
	static struct header_scan h;
	char *p = xmalloc(100000);
	static const size_t lengths[] = { 9, 10, 11, 15, 16, 17, 100000 };
	size_t i;

	(void)state;
	memset(p, 's', 100000);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		feed(&h, p, lengths[i], 3);
		assert_string_equal(h.value[HEADER_SUBJECT], "");
		assert_int_equal(h.field, -1);
	}
	free(p);
}

static void
test_header_scan_looks_no_further_than_its_bound(void **state)
{
	static struct header_scan h;
	static const char field[] = "Subject: end";
	int more;

	(void)state;
	/* The last byte of the field just before, at and just behind the bound. */
	for (more = -1; more <= 1; more++) {
		struct buf b = BUF_INIT(2 * HEADER_SCAN);
		size_t before = (size_t)(HEADER_SCAN + more) -
		    (sizeof(field) - 1);

		while (b.n < before - 1)
			buf_addc(&b, 'y');
		buf_addc(&b, '\n');
		buf_adds(&b, field);
		assert_int_equal(b.n, HEADER_SCAN + more);
		header_start(&h);
		header_feed(&h, b.p, b.n);
		assert_int_equal(h.done, more >= 0);
		assert_int_equal(h.seen, more < 0 ? HEADER_SCAN - 1 :
		    HEADER_SCAN);
		header_finish(&h);
		assert_string_equal(h.value[HEADER_SUBJECT],
		    more <= 0 ? "end" : "en");
		buf_release(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_header_fields_are_found_in_pieces_of_any_size),
		cmocka_unit_test(test_header_scan_ends_with_the_header),
		cmocka_unit_test(test_header_scan_ends_when_all_is_found),
		cmocka_unit_test(test_header_of_nothing_is_nothing),
		cmocka_unit_test(test_header_value_is_kept_up_to_its_limit),
		cmocka_unit_test(
		    test_header_lines_of_100000_bytes_are_passed_over),
		cmocka_unit_test(test_header_of_one_endless_name_is_bounded),
		cmocka_unit_test(
		    test_header_scan_looks_no_further_than_its_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
