/*
 * Flags, labels and special uses: equal sets have equal texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "mail/flags.h"
#include "mail/mail.h"

#define IN(s)	s, sizeof(s) - 1

static const struct {
	const char *in;
	size_t n;
	const char *out;
} canon_table[] = {
	{ IN(""), "" },
	{ IN(" "), "" },
	{ IN("\\Seen"), "\\Seen" },
	{ IN("\\Seen \\Recent"), "\\Seen" },
	{ IN("\\Recent"), "" },
	{ IN("\\RECENT \\recent"), "" },
	{ IN("\\seen \\ANSWERED \\fLaGgEd \\draft \\deleted"),
	    "\\Answered \\Deleted \\Draft \\Flagged \\Seen" },
	{ IN("\\Seen \\SEEN \\seen"), "\\Seen" },
	{ IN("  \\Seen   \\Draft  "), "\\Draft \\Seen" },
	{ IN("$Forwarded \\Seen NonJunk"), "\\Seen $Forwarded NonJunk" },
	{ IN("work Work WORK work"), "WORK Work work" },
	{ IN("\\X-HAS-ATTACH \\Seen \\Forwarded a"),
	    "\\Seen \\Forwarded \\X-HAS-ATTACH a" },
	{ IN("\\forwarded \\FORWARDED"), "\\FORWARDED \\forwarded" },
	{ IN("\\*"), "\\*" },
	{ IN("\\"), "\\" },
	{ IN("\\See \\Seenx Seen"), "\\See \\Seenx Seen" },
	{ IN("ab a abc"), "a ab abc" },
	{ IN("]b \\z Z"), "\\z Z ]b" },
	{ IN("a\0b\rc\nd"), "a b c d" },
	{ IN("\0\r\n \\Seen\0"), "\\Seen" },
	{ IN("a\tb \x01 \x7f"), "\x01 a\tb \x7f" },
	{ IN("\xc3\xa4 z \xff \x80"), "z \x80 \xc3\xa4 \xff" },
	{ IN("\\HasNoChildren \\Sent"), "\\HasNoChildren \\Sent" },
	{ IN("(\\Seen)"), "(\\Seen)" },
};

/* From memory that ends where the text does. */
static int
canon(const char *p, size_t n, struct buf *out)
{
	char *exact = xmalloc(n);
	int rc;

	memcpy(exact, p, n);
	rc = flags_canon(exact, n, out);
	free(exact);
	return rc;
}

static void
test_flags_canon_gives_equal_sets_one_text(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(canon_table) / sizeof(canon_table[0]); i++) {
		struct buf b = BUF_INIT(FLAGS_MAX_TEXT);

		assert_int_equal(canon(canon_table[i].in, canon_table[i].n,
		    &b), 0);
		assert_string_equal(buf_text(&b), canon_table[i].out);
		assert_int_equal(strlen(buf_text(&b)), b.n);
		buf_release(&b);
	}
}

static void
test_flags_canon_of_canonical_text_changes_nothing(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(canon_table) / sizeof(canon_table[0]); i++) {
		struct buf b = BUF_INIT(FLAGS_MAX_TEXT);

		assert_int_equal(canon(canon_table[i].out,
		    strlen(canon_table[i].out), &b), 0);
		assert_string_equal(buf_text(&b), canon_table[i].out);
		buf_release(&b);
	}
}

static void
test_flags_canon_does_not_care_for_order_or_repetition(void **state)
{
	static const char *const words[] = { "\\Seen", "\\flagged", "\\Recent",
	    "$Junk", "NonJunk", "\\Forwarded", "b", "B" };
	static const char want[] =
	    "\\Flagged \\Seen \\Forwarded $Junk B NonJunk b";
	uint32_t seed = 1;
	int round, i;

	(void)state;
	for (round = 0; round < 200; round++) {
		struct buf in = BUF_INIT(1000), out = BUF_INIT(1000);

		/* All of them once, beginning anywhere, among others by chance. */
		for (i = 0; i < 8; i++) {
			seed = seed * 1664525 + 1013904223;
			buf_addf(&in, "%s %s ", words[seed >> 24 & 7],
			    words[(i + round) & 7]);
		}
		assert_int_equal(canon(in.p, in.n, &out), 0);
		assert_string_equal(out.p, want);
		buf_release(&in);
		buf_release(&out);
	}
}

