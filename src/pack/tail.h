/*
 * tail.h - the notes at a pack's end: lines for salvage, in zstd skippable frames.  Private to pack/.
 *
 * A skippable frame is the magic 0x184D2A50, the length of what follows (both little-endian, 32 bits), then one zstd
 * frame, which decompresses to whole lines.  A frame's content never passes TAIL_PAYLOAD.
 */
#ifndef PACK_TAIL_H
#define PACK_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/flow.h"
#include "pack/inflate.h"

#define TAIL_MAGIC	0x184D2A50u	/* RFC 8878, section 3.1.2 */
#define TAIL_HEADER	8
#define TAIL_PAYLOAD	(8 * 1024 * 1024)	/* so that a reader may hold one in memory */
#define TAIL_RAW	(256 * 1024 * 1024)	/* no frame decompresses to more */
#define TAIL_LINE	(1024 * 1024)		/* no note is longer */

struct tail;

/* tail_new(tmp): no notes yet; many go to a nameless file in the directory ${tmp}, which must stay open. */
struct tail *tail_new(int);
void tail_free(struct tail **);
/* tail_add(t, line, n, e): one more line. */
int tail_add(struct tail *, const char *, size_t, struct err *);
/* tail_pour(t, to, size_out, e): all of it as skippable frames; then only tail_free() may follow. */
int tail_pour(struct tail *, const struct sink *, uint64_t *, struct err *);

/* tail_frame(p): the length of the skippable frame of notes that begins with these TAIL_HEADER bytes, or 0. */
uint64_t tail_frame(const void *);
/*
 * tail_read(z, fd, from, to, seen, fn, arg, refused_out, e): the frames that fill this part of a file, each line to
 * ${fn} (or NULL), NUL-terminated and without its newline; the bytes of the file to ${seen} (or NULL).  EK_CORRUPT
 * where they aren't what tail.c writes; ${*refused_out}: the error is that of ${fn}.
 */
typedef int tail_line_fn(void *, const char *, size_t, struct err *);
int tail_read(struct inflate *, int fd, uint64_t from, uint64_t to, const struct sink *seen, tail_line_fn *, void *,
    bool *, struct err *);

#endif
