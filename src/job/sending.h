/*
 * sending.h - what send.c and answers.c share: the commands of a folder that go over one session.
 */
#ifndef JOB_SENDING_H
#define JOB_SENDING_H

#include "job/letter.h"

#define STRIKES		3	/* refusals for want of room, one after the other */

/* Messages that go in one command. */
struct command {
	struct command	*next;		/* own */
	struct item	**v;		/* own */
	size_t		 n;
	uint64_t	 bytes;
	char		*why;		/* own: what was said when they were refused first, or NULL */
};

struct sender {
	struct restore	*r;
	struct folder_to *f;
	struct imap	*im;		/* borrowed */
	struct letter	 letter;	/* own */
	struct command	*again;		/* own: to be sent before all else */
	struct command	*way;		/* own: those without an answer */
	size_t		 next;		/* the first item that was not looked at */
	size_t		 announced;	/* items before this one stand in the journal */
	size_t		 on_way, commands;	/* messages and commands without an answer */
	bool		 one;		/* no MULTIAPPEND */
	bool		 careful;	/* one command at a time */
	bool		 make;		/* the folder is gone: make it */
	bool		 made;		/* that was done */
	double		 pause;		/* seconds */
};

void sending_free(struct command **);
/* sending_part(s, c, from, to): these of its messages are to be sent again, in a command of their own. */
void sending_part(struct sender *, const struct command *, size_t from, size_t to);
/* sending_note(s, items, n, put, e): tell the journal of them. */
int sending_note(struct sender *, struct item *const *, size_t, int (*put)(struct journal *, size_t,
    const struct journal_id *, size_t, struct err *), struct err *);
/* answers.c: sending_answer(s, e): wait for one answer and act on it. */
int sending_answer(struct sender *, struct err *);

#endif
