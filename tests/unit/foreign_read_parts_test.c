/*
 * What names and headers of other programs say: dates, flags, folders.
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
#include "base/text.h"
#include "foreign/read.h"

static void
test_dates_are_read_in_all_the_ways_they_are_written(void **state)
{
	static const struct { const char *in; bool strict; int64_t t; } t[] = {
		{ "Mon, 2 Jan 2006 15:04:05 +0000", true, 1136214245 },
		{ "Mon, 02 Jan 2006 15:04:05 GMT", true, 1136214245 },
		{ "2 Jan 2006 15:04 +0000", true, 1136214240 },
		{ "Mon,  2 Jan 06 15:04:05 +0000", true, 1136214245 },
		{ "Mon,  2 Jan 106 15:04:05 +0000", true, 1136214245 },
		{ "Mon, 2 Jan 2006 16:04:05 +0100 (CET (so))", true,
		    1136214245 },
		{ "Mon, 2 Jan 2006 07:04:05 PST", true, 1136214245 },
		{ "Mon, 2 Jan 2006 11:04:05 EDT", true, 1136214245 },
		{ "Mon, 2 Jan 2006 15:04:05 -0000", true, 1136214245 },
		{ "\r\n\tMon, 2 Jan 2006 15:04:05", true, 1136214245 },
		{ "Mon Jan  2 15:04:05 2006", true, 1136214245 },
		{ "Mon Jan  2 10:04:05 EST 2006", true, 1136214245 },
		{ "Wed, 17 Jul 1996 02:44:25 -0700", true, 837596665 },
		{ "Thu, 29 Feb 1996 00:00:00 +0000", true, 825552000 },
		{ "Sat, 31 Dec 1949 00:00:00 +0000", true, -631238400 },
		{ "1 Jan 49 00:00:00 +0000", true, 2493072000 },
		{ "1 Jan 50 00:00:00 +0000", true, -631152000 },
		{ "by chance Mon, 2 Jan 2006 15:04:05 +0000", false,
		    1136214245 },
	};
	size_t i;
	int64_t got;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		got = 1;
		if (read_date(t[i].in, strlen(t[i].in), t[i].strict, &got) != 0)
			fail_msg("%s: no date", t[i].in);
		if (got != t[i].t)
			fail_msg("%s: %lld", t[i].in, (long long)got);
	}
}

static void
test_what_is_no_date_is_none(void **state)
{
	static const struct { const char *in; bool strict; } t[] = {
		{ "", false },
		{ "Mon", false },
		{ "Fri, 29 Feb 1997 00:00:00 +0000", false },
		{ "Mon, 31 Apr 2006 00:00:00 +0000", false },
		{ "Mon, 0 Jan 2006 15:04:05 +0000", false },
		{ "Mon, 2 Jan 0000 15:04:05 +0000", false },
		{ "Mon, 2 Jan 2006 24:04:05 +0000", false },
		{ "Mon, 2 Jan 2006 15:60:05 +0000", false },
		{ "Mon, 2 Jan 2006 15:04:61 +0000", false },
		{ "Mon, 2 Jan 2006", false },
		{ "15:04:05 2006", false },
		{ "2006-01-02T15:04:05Z", false },
		{ "99999999999999999999 Jan 2006 15:04:05", false },
		{ "at Mon, 2 Jan 2006 15:04:05 +0000 perhaps", true },
		{ "Mon, 2 Jan 2006 15:04:05 +2500", true },
		{ "Mon, 2 Jan 2006 15:04:05 +0000 ((((((((((((((((((((((((((((",
		    false },
	};
	size_t i;
	int64_t got;

	(void)state;
	for (i = 0; i + 1 < sizeof(t) / sizeof(t[0]); i++)
		if (read_date(t[i].in, strlen(t[i].in), t[i].strict, &got) !=
		    -1)
			fail_msg("%s: %lld", t[i].in, (long long)got);
	/* Comments that nobody ends do no harm. */
	assert_int_equal(read_date(t[i].in, strlen(t[i].in), true, &got), 0);
}

/* The flags and date of a header, fed in pieces. */
static void
look(const char *in, size_t piece, struct read_head *h)
{
	size_t n = strlen(in), now;

	read_head_begin(h);
	for (; n > 0; in += now, n -= now) {
		char *exact;

		now = n < piece ? n : piece;
		exact = xmalloc(now);
		memcpy(exact, in, now);
		read_head_feed(h, exact, now);
		free(exact);
	}
	read_head_end(h);
}

