/*
 * The parts of a message: where they begin and end, whatever its boundaries look like.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "mail/parts.h"

/*
 * Walk; a part is a multipart if its header has a field B, its boundary ("-"
 * in front: an alternative one).  Bodies as "<body>", "a" before it where an
 * alternative is around, "(" for a multipart that is looked into.
 */
static void
walk(const char *p, size_t n, struct buf *out)
{
	struct parts_span header, body;
	struct buf value = BUF_INIT(100);
	const char *boundary;
	struct parts w;

	parts_begin(&w, p, n);
	while (parts_next(&w, &header)) {
		assert_true(header.p >= p && header.p + header.n <= p + n);
		parts_field(header, "B", &value);
		boundary = buf_text(&value);
		if (value.n > 0 && parts_enter(&w, boundary +
		    (*boundary == '-'), *boundary == '-')) {
			buf_adds(out, "(");
			continue;
		}
		if (parts_alternative(&w))
			buf_adds(out, "a");
		body = parts_body(&w);
		assert_true(body.p >= p && body.p + body.n <= p + n);
		buf_adds(out, "<");
		buf_add(out, body.p, body.n);
		buf_adds(out, ">");
	}
	assert_false(parts_next(&w, &header));
	parts_end(&w);
	parts_end(&w);
	buf_release(&value);
}

/* The header of a message with boundary b, and of a part with boundary c. */
#define B	"B:b\n\n"
#define C	"B:c\n\n"

static const struct {
	const char *in, *parts;
} walks[] = {
	{ "", "" },
	{ "\n", "<>" },
	{ "A: x\n", "<>" },
	{ "A: x\n\nbody\n", "<body\n>" },
	{ "A: x\r\n\r\nbody\r\n", "<body\r\n>" },
	{ "A: x\n--b\n\nbody\n", "<body\n>" },
	/* The line end before a boundary is the boundary's. */
	{ B "preamble\n--b\n\none\n--b\n\ntwo\n\n--b--\nepilogue\n",
	    "(<one><two\n>" },
	{ "B:b\r\n\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\r\n--b--\r\n",
	    "(<one><two\r>" },
	{ B "--b\n\none", "(<one>" },
	{ B "--b\n\none\n", "(<one\n>" },
	{ B "--b\n\none\n--b--", "(<one>" },
	{ B "--b\n\none\n--b", "(<one>" },
	{ B "--b\n\none\n--b\n", "(<one>" },
	{ B "--b\n\n--b\n\n\n--b\n\r\n--b--\n", "(<><><>" },
	{ B "--b\n--b\nA: x\n--b\n", "(<><>" },
	/* What is padded, and what is no boundary. */
	{ B "--b \t\n\none\n--b-- x\n--b\n\ntwo\n", "(<one>" },
	{ B "--b\n\n--bb\n--b x\n-b\n --b\n--B\n>--b\n--\n---b\n--b\n",
	    "(<--bb\n--b x\n-b\n --b\n--B\n>--b\n--\n---b>" },
	{ B "no boundary\n", "(" },
	/* In each other. */
	{ B "--b\n" C "--c\n\none\n--c--\nepilogue\n--b\n\ntwo\n--b--\n",
	    "((<one><two>" },
	{ B "--b\n" C "--c\n\none\n--b\n\ntwo\n--c\n--b--\n",
	    "((<one><two\n--c>" },
	{ B "--b\n" C "--c\n\none\n--b--\n--c\n\ntwo\n--b\n", "((<one>" },
	{ B "--b\n" B "--b\n\none\n--b--\n\n--b\n\ntwo\n--b--\n",
	    "((<one><two>" },
	{ B "--b\nB:bc\n\n--bc\n\none\n--bc--\n--b\n\ntwo\n--b--\n",
	    "((<one><two>" },
	{ "B:-b\n\n--b\n\none\n--b\n" C "--c\n\ntwo\n--b--\n", "(a<one>(a<two>" },
	{ B "--b\nB:-c\n\n--c\n\none\n--c--\n--b\n\ntwo\n--b--\n",
	    "((a<one><two>" },
	/* A blank at a boundary's end is padding, and one that is all blank no boundary. */
	{ "B:b \t\n\n--b\n\none\n--b--\n", "(<one>" },
	{ "B:- \n\n--\n\none\n", "<--\n\none\n>" },
};

static void
test_parts_are_found(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(walks) / sizeof(walks[0]); i++) {
		struct buf b = BUF_INIT(1000);

		walk(walks[i].in, strlen(walks[i].in), &b);
		if (strcmp(buf_text(&b), walks[i].parts) != 0)
			fail_msg("%s\nis\n%s\nnot\n%s", walks[i].in,
			    buf_text(&b), walks[i].parts);
		buf_release(&b);
	}
}

/* The copy ends where the allocation does, so that ASan sees a step too far. */
static void
test_parts_of_every_beginning_are_within_it(void **state)
{
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(walks) / sizeof(walks[0]); i++)
		for (n = 1; n <= strlen(walks[i].in); n++) {
			struct buf b = BUF_INIT(1000);
			char *p = xmalloc(n);

			memcpy(p, walks[i].in, n);
			walk(p, n, &b);
			buf_release(&b);
			free(p);
		}
}

