/*
 * Folders opened and messages fetched: the commands, the events that come of the answers, and where bodies go.
 */
#include <inttypes.h>

#include "base/log.h"
#include "imap_stage.h"

/* What went to the sink. */
static struct {
	struct buf	 b;
	int		 fail_at;	/* the call of begin or write that fails, from 1; 0: none */
	int		 calls;
} body;

static int
body_call(struct err *err)
{
	return ++body.calls == body.fail_at ?
	    err_set(err, EK_SPACE, "the disk is full") : 0;
}

static int
body_begins(void *arg, uint64_t size, struct err *err)
{
	assert_ptr_equal(arg, &body);
	buf_addf(&body.b, "{%" PRIu64 "}", size);
	return body_call(err);
}

static int
body_goes_on(void *arg, const void *p, size_t n, struct err *err)
{
	assert_ptr_equal(arg, &body);
	buf_add(&body.b, p, n);
	return body_call(err);
}

static int
start(void **state)
{
	setup(state);
	memset(&body, 0, sizeof(body));
	buf_init(&body.b, 1000000);
	return 0;
}

static int
end(void **state)
{
	buf_release(&body.b);
	return teardown(state);
}

static void
begin(const char *caps)
{
	static const struct imap_body to = { body_begins, { body_goes_on, &body } };

	ready(caps);
	imap_body_to(im, &to);
}

/* All events until nothing is unanswered, a line each: the cookie, a text. */
static const char *
events(void)
{
	static struct buf b = BUF_INIT(1000000);
	struct imap_event ev;
	int r;

	buf_clear(&b);
	while ((r = next(&ev)) == 1) {
		buf_addf(&b, "%s ", ev.cookie == NULL ? "-" : (char *)ev.cookie);
		switch (ev.kind) {
		case IMAP_BOX:
			buf_addf(&b, "box %s %" PRIu64 "/%" PRIu64 "/%" PRIu64 "/%" PRIu64,
			    ev.ok ? "ok" : ev.text, ev.box.exists, ev.box.uidnext,
			    ev.box.uidvalidity, ev.box.highestmodseq);
			if (ev.mailboxid != NULL)
				buf_addf(&b, " id=%s", ev.mailboxid);
			assert_int_equal(ev.exists, ev.box.exists);
			break;
		case IMAP_MESSAGE:
			buf_addf(&b, "%" PRIu32 "%s%s%s", ev.meta.uid,
			    ev.ok ? "" : " bad", ev.meta.flags == NULL ? "" : " ",
			    ev.meta.flags == NULL ? "" : ev.meta.flags);
			if (ev.body == BODY_GIVEN)
				buf_addf(&b, " body %" PRIu64, ev.body_size);
			else if (ev.body != BODY_NONE)
				buf_addf(&b, " %s", ev.body == BODY_NIL ? "NIL" : "spoiled");
			break;
		case IMAP_VANISHED:
		case IMAP_EXPUNGED:
		case IMAP_UIDS:
			buf_adds(&b, ev.kind == IMAP_VANISHED ? "vanished " :
			    ev.kind == IMAP_UIDS ? "uids " : "expunged ");
			if (ev.uids != NULL)
				uidset_format(ev.uids, 0, 1000, &b);
			break;
		case IMAP_DONE:
			buf_addf(&b, "done %s %" PRIu64, ev.ok ? "ok" : ev.text, ev.exists);
			if (ev.unreadable > 0)
				buf_addf(&b, " unreadable %" PRIu64 ": %s", ev.unreadable, ev.why);
			assert_int_equal(ev.search, ev.cookie != NULL && *(char *)ev.cookie == 'S');
			break;
		case IMAP_APPENDED:
			buf_addf(&b, "appended %s", ev.ok ? "ok" : ev.text);
			break;
		}
		buf_adds(&b, "\n");
	}
	if (r == -1)
		buf_addf(&b, "error %s\n", e.text);
	return buf_text(&b);
}

