/*
 * preload_crash.c - LD_PRELOAD: count the calls that change what is on the disk below one directory, and kill the
 * process at one of them, or let calls fail.
 *
 *	MK_CRASH_UNDER	the directory (a path without links in it)
 *	MK_CRASH_LOG	append a line for each call: its number, its name, what it is about
 *	MK_CRASH_AT	the number of the call, from 1
 *	MK_CRASH_HOW	before, after: SIGKILL there; half: in the middle of a write
 *			fail: the call fails with the errno MK_CRASH_ERRNO; short: a write writes one byte
 *			fail-on: this one and all that come after it
 *
 * Calls that only take away (unlink) or make room again are let through by fail-on with ENOSPC, as a full disk does.
 */
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum what { NOTHING, BEFORE, AFTER, HALF, SHORT, FAIL };
enum sort { MAKES, WRITES, SYNCS, REMOVES };

static atomic_uint serial;

static const char *
setting(const char *name)
{
	const char *v = getenv(name);

	return v == NULL ? "" : v;
}

/* Whether a path is below the directory. */
static bool
is_under(const char *path)
{
	const char *dir = setting("MK_CRASH_UNDER");
	size_t n = strlen(dir);

	return n > 0 && strncmp(path, dir, n) == 0 &&
	    (path[n] == '\0' || path[n] == '/');
}

/* The path of a descriptor, or of a name beside it; "" where it can't be told. */
static const char *
path_of(int fd, const char *name, char *out, size_t size)
{
	char link[64], dir[PATH_MAX];
	ssize_t n;

	out[0] = '\0';
	if (name != NULL && name[0] == '/') {
		snprintf(out, size, "%s", name);
		return out;
	}
	if (fd == AT_FDCWD) {
		if (getcwd(dir, sizeof(dir)) == NULL)
			return out;
	} else {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		if ((n = readlink(link, dir, sizeof(dir) - 1)) == -1)
			return out;
		dir[n] = '\0';
	}
	snprintf(out, size, "%s%s%s", dir, name == NULL ? "" : "/",
	    name == NULL ? "" : name);
	return out;
}

static void
note(unsigned int n, const char *call, const char *path)
{
	const char *log = setting("MK_CRASH_LOG");
	char line[PATH_MAX + 64];
	int fd, len;

	if (log[0] == '\0')
		return;
	len = snprintf(line, sizeof(line), "%u %s %s\n", n, call, path);
	fd = (int)syscall(SYS_openat, AT_FDCWD, log,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd == -1)
		return;
	(void)!syscall(SYS_write, fd, line, (size_t)len);
	close(fd);
}

static _Noreturn void
die(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

/* What is to happen at this call; errno is set where it has to fail. */
static enum what
reached(const char *call, int fd, const char *name, enum sort sort)
{
	char path[2 * PATH_MAX];
	const char *how = setting("MK_CRASH_HOW");
	unsigned int n, at = (unsigned int)atoi(setting("MK_CRASH_AT"));
	int saved = errno;

	if (!is_under(path_of(fd, name, path, sizeof(path)))) {
		errno = saved;
		return NOTHING;
	}
	n = atomic_fetch_add(&serial, 1) + 1;
	note(n, call, path);
	errno = saved;
	if (at == 0 || n < at)
		return NOTHING;
	if (strcmp(how, "fail-on") == 0 || (n == at && strcmp(how, "fail") == 0)) {
		int e = atoi(setting("MK_CRASH_ERRNO"));

		if (sort == REMOVES && (e == ENOSPC || e == EDQUOT || e == EFBIG))
			return NOTHING;
		errno = e;
		return FAIL;
	}
	if (n != at)
		return NOTHING;
	if (strcmp(how, "before") == 0)
		die();
	if (strcmp(how, "short") == 0)
		return sort == WRITES ? SHORT : NOTHING;
	if (strcmp(how, "half") == 0)
		return sort == WRITES ? HALF : NOTHING;
	return strcmp(how, "after") == 0 ? AFTER : NOTHING;
}

/* Do it, unless it is to fail, and die behind it where that is asked. */
#define GUARD(type, sort, call, fd, name, doit) do {			\
	enum what what_ = reached(call, fd, name, sort);		\
	type r_;							\
									\
	if (what_ == FAIL)						\
		return -1;						\
	r_ = doit;							\
	if (what_ == AFTER)						\
		die();							\
	return r_;							\
} while (0)

