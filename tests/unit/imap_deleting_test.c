/*
 * How messages leave a server: what is sent, exactly, and what is believed of the answers.
 */

#include <inttypes.h>

#include "imap/response.h"
#include "imap_stage.h"

static char one[] = "a", two[] = "b";

static struct buf got = BUF_INIT(8 * 1024 * 1024);

static void
put_uids(const char *word, const struct uidset *uids)
{
	buf_addf(&got, " %s=", word);
	if (uids == NULL)
		buf_adds(&got, "?");
	else
		uidset_format(uids, 0, got.max / 4, &got);
}

static void
put_event(const struct imap_event *ev)
{
	buf_addf(&got, "%s ", (const char *)ev->cookie);
	switch (ev->kind) {
	case IMAP_MESSAGE:
		buf_addf(&got, "message %" PRIu32 " %s", ev->meta.uid,
		    ev->meta.flags == NULL ? "?" : ev->meta.flags);
		break;
	case IMAP_EXPUNGED:
	case IMAP_VANISHED:
		put_uids(ev->kind == IMAP_EXPUNGED ? "expunged" : "vanished", ev->uids);
		break;
	case IMAP_DONE:
		buf_addf(&got, "%s", ev->ok ? "ok" : "refused");
		if (!ev->ok)
			buf_addf(&got, " %d", ev->refusal);
		if (ev->uids != NULL)
			put_uids("uids", ev->uids);
		if (ev->moved != NULL) {
			buf_addf(&got, " to %" PRIu64, ev->uidvalidity);
			put_uids("moved", ev->moved);
		} else
			assert_int_equal(ev->uidvalidity, 0);
		if (ev->odd) {
			assert_null(ev->uids);
			buf_adds(&got, " odd");
		}
		break;
	default:
		buf_addf(&got, "kind %d", (int)ev->kind);
		break;
	}
	buf_adds(&got, "\n");
}

/* All events until nothing is unanswered, a line each. */
static const char *
events(void)
{
	struct imap_event ev;
	int r;

	buf_clear(&got);
	while ((r = next(&ev)) == 1)
		put_event(&ev);
	if (r == -1)
		buf_addf(&got, "error: %s\n", e.text);
	return buf_text(&got);
}

static int
over(void **state)
{
	buf_release(&got);
	return teardown(state);
}

#define OURS(t)	cmocka_unit_test_setup_teardown(t, setup, over)

static struct uidset
set_of(const char *text)
{
	struct uidset s = UIDSET_INIT;

	assert_int_equal(uidset_parse(text, strlen(text), 100, &s), 0);
	return s;
}

static int
mark(const char *uids, bool on, uint64_t unchanged_since, char *cookie)
{
	struct uidset s = set_of(uids);
	int rc = imap_mark(im, &s, on, unchanged_since, cookie, &e);

	uidset_release(&s);
	return rc;
}

static int
expunge(const char *uids, char *cookie)
{
	struct uidset s = set_of(uids);
	int rc = imap_expunge(im, &s, cookie, &e);

	uidset_release(&s);
	return rc;
}

static int
move(const char *uids, const char *to, char *cookie)
{
	struct uidset s = set_of(uids);
	int rc = imap_move(im, &s, to, cookie, &e);

	uidset_release(&s);
	return rc;
}

/* ---- what is sent ---- */

static void
test_commands_name_their_messages_and_nothing_else(void **state)
{
	(void)state;
	ready("IMAP4rev1 UIDPLUS MOVE CONDSTORE");
	assert_int_equal(mark("3:4,9", true, 0, one), 0);
	assert_int_equal(mark("3:4,9", true, 1, one), 0);
	assert_int_equal(mark("4294967295", false, 9223372036854775807u, one), 0);
	assert_int_equal(expunge("3:4,9", one), 0);
	assert_int_equal(move("9", "a \"b\\", one), 0);
	assert_string_equal(events(), "a ok\na ok\na ok\na ok\na ok\n");
	assert_string_equal(double_said(), "5 UID STORE 3:4,9 +FLAGS.SILENT (\\Deleted)\n"
	    "6 UID STORE 3:4,9 (UNCHANGEDSINCE 1) +FLAGS.SILENT (\\Deleted)\n"
	    "7 UID STORE 4294967295 (UNCHANGEDSINCE 9223372036854775807) -FLAGS.SILENT (\\Deleted)\n"
	    "8 UID EXPUNGE 3:4,9\n"
	    "9 UID MOVE 9 \"a \\\"b\\\\\"\n|\n");
}

