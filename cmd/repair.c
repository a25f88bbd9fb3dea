/*
 * repair.c - mailkeep repair: make a damaged vault whole again.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cmd/damage.h"
#include "cmd/target.h"

struct repair_opts {
	bool	accept_loss, offline, wait;
};

static const struct opt opts[] = {
	OPT_FLAG(0, "accept-loss", struct repair_opts, accept_loss,
	    "give up what is nowhere to be had"),
	OPT_FLAG(0, "offline", struct repair_opts, offline,
	    "don't ask the server"),
	OPT_FLAG(0, "wait", struct repair_opts, wait,
	    "wait while another mailkeep writes to the vault"),
	OPT_END
};

static void
on_event(void *arg, const struct job_event *ev)
{
	struct damage *d = arg;
	struct progress p = { .title = damage_title(d), .items = ev->done,
	    .items_total = ev->total };

	if (ev->kind == JOB_PROGRESS)
		ui_progress(damage_ui(d), &p);
	else if (ev->kind == JOB_NOTE)
		ui_note(damage_ui(d), "%s: %s", damage_title(d), ev->reason);
}

static void
report_json(struct ui *ui, const struct target *t, const char *title,
    const struct job_repair_report *r, int status)
{
	struct json_out *j = ui_json_begin(ui, "repair");
	char hex[DIGEST_HEX];

	json_str(j, "account", title);
	target_json_vault(j, t->vault);
	json_u64(j, "saved", r->mended.saved);
	json_u64(j, "adopted", r->mended.adopted);
	json_u64(j, "refetched", r->refetched);
	json_u64(j, "lost_messages", r->lost);
	json_u64(j, "retired_packs", r->retired);
	if (r->run != 0)
		json_u64(j, "run", r->run);
	json_u64(j, "commit", r->commit);
	json_str(j, "head", digest_hex(&r->head, hex));
	json_i64(j, "status", status);
	ui_json_end(ui);
}

static void
report_text(struct ui *ui, const char *title,
    const struct job_repair_report *r)
{
	char n[TEXT_MAX];

	if (r->mended.saved > 0)
		ui_note(ui, "%s: %s content%s saved from damaged packs and "
		    "orphans", title, text_count(n, r->mended.saved),
		    r->mended.saved == 1 ? "" : "s");
	if (r->refetched > 0)
		ui_note(ui, "%s: %s content%s fetched from the server again",
		    title, text_count(n, r->refetched),
		    r->refetched == 1 ? "" : "s");
	if (r->mended.adopted > 0)
		ui_note(ui, "%s: %s message%s adopted from orphans", title,
		    text_count(n, r->mended.adopted),
		    r->mended.adopted == 1 ? "" : "s");
	if (r->retired > 0)
		ui_note(ui, "%s: %" PRIu64 " damaged pack%s no part of the "
		    "vault any more; what is left of %s is in orphans/",
		    title, r->retired, r->retired == 1 ? " is" : "s are",
		    r->retired == 1 ? "it" : "them");
	if (r->run == 0)
		ui_note(ui, "%s: nothing to repair", title);
}

static int
repair_one(struct app *app, struct target *t, struct err *e)
{
	const struct repair_opts *o = app->opts;
	const char *title = account_title(t->account);
	struct damage *d = damage_new(app, title, "CAN'T BE HAD");
	struct job_repair_opts job = { .account = t->account,
	    .ask = target_ask(app), .offline = o->offline,
	    .accept_loss = o->accept_loss, .found = damage_found,
	    .lost = damage_cost, .progress = damage_progress, .arg = d,
	    .listener = { on_event, d } };
	struct job_repair_report report;
	struct vault *v = NULL;
	int rc = 0;

	if (o->accept_loss)
		rc = vault_accept_loss(t->vault, o->wait, target_env(app), e);
	if (rc == 1)
		ui_warn(app->ui, "%s: the vault goes on without what the lost "
		    "manifests said; the catalog that knew it is in orphans/",
		    title);
	if (rc == -1 || vault_open(t->vault,
	    o->wait ? VAULT_WAIT : VAULT_WRITE, target_env(app), &v, e) ==
	    -1) {
		damage_free(&d);
		return -1;
	}
	rc = job_repair(v, &job, &report, e);
	ui_progress_end(app->ui);
	damage_free(&d);
	if (ui_json(app->ui))
		report_json(app->ui, t, title, &report,
		    rc == 0 ? 0 : err_status(e->kind, e->sys));
	if (rc == 0 || report.run != 0)
		report_text(app->ui, title, &report);
	vault_close(&v);
	return rc;
}

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	return target_each(app, argc, argv, repair_one, e);
}

const struct command cmd_repair = {
	.name = "repair",
	.run = run,
	.summary = "make a damaged vault whole again",
	.synopsis = "[options] ACCOUNT|VAULT ...",
	.opts = opts,
	.opts_size = sizeof(struct repair_opts),
	.needs = NEED_ACCOUNT,
};
