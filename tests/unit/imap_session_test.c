/*
 * The session: what comes before our first tag, capabilities, tags, names as astrings, and how it ends.
 */
#include "base/log.h"
#include "imap_stage.h"

#define CAPS	"* CAPABILITY IMAP4rev1 LITERAL+ ID NAMESPACE LIST-EXTENDED\r\n%T OK done\r\n"

static void
assert_begins(const char *s, const char *with)
{
	assert_true(strlen(s) >= strlen(with));
	assert_memory_equal(s, with, strlen(with));
}

/* R12: nothing is believed before the answer to our own tag. */
static void
test_session_drops_what_libcurl_left_behind(void **state)
{
	static const char *const left[] = {
		"",
		"\r\n",
		"est of a line\r\n",
		"A003 OK signed in\r\n* CAPABILITY LIES QRESYNC\r\n",
		"* 1 FETCH (UID 1 BODY[] {100000}\r\n",
		"{5}\r\n",
		"* LIST () \"/\" \"\r\n",
		"k00000000.1 OK done\r\n",
		"k1 OK\r\n* BYE not so\r\n",
		"a\nb\n\n\r\r\n",
	};
	size_t i;

	for (i = 0; i < 2 * sizeof(left) / sizeof(left[0]); i++) {
		setup(state);
		dbl.chunk = i % 2;	/* byte by byte, too */
		double_say(left[i / 2]);
		double_on("CAPABILITY", CAPS);
		assert_int_equal(settle(NULL), 0);
		assert_string_equal(imap_capability(im),
		    "IMAP4rev1 LITERAL+ ID NAMESPACE LIST-EXTENDED");
		imap_close(&im);
	}
}

/* R13, R14 */
static void
test_session_begins_with_a_tag_that_nobody_guesses(void **state)
{
	char first[32];

	(void)state;
	double_on("CAPABILITY", CAPS);
	assert_int_equal(settle(NULL), 0);
	/* NOOP and CAPABILITY in one write. */
	assert_begins(double_said(), "1 NOOP\n2 CAPABILITY\n|\n");
	assert_int_not_equal(dbl.tag[0][0], 'A');
	assert_true(strlen(dbl.tag[0]) >= 9);
	snprintf(first, sizeof(first), "%s", dbl.tag[0]);
	imap_close(&im);
	double_reset();
	double_on("CAPABILITY", CAPS);
	assert_int_equal(settle(NULL), 0);
	assert_string_not_equal(first, dbl.tag[0]);
}

static void
test_session_gives_up_after_a_mebibyte_of_other_things(void **state)
{
	int over;

	for (over = -1; over <= 1; over++) {
		struct imap_boxes boxes;
		char *junk, *answers;
		size_t n;

		setup(state);
		double_on("CAPABILITY", CAPS);
		open_session(NULL);
		wire_flush(NULL);
		/* So much before the answer to NOOP that they come to a MiB. */
		answers = buf_take(&dbl.answers);
		n = 1024 * 1024 + (size_t)over - strcspn(answers, "\n") - 1;
		junk = xmalloc(n + 1);
		memset(junk, 'x', n);
		junk[n - 1] = '\n';
		junk[n] = '\0';
		double_say(junk);
		double_say(answers);
		free(junk);
		free(answers);
		assert_int_equal(imap_list(im, false, &boxes, &e),
		    over <= 0 ? 0 : -1);
		if (over <= 0)
			imap_boxes_release(&boxes);
		else
			assert_string_equal(e.text, "the server does not answer NOOP");
		imap_close(&im);
	}
}

/* R20: words of a server that ends it here are shown, though they may be anybody's. */
static void
test_session_tells_of_a_bye_before_it_began(void **state)
{
	(void)state;
	double_on("NOOP", "* BYE [UNAVAILABLE] come back later\r\n");
	double_on("CAPABILITY", "");
	assert_int_equal(settle(NULL), -1);
	assert_int_equal(e.kind, EK_TEMP);
	assert_string_equal(e.text, "the server closed the connection: [UNAVAILABLE] come back later");
}