static void
test_unchangedsince_needs_condstore(void **state)
{
	(void)state;
	ready("IMAP4rev1 UIDPLUS");
	assert_int_equal(mark("5", true, 77, one), 0);
	assert_string_equal(events(), "a ok\n");
	assert_string_equal(double_said(), "5 UID STORE 5 +FLAGS.SILENT (\\Deleted)\n|\n");
}

/* R102: without the capability not a byte of it goes out. */
static void
test_what_is_not_offered_is_not_sent(void **state)
{
	static const struct { const char *caps; bool expunge, move; } t[] = {
		{ "IMAP4rev1", false, false },
		{ "IMAP4rev1 UIDPLUS", true, false },
		{ "IMAP4rev1 MOVE", false, true },
		{ "IMAP4rev2", true, true },
		{ "imap4rev2", true, true },
		{ "IMAP4rev1 UIDPLUS2 XMOVE IMAP4rev20 IMAP4", false, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		setup(NULL);
		ready(t[i].caps);
		assert_int_equal(imap_can_expunge(im), t[i].expunge);
		assert_int_equal(imap_can_move(im), t[i].move);
		e.kind = EK_NONE;
		assert_int_equal(expunge("7", one), t[i].expunge ? 0 : -1);
		assert_int_equal(e.kind, t[i].expunge ? EK_NONE : EK_FAIL);
		e.kind = EK_NONE;
		assert_int_equal(move("7", "Trash", one), t[i].move ? 0 : -1);
		assert_int_equal(e.kind, t[i].move ? EK_NONE : EK_FAIL);
		/* The session goes on. */
		assert_int_equal(mark("7", true, 0, two), 0);
		events();
		assert_int_equal(strstr(double_said(), "EXPUNGE") != NULL, t[i].expunge);
		assert_int_equal(strstr(double_said(), "MOVE") != NULL, t[i].move);
		imap_close(&im);
	}
}

static void
test_a_capability_that_is_switched_off_is_not_used(void **state)
{
	char uidplus[] = "UIDPLUS", rev2[] = "IMAP4REV2", move_[] = "move";
	char *list[] = { uidplus, rev2, move_ };
	struct imap_login l = { .user = "anna", .disable = list,
	    .hint = "IMAP4rev1 IMAP4rev2 UIDPLUS MOVE" };
	size_t n;

	(void)state;
	for (n = 0; n <= 3; n++) {
		setup(NULL);
		l.disable_n = n;
		assert_int_equal(imap_open(&l, &im, &e), 0);
		assert_int_equal(imap_can_expunge(im), n < 2);
		assert_int_equal(imap_can_move(im), n < 3);
		imap_close(&im);
	}
}

/* No set must ever become "1:*", nor an empty one anything. */
static void
test_no_messages_are_not_all_messages(void **state)
{
	struct uidset s = UIDSET_INIT;
	uint32_t i;

	(void)state;
	ready("IMAP4rev2 CONDSTORE");
	for (i = 0; i < 2; i++) {
		const struct uidset *none = i == 0 ? NULL : &s;

		assert_int_equal(imap_mark(im, none, true, 0, one, &e), -1);
		assert_int_equal(e.kind, EK_FAIL);
		assert_int_equal(imap_mark(im, none, false, 5, one, &e), -1);
		assert_int_equal(imap_expunge(im, none, one, &e), -1);
		assert_int_equal(e.kind, EK_FAIL);
		assert_int_equal(imap_move(im, none, "Trash", one, &e), -1);
		assert_int_equal(e.kind, EK_FAIL);
	}
	uidset_release(&s);
}

/* 1,000 octets are safe everywhere, 8,192 where CONDSTORE is offered (RFC 7162, section 4). */
static void
test_commands_have_a_length(void **state)
{
	static const struct { const char *caps; size_t ranges, least, most; } limits[] = {
		{ "IMAP4rev2", IMAP_FETCH_RANGES, 700, 1000 },
		{ "IMAP4rev2 CONDSTORE", IMAP_LONG_RANGES, 7000, 8192 },
	};
	struct uidset s = UIDSET_INIT;
	uint32_t uid;
	size_t i, k;

	for (k = 0; k < 2; k++) {
		if (k > 0) {
			over(state);
			setup(state);
		}
		ready(limits[k].caps);
		assert_int_equal(imap_ranges(im), limits[k].ranges);
		uidset_clear(&s);
		for (uid = UID_MAX - 1, i = 0; i < limits[k].ranges; i++, uid -= 3)
			uidset_add_range(&s, uid, uid + 1);
		assert_int_equal(imap_expunge(im, &s, one, &e), 0);
		assert_string_equal(events(), "a ok\n");
		/* All of them. */
		assert_non_null(strstr(double_said(), "4294967294:4294967295\n"));
		assert_in_range(strlen(double_said()), limits[k].least, limits[k].most);
		double_forget();
		uidset_add(&s, uid);
		assert_int_equal(imap_mark(im, &s, true, 0, one, &e), -1);
		assert_int_equal(imap_expunge(im, &s, one, &e), -1);
		assert_int_equal(imap_move(im, &s, "Trash", one, &e), -1);
		assert_int_equal(e.kind, EK_FAIL);
		assert_string_equal(events(), "");
		assert_string_equal(double_said(), "");
	}
	uidset_release(&s);
}

static void
test_a_folder_with_a_line_end_in_its_name_stays_a_name(void **state)
{
	(void)state;
	ready("IMAP4rev1 MOVE LITERAL+");
	assert_int_equal(move("7", "a\r\nX EXPUNGE", one), 0);
	assert_string_equal(events(), "a ok\n");
	assert_string_equal(double_said(), "5 UID MOVE 7 {12+}\r\na\r\nX EXPUNGE\n|\n");
}

/* R101: LOGOUT alone ends a session, whatever was marked. */
static void
test_a_session_ends_without_close(void **state)
{
	(void)state;
	ready("IMAP4rev1 UIDPLUS UNSELECT");
	assert_int_equal(imap_select_exact(im, "INBOX", one, &e), 0);
	assert_int_equal(mark("7", true, 0, one), 0);
	assert_int_equal(imap_select_exact(im, "Sent", one, &e), 0);
	events();
	imap_close(&im);
	assert_string_equal(double_said(), "5 SELECT \"INBOX\"\n6 UID STORE 7 +FLAGS.SILENT (\\Deleted)\n"
	    "7 SELECT \"Sent\"\n|\n8 LOGOUT\n");
}

/* ---- opening ---- */

static void
test_select_exact_is_told_the_modseq(void **state)
{
	struct imap_event ev;

	(void)state;
	ready("IMAP4rev1 CONDSTORE");
	double_on("SELECT", "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [HIGHESTMODSEQ 715194045007] x\r\n"
	    "* OK [PERMANENTFLAGS (\\Deleted)] x\r\n%T OK [READ-WRITE] x\r\n");
	assert_int_equal(imap_select_exact(im, "a b", one, &e), 0);
	assert_int_equal(next(&ev), 1);
	assert_true(ev.kind == IMAP_BOX && ev.ok && ev.cookie == one && !ev.read_only);
	assert_int_equal(ev.box.uidvalidity, 7);
	assert_int_equal(ev.box.highestmodseq, 715194045007);
	assert_string_equal(ev.permanent, "\\Deleted");
	assert_string_equal(double_said(), "5 SELECT \"a b\" (CONDSTORE)\n|\n");
}

/* A mailbox without modseqs. */
static void
test_select_exact_without_a_modseq(void **state)
{
	struct imap_event ev;

	(void)state;
	ready("IMAP4rev1 CONDSTORE");
	double_on("SELECT", "* OK [UIDVALIDITY 7] x\r\n* OK [NOMODSEQ] x\r\n%T OK [READ-ONLY] x\r\n");
	assert_int_equal(imap_select_exact(im, "a", one, &e), 0);
	assert_int_equal(next(&ev), 1);
	assert_true(ev.ok && ev.read_only);
	assert_int_equal(ev.box.highestmodseq, 0);
}

static void
test_select_exact_is_plain_where_it_has_to_be(void **state)
{
	struct imap_event ev;

	(void)state;
	ready("IMAP4rev1 CONDSTORE QRESYNC ENABLE");
	double_once("SELECT", "%T NO not now\r\n");
	double_once("SELECT", "%T BAD what\r\n");
	assert_int_equal(imap_select_exact(im, "x", one, &e), 0);
	assert_int_equal(next(&ev), 1);
	assert_true(ev.kind == IMAP_BOX && !ev.ok && ev.refusal == REFUSED_PLAIN);
	assert_true(imap_can(im, CAP_CONDSTORE));
	assert_int_equal(imap_select_exact(im, "x", one, &e), 0);
	assert_int_equal(next(&ev), 1);
	assert_true(!ev.ok && ev.refusal == REFUSED_UNKNOWN);
	assert_false(imap_can(im, CAP_CONDSTORE));
	assert_false(imap_can(im, CAP_QRESYNC));
	assert_int_equal(imap_select_exact(im, "x", one, &e), 0);
	assert_int_equal(next(&ev), 1);
	assert_true(ev.ok);
	assert_int_equal(mark("7", true, 5, one), 0);
	events();
	assert_string_equal(double_said(), "5 SELECT \"x\" (CONDSTORE)\n|\n6 SELECT \"x\" (CONDSTORE)\n|\n"
	    "7 SELECT \"x\"\n|\n8 UID STORE 7 +FLAGS.SILENT (\\Deleted)\n|\n");
}

/* ---- MODIFIED ---- */

struct answer {
	const char	*say, *want;
};

#define MODIFIED(code, want)	{ "%T OK [" code "] x\r\n", "a ok" want "\n" }
#define REFUSED(code, want)	{ "%T NO [" code "] x\r\n", "a refused 0" want "\n" }

/* Marked are 3:4,9, but for those that were changed since. */
static const struct answer modified[] = {
	{ "%T OK done\r\n", "a ok\n" },
	MODIFIED("MODIFIED 9", " uids=9"),
	MODIFIED("modified 9,3", " uids=3,9"),
	MODIFIED("Modified  4:3,9 ", " uids=3:4,9"),
	REFUSED("MODIFIED 4", " uids=4"),
	{ "%T NO [MODIFIED 4]\r\n", "a refused 0 uids=4\n" },
	{ "%T OK [MODIFIED 4]Conditional\r\n", "a ok uids=4\n" },
	{ "* OK [MODIFIED 4] x\r\n%T OK [MODIFIED 9] x\r\n", "a ok uids=4,9\n" },
	{ "* NO [MODIFIED 4] x\r\n%T OK x\r\n", "a ok uids=4\n" },
	{ "* [MODIFIED 4] x\r\n%T OK [MODIFIED 4] x\r\n", "a ok uids=4\n" },
	/* Which they are nobody knows. */
	MODIFIED("MODIFIED", " odd"),
	MODIFIED("MODIFIED ", " odd"),
	MODIFIED("MODIFIED 0", " odd"),
	MODIFIED("MODIFIED 009", " odd"),
	MODIFIED("MODIFIED 4:*", " odd"),
	MODIFIED("MODIFIED *", " odd"),
	MODIFIED("MODIFIED 4 9", " odd"),
	MODIFIED("MODIFIED 4,", " odd"),
	MODIFIED("MODIFIED ,4", " odd"),
	MODIFIED("MODIFIED 4-9", " odd"),
	MODIFIED("MODIFIED (4)", " odd"),
	MODIFIED("MODIFIED \"4\"", " odd"),
	MODIFIED("MODIFIED NIL", " odd"),
	MODIFIED("MODIFIED 4294967296", " odd"),
	MODIFIED("MODIFIED 18446744073709551620", " odd"),
	MODIFIED("MODIFIED4", " odd"),
	/* Others than those that were asked about: sequence numbers, perhaps. */
	MODIFIED("MODIFIED 5", " odd"),
	MODIFIED("MODIFIED 2:4", " odd"),
	MODIFIED("MODIFIED 3:9", " odd"),
	REFUSED("MODIFIED 1", " odd"),
	{ "%T OK [MODIFIED 4 x\r\n", "a ok odd\n" },
	{ "%T NO they were changed [MODIFIED 4]\r\n", "a refused 0 odd\n" },
	{ "%T OK [MODIFIED 4] and [modified 9]\r\n", "a ok odd\n" },
	{ "* OK [MODIFIED 5] x\r\n%T OK [MODIFIED 4] x\r\n", "a ok odd\n" },
	{ "* OK [MODIFIED 4] x\r\n%T OK [MODIFIED x] x\r\n", "a ok odd\n" },
	{ "%T BAD [MODIFIED 4] x\r\n", "a refused 1 uids=4\n" },
	/* Not this code. */
	MODIFIED("HIGHESTMODSEQ 4", ""),
	MODIFIED("COPYUID 1 4 4", ""),
	MODIFIED("UNMODIFIED 4", ""),
	{ "%T OK messages modified\r\n", "a ok\n" },
	{ "%T NO [OVERQUOTA] x\r\n", "a refused 4\n" },
};

static void
check_marks(const struct answer *a, size_t chunk)
{
	setup(NULL);
	ready("IMAP4rev1 CONDSTORE UIDPLUS");
	dbl.chunk = chunk;
	double_once("UID STORE", a->say);
	assert_int_equal(mark("3:4,9", true, 12, one), 0);
	assert_string_equal(events(), a->want);
	/* Nothing of it stays for the next. */
	assert_int_equal(mark("3:4,9", true, 12, two), 0);
	assert_string_equal(events(), "b ok\n");
	imap_close(&im);
}

static void
test_modified_names_those_that_were_changed(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(modified) / sizeof(modified[0]); i++) {
		check_marks(&modified[i], 0);
		check_marks(&modified[i], 1);
	}
}

