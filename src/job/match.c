/*
 * match.c - which message of the target is which one of the vault.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/matching.h"

/* ---- keys of header lines ---- */

static uint64_t
key_of(const struct digest *d)
{
	uint64_t key;

	memcpy(&key, d->b, sizeof(key));
	return key == 0 ? 1 : key;
}

uint64_t
match_key(const char *s)
{
	struct digest d;

	if (*s == '\0')
		return 0;
	digest_of(s, strlen(s), &d);
	return key_of(&d);
}

uint64_t
match_scan_key(const struct restore *r, const struct header_scan *s)
{
	struct hasher *h;
	struct digest d;
	size_t i;

	if (r->o->by_message_id)
		return match_key(s->value[HEADER_MESSAGE_ID]);
	h = hasher_new();
	for (i = 0; i < HEADER_FIELDS; i++)
		hasher_add(h, s->value[i], strlen(s->value[i]) + 1);
	hasher_end(h, &d);
	hasher_free(&h);
	return key_of(&d);
}

/* ---- candidates ---- */

/* It may have come in secret. */
static bool
is_secret(const struct want *w)
{
	return w->entry.state == JOURNAL_SENDING ||
	    (w->entry.state == JOURNAL_SENT && w->entry.uid == 0);
}

static void
take(struct there *t, struct want *w, struct seen *seen)
{
	struct item *i = w->item;

	w->done = true;
	seen->taken = true;
	i->uid = seen->uid;
	if (i->state == ITEM_SENDING)
		restore_appended(t->r, i, w->size);
	else if (i->state == ITEM_TODO)
		i->state = ITEM_THERE;
}