/* R14, R15 */
static void
test_capabilities_are_those_of_this_session(void **state)
{
	char disabled[] = "condstore";
	char *list[] = { disabled };
	struct imap_login l = { .user = "anna", .disable = list, .disable_n = 1,
	    .hint = "IMAP4rev1 QRESYNC literal+ X-GM-EXT-1" };
	struct imap_boxes boxes;

	(void)state;
	double_on("CAPABILITY", "* CAPABILITY IMAP4rev1 ESEARCH id STATUS=SIZE\r\n%T OK\r\n");
	assert_int_equal(imap_open(&l, &im, &e), 0);
	/* The hint counts until the server has spoken. */
	assert_true(imap_can(im, CAP_LITERAL_PLUS));
	assert_true(imap_can(im, CAP_GMAIL));
	assert_false(imap_can(im, CAP_CONDSTORE));
	/* That one comes and goes with it (RFC 7162). */
	assert_false(imap_can(im, CAP_QRESYNC));
	assert_int_equal(imap_list(im, false, &boxes, &e), 0);
	imap_boxes_release(&boxes);
	assert_false(imap_can(im, CAP_QRESYNC));
	assert_false(imap_can(im, CAP_GMAIL));
	assert_true(imap_can(im, CAP_ESEARCH));
	assert_true(imap_can(im, CAP_ID));
	assert_true(imap_can(im, CAP_STATUS_SIZE));
	assert_false(imap_can(im, CAP_LITERAL_PLUS));
	assert_string_equal(imap_capability(im), "IMAP4rev1 ESEARCH id STATUS=SIZE");
}

static void
test_qresync_brings_condstore(void **state)
{
	(void)state;
	ready("IMAP4rev1 QRESYNC ESEARCHX XESEARCH");
	assert_true(imap_can(im, CAP_QRESYNC));
	assert_true(imap_can(im, CAP_CONDSTORE));
	assert_false(imap_can(im, CAP_ESEARCH));
}

static void
test_capabilities_may_change_by_any_response(void **state)
{
	struct imap_event ev;

	(void)state;
	ready("IMAP4rev1 ESEARCH");
	double_once("UID", "* OK [CAPABILITY IMAP4rev1 ID] x\r\n%T OK\r\n");
	double_once("UID", "%T OK [CAPABILITY IMAP4rev1 QUOTA] x\r\n");
	assert_int_equal(imap_search_all(im, NULL, &e), 0);
	assert_int_equal(next(&ev), 1);
	assert_true(imap_can(im, CAP_ID) && !imap_can(im, CAP_ESEARCH));
	assert_int_equal(imap_search_all(im, NULL, &e), 0);
	assert_int_equal(next(&ev), 1);
	assert_true(imap_can(im, CAP_QUOTA) && !imap_can(im, CAP_ID));
}

static void
test_a_server_may_refuse_even_capability(void **state)
{
	(void)state;
	double_on("NOOP", "%T BAD what\r\n");
	double_on("CAPABILITY", "%T BAD what\r\n");
	assert_int_equal(settle(NULL), 0);
	assert_string_equal(imap_capability(im), "");
	assert_string_equal(double_said(), "1 NOOP\n2 CAPABILITY\n|\n"
	    "3 LIST \"\" \"*\"\n|\n4 LSUB \"\" \"*\"\n|\n");
}

static void
test_id_is_kept_and_may_be_refused(void **state)
{
	(void)state;
	double_on("ID", "* ID (\"name\" \"Cyrus\" \"version\" \"3\")\r\n%T OK\r\n");
	ready("IMAP4rev1 ID");
	assert_string_equal(imap_server(im), "Cyrus 3");
	imap_close(&im);
	double_reset();
	double_on("ID", "%T BAD ID () is not for you\r\n");
	ready("IMAP4rev1 ID");
	assert_null(imap_server(im));
}

/* R20 */
static void
test_bye_ends_the_session_with_its_words(void **state)
{
	struct imap_event ev;
	struct imap_boxes boxes;

	(void)state;
	ready("IMAP4rev1");
	double_on("UID", "* BYE \x1b[2J Session expired\r\n%T OK\r\n");
	assert_int_equal(imap_search_all(im, NULL, &e), 0);
	assert_int_equal(next(&ev), -1);
	assert_int_equal(e.kind, EK_TEMP);
	assert_string_equal(e.text, "the server closed the connection: \x1b[2J Session expired");
	/* It is over: nothing is sent any more, not even LOGOUT. */
	double_forget();
	assert_int_equal(next(&ev), -1);
	assert_int_equal(imap_search_all(im, NULL, &e), -1);
	assert_int_equal(imap_examine(im, "x", NULL, NULL, &e), -1);
	assert_int_equal(imap_list(im, false, &boxes, &e), -1);
	assert_int_equal(e.kind, EK_TEMP);
	imap_close(&im);
	assert_string_equal(double_said(), "");
}

