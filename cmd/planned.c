/*
 * planned.c - see planned.h.
 */
#include <string.h>

#include "base/text.h"
#include "cmd/lines.h"
#include "cmd/planned.h"
#include "mail/name.h"

#define NARROW	60	/* places; in fewer there is no room for two names in a line */

static const struct table_column columns[] = {
	{ "FOLDER", TABLE_LEFT, 10, 3, 0 },
	{ "TO", TABLE_LEFT, 10, 3, 0 },
	{ "NEW", TABLE_LEFT, 0, 0, 1 },
	{ "MESSAGES", TABLE_RIGHT, 0, 0, 0 },
	{ "SIZE", TABLE_RIGHT, 0, 0, 4 },
	{ "THERE", TABLE_RIGHT, 0, 0, 3 },
	{ "WHY", TABLE_LEFT, 12, 2, 2 },
};
enum { COLUMN_TO = 1, COLUMN_NEW = 2, COLUMN_THERE = 5, COLUMN_WHY = 6 };

static const char *
plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

void
planned_messages(struct buf *to, uint64_t n, uint64_t bytes)
{
	char text[TEXT_MAX], size[TEXT_MAX];

	buf_addf(to, "%s message%s (%s)", text_count(text, n), plural(n),
	    text_size(size, bytes));
}

static void
folder_json(struct ui *ui, const struct job_restore_folder *f)
{
	struct json_out *j = ui_json_begin(ui, "folder");

	json_str(j, "folder", name_shown(f->name));
	if (name_undecodable(f->name) != NULL)
		json_bool(j, "undecodable", true);
	json_str(j, "to", name_shown(f->to));
	if (f->how != NULL)
		json_str(j, "why", f->how);
	json_bool(j, "exists", f->exists);
	json_u64(j, "messages", f->messages);
	json_u64(j, "bytes", f->bytes);
	json_u64(j, "there", f->there);
	json_u64(j, "left", f->left);
	ui_json_end(ui);
}

/* "-> Sent: it is for \Sent" */
static void
add_below(const struct planned *s, const char *to, const char *how)
{
	if (*to != '\0' || *how != '\0')
		table_below(s->table, "->%s%s%s%s", *to == '\0' ? "" : " ", to,
		    *how == '\0' ? "" : *to == '\0' ? " " : ": ", how);
}

static void
folder_row(const struct planned *s, const struct job_restore_folder *f)
{
	enum ui_style style = f->messages > 0 ? UI_PLAIN : UI_DIM;
	const char *to = strcmp(f->name, f->to) == 0 ? "" : f->to;
	const char *how = f->how == NULL ? "" : f->how;
	char text[TEXT_MAX];

	to = *to == '\0' ? "" : name_shown(to);
	table_styled(s->table, style, "%s", name_shown(f->name));
	if (s->narrow)
		add_below(s, to, how);
	table_styled(s->table, style, "%s", s->narrow ? "" : to);
	table_styled(s->table, style, "%s", f->exists ? "" : "yes");
	table_styled(s->table, style, "%s", text_count(text, f->messages));
	table_styled(s->table, style, "%s", f->messages == 0 ? "" :
	    text_size(text, f->bytes));
	table_styled(s->table, style, "%s", f->there == 0 ? "" :
	    text_count(text, f->there));
	table_styled(s->table, style, "%s", s->narrow ? "" : how);
}

void
planned_folder(const struct planned *s, const struct job_restore_folder *f)
{
	if (ui_json(s->ui))
		folder_json(s->ui, f);
	else if (s->table != NULL && (f->messages > 0 || !f->exists ||
	    f->left > 0 || s->all))
		folder_row(s, f);
}

