/*
 * send.c - the messages of a folder go to the target.
 *
 * Commands follow each other without waiting for answers, with many messages in each where MULTIAPPEND is offered.  A
 * message is read from the vault and proven before the first byte of it is sent, since an APPEND can't be taken back.
 * A command of several that is refused is halved until the culprit stands alone; what is refused alone is tried without
 * its keywords, then without its date, then, if that was asked for, repaired.
 *
 * After a lost connection it is not known what came: there_again() looks before anything is sent again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/mem.h"
#include "job/sending.h"

#define COMMAND_MESSAGES	100	/* in one command, */
#define COMMAND_BYTES		(4 * 1024 * 1024)	/* ... which a refusal sends again */
#define WAY_MESSAGES		100	/* on their way without an answer */
#define WAY_COMMANDS		4	/* ... where each has several */
#define AHEAD			100	/* messages that one line of the journal announces */
#define LONE_BREAKS	3	/* connections lost over one message alone before it is left out */
#define WAIT_MAX		900.0	/* seconds to wait on the server's demand, all in all */

/* ---- commands ---- */

static struct command *
new_command(size_t n)
{
	struct command *c = xcalloc(1, sizeof(*c));

	c->v = xcalloc(n, sizeof(struct item *));
	return c;
}

void
sending_free(struct command **cp)
{
	if (*cp == NULL)
		return;
	free((*cp)->v);
	free((*cp)->why);
	free(*cp);
	*cp = NULL;
}

static void
push_again(struct sender *s, struct command *c)
{
	c->next = s->again;
	s->again = c;
}

void
sending_part(struct sender *s, const struct command *of, size_t from, size_t to)
{
	struct command *c = new_command(to - from);

	for (; from < to; from++)
		c->v[c->n++] = of->v[from];
	c->why = of->why == NULL ? NULL : xstrdup(of->why);
	push_again(s, c);
}

/* Everything that was to be sent again is to be sent as everything else. */
static void
drop_again(struct sender *s)
{
	struct command *c;
	size_t i;

	while ((c = s->again) != NULL) {
		s->again = c->next;
		for (i = 0; i < c->n; i++)
			if (c->v[i]->state == ITEM_SENDING)
				c->v[i]->state = ITEM_TODO;
		sending_free(&c);
	}
}

/* The next messages that go together, or NULL. */
static struct command *
next_command(struct sender *s, struct err *e)
{
	size_t end = s->f->first + s->f->n;
	size_t most = s->one || s->careful ? 1 : COMMAND_MESSAGES;
	struct known_message m;
	struct command *c = NULL;

	for (; s->next < end && (c == NULL || c->n < most); s->next++) {
		struct item *i = &s->r->items[s->next];

		if (i->state != ITEM_TODO)
			continue;
		if (c != NULL && c->bytes >= COMMAND_BYTES)
			break;
		if (picks_get(&s->r->picks, i->at, &m, e) == -1) {
			sending_free(&c);
			return NULL;
		}
		/* In a command of several a size of 0 means "forget it" (RFC 3502). */
		i->alone = i->alone || m.size == 0;
		if (c == NULL)
			c = new_command(most);
		else if (i->alone || m.size > COMMAND_BYTES)
			break;
		c->v[c->n++] = i;
		c->bytes += m.size;
		if (i->alone) {
			s->next++;
			break;
		}
	}
	return c;
}

/* ---- the journal ---- */

int
sending_note(struct sender *s, struct item *const *v, size_t n,
    int (*put)(struct journal *, size_t, const struct journal_id *, size_t,
    struct err *), struct err *e)
{
	struct journal_id *ids = xcalloc(n, sizeof(*ids));
	struct known_message m;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < n; i++) {
		rc = picks_get(&s->r->picks, v[i]->at, &m, e);
		ids[i] = restore_id(&m);
	}
	if (rc == 0)
		rc = put(s->r->journal, s->f->number, ids, n, e);
	free(ids);
	return rc;
}

/* What is about to be sent is on record before; some messages ahead, so that it is one line for many. */
static int
announce(struct sender *s, const struct command *c, struct err *e)
{
	size_t end = s->f->first + s->f->n, n = 0;
	struct item **v;
	int rc;

	if (s->next <= s->announced)
		return 0;
	v = xcalloc(c->n + AHEAD, sizeof(struct item *));
	if (s->announced < s->f->first)
		s->announced = s->f->first;
	for (; s->announced < end && (s->announced < s->next || n < AHEAD) &&
	    n < c->n + AHEAD; s->announced++)
		if (s->r->items[s->announced].state == ITEM_TODO)
			v[n++] = &s->r->items[s->announced];
	rc = n == 0 ? 0 : sending_note(s, v, n, journal_sending, e);
	free(v);
	return rc;
}

