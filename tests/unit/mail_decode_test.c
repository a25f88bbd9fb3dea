/*
 * Header text and messages for people: readable where it can be, harmless and valid UTF-8 in any case.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "mail/decode.h"
#include "mail/parts.h"

static const struct {
	const char *raw, *text;
} texts[] = {
	{ "", "" },
	{ "   ", "" },
	{ "Hello", "Hello" },
	{ "  Hello \t World  ", "Hello World" },
	{ "a\r\n b\n\tc", "a b c" },
	{ "=?utf-8?q?J=C3=B6rg?=", "J\xc3\xb6rg" },
	{ "=?UTF-8?B?SsO2cmc=?=", "J\xc3\xb6rg" },
	{ "=?utf-8?q?a?= =?utf-8?q?b?=", "ab" },
	{ "=?utf-8?q?a?=\r\n =?utf-8?q?b?=", "ab" },
	{ "=?utf-8?q?a_?= =?utf-8?q?b?= c", "a b c" },
	{ "x =?utf-8?q?a?= y", "x a y" },
	{ "=?utf-8?q?=C3?= =?utf-8?q?=B6?=", "\xc3\xb6" },
	{ "=?iso-8859-1?q?=E9?=", "\xc3\xa9" },
	{ "=?ISO-8859-1?Q?=93hi=94?=", "\xe2\x80\x9chi\xe2\x80\x9d" },
	{ "=?iso-8859-1*de?q?=E9?=", "\xc3\xa9" },
	{ "=?iso-8859-15?q?=A4?=", "\xe2\x82\xac" },
	{ "=?gb2312?b?xOO6ww==?=", "\xe4\xbd\xa0\xe5\xa5\xbd" },
	{ "=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "\xe6\x97\xa5\xe6\x9c\xac" },
	/* Labels that are wrong or none. */
	{ "=?us-ascii?q?=C3=B6?=", "\xc3\xb6" },
	{ "=?us-ascii?q?=F6?=", "\xc3\xb6" },
	{ "=?x-unknown?q?=E9t=E9?=", "\xc3\xa9t\xc3\xa9" },
	{ "=?unknown-8bit?q?=E9t=E9?=", "\xc3\xa9t\xc3\xa9" },
	{ "=?no-such-charset?q?=E9t=E9?=", "\xc3\xa9t\xc3\xa9" },
	{ "=??q?=E9t=E9?=", "\xc3\xa9t\xc3\xa9" },
	/* Raw bytes. */
	{ "caf\xc3\xa9", "caf\xc3\xa9" },
	{ "caf\xe9", "caf\xc3\xa9" },
	{ "\x93quoted\x94 \x80", "\xe2\x80\x9cquoted\xe2\x80\x9d \xe2\x82\xac" },
	{ "caf\xc3\xa9 caf\xe9", "caf\xc3\xa9 caf\xc3\xa9" },
	{ "\x81", "\xef\xbf\xbd" },
	{ "\xed\xa0\x80", "\xc3\xad\xc2\xa0\xe2\x82\xac" },
	{ "\xe9 =?utf-8?q?=C3=B6?=", "\xc3\xa9 \xc3\xb6" },
	/* Control characters, plain and hidden. */
	{ "a\x1b[31mb", "a\xef\xbf\xbd[31mb" },
	{ "=?utf-8?q?a=1B]0;x=07b?=", "a\xef\xbf\xbd]0;x\xef\xbf\xbd" "b" },
	{ "=?utf-8?q?a=0D=0Ab?=", "a b" },
	{ "=?utf-8?q?a=C2=9Bb=7F?=", "a\xef\xbf\xbd" "b\xef\xbf\xbd" },
	/* No encoded words after all. */
	{ "=?", "=?" },
	{ "=?utf-8", "=?utf-8" },
	{ "=?utf-8?q", "=?utf-8?q" },
	{ "=?us-ascii", "=?us-ascii" },
	{ "a =? b ?= c", "a =? b ?= c" },
	{ "=?utf-8?x?abc?=", "=?utf-8?x?abc?=" },
	{ "1 =?= 1", "1 =?= 1" },
};

static void
test_decode_text_is_readable(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *text = decode_text(texts[i].raw);

		assert_string_equal(text, texts[i].text);
		free(text);
	}
}

