/*
 * read.c - mail in other people's formats, message by message, and what is known of a message when it was read.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/mem.h"
#include "foreign/read.h"
#include "mail/flags.h"

/*
 * A file that was copied has the time of the copy.  That of a message as a server keeps it is that of its delivery,
 * give or take: what is further from the header is not believed where nothing else speaks for it.
 */
#define DATE_NEAR	(2 * 24 * 3600)

/* ---- files ---- */

static int
open_entry(struct foreign_in *in, const struct read_entry *entry,
    struct err *e)
{
	read_take_path(in, entry->path, entry->dir, &entry->st);
	read_take_where(in, NULL);
	if (entry->maildir) {
		if (read_file_open(entry->fd, false, &in->file, e) == -1)
			return -1;
		read_take_file(in, entry->dir, entry->name, true, entry->keywords);
		return 0;
	}
	return read_take_open(in, entry->fd, entry->name, e);
}

/* 1 the next file is open, or was told to be lost; 0 no more, -1. */
static int
next_file(struct foreign_in *in, struct err *e)
{
	struct read_entry entry;
	struct err why;
	int r;

	if (in->walk == NULL)
		return 0;
	if ((r = read_walk_next(in->walk, &entry, e)) != 1)
		return r;
	if (open_entry(in, &entry, &why) == -1) {
		read_take_close(in);
		if (why.kind == EK_CANCELLED) {
			*e = why;
			return -1;
		}
		read_take_tell(in, true, in->path, why.text);
	}
	return 1;
}

/* ---- the door ---- */

static int
open_single(struct foreign_in *in, int fd, const struct stat *st,
    struct err *e)
{
	read_take_path(in, in->root, "", st);
	in->total = (uint64_t)st->st_size;
	if (in->opts.format == FOREIGN_FROM_MAILDIR) {
		close(fd);
		return err_set(e, EK_USAGE, "it is a file, no Maildir");
	}
	if (read_take_open(in, fd, in->path, e) == -1)
		return -1;
	if (in->opts.format == FOREIGN_FROM_TAR && in->file != NULL &&
	    !read_file_is_archive(in->file))
		return err_set(e, EK_USAGE, "it is no tar or zip archive");
	return 0;
}

static int
open_tree(struct foreign_in *in, int fd, struct err *e)
{
	if (read_walk_is_vault(fd)) {
		err_set(e, EK_USAGE, "it is a vault of mailkeep");
		err_next(e, "mailkeep export takes mail out of it");
	} else if (in->opts.format == FOREIGN_FROM_TAR) {
		err_set(e, EK_USAGE, "it is a directory, no archive");
	} else {
		in->walk = read_walk_new(fd, &in->opts);
		return 0;
	}
	close(fd);
	return -1;
}

static int
open_source(struct foreign_in *in, int fd, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		err_sys(e, "can't stat it");
	else if (S_ISDIR(st.st_mode))
		return open_tree(in, fd, e);
	else if (S_ISREG(st.st_mode))
		return open_single(in, fd, &st, e);
	else
		err_set(e, EK_USAGE, "it is neither a file nor a directory");
	close(fd);
	return -1;
}

int
foreign_open(const char *path, const struct foreign_in_opts *opts,
    struct foreign_in **out, struct err *e)
{
	struct foreign_in *in;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1) {
		err_sys(e, "can't open %s", path);
		if (e->sys == ENOENT)
			e->kind = EK_USAGE;
		return -1;
	}
	in = xcalloc(1, sizeof(*in));
	in->opts = *opts;
	if ((in->whole = realpath(path, NULL)) == NULL)
		in->whole = xstrdup(path);
	in->root = read_take_name(in->whole, false);
	buf_init(&in->folder, 8 * FOREIGN_FOLDER_MAX);
	buf_init(&in->where, 256 * 1024);
	buf_init(&in->words, FLAGS_MAX_TEXT);
	buf_init(&in->flags, FLAGS_MAX_TEXT);
	read_spool_init(&in->spool, opts->scratch);
	if (open_source(in, fd, e) == -1) {
		foreign_close(&in);
		/* That kind is for vaults. */
		if (e->kind == EK_CORRUPT)
			e->kind = EK_FAIL;
		return err_add(e, "%s", path);
	}
	*out = in;
	return 0;
}

void
foreign_close(struct foreign_in **inp)
{
	struct foreign_in *in = *inp;

	if (in == NULL)
		return;
	read_take_close(in);
	read_walk_free(&in->walk);
	read_keywords_release(&in->keywords);
	read_head_release(&in->head);
	read_spool_release(&in->spool);
	buf_release(&in->folder);
	buf_release(&in->where);
	buf_release(&in->words);
	buf_release(&in->flags);
	free(in->keywords_dir);
	free(in->path);
	free(in->dir);
	free(in->root);
	free(in->whole);
	free(in);
	*inp = NULL;
}

