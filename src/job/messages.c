/*
 * messages.c - the messages of a vault that somebody asked for.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/near.h"
#include "base/text.h"
#include "job/job.h"
#include "mail/decode.h"
#include "mail/name.h"

#define HEX_MIN		4	/* digits of a SHA-256 that may name a message */

struct pick {
	char		*name;		/* own */
	char		*attributes;	/* own */
	uint64_t	 folder;
	uint64_t	 live, kept;
	char		 delimiter;
	bool		 selectable, subscribed, gone;
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
	p->picks[p->n++] = (struct pick){ box.name,
	    xstrdup(k->facts.attributes), k->facts.folder, k->live, k->kept,
	    box.delimiter, k->facts.selectable, k->facts.subscribed,
	    k->facts.gone };
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

	if (p->choice->pruned != 0 && m->pruned != p->choice->pruned)
		return 0;
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
	    .name = pick->name, .attributes = pick->attributes,
	    .delimiter = pick->delimiter, .selectable = pick->selectable,
	    .subscribed = pick->subscribed, .gone = pick->gone },
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
	return catalog_messages(p->catalog, pick->folder, at, p->choice->all ||
	    p->choice->pruned != 0, pick_message, p, e);
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
	for (i = 0; i < p.n; i++) {
		free(p.picks[i].name);
		free(p.picks[i].attributes);
	}
	free(p.picks);
	for (i = 0; p.nearest != NULL && i < c->folders_n; i++)
		free(p.nearest[i]);
	free(p.nearest);
	free(p.near);
	free(p.matched);
	return rc;
}

/* ---- one message ---- */

struct candidates {
	uint64_t	commit[2], line[2];
	size_t		n;
};

static int
note_candidate(void *arg, const struct known_message *m, struct err *e)
{
	struct candidates *c = arg;

	(void)e;
	c->commit[c->n] = m->commit;
	c->line[c->n] = m->line;
	return ++c->n == 2;
}

/* The message whose content's SHA-256 begins so: 1, or 0: there is none. */
static int
find_by_hash(struct catalog *c, const char *hex, struct known_message *out,
    struct err *e)
{
	struct candidates found = { .n = 0 };

	if (catalog_by_prefix(c, hex, note_candidate, &found, e) == -1)
		return -1;
	if (found.n == 2) {
		err_set(e, EK_USAGE, "more than one message begins with '%s': "
		    "%" PRIu64 ".%" PRIu64 " and %" PRIu64 ".%" PRIu64
		    " are among them", hex, found.commit[0], found.line[0],
		    found.commit[1], found.line[1]);
		return err_next(e, "give one of these ids, or more digits");
	}
	if (found.n == 0)
		return 0;
	return catalog_message(c, found.commit[0], found.line[0], out, e);
}

int
job_find(struct vault *v, const char *id, struct known_message *out,
    struct err *e)
{
	struct catalog *c = vault_catalog(v);
	size_t n = strlen(id), dot = strcspn(id, ".");
	uint64_t commit, line;
	int r;

	if (n > dot && text_u64(id, dot, &commit) == 0 &&
	    text_u64(id + dot + 1, n - dot - 1, &line) == 0)
		r = catalog_message(c, commit, line, out, e);
	else if (n >= HEX_MIN && n < DIGEST_HEX &&
	    strspn(id, "0123456789abcdefABCDEF") == n)
		r = find_by_hash(c, id, out, e);
	else {
		err_set(e, EK_USAGE, "'%s' is not the id of a message", id);
		return err_next(e, "an id is like 17.204, or at least %d "
		    "digits of a SHA-256; mailkeep list shows them", HEX_MIN);
	}
	if (r != 0)
		return r == -1 ? -1 : 0;
	err_set(e, EK_USAGE, "the vault has no message '%s'", id);
	return err_next(e, "mailkeep list --all shows the ids of all messages");
}
