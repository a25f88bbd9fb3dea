/*
 * config_scratch.h - a directory beside the test's program for the files of one
 * test, removed with it.
 */
#ifndef CONFIG_SCRATCH_H
#define CONFIG_SCRATCH_H

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static char *scratch;	/* its path, absolute */

/* scratch_begin(argv0): make it. */
static void
scratch_begin(const char *argv0)
{
	char *made = xasprintf("%s_XXXXXX", argv0);

	umask(022);
	if (mkdtemp(made) == NULL || (scratch = realpath(made, NULL)) == NULL)
		abort();
	free(made);
}

/* scratch_end(): remove it and what is in it, one level of directories deep. */
static void
scratch_end(void)
{
	struct dirent *entry;
	DIR *dir = opendir(scratch);
	char *path;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		path = xasprintf("%s/%s", scratch, entry->d_name);
		if (unlink(path) == -1)
			(void)rmdir(path);
		free(path);
	}
	if (dir != NULL)
		closedir(dir);
	(void)rmdir(scratch);
	free(scratch);
}

/* scratch_path(name): where a file of that name would be; to be freed. */
static inline char *
scratch_path(const char *name)
{
	return xasprintf("%s/%s", scratch, name);
}

/*
 * scratch_put(name, p, n, mode): make or replace a file; its path is to be
 * freed.
 */
static inline char *
scratch_put(const char *name, const void *p, size_t n, mode_t mode)
{
	char *path = scratch_path(name);
	int fd;

	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1 || write(fd, p, n) != (ssize_t)n ||
	    fchmod(fd, mode) == -1 || close(fd) == -1)
		abort();
	return path;
}

#endif
