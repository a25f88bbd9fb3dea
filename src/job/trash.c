/*
 * trash.c - messages that are proven go into the trash: where that was asked for, and on Gmail, where it is the only
 * way to delete one (an EXPUNGE only takes a label away); there they are then deleted by their new UIDs.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "job/pruning.h"
#include "mail/flags.h"

/* ---- where it is ---- */

/* The last part of a folder's name. */
static const char *
last_part(const struct mail_box *b)
{
	const char *at = b->delimiter == '\0' ? NULL :
	    strrchr(b->name, b->delimiter);

	return at == NULL ? b->name : at + 1;
}

void
trash_find(struct prune *p)
{
	const struct mail_box *found = NULL, *b;
	size_t i;
	int by_name;

	/* By its special use; where no folder has that one, by its name. */
	for (by_name = 0; found == NULL && by_name < 2; by_name++)
		for (i = 0; found == NULL && i < p->boxes.n; i++) {
			const char *use;

			b = &p->boxes.v[i];
			use = mail_special_use(b->attributes);
			if (b->space != MAIL_PERSONAL || !b->selectable)
				continue;
			if (by_name ? strcmp(last_part(b), "Trash") == 0 :
			    use != NULL && strcmp(use, "\\Trash") == 0)
				found = b;
		}
	if (found == NULL)
		return;
	p->trash = xstrdup(found->name);
	p->trash_wire = xstrdup(found->wire);
}

/* ---- Gmail's numbers ---- */

