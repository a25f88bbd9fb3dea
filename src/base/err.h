/*
 * err.h - what went wrong, as a kind that callers act on and a sentence that people read.
 *
 * A function that can fail returns -1 and has filled the struct err given as its last argument; on success the struct
 * is untouched.  The text is finished where the error is found and gains context on the way out, so that it reads
 * "vault /b: manifest 7: checksum mismatch".  It may hold bytes that a server sent: they are escaped where it is
 * printed, in cmd/ui.c, and nowhere else.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>

/* The kinds.  Retry and exit status follow from the kind alone. */
enum err_kind {
	EK_NONE = 0,
	EK_FAIL,	/* none of the others */
	EK_USAGE,	/* the command line */
	EK_CONFIG,	/* the config file or a setting in it */
	EK_PARTIAL,	/* finished, but something is missing and was named */
	EK_AUTH,	/* the server refused the sign-in */
	EK_TLS,		/* trust or encryption requirement not met */
	EK_CORRUPT,	/* the vault is damaged */
	EK_LOCKED,	/* another writer holds the vault */
	EK_SPACE,	/* disk or server quota is full */
	EK_REFUSED,	/* unsafe, so not done */
	EK_NOVAULT,	/* no vault there, or one of a newer version */
	EK_STALE,	/* a backup is older than asked */
	EK_TEMP,	/* network, throttling: try again later */
	EK_CANCELLED,	/* a signal asked us to stop; sys is its number */
	EK_PROTO,	/* the server broke the protocol: the session is over */
	EK_NO,		/* the server refused one command: others may go on */
};

#define ERR_TEXT_MAX	1024
#define ERR_NEXT_MAX	512

struct err {
	enum err_kind	kind;
	int		sys;			/* errno, a signal's number, or 0 */
	char		text[ERR_TEXT_MAX];	/* what failed and why */
	char		next[ERR_NEXT_MAX];	/* what to do now, or "" */
};

/*
 * err_status(kind, sys): the exit status that tells of an error (man mailkeep(1), EXIT STATUS); ${sys} is the signal of
 * EK_CANCELLED.
 */
int err_status(enum err_kind, int sys);

/*
 * err_set(e, kind, fmt, ...): fill ${e} with ${kind} and a sentence (no capital, no full stop; cut to fit).  Return -1.
 */
int err_set(struct err *, enum err_kind, const char *, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * err_sys(e, fmt, ...): the same from errno: "<sentence>: <strerror>".  ENOSPC, EDQUOT and EFBIG are EK_SPACE, all
 * else is EK_FAIL.  Return -1.
 */
int err_sys(struct err *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * err_add(e, fmt, ...): put "<context>: " before the text of a filled ${e}.  Return -1.
 */
int err_add(struct err *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * err_next(e, fmt, ...): say what the reader can do about it.  The first caller wins: the closest place knows best.
 * Return -1.
 */
int err_next(struct err *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

#endif
