/*
 * read_take.c - what a file is, or a member of an archive: a message, an mbox, an archive, or no mail.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "foreign/read.h"

#define SNIFF		512	/* bytes that tell what a file is */
#define KEYWORDS_MAX	(64 * 1024)

void
read_take_tell(const struct foreign_in *in, bool lost, const char *where,
    const char *why)
{
	in->opts.told(in->opts.arg, lost, where, why);
}

/* ---- what a file is ---- */

enum looks {
	LOOKS_OTHER,
	LOOKS_EMPTY,
	LOOKS_EML,
	LOOKS_MBOX,
	LOOKS_PACKED,
};

static bool
begins_mbox(const char *p, size_t n)
{
	while (n > 0 && (*p == '\n' || *p == '\r'))
		p++, n--;
	return n >= 5 && memcmp(p, "From ", 5) == 0;
}

static bool
begins_header(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && p[i] > ' ' && p[i] <= '~' && p[i] != ':'; i++)
		continue;
	return i > 1 && i < n && p[i] == ':';
}

/* The same as mail programs write it, with a blank: /etc/passwd and calendars have none. */
static bool
begins_mail(const char *p, size_t n)
{
	const char *colon = memchr(p, ':', n);

	return begins_header(p, n) && colon + 1 < p + n &&
	    strchr(" \t\r\n", colon[1]) != NULL && colon[1] != '\0';
}

/* MH calls messages by numbers. */
static bool
is_number(const char *name)
{
	return *name != '\0' && name[strspn(name, "0123456789")] == '\0';
}

