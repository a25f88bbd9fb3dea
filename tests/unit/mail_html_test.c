/*
 * HTML as text: what a person would read in it, and nothing else; in little time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "mail/html.h"

#define TEXT_LIMIT	(1024 * 1024)

static const struct {
	const char *html, *text;
} htmls[] = {
	{ "Hello", "Hello" },
	{ "<html><head><title>T</title></head><body>Hi</body></html>", "Hi" },
	{ "<p>One<p>Two</p>Three", "One\n\nTwo\n\nThree" },
	{ "a<br>b<BR/>c<br><br>d<br><br><br><br>e", "a\nb\nc\n\nd\n\ne" },
	{ "<div>a</div><div>b</div><div></div><div>c", "a\nb\nc" },
	{ "  a \n\t b  <b> c</b>d ", "a b cd" },
	{ "<ul><li>a</li><li><p>b</p></li></ul>c", "- a\n- b\n\nc" },
	{ "<table><tr><td>a</td><td>b</td></tr><tr><th>c</table>d",
	    "a b\nc\nd" },
	{ "<pre>  a\n    b\n</pre>c", "  a\n    b\n\n\nc" },
	{ "</pre>a  b", "a b" },
	{ "<pre>a\r\nb\tc</pre>d\r\n\fe", "a\nb\tc\n\nd e" },
	{ "<h1>T</h1>text<hr>more", "T\n\ntext\n\nmore" },
	/* What is never shown. */
	{ "a<script>alert('<b>')</script>b", "ab" },
	{ "a<STYLE type=x>p { }</StYlE>b", "ab" },
	{ "a<style>p { }</styl", "a" },
	{ "a<!-- <p> -- > b -->c<!---->d", "acd" },
	{ "a<!-- no end", "a" },
	{ "<!DOCTYPE html><?xml version='1.0'?>a", "a" },
	{ "<![if !mso]>a<![endif]>", "a" },
	{ "a\xe2\x80\x8b" "b\xc2\xad" "c&shy;d\xef\xbb\xbf", "abcd" },
	/* Tags that are odd, or none. */
	{ "<a title=\"x>y\" href='z>'>link</a>", "link" },
	{ "<a title=\"x>link", "link" },
	{ "a <b b=' c", "a <b b=' c" },
	{ "1 < 2 <3 </3 a<-b <", "1 < 2 <3 </3 a<-b <" },
	{ "I <3 you </3 > <- me", "I <3 you </3 > <- me" },
	{ "<p it's>a'b", "a'b" },
	{ "x<fifteenletterss y>z", "xz" },
	{ "x<asixteenletterss y>z", "xz" },
	{ "x<verylongnameofanelementthatisnone y>z", "xz" },
	{ "a</p", "a</p" },
	{ "a<b c<i>d", "ad" },
	/* References. */
	{ "&lt;b&gt;&amp;lt; &quot;&apos;", "<b>&lt; \"'" },
	{ "&eacute;&Eacute;&yuml;&nbsp;&iexcl;", "\xc3\xa9\xc3\x89\xc3\xbf "
	    "\xc2\xa1" },
	{ "&euro;&scaron;&hellip;", "\xe2\x82\xac\xc5\xa1\xe2\x80\xa6" },
	{ "&#65;&#x42;&#X43;&#8364;&#x1F600;", "ABC\xe2\x82\xac"
	    "\xf0\x9f\x98\x80" },
	{ "&#146;&#x80;&#129;", "\xe2\x80\x99\xe2\x82\xac\xef\xbf\xbd" },
	{ "a&#32;&#10;&#x9;b", "a b" },
	{ "&#0;&#27;&#x7f;&#55296;&#x110000;&#99999999999999999999999;",
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
	    "\xef\xbf\xbd" },
	{ "& &; &# &#; &#x; &#xg; &#1a; &amp &nosuch; &#", "& &; &# &#; &#x; "
	    "&#xg; &#1a; &amp &nosuch; &#" },
	{ "&lt;script&gt;x", "<script>x" },
};

/* The copy ends where the allocation does, so that ASan sees a step too far. */
static char *
text_of(const char *p, size_t n, size_t limit, int *cut)
{
	struct buf out = BUF_INIT(limit);
	char *copy = xmalloc(n == 0 ? 1 : n);

	memcpy(copy, p, n);
	*cut = html_text(copy, n, &out);
	free(copy);
	assert_in_range(out.n, 0, limit);
	assert_int_equal(strlen(buf_text(&out)), out.n);
	return buf_take(&out);
}

static void
test_html_becomes_what_people_read(void **state)
{
	size_t i;
	int cut;

	(void)state;
	for (i = 0; i < sizeof(htmls) / sizeof(htmls[0]); i++) {
		char *got = text_of(htmls[i].html, strlen(htmls[i].html),
		    TEXT_LIMIT, &cut);

		if (strcmp(got, htmls[i].text) != 0)
			fail_msg("%s\nbecomes\n%s", htmls[i].html, got);
		assert_int_equal(cut, 0);
		free(got);
	}
}

