/*
 * decode.c - see decode.h.  The one file that includes GMime.
 *
 * GMime sees valid UTF-8 only, of bounded length; what it gives is not trusted
 * either: an encoded word can hold anything.  Messages are taken apart here:
 * GMimeParser (3.2.13) stops at 1,024 levels of parts, but 256 KiB of "a:" in
 * an attached message's To overrun the stack, a part of five bytes costs it a
 * kilobyte, and 64 MiB of "--" lines at the deepest level a minute and a half.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gmime/gmime.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "mail/decode.h"
#include "mail/fold.h"

#define REPLACEMENT	0xfffd
#define PIECE		(32 * 1024)	/* decoded at a time */

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

/* Bytes without a charset as valid UTF-8.  Return 0, or -1: cut. */
static int
make_utf8(const char *p, size_t n, bool one_line, struct buf *b)
{
	uint32_t cp;
	size_t len;

	for (; n > 0; p += len, n -= len) {
		if ((len = utf8_next(p, n, &cp)) == 0) {
			cp = from_1252((unsigned char)*p);
			len = 1;
		}
		if (one_line && is_white(cp))
			cp = ' ';
		if (put_character(b, cp) == -1)
			return -1;
	}
	return 0;
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

/* What ${n} bytes of label are taken to mean, or NULL: what they say. */
static const char *
meant_by(const char *label, size_t n)
{
	size_t i;

	for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (strlen(labels[i].label) == n &&
		    fold_equal(label, labels[i].label, n))
			return labels[i].meant;
	return NULL;
}

/* Copy a value with better labels on its encoded words. */
static void
relabel(const char *p, struct buf *b)
{
	const char *word, *label, *meant;
	size_t n;

	while ((word = strstr(p, "=?")) != NULL) {
		label = word + 2;
		n = strcspn(label, "?* ");
		if (buf_add(b, p, (size_t)(label - p)) == -1)
			return;
		meant = meant_by(label, n);
		p = label;
		if (meant != NULL && p[n] != ' ' && p[n] != '\0') {
			if (buf_adds(b, meant) == -1)
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
	make_utf8(raw, strlen(raw), true, &utf8);
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

/* ---- lines and fields ---- */

struct line {
	const char	*p;
	size_t		 n;	/* without LF and the CRs before it */
	const char	*next;
};

static struct line
line_at(const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));
	const char *stop = lf == NULL ? end : lf;

	while (stop > p && stop[-1] == '\r')
		stop--;
	return (struct line){ p, (size_t)(stop - p),
	    lf == NULL ? end : lf + 1 };
}

static size_t
blanks(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && (p[i] == ' ' || p[i] == '\t'); i++)
		;
	return i;
}

/* As much as fits. */
static void
add_some(struct buf *b, const char *p, size_t n)
{
	buf_add(b, p, n < b->max - b->n ? n : b->max - b->n);
}

/* The raw value of the first field of that name in a header that is not empty. */
static void
find_field(const char *p, const char *end, const char *name, struct buf *out)
{
	size_t n = strlen(name), from;
	bool ours = false;
	struct line l;

	for (; p < end; p = l.next) {
		l = line_at(p, end);
		from = 0;
		if (blanks(l.p, l.n) == 0) {
			if (blanks(buf_text(out), out->n) < out->n)
				break;
			buf_clear(out);
			if (l.n > n && fold_equal(l.p, name, n))
				from = n + blanks(l.p + n, l.n - n);
			ours = from > 0 && from < l.n && l.p[from++] == ':';
		}
		if (ours)
			add_some(out, l.p + from, l.n - from);
	}
}

/* ---- parts ---- */

/* A multipart that is open. */
struct level {
	char		*boundary;	/* own */
	size_t		 n;
	bool		 alternative;
};

/* A message on the way through it, once and without recursion. */
struct walk {
	const char	*p, *end;	/* what is left of it */
	bool		 inside;	/* ${p} is in a body, else at a header */
	struct level	 open[DECODE_LEVELS];
	size_t		 depth;
	size_t		 parts;		/* met, the one too many as well */
};

/* A part that is no multipart: its body and what its header says. */
struct part {
	const char	*p;
	size_t		 n;
	char		*type, *charset, *name;		/* own; "" for none */
	GMimeContentEncoding encoding;
	bool		 attachment;	/* it says so */
	bool		 alternative;	/* a multipart/alternative is around it */
};

static void
part_release(struct part *part)
{
	free(part->type);
	free(part->charset);
	free(part->name);
}

static void
close_levels(struct walk *w, size_t depth)
{
	while (w->depth > depth)
		free(w->open[--w->depth].boundary);
}

/* The level, from 1, that a line is a boundary of (its ${last}?), or 0. */
static size_t
boundary_of(const struct walk *w, const struct line *l, bool *last)
{
	const struct level *v;
	size_t i, n;

	if (l->n < 2 || l->p[0] != '-' || l->p[1] != '-')
		return 0;
	for (i = w->depth; i > 0; i--) {
		v = &w->open[i - 1];
		n = 2 + v->n;
		if (l->n < n || memcmp(l->p + 2, v->boundary, v->n) != 0)
			continue;
		*last = l->n - n >= 2 && memcmp(l->p + n, "--", 2) == 0;
		if (*last || n + blanks(l->p + n, l->n - n) == l->n)
			return i;
	}
	return 0;
}

/* Go on to the next boundary and return its level, or to the end: 0. */
static size_t
to_boundary(struct walk *w, struct line *l, bool *last)
{
	size_t level;

	for (; w->depth > 0 && w->p < w->end; w->p = l->next) {
		*l = line_at(w->p, w->end);
		if ((level = boundary_of(w, l, last)) > 0)
			return level;
	}
	w->p = w->end;
	return 0;
}

/* Go on to the next part's header.  Return whether there is one. */
static bool
to_header(struct walk *w)
{
	struct line l;
	size_t level;
	bool last = false;

	while (w->inside) {
		if ((level = to_boundary(w, &l, &last)) == 0)
			return false;
		close_levels(w, last ? level - 1 : level);
		w->p = l.next;
		w->inside = last;
	}
	return w->p < w->end;
}

/* A header ends with an empty line or at a boundary. */
static const char *
header_end(const struct walk *w)
{
	const char *p;
	struct line l;
	bool last;

	for (p = w->p; p < w->end; p = l.next) {
		l = line_at(p, w->end);
		if (l.n == 0)
			return l.next;
		if (boundary_of(w, &l, &last) > 0)
			break;
	}
	return p;
}

/* A field's value as GMime shall see it; to be released. */
static const char *
field(const char *head, const char *end, const char *name, struct buf *out)
{
	struct buf raw = BUF_INIT(DECODE_MAX);

	find_field(head, end, name, &raw);
	prepare(buf_text(&raw), out);
	buf_release(&raw);
	return buf_text(out);
}

/* A parameter or type, fit to be shown; "" for NULL. */
static char *
tidied(const char *p)
{
	struct buf b = BUF_INIT(DECODE_NAME_MAX);

	if (p != NULL)
		add_tidy(&b, p);
	return buf_take(&b);
}

/* Open a multipart.  Return false where it has no boundary or is too deep: it is then a part like others. */
static bool
open_level(struct walk *w, GMimeContentType *type)
{
	const char *p = g_mime_content_type_get_parameter(type, "boundary");
	size_t n = p == NULL ? 0 : strlen(p);

	/* A blank at its end would be taken for padding. */
	while (n > 0 && blanks(p + n - 1, 1) > 0)
		n--;
	if (n == 0 || w->depth == DECODE_LEVELS ||
	    !g_mime_content_type_is_type(type, "multipart", "*"))
		return false;
	w->open[w->depth++] = (struct level){ xmemdup0(p, n), n,
	    g_mime_content_type_is_type(type, "multipart", "alternative") };
	return true;
}

/* What the header from ${head} to w->p says of a part. */
static void
describe(const struct walk *w, const char *head, GMimeContentType *type,
    struct part *out)
{
	GMimeContentDisposition *d;
	struct buf value;
	const char *name;
	char *s;
	size_t i;

	*out = (struct part){ .p = w->p };
	s = g_mime_content_type_get_mime_type(type);
	out->type = tidied(s);
	g_free(s);
	for (s = out->type; *s != '\0'; s++)
		*s = fold_case(*s);
	out->charset = tidied(g_mime_content_type_get_parameter(type,
	    "charset"));
	d = g_mime_content_disposition_parse(options(), field(head, w->p,
	    "Content-Disposition", &value));
	buf_release(&value);
	out->attachment = g_mime_content_disposition_is_attachment(d);
	name = g_mime_content_disposition_get_parameter(d, "filename");
	out->name = tidied(name != NULL ? name :
	    g_mime_content_type_get_parameter(type, "name"));
	g_object_unref(d);
	out->encoding = g_mime_content_encoding_from_string(field(head, w->p,
	    "Content-Transfer-Encoding", &value));
	buf_release(&value);
	for (i = 0; i < w->depth; i++)
		out->alternative |= w->open[i].alternative;
}

/* The next part that is no multipart, to be released.  Return false at the end. */
static bool
next_part(struct walk *w, struct part *out)
{
	GMimeContentType *type;
	const char *head, *p;
	struct buf value;
	struct line l;
	bool opened = true, last;

	while (opened && to_header(w)) {
		if (w->parts++ == DECODE_PARTS)
			break;
		head = w->p;
		w->p = header_end(w);
		w->inside = true;
		p = field(head, w->p, "Content-Type", &value);
		/* What isn't TYPE/SUBTYPE says nothing (RFC 2045, section 5.2). */
		if (strcspn(p, "/") >= strcspn(p, ";"))
			p = "text/plain";
		type = g_mime_content_type_parse(options(), p);
		buf_release(&value);
		if (!(opened = open_level(w, type)))
			describe(w, head, type, out);
		g_object_unref(type);
	}
	if (opened) {
		close_levels(w, 0);
		return false;
	}
	/* The line end before a boundary belongs to that. */
	to_boundary(w, &l, &last);
	p = w->p;
	if (p < w->end && p > out->p && p[-1] == '\n')
		p -= p - out->p > 1 && p[-2] == '\r' ? 2 : 1;
	out->n = (size_t)(p - out->p);
	return true;
}

size_t
decode_header_size(const void *p, size_t n)
{
	const struct walk w = { .p = p, .end = (const char *)p + n };

	return (size_t)(header_end(&w) - w.p);
}

char *
decode_header(const void *p, size_t n, const char *name)
{
	struct buf value = BUF_INIT(DECODE_MAX);

	find_field(p, (const char *)p + decode_header_size(p, n), name, &value);
	return buf_take(&value);
}

/*
 * A part's bytes with the transfer encoding undone go to ${out} as far as they
 * fit.  Return how many there are.
 */
static uint64_t
transferred(const struct part *part, struct buf *out)
{
	size_t n = part->n, some = 1, len, room;
	const char *p = part->p;
	GMimeFilter *filter;
	uint64_t total = 0;
	char *piece, *got;

	/* The others are 7bit, 8bit, binary and what GMime doesn't know. */
	if (part->encoding < GMIME_CONTENT_ENCODING_BASE64) {
		add_some(out, p, n);
		return n;
	}
	filter = g_mime_filter_basic_new(part->encoding, FALSE);
	piece = xmalloc(PIECE);
	for (; some > 0; p += some, n -= some) {
		some = n < PIECE ? n : PIECE;
		memcpy(piece, p, some);
		(some > 0 ? g_mime_filter_filter : g_mime_filter_complete)(
		    filter, piece, some, 0, &got, &len, &room);
		add_some(out, got, len);
		total += len;
	}
	free(piece);
	g_object_unref(filter);
	return total;
}

/* Bytes in a charset as UTF-8.  Return 0, or -1: cut. */
static int
to_utf8(const char *charset, const struct buf *in, struct buf *out)
{
	const char *meant = meant_by(charset, strlen(charset));
	char piece[4096], *from = in->p, *to;
	size_t left = in->n, room;
	uint64_t total = 0;
	iconv_t cd;

	if (meant == NULL)
		meant = charset;
	/* What is called UTF-8 may be anything. */
	if (g_ascii_strcasecmp(meant, "utf-8") == 0 ||
	    g_ascii_strcasecmp(meant, "utf8") == 0 ||
	    (cd = g_mime_iconv_open("utf-8", meant)) == (iconv_t)-1)
		return make_utf8(buf_text(in), in->n, false, out);
	do {
		to = piece;
		room = sizeof(piece) - 4;	/* a replacement fits behind it */
		/* At the end it gives what it held back. */
		if (iconv(cd, left > 0 ? &from : NULL, &left, &to, &room) ==
		    (size_t)-1 && errno != E2BIG && left > 0) {
			to += utf8_put(to, REPLACEMENT);
			from++;
			left--;
		}
		add_some(out, piece, (size_t)(to - piece));
		total += (uint64_t)(to - piece);
	} while (left > 0 || to > piece);
	g_mime_iconv_close(cd);
	return total > out->n ? -1 : 0;
}

/* UTF-8 with any line ends as a text.  Return 0, or -1: cut. */
static int
tidy_lines(const char *p, size_t n, struct buf *out)
{
	uint32_t cp;
	size_t len;

	for (; n > 0; p += len, n -= len) {
		if ((len = utf8_next(p, n, &cp)) == 0) {
			cp = REPLACEMENT;
			len = 1;
		}
		/* Half a line end, or a byte order mark. */
		if ((cp == '\r' && n > 1 && p[1] == '\n') ||
		    (cp == 0xfeff && out->n == 0))
			continue;
		if (cp == '\r' || cp == '\f')
			cp = '\n';
		if ((cp < 0x20 && cp != '\n' && cp != '\t') ||
		    (cp >= 0x7f && cp < 0xa0))
			cp = REPLACEMENT;
		if (put_character(out, cp) == -1)
			return -1;
	}
	return 0;
}

/* ---- messages ---- */

/* What a part can be to the text: the lower, the better. */
enum { PLAIN, HTML, NO_TEXT };

static int
rank(const struct part *part)
{
	if (part->attachment)
		return NO_TEXT;
	return strcmp(part->type, "text/plain") == 0 ? PLAIN :
	    strcmp(part->type, "text/html") == 0 ? HTML : NO_TEXT;
}

/* Make a part the text.  Return false where it has none to show. */
static bool
take_text(const struct part *part, struct decode_message *out)
{
	struct buf bytes = BUF_INIT(DECODE_TEXT_MAX), utf8 = bytes,
	    text = bytes;
	bool cut;

	cut = transferred(part, &bytes) > bytes.n;
	cut |= to_utf8(part->charset, &bytes, &utf8) == -1;
	cut |= tidy_lines(buf_text(&utf8), utf8.n, &text) == -1;
	buf_release(&bytes);
	buf_release(&utf8);
	while (text.n > 0 && is_white((unsigned char)text.p[text.n - 1]))
		text.p[--text.n] = '\0';
	if (text.n == 0) {
		buf_release(&text);
		return false;
	}
	free(out->text);
	out->text = buf_take(&text);
	out->cut = cut;
	return true;
}

/* Whether people would call it an attachment. */
static bool
is_listed(const struct part *part)
{
	size_t i;

	for (i = 0; i < part->n && is_white((unsigned char)part->p[i]); i++)
		;
	return rank(part) == NO_TEXT || part->name[0] != '\0' ||
	    (!part->alternative && i < part->n);
}

static void
list_part(struct part *part, struct decode_message *out, size_t *cap)
{
	struct buf none = BUF_INIT(0);

	out->attachments = mem_grow(out->attachments, cap, out->n + 1,
	    sizeof(*out->attachments));
	out->attachments[out->n++] = (struct decode_attachment){ part->name,
	    part->type, transferred(part, &none) };
	part->name = part->type = NULL;
	buf_release(&none);
}

void
decode_message(const void *p, size_t n, struct decode_message *out)
{
	const struct walk fresh = { .p = p, .end = (const char *)p + n };
	struct walk w = fresh;
	struct part part;
	size_t chosen = 0, cap = 0;
	int best = NO_TEXT;

	*out = (struct decode_message){ .text = NULL };
	while (best != PLAIN && next_part(&w, &part)) {
		if (rank(&part) < best && take_text(&part, out)) {
			best = rank(&part);
			chosen = w.parts;
		}
		part_release(&part);
	}
	close_levels(&w, 0);
	out->html = best == HTML;
	if (out->text == NULL)
		out->text = xstrdup("");
	w = fresh;
	while (!out->more && next_part(&w, &part)) {
		if (w.parts != chosen && is_listed(&part)) {
			if (out->n < DECODE_ATTACHMENTS)
				list_part(&part, out, &cap);
			else
				out->more = true;
		}
		part_release(&part);
	}
	close_levels(&w, 0);
	out->more |= w.parts > DECODE_PARTS;
}

void
decode_release(struct decode_message *m)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		free(m->attachments[i].name);
		free(m->attachments[i].type);
	}
	free(m->attachments);
	free(m->text);
	*m = (struct decode_message){ .text = NULL };
}
