/*
 * near.c - see near.h.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/near.h"

#define WORD_MAX	40	/* no verb and no option is longer */

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool
same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/*
 * How many letters must be changed, added, dropped or swapped with their neighbour to make one word from the other
 * (optimal string alignment).  Capitals don't matter.
 */
static size_t
distance(const char *a, size_t an, const char *b, size_t bn)
{
	size_t row[3][WORD_MAX + 1], *now, *last, *before, i, j;

	for (j = 0; j <= bn; j++)
		row[0][j] = j;
	for (i = 1; i <= an; i++) {
		now = row[i % 3];
		last = row[(i + 2) % 3];
		before = row[(i + 1) % 3];
		now[0] = i;
		for (j = 1; j <= bn; j++) {
			now[j] = least(last[j], now[j - 1]) + 1;
			now[j] = least(now[j],
			    last[j - 1] + !same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
			    same(a[i - 2], b[j - 1]))
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return row[an % 3][bn];
}

void
near_begin(struct near *near, const char *word, size_t n)
{
	near->word = word;
	near->n = n;
	near->best = NULL;
	/* The longer the word, the more of it may be wrong. */
	near->distance = n < 3 ? 1 : n < 6 ? 2 : 3;
}

void
near_try(struct near *near, const char *known)
{
	size_t n = strlen(known), d;

	if (near->n == 0 || near->n > WORD_MAX || n > WORD_MAX)
		return;
	/* A beginning counts as almost right: others allow abbreviations. */
	if (near->n >= 2 && near->n < n &&
	    strncasecmp(near->word, known, near->n) == 0)
		d = 1;
	else
		d = distance(near->word, near->n, known, n);
	if (d > near->distance ||
	    (d == near->distance && near->best != NULL))
		return;
	near->best = known;
	near->distance = d;
}
