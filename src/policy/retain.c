/*
 * retain.c - which messages may be deleted from a server, and why the others
 * stay.
 *
 * A question about a message has three answers.  Where it is "unknown" the
 * others are still asked, so that the plainest reason is given; but then the
 * message stays in any case.
 */
#include <string.h>

#include "mail/flags.h"
#include "mail/fold.h"
#include "mail/name.h"
#include "policy/policy.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

/* ---- folders ---- */

enum policy_role
policy_role(const char *attributes)
{
	const char *use = mail_special_use(attributes);

	if (use != NULL && strcmp(use, "\\Trash") == 0)
		return ROLE_TRASH;
	if (use != NULL && strcmp(use, "\\Junk") == 0)
		return ROLE_JUNK;
	return ROLE_NONE;
}

/* It shows messages of other folders: what is deleted here is lost there. */
static bool
is_view(const struct mail_box *box)
{
	static const char *const uses[] = { "\\All", "\\Flagged",
	    "\\Important" };
	const char *s = box->attributes, *p;
	size_t i, len;

	while ((p = flags_next(&s, &len)) != NULL)
		for (i = 0; i < LENGTH(uses); i++)
			if (len == strlen(uses[i]) &&
			    fold_equal(p, uses[i], len))
				return true;
	return false;
}

/* A pattern that can mean no other folder asks for it, and none after that takes it back. */
static bool
is_named(const char *const *patterns, size_t n, const struct mail_box *box)
{
	bool named = false;
	size_t i;

	for (i = 0; i < n; i++) {
		const char *pattern = patterns[i];
		bool excludes = pattern[0] == '!';

		if (!name_match(pattern + excludes, box->name, box->delimiter))
			continue;
		if (excludes)
			named = false;
		else if (strpbrk(pattern, "*%") == NULL)
			named = true;
	}
	return named;
}

bool
policy_prune_folder(const char *const *patterns, size_t n, bool shared,
    const struct mail_box *box, const char **why)
{
	if (!policy_select(patterns, n, shared, box, why))
		return false;
	if (is_view(box)) {
		*why = "it only shows what is in other folders (--folder with "
		    "its full name takes it)";
		return is_named(patterns, n, box);
	}
	if (box->space != MAIL_PERSONAL) {
		*why = "it is not your own (--folder with its full name takes "
		    "it)";
		return is_named(patterns, n, box);
	}
	return true;
}

/* ---- what a policy says ---- */

bool
policy_prune_reads(const struct policy_prune *p)
{
	return p->sender != NULL || p->recipient != NULL || p->subject != NULL;
}

/* It says something about every folder, not of Trash or Junk alone. */
static bool
says_of_all(const struct policy_prune *p)
{
	return p->before != INT64_MAX || p->larger != POLICY_ANY_SIZE ||
	    policy_prune_reads(p) || p->seen || p->has_goal || p->listed;
}

bool
policy_prune_says(const struct policy_prune *p)
{
	return says_of_all(p) || p->trash_before != INT64_MAX ||
	    p->junk_before != INT64_MAX;
}

/* The instant that is said for folders of this role alone, or INT64_MAX. */
static int64_t
own_before(const struct policy_prune *p, enum policy_role role)
{
	switch (role) {
	case ROLE_TRASH:
		return p->trash_before;
	case ROLE_JUNK:
		return p->junk_before;
	case ROLE_NONE:
		break;
	}
	return INT64_MAX;
}

/* ---- messages ---- */

/* In this order: of several answers the least counts. */
enum answer { NO, UNKNOWN, YES };

static enum answer
both(enum answer a, enum answer b)
{
	return a < b ? a : b;
}

static enum answer
answer(bool known, bool yes)
{
	return !known ? UNKNOWN : yes ? YES : NO;
}

static enum answer
has_flag(const struct prune_facts *f, const char *flag)
{
	return answer(f->flags != NULL,
	    f->flags != NULL && flags_has(f->flags, flag));
}

static enum answer
came_before(const struct prune_facts *f, int64_t instant)
{
	return answer(f->has_date, f->date < instant);
}

static enum answer
has_text(const struct prune_facts *f, const char *text, const char *part)
{
	bool known = f->has_header && text != NULL;

	return part == NULL ? YES :
	    answer(known, known && policy_contains(text, part));
}