static void
test_codes_are_nothing_to_other_commands(void **state)
{
	struct uidset s = set_of("4");

	(void)state;
	ready("IMAP4rev2 CONDSTORE");
	double_on("UID MOVE", "* OK [MODIFIED x] x\r\n%T OK [MODIFIED 4] x\r\n");
	double_on("UID", "* OK [COPYUID x] x\r\n* OK [MODIFIED 4] x\r\n%T OK [MODIFIED x] x\r\n");
	assert_int_equal(imap_store(im, &s, "+FLAGS.SILENT (\\Deleted)", one, &e), 0);
	assert_int_equal(imap_fetch(im, &s, IMAP_FLAGS, 0, one, &e), 0);
	assert_int_equal(expunge("4", one), 0);
	assert_int_equal(move("4", "x", one), 0);
	assert_string_equal(events(), "a ok\na ok\na ok\na ok\n");
	uidset_release(&s);
}

/* ---- COPYUID ---- */

#define TAGGED(code, want)	{ "%T OK [" code "] x\r\n", "a ok" want "\n" }
#define UNTAGGED(code, want)	{ "* OK [" code "] x\r\n%T OK done\r\n", "a ok" want "\n" }
#define BOTH_WAYS(code, want)	TAGGED(code, want), UNTAGGED(code, want)

