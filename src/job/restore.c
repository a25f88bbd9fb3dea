/*
 * restore.c - the story of a restore: choose, sign in, find what is there, show the plan, append, look at it.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/mem.h"
#include "job/restoring.h"
#include "mail/name.h"

/* ---- telling ---- */

void
restore_note(struct restore *r, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list ap;

	if (r->o->note == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->o->note(r->o->arg, text);
}

struct folder_to *
restore_folder(struct restore *r, const struct item *i)
{
	return &r->folders[r->sources[i->source].to];
}

struct journal_id
restore_id(const struct known_message *m)
{
	return (struct journal_id){ m->commit, m->line };
}

int
restore_found(struct restore *r, enum job_restore_kind kind, bool fault,
    const struct item *i, const char *reason, struct err *e)
{
	const struct folder_from *from = &r->sources[i->source];
	struct job_restore_finding f = { .kind = kind, .fault = fault,
	    .folder = from->name, .to = restore_folder(r, i)->name,
	    .uid = i->uid, .reason = reason };
	struct known_message note, m;
	char *flags;
	int rc;

	r->report->found[kind]++;
	r->faults += fault;
	if (r->o->found == NULL)
		return 0;
	if (picks_get(&r->picks, i->at, &note, e) == -1)
		return -1;
	/* The catalog has the header lines, the note the flags of then. */
	flags = xstrdup(note.flags);
	rc = catalog_message(r->catalog, note.commit, note.line, &m, e);
	if (rc == 1) {
		m.folder_name = from->name;
		m.flags = flags;
		f.message = &m;
	}
	if (rc != -1)
		r->o->found(r->o->arg, &f);
	free(flags);
	return rc == -1 ? -1 : 0;
}

void
restore_found_folder(struct restore *r, const struct folder_to *to,
    const char *reason)
{
	struct job_restore_finding f = { .kind = RESTORE_FOLDER,
	    .fault = true, .to = to->name, .reason = reason };
	size_t i;

	r->report->found[RESTORE_FOLDER]++;
	r->faults++;
	for (i = 0; i < r->sources_n && f.folder == NULL; i++)
		if (&r->folders[r->sources[i].to] == to)
			f.folder = r->sources[i].name;
	if (r->o->found != NULL)
		r->o->found(r->o->arg, &f);
}

static void
progress(struct restore *r, const struct item *i)
{
	if (r->o->progress != NULL)
		r->o->progress(r->o->arg, r->sources[i->source].name, false,
		    r->report->appended, r->plan->messages,
		    r->report->appended_bytes, r->plan->bytes);
}

void
restore_appended(struct restore *r, struct item *i, uint64_t size)
{
	i->state = ITEM_SENT;
	r->report->appended++;
	r->report->appended_bytes += size;
	r->breaks = 0;
	progress(r, i);
}

int
restore_again(struct restore *r, struct err *e)
{
	unsigned int seconds;

	if ((e->kind != EK_TEMP && e->kind != EK_PROTO) || r->give_up)
		return -1;
	look_hang_up(r->look);
	/* A single break is passed over quickly. */
	seconds = policy_pause(r->breaks++);
	if (r->breaks > 1 && seconds == 0) {
		e->kind = EK_TEMP;
		return err_next(e, "run it again: it goes on where it stopped");
	}
	restore_note(r, "%s; connecting again", e->text);
	return cancel_sleep(seconds == 0 ? 0.2 : seconds, e);
}

static void
on_event(void *arg, const struct job_event *ev)
{
	struct restore *r = arg;

	if (ev->kind == JOB_NOTE)
		restore_note(r, "%s", ev->reason);
}

/* ---- the plan ---- */

/* By the target's folder, then as the vault is read best. */
static int
by_place(const void *a, const void *b, void *arg)
{
	const struct restore *r = arg;
	const struct item *x = a, *y = b;
	size_t f = r->sources[x->source].to, g = r->sources[y->source].to;

	if (f != g)
		return f < g ? -1 : 1;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

static void
sort_items(struct restore *r)
{
	size_t i;

	if (r->n > 0)
		qsort_r(r->items, r->n, sizeof(*r->items), by_place, r);
	for (i = 0; i < r->folders_n; i++)
		r->folders[i].first = r->folders[i].n = 0;
	for (i = 0; i < r->n; i++) {
		struct folder_to *f = restore_folder(r, &r->items[i]);

		if (f->n++ == 0)
			f->first = i;
	}
}

static int
count(struct restore *r, struct err *e)
{
	struct known_message m;
	size_t i;

	for (i = 0; i < r->n; i++) {
		struct folder_from *from = &r->sources[r->items[i].source];

		switch ((enum item_state)r->items[i].state) {
		case ITEM_TODO:
			if (picks_get(&r->picks, r->items[i].at, &m, e) == -1)
				return -1;
			from->messages++;
			from->bytes += m.size;
			break;
		case ITEM_LEFT:
			from->left++;
			break;
		case ITEM_LABEL:
			from->labels++;
			break;
		default:
			from->there++;
		}
	}
	return 0;
}

static void
tell_plan(struct restore *r)
{
	struct job_restore_plan *p = r->plan;
	size_t i;

	p->folders = r->sources_n;
	for (i = 0; i < r->folders_n; i++)
		p->made += !r->folders[i].exists;
	for (i = 0; i < r->sources_n; i++) {
		const struct folder_from *from = &r->sources[i];
		const struct folder_to *to = &r->folders[from->to];
		const struct job_restore_folder f = { .name = from->name,
		    .to = to->name, .how = to->how, .exists = to->exists,
		    .messages = from->messages, .bytes = from->bytes,
		    .there = from->there, .left = from->left };

		p->messages += f.messages;
		p->bytes += f.bytes;
		p->there += f.there;
		p->left += f.left;
		r->report->folders += f.messages + f.there + f.left +
		    from->labels > 0;
		if (r->o->folder != NULL)
			r->o->folder(r->o->arg, &f);
	}
	r->report->there = p->there;
}

/* What the server says of itself. */
static int
ask_server(struct restore *r, struct err *e)
{
	struct imap *im;
	int known;

	if (look_list(r->look, &r->boxes, e) == -1 ||
	    look_session(r->look, &im, e) == -1)
		return -1;
	r->gmail = imap_can(im, CAP_GMAIL);
	r->limit = imap_append_limit(im);
	known = imap_quota(im, &r->plan->quota_used, &r->plan->quota_limit,
	    e);
	if (known == -1)
		return -1;
	r->plan->has_quota = known == 1;
	r->plan->append_limit = r->limit;
	if (imap_server(im) != NULL)
		snprintf(r->plan->server, sizeof(r->plan->server), "%s",
		    imap_server(im));
	r->taste = policy_taste_of(r->plan->server);
	return 0;
}

static int
make_plan(struct restore *r, struct err *e)
{
	if (ask_server(r, e) == -1 || prepare_map(r, e) == -1)
		return -1;
	if (r->gmail && labels_group(r, e) == -1)
		return -1;
	sort_items(r);
	if (there_find(r, e) == -1 || prepare_judge(r, e) == -1 ||
	    count(r, e) == -1)
		return -1;
	tell_plan(r);
	return 0;
}

/* ---- carrying it out ---- */

static int
open_folder(struct restore *r, struct folder_to *f, struct err *e)
{
	int rc;

	while ((rc = prepare_open(r, f, e)) == -1)
		if (restore_again(r, e) == -1)
			return -1;
	return rc;
}

static bool
has_todo(const struct restore *r, const struct folder_to *f)
{
	size_t i;

	for (i = f->first; i < f->first + f->n; i++)
		if (r->items[i].state == ITEM_TODO)
			return true;
	return false;
}

/* It was there when it was to be made: what is in it? */
static int
look_into(struct restore *r, struct folder_to *f, struct err *e)
{
	size_t i;

	while (there_find_in(r, f, e) == -1)
		if (restore_again(r, e) == -1)
			return -1;
	f->unseen = false;
	for (i = f->first; i < f->first + f->n; i++)
		r->report->there += r->items[i].state == ITEM_THERE;
	return open_folder(r, f, e);
}

static int
append_folder(struct restore *r, struct folder_to *f, struct err *e)
{
	int rc;

	if (prepare_needs(r, f) && (rc = open_folder(r, f, e)) != 1)
		return rc;
	if (f->failed)
		return 0;
	if (f->unseen && (rc = look_into(r, f, e)) != 1)
		return rc;
	return has_todo(r, f) ? send_folder(r, f, e) : 0;
}

static int
append_all(struct restore *r, struct err *e)
{
	size_t i;

	while (prepare_all(r, e) == -1)
		if (restore_again(r, e) == -1)
			return -1;
	do {
		for (i = 0; i < r->folders_n && !r->full; i++)
			if (append_folder(r, &r->folders[i], e) == -1)
				return -1;
	} while (r->gmail && !r->full && labels_promote(r));
	return r->gmail ? labels_put(r, e) : 0;
}

/* Folders that have no messages to come, and labels. */
static bool
has_more(const struct restore *r)
{
	size_t i;

	for (i = 0; i < r->folders_n; i++)
		if (!r->folders[i].failed &&
		    (!r->folders[i].exists || r->folders[i].subscribe))
			return true;
	return r->gmail && labels_left(r);
}

static uint64_t
not_sent(const struct restore *r)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < r->n; i++)
		n += r->items[i].state == ITEM_TODO;
	return n;
}

