/*
 * An mbox is taken apart as its writer put it together, in whatever pieces it comes; what only looks like a From_ line
 * is part of a message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "foreign/read.h"

#define F1	"From a@b Mon Jan  2 15:04:05 2006\n"
#define F2	"From c Tue Jan  3 00:00:00 2006\n"

/* Bytes in pieces of a size, each in memory of its own, so that a sanitizer sees a look beyond. */
struct pieces {
	const char	*p;
	size_t		 n, piece, fail_at;
	char		*last;		/* own */
};

static int
fill(void *arg, const char **p, size_t *n, struct err *e)
{
	struct pieces *in = arg;

	free(in->last);
	in->last = NULL;
	if (in->fail_at != 0 && in->n <= in->fail_at)
		return err_set(e, EK_FAIL, "it broke");
	if (in->n == 0)
		return 0;
	*n = in->n < in->piece ? in->n : in->piece;
	in->last = xmalloc(*n);
	memcpy(in->last, in->p, *n);
	*p = in->last;
	in->p += *n;
	in->n -= *n;
	return 1;
}

static int
collect(void *arg, const void *p, size_t n, struct err *e)
{
	if (buf_add(arg, p, n) == -1)
		return err_set(e, EK_SPACE, "full");
	return 0;
}

/* What an mbox holds, as "[body][body]", or "!" and the error; what can't be shown is left to the caller. */
static char *
taken_apart(const char *p, size_t n, enum foreign_quoting quoting,
    size_t piece, unsigned int skip)
{
	struct pieces in = { p, n, piece, 0, NULL };
	struct read_mbox *m = read_mbox_new((struct read_bytes){ fill, &in },
	    quoting);
	struct buf out = BUF_INIT(1024 * 1024);
	const struct sink to = { collect, &out };
	struct err e = { .kind = EK_NONE };
	unsigned int number;
	int r;

	for (number = 0; (r = read_mbox_next(m, &e)) == 1; number++) {
		buf_addc(&out, '[');
		if (!(skip & 1u << number))
			assert_int_equal(read_mbox_body(m, &to, &e), 0);
		buf_addc(&out, ']');
	}
	if (r == -1)
		buf_addf(&out, "!%d", e.kind);
	buf_addc(&out, '\0');
	free(in.last);
	read_mbox_free(&m);
	return buf_take(&out);
}

static const struct {
	const char *in;
	enum foreign_quoting quoting;
	const char *out;
} t[] = {
	{ "", 0, "" },
	{ "\n\n", 0, "" },
	{ F1 "S: x\n\nbody\n\n", 0, "[S: x\n\nbody\n]" },
	/* The last empty line is the format's, if it is there. */
	{ F1 "S: x\n\nbody\n", 0, "[S: x\n\nbody\n]" },
	{ F1 "S: x\n\nbody", 0, "[S: x\n\nbody]" },
	{ F1 "S: x\n\nbody\n\n\n", 0, "[S: x\n\nbody\n\n]" },
	{ F1 "S: x\n\nbody\n\n" F2 "S: y\n\nz\n\n", 0,
	    "[S: x\n\nbody\n][S: y\n\nz\n]" },
	{ "\n\r\n" F1 "S: x\n\n" F2, 0, "[S: x\n][]" },
	{ F1 "\n" F2 "\n", 0, "[][]" },
	/* CRLF files. */
	{ "From a Mon Jan  2 15:04:05 2006\r\nS: x\r\n\r\nb\r\n\r\n"
	    "From a Mon Jan  2 15:04:05 2006\r\nS: y\r\n\r\nb\r\n\r\n", 0,
	    "[S: x\r\n\r\nb\r\n][S: y\r\n\r\nb\r\n]" },
	/* Without an empty line it takes more to be a From_ line. */
	{ F1 "S: x\n\nbody\n" F2 "S: y\n\nz\n", 0,
	    "[S: x\n\nbody\n][S: y\n\nz\n]" },
	{ F1 "S: x\n\nbody\n" F2 "no field\n", 0,
	    "[S: x\n\nbody\n" F2 "no field\n]" },
	{ F1 "S: x\n\nbody\nFrom here on\nS: y\n", 0,
	    "[S: x\n\nbody\nFrom here on\nS: y\n]" },
	/* With one, either a date or a field. */
	{ F1 "S: x\n\nFrom here on it goes\nwell\n", 0,
	    "[S: x\n\nFrom here on it goes\nwell\n]" },
	{ F1 "S: x\n\nFrom nobody\nSubject: y\n\nz\n", 0,
	    "[S: x\n][Subject: y\n\nz\n]" },
	{ F1 "S: x\n\nFrom \n", 0, "[S: x\n\nFrom \n]" },
	{ F1 "S: x\n\nFrom", 0, "[S: x\n\nFrom]" },
	{ F1 "S: x\n\nFrom - Mon Jan  2 15:04:05 2006\nz\n", 0, "[S: x\n][z\n]" },
	{ F1 "S: x\n\nFrom 1@xxx Mon Jan 02 15:04:05 +0000 2006\nz\n", 0,
	    "[S: x\n][z\n]" },
	/* Quoting. */
	{ F1 "\n>From a\n>>From b\n>>>\n> From\n>Fro\n", FOREIGN_MBOXRD,
	    "[\nFrom a\n>From b\n>>>\n> From\n>Fro\n]" },
	{ F1 "\n>From a\n>>From b\n>>>\n> From\n>Fro\n", FOREIGN_MBOXO,
	    "[\nFrom a\n>>From b\n>>>\n> From\n>Fro\n]" },
	{ F1 "\n>From a\n>>From b\n", FOREIGN_UNQUOTED,
	    "[\n>From a\n>>From b\n]" },
	{ F1 "\n>", 0, "[\n>]" },
	{ F1 "\n>From", 0, "[\n>From]" },
	{ F1 "\n>From ", 0, "[\nFrom ]" },
	{ F1 "\n\n>From a\n\n\n>From b\n\n", 0,
	    "[\n\nFrom a\n\n\nFrom b\n]" },
	/* A CR is an end of a line only before LF. */
	{ F1 "a\r\n\r\n\rb\n", 0, "[a\r\n\r\n\rb\n]" },
	/* No mbox. */
	{ "Subject: x\n\nFrom a Mon Jan  2 15:04:05 2006\n", 0, "!7" },
	{ "From the beginning it was clear\nthat this is prose\n", 0, "!7" },
	{ "F", 0, "!7" },
};