static void
test_decode_person_is_a_name_or_an_address(void **state)
{
	static const struct {
		const char *raw, *person, *address;
	} t[] = {
		{ "", "", "" },
		{ "a@b.org", "a@b.org", "a@b.org" },
		{ "<A@B.org>", "A@B.org", "a@b.org" },
		{ "Joe <joe@x.org>", "Joe", "joe@x.org" },
		{ "\"Smith, Joe\" <joe@x.org>", "Smith, Joe", "joe@x.org" },
		{ "\"\" <joe@x.org>", "joe@x.org", "joe@x.org" },
		{ "\" \" <joe@x.org>", "joe@x.org", "joe@x.org" },
		{ "joe@x.org (Joe)", "Joe", "joe@x.org" },
		{ "Joe Q. Public <joe@x.org>", "Joe Q. Public", "joe@x.org" },
		{ "=?utf-8?q?J=C3=B6rg?= <J@X.org>", "J\xc3\xb6rg", "j@x.org" },
		{ "\"=?utf-8?q?J=C3=B6rg?=\" <j@x>", "J\xc3\xb6rg", "j@x" },
		{ "=?utf-8?q?J=C3=B6rg?=\r\n =?utf-8?q?_M?= <j@x>",
		    "J\xc3\xb6rg M", "j@x" },
		{ "J\xf6rg <j@x>", "J\xc3\xb6rg", "j@x" },
		{ "J\xc3\xb6rg <j@x>", "J\xc3\xb6rg", "j@x" },
		{ "=?iso-8859-1?q?=80?= <j@x>", "\xe2\x82\xac", "j@x" },
		{ "a@b, Joe <c@d>,\r\n e@f", "a@b, Joe, e@f",
		    "a@b, c@d, e@f" },
		{ "Team: a@b, \"X Y\" <x@y>;, k@l", "a@b, X Y, k@l",
		    "a@b, x@y, k@l" },
		{ "undisclosed-recipients:;", "undisclosed-recipients", "" },
		{ "Joe Bloggs", "Joe Bloggs", "" },
		{ "root", "root", "root" },
		{ "=?utf-8?b?Sm9lLCBKYW5lIDxldmlsQHg+?= <real@x>",
		    "Joe, Jane <evil@x>", "real@x" },
		{ "=?utf-8?q?=1B=5B2J?= <j@x>", "\xef\xbf\xbd[2J", "j@x" },
		{ "=?utf-8?q?a[b?= <j@x>", "a[b <j@x>", "" },
		{ "<>", "<>", "" },
		{ ",,,", ",,,", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		char *person = decode_person(t[i].raw);
		char *address = decode_address(t[i].raw);

		assert_string_equal(person, t[i].person);
		assert_string_equal(address, t[i].address);
		free(person);
		free(address);
	}
}

/* What every result is, whatever went in. */
static void
assert_harmless(char *text)
{
	size_t n = strlen(text), i, len;
	uint32_t cp;

	assert_true(utf8_valid(text, n));
	for (i = 0; i < n; i += len) {
		len = utf8_next(text + i, n - i, &cp);
		assert_true(cp >= 0x20 && (cp < 0x7f || cp >= 0xa0));
		if (cp == ' ')
			assert_true(i > 0 && i + 1 < n && text[i + 1] != ' ');
	}
	free(text);
}

/* xorshift with a fixed seed: every run tests the same. */
static uint32_t seed = 0xdecade;

static uint32_t
next_random(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

static void
test_decode_of_anything_is_harmless(void **state)
{
	static const char *const atoms[] = { "=?", "?=", "utf-8", "?q?", "?b?",
	    "=C3", "=B6", "=0A", "=1B", "/w==", "\xc3", "\xb6", "\xff", " ",
	    "\r\n ", "<", ">", "@", "a", ",", ";", ":", "\"", "\\", ")", "x.y",
	    "\x1b", "\x7f", "\xc2\x85", "iso-8859-1", "us-ascii", "gb2312",
	    "utf-7", "utf-16", "+AAo-", "[", "]", "." };
	int round;

	(void)state;
	for (round = 0; round < 10000; round++) {
		struct buf b = BUF_INIT(1000);
		uint32_t n = next_random(25);

		while (n-- > 0)
			buf_adds(&b, atoms[next_random(sizeof(atoms) /
			    sizeof(atoms[0]))]);
		assert_harmless(decode_text(buf_text(&b)));
		assert_harmless(decode_person(buf_text(&b)));
		assert_harmless(decode_address(buf_text(&b)));
		buf_release(&b);
	}
}

static void
test_decode_of_endless_values_is_bounded(void **state)
{
	static const char *const units[] = { ":", "(", "<", "\"", ",", "@",
	    "a:", "=?", "=??", "=?utf-8?q?=C3?= ", "\\", "a@b,", ";", "[",
	    "\xff", "a " };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		struct buf b = BUF_INIT(3 * DECODE_MAX);

		while (b.n < 2 * DECODE_MAX)
			buf_adds(&b, units[i]);
		assert_harmless(decode_text(buf_text(&b)));
		assert_harmless(decode_person(buf_text(&b)));
		assert_harmless(decode_address(buf_text(&b)));
		buf_release(&b);
	}
}

static void
test_decode_looks_at_a_value_up_to_its_limit(void **state)
{
	int more;

	(void)state;
	for (more = -1; more <= 1; more++) {
		size_t n = (size_t)(DECODE_MAX + more);
		char *raw = xmalloc(n + 1), *text;

		memset(raw, 'x', n);
		raw[n] = '\0';
		text = decode_text(raw);
		assert_int_equal(strlen(text), more <= 0 ? n : DECODE_MAX);
		free(text);
		free(raw);
	}
}

/* ---- whole messages ---- */

#define MIXED	"Content-Type: multipart/mixed; boundary=b\n\n"
#define ALTERN	"Content-Type: multipart/alternative; boundary=a\n\n"
#define HTML	"Content-Type: text/html\n\n"
#define PDF	"Content-Type: application/pdf; name=x.pdf\n\n"

/* Attachments as "name|type|size;" each. */
static const struct {
	const char *in, *text, *attachments;
} messages[] = {
	{ "", "", "" },
	{ "\n", "", "" },
	{ "Subject: x\n", "", "" },
	{ "Subject: x\n\n", "", "" },
	{ "Subject: x\n\nHello\nWorld\n\n\n", "Hello\nWorld", "" },
	{ "Subject: x\r\n\r\na\r\nb\rc\fd\te\r\n", "a\nb\nc\nd\te", "" },
	{ "\n  indented\n\n", "  indented", "" },
	{ "\na\x1b[2Jb\x01\x7f\n", "a\xef\xbf\xbd[2Jb\xef\xbf\xbd\xef\xbf\xbd",
	    "" },
	{ "\n\xef\xbb\xbfx\xef\xbb\xbf", "x\xef\xbb\xbf", "" },
	/* Charsets. */
	{ "\ncaf\xe9 \x80\n", "caf\xc3\xa9 \xe2\x82\xac", "" },
	{ "\ncaf\xc3\xa9\n", "caf\xc3\xa9", "" },
	{ "Content-Type: text/plain; charset=us-ascii\n\ncaf\xe9\n",
	    "caf\xc3\xa9", "" },
	{ "Content-Type: text/plain; charset=\"ISO-8859-1\"\n\n\x93hi\x94\n",
	    "\xe2\x80\x9chi\xe2\x80\x9d", "" },
	{ "Content-Type: text/plain; charset=UTF-8\n\nlie\xe9\n",
	    "lie\xc3\xa9", "" },
	{ "Content-Type: text/plain; charset=iso-8859-15\n\n\xa4\n",
	    "\xe2\x82\xac", "" },
	{ "Content-Type: text/plain; charset=koi8-r\n\n\xf0\xf2\n",
	    "\xd0\x9f\xd0\xa0", "" },
	{ "Content-Type: text/plain; charset=iso-2022-jp\n\n"
	    "\x1b$BF|K\\\x1b(B\n", "\xe6\x97\xa5\xe6\x9c\xac", "" },
	{ "Content-Type: text/plain; charset=x-sjis\n\n\x93\xfa\x87\x40\n",
	    "\xe6\x97\xa5\xe2\x91\xa0", "" },
	{ "Content-Type: text/plain; charset=X-GBK\n\n\x96\xa4\n",
	    "\xe6\x9e\xbb", "" },
	{ "Content-Type: text/plain; charset=iso-8859-9\n\n\xfe\x80\n",
	    "\xc5\x9f\xe2\x82\xac", "" },
	{ "Content-Type: text/plain; charset=x-mac-roman\n\n\x8e\n",
	    "\xc3\xa9", "" },
	{ "Content-Type: text/plain; charset=unicode-1-1-utf-7\n\ncaf+AOk-\n",
	    "caf\xc3\xa9", "" },
	{ "Content-Type: text/plain; charset=no-such\n\ncaf\xe9\n",
	    "caf\xc3\xa9", "" },
	{ "Content-Type: text/plain; charset=../x//y\n\ncaf\xe9\n",
	    "caf\xc3\xa9", "" },
	{ "Content-Type: text/plain; charset=\n\ncaf\xe9\n",
	    "caf\xc3\xa9", "" },
	/* Bytes that are none of a charset's are seen. */
	{ "Content-Type: text/plain; charset=koi8-u\n\na\xff" "b\n",
	    "a\xd0\xaa" "b", "" },
	{ "Content-Type: text/plain; charset=gb2312\n\n\xc4\xe3\xff!\xc4",
	    "\xe4\xbd\xa0\xef\xbf\xbd!\xef\xbf\xbd", "" },
	{ "Content-Type: text/plain; charset=iso-8859-1\n\na\x81" "b\n",
	    "a\xef\xbf\xbd" "b", "" },
	/* Transfer encodings. */
	{ "Content-Transfer-Encoding: base64\n\nSGVsbG8K\n", "Hello", "" },
	{ "Content-Transfer-Encoding: BASE64\n\nSGV!!\n sb\xff" "G8K", "Hello",
	    "" },
	/* There is something, though nothing comes of it. */
	{ "Content-Transfer-Encoding: base64\n\n!!!\xff\n", "",
	    "|text/plain|0;" },
	{ "Content-Transfer-Encoding: base64\n\nS", "", "|text/plain|0;" },
	{ "Content-Transfer-Encoding: quoted-printable\n\na=3Db=\nc=C3=B6=zz\n",
	    "a=bc\xc3\xb6=zz", "" },
	{ "Content-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n#0V%T\n`\n"
	    "end\n", "Cat", "" },
	{ "Content-Transfer-Encoding: rot13\n\nHello\n", "Hello", "" },
	/* Headers that are odd. */
	{ "content-type : text/plain;\n\tcharset=utf-8\nCONTENT-TRANSFER-"
	    "ENCODING:\n base64\n\nSGk=\n", "Hi", "" },
	{ "Content-Type: text\n\nHi\n", "Hi", "" },
	{ "Content-Type: text; x=a/b\n\nHi\n", "Hi", "" },
	{ "Content-Type:\nContent-Type: \n \nContent-Type: text/plain\n\nHi\n",
	    "Hi", "" },
	{ "From someone Mon Jan  1 00:00:00 2001\nSubject: x\n\nHi\n", "Hi",
	    "" },
	{ "Content-Type: application/pdf\n\n%PDF", "",
	    "|application/pdf|4;" },
	{ "Content-Disposition: ATTACHMENT; filename=a.txt\n\nHi\n", "",
	    "a.txt|text/plain|3;" },
	{ "Content-Disposition: inline; filename=a.txt\n\nHi\n", "Hi", "" },
	/* Parts. */
	{ MIXED "preamble\n--b\n\nText\n--b\n" PDF "PDF!\n--b--\nepilogue\n",
	    "Text", "x.pdf|application/pdf|4;" },
	{ "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\n\r\n"
	    "Text\r\n--b  \r\nContent-Type: image/png\r\nContent-Transfer-"
	    "Encoding: base64\r\n\r\nAAECAw==\r\n--b--", "Text",
	    "|image/png|4;" },
	{ MIXED "--b\n\n--b\n\nFirst\n--b\n\nSecond\n--b--\n", "First",
	    "|text/plain|6;" },
	{ MIXED "--b\n" PDF "--b\n" PDF "\n--b\n" PDF "\r\n--b--\n", "",
	    "x.pdf|application/pdf|0;x.pdf|application/pdf|0;"
	    "x.pdf|application/pdf|0;" },
	{ MIXED "--b\nContent-Type: text/plain; name=n.txt\n\n\n--b--\n", "",
	    "n.txt|text/plain|0;" },
	{ MIXED "--b\n" HTML "<p>H\n--b--\n", "H", "" },
	{ MIXED "--b\n" HTML "<p>H\n--b\n\nText\n--b--\n", "Text",
	    "|text/html|4;" },
	{ MIXED "--b\n" ALTERN "--a\n\nText\n--a\n" HTML "<p>H\n--a--\n\n"
	    "--b\n" PDF "x\n--b--\n", "Text", "x.pdf|application/pdf|1;" },
	{ ALTERN "--a\n\n \n\n--a\n" HTML "<p>H\n--a--\n", "H", "" },
	/* HTML without text is none. */
	{ MIXED "--b\n" HTML "<img>\n--b\n" HTML "<p>H\n--b--\n", "H",
	    "|text/html|5;" },
	{ ALTERN "--a\n\n \n--a\n" HTML "<img>\n--a--\n", "",
	    "|text/html|5;" },
	{ ALTERN "--a\n\nText\n--a\nContent-Type: text/calendar\n\nBEGIN\n"
	    "--a--\n", "Text", "|text/calendar|5;" },
	/* An attached message is one thing. */
	{ MIXED "--b\n\nSee below\n--b\nContent-Type: message/rfc822\n\n"
	    "Subject: in\n" ALTERN "--a\n\nInner\n--a--\n--b--\n", "See below",
	    "in|message/rfc822|77;" },
	{ "Content-Type: message/rfc822\n\nSubject: =?utf-8?q?J=C3=B6?=\n"
	    " x\n\nInner", "", "J\xc3\xb6 x|message/rfc822|38;" },
	{ "Content-Type: message/rfc822; name=n\n\nSubject: x\n\nInner", "",
	    "n|message/rfc822|17;" },
	{ "Content-Type: message/rfc822\n\nTo: x\n\nSubject: Inner", "",
	    "|message/rfc822|21;" },
	/* Names. */
	{ MIXED "--b\nContent-Type: image/png; name=one\nContent-Disposition: "
	    "attachment; filename=\"=?utf-8?q?J=C3=B6rg.png?=\"\n\n--b\n"
	    "Content-Type: IMAGE/PNG; name*=iso-8859-1''%E9.png\n\n--b\n"
	    "Content-Type: image/png; name*0=\"a\"; name*1=\"b\"\n\n--b\n"
	    "Content-Type: image/png; name=\"\xf6.png\"\n\n--b\n"
	    "Content-Type: image/png; name=\"a\x1b[2J\"\n\n--b--\n", "",
	    "J\xc3\xb6rg.png|image/png|0;\xc3\xa9.png|image/png|0;"
	    "ab|image/png|0;\xc3\xb6.png|image/png|0;"
	    "a\xef\xbf\xbd[2J|image/png|0;" },
	/* Boundaries that are broken, or only look like some. */
	{ "Content-Type: multipart/mixed\n\n--b\n\nText\n--b--\n", "",
	    "|multipart/mixed|16;" },
	{ "Content-Type: multipart/mixed; boundary=\"\"\n\n--\n\nText\n", "",
	    "|multipart/mixed|9;" },
	{ "Content-Type: multipart/mixed; boundary=\"b \"\n\n--b \n\nText\n"
	    "--b--\n", "Text", "" },
	{ "Content-Type: text/plain; boundary=b\n\n--b\n\nText\n", "--b\n\n"
	    "Text", "" },
	{ MIXED "no boundary at all\n", "", "" },
	{ MIXED "--b\n\nText\n", "Text", "" },
	{ MIXED "--b\n\nText\n--b", "Text", "" },
	{ MIXED "--b\n\nText\n--bb\n--bx--\n -b\n--b x\n", "Text\n--bb\n"
	    "--bx--\n -b\n--b x", "" },
	{ MIXED "--b\n" ALTERN "--a\n\nText\n--b\n" PDF "x\n--b--\n", "Text",
	    "x.pdf|application/pdf|1;" },
	{ MIXED "--b\n" ALTERN "--b\n\nText\n--a\n\nstill\n--b--\n",
	    "Text\n--a\n\nstill", "" },
	{ MIXED "--b\nContent-Type: text/plain\n--b\n\nText\n--b--\n", "Text",
	    "" },
	{ MIXED "--b\nContent-Type: image/png\n--b\n\nText\n--b--\n", "Text",
	    "|image/png|0;" },
	{ MIXED "--b--\n--b\n\nText\n--b--\n", "", "" },
	{ MIXED "--b\n" MIXED "--b\n\nText\n--b--\n--b\n" PDF "x\n--b--\n",
	    "Text", "x.pdf|application/pdf|1;" },
};

static void
render_attachments(const struct decode_message *m, struct buf *b)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		buf_addf(b, "%s|%s|%" PRIu64 ";", m->attachments[i].name,
		    m->attachments[i].type, m->attachments[i].size);
}

