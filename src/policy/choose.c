/*
 * choose.c - which messages somebody asked for.
 */
#include <string.h>

#include "base/text.h"
#include "mail/flags.h"
#include "policy/policy.h"

/* ---- text, whatever the case of its letters ---- */

/* Small letters for the capitals of the Latin, Greek and Cyrillic alphabets, whatever the locale says. */
static uint32_t
fold(uint32_t cp)
{
	if ((cp >= 'A' && cp <= 'Z') || (cp >= 0xc0 && cp <= 0xde &&
	    cp != 0xd7) || (cp >= 0x391 && cp <= 0x3a9) ||
	    (cp >= 0x410 && cp <= 0x42f))
		return cp + 32;
	if (cp >= 0x400 && cp <= 0x40f)
		return cp + 80;
	if ((cp >= 0x139 && cp <= 0x148) || (cp >= 0x179 && cp <= 0x17e))
		return cp + (cp & 1);
	if ((cp >= 0x100 && cp <= 0x137 && cp != 0x130 && cp != 0x131) ||
	    (cp >= 0x14a && cp <= 0x177) || (cp >= 0x460 && cp <= 0x481) ||
	    (cp >= 0x48a && cp <= 0x4bf) || (cp >= 0x4d0 && cp <= 0x52f))
		return cp | 1;
	return cp == 0x178 ? 0xff : cp == 0x3c2 ? 0x3c3 : cp;
}

/* The character at ${p}; what is not UTF-8 counts as its byte. */
static size_t
next(const char *p, uint32_t *cp)
{
	size_t n = utf8_next(p, strnlen(p, 4), cp);

	if (n > 0)
		return n;
	*cp = (unsigned char)*p;
	return 1;
}

static bool
begins(const char *text, const char *with)
{
	uint32_t a, b;

	while (*with != '\0') {
		if (*text == '\0')
			return false;
		text += next(text, &a);
		with += next(with, &b);
		if (fold(a) != fold(b))
			return false;
	}
	return true;
}

bool
policy_contains(const char *text, const char *part)
{
	uint32_t cp;

	for (;; text += next(text, &cp)) {
		if (begins(text, part))
			return true;
		if (*text == '\0')
			return false;
	}
}

/* ---- messages ---- */

bool
policy_choice_reads(const struct policy_choice *c)
{
	return c->sender != NULL || c->recipient != NULL || c->subject != NULL;
}

bool
policy_chosen(const struct policy_choice *c, const struct known_message *m)
{
	size_t i;

	if ((c->since != INT64_MIN || c->before != INT64_MAX) &&
	    (!m->has_date || m->date < c->since || m->date >= c->before))
		return false;
	if ((c->larger != POLICY_ANY_SIZE && m->size <= c->larger) ||
	    (c->smaller != POLICY_ANY_SIZE && m->size >= c->smaller))
		return false;
	for (i = 0; i < c->flags_n; i++) {
		const char *flag = c->flags[i];
		bool without = flag[0] == '!';

		if ((flags_has(m->flags, flag + without) != 0) == without)
			return false;
	}
	return true;
}

bool
policy_chosen_by(const struct policy_choice *c, const char *from,
    const char *to, const char *subject)
{
	return (c->sender == NULL || policy_contains(from, c->sender)) &&
	    (c->recipient == NULL || policy_contains(to, c->recipient)) &&
	    (c->subject == NULL || policy_contains(subject, c->subject));
}
