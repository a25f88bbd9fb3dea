/*
 * listed.c - see listed.h.
 */
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/io.h"
#include "base/mem.h"
#include "cmd/listed.h"

struct listed {
	char		*path;		/* own; as it was named */
	const char	*name;		/* its last part */
	int		 dir;		/* own; where it is */
	struct outfile	*file;		/* own; NULL once it has its name */
};

static int
exists(const struct listed *l, struct err *e)
{
	err_set(e, EK_REFUSED, "%s exists already", l->path);
	return err_next(e, "nothing is overwritten: name a file that does not "
	    "exist yet");
}

static int
open_parent(struct listed *l, struct err *e)
{
	const char *slash = strrchr(l->path, '/');
	char *parent = slash == NULL ? xstrdup(".") :
	    xmemdup0(l->path, (size_t)(slash - l->path) + 1);
	struct stat st;

	l->name = slash == NULL ? l->path : slash + 1;
	l->dir = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->dir == -1)
		err_sys(e, "can't open the directory %s", parent);
	free(parent);
	if (l->dir == -1)
		return -1;
	if (*l->name == '\0')
		return err_set(e, EK_USAGE, "'%s' is no file's name", l->path);
	return fstatat(l->dir, l->name, &st, AT_SYMLINK_NOFOLLOW) == 0 ?
	    exists(l, e) : 0;
}

int
listed_create(const char *path, struct listed **out, struct err *e)
{
	struct listed *l = xcalloc(1, sizeof(*l));
	uint64_t random;
	char *part;
	int rc;

	l->path = xstrdup(path);
	l->dir = -1;
	if ((rc = open_parent(l, e)) == 0) {
		random_bytes(&random, sizeof(random));
		part = xasprintf(".mailkeep-%016" PRIx64, random);
		rc = outfile_create(l->dir, part, &l->file, e);
		free(part);
	}
	if (rc == -1) {
		listed_discard(&l);
		return -1;
	}
	*out = l;
	return 0;
}

static int
take(void *arg, const void *p, size_t n, struct err *e)
{
	return outfile_write(((struct listed *)arg)->file, p, n, e);
}

struct sink
listed_sink(struct listed *l)
{
	return (struct sink){ take, l };
}

int
listed_publish(struct listed *l, struct err *e)
{
	if (l->file == NULL)
		return 0;
	if (outfile_publish(&l->file, l->dir, l->name, e) == 0)
		return 0;
	return e->kind == EK_LOCKED ? exists(l, e) : err_add(e, "%s", l->path);
}

void
listed_discard(struct listed **lp)
{
	struct listed *l = *lp;

	if (l == NULL)
		return;
	outfile_discard(&l->file);
	if (l->dir != -1)
		close(l->dir);
	free(l->path);
	free(l);
	*lp = NULL;
}

int
listed_open(const char *path, struct listed_file *f, struct err *e)
{
	f->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (f->fd != -1)
		return 0;
	err_sys(e, "can't open the list %s", path);
	if (e->sys == ENOENT)
		e->kind = EK_USAGE;
	return -1;
}

static int
pour(void *arg, const struct sink *to, struct err *e)
{
	return io_pour_file(((struct listed_file *)arg)->fd, to, e);
}

struct source
listed_source(struct listed_file *f)
{
	return (struct source){ pour, f };
}

void
listed_close(struct listed_file *f)
{
	if (f->fd != -1)
		close(f->fd);
	f->fd = -1;
}