/* 1 sent; 0 it is not, or the command is refused already: ${*refused}; -1. */
static int
send_item(struct sender *s, struct command *c, struct item *i, bool *begun,
    bool *refused, struct err *e)
{
	struct known_message m;
	struct imap_append what;
	struct source body;
	struct defects done;
	char date[DATE_MAX_RAW];
	int r;

	if (picks_get(&s->r->picks, i->at, &m, e) == -1 ||
	    (r = letter_load(&s->letter, i, &m, e)) == -1)
		return -1;
	if (r == 0)
		return 0;
	body = spool_source(&s->letter.spool);
	what.size = s->letter.spool.n;
	if (i->cure || i->way == WAY_CURED) {
		if (letter_cure(&s->letter, &done, e) == -1)
			return -1;
		body = spool_source(&s->letter.cured);
		what.size = s->letter.cured.n;
	}
	/* Reading may have told of damage, for which the scratch file was asked. */
	if (picks_get(&s->r->picks, i->at, &m, e) == -1 ||
	    letter_flags(&s->letter, i, &m, e) == -1)
		return -1;
	what.flags = buf_text(&s->letter.flags);
	what.date = letter_date(i, &m, date);
	if (!*begun && imap_append_begin(s->im, s->f->wire, c, e) == -1)
		return -1;
	*begun = true;
	i->state = ITEM_SENDING;
	if ((r = imap_append_add(s->im, &what, &body, e)) == -1)
		return -1;
	*refused = r == 0;
	return r;
}

/* Send a command; what can't be read falls out of it. */
static int
send_command(struct sender *s, struct command *c, struct err *e)
{
	bool begun = false, refused = false;
	size_t i, n = 0;

	c->next = s->way;
	s->way = c;
	if (announce(s, c, e) == -1)
		return -1;
	for (i = 0; i < c->n; i++) {
		struct item *item = c->v[i];

		/* What the server refused before all of it was sent was all refused. */
		if (!refused && send_item(s, c, item, &begun, &refused, e) ==
		    -1)
			return -1;
		if (item->state == ITEM_DAMAGED)
			continue;
		item->state = ITEM_SENDING;
		c->v[n++] = item;
	}
	c->n = n;
	if (!begun) {
		s->way = c->next;
		sending_free(&c);
		return 0;
	}
	if (imap_append_end(s->im, e) == -1)
		return -1;
	s->on_way += c->n;
	s->commands++;
	return 0;
}

/* ---- a folder ---- */

static int
drain(struct sender *s, struct err *e)
{
	while (s->commands > 0)
		if (sending_answer(s, e) == -1)
			return -1;
	return 0;
}

static int
obey_pause(struct sender *s, struct err *e)
{
	double pause = s->pause;

	s->pause = 0;
	if (s->r->waited + pause > WAIT_MAX) {
		s->r->give_up = true;
		err_set(e, EK_TEMP, "the server asks to wait, again and again");
		return err_next(e, "run it again later: it goes on where it "
		    "stopped");
	}
	s->r->waited += pause;
	restore_note(s->r, "the server asks to wait: %.0f seconds", pause);
	return cancel_sleep(pause, e);
}

/* What has to be done while nothing is on its way. */
static int
between(struct sender *s, struct err *e)
{
	if (s->pause > 0 && (drain(s, e) == -1 || obey_pause(s, e) == -1))
		return -1;
	if (!s->make)
		return 0;
	if (drain(s, e) == -1)
		return -1;
	s->make = s->f->exists = s->f->opened = s->f->ready = false;
	s->made = true;
	return prepare_open(s->r, s->f, e) == -1 ? -1 : 0;
}

static bool
next_is_alone(const struct sender *s)
{
	size_t i = s->next, end = s->f->first + s->f->n;

	while (i < end && s->r->items[i].state != ITEM_TODO)
		i++;
	return i < end && s->r->items[i].alone;
}

/* Whether an answer must come before the next command goes. */
static bool
must_wait(const struct sender *s)
{
	if (s->commands == 0)
		return false;
	if (s->careful || s->again != NULL || next_is_alone(s))
		return true;
	return s->on_way >= WAY_MESSAGES &&
	    (s->one || s->commands >= WAY_COMMANDS);
}

