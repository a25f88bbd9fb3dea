/*
 * chosen.c - what is to be restored: folders and messages of the vault, noted.
 */
#include <string.h>

#include "base/cancel.h"
#include "base/mem.h"
#include "job/restoring.h"
#include "mail/flags.h"

struct chooser {
	struct restore	*r;
	const struct known_folder *folder;	/* while its messages come */
	bool		 placed;	/* it is the last of r->sources */
};

static void
add_source(struct restore *r, const struct rec_folder *f)
{
	r->sources = mem_grow(r->sources, &r->sources_cap, r->sources_n + 1,
	    sizeof(*r->sources));
	r->sources[r->sources_n++] = (struct folder_from){
	    .folder = f->folder, .name = xstrdup(f->name),
	    .attributes = xstrdup(f->attributes),
	    .delimiter = f->delimiter, .subscribed = f->subscribed };
}

/* Folders are restored for their own sake, too, unless certain messages were asked for. */
static bool
wants_folders(const struct restore *r)
{
	const struct policy_choice *w = &r->o->choice.which;

	return r->o->ids_n == 0 && r->o->choice.pruned == 0 &&
	    w->since == INT64_MIN && w->before == INT64_MAX &&
	    w->larger == POLICY_ANY_SIZE && w->smaller == POLICY_ANY_SIZE &&
	    w->flags_n == 0 && !policy_choice_reads(w);
}

static int
choose_folder(void *arg, const struct known_folder *k, struct err *e)
{
	struct chooser *c = arg;

	if (cancel_check(e) == -1)
		return -1;
	c->folder = k;
	c->placed = wants_folders(c->r) && k->facts.selectable &&
	    !k->facts.gone;
	if (c->placed)
		add_source(c->r, &k->facts);
	return 0;
}

static int
add_item(struct restore *r, const struct known_message *m, struct err *e)
{
	struct item i = { .source = (uint32_t)(r->sources_n - 1) };

	if (r->n == UINT32_MAX)
		return err_set(e, EK_FAIL, "too many messages");
	if (picks_add(&r->picks, m, &i.at, e) == -1 ||
	    picks_order(r->catalog, &m->sha256, &i.order, e) == -1)
		return -1;
	r->items = mem_grow(r->items, &r->cap, r->n + 1, sizeof(*r->items));
	r->items[r->n++] = i;
	r->report->messages++;
	r->report->deleted += !r->o->deleted &&
	    flags_has(m->flags, "\\Deleted");
	return 0;
}

static int
choose_message(void *arg, const struct known_message *m, struct err *e)
{
	struct chooser *c = arg;

	if (!c->placed)
		add_source(c->r, &c->folder->facts);
	c->placed = true;
	return add_item(c->r, m, e);
}

/* A message that was asked for by its id. */
static int
choose_id(struct restore *r, const char *id, struct err *e)
{
	struct known_message m;
	struct known_folder k;
	uint64_t commit, line, folder;
	size_t i;

	if (job_find(r->v, id, &m, e) == -1)
		return -1;
	commit = m.commit;
	line = m.line;
	folder = m.folder;
	for (i = 0; i < r->n; i++) {
		struct known_message other;

		if (picks_get(&r->picks, r->items[i].at, &other, e) == -1)
			return -1;
		if (other.commit == commit && other.line == line)
			return 0;
	}
	for (i = 0; i < r->sources_n && r->sources[i].folder != folder; i++)
		;
	if (i == r->sources_n) {
		if (catalog_folder_by_number(r->catalog, folder, &k, e) != 1)
			return -1;
		add_source(r, &k.facts);
	}
	if (catalog_message(r->catalog, commit, line, &m, e) != 1 ||
	    add_item(r, &m, e) == -1)
		return -1;
	r->items[r->n - 1].source = (uint32_t)i;
	return 0;
}

int
chosen_gather(struct restore *r, struct err *e)
{
	struct chooser c = { .r = r };
	size_t i;

	if (r->o->by_message_id && vault_fill_headers(r->v, e) == -1)
		return -1;
	for (i = 0; i < r->o->ids_n; i++)
		if (choose_id(r, r->o->ids[i], e) == -1)
			return -1;
	if (r->o->ids_n > 0)
		return 0;
	return job_messages(r->v, &r->o->choice, choose_folder,
	    choose_message, &c, &r->report->unread, e);
}
