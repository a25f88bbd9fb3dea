/*
 * messages.c - the messages of a vault that somebody asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/near.h"
#include "job/job.h"
#include "mail/decode.h"
#include "mail/name.h"

struct pick {
	char		*name;		/* own */
	uint64_t	 folder;
	uint64_t	 live, kept;
	char		 delimiter;
	bool		 selectable, gone;
};

struct picker {
	const struct job_choice *choice;
	struct catalog	*catalog;
	job_folder_fn	*folder;
	catalog_message_fn *message;
	void		*arg;
	uint64_t	 unread;
	bool		*matched;	/* own; for each pattern: some folder is called so */
	struct near	*near;		/* own; for each, the name of one that was perhaps meant, */
	char		**nearest;	/* own */
	struct pick	*picks;		/* own */
	size_t		 n, cap;
};

/* ---- folders ---- */

static void
look_near(struct picker *p, size_t i, const char *name)
{
	p->near[i].best = NULL;
	near_try(&p->near[i], name);
	if (p->near[i].best == NULL)
		return;
	free(p->nearest[i]);
	p->nearest[i] = xstrdup(name);
}

static int
pick_folder(void *arg, const struct known_folder *k, struct err *e)
{
	struct picker *p = arg;
	const struct job_choice *c = p->choice;
	struct mail_box box = { .selectable = true,
	    .delimiter = k->facts.delimiter };
	const char *why;
	size_t i;

	(void)e;
	box.name = xstrdup(k->facts.name);
	for (i = 0; i < c->folders_n; i++) {
		const char *pattern = c->folders[i];

		if (name_match(pattern + (pattern[0] == '!'), box.name,
		    box.delimiter))
			p->matched[i] = true;
		else
			look_near(p, i, box.name);
	}
	if (!policy_select(c->folders, c->folders_n, true, &box, &why)) {
		free(box.name);
		return 0;
	}
	p->picks = mem_grow(p->picks, &p->cap, p->n + 1, sizeof(*p->picks));
	p->picks[p->n++] = (struct pick){ box.name, k->facts.folder, k->live,
	    k->kept, box.delimiter, k->facts.selectable, k->facts.gone };
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	const struct pick *p = a, *q = b;
	bool first = strcmp(p->name, "INBOX") == 0;
	int c;

	if (first != (strcmp(q->name, "INBOX") == 0))
		return first ? -1 : 1;
	if ((c = strcmp(p->name, q->name)) != 0)
		return c;
	return p->folder < q->folder ? -1 : p->folder > q->folder;
}

static int
check_matched(const struct picker *p, struct err *e)
{
	size_t i;

	for (i = 0; i < p->choice->folders_n && p->matched[i]; i++)
		;
	if (i == p->choice->folders_n)
		return 0;
	err_set(e, EK_USAGE, "the vault has no folder '%s'%s",
	    p->choice->folders[i] + (p->choice->folders[i][0] == '!'),
	    p->choice->at == CATALOG_NOW ? "" : " then");
	return p->nearest[i] != NULL ?
	    err_next(e, "did you mean '%s'?", name_shown(p->nearest[i])) :
	    err_next(e, "without a folder's name all are taken; in one, * "
	    "stands for any text");
}

static int
pick_folders(struct picker *p, struct err *e)
{
	const struct job_choice *c = p->choice;
	size_t i;

	p->matched = xcalloc(c->folders_n + 1, sizeof(*p->matched));
	p->near = xcalloc(c->folders_n + 1, sizeof(*p->near));
	p->nearest = xcalloc(c->folders_n + 1, sizeof(*p->nearest));
	for (i = 0; i < c->folders_n; i++) {
		const char *name = c->folders[i] + (c->folders[i][0] == '!');

		near_begin(&p->near[i], name, strlen(name));
	}
	if (catalog_folders(p->catalog, c->at, pick_folder, p, e) == -1 ||
	    check_matched(p, e) == -1)
		return -1;
	if (p->n > 0)
		qsort(p->picks, p->n, sizeof(*p->picks), by_name);
	return 0;
}

/* ---- messages ---- */

static bool
reads_as_asked(const struct policy_choice *which, const struct known_message *m)
{
	char *from = decode_text(m->header[HEADER_FROM]);
	char *to = decode_text(m->header[HEADER_TO]);
	char *subject = decode_text(m->header[HEADER_SUBJECT]);
	bool chosen = policy_chosen_by(which, from, to, subject);

	free(from);
	free(to);
	free(subject);
	return chosen;
}

static int
pick_message(void *arg, const struct known_message *m, struct err *e)
{
	struct picker *p = arg;
	const struct policy_choice *which = &p->choice->which;

	if (!policy_chosen(which, m))
		return 0;
	if (policy_choice_reads(which)) {
		if (!m->has_headers) {
			p->unread++;
			return 0;
		}
		if (!reads_as_asked(which, m))
			return 0;
	}
	return p->message(p->arg, m, e);
}

/* One folder, as of then. */
static int
pick_messages(struct picker *p, const struct pick *pick, struct err *e)
{
	const struct known_folder k = { .facts = { .folder = pick->folder,
	    .name = pick->name, .delimiter = pick->delimiter,
	    .selectable = pick->selectable, .gone = pick->gone },
	    .live = pick->live, .kept = pick->kept };
	uint64_t at = p->choice->at;
	int r;

	if (p->choice->by_date) {
		r = catalog_complete(p->catalog, pick->folder, at, &at, e);
		if (r != 1)
			return r;
	}
	if (p->folder != NULL && (r = p->folder(p->arg, &k, e)) != 0)
		return r;
	return catalog_messages(p->catalog, pick->folder, at, p->choice->all,
	    pick_message, p, e);
}

int
job_messages(struct vault *v, const struct job_choice *c,
    job_folder_fn *folder, catalog_message_fn *message, void *arg,
    uint64_t *unread, struct err *e)
{
	struct picker p = { .choice = c, .catalog = vault_catalog(v),
	    .folder = folder, .message = message, .arg = arg };
	size_t i;
	int rc;

	if (policy_choice_reads(&c->which) && vault_fill_headers(v, e) == -1)
		return -1;
	rc = pick_folders(&p, e);
	for (i = 0; rc == 0 && i < p.n; i++)
		rc = pick_messages(&p, &p.picks[i], e);
	*unread = p.unread;
	for (i = 0; i < p.n; i++)
		free(p.picks[i].name);
	free(p.picks);
	for (i = 0; p.nearest != NULL && i < c->folders_n; i++)
		free(p.nearest[i]);
	free(p.nearest);
	free(p.near);
	free(p.matched);
	return rc;
}
