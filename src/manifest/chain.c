/*
 * chain.c - the manifests as numbered files in one directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "manifest/manifest.h"

#define SUFFIX	".jsonl.zst"

char *
manifest_name(char out[MANIFEST_NAME_MAX], uint64_t commit)
{
	snprintf(out, MANIFEST_NAME_MAX, "%08" PRIu64 SUFFIX, commit);
	return out;
}

/*
 * The number of a manifest's name, or 0: not one.  A number has one spelling.
 */
static uint64_t
number_of(const char *name)
{
	size_t n = strspn(name, "0123456789");
	char same[MANIFEST_NAME_MAX];
	uint64_t commit;

	if (text_u64(name, n, &commit) == -1 ||
	    strcmp(manifest_name(same, commit), name) != 0)
		return 0;
	return commit;
}

struct tally {
	uint64_t	count, last;
};

static int
tally(void *arg, const char *name, struct err *e)
{
	struct tally *t = arg;
	uint64_t commit = number_of(name);

	(void)e;
	if (commit != 0)
		t->count++;
	if (commit > t->last)
		t->last = commit;
	return 0;
}

/*
 * Look for each number up to the last: a writer may have published two
 * manifests while the directory was read, and then the listing may lack the
 * first.
 */
static int
find_gap(int dir, uint64_t last, struct err *e)
{
	char name[MANIFEST_NAME_MAX];
	uint64_t i;

	for (i = 1; i <= last; i++) {
		if (faccessat(dir, manifest_name(name, i), F_OK,
		    AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		if (errno == ENOENT)
			return err_set(e, EK_CORRUPT, "manifest %" PRIu64
			    " is missing, though there is a manifest %" PRIu64,
			    i, last);
		return err_sys(e, "can't look for %s", name);
	}
	return 0;
}

int
manifest_last(int dir, uint64_t *last_out, struct err *e)
{
	struct tally t = { 0, 0 };

	if (io_list(dir, tally, &t, e) == -1)
		return -1;
	if (t.count != t.last && find_gap(dir, t.last, e) == -1)
		return -1;
	*last_out = t.last;
	return 0;
}

int
manifest_digest(int dir, uint64_t commit, struct digest *out, struct err *e)
{
	char name[MANIFEST_NAME_MAX];
	struct hasher *h = NULL;
	struct sink sink;
	uint64_t size;
	int fd, rc = -1;

	fd = io_open_file(dir, manifest_name(name, commit), &size, e);
	if (fd == -1)
		goto out;
	h = hasher_new();
	sink = hasher_sink(h);
	if (io_pour_file(fd, &sink, e) == -1)
		goto out;
	hasher_end(h, out);
	rc = 0;
out:
	if (rc == -1)
		err_add(e, "manifest %" PRIu64, commit);
	hasher_free(&h);
	if (fd != -1)
		close(fd);
	return rc;
}
