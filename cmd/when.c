/*
 * when.c - see when.h.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "cmd/when.h"

static int
no_commit(struct err *e)
{
	err_set(e, EK_USAGE, "the vault has no commit yet");
	return err_next(e, "mailkeep backup makes the first");
}

/* Called from the newest: the last call is for the first commit. */
static int
look_at_time(void *arg, const struct known_commit *c, struct err *e)
{
	(void)e;
	*(int64_t *)arg = c->time;
	return 0;
}

static int
nothing_then(struct catalog *c, uint64_t head, const char *at, struct err *e)
{
	char text[TEXT_MAX];
	int64_t first = 0;

	if (head == 0)
		return no_commit(e);
	if (catalog_commits(c, look_at_time, &first, e) == -1)
		return -1;
	err_set(e, EK_USAGE, "the vault has nothing from before the end of %s: "
	    "commit 1 was made %s", at, text_local(text, first));
	return err_next(e, "mailkeep log lists the commits");
}

/* --at COMMIT */
static int
parse_commit(uint64_t head, const char *at, struct when *out, struct err *e)
{
	if (*at == '\0')
		return err_set(e, EK_USAGE, "--at needs a commit or a date");
	if (text_u64(at, strlen(at), &out->commit) == 0 && out->commit > 0 &&
	    out->commit <= head)
		return 0;
	if (head == 0)
		return no_commit(e);
	err_set(e, EK_USAGE, "there is no commit %s; the newest is %" PRIu64,
	    at, head);
	return err_next(e, "mailkeep log lists them; a date has at least a "
	    "month, as in 2026-03");
}

int
when_parse(struct vault *v, const char *at, struct when *out, struct err *e)
{
	struct catalog *c = vault_catalog(v);
	struct digest sha256;
	uint64_t head = vault_head(v, &sha256);
	int64_t from, to;
	int r;

	*out = (struct when){ CATALOG_NOW, false };
	if (at == NULL)
		return 0;
	if (at[strspn(at, "0123456789")] == '\0')
		return parse_commit(head, at, out, e);
	if (text_parse_date(at, &from, &to, e) == -1) {
		err_add(e, "--at");
		return err_next(e, "or give the number of a commit: mailkeep "
		    "log lists them");
	}
	out->by_date = true;
	if ((r = catalog_at(c, to - 1, &out->commit, e)) == 0)
		return nothing_then(c, head, at, e);
	return r == -1 ? -1 : 0;
}

struct noter {
	struct ui	*ui;
	uint64_t	 commit;
};

static int
note_commit(void *arg, const struct known_commit *c, struct err *e)
{
	const struct noter *n = arg;

	(void)e;
	if (c->commit != n->commit)
		return 0;
	if (!c->run_ends)
		ui_note(n->ui, "commit %" PRIu64 " was made in the middle of "
		    "a %s: more came later", c->commit, c->verb);
	else if (strcmp(c->result, "complete") != 0)
		ui_note(n->ui, "the %s that ended with commit %" PRIu64
		    " was not complete: %s", c->verb, c->commit, c->result);
	return 1;
}

int
when_note(struct ui *ui, struct vault *v, const struct when *w, struct err *e)
{
	struct noter n = { ui, w->commit };

	if (w->commit == CATALOG_NOW || w->by_date)
		return 0;
	return catalog_commits(vault_catalog(v), note_commit, &n, e) == -1 ?
	    -1 : 0;
}
