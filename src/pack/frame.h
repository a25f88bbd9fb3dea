/*
 * frame.h - bytes in, zstd frames in a file out, by a thread of its own.  Private to pack/.
 *
 * What is written is copied into chunks of a fixed pool; one worker compresses the chunks in order, writes the file and
 * hashes it.  Chunks are filled to the brim before they are handed over, so that the file depends on the bytes and the
 * cuts alone, not on how the threads ran or how the bytes were portioned.
 *
 * All calls come from one thread.  What the worker can't do (a full disk) comes back from a later call.
 */
#ifndef PACK_FRAME_H
#define PACK_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/flow.h"
#include "base/io.h"
#include "mail/place.h"

struct frame_writer;

/* frame_open(file, out, e): start the worker.  ${file} is borrowed until frame_free(). */
int frame_open(struct outfile *, struct frame_writer **, struct err *);
/* frame_free(wp): stop the worker, whatever it is at, and free. */
void frame_free(struct frame_writer **);

/* frame_write(w, p, n, e): append to the frame that is open.  frame_sink(w) does the same. */
int frame_write(struct frame_writer *, const void *, size_t, struct err *);
struct sink frame_sink(struct frame_writer *);
/* frame_cut(w, e): end the frame; the next byte begins another. */
int frame_cut(struct frame_writer *, struct err *);
/* frame_check(w, e): 0, or -1 with what the worker ran into. */
int frame_check(struct frame_writer *, struct err *);

/* The frame that is open: its number from 0 and the bytes in it.  frame_raw(): the bytes in all frames. */
uint64_t frame_number(const struct frame_writer *);
uint64_t frame_held(const struct frame_writer *);
uint64_t frame_raw(const struct frame_writer *);

/* frame_finish(w, e): end the last frame (a file has at least one) and wait until all of it is in the file. */
int frame_finish(struct frame_writer *, struct err *);
/* After frame_finish(): frame_append() puts bytes behind the frames as they are. */
int frame_append(struct frame_writer *, const void *, size_t, struct err *);
/* frame_end(w, size_out, d): size and SHA-256 of the file; nothing may be appended any more. */
void frame_end(struct frame_writer *, uint64_t *, struct digest *);
/* frame_table(w, n_out): the frames, borrowed. */
const struct frame *frame_table(const struct frame_writer *, size_t *);

#endif
