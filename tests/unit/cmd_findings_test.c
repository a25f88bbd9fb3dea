/*
 * What is said of messages that go to another account: a line each, and of many one for all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <stdio.h>

#include "cmd/findings.h"
#include "tests/unit/cmd_stage.h"

static const struct ui_opts watched = { .verbose = 1 };
static const struct ui_opts json = { .json = true };

static struct known_message
message(uint32_t uid)
{
	struct known_message m = { .commit = 3, .line = 10 + uid,
	    .uidvalidity = 77, .uid = uid, .size = 1000, .date = 1714557600,
	    .has_date = true, .has_headers = true };
	size_t i;

	for (i = 0; i < HEADER_FIELDS; i++)
		m.header[i] = "";
	m.header[HEADER_SUBJECT] = "=?utf-8?q?Gr=C3=BC=C3=9Fe?=";
	return m;
}

static void
tell(struct findings *f, enum job_restore_kind kind, bool fault,
    const char *folder, uint32_t uid, uint32_t there, const char *reason)
{
	const struct known_message m = message(uid);
	const struct job_restore_finding found = { .kind = kind,
	    .fault = fault, .folder = folder, .to = "Sent",
	    .message = uid == 0 ? NULL : &m, .uid = there, .reason = reason };

	findings_tell(f, &found);
}

static void
test_each_kind_is_a_sentence_that_names_the_message(void **state)
{
	static const char *const want[RESTORE_KINDS] = {
		[RESTORE_LEFT] = "is left out",
		[RESTORE_REFUSED] = "was refused",
		[RESTORE_DAMAGED] = "can't be read",
		[RESTORE_MISSING] = "is missing",
		[RESTORE_CHANGED] = "is there with other bytes",
		[RESTORE_FLAGS] = "is there with other flags",
		[RESTORE_DATE] = "is there with another date",
		[RESTORE_WITHOUT] = "was taken",
		[RESTORE_FIXED] = "was repaired",
		[RESTORE_FOLDER] = "is left out",
	};
	struct findings *f;
	struct stage s;
	char line[256];
	int kind;

	(void)state;
	for (kind = 0; kind < RESTORE_KINDS; kind++) {
		stage_files(&s, &watched);
		f = findings_new(s.ui);
		tell(f, (enum job_restore_kind)kind, true, "Sent Items", 12, 4,
		    "so \033 it is");
		findings_free(&f);
		snprintf(line, sizeof(line), "mailkeep: warning: Sent Items: "
		    "UID 12 of 2024-05-01 10:00, \"Gr\u00fc\u00dfe\", %s "
		    "(UID 4 of Sent)%s so \\x1B it is\n", want[kind],
		    kind == RESTORE_WITHOUT ? "" : ":");
		stage_end(&s, 0, "", line);
	}
}

static void
test_what_is_no_fault_is_a_note_and_what_is_not_known_is_left_out(void **state)
{
	struct known_message m = message(5);
	const struct job_restore_finding found = { .kind = RESTORE_FLAGS,
	    .folder = "\xff" "b&d", .to = "Sent", .message = &m };
	struct findings *f;
	struct stage s;

	(void)state;
	m.has_date = m.has_headers = false;
	stage_files(&s, &watched);
	f = findings_new(s.ui);
	findings_tell(f, &found);
	m.has_headers = true;
	m.header[HEADER_SUBJECT] = "";
	findings_tell(f, &found);
	tell(f, RESTORE_FOLDER, true, "Old", 0, 0, "NO it can't be");
	findings_free(&f);
	stage_end(&s, 0, "", "b&d: UID 5 is there with other flags\n"
	    "b&d: UID 5 is there with other flags\n"
	    "mailkeep: warning: Old: its messages are left out: NO it can't "
	    "be\n");
}

static void
test_a_repaired_copy_is_told_once_whoever_watches(void **state)
{
	static const struct ui_opts quiet = { .quiet = true };
	struct findings *f;
	struct stage s;
	uint32_t i;

	(void)state;
	stage_files(&s, &quiet);
	f = findings_new(s.ui);
	for (i = 1; i <= 2; i++)
		tell(f, RESTORE_FIXED, false, "INBOX", i, 0, "NUL bytes");
	for (i = 1; i <= 2; i++)
		tell(f, RESTORE_CHANGED, false, "INBOX", i, 7, "its bytes");
	findings_free(&f);
	stage_end(&s, 0, "", "mailkeep: warning: INBOX: UID 1 of 2024-05-01 "
	    "10:00, \"Gr\u00fc\u00dfe\", was repaired: NUL bytes\n"
	    "mailkeep: warning: INBOX: UID 2 of 2024-05-01 10:00, "
	    "\"Gr\u00fc\u00dfe\", was repaired: NUL bytes\n");
	/* Another message is none of these; nor is a fault one that was expected. */
	stage_files(&s, &watched);
	f = findings_new(s.ui);
	tell(f, RESTORE_FIXED, false, "INBOX", 1, 0, "NUL bytes");
	tell(f, RESTORE_CHANGED, false, "INBOX", 1, 7, "of the first");
	tell(f, RESTORE_CHANGED, false, "INBOX", 2, 8, "of the second");
	tell(f, RESTORE_CHANGED, true, "INBOX", 1, 7, "lost");
	findings_free(&f);
	stage_end(&s, 0, "", "mailkeep: warning: INBOX: UID 1 of 2024-05-01 "
	    "10:00, \"Gr\u00fc\u00dfe\", was repaired: NUL bytes\n"
	    "INBOX: UID 2 of 2024-05-01 10:00, \"Gr\u00fc\u00dfe\", is there "
	    "with other bytes (UID 8 of Sent): of the second\n"
	    "mailkeep: warning: INBOX: UID 1 of 2024-05-01 10:00, "
	    "\"Gr\u00fc\u00dfe\", is there with other bytes (UID 7 of Sent): "
	    "lost\n");
}

