/*
 * sift.h - the config file's text, checked before libconfuse reads it.
 */
#ifndef CONFIG_SIFT_H
#define CONFIG_SIFT_H

#include <stddef.h>

#include "base/err.h"

struct sift {
	size_t	 line;		/* where the sifting has come to, from 1 */
	size_t	*starts;	/* own: the line of each section's { */
	size_t	 n, cap;
};

/*
 * sift_text(s, p, n, e): check the ${n} bytes at ${p} and put blanks in place of what libconfuse need not see, so
 * that its lines are the file's.  ${s} starts as zeros.  Return 0, or -1 with EK_CONFIG; s->line is then where.
 */
int sift_text(struct sift *, char *, size_t, struct err *);
void sift_release(struct sift *);

#endif
