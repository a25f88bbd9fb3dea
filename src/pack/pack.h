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

#endif
