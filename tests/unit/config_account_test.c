/*
 * config_account_test.c - accounts as a whole: merged, copied, compared,
 * checked, into vault.json and back.
 */
#include "config/setting.h"
#include "config_setting.h"

static int
from_json(struct account *a, const char *text, struct err *e)
{
	struct json *doc;
	int rc;

	must(json_parse(text, strlen(text), &doc, e), e);
	rc = account_from_json(a, json_get(doc, "account"), e);
	json_free(&doc);
	return rc;
}

/* Everything set, and to something else than the default. */
static struct account *
full_account(void)
{
	struct account *a = account_new();

	set(a, "credential", "c");
	set(a, "disable", "IDLE");
	set(a, "disable", "QRESYNC");
	set(a, "folders", "a, 'b'");
	set(a, "folders", "\"\\");
	set(a, "full_every", "36h");
	set(a, "insecure_plaintext", "yes");
	set(a, "insecure_plaintext_remote", "yes");
	set(a, "max_rate", "5M");
	set(a, "password_command", "pass \"x\"");
	set(a, "password_fd", "2");
	set(a, "password_file", "/pw");
	set(a, "proxy", "socks5h://127.0.0.1:9050");
	set(a, "prune_before", "2024");
	set(a, "prune_folders", "INBOX");
	set(a, "prune_folders", "Lists/*");
	set(a, "prune_junk_older_than", "30d");
	set(a, "prune_keep_flagged", "no");
	set(a, "prune_keep_last", "100");
	set(a, "prune_keep_unread", "no");
	set(a, "prune_larger_than", "5M");
	set(a, "prune_largest_first", "yes");
	set(a, "prune_older_than", "2y");
	set(a, "prune_recipient", "bob");
	set(a, "prune_seen", "yes");
	set(a, "prune_sender", "carol");
	set(a, "prune_subject", "[list]");
	set(a, "prune_trash_older_than", "60d");
	set(a, "prune_until_free", "20%");
	set(a, "server", "imap://[2001:db8::7]:1143");
	set(a, "shared", "yes");
	set(a, "timeout", "90");
	set(a, "tls_ca", "/ca");
	set(a, "tls_pin", PIN);
	set(a, "token_command", "tok");
	set(a, "user", "j\xc3\xb6rg@example.org");
	set(a, "vault", "/mail");
	return a;
}

/* No two rows share their value or their mark, and none is left out. */
static void
test_every_setting_goes_along_alone(void **state)
{
	struct account *full = full_account(), *fresh = account_new();
	size_t i, k;

	(void)state;
	for (i = 0; i < settings_n; i++) {
		struct account *one = account_new(), *under, *copy;

		if (setting_equal(full, fresh, &settings[i]))
			fail_msg("%s: at its default", settings[i].name);
		setting_copy(one, full, &settings[i]);
		setting_mark(one, &settings[i]);
		copy = account_copy(one);
		under = account_new();
		account_merge(under, copy);
		for (k = 0; k < settings_n; k++) {
			if (setting_equal(under, full, &settings[k]) !=
			    (k == i) || setting_given(under, &settings[k]) !=
			    (k == i))
				fail_msg("%s and %s", settings[i].name,
				    settings[k].name);
		}
		account_free(&one);
		account_free(&copy);
		account_free(&under);
	}
	account_free(&full);
	account_free(&fresh);
}

static void
test_merging_lays_what_was_given_over_the_rest(void **state)
{
	struct account *a = account_new(), *over = account_new();

	(void)state;
	set(a, "server", "imaps://anna@h:7");
	set(a, "folders", "INBOX");
	set(a, "timeout", "5");
	set(a, "password_file", "/pw");
	set(a, "tls_ca", "/ca");
	over->name = xstrdup("work");
	set(over, "timeout", "60");	/* the default, but given */
	set(over, "folders", "Sent");
	set(over, "shared", "no");
	set(over, "password_command", "pass");
	set(over, "tls_ca", "");
	set(over, "vault", "/mail");
	account_merge(a, over);
	assert_json(a, "{\"account\":{\"folders\":[\"Sent\"],"
	    "\"password_command\":\"pass\",\"server\":\"imaps://h:7\","
	    "\"user\":\"anna\"}}");
	assert_string_equal(a->name, "work");
	assert_string_equal(a->vault, "/mail");
	/* A merged account can be laid over another one. */
	account_free(&over);
	over = account_new();
	set(over, "server", "imap://bob@i");
	account_merge(over, a);
	assert_string_equal(over->host, "h");
	assert_string_equal(over->user, "anna");
	assert_int_equal(over->tls, ACCOUNT_IMPLICIT);
	assert_string_equal(over->vault, "/mail");
	account_free(&a);
	account_free(&over);
}

