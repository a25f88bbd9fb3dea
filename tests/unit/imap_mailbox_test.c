/*
 * Folders for writing: made, subscribed, opened, and what is said of messages in them.
 */
#include <inttypes.h>

#include "imap_stage.h"

static char a_[] = "a";

/* ---- opening ---- */

struct box {
	const char	*say;
	const char	*permanent;
	bool		 read_only;
};

static void
test_select_tells_what_may_be_written(void **state)
{
	static const struct box t[] = {
		{ "%T OK [READ-WRITE] x", NULL, false },
		{ "%T OK [READ-ONLY] x", NULL, true },
		{ "%T OK x", NULL, false },
		{ "* OK [READ-ONLY] x\r\n%T OK x", NULL, true },
		{ "* FLAGS (\\Seen)\r\n* OK [PERMANENTFLAGS (work \\seen \\*)] x\r\n%T OK [READ-WRITE] x",
		    "\\Seen \\* work", false },
		{ "* OK [PERMANENTFLAGS ()] none\r\n%T OK [READ-ONLY] x", "", true },
		{ "* OK [PERMANENTFLAGS (a)] x\r\n* OK [PERMANENTFLAGS (b)] x\r\n%T OK x", "b", false },
		/* That was the folder before. */
		{ "* OK [PERMANENTFLAGS (a)] x\r\n* OK [CLOSED] x\r\n%T OK x", NULL, false },
	};
	struct imap_event ev;
	char say[300];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		setup(NULL);
		ready("IMAP4rev1 CONDSTORE QRESYNC ENABLE");
		snprintf(say, sizeof(say), "%s\r\n", t[i].say);
		double_on("SELECT", say);
		assert_int_equal(imap_select(im, "a b", a_, &e), 0);
		assert_int_equal(next(&ev), 1);
		assert_true(ev.kind == IMAP_BOX && ev.ok && ev.cookie == a_);
		if (t[i].permanent == NULL)
			assert_null(ev.permanent);
		else
			assert_string_equal(ev.permanent, t[i].permanent);
		assert_int_equal(ev.read_only, t[i].read_only);
		assert_string_equal(double_said(), "5 SELECT \"a b\"\n|\n");
		imap_close(&im);
	}
}

static void
test_select_tells_the_state_as_examine_does(void **state)
{
	struct imap_event ev;

	(void)state;
	ready("IMAP4rev1");
	double_on("SELECT", "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 9] x\r\n"
	    "* 4 EXISTS\r\n%T OK [READ-WRITE] x\r\n");
	assert_int_equal(imap_select(im, "INBOX", a_, &e), 0);
	assert_int_equal(next(&ev), 1);
	assert_int_equal(ev.box.exists, 4);
	assert_int_equal(ev.exists, 4);
	assert_int_equal(ev.box.uidvalidity, 7);
	assert_int_equal(ev.box.uidnext, 9);
}

static void
test_select_is_refused_with_a_reason(void **state)
{
	struct imap_event ev;

	(void)state;
	ready("IMAP4rev1 CONDSTORE");
	double_once("SELECT", "%T NO [NOPERM] not yours\r\n");
	double_once("SELECT", "%T BAD what\r\n");
	assert_int_equal(imap_select(im, "x", a_, &e), 0);
	assert_int_equal(next(&ev), 1);
	assert_true(ev.kind == IMAP_BOX && !ev.ok && ev.refusal == REFUSED_FORBIDDEN);
	assert_string_equal(ev.text, "[NOPERM] not yours");
	assert_int_equal(imap_select(im, "x", a_, &e), 0);
	assert_int_equal(next(&ev), 1);
	assert_true(!ev.ok && ev.refusal == REFUSED_UNKNOWN);
	/* It has no parameter that could be the reason. */
	assert_true(imap_can(im, CAP_CONDSTORE));
}

/* ---- making ---- */

