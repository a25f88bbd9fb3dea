/*
 * out_maildir.c - a Maildir++ tree, as Dovecot and Courier have it: INBOX is the top, each other folder a directory
 * ".Sub.Folder" in it.  Bytes stay as they are, CR LF included.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "foreign/out.h"
#include "mail/flags.h"

#define LETTERS		26	/* keywords that Dovecot can have in a folder */
#define KEYWORDS_BYTES	(LETTERS * (FLAGS_MAX_TEXT + 1))

static const char *const parts[] = { "cur", "new", "tmp" };
#define PARTS		(sizeof(parts) / sizeof(parts[0]))

static int
make_parts(int dir, struct err *e)
{
	size_t i;

	for (i = 0; i < PARTS; i++)
		if (io_make_dir(dir, parts[i], e) == -1)
			return -1;
	return 0;
}

/* The top is a Maildir even if INBOX is not among the folders: that makes it one for those who look. */
static int
maildir_begin(struct foreign_out *o, struct err *e)
{
	if (make_parts(o->dir, e) == -1 ||
	    (o->scratch = io_open_dir(o->dir, "tmp", e)) == -1)
		return -1;
	return 0;
}

static int
make_file(int dir, const char *name, const char *text, size_t n, struct err *e)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	int rc;

	if (fd == -1)
		return err_sys(e, "can't make the file %s", name);
	rc = io_write_all(fd, text, n, e);
	if (close(fd) == -1 && rc == 0)
		rc = err_sys(e, "can't write the file %s", name);
	return rc;
}

/* A file system may take names for equal that we don't: then it is there already. */
static int
make_own_dir(struct foreign_out *o, struct out_folder *f, struct err *e)
{
	char *path = xstrdup(f->path);
	unsigned int i;
	int r;

	for (i = 2; (r = io_make_dir(o->dir, f->path, e)) == 0; i++) {
		free(f->path);
		f->path = xasprintf("%s%%~%u", path, i);
	}
	free(path);
	if (i > 2)
		o->lack.renamed++;
	return r == -1 ? -1 : 0;
}

static int
maildir_folder(struct foreign_out *o, struct out_folder *f, struct err *e)
{
	int dir, rc;

	buf_init(&f->keywords, KEYWORDS_BYTES);
	if (f->path[0] == '\0')
		return 0;
	if (make_own_dir(o, f, e) == -1 ||
	    (dir = io_open_dir(o->dir, f->path, e)) == -1)
		return -1;
	rc = make_parts(dir, e) == -1 ? -1 :
	    make_file(dir, "maildirfolder", "", 0, e);
	close(dir);
	return rc;
}

/* ---- flags ---- */

/* The letter of a keyword in its folder, or 0: there are too many. */
static char
letter_of(struct out_folder *f, const char *word, size_t n)
{
	const char *p = buf_text(&f->keywords), *end;
	int i;

	for (i = 0; *p != '\0'; i++, p = end + 1) {
		end = strchr(p, '\n');
		if ((size_t)(end - p) == n && memcmp(p, word, n) == 0)
			return (char)('a' + i);
	}
	if (i == LETTERS)
		return 0;
	buf_add(&f->keywords, word, n);
	buf_addc(&f->keywords, '\n');
	return (char)('a' + i);
}

static bool
is_word(const char *word, size_t n, const char *other)
{
	return strlen(other) == n && memcmp(word, other, n) == 0;
}

/*
 * The letters of a message's flags, in the order of ASCII as readers want them.  P, passed on, is for those who know
 * it; Dovecot doesn't, so that $Forwarded is a keyword as well.
 */
