/*
 * hooks.c - see hooks.h.  The program's own functions of these names come before libc's, for SQLite too.
 */
#include <sys/syscall.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/cancel.h"
#include "hooks.h"

static uint64_t *counter;
static int64_t moment;

void
hooks_arm(uint64_t *calls, int64_t die_at)
{
	counter = calls;
	moment = die_at;
	*calls = 0;
}

static void
before(void)
{
	if (counter != NULL && ++*counter == (uint64_t)moment)
		raise(SIGKILL);
}

static void
after(void)
{
	if (counter != NULL && moment < 0 && *counter == (uint64_t)-moment)
		raise(SIGKILL);
}

static int
sync_nothing(void)
{
	before();
	after();
	return 0;
}

int
fsync(int fd)
{
	(void)fd;
	return sync_nothing();
}

int
fdatasync(int fd)
{
	(void)fd;
	return sync_nothing();
}

int
renameat2(int from_dir, const char *from, int to_dir, const char *to,
    unsigned int flags)
{
	long rc;

	before();
	rc = syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
	after();
	return (int)rc;
}

int
poll(struct pollfd *fds, nfds_t n, int timeout)
{
	/* libc declares that it only writes here. */
	struct pollfd *volatile p = fds;
	struct timespec ts = { timeout / 1000, timeout % 1000 * 1000000L };

	if (n == 1 && timeout > 0 && p->fd == cancel_fd())
		ts = (struct timespec){ 0, 0 };
	return ppoll(p, n, timeout < 0 ? NULL : &ts, NULL);
}