static void
test_an_mbox_comes_apart_whole_and_byte_by_byte(void **state)
{
	static const size_t pieces[] = { 1 << 20, 1, 2, 3, 7 };
	char want[1024], *got;
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		for (j = 0; j < sizeof(pieces) / sizeof(pieces[0]); j++) {
			snprintf(want, sizeof(want), "%s", t[i].out);
			if (want[0] == '!')
				snprintf(want, sizeof(want), "!%d", EK_CORRUPT);
			got = taken_apart(t[i].in, strlen(t[i].in),
			    t[i].quoting, pieces[j], 0);
			assert_string_equal(got, want);
			free(got);
		}
}

static void
test_a_body_that_nobody_wants_is_passed_over(void **state)
{
	static const char in[] = F1 "S: x\n\n>From a\n\n" F2 "S: y\n\nz\n\n"
	    F1 "S: z\n";
	char *got = taken_apart(in, sizeof(in) - 1, 0, 5, 1 | 4);

	(void)state;
	assert_string_equal(got, "[][S: y\n\nz\n][]");
	free(got);
}

static void
test_any_number_of_arrows_costs_no_memory(void **state)
{
	const size_t n = 300 * 1024;
	struct buf in = BUF_INIT(1024 * 1024);
	char *got;
	size_t i;

	(void)state;
	buf_adds(&in, F1 "\n");
	for (i = 0; i < n; i++)
		buf_addc(&in, '>');
	buf_adds(&in, "From x\n");
	got = taken_apart(in.p, in.n, FOREIGN_MBOXRD, 4096, 0);
	assert_int_equal(strlen(got), n - 1 + strlen("[\nFrom x\n]"));
	assert_memory_equal(got + n + 1, "From x\n]", 8);
	free(got);
	got = taken_apart(in.p, in.n, FOREIGN_MBOXO, 4096, 0);
	assert_int_equal(strlen(got), n + strlen("[\nFrom x\n]"));
	free(got);
	buf_release(&in);
}

static void
test_a_from_line_has_a_limit(void **state)
{
	size_t n;

	(void)state;
	for (n = 998; n <= 1001; n++) {
		struct buf in = BUF_INIT(4096);
		char *got;

		/* "From ", the sender, a date: n bytes with the LF. */
		buf_adds(&in, F1 "S: x\n\nFrom ");
		while (in.n < strlen(F1 "S: x\n\n") + n -
		    strlen(" Mon Jan  2 15:04:05 2006\n"))
			buf_addc(&in, 'a');
		buf_adds(&in, " Mon Jan  2 15:04:05 2006\nz\n");
		got = taken_apart(in.p, in.n, 0, 1 << 20, 0);
		if (n <= 1000)
			assert_string_equal(got, "[S: x\n][z\n]");
		else
			assert_null(strstr(got, "]["));
		free(got);
		buf_release(&in);
	}
}

