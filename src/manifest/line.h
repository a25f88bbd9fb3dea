/*
 * line.h - inside manifest/: one record as one line of JSON, both ways, and the rules that both ways keep.
 *
 * What format_*() writes parse_*() reads back exactly: the writer refuses what the reader would refuse, since a
 * vault that can't be read any more is worse than a commit that fails.
 */
#ifndef MANIFEST_LINE_H
#define MANIFEST_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "mail/record.h"
#include "mail/uidset.h"

#define LINE_VERSION	1		/* of the format, in the head */
#define LINE_UIDS	60000		/* bytes of "uids" in one line: a longer set takes several */
#define LINE_FRAMES	1000		/* frames in one line */

/*
 * The SHA-256 of all before it ends the file, as a skippable frame (RFC 8878, section 3.1.2) that stock tools pass
 * over.
 */
#define SEAL_MAGIC	0x184D2A5Eu
#define SEAL_HEADER	8		/* magic and length, little-endian */
#define SEAL_SIZE	(SEAL_HEADER + DIGEST_SIZE)

/* The index of a bundle is another: the sizes of its manifests, 8 bytes each.  A seal of its own follows. */
#define INDEX_MAGIC	0x184D2A5Du
#define INDEX_HEADER	8

/* ---- rule.c ---- */

#define RULE_NUMBER_MAX	((uint64_t)INT64_MAX)	/* JSON readers have no larger integer */
#define RULE_TIME_MAX	((uint64_t)253402300799)	/* 9999-12-31T23:59:59Z */

/* What "type" says for each kind, "namespace" for each space, and "form" for each form (NULL: it isn't there). */
#define RULE_SPACES	4
#define RULE_FORMS	3
extern const char *const rule_type[REC_KINDS];
extern const char *const rule_space[RULE_SPACES];
extern const char *const rule_form[RULE_FORMS];

/*
 * rule_pack(name): <commit, 8 or more digits>-<serial>-<8 hex digits>[.f<folder>].<tar|mbox>.zst, not longer than a
 * file's name may be: these names become files.  rule_container(name): the container that the name tells.
 */
bool rule_pack(const char *);
enum container rule_container(const char *);
/* rule_vault(id): 1 to 63 letters, digits and '-'. */
bool rule_vault(const char *);
/*
 * rule_seal(d, out): the skippable frame of SEAL_SIZE bytes with this digest.  rule_index(n, out): the header of the
 * skippable frame with ${n} sizes.
 */
void rule_seal(const struct digest *, unsigned char[SEAL_SIZE]);
void rule_index(uint64_t, unsigned char[INDEX_HEADER]);
/* rule_put64(p, v), rule_get64(p): 8 bytes, the lowest first. */
void rule_put64(unsigned char *, uint64_t);
uint64_t rule_get64(const unsigned char *);

/*
 * A pack record is followed by all its frames before the next pack or the end comes; this adds them up.  The
 * functions return NULL, or what is wrong.
 */
struct frame_run {
	char		*pack;		/* own; the pack recorded last, or NULL */
	uint64_t	 frames, data, raw;	/* that it has: data is its size without the tail */
	uint64_t	 n, offset, sum;	/* that have come: frames, compressed and decompressed bytes */
};

const char *rule_run_pack(struct frame_run *, const struct rec_pack *);
/*
 * rule_run_frames(run, rec): take the next frames.  rule_run_offsets(run, rec, frames): set each frame's offset, as
 * it must be when they are the next of the run; checked by the former.
 */
const char *rule_run_frames(struct frame_run *, const struct rec_frames *);
const char *rule_run_offsets(const struct frame_run *, struct frame *, size_t);
const char *rule_run_end(const struct frame_run *);
void rule_run_release(struct frame_run *);

/* ---- format.c ---- */

/*
 * format_head(b, head, e), format_end(b, lines, e): append that line.
 * format_record(b, rec, at, e): append a line; ${*at} is 0 for the first line of a record and comes back as where
 * the next one begins, or 0 when the record is whole.  A value that no line can hold is EK_FAIL, a line beyond
 * MANIFEST_LINE_MAX too; ${b} then has a part of the line.
 */
int format_head(struct buf *, const struct rec_head *, struct err *);
int format_record(struct buf *, const struct record *, size_t *, struct err *);
int format_end(struct buf *, uint64_t lines, struct err *);

/* ---- parse.c ---- */

/* A line that was read.  The strings of its record point into it. */
struct parsed {
	struct json	*doc;		/* own */
	size_t		 line_n;	/* bytes of the line */
	char		*bytes;		/* own; strings that came as hex digits: line_n bytes of room, or NULL */
	size_t		 bytes_n;
	struct buf	 words, flags, labels;	/* own; put together from lists */
	struct uidset	 uids;		/* own */
	struct frame	*frames;	/* own; LINE_FRAMES of them, or NULL */
	bool		 notes;		/* lines of a pack's tail: they may be notes */
};

enum parse_kind {
	PARSE_HEAD,
	PARSE_RECORD,
	PARSE_END,
	PARSE_SKIP,	/* unknown, and may be passed over */
};

struct parse_result {
	enum parse_kind	 kind;
	struct rec_head	 head;
	struct record	 record;	/* offsets of REC_FRAMES are not set */
	uint64_t	 lines;		/* of PARSE_END */
};

void parse_init(struct parsed *);
void parse_release(struct parsed *);
/*
 * parse_line(p, s, n, out, e): read a line without its newline; EK_CORRUPT, or EK_NOVAULT for what a newer version
 * wrote.
 */
int parse_line(struct parsed *, const char *, size_t, struct parse_result *, struct err *);

#endif
