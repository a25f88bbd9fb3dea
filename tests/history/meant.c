/*
 * meant.c - what interrupted runs of prune meant to delete, and whether what went away is put down to them: no message
 * that a run may have deleted is recorded as gone by itself, and none that no run meant to delete as pruned.
 */
#include "judge.h"

static void
drop(struct judge *j, uint64_t epoch, uint64_t run, const struct uidset *uids)
{
	size_t i;

	for (i = 0; i < j->intents_n; i++)
		if (j->intents[i].epoch == epoch &&
		    (run == 0 || j->intents[i].run == run))
			uidset_remove_set(&j->intents[i].uids, uids);
}

void
meant_take(struct judge *j, uint64_t run, const struct rec_prune_intent *r)
{
	struct kept_intent *k;

	drop(j, r->epoch, run, r->uids);
	j->intents = mem_grow(j->intents, &j->intents_cap, j->intents_n + 1,
	    sizeof(*j->intents));
	k = &j->intents[j->intents_n++];
	*k = (struct kept_intent){ r->epoch, run, r->marked, UIDSET_INIT };
	uidset_add_set(&k->uids, r->uids);
}

void
meant_close(struct judge *j, uint64_t epoch, const struct uidset *uids)
{
	drop(j, epoch, 0, uids);
}

uint64_t
meant_run(const struct judge *j, uint64_t epoch, uint32_t uid)
{
	uint64_t own = 0, any = 0;
	size_t i;

	for (i = 0; i < j->intents_n; i++) {
		const struct kept_intent *k = &j->intents[i];

		if (k->epoch != epoch || !uidset_has(&k->uids, uid))
			continue;
		if (k->run > any)
			any = k->run;
		if (!k->marked && k->run > own)
			own = k->run;
	}
	return own != 0 ? own : any;
}

void
meant_gone(struct judge *j, const struct kept_message *m)
{
	if (meant_run(j, m->epoch, m->uid) == 0)
		return;
	j->doubts = mem_grow(j->doubts, &j->doubts_cap, j->doubts_n + 1,
	    sizeof(*j->doubts));
	j->doubts[j->doubts_n++] = (struct doubt){ m->epoch, m->uid };
}

void
meant_came(struct judge *j, uint64_t epoch, uint32_t uid)
{
	size_t i;

	for (i = 0; i < j->doubts_n; i++)
		if (j->doubts[i].epoch == epoch && j->doubts[i].uid == uid)
			j->doubts[i] = j->doubts[--j->doubts_n];
}

void
meant_end(struct judge *j)
{
	while (j->doubts_n > 0) {
		j->doubts_n--;
		complain(j, "epoch %u: UID %u is said to be gone, and a run "
		    "meant to delete it",
		    (unsigned int)j->doubts[j->doubts_n].epoch,
		    j->doubts[j->doubts_n].uid);
	}
}

void
meant_release(struct judge *j)
{
	while (j->intents_n > 0)
		uidset_release(&j->intents[--j->intents_n].uids);
	free(j->intents);
	free(j->doubts);
}

/* ---- the catalog ---- */

struct tally {
	struct judge	*j;
	uint64_t	 n;
};

static int
check_intent(void *arg, const struct known_intent *k, struct err *e)
{
	struct tally *t = arg;
	size_t i;
	uint32_t uid;

	(void)e;
	for (uid = k->uids.first; uid <= k->uids.last; uid++) {
		t->n++;
		for (i = 0; i < t->j->intents_n; i++)
			if (t->j->intents[i].epoch == k->epoch &&
			    t->j->intents[i].run == k->run &&
			    t->j->intents[i].marked == k->marked &&
			    uidset_has(&t->j->intents[i].uids, uid))
				break;
		if (i == t->j->intents_n)
			complain(t->j, "the catalog has an intent of its own: "
			    "epoch %u, UID %u", (unsigned int)k->epoch, uid);
	}
	return 0;
}

void
meant_catalog(struct judge *j, struct vault *v)
{
	struct tally t = { j, 0 };
	struct err e = { .kind = EK_NONE };
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < j->intents_n; i++)
		n += uidset_count(&j->intents[i].uids);
	if (catalog_intents(vault_catalog(v), 0, check_intent, &t, &e) != 0)
		complain(j, "the catalog: %s", e.text);
	if (t.n != n)
		complain(j, "the catalog knows %u open intents, the manifests "
		    "%u", (unsigned int)t.n, (unsigned int)n);
}
