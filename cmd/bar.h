/*
 * bar.h - a share as a bar.
 */
#ifndef CMD_BAR_H
#define CMD_BAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* bar_add(b, cells, part, whole, utf8): append "━━━━━━━╸   " or "#######....", so many places wide. */
void bar_add(struct buf *, size_t cells, uint64_t part, uint64_t whole, bool utf8);

#endif
