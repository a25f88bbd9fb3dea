/*
 * progress.c - see progress.h.  Pure: ui.c owns the clock and the terminal.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cmd/bar.h"
#include "cmd/plain.h"
#include "cmd/progress.h"

#define GAP		3	/* blanks between parts */
#define BAR_MIN		10
#define BAR_MAX		28
#define WHERE_MIN	12	/* a folder's name is cut down to this before it goes */

struct progress_rate
progress_rate(struct progress_pace *pace, double now, const struct progress *p)
{
	struct progress_rate rate = { 0, 0 };
	size_t first;
	double span;

	if (pace->n == 0 ||
	    now - pace->at[(pace->n - 1) % PROGRESS_PACE].when >= 1) {
		pace->at[pace->n % PROGRESS_PACE].when = now;
		pace->at[pace->n % PROGRESS_PACE].bytes = p->bytes;
		pace->at[pace->n % PROGRESS_PACE].items = p->items;
		pace->n++;
	}
	first = pace->n > PROGRESS_PACE ? pace->n % PROGRESS_PACE : 0;
	if ((span = now - pace->at[first].when) < 1)
		return rate;
	if (p->bytes > pace->at[first].bytes)
		rate.bytes = (double)(p->bytes - pace->at[first].bytes) / span;
	if (p->items > pace->at[first].items)
		rate.items = (double)(p->items - pace->at[first].items) / span;
	return rate;
}

/* What tells how much is done: bytes or items; total 0: nothing does. */
struct measure {
	uint64_t	 done, total;
	double		 rate;
};

static struct measure
measure(const struct progress *p, struct progress_rate rate)
{
	struct measure m = { p->items, p->items_total, rate.items };

	if (p->bytes_total > 0)
		m = (struct measure){ p->bytes, p->bytes_total, rate.bytes };
	if (m.done > m.total)
		m.done = m.total;
	return m;
}

/* In the order they stand. */
enum part { TITLE, BAR, PERCENT, AMOUNT, RATE, LEFT, WHERE, ITEMS, PARTS };

struct line {
	struct buf	 text[PARTS];	/* own; empty: not shown */
	size_t		 width[PARTS];
	bool		 utf8;
};

static void
put(struct line *l, enum part part, const char *s)
{
	plain_escape(&l->text[part], s, strlen(s), l->utf8);
	l->width[part] = plain_width(buf_text(&l->text[part]));
}

/* "6.5/9.2 GiB": the unit once where both have the same. */
static void
put_sizes(struct line *l, uint64_t done, uint64_t total)
{
	char a[TEXT_MAX], b[TEXT_MAX], both[2 * TEXT_MAX];
	const char *ua, *ub;

	ua = strchr(text_size(a, done), ' ');
	ub = strchr(text_size(b, total), ' ');
	if (total == 0)
		snprintf(both, sizeof(both), "%s", a);
	else if (strcmp(ua, ub) == 0)
		snprintf(both, sizeof(both), "%.*s/%s", (int)(ua - a), a, b);
	else
		snprintf(both, sizeof(both), "%s/%s", a, b);
	put(l, AMOUNT, both);
}

static void
put_counts(struct line *l, enum part part, uint64_t done, uint64_t total)
{
	char a[TEXT_MAX], b[TEXT_MAX], both[2 * TEXT_MAX];

	text_count(a, done);
	if (total == 0)
		snprintf(both, sizeof(both), "%s", a);
	else
		snprintf(both, sizeof(both), "%s/%s", a, text_count(b, total));
	put(l, part, both);
}

/* The parts but the bar, each as long as it likes. */
static void
compose(struct line *l, const struct progress *p, double speed,
    const struct measure *m)
{
	bool bytes = p->bytes > 0 || p->bytes_total > 0;
	char s[TEXT_MAX], text[TEXT_MAX + 16];

	if (p->title != NULL)
		put(l, TITLE, p->title);
	if (m->total > 0) {
		/* Cut, not rounded: 100 % is when it is done. */
		snprintf(text, sizeof(text), "%3d %%",
		    (int)(100 * (double)m->done / (double)m->total));
		put(l, PERCENT, text);
	}
	if (bytes)
		put_sizes(l, p->bytes, p->bytes_total);
	else
		put_counts(l, AMOUNT, p->items, p->items_total);
	if (speed > 0) {
		snprintf(text, sizeof(text), "%s/s",
		    text_size(s, (uint64_t)speed));
		put(l, RATE, text);
	}
	if (m->rate > 0 && m->total > 0) {
		snprintf(text, sizeof(text), "%s left",
		    text_span(s, (double)(m->total - m->done) / m->rate));
		put(l, LEFT, text);
	}
	if (p->where != NULL)
		put(l, WHERE, p->where);
	if (bytes && (p->items > 0 || p->items_total > 0))
		put_counts(l, ITEMS, p->items, p->items_total);
}

static size_t
width_of(const struct line *l)
{
	size_t i, n = 0;

	for (i = 0; i < PARTS; i++)
		if (l->width[i] > 0)
			n += GAP + l->width[i];
	return n;
}

/* Leave out or shorten parts until the line fits; what room is left is the bar's. */
static void
fit(struct line *l, size_t columns, bool bar)
{
	static const enum part order[] = { ITEMS, WHERE, RATE, BAR, LEFT,
	    AMOUNT };
	struct buf cut;
	size_t i, over;

	l->width[BAR] = bar ? BAR_MIN : 0;
	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (width_of(l) <= columns)
			break;
		over = width_of(l) - columns;
		if (l->width[WHERE] >= WHERE_MIN + over) {
			buf_init(&cut, 4096);
			plain_cut(&cut, buf_text(&l->text[WHERE]),
			    l->width[WHERE] - over, l->utf8);
			buf_release(&l->text[WHERE]);
			l->text[WHERE] = cut;
			l->width[WHERE] = plain_width(buf_text(&cut));
			break;
		}
		l->width[order[i]] = 0;
	}
	if (l->width[BAR] > 0 && width_of(l) < columns) {
		l->width[BAR] += columns - width_of(l);
		if (l->width[BAR] > BAR_MAX)
			l->width[BAR] = BAR_MAX;
	}
}

void
progress_line(struct buf *out, const struct progress *p,
    struct progress_rate rate, size_t columns, bool utf8)
{
	const struct measure m = measure(p, rate);
	struct buf whole = BUF_INIT(16384);
	struct line l = { .utf8 = utf8 };
	size_t i;

	for (i = 0; i < PARTS; i++)
		buf_init(&l.text[i], 4096);
	compose(&l, p, rate.bytes, &m);
	fit(&l, columns, m.total > 0);
	if (l.width[BAR] > 0)
		bar_add(&l.text[BAR], l.width[BAR], m.done, m.total, utf8);
	for (i = 0; i < PARTS; i++) {
		if (l.width[i] > 0)
			buf_addf(&whole, "%*s%s", whole.n == 0 ? 2 : GAP, "",
			    buf_text(&l.text[i]));
		buf_release(&l.text[i]);
	}
	plain_cut(out, buf_text(&whole), columns, utf8);
	buf_release(&whole);
}

void
progress_json(struct json_out *j, const struct progress *p,
    struct progress_rate rate)
{
	if (p->title != NULL)
		json_str(j, "title", p->title);
	if (p->where != NULL)
		json_str(j, "where", p->where);
	json_u64(j, "bytes", p->bytes);
	json_u64(j, "bytes_total", p->bytes_total);
	json_u64(j, "items", p->items);
	json_u64(j, "items_total", p->items_total);
	json_u64(j, "rate", (uint64_t)rate.bytes);
}