uint64_t
trash_id(const char *emailid)
{
	uint64_t id;

	if (emailid == NULL || strncmp(emailid, "gm:", 3) != 0 ||
	    text_u64(emailid + 3, strlen(emailid + 3), &id) == -1)
		return 0;
	return id;
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

bool
trash_has_moved(struct prune *p, uint64_t id)
{
	if (id == 0 || p->moved_n == 0)
		return false;
	if (!p->moved_sorted)
		qsort(p->moved, p->moved_n, sizeof(*p->moved), by_number);
	p->moved_sorted = true;
	return bsearch(&id, p->moved, p->moved_n, sizeof(*p->moved),
	    by_number) != NULL;
}

static void
note_moved(struct prune *p, uint64_t id)
{
	if (id == 0)
		return;
	p->moved = mem_grow(p->moved, &p->moved_cap, p->moved_n + 1,
	    sizeof(*p->moved));
	p->moved[p->moved_n++] = id;
	p->moved_sorted = false;
}

/* ---- moving ---- */

struct mover {
	struct prune	*p;
	struct batch	*b;
	struct imap	*im;		/* borrowed */
	struct uidset	 there;		/* own; still in the folder */
	struct uidset	 gone, kept;	/* own */
	uint64_t	 expunged;
	char		*why;		/* own: the first refusal, or NULL */
	/* where they are now */
	struct uidset	 moved;		/* own */
	uint64_t	 uidvalidity;
	bool		 untold;	/* the server did not say of all, or not alike */
	/* Gmail: in the trash */
	struct headhash	 head;		/* own */
	struct uidset	 ours;		/* own; of moved: seen to be those */
	uint64_t	 modseq;
	bool		 open;
};

static int
send_move(struct imap *im, const struct uidset *uids, const void *arg,
    void *cookie, struct err *e)
{
	return imap_move(im, uids, arg, cookie, e);
}

static void
take_moved(struct mover *m, const struct imap_event *ev)
{
	if (!ev->ok && m->why == NULL)
		m->why = xstrdup(ev->text == NULL || *ev->text == '\0' ?
		    "the server refused" : ev->text);
	if (!ev->ok)
		return;
	if (ev->moved == NULL || (m->uidvalidity != 0 &&
	    m->uidvalidity != ev->uidvalidity)) {
		m->untold = true;
		return;
	}
	m->uidvalidity = ev->uidvalidity;
	uidset_add_set(&m->moved, ev->moved);
}

static int
move(struct mover *m, struct err *e)
{
	struct imap_event ev;
	int r;

	if (erase_send(m->im, &m->b->good, send_move, m->p->trash_wire, m,
	    e) == -1)
		return -1;
	while ((r = imap_next(m->im, &ev, e)) == 1) {
		if (ev.kind == IMAP_DONE)
			take_moved(m, &ev);
		if (ev.kind == IMAP_EXPUNGED)
			m->expunged += ev.uids == NULL ? 1 :
			    uidset_count(ev.uids);
	}
	return r;
}

static int
see_gone(struct mover *m, struct err *e)
{
	struct uidset ignored = UIDSET_INIT;
	int rc = erase_see(m->im, &m->b->good, &m->there, &ignored, e);

	uidset_release(&ignored);
	if (rc == -1) {
		if (e->kind == EK_NO)
			e->kind = EK_TEMP;
		return -1;
	}
	uidset_add_set(&m->gone, &m->b->good);
	uidset_remove_set(&m->gone, &m->there);
	uidset_add_set(&m->kept, &m->there);
	if (m->expunged >= uidset_count(&m->gone))
		return 0;
	return err_set(e, EK_PROTO, "the server shows %" PRIu64 " messages "
	    "less, and told of %" PRIu64 " that left",
	    uidset_count(&m->gone), m->expunged);
}

static int
count_moved(struct mover *m, struct err *e)
{
	struct prune *p = m->p;
	bool none = uidset_empty(&m->gone);
	const char *why = m->why == NULL ? "the server did not move it" :
	    m->why;
	size_t i;

	for (i = 0; i < m->b->n; i++) {
		struct proof *f = &m->b->v[i];

		if (!f->good)
			continue;
		if (uidset_has(&m->gone, f->cand->uid)) {
			prune_gone(p, m->b->box, f->cand);
			note_moved(p, f->gmail);
			p->report->moved++;
			continue;
		}
		f->cand->state = CAND_KEPT;
		if (!none && prune_found(p, PRUNE_STAYED, m->b->box, f->cand,
		    why, e) == -1)
			return -1;
	}
	if (none)
		p->report->found[PRUNE_STAYED] += uidset_count(&m->kept) - 1;
	prune_progress(p, "deleting", m->b->box, p->done, p->plan->messages);
	return none ? prune_leave(p, m->b->box, why, e) : 0;
}

/* ---- Gmail: in the trash ---- */

static int
trash_opened(void *arg, struct look_box *lb, const struct imap_event *ev,
    struct err *e)
{
	struct mover *m = arg;

	(void)lb, (void)e;
	/* Where it is opened once more, what was changed since the first time has changed all the same. */
	if (!m->open)
		m->modseq = ev->box.highestmodseq;
	m->open = ev->box.uidvalidity == m->uidvalidity && !ev->read_only;
	return m->open;
}

static int
trash_begins(void *arg, uint64_t size, struct err *e)
{
	struct mover *m = arg;

	(void)size, (void)e;
	headhash_begin(&m->head);
	return 0;
}

static int
trash_goes_on(void *arg, const void *bytes, size_t n, struct err *e)
{
	struct mover *m = arg;

	(void)e;
	headhash_feed(&m->head, bytes, n);
	return 0;
}

/* Somebody has starred it meanwhile, or read it, or the other way round. */
static bool
is_changed(const struct mover *m, const struct proof *f, const char *flags)
{
	const char *then = intern_text(m->p->texts, f->flags);

	return flags_has(flags, "\\Flagged") != flags_has(then,
	    "\\Flagged") || flags_has(flags, "\\Seen") != flags_has(then,
	    "\\Seen");
}

/* Is it one of those that were moved? */
static int
trash_got(void *arg, struct look_box *lb, const struct imap_event *ev,
    struct err *e)
{
	struct mover *m = arg;
	uint64_t id = trash_id(ev->meta.emailid);
	struct digest is;
	size_t i;

	(void)lb, (void)e;
	headhash_end(&m->head, &is);
	for (i = 0; i < m->b->n; i++) {
		const struct proof *f = &m->b->v[i];

		if (f->good && f->gmail == id && id != 0 &&
		    uidset_has(&m->gone, f->cand->uid) &&
		    digest_equal(&f->head, &is) && ev->meta.flags != NULL &&
		    !is_changed(m, f, ev->meta.flags))
			uidset_add(&m->ours, ev->meta.uid);
	}
	return 0;
}

static int
trash_done(void *arg, struct look_box *lb, struct err *e)
{
	(void)arg, (void)lb, (void)e;
	return 0;
}

static int
look_into_trash(struct mover *m, struct err *e)
{
	struct look_box lb = { .wire = m->p->trash_wire,
	    .what = LOOK_HEADERS, .items = IMAP_FLAGS | IMAP_IDS,
	    .writable = true, .exact = true };
	const struct look_handler h = { .opened = trash_opened,
	    .got = trash_got, .done = trash_done,
	    .body = { trash_begins, { trash_goes_on, m } }, .once = true,
	    .arg = m };
	int rc;

	uidset_add_set(&lb.ask, &m->moved);
	headhash_init(&m->head);
	rc = look_run(m->p->look, &lb, 1, &h, e);
	headhash_release(&m->head);
	look_box_release(&lb);
	return rc;
}

/* So many of them stay in the trash, for others to delete. */
static int
tell_in_trash(struct mover *m, uint64_t n, const char *why, struct err *e)
{
	struct prune *p = m->p;

	if (n == 0)
		return 0;
	p->report->found[PRUNE_IN_TRASH] += n - 1;
	return prune_found(p, PRUNE_IN_TRASH, m->b->box, NULL, why, e);
}

static int
delete_there(struct mover *m, struct err *e)
{
	struct uidset there = UIDSET_INIT;
	uint64_t n = uidset_count(&m->gone), left;
	char *why = NULL;
	int rc;

	if (m->untold || uidset_empty(&m->moved))
		return tell_in_trash(m, n, "the server did not tell where "
		    "they are in the trash", e);
	if (look_into_trash(m, e) == -1 ||
	    look_session(m->p->look, &m->im, e) == -1)
		return -1;
	if (!m->open || uidset_empty(&m->ours))
		return tell_in_trash(m, n, "the trash is not as the server "
		    "said", e);
	rc = erase_by_uid(m->im, &m->ours, m->modseq, &there, &why, e);
	left = uidset_count(&there) + n - uidset_count(&m->ours);
	if (rc == 0) {
		m->p->report->moved -= n - left;
		rc = tell_in_trash(m, left, why != NULL ? why :
		    "the server did not delete them there", e);
	}
	free(why);
	uidset_release(&there);
	return rc;
}

/* ---- a batch ---- */

static int
run(struct mover *m, struct err *e)
{
	struct prune *p = m->p;
	int rc;

	if (look_session(p->look, &m->im, e) == -1 ||
	    erase_intend(p, m->b, true, e) == -1 || move(m, e) == -1 ||
	    see_gone(m, e) == -1 || count_moved(m, e) == -1 ||
	    erase_commit(p, m->b->box, &(struct outcome){ .pruned = &m->gone,
	    .kept = &m->kept }, e) == -1)
		return -1;
	if (!p->gmail || p->o->to_trash || uidset_empty(&m->gone))
		return 0;
	rc = delete_there(m, e);
	/* They are safe and out of the way; a session that broke is made anew by the next batch. */
	if (rc == -1 && (e->kind == EK_TEMP || e->kind == EK_PROTO)) {
		look_hang_up(p->look);
		rc = tell_in_trash(m, uidset_count(&m->gone), e->text, e);
	}
	return rc;
}

int
trash_move(struct prune *p, struct batch *b, struct err *e)
{
	struct mover m = { .p = p, .b = b };
	int rc = run(&m, e);

	uidset_release(&m.there);
	uidset_release(&m.gone);
	uidset_release(&m.kept);
	uidset_release(&m.moved);
	uidset_release(&m.ours);
	free(m.why);
	if (rc == -1)
		return -1;
	return b->box->failed ? 0 : 1;
}
