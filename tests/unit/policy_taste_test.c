/*
 * What servers object to in a message, and with which flags it is restored.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/flags.h"
#include "policy/policy.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

static void
test_taste_is_known_by_the_servers_name(void **state)
{
	static const struct { const char *server, *who; } t[] = {
		{ "Cyrus IMAPD 3.6.1-4+deb12u3", "Cyrus" },
		{ "Cyrus IMAPD", "Cyrus" },
		{ "Microsoft.Exchange.Imap4.Imap4Server 15.20", "Exchange" },
		{ "Dovecot", NULL },
		{ "Courier-IMAP", NULL },
		{ "", NULL },
		{ NULL, NULL },
	};
	const struct policy_taste *taste;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		taste = policy_taste_of(t[i].server);
		if (t[i].who == NULL)
			assert_null(taste);
		else {
			assert_non_null(taste);
			assert_string_equal(taste->who, t[i].who);
		}
	}
}

/* R91 */
static void
test_objects_says_what_the_server_would_refuse(void **state)
{
#define NUL	"it holds NUL bytes"
#define BARE	"it has bare newlines"
#define LONG	"it has a line of more than 10,500 bytes"
	static const struct {
		struct defects	 d;
		const char	*cyrus, *exchange;
	} t[] = {
		{ { .longest = 998 }, NULL, NULL },
		{ { .nuls = 1 }, NUL, NUL },
		{ { .bare_lfs = 1 }, BARE, NULL },
		{ { .nuls = 7, .bare_lfs = 7 }, NUL, NUL },
		{ { .bare_crs = 1 }, NULL, NULL },
		{ { .unended = true }, NULL, NULL },
		{ { .longest = 10499 }, NULL, NULL },
		{ { .longest = 10500 }, NULL, NULL },
		{ { .longest = 10501 }, NULL, LONG },
		{ { .bare_lfs = 1, .longest = UINT64_MAX }, BARE, LONG },
	};
	const struct policy_taste *cyrus = policy_taste_of("Cyrus IMAPD");
	const struct policy_taste *exchange =
	    policy_taste_of("Microsoft.Exchange.Imap4.Imap4Server");
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		const char *c = policy_objects(cyrus, &t[i].d);
		const char *x = policy_objects(exchange, &t[i].d);

		if ((c == NULL) != (t[i].cyrus == NULL) ||
		    (c != NULL && strcmp(c, t[i].cyrus) != 0))
			fail_msg("%zu: Cyrus: %s", i, c);
		if ((x == NULL) != (t[i].exchange == NULL) ||
		    (x != NULL && strcmp(x, t[i].exchange) != 0))
			fail_msg("%zu: Exchange: %s", i, x);
		/* Of whom nothing is known, all is tried. */
		assert_null(policy_objects(NULL, &t[i].d));
	}
}

static void
test_cure_is_for_what_the_server_objects_to(void **state)
{
	static const struct {
		const char	*server;
		struct defect_cure cure;
	} t[] = {
		{ "Cyrus IMAPD", { .nuls = true, .line_ends = true } },
		{ "Microsoft.Exchange.Imap4.Imap4Server", { .nuls = true,
		    .longest = 9900 } },
		{ "anything else", { .nuls = true, .line_ends = true,
		    .longest = 9900, .end = true } },
	};
	struct defect_cure cure;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		memset(&cure, 0xff, sizeof(cure));
		policy_cure(policy_taste_of(t[i].server), &cure);
		assert_int_equal(cure.nuls, t[i].cure.nuls);
		assert_int_equal(cure.line_ends, t[i].cure.line_ends);
		assert_int_equal(cure.longest, t[i].cure.longest);
		assert_int_equal(cure.end, t[i].cure.end);
	}
}

