/*
 * Messages to a server: the commands, literals that wait and literals that don't, and answers at any time.
 */
#include <inttypes.h>

#include "base/log.h"
#include "imap_stage.h"

#define BIG	(3 * 1024 * 1024 + 17)

/* A message in pieces, and how many bytes of it were asked for. */
struct letter {
	const char	*p;
	size_t		 n;
	size_t		 piece;		/* 0: in one */
	size_t		 fail_at;	/* the source fails behind so many bytes; 0: it doesn't */
	size_t		 poured;
};

static int
pour(void *arg, const struct sink *to, struct err *err)
{
	struct letter *l = arg;
	size_t at, n;

	for (at = 0; at < l->n; at += n) {
		n = l->piece == 0 || l->n - at < l->piece ? l->n - at : l->piece;
		if (sink_write(to, l->p + at, n, err) == -1)
			return err_add(err, "a source of letters");
		l->poured += n;
		if (l->fail_at != 0 && l->poured >= l->fail_at)
			return err_set(err, EK_CORRUPT, "the vault is damaged");
	}
	return 0;
}

/* Append a text with these flags and no date. */
static int
add_sized(const char *flags, struct letter *l, uint64_t size)
{
	const struct imap_append a = { size, flags, NULL };
	const struct source from = { pour, l };

	return imap_append_add(im, &a, &from, &e);
}

static int
add(const char *text)
{
	struct letter l = { .p = text, .n = strlen(text) };

	return add_sized("", &l, l.n);
}

static void
begin(const char *name, char *cookie)
{
	assert_int_equal(imap_append_begin(im, name, cookie, &e), 0);
}

static void
finish(void)
{
	assert_int_equal(imap_append_end(im, &e), 0);
}

/* A command of one message: what add() returned. */
static int
append(const char *name, const char *text, char *cookie)
{
	int r;

	begin(name, cookie);
	if ((r = add(text)) != -1)
		finish();
	return r;
}

/* All events until nothing is unanswered, a line each. */
static const char *
events(void)
{
	static struct buf b = BUF_INIT(1000000);
	struct imap_event ev;
	int r;

	buf_clear(&b);
	while ((r = next(&ev)) == 1) {
		buf_addf(&b, "%s ", ev.cookie == NULL ? "-" : (char *)ev.cookie);
		if (ev.kind == IMAP_MESSAGE)
			buf_addf(&b, "message %" PRIu32 " %s", ev.meta.uid,
			    ev.meta.flags == NULL ? "" : ev.meta.flags);
		else if (ev.kind == IMAP_APPENDED)
			buf_addf(&b, "appended %s", ev.ok ? "ok" : ev.text);
		else
			buf_addf(&b, "kind %d %s", ev.kind,
			    ev.text == NULL ? "" : ev.text);
		if (ev.uids != NULL) {
			buf_addf(&b, " %" PRIu64 ":", ev.uidvalidity);
			uidset_format(ev.uids, 0, 1000, &b);
		}
		if (ev.kind == IMAP_APPENDED && !ev.ok)
			buf_addf(&b, " (%d)", ev.refusal);
		buf_adds(&b, "\n");
	}
	if (r == -1)
		buf_addf(&b, "error %s\n", e.text);
	return buf_text(&b);
}

static char a_[] = "a", b_[] = "b", c_[] = "c";

/* ---- commands ---- */

/* R88: a literal that doesn't wait only where it may. */
static void
test_literals_wait_where_they_must(void **state)
{
	static const struct { const char *caps; size_t size; bool waits; } t[] = {
		{ "IMAP4rev1 LITERAL+", 5, false }, { "IMAP4rev1 LITERAL+", 4097, false },
		{ "IMAP4rev1 LITERAL-", 4096, false }, { "IMAP4rev1 LITERAL-", 4097, true },
		{ "IMAP4rev1 LITERAL- LITERAL+", 4097, false }, { "IMAP4rev1", 5, true },
		{ "IMAP4rev1", 0, true }, { "IMAP4rev1 LITERAL+", 0, false },
	};
	char text[4098], want[8300];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		setup(NULL);
		ready(t[i].caps);
		memset(text, 'x', sizeof(text));
		text[t[i].size] = '\0';
		assert_int_equal(append("INBOX", text, a_), 1);
		assert_string_equal(events(), "a appended ok\n");
		/* Where it waits, the wait is a line of what was said. */
		snprintf(want, sizeof(want), "5 APPEND \"INBOX\" () {%zu%s}\r\n%s\n|\n",
		    t[i].size, t[i].waits ? "" : "+", text);
		assert_string_equal(double_said(), want);
		imap_close(&im);
	}
}

