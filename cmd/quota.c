/*
 * quota.c - mailkeep quota: what fills an account, and what could be freed.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "cmd/bar.h"
#include "cmd/guards.h"
#include "cmd/lines.h"
#include "cmd/picture.h"
#include "cmd/planned.h"
#include "cmd/pruning.h"
#include "cmd/repeat.h"
#include "cmd/watching.h"
#include "mail/name.h"

#define HANG		"    "
#define BAR		24	/* places of the quota's bar */
#define SHARE		16	/* ... and of a folder's */
#define NARROW		60	/* in fewer places there are shorter ones */
#define SHOWN		20	/* folders; the others are added up */
#define USUAL_AGE	"2y"	/* where nobody said what may go */

struct quota_opts {
	struct words	 folders;
};

static const struct opt opts[] = {
	OPT_LIST(0, "folder", struct quota_opts, folders, "PATTERN",
	    "look only at these folders; \"!PATTERN\": not at these; may be "
	    "repeated"),
	OPT_END
};

static const struct table_column columns[] = {
	{ "FOLDER", TABLE_LEFT, 10, 3, 0 },
	{ "YEARS", TABLE_LEFT, 0, 0, 2 },
	{ "", TABLE_LEFT, 0, 0, 1 },
	{ "SIZE", TABLE_RIGHT, 0, 0, 0 },
	{ "MESSAGES", TABLE_RIGHT, 0, 0, 0 },
};
enum { COLUMN_YEARS = 1 };

/* A folder, or all that are not shown. */
struct share {
	char		*name;		/* own */
	uint64_t	 messages, bytes;
	struct job_prune_year *years;	/* own */
	size_t		 years_n;
};

struct work {
	struct watching	 watching;	/* own; the first */
	struct app	*app;
	const char	*title;		/* borrowed */
	struct share	*v;		/* own */
	size_t		 n, cap;
	uint64_t	 messages, bytes;	/* of all folders */
	const char	*const *folders;	/* borrowed; patterns of those that the policy is about */
	size_t		 folders_n;
	uint64_t	 go, go_bytes;	/* of these, what could go, */
	unsigned int	 guards;	/* ... once these are lifted */
	struct job_prune_plan plan;
	bool		 usual;		/* the policy is not the user's own */
};

static const char *
plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* ---- on the way ---- */

/* Whether the policy is about it; all folders are looked at. */
static bool
is_meant(const struct work *w, const char *name)
{
	char *copy = xstrdup(name);
	const struct mail_box box = { .name = copy, .selectable = true,
	    .delimiter = '/' };
	const char *why;
	bool r = policy_select(w->folders, w->folders_n, true, &box, &why);

	free(copy);
	return r;
}

static void
take_folder(void *arg, const struct job_prune_folder *f)
{
	struct work *w = arg;
	struct share *s;

	ui_waited(w->app->ui);
	ui_progress_end(w->app->ui);
	if (ui_json(w->app->ui))
		picture_json(w->app->ui, f);
	if (f->failed)
		ui_warn(w->app->ui, "%s: %s: %s", w->title,
		    name_shown(f->name), f->why);
	w->messages += f->messages;
	w->bytes += f->bytes;
	if (is_meant(w, f->name)) {
		w->go += f->go;
		w->go_bytes += f->go_bytes;
		w->guards |= f->guards;
	}
	w->v = mem_grow(w->v, &w->cap, w->n + 1, sizeof(*w->v));
	s = &w->v[w->n++];
	*s = (struct share){ .name = xstrdup(f->name),
	    .messages = f->messages, .bytes = f->bytes,
	    .years_n = f->years_n };
	s->years = xcalloc(f->years_n + 1, sizeof(*s->years));
	if (f->years_n > 0)
		memcpy(s->years, f->years, f->years_n * sizeof(*s->years));
}

/* ---- what fills it ---- */

