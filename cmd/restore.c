/*
 * restore.c - mailkeep restore: messages of a vault into an account.
 */
#include <string.h>

#include "cmd/giveback.h"

struct restore_opts {
	struct choose	 choose;
	struct giveback	 back;
	const char	*to;
};

static const struct restore_opts defaults = { .choose = CHOOSE_DEFAULTS };

static const struct opt opts[] = {
	CHOOSE_ALL(struct restore_opts),
	CHOOSE_AT(struct restore_opts),
	CHOOSE_BEFORE(struct restore_opts),
	GIVEBACK_DELETED(struct restore_opts),
	GIVEBACK_DRY_RUN(struct restore_opts),
	GIVEBACK_DUPLICATES(struct restore_opts),
	GIVEBACK_FIX(struct restore_opts),
	CHOOSE_FLAG(struct restore_opts),
	GIVEBACK_FOLDER(struct restore_opts),
	GIVEBACK_INTO(struct restore_opts),
	CHOOSE_LARGER(struct restore_opts),
	GIVEBACK_MAP(struct restore_opts),
	GIVEBACK_MATCH(struct restore_opts),
	GIVEBACK_NO_CHECK(struct restore_opts),
	GIVEBACK_NO_ROLES(struct restore_opts),
	CHOOSE_PRUNED(struct restore_opts),
	CHOOSE_RECIPIENT(struct restore_opts),
	CHOOSE_SENDER(struct restore_opts),
	CHOOSE_SINCE(struct restore_opts),
	CHOOSE_SMALLER(struct restore_opts),
	CHOOSE_SUBJECT(struct restore_opts),
	OPT_TEXT(0, "to", struct restore_opts, to, "URL|ACCOUNT|VAULT",
	    "the account that they go to; but for --pruned it must be given"),
	GIVEBACK_YES(struct restore_opts),
	OPT_END
};

static int
restore_vault(struct app *app, struct vault *v, void *arg, struct err *e)
{
	return giveback_run(app, v, arg, e);
}

/* An id says all there is to say. */
static int
check_ids(const struct restore_opts *o, const char *id, struct err *e)
{
	const struct choose *c = &o->choose;

	if (c->at == NULL && !c->all && c->pruned == CHOOSE_ANY_RUN &&
	    c->since == INT64_MIN && c->before == INT64_MAX &&
	    c->larger == POLICY_ANY_SIZE && c->smaller == POLICY_ANY_SIZE &&
	    c->flags.n == 0 && c->sender == NULL && c->recipient == NULL &&
	    c->subject == NULL && o->back.folders.n == 0)
		return 0;
	err_set(e, EK_USAGE, "'%s' names a message: options that choose "
	    "others don't go with it", id);
	return err_next(e, "leave out the one or the other");
}

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	const struct restore_opts *o = app->opts;
	struct choose choose = o->choose;
	struct giving g = { .back = &o->back, .choose = &choose,
	    .ids = argv + 1, .ids_n = argc - 1, .ask = target_ask(app) };
	const char *name = o->to;
	struct target to;
	int rc;

	/* What was deleted goes back to where it was. */
	if (name == NULL && choose.pruned != CHOOSE_ANY_RUN)
		name = argv[0];
	if (name == NULL || *name == '\0') {
		err_set(e, EK_USAGE, "where to is not said");
		return err_next(e, "name the account: "
		    "--to imaps://anna@imap.example.org");
	}
	if ((argc > 1 && check_ids(o, argv[1], e) == -1) ||
	    giveback_check(&o->back, e) == -1 ||
	    giveback_target(app, name, &to, e) == -1)
		return -1;
	/* What was named may be gone from its server. */
	choose.all = choose.all || argc > 1;
	g.to = &to;
	rc = target_read(app, argv[0], restore_vault, &g, e);
	target_release(&to);
	return rc;
}

const struct command cmd_restore = {
	.name = "restore",
	.run = run,
	.summary = "put messages of a vault into an account",
	.synopsis = "[options] --pruned RUN ACCOUNT|VAULT | "
	    "[options] --to URL|ACCOUNT|VAULT ACCOUNT|VAULT [ID ...]",
	.opts = opts,
	.opts_size = sizeof(struct restore_opts),
	.defaults = &defaults,
	.needs = NEED_ACCOUNT,
};
