/*
 * world.c - see sim.h: folders and messages, and what befalls them.
 */
#include <stdio.h>
#include <time.h>

#include "sim.h"

#define LETTERS_MAX	120	/* in a folder */
#define BOXES_MAX	9

static const char *const system_flags[] = { "\\Answered", "\\Deleted",
    "\\Draft", "\\Flagged", "\\Seen" };
static const char *const keywords[] = { "$Forwarded", "$MDNSent", "Work",
    "work", "NonJunk", "a{b" };
#define SYSTEM_FLAGS	5
#define KEYWORDS	6

/* As they are in a quoted string; some servers send some of them bare. */
static const char *const labels[] = { "\"\\\\Important\"", "Work",
    "\"two words\"", "\"q\\\"uote\"", "[Mailbox]", "Entw&APw-rfe" };
#define LABELS		6

static const char *const uses[] = { NULL, "\\Sent", "\\Trash", "\\Drafts",
    "\\Junk", "\\Archive" };
#define USES		6

static const char *const names[] = { "Work", "Work/2024", "work", "Sent",
    "Entw&APw-rfe", "a\"b\\c", "INBOX/sub", " blank", "100%", "{5}", "NIL",
    "~home", "bad&name", "Papierkorb&-Co", "&Jjo-!", "(x)", "line\r\nend",
    "raw\303\274", "a*b", "very.deep/very.deep/very.deep/very.deep" };
#define NAMES		20

/* ---- what was ever there ---- */

static uint64_t
hash(uint64_t h, const void *p, size_t n)
{
	const unsigned char *b = p;

	while (n-- > 0)
		h = (h ^ *b++) * 1099511628211u;
	return h;
}

static uint64_t
ever_key(const char *wire, uint64_t uidvalidity, uint32_t uid,
    const struct digest *sha256)
{
	uint64_t h = 14695981039346656037u;

	h = hash(h, wire, strlen(wire));
	h = hash(h, &uidvalidity, sizeof(uidvalidity));
	h = hash(h, &uid, sizeof(uid));
	h = hash(h, sha256->b, DIGEST_SIZE);
	return h == 0 ? 1 : h;
}

static uint64_t *
ever_slot(const struct world *w, uint64_t key)
{
	size_t at = (size_t)key & (w->ever_slots - 1);

	while (w->ever[at] != 0 && w->ever[at] != key)
		at = (at + 1) & (w->ever_slots - 1);
	return &w->ever[at];
}

static void
ever_add(struct world *w, uint64_t key)
{
	uint64_t *old = w->ever, *slot;
	size_t n = w->ever_slots, i;

	if (2 * (w->ever_n + 1) > n) {
		w->ever_slots = n == 0 ? 1024 : 2 * n;
		w->ever = xcalloc(w->ever_slots, sizeof(*w->ever));
		for (i = 0; i < n; i++)
			if (old[i] != 0)
				*ever_slot(w, old[i]) = old[i];
		free(old);
	}
	slot = ever_slot(w, key);
	if (*slot == 0)
		w->ever_n++;
	*slot = key;
}

bool
world_ever(const struct world *w, const char *wire, uint64_t uidvalidity,
    uint32_t uid, const struct digest *sha256)
{
	return *ever_slot(w, ever_key(wire, uidvalidity, uid, sha256)) != 0;
}

/* A message is there, under this name and, for all that a client can know, with or without UIDVALIDITY. */
static void
note(struct world *w, const struct box *b, const struct letter *l)
{
	const struct digest *d = &w->contents[l->content].sha256;

	ever_add(w, ever_key(b->wire, b->uidvalidity, l->uid, d));
	ever_add(w, ever_key(b->wire, 0, l->uid, d));
}

static void
note_all(struct world *w, const struct box *b)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		note(w, b, &b->v[i]);
}

/* ---- contents ---- */

static void
put_lines(struct rng *r, struct buf *b, uint32_t n, const char *end)
{
	static const char *const lines[] = { "Hello,", "From here on",
	    ">From there", ">>From", "", ".", "a line of some words",
	    "* 1 FETCH (UID 1 BODY[] {3}", "k00000000.5 OK done", ")",
	    "\303\244\303\266\303\274", "\377\376" };

	while (n-- > 0) {
		buf_addf(b, "%s %u", lines[rng_below(r, 12)],
		    rng_below(r, 100));
		buf_adds(b, end);
	}
}

