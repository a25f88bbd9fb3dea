/*
 * nothing.c - see nothing.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/nothing.h"
#include "mail/name.h"

struct search {
	const struct job_choice *choice;
	uint64_t	 live, kept;	/* messages of the folders that were chosen */
	/* Of a folder that was named, without wildcards: */
	const char	*name;
	uint64_t	 own, below;	/* messages in it, and in those below it */
	char		 delimiter;
};

static int
look(void *arg, const struct known_folder *k, struct err *e)
{
	struct search *s = arg;
	const char *name = name_shown(k->facts.name), *why;
	char delimiter = k->facts.delimiter, *copy = xstrdup(k->facts.name);
	const struct mail_box box = { .name = copy, .selectable = true,
	    .delimiter = delimiter };
	uint64_t n = s->choice->all ? k->kept : k->live;
	size_t len;

	(void)e;
	if (policy_select(s->choice->folders, s->choice->folders_n, true, &box,
	    &why)) {
		s->live += k->live;
		s->kept += k->kept;
	}
	free(copy);
	if (s->name == NULL)
		return 0;
	len = strlen(s->name);
	if (strcmp(name, s->name) == 0)
		s->own += n;
	else if (delimiter != '\0' && strncmp(name, s->name, len) == 0 &&
	    name[len] == delimiter) {
		s->below += n;
		s->delimiter = delimiter;
	}
	return 0;
}

/* A folder that has no mail of its own, but some below it. */
static int
look_below(struct search *s, struct vault *v, struct err *e)
{
	const struct job_choice *c = s->choice;
	size_t i;

	for (i = 0; i < c->folders_n; i++) {
		const char *name = c->folders[i];

		if (name[0] == '!' || strpbrk(name, "*%") != NULL)
			continue;
		*s = (struct search){ .choice = c, .name = name };
		if (catalog_folders(vault_catalog(v), c->at, look, s, e) == -1)
			return -1;
		if (s->own == 0 && s->below > 0)
			return 1;
	}
	return 0;
}

struct nothing
nothing_find(struct vault *v, const struct job_choice *c, bool has_all)
{
	struct nothing r = { NULL, false };
	struct search s = { .choice = c };
	struct err e;
	int below = look_below(&s, v, &e);

	if (below == 1) {
		r.mistake = true;
		r.why = xasprintf("nothing in the vault matches: '%s' has no "
		    "mail of its own, folders below it are chosen by '%s%c*'",
		    s.name, s.name, s.delimiter);
		return r;
	}
	s = (struct search){ .choice = c };
	if (below == -1 || catalog_folders(vault_catalog(v), c->at, look, &s,
	    &e) == -1)
		return r;
	if (s.live == 0 && s.kept > 0 && !c->all && has_all)
		r.why = xstrdup("nothing in the vault matches: what is gone "
		    "from the server is chosen by --all, or by --at as it was");
	else if (s.live == 0 && s.kept == 0 && c->folders_n == 0)
		r.why = xstrdup("the vault has no messages");
	else
		r.why = xstrdup("nothing in the vault matches");
	return r;
}

void
nothing_release(struct nothing *r)
{
	free(r->why);
	r->why = NULL;
}