static void
test_flags_date_and_name_are_sent(void **state)
{
	struct imap_append what = { 2, "\\Seen Work", "17-Jul-1996 02:44:25 -0700" };
	struct letter l = { .p = "hi", .n = 2 };
	const struct source from = { pour, &l };

	(void)state;
	ready("IMAP4rev1 LITERAL+");
	begin("a \"b\\c\"", a_);
	assert_int_equal(imap_append_add(im, &what, &from, &e), 1);
	finish();
	assert_string_equal(events(), "a appended ok\n");
	assert_string_equal(double_said(), "5 APPEND \"a \\\"b\\\\c\\\"\" (\\Seen Work) "
	    "\"17-Jul-1996 02:44:25 -0700\" {2+}\r\nhi\n|\n");
}

static void
test_what_could_be_a_command_of_its_own_is_not_sent(void **state)
{
	static const char *const names[] = { "a\r\nb", "\n", "\r" };
	static const struct imap_append bad[] = {
		{ 1, "", "1\"\r\nA DELETE INBOX" }, { 1, "", "a\\" },
		{ 1, "a) {5+}", NULL }, { 1, "a\nb", NULL },
	};
	struct letter l = { .p = "x", .n = 1 };
	const struct source from = { pour, &l };
	size_t i;

	(void)state;
	ready("IMAP4rev1 LITERAL+");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(imap_append_begin(im, names[i], NULL, &e), -1);
		assert_int_equal(e.kind, EK_FAIL);
	}
	assert_int_equal(append("INBOX", "x", a_), 1);
	assert_string_equal(events(), "a appended ok\n");
	imap_close(&im);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setup(NULL);
		ready("IMAP4rev1 LITERAL+");
		begin("INBOX", a_);
		assert_int_equal(imap_append_add(im, &bad[i], &from, &e), -1);
		assert_int_equal(e.kind, EK_FAIL);
		imap_close(&im);
		assert_string_equal(double_said(), "");
	}
}

/* R97: nothing but what was asked for; the end of a session is LOGOUT. */
static void
test_many_in_a_row_and_a_logout(void **state)
{
	(void)state;
	ready("IMAP4rev1 LITERAL+");
	assert_int_equal(append("x", "1", a_), 1);
	assert_int_equal(append("y", "2", b_), 1);
	assert_int_equal(imap_search_all(im, c_, &e), 0);
	assert_string_equal(events(), "a appended ok\nb appended ok\nc kind 5 done\n");
	imap_close(&im);
	assert_string_equal(double_said(), "5 APPEND \"x\" () {1+}\r\n1\n6 APPEND \"y\" () {1+}\r\n2\n"
	    "7 UID SEARCH ALL\n|\n8 LOGOUT\n");
}

static void
test_several_messages_in_one_command(void **state)
{
	int waits;

	(void)state;
	for (waits = 0; waits <= 1; waits++) {
		setup(NULL);
		ready(waits ? "IMAP4rev1 MULTIAPPEND" : "IMAP4rev1 MULTIAPPEND LITERAL+");
		double_on("APPEND", "%T OK [APPENDUID 7 11:13] done\r\n");
		begin("x", a_);
		assert_int_equal(add("one"), 1);
		assert_int_equal(add("{2}\r\n"), 1);
		assert_int_equal(add(""), 1);
		finish();
		assert_string_equal(events(), "a appended ok 7:11:13\n");
		assert_string_equal(double_said(), waits ?
		    "5 APPEND \"x\" () {3}\r\none () {5}\r\n{2}\r\n () {0}\r\n\n|\n" :
		    "5 APPEND \"x\" () {3+}\r\none () {5+}\r\n{2}\r\n () {0+}\r\n\n|\n");
		imap_close(&im);
	}
}

