/*
 * status.c - mailkeep status: how old and how complete the backups are, from the vaults alone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cmd/table.h"
#include "cmd/target.h"
#include "mail/name.h"

struct status_opts {
	int64_t	max_age;	/* the instant; 0 where not asked */
};

static const struct opt opts[] = {
	OPT_AGE(0, "max-age", struct status_opts, max_age, "AGE",
	    "exit 11 where the last good backup is older"),
	OPT_END
};

/* What the commits say of backups. */
struct last {
	bool		 any;
	int64_t		 time;		/* of the last backup that ended */
	char		 result[32];
	int		 status;
	int64_t		 good;		/* of the last one that got through, 0 for none */
};

static int
look_at_commit(void *arg, const struct known_commit *c, struct err *e)
{
	struct last *l = arg;

	(void)e;
	if (!c->run_ends || strcmp(c->verb, "backup") != 0)
		return 0;
	if (!l->any) {
		l->any = true;
		l->time = c->time;
		snprintf(l->result, sizeof(l->result), "%s", c->result);
		l->status = c->status;
	}
	if (strcmp(c->result, "complete") == 0 ||
	    strcmp(c->result, "partial") == 0)
		l->good = c->time;
	return l->good != 0;
}

static void
ago(char out[TEXT_MAX + 8], int64_t now, int64_t then)
{
	char span[TEXT_MAX];
	int64_t s = now > then ? now - then : 0;

	if (s < 60)
		snprintf(out, TEXT_MAX + 8, "just now");
	else if (s < 3600)
		snprintf(out, TEXT_MAX + 8, "%" PRId64 " m ago", s / 60);
	else if (s < 48 * 3600)
		snprintf(out, TEXT_MAX + 8, "%" PRId64 " h ago", s / 3600);
	else
		snprintf(out, TEXT_MAX + 8, "%s ago",
		    text_span(span, (double)s));
}

static int
name_missing(void *arg, const char *folder, const struct rec_missing *m,
    struct err *e)
{
	struct ui *ui = arg;
	struct buf b = BUF_INIT(64 * 1024);

	(void)e;
	uidset_format(m->uids, 0, 200, &b);
	if (ui_json(ui)) {
		struct json_out *j = ui_json_begin(ui, "missing");

		json_str(j, "folder", name_shown(folder));
		json_str(j, "uids", buf_text(&b));
		json_str(j, "reason", m->reason);
		ui_json_end(ui);
	} else
		ui_print(ui, "  missing: %s UID %s: %s", name_shown(folder),
		    buf_text(&b), m->reason);
	buf_release(&b);
	return 0;
}

static void
status_json(struct ui *ui, struct target *t, const struct vault *v,
    const struct last *l, const struct known_totals *n, bool stale)
{
	struct json_out *j = ui_json_begin(ui, "status");
	char text[TEXT_MAX], hex[DIGEST_HEX];
	struct digest head;
	uint64_t commit = vault_head(v, &head);

	json_str(j, "account", account_title(t->account));
	json_str(j, "vault", t->vault);
	if (l->any) {
		json_str(j, "last_backup", text_rfc3339(text, l->time));
		json_str(j, "result", l->result);
		json_i64(j, "status", l->status);
	}
	if (l->good != 0)
		json_str(j, "last_good", text_rfc3339(text, l->good));
	json_bool(j, "stale", stale);
	json_u64(j, "commit", commit);
	json_str(j, "head", digest_hex(&head, hex));
	json_u64(j, "folders", n->folders);
	json_u64(j, "messages", n->live);
	json_u64(j, "bytes", n->live_bytes);
	json_u64(j, "kept", n->kept);
	json_u64(j, "kept_bytes", n->kept_bytes);
	json_u64(j, "contents", n->blobs);
	json_u64(j, "content_bytes", n->blob_bytes);
	json_u64(j, "packs", n->packs);
	json_u64(j, "stored_bytes", n->stored_bytes);
	json_u64(j, "missing", n->missing);
	ui_json_end(ui);
}

static const struct table_column columns[] = {
	{ "ACCOUNT", TABLE_LEFT, 8, 1 },
	{ "LAST BACKUP", TABLE_LEFT, 0, 0 },
	{ "RESULT", TABLE_LEFT, 0, 0 },
	{ "MESSAGES", TABLE_RIGHT, 0, 0 },
	{ "SIZE", TABLE_RIGHT, 0, 0 },
	{ "STORED", TABLE_RIGHT, 0, 0 },
	{ "MISSING", TABLE_RIGHT, 0, 0 },
};

static void
status_row(struct app *app, struct table *table, struct target *t,
    const struct last *l, const struct known_totals *n, bool stale)
{
	char when[TEXT_MAX + 8], text[TEXT_MAX];
	bool good = strcmp(l->result, "complete") == 0;

	table_cell(table, "%s", account_title(t->account));
	if (l->any)
		ago(when, app->now, l->time);
	table_styled(table, stale ? UI_BAD : UI_PLAIN, "%s",
	    l->any ? when : "never");
	table_styled(table, good ? UI_GOOD : UI_WARN, "%s",
	    !l->any ? "-" : good ? "ok" : l->result);
	table_cell(table, "%s", text_count(text, n->live));
	table_cell(table, "%s", text_size(text, n->live_bytes));
	table_cell(table, "%s", text_size(text, n->stored_bytes));
	table_styled(table, n->missing > 0 ? UI_WARN : UI_PLAIN, "%s",
	    text_count(text, n->missing));
}

/* The table is shared by all accounts of the command line. */
static struct table *table;

static int
status_one(struct app *app, struct target *t, struct err *e)
{
	const struct status_opts *o = app->opts;
	struct last last = { .result = "" };
	struct known_totals totals;
	struct vault *v;
	bool stale;
	int rc = -1;

	if (vault_open(t->vault, VAULT_READ, target_env(app), &v, e) == -1)
		return -1;
	if (catalog_commits(vault_catalog(v), look_at_commit, &last, e) == -1 ||
	    catalog_totals(vault_catalog(v), &totals, e) == -1)
		goto out;
	stale = o->max_age != 0 && last.good < o->max_age;
	if (ui_json(app->ui))
		status_json(app->ui, t, v, &last, &totals, stale);
	else
		status_row(app, table, t, &last, &totals, stale);
	rc = stale ? err_status(EK_STALE, 0) : 0;
out:
	vault_close(&v);
	return rc;
}

static int
missing_one(struct app *app, struct target *t, struct err *e)
{
	struct vault *v;
	int rc;

	/* What kept it from being opened was told already. */
	if (vault_open(t->vault, VAULT_READ, target_env(app), &v, e) == -1)
		return 0;
	rc = catalog_each_missing(vault_catalog(v), name_missing, app->ui, e);
	vault_close(&v);
	return rc == -1 ? -1 : 0;
}

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	int status;

	table = ui_json(app->ui) ? NULL : table_new(app->ui, columns,
	    sizeof(columns) / sizeof(columns[0]));
	status = target_each(app, argc, argv, status_one, e);
	if (table != NULL)
		table_end(&table);
	if (status != -1 && target_each(app, argc, argv, missing_one, e) == -1)
		return -1;
	return status;
}

const struct command cmd_status = {
	.name = "status",
	.run = run,
	.summary = "tell how old and how complete the backups are",
	.synopsis = "[options] [ACCOUNT|VAULT ...]",
	.opts = opts,
	.opts_size = sizeof(struct status_opts),
	.needs = NEED_ACCOUNT,
};
