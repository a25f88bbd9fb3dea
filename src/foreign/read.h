/*
 * read.h - what the files of foreign/ share that read.
 */
#ifndef FOREIGN_READ_H
#define FOREIGN_READ_H

#include <sys/stat.h>

#include "base/buf.h"
#include "foreign/foreign.h"

/*
 * Bytes that come as they are asked for.  fill(arg, p, n, e): the next ones, valid until the next call.  1, 0 the end,
 * -1: EK_CANCELLED, or the source can't be read.
 */
struct read_bytes {
	int	(*fill)(void *, const char **, size_t *, struct err *);
	void	*arg;
};

/* ---- read_names.c: what is in a directory, in order ---- */

/*
 * In the order of strverscmp(3), so that 9 comes before 10.  A directory may hold any number of names: those that don't
 * fit into ${max} bytes are looked for when the others are through.
 */
struct read_names;
struct read_names *read_names_new(int dir, size_t max);		/* borrows ${dir} */
void read_names_free(struct read_names **);
/* read_names_next(n, name_out, e): 1, 0, -1; the name lives until the next call. */
int read_names_next(struct read_names *, const char **, struct err *);

/* ---- read_file.c: a file as bytes, decompressed, or as members of an archive ---- */

struct read_file;

struct read_member {
	const char	*path;		/* as the archive has it, or "" where that can't be told */
	enum { READ_MEMBER_FILE, READ_MEMBER_LINK, READ_MEMBER_OTHER } type;
	int64_t		 date;
	bool		 has_date;
};

/*
 * read_file_open(fd, packed, out, e): takes ${fd} over, also where it fails.  With ${packed} it may be compressed, an
 * archive, or both: read_file_is_archive() tells.
 */
int read_file_open(int, bool packed, struct read_file **, struct err *);
void read_file_close(struct read_file **);
bool read_file_is_archive(const struct read_file *);
/* read_file_member(f, out, e): the next member of an archive; what is left of the one before is passed over. */
int read_file_member(struct read_file *, struct read_member *, struct err *);
/* read_file_bytes(f): those of the file, or of the member at hand. */
struct read_bytes read_file_bytes(struct read_file *);
/* read_file_peek(f, p, n, e): some of the next bytes, which stay the next ones; ${*n} 0 at the end. */
int read_file_peek(struct read_file *, const char **, size_t *, struct err *);
/* read_file_done(f): bytes of the file itself that were read. */
uint64_t read_file_done(const struct read_file *);

/* ---- read_date.c ---- */

/*
 * read_date(p, n, strict, out): the instant that a date in a header or a From_ line names, in any of the ways that are
 * met: a weekday, the zone and the order are free, a year may have two digits, a missing zone is UTC.  With ${strict}
 * there must be nothing else.  0, or -1.
 */
int read_date(const char *, size_t, bool strict, int64_t *);

/* ---- read_head.c: the fields of a header that tell of flags and dates ---- */

enum read_field {
	READ_RECEIVED,
	READ_DATE,
	READ_STATUS,
	READ_X_STATUS,
	READ_X_KEYWORDS,
	READ_X_MOZILLA_STATUS,
	READ_X_MOZILLA_KEYS,
	READ_FIELDS
};
#define READ_LINE	4096	/* bytes of a field that are looked at */
#define READ_SCAN	(64 * 1024)	/* ... of a header */

struct read_head {
	char		*value[READ_FIELDS];	/* own; the first of each, unfolded; NULL where absent */
	uint64_t	 seen;
	bool		 done, line_begins;
	size_t		 n;
	char		 line[READ_LINE + 1];
};

void read_head_begin(struct read_head *);	/* one that is all zeros, or was used before */
void read_head_feed(struct read_head *, const void *, size_t);
void read_head_end(struct read_head *);
void read_head_release(struct read_head *);
/* read_head_date(h, out): of the topmost Received, else of Date: true where there is one. */
bool read_head_date(const struct read_head *, int64_t *);
/* read_head_flags(h, out): append the flags that an mbox keeps in the header; false where it says nothing of them. */
bool read_head_flags(const struct read_head *, struct buf *);

/* ---- read_maildir.c ---- */

/* The keywords of Dovecot's letters a to z. */
struct read_keywords {
	char	*word[26];	/* own, or NULL */
};

void read_keywords_parse(struct read_keywords *, const char *, size_t);
void read_keywords_release(struct read_keywords *);
/* read_keyword_ok(p, n): a keyword as IMAP can have it. */
bool read_keyword_ok(const char *, size_t);
/* read_maildir_flags(name, keywords, out): append what a file's name tells; false: letters that nobody explains. */
bool read_maildir_flags(const char *, const struct read_keywords *, struct buf *);

/* ---- read_path.c: from paths to folder names ---- */

enum read_kind {
	READ_KIND_MAILDIR,	/* the path is that of the Maildir */
	READ_KIND_MBOX,		/* ... of the file */
	READ_KIND_EML,		/* ... of the directory */
	READ_KIND_OURS,		/* the same, as mailkeep names them: man mailkeep-vault(5) */
};
/*
 * read_path_folder(kind, path, root, out): append the name; ${root} where the path has no part.  -1: it would be longer
 * than FOREIGN_FOLDER_MAX.
 */
int read_path_folder(enum read_kind, const char *, const char *root, struct buf *);
/* read_path_is_ours(name): whether a file is called as mailkeep calls messages. */
bool read_path_is_ours(const char *);
/* read_path_ends(name, suffix): in any case of letters. */
bool read_path_ends(const char *, const char *suffix);
/* read_path_is_furniture(name): a file that mail programs keep beside mail. */
bool read_path_is_furniture(const char *);

