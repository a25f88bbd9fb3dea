/*
 * flags.c - the flags that a message is restored with.
 *
 * Dovecot 2.3 answers BAD to a system flag it doesn't know, to 8-bit bytes and
 * to whatever else is no atom, so these would cost the message.  Imapsync drops
 * what it calls buggy flags, which servers have made up, for that reason.
 */
#include <string.h>

#include "mail/flags.h"
#include "mail/fold.h"
#include "policy/policy.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

static bool
is_word(const char *p, size_t n, const char *word)
{
	return strlen(word) == n && fold_equal(p, word, n);
}

/* RFC 9051, section 2.3.2. */
static bool
is_system(const char *p, size_t n)
{
	static const char *const system_flags[] = {
		"\\Answered", "\\Deleted", "\\Draft", "\\Flagged", "\\Seen",
	};
	size_t i;

	for (i = 0; i < LENGTH(system_flags); i++)
		if (is_word(p, n, system_flags[i]))
			return true;
	return false;
}

static bool
is_atom(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] <= ' ' || p[i] >= 0x7f ||
		    strchr("(){%*\"\\]", p[i]) != NULL)
			return false;
	return n > 0;
}

/* Keywords are the same in capital and small letters (RFC 9051, section 2.3.2). */
static bool
is_named(const char *permanent, const char *p, size_t n)
{
	const char *q;
	size_t len;

	while ((q = flags_next(&permanent, &len)) != NULL)
		if (is_word(q, len, "\\*") ||
		    (len == n && fold_equal(p, q, n)))
			return true;
	return false;
}

static int
put(struct buf *b, const char *p, size_t n)
{
	if (b->n > 0 && buf_addc(b, ' ') == -1)
		return -1;
	return buf_add(b, p, n);
}

int
policy_flags(const char *flags, const char *permanent, bool deleted,
    struct buf *out, struct buf *dropped)
{
	const char *p;
	size_t n;
	bool keep;

	while ((p = flags_next(&flags, &n)) != NULL) {
		if (is_word(p, n, "\\Recent") ||
		    (!deleted && is_word(p, n, "\\Deleted")))
			continue;
		if (*p == '\\')
			keep = is_system(p, n);
		else
			keep = is_atom(p, n) && (permanent == NULL ||
			    is_named(permanent, p, n));
		if (put(keep ? out : dropped, p, n) == -1)
			return -1;
	}
	return 0;
}
