/*
 * giveback.c - see giveback.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cmd/ask.h"
#include "cmd/findings.h"
#include "cmd/giveback.h"
#include "cmd/later.h"
#include "cmd/nothing.h"
#include "cmd/planned.h"
#include "mail/name.h"

struct work {
	struct app	*app;
	const struct giveback *o;
	struct vault	*vault;		/* borrowed */
	const char	*title;		/* borrowed; of the target */
	const struct job_restore_opts *job;	/* borrowed */
	struct job_restore_report *report;	/* borrowed */
	struct job_restore_plan made;	/* what was planned */
	struct findings	*findings;	/* own */
	struct planned	 plan;		/* own */
	char		**filled;	/* own; folders of which something was appended */
	size_t		 filled_n, filled_cap;
	uint64_t	 appended;	/* as was told last */
	uint64_t	 bytes_left;	/* messages that the server would not have for what is in them */
	double		 asked;		/* seconds that a person took to answer */
	bool		 checking;	/* the progress shown is that of the check */
};

static const char *
plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* ---- the plan ---- */

static void
tell_folder(void *arg, const struct job_restore_folder *f)
{
	const struct work *w = arg;

	ui_waited(w->app->ui);
	planned_folder(&w->plan, f);
}

static void
note_json(const struct work *w, const char *text)
{
	struct json_out *j = ui_json_begin(w->app->ui, "note");

	json_str(j, "account", w->title);
	json_str(j, "text", text);
	ui_json_end(w->app->ui);
}

/* Where nothing was chosen that is not the same as that all is there. */
static void
tell_plan(struct work *w, const struct job_restore_plan *p)
{
	struct nothing none = { NULL, false };
	struct ui *ui = w->app->ui;

	if (w->report->messages == 0)
		none = nothing_find(w->vault, &w->job->choice,
		    strcmp(w->app->command->name, "restore") == 0);
	if (none.why != NULL && ui_json(ui))
		note_json(w, none.why);
	/* What is perhaps a mistake is told, though nobody watches. */
	if (none.mistake && !w->plan.spoken)
		ui_warn(ui, "%s: %s", w->title, none.why);
	planned_tell(&w->plan, p, none.why);
	nothing_release(&none);
}

/* Whether to go on. */
static int
decide(void *arg, const struct job_restore_plan *p, struct err *e)
{
	struct buf what = BUF_INIT(4096);
	struct work *w = arg;
	double began;
	char n[TEXT_MAX];
	int r;

	findings_rest(w->findings);
	tell_plan(w, p);
	if (w->o->yes || (p->messages == 0 && p->made == 0))
		return 1;
	if (p->messages > 0) {
		buf_adds(&what, "Append ");
		planned_messages(&what, p->messages, p->bytes);
		buf_adds(&what, " to");
	} else
		buf_addf(&what, "Make %s folder%s in", text_count(n, p->made),
		    plural(p->made));
	began = later_clock();
	r = ask_confirm(w->app->ui, e, "%s %s?", buf_text(&what), w->title);
	w->asked = later_clock() - began;
	buf_release(&what);
	if (r == -1 && e->kind == EK_CANCELLED)
		return exit_add(e, "nothing was appended");
	if (r == -1)
		return err_next(e, "--yes appends without asking, --dry-run "
		    "prints the plan alone");
	if (r == 0)
		return err_set(e, EK_REFUSED, "nothing was appended");
	return 1;
}

/* ---- on the way ---- */

static void
tell_found(void *arg, const struct job_restore_finding *f)
{
	struct work *w = arg;

	ui_waited(w->app->ui);
	findings_tell(w->findings, f);
	/* Not for its size: that could not be mended. */
	if ((f->kind == RESTORE_LEFT || f->kind == RESTORE_REFUSED) &&
	    f->fault && f->message != NULL && (w->made.append_limit == 0 ||
	    f->message->size <= w->made.append_limit))
		w->bytes_left++;
}

static void
tell_note(void *arg, const char *text)
{
	const struct work *w = arg;
	struct ui *ui = w->app->ui;

	ui_waited(ui);
	if (ui_json(ui))
		note_json(w, text);
	ui_note(ui, "%s: %s", w->title, text);
}

