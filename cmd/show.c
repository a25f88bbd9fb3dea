/*
 * show.c - mailkeep show: one message, for people, programs or byte for byte.
 *
 * Nothing of a message is shown before its hash is found to be right; only raw bytes beyond what fits into memory are
 * passed on as they come, and then the exit status tells.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/mem.h"
#include "base/text.h"
#include "cmd/table.h"
#include "cmd/target.h"
#include "mail/decode.h"
#include "mail/flags.h"
#include "mail/name.h"

#define WHOLE_MAX	(64 * 1024 * 1024)	/* a larger message is not taken apart */
#define HEAD_MAX	(1024 * 1024)		/* ... and this much of it looked at */
#define HEX_MIN		4			/* digits of a SHA-256 that may name a message */

struct show_opts {
	bool	headers, raw;
};

static const struct opt opts[] = {
	OPT_FLAG(0, "headers", struct show_opts, headers,
	    "print the header as it was sent"),
	OPT_FLAG(0, "raw", struct show_opts, raw,
	    "print the message byte for byte"),
	OPT_END
};

/* A message, and as much of its bytes as is looked at. */
struct message {
	struct known_message known;
	char		 id[64];
	struct buf	 bytes;		/* own */
	bool		 whole;		/* they are all of it */
};

/* ---- HTML as text ---- */

struct html {
	struct buf	*out;		/* borrowed */
	const char	*end;		/* of the HTML */
	unsigned int	 breaks;	/* line ends due before the next character */
	bool		 gap;		/* a blank is due */
	bool		 item;		/* nothing came yet after a list's "-" */
	unsigned int	 pre;		/* <pre> that are open */
	bool		 tagless;	/* no tag ends from here on */
	bool		 full;
};

/* The number of a word in a list of words with a blank between, or -1. */
static int
find_word(const char *list, const char *word, size_t n)
{
	size_t len;
	int i;

	for (i = 0; *list != '\0'; i++, list += len + (list[len] != '\0')) {
		len = strcspn(list, " ");
		if (len == n && memcmp(list, word, n) == 0)
			return i;
	}
	return -1;
}

static void
html_write(struct html *h, uint32_t cp)
{
	char utf8[4];

	if (buf_add(h->out, utf8, utf8_put(utf8, cp)) == -1)
		h->full = true;
}

/* A character that is no markup. */
static void
html_put(struct html *h, uint32_t cp)
{
	if (cp == 0xa0)
		cp = ' ';
	if (h->pre == 0 && (cp == ' ' || cp == '\t' || cp == '\n')) {
		h->gap = true;
		return;
	}
	/* Nobody sees these: what fills previews, places to hyphenate at, marks of byte order. */
	if (cp == 0xad || cp == 0x200b || cp == 0xfeff)
		return;
	if (h->out->n > 0 && h->breaks > 0)
		for (; h->breaks > 0; h->breaks--)
			html_write(h, '\n');
	else if (h->out->n > 0 && h->gap)
		html_write(h, ' ');
	h->breaks = 0;
	h->gap = h->item = false;
	html_write(h, cp);
}

static void
html_break(struct html *h, unsigned int n)
{
	if (h->breaks < n && !h->item)
		h->breaks = n;
}

static void
html_tag(struct html *h, const char *name, bool closing)
{
	static const char lines[] = "address article aside body caption center "
	    "dd div dl dt fieldset figure footer form header li main nav ol "
	    "section table tr ul";
	static const char paragraphs[] = "blockquote h1 h2 h3 h4 h5 h6 hr p "
	    "pre";
	size_t n = strlen(name);

	if (find_word(lines, name, n) != -1)
		html_break(h, 1);
	else if (find_word(paragraphs, name, n) != -1)
		html_break(h, 2);
	if (strcmp(name, "br") == 0)
		html_break(h, h->breaks == 0 ? 1 : 2);
	else if (strcmp(name, "td") == 0 || strcmp(name, "th") == 0)
		h->gap = true;
	else if (strcmp(name, "li") == 0 && !closing) {
		html_put(h, '-');
		h->item = h->gap = true;
	} else if (strcmp(name, "pre") == 0 && !closing)
		h->pre++;
	else if (strcmp(name, "pre") == 0 && h->pre > 0)
		h->pre--;
}

