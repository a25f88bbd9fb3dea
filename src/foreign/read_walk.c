/*
 * read_walk.c - the files below a directory, Maildirs among them, in order; links are not followed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/io.h"
#include "base/mem.h"
#include "foreign/read.h"

#define DEPTH_MAX	64
#define NAMES_MAX	(4 * 1024 * 1024)	/* bytes of names held of the outermost directory, */
#define NAMES_LEAST	(64 * 1024)	/* half as many of each one below it, but so many */
#define KEYWORDS_MAX	(64 * 1024)

/* A directory that is being walked. */
struct level {
	int		 fd;		/* own */
	size_t		 path_n;	/* of its path in the walk's */
	struct read_names *names;	/* own */
	bool		 maildir;
	bool		 messages;	/* a cur or new */
	unsigned int	 step;		/* a Maildir: cur, new, and all else */
};

struct read_walk {
	struct foreign_in_opts opts;
	struct level	 level[DEPTH_MAX + 1];	/* and a cur */
	size_t		 n;
	struct buf	 path;		/* own; of the innermost level, then of the file */
	char		*dir;		/* own; path of the directory that a file is handed out of */
	struct read_keywords keywords;	/* own; of the Maildir at hand */
};

static void
tell(struct read_walk *w, bool lost, const char *why)
{
	w->opts.told(w->opts.arg, lost, buf_text(&w->path), why);
}

static bool
is_dir(int at, const char *name)
{
	struct stat st;

	return fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode);
}

static bool
is_maildir(int fd)
{
	return is_dir(fd, "cur") || is_dir(fd, "new");
}

