/*
 * weigh.c - the plan as a whole: of what may go as much as is wanted, and no folder against its guards.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/pruning.h"

/* ---- the goal ---- */

static int
check_quota(const struct prune *p, struct err *e)
{
	const struct prune_goal *g = &p->o->goal;

	if (!p->plan->has_quota || p->plan->quota_limit == 0)
		err_set(e, EK_REFUSED, "the server tells no quota, so nobody "
		    "knows how much is free");
	else if (!g->percent && g->amount > p->plan->quota_limit)
		err_set(e, EK_REFUSED, "so much will never be free: it is "
		    "more than the quota");
	else
		return 0;
	return err_next(e, "choose by --older-than or --larger-than instead "
	    "of --until-free");
}

/* Of those that no guard holds, as many as it takes. */
static void
reach_goal(struct prune *p)
{
	struct prune_weight *w;
	uint64_t lack;
	size_t i, n = 0;

	if (!p->o->goal.set)
		return;
	w = xcalloc(p->n + 1, sizeof(*w));
	for (i = 0; i < p->n; i++)
		if (p->cands[i].state != CAND_HELD) {
			w[n].date = p->cands[i].date;
			w[n++].size = p->cands[i].size;
		}
	lack = policy_prune_lack(&p->o->goal, p->plan->quota_used,
	    p->plan->quota_limit);
	policy_prune_until(w, n, lack, p->o->largest_first);
	for (i = n = 0; i < p->n; i++) {
		struct cand *c = &p->cands[i];

		if (c->state == CAND_HELD)
			continue;
		c->state = w[n++].go ? CAND_TODO : CAND_KEPT;
		if (c->state == CAND_TODO)
			lack -= c->size < lack ? c->size : lack;
	}
	p->plan->lack = lack;
	free(w);
}

/* ---- the guards ---- */

/* What the last backup of the whole account was like; the newest commit comes first. */
struct last_backup {
	struct prune_backup_facts facts;
	uint64_t	 run;
};

static int
look_back(void *arg, const struct known_commit *k, struct err *e)
{
	struct last_backup *l = arg;

	(void)e;
	if (l->run == 0) {
		if (strcmp(k->verb, "backup") != 0)
			return 0;
		l->run = k->run;
		l->facts.any = true;
		l->facts.complete = k->run_ends &&
		    strcmp(k->result, "complete") == 0;
	}
	if (k->run == l->run)
		l->facts.began = k->time;
	return k->commit <= l->run;
}

static int
guard_backup(struct prune *p, struct err *e)
{
	struct last_backup l = { .facts = { .now = vault_now(p->v) } };

	if (catalog_commits(p->catalog, look_back, &l, e) == -1)
		return -1;
	p->plan->guard = policy_guard_backup(&l.facts, p->o->lifted);
	return 0;
}

/* Whether guards hold what would go of it now. */
static bool
guard_folder(struct prune *p, struct prune_box *b)
{
	const struct prune_folder_facts facts = { .exists = b->messages,
	    .go = b->go, .known = b->known.live, .vanished = b->vanished,
	    .now = vault_now(p->v), .epoch_began = b->known.began,
	    .epoch_renewed = b->known.renewed };
	enum policy_guard g;
	size_t i;

	/* Each of them has to be lifted. */
	while ((g = policy_guard_folder(&facts, p->o->lifted | b->guards)) !=
	    GUARD_NONE && (b->guards & 1u << g) == 0)
		b->guards |= 1u << g;
	p->plan->guards |= b->guards;
	if (p->o->survey || b->guards == 0 || b->go == 0)
		return false;
	b->kept[KEEP_FOLDER] = b->go;
	b->held_bytes = b->go_bytes;
	for (i = b->first; i < b->first + b->n; i++)
		p->cands[i].state = CAND_HELD;
	return true;
}

/* ---- the figures ---- */

