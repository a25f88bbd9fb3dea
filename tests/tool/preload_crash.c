/*
 * preload_crash.c - LD_PRELOAD: count the calls that a program makes to the system, and kill it at one of them, or let
 * calls fail.
 *
 *	MK_CRASH_UNDER	a directory (a path without links in it)
 *	MK_CRASH_CALLS	which calls count, letters of
 *			w	what changes the disk below the directory (the default)
 *			r	what reads it or looks at it there
 *			o	what needs a new descriptor, anywhere
 *			n	what passes over a socket
 *	MK_CRASH_LOG	append a line for each call: its number, its name, its sort (one of MWSRLON), what it is about
 *	MK_CRASH_HIT	append such a line for each call that was made to fail or cut short
 *	MK_CRASH_AT	the number of the call, from 1
 *	MK_CRASH_HOW	before, after: SIGKILL there; half: in the middle of a write
 *			fail: the call fails with the errno MK_CRASH_ERRNO; short: it reads or writes one byte
 *			fail-on, short-on: this one and all that come after it
 *
 * Calls that only take away (unlink) or make room again are let through by fail-on with ENOSPC, as a full disk does;
 * a file system that has become read-only only fails what changes it, and a table of descriptors that is full only what
 * needs a new one.
 */
#undef _FORTIFY_SOURCE	/* it makes these functions inline ones */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum what { NOTHING, BEFORE, AFTER, HALF, SHORT, FAIL };

/* What a call does: makes a name, writes, syncs or removes; reads, looks, opens; talks to the network. */
enum sort { MAKES, WRITES, SYNCS, REMOVES, READS, LOOKS, OPENS, TALKS };

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
		n = syscall(SYS_readlinkat, AT_FDCWD, link, dir,
		    sizeof(dir) - 1);
		if (n == -1)
			return out;
		dir[n] = '\0';
	}
	snprintf(out, size, "%s%s%s", dir, name == NULL ? "" : "/",
	    name == NULL ? "" : name);
	return out;
}

static void
note(const char *where, unsigned int n, const char *call, enum sort sort,
    const char *path)
{
	const char *log = setting(where);
	char line[2 * PATH_MAX + 64];
	int fd, len;

	if (log[0] == '\0')
		return;
	len = snprintf(line, sizeof(line), "%u %s %c %s\n", n, call,
	    "MWSDRLON"[sort], path);
	fd = (int)syscall(SYS_openat, AT_FDCWD, log,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd == -1)
		return;
	(void)!syscall(SYS_write, fd, line, (size_t)len);
	syscall(SYS_close, fd);
}

static _Noreturn void
die(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

/* Whether a call of that sort on that path counts; ${makes_fd}: it needs a new descriptor. */
static bool
counts(enum sort sort, bool makes_fd, const char *path)
{
	const char *calls = setting("MK_CRASH_CALLS");

	if (calls[0] == '\0')
		calls = "w";
	if (makes_fd && strchr(calls, 'o') != NULL)
		return true;
	if (sort == TALKS)
		return strchr(calls, 'n') != NULL &&
		    strncmp(path, "socket:", 7) == 0;
	return is_under(path) &&
	    strchr(calls, sort <= REMOVES ? 'w' : 'r') != NULL;
}

/* Whether a call of that sort can fail in that way. */
static bool
can_fail(enum sort sort, bool makes_fd, int e)
{
	switch (e) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return sort <= SYNCS;
	case EROFS:
		return sort <= REMOVES && sort != SYNCS;
	case EMFILE:
	case ENFILE:
		return makes_fd;
	default:
		return true;
	}
}

/* What is to happen at this call; errno is set where it has to fail. */
static enum what
reached(const char *call, int fd, const char *name, enum sort sort,
    bool makes_fd)
{
	char path[2 * PATH_MAX];
	const char *how = setting("MK_CRASH_HOW");
	unsigned int n, at = (unsigned int)atoi(setting("MK_CRASH_AT"));
	int saved = errno, e;
	bool piece = sort == WRITES || sort == READS || sort == TALKS;

	path_of(fd, name, path, sizeof(path));
	errno = saved;
	if (!counts(sort, makes_fd, path))
		return NOTHING;
	n = atomic_fetch_add(&serial, 1) + 1;
	note("MK_CRASH_LOG", n, call, sort, path);
	errno = saved;
	if (at == 0 || n < at)
		return NOTHING;
	if (strcmp(how, "fail-on") == 0 || (n == at && strcmp(how, "fail") == 0)) {
		e = atoi(setting("MK_CRASH_ERRNO"));
		if (!can_fail(sort, makes_fd, e))
			return NOTHING;
		note("MK_CRASH_HIT", n, call, sort, path);
		errno = e;
		return FAIL;
	}
	if (strcmp(how, "short-on") == 0 ||
	    (n == at && strcmp(how, "short") == 0)) {
		if (!piece)
			return NOTHING;
		note("MK_CRASH_HIT", n, call, sort, path);
		errno = saved;
		return SHORT;
	}
	if (n != at)
		return NOTHING;
	if (strcmp(how, "before") == 0)
		die();
	if (strcmp(how, "half") == 0)
		return sort == WRITES ? HALF : NOTHING;
	return strcmp(how, "after") == 0 ? AFTER : NOTHING;
}