static void
test_consent_to_plaintext_does_not_move_to_another_host(void **state)
{
	static const struct {
		const char *over;
		bool flag;
		enum account_tls want;
	} t[] = {
		{ NULL, false, ACCOUNT_PLAINTEXT },
		{ "imap://nas.lan:1143", false, ACCOUNT_PLAINTEXT },
		{ "imap://imap.example.org", false, ACCOUNT_STARTTLS },
		{ "imap://imap.example.org", true, ACCOUNT_PLAINTEXT },
		{ "imaps://imap.example.org", true, ACCOUNT_IMPLICIT },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		struct account *a = account_new(), *over = account_new();

		set(a, "server", "imap://nas.lan");
		set(a, "insecure_plaintext", "yes");
		set(a, "insecure_plaintext_remote", "yes");
		if (t[i].over != NULL)
			set(over, "server", t[i].over);
		if (t[i].flag)
			set(over, "insecure_plaintext", "yes");
		account_merge(a, over);
		assert_int_equal(a->tls, t[i].want);
		assert_int_equal(a->insecure_plaintext_remote, i < 2);
		account_free(&a);
		account_free(&over);
	}
}

static void
test_what_is_kept_comes_back_from_json(void **state)
{
	struct account *a = full_account(), *b = account_new();
	struct buf diff = BUF_INIT(4096);
	struct err e = { 0 };
	char *text = json_of(a), *again;
	size_t i;

	(void)state;
	for (i = 0; i < settings_n; i++) {
		char *key = xasprintf("\"%s\":", settings[i].name);

		if ((strstr(text, key) != NULL) != settings[i].kept)
			fail_msg("%s: %s", settings[i].name, text);
		free(key);
	}
	must(from_json(b, text, &e), &e);
	again = json_of(b);
	assert_string_equal(again, text);
	assert_int_equal(account_diff(a, b, &diff), 0);
	assert_int_equal(diff.n, 0);
	assert_int_equal(b->tls, ACCOUNT_PLAINTEXT);
	assert_int_equal(b->port, 1143);
	/* These two stay with this machine and this run. */
	assert_null(b->vault);
	assert_int_equal(b->password_fd, -1);
	free(text);
	free(again);
	buf_release(&diff);
	account_free(&a);
	account_free(&b);
}

static void
test_an_empty_json_account_is_all_defaults(void **state)
{
	struct account *a = account_new();
	struct err e = { 0 };

	(void)state;
	must(from_json(a, "{\"account\":{\"colour\":\"unknown to us\"}}", &e),
	    &e);
	assert_json(a, "{\"account\":{}}");
	assert_int_equal(a->timeout, 60);
	assert_int_equal(a->full_every, 7 * 86400);
	assert_int_equal(a->max_rate, 0);
	assert_int_equal(a->password_fd, -1);
	assert_int_equal(a->tls, ACCOUNT_IMPLICIT);
	account_free(&a);
}

static void
test_json_of_another_shape_is_damage(void **state)
{
	static const char *const t[] = {
		"\"user\":7", "\"user\":[\"anna\"]", "\"shared\":\"yes\"",
		"\"shared\":1", "\"folders\":\"INBOX\"", "\"folders\":7",
		"\"folders\":[]", "\"folders\":{}", "\"folders\":[7]",
		"\"folders\":[\"a\",null]", "\"max_rate\":\"5M\"",
		"\"max_rate\":-1", "\"timeout\":0", "\"timeout\":1.5",
		"\"full_every\":-1", "\"full_every\":99999999999",
		"\"server\":\"imap.example.org\"", "\"user\":\"a\\r\\nb\"",
		"\"tls_pin\":\"key.pem\"", "\"credential\":\"../x\"",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		struct account *a = account_new();
		struct err e = { 0 };
		char *text = xasprintf("{\"account\":{%s}}", t[i]);

		if (from_json(a, text, &e) != -1)
			fail_msg("%s was taken", text);
		assert_int_equal(e.kind, EK_CORRUPT);
		assert_int_equal(strncmp(e.text, "account: ", 9), 0);
		free(text);
		account_free(&a);
	}
}

