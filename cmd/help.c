/*
 * help.c - mailkeep help: everything it prints comes from the rows of the verbs and their options.
 */
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/lines.h"

#define LINE_BYTES	4096

struct help_opts {
	bool	accounts, dump;
};

static const struct opt opts[] = {
	OPT_FLAG(0, "accounts", struct help_opts, accounts,
	    "list the accounts of the config file, one per line"),
	OPT_FLAG(0, "dump", struct help_opts, dump,
	    "list all verbs and options in a form for programs"),
	OPT_END
};

/*
 * A verb and its options as lines, with tabs between: verb, option, argument, help, group (cmd/opt.h).  The verb's own
 * comes first; it has no option, its synopsis as the argument, and the group "verb".
 */
static int
dump_command(struct app *app, const struct command *c, struct err *e)
{
	struct sink to = ui_text(app->ui);
	struct buf line = BUF_INIT(4096);
	struct opt_set sets[APP_SETS];
	struct json_out *j;
	int r = 0;

	if (ui_json(app->ui)) {
		j = ui_json_begin(app->ui, "verb");
		json_str(j, "name", c->name);
		json_str(j, "synopsis", c->synopsis);
		json_str(j, "summary", c->summary);
		ui_json_end(app->ui);
	} else {
		buf_addf(&line, "%s\t\t%s\t%s\tverb\n", c->name,
		    c->synopsis, c->summary);
		r = sink_write(&to, line.p, line.n, e);
		buf_release(&line);
	}
	if (r == -1)
		return -1;
	return opt_dump(c->name, sets, app_sets(app, c, sets), app->ui, e);
}

static int
dump(struct app *app, struct err *e)
{
	const struct command *const *c;

	for (c = app->commands; *c != NULL; c++)
		if (dump_command(app, *c, e) == -1)
			return -1;
	return 0;
}

static void
print_overview(struct app *app)
{
	const struct command *const *c;
	struct buf hang = BUF_INIT(LINE_BYTES);
	struct opt_set sets[APP_SETS];
	size_t n = 0;

	for (c = app->commands; *c != NULL; c++)
		if (strlen((*c)->name) > n)
			n = strlen((*c)->name);
	lines_print(app->ui, "    ", "usage: mailkeep VERB [options] [arguments]");
	ui_print(app->ui, "%s", "");
	lines_print(app->ui, "", "mailkeep backs up IMAP mailboxes into plain, "
	    "compressed, verifiable archives.");
	ui_print(app->ui, "%s", "");
	ui_print(app->ui, "Verbs:");
	buf_adds(&hang, "    ");
	for (; n > 0; n--)
		buf_addc(&hang, ' ');
	for (c = app->commands; *c != NULL; c++)
		lines_print(app->ui, buf_text(&hang), "  %-*s  %s",
		    (int)hang.n - 4, (*c)->name, (*c)->summary);
	buf_release(&hang);
	opt_help(app->ui, sets, app_sets(app, NULL, sets));
	ui_print(app->ui, "%s", "");
	lines_print(app->ui, "", "Two commands make a vault and fill it:");
	lines_print(app->ui, "    ", "  mailkeep init imaps://anna@imap.example.org "
	    "~/mail");
	lines_print(app->ui, "    ", "  mailkeep backup ~/mail");
	ui_print(app->ui, "%s", "");
	lines_print(app->ui, "", "'mailkeep help VERB' explains a verb, "
	    "'man mailkeep' all of it.");
}

int
help_overview(struct app *app, struct err *e)
{
	if (ui_json(app->ui))
		return dump(app, e);
	print_overview(app);
	return 0;
}

static void
print_command(struct app *app, const struct command *c)
{
	struct opt_set sets[APP_SETS];

	lines_print(app->ui, "    ", "usage: mailkeep %s %s", c->name, c->synopsis);
	ui_print(app->ui, "%s", "");
	lines_print(app->ui, "", "%s: %s", c->name, c->summary);
	opt_help(app->ui, sets, app_sets(app, c, sets));
	ui_print(app->ui, "%s", "");
	lines_print(app->ui, "", "'man mailkeep-%s' tells more.", c->name);
}

int
help_command(struct app *app, const struct command *c, struct err *e)
{
	if (ui_json(app->ui))
		return dump_command(app, c, e);
	print_command(app, c);
	return 0;
}

static int
print_accounts(struct app *app, struct err *e)
{
	struct json_out *j;
	size_t i;

	if (app_config(app, e) == -1)
		return -1;
	for (i = 0; i < app->config->n; i++) {
		const struct account *a = app->config->accounts[i];

		if (ui_json(app->ui)) {
			j = ui_json_begin(app->ui, "account");
			json_str(j, "name", a->name);
			if (a->vault != NULL)
				json_str(j, "vault", a->vault);
			ui_json_end(app->ui);
		} else
			ui_print(app->ui, "%s", a->name);
	}
	return 0;
}

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	const struct help_opts *o = app->opts;
	const struct command *c;

	if (o->dump)
		return dump(app, e);
	if (o->accounts)
		return print_accounts(app, e);
	if (argc == 0)
		return help_overview(app, e);
	if ((c = app_command(app, argv[0], e)) == NULL)
		return -1;
	return help_command(app, c, e);
}

const struct command cmd_help = {
	.name = "help",
	.run = run,
	.summary = "explain mailkeep or one of its verbs",
	.synopsis = "[options] [VERB]",
	.opts = opts,
	.opts_size = sizeof(struct help_opts),
};
