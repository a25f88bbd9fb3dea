/*
 * config_setting_test.c - settings: from text, and in layers.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "config_setting.h"

/* Each by itself on a fresh account, seen through what would be kept of it. */
static void
test_text_becomes_a_value(void **state)
{
	static const struct {
		const char *name, *value, *json;
	} t[] = {
		{ "credential", "imap.work", "\"credential\":\"imap.work\"" },
		{ "disable", "condstore", "\"disable\":[\"CONDSTORE\"]" },
		{ "disable", "COMPRESS=DEFLATE",
		    "\"disable\":[\"COMPRESS=DEFLATE\"]" },
		{ "folders", "Lists/*", "\"folders\":[\"Lists/*\"]" },
		{ "folders", "Entw\xc3\xbcrfe",
		    "\"folders\":[\"Entw\xc3\xbcrfe\"]" },
		{ "full_every", "0d", "\"full_every\":0" },
		{ "full_every", "12h", "\"full_every\":43200" },
		{ "full_every", "1y", "\"full_every\":31536000" },
		{ "full_every", "7d", "" },		/* the default */
		{ "full_every", "948672000s", "\"full_every\":948672000" },
		{ "insecure_plaintext", NULL, "\"insecure_plaintext\":true" },
		{ "insecure_plaintext", "yes", "\"insecure_plaintext\":true" },
		{ "insecure_plaintext", "ON", "\"insecure_plaintext\":true" },
		{ "insecure_plaintext", "True", "\"insecure_plaintext\":true" },
		{ "insecure_plaintext", "no", "" },
		{ "insecure_plaintext_remote", "yes",
		    "\"insecure_plaintext_remote\":true" },
		{ "shared", "off", "" },
		{ "shared", "false", "" },
		{ "max_rate", "500K", "\"max_rate\":512000" },
		{ "max_rate", "0", "" },
		{ "max_rate", "9223372036854775807",
		    "\"max_rate\":9223372036854775807" },
		{ "password_command", "pass show 'a b' | head -n1",
		    "\"password_command\":\"pass show 'a b' | head -n1\"" },
		{ "password_file", "pw", "\"password_file\":\"/base/pw\"" },
		{ "password_file", "/x/pw", "\"password_file\":\"/x/pw\"" },
		{ "proxy", "http://p:1", "\"proxy\":\"http://p:1\"" },
		{ "server", "imap://h", "\"server\":\"imap://h\"" },
		{ "server", "imaps://anna@h:1",
		    "\"server\":\"imaps://h:1\",\"user\":\"anna\"" },
		{ "timeout", "1", "\"timeout\":1" },
		{ "timeout", "2m", "\"timeout\":120" },
		{ "timeout", "86400", "\"timeout\":86400" },
		{ "timeout", "1d", "\"timeout\":86400" },
		{ "timeout", "60", "" },
		{ "tls_ca", "~/ca.pem", "\"tls_ca\":\"/home/anna/ca.pem\"" },
		{ "tls_ca", "~", "\"tls_ca\":\"/home/anna\"" },
		{ "tls_ca", "./~x", "\"tls_ca\":\"/base/./~x\"" },
		{ "tls_pin", PIN, "\"tls_pin\":\"" PIN "\"" },
		{ "tls_pin", PIN ";" PIN, "\"tls_pin\":\"" PIN ";" PIN "\"" },
		{ "token_command", "tok", "\"token_command\":\"tok\"" },
		{ "user", "anna@example.org", "\"user\":\"anna@example.org\"" },
		{ "user", "", "" },
		{ "folders", "", "" },
		{ "tls_ca", NULL, "" },
		/* Not for vault.json. */
		{ "vault", "mail", "" },
		{ "password_fd", "2", "" },
	};
	size_t i;

	(void)state;
	setenv("HOME", "/home/anna", 1);
	setenv("TZ", "UTC", 1);
	for (i = 0; i < COUNT(t); i++) {
		struct account *a = account_new();
		char *want = xasprintf("{\"account\":{%s}}", t[i].json);

		set(a, t[i].name, t[i].value);
		assert_json(a, want);
		free(want);
		account_free(&a);
	}
}

