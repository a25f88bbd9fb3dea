/*
 * target.c - see target.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/near.h"
#include "base/text.h"
#include "cmd/ask.h"
#include "cmd/target.h"

#define INTO_MAX	1000

static int64_t
clock_now(void *arg)
{
	(void)arg;
	return (int64_t)time(NULL);
}

static uint64_t
random_bits(void *arg)
{
	uint64_t v;

	(void)arg;
	random_bytes(&v, sizeof(v));
	return v;
}

const struct vault_env *
target_env(struct app *app)
{
	static struct vault_env env = { clock_now, random_bits, NULL,
	    "mailkeep " MAILKEEP_VERSION, NULL };
	static char *cache;
	const char *dir = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	(void)app;
	if (env.cache != NULL)
		return &env;
	if (dir != NULL && dir[0] == '/')
		env.cache = dir;
	else if (home != NULL && home[0] == '/')
		env.cache = cache = xasprintf("%s/.cache", home);
	return &env;
}

void
target_json_vault(struct json_out *j, const char *path)
{
	char *absolute = realpath(path, NULL);

	json_str(j, "vault", absolute == NULL ? path : absolute);
	free(absolute);
}

struct job_ask
target_ask(struct app *app)
{
	return (struct job_ask){ ask_secret, app->ui };
}

void
target_waiting(struct app *app, const struct account *a)
{
	ui_waiting(app->ui, "signing in to %s ...",
	    a->host == NULL ? "the server" : a->host);
}

void
target_release(struct target *t)
{
	free(t->vault);
	account_free(&t->account);
	memset(t, 0, sizeof(*t));
}

/* A vault keeps one account, for good: other mail must not get into it by a slip in the config file. */
static int
check_same(const struct target *t, const struct account *bound,
    struct err *e)
{
	const struct account *a = t->account;

	if (bound->host == NULL || bound->user == NULL ||
	    (a->host != NULL && strcasecmp(a->host, bound->host) == 0 &&
	    a->user != NULL && strcmp(a->user, bound->user) == 0))
		return 0;
	err_set(e, EK_REFUSED, "the vault %s keeps %s at %s, not %s at %s",
	    t->vault, bound->user, bound->host,
	    a->user == NULL ? "?" : a->user, a->host == NULL ? "?" : a->host);
	return err_next(e, "if the account has moved, tell the vault with "
	    "mailkeep init --rebind");
}

static int
from_vault(const struct account *section, const struct account *given,
    struct target *t, struct err *e)
{
	struct account *bound = NULL;
	int rc;

	if (vault_account_of(t->vault, &bound, e) == -1)
		return -1;
	t->account = account_copy(bound);
	if (section != NULL)
		account_merge(t->account, section);
	if (given != NULL)
		account_merge(t->account, given);
	rc = check_same(t, bound, e);
	account_free(&bound);
	return rc;
}

/* A word that is neither an account nor a directory. */
static int
no_such_name(struct app *app, const char *name, struct err *e)
{
	struct near near;
	size_t i;

	err_set(e, EK_NOVAULT, "there is no account and no vault '%s'", name);
	near_begin(&near, name, strlen(name));
	for (i = 0; i < app->config->n; i++)
		near_try(&near, app->config->accounts[i]->name);
	if (near.best != NULL)
		return err_next(e, "did you mean '%s'?", near.best);
	return err_next(e, "mailkeep init makes a vault; if it should be "
	    "there, is the disk mounted?");
}

int
target_place(struct app *app, const char *name, char **path_out,
    const struct account **section_out, struct err *e)
{
	const struct account *section = NULL;

	if (strchr(name, '/') == NULL)
		section = config_account(app->config, name);
	if (section != NULL && section->vault == NULL) {
		err_set(e, EK_CONFIG, "account %s has no vault in %s", name,
		    app->config->path);
		return err_next(e, "add vault = with the path of its vault");
	}
	*path_out = xstrdup(section == NULL ? name : section->vault);
	*section_out = section != NULL ? section :
	    config_by_vault(app->config, *path_out);
	return 0;
}

int
target_resolve(struct app *app, const char *name, struct target *t,
    struct err *e)
{
	return target_resolve_with(app, name, app->given, t, e);
}