static void
plan_json(const struct planned *s, const struct job_restore_plan *p)
{
	struct json_out *j = ui_json_begin(s->ui, "plan");

	json_str(j, "account", s->title);
	if (p->server[0] != '\0')
		json_str(j, "server", p->server);
	json_u64(j, "folders", p->folders);
	json_u64(j, "made", p->made);
	json_u64(j, "messages", p->messages);
	json_u64(j, "bytes", p->bytes);
	json_u64(j, "there", p->there);
	json_u64(j, "left", p->left);
	if (p->has_quota) {
		json_u64(j, "quota_used", p->quota_used);
		json_u64(j, "quota_limit", p->quota_limit);
	}
	if (p->append_limit > 0)
		json_u64(j, "append_limit", p->append_limit);
	ui_json_end(s->ui);
}

/* A line below the table, which is as wide. */
static void
say(const struct planned *s, const struct buf *text)
{
	lines_print(s->ui, "    ", "%s: %s", s->title, buf_text(text));
}

/* What is to be done, and what the others are. */
static void
add_plan(struct buf *to, const struct job_restore_plan *p, const char *why)
{
	char n[TEXT_MAX];

	if (why != NULL)
		buf_adds(to, why);
	else if (p->messages > 0) {
		planned_messages(to, p->messages, p->bytes);
		buf_adds(to, " to append");
	} else
		buf_adds(to, "nothing to append");
	if (p->made > 0)
		buf_addf(to, ", %s folder%s to make", text_count(n, p->made),
		    plural(p->made));
	if (p->there > 0)
		buf_addf(to, "; %s message%s %s there already",
		    text_count(n, p->there), plural(p->there),
		    p->there == 1 ? "is" : "are");
	if (p->left > 0)
		buf_addf(to, "; %s left out, as was said",
		    text_count(n, p->left));
}

static void
plan_text(const struct planned *s, const struct job_restore_plan *p,
    const char *why)
{
	struct buf line = BUF_INIT(4096);
	char used[TEXT_MAX], limit[TEXT_MAX];

	add_plan(&line, p, why);
	if (!s->spoken) {
		ui_note(s->ui, "%s: %s", s->title, buf_text(&line));
		buf_release(&line);
		return;
	}
	say(s, &line);
	buf_clear(&line);
	if (p->has_quota)
		buf_addf(&line, "%s of %s are in use there",
		    text_size(used, p->quota_used),
		    text_size(limit, p->quota_limit));
	if (p->append_limit > 0)
		buf_addf(&line, "%sa message may have %s there",
		    line.n > 0 ? "; " : "", text_size(limit, p->append_limit));
	if (p->messages > 0 && line.n > 0)
		say(s, &line);
	buf_release(&line);
}

/* What will not fit is known before anything is sent. */
static void
warn_quota(const struct planned *s, const struct job_restore_plan *p)
{
	char room[TEXT_MAX], need[TEXT_MAX];
	uint64_t free = p->quota_used < p->quota_limit ?
	    p->quota_limit - p->quota_used : 0;

	if (p->has_quota && p->bytes > free)
		ui_warn(s->ui, "%s: there is room for %s, which is not "
		    "enough for %s", s->title, text_size(room, free),
		    text_size(need, p->bytes));
}

void
planned_begin(struct planned *s)
{
	size_t width = ui_width(s->ui);

	if (!s->spoken)
		return;
	s->narrow = width > 0 && width < NARROW;
	s->table = table_new(s->ui, columns,
	    sizeof(columns) / sizeof(columns[0]));
	table_sparse(s->table, COLUMN_TO);
	table_sparse(s->table, COLUMN_NEW);
	table_sparse(s->table, COLUMN_THERE);
	table_sparse(s->table, COLUMN_WHY);
}

void
planned_tell(struct planned *s, const struct job_restore_plan *p,
    const char *why)
{
	s->told = true;
	planned_end(s);
	if (ui_json(s->ui))
		plan_json(s, p);
	else
		plan_text(s, p, why);
	warn_quota(s, p);
}

void
planned_end(struct planned *s)
{
	table_end(&s->table);
}