static void
compose(struct rng *r, uint32_t number, struct buf *b)
{
	uint32_t kind = rng_below(r, 16), i;

	if (kind == 0 && one_in(r, 4))
		return;		/* an empty message */
	if (kind == 1) {
		/* bytes of any kind */
		for (i = rng_below(r, 300); i > 0; i--)
			buf_addc(b, "\r\n\0 aF\377\n"[rng_below(r, 8)]);
		buf_addf(b, "%u", number);
		return;
	}
	buf_addf(b, "From: sender%u@example.org\r\nSubject: number %u\r\n",
	    number % 7, number);
	if (kind == 2)
		return;		/* header only, and unfinished */
	buf_adds(b, "\r\n");
	put_lines(r, b, kind == 3 ? rng_scaled(r, 12) : rng_below(r, 12),
	    kind == 4 ? "\n" : "\r\n");
	if (kind == 5)
		buf_adds(b, "no end");
	if (kind == 6)
		for (i = rng_scaled(r, 16); i > 0; i--)
			buf_addc(b, 'x');
}

static uint32_t
new_content(struct world *w)
{
	struct buf b = BUF_INIT(1 << 20);
	struct content *c;

	compose(&w->rng, (uint32_t)w->contents_n, &b);
	w->contents = mem_grow(w->contents, &w->contents_cap,
	    w->contents_n + 1, sizeof(*w->contents));
	c = &w->contents[w->contents_n];
	c->n = b.n;
	digest_of(buf_text(&b), b.n, &c->sha256);
	c->p = buf_take(&b);
	return (uint32_t)w->contents_n++;
}

/* ---- letters in boxes ---- */

static uint64_t
next_modseq(struct box *b)
{
	return b->modseq += 1;
}

