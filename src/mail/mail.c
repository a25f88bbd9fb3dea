/*
 * mail.c - see mail.h.
 */
#include <stdlib.h>
#include <string.h>

#include "mail/flags.h"
#include "mail/fold.h"
#include "mail/mail.h"

void
mail_box_release(struct mail_box *b)
{
	free(b->wire);
	free(b->name);
	free(b->attributes);
	free(b->mailboxid);
	memset(b, 0, sizeof(*b));
}

const char *
mail_special_use(const char *attributes)
{
	/*
	 * Of several the most telling: what a folder's mail is there for comes
	 * before how it is marked.
	 */
	static const char *const uses[] = { "\\All", "\\Trash", "\\Junk",
	    "\\Drafts", "\\Sent", "\\Archive", "\\Flagged", "\\Important" };
	size_t i, len;

	for (i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		const char *s = attributes, *p;

		while ((p = flags_next(&s, &len)) != NULL)
			if (len == strlen(uses[i]) &&
			    fold_equal(p, uses[i], len))
				return uses[i];
	}
	return NULL;
}