static void
assert_harmless(const char *text)
{
	size_t n = strlen(text), i, len;
	uint32_t cp;

	assert_true(utf8_valid(text, n));
	for (i = 0; i < n; i += len) {
		len = utf8_next(text + i, n - i, &cp);
		assert_true(cp == '\n' || cp == '\t' || (cp >= 0x20 &&
		    (cp < 0x7f || cp >= 0xa0)));
	}
}

static void
test_html_of_every_beginning_is_harmless(void **state)
{
	size_t i, n;
	int cut;

	(void)state;
	for (i = 0; i < sizeof(htmls) / sizeof(htmls[0]); i++)
		for (n = 0; n <= strlen(htmls[i].html); n++) {
			char *got = text_of(htmls[i].html, n, TEXT_LIMIT, &cut);

			assert_harmless(got);
			free(got);
		}
}

/* xorshift with a fixed seed: every run tests the same. */
static uint32_t seed = 0x47317;

static uint32_t
next_random(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

static void
test_html_of_anything_is_harmless(void **state)
{
	static const char *const atoms[] = { "<", ">", "</", "/>", "a", "p",
	    "br", "pre", "li", "script", "style", "<!--", "-->", "<!", "<?",
	    "&", "&#", "&#x", "27", "9b", ";", "amp", "=\"", "='", "\"", "'",
	    " ", "\n", "\r", "\t", "\x1b", "\x7f", "\xc2", "\xc2\x9b", "\xff",
	    "\xef\xbb\xbf", "<pre>", "<li>", "\f", "\x01" };
	int round, cut;

	(void)state;
	for (round = 0; round < 20000; round++) {
		struct buf b = BUF_INIT(1000);
		uint32_t n = next_random(30);
		char *got;

		while (n-- > 0)
			buf_adds(&b, atoms[next_random(sizeof(atoms) /
			    sizeof(atoms[0]))]);
		got = text_of(buf_text(&b), b.n, TEXT_LIMIT, &cut);
		assert_harmless(got);
		assert_int_equal(cut, 0);
		free(got);
		buf_release(&b);
	}
}

static void
test_html_with_a_nul_goes_on_behind_it(void **state)
{
	static const char html[] = "a\0b<p\0>c&#x4\0;<scr\0ipt>d";
	int cut;
	char *got = text_of(html, sizeof(html) - 1, TEXT_LIMIT, &cut);

	(void)state;
	assert_string_equal(got, "a\xef\xbf\xbd" "b\n\nc&#x4\xef\xbf\xbd;d");
	free(got);
}

static void
test_html_is_cut_at_the_limit(void **state)
{
	static const char html[] = "<p>ab<p>&ouml;";
	static const struct {
		size_t limit;
		int cut;
		const char *text;
	} t[] = {
		{ 6, 0, "ab\n\n\xc3\xb6" }, { 7, 0, "ab\n\n\xc3\xb6" },
		{ 5, -1, "ab\n\n" }, { 1, -1, "a" }, { 0, -1, "" },
	};
	size_t i;
	int cut;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		char *got = text_of(html, sizeof(html) - 1, t[i].limit, &cut);

		assert_string_equal(got, t[i].text);
		assert_int_equal(cut, t[i].cut);
		free(got);
	}
}

static void
test_html_is_appended(void **state)
{
	struct buf out = BUF_INIT(100);

	(void)state;
	buf_adds(&out, "before");
	assert_int_equal(html_text("<p>a<p>b", 8, &out), 0);
	assert_string_equal(out.p, "beforea\n\nb");
	buf_release(&out);
}

/*
 * Whoever looked for an end at each beginning would need minutes for one of
 * these, which takes some hundredths of a second.
 */
static void
test_html_of_endless_things_takes_little_time(void **state)
{
	static const char *const units[] = { "<", "<a", "<a ", "<a b='",
	    "<a b=\"", "<a b='\"", "<!--", "<!", "<?", "</", "<script>",
	    "<style><script>", "</script", "&", "&#", "&#1", "&amp",
	    "&nosuch;", "&#x41;", "<p>", "<li>", "<pre>", "</pre>", "<br>",
	    " ", "\n", "\xff", "='", "<a ='>", "<a =\">'" };
	struct timespec from, to;
	size_t i;
	int cut;

	(void)state;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		struct buf b = BUF_INIT(1024 * 1024);
		char *got;

		while (buf_adds(&b, units[i]) == 0)
			;
		clock_gettime(CLOCK_MONOTONIC, &from);
		got = text_of(b.p, b.n, 16 * TEXT_LIMIT, &cut);
		clock_gettime(CLOCK_MONOTONIC, &to);
		assert_harmless(got);
		if (to.tv_sec - from.tv_sec > 10)
			fail_msg("%s: more than 10 seconds", units[i]);
		free(got);
		buf_release(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_html_becomes_what_people_read),
		cmocka_unit_test(test_html_of_every_beginning_is_harmless),
		cmocka_unit_test(test_html_of_anything_is_harmless),
		cmocka_unit_test(test_html_with_a_nul_goes_on_behind_it),
		cmocka_unit_test(test_html_is_cut_at_the_limit),
		cmocka_unit_test(test_html_is_appended),
		cmocka_unit_test(test_html_of_endless_things_takes_little_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
