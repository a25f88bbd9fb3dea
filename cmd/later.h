/*
 * later.h - how long something takes, and what is done only if that is long: by a timer, so that work that waits in one
 * place needs no clock of its own.
 */
#ifndef CMD_LATER_H
#define CMD_LATER_H

/* later_clock(): seconds of a clock that nobody sets, to measure by. */
double later_clock(void);
/*
 * later_call(seconds, fn, arg): call ${fn}(arg) then, unless later_end() comes first.  It is called by a signal, and
 * may do little more than write(2).
 */
void later_call(unsigned int seconds, void (*)(void *), void *);
/* later_end(): not any more; nothing where it was not to be. */
void later_end(void);
/* later_read(fd): give whoever reads the pipe ${fd} a moment to take and show what is in it. */
void later_read(int);

#endif
