/*
 * read.h - what the readers of packs share.  Private to pack/.
 */
#ifndef PACK_READ_H
#define PACK_READ_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * read_open(dir, name, size_out, e): the file of a pack, for reading, or -1: EK_CORRUPT where ${name} can't be one, is
 * not there (e->sys is ENOENT), or no regular file.
 */
int read_open(int dir, const char *name, uint64_t *, struct err *);

/* read_is_damage(e): the pack is at fault, or the disk below it, and not what one does with it. */
static inline bool
read_is_damage(const struct err *e)
{
	return e->kind == EK_CORRUPT || e->sys == EIO;
}

#endif
