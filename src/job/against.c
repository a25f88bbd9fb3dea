/*
 * against.c - the story of verify --against-server.
 *
 *	which folders of the vault should be there, and which are (choose)
 *	list each, and compare UIDs and sizes with what is known; draw the sample on the way (pass 1)
 *	fetch the sample, and compare contents (pass 2)
 *	where they differ: are the vault's bytes those that came? (judge)
 *
 * The catalog is asked when a folder's listing is complete, never while the server is waited for: a writer may be
 * at work beside us.  What it stores meanwhile is not told as missing.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/against.h"
#include "mail/name.h"

/* ---- telling ---- */

static bool
is_fault(enum job_against_kind kind)
{
	switch (kind) {
	case AGAINST_MISSED:
	case AGAINST_CONTENT:
	case AGAINST_DAMAGED:
	case AGAINST_UNDELIVERED:
	case AGAINST_EPOCH:
	case AGAINST_FOLDER:
		return true;
	default:
		return false;
	}
}

static char *
in_words(const struct job_against_finding *f)
{
	if (f->folder == NULL)
		return xstrdup(f->reason);
	if (f->uids == NULL)
		return xasprintf("%s: %s", name_shown(f->folder), f->reason);
	return xasprintf("%s: UID %" PRIu32 ": %s", name_shown(f->folder),
	    uidset_min(f->uids), f->reason);
}

static void
tell(struct against *a, struct job_against_finding f)
{
	f.fault = is_fault(f.kind);
	/* Damage is worse than all that was found before. */
	if (f.kind == AGAINST_DAMAGED && a->report->found[f.kind] == 0) {
		free(a->fault);
		a->fault = NULL;
	}
	if (f.fault && a->fault == NULL)
		a->fault = in_words(&f);
	a->report->found[f.kind] += f.uids == NULL ? 1 : f.messages;
	if (a->opts->found != NULL)
		a->opts->found(a->opts->arg, &f);
}

void
against_tell_uids(struct against *a, enum job_against_kind kind,
    const struct seen *s, const struct uidset *uids, const char *reason)
{
	if (!uidset_empty(uids))
		tell(a, (struct job_against_finding){ .kind = kind,
		    .folder = s->name, .uids = uids,
		    .messages = uidset_count(uids), .reason = reason });
}

void
against_tell_folder(struct against *a, enum job_against_kind kind,
    const char *name, uint64_t messages, const char *reason)
{
	tell(a, (struct job_against_finding){ .kind = kind, .folder = name,
	    .messages = messages, .reason = reason });
}

void
against_tell_refused(struct against *a, const struct look_box *b,
    const struct seen *s)
{
	a->later += b->later;
	against_tell_folder(a, AGAINST_FOLDER, s->name, s->known.live,
	    b->why == NULL ? "it can't be opened" : b->why);
}

void
against_progress(struct against *a, const struct seen *s)
{
	struct job_event ev = { .kind = JOB_PROGRESS, .folder = s->name,
	    .total = a->total, .received = look_received(a->look) };

	ev.done = a->done < a->total ? a->done : a->total;
	if (a->opts->listener.event != NULL)
		a->opts->listener.event(a->opts->listener.arg, &ev);
}

/* ---- the folders ---- */

bool
against_chooses(const struct against *a, const struct mail_box *box)
{
	const struct account *account = a->opts->account;
	const char *why;

	return policy_select((const char *const *)account->folders.v,
	    account->folders.n, account->shared, box, &why);
}

/* Where a folder of the vault is on the server now: under its name, or another that a rename gave it; or NULL. */
static struct mail_box *
find_box(const struct against *a, const struct rec_folder *f)
{
	struct mail_box *box = plan_box(&a->boxes, f->name);
	size_t i;

	for (i = 0; box == NULL && f->mailboxid != NULL && i < a->boxes.n; i++)
		if (a->boxes.v[i].mailboxid != NULL &&
		    strcmp(a->boxes.v[i].mailboxid, f->mailboxid) == 0)
			box = &a->boxes.v[i];
	return box;
}

/* A folder of the vault: it is to be compared, or it is not on the server. */
static int
choose_one(void *arg, const struct known_folder *k, struct err *e)
{
	struct against *a = arg;
	struct mail_box then = { .name = (char *)k->facts.name,
	    .delimiter = k->facts.delimiter, .space = k->facts.space,
	    .selectable = k->facts.selectable }, *box;
	bool inbox = strcmp(then.name, "INBOX") == 0;

	(void)e;
	if (k->facts.gone || k->epoch == 0 || then.space == MAIL_IMPORTED ||
	    !against_chooses(a, &then))
		return 0;
	box = find_box(a, &k->facts);
	if (box != NULL)
		a->known[box - a->boxes.v] = true;
	if (box == NULL ? !inbox : !box->selectable) {
		against_tell_folder(a, a->listing_trusted ?
		    AGAINST_FOLDER_GONE : AGAINST_FOLDER, then.name, k->live,
		    a->listing_trusted ? "the server has no such folder any "
		    "more; the vault keeps it" :
		    "the server does not list it now");
		return 0;
	}
	a->seen = mem_grow(a->seen, &a->cap, a->n + 1, sizeof(*a->seen));
	a->seen[a->n++] = (struct seen){ .name = xstrdup(then.name),
	    .mailboxid = k->facts.mailboxid == NULL ? NULL :
	    xstrdup(k->facts.mailboxid), .folder = k->facts.folder,
	    .wire = box == NULL ? "INBOX" : box->wire };
	return 0;
}

