/*
 * repeat.h - the command line once more, with other options, to be typed or copied.
 */
#ifndef CMD_REPEAT_H
#define CMD_REPEAT_H

#include "cmd/cmd.h"

/*
 * repeat_line(app, without, more, out): append "mailkeep prune work --older-than 2y --yes": the words as they were
 * given, quoted for a shell, without the options that ${without} names (NULL behind the last) and their values, and
 * ${more}, as it is, behind them or before a --.
 */
void repeat_line(struct app *, const char *const *without, const char *more, struct buf *);
/*
 * repeat_other(app, verb, more, out): append "mailkeep -c conf restore --pruned 57 work": the words as they were given,
 * for another verb, with ${more} behind it; without the options that are this verb's own, and those of what is printed.
 */
void repeat_other(struct app *, const char *verb, const char *more, struct buf *);
/* repeat_word(word, out): append a word, quoted for a shell where it has to be. */
void repeat_word(const char *, struct buf *);

#endif
