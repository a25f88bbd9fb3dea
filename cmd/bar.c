/*
 * bar.c - see bar.h.
 */
#include "cmd/bar.h"

void
bar_add(struct buf *to, size_t cells, uint64_t part, uint64_t whole, bool utf8)
{
	double share = whole == 0 ? 0 : part >= whole ? 1 :
	    (double)part / (double)whole;
	/* In halves of a place; ASCII has whole ones only. */
	size_t halves = (size_t)(share * (double)(2 * cells)), i;

	for (i = 0; i < cells; i++) {
		if (2 * i + 2 <= halves)
			buf_adds(to, utf8 ? "\u2501" : "#");
		else if (2 * i + 1 == halves && utf8)
			buf_adds(to, "\u2578");
		else
			buf_addc(to, utf8 ? ' ' : '.');
	}
}