static void
test_a_difference_is_told_line_by_line(void **state)
{
	struct account *a = account_new(), *b = full_account();
	struct buf out = BUF_INIT(4096), tiny = BUF_INIT(10);

	(void)state;
	set(a, "server", "imaps://anna@imap.example.org");
	assert_int_equal(account_diff(a, b, &out), 17);
	assert_string_equal(buf_text(&out),
	    "credential: (none) -> c\n"
	    "disable: (none) -> 'IDLE', 'QRESYNC'\n"
	    "folders: (none) -> 'a, 'b'', '\"\\'\n"
	    "full_every: 7d -> 36h\n"
	    "insecure_plaintext: no -> yes\n"
	    "insecure_plaintext_remote: no -> yes\n"
	    "max_rate: (none) -> 5M\n"
	    "password_command: (none) -> pass \"x\"\n"
	    "password_file: (none) -> /pw\n"
	    "proxy: (none) -> socks5h://127.0.0.1:9050\n"
	    "server: imaps://imap.example.org -> "
	    "imap://[2001:db8::7]:1143\n"
	    "shared: no -> yes\n"
	    "timeout: 1m -> 90s\n"
	    "tls_ca: (none) -> /ca\n"
	    "tls_pin: (none) -> " PIN "\n"
	    "token_command: (none) -> tok\n"
	    "user: anna -> j\xc3\xb6rg@example.org\n");
	assert_int_equal(account_diff(b, b, &out), 0);
	assert_int_equal(account_diff(b, a, &tiny), 17);
	buf_release(&out);
	buf_release(&tiny);
	account_free(&a);
	account_free(&b);
}