static void
test_headers_tell_of_flags_and_dates(void **state)
{
	static const struct {
		const char *in, *flags;
		bool says;
		int64_t date;	/* 0: none */
	} t[] = {
		{ "", "", false, 0 },
		{ "Subject: x\n\nStatus: R\n", "", false, 0 },
		{ "Status: RO\n\n", " \\Seen", true, 0 },
		{ "Status: O\n", "", true, 0 },
		{ "status : R\nX-STATUS: AFDT\n\n",
		    " \\Seen \\Answered \\Deleted \\Flagged \\Draft", true, 0 },
		{ "X-Keywords: one two(  $Label1 \\Seen\n\n", " one $Label1",
		    false, 0 },
		{ "X-Mozilla-Status: 1003\nX-Mozilla-Keys: $label2   \n\n",
		    " \\Seen \\Answered $Forwarded $label2", true, 0 },
		{ "Received: from a\n by b; Mon, 2 Jan 2006 15:04:05 +0000\n"
		    "Received: c; Mon, 2 Jan 2012 15:04:05 +0000\n"
		    "Date: Tue, 3 Jan 2006 15:04:05 +0000\n\n", "", false,
		    1136214245 },
		{ "Received: from a; never\n"
		    "Date: Mon, 2 Jan 2006 15:04:05 +0000\r\n\r\n", "", false,
		    1136214245 },
		{ "X: 1\r\nDate: Mon,\r\n 2 Jan 2006\r\n\t15:04:05 +0000\r\n\r\n",
		    "", false, 1136214245 },
		{ "Date: Mon, 2 Jan 2006 15:04:05 +0000", "", false,
		    1136214245 },
		{ "Update: Mon, 2 Jan 2006 15:04:05 +0000\n\n", "", false, 0 },
	};
	struct read_head h = { .n = 0 };
	struct buf flags = BUF_INIT(4096);
	size_t i, piece;
	int64_t date;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		for (piece = 1; piece < 200; piece += 66) {
			look(t[i].in, piece, &h);
			buf_clear(&flags);
			assert_int_equal(read_head_flags(&h, &flags),
			    t[i].says);
			assert_string_equal(buf_text(&flags), t[i].flags);
			date = 0;
			assert_int_equal(read_head_date(&h, &date),
			    t[i].date != 0);
			assert_int_equal(date, t[i].date);
		}
	read_head_release(&h);
	buf_release(&flags);
}

static void
test_a_header_without_end_is_looked_at_so_far(void **state)
{
	struct read_head h = { .n = 0 };
	struct buf in = BUF_INIT(2 * READ_SCAN), flags = BUF_INIT(100);

	(void)state;
	while (in.n < READ_SCAN - 11)
		buf_addc(&in, in.n % 100 == 99 ? '\n' : 'x');
	buf_adds(&in, "\nStatus: R\n\n");
	look(in.p, 4096, &h);
	assert_true(read_head_flags(&h, &flags));
	in.p[0] = '\n';		/* the header ends at once */
	look(in.p, 4096, &h);
	assert_false(read_head_flags(&h, &flags));
	in.p[0] = 'x';
	in.n -= strlen("\nStatus: R\n\n");
	buf_adds(&in, "x\nStatus: R\n\n");
	look(in.p, 4096, &h);
	assert_true(h.done);
	read_head_release(&h);
	buf_release(&in);
	buf_release(&flags);
}

static void
test_the_letters_of_a_maildir_are_flags(void **state)
{
	static const char words[] = "0 work\n1 $Label1\n25 last\n26 none\n"
	    "x y\n3\n4 \n5 a(b\n99999999999999999999 z\n1 again";
	static const struct { const char *name, *flags; bool all; } t[] = {
		{ "1.M.h", "", true },
		{ "1.M.h:2,", "", true },
		{ "1.M.h:2,S", " \\Seen", true },
		{ "1.M.h:2,DFPRST", " \\Draft \\Flagged $Forwarded \\Answered "
		    "\\Seen \\Deleted", true },
		{ "1.M.h:2,Sab", " \\Seen work again", true },
		{ "1.M.h:2,Saz", " \\Seen work last", true },
		{ "1.M.h:2,Sc", " \\Seen", false },
		{ "1.M.h:2,Sf", " \\Seen", false },
		{ "1.M.h:2,S,S=12,W=13", " \\Seen", true },
		{ "1.M.h,S=12:2,S", " \\Seen", true },
		{ "1.M.h:1,S", "", true },
		{ "1.M.h;2,S", " \\Seen", true },
		{ "1.M.h!2,S", " \\Seen", true },
		{ ":2,", "", true },
		{ "", "", true },
		{ "1:2,F:2,S", " \\Seen", true },
	};
	struct read_keywords k = { { NULL } };
	struct buf flags = BUF_INIT(4096);
	size_t i;

	(void)state;
	read_keywords_parse(&k, words, sizeof(words) - 1);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		buf_clear(&flags);
		assert_int_equal(read_maildir_flags(t[i].name, &k, &flags),
		    t[i].all);
		assert_string_equal(buf_text(&flags), t[i].flags);
	}
	assert_false(read_maildir_flags("1:2,a", NULL, &flags));
	read_keywords_release(&k);
	buf_release(&flags);
}