/* Moved are 3:4,9. */
static const struct answer copyuid[] = {
	{ "%T OK done\r\n", "a ok\n" },
	BOTH_WAYS("COPYUID 38505 3:4,9 3956:3958", " uids=3:4,9 to 38505 moved=3956:3958"),
	BOTH_WAYS("copyuid  38505  9,3,4  12,3,7 ", " uids=3:4,9 to 38505 moved=3,7,12"),
	BOTH_WAYS("COPYUID 4294967295 9 4294967295", " uids=9 to 4294967295 moved=4294967295"),
	{ "* [COPYUID 1 3 3] Exchange\r\n%T OK x\r\n", "a ok uids=3 to 1 moved=3\n" },
	{ "* OK [COPYUID 1 3 5]\r\n%T OK [COPYUID 1 3 5] x\r\n", "a ok uids=3 to 1 moved=5\n" },
	/* Some at a time. */
	{ "* OK [COPYUID 1 3:4 8:9] x\r\n* 1 EXPUNGE\r\n* OK [COPYUID 1 9 5] x\r\n* 1 EXPUNGE\r\n%T OK\r\n",
	    "a  expunged=?\na  expunged=?\na ok uids=3:4,9 to 1 moved=5,8:9\n" },
	/* Moved, and then no more. */
	{ "* OK [COPYUID 1 3:4 8:9] x\r\n%T NO [OVERQUOTA] full\r\n", "a refused 4 uids=3:4 to 1 moved=8:9\n" },
	BOTH_WAYS("COPYUID", " odd"),
	BOTH_WAYS("COPYUID 1", " odd"),
	BOTH_WAYS("COPYUID 1 3", " odd"),
	BOTH_WAYS("COPYUID 1 3 ", " odd"),
	BOTH_WAYS("COPYUID 0 3 3", " odd"),
	BOTH_WAYS("COPYUID 4294967296 3 3", " odd"),
	BOTH_WAYS("COPYUID x 3 3", " odd"),
	BOTH_WAYS("COPYUID NIL 3 3", " odd"),
	BOTH_WAYS("COPYUID -1 3 3", " odd"),
	BOTH_WAYS("COPYUID 1 3 0", " odd"),
	BOTH_WAYS("COPYUID 1 0 3", " odd"),
	BOTH_WAYS("COPYUID 1 3 4294967296", " odd"),
	BOTH_WAYS("COPYUID 1 3 *", " odd"),
	BOTH_WAYS("COPYUID 1 3:* 3:4", " odd"),
	BOTH_WAYS("COPYUID 1 3 3 3", " odd"),
	BOTH_WAYS("COPYUID 1 3 3)", " odd"),
	BOTH_WAYS("COPYUID 1 \"3\" 3", " odd"),
	BOTH_WAYS("COPYUID 1,3,3", " odd"),
	/* Not as many here as there. */
	BOTH_WAYS("COPYUID 1 3:4 5", " odd"),
	BOTH_WAYS("COPYUID 1 3 5:6", " odd"),
	BOTH_WAYS("COPYUID 1 3:4,9 1:4294967295", " odd"),
	BOTH_WAYS("COPYUID 1 3,3 5,6", " odd"),
	/* Others than those that were to be moved. */
	BOTH_WAYS("COPYUID 1 5 5", " odd"),
	BOTH_WAYS("COPYUID 1 3:5 1:3", " odd"),
	/* In two folders; one message twice; two in one place. */
	{ "* OK [COPYUID 1 3 5] x\r\n%T OK [COPYUID 2 4 6] x\r\n", "a ok odd\n" },
	{ "* OK [COPYUID 1 3 5] x\r\n%T OK [COPYUID 1 3 6] x\r\n", "a ok odd\n" },
	{ "* OK [COPYUID 1 3 5] x\r\n%T OK [COPYUID 1 4 5] x\r\n", "a ok odd\n" },
	/* One that is odd spoils the others. */
	{ "* OK [COPYUID 1 3 5] x\r\n%T OK [COPYUID 1 4] x\r\n", "a ok odd\n" },
	{ "* OK [COPYUID 1 4] x\r\n%T OK [COPYUID 1 3 5] x\r\n", "a ok odd\n" },
	{ "%T OK [COPYUID 1 3 5 x\r\n", "a ok odd\n" },
	{ "%T OK moved [COPYUID 1 3 5]\r\n", "a ok odd\n" },
	/* What was refused went nowhere. */
	{ "%T NO [COPYUID 1 3 5] x\r\n", "a refused 0 odd\n" },
	{ "* NO [COPYUID 1 3 5] x\r\n%T OK\r\n", "a ok odd\n" },
	{ "%T BAD what\r\n", "a refused 1\n" },
	{ "%T NO [TRYCREATE] x\r\n", "a refused 3\n" },
	BOTH_WAYS("APPENDUID 1 3", ""),
	BOTH_WAYS("MODIFIED 3", ""),
	BOTH_WAYS("XCOPYUID 1 3 3", ""),
};

