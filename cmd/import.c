/*
 * import.c - mailkeep import: mail that other programs kept, into a vault.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "cmd/later.h"
#include "cmd/table.h"
#include "cmd/target.h"

#define INTO_DEFAULT	"Imported"

struct import_opts {
	int		 date, format, quoting;
	const char	*into;
	bool		 dry_run, raw, wait;
};

static const struct import_opts defaults = { .into = INTO_DEFAULT };

/* The words stand in the order of foreign.h. */
static const struct opt opts[] = {
	OPT_CHOICE(0, "date-from", struct import_opts, date,
	    "auto|file|header", "which date of a message counts"),
	OPT_FLAG('n', "dry-run", struct import_opts, dry_run,
	    "count what is there, write nothing"),
	OPT_CHOICE(0, "format", struct import_opts, format,
	    "auto|maildir|mbox|eml|tar", "what SOURCE is"),
	OPT_TEXT(0, "into", struct import_opts, into, "FOLDER",
	    "put its folders below this one"),
	OPT_CHOICE(0, "quoting", struct import_opts, quoting,
	    "mboxrd|mboxo|none", "how an mbox quotes \"From \" in messages"),
	OPT_FLAG(0, "raw", struct import_opts, raw,
	    "keep line ends as they are"),
	OPT_FLAG(0, "wait", struct import_opts, wait,
	    "wait while another mailkeep writes to the vault"),
	OPT_END
};

static const struct table_column columns[] = {
	{ "FOLDER", TABLE_LEFT, 12, 1, 0 },
	{ "MESSAGES", TABLE_RIGHT, 0, 0, 0 },
};

struct teller {
	struct ui	*ui;
	bool		 dry_run;
	struct table	*table;		/* own; of a dry run that prints one, or NULL */
};

/* "1 folder", "14 folders" */
static void
add_count(struct buf *to, uint64_t n, const char *what)
{
	char text[TEXT_MAX];

	buf_addf(to, "%s %s%s", text_count(text, n), what, n == 1 ? "" : "s");
}

static void
tell_folder(void *arg, const char *name, uint64_t added, uint64_t bytes,
    uint64_t known)
{
	const struct teller *t = arg;
	struct buf what = BUF_INIT(1024);
	char text[TEXT_MAX], size[TEXT_MAX];

	if (ui_json(t->ui)) {
		struct json_out *j = ui_json_begin(t->ui, "folder");

		json_str(j, "folder", name);
		json_u64(j, t->dry_run ? "messages" : "new", added);
		if (!t->dry_run) {
			json_u64(j, "bytes", bytes);
			json_u64(j, "known", known);
		}
		ui_json_end(t->ui);
	} else if (t->table != NULL) {
		table_cell(t->table, "%s", name);
		table_cell(t->table, "%s", text_count(text, added));
	} else if (!t->dry_run) {
		if (added > 0)
			buf_addf(&what, "%s new (%s)", text_count(text, added),
			    text_size(size, bytes));
		if (known > 0)
			buf_addf(&what, "%s%s there already",
			    added > 0 ? ", " : "", text_count(text, known));
		if (what.n > 0)
			ui_note(t->ui, "  %s  %s", name, buf_text(&what));
	}
	buf_release(&what);
}

/* What can't be had is a warning, what is no mail a note. */
static void
tell_source(void *arg, bool lost, const char *where, const char *why)
{
	const struct teller *t = arg;

	if (ui_json(t->ui)) {
		struct json_out *j = ui_json_begin(t->ui,
		    lost ? "problem" : "note");

		if (where != NULL)
			json_str(j, "where", where);
		json_str(j, lost ? "reason" : "text", why);
		ui_json_end(t->ui);
	}
	if (lost)
		ui_warn(t->ui, "%s: %s", where, why);
	else if (where != NULL)
		ui_note(t->ui, "%s: %s; passed over", where, why);
	else
		ui_note(t->ui, "%s", why);
}

static void
tell_progress(void *arg, const char *folder, uint64_t messages, uint64_t bytes,
    uint64_t total)
{
	const struct teller *t = arg;
	struct progress p = { .where = folder, .bytes = bytes,
	    .bytes_total = total, .items = messages };

	ui_progress(t->ui, &p);
}