/* Behind the '>' that ends a tag, which is none between quotes; NULL where there is none. */
static const char *
html_tag_end(const char *p, const char *end)
{
	const char *quote;

	for (; p < end && *p != '>'; p++)
		if ((*p == '"' || *p == '\'') && p[-1] == '=') {
			quote = memchr(p + 1, *p, (size_t)(end - p) - 1);
			if (quote != NULL)
				p = quote;
		}
	return p < end ? p + 1 : NULL;
}

/* Where an element ends whose content is never shown: at its closing tag or the end of all. */
static const char *
html_hidden(const char *p, const char *end, const char *name)
{
	size_t n = strlen(name), i;

	for (; p < end; p++) {
		if ((p = memchr(p, '<', (size_t)(end - p))) == NULL)
			break;
		if ((size_t)(end - p) < n + 2 || p[1] != '/')
			continue;
		/* Names are ASCII letters, and so is their case. */
		for (i = 0; i < n && (p[2 + i] | 0x20) == name[i]; i++)
			;
		if (i == n)
			return p;
	}
	return end;
}

/* What begins with '<' at ${p}: where the text goes on, or NULL where that is no tag. */
static const char *
html_markup(struct html *h, const char *p)
{
	char name[16] = "";
	const char *next, *word;
	size_t n, i;

	if (h->end - p >= 4 && memcmp(p, "<!--", 4) == 0) {
		next = strstr(p + 4, "-->");
		return next == NULL ? h->end : next + 3;
	}
	word = p + (p[1] == '/' ? 2 : 1);
	n = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "123456");
	if ((n == 0 || *word <= '9') && *word != '!' && *word != '?')
		return NULL;
	if ((next = html_tag_end(word, h->end)) == NULL) {
		h->tagless = true;
		return NULL;
	}
	if (n < sizeof(name))
		memcpy(name, word, n);
	for (i = 0; name[i] != '\0'; i++)
		if (name[i] >= 'A' && name[i] <= 'Z')
			name[i] |= 0x20;
	html_tag(h, name, p[1] == '/');
	if (p[1] != '/' && find_word("script style title", name,
	    strlen(name)) != -1)
		return html_hidden(next, h->end, name);
	return next;
}

/* The character that a number means. */
static uint32_t
html_number(const char *digits, int base)
{
	unsigned long v = strtoul(digits, NULL, base);
	char byte[2] = "", *text;
	uint32_t cp = 0xfffd;

	if (v == ' ' || v == '\t' || v == '\n' || v == '\r')
		return ' ';
	if (v >= 0x80 && v < 0xa0) {
		/* What is meant is windows-1252, as with a byte without a charset. */
		byte[0] = (char)v;
		text = decode_text(byte);
		utf8_next(text, strlen(text), &cp);
		free(text);
	} else if (v > 0x20 && v != 0x7f && v <= 0x10ffff &&
	    (v < 0xd800 || v > 0xdfff))
		cp = (uint32_t)v;
	return cp;
}

