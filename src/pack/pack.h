/*
 * pack.h - one compressed archive file of messages.
 *
 * A pack is independent zstd frames (RFC 8878), cut between messages once they hold PACK_FRAME bytes, that together
 * decompress to a tar archive or to an mbox; then skippable frames with notes for salvage, which stock tools pass over.
 * Window <= 8 MiB, no dictionary, content checksums on.  man mailkeep-vault(5) is normative.
 *
 * A pack doesn't know of folders, vaults or manifests: where a message went comes back as a struct place.
 */
#ifndef PACK_PACK_H
#define PACK_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/flow.h"
#include "mail/record.h"

/*
 * PACK_FRAME: a frame that holds so much is full.  Against one frame for all, packs of mail of 3 KB and of 20 KB
 * grow by 1.07 and 1.03 with frames of 1 MiB, by 1.04 and 1.02 with 2 MiB, by 1.02 and 1.01 with 4 MiB; reading a
 * message costs 0.3, 0.6 and 1.2 ms (tests/bench/frames).
 */
#define PACK_FRAME	(2 * 1024 * 1024)
/* PACK_FRAME_KEEP: a reader holds frames up to this; one with several messages is not larger (quoting apart). */
#define PACK_FRAME_KEEP	(16 * 1024 * 1024)

/* One message to be stored. */
struct pack_entry {
	const char	*member;	/* tar: the member's name; mbox: unused */
	int64_t		 mtime;		/* seconds since 1970; INTERNALDATE */
	uint64_t	 size;		/* exactly what the body will pour */
	enum blob_form	 form;		/* BLOB_PLAIN for tar, else as mail/mbox.h found */
};

struct pack_writer;

/*
 * pack_create(tmp, name, container, out, e): begin the pack that will be called ${name}; it grows in the directory
 * ${tmp}, compressed and written by a thread of its own that is at most a few MiB behind.
 */
int pack_create(int tmp, const char *name, enum container, struct pack_writer **, struct err *);
/*
 * pack_add(w, entry, body, place_out, e): append a message.  place_out->pack is borrowed from ${w}.  After an error the
 * pack can only be discarded (a body that fails or has another size than said included).
 */
int pack_add(struct pack_writer *, const struct pack_entry *, const struct source *body, struct place *, struct err *);
/* pack_note(w, line, n, e): a line (with its newline) for the skippable frames at the end. */
int pack_note(struct pack_writer *, const char *, size_t, struct err *);
/* pack_raw(w): decompressed bytes so far; pack_name(w): borrowed. */
uint64_t pack_raw(const struct pack_writer *);
const char *pack_name(const struct pack_writer *);
/*
 * pack_seal(w, info, frames, e): end the last frame, write the notes, make the file durable.  ${info} (folder
 * unset) and ${frames} (one REC_FRAMES with all) are borrowed from ${w}.  Nothing but publishing or discarding may
 * follow.
 */
int pack_seal(struct pack_writer *, struct rec_pack *, struct rec_frames *, struct err *);
/* pack_publish(wp, dir, e): give a sealed pack its name in ${dir}, durably; frees ${*wp} on success. */
int pack_publish(struct pack_writer **, int dir, struct err *);
/* pack_discard(wp): remove an unpublished pack. */
void pack_discard(struct pack_writer **);

/*
 * A reader of one message at a time; it keeps the frame it decompressed last, so that neighbours cost nothing.
 * pack_reader_new(dir): packs are looked for in the directory ${dir}, which must stay open.
 */
struct pack_reader;

struct pack_reader *pack_reader_new(int dir);
void pack_reader_free(struct pack_reader **);
/*
 * pack_read(r, place, frame, size, to, e): pour the ${size} bytes of the message at ${place}, which is in ${frame},
 * into ${to}.  Nothing is allocated by what the file says: frames up to PACK_FRAME_KEEP are held, larger ones
 * streamed past.  EK_CORRUPT where the file is missing (e->sys is ENOENT), short, or is not what the manifest says.
 */
int pack_read(struct pack_reader *, const struct place *, const struct frame *, uint64_t size,
    const struct sink *to, struct err *);

/* Something in a pack that is not as it should be. */
struct pack_damage {
	const char	*pack;
	uint64_t	 offset;	/* in the file: where the frame begins, or what else is damaged */
	uint64_t	 frame;		/* its number; one behind the last for what is behind the frames */
	const char	*what;		/* a few words, such as "can't be decompressed" */
	const struct digest *sha256;	/* of a message that it costs, or NULL: none, or none that is known */
};

