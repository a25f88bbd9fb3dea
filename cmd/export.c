/*
 * export.c - mailkeep export: messages out of a vault, into other people's formats.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "cmd/choose.h"
#include "cmd/table.h"
#include "cmd/target.h"
#include "mail/decode.h"
#include "mail/name.h"

#define FORMAT_BY_NAME	(-1)

struct export_opts {
	struct choose	 choose;
	bool		 dry_run;
	int		 format;	/* as formats[] */
	const char	*to;
};

static const struct opt opts[] = {
	CHOOSE_ALL(struct export_opts),
	CHOOSE_AT(struct export_opts),
	CHOOSE_BEFORE(struct export_opts),
	OPT_FLAG('n', "dry-run", struct export_opts, dry_run,
	    "say what would be exported, write nothing"),
	CHOOSE_FLAG(struct export_opts),
	OPT_CHOICE(0, "format", struct export_opts, format,
	    "maildir|mbox|eml|tar|zip", "what to write; else as DIR's name "
	    "ends, or maildir"),
	CHOOSE_LARGER(struct export_opts),
	CHOOSE_PRUNED(struct export_opts),
	CHOOSE_RECIPIENT(struct export_opts),
	CHOOSE_SENDER(struct export_opts),
	CHOOSE_SINCE(struct export_opts),
	CHOOSE_SMALLER(struct export_opts),
	CHOOSE_SUBJECT(struct export_opts),
	OPT_TEXT(0, "to", struct export_opts, to, "DIR|FILE",
	    "write there; for tar and zip a file, or - for stdout"),
	OPT_END
};
static const struct export_opts defaults = {
	.choose = CHOOSE_DEFAULTS, .format = FORMAT_BY_NAME
};

/* The words of --format, in their order. */
static const struct { const char *word; enum foreign_kind kind; } formats[] = {
	{ "maildir", FOREIGN_MAILDIR }, { "mbox", FOREIGN_MBOX },
	{ "eml", FOREIGN_EML }, { "tar", FOREIGN_TAR }, { "zip", FOREIGN_ZIP },
};

/* Files that tell by their names what they are to be; a stream is a tar archive. */
static int
guess_format(const char *to)
{
	static const struct { const char *ending; int format; } t[] = {
		{ ".tar", 3 }, { ".tar.zst", 3 }, { ".tzst", 3 },
		{ ".tar.gz", 3 }, { ".tgz", 3 }, { ".zip", 4 },
	};
	size_t n = strlen(to), i, k;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		k = strlen(t[i].ending);
		if (n > k && strcasecmp(to + n - k, t[i].ending) == 0)
			return t[i].format;
	}
	return strcmp(to, "-") == 0 ? 3 : 0;
}

/* ---- telling ---- */

struct teller {
	struct ui	*ui;
	bool		 dry_run;
	struct table	*plan;		/* own; of a dry run that prints one, or NULL */
};

static const struct table_column columns[] = {
	{ "FOLDER", TABLE_LEFT, 12, 1, 0 },
	{ "MESSAGES", TABLE_RIGHT, 0, 0, 0 },
	{ "SIZE", TABLE_RIGHT, 0, 0, 0 },
};

static void
tell_folder(void *arg, const char *name, uint64_t messages, uint64_t bytes)
{
	const struct teller *t = arg;
	char text[TEXT_MAX];

	if (!t->dry_run)
		return;
	if (ui_json(t->ui)) {
		struct json_out *j = ui_json_begin(t->ui, "folder");

		json_str(j, "folder", name_shown(name));
		json_u64(j, "messages", messages);
		json_u64(j, "bytes", bytes);
		ui_json_end(t->ui);
	} else if (t->plan != NULL) {
		table_cell(t->plan, "%s", name_shown(name));
		table_cell(t->plan, "%s", text_count(text, messages));
		table_cell(t->plan, "%s", text_size(text, bytes));
	}
}

