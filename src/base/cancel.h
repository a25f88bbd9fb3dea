/*
 * cancel.h - a signal asks the program to come to an orderly end.
 *
 * The first SIGINT, SIGTERM or SIGHUP is noted; whoever waits or loops looks and winds up.  The second one ends the
 * process at once, which the vault survives like any other kill.  SIGUSR1, and SIGINFO where there is one, ask how far
 * the work is.
 */
#ifndef BASE_CANCEL_H
#define BASE_CANCEL_H

#include <stdbool.h>

#include "base/err.h"

/* cancel_install(): catch the signals, ignore SIGPIPE and SIGXFSZ.  Called once, by main. */
void cancel_install(void);
/* cancel_signal(): the signal that asked us to stop (SIGHUP counts as SIGTERM), or 0. */
int cancel_signal(void);
/* cancel_fd(): becomes readable when a signal has come, for poll(); -1 before cancel_install(). */
int cancel_fd(void);
/* cancel_check(e): 0, or -1 with EK_CANCELLED once a signal has come. */
int cancel_check(struct err *);
/* cancel_sleep(seconds, e): let that time pass.  0, or -1 with EK_CANCELLED as soon as a signal has come. */
int cancel_sleep(double, struct err *);
/* cancel_question(): true once after somebody asked how far the work is. */
bool cancel_question(void);

#endif