typedef int pack_damage_fn(void *, const struct pack_damage *, struct err *);

/*
 * ---- a pack of which nothing is known but its file ----
 *
 * A message that was found.  In an mbox its stored bytes can stand for several messages (mail/mbox.h); each way of
 * reading them that is possible is there, and who knows the SHA-256 can tell which one it is.
 */
#define PACK_READINGS	4

struct pack_reading {
	struct place	 place;
	uint64_t	 size;		/* of the message, read this way */
	struct digest	 sha256;
	struct source	 body;		/* pours it; within the call only */
};

struct pack_found {
	const char	*member;	/* tar: its name, UTF-8, without ".."; mbox: NULL */
	int64_t		 mtime;		/* INTERNALDATE, or 0 */
	const struct frame *frame;	/* the one it is in */
	const struct pack_reading *readings;	/* the likeliest one first; at least one */
	size_t		 n;		/* up to PACK_READINGS */
};

/* What was found is told by these, in order; each returns 0, or -1 with ${e} filled, which ends the scan. */
struct pack_scan_fns {
	/* A line of the notes at the end, without its newline.  All of them come first. */
	int	(*note)(void *, const char *, size_t, struct err *);
	/* A message.  Its frame was decompressed to the end before, and had the right checksum. */
	int	(*found)(void *, const struct pack_found *, struct err *);
	/* A frame, or what stands where one should; raw is what came out of it.  After its messages; may be NULL. */
	int	(*frame)(void *, const struct frame *, struct err *);
	/* A place that can't be read; the scan goes on behind it. */
	pack_damage_fn *damage;
	void	*arg;
};

/*
 * pack_scan(dir, name, container, frames, n, fns, e): walk through the pack ${name} in the directory ${dir}, taking
 * nothing on trust.  Where the ${n} frames are known (a manifest's table) they must be exactly these; else (NULL, 0)
 * they are searched for, also behind damage.  Memory is bounded, whatever the file says; frames are counted as they are
 * found, a damaged region as one.  Return 0 at the end of the file, damaged or not, or -1: a function failed, the file
 * can't be opened (EK_CORRUPT: missing, or not a regular file), EK_CANCELLED.
 */
int pack_scan(int dir, const char *name, enum container, const struct frame *, size_t,
    const struct pack_scan_fns *, struct err *);

/* ---- packs against what manifests say of them ---- */

struct pack_claim {
	char		*name;		/* own */
	struct rec_pack	 info;		/* but for its name */
	struct frame	*frames;	/* own; info.frames of them */
	struct rec_blob	*blobs;		/* own; in any order; place.pack doesn't count */
	size_t		 n;
	bool		 partial;	/* other messages may stand in it beside them */
};

/* A checker of packs, by threads of its own beside the caller's; it needs up to 24 MiB for each. */
struct pack_checker;

/*
 * pack_checker_new(dir, threads, fn, arg): packs are in the directory ${dir}, which must stay open.  Damage is told to
 * ${fn}, only from within pack_checker_put() and pack_checker_end(), pack by pack in the order they were put, and in
 * each by offset.  Where threads can't be had, the caller's does their work.
 */
struct pack_checker *pack_checker_new(int dir, unsigned int threads, pack_damage_fn *, void *);
/* pack_checker_free(cp): stop, whatever is left to do, and free. */
void pack_checker_free(struct pack_checker **);
/*
 * pack_checker_put(c, claim, e): check a pack.  That is: it is there, a regular file of the right size and SHA-256;
 * each frame decompresses to the right number of bytes; each blob stands at its place, with its size and SHA-256; the
 * archive is well-formed and holds no message that isn't claimed, once; the notes can be read.  Whatever costs a blob
 * is told once for each blob; what costs none, with none.
 *
 * ${*claim} and all it owns now belong to ${c}, also after an error; ${*claim} is left empty.  Return 0, with damage
 * or without, or -1: ${fn} failed, EK_CANCELLED, or the check itself can't go on; then only
 * pack_checker_free() may follow.
 */
int pack_checker_put(struct pack_checker *, struct pack_claim *, struct err *);
/* pack_checker_end(c, e): wait until all is checked and told.  More may be put afterwards. */
int pack_checker_end(struct pack_checker *, struct err *);
/* pack_checker_progress(c, read_out, raw_out): bytes of files read so far, and bytes decompressed. */
void pack_checker_progress(struct pack_checker *, uint64_t *, uint64_t *);
/* pack_claim_release(claim): free what it owns. */
void pack_claim_release(struct pack_claim *);

#endif
