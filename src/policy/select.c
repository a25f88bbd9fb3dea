/*
 * select.c - which folders, and in which order.
 */
#include <string.h>
#include <strings.h>

#include "mail/name.h"
#include "policy/policy.h"

bool
policy_select(const char *const *patterns, size_t n, bool shared,
    const struct mail_box *box, const char **why)
{
	bool chosen = true;
	size_t i;

	if (!box->selectable) {
		*why = "it holds no messages";
		return false;
	}
	if (box->space != MAIL_PERSONAL && !shared) {
		*why = "it is not your own (--shared takes it)";
		return false;
	}
	for (i = 0; i < n; i++)
		if (patterns[i][0] != '!')
			chosen = false;
	*why = "not asked for";
	for (i = 0; i < n; i++) {
		bool excludes = patterns[i][0] == '!';

		if (!name_match(patterns[i] + excludes, box->name,
		    box->delimiter))
			continue;
		chosen = !excludes;
		*why = patterns[i];
	}
	return chosen;
}

int
policy_rank(const struct mail_box *box, bool gmail)
{
	const char *use = mail_special_use(box->attributes);

	if (gmail && use != NULL) {
		if (strcasecmp(use, "\\All") == 0)
			return 0;
		if (strcasecmp(use, "\\Junk") == 0 ||
		    strcasecmp(use, "\\Trash") == 0)
			return 1;
	}
	return strcmp(box->name, "INBOX") == 0 ? 2 : 3;
}
