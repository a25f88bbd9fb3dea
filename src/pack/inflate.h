/*
 * inflate.h - zstd frames of the kind that packs are made of, decompressed without trust.  Private to pack/.
 *
 * A frame of ours begins with the magic of RFC 8878 (old, skippable and dictionary frames don't count), has a content
 * checksum and needs a window of at most 8 MiB.  What is none, or is damaged, is EK_CORRUPT.  Memory is bounded by the
 * window and by what the caller gives, whatever the frame says.
 */
#ifndef PACK_INFLATE_H
#define PACK_INFLATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/flow.h"

#define INFLATE_HEADER	14	/* a frame's header is not longer */

struct inflate;

struct inflate *inflate_new(void);
void inflate_free(struct inflate **);

/* inflate_header(p, n, size_out, e): a frame of ours begins in ${n} bytes, of a whole frame or of INFLATE_HEADER. */
int inflate_header(const void *, size_t, size_t *, struct err *);
/* inflate_whole(z, in, n, out, room, raw_out, e): ${n} bytes that are exactly one frame, of up to ${room} raw bytes. */
int inflate_whole(struct inflate *, const void *in, size_t n, void *out, size_t room, size_t *, struct err *);
/*
 * inflate_pour(z, fd, from, to, seen, out, size_out, e): the frame that begins at ${from} in a file and ends not later
 * than ${to}, in pieces, into ${out}; ${*size_out} is its length in the file.  Its file bytes go to ${seen} (or NULL)
 * as well; where ${to} is not its end, so do some behind it.
 */
int inflate_pour(struct inflate *, int fd, uint64_t from, uint64_t to, const struct sink *seen,
    const struct sink *out, uint64_t *size_out, struct err *);

#endif
