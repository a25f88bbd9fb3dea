/*
 * What should go, as options and the config file say it; what is said of it, on the way and in the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <stdio.h>

#include "base/text.h"
#include "cmd/pruned.h"
#include "cmd/pruning.h"
#include "tests/unit/cmd_stage.h"

#define NOW	1795000000	/* 2026-11-18 */

static int64_t
ago(const char *age)
{
	struct err e;
	int64_t t;

	assert_int_equal(text_parse_age(age, NOW, &t, &e), 0);
	return t;
}

/* An account with such settings: "name=value", NULL behind the last. */
static struct account *
account(const char *const *set)
{
	struct account *a = account_new();
	struct err e;

	for (; *set != NULL; set++) {
		char *name = strdup(*set), *value = strchr(name, '=');

		*value++ = '\0';
		if (setting_apply(a, name, value, NULL, &e) == -1)
			fail_msg("%s", e.text);
		free(name);
	}
	return a;
}

static void
fill(const struct pruning_opts *o, const char *const *set, bool listed,
    struct job_prune_opts *job, const char *words)
{
	struct account *a = account(set);
	struct buf b = BUF_INIT(1024);
	struct err e;

	memset(job, 0, sizeof(*job));
	if (pruning_fill(o, a, listed, NOW, job, &e) == -1)
		fail_msg("%s", e.text);
	/* Borrowed of the account. */
	job->folders = NULL;
	job->policy.sender = job->policy.recipient = NULL;
	job->policy.subject = NULL;
	pruning_words(o, a, &b);
	assert_string_equal(buf_text(&b), words);
	buf_release(&b);
	account_free(&a);
}

static void
test_an_option_replaces_its_setting_and_the_others_stay(void **state)
{
	static const char *const set[] = { "prune_older_than=2y",
	    "prune_larger_than=5M", "prune_keep_last=10",
	    "prune_keep_flagged=no", "prune_until_free=20%", NULL };
	struct pruning_opts o = { .older_than = "3y", .keep_last = "20" };
	struct job_prune_opts job;

	(void)state;
	fill(&o, set, false, &job, "older than 3y, larger than 5M; not unread; "
	    "in each folder not the newest 20; the oldest until this is free: "
	    "20%");
	assert_int_equal(job.policy.before, ago("3y"));
	assert_int_equal(job.policy.larger, 5 * 1024 * 1024);
	assert_int_equal(job.policy.keep_last, 20);
	assert_true(job.policy.flagged);
	assert_false(job.policy.unread);
	assert_true(job.policy.has_goal && job.goal.percent);
	assert_int_equal(job.goal.amount, 20);
	/* The guard is the caller's. */
	assert_int_equal(job.policy.young, INT64_MAX);
	o = (struct pruning_opts){ .keep_flagged = true, .also_unread = true,
	    .until_free = "2G", .largest_first = true };
	fill(&o, set, false, &job, "older than 2y, larger than 5M; not "
	    "flagged; in each folder not the newest 10; the largest until "
	    "this is free: 2G");
	assert_int_equal(job.policy.before, ago("2y"));
	assert_false(job.policy.flagged);
	assert_true(job.policy.unread);
	assert_true(job.largest_first);
	assert_int_equal(job.goal.amount, (uint64_t)2 << 30);
}

/* Both an age and a date: both hold. */
static void
test_conditions_only_narrow(void **state)
{
	static const char *const none[] = { NULL };
	static const char *const set[] = { "prune_older_than=2y", NULL };
	struct pruning_opts o = { .before = "3y" };
	struct job_prune_opts job;

	(void)state;
	fill(&o, set, false, &job, "older than 2y, from before 3y; not flagged "
	    "or unread");
	assert_int_equal(job.policy.before, ago("3y"));
	o.before = "1y";
	fill(&o, set, false, &job, "older than 2y, from before 1y; not flagged "
	    "or unread");
	assert_int_equal(job.policy.before, ago("2y"));
	o = (struct pruning_opts){ .seen = true };
	fill(&o, set, false, &job, "older than 2y, seen; not flagged or "
	    "unread");
	assert_true(job.policy.seen);
	o = (struct pruning_opts){ .trash_older_than = "7d" };
	fill(&o, none, false, &job, "in the trash older than 7d (read or "
	    "not); not flagged or unread");
	o.also_unread = true;
	fill(&o, none, false, &job, "in the trash older than 7d; not flagged");
	assert_int_equal(job.policy.before, INT64_MAX);
	assert_int_equal(job.policy.trash_before, ago("7d"));
	assert_int_equal(job.policy.junk_before, INT64_MAX);
}

