/*
 * tty.h - the terminal of the session, to ask on; for ui.c, which does the asking.
 */
#ifndef CMD_TTY_H
#define CMD_TTY_H

#include <sys/types.h>

#include "base/err.h"

/* tty_open(e): a descriptor of it, whatever stdin is; or -1, EK_REFUSED: there is none. */
int tty_open(struct err *);
/* tty_read(fd, p, n, e): wait for what is typed, but not longer than the program may go on.  What read(2) returns. */
ssize_t tty_read(int, char *, size_t, struct err *);

#endif
