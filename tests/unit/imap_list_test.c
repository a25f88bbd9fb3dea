/*
 * Folders: LIST with all that servers can add, the ways back where they can't, STATUS and QUOTA.
 */
#include <inttypes.h>

#include "imap_stage.h"

#define EXTENDED	"IMAP4rev1 LIST-EXTENDED LIST-STATUS SPECIAL-USE"
#define ASKED		"LIST \"\" \"*\" RETURN"

static struct imap_boxes boxes;

/* Sign in to a server of these capabilities and list. */
static int
list(const char *caps)
{
	struct buf b = BUF_INIT(1000);
	int rc;

	buf_addf(&b, "* CAPABILITY %s\r\n%%T OK\r\n", caps);
	double_once("CAPABILITY", b.p);
	open_session(NULL);
	rc = imap_list(im, false, &boxes, &e);
	buf_release(&b);
	return rc;
}

static const char *
space_name(enum mail_space space)
{
	return space == MAIL_PERSONAL ? "" : space == MAIL_OTHER ? " other" :
	    " shared";
}

/* The folders, a line each: name, attributes, what else there is. */
static void
assert_boxes(const char *want)
{
	struct buf b = BUF_INIT(100000);
	size_t i;

	for (i = 0; i < boxes.n; i++) {
		const struct mail_box *x = &boxes.v[i];

		buf_addf(&b, "%s (%s)%s%s%s", x->wire, x->attributes,
		    x->selectable ? "" : " closed",
		    x->subscribed ? " subscribed" : "", space_name(x->space));
		if (x->state.has_exists)
			buf_addf(&b, " %" PRIu64 "/%" PRIu64 "/%" PRIu64,
			    x->state.exists, x->state.uidnext,
			    x->state.uidvalidity);
		if (x->mailboxid != NULL)
			buf_addf(&b, " id=%s", x->mailboxid);
		buf_adds(&b, "\n");
	}
	assert_string_equal(buf_text(&b), want);
	buf_release(&b);
	imap_boxes_release(&boxes);
}

static void
test_list_asks_for_all_in_one_write(void **state)
{
	(void)state;
	double_on("CAPABILITY", "* CAPABILITY " EXTENDED " ID NAMESPACE CONDSTORE OBJECTID STATUS=SIZE\r\n%T OK\r\n");
	double_on("LIST", "* LIST () \"/\" INBOX\r\n%T OK\r\n");
	open_session(EXTENDED " ID NAMESPACE CONDSTORE OBJECTID STATUS=SIZE");
	assert_int_equal(imap_list(im, true, &boxes, &e), 0);
	assert_string_equal(double_said(), "1 NOOP\n2 CAPABILITY\n3 ID (\"name\" \"mailkeep\")\n4 NAMESPACE\n"
	    "5 LIST \"\" \"*\" RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY "
	    "HIGHESTMODSEQ SIZE MAILBOXID))\n|\n");
	assert_boxes("INBOX ()\n");
}

/* Without a hint the capabilities come first. */
static void
test_list_without_a_hint_asks_what_the_server_can(void **state)
{
	(void)state;
	double_on("LIST", "* LIST () \"/\" INBOX\r\n%T OK\r\n");
	assert_int_equal(list("IMAP4rev1 LIST-EXTENDED"), 0);
	assert_string_equal(double_said(), "1 NOOP\n2 CAPABILITY\n|\n3 LIST \"\" \"*\" RETURN (SUBSCRIBED)\n|\n");
	imap_boxes_release(&boxes);
}

