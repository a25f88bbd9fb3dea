/*
 * survey.h - what a file consists of, when nobody says it: frames, notes, and what is neither.  Private to pack/.
 *
 * Frames are found by their headers and those of their blocks, without decompressing them, as long as one follows the
 * other; where none does, the next place is looked for at which a frame begins that can be decompressed.
 */
#ifndef PACK_SURVEY_H
#define PACK_SURVEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "pack/inflate.h"

enum piece_kind {
	PIECE_FRAME,
	PIECE_NOTES,		/* one skippable frame of them */
	PIECE_DAMAGE,
};

struct piece {
	enum piece_kind	 kind;
	uint64_t	 offset, size;	/* in the file */
	uint64_t	 raw;		/* of a frame: what it must decompress to, or PIECE_ANY */
};

#define PIECE_ANY	UINT64_MAX

struct survey {
	struct piece	*p;		/* own; in order */
	size_t		 n, cap;
};

/* survey_file(z, fd, from, to, s, e): append the pieces of this part of a file, without a gap. */
int survey_file(struct inflate *, int fd, uint64_t from, uint64_t to, struct survey *, struct err *);
/* survey_add(s, kind, offset, size, raw): one more. */
void survey_add(struct survey *, enum piece_kind, uint64_t offset, uint64_t size, uint64_t raw);
void survey_release(struct survey *);

#endif