static void
test_decode_message_finds_the_text_and_what_is_attached(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		struct buf b = BUF_INIT(64 * 1024);
		struct decode_message m;

		decode_message(messages[i].in, strlen(messages[i].in), &m);
		render_attachments(&m, &b);
		if (strcmp(m.text, messages[i].text) != 0 ||
		    strcmp(buf_text(&b), messages[i].attachments) != 0)
			fail_msg("message %zu: '%s' '%s'", i, m.text,
			    buf_text(&b));
		/* All HTML here says H, and nothing else does. */
		assert_int_equal(m.html, strcmp(m.text, "H") == 0);
		assert_false(m.cut);
		assert_false(m.more);
		decode_release(&m);
		assert_null(m.text);
		buf_release(&b);
	}
}

/* What every text is, whatever went in. */
static void
assert_harmless_text(const char *text)
{
	size_t n = strlen(text), i, len;
	uint32_t cp;

	assert_true(utf8_valid(text, n));
	for (i = 0; i < n; i += len) {
		len = utf8_next(text + i, n - i, &cp);
		assert_true(cp == '\n' || cp == '\t' || (cp >= 0x20 &&
		    (cp < 0x7f || cp >= 0xa0)));
	}
	assert_true(n == 0 || (text[n - 1] != '\n' && text[n - 1] != ' '));
}

