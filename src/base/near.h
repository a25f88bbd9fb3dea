/*
 * near.h - the known word that a mistyped one was meant to be.
 */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include <stddef.h>

struct near {
	const char	*word;		/* what was typed */
	size_t		 n;		/* its length */
	const char	*best;		/* nearest so far, or NULL where none is near enough */
	size_t		 distance;
};

/* near_begin(near, word, n): look for ${n} bytes; near_try(near, known): could it be this one? */
void near_begin(struct near *, const char *, size_t);
void near_try(struct near *, const char *);

#endif