static void
damaged_json(struct ui *ui, const struct known_message *m, const char *subject,
    const char *why)
{
	struct json_out *j = ui_json_begin(ui, "damaged");
	char id[64], text[TEXT_MAX], hex[DIGEST_HEX];

	snprintf(id, sizeof(id), "%" PRIu64 ".%" PRIu64, m->commit, m->line);
	json_str(j, "id", id);
	json_str(j, "folder", name_shown(m->folder_name));
	json_u64(j, "uidvalidity", m->uidvalidity);
	json_u64(j, "uid", m->uid);
	json_str(j, "sha256", digest_hex(&m->sha256, hex));
	if (m->has_date)
		json_str(j, "date", text_rfc3339(text, m->date));
	if (m->has_headers)
		json_str(j, "subject", subject);
	json_str(j, "reason", why);
	ui_json_end(ui);
}

static void
tell_damaged(void *arg, const struct known_message *m, const char *why)
{
	const struct teller *t = arg;
	char date[TEXT_MAX], *subject;

	subject = decode_text(m->has_headers ? m->header[HEADER_SUBJECT] : "");
	if (ui_json(t->ui))
		damaged_json(t->ui, m, subject, why);
	ui_warn(t->ui, "%s: UID %" PRIu32 "%s%s%s%s%s was left out: %s",
	    name_shown(m->folder_name), m->uid, m->has_date ? " of " : "",
	    m->has_date ? text_local(date, m->date) : "",
	    m->has_headers ? ", \"" : "", subject,
	    m->has_headers ? "\"," : "", why);
	free(subject);
}

static void
tell_progress(void *arg, const char *folder,
    const struct job_export_report *r, uint64_t messages, uint64_t bytes)
{
	const struct teller *t = arg;
	struct progress p = { .where = name_shown(folder),
	    .bytes = r->bytes, .bytes_total = bytes,
	    .items = r->messages, .items_total = messages };

	ui_progress(t->ui, &p);
}

/* ---- the outcome ---- */

static void
report_json(struct ui *ui, const struct job_export_report *r)
{
	struct json_out *j = ui_summary(ui);

	json_u64(j, "folders", r->folders);
	json_u64(j, "messages", r->messages);
	json_u64(j, "bytes", r->bytes);
	json_u64(j, "damaged", r->damaged);
	json_u64(j, "not_judged", r->unread);
	json_u64(j, "gone_left", r->gone);
	json_u64(j, "flags_left", r->lack.flags);
	json_u64(j, "folders_renamed", r->lack.renamed);
}

static const char *
plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* What the target does not show by itself. */
static void
report_lacks(struct ui *ui, const struct job_export_report *r)
{
	char n[TEXT_MAX];

	if (r->gone > 0)
		ui_note(ui, "%s more message%s of these folders %s gone from "
		    "the server: --all exports them too",
		    text_count(n, r->gone), plural(r->gone),
		    r->gone == 1 ? "is" : "are");
	if (r->lack.flags > 0)
		ui_note(ui, "%s flag%s could not be kept: a Maildir has room "
		    "for 26 keywords in a folder", text_count(n, r->lack.flags),
		    plural(r->lack.flags));
	if (r->lack.renamed > 0)
		ui_note(ui, "%s folder%s got a name that ends in %%~2 or the "
		    "like: another one had the name already",
		    text_count(n, r->lack.renamed), plural(r->lack.renamed));
}

static void
report_text(struct ui *ui, const struct export_opts *o,
    const struct job_export_report *r)
{
	char messages[TEXT_MAX], size[TEXT_MAX], folders[TEXT_MAX];
	bool named = !o->dry_run && strcmp(o->to, "-") != 0;

	ui_note(ui, "%s %s message%s (%s) in %s folder%s%s%s",
	    o->dry_run ? "would export" : "exported",
	    text_count(messages, r->messages), plural(r->messages),
	    text_size(size, r->bytes), text_count(folders, r->folders),
	    plural(r->folders), named ? " to " : "", named ? o->to : "");
}