/* R93: what can't be UIDs are no UIDs. */
static void
test_append_uid_is_told_or_not(void **state)
{
	static const char *const t[][2] = {
		{ "%T OK [APPENDUID 38505 3955] x", "a appended ok 38505:3955\n" },
		{ "%T OK [APPENDUID 38505 3955,3957:3959] x", "a appended ok 38505:3955,3957:3959\n" },
		{ "%T OK [APPENDUID 38505 *] x", "a appended ok\n" },
		{ "%T OK [APPENDUID 0 1] x", "a appended ok\n" },
		{ "%T OK [APPENDUID 1 0] x", "a appended ok\n" },
		{ "%T OK [COPYUID 1 2 3] x", "a appended ok\n" },
		{ "%T OK x [APPENDUID 1 1]", "a appended ok\n" },
		{ "%T OK", "a appended ok\n" },
		/* That of another command. */
		{ "* OK [APPENDUID 5 5] x\r\n%T OK", "a appended ok\n" },
	};
	char say[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		setup(NULL);
		ready("IMAP4rev1 LITERAL+ UIDPLUS");
		snprintf(say, sizeof(say), "%s\r\n", t[i][0]);
		double_on("APPEND", say);
		assert_int_equal(append("x", "1", a_), 1);
		assert_string_equal(events(), t[i][1]);
		imap_close(&im);
	}
}

/* ---- refusals ---- */

/* R88: instead of the word for its literal. */
static void
test_what_is_refused_instead_of_asked_for_is_not_sent(void **state)
{
	struct letter l = { .p = "secret", .n = 6 };

	(void)state;
	ready("IMAP4rev1");
	dbl.no_literals = true;
	double_on("APPEND", "%T NO [TRYCREATE] no such folder\r\n");
	begin("x", a_);
	assert_int_equal(add_sized("", &l, 6), 0);
	assert_int_equal(l.poured, 0);
	finish();
	/* The line was at its end: what follows begins a new one. */
	assert_int_equal(imap_search_all(im, b_, &e), 0);
	assert_string_equal(events(), "a appended [TRYCREATE] no such folder (3)\nb kind 5 done\n");
	assert_string_equal(double_said(), "5 APPEND \"x\" () {6}\n|\n6 UID SEARCH ALL\n|\n");
}

/* R88, RFC 3502: the second of three. */
static void
test_a_batch_refused_in_its_middle_goes_no_further(void **state)
{
	struct letter l = { .p = "three", .n = 5 };

	(void)state;
	ready("IMAP4rev1 MULTIAPPEND");
	dbl.no_literals = true;
	dbl.accepts = 1;
	double_on("APPEND", "%T NO [TOOBIG] no\r\n");
	begin("x", a_);
	assert_int_equal(add("one"), 1);
	assert_int_equal(add("two"), 0);
	assert_int_equal(add_sized("", &l, 5), 0);
	assert_int_equal(l.poured, 0);
	finish();
	assert_int_equal(append("y", "", b_), 1);
	assert_string_equal(events(), "a appended [TOOBIG] no (5)\nb appended [TOOBIG] no (5)\n");
	assert_null(strchr(double_said(), '?'));
}