/* What begins with '&' at *p, which moves on; 0: no reference. */
static uint32_t
html_reference(const char **p)
{
	/* U+00A0 to U+00FF; then what else is met. */
	static const char latin[] = "nbsp iexcl cent pound curren yen brvbar "
	    "sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 "
	    "acute micro para middot cedil sup1 ordm raquo frac14 frac12 "
	    "frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil "
	    "Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde "
	    "Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc "
	    "Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring "
	    "aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml "
	    "eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave "
	    "uacute ucirc uuml yacute thorn yuml";
	static const char others[] = "amp lt gt quot apos ensp emsp thinsp "
	    "zwnj zwj ndash mdash lsquo rsquo sbquo ldquo rdquo bdquo bull "
	    "hellip lsaquo rsaquo euro trade larr rarr minus OElig oelig "
	    "Scaron scaron";
	static const uint32_t others_are[] = { '&', '<', '>', '"', '\'', ' ',
	    ' ', ' ', 0x200c, 0x200d, 0x2013, 0x2014, 0x2018, 0x2019, 0x201a,
	    0x201c, 0x201d, 0x201e, 0x2022, 0x2026, 0x2039, 0x203a, 0x20ac,
	    0x2122, 0x2190, 0x2192, 0x2212, 0x152, 0x153, 0x160, 0x161 };
	const char *name = *p + 1, *digits;
	size_t n = strcspn(name, "; \n<&");
	uint32_t cp = 0;
	bool hex;
	int i;

	if (name[n] != ';')
		return 0;
	if (*name == '#') {
		hex = name[1] == 'x' || name[1] == 'X';
		digits = name + (hex ? 2 : 1);
		if (*digits != ';' && digits[strspn(digits, hex ?
		    "0123456789abcdefABCDEF" : "0123456789")] == ';')
			cp = html_number(digits, hex ? 16 : 10);
	} else if ((i = find_word(latin, name, n)) != -1)
		cp = 0xa0 + (uint32_t)i;
	else if ((i = find_word(others, name, n)) != -1)
		cp = others_are[i];
	if (cp != 0)
		*p = name + n + 1;
	return cp;
}

/* HTML in UTF-8 as text, to be freed; ${*cut} is set where not all fits. */
static char *
html_text(const char *p, bool *cut)
{
	struct buf out = BUF_INIT(DECODE_TEXT_MAX);
	struct html h = { .out = &out, .end = p + strlen(p) };
	const char *next;
	uint32_t cp;

	while (p < h.end && !h.full) {
		if (*p == '<' && !h.tagless &&
		    (next = html_markup(&h, p)) != NULL) {
			p = next;
			continue;
		}
		if (*p != '&' || (cp = html_reference(&p)) == 0)
			p += utf8_next(p, (size_t)(h.end - p), &cp);
		html_put(&h, cp);
	}
	*cut |= h.full;
	return buf_take(&out);
}

/* ---- finding and reading ---- */

struct candidates {
	uint64_t	commit[2], line[2];
	size_t		n;
};

static int
note_candidate(void *arg, const struct known_message *m, struct err *e)
{
	struct candidates *c = arg;

	(void)e;
	c->commit[c->n] = m->commit;
	c->line[c->n] = m->line;
	return ++c->n == 2;
}

/* The message whose content's SHA-256 begins so: 1, or 0: there is none. */
static int
find_by_hash(struct catalog *c, const char *hex, struct known_message *out,
    struct err *e)
{
	struct candidates found = { .n = 0 };

	if (catalog_by_prefix(c, hex, note_candidate, &found, e) == -1)
		return -1;
	if (found.n == 2) {
		err_set(e, EK_USAGE, "more than one message begins with '%s': "
		    "%" PRIu64 ".%" PRIu64 " and %" PRIu64 ".%" PRIu64
		    " are among them", hex, found.commit[0], found.line[0],
		    found.commit[1], found.line[1]);
		return err_next(e, "give one of these ids, or more digits");
	}
	if (found.n == 0)
		return 0;
	return catalog_message(c, found.commit[0], found.line[0], out, e);
}

static int
find_message(struct catalog *c, const char *id, struct known_message *out,
    struct err *e)
{
	size_t n = strlen(id), dot = strcspn(id, ".");
	uint64_t commit, line;
	int r;

	if (n > dot && text_u64(id, dot, &commit) == 0 &&
	    text_u64(id + dot + 1, n - dot - 1, &line) == 0)
		r = catalog_message(c, commit, line, out, e);
	else if (n >= HEX_MIN && n < DIGEST_HEX &&
	    strspn(id, "0123456789abcdefABCDEF") == n)
		r = find_by_hash(c, id, out, e);
	else {
		err_set(e, EK_USAGE, "'%s' is not the id of a message", id);
		return err_next(e, "an id is like 17.204, or at least %d "
		    "digits of a SHA-256; mailkeep list shows them", HEX_MIN);
	}
	if (r != 0)
		return r == -1 ? -1 : 0;
	err_set(e, EK_USAGE, "the vault has no message '%s'", id);
	return err_next(e, "mailkeep list --all shows the ids of all messages");
}