static void
test_a_sound_session_is_signed_out(void **state)
{
	(void)state;
	ready("IMAP4rev1");
	imap_close(&im);
	assert_string_equal(double_said(), "5 LOGOUT\n");
}

/* R117: the very first of them, too. */
static void
test_an_empty_line_says_nothing(void **state)
{
	struct imap_event ev;

	(void)state;
	double_on("NOOP", "%T OK\r\n\n\r\n");
	ready("IMAP4rev1");
	double_on("UID", "\n\r\n* SEARCH 3\r\n\n%T OK\r\n\n");
	assert_int_equal(imap_search_all(im, NULL, &e), 0);
	assert_int_equal(next(&ev), 1);
	assert_int_equal(ev.kind, IMAP_UIDS);
	assert_int_equal(next(&ev), 1);
	assert_true(ev.kind == IMAP_DONE && ev.ok);
}

static void
test_an_answer_to_nothing_ends_the_session(void **state)
{
	static const char *const answers[] = { "k0.1 OK\r\n", "A003 OK\r\n",
	    "%TT OK\r\n", "NO\r\nX NO\r\n" };
	struct imap_event ev;
	size_t i;

	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		setup(state);
		ready("IMAP4rev1");
		double_on("UID", answers[i]);
		assert_int_equal(imap_search_all(im, NULL, &e), 0);
		assert_int_equal(next(&ev), -1);
		assert_int_equal(e.kind, EK_PROTO);
		assert_non_null(strstr(e.text, "a command that was not sent"));
		imap_close(&im);
	}
}

/* RFC 3501, 5.5: answers need not come in order. */
static void
test_answers_may_come_in_any_order(void **state)
{
	struct imap_event ev;
	int a, b, c;

	(void)state;
	ready("IMAP4rev1");
	double_once("UID", "");
	double_once("UID", "");
	double_once("UID", "%1 OK b\r\n%T NO c\r\n%2 OK a\r\n");
	assert_int_equal(imap_search_all(im, &a, &e), 0);
	assert_int_equal(imap_search_all(im, &b, &e), 0);
	assert_int_equal(imap_search_all(im, &c, &e), 0);
	assert_int_equal(next(&ev), 1);
	assert_true(ev.cookie == &b && ev.ok);
	assert_int_equal(next(&ev), 1);
	assert_true(ev.cookie == &c && !ev.ok);
	assert_string_equal(ev.text, "c");
	assert_int_equal(next(&ev), 1);
	assert_true(ev.cookie == &a && ev.ok);
	assert_int_equal(next(&ev), 0);
	/* The queue is whole. */
	assert_int_equal(imap_search_all(im, &a, &e), 0);
	assert_int_equal(next(&ev), 1);
	assert_true(ev.cookie == &a);
}

static void
test_the_pipeline_has_a_length(void **state)
{
	struct imap_event ev;
	int n = 0;

	(void)state;
	ready("IMAP4rev1");
	for (; imap_room(im) && n < 1000; n++)
		assert_int_equal(imap_search_all(im, NULL, &e), 0);
	assert_int_equal(n, 64);
	assert_int_equal(next(&ev), 1);
	assert_true(imap_room(im));
}

/* ---- names ---- */

static const char *
examined(const char *name)
{
	struct imap_event ev;

	double_forget();
	assert_int_equal(imap_examine(im, name, NULL, NULL, &e), 0);
	assert_int_equal(next(&ev), 1);
	assert_int_equal(ev.kind, IMAP_BOX);
	return strchr(double_said(), ' ') + 1;
}

/* A6, A36, R118 */
static void
test_names_are_quoted_or_literals(void **state)
{
	(void)state;
	ready("IMAP4rev1 LITERAL+");
	assert_string_equal(examined("INBOX"), "EXAMINE \"INBOX\"\n|\n");
	assert_string_equal(examined(""), "EXAMINE \"\"\n|\n");
	assert_string_equal(examined("a \"b\\c\" {3}"), "EXAMINE \"a \\\"b\\\\c\\\" {3}\"\n|\n");
	assert_string_equal(examined("Entw\303\274rfe\377\001"), "EXAMINE \"Entw\303\274rfe\377\001\"\n|\n");
	assert_string_equal(examined("%s%n `id` $(id)"), "EXAMINE \"%s%n `id` $(id)\"\n|\n");
	assert_string_equal(examined("a\r\nA999 DELETE INBOX"),
	    "EXAMINE {20+}\r\na\r\nA999 DELETE INBOX\n|\n");
	assert_string_equal(examined("\n"), "EXAMINE {1+}\r\n\n\n|\n");
	assert_string_equal(examined("\r"), "EXAMINE {1+}\r\n\r\n|\n");
}

