/*
 * path.c - see path.h.  A name is kept in two forms: as it came, since a folder
 * of just that name may be on the target already, and as it can surely be made.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "mail/flags.h"
#include "mail/fold.h"
#include "mail/name.h"
#include "policy/path.h"

#define NAME_ROOM	(4 * NAME_MAX_WIRE)	/* a decoded name has at most 2 */
#define AGAIN_ROOM	24			/* on the wire for "~n" behind it */

bool
path_inbox(const char *name, size_t n)
{
	return n == 5 && fold_equal(name, "INBOX", 5);
}

/* What stands in for what can't be there; never the delimiter. */
static char
stand_in(const struct policy_target *t)
{
	return t->delimiter == '_' ? '-' : '_';
}

void
path_init(struct path *p, const struct policy_target *target)
{
	memset(p, 0, sizeof(*p));
	p->target = target;
	p->known = true;
	buf_init(&p->raw, NAME_ROOM);
	buf_init(&p->name, NAME_ROOM);
}

void
path_release(struct path *p)
{
	buf_release(&p->raw);
	buf_release(&p->name);
}

/* Both forms of ${n} bytes; what the bufs can't take is cut off. */
static void
put(struct path *p, const char *raw, size_t n, bool keep)
{
	char other = stand_in(p->target);

	if (buf_add(&p->raw, raw, n) == -1)
		p->known = false;
	if ((keep ? buf_add(&p->name, raw, n) :
	    buf_addc(&p->name, other)) == -1)
		p->why |= PATH_LONG;
}

static bool
is_control(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0);
}

void
path_part(struct path *p, const char *part, size_t n)
{
	char delimiter = p->target->delimiter;
	size_t len;
	uint32_t cp;

	if (p->any && delimiter == '\0') {
		p->known = false;
		p->why |= PATH_FLAT;
		put(p, "/", 1, false);
	} else if (p->any)
		put(p, &delimiter, 1, true);
	p->any = true;
	if (n == 0) {
		p->why |= PATH_EMPTY;
		put(p, "", 0, false);
	}
	for (; n > 0; part += len, n -= len) {
		unsigned int why = 0;

		if ((len = utf8_next(part, n, &cp)) == 0) {
			len = 1;
			why = PATH_BYTES;
		} else if (is_control(cp))
			why = PATH_CONTROL;
		else if (delimiter != '\0' && *part == delimiter) {
			why = PATH_DELIMITER;
			p->known = false;
		}
		p->why |= why;
		put(p, part, len, why == 0);
	}
}

void
path_parts(struct path *p, const char *name, size_t skip, char delimiter)
{
	const char *s = name_shown(name) + skip, *end;

	if (name_undecodable(name) != NULL) {
		/* Its bytes mean nothing but on the server they came from. */
		p->known = false;
		p->why |= PATH_BYTES;
	}
	while (delimiter != '\0' && (end = strchr(s, delimiter)) != NULL) {
		path_part(p, s, (size_t)(end - s));
		s = end + 1;
	}
	path_part(p, s, strlen(s));
}

static bool
is_name_only(const struct mail_box *box)
{
	static const char word[] = "\\NonExistent";
	const char *s = box->attributes, *p;
	size_t len;

	while ((p = flags_next(&s, &len)) != NULL)
		if (len == sizeof(word) - 1 && fold_equal(p, word, len))
			return true;
	return false;
}

const struct mail_box *
path_box(const struct policy_target *t, const char *name)
{
	size_t lo = 0, hi = t->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = strcmp(t->boxes[mid].name, name);

		if (order == 0)
			return is_name_only(&t->boxes[mid]) ? NULL :
			    &t->boxes[mid];
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* ${name} with the prefix, unless it begins so or is INBOX; to be freed. */
static char *
with_prefix(const struct policy_target *t, const char *name)
{
	size_t n = strlen(t->prefix);

	if (path_inbox(name, strlen(name)))
		return xstrdup("INBOX");
	if (strncmp(name, t->prefix, n) == 0 && name[n] != '\0')
		return xstrdup(name);
	return xasprintf("%s%s", t->prefix, name);
}

/*
 * Cut a name whose wire form would be read back as undecodable, at the end and
 * between characters.
 */
static void
fit(const struct policy_target *t, char *name, unsigned int *why)
{
	size_t most = NAME_MAX_WIRE - AGAIN_ROOM, n = strlen(name), len, over;
	char *wire;

	for (;;) {
		wire = name_to_wire(name);
		len = strlen(wire);
		free(wire);
		if (len <= most)
			return;
		*why |= PATH_LONG;
		/* No byte makes more than five on the wire. */
		over = (len - most + 4) / 5;
		n -= over < n ? over : n;
		while (n > 0 && ((unsigned char)name[n] & 0xc0) == 0x80)
			n--;
		while (n > 0 && t->delimiter != '\0' &&
		    name[n - 1] == t->delimiter)
			n--;
		name[n] = '\0';
	}
}

void
path_end(struct path *p, struct path_end *end)
{
	const struct policy_target *t = p->target;
	const char *raw = buf_text(&p->raw);
	bool known = p->known && *raw != '\0';

	end->as_is = NULL;
	end->why = p->why;
	end->made = with_prefix(t, buf_text(&p->name));
	fit(t, end->made, &end->why);
	if (known && path_box(t, raw) != NULL)
		end->as_is = xstrdup(raw);
	else if (end->why == 0)
		end->as_is = xstrdup(end->made);
	else if (known) {
		end->as_is = with_prefix(t, raw);
		if (path_box(t, end->as_is) == NULL) {
			free(end->as_is);
			end->as_is = NULL;
		}
	}
}

void
path_end_release(struct path_end *end)
{
	free(end->as_is);
	free(end->made);
}

const char *
path_end_name(const struct path_end *end)
{
	return end->as_is != NULL ? end->as_is : end->made;
}

char *
path_again(const struct policy_target *t, const char *name, size_t n)
{
	return xasprintf("%s%c%zu", name, t->delimiter == '~' ? '-' : '~', n);
}

char *
path_why(const struct policy_target *t, unsigned int why)
{
	static const char *const words[] = {
		NULL,
		"control characters can't be in a name",
		"the name can't be decoded",
		"a part of it has no name",
		"there are no folders within folders there",
		"the name is too long",
		"another folder has the name",
	};
	struct buf b = BUF_INIT(1000);
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!(why & 1u << i))
			continue;
		if (b.n > 0)
			buf_adds(&b, "; ");
		if (words[i] == NULL)
			buf_addf(&b, "'%c' is no character for names there",
			    t->delimiter);
		else
			buf_adds(&b, words[i]);
	}
	return b.n == 0 ? NULL : buf_take(&b);
}
