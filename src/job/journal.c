/*
 * journal.c - see journal.h: the file.  What its lines look like is told in journal_line.h, what they say is kept by
 * entries.c.  Nothing is written before there is something to be told.
 */
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "job/entries.h"

#define PIECE	(256 * 1024)	/* of the file, read at once; holds a line */
#define TRIES	16		/* to open a file that is being put aside just now */

struct journal {
	int		 dir, fd;	/* own */
	char		*name;		/* own; in dir */
	char		*path;		/* own; for people */
	char		*head;		/* own; the first line, with its newline */
	struct journal_lines lines;
	struct entries	 entries;
	uint64_t	 size;		/* of the file's whole lines */
	uint32_t	 fresh;		/* visits from this one on are of this run */
	int64_t		 unfinished;
	bool		 dirty;		/* since the last sync */
	bool		 named;		/* the file's name is durable */
	bool		 broken;	/* an error left the file as it must not be */
};

/* ---- reading ---- */

static int
take_line(struct journal *j, uint64_t number, const char *p, size_t n,
    struct err *e)
{
	struct journal_line line;
	int rc;

	if (number == 1 && strlen(j->head) == n + 1 &&
	    memcmp(j->head, p, n) == 0)
		return 0;
	rc = number == 1 ? journal_lines_refuse(&j->lines, p, n, e) :
	    journal_lines_take(&j->lines, p, n, &line, e);
	if (rc == 0)
		rc = entries_take(&j->entries, &line, e);
	if (rc == -1 && e->kind == EK_CORRUPT)
		err_add(e, "line %" PRIu64, number);
	return rc;
}

/* Read the file's first ${size} bytes, which are whole lines. */
static int
read_lines(struct journal *j, char *piece, uint64_t size, struct err *e)
{
	uint64_t at = 0, lines = 0;
	size_t held = 0, some;
	char *p, *lf;

	while (at < size) {
		some = PIECE - held;
		if (some > size - at)
			some = (size_t)(size - at);
		if (io_read_at(j->fd, piece + held, some, at, e) == -1)
			return err_add(e, "%s", j->path);
		at += some;
		held += some;
		for (p = piece; (lf = memchr(p, '\n', held)) != NULL;
		    p = lf + 1) {
			if (take_line(j, ++lines, p, (size_t)(lf - p), e) == -1)
				return -1;
			held -= (size_t)(lf + 1 - p);
		}
		if (held > JOURNAL_LINE_MAX)
			return err_set(e, EK_CORRUPT, "line %" PRIu64
			    " is longer than any", lines + 1);
		memmove(piece, p, held);
	}
	return 0;
}

/* The size of the file's first ${size} bytes without what stands behind the last newline. */
static int
find_whole(struct journal *j, char *piece, uint64_t *size, struct err *e)
{
	size_t some;
	char *lf;

	while (*size > 0) {
		some = *size < PIECE ? (size_t)*size : PIECE;
		if (io_read_at(j->fd, piece, some, *size - some, e) == -1)
			return err_add(e, "%s", j->path);
		lf = memrchr(piece, '\n', some);
		if (lf != NULL) {
			*size -= some - (size_t)(lf + 1 - piece);
			return 0;
		}
		*size -= some;
	}
	return 0;
}

/* Whether the file's ${size} bytes, which have no newline, are the beginning of a first line that was torn. */
static int
check_torn_head(struct journal *j, char *piece, uint64_t size, struct err *e)
{
	if (size < strlen(j->head)) {
		if (io_read_at(j->fd, piece, (size_t)size, 0, e) == -1)
			return err_add(e, "%s", j->path);
		if (memcmp(piece, j->head, (size_t)size) == 0)
			return 0;
	}
	return err_set(e, EK_CORRUPT, "line 1: damaged");
}

