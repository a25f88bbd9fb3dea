/*
 * preload_power.c - LD_PRELOAD: write down, in their order and with their data, all calls that change what is on the
 * disk below one directory, and what is made durable there.  tests/tool/powerloss.py makes of that the directories
 * that a machine could have after its power failed.
 *
 *	MK_POWER_UNDER		the directory (a path without links in it)
 *	MK_POWER_LOG		the record, appended to
 *	MK_POWER_SWALLOW	a pattern of names, relative to the directory: their fsync is answered, but not done
 *
 * A record is a line of words and, as the last of them, the number of bytes that follow it.  Files and directories are
 * their inode's number, names are relative to the directory:
 *
 *	make INO PATH, scratch INO (without a name), mkdir INO PATH, cut INO SIZE, write INO OFFSET + bytes, sync INO,
 *	rename FROM TO, exchange ONE OTHER, link FROM TO, unlink PATH, say FD + bytes (of stdout and stderr),
 *	swallowed PATH, odd CALL (that is not known here)
 */
#undef _FORTIFY_SOURCE
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static const char *
setting(const char *name)
{
	const char *v = getenv(name);

	return v == NULL ? "" : v;
}

/* The path of a name below the directory, relative to it, in ${out}; NULL where it is not below it. */
static const char *
below(int fd, const char *name, char out[static 2 * PATH_MAX])
{
	const char *dir = setting("MK_POWER_UNDER");
	size_t n = strlen(dir);
	char link[64], at[PATH_MAX] = "";
	ssize_t got = 0;

	if (name == NULL || name[0] != '/') {
		snprintf(link, sizeof(link), fd == AT_FDCWD ? "/proc/self/cwd" :
		    "/proc/self/fd/%d", fd);
		got = syscall(SYS_readlinkat, AT_FDCWD, link, at,
		    sizeof(at) - 1);
		if (got == -1)
			return NULL;
		at[got] = '\0';
	}
	snprintf(out, 2 * PATH_MAX, "%s%s%s", at,
	    got > 0 && name != NULL ? "/" : "", name == NULL ? "" : name);
	if (n == 0 || strncmp(out, dir, n) != 0 ||
	    (out[n] != '/' && out[n] != '\0'))
		return NULL;
	return out[n] == '/' ? out + n + 1 : "";
}

static void record(const void *, size_t, const char *, ...)
    __attribute__((format(printf, 3, 4)));

static void
record(const void *data, size_t n, const char *fmt, ...)
{
	char line[4 * PATH_MAX];
	struct iovec v[2];
	size_t len;
	int fd;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line) - 32, fmt, ap);
	va_end(ap);
	len = strlen(line);
	len += (size_t)snprintf(line + len, 32, "\t%zu\n", n);
	fd = (int)syscall(SYS_openat, AT_FDCWD, setting("MK_POWER_LOG"),
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	v[0] = (struct iovec){ line, len };
	v[1] = (struct iovec){ (void *)(uintptr_t)data, n };
	if (fd == -1 || syscall(SYS_writev, fd, v, 2) != (long)(len + n))
		abort();
	syscall(SYS_close, fd);
}

static unsigned long long
ino_of(int at, const char *name)
{
	struct stat st;

	if (syscall(SYS_newfstatat, at, name == NULL ? "" : name, &st,
	    name == NULL ? AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW) == -1)
		abort();
	return (unsigned long long)st.st_ino;
}

static void
lock(void)
{
	pthread_mutex_lock(&mutex);
}

/* Unlock, and keep errno. */
static void
unlock(void)
{
	int saved = errno;

	pthread_mutex_unlock(&mutex);
	errno = saved;
}

