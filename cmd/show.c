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
#include "cmd/plain.h"
#include "cmd/table.h"
#include "cmd/target.h"
#include "cmd/wrap.h"
#include "mail/decode.h"
#include "mail/flags.h"
#include "mail/name.h"

#define WHOLE_MAX	(64 * 1024 * 1024)	/* a larger message is not taken apart */
#define HEAD_MAX	(1024 * 1024)		/* ... and this much of it looked at */
#define WRAP_MAX	(1024 * 1024)		/* bytes of a line; a longer one is not for reading */
#define TITLE_WIDTH	11			/* of a field's title */

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

/* ---- finding and reading ---- */

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

/* A field; on a terminal its lines stand below each other. */
static void
print_field(struct ui *ui, const char *title, const char *value)
{
	struct buf text = BUF_INIT(WRAP_MAX), lines = BUF_INIT(4 * WRAP_MAX);
	char hang[TITLE_WIDTH + 1];
	const char *p;
	size_t n;

	if (*value == '\0')
		return;
	plain_escape(&text, value, strlen(value), ui_utf8(ui));
	snprintf(hang, sizeof(hang), "%*s", TITLE_WIDTH, "");
	wrap_line(&lines, buf_text(&text), ui_width(ui) > 0 ? ui_width(ui) :
	    SIZE_MAX, TITLE_WIDTH, hang);
	ui_part(ui, UI_BOLD, "%s:", title);
	ui_part(ui, UI_PLAIN, "%*s", TITLE_WIDTH - 1 - (int)strlen(title), "");
	p = buf_text(&lines);
	do {
		n = strcspn(p, "\n");
		ui_part(ui, UI_PLAIN, "%.*s", (int)n, p);
		ui_line_end(ui);
		p += n + (p[n] != '\0');
	} while (*p != '\0');
	buf_release(&text);
	buf_release(&lines);
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
	    k->pruned != 0 ? " (pruned)" : k->gone ? " (gone)" : "");
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

/* A line of text on a terminal.  What has tabs is laid out already. */
static int
print_line(struct ui *ui, const char *p, size_t n, size_t width, struct err *e)
{
	struct buf text = BUF_INIT(WRAP_MAX), lines = BUF_INIT(4 * WRAP_MAX);
	const struct sink to = ui_text(ui);
	int rc;

	if (memchr(p, '\t', n) == NULL &&
	    plain_escape(&text, p, n, ui_utf8(ui)) == 0) {
		wrap_quoted(&lines, buf_text(&text), width);
		p = buf_text(&lines);
		n = lines.n;
	}
	rc = sink_write(&to, p, n, e);
	ui_line_end(ui);
	buf_release(&text);
	buf_release(&lines);
	return rc;
}

static int
print_text(struct ui *ui, const char *text, struct err *e)
{
	const struct sink to = ui_text(ui);
	size_t width = ui_width(ui), n;

	ui_print(ui, "%s", "");
	if (width == 0) {
		if (sink_write(&to, text, strlen(text), e) == -1)
			return -1;
		ui_line_end(ui);
		return 0;
	}
	for (; *text != '\0'; text += n + (text[n] != '\0')) {
		n = strcspn(text, "\n");
		if (print_line(ui, text, n, width, e) == -1)
			return -1;
	}
	return 0;
}

static void
print_attachments(struct ui *ui, const struct decode_message *d)
{
	static const struct table_column columns[] = {
		{ NULL, TABLE_LEFT, 12, 1, 0 },
		{ NULL, TABLE_LEFT, 12, 1, 0 },
		{ NULL, TABLE_RIGHT, 0, 0, 0 },
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
	decode_message(buf_text(&m->bytes), m->bytes.n, &d);
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

	decode_message(buf_text(&m->bytes), m->bytes.n, &d);
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
	if (k->pruned != 0)
		json_u64(j, "pruned", k->pruned);
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
show(struct app *app, struct vault *v, void *arg, struct err *e)
{
	const struct show_opts *o = app->opts;
	struct message m = { .whole = false };
	const char *id = arg;
	int rc = -1;

	if (job_find(v, id, &m.known, e) == -1)
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

	(void)argc;
	if (o->raw && o->headers)
		return err_set(e, EK_USAGE,
		    "--raw and --headers exclude each other");
	if ((o->raw || o->headers) && ui_json(app->ui))
		return err_set(e, EK_USAGE, "what --%s prints is no JSON",
		    o->raw ? "raw" : "headers");
	return target_read(app, argv[0], show, argv[1], e);
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
