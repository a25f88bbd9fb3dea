/*
 * match.c - which message of the target is which one of the vault.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
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
	else if (i->state == ITEM_TODO) {
		i->state = ITEM_THERE;
		i->unchecked = w->entry.unended;
	}
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

static int
by_size(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
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
		/* Nobody looked yet whether the server told the right one; in this run the check will. */
		if (seen->size == w->size &&
		    (t->again || !w->entry.unended))
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

/* The sizes of what is wanted still, in order; their number. */
static size_t
find_sizes(const struct there *t, const struct spot *s, uint64_t *out)
{
	size_t i, n = 0;

	if (t->r->o->duplicates)
		return 0;
	/* What has a Message-ID is known by that alone, where that is to decide. */
	for (i = 0; i < s->wants_n; i++)
		if (!s->wants[i].done && s->wants[i].key == 0)
			out[n++] = s->wants[i].size;
	if (n > 0)
		qsort(out, n, sizeof(*out), by_size);
	return n;
}

/* The journal says that it is one that is wanted. */
static bool
is_told(const struct spot *s, uint32_t uid)
{
	return s->told_n > 0 && bsearch(&uid, s->told, s->told_n,
	    sizeof(*s->told), by_number) != NULL;
}

/* Its date does not matter: mail that somebody moved by hand may have another one. */
static bool
is_candidate(const struct spot *s, const struct seen *seen,
    const uint64_t *sizes, size_t n)
{
	if (seen->taken)
		return false;
	return (s->since > 0 && seen->uid >= s->since) ||
	    is_told(s, seen->uid) || (n > 0 &&
	    bsearch(&seen->size, sizes, n, sizeof(*sizes), by_size) != NULL);
}

void
match_ask(struct there *t, struct spot *s, struct uidset *ask,
    struct uidset *headers)
{
	uint64_t *sizes = xcalloc(s->wants_n + 1, sizeof(*sizes));
	bool by_id = t->r->o->by_message_id && !t->r->o->duplicates &&
	    !t->again;
	size_t n, i;

	mark_taken(t, s);
	take_known(t, s);
	find_since(s);
	n = find_sizes(t, s, sizes);
	for (i = 0; i < s->seen_n; i++)
		if (is_candidate(s, &s->seen[i], sizes, n))
			uidset_add(ask, s->seen[i].uid);
		else if (by_id && !s->seen[i].taken)
			uidset_add(headers, s->seen[i].uid);
	free(sizes);
}

/* ---- by content ---- */

/* A want of that content that is not there yet: of equal ones preferably the one of that date. */
static struct want *
find_want(const struct there *t, struct spot *s, const struct digest *sha256,
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
		/* What prune deleted may have left its twin there. */
		if (t->r->o->choice.pruned != 0 && w->has_date &&
		    seen->has_date && w->date != seen->date)
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
	size_t low = 0, high = s->keyed_n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (s->keyed[mid]->key < key)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < s->keyed_n && s->keyed[low]->key == key; low++)
		if (!s->keyed[low]->done)
			return s->keyed[low];
	return NULL;
}

/* It was there, and not put there by us: that the rest of it is another is worth knowing. */
static int
tell_date(struct there *t, const struct want *w, const struct seen *seen,
    struct err *e)
{
	char is[TEXT_MAX], was[TEXT_MAX], *why;
	int rc;

	if (w->item->state != ITEM_THERE || w->item->unchecked ||
	    !w->has_date || !seen->has_date || w->date == seen->date)
		return 0;
	why = xasprintf("it was there already, of %s, not %s",
	    text_rfc3339(is, seen->date), text_rfc3339(was, w->date));
	rc = restore_found(t->r, RESTORE_DATE, false, w->item, why, e);
	free(why);
	return rc;
}

int
match_got(struct there *t, struct spot *s, uint32_t uid,
    const struct digest *got, struct err *e)
{
	struct seen *seen = find_seen(s, uid);
	struct want *w;

	if (seen == NULL || seen->taken)
		return 0;
	seen->key = match_scan_key(t->r, &t->scan);
	w = got == NULL ? find_by_key(s, seen->key) : find_want(t, s, got, seen);
	if (w == NULL)
		return 0;
	take(t, w, seen);
	return tell_date(t, w, seen, e);
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
		if (why.kind == EK_CORRUPT || why.sys == EIO)
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
		    w->date == s->seen[i].date)))
			take(t, w, &s->seen[i]);
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
