/*
 * decode.c - see decode.h.  The one file that includes GMime.
 *
 * GMime sees valid UTF-8 only, of bounded length; what it gives is not trusted
 * either: an encoded word can hold anything.  parts.h takes messages apart:
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
#include "mail/charset.h"
#include "mail/decode.h"
#include "mail/fold.h"
#include "mail/html.h"
#include "mail/parts.h"

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

static bool
is_white(uint32_t cp)
{
	return cp == ' ' || (cp >= '\t' && cp <= '\r');
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
		len = charset_next(p, n, &cp);
		if (is_white(cp)) {
			gap = true;
			continue;
		}
		if (gap && b->n > start && buf_addc(b, ' ') == -1)
			break;
		gap = false;
		if (charset_put(b, charset_tame(cp)) == -1)
			break;
	}
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
		meant = charset_meant(label, n);
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
	size_t i;

	buf_init(out, 4 * DECODE_MAX);
	charset_guess(raw, strlen(raw), &utf8);
	for (i = 0; i < utf8.n; i++)
		if (is_white((unsigned char)utf8.p[i]))
			utf8.p[i] = ' ';
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

size_t
decode_header_size(const void *p, size_t n)
{
	return parts_header(p, n).n;
}

char *
decode_header(const void *p, size_t n, const char *name)
{
	struct buf value = BUF_INIT(DECODE_MAX);

	parts_field(parts_header(p, n), name, &value);
	return buf_take(&value);
}

/* ---- parts ---- */