/* It broke off: what there is to be found. */
static void
report_rest(struct ui *ui, const struct job_export_opts *job,
    const struct job_export_report *r)
{
	char n[TEXT_MAX];

	if (job->kind == FOREIGN_MAILDIR || job->kind == FOREIGN_EML)
		ui_note(ui, "%s message%s had been written by then and %s "
		    "whole", text_count(n, r->messages), plural(r->messages),
		    r->messages == 1 ? "is" : "are");
	else if (job->kind == FOREIGN_MBOX)
		ui_note(ui, "mailboxes that were finished by then are whole");
}

/* ---- the verb ---- */

struct work {
	char		**folders;
	int		  n;
	struct job_export_opts job;
};

static int
export_vault(struct app *app, struct vault *v, void *arg, struct err *e)
{
	const struct export_opts *o = app->opts;
	struct work *w = arg;
	struct teller t = { .ui = app->ui, .dry_run = o->dry_run };
	struct job_export_report r;
	struct chosen chosen;
	bool whole;
	int rc;

	if (choose_begin(&o->choose, v, w->folders, w->n, &chosen, e) == -1)
		return -1;
	w->job.choice = &chosen.choice;
	w->job.folder = tell_folder;
	w->job.damaged = tell_damaged;
	w->job.progress = tell_progress;
	w->job.arg = &t;
	if (o->dry_run && !ui_json(app->ui))
		t.plan = table_new(app->ui, columns,
		    sizeof(columns) / sizeof(columns[0]));
	rc = job_export(v, &w->job, &r, e);
	ui_progress_end(app->ui);
	table_end(&t.plan);
	whole = rc == 0 || e->kind == EK_CORRUPT;
	report_json(app->ui, &r);
	if (whole) {
		report_text(app->ui, o, &r);
		report_lacks(app->ui, &r);
	} else if (r.messages > 0)
		report_rest(app->ui, &w->job, &r);
	if (rc == 0)
		rc = choose_note(app->ui, v, &chosen, r.unread, e);
	choose_end(&chosen);
	return rc;
}

static int
check_stream(struct app *app, struct job_export_opts *job, struct err *e)
{
	if (job->kind != FOREIGN_TAR && job->kind != FOREIGN_ZIP)
		return err_set(e, EK_USAGE,
		    "only --format tar and zip can go to stdout");
	if (ui_json(app->ui))
		return err_set(e, EK_USAGE, "what goes to stdout is no JSON");
	if (ui_width(app->ui) != 0) {
		err_set(e, EK_USAGE, "stdout is a terminal");
		return err_next(e, "an archive goes to a file: --to FILE");
	}
	job->to = NULL;
	job->stream = ui_bytes(app->ui);
	return 0;
}

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	const struct export_opts *o = app->opts;
	struct work w = { .folders = argv + 1, .n = argc - 1 };
	int format = o->format;

	if (o->to == NULL ? !o->dry_run : *o->to == '\0') {
		err_set(e, EK_USAGE, "where to is not said");
		return err_next(e, "name a new directory: --to DIR");
	}
	if (format == FORMAT_BY_NAME)
		format = o->to == NULL ? 0 : guess_format(o->to);
	w.job = (struct job_export_opts){ .kind = formats[format].kind,
	    .to = o->to, .dry_run = o->dry_run };
	if (o->to != NULL && strcmp(o->to, "-") == 0 &&
	    check_stream(app, &w.job, e) == -1)
		return -1;
	return target_read(app, argv[0], export_vault, &w, e);
}

const struct command cmd_export = {
	.name = "export",
	.run = run,
	.summary = "write messages of a vault to Maildir, mbox, eml, tar, zip",
	.synopsis = "[options] ACCOUNT|VAULT [FOLDER ...]",
	.opts = opts,
	.opts_size = sizeof(struct export_opts),
	.defaults = &defaults,
	.needs = NEED_CONFIG,
};
