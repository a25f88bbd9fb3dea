/*
 * Which folders are backed up, why others are not, and in which order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/policy.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define PATTERNS	6

static struct mail_box
box(const char *name, char delimiter)
{
	/* policy only reads it */
	return (struct mail_box){ .name = (char *)(uintptr_t)name,
	    .attributes = (char *)(uintptr_t)"", .delimiter = delimiter,
	    .space = MAIL_PERSONAL, .selectable = true };
}

static size_t
count(const char *const *patterns)
{
	size_t n = 0;

	while (n < PATTERNS && patterns[n] != NULL)
		n++;
	return n;
}

static void
test_select_takes_what_the_patterns_say(void **state)
{
	static const struct {
		const char	*patterns[PATTERNS];
		const char	*name;
		bool		 chosen;
	} t[] = {
		/* nothing asked for: all there is */
		{ { NULL }, "INBOX", true },
		{ { NULL }, "Archive/2024", true },
		/* a name, whole */
		{ { "Sent" }, "Sent", true },
		{ { "Sent" }, "Sent/2024", false },
		{ { "Sent" }, "Resent", false },
		{ { "Sent" }, "sent", false },
		{ { "" }, "Sent", false },
		/* globs */
		{ { "*" }, "a/b/c", true },
		{ { "%" }, "a", true },
		{ { "%" }, "a/b", false },
		{ { "a/%" }, "a/b", true },
		{ { "a/%" }, "a/b/c", false },
		{ { "a/*" }, "a/b/c", true },
		{ { "a/*" }, "a", false },
		{ { "*ch*" }, "Archive/2024", true },
		{ { "%/2024" }, "Archive/2024", true },
		/* INBOX folds case, in the pattern as well as below it */
		{ { "inbox" }, "INBOX", true },
		{ { "InBoX/%" }, "INBOX/a", true },
		{ { "inbox/A" }, "INBOX/a", false },
		{ { "!inbox" }, "INBOX", false },
		/* without one that includes, all is included first */
		{ { "!Trash" }, "INBOX", true },
		{ { "!Trash" }, "Trash", false },
		{ { "!Trash", "!Junk" }, "Junk", false },
		{ { "!Trash", "!Junk" }, "Sent", true },
		{ { "!*" }, "INBOX", false },
		/* the last that matches wins */
		{ { "*", "!Trash" }, "Trash", false },
		{ { "!Trash", "*" }, "Trash", true },
		{ { "*", "!Lists/*", "Lists/keep" }, "Lists/keep", true },
		{ { "*", "!Lists/*", "Lists/keep" }, "Lists/drop", false },
		{ { "*", "!Lists/*", "Lists/keep" }, "Lists", true },
		{ { "Lists/keep", "!Lists/*" }, "Lists/keep", false },
		{ { "!Lists/*", "Lists/keep" }, "Lists/keep", true },
		/* with one that includes, nothing else is */
		{ { "!Lists/*", "Lists/keep" }, "INBOX", false },
		{ { "Sent", "!Trash" }, "INBOX", false },
		{ { "Sent", "Drafts" }, "Drafts", true },
		/* names that look like patterns, or are no ASCII */
		{ { "*!old" }, "!old", true },
		{ { "!!old" }, "!old", false },
		{ { "!!old" }, "old", true },
		{ { "Entw\303\274rfe" }, "Entw\303\274rfe", true },
		{ { "Entw%fe" }, "Entw\303\274rfe", true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		struct mail_box b = box(t[i].name, '/');
		const char *why = "untouched";
		bool got = policy_select(t[i].patterns, count(t[i].patterns),
		    false, &b, &why);

		if (got != t[i].chosen)
			fail_msg("%s and %s: %d", t[i].patterns[0] == NULL ?
			    "nothing" : t[i].patterns[0], t[i].name, got);
		if (!got)
			assert_true(*why == '!' ||
			    strcmp(why, "not asked for") == 0);
	}
}

static void
test_select_says_which_pattern_excludes_a_folder(void **state)
{
	static const struct {
		const char	*patterns[PATTERNS];
		const char	*name, *why;
	} t[] = {
		{ { "!Junk" }, "Junk", "!Junk" },
		{ { "!inbox" }, "INBOX", "!inbox" },
		{ { "*", "!Lists/*", "!Junk" }, "Lists/a", "!Lists/*" },
		{ { "!Lists/*", "!Lists/a" }, "Lists/a", "!Lists/a" },
		{ { "Lists/a", "!Lists/*" }, "Lists/a", "!Lists/*" },
		{ { "!!old" }, "!old", "!!old" },
		{ { "Sent", "!Junk" }, "INBOX", "not asked for" },
		{ { "Sent" }, "INBOX", "not asked for" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		struct mail_box b = box(t[i].name, '/');
		const char *why = NULL;

		assert_false(policy_select(t[i].patterns, count(t[i].patterns),
		    false, &b, &why));
		assert_string_equal(why, t[i].why);
	}
}

static void
test_select_minds_the_folders_own_delimiter(void **state)
{
	static const char *const below[] = { "a.%" };
	const char *why;
	struct mail_box dot = box("a.b", '.'), deep = box("a.b.c", '.');
	struct mail_box flat = box("a.b.c", '\0');

	(void)state;
	assert_true(policy_select(below, 1, false, &dot, &why));
	assert_false(policy_select(below, 1, false, &deep, &why));
	assert_true(policy_select(below, 1, false, &flat, &why));
}

static void
test_select_leaves_other_peoples_folders_alone_unless_asked(void **state)
{
	static const char *const all[] = { "*" }, *const none[] = { "!*" };
	static const enum mail_space theirs[] = { MAIL_OTHER, MAIL_SHARED };
	struct mail_box b = box("user/bert", '/');
	const char *why = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(theirs); i++) {
		b.space = theirs[i];
		assert_false(policy_select(NULL, 0, false, &b, &why));
		assert_string_equal(why,
		    "it is not your own (--shared takes it)");
		/* A pattern does not do what --shared does. */
		assert_false(policy_select(all, 1, false, &b, &why));
		assert_true(policy_select(NULL, 0, true, &b, &why));
		assert_true(policy_select(all, 1, true, &b, &why));
		assert_false(policy_select(none, 1, true, &b, &why));
		assert_string_equal(why, "!*");
	}
	b.space = MAIL_PERSONAL;
	assert_true(policy_select(NULL, 0, true, &b, &why));
}

static void
test_select_never_takes_what_can_not_be_opened(void **state)
{
	static const char *const all[] = { "*" };
	struct mail_box b = box("Lists", '/');
	const char *why = NULL;

	(void)state;
	b.selectable = false;
	assert_false(policy_select(NULL, 0, true, &b, &why));
	assert_string_equal(why, "it holds no messages");
	assert_false(policy_select(all, 1, true, &b, &why));
}

static void
test_rank_puts_what_holds_everything_first_on_gmail_only(void **state)
{
	static const struct {
		const char	*name, *attributes;
		int		 gmail, plain;
	} t[] = {
		{ "[Gmail]/All Mail", "\\All \\HasNoChildren", 0, 3 },
		{ "[Gmail]/All Mail", "\\HasNoChildren \\all", 0, 3 },
		{ "[Gmail]/Spam", "\\Junk", 1, 3 },
		{ "[Gmail]/Trash", "\\Trash", 1, 3 },
		{ "INBOX", "", 2, 2 },
		{ "[Gmail]/Sent Mail", "\\Sent", 3, 3 },
		{ "[Gmail]/Starred", "\\Flagged", 3, 3 },
		{ "Allerlei", "", 3, 3 },
		{ "INBOX/a", "", 3, 3 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		struct mail_box b = box(t[i].name, '/');

		b.attributes = (char *)(uintptr_t)t[i].attributes;
		assert_int_equal(policy_rank(&b, true), t[i].gmail);
		assert_int_equal(policy_rank(&b, false), t[i].plain);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_select_takes_what_the_patterns_say),
		cmocka_unit_test(
		    test_select_says_which_pattern_excludes_a_folder),
		cmocka_unit_test(test_select_minds_the_folders_own_delimiter),
		cmocka_unit_test(
		test_select_leaves_other_peoples_folders_alone_unless_asked),
		cmocka_unit_test(
		    test_select_never_takes_what_can_not_be_opened),
		cmocka_unit_test(
		    test_rank_puts_what_holds_everything_first_on_gmail_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
