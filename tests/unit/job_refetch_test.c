/*
 * Messages fetched again for repair, from the double of a server.
 */
#include "job_stage.h"

static const char *const failures[] = {
	[REFETCH_FOLDER] = "folder",
	[REFETCH_EPOCH] = "epoch",
	[REFETCH_GONE] = "gone",
	[REFETCH_UNDELIVERED] = "undelivered",
	[REFETCH_OTHER] = "other",
};

static struct job_wanted the_wanted[2000];
static size_t the_wanted_n;
static struct buf the_body;
static struct err the_err;
static int the_answer;	/* -1: the sink fails */

/* The content ${text} is wanted from there. */
static void
want(const char *folder, uint64_t validity, uint32_t uid, const char *text)
{
	struct job_wanted *w = &the_wanted[the_wanted_n++];

	*w = (struct job_wanted){ .folder = folder, .uidvalidity = validity,
	    .uid = uid };
	digest_of(text, strlen(text), &w->sha256);
}

static int
begins(void *arg, uint64_t size, struct err *e)
{
	(void)arg, (void)size, (void)e;
	buf_clear(&the_body);
	return 0;
}

static int
goes_on(void *arg, const void *p, size_t n, struct err *e)
{
	(void)arg;
	if (the_answer == -1)
		return err_set(e, EK_SPACE, "no room");
	return buf_add(&the_body, p, n);
}

static int
whole(void *arg, const struct job_wanted *w, const struct mail_meta *m,
    struct err *e)
{
	struct digest d;
	bool right;

	(void)arg, (void)e;
	assert_int_equal(m->uid, w->uid);
	digest_of(the_body.p, the_body.n, &d);
	right = digest_equal(&d, &w->sha256);
	buf_addf(&the_findings, "%s %s.%u %.*s%s\n", right ? "had" : "read",
	    w->folder, w->uid, (int)the_body.n, the_body.p,
	    m->has_date ? "" : " undated");
	return right;
}

static int
failed(void *arg, const struct job_wanted *w, enum job_refetch_failure f,
    const char *why, struct err *e)
{
	(void)arg, (void)e;
	buf_addf(&the_findings, "%s %s.%u: %s\n", failures[f], w->folder,
	    w->uid, why);
	return 0;
}

static void
expect(enum err_kind kind, const char *findings)
{
	const struct job_refetch_handler h = { .body = { begins, { goes_on,
	    NULL } }, .whole = whole, .failed = failed, .listener = {
	    job_hear, NULL } };
	const struct job_ask ask = { job_secret, NULL };
	int rc;

	memset(&the_err, 0, sizeof(the_err));
	buf_clear(&the_findings);
	buf_init(&the_body, 1 << 20);
	rc = job_refetch(the_account, &ask, the_wanted, the_wanted_n, &h,
	    &the_err);
	buf_release(&the_body);
	if (strcmp(buf_text(&the_findings), findings) != 0)
		fail_msg("found:\n%s(%s)\nsaid:\n%s", buf_text(&the_findings),
		    the_err.text, double_said());
	assert_int_equal(rc == 0 ? EK_NONE : the_err.kind, kind);
}

static int
start(void **state)
{
	the_wanted_n = 0;
	the_answer = 0;
	return job_begin(state);
}

#define OK	"%T OK\r\n"
#define BODY(seq, uid, size, text)	"* " #seq " FETCH (UID " #uid \
	" INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {" #size \
	"}\r\n" text ")\r\n"

static void
test_each_content_is_had_folder_by_folder(void **state)
{
	const char *from, *to;

	(void)state;
	want("Work", 2, 9, "nine");
	want("INBOX", 1, 5, "five");
	want("Work", 2, 3, "three");
	want("Caf\303\251", 3, 1, "one");
	job_list(LIST_INBOX "* LIST () \"/\" Work\r\n"
	    "* LIST () \"/\" Caf&AOk-\r\n");
	job_box("\"INBOX\"", 9, 1);
	job_box("\"Work\"", 9, 2);
	job_box("\"Caf&AOk-\"", 9, 3);
	double_on("UID FETCH 5 (UID INTERNALDATE BODY.PEEK[])",
	    BODY(1, 5, 4, "five") OK);
	double_on("UID FETCH 3,9 ", BODY(2, 9, 4, "nine")
	    BODY(1, 3, 5, "three") OK);
	double_on("UID FETCH 1 ",
	    "* 1 FETCH (BODY[] \"one\" UID 1)\r\n" OK);
	expect(EK_NONE, "had Caf\303\251.1 one undated\nhad INBOX.5 five\n"
	    "had Work.9 nine\nhad Work.3 three\n");
	assert_null(strstr(double_said(), "SELECT"));
	assert_null(strstr(double_said(), " BODY["));
	/* All goes out behind one another: nothing is waited for between the folders. */
	from = strstr(double_said(), "EXAMINE \"Caf");
	to = strstr(double_said(), "UID FETCH 3,9 ");
	assert_true(from != NULL && to > from);
	assert_null(memchr(from, '|', (size_t)(to - from)));
}

