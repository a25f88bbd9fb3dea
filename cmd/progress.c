/*
 * progress.c - see progress.h.  Pure: ui.c owns the clock and the terminal.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cmd/plain.h"
#include "cmd/progress.h"

#define GAP		3	/* blanks between parts */
#define BAR_MIN		10
#define BAR_MAX		28
#define WHERE_MIN	12	/* a folder's name is cut down to this before it goes */

double
progress_rate(struct progress_pace *pace, double now, const struct progress *p)
{
	uint64_t done = p->bytes > 0 || p->bytes_total > 0 ? p->bytes :
	    p->items;
	size_t first;

	if (pace->n == 0 ||
	    now - pace->at[(pace->n - 1) % PROGRESS_PACE].when >= 1) {
		pace->at[pace->n % PROGRESS_PACE].when = now;
		pace->at[pace->n % PROGRESS_PACE].done = done;
		pace->n++;
	}
	first = pace->n > PROGRESS_PACE ? pace->n % PROGRESS_PACE : 0;
	if (now - pace->at[first].when < 1 || done < pace->at[first].done)
		return 0;
	return (double)(done - pace->at[first].done) /
	    (now - pace->at[first].when);
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
compose(struct line *l, const struct progress *p, double rate, uint64_t done,
    uint64_t total)
{
	bool bytes = p->bytes > 0 || p->bytes_total > 0;
	char s[TEXT_MAX], text[TEXT_MAX + 16];

	if (p->title != NULL)
		put(l, TITLE, p->title);
	if (total > 0) {
		/* Cut, not rounded: 100 % is when it is done. */
		snprintf(text, sizeof(text), "%3d %%",
		    (int)(100 * (double)done / (double)total));
		put(l, PERCENT, text);
	}
	if (bytes)
		put_sizes(l, p->bytes, p->bytes_total);
	else
		put_counts(l, AMOUNT, p->items, p->items_total);
	if (rate > 0 && bytes) {
		snprintf(text, sizeof(text), "%s/s",
		    text_size(s, (uint64_t)rate));
		put(l, RATE, text);
	}
	if (rate > 0 && total > 0) {
		snprintf(text, sizeof(text), "%s left",
		    text_span(s, (double)(total - done) / rate));
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

static void
draw_bar(struct line *l, uint64_t done, uint64_t total)
{
	size_t width = l->width[BAR], i;
	/* In halves of a place; ASCII has whole ones only. */
	size_t halves = (size_t)((double)done / (double)total *
	    (double)(2 * width));

	for (i = 0; i < width; i++) {
		if (2 * i + 2 <= halves)
			buf_adds(&l->text[BAR], l->utf8 ? "\u2501" : "#");
		else if (2 * i + 1 == halves && l->utf8)
			buf_adds(&l->text[BAR], "\u2578");
		else
			buf_addc(&l->text[BAR], l->utf8 ? ' ' : '.');
	}
}

void
progress_line(struct buf *out, const struct progress *p, double rate,
    size_t columns, bool utf8)
{
	uint64_t total = p->bytes_total > 0 ? p->bytes_total : p->items_total;
	uint64_t done = p->bytes_total > 0 ? p->bytes : p->items;
	struct buf whole = BUF_INIT(16384);
	struct line l = { .utf8 = utf8 };
	size_t i;

	/* Bytes without a total, beside counted messages, are two different things. */
	if (p->bytes_total == 0 && p->bytes > 0)
		total = 0;
	if (done > total)
		done = total;
	for (i = 0; i < PARTS; i++)
		buf_init(&l.text[i], 4096);
	compose(&l, p, rate, done, total);
	fit(&l, columns, total > 0);
	if (l.width[BAR] > 0)
		draw_bar(&l, done, total);
	for (i = 0; i < PARTS; i++) {
		if (l.width[i] > 0)
			buf_addf(&whole, "%*s%s", whole.n == 0 ? 2 : GAP, "",
			    buf_text(&l.text[i]));
		buf_release(&l.text[i]);
	}
	plain_cut(out, buf_text(&whole), columns, utf8);
	buf_release(&whole);
}
