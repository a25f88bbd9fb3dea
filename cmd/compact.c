/*
 * compact.c - mailkeep compact: few large files in place of many small ones.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "cmd/ask.h"
#include "cmd/target.h"

struct compact_opts {
	uint64_t	 below, manifests;
	bool		 drop_orphans, dry_run, wait, yes;
};

static const struct compact_opts defaults = { .below = POLICY_PACK_SMALL,
    .manifests = POLICY_MANIFESTS };

static const struct opt opts[] = {
	OPT_SIZE(0, "below", struct compact_opts, below, "SIZE",
	    "put packs with less mail than that together (32M)"),
	OPT_FLAG(0, "drop-orphans", struct compact_opts, drop_orphans,
	    "remove what stands in orphans/"),
	OPT_FLAG('n', "dry-run", struct compact_opts, dry_run,
	    "say what would be done, change nothing"),
	OPT_U64(0, "manifests", struct compact_opts, manifests, "N",
	    "bundle manifests when so many stand alone (100)"),
	OPT_FLAG(0, "wait", struct compact_opts, wait,
	    "wait while another mailkeep writes to the vault"),
	OPT_FLAG(0, "yes", struct compact_opts, yes,
	    "don't ask before orphans are removed"),
	OPT_END
};

/* Of one account. */
struct work {
	struct app	*app;
	const char	*title;
	struct vault	*v;
	struct vault_orphans orphans;	/* that were removed, or would be */
	struct job_compact_report report;
};

static bool
is_dry(const struct work *w)
{
	return ((const struct compact_opts *)w->app->opts)->dry_run;
}

static void
on_progress(void *arg, uint64_t done, uint64_t total)
{
	const struct work *w = arg;
	struct progress p = { .title = w->title, .bytes = done,
	    .bytes_total = total };

	ui_progress(w->app->ui, &p);
}

/* A dry run was asked for what it tells; the rest is for who watches. */
static void
tell(const struct work *w, const struct buf *line)
{
	if (ui_json(w->app->ui))
		return;
	if (is_dry(w))
		ui_print(w->app->ui, "%s: %s", w->title, buf_text(line));
	else
		ui_note(w->app->ui, "%s: %s", w->title, buf_text(line));
}

/* ---- orphans ---- */

static void
tell_orphans(const struct work *w)
{
	const struct vault_orphans *o = &w->orphans;
	struct buf line = BUF_INIT(1024);
	char n[TEXT_MAX], size[TEXT_MAX];

	if (o->packs + o->others > 0) {
		buf_addf(&line, is_dry(w) ? "would remove %s thing%s from "
		    "orphans/, %s" : "removed %s thing%s from orphans/: %s "
		    "freed", text_count(n, o->packs + o->others),
		    o->packs + o->others == 1 ? "" : "s",
		    text_size(size, o->bytes));
		tell(w, &line);
	}
	buf_release(&line);
	if (o->strangers > 0)
		ui_note(w->app->ui, "%s: %s in orphans/ that mailkeep did not "
		    "put there stay%s", w->title, text_count(n, o->strangers),
		    o->strangers == 1 ? "s" : "");
}

static int
drop_orphans(struct work *w, struct err *e)
{
	const struct compact_opts *o = w->app->opts;
	struct vault_orphans *found = &w->orphans;
	char size[TEXT_MAX], n[TEXT_MAX], m[TEXT_MAX];
	int r;

	if (o->yes && !o->dry_run)
		return vault_drop_orphans(w->v, found, e);
	if (vault_orphans(w->v, found, e) == -1 ||
	    vault_spare_orphans(w->v, found, e) == -1)
		return -1;
	if (o->dry_run || found->packs + found->others == 0)
		return 0;
	r = ask_confirm(w->app->ui, e, "Remove %s pack%s and %s set%s of "
	    "manifests or catalogs (%s) from %s/orphans for good?",
	    text_count(n, found->packs), found->packs == 1 ? "" : "s",
	    text_count(m, found->others), found->others == 1 ? "" : "s",
	    text_size(size, found->bytes), vault_path(w->v));
	if (r == -1)
		return err_next(e, "--yes removes them without asking");
	if (r == 0)
		return err_set(e, EK_REFUSED, "nothing was removed");
	return vault_drop_orphans(w->v, found, e);
}

/* ---- what was done ---- */