static void
test_nothing_wanted_is_nothing_asked(void **state)
{
	(void)state;
	job_list(LIST_INBOX);
	expect(EK_NONE, "");
	assert_null(strstr(double_said(), "EXAMINE"));
}

static void
test_the_next_place_is_tried_when_the_one_before_failed(void **state)
{
	(void)state;
	/* A is not there, B was made anew, INBOX 5 is gone, 6 has another content, Z has it. */
	want("Z", 9, 1, "mail");
	want("INBOX", 1, 6, "mail");
	want("INBOX", 1, 5, "mail");
	want("B", 2, 1, "mail");
	want("A", 2, 1, "mail");
	want("Z", 9, 2, "mail");
	/* Had at once: its other place is not asked for. */
	want("INBOX", 1, 7, "more");
	want("Z", 9, 7, "more");
	job_list(LIST_INBOX "* LIST () \"/\" B\r\n* LIST () \"/\" Z\r\n");
	job_box("\"INBOX\"", 9, 1);
	job_box("\"B\"", 9, 3);
	job_box("\"Z\"", 9, 9);
	double_on("UID FETCH 7 ", BODY(1, 7, 4, "more") OK);
	double_on("UID FETCH 6 ", BODY(1, 6, 4, "MAIL") OK);
	double_on("UID FETCH 1 ", BODY(1, 1, 4, "mail") OK);
	expect(EK_NONE, "folder A.1: the server has no such folder any more\n"
	    "epoch B.1: the folder has another UIDVALIDITY now\n"
	    "had INBOX.7 more\n"
	    "gone INBOX.5: the server has it no more\n"
	    "read INBOX.6 MAIL\n"
	    "other INBOX.6: the server has another content there now\n"
	    "had Z.1 mail\n");
	assert_null(strstr(double_said(), "UID FETCH 2"));
}

static void
test_what_can_not_be_had_anywhere_is_told_with_the_reason(void **state)
{
	(void)state;
	want("INBOX", 1, 1, "gone");
	want("INBOX", 1, 2, "nil");
	want("INBOX", 1, 3, "refused");
	want("INBOX", 1, 4, "spoiled");
	want("Shut", 1, 1, "shut");
	want("INBOX", 1, 5, "had");
	job_list(LIST_INBOX "* LIST () \"/\" Shut\r\n");
	job_box("\"INBOX\"", 9, 1);
	double_on("EXAMINE \"Shut\"", "%T NO [NOPERM] not yours\r\n");
	/* A range that is refused is asked for piece by piece. */
	double_on("UID FETCH 1:5 (UID INTERNALDATE", "%T NO broken\r\n");
	double_on("UID FETCH 1:5 (UID RFC822.SIZE)",
	    "* 1 FETCH (UID 2 RFC822.SIZE 3)\r\n"
	    "* 2 FETCH (UID 3 RFC822.SIZE 3)\r\n"
	    "* 3 FETCH (UID 4 RFC822.SIZE 3)\r\n"
	    "* 4 FETCH (UID 5 RFC822.SIZE 3)\r\n" OK);
	double_on("UID FETCH 2 ", "* 1 FETCH (UID 2 BODY[] NIL)\r\n" OK);
	double_on("UID FETCH 4 ",
	    "* 3 FETCH (UID 4 BODY[] {1}\r\nx BODY[] {1}\r\ny)\r\n" OK);
	double_on("UID FETCH 5 ", BODY(4, 5, 3, "had") OK);
	expect(EK_PARTIAL, "had INBOX.5 had\n"
	    "gone INBOX.1: the server has it no more\n"
	    "undelivered INBOX.2: the server has no content for it\n"
	    "undelivered INBOX.3: the server did not deliver it\n"
	    "undelivered INBOX.4: the server's answer can't be understood\n"
	    "folder Shut.1: [NOPERM] not yours\n");
	assert_non_null(strstr(the_err.text, "5 of 6"));
}

static void
test_one_uid_may_be_wanted_for_two_contents(void **state)
{
	(void)state;
	want("INBOX", 1, 1, "one");
	want("INBOX", 1, 1, "uno");
	job_list(LIST_INBOX);
	job_box("\"INBOX\"", 1, 1);
	double_on("UID FETCH 1 ", BODY(1, 1, 3, "one") OK);
	/* "one" comes first by its SHA-256, and what is there is compared with each. */
	expect(EK_PARTIAL, "had INBOX.1 one\nread INBOX.1 one\n"
	    "other INBOX.1: the server has another content there now\n");
}

static void
test_a_server_without_uidvalidity_proves_nothing(void **state)
{
	(void)state;
	want("INBOX", 0, 1, "one");
	job_list(LIST_INBOX);
	double_on("EXAMINE", "* 1 EXISTS\r\n" OK);
	double_on("UID FETCH 1 ", BODY(1, 1, 3, "one") OK);
	expect(EK_PARTIAL,
	    "epoch INBOX.1: the folder has another UIDVALIDITY now\n");
}