const struct letter *
box_letter(const struct box *b, uint32_t uid)
{
	size_t lo = 0, hi = b->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (b->v[mid].uid == uid)
			return &b->v[mid];
		if (b->v[mid].uid < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static void
put_date(struct world *w, struct letter *l)
{
	static const char *const month[] = { "Jan", "Feb", "Mar", "Apr",
	    "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t t = (time_t)w->date;
	struct tm tm;

	w->date += 60 + rng_below(&w->rng, 86400);
	if (one_in(&w->rng, 40)) {
		snprintf(l->date, sizeof(l->date),
		    "00-Jan-0000 00:00:00 +0000");
		return;
	}
	gmtime_r(&t, &tm);
	snprintf(l->date, sizeof(l->date), "%2d-%s-%d %02d:%02d:%02d %s",
	    tm.tm_mday, month[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour,
	    tm.tm_min, tm.tm_sec, one_in(&w->rng, 2) ? "+0000" : "-0730");
}

/* Room for a letter with this UID, which no other has. */
static struct letter *
insert(struct box *b, uint32_t uid)
{
	size_t at = b->n;

	b->v = mem_grow(b->v, &b->cap, b->n + 1, sizeof(*b->v));
	while (at > 0 && b->v[at - 1].uid > uid)
		at--;
	memmove(b->v + at + 1, b->v + at, (b->n - at) * sizeof(*b->v));
	b->n++;
	memset(&b->v[at], 0, sizeof(b->v[at]));
	b->v[at].uid = uid;
	return &b->v[at];
}

static void
remove_letter(struct world *w, struct box *b, size_t at)
{
	struct trace *t;

	b->gone = mem_grow(b->gone, &b->gone_cap, b->gone_n + 1,
	    sizeof(*b->gone));
	t = &b->gone[b->gone_n++];
	t->uid = b->v[at].uid;
	t->modseq = w->silent_expunge ? b->modseq : next_modseq(b);
	t->gone_in = w->run;
	memmove(b->v + at, b->v + at + 1, (b->n - at - 1) * sizeof(*b->v));
	b->n--;
}

/* The UID that the next letter gets, 0 where there is none to give. */
static uint32_t
next_uid(struct world *w, struct box *b)
{
	uint64_t uid = b->uidnext;

	if (b->n >= LETTERS_MAX)
		return 0;
	if (one_in(&w->rng, 4))
		uid += rng_below(&w->rng, 5);
	if (b->went_back && (w->run != 0 || uid + 1 >= b->known_next))
		return 0;
	b->uidnext = uid + 1;
	return (uint32_t)uid;
}

static struct letter *
append(struct world *w, struct box *b, uint32_t content, uint32_t emailid)
{
	uint32_t uid = b->frozen ? 0 : next_uid(w, b);
	struct letter *l;

	if (uid == 0)
		return NULL;
	l = insert(b, uid);
	l->content = content;
	l->emailid = emailid;
	l->modseq = next_modseq(b);
	l->came_in = w->run;
	put_date(w, l);
	if (one_in(&w->rng, 2))
		l->flags = (uint32_t)rng_next(&w->rng) &
		    ((1u << (SYSTEM_FLAGS + KEYWORDS)) - 1);
	if (one_in(&w->rng, 3))
		l->labels = (uint32_t)rng_next(&w->rng) & ((1u << LABELS) - 1);
	note(w, b, l);
	return l;
}

static struct letter *
append_new(struct world *w, struct box *b)
{
	uint32_t content;

	/* The same bytes once more are another message. */
	if (w->contents_n > 0 && one_in(&w->rng, 8))
		content = rng_below(&w->rng, (uint32_t)w->contents_n);
	else
		content = new_content(w);
	return append(w, b, content, ++w->next_emailid);
}

/* ---- boxes ---- */

struct box *
world_box(const struct world *w, const char *wire)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (strcmp(w->boxes[i]->wire, wire) == 0)
			return w->boxes[i];
	return NULL;
}

static uint64_t
new_uidvalidity(struct world *w)
{
	return w->same_uidvalidity ? 1 :
	    (w->next_uidvalidity += 1 + rng_below(&w->rng, 3));
}

static struct box *
add_box(struct world *w, const char *wire)
{
	struct box *b = xcalloc(1, sizeof(*b));

	w->boxes = mem_grow(w->boxes, &w->cap, w->n + 1, sizeof(*w->boxes));
	w->boxes[w->n++] = b;
	b->wire = xstrdup(wire);
	b->id = ++w->next_box;
	b->uidvalidity = new_uidvalidity(w);
	b->incarnation = ++w->next_incarnation;
	b->uidnext = 1;
	b->modseq = 1 + rng_below(&w->rng, 1000);
	b->subscribed = one_in(&w->rng, 2);
	b->use = rng_below(&w->rng, USES);
	b->touched_in = w->run;
	b->wrong_size = one_in(&w->rng, 12);
	b->no_uidnext = one_in(&w->rng, 20);
	b->no_uidvalidity = !w->same_uidvalidity && one_in(&w->rng, 20);
	b->no_modseq = one_in(&w->rng, 15);
	return b;
}

static void
free_box(struct box *b)
{
	if (b == NULL)
		return;
	free_box(b->saved);
	free(b->wire);
	free(b->v);
	free(b->gone);
	free(b);
}

static void
bury(struct world *w, const char *wire)
{
	struct dead *d;

	w->dead = mem_grow(w->dead, &w->dead_cap, w->dead_n + 1,
	    sizeof(*w->dead));
	d = &w->dead[w->dead_n++];
	d->wire = xstrdup(wire);
	d->run = w->run;
}

bool
world_died(const struct world *w, const char *wire, uint32_t run)
{
	size_t i;

	for (i = 0; i < w->dead_n; i++)
		if (w->dead[i].run == run &&
		    strcmp(w->dead[i].wire, wire) == 0)
			return true;
	return false;
}

/* A name that no folder has; to be freed, or NULL. */
static char *
free_name(struct world *w)
{
	const char *name;
	int tries;

	/* Where UIDVALIDITY tells nothing a name that comes back would stand for two folders. */
	if (w->same_uidvalidity)
		return xasprintf("Folder %u", ++w->next_box);
	for (tries = 0; tries < 4; tries++) {
		name = names[rng_below(&w->rng, NAMES)];
		if (world_box(w, name) == NULL)
			return xstrdup(name);
	}
	return NULL;
}

static void
rename_box(struct world *w, struct box *b, const char *wire)
{
	bury(w, b->wire);
	free(b->wire);
	b->wire = xstrdup(wire);
	b->touched_in = w->run;
	note_all(w, b);
}

/* Any box, or any but INBOX. */
static struct box *
some_box(struct world *w)
{
	return w->boxes[rng_below(&w->rng, (uint32_t)w->n)];
}

static struct box *
some_other_box(struct world *w)
{
	return w->n < 2 ? NULL :
	    w->boxes[1 + rng_below(&w->rng, (uint32_t)w->n - 1)];
}

static struct letter *
some_letter(struct world *w, struct box **b)
{
	*b = some_box(w);
	if ((*b)->n == 0)
		return NULL;
	return &(*b)->v[rng_below(&w->rng, (uint32_t)(*b)->n)];
}

/* ---- changes: each says what it did, or nothing where it could do nothing ---- */

static void
change_append(struct world *w, struct buf *text)
{
	struct box *b = some_box(w);
	uint32_t n = 1 + rng_scaled(&w->rng, 4);
	struct letter *l;

	while (n-- > 0)
		if ((l = append_new(w, b)) != NULL)
			buf_addf(text, "append %s %u; ", b->wire, l->uid);
}

static void
change_expunge(struct world *w, struct buf *text)
{
	struct box *b = some_box(w);
	uint32_t n = 1 + rng_scaled(&w->rng, 3);

	if (one_in(&w->rng, 30))
		n = (uint32_t)b->n;
	while (n-- > 0 && b->n > 0 && !b->frozen) {
		size_t at = rng_below(&w->rng, (uint32_t)b->n);

		buf_addf(text, "expunge %s %u; ", b->wire, b->v[at].uid);
		remove_letter(w, b, at);
	}
}

static void
change_flags(struct world *w, struct buf *text)
{
	struct box *b;
	struct letter *l = some_letter(w, &b);
	uint32_t n = one_in(&w->rng, 4) ? 8 : 1;

	if (l == NULL || b->frozen)
		return;
	for (; n > 0 && l < b->v + b->n; n--, l++) {
		l->flags ^= 1u << rng_below(&w->rng, SYSTEM_FLAGS + KEYWORDS);
		l->modseq = next_modseq(b);
		l->changed_in = w->run;
		buf_addf(text, "flags %s %u; ", b->wire, l->uid);
	}
}

static void
change_labels(struct world *w, struct buf *text)
{
	struct box *b;
	struct letter *l = some_letter(w, &b);

	if (l == NULL || b->frozen)
		return;
	l->labels ^= 1u << rng_below(&w->rng, LABELS);
	l->modseq = next_modseq(b);
	l->changed_in = w->run;
	buf_addf(text, "labels %s %u; ", b->wire, l->uid);
}

/* COPY, or MOVE: the same message, with its date and flags and EMAILID. */
static void
change_copy(struct world *w, struct buf *text)
{
	struct box *from, *to = some_box(w);
	struct letter *l = some_letter(w, &from), *made, old;
	bool move = one_in(&w->rng, 2);

	if (l == NULL || from->frozen)
		return;
	old = *l;
	if ((made = append(w, to, old.content, old.emailid)) == NULL)
		return;
	made->flags = old.flags;
	made->labels = old.labels;
	memcpy(made->date, old.date, sizeof(old.date));
	buf_addf(text, "%s %s %u to %s %u; ", move ? "move" : "copy",
	    from->wire, old.uid, to->wire, made->uid);
	if (move)
		remove_letter(w, from,
		    (size_t)(box_letter(from, old.uid) - from->v));
}

/* A UID below the highest, which none ever had. */
static void
change_late(struct world *w, struct buf *text)
{
	struct box *b = some_box(w);
	struct letter *l;
	uint32_t uid;
	size_t i;

	if (w->run != 0 || b->uidnext < 3 || b->n >= LETTERS_MAX ||
	    b->restored)
		return;
	uid = 1 + rng_below(&w->rng, (uint32_t)b->uidnext - 2);
	if (box_letter(b, uid) != NULL)
		return;
	for (i = 0; i < b->gone_n; i++)
		if (b->gone[i].uid == uid)
			return;
	l = insert(b, uid);
	l->content = new_content(w);
	l->emailid = ++w->next_emailid;
	l->modseq = next_modseq(b);
	put_date(w, l);
	note(w, b, l);
	buf_addf(text, "late %s %u; ", b->wire, uid);
}

static void
change_health(struct world *w, struct buf *text)
{
	struct box *b;
	struct letter *l = some_letter(w, &b);
	size_t i, j;

	/* More often they get well again, all of them. */
	if (l == NULL || one_in(&w->rng, 2)) {
		for (i = 0; i < w->n; i++)
			for (j = 0; j < w->boxes[i]->n; j++)
				w->boxes[i]->v[j].ill = ILL_NOT;
		buf_adds(text, "all well; ");
		return;
	}
	if (w->run != 0)
		return;
	l->ill = (enum ill)(1 + rng_below(&w->rng, ILLS - 1));
	buf_addf(text, "ill %s %u: %d; ", b->wire, l->uid, (int)l->ill);
}

static void
change_create(struct world *w, struct buf *text)
{
	char *name;

	if (w->n >= BOXES_MAX || (name = free_name(w)) == NULL)
		return;
	add_box(w, name);
	buf_addf(text, "create %s; ", name);
	free(name);
}

static void
change_delete(struct world *w, struct buf *text)
{
	struct box *b = some_other_box(w);
	size_t i;

	if (b == NULL)
		return;
	for (i = 0; w->boxes[i] != b; i++)
		;
	w->boxes[i] = w->boxes[--w->n];
	bury(w, b->wire);
	buf_addf(text, "delete %s; ", b->wire);
	/* And often another one of that name is made. */
	if (!w->same_uidvalidity && one_in(&w->rng, 3)) {
		add_box(w, b->wire);
		buf_addf(text, "create %s; ", b->wire);
	}
	/* Sessions may still look at it. */
	b->incarnation = ++w->next_incarnation;
	w->grave = mem_grow(w->grave, &w->grave_cap, w->grave_n + 1,
	    sizeof(*w->grave));
	w->grave[w->grave_n++] = b;
}

static void
change_rename(struct world *w, struct buf *text)
{
	struct box *b = some_other_box(w);
	char *name;

	if (b == NULL || (name = free_name(w)) == NULL)
		return;
	buf_addf(text, "rename %s to %s; ", b->wire, name);
	rename_box(w, b, name);
	free(name);
}

static void
change_swap(struct world *w, struct buf *text)
{
	struct box *a = some_other_box(w), *b = some_other_box(w);
	char *name;

	if (a == NULL || a == b || w->same_uidvalidity)
		return;
	buf_addf(text, "swap %s and %s; ", a->wire, b->wire);
	name = xstrdup(a->wire);
	rename_box(w, a, b->wire);
	rename_box(w, b, name);
	free(name);
}

/* UIDVALIDITY changes, and so do all UIDs. */
static void
change_renumber(struct world *w, struct buf *text)
{
	struct box *b = some_box(w);
	size_t i;

	if (w->same_uidvalidity)
		return;
	b->uidvalidity = new_uidvalidity(w);
	b->incarnation = ++w->next_incarnation;
	b->touched_in = w->run;
	b->gone_n = 0;
	b->went_back = b->frozen = b->restored = false;
	b->known_next = 0;
	free_box(b->saved);
	b->saved = NULL;
	if (one_in(&w->rng, 2)) {
		b->modseq = 1;
		b->uidnext = 1;
		for (i = 0; i < b->n; i++)
			b->v[i].uid = (uint32_t)b->uidnext++;
	}
	for (i = 0; i < b->n; i++)
		b->v[i].modseq = next_modseq(b);
	note_all(w, b);
	buf_addf(text, "renumber %s: %u; ", b->wire,
	    (unsigned int)b->uidvalidity);
}

static void
change_facts(struct world *w, struct buf *text)
{
	struct box *b = some_box(w);

	b->touched_in = w->run;
	buf_addf(text, "facts %s; ", b->wire);
	switch (rng_below(&w->rng, 8)) {
	case 0:
		b->use = rng_below(&w->rng, USES);
		break;
	case 1:
		if (b != w->boxes[0])
			b->noselect = !b->noselect;
		break;
	case 2:
		b->no_modseq = !b->no_modseq;
		break;
	case 3:
		b->wrong_size = !b->wrong_size;
		break;
	case 4:
		if (!w->same_uidvalidity)
			b->no_uidvalidity = !b->no_uidvalidity;
		break;
	default:
		b->subscribed = !b->subscribed;
		break;
	}
}

/* A backup of the server, and the server put back to it: UIDs will be given again. */
static void
change_save(struct world *w, struct buf *text)
{
	struct box *b = some_box(w), *s;
	size_t i;

	if (w->run != 0 || b->no_uidnext)
		return;
	if ((s = b->saved) == NULL) {
		b->saved = s = xcalloc(1, sizeof(*s));
		*s = *b;
		s->saved = NULL;
		s->wire = xstrdup(b->wire);
		s->v = xreallocarray(NULL, b->n, sizeof(*s->v));
		if (b->n > 0)
			memcpy(s->v, b->v, b->n * sizeof(*s->v));
		s->cap = b->n;
		s->gone = NULL;
		s->gone_n = s->gone_cap = 0;
		buf_addf(text, "save %s; ", b->wire);
		return;
	}
	if (s->uidnext >= b->uidnext || b->went_back)
		return;
	buf_addf(text, "put back %s to UIDNEXT %u; ", b->wire,
	    (unsigned int)s->uidnext);
	/* Where the vault doesn't know of the UIDs that are given again, nobody will notice. */
	b->went_back = b->known_next > s->uidnext;
	b->restored = true;
	b->uidnext = s->uidnext;
	free(b->v);
	b->v = s->v;
	b->n = s->n;
	b->cap = s->cap;
	b->frozen = one_in(&w->rng, 2);
	if (b->frozen)
		b->modseq = s->modseq;
	else
		for (i = 0; i < b->n; i++)
			b->v[i].modseq = next_modseq(b);
	b->gone_n = 0;
	b->incarnation = ++w->next_incarnation;
	s->v = NULL;
	free_box(s);
	b->saved = NULL;
	note_all(w, b);
}

/* A UID that stands for another message: without CONDSTORE the date tells. */
static void
change_replace(struct world *w, struct buf *text)
{
	struct box *b;
	struct letter *l = some_letter(w, &b);

	if (l == NULL || w->run != 0 || b->no_uidvalidity ||
	    l->date[0] == '0' || b->saved != NULL || b->frozen ||
	    (w->features & (HAS_CONDSTORE | HAS_QRESYNC)) != 0)
		return;
	w->plain = true;
	l->content = new_content(w);
	l->emailid = ++w->next_emailid;
	l->modseq = next_modseq(b);
	do
		put_date(w, l);
	while (l->date[0] == '0');
	note(w, b, l);
	buf_addf(text, "replace %s %u; ", b->wire, l->uid);
}

void
world_change(struct world *w, bool rough, struct buf *text)
{
	static const struct {
		void	(*make)(struct world *, struct buf *);
		uint32_t weight;
	} t[] = {
		{ change_append, 30 }, { change_expunge, 16 },
		{ change_flags, 20 }, { change_labels, 3 },
		{ change_copy, 14 }, { change_late, 4 }, { change_health, 5 },
		{ change_create, 5 }, { change_delete, 3 },
		{ change_rename, 5 }, { change_swap, 1 },
		{ change_renumber, 2 }, { change_facts, 5 },
		{ change_save, 6 }, { change_replace, 3 },
	};
	size_t n = rough ? sizeof(t) / sizeof(t[0]) : 7, i;
	uint32_t all = 0, at;

	for (i = 0; i < n; i++)
		all += t[i].weight;
	at = rng_below(&w->rng, all);
	for (i = 0; at >= t[i].weight; i++)
		at -= t[i].weight;
	t[i].make(w, text);
	w->changes++;
}

void
world_toggle(struct world *w)
{
	unsigned int f = (unsigned int)rng_next(&w->rng) & HAS_EVERYTHING;

	/* Most servers are modern, or not at all. */
	switch (rng_below(&w->rng, 4)) {
	case 0:
		f = HAS_EVERYTHING;
		break;
	case 1:
		f |= HAS_CONDSTORE | HAS_LIST_EXTENDED | HAS_LIST_STATUS;
		break;
	case 2:
		f &= (unsigned int)(HAS_ESEARCH | HAS_UIDPLUS |
		    HAS_SPECIAL_USE | HAS_NAMESPACE | HAS_ID | HAS_LITERAL);
		break;
	default:
		break;
	}
	/* Gmail is and stays Gmail. */
	f = (f & ~(unsigned int)HAS_GMAIL) | (w->gmail ? HAS_GMAIL : 0);
	if (f & HAS_QRESYNC)
		f |= HAS_CONDSTORE;
	if (w->plain)
		f &= ~(unsigned int)(HAS_CONDSTORE | HAS_QRESYNC);
	w->features = f;
	w->forgets = one_in(&w->rng, 3);
	/* RFC 7162: QRESYNC wants a mod-sequence of its own for an expunge. */
	w->silent_expunge = !(f & HAS_QRESYNC) && one_in(&w->rng, 2);
}

void
world_seen(struct world *w)
{
	size_t i;

	for (i = 0; i < w->n; i++) {
		w->boxes[i]->went_back = false;
		w->boxes[i]->frozen = false;
	}
	w->plain = false;
}

void
world_init(struct world *w, uint64_t seed)
{
	struct buf text = BUF_INIT(1 << 20);
	uint32_t n;

	memset(w, 0, sizeof(*w));
	w->rng.s = seed * 0x9e3779b97f4a7c15u + 1;
	w->date = 1000000000 + (int64_t)rng_below(&w->rng, 100000000);
	w->same_uidvalidity = one_in(&w->rng, 8);
	w->gmail = one_in(&w->rng, 8);
	w->next_uidvalidity = 1 + rng_below(&w->rng, 100000);
	world_toggle(w);
	add_box(w, one_in(&w->rng, 5) ? "Inbox" : "INBOX");
	w->boxes[0]->use = 0;
	for (n = rng_below(&w->rng, 5); n > 0; n--)
		change_create(w, &text);
	for (n = rng_scaled(&w->rng, 6); n > 0; n--)
		change_append(w, &text);
	buf_release(&text);
}

void
world_release(struct world *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		free_box(w->boxes[i]);
	for (i = 0; i < w->contents_n; i++)
		free(w->contents[i].p);
	for (i = 0; i < w->dead_n; i++)
		free(w->dead[i].wire);
	for (i = 0; i < w->grave_n; i++)
		free_box(w->grave[i]);
	free(w->grave);
	free(w->boxes);
	free(w->contents);
	free(w->dead);
	free(w->ever);
	memset(w, 0, sizeof(*w));
}

/* ---- texts ---- */

void
world_flags(uint32_t bits, struct buf *b)
{
	const char *blank = "";
	size_t i;

	for (i = 0; i < SYSTEM_FLAGS + KEYWORDS; i++) {
		if (!(bits & 1u << i))
			continue;
		buf_addf(b, "%s%s", blank, i < SYSTEM_FLAGS ?
		    system_flags[i] : keywords[i - SYSTEM_FLAGS]);
		blank = " ";
	}
}

void
world_labels(uint32_t bits, struct buf *b)
{
	const char *blank = "";
	size_t i;

	for (i = 0; i < LABELS; i++) {
		if (!(bits & 1u << i))
			continue;
		buf_addf(b, "%s%s", blank, labels[i]);
		blank = " ";
	}
}

void
world_attributes(const struct box *box, unsigned int features, struct buf *b)
{
	buf_adds(b, box->noselect ? "\\Noselect" : "\\HasNoChildren");
	if (features & HAS_SPECIAL_USE && uses[box->use] != NULL)
		buf_addf(b, " %s", uses[box->use]);
}