/* R89: what would cost the message is left out and told. */
static void
test_flags_are_those_that_can_be_restored(void **state)
{
	static const char some[] = "\\Answered \\Seen $Work NonJunk";
	static const struct {
		const char	*flags, *permanent;
		bool		 deleted;
		const char	*out, *dropped;
	} t[] = {
		{ "", NULL, false, "", "" },
		{ some, NULL, false, some, "" },
		{ some, "\\*", false, some, "" },
		{ some, "\\* $Work", false, some, "" },
		/* system flags are sent, whatever is permanent */
		{ some, "", false, "\\Answered \\Seen", "$Work NonJunk" },
		{ some, "\\Flagged", false, "\\Answered \\Seen",
		    "$Work NonJunk" },
		{ some, "\\Seen NonJunk", false,
		    "\\Answered \\Seen NonJunk", "$Work" },
		{ some, "$work nonjunk", false, some, "" },
		{ some, "$Works Work", false, "\\Answered \\Seen",
		    "$Work NonJunk" },
		{ "\\Answered \\Deleted \\Draft \\Flagged \\Seen", "", true,
		    "\\Answered \\Deleted \\Draft \\Flagged \\Seen", "" },
		/* never told */
		{ "\\Deleted \\Seen", NULL, false, "\\Seen", "" },
		{ "\\Recent \\Seen", NULL, true, "\\Seen", "" },
		{ "\\recent \\deleted", NULL, false, "", "" },
		/* providers' inventions */
		{ "\\Seen \\FORWARDED \\X-HAS-ATTACH a", "\\*", false,
		    "\\Seen a", "\\FORWARDED \\X-HAS-ATTACH" },
		{ "\\ \\* \\Seen2 a", NULL, false, "a", "\\ \\* \\Seen2" },
		/* no atoms */
		{ "a( a) a{ a% a* a\" a\\ a] a\001 a\177 a\303\244 ok", NULL,
		    false, "ok", "a( a) a{ a% a* a\" a\\ a] a\001 a\177 "
		    "a\303\244" },
		{ "a! a$ a' a+ a/ a; a[ a} a~", "\\*", false,
		    "a! a$ a' a+ a/ a; a[ a} a~", "" },
	};
	struct buf out = BUF_INIT(1000), dropped = BUF_INIT(1000);
	struct buf canon = BUF_INIT(1000);
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		buf_clear(&out);
		buf_clear(&dropped);
		buf_clear(&canon);
		assert_int_equal(policy_flags(t[i].flags, t[i].permanent,
		    t[i].deleted, &out, &dropped), 0);
		assert_string_equal(buf_text(&out), t[i].out);
		assert_string_equal(buf_text(&dropped), t[i].dropped);
		/* Canonical stays canonical. */
		assert_int_equal(flags_canon(out.p, out.n, &canon), 0);
		assert_string_equal(buf_text(&canon), t[i].out);
	}
	/* Appended, with a blank between. */
	buf_clear(&dropped);
	buf_adds(&dropped, "x");
	assert_int_equal(policy_flags("\\Foo", NULL, false, &out, &dropped),
	    0);
	assert_string_equal(buf_text(&dropped), "x \\Foo");
	buf_release(&out);
	buf_release(&dropped);
	buf_release(&canon);
}

static void
test_flags_that_do_not_fit_are_an_error(void **state)
{
	struct buf out = BUF_INIT(7), dropped = BUF_INIT(5);

	(void)state;
	assert_int_equal(policy_flags("\\Seen a", NULL, false, &out,
	    &dropped), 0);
	buf_clear(&out);
	assert_int_equal(policy_flags("\\Seen ab", NULL, false, &out,
	    &dropped), -1);
	buf_clear(&out);
	assert_int_equal(policy_flags("\\Foo", NULL, false, &out,
	    &dropped), 0);
	buf_clear(&dropped);
	assert_int_equal(policy_flags("\\Foobar", NULL, false, &out,
	    &dropped), -1);
	buf_release(&out);
	buf_release(&dropped);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taste_is_known_by_the_servers_name),
		cmocka_unit_test(
		    test_objects_says_what_the_server_would_refuse),
		cmocka_unit_test(
		    test_cure_is_for_what_the_server_objects_to),
		cmocka_unit_test(test_flags_are_those_that_can_be_restored),
		cmocka_unit_test(test_flags_that_do_not_fit_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
