/*
 * rebuild.c - mailkeep rebuild: the catalog from the manifests, and manifests from what is left.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "cmd/target.h"

struct rebuild_opts {
	bool	quick, salvage, wait;
};

static const struct opt opts[] = {
	OPT_FLAG(0, "quick", struct rebuild_opts, quick,
	    "leave the messages' header lines for later"),
	OPT_FLAG(0, "salvage", struct rebuild_opts, salvage,
	    "manifests are lost: make new ones of what is left"),
	OPT_FLAG(0, "wait", struct rebuild_opts, wait,
	    "wait while another mailkeep writes to the vault"),
	OPT_END
};

static void
salvage_json(struct ui *ui, const struct target *t,
    const struct vault_salvage_report *r)
{
	struct json_out *j = ui_json_begin(ui, "salvage");

	target_json_vault(j, t->vault);
	json_u64(j, "manifests", r->manifests);
	json_u64(j, "reconstructed", r->reconstructed);
	json_u64(j, "forgotten", r->forgotten);
	json_u64(j, "packs", r->packs);
	json_u64(j, "contents", r->contents);
	json_u64(j, "messages", r->messages);
	json_u64(j, "unplaced", r->unplaced);
	json_u64(j, "lost", r->lost);
	json_u64(j, "damaged", r->damaged);
	json_u64(j, "bundles", r->bundles);
	ui_json_end(ui);
}

static int
salvage(struct app *app, const struct target *t, struct err *e)
{
	const struct rebuild_opts *o = app->opts;
	struct vault_salvage_report r;
	const char *title = account_title(t->account);
	char n[TEXT_MAX];
	int rc;

	ui_waiting(app->ui, "%s: reading what is left ...", title);
	rc = vault_salvage(t->vault, o->wait, target_env(app), &r, e);
	ui_waited(app->ui);
	if (ui_json(app->ui))
		salvage_json(app->ui, t, &r);
	if (rc == -1)
		return -1;
	if (r.reconstructed == 0) {
		ui_note(app->ui, "%s: every manifest can be read%s", title,
		    r.bundles == 0 ? ": nothing was changed" :
		    "; a damaged bundle of them is in orphans/");
		return 0;
	}
	ui_note(app->ui, "%s: %" PRIu64 " lost manifest%s made anew from %"
	    PRIu64 " pack%s: %s message%s", title, r.reconstructed,
	    r.reconstructed == 1 ? "" : "s", r.packs, r.packs == 1 ? "" : "s",
	    text_count(n, r.messages), r.messages == 1 ? "" : "s");
	ui_note(app->ui, "%s: the old manifests are in orphans/; the next "
	    "backup compares everything with the server; a head that was "
	    "noted for verify --expect counts no more", title);
	if (r.unplaced > 0)
		ui_warn(app->ui, "%s: %s message%s came without a folder: "
		    "see the folder Lost and found", title,
		    text_count(n, r.unplaced), r.unplaced == 1 ? "" : "s");
	if (r.damaged > 0)
		ui_warn(app->ui, "%s: packs are damaged: mailkeep repair %s "
		    "comes next", title, t->vault);
	if (r.lost == 0 && r.forgotten == 0)
		return 0;
	if (r.lost == 0) {
		err_set(e, EK_PARTIAL, "what %" PRIu64 " manifest%s said is "
		    "lost: no pack belongs to %s", r.forgotten,
		    r.forgotten == 1 ? "" : "s",
		    r.forgotten == 1 ? "it" : "them");
		return err_next(e, "it was of flags and of messages that went: "
		    "the next backup compares these with the server");
	}
	err_set(e, EK_PARTIAL, "%s message%s known by name only: no pack holds "
	    "%s", text_count(n, r.lost), r.lost == 1 ? " is" : "s are",
	    r.lost == 1 ? "it" : "them");
	return err_next(e, "what the server still has comes with the next "
	    "backup");
}

/* Make the catalog anew. */
static int
rebuild(struct app *app, const struct target *t, struct err *e)
{
	const struct rebuild_opts *o = app->opts;
	const char *title = account_title(t->account);
	struct vault *v = NULL;
	struct digest head;
	uint64_t commits;
	int rc;

	if (vault_open(t->vault, o->wait ? VAULT_WAIT : VAULT_WRITE,
	    target_env(app), &v, e) == -1)
		return -1;
	ui_waiting(app->ui, "%s: making the catalog anew ...", title);
	rc = vault_rebuild(v, o->quick, e);
	ui_waited(app->ui);
	commits = vault_head(v, &head);
	if (rc == 0)
		ui_note(app->ui, "%s: the catalog was made anew from %" PRIu64
		    " manifest%s", title, commits, commits == 1 ? "" : "s");
	if (rc == 0)
		rc = target_alarm(v, e);
	vault_close(&v);
	return rc;
}

static int
rebuild_one(struct app *app, struct target *t, struct err *e)
{
	const struct rebuild_opts *o = app->opts;
	struct err why;
	int rc = o->salvage ? salvage(app, t, e) : 0;

	if (rc == -1 && e->kind != EK_PARTIAL)
		return -1;
	/* What a salvage could not save is told when the catalog is there, too. */
	if (rebuild(app, t, &why) == -1) {
		*e = why;
		return -1;
	}
	return rc;
}

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	return target_each(app, argc, argv, rebuild_one, e);
}

const struct command cmd_rebuild = {
	.name = "rebuild",
	.run = run,
	.summary = "make a vault's catalog anew, or lost manifests",
	.synopsis = "[options] ACCOUNT|VAULT ...",
	.opts = opts,
	.opts_size = sizeof(struct rebuild_opts),
	.needs = NEED_CONFIG,
};