/* Take what is on record.  EK_CORRUPT: it can't be understood, and nothing of it counts. */
static int
load(struct journal *j, struct err *e)
{
	char *piece = xmalloc(PIECE);
	uint64_t size, whole;
	struct stat st;
	int rc = -1;

	if (fstat(j->fd, &st) == -1) {
		err_sys(e, "can't stat %s", j->path);
		goto out;
	}
	size = whole = (uint64_t)st.st_size;
	if (find_whole(j, piece, &whole, e) == -1 ||
	    read_lines(j, piece, whole, e) == -1 ||
	    (whole == 0 && check_torn_head(j, piece, size, e) == -1))
		goto out;
	if (whole < size && ftruncate(j->fd, (off_t)whole) == -1) {
		err_sys(e, "can't cut off the torn line of %s", j->path);
		goto out;
	}
	j->size = whole;
	j->dirty = size > 0;
	j->fresh = (uint32_t)j->entries.visits_n;
	if (j->entries.open)
		j->unfinished = st.st_mtim.tv_sec > 0 ? st.st_mtim.tv_sec : 1;
	rc = 0;
out:
	free(piece);
	return rc;
}

/* ---- opening ---- */

/* The directory ${name} in ${at}, made where it isn't there; a descriptor to look for names by. */
static int
make_dir(int at, const char *name, struct err *e)
{
	int fd = openat(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC), up;

	if (fd != -1)
		return fd;
	if (errno != ENOENT)
		return err_sys(e, "can't open the directory %s", name);
	if (io_make_dir(at, name, e) == -1)
		return -1;
	/* A name that a power cut may take is better than none, so this may fail. */
	up = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (up != -1) {
		(void)fsync(up);
		close(up);
	}
	return io_open_dir(at, name, e);
}

/* A directory, made with all above it.  Links are followed: where people keep their state is for them to say. */
static int
make_dirs(const char *path, struct err *e)
{
	int at = open(*path == '/' ? "/" : ".",
	    O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *end;
	char *part;
	int next;

	if (at == -1)
		return err_sys(e, "can't open a directory");
	for (path += strspn(path, "/"); *path != '\0';
	    path = end + strspn(end, "/")) {
		end = path + strcspn(path, "/");
		part = xmemdup0(path, (size_t)(end - path));
		next = make_dir(at, part, e);
		free(part);
		close(at);
		if ((at = next) == -1)
			return -1;
	}
	/* The ones on the way may be closed to readers; this one is not. */
	next = io_open_dir(at, ".", e);
	close(at);
	return next;
}

/* Open and lock the file of that name, whichever has it: it may be put aside while we wait for nothing but the CPU. */
static int
open_file(struct journal *j, int flags, struct err *e)
{
	struct stat st, named;
	int fd, tries;

	for (tries = 0; tries < TRIES; tries++) {
		fd = openat(j->dir, j->name, O_RDWR | O_APPEND | O_CREAT |
		    O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags,
		    0600);
		if (fd == -1 && errno == EEXIST)
			break;
		if (fd == -1)
			return err_sys(e, "can't open %s", j->path);
		if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
			close(fd);
			return err_set(e, EK_REFUSED, "%s is not a file",
			    j->path);
		}
		if (io_lock(fd, false, e) == -1) {
			close(fd);
			if (e->kind == EK_LOCKED)
				break;
			errno = e->sys;
			err_sys(e, "can't lock %s", j->path);
			e->kind = EK_REFUSED;
			return err_next(e, "set XDG_STATE_HOME to a directory "
			    "on a local file system");
		}
		if (fstatat(j->dir, j->name, &named, AT_SYMLINK_NOFOLLOW) ==
		    0 && st.st_dev == named.st_dev && st.st_ino == named.st_ino)
			return fd;
		close(fd);
	}
	return err_set(e, EK_LOCKED,
	    "another restore of this vault to this account is at work");
}

/* Put the file aside and begin anew; the lock on the old one is held until the new one's is ours. */
static int
begin_anew(struct journal *j, const struct err *why, char **warning_out,
    struct err *e)
{
	char *aside = xasprintf("%s.damaged", j->name);
	int fd, rc;

