/*
 * against.c - see against.h.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "cmd/against.h"
#include "mail/name.h"

#define UIDS_SHOWN	200	/* bytes of UIDs in a line for people */
#define UIDS_BYTES	60000

struct against {
	struct ui	*ui;
	const char	*title;
};

int
against_percent(const char *s, int *out, struct err *e)
{
	size_t n = strspn(s, "0123456789");
	uint64_t percent;

	*out = AGAINST_SAMPLE;
	if (*s == '\0')
		return 0;
	if (text_u64(s, n, &percent) == 0 && percent <= 100 &&
	    (s[n] == '\0' || strcmp(s + n, "%") == 0)) {
		*out = (int)percent;
		return 0;
	}
	err_set(e, EK_USAGE, "--against-server: '%s' is no percentage", s);
	return err_next(e, "100 fetches every message again, 0 compares only "
	    "numbers and sizes");
}

static const char *
kind_name(enum job_against_kind kind)
{
	static const char *const names[AGAINST_KINDS] = {
		[AGAINST_NEW] = "new", [AGAINST_MISSED] = "missed",
		[AGAINST_GONE] = "gone", [AGAINST_SIZE] = "size",
		[AGAINST_CONTENT] = "content", [AGAINST_DAMAGED] = "damaged",
		[AGAINST_UNDELIVERED] = "undelivered",
		[AGAINST_EPOCH] = "epoch", [AGAINST_FOLDER] = "folder",
		[AGAINST_FOLDER_NEW] = "folder_new",
		[AGAINST_FOLDER_GONE] = "folder_gone",
	};

	return names[kind];
}

static void
finding_json(const struct against *a, const struct job_against_finding *f)
{
	struct json_out *j = ui_json_begin(a->ui, "difference");
	struct buf b = BUF_INIT(UIDS_BYTES + 100);

	json_str(j, "account", a->title);
	json_str(j, "kind", kind_name(f->kind));
	json_bool(j, "fault", f->fault);
	if (f->folder != NULL)
		json_str(j, "folder", name_shown(f->folder));
	if (f->uids != NULL) {
		uidset_format(f->uids, 0, UIDS_BYTES, &b);
		json_str(j, "uids", buf_text(&b));
	}
	json_u64(j, "messages", f->messages);
	json_str(j, "reason", f->reason);
	ui_json_end(a->ui);
	buf_release(&b);
}

static void
on_finding(void *arg, const struct job_against_finding *f)
{
	const struct against *a = arg;
	const char *folder = f->folder == NULL ? "the list of folders" :
	    name_shown(f->folder);
	struct buf b = BUF_INIT(UIDS_BYTES);

	if (ui_json(a->ui))
		finding_json(a, f);
	if (f->uids != NULL) {
		buf_adds(&b, ": UID ");
		uidset_format(f->uids, 0, UIDS_SHOWN, &b);
	}
	if (f->fault)
		ui_warn(a->ui, "%s: %s%s: %s", a->title, folder, buf_text(&b),
		    f->reason);
	else
		ui_note(a->ui, "%s: %s%s: %s", a->title, folder, buf_text(&b),
		    f->reason);
	buf_release(&b);
}

static void
on_event(void *arg, const struct job_event *ev)
{
	const struct against *a = arg;
	struct progress p = { .title = a->title, .where = ev->folder,
	    .items = ev->done, .items_total = ev->total };

	ui_waited(a->ui);
	if (ev->kind == JOB_PROGRESS)
		ui_progress(a->ui, &p);
	else if (ev->kind == JOB_NOTE)
		ui_note(a->ui, "%s: %s", a->title, ev->reason);
}

static void
report_json(const struct against *a, const struct job_against_report *r,
    int status)
{
	struct json_out *j = ui_json_begin(a->ui, "against");
	size_t i;

	json_str(j, "account", a->title);
	json_u64(j, "folders", r->folders);
	json_u64(j, "messages", r->messages);
	json_u64(j, "read", r->read);
	json_u64(j, "read_bytes", r->read_bytes);
	json_u64(j, "received_bytes", r->received);
	json_open(j, "found", '{');
	for (i = 0; i < AGAINST_KINDS; i++)
		if (r->found[i] > 0)
			json_u64(j, kind_name((enum job_against_kind)i),
			    r->found[i]);
	json_close(j, '}');
	json_i64(j, "status", status);
	ui_json_end(a->ui);
}

int
against_server(struct app *app, const struct target *t, struct vault *v,
    int percent, struct err *e)
{
	struct against a = { app->ui, account_title(t->account) };
	struct job_against_opts job = { .account = t->account,
	    .ask = target_ask(app), .percent = percent, .found = on_finding,
	    .arg = &a, .listener = { on_event, &a } };
	struct job_against_report report;
	char n[TEXT_MAX], read[TEXT_MAX];
	int rc;

	if (vault_need_catalog(v, e) == -1)
		return -1;
	target_waiting(app, t->account);
	rc = job_against(v, &job, &report, e);
	ui_waited(app->ui);
	ui_progress_end(app->ui);
	if (ui_json(app->ui))
		report_json(&a, &report,
		    rc == 0 ? 0 : err_status(e->kind, e->sys));
	if (rc == 0)
		ui_note(app->ui, "%s: %s messages in %" PRIu64 " folder%s are "
		    "those of the server; %s of them were fetched and are "
		    "equal", a.title, text_count(n, report.messages),
		    report.folders, report.folders == 1 ? "" : "s",
		    text_count(read, report.read));
	return rc;
}
