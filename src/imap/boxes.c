/*
 * boxes.c - see boxes.h: one folder for each name, with all that was said of it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "imap/boxes.h"
#include "imap/cursor.h"
#include "imap/lex.h"
#include "mail/flags.h"
#include "mail/name.h"

#define BOXES_MAX	1000000

/*
 * Bytes of all that is kept of a listing as text: a million folders with the usual names, some thousands with the
 * longest.
 */
#define LISTING_MAX	(32 * 1024 * 1024)

void
imap_boxes_release(struct imap_boxes *b)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		mail_box_release(&b->v[i]);
	free(b->v);
	free(b->first_unreadable);
	memset(b, 0, sizeof(*b));
}

static void
unreadable(struct imap_boxes *b, const char *what)
{
	if (b->unreadable++ == 0)
		b->first_unreadable = xstrdup(what);
}

void
boxes_release_rows(struct incoming *in)
{
	while (in->rows_n > 0) {
		free(in->rows[--in->rows_n].wire);
		free(in->rows[in->rows_n].mailboxid);
	}
	free(in->rows);
	*in = (struct incoming){ .boxes = in->boxes };
}

/* ${n} bytes more are kept. */
static int
keep_bytes(struct incoming *in, size_t n, struct err *e)
{
	in->bytes += n;
	if (in->bytes <= LISTING_MAX)
		return 0;
	return err_set(e, EK_PROTO, "the server's list of folders takes more "
	    "than %d MiB", LISTING_MAX / (1024 * 1024));
}

/*
 * The attributes that are facts of the folder: \Subscribed is a field of its own, and \Marked and \Unmarked tell of
 * messages, anew each time.
 */
static char *
lasting_attributes(const char *attributes, bool *subscribed)
{
	struct buf b = BUF_INIT(LEX_LITERAL_MAX);
	const char *p = attributes, *word;
	size_t n;

	*subscribed = false;
	while ((word = flags_next(&p, &n)) != NULL) {
		if (str_same(word, n, "\\Subscribed"))
			*subscribed = true;
		if (str_same(word, n, "\\Subscribed") ||
		    str_same(word, n, "\\Marked") ||
		    str_same(word, n, "\\Unmarked"))
			continue;
		if (b.n > 0)
			buf_addc(&b, ' ');
		buf_add(&b, word, n);
	}
	return buf_take(&b);
}

static bool
has_attribute(const char *attributes, const char *want)
{
	const char *p = attributes, *word;
	size_t n;

	while ((word = flags_next(&p, &n)) != NULL)
		if (str_same(word, n, want))
			return true;
	return false;
}

static int
add_box(struct incoming *in, const struct response *r, struct err *e)
{
	struct imap_boxes *to = in->boxes;
	struct mail_box *box;

	if (r->bad || r->name_nul || strlen(r->name) > NAME_MAX_WIRE) {
		unreadable(to, r->bad ? "(a line that is not LIST's)" :
		    "(a name that can't be a folder's)");
		return 0;
	}
	if (*r->name == '\0')	/* some servers list the root */
		return 0;
	if (to->n == BOXES_MAX)
		return err_set(e, EK_PROTO,
		    "the server lists more than %d folders", BOXES_MAX);
	to->v = mem_grow(to->v, &to->cap, to->n + 1, sizeof(*to->v));
	box = &to->v[to->n++];
	memset(box, 0, sizeof(*box));
	box->wire = xstrdup(r->name);
	box->name = name_from_wire(r->name);
	box->delimiter = r->delimiter;
	box->attributes = lasting_attributes(buf_text(&r->list),
	    &box->subscribed);
	box->selectable = !has_attribute(box->attributes, "\\Noselect") &&
	    !has_attribute(box->attributes, "\\NonExistent");
	return keep_bytes(in, strlen(box->wire) + strlen(box->name) +
	    strlen(box->attributes), e);
}

void
boxes_set_state(struct mail_box *box, const struct mail_state *state,
    const char *mailboxid)
{
	box->state = *state;
	if (mailboxid != NULL) {
		free(box->mailboxid);
		box->mailboxid = xstrdup(mailboxid);
	}
}

