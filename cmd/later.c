/*
 * later.c - see later.h.  One call at a time; SIGALRM is nobody else's.
 */
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "cmd/later.h"

#define READ_TRIES	20	/* times READ_WAIT for a reader of ours */
#define READ_WAIT	20000000	/* nanoseconds */

/* These change only while no timer runs. */
static void	(*call)(void *);
static void	*call_arg;

static void
on_time(int sig)
{
	int saved = errno;

	(void)sig;
	call(call_arg);
	errno = saved;
}

static void
set_timer(unsigned int seconds)
{
	const struct itimerval when = { .it_value.tv_sec = seconds };

	setitimer(ITIMER_REAL, &when, NULL);
}

double
later_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void
later_call(unsigned int seconds, void (*fn)(void *), void *arg)
{
	struct sigaction sa = { .sa_handler = on_time, .sa_flags = SA_RESTART };

	later_end();
	call = fn;
	call_arg = arg;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGALRM, &sa, NULL);
	set_timer(seconds);
}

void
later_end(void)
{
	set_timer(0);
}

void
later_read(int fd)
{
	const struct timespec a_while = { .tv_nsec = READ_WAIT };
	struct stat st;
	int i, held = 1;

	if (fstat(fd, &st) == -1 || !S_ISFIFO(st.st_mode))
		return;
	for (i = 0; i < READ_TRIES && held > 0; i++) {
		if (ioctl(fd, FIONREAD, &held) == -1)
			return;
		nanosleep(&a_while, NULL);
	}
}