/* Folder by folder; one may come again, where several go into one. */
static void
count_folder(struct work *w, const char *folder, uint64_t appended)
{
	size_t i;

	if (folder == NULL || appended <= w->appended)
		return;
	w->appended = appended;
	for (i = w->filled_n; i > 0; i--)
		if (strcmp(w->filled[i - 1], folder) == 0)
			return;
	w->filled = mem_grow(w->filled, &w->filled_cap, w->filled_n + 1,
	    sizeof(*w->filled));
	w->filled[w->filled_n++] = xstrdup(folder);
}

static void
tell_progress(void *arg, const char *folder, bool checking, uint64_t done,
    uint64_t total, uint64_t bytes, uint64_t bytes_total)
{
	struct work *w = arg;
	struct progress p = { .title = checking ? "checking" : "appending",
	    .where = folder == NULL ? NULL : name_shown(folder),
	    .bytes = bytes, .bytes_total = bytes_total, .items = done,
	    .items_total = total };

	ui_waited(w->app->ui);
	if (!checking)
		count_folder(w, folder, done);
	if (checking != w->checking) {
		ui_progress_end(w->app->ui);
		w->checking = checking;
	}
	ui_progress(w->app->ui, &p);
}

/* ---- the outcome ---- */

static void
report_json(struct ui *ui, const struct work *w,
    const struct job_restore_report *r, double seconds)
{
	struct json_out *j = ui_summary(ui);

	json_str(j, "account", w->title);
	json_u64(j, "folders", r->folders);
	json_u64(j, "made", r->made);
	json_u64(j, "messages", r->messages);
	json_u64(j, "there", r->there);
	json_u64(j, "appended", r->appended);
	json_u64(j, "appended_bytes", r->appended_bytes);
	json_u64(j, "checked", r->checked);
	json_u64(j, "identical", r->identical);
	json_u64(j, "left", r->found[RESTORE_LEFT]);
	json_u64(j, "refused", r->found[RESTORE_REFUSED]);
	json_u64(j, "damaged", r->found[RESTORE_DAMAGED]);
	json_u64(j, "missing", r->found[RESTORE_MISSING]);
	json_u64(j, "changed", r->found[RESTORE_CHANGED]);
	json_u64(j, "other_flags", r->found[RESTORE_FLAGS]);
	json_u64(j, "other_date", r->found[RESTORE_DATE]);
	json_u64(j, "without", r->found[RESTORE_WITHOUT]);
	json_u64(j, "fixed", r->found[RESTORE_FIXED]);
	json_u64(j, "folders_left", r->found[RESTORE_FOLDER]);
	json_u64(j, "deleted", r->deleted);
	json_u64(j, "not_judged", r->unread);
	json_u64(j, "milliseconds", (uint64_t)(seconds * 1000));
}

/* How much of what was appended is known to be as it should. */
static void
add_check(struct buf *to, const struct job_restore_report *r)
{
	char checked[TEXT_MAX], identical[TEXT_MAX];

	text_count(checked, r->checked);
	if (r->checked == 0)
		buf_adds(to, "; not checked");
	else if (r->checked == r->identical)
		buf_addf(to, "; %s %s checked and %s identical", checked,
		    r->checked == 1 ? "was" : "were",
		    r->checked == 1 ? "is" : "are");
	else
		buf_addf(to, "; %s %s checked, %s of them %s identical",
		    checked, r->checked == 1 ? "was" : "were",
		    text_count(identical, r->identical),
		    r->identical == 1 ? "is" : "are");
}

static void
report_text(const struct work *w, const struct job_restore_report *r,
    double seconds)
{
	struct buf line = BUF_INIT(4096);
	char n[TEXT_MAX], span[TEXT_MAX];

	buf_adds(&line, "restored ");
	planned_messages(&line, r->appended, r->appended_bytes);
	buf_addf(&line, " in %s folder%s to %s", text_count(n, w->filled_n),
	    plural(w->filled_n), w->title);
	if (r->there > 0)
		buf_addf(&line, ", %s %s there already",
		    text_count(n, r->there), r->there == 1 ? "was" : "were");
	if (r->appended > 0)
		add_check(&line, r);
	ui_note(w->app->ui, "%s (%s)", buf_text(&line),
	    text_span(span, seconds));
	buf_release(&line);
}