static int
add_status(struct incoming *in, const struct response *r, struct err *e)
{
	struct imap_boxes *b = in->boxes;
	struct status_row *row;

	if (r->bad || r->name_nul)
		return 0;
	if (r->mailboxid != NULL &&
	    keep_bytes(in, strlen(r->mailboxid), e) == -1)
		return -1;
	/* LIST-STATUS sends a folder's STATUS right behind its LIST line, as a rule. */
	if (b->n > 0 && strcmp(b->v[b->n - 1].wire, r->name) == 0) {
		boxes_set_state(&b->v[b->n - 1], &r->box, r->mailboxid);
		return 0;
	}
	in->rows = mem_grow(in->rows, &in->rows_cap, in->rows_n + 1,
	    sizeof(*in->rows));
	row = &in->rows[in->rows_n++];
	row->wire = xstrdup(r->name);
	row->state = r->box;
	row->mailboxid = r->mailboxid == NULL ? NULL : xstrdup(r->mailboxid);
	return keep_bytes(in, sizeof(*row) + strlen(row->wire), e);
}

int
boxes_take_list(void *arg, const struct response *r, struct err *e)
{
	switch (r->kind) {
	case RESP_LIST:
		return add_box(arg, r, e);
	case RESP_STATUS:
		return add_status(arg, r, e);
	default:
		return 0;
	}
}

/* ---- one name, one folder ---- */

static int
compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/*
 * By name; of several with the same one the best comes first: one that can be opened, INBOX before Inbox, one whose
 * state was told.
 */
static int
by_name(const void *x, const void *y)
{
	const struct mail_box *a = x, *b = y;
	int r;

	if ((r = strcmp(a->name, b->name)) != 0 ||
	    (r = b->selectable - a->selectable) != 0 ||
	    (r = strcmp(a->wire, b->wire)) != 0 ||
	    (r = compare_numbers(b->state.uidvalidity,
	    a->state.uidvalidity)) != 0 ||
	    (r = compare_numbers(b->state.uidnext, a->state.uidnext)) != 0)
		return r;
	return strcmp(a->attributes, b->attributes);
}

/* A folder of a list in the order of names, by what the server calls it. */
static struct mail_box *
find(const struct imap_boxes *b, const char *wire)
{
	char *name = name_from_wire(wire);
	size_t lo = 0, hi = b->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(b->v[mid].name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == b->n || strcmp(b->v[lo].name, name) != 0)
		lo = SIZE_MAX;
	free(name);
	return lo == SIZE_MAX ? NULL : &b->v[lo];
}

/* What else is told of a folder: where that is another one, the two can't be told apart by name. */
static void
add_state(struct imap_boxes *b, struct mail_box *box,
    const struct mail_state *state, const char *mailboxid)
{
	if (box->state.uidvalidity == 0)
		boxes_set_state(box, state, mailboxid);
	else if (state->uidvalidity != 0 &&
	    state->uidvalidity != box->state.uidvalidity)
		unreadable(b, "(two folders that have one name)");
}

/* Servers list INBOX twice, or once more as Inbox. */
static void
drop_doubles(struct imap_boxes *b)
{
	struct mail_box *kept;
	size_t i, n = 0;

	if (b->n == 0)
		return;
	qsort(b->v, b->n, sizeof(*b->v), by_name);
	for (i = 0; i < b->n; i++) {
		struct mail_box *box = &b->v[i];

		kept = n == 0 ? NULL : &b->v[n - 1];
		if (kept == NULL || strcmp(kept->name, box->name) != 0) {
			b->v[n++] = *box;
			continue;
		}
		kept->subscribed |= box->subscribed;
		add_state(b, kept, &box->state, box->mailboxid);
		mail_box_release(box);
	}
	b->n = n;
}

/* All is there: put it in order, and the states that came apart to their folders. */
void
boxes_put_together(struct incoming *in)
{
	struct mail_box *box;
	size_t i;

	drop_doubles(in->boxes);
	for (i = 0; i < in->rows_n; i++)
		if ((box = find(in->boxes, in->rows[i].wire)) != NULL)
			add_state(in->boxes, box, &in->rows[i].state,
			    in->rows[i].mailboxid);
}

int
boxes_take_lsub(void *arg, const struct response *r, struct err *e)
{
	struct mail_box *box;

	(void)e;
	if (r->kind == RESP_LSUB && !r->bad && !r->name_nul &&
	    (box = find(arg, r->name)) != NULL &&
	    /* Courier lists what is above a subscribed folder, too: as \Noselect, which LIST says that it is not. */
	    !(box->selectable && flags_has(buf_text(&r->list),
	    "\\Noselect")))
		box->subscribed = true;
	return 0;
}
