/*
 * backup.c - mailkeep backup: bring vaults up to date with their servers.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "cmd/backup.h"
#include "cmd/plain.h"
#include "cmd/later.h"
#include "cmd/table.h"
#include "mail/name.h"

static const struct opt opts[] = {
	OPT_FLAG('n', "dry-run", struct backup_opts, dry_run,
	    "say what would be looked at, fetch and write nothing"),
	OPT_FLAG(0, "full", struct backup_opts, full,
	    "compare every message, trust no shortcut"),
	OPT_FLAG(0, "wait", struct backup_opts, wait,
	    "wait while another mailkeep writes to the vault"),
	OPT_END
};

#define NAME_PAD	36	/* a longer name moves the rest of its line */
#define NAME_LEAST	8	/* places of it are shown, however narrow the terminal */
#define NAME_BYTES	65536
#define DIGITS		6	/* a longer number moves the rest of its line */

/* What a listener needs to tell what it hears. */
struct teller {
	struct ui	*ui;
	const char	*title;
	bool		 alone;		/* no other account is backed up by this run */
	bool		 dry_run, idle;	/* ... with the folders that need no visit */
	struct table	*plan;		/* own; of a dry run that prints one, or NULL */
	size_t		 width;		/* of the folders' names, as far as they are planned */
	uint64_t	 planned, changed, expected;
};

/* The plan of a dry run. */
static const struct table_column columns[] = {
	{ "FOLDER", TABLE_LEFT, 12, 1, 0 },
	{ "ABOUT NEW", TABLE_RIGHT, 0, 0, 0 },
	{ "WHY", TABLE_LEFT, 12, 1, 0 },
};

/* "1 folder", "14 folders" */
static void
add_count(struct buf *to, uint64_t n, const char *what)
{
	char text[TEXT_MAX];

	buf_addf(to, "%s %s%s", text_count(text, n), what, n == 1 ? "" : "s");
}

static void
json_uids(struct json_out *j, const struct uidset *uids)
{
	struct buf b = BUF_INIT(64 * 1024);

	uidset_format(uids, 0, 60000, &b);
	json_str(j, "uids", buf_text(&b));
	buf_release(&b);
}

/* The folder's name as data: decoded, or as the server spells it. */
static void
json_folder(struct json_out *j, const char *name)
{
	if (name == NULL)
		return;
	json_str(j, "folder", name_shown(name));
	if (name_undecodable(name) != NULL)
		json_bool(j, "undecodable", true);
}

static void
tell_problem(const struct teller *t, const struct job_event *ev)
{
	const char *folder = ev->folder == NULL ? "the list of folders" :
	    name_shown(ev->folder);
	struct buf b = BUF_INIT(64 * 1024);

	if (ui_json(t->ui)) {
		struct json_out *j = ui_json_begin(t->ui, "problem");

		json_str(j, "account", t->title);
		json_folder(j, ev->folder);
		if (ev->uids != NULL)
			json_uids(j, ev->uids);
		json_str(j, "reason", ev->reason);
		ui_json_end(t->ui);
	}
	if (ev->uids == NULL) {
		ui_warn(t->ui, "%s: %s: %s", t->title, folder, ev->reason);
		return;
	}
	uidset_format(ev->uids, 0, 500, &b);
	ui_warn(t->ui, "%s: %s: UID %s%s: %s", t->title, folder, buf_text(&b),
	    ev->uids->n > 40 ? ",..." : "", ev->reason);
	buf_release(&b);
}

static void
tell_damage(const struct teller *t, const struct job_event *ev)
{
	if (ui_json(t->ui)) {
		struct json_out *j = ui_json_begin(t->ui, "damage");

		json_str(j, "account", t->title);
		json_str(j, "pack", ev->pack);
		json_str(j, "reason", ev->reason);
		ui_json_end(t->ui);
	}
	ui_warn(t->ui, "%s: packs/%s: %s", t->title, ev->pack, ev->reason);
}

static void
plan_json(const struct teller *t, const struct job_event *ev)
{
	struct json_out *j = ui_json_begin(t->ui, "plan");

	json_str(j, "account", t->title);
	json_folder(j, ev->folder);
	json_bool(j, "visit", !ev->skip);
	json_str(j, "reason", ev->reason);
	json_u64(j, "expected", ev->messages);
	ui_json_end(t->ui);
}

static void
plan_row(struct table *table, const struct job_event *ev)
{
	enum ui_style style = ev->skip ? UI_DIM : UI_PLAIN;
	char n[TEXT_MAX];

	table_styled(table, style, "%s", name_shown(ev->folder));
	table_styled(table, style, "%s",
	    ev->skip ? "-" : text_count(n, ev->messages));
	table_styled(table, style, "%s", ev->reason);
}

static void
tell_plan(struct teller *t, const struct job_event *ev)
{
	size_t width = plain_width(name_shown(ev->folder));

	t->planned++;
	if (!ev->skip) {
		t->changed++;
		t->expected += ev->messages;
		if (width > t->width)
			t->width = width < NAME_PAD ? width : NAME_PAD;
	}
	if (!t->dry_run)
		return;
	if (ui_json(t->ui))
		plan_json(t, ev);
	else if (t->plan != NULL && (!ev->skip || t->idle))
		plan_row(t->plan, ev);
}

