/*
 * init.c - mailkeep init: make the vault of an account, or bind it anew.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/target.h"

struct init_opts {
	int	container;
	bool	offline, rebind, yes;
};

static const struct opt opts[] = {
	OPT_CHOICE(0, "container", struct init_opts, container, "tar|mbox",
	    "how packs hold messages: files in a tar, or a mailbox"),
	OPT_FLAG(0, "offline", struct init_opts, offline,
	    "don't sign in to see whether the account is right"),
	OPT_FLAG(0, "rebind", struct init_opts, rebind,
	    "change the server or settings of an existing vault"),
	OPT_FLAG('y', "yes", struct init_opts, yes,
	    "don't ask before changing a vault"),
	OPT_END
};

/* Sign in and out again. */
static int
try_account(struct app *app, const struct account *a, struct err *e)
{
	struct job_ask ask = target_ask(app);
	size_t folders;

	if (job_try(a, &ask, &folders, e) == -1)
		return -1;
	ui_note(app->ui, "signed in to %s as %s: %zu folders", a->host,
	    a->user, folders);
	return 0;
}

static int
make(struct app *app, const char *url, const char *path, struct err *e)
{
	const struct init_opts *o = app->opts;
	struct target t;
	int rc = -1;

	if (target_server(app, url, &t, e) == -1)
		return -1;
	if (account_check(t.account, e) == -1 ||
	    vault_may_create(path, e) == -1)
		goto out;
	if (!o->offline && try_account(app, t.account, e) == -1)
		goto out;
	if (vault_create(path, o->container == 0 ? CONTAINER_TAR :
	    CONTAINER_MBOX, t.account, target_env(app), e) == -1)
		goto out;
	if (ui_json(app->ui)) {
		struct json_out *j = ui_json_begin(app->ui, "vault");

		json_str(j, "vault", path);
		json_str(j, "account", account_title(t.account));
		ui_json_end(app->ui);
	}
	ui_note(app->ui, "made the vault %s; next: mailkeep backup %s", path,
	    path);
	rc = 0;
out:
	target_release(&t);
	return rc;
}

/* Show what would change, and change it if that is wanted. */
static int
change(struct app *app, struct vault *v, const struct account *now,
    struct err *e)
{
	const struct init_opts *o = app->opts;
	struct buf diff = BUF_INIT(256 * 1024);
	char *line, *rest;
	size_t n;
	int r = 1;

	n = account_diff(vault_account(v), now, &diff);
	rest = buf_take(&diff);
	for (line = rest; *line != '\0';) {
		size_t len = strcspn(line, "\n");
		bool last = line[len] == '\0';

		line[len] = '\0';
		ui_print(app->ui, "%s", line);
		line += len + !last;
	}
	free(rest);
	if (n == 0) {
		ui_note(app->ui, "nothing to change");
		return 0;
	}
	if (!o->offline && try_account(app, now, e) == -1)
		return -1;
	if (!o->yes && (r = ui_confirm(app->ui, e,
	    "Change the vault's account?")) == -1)
		return err_next(e, "--yes changes it without asking");
	if (r == 0)
		return err_set(e, EK_REFUSED, "nothing was changed");
	return vault_set_account(v, now, e);
}

static int
rebind(struct app *app, const char *url, const char *path, struct err *e)
{
	struct account *now;
	struct vault *v;
	int rc = -1;

	if (vault_open(path, VAULT_WRITE, target_env(app), &v, e) == -1)
		return -1;
	now = account_copy(vault_account(v));
	if (url == NULL || account_url(now, url, e) == 0) {
		account_merge(now, app->given);
		if (account_check(now, e) == 0)
			rc = change(app, v, now, e);
	}
	account_free(&now);
	vault_close(&v);
	return rc;
}

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	const struct init_opts *o = app->opts;

	if (o->rebind)
		return rebind(app, argc == 2 ? argv[0] : NULL,
		    argv[argc - 1], e);
	if (argc != 2) {
		err_set(e, EK_USAGE, "init needs the server and the vault");
		return err_next(e, "such as mailkeep init "
		    "imaps://anna@imap.example.org ~/mail");
	}
	return make(app, argv[0], argv[1], e);
}

const struct command cmd_init = {
	.name = "init",
	.run = run,
	.summary = "make the vault of an account",
	.synopsis = "[options] [SERVER] VAULT",
	.opts = opts,
	.opts_size = sizeof(struct init_opts),
	.needs = NEED_ACCOUNT,
};
