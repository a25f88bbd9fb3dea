/*
 * hooks.h - the calls that make things durable, and waiting, taken over.
 *
 * fsync() does nothing: what a killed process wrote stays, so it would only cost time.  Renames and syncs are
 * counted, and at one of them the process can end as by kill -9.  poll() on nothing but cancel_fd() returns at
 * once: pauses take no time.
 */
#ifndef HISTORY_HOOKS_H
#define HISTORY_HOOKS_H

#include <stdint.h>

/*
 * In the client's process: count in ${*calls}, and die at number ${die_at}, 0 for never: before it, or after if it
 * is negative.
 */
void hooks_arm(uint64_t *calls, int64_t die_at);

#endif
