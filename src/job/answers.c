/*
 * answers.c - what the server says to an APPEND, and what follows from it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/sending.h"
#include "mail/flags.h"

#define PAUSE	5.0	/* seconds, where a server that asks to wait gives no figure */

/* Note what was left out of it. */
static int
tell_dropped(struct sender *s, struct item *i, struct err *e)
{
	struct known_message m;
	char *why;
	int rc;

	if (picks_get(&s->r->picks, i->at, &m, e) == -1 ||
	    letter_flags(&s->letter, i, &m, e) == -1)
		return -1;
	if (s->letter.dropped.n == 0)
		return 0;
	why = xasprintf("without %s, which the server does not take",
	    buf_text(&s->letter.dropped));
	rc = restore_found(s->r, RESTORE_WITHOUT, false, i, why, e);
	free(why);
	return rc;
}

static int
tell_way(struct sender *s, struct item *i, const char *why, struct err *e)
{
	struct known_message m;
	struct defects done;
	struct buf b = BUF_INIT(4096);
	int rc = 0;

	if (i->cure || i->way == WAY_CURED) {
		if (picks_get(&s->r->picks, i->at, &m, e) == -1 ||
		    (rc = letter_load(&s->letter, i, &m, e)) != 1)
			return rc;
		if (letter_cure(&s->letter, &done, e) == -1)
			return -1;
		defect_repair_text(&done, &b);
		rc = restore_found(s->r, RESTORE_FIXED, false, i,
		    buf_text(&b), e);
	}
	buf_clear(&b);
	if (rc == 0 && (way_is_bare(i->way) || way_is_dateless(i->way))) {
		buf_addf(&b, "only without its %s: %.300s",
		    i->way == WAY_BARE ? "keywords" :
		    i->way == WAY_DATELESS ? "date" : "keywords and date",
		    why == NULL ? "" : why);
		rc = restore_found(s->r, RESTORE_WITHOUT, false, i,
		    buf_text(&b), e);
	}
	buf_release(&b);
	return rc;
}

/* The UIDs that the server told, if they can be right. */
static bool
are_plausible(const struct sender *s, const struct command *c,
    const struct imap_event *ev)
{
	return ev->uids != NULL && uidset_count(ev->uids) == c->n &&
	    (ev->uidvalidity == s->f->uidvalidity ||
	    s->f->uidvalidity == 0) &&
	    uidset_min(ev->uids) >= s->f->uidnext;
}

static int
take_sent(struct sender *s, struct command *c, const struct imap_event *ev,
    struct err *e)
{
	struct journal_id *ids = xcalloc(c->n, sizeof(*ids));
	uint32_t *uids = xcalloc(c->n, sizeof(*uids)), uid = 0;
	bool told = are_plausible(s, c, ev);
	struct known_message m;
	size_t i, range = 0;
	int rc = 0;

	for (i = 0; rc == 0 && i < c->n; i++) {
		if (told) {
			if (uid != 0 && uid == ev->uids->r[range].last) {
				range++;
				uid = 0;
			}
			uid = uid == 0 ? ev->uids->r[range].first : uid + 1;
			uids[i] = uid;
		}
		c->v[i]->uid = uids[i];
		if ((rc = picks_get(&s->r->picks, c->v[i]->at, &m, e)) == -1)
			break;
		ids[i] = restore_id(&m);
		restore_appended(s->r, c->v[i], m.size);
	}
	if (rc == 0)
		rc = journal_sent(s->r->journal, s->f->number, ids, uids,
		    c->n, e);
	for (i = 0; rc == 0 && i < c->n; i++)
		if (c->v[i]->way > WAY_AGAIN || c->v[i]->cure)
			rc = tell_way(s, c->v[i], c->why, e);
		else
			rc = tell_dropped(s, c->v[i], e);
	s->r->strikes = 0;
	s->r->breaks = 0;
	free(ids);
	free(uids);
	return rc;
}

/* A message alone is refused for good. */
static int
refuse(struct sender *s, struct command *c, const char *why, struct err *e)
{
	struct item *i = c->v[0];

	i->state = ITEM_REFUSED;
	if (sending_note(s, c->v, 1, journal_refused, e) == -1)
		return -1;
	return restore_found(s->r, RESTORE_REFUSED, true, i, why, e);
}

static bool
has_keywords(const char *flags)
{
	const char *p;
	size_t n;

	while ((p = flags_next(&flags, &n)) != NULL)
		if (*p != '\\')
			return true;
	return false;
}

