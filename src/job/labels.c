/*
 * labels.c - restoring to Gmail, where a message is kept once and folders are labels of it.
 *
 * Of all chosen messages with one content one is appended, into a folder that is a label as far as there is one; the
 * folders of the others, and the labels that a backup of Gmail knows, are added by STORE (X-GM-LABELS).  Adding a label
 * that is there changes nothing, so it is done for what was there already, too: that is what puts it into a folder.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/restoring.h"
#include "mail/flags.h"
#include "mail/name.h"

#define LABELS_MAX	(64 * 1024)	/* bytes of one message's */

/* ---- one of each content ---- */

struct content {
	struct digest	 sha256;
	uint32_t	 item;
	uint8_t		 rank;		/* the first is the one to append */
};

/* Mail in Trash or Junk has no labels: such a folder is the last choice, the one for everything the one before. */
static uint8_t
rank_of(const struct restore *r, const struct item *i)
{
	const struct folder_from *from = &r->sources[i->source];
	const struct folder_to *f = &r->folders[from->to];
	const char *use = f->gmail_use;

	if (from->is_all || (use != NULL && strcmp(use, "\\All") == 0))
		return 1;
	if (use != NULL && (strcmp(use, "\\Trash") == 0 ||
	    strcmp(use, "\\Junk") == 0))
		return 2;
	return 0;
}

static int
by_content(const void *a, const void *b)
{
	const struct content *x = a, *y = b;
	int c = memcmp(x->sha256.b, y->sha256.b, DIGEST_SIZE);

	if (c != 0)
		return c;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->item < y->item ? -1 : x->item > y->item;
}

static void
find_uses(struct restore *r)
{
	size_t i, j;

	for (i = 0; i < r->folders_n; i++)
		for (j = 0; j < r->boxes.n; j++)
			if (strcmp(r->boxes.v[j].name,
			    r->folders[i].name) == 0)
				r->folders[i].gmail_use = mail_special_use(
				    r->boxes.v[j].attributes);
}

int
labels_group(struct restore *r, struct err *e)
{
	struct content *v = xcalloc(r->n + 1, sizeof(*v));
	struct known_message m;
	size_t i, first = 0;
	int rc = 0;

	find_uses(r);
	for (i = 0; rc == 0 && i < r->n; i++) {
		rc = picks_get(&r->picks, r->items[i].at, &m, e);
		v[i] = (struct content){ m.sha256, (uint32_t)i,
		    rank_of(r, &r->items[i]) };
	}
	if (rc == 0 && r->n > 0)
		qsort(v, r->n, sizeof(*v), by_content);
	for (i = 1; rc == 0 && i < r->n; i++) {
		if (!digest_equal(&v[i].sha256, &v[first].sha256)) {
			first = i;
			continue;
		}
		/* The sort by folders that follows moves items: their notes stay where they are. */
		r->items[v[i].item].state = ITEM_LABEL;
		r->items[v[i].item].label_of = r->items[v[first].item].at;
	}
	free(v);
	return rc;
}

/* ---- where the one that was to be appended could not be ---- */

static int
by_note(const void *a, const void *b)
{
	const struct item *x = *(struct item *const *)a;
	const struct item *y = *(struct item *const *)b;
	uint64_t of_x = x->state == ITEM_LABEL ? x->label_of : x->at;
	uint64_t of_y = y->state == ITEM_LABEL ? y->label_of : y->at;

	if (of_x != of_y)
		return of_x < of_y ? -1 : 1;
	/* The one itself comes before those that are labels of it. */
	if ((x->state == ITEM_LABEL) != (y->state == ITEM_LABEL))
		return x->state == ITEM_LABEL ? 1 : -1;
	return x < y ? -1 : x > y;
}

/* Of ${n} items, one and its labels: another one takes its place. */
static bool
promote(struct restore *r, struct item **v, size_t n)
{
	size_t i, k;

	if (v[0]->state == ITEM_LABEL || !restore_folder(r, v[0])->failed ||
	    (v[0]->state != ITEM_LEFT && v[0]->state != ITEM_REFUSED))
		return false;
	for (i = 1; i < n && restore_folder(r, v[i])->failed; i++)
		;
	if (i == n)
		return false;
	v[i]->state = ITEM_TODO;
	for (k = 1; k < n; k++)
		if (k != i)
			v[k]->label_of = v[i]->at;
	return true;
}

