/*
 * verify --against-server: what the vault says is on the server against the double of one (R76).
 */
#include "job_stage.h"

static const char *const kinds[AGAINST_KINDS] = {
	[AGAINST_NEW] = "new",
	[AGAINST_MISSED] = "missed",
	[AGAINST_GONE] = "gone",
	[AGAINST_SIZE] = "size",
	[AGAINST_CONTENT] = "content",
	[AGAINST_DAMAGED] = "damaged",
	[AGAINST_UNDELIVERED] = "undelivered",
	[AGAINST_EPOCH] = "epoch",
	[AGAINST_FOLDER] = "folder",
	[AGAINST_FOLDER_NEW] = "folder-new",
	[AGAINST_FOLDER_GONE] = "folder-gone",
};

static struct job_against_report the_report;
static struct err the_err;

static void
hear(void *arg, const struct job_against_finding *f)
{
	char *uids = job_uids(f->uids);

	(void)arg;
	buf_addf(&the_findings, "%s %s %s (%" PRIu64 ")%s\n", kinds[f->kind],
	    f->folder == NULL ? "-" : f->folder, uids, f->messages,
	    f->fault ? " !" : "");
	free(uids);
}

/* A vault with INBOX: UIDs 1 to 4 hold "one" to "four"; the last backup was complete, with UIDNEXT 10. */
static void
make_vault(void)
{
	static const char *const texts[] = { "one", "two", "three", "four" };
	struct record rec = { .kind = REC_EPOCH };
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	struct err e;
	uint32_t i;

	stage_create(CONTAINER_TAR);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	box = stage_box(t, 1, "INBOX");
	for (i = 0; i < LENGTH(texts); i++)
		stage_text(t, &box, i + 1, texts[i]);
	rec.u.epoch = (struct rec_epoch){ .epoch = 1, .folder = 1,
	    .uidvalidity = 1001, .has_state = true, .complete = true,
	    .full = true, .uidnext = 10, .exists = 4 };
	assert_int_equal(vault_put(t, &rec, &e), 0);
	stage_run_end(&t);
	vault_close(&v);
}

static int
against(int percent)
{
	struct job_against_opts o = { .account = the_account,
	    .ask = { job_secret, NULL }, .percent = percent, .found = hear,
	    .listener = { job_hear, NULL } };
	struct vault *v = stage_open(VAULT_READ);
	int rc;

	memset(&the_err, 0, sizeof(the_err));
	rc = job_against(v, &o, &the_report, &the_err);
	vault_close(&v);
	return rc;
}

/* Status and findings of one comparison. */
static void
expect(int percent, enum err_kind kind, const char *findings)
{
	int rc = against(percent);

	if (strcmp(buf_text(&the_findings), findings) != 0)
		fail_msg("found:\n%s(%s)\nsaid:\n%s", buf_text(&the_findings),
		    the_err.text, double_said());
	if (rc == -1)
		assert_int_equal(the_err.kind, kind);
	else
		assert_int_equal(EK_NONE, kind);
}

#define SIZES	"UID FETCH 1:* (UID RFC822.SIZE)"
#define LINE(seq, uid, size)	"* " #seq " FETCH (UID " #uid \
	" RFC822.SIZE " #size ")\r\n"
#define FOUR	LINE(1, 1, 3) LINE(2, 2, 3) LINE(3, 3, 5) LINE(4, 4, 4)
#define BODY(seq, uid, size, text)	"* " #seq " FETCH (UID " #uid \
	" BODY[] {" #size "}\r\n" text ")\r\n"
#define BODIES	BODY(1, 1, 3, "one") BODY(2, 2, 3, "two") \
	BODY(3, 3, 5, "three") BODY(4, 4, 4, "four")
#define OK	"%T OK\r\n"
#define ALL	"UID FETCH 1:4 (UID INTERNALDATE BODY.PEEK[])"

static void
test_what_is_equal_is_said_to_be_equal(void **state)
{
	(void)state;
	make_vault();
	job_list(LIST_INBOX);
	job_box("\"INBOX\"", 4, 1001);
	double_on(SIZES, FOUR OK);
	double_on(ALL, BODIES OK);
	expect(AGAINST_SAMPLE, EK_NONE, "");
	assert_int_equal(the_report.folders, 1);
	assert_int_equal(the_report.messages, 4);
	assert_int_equal(the_report.read, 4);
	assert_int_equal(the_report.read_bytes, 15);
	assert_null(strstr(double_said(), "SELECT"));
	assert_null(strstr(double_said(), " BODY["));
}

