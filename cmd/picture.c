/*
 * picture.c - see picture.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/guards.h"
#include "cmd/lines.h"
#include "cmd/picture.h"
#include "cmd/planned.h"
#include "mail/name.h"

#define HANG	"    "		/* before what goes on in another line */
#define YEARS	6		/* of a folder; where there are more, the oldest share a line */

static const struct table_column columns[] = {
	{ "FOLDER", TABLE_LEFT, 10, 3, 0 },
	{ "YEAR", TABLE_LEFT, 0, 0, 2 },
	{ "GO", TABLE_RIGHT, 0, 0, 0 },
	{ "SIZE", TABLE_RIGHT, 0, 0, 0 },
	{ "STAY", TABLE_RIGHT, 0, 0, 1 },
};

static const char *
plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* ---- why messages stay ---- */

static bool
has(unsigned int set, enum policy_guard guard)
{
	return (set & 1U << guard) != 0;
}

/* "1,204 younger than 30 days, 31 flagged"; ${folders}: with those of guarded folders, too. */
static void
add_kept(struct buf *to, const uint64_t kept[KEEP_KINDS], unsigned int guards,
    bool folders)
{
	const char *comma = "";
	char n[TEXT_MAX];
	int k;

	for (k = KEEP_NOT + 1; k < KEEP_KINDS; k++) {
		if (kept[k] == 0 || (k == KEEP_FOLDER && !folders))
			continue;
		buf_addf(to, "%s%s %s%s", comma, text_count(n, kept[k]),
		    policy_keep_words((enum policy_keep)k),
		    k == KEEP_YOUNG && has(guards, GUARD_YOUNG) ?
		    " (--allow-young)" : "");
		comma = ", ";
	}
}

static void
kept_json(struct json_out *j, const uint64_t kept[KEEP_KINDS])
{
	int k;

	json_open(j, "kept", '{');
	for (k = KEEP_NOT + 1; k < KEEP_KINDS; k++)
		if (kept[k] > 0)
			json_u64(j, policy_keep_name((enum policy_keep)k),
			    kept[k]);
	json_close(j, '}');
}

/* ---- a folder ---- */

char *
picture_year(char out[TEXT_MAX], int year)
{
	if (year == 0)
		snprintf(out, TEXT_MAX, "-");
	else
		snprintf(out, TEXT_MAX, "%d", year);
	return out;
}

