/*
 * prune.c - mailkeep prune: delete from the server what is safe in the vault.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cmd/ask.h"
#include "cmd/guards.h"
#include "cmd/later.h"
#include "cmd/listed.h"
#include "cmd/picture.h"
#include "cmd/planned.h"
#include "cmd/pruned.h"
#include "cmd/pruning.h"
#include "cmd/repeat.h"
#include "cmd/watching.h"
#include "mail/name.h"

#define NO_MAXIMUM	UINT64_MAX

struct prune_opts {
	struct pruning_opts said;
	const char	*plan, *execute;
	int		 compare;
	uint64_t	 max_delete;
	bool		 dry_run, to_trash, yes;
	bool		 allow_empty_folder, allow_incomplete, allow_most;
	bool		 allow_new_epoch, allow_old, allow_shrunk, allow_young;
};

static const struct prune_opts defaults = { .max_delete = NO_MAXIMUM };

static const struct opt opts[] = {
	OPT_FLAG(0, "allow-empty-folder", struct prune_opts,
	    allow_empty_folder, "delete also all that a folder has"),
	OPT_FLAG(0, "allow-incomplete-backup", struct prune_opts,
	    allow_incomplete, "... though the last backup lacked something"),
	OPT_FLAG(0, "allow-most", struct prune_opts, allow_most,
	    "delete also more than half of a folder"),
	OPT_FLAG(0, "allow-new-epoch", struct prune_opts, allow_new_epoch,
	    "... though the folder got a new UIDVALIDITY lately"),
	OPT_FLAG(0, "allow-old-backup", struct prune_opts, allow_old,
	    "... though the last backup was more than a day ago"),
	OPT_FLAG(0, "allow-shrunk", struct prune_opts, allow_shrunk,
	    "... though the folder has just lost more than half"),
	OPT_FLAG(0, "allow-young", struct prune_opts, allow_young,
	    "delete also what came within the last 30 days"),
	OPT_FLAG(0, "also-flagged", struct prune_opts, said.also_flagged,
	    "delete also what is flagged"),
	OPT_FLAG(0, "also-unread", struct prune_opts, said.also_unread,
	    "delete also what nobody has read"),
	OPT_TEXT(0, "before", struct prune_opts, said.before, "DATE",
	    "what the server received before"),
	OPT_CHOICE(0, "compare", struct prune_opts, compare, "headers|full",
	    "what is compared with the server: all of it with full"),
	OPT_FLAG('n', "dry-run", struct prune_opts, dry_run,
	    "print the plan and stop, also with --yes"),
	OPT_TEXT(0, "execute", struct prune_opts, execute, "FILE",
	    "delete what this list names, as --plan wrote it"),
	OPT_LIST(0, "folder", struct prune_opts, said.folders, "PATTERN",
	    "only these folders; \"!PATTERN\": not these; may be repeated"),
	OPT_TEXT(0, "junk-older-than", struct prune_opts,
	    said.junk_older_than, "AGE", "what is that old in the junk folder"),
	OPT_FLAG(0, "keep-flagged", struct prune_opts, said.keep_flagged,
	    "keep what is flagged, whatever the config file says"),
	OPT_TEXT(0, "keep-last", struct prune_opts, said.keep_last, "N",
	    "keep so many of the newest in each folder"),
	OPT_FLAG(0, "keep-unread", struct prune_opts, said.keep_unread,
	    "keep what nobody has read, likewise"),
	OPT_TEXT(0, "larger-than", struct prune_opts, said.larger_than,
	    "SIZE", "what is larger, as 5M"),
	OPT_FLAG(0, "largest-first", struct prune_opts, said.largest_first,
	    "for --until-free: the largest, not the oldest"),
	OPT_U64(0, "max-delete", struct prune_opts, max_delete, "N",
	    "don't ask; delete nothing if it were more messages"),
	OPT_FLAG(0, "move-to-trash", struct prune_opts, to_trash,
	    "move to the trash, delete nothing"),
	OPT_TEXT(0, "older-than", struct prune_opts, said.older_than, "AGE",
	    "what the server received that long ago, as 2y"),
	OPT_TEXT(0, "plan", struct prune_opts, plan, "FILE",
	    "write a list of what would go; - is stdout"),
	OPT_TEXT(0, "recipient", struct prune_opts, said.recipient, "TEXT",
	    "what has this in To"),
	OPT_FLAG(0, "seen", struct prune_opts, said.seen,
	    "what was read"),
	OPT_TEXT(0, "sender", struct prune_opts, said.sender, "TEXT",
	    "what has this in From"),
	OPT_TEXT(0, "subject", struct prune_opts, said.subject, "TEXT",
	    "what has this in the subject"),
	OPT_TEXT(0, "trash-older-than", struct prune_opts,
	    said.trash_older_than, "AGE", "what is that old in the trash"),
	OPT_TEXT(0, "until-free", struct prune_opts, said.until_free,
	    "SIZE|N%", "the oldest, until so much of the quota is free"),
	OPT_FLAG(0, "yes", struct prune_opts, yes,
	    "delete; without it the plan is printed alone"),
	OPT_END
};

struct work {
	struct watching	 watching;	/* own; the first */
	struct app	*app;
	const struct target *target;	/* borrowed */
	const struct prune_opts *o;
	struct vault	*vault;		/* borrowed */
	struct pruned	 done;
	struct picture	 picture;	/* own */
	struct remarks	*remarks;	/* own */
	struct listed	*listed;	/* own; the list that is written, or NULL */
	double		 asked;		/* seconds that a person took to answer */
};