static void
assert_harmless_message(const void *p, size_t n)
{
	struct decode_message m;
	size_t i;

	decode_message(p, n, &m);
	assert_harmless_text(m.text);
	for (i = 0; i < m.n; i++) {
		assert_harmless(xstrdup(m.attachments[i].name));
		assert_harmless(xstrdup(m.attachments[i].type));
		assert_in_range(m.attachments[i].size, 0, n);
	}
	decode_release(&m);
}

/* The copy ends where the allocation does, so that ASan sees a step too far. */
static void
test_decode_message_of_every_beginning_is_harmless(void **state)
{
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		for (n = 1; n <= strlen(messages[i].in); n++) {
			char *p = xmalloc(n);

			memcpy(p, messages[i].in, n);
			assert_harmless_message(p, n);
			free(p);
		}
}

static void
test_decode_message_of_anything_is_harmless(void **state)
{
	static const char *const atoms[] = { "Content-Type: ", "multipart/",
	    "mixed", "alternative", "text/", "plain", "html", "message/rfc822",
	    "; boundary=", "; charset=", "; name=", "a", "b", "--a", "--b",
	    "--", "\n", "\n", "\r\n", "\n\n", " ", "utf-16", "utf-7", "gb18030",
	    "Content-Transfer-Encoding: ", "base64", "quoted-printable",
	    "x-uuencode", "begin 644 x\n", "`", "=C3", "AAAA", "=", "\xff",
	    "\xc3", "\x1b", "Content-Disposition: attachment; filename=",
	    "\"", "*0*=utf-8''%ff", "+AAo-", "=?utf-8?q?=0A?=" };
	int round;

	(void)state;
	for (round = 0; round < 5000; round++) {
		struct buf b = BUF_INIT(4096);
		uint32_t n = next_random(40) + 1;

		while (n-- > 0)
			buf_adds(&b, atoms[next_random(sizeof(atoms) /
			    sizeof(atoms[0]))]);
		assert_harmless_message(b.p, b.n);
		buf_release(&b);
	}
}

