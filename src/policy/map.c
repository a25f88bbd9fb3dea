/*
 * map.c - which folder of the target each folder of a vault goes to.  Names are
 * given in the order of what has a better claim: the maps, INBOX and roles, names
 * that stay as they are, names that had to be changed.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/near.h"
#include "mail/name.h"
#include "policy/path.h"
#include "policy/policy.h"
#include "policy/remap.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define INBOX		"INBOX"

/* What a folder would be called. */
struct draft {
	struct path_end	 own;		/* by itself */
	struct path_end	 asked;		/* as was asked for */
	const char	*by;		/* by what, or NULL */
};

/* Names in byte order, borrowed. */
struct names {
	const char	**v;		/* own */
	size_t		  n, cap;
};

struct plan {
	struct policy_move *moves;
	size_t		 n;
	const struct policy_target *target;
	struct remap	*maps;		/* own */
	struct draft	*drafts;	/* own */
	struct names	 taken;
	size_t		 skip;		/* bytes of the source's prefix */
};

static size_t
names_at(const struct names *set, const char *name, bool *there)
{
	size_t lo = 0, hi = set->n;

	*there = false;
	while (lo < hi && !*there) {
		size_t mid = lo + (hi - lo) / 2;
		int order = strcmp(set->v[mid], name);

		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
		if (order == 0) {
			*there = true;
			lo = mid;
		}
	}
	return lo;
}

static void
names_put(struct names *set, const char *name)
{
	bool there;
	size_t at = names_at(set, name, &there);

	if (there)
		return;
	set->v = mem_grow(set->v, &set->cap, set->n + 1, sizeof(*set->v));
	memmove(set->v + at + 1, set->v + at,
	    (set->n - at) * sizeof(*set->v));
	set->v[at] = name;
	set->n++;
}

static bool
is_inbox(const struct policy_move *m)
{
	return strcmp(m->name, INBOX) == 0;
}

/* ---- what each would be called ---- */

/* Whether the target has the folder by its whole name, which then has no prefix of a namespace. */
static bool
is_there(const struct policy_target *target, const struct policy_move *m)
{
	struct path p;
	bool there;

	path_init(&p, target);
	path_parts(&p, m->name, 0, m->delimiter);
	there = p.known && path_box(target, buf_text(&p.raw)) != NULL;
	path_release(&p);
	return there;
}

/* What would be INBOX, or below it, without the prefix is so with it. */
static bool
begins_with_inbox(const char *name, char delimiter)
{
	const char *end = strchr(name, delimiter);

	return path_inbox(name, end == NULL ? strlen(name) :
	    (size_t)(end - name));
}

/* Bytes of a prefix that all folders but INBOX have, as on Courier. */
static size_t
source_prefix(const struct policy_move *moves, size_t n,
    const struct policy_target *target)
{
	size_t i, len = strlen(INBOX), found = 0;

	for (i = 0; target->below_inbox && i < n; i++) {
		const char *name = name_shown(moves[i].name);

		if (is_inbox(&moves[i]))
			continue;
		if (moves[i].delimiter == '\0' ||
		    strncmp(name, INBOX, len) != 0 ||
		    name[len] != moves[i].delimiter || name[len + 1] == '\0' ||
		    begins_with_inbox(name + len + 1, moves[i].delimiter) ||
		    is_there(target, &moves[i]))
			return 0;
		found = len + 1;
	}
	return found;
}

static void
own_name(const struct plan *plan, const struct policy_move *m,
    struct path_end *end)
{
	struct path p;

	path_init(&p, plan->target);
	path_parts(&p, m->name, is_inbox(m) ? 0 : plan->skip, m->delimiter);
	path_end(&p, end);
	path_release(&p);
	/* An undecodable name is the same only as it is on the wire. */
	if (name_undecodable(m->name) != NULL &&
	    m->delimiter == plan->target->delimiter &&
	    path_box(plan->target, m->name) != NULL)
		end->as_is = xstrdup(m->name);
}

/* The name that a map gives; false where none does. */
static bool
mapped_name(const struct plan *plan, const struct policy_move *m,
    struct path_end *end)
{
	struct buf parts = BUF_INIT(4 * NAME_MAX_WIRE);
	struct path p;
	size_t i, at, len;

	for (i = 0; i < plan->target->maps_n; i++)
		if (remap_apply(&plan->maps[i], m->name, m->delimiter, &parts))
			break;
	if (i == plan->target->maps_n)
		return false;
	path_init(&p, plan->target);
	for (at = 0; at < parts.n; at += len + 1) {
		len = strlen(parts.p + at);
		path_part(&p, parts.p + at, len);
	}
	path_end(&p, end);
	path_release(&p);
	buf_release(&parts);
	return true;
}

