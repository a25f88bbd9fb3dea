/*
 * config_url_test.c - servers and proxies as people write them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/config.h"

#define COUNT(t)	(sizeof(t) / sizeof((t)[0]))

static void
test_a_server_is_read_and_written_back(void **state)
{
	static const struct {
		const char *in, *host;
		unsigned int port;
		enum account_tls tls;
		const char *user, *text;
	} t[] = {
		{ "imaps://imap.example.org", "imap.example.org", 993,
		    ACCOUNT_IMPLICIT, NULL, "imaps://imap.example.org" },
		{ "imaps://anna@imap.example.org", "imap.example.org", 993,
		    ACCOUNT_IMPLICIT, "anna", "imaps://anna@imap.example.org" },
		{ "imap://anna@imap.example.org", "imap.example.org", 143,
		    ACCOUNT_STARTTLS, "anna", "imap://anna@imap.example.org" },
		{ "IMAPS://Anna@IMAP.Example.ORG/", "imap.example.org", 993,
		    ACCOUNT_IMPLICIT, "Anna", "imaps://Anna@imap.example.org" },
		{ "imaps://h:993", "h", 993, ACCOUNT_IMPLICIT, NULL,
		    "imaps://h" },
		{ "imaps://h:143", "h", 143, ACCOUNT_IMPLICIT, NULL,
		    "imaps://h:143" },
		{ "imap://h:1", "h", 1, ACCOUNT_STARTTLS, NULL, "imap://h:1" },
		{ "imap://h:65535", "h", 65535, ACCOUNT_STARTTLS, NULL,
		    "imap://h:65535" },
		/* The last @ counts; each other one is part of the user. */
		{ "imaps://anna@example.org@h", "h", 993, ACCOUNT_IMPLICIT,
		    "anna@example.org", "imaps://anna%40example.org@h" },
		{ "imaps://anna%40example.org@h", "h", 993, ACCOUNT_IMPLICIT,
		    "anna@example.org", "imaps://anna%40example.org@h" },
		{ "imaps://a@b@c@h:7", "h", 7, ACCOUNT_IMPLICIT, "a@b@c",
		    "imaps://a%40b%40c@h:7" },
		{ "imaps://a%25b%3ac%2Fd%3Be@h", "h", 993, ACCOUNT_IMPLICIT,
		    "a%b:c/d;e", "imaps://a%25b%3Ac%2Fd%3Be@h" },
		{ "imaps://j%C3%B6rg@h", "h", 993, ACCOUNT_IMPLICIT,
		    "j\xc3\xb6rg", "imaps://j%C3%B6rg@h" },
		{ "imaps://anna+x_y~z@h", "h", 993, ACCOUNT_IMPLICIT,
		    "anna+x_y~z", "imaps://anna%2Bx_y~z@h" },
		{ "imaps://[::1]", "::1", 993, ACCOUNT_IMPLICIT, NULL,
		    "imaps://[::1]" },
		{ "imaps://anna@[2001:DB8::7]:1993", "2001:db8::7", 1993,
		    ACCOUNT_IMPLICIT, "anna",
		    "imaps://anna@[2001:db8::7]:1993" },
		{ "imaps://[fe80::1%eth0]", "fe80::1%eth0", 993,
		    ACCOUNT_IMPLICIT, NULL, "imaps://[fe80::1%eth0]" },
		{ "imaps://192.0.2.7", "192.0.2.7", 993, ACCOUNT_IMPLICIT,
		    NULL, "imaps://192.0.2.7" },
		{ "imaps://m\xc3\xbcller.example", "m\xc3\xbcller.example",
		    993, ACCOUNT_IMPLICIT, NULL,
		    "imaps://m\xc3\xbcller.example" },
		{ "imaps://my_nas.lan.", "my_nas.lan.", 993,
		    ACCOUNT_IMPLICIT, NULL, "imaps://my_nas.lan." },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		struct account *a = account_new();
		struct err e = { 0 };
		char *text;

		if (account_url(a, t[i].in, &e) == -1)
			fail_msg("%s: %s", t[i].in, e.text);
		assert_string_equal(a->host, t[i].host);
		assert_int_equal(a->port, t[i].port);
		assert_int_equal(a->tls, t[i].tls);
		if (t[i].user == NULL)
			assert_null(a->user);
		else
			assert_string_equal(a->user, t[i].user);
		text = account_url_text(a);
		assert_string_equal(text, t[i].text);
		free(text);
		account_free(&a);
	}
}