static void
check_move(const struct answer *a, size_t chunk)
{
	setup(NULL);
	ready("IMAP4rev1 MOVE");
	dbl.chunk = chunk;
	double_once("UID MOVE", a->say);
	assert_int_equal(move("3:4,9", "Trash", one), 0);
	assert_string_equal(events(), a->want);
	/* Nothing of it stays for the next. */
	assert_int_equal(move("3:4,9", "Trash", two), 0);
	assert_string_equal(events(), "b ok\n");
	imap_close(&im);
}

static void
test_copyuid_tells_where_they_are_now(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(copyuid) / sizeof(copyuid[0]); i++) {
		check_move(&copyuid[i], 0);
		check_move(&copyuid[i], 1);
	}
}

static void
test_moves_in_a_row_are_told_apart(void **state)
{
	(void)state;
	ready("IMAP4rev1 MOVE");
	double_once("UID MOVE", "* OK [COPYUID 1 3 5] x\r\n%T OK\r\n");
	double_once("UID MOVE", "* OK [COPYUID 1 4] x\r\n%T OK\r\n");
	double_once("UID MOVE", "%T OK [COPYUID 2 9 1] x\r\n");
	assert_int_equal(move("3", "Trash", one), 0);
	assert_int_equal(move("4", "Trash", two), 0);
	assert_int_equal(move("9", "Junk", one), 0);
	assert_string_equal(events(), "a ok uids=3 to 1 moved=5\nb ok odd\na ok uids=9 to 2 moved=1\n");
}

