/*
 * io.c - see io.h.
 */
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/io.h"
#include "base/mem.h"

#define READ_PIECE	(256 * 1024)	/* one read(2) of a file that is poured */

struct outfile {
	int	 fd;		/* own */
	int	 tmp;		/* borrowed */
	char	*name;		/* own; its name in tmp */
};

int
io_open_dir(int at, const char *name, struct err *e)
{
	int fd;

	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return err_sys(e, "can't open the directory %s", name);
	return fd;
}

int
io_make_dir(int at, const char *name, struct err *e)
{
	int fd;

	if (mkdirat(at, name, 0700) == -1) {
		if (errno != EEXIST)
			return err_sys(e, "can't make the directory %s", name);
		if ((fd = io_open_dir(at, name, e)) == -1)
			return -1;
		close(fd);
		return 0;
	}
	if (fchmodat(at, name, 0700, 0) == -1)
		return err_sys(e, "can't set the mode of %s", name);
	return 1;
}

int
io_sync_dir(int fd, struct err *e)
{
	if (fsync(fd) == -1)
		return err_sys(e, "can't make a directory durable");
	return 0;
}

int
io_open_file(int at, const char *name, uint64_t *size_out, struct err *e)
{
	struct stat st;
	int fd;

	fd = openat(at, name,
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1) {
		if (errno == ELOOP)
			return err_set(e, EK_CORRUPT,
			    "%s is a symbolic link, which is not followed",
			    name);
		return err_sys(e, "can't open %s", name);
	}
	if (fstat(fd, &st) == -1) {
		err_sys(e, "can't stat %s", name);
		close(fd);
		return -1;
	}
	if (!S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(e, EK_CORRUPT, "%s is not a regular file", name);
	}
	*size_out = (uint64_t)st.st_size;
	return fd;
}

int
io_read_at(int fd, void *p, size_t n, uint64_t off, struct err *e)
{
	char *to = p;
	ssize_t got;

	while (n > 0) {
		if ((got = pread(fd, to, n, (off_t)off)) == -1) {
			if (errno == EINTR)
				continue;
			return err_sys(e, "read failed");
		}
		if (got == 0)
			return err_set(e, EK_CORRUPT,
			    "the file ends before it should");
		to += got;
		n -= (size_t)got;
		off += (uint64_t)got;
	}
	return 0;
}

int
io_read_file(int at, const char *name, struct buf *b, struct err *e)
{
	uint64_t size;
	char *to;
	int fd, rc = -1;

	if ((fd = io_open_file(at, name, &size, e)) == -1)
		return -1;
	if (size > b->max || (to = buf_room(b, (size_t)size)) == NULL) {
		err_set(e, EK_CORRUPT, "%s is larger than such a file can be",
		    name);
		goto out;
	}
	if (io_read_at(fd, to, (size_t)size, 0, e) == -1) {
		err_add(e, "%s", name);
		goto out;
	}
	to[size] = '\0';
	b->n += (size_t)size;
	rc = 0;
out:
	close(fd);
	return rc;
}

int
io_pour_file(int fd, const struct sink *to, struct err *e)
{
	char *piece = xmalloc(READ_PIECE);
	uint64_t off = 0;
	ssize_t got;
	int rc = -1;

	for (;;) {
		if ((got = pread(fd, piece, READ_PIECE, (off_t)off)) == -1) {
			if (errno == EINTR)
				continue;
			err_sys(e, "read failed");
			goto out;
		}
		if (got == 0)
			break;
		if (sink_write(to, piece, (size_t)got, e) == -1)
			goto out;
		off += (uint64_t)got;
	}
	rc = 0;
out:
	free(piece);
	return rc;
}

int
io_write_all(int fd, const void *p, size_t n, struct err *e)
{
	const char *from = p;
	ssize_t put;

	while (n > 0) {
		if ((put = write(fd, from, n)) == -1) {
			if (errno == EINTR)
				continue;
			return err_sys(e, "write failed");
		}
		from += put;
		n -= (size_t)put;
	}
	return 0;
}