static void
test_without_a_sample_no_body_is_fetched(void **state)
{
	(void)state;
	make_vault();
	job_list(LIST_INBOX);
	job_box("\"INBOX\"", 4, 1001);
	double_on(SIZES, LINE(1, 1, 9) LINE(2, 2, 3) LINE(3, 3, 5)
	    LINE(4, 4, 4) OK);
	expect(0, EK_NONE, "size INBOX 1 (1)\n");
	assert_int_equal(the_report.read, 0);
	assert_null(strstr(double_said(), "BODY"));
}

static void
test_uids_that_one_side_lacks_are_told_apart(void **state)
{
	(void)state;
	make_vault();
	job_list(LIST_INBOX);
	job_box("\"INBOX\"", 5, 1001);
	/* 2 and 4 left; 7 is below the UIDNEXT that the backup saw, 10 and 12 are not. */
	double_on(SIZES, LINE(1, 1, 3) LINE(2, 3, 5) LINE(3, 7, 1)
	    LINE(4, 10, 1) LINE(5, 12, 1) OK);
	double_on("UID FETCH 1,3 ", BODY(1, 1, 3, "one")
	    BODY(2, 3, 5, "three") OK);
	expect(100, EK_PARTIAL, "new INBOX 10,12 (2)\nmissed INBOX 7 (1) !\n"
	    "gone INBOX 2,4 (2)\n");
	assert_non_null(strstr(the_err.text, "INBOX: UID 7: not in the vault"));
	assert_int_equal(the_report.messages, 2);
}

static void
test_new_mail_and_what_is_gone_are_no_faults(void **state)
{
	(void)state;
	make_vault();
	job_list(LIST_INBOX);
	job_box("\"INBOX\"", 4, 1001);
	double_on(SIZES, LINE(1, 1, 3) LINE(2, 2, 3) LINE(3, 3, 5)
	    LINE(4, 10, 4) OK);
	double_on("UID FETCH 1:3 ", BODIES OK);
	expect(100, EK_NONE, "new INBOX 10 (1)\ngone INBOX 4 (1)\n");
	/* Of what came unasked nothing is said. */
	assert_int_equal(the_report.read, 3);
}

static void
test_lines_in_any_order_and_twice_are_one_listing(void **state)
{
	(void)state;
	make_vault();
	job_list(LIST_INBOX);
	job_box("\"INBOX\"", 4, 1001);
	double_on(SIZES, LINE(4, 4, 4) LINE(2, 2, 3) LINE(1, 1, 3)
	    "* 2 FETCH (UID 2 FLAGS (\\Seen))\r\n" LINE(3, 3, 5)
	    LINE(4, 4, 4) OK);
	expect(0, EK_NONE, "");
	assert_int_equal(the_report.messages, 4);
}

static void
test_a_listing_that_is_too_short_makes_nothing_gone(void **state)
{
	(void)state;
	make_vault();
	job_list(LIST_INBOX);
	job_box("\"INBOX\"", 4, 1001);
	double_on(SIZES, LINE(1, 1, 3) LINE(2, 2, 3) OK);
	expect(0, EK_PARTIAL, "folder INBOX - (4) !\n");
	assert_non_null(strstr(the_err.text,
	    "counts 4 messages and lists 2"));
}

static void
test_what_is_expunged_meanwhile_is_not_counted_as_unlisted(void **state)
{
	(void)state;
	make_vault();
	job_list(LIST_INBOX);
	job_box("\"INBOX\"", 4, 1001);
	double_on(SIZES, LINE(1, 1, 3) "* 2 EXPUNGE\r\n* 2 EXPUNGE\r\n"
	    LINE(2, 4, 4) OK);
	expect(0, EK_NONE, "gone INBOX 2:3 (2)\n");
}

static void
test_another_size_is_a_hint_and_the_content_decides(void **state)
{
	(void)state;
	make_vault();
	job_list(LIST_INBOX);
	job_box("\"INBOX\"", 4, 1001);
	double_on(SIZES, LINE(1, 1, 30) LINE(2, 2, 30) LINE(3, 3, 5)
	    "* 4 FETCH (UID 4 RFC822.SIZE 9.4e+06)\r\n" OK);
	double_on(ALL, BODY(1, 1, 3, "one") BODY(2, 2, 3, "TWO")
	    BODY(3, 3, 5, "three") BODY(4, 4, 4, "four") OK);
	expect(100, EK_PARTIAL, "content INBOX 2 (1) !\nsize INBOX 1 (1)\n");
	assert_non_null(strstr(the_err.text, "other bytes than it did"));
}

