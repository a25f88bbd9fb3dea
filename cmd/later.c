/*
 * later.c - see later.h.  One call at a time; SIGALRM is nobody else's.
 */
#include <sys/time.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "cmd/later.h"

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