static void
ask(const char *uids, unsigned int items, const char *cookie)
{
	struct uidset set = UIDSET_INIT;
	char copy[2] = { *cookie, '\0' };
	static char cookies[256][2];

	memcpy(cookies[(unsigned char)*cookie], copy, 2);
	if (uids != NULL)
		assert_int_equal(uidset_parse(uids, strlen(uids), 1000, &set), 0);
	assert_int_equal(imap_fetch(im, uids == NULL ? NULL : &set, items, 0,
	    cookies[(unsigned char)*cookie], &e), 0);
	uidset_release(&set);
}

static char cookie_a[] = "a", cookie_b[] = "b", cookie_search[] = "S";

static void
examine(const char *name, char *cookie)
{
	assert_int_equal(imap_examine(im, name, NULL, cookie, &e), 0);
}

/* ---- commands ---- */

static void
test_fetch_asks_for_what_the_server_has(void **state)
{
	static const unsigned int all = IMAP_FLAGS | IMAP_DATE | IMAP_SIZE |
	    IMAP_IDS | IMAP_LABELS | IMAP_BODY;
	struct uidset set = UIDSET_INIT;

	(void)state;
	begin("IMAP4rev1");
	ask("1:3,7", all, "a");
	ask(NULL, 0, "a");
	uidset_add(&set, 5);
	assert_int_equal(imap_fetch(im, &set, IMAP_FLAGS, UINT64_MAX, NULL, &e), 0);
	assert_int_equal(imap_search_all(im, cookie_search, &e), 0);
	events();
	assert_string_equal(double_said(),
	    "5 UID FETCH 1:3,7 (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])\n"
	    "6 UID FETCH 1:* (UID)\n"
	    "7 UID FETCH 5 (UID FLAGS) (CHANGEDSINCE 18446744073709551615)\n"
	    "8 UID SEARCH ALL\n|\n");
	uidset_release(&set);
	end(state);
	start(state);
	begin("IMAP4rev1 OBJECTID ESEARCH");
	ask("1", all, "a");
	assert_int_equal(imap_search_all(im, cookie_search, &e), 0);
	events();
	assert_string_equal(double_said(),
	    "5 UID FETCH 1 (UID FLAGS INTERNALDATE RFC822.SIZE EMAILID THREADID BODY.PEEK[])\n"
	    "6 UID SEARCH RETURN (ALL) ALL\n|\n");
	end(state);
	start(state);
	begin("IMAP4rev1 OBJECTID X-GM-EXT-1");
	ask("1", all, "a");
	events();
	assert_string_equal(double_said(),
	    "5 UID FETCH 1 (UID FLAGS INTERNALDATE RFC822.SIZE X-GM-MSGID X-GM-THRID X-GM-LABELS BODY.PEEK[])\n|\n");
}

/* 1,000 octets are safe everywhere (WIRE: Yahoo, UW). */
static void
test_fetch_commands_stay_below_1000_octets(void **state)
{
	struct uidset set = UIDSET_INIT;
	uint32_t i;

	(void)state;
	begin("IMAP4rev1 X-GM-EXT-1");
	for (i = 0; i < IMAP_FETCH_RANGES; i++)
		uidset_add_range(&set, 4000000000u + 10 * i, 4000000001u + 10 * i);
	assert_int_equal(imap_fetch(im, &set, IMAP_FLAGS | IMAP_DATE | IMAP_SIZE | IMAP_IDS | IMAP_LABELS |
	    IMAP_BODY, 0, NULL, &e), 0);
	assert_true(wire_waiting(NULL) + 10 < 1000);	/* 10: a tag of ten digits more */
	events();
	assert_non_null(strstr(double_said(), ",4000000350:4000000351 ("));
	uidset_release(&set);
}

/* ---- bodies ---- */