static void
folder_json(const struct teller *t, const struct job_event *ev)
{
	struct json_out *j = ui_json_begin(t->ui, "folder");

	json_str(j, "account", t->title);
	json_folder(j, ev->folder);
	json_u64(j, "new", ev->messages);
	json_u64(j, "bytes", ev->bytes);
	json_u64(j, "flags", ev->flags);
	json_u64(j, "gone", ev->gone);
	ui_json_end(t->ui);
}

/* What there is to say of a folder or a run: "1,234 new (1.1 MiB), 12 flag changes, 1 gone (kept)", or nothing. */
static void
add_changes(struct buf *to, uint64_t added, uint64_t bytes, uint64_t flags,
    uint64_t gone)
{
	char n[TEXT_MAX], size[TEXT_MAX];

	if (added > 0)
		buf_addf(to, "%s new (%s)", text_count(n, added),
		    text_size(size, bytes));
	if (flags > 0) {
		buf_adds(to, to->n > 0 ? ", " : "");
		add_count(to, flags, "flag change");
	}
	if (gone > 0)
		buf_addf(to, "%s%s gone (kept)", to->n > 0 ? ", " : "",
		    text_count(n, gone));
}

/* A folder's name, as much of it as has room beside ${taken} places on a terminal; in ${out}, plain. */
static void
fit_name(const struct ui *ui, const char *name, size_t taken, struct buf *out)
{
	struct buf whole = BUF_INIT(NAME_BYTES);
	size_t width = ui_note_width(ui);

	plain_escape(&whole, name, strlen(name), ui_utf8(ui));
	if (width == 0)
		buf_adds(out, buf_text(&whole));
	else
		plain_cut(out, buf_text(&whole), width < taken + NAME_LEAST ?
		    NAME_LEAST : width - taken, ui_utf8(ui));
	buf_release(&whole);
}

/* A line with the first number under the others'. */
static void
folder_line(const struct teller *t, const char *name, const char *what)
{
	struct buf shown = BUF_INIT(NAME_BYTES);
	size_t digits = strcspn(what, " "), indent, width;

	indent = digits < DIGITS ? DIGITS - digits : 0;
	fit_name(t->ui, name, 4 + indent + plain_width(what), &shown);
	width = plain_width(buf_text(&shown));
	ui_note(t->ui, "  %s%*s  %*s%s", buf_text(&shown),
	    width < t->width ? (int)(t->width - width) : 0, "",
	    (int)indent, "", what);
	buf_release(&shown);
}

static void
tell_folder(const struct teller *t, const struct job_event *ev)
{
	struct buf what = BUF_INIT(1024);

	if (ui_json(t->ui)) {
		folder_json(t, ev);
		return;
	}
	add_changes(&what, ev->messages, ev->bytes, ev->flags, ev->gone);
	if (what.n > 0)
		folder_line(t, name_shown(ev->folder), buf_text(&what));
	buf_release(&what);
}

static void
tell_note(const struct teller *t, const struct job_event *ev)
{
	if (ui_json(t->ui)) {
		struct json_out *j = ui_json_begin(t->ui, "note");

		json_str(j, "account", t->title);
		json_str(j, "text", ev->reason);
		ui_json_end(t->ui);
	}
	ui_note(t->ui, "%s: %s", t->title, ev->reason);
}

static void
tell_progress(const struct teller *t, const struct job_event *ev)
{
	struct progress p = { .title = t->alone ? NULL : t->title,
	    .where = ev->folder == NULL ? NULL : name_shown(ev->folder),
	    .bytes = ev->received, .items = ev->done,
	    .items_total = ev->total };

	ui_progress(t->ui, &p);
}

static void
tell(void *arg, const struct job_event *ev)
{
	struct teller *t = arg;

	ui_waited(t->ui);
	switch (ev->kind) {
	case JOB_PLAN:
		tell_plan(t, ev);
		break;
	case JOB_FOLDER:
		tell_folder(t, ev);
		break;
	case JOB_PROBLEM:
		tell_problem(t, ev);
		break;
	case JOB_DAMAGE:
		tell_damage(t, ev);
		break;
	case JOB_NOTE:
		tell_note(t, ev);
		break;
	case JOB_PROGRESS:
		tell_progress(t, ev);
		break;
	}
}