static void
test_a_difference_of_one_is_seen(void **state)
{
	static const struct {
		const char *name, *x, *y, *line;
	} t[] = {
		{ "max_rate", "1048576", "1048577",
		    "max_rate: 1M -> 1048577\n" },
		{ "full_every", "0s", "86401s", "full_every: 0s -> 86401s\n" },
		{ "server", "imap://h", "imaps://h",
		    "server: imap://h -> imaps://h\n" },
		{ "server", "imap://h:5", "imaps://h:5",
		    "server: imap://h:5 -> imaps://h:5\n" },
		{ "server", "imap://h", "imap://h:144",
		    "server: imap://h -> imap://h:144\n" },
		{ "server", "imap://h", "imap://i",
		    "server: imap://h -> imap://i\n" },
		{ "folders", "a", "b", "folders: 'a' -> 'b'\n" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		struct account *a = account_new(), *b = account_new();
		struct buf out = BUF_INIT(4096);

		set(a, t[i].name, t[i].x);
		set(b, t[i].name, t[i].y);
		assert_int_equal(account_diff(a, b, &out), 1);
		assert_string_equal(buf_text(&out), t[i].line);
		buf_release(&out);
		account_free(&a);
		account_free(&b);
	}
}

static void
test_a_copy_is_equal_and_independent(void **state)
{
	struct account *a = full_account(), *b;
	struct buf out = BUF_INIT(4096);

	(void)state;
	a->name = xstrdup("work");
	b = account_copy(a);
	assert_int_equal(account_diff(a, b, &out), 0);
	assert_string_equal(b->name, "work");
	assert_string_equal(b->vault, "/mail");
	assert_int_equal(b->password_fd, 2);
	assert_int_equal(b->given, a->given);
	account_free(&a);
	assert_string_equal(b->folders.v[1], "\"\\");
	assert_string_equal(b->host, "2001:db8::7");
	assert_string_equal(b->prune.folders.v[1], "Lists/*");
	assert_string_equal(b->prune.older_than, "2y");
	assert_false(b->prune.keep_unread);
	account_free(&b);
	assert_null(b);
	account_free(&b);
}

static void
test_an_account_is_called_by_what_is_known_of_it(void **state)
{
	struct account *a = account_new();
	const char *title;

	(void)state;
	assert_string_equal(account_title(a), "account");
	set(a, "vault", "/mail");
	assert_string_equal(account_title(a), "/mail");
	set(a, "server", "imaps://h");
	assert_string_equal(account_title(a), "h");
	set(a, "user", "anna");
	assert_string_equal(account_title(a), "anna@h");
	a->name = xstrdup("work");
	title = account_title(a);
	assert_string_equal(title, "work");
	/* Borrowed until the account changes: asked again, it is the same. */
	assert_ptr_equal(account_title(a), title);
	account_free(&a);
}

static void
test_the_check_before_a_connection(void **state)
{
	static const struct {
		const char *server, *user, *proxy;
		int plain, remote;
		enum err_kind kind;
	} t[] = {
		{ NULL, "anna", NULL, 0, 0, EK_CONFIG },
		{ "imaps://h", NULL, NULL, 0, 0, EK_CONFIG },
		{ "imaps://h", "anna", NULL, 0, 0, EK_NONE },
		{ "imap://h", "anna", NULL, 0, 0, EK_NONE },
		/* STARTTLS all the same. */
		{ "imap://h", "anna", NULL, 0, 1, EK_NONE },
		{ "imap://h", "anna", NULL, 1, 0, EK_TLS },
		{ "imap://h", "anna", NULL, 1, 1, EK_NONE },
		{ "imaps://h", "anna", NULL, 1, 0, EK_NONE },
		{ "imap://localhost", "anna", NULL, 1, 0, EK_NONE },
		{ "imap://LocalHost", "anna", NULL, 1, 0, EK_NONE },
		{ "imap://127.0.0.1", "anna", NULL, 1, 0, EK_NONE },
		{ "imap://127.255.255.254", "anna", NULL, 1, 0, EK_NONE },
		{ "imap://[::1]", "anna", NULL, 1, 0, EK_NONE },
		{ "imap://[0:0:0:0:0:0:0:1]:143", "anna", NULL, 1, 0,
		    EK_NONE },
		{ "imap://128.0.0.1", "anna", NULL, 1, 0, EK_TLS },
		{ "imap://126.255.255.255", "anna", NULL, 1, 0, EK_TLS },
		{ "imap://[::2]", "anna", NULL, 1, 0, EK_TLS },
		{ "imap://[::]", "anna", NULL, 1, 0, EK_TLS },
		{ "imap://127.1", "anna", NULL, 1, 0, EK_TLS },
		{ "imap://127.0.0.1.example.org", "anna", NULL, 1, 0, EK_TLS },
		{ "imap://localhost.example.org", "anna", NULL, 1, 0, EK_TLS },
		{ "imap://xlocalhost", "anna", NULL, 1, 0, EK_TLS },
		/* Through a proxy, localhost is another machine. */
		{ "imap://localhost", "anna", "http://p", 1, 0, EK_TLS },
		{ "imap://localhost", "anna", "http://p", 1, 1, EK_NONE },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		struct account *a = account_new();
		struct err e = { 0 };
		int want = t[i].kind == EK_NONE ? 0 : -1;

		if (t[i].server != NULL)
			set(a, "server", t[i].server);
		if (t[i].user != NULL)
			set(a, "user", t[i].user);
		if (t[i].proxy != NULL)
			set(a, "proxy", t[i].proxy);
		set(a, "insecure_plaintext", t[i].plain ? "yes" : "no");
		set(a, "insecure_plaintext_remote", t[i].remote ? "yes" : "no");
		if (account_check(a, &e) != want || e.kind != t[i].kind)
			fail_msg("row %zu: %d %s", i, e.kind, e.text);
		if (want == -1)
			assert_string_not_equal(e.next, "");
		account_free(&a);
	}
}

/* Each pair of ways is one too many. */
static void
test_only_one_way_to_the_secret_at_most(void **state)
{
	static const char *const ways[][2] = {
		{ "credential", "c" }, { "password_command", "c" },
		{ "password_fd", "0" }, { "password_file", "f" },
		{ "token_command", "c" },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT(ways); i++)
		for (k = i; k < COUNT(ways); k++) {
			struct account *a = account_new();
			struct err e = { 0 };

			set(a, "server", "imaps://anna@h");
			set(a, ways[i][0], ways[i][1]);
			set(a, ways[k][0], ways[k][1]);
			assert_int_equal(account_check(a, &e),
			    i == k ? 0 : -1);
			if (i != k) {
				assert_int_equal(e.kind, EK_CONFIG);
				assert_non_null(strstr(e.text, ways[i][0]));
				assert_non_null(strstr(e.text, ways[k][0]));
			}
			account_free(&a);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_setting_goes_along_alone),
		cmocka_unit_test(
		    test_merging_lays_what_was_given_over_the_rest),
		cmocka_unit_test(
		    test_consent_to_plaintext_does_not_move_to_another_host),
		cmocka_unit_test(test_what_is_kept_comes_back_from_json),
		cmocka_unit_test(test_an_empty_json_account_is_all_defaults),
		cmocka_unit_test(test_json_of_another_shape_is_damage),
		cmocka_unit_test(test_a_difference_is_told_line_by_line),
		cmocka_unit_test(test_a_difference_of_one_is_seen),
		cmocka_unit_test(test_a_copy_is_equal_and_independent),
		cmocka_unit_test(
		    test_an_account_is_called_by_what_is_known_of_it),
		cmocka_unit_test(test_the_check_before_a_connection),
		cmocka_unit_test(test_only_one_way_to_the_secret_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
