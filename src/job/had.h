/*
 * had.h - which contents a folder had when an import began, and how many messages of each the source has not shown yet.
 */
#ifndef JOB_HAD_H
#define JOB_HAD_H

#include <stddef.h>

#include "base/digest.h"

struct had {
	struct had_content *v;	/* own; 20 bytes a message, or fewer */
	size_t		 n, cap;
};

/* had_add(h, sha256): a message of the folder, in any order; had_sort(h): that were all. */
void had_add(struct had *, const struct digest *);
void had_sort(struct had *);
/* had_take(h, sha256): whether there is one of that content left; it is taken. */
bool had_take(struct had *, const struct digest *);
void had_release(struct had *);

#endif