/* A7, R113 */
static void
test_long_names_are_no_trouble(void **state)
{
	struct buf name = BUF_INIT(10000);
	int i;

	(void)state;
	ready("IMAP4rev1 LITERAL+");
	for (i = 0; i < 8192; i++)
		buf_addc(&name, '"');
	assert_int_equal(strlen(examined(name.p)), 8 + 2 + 2 * 8192 + 3);
	buf_release(&name);
}

/* RFC 7888: LITERAL- goes to 4096 bytes. */
static void
test_literals_wait_unless_the_server_can_do_without(void **state)
{
	struct buf name = BUF_INIT(10000);
	int i;

	(void)state;
	ready("IMAP4rev1 LITERAL-");
	assert_string_equal(examined("a\n"), "EXAMINE {2+}\r\na\n\n|\n");
	for (i = 0; i < 4096; i++)
		buf_addc(&name, '\n');
	assert_begins(examined(name.p), "EXAMINE {4096+}\r\n");
	buf_addc(&name, '\n');
	assert_begins(examined(name.p), "EXAMINE {4097}\r\n");
	buf_release(&name);
	imap_close(&im);
	double_reset();
	ready("IMAP4rev1");
	assert_string_equal(examined("a\n"), "EXAMINE {2}\r\na\n\n|\n");
}

/* Several of them, with commands between, that all wait. */
static void
test_literals_are_asked_for_one_by_one(void **state)
{
	struct imap_event ev;
	int i, a, b, c;

	(void)state;
	ready("IMAP4rev1");
	assert_int_equal(imap_examine(im, "a\n", NULL, &a, &e), 0);
	assert_int_equal(imap_search_all(im, &b, &e), 0);
	assert_int_equal(imap_examine(im, "b\r", NULL, &c, &e), 0);
	assert_int_equal(next(&ev), 1);
	assert_true(ev.kind == IMAP_BOX && ev.ok && ev.cookie == &a);
	assert_int_equal(next(&ev), 1);
	assert_true(ev.kind == IMAP_DONE && ev.ok && ev.cookie == &b);
	assert_int_equal(next(&ev), 1);
	assert_true(ev.kind == IMAP_BOX && ev.ok && ev.cookie == &c);
	assert_string_equal(double_said(), "5 EXAMINE {2}\r\na\n\n6 UID SEARCH ALL\n|\n"
	    "7 EXAMINE {2}\r\nb\r\n|\n");
	/* A continuation request that nobody waits for is nothing. */
	double_on("UID", "+ what\r\n+\r\n%T OK\r\n");
	for (i = 0; i < 2; i++) {
		assert_int_equal(imap_search_all(im, NULL, &e), 0);
		assert_int_equal(next(&ev), 1);
	}
}

/* As R88 says of APPEND: refused instead of asked for, it does not go out, and what is behind it does. */
static void
test_a_literal_that_is_refused_is_not_sent(void **state)
{
	struct imap_event ev;
	int a, b, c;

	(void)state;
	ready("IMAP4rev1");
	dbl.no_literals = true;
	double_on("EXAMINE {", "%T NO no such thing\r\n");
	assert_int_equal(imap_examine(im, "a\r\nA999 DELETE INBOX", NULL, &a, &e), 0);
	assert_int_equal(imap_examine(im, "b\n", NULL, &b, &e), 0);
	assert_int_equal(imap_search_all(im, &c, &e), 0);
	assert_int_equal(next(&ev), 1);
	assert_true(ev.kind == IMAP_BOX && !ev.ok && ev.cookie == &a);
	assert_int_equal(next(&ev), 1);
	assert_true(ev.kind == IMAP_BOX && !ev.ok && ev.cookie == &b);
	assert_int_equal(next(&ev), 1);
	assert_true(ev.kind == IMAP_DONE && ev.ok && ev.cookie == &c);
	assert_string_equal(double_said(), "5 EXAMINE {20}\n|\n6 EXAMINE {2}\n|\n7 UID SEARCH ALL\n|\n");
}

