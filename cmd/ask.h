/*
 * ask.h - what a person at the terminal is asked.
 */
#ifndef CMD_ASK_H
#define CMD_ASK_H

#include "cmd/ui.h"

/*
 * ask_secret(ui, prompt, out, e): a line that is not shown, appended to ${out} (a secret_ask_fn of config.h).  EK_AUTH
 * where there is no terminal or nothing was typed, EK_CANCELLED on a signal.
 */
int ask_secret(void *, const char *, struct buf *, struct err *);
/* ask_confirm(ui, e, fmt, ...): 1 yes, 0 no, -1: EK_REFUSED there is nobody to ask, EK_CANCELLED. */
int ask_confirm(struct ui *, struct err *, const char *, ...)
    __attribute__((format(printf, 3, 4)));
/* ask_word(ui, e, word, fmt, ...): the same, where ${word} has to be typed for a yes. */
int ask_word(struct ui *, struct err *, const char *, const char *, ...)
    __attribute__((format(printf, 4, 5)));
/* ask_somebody(e): whether there is somebody to ask: 0, or -1, EK_REFUSED. */
int ask_somebody(struct err *);

#endif
