/*
 * log.c - mailkeep log: the commits of a vault, and the runs that made them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cmd/table.h"
#include "cmd/target.h"

struct log_opts {
	uint64_t	last;
};

static const struct log_opts defaults = { .last = UINT64_MAX };

static const struct opt opts[] = {
	OPT_U64(0, "last", struct log_opts, last, "N",
	    "only so many of the newest"),
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

/* A run that deleted messages from the server. */
struct deleter {
	uint64_t	 run, messages, bytes;
};

struct printer {
	struct ui	*ui;
	struct table	*table;		/* own, or NULL for JSON */
	uint64_t	 left;
	struct deleter	*deleters;	/* own; the newest first */
	size_t		 n, cap;
	size_t		 at;		/* the next one to be told */
	bool		 all;		/* each commit has a row */
	uint64_t	 run;		/* of the last commit */
};

static int
take_deleter(void *arg, uint64_t run, uint64_t messages, uint64_t bytes,
    struct err *e)
{
	struct printer *p = arg;

	(void)e;
	p->deleters = mem_grow(p->deleters, &p->cap, p->n + 1,
	    sizeof(*p->deleters));
	p->deleters[p->n++] = (struct deleter){ run, messages, bytes };
	return 0;
}

/* What the run deleted whose newest commit this is; NULL: nothing, or it was told. */
static const struct deleter *
deleter_of(struct printer *p, uint64_t run)
{
	while (p->at < p->n && p->deleters[p->at].run > run)
		p->at++;
	return p->at < p->n && p->deleters[p->at].run == run ?
	    &p->deleters[p->at++] : NULL;
}

static void
commit_json(struct ui *ui, const struct known_commit *c,
    const struct deleter *d)
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
	if (d != NULL) {
		json_u64(j, "pruned", d->messages);
		json_u64(j, "pruned_bytes", d->bytes);
	}
	ui_json_end(ui);
}

/* A run that deletes makes commits all the time; its newest one stands for them, unless all are asked for. */
static bool
is_shown(struct printer *p, const struct known_commit *c)
{
	bool again = c->run == p->run && strcmp(c->verb, "prune") == 0;

	p->run = c->run;
	return p->all || !again;
}

/* ${all}: the commit by itself; else what its run deleted, if it did. */
static void
commit_row(struct table *t, const struct known_commit *c,
    const struct deleter *d, bool all)
{
	char text[TEXT_MAX], head[DIGEST_HEX], deleted[TEXT_MAX + 16] = "";
	bool good = c->run_ends && strcmp(c->result, "complete") == 0;

	table_cell(t, "%" PRIu64, c->commit);
	table_cell(t, "%s", text_local(text, c->time));
	table_cell(t, "%" PRIu64, c->run);
	if (d != NULL && all)
		snprintf(deleted, sizeof(deleted), ", %s deleted",
		    text_count(text, d->messages));
	if (c->run_ends)
		table_styled(t, good ? UI_GOOD : UI_WARN, "%s %s%s", c->verb,
		    good ? "ok" : c->result, deleted);
	else
		table_cell(t, "%s ...%s", c->verb, deleted);
	table_cell(t, "%s", text_count(text, c->added));
	table_cell(t, "%s", text_count(text, d != NULL && !all ?
	    d->messages : c->gone));
	table_cell(t, "%s", text_size(text, c->added_bytes));
	table_cell(t, "%.12s", digest_hex(&c->head, head));
}

static int
print_commit(void *arg, const struct known_commit *c, struct err *e)
{
	struct printer *p = arg;
	const struct deleter *d = deleter_of(p, c->run);

	(void)e;
	if (!is_shown(p, c))
		return 0;
	if (p->left-- == 0 || ui_gone(p->ui))
		return 1;
	if (p->table == NULL)
		commit_json(p->ui, c, d);
	else
		commit_row(p->table, c, d, p->all);
	return 0;
}

static int
print_log(struct app *app, struct vault *v, void *arg, struct err *e)
{
	const struct log_opts *o = app->opts;
	struct printer p = { .ui = app->ui, .left = o->last,
	    .run = UINT64_MAX,
	    .all = ui_json(app->ui) || app->globals.ui.verbose > 0 };
	int rc;

	(void)arg;
	if (!ui_json(app->ui))
		p.table = table_new(app->ui, columns,
		    sizeof(columns) / sizeof(columns[0]));
	rc = catalog_pruned(vault_catalog(v), take_deleter, &p, e);
	if (rc == 0)
		rc = catalog_commits(vault_catalog(v), print_commit, &p, e);
	table_end(&p.table);
	free(p.deleters);
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
