/*
 * app.c - from the words of a command line to the verb and its exit status.  Of the verbs it knows help and version
 * alone, which options stand for.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/near.h"
#include "cmd/cmd.h"

static const struct opt global_opts[] = {
	OPT_CHOICE(0, "color", struct app_globals, ui.color,
	    "auto|always|never", "colour what is shown; auto: on a terminal"),
	OPT_TEXT('c', "config", struct app_globals, config, "FILE",
	    "read accounts from this file"),
	OPT_FLAG('h', "help", struct app_globals, help,
	    "explain the verb and stop"),
	OPT_FLAG(0, "json", struct app_globals, ui.json,
	    "print data as JSON, one object per line"),
	OPT_FLAG('q', "quiet", struct app_globals, ui.quiet,
	    "say only what is wrong"),
	OPT_COUNT('v', "verbose", struct app_globals, ui.verbose,
	    "say more; twice: also what the server is told"),
	OPT_FLAG(0, "version", struct app_globals, version,
	    "print the version and stop"),
	OPT_END
};

void
app_init(struct app *app, const struct command *const *commands, struct ui *ui)
{
	*app = (struct app){ .commands = commands, .ui = ui,
	    .given = account_new(), .now = (int64_t)time(NULL) };
}

size_t
app_sets(struct app *app, const struct command *command,
    struct opt_set sets[APP_SETS])
{
	size_t n = 0;

	if (command != NULL)
		sets[n++] = (struct opt_set){ "own", command->opts, app->opts };
	if (command != NULL && command->needs & NEED_ACCOUNT)
		sets[n++] = (struct opt_set){ "account", opt_settings(),
		    app->given };
	sets[n++] = (struct opt_set){ "global", global_opts, &app->globals };
	return n;
}

const struct command *
app_command(const struct app *app, const char *name, struct err *e)
{
	const struct command *const *c;
	struct near near;

	near_begin(&near, name, strlen(name));
	for (c = app->commands; *c != NULL; c++) {
		if (strcmp((*c)->name, name) == 0)
			return *c;
		near_try(&near, (*c)->name);
	}
	err_set(e, EK_USAGE, "there is no verb '%s'", name);
	if (near.best != NULL)
		err_next(e, "did you mean '%s'?", near.best);
	err_next(e, "mailkeep help lists the verbs");
	return NULL;
}

int
app_config(struct app *app, struct err *e)
{
	if (app->config != NULL)
		return 0;
	return config_load(app->globals.config, &app->config, e);
}

/* What the row needs, then the verb itself. */
static int
call(struct app *app, int argc, char **argv, struct err *e)
{
	const struct command *c = app->command;

	if (opt_arguments(c->synopsis, argc, argv, e) == -1)
		return err_next(e, "usage: mailkeep %s %s", c->name,
		    c->synopsis);
	if (c->needs & (NEED_CONFIG | NEED_ACCOUNT) && app_config(app, e) == -1)
		return -1;
	return c->run(app, argc, argv, e);
}

/* The words behind the verb. */
static int
run_verb(struct app *app, int argc, char **argv, struct err *e)
{
	const struct command *c = app->command;
	struct opt_set sets[APP_SETS];
	size_t n;
	int r;

	app->opts = xcalloc(1, c->opts_size);
	if (c->defaults != NULL)
		memcpy(app->opts, c->defaults, c->opts_size);
	n = app_sets(app, c, sets);
	r = opt_parse(sets, n, app->now, false, &argc, argv, e);
	ui_configure(app->ui, &app->globals.ui);
	if (app->globals.help) {
		/* Asked for help, nothing else on the line matters. */
		r = help_command(app, c, e);
	} else if (r == -1) {
		err_next(e, "mailkeep help %s explains its options", c->name);
	} else if (app->globals.version && c != &cmd_version) {
		r = cmd_version.run(app, 0, argv + argc, e);
	} else
		r = call(app, argc, argv, e);
	opt_release(&sets[0]);
	return r;
}

/* All words: options of every verb, the verb, its own. */
static int
run_line(struct app *app, int argc, char **argv, struct err *e)
{
	struct opt_set sets[APP_SETS];
	size_t n = app_sets(app, NULL, sets);
	int r = opt_parse(sets, n, app->now, true, &argc, argv, e);

	ui_configure(app->ui, &app->globals.ui);
	if (r == -1 && !app->globals.help)
		return err_next(e, "mailkeep help lists them");
	if (app->globals.help) {
		/* mailkeep --help VERB: as mailkeep help VERB */
		app->globals.help = false;
		app->command = &cmd_help;
		return run_verb(app, r == -1 ? 0 : argc, argv, e);
	}
	if (app->globals.version) {
		app->command = &cmd_version;
		return run_verb(app, 0, argv + argc, e);
	}
	if (argc == 0) {
		/* A person reads on; a script whose verb got lost must not take it for success. */
		if (help_overview(app, e) == -1)
			return -1;
		return err_status(EK_USAGE, 0);
	}
	if ((app->command = app_command(app, argv[0], e)) == NULL)
		return -1;
	return run_verb(app, argc - 1, argv + 1, e);
}

static bool
can_wait(const struct command *c)
{
	const struct opt *o;

	for (o = c == NULL ? NULL : c->opts; o != NULL && o->type != OPT_T_END;
	    o++)
		if (strcmp(o->name, "wait") == 0)
			return true;
	return false;
}

void
app_error(struct app *app, struct err *e)
{
	const char *advice = exit_advice(e->kind);

	if (e->kind == EK_LOCKED && can_wait(app->command))
		err_next(e, "%s; --wait waits for it", advice);
	if (advice != NULL)
		err_next(e, "%s", advice);
	else if (e->kind == EK_USAGE && app->command != NULL)
		err_next(e, "mailkeep help %s explains it", app->command->name);
	ui_error(app->ui, e);
}

int
app_run(struct app *app, int argc, char **argv)
{
	struct err e = { .kind = EK_NONE };
	int status;

	app->words = xreallocarray(NULL, (size_t)argc + 1,
	    sizeof(*app->words));
	for (app->words_n = 0; app->words_n < argc; app->words_n++)
		app->words[app->words_n] = argv[app->words_n];
	if ((status = run_line(app, argc, argv, &e)) == -1) {
		app_error(app, &e);
		status = err_status(e.kind, e.sys);
	}
	if (ui_json(app->ui) && app->command != NULL)
		json_str(ui_summary(app->ui), "verb", app->command->name);
	status = ui_finish(&app->ui, status);
	config_free(&app->config);
	account_free(&app->given);
	free(app->opts);
	free(app->words);
	return status;
}