/* Wherever it stands among the pieces in which a text is converted. */
static void
test_decode_message_shows_each_byte_that_is_no_character(void **state)
{
	static const char head[] = "Content-Type: text/plain; "
	    "charset=gb2312\n\n";
	struct decode_message m;
	size_t before;

	(void)state;
	for (before = 4060; before < 4110; before++) {
		struct buf b = BUF_INIT(64 * 1024);
		char *p;

		buf_adds(&b, head);
		memset(buf_room(&b, before), 'x', before);
		b.n += before;
		buf_adds(&b, "\xff\xff\xff" "end");
		decode_message(b.p, b.n, &m);
		p = m.text + before;
		assert_string_equal(p, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf"
		    "\xbd" "end");
		assert_false(m.cut);
		decode_release(&m);
		buf_release(&b);
	}
}

static void
test_decode_message_shows_a_nul_and_goes_on(void **state)
{
	static const char in[] = "Subject: a\0b\n\none\0two\n";
	struct decode_message m;

	(void)state;
	decode_message(in, sizeof(in) - 1, &m);
	assert_string_equal(m.text, "one\xef\xbf\xbdtwo");
	decode_release(&m);
}

/* ${depth} multiparts in each other, the text in the innermost. */
static void
nest(struct buf *b, int depth)
{
	int i;

	for (i = 0; i < depth; i++)
		buf_addf(b, "Content-Type: multipart/mixed; boundary=b%d\n\n"
		    "--b%d\n", i, i);
	buf_adds(b, "\nText\n");
	for (i = depth; i > 0; i--)
		buf_addf(b, "--b%d--\n", i - 1);
}