static void
test_flags_canon_appends_and_on_failure_does_not(void **state)
{
	struct buf b = BUF_INIT(16);

	(void)state;
	buf_adds(&b, "flags=");
	assert_int_equal(canon(IN("\\Seen abcde"), &b), -1);
	assert_string_equal(b.p, "flags=");
	assert_int_equal(b.n, 6);
	/* Room for what comes out is enough. */
	assert_int_equal(canon(IN("\\Seen abcd \\Recent abcd"), &b), 0);
	assert_string_equal(b.p, "flags=\\Seen abcd");
	buf_release(&b);
}

static void
test_flags_canon_of_nothing_is_an_empty_text(void **state)
{
	struct buf b = BUF_INIT(16);

	(void)state;
	assert_int_equal(flags_canon(NULL, 0, &b), 0);
	assert_string_equal(buf_text(&b), "");
	buf_release(&b);
}

static void
test_flags_canon_takes_text_up_to_its_limit(void **state)
{
	struct buf b = BUF_INIT(2 * FLAGS_MAX_TEXT);
	char *text = xmalloc(FLAGS_MAX_TEXT + 1);
	int more;

	(void)state;
	memset(text, 'x', FLAGS_MAX_TEXT + 1);
	for (more = -1; more <= 1; more++) {
		size_t n = (size_t)(FLAGS_MAX_TEXT + more);

		buf_clear(&b);
		assert_int_equal(canon(text, n, &b), more <= 0 ? 0 : -1);
		assert_int_equal(b.n, more <= 0 ? n : 0);
	}
	free(text);
	buf_release(&b);
}

static void
test_flags_canon_takes_flags_up_to_their_number(void **state)
{
	int more;

	(void)state;
	for (more = -1; more <= 1; more++) {
		struct buf in = BUF_INIT(FLAGS_MAX_TEXT);
		struct buf out = BUF_INIT(FLAGS_MAX_TEXT);
		const char *s, *p, *last = NULL;
		size_t len, last_len = 0;
		int i, n = FLAGS_MAX_COUNT + more, count = 0;

		for (i = 0; i < n; i++)
			buf_addf(&in, "k%d ", i);
		assert_int_equal(canon(in.p, in.n, &out), more <= 0 ? 0 : -1);
		s = buf_text(&out);
		while ((p = flags_next(&s, &len)) != NULL) {
			if (last != NULL && len == last_len)
				assert_true(memcmp(last, p, len) < 0);
			last = p;
			last_len = len;
			count++;
		}
		assert_int_equal(count, more <= 0 ? n : 0);
		buf_release(&in);
		buf_release(&out);
	}
}

static void
test_flags_next_walks_the_text(void **state)
{
	const char *s = "\\Seen $Junk x", *p;
	size_t len = 0;

	(void)state;
	p = flags_next(&s, &len);
	assert_int_equal(len, 5);
	assert_memory_equal(p, "\\Seen", 5);
	p = flags_next(&s, &len);
	assert_int_equal(len, 5);
	assert_memory_equal(p, "$Junk", 5);
	p = flags_next(&s, &len);
	assert_int_equal(len, 1);
	assert_memory_equal(p, "x", 1);
	assert_null(flags_next(&s, &len));
	assert_null(flags_next(&s, &len));
	s = "";
	assert_null(flags_next(&s, &len));
}

static void
test_flags_has_finds_whole_flags_only(void **state)
{
	(void)state;
	assert_true(flags_has("\\Flagged \\Seen x", "\\Seen"));
	assert_true(flags_has("\\Flagged \\Seen x", "x"));
	assert_true(flags_has("\\Seen", "\\Seen"));
	assert_false(flags_has("\\Seenx", "\\Seen"));
	assert_false(flags_has("\\See", "\\Seen"));
	assert_false(flags_has("x\\Seen", "\\Seen"));
	assert_false(flags_has("", "\\Seen"));
	assert_false(flags_has("Work", "work"));
	assert_false(flags_has("a b", "a b"));
}

