/*
 * choose.c - see choose.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "cmd/choose.h"
#include "mail/flags.h"

/* Flags as people write them: a shell eats the backslash of \Seen. */
static const struct { const char *word, *flag; } words[] = {
	{ "answered", "\\Answered" }, { "deleted", "\\Deleted" },
	{ "draft", "\\Draft" }, { "flagged", "\\Flagged" },
	{ "forwarded", "$Forwarded" }, { "seen", "\\Seen" },
	{ "unread", "!\\Seen" }, { "unseen", "!\\Seen" },
};

static char *
not(char *flag, bool without)
{
	char *turned;

	if (!without)
		return flag;
	turned = flag[0] == '!' ? xstrdup(flag + 1) : xasprintf("!%s", flag);
	free(flag);
	return turned;
}

/* "seen", "\Seen", "$Work", each with '!' before it, in canonical spelling; NULL: that is no flag. */
static char *
canonical(const char *word)
{
	struct buf b = BUF_INIT(FLAGS_MAX_TEXT);
	bool without = word[0] == '!';
	char *flag;
	size_t i;

	word += without;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(words[i].word, word) == 0)
			return not(xstrdup(words[i].flag), without);
	if (flags_canon(word, strlen(word), &b) == -1 || b.n == 0 ||
	    strchr(buf_text(&b), ' ') != NULL) {
		buf_release(&b);
		return NULL;
	}
	flag = buf_take(&b);
	return not(flag, without);
}

static int
take_flags(const struct choose *o, struct chosen *c, struct err *e)
{
	size_t i;

	c->flags = xcalloc(o->flags.n + 1, sizeof(*c->flags));
	for (i = 0; i < o->flags.n; i++) {
		c->flags[i] = canonical(o->flags.v[i]);
		if (c->flags[i] != NULL)
			continue;
		err_set(e, EK_USAGE, "--flag: '%s' is not a flag",
		    o->flags.v[i]);
		return err_next(e, "as in --flag seen, --flag '!flagged' or "
		    "--flag '$Work'");
	}
	c->choice.which.flags = (const char *const *)c->flags;
	c->choice.which.flags_n = o->flags.n;
	return 0;
}

struct deleters {
	struct buf	 runs;		/* own; the newest, in words */
	uint64_t	 n, wanted;
	bool		 found;
};

static int
note_deleter(void *arg, uint64_t run, uint64_t messages, uint64_t bytes,
    struct err *e)
{
	struct deleters *d = arg;

	(void)messages, (void)bytes, (void)e;
	d->found = run == d->wanted;
	if (d->n++ < 5)
		buf_addf(&d->runs, "%s%" PRIu64, d->n == 1 ? "" : ", ", run);
	return d->found;
}

/* --pruned RUN: that there is nothing of a run is a mistake. */
static int
check_run(struct vault *v, uint64_t run, struct err *e)
{
	struct deleters d = { .runs = BUF_INIT(1000), .wanted = run };
	int rc;

	rc = catalog_pruned(vault_catalog(v), note_deleter, &d, e);
	if (rc == 0) {
		rc = err_set(e, EK_USAGE, "--pruned: run %" PRIu64 " deleted "
		    "nothing from the server", run);
		if (d.n == 0)
			err_next(e, "nor did any other; what is gone from "
			    "there for other reasons is taken by --all");
		else
			err_next(e, "run%s %s did; mailkeep log lists the "
			    "runs", d.n == 1 ? "" : "s", buf_text(&d.runs));
	}
	buf_release(&d.runs);
	return rc == -1 ? -1 : 0;
}

int
choose_begin(const struct choose *o, struct vault *v, char *const *folders,
    int n, struct chosen *c, struct err *e)
{
	struct policy_choice *which = &c->choice.which;

	memset(c, 0, sizeof(*c));
	if (when_parse(v, o->at, &c->when, e) == -1)
		return -1;
	if (o->pruned != CHOOSE_ANY_RUN) {
		if (check_run(v, o->pruned, e) == -1)
			return -1;
		c->choice.pruned = o->pruned;
	}
	c->choice.folders = (const char *const *)folders;
	c->choice.folders_n = (size_t)n;
	c->choice.at = c->when.commit;
	c->choice.by_date = c->when.by_date;
	c->choice.all = o->all || c->choice.pruned != 0;
	which->since = o->since;
	which->before = o->before;
	which->larger = o->larger;
	which->smaller = o->smaller;
	which->sender = o->sender;
	which->recipient = o->recipient;
	which->subject = o->subject;
	if (take_flags(o, c, e) == 0)
		return 0;
	choose_end(c);
	return -1;
}

void
choose_end(struct chosen *c)
{
	size_t i;

	for (i = 0; c->flags != NULL && c->flags[i] != NULL; i++)
		free(c->flags[i]);
	free(c->flags);
	c->flags = NULL;
}

int
choose_note(struct ui *ui, struct vault *v, const struct chosen *c,
    uint64_t unread, struct err *e)
{
	char text[TEXT_MAX];

	if (unread > 0)
		ui_warn(ui, "%s message%s could not be judged: the catalog has "
		    "not their header lines yet", text_count(text, unread),
		    unread == 1 ? "" : "s");
	return when_note(ui, v, &c->when, e);
}
