/*
 * out.h - what the files of foreign/ that write share.
 */
#ifndef FOREIGN_OUT_H
#define FOREIGN_OUT_H

#include "base/buf.h"
#include "foreign/foreign.h"

/*
 * The file that grows before it gets its name: no folder's path begins with a dot but those of a Maildir, where it is
 * in tmp/.
 */
#define OUT_PART	".mailkeep-part"

/*
 * One message on its way: bytes in memory up to OUT_SPOOL_MEM, so that most never meet the disk under another name;
 * then in a file, which has a name where the message may become that file.
 */
#define OUT_SPOOL_MEM	(1024 * 1024)
struct out_spool {
	struct buf	 mem;		/* own */
	int		 dir;		/* borrowed; where a file would be */
	bool		 named;		/* ... as OUT_PART */
	int		 fd;		/* own; -1 while all is in memory */
	uint64_t	 n;
};

/* A folder, and where it goes. */
struct out_folder {
	char		*name;		/* own */
	char		*path;		/* own; below the target, made safe */
	struct buf	 keywords;	/* own; MAILDIR: one a line, the first is 'a' */
};

/* A path that a folder has. */
struct out_taken {
	char		*folded;	/* own; the path in small letters */
	size_t		 folder;
};

struct foreign_out {
	const struct out_type *type;
	char		*shown;		/* own; what is written to, for errors */
	int		 dir;		/* own; the target, or where the archive will be; -1: a stream */
	bool		 made;		/* the target was made by us */
	int		 scratch;	/* own; see foreign_scratch() */
	struct out_spool spool;
	struct out_folder *folders;	/* own */
	size_t		 n, cap;
	struct out_taken *taken;	/* own; sorted by path */
	size_t		 taken_cap;	/* there are as many as folders */
	struct foreign_lack lack;
	/* what the last message went to */
	size_t		 last;		/* its folder, SIZE_MAX for none */
	int		 last_dir;	/* own; MAILDIR, EML: its directory */
	int		 box;		/* own; MBOX: the file that grows, or -1, */
#define OUT_TEXT_MAX	(256 * 1024)
	struct buf	 text;		/* own; ... and what is not written to it yet */
	struct out_archive *archive;	/* own */
};

struct out_type {
	/* path(name, delimiter, out): append the safe path of a folder. */
	void	(*path)(const char *, char, struct buf *);
	bool	named;		/* a message becomes a file of its own */
	/* All but path and add may be NULL.  begin opens the scratch directory where it is not the target. */
	int	(*begin)(struct foreign_out *, struct err *);
	int	(*folder)(struct foreign_out *, struct out_folder *, struct err *);
	int	(*add)(struct foreign_out *, struct out_folder *, const struct foreign_mail *, struct err *);
	int	(*end)(struct foreign_out *, struct err *);
	void	(*drop)(struct foreign_out *);		/* after an error */
};

extern const struct out_type out_maildir, out_mbox, out_eml, out_archive;

/* out_spool.c */
void out_spool_init(struct out_spool *, int dir, bool named);
void out_spool_clear(struct out_spool *);
void out_spool_release(struct out_spool *);
int out_spool_write(void *, const void *, size_t, struct err *);
struct source out_spool_source(struct out_spool *);
/*
 * out_spool_publish(s, mtime, dir, name, e): the message becomes the file ${name} with this time.  1 done, 0 the name
 * is taken, -1.
 */
int out_spool_publish(struct out_spool *, int64_t mtime, int dir, const char *name, struct err *);
/* out_rename(from_dir, from, to_dir, to): rename(2) that replaces nothing; 0 or -1 with errno. */
int out_rename(int, const char *, int, const char *);

/* out_name.c */
/* out_name_tree(): a path as man mailkeep-vault(5) has it.  out_name_boxes(): no directory ends in ".mbox". */
void out_name_tree(const char *, char, struct buf *);
void out_name_boxes(const char *, char, struct buf *);
/* out_name_maildir(): ".Sub.Folder" in modified UTF-7; "" for INBOX. */
void out_name_maildir(const char *, char, struct buf *);
/*
 * out_name_take(o, name, path): take ${path} for the next folder, with a suffix where another one has it.  Return true,
 * or false where folder ${*number_out} has this name.
 */
bool out_name_take(struct foreign_out *, const char *, struct buf *, size_t *number_out);
/* out_name_member(m, again, out): append "1700000000.12.9f86d081.eml"; the ${again}th attempt, from 0, to be alone. */
void out_name_member(const struct foreign_mail *, unsigned int, struct buf *);

/* out.c */
/*
 * out_make_dirs(o, path, e): directories along a path, none of them a link; a descriptor of the last one, or -1.
 */
int out_make_dirs(struct foreign_out *, const char *, struct err *);

/* out_archive.c */
int out_archive_begin(struct foreign_out *, bool zip, const char *name, const struct sink *, struct err *);

#endif