/* R15: refused, empty (Strato), or promised by an old hint: then as RFC 3501 has it. */
static void
test_list_falls_back_on_what_all_servers_can(void **state)
{
	static const char *const answers[] = { "%T BAD what is RETURN\r\n", "%T NO\r\n", "%T OK\r\n",
	    "* LIST () \"/\" half\r\n%T NO failed\r\n", "* LIST (\r\n%T OK\r\n" };
	size_t i;

	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		setup(state);
		double_on(ASKED, answers[i]);
		double_on("LIST", "* LIST () \"/\" INBOX\r\n* LIST () \"/\" a\r\n%T OK\r\n");
		double_on("LSUB", i == 0 ? "%T BAD no\r\n" : "* LSUB () \"/\" a\r\n* LSUB () \"/\" gone\r\n%T OK\r\n");
		assert_int_equal(list(EXTENDED), 0);
		assert_non_null(strstr(double_said(), "LIST \"\" \"*\"\n|\n5 LSUB \"\" \"*\"\n"));
		/* What the first answer had said is forgotten. */
		assert_int_equal(boxes.unreadable, 0);
		assert_boxes(i == 0 ? "INBOX ()\na ()\n" : "INBOX ()\na () subscribed\n");
		imap_close(&im);
	}
	setup(state);
	double_on("CAPABILITY", "* CAPABILITY IMAP4rev1\r\n%T OK\r\n");
	double_on(ASKED, "%T BAD\r\n");
	double_on("ID", "%T BAD\r\n");
	double_on("NAMESPACE", "%T BAD\r\n");
	double_on("LIST", "* LIST () \"/\" INBOX\r\n%T OK\r\n");
	open_session(EXTENDED " ID NAMESPACE");
	assert_int_equal(imap_list(im, false, &boxes, &e), 0);
	assert_boxes("INBOX ()\n");
}

static void
test_list_refused_is_told(void **state)
{
	(void)state;
	double_on("LIST", "%T NO [NOPERM] not for you\r\n");
	assert_int_equal(list("IMAP4rev1"), -1);
	assert_int_equal(e.kind, EK_NO);
	assert_string_equal(e.text, "the server does not list its folders: [NOPERM] not for you");
	assert_string_equal(e.next, "");
	/* The session goes on. */
	double_forget();
	assert_int_equal(imap_list(im, false, &boxes, &e), -1);
	assert_int_equal(e.kind, EK_NO);
	assert_non_null(strstr(double_said(), "LIST"));
}

/* R21 */
static void
test_list_refused_for_now_may_work_later(void **state)
{
	(void)state;
	double_on("LIST", "%T NO [UNAVAILABLE] the backend is down\r\n");
	assert_int_equal(list(EXTENDED), -1);
	assert_int_equal(e.kind, EK_TEMP);
	assert_string_equal(e.text, "the server does not list its folders: [UNAVAILABLE] the backend is down");
	assert_string_equal(e.next, "run it again later");
}

/* R24 */
static void
test_list_takes_attributes_and_what_becomes_of_them(void **state)
{
	(void)state;
	double_on("LIST", "* LIST (\\Subscribed \\HasNoChildren \\sent) \"/\" s\r\n"
	    "* LIST (\\NOSELECT \\Marked) \"/\" n\r\n* LIST (\\NonExistent \\Unmarked) \"/\" x\r\n"
	    "* LIST (\\Noselect) \"/\" \"\"\r\n* XLIST (\\AllMail) \"/\" all\r\n%T OK\r\n");
	assert_int_equal(list(EXTENDED), 0);
	assert_boxes("all (\\AllMail)\nn (\\NOSELECT) closed\ns (\\HasNoChildren \\sent) subscribed\n"
	    "x (\\NonExistent) closed\n");
}

static void
test_list_takes_status_wherever_it_comes(void **state)
{
	(void)state;
	double_on("LIST", "* STATUS late (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)\r\n"
	    "* LIST () \"/\" b\r\n* STATUS b (MESSAGES 4 UIDNEXT 5 UIDVALIDITY 6 MAILBOXID (M))\r\n"
	    "* LIST () \"/\" late\r\n* STATUS nobody (MESSAGES 7)\r\n* STATUS b bad\r\n"
	    "* LIST () \"/\" a\r\n* STATUS a ()\r\n%T OK\r\n"
	    );
	assert_int_equal(list(EXTENDED), 0);
	assert_boxes("a ()\nb () 4/5/6 id=M\nlate () 1/2/3\n");
}

static void
test_list_takes_one_name_once(void **state)
{
	(void)state;
	double_on("LIST", "* LIST (\\A) \"/\" Inbox\r\n* LIST (\\B) \"/\" INBOX\r\n* LIST () \"/\" x\r\n"
	    "* LIST () \"/\" x\r\n* LIST () \"/\" X\r\n%T OK\r\n");
	assert_int_equal(list("IMAP4rev1"), 0);
	assert_int_equal(boxes.unreadable, 0);
	assert_boxes("INBOX (\\B)\nX ()\nx ()\n");
}

