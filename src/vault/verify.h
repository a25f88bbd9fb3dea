/*
 * verify.h - what the two halves of vault_verify() share.  Private to vault/.
 */
#ifndef VAULT_VERIFY_H
#define VAULT_VERIFY_H

#include "vault/private.h"

#define VERIFY_LINES	1000	/* a signal is looked for this often */

/* A pack that some manifest records. */
struct recorded {
	char		*name;		/* own */
	uint64_t	 commit;
	uint64_t	 size, raw;
	bool		 retired;
	bool		 there;		/* packs/ has it */
	bool		 wrong;		/* missing, or of another size */
	bool		 chosen;	/* to be read */
	bool		 given;		/* the checker got it while the manifests were read */
};

struct damaged {
	struct digest	 sha256;
	size_t		 pack;		/* index in packs[] */
};

struct head {
	uint64_t	 commit;
	struct digest	 sha256;
};

struct names {
	char		**v;		/* own, and each */
	size_t		 n, cap;
};

struct verify {
	struct vault	*v;
	const struct vault_verify_opts *opts;
	struct vault_verify_report *report;
	struct head	*heads;		/* own: of the manifests that can be read, in order */
	size_t		 heads_n, heads_cap;
	bool		 foreign;	/* some manifest can be read, and is another vault's */
	struct recorded	*packs;		/* own; sorted once all are known */
	size_t		 packs_n, packs_cap;
	char		**retired;	/* own */
	size_t		 retired_n, retired_cap;
	struct damaged	*damaged;	/* own */
	size_t		 damaged_n, damaged_cap;
	struct pack_checker *checker;	/* own; while packs are read */
	uint64_t	 total;		/* bytes of the packs to be read */
	struct early	*early;		/* own; while the manifests are read, where all packs are to be read */
};

/* verify.c */
void verify_find(struct verify *, const struct vault_finding *);
/* verify_pack(y, name): the pack on record of that name, or NULL; once all are known. */
struct recorded *verify_pack(struct verify *, const char *name);
/* verify_by_text(): for qsort() and bsearch() over strings. */
int verify_by_text(const void *, const void *);

/*
 * reread.c: where all packs are to be read, they are read as their manifests are.  reread_begin(y, e) before the first;
 * reread_note(y, rec) for each record of one; reread_give(y, commit, sound, e) at its end: records of one that can't be
 * read are forgotten.  All but the first do nothing where reread_begin() found it is not so.  reread_release(y): free
 * what is left of that.
 */
int reread_begin(struct verify *, struct err *);
void reread_note(struct verify *, const struct record *);
int reread_give(struct verify *, uint64_t commit, bool sound, struct err *);
void reread_release(struct verify *);
/* Read the packs that are chosen, or damaged by their looks. */
int reread_packs(struct verify *, struct err *);
/*
 * As the catalog has it, if there is one: contents that were in a compacted pack and went to no other, which is damage;
 * then which messages all damage costs, and how many were given up by a repair.
 */
int reread_compacted(struct verify *, struct err *);
int reread_costs(struct verify *, struct err *);
int reread_lost(struct verify *, struct err *);

#endif