/* A list that can't be whole makes no folder disappear. */
static void
judge_listing(struct against *a)
{
	char *text;

	a->listing_trusted = a->boxes.unreadable == 0 &&
	    plan_box(&a->boxes, "INBOX") != NULL;
	if (a->boxes.unreadable > 0) {
		text = xasprintf("%" PRIu64 " of the lines of its list of "
		    "folders can't be read: %s", a->boxes.unreadable,
		    a->boxes.first_unreadable);
		against_tell_folder(a, AGAINST_FOLDER, NULL, 0, text);
		free(text);
	} else if (a->boxes.n == 0)
		against_tell_folder(a, AGAINST_FOLDER, NULL, 0,
		    "the server lists no folder");
	else if (!a->listing_trusted)
		against_tell_folder(a, AGAINST_FOLDER, NULL, 0, "the server "
		    "does not list INBOX: other folders may be hidden too");
}

static int
choose(struct against *a, struct err *e)
{
	size_t i;

	judge_listing(a);
	a->known = xcalloc(a->boxes.n + 1, sizeof(*a->known));
	if (catalog_folders(a->catalog, CATALOG_NOW, choose_one, a, e) == -1)
		return -1;
	for (i = 0; i < a->n; i++) {
		if (catalog_epoch(a->catalog, a->seen[i].folder,
		    &a->seen[i].known, e) == -1)
			return -1;
		a->left += a->seen[i].known.live;
	}
	return 0;
}

void
against_drop_looks(struct against *a)
{
	while (a->looks_n > 0)
		look_box_release(&a->looks[--a->looks_n]);
}

/* ---- the whole ---- */

static int
verdict(const struct against *a, struct err *e)
{
	const uint64_t *n = a->report->found;

	if (n[AGAINST_DAMAGED] > 0) {
		err_set(e, EK_CORRUPT, "%" PRIu64 " message%s of the vault "
		    "%s damaged: %s", n[AGAINST_DAMAGED],
		    n[AGAINST_DAMAGED] == 1 ? "" : "s",
		    n[AGAINST_DAMAGED] == 1 ? "is" : "are", a->fault);
		return err_next(e, "run mailkeep verify --read-data, then "
		    "mailkeep repair");
	}
	if (a->later > 0) {
		err_set(e, EK_TEMP, "not all could be compared now: %s",
		    a->fault);
		return err_next(e, "run it again later");
	}
	if (a->fault == NULL)
		return 0;
	err_set(e, EK_PARTIAL, "the server and the vault differ: %s",
	    a->fault);
	if (n[AGAINST_MISSED] > 0)
		return err_next(e, "run mailkeep backup --full: it asks again "
		    "for what is missing");
	if (n[AGAINST_EPOCH] > 0)
		return err_next(e, "run mailkeep backup: it fetches the folder "
		    "anew and keeps what was there before");
	return -1;
}

static int
whole(struct against *a, struct err *e)
{
	struct rec_server server;
	int r;

	if (a->catalog == NULL)
		return err_set(e, EK_FAIL, "without a catalog the vault "
		    "can't be compared with the server");
	if ((r = catalog_server(a->catalog, &server, e)) == -1)
		return -1;
	a->look = look_new(a->opts->account, &a->opts->ask,
	    r == 1 ? server.capability : NULL, &a->opts->listener);
	if (look_list(a->look, &a->boxes, e) == -1 || choose(a, e) == -1)
		return -1;
	if (against_list(a, e) == -1 || against_read(a, e) == -1)
		return -1;
	look_hang_up(a->look);
	return against_judge(a, e) == -1 ? -1 : verdict(a, e);
}

static void
release(struct against *a)
{
	while (a->n > 0) {
		struct seen *s = &a->seen[--a->n];

		uidset_release(&s->sizes);
		uidset_release(&s->sample);
		uidset_release(&s->differ);
		uidset_release(&s->empty);
		free(s->mailboxid);
		free(s->name);
	}
	free(a->seen);
	against_drop_looks(a);
	free(a->looks);
	free(a->known);
	listing_free(&a->listing);
	hasher_free(&a->hasher);
	imap_boxes_release(&a->boxes);
	look_free(&a->look);
	free(a->fault);
}

int
job_against(struct vault *v, const struct job_against_opts *opts,
    struct job_against_report *report, struct err *e)
{
	struct against a = { .v = v, .catalog = vault_catalog(v),
	    .opts = opts, .report = report, .hasher = hasher_new() };
	int rc;

	memset(report, 0, sizeof(*report));
	rc = whole(&a, e);
	if (a.look != NULL)
		report->received = look_received(a.look);
	release(&a);
	return rc;
}
