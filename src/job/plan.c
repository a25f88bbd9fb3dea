/*
 * plan.c - which folders there are, which of them are backed up, and what to do about each.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "job/backup.h"
#include "mail/name.h"

/* ---- choosing ---- */

static bool
is_chosen(const struct backup *b, const struct mail_box *box, const char **why)
{
	const struct account *a = b->opts->account;

	return policy_select((const char *const *)a->folders.v, a->folders.n,
	    a->shared, box, why);
}

static int
by_rank(const void *x, const void *y)
{
	const struct folder *a = x, *b = y;

	return a->rank != b->rank ? a->rank - b->rank :
	    strcmp(a->box->name, b->box->name);
}

static void
choose(struct backup *b)
{
	const char *why;
	size_t i;

	b->folders = xcalloc(b->boxes.n, sizeof(*b->folders));
	b->all_chosen = true;
	for (i = 0; i < b->boxes.n; i++) {
		struct mail_box *box = &b->boxes.v[i];

		if (is_chosen(b, box, &why)) {
			b->folders[b->folders_n++] = (struct folder){
			    .box = box, .rank = policy_rank(box, b->gmail) };
			continue;
		}
		if (!box->selectable)
			continue;
		if (box->space == MAIL_PERSONAL)
			b->all_chosen = false;
		log_info("%s: not backed up: %s%s", name_shown(box->name),
		    *why == '!' ? "excluded by " : "", why);
	}
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

/* A pattern for the folders below one that was asked for, to be freed; or NULL. */
static char *
below_asked(const struct backup *b)
{
	const struct words *asked = &b->opts->account->folders;
	char *below;
	size_t i, k;

	for (i = 0; i < asked->n; i++)
		for (k = 0; k < b->boxes.n; k++) {
			const struct mail_box *box = &b->boxes.v[k];

			if (asked->v[i][0] == '!' || box->delimiter == '\0')
				continue;
			below = xasprintf("%s%c*", asked->v[i], box->delimiter);
			if (name_match(below, box->name, box->delimiter))
				return below;
			free(below);
		}
	return NULL;
}

/* Patterns that choose nothing are a mistake, unless there is nothing to choose from. */
static void
check_chosen(struct backup *b)
{
	char *below, *why;

	if (b->folders_n > 0 || b->boxes.n == 0 || b->problems > 0)
		return;
	below = below_asked(b);
	why = xasprintf("none of them is to be backed up: %s%s%s",
	    below == NULL ? "nothing was looked at" :
	    "folders below are chosen by '", below == NULL ? "" : below,
	    below == NULL ? "" : "'");
	backup_problem(b, NULL, NULL, why);
	free(why);
	free(below);
}

/* ---- the listing ---- */

/* Where in the listing a name stands, or would. */
static size_t
box_index(const struct imap_boxes *boxes, const char *name)
{
	size_t lo = 0, hi = boxes->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(boxes->v[mid].name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct mail_box *
plan_box(const struct imap_boxes *boxes, const char *name)
{
	size_t i = box_index(boxes, name);

	return i < boxes->n && strcmp(boxes->v[i].name, name) == 0 ?
	    &boxes->v[i] : NULL;
}

/* INBOX can be opened though it is not listed (RFC 3501, section 5.1); what it was like is not told anew. */
static void
add_inbox(struct imap_boxes *boxes, const struct rec_folder *known)
{
	size_t i = box_index(boxes, "INBOX");
	struct mail_box *box;

	boxes->v = mem_grow(boxes->v, &boxes->cap, boxes->n + 1,
	    sizeof(*boxes->v));
	box = &boxes->v[i];
	memmove(box + 1, box, (boxes->n++ - i) * sizeof(*box));
	*box = (struct mail_box){ .wire = xstrdup("INBOX"),
	    .name = xstrdup("INBOX"), .attributes =
	    xstrdup(known == NULL ? "" : known->attributes),
	    .selectable = true };
	if (known != NULL) {
		box->delimiter = known->delimiter;
		box->subscribed = known->subscribed;
	}
}

/* A listing without INBOX was cut short: INBOX is looked at nevertheless, and who knows what else is there. */
static int
check_inbox(struct backup *b, struct err *e)
{
	struct known_folder k;
	const char *why;
	int r;

	if (plan_box(&b->boxes, "INBOX") != NULL)
		return 0;
	b->listing_trusted = false;
	if (b->boxes.n == 0) {
		backup_problem(b, NULL, NULL, "the server lists no folder");
		return 0;
	}
	if ((r = catalog_folder(b->catalog, "INBOX", &k, e)) == -1)
		return -1;
	add_inbox(&b->boxes, r == 1 ? &k.facts : NULL);
	if (is_chosen(b, plan_box(&b->boxes, "INBOX"), &why))
		backup_problem(b, NULL, NULL, "the server does not list INBOX: "
		    "other folders may be hidden too, none counts as gone");
	return 0;
}

/* What can't be right is named, and makes no folder disappear. */
static int
judge_listing(struct backup *b, struct err *e)
{
	char *text;

	b->listing_trusted = b->boxes.unreadable == 0;
	if (b->boxes.unreadable > 0) {
		text = xasprintf("%" PRIu64 " of its lines can't be read, "
		    "folders may be hidden: %s", b->boxes.unreadable,
		    b->boxes.first_unreadable);
		backup_problem(b, NULL, NULL, text);
		free(text);
	}
	return check_inbox(b, e);
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
			ask[n++] = b->folders[i].box;
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
	if (judge_listing(b, e) == -1)
		return -1;
	choose(b);
	check_names(b);
	check_chosen(b);
	if (ask_status(b, e) == -1 || place_all(b, e) == -1)
		return -1;
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
	struct known_epoch known;
	struct policy_visit plan;

	if (visit_plan(b, f, &known, &plan, e) == -1)
		return -1;
	ev.reason = plan.why;
	ev.skip = plan.skip;
	if (!plan.new_epoch && st->exists > known.live)
		ev.messages = st->exists - known.live;
	else if (plan.new_epoch)
		ev.messages = st->exists;
	b->total += ev.messages;
	backup_event(b, &ev);
	b->report->counts.folders++;
	if (plan.skip) {
		f->done = true;
		b->report->skipped++;
		b->report->counts.listed += st->exists;
	}
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