static void
test_paths_become_names_of_folders(void **state)
{
	static const struct {
		enum read_kind kind;
		const char *path, *name;
	} t[] = {
		{ READ_KIND_MAILDIR, "", "ROOT" },
		{ READ_KIND_MAILDIR, ".", "ROOT" },
		{ READ_KIND_MAILDIR, ".Sent", "Sent" },
		{ READ_KIND_MAILDIR, ".Lists.Stars", "Lists/Stars" },
		{ READ_KIND_MAILDIR, "..Sent.", "Sent" },
		{ READ_KIND_MAILDIR, "Work/.Lists.Stars", "Work/Lists/Stars" },
		{ READ_KIND_MAILDIR, "./Work//Old", "Work/Old" },
		{ READ_KIND_MAILDIR, ".Entw&APw-rfe", "Entwürfe" },
		{ READ_KIND_MAILDIR, "Entw\303\274rfe", "Entwürfe" },
		{ READ_KIND_MAILDIR, ".Q&-A", "Q&A" },
		{ READ_KIND_MAILDIR, ".Q&A", "Q&A" },
		{ READ_KIND_MAILDIR, "a.b", "a.b" },
		{ READ_KIND_MAILDIR, ".a%2Eb.c", "a.b/c" },
		{ READ_KIND_MAILDIR, ".100%.a%2E%", "100%/a%2E%" },
		{ READ_KIND_MAILDIR, ".inbox", "inbox" },
		{ READ_KIND_MBOX, "Inbox", "Inbox" },
		{ READ_KIND_MBOX, "Inbox.mbox", "Inbox" },
		{ READ_KIND_MBOX, "Inbox.MBOX.gz", "Inbox" },
		{ READ_KIND_MBOX, "Inbox.sbd/Lists.sbd/Stars", "Inbox/Lists/Stars" },
		{ READ_KIND_MBOX, "Lists.mbox/mbox", "Lists" },
		{ READ_KIND_MBOX, "mbox", "mbox" },
		{ READ_KIND_MBOX, ".mbox", ".mbox" },
		{ READ_KIND_MBOX, "a.zst", "a" },
		{ READ_KIND_EML, "", "ROOT" },
		{ READ_KIND_EML, "../../etc/./x/..", "etc/x" },
		{ READ_KIND_EML, "/abs", "abs" },
		{ READ_KIND_EML, "Work/.Lists.Stars", "Work/.Lists.Stars" },
		{ READ_KIND_EML, "a%41", "a%41" },
		{ READ_KIND_EML, "a\nb\377c", "a%0Ab%FFc" },
		{ READ_KIND_EML, "a\342\200\256b", "a%E2%80%AEb" },
		{ READ_KIND_OURS, "Q%25A/%2Ehidden", "Q%A/.hidden" },
		{ READ_KIND_OURS, "a%2Fb", "a%2Fb" },
		{ READ_KIND_OURS, "a%0Ab%", "a%0Ab%" },
		{ READ_KIND_OURS, "a%4", "a%4" },
		{ READ_KIND_OURS, "a%c3%BC", "a%c3%BC" },
		{ READ_KIND_OURS, "a%C3%BC", "aü" },
	};
	struct buf name = BUF_INIT(8 * FOREIGN_FOLDER_MAX);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		buf_clear(&name);
		assert_int_equal(read_path_folder(t[i].kind, t[i].path, "ROOT",
		    &name), 0);
		assert_string_equal(buf_text(&name), t[i].name);
	}
	buf_release(&name);
}

