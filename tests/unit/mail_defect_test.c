/*
 * What servers refuse in a message's bytes is counted, and a repaired message has none of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "mail/defect.h"

/* A string literal that may hold NULs. */
#define S(s)	s, sizeof(s) - 1

/* Feed what stands in memory that ends where it does, in pieces of so many bytes. */
static void
scan(const char *p, size_t n, size_t piece, struct defects *out)
{
	struct defect_scan s;
	size_t at, some;
	char *exact;

	defect_start(&s);
	for (at = 0; at < n; at += some) {
		some = n - at < piece ? n - at : piece;
		exact = xmalloc(some);
		memcpy(exact, p + at, some);
		defect_feed(&s, exact, some);
		defect_feed(&s, exact, 0);
		free(exact);
	}
	defect_finish(&s);
	*out = s.found;
}

static void
assert_same(const struct defects *a, const struct defects *b)
{
	assert_int_equal(a->nuls, b->nuls);
	assert_int_equal(a->bare_lfs, b->bare_lfs);
	assert_int_equal(a->bare_crs, b->bare_crs);
	assert_int_equal(a->longest, b->longest);
	assert_int_equal(a->unended, b->unended);
}

static int
collect(void *arg, const void *p, size_t n, struct err *e)
{
	(void)e;
	return buf_add(arg, p, n);
}

static void
repair(const char *p, size_t n, size_t piece, const struct defect_cure *cure,
    struct buf *b, struct defects *done)
{
	struct sink to = { collect, b };
	struct defect_repair r;
	size_t at, some;
	struct err e;
	char *exact;

	defect_repair_begin(&r, cure, &to);
	for (at = 0; at < n; at += some) {
		some = n - at < piece ? n - at : piece;
		exact = xmalloc(some);
		memcpy(exact, p + at, some);
		assert_int_equal(defect_repair_feed(&r, exact, some, &e), 0);
		free(exact);
	}
	assert_int_equal(defect_repair_end(&r, &e), 0);
	*done = r.done;
}

static void
test_defects_are_found_whole_and_byte_by_byte(void **state)
{
	static const struct {
		const char	*in;
		size_t		 n;
		struct defects	 want;	/* nuls, LFs, CRs, longest, unended */
	} t[] = {
		{ S(""), { 0, 0, 0, 0, false } },
		{ S("a"), { 0, 0, 0, 1, true } },
		{ S("\r\n"), { 0, 0, 0, 0, false } },
		{ S("ab\r\n\r\ncde\r\n"), { 0, 0, 0, 3, false } },
		{ S("ab\r\ncde"), { 0, 0, 0, 3, true } },
		{ S("\n"), { 0, 1, 0, 0, false } },
		{ S("ab\ncde\n\nf\r\n"), { 0, 3, 0, 3, false } },
		{ S("\r"), { 0, 0, 1, 1, true } },
		{ S("ab\r"), { 0, 0, 1, 3, true } },
		{ S("ab\rcd\r\n"), { 0, 0, 1, 5, false } },
		{ S("ab\r\r\n"), { 0, 0, 1, 3, false } },
		{ S("\r\r\r\n"), { 0, 0, 2, 2, false } },
		{ S("\n\r"), { 0, 1, 1, 1, true } },
		{ S("\n\r\n"), { 0, 1, 0, 0, false } },
		{ S("\r\n\n"), { 0, 1, 0, 0, false } },
		{ S("\0"), { 1, 0, 0, 1, true } },
		{ S("a\0\0b\r\n\0"), { 3, 0, 0, 4, true } },
		{ S("\r\0\n"), { 1, 1, 1, 2, false } },
		{ S("\0\r\n"), { 1, 0, 0, 1, false } },
		{ S("gr\xc3\xbc\xdf\xff\r\n"), { 0, 0, 0, 6, false } },
		{ S("longer\r\nlong\r\n"), { 0, 0, 0, 6, false } },
		{ S("long\r\nlonger"), { 0, 0, 0, 6, true } },
	};
	struct defects got;
	size_t i, piece;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		for (piece = 1; piece <= t[i].n + 1; piece++) {
			scan(t[i].in, t[i].n, piece, &got);
			assert_same(&got, &t[i].want);
		}
}

