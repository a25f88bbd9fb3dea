/*
 * status.c - mailkeep status: how old and how complete the backups are, from the vaults alone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cmd/plain.h"
#include "cmd/table.h"
#include "cmd/target.h"
#include "mail/name.h"

#define MISSING_MAX	(1024 * 1024)	/* bytes of text that tell what is missing */

struct status_opts {
	int64_t	max_age;	/* the instant; 0 where not asked */
};

/* What all accounts of the command line have together. */
static struct {
	struct table	*table;		/* own; NULL for JSON */
	struct buf	 missing;	/* lines to stand under the table; plain */
	bool		 cut;		/* ... there are more than it can hold */
} sheet;

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

/* What a range of missing messages is told with. */
struct missing_teller {
	struct ui	*ui;
	const char	*title;
};

/* Packs that are not there, or not whole. */
struct losses {
	struct ui	*ui;
	const char	*title;
	uint64_t	 n;
};

/* What there is to tell of a vault. */
struct state {
	struct last	 last;
	struct known_totals totals;
	bool		 damaged, stale;
};

static int
tell_missing(void *arg, const char *folder, const struct rec_missing *m,
    struct err *e)
{
	const struct missing_teller *t = arg;
	struct buf uids = BUF_INIT(64 * 1024), raw = BUF_INIT(128 * 1024);
	struct buf line = BUF_INIT(512 * 1024);

	(void)e;
	uidset_format(m->uids, 0, 200, &uids);
	if (ui_json(t->ui)) {
		struct json_out *j = ui_json_begin(t->ui, "missing");

		json_str(j, "account", t->title);
		json_str(j, "folder", name_shown(folder));
		json_str(j, "uids", buf_text(&uids));
		json_str(j, "reason", m->reason);
		ui_json_end(t->ui);
	} else {
		buf_addf(&raw, "missing: %s: %s: UID %s: %s", t->title,
		    name_shown(folder), buf_text(&uids), m->reason);
		plain_escape(&line, buf_text(&raw), raw.n, ui_utf8(t->ui));
		buf_addc(&line, '\n');
		if (line.n > MISSING_MAX - sheet.missing.n)
			sheet.cut = true;
		else
			buf_add(&sheet.missing, line.p, line.n);
	}
	buf_release(&uids);
	buf_release(&raw);
	buf_release(&line);
	return 0;
}

static void
print_missing(struct ui *ui)
{
	const char *line = buf_text(&sheet.missing);
	size_t n;

	for (; (n = strcspn(line, "\n")) > 0; line += n + 1)
		ui_print(ui, "%.*s", (int)n, line);
	if (sheet.cut)
		ui_print(ui, "missing: and more; --json names them all");
	buf_release(&sheet.missing);
}

static int
tell_lost(void *arg, const char *pack, const char *why, struct err *e)
{
	struct losses *l = arg;

	(void)e;
	l->n++;
	if (ui_json(l->ui)) {
		struct json_out *j = ui_json_begin(l->ui, "damage");

		json_str(j, "account", l->title);
		json_str(j, "pack", pack);
		json_str(j, "reason", why);
		ui_json_end(l->ui);
	}
	ui_warn(l->ui, "%s: packs/%s: %s", l->title, pack, why);
	return 0;
}

static void
status_json(struct ui *ui, struct target *t, const struct vault *v,
    const struct state *s)
{
	struct json_out *j = ui_json_begin(ui, "status");
	const struct known_totals *n = &s->totals;
	char text[TEXT_MAX], hex[DIGEST_HEX];
	struct digest head;
	uint64_t commit = vault_head(v, &head);

	json_str(j, "account", account_title(t->account));
	target_json_vault(j, t->vault);
	if (s->last.any) {
		json_str(j, "last_backup", text_rfc3339(text, s->last.time));
		json_str(j, "result", s->last.result);
		json_i64(j, "status", s->last.status);
	}
	if (s->last.good != 0)
		json_str(j, "last_good", text_rfc3339(text, s->last.good));
	json_bool(j, "stale", s->stale);
	json_bool(j, "damaged", s->damaged);
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
	{ "ACCOUNT", TABLE_LEFT, 8, 1, 0 },
	{ "LAST BACKUP", TABLE_LEFT, 0, 0, 0 },
	{ "RESULT", TABLE_LEFT, 0, 0, 0 },
	{ "MESSAGES", TABLE_RIGHT, 0, 0, 3 },
	{ "SIZE", TABLE_RIGHT, 0, 0, 2 },
	{ "STORED", TABLE_RIGHT, 0, 0, 1 },
	{ "MISSING", TABLE_RIGHT, 0, 0, 4 },
};