/* All that is said of it holds. */
static enum answer
is_chosen(const struct policy_prune *p, const struct prune_facts *f)
{
	int64_t own = own_before(p, f->role);
	int64_t before = own != INT64_MAX ? own : p->before;
	enum answer a = YES;

	if (p->listed)
		return YES;
	if (own == INT64_MAX && !says_of_all(p))
		return NO;
	if (before != INT64_MAX)
		a = both(a, came_before(f, before));
	if (p->larger != POLICY_ANY_SIZE)
		a = both(a, answer(f->has_size, f->size > p->larger));
	if (p->seen)
		a = both(a, has_flag(f, "\\Seen"));
	a = both(a, has_text(f, f->from, p->sender));
	a = both(a, has_text(f, f->to, p->recipient));
	return both(a, has_text(f, f->subject, p->subject));
}

/* Unread mail goes where its folder's own age is said and reached, or by the word for it. */
static bool
may_be_unread(const struct policy_prune *p, const struct prune_facts *f)
{
	int64_t own = own_before(p, f->role);

	return p->unread || (own != INT64_MAX && came_before(f, own) == YES);
}

static bool
differs(const struct prune_facts *f)
{
	if (f->size_matters && f->has_size && f->size != f->saved_size)
		return true;
	return f->has_date &&
	    (!f->has_saved_date || f->date != f->saved_date);
}

/* The date is said, compared, or what the newest ones and the goal go by. */
static bool
needs_date(const struct policy_prune *p, const struct prune_facts *f)
{
	return p->young != INT64_MAX || p->keep_last > 0 || p->has_goal ||
	    f->has_saved_date;
}

enum policy_keep
policy_prune_message(const struct policy_prune *p, const struct prune_facts *f)
{
	enum answer chosen = is_chosen(p, f);

	if (!f->saved)
		return KEEP_NOT_SAVED;
	if (chosen == NO)
		return KEEP_NOT_CHOSEN;
	if (!p->flagged && has_flag(f, "\\Flagged") == YES)
		return KEEP_FLAGGED;
	if (!may_be_unread(p, f) && has_flag(f, "\\Seen") == NO)
		return KEEP_UNREAD;
	if (f->newest)
		return KEEP_LAST;
	if (!f->ours && has_flag(f, "\\Deleted") == YES)
		return KEEP_MARKED;
	if (p->young != INT64_MAX && came_before(f, p->young) == NO)
		return KEEP_YOUNG;
	if (differs(f))
		return KEEP_DIFFERS;
	if (chosen == UNKNOWN || f->flags == NULL || !f->has_size ||
	    (!f->has_date && needs_date(p, f)))
		return KEEP_UNKNOWN;
	return KEEP_NOT;
}

/* ---- in words ---- */

static const struct {
	const char	*name, *words;
} keeps[] = {
	[KEEP_NOT] = { "goes", "to be deleted" },
	[KEEP_NOT_SAVED] = { "not-saved", "not in the vault yet" },
	[KEEP_NOT_CHOSEN] = { "not-chosen", "not asked for" },
	[KEEP_FLAGGED] = { "flagged", "flagged" },
	[KEEP_UNREAD] = { "unread", "unread" },
	[KEEP_LAST] = { "last", "among the newest" },
	[KEEP_MARKED] = { "marked", "marked as deleted by others" },
	[KEEP_YOUNG] = { "young", "younger than 30 days" },
	[KEEP_DIFFERS] = { "differs", "other than in the vault" },
	[KEEP_UNKNOWN] = { "unknown", "not described in full" },
	[KEEP_ENOUGH] = { "enough", "not needed for the goal" },
	[KEEP_STANDIN] = { "standin", "only a stand-in in the vault" },
	[KEEP_LABELS] = { "labels", "under other labels too" },
	[KEEP_FOLDER] = { "folder", "in a guarded folder" },
};

_Static_assert(LENGTH(keeps) == KEEP_KINDS, "each reason has its words");

const char *
policy_keep_name(enum policy_keep keep)
{
	return keeps[keep].name;
}

const char *
policy_keep_words(enum policy_keep keep)
{
	return keeps[keep].words;
}

bool
policy_keep_is_guard(enum policy_keep keep)
{
	return keep == KEEP_YOUNG || keep == KEEP_FOLDER;
}