static void
test_the_name_of_a_folder_has_a_limit(void **state)
{
	static const enum read_kind kinds[] = { READ_KIND_MAILDIR,
	    READ_KIND_MBOX, READ_KIND_EML, READ_KIND_OURS };
	struct buf path = BUF_INIT(2 * FOREIGN_FOLDER_MAX);
	struct buf name = BUF_INIT(8 * FOREIGN_FOLDER_MAX);
	size_t i;

	(void)state;
	while (path.n < FOREIGN_FOLDER_MAX)
		buf_addc(&path, path.n % 200 == 100 ? '/' : 'x');
	for (i = 0; i < 4; i++) {
		buf_clear(&name);
		assert_int_equal(read_path_folder(kinds[i], path.p, "ROOT",
		    &name), 0);
		assert_int_equal(name.n, FOREIGN_FOLDER_MAX);
	}
	buf_addc(&path, 'y');
	for (i = 0; i < 4; i++) {
		buf_clear(&name);
		assert_int_equal(read_path_folder(kinds[i], path.p, "ROOT",
		    &name), -1);
	}
	buf_release(&path);
	buf_release(&name);
}

static void
test_our_own_files_are_known_by_their_names(void **state)
{
	(void)state;
	assert_true(read_path_is_ours("7.1.0af3.eml"));
	assert_true(read_path_is_ours("0.4294967295.ffff.eml"));
	assert_true(read_path_is_ours("7.1.0af3.2.eml"));
	assert_false(read_path_is_ours("7.1.0AF3.eml"));
	assert_false(read_path_is_ours("7.1.0af.eml"));
	assert_true(read_path_is_ours("7.1.0af30123.eml"));
	assert_false(read_path_is_ours("7..0af3.eml"));
	assert_false(read_path_is_ours(".1.0af3.eml"));
	assert_false(read_path_is_ours("7.1.0af3"));
	assert_false(read_path_is_ours("letter.eml"));
}

static int
keep(void *arg, const void *p, size_t n, struct err *e)
{
	(void)e;
	assert_int_equal(buf_add(arg, p, n), 0);
	return 0;
}

/* What comes out of the spool when it was filled in pieces. */
static char *
through(const char *in, size_t n, size_t piece, bool raw, int scratch)
{
	struct buf out = BUF_INIT(64 * 1024);
	const struct sink to = { keep, &out };
	struct read_spool s;
	struct err e;
	size_t now;

	read_spool_init(&s, scratch);
	read_spool_begin(&s);
	for (; n > 0; in += now, n -= now) {
		now = n < piece ? n : piece;
		assert_int_equal(read_spool_write(&s, in, now, &e), 0);
	}
	assert_int_equal(read_spool_pour(&s, raw, &to, &e), 0);
	read_spool_release(&s);
	return buf_take(&out);
}

static void
test_line_ends_become_those_of_a_server_where_they_all_are_bare(void **state)
{
	static const struct { const char *in, *out; } t[] = {
		{ "a", "a" },
		{ "\n", "\r\n" },
		{ "a\nb\n", "a\r\nb\r\n" },
		{ "a\n\n\nb", "a\r\n\r\n\r\nb" },
		{ "a\r\nb\r\n", "a\r\nb\r\n" },
		{ "a\nb\r\n", "a\nb\r\n" },
		{ "a\r\nb\n", "a\r\nb\n" },
		{ "a\rb\n", "a\rb\r\n" },
		{ "a\r\r\nb\n", "a\r\r\nb\n" },
		{ "a\r", "a\r" },
	};
	size_t i, piece;
	char *got;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		for (piece = 1; piece < 4; piece++) {
			got = through(t[i].in, strlen(t[i].in), piece, false,
			    -1);
			assert_string_equal(got, t[i].out);
			free(got);
			got = through(t[i].in, strlen(t[i].in), piece, true,
			    -1);
			assert_string_equal(got, t[i].in);
			free(got);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dates_are_read_in_all_the_ways_they_are_written),
		cmocka_unit_test(test_what_is_no_date_is_none),
		cmocka_unit_test(test_headers_tell_of_flags_and_dates),
		cmocka_unit_test(test_a_header_without_end_is_looked_at_so_far),
		cmocka_unit_test(test_the_letters_of_a_maildir_are_flags),
		cmocka_unit_test(test_paths_become_names_of_folders),
		cmocka_unit_test(test_the_name_of_a_folder_has_a_limit),
		cmocka_unit_test(test_our_own_files_are_known_by_their_names),
		cmocka_unit_test(test_line_ends_become_those_of_a_server_where_they_all_are_bare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