/* A part that is no multipart: its body and what its header says. */
struct part {
	struct parts_span body;		/* borrowed */
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

/* A field's value as GMime shall see it; lives in ${out}, to be released. */
static const char *
field(struct parts_span header, const char *name, struct buf *out)
{
	struct buf raw = BUF_INIT(DECODE_MAX);

	parts_field(header, name, &raw);
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

static GMimeContentType *
content_type(struct parts_span header)
{
	GMimeContentType *type;
	struct buf value;
	const char *p = field(header, "Content-Type", &value);

	/* What isn't TYPE/SUBTYPE says nothing (RFC 2045, section 5.2). */
	if (strcspn(p, "/") >= strcspn(p, ";"))
		p = "text/plain";
	type = g_mime_content_type_parse(options(), p);
	buf_release(&value);
	return type;
}

/* What a header says of its part. */
static void
describe(struct parts_span header, GMimeContentType *type, struct part *out)
{
	GMimeContentDisposition *d;
	struct buf value;
	const char *name;
	char *s;

	s = g_mime_content_type_get_mime_type(type);
	out->type = tidied(s);
	g_free(s);
	for (s = out->type; *s != '\0'; s++)
		*s = fold_case(*s);
	out->charset = tidied(g_mime_content_type_get_parameter(type,
	    "charset"));
	d = g_mime_content_disposition_parse(options(), field(header,
	    "Content-Disposition", &value));
	buf_release(&value);
	out->attachment = g_mime_content_disposition_is_attachment(d);
	name = g_mime_content_disposition_get_parameter(d, "filename");
	out->name = tidied(name != NULL ? name :
	    g_mime_content_type_get_parameter(type, "name"));
	g_object_unref(d);
	out->encoding = g_mime_content_encoding_from_string(field(header,
	    "Content-Transfer-Encoding", &value));
	buf_release(&value);
}

/* The next part that is no multipart, to be released.  Return false at the end. */
static bool
next_part(struct parts *w, struct part *out)
{
	struct parts_span header;
	GMimeContentType *type;
	bool entered = true;

	while (entered && parts_next(w, &header)) {
		type = content_type(header);
		entered = g_mime_content_type_is_type(type, "multipart", "*") &&
		    parts_enter(w, g_mime_content_type_get_parameter(type,
		    "boundary"), g_mime_content_type_is_type(type, "multipart",
		    "alternative"));
		if (!entered)
			describe(header, type, out);
		g_object_unref(type);
	}
	if (entered)
		return false;
	out->alternative = parts_alternative(w);
	out->body = parts_body(w);
	return true;
}

/*
 * A part's bytes with the transfer encoding undone go to ${out} as far as they
 * fit.  Return how many there are.
 */
static uint64_t
transferred(const struct part *part, struct buf *out)
{
	size_t n = part->body.n, some = 1, len, room;
	const char *p = part->body.p;
	GMimeFilter *filter;
	uint64_t total = 0;
	char *piece, *got;

	/* The others are 7bit, 8bit, binary and what GMime doesn't know. */
	if (part->encoding < GMIME_CONTENT_ENCODING_BASE64) {
		buf_add_some(out, p, n);
		return n;
	}
	filter = g_mime_filter_basic_new(part->encoding, FALSE);
	piece = xmalloc(PIECE);
	for (; some > 0; p += some, n -= some) {
		some = n < PIECE ? n : PIECE;
		memcpy(piece, p, some);
		(some > 0 ? g_mime_filter_filter : g_mime_filter_complete)(
		    filter, piece, some, 0, &got, &len, &room);
		buf_add_some(out, got, len);
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
	const char *meant = charset_meant(charset, strlen(charset));
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
		return charset_guess(buf_text(in), in->n, out);
	do {
		to = piece;
		room = sizeof(piece) - 4;	/* a replacement fits behind it */
		/* At the end it gives what it held back. */
		if (iconv(cd, left > 0 ? &from : NULL, &left, &to, &room) ==
		    (size_t)-1 && errno != E2BIG && left > 0) {
			to += utf8_put(to, CHARSET_NONE);
			from++;
			left--;
		}
		buf_add_some(out, piece, (size_t)(to - piece));
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
		len = charset_next(p, n, &cp);
		/* Half a line end, or a byte order mark. */
		if ((cp == '\r' && n > 1 && p[1] == '\n') ||
		    (cp == 0xfeff && out->n == 0))
			continue;
		if (cp == '\r' || cp == '\f')
			cp = '\n';
		if (cp != '\n' && cp != '\t')
			cp = charset_tame(cp);
		if (charset_put(out, cp) == -1)
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
	cut |= (rank(part) == HTML ? html_text : tidy_lines)(buf_text(&utf8),
	    utf8.n, &text) == -1;
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

/* Whether people would call it an attachment of a message that ${has_text}. */
static bool
is_listed(const struct part *part, bool has_text)
{
	const struct parts_span *body = &part->body;
	size_t i;

	for (i = 0; i < body->n && is_white((unsigned char)body->p[i]); i++)
		;
	return rank(part) == NO_TEXT || part->name[0] != '\0' ||
	    (!(part->alternative && has_text) && i < body->n);
}

/* An attached message is called what it is about. */
static void
name_message(struct part *part)
{
	char *raw = decode_header(part->body.p, part->body.n, "Subject");
	char *subject = decode_text(raw);

	free(part->name);
	part->name = tidied(subject);
	free(subject);
	free(raw);
}

static void
list_part(struct part *part, struct decode_message *out, size_t *cap)
{
	struct buf none = BUF_INIT(0);

	if (part->name[0] == '\0' && strcmp(part->type, "message/rfc822") == 0)
		name_message(part);
	out->attachments = mem_grow(out->attachments, cap, out->n + 1,
	    sizeof(*out->attachments));
	out->attachments[out->n++] = (struct decode_attachment){ part->name,
	    part->type, transferred(part, &none) };
	part->name = part->type = NULL;
	buf_release(&none);
}

/* Find the text.  Return which of the parts it is, from 1, or 0: none. */
static size_t
find_text(const void *p, size_t n, struct decode_message *out)
{
	int best = NO_TEXT;
	size_t chosen = 0;
	struct part part;
	struct parts w;

	parts_begin(&w, p, n);
	while (best != PLAIN && next_part(&w, &part)) {
		if (rank(&part) < best && take_text(&part, out)) {
			best = rank(&part);
			chosen = w.met;
		}
		part_release(&part);
	}
	parts_end(&w);
	out->html = best == HTML;
	return chosen;
}

/* List all parts but the one that is the text. */
static void
find_attachments(const void *p, size_t n, size_t chosen,
    struct decode_message *out)
{
	struct part part;
	struct parts w;
	size_t cap = 0;

	parts_begin(&w, p, n);
	while (!out->more && next_part(&w, &part)) {
		if (w.met != chosen && is_listed(&part, chosen != 0)) {
			if (out->n < DECODE_ATTACHMENTS)
				list_part(&part, out, &cap);
			else
				out->more = true;
		}
		part_release(&part);
	}
	parts_end(&w);
	out->more |= w.met > PARTS_MAX;
}

void
decode_message(const void *p, size_t n, struct decode_message *out)
{
	size_t chosen;

	*out = (struct decode_message){ .text = NULL };
	chosen = find_text(p, n, out);
	if (chosen == 0)
		out->text = xstrdup("");
	find_attachments(p, n, chosen, out);
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