static int
outcome(struct restore *r, struct err *e)
{
	uint64_t n;

	if (r->over_quota > 0) {
		n = not_sent(r) + r->over_quota;
		err_set(e, EK_SPACE, "the target's quota is full: %" PRIu64
		    " message%s not there", n, n == 1 ? " is" : "s are");
		return err_next(e, "make room there and run it again: it goes "
		    "on where it stopped");
	}
	if (r->faults == 0)
		return 0;
	return err_set(e, EK_PARTIAL, "not everything could be restored as "
	    "it was: %" PRIu64 " exception%s", r->faults,
	    r->faults == 1 ? " is named above" : "s are named above");
}

static int
finish(struct restore *r, struct err *e)
{
	if (!r->o->no_check && recheck_all(r, e) == -1)
		return -1;
	if (!r->full && journal_end(r->journal, e) == -1)
		return -1;
	return outcome(r, e);
}

/* Nothing was sent: the journal stays as it was, and nothing is on its way by this run. */
static int
end_untouched(struct restore *r, struct err *e)
{
	return journal_unfinished(r->journal) == 0 ?
	    journal_end(r->journal, e) : 0;
}

static int
carry_out(struct restore *r, struct err *e)
{
	struct err ignored;
	int go = 1;

	if (r->plan->messages == 0 && !has_more(r))
		return finish(r, e);
	if (r->o->plan != NULL)
		go = r->o->plan(r->o->arg, r->plan, e);
	if (go != 1) {
		if (end_untouched(r, &ignored) == -1)
			restore_note(r, "%s", ignored.text);
		return go == -1 ? -1 : err_set(e, EK_REFUSED,
		    "nothing was restored");
	}
	return append_all(r, e) == -1 ? -1 : finish(r, e);
}