static const char *
plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* ---- the plan ---- */

static void
tell_folder(void *arg, const struct job_prune_folder *f)
{
	struct work *w = arg;

	ui_waited(w->app->ui);
	ui_progress_end(w->app->ui);
	picture_folder(&w->picture, f);
}

static int
look_for_backup(void *arg, const struct known_commit *c, struct err *e)
{
	bool *found = arg;

	(void)e;
	*found = strcmp(c->verb, "backup") == 0;
	return *found;
}

static bool
has_backup(const struct work *w)
{
	struct catalog *catalog = vault_catalog(w->vault);
	bool found = false;
	struct err e;

	return catalog == NULL ||
	    catalog_commits(catalog, look_for_backup, &found, &e) == -1 ||
	    found;
}

static void
tell_plan(struct work *w, const struct job_prune_plan *plan)
{
	w->picture.no_backup = plan->guard == GUARD_INCOMPLETE &&
	    !has_backup(w);
	ui_progress_end(w->app->ui);
	remarks_rest(w->remarks);
	picture_tell(&w->picture, plan);
}

/* More than somebody thought of. */
static int
too_many(const struct work *w, uint64_t messages, struct err *e)
{
	char n[TEXT_MAX], most[TEXT_MAX];

	err_set(e, EK_REFUSED, "nothing was deleted: the plan has %s "
	    "message%s, and --max-delete allows %s", text_count(n, messages),
	    plural(messages), text_count(most, w->o->max_delete));
	return err_next(e, "look at the plan; if it is right, say "
	    "--max-delete %" PRIu64, messages);
}

static int
ask(struct work *w, const struct job_prune_plan *plan, struct err *e)
{
	struct buf what = BUF_INIT(4096);
	double began = later_clock();
	int r;

	buf_adds(&what, plan->move ? "To move " : "To delete ");
	planned_messages(&what, plan->messages, plan->bytes);
	buf_addf(&what, plan->move ? " to %s" : " from the server",
	    plan->trash == NULL ? "the trash" : name_shown(plan->trash));
	r = ask_word(w->app->ui, e, w->done.title, "%s, type %s",
	    buf_text(&what), w->done.title);
	w->asked = later_clock() - began;
	buf_release(&what);
	if (r == 0)
		return err_set(e, EK_REFUSED, "nothing was deleted: that is "
		    "not the account's name");
	return r;
}

/* Whether to go on. */
static int
decide(void *arg, const struct job_prune_plan *plan, struct err *e)
{
	struct work *w = arg;

	tell_plan(w, plan);
	if (w->listed != NULL && listed_publish(w->listed, e) == -1)
		return -1;
	if (plan->messages > w->o->max_delete)
		return too_many(w, plan->messages, e);
	if (w->o->max_delete != NO_MAXIMUM)
		return 1;
	return ask(w, plan, e);
}

/* ---- on the way ---- */