/* A literal that was announced as one that doesn't wait is sent whole, and the line ended. */
static void
test_a_refusal_while_a_literal_goes_out(void **state)
{
	static char text[BIG + 1];
	struct letter l = { .p = text, .n = BIG, .piece = 1000 };
	const char *said;

	(void)state;
	memset(text, 'x', BIG);
	ready("IMAP4rev1 LITERAL+ MULTIAPPEND");
	dbl.takes = 10000;
	double_early("APPEND", 1000000, "%T NO [OVERQUOTA] full\r\n");
	begin("x", a_);
	assert_int_equal(add_sized("", &l, BIG), 0);
	assert_int_equal(l.poured, BIG);
	assert_int_equal(add("next"), 0);
	finish();
	assert_int_equal(imap_search_all(im, b_, &e), 0);
	assert_string_equal(events(), "a appended [OVERQUOTA] full (4)\nb kind 5 done\n");
	said = double_said();
	assert_int_equal(strcspn(said, "\n"), strlen("5 APPEND \"x\" () {3145745+}\r"));
	assert_string_equal(said + strcspn(said, "\n") + 1 + BIG, "\n6 UID SEARCH ALL\n");
}

/* Between two messages, of a server that didn't need to be asked. */
static void
test_a_refusal_between_messages_is_heard(void **state)
{
	(void)state;
	ready("IMAP4rev1 LITERAL+ MULTIAPPEND");
	double_early("APPEND", 35, "%T BAD [TOOBIG] no\r\n");
	begin("x", a_);
	assert_int_equal(add("one"), 1);
	assert_int_equal(add("two"), 0);
	finish();
	assert_string_equal(events(), "a appended [TOOBIG] no (5)\n");
	imap_close(&im);
	assert_string_equal(double_said(), "5 APPEND \"x\" () {3+}\r\none\n6 LOGOUT\n");
}

static void
test_a_yes_before_the_message_is_there_ends_the_session(void **state)
{
	static char text[BIG + 1];
	struct letter l = { .p = text, .n = BIG };

	(void)state;
	memset(text, 'x', BIG);
	ready("IMAP4rev1 LITERAL+");
	double_early("APPEND", 100000, "%T OK [APPENDUID 1 1] yes\r\n");
	dbl.takes = 10000;
	begin("x", a_);
	assert_int_equal(add_sized("", &l, BIG), -1);
	assert_int_equal(e.kind, EK_PROTO);
	assert_string_equal(e.text, "the server answered to APPEND before it had all of it");
	imap_close(&im);
	assert_string_equal(double_said(), "");
}

/* ---- other answers meanwhile ---- */

/* Those to commands before it come out later, in their order, with all that belongs to them. */
static void
test_answers_to_others_are_kept(void **state)
{
	struct uidset uids = UIDSET_INIT;

	(void)state;
	ready("IMAP4rev1 UIDPLUS");
	uidset_add_range(&uids, 1, 2);
	double_on("UID FETCH", "* 1 FETCH (UID 7 FLAGS (\\Seen x))\r\n* 2 FETCH (UID 8 FLAGS ())\r\n"
	    "* 1 EXPUNGE\r\n%T OK fetched\r\n");
	double_on("UID SEARCH", "* SEARCH 3 4 9\r\n%T NO [LIMIT] no\r\n");
	double_once("APPEND", "* 5 FETCH (UID 5 FLAGS (\\Recent))\r\n* 5 EXISTS\r\n%T OK [APPENDUID 3 4] one\r\n");
	double_once("APPEND", "%T NO [OVERQUOTA] two\r\n");
	assert_int_equal(imap_fetch(im, &uids, IMAP_FLAGS, 0, a_, &e), 0);
	assert_int_equal(imap_search_all(im, b_, &e), 0);
	assert_int_equal(append("x", "one", c_), 1);
	assert_int_equal(append("x", "two", b_), 1);
	assert_int_equal(append("x", "three", a_), 1);
	assert_string_equal(events(), "a message 7 \\Seen x\na message 8 \na kind 3 \n"
	    "a kind 5 fetched\nb kind 4  0:3:4,9\nb kind 5 [LIMIT] no\nc appended ok 3:4\n"
	    "b appended [OVERQUOTA] two (4)\na appended ok\n");
	uidset_release(&uids);
}

static struct buf went = BUF_INIT(1000000);

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

