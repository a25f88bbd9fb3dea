/*
 * manifest.h - the manifests: numbered, immutable, each with the SHA-256 of the one before.  They are the truth.
 *
 * A manifest is JSON Lines in one zstd frame: a head, records, an end that counts the lines.  Behind it stands a
 * seal, the SHA-256 of the frame, since not every damaged bit of a frame changes what it decompresses to.  Line
 * numbers start at 1 with the head; "<commit>.<line>" of a message record is the message's id.  man
 * mailkeep-vault(5) is normative.
 *
 * A manifest is a file of its own, and may also be in a bundle: many manifests in one file, byte for byte, and an index
 * behind them.  Once a bundle has stood for a while the single files may go.
 *
 * What was written is read back exactly, bytes that are no UTF-8 included.  What could not be read back is not written.
 */
#ifndef MANIFEST_MANIFEST_H
#define MANIFEST_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "mail/record.h"

#define MANIFEST_NAME_MAX	64
#define MANIFEST_LINE_MAX	(8 * 1024 * 1024)	/* no record is longer */

/* manifest_name(out, commit): "00000012.jsonl.zst" (more digits when they are needed). */
char *manifest_name(char[MANIFEST_NAME_MAX], uint64_t commit);

/*
 * The directory of the manifests, for one thread.  manifest_dir_open(at, name, out, e): as io_open_dir().  Readers must
 * be closed before it.  Wherever it looks for a manifest, a file of its own counts before a bundle.
 */
struct manifest_dir;

int manifest_dir_open(int at, const char *name, struct manifest_dir **, struct err *);
void manifest_dir_close(struct manifest_dir **);
/* manifest_dir_fd(dir): borrowed. */
int manifest_dir_fd(const struct manifest_dir *);

/*
 * manifest_last(dir, last_out, e): the number of the newest manifest, 0 for none.  Names that are no manifest's or
 * bundle's are passed over; a gap in the numbers is EK_CORRUPT and named.  Opens no file.
 */
int manifest_last(struct manifest_dir *, uint64_t *, struct err *);
/* manifest_digest(dir, commit, out, e): the SHA-256 of a manifest's bytes. */
int manifest_digest(struct manifest_dir *, uint64_t, struct digest *, struct err *);

/* One file of the chain. */
struct manifest_file {
	uint64_t	 first, last;	/* alike: a single manifest */
	const char	*name;
	uint64_t	 size;
};
/*
 * manifest_files(dir, fn, arg, e): each file, by the numbers of their first manifests, the smaller one before a bundle
 * that covers it; the names live as long as the call.  What is no regular file is shown with size 0.
 */
typedef int manifest_file_fn(void *, const struct manifest_file *, struct err *);
int manifest_files(struct manifest_dir *, manifest_file_fn *, void *, struct err *);

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
int manifest_publish(struct manifest_writer **, struct manifest_dir *, struct digest *, struct err *);
void manifest_discard(struct manifest_writer **);

/* A manifest being read. */
struct manifest_reader;

/*
 * manifest_open(dir, commit, out, e): open and read the head.  One that is not there or has another number is
 * EK_CORRUPT, a format that this version doesn't know EK_NOVAULT.  manifest_head(r): lives as long as ${r}.
 */
int manifest_open(struct manifest_dir *, uint64_t, struct manifest_reader **, struct err *);
const struct rec_head *manifest_head(const struct manifest_reader *);
/*
 * manifest_next(r, rec_out, line_out, e): 1 a record and its line's number, 0 the end was there, its count is right
 * and the seal matches, -1.  EK_CORRUPT names manifest and line; a record kind that this version doesn't know is
 * EK_NOVAULT unless the record says "optional": true.  The record lives until the next call, its numbers and names
 * are in range; that it was written so is certain only after the 0.  REC_FRAMES come a line at a time, with their
 * offsets.
 */
int manifest_next(struct manifest_reader *, struct record *, uint64_t *, struct err *);
/* manifest_sha256(r, out): of all its bytes; valid once manifest_next() has returned 0. */
void manifest_sha256(const struct manifest_reader *, struct digest *);
void manifest_close(struct manifest_reader **);

/*
 * Bundles.  manifest_bundle(dir, tmp, first, last, e): put manifests ${first} to ${last}, at least two and at most
 * MANIFEST_BUNDLE_MAX, into one file: made in the directory ${tmp}, read back, compared with the manifests it was made
 * of, and published.  One of these numbers that is there already is checked instead.  A manifest that is damaged or
 * missing is EK_CORRUPT, and there is no bundle.
 * manifest_check(dir, first, last, e): whether a bundle is whole, and its manifests are those that the chain has where
 * it has them elsewhere too; EK_CORRUPT.  It says nothing of what stands in them.
 * manifest_tidy(dir, before, e): remove each file whose manifests all stand in a larger one, byte for byte, that has
 * stood since before ${before} (its mtime).  Only for the holder of the vault's lock.  EK_CORRUPT where the bytes
 * differ: then nothing more is removed.
 */
#define MANIFEST_BUNDLE_MAX	(1024 * 1024)
int manifest_bundle(struct manifest_dir *, int tmp, uint64_t first, uint64_t last, struct err *);
int manifest_check(struct manifest_dir *, uint64_t first, uint64_t last, struct err *);
/* manifest_unbundle(dir, tmp, first, last, e): put those that only a bundle has back into files of their own. */
int manifest_unbundle(struct manifest_dir *, int tmp, uint64_t first, uint64_t last, struct err *);
int manifest_tidy(struct manifest_dir *, int64_t before, struct err *);

/* manifest_is_pack(name): whether a file of this name can be a pack: no record names one that is called otherwise. */
bool manifest_is_pack(const char *);

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
