/*
 * repeat.c - see repeat.h.
 */
#include <string.h>

#include "cmd/repeat.h"

struct repeat {
	struct opt_set	 sets[APP_SETS];
	size_t		 n;
	const char	*const *without;
	const struct opt *own;		/* rows that are left out, too; or NULL */
	const char	*verb;		/* another one, not yet added; or NULL */
	struct buf	*out;
};

void
repeat_word(const char *word, struct buf *out)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
	const char *p;

	if (*word != '\0' && word[strspn(word, plain)] == '\0') {
		buf_adds(out, word);
		return;
	}
	buf_addc(out, '\'');
	for (p = word; *p != '\0'; p++) {
		if (*p == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, *p);
	}
	buf_addc(out, '\'');
}

static void
add(const struct repeat *r, const char *word)
{
	buf_addc(r->out, ' ');
	repeat_word(word, r->out);
}

static bool
is_without(const struct repeat *r, const struct opt *o)
{
	const struct opt *own = r->own;
	size_t i;

	for (; o != NULL && own != NULL && own->type != OPT_T_END; own++)
		if (own == o)
			return true;
	for (i = 0; o != NULL && r->without[i] != NULL; i++)
		if (strcmp(r->without[i], o->name) == 0)
			return true;
	return false;
}

/* --option, perhaps with its value as ${next}.  Returns how many words it has. */
static int
add_long(const struct repeat *r, const char *word, const char *next)
{
	size_t len = strcspn(word + 2, "=");
	const struct opt *o = opt_row(r->sets, r->n, 0, word + 2, len);
	bool two = o != NULL && opt_takes_value(o) && word[2 + len] == '\0' &&
	    next != NULL;

	if (!is_without(r, o)) {
		add(r, word);
		if (two)
			add(r, next);
	}
	return two ? 2 : 1;
}

/* -abc, of which the last one may have a value. */
static int
add_short(const struct repeat *r, const char *word, const char *next)
{
	struct buf left = BUF_INIT(r->out->max);
	const struct opt *o = NULL;
	bool two = false, out = false;
	const char *p;

	buf_addc(&left, '-');
	for (p = word + 1; *p != '\0'; p++) {
		o = opt_row(r->sets, r->n, *p, NULL, 0);
		out = is_without(r, o);
		if (!out)
			buf_addc(&left, *p);
		if (o == NULL || !opt_takes_value(o))
			continue;
		two = p[1] == '\0' && next != NULL;
		if (!out)
			buf_adds(&left, p + 1);
		break;
	}
	if (left.n > 1) {
		add(r, buf_text(&left));
		if (two && !out)
			add(r, next);
	}
	buf_release(&left);
	return two ? 2 : 1;
}

/* An argument, the first of which is the verb.  Returns whether ${more} was added behind it. */
static bool
add_argument(struct repeat *r, const char *word, const char *more)
{
	if (r->verb == NULL) {
		add(r, word);
		return false;
	}
	add(r, r->verb);
	r->verb = NULL;
	buf_adds(r->out, more);
	return true;
}

static void
add_all(struct repeat *r, const struct app *app, const char *more)
{
	bool options = true, added = false;
	int i, n;

	buf_adds(r->out, "mailkeep");
	for (i = 0; i < app->words_n; i += n) {
		const char *word = app->words[i], *next =
		    i + 1 < app->words_n ? app->words[i + 1] : NULL;

		n = 1;
		/* What stands behind it is no option any more. */
		if (options && strcmp(word, "--") == 0) {
			options = false;
			if (!added && r->verb == NULL) {
				buf_adds(r->out, more);
				added = true;
			}
			add(r, word);
		} else if (!options || word[0] != '-' || word[1] == '\0')
			added |= add_argument(r, word, more);
		else if (word[1] == '-')
			n = add_long(r, word, next);
		else
			n = add_short(r, word, next);
	}
	if (!added)
		buf_adds(r->out, more);
}

void
repeat_line(struct app *app, const char *const *without, const char *more,
    struct buf *out)
{
	struct repeat r = { .without = without, .out = out };

	r.n = app_sets(app, app->command, r.sets);
	add_all(&r, app, more);
}

void
repeat_other(struct app *app, const char *verb, const char *more,
    struct buf *out)
{
	static const char *const looks[] = { "json", "quiet", "verbose",
	    NULL };
	struct repeat r = { .without = looks, .verb = verb, .out = out };

	r.n = app_sets(app, app->command, r.sets);
	r.own = app->command->opts;
	add_all(&r, app, more);
}