static void
name_below(const struct plan *plan, const struct policy_move *m,
    struct path_end *end)
{
	const char *into = plan->target->into;
	struct path p;
	size_t len;
	bool first = true;

	path_init(&p, plan->target);
	while (*(into += strspn(into, "/")) != '\0') {
		len = strcspn(into, "/");
		path_part(&p, first && path_inbox(into, len) ? INBOX : into,
		    len);
		into += len;
		first = false;
	}
	path_parts(&p, m->name, 0, m->delimiter);
	path_end(&p, end);
	path_release(&p);
}

/* ---- who gets which name ---- */

static void
settle(struct plan *plan, size_t i, const char *name, unsigned int why)
{
	struct policy_move *m = &plan->moves[i];
	const struct draft *d = &plan->drafts[i];
	char *words = path_why(plan->target, why);

	m->to = xstrdup(name);
	m->box = path_box(plan->target, name);
	m->how = words;
	if (d->by == NULL || (words == NULL &&
	    strcmp(name, path_end_name(&d->own)) == 0))
		return;
	m->how = words == NULL ? xstrdup(d->by) :
	    xasprintf("%s; %s", d->by, words);
	free(words);
}

/* What the folder should be called, if nobody else is. */
static const struct path_end *
wish(const struct draft *d)
{
	return d->asked.made != NULL ? &d->asked : &d->own;
}

static bool
is_free(const struct plan *plan, const char *name)
{
	const struct mail_box *box = path_box(plan->target, name);
	bool there;

	names_at(&plan->taken, name, &there);
	return !there && (box == NULL || box->selectable);
}

/* Names that nobody else is in the way of, whoever else has them. */
static void
settle_asked(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->n; i++) {
		struct draft *d = &plan->drafts[i];
		const struct policy_move *m = &plan->moves[i];

		if (mapped_name(plan, m, &d->asked)) {
			d->by = "as --map says";
			settle(plan, i, path_end_name(&d->asked),
			    d->asked.as_is != NULL ? 0 : d->asked.why);
		} else if (plan->target->into != NULL) {
			name_below(plan, m, &d->asked);
			d->by = "as --into says";
		} else if (is_inbox(m))
			settle(plan, i, INBOX, 0);
	}
	names_put(&plan->taken, INBOX);
}

/* The target's only folder for a special use, or NULL. */
static const struct mail_box *
folder_for(const struct policy_target *target, const char *use)
{
	const struct mail_box *found = NULL;
	const char *has;
	size_t i;

	for (i = 0; i < target->n; i++) {
		const struct mail_box *b = &target->boxes[i];

		has = mail_special_use(b->attributes);
		if (has == NULL || strcmp(has, use) != 0 || !b->selectable ||
		    b->space != MAIL_PERSONAL || strcmp(b->name, INBOX) == 0)
			continue;
		if (found != NULL)
			return NULL;
		found = b;
	}
	return found;
}

static bool
is_called(const struct plan *plan, size_t i, const char *name)
{
	return strcmp(path_end_name(&plan->drafts[i].own), name) == 0;
}

static void
settle_role(struct plan *plan, const char *use, const char *words)
{
	const struct mail_box *box = folder_for(plan->target, use);
	const char *has;
	size_t i, best = plan->n;

	if (box == NULL)
		return;
	for (i = plan->n; i-- > 0;) {
		if (plan->moves[i].to != NULL)
			continue;
		has = mail_special_use(plan->moves[i].attributes);
		if (has == NULL || strcmp(has, use) != 0)
			continue;
		if (best == plan->n || !is_called(plan, best, box->name))
			best = i;
	}
	if (best == plan->n)
		return;
	plan->drafts[best].by = words;
	settle(plan, best, box->name, 0);
	names_put(&plan->taken, plan->moves[best].to);
}

static void
settle_roles(struct plan *plan)
{
	static const char *const roles[][2] = {
		{ "\\Trash", "it is for \\Trash" },
		{ "\\Junk", "it is for \\Junk" },
		{ "\\Drafts", "it is for \\Drafts" },
		{ "\\Sent", "it is for \\Sent" },
		{ "\\Archive", "it is for \\Archive" },
	};
	size_t i;

	if (plan->target->into != NULL || plan->target->no_roles)
		return;
	for (i = 0; i < LENGTH(roles); i++)
		settle_role(plan, roles[i][0], roles[i][1]);
}

