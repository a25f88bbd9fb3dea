/*
 * pruning.c - see pruning.h.
 */
#include <string.h>

#include "base/text.h"
#include "cmd/pruning.h"

/* What holds: the option, else the setting. */
struct said {
	const char	*name;		/* of the option */
	const char	*text;		/* NULL: nothing */
	bool		 set;		/* it is the setting's */
};

/* In this order. */
enum { OLDER_THAN, BEFORE, LARGER_THAN, SENDER, RECIPIENT, SUBJECT, KEEP_LAST_N,
    UNTIL_FREE, TRASH, JUNK, ALL_SAID };

static struct said
said(const char *name, const char *option, const char *setting)
{
	return (struct said){ name, option != NULL ? option : setting,
	    option == NULL };
}

static void
gather(const struct pruning_opts *o, const struct account_prune *a,
    struct said s[ALL_SAID])
{
	s[OLDER_THAN] = said("older-than", o->older_than, a->older_than);
	s[BEFORE] = said("before", o->before, a->before);
	s[LARGER_THAN] = said("larger-than", o->larger_than, a->larger_than);
	s[SENDER] = said("sender", o->sender, a->sender);
	s[RECIPIENT] = said("recipient", o->recipient, a->recipient);
	s[SUBJECT] = said("subject", o->subject, a->subject);
	s[KEEP_LAST_N] = said("keep-last", o->keep_last, a->keep_last);
	s[UNTIL_FREE] = said("until-free", o->until_free, a->until_free);
	s[TRASH] = said("trash-older-than", o->trash_older_than,
	    a->trash_older_than);
	s[JUNK] = said("junk-older-than", o->junk_older_than,
	    a->junk_older_than);
}

static bool
lifts_flagged(const struct pruning_opts *o, const struct account_prune *a)
{
	return !o->keep_flagged && (o->also_flagged || !a->keep_flagged);
}

static bool
lifts_unread(const struct pruning_opts *o, const struct account_prune *a)
{
	return !o->keep_unread && (o->also_unread || !a->keep_unread);
}

/* It is called by the name that it has on the command line. */
static int
blame(const struct said *s, struct err *e)
{
	err_add(e, "--%s%s", s->name, s->set ? " of the config file" : "");
	return -1;
}

static int
take_age(const struct said *s, int64_t now, int64_t *out, struct err *e)
{
	int64_t begin, end;
	struct err other;

	if (s->text == NULL || text_parse_age(s->text, now, out, e) == 0)
		return 0;
	blame(s, e);
	return text_parse_date(s->text, &begin, &end, &other) == -1 ? -1 :
	    err_next(e, "a date goes with --before");
}

/* Both hold where there are two. */
static int
take_before(const struct said *s, int64_t now, int64_t *out, struct err *e)
{
	int64_t before;

	if (s->text == NULL)
		return 0;
	if (opt_date(s->text, now, &before, e) == -1)
		return blame(s, e);
	if (before < *out)
		*out = before;
	return 0;
}

static int
take_number(const struct said *s, uint64_t *out, struct err *e)
{
	if (s->text == NULL ||
	    text_u64(s->text, strlen(s->text), out) == 0)
		return 0;
	err_set(e, EK_USAGE, "'%s' is not a number", s->text);
	return blame(s, e);
}

static int
take_size(const struct said *s, uint64_t *out, struct err *e)
{
	if (s->text == NULL)
		return 0;
	if (text_parse_size(s->text, out, e) == -1)
		return blame(s, e);
	if (*out > 0)
		return 0;
	err_set(e, EK_USAGE, "'%s': every message is larger than nothing",
	    s->text);
	return blame(s, e);
}

/* Whatever has nothing in it would be everything: a variable of a script that was empty. */
static int
take_text(const struct said *s, const char **out, struct err *e)
{
	if (s->text != NULL && *s->text == '\0') {
		err_set(e, EK_USAGE, "there is nothing to look for");
		return blame(s, e);
	}
	*out = s->text;
	return 0;
}

static int
take_goal(const struct said *s, struct job_prune_opts *job, struct err *e)
{
	if (s->text == NULL)
		return 0;
	if (policy_prune_goal(s->text, &job->goal, e) == -1)
		return blame(s, e);
	job->policy.has_goal = true;
	return 0;
}

/* What chooses; what was listed is chosen. */
static int
take_conditions(const struct said *s, int64_t now, struct job_prune_opts *job,
    struct err *e)
{
	struct policy_prune *p = &job->policy;