enum ranges { HERE = 1, THERE = 2, BOTH = HERE | THERE };

/* "COPYUID 1 1,3,5 1:3": ${n} messages from UID ${from} on, on these sides a range each. */
static void
add_copyuid(struct buf *b, enum ranges sides, uint32_t from, uint32_t n)
{
	uint32_t i;
	int side;

	if (n == 0)
		return;
	buf_adds(b, "* OK [COPYUID 1");
	for (side = HERE; side <= THERE; side <<= 1) {
		if (!(sides & (enum ranges)side)) {
			buf_addf(b, " %" PRIu32 ":%" PRIu32, from, from + n - 1);
			continue;
		}
		for (i = 0; i < n; i++)
			buf_addf(b, "%c%" PRIu32, i == 0 ? ' ' : ',', from + 2 * i);
	}
	buf_adds(b, "] x\r\n");
}

/* Memory is held by what may be, however much is told. */
static void
test_ranges_of_copyuid_have_a_limit(void **state)
{
	static const struct { enum ranges sides; uint32_t first, second; bool odd; } t[] = {
		{ BOTH, RESP_CODE_RANGES - 1, 0, false },
		{ BOTH, RESP_CODE_RANGES, 0, false },
		{ HERE, RESP_CODE_RANGES + 1, 0, true },
		{ THERE, RESP_CODE_RANGES + 1, 0, true },
		{ BOTH, RESP_CODE_RANGES - 1, 1, false },
		{ HERE, RESP_CODE_RANGES, 1, true },
		{ THERE, RESP_CODE_RANGES, 1, true },
	};
	struct imap_event ev;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct buf say = BUF_INIT(8 * 1024 * 1024);

		setup(NULL);
		ready("IMAP4rev1 MOVE");
		add_copyuid(&say, t[i].sides, 1, t[i].first);
		add_copyuid(&say, t[i].sides, 1000000, t[i].second);
		buf_adds(&say, "%T OK\r\n");
		double_on("UID MOVE", buf_text(&say));
		assert_int_equal(move("1:4294967295", "Trash", one), 0);
		assert_int_equal(next(&ev), 1);
		assert_true(ev.kind == IMAP_DONE && ev.ok);
		assert_int_equal(ev.odd, t[i].odd);
		if (!t[i].odd) {
			assert_int_equal(uidset_count(ev.uids), t[i].first + t[i].second);
			assert_int_equal(uidset_count(ev.moved), t[i].first + t[i].second);
		} else
			assert_true(ev.uids == NULL && ev.moved == NULL);
		imap_close(&im);
		buf_release(&say);
	}
}