static void
report_json(struct ui *ui, const char *vault,
    const struct job_import_report *r, double seconds, int status)
{
	const struct run_counts *n = &r->counts;
	struct json_out *j = ui_json_begin(ui, "import");
	char head[DIGEST_HEX];

	target_json_vault(j, vault);
	json_u64(j, "run", r->run);
	json_u64(j, "commit", r->commit);
	json_str(j, "head", digest_hex(&r->head, head));
	json_u64(j, "folders", n->folders);
	json_u64(j, "found", n->listed);
	json_u64(j, "new", n->added);
	json_u64(j, "new_bytes", n->added_bytes);
	json_u64(j, "known", r->known);
	json_u64(j, "missing", n->missing);
	json_u64(j, "failed", n->failed);
	json_u64(j, "passed_over", r->passed_over);
	json_u64(j, "stored_bytes", n->stored_bytes);
	json_u64(j, "milliseconds", (uint64_t)(seconds * 1000));
	json_i64(j, "status", status);
	ui_json_end(ui);
}

static void
report_text(const struct teller *t, const struct job_import_report *r,
    double seconds)
{
	const struct run_counts *n = &r->counts;
	struct buf what = BUF_INIT(4096);
	char text[TEXT_MAX], head[DIGEST_HEX];

	if (t->dry_run) {
		add_count(&what, n->listed, "message");
		buf_adds(&what, " in ");
		add_count(&what, n->folders, "folder");
		ui_note(t->ui, "%s found; nothing was imported",
		    buf_text(&what));
		buf_release(&what);
		return;
	}
	buf_adds(&what, "imported ");
	add_count(&what, n->added, "message");
	if (n->added > 0)
		buf_addf(&what, " (%s)", text_size(text, n->added_bytes));
	buf_adds(&what, " in ");
	add_count(&what, n->folders, "folder");
	if (r->known > 0)
		buf_addf(&what, ", %s %s there already", text_count(text,
		    r->known), r->known == 1 ? "was" : "were");
	ui_note(t->ui, "%s, %s", buf_text(&what), text_span(text, seconds));
	if (r->run != 0)
		ui_note(t->ui, "commit %" PRIu64 ", head %.12s, stored %s",
		    r->commit, digest_hex(&r->head, head),
		    text_size(text, n->stored_bytes));
	buf_release(&what);
}

static int
import(struct app *app, const char *path, struct vault *v, const char *source,
    struct err *e)
{
	const struct import_opts *o = app->opts;
	struct teller t = { .ui = app->ui, .dry_run = o->dry_run };
	struct job_import_opts job = { .source = source, .into = o->into,
	    .format = (enum foreign_format)o->format,
	    .quoting = (enum foreign_quoting)o->quoting,
	    .date = (enum foreign_date)o->date, .raw = o->raw,
	    .dry_run = o->dry_run, .folder = tell_folder,
	    .told = tell_source, .progress = tell_progress, .arg = &t };
	struct job_import_report report;
	double began = later_clock();
	char text[TEXT_MAX];
	int rc, status;

	if (o->dry_run && !ui_json(app->ui) && !app->globals.ui.quiet)
		t.table = table_new(app->ui, columns,
		    sizeof(columns) / sizeof(columns[0]));
	rc = job_import(v, &job, &report, e);
	status = rc == 0 ? 0 : err_status(e->kind, e->sys);
	if (rc == -1 && e->kind == EK_CANCELLED && !o->dry_run)
		exit_saved(e, report.counts.added, "imported",
		    "nothing is imported twice");
	ui_progress_end(app->ui);
	table_end(&t.table);
	if (ui_json(app->ui))
		report_json(app->ui, path, &report, later_clock() - began,
		    status);
	if (report.passed_over > 0)
		ui_warn(app->ui, "%s part%s of the source %s passed over as "
		    "no mail: -v tells which", text_count(text,
		    report.passed_over), report.passed_over == 1 ? "" : "s",
		    report.passed_over == 1 ? "was" : "were");
	if (rc == 0 || report.run != 0 || e->kind == EK_PARTIAL)
		report_text(&t, &report, later_clock() - began);
	return rc;
}

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	const struct import_opts *o = app->opts;
	struct vault *v = NULL;
	struct target t;
	int rc;

	(void)argc;
	if (target_into(o->into, e) == -1 ||
	    target_resolve(app, argv[0], &t, e) == -1)
		return -1;
	rc = vault_open(t.vault, o->dry_run ? VAULT_READ :
	    o->wait ? VAULT_WAIT : VAULT_WRITE, target_env(app), &v, e);
	if (rc == 0)
		rc = import(app, t.vault, v, argv[1], e);
	vault_close(&v);
	target_release(&t);
	return rc;
}

const struct command cmd_import = {
	.name = "import",
	.run = run,
	.summary = "put mail of other programs into a vault",
	.synopsis = "[options] ACCOUNT|VAULT SOURCE",
	.opts = opts,
	.opts_size = sizeof(struct import_opts),
	.defaults = &defaults,
	.needs = NEED_CONFIG,
};
