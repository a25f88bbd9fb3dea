/*
 * list.c - asking which folders there are, and what STATUS and QUOTA say.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "imap/boxes.h"
#include "imap/session.h"
#include "mail/name.h"

/*
 * Cyrus 3.6.1 answers MAILBOXID in a LIST with memory that is not its own any more; STATUS and EXAMINE are right.  It
 * is known by a capability that nobody else has.
 */
static bool
lists_false_ids(const struct imap *im)
{
	return strcasestr(imap_capability(im), " NO_ATOMIC_RENAME") != NULL;
}

/* The items of STATUS that this server knows; ${listed}: as a part of LIST. */
static void
status_items(const struct imap *im, bool sizes, bool listed, struct buf *b)
{
	buf_adds(b, "(MESSAGES UIDNEXT UIDVALIDITY");
	if (imap_can(im, CAP_CONDSTORE))
		buf_adds(b, " HIGHESTMODSEQ");
	if (sizes && imap_can(im, CAP_STATUS_SIZE))
		buf_adds(b, " SIZE");
	if (imap_can(im, CAP_OBJECTID) && !(listed && lists_false_ids(im)))
		buf_adds(b, " MAILBOXID");
	buf_adds(b, ")");
}

/* Ask, and give what is answered to ${take}. */
static int
ask(struct imap *im, const char *text,
    int (*take)(void *, const struct response *, struct err *), void *arg,
    struct err *e)
{
	struct command *c;

	if ((c = session_command(im, COMMAND_SYNC, e)) == NULL)
		return -1;
	c->take = take;
	c->arg = arg;
	session_put(im, text);
	return session_end(im, e) == -1 ? -1 : session_run(im, c, e);
}

/* LIST with all that the server can add to it.  1 done, 0 it refused or showed nothing, -1. */
static int
list_extended(struct imap *im, bool sizes, struct incoming *in,
    struct err *e)
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
		status_items(im, sizes, true, &b);
	}
	buf_adds(&b, ")");
	rc = ask(im, buf_text(&b), boxes_take_list, in, e);
	buf_release(&b);
	if (rc == -1 && e->kind != EK_NO)
		return -1;
	if (rc == 0 && in->boxes->n > 0) {
		boxes_put_together(in);
		return 1;
	}
	imap_boxes_release(in->boxes);
	boxes_release_rows(in);
	return 0;
}

static int
list_plain(struct imap *im, struct incoming *in, struct err *e)
{
	uint64_t backoff;

	if (session_caps_wait(im, e) == -1)
		return -1;
	if (ask(im, "LIST \"\" \"*\"", boxes_take_list, in, e) == -1) {
		if (e->kind != EK_NO)
			return -1;
		err_add(e, "the server does not list its folders");
		if (response_refusal(&im->resp, &backoff) != REFUSED_LATER)
			return -1;
		e->kind = EK_TEMP;
		return err_next(e, "run it again later");
	}
	boxes_put_together(in);
	if (ask(im, "LSUB \"\" \"*\"", boxes_take_lsub, in->boxes, e) == -1 &&
	    e->kind != EK_NO)
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
	struct incoming in = { .boxes = out };
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
	if ((r = list_extended(im, sizes, &in, e)) == -1 ||
	    (r == 0 && list_plain(im, &in, e) == -1) ||
	    session_caps_wait(im, e) == -1)
		goto out;
	for (i = 0; i < out->n; i++)
		out->v[i].space = space_of(im, &out->v[i]);
	rc = 0;
out:
	boxes_release_rows(&in);
	if (rc == -1)
		imap_boxes_release(out);
	return rc;
}

/* ---- STATUS ---- */

/* The folders that are asked for: pointers to boxes, by name. */
struct asked {
	struct mail_box	**v;		/* own */
	size_t		 n;
};

static int
by_name_at(const void *a, const void *b)
{
	return strcmp((*(struct mail_box *const *)a)->name,
	    (*(struct mail_box *const *)b)->name);
}

/* Servers answer a pipeline in any order: the answer belongs to the folder that it names. */
static int
take_status(void *arg, const struct response *r, struct err *e)
{
	const struct asked *asked = arg;
	struct mail_box key = { 0 }, *at = &key, **found;

	(void)e;
	if (r->kind != RESP_STATUS || r->bad || r->name_nul)
		return 0;
	key.name = name_from_wire(r->name);
	found = bsearch(&at, asked->v, asked->n, sizeof(*asked->v),
	    by_name_at);
	if (found != NULL)
		boxes_set_state(*found, &r->box, r->mailboxid);
	free(key.name);
	return 0;
}

static int
put_status(struct imap *im, const struct mail_box *box, const char *items,
    struct asked *asked, struct err *e)
{
	struct command *c;

	if ((c = session_command(im, COMMAND_SYNC, e)) == NULL)
		return -1;
	c->take = take_status;
	c->arg = asked;
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
	struct asked asked = { .n = n };
	struct command *ended;
	size_t sent = 0, answered = 0;
	int rc = -1;

	if (n == 0)
		return 0;
	asked.v = xcalloc(n, sizeof(*asked.v));
	memcpy(asked.v, boxes, n * sizeof(*asked.v));
	qsort(asked.v, n, sizeof(*asked.v), by_name_at);
	status_items(im, sizes, false, &items);
	while (answered < n) {
		while (sent < n && imap_room(im))
			if (put_status(im, boxes[sent++], buf_text(&items),
			    &asked, e) == -1)
				goto out;
		if (session_step(im, &ended, e) == -1)
			goto out;
		if (ended != NULL && ended->kind == COMMAND_SYNC)
			answered++;
		command_free(&ended);
	}
	rc = 0;
out:
	free(asked.v);
	buf_release(&items);
	return rc;
}

/* ---- QUOTA ---- */

struct quota {
	uint64_t	used, limit;
	bool		known;
};

static uint64_t
room(const struct quota *q)
{
	return q->limit > q->used ? q->limit - q->used : 0;
}

/*
 * A folder may be under several roots, and each of them limits it (RFC 9208, section 3.2): it is the one with the
 * least room that refuses mail first.  Servers write a limit of 0 where there is none.
 */
static int
take_quota(void *arg, const struct response *r, struct err *e)
{
	struct quota *q = arg, told = { .known = true };

	(void)e;
	/* Units of 1024 octets (RFC 9208, section 5.1). */
	if (r->kind != RESP_QUOTA || r->bad || !r->has_quota ||
	    r->limit == 0 ||
	    __builtin_mul_overflow(r->used, 1024, &told.used) ||
	    __builtin_mul_overflow(r->limit, 1024, &told.limit))
		return 0;
	if (!q->known || room(&told) < room(q))
		*q = told;
	return 0;
}

int
imap_quota(struct imap *im, uint64_t *used, uint64_t *limit, struct err *e)
{
	struct quota q = { 0, 0, false };

	if (!imap_can(im, CAP_QUOTA))
		return 0;
	if (ask(im, "GETQUOTAROOT INBOX", take_quota, &q, e) == -1)
		return e->kind == EK_NO ? 0 : -1;
	if (q.known) {
		*used = q.used;
		*limit = q.limit;
	}
	return q.known;
}