/* Bodies too: each comes right before its own event, however little is received at a time. */
static void
test_bodies_are_kept_with_their_events(void **state)
{
	static const struct imap_body to = { body_begins, { body_goes_on, NULL } };
	struct uidset uids = UIDSET_INIT;
	struct imap_event ev;
	size_t chunk;

	(void)state;
	uidset_add_range(&uids, 1, 2);
	for (chunk = 0; chunk < 60; chunk++) {
		setup(NULL);
		ready("IMAP4rev1 LITERAL+");
		imap_body_to(im, &to);
		buf_clear(&went);
		double_on("UID FETCH", "* 1 FETCH (UID 7 BODY[HEADER] {6}\r\nA: b\r\n)\r\n"
		    "* 2 FETCH (BODY[HEADER] \"C: d\" UID 8)\r\n* 3 FETCH (UID 9 BODY[HEADER] {2}\r\nEF)\r\n"
		    "%T OK fetched\r\n");
		dbl.chunk = chunk;
		assert_int_equal(imap_fetch(im, &uids, IMAP_HEADER, 0, a_, &e), 0);
		wire_flush(NULL);
		/* Some of it is taken in here, in the middle of a body perhaps. */
		begin("x", b_);
		assert_int_equal(add("one"), 1);
		finish();
		if (chunk == 0)
			assert_string_equal(buf_text(&went), "");
		assert_int_equal(next(&ev), 1);
		assert_true(ev.kind == IMAP_MESSAGE && ev.meta.uid == 7 && ev.body == BODY_GIVEN && ev.body_size == 6);
		assert_string_equal(buf_text(&went), "{6}A: b\r\n");
		assert_int_equal(next(&ev), 1);
		assert_true(ev.meta.uid == 8 && ev.body == BODY_GIVEN && ev.body_size == 4);
		assert_string_equal(buf_text(&went), "{6}A: b\r\n{4}C: d");
		assert_int_equal(next(&ev), 1);
		assert_true(ev.meta.uid == 9 && ev.ok);
		assert_string_equal(buf_text(&went), "{6}A: b\r\n{4}C: d{2}EF");
		assert_string_equal(events(), "a kind 5 fetched\nb appended ok\n");
		imap_close(&im);
	}
	uidset_release(&uids);
	buf_release(&went);
}

/* So much of them, and no more (R113). */
static void
test_what_is_kept_has_a_limit(void **state)
{
	static char text[BIG + 1];
	struct letter l = { .p = text, .n = BIG };
	struct uidset uids = UIDSET_INIT;
	int over, i;

	(void)state;
	memset(text, 'x', BIG);
	uidset_add(&uids, 1);
	for (over = 0; over <= 1; over++) {
		setup(NULL);
		ready("IMAP4rev1 LITERAL+");
		double_on("UID FETCH", "");
		assert_int_equal(imap_fetch(im, &uids, IMAP_FLAGS, 0, a_, &e), 0);
		wire_flush(NULL);
		for (i = 0; i < (over ? 50000 : 5000); i++)
			double_say("* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n");
		begin("x", a_);
		if (over) {
			assert_int_equal(add_sized("", &l, BIG), -1);
			assert_int_equal(e.kind, EK_PROTO);
			assert_string_equal(e.text, "the server sent more than 4 MiB while it was sent to");
		} else
			assert_int_equal(add_sized("", &l, BIG), 1);
		imap_close(&im);
	}
	uidset_release(&uids);
}

/* At a time, not in all. */
static void
test_what_was_given_is_kept_no_more(void **state)
{
	struct uidset uids = UIDSET_INIT;
	struct imap_event ev;
	int round, i, n = 0;

	(void)state;
	uidset_add(&uids, 1);
	ready("IMAP4rev1 LITERAL+");
	for (round = 0; round < 10; round++) {
		double_once("UID FETCH", "");
		assert_int_equal(imap_fetch(im, &uids, IMAP_FLAGS, 0, a_, &e), 0);
		wire_flush(NULL);
		for (i = 0; i < 3000; i++)
			double_say("* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n");
		double_once("APPEND", "%1 OK\r\n%T OK\r\n");
		assert_int_equal(append("x", "one", b_), 1);
		while (next(&ev) == 1)
			n += ev.kind == IMAP_MESSAGE;
	}
	assert_int_equal(n, 30000);
	uidset_release(&uids);
}

