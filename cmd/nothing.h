/*
 * nothing.h - why no message of a vault was chosen.
 */
#ifndef CMD_NOTHING_H
#define CMD_NOTHING_H

#include <stdbool.h>

#include "job/job.h"

struct nothing {
	char		*why;		/* own; a sentence, with what to do where that is known; NULL: not known */
	bool		 mistake;	/* a folder was named that has none, while those below it have some */
};

/*
 * nothing_find(vault, choice, has_all): why this chooses no message; ${has_all}: there are options --all and --at.
 * Free with nothing_release().
 */
struct nothing nothing_find(struct vault *, const struct job_choice *, bool has_all);
void nothing_release(struct nothing *);

#endif