static void
test_labels_stand_in_order_once_each(void **state)
{
	static const char *const in[] = { "Work", "Family, old", "b", "Work",
	    "a", "", "c", "Family", "\\Inbox", "ab" };
	struct buf b = BUF_INIT(1000);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		assert_int_equal(labels_add(&b, in[i], strlen(in[i])), 0);
	assert_string_equal(b.p,
	    "Family\nFamily, old\nWork\n\\Inbox\na\nab\nb\nc");
	assert_int_equal(b.n, strlen(b.p));
	buf_release(&b);
}

static void
test_labels_cannot_forge_a_line(void **state)
{
	struct buf b = BUF_INIT(1000);

	(void)state;
	assert_int_equal(labels_add(&b, IN("x\ny\rz\0w")), 0);
	assert_int_equal(labels_add(&b, IN("x?y?z?w")), 0);
	assert_int_equal(labels_add(&b, IN("x?y?z\nv")), 0);
	assert_int_equal(labels_add(&b, IN("\xc3\xa4")), 0);
	assert_int_equal(labels_add(&b, IN("\xc3\xa4")), 0);
	assert_int_equal(labels_add(&b, IN("A")), 0);
	assert_string_equal(b.p, "A\nx?y?z?v\nx?y?z?w\n\xc3\xa4");
	buf_release(&b);
}

static void
test_labels_that_do_not_fit_change_nothing(void **state)
{
	struct buf b = BUF_INIT(5);

	(void)state;
	assert_int_equal(labels_add(&b, IN("mn")), 0);
	assert_int_equal(labels_add(&b, IN("abc")), -1);
	assert_string_equal(b.p, "mn");
	assert_int_equal(labels_add(&b, IN("ab")), 0);
	assert_string_equal(b.p, "ab\nmn");
	assert_int_equal(labels_add(&b, IN("mn")), 0);
	assert_int_equal(labels_add(&b, IN("z")), -1);
	assert_string_equal(b.p, "ab\nmn");
	buf_release(&b);
}

static void
test_special_use_is_found_among_attributes(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "", NULL },
		{ "\\HasNoChildren", NULL },
		{ "\\HasNoChildren \\Sent", "\\Sent" },
		{ "\\SENT", "\\Sent" },
		{ "\\trash", "\\Trash" },
		{ "\\All \\Important", "\\All" },
		{ "\\Archive \\Junk", "\\Junk" },
		{ "\\Flagged", "\\Flagged" },
		{ "\\Sentx \\Alle Sent", NULL },
		{ "\\Important \\NoInferiors", "\\Important" },
		{ "\\Drafts", "\\Drafts" },
		{ "\\Archive", "\\Archive" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		const char *use = mail_special_use(t[i].in);

		if (t[i].out == NULL)
			assert_null(use);
		else
			assert_string_equal(use, t[i].out);
	}
}

static void
test_mail_box_released_is_empty(void **state)
{
	struct mail_box b = { .wire = xstrdup("INBOX"),
	    .name = xstrdup("INBOX"), .attributes = xstrdup(""),
	    .mailboxid = NULL, .delimiter = '/', .selectable = true };

	(void)state;
	mail_box_release(&b);
	assert_null(b.wire);
	assert_null(b.name);
	assert_null(b.attributes);
	assert_false(b.selectable);
	mail_box_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flags_canon_gives_equal_sets_one_text),
		cmocka_unit_test(
		    test_flags_canon_of_canonical_text_changes_nothing),
		cmocka_unit_test(
		    test_flags_canon_does_not_care_for_order_or_repetition),
		cmocka_unit_test(
		    test_flags_canon_appends_and_on_failure_does_not),
		cmocka_unit_test(test_flags_canon_of_nothing_is_an_empty_text),
		cmocka_unit_test(test_flags_canon_takes_text_up_to_its_limit),
		cmocka_unit_test(
		    test_flags_canon_takes_flags_up_to_their_number),
		cmocka_unit_test(test_flags_next_walks_the_text),
		cmocka_unit_test(test_flags_has_finds_whole_flags_only),
		cmocka_unit_test(test_labels_stand_in_order_once_each),
		cmocka_unit_test(test_labels_cannot_forge_a_line),
		cmocka_unit_test(test_labels_that_do_not_fit_change_nothing),
		cmocka_unit_test(test_special_use_is_found_among_attributes),
		cmocka_unit_test(test_mail_box_released_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