/* A flag that is left out on purpose. */
static void
tell_deleted(const struct work *w, const struct job_restore_report *r)
{
	const char *is = w->o->dry_run ? "is not to be" : "was not";
	char n[TEXT_MAX];

	if (r->deleted > 0 && (r->appended > 0 ||
	    (w->o->dry_run && w->made.messages > 0)))
		ui_note(w->app->ui, "\\Deleted %s restored for %s message%s: "
		    "--deleted restores it", is, text_count(n, r->deleted),
		    plural(r->deleted));
}

/* Who is interrupted wants to know whether that was a loss. */
static void
tell_rest(const struct work *w, const struct job_restore_report *r,
    struct err *e)
{
	char n[TEXT_MAX], *more;

	if (e->kind == EK_LOCKED)
		err_next(e, "run it again when the other one has ended");
	if (e->kind == EK_PARTIAL && w->bytes_left > 0 && !w->o->fix)
		err_next(e, "--fix appends repaired copies of what a server "
		    "refuses for its bytes");
	if (e->kind != EK_CANCELLED && e->kind != EK_TEMP &&
	    e->kind != EK_SPACE)
		return;
	if (r->appended > 0) {
		more = xasprintf("%s message%s appended",
		    text_count(n, r->appended),
		    r->appended == 1 ? " was" : "s were");
		exit_add(e, more);
		free(more);
	}
	/* Who was not even reached is perhaps not there. */
	if (e->kind == EK_SPACE)
		err_next(e, "make room there and run it again: it goes on "
		    "from there");
	else if (w->plan.told && (r->appended > 0 || e->kind == EK_TEMP))
		err_next(e, "run it again: it goes on from there");
}

/* ---- the work ---- */

/* Where journals are; to be freed.  NULL: there is no place. */
static char *
state_place(struct err *e)
{
	const char *dir = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (dir != NULL && dir[0] == '/')
		return xasprintf("%s/mailkeep/restore", dir);
	if (home != NULL && home[0] == '/')
		return xasprintf("%s/.local/state/mailkeep/restore", home);
	err_set(e, EK_CONFIG, "there is no place to note what was appended");
	err_next(e, "set HOME, or XDG_STATE_HOME to a directory");
	return NULL;
}

/* Somebody who is asked sees what about; so does who asked for nothing else. */
static bool
speaks(const struct work *w)
{
	const struct ui_opts *ui = &w->app->globals.ui;

	if (ui->json)
		return false;
	if (w->o->dry_run || w->o->yes)
		return !ui->quiet && (w->o->dry_run ||
		    ui_width(w->app->ui) > 0);
	return true;
}

static void
set_options(struct work *w, struct job_restore_opts *job)
{
	const struct giveback *o = w->o;

	job->into = o->into;
	job->maps = (const char *const *)o->maps.v;
	job->maps_n = o->maps.n;
	job->no_roles = o->no_roles;
	job->by_message_id = o->match == 1;
	job->duplicates = o->duplicates;
	job->deleted = o->deleted;
	job->fix = o->fix;
	job->no_check = o->no_check;
	job->dry_run = o->dry_run;
	job->folder = tell_folder;
	job->plan = decide;
	job->found = tell_found;
	job->note = tell_note;
	job->progress = tell_progress;
	job->arg = w;
}

static int
restore(struct work *w, struct vault *v, const struct job_restore_opts *job,
    struct job_restore_report *r, struct err *e)
{
	double began = later_clock(), took;
	int rc;

	w->job = job;
	w->report = r;
	w->findings = findings_new(w->app->ui);
	w->plan = (struct planned){ .ui = w->app->ui, .title = w->title,
	    .spoken = speaks(w), .all = w->app->globals.ui.verbose > 0 };
	planned_begin(&w->plan);
	ui_waiting(w->app->ui, "looking at what is on %s ...",
	    job->target->host);
	rc = job_restore(v, job, r, &w->made, e);
	ui_waited(w->app->ui);
	ui_progress_end(w->app->ui);
	findings_free(&w->findings);
	if (!w->plan.told && (rc == 0 || e->kind == EK_PARTIAL))
		tell_plan(w, &w->made);
	planned_end(&w->plan);
	if (rc == -1)
		tell_rest(w, r, e);
	took = later_clock() - began - w->asked;
	if (!w->o->dry_run && ui_json(w->app->ui))
		report_json(w->app->ui, w, r, took);
	if (!w->o->dry_run && r->appended > 0 &&
	    (rc == 0 || e->kind == EK_PARTIAL))
		report_text(w, r, took);
	if (rc == 0 || e->kind == EK_PARTIAL)
		tell_deleted(w, r);
	while (w->filled_n > 0)
		free(w->filled[--w->filled_n]);
	free(w->filled);
	return rc;
}

