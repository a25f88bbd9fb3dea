/*
 * fold.h - ASCII without regard to case; private to mail/.
 *
 * strcasecmp() asks the locale: in a Turkish one INBOX is not inbox.
 */
#ifndef MAIL_FOLD_H
#define MAIL_FOLD_H

#include <stdbool.h>
#include <stddef.h>

static inline char
fold_case(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* fold_equal(p, q, n): whether ${n} bytes are the same but for the case of ASCII letters. */
static inline bool
fold_equal(const char *p, const char *q, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (fold_case(p[i]) != fold_case(q[i]))
			return false;
	return true;
}

#endif