/* Flip a byte of the mail in the only pack. */
static void
damage_pack(void)
{
	stage_run("p=$(ls -d v/packs/*); n=$(stat -c %s $p); "
	    "printf XXXX | dd of=$p bs=1 seek=40 conv=notrunc 2>/dev/null");
}

static void
test_where_the_vault_is_damaged_too_that_is_told(void **state)
{
	(void)state;
	make_vault();
	damage_pack();
	job_list(LIST_INBOX);
	job_box("\"INBOX\"", 4, 1001);
	double_on(SIZES, FOUR OK);
	double_on(ALL, BODY(1, 1, 0, "") BODY(2, 2, 3, "TWO")
	    BODY(3, 3, 5, "three") BODY(4, 4, 4, "four") OK);
	expect(100, EK_CORRUPT, "undelivered INBOX 1 (1) !\n"
	    "damaged INBOX 2 (1) !\n");
	assert_string_equal(the_err.text, "1 message of the vault is damaged: "
	    "INBOX: UID 2: the vault has not the bytes any more that came");
	assert_non_null(strstr(the_err.next, "repair"));
}

static void
test_bodies_that_do_not_come_are_asked_for_singly(void **state)
{
	(void)state;
	make_vault();
	job_list(LIST_INBOX);
	job_box("\"INBOX\"", 4, 1001);
	double_on(SIZES, FOUR OK);
	/* 1 has none at first, 2 never, 3 is gone by then, 4 can't be understood. */
	double_on(ALL, "* 1 FETCH (UID 1 BODY[] NIL)\r\n"
	    "* 4 FETCH (UID 4 BODY[] {4}\r\nfour BODY[] {1}\r\nx)\r\n" OK);
	double_on("UID FETCH 1:4 (UID RFC822.SIZE)", LINE(1, 1, 3)
	    LINE(2, 2, 3) LINE(3, 4, 4) OK);
	double_on("UID FETCH 1 ", BODY(1, 1, 3, "one") OK);
	double_on("UID FETCH 4 ",
	    "* 4 FETCH (UID 4 BODY[] {4}\r\nfour BODY[] {1}\r\nx)\r\n" OK);
	expect(100, EK_PARTIAL, "undelivered INBOX 4 (1) !\n"
	    "undelivered INBOX 2 (1) !\n");
	assert_int_equal(the_report.read, 1);
}

static void
test_an_empty_body_of_a_message_that_has_one_is_none(void **state)
{
	(void)state;
	make_vault();
	job_list(LIST_INBOX);
	job_box("\"INBOX\"", 4, 1001);
	double_on(SIZES, FOUR OK);
	double_on(ALL, BODY(1, 1, 0, "") BODY(2, 2, 3, "two")
	    BODY(3, 3, 5, "three") BODY(4, 4, 4, "four") OK);
	expect(100, EK_PARTIAL, "undelivered INBOX 1 (1) !\n");
}

static void
test_another_uidvalidity_leaves_nothing_to_compare(void **state)
{
	(void)state;
	make_vault();
	job_list(LIST_INBOX);
	job_box("\"INBOX\"", 4, 1002);
	double_on(SIZES, FOUR OK);
	expect(100, EK_PARTIAL, "epoch INBOX - (4) !\n");
	assert_int_equal(the_report.messages, 0);
	assert_int_equal(the_report.folders, 0);
}

static void
test_without_uidvalidity_nothing_is_compared(void **state)
{
	(void)state;
	make_vault();
	job_list(LIST_INBOX);
	double_on("EXAMINE", "* 4 EXISTS\r\n%T OK\r\n");
	double_on(SIZES, FOUR OK);
	expect(100, EK_PARTIAL, "folder INBOX - (4) !\n");
}

static void
test_folders_that_one_side_lacks_are_no_faults(void **state)
{
	(void)state;
	make_vault();
	job_list(LIST_INBOX "* LIST () \"/\" New\r\n"
	    "* LIST (\\Noselect) \"/\" None\r\n");
	job_box("\"INBOX\"", 4, 1001);
	job_box("\"New\"", 7, 5);
	double_on(SIZES, FOUR OK);
	expect(0, EK_NONE, "folder-new New - (7)\n");

	buf_clear(&the_findings);
	double_forget();
	dbl.rules_n = 0;
	job_list("* LIST () \"/\" INBOX\r\n");
	double_on("EXAMINE", "%T NO [NONEXISTENT] no\r\n");
	expect(0, EK_PARTIAL, "folder INBOX - (4) !\n");
	assert_non_null(strstr(the_err.text, "[NONEXISTENT] no"));
}