static int
by_size(const void *a, const void *b)
{
	const struct share *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void
row(const struct work *w, struct table *t, const char *name,
    const char *years, uint64_t bytes, uint64_t messages, uint64_t largest)
{
	size_t width = ui_width(w->app->ui);
	struct buf bar = BUF_INIT(1024);
	char text[TEXT_MAX];

	bar_add(&bar, width > 0 && width < NARROW ? SHARE / 2 : SHARE, bytes,
	    largest, ui_utf8(w->app->ui));
	table_cell(t, "%s", name);
	table_cell(t, "%s", years);
	table_cell(t, "%s", buf_text(&bar));
	table_cell(t, "%s", text_size(text, bytes));
	table_cell(t, "%s", text_count(text, messages));
	buf_release(&bar);
}

/* "2004-2019" */
static void
add_years(struct buf *to, const struct share *s)
{
	size_t i = 0;
	char text[TEXT_MAX];

	while (i < s->years_n && s->years[i].year == 0)
		i++;
	if (i == s->years_n)
		return;
	buf_adds(to, picture_year(text, s->years[i].year));
	if (i + 1 < s->years_n)
		buf_addf(to, "-%s", picture_year(text,
		    s->years[s->years_n - 1].year));
}

static void
folder_rows(const struct work *w, struct table *t, const struct share *s,
    uint64_t largest)
{
	struct buf years = BUF_INIT(256);
	char text[TEXT_MAX];
	size_t i;

	add_years(&years, s);
	row(w, t, name_shown(s->name), buf_text(&years), s->bytes,
	    s->messages, largest);
	for (i = 0; w->app->globals.ui.verbose > 0 && s->years_n > 1 &&
	    i < s->years_n; i++)
		row(w, t, "", picture_year(text, s->years[i].year),
		    s->years[i].bytes, s->years[i].messages, largest);
	buf_release(&years);
}

static void
print_folders(struct work *w)
{
	size_t shown = w->app->globals.ui.verbose > 0 ? w->n : SHOWN, i;
	struct share rest = { .messages = 0 };
	struct table *t = table_new(w->app->ui, columns,
	    sizeof(columns) / sizeof(columns[0]));
	char n[TEXT_MAX], *name;

	table_sparse(t, COLUMN_YEARS);
	if (w->n > 0)
		qsort(w->v, w->n, sizeof(*w->v), by_size);
	if (w->n <= shown + 1)
		shown = w->n;
	for (i = 0; i < w->n; i++) {
		if (i < shown && (w->v[i].messages > 0 ||
		    w->app->globals.ui.verbose > 0)) {
			folder_rows(w, t, &w->v[i], w->v[0].bytes);
			continue;
		}
		rest.messages += w->v[i].messages;
		rest.bytes += w->v[i].bytes;
		rest.years_n++;
	}
	if (rest.messages > 0) {
		name = xasprintf("%s other folder%s",
		    text_count(n, rest.years_n), plural(rest.years_n));
		row(w, t, name, "", rest.bytes, rest.messages, w->v[0].bytes);
		free(name);
	}
	table_end(&t);
}

static void
print_quota(const struct work *w)
{
	const struct job_prune_plan *p = &w->plan;
	struct ui *ui = w->app->ui;
	struct buf bar = BUF_INIT(1024);
	char used[TEXT_MAX], limit[TEXT_MAX], n[TEXT_MAX];

	if (p->has_quota) {
		bar_add(&bar, BAR, p->quota_used, p->quota_limit,
		    ui_utf8(ui));
		lines_print(ui, HANG, "%s: %s of %s are in use", w->title,
		    text_size(used, p->quota_used),
		    text_size(limit, p->quota_limit));
		ui_print(ui, "  [%s] %d %%", buf_text(&bar),
		    (int)((double)p->quota_used / (double)p->quota_limit *
		    100));
	} else
		lines_print(ui, HANG, "%s: the server tells of no quota",
		    w->title);
	lines_print(ui, HANG, "%s: %s message%s have %s in %zu folder%s%s",
	    w->title, text_count(n, w->messages), plural(w->messages),
	    text_size(used, w->bytes), w->n, plural(w->n), p->gmail ?
	    ", those under several labels in each" : "");
	if (p->unsaved > 0)
		lines_print(ui, HANG, "%s: %s folder%s of the server %s not in "
		    "the vault yet: mailkeep backup takes what is missing",
		    w->title, text_count(n, p->unsaved), plural(p->unsaved),
		    p->unsaved == 1 ? "is" : "are");
	buf_release(&bar);
}

/* ---- what could go ---- */

/* The command that shows it in full, with what it needs. */
static void
print_command(const struct work *w)
{
	const struct quota_opts *o = w->app->opts;
	struct buf line = BUF_INIT(64 * 1024), more = BUF_INIT(16384);
	size_t i;

	if (w->usual)
		buf_adds(&more, " --older-than " USUAL_AGE);
	for (i = 0; i < o->folders.n; i++) {
		buf_adds(&more, " --folder ");
		repeat_word(o->folders.v[i], &more);
	}
	guards_options(w->guards, &more);
	repeat_other(w->app, "prune", buf_text(&more), &line);
	ui_print(w->app->ui, "  -> %s", buf_text(&line));
	buf_release(&line);
	buf_release(&more);
}

static void
print_free(const struct work *w, const char *words)
{
	struct buf what = BUF_INIT(1024);
	struct ui *ui = w->app->ui;

	if (w->go == 0) {
		lines_print(ui, HANG, "%s: nothing could be freed now that is "
		    "%s", w->title, words);
		return;
	}
	planned_messages(&what, w->go, w->go_bytes);
	lines_print(ui, HANG, "%s: could be freed now: %s, %s", w->title,
	    buf_text(&what), words);
	if (w->guards != 0) {
		buf_clear(&what);
		guards_words(w->guards, &what);
		lines_print(ui, HANG, "%s: prune holds it back unless told "
		    "that it is meant, since %s", w->title, buf_text(&what));
	}
	print_command(w);
	buf_release(&what);
}

static void
report_json(const struct work *w)
{
	const struct job_prune_plan *p = &w->plan;
	struct json_out *j = ui_summary(w->app->ui);

	json_str(j, "account", w->title);
	json_bool(j, "has_quota", p->has_quota);
	if (p->has_quota) {
		json_u64(j, "quota_used", p->quota_used);
		json_u64(j, "quota_limit", p->quota_limit);
	}
	json_u64(j, "folders", w->n);
	json_u64(j, "messages", w->messages);
	json_u64(j, "bytes", w->bytes);
	json_u64(j, "delete", w->go);
	json_u64(j, "delete_bytes", w->go_bytes);
	guards_json(j, w->guards);
	json_u64(j, "unsaved", p->unsaved);
}

/* ---- the work ---- */

static int
survey(struct work *w, const char *vault, struct job_prune_opts *job,
    const char *words, struct err *e)
{
	struct job_prune_report report;
	struct vault *v = NULL;
	int rc;

	if (vault_open(vault, VAULT_CHECK, target_env(w->app), &v, e) == -1)
		return -1;
	watching_begin(&w->watching, w->app, w->title, job);
	rc = job_prune(v, job, &report, &w->plan, e);
	watching_end(&w->watching);
	if (ui_json(w->app->ui))
		report_json(w);
	else if (rc == 0 || (e->kind == EK_PARTIAL && w->n > 0)) {
		print_quota(w);
		print_folders(w);
		print_free(w, words);
	}
	vault_close(&v);
	return rc;
}

/* The policy of the config file, or what many would do. */
static int
set_policy(struct work *w, struct account *a, struct job_prune_opts *job,
    struct buf *words, struct err *e)
{
	const struct quota_opts *o = w->app->opts;
	struct pruning_opts said = { .folders = o->folders };

	/* What could be freed is more than what has to be. */
	free(a->prune.until_free);
	a->prune.until_free = NULL;
	if (pruning_fill(&said, a, false, w->app->now, job, e) == -1)
		return -1;
	if (!policy_prune_says(&job->policy)) {
		w->usual = true;
		said.older_than = USUAL_AGE;
		if (pruning_fill(&said, a, false, w->app->now, job, e) == -1)
			return -1;
	}
	pruning_words(&said, a, words);
	job->policy.young = w->app->now - POLICY_YOUNG;
	w->folders = job->folders;
	w->folders_n = job->folders_n;
	if (o->folders.n == 0)
		job->folders_n = 0;
	return 0;
}

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	struct job_prune_opts job = { .ask = target_ask(app),
	    .dry_run = true, .survey = true, .folder = take_folder };
	struct work w = { .app = app };
	struct buf words = BUF_INIT(16384);
	struct target t;
	int rc;

	(void)argc;
	if (target_resolve(app, argv[0], &t, e) == -1)
		return -1;
	w.title = account_title(t.account);
	job.account = t.account;
	log_scope(w.title);
	rc = set_policy(&w, t.account, &job, &words, e);
	if (rc == 0)
		rc = survey(&w, t.vault, &job, buf_text(&words), e);
	log_scope(NULL);
	while (w.n > 0) {
		free(w.v[--w.n].name);
		free(w.v[w.n].years);
	}
	free(w.v);
	buf_release(&words);
	target_release(&t);
	return rc;
}

const struct command cmd_quota = {
	.name = "quota",
	.run = run,
	.summary = "tell what fills an account, and what could be freed",
	.synopsis = "[options] ACCOUNT|VAULT",
	.opts = opts,
	.opts_size = sizeof(struct quota_opts),
	.needs = NEED_ACCOUNT,
};
