/*
 * Which messages somebody asked for: dates half-open, sizes strict, flags with and without, texts whatever their case.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/policy.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

static struct known_message
message(int64_t date, uint64_t size, const char *flags)
{
	return (struct known_message){ .date = date, .has_date = true,
	    .size = size, .flags = flags };
}

static void
test_without_conditions_everything_is_chosen(void **state)
{
	const struct policy_choice c = POLICY_ALL;
	struct known_message m = message(INT64_MIN, 0, "");

	(void)state;
	assert_true(policy_chosen(&c, &m));
	m.has_date = false;
	assert_true(policy_chosen(&c, &m));
	m = message(INT64_MAX, UINT64_MAX, "\\Seen");
	assert_true(policy_chosen(&c, &m));
	assert_false(policy_choice_reads(&c));
	assert_true(policy_chosen_by(&c, "", "", ""));
}

static void
test_dates_are_half_open(void **state)
{
	static const struct { int64_t date; bool chosen; } t[] = {
		{ 99, false }, { 100, true }, { 199, true }, { 200, false },
	};
	struct policy_choice c = POLICY_ALL;
	struct known_message m;
	size_t i;

	(void)state;
	c.since = 100;
	c.before = 200;
	for (i = 0; i < LENGTH(t); i++) {
		m = message(t[i].date, 1, "");
		assert_int_equal(policy_chosen(&c, &m), t[i].chosen);
	}
	m.date = 150;
	m.has_date = false;
	assert_false(policy_chosen(&c, &m));
	c.before = INT64_MAX;
	assert_false(policy_chosen(&c, &m));
}

static void
test_sizes_are_larger_and_smaller_not_equal(void **state)
{
	static const struct { uint64_t size; bool larger, smaller; } t[] = {
		{ 0, false, true }, { 9, false, true }, { 10, false, false },
		{ 11, true, false }, { UINT64_MAX, true, false },
	};
	struct policy_choice larger = POLICY_ALL, smaller = POLICY_ALL;
	struct known_message m;
	size_t i;

	(void)state;
	larger.larger = smaller.smaller = 10;
	for (i = 0; i < LENGTH(t); i++) {
		m = message(0, t[i].size, "");
		assert_int_equal(policy_chosen(&larger, &m), t[i].larger);
		assert_int_equal(policy_chosen(&smaller, &m), t[i].smaller);
	}
	larger.larger = 0;
	m = message(0, 0, "");
	assert_false(policy_chosen(&larger, &m));
}

static void
test_all_flags_that_are_named_must_hold(void **state)
{
	static const struct { const char *flags, *one, *two; bool chosen; } t[] = {
		{ "", "\\Seen", NULL, false },
		{ "", "!\\Seen", NULL, true },
		{ "\\Seen $Work", "\\Seen", "$Work", true },
		{ "\\Seen $Work", "\\Seen", "!$Work", false },
		{ "\\Seen $Work", "$work", NULL, false },
		{ "\\Seen $Workshop", "$Work", NULL, false },
		{ "\\Seen", "!\\Flagged", "\\Seen", true },
	};
	struct policy_choice c = POLICY_ALL;
	const char *flags[2];
	struct known_message m;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		flags[0] = t[i].one;
		flags[1] = t[i].two;
		c.flags = flags;
		c.flags_n = t[i].two == NULL ? 1 : 2;
		m = message(0, 1, t[i].flags);
		assert_int_equal(policy_chosen(&c, &m), t[i].chosen);
	}
}

static void
test_texts_are_found_in_capital_and_small_letters(void **state)
{
	static const struct { const char *text, *part; bool found; } t[] = {
		{ "", "", true },
		{ "a", "", true },
		{ "", "a", false },
		{ "Anna <ANNA@example.org>", "anna@EXAMPLE", true },
		{ "aab", "AB", true },
		{ "aab", "ba", false },
		{ "ab", "abc", false },
		{ "GR\303\226SSE", "gr\303\266sse", true },
		{ "\303\227", "\303\267", false },		/* times, divided by */
		{ "\316\221\316\231", "\316\261\316\271", true },
		{ "\320\226\320\230\320\201", "\320\266\320\270\321\221", true },
		{ "\304\214\305\231", "\304\215\305\230", true },
		{ "\304\271", "\304\272", true },
		{ "\305\270", "\303\277", true },
		{ "\346\227\245\346\234\254", "\346\234\254", true },
		{ "\303", "\303", true },			/* no UTF-8 */
		{ "a\303", "\303\244", false },
		{ "[", "{", false },
		{ "@", "`", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++)
		if (policy_contains(t[i].text, t[i].part) != t[i].found)
			fail_msg("'%s' in '%s'", t[i].part, t[i].text);
}

static void
test_each_header_line_is_asked_for_its_own_text(void **state)
{
	struct policy_choice c = POLICY_ALL;

	(void)state;
	c.sender = "anna";
	assert_true(policy_choice_reads(&c));
	assert_true(policy_chosen_by(&c, "Anna", "x", "y"));
	assert_false(policy_chosen_by(&c, "x", "anna", "anna"));
	c.recipient = "bob";
	assert_false(policy_chosen_by(&c, "Anna", "x", "bob"));
	assert_true(policy_chosen_by(&c, "Anna", "Bob", ""));
	c.subject = "re:";
	assert_false(policy_chosen_by(&c, "Anna", "Bob", "Fwd: x"));
	assert_true(policy_chosen_by(&c, "Anna", "Bob", "RE: x"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_conditions_everything_is_chosen),
		cmocka_unit_test(test_dates_are_half_open),
		cmocka_unit_test(test_sizes_are_larger_and_smaller_not_equal),
		cmocka_unit_test(test_all_flags_that_are_named_must_hold),
		cmocka_unit_test(
		    test_texts_are_found_in_capital_and_small_letters),
		cmocka_unit_test(
		    test_each_header_line_is_asked_for_its_own_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