/* A second folder, Work, with UID 1. */
static void
add_work(uint64_t number, const char *name, enum mail_space space)
{
	struct vault *v = stage_open(VAULT_WRITE);
	struct vault_txn *t = stage_run_begin(v);
	struct record folder = { .kind = REC_FOLDER };
	struct vault_box box = stage_box(t, number, name);
	struct err e;

	stage_text(t, &box, 1, "work");
	folder.u.folder = (struct rec_folder){ .folder = number, .name = name,
	    .attributes = "", .delimiter = '/', .selectable = true,
	    .space = space };
	assert_int_equal(vault_put(t, &folder, &e), 0);
	stage_run_end(&t);
	vault_close(&v);
}

static void
test_a_folder_that_left_the_server_is_told_unless_it_never_was_there(void **state)
{
	(void)state;
	make_vault();
	add_work(2, "Work", MAIL_PERSONAL);
	add_work(3, "Old mail", MAIL_IMPORTED);
	job_list(LIST_INBOX);
	job_box("\"INBOX\"", 4, 1001);
	double_on(SIZES, FOUR OK);
	the_account->shared = true;
	expect(0, EK_NONE, "folder-gone Work - (1)\n");
}

static void
test_only_the_folders_that_the_settings_choose_are_compared(void **state)
{
	struct err e;

	(void)state;
	make_vault();
	add_work(2, "Work", MAIL_PERSONAL);
	assert_int_equal(setting_apply(the_account, "folders", "Work", NULL,
	    &e), 0);
	job_list(LIST_INBOX "* LIST () \"/\" Work\r\n"
	    "* LIST () \"/\" New\r\n");
	job_box("\"Work\"", 1, 1002);
	double_on(SIZES, LINE(1, 1, 4) OK);
	double_on("UID FETCH 1 ", BODY(1, 1, 4, "work") OK);
	expect(AGAINST_SAMPLE, EK_NONE, "");
	assert_int_equal(the_report.folders, 1);
	assert_null(strstr(double_said(), "INBOX"));
}

static void
test_a_list_that_can_not_be_whole_makes_no_folder_disappear(void **state)
{
	(void)state;
	make_vault();
	add_work(2, "Work", MAIL_PERSONAL);
	job_list("");
	job_box("INBOX", 4, 1001);
	job_box("\"INBOX\"", 4, 1001);
	double_on(SIZES, FOUR OK);
	expect(0, EK_PARTIAL, "folder - - (0) !\nfolder Work - (1) !\n");
	assert_int_equal(the_report.messages, 4);
}

static void
test_a_lost_connection_is_made_anew_once(void **state)
{
	(void)state;
	make_vault();
	job_list(LIST_INBOX);
	job_box("\"INBOX\"", 4, 1001);
	double_once(SIZES, LINE(1, 1, 3) LINE(2, 7, 3));
	double_on(SIZES, FOUR OK);
	/* What came before the second break does not come again. */
	double_once(ALL, BODY(1, 1, 3, "one") BODY(2, 2, 3, "two")
	    "* BYE tired\r\n");
	double_on("UID FETCH 3:4 ", BODY(3, 3, 5, "three")
	    BODY(4, 4, 4, "four") OK);
	expect(100, EK_NONE, "note: the server has nothing to say; connecting "
	    "again\nnote: the server closed the connection: tired; "
	    "connecting again\n");
	assert_int_equal(the_report.read, 4);
	assert_int_equal(the_report.messages, 4);
}

static void
test_a_connection_that_is_lost_again_is_try_again_later(void **state)
{
	(void)state;
	make_vault();
	job_list(LIST_INBOX);
	job_box("\"INBOX\"", 4, 1001);
	double_on(SIZES, LINE(1, 1, 3));
	expect(100, EK_TEMP, "note: the server has nothing to say; connecting "
	    "again\n");
}

