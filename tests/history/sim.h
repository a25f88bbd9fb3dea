/*
 * sim.h - an IMAP server with a history, for tests/history: a world of folders
 * that random changes happen to, and sessions that show it to the program.
 *
 * All that is random comes from the seed, so that a history can be seen again.
 */
#ifndef HISTORY_SIM_H
#define HISTORY_SIM_H

#include <sys/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/mem.h"
#include "mail/uidset.h"

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

static inline uint32_t
rng_below(struct rng *r, uint32_t n)
{
	return n == 0 ? 0 : (uint32_t)(rng_next(r) % n);
}

static inline bool
one_in(struct rng *r, uint32_t n)
{
	return rng_below(r, n) == 0;
}

/* Small more often than large, up to about 2^${bits}. */
static inline uint32_t
rng_scaled(struct rng *r, uint32_t bits)
{
	return rng_below(r, 1u << (1 + rng_below(r, bits)));
}

/* ---- the world: what is on the server ---- */

/* What a message's bytes are; for ever. */
struct content {
	char		*p;		/* own */
	size_t		 n;
	struct digest	 sha256;
};

/* What the server does when a message's body is asked for. */
enum ill {
	ILL_NOT,
	ILL_NIL,	/* BODY[] NIL */
	ILL_EMPTY,	/* an empty literal, though its size is not 0 */
	ILL_SILENT,	/* nothing at all */
	ILL_REFUSED,	/* NO to the whole command */
	ILL_SPOILED,	/* an answer that can't be understood */
	ILLS
};

#define LETTER_WORDS	300
struct letter {
	uint32_t	 uid;
	uint32_t	 content;	/* number in world.contents */
	uint32_t	 emailid;
	uint32_t	 flags, labels;	/* bits: see world_flags(), world_labels() */
	enum ill	 ill;
	uint64_t	 modseq;
	char		 date[40];	/* INTERNALDATE */
	/* the run in which it came, and in which it changed last; 0: between runs */
	uint32_t	 came_in, changed_in;
};

/* What is gone. */
struct trace {
	uint32_t	 uid;
	uint64_t	 modseq;
	uint32_t	 gone_in;
};

struct box {
	uint32_t	 id;		/* never used again; MAILBOXID */
	char		*wire;		/* own */
	uint64_t	 uidvalidity;
	uint32_t	 incarnation;	/* another one for each UIDVALIDITY: a session sees it end */
	uint64_t	 uidnext;
	uint64_t	 modseq;	/* highest */
	struct letter	*v;		/* own; by UID */
	size_t		 n, cap;
	struct trace	*gone;		/* own */
	size_t		 gone_n, gone_cap;
	uint32_t	 use;		/* special use: see world_attributes() */
	bool		 subscribed, noselect;
	bool		 no_uidvalidity;	/* the server tells none */
	bool		 no_modseq;	/* NOMODSEQ, whatever the server can */
	bool		 no_uidnext;
	bool		 wrong_size;	/* RFC822.SIZE is a lie */
	uint64_t	 known_next;	/* what the vault takes UIDNEXT to be at least */
	bool		 went_back;	/* UIDNEXT did, and stays below that until a run has seen it */
	bool		 restored;	/* was put back to a backup once */
	bool		 frozen;	/* HIGHESTMODSEQ went back, and stays there until then */
	uint32_t	 touched_in;	/* the run in which it was made, renamed or renumbered; 0 */
	/* as it was once, for a server that is put back to a backup */
	struct box	*saved;		/* own, or NULL */
};

/* What the server can. */
enum feature {
	HAS_CONDSTORE = 1 << 0,
	HAS_QRESYNC = 1 << 1,
	HAS_LIST_EXTENDED = 1 << 2,
	HAS_LIST_STATUS = 1 << 3,
	HAS_ESEARCH = 1 << 4,
	HAS_UIDPLUS = 1 << 5,
	HAS_OBJECTID = 1 << 6,
	HAS_SPECIAL_USE = 1 << 7,
	HAS_NAMESPACE = 1 << 8,
	HAS_ID = 1 << 9,
	HAS_LITERAL = 1 << 10,
	HAS_GMAIL = 1 << 11,
	HAS_EVERYTHING = (1 << 12) - 1
};

struct world {
	struct rng	 rng;
	struct box	**boxes;	/* own; INBOX is the first */
	size_t		 n, cap;
	struct box	**grave;	/* own: deleted ones */
	size_t		 grave_n, grave_cap;
	struct content	*contents;	/* own */
	size_t		 contents_n, contents_cap;
	uint32_t	 next_box, next_emailid, next_incarnation;
	uint64_t	 next_uidvalidity;
	int64_t		 date;		/* of the next message */
	unsigned int	 features;
	bool		 same_uidvalidity;	/* as with Yahoo: it is 1 everywhere */
	bool		 gmail;
	bool		 forgets;	/* VANISHED names more than what was there */
	bool		 silent_expunge;	/* CONDSTORE without QRESYNC: no new HIGHESTMODSEQ */
	bool		 plain;		/* no CONDSTORE until a run has seen what only dates tell */
	/* the run that is under way, 0 between runs */
	uint32_t	 run;
	/* names that went away, and in which run */
	struct dead {
		char	*wire;		/* own */
		uint32_t run;
	}		*dead;		/* own */
	size_t		 dead_n, dead_cap;
	/* every (name, UIDVALIDITY, UID, content) that ever was: a set of hashes */
	uint64_t	*ever;		/* own */
	size_t		 ever_n, ever_slots;
	uint64_t	 changes;
};