/* R9, R11: whole or byte by byte, the body goes by and the facts come with the event. */
static void
test_bodies_go_to_the_sink_as_they_come(void **state)
{
	size_t chunk;

	for (chunk = 0; chunk < 7; chunk++) {
		start(state);
		begin("IMAP4rev1");
		dbl.chunk = chunk;
		double_on("UID", "* 1 FETCH (UID 7 BODY[] {12}\r\nk5.5 OK \r\n.\n FLAGS (\\Seen))\r\n"
		    "* 2 FETCH (BODY[] \"qu\\\"oted\" UID 8)\r\n* 3 FETCH (UID 9 BODY[] {0}\r\n)\r\n"
		    "* 4 FETCH (UID 10 BODY[] NIL)\r\n* 5 FETCH (UID 11 BODY[] \"\")\r\n%T OK done\r\n");
		ask("7:11", IMAP_BODY, "a");
		assert_string_equal(events(), "a 7 \\Seen body 12\na 8 body 7\na 9 body 0\na 10 NIL\na 11 body 0\n"
		    "a done ok 0\n");
		assert_string_equal(body.b.p, "{12}k5.5 OK \r\n.\n{7}qu\"oted{0}{0}");
		end(state);
	}
	start(state);
}

static void
test_bodies_of_bad_responses_are_spoiled(void **state)
{
	(void)state;
	begin("IMAP4rev1");
	double_on("UID", "* 1 FETCH (UID 7 BODY[] {3}\r\nabc X)\r\n"
	    "* 2 FETCH (UID 8 BODY[] {3}\r\nabc BODY[] {3}\r\nxyz)\r\n"
	    "* 3 FETCH (UID 9 BODY[] \"abc\" BODY[] {3}\r\nxyz)\r\n"
	    "* 4 FETCH (UID 10 FLAGS (( BODY[] {3}\r\nxyz)\r\n"
	    "* 5 FETCH (UID 11 UID 12 BODY[] {3}\r\nxyz)\r\n"
	    "* 6 FETCH (UID 13 UID 14)\r\n"
	    "* 7 FETCH (UID 15 BODY[] {3}\r\nend)\r\n%T OK done\r\n");
	ask("7:15", IMAP_BODY, "a");
	assert_string_equal(events(), "a 7 bad spoiled\na 8 bad spoiled\na 9 bad spoiled\na 10 bad spoiled\n"
	    "a 11 bad spoiled\na 13 bad\na 15 body 3\na done ok 0\n");
	/* A second body goes nowhere. */
	assert_string_equal(body.b.p, "{3}abc{3}abc{3}xyz{3}xyz{3}xyz{3}end");
}

static unsigned int warnings;
static char last_warning[200];

static void
count_warning(void *arg, enum log_level level, const char *scope, const char *line)
{
	(void)arg, (void)scope;
	assert_int_equal(level, LOG_WARN);
	warnings++;
	snprintf(last_warning, sizeof(last_warning), "%s", line);
}

/* R38: they are counted for the command that brought them; a hundred thousand are no hundred thousand lines. */
static void
test_what_has_no_uid_is_counted_and_mentioned_once_a_folder(void **state)
{
	struct buf b = BUF_INIT(10000000);
	int i;

	(void)state;
	begin("IMAP4rev1");
	for (i = 0; i < 100000; i++)
		buf_adds(&b, "* 5 FETCH (UID 0 FLAGS ())\r\n");
	buf_adds(&b, "* 6 FETCH (UID 7 FLAGS (x)))x\r\n* 7 FETCH (FLAGS ())\r\n%T OK done\r\n");
	log_to(count_warning, NULL, LOG_WARN);
	warnings = 0;
	double_once("UID FETCH 1:9", b.p);
	double_once("UID FETCH 10:19", "* 9 FETCH (UID -1)\r\n* 9 FETCH (UID\r\n%T OK done\r\n");
	ask("1:9", IMAP_FLAGS, "a");
	ask("10:19", IMAP_FLAGS, "b");
	assert_string_equal(events(), "a 7 bad x\na done ok 0 unreadable 100000: its UID is no UID\n"
	    "b done ok 0 unreadable 2: its UID is no UID\n");
	/* The caller names what is counted; what has a UID is mentioned here. */
	assert_int_equal(warnings, 1);
	assert_string_equal(last_warning, "an answer to FETCH was not understood (its items can't be read): "
	    "message 6, UID 7");
	/* Another folder, another word. */
	double_on("UID", "* 5 FETCH (UID 0 FLAGS ())\r\n* 8 FETCH (UID 9 FLAGS (x)))x\r\n%T OK done\r\n");
	examine("next", cookie_b);
	ask("1:9", IMAP_FLAGS, "c");
	assert_string_equal(events(), "b box ok 0/0/0/0\nc 9 bad x\nc done ok 0 unreadable 1: its UID is no UID\n");
	assert_int_equal(warnings, 2);
	assert_string_equal(last_warning, "an answer to FETCH was not understood (its items can't be read): "
	    "message 8, UID 9");
	log_to(NULL, NULL, LOG_WARN);
	buf_release(&b);
}

