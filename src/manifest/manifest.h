/*
 * manifest.h - the manifests: numbered, immutable, each with the SHA-256 of the one before.  They are the truth.
 *
 * A manifest is JSON Lines in one zstd frame: a head, records, an end that counts the lines.  Behind it stands a
 * seal, the SHA-256 of the frame, since not every damaged bit of a frame changes what it decompresses to.  Line
 * numbers start at 1 with the head; "<commit>.<line>" of a message record is the message's id.  man
 * mailkeep-vault(5) is normative.
 *
 * What was written is read back exactly, bytes that are no UTF-8 included.  What could not be read back is not written.
 */
#ifndef MANIFEST_MANIFEST_H
#define MANIFEST_MANIFEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "mail/record.h"

#define MANIFEST_NAME_MAX	40
#define MANIFEST_LINE_MAX	(8 * 1024 * 1024)	/* no record is longer */

/* manifest_name(out, commit): "00000012.jsonl.zst" (more digits when they are needed). */
char *manifest_name(char[MANIFEST_NAME_MAX], uint64_t commit);

/*
 * manifest_last(dir, last_out, e): the number of the newest manifest in ${dir}, 0 for none.  Names that are no
 * manifest's are passed over; a gap in the numbers is EK_CORRUPT and named.
 */
int manifest_last(int, uint64_t *, struct err *);
/* manifest_digest(dir, commit, out, e): the SHA-256 of a manifest's file. */
int manifest_digest(int, uint64_t, struct digest *, struct err *);

/* A commit in the making, in the directory ${tmp} under a temporary name: its manifest's name and ".tmp". */
struct manifest_writer;

int manifest_create(int tmp, const struct rec_head *, struct manifest_writer **, struct err *);
/* What manifest_put() wrote: the line with its newline, borrowed until the next call, and its number. */
struct manifest_line {
	const char	*text;
	size_t		 n;
	uint64_t	 number;
};
/*
 * manifest_put(w, rec, line_out, e): append a record.  One that names many UIDs or frames takes several lines (at
 * most 60,000 bytes of UIDs or 1,000 frames in each); ${line_out}, which may be NULL, is the last of them.  A
 * REC_PACK must be followed by all its frames, in order, before the next REC_PACK.  A value that no line can hold
 * is EK_FAIL: no UIDs or frames at all, a number above 2^63-1, a UID of 0, flags beyond FLAGS_MAX_TEXT, labels
 * likewise, a pack's name of another form, ... After an error only discarding may follow.
 */
int manifest_put(struct manifest_writer *, const struct record *, struct manifest_line *, struct err *);
/*
 * manifest_publish(wp, dir, sha256_out, e): write the end, make it durable and give it its name: this is the
 * commit.  A number that is taken is EK_LOCKED (another writer).  Frees ${*wp} on success.
 */
int manifest_publish(struct manifest_writer **, int dir, struct digest *, struct err *);
void manifest_discard(struct manifest_writer **);

/* A manifest being read. */
struct manifest_reader;

/*
 * manifest_open(dir, commit, out, e): open and read the head.  One that is not there or has another number is
 * EK_CORRUPT, a format that this version doesn't know EK_NOVAULT.  manifest_head(r): lives as long as ${r}.
 */
int manifest_open(int, uint64_t, struct manifest_reader **, struct err *);
const struct rec_head *manifest_head(const struct manifest_reader *);
/*
 * manifest_next(r, rec_out, line_out, e): 1 a record and its line's number, 0 the end was there, its count is right
 * and the seal matches, -1.  EK_CORRUPT names manifest and line; a record kind that this version doesn't know is
 * EK_NOVAULT unless the record says "optional": true.  The record lives until the next call, its numbers and names
 * are in range; that it was written so is certain only after the 0.  REC_FRAMES come a line at a time, with their
 * offsets.
 */
int manifest_next(struct manifest_reader *, struct record *, uint64_t *, struct err *);
/* manifest_sha256(r, out): of the whole file; valid once manifest_next() has returned 0. */
void manifest_sha256(const struct manifest_reader *, struct digest *);
void manifest_close(struct manifest_reader **);

/*
 * Lines outside a manifest, such as the notes at a pack's end.  manifest_text(rec, b, e): append what
 * manifest_put() would write.  manifest_parse(p, line, n, rec_out, e): the record of a line without its newline: 1,
 * 0 an unknown kind that may be passed over, -1.  It lives until the next call; offsets of frames are not set.
 */
int manifest_text(const struct record *, struct buf *, struct err *);
/*
 * manifest_note(m, place, b, e): append the line that a pack's tail has of a message, for salvage: its place in the
 * mailbox and the first 16 digits of its blob's SHA-256.  ${place} where the blob was stored with it, else NULL.
 */
int manifest_note(const struct rec_message *, const struct place *, struct buf *, struct err *);
struct manifest_parser;

struct manifest_parser *manifest_parser_new(void);
void manifest_parser_free(struct manifest_parser **);
int manifest_parse(struct manifest_parser *, const char *, size_t, struct record *, struct err *);

#endif