static const struct {
	const char *in, *why;
} bad_servers[] = {
	{ "", "imaps://[user@]host[:port]" },
	{ "imap.example.org", "imaps://[user@]host[:port]" },
	{ "anna@imap.example.org", "imaps://[user@]host[:port]" },
	{ "http://h", "imaps://[user@]host[:port]" },
	{ "pop3s://h", "imaps://[user@]host[:port]" },
	{ "imaps:/h", "imaps://[user@]host[:port]" },
	{ " imaps://h", "imaps://[user@]host[:port]" },
	{ "imaps://", "not the name of a host" },
	{ "imaps:///", "not the name of a host" },
	{ "imaps://anna@", "not the name of a host" },
	{ "imaps://@h", "nothing stands before the @" },
	{ "imaps://anna:hunter2@h", "a password has no place" },
	{ "imaps://anna:@h", "a password has no place" },
	{ "imaps://a@b:hunter2@h", "a password has no place" },
	{ "imaps://anna;AUTH=PLAIN@h", "%3B" },
	{ "imaps://anna:hunter2", "the port is a number" },
	{ "imaps://anna:7/hunter2@h", "nothing may stand behind" },
	{ "imaps://a%zz@h", "%25" },
	{ "imaps://a%4@h", "%25" },
	{ "imaps://a%@h", "%25" },
	{ "imaps://a%00b@h", "NUL" },
	{ "imaps://a%0d%0aDELETE@h", "control character" },
	{ "imaps://a%7f@h", "control character" },
	{ "imaps://a\nb@h", "control character" },
	{ "imaps://a%ff@h", "not UTF-8" },
	{ "imaps://h:", "the port is a number" },
	{ "imaps://h:0", "the port is a number" },
	{ "imaps://h:65536", "the port is a number" },
	{ "imaps://h:18446744073709551617", "the port is a number" },
	{ "imaps://h:9 93", "the port is a number" },
	{ "imaps://h:+1", "the port is a number" },
	{ "imaps://h:-1", "the port is a number" },
	{ "imaps://h:1:2", "the port is a number" },
	{ "imaps://2001:db8::7", "the port is a number" },
	{ "imaps://h/INBOX", "nothing may stand behind" },
	{ "imaps://h//", "nothing may stand behind" },
	{ "imaps://h?x", "nothing may stand behind" },
	{ "imaps://h#x", "nothing may stand behind" },
	{ "imaps://h h", "not the name of a host" },
	{ "imaps://h\t", "not the name of a host" },
	{ "imaps://h\r\n", "not the name of a host" },
	{ "imaps://h\\x", "not the name of a host" },
	{ "imaps://h%41", "not the name of a host" },
	{ "imaps://-h", "not the name of a host" },
	{ "imaps://.h", "not the name of a host" },
	{ "imaps://h..i", "not the name of a host" },
	{ "imaps://h\xff", "not the name of a host" },
	{ "imaps://h\xe2\x80\xae", "not the name of a host" },
	{ "imaps://[::1", "ends with ]" },
	{ "imaps://[::1]x", "the port is a number" },
	{ "imaps://[::1]:", "the port is a number" },
	{ "imaps://[]", "not the name of a host" },
	{ "imaps://[h]", "not the name of a host" },
	{ "imaps://[::1%]", "not the name of a host" },
	{ "imaps://[::1%a b]", "not the name of a host" },
	{ "imaps://::1]", "the port is a number" },
};

static void
test_a_bad_server_is_refused_and_never_repeated(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad_servers); i++) {
		struct account *a = account_new();
		struct err e = { 0 };

		if (account_url(a, bad_servers[i].in, &e) != -1)
			fail_msg("'%s' was taken", bad_servers[i].in);
		assert_int_equal(e.kind, EK_USAGE);
		if (strstr(e.text, bad_servers[i].why) == NULL)
			fail_msg("'%s': %s", bad_servers[i].in, e.text);
		assert_null(strstr(e.text, "hunter2"));
		assert_null(strstr(e.next, "hunter2"));
		if (strcmp(bad_servers[i].in, "imaps://2001:db8::7") == 0)
			assert_string_equal(e.next,
			    "write an IPv6 address in []");
		assert_null(a->host);
		assert_null(a->user);
		account_free(&a);
	}
}

/* Cut anywhere, a URL is another URL or an error: never half of each. */
static void
test_each_beginning_of_a_server_is_whole_or_refused(void **state)
{
	static const char url[] =
	    "imaps://j%C3%B6rg@example.org@[2001:db8::7]:1993/";
	size_t n, taken = 0;

	(void)state;
	for (n = 0; n < sizeof(url); n++) {
		struct account *a = account_new();
		struct err e = { 0 };
		char *cut = xmemdup0(url, n);

		if (account_url(a, cut, &e) == 0) {
			assert_non_null(a->host);
			assert_in_range(a->port, 1, 65535);
			taken++;
		} else {
			assert_int_equal(e.kind, EK_USAGE);
			assert_null(a->host);
			assert_null(a->user);
		}
		free(cut);
		account_free(&a);
	}
	/*
	 * The hosts "j" and "e" to "example.org"; then the address, each of its
	 * port's digits, and the slash.
	 */
	assert_int_equal(taken, 1 + 11 + 1 + 4 + 1);
}

static char *
url_with(const char *head, char c, size_t n, const char *tail)
{
	char *middle = xmalloc(n + 1), *url;

	memset(middle, c, n);
	middle[n] = '\0';
	url = xasprintf("%s%s%s", head, middle, tail);
	free(middle);
	return url;
}

