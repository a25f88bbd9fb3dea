/*
 * fetch.c - see sim.h: FETCH, and what else tells of messages.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sim.h"

#define ITEMS_MAX	12

enum item {
	ITEM_FLAGS = 1,
	ITEM_DATE = 2,
	ITEM_SIZE = 4,
	ITEM_EMAILID = 8,
	ITEM_THREADID = 16,
	ITEM_GMAIL = 32,
	ITEM_LABELS = 64,
	ITEM_BODY = 128,
	ITEM_MODSEQ = 256,
	ITEM_UNKNOWN = 512
};

/* One answer in the making: its items, which may stand in any order. */
struct answer {
	struct buf	 item[ITEMS_MAX];
	size_t		 n;
	bool		 has_body;	/* the last one is the body */
};

static struct buf *
new_item(struct answer *a)
{
	struct buf *b = &a->item[a->n++];

	buf_init(b, 1 << 24);
	return b;
}

/* ---- items ---- */

static void
put_body(struct conn *c, const struct letter *l, struct buf *b)
{
	const struct content *m = &c->s->w->contents[l->content];
	bool plain = true;
	size_t i;

	buf_adds(b, one_in(&c->s->net, 10) ? "body[] " : "BODY[] ");
	if (l->ill == ILL_NIL) {
		buf_adds(b, "NIL");
		return;
	}
	if (l->ill == ILL_EMPTY) {
		buf_adds(b, "{0}\r\n");
		return;
	}
	for (i = 0; i < m->n; i++)
		if (m->p[i] == '\0' || m->p[i] == '\r' || m->p[i] == '\n' ||
		    (m->p[i] & 0x80) != 0)
			plain = false;
	if (!plain || one_in(&c->s->net, 2)) {
		buf_addf(b, "{%zu}\r\n", m->n);
		buf_add(b, m->p, m->n);
		return;
	}
	/* Any text will do as a quoted string, too (RFC 3501, nstring). */
	buf_addc(b, '"');
	for (i = 0; i < m->n; i++) {
		if (m->p[i] == '"' || m->p[i] == '\\')
			buf_addc(b, '\\');
		buf_addc(b, m->p[i]);
	}
	buf_addc(b, '"');
}

static void
put_items(struct conn *c, const struct box *b, const struct letter *l,
    unsigned int items, struct answer *a)
{
	size_t size = c->s->w->contents[l->content].n;
	struct buf *t;

	if (items & ITEM_FLAGS) {
		t = new_item(a);
		buf_adds(t, "FLAGS (");
		world_flags(l->flags, t);
		if (one_in(&c->s->net, 8))
			buf_addf(t, "%s\\Recent", l->flags == 0 ? "" : " ");
		buf_addc(t, ')');
	}
	if (items & ITEM_DATE)
		buf_addf(new_item(a), "INTERNALDATE \"%s\"", l->date);
	if (items & ITEM_SIZE)
		buf_addf(new_item(a), "RFC822.SIZE %zu", b->wrong_size &&
		    size > 0 ? size + 1 + l->uid % 3 : size);
	if (items & ITEM_EMAILID)
		buf_addf(new_item(a), "EMAILID (M%u)", l->emailid);
	if (items & ITEM_THREADID)
		buf_addf(new_item(a), "THREADID NIL");
	if (items & ITEM_GMAIL)
		buf_addf(new_item(a), "X-GM-MSGID %u X-GM-THRID %u",
		    1000000 + l->emailid, 7u);
	if (items & ITEM_LABELS) {
		t = new_item(a);
		buf_adds(t, "X-GM-LABELS (");
		world_labels(l->labels, t);
		buf_addc(t, ')');
	}
	if (items & ITEM_MODSEQ)
		buf_addf(new_item(a), "MODSEQ (%llu)",
		    (unsigned long long)l->modseq);
	if (items & ITEM_BODY) {
		put_body(c, l, new_item(a));
		a->has_body = true;
	}
}