static void
count_folder(const struct prune *p, struct prune_box *b)
{
	size_t i;

	b->go = b->go_bytes = 0;
	for (i = b->first; i < b->first + b->n; i++)
		if (p->cands[i].state == CAND_TODO) {
			b->go++;
			b->go_bytes += p->cands[i].size;
		}
	b->kept[KEEP_ENOUGH] = b->n - b->go - b->kept[KEEP_FOLDER];
}

/* What would go, folder by folder; where a guard holds some of it, others may have to for the goal. */
static void
settle_plan(struct prune *p)
{
	bool held;
	size_t i;

	do {
		reach_goal(p);
		held = false;
		for (i = 0; i < p->folders_n; i++) {
			count_folder(p, &p->folders[i]);
			held |= guard_folder(p, &p->folders[i]);
			count_folder(p, &p->folders[i]);
		}
	} while (held && p->o->goal.set);
}

static void
count_years(struct prune *p, struct prune_box *b)
{
	size_t i, y = 0;

	for (i = b->first; i < b->first + b->n; i++) {
		const struct cand *c = &p->cands[i];

		if (c->state != CAND_TODO)
			continue;
		for (y = 0; y < b->years_n && b->years[y].year != c->year; y++)
			;
		b->years[y].go++;
		b->years[y].go_bytes += c->size;
	}
}

/*
 * Young messages are held back where somebody asked for such young ones, or the goal is missed without them; else it
 * goes without saying that they stay.
 */
static bool
wants_young(const struct prune *p, const struct prune_box *b)
{
	const struct policy_prune *o = &p->o->policy;
	int64_t before = o->before;

	if (b->role == ROLE_TRASH && o->trash_before != INT64_MAX)
		before = o->trash_before;
	if (b->role == ROLE_JUNK && o->junk_before != INT64_MAX)
		before = o->junk_before;
	return o->listed || p->plan->lack > 0 ||
	    (before != INT64_MAX && before > o->young);
}

static void
count_held(struct prune *p, struct prune_box *b)
{
	p->plan->guarded += b->kept[KEEP_FOLDER];
	if (b->kept[KEEP_YOUNG] > 0 && wants_young(p, b)) {
		p->plan->guarded += b->kept[KEEP_YOUNG];
		b->held_bytes += b->young_bytes;
		p->plan->guards |= 1u << GUARD_YOUNG;
	}
	p->plan->guarded_bytes += b->held_bytes;
}

static void
tell_folder(struct prune *p, const struct prune_box *b)
{
	struct job_prune_folder f = { .name = b->name,
	    .messages = b->messages, .bytes = b->bytes, .go = b->go,
	    .go_bytes = b->go_bytes, .years = b->years,
	    .years_n = b->years_n, .guards = b->guards,
	    .held_bytes = b->held_bytes, .why = b->why,
	    .failed = b->failed };
	struct job_prune_plan *plan = p->plan;
	size_t i;

	memcpy(f.kept, b->kept, sizeof(f.kept));
	plan->folders += b->go > 0;
	plan->messages += b->go;
	plan->bytes += b->go_bytes;
	for (i = 0; i < KEEP_KINDS; i++)
		plan->kept[i] += b->kept[i];
	if (p->o->folder != NULL)
		p->o->folder(p->o->arg, &f);
}

int
weigh(struct prune *p, struct err *e)
{
	size_t i;

	if ((p->o->goal.set && check_quota(p, e) == -1) ||
	    (!p->o->survey && guard_backup(p, e) == -1))
		return -1;
	settle_plan(p);
	for (i = 0; i < p->folders_n; i++) {
		struct prune_box *b = &p->folders[i];

		count_years(p, b);
		count_held(p, b);
		if (b->chosen)
			tell_folder(p, b);
		if (b->chosen && b->failed && !p->o->survey &&
		    prune_found(p, PRUNE_FOLDER, b, NULL, b->why, e) == -1)
			return -1;
	}
	return 0;
}