static void
test_lines_longer_than_the_window_pass_through(void **state)
{
	struct buf in = BUF_INIT(1024 * 1024), want = BUF_INIT(1024 * 1024);
	char *got;
	size_t i;

	(void)state;
	buf_adds(&in, F1);
	buf_addc(&want, '[');
	for (i = 0; i < 200000; i++) {
		buf_addc(&in, (char)('a' + i % 26));
		buf_addc(&want, (char)('a' + i % 26));
	}
	buf_adds(&in, "\n\n" F2 "y\n");
	buf_adds(&want, "\n][y\n]");
	got = taken_apart(in.p, in.n, 0, 10007, 0);
	assert_string_equal(got, buf_text(&want));
	free(got);
	buf_release(&in);
	buf_release(&want);
}

static void
test_what_breaks_in_the_middle_is_an_error(void **state)
{
	static const char in[] = F1 "S: x\n\nbody\n\n" F2 "S: y\n\nz\n\n";
	size_t at;

	(void)state;
	for (at = 1; at < sizeof(in) - 1; at++) {
		struct pieces p = { in, sizeof(in) - 1, 1, at, NULL };
		struct read_mbox *m = read_mbox_new(
		    (struct read_bytes){ fill, &p }, 0);
		struct buf out = BUF_INIT(4096);
		const struct sink to = { collect, &out };
		struct err e = { .kind = EK_NONE };
		int r;

		while ((r = read_mbox_next(m, &e)) == 1)
			if ((r = read_mbox_body(m, &to, &e)) == -1)
				break;
		assert_int_equal(r, -1);
		assert_int_equal(e.kind, EK_FAIL);
		free(p.last);
		read_mbox_free(&m);
		buf_release(&out);
	}
}

static void
test_the_from_line_has_the_date(void **state)
{
	static const struct { const char *in; bool has; int64_t date; } d[] = {
		{ F1 "x\n", true, 1136214245 },
		{ "From - Mon Jan  2 15:04:05 2006\nx\n", true, 1136214245 },
		{ "From a b Mon Jan  2 15:04:05 2006\nS: x\n", true,
		    1136214245 },
		{ "From a Mon Jan  2 16:04:05 MET 2006\nS: x\n", true,
		    1136217845 },
		{ "From a Mon, 2 Jan 2006 16:04:05 +0100\nS: x\n", true,
		    1136214245 },
		{ "From 1@xxx Mon Jan 02 15:04:05 +0000 2006\r\nS: x\r\n", true,
		    1136214245 },
		{ "From nobody\nS: x\n", false, 0 },
		{ "From a Mon Feb 30 15:04:05 2006\nS: x\n", false, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(d) / sizeof(d[0]); i++) {
		struct pieces p = { d[i].in, strlen(d[i].in), 9, 0, NULL };
		struct read_mbox *m = read_mbox_new(
		    (struct read_bytes){ fill, &p }, 0);
		struct err e;
		int64_t date;

		assert_int_equal(read_mbox_next(m, &e), 1);
		assert_int_equal(read_mbox_date(m, &date), d[i].has);
		if (d[i].has)
			assert_int_equal(date, d[i].date);
		free(p.last);
		read_mbox_free(&m);
	}
}

static void
test_the_date_is_still_that_of_this_message_when_its_body_was_read(void **state)
{
	static const char in[] = F1 "x\n\n" F2 "y\n";
	struct pieces p = { in, sizeof(in) - 1, 1 << 20, 0, NULL };
	struct read_mbox *m = read_mbox_new((struct read_bytes){ fill, &p }, 0);
	struct buf out = BUF_INIT(4096);
	const struct sink to = { collect, &out };
	struct err e;
	int64_t date;

	(void)state;
	assert_int_equal(read_mbox_next(m, &e), 1);
	assert_int_equal(read_mbox_body(m, &to, &e), 0);
	assert_true(read_mbox_date(m, &date));
	assert_int_equal(date, 1136214245);
	free(p.last);
	read_mbox_free(&m);
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_mbox_comes_apart_whole_and_byte_by_byte),
		cmocka_unit_test(test_a_body_that_nobody_wants_is_passed_over),
		cmocka_unit_test(test_any_number_of_arrows_costs_no_memory),
		cmocka_unit_test(test_a_from_line_has_a_limit),
		cmocka_unit_test(test_lines_longer_than_the_window_pass_through),
		cmocka_unit_test(test_what_breaks_in_the_middle_is_an_error),
		cmocka_unit_test(test_the_from_line_has_the_date),
		cmocka_unit_test(test_the_date_is_still_that_of_this_message_when_its_body_was_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
