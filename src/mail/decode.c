/*
 * decode.c - see decode.h.  The one file that includes GMime.
 *
 * GMime sees valid UTF-8 only, of bounded length; what it gives is not trusted
 * either: an encoded word can hold anything.
 */
#include <stdbool.h>
#include <string.h>

#include <gmime/gmime.h>

#include "base/buf.h"
#include "base/text.h"
#include "mail/decode.h"
#include "mail/fold.h"

#define REPLACEMENT	0xfffd

/* GMime's options, once it is ready. */
static GMimeParserOptions *
options(void)
{
	static const char *charsets[] = { "utf-8", "windows-1252", NULL };
	static GMimeParserOptions *made;

	if (made == NULL) {
		g_mime_init();
		made = g_mime_parser_options_new();
		g_mime_parser_options_set_fallback_charsets(made, charsets);
	}
	return made;
}

/* What an 8-bit byte means in windows-1252. */
static uint32_t
from_1252(unsigned char c)
{
	/* 0x80 to 0x9f; elsewhere it is ISO 8859-1. */
	static const uint16_t upper[32] = {
		0x20ac, REPLACEMENT, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020,
		0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, REPLACEMENT,
		0x017d, REPLACEMENT, REPLACEMENT, 0x2018, 0x2019, 0x201c,
		0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a,
		0x0153, REPLACEMENT, 0x017e, 0x0178,
	};

	return c >= 0x80 && c < 0xa0 ? upper[c - 0x80] : c;
}

static int
put_character(struct buf *b, uint32_t cp)
{
	char utf8[4];

	return buf_add(b, utf8, utf8_put(utf8, cp));
}

static bool
is_white(uint32_t cp)
{
	return cp == ' ' || (cp >= '\t' && cp <= '\r');
}

/* A raw value as valid UTF-8 on one line, as much of it as ${b} takes. */
static void
make_utf8(const char *p, struct buf *b)
{
	size_t n = strlen(p), len;
	uint32_t cp;

	for (; n > 0; p += len, n -= len) {
		if ((len = utf8_next(p, n, &cp)) == 0) {
			cp = from_1252((unsigned char)*p);
			len = 1;
		}
		if (put_character(b, is_white(cp) ? ' ' : cp) == -1)
			break;
	}
}

/*
 * Append a decoded text: white space becomes one blank or, at the ends, none;
 * control characters U+FFFD.
 */
static void
add_tidy(struct buf *b, const char *p)
{
	size_t start = b->n, n = strlen(p), len;
	bool gap = false;
	uint32_t cp;

	for (; n > 0; p += len, n -= len) {
		if ((len = utf8_next(p, n, &cp)) == 0) {
			cp = REPLACEMENT;
			len = 1;
		}
		if (is_white(cp)) {
			gap = true;
			continue;
		}
		if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
			cp = REPLACEMENT;
		if (gap && b->n > start && buf_addc(b, ' ') == -1)
			break;
		gap = false;
		if (put_character(b, cp) == -1)
			break;
	}
}

/* What senders call their charset, and what it turns out to be. */
static const struct {
	const char	*label;
	const char	*meant;
} labels[] = {
	{ "iso-8859-1", "windows-1252" },
	/* GMime then tries the charsets of options(). */
	{ "us-ascii", "unknown-8bit" },
	/* GMime takes this one for the locale's. */
	{ "x-unknown", "unknown-8bit" },
	{ "", "unknown-8bit" },
};

/* Copy a value with better labels on its encoded words. */
static void
relabel(const char *p, struct buf *b)
{
	const char *word, *label;
	size_t n, i;

	while ((word = strstr(p, "=?")) != NULL) {
		label = word + 2;
		n = strcspn(label, "?* ");
		if (buf_add(b, p, (size_t)(label - p)) == -1)
			return;
		for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
			if (strlen(labels[i].label) == n &&
			    fold_equal(label, labels[i].label, n))
				break;
		p = label;
		if (i < sizeof(labels) / sizeof(labels[0]) && p[n] != ' ' &&
		    p[n] != '\0') {
			if (buf_adds(b, labels[i].meant) == -1)
				return;
			p += n;
		}
	}
	buf_adds(b, p);
}

/* A raw value as GMime shall see it; to be released. */
static void
prepare(const char *raw, struct buf *out)
{
	struct buf utf8 = BUF_INIT(DECODE_MAX);

	buf_init(out, 4 * DECODE_MAX);
	make_utf8(raw, &utf8);
	relabel(buf_text(&utf8), out);
	buf_release(&utf8);
}

char *
decode_text(const char *raw)
{
	struct buf in, out = BUF_INIT(4 * DECODE_MAX);
	char *text;

	prepare(raw, &in);
	text = g_mime_utils_header_decode_text(options(), buf_text(&in));
	if (text != NULL)
		add_tidy(&out, text);
	g_free(text);
	buf_release(&in);
	return buf_take(&out);
}

/*
 * Append the first of two texts that has something to show, after a comma if
 * need be.
 */
static void
add_either(struct buf *out, const char *p, const char *q)
{
	size_t before = out->n, start;

	if (before > 0)
		buf_adds(out, ", ");
	start = out->n;
	if (p != NULL)
		add_tidy(out, p);
	if (out->n == start && q != NULL)
		add_tidy(out, q);
	if (out->n == start && before < start) {
		out->n = before;
		out->p[before] = '\0';
	}
}

/*
 * Append who stands in a list; of a group its members or, where it has none to
 * show, its name.
 */
static void
add_list(struct buf *out, InternetAddressList *list, bool names, bool in_group)
{
	int i, n = internet_address_list_length(list);

	for (i = 0; i < n; i++) {
		InternetAddress *who = internet_address_list_get_address(list,
		    i);
		const char *name = internet_address_get_name(who);

		if (INTERNET_ADDRESS_IS_MAILBOX(who)) {
			const char *addr = internet_address_mailbox_get_addr(
			    INTERNET_ADDRESS_MAILBOX(who));

			add_either(out, names ? name : NULL, addr);
		} else if (INTERNET_ADDRESS_IS_GROUP(who) && !in_group) {
			size_t before = out->n;

			add_list(out, internet_address_group_get_members(
			    INTERNET_ADDRESS_GROUP(who)), names, true);
			if (out->n == before && names)
				add_either(out, name, NULL);
		}
	}
}

static void
add_addresses(struct buf *out, const char *raw, bool names)
{
	InternetAddressList *list;
	struct buf in;

	prepare(raw, &in);
	list = internet_address_list_parse(options(), buf_text(&in));
	if (list != NULL) {
		add_list(out, list, names, false);
		g_object_unref(list);
	}
	buf_release(&in);
}

char *
decode_person(const char *raw)
{
	struct buf out = BUF_INIT(4 * DECODE_MAX);

	add_addresses(&out, raw, true);
	if (out.n > 0)
		return buf_take(&out);
	buf_release(&out);
	return decode_text(raw);
}

char *
decode_address(const char *raw)
{
	struct buf out = BUF_INIT(4 * DECODE_MAX);
	size_t i;

	add_addresses(&out, raw, false);
	for (i = 0; i < out.n; i++)
		out.p[i] = fold_case(out.p[i]);
	return buf_take(&out);
}