static int
pour(void *arg, const struct sink *to, struct err *err)
{
	(void)arg;
	return sink_write(to, "hello", 5, err);
}

/* What comes while a message is being sent is told later, whole. */
static void
test_what_comes_early_is_kept_whole(void **state)
{
	static const struct imap_append what = { 5, "", NULL };
	static const struct source body = { pour, NULL };

	(void)state;
	ready("IMAP4rev1 MOVE CONDSTORE");
	double_once("UID MOVE", "* VANISHED 3\r\n%T OK [COPYUID 1 3 5] x\r\n");
	double_once("UID STORE", "%T OK [MODIFIED 4] x\r\n");
	double_once("UID STORE", "%T OK [MODIFIED x] x\r\n");
	assert_int_equal(move("3", "Trash", one), 0);
	assert_int_equal(mark("4", true, 5, two), 0);
	assert_int_equal(mark("4", true, 5, two), 0);
	/* Its literal has to wait for the server. */
	assert_int_equal(imap_append_begin(im, "x", one, &e), 0);
	assert_int_equal(imap_append_add(im, &what, &body, &e), 1);
	assert_int_equal(imap_append_end(im, &e), 0);
	assert_string_equal(events(), "a  expunged=3\na ok uids=3 to 1 moved=5\nb ok uids=4\nb ok odd\na kind 6\n");
}

/* ---- what happens meanwhile ---- */

