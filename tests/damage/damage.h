/*
 * damage.h - what the files of tests/damage share: vaults to be damaged, ways to damage them, and who looks whether it
 * was found.
 *
 * All that is random comes from the number of a damage, so that it can be seen again.
 */
#ifndef DAMAGE_DAMAGE_H
#define DAMAGE_DAMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "mail/place.h"
#include "vault/vault.h"

/* ---- chance ---- */

struct rng {
	uint64_t	s;
};

/* SplitMix64. */
static inline uint64_t
rng_next(struct rng *r)
{
	uint64_t z = (r->s += 0x9e3779b97f4a7c15u);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static inline size_t
rng_below(struct rng *r, size_t n)
{
	return n == 0 ? 0 : (size_t)(rng_next(r) % n);
}

static inline bool
one_in(struct rng *r, size_t n)
{
	return rng_below(r, n) == 0;
}

/* ---- vaults (scene.c) ---- */

#define SCENES	6

enum role {
	ROLE_PACK,
	ROLE_RETIRED,		/* a pack that is no part of the vault any more */
	ROLE_MANIFEST,
	ROLE_BUNDLE,
	ROLE_ORPHAN,
	ROLE_OTHER,
};

struct file {
	char		*name;		/* own; below the vault */
	enum role	 role;
	uint64_t	 first, last;	/* commits */
	bool		 covered;	/* the vault is whole without it: a manifest in a bundle, or that bundle */
	size_t		 size;
};

/* Where a message stands in a file. */
struct spot {
	struct digest	 sha256;
	char		*pack;		/* own; "packs/..." */
	uint64_t	 at, n;		/* of its frame, in the file */
};

struct scene {
	unsigned int	 number;
	char		*path;		/* own */
	char		*older;		/* own; a directory with the catalog of each commit that ended a run */
	enum container	 container;
	struct file	*files;		/* own; by name */
	size_t		 files_n, files_cap;
	struct spot	*spots;		/* own */
	size_t		 spots_n, spots_cap;
	uint64_t	 head;
	char		 head_hex[DIGEST_HEX];
	char		*dump;		/* own; what the catalog says */
	size_t		 findings;	/* of a verify: orphans, ... */
};

/* The clock and chance of whoever opens a vault here; ${cache} of struct vault_env. */
struct surroundings {
	int64_t		 now;
	struct rng	 rng;
	char		*cache;		/* borrowed */
};
struct vault_env surroundings_env(struct surroundings *);

/* scene_make(s, number, dir): make the vault DIR/s<number>, and DIR/o<number>. */
void scene_make(struct scene *, unsigned int number, const char *dir);
void scene_release(struct scene *);
/* scene_dump(v, b): all that the catalog says, as text. */
int scene_dump(struct vault *, struct buf *, struct err *);

/* ---- files (files.c): none of these fails, the program ends ---- */

char *path_of(const char *dir, const char *name);	/* to be freed */
char *slurp(const char *path, size_t *n);		/* to be freed */
/* spill(path, p, n): a new file, in place of the old one; never into it: it may be a hard link. */
void spill(const char *path, const void *, size_t);
void move(const char *from, const char *to);
bool is_there(const char *path);
void remove_tree(const char *path);
/* copy_tree(from, to, link): ${link}: packs and manifests are hard links. */
void copy_tree(const char *from, const char *to, bool link);
/* tree_state(path, b): name, kind, size, times and i-node of everything in it. */
void tree_state(const char *path, struct buf *);
/* give_away(path): all in it belongs to nobody's user now. */
void give_away(const char *path);

/* ---- damages (hurt.c, forge.c) ---- */

/* What has to be said of a damage. */
enum expect {
	EXPECT_FOUND,	/* verify --read-data: it is damaged */
	EXPECT_ERROR,	/* ... or that it can't be verified */
	EXPECT_HASH,	/* verify --expect with the head's hash: it is damaged */
	EXPECT_TOLD,	/* verify says something, if only that it is worth knowing */
	EXPECT_CATALOG,	/* whoever lists gets what is right, if only the second time */
	EXPECT_CLEAN,	/* nothing is damaged */
	EXPECT_ANYTHING,	/* nothing is promised, but no reader crashes or tells lies */
	EXPECTS
};

struct hurt {
	const struct scene *s;
	const struct scene *all;	/* SCENES of them */
	const char	*path;		/* the vault to be damaged: a copy of s */
	struct rng	*rng;
	struct buf	 what;		/* words on it */
	enum expect	 expect;
	bool		 forged;	/* seals are right: it may look as if a newer version had written it */
	bool		 nobody;	/* look at it as nobody's user */
	bool		 only_packs;	/* all else is sound */
};

struct hurt_kind {
	const char	*name;
	unsigned int	 weight;
	bool		(*fn)(struct hurt *);	/* false: not possible here */
};
extern const struct hurt_kind hurt_kinds[];
extern const size_t hurt_kinds_n;

/* forge.c: manifests that were changed and sealed again. */
bool forge_line(struct hurt *);
bool forge_chain(struct hurt *);
bool forge_bundle(struct hurt *);
bool forge_twin(struct hurt *);
void hurt_without_catalog(struct hurt *);

/* ---- the judge (judge.c) ---- */

/* What comes of a damage; in memory that the judge's process shares. */
struct outcome {
	size_t		 kind;
	enum expect	 expect;
	bool		 quick, full, told, hash;	/* found by */
	bool		 mended;	/* the catalog, by itself */
	bool		 repaired;
	uint64_t	 costs, lost;	/* messages that can't be read; that a repair gave up */
	char		 what[400];
	char		 wrong[2000];	/* what is wrong with the program, or "" */
};

#define ANY_KIND	SIZE_MAX
/*
 * judge(h, kind, scratch, o): copy the vault to ${scratch}, damage it, and look.  judge_sound(s, cache): the number of
 * findings of a whole vault; the program ends if it isn't one.
 */
void judge(struct hurt *, size_t kind, const char *scratch, struct outcome *);
size_t judge_sound(const struct scene *, const char *cache);

#endif