/* ---- read_spool.c: a message, whole, before it is known how its lines end ---- */

struct read_spool {
	int		 scratch;	/* borrowed */
	struct buf	 mem;		/* own */
	int		 fd;		/* own; -1 while all is in memory */
	uint64_t	 n;
	bool		 cr;		/* the last byte was CR */
	bool		 lf, crlf;	/* there is a bare LF, a CRLF */
};

void read_spool_init(struct read_spool *, int scratch);
void read_spool_release(struct read_spool *);
void read_spool_begin(struct read_spool *);
int read_spool_write(struct read_spool *, const void *, size_t, struct err *);
/* read_spool_pour(s, raw, to, e): each LF as CRLF where all are bare ones, unless ${raw}. */
int read_spool_pour(struct read_spool *, bool raw, const struct sink *, struct err *);

/* ---- read_mbox.c: an mbox, message by message ---- */

struct read_mbox;

struct read_mbox *read_mbox_new(struct read_bytes, enum foreign_quoting);
void read_mbox_free(struct read_mbox **);
/*
 * read_mbox_next(m, e): go to the next message, over what is left of the one before.  1, 0 the end, -1: it can't be
 * read, or EK_CORRUPT: it is no mbox.
 */
int read_mbox_next(struct read_mbox *, struct err *);
/* read_mbox_date(m, out): of the message's From_ line. */
bool read_mbox_date(const struct read_mbox *, int64_t *);
/* read_mbox_body(m, to, e): its bytes, without the From_ line and the empty line at the end, unquoted. */
int read_mbox_body(struct read_mbox *, const struct sink *, struct err *);

/* ---- read_walk.c: the files below a directory ---- */

struct read_entry {
	int		 fd;		/* the caller's */
	const char	*path;		/* below the source */
	const char	*name;		/* its last part */
	const char	*dir;		/* its directory's path; "" for the source; a Maildir's own, not that of cur */
	bool		 maildir;	/* a message in cur or new */
	const struct read_keywords *keywords;	/* then */
	struct stat	 st;
};

struct read_walk;

/* read_walk_new(fd, opts): takes ${fd} over.  Maildirs alone are walked, or all but them, or both, as opts says. */
struct read_walk *read_walk_new(int, const struct foreign_in_opts *);
void read_walk_free(struct read_walk **);
/* read_walk_is_vault(fd): whether a directory is one; what is in it is not walked. */
bool read_walk_is_vault(int);
/* read_walk_next(w, out, e): the next file; 1, 0, -1.  What can't be opened is told. */
int read_walk_next(struct read_walk *, struct read_entry *, struct err *);

/* ---- read_take.c: what a file is ---- */

struct foreign_in {
	struct foreign_in_opts opts;
	char		*root;		/* own; the folder of messages that no directory is named for */
	char		*whole;		/* own; absolute path of the source */
	struct read_walk *walk;		/* own; NULL where the source is one file */
	uint64_t	 total;		/* size of that file; 0 for a directory */
	uint64_t	 done;		/* of files that are through */
	/* what is being read */
	char		*path;		/* own; of the file */
	char		*dir;		/* own; and of its directory */
	struct read_file *file;		/* own; NULL: the next one */
	struct read_mbox *mbox;		/* own; the file is one, or a member of it */
	uint64_t	 number;	/* of the message in it */
	struct read_keywords keywords;	/* own; those of a Maildir in an archive, */
	char		*keywords_dir;	/* own; which is this one */
	/* the message at hand */
	bool		 fresh;		/* it was not handed out yet */
	bool		 in_mbox, in_maildir;
	bool		 dated, sure;	/* the file has a date, and it is the message's */
	int64_t		 date;
	struct foreign_found *found;	/* borrowed from the caller */
	struct read_head head;
	struct read_spool spool;
	bool		 spool_failed;
	struct buf	 folder, where, words, flags;	/* own */
	size_t		 where_n;	/* of ${where}, before the number of a message */
};

/* read_take_tell(in, lost, where, why): what stands in the source can't be had, or is no mail. */
void read_take_tell(const struct foreign_in *, bool, const char *, const char *);
/* read_take_path(in, path, dir, st): this file comes next.  read_take_where(in, member): so it is called to people. */
void read_take_path(struct foreign_in *, const char *, const char *, const struct stat *);
void read_take_where(struct foreign_in *, const char *);
/* read_take_name(whole, above): the last part of an absolute path, or the one before it; to be freed. */
char *read_take_name(const char *, bool);
/*
 * What comes of these is in->fresh, a message; or in->file and perhaps in->mbox, in which to look for some; or nothing.
 * read_take_open(in, fd, name, e): a file, which is looked at.  EK_USAGE: the source is it, and it is no mail.
 * read_take_file(in, dir, name, maildir, keywords): a file, or a member, that is a message.
 * read_take_member(in, m, e): a member of an archive; -1: that can't be read on.
 * read_take_mbox(in): the next message of an mbox.
 */
int read_take_open(struct foreign_in *, int, const char *, struct err *);
void read_take_file(struct foreign_in *, const char *, const char *, bool, const struct read_keywords *);
int read_take_member(struct foreign_in *, const struct read_member *, struct err *);
void read_take_mbox(struct foreign_in *);
void read_take_close(struct foreign_in *);

#endif
