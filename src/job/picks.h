/*
 * picks.h - the messages that somebody chose, noted in a scratch file, so that the catalog is not held while something
 * is done with them: what is kept in memory of one is two numbers of the caller's.
 */
#ifndef JOB_PICKS_H
#define JOB_PICKS_H

#include "base/buf.h"
#include "job/job.h"

struct picks {
	int		 fd;		/* own; -1 before picks_open() */
	struct buf	 out;		/* own; notes that are not written yet */
	uint64_t	 end;		/* bytes of all notes */
	struct buf	 texts;		/* own; those of the last note read */
	char		*window;	/* own; bytes of the file, from ${from} on: notes are read in order, mostly */
	uint64_t	 from;
	size_t		 window_n;
};

/* picks_open(p, dir, e): the scratch file is a nameless one in the directory ${dir}. */
int picks_open(struct picks *, int dir, struct err *);
void picks_close(struct picks *);
/* picks_add(p, m, at_out, e): note a message: all of it but folder_name, threadid and header lines. */
int picks_add(struct picks *, const struct known_message *, uint64_t *at, struct err *);
/* picks_get(p, at, out, e): it again, with folder_name ""; its texts live until the next call. */
int picks_get(struct picks *, uint64_t at, struct known_message *, struct err *);
/*
 * picks_place(blob), picks_order(catalog, sha256, out, e): a number by which messages stand in the order of packs and
 * frames, so that each frame is decompressed once.  Below 2^60; 0 where it isn't known.
 */
uint64_t picks_place(const struct known_blob *);
int picks_order(struct catalog *, const struct digest *, uint64_t *, struct err *);

#endif