/* As much of a message as there is room for. */
static int
keep_bytes(void *arg, const void *p, size_t n, struct err *e)
{
	struct message *m = arg;
	size_t room = m->bytes.max - m->bytes.n;

	if (n > room)
		m->whole = false;
	buf_add(&m->bytes, p, n < room ? n : room);
	return cancel_check(e);
}

static int
read_message(struct vault *v, struct message *m, struct err *e)
{
	const struct sink to = { keep_bytes, m };
	uint64_t commit = m->known.commit, line = m->known.line;
	struct digest sha256 = m->known.sha256;
	int r;

	m->whole = true;
	buf_init(&m->bytes, m->known.size <= WHOLE_MAX ? WHOLE_MAX : HEAD_MAX);
	if (vault_read(v, &sha256, &to, e) == -1)
		return err_add(e, "message %s", m->id);
	/* Reading asked the catalog, which lets go of what it said before. */
	r = catalog_message(vault_catalog(v), commit, line, &m->known, e);
	return r == 0 ? err_set(e, EK_CORRUPT, "the catalog knows message %s "
	    "no more", m->id) : r == -1 ? -1 : 0;
}

/* ---- presenting ---- */

static char *
decoded(const struct message *m, const char *name)
{
	char *raw = decode_header(buf_text(&m->bytes), m->bytes.n, name);
	char *text = decode_text(raw);

	free(raw);
	return text;
}

/* The text, of HTML too; to be released. */
static void
take_apart(const struct message *m, struct decode_message *out)
{
	char *text;

	decode_message(buf_text(&m->bytes), m->bytes.n, out);
	if (out->html) {
		text = html_text(out->text, &out->cut);
		free(out->text);
		out->text = text;
	}
}

static void
print_field(struct ui *ui, const char *title, const char *value)
{
	if (*value == '\0')
		return;
	ui_part(ui, UI_BOLD, "%s:", title);
	ui_part(ui, UI_PLAIN, "%*s%s", 10 - (int)strlen(title), "", value);
	ui_line_end(ui);
}

static void
print_decoded(struct ui *ui, const struct message *m, const char *title)
{
	char *text = decoded(m, title);

	print_field(ui, title, text);
	free(text);
}

static void
print_labels(struct ui *ui, const char *labels)
{
	struct buf b = BUF_INIT(FLAGS_MAX_TEXT * 2);
	size_t n;

	for (; *labels != '\0'; labels += n + (labels[n] != '\0')) {
		n = strcspn(labels, "\n");
		if (b.n > 0)
			buf_adds(&b, ", ");
		buf_add(&b, labels, n);
	}
	print_field(ui, "Labels", buf_text(&b));
	buf_release(&b);
}

static void
print_size(struct ui *ui, uint64_t size)
{
	char text[TEXT_MAX], count[TEXT_MAX], both[2 * TEXT_MAX + 16];

	text_size(text, size);
	if (size < 1024)
		snprintf(both, sizeof(both), "%s", text);
	else
		snprintf(both, sizeof(both), "%s (%s bytes)", text,
		    text_count(count, size));
	print_field(ui, "Size", both);
}

static void
print_fields(struct ui *ui, const struct message *m)
{
	const struct known_message *k = &m->known;
	char hex[DIGEST_HEX], *date = decoded(m, "Date"), *folder;

	print_decoded(ui, m, "From");
	print_decoded(ui, m, "To");
	print_decoded(ui, m, "Cc");
	print_decoded(ui, m, "Subject");
	print_field(ui, "Date", *date != '\0' || k->internaldate == NULL ?
	    date : k->internaldate);
	folder = xasprintf("%s%s", name_shown(k->folder_name),
	    k->gone ? " (gone)" : "");
	print_field(ui, "Folder", folder);
	print_field(ui, "Flags", *k->flags == '\0' ? "-" : k->flags);
	if (k->labels != NULL)
		print_labels(ui, k->labels);
	print_size(ui, k->size);
	print_field(ui, "Id", m->id);
	print_field(ui, "SHA-256", digest_hex(&k->sha256, hex));
	free(folder);
	free(date);
}