static void
swap(struct buf *a, struct buf *b)
{
	struct buf t = *a;

	*a = *b;
	*b = t;
}

/* Items ${from} to ${to} as one response, the UID among them. */
static void
say_part(struct conn *c, uint32_t seq, uint32_t uid, struct answer *a,
    size_t from, size_t to)
{
	size_t at = from + rng_below(&c->s->net, (uint32_t)(to - from) + 1);
	const char *blank = "";
	size_t i;

	conn_say(c, "* %u FETCH (", seq);
	for (i = from; i <= to; i++) {
		if (i == at) {
			conn_say(c, "%sUID %u", blank, uid);
			blank = " ";
		}
		if (i == to)
			break;
		conn_say(c, "%s", blank);
		blank = " ";
		if (buf_add(&c->out, a->item[i].p, a->item[i].n) == -1)
			abort();
	}
	conn_say(c, ")\r\n");
}

static void
say_answer(struct conn *c, uint32_t seq, const struct letter *l,
    struct answer *a)
{
	struct rng *r = &c->s->net;
	size_t i, cut = a->n;

	if (a->n > 1 && one_in(r, 2))
		for (i = a->n - 1; i > 0; i--)
			swap(&a->item[i], &a->item[rng_below(r,
			    (uint32_t)i + 1)]);
	/* What belongs together may come in two pieces (R9). */
	if (a->n > 1 && one_in(r, 10))
		cut = 1 + rng_below(r, (uint32_t)a->n - 1);
	say_part(c, seq, l->uid, a, 0, cut);
	if (cut < a->n)
		say_part(c, seq, l->uid, a, cut, a->n);
	if (a->has_body && (l->ill == ILL_NOT || l->ill == ILL_REFUSED)) {
		conn_owes(c, l->content);
		c->s->bodies++;
	}
	for (i = 0; i < a->n; i++)
		buf_release(&a->item[i]);
}

/* An answer with two bodies, or two UIDs: nothing in it can be believed. */
static void
say_spoiled(struct conn *c, uint32_t seq, const struct letter *l)
{
	switch (rng_below(&c->s->net, 3)) {
	case 0:
		conn_say(c, "* %u FETCH (UID %u BODY[] {3}\r\nabc UID %u)\r\n",
		    seq, l->uid, l->uid + 1);
		break;
	case 1:
		conn_say(c, "* %u FETCH (UID %u FLAGS () BODY[] {3}\r\nabc "
		    "BODY[] {3}\r\ndef)\r\n", seq, l->uid);
		break;
	default:
		conn_say(c, "* %u FETCH (BODY[] {3}\r\nabc FLAGS "
		    "UID %u INTERNALDATE)\r\n", seq, l->uid);
		break;
	}
}

static void
say_letter(struct conn *c, const struct box *b, uint32_t seq,
    const struct letter *l, unsigned int items)
{
	struct answer a = { .n = 0 };

	if (items & ITEM_BODY && l->ill == ILL_SILENT)
		return;
	if (items & ITEM_BODY && l->ill == ILL_SPOILED) {
		say_spoiled(c, seq, l);
		return;
	}
	put_items(c, b, l, items, &a);
	say_answer(c, seq, l, &a);
}

/* ---- news of the open folder ---- */

static void
say_gone(struct conn *c, struct box *b)
{
	struct uidset vanished = UIDSET_INIT;
	struct buf text = BUF_INIT(1 << 20);
	size_t i = 0;

	while (b != NULL && i < c->seq_n) {
		if (box_letter(b, c->seq[i]) != NULL) {
			i++;
			continue;
		}
		if (c->qresync)
			uidset_add(&vanished, c->seq[i]);
		else
			conn_say(c, "* %zu EXPUNGE\r\n", i + 1);
		memmove(c->seq + i, c->seq + i + 1,
		    (c->seq_n - i - 1) * sizeof(*c->seq));
		c->seq_n--;
	}
	if (!uidset_empty(&vanished)) {
		uidset_format(&vanished, 0, 1 << 20, &text);
		conn_say(c, "* VANISHED %s\r\n", buf_text(&text));
	}
	uidset_release(&vanished);
	buf_release(&text);
}