/* R118: INBOX is one however it is written, but what is below it is not. */
static void
test_list_folds_inbox_itself_and_nothing_below_it(void **state)
{
	(void)state;
	double_on("LIST", "* LIST () \"/\" Inbox/a\r\n* STATUS Inbox/a (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)\r\n"
	    "* LIST () \"/\" INBOX/a\r\n* STATUS INBOX/a (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 4)\r\n"
	    "* LIST () \"/\" iNBOX\r\n%T OK\r\n");
	assert_int_equal(list(EXTENDED), 0);
	assert_int_equal(boxes.unreadable, 0);
	assert_string_equal(boxes.v[0].name, "INBOX");
	assert_string_equal(boxes.v[2].name, "Inbox/a");
	assert_boxes("iNBOX ()\nINBOX/a () 1/2/4\nInbox/a () 1/2/3\n");
}

/* The same, whichever comes first. */
static void
test_list_takes_the_best_of_doubles_and_what_each_says(void **state)
{
	static const char *const closed = "* LIST (\\Noselect \\Subscribed) \"/\" INBOX\r\n";
	static const char *const open = "* LIST (\\HasNoChildren) \"/\" Inbox\r\n";
	static const char *const told = "* LIST () \"/\" iNBOX\r\n"
	    "* STATUS iNBOX (MESSAGES 4 UIDNEXT 5 UIDVALIDITY 6)\r\n";
	const char *const orders[][3] = { { closed, open, told }, { closed, told, open }, { open, closed, told },
	    { open, told, closed }, { told, open, closed }, { told, closed, open } };
	struct buf b = BUF_INIT(1000);
	size_t i;

	for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		setup(state);
		buf_clear(&b);
		buf_addf(&b, "%s%s%s%%T OK\r\n", orders[i][0], orders[i][1], orders[i][2]);
		double_on("LIST", b.p);
		assert_int_equal(list(EXTENDED), 0);
		assert_int_equal(boxes.unreadable, 0);
		assert_boxes("Inbox (\\HasNoChildren) subscribed 4/5/6\n");
		imap_close(&im);
	}
	buf_release(&b);
}

/* Two that are not the same have one name: that is not passed over (D8). */
static void
test_list_names_doubles_that_are_two_folders(void **state)
{
	static const char *const answers[] = {
		"* LIST () \"/\" INBOX\r\n* STATUS INBOX (UIDVALIDITY 6)\r\n"
		"* LIST () \"/\" Inbox\r\n* STATUS Inbox (UIDVALIDITY 7)\r\n%T OK\r\n",
		"* LIST () \"/\" a\r\n* STATUS a (UIDVALIDITY 6)\r\n"
		"* LIST () \"/\" a\r\n* STATUS a (UIDVALIDITY 7)\r\n%T OK\r\n",
		"* LIST () \"/\" a\r\n* LIST () \"/\" b\r\n* STATUS a (UIDVALIDITY 6)\r\n"
		"* STATUS a (UIDVALIDITY 7)\r\n%T OK\r\n",
	};
	size_t i;

	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		setup(state);
		double_on("LIST", answers[i]);
		assert_int_equal(list(EXTENDED), 0);
		assert_int_equal(boxes.unreadable, 1);
		assert_string_equal(boxes.first_unreadable, "(two folders that have one name)");
		assert_int_equal(boxes.n, i == 2 ? 2 : 1);
		imap_boxes_release(&boxes);
		imap_close(&im);
	}
}

/* Folders may be hidden behind lines that could not be read. */
static void
test_list_counts_what_it_could_not_read(void **state)
{
	(void)state;
	double_on("LIST", "* LIST () \"/\" \"a\r\n* LIST () \"/\" b\r\n* LIST () \"/\" \"x\" y\r\n%T OK\r\n");
	double_on("LSUB", "* LSUB () \"/\" \"a\r\n%T OK\r\n");
	assert_int_equal(list("IMAP4rev1"), 0);
	assert_int_equal(boxes.unreadable, 2);
	assert_string_equal(boxes.first_unreadable, "(a line that is not LIST's)");
	assert_boxes("b ()\n");
}