static void
test_hosts_and_users_have_limits(void **state)
{
	static const struct {
		const char *head;
		size_t n;
		const char *tail;
		int rc;
	} t[] = {
		{ "imaps://", 252, "", 0 },
		{ "imaps://", 253, "", 0 },
		{ "imaps://", 254, "", -1 },
		{ "imaps://", 100000, "", -1 },
		{ "imaps://[::1%", 248, "]", 0 },
		{ "imaps://[::1%", 249, "]", 0 },
		{ "imaps://[::1%", 250, "]", -1 },
		{ "imaps://", 1023, "@h", 0 },
		{ "imaps://", 1024, "@h", 0 },
		{ "imaps://", 1025, "@h", -1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		struct account *a = account_new();
		struct err e = { 0 };
		char *url = url_with(t[i].head, 'a', t[i].n, t[i].tail);

		assert_int_equal(account_url(a, url, &e), t[i].rc);
		free(url);
		account_free(&a);
	}
}

/* The longest URL that can be made is written whole and read back. */
static void
test_the_longest_server_survives_the_round_trip(void **state)
{
	struct account *a = account_new(), *b = account_new();
	struct err e = { 0 };
	char *user = url_with("", '%', 1024, ""), *host, *url;

	(void)state;
	host = url_with("imaps://", 'h', 253, ":1");
	assert_int_equal(account_url(a, host, &e), 0);
	assert_int_equal(setting_apply(a, "user", user, NULL, &e), 0);
	url = account_url_text(a);
	assert_int_equal(strlen(url), 8 + 3 * 1024 + 1 + 253 + 2);
	assert_int_equal(account_url(b, url, &e), 0);
	assert_string_equal(b->user, user);
	assert_string_equal(b->host, a->host);
	free(url);
	free(host);
	free(user);
	account_free(&a);
	account_free(&b);
}

static void
test_a_second_server_replaces_the_first_and_keeps_the_user(void **state)
{
	struct account *a = account_new();
	struct err e = { 0 };

	(void)state;
	assert_int_equal(account_url(a, "imap://anna@h:7", &e), 0);
	assert_int_equal(account_url(a, "imaps://i", &e), 0);
	assert_string_equal(a->host, "i");
	assert_int_equal(a->port, 993);
	assert_int_equal(a->tls, ACCOUNT_IMPLICIT);
	assert_string_equal(a->user, "anna");
	account_free(&a);
}

static void
test_an_account_without_a_host_has_no_url(void **state)
{
	struct account *a = account_new();
	char *url = account_url_text(a);

	(void)state;
	assert_string_equal(url, "");
	free(url);
	account_free(&a);
}

static void
test_proxies_are_of_two_kinds_and_have_no_password(void **state)
{
	static const struct {
		const char *in;
		int rc;
	} t[] = {
		{ "socks5h://127.0.0.1:9050", 0 },
		{ "SOCKS5H://proxy.lan", 0 },
		{ "http://proxy.lan:3128/", 0 },
		{ "http://[::1]:3128", 0 },
		/* Names would be looked up here. */
		{ "socks5://proxy.lan:1080", -1 },
		{ "socks4a://proxy.lan:1080", -1 },
		{ "https://proxy.lan", -1 },
		{ "proxy.lan:3128", -1 },
		{ "http://", -1 },
		{ "http:///", -1 },
		{ "http://proxy.lan:0", -1 },
		{ "http://proxy.lan:x", -1 },
		{ "http://proxy.lan/x", -1 },
		{ "http://anna:hunter2@proxy.lan", -1 },
		{ "http://anna@proxy.lan", -1 },
		{ "http://proxy lan", -1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		struct account *a = account_new();
		struct err e = { 0 };

		if (setting_apply(a, "proxy", t[i].in, NULL, &e) != t[i].rc)
			fail_msg("%s: %s", t[i].in, e.text);
		if (t[i].rc == 0)
			assert_string_equal(a->proxy, t[i].in);
		else
			assert_null(a->proxy);
		assert_null(strstr(e.text, "hunter2"));
		if (strchr(t[i].in, '@') != NULL)
			assert_non_null(strstr(e.text, "user or a password"));
		account_free(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_server_is_read_and_written_back),
		cmocka_unit_test(
		    test_a_bad_server_is_refused_and_never_repeated),
		cmocka_unit_test(
		    test_each_beginning_of_a_server_is_whole_or_refused),
		cmocka_unit_test(test_hosts_and_users_have_limits),
		cmocka_unit_test(
		    test_the_longest_server_survives_the_round_trip),
		cmocka_unit_test(
		    test_a_second_server_replaces_the_first_and_keeps_the_user),
		cmocka_unit_test(test_an_account_without_a_host_has_no_url),
		cmocka_unit_test(
		    test_proxies_are_of_two_kinds_and_have_no_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