/* Where a text of the prune policy is. */
static char **
slot_of(struct account *a, const char *name)
{
	struct account_prune *p = &a->prune;
	const struct {
		const char	*name;
		char		**slot;
	} t[] = {
		{ "prune_before", &p->before },
		{ "prune_junk_older_than", &p->junk_older_than },
		{ "prune_keep_last", &p->keep_last },
		{ "prune_larger_than", &p->larger_than },
		{ "prune_older_than", &p->older_than },
		{ "prune_recipient", &p->recipient },
		{ "prune_sender", &p->sender },
		{ "prune_subject", &p->subject },
		{ "prune_trash_older_than", &p->trash_older_than },
		{ "prune_until_free", &p->until_free },
	};
	size_t i;

	for (i = 0; i < COUNT(t); i++)
		if (strcmp(t[i].name, name) == 0)
			return t[i].slot;
	return NULL;
}

static const struct {
	const char *name, *value, *why;
} bad_values[] = {
	{ "color", "red", "there is no setting 'color'" },
	{ "tls-ca", "/x", "there is no setting 'tls-ca'" },
	{ "", "x", "there is no setting ''" },
	{ "credential", "../x", "is not the name of a credential" },
	{ "credential", "..", "is not the name of a credential" },
	{ "credential", ".", "is not the name of a credential" },
	{ "credential", "a/b", "is not the name of a credential" },
	{ "disable", "IDLE UIDPLUS", "not the name of a capability" },
	{ "disable", "\"IDLE\"", "not the name of a capability" },
	{ "disable", "I*", "not the name of a capability" },
	{ "disable", "\xc3\xbc", "not the name of a capability" },
	{ "full_every", "7", "is not an age" },
	{ "full_every", "", "is not an age" },
	{ "full_every", "-1d", "is not an age" },
	{ "full_every", "31y", "too long" },
	{ "full_every", "948672001s", "too long" },
	{ "shared", "maybe", "'maybe' is neither yes nor no" },
	{ "shared", "", "'' is neither yes nor no" },
	{ "shared", "1", "'1' is neither yes nor no" },
	{ "max_rate", "fast", "is not a size" },
	{ "max_rate", "-1", "is not a size" },
	{ "max_rate", "", "is not a size" },
	{ "max_rate", "9223372036854775808", "too large" },
	{ "password_fd", "-1", "not the number of a descriptor" },
	{ "password_fd", "x", "not the number of a descriptor" },
	{ "password_fd", "", "not the number of a descriptor" },
	{ "password_fd", "2147483648",
	    "not the number of a descriptor" },
	{ "password_fd", "2147483647", "descriptor 2147483647 is not open" },
	{ "password_file", "~anna/pw", "only ~/ is understood" },
	{ "proxy", "tor", "a proxy is written" },
	{ "server", "", "a server is written" },
	{ "server", "imap.example.org", "a server is written" },
	{ "timeout", "0", "not from 1 second" },
	{ "timeout", "0s", "not from 1 second" },
	{ "timeout", "86401", "not from 1 second" },
	{ "timeout", "2d", "not from 1 second" },
	{ "timeout", "99999999999999999999", "is not an age" },
	{ "timeout", "", "is not an age" },
	{ "timeout", "soon", "is not an age" },
	{ "tls_pin", "sha1//AAAA=", "a pin is written" },
	{ "tls_pin", "key.pem", "a pin is written" },
	{ "tls_pin", PIN ";", "a pin is written" },
	{ "tls_pin", ";" PIN, "a pin is written" },
	{ "tls_pin", PIN ":" PIN, "a pin is written" },
	{ "tls_pin", PIN "=", "a pin is written" },
	{ "tls_pin", PIN ";key.pem", "a pin is written" },
	/* A digit too few, one too many, one of another alphabet. */
	{ "tls_pin", "sha256//"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "pin" },
	{ "tls_pin", "sha256//"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "pin" },
	{ "tls_pin", "sha256//"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA_=", "pin" },
	{ "user", "\xff", "it is not UTF-8" },
	{ "folders", "a\xc3", "it is not UTF-8" },
	{ "password_file", "/p\xe9", "it is not UTF-8" },
};

static void
test_a_bad_value_is_refused_with_its_name(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad_values); i++) {
		const char *name = bad_values[i].name;
		const char *value = bad_values[i].value;
		struct account *a = account_new();
		struct err e = { 0 };

		if (setting_apply(a, name, value, "/base", &e) != -1)
			fail_msg("%s = '%s' was taken", name, value);
		assert_int_equal(e.kind, EK_USAGE);
		if (strstr(e.text, bad_values[i].why) == NULL)
			fail_msg("%s = '%s': %s", name, value, e.text);
		if (strncmp(bad_values[i].why, "there is no", 11) != 0)
			assert_int_equal(strncmp(e.text, name, strlen(name)),
			    0);
		assert_json(a, "{\"account\":{}}");
		account_free(&a);
	}
}