bool
labels_promote(struct restore *r)
{
	struct item **v = xcalloc(r->n + 1, sizeof(struct item *));
	bool some = false;
	size_t i, from = 0;

	for (i = 0; i < r->n; i++)
		v[i] = &r->items[i];
	if (r->n > 0)
		qsort(v, r->n, sizeof(struct item *), by_note);
	for (i = 1; i <= r->n; i++)
		if (i == r->n || v[i]->state != ITEM_LABEL) {
			some = promote(r, v + from, i - from) || some;
			from = i;
		}
	free(v);
	return some;
}

/* ---- what each one is called ---- */

struct labelled {
	uint64_t	 of;		/* the note of the item that was appended, */
	const struct item *item;	/* ... and whose folder is a label of it */
};

static int
by_of(const void *a, const void *b)
{
	const struct labelled *x = a, *y = b;

	return (x->of > y->of) - (x->of < y->of);
}

/* All items that are labels, by what they are labels of. */
static struct labelled *
list_labels(const struct restore *r, size_t *n)
{
	struct labelled *v = xcalloc(r->n + 1, sizeof(*v));
	size_t i;

	*n = 0;
	for (i = 0; i < r->n; i++)
		if (r->items[i].state == ITEM_LABEL)
			v[(*n)++] = (struct labelled){ r->items[i].label_of,
			    &r->items[i] };
	if (*n > 0)
		qsort(v, *n, sizeof(*v), by_of);
	return v;
}

/* The label that is a folder; NULL: it is none. */
static const char *
label_of_folder(const struct folder_to *f)
{
	static const struct { const char *use, *label; } t[] = {
		{ "\\Sent", "\\Sent" }, { "\\Drafts", "\\Draft" },
		{ "\\Flagged", "\\Starred" },
		{ "\\Important", "\\Important" },
	};
	size_t i;

	if (strcmp(f->name, "INBOX") == 0)
		return "\\Inbox";
	if (f->gmail_use == NULL)
		return f->wire;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (strcmp(t[i].use, f->gmail_use) == 0)
			return t[i].label;
	/* \All is no label, and what is in \Trash or \Junk is nowhere else. */
	return NULL;
}

static void
add_label(struct buf *b, const char *label)
{
	if (label != NULL)
		labels_add(b, label, strlen(label));
}

/* Labels that a backup of Gmail knows, one to a line. */
static void
add_known(struct buf *b, const char *labels)
{
	size_t n;

	for (; labels != NULL && *labels != '\0';
	    labels += n + (labels[n] != '\0')) {
		n = strcspn(labels, "\n");
		labels_add(b, labels, n);
	}
}

static bool
is_there(const struct item *i)
{
	return (i->state == ITEM_SENT || i->state == ITEM_THERE) &&
	    i->uid != 0;
}

/* What is to be added to one message: ${b} stays empty where nothing is. */
static int
gather(struct restore *r, const struct item *i, const struct labelled *v,
    size_t n, struct buf *b, struct err *e)
{
	const struct labelled key = { .of = i->at };
	const struct labelled *at;
	struct known_message m;

	buf_clear(b);
	if (picks_get(&r->picks, i->at, &m, e) == -1)
		return -1;
	add_known(b, m.labels);
	at = n == 0 ? NULL : bsearch(&key, v, n, sizeof(*v), by_of);
	while (at != NULL && at > v && at[-1].of == i->at)
		at--;
	for (; at != NULL && at < v + n && at->of == i->at; at++) {
		add_label(b, label_of_folder(restore_folder(r, at->item)));
		if (picks_get(&r->picks, at->item->at, &m, e) == -1)
			return -1;
		add_known(b, m.labels);
	}
	return 0;
}

/* ---- adding them ---- */

/* Messages of a folder that get the same labels. */
struct batch {
	char		*labels;	/* own */
	struct uidset	 uids;		/* own */
};

struct batches {
	struct batch	*v;		/* own */
	size_t		 n, cap;
};

