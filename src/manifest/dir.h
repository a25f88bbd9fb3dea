/*
 * dir.h - inside manifest/: where in which file the bytes of a manifest are.
 *
 * A bundle is its manifests' bytes, one after the other; the index, a skippable frame with their sizes in order as
 * numbers of 8 bytes; and its seal, a skippable frame with the SHA-256 of the index, its header included.  How many
 * there are the file's name says, so that index and seal are found from the end of the file.
 */
#ifndef MANIFEST_DIR_H
#define MANIFEST_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manifest/line.h"
#include "manifest/manifest.h"

/* A bundle, as its name tells. */
struct bundle {
	uint64_t	first, last;
};

/* A bundle whose index is known. */
struct open_bundle {
	struct bundle	 b;
	int		 fd;		/* own; -1: none is open */
	uint64_t	*ends;		/* own; where each manifest ends in the file */
};

struct manifest_dir {
	int		 fd;		/* own */
	struct bundle	*bundles;	/* own; as the last look found them: by first, the larger one first */
	size_t		 n, cap;
	bool		 listed;
	struct open_bundle open;	/* the one that was read last */
	struct manifest_reader *spare;	/* own; closed: to set one up takes longer than to read a small manifest */
};

/* Some bytes of a file. */
struct extent {
	int		 fd;
	uint64_t	 start, end;
};

/* ---- chain.c ---- */

/* dir_bundle(name, out): whether a file's name is a bundle's, and of which manifests.  A range has one spelling. */
bool dir_bundle(const char *, struct bundle *);
/* dir_name(out, b): "00000001-00001440.jsonl.zst", or a single manifest's where first and last are alike. */
char *dir_name(char[MANIFEST_NAME_MAX], const struct bundle *);
/* dir_list(d, e): look which bundles there are. */
int dir_list(struct manifest_dir *, struct err *);
/*
 * dir_find(d, commit, out, in, e): where a manifest is, for the caller to close; and in which bundle (NULL: in a file
 * of its own), borrowed until the next call.  EK_CORRUPT where it is nowhere, or its bundle's index is damaged.
 */
int dir_find(struct manifest_dir *, uint64_t commit, struct extent *, const struct bundle **, struct err *);

/* ---- bundle.c ---- */

/* bundle_open(dir, b, out, e), bundle_close(o): read the index; e->sys is ENOENT where there is no such file. */
int bundle_open(int, const struct bundle *, struct open_bundle *, struct err *);
void bundle_close(struct open_bundle *);
/*
 * walk.c: bundle_walk(dir, b, out, e): the same for one whose index is damaged: where its manifests end shows in their
 * frames, as long as these are whole.
 */
int bundle_walk(int, const struct bundle *, struct open_bundle *, struct err *);
/* bundle_part(o, first, last): where these manifests are in it; its descriptor is borrowed. */
struct extent bundle_part(const struct open_bundle *, uint64_t first, uint64_t last);

/* bundle_hash(x, h, e): add the bytes to a hasher. */
int bundle_hash(const struct extent *, struct hasher *, struct err *);

/* ---- reader.c ---- */

/* reader_free(rp): as manifest_close(), and for good. */
void reader_free(struct manifest_reader **);

#endif
