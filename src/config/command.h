/*
 * command.h - running a command of the user's, for the rest of this room.
 */
#ifndef CONFIG_COMMAND_H
#define CONFIG_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* command_clock(): milliseconds that only go forward. */
int64_t command_clock(void);

/*
 * command_wait(fd, until, e): 1 once ${fd} can be read or is at its end, 0 when command_clock() has come to ${until},
 * -1 with ${e} filled (EK_CANCELLED among others).
 */
int command_wait(int, int64_t, struct err *);

/*
 * command_run(command, ms, p, max, n_out, e): run /bin/sh -c ${command} and put what it writes to its stdout at ${p},
 * at most ${max} bytes.  It gets stdin from /dev/null, our stderr, no other descriptor, the environment that
 * command.c lists, and a session of its own, so that it can't read from our terminal.  After ${ms} it and its
 * children are killed. Return 0 when it exited 0; else -1 with EK_AUTH (EK_TEMP after exit status 75) and never a
 * word of its output.
 */
int command_run(const char *, int64_t, char *, size_t, size_t *, struct err *);

#endif