static void
test_decode_message_looks_into_multiparts_up_to_its_limit(void **state)
{
	int more;

	(void)state;
	for (more = -1; more <= 1; more++) {
		struct buf b = BUF_INIT(64 * 1024);
		struct decode_message m;

		nest(&b, PARTS_LEVELS + more);
		decode_message(b.p, b.n, &m);
		assert_string_equal(m.text, more <= 0 ? "Text" : "");
		assert_int_equal(m.n, more <= 0 ? 0 : 1);
		if (more > 0)
			assert_string_equal(m.attachments[0].type,
			    "multipart/mixed");
		decode_release(&m);
		buf_release(&b);
	}
}

static void
test_decode_message_counts_parts_and_attachments_up_to_its_limits(void **state)
{
	static const struct {
		size_t parts;
		const char *part;
		size_t n;
		bool more;
	} t[] = {
		{ DECODE_ATTACHMENTS - 1, PDF, DECODE_ATTACHMENTS - 1, false },
		{ DECODE_ATTACHMENTS, PDF, DECODE_ATTACHMENTS, false },
		{ DECODE_ATTACHMENTS + 1, PDF, DECODE_ATTACHMENTS, true },
		/* The multipart is one of them. */
		{ PARTS_MAX - 2, "\n", 0, false },
		{ PARTS_MAX - 1, "\n", 0, false },
		{ PARTS_MAX, "\n", 0, true },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct buf b = BUF_INIT(1024 * 1024);
		struct decode_message m;

		buf_adds(&b, MIXED);
		for (k = 0; k < t[i].parts; k++)
			buf_addf(&b, "--b\n%s", t[i].part);
		buf_adds(&b, "--b--\n");
		decode_message(b.p, b.n, &m);
		assert_int_equal(m.n, t[i].n);
		assert_int_equal(m.more, t[i].more);
		decode_release(&m);
		buf_release(&b);
	}
}

