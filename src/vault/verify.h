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
	uint64_t	 size;
	bool		 retired;
	bool		 there;		/* packs/ has it */
	bool		 wrong;		/* missing, or of another size */
	bool		 chosen;	/* to be read */
};

struct damaged {
	struct digest	 sha256;
	size_t		 pack;		/* index in packs[] */
};

struct verify {
	struct vault	*v;
	const struct vault_verify_opts *opts;
	struct vault_verify_report *report;
	struct digest	*heads;		/* own: of the manifests, by commit - 1; all zero where one can't be read */
	size_t		 heads_cap;
	struct recorded	*packs;		/* own; sorted once all are known */
	size_t		 packs_n, packs_cap;
	char		**retired;	/* own */
	size_t		 retired_n, retired_cap;
	struct damaged	*damaged;	/* own */
	size_t		 damaged_n, damaged_cap;
	struct pack_checker *checker;	/* own; while packs are read */
	uint64_t	 total;		/* bytes of the packs to be read */
};

/* verify.c */
void verify_find(struct verify *, const struct vault_finding *);
/* verify_pack(y, name): the pack on record of that name, or NULL; once all are known. */
struct recorded *verify_pack(struct verify *, const char *name);

/* reread.c: read the packs that are chosen, or damaged by their looks; then tell which messages all damage costs. */
int reread_packs(struct verify *, struct err *);
int reread_costs(struct verify *, struct err *);

#endif
