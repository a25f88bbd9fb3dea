/*
 * remarks.h - what is to be said of messages and folders on the way, a line each.
 *
 * People are told of the first REMARKS_SHOWN of a kind in a folder, and then of how many more there are; JSON has all.
 */
#ifndef CMD_REMARKS_H
#define CMD_REMARKS_H

#include "cmd/ui.h"
#include "mail/known.h"

#define REMARKS_SHOWN	20

struct remark {
	const char	*word;		/* its kind, as JSON has it; */
	const char	*one, *several;	/* ... what befell a message, or several: "was refused", "were refused"; */
	const char	*all;		/* ... or a folder: "its messages are left out" */
	bool		 fault;
	bool		 warn;		/* told whoever watches */
	bool		 sentence;	/* ${reason} goes on with ${one}; else it stands behind a colon */
	const char	*folder, *to;	/* decoded; ${to}: where it goes, or NULL */
	const struct known_message *message;	/* or NULL */
	uint32_t	 uid;		/* where there is no message; 0: it is about the folder */
	uint32_t	 uid_there;	/* of the message where it went, or 0 */
	const char	*reason;	/* or NULL */
};

struct remarks;

struct remarks *remarks_new(struct ui *);
/* remarks_add(r, remark, silent): say it; ${silent}: only in JSON, and it isn't counted. */
void remarks_add(struct remarks *, const struct remark *, bool silent);
/* remarks_rest(r): how many more there were than have been told. */
void remarks_rest(struct remarks *);
void remarks_free(struct remarks **);

#endif