/* R10: without a UID in the same response it is nobody's. */
static void
test_bodies_without_a_uid_are_no_event(void **state)
{
	(void)state;
	begin("IMAP4rev1");
	double_on("UID", "* 1 FETCH (BODY[] {3}\r\nabc)\r\n* 1 FETCH (UID 0 BODY[] {3}\r\nabc)\r\n"
	    "* 1 FETCH (FLAGS (\\Seen))\r\n* 99999999999999999999 FETCH (UID 7 BODY[] {3}\r\nabc)\r\n"
	    "* 1 FETCH (UID 7 FLAGS ())\r\n%T OK\r\n");
	ask("7", IMAP_BODY, "a");
	assert_string_equal(events(), "a 7 \na done ok 0 unreadable 1: its UID is no UID\n");
}

static void
test_a_sink_that_fails_ends_the_session_with_its_error(void **state)
{
	int at;

	for (at = 1; at <= 4; at++) {
		start(state);
		begin("IMAP4rev1");
		body.fail_at = at;
		double_on("UID", at <= 2 ? "* 1 FETCH (UID 7 BODY[] {3}\r\nabc)\r\n%T OK\r\n" :
		    "* 1 FETCH (UID 7 BODY[] \"abc\")\r\n%T OK\r\n");
		if (at > 2)
			body.fail_at -= 2;
		ask("7", IMAP_BODY, "a");
		assert_string_equal(events(), "error the disk is full\n");
		assert_int_equal(e.kind, EK_SPACE);
		assert_string_equal(events(), "error the session is over\n");
		end(state);
	}
	start(state);
}

static void
test_bodies_that_nobody_asked_for_go_nowhere(void **state)
{
	(void)state;
	ready("IMAP4rev1");
	double_on("UID", "* 1 FETCH (UID 7 BODY[] {3}\r\nabc)\r\n* 1 FETCH (UID 8 BODY[] \"abc\")\r\n%T OK\r\n");
	ask("7", IMAP_FLAGS, "a");
	assert_string_equal(events(), "a 7 body 3\na 8 body 3\na done ok 0\n");
	assert_null(body.b.p);
}

/* ---- EXAMINE ---- */

static void
test_examine_tells_the_state_of_the_folder(void **state)
{
	(void)state;
	begin("IMAP4rev1 CONDSTORE");
	double_once("EXAMINE \"x\" (CONDSTORE)", "* FLAGS (\\Seen)\r\n* 172 EXISTS\r\n* 1 RECENT\r\n"
	    "* OK [UNSEEN 12] x\r\n* OK [UIDVALIDITY 3857529045] x\r\n* OK [UIDNEXT 4392] x\r\n"
	    "* OK [HIGHESTMODSEQ 90060115194045000] x\r\n* OK [MAILBOXID (F1)] x\r\n"
	    "%T OK [READ-ONLY] done\r\n");
	double_once("EXAMINE \"y\"", "* 1 EXISTS\r\n* OK [UIDVALIDITY 4294967296] x\r\n* OK [UIDNEXT 0] x\r\n"
	    "* OK [NOMODSEQ] x\r\n%T OK\r\n");
	double_once("EXAMINE \"z\"", "%T NO [NONEXISTENT] no z\r\n");
	examine("x", cookie_a);
	examine("y", cookie_b);
	examine("z", cookie_a);
	assert_string_equal(events(), "a box ok 172/4392/3857529045/90060115194045000 id=F1\n"
	    "b box ok 1/0/0/0\n"		/* R33 */
	    "a box [NONEXISTENT] no z 0/0/0/0\n");
}

