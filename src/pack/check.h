/*
 * check.h - one pack, and what manifests say of it: the work of one thread.  Private to pack/.
 *
 * Two things are looked at, each by itself: whether the bytes at each blob's place are the blob, and whether the frame
 * is an archive whose messages stand at exactly these places.
 */
#ifndef PACK_CHECK_H
#define PACK_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/flow.h"
#include "pack/pack.h"

/* A frame that is checked in one piece is not larger, before and after decompression; a larger one is streamed. */
#define CHECK_HELD	(4 * 1024 * 1024)

/* One finding. */
struct check_item {
	uint64_t	 offset, frame;
	size_t		 order;		/* among those at one offset */
	char		*what;		/* own */
	bool		 costs;		/* a blob, which is: */
	struct digest	 sha256;
};

struct check_items {
	struct check_item *p;		/* own */
	size_t		 n, cap;
};

/* A pack that is being checked. */
struct check_pack {
	struct pack_claim claim;	/* own; its blobs by place, none twice */
	bool		*told;		/* own; for each blob, that it is damaged */
	/* From here on it is the checker's. */
	struct check_items found;
	uint64_t	 left;		/* frames that are still at work */
	bool		 read;		/* all of its file was */
	bool		 changed;	/* and it has another SHA-256 */
	struct check_pack *next;
};

/* check_pack_new(claim): takes over what ${claim} owns. */
struct check_pack *check_pack_new(struct pack_claim *);
void check_pack_free(struct check_pack **);

void check_items_release(struct check_items *);
/* check_items_move(to, from): the findings of ${from} behind those of ${to}; ${from} is then empty. */
void check_items_move(struct check_items *, struct check_items *);
/* check_items_add(items, offset, frame, blob, what): ${blob} may be NULL; ${what} is copied. */
void check_items_add(struct check_items *, uint64_t offset, uint64_t frame, const struct digest *, const char *);
/* check_items_sort(items): by offset. */
void check_items_sort(struct check_items *);

/* check_pack_claims(p, items): what manifests say that no file can be; blobs that it concerns are told. */
void check_pack_claims(struct check_pack *, struct check_items *);
/* check_pack_first(p, frame): its first blob in that frame or behind it. */
size_t check_pack_first(const struct check_pack *, uint64_t frame);
/* check_pack_lose(p, frame, what, items): a frame is damaged: tell the blobs in it, or that it is where it has none. */
void check_pack_lose(struct check_pack *, uint64_t frame, const char *, struct check_items *);

/* One thread's tools.  Findings go to ${items}, until somebody moves them away. */
struct check {
	struct check_items items;
	uint64_t	 raw;		/* bytes decompressed for the last frame */
	struct check_tools *tools;	/* own */
};

struct check *check_new(void);
void check_free(struct check **);
/* check_held(c, p, frame, in, e): the frame's bytes are ${in}; not for frames above CHECK_HELD.  -1: not damage. */
int check_held(struct check *, struct check_pack *, uint64_t frame, const char *in, struct err *);
/* check_stream(c, p, frame, fd, seen, e): the frame lies within the file; its bytes go to ${seen} too. */
int check_stream(struct check *, struct check_pack *, uint64_t frame, int fd, const struct sink *seen, struct err *);
/* check_is_held(f): which of the two is for this frame. */
bool check_is_held(const struct frame *);

#endif