static void
test_decode_message_cuts_a_text_at_its_limit(void **state)
{
	static const char *const heads[] = { "\n",
	    "Content-Type: text/plain; charset=iso-8859-1\n\n",
	    "Content-Transfer-Encoding: quoted-printable\n\n" };
	size_t i;
	int more;

	(void)state;
	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		for (more = -1; more <= 1; more++) {
			size_t n = (size_t)(DECODE_TEXT_MAX + more);
			struct buf b = BUF_INIT(DECODE_TEXT_MAX + 1024);
			struct decode_message m;

			buf_adds(&b, heads[i]);
			memset(buf_room(&b, n), 'x', n);
			b.n += n;
			decode_message(b.p, b.n, &m);
			assert_int_equal(strlen(m.text),
			    more <= 0 ? n : DECODE_TEXT_MAX);
			assert_int_equal(m.cut, more > 0);
			decode_release(&m);
			buf_release(&b);
		}
}

/* 8-bit characters become longer in UTF-8. */
static void
test_decode_message_cuts_a_text_that_grows_over_its_limit(void **state)
{
	static const char *const heads[] = { "\n",
	    "Content-Type: text/plain; charset=iso-8859-1\n\n" };
	size_t i;
	int more;

	(void)state;
	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		for (more = -1; more <= 1; more++) {
			size_t n = (size_t)(DECODE_TEXT_MAX / 2 + more);
			struct buf b = BUF_INIT(DECODE_TEXT_MAX);
			struct decode_message m;

			buf_adds(&b, heads[i]);
			memset(buf_room(&b, n), 0xe9, n);
			b.n += n;
			decode_message(b.p, b.n, &m);
			assert_int_equal(strlen(m.text),
			    more <= 0 ? 2 * n : DECODE_TEXT_MAX);
			assert_int_equal(m.cut, more > 0);
			decode_release(&m);
			buf_release(&b);
		}
}

static void
test_decode_message_cuts_a_name_at_its_limit(void **state)
{
	int more;

	(void)state;
	for (more = -1; more <= 1; more++) {
		size_t n = (size_t)(DECODE_NAME_MAX + more);
		struct buf b = BUF_INIT(64 * 1024);
		struct decode_message m;

		buf_adds(&b, "Content-Type: image/png; name=\"");
		memset(buf_room(&b, n), 'x', n);
		b.n += n;
		buf_adds(&b, "\"\n\n");
		decode_message(b.p, b.n, &m);
		assert_int_equal(m.n, 1);
		assert_int_equal(strlen(m.attachments[0].name),
		    more <= 0 ? n : DECODE_NAME_MAX);
		decode_release(&m);
		buf_release(&b);
	}
}

