/*
 * table.h - rows in columns.
 *
 * Columns are as wide as the title and the first TABLE_LOOK rows need; the rows after them are printed as they come, so
 * that a list of a million messages is not held.  On a terminal that is too narrow the columns with a weight share what
 * room there is, and are cut; where even their least does not fit, whole columns are left out.  Elsewhere nothing is
 * cut: columns have two blanks between them, and a text that is wider than its column moves the rest of its line; there
 * a column with a weight is no wider than TABLE_PAD, so that one long subject doesn't push a whole list apart.
 */
#ifndef CMD_TABLE_H
#define CMD_TABLE_H

#include <stddef.h>

#include "cmd/ui.h"

#define TABLE_LOOK	512
#define TABLE_PAD	40

enum table_align { TABLE_LEFT, TABLE_RIGHT };

struct table_column {
	const char	*title;		/* NULL in all columns: no line of titles */
	enum table_align align;
	size_t		 min;		/* not cut below this many places */
	size_t		 weight;	/* its share of the room where not all fits; 0: never cut */
	unsigned int	 drop;		/* left out as the first (1), second, ... where not all fits; 0: never */
};

struct table;

/* table_new(ui, columns, n): ${columns} must live as long as the table. */
struct table *table_new(struct ui *, const struct table_column *, size_t);
/*
 * table_sparse(t, column): it is left out, title and all, where nothing stands in it, unless there are more rows than
 * are held.  Not for the first column.
 */
void table_sparse(struct table *, size_t);
/* table_cell(t, fmt, ...), table_styled(t, style, fmt, ...): the next cell, from left to right and row by row. */
void table_cell(struct table *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
void table_styled(struct table *, enum ui_style, const char *, ...)
    __attribute__((format(printf, 3, 4)));
/* table_below(t, fmt, ...): words in lines of their own below the row that is begun, before its last cell. */
void table_below(struct table *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
/* table_end(tp): print what is held and free it; the last row must be whole.  No rows: nothing is printed. */
void table_end(struct table **);

#endif