	if (take_age(&s[OLDER_THAN], now, &p->before, e) == -1 ||
	    take_before(&s[BEFORE], now, &p->before, e) == -1 ||
	    take_size(&s[LARGER_THAN], &p->larger, e) == -1 ||
	    take_text(&s[SENDER], &p->sender, e) == -1 ||
	    take_text(&s[RECIPIENT], &p->recipient, e) == -1 ||
	    take_text(&s[SUBJECT], &p->subject, e) == -1)
		return -1;
	return take_goal(&s[UNTIL_FREE], job, e);
}

int
pruning_fill(const struct pruning_opts *o, const struct account *account,
    bool listed, int64_t now, struct job_prune_opts *job, struct err *e)
{
	const struct account_prune *a = &account->prune;
	const struct words *folders = o->folders.n > 0 ? &o->folders :
	    &a->folders;
	struct policy_prune *p = &job->policy;
	struct said s[ALL_SAID];

	gather(o, a, s);
	*p = (struct policy_prune)POLICY_PRUNE_NONE;
	p->listed = listed;
	p->flagged = lifts_flagged(o, a);
	p->unread = lifts_unread(o, a);
	/* Where trash and junk have an age of their own, unread mail goes there, listed or not. */
	if (take_number(&s[KEEP_LAST_N], &p->keep_last, e) == -1 ||
	    take_age(&s[TRASH], now, &p->trash_before, e) == -1 ||
	    take_age(&s[JUNK], now, &p->junk_before, e) == -1)
		return -1;
	if (listed)
		return 0;
	p->seen = o->seen || a->seen;
	job->folders = (const char *const *)folders->v;
	job->folders_n = folders->n;
	job->largest_first = o->largest_first || a->largest_first;
	if (o->largest_first && s[UNTIL_FREE].text == NULL) {
		err_set(e, EK_USAGE, "--largest-first: how many of the "
		    "largest is not said");
		return err_next(e, "say it by --until-free 20%%, or choose "
		    "by --larger-than 10M");
	}
	return take_conditions(s, now, job, e);
}

const char *
pruning_condition(const struct pruning_opts *o)
{
	static const struct account_prune none = { .seen = false };
	struct said s[ALL_SAID];
	size_t i;

	gather(o, &none, s);
	for (i = 0; i < ALL_SAID; i++)
		if (i != KEEP_LAST_N && s[i].text != NULL)
			return s[i].name;
	return o->folders.n > 0 ? "folder" : o->seen ? "seen" :
	    o->largest_first ? "largest-first" : NULL;
}

static void
add_folders(struct buf *to, const struct words *folders)
{
	size_t i;

	for (i = 0; i < folders->n; i++)
		buf_addf(to, "%s%s", i > 0 ? ", " : to->n > 0 ?
		    "; folders: " : "folders: ", folders->v[i]);
}

static void
add(struct buf *to, const char *before, const char *fmt, const char *text)
{
	if (text == NULL)
		return;
	buf_adds(to, to->n > 0 ? before : "");
	buf_adds(to, fmt);
	buf_adds(to, text);
}

/* There unread mail goes, too; which is worth a word where it stays in other folders. */
static void
add_elsewhere(struct buf *to, const char *where, const char *age, bool unread)
{
	add(to, ", ", where, age);
	if (age != NULL && unread)
		buf_adds(to, " (read or not)");
}

void
pruning_words(const struct pruning_opts *o, const struct account *account,
    struct buf *to)
{
	const struct account_prune *a = &account->prune;
	bool flagged = lifts_flagged(o, a), unread = lifts_unread(o, a);
	struct said s[ALL_SAID];

	gather(o, a, s);
	add(to, ", ", "older than ", s[OLDER_THAN].text);
	add(to, ", ", "from before ", s[BEFORE].text);
	add(to, ", ", "larger than ", s[LARGER_THAN].text);
	add(to, ", ", "from ", s[SENDER].text);
	add(to, ", ", "to ", s[RECIPIENT].text);
	add(to, ", ", "about ", s[SUBJECT].text);
	add(to, ", ", "seen", o->seen || a->seen ? "" : NULL);
	add_elsewhere(to, "in the trash older than ", s[TRASH].text, !unread);
	add_elsewhere(to, "in junk older than ", s[JUNK].text, !unread);
	if (!flagged || !unread)
		add(to, "; ", "not ", flagged ? "unread" : unread ?
		    "flagged" : "flagged or unread");
	add(to, "; ", "in each folder not the newest ",
	    s[KEEP_LAST_N].text);
	if (s[UNTIL_FREE].text != NULL)
		add(to, "; ", o->largest_first || a->largest_first ?
		    "the largest until this is free: " :
		    "the oldest until this is free: ", s[UNTIL_FREE].text);
	add_folders(to, o->folders.n > 0 ? &o->folders : &a->folders);
}