/* Text that the verb will read later: what it could not read is refused now, and what it can stays as it is. */
static void
test_what_prune_reads_later_is_checked_now(void **state)
{
	static const struct {
		const char *name, *value, *why;		/* NULL: it is fine */
	} t[] = {
		{ "prune_older_than", "2y", NULL },
		{ "prune_older_than", "1000y", NULL },
		{ "prune_older_than", "26h", NULL },
		{ "prune_older_than", "2", "'2' is not an age" },
		{ "prune_older_than", "2 y", "is not an age" },
		{ "prune_older_than", "1001y", "is not an age" },
		{ "prune_trash_older_than", "30d", NULL },
		{ "prune_trash_older_than", "2026-01-01", "is not an age" },
		{ "prune_junk_older_than", "4w", NULL },
		{ "prune_junk_older_than", "soon", "is not an age" },
		{ "prune_before", "2024", NULL },
		{ "prune_before", "2024-02-29 14:30:00+01:00", NULL },
		{ "prune_before", "2023-02-29", "is not a date" },
		{ "prune_before", "2y", "is not a date" },
		{ "prune_larger_than", "10MiB", NULL },
		{ "prune_larger_than", "18446744073709551615", NULL },
		{ "prune_larger_than", "18446744073709551616",
		    "is not a size" },
		{ "prune_larger_than", "20%", "is not a size" },
		{ "prune_keep_last", "0", NULL },
		{ "prune_keep_last", "18446744073709551615", NULL },
		{ "prune_keep_last", "18446744073709551616",
		    "is not a number" },
		{ "prune_keep_last", "5K", "is not a number" },
		{ "prune_keep_last", "-1", "is not a number" },
		{ "prune_until_free", "2G", NULL },
		{ "prune_until_free", "1%", NULL },
		{ "prune_until_free", "99%", NULL },
		{ "prune_until_free", "0%", "from 1% to 99%" },
		{ "prune_until_free", "100%", "from 1% to 99%" },
		{ "prune_until_free", "0", "neither a size" },
		{ "prune_until_free", "%", "neither a size" },
		{ "prune_until_free", "20 %", "neither a size" },
		{ "prune_until_free", "half", "neither a size" },
		{ "prune_sender", "any text at all, 100%", NULL },
		{ "prune_recipient", "b", NULL },
		{ "prune_subject", "J\xc3\xb6rg", NULL },
		{ "prune_subject", "\xff", "it is not UTF-8" },
		{ "prune_seen", "often", "is neither yes nor no" },
	};
	struct account *a = account_new();
	char *want = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		struct err e = { 0 };
		char **slot = slot_of(a, t[i].name);

		if (setting_apply(a, t[i].name, t[i].value, "/", &e) !=
		    (t[i].why == NULL ? 0 : -1))
			fail_msg("%s = '%s': %s", t[i].name, t[i].value,
			    e.text);
		if (t[i].why != NULL) {
			assert_int_equal(e.kind, EK_USAGE);
			if (strstr(e.text, t[i].why) == NULL)
				fail_msg("'%s': %s", t[i].value, e.text);
			continue;
		}
		assert_string_equal(*slot, t[i].value);
		/* A bad one leaves the good one, "" takes it back. */
		want = xstrdup(t[i].value);
		assert_int_equal(setting_apply(a, t[i].name, "\n", "/", &e),
		    -1);
		assert_string_equal(*slot, want);
		free(want);
		set(a, t[i].name, "");
		assert_null(*slot);
	}
	account_free(&a);
}

static void
test_prune_keeps_what_is_flagged_or_unread_unless_told_otherwise(void **state)
{
	struct account *a = account_new();

	(void)state;
	assert_true(a->prune.keep_flagged);
	assert_true(a->prune.keep_unread);
	assert_false(a->prune.seen);
	assert_false(a->prune.largest_first);
	assert_null(a->prune.older_than);
	set(a, "prune_keep_flagged", "no");
	assert_false(a->prune.keep_flagged);
	assert_true(a->prune.keep_unread);
	set(a, "prune_keep_unread", "off");
	assert_false(a->prune.keep_unread);
	set(a, "prune_keep_flagged", NULL);
	set(a, "prune_seen", "yes");
	set(a, "prune_largest_first", "yes");
	assert_true(a->prune.keep_flagged);
	assert_true(a->prune.seen);
	assert_true(a->prune.largest_first);
	/* In the config file only. */
	assert_json(a, "{\"account\":{}}");
	account_free(&a);
}

