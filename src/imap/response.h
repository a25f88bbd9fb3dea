/*
 * response.h - one response, understood (RFC 9051, section 7, and what servers make of it).
 *
 * Pure: parses what lex.c gathered.  Tolerant where nothing can go wrong by it (case, blanks, unknown items), strict
 * where a wrong guess would file a message under another's UID or take one folder for another.
 */
#ifndef IMAP_RESPONSE_H
#define IMAP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "imap/imap.h"
#include "mail/date.h"

#define RESP_RANGES	4000000	/* ranges in a set that a server sends: what fits a line */
#define RESP_CODE_RANGES 100000	/* ranges of the messages of one MODIFIED or COPYUID */
#define RESP_WORDS	(16 * 1024)	/* bytes of the small texts of one response together */

enum resp_kind {
	RESP_OTHER,		/* nothing we use */
	RESP_CONTINUE,		/* + */
	RESP_TAGGED,		/* tag, status, code, text */
	RESP_STATE,		/* untagged OK NO BAD PREAUTH: status, code, text */
	RESP_BYE,
	RESP_CAPABILITY,	/* text */
	RESP_LIST,		/* name, delimiter, list (attributes), mailboxid */
	RESP_LSUB,
	RESP_STATUS,		/* name, box, mailboxid */
	RESP_SEARCH,		/* uids */
	RESP_EXISTS,		/* number */
	RESP_EXPUNGE,		/* number */
	RESP_FETCH,		/* number, meta, body */
	RESP_VANISHED,		/* uids, earlier */
	RESP_NAMESPACE,		/* ns */
	RESP_QUOTA,		/* used, limit in units of 1024 octets */
	RESP_ID,		/* text: "name version" */
};

enum resp_status { RESP_OK, RESP_NO, RESP_BAD };

enum resp_code {
	CODE_NONE,
	CODE_OTHER,		/* one we don't act on: it stays in the text */
	CODE_CAPABILITY,	/* code_text */
	CODE_UIDVALIDITY,	/* number */
	CODE_UIDNEXT,		/* number */
	CODE_HIGHESTMODSEQ,	/* number */
	CODE_MAILBOXID,		/* code_text */
	CODE_CLOSED,		/* RFC 7162: from here on it is about the folder that opens */
	CODE_ALERT,		/* the text must be shown */
	CODE_APPENDUID,		/* number: UIDVALIDITY; uids (RFC 4315) */
	CODE_PERMANENTFLAGS,	/* list */
	CODE_READ_ONLY,
	CODE_READ_WRITE,
	CODE_MODIFIED,		/* uids (RFC 7162) */
	CODE_COPYUID,		/* number: UIDVALIDITY; uids; moved: as many (RFC 4315) */
};

/* What the names of folders that are somebody's begin with. */
struct resp_prefix {
	char		*prefix;	/* own */
	enum mail_space	 space;
	char		 delimiter;	/* '\0' for none */
};

/* All is borrowed from the line or lives in the struct, until the next response_parse(). */
struct response {
	enum resp_kind	 kind;
	const char	*tag;
	enum resp_status status;
	enum resp_code	 code;
	const char	*code_text;
	const char	*text;		/* for people */
	uint64_t	 number;
	const char	*name;		/* a folder's, C string */
	bool		 name_nul;	/* it held a NUL: can't be used */
	char		 delimiter;
	const char	*mailboxid;
	struct mail_state box;
	uint64_t	 used, limit;
	bool		 has_quota;
	bool		 earlier;
	bool		 bad;		/* data of this kind, but it could not be understood */
	const char	*why;		/* FETCH: ... because */
	struct mail_meta meta;
	enum imap_body_state body;
	uint64_t	 body_size;
	bool		 header;	/* ... which is BODY[HEADER] */
	const char	*body_text;	/* a body that did not come as a streamed literal; else NULL */
	/* own */
	struct buf	 list;		/* LIST attributes, FETCH flags or permanent flags, canonical */
	struct buf	 labels;
	struct buf	 words;		/* small texts of this response: dates, ids */
	struct uidset	 uids, moved;
	struct resp_prefix *ns;
	size_t		 ns_n, ns_cap;
};

void response_init(struct response *);
void response_release(struct response *);
/*
 * response_parse(r, line, n, body_at, body_size): understand ${n} bytes at ${line}, which are changed: strings are
 * unescaped where they stand, and line[n] becomes a NUL.  ${body_at} is where the streamed literal stood, SIZE_MAX
 * for none.
 */
void response_parse(struct response *, char *, size_t, size_t body_at, uint64_t body_size);

/*
 * response_passes(text, backoff_out): whether a refusal, of a command or of the sign-in, says that it will pass: by its
 * code, or else by the words that servers use ("[THROTTLED]" anywhere, "Suggested Backoff Time: N milliseconds": N is
 * the server's own figure, else 0).
 */
bool response_passes(const char *, uint64_t *);
/* response_refusal(r, backoff_out): how to take a NO or BAD. */
enum imap_refusal response_refusal(const struct response *, uint64_t *);

#endif
