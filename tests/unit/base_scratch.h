/*
 * base_scratch.h - a directory of its own for a test's files, removed with all that is in it.
 */
#ifndef BASE_SCRATCH_H
#define BASE_SCRATCH_H

#include <sys/stat.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

static char *scratch;	/* its path, absolute */
static int scratch_fd;	/* and it, open */

static int
scratch_remove(const char *path, const struct stat *st, int kind,
    struct FTW *where)
{
	(void)st, (void)kind, (void)where;
	return remove(path);
}

static inline void
scratch_clear(const char *path)
{
	nftw(path, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* Beside the program, so that nothing outside the build is written.  For cmocka: setup and teardown. */
static inline int
scratch_begin(void **state)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	(void)state;
	if (n <= 0)
		return -1;
	exe[n] = '\0';
	scratch = xasprintf("%s/scratch.XXXXXX", dirname(exe));
	if (mkdtemp(scratch) == NULL || (scratch_fd = open(scratch,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -1;
	return 0;
}

static inline int
scratch_end(void **state)
{
	(void)state;
	close(scratch_fd);
	scratch_clear(scratch);
	free(scratch);
	return 0;
}

#endif