static void
test_bodies_of_a_folder_that_did_not_open_are_nobodys(void **state)
{
	(void)state;
	want("A", 1, 1, "one");
	want("INBOX", 1, 1, "two");
	job_list(LIST_INBOX "* LIST () \"/\" A\r\n");
	double_on("EXAMINE \"A\"", "%T NO no\r\n");
	job_box("\"INBOX\"", 1, 1);
	/* Whatever is open, it answers. */
	double_on("UID FETCH 1 ", BODY(1, 1, 3, "two") OK);
	expect(EK_PARTIAL, "had INBOX.1 two\nfolder A.1: no\n");
}

static void
test_what_came_before_a_break_does_not_come_again(void **state)
{
	(void)state;
	want("INBOX", 1, 1, "one");
	want("INBOX", 1, 2, "two");
	want("Z", 1, 2, "zwei");
	job_list(LIST_INBOX "* LIST () \"/\" Z\r\n");
	job_box("\"INBOX\"", 2, 1);
	job_box("\"Z\"", 2, 1);
	/* In the middle of a literal. */
	double_once("UID FETCH 1:2 ", BODY(1, 1, 3, "one")
	    "* 2 FETCH (UID 2 BODY[] {900}\r\nt");
	double_once("UID FETCH 2 ", "");
	double_once("UID FETCH 2 ", BODY(2, 2, 3, "two") OK);
	double_once("UID FETCH 2 ", "* BYE not yet\r\n");
	double_once("UID FETCH 2 ", BODY(2, 2, 4, "zwei") OK);
	expect(EK_NONE, "had INBOX.1 one\nnote: the server has nothing to "
	    "say; connecting again\nhad INBOX.2 two\n"
	    "note: the server closed the connection: not yet; connecting "
	    "again\nhad Z.2 zwei\n");
}

static void
test_a_message_that_breaks_the_connection_twice_ends_it(void **state)
{
	(void)state;
	want("INBOX", 1, 1, "one");
	want("INBOX", 1, 2, "two");
	job_list(LIST_INBOX);
	job_box("\"INBOX\"", 2, 1);
	double_once("UID FETCH 1:2 ", BODY(1, 1, 3, "one")
	    "* BYE at 2\r\n");
	double_on("UID FETCH 2 ", "* BYE at 2 again\r\n");
	expect(EK_TEMP, "had INBOX.1 one\n"
	    "note: the server closed the connection: at 2; connecting again\n");
	assert_non_null(strstr(the_err.text, "at 2 again"));
}

static void
test_a_sink_that_fails_ends_it_all(void **state)
{
	(void)state;
	want("INBOX", 1, 1, "one");
	the_answer = -1;
	job_list(LIST_INBOX);
	job_box("\"INBOX\"", 2, 1);
	double_on("UID FETCH 1 ", BODY(1, 1, 3, "one") OK);
	expect(EK_SPACE, "");
}

static void
test_not_now_is_try_again_later(void **state)
{
	(void)state;
	want("INBOX", 1, 1, "one");
	job_list(LIST_INBOX);
	double_on("EXAMINE", "%T NO Request is throttled. Suggested Backoff "
	    "Time: 9 milliseconds\r\n");
	expect(EK_TEMP, "folder INBOX.1: Request is throttled. Suggested "
	    "Backoff Time: 9 milliseconds\n");
}

static void
test_many_are_asked_for_in_commands_below_1000_octets(void **state)
{
	struct buf said = BUF_INIT(1 << 24), had = BUF_INIT(1 << 24);
	char text[20], *body;
	const char *p;
	uint32_t i;

	(void)state;
	for (i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "%u", 2 * i + 4000000);
		want("INBOX", 1, 2 * i + 4000000, text);
		body = job_body(2 * i + 4000000, text);
		buf_adds(&said, body);
		free(body);
		buf_addf(&had, "had INBOX.%s %s\n", text, text);
	}
	buf_adds(&said, OK);
	job_list(LIST_INBOX);
	job_box("\"INBOX\"", 2000, 1);
	double_on("UID FETCH ", job_keep(buf_take(&said)));
	expect(EK_NONE, buf_text(&had));
	buf_release(&had);
	for (p = double_said(); *p != '\0'; p += strcspn(p, "\n") + 1)
		assert_true(strcspn(p, "\n") < 1000);
}

int
main(void)
{
#undef TEST
#define TEST(t)	cmocka_unit_test_setup_teardown(t, start, job_end)
	static const struct CMUnitTest tests[] = {
		TEST(test_each_content_is_had_folder_by_folder),
		TEST(test_nothing_wanted_is_nothing_asked),
		TEST(test_the_next_place_is_tried_when_the_one_before_failed),
		TEST(test_what_can_not_be_had_anywhere_is_told_with_the_reason),
		TEST(test_one_uid_may_be_wanted_for_two_contents),
		TEST(test_a_server_without_uidvalidity_proves_nothing),
		TEST(test_bodies_of_a_folder_that_did_not_open_are_nobodys),
		TEST(test_what_came_before_a_break_does_not_come_again),
		TEST(test_a_message_that_breaks_the_connection_twice_ends_it),
		TEST(test_a_sink_that_fails_ends_it_all),
		TEST(test_not_now_is_try_again_later),
		TEST(test_many_are_asked_for_in_commands_below_1000_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