/* Whether the file at hand has another message: 1, 0, -1: nothing more can be had of it. */
static int
next_in_file(struct foreign_in *in, struct err *e)
{
	struct read_member m;
	int r;

	for (;;) {
		if (in->mbox != NULL) {
			if ((r = read_mbox_next(in->mbox, e)) == -1)
				return -1;
			if (r == 1) {
				read_take_mbox(in);
				return 1;
			}
			read_mbox_free(&in->mbox);
		}
		if (!read_file_is_archive(in->file))
			return 0;
		if ((r = read_file_member(in->file, &m, e)) != 1)
			return r;
		if (read_take_member(in, &m, e) == -1)
			return -1;
		if (in->fresh)
			return 1;
	}
}

static void
hand_out(struct foreign_in *in, struct foreign_found *out)
{
	in->fresh = false;
	if (in->in_mbox) {
		in->where.n = in->where_n;
		buf_addf(&in->where, ": message %" PRIu64, in->number);
	}
	*out = (struct foreign_found){ .folder = buf_text(&in->folder),
	    .where = buf_text(&in->where), .flags = "" };
	in->found = out;
}

int
foreign_next(struct foreign_in *in, struct foreign_found *out, struct err *e)
{
	struct err why;
	int r;

	for (;;) {
		if (cancel_check(e) == -1)
			return -1;
		if (!in->fresh && in->file != NULL &&
		    (r = next_in_file(in, &why)) != 1) {
			if (r == -1 && why.kind == EK_CANCELLED) {
				*e = why;
				return -1;
			}
			if (r == -1)
				read_take_tell(in, true, in->path, why.text);
			read_take_close(in);
		}
		if (in->fresh) {
			hand_out(in, out);
			return 1;
		}
		if (in->file == NULL && (r = next_file(in, e)) != 1)
			return r;
	}
}

/* ---- bodies ---- */

static int
take_bytes(void *arg, const void *p, size_t n, struct err *e)
{
	struct foreign_in *in = arg;

	read_head_feed(&in->head, p, n);
	if (read_spool_write(&in->spool, p, n, e) == 0)
		return 0;
	in->spool_failed = true;
	return -1;
}

static int
pour_file(struct foreign_in *in, const struct sink *to, struct err *e)
{
	struct read_bytes from = read_file_bytes(in->file);
	const char *p;
	size_t n;
	int r;

	while ((r = from.fill(from.arg, &p, &n, e)) == 1)
		if (sink_write(to, p, n, e) == -1)
			return -1;
	return r;
}

/* What nobody says was read is taken for that: it is old, and was not marked. */
static void
settle_flags(struct foreign_in *in)
{
	if (in->in_mbox ? !read_head_flags(&in->head, &in->words) :
	    !in->in_maildir)
		buf_adds(&in->words, " \\Seen");
	buf_clear(&in->flags);
	flags_canon(buf_text(&in->words), in->words.n, &in->flags);
	in->found->flags = buf_text(&in->flags);
}

static void
settle_date(struct foreign_in *in)
{
	int64_t date = 0;
	bool said = read_head_date(&in->head, &date), file = in->dated;

	if (said && in->opts.date == FOREIGN_DATE_HEADER)
		file = false;
	else if (said && in->opts.date == FOREIGN_DATE_AUTO && !in->sure &&
	    (in->date > date + DATE_NEAR || in->date < date - DATE_NEAR))
		file = false;
	in->found->has_date = file || said;
	in->found->date = file ? in->date : date;
}

int
foreign_body(struct foreign_in *in, const struct sink *to, struct err *e)
{
	const struct sink spool = { take_bytes, in };
	int r;

	read_spool_begin(&in->spool);
	read_head_begin(&in->head);
	in->spool_failed = false;
	r = in->in_mbox ? read_mbox_body(in->mbox, &spool, e) :
	    pour_file(in, &spool, e);
	if (r == -1)
		return in->spool_failed || e->kind == EK_CANCELLED ? -1 : 1;
	read_head_end(&in->head);
	settle_flags(in);
	settle_date(in);
	return read_spool_pour(&in->spool, in->opts.raw, to, e);
}

uint64_t
foreign_done(const struct foreign_in *in, uint64_t *total)
{
	*total = in->total;
	return in->done + (in->file == NULL ? 0 : read_file_done(in->file));
}