static int
print_text(struct ui *ui, const char *text, struct err *e)
{
	const struct sink to = ui_text(ui);

	ui_print(ui, "%s", "");
	if (sink_write(&to, text, strlen(text), e) == -1)
		return -1;
	ui_line_end(ui);
	return 0;
}

static void
print_attachments(struct ui *ui, const struct decode_message *d)
{
	static const struct table_column columns[] = {
		{ NULL, TABLE_LEFT, 12, 1 },
		{ NULL, TABLE_LEFT, 12, 1 },
		{ NULL, TABLE_RIGHT, 0, 0 },
	};
	struct table *t = table_new(ui, columns, 3);
	char text[TEXT_MAX];
	size_t i;

	ui_print(ui, "%s", "");
	ui_part(ui, UI_BOLD, "Attachments:");
	ui_line_end(ui);
	for (i = 0; i < d->n; i++) {
		table_cell(t, "  %s", d->attachments[i].name[0] == '\0' ?
		    "(no name)" : d->attachments[i].name);
		table_cell(t, "%s", d->attachments[i].type);
		table_cell(t, "%s", text_size(text, d->attachments[i].size));
	}
	table_end(&t);
	if (d->more)
		ui_print(ui, "  ... and more");
}

static int
print_message(struct ui *ui, const struct message *m, struct err *e)
{
	struct decode_message d;
	int rc = 0;

	print_fields(ui, m);
	if (!m->whole) {
		ui_print(ui, "%s", "");
		ui_print(ui, "[Too large to be taken apart; --raw gives all "
		    "of it.]");
		return 0;
	}
	take_apart(m, &d);
	if (d.text[0] != '\0')
		rc = print_text(ui, d.text, e);
	if (rc == 0 && d.cut)
		ui_print(ui, "[The text goes on; --raw gives all of it.]");
	if (rc == 0 && (d.n > 0 || d.more))
		print_attachments(ui, &d);
	decode_release(&d);
	return rc;
}

/* The header's bytes without the empty line behind it. */
static int
print_header(struct ui *ui, const struct message *m, struct err *e)
{
	const char *p = buf_text(&m->bytes);
	size_t n = decode_header_size(p, m->bytes.n);
	const struct sink to = ui_text(ui);

	if (n == m->bytes.n && !m->whole)
		ui_warn(ui, "the header is longer than what is printed; --raw "
		    "gives all of it");
	while (n > 0 && (p[n - 1] == '\n' || p[n - 1] == '\r'))
		n--;
	if (n == 0)
		return 0;
	if (sink_write(&to, p, n, e) == -1)
		return -1;
	ui_line_end(ui);
	return 0;
}

/* ---- JSON ---- */

static void
json_flags(struct json_out *j, const char *text)
{
	const char *word;
	size_t n;

	json_open(j, "flags", '[');
	while ((word = flags_next(&text, &n)) != NULL)
		json_strn(j, NULL, word, n);
	json_close(j, ']');
}

static void
json_labels(struct json_out *j, const char *text)
{
	size_t n;

	json_open(j, "labels", '[');
	for (; *text != '\0'; text += n + (text[n] != '\0')) {
		n = strcspn(text, "\n");
		json_strn(j, NULL, text, n);
	}
	json_close(j, ']');
}

/* A field of the header, decoded, if there is one. */
static void
json_field(struct json_out *j, const char *key, const struct message *m,
    const char *name)
{
	char *text = decoded(m, name);

	if (*text != '\0')
		json_str(j, key, text);
	free(text);
}

static void
json_headers(struct json_out *j, const struct message *m)
{
	json_open(j, "headers", '{');
	json_field(j, "from", m, "From");
	json_field(j, "to", m, "To");
	json_field(j, "cc", m, "Cc");
	json_field(j, "subject", m, "Subject");
	json_field(j, "date", m, "Date");
	json_field(j, "message_id", m, "Message-ID");
	json_close(j, '}');
}