/* Each of these is a way to make a parser run out of stack, memory or time. */
static void
test_decode_message_of_endless_things_is_bounded(void **state)
{
	static const struct {
		const char *head, *unit;
	} t[] = {
		{ "", "Content-Type: multipart/mixed; boundary=b\n\n--b\n" },
		{ "", "Content-Type: message/rfc822\n\n" },
		{ "Content-Type: message/rfc822\n\nTo: ", "a:" },
		{ "To: ", "a:" },
		{ "To: ", "(" },
		{ "Subject: ", "=?a?q?x " },
		{ "", "Content-Type: text/plain; a=b\n" },
		{ "Content-Type: text/plain", "; a*0*=b" },
		{ "", "a:\n" },
		{ MIXED, "--b\n\n" },
		{ MIXED, "--b\n" PDF },
		{ MIXED "--b\n", "--\n" },
		{ MIXED, "\n" },
		{ "Content-Type: multipart/mixed; boundary=", "-" },
		{ HTML, "<" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct buf b = BUF_INIT(1024 * 1024);

		buf_adds(&b, t[i].head);
		while (buf_adds(&b, t[i].unit) == 0)
			;
		assert_harmless_message(b.p, b.n);
		buf_release(&b);
	}
}

static void
test_decode_header_is_the_first_that_is_not_empty(void **state)
{
	static const struct {
		const char *in, *name, *value;
	} t[] = {
		{ "", "To", "" },
		{ "To: a@b\n", "To", " a@b" },
		{ "tO:a@b", "To", "a@b" },
		{ "To :\ta@b\r\n", "To", "\ta@b" },
		{ "To: a,\r\n b,\r\n\tc\r\nCc: d\r\n", "To", " a, b,\tc" },
		{ "To:\nTo: \t\n \nTo: a\nTo: b\n", "To", " a" },
		{ "Tomorrow: x\nTo\nT: y\n", "To", "" },
		{ "X: a\n To: b\nTo: c\n", "To", " c" },
		{ "X: a\n\nTo: b\n", "To", "" },
		{ "X: a\r\r\n\r\r\nTo: b\n", "X", " a" },
		{ "To: \n", "To", " " },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		char *value = decode_header(t[i].in, strlen(t[i].in),
		    t[i].name);

		assert_string_equal(value, t[i].value);
		free(value);
	}
}

static void
test_decode_header_keeps_a_value_up_to_its_limit(void **state)
{
	int more;

	(void)state;
	for (more = -1; more <= 1; more++) {
		size_t n = (size_t)(DECODE_MAX + more);
		struct buf b = BUF_INIT(64 * 1024);
		char *value;

		buf_adds(&b, "To:");
		memset(buf_room(&b, n), 'x', n);
		b.n += n;
		value = decode_header(b.p, b.n, "To");
		assert_int_equal(strlen(value), more <= 0 ? n : DECODE_MAX);
		free(value);
		buf_release(&b);
	}
}

static void
test_decode_header_size_takes_the_empty_line_with_it(void **state)
{
	static const struct {
		const char *in;
		size_t n;
	} t[] = {
		{ "", 0 }, { "\n", 1 }, { "\r\n", 2 }, { "\r\nx", 2 },
		{ "a: b", 4 }, { "a: b\n", 5 }, { "a: b\n\n", 6 },
		{ "a: b\r\n\r\nbody\r\n\r\n", 8 }, { "a\n \n\nb\n\n", 5 },
		{ "--b\n\nx", 5 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_int_equal(decode_header_size(t[i].in, strlen(t[i].in)),
		    t[i].n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode_text_is_readable),
		cmocka_unit_test(test_decode_person_is_a_name_or_an_address),
		cmocka_unit_test(test_decode_of_anything_is_harmless),
		cmocka_unit_test(test_decode_of_endless_values_is_bounded),
		cmocka_unit_test(test_decode_looks_at_a_value_up_to_its_limit),
		cmocka_unit_test(
		    test_decode_message_finds_the_text_and_what_is_attached),
		cmocka_unit_test(
		    test_decode_message_of_every_beginning_is_harmless),
		cmocka_unit_test(test_decode_message_of_anything_is_harmless),
		cmocka_unit_test(
		    test_decode_message_shows_each_byte_that_is_no_character),
		cmocka_unit_test(test_decode_message_shows_a_nul_and_goes_on),
		cmocka_unit_test(
		    test_decode_message_looks_into_multiparts_up_to_its_limit),
		cmocka_unit_test(
		    test_decode_message_counts_parts_and_attachments_up_to_its_limits),
		cmocka_unit_test(test_decode_message_cuts_a_text_at_its_limit),
		cmocka_unit_test(
		    test_decode_message_cuts_a_text_that_grows_over_its_limit),
		cmocka_unit_test(test_decode_message_cuts_a_name_at_its_limit),
		cmocka_unit_test(
		    test_decode_message_of_endless_things_is_bounded),
		cmocka_unit_test(
		    test_decode_header_is_the_first_that_is_not_empty),
		cmocka_unit_test(
		    test_decode_header_keeps_a_value_up_to_its_limit),
		cmocka_unit_test(
		    test_decode_header_size_takes_the_empty_line_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
