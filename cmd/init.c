/*
 * init.c - mailkeep init: make the vault of an account, or bind it anew.
 */
#include <errno.h>
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

/* Where a vault can't be, and what to do about it. */
static int
check_place(const char *path, struct err *e)
{
	if (vault_may_create(path, e) == 0)
		return 0;
	if (e->kind == EK_REFUSED)
		err_next(e, "name a directory that is new or empty");
	return -1;
}

static void
vault_json(struct ui *ui, const char *path, struct account *a)
{
	struct json_out *j;

	if (!ui_json(ui))
		return;
	j = ui_json_begin(ui, "vault");
	json_str(j, "vault", path);
	json_str(j, "account", account_title(a));
	ui_json_end(ui);
}

static int
create(struct app *app, const char *path, const struct account *a,
    struct err *e)
{
	const struct init_opts *o = app->opts;

	if (vault_create(path, o->container == 0 ? CONTAINER_TAR :
	    CONTAINER_MBOX, a, target_env(app), e) == 0)
		return 0;
	/* Only the last directory of a path is made, so that a disk that is not mounted gets none. */
	if (e->sys == ENOENT)
		err_next(e, "make the directory above it first; if it should "
		    "be there, is the disk mounted?");
	return -1;
}

static int
make(struct app *app, const char *url, const char *path, struct err *e)
{
	const struct init_opts *o = app->opts;
	struct target t;
	int rc = -1;

	if (target_server(app, url, &t, e) == -1)
		return err_next(e, "such as mailkeep init "
		    "imaps://anna@imap.example.org %s", path);
	if (account_check(t.account, e) == -1 || check_place(path, e) == -1)
		goto out;
	if (!o->offline && try_account(app, t.account, e) == -1)
		goto out;
	if (create(app, path, t.account, e) == -1)
		goto out;
	vault_json(app->ui, path, t.account);
	ui_note(app->ui, "made the vault %s; next: mailkeep backup %s", path,
	    path);
	rc = 0;
out:
	target_release(&t);
	return rc;
}

/* "timeout: 1m -> 90s" */
static void
print_change(struct ui *ui, const char *line)
{
	size_t n = strcspn(line, ":");
	struct json_out *j;

	if (!ui_json(ui)) {
		ui_print(ui, "%s", line);
		return;
	}
	j = ui_json_begin(ui, "change");
	json_strn(j, "setting", line, n);
	json_str(j, "change", line + n + strspn(line + n, ": "));
	ui_json_end(ui);
}

/* Show what would change; the number of settings. */
static size_t
print_changes(struct ui *ui, const struct account *was,
    const struct account *now)
{
	struct buf diff = BUF_INIT(256 * 1024);
	size_t n = account_diff(was, now, &diff), len;
	char *text = buf_take(&diff), *line;

	for (line = text; *line != '\0'; line += len) {
		len = strcspn(line, "\n");
		if (line[len] == '\n')
			line[len++] = '\0';
		print_change(ui, line);
	}
	free(text);
	return n;
}

static int
change(struct app *app, struct vault *v, struct account *now, struct err *e)
{
	const struct init_opts *o = app->opts;
	int r = 1;

	if (print_changes(app->ui, vault_account(v), now) == 0) {
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
	if (vault_set_account(v, now, e) == -1)
		return -1;
	vault_json(app->ui, vault_path(v), now);
	return 0;
}

/* The vault's settings with those of the command line over them. */
static int
settings_now(struct app *app, struct vault *v, const char *url,
    struct account **out, struct err *e)
{
	struct account *now = account_copy(vault_account(v));
	struct target t;

	if (url == NULL)
		account_merge(now, app->given);
	else if (target_server(app, url, &t, e) == 0) {
		account_merge(now, t.account);
		target_release(&t);
	} else {
		account_free(&now);
		return -1;
	}
	*out = now;
	return 0;
}

static int
rebind(struct app *app, const char *url, const char *path, struct err *e)
{
	struct account *now = NULL;
	struct vault *v;
	int rc = -1;

	if (vault_open(path, VAULT_WRITE, target_env(app), &v, e) == -1)
		return -1;
	if (settings_now(app, v, url, &now, e) == 0 &&
	    account_check(now, e) == 0)
		rc = change(app, v, now, e);
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
	.summary = "make a vault for an account",
	.synopsis = "[options] [SERVER] VAULT",
	.opts = opts,
	.opts_size = sizeof(struct init_opts),
	.needs = NEED_ACCOUNT,
};