static void
report_json(struct ui *ui, const char *title, const char *vault,
    const struct job_backup_report *r, double seconds, int status)
{
	const struct run_counts *n = &r->counts;
	struct json_out *j = ui_json_begin(ui, "backup");
	char head[DIGEST_HEX];

	json_str(j, "account", title);
	target_json_vault(j, vault);
	json_u64(j, "run", r->run);
	json_u64(j, "commit", r->commit);
	json_str(j, "head", digest_hex(&r->head, head));
	json_u64(j, "folders", n->folders);
	json_u64(j, "unchanged", r->skipped);
	json_u64(j, "listed", n->listed);
	json_u64(j, "fetched", n->fetched);
	json_u64(j, "fetched_bytes", n->fetched_bytes);
	json_u64(j, "new", n->added);
	json_u64(j, "new_bytes", n->added_bytes);
	json_u64(j, "flags", n->flags);
	json_u64(j, "gone", n->gone);
	json_u64(j, "missing", n->missing);
	json_u64(j, "failed", n->failed);
	json_u64(j, "stored_bytes", n->stored_bytes);
	json_u64(j, "received_bytes", r->received);
	json_u64(j, "milliseconds", (uint64_t)(seconds * 1000));
	json_i64(j, "status", status);
	ui_json_end(ui);
}

/* Three lines: what happened, what it made of the vault, and whether all is well. */
static void
report_text(const struct teller *t, const struct account *a,
    const struct job_backup_report *r, double seconds, bool ok)
{
	const struct run_counts *n = &r->counts;
	struct buf what = BUF_INIT(4096);
	char text[TEXT_MAX], head[DIGEST_HEX];

	add_changes(&what, n->added, n->added_bytes, n->flags, n->gone);
	if (what.n == 0)
		buf_adds(&what, "nothing new");
	buf_adds(&what, " in ");
	add_count(&what, n->folders, "folder");
	ui_note(t->ui, "%s: %s, %s", t->title, buf_text(&what),
	    text_span(text, seconds));
	buf_release(&what);
	if (r->run != 0)
		ui_note(t->ui, "%s: commit %" PRIu64 ", head %.12s, stored %s",
		    t->title, r->commit, digest_hex(&r->head, head),
		    text_size(text, n->stored_bytes));
	if (ok && n->folders > 0)
		ui_note(t->ui, "%s: everything %s is in the vault", t->title,
		    a->folders.n == 0 ? "on the server" : "in these folders");
}

/* What a dry run found. */
static void
report_plan(struct teller *t)
{
	struct buf what = BUF_INIT(1024);

	table_end(&t->plan);
	if (t->changed == 0) {
		add_count(&what, t->planned, "folder");
		buf_adds(&what, ", nothing to look at");
	} else {
		buf_addf(&what, "%" PRIu64 " of ", t->changed);
		add_count(&what, t->planned, "folder");
		buf_adds(&what, " to look at, about ");
		add_count(&what, t->expected, "new message");
	}
	ui_note(t->ui, "%s: %s", t->title, buf_text(&what));
	buf_release(&what);
}

int
backup_account(struct app *app, struct target *t, const struct backup_opts *o,
    const struct job_ask *ask, struct err *e)
{
	struct teller teller = { .ui = app->ui,
	    .title = account_title(t->account), .alone = t->alone,
	    .dry_run = o->dry_run, .idle = app->globals.ui.verbose > 0 };
	struct job_backup_opts job = { .full = o->full,
	    .dry_run = o->dry_run, .some = o->some, .account = t->account,
	    .ask = *ask, .listener = { tell, &teller } };
	struct job_backup_report report;
	struct vault *v;
	double began = later_clock();
	int rc, status;

	if (vault_open(t->vault, o->dry_run ? VAULT_READ :
	    o->wait ? VAULT_WAIT : VAULT_WRITE, target_env(app), &v, e) == -1)
		return -1;
	if (o->dry_run && !ui_json(app->ui) && !app->globals.ui.quiet)
		teller.plan = table_new(app->ui, columns,
		    sizeof(columns) / sizeof(columns[0]));
	target_waiting(app, t->account);
	rc = job_backup(v, &job, &report, e);
	ui_waited(app->ui);
	status = rc == 0 ? 0 : err_status(e->kind, e->sys);
	if (rc == -1 && e->kind == EK_CANCELLED)
		exit_saved(e, report.counts.added, "new",
		    "it goes on from there");
	ui_progress_end(app->ui);
	if (ui_json(app->ui))
		report_json(app->ui, teller.title, t->vault, &report,
		    later_clock() - began, status);
	table_end(&teller.plan);
	if (o->dry_run && rc == 0)
		report_plan(&teller);
	else if (!o->dry_run && (rc == 0 || report.run != 0))
		report_text(&teller, t->account, &report, later_clock() - began,
		    rc == 0);
	if (o->dry_run && rc == 0)
		rc = target_alarm(v, e);
	vault_close(&v);
	return rc;
}

static int
backup_one(struct app *app, struct target *t, struct err *e)
{
	struct backup_opts o = *(const struct backup_opts *)app->opts;
	const struct job_ask ask = target_ask(app);

	o.some = app->given->folders.n > 0;
	return backup_account(app, t, &o, &ask, e);
}

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	return target_each(app, argc, argv, backup_one, e);
}

const struct command cmd_backup = {
	.name = "backup",
	.run = run,
	.summary = "fetch what is new from the server",
	.synopsis = "[options] [ACCOUNT|VAULT ...]",
	.opts = opts,
	.opts_size = sizeof(struct backup_opts),
	.needs = NEED_ACCOUNT,
};
