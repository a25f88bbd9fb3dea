/*
 * place.c - which folder of the vault is which one on the server, and what became of those that are not listed.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/backup.h"
#include "mail/name.h"

/* A folder of the vault whose name is not on the server any more, or is another's now. */
struct vanished {
	uint64_t	folder, uidvalidity;
	uint64_t	live;		/* messages in it */
	bool		displaced;	/* its name is another's: it was recorded as gone, to begin with */
	bool		claimed;	/* by a new name, for now */
};

struct names {
	struct backup	*b;
	struct vanished	*v;		/* own; by number */
	size_t		 n, cap;
	struct vanished	**telling;	/* own; by UIDVALIDITY, those that can be recognized by their messages */
	size_t		 telling_n;
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

/* A folder that is not on the server any more: its facts stay, but for that. */
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
	rc = put_facts(b, &facts, e);
	free(name);
	free(attributes);
	free(mailboxid);
	return rc;
}

/* People hear of it, loudly if there was much in it. */
static int
tell_gone(struct backup *b, uint64_t number, uint64_t live, struct err *e)
{
	struct known_folder k;
	int r;

	if ((r = catalog_folder_by_number(b->catalog, number, &k, e)) != 1)
		return r;
	backup_note(b, "folder %s is gone from the server; the vault keeps it",
	    name_shown(k.facts.name));
	backup_shrunk(b, k.facts.name, live, live);
	return 0;
}

/* ---- what vanished, and what it may have become ---- */

/* Whether MAILBOXID says that a folder only has the name of the one we know. */
static bool
is_another(const struct mail_box *box, const struct rec_folder *known)
{
	return box->mailboxid != NULL && known->mailboxid != NULL &&
	    strcmp(box->mailboxid, known->mailboxid) != 0;
}

static int
collect_vanished(void *arg, const struct known_folder *k, struct err *e)
{
	struct names *names = arg;
	const struct imap_boxes *boxes = &names->b->boxes;
	const struct mail_box *box = plan_box(boxes, k->facts.name);

	(void)e;
	/* What was imported never was on the server. */
	if (k->facts.space == MAIL_IMPORTED)
		return 0;
	if (k->facts.gone || (box == NULL ? !names->b->listing_trusted :
	    !is_another(box, &k->facts)))
		return 0;
	names->v = mem_grow(names->v, &names->cap, names->n + 1,
	    sizeof(*names->v));
	names->v[names->n++] = (struct vanished){ .folder = k->facts.folder,
	    .uidvalidity = k->uidvalidity, .live = k->live,
	    .displaced = box != NULL };
	return 0;
}

static int
by_uidvalidity(const void *x, const void *y)
{
	const struct vanished *a = *(struct vanished *const *)x;
	const struct vanished *b = *(struct vanished *const *)y;

	return (a->uidvalidity > b->uidvalidity) -
	    (a->uidvalidity < b->uidvalidity);
}

static int
find_vanished(struct backup *b, struct names *names, struct err *e)
{
	size_t i;

	if (catalog_folders(b->catalog, CATALOG_NOW, collect_vanished, names,
	    e) == -1)
		return -1;
	names->telling = xcalloc(names->n, sizeof(*names->telling));
	for (i = 0; i < names->n; i++) {
		struct vanished *v = &names->v[i];

		if (v->live > 0 && !v->displaced)
			names->telling[names->telling_n++] = v;
		/* No two folders have one name, at any moment. */
		if (v->displaced && put_gone(b, v->folder, e) == -1)
			return -1;
	}
	if (names->telling_n > 0)
		qsort(names->telling, names->telling_n,
		    sizeof(*names->telling), by_uidvalidity);
	return 0;
}

/* The one vanished folder that this new name may be, by UIDVALIDITY; messages will tell. */
static struct vanished *
candidate(const struct names *names, const struct mail_box *box)
{
	uint64_t uidvalidity = box->state.uidvalidity;
	size_t lo = 0, hi = names->telling_n;
	struct vanished *found = NULL;

	if (uidvalidity == 0 || box->mailboxid != NULL)
		return NULL;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (names->telling[mid]->uidvalidity < uidvalidity)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < names->telling_n &&
	    names->telling[lo]->uidvalidity == uidvalidity; lo++) {
		if (names->telling[lo]->claimed)
			continue;
		if (found != NULL)
			return NULL;	/* two: it tells nothing on this server */
		found = names->telling[lo];
	}
	return found;
}

static struct vanished *
vanished_folder(const struct names *names, uint64_t folder)
{
	size_t lo = 0, hi = names->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (names->v[mid].folder < folder)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < names->n && names->v[lo].folder == folder ?
	    &names->v[lo] : NULL;
}

/* ---- one folder of the listing ---- */

/* One that came from the server and has this name: the first that is not gone, or else is. */
struct of_server {
	const char	*name;
	uint64_t	 folder;	/* 0: none */
	bool		 gone;
};

static int
look_of_server(void *arg, const struct known_folder *k, struct err *e)
{
	struct of_server *s = arg;

	(void)e;
	if (k->facts.space == MAIL_IMPORTED ||
	    strcmp(k->facts.name, s->name) != 0 ||
	    (s->folder != 0 && (k->facts.gone || !s->gone)))
		return 0;
	s->folder = k->facts.folder;
	s->gone = k->facts.gone;
	return 0;
}

/* The folder of that name, as catalog_folder() has it; but an imported one is another, whatever it is called. */
static int
folder_by_name(struct backup *b, const char *name, struct known_folder *k,
    struct err *e)
{
	struct of_server s = { .name = name };
	int r;

