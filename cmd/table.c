/*
 * table.c - see table.h.  Lays text out; printing and escaping is ui.c's.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/plain.h"
#include "cmd/table.h"
#include "cmd/wrap.h"

#define GAP	2		/* blanks between columns */
#define BELOW	"    "	/* before words below a row */
#define CELL_MAX (64 * 1024)	/* bytes of a cell that are shown */

struct cell {
	char		*text;		/* own; plain */
	char		*below;		/* own; plain; of a row's last cell, or NULL */
	enum ui_style	 style;
};

struct table {
	struct ui	*ui;		/* borrowed */
	const struct table_column *columns;	/* borrowed */
	size_t		 n;
	size_t		*width;		/* own; of each column */
	bool		*sparse;	/* own; columns to be left out when they are empty */
	bool		*dropped;	/* own; columns that are left out; never the first */
	struct cell	*cells;		/* own; rows not printed yet, one behind the other */
	size_t		 held, cap;	/* cells of them */
	bool		 fitted;	/* the widths are final, the titles printed */
	bool		 narrow;	/* on a terminal: what is wider is cut */
	char		*below;		/* own; of the row that is begun, or NULL */
	size_t		 blanks;	/* to stand before the next text of this line */
};

struct table *
table_new(struct ui *ui, const struct table_column *columns, size_t n)
{
	struct table *t = xcalloc(1, sizeof(*t));
	size_t i;

	t->ui = ui;
	t->columns = columns;
	t->n = n;
	t->width = xcalloc(n, sizeof(*t->width));
	t->sparse = xcalloc(n, sizeof(*t->sparse));
	t->dropped = xcalloc(n, sizeof(*t->dropped));
	for (i = 0; i < n; i++)
		if (columns[i].title != NULL)
			t->width[i] = plain_width(columns[i].title);
	return t;
}

void
table_sparse(struct table *t, size_t column)
{
	t->sparse[column] = true;
}

/* How wide a line is, at the widths there are. */
static size_t
line_width(const struct table *t)
{
	size_t i, n = 0;

	for (i = 0; i < t->n; i++)
		if (!t->dropped[i])
			n += (i > 0 ? GAP : 0) + t->width[i];
	return n;
}

/* The column that has least for its weight and could use more; t->n where all have what they want. */
static size_t
neediest(const struct table *t, const size_t *wanted)
{
	const struct table_column *c = t->columns;
	size_t i, best = t->n;

	for (i = 0; i < t->n; i++)
		if (!t->dropped[i] && t->width[i] < wanted[i] && (best == t->n ||
		    t->width[i] * c[best].weight < t->width[best] * c[i].weight))
			best = i;
	return best;
}

/* The column that can be done without best; 0 where none can. */
static size_t
least_needful(const struct table *t)
{
	const struct table_column *c = t->columns;
	size_t i, best = 0;

	for (i = 1; i < t->n; i++)
		if (c[i].drop > 0 && !t->dropped[i] &&
		    (best == 0 || c[i].drop < c[best].drop))
			best = i;
	return best;
}

/* Columns with a weight begin at their least and get what room is left, place by place. */
static void
fit(struct table *t, size_t columns)
{
	size_t *wanted = xcalloc(t->n, sizeof(*wanted));
	size_t i, min;

	for (i = 0; i < t->n; i++) {
		min = t->columns[i].min == 0 ? 1 : t->columns[i].min;
		wanted[i] = t->width[i];
		if (t->columns[i].weight > 0 && t->width[i] > min)
			t->width[i] = min;
	}
	while (line_width(t) > columns && (i = least_needful(t)) > 0)
		t->dropped[i] = true;
	while (line_width(t) < columns && (i = neediest(t, wanted)) < t->n)
		t->width[i]++;
	free(wanted);
}

/* Not on a terminal: no column is made wide by a single long text. */
static void
narrow_outliers(struct table *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->columns[i].weight > 0 && t->width[i] > TABLE_PAD)
			t->width[i] = TABLE_PAD;
}

/* Blanks are held back until a text follows, so that no line ends with them. */
static void
print_text(struct table *t, size_t i, const char *text, enum ui_style style)
{
	struct buf cut = BUF_INIT(CELL_MAX);
	size_t width, pad;

	if (t->narrow && t->columns[i].weight > 0) {
		plain_cut(&cut, text, t->width[i], ui_utf8(t->ui));
		text = buf_text(&cut);
	}
	width = plain_width(text);
	pad = width < t->width[i] ? t->width[i] - width : 0;
	if (i > 0)
		t->blanks += GAP;
	if (t->columns[i].align == TABLE_RIGHT)
		t->blanks += pad;
	if (*text != '\0') {
		ui_part(t->ui, style, "%*s%s", (int)t->blanks, "", text);
		t->blanks = 0;
	}
	if (t->columns[i].align == TABLE_LEFT)
		t->blanks += pad;
	buf_release(&cut);
}