static void
test_not_now_is_waited_for_and_else_try_again_later(void **state)
{
	(void)state;
	make_vault();
	job_list(LIST_INBOX);
	double_once("EXAMINE", "%T NO Request is throttled. Suggested Backoff "
	    "Time: 20 milliseconds\r\n");
	job_box("\"INBOX\"", 4, 1001);
	double_on(SIZES, FOUR OK);
	expect(0, EK_NONE, "");

	dbl.rules_n = 0;
	job_list(LIST_INBOX);
	double_on("EXAMINE", "%T NO Request is throttled. Suggested Backoff "
	    "Time: 20 milliseconds\r\n");
	expect(0, EK_TEMP, "folder INBOX - (4) !\n");
}

static void
test_what_is_put_off_for_too_long_is_not_taken_for_gone(void **state)
{
	(void)state;
	make_vault();
	job_list(LIST_INBOX);
	job_box("\"INBOX\"", 4, 1001);
	double_on(SIZES, FOUR OK);
	double_on(ALL, BODY(1, 1, 3, "one") "%T NO Request is throttled. "
	    "Suggested Backoff Time: 1800000 milliseconds\r\n");
	expect(100, EK_TEMP, "undelivered INBOX 2:4 (3) !\n");
}

/* What a folder is called, and its MAILBOXID. */
static void
name_folder(uint64_t number, const char *name, const char *id)
{
	struct record rec = { .kind = REC_FOLDER };
	struct vault *v = stage_open(VAULT_WRITE);
	struct vault_txn *t = stage_run_begin(v);
	struct err e;

	rec.u.folder = (struct rec_folder){ .folder = number, .name = name,
	    .attributes = "", .delimiter = '/', .selectable = true,
	    .mailboxid = id };
	assert_int_equal(vault_put(t, &rec, &e), 0);
	stage_run_end(&t);
	vault_close(&v);
}

static void
test_a_folder_with_a_new_name_is_compared_under_it(void **state)
{
	(void)state;
	make_vault();
	name_folder(1, "Then", "M1");
	double_on("CAPABILITY", "* CAPABILITY IMAP4rev1 LIST-EXTENDED "
	    "LIST-STATUS OBJECTID\r\n%T OK\r\n");
	job_list(LIST_INBOX "* STATUS INBOX (MAILBOXID (M2))\r\n"
	    "* LIST () \"/\" Now\r\n* STATUS Now (MAILBOXID (M1))\r\n");
	job_box("\"INBOX\"", 0, 7);
	job_box("\"Now\"", 4, 1001);
	double_on(SIZES, FOUR OK);
	expect(0, EK_NONE, "folder-new INBOX - (0)\n");
	assert_int_equal(the_report.messages, 4);
}

static void
test_another_mailboxid_is_another_folder(void **state)
{
	(void)state;
	make_vault();
	name_folder(1, "INBOX", "M1");

	job_list(LIST_INBOX);
	double_once("EXAMINE", "* 4 EXISTS\r\n* OK [UIDVALIDITY 1001]\r\n"
	    "* OK [MAILBOXID (M2)]\r\n%T OK\r\n");
	double_on("EXAMINE", "* 4 EXISTS\r\n* OK [UIDVALIDITY 1001]\r\n"
	    "* OK [MAILBOXID (M1)]\r\n%T OK\r\n");
	double_on(SIZES, FOUR OK);
	expect(0, EK_PARTIAL, "epoch INBOX - (4) !\n");
	buf_clear(&the_findings);
	expect(0, EK_NONE, "");
}

static void
test_messages_that_no_backup_could_have_are_missed(void **state)
{
	struct uidset nil = UIDSET_INIT;
	struct record rec = { .kind = REC_MISSING };
	struct vault *v;
	struct vault_txn *t;
	struct err e;

	(void)state;
	make_vault();
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	uidset_add(&nil, 7);
	rec.u.missing = (struct rec_missing){ 1, 1, &nil, "nothing came" };
	assert_int_equal(vault_put(t, &rec, &e), 0);
	stage_run_end(&t);
	vault_close(&v);
	uidset_release(&nil);

	job_list(LIST_INBOX);
	job_box("\"INBOX\"", 6, 1001);
	double_on(SIZES, FOUR LINE(5, 7, 1) LINE(6, 8, 1) OK);
	expect(0, EK_PARTIAL, "missed INBOX 7 (1) !\nmissed INBOX 8 (1) !\n");
	assert_non_null(strstr(the_err.text, "did not give it to a backup"));
}

/* ---- the sample ---- */