	if ((r = catalog_folder(b->catalog, name, k, e)) != 1 ||
	    k->facts.space != MAIL_IMPORTED)
		return r;
	if (catalog_folders(b->catalog, CATALOG_NOW, look_of_server, &s, e) ==
	    -1)
		return -1;
	return s.folder == 0 ? 0 :
	    catalog_folder_by_number(b->catalog, s.folder, k, e);
}

/* A folder of the vault by its MAILBOXID, if its name is not its own any more: 1, 0, -1. */
static int
place_by_id(struct backup *b, const struct names *names,
    const struct mail_box *box, struct folder *f, struct err *e)
{
	struct known_folder k;
	struct vanished *v;
	int r;

	if (box->mailboxid == NULL)
		return 0;
	if ((r = catalog_folder_by_id(b->catalog, box->mailboxid, &k, e)) != 1)
		return r;
	v = vanished_folder(names, k.facts.folder);
	if (v == NULL || v->claimed)
		return 0;
	v->claimed = true;
	backup_note(b, "folder %s is now called %s", name_shown(k.facts.name),
	    name_shown(box->name));
	if (f != NULL)
		f->number = v->folder;
	return put_box(b, box, v->folder, e) == -1 ? -1 : 1;
}

/* A name that was on the server before. */
static int
place_known(struct backup *b, const struct known_folder *k,
    struct mail_box *box, struct folder *f, struct err *e)
{
	struct rec_folder facts;

	if (f != NULL)
		f->number = k->facts.folder;
	/* What it could tell, and did not this time, EXAMINE will: until then it is as it was. */
	if (box->mailboxid == NULL && k->facts.mailboxid != NULL &&
	    !k->facts.gone && imap_can(b->im, CAP_OBJECTID))
		box->mailboxid = xstrdup(k->facts.mailboxid);
	facts_of(box, k->facts.folder, &facts);
	return same_facts(&facts, &k->facts) ? 0 : put_facts(b, &facts, e);
}

/* A name that the vault doesn't know: renamed perhaps, or new. */
static int
place_new(struct backup *b, const struct names *names,
    const struct mail_box *box, struct folder *f, struct err *e)
{
	struct vanished *v;
	uint64_t number;

	if (f != NULL && (v = candidate(names, box)) != NULL) {
		v->claimed = true;
		f->number = f->renamed_from = v->folder;
		return 0;
	}
	number = ++b->last_folder;
	if (f != NULL)
		f->number = number;
	return put_box(b, box, number, e);
}

/* Which folder of the vault this is: the one of that name, unless its MAILBOXID knows better. */
static int
place_box(struct backup *b, const struct names *names, struct mail_box *box,
    struct folder *f, struct err *e)
{
	struct known_folder k;
	int r;

	if ((r = folder_by_name(b, box->name, &k, e)) == -1)
		return -1;
	if (r == 1 && !k.facts.gone && !is_another(box, &k.facts))
		return place_known(b, &k, box, f, e);
	if ((r = place_by_id(b, names, box, f, e)) != 0)
		return r == -1 ? -1 : 0;
	if ((r = folder_by_name(b, box->name, &k, e)) == -1)
		return -1;
	if (r == 1 && !is_another(box, &k.facts))
		return place_known(b, &k, box, f, e);
	return place_new(b, names, box, f, e);
}

/* ---- the door ---- */

int
place_all(struct backup *b, struct err *e)
{
	struct names names = { .b = b };
	size_t i, chosen_at = 0;
	int rc = -1;

	if (catalog_last_folder(b->catalog, &b->last_folder, e) == -1 ||
	    catalog_last_epoch(b->catalog, &b->last_epoch, e) == -1 ||
	    find_vanished(b, &names, e) == -1)
		goto out;
	for (i = 0; i < b->boxes.n; i++) {
		struct folder *f = NULL;

		if (chosen_at < b->folders_n &&
		    b->folders[chosen_at].box == &b->boxes.v[i])
			f = &b->folders[chosen_at++];
		if (place_box(b, &names, &b->boxes.v[i], f, e) == -1)
			goto out;
	}
	for (i = 0; i < names.n; i++) {
		const struct vanished *v = &names.v[i];

		if (v->claimed)
			continue;
		if (tell_gone(b, v->folder, v->live, e) == -1 ||
		    (!v->displaced && put_gone(b, v->folder, e) == -1))
			goto out;
	}
	rc = 0;
out:
	free(names.v);
	free(names.telling);
	return rc;
}

int
place_rename(struct backup *b, struct folder *f, struct err *e)
{
	struct known_folder k;
	int r;

	r = catalog_folder_by_number(b->catalog, f->number, &k, e);
	if (r == -1)
		return -1;
	if (r == 1)
		backup_note(b, "folder %s is now called %s",
		    name_shown(k.facts.name), name_shown(f->box->name));
	f->renamed_from = 0;
	return put_box(b, f->box, f->number, e);
}

int
place_apart(struct backup *b, struct folder *f, struct err *e)
{
	struct known_epoch k = { .live = 0 };

	if (catalog_epoch(b->catalog, f->number, &k, e) == -1 ||
	    tell_gone(b, f->number, k.live, e) == -1 ||
	    put_gone(b, f->number, e) == -1)
		return -1;
	f->renamed_from = 0;
	f->number = ++b->last_folder;
	return put_box(b, f->box, f->number, e);
}