/* Names that stay as they are come before those that had to be changed, ... */
static void
settle_unchanged(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->n; i++) {
		const char *name = wish(&plan->drafts[i])->as_is;

		if (plan->moves[i].to != NULL || name == NULL ||
		    !is_free(plan, name))
			continue;
		settle(plan, i, name, 0);
		names_put(&plan->taken, plan->moves[i].to);
	}
}

/* ... which keep clear of all others, also of those that a map gave. */
static void
settle_rest(struct plan *plan)
{
	size_t i, k;

	for (i = 0; i < plan->n; i++)
		if (plan->moves[i].to != NULL)
			names_put(&plan->taken, plan->moves[i].to);
	for (i = 0; i < plan->n; i++) {
		const struct path_end *end = wish(&plan->drafts[i]);
		char *name;

		if (plan->moves[i].to != NULL)
			continue;
		name = xstrdup(end->made);
		for (k = 2; !is_free(plan, name); k++) {
			free(name);
			name = path_again(plan->target, end->made, k);
		}
		settle(plan, i, name, end->why | (k > 2 ? PATH_TAKEN : 0));
		names_put(&plan->taken, plan->moves[i].to);
		free(name);
	}
}

/* ---- the whole ---- */

static int
read_maps(struct plan *plan, struct err *e)
{
	const struct policy_target *target = plan->target;
	size_t i;

	plan->maps = xcalloc(target->maps_n + 1, sizeof(*plan->maps));
	for (i = 0; i < target->maps_n; i++)
		if (remap_parse(target->maps[i], &plan->maps[i], e) == -1)
			return -1;
	if (target->into != NULL &&
	    strspn(target->into, "/") == strlen(target->into))
		return err_set(e, EK_USAGE,
		    "'%s' is not the name of a folder", target->into);
	return 0;
}

static void
plan_release(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->target->maps_n; i++)
		remap_release(&plan->maps[i]);
	for (i = 0; i < plan->n; i++) {
		path_end_release(&plan->drafts[i].own);
		path_end_release(&plan->drafts[i].asked);
	}
	free(plan->maps);
	free(plan->drafts);
	free(plan->taken.v);
}

int
policy_map(struct policy_move *moves, size_t n,
    const struct policy_target *target, struct err *e)
{
	struct plan plan = { .moves = moves, .n = n, .target = target };
	size_t i;
	int rc = -1;

	for (i = 0; i < n; i++) {
		moves[i].to = moves[i].how = NULL;
		moves[i].box = NULL;
	}
	plan.drafts = xcalloc(n + 1, sizeof(*plan.drafts));
	if (read_maps(&plan, e) == -1)
		goto out;
	plan.skip = source_prefix(moves, n, target);
	for (i = 0; i < n; i++)
		own_name(&plan, &moves[i], &plan.drafts[i].own);
	settle_asked(&plan);
	settle_roles(&plan);
	settle_unchanged(&plan);
	settle_rest(&plan);
	rc = 0;
out:
	plan_release(&plan);
	return rc;
}

static int
check_map(const char *text, const struct policy_move *moves, size_t n,
    struct err *e)
{
	struct buf parts = BUF_INIT(4 * NAME_MAX_WIRE);
	struct remap r;
	struct near near;
	bool matched = false;
	size_t i;
	int rc = -1;

	if (remap_parse(text, &r, e) == -1)
		goto out;
	near_begin(&near, r.old, strlen(r.old));
	for (i = 0; i < n && !matched; i++) {
		buf_clear(&parts);
		matched = remap_apply(&r, moves[i].name, moves[i].delimiter,
		    &parts);
		near_try(&near, name_shown(moves[i].name));
	}
	if (matched) {
		rc = 0;
		goto out;
	}
	err_set(e, EK_USAGE, "--map: the vault has no folder '%s'", r.old);
	if (near.best != NULL)
		err_next(e, "did you mean '%s'?", near.best);
	else
		err_next(e, "before the '=' stands a folder of the vault, as "
		    "mailkeep folders lists them; * stands for any text");
out:
	remap_release(&r);
	buf_release(&parts);
	return rc;
}

int
policy_map_check(const char *const *maps, size_t maps_n,
    const struct policy_move *moves, size_t n, struct err *e)
{
	size_t i;

	for (i = 0; i < maps_n; i++)
		if (check_map(maps[i], moves, n, e) == -1)
			return -1;
	return 0;
}

void
policy_map_release(struct policy_move *moves, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		free(moves[i].to);
		free(moves[i].how);
		moves[i].to = moves[i].how = NULL;
		moves[i].box = NULL;
	}
}