bool
read_walk_is_vault(int fd)
{
	struct stat st;

	return fstatat(fd, "vault.json", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    is_dir(fd, "packs") && is_dir(fd, "manifests");
}

static size_t
names_max(const struct read_walk *w)
{
	size_t max = NAMES_MAX >> (w->n < 16 ? w->n : 16);

	return max < NAMES_LEAST ? NAMES_LEAST : max;
}

static void
push(struct read_walk *w, int fd, bool messages)
{
	struct level *l = &w->level[w->n];

	*l = (struct level){ .fd = fd, .path_n = w->path.n,
	    .messages = messages,
	    .maildir = !messages && is_maildir(fd) &&
	    (w->opts.format == FOREIGN_FROM_AUTO ||
	    w->opts.format == FOREIGN_FROM_MAILDIR) };
	l->names = read_names_new(fd, names_max(w));
	w->n++;
}

static void
pop(struct read_walk *w)
{
	struct level *l = &w->level[--w->n];

	if (l->maildir)
		read_keywords_release(&w->keywords);
	read_names_free(&l->names);
	close(l->fd);
}

struct read_walk *
read_walk_new(int fd, const struct foreign_in_opts *opts)
{
	struct read_walk *w = xcalloc(1, sizeof(*w));

	w->opts = *opts;
	buf_init(&w->path, 64 * 1024);
	push(w, fd, false);
	return w;
}

void
read_walk_free(struct read_walk **wp)
{
	struct read_walk *w = *wp;

	if (w == NULL)
		return;
	while (w->n > 0)
		pop(w);
	read_keywords_release(&w->keywords);
	buf_release(&w->path);
	free(w->dir);
	free(w);
	*wp = NULL;
}

/* The path is that of the innermost directory. */
static void
cut_path(struct read_walk *w)
{
	size_t n = w->level[w->n - 1].path_n;

	if (w->path.n > n) {
		w->path.n = n;
		w->path.p[n] = '\0';
	}
}

/* ... or of a name in it. */
static int
set_path(struct read_walk *w, const char *name)
{
	cut_path(w);
	if ((w->path.n > 0 && buf_addc(&w->path, '/') == -1) ||
	    buf_adds(&w->path, name) == -1) {
		tell(w, true, "its path is too long");
		return -1;
	}
	return 0;
}

static void
load_keywords(struct read_walk *w, int fd)
{
	struct buf b = BUF_INIT(KEYWORDS_MAX);
	struct err e = { .sys = 0 };

	read_keywords_release(&w->keywords);
	if (io_read_file(fd, "dovecot-keywords", &b, &e) == 0)
		read_keywords_parse(&w->keywords, buf_text(&b), b.n);
	else if (e.sys != ENOENT)
		tell(w, true, e.text);
	buf_release(&b);
}

/* Go into a directory of the innermost one. */
static void
enter(struct read_walk *w, const char *name, bool messages)
{
	struct err e;
	int fd;

	if (!messages && w->n == DEPTH_MAX) {
		tell(w, true, "it is nested too deep");
		return;
	}
	fd = openat(w->level[w->n - 1].fd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1) {
		err_sys(&e, "can't open the directory");
		tell(w, true, e.text);
		return;
	}
	/* Perhaps the one that is being written to. */
	if (!messages && read_walk_is_vault(fd)) {
		tell(w, false, "a vault of mailkeep");
		close(fd);
		return;
	}
	/* What is hidden is mail only where it is a Maildir++ folder. */
	if (!messages && name[0] == '.' && !is_maildir(fd)) {
		tell(w, false, "a hidden directory");
		close(fd);
		return;
	}
	push(w, fd, messages);
}

/* The next step of a Maildir, before what else is in it: true if there is one. */
static bool
step_maildir(struct read_walk *w)
{
	static const char *const parts[] = { "cur", "new" };
	struct level *l = &w->level[w->n - 1];
	const char *name;

	if (!l->maildir || l->step == 2)
		return false;
	if (l->step == 0)
		load_keywords(w, l->fd);
	name = parts[l->step++];
	if (is_dir(l->fd, name) && set_path(w, name) == 0)
		enter(w, name, true);
	return true;
}

/* Whether what has this name is a file to be handed out, opened.  Directories are gone into. */
static bool
take_name(struct read_walk *w, const char *name, struct read_entry *out)
{
	struct level *l = &w->level[w->n - 1];
	struct stat st;
	struct err e;

	if (l->maildir && (strcmp(name, "cur") == 0 ||
	    strcmp(name, "new") == 0 || strcmp(name, "tmp") == 0))
		return false;
	if (set_path(w, name) == -1 || (l->messages && name[0] == '.'))
		return false;
	if (fstatat(l->fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1) {
		err_sys(&e, "it was moved or removed meanwhile");
		tell(w, true, e.text);
		return false;
	}
	if (S_ISDIR(st.st_mode)) {
		if (!l->messages)
			enter(w, name, false);
		return false;
	}
	/* Beside cur and new there is no mail in a Maildir. */
	if (!l->messages && (l->maildir || read_path_is_furniture(name) ||
	    w->opts.format == FOREIGN_FROM_MAILDIR))
		return false;
	if (!S_ISREG(st.st_mode)) {
		tell(w, false, S_ISLNK(st.st_mode) ?
		    "a symbolic link, which is not followed" : "not a file");
		return false;
	}
	out->fd = openat(l->fd, name,
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (out->fd == -1 || fstat(out->fd, &out->st) == -1 ||
	    !S_ISREG(out->st.st_mode)) {
		err_sys(&e, "can't open it");
		if (out->fd != -1)
			close(out->fd);
		tell(w, true, e.text);
		return false;
	}
	return true;
}

static void
fill_entry(struct read_walk *w, const char *name, struct read_entry *out)
{
	const struct level *l = &w->level[w->n - 1];
	size_t n = l->messages ? w->level[w->n - 2].path_n : l->path_n;

	free(w->dir);
	w->dir = xmemdup0(buf_text(&w->path), n);
	out->path = buf_text(&w->path);
	out->name = name;
	out->dir = w->dir;
	out->maildir = l->messages;
	out->keywords = l->messages ? &w->keywords : NULL;
}

int
read_walk_next(struct read_walk *w, struct read_entry *out, struct err *e)
{
	struct read_entry entry;
	const char *name;
	struct err why;
	int r;

	while (w->n > 0) {
		if (cancel_check(e) == -1)
			return -1;
		if (step_maildir(w))
			continue;
		r = read_names_next(w->level[w->n - 1].names, &name, &why);
		if (r == 1) {
			if (!take_name(w, name, &entry))
				continue;
			fill_entry(w, name, &entry);
			*out = entry;
			return 1;
		}
		if (r == -1) {
			/* Of this directory no more can be had. */
			cut_path(w);
			tell(w, true, why.text);
		}
		pop(w);
	}
	return 0;
}
