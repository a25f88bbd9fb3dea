/*
 * foreign.h - mail in other people's formats: Maildir, mbox, trees of .eml files, tar, zip.
 */
#ifndef FOREIGN_FOREIGN_H
#define FOREIGN_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/flow.h"

/* ---- writing ---- */

enum foreign_kind {
	FOREIGN_MAILDIR,	/* a Maildir++ tree */
	FOREIGN_MBOX,		/* a file for each folder, mboxrd */
	FOREIGN_EML,		/* a file for each message, in directories */
	FOREIGN_TAR,		/* the same in one archive */
	FOREIGN_ZIP,
};

/*
 * Mail on its way out.  Nothing that was there before is ever replaced, followed or added to, whatever folders are
 * called, and what has its name at the end is whole: files grow under another name.
 *
 * foreign_create(kind, to, out, e): begin in the directory ${to}, which is made where there is none and must be
 * empty, or in the file ${to} (TAR, ZIP), which must not be there.  EK_REFUSED where it is otherwise.
 * foreign_stream(kind, to, out, e): TAR or ZIP into a sink.
 */
struct foreign_out;

int foreign_create(enum foreign_kind, const char *to, struct foreign_out **, struct err *);
int foreign_stream(enum foreign_kind, const struct sink *to, struct foreign_out **, struct err *);
/*
 * foreign_scratch(o): a directory for scratch on the file system that is written to; borrowed.
 */
int foreign_scratch(const struct foreign_out *);
/*
 * foreign_folder(o, name, delimiter, number_out, e): messages of this folder (mail/name.h) will come; their folder is
 * the number that comes back, which counts from 0.  MAILDIR makes it now, the others with its first message.
 */
int foreign_folder(struct foreign_out *, const char *name, char delimiter, size_t *, struct err *);

struct foreign_mail {
	size_t		 folder;
	uint64_t	 uidvalidity;
	uint32_t	 uid;
	uint64_t	 commit, line;	/* its id: no two messages have the same */
	struct digest	 sha256;
	int64_t		 date;		/* INTERNALDATE; 0 where it isn't known */
	const char	*flags;		/* canonical */
};

/*
 * A message: foreign_begin(o) forgets the bytes of one that was not added, the next ones go to foreign_sink(o), and
 * foreign_add(o, mail, e) keeps it.  MBOX wants the messages of a folder one after the other.  After an error of
 * foreign_sink() or foreign_add() only foreign_discard() may follow.
 */
void foreign_begin(struct foreign_out *);
struct sink foreign_sink(struct foreign_out *);
int foreign_add(struct foreign_out *, const struct foreign_mail *, struct err *);

/* What a format could not take. */
struct foreign_lack {
	uint64_t	flags;		/* MAILDIR: flags, counted on each message, that have no letter there */
	uint64_t	renamed;	/* folders that got another name since theirs was taken */
};
/* foreign_end(op, lack_out, e): finish, and make all of it durable; frees ${*op} on success. */
int foreign_end(struct foreign_out **, struct foreign_lack *, struct err *);
/*
 * foreign_discard(op): stop here.  Directories keep what is whole in them, and are removed where nothing is; an
 * archive, or the mailbox file that was being written, is removed.  No-op for NULL.
 */
void foreign_discard(struct foreign_out **);

/* ---- reading ---- */

/* How a source is read; AUTO looks at each file and directory. */
enum foreign_format {
	FOREIGN_FROM_AUTO,
	FOREIGN_FROM_MAILDIR,
	FOREIGN_FROM_MBOX,
	FOREIGN_FROM_EML,
	FOREIGN_FROM_TAR,	/* or zip */
};
/* How lines that begin with "From " were quoted in an mbox. */
enum foreign_quoting {
	FOREIGN_MBOXRD,		/* each gets one '>' more */
	FOREIGN_MBOXO,		/* only those without a '>' do */
	FOREIGN_UNQUOTED,	/* lines are as they were */
};
/* Which date counts where there are two. */
enum foreign_date {
	FOREIGN_DATE_AUTO,
	FOREIGN_DATE_FILE,	/* that of the file, or of the From_ line of an mbox */
	FOREIGN_DATE_HEADER,	/* of the topmost Received field, else of Date */
};

/*
 * What is told on the way: ${where} in the source something can't be had, and why (${lost}), or is passed over as it
 * is no mail.  Where nothing is passed over, ${where} is NULL.  Both may hold any bytes.
 */
typedef void foreign_told_fn(void *, bool lost, const char *where, const char *why);

struct foreign_in_opts {
	enum foreign_format	format;
	enum foreign_quoting	quoting;
	enum foreign_date	date;
	bool			raw;	/* leave line ends as they are */
	int			scratch; /* a directory for large messages, borrowed; -1: no bodies are asked for */
	foreign_told_fn		*told;
	void			*arg;
};

/* A message that was found.  Strings live until the next call. */
struct foreign_found {
	const char	*folder;	/* UTF-8, with '/' between the parts; 1 to FOREIGN_FOLDER_MAX bytes */
	const char	*where;		/* in the source, for people */
	/* known when foreign_body() has come back */
	const char	*flags;		/* canonical */
	int64_t		 date;
	bool		 has_date;
};
#define FOREIGN_FOLDER_MAX	4096

struct foreign_in;

/*
 * foreign_open(path, opts, out, e): a file or directory of mail; links below it are not followed.  EK_USAGE where it
 * isn't what the format says, or can't be told.
 * foreign_next(in, found_out, e): the next message.  1, 0 there are no more, -1: a signal came, or memory and files
 * ran out; what is wrong with the source is told, not returned.
 * foreign_body(in, to, e): its bytes: those that a server would send, so LF becomes CRLF where every line of it ends
 * with a bare LF.  0, 1 it can't be had, and ${e} says why, or -1: ${to} failed, or the scratch, or a signal came.
 * foreign_done(in, total_out): bytes of the source that were read so far; ${*total_out} is 0 where it isn't known.
 */
int foreign_open(const char *path, const struct foreign_in_opts *, struct foreign_in **, struct err *);
int foreign_next(struct foreign_in *, struct foreign_found *, struct err *);
int foreign_body(struct foreign_in *, const struct sink *, struct err *);
uint64_t foreign_done(const struct foreign_in *, uint64_t *);
void foreign_close(struct foreign_in **);

#endif
