/*
 * guards.c - see guards.h.
 */
#include "cmd/guards.h"

static const char *const words[GUARD_KINDS] = {
	[GUARD_EMPTY_FOLDER] = "everything in a folder would go",
	[GUARD_MOST] = "more than half of a folder would go",
	[GUARD_YOUNG] =
	    "what came within the last 30 days would go",
	[GUARD_SHRUNK] =
	    "a folder has lost more than half since the last backup",
	[GUARD_NEW_EPOCH] =
	    "the UIDVALIDITY of a folder changed within the last 7 days",
	[GUARD_INCOMPLETE] = "the last backup was not complete",
	[GUARD_OLD] = "the last backup began more than a day ago",
};

static bool
has(unsigned int set, enum policy_guard g)
{
	return (set & 1U << g) != 0;
}

static void
add(unsigned int set, bool folder, struct buf *to)
{
	const char *comma = "";
	int i;

	for (i = GUARD_NONE + 1; i < GUARD_KINDS; i++) {
		enum policy_guard g = (enum policy_guard)i;

		/* That more than half would go is said with everything. */
		if (!has(set, g) || (g == GUARD_MOST &&
		    has(set, GUARD_EMPTY_FOLDER) && folder))
			continue;
		buf_addf(to, "%s%s", comma, folder ? policy_guard_words(g) :
		    words[g]);
		comma = ", ";
	}
}

void
guards_words(unsigned int set, struct buf *to)
{
	add(set, false, to);
}

void
guards_folder(unsigned int set, struct buf *to)
{
	add(set, true, to);
}

void
guards_options(unsigned int set, struct buf *to)
{
	int g;

	for (g = GUARD_NONE + 1; g < GUARD_KINDS; g++)
		if (has(set, (enum policy_guard)g))
			buf_addf(to, " --allow-%s",
			    policy_guard_name((enum policy_guard)g));
}

void
guards_json(struct json_out *j, unsigned int set)
{
	int g;

	if (set == 0)
		return;
	json_open(j, "guards", '[');
	for (g = GUARD_NONE + 1; g < GUARD_KINDS; g++)
		if (has(set, (enum policy_guard)g))
			json_str(j, NULL,
			    policy_guard_name((enum policy_guard)g));
	json_close(j, ']');
}
