/*
 * plan.c - which folders there are, what became of those we knew, and what to do about each.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "job/backup.h"
#include "mail/name.h"

/* A folder of the vault that the server doesn't list any more. */
struct vanished {
	uint64_t	folder, uidvalidity;
	bool		claimed;	/* by a new name, for now */
};

struct known_names {
	struct backup	*b;
	struct vanished	*v;		/* own */
	size_t		 n, cap;
};

/* ---- the folder's facts, recorded where they changed ---- */

static void
facts_of(const struct mail_box *box, uint64_t number, struct rec_folder *f)
{
	*f = (struct rec_folder){
		.folder = number,
		.name = box->name,
		.attributes = box->attributes,
		.mailboxid = box->mailboxid,
		.delimiter = box->delimiter,
		.space = box->space,
		.selectable = box->selectable,
		.subscribed = box->subscribed,
	};
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
same_facts(const struct rec_folder *a, const struct rec_folder *b)
{
	return same_text(a->name, b->name) &&
	    same_text(a->attributes, b->attributes) &&
	    same_text(a->mailboxid, b->mailboxid) &&
	    a->delimiter == b->delimiter && a->space == b->space &&
	    a->selectable == b->selectable &&
	    a->subscribed == b->subscribed && a->gone == b->gone;
}

static int
put_facts(struct backup *b, const struct rec_folder *facts, struct err *e)
{
	struct record rec = { .kind = REC_FOLDER };

	if (b->opts->dry_run)
		return 0;
	rec.u.folder = *facts;
	return vault_put(b->txn, &rec, e);
}

static int
put_box(struct backup *b, const struct mail_box *box, uint64_t number,
    struct err *e)
{
	struct rec_folder facts;

	facts_of(box, number, &facts);
	return put_facts(b, &facts, e);
}

/* A folder that is not listed any more: its facts stay, but for that. */
static int
put_gone(struct backup *b, uint64_t number, struct err *e)
{
	struct known_folder k;
	struct rec_folder facts;
	char *name, *attributes, *mailboxid;
	int rc;

	if ((rc = catalog_folder_by_number(b->catalog, number, &k, e)) != 1)
		return rc;
	facts = k.facts;
	facts.gone = true;
	/* The row lives until the next question. */
	facts.name = name = xstrdup(facts.name);
	facts.attributes = attributes = xstrdup(facts.attributes);
	mailboxid = facts.mailboxid == NULL ? NULL : xstrdup(facts.mailboxid);
	facts.mailboxid = mailboxid;
	backup_note(b, "folder %s is gone from the server; the vault keeps it",
	    name_shown(name));
	rc = put_facts(b, &facts, e);
	free(name);
	free(attributes);
	free(mailboxid);
	return rc;
}

/* ---- what vanished, and what it may have become ---- */

static const struct mail_box *
find_box(const struct imap_boxes *boxes, const char *name)
{
	size_t lo = 0, hi = boxes->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int r = strcmp(boxes->v[mid].name, name);

		if (r == 0)
			return &boxes->v[mid];
		if (r < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static int
collect_vanished(void *arg, const struct known_folder *k, struct err *e)
{
	struct known_names *names = arg;
	struct vanished *v;

	(void)e;
	if (k->facts.gone ||
	    find_box(&names->b->boxes, k->facts.name) != NULL)
		return 0;
	names->v = mem_grow(names->v, &names->cap, names->n + 1,
	    sizeof(*names->v));
	v = &names->v[names->n++];
	v->folder = k->facts.folder;
	/* Only a folder with messages can be recognized. */
	v->uidvalidity = k->live > 0 ? k->uidvalidity : 0;
	v->claimed = false;
	return 0;
}

/* The one vanished folder that this new name may be, by UIDVALIDITY; messages will tell. */
static struct vanished *
candidate(struct known_names *names, const struct mail_box *box)
{
	struct vanished *found = NULL;
	size_t i;

	if (box->state.uidvalidity == 0 || box->mailboxid != NULL)
		return NULL;
	for (i = 0; i < names->n; i++) {
		if (names->v[i].claimed ||
		    names->v[i].uidvalidity != box->state.uidvalidity)
			continue;
		if (found != NULL)
			return NULL;	/* two: it tells nothing on this server */
		found = &names->v[i];
	}
	return found;
}

/* A folder of the vault by its MAILBOXID, if its name is not on the server any more. */
static int
find_by_id(struct backup *b, struct known_names *names,
    const struct mail_box *box, uint64_t *number, struct err *e)
{
	struct known_folder k;
	size_t i;
	int r;

	if (box->mailboxid == NULL)
		return 0;
	if ((r = catalog_folder_by_id(b->catalog, box->mailboxid, &k, e)) != 1)
		return r;
	for (i = 0; i < names->n; i++)
		if (names->v[i].folder == k.facts.folder &&
		    !names->v[i].claimed) {
			names->v[i].claimed = true;
			*number = k.facts.folder;
			return 1;
		}
	return 0;
}

/* A name that the vault doesn't know: renamed by its id, renamed perhaps, or new. */
static int
place_new_name(struct backup *b, struct known_names *names,
    const struct mail_box *box, struct folder *f, struct err *e)
{
	struct vanished *v;
	uint64_t number = 0;
	int r;

	if ((r = find_by_id(b, names, box, &number, e)) == -1)
		return -1;
	if (r == 1) {
		backup_note(b, "folder %s was renamed", name_shown(box->name));
		if (f != NULL)
			f->number = number;
		return put_box(b, box, number, e);
	}
	if (f != NULL && (v = candidate(names, box)) != NULL) {
		v->claimed = true;
		f->number = f->renamed_from = v->folder;
		return 0;
	}
	number = ++b->next_folder;
	if (f != NULL)
		f->number = number;
	return put_box(b, box, number, e);
}

static int
place_box(struct backup *b, struct known_names *names,
    const struct mail_box *box, struct folder *f, struct err *e)
{
	struct known_folder k;
	struct rec_folder facts;
	int r;

	if ((r = catalog_folder(b->catalog, box->name, &k, e)) == -1)
		return -1;
	if (r == 0)
		return place_new_name(b, names, box, f, e);
	if (f != NULL)
		f->number = k.facts.folder;
	facts_of(box, k.facts.folder, &facts);
	return same_facts(&facts, &k.facts) ? 0 : put_facts(b, &facts, e);
}

int
plan_rename(struct backup *b, struct folder *f, struct err *e)
{
	backup_note(b, "folder %s is a known folder with a new name",
	    name_shown(f->box->name));
	f->renamed_from = 0;
	return put_box(b, f->box, f->number, e);
}

int
plan_new(struct backup *b, struct folder *f, struct err *e)
{
	if (put_gone(b, f->renamed_from, e) == -1)
		return -1;
	f->renamed_from = 0;
	f->number = ++b->next_folder;
	return put_box(b, f->box, f->number, e);
}

/* ---- choosing ---- */

static bool
chosen(const struct backup *b, const struct mail_box *box)
{
	const struct account *a = b->opts->account;
	const char *why = NULL;
	bool yes;

	yes = policy_select((const char *const *)a->folders.v, a->folders.n,
	    a->shared, box, &why);
	if (!yes && box->selectable)
		log_info("%s: not backed up: %s", name_shown(box->name), why);
	return yes;
}

static bool ranks_with_gmail;

static int
by_rank(const void *x, const void *y)
{
	const struct folder *a = x, *b = y;
	int ra = policy_rank(a->box, ranks_with_gmail);
	int rb = policy_rank(b->box, ranks_with_gmail);

	return ra != rb ? ra - rb : strcmp(a->box->name, b->box->name);
}

static void
choose(struct backup *b)
{
	size_t i;

	b->folders = xcalloc(b->boxes.n, sizeof(*b->folders));
	for (i = 0; i < b->boxes.n; i++)
		if (chosen(b, &b->boxes.v[i]))
			b->folders[b->folders_n++].box = &b->boxes.v[i];
}

/* A folder that was asked for by its name is there. */
static void
check_names(struct backup *b)
{
	const struct words *asked = &b->opts->account->folders;
	const char *name;
	size_t i, k;

	for (i = 0; i < asked->n; i++) {
		name = asked->v[i];
		if (*name == '!' || strpbrk(name, "*%") != NULL)
			continue;
		for (k = 0; k < b->boxes.n; k++)
			if (name_match(name, b->boxes.v[k].name,
			    b->boxes.v[k].delimiter))
				break;
		if (k == b->boxes.n)
			backup_problem(b, name, NULL,
			    "the server has no such folder");
	}
}

/* Patterns that choose nothing are a mistake, unless there is nothing to choose from. */
static void
check_chosen(struct backup *b)
{
	if (b->folders_n == 0 && b->boxes.n > 0 && !b->partial)
		backup_problem(b, NULL, NULL,
		    "none of them is to be backed up: nothing was looked at");
}

/* What can't be right is named, and makes no folder disappear. */
static int
judge_listing(struct backup *b, bool *trusted, struct err *e)
{
	struct known_folder k;
	char text[256];
	int r;

	*trusted = b->boxes.unreadable == 0;
	if (b->boxes.unreadable > 0) {
		snprintf(text, sizeof(text), "%" PRIu64 " of its lines can't "
		    "be read, folders may be hidden: %s", b->boxes.unreadable,
		    b->boxes.first_unreadable);
		backup_problem(b, NULL, NULL, text);
	}
	if (find_box(&b->boxes, "INBOX") != NULL)
		return 0;
	*trusted = false;
	if ((r = catalog_folder(b->catalog, "INBOX", &k, e)) == -1)
		return -1;
	if (b->boxes.n == 0)
		backup_problem(b, NULL, NULL, "the server lists no folder");
	else if (r == 1 && !k.facts.gone)
		backup_problem(b, NULL, NULL, "the server does not list INBOX "
		    "any more: what it lists is not believed");
	return 0;
}

/* Record what LIST says.  The chosen folders stand in the order of the listing here. */
static int
place_all(struct backup *b, struct err *e)
{
	struct known_names names = { .b = b };
	bool trusted;
	size_t i, chosen_at = 0;
	int rc = -1;

	if (judge_listing(b, &trusted, e) == -1)
		return -1;
	if (catalog_last_folder(b->catalog, &b->next_folder, e) == -1 ||
	    catalog_last_epoch(b->catalog, &b->next_epoch, e) == -1)
		goto out;
	if (trusted && catalog_folders(b->catalog, CATALOG_NOW,
	    collect_vanished, &names, e) == -1)
		goto out;
	for (i = 0; i < b->boxes.n; i++) {
		struct folder *f = NULL;

		if (chosen_at < b->folders_n &&
		    b->folders[chosen_at].box == &b->boxes.v[i])
			f = &b->folders[chosen_at++];
		if (place_box(b, &names, &b->boxes.v[i], f, e) == -1)
			goto out;
	}
	for (i = 0; i < names.n; i++)
		if (!names.v[i].claimed &&
		    put_gone(b, names.v[i].folder, e) == -1)
			goto out;
	rc = 0;
out:
	free(names.v);
	return rc;
}

/* STATUS of the chosen folders, where LIST did not bring it. */
static int
ask_status(struct backup *b, struct err *e)
{
	struct mail_box **ask = xcalloc(b->folders_n, sizeof(*ask));
	size_t i, n = 0;
	int rc;

	for (i = 0; i < b->folders_n; i++)
		if (!b->folders[i].box->state.has_exists)
			ask[n++] = &b->boxes.v[b->folders[i].box -
			    b->boxes.v];
	rc = n == 0 ? 0 : imap_status(b->im, ask, n, false, e);
	free(ask);
	return rc;
}

int
plan_folders(struct backup *b, struct err *e)
{
	if (imap_list(b->im, false, &b->boxes, e) == -1)
		return -1;
	b->server.condstore = imap_can(b->im, CAP_CONDSTORE);
	b->gmail = imap_can(b->im, CAP_GMAIL);
	/* What QRESYNC tells of changes has no labels. */
	b->server.qresync = imap_can(b->im, CAP_QRESYNC) &&
	    imap_can(b->im, CAP_ENABLE) && !b->gmail;
	b->server.ids = b->gmail || imap_can(b->im, CAP_OBJECTID);
	choose(b);
	check_names(b);
	check_chosen(b);
	if (ask_status(b, e) == -1 || place_all(b, e) == -1)
		return -1;
	ranks_with_gmail = b->gmail;
	if (b->folders_n > 0)
		qsort(b->folders, b->folders_n, sizeof(*b->folders), by_rank);
	return 0;
}

/* ---- what to do about each ---- */

static int
plan_one(struct backup *b, struct folder *f, struct err *e)
{
	const struct mail_state *st = &f->box->state;
	struct job_event ev = { .kind = JOB_PLAN, .folder = f->box->name };
	struct visit *v;

	if ((v = visit_new(b, f, VISIT_COMPARE, e)) == NULL)
		return -1;
	f->known_before = v->known.live;
	ev.reason = v->plan.why;
	ev.skip = v->plan.skip;
	if (!v->plan.new_epoch && st->exists > v->known.live)
		ev.messages = st->exists - v->known.live;
	else if (v->plan.new_epoch)
		ev.messages = st->exists;
	b->total += ev.messages;
	backup_event(b, &ev);
	b->report->counts.folders++;
	if (v->plan.skip) {
		f->done = true;
		b->report->skipped++;
		b->report->counts.listed += st->exists;
	}
	if (v->plan.skip || b->opts->dry_run)
		visit_free(&v);
	else
		backup_queue(b, v);
	return 0;
}

int
plan_visits(struct backup *b, struct err *e)
{
	size_t i;

	for (i = 0; i < b->folders_n; i++)
		if (plan_one(b, &b->folders[i], e) == -1)
			return -1;
	return 0;
}