static void
years_json(struct json_out *j, const struct job_prune_folder *f)
{
	size_t i;

	json_open(j, "years", '[');
	for (i = 0; i < f->years_n; i++) {
		json_open(j, NULL, '{');
		if (f->years[i].year != 0)
			json_i64(j, "year", f->years[i].year);
		json_u64(j, "messages", f->years[i].messages);
		json_u64(j, "bytes", f->years[i].bytes);
		json_u64(j, "delete", f->years[i].go);
		json_u64(j, "delete_bytes", f->years[i].go_bytes);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static enum policy_guard
first_of(unsigned int guards)
{
	int g = GUARD_NONE + 1;

	while (g + 1 < GUARD_KINDS && !has(guards, (enum policy_guard)g))
		g++;
	return (enum policy_guard)g;
}

void
picture_json(struct ui *ui, const struct job_prune_folder *f)
{
	struct json_out *j = ui_json_begin(ui, "folder");

	json_str(j, "folder", name_shown(f->name));
	if (name_undecodable(f->name) != NULL)
		json_bool(j, "undecodable", true);
	json_u64(j, "messages", f->messages);
	json_u64(j, "bytes", f->bytes);
	json_u64(j, "delete", f->go);
	json_u64(j, "delete_bytes", f->go_bytes);
	years_json(j, f);
	kept_json(j, f->kept);
	if (f->guards != 0) {
		json_str(j, "guard", policy_guard_name(first_of(f->guards)));
		guards_json(j, f->guards);
		json_u64(j, "held_bytes", f->held_bytes);
	}
	if (f->why != NULL) {
		json_str(j, "left", f->why);
		json_bool(j, "failed", f->failed);
	}
	ui_json_end(ui);
}

/* Years that share a line. */
struct span {
	int		 first, last;
	uint64_t	 messages, go, go_bytes;
};

static void
span_add(struct span *s, const struct job_prune_year *y)
{
	if (s->go == 0)
		s->first = y->year;
	s->last = y->year;
	s->messages += y->messages;
	s->go += y->go;
	s->go_bytes += y->go_bytes;
}

static void
row(const struct picture *p, const char *name, const char *years,
    const struct span *s)
{
	enum ui_style style = s->go > 0 ? UI_PLAIN : UI_DIM;
	uint64_t stay = s->messages > s->go ? s->messages - s->go : 0;
	char text[TEXT_MAX];

	table_styled(p->table, style, "%s", name);
	table_styled(p->table, style, "%s", years);
	table_styled(p->table, style, "%s", text_count(text, s->go));
	table_styled(p->table, style, "%s", s->go == 0 ? "" :
	    text_size(text, s->go_bytes));
	table_styled(p->table, style, "%s", stay == 0 ? "" :
	    text_count(text, stay));
}

static void
year_row(const struct picture *p, const char *name, const struct span *s)
{
	char a[TEXT_MAX], b[TEXT_MAX], both[2 * TEXT_MAX + 1];

	picture_year(a, s->first);
	if (s->first == s->last)
		snprintf(both, sizeof(both), "%s", a);
	else
		snprintf(both, sizeof(both), "%s-%s", a,
		    picture_year(b, s->last));
	row(p, name, both, s);
}

/* The guards that keep all that would go from a folder; those of single messages are said beside their number. */
static unsigned int
holding(const struct job_prune_folder *f)
{
	return f->guards & ~(1U << GUARD_YOUNG);
}

/* "kept by a guard: everything in it would go; --allow-empty-folder lifts it" */
static void
add_guards(struct buf *to, unsigned int guards)
{
	bool one = (guards & (guards - 1)) == 0;

	buf_addf(to, "kept by %s: ", one ? "a guard" : "guards");
	guards_folder(guards, to);
	buf_addc(to, ';');
	guards_options(guards, to);
	buf_adds(to, one ? " lifts it" : " lift them");
}

/* What is to be said below a folder's last line. */
static void
add_below(const struct picture *p, const struct job_prune_folder *f)
{
	struct buf text = BUF_INIT(4096), kept = BUF_INIT(4096);
	char n[TEXT_MAX];

	add_kept(&kept, f->kept, f->guards, false);
	if (kept.n > 0)
		buf_addf(&text, "stays: %s", buf_text(&kept));
	if (holding(f) != 0) {
		buf_addf(&text, "%s%s ", text.n > 0 ? "; " : "",
		    text_count(n, f->kept[KEEP_FOLDER]));
		add_guards(&text, holding(f));
	}
	if (f->why != NULL)
		buf_addf(&text, "%sleft alone: %s", text.n > 0 ? "; " : "",
		    f->why);
	if (text.n > 0)
		table_below(p->table, "%s", buf_text(&text));
	buf_release(&text);
	buf_release(&kept);
}

/* How many of the oldest years share a line: all but the last few. */
static size_t
together(const struct picture *p, size_t years)
{
	return p->all || years <= YEARS ? 1 : years - YEARS + 1;
}

static void
folder_rows(const struct picture *p, const struct job_prune_folder *f)
{
	const struct span whole = { 0, 0, f->messages, f->go, f->go_bytes };
	size_t i, years = 0, shared, done = 0;
	struct span s = { 0, 0, 0, 0, 0 };

	for (i = 0; i < f->years_n; i++)
		years += f->years[i].go > 0;
	/* Words stand below the row that comes next. */
	if (years < 2)
		add_below(p, f);
	if (years != 1)
		row(p, name_shown(f->name), "", &whole);
	shared = together(p, years);
	for (i = 0; i < f->years_n; i++) {
		if (f->years[i].go == 0)
			continue;
		span_add(&s, &f->years[i]);
		if (++done < shared)
			continue;
		if (years == 1)
			s.messages = f->messages;
		else if (done == years)
			add_below(p, f);
		year_row(p, years == 1 ? name_shown(f->name) : "", &s);
		s = (struct span){ 0, 0, 0, 0, 0 };
	}
}

static void
warn_guard(const struct picture *p, const struct job_prune_folder *f)
{
	struct buf text = BUF_INIT(4096);
	char n[TEXT_MAX];

	add_guards(&text, holding(f));
	ui_warn(p->ui, "%s: %s: %s message%s %s", p->title,
	    name_shown(f->name), text_count(n, f->kept[KEEP_FOLDER]),
	    f->kept[KEEP_FOLDER] == 1 ? " is" : "s are", buf_text(&text));
	buf_release(&text);
}

void
picture_folder(struct picture *p, const struct job_prune_folder *f)
{
	p->seen++;
	if (ui_json(p->ui)) {
		picture_json(p->ui, f);
		return;
	}
	/* Nobody sees a table, but somebody reads what is mailed. */
	if (p->table == NULL && holding(f) != 0)
		warn_guard(p, f);
	if (f->go > 0 || f->guards != 0 || f->failed || p->all) {
		if (p->table != NULL)
			folder_rows(p, f);
	} else {
		p->others++;
		p->others_stay += f->messages;
	}
}

/* ---- the whole ---- */

static void
plan_json(const struct picture *p, const struct job_prune_plan *plan)
{
	struct json_out *j = ui_json_begin(p->ui, "plan");

	json_str(j, "account", p->title);
	if (plan->server[0] != '\0')
		json_str(j, "server", plan->server);
	json_u64(j, "folders", plan->folders);
	json_u64(j, "messages", plan->messages);
	json_u64(j, "bytes", plan->bytes);
	kept_json(j, plan->kept);
	json_u64(j, "guarded", plan->guarded);
	json_u64(j, "guarded_bytes", plan->guarded_bytes);
	guards_json(j, plan->guards);
	if (plan->guard != GUARD_NONE)
		json_str(j, "guard", policy_guard_name(plan->guard));
	json_u64(j, "lack", plan->lack);
	json_u64(j, "unsaved", plan->unsaved);
	json_u64(j, "open", plan->open);
	if (plan->has_quota) {
		json_u64(j, "quota_used", plan->quota_used);
		json_u64(j, "quota_limit", plan->quota_limit);
	}
	json_bool(j, "gmail", plan->gmail);
	json_bool(j, "move", plan->move);
	ui_json_end(p->ui);
}

static void
others_row(const struct picture *p)
{
	const struct span s = { 0, 0, p->others_stay, 0, 0 };
	char n[TEXT_MAX], name[TEXT_MAX + 32];

	snprintf(name, sizeof(name), "%s%s folder%s",
	    text_count(n, p->others), p->others == p->seen ? "" : " other",
	    plural(p->others));
	row(p, name, "", &s);
}

/* What guards hold, and what they fear. */
static void
add_held(struct buf *to, const struct job_prune_plan *plan)
{
	planned_messages(to, plan->guarded, plan->guarded_bytes);
	buf_adds(to, plan->guarded == 1 ? " is held: " : " are held: ");
	guards_words(plan->guards, to);
}

/* What keeps all of it; what is to be done about that. */
static void
add_whole(const struct picture *p, struct buf *to,
    const struct job_prune_plan *plan)
{
	buf_adds(to, p->no_backup ? "there is no backup yet" :
	    policy_guard_words(plan->guard));
	buf_adds(to, "; run mailkeep backup first");
	if (plan->messages > 0)
		buf_addf(to, ", or --allow-%s lifts this guard",
		    policy_guard_name(plan->guard));
}

static void
add_plan(const struct picture *p, struct buf *to,
    const struct job_prune_plan *plan)
{
	bool whole = plan->guard != GUARD_NONE;
	char n[TEXT_MAX];

	if (plan->messages == 0) {
		buf_adds(to, plan->move ? "nothing to move" :
		    "nothing to delete");
		if (plan->guarded > 0) {
			buf_adds(to, " without lifting guards: ");
			add_held(to, plan);
		} else if (whole && p->no_backup) {
			buf_adds(to, ": ");
			add_whole(p, to, plan);
		}
		return;
	}
	planned_messages(to, plan->messages, plan->bytes);
	buf_addf(to, " in %s folder%s %s%s", text_count(n, plan->folders),
	    plural(plan->folders), whole ? "would " : "to ",
	    plan->move ? "move to the trash" : whole ? "go" : "delete");
	if (whole) {
		buf_adds(to, ", and nothing will: ");
		add_whole(p, to, plan);
	}
}

static int
percent(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : (int)((double)part / (double)whole * 100);
}

/* How much is free once the plan is carried out. */
static uint64_t
free_then(const struct job_prune_plan *plan)
{
	uint64_t used = plan->quota_used > plan->bytes ?
	    plan->quota_used - plan->bytes : 0;

	return plan->quota_limit > used ? plan->quota_limit - used : 0;
}

void
picture_lost(const struct picture *p, const struct job_prune_plan *plan,
    struct buf *to)
{
	char is[TEXT_MAX], wanted[TEXT_MAX];

	if (plan->lack == 0 || !p->goal.set)
		return;
	if (p->goal.percent)
		buf_addf(to, "this leaves only %d %% free, not %" PRIu64
		    " %%", percent(free_then(plan), plan->quota_limit),
		    p->goal.amount);
	else
		buf_addf(to, "this leaves only %s free, not %s",
		    text_size(is, free_then(plan)),
		    text_size(wanted, p->goal.amount));
}

/* The quota, and what it would be. */
static void
say_quota(const struct picture *p, const struct job_prune_plan *plan)
{
	char used[TEXT_MAX], limit[TEXT_MAX], left[TEXT_MAX];
	uint64_t after = plan->quota_used > plan->bytes ?
	    plan->quota_used - plan->bytes : 0;

	if (!plan->has_quota)
		return;
	text_size(used, plan->quota_used);
	text_size(limit, plan->quota_limit);
	if (plan->messages == 0 || plan->move || plan->guard != GUARD_NONE)
		lines_print(p->ui, HANG, "%s: %s of %s are in use (%d %%)%s",
		    p->title, used, limit,
		    percent(plan->quota_used, plan->quota_limit),
		    plan->move ? "; what is in the trash still counts" : "");
	else
		lines_print(p->ui, HANG, "%s: %s of %s are in use (%d %%), "
		    "afterwards about %s (%d %%)", p->title, used, limit,
		    percent(plan->quota_used, plan->quota_limit),
		    text_size(left, after),
		    percent(after, plan->quota_limit));
}

static void
say(const struct picture *p, const char *what, struct buf *line)
{
	if (line->n > 0)
		lines_print(p->ui, HANG, "%s: %s%s", p->title, what,
		    buf_text(line));
	buf_clear(line);
}

static void
say_unsaved(const struct picture *p, const struct job_prune_plan *plan)
{
	char n[TEXT_MAX];

	if (plan->unsaved > 0)
		lines_print(p->ui, HANG, "%s: %s folder%s of the server %s not "
		    "in the vault yet", p->title,
		    text_count(n, plan->unsaved), plural(plan->unsaved),
		    plan->unsaved == 1 ? "is" : "are");
}

static void
plan_text(const struct picture *p, const struct job_prune_plan *plan)
{
	struct buf line = BUF_INIT(8192);

	add_plan(p, &line, plan);
	say(p, "", &line);
	buf_adds(&line, p->words == NULL ? "" : p->words);
	say(p, "asked for: ", &line);
	add_kept(&line, plan->kept, plan->guards, true);
	say(p, "stays: ", &line);
	if (plan->messages > 0 && plan->guarded > 0)
		add_held(&line, plan);
	say(p, "", &line);
	picture_lost(p, plan, &line);
	if (line.n > 0)
		buf_addf(&line, ": nothing more may go%s", plan->guarded > 0 ?
		    " without lifting guards" : "");
	say(p, "", &line);
	say_unsaved(p, plan);
	say_quota(p, plan);
	buf_release(&line);
}

/* The same in a line, for whoever watches. */
static void
plan_note(const struct picture *p, const struct job_prune_plan *plan)
{
	struct buf line = BUF_INIT(8192), kept = BUF_INIT(4096);

	add_plan(p, &line, plan);
	add_kept(&kept, plan->kept, plan->guards, true);
	if (plan->messages == 0 && kept.n > 0)
		buf_addf(&line, "; stays: %s", buf_text(&kept));
	ui_note(p->ui, "%s: %s", p->title, buf_text(&line));
	buf_release(&kept);
	buf_release(&line);
}

void
picture_begin(struct picture *p)
{
	if (!p->spoken)
		return;
	p->table = table_new(p->ui, columns,
	    sizeof(columns) / sizeof(columns[0]));
	table_sparse(p->table, 1);
	table_sparse(p->table, 4);
}

void
picture_tell(struct picture *p, const struct job_prune_plan *plan)
{
	p->told = true;
	if (p->table != NULL && p->others > 0)
		others_row(p);
	picture_end(p);
	if (ui_json(p->ui))
		plan_json(p, plan);
	else if (p->spoken)
		plan_text(p, plan);
	else
		plan_note(p, plan);
}

void
picture_end(struct picture *p)
{
	table_end(&p->table);
}