/* What was listed is chosen; what is to be kept is kept all the same. */
static void
test_a_list_takes_the_place_of_conditions_and_not_of_what_is_kept(void **state)
{
	static const char *const set[] = { "prune_older_than=2y",
	    "prune_larger_than=5M", "prune_seen=yes", "prune_keep_last=10",
	    "prune_until_free=20%", "prune_trash_older_than=7d",
	    "prune_folders=INBOX", NULL };
	const struct pruning_opts o = { .also_flagged = true };
	struct job_prune_opts job;

	(void)state;
	fill(&o, set, true, &job, "older than 2y, larger than 5M, seen, in the "
	    "trash older than 7d (read or not); not unread; in each folder "
	    "not the newest 10; the oldest until this is free: 20%; folders: INBOX");
	assert_true(job.policy.listed);
	assert_int_equal(job.policy.before, INT64_MAX);
	assert_true(job.policy.larger == POLICY_ANY_SIZE);
	assert_false(job.policy.seen || job.policy.has_goal || job.goal.set);
	assert_int_equal(job.folders_n, 0);
	assert_int_equal(job.policy.keep_last, 10);
	assert_int_equal(job.policy.trash_before, ago("7d"));
	assert_true(job.policy.flagged);
	assert_false(job.policy.unread);
}

static void
test_what_is_wrong_is_called_by_its_option(void **state)
{
	static const struct { struct pruning_opts o; const char *text; } t[] = {
		{ { .older_than = "2" }, "--older-than: " },
		{ { .before = "soon" }, "--before: " },
		{ { .larger_than = "x" }, "--larger-than: " },
		{ { .larger_than = "0" }, "--larger-than: " },
		{ { .largest_first = true }, "--largest-first: " },
		{ { .keep_last = "-1" }, "--keep-last: " },
		{ { .until_free = "0%" }, "--until-free: " },
		{ { .trash_older_than = "" }, "--trash-older-than: " },
		{ { .junk_older_than = "y" }, "--junk-older-than: " },
		{ { .sender = "" }, "--sender: " },
		{ { .recipient = "" }, "--recipient: " },
		{ { .subject = "" }, "--subject: " },
	};
	struct account *a = account_new();
	struct job_prune_opts job;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(pruning_fill(&t[i].o, a, false, NOW, &job,
		    &e), -1);
		assert_int_equal(e.kind, EK_USAGE);
		assert_begins(e.text, t[i].text);
	}
	account_free(&a);
}

static const struct ui_opts watched = { .verbose = 1 };

static void
test_each_kind_of_finding_is_a_sentence(void **state)
{
	static const char *const want[PRUNE_KINDS] = {
		[PRUNE_DIFFERS] = "stays", [PRUNE_CHANGED] = "stays",
		[PRUNE_GONE] = "was gone already", [PRUNE_DAMAGED] = "stays",
		[PRUNE_STANDIN] = "stays", [PRUNE_UNDELIVERED] = "stays",
		[PRUNE_UNMARKED] = "stays", [PRUNE_STAYED] = "stays",
		[PRUNE_STUCK] = "stays, and is marked as deleted",
		[PRUNE_IN_TRASH] = "is in the trash now",
		[PRUNE_FOLDER] = "stays", [PRUNE_LISTED] = "stays",
	};
	struct remarks *r;
	struct stage s;
	char line[256];
	int k;

	(void)state;
	for (k = 0; k < PRUNE_KINDS; k++) {
		struct job_prune_finding f = { .kind = (enum job_prune_kind)k,
		    .fault = k % 2 == 0, .folder = "In\033box", .uid = 7,
		    .reason = "so it is" };

		stage_files(&s, &watched);
		r = remarks_new(s.ui);
		pruned_found(r, &f);
		remarks_free(&r);
		snprintf(line, sizeof(line), "%sIn\\x1Bbox: UID 7 %s: so it "
		    "is\n", k % 2 == 0 ? "mailkeep: warning: " : "", want[k]);
		stage_end(&s, 0, "", line);
	}
}

static void
test_a_finding_about_a_folder_names_no_message(void **state)
{
	static const struct ui_opts json = { .json = true };
	const struct job_prune_finding f = { .kind = PRUNE_FOLDER,
	    .fault = true, .folder = "Old", .reason = "NO" },
	    g = { .kind = PRUNE_GONE, .folder = "Old", .uid = 3 };
	struct remarks *r;
	struct stage s;

	(void)state;
	stage_files(&s, &watched);
	r = remarks_new(s.ui);
	pruned_found(r, &f);
	remarks_free(&r);
	stage_end(&s, 0, "", "mailkeep: warning: Old: it is left alone: NO\n");
	stage_files(&s, &json);
	r = remarks_new(s.ui);
	pruned_found(r, &g);
	remarks_free(&r);
	stage_end(&s, 0, "{\"v\":1,\"type\":\"finding\",\"kind\":\"gone\","
	    "\"fault\":false,\"folder\":\"Old\",\"uid\":3}\n"
	    "{\"v\":1,\"type\":\"summary\",\"exit_code\":0}\n", "");
}

