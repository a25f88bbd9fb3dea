/*
 * Folder names: back to the wire byte for byte, never two in one, and no path leaves the place it is put in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/text.h"
#include "mail/name.h"

static char *
repeated(const char *s, size_t times)
{
	size_t n = strlen(s), i;
	char *out = xmalloc(n * times + 1);

	for (i = 0; i < times; i++)
		memcpy(out + i * n, s, n);
	out[n * times] = '\0';
	return out;
}

static void
test_name_decodes_canonical_modified_utf7(void **state)
{
	static const struct {
		const char *wire, *name;
	} t[] = {
		{ "", "" },
		{ "Sent", "Sent" },
		{ "A&-B", "A&B" },
		{ "&-", "&" },
		{ "&-&-", "&&" },
		{ "Entw&APw-rfe", "Entw\xc3\xbcrfe" },
		{ "&AOQ-", "\xc3\xa4" },
		{ "&AOQA9g-", "\xc3\xa4\xc3\xb6" },
		{ "&AOQ-a&APY-", "\xc3\xa4" "a\xc3\xb6" },
		{ "&AOQ-&-&APY-", "\xc3\xa4&\xc3\xb6" },
		{ "~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/"
		    "\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e" },
		{ "&2D3eAA-", "\xf0\x9f\x98\x80" },
		{ "&2D3eANg93gE-", "\xf0\x9f\x98\x80\xf0\x9f\x98\x81" },
		{ "&2D3eAADk-", "\xf0\x9f\x98\x80\xc3\xa4" },
		{ "&2,,f,w-", "\xf4\x8f\xbf\xbf" },
		{ "&2ADcAA-", "\xf0\x90\x80\x80" },
		{ "&AA0-x&AAo-", "\rx\n" },
		{ "&AAE-&-&ABs-", "\x01&\x1b" },
		{ "&AH8-", "\x7f" },
		{ "&,,8-", "\xef\xbf\xbf" },
		{ "&,v8-", "\xef\xbb\xbf" },
		{ "&IC4-gpj", "\xe2\x80\xae" "gpj" },
		{ "a b\"c\\d%*", "a b\"c\\d%*" },
		{ "..", ".." },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		char *name = name_from_wire(t[i].wire), *wire;

		assert_string_equal(name, t[i].name);
		assert_null(name_undecodable(name));
		assert_ptr_equal(name_shown(name), name);
		wire = name_to_wire(name);
		assert_string_equal(wire, t[i].wire);
		free(wire);
		free(name);
	}
}

static void
test_name_that_is_not_canonical_is_kept_as_it_was_sent(void **state)
{
	static const char *const t[] = {
		"&", "a&", "&AOQ", "&AOQ/", "&A", "&A-", "&AO-", "&AOQ.-",
		"&AOQ=-", "&AOQ,", "&AOR-", "&AOT-", "&AOf-",	/* pad bits */
		"&AOQA-", "&AOQAA-", "&AOQAAA-",		/* half a unit behind */
		"&AEE-", "&AGEAYg-", "&ACY-", "&ACA-", "&AH4-",	/* printable */
		"&AOQAYQ-", "&AGEA5A-",
		"&AOQ-&APY-",					/* one run in two */
		"&AAA-", "a&AAA-b", "&AOQAAA-",			/* NUL */
		"&2D0-", "&3gA-", "&3gDYPQ-", "&2D0A5A-", "&2D3YPd4A-",
		"&2D3eAN4A-", "&2D0-&3gA-",			/* surrogates */
		"\xc3\xa4", "Entw\xc3\xbcrfe", "\xe4", "\xff", "\xff\xff",
		"\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",	/* raw 8-bit */
		"a\x01", "\r\n", "a\tb", "\x7f",		/* raw control */
		"&AOQ-\xc3\xa4", "inbox\xe4", "INBOX/&", "&AEkATgBCAE8AWA-",
		"&-&", "&&-", "& -", "&AOQ -", "&AOQ&-", "&jjo!", "&U,BTFw",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		char *name = name_from_wire(t[i]), *wire;

		if (name_undecodable(name) == NULL)
			fail_msg("decoded: %s", t[i]);
		assert_int_equal((unsigned char)name[0], 0xff);
		assert_string_equal(name_undecodable(name), t[i]);
		assert_string_equal(name_shown(name), t[i]);
		wire = name_to_wire(name);
		assert_string_equal(wire, t[i]);
		free(wire);
		free(name);
	}
}