static size_t
lines(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

/* ${n} findings of a kind in each of two folders; the lines that are said of them, and the last one. */
static size_t
tell_many(const struct ui_opts *opts, uint32_t n, char *last, size_t size)
{
	struct findings *f;
	struct stage s;
	size_t count;
	char *got, *p;
	uint32_t i;

	stage_files(&s, opts);
	f = findings_new(s.ui);
	for (i = 1; i <= n; i++) {
		tell(f, RESTORE_LEFT, true, "INBOX", i, 0, "it is too large");
		tell(f, RESTORE_LEFT, true, "Sent Items", i, 0, "so is this");
	}
	findings_rest(f);
	got = contents(s.err);
	count = lines(got);
	if (count > 0)
		got[strlen(got) - 1] = '\0';
	p = strrchr(got, '\n');
	snprintf(last, size, "%s", p == NULL ? got : p + 1);
	free(got);
	/* What has been said is not said again. */
	findings_free(&f);
	got = contents(s.err);
	assert_int_equal(lines(got), count);
	free(got);
	stage_end(&s, 0, NULL, NULL);
	return count;
}

static void
test_more_than_twenty_of_a_kind_in_a_folder_are_summed_up(void **state)
{
	char last[256];

	(void)state;
	assert_int_equal(tell_many(&plain, REMARKS_SHOWN, last, sizeof(last)),
	    2 * REMARKS_SHOWN);
	assert_string_equal(last, "mailkeep: warning: Sent Items: UID 20 of "
	    "2024-05-01 10:00, \"Gr\u00fc\u00dfe\", is left out: so is this");
	assert_int_equal(tell_many(&plain, 1234, last, sizeof(last)),
	    2 * REMARKS_SHOWN + 2);
	assert_string_equal(last, "mailkeep: warning: INBOX: in all, 1,234 "
	    "messages are left out");
}

static void
test_json_has_every_one(void **state)
{
	struct findings *f;
	struct stage s;
	char *got;
	uint32_t i;

	(void)state;
	stage_files(&s, &json);
	f = findings_new(s.ui);
	for (i = 1; i <= 3 * REMARKS_SHOWN; i++)
		tell(f, RESTORE_DATE, false, "INBOX", i, 7, "other");
	tell(f, RESTORE_FOLDER, true, "Old", 0, 0, NULL);
	findings_free(&f);
	got = contents(s.out);
	assert_int_equal(lines(got), 3 * REMARKS_SHOWN + 1);
	assert_begins(got, "{\"v\":1,\"type\":\"finding\",\"kind\":\"date\","
	    "\"fault\":false,\"folder\":\"INBOX\",\"to\":\"Sent\","
	    "\"id\":\"3.11\",\"uidvalidity\":77,\"uid\":1,"
	    "\"date\":\"2024-05-01T10:00:00Z\","
	    "\"subject\":\"Gr\u00fc\u00dfe\",\"size\":1000,\"sha256\":\"");
	assert_non_null(strstr(got, "\",\"uid_there\":7,\"reason\":\"other\"}"));
	assert_non_null(strstr(got, "{\"v\":1,\"type\":\"finding\","
	    "\"kind\":\"folder\",\"fault\":true,\"folder\":\"Old\","
	    "\"to\":\"Sent\"}\n"));
	free(got);
	stage_end(&s, 0, NULL, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_each_kind_is_a_sentence_that_names_the_message),
		cmocka_unit_test(
		    test_what_is_no_fault_is_a_note_and_what_is_not_known_is_left_out),
		cmocka_unit_test(
		    test_a_repaired_copy_is_told_once_whoever_watches),
		cmocka_unit_test(
		    test_more_than_twenty_of_a_kind_in_a_folder_are_summed_up),
		cmocka_unit_test(test_json_has_every_one),
	};

	setlocale(LC_ALL, "C.UTF-8");
	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