int
outfile_create(int tmp, const char *name, struct outfile **out, struct err *e)
{
	struct outfile *f;
	int fd;

	fd = openat(tmp, name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return err_sys(e, "can't create the temporary file %s", name);
	if (fchmod(fd, 0600) == -1) {
		err_sys(e, "can't set the mode of %s", name);
		close(fd);
		unlinkat(tmp, name, 0);
		return -1;
	}
	f = xmalloc(sizeof(*f));
	f->fd = fd;
	f->tmp = tmp;
	f->name = xstrdup(name);
	*out = f;
	return 0;
}

int
outfile_write(struct outfile *f, const void *p, size_t n, struct err *e)
{
	if (io_write_all(f->fd, p, n, e) == -1)
		return err_add(e, "%s", f->name);
	return 0;
}

int
outfile_fd(const struct outfile *f)
{
	return f->fd;
}

int
outfile_sync(struct outfile *f, struct err *e)
{
	if (fsync(f->fd) == -1)
		return err_sys(e, "can't make %s durable", f->name);
	return 0;
}

static void
outfile_free(struct outfile **fp)
{
	close((*fp)->fd);
	free((*fp)->name);
	free(*fp);
	*fp = NULL;
}

/*
 * Give a file its name without replacing another.  Where the file system can't do that in one step a hard link can,
 * since link(2) fails on a name that is taken.
 */
static int
rename_new(int tmp, const char *from, int dir, const char *to)
{
	if (renameat2(tmp, from, dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (linkat(tmp, from, dir, to, 0) == -1)
		return -1;
	unlinkat(tmp, from, 0);
	return 0;
}

int
outfile_publish(struct outfile **fp, int dir, const char *name, struct err *e)
{
	struct outfile *f = *fp;

	if (outfile_sync(f, e) == -1)
		return -1;
	if (rename_new(f->tmp, f->name, dir, name) == -1) {
		if (errno == EEXIST)
			return err_set(e, EK_LOCKED,
			    "%s exists already: another program wrote it",
			    name);
		return err_sys(e, "can't publish %s", name);
	}
	if (io_sync_dir(dir, e) == -1)
		return -1;
	outfile_free(fp);
	return 0;
}

void
outfile_discard(struct outfile **fp)
{
	if (*fp == NULL)
		return;
	unlinkat((*fp)->tmp, (*fp)->name, 0);
	outfile_free(fp);
}

static int
put_file(int tmp, const char *name, const void *p, size_t n,
    struct outfile **out, struct err *e)
{
	if (outfile_create(tmp, name, out, e) == -1)
		return -1;
	if (outfile_write(*out, p, n, e) == -1) {
		outfile_discard(out);
		return -1;
	}
	return 0;
}

int
io_put_file(int tmp, int dir, const char *name, const void *p, size_t n,
    struct err *e)
{
	struct outfile *f;

	if (put_file(tmp, name, p, n, &f, e) == -1)
		return -1;
	if (outfile_publish(&f, dir, name, e) == -1) {
		outfile_discard(&f);
		return -1;
	}
	return 0;
}

int
io_replace_file(int tmp, int dir, const char *name, const void *p, size_t n,
    struct err *e)
{
	struct outfile *f;

	if (put_file(tmp, name, p, n, &f, e) == -1)
		return -1;
	if (outfile_sync(f, e) == -1)
		goto fail;
	if (renameat(tmp, name, dir, name) == -1) {
		err_sys(e, "can't replace %s", name);
		goto fail;
	}
	outfile_free(&f);
	return io_sync_dir(dir, e);
fail:
	outfile_discard(&f);
	return -1;
}

int
io_spool(int tmp, struct err *e)
{
	static unsigned int serial;
	char name[64];
	int fd;

	fd = openat(tmp, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (fd != -1 || (errno != EOPNOTSUPP && errno != EISDIR &&
	    errno != EINVAL && errno != ENOENT))
		return fd == -1 ? err_sys(e, "can't create a scratch file") : fd;
	/* The writer's lock is held, so nobody else makes names here. */
	snprintf(name, sizeof(name), "spool-%u", serial++);
	fd = openat(tmp, name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return err_sys(e, "can't create a scratch file");
	unlinkat(tmp, name, 0);
	return fd;
}

int
io_lock(int fd, bool wait, struct err *e)
{
	const struct timespec pause = { 0, 200 * 1000 * 1000 };
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	for (;;) {
		if (fcntl(fd, F_OFD_SETLK, &fl) == 0)
			return 0;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EACCES) {
			err_sys(e, "can't lock the vault");
			e->kind = EK_REFUSED;
			return err_next(e,
			    "keep the vault on a local file system");
		}
		if (!wait)
			return err_set(e, EK_LOCKED,
			    "another mailkeep is writing to it");
		if (cancel_check(e) == -1)
			return -1;
		nanosleep(&pause, NULL);
	}
}

const char *
io_fs_doubt(int fd)
{
	static const struct { unsigned long type; const char *what; } t[] = {
		{ 0x6969, "NFS" },
		{ 0x517b, "SMB" },
		{ 0xff534d42, "CIFS" },
		{ 0xfe534d42, "SMB" },
		{ 0x4d44, "FAT" },
		{ 0x2011bab0, "exFAT" },
		{ 0x73757245, "Coda" },
		{ 0x5346414f, "AFS" },
		{ 0x01021997, "9P" },
	};
	struct statfs st;
	size_t i;

	if (fstatfs(fd, &st) == -1)
		return NULL;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if ((unsigned long)st.f_type == t[i].type)
			return t[i].what;
	return NULL;
}

int
io_free_space(int fd, uint64_t *bytes_out, struct err *e)
{
	struct statvfs st;

	if (fstatvfs(fd, &st) == -1)
		return err_sys(e, "can't tell the free space");
	*bytes_out = (uint64_t)st.f_bavail * (uint64_t)st.f_frsize;
	return 0;
}

int
io_list(int at, io_name_fn *fn, void *arg, struct err *e)
{
	struct dirent *d;
	DIR *dir;
	int fd, rc = 0;

	/* A descriptor of its own: readdir moves the offset that dup(2) would share. */
	if ((fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return err_sys(e, "can't read a directory");
	if ((dir = fdopendir(fd)) == NULL) {
		err_sys(e, "can't read a directory");
		close(fd);
		return -1;
	}
	while (rc == 0) {
		errno = 0;
		if ((d = readdir(dir)) == NULL) {
			if (errno != 0)
				rc = err_sys(e, "can't read a directory");
			break;
		}
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			rc = fn(arg, d->d_name, e);
	}
	closedir(dir);
	return rc;
}
