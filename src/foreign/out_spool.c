/*
 * out_spool.c - one message on its way out, in memory or in a file that may become the message's own.
 */
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/io.h"
#include "foreign/out.h"

void
out_spool_init(struct out_spool *s, int dir, bool named)
{
	*s = (struct out_spool){ .dir = dir, .named = named, .fd = -1 };
	buf_init(&s->mem, OUT_SPOOL_MEM);
}

void
out_spool_clear(struct out_spool *s)
{
	buf_clear(&s->mem);
	s->n = 0;
	if (s->fd == -1)
		return;
	close(s->fd);
	s->fd = -1;
	if (s->named)
		unlinkat(s->dir, OUT_PART, 0);
}

void
out_spool_release(struct out_spool *s)
{
	out_spool_clear(s);
	buf_release(&s->mem);
}

/* From memory to a file. */
static int
open_file(struct out_spool *s, struct err *e)
{
	if (!s->named)
		s->fd = io_spool(s->dir, e);
	else if ((s->fd = openat(s->dir, OUT_PART, O_RDWR | O_CREAT | O_EXCL |
	    O_NOFOLLOW | O_CLOEXEC, 0600)) == -1)
		err_sys(e, "can't make a file");
	if (s->fd == -1)
		return -1;
	return io_write_all(s->fd, buf_text(&s->mem), s->mem.n, e);
}

int
out_spool_write(void *arg, const void *p, size_t n, struct err *e)
{
	struct out_spool *s = arg;

	if (s->fd == -1 && buf_add(&s->mem, p, n) == 0) {
		s->n += n;
		return 0;
	}
	if ((s->fd == -1 && open_file(s, e) == -1) ||
	    io_write_all(s->fd, p, n, e) == -1)
		return -1;
	s->n += n;
	return 0;
}

static int
pour(void *arg, const struct sink *to, struct err *e)
{
	const struct out_spool *s = arg;

	if (s->fd != -1)
		return io_pour_file(s->fd, to, e);
	return sink_write(to, buf_text(&s->mem), s->mem.n, e);
}

struct source
out_spool_source(struct out_spool *s)
{
	return (struct source){ pour, s };
}

/*
 * Where the file system can't rename without replacing, a hard link can; and where it has none (FAT by way of FUSE),
 * an empty file of our own holds the name until it is replaced.
 */
int
out_rename(int from_dir, const char *from, int to_dir, const char *to)
{
	int fd;

	if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (linkat(from_dir, from, to_dir, to, 0) == 0) {
		unlinkat(from_dir, from, 0);
		return 0;
	}
	if (errno == EEXIST)
		return -1;
	fd = openat(to_dir, to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	close(fd);
	return renameat(from_dir, from, to_dir, to);
}

static int
set_mtime(int fd, int64_t mtime, struct err *e)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
	    { .tv_sec = (time_t)mtime } };

	if (futimens(fd, times) == 0)
		return 0;
	/* A date that the file system can't hold (FAT begins in 1980) is no reason to keep the mail from leaving. */
	if (errno == EINVAL || errno == ERANGE || errno == EOVERFLOW)
		return 0;
	return err_sys(e, "can't set a file's time");
}

int
out_spool_publish(struct out_spool *s, int64_t mtime, int dir,
    const char *name, struct err *e)
{
	int rc;

	if ((s->fd == -1 && open_file(s, e) == -1) ||
	    set_mtime(s->fd, mtime, e) == -1)
		return -1;
	if (out_rename(s->dir, OUT_PART, dir, name) == -1) {
		if (errno == EEXIST)
			return 0;
		err_sys(e, "can't make the file %s", name);
		return e->sys != EINVAL ? -1 : err_next(e, "this file system "
		    "can't hold such a name; --format tar or zip makes one "
		    "file");
	}
	rc = close(s->fd);
	s->fd = -1;
	if (rc == -1)
		return err_sys(e, "can't write the file %s", name);
	out_spool_clear(s);
	return 1;
}