static void
print_cell(struct table *t, size_t i, const char *text, enum ui_style style)
{
	if (!t->dropped[i])
		print_text(t, i, text, style);
	if (i == t->n - 1) {
		ui_line_end(t->ui);
		t->blanks = 0;
	}
}

static void
print_titles(struct table *t)
{
	bool any = false;
	size_t i;

	for (i = 0; i < t->n; i++)
		any = any || t->columns[i].title != NULL;
	if (!any)
		return;
	for (i = 0; i < t->n; i++)
		print_cell(t, i, t->columns[i].title == NULL ? "" :
		    t->columns[i].title, UI_BOLD);
}

static void
print_below(struct table *t, const char *text)
{
	size_t width = ui_width(t->ui), n;
	struct buf out = BUF_INIT(2 * CELL_MAX);
	const char *line;

	wrap_line(&out, text, width == 0 ? SIZE_MAX : width, strlen(BELOW),
	    BELOW);
	ui_part(t->ui, UI_PLAIN, "%s", BELOW);
	for (line = buf_text(&out); *line != '\0'; line += n) {
		n = strcspn(line, "\n");
		ui_part(t->ui, UI_PLAIN, "%.*s", (int)n, line);
		ui_line_end(t->ui);
		n += line[n] == '\n';
	}
	buf_release(&out);
}

/* All rows are held: columns without any text may go. */
static void
drop_empty(struct table *t)
{
	size_t i, k;

	for (i = 1; i < t->n; i++) {
		for (k = i; k < t->held && t->cells[k].text[0] == '\0';
		    k += t->n)
			;
		if (t->sparse[i] && k >= t->held)
			t->dropped[i] = true;
	}
}

/* Print the rows that are held. */
static void
flush(struct table *t)
{
	size_t i;

	if (!t->fitted && t->held > 0) {
		t->fitted = true;
		t->narrow = ui_width(t->ui) > 0;
		if (t->narrow)
			fit(t, ui_width(t->ui));
		else
			narrow_outliers(t);
		print_titles(t);
	}
	for (i = 0; i < t->held; i++) {
		print_cell(t, i % t->n, t->cells[i].text, t->cells[i].style);
		if (t->cells[i].below != NULL)
			print_below(t, t->cells[i].below);
		free(t->cells[i].text);
		free(t->cells[i].below);
	}
	t->held = 0;
}

static void cell_v(struct table *, enum ui_style, const char *, va_list)
    __attribute__((format(printf, 3, 0)));

static void
cell_v(struct table *t, enum ui_style style, const char *fmt, va_list ap)
{
	struct buf plain = BUF_INIT(CELL_MAX);
	size_t column = t->held % t->n, width;

	plain_format(&plain, ui_utf8(t->ui), fmt, ap);
	t->cells = mem_grow(t->cells, &t->cap, t->held + 1, sizeof(*t->cells));
	t->cells[t->held++] = (struct cell){ buf_take(&plain), NULL, style };
	if (column == t->n - 1) {
		t->cells[t->held - 1].below = t->below;
		t->below = NULL;
	}
	if (!t->fitted) {
		width = plain_width(t->cells[t->held - 1].text);
		if (width > t->width[column])
			t->width[column] = width;
	}
	if (t->held % t->n == 0 &&
	    (t->fitted || t->held / t->n >= TABLE_LOOK))
		flush(t);
}

void
table_cell(struct table *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	cell_v(t, UI_PLAIN, fmt, ap);
	va_end(ap);
}

void
table_styled(struct table *t, enum ui_style style, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	cell_v(t, style, fmt, ap);
	va_end(ap);
}

void
table_below(struct table *t, const char *fmt, ...)
{
	struct buf plain = BUF_INIT(CELL_MAX);
	va_list ap;

	assert(t->below == NULL);
	va_start(ap, fmt);
	plain_format(&plain, ui_utf8(t->ui), fmt, ap);
	va_end(ap);
	t->below = buf_take(&plain);
}

void
table_end(struct table **tp)
{
	struct table *t = *tp;

	if (t == NULL)
		return;
	assert(t->held % t->n == 0);
	if (!t->fitted)
		drop_empty(t);
	flush(t);
	free(t->cells);
	free(t->width);
	free(t->sparse);
	free(t->dropped);
	free(t);
	*tp = NULL;
}