/* Whether a repaired copy would be another one. */
static int
can_cure(struct sender *s, struct item *i, const struct known_message *m,
    bool *can, struct err *e)
{
	struct defects done;
	int r;

	*can = false;
	if (!s->r->o->fix || i->cure)
		return 0;
	if ((r = letter_load(&s->letter, i, m, e)) != 1)
		return r;
	if (letter_cure(&s->letter, &done, e) == -1)
		return -1;
	*can = done.nuls > 0 || done.bare_lfs > 0 || done.bare_crs > 0 ||
	    done.longest > 0 || done.unended;
	return 0;
}

/* Whether there is another way to send it. */
static int
find_way(struct sender *s, struct item *i, bool *found, struct err *e)
{
	struct known_message m;
	bool bare;

	*found = true;
	if (picks_get(&s->r->picks, i->at, &m, e) == -1)
		return -1;
	bare = has_keywords(m.flags);
	for (i->way++; i->way < WAY_CURED; i->way++)
		if ((!way_is_bare(i->way) || bare) &&
		    (!way_is_dateless(i->way) || m.has_date))
			return 0;
	if (i->way == WAY_CURED)
		return can_cure(s, i, &m, found, e);
	*found = false;
	return 0;
}

static int
refused_alone(struct sender *s, struct command *c,
    const struct imap_event *ev, struct err *e)
{
	bool found = false;

	if (c->why == NULL)
		c->why = xmemdup0(ev->text, strnlen(ev->text, 500));
	if ((ev->refusal == REFUSED_PLAIN || ev->refusal == REFUSED_UNKNOWN) &&
	    find_way(s, c->v[0], &found, e) == -1)
		return -1;
	if (found) {
		sending_part(s, c, 0, 1);
		return 0;
	}
	return c->v[0]->state == ITEM_DAMAGED ? 0 : refuse(s, c, c->why, e);
}

/* Nothing can go into this folder. */
static int
give_up_folder(struct sender *s, struct command *c, const char *why,
    struct err *e)
{
	size_t i;

	if (sending_note(s, c->v, c->n, journal_refused, e) == -1)
		return -1;
	for (i = 0; i < c->n; i++)
		c->v[i]->state = ITEM_REFUSED;
	if (!s->f->failed)
		restore_found_folder(s->r, s->f, why);
	s->f->failed = true;
	return 0;
}

static void
send_again(struct sender *s, struct command *c, size_t parts)
{
	size_t i, from, to;

	for (i = parts; i > 0; i--) {
		from = c->n * (i - 1) / parts;
		to = c->n * i / parts;
		sending_part(s, c, from, to);
	}
}

static int
take_refused(struct sender *s, struct command *c, const struct imap_event *ev,
    struct err *e)
{
	switch (ev->refusal) {
	case REFUSED_LATER:
		s->pause = ev->backoff_ms > 0 ?
		    (double)ev->backoff_ms / 1000 : PAUSE;
		send_again(s, c, 1);
		return 0;
	case REFUSED_NO_FOLDER:
		if (!s->made) {
			s->make = true;
			send_again(s, c, 1);
			return 0;
		}
		return give_up_folder(s, c, ev->text, e);
	case REFUSED_QUOTA:
		s->careful = true;
		if (c->n > 1) {
			send_again(s, c, c->n);
			return 0;
		}
		s->r->strikes++;
		s->r->over_quota++;
		return refuse(s, c, ev->text, e);
	case REFUSED_FORBIDDEN:
		return give_up_folder(s, c, ev->text, e);
	case REFUSED_UNKNOWN:
		if (c->n > 1) {
			s->one = true;
			send_again(s, c, c->n);
			return 0;
		}
		break;
	case REFUSED_PLAIN:
	case REFUSED_TOO_BIG:
		break;
	}
	if (c->n > 1) {
		send_again(s, c, 2);
		return 0;
	}
	return refused_alone(s, c, ev, e);
}

int
sending_answer(struct sender *s, struct err *e)
{
	struct imap_event ev;
	struct command *c, **at;
	int r;

	if ((r = imap_next(s->im, &ev, e)) == -1)
		return -1;
	if (r == 0)
		return err_set(e, EK_PROTO, "the server owes nothing, and yet "
		    "not all is answered");
	if (ev.kind != IMAP_APPENDED)
		return 0;
	c = ev.cookie;
	s->commands--;
	s->on_way -= c->n;
	for (at = &s->way; *at != c; at = &(*at)->next)
		;
	*at = c->next;
	c->next = NULL;
	r = ev.ok ? take_sent(s, c, &ev, e) : take_refused(s, c, &ev, e);
	sending_free(&c);
	return r;
}