/* A body is bounded like all that is kept. */
static void
test_a_body_that_is_kept_has_a_limit(void **state)
{
	static const struct imap_body to = { body_begins, { body_goes_on, NULL } };
	struct uidset uids = UIDSET_INIT;
	char line[100];
	size_t size = 4 * 1024 * 1024;
	char *body;
	int over;

	(void)state;
	uidset_add(&uids, 1);
	for (over = 0; over <= 1; over++) {
		setup(NULL);
		ready("IMAP4rev1 LITERAL+");
		imap_body_to(im, &to);
		double_on("UID FETCH", "");
		assert_int_equal(imap_fetch(im, &uids, IMAP_BODY, 0, a_, &e), 0);
		wire_flush(NULL);
		snprintf(line, sizeof(line), "* 1 FETCH (UID 1 BODY[] {%zu}\r\n", size + (size_t)over);
		body = xcalloc(1, size + 2);
		memset(body, 'x', size + (size_t)over);
		double_say(line);
		double_say(body);
		free(body);
		begin("x", a_);
		assert_int_equal(add("one"), over ? -1 : 1);
		if (over)
			assert_int_equal(e.kind, EK_PROTO);
		imap_close(&im);
	}
	uidset_release(&uids);
	buf_release(&went);
}

/* Any number of commands may be on their way: they don't wait for each other. */
static void
test_a_pipeline_of_appends(void **state)
{
	struct imap_event ev;
	char text[20];
	int n = 0, got = 0;

	(void)state;
	ready("IMAP4rev1 LITERAL+");
	dbl.takes = 7;
	double_on("APPEND", "* OK hold on\r\n%T OK [APPENDUID 1 1] x\r\n");
	for (; imap_room(im) && n < 1000; n++) {
		snprintf(text, sizeof(text), "text %d", n);
		assert_int_equal(append("INBOX", text, a_), 1);
	}
	assert_int_equal(n, 64);
	while (next(&ev) == 1) {
		assert_true(ev.kind == IMAP_APPENDED && ev.ok);
		got++;
	}
	assert_int_equal(got, 64);
	assert_true(imap_room(im));
	assert_int_equal(imap_sending(im), 0);
}

/* ---- what goes wrong ---- */

/* R78 begins here: the words are there, and nothing is sent behind half a message. */
static void
test_bye_in_the_middle_of_a_message(void **state)
{
	static char text[BIG + 1];
	struct letter l = { .p = text, .n = BIG, .piece = 5000 };
	struct imap_event ev;

	(void)state;
	memset(text, 'x', BIG);
	ready("IMAP4rev1 LITERAL+");
	dbl.takes = 10000;
	double_early("APPEND", 500000, "* BYE too much for today\r\n");
	begin("x", a_);
	assert_int_equal(add_sized("", &l, BIG), -1);
	assert_int_equal(e.kind, EK_TEMP);
	assert_string_equal(e.text, "the server closed the connection: too much for today");
	assert_true(l.poured < BIG);
	assert_int_equal(imap_append_end(im, &e), -1);
	assert_int_equal(next(&ev), -1);
	imap_close(&im);
	assert_null(strstr(buf_text(&dbl.sent), "LOGOUT"));
	assert_string_equal(double_said(), "");
}

static void
test_bye_instead_of_a_word(void **state)
{
	(void)state;
	ready("IMAP4rev1");
	double_early("APPEND", 10, "* BYE not me\r\n");
	assert_int_equal(append("x", "1", a_), -1);
	assert_int_equal(e.kind, EK_TEMP);
	assert_string_equal(e.text, "the server closed the connection: not me");
}

