/*
 * init.c - mailkeep init: make the vault of an account, or bind it anew.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "cmd/ask.h"
#include "cmd/target.h"

#define CONTAINER_NONE	(-1)	/* not given */

struct init_opts {
	int	container;
	bool	offline, rebind, yes;
};

static const struct init_opts defaults = { .container = CONTAINER_NONE };

static const struct opt opts[] = {
	OPT_CHOICE(0, "container", struct init_opts, container, "tar|mbox",
	    "how packs hold messages: files in a tar, or a mailbox"),
	OPT_FLAG(0, "offline", struct init_opts, offline,
	    "don't sign in to see whether the account is right"),
	OPT_FLAG(0, "rebind", struct init_opts, rebind,
	    "change the server or settings of an existing vault, or make a "
	    "lost vault.json anew"),
	OPT_FLAG('y', "yes", struct init_opts, yes,
	    "don't ask before changing a vault"),
	OPT_END
};

/* What the command line asks for. */
struct wish {
	const char	*url;		/* borrowed; NULL: the section's, or the vault's own */
	const char	*name;		/* borrowed; what stood for the vault */
	char		*path;		/* own; of the vault */
	const struct account *section;	/* borrowed; of the config file, or NULL */
	struct account	*full;		/* own; what to sign in with: all layers */
	struct account	*kept;		/* own; what the vault is to remember */
};

static void
wish_release(struct wish *w)
{
	free(w->path);
	account_free(&w->full);
	account_free(&w->kept);
}

/*
 * Lay the layers over what the vault remembers, ${was}.  A section's settings stay in the config file, where they can
 * be changed: only server and user are taken from it.
 */
static int
wish_settings(struct app *app, const struct account *was, struct wish *w,
    struct err *e)
{
	struct account *url = account_new();
	char *bound = NULL;
	int rc = -1;

	w->full = account_copy(was);
	w->kept = account_copy(was);
	if (w->section != NULL)
		account_merge(w->full, w->section);
	if (w->url != NULL && account_url(url, w->url, e) == -1)
		goto out;
	account_merge(w->full, url);
	account_merge(w->full, app->given);
	if ((rc = account_check(w->full, e)) == -1)
		goto out;
	bound = account_url_text(w->full);
	account_free(&url);
	url = account_new();
	if ((rc = account_url(url, bound, e)) == 0) {
		account_merge(w->kept, url);
		account_merge(w->kept, app->given);
	}
out:
	free(bound);
	account_free(&url);
	return rc;
}

/* Sign in and out again. */
static int
try_account(struct app *app, const struct account *a, struct err *e)
{
	struct job_ask ask = target_ask(app);
	size_t folders;
	int rc;

	target_waiting(app, a);
	rc = job_try(a, &ask, &folders, e);
	ui_waited(app->ui);
	if (rc == -1)
		return -1;
	ui_note(app->ui, "signed in to %s as %s: %zu folder%s to back up",
	    a->host, a->user, folders, folders == 1 ? "" : "s");
	return 0;
}

/* Where a vault can't be, and what to do about it. */
static int
check_place(const char *path, struct err *e)
{
	if (vault_may_create(path, e) == 0)
		return 0;
	return err_next(e, "name a directory that is new or empty");
}

static void
vault_json(struct ui *ui, const char *path, struct account *a)
{
	struct json_out *j;

	if (!ui_json(ui))
		return;
	j = ui_json_begin(ui, "vault");
	target_json_vault(j, path);
	json_str(j, "account", account_title(a));
	ui_json_end(ui);
}

/* The config file and the command line must mean the same account: the next backup would refuse the vault. */
static int
check_section(struct app *app, const struct wish *w, struct err *e)
{
	const struct account *s = w->section, *a = w->full;
	const struct init_opts *o = app->opts;

	if (s == NULL || ((s->host == NULL || strcasecmp(s->host, a->host) == 0)
	    && (s->user == NULL || strcmp(s->user, a->user) == 0)))
		return 0;
	err_set(e, EK_USAGE, "%s says that account %s is %s at %s, not %s at "
	    "%s", app->config->path, s->name, s->user == NULL ? "?" : s->user,
	    s->host == NULL ? "?" : s->host, a->user, a->host);
	return err_next(e, "mailkeep init %s%s makes its vault",
	    o->rebind ? "--rebind " : "", s->name);
}

static enum container
container(const struct init_opts *o)
{
	return o->container == 1 ? CONTAINER_MBOX : CONTAINER_TAR;
}

/* Nobody knows the account but who asks: the settings are those of a new vault. */
static int
wish_anew(struct app *app, struct wish *w, struct err *e)
{
	const struct init_opts *o = app->opts;
	struct account *none = account_new();
	int rc = wish_settings(app, none, w, e);

	account_free(&none);
	if (rc == -1)
		return err_next(e, "such as mailkeep init %s"
		    "imaps://anna@imap.example.org %s",
		    o->rebind ? "--rebind " : "", w->name);
	return check_section(app, w, e);
}

