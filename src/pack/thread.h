/*
 * thread.h - a thread beside the main one.  Private to pack/.
 */
#ifndef PACK_THREAD_H
#define PACK_THREAD_H

#include <pthread.h>

#include "base/err.h"

/* thread_start(out, fn, arg, e): run ${fn}(arg) in a thread that gets no signals, to be joined. */
int thread_start(pthread_t *, void *(*)(void *), void *, struct err *);

#endif