/* A2: a code counts only for the command that it belongs to. */
static void
test_codes_are_those_of_the_command_that_runs(void **state)
{
	(void)state;
	begin("IMAP4rev1");
	double_once("UID", "* OK [UIDVALIDITY 66] stray\r\n* OK [UIDNEXT 66] stray\r\n%T OK [UIDVALIDITY 77] x\r\n");
	double_once("EXAMINE", "* 5 EXISTS\r\n%T OK [UIDNEXT 9] x\r\n");
	double_once("EXAMINE", "* OK [UIDVALIDITY 8] x\r\n%T OK\r\n");
	ask("7", 0, "a");
	examine("x", cookie_a);
	examine("y", cookie_b);
	assert_string_equal(events(), "a done ok 0\na box ok 5/9/0/0\nb box ok 0/0/8/0\n");
}

/* R40 */
static void
test_exists_is_a_number_and_no_more(void **state)
{
	(void)state;
	begin("IMAP4rev1");
	double_once("EXAMINE", "* 4294967295 EXISTS\r\n%T OK\r\n");
	double_once("UID", "* 3 EXISTS\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n%T OK\r\n");
	double_once("UID", "* 4294967296 EXISTS\r\n%T OK\r\n");
	examine("x", cookie_a);
	ask("1", 0, "b");
	ask("1", 0, "b");
	assert_string_equal(events(), "a box ok 4294967295/0/0/0\nb expunged \nb expunged \nb expunged \n"
	    "b expunged \nb done ok 0\nerror the server claims 4294967296 messages in a folder\n");
	assert_int_equal(e.kind, EK_PROTO);
}

/* What is said before the new folder is open is about the old one (RFC 7162, 3.2.11). */
static void
test_news_of_the_old_folder_are_not_the_new_ones(void **state)
{
	struct imap_resync resync = { 67890007, 90060115194045000 };

	(void)state;
	begin("IMAP4rev1 QRESYNC ENABLE");
	double_once("EXAMINE \"old\"", "* 9 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n%T OK\r\n");
	double_once("EXAMINE \"new\"", "* 8 EXISTS\r\n* VANISHED 3\r\n* 2 FETCH (UID 4 FLAGS (\\Old))\r\n"
	    "* OK [CLOSED] was old\r\n* 100 EXISTS\r\n* OK [UIDVALIDITY 67890007] x\r\n* OK [UIDNEXT 600] x\r\n"
	    "* VANISHED (EARLIER) 41,43:116\r\n* 49 FETCH (UID 117 FLAGS (\\Seen) MODSEQ (9))\r\n"
	    "%T OK [READ-ONLY] x\r\n");
	double_once("EXAMINE \"third\"", "* 99 EXISTS\r\n* 5 EXPUNGE\r\n* OK [CLOSED] x\r\n* 1 EXISTS\r\n%T OK\r\n");
	examine("old", cookie_a);
	assert_int_equal(imap_examine(im, "new", &resync, cookie_b, &e), 0);
	examine("third", cookie_a);
	ask("1", 0, "b");
	assert_string_equal(events(), "a box ok 9/0/1/0\nb vanished 41,43:116\nb 117 \\Seen\n"
	    "b box ok 100/600/67890007/0\na box ok 1/0/0/0\nb done ok 1\n");
	assert_non_null(strstr(double_said(), "5 ENABLE QRESYNC\n6 EXAMINE \"old\" (CONDSTORE)\n"
	    "7 EXAMINE \"new\" (QRESYNC (67890007 90060115194045000))\n8 EXAMINE \"third\" (CONDSTORE)\n9 "));
}

