/*
 * lines.h - sentences as data, broken between words where a terminal is narrow.
 */
#ifndef CMD_LINES_H
#define CMD_LINES_H

#include "cmd/ui.h"

/* lines_print(ui, hang, fmt, ...): a line of data, on a narrow terminal several; those behind the first begin so. */
void lines_print(struct ui *, const char *hang, const char *, ...)
    __attribute__((format(printf, 3, 4)));

#endif