static void
test_an_answer_to_what_still_waits_ends_the_session(void **state)
{
	struct imap_event ev;
	char *tag;

	(void)state;
	ready("IMAP4rev1");
	dbl.no_literals = true;
	assert_int_equal(imap_examine(im, "a\n", NULL, NULL, &e), 0);
	assert_int_equal(imap_search_all(im, NULL, &e), 0);
	/* The tag that the SEARCH has, which nobody but us can know. */
	tag = xasprintf("%.*s6 OK\r\n", (int)(strchr(dbl.tag[0], '.') + 1 - dbl.tag[0]), dbl.tag[0]);
	double_on("EXAMINE", tag);
	assert_int_equal(next(&ev), -1);
	assert_int_equal(e.kind, EK_PROTO);
	free(tag);
}

/* ---- words for people ---- */

struct shown {
	int	n;
	char	line[200];
};

static void
show(void *arg, enum log_level level, const char *scope, const char *line)
{
	struct shown *s = arg;

	(void)scope;
	assert_int_equal(level, LOG_WARN);
	if (s->n++ == 0)
		snprintf(s->line, sizeof(s->line), "%s", line);
}

/* RFC 9051: the text of an ALERT must be shown; but not without end. */
static void
test_alerts_are_shown_ten_times(void **state)
{
	struct shown s = { 0, "" };
	struct imap_event ev;
	int i;

	(void)state;
	ready("IMAP4rev1");
	log_to(show, &s, LOG_WARN);
	double_on("UID", "* OK [ALERT] your mailbox is full\r\n%T OK\r\n");
	for (i = 0; i < 12; i++) {
		assert_int_equal(imap_search_all(im, NULL, &e), 0);
		assert_int_equal(next(&ev), 1);
	}
	log_to(NULL, NULL, LOG_WARN);
	assert_string_equal(s.line, "the server says: your mailbox is full");
	assert_int_equal(s.n, 10);
}

struct trace {
	struct buf	b;
};

static void
keep_line(void *arg, enum log_level level, const char *scope, const char *line)
{
	struct trace *t = arg;

	(void)level, (void)scope;
	buf_addf(&t->b, "%s\n", line);
}

/* What --verbose twice shows of the wire: a command is a line, a body is not there. */
static void
test_the_trace_has_commands_and_responses_but_no_bodies(void **state)
{
	struct trace t = { BUF_INIT(10000) };
	struct imap_event ev;

	(void)state;
	ready("IMAP4rev1");
	log_to(keep_line, &t, LOG_DEBUG);
	double_on("EXAMINE", "* 1 FETCH (UID 7 BODY[] {6}\r\nsecret)\r\n%T OK x\r\n");
	assert_int_equal(imap_examine(im, "a b", NULL, NULL, &e), 0);
	assert_int_equal(next(&ev), 1);
	log_to(NULL, NULL, LOG_WARN);
	assert_non_null(strstr(t.b.p, "C: EXAMINE \"a b\"\nS: * 1 FETCH (UID 7 BODY[] {6}"));
	assert_null(strstr(t.b.p, "secret"));
	buf_release(&t.b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_session_drops_what_libcurl_left_behind),
		TEST(test_session_begins_with_a_tag_that_nobody_guesses),
		TEST(test_session_gives_up_after_a_mebibyte_of_other_things),
		TEST(test_session_tells_of_a_bye_before_it_began),
		TEST(test_capabilities_are_those_of_this_session),
		TEST(test_qresync_brings_condstore),
		TEST(test_capabilities_may_change_by_any_response),
		TEST(test_a_server_may_refuse_even_capability),
		TEST(test_id_is_kept_and_may_be_refused),
		TEST(test_bye_ends_the_session_with_its_words),
		TEST(test_a_sound_session_is_signed_out),
		TEST(test_an_empty_line_says_nothing),
		TEST(test_an_answer_to_nothing_ends_the_session),
		TEST(test_answers_may_come_in_any_order),
		TEST(test_the_pipeline_has_a_length),
		TEST(test_names_are_quoted_or_literals),
		TEST(test_long_names_are_no_trouble),
		TEST(test_literals_wait_unless_the_server_can_do_without),
		TEST(test_literals_are_asked_for_one_by_one),
		TEST(test_a_literal_that_is_refused_is_not_sent),
		TEST(test_an_answer_to_what_still_waits_ends_the_session),
		TEST(test_alerts_are_shown_ten_times),
		TEST(test_the_trace_has_commands_and_responses_but_no_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