/* R15: promised and not kept. */
static void
test_enable_refused_is_no_qresync(void **state)
{
	struct imap_resync resync = { 1, 2 };

	(void)state;
	begin("IMAP4rev1 QRESYNC ENABLE");
	double_on("ENABLE", "%T BAD no\r\n");
	examine("x", cookie_a);
	events();
	assert_false(imap_can(im, CAP_QRESYNC));
	double_forget();
	assert_int_equal(imap_examine(im, "x", &resync, cookie_b, &e), 0);
	assert_string_equal(events(), "b box ok 0/0/0/0\n");
	assert_string_equal(double_said(), "7 EXAMINE \"x\" (CONDSTORE)\n|\n");
}

static void
test_examine_with_a_parameter_refused_is_no_condstore(void **state)
{
	struct imap_event ev;

	(void)state;
	begin("IMAP4rev1 CONDSTORE");
	double_on("EXAMINE \"x\" (CONDSTORE)", "%T BAD what is that\r\n");
	examine("x", cookie_a);
	assert_int_equal(next(&ev), 1);
	assert_true(ev.kind == IMAP_BOX && !ev.ok && ev.refusal == REFUSED_UNKNOWN);
	double_forget();
	examine("x", cookie_a);
	assert_string_equal(events(), "a box ok 0/0/0/0\n");
	assert_string_equal(double_said(), "6 EXAMINE \"x\"\n|\n");
}

/* Without ENABLE there is no QRESYNC (RFC 7162, 3.2.3). */
static void
test_qresync_needs_enable(void **state)
{
	struct imap_resync resync = { 1, 2 };

	(void)state;
	begin("IMAP4rev1 QRESYNC");
	assert_int_equal(imap_examine(im, "x", &resync, cookie_b, &e), 0);
	events();
	assert_string_equal(double_said(), "5 EXAMINE \"x\" (CONDSTORE)\n|\n");
}

/* ---- other events ---- */

static void
test_vanished_and_expunge_are_told_and_counted(void **state)
{
	(void)state;
	begin("IMAP4rev1");
	double_once("EXAMINE", "* 10 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n%T OK\r\n");
	double_once("UID", "* VANISHED 4:6\r\n* VANISHED (EARLIER) 1:3\r\n* VANISHED 9,\r\n* 1 EXPUNGE\r\n%T OK\r\n");
	double_once("UID", "* VANISHED 1:4294967295\r\n%T OK\r\n");
	examine("x", cookie_a);
	ask("1", 0, "b");
	ask("1", 0, "b");
	assert_string_equal(events(), "a box ok 10/0/1/0\nb expunged 4:6\nb vanished 1:3\nb expunged \nb done ok 6\n"
	    "b expunged 1:4294967295\nb done ok 0\n");
}

/* R16 */
static void
test_search_may_bring_anything(void **state)
{
	static const struct { const char *say, *want; } t[] = {
		{ "%T OK\r\n", "S done ok 0\n" },
		{ "* SEARCH\r\n%T OK\r\n", "S uids \nS done ok 0\n" },
		{ "* SEARCH 3 1\r\n* SEARCH 2 3 \r\n%T OK\r\n", "S uids 1,3\nS uids 2:3\nS done ok 0\n" },
		{ "* ESEARCH (TAG \"x\") UID ALL 1:3\r\n%T OK\r\n", "S uids 1:3\nS done ok 0\n" },
		{ "* ESEARCH (TAG \"x\") ALL 1:3\r\n%T OK\r\n", "S done ok 0\n" },
		{ "%T NO too much\r\n", "S done too much 0\n" },
		{ "%T BAD\r\n", "S done  0\n" },
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		start(state);
		begin("IMAP4rev1");
		double_on("UID", t[i].say);
		assert_int_equal(imap_search_all(im, cookie_search, &e), 0);
		assert_string_equal(events(), t[i].want);
		end(state);
	}
	start(state);
}

