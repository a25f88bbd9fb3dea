/*
 * remap.c - see remap.h.  Globs as in mail/name.c, but here it matters what a
 * '*' stands for: as little as will do, the first one first.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mail/fold.h"
#include "mail/name.h"
#include "policy/path.h"
#include "policy/remap.h"

/* What a '*' or '%' stands for. */
struct span {
	char		 kind;
	const char	*p;
	size_t		 n;
};

static size_t
count(const char *s, char c)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += *s == c;
	return n;
}

/* ${n} bytes without the backslashes before '='; INBOX in capitals. */
static char *
unescape(const char *p, size_t n)
{
	char *copy = xmemdup0(p, n), *to = copy;
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] != '\\' || i + 1 == n || p[i + 1] != '=')
			*to++ = p[i];
	*to = '\0';
	if (path_inbox(copy, strcspn(copy, "/")))
		memcpy(copy, "INBOX", 5);
	return copy;
}

int
remap_parse(const char *text, struct remap *r, struct err *e)
{
	const char *equals = text;

	*r = (struct remap){ NULL, NULL };
	while (*equals != '\0' && *equals != '=')
		equals += *equals == '\\' && equals[1] == '=' ? 2 : 1;
	if (*equals == '\0') {
		err_set(e, EK_USAGE, "'%s' has no '=' in it", text);
		return err_next(e, "a map of folders is written OLD=NEW");
	}
	r->old = unescape(text, (size_t)(equals - text));
	r->new = unescape(equals + 1, strlen(equals + 1));
	if (r->old[0] == '\0' || strspn(r->new, "/") == strlen(r->new))
		return err_set(e, EK_USAGE, "'%s' has no name %s its '='", text,
		    r->old[0] == '\0' ? "before" : "behind");
	if (count(r->new, '*') > count(r->old, '*') ||
	    count(r->new, '%') > count(r->old, '%'))
		return err_set(e, EK_USAGE, "'%s' has more '*' or '%%' behind "
		    "its '=' than before", text);
	return 0;
}

void
remap_release(struct remap *r)
{
	free(r->old);
	free(r->new);
}

/* INBOX, or a folder below it: there the case of these five letters is one. */
static bool
in_inbox(const char *name, char delimiter)
{
	return strlen(name) >= 5 && path_inbox(name, 5) &&
	    (name[5] == '\0' || (delimiter != '\0' && name[5] == delimiter));
}

/*
 * Match ${name} and tell what each wildcard of the pattern stands for.  A later
 * one of them is tried out again for each place of the last '*'; an earlier one
 * has nothing to offer then.
 */
static bool
match(const char *p, const char *name, char delimiter, struct span *spans)
{
	const char *s = name, *star = NULL, *part = NULL;
	struct span *next = spans, *at_star = NULL, *at_part = NULL;
	bool inbox = in_inbox(name, delimiter);

	for (;;) {
		if (*p == '*' || *p == '%') {
			*next = (struct span){ *p, s, 0 };
			if (*p++ == '*') {
				star = p;
				at_star = next++;
				part = NULL;
			} else {
				part = p;
				at_part = next++;
			}
		} else if (*s != '\0' && (*p == *s || (inbox && s - name < 5 &&
		    fold_equal(p, s, 1)))) {
			p++;
			s++;
		} else if (*s == '\0' && *p == '\0') {
			return true;
		} else if (part != NULL && at_part->p[at_part->n] != '\0' &&
		    (delimiter == '\0' ||
		    at_part->p[at_part->n] != delimiter)) {
			p = part;
			s = at_part->p + ++at_part->n;
			next = at_part + 1;
		} else if (star != NULL && at_star->p[at_star->n] != '\0') {
			p = star;
			s = at_star->p + ++at_star->n;
			next = at_star + 1;
			part = NULL;
		} else
			return false;
	}
}

/* The next span of a kind from ${*at} on; moves on behind it. */
static const struct span *
take(const struct span **at, char kind)
{
	while ((*at)->kind != kind)
		(*at)++;
	return (*at)++;
}

/* One byte of a part, or its end: an empty part is none. */
static void
put(struct buf *out, char c, bool divides)
{
	if (!divides)
		buf_addc(out, c);
	else if (out->n > 0 && out->p[out->n - 1] != '\0')
		buf_addc(out, '\0');
}

bool
remap_apply(const struct remap *r, const char *name, char delimiter,
    struct buf *out)
{
	const char *s = name_shown(name), *p;
	struct span *spans = xcalloc(strlen(r->old) + 1, sizeof(*spans));
	const struct span *star = spans, *part = spans, *found;
	bool matched = match(r->old, s, delimiter, spans);
	size_t i;

	for (p = r->new; matched && *p != '\0'; p++) {
		if (*p != '*' && *p != '%') {
			put(out, *p, *p == '/');
			continue;
		}
		found = take(*p == '*' ? &star : &part, *p);
		for (i = 0; i < found->n; i++)
			put(out, found->p[i], found->p[i] == delimiter);
	}
	free(spans);
	if (matched) {
		put(out, '\0', true);
		if (out->n == 0)
			buf_addc(out, '\0');
	}
	return matched;
}
