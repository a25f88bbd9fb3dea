/*
 * mail.h - what passes between rooms about folders and messages on a server.
 */
#ifndef MAIL_MAIL_H
#define MAIL_MAIL_H

#include <stdbool.h>
#include <stdint.h>

/* Whose a folder is (RFC 2342), or that no server has it. */
enum mail_space {
	MAIL_PERSONAL,
	MAIL_OTHER,
	MAIL_SHARED,
	MAIL_IMPORTED,		/* it came by import; no server lists it */
};

/* What STATUS or EXAMINE say of a folder's content; 0 where nothing was said (exists: has_exists). */
struct mail_state {
	uint64_t	uidvalidity;	/* 1 to 2^32-1 */
	uint64_t	uidnext;	/* 1 to 2^32-1 */
	uint64_t	highestmodseq;	/* RFC 7162; 0: NOMODSEQ or no CONDSTORE */
	uint64_t	exists;		/* messages in it */
	uint64_t	size;		/* bytes of all (STATUS=SIZE) */
	bool		has_exists, has_size;
};

/* A folder as a server lists it. */
struct mail_box {
	char		*wire;		/* own; see mail/name.h */
	char		*name;		/* own */
	char		*attributes;	/* own; canonical flags text: "\HasNoChildren \Sent" */
	char		*mailboxid;	/* own; RFC 8474, or NULL */
	char		 delimiter;	/* '\0' for a flat namespace */
	enum mail_space	 space;
	bool		 selectable;	/* neither \Noselect nor \NonExistent */
	bool		 subscribed;
	struct mail_state state;	/* from LIST-STATUS or STATUS; all 0 where neither was asked */
};

/* A message as FETCH describes it.  Strings are borrowed: they live until the next call on the session. */
struct mail_meta {
	uint32_t	 uid;
	uint64_t	 size;		/* RFC822.SIZE: a hint */
	const char	*internaldate;	/* as sent, at most DATE_MAX_RAW bytes; NULL where not sent */
	int64_t		 date;		/* the instant */
	const char	*flags;		/* canonical (mail/flags.h); NULL where not sent */
	const char	*labels;	/* canonical Gmail labels; NULL where not sent */
	const char	*emailid;	/* RFC 8474 EMAILID, or "gm:" and X-GM-MSGID; or NULL */
	const char	*threadid;	/* likewise */
	bool		 has_size;
	bool		 has_date;	/* internaldate is a date */
};

/* mail_box_release(b): free what a mail_box owns; all of it is 0 then. */
void mail_box_release(struct mail_box *);
/*
 * mail_special_use(attributes): the special use among canonical attributes of any case ("\Sent"; RFC 6154, and
 * \Important of RFC 8457), or NULL; of several the first of \All \Trash \Junk \Drafts \Sent \Archive \Flagged
 * \Important.  Lives for ever.
 */
const char *mail_special_use(const char *attributes);

#endif