/* A6, A7, R113: a NUL, and 8,192 bytes and one more. */
static void
test_list_takes_names_that_can_be_names(void **state)
{
	struct buf b = BUF_INIT(100000);
	int n, i;

	(void)state;
	for (n = 8191; n <= 8193; n++) {
		buf_adds(&b, "* LIST () \"/\" ");
		for (i = 0; i < n; i++)
			buf_addc(&b, 'n');
		buf_adds(&b, "\r\n");
	}
	buf_adds(&b, "* LIST () \"/\" {2}\r\n\r\n\r\n* LIST () \"/\" {0}\r\n\r\n%T OK\r\n");
	double_on("LIST", b.p);
	assert_int_equal(list("IMAP4rev1"), 0);
	assert_int_equal(boxes.n, 3);
	assert_int_equal(boxes.unreadable, 1);
	assert_string_equal(boxes.first_unreadable, "(a name that can't be a folder's)");
	assert_string_equal(boxes.v[2].wire, "\r\n");	/* undecodable, so behind the others */
	assert_int_equal(strlen(boxes.v[0].wire) + strlen(boxes.v[1].wire), 8191 + 8192);
	imap_boxes_release(&boxes);
	buf_release(&b);
}

/* R23 */
static void
test_namespaces_say_whose_a_folder_is(void **state)
{
	static const struct { const char *say, *want; } t[] = {
		{ "* NAMESPACE ((\"\" \"/\")) ((\"Other Users/\" \"/\")) ((\"Shared/\" \"/\")(\"#news.\" \".\"))\r\n",
		    "#news.x () shared\nINBOX ()\nOther Users/x () other\nShared () shared\nShared/x () shared\n"
		    "SharedX ()\nuser.x ()\n" },
		/* Cyrus: all that is neither INBOX nor a user's is shared. */
		{ "* NAMESPACE ((\"INBOX.\" \".\")) ((\"user.\" \".\")) ((\"\" \".\"))\r\n",
		    "#news.x () shared\nINBOX ()\nOther Users/x () shared\nShared () shared\nShared/x () shared\n"
		    "SharedX () shared\nuser.x () other\n" },
		/* Odd: ours comes first. */
		{ "* NAMESPACE ((\"\" \"/\")) ((\"\" \"/\")) ((\"\" \"/\"))\r\n",
		    "#news.x ()\nINBOX ()\nOther Users/x ()\nShared ()\nShared/x ()\nSharedX ()\nuser.x ()\n" },
		{ "* NAMESPACE NIL NIL NIL\r\n",
		    "#news.x ()\nINBOX ()\nOther Users/x ()\nShared ()\nShared/x ()\nSharedX ()\nuser.x ()\n" },
		{ "* NAMESPACE ((\"\" \"/\")) ((\"Shared/\" \r\n",
		    "#news.x ()\nINBOX ()\nOther Users/x ()\nShared ()\nShared/x ()\nSharedX ()\nuser.x ()\n" },
		{ "", "#news.x ()\nINBOX ()\nOther Users/x ()\nShared ()\nShared/x ()\nSharedX ()\nuser.x ()\n" },
	};
	struct buf b = BUF_INIT(1000);
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		setup(state);
		buf_clear(&b);
		buf_addf(&b, "%s%%T %s\r\n", t[i].say, *t[i].say == '\0' ? "NO" : "OK");
		double_on("NAMESPACE", b.p);
		double_on("LIST", "* LIST () \"/\" INBOX\r\n* LIST () \"/\" \"Other Users/x\"\r\n"
		    "* LIST () \"/\" Shared\r\n* LIST () \"/\" Shared/x\r\n* LIST () \"/\" SharedX\r\n"
		    "* LIST () \".\" #news.x\r\n* LIST () \".\" user.x\r\n%T OK\r\n");
		assert_int_equal(list("IMAP4rev1 NAMESPACE"), 0);
		assert_boxes(t[i].want);
		imap_close(&im);
	}
	buf_release(&b);
}

/* Nobody waits for these, so they may be answered late; what is asked by LIST is LIST's nevertheless. */
static void
test_list_is_not_confused_by_answers_that_are_late(void **state)
{
	(void)state;
	double_on("ID", "");
	double_on("NAMESPACE", "");
	double_on("LIST", "* LIST () \"/\" a\r\n%T OK\r\n%1 OK\r\n%2 BAD\r\n");
	double_on("LSUB", "* LSUB () \"/\" a\r\n%T OK\r\n");
	assert_int_equal(list("IMAP4rev1 ID NAMESPACE"), 0);
	assert_boxes("a () subscribed\n");
}

/* ---- STATUS ---- */

