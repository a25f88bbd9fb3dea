/*
 * intents.c - see intents.h.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "job/intents.h"

static int
take(void *arg, const struct known_intent *k, struct err *e)
{
	struct open_intents *in = arg;

	(void)e;
	in->v = mem_grow(in->v, &in->cap, in->n + 1, sizeof(*in->v));
	in->v[in->n++] = *k;
	uidset_add_range(&in->all, k->uids.first, k->uids.last);
	if (!k->marked && !k->move)
		uidset_add_range(&in->ours, k->uids.first, k->uids.last);
	return 0;
}

int
intents_load(struct catalog *c, uint64_t epoch, struct open_intents *in,
    struct err *e)
{
	in->n = 0;
	uidset_clear(&in->all);
	uidset_clear(&in->ours);
	return catalog_intents(c, epoch, take, in, e);
}

void
intents_release(struct open_intents *in)
{
	free(in->v);
	uidset_release(&in->all);
	uidset_release(&in->ours);
	*in = (struct open_intents){ .n = 0 };
}

/* Of ${left} what one run meant to delete is recorded as deleted by it, and taken out. */
static int
put(struct vault_txn *t, const struct uidset *of_run,
    const struct rec_pruned *what, struct uidset *left, struct err *e)
{
	struct uidset some = UIDSET_INIT;
	struct record rec = { .kind = REC_PRUNED, .u.pruned = *what };
	int rc = 0;

	uidset_intersect(left, of_run, &some);
	rec.u.pruned.uids = &some;
	if (!uidset_empty(&some))
		rc = vault_put(t, &rec, e);
	uidset_remove_set(left, &some);
	uidset_release(&some);
	return rc;
}

/* From the newest run to the oldest; ${marked}: also of UIDs that it found marked. */
static int
put_runs(struct vault_txn *t, const struct open_intents *in, bool marked,
    struct rec_pruned what, struct uidset *left, struct err *e)
{
	struct uidset of_run = UIDSET_INIT;
	size_t i = in->n;
	int rc = 0;

	while (rc == 0 && i > 0 && !uidset_empty(left)) {
		what.run = in->v[i - 1].run;
		uidset_clear(&of_run);
		for (; i > 0 && in->v[i - 1].run == what.run; i--)
			if (marked || !in->v[i - 1].marked)
				uidset_add_range(&of_run,
				    in->v[i - 1].uids.first,
				    in->v[i - 1].uids.last);
		rc = put(t, &of_run, &what, left, e);
	}
	uidset_release(&of_run);
	return rc;
}

int
intents_pruned(struct vault_txn *t, const struct open_intents *in,
    uint64_t folder, uint64_t epoch, const struct uidset *gone, struct err *e)
{
	const struct rec_pruned what = { .folder = folder, .epoch = epoch };
	struct uidset left = UIDSET_INIT;
	int rc;

	uidset_add_set(&left, gone);
	/* Who set the mark, or moved it, is more likely than who only found one. */
	rc = put_runs(t, in, false, what, &left, e);
	if (rc == 0)
		rc = put_runs(t, in, true, what, &left, e);
	uidset_release(&left);
	return rc;
}