static bool
creates(int flags)
{
	return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

#define MODE_OF(flags, mode) do {					\
	va_list ap_;							\
									\
	va_start(ap_, flags);						\
	mode = creates(flags) ? va_arg(ap_, mode_t) : 0;		\
	va_end(ap_);							\
} while (0)

static int
open_at(const char *call, int at, const char *name, int flags, mode_t mode)
{
	if (!creates(flags))
		return (int)syscall(SYS_openat, at, name, flags, mode);
	GUARD(int, MAKES, call, at, name,
	    (int)syscall(SYS_openat, at, name, flags, mode));
}

int
open(const char *name, int flags, ...)
{
	mode_t mode;

	MODE_OF(flags, mode);
	return open_at("open", AT_FDCWD, name, flags, mode);
}

int
open64(const char *name, int flags, ...)
{
	mode_t mode;

	MODE_OF(flags, mode);
	return open_at("open", AT_FDCWD, name, flags, mode);
}

int
openat(int at, const char *name, int flags, ...)
{
	mode_t mode;

	MODE_OF(flags, mode);
	return open_at("openat", at, name, flags, mode);
}

int
openat64(int at, const char *name, int flags, ...)
{
	mode_t mode;

	MODE_OF(flags, mode);
	return open_at("openat", at, name, flags, mode);
}

static ssize_t
put(const char *call, int fd, const void *p, size_t n, off_t off)
{
	enum what what = reached(call, fd, NULL, WRITES);
	ssize_t r;

	if (what == FAIL)
		return -1;
	if (what == HALF || what == SHORT)
		n = what == HALF ? n / 2 : n > 0;
	r = off == -1 ? syscall(SYS_write, fd, p, n) :
	    syscall(SYS_pwrite64, fd, p, n, off);
	if (what == AFTER || what == HALF)
		die();
	return r;
}

ssize_t
write(int fd, const void *p, size_t n)
{
	return put("write", fd, p, n, -1);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t off)
{
	return put("pwrite", fd, p, n, off);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t off)
{
	return put("pwrite", fd, p, n, off);
}

int
fsync(int fd)
{
	GUARD(int, SYNCS, "fsync", fd, NULL,
	    (int)syscall(SYS_fsync, fd));
}

int
fdatasync(int fd)
{
	GUARD(int, SYNCS, "fdatasync", fd, NULL,
	    (int)syscall(SYS_fdatasync, fd));
}

int
ftruncate(int fd, off_t n)
{
	GUARD(int, REMOVES, "ftruncate", fd, NULL,
	    (int)syscall(SYS_ftruncate, fd, n));
}

int
ftruncate64(int fd, off64_t n)
{
	GUARD(int, REMOVES, "ftruncate", fd, NULL,
	    (int)syscall(SYS_ftruncate, fd, n));
}

int
mkdir(const char *name, mode_t mode)
{
	GUARD(int, MAKES, "mkdir", AT_FDCWD, name,
	    (int)syscall(SYS_mkdirat, AT_FDCWD, name, mode));
}

int
mkdirat(int at, const char *name, mode_t mode)
{
	GUARD(int, MAKES, "mkdir", at, name,
	    (int)syscall(SYS_mkdirat, at, name, mode));
}

int
rename(const char *from, const char *to)
{
	GUARD(int, MAKES, "rename", AT_FDCWD, to,
	    (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int
renameat(int a, const char *from, int b, const char *to)
{
	GUARD(int, MAKES, "rename", b, to,
	    (int)syscall(SYS_renameat2, a, from, b, to, 0));
}

int
renameat2(int a, const char *from, int b, const char *to, unsigned int flags)
{
	GUARD(int, MAKES, "rename", b, to,
	    (int)syscall(SYS_renameat2, a, from, b, to, flags));
}

int
link(const char *from, const char *to)
{
	GUARD(int, MAKES, "link", AT_FDCWD, to,
	    (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int
linkat(int a, const char *from, int b, const char *to, int flags)
{
	GUARD(int, MAKES, "link", b, to,
	    (int)syscall(SYS_linkat, a, from, b, to, flags));
}

int
unlink(const char *name)
{
	GUARD(int, REMOVES, "unlink", AT_FDCWD, name,
	    (int)syscall(SYS_unlinkat, AT_FDCWD, name, 0));
}

int
unlinkat(int at, const char *name, int flags)
{
	GUARD(int, REMOVES, "unlink", at, name,
	    (int)syscall(SYS_unlinkat, at, name, flags));
}