int
target_resolve_with(struct app *app, const char *name,
    const struct account *given, struct target *t, struct err *e)
{
	const struct account *section;

	*t = (struct target){ .name = name };
	if (target_place(app, name, &t->vault, &section, e) == -1)
		return -1;
	if (from_vault(section, given, t, e) == 0)
		return 0;
	target_release(t);
	if (e->kind == EK_NOVAULT && e->sys == ENOENT && section == NULL &&
	    strchr(name, '/') == NULL)
		return no_such_name(app, name, e);
	/* None there, rather than one that is too new: how to make that of an account is known better here. */
	if (e->kind == EK_NOVAULT && e->next[0] != '\0' && section != NULL) {
		e->next[0] = '\0';
		err_next(e, "mailkeep init %s makes it; if it should be there, "
		    "is the disk mounted?", section->name);
	}
	return -1;
}

int
target_server(struct app *app, const char *url, struct target *t,
    struct err *e)
{
	memset(t, 0, sizeof(*t));
	t->account = account_new();
	if (account_url(t->account, url, e) == -1) {
		target_release(t);
		return -1;
	}
	account_merge(t->account, app->given);
	return 0;
}

/* Among several, an error says whose it is, unless it begins with the vault's path. */
static int
label(struct err *e, const char *title, const char *path)
{
	if (strncmp(e->text, title, strlen(title)) != 0 &&
	    strncmp(e->text, path, strlen(path)) != 0)
		err_add(e, "%s", title);
	return -1;
}

static int
run_one(struct app *app, const char *name, bool alone, target_fn *fn,
    struct err *e)
{
	const char *title;
	struct target t;
	int status;

	if (target_resolve(app, name, &t, e) == -1)
		return alone ? -1 : label(e, name, name);
	t.alone = alone;
	title = account_title(t.account);
	log_scope(title);
	status = fn(app, &t, e);
	log_scope(NULL);
	if (status == -1 && !alone)
		label(e, title, t.vault);
	target_release(&t);
	return status;
}

int
target_each(struct app *app, int argc, char **argv, target_fn *fn,
    struct err *e)
{
	size_t n = argc > 0 ? (size_t)argc : app->config->n, i;
	int status = 0, one;

	if (n == 0) {
		err_set(e, EK_USAGE, "no account was named, and there is none "
		    "in the config file");
		return err_next(e, "name a vault, or describe the account in "
		    "%s", app->config->path);
	}
	for (i = 0; i < n; i++) {
		const char *name = argc > 0 ? argv[i] :
		    app->config->accounts[i]->name;

		if ((one = run_one(app, name, n == 1, fn, e)) == -1) {
			/* A lone account's error is the verb's own. */
			if (n == 1)
				return -1;
			app_error(app, e);
			one = err_status(e->kind, e->sys);
		}
		status = exit_worst(status, one);
		if (one > 128)
			break;
	}
	return status;
}

int
target_alarm(const struct vault *v, struct err *e)
{
	if (v == NULL || vault_alarm(v) == NULL)
		return 0;
	*e = *vault_alarm(v);
	return -1;
}

int
target_read(struct app *app, const char *name, target_read_fn *fn, void *arg,
    struct err *e)
{
	struct vault *v = NULL;
	struct target t;
	int rc;

	if (target_resolve_with(app, name, NULL, &t, e) == -1)
		return -1;
	rc = vault_open(t.vault, VAULT_READ, target_env(app), &v, e);
	if (rc == 0 && (rc = fn(app, v, arg, e)) == 0)
		rc = target_alarm(v, e);
	vault_close(&v);
	target_release(&t);
	return rc;
}

int
target_into(const char *into, struct err *e)
{
	size_t n = strlen(into);

	if (n > 0 && n <= INTO_MAX && utf8_valid(into, n) && into[0] != '/' &&
	    into[n - 1] != '/' && strstr(into, "//") == NULL)
		return 0;
	err_set(e, EK_USAGE, "--into: '%s' can't be the name of a folder",
	    into);
	return err_next(e, "give a name such as Old or Old/2009");
}