#define GIB	((uint64_t)1 << 30)

/* What is said in the end, of so much that was deleted, to whom. */
static void
told_so(struct pruned p, const struct ui_opts *opts, const char *want)
{
	static const char *words[] = { "-c", "my conf", "prune", "a b",
	    "--older-than", "2y", "--yes", "-q", "--max-delete=3" };
	struct app app = { .command = &cmd_prune, .words = words,
	    .words_n = sizeof(words) / sizeof(words[0]) };
	struct stage s;

	stage_files(&s, opts);
	p.app = &app;
	p.ui = s.ui;
	p.title = "work";
	pruned_text(&p, 2);
	stage_end(&s, 0, "", want);
}

static void
told(struct pruned p, const char *want)
{
	told_so(p, &watched, want);
}

#define DELETED	"work: deleted 1,000 messages (2.0 GiB) from the server; the " \
	"vault keeps them as run 57 (2.0 s)\n"
#define AGAIN	"mailkeep -c 'my conf' restore --pruned 57 'a b'\n"
#define UNDO	"work: to bring them back: " AGAIN

static void
test_the_end_tells_what_became_free_or_why_not(void **state)
{
	struct pruned p = { .plan = { .has_quota = true,
	    .quota_used = 10 * GIB, .quota_limit = 15 * GIB },
	    .report = { .messages = 1000, .bytes = 2 * GIB, .run = 57,
	    .has_quota = true, .quota_used = 8 * GIB,
	    .quota_limit = 15 * GIB } };

	(void)state;
	told(p, DELETED "work: freed 2.0 GiB of 15.0 GiB: 8.0 GiB are used "
	    "now\n" UNDO);
	p.report.quota_used = 10 * GIB - GIB / 2;
	told(p, DELETED "work: freed 512.0 MiB of 15.0 GiB: 9.5 GiB are used "
	    "now; the server may count later, or mail came meanwhile\n" UNDO);
	p.report.quota_used = 11 * GIB;
	told(p, DELETED "work: nothing became free: 11.0 GiB of 15.0 GiB are "
	    "used; the server may count later, or mail came meanwhile\n" UNDO);
	p.plan.gmail = true;
	told(p, DELETED "work: nothing became free: 11.0 GiB of 15.0 GiB are "
	    "used; at Gmail a message counts until it has left All Mail and "
	    "the trash\n" UNDO);
	p.plan.gmail = false;
	p.plan.move = true;
	p.report.moved = 1000;
	told(p, "work: moved 1,000 messages (2.0 GiB) to the trash; the vault "
	    "keeps them as run 57 (2.0 s)\n"
	    "work: nothing became free: 11.0 GiB of 15.0 GiB are used; what is "
	    "in the trash still counts: empty it, or prune it with "
	    "--trash-older-than\n" UNDO);
	/* Not known: not told. */
	p.plan.move = p.report.has_quota = false;
	told(p, DELETED UNDO);
	p.report.messages = 1;
	told(p, "work: deleted 1 message (2.0 GiB) from the server; the vault "
	    "keeps it as run 57 (2.0 s)\n"
	    "work: to bring it back: " AGAIN);
	p.report.messages = 0;
	p.report.taken_back = 3;
	told(p, "work: 3 marks that an interrupted run left were taken "
	    "back\n");
}

/* Whoever does not watch gets a line that can be mailed, but with --quiet; JSON says it in the summary. */
static void
test_what_was_deleted_is_worth_a_line_where_nobody_watches(void **state)
{
	static const struct ui_opts quiet = { .quiet = true };
	struct pruned p = { .report = { .messages = 2, .bytes = GIB,
	    .run = 57 } };

	(void)state;
	told_so(p, &plain, "work: deleted 2 messages (1.0 GiB) from the "
	    "server; to bring them back: " AGAIN);
	told_so(p, &quiet, "");
	p.plan.move = true;
	p.report.messages = 1;
	told_so(p, &plain, "work: moved 1 message (1.0 GiB) to the trash; to "
	    "bring it back: " AGAIN);
	p.report.messages = 0;
	told_so(p, &plain, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_an_option_replaces_its_setting_and_the_others_stay),
		cmocka_unit_test(test_conditions_only_narrow),
		cmocka_unit_test(
		    test_a_list_takes_the_place_of_conditions_and_not_of_what_is_kept),
		cmocka_unit_test(test_what_is_wrong_is_called_by_its_option),
		cmocka_unit_test(test_each_kind_of_finding_is_a_sentence),
		cmocka_unit_test(
		    test_a_finding_about_a_folder_names_no_message),
		cmocka_unit_test(
		    test_the_end_tells_what_became_free_or_why_not),
		cmocka_unit_test(
		    test_what_was_deleted_is_worth_a_line_where_nobody_watches),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
