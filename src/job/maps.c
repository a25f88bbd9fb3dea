/*
 * maps.c - whether what is to be called otherwise is there at all.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "job/job.h"

/* The folders of a vault; their names are owned. */
struct names {
	struct policy_move *v;
	size_t		 n, cap;
};

static int
add_name(void *arg, const struct known_folder *k, struct err *e)
{
	struct names *s = arg;

	(void)e;
	s->v = mem_grow(s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = (struct policy_move){ .name = xstrdup(k->facts.name),
	    .delimiter = k->facts.delimiter };
	return 0;
}

int
job_check_maps(struct vault *v, uint64_t at, const char *const *maps,
    size_t maps_n, struct err *e)
{
	struct names s = { NULL, 0, 0 };
	int rc = 0;

	if (maps_n > 0 && (rc = catalog_folders(vault_catalog(v), at, add_name,
	    &s, e)) == 0)
		rc = policy_map_check(maps, maps_n, s.v, s.n, e);
	while (s.n > 0)
		free((char *)(uintptr_t)s.v[--s.n].name);
	free(s.v);
	return rc;
}
