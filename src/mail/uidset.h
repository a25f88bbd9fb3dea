/*
 * uidset.h - a set of UIDs as sorted ranges (RFC 9051, section 4.1.1, sequence-set).
 *
 * A UID is 1 to 4294967295 (nz-number).  Ranges never overlap or touch, so a set costs memory by its gaps, not by its
 * members.  Adding in ascending order is O(1), anywhere else O(log n) plus the move; what comes in no order is best
 * read by uidset_parse() or gathered in a set of its own.
 */
#ifndef MAIL_UIDSET_H
#define MAIL_UIDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define UID_MAX		UINT32_MAX

struct uid_range {
	uint32_t	first, last;	/* first <= last */
};

struct uidset {
	struct uid_range	*r;	/* own; ascending */
	size_t			 n, cap;
};

#define UIDSET_INIT	{ NULL, 0, 0 }

void uidset_release(struct uidset *);
void uidset_clear(struct uidset *);
void uidset_add(struct uidset *, uint32_t);
/* uidset_add_range(s, first, last): nothing where first > last; first (and a UID to add) must not be 0. */
void uidset_add_range(struct uidset *, uint32_t first, uint32_t last);
void uidset_add_set(struct uidset *, const struct uidset *);
/* uidset_remove_set(s, gone): take every member of ${gone} out; linear in the ranges of both. */
void uidset_remove_set(struct uidset *, const struct uidset *);
void uidset_remove(struct uidset *, uint32_t);
bool uidset_has(const struct uidset *, uint32_t);
bool uidset_empty(const struct uidset *);
/* uidset_count(s): members; uidset_min(), uidset_max(): 0 for the empty set. */
uint64_t uidset_count(const struct uidset *);
uint32_t uidset_min(const struct uidset *);
uint32_t uidset_max(const struct uidset *);
/* uidset_intersect(a, b, out): ${out} = a and b; out must be another set and is cleared first. */
void uidset_intersect(const struct uidset *, const struct uidset *, struct uidset *);

/*
 * uidset_parse(p, n, limit, out): read "1:3,7,9:5" (a range may stand the wrong way round), adding to ${out}.  No '*',
 * no empty part, no 0.  Return 0, or -1: not a sequence-set, or of more than ${limit} parts; ${out} is then as it was.
 */
int uidset_parse(const char *, size_t, size_t limit, struct uidset *);
/*
 * uidset_format(s, from, max, b): append "1:3,7" to ${b}, beginning with range number ${from} and stopping before the
 * text of this call would pass ${max} bytes (at least one range is written).  Return the number of the next range, s->n
 * at the end: a long set becomes several commands or records.  It also stops where ${b} can take no more, so give it
 * room for ${max} bytes, and for UID_RANGE_MAX.
 */
#define UID_RANGE_MAX	21	/* "4294967294:4294967295" */
size_t uidset_format(const struct uidset *, size_t from, size_t max, struct buf *);

#endif