static void
test_name_every_character_survives_the_way_there_and_back(void **state)
{
	uint32_t cp;

	(void)state;
	for (cp = 1; cp <= 0x10ffff; cp += cp < 0x3000 ? 1 : 97) {
		char text[16], *wire, *back;
		size_t n = 0;

		if (cp >= 0xd800 && cp <= 0xdfff)
			continue;
		text[n++] = 'a';
		n += utf8_put(text + n, cp);
		text[n++] = '&';
		n += utf8_put(text + n, cp);
		n += utf8_put(text + n, 0xe4);
		text[n] = '\0';
		wire = name_to_wire(text);
		back = name_from_wire(wire);
		assert_string_equal(back, text);
		free(wire);
		free(back);
	}
}

/* xorshift with a fixed seed: every run tests the same. */
static uint32_t seed = 0x9e3779b9;

static uint32_t
next_random(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

static void
test_name_random_wire_names_come_back_byte_for_byte(void **state)
{
	static const char alphabet[] = "&&&--AAAOQd83g,+/=.~ \x01\x7f\xc3\xa4\xff";
	int round, decoded = 0;

	(void)state;
	for (round = 0; round < 50000; round++) {
		char wire[16], *name, *back;
		size_t n = next_random(sizeof(wire) - 1), i;

		for (i = 0; i < n; i++)
			wire[i] = alphabet[next_random(sizeof(alphabet) - 1)];
		wire[n] = '\0';
		name = name_from_wire(wire);
		back = name_to_wire(name);
		assert_string_equal(back, wire);
		if (name_undecodable(name) == NULL) {
			assert_true(utf8_valid(name, strlen(name)));
			decoded++;
		}
		free(name);
		free(back);
	}
	assert_in_range(decoded, 5000, 45000);
}

static void
test_name_inbox_itself_is_in_capitals(void **state)
{
	static const struct { const char *wire, *name; } t[] = {
		{ "inbox", "INBOX" },
		{ "InBox", "INBOX" },
		{ "INBOX", "INBOX" },
		/* Below it there may be two that differ in case alone. */
		{ "Inbox/Sub", "Inbox/Sub" },
		{ "inbox.sub.inbox", "inbox.sub.inbox" },
		{ "INBOX/Sub", "INBOX/Sub" },
		{ "inbox/", "inbox/" },
		{ "inboxes", "inboxes" },
		{ "inbo", "inbo" },
		{ "a/inbox", "a/inbox" },
		{ "inbox&AOQ-", "inbox\xc3\xa4" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		char *name = name_from_wire(t[i].wire);

		assert_string_equal(name, t[i].name);
		free(name);
	}
}

static void
test_name_is_decoded_up_to_its_limit(void **state)
{
	int more;

	(void)state;
	for (more = -1; more <= 1; more++) {
		size_t n = (size_t)(NAME_MAX_WIRE + more);
		char *wire = repeated("x", n), *name, *back;

		memcpy(wire, "&AOQ-", 5);
		name = name_from_wire(wire);
		assert_int_equal(name_undecodable(name) != NULL, more > 0);
		back = name_to_wire(name);
		assert_string_equal(back, wire);
		free(wire);
		free(name);
		free(back);
	}
	{
		/* What grows most in either direction. */
		char *text = repeated("\x01 ", 4096);
		char *wire = name_to_wire(text);
		char *name = name_from_wire("&AAEAAQABAAEAAQAB-");

		assert_int_equal(strlen(wire), 6 * 4096);
		assert_string_equal(name, "\x01\x01\x01\x01\x01\x01");
		free(text);
		free(wire);
		free(name);
		text = repeated("\xe6\x97\xa5", 3000);
		wire = name_to_wire(text);
		assert_int_equal(strlen(wire), 8002);
		name = name_from_wire(wire);
		assert_string_equal(name, text);
		free(text);
		free(wire);
		free(name);
	}
}

static void
test_name_to_wire_leaves_alone_what_is_not_utf8(void **state)
{
	char *wire = name_to_wire("a\xe4\xc3\xa4\x80");

	(void)state;
	assert_string_equal(wire, "a\xe4&AOQ-\x80");
	free(wire);
}

static void
test_name_match_knows_list_globs(void **state)
{
	static const struct {
		const char *pattern, *name;
		char delimiter;
		bool want;
	} t[] = {
		{ "", "", '/', true },
		{ "", "a", '/', false },
		{ "a", "", '/', false },
		{ "*", "", '/', true },
		{ "*", "a/b/c", '/', true },
		{ "%", "", '/', true },
		{ "%", "abc", '/', true },
		{ "%", "a/b", '/', false },
		{ "%", "a/b", '.', true },
		{ "%", "a/b", '\0', true },
		{ "%/%", "a/b", '/', true },
		{ "%/%", "a/b/c", '/', false },
		{ "*/c", "a/b/c", '/', true },
		{ "a/%/c", "a/b/c", '/', true },
		{ "a/%c", "a/b/c", '/', false },
		{ "a*c", "abcbc", '/', true },
		{ "a*c", "abcbd", '/', false },
		{ "a%c", "abcbc", '/', true },
		{ "*a%b", "xa/ab", '/', true },
		{ "*a%b", "a/b", '/', false },
		{ "%a*b", "xa/yb", '/', true },
		{ "%a*b", "x/ayb", '/', false },
		{ "**", "a", '/', true },
		{ "%%", "a", '/', true },
		{ "*%", "a/b", '/', true },
		{ "%*", "a/b", '/', true },
		{ "*%*x", "a/b/x", '/', true },
		{ "%a%a%", "banana", '/', true },
		{ "%x%a%", "banana", '/', false },
		{ "Work", "work", '/', false },
		{ "Work", "Work", '/', true },
		{ "Wor", "Work", '/', false },
		{ "Works", "Work", '/', false },
		{ "inbox", "INBOX", '/', true },
		{ "InBox/*", "INBOX/Sub", '/', true },
		{ "inbox/sub", "INBOX/Sub", '/', false },
		{ "in%", "INBOX", '/', true },
		{ "*box", "INBOX", '/', true },
		{ "INBOX", "inbox", '/', true },
		{ "inbox.a", "INBOX.a", '.', true },
		{ "inbox.a", "INBOX.a", '/', false },
		{ "inboxes", "INBOXES", '/', false },
		{ "a/inbox", "a/INBOX", '/', false },
		{ "\xc3\xa4", "\xff\xc3\xa4", '/', true },
		{ "&bad", "\xff&bad", '/', true },
		{ "*", "\xff\xe4", '/', true },
		{ "a\\b", "a\\b", '\\', true },
		{ "%", "a\\b", '\\', false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (name_match(t[i].pattern, t[i].name, t[i].delimiter) !=
		    t[i].want)
			fail_msg("'%s' and '%s'", t[i].pattern, t[i].name);
}

/* The definition itself, slow. */
static bool
match_slowly(const char *p, const char *s, char delimiter)
{
	if (*p == '\0')
		return *s == '\0';
	if (*p != '*' && *p != '%')
		return *p == *s && match_slowly(p + 1, s + 1, delimiter);
	if (match_slowly(p + 1, s, delimiter))
		return true;
	return *s != '\0' && (*p == '*' || *s != delimiter) &&
	    match_slowly(p, s + 1, delimiter);
}

static void
test_name_match_is_what_its_definition_is(void **state)
{
	int round, matched = 0;

	(void)state;
	for (round = 0; round < 100000; round++) {
		char pattern[8], name[10];
		size_t i, n = next_random(sizeof(pattern));
		bool want;

		for (i = 0; i < n; i++)
			pattern[i] = "ab/**%%"[next_random(7)];
		pattern[n] = '\0';
		n = next_random(sizeof(name));
		for (i = 0; i < n; i++)
			name[i] = "ab/"[next_random(3)];
		name[n] = '\0';
		want = match_slowly(pattern, name, '/');
		matched += want;
		if (name_match(pattern, name, '/') != want)
			fail_msg("'%s' and '%s'", pattern, name);
	}
	assert_in_range(matched, 10000, 90000);
}

static char *
path_of(const char *name, char delimiter)
{
	struct buf b = BUF_INIT(NAME_MAX_PATH);

	assert_int_equal(name_path(name, delimiter, &b), 0);
	return buf_take(&b);
}

static void
test_name_path_is_what_the_manual_says(void **state)
{
	static const struct {
		const char *name;
		char delimiter;
		const char *path;
	} t[] = {
		{ "INBOX", '/', "INBOX" },
		{ "INBOX.Sub.a", '.', "INBOX/Sub/a" },
		{ "a/b", '.', "a%2Fb" },
		{ "a/b", '\0', "a%2Fb" },
		{ "a.b", '/', "a.b" },
		{ "Az09._+@[](),=& -x", '/', "Az09._+@[](),=& -x" },
		{ "!\"#$%'*:;<>?\\^`{|}~", '/', "%21%22%23%24%25%27%2A%3A%3B"
		    "%3C%3E%3F%5C%5E%60%7B%7C%7D%7E" },
		{ "100%", '/', "100%25" },
		{ "%41", '/', "%2541" },
		{ "", '/', "%" },
		{ "/", '/', "%/%" },
		{ "/a", '/', "%/a" },
		{ "a//b/", '/', "a/%/b/%" },
		{ ".", '/', "%2E" },
		{ "..", '/', "%2E%2E" },
		{ "...", '/', "%2E.%2E" },
		{ "../../etc/passwd", '/', "%2E%2E/%2E%2E/etc/passwd" },
		{ "../x", '.', "%/%/%2Fx" },
		{ ".hidden", '/', "%2Ehidden" },
		{ "a.", '/', "a%2E" },
		{ "a ", '/', "a%20" },
		{ " a", '/', "%20a" },
		{ " ", '/', "%20" },
		{ "  ", '/', "%20%20" },
		{ "a .", '/', "a %2E" },
		{ "-", '/', "%2D" },
		{ "-rf/-x-", '/', "%2Drf/%2Dx-" },
		{ "x.eml", '/', "x%2Eeml" },
		{ "x.EmL/y.eml.d", '/', "x%2EEmL/y.eml.d" },
		{ ".eml", '/', "%2Eeml" },
		{ "eml", '/', "eml" },
		{ "x.eml ", '/', "x.eml%20" },
		{ "a\nb\r\t\x1b[31m\x7f", '/', "a%0Ab%0D%09%1B[31m%7F" },
		{ "\xc3\xa4/\xe6\x97\xa5", '/', "\xc3\xa4/\xe6\x97\xa5" },
		{ "\xc2\x80\xc2\x9f\xc2\xa0", '/', "%C2%80%C2%9F\xc2\xa0" },
		{ "\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xae\xe2\x80\xaf", '/',
		    "\xe2\x80\xa7%E2%80%A8%E2%80%AE\xe2\x80\xaf" },
		{ "\xe2\x81\xa5\xe2\x81\xa6\xe2\x81\xa9\xe2\x81\xaa", '/',
		    "\xe2\x81\xa5%E2%81%A6%E2%81%A9\xe2\x81\xaa" },
		{ "\xef\xbb\xbe\xef\xbb\xbf\xef\xbc\x80", '/',
		    "\xef\xbb\xbe%EF%BB%BF\xef\xbc\x80" },
		{ "\xf0\x9f\x98\x80", '/', "\xf0\x9f\x98\x80" },
		{ "\xff&bad/x", '/', "%FF&bad/x" },
		{ "\xff\xc3\xa4\xe4", '/', "%FF\xc3\xa4%E4" },
		{ "\xff", '/', "%FF" },
		{ "\xff.", '.', "%FF/%" },
		{ "\xff\xff", '/', "%FF%FF" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		char *path = path_of(t[i].name, t[i].delimiter);

		assert_string_equal(path, t[i].path);
		free(path);
	}
}

/* "%~" and the digits for a text. */
static char *
mark_of(const char *text)
{
	struct digest d;
	char hex[DIGEST_HEX];

	digest_of(text, strlen(text), &d);
	return xasprintf("%%~%.16s", digest_hex(&d, hex));
}

static void
test_name_path_cuts_a_component_over_its_limit(void **state)
{
	int more;

	(void)state;
	for (more = -1; more <= 1; more++) {
		char *comp = repeated("x", (size_t)(200 + more));
		char *name = xasprintf("a/%s/b", comp);
		char *mark = mark_of(comp);
		char *want = more <= 0 ? xasprintf("a/%s/b", comp) :
		    xasprintf("a/%.182s%s/b", comp, mark);
		char *path = path_of(name, '/');

		assert_string_equal(path, want);
		free(comp);
		free(name);
		free(mark);
		free(want);
		free(path);
	}
}

static void
test_name_path_cuts_between_characters(void **state)
{
	/* 182 is in the middle of the one, and of the %XX and the character of the others. */
	static const char *const units[] = { "\xe6\x97\xa5", "*",
	    "\xe2\x80\xae", "\xf0\x9f\x98\x80" };
	static const size_t safe[] = { 3, 3, 9, 4 };
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		char *name = repeated(units[i], 100);
		char *path = path_of(name, '\0');
		char *mark = mark_of(name);
		size_t kept = 182 / safe[i] * safe[i];

		assert_int_equal(strlen(path), kept + 18);
		assert_string_equal(path + kept, mark);
		assert_true(utf8_valid(path, strlen(path)));
		free(name);
		free(path);
		free(mark);
	}
	{
		/* A cut component ends neither in a dot nor in .eml. */
		char *name = repeated(".eml", 60);
		char *path = path_of(name, '/');

		assert_int_equal(strlen(path), 200);
		assert_memory_equal(path, "%2Eeml.eml", 10);
		free(name);
		free(path);
	}
}

static void
test_name_path_joins_more_than_32_components(void **state)
{
	char *name32 = repeated("a/", 31), *name33 = repeated("a.", 32);
	char *full32 = xasprintf("%sb", name32);
	char *full33 = xasprintf("%sb", name33);
	char *joined = repeated("a%2F", 32), *mark = mark_of(full33);
	char *want = xasprintf("%sb%s", joined, mark);
	char *path32 = path_of(full32, '/'), *path33 = path_of(full33, '.');

	(void)state;
	assert_string_equal(path32, full32);
	assert_string_equal(path33, want);
	free(name32);
	free(name33);
	free(full32);
	free(full33);
	free(joined);
	free(mark);
	free(want);
	free(path32);
	free(path33);
}

static void
test_name_path_joins_what_is_over_the_limit_of_all(void **state)
{
	int more;

	(void)state;
	/* Nine components of 200 with their slashes are 1809; the last makes it 2000 and about. */
	for (more = -1; more <= 1; more++) {
		char *comp = repeated("y", 200);
		char *last = repeated("z", (size_t)(191 + more));
		char *name = xasprintf("%s/%s/%s/%s/%s/%s/%s/%s/%s/%s", comp,
		    comp, comp, comp, comp, comp, comp, comp, comp, last);
		char *mark = mark_of(name);
		char *joined = xasprintf("%.182s%s", comp, mark);
		char *path = path_of(name, '/');

		assert_string_equal(path, more <= 0 ? name : joined);
		free(comp);
		free(last);
		free(name);
		free(mark);
		free(joined);
		free(path);
	}
}

static void
test_name_path_appends_and_without_room_does_not(void **state)
{
	struct buf b = BUF_INIT(10);

	(void)state;
	buf_adds(&b, "x/");
	assert_int_equal(name_path("123456789", '/', &b), -1);
	assert_string_equal(b.p, "x/");
	assert_int_equal(name_path("12345678", '/', &b), 0);
	assert_string_equal(b.p, "x/12345678");
	buf_release(&b);
}

static void
assert_safe_path(const char *path, const char *name)
{
	const char *p = path, *end;
	size_t n;

	if (*path == '/' || !utf8_valid(path, strlen(path)) ||
	    strlen(path) > NAME_MAX_PATH)
		fail_msg("path %s of %s", path, name);
	for (;; p = end + 1) {
		end = strchr(p, '/');
		n = end == NULL ? strlen(p) : (size_t)(end - p);
		if (n == 0 || n > 200 || *p == '.' || *p == '-' || *p == ' ' ||
		    p[n - 1] == '.' || p[n - 1] == ' ' ||
		    (n >= 4 && memcmp(p + n - 4, ".eml", 4) == 0))
			fail_msg("path %s of %s", path, name);
		if (end == NULL)
			break;
	}
}

/* Undo what can be undone, so that nothing of the name can have been lost. */
static void
assert_reversible(const char *path, const char *name, char delimiter)
{
	struct buf b = BUF_INIT(NAME_MAX_PATH);
	const char *p;

	if (strstr(path, "%~") != NULL)
		return;
	for (p = path; *p != '\0'; p++) {
		unsigned int c;

		if (*p == '/')
			buf_addc(&b, delimiter);
		else if (*p != '%')
			buf_addc(&b, *p);
		else if (p[1] != '/' && p[1] != '\0') {
			assert_int_equal(sscanf(p + 1, "%2X", &c), 1);
			buf_addc(&b, (char)c);
			p += 2;
		}
	}
	assert_string_equal(buf_text(&b), name);
	buf_release(&b);
}

struct pair {
	char	*path, *name;
};

static int
by_path(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int r = strcmp(x->path, y->path);

	return r != 0 ? r : strcmp(x->name, y->name);
}

static char *
random_name(char delimiter)
{
	static const char *const atoms[] = { "a", "b", ".", "..", "-", "~",
	    "%", "%2F", "%~", "%FF", "%2E", "/", ".eml", ".EML", " ", "\x01",
	    "\n", "\xc3\xa4", "\xe2\x80\xae", "\xff", "\xc3", "&", "&AOQ-",
	    "A", "0123456789abcdef", "INBOX",
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	    "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5" };
	const uint32_t count = sizeof(atoms) / sizeof(atoms[0]);
	struct buf b = BUF_INIT(10000);
	uint32_t n = next_random(8), many = next_random(20);

	if (many == 0)
		n += 60;
	while (n-- > 0) {
		if (next_random(3) == 0)
			buf_addc(&b, delimiter);
		else
			buf_adds(&b, atoms[next_random(count)]);
	}
	return buf_take(&b);
}

static void
test_name_path_is_safe_and_no_two_names_share_one(void **state)
{
	enum { NAMES = 20000 };
	static const char delimiters[] = "/.";
	struct pair *pairs = xcalloc(NAMES, sizeof(*pairs));
	size_t i, d;

	(void)state;
	for (d = 0; d < 2; d++) {
		for (i = 0; i < NAMES; i++) {
			pairs[i].name = random_name(delimiters[d]);
			pairs[i].path = path_of(pairs[i].name, delimiters[d]);
			assert_safe_path(pairs[i].path, pairs[i].name);
			assert_reversible(pairs[i].path, pairs[i].name,
			    delimiters[d]);
		}
		qsort(pairs, NAMES, sizeof(*pairs), by_path);
		for (i = 1; i < NAMES; i++)
			if (strcmp(pairs[i].path, pairs[i - 1].path) == 0)
				assert_string_equal(pairs[i].name,
				    pairs[i - 1].name);
		for (i = 0; i < NAMES; i++) {
			free(pairs[i].path);
			free(pairs[i].name);
		}
	}
	free(pairs);
}

static void
test_name_path_of_names_made_to_look_like_others(void **state)
{
	/* Each line: two names that must not meet. */
	char *many = repeated("a/", 33), *long_one = repeated("x", 300);
	char *cut = path_of(long_one, '.'), *joined = path_of(many, '/');
	const char *const t[][2] = {
		{ "", "%" }, { "a%2Fb", "a/b" }, { "\xff" "a", "%FFa" },
		{ "\xff" "a", "a" }, { "%2E", "." }, { ".eml", "%2Eeml" },
		{ long_one, cut }, { many, joined }, { "%/%", "/" },
		{ "\xff\xc3\xa4", "\xc3\xa4" },
	};
	size_t i, d;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		for (d = 0; d < 3; d++) {
			char *one = path_of(t[i][0], "/.\0"[d]);
			char *two = path_of(t[i][1], "/.\0"[d]);

			assert_string_not_equal(one, two);
			assert_safe_path(one, t[i][0]);
			assert_safe_path(two, t[i][1]);
			free(one);
			free(two);
		}
	{
		/* One component of 33 letters between slashes, and 33 components. */
		char *dots = repeated("a.", 33), *slashes = repeated("a/", 33);
		char *one = path_of(dots, '.'), *two = path_of(slashes, '.');

		assert_string_not_equal(one, two);
		free(dots);
		free(slashes);
		free(one);
		free(two);
	}
	free(many);
	free(long_one);
	free(cut);
	free(joined);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name_decodes_canonical_modified_utf7),
		cmocka_unit_test(
		    test_name_that_is_not_canonical_is_kept_as_it_was_sent),
		cmocka_unit_test(
		    test_name_every_character_survives_the_way_there_and_back),
		cmocka_unit_test(
		    test_name_random_wire_names_come_back_byte_for_byte),
		cmocka_unit_test(test_name_inbox_itself_is_in_capitals),
		cmocka_unit_test(test_name_is_decoded_up_to_its_limit),
		cmocka_unit_test(
		    test_name_to_wire_leaves_alone_what_is_not_utf8),
		cmocka_unit_test(test_name_match_knows_list_globs),
		cmocka_unit_test(test_name_match_is_what_its_definition_is),
		cmocka_unit_test(test_name_path_is_what_the_manual_says),
		cmocka_unit_test(
		    test_name_path_cuts_a_component_over_its_limit),
		cmocka_unit_test(test_name_path_cuts_between_characters),
		cmocka_unit_test(
		    test_name_path_joins_more_than_32_components),
		cmocka_unit_test(
		    test_name_path_joins_what_is_over_the_limit_of_all),
		cmocka_unit_test(
		    test_name_path_appends_and_without_room_does_not),
		cmocka_unit_test(
		    test_name_path_is_safe_and_no_two_names_share_one),
		cmocka_unit_test(
		    test_name_path_of_names_made_to_look_like_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
