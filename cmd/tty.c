/*
 * tty.c - see tty.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/cancel.h"
#include "cmd/tty.h"

int
tty_open(struct err *e)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd == -1)
		return err_set(e, EK_REFUSED, "there is no terminal to ask on");
	return fd;
}

ssize_t
tty_read(int fd, char *p, size_t n, struct err *e)
{
	struct pollfd wait[2] = { { .fd = fd, .events = POLLIN },
	    { .fd = cancel_fd(), .events = POLLIN } };
	ssize_t got;

	for (;;) {
		if (cancel_check(e) == -1)
			return -1;
		if (poll(wait, 2, -1) == -1 && errno != EINTR)
			return err_sys(e, "can't wait for the terminal");
		if (cancel_check(e) == -1)
			return -1;
		if (wait[0].revents == 0)
			continue;
		if ((got = read(fd, p, n)) >= 0)
			return got;
		if (errno != EINTR)
			return err_sys(e, "can't read from the terminal");
	}
}