static void
test_status_is_pipelined_and_refusals_stay_0(void **state)
{
	struct mail_box b[200], *p[200];
	char wire[200][16];
	size_t i;

	(void)state;
	ready("IMAP4rev1 CONDSTORE STATUS=SIZE");
	memset(b, 0, sizeof(b));
	for (i = 0; i < 200; i++) {
		snprintf(wire[i], sizeof(wire[i]), "box%zu", i);
		b[i].wire = b[i].name = wire[i];
		p[i] = &b[i];
	}
	double_on("STATUS \"box7\"", "%T NO [NONEXISTENT] gone\r\n");
	double_on("STATUS \"box8\"", "%T BAD\r\n");
	double_on("STATUS \"box9\"", "* STATUS bad\r\n%T OK\r\n");
	double_on("STATUS", "* STATUS %N (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3 HIGHESTMODSEQ 4 SIZE 5)\r\n%T OK\r\n");
	assert_int_equal(imap_status(im, p, 200, true, &e), 0);
	for (i = 0; i < 200; i++) {
		bool refused = i >= 7 && i <= 9;

		assert_int_equal(b[i].state.has_exists, !refused);
		assert_int_equal(b[i].state.uidvalidity, refused ? 0 : 3);
		assert_int_equal(b[i].state.size, refused ? 0 : 5);
	}
	assert_non_null(strstr(double_said(),
	    "STATUS \"box0\" (MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ SIZE)\n"));
	assert_non_null(strstr(double_said(), "\n67 STATUS \"box62\""));
	assert_int_equal(imap_status(im, NULL, 0, true, &e), 0);
}

/* RFC 3501, 5.5: a pipeline may be answered in any order.  The state of one is never taken for another's. */
static void
test_status_belongs_to_the_folder_that_it_names(void **state)
{
	char inbox[] = "Inbox", b[] = "b", c[] = "x\r\ny", capital[] = "INBOX", raw[] = "\xff" "x\r\ny", d[] = "d";
	struct mail_box box[] = { { .wire = inbox, .name = capital }, { .wire = b, .name = b },
	    { .wire = c, .name = raw }, { .wire = d, .name = d } };
	struct mail_box *p[] = { &box[0], &box[1], &box[2], &box[3] };

	(void)state;
	ready("IMAP4rev1");
	double_on("STATUS \"Inbox\"", "");
	double_on("STATUS \"b\"", "");
	double_on("STATUS {4}\r\nx\r\ny (MESSAGES", "* STATUS {4}\r\nx\r\ny (MESSAGES 33)\r\n%T OK\r\n"
	    "* STATUS b (MESSAGES 22)\r\n* STATUS B (MESSAGES 9)\r\n* STATUS other (MESSAGES 8)\r\n%1 OK\r\n"
	    "* STATUS INBOX (MESSAGES 11 MAILBOXID (M1))\r\n%2 OK\r\n");
	double_on("STATUS \"d\"", "* STATUS other (MESSAGES 7)\r\n%T OK\r\n");
	assert_int_equal(imap_status(im, p, 4, false, &e), 0);
	assert_int_equal(box[0].state.exists, 11);
	assert_string_equal(box[0].mailboxid, "M1");
	assert_int_equal(box[1].state.exists, 22);
	assert_int_equal(box[2].state.exists, 33);
	assert_false(box[3].state.has_exists);
	free(box[0].mailboxid);
}

static void
test_status_ends_with_the_session(void **state)
{
	struct mail_box a = { 0 }, *p[1] = { &a };
	char wire[] = "x";

	(void)state;
	ready("IMAP4rev1");
	a.wire = a.name = wire;
	double_on("STATUS", "* BYE\r\n");
	assert_int_equal(imap_status(im, p, 1, false, &e), -1);
	assert_int_equal(e.kind, EK_TEMP);
}

/* ---- QUOTA ---- */