static void
result_cell(struct table *table, const struct state *s)
{
	bool good = strcmp(s->last.result, "complete") == 0;

	if (s->damaged)
		table_styled(table, UI_BAD, "damaged");
	else
		table_styled(table, good ? UI_GOOD : UI_WARN, "%s",
		    !s->last.any ? "-" : good ? "ok" : s->last.result);
}

static void
status_row(struct app *app, struct table *table, struct target *t,
    const struct state *s)
{
	const struct known_totals *n = &s->totals;
	char when[TEXT_MAX + 8], text[TEXT_MAX];

	table_cell(table, "%s", account_title(t->account));
	if (s->last.any)
		ago(when, app->now, s->last.time);
	table_styled(table, s->stale ? UI_BAD : UI_PLAIN, "%s",
	    s->last.any ? when : "never");
	result_cell(table, s);
	table_cell(table, "%s", text_count(text, n->live));
	table_cell(table, "%s", text_size(text, n->live_bytes));
	table_cell(table, "%s", text_size(text, n->stored_bytes));
	table_styled(table, n->missing > 0 ? UI_WARN : UI_PLAIN, "%s",
	    text_count(text, n->missing));
}

static int
tell_stale(struct app *app, const struct target *t, const struct last *l,
    struct err *e)
{
	char span[TEXT_MAX];

	if (!l->any) {
		err_set(e, EK_STALE, "%s: there was no backup yet", t->vault);
		return err_next(e, "mailkeep backup %s makes one", t->name);
	}
	if (l->good == 0)
		err_set(e, EK_STALE, "%s: no backup has got to its end yet",
		    t->vault);
	else
		err_set(e, EK_STALE, "%s: the last backup that got to its end "
		    "is %s old", t->vault,
		    text_span(span, (double)(app->now - l->good)));
	return err_next(e, "mailkeep log %s lists what happened since",
	    t->name);
}

/* The worst that there is to say of a vault as its error. */
static int
verdict(struct app *app, const struct target *t, const struct vault *v,
    const struct losses *losses, const struct state *s, struct err *e)
{
	if (target_alarm(v, e) == -1)
		return -1;
	if (losses->n > 0)
		return vault_lost_error(losses->n, e);
	return s->stale ? tell_stale(app, t, &s->last, e) : 0;
}

static int
status_one(struct app *app, struct target *t, struct err *e)
{
	const struct status_opts *o = app->opts;
	struct missing_teller teller = { app->ui, account_title(t->account) };
	struct losses losses = { app->ui, account_title(t->account), 0 };
	struct state s = { .last = { .result = "" } };
	struct catalog *c;
	struct vault *v;
	int rc = -1;

	if (vault_open(t->vault, VAULT_READ, target_env(app), &v, e) == -1)
		return -1;
	c = vault_catalog(v);
	if (vault_lost_packs(v, tell_lost, &losses, e) == -1 ||
	    catalog_commits(c, look_at_commit, &s.last, e) == -1 ||
	    catalog_totals(c, &s.totals, e) == -1)
		goto out;
	s.damaged = vault_alarm(v) != NULL || losses.n > 0;
	s.stale = o->max_age != 0 && s.last.good < o->max_age;
	if (sheet.table == NULL)
		status_json(app->ui, t, v, &s);
	else
		status_row(app, sheet.table, t, &s);
	if (catalog_each_missing(c, tell_missing, &teller, e) == 0)
		rc = verdict(app, t, v, &losses, &s, e);
out:
	vault_close(&v);
	return rc;
}

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	int status;

	buf_init(&sheet.missing, MISSING_MAX);
	sheet.table = ui_json(app->ui) ? NULL : table_new(app->ui, columns,
	    sizeof(columns) / sizeof(columns[0]));
	status = target_each(app, argc, argv, status_one, e);
	table_end(&sheet.table);
	print_missing(app->ui);
	return status;
}

const struct command cmd_status = {
	.name = "status",
	.run = run,
	.summary = "tell how old and how complete the backups are",
	.synopsis = "[options] [ACCOUNT|VAULT ...]",
	.opts = opts,
	.opts_size = sizeof(struct status_opts),
	.needs = NEED_CONFIG,
};