static int
make(struct app *app, struct wish *w, struct err *e)
{
	const struct init_opts *o = app->opts;

	if (wish_anew(app, w, e) == -1 || check_place(w->path, e) == -1)
		return -1;
	if (!o->offline && try_account(app, w->full, e) == -1)
		return -1;
	if (vault_create(w->path, container(o), w->kept, target_env(app), e) ==
	    -1)
		return -1;
	vault_json(app->ui, w->path, w->full);
	ui_note(app->ui, "made the vault %s; next: mailkeep backup %s",
	    w->path, w->name);
	return 0;
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
change(struct app *app, struct vault *v, struct wish *w, struct err *e)
{
	const struct init_opts *o = app->opts;
	int r = 1;

	if (print_changes(app->ui, vault_account(v), w->kept) == 0) {
		ui_note(app->ui, "nothing to change");
		return 0;
	}
	if (!o->offline && try_account(app, w->full, e) == -1)
		return -1;
	if (!o->yes && (r = ask_confirm(app->ui, e, "Make these changes?")) ==
	    -1)
		return err_next(e, "--yes makes them without asking");
	if (r == 0)
		return err_set(e, EK_REFUSED, "nothing was changed");
	if (vault_set_account(v, w->kept, e) == -1)
		return -1;
	vault_json(app->ui, vault_path(v), w->full);
	return 0;
}

/* Its vault.json is lost, or can't be read any more. */
static int
revive(struct app *app, struct wish *w, struct err *e)
{
	const struct init_opts *o = app->opts;

	if (wish_anew(app, w, e) == -1)
		return -1;
	if (!o->offline && try_account(app, w->full, e) == -1)
		return -1;
	if (vault_revive(w->path, container(o), w->kept, target_env(app), e) ==
	    -1)
		return -1;
	vault_json(app->ui, w->path, w->full);
	ui_note(app->ui, "made vault.json of %s anew; next: mailkeep verify "
	    "%s", w->path, w->name);
	return 0;
}

static int
rebind(struct app *app, struct wish *w, struct err *e)
{
	const struct init_opts *o = app->opts;
	struct account *was;
	struct vault *v;
	int rc = -1;

	if (vault_account_of(w->path, &was, e) == -1)
		return e->kind == EK_CORRUPT ? revive(app, w, e) : -1;
	account_free(&was);
	if (o->container != CONTAINER_NONE) {
		err_set(e, EK_USAGE, "how a vault holds messages can't be "
		    "changed");
		return err_next(e, "leave --container out, or make another "
		    "vault with it");
	}
	if (vault_open(w->path, VAULT_WRITE, target_env(app), &v, e) == -1)
		return -1;
	if (wish_settings(app, vault_account(v), w, e) == 0)
		rc = change(app, v, w, e);
	vault_close(&v);
	return rc;
}

static bool
is_url(const char *s)
{
	return strstr(s, "://") != NULL;
}

/* Two arguments, of which the first is no server.  It is repeated only where it holds no password. */
static int
check_server(const char *server, const char *vault, struct err *e)
{
	struct account *a;
	struct err other = { .kind = EK_NONE };
	char *guess;

	if (is_url(server))
		return 0;
	if (is_url(vault)) {
		err_set(e, EK_USAGE,
		    "server and vault are the wrong way round");
		return err_next(e, "such as mailkeep init "
		    "imaps://anna@imap.example.org %s", server);
	}
	a = account_new();
	guess = xasprintf("imaps://%s", server);
	err_set(e, EK_USAGE, "a server is written imaps://[user@]host[:port]");
	if (strchr(server, '/') == NULL && account_url(a, guess, &other) == 0)
		err_next(e, "did you mean mailkeep init %s %s?", guess, vault);
	free(guess);
	account_free(&a);
	return -1;
}

/* A vault alone: its account must be in the config file. */
static int
check_lone(const struct wish *w, struct err *e)
{
	if (w->section != NULL && !is_url(w->name))
		return 0;
	err_set(e, EK_USAGE, "init needs the server and the vault, or an "
	    "account of the config file");
	return err_next(e, "such as mailkeep init "
	    "imaps://anna@imap.example.org ~/mail");
}

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	const struct init_opts *o = app->opts;
	struct wish w = { .url = argc == 2 ? argv[0] : NULL,
	    .name = argv[argc - 1] };
	int rc = -1;

	if (w.url != NULL && check_server(w.url, w.name, e) == -1)
		return err_next(e, "such as mailkeep init "
		    "imaps://anna@imap.example.org %s", w.name);
	if (target_place(app, w.name, &w.path, &w.section, e) == -1)
		return -1;
	if (o->rebind)
		rc = rebind(app, &w, e);
	else if (w.url != NULL || check_lone(&w, e) == 0)
		rc = make(app, &w, e);
	wish_release(&w);
	return rc;
}

const struct command cmd_init = {
	.name = "init",
	.run = run,
	.summary = "make a vault for an account",
	.synopsis = "[options] ACCOUNT | [SERVER] VAULT",
	.opts = opts,
	.opts_size = sizeof(struct init_opts),
	.defaults = &defaults,
	.needs = NEED_ACCOUNT,
};