static bool
begins_packed(const char *p, size_t n)
{
	static const struct { const char *magic; size_t n; } t[] = {
		{ "\x1f\x8b", 2 },			/* gzip */
		{ "BZh", 3 },				/* bzip2 */
		{ "\xfd" "7zXZ", 5 },			/* xz */
		{ "\x28\xb5\x2f\xfd", 4 },		/* zstd */
		{ "PK\x03\x04", 4 },			/* zip */
		{ "PK\x05\x06", 4 },			/* an empty one */
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (n >= t[i].n && memcmp(p, t[i].magic, t[i].n) == 0)
			return true;
	return n >= 262 && memcmp(p + 257, "ustar", 5) == 0;
}

static enum looks
look_at(const struct foreign_in *in, const char *name, const char *p,
    size_t n)
{
	enum foreign_format format = in->opts.format;

	if (format == FOREIGN_FROM_EML)
		return LOOKS_EML;
	if (format == FOREIGN_FROM_TAR)
		return LOOKS_PACKED;
	if (format == FOREIGN_FROM_AUTO && read_path_ends(name, ".eml"))
		return LOOKS_EML;
	if (n == 0)
		return LOOKS_EMPTY;
	if (begins_mbox(p, n))
		return LOOKS_MBOX;
	if (begins_packed(p, n))
		return LOOKS_PACKED;
	if (format != FOREIGN_FROM_AUTO)
		return LOOKS_OTHER;
	/* Who names a single file means it. */
	if (in->walk == NULL)
		return read_path_ends(name, ".tar") ? LOOKS_PACKED :
		    begins_mail(p, n) ? LOOKS_EML : LOOKS_OTHER;
	if (is_number(name) && begins_header(p, n))
		return LOOKS_EML;
	return LOOKS_OTHER;
}

/* ---- a message was found ---- */

void
read_take_where(struct foreign_in *in, const char *member)
{
	buf_clear(&in->where);
	buf_adds(&in->where, in->path);
	if (member != NULL)
		buf_addf(&in->where, ": %s", member);
	in->where_n = in->where.n;
}

/* What is found in ${path} belongs to this folder: 0, or -1: the message was told to be lost. */
static int
set_folder(struct foreign_in *in, enum read_kind kind, const char *path)
{
	buf_clear(&in->folder);
	if (read_path_folder(kind, path, kind == READ_KIND_MAILDIR ? "INBOX" :
	    in->root, &in->folder) == 0)
		return 0;
	read_take_tell(in, true, buf_text(&in->where), "its path is too long for the "
	    "name of a folder");
	return -1;
}

/* A message that is a file. */
void
read_take_file(struct foreign_in *in, const char *dir, const char *name,
    bool maildir, const struct read_keywords *keywords)
{
	bool ours = !maildir && read_path_is_ours(name);
	char *text;

	in->in_maildir = maildir;
	in->in_mbox = false;
	in->sure = maildir || ours;
	if (set_folder(in, maildir ? READ_KIND_MAILDIR : ours ?
	    READ_KIND_OURS : READ_KIND_EML, dir) == -1)
		return;
	buf_clear(&in->words);
	if (maildir && !read_maildir_flags(name, keywords, &in->words)) {
		text = xasprintf("%s: its keywords, letters from a to z, stand "
		    "for nothing known", buf_text(&in->where));
		read_take_tell(in, false, NULL, text);
		free(text);
	}
	in->fresh = true;
}

void
read_take_mbox(struct foreign_in *in)
{
	in->number++;
	in->in_mbox = true;
	in->in_maildir = false;
	in->sure = true;
	in->dated = read_mbox_date(in->mbox, &in->date);
	buf_clear(&in->words);
	in->fresh = true;
}

/* ---- archives ---- */

static void
split(const char *path, char **dir, const char **name)
{
	const char *slash = strrchr(path, '/');

	*name = slash == NULL ? path : slash + 1;
	*dir = slash == NULL ? xstrdup("") :
	    xmemdup0(path, (size_t)(slash - path));
}

/* "A/cur" is the messages of the Maildir "A": its last part goes. */
static bool
is_part_of_maildir(char *dir)
{
	char *slash = strrchr(dir, '/'), *last;

	last = slash == NULL ? dir : slash + 1;
	if (strcmp(last, "cur") != 0 && strcmp(last, "new") != 0)
		return false;
	*(slash == NULL ? dir : slash) = '\0';
	return true;
}

static int
member_keywords(struct foreign_in *in, const char *dir, struct err *e)
{
	struct read_bytes from = read_file_bytes(in->file);
	struct buf b = BUF_INIT(KEYWORDS_MAX);
	const char *p;
	size_t n;
	int r;

	while ((r = from.fill(from.arg, &p, &n, e)) == 1)
		buf_add_some(&b, p, n);
	if (r == 0) {
		read_keywords_release(&in->keywords);
		read_keywords_parse(&in->keywords, buf_text(&b), b.n);
		free(in->keywords_dir);
		in->keywords_dir = xstrdup(dir);
	}
	buf_release(&b);
	return r;
}

/* A member that is not a message by its name: one of MH, or an mbox? */
static int
member_other(struct foreign_in *in, const char *path, const char *dir,
    const char *name, struct err *e)
{
	const char *p;
	size_t n;

	if (read_path_is_furniture(name))
		return 0;
	if (read_file_peek(in->file, &p, &n, e) == -1)
		return -1;
	if (is_number(name) && begins_header(p, n)) {
		read_take_file(in, dir, name, false, NULL);
		return 0;
	}
	if (!begins_mbox(p, n)) {
		read_take_tell(in, false, buf_text(&in->where), "it is no mail");
		return 0;
	}
	if (set_folder(in, READ_KIND_MBOX, path) == -1)
		return 0;
	in->mbox = read_mbox_new(read_file_bytes(in->file), in->opts.quoting);
	in->number = 0;
	return 0;
}

/* A message, or not; -1: the archive can't be read. */
int
read_take_member(struct foreign_in *in, const struct read_member *m, struct err *e)
{
	const char *name;
	char *dir;
	bool maildir;
	int rc = 0;

	read_take_where(in, m->path);
	split(m->path, &dir, &name);
	maildir = is_part_of_maildir(dir);
	in->dated = m->has_date && m->date > 0;
	in->date = m->date;
	if (m->type == READ_MEMBER_OTHER || *name == '\0')
		goto out;
	if (m->type == READ_MEMBER_LINK) {
		if (maildir || read_path_ends(name, ".eml"))
			read_take_tell(in, true, buf_text(&in->where), "it is a link; "
			    "unpack the archive and import the directory");
		goto out;
	}
	if (strcmp(name, "dovecot-keywords") == 0)
		rc = member_keywords(in, dir, e);
	else if (maildir && name[0] != '.')
		read_take_file(in, dir, name, true,
		    in->keywords_dir != NULL &&
		    strcmp(in->keywords_dir, dir) == 0 ? &in->keywords : NULL);
	else if (read_path_ends(name, ".eml"))
		read_take_file(in, dir, name, false, NULL);
	else if (!maildir)
		rc = member_other(in, m->path, dir, name, e);
out:
	free(dir);
	return rc;
}

/* ---- files ---- */

/* The name that a path ends with, also where somebody wrote "."; or that of the directory above. */
char *
read_take_name(const char *whole, bool above)
{
	const char *end = whole + strlen(whole), *p;

	if (above) {
		while (end > whole && end[-1] != '/')
			end--;
		if (end > whole)
			end--;
	}
	for (p = end; p > whole && p[-1] != '/'; p--)
		continue;
	return p == end ? xstrdup("mail") : xmemdup0(p, (size_t)(end - p));
}

/* Messages of old.tar.gz that lie in none of its directories belong to "old". */
static void
cut_root(struct foreign_in *in)
{
	static const char *const suffixes[] = { ".gz", ".zst", ".xz", ".bz2",
	    ".tar", ".tgz", ".tzst", ".txz", ".tbz2", ".zip" };
	size_t i;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (read_path_ends(in->root, suffixes[i]))
			in->root[strlen(in->root) - strlen(suffixes[i])] = '\0';
}

/* A single message belongs to the folder that its directory would be. */
static void
take_single(struct foreign_in *in, const char *name)
{
	if (in->walk == NULL) {
		free(in->root);
		in->root = read_take_name(in->whole, true);
	}
	read_take_file(in, in->dir, name, false, NULL);
}

void
read_take_close(struct foreign_in *in)
{
	read_mbox_free(&in->mbox);
	if (in->file != NULL)
		in->done += read_file_done(in->file);
	read_file_close(&in->file);
	in->fresh = false;
}

static int
open_mbox(struct foreign_in *in)
{
	read_take_where(in, NULL);
	if (set_folder(in, READ_KIND_MBOX, in->path) == -1) {
		read_take_close(in);
		return 0;
	}
	in->mbox = read_mbox_new(read_file_bytes(in->file), in->opts.quoting);
	in->number = 0;
	return 0;
}

static int
not_mail(struct foreign_in *in, bool single, struct err *e)
{
	read_take_close(in);
	if (!single) {
		read_take_tell(in, false, in->path, "it is no mail");
		return 0;
	}
	err_set(e, EK_USAGE, "it is no mail, as far as can be seen");
	return err_next(e, "say what it is with --format");
}

/* Compressed, an archive, or both. */
static int
open_packed(struct foreign_in *in, bool single, struct err *e)
{
	const char *p;
	char *name;
	size_t n, at;
	int rc = 0;

	if (read_file_is_archive(in->file)) {
		if (single)
			cut_root(in);
		return 0;
	}
	if (read_file_peek(in->file, &p, &n, e) == -1)
		return -1;
	if (in->opts.format != FOREIGN_FROM_TAR && begins_mbox(p, n))
		return open_mbox(in);
	/* message.eml.gz */
	name = xstrdup(in->path);
	at = strlen(name);
	while (at > 0 && name[at] != '.' && name[at] != '/')
		at--;
	name[at] = '\0';
	if (read_path_ends(name, ".eml"))
		take_single(in, name);
	else
		rc = not_mail(in, single, e);
	free(name);
	return rc;
}

/* A file, of which ${head} are the first bytes. */
static int
open_as(struct foreign_in *in, int fd, const char *name, const char *head,
    size_t n, struct err *e)
{
	enum looks looks = look_at(in, name, head, n);
	bool single = in->walk == NULL;

	read_take_where(in, NULL);
	if (read_file_open(fd, looks == LOOKS_PACKED, &in->file, e) == -1)
		return -1;
	switch (looks) {
	case LOOKS_EMPTY:
		read_take_close(in);
		return 0;
	case LOOKS_EML:
		take_single(in, name);
		return 0;
	case LOOKS_MBOX:
		return open_mbox(in);
	case LOOKS_PACKED:
		return open_packed(in, single, e);
	case LOOKS_OTHER:
		break;
	}
	return not_mail(in, single, e);
}

static ssize_t
sniff(int fd, char *p, struct err *e)
{
	ssize_t n;

	while ((n = pread(fd, p, SNIFF, 0)) == -1)
		if (errno != EINTR)
			return err_sys(e, "can't read it");
	return n;
}

void
read_take_path(struct foreign_in *in, const char *path, const char *dir,
    const struct stat *st)
{
	free(in->path);
	free(in->dir);
	in->path = xstrdup(path);
	in->dir = xstrdup(dir);
	in->dated = st->st_mtime > 0;
	in->date = (int64_t)st->st_mtime;
}

int
read_take_open(struct foreign_in *in, int fd, const char *name, struct err *e)
{
	char head[SNIFF];
	ssize_t n;

	if ((n = sniff(fd, head, e)) == -1) {
		close(fd);
		return -1;
	}
	return open_as(in, fd, name, head, (size_t)n, e);
}