/*
 * What could end a line of the protocol gets nowhere, whichever setting it is
 * put in.
 */
static void
test_line_ends_are_refused_in_every_setting(void **state)
{
	static const char *const bad[] = { "a\nb", "a\r", "\n", "a\r\nb",
	    "a\tb", "a\x1b[0m", "a\x7f" };
	size_t i, k;

	(void)state;
	assert_true(settings_n > 30);
	for (i = 0; i < settings_n; i++)
		for (k = 0; k < COUNT(bad); k++) {
			struct account *a = account_new();
			struct err e = { 0 };

			assert_int_equal(setting_apply(a, settings[i].name,
			    bad[k], "/", &e), -1);
			assert_non_null(strstr(e.text, "control character"));
			assert_int_equal(a->given, 0);
			account_free(&a);
		}
}

static void
test_each_row_has_a_name_of_its_own_and_help(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < settings_n; i++) {
		const struct setting *s = &settings[i];

		assert_non_null(s->help);
		assert_true(strlen(s->help) < 60);
		assert_true(s->option != NULL || s->in_file);
		assert_int_equal(s->type == SETTING_FLAG, s->arg == NULL);
		if (i > 0)
			assert_true(strcmp(settings[i - 1].name, s->name) < 0);
		if (s->option == NULL || strcmp(s->name, "folders") == 0)
			continue;
		assert_int_equal(strlen(s->option), strlen(s->name));
		for (k = 0; s->name[k] != '\0'; k++)
			assert_int_equal(s->option[k],
			    s->name[k] == '_' ? '-' : s->name[k]);
	}
}

static void
test_relative_paths_are_taken_from_the_base(void **state)
{
	char *cwd = getcwd(NULL, 0), *want;
	struct account *a = account_new();
	struct err e = { 0 };

	(void)state;
	must(setting_apply(a, "vault", "mail", "/", &e), &e);
	assert_string_equal(a->vault, "/mail");
	must(setting_apply(a, "vault", "../mail", "/etc/x", &e), &e);
	assert_string_equal(a->vault, "/etc/x/../mail");
	must(setting_apply(a, "vault", "mail", NULL, &e), &e);
	want = xasprintf("%s/mail", cwd);
	assert_string_equal(a->vault, want);
	free(want);
	must(setting_apply(a, "vault", "mail", "conf", &e), &e);
	want = xasprintf("%s/conf/mail", cwd);
	assert_string_equal(a->vault, want);
	free(want);
	unsetenv("HOME");
	assert_int_equal(setting_apply(a, "vault", "~/mail", "/", &e), -1);
	assert_non_null(strstr(e.text, "$HOME"));
	setenv("HOME", "anna", 1);
	assert_int_equal(setting_apply(a, "vault", "~/mail", "/", &e), -1);
	account_free(&a);
	free(cwd);
}

static void
test_plaintext_follows_scheme_and_flag_in_any_order(void **state)
{
	struct account *a = account_new(), *b = account_new();

	(void)state;
	set(a, "insecure_plaintext", "yes");
	assert_int_equal(a->tls, ACCOUNT_IMPLICIT);
	set(a, "server", "imap://h");
	assert_int_equal(a->tls, ACCOUNT_PLAINTEXT);
	set(a, "insecure_plaintext", "no");
	assert_int_equal(a->tls, ACCOUNT_STARTTLS);
	set(b, "server", "imap://h");
	assert_int_equal(b->tls, ACCOUNT_STARTTLS);
	set(b, "insecure_plaintext", "yes");
	assert_int_equal(b->tls, ACCOUNT_PLAINTEXT);
	set(b, "server", "imaps://h");
	assert_int_equal(b->tls, ACCOUNT_IMPLICIT);
	account_free(&a);
	account_free(&b);
}

