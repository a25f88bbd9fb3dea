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
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/policy.h"

static bool
is_safe(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (unsigned char)c >= 0x80 ||
	    (c != '\0' && strchr(" -_.()&+@", c) != NULL);
}

char *
policy_safer(const char *name, char delimiter)
{
	char *safer = xstrdup(name), *c, other = delimiter == '_' ? '-' : '_';
	bool changed = false, first = true, last;

	for (c = safer; *c != '\0'; c++) {
		if (delimiter != '\0' && *c == delimiter) {
			first = true;
			continue;
		}
		last = c[1] == '\0' ||
		    (delimiter != '\0' && c[1] == delimiter);
		if (!is_safe(*c) || (first && *c == '.') ||
		    ((first || last) && *c == ' ')) {
			*c = other;
			changed = true;
		}
		first = false;
	}
	if (changed)
		return safer;
	free(safer);
	return NULL;
}
