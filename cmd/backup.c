/*
 * backup.c - mailkeep backup: bring vaults up to date with their servers.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/text.h"
#include "cmd/target.h"
#include "mail/name.h"

struct backup_opts {
	bool	dry_run, full, wait;
};

static const struct opt opts[] = {
	OPT_FLAG('n', "dry-run", struct backup_opts, dry_run,
	    "say what would be looked at, fetch and write nothing"),
	OPT_FLAG(0, "full", struct backup_opts, full,
	    "compare every message, trust no shortcut"),
	OPT_FLAG(0, "wait", struct backup_opts, wait,
	    "wait while another mailkeep writes to the vault"),
	OPT_END
};

/* What a listener needs to tell what it hears. */
struct teller {
	struct ui	*ui;
	const char	*title;
	bool		 dry_run;
};

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
tell_plan(const struct teller *t, const struct job_event *ev)
{
	char n[TEXT_MAX];

	if (!t->dry_run)
		return;
	if (ui_json(t->ui)) {
		struct json_out *j = ui_json_begin(t->ui, "plan");

		json_str(j, "account", t->title);
		json_folder(j, ev->folder);
		json_bool(j, "visit", !ev->skip);
		json_str(j, "reason", ev->reason);
		json_u64(j, "expected", ev->messages);
		ui_json_end(t->ui);
		return;
	}
	if (ev->skip)
		ui_print(t->ui, "%s: %s", name_shown(ev->folder), ev->reason);
	else
		ui_print(t->ui, "%s: %s, about %s new", name_shown(ev->folder),
		    ev->reason, text_count(n, ev->messages));
}

static void
tell_folder(const struct teller *t, const struct job_event *ev)
{
	char n[TEXT_MAX], size[TEXT_MAX];

	if (ui_json(t->ui)) {
		struct json_out *j = ui_json_begin(t->ui, "folder");

		json_str(j, "account", t->title);
		json_folder(j, ev->folder);
		json_u64(j, "new", ev->messages);
		json_u64(j, "bytes", ev->bytes);
		json_u64(j, "flags", ev->flags);
		json_u64(j, "gone", ev->gone);
		ui_json_end(t->ui);
		return;
	}
	if (ev->messages + ev->flags + ev->gone > 0)
		ui_note(t->ui, "  %s: %s new (%s), %" PRIu64 " flag changes, %"
		    PRIu64 " gone", name_shown(ev->folder),
		    text_count(n, ev->messages), text_size(size, ev->bytes),
		    ev->flags, ev->gone);
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
	struct progress p = { .title = t->title,
	    .where = ev->folder == NULL ? NULL : name_shown(ev->folder),
	    .bytes = ev->received, .items = ev->done,
	    .items_total = ev->total };

	ui_progress(t->ui, &p);
}

static void
tell(void *arg, const struct job_event *ev)
{
	const struct teller *t = arg;

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
	json_str(j, "vault", vault);
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

/* Two lines: what happened, and whether all is well. */
static void
report_text(struct ui *ui, const char *title,
    const struct job_backup_report *r, double seconds, bool ok)
{
	const struct run_counts *n = &r->counts;
	char added[TEXT_MAX], folders[TEXT_MAX], size[TEXT_MAX];
	char stored[TEXT_MAX], span[TEXT_MAX], changes[128] = "";
	char head[DIGEST_HEX];
	size_t at = 0;

	digest_hex(&r->head, head);
	if (n->flags > 0)
		at += (size_t)snprintf(changes, sizeof(changes),
		    "  %" PRIu64 " flag changes", n->flags);
	if (n->gone > 0)
		snprintf(changes + at, sizeof(changes) - at,
		    "  %" PRIu64 " gone on the server (kept)", n->gone);
	ui_note(ui, "%s  +%s new%s  %s folders  %s in %s  stored %s", title,
	    text_count(added, n->added), changes,
	    text_count(folders, n->folders), text_size(size, r->received),
	    text_span(span, seconds), text_size(stored, n->stored_bytes));
	if (ok)
		ui_note(ui, "%s  commit %" PRIu64 "  head %.16s  everything "
		    "on the server is in the vault", title, r->commit, head);
	else if (r->run != 0)
		ui_note(ui, "%s  commit %" PRIu64 "  head %.16s", title,
		    r->commit, head);
}

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int
backup_one(struct app *app, struct target *t, struct err *e)
{
	const struct backup_opts *o = app->opts;
	struct teller teller = { app->ui, account_title(t->account),
	    o->dry_run };
	struct job_backup_opts job = { .full = o->full,
	    .dry_run = o->dry_run, .account = t->account,
	    .ask = target_ask(app), .listener = { tell, &teller } };
	struct job_backup_report report;
	struct vault *v;
	double began = seconds();
	int rc, status;

	if (vault_open(t->vault, o->dry_run ? VAULT_READ :
	    o->wait ? VAULT_WAIT : VAULT_WRITE, target_env(app), &v, e) == -1)
		return -1;
	rc = job_backup(v, &job, &report, e);
	status = rc == 0 ? 0 : err_status(e->kind, e->sys);
	ui_progress_end(app->ui);
	if (ui_json(app->ui))
		report_json(app->ui, teller.title, t->vault, &report,
		    seconds() - began, status);
	if (!o->dry_run && (rc == 0 || report.run != 0))
		report_text(app->ui, teller.title, &report, seconds() - began,
		    rc == 0);
	vault_close(&v);
	return rc;
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
