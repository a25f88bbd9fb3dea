/*
 * fuzz_dir.h - a directory for the files of a fuzzer, below TMPDIR, that is gone when it ends.
 */
#ifndef TESTS_FUZZ_FUZZ_DIR_H
#define TESTS_FUZZ_FUZZ_DIR_H

#include <fcntl.h>
#include <unistd.h>

#include "base/io.h"
#include "fuzz.h"

static char *fuzz_dir_path;	/* own */
static int fuzz_dir_fd = -1;	/* own */

static inline int
fuzz_dir_drop(void *arg, const char *name, struct err *e)
{
	(void)arg, (void)e;
	if (unlinkat(fuzz_dir_fd, name, 0) == -1)
		(void)unlinkat(fuzz_dir_fd, name, AT_REMOVEDIR);
	return 0;
}

static inline void
fuzz_dir_end(void)
{
	struct err e;

	(void)io_list(fuzz_dir_fd, fuzz_dir_drop, NULL, &e);
	close(fuzz_dir_fd);
	(void)rmdir(fuzz_dir_path);
	free(fuzz_dir_path);
}

/* fuzz_dir(): make it and return its descriptor. */
static inline int
fuzz_dir(void)
{
	const char *top = getenv("TMPDIR");

	fuzz_dir_path = xasprintf("%s/fuzz.XXXXXX", top == NULL ? "/tmp" : top);
	MUST(mkdtemp(fuzz_dir_path) != NULL);
	fuzz_dir_fd = open(fuzz_dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(fuzz_dir_fd != -1);
	atexit(fuzz_dir_end);
	return fuzz_dir_fd;
}

/* fuzz_put(dir, name, p, n): a file of these bytes, in place of any other. */
static inline void
fuzz_put(int dir, const char *name, const void *p, size_t n)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0600);

	MUST(fd != -1 && write(fd, p, n) == (ssize_t)n && close(fd) == 0);
}

#endif