static int
dry_end(struct restore *r, struct err *e)
{
	return end_untouched(r, e) == -1 ? -1 : outcome(r, e);
}

static int
open_state(struct restore *r, struct err *e)
{
	char *target = account_url_text(r->o->target), *warning = NULL;
	int rc = journal_open(r->o->state, vault_id(r->v), target,
	    &r->journal, &warning, e);

	if (warning != NULL)
		restore_note(r, "%s", warning);
	free(warning);
	free(target);
	if (rc == -1)
		return -1;
	if (r->o->duplicates)
		journal_forget(r->journal);
	r->dir = open(r->o->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->dir == -1)
		return err_sys(e, "%s", r->o->state);
	return picks_open(&r->picks, r->dir, e);
}

static void
release(struct restore *r)
{
	struct err ignored;

	if (r->journal != NULL)
		(void)journal_sync(r->journal, &ignored);
	journal_close(&r->journal);
	look_free(&r->look);
	imap_boxes_release(&r->boxes);
	picks_close(&r->picks);
	if (r->dir != -1)
		close(r->dir);
	while (r->sources_n > 0) {
		struct folder_from *from = &r->sources[--r->sources_n];

		free(from->name);
		free(from->attributes);
	}
	while (r->folders_n > 0) {
		struct folder_to *f = &r->folders[--r->folders_n];

		free(f->name);
		free(f->wire);
		free(f->how);
		free(f->permanent);
	}
	free(r->sources);
	free(r->folders);
	free(r->items);
}

int
job_restore(struct vault *v, const struct job_restore_opts *o,
    struct job_restore_report *report, struct job_restore_plan *plan,
    struct err *e)
{
	struct restore r = { .v = v, .catalog = vault_catalog(v), .o = o,
	    .report = report, .plan = plan, .dir = -1,
	    .picks = { .fd = -1 } };
	const struct job_listener listener = { on_event, &r };
	int rc;

	memset(report, 0, sizeof(*report));
	memset(plan, 0, sizeof(*plan));
	r.look = look_new(o->target, &o->ask, NULL, &listener);
	if ((rc = open_state(&r, e)) == 0 && (rc = chosen_gather(&r, e)) == 0 &&
	    (rc = make_plan(&r, e)) == 0)
		rc = o->dry_run ? dry_end(&r, e) : carry_out(&r, e);
	release(&r);
	return rc;
}