void
fetch_news(struct conn *c, struct box *b)
{
	size_t before = c->seq_n, i;
	uint32_t last = c->seq_n == 0 ? 0 : c->seq[c->seq_n - 1];

	/* Sooner or later. */
	if (one_in(&c->s->net, 4))
		return;
	say_gone(c, b);
	for (i = 0; i < b->n; i++) {
		if (b->v[i].uid <= last)
			continue;
		c->seq = mem_grow(c->seq, &c->seq_cap, c->seq_n + 1,
		    sizeof(*c->seq));
		c->seq[c->seq_n++] = b->v[i].uid;
	}
	if (c->seq_n > before)
		conn_say(c, "* %zu EXISTS\r\n", c->seq_n);
	/* Flags that somebody else changed, without being asked; without a UID, too. */
	for (i = 0; i < c->seq_n; i++) {
		const struct letter *l = box_letter(b, c->seq[i]);
		struct buf text = BUF_INIT(1000);

		if (l == NULL || l->changed_in == 0 ||
		    l->changed_in != c->s->w->run || !one_in(&c->s->net, 3))
			continue;
		world_flags(l->flags, &text);
		if (c->qresync || one_in(&c->s->net, 2))
			conn_say(c, "* %zu FETCH (UID %u FLAGS (%s))\r\n",
			    i + 1, l->uid, buf_text(&text));
		else
			conn_say(c, "* %zu FETCH (FLAGS (%s))\r\n", i + 1,
			    buf_text(&text));
		buf_release(&text);
	}
}

/* ---- QRESYNC ---- */

void
fetch_resync(struct conn *c, struct box *b, uint64_t since)
{
	struct uidset gone = UIDSET_INIT;
	struct buf text = BUF_INIT(1 << 20);
	size_t i;
	uint32_t uid;

	if (c->s->w->forgets) {
		/* All that is not there, known once or not (R41). */
		uidset_add_range(&gone, 1, (uint32_t)b->uidnext - 1 > 0 ?
		    (uint32_t)b->uidnext - 1 : 1);
		for (i = 0; i < b->n; i++)
			uidset_remove(&gone, b->v[i].uid);
	} else
		for (i = 0; i < b->gone_n; i++) {
			uid = b->gone[i].uid;
			if (b->gone[i].modseq > since &&
			    box_letter(b, uid) == NULL)
				uidset_add(&gone, uid);
		}
	if (!uidset_empty(&gone)) {
		uidset_format(&gone, 0, 1 << 20, &text);
		conn_say(c, "* VANISHED (EARLIER) %s\r\n", buf_text(&text));
	}
	uidset_release(&gone);
	buf_release(&text);
	for (i = 0; i < b->n; i++)
		if (b->v[i].modseq > since)
			say_letter(c, b, (uint32_t)i + 1, &b->v[i],
			    ITEM_FLAGS | ITEM_MODSEQ);
}

/* ---- FETCH ---- */

/* "(UID FLAGS BODY.PEEK[])": the items; ITEM_UNKNOWN among them where the server can't. */
static unsigned int
take_items(const struct conn *c, const char *p)
{
	static const struct {
		const char *word;
		unsigned int item, feature;
	} t[] = {
		{ "UID", 0, 0 }, { "FLAGS", ITEM_FLAGS, 0 },
		{ "INTERNALDATE", ITEM_DATE, 0 },
		{ "RFC822.SIZE", ITEM_SIZE, 0 },
		{ "EMAILID", ITEM_EMAILID, HAS_OBJECTID },
		{ "THREADID", ITEM_THREADID, HAS_OBJECTID },
		{ "X-GM-MSGID", ITEM_GMAIL, HAS_GMAIL },
		{ "X-GM-THRID", ITEM_GMAIL, HAS_GMAIL },
		{ "X-GM-LABELS", ITEM_LABELS, HAS_GMAIL },
		{ "BODY.PEEK[]", ITEM_BODY, 0 },
	};
	unsigned int items = 0;
	size_t i, n;

	for (p++; *p != ')' && *p != '\0'; p += n + (p[n] == ' ')) {
		n = strcspn(p, " )");
		for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
			if (strlen(t[i].word) == n &&
			    strncasecmp(t[i].word, p, n) == 0)
				break;
		if (i == sizeof(t) / sizeof(t[0]))
			sim_broke(c->s, "it asks for %s", p);
		else if ((c->features & t[i].feature) != t[i].feature)
			items |= ITEM_UNKNOWN;
		else
			items |= t[i].item;
	}
	return items;
}