static void
add_letters(struct foreign_out *o, struct out_folder *f, const char *flags,
    struct buf *name)
{
	static const struct { char letter; const char *flag; } known[] = {
		{ 'D', "\\Draft" }, { 'F', "\\Flagged" },
		{ 'P', "$Forwarded" }, { 'R', "\\Answered" },
		{ 'S', "\\Seen" }, { 'T', "\\Deleted" },
	};
	bool has[LETTERS] = { false };
	const char *word;
	size_t n, i;
	char c;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (flags_has(flags, known[i].flag))
			buf_addc(name, known[i].letter);
	while ((word = flags_next(&flags, &n)) != NULL) {
		for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (*word == '\\' && is_word(word, n, known[i].flag))
				break;
		if (i < sizeof(known) / sizeof(known[0]))
			continue;
		c = *word == '\\' ? 0 : letter_of(f, word, n);
		if (c == 0)
			o->lack.flags++;
		else
			has[c - 'a'] = true;
	}
	for (i = 0; i < LETTERS; i++)
		if (has[i])
			buf_addc(name, (char)('a' + i));
}

static int
write_keywords(struct foreign_out *o, const struct out_folder *f,
    struct err *e)
{
	struct buf text = BUF_INIT(KEYWORDS_BYTES + LETTERS * 4);
	const char *p, *end;
	int dir, rc, i = 0;

	for (p = buf_text(&f->keywords); *p != '\0'; p = end + 1) {
		end = strchr(p, '\n');
		buf_addf(&text, "%d %.*s\n", i++, (int)(end - p), p);
	}
	dir = io_open_dir(o->dir, f->path[0] == '\0' ? "." : f->path, e);
	rc = dir == -1 ? -1 : make_file(dir, "dovecot-keywords",
	    buf_text(&text), text.n, e);
	if (dir != -1)
		close(dir);
	buf_release(&text);
	return rc;
}

static int
maildir_end(struct foreign_out *o, struct err *e)
{
	size_t i;

	for (i = 0; i < o->n; i++)
		if (o->folders[i].keywords.n > 0 &&
		    write_keywords(o, &o->folders[i], e) == -1)
			return -1;
	return 0;
}

/* What is whole stays, with its keywords. */
static void
maildir_drop(struct foreign_out *o)
{
	struct err e;
	size_t i;

	(void)maildir_end(o, &e);
	/* Not begun, they are somebody else's. */
	if (o->n == 0 && o->scratch != -1)
		for (i = 0; i < PARTS; i++)
			unlinkat(o->dir, parts[i], AT_REMOVEDIR);
}

/* ---- messages ---- */

/* The directory cur of a folder. */
static int
enter(struct foreign_out *o, const struct out_folder *f, size_t number,
    struct err *e)
{
	int dir;

	if (o->last == number)
		return 0;
	if (o->last_dir != -1)
		close(o->last_dir);
	o->last_dir = -1;
	o->last = SIZE_MAX;
	dir = io_open_dir(o->dir, f->path[0] == '\0' ? "." : f->path, e);
	if (dir == -1)
		return -1;
	o->last_dir = io_open_dir(dir, "cur", e);
	close(dir);
	if (o->last_dir == -1)
		return -1;
	o->last = number;
	return 0;
}

static int
maildir_add(struct foreign_out *o, struct out_folder *f,
    const struct foreign_mail *m, struct err *e)
{
	struct buf name = BUF_INIT(512);
	int r;

	/* All of it goes to cur: that a message is new to its reader is what a missing S says. */
	buf_addf(&name, "%" PRId64 ".C%" PRIu64 "N%" PRIu64 ".mailkeep,S=%"
	    PRIu64 ":2,", m->date < 0 ? 0 : m->date, m->commit, m->line,
	    o->spool.n);
	add_letters(o, f, m->flags, &name);
	r = enter(o, f, m->folder, e) == -1 ? -1 :
	    out_spool_publish(&o->spool, m->date, o->last_dir, buf_text(&name),
	    e);
	if (r == 0)
		r = err_set(e, EK_REFUSED, "%s/cur: the name %s is taken",
		    f->path, buf_text(&name));
	buf_release(&name);
	return r == -1 ? -1 : 0;
}

const struct out_type out_maildir = {
	.path = out_name_maildir, .named = true, .begin = maildir_begin,
	.folder = maildir_folder, .add = maildir_add, .end = maildir_end,
	.drop = maildir_drop
};