void world_init(struct world *, uint64_t seed);
void world_release(struct world *);
/* world_change(w, rough, text): a change; ${rough}: of folders too.  ${text} gets a line about it. */
void world_change(struct world *, bool rough, struct buf *text);
/* world_toggle(w): the server can other things from now on. */
void world_toggle(struct world *);
/* world_seen(w): a run has seen all there is. */
void world_seen(struct world *);
/* world_died(w, wire): whether a folder of that name went away in this run. */
bool world_died(const struct world *, const char *wire, uint32_t run);
/* world_ever(w, wire, uidvalidity, uid, sha256): whether it was there once. */
bool world_ever(const struct world *, const char *wire, uint64_t, uint32_t, const struct digest *);
struct box *world_box(const struct world *, const char *wire);
const struct letter *box_letter(const struct box *, uint32_t uid);
/* Texts as the wire has them, appended. */
void world_flags(uint32_t bits, struct buf *);
void world_labels(uint32_t bits, struct buf *);
void world_attributes(const struct box *, unsigned int features, struct buf *);

/* ---- the server ---- */

/* What happens in a run. */
struct disturbance {
	uint32_t	 change_at[8];	/* ticks; 0 for none */
	bool		 rough;		/* these changes may be of folders */
	uint64_t	 cut_at[4];	/* bytes sent in the run; 0 for none */
	bool		 reset;		/* cuts are resets, which take sent bytes along */
	uint32_t	 refuse_at[4];	/* commands; 0 for none */
	uint32_t	 kill_at;	/* a tick; 0 for none */
	uint32_t	 term_at;
	bool		 bye;		/* say BYE at a cut */
};

#define CONNS	8
struct conn;

struct sim {
	struct world	*w;
	int		 fd;		/* listens */
	uint16_t	 port;
	struct conn	*conns[CONNS];	/* own */
	struct rng	 net;		/* order and pieces */
	/* of the run */
	struct disturbance plan;
	pid_t		 client;
	uint32_t	 ticks;		/* commands, and messages in answers */
	uint32_t	 commands;	/* that can be refused */
	uint64_t	 sent;
	uint32_t	 examines, bodies;
	uint32_t	 refused;
	uint32_t	 resets;
	bool		 killed;
	struct buf	 said;		/* the client's commands without tags, and what happened */
	struct buf	 requests;	/* the commands alone */
	char		*broken;	/* own: a law that the client broke, or NULL */
	struct uidset	 delivered;	/* numbers of contents + 1 that were sent whole */
	struct uidset	 owed;		/* the same, not yet flushed: moved when they are */
};

int sim_listen(struct sim *);
/* sim_run(s, client, done): serve until the descriptor ${done} is at its end. */
void sim_run(struct sim *, pid_t client, int done);
void sim_release(struct sim *);
/* sim_tick(s): time passes: something may happen. */
void sim_tick(struct sim *);
void sim_broke(struct sim *, const char *, ...) __attribute__((format(printf, 2, 3)));

/* ---- one session ---- */

struct conn {
	struct sim	*s;
	int		 fd;
	unsigned int	 features;	/* as of its beginning */
	struct buf	 in, out;
	size_t		 written;	/* of out */
	bool		 closing;	/* when all is written */
	bool		 cut;		/* nothing more is said */
	bool		 signed_in;
	bool		 continued;	/* AUTHENTICATE waits for its answer */
	char		 tag[64];
	bool		 qresync;	/* enabled */
	size_t		 piece;		/* bytes in one write at most */
	/* contents in out, and where they end */
	struct owed {
		size_t	 end;
		uint32_t content;
	}		*owed;		/* own */
	size_t		 owed_n, owed_cap;
	/* the folder that is open */
	uint32_t	 box, incarnation;	/* ids; 0 for none */
	uint32_t	*seq;		/* own: UIDs by sequence number */
	size_t		 seq_n, seq_cap;
};

/* conn_say(c, fmt, ...): answer. */
void conn_say(struct conn *, const char *, ...) __attribute__((format(printf, 2, 3)));
/* conn_command(c, line, n): one command, with its literals. */
void conn_command(struct conn *, const char *, size_t);
/* conn_owes(c, content): what was said so far holds this content whole. */
void conn_owes(struct conn *, uint32_t);

/* fetch.c */
void fetch_command(struct conn *, struct box *, const char *args);
/* fetch_changes(c, b, since): the answers that QRESYNC puts before the end of EXAMINE. */
void fetch_resync(struct conn *, struct box *, uint64_t since);
/* fetch_news(c, b): what happened to the open folder meanwhile. */
void fetch_news(struct conn *, struct box *);

#endif