	rc = renameat(j->dir, j->name, j->dir, aside);
	if (rc == -1)
		err_sys(e, "can't rename %s", j->path);
	free(aside);
	if (rc == -1 || (fd = open_file(j, O_EXCL, e)) == -1)
		return -1;
	close(j->fd);
	j->fd = fd;
	entries_release(&j->entries);
	journal_lines_restart(&j->lines);
	if (warning_out != NULL)
		*warning_out = xasprintf("the record of earlier restores to "
		    "this account can't be used (%s): it is now %s.damaged, "
		    "and what the account has already is found by its "
		    "contents alone", why->text, j->path);
	return 0;
}

/* By the vault's id, which may be no path, and by the target, which may be anything. */
static int
make_name(struct journal *j, const char *dir, const char *vault,
    const char *target, struct err *e)
{
	char hex[DIGEST_HEX];
	struct digest d;

	if (*vault == '\0' || *vault == '.' || strchr(vault, '/') != NULL ||
	    strlen(vault) > 100)
		return err_set(e, EK_CORRUPT, "the vault's id is none: %s",
		    vault);
	digest_of(target, strlen(target), &d);
	j->name = xasprintf("%s-%.16s.jsonl", vault, digest_hex(&d, hex));
	j->path = xasprintf("%s/%s", dir, j->name);
	return 0;
}

int
journal_open(const char *dir, const char *vault, const char *target,
    struct journal **out, char **warning_out, struct err *e)
{
	struct journal *j = xcalloc(1, sizeof(*j));
	struct err why;

	if (warning_out != NULL)
		*warning_out = NULL;
	j->dir = j->fd = -1;
	journal_lines_init(&j->lines);
	if (make_name(j, dir, vault, target, e) == -1 ||
	    journal_lines_head(&j->lines, vault, target, e) == -1)
		goto fail;
	j->head = xmemdup0(j->lines.line.p, j->lines.line.n);
	if ((j->dir = make_dirs(dir, e)) == -1) {
		err_add(e, "%s", dir);
		goto fail;
	}
	if ((j->fd = open_file(j, 0, e)) == -1)
		goto fail;
	if (load(j, &why) == -1) {
		if (why.kind != EK_CORRUPT) {
			*e = why;
			if (why.kind == EK_REFUSED)
				err_add(e, "%s", j->path);
			goto fail;
		}
		if (begin_anew(j, &why, warning_out, e) == -1)
			goto fail;
	}
	*out = j;
	return 0;
fail:
	journal_close(&j);
	return -1;
}

void
journal_close(struct journal **jp)
{
	struct journal *j = *jp;

	if (j == NULL)
		return;
	if (j->fd != -1)
		close(j->fd);
	if (j->dir != -1)
		close(j->dir);
	entries_release(&j->entries);
	journal_lines_release(&j->lines);
	free(j->name);
	free(j->path);
	free(j->head);
	free(j);
	*jp = NULL;
}

int64_t
journal_unfinished(const struct journal *j)
{
	return j->unfinished;
}

void
journal_forget(struct journal *j)
{
	entries_forget(&j->entries);
}

/* ---- writing ---- */

/* Append bytes that end with a newline: all of them or none. */
static int
append(struct journal *j, const char *p, size_t n, struct err *e)
{
	if (j->broken)
		return err_set(e, EK_FAIL,
		    "%s: nothing can be added after an error", j->path);
	j->dirty = true;
	if (io_write_all(j->fd, p, n, e) == -1) {
		if (ftruncate(j->fd, (off_t)j->size) == -1)
			j->broken = true;
		return err_add(e, "%s", j->path);
	}
	j->size += n;
	return 0;
}

static int
append_line(struct journal *j, const struct journal_line *line, struct err *e)
{
	struct journal_lines *l = &j->lines;

	if (j->size == 0 && append(j, j->head, strlen(j->head), e) == -1)
		return -1;
	if (journal_lines_make(l, line, e) == -1)
		return err_add(e, "%s", j->path);
	if (append(j, l->line.p, l->line.n, e) == -1)
		return -1;
	journal_lines_made(l);
	if (entries_take(&j->entries, line, e) == -1)
		return err_add(e, "%s", j->path);
	return 0;
}