static void
test_parts_are_met_up_to_the_limit(void **state)
{
	size_t k;
	int more;

	(void)state;
	for (more = -1; more <= 1; more++) {
		size_t n = (size_t)(PARTS_MAX + more), bodies = 0;
		struct buf b = BUF_INIT(PARTS_MAX * 8);
		struct parts_span header;
		struct parts w;

		/* The multipart is one of them. */
		buf_adds(&b, "\n");
		for (k = 1; k < n; k++)
			buf_adds(&b, "--b\n\n");
		parts_begin(&w, b.p, b.n);
		assert_true(parts_next(&w, &header));
		assert_true(parts_enter(&w, "b", false));
		while (parts_next(&w, &header))
			bodies++;
		assert_int_equal(bodies, more <= 0 ? n - 1 : PARTS_MAX - 1);
		assert_int_equal(w.met, n);
		parts_end(&w);
		buf_release(&b);
	}
}

static void
test_parts_are_entered_up_to_the_limit(void **state)
{
	struct parts_span header, body;
	struct buf b = BUF_INIT(1000);
	struct parts w;
	char boundary[2] = "a";
	int i;

	(void)state;
	buf_adds(&b, "\n");
	for (i = 0; i <= PARTS_LEVELS; i++)
		buf_addf(&b, "--%c\n\n", 'A' + i);
	parts_begin(&w, b.p, b.n);
	for (i = 0; i < PARTS_LEVELS; i++) {
		boundary[0] = (char)('A' + i);
		assert_true(parts_next(&w, &header));
		assert_true(parts_enter(&w, boundary, false));
	}
	assert_true(parts_next(&w, &header));
	boundary[0]++;
	assert_false(parts_enter(&w, boundary, false));
	body = parts_body(&w);
	assert_int_equal(body.n, 5);
	parts_end(&w);
	buf_release(&b);
}

static void
test_parts_fields_are_the_first_that_are_not_empty(void **state)
{
	static const struct {
		const char *in, *name, *value;
	} t[] = {
		{ "", "To", "" },
		{ "To: a@b\n", "To", " a@b" },
		{ "tO:a@b", "To", "a@b" },
		{ "To :\ta@b\r\n", "To", "\ta@b" },
		{ "To: a,\r\n b,\r\n\tc\r\nCc: d\r\n", "To", " a, b,\tc" },
		{ "To:\nTo: \t\n \nTo: a\nTo: b\n", "To", " a" },
		{ "Tomorrow: x\nTo\nT: y\nTo", "To", "" },
		{ "X: a\n To: b\nTo: c\n", "To", " c" },
		{ "X: a\r\r\nTo: b\n", "X", " a" },
		{ "To:a\n b\n c", "To", "a b c" },
		{ "To:", "To", "" },
	};
	struct buf b = BUF_INIT(20);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		buf_adds(&b, "before");
		parts_field((struct parts_span){ t[i].in, strlen(t[i].in) },
		    t[i].name, &b);
		assert_string_equal(buf_text(&b), t[i].value);
	}
	buf_release(&b);
}

static void
test_parts_fields_are_cut_at_the_limit(void **state)
{
	static const char in[] = "To:abc\n defg\n";
	static const struct {
		size_t limit;
		const char *value;
	} t[] = {
		{ 0, "" }, { 2, "ab" }, { 3, "abc" }, { 4, "abc " },
		{ 7, "abc def" }, { 8, "abc defg" }, { 9, "abc defg" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct buf b = BUF_INIT(t[i].limit);

		parts_field((struct parts_span){ in, sizeof(in) - 1 }, "To",
		    &b);
		assert_string_equal(buf_text(&b), t[i].value);
		buf_release(&b);
	}
}

static void
test_parts_header_takes_the_empty_line_with_it(void **state)
{
	static const struct {
		const char *in;
		size_t n;
	} t[] = {
		{ "", 0 }, { "\n", 1 }, { "\r\n", 2 }, { "\r\nx", 2 },
		{ "a: b", 4 }, { "a: b\n", 5 }, { "a: b\n\n", 6 },
		{ "a: b\r\n\r\nbody\r\n\r\n", 8 }, { "a\n \n\nb\n\n", 5 },
		{ "--b\n\nx", 5 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct parts_span h = parts_header(t[i].in, strlen(t[i].in));

		assert_ptr_equal(h.p, t[i].in);
		assert_int_equal(h.n, t[i].n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts_are_found),
		cmocka_unit_test(test_parts_of_every_beginning_are_within_it),
		cmocka_unit_test(test_parts_are_met_up_to_the_limit),
		cmocka_unit_test(test_parts_are_entered_up_to_the_limit),
		cmocka_unit_test(
		    test_parts_fields_are_the_first_that_are_not_empty),
		cmocka_unit_test(test_parts_fields_are_cut_at_the_limit),
		cmocka_unit_test(
		    test_parts_header_takes_the_empty_line_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
