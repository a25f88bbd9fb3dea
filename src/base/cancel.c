/*
 * cancel.c - see cancel.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/cancel.h"

static volatile sig_atomic_t	caught;
static volatile sig_atomic_t	asked;		/* how far it is */
static int			wake[2] = { -1, -1 };

static void
on_signal(int sig)
{
	int saved = errno;

	if (caught != 0)
		_exit(128 + sig);
	caught = sig;
	if (write(wake[1], "", 1) == -1) {
		/* The pipe is full of wake-ups already, or there is none. */
	}
	errno = saved;
}

static void
on_question(int sig)
{
	(void)sig;
	asked = 1;
}

void
cancel_install(void)
{
	static const int sigs[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = on_signal };
	size_t i;

	/* Without it a signal still interrupts what waits. */
	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) == -1)
		wake[0] = wake[1] = -1;
	sigemptyset(&sa.sa_mask);
	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++) {
		struct sigaction old;

		/* nohup and cron's parents may have chosen to ignore one: leave it so. */
		if (sigaction(sigs[i], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			sigaction(sigs[i], &sa, NULL);
	}
	sa.sa_handler = on_question;
	sa.sa_flags = SA_RESTART;
	sigaction(SIGUSR1, &sa, NULL);
#ifdef SIGINFO
	sigaction(SIGINFO, &sa, NULL);
#endif
	sa.sa_flags = 0;
	/* A reader that went away and a file that may not grow are errors like others. */
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
	sigaction(SIGXFSZ, &sa, NULL);
	/* Were it ignored, the exit status of a password command would be lost. */
	sa.sa_handler = SIG_DFL;
	sigaction(SIGCHLD, &sa, NULL);
}

bool
cancel_question(void)
{
	if (asked == 0)
		return false;
	asked = 0;
	return true;
}

int
cancel_signal(void)
{
	return caught == SIGHUP ? SIGTERM : caught;
}

int
cancel_fd(void)
{
	return wake[0];
}

int
cancel_check(struct err *e)
{
	if (caught == 0)
		return 0;
	err_set(e, EK_CANCELLED, "stopped by %s", caught == SIGINT ? "SIGINT" :
	    caught == SIGHUP ? "SIGHUP" : "SIGTERM");
	e->sys = cancel_signal();
	return -1;
}

int
cancel_sleep(double seconds, struct err *e)
{
	struct pollfd fd = { .fd = wake[0], .events = POLLIN };
	struct timespec now;
	double end, left = seconds;
	int r;

	clock_gettime(CLOCK_MONOTONIC, &now);
	end = (double)now.tv_sec + (double)now.tv_nsec / 1e9 + seconds;
	do {
		/* Beyond what poll() takes is some 24 days. */
		r = left <= 0 ? 0 : poll(&fd, 1,
		    left > 2e6 ? 2000000000 : (int)(left * 1000) + 1);
		clock_gettime(CLOCK_MONOTONIC, &now);
		left = end - (double)now.tv_sec - (double)now.tv_nsec / 1e9;
	} while (r == -1 && errno == EINTR);
	return cancel_check(e);
}