static void
test_lists_add_within_a_layer_and_replace_across(void **state)
{
	struct account *a = account_new();

	(void)state;
	set(a, "folders", "INBOX");
	set(a, "folders", "Lists/*");
	set(a, "disable", "IDLE");
	assert_json(a, "{\"account\":{\"disable\":[\"IDLE\"],"
	    "\"folders\":[\"INBOX\",\"Lists/*\"]}}");
	setting_layer(a);
	set(a, "folders", "Sent");
	set(a, "folders", "Drafts");
	assert_json(a, "{\"account\":{\"disable\":[\"IDLE\"],"
	    "\"folders\":[\"Sent\",\"Drafts\"]}}");
	set(a, "folders", "");
	set(a, "folders", "Trash");
	assert_json(a, "{\"account\":{\"disable\":[\"IDLE\"],"
	    "\"folders\":[\"Trash\"]}}");
	setting_layer(a);
	set(a, "folders", "");
	assert_json(a, "{\"account\":{\"disable\":[\"IDLE\"]}}");
	account_free(&a);
}

static void
test_a_later_way_to_the_secret_replaces_every_earlier_one(void **state)
{
	struct account *a = account_new();
	struct err e = { 0 };

	(void)state;
	set(a, "server", "imaps://anna@h");
	set(a, "password_file", "/pw");
	setting_layer(a);
	set(a, "password_command", "pass");
	assert_null(a->password_file);
	assert_string_equal(a->password_command, "pass");
	must(account_check(a, &e), &e);
	/* But two in one layer are a mistake, and stay one. */
	set(a, "token_command", "tok");
	assert_int_equal(account_check(a, &e), -1);
	assert_int_equal(e.kind, EK_CONFIG);
	assert_string_equal(e.text, "password_command and token_command are "
	    "both set, and only one can be used");
	setting_layer(a);
	set(a, "password_fd", "0");
	assert_null(a->password_command);
	assert_null(a->token_command);
	assert_int_equal(a->password_fd, 0);
	must(account_check(a, &e), &e);
	/* A bad one changes nothing. */
	setting_layer(a);
	assert_int_equal(setting_apply(a, "credential", "..", "/", &e), -1);
	assert_int_equal(a->password_fd, 0);
	setting_layer(a);
	set(a, "credential", "");
	assert_int_equal(a->password_fd, -1);
	account_free(&a);
}

static void
test_a_descriptor_of_our_own_was_not_given_to_us(void **state)
{
	struct account *a = account_new();
	struct err e = { 0 };
	char number[16];
	int fd = dup(0);

	(void)state;
	snprintf(number, sizeof(number), "%d", fd);
	set(a, "password_fd", number);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	assert_int_equal(setting_apply(a, "password_fd", number, "/", &e), -1);
	assert_int_equal(e.kind, EK_USAGE);
	assert_non_null(strstr(e.text, "is not open"));
	close(fd);
	assert_int_equal(setting_apply(a, "password_fd", number, "/", &e), -1);
	assert_int_equal(e.kind, EK_USAGE);
	account_free(&a);
}

static void
test_two_users_in_one_layer_are_refused(void **state)
{
	struct account *a = account_new();
	struct err e = { 0 };

	(void)state;
	set(a, "user", "anna");
	set(a, "server", "imaps://anna@h");
	assert_int_equal(setting_apply(a, "server", "imaps://bob@i", "/", &e),
	    -1);
	assert_string_equal(e.text,
	    "server: two users are given, 'anna' and 'bob'");
	assert_string_equal(a->host, "h");
	assert_int_equal(setting_apply(a, "user", "bob", "/", &e), -1);
	assert_string_equal(a->user, "anna");
	setting_layer(a);
	set(a, "user", "bob");
	assert_string_equal(a->user, "bob");
	account_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_becomes_a_value),
		cmocka_unit_test(test_a_bad_value_is_refused_with_its_name),
		cmocka_unit_test(test_what_prune_reads_later_is_checked_now),
		cmocka_unit_test(
		    test_prune_keeps_what_is_flagged_or_unread_unless_told_otherwise),
		cmocka_unit_test(test_line_ends_are_refused_in_every_setting),
		cmocka_unit_test(test_each_row_has_a_name_of_its_own_and_help),
		cmocka_unit_test(test_relative_paths_are_taken_from_the_base),
		cmocka_unit_test(
		    test_plaintext_follows_scheme_and_flag_in_any_order),
		cmocka_unit_test(
		    test_lists_add_within_a_layer_and_replace_across),
		cmocka_unit_test(
		    test_a_later_way_to_the_secret_replaces_every_earlier_one),
		cmocka_unit_test(
		    test_a_descriptor_of_our_own_was_not_given_to_us),
		cmocka_unit_test(test_two_users_in_one_layer_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
