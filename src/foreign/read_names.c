/*
 * read_names.c - what is in a directory, in order, in as little memory as wanted.
 */
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "foreign/read.h"

struct read_names {
	int		 dir;		/* borrowed */
	size_t		 max;
	char		*text;		/* own; the names, one behind the other */
	size_t		 text_n;
	const char	**name;		/* own; in ${text} */
	size_t		 n, cap;
	size_t		 next;		/* to be handed out */
	char		*floor;		/* own; names up to here were handed out */
	char		*ceiling;	/* own; names from here on wait for the next round; NULL: this is the last */
	bool		 listed;
};

struct read_names *
read_names_new(int dir, size_t max)
{
	struct read_names *s = xcalloc(1, sizeof(*s));

	s->dir = dir;
	/* Room for two of the longest names, so that half of what is there is something. */
	s->max = max < 1024 ? 1024 : max;
	s->text = xmalloc(s->max);
	return s;
}

void
read_names_free(struct read_names **sp)
{
	struct read_names *s = *sp;

	if (s == NULL)
		return;
	free(s->text);
	free(s->name);
	free(s->floor);
	free(s->ceiling);
	free(s);
	*sp = NULL;
}

static int
by_name(const void *x, const void *y)
{
	return strverscmp(*(const char *const *)x, *(const char *const *)y);
}

static void
put(struct read_names *s, const char *name)
{
	size_t n = strlen(name) + 1;

	s->name = mem_grow(s->name, &s->cap, s->n + 1, sizeof(*s->name));
	memcpy(s->text + s->text_n, name, n);
	s->name[s->n++] = s->text + s->text_n;
	s->text_n += n;
}

/* There is no room: the second half of the names has to wait. */
static void
put_back(struct read_names *s)
{
	char *old = s->text;
	size_t keep = s->n / 2, i;

	qsort(s->name, s->n, sizeof(*s->name), by_name);
	free(s->ceiling);
	s->ceiling = xstrdup(s->name[keep]);
	s->text = xmalloc(s->max);
	s->n = s->text_n = 0;
	for (i = 0; i < keep; i++)
		put(s, s->name[i]);
	free(old);
}

static int
see(void *arg, const char *name, struct err *e)
{
	struct read_names *s = arg;

	(void)e;
	if (s->floor != NULL && strverscmp(name, s->floor) <= 0)
		return 0;
	if (s->ceiling != NULL && strverscmp(name, s->ceiling) >= 0)
		return 0;
	if (strlen(name) >= s->max - s->text_n)
		put_back(s);
	if (s->ceiling == NULL || strverscmp(name, s->ceiling) < 0)
		put(s, name);
	return 0;
}

int
read_names_next(struct read_names *s, const char **out, struct err *e)
{
	while (s->next == s->n) {
		if (s->listed && s->ceiling == NULL)
			return 0;
		if (s->n > 0) {
			free(s->floor);
			s->floor = xstrdup(s->name[s->n - 1]);
		}
		free(s->ceiling);
		s->ceiling = NULL;
		s->n = s->next = s->text_n = 0;
		if (io_list(s->dir, see, s, e) == -1)
			return -1;
		s->listed = true;
		if (s->n > 0)
			qsort(s->name, s->n, sizeof(*s->name), by_name);
	}
	*out = s->name[s->next++];
	return 1;
}