static void
test_a_repair_makes_of_it_what_is_asked_for(void **state)
{
	static const struct {
		const char		*in;
		size_t			 n;
		struct defect_cure	 cure;	/* nuls, line ends, longest, end */
		const char		*want;
		size_t			 want_n;
		struct defects		 done;
	} t[] = {
		/* Nothing asked for, nothing done. */
		{ S("a\0b\rc\nd\r\r\n\r"), { false, false, 0, false },
		    S("a\0b\rc\nd\r\r\n\r"), { 0, 0, 0, 0, false } },
		{ S(""), { true, true, 10, true }, S(""), { 0, 0, 0, 0, false } },
		{ S("ab\r\n\r\nc\r\n"), { true, true, 10, true },
		    S("ab\r\n\r\nc\r\n"), { 0, 0, 0, 0, false } },
		{ S("\0a\0\0b\0"), { true, false, 0, false }, S("ab"),
		    { 4, 0, 0, 0, false } },
		/* One between CR and LF parted what belongs together. */
		{ S("a\r\0\nb"), { true, true, 0, false }, S("a\r\nb"),
		    { 1, 0, 0, 0, false } },
		{ S("a\r\0\nb"), { false, true, 0, false }, S("a\r\n\0\r\nb"),
		    { 0, 1, 1, 0, false } },
		{ S("a\nb\rc\r\n\n"), { false, true, 0, false },
		    S("a\r\nb\r\nc\r\n\r\n"), { 0, 2, 1, 0, false } },
		{ S("a\r"), { false, true, 0, false }, S("a\r\n"),
		    { 0, 0, 1, 0, false } },
		{ S("a\rb\r\r"), { false, true, 0, false },
		    S("a\r\nb\r\n\r\n"), { 0, 0, 3, 0, false } },
		{ S("a\r\r\nb\r\r\r\n"), { false, true, 0, false },
		    S("a\r\nb\r\n"), { 0, 0, 3, 0, false } },
		{ S("a"), { false, false, 0, true }, S("a\r\n"),
		    { 0, 0, 0, 0, true } },
		{ S("a\r"), { false, true, 0, true }, S("a\r\n"),
		    { 0, 0, 1, 0, false } },
		{ S("a\r"), { false, false, 0, true }, S("a\r\r\n"),
		    { 0, 0, 0, 0, true } },
		{ S("a\n"), { false, false, 0, true }, S("a\n"),
		    { 0, 0, 0, 0, false } },
		{ S("\0\0"), { true, false, 0, true }, S(""),
		    { 2, 0, 0, 0, false } },
		/* One byte below, at and beyond the limit. */
		{ S("123456789\r\n"), { false, false, 10, false },
		    S("123456789\r\n"), { 0, 0, 0, 0, false } },
		{ S("1234567890\r\n"), { false, false, 10, false },
		    S("1234567890\r\n"), { 0, 0, 0, 0, false } },
		{ S("12345678901\r\n"), { false, false, 10, false },
		    S("1234567890\r\n 1\r\n"), { 0, 0, 0, 1, false } },
		/* In the header the blank counts, in the body there is none. */
		{ S("12345678901234567890\n\n12345678901234567890X"),
		    { false, false, 10, false },
		    S("1234567890\r\n 123456789\r\n 0\n\n"
		    "1234567890\r\n1234567890\r\nX"),
		    { 0, 0, 0, 4, false } },
		{ S("\r\n1234567890123"), { false, false, 10, true },
		    S("\r\n1234567890\r\n123\r\n"), { 0, 0, 0, 1, true } },
		{ S("1234567890\r"), { false, false, 10, false },
		    S("1234567890\r\n \r"), { 0, 0, 0, 1, false } },
		{ S("12345\0" "678901\r\n"), { true, false, 10, false },
		    S("1234567890\r\n 1\r\n"), { 1, 0, 0, 1, false } },
	};
	struct buf b = BUF_INIT(1 << 20);
	struct defects done;
	size_t i, piece;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		for (piece = 1; piece <= t[i].n + 1; piece++) {
			buf_clear(&b);
			repair(t[i].in, t[i].n, piece, &t[i].cure, &b, &done);
			assert_int_equal(b.n, t[i].want_n);
			assert_memory_equal(buf_text(&b), t[i].want, b.n);
			assert_same(&done, &t[i].done);
		}
	buf_release(&b);
}

static uint32_t seed;