/* "1:3,7,9:*" of what is there. */
static bool
in_set(const char *set, uint32_t uid, uint32_t last)
{
	while (*set != '\0' && *set != ' ') {
		char *end;
		unsigned long from, to;

		from = *set == '*' ? (end = (char *)(uintptr_t)set + 1, last) :
		    strtoul(set, &end, 10);
		to = from;
		if (*end == ':') {
			set = end + 1;
			to = *set == '*' ?
			    (end = (char *)(uintptr_t)set + 1, last) :
			    strtoul(set, &end, 10);
		}
		if ((from <= uid && uid <= to) || (to <= uid && uid <= from))
			return true;
		set = *end == ',' ? end + 1 : end;
	}
	return false;
}

/* The answers, one after the other or in no order; false where one is refused. */
static bool
say_letters(struct conn *c, struct box *b, const char *set,
    unsigned int items, uint64_t since)
{
	uint32_t *order = xcalloc(c->seq_n, sizeof(*order)), n = 0, i, at;
	uint32_t last = c->seq_n == 0 ? 0 : c->seq[c->seq_n - 1];
	bool shuffle = one_in(&c->s->net, 4), ok = true;

	for (i = 0; i < c->seq_n; i++) {
		if (!in_set(set, c->seq[i], last))
			continue;
		at = shuffle ? rng_below(&c->s->net, n + 1) : n;
		order[n++] = order[at];
		order[at] = i;
	}
	for (i = 0; i < n; i++) {
		/* Looked at anew each time: the world goes on meanwhile. */
		const struct letter *l = box_letter(b, c->seq[order[i]]);

		if (l == NULL || l->modseq <= since)
			continue;
		if (l->ill == ILL_REFUSED && items & ITEM_BODY)
			ok = false;
		else
			say_letter(c, b, order[i] + 1, l, items);
		if (items & ITEM_BODY)
			sim_tick(c->s);
		/* The folder may have gone, or become another. */
		if (b->incarnation != c->incarnation)
			break;
	}
	free(order);
	return ok;
}

void
fetch_command(struct conn *c, struct box *b, const char *args)
{
	const char *list = strchr(args, '('), *changed;
	unsigned int items;
	uint64_t since = 0;
	bool ok;

	if (list == NULL) {
		sim_broke(c->s, "it said FETCH %s", args);
		return;
	}
	items = take_items(c, list);
	if ((changed = strstr(list, "(CHANGEDSINCE ")) != NULL) {
		since = strtoull(changed + 14, NULL, 10);
		if (!(c->features & HAS_CONDSTORE))
			items |= ITEM_UNKNOWN;
		items |= ITEM_MODSEQ;
	}
	if (items & ITEM_UNKNOWN) {
		conn_say(c, "%s BAD I don't know that item\r\n", c->tag);
		return;
	}
	fetch_news(c, b);
	ok = say_letters(c, b, args, items, since);
	if (b->incarnation != c->incarnation) {
		conn_say(c, "%s NO the folder is gone\r\n", c->tag);
		return;
	}
	fetch_news(c, b);
	conn_say(c, "%s %s\r\n", c->tag,
	    ok ? "OK done" : "NO some messages can't be had");
}
