/*
 * list.c - which folders there are, and what STATUS and QUOTA say.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "imap/cursor.h"
#include "imap/session.h"
#include "mail/flags.h"
#include "mail/name.h"

#define BOXES_MAX	1000000

/* A STATUS whose folder was not the one just listed. */
struct status_row {
	char		*wire;		/* own */
	struct mail_state state;
	char		*mailboxid;	/* own, or NULL */
};

struct listing {
	struct imap_boxes *boxes;
	struct status_row *rows;	/* own */
	size_t		 rows_n, rows_cap;
	struct imap_boxes subscribed;	/* LSUB's */
};

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

static int
too_many(struct err *e)
{
	return err_set(e, EK_PROTO, "the server lists more than %d folders",
	    BOXES_MAX);
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
add_box(struct imap_boxes *to, const struct response *r, struct err *e)
{
	struct mail_box *box;

	if (r->bad || r->name_nul || strlen(r->name) > NAME_MAX_WIRE) {
		unreadable(to, r->bad ? "(a line that is not LIST's)" :
		    "(a name that can't be a folder's)");
		return 0;
	}
	if (*r->name == '\0')	/* some servers list the root */
		return 0;
	if (to->n == BOXES_MAX)
		return too_many(e);
	to->v = mem_grow(to->v, &to->cap, to->n + 1, sizeof(*to->v));
	box = &to->v[to->n++];
	memset(box, 0, sizeof(*box));
	box->wire = xstrdup(r->name);
	box->name = name_from_wire(r->name, r->delimiter);
	box->delimiter = r->delimiter;
	box->attributes = lasting_attributes(buf_text(&r->list),
	    &box->subscribed);
	box->selectable = !has_attribute(box->attributes, "\\Noselect") &&
	    !has_attribute(box->attributes, "\\NonExistent");
	return 0;
}

static void
set_state(struct mail_box *box, const struct mail_state *state,
    const char *mailboxid)
{
	box->state = *state;
	if (mailboxid != NULL) {
		free(box->mailboxid);
		box->mailboxid = xstrdup(mailboxid);
	}
}

static int
add_status(struct listing *l, const struct response *r, struct err *e)
{
	struct imap_boxes *b = l->boxes;
	struct status_row *row;

	if (r->bad || r->name_nul)
		return 0;
	/* LIST-STATUS sends a folder's STATUS right behind its LIST line, as a rule. */
	if (b->n > 0 && strcmp(b->v[b->n - 1].wire, r->name) == 0) {
		set_state(&b->v[b->n - 1], &r->box, r->mailboxid);
		return 0;
	}
	if (l->rows_n == BOXES_MAX)
		return too_many(e);
	l->rows = mem_grow(l->rows, &l->rows_cap, l->rows_n + 1,
	    sizeof(*l->rows));
	row = &l->rows[l->rows_n++];
	row->wire = xstrdup(r->name);
	row->state = r->box;
	row->mailboxid = r->mailboxid == NULL ? NULL : xstrdup(r->mailboxid);
	return 0;
}

static int
take_listing(void *arg, const struct response *r, struct err *e)
{
	struct listing *l = arg;

	switch (r->kind) {
	case RESP_LIST:
		return add_box(l->boxes, r, e);
	case RESP_LSUB:
		return add_box(&l->subscribed, r, e);
	case RESP_STATUS:
		return add_status(l, r, e);
	default:
		return 0;
	}
}

static int
by_wire(const void *a, const void *b)
{
	return strcmp(((const struct mail_box *)a)->wire,
	    ((const struct mail_box *)b)->wire);
}

static struct mail_box *
find(const struct imap_boxes *b, const char *wire)
{
	struct mail_box key = { .wire = (char *)(uintptr_t)wire };

	return b->n == 0 ? NULL :
	    bsearch(&key, b->v, b->n, sizeof(*b->v), by_wire);
}

/* Of two spellings of INBOX the one in capitals comes first. */
static int
by_name(const void *a, const void *b)
{
	int r = strcmp(((const struct mail_box *)a)->name,
	    ((const struct mail_box *)b)->name);

	return r != 0 ? r : by_wire(a, b);
}

/* Servers list INBOX twice, or once more as Inbox: one name is one folder. */
static void
drop_doubles(struct imap_boxes *b)
{
	size_t i, n = 0;

	if (b->n == 0)
		return;
	qsort(b->v, b->n, sizeof(*b->v), by_name);
	for (i = 0; i < b->n; i++) {
		if (n > 0 && strcmp(b->v[n - 1].name, b->v[i].name) == 0) {
			mail_box_release(&b->v[i]);
			continue;
		}
		b->v[n++] = b->v[i];
	}
	b->n = n;
}

/* What LSUB and late STATUS lines say of the folders. */
static void
merge(struct listing *l)
{
	struct imap_boxes *b = l->boxes;
	struct mail_box *box;
	size_t i;

	if (b->n > 0)
		qsort(b->v, b->n, sizeof(*b->v), by_wire);
	for (i = 0; i < l->subscribed.n; i++)
		if ((box = find(b, l->subscribed.v[i].wire)) != NULL)
			box->subscribed = true;
	for (i = 0; i < l->rows_n; i++) {
		if ((box = find(b, l->rows[i].wire)) != NULL)
			set_state(box, &l->rows[i].state,
			    l->rows[i].mailboxid);
		free(l->rows[i].wire);
		free(l->rows[i].mailboxid);
	}
	l->rows_n = 0;
	drop_doubles(b);
}

/* The items of STATUS that this server knows. */
static void
status_items(const struct imap *im, bool sizes, struct buf *b)
{
	buf_adds(b, "(MESSAGES UIDNEXT UIDVALIDITY");
	if (imap_can(im, CAP_CONDSTORE))
		buf_adds(b, " HIGHESTMODSEQ");
	if (sizes && imap_can(im, CAP_STATUS_SIZE))
		buf_adds(b, " SIZE");
	if (imap_can(im, CAP_OBJECTID))
		buf_adds(b, " MAILBOXID");
	buf_adds(b, ")");
}

static int
run_text(struct imap *im, const char *text, struct listing *l, struct err *e)
{
	struct command *c;

	if ((c = session_command(im, COMMAND_SYNC, e)) == NULL)
		return -1;
	c->take = take_listing;
	c->arg = l;
	session_put(im, text);
	return session_end(im, e) == -1 ? -1 : session_run(im, c, e);
}

/* LIST with all that the server can add to it.  1 done, 0 it refused or showed nothing, -1. */
static int
list_extended(struct imap *im, bool sizes, struct listing *l, struct err *e)
{
	struct buf b = BUF_INIT(1024);
	int rc;

	if (!imap_can(im, CAP_LIST_EXTENDED))
		return 0;
	buf_adds(&b, "LIST \"\" \"*\" RETURN (SUBSCRIBED");
	if (imap_can(im, CAP_SPECIAL_USE))
		buf_adds(&b, " SPECIAL-USE");
	if (imap_can(im, CAP_LIST_STATUS)) {
		buf_adds(&b, " STATUS ");
		status_items(im, sizes, &b);
	}
	buf_adds(&b, ")");
	rc = run_text(im, buf_text(&b), l, e);
	buf_release(&b);
	if (rc == -1 && e->kind != EK_NO)
		return -1;
	return rc == 0 && l->boxes->n > 0;
}

static int
list_plain(struct imap *im, struct listing *l, struct err *e)
{
	if (run_text(im, "LIST \"\" \"*\"", l, e) == -1)
		return e->kind == EK_NO ?
		    err_add(e, "the server does not list its folders") : -1;
	if (run_text(im, "LSUB \"\" \"*\"", l, e) == -1 && e->kind != EK_NO)
		return -1;
	return 0;
}

/*
 * Whose a folder is: the namespace with the longest prefix that it begins with; ours where two have the same, since
 * what is not ours is left out unless it is asked for.
 */
static enum mail_space
space_of(const struct imap *im, const struct mail_box *box)
{
	enum mail_space space = MAIL_PERSONAL;
	size_t i, n, best = 0, len = strlen(box->wire);
	bool found = false;

	if (strcmp(box->name, "INBOX") == 0)
		return MAIL_PERSONAL;
	for (i = 0; i < im->ns_n; i++) {
		n = strlen(im->ns[i].prefix);
		/* "shared" itself belongs to "shared/". */
		if (n > 0 && len == n - 1)
			n--;
		if ((found && n <= best) ||
		    strncmp(box->wire, im->ns[i].prefix, n) != 0)
			continue;
		found = true;
		best = n;
		space = im->ns[i].space;
	}
	return space;
}

int
imap_list(struct imap *im, bool sizes, struct imap_boxes *out, struct err *e)
{
	struct listing l = { .boxes = out };
	int r, rc = -1;
	size_t i;

	memset(out, 0, sizeof(*out));
	/* With a hint all goes out in one write; without one the capabilities come first. */
	if (im->capability == NULL && session_caps_wait(im, e) == -1)
		return -1;
	/* Some servers open no folder before they were told who asks. */
	if ((imap_can(im, CAP_ID) && session_quiet(im,
	    "ID (\"name\" \"mailkeep\")", NULL, e) == -1) ||
	    (imap_can(im, CAP_NAMESPACE) &&
	    session_quiet(im, "NAMESPACE", NULL, e) == -1))
		goto out;
	if ((r = list_extended(im, sizes, &l, e)) == -1)
		goto out;
	if (r == 0) {
		imap_boxes_release(out);
		if (session_caps_wait(im, e) == -1 ||
		    list_plain(im, &l, e) == -1)
			goto out;
	}
	if (session_caps_wait(im, e) == -1)
		goto out;
	merge(&l);
	rc = 0;
out:
	for (i = 0; i < out->n; i++)
		out->v[i].space = space_of(im, &out->v[i]);
	imap_boxes_release(&l.subscribed);
	while (l.rows_n > 0) {
		free(l.rows[--l.rows_n].wire);
		free(l.rows[l.rows_n].mailboxid);
	}
	free(l.rows);
	if (rc == -1)
		imap_boxes_release(out);
	return rc;
}

/* ---- STATUS ---- */

static int
take_status(void *arg, const struct response *r, struct err *e)
{
	(void)e;
	/*
	 * The answer names the folder; names that are spelled otherwise ("Inbox") still belong to the only question
	 * asked.
	 */
	if (r->kind == RESP_STATUS && !r->bad)
		set_state(arg, &r->box, r->mailboxid);
	return 0;
}

static int
put_status(struct imap *im, struct mail_box *box, const char *items,
    struct err *e)
{
	struct command *c;

	if ((c = session_command(im, COMMAND_SYNC, e)) == NULL)
		return -1;
	c->take = take_status;
	c->arg = box;
	session_put(im, "STATUS ");
	session_put_name(im, box->wire);
	session_put(im, " ");
	session_put(im, items);
	return session_end(im, e);
}

int
imap_status(struct imap *im, struct mail_box *const *boxes, size_t n,
    bool sizes, struct err *e)
{
	struct buf items = BUF_INIT(256);
	struct command *ended;
	size_t sent = 0, answered = 0;
	int rc = -1;

	status_items(im, sizes, &items);
	while (answered < n) {
		while (sent < n && imap_room(im))
			if (put_status(im, boxes[sent++], buf_text(&items),
			    e) == -1)
				goto out;
		if (session_step(im, &ended, e) == -1)
			goto out;
		if (ended != NULL && ended->kind == COMMAND_SYNC)
			answered++;
		command_free(&ended);
	}
	rc = 0;
out:
	buf_release(&items);
	return rc;
}

/* ---- QUOTA ---- */

struct quota {
	uint64_t	used, limit;
	bool		known;
};

static int
take_quota(void *arg, const struct response *r, struct err *e)
{
	struct quota *q = arg;

	(void)e;
	/* Units of 1024 octets (RFC 9208, section 5.1). */
	if (r->kind == RESP_QUOTA && r->has_quota && !q->known)
		q->known =
		    !__builtin_mul_overflow(r->used, 1024, &q->used) &&
		    !__builtin_mul_overflow(r->limit, 1024, &q->limit);
	return 0;
}

int
imap_quota(struct imap *im, uint64_t *used, uint64_t *limit, struct err *e)
{
	struct quota q = { 0, 0, false };
	struct command *c;

	if (!imap_can(im, CAP_QUOTA))
		return 0;
	if ((c = session_command(im, COMMAND_SYNC, e)) == NULL)
		return -1;
	c->take = take_quota;
	c->arg = &q;
	session_put(im, "GETQUOTAROOT INBOX");
	if (session_end(im, e) == -1)
		return -1;
	if (session_run(im, c, e) == -1)
		return e->kind == EK_NO ? 0 : -1;
	if (q.known) {
		*used = q.used;
		*limit = q.limit;
	}
	return q.known;
}