/* A vault of ${n} messages, UIDs 1 to ${n}, in two folders; their sizes and bodies as the server's answers. */
static void
make_many(unsigned int n)
{
	struct buf sizes = BUF_INIT(1 << 24), bodies = BUF_INIT(1 << 24);
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	unsigned int i;
	char *text, *body;

	stage_create(CONTAINER_TAR);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	box = stage_box(t, 1, "INBOX");
	for (i = 1; i <= n; i++) {
		text = xasprintf("%06u", i);
		stage_text(t, &box, i, text);
		body = job_body(i, text);
		buf_adds(&bodies, body);
		buf_addf(&sizes, "* %u FETCH (UID %u RFC822.SIZE 6)\r\n", i, i);
		free(body);
		free(text);
	}
	stage_run_end(&t);
	vault_close(&v);
	buf_adds(&sizes, "%T OK\r\n");
	buf_adds(&bodies, "%T OK\r\n");
	job_list(LIST_INBOX);
	job_box("\"INBOX\"", n, 1001);
	double_on(SIZES, job_keep(buf_take(&sizes)));
	double_on("UID FETCH", job_keep(buf_take(&bodies)));
}

static void
test_the_sample_is_as_large_as_it_is_said_to_be(void **state)
{
	static const struct {
		int percent;
		uint64_t read;
	} t[] = {
		{ AGAINST_SAMPLE, 20 }, { 0, 0 }, { 1, 11 }, { 50, 501 },
		{ 99, 991 }, { 100, 1001 },
	};
	size_t i;

	(void)state;
	make_many(1001);
	for (i = 0; i < LENGTH(t); i++) {
		expect(t[i].percent, EK_NONE, "");
		assert_int_equal(the_report.read, t[i].read);
	}
}

static void
test_every_message_is_as_likely_as_any_other(void **state)
{
	unsigned int times[101] = { 0 }, i, uid;
	const char *p;

	(void)state;
	make_many(100);
	for (i = 0; i < 200; i++) {
		double_forget();
		expect(AGAINST_SAMPLE, EK_NONE, "");
		assert_int_equal(the_report.read, 20);
		for (p = double_said(); (p = strstr(p, "UID FETCH ")) != NULL;
		    p++) {
			struct uidset s = UIDSET_INIT;
			const char *set = p + 10;

			if (uidset_parse(set, strcspn(set, " "), 1000, &s) ==
			    -1)
				continue;
			for (uid = 1; uid <= 100; uid++)
				times[uid] += uidset_has(&s, uid);
			uidset_release(&s);
		}
	}
	/* 40 each as a mean, with a deviation of 5.7. */
	for (uid = 1; uid <= 100; uid++)
		assert_in_range(times[uid], 10, 75);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_what_is_equal_is_said_to_be_equal),
		TEST(test_without_a_sample_no_body_is_fetched),
		TEST(test_uids_that_one_side_lacks_are_told_apart),
		TEST(test_new_mail_and_what_is_gone_are_no_faults),
		TEST(test_lines_in_any_order_and_twice_are_one_listing),
		TEST(test_a_listing_that_is_too_short_makes_nothing_gone),
		TEST(test_what_is_expunged_meanwhile_is_not_counted_as_unlisted),
		TEST(test_another_size_is_a_hint_and_the_content_decides),
		TEST(test_where_the_vault_is_damaged_too_that_is_told),
		TEST(test_bodies_that_do_not_come_are_asked_for_singly),
		TEST(test_an_empty_body_of_a_message_that_has_one_is_none),
		TEST(test_another_uidvalidity_leaves_nothing_to_compare),
		TEST(test_without_uidvalidity_nothing_is_compared),
		TEST(test_folders_that_one_side_lacks_are_no_faults),
		TEST(test_a_folder_that_left_the_server_is_told_unless_it_never_was_there),
		TEST(test_only_the_folders_that_the_settings_choose_are_compared),
		TEST(test_a_list_that_can_not_be_whole_makes_no_folder_disappear),
		TEST(test_a_lost_connection_is_made_anew_once),
		TEST(test_a_connection_that_is_lost_again_is_try_again_later),
		TEST(test_not_now_is_waited_for_and_else_try_again_later),
		TEST(test_what_is_put_off_for_too_long_is_not_taken_for_gone),
		TEST(test_a_folder_with_a_new_name_is_compared_under_it),
		TEST(test_another_mailboxid_is_another_folder),
		TEST(test_messages_that_no_backup_could_have_are_missed),
		TEST(test_the_sample_is_as_large_as_it_is_said_to_be),
		TEST(test_every_message_is_as_likely_as_any_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