static void
tell_found(void *arg, const struct job_prune_finding *f)
{
	const struct work *w = arg;

	ui_waited(w->app->ui);
	pruned_found(w->remarks, f);
}

/* ---- the outcome ---- */

/* Which guards these were is known here; so is that there was nothing before the first backup. */
static void
tell_guards(const struct work *w, struct err *e)
{
	const struct job_prune_plan *plan = &w->done.plan;
	struct buf line = BUF_INIT(1024);

	if (e->kind != EK_REFUSED)
		return;
	if (w->picture.no_backup) {
		err_set(e, EK_REFUSED, "nothing was deleted: there is no "
		    "backup yet");
		err_next(e, "run mailkeep backup first");
	} else if (plan->guarded > 0 && plan->guard == GUARD_NONE &&
	    plan->messages <= w->done.report.messages) {
		guards_options(plan->guards, &line);
		e->next[0] = '\0';
		err_next(e, "if they may go, too:%s", buf_text(&line));
	}
	buf_release(&line);
}

/* A goal that is missed is missed after all that could go is gone. */
static void
tell_lost(const struct work *w, struct err *e)
{
	const struct job_prune_plan *plan = &w->done.plan;
	struct buf line = BUF_INIT(1024);

	if ((e->kind == EK_PARTIAL || e->kind == EK_REFUSED) &&
	    plan->guard == GUARD_NONE &&
	    plan->messages <= w->done.report.messages)
		picture_lost(&w->picture, plan, &line);
	if (line.n > 0)
		exit_add(e, buf_text(&line));
	buf_release(&line);
}

/* What was deleted before it failed. */
static void
add_loss(const struct job_prune_report *r, struct err *e)
{
	struct buf what = BUF_INIT(1024);
	char n[TEXT_MAX];

	if (r->messages > 0)
		buf_addf(&what, "%s message%s deleted, safe in the vault",
		    text_count(n, r->messages),
		    r->messages == 1 ? " was" : "s were");
	else if (r->open == 0)
		buf_adds(&what, "nothing was deleted");
	if (r->open > 0)
		buf_addf(&what, "%sperhaps %s%s: the next run sees",
		    r->messages > 0 ? ", and " : "", text_count(n, r->open),
		    r->messages > 0 ? " more" : r->open == 1 ?
		    " message was deleted" : " messages were deleted");
	exit_add(e, buf_text(&what));
	buf_release(&what);
}

/* Whose run failed or was interrupted wants to know whether that was a loss. */
static void
tell_rest(const struct work *w, struct err *e)
{
	const struct job_prune_report *r = &w->done.report;

	/* These are told by who was deciding. */
	if (w->done.dry || e->kind == EK_PARTIAL || e->kind == EK_REFUSED ||
	    e->kind == EK_USAGE)
		return;
	add_loss(r, e);
	if (w->picture.told && (r->run != 0 || e->kind == EK_TEMP) &&
	    (e->kind == EK_CANCELLED || e->kind == EK_TEMP ||
	    e->kind == EK_PROTO))
		err_next(e, "run it again: what was begun is finished then, "
		    "or taken back");
}

/* The same once more, with other options. */
static void
print_line(const struct work *w, const char *what,
    const char *const *without, const char *more)
{
	struct buf line = BUF_INIT(64 * 1024);

	repeat_line(w->app, without, more, &line);
	ui_print(w->app->ui, "%s:", what);
	ui_print(w->app->ui, "  %s", buf_text(&line));
	buf_release(&line);
}

/* What would carry it out, and what that which guards hold. */
static void
tell_how(const struct work *w)
{
	static const char *const twice[] = { "dry-run", "plan", "yes", NULL };
	static const char *const listed[] = { "before", "dry-run", "folder",
	    "junk-older-than", "larger-than", "largest-first", "older-than",
	    "plan", "recipient", "seen", "sender", "subject",
	    "trash-older-than", "until-free", "yes", NULL };
	const struct job_prune_plan *plan = &w->done.plan;
	const bool list = w->listed != NULL && w->o->execute == NULL;
	struct buf more = BUF_INIT(16384), what = BUF_INIT(256);
	const char *done = w->o->to_trash ? "moved" : "deleted", *verb =
	    w->o->to_trash ? "move" : "delete";

	if (plan->messages > 0) {
		if (list) {
			buf_adds(&more, " --execute ");
			repeat_word(w->o->plan, &more);
		}
		buf_adds(&more, " --yes");
		buf_addf(&what, "Nothing was %s.  To %s%s", done, verb,
		    list ? " exactly these" : "");
		print_line(w, buf_text(&what), list ? listed : twice,
		    buf_text(&more));
	}
	if (plan->guarded > 0) {
		buf_clear(&more);
		buf_clear(&what);
		guards_options(plan->guards, &more);
		buf_adds(&more, " --yes");
		if (plan->messages == 0)
			buf_addf(&what, "Nothing was %s.  ", done);
		buf_addf(&what, "To %s %swhat guards hold", verb,
		    plan->messages > 0 ? "also " : "");
		print_line(w, buf_text(&what), twice, buf_text(&more));
	}
	buf_release(&what);
	buf_release(&more);
}