static void
report_json(const struct work *w, int status)
{
	const struct job_compact_report *r = &w->report;
	struct json_out *j = ui_json_begin(w->app->ui, "compact");
	char hex[DIGEST_HEX];

	json_str(j, "account", w->title);
	target_json_vault(j, vault_path(w->v));
	json_bool(j, "dry_run", is_dry(w));
	json_u64(j, "packs_before", r->packs_before);
	json_u64(j, "bytes_before", r->bytes_before);
	json_u64(j, "packs_after", r->packs_after);
	json_u64(j, "bytes_after", r->bytes_after);
	json_u64(j, "retired_packs", r->packs.packs);
	json_u64(j, "retired_bytes", r->packs.bytes);
	json_u64(j, "made_packs", r->packs.made);
	json_u64(j, "commits", r->commits);
	json_u64(j, "bundled_manifests", r->manifests);
	json_u64(j, "orphans", w->orphans.packs + w->orphans.others);
	json_u64(j, "orphans_bytes", w->orphans.bytes);
	json_u64(j, "commit", r->commit);
	json_str(j, "head", digest_hex(&r->head, hex));
	json_i64(j, "status", status);
	ui_json_end(w->app->ui);
}

static void
tell_packs(const struct work *w)
{
	const struct job_compact_report *r = &w->report;
	struct buf line = BUF_INIT(1024);
	char n[TEXT_MAX], m[TEXT_MAX], size[TEXT_MAX], now[TEXT_MAX];

	if (is_dry(w))
		buf_addf(&line, "would put %s packs (%s) together into %s",
		    text_count(n, r->packs.packs),
		    text_size(size, r->packs.bytes),
		    text_count(m, r->packs.made));
	else
		buf_addf(&line, "%s packs (%s) became %s (%s)",
		    text_count(n, r->packs.packs),
		    text_size(size, r->packs.bytes),
		    text_count(m, r->packs.made),
		    text_size(now, r->packs.made_bytes));
	tell(w, &line);
	buf_clear(&line);
	buf_addf(&line, "the vault %s %s pack%s%s", is_dry(w) ?
	    "would have" : "has", text_count(n, r->packs_after),
	    r->packs_after == 1 ? "" : "s",
	    is_dry(w) ? "" : " now; the old files stay for a day, then the "
	    "next backup removes them");
	tell(w, &line);
	buf_release(&line);
}

static void
report_text(const struct work *w, const struct compact_opts *o)
{
	const struct job_compact_report *r = &w->report;
	struct buf line = BUF_INIT(1024);
	char n[TEXT_MAX], size[TEXT_MAX];

	tell_orphans(w);
	if (r->packs.packs > 0)
		tell_packs(w);
	if (r->manifests > 0) {
		buf_addf(&line, "%s %s manifests into one file", is_dry(w) ?
		    "would put" : "put", text_count(n, r->manifests));
		tell(w, &line);
	} else if (r->packs.packs == 0) {
		buf_addf(&line, "nothing to compact: no two packs with less "
		    "than %s of mail, fewer than %" PRIu64 " new manifests",
		    text_size(size, o->below), o->manifests);
		tell(w, &line);
	}
	buf_release(&line);
}

static int
compact(struct work *w, struct err *e)
{
	const struct compact_opts *o = w->app->opts;
	const struct job_compact_opts job = { .below = o->below,
	    .manifests = o->manifests, .dry_run = o->dry_run,
	    .progress = on_progress, .arg = w };
	int rc;

	if (o->drop_orphans && drop_orphans(w, e) == -1)
		return -1;
	rc = job_compact(w->v, &job, &w->report, e);
	ui_progress_end(w->app->ui);
	if (ui_json(w->app->ui))
		report_json(w, rc == 0 ? 0 : err_status(e->kind, e->sys));
	if (rc == 0 || w->report.packs.packs > 0)
		report_text(w, o);
	if (rc == -1 && e->kind == EK_CANCELLED)
		err_next(e, "run it again to go on: what was done is done");
	return rc;
}

static int
compact_one(struct app *app, struct target *t, struct err *e)
{
	const struct compact_opts *o = app->opts;
	struct work w = { .app = app, .title = account_title(t->account) };
	int rc;

	if (o->manifests < 2)
		return err_set(e, EK_USAGE,
		    "--manifests: a bundle has two at least");
	if (vault_open(t->vault, o->dry_run ? VAULT_READ :
	    o->wait ? VAULT_WAIT : VAULT_WRITE, target_env(app), &w.v, e) ==
	    -1)
		return -1;
	if ((rc = compact(&w, e)) == 0)
		rc = target_alarm(w.v, e);
	vault_close(&w.v);
	return rc;
}

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	return target_each(app, argc, argv, compact_one, e);
}

const struct command cmd_compact = {
	.name = "compact",
	.run = run,
	.summary = "put a vault's small files together",
	.synopsis = "[options] ACCOUNT|VAULT ...",
	.opts = opts,
	.opts_size = sizeof(struct compact_opts),
	.defaults = &defaults,
	.needs = NEED_CONFIG,
};