static void
test_what_a_store_brings_along_belongs_to_it(void **state)
{
	(void)state;
	ready("IMAP4rev1 CONDSTORE");
	double_on("UID STORE", "* 1 FETCH (UID 3 MODSEQ (715194045008))\r\n"
	    "* 2 FETCH (MODSEQ (7) UID 4 FLAGS (\\Deleted \\Seen))\r\n"
	    "* 3 FETCH (FLAGS (\\Deleted))\r\n"
	    "* 5 FETCH (UID 100 FLAGS ())\r\n"
	    "* 7 EXPUNGE\r\n* VANISHED 8:9\r\n* VANISHED (EARLIER) 1\r\n* 12 EXISTS\r\n%T OK [MODIFIED 9] x\r\n");
	assert_int_equal(mark("3:4,9", true, 7, one), 0);
	assert_string_equal(events(), "a message 3 ?\na message 4 \\Deleted \\Seen\na message 100 \n"
	    "a  expunged=?\na  expunged=8:9\na  vanished=1\na ok uids=9\n");
}

static void
test_what_leaves_is_told_by_the_command_that_runs(void **state)
{
	struct uidset s = set_of("9");

	(void)state;
	ready("IMAP4rev2");
	double_once("UID EXPUNGE", "* 3 EXPUNGE\r\n* 3 EXPUNGE\r\n* OK [HIGHESTMODSEQ 9] x\r\n%T OK\r\n");
	double_once("UID EXPUNGE", "* VANISHED 4,7:8\r\n%T NO [EXPUNGEISSUED] x\r\n");
	double_once("UID MOVE", "* OK [COPYUID 1 9 1] x\r\n* 1 EXPUNGE\r\n%T OK\r\n");
	double_once("UID FETCH", "* 9 FETCH (UID 9 FLAGS (\\Deleted))\r\n* VANISHED 1:2\r\n%T OK\r\n");
	assert_int_equal(expunge("3:4", one), 0);
	assert_int_equal(expunge("4,7:8", two), 0);
	assert_int_equal(move("9", "x", one), 0);
	assert_int_equal(imap_fetch(im, &s, IMAP_FLAGS, 0, two, &e), 0);
	assert_string_equal(events(), "a  expunged=?\na  expunged=?\na ok\nb  expunged=4,7:8\nb refused 0\n"
	    "a  expunged=?\na ok uids=9 to 1 moved=1\nb message 9 \\Deleted\nb  expunged=1:2\nb ok\n");
	uidset_release(&s);
}

static void
test_the_end_of_the_session_is_no_answer(void **state)
{
	static const char *const t[] = { "* BYE enough\r\n",
	    "* OK [MODIFIED 3] x\r\n* BYE enough\r\n", "* 3 EXPUNGE\r\n* BYE enough\r\n" };
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		setup(NULL);
		ready("IMAP4rev1 UIDPLUS");
		double_on("UID", t[i]);
		assert_int_equal(i == 2 ? expunge("3", one) : mark("3", true, 0, one), 0);
		assert_non_null(strstr(events(), "error: "));
		assert_null(strstr(buf_text(&got), "ok"));
		assert_null(strstr(buf_text(&got), "refused"));
		assert_int_equal(e.kind, EK_TEMP);
		assert_int_equal(expunge("3", one), -1);
		imap_close(&im);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		OURS(test_commands_name_their_messages_and_nothing_else),
		OURS(test_unchangedsince_needs_condstore),
		OURS(test_what_is_not_offered_is_not_sent),
		OURS(test_a_capability_that_is_switched_off_is_not_used),
		OURS(test_no_messages_are_not_all_messages),
		OURS(test_commands_have_a_length),
		OURS(test_a_folder_with_a_line_end_in_its_name_stays_a_name),
		OURS(test_a_session_ends_without_close),
		OURS(test_select_exact_is_told_the_modseq),
		OURS(test_select_exact_without_a_modseq),
		OURS(test_select_exact_is_plain_where_it_has_to_be),
		OURS(test_modified_names_those_that_were_changed),
		OURS(test_codes_are_nothing_to_other_commands),
		OURS(test_copyuid_tells_where_they_are_now),
		OURS(test_moves_in_a_row_are_told_apart),
		OURS(test_ranges_of_copyuid_have_a_limit),
		OURS(test_what_comes_early_is_kept_whole),
		OURS(test_what_a_store_brings_along_belongs_to_it),
		OURS(test_what_leaves_is_told_by_the_command_that_runs),
		OURS(test_the_end_of_the_session_is_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
