/*
 * spool.h - bytes that are kept until it is known what becomes of them: few in memory, many in a nameless file.
 */
#ifndef BASE_SPOOL_H
#define BASE_SPOOL_H

#include <stdint.h>

#include "base/buf.h"
#include "base/flow.h"

struct spool {
	struct buf	mem;		/* own; all of it, while fd is -1 */
	int		fd;		/* own; or -1 */
	int		dir;		/* borrowed; where the file is made */
	uint64_t	n;		/* bytes */
};

/* spool_init(s, memory, dir): more than ${memory} bytes go into a file in the directory ${dir}. */
void spool_init(struct spool *, size_t, int);
/* spool_clear(s): it is empty again, and keeps some of the memory. */
void spool_clear(struct spool *);
void spool_release(struct spool *);
/* spool_sink(s): appends; spool_source(s): pours all of it, as often as wanted.  Borrow ${s}. */
struct sink spool_sink(struct spool *);
struct source spool_source(struct spool *);

#endif
