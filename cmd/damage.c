/*
 * damage.c - see damage.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cmd/damage.h"
#include "cmd/table.h"
#include "mail/decode.h"
#include "mail/name.h"

#define COLUMNS	5

struct damage {
	struct app	*app;
	const char	*title;		/* borrowed */
	struct table_column columns[COLUMNS];
	struct table	*costs;		/* own; NULL before the first, or for JSON */
	char		*file;		/* own; of the last warning, */
	uint64_t	 offset;	/* ... and the place in it */
};

struct damage *
damage_new(struct app *app, const char *title, const char *heading)
{
	struct damage *d = xcalloc(1, sizeof(*d));
	const struct table_column columns[COLUMNS] = {
		{ heading, TABLE_LEFT, 8, 2, 0 },
		{ "UID", TABLE_RIGHT, 0, 0, 0 },
		{ "DATE", TABLE_LEFT, 0, 0, 2 },
		{ "FROM", TABLE_LEFT, 10, 2, 1 },
		{ "SUBJECT", TABLE_LEFT, 16, 5, 0 },
	};

	d->app = app;
	d->title = title;
	memcpy(d->columns, columns, sizeof(columns));
	return d;
}

void
damage_free(struct damage **dp)
{
	table_end(&(*dp)->costs);
	free((*dp)->file);
	free(*dp);
	*dp = NULL;
}

struct ui *
damage_ui(const struct damage *d)
{
	return d->app->ui;
}

const char *
damage_title(const struct damage *d)
{
	return d->title;
}

static const char *
kind_name(enum vault_found kind)
{
	static const char *const names[FOUND_KINDS] = {
		[FOUND_MANIFEST] = "manifest", [FOUND_PACK] = "pack",
		[FOUND_CONTENT] = "message", [FOUND_CATALOG] = "catalog",
		[FOUND_STRANGER] = "stranger",
	};

	return names[kind];
}

static void
finding_json(const struct damage *d, const struct vault_finding *f)
{
	struct json_out *j = ui_json_begin(d->app->ui, "finding");
	char hex[DIGEST_HEX];

	json_str(j, "account", d->title);
	json_str(j, "kind", kind_name(f->kind));
	json_bool(j, "damage", f->damage);
	json_str(j, "file", f->file);
	if (f->has_offset)
		json_u64(j, "offset", f->offset);
	json_str(j, "reason", f->why);
	if (f->blob != NULL)
		json_str(j, "sha256", digest_hex(f->blob, hex));
	ui_json_end(d->app->ui);
}

/* One place may cost many messages: a word on it is enough. */
static bool
was_told(struct damage *d, const struct vault_finding *f)
{
	if (f->has_offset && d->file != NULL && d->offset == f->offset &&
	    strcmp(d->file, f->file) == 0)
		return true;
	free(d->file);
	d->file = xstrdup(f->file);
	d->offset = f->has_offset ? f->offset : UINT64_MAX;
	return false;
}

void
damage_found(void *arg, const struct vault_finding *f)
{
	struct damage *d = arg;
	struct ui *ui = d->app->ui;

	if (ui_json(ui))
		finding_json(d, f);
	if (!f->damage)
		ui_note(ui, "%s: %s: %s", d->title, f->file, f->why);
	else if (was_told(d, f))
		return;
	else if (f->has_offset)
		ui_warn(ui, "%s: %s: at byte %" PRIu64 ": %s", d->title,
		    f->file, f->offset, f->why);
	else
		ui_warn(ui, "%s: %s: %s", d->title, f->file, f->why);
}

static void
cost_json(const struct damage *d, const struct known_message *m,
    const char *pack)
{
	struct json_out *j = ui_json_begin(d->app->ui, "damaged");
	char text[TEXT_MAX], hex[DIGEST_HEX];
	char *subject = m->has_headers ?
	    decode_text(m->header[HEADER_SUBJECT]) : NULL;

	json_str(j, "account", d->title);
	json_str(j, "folder", name_shown(m->folder_name));
	json_u64(j, "uidvalidity", m->uidvalidity);
	json_u64(j, "uid", m->uid);
	if (m->gone)
		json_bool(j, "gone", true);
	if (m->has_date)
		json_str(j, "date", text_rfc3339(text, m->date));
	if (subject != NULL)
		json_str(j, "subject", subject);
	if (m->has_headers)
		json_str(j, "message_id", m->header[HEADER_MESSAGE_ID]);
	json_u64(j, "size", m->size);
	json_str(j, "sha256", digest_hex(&m->sha256, hex));
	json_str(j, "pack", pack);
	ui_json_end(d->app->ui);
	free(subject);
}

static void
decoded_cell(struct table *t, const char *raw, char *(*decode)(const char *))
{
	char *s = raw == NULL ? xstrdup("") : decode(raw);

	table_cell(t, "%s", s);
	free(s);
}

void
damage_cost(void *arg, const struct known_message *m, const char *pack)
{
	struct damage *d = arg;
	char text[TEXT_MAX];

	if (ui_json(d->app->ui)) {
		cost_json(d, m, pack);
		return;
	}
	if (d->costs == NULL)
		d->costs = table_new(d->app->ui, d->columns, COLUMNS);
	table_cell(d->costs, "%s%s", name_shown(m->folder_name),
	    m->gone ? " (gone)" : "");
	table_cell(d->costs, "%" PRIu32, m->uid);
	table_cell(d->costs, "%s", m->has_date ? text_local(text, m->date) :
	    "-");
	decoded_cell(d->costs, m->header[HEADER_FROM], decode_person);
	decoded_cell(d->costs, m->header[HEADER_SUBJECT], decode_text);
}

void
damage_progress(void *arg, uint64_t done, uint64_t total)
{
	const struct damage *d = arg;
	struct progress p = { .title = d->title, .bytes = done,
	    .bytes_total = total };

	ui_progress(d->app->ui, &p);
}
