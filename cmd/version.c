/*
 * version.c - mailkeep version: what this program is and which vaults it reads.  No date and no machine: two builds of
 * one source print the same.
 */
#include "cmd/cmd.h"

#define VAULT_FORMAT	1

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	struct json_out *j;

	(void)argc;
	(void)argv;
	(void)e;
	if (ui_json(app->ui)) {
		j = ui_json_begin(app->ui, "version");
		json_str(j, "version", MAILKEEP_VERSION);
		json_u64(j, "vault_format", VAULT_FORMAT);
		ui_json_end(app->ui);
		return 0;
	}
	ui_print(app->ui, "mailkeep %s", MAILKEEP_VERSION);
	ui_print(app->ui, "vault format %d", VAULT_FORMAT);
	return 0;
}

const struct command cmd_version = {
	.name = "version",
	.run = run,
	.summary = "print the version",
	.synopsis = "[options]",
};