/* R21 */
static void
test_refusals_come_with_what_to_make_of_them(void **state)
{
	struct imap_event ev;

	(void)state;
	begin("IMAP4rev1");
	double_once("UID", "%T BAD Request is throttled. Suggested Backoff Time: 4321 milliseconds\r\n");
	double_once("UID", "%T NO [UNAVAILABLE] UID FETCH Server error\r\n");
	double_once("UID", "%T NO\r\n");
	ask("1", 0, "a");
	ask("1", 0, "a");
	ask("1", 0, "a");
	assert_int_equal(next(&ev), 1);
	assert_true(!ev.ok && ev.refusal == REFUSED_LATER && ev.backoff_ms == 4321);
	assert_int_equal(next(&ev), 1);
	assert_true(!ev.ok && ev.refusal == REFUSED_LATER && ev.backoff_ms == 0);
	assert_int_equal(next(&ev), 1);
	assert_true(!ev.ok && ev.refusal == REFUSED_PLAIN && ev.backoff_ms == 0);
	assert_string_equal(ev.text, "");
}

/* What nobody waits for may be answered whenever it likes, and hides nothing. */
static void
test_events_do_not_wait_for_quiet_commands(void **state)
{
	(void)state;
	begin("IMAP4rev1 QRESYNC ENABLE");
	double_on("ENABLE", "");
	double_on("EXAMINE", "* 2 EXISTS\r\n* OK [UIDVALIDITY 3] x\r\n* 1 FETCH (UID 5 FLAGS ())\r\n%T OK\r\n");
	double_on("UID FETCH", "* 1 FETCH (UID 7 BODY[] {2}\r\nab)\r\n%T OK\r\n");
	double_on("UID SEARCH", "* SEARCH 7\r\n%T OK\r\n");
	examine("x", cookie_a);
	ask("7", IMAP_BODY, "b");
	assert_int_equal(imap_search_all(im, cookie_search, &e), 0);
	assert_string_equal(events(), "a 5 \na box ok 2/0/3/0\nb 7 body 2\nb done ok 2\nS uids 7\nS done ok 2\n"
	    "error the server has nothing to say\n");
}

/* Data while nothing runs, or while somebody waits for something else, are no events. */
static void
test_data_that_nobody_asked_for_are_no_events(void **state)
{
	struct imap_event ev;
	uint64_t used, limit;

	(void)state;
	begin("IMAP4rev1 QUOTA");
	double_say("* 1 FETCH (UID 5 FLAGS ())\r\n* SEARCH 4\r\n* 1 EXPUNGE\r\n* VANISHED 5\r\n");
	double_on("GETQUOTAROOT", "* 2 FETCH (UID 6 FLAGS ())\r\n* SEARCH 5\r\n"
	    "* QUOTA \"\" (STORAGE 1 2)\r\n%T OK\r\n");
	assert_int_equal(imap_quota(im, &used, &limit, &e), 1);
	assert_int_equal(next(&ev), 0);
}

int
main(void)
{
#undef TEST
#define TEST(t)	cmocka_unit_test_setup_teardown(t, start, end)
	static const struct CMUnitTest tests[] = {
		TEST(test_fetch_asks_for_what_the_server_has),
		TEST(test_fetch_commands_stay_below_1000_octets),
		TEST(test_bodies_go_to_the_sink_as_they_come),
		TEST(test_bodies_of_bad_responses_are_spoiled),
		TEST(test_what_has_no_uid_is_counted_and_mentioned_once_a_folder),
		TEST(test_bodies_without_a_uid_are_no_event),
		TEST(test_a_sink_that_fails_ends_the_session_with_its_error),
		TEST(test_bodies_that_nobody_asked_for_go_nowhere),
		TEST(test_examine_tells_the_state_of_the_folder),
		TEST(test_codes_are_those_of_the_command_that_runs),
		TEST(test_exists_is_a_number_and_no_more),
		TEST(test_news_of_the_old_folder_are_not_the_new_ones),
		TEST(test_enable_refused_is_no_qresync),
		TEST(test_examine_with_a_parameter_refused_is_no_condstore),
		TEST(test_qresync_needs_enable),
		TEST(test_vanished_and_expunge_are_told_and_counted),
		TEST(test_search_may_bring_anything),
		TEST(test_refusals_come_with_what_to_make_of_them),
		TEST(test_events_do_not_wait_for_quiet_commands),
		TEST(test_data_that_nobody_asked_for_are_no_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