/* One step: 1, or 0: there is nothing more to send. */
static int
turn(struct sender *s, struct err *e)
{
	struct command *c = s->again;
	bool alone;

	if (must_wait(s))
		return sending_answer(s, e) == -1 ? -1 : 1;
	e->kind = EK_NONE;
	if (c != NULL) {
		s->again = c->next;
		c->next = NULL;
	} else if ((c = next_command(s, e)) == NULL)
		return e->kind == EK_NONE ? 0 : -1;
	alone = c->v[0]->alone;
	if (send_command(s, c, e) == -1)
		return -1;
	return alone && drain(s, e) == -1 ? -1 : 1;
}

/* Where nothing was sent, the answer to SELECT is still to come. */
static int
settle(struct sender *s, struct err *e)
{
	struct imap_event ev;
	int r;

	while ((r = imap_next(s->im, &ev, e)) == 1)
		;
	return r;
}

static int
send_some(struct sender *s, struct err *e)
{
	int r = 1;

	s->one = !imap_can(s->im, CAP_MULTIAPPEND);
	while (r == 1 && !s->f->failed) {
		if (between(s, e) == -1)
			return -1;
		if (s->r->strikes >= STRIKES) {
			s->r->full = true;
			break;
		}
		if ((r = turn(s, e)) == -1)
			return -1;
		/* The answers to the last commands may bring some back. */
		if (r == 0 && s->commands > 0) {
			if (drain(s, e) == -1)
				return -1;
			r = 1;
		}
	}
	return drain(s, e) == -1 ? -1 : settle(s, e);
}

/*
 * A connection was lost: what was on its way goes alone from now on, to find out whether it is one of them that breaks
 * it.  Where one was alone already, that is returned.
 */
static struct item *
suspect(struct restore *r, struct folder_to *f)
{
	struct item *last = NULL;
	size_t i, n = 0;

	for (i = f->first; i < f->first + f->n; i++)
		if (r->items[i].state == ITEM_SENDING) {
			last = &r->items[i];
			last->alone = true;
			n++;
		}
	return n == 1 ? last : NULL;
}

/* The same message, alone, again and again: a line that is bad by chance breaks with another one, too. */
static int
judge(struct restore *r, struct folder_to *f, struct item *i,
    const char *why, struct err *e)
{
	struct known_message m;
	struct journal_id id;
	char *text;
	int rc;

	if (i == NULL || i->state != ITEM_TODO)
		return 0;
	if (++i->broke < LONE_BREAKS)
		return 0;
	if (picks_get(&r->picks, i->at, &m, e) == -1)
		return -1;
	id = restore_id(&m);
	if (journal_refused(r->journal, f->number, &id, 1, e) == -1)
		return -1;
	i->state = ITEM_REFUSED;
	r->breaks = 0;
	text = xasprintf("each time it is sent the connection ends: %.500s",
	    why);
	rc = restore_found(r, RESTORE_REFUSED, true, i, text, e);
	free(text);
	return rc;
}

/* With one session. */
static int
send_once(struct restore *r, struct folder_to *f, struct err *e)
{
	struct sender s = { .r = r, .f = f, .next = f->first };
	struct command *c;
	int rc;

	letter_init(&s.letter, r);
	/* Courier appends nothing to a folder that is open for reading, and Dovecot is quicker in one that is open. */
	if ((rc = look_session(r->look, &s.im, e)) == 0 &&
	    (rc = imap_select(s.im, f->wire, NULL, e)) == 0)
		rc = send_some(&s, e);
	drop_again(&s);
	while ((c = s.way) != NULL) {
		s.way = c->next;
		sending_free(&c);
	}
	letter_release(&s.letter);
	return rc;
}

/* After a break: another session, and what came is found. */
static int
begin_again(struct restore *r, struct folder_to *f, struct item *alone,
    struct err *e)
{
	struct err why = *e;

	if (there_again(r, f, e) == -1)
		return -1;
	return judge(r, f, alone, why.text, e);
}

int
send_folder(struct restore *r, struct folder_to *f, struct err *e)
{
	struct item *alone = NULL;

	while (send_once(r, f, e) == -1) {
		f->broke = true;
		alone = suspect(r, f);
		do {
			if (restore_again(r, e) == -1)
				return -1;
		} while (begin_again(r, f, alone, e) == -1);
	}
	return 0;
}
