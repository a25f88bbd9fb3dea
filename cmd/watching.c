/*
 * watching.c - see watching.h.
 */
#include <string.h>

#include "cmd/watching.h"
#include "mail/name.h"

static void
tell_note(void *arg, const char *text)
{
	const struct watching *w = arg;

	ui_waited(w->ui);
	if (ui_json(w->ui)) {
		struct json_out *j = ui_json_begin(w->ui, "note");

		json_str(j, "account", w->title);
		json_str(j, "text", text);
		ui_json_end(w->ui);
	}
	ui_note(w->ui, "%s: %s", w->title, text);
}

static void
tell_damage(void *arg, const struct vault_finding *f)
{
	const struct watching *w = arg;

	/* What is merely not needed has nothing to do with this. */
	if (!f->damage)
		return;
	ui_waited(w->ui);
	damage_found(w->damage, f);
}

static void
tell_progress(void *arg, const char *what, const char *folder, uint64_t done,
    uint64_t total)
{
	struct watching *w = arg;
	struct progress p = { .title = what,
	    .where = folder == NULL ? NULL : name_shown(folder) };

	/* Packs are measured by their bytes. */
	if (folder == NULL) {
		p.bytes = done;
		p.bytes_total = total;
	} else {
		p.items = done;
		p.items_total = total;
	}
	ui_waited(w->ui);
	if (w->doing == NULL || strcmp(w->doing, what) != 0)
		ui_progress_end(w->ui);
	w->doing = what;
	ui_progress(w->ui, &p);
}

void
watching_begin(struct watching *w, struct app *app, const char *title,
    struct job_prune_opts *job)
{
	*w = (struct watching){ .ui = app->ui, .title = title,
	    .damage = damage_new(app, title, "CAN'T BE READ") };
	job->note = tell_note;
	job->verified = tell_damage;
	job->progress = tell_progress;
	job->arg = w;
	ui_waiting(app->ui, "looking at what is on %s ...",
	    job->account->host == NULL ? "the server" : job->account->host);
}

void
watching_end(struct watching *w)
{
	ui_waited(w->ui);
	ui_progress_end(w->ui);
	damage_free(&w->damage);
}