static void
test_quota_is_in_kibibytes_and_may_be_anything(void **state)
{
	static const struct { const char *say; int want; uint64_t used, limit; } t[] = {
		{ "* QUOTAROOT INBOX \"\"\r\n* QUOTA \"\" (STORAGE 10 512)\r\n%T OK\r\n", 1, 10240, 524288 },
		{ "* QUOTA a (MESSAGE 1 2)\r\n* QUOTA b (STORAGE 1 2)\r\n* QUOTA c (STORAGE 3 4)\r\n%T OK\r\n",
		    1, 1024, 2048 },
		/* Of several it is the one with the least room that refuses mail first. */
		{ "* QUOTAROOT INBOX u g\r\n* QUOTA u (STORAGE 10 20)\r\n* QUOTA g (STORAGE 991 1000)\r\n%T OK\r\n",
		    1, 1014784, 1024000 },
		{ "* QUOTA g (STORAGE 99900 100000)\r\n* QUOTA u (STORAGE 10 20)\r\n%T OK\r\n", 1, 10240, 20480 },
		{ "* QUOTA a (STORAGE 1 9)\r\n* QUOTA b (STORAGE 30 20)\r\n* QUOTA c (STORAGE 5 5)\r\n%T OK\r\n",
		    1, 30720, 20480 },
		/* No limit. */
		{ "* QUOTA a (STORAGE 7 0)\r\n%T OK\r\n", 0, 0, 0 },
		{ "* QUOTA a (STORAGE 7 0)\r\n* QUOTA b (STORAGE 1 2)\r\n%T OK\r\n", 1, 1024, 2048 },
		{ "* QUOTA a ()\r\n* QUOTA b (storage 1 2)\r\n%T OK\r\n", 1, 1024, 2048 },
		{ "* QUOTA a (STORAGE 0 2)\r\n%T OK\r\n", 1, 0, 2048 },
		/* Cut off in the middle, or beyond what is a number of bytes. */
		{ "* QUOTA a (STORAGE 9 10\r\n* QUOTA b (STORAGE 1 20)\r\n%T OK\r\n", 1, 1024, 20480 },
		{ "* QUOTA a (STORAGE 1 18014398509481983)\r\n%T OK\r\n", 1, 1024, 18446744073709550592u },
		{ "* QUOTA a (STORAGE 1 18014398509481984)\r\n%T OK\r\n", 0, 0, 0 },
		{ "* QUOTAROOT INBOX\r\n%T OK\r\n", 0, 0, 0 },
		{ "* QUOTA a (STORAGE 18014398509481984 1)\r\n%T OK\r\n", 0, 0, 0 },
		{ "* QUOTA a (STORAGE x 1)\r\n%T OK\r\n", 0, 0, 0 },
		{ "%T NO not here\r\n", 0, 0, 0 }, { "%T BAD\r\n", 0, 0, 0 }, { "* BYE\r\n", -1, 0, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		uint64_t used = 0, limit = 0;

		setup(state);
		ready("IMAP4rev1 QUOTA");
		double_on("GETQUOTAROOT INBOX", t[i].say);
		assert_int_equal(imap_quota(im, &used, &limit, &e), t[i].want);
		assert_int_equal(used, t[i].used);
		assert_int_equal(limit, t[i].limit);
		imap_close(&im);
	}
}

static void
test_quota_is_not_asked_of_a_server_that_has_none(void **state)
{
	uint64_t used, limit;

	(void)state;
	ready("IMAP4rev1 QUOTASET QUOTA=RES-MESSAGE");
	assert_int_equal(imap_quota(im, &used, &limit, &e), 0);
	assert_string_equal(double_said(), "");
	imap_close(&im);
	/* RFC 9208 alone. */
	setup(NULL);
	ready("IMAP4rev1 quota=res-storage");
	double_on("GETQUOTAROOT", "* QUOTA \"\" (STORAGE 1 2)\r\n%T OK\r\n");
	assert_int_equal(imap_quota(im, &used, &limit, &e), 1);
	assert_string_equal(double_said(), "5 GETQUOTAROOT INBOX\n|\n");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_list_asks_for_all_in_one_write),
		TEST(test_list_without_a_hint_asks_what_the_server_can),
		TEST(test_list_falls_back_on_what_all_servers_can),
		TEST(test_list_refused_is_told),
		TEST(test_list_refused_for_now_may_work_later),
		TEST(test_list_takes_attributes_and_what_becomes_of_them),
		TEST(test_list_takes_status_wherever_it_comes),
		TEST(test_list_takes_one_name_once),
		TEST(test_list_folds_inbox_itself_and_nothing_below_it),
		TEST(test_list_takes_the_best_of_doubles_and_what_each_says),
		TEST(test_list_names_doubles_that_are_two_folders),
		TEST(test_list_counts_what_it_could_not_read),
		TEST(test_list_takes_names_that_can_be_names),
		TEST(test_namespaces_say_whose_a_folder_is),
		TEST(test_list_is_not_confused_by_answers_that_are_late),
		TEST(test_status_is_pipelined_and_refusals_stay_0),
		TEST(test_status_belongs_to_the_folder_that_it_names),
		TEST(test_status_ends_with_the_session),
		TEST(test_quota_is_in_kibibytes_and_may_be_anything),
		TEST(test_quota_is_not_asked_of_a_server_that_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
