/*
 * safer.c - names of folders that no server should have anything against.
 *
 * Cyrus makes none with !"%&/;<>\`{|} in it but '&' as modified UTF-7 has it
 * (imap/mboxname.c, mboxname_policycheck(); before 3.0 also none with
 * ()*?[]^), none that begins with a '~', and no empty part.  Dovecot 2.3 with
 * Maildir++: none with a '.' (its layout's delimiter), with a '~' at the
 * beginning, control characters, or empty parts; '*' and '%' are fine.  Gmail:
 * no blanks at the ends, no '^', '"', '\' (imapsync's FAQ.Gmail).  Exchange: no
 * blank at the end (imapsync#154).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/policy.h"

static bool
is_safe(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (unsigned char)c >= 0x80 ||
	    (c != '\0' && strchr(" -_.()&+@", c) != NULL);
}

/* Bytes of a character beyond U+FFFF, which Courier makes no folder of; 1 for all others. */
static size_t
long_character(const char *c)
{
	uint32_t cp;

	return (unsigned char)*c >= 0xf0 &&
	    utf8_next(c, strnlen(c, 4), &cp) == 4 ? 4 : 1;
}

char *
policy_safer(const char *name, char delimiter)
{
	char *safer = xstrdup(name), *to = safer;
	char other = delimiter == '_' ? '-' : '_';
	bool first = true, last, good;
	const char *c;
	size_t n;

	for (c = name; *c != '\0'; c += n) {
		n = long_character(c);
		if (delimiter != '\0' && *c == delimiter) {
			*to++ = *c;
			first = true;
			continue;
		}
		last = c[n] == '\0' ||
		    (delimiter != '\0' && c[n] == delimiter);
		good = n == 1 && is_safe(*c) && !(first && *c == '.') &&
		    !((first || last) && *c == ' ');
		*to++ = good ? *c : other;
		first = false;
	}
	*to = '\0';
	if (strcmp(safer, name) != 0)
		return safer;
	free(safer);
	return NULL;
}
