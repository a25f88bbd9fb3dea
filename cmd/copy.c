/*
 * copy.c - mailkeep copy: an account into another one, by way of a vault.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cmd/ask.h"
#include "cmd/backup.h"
#include "cmd/giveback.h"

struct copy_opts {
	struct choose	 choose;
	struct giveback	 back;
	struct words	 settings;
	const char	*vault;
	bool		 wait;
};

static const struct copy_opts defaults = { .choose = CHOOSE_DEFAULTS };

static const struct opt opts[] = {
	CHOOSE_BEFORE(struct copy_opts),
	GIVEBACK_DELETED(struct copy_opts),
	GIVEBACK_DRY_RUN(struct copy_opts),
	GIVEBACK_DUPLICATES(struct copy_opts),
	GIVEBACK_FIX(struct copy_opts),
	CHOOSE_FLAG(struct copy_opts),
	GIVEBACK_FOLDER(struct copy_opts),
	OPT_LIST(0, "from-setting", struct copy_opts, settings, "NAME=VALUE",
	    "a setting for FROM, as password_file=FILE; may be repeated"),
	GIVEBACK_INTO(struct copy_opts),
	CHOOSE_LARGER(struct copy_opts),
	GIVEBACK_MAP(struct copy_opts),
	GIVEBACK_MATCH(struct copy_opts),
	GIVEBACK_NO_CHECK(struct copy_opts),
	GIVEBACK_NO_ROLES(struct copy_opts),
	CHOOSE_RECIPIENT(struct copy_opts),
	CHOOSE_SENDER(struct copy_opts),
	CHOOSE_SINCE(struct copy_opts),
	CHOOSE_SMALLER(struct copy_opts),
	CHOOSE_SUBJECT(struct copy_opts),
	OPT_TEXT(0, "vault", struct copy_opts, vault, "DIR",
	    "the vault where FROM is a server; made if it isn't there"),
	OPT_FLAG(0, "wait", struct copy_opts, wait,
	    "wait while another mailkeep writes to the vault"),
	GIVEBACK_YES(struct copy_opts),
	OPT_END
};

/* ---- passwords ---- */

/* A person is asked once for each account, though several jobs sign in. */
#define ASKED_MAX	2
struct asked {
	struct ui	*ui;
	struct { char *prompt; struct buf secret; } v[ASKED_MAX];	/* own */
	size_t		 n;
};

static int
ask_once(void *arg, const char *prompt, struct buf *out, struct err *e)
{
	struct asked *a = arg;
	size_t before = out->n, i;

	for (i = 0; i < a->n; i++)
		if (strcmp(a->v[i].prompt, prompt) == 0)
			return buf_add(out, a->v[i].secret.p,
			    a->v[i].secret.n) == 0 ? 0 :
			    err_set(e, EK_AUTH, "the password is too long");
	if (ask_secret(a->ui, prompt, out, e) == -1)
		return -1;
	if (a->n < ASKED_MAX) {
		a->v[a->n].prompt = xstrdup(prompt);
		buf_init(&a->v[a->n].secret, UI_ANSWER_MAX);
		buf_add(&a->v[a->n++].secret, out->p + before, out->n - before);
	}
	return 0;
}

static void
asked_release(struct asked *a)
{
	for (; a->n > 0; a->n--) {
		free(a->v[a->n - 1].prompt);
		mem_wipe(a->v[a->n - 1].secret.p, a->v[a->n - 1].secret.cap);
		buf_release(&a->v[a->n - 1].secret);
	}
}

/* ---- where from ---- */

struct copying {
	struct app	*app;
	const struct copy_opts *o;
	struct target	 from, to;	/* own */
	struct account	*given;		/* own; what the command line says of FROM */
	struct asked	 asked;		/* own */
	struct job_ask	 ask;
};

static int
take_settings(const struct copy_opts *o, struct account *a, struct err *e)
{
	char *name, *value, *p;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < o->settings.n; i++) {
		name = xstrdup(o->settings.v[i]);
		if ((value = strchr(name, '=')) != NULL)
			*value++ = '\0';
		/* As in the file, or as the option is spelled. */
		for (p = name; *p != '\0'; p++)
			if (*p == '-')
				*p = '_';
		rc = setting_apply(a, name, value, NULL, e);
		free(name);
		if (rc == -1)
			err_add(e, "--from-setting");
	}
	return rc;
}

/* The account is there, and its vault is made. */
static int
make_vault(struct copying *c, const char *path, struct err *e)
{
	size_t folders;
	int rc;

	if (account_check(c->given, e) == -1 ||
	    vault_may_create(path, e) == -1)
		return -1;
	if (c->o->back.dry_run) {
		err_set(e, EK_NOVAULT, "there is no vault %s yet, and a dry "
		    "run makes none", path);
		return err_next(e, "mailkeep folders tells what the server "
		    "has; without --dry-run, copy asks before it appends");
	}
	target_waiting(c->app, c->given);
	rc = job_try(c->given, &c->ask, &folders, e);
	ui_waited(c->app->ui);
	if (rc == -1 || vault_create(path, CONTAINER_TAR, c->given,
	    target_env(c->app), e) == -1)
		return -1;
	ui_note(c->app->ui, "made the vault %s for %s", path,
	    account_title(c->given));
	return 0;
}

