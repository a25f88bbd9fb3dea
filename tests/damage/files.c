/*
 * files.c - files and trees of them, for tests/damage.
 */
#include <sys/stat.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "damage.h"

#define NOBODY	65534

char *
path_of(const char *dir, const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

char *
slurp(const char *path, size_t *n)
{
	struct stat st;
	char *p;
	size_t done;
	ssize_t got;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1 ||
	    fstat(fd, &st) == -1)
		err(1, "%s", path);
	*n = (size_t)st.st_size;
	p = xmalloc(*n + 1);
	for (done = 0; done < *n; done += (size_t)got)
		if ((got = read(fd, p + done, *n - done)) <= 0)
			err(1, "%s", path);
	close(fd);
	return p;
}

void
spill(const char *path, const void *p, size_t n)
{
	int fd;

	if (unlink(path) == -1 && errno != ENOENT)
		err(1, "%s", path);
	if ((fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) ==
	    -1 || write(fd, p, n) != (ssize_t)n)
		err(1, "%s", path);
	close(fd);
}

void
move(const char *from, const char *to)
{
	if (rename(from, to) == -1)
		err(1, "%s", from);
}

bool
is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

void
remove_tree(const char *path)
{
	if (is_there(path) &&
	    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == -1)
		err(1, "%s", path);
}

/* ---- walks ---- */

struct entry {
	char		*name;		/* own; below the top */
	struct stat	 st;
};

struct entries {
	struct entry	*v;		/* own */
	size_t		 n, cap;
};

static int
by_name(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* All below ${path}, directories before what is in them. */
static void
gather(struct entries *all, const char *path, const char *prefix)
{
	struct dirent *d;
	DIR *dir;
	char *full;

	if ((dir = opendir(path)) == NULL)
		err(1, "%s", path);
	while ((d = readdir(dir)) != NULL) {
		struct entry one = { .name = NULL };

		if (strcmp(d->d_name, ".") == 0 ||
		    strcmp(d->d_name, "..") == 0)
			continue;
		one.name = xasprintf("%s%s", prefix, d->d_name);
		full = path_of(path, d->d_name);
		if (lstat(full, &one.st) == -1)
			err(1, "%s", full);
		all->v = mem_grow(all->v, &all->cap, all->n + 1,
		    sizeof(*all->v));
		all->v[all->n++] = one;
		if (S_ISDIR(one.st.st_mode)) {
			char *below = xasprintf("%s/", one.name);

			gather(all, full, below);
			free(below);
		}
		free(full);
	}
	closedir(dir);
}

static struct entries
entries_of(const char *path)
{
	struct entries all = { NULL, 0, 0 };

	gather(&all, path, "");
	if (all.n > 0)
		qsort(all.v, all.n, sizeof(*all.v), by_name);
	return all;
}

static void
release(struct entries *all)
{
	while (all->n > 0)
		free(all->v[--all->n].name);
	free(all->v);
}

void
copy_tree(const char *from, const char *to, bool hard)
{
	struct entries all = entries_of(from);
	size_t i, n;

	if (mkdir(to, 0700) == -1)
		err(1, "%s", to);
	for (i = 0; i < all.n; i++) {
		char *a = path_of(from, all.v[i].name);
		char *b = path_of(to, all.v[i].name), *p;

		if (S_ISDIR(all.v[i].st.st_mode)) {
			if (mkdir(b, 0700) == -1)
				err(1, "%s", b);
		} else if (hard && strchr(all.v[i].name, '/') != NULL) {
			if (link(a, b) == -1)
				err(1, "%s", b);
		} else {
			p = slurp(a, &n);
			spill(b, p, n);
			free(p);
		}
		free(a);
		free(b);
	}
	release(&all);
}

void
tree_state(const char *path, struct buf *b)
{
	struct entries all = entries_of(path);
	size_t i;

	for (i = 0; i < all.n; i++) {
		const struct stat *st = &all.v[i].st;

		/* The times of a directory tell of files that came and went. */
		buf_addf(b, "%s %o %" PRIu64 " %" PRIu64 " %" PRId64
		    ".%09ld %" PRId64 ".%09ld\n", all.v[i].name,
		    (unsigned int)st->st_mode, (uint64_t)st->st_size,
		    (uint64_t)st->st_ino, (int64_t)st->st_mtim.tv_sec,
		    (long)st->st_mtim.tv_nsec, (int64_t)st->st_ctim.tv_sec,
		    (long)st->st_ctim.tv_nsec);
	}
	release(&all);
}

void
give_away(const char *path)
{
	struct entries all = entries_of(path);
	size_t i;

	if (lchown(path, NOBODY, NOBODY) == -1)
		err(1, "%s", path);
	for (i = 0; i < all.n; i++) {
		char *p = path_of(path, all.v[i].name);

		if (lchown(p, NOBODY, NOBODY) == -1)
			err(1, "%s", p);
		free(p);
	}
	release(&all);
}