/* ---- the work ---- */

static unsigned int
lifted(const struct prune_opts *o)
{
	const struct { bool is; enum policy_guard guard; } all[] = {
		{ o->allow_empty_folder, GUARD_EMPTY_FOLDER },
		{ o->allow_most, GUARD_MOST },
		{ o->allow_young, GUARD_YOUNG },
		{ o->allow_shrunk, GUARD_SHRUNK },
		{ o->allow_new_epoch, GUARD_NEW_EPOCH },
		{ o->allow_incomplete, GUARD_INCOMPLETE },
		{ o->allow_old, GUARD_OLD },
	};
	unsigned int mask = 0;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].is)
			mask |= 1U << all[i].guard;
	return mask;
}

static void
set_options(struct work *w, struct job_prune_opts *job)
{
	const struct prune_opts *o = w->o;

	job->account = w->target->account;
	job->ask = target_ask(w->app);
	job->lifted = lifted(o);
	if (!o->allow_young)
		job->policy.young = w->app->now - POLICY_YOUNG;
	job->compare_full = o->compare == 1;
	job->to_trash = o->to_trash;
	job->dry_run = w->done.dry;
	job->folder = tell_folder;
	job->plan = decide;
	job->found = tell_found;
}

/* Whether the plan is printed, rather than noted. */
static bool
speaks(const struct work *w)
{
	const struct ui_opts *ui = &w->app->globals.ui;
	const char *plan = w->o->plan;

	if (ui->json || (plan != NULL && strcmp(plan, "-") == 0))
		return false;
	if (w->done.dry)
		return !ui->quiet;
	return w->o->max_delete == NO_MAXIMUM ||
	    (!ui->quiet && ui_width(w->app->ui) > 0);
}

/* The plan stands, whatever came of it. */
static bool
is_planned(const struct work *w, int rc, const struct err *e)
{
	return rc == 0 || (w->picture.seen > 0 &&
	    (e->kind == EK_PARTIAL || e->kind == EK_REFUSED));
}

/* All is done or given up: what is left to be told. */
static int
finish(struct work *w, int rc, double took, struct err *e)
{
	struct err other;

	if (!w->picture.told && is_planned(w, rc, e)) {
		tell_plan(w, &w->done.plan);
		if (w->listed != NULL && listed_publish(w->listed,
		    rc == 0 ? e : &other) == -1)
			rc = -1;
		if (w->done.dry && w->picture.spoken &&
		    w->done.plan.guard == GUARD_NONE && rc == 0)
			tell_how(w);
	}
	if (rc == -1) {
		tell_rest(w, e);
		tell_guards(w, e);
		tell_lost(w, e);
	}
	if (ui_json(w->app->ui))
		pruned_json(&w->done, took);
	if (!w->done.dry)
		pruned_text(&w->done, took);
	return rc;
}

static int
prune(struct work *w, struct vault *v, struct job_prune_opts *job,
    struct err *e)
{
	double began = later_clock();
	int rc;

	w->vault = v;
	w->remarks = remarks_new(w->app->ui);
	w->picture.goal = job->goal;
	picture_begin(&w->picture);
	watching_begin(&w->watching, w->app, w->done.title, job);
	rc = job_prune(v, job, &w->done.report, &w->done.plan, e);
	watching_end(&w->watching);
	remarks_rest(w->remarks);
	rc = finish(w, rc, later_clock() - began - w->asked, e);
	remarks_free(&w->remarks);
	picture_end(&w->picture);
	return rc;
}