/* Where files may be large anyway the one is the other. */
#define ALIAS(of, name) \
	extern __typeof__(of) name __attribute__((alias(#of)))

/* ---- files ---- */

static bool
creates(int flags)
{
	return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

static int
open_at(int at, const char *name, int flags, mode_t mode)
{
	char out[2 * PATH_MAX];
	const char *path = below(at, name, out);
	bool was;
	int fd;

	if (path == NULL || (!creates(flags) && (flags & O_TRUNC) == 0))
		return (int)syscall(SYS_openat, at, name, flags, mode);
	lock();
	was = syscall(SYS_faccessat, at, name, F_OK) == 0;
	fd = (int)syscall(SYS_openat, at, name, flags, mode);
	if (fd == -1)
		;
	else if ((flags & O_TMPFILE) == O_TMPFILE)
		record("", 0, "scratch\t%llu", ino_of(fd, NULL));
	else if (!was)
		record("", 0, "make\t%llu\t%s", ino_of(fd, NULL), path);
	else if ((flags & O_TRUNC) != 0)
		record("", 0, "cut\t%llu\t0", ino_of(fd, NULL));
	unlock();
	return fd;
}

#define MODE_OF(flags, mode) do {					\
	va_list ap_;							\
									\
	va_start(ap_, flags);						\
	mode = creates(flags) ? va_arg(ap_, mode_t) : 0;		\
	va_end(ap_);							\
} while (0)

int
open(const char *name, int flags, ...)
{
	mode_t mode;

	MODE_OF(flags, mode);
	return open_at(AT_FDCWD, name, flags, mode);
}

ALIAS(open, open64);

int
openat(int at, const char *name, int flags, ...)
{
	mode_t mode;

	MODE_OF(flags, mode);
	return open_at(at, name, flags, mode);
}

ALIAS(openat, openat64);

static ssize_t
put(int fd, const void *p, size_t n, off_t off)
{
	char out[2 * PATH_MAX];
	const char *path = below(fd, NULL, out);
	bool ours = path != NULL;
	ssize_t r;

	if (!ours && fd != STDOUT_FILENO && fd != STDERR_FILENO)
		return off == -1 ? syscall(SYS_write, fd, p, n) :
		    syscall(SYS_pwrite64, fd, p, n, off);
	lock();
	if (off == -1 && ours && (fcntl(fd, F_GETFL) & O_APPEND) != 0)
		lseek(fd, 0, SEEK_END);
	r = off == -1 ? syscall(SYS_write, fd, p, n) :
	    syscall(SYS_pwrite64, fd, p, n, off);
	if (r > 0 && ours)
		record(p, (size_t)r, "write\t%llu\t%lld", ino_of(fd, NULL),
		    (long long)(off == -1 ? lseek(fd, 0, SEEK_CUR) - r : off));
	else if (r > 0)
		record(p, (size_t)r, "say\t%d", fd);
	unlock();
	return r;
}

ssize_t
write(int fd, const void *p, size_t n)
{
	return put(fd, p, n, -1);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t off)
{
	return put(fd, p, n, off);
}

ALIAS(pwrite, pwrite64);

static int
cut(int fd, off_t n)
{
	char out[2 * PATH_MAX];
	int r;

	lock();
	r = (int)syscall(SYS_ftruncate, fd, n);
	if (r == 0 && below(fd, NULL, out) != NULL)
		record("", 0, "cut\t%llu\t%lld", ino_of(fd, NULL),
		    (long long)n);
	unlock();
	return r;
}

int
ftruncate(int fd, off_t n)
{
	return cut(fd, n);
}

ALIAS(ftruncate, ftruncate64);

static int
make_durable(int fd, long call)
{
	char out[2 * PATH_MAX];
	const char *path = below(fd, NULL, out);
	int r = 0;

	lock();
	if (path != NULL && setting("MK_POWER_SWALLOW")[0] != '\0' &&
	    fnmatch(setting("MK_POWER_SWALLOW"), path, FNM_PATHNAME) == 0) {
		record("", 0, "swallowed\t%s", path);
	} else {
		r = (int)syscall(call, fd);
		if (r == 0 && path != NULL)
			record("", 0, "sync\t%llu\t%s", ino_of(fd, NULL),
			    path);
	}
	unlock();
	return r;
}

int
fsync(int fd)
{
	return make_durable(fd, SYS_fsync);
}

int
fdatasync(int fd)
{
	return make_durable(fd, SYS_fdatasync);
}

/* ---- names ---- */

static int
make_dir(int at, const char *name, mode_t mode)
{
	char out[2 * PATH_MAX];
	const char *path = below(at, name, out);
	int r;

	lock();
	r = (int)syscall(SYS_mkdirat, at, name, mode);
	if (r == 0 && path != NULL)
		record("", 0, "mkdir\t%llu\t%s", ino_of(at, name), path);
	unlock();
	return r;
}

int
mkdir(const char *name, mode_t mode)
{
	return make_dir(AT_FDCWD, name, mode);
}

int
mkdirat(int at, const char *name, mode_t mode)
{
	return make_dir(at, name, mode);
}

static int
rename_at(int a, const char *from, int b, const char *to, unsigned int flags)
{
	char one[2 * PATH_MAX], two[2 * PATH_MAX];
	const char *old = below(a, from, one), *new = below(b, to, two);
	int r;

	lock();
	r = (int)syscall(SYS_renameat2, a, from, b, to, flags);
	if (r == 0 && (old != NULL || new != NULL))
		record("", 0, "%s\t%s\t%s", old == NULL || new == NULL ? "odd" :
		    (flags & RENAME_EXCHANGE) != 0 ? "exchange" : "rename",
		    old == NULL ? from : old, new == NULL ? to : new);
	unlock();
	return r;
}

int
rename(const char *from, const char *to)
{
	return rename_at(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
renameat(int a, const char *from, int b, const char *to)
{
	return rename_at(a, from, b, to, 0);
}

int
renameat2(int a, const char *from, int b, const char *to, unsigned int flags)
{
	return rename_at(a, from, b, to, flags);
}

int
linkat(int a, const char *from, int b, const char *to, int flags)
{
	char one[2 * PATH_MAX], two[2 * PATH_MAX];
	const char *old = below(a, from, one), *new = below(b, to, two);
	int r;

	lock();
	r = (int)syscall(SYS_linkat, a, from, b, to, flags);
	if (r == 0 && new != NULL)
		record("", 0, "%s\t%s\t%s", old == NULL ? "odd" : "link",
		    old == NULL ? from : old, new);
	unlock();
	return r;
}

int
link(const char *from, const char *to)
{
	return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

static int
remove_at(int at, const char *name, int flags)
{
	char out[2 * PATH_MAX];
	const char *path = below(at, name, out);
	int r;

	lock();
	r = (int)syscall(SYS_unlinkat, at, name, flags);
	if (r == 0 && path != NULL)
		record("", 0, "unlink\t%s", path);
	unlock();
	return r;
}

int
unlink(const char *name)
{
	return remove_at(AT_FDCWD, name, 0);
}

int
unlinkat(int at, const char *name, int flags)
{
	return remove_at(at, name, flags);
}

int
rmdir(const char *name)
{
	return remove_at(AT_FDCWD, name, AT_REMOVEDIR);
}

/* ---- what nobody uses; who does has to be written above ---- */

#define ODD(type, call, fd, name, doit) do {				\
	char out_[2 * PATH_MAX];					\
									\
	if (below(fd, name, out_) != NULL)				\
		record("", 0, "odd\t%s", call);				\
	return (type)(doit);						\
} while (0)

ssize_t
writev(int fd, const struct iovec *v, int n)
{
	ODD(ssize_t, "writev", fd, NULL, syscall(SYS_writev, fd, v, n));
}

ssize_t
pwritev(int fd, const struct iovec *v, int n, off_t off)
{
	ODD(ssize_t, "pwritev", fd, NULL,
	    syscall(SYS_pwritev, fd, v, n, off, 0));
}

int
truncate(const char *name, off_t n)
{
	ODD(int, "truncate", AT_FDCWD, name, syscall(SYS_truncate, name, n));
}

int
fallocate(int fd, int mode, off_t off, off_t n)
{
	ODD(int, "fallocate", fd, NULL,
	    syscall(SYS_fallocate, fd, mode, off, n));
}

ssize_t
copy_file_range(int a, off64_t *from, int b, off64_t *to, size_t n,
    unsigned int flags)
{
	ODD(ssize_t, "copy_file_range", b, NULL,
	    syscall(SYS_copy_file_range, a, from, b, to, n, flags));
}

int
symlinkat(const char *what, int at, const char *name)
{
	ODD(int, "symlink", at, name,
	    syscall(SYS_symlinkat, what, at, name));
}
