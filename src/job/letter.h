/*
 * letter.h - one message on its way to the target: its bytes, proven, and if need be repaired; its flags and date as
 * they are sent.
 */
#ifndef JOB_LETTER_H
#define JOB_LETTER_H

#include "base/spool.h"
#include "job/restoring.h"
#include "mail/date.h"

struct letter {
	struct restore	*r;		/* borrowed */
	struct spool	 spool;		/* own: the message, */
	struct spool	 cured;		/* ... and its repaired copy */
	struct buf	 flags, dropped;	/* own */
};

void letter_init(struct letter *, struct restore *);
void letter_release(struct letter *);
/*
 * letter_load(l, item, m, e): read it from the vault: 1, or 0: it can't be read, and that was told.  Overwrites ${m}'s
 * texts.
 */
int letter_load(struct letter *, struct item *, const struct known_message *, struct err *);
/* letter_cure(l, done_out, e): a repaired copy of what is loaded; what was done to it. */
int letter_cure(struct letter *, struct defects *, struct err *);
/* letter_flags(l, item, m, e): its flags as the folder takes them, and as it is to be sent; and those left out. */
int letter_flags(struct letter *, const struct item *, const struct known_message *, struct err *);
/* letter_date(item, m, buffer): INTERNALDATE as it came, where that is what RFC 9051 wants, else in UTC; NULL: none. */
const char *letter_date(const struct item *, const struct known_message *, char[DATE_MAX_RAW]);

#endif