static void
test_create_says_what_became_of_it(void **state)
{
	static const struct { const char *say; int want; } t[] = {
		{ "%T OK made\r\n", 1 },
		{ "%T NO [ALREADYEXISTS] Mailbox already exists\r\n", 0 },
		{ "%T NO [alreadyexists] x\r\n", 0 },
		{ "%T NO Mailbox Already Exists\r\n", 0 },
		{ "%T NO no way\r\n", -1 },
		{ "%T BAD [CANNOT] no such name\r\n", -1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		setup(NULL);
		ready("IMAP4rev1");
		double_on("CREATE", t[i].say);
		assert_int_equal(imap_create(im, "a \"b\"", NULL, &e), t[i].want);
		if (t[i].want == -1)
			assert_int_equal(e.kind, EK_NO);
		assert_string_equal(double_said(), "5 CREATE \"a \\\"b\\\"\"\n|\n");
		/* The session goes on. */
		assert_int_equal(imap_subscribe(im, "a", &e), 0);
		imap_close(&im);
	}
}

/* RFC 6154: with its use, where the server offers that and does it. */
static void
test_create_for_a_use(void **state)
{
	static const struct { const char *caps, *say, *said; int want; } t[] = {
		{ "IMAP4rev1 CREATE-SPECIAL-USE", "%T OK made\r\n",
		    "5 CREATE \"Sent\" (USE (\\Sent))\n|\n", 1 },
		{ "IMAP4rev1 SPECIAL-USE", "%T BAD what\r\n", "5 CREATE \"Sent\"\n|\n", 1 },
		{ "IMAP4rev1 CREATE-SPECIAL-USE", "%T NO [USEATTR] there is one\r\n",
		    "5 CREATE \"Sent\" (USE (\\Sent))\n|\n6 CREATE \"Sent\"\n|\n", 1 },
		{ "IMAP4rev1 CREATE-SPECIAL-USE", "%T BAD what\r\n",
		    "5 CREATE \"Sent\" (USE (\\Sent))\n|\n6 CREATE \"Sent\"\n|\n", 1 },
		{ "IMAP4rev1 CREATE-SPECIAL-USE", "%T NO [ALREADYEXISTS] x\r\n",
		    "5 CREATE \"Sent\" (USE (\\Sent))\n|\n", 0 },
		{ "IMAP4rev1 CREATE-SPECIAL-USE", "* BYE enough\r\n",
		    "5 CREATE \"Sent\" (USE (\\Sent))\n|\n", -1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		setup(NULL);
		ready(t[i].caps);
		double_on("CREATE \"Sent\" (", t[i].say);
		assert_int_equal(imap_create(im, "Sent", "\\Sent", &e), t[i].want);
		if (t[i].want == -1)
			assert_int_equal(e.kind, EK_TEMP);
		assert_string_equal(double_said(), t[i].said);
		imap_close(&im);
	}
}

static void
test_subscribe_may_be_refused(void **state)
{
	(void)state;
	ready("IMAP4rev1");
	double_once("SUBSCRIBE", "%T NO [NOPERM] no\r\n");
	assert_int_equal(imap_subscribe(im, "a", &e), -1);
	assert_int_equal(e.kind, EK_NO);
	assert_string_equal(e.text, "[NOPERM] no");
	assert_int_equal(imap_subscribe(im, "a", &e), 0);
	assert_string_equal(double_said(), "5 SUBSCRIBE \"a\"\n|\n6 SUBSCRIBE \"a\"\n|\n");
}

static void
test_where_ones_own_folders_are(void **state)
{
	static const struct { const char *say, *prefix; char delimiter; } t[] = {
		{ "* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL\r\n%T OK\r\n", "INBOX.", '.' },
		{ "* NAMESPACE ((\"\" \"/\")(\"#mh/\" \"/\")) ((\"~\" \".\")) NIL\r\n%T OK\r\n", "", '/' },
		{ "* NAMESPACE NIL ((\"~\" \"/\")) NIL\r\n%T OK\r\n", "", '\0' },
		{ "* NAMESPACE ((\"\" NIL)) NIL NIL\r\n%T OK\r\n", "", '\0' },
		{ "* NAMESPACE ((\"x\r\n%T OK\r\n", "", '\0' },
		{ "%T NO\r\n", "", '\0' },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		char delimiter = 'x';

		setup(NULL);
		double_on("NAMESPACE", t[i].say);
		ready("IMAP4rev1 NAMESPACE");
		assert_string_equal(imap_personal(im, &delimiter), t[i].prefix);
		assert_int_equal(delimiter, t[i].delimiter);
		imap_close(&im);
	}
}

/* ---- messages ---- */

static void
test_store_says_what_it_is_told(void **state)
{
	struct uidset uids = UIDSET_INIT;
	struct imap_event ev;

	(void)state;
	ready("IMAP4rev1");
	uidset_add_range(&uids, 3, 4);
	uidset_add(&uids, 9);
	double_once("UID STORE", "* 5 FETCH (UID 9 FLAGS (\\Seen))\r\n%T OK done\r\n");
	double_once("UID STORE", "%T NO [OVERQUOTA] no room for keywords\r\n");
	assert_int_equal(imap_store(im, &uids, "+FLAGS.SILENT (\\Seen)", a_, &e), 0);
	assert_int_equal(imap_store(im, &uids, "FLAGS ()", a_, &e), 0);
	assert_int_equal(next(&ev), 1);
	assert_true(ev.kind == IMAP_MESSAGE && ev.meta.uid == 9);
	assert_int_equal(next(&ev), 1);
	assert_true(ev.kind == IMAP_DONE && ev.ok && ev.cookie == a_ && !ev.search);
	assert_int_equal(next(&ev), 1);
	assert_true(ev.kind == IMAP_DONE && !ev.ok && ev.refusal == REFUSED_QUOTA);
	assert_string_equal(double_said(), "5 UID STORE 3:4,9 +FLAGS.SILENT (\\Seen)\n"
	    "6 UID STORE 3:4,9 FLAGS ()\n|\n");
	/* No second command in it. */
	assert_int_equal(imap_store(im, &uids, "FLAGS ()\r\nX EXPUNGE", a_, &e), -1);
	assert_int_equal(e.kind, EK_FAIL);
	assert_int_equal(imap_store(im, &uids, "FLAGS ()\n", a_, &e), -1);
	uidset_release(&uids);
}

static void
test_labels_are_quoted(void **state)
{
	static const char *const t[][2] = {
		{ "", "()" }, { "Work", "(\"Work\")" },
		{ "\\Inbox\na b\nc\"d\nf\\g", "(\"\\\\Inbox\" \"a b\" \"c\\\"d\" \"f\\\\g\")" },
		{ "Entw&APw-rfe\n[Gmail]/x", "(\"Entw&APw-rfe\" \"[Gmail]/x\")" },
	};
	struct buf b = BUF_INIT(1000);
	size_t i, max;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		buf_clear(&b);
		assert_int_equal(imap_put_labels(&b, t[i][0]), 0);
		assert_string_equal(buf_text(&b), t[i][1]);
	}
	buf_release(&b);
	/* All or nothing. */
	for (max = 0; max <= strlen("x") + strlen(t[2][1]); max++) {
		buf_init(&b, max);
		if (max > 0)
			buf_addc(&b, 'x');
		if (max < 1 + strlen(t[2][1])) {
			assert_int_equal(imap_put_labels(&b, t[2][0]), -1);
			assert_string_equal(buf_text(&b), max > 0 ? "x" : "");
		} else
			assert_int_equal(imap_put_labels(&b, t[2][0]), 0);
		buf_release(&b);
	}
}

/* ---- headers ---- */

static struct buf went = BUF_INIT(1000);

static int
body_begins(void *arg, uint64_t size, struct err *err)
{
	(void)arg, (void)err;
	buf_addf(&went, "{%" PRIu64 "}", size);
	return 0;
}

static int
body_goes_on(void *arg, const void *p, size_t n, struct err *err)
{
	(void)arg, (void)err;
	buf_add(&went, p, n);
	return 0;
}

static void
fetch(unsigned int items)
{
	static const struct imap_body to = { body_begins, { body_goes_on, NULL } };
	struct uidset uids = UIDSET_INIT;

	imap_body_to(im, &to);
	uidset_add(&uids, 7);
	assert_int_equal(imap_fetch(im, &uids, items, 0, a_, &e), 0);
	uidset_release(&uids);
}

static void
test_a_header_comes_as_a_body(void **state)
{
	struct imap_event ev;

	(void)state;
	ready("IMAP4rev1");
	double_on("UID", "* 1 FETCH (UID 7 RFC822.SIZE 100 BODY[HEADER] {8}\r\nA: b\r\n\r\n)\r\n%T OK\r\n");
	fetch(IMAP_SIZE | IMAP_HEADER);
	assert_int_equal(next(&ev), 1);
	assert_true(ev.kind == IMAP_MESSAGE && ev.ok && ev.body == BODY_GIVEN && ev.body_size == 8);
	assert_string_equal(buf_text(&went), "{8}A: b\r\n\r\n");
	assert_int_equal(next(&ev), 1);
	assert_string_equal(double_said(), "5 UID FETCH 7 (UID RFC822.SIZE BODY.PEEK[HEADER])\n|\n");
	buf_release(&went);
}

/* A header that comes instead of the message must not become the message. */
static void
test_a_header_is_not_taken_for_a_body(void **state)
{
	static const char *const answers[] = {
		"* 1 FETCH (UID 7 BODY[HEADER] {4}\r\nA: b)\r\n%T OK\r\n",
		"* 1 FETCH (UID 7 BODY[HEADER] \"A: b\")\r\n%T OK\r\n",
		"* 1 FETCH (UID 7 BODY[] {4}\r\nA: b)\r\n%T OK\r\n",
	};
	struct imap_event ev;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		setup(NULL);
		ready("IMAP4rev1");
		double_on("UID", answers[i]);
		fetch(i < 2 ? IMAP_BODY : IMAP_HEADER);
		assert_int_equal(next(&ev), 1);
		assert_true(ev.kind == IMAP_MESSAGE && !ev.ok && ev.body == BODY_SPOILED);
		imap_close(&im);
	}
	buf_release(&went);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_select_tells_what_may_be_written),
		TEST(test_select_tells_the_state_as_examine_does),
		TEST(test_select_is_refused_with_a_reason),
		TEST(test_create_says_what_became_of_it),
		TEST(test_create_for_a_use),
		TEST(test_subscribe_may_be_refused),
		TEST(test_where_ones_own_folders_are),
		TEST(test_store_says_what_it_is_told),
		TEST(test_labels_are_quoted),
		TEST(test_a_header_comes_as_a_body),
		TEST(test_a_header_is_not_taken_for_a_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