/* FROM is a server. */
static int
from_server(struct copying *c, const char *url, struct err *e)
{
	const struct account *section;
	struct err none;
	char *path;
	int rc = 0;

	if (c->o->vault == NULL) {
		err_set(e, EK_USAGE, "a server is copied by way of a vault");
		return err_next(e, "name a directory for it: --vault DIR");
	}
	if (account_url(c->given, url, e) == -1 ||
	    target_place(c->app, c->o->vault, &path, &section, e) == -1)
		return -1;
	if (vault_may_create(path, &none) == 0)
		rc = make_vault(c, path, e);
	free(path);
	return rc == -1 ? -1 : target_resolve_with(c->app, c->o->vault,
	    c->given, &c->from, e);
}

static int
find_from(struct copying *c, const char *name, struct err *e)
{
	c->given = account_new();
	if (take_settings(c->o, c->given, e) == -1)
		return -1;
	if (strstr(name, "://") != NULL)
		return from_server(c, name, e);
	if (c->o->vault != NULL) {
		err_set(e, EK_USAGE, "--vault is for a server; %s has its own",
		    name);
		return err_next(e, "leave --vault out");
	}
	return target_resolve_with(c->app, name, c->given, &c->from, e);
}

/* An account that is copied into itself grows with every run. */
static int
check_two(const struct copying *c, struct err *e)
{
	const struct account *a = c->from.account, *b = c->to.account;

	if (a->host == NULL || a->user == NULL || a->port != b->port ||
	    strcasecmp(a->host, b->host) != 0 || strcmp(a->user, b->user) != 0)
		return 0;
	err_set(e, EK_USAGE, "FROM and TO are the same account");
	return err_next(e, "mailkeep restore puts lost messages back");
}

/* ---- the copy ---- */

/*
 * Hours may pass before anything is appended: that the other account can be signed in to is seen first.  What comes
 * from a descriptor can be read once only.
 */
static int
try_target(struct copying *c, struct err *e)
{
	size_t folders;
	int rc;

	if (c->o->back.dry_run || c->to.account->password_fd != -1)
		return 0;
	target_waiting(c->app, c->to.account);
	rc = job_try(c->to.account, &c->ask, &folders, e);
	ui_waited(c->app->ui);
	return rc;
}

/* The exit status; what is missing is told, and all else is restored. */
static int
fetch(struct copying *c, struct err *e)
{
	const struct words *folders = &c->o->back.folders;
	const struct backup_opts o = { .dry_run = c->o->back.dry_run,
	    .wait = c->o->wait, .some = folders->n > 0 };
	struct account *some = account_new();
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < folders->n; i++)
		rc = setting_apply(some, "folders", folders->v[i], NULL, e);
	account_merge(c->from.account, some);
	account_free(&some);
	if (rc == 0)
		rc = backup_account(c->app, &c->from, &o, &c->ask, e);
	if (rc == 0 || e->kind != EK_PARTIAL)
		return rc;
	app_error(c->app, e);
	rc = err_status(e->kind, e->sys);
	*e = (struct err){ .kind = EK_NONE };
	return rc;
}

static int
bring(struct copying *c, struct err *e)
{
	const struct giving g = { .back = &c->o->back,
	    .choose = &c->o->choose, .to = &c->to, .ask = c->ask };
	struct vault *v;
	int rc;

	if (vault_open(c->from.vault, VAULT_READ, target_env(c->app), &v, e) ==
	    -1)
		return -1;
	rc = giveback_run(c->app, v, &g, e);
	if (rc == 0)
		rc = target_alarm(v, e);
	vault_close(&v);
	return rc;
}

static int
copy(struct copying *c, struct err *e)
{
	int status, rc;

	if (try_target(c, e) == -1 || (status = fetch(c, e)) == -1)
		return -1;
	if ((rc = bring(c, e)) == -1 && status != 0) {
		app_error(c->app, e);
		rc = err_status(e->kind, e->sys);
	}
	return rc == -1 ? -1 : exit_worst(status, rc);
}

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	struct copying c = { .app = app, .o = app->opts,
	    .asked = { .ui = app->ui } };
	int rc = -1;

	(void)argc;
	c.ask = (struct job_ask){ ask_once, &c.asked };
	if (giveback_check(&c.o->back, e) == 0 &&
	    giveback_target(app, argv[1], &c.to, e) == 0 &&
	    find_from(&c, argv[0], e) == 0 && check_two(&c, e) == 0)
		rc = copy(&c, e);
	asked_release(&c.asked);
	account_free(&c.given);
	target_release(&c.from);
	target_release(&c.to);
	return rc;
}

const struct command cmd_copy = {
	.name = "copy",
	.run = run,
	.summary = "bring an account into another one",
	.synopsis = "[options] FROM TO",
	.opts = opts,
	.opts_size = sizeof(struct copy_opts),
	.defaults = &defaults,
	.needs = NEED_ACCOUNT,
};