static uint32_t
chance(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* Bytes of which many are troublesome. */
static size_t
make(char *p, size_t max)
{
	static const char odd[] = "\0\r\n\n\r\xc3\xbc\xff ";
	size_t n = chance((uint32_t)max), i, run = 0;

	for (i = 0; i < n; i++) {
		if (run > 0)
			run--;
		else if (chance(8) == 0)
			run = chance(60);
		p[i] = run > 0 || chance(2) == 0 ? (char)('a' + chance(26)) :
		    odd[chance(sizeof(odd) - 1)];
	}
	return n;
}

static bool
is_edge(char c)
{
	return c == '\0' || c == '\r' || c == '\n' || c == ' ';
}

/* That both hold the same bytes in the same order, but for NULs, line ends and blanks. */
static void
assert_text_kept(const char *p, size_t n, const struct buf *b)
{
	size_t i, k = 0;

	for (i = 0; i < n; i++) {
		if (is_edge(p[i]))
			continue;
		while (k < b->n && is_edge(b->p[k]))
			k++;
		assert_true(k < b->n);
		assert_int_equal(b->p[k], p[i]);
		k++;
	}
	while (k < b->n && is_edge(b->p[k]))
		k++;
	assert_int_equal(k, b->n);
}

static void
test_a_repaired_message_scans_clean_and_needs_no_repair(void **state)
{
	static const struct defect_cure all = { true, true, 20, true };
	struct buf once = BUF_INIT(1 << 20), twice = BUF_INIT(1 << 20);
	struct defects before, after, done, again;
	char in[600];
	size_t n;
	int round;

	(void)state;
	for (round = 0; round < 20000; round++) {
		seed = (uint32_t)round;
		n = make(in, sizeof(in));
		buf_clear(&once);
		buf_clear(&twice);
		scan(in, n, 1 + chance(50), &before);
		repair(in, n, 1 + chance(50), &all, &once, &done);
		assert_text_kept(in, n, &once);
		assert_int_equal(done.nuls, before.nuls);
		scan(buf_text(&once), once.n, once.n + 1, &after);
		assert_int_equal(after.nuls + after.bare_lfs + after.bare_crs,
		    0);
		assert_true(after.longest <= 20);
		assert_false(after.unended);
		repair(buf_text(&once), once.n, 7, &all, &twice, &again);
		assert_same(&again, &(struct defects){ .nuls = 0 });
		assert_int_equal(once.n, twice.n);
		assert_memory_equal(buf_text(&once), buf_text(&twice), once.n);
	}
	buf_release(&once);
	buf_release(&twice);
}

static void
test_a_repair_pours_more_than_it_holds_back(void **state)
{
	static const struct defect_cure cure = { true, true, 0, true };
	struct buf in = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);
	struct defects done;
	int i;

	(void)state;
	for (i = 0; i < 30000; i++)
		assert_int_equal(buf_adds(&in, "ab\n"), 0);
	repair(in.p, in.n, 10007, &cure, &out, &done);
	assert_int_equal(done.bare_lfs, 30000);
	assert_int_equal(out.n, 120000);
	for (i = 0; i < 30000; i++)
		assert_memory_equal(out.p + 4 * i, "ab\r\n", 4);
	buf_release(&in);
	buf_release(&out);
}

static int
refuse(void *arg, const void *p, size_t n, struct err *e)
{
	(void)arg, (void)p, (void)n;
	return err_set(e, EK_SPACE, "full");
}

static void
test_a_sink_that_fails_ends_the_repair(void **state)
{
	static const struct defect_cure cure = { true, true, 0, true };
	struct sink to = { refuse, NULL };
	struct defect_repair r;
	char many[5000];
	struct err e;

	(void)state;
	memset(many, 'x', sizeof(many));
	defect_repair_begin(&r, &cure, &to);
	assert_int_equal(defect_repair_feed(&r, many, sizeof(many), &e), -1);
	assert_int_equal(e.kind, EK_SPACE);
	defect_repair_begin(&r, &cure, &to);
	assert_int_equal(defect_repair_feed(&r, many, 1, &e), 0);
	assert_int_equal(defect_repair_end(&r, &e), -1);
	assert_int_equal(e.kind, EK_SPACE);
}

static void
test_a_repair_is_told_in_words(void **state)
{
	static const struct { struct defects done; const char *want; } t[] = {
		{ { 0, 0, 0, 0, false }, "" },
		{ { 1, 0, 0, 0, false }, "1 NUL byte dropped" },
		{ { 1234, 0, 0, 0, false }, "1,234 NUL bytes dropped" },
		{ { 0, 1, 0, 0, false }, "1 line end made CRLF" },
		{ { 0, 7, 5, 0, false }, "12 line ends made CRLF" },
		{ { 0, 0, 0, 1, false }, "1 line break put in" },
		{ { 0, 0, 0, 0, true }, "the last line ended" },
		{ { 3, 0, 2, 2, true }, "3 NUL bytes dropped, "
		    "2 line ends made CRLF, 2 line breaks put in, "
		    "the last line ended" },
	};
	struct buf b = BUF_INIT(200), small = BUF_INIT(20);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		buf_clear(&b);
		assert_int_equal(buf_adds(&b, "x: "), 0);
		assert_int_equal(defect_repair_text(&t[i].done, &b), 0);
		assert_string_equal(buf_text(&b) + 3, t[i].want);
	}
	assert_int_equal(defect_repair_text(&t[7].done, &small), -1);
	buf_release(&b);
	buf_release(&small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defects_are_found_whole_and_byte_by_byte),
		cmocka_unit_test(test_a_repair_makes_of_it_what_is_asked_for),
		cmocka_unit_test(
		    test_a_repaired_message_scans_clean_and_needs_no_repair),
		cmocka_unit_test(test_a_repair_pours_more_than_it_holds_back),
		cmocka_unit_test(test_a_sink_that_fails_ends_the_repair),
		cmocka_unit_test(test_a_repair_is_told_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