/* ---- the command line ---- */

static int
check_options(struct app *app, const struct prune_opts *o, struct err *e)
{
	const struct pruning_opts *s = &o->said;

	/* A list says all there is to say about what should go. */
	if (o->execute != NULL && pruning_condition(s) != NULL) {
		err_set(e, EK_USAGE, "--execute names the messages: --%s "
		    "doesn't go with it", pruning_condition(s));
		return err_next(e, "write another list with --plan");
	}
	if (s->also_flagged && s->keep_flagged)
		return err_set(e, EK_USAGE,
		    "--also-flagged and --keep-flagged: which one?");
	if (s->also_unread && s->keep_unread)
		return err_set(e, EK_USAGE,
		    "--also-unread and --keep-unread: which one?");
	if (o->max_delete != NO_MAXIMUM && !o->yes)
		return err_set(e, EK_USAGE, "--max-delete goes with --yes: "
		    "without it nothing is deleted anyway");
	if (o->plan != NULL && strcmp(o->plan, "-") == 0 && ui_json(app->ui))
		return err_set(e, EK_USAGE, "--plan - and --json: only one of "
		    "them can go to stdout");
	if (!o->yes || o->dry_run || o->max_delete != NO_MAXIMUM)
		return 0;
	if (ask_somebody(e) == 0)
		return 0;
	err_set(e, EK_USAGE, "there is no terminal to ask on, and --max-delete "
	    "is not given");
	return err_next(e, "say how many messages may go at most: "
	    "--yes --max-delete 1000");
}

/* With the lists that are written and read. */
static int
prune_vault(struct work *w, struct job_prune_opts *job, struct err *e)
{
	struct listed_file list = { -1 };
	struct vault *v = NULL;
	struct source from;
	struct sink to;
	int rc = -1;

	if (w->o->execute != NULL) {
		if (listed_open(w->o->execute, &list, e) == -1)
			return -1;
		from = listed_source(&list);
		job->execute = &from;
	}
	if (w->o->plan != NULL && strcmp(w->o->plan, "-") == 0) {
		to = ui_bytes(w->app->ui);
		job->plan_to = &to;
	} else if (w->o->plan != NULL) {
		if (listed_create(w->o->plan, &w->listed, e) == -1)
			goto out;
		to = listed_sink(w->listed);
		job->plan_to = &to;
	}
	if (vault_open(w->target->vault, w->done.dry ? VAULT_CHECK : VAULT_WRITE,
	    target_env(w->app), &v, e) == -1)
		goto out;
	rc = prune(w, v, job, e);
out:
	vault_close(&v);
	listed_discard(&w->listed);
	listed_close(&list);
	return rc;
}

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	const struct prune_opts *o = app->opts;
	struct work w = { .app = app, .o = o };
	struct job_prune_opts job = { 0 };
	struct buf words = BUF_INIT(16384);
	struct target t;
	int rc;

	(void)argc;
	if (check_options(app, o, e) == -1 ||
	    target_resolve(app, argv[0], &t, e) == -1)
		return -1;
	w.target = &t;
	w.done = (struct pruned){ .ui = app->ui, .app = app,
	    .title = account_title(t.account),
	    .dry = !o->yes || o->dry_run };
	rc = pruning_fill(&o->said, t.account, o->execute != NULL, app->now,
	    &job, e);
	if (rc == 0) {
		if (o->execute == NULL)
			pruning_words(&o->said, t.account, &words);
		set_options(&w, &job);
		w.picture = (struct picture){ .ui = app->ui,
		    .title = w.done.title, .words = buf_text(&words),
		    .spoken = speaks(&w),
		    .all = app->globals.ui.verbose > 0 };
		log_scope(w.done.title);
		rc = prune_vault(&w, &job, e);
		log_scope(NULL);
	}
	buf_release(&words);
	target_release(&t);
	return rc;
}

const struct command cmd_prune = {
	.name = "prune",
	.run = run,
	.summary = "delete from the server what is safe in the vault",
	.synopsis = "[options] ACCOUNT|VAULT",
	.opts = opts,
	.opts_size = sizeof(struct prune_opts),
	.defaults = &defaults,
	.needs = NEED_ACCOUNT,
};
