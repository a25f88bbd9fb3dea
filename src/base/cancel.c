/*
 * cancel.c - see cancel.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cancel.h"

static volatile sig_atomic_t	caught;
static int			wake[2] = { -1, -1 };

static void
on_signal(int sig)
{
	int saved = errno;

	if (caught != 0)
		_exit(128 + sig);
	caught = sig == SIGHUP ? SIGTERM : sig;
	if (write(wake[1], "", 1) == -1) {
		/* The pipe is full of wake-ups already. */
	}
	errno = saved;
}

void
cancel_install(void)
{
	static const int sigs[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = on_signal };
	size_t i;

	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) == -1)
		abort();
	sigemptyset(&sa.sa_mask);
	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++) {
		struct sigaction old;

		/* nohup and cron's parents may have chosen to ignore one: leave it so. */
		if (sigaction(sigs[i], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			sigaction(sigs[i], &sa, NULL);
	}
	/* A reader that went away and a file that may not grow are errors like others. */
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
	sigaction(SIGXFSZ, &sa, NULL);
	/* Were it ignored, the exit status of a password command would be lost. */
	sa.sa_handler = SIG_DFL;
	sigaction(SIGCHLD, &sa, NULL);
}

int
cancel_signal(void)
{
	return caught;
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
	err_set(e, EK_CANCELLED, "stopped by %s",
	    caught == SIGINT ? "SIGINT" : "SIGTERM");
	e->sys = caught;
	return -1;
}
