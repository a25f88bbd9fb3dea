/*
 * log.c - mailkeep log: the commits of a vault, and the runs that made them.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "cmd/table.h"
#include "cmd/target.h"

struct log_opts {
	uint64_t	last;
};

static const struct log_opts defaults = { .last = UINT64_MAX };

static const struct opt opts[] = {
	OPT_U64(0, "last", struct log_opts, last, "N",
	    "only the newest commits"),
	OPT_END
};

static const struct table_column columns[] = {
	{ "COMMIT", TABLE_RIGHT, 0, 0, 0 },
	{ "TIME", TABLE_LEFT, 0, 0, 0 },
	{ "RUN", TABLE_RIGHT, 0, 0, 1 },
	{ "RESULT", TABLE_LEFT, 8, 1, 0 },
	{ "NEW", TABLE_RIGHT, 0, 0, 5 },
	{ "GONE", TABLE_RIGHT, 0, 0, 2 },
	{ "SIZE", TABLE_RIGHT, 0, 0, 3 },
	{ "HEAD", TABLE_LEFT, 0, 0, 4 },
};

struct printer {
	struct ui	*ui;
	struct table	*table;
	uint64_t	 left;
};

static void
commit_json(struct ui *ui, const struct known_commit *c)
{
	struct json_out *j = ui_json_begin(ui, "commit");
	char text[TEXT_MAX], head[DIGEST_HEX];

	json_u64(j, "commit", c->commit);
	json_str(j, "time", text_rfc3339(text, c->time));
	json_str(j, "head", digest_hex(&c->head, head));
	json_u64(j, "run", c->run);
	json_str(j, "verb", c->verb);
	json_u64(j, "new", c->added);
	json_u64(j, "new_bytes", c->added_bytes);
	json_u64(j, "gone", c->gone);
	json_u64(j, "flags", c->flags);
	json_u64(j, "missing", c->missing);
	json_u64(j, "packs", c->packs);
	json_u64(j, "stored_bytes", c->stored_bytes);
	if (c->run_ends) {
		json_str(j, "result", c->result);
		json_i64(j, "status", c->status);
		if (c->error != NULL)
			json_str(j, "error", c->error);
	}
	ui_json_end(ui);
}

static void
commit_row(struct table *t, const struct known_commit *c)
{
	char text[TEXT_MAX], head[DIGEST_HEX];
	bool good = c->run_ends && strcmp(c->result, "complete") == 0;

	table_cell(t, "%" PRIu64, c->commit);
	table_cell(t, "%s", text_local(text, c->time));
	table_cell(t, "%" PRIu64, c->run);
	if (c->run_ends)
		table_styled(t, good ? UI_GOOD : UI_WARN, "%s %s", c->verb,
		    good ? "ok" : c->result);
	else
		table_cell(t, "%s ...", c->verb);
	table_cell(t, "%s", text_count(text, c->added));
	table_cell(t, "%s", text_count(text, c->gone));
	table_cell(t, "%s", text_size(text, c->added_bytes));
	table_cell(t, "%.12s", digest_hex(&c->head, head));
}

static int
print_commit(void *arg, const struct known_commit *c, struct err *e)
{
	struct printer *p = arg;

	(void)e;
	if (p->left-- == 0 || ui_gone(p->ui))
		return 1;
	if (p->table == NULL)
		commit_json(p->ui, c);
	else
		commit_row(p->table, c);
	return 0;
}

static int
print_log(struct app *app, struct vault *v, void *arg, struct err *e)
{
	const struct log_opts *o = app->opts;
	struct printer p = { .ui = app->ui, .left = o->last };
	int rc;

	(void)arg;
	if (!ui_json(app->ui))
		p.table = table_new(app->ui, columns,
		    sizeof(columns) / sizeof(columns[0]));
	rc = catalog_commits(vault_catalog(v), print_commit, &p, e);
	table_end(&p.table);
	return rc == -1 ? -1 : 0;
}

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	const struct log_opts *o = app->opts;

	(void)argc;
	if (o->last == 0)
		return err_set(e, EK_USAGE, "--last: 0 commits are none");
	return target_read(app, argv[0], print_log, NULL, e);
}

const struct command cmd_log = {
	.name = "log",
	.run = run,
	.summary = "list runs and commits",
	.synopsis = "[options] ACCOUNT|VAULT",
	.opts = opts,
	.opts_size = sizeof(struct log_opts),
	.defaults = &defaults,
	.needs = NEED_CONFIG,
};