/* A source that fails or lies: the session is over, and its end does not become a part of the message. */
static void
test_a_source_that_fails_ends_the_session(void **state)
{
	static const struct { size_t size, fail_at; enum err_kind kind; const char *text; } t[] = {
		{ 6, 3, EK_CORRUPT, "the vault is damaged" },
		{ 5, 0, EK_FAIL, "a message is longer than its size says" },
		{ 7, 0, EK_FAIL, "a message is shorter than its size says" },
	};
	struct imap_event ev;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct letter l = { .p = "secret", .n = 6, .piece = 3, .fail_at = t[i].fail_at };

		setup(NULL);
		ready("IMAP4rev1 LITERAL+");
		begin("x", a_);
		assert_int_equal(add_sized("", &l, t[i].size), -1);
		assert_int_equal(e.kind, t[i].kind);
		assert_string_equal(e.text, t[i].text);
		assert_int_equal(imap_append_end(im, &e), -1);
		assert_int_equal(next(&ev), -1);
		imap_close(&im);
		assert_null(strstr(buf_text(&dbl.sent), "LOGOUT"));
		assert_string_equal(double_said(), "");
	}
}

/* Left without an end, whyever: no LOGOUT into the literal. */
static void
test_closing_in_the_middle_says_nothing(void **state)
{
	(void)state;
	ready("IMAP4rev1 LITERAL+ MULTIAPPEND");
	begin("x", a_);
	assert_int_equal(add("one"), 1);
	imap_close(&im);
	assert_string_equal(double_said(), "");
	assert_null(strstr(buf_text(&dbl.sent), "LOGOUT"));
}

/* ---- before and beside ---- */

/* A name that waits for its own word stands before it in the queue: each gets its own. */
static void
test_a_literal_in_front_is_asked_for_first(void **state)
{
	(void)state;
	ready("IMAP4rev1");
	assert_int_equal(imap_examine(im, "a\n", NULL, a_, &e), 0);
	assert_int_equal(append("x", "one", b_), 1);
	assert_string_equal(events(), "a kind 0 done\nb appended ok\n");
	assert_string_equal(double_said(), "5 EXAMINE {2}\r\na\n\n|\n6 APPEND \"x\" () {3}\r\none\n|\n");
}

static void
test_the_limit_of_a_message_is_told(void **state)
{
	static const struct { const char *caps; uint64_t limit; } t[] = {
		{ "IMAP4rev1 APPENDLIMIT=35651584", 35651584 }, { "IMAP4rev1 appendlimit=7 ID", 7 },
		{ "IMAP4rev1 APPENDLIMIT", 0 }, { "IMAP4rev1", 0 }, { "IMAP4rev1 APPENDLIMIT=", 0 },
		{ "IMAP4rev1 APPENDLIMIT=5x", 0 }, { "IMAP4rev1 XAPPENDLIMIT=5", 0 },
		{ "IMAP4rev1 APPENDLIMIT=99999999999999999999", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		setup(NULL);
		ready(t[i].caps);
		assert_int_equal(imap_append_limit(im), t[i].limit);
		imap_close(&im);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_literals_wait_where_they_must),
		TEST(test_flags_date_and_name_are_sent),
		TEST(test_what_could_be_a_command_of_its_own_is_not_sent),
		TEST(test_many_in_a_row_and_a_logout),
		TEST(test_several_messages_in_one_command),
		TEST(test_append_uid_is_told_or_not),
		TEST(test_what_is_refused_instead_of_asked_for_is_not_sent),
		TEST(test_a_batch_refused_in_its_middle_goes_no_further),
		TEST(test_a_refusal_while_a_literal_goes_out),
		TEST(test_a_refusal_between_messages_is_heard),
		TEST(test_a_yes_before_the_message_is_there_ends_the_session),
		TEST(test_answers_to_others_are_kept),
		TEST(test_bodies_are_kept_with_their_events),
		TEST(test_what_is_kept_has_a_limit),
		TEST(test_what_was_given_is_kept_no_more),
		TEST(test_a_body_that_is_kept_has_a_limit),
		TEST(test_a_pipeline_of_appends),
		TEST(test_bye_in_the_middle_of_a_message),
		TEST(test_bye_instead_of_a_word),
		TEST(test_a_source_that_fails_ends_the_session),
		TEST(test_closing_in_the_middle_says_nothing),
		TEST(test_a_literal_in_front_is_asked_for_first),
		TEST(test_the_limit_of_a_message_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
