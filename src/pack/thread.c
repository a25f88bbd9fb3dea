/*
 * thread.c - see thread.h.
 */
#include <errno.h>
#include <signal.h>

#include "pack/thread.h"

/* Signals are for the main thread, which polls; a write beyond RLIMIT_FSIZE is then EFBIG and nothing worse. */
int
thread_start(pthread_t *out, void *(*fn)(void *), void *arg, struct err *e)
{
	sigset_t block, before;

	sigfillset(&block);
	sigdelset(&block, SIGSEGV);
	sigdelset(&block, SIGBUS);
	sigdelset(&block, SIGFPE);
	sigdelset(&block, SIGILL);
	pthread_sigmask(SIG_SETMASK, &block, &before);
	errno = pthread_create(out, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (errno != 0)
		return err_sys(e, "can't start a thread");
	return 0;
}