int
giveback_run(struct app *app, struct vault *v, const struct giving *g,
    struct err *e)
{
	const struct giveback *o = g->back;
	struct work w = { .app = app, .o = o, .vault = v,
	    .title = account_title(g->to->account) };
	struct job_restore_opts job = { .target = g->to->account,
	    .ask = g->ask, .ids = (const char *const *)g->ids,
	    .ids_n = (size_t)g->ids_n };
	struct job_restore_report r;
	struct chosen chosen;
	char *state;
	int rc;

	if (choose_begin(g->choose, v, o->folders.v, (int)o->folders.n,
	    &chosen, e) == -1)
		return -1;
	job.choice = chosen.choice;
	set_options(&w, &job);
	log_scope(w.title);
	job.state = state = state_place(e);
	rc = state == NULL || job_check_maps(v, g->ids_n > 0 ?
	    CATALOG_NOW : job.choice.at, job.maps, job.maps_n, e) == -1 ? -1 :
	    restore(&w, v, &job, &r, e);
	log_scope(NULL);
	free(state);
	if ((rc == 0 || e->kind == EK_PARTIAL) && chosen.choice.pruned != 0 &&
	    !o->dry_run && r.appended > 0)
		ui_note(app->ui, "%s: the next prune would delete %s again, "
		    "if it is told the same", w.title,
		    r.appended == 1 ? "it" : "them");
	if (rc == 0)
		rc = choose_note(app->ui, v, &chosen, r.unread, e);
	choose_end(&chosen);
	return rc;
}

int
giveback_check(const struct giveback *o, struct err *e)
{
	size_t i;

	for (i = 0; i < o->maps.n; i++)
		if (strchr(o->maps.v[i], '=') == NULL) {
			err_set(e, EK_USAGE, "--map: '%s' has no =",
			    o->maps.v[i]);
			return err_next(e, "as in --map 'Old/*=Archive/*'");
		}
	return o->into == NULL ? 0 : target_into(o->into, e);
}

/*
 * A section whose vault is not there yet says all that is needed, if it has a server: 1, or 0: it is no such section.
 */
static int
from_section(struct app *app, const char *name, struct target *t)
{
	const struct account *section = strchr(name, '/') != NULL ? NULL :
	    config_account(app->config, name);
	struct account *bound = NULL;
	struct err e;

	if (section == NULL || section->host == NULL)
		return 0;
	if (section->vault != NULL &&
	    (vault_account_of(section->vault, &bound, &e) == 0 ||
	    e.kind != EK_NOVAULT)) {
		account_free(&bound);
		return 0;
	}
	*t = (struct target){ .name = name,
	    .account = account_copy(section) };
	account_merge(t->account, app->given);
	return 1;
}

/*
 * What is neither an account nor a vault, but has an @, was meant to be a server.  It is repeated only where it holds
 * no password.
 */
static int
no_such_target(const char *name, struct err *e)
{
	struct err other;
	struct account *a;
	char *guess;

	if (e->kind != EK_NOVAULT || strchr(name, '/') != NULL)
		return -1;
	if (strchr(name, '@') == NULL) {
		/* Unless a section was meant, or is there. */
		if (e->sys == 0 && strncmp(e->next, "did you", 7) != 0) {
			e->next[0] = '\0';
			err_next(e, "name a server by its URL: "
			    "imaps://anna@imap.example.org");
		}
		return -1;
	}
	err_set(e, EK_USAGE, "a server is written imaps://[user@]host[:port]");
	a = account_new();
	guess = xasprintf("imaps://%s", name);
	if (account_url(a, guess, &other) == 0)
		err_next(e, "did you mean %s?", guess);
	free(guess);
	account_free(&a);
	return -1;
}

int
giveback_target(struct app *app, const char *name, struct target *t,
    struct err *e)
{
	int rc = 0;

	if (strstr(name, "://") != NULL)
		rc = target_server(app, name, t, e);
	else if (from_section(app, name, t) == 0 &&
	    (rc = target_resolve(app, name, t, e)) == -1)
		return no_such_target(name, e);
	if (rc == 0 && account_check(t->account, e) == -1) {
		target_release(t);
		rc = -1;
	}
	return rc;
}