static void
json_content(struct json_out *j, const struct message *m)
{
	struct decode_message d;
	size_t i;

	take_apart(m, &d);
	json_str(j, "text", d.text);
	if (d.html)
		json_bool(j, "html", true);
	if (d.cut)
		json_bool(j, "text_cut", true);
	json_open(j, "attachments", '[');
	for (i = 0; i < d.n; i++) {
		json_open(j, NULL, '{');
		if (d.attachments[i].name[0] != '\0')
			json_str(j, "name", d.attachments[i].name);
		json_str(j, "content_type", d.attachments[i].type);
		json_u64(j, "size", d.attachments[i].size);
		json_close(j, '}');
	}
	json_close(j, ']');
	if (d.more)
		json_bool(j, "attachments_cut", true);
	decode_release(&d);
}

static void
message_json(struct ui *ui, const struct message *m)
{
	const struct known_message *k = &m->known;
	struct json_out *j = ui_json_begin(ui, "message");
	char hex[DIGEST_HEX], text[TEXT_MAX];

	json_str(j, "id", m->id);
	json_str(j, "folder", name_shown(k->folder_name));
	json_u64(j, "uidvalidity", k->uidvalidity);
	json_u64(j, "uid", k->uid);
	json_str(j, "sha256", digest_hex(&k->sha256, hex));
	json_u64(j, "size", k->size);
	json_flags(j, k->flags);
	if (k->labels != NULL)
		json_labels(j, k->labels);
	if (k->internaldate != NULL)
		json_str(j, "internaldate", k->internaldate);
	if (k->has_date)
		json_str(j, "date", text_rfc3339(text, k->date));
	if (k->gone)
		json_bool(j, "gone", true);
	json_headers(j, m);
	if (m->whole)
		json_content(j, m);
	else
		json_bool(j, "too_large", true);
	ui_json_end(ui);
}

/* ---- the verb ---- */

/* Byte for byte: what is small is verified before the first one leaves. */
static int
pour_raw(struct ui *ui, struct vault *v, struct message *m, struct err *e)
{
	const struct sink to = ui_bytes(ui);
	struct digest sha256 = m->known.sha256;

	if (m->known.size <= WHOLE_MAX) {
		if (read_message(v, m, e) == -1)
			return -1;
		return sink_write(&to, buf_text(&m->bytes), m->bytes.n, e);
	}
	if (vault_read(v, &sha256, &to, e) == -1) {
		if (e->kind != EK_CORRUPT)
			return -1;
		err_add(e, "message %s", m->id);
		return err_next(e, "what was written is not the message");
	}
	return 0;
}

static int
show(struct app *app, struct vault *v, const char *id, struct err *e)
{
	const struct show_opts *o = app->opts;
	struct message m = { .whole = false };
	int rc = -1;

	if (find_message(vault_catalog(v), id, &m.known, e) == -1)
		return -1;
	snprintf(m.id, sizeof(m.id), "%" PRIu64 ".%" PRIu64, m.known.commit,
	    m.known.line);
	if (o->raw)
		rc = pour_raw(app->ui, v, &m, e);
	else if (read_message(v, &m, e) == -1)
		rc = -1;
	else if (o->headers)
		rc = print_header(app->ui, &m, e);
	else if (ui_json(app->ui)) {
		message_json(app->ui, &m);
		rc = 0;
	} else
		rc = print_message(app->ui, &m, e);
	buf_release(&m.bytes);
	return rc;
}

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	const struct show_opts *o = app->opts;
	struct target t;
	struct vault *v = NULL;
	int rc;

	(void)argc;
	if (o->raw && o->headers)
		return err_set(e, EK_USAGE,
		    "--raw and --headers exclude each other");
	if ((o->raw || o->headers) && ui_json(app->ui))
		return err_set(e, EK_USAGE, "what --%s prints is no JSON",
		    o->raw ? "raw" : "headers");
	if (target_resolve(app, argv[0], &t, e) == -1)
		return -1;
	rc = vault_open(t.vault, VAULT_READ, target_env(app), &v, e);
	if (rc == 0)
		rc = show(app, v, argv[1], e);
	vault_close(&v);
	target_release(&t);
	return rc;
}

const struct command cmd_show = {
	.name = "show",
	.run = run,
	.summary = "show a message",
	.synopsis = "[options] ACCOUNT|VAULT ID",
	.opts = opts,
	.opts_size = sizeof(struct show_opts),
	.needs = NEED_CONFIG,
};