static void
add_to_batch(struct batches *s, const char *labels, uint32_t uid)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->v[i].labels, labels) == 0)
			break;
	if (i == s->n) {
		s->v = mem_grow(s->v, &s->cap, s->n + 1, sizeof(*s->v));
		s->v[s->n++] = (struct batch){ xstrdup(labels),
		    UIDSET_INIT };
	}
	uidset_add(&s->v[i].uids, uid);
}

static void
release(struct batches *s)
{
	while (s->n > 0) {
		free(s->v[--s->n].labels);
		uidset_release(&s->v[s->n].uids);
	}
	free(s->v);
}

static int
fill(struct restore *r, const struct folder_to *f, const struct labelled *v,
    size_t n, struct batches *out, struct err *e)
{
	struct buf b = BUF_INIT(LABELS_MAX);
	size_t i;
	int rc = 0;

	for (i = f->first; rc == 0 && i < f->first + f->n; i++) {
		if (!is_there(&r->items[i]))
			continue;
		rc = gather(r, &r->items[i], v, n, &b, e);
		if (rc == 0 && b.n > 0)
			add_to_batch(out, buf_text(&b), r->items[i].uid);
	}
	buf_release(&b);
	return rc;
}

/* What the server said of a STORE. */
static int
take_answers(struct restore *r, struct folder_to *f, struct imap *im,
    struct err *e)
{
	struct imap_event ev;
	char *why;
	int rc;

	while ((rc = imap_next(im, &ev, e)) == 1) {
		if (ev.kind != IMAP_DONE || ev.ok)
			continue;
		why = xasprintf("some messages lack labels: %s", ev.text);
		restore_found_folder(r, f, why);
		free(why);
	}
	return rc;
}

static int
store(struct restore *r, struct folder_to *f, struct imap *im,
    const struct batch *batch, struct err *e)
{
	struct buf what = BUF_INIT(2 * LABELS_MAX);
	struct uidset some = UIDSET_INIT;
	size_t i, k;
	int rc = 0;

	buf_adds(&what, "+X-GM-LABELS.SILENT ");
	imap_put_labels(&what, batch->labels);
	for (i = 0; rc == 0 && i < batch->uids.n; i += k) {
		uidset_clear(&some);
		for (k = 0; k < IMAP_FETCH_RANGES && i + k < batch->uids.n;
		    k++)
			uidset_add_range(&some, batch->uids.r[i + k].first,
			    batch->uids.r[i + k].last);
		if ((rc = imap_store(im, &some, buf_text(&what), NULL, e)) ==
		    0)
			rc = take_answers(r, f, im, e);
	}
	uidset_release(&some);
	buf_release(&what);
	return rc;
}

/* By UIDs of the folder as it was when it had that UIDVALIDITY: in another one they are other people's messages. */
static int
put_once(struct restore *r, struct folder_to *f, uint64_t uidvalidity,
    const struct batches *s, struct err *e)
{
	struct imap *im;
	size_t i;
	int rc;

	if ((rc = prepare_open(r, f, e)) != 1)
		return rc;
	if (f->uidvalidity != uidvalidity) {
		restore_found_folder(r, f, "its UIDVALIDITY changed: labels "
		    "were not set; run it again");
		return 0;
	}
	if (look_session(r->look, &im, e) == -1)
		return -1;
	for (i = 0; i < s->n; i++)
		if (store(r, f, im, &s->v[i], e) == -1)
			return -1;
	return 0;
}

int
labels_put(struct restore *r, struct err *e)
{
	struct labelled *v;
	size_t i, n;
	int rc = 0;

	v = list_labels(r, &n);
	for (i = 0; rc == 0 && i < r->folders_n; i++) {
		struct batches s = { NULL, 0, 0 };
		uint64_t uidvalidity = r->folders[i].uidvalidity;

		rc = fill(r, &r->folders[i], v, n, &s, e);
		if (rc == 0 && s.n > 0)
			while ((rc = put_once(r, &r->folders[i], uidvalidity,
			    &s, e)) == -1 && restore_again(r, e) == 0)
				;
		release(&s);
	}
	free(v);
	return rc;
}

bool
labels_left(const struct restore *r)
{
	/* Those that a backup knows stand in the notes alone. */
	return r->n > 0;
}
