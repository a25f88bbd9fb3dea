/*
 * intern.c - see backup.h: an open hash table from texts to small numbers.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/backup.h"

#define TEXTS_MAX	65536			/* different ones */
#define BYTES_MAX	(8 * 1024 * 1024)	/* of them all */

struct intern {
	char		**text;		/* own; [0] is NULL */
	size_t		  n, cap;
	uint32_t	 *slot;		/* own; numbers, 0 for an empty slot */
	size_t		  slots;	/* a power of two */
	size_t		  bytes;
	uint32_t	  last;		/* the one asked for last: most often it is the same again */
};

struct intern *
intern_new(void)
{
	struct intern *i = xcalloc(1, sizeof(*i));

	i->slots = 64;
	i->slot = xcalloc(i->slots, sizeof(*i->slot));
	i->text = mem_grow(NULL, &i->cap, 1, sizeof(*i->text));
	i->text[i->n++] = NULL;
	return i;
}

void
intern_free(struct intern **ip)
{
	struct intern *i = *ip;

	if (i == NULL)
		return;
	while (i->n > 0)
		free(i->text[--i->n]);
	free(i->text);
	free(i->slot);
	free(i);
	*ip = NULL;
}

const char *
intern_text(const struct intern *i, uint32_t id)
{
	return i->text[id];
}

/* FNV-1a: the table is small and bounded, whatever a server sends. */
static size_t
hash(const char *s)
{
	uint64_t h = 14695981039346656037u;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	return (size_t)(h ^ h >> 32);
}

static size_t
find_slot(const struct intern *i, const char *s)
{
	size_t at = hash(s) & (i->slots - 1);

	while (i->slot[at] != 0 && strcmp(i->text[i->slot[at]], s) != 0)
		at = (at + 1) & (i->slots - 1);
	return at;
}

static void
grow(struct intern *i)
{
	uint32_t id;

	i->slots *= 2;
	free(i->slot);
	i->slot = xcalloc(i->slots, sizeof(*i->slot));
	for (id = 1; id < i->n; id++)
		i->slot[find_slot(i, i->text[id])] = id;
}

int
intern_put(struct intern *i, const char *s, uint32_t *out)
{
	size_t at;

	if (s == NULL) {
		*out = 0;
		return 0;
	}
	if (i->last != 0 && strcmp(i->text[i->last], s) == 0) {
		*out = i->last;
		return 0;
	}
	at = find_slot(i, s);
	if (i->slot[at] == 0) {
		if (i->n > TEXTS_MAX || i->bytes + strlen(s) > BYTES_MAX)
			return -1;
		i->text = mem_grow(i->text, &i->cap, i->n + 1,
		    sizeof(*i->text));
		i->text[i->n] = xstrdup(s);
		i->slot[at] = (uint32_t)i->n++;
		i->bytes += strlen(s);
		if (i->n > i->slots / 2) {
			grow(i);
			at = find_slot(i, s);
		}
	}
	*out = i->last = i->slot[at];
	return 0;
}