static int
by_uid(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

static struct seen *
find_seen(struct spot *s, uint32_t uid)
{
	const struct seen key = { .uid = uid };

	return s->seen_n == 0 ? NULL : bsearch(&key, s->seen, s->seen_n,
	    sizeof(*s->seen), by_uid);
}

void
match_sort(struct spot *s)
{
	size_t i, n = 0;

	if (s->seen_n == 0)
		return;
	qsort(s->seen, s->seen_n, sizeof(*s->seen), by_uid);
	for (i = 0; i < s->seen_n; i++)
		if (n == 0 || s->seen[n - 1].uid != s->seen[i].uid)
			s->seen[n++] = s->seen[i];
	s->seen_n = n;
}

struct trait {
	uint64_t	 size;
	int64_t		 date;
};

static int
by_trait(const void *a, const void *b)
{
	const struct trait *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return x->date < y->date ? -1 : x->date > y->date;
}

static void
mark(struct spot *s, const struct item *i)
{
	struct seen *seen = find_seen(s, i->uid);

	if (seen != NULL)
		seen->taken = true;
}

/* Each message of the target stands for one of the vault at most. */
static void
mark_taken(struct there *t, struct spot *s)
{
	size_t i;

	for (i = s->f->first; i < s->f->first + s->f->n; i++)
		if (t->r->items[i].state == ITEM_THERE)
			mark(s, &t->r->items[i]);
	for (i = 0; i < s->wants_n; i++)
		if (s->wants[i].done)
			mark(s, s->wants[i].item);
}

static int
by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* What the journal says is there under a UID is there, if one can believe it at first sight. */
static void
take_known(struct there *t, struct spot *s)
{
	struct seen *seen;
	size_t i;

	free(s->told);
	s->told = xcalloc(s->wants_n + 1, sizeof(*s->told));
	s->told_n = 0;
	for (i = 0; i < s->wants_n; i++) {
		struct want *w = &s->wants[i];

		if (w->done || w->entry.state != JOURNAL_SENT ||
		    w->entry.uid == 0)
			continue;
		seen = find_seen(s, w->entry.uid);
		if (seen == NULL || seen->taken)
			continue;
		if (seen->size == w->size)
			take(t, w, seen);
		else
			s->told[s->told_n++] = w->entry.uid;
	}
	if (s->told_n > 0)
		qsort(s->told, s->told_n, sizeof(*s->told), by_number);
}

/* From which UID on something may have come that is not accounted for. */
static void
find_since(struct spot *s)
{
	size_t i;

	s->since = 0;
	for (i = 0; i < s->wants_n; i++) {
		const struct want *w = &s->wants[i];
		uint64_t since = w->entry.since > 0 ? w->entry.since : 1;

		if (!w->done && is_secret(w) &&
		    (s->since == 0 || since < s->since))
			s->since = since;
	}
}

static size_t
find_traits(const struct there *t, const struct spot *s, struct trait *out)
{
	size_t i, n = 0;

	if (t->r->o->duplicates)
		return 0;
	for (i = 0; i < s->wants_n; i++)
		if (!s->wants[i].done)
			out[n++] = (struct trait){ s->wants[i].size,
			    s->wants[i].has_date ? s->wants[i].date :
			    INT64_MIN };
	if (n > 0)
		qsort(out, n, sizeof(*out), by_trait);
	return n;
}

/* The journal says that it is one that is wanted. */
static bool
is_told(const struct spot *s, uint32_t uid)
{
	return s->told_n > 0 && bsearch(&uid, s->told, s->told_n,
	    sizeof(*s->told), by_number) != NULL;
}

static bool
is_candidate(const struct there *t, const struct spot *s,
    const struct seen *seen, const struct trait *traits, size_t n)
{
	struct trait key = { seen->size, seen->date };

	if (seen->taken)
		return false;
	if ((s->since > 0 && seen->uid >= s->since) || is_told(s, seen->uid))
		return true;
	if (t->r->o->by_message_id && !t->r->o->duplicates)
		return true;
	if (n == 0)
		return false;
	if (seen->has_date &&
	    bsearch(&key, traits, n, sizeof(*traits), by_trait) != NULL)
		return true;
	/* A message without a date has whatever date the server gave it. */
	key.date = INT64_MIN;
	return bsearch(&key, traits, n, sizeof(*traits), by_trait) != NULL;
}

void
match_ask(struct there *t, struct spot *s, struct uidset *ask)
{
	struct trait *traits = xcalloc(s->wants_n + 1, sizeof(*traits));
	size_t n, i;

	mark_taken(t, s);
	take_known(t, s);
	find_since(s);
	n = find_traits(t, s, traits);
	for (i = 0; i < s->seen_n; i++)
		if (is_candidate(t, s, &s->seen[i], traits, n))
			uidset_add(ask, s->seen[i].uid);
	free(traits);
}

/* ---- by content ---- */

/* A want of that content that is not there yet: of equal ones preferably the one of that date. */
static struct want *
find_want(struct spot *s, const struct digest *sha256,
    const struct seen *seen)
{
	size_t low = 0, high = s->wants_n, mid;
	struct want *found = NULL;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (memcmp(s->wants[mid].sha256.b, sha256->b, DIGEST_SIZE) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < s->wants_n &&
	    digest_equal(&s->wants[low].sha256, sha256); low++) {
		struct want *w = &s->wants[low];

		if (w->done)
			continue;
		if (w->has_date && seen->has_date && w->date == seen->date)
			return w;
		if (found == NULL)
			found = w;
	}
	return found;
}

static struct want *
find_by_key(struct spot *s, uint64_t key)
{
	size_t i;

	for (i = 0; key != 0 && i < s->wants_n; i++)
		if (!s->wants[i].done && s->wants[i].key == key)
			return &s->wants[i];
	return NULL;
}

void
match_got(struct there *t, struct spot *s, uint32_t uid,
    const struct digest *got)
{
	struct seen *seen = find_seen(s, uid);
	struct want *w;

	if (seen == NULL || seen->taken)
		return;
	seen->key = match_scan_key(t->r, &t->scan);
	w = got == NULL ? find_by_key(s, seen->key) : find_want(s, got, seen);
	if (w != NULL)
		take(t, w, seen);
}

/* ---- what the server changed ---- */

static int
feed_scan(void *arg, const void *p, size_t n, struct err *e)
{
	(void)e;
	header_feed(arg, p, n);
	return 0;
}

int
match_vault_key(struct restore *r, const struct digest *sha256,
    uint64_t *key, struct err *e)
{
	struct header_scan scan;
	const struct sink to = { feed_scan, &scan };
	struct err why;

	*key = 0;
	header_start(&scan);
	if (vault_read(r->v, sha256, &to, &why) == -1) {
		if (why.kind == EK_CORRUPT)
			return 0;
		*e = why;
		return -1;
	}
	header_finish(&scan);
	*key = match_scan_key(r, &scan);
	return 0;
}

/*
 * What the journal says is there under a UID, and has another size: changed by the server, or the server told a wrong
 * UID.
 */
static int
take_told(struct there *t, struct spot *s, struct want *w, struct err *e)
{
	struct seen *seen = find_seen(s, w->entry.uid);
	uint64_t key;

	if (seen == NULL || seen->taken)
		return 0;
	if (match_vault_key(t->r, &w->sha256, &key, e) == -1)
		return -1;
	if ((key != 0 && key == seen->key) ||
	    (w->has_date && seen->has_date && w->date == seen->date))
		take(t, w, seen);
	return 0;
}

/*
 * What may have come in secret, among what came since: of several with the same header lines (a copy by a mailing list
 * and a direct one have them, too) first the one of its date.
 */
static int
take_secret(struct there *t, struct spot *s, struct want *w, bool of_date,
    struct err *e)
{
	uint64_t key;
	size_t i;

	if (match_vault_key(t->r, &w->sha256, &key, e) == -1)
		return -1;
	for (i = 0; key != 0 && i < s->seen_n && !w->done; i++)
		if (!s->seen[i].taken && s->seen[i].key == key &&
		    s->seen[i].uid >= w->entry.since && (!of_date ||
		    (w->has_date && s->seen[i].has_date &&
		    w->date == s->seen[i].date))) {
			take(t, w, &s->seen[i]);
			/* It is to be looked at in the end: what the server made of it is told. */
			w->item->state = ITEM_SENT;
		}
	return 0;
}

/* What is known by a UID comes before what is only guessed: else a guess may take its place. */
int
match_changed(struct there *t, struct spot *s, struct err *e)
{
	enum { TOLD, OF_DATE, ANY, PASSES } pass;
	size_t i;
	int rc = 0;

	for (pass = TOLD; pass < PASSES; pass++)
		for (i = 0; rc == 0 && i < s->wants_n; i++) {
			struct want *w = &s->wants[i];

			if (w->done || w->entry.state == JOURNAL_NONE ||
			    is_secret(w) != (pass != TOLD))
				continue;
			rc = pass == TOLD ? take_told(t, s, w, e) :
			    take_secret(t, s, w, pass == OF_DATE, e);
		}
	return rc;
}