int
journal_folder(struct journal *j, const char *name, uint64_t uidvalidity,
    uint64_t uidnext, size_t *number, struct err *e)
{
	if (uidvalidity > UINT32_MAX)
		return err_set(e, EK_PROTO, "its UIDVALIDITY is beyond 32 bits");
	if (entries_folder(&j->entries, name, (uint32_t)uidvalidity, number,
	    e) == -1)
		return -1;
	j->entries.folders[*number].uidnext =
	    uidnext > UINT32_MAX ? 0 : (uint32_t)uidnext;
	return 0;
}

/* Where messages go is on record once for each run and UIDNEXT; the number of that line. */
static int
tell_folder(struct journal *j, size_t number, uint64_t *visit, struct err *e)
{
	const struct entries *t = &j->entries;
	const struct folder_entry *f = &t->folders[number];

	*visit = f->visit;
	if (f->visit >= j->fresh && f->visit < t->visits_n &&
	    t->visits[f->visit].uidnext == f->uidnext)
		return 0;
	*visit = t->visits_n;
	return append_line(j, &(struct journal_line){
	    .what = JOURNAL_LINE_FOLDER, .folder = *visit, .name = f->name,
	    .uidvalidity = f->uidvalidity, .uidnext = f->uidnext }, e);
}

static int
tell(struct journal *j, enum journal_what what, size_t folder,
    const struct journal_id *ids, const uint32_t *uids, size_t n,
    struct err *e)
{
	struct journal_line line = { .what = what };
	size_t at;

	for (at = 0; at < n; at += line.n) {
		line.ids = ids + at;
		line.uids = uids == NULL ? NULL : uids + at;
		line.n = n - at < JOURNAL_LINE_IDS ? n - at : JOURNAL_LINE_IDS;
		if (tell_folder(j, folder, &line.folder, e) == -1 ||
		    append_line(j, &line, e) == -1)
			return -1;
	}
	return 0;
}

int
journal_sending(struct journal *j, size_t folder, const struct journal_id *ids,
    size_t n, struct err *e)
{
	return tell(j, JOURNAL_LINE_SENDING, folder, ids, NULL, n, e);
}

int
journal_sent(struct journal *j, size_t folder, const struct journal_id *ids,
    const uint32_t *uids, size_t n, struct err *e)
{
	return tell(j, JOURNAL_LINE_SENT, folder, ids, uids, n, e);
}

int
journal_refused(struct journal *j, size_t folder, const struct journal_id *ids,
    size_t n, struct err *e)
{
	return tell(j, JOURNAL_LINE_REFUSED, folder, ids, NULL, n, e);
}

int
journal_sync(struct journal *j, struct err *e)
{
	if (!j->dirty)
		return 0;
	/* An fsync that failed may have dropped what it was for: a second one would tell of success. */
	if (j->broken || fsync(j->fd) == -1) {
		if (!j->broken)
			err_sys(e, "can't make %s durable", j->path);
		else
			err_set(e, EK_FAIL, "%s is not whole after an error",
			    j->path);
		j->broken = true;
		return -1;
	}
	if (!j->named && io_sync_dir(j->dir, e) == -1)
		return err_add(e, "%s", j->path);
	j->named = true;
	j->dirty = false;
	return 0;
}

int
journal_end(struct journal *j, struct err *e)
{
	if (j->entries.open && append_line(j,
	    &(struct journal_line){ .what = JOURNAL_LINE_END }, e) == -1)
		return -1;
	j->fresh = (uint32_t)j->entries.visits_n;
	return journal_sync(j, e);
}

struct journal_entry
journal_find(const struct journal *j, size_t folder,
    const struct journal_id *id)
{
	const struct entry *x = entries_find(&j->entries, folder, id);

	if (x == NULL || x->state == JOURNAL_NONE)
		return (struct journal_entry){ .state = JOURNAL_NONE };
	return (struct journal_entry){ (enum journal_state)x->state, x->uid,
	    j->entries.visits[x->visit].uidnext,
	    x->visit >= j->entries.run };
}