/* Do it, unless it is to fail, and die behind it where that is asked. */
#define GUARDED(type, failed, sort, makes_fd, call, fd, name, doit) do { \
	enum what what_ = reached(call, fd, name, sort, makes_fd);	\
	type r_;							\
									\
	if (what_ == FAIL)						\
		return failed;						\
	r_ = doit;							\
	if (what_ == AFTER)						\
		die();							\
	return r_;							\
} while (0)
#define GUARD(type, sort, call, fd, name, doit) \
	GUARDED(type, -1, sort, false, call, fd, name, doit)

/* The library's own function of that name. */
#define NEXT(name) (__extension__ (__typeof__(&name))next_(#name))

static void *
next_(const char *name)
{
	void *p = dlsym(RTLD_NEXT, name);

	if (p == NULL)
		abort();
	return p;
}

/* Where files may be large anyway the one is the other. */
#define ALIAS(of, name) \
	extern __typeof__(of) name __attribute__((alias(#of)))

/* ---- opening ---- */

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
	GUARDED(int, -1, creates(flags) ? MAKES : OPENS, true, call, at, name,
	    (int)syscall(SYS_openat, at, name, flags, mode));
}

int
open(const char *name, int flags, ...)
{
	mode_t mode;

	MODE_OF(flags, mode);
	return open_at("open", AT_FDCWD, name, flags, mode);
}

ALIAS(open, open64);

int
openat(int at, const char *name, int flags, ...)
{
	mode_t mode;

	MODE_OF(flags, mode);
	return open_at("openat", at, name, flags, mode);
}

ALIAS(openat, openat64);

/* What code with _FORTIFY_SOURCE calls. */
int __open_2(const char *, int);
int __open64_2(const char *, int);
int __openat_2(int, const char *, int);
int __openat64_2(int, const char *, int);

int
__open_2(const char *name, int flags)
{
	return open_at("open", AT_FDCWD, name, flags, 0);
}

int
__open64_2(const char *name, int flags)
{
	return open_at("open", AT_FDCWD, name, flags, 0);
}

int
__openat_2(int at, const char *name, int flags)
{
	return open_at("openat", at, name, flags, 0);
}

int
__openat64_2(int at, const char *name, int flags)
{
	return open_at("openat", at, name, flags, 0);
}

FILE *
fopen(const char *name, const char *mode)
{
	GUARDED(FILE *, NULL, mode[0] == 'r' && strchr(mode, '+') == NULL ?
	    OPENS : MAKES, true, "fopen", AT_FDCWD, name,
	    NEXT(fopen)(name, mode));
}

ALIAS(fopen, fopen64);

DIR *
opendir(const char *name)
{
	GUARDED(DIR *, NULL, OPENS, true, "opendir", AT_FDCWD, name,
	    NEXT(opendir)(name));
}

int
socket(int domain, int type, int protocol)
{
	GUARDED(int, -1, OPENS, true, "socket", -1, NULL,
	    (int)syscall(SYS_socket, domain, type, protocol));
}

int
socketpair(int domain, int type, int protocol, int fds[2])
{
	GUARDED(int, -1, OPENS, true, "socketpair", -1, NULL,
	    (int)syscall(SYS_socketpair, domain, type, protocol, fds));
}

int
pipe2(int fds[2], int flags)
{
	GUARDED(int, -1, OPENS, true, "pipe2", -1, NULL,
	    (int)syscall(SYS_pipe2, fds, flags));
}

int
pipe(int fds[2])
{
	return pipe2(fds, 0);
}

int
dup(int fd)
{
	GUARDED(int, -1, OPENS, true, "dup", fd, NULL,
	    (int)syscall(SYS_dup, fd));
}

/* No descriptor, but as scarce. */
int
pthread_create(pthread_t *out, const pthread_attr_t *attr,
    void *(*fn)(void *), void *arg)
{
	GUARDED(int, EAGAIN, OPENS, true, "thread", -1, NULL,
	    NEXT(pthread_create)(out, attr, fn, arg));
}

/* ---- reading and looking ---- */

static ssize_t
get(const char *call, int fd, void *p, size_t n, off_t off)
{
	enum what what = reached(call, fd, NULL, READS, false);
	ssize_t r;

	if (what == FAIL)
		return -1;
	if (what == SHORT)
		n = n > 0;
	r = off == -1 ? syscall(SYS_read, fd, p, n) :
	    syscall(SYS_pread64, fd, p, n, off);
	if (what == AFTER)
		die();
	return r;
}

ssize_t
read(int fd, void *p, size_t n)
{
	return get("read", fd, p, n, -1);
}

ssize_t
pread(int fd, void *p, size_t n, off_t off)
{
	return get("pread", fd, p, n, off);
}

ALIAS(pread, pread64);

ssize_t __read_chk(int, void *, size_t, size_t);
ssize_t __pread_chk(int, void *, size_t, off_t, size_t);
ssize_t __pread64_chk(int, void *, size_t, off64_t, size_t);

ssize_t
__read_chk(int fd, void *p, size_t n, size_t room)
{
	if (n > room)
		abort();
	return get("read", fd, p, n, -1);
}

ssize_t
__pread_chk(int fd, void *p, size_t n, off_t off, size_t room)
{
	if (n > room)
		abort();
	return get("pread", fd, p, n, off);
}

ssize_t
__pread64_chk(int fd, void *p, size_t n, off64_t off, size_t room)
{
	if (n > room)
		abort();
	return get("pread", fd, p, n, off);
}

static int
stat_at(const char *call, int at, const char *name, void *st, int flags)
{
	GUARD(int, LOOKS, call, at, name[0] == '\0' ? NULL : name,
	    (int)syscall(SYS_newfstatat, at, name, st, flags));
}

int
fstat(int fd, struct stat *st)
{
	return stat_at("fstat", fd, "", st, AT_EMPTY_PATH);
}

int
fstat64(int fd, struct stat64 *st)
{
	return stat_at("fstat", fd, "", st, AT_EMPTY_PATH);
}

int
stat(const char *name, struct stat *st)
{
	return stat_at("stat", AT_FDCWD, name, st, 0);
}

int
stat64(const char *name, struct stat64 *st)
{
	return stat_at("stat", AT_FDCWD, name, st, 0);
}

int
lstat(const char *name, struct stat *st)
{
	return stat_at("lstat", AT_FDCWD, name, st, AT_SYMLINK_NOFOLLOW);
}

int
lstat64(const char *name, struct stat64 *st)
{
	return stat_at("lstat", AT_FDCWD, name, st, AT_SYMLINK_NOFOLLOW);
}

int
fstatat(int at, const char *name, struct stat *st, int flags)
{
	return stat_at("fstatat", at, name, st, flags);
}

int
fstatat64(int at, const char *name, struct stat64 *st, int flags)
{
	return stat_at("fstatat", at, name, st, flags);
}

int
access(const char *name, int mode)
{
	GUARD(int, LOOKS, "access", AT_FDCWD, name,
	    (int)syscall(SYS_faccessat, AT_FDCWD, name, mode));
}

int
faccessat(int at, const char *name, int mode, int flags)
{
	GUARD(int, LOOKS, "access", at, name,
	    NEXT(faccessat)(at, name, mode, flags));
}

ssize_t
readlink(const char *name, char *out, size_t size)
{
	GUARD(ssize_t, LOOKS, "readlink", AT_FDCWD, name,
	    syscall(SYS_readlinkat, AT_FDCWD, name, out, size));
}

char *
realpath(const char *name, char *out)
{
	GUARDED(char *, NULL, LOOKS, false, "realpath", AT_FDCWD, name,
	    NEXT(realpath)(name, out));
}

int
fstatfs(int fd, struct statfs *st)
{
	GUARD(int, LOOKS, "fstatfs", fd, NULL,
	    (int)syscall(SYS_fstatfs, fd, st));
}

int
fstatvfs(int fd, struct statvfs *st)
{
	GUARD(int, LOOKS, "fstatvfs", fd, NULL, NEXT(fstatvfs)(fd, st));
}

struct dirent *
readdir(DIR *dir)
{
	GUARDED(struct dirent *, NULL, LOOKS, false, "readdir", dirfd(dir),
	    NULL, NEXT(readdir)(dir));
}

struct dirent64 *
readdir64(DIR *dir)
{
	GUARDED(struct dirent64 *, NULL, LOOKS, false, "readdir", dirfd(dir),
	    NULL, NEXT(readdir64)(dir));
}

DIR *
fdopendir(int fd)
{
	GUARDED(DIR *, NULL, LOOKS, false, "fdopendir", fd, NULL,
	    NEXT(fdopendir)(fd));
}

int
fcntl(int fd, int cmd, ...)
{
	void *arg;
	va_list ap;
	bool lock = cmd == F_SETLK || cmd == F_OFD_SETLK || cmd == F_SETLKW;

	va_start(ap, cmd);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (cmd != F_DUPFD && cmd != F_DUPFD_CLOEXEC && !lock)
		return (int)syscall(SYS_fcntl, fd, cmd, arg);
	GUARDED(int, -1, lock ? LOOKS : OPENS, !lock, lock ? "lock" : "dup",
	    fd, NULL, (int)syscall(SYS_fcntl, fd, cmd, arg));
}

ALIAS(fcntl, fcntl64);

void *
mmap(void *p, size_t n, int prot, int flags, int fd, off_t off)
{
	if (fd == -1)
		return (void *)syscall(SYS_mmap, p, n, prot, flags, fd, off);
	GUARDED(void *, MAP_FAILED, LOOKS, false, "mmap", fd, NULL,
	    (void *)syscall(SYS_mmap, p, n, prot, flags, fd, off));
}

ALIAS(mmap, mmap64);

/* ---- changing ---- */

static ssize_t
put(const char *call, int fd, const void *p, size_t n, off_t off)
{
	enum what what = reached(call, fd, NULL, WRITES, false);
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

ALIAS(pwrite, pwrite64);

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

ALIAS(ftruncate, ftruncate64);

int
fallocate(int fd, int mode, off_t off, off_t n)
{
	GUARD(int, MAKES, "fallocate", fd, NULL,
	    (int)syscall(SYS_fallocate, fd, mode, off, n));
}

int
fchmod(int fd, mode_t mode)
{
	GUARD(int, REMOVES, "fchmod", fd, NULL,
	    (int)syscall(SYS_fchmod, fd, mode));
}

int
fchmodat(int at, const char *name, mode_t mode, int flags)
{
	GUARD(int, REMOVES, "fchmod", at, name,
	    NEXT(fchmodat)(at, name, mode, flags));
}

int
futimens(int fd, const struct timespec t[2])
{
	GUARD(int, REMOVES, "utimens", fd, NULL, NEXT(futimens)(fd, t));
}

int
utimensat(int at, const char *name, const struct timespec t[2], int flags)
{
	GUARD(int, REMOVES, "utimens", at, name,
	    NEXT(utimensat)(at, name, t, flags));
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

int
rmdir(const char *name)
{
	GUARD(int, REMOVES, "rmdir", AT_FDCWD, name,
	    (int)syscall(SYS_unlinkat, AT_FDCWD, name, AT_REMOVEDIR));
}

/* ---- the network ---- */

int
connect(int fd, __CONST_SOCKADDR_ARG to, socklen_t n)
{
	GUARD(int, TALKS, "connect", fd, NULL,
	    (int)syscall(SYS_connect, fd, to.__sockaddr__, n));
}

ssize_t
send(int fd, const void *p, size_t n, int flags)
{
	enum what what = reached("send", fd, NULL, TALKS, false);

	if (what == FAIL)
		return -1;
	return syscall(SYS_sendto, fd, p, what == SHORT ? n > 0 : n, flags,
	    NULL, 0);
}

ssize_t
recv(int fd, void *p, size_t n, int flags)
{
	enum what what = reached("recv", fd, NULL, TALKS, false);

	if (what == FAIL)
		return -1;
	return syscall(SYS_recvfrom, fd, p, what == SHORT ? n > 0 : n, flags,
	    NULL, NULL);
}

int
poll(struct pollfd *fds, nfds_t n, int timeout)
{
	/* The compiler believes that the caller has left them unset. */
	struct pollfd *volatile first = fds;

	GUARD(int, TALKS, "poll", n > 0 ? first->fd : -1, NULL,
	    NEXT(poll)(fds, n, timeout));
}
