/*
 * read_file.c - a file as bytes: as it is, or by libarchive decompressed or as the members of an archive.
 *
 * Nothing of an archive is ever unpacked to a disk: a member's name only makes a folder's name.
 */
#include <sys/types.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/cancel.h"
#include "base/mem.h"
#include "foreign/read.h"

#define PIECE	(128 * 1024)	/* one read(2) */

struct read_file {
	int		 fd;		/* own */
	char		*piece;		/* own */
	uint64_t	 done;
	const char	*peeked;	/* borrowed; handed out next */
	size_t		 peeked_n;
	/* of an archive, or a compressed file */
	struct archive	*a;		/* own; NULL: neither */
	locale_t	 utf8;		/* own */
	struct archive_entry *entry;	/* borrowed: the one at hand */
	bool		 waiting;	/* it was read, and is the next */
	bool		 raw;		/* a compressed file, no archive */
	int64_t		 at;		/* bytes of the member so far */
	bool		 over;		/* so damaged that nothing more comes */
	struct err	 why;		/* our own read failed */
	bool		 failed;
};

/* The next bytes of the file itself. */
static ssize_t
read_piece(struct read_file *f, struct err *e)
{
	ssize_t got;

	if (cancel_check(e) == -1)
		return -1;
	while ((got = read(f->fd, f->piece, PIECE)) == -1)
		if (errno != EINTR)
			return err_sys(e, "read failed");
	f->done += (uint64_t)got;
	return got;
}

static la_ssize_t
feed(struct archive *a, void *arg, const void **p)
{
	struct read_file *f = arg;
	ssize_t got;

	*p = f->piece;
	if ((got = read_piece(f, &f->why)) == -1) {
		f->failed = true;
		archive_set_error(a, EIO, "%s", f->why.text);
		return -1;
	}
	return got;
}

/* What is passed over need not be read. */
static la_int64_t
skip(struct archive *a, void *arg, la_int64_t want)
{
	struct read_file *f = arg;

	(void)a;
	if (want <= 0 || lseek(f->fd, (off_t)want, SEEK_CUR) == -1)
		return 0;
	f->done += (uint64_t)want;
	return want;
}

static la_int64_t
seek(struct archive *a, void *arg, la_int64_t offset, int whence)
{
	struct read_file *f = arg;
	off_t at = lseek(f->fd, (off_t)offset, whence);

	if (at == -1) {
		archive_set_error(a, errno, "seek failed");
		return ARCHIVE_FATAL;
	}
	return at;
}

static int
complain(struct read_file *f, struct err *e)
{
	const char *why = archive_error_string(f->a);

	if (f->failed) {
		*e = f->why;
		return -1;
	}
	return err_set(e, EK_CORRUPT, "it is damaged: %s",
	    why == NULL ? "it can't be read" : why);
}

/* libarchive reads names by the locale; theirs are UTF-8 as a rule, wherever we run. */
static int
next_header(struct read_file *f, struct err *e)
{
	locale_t before;
	int rc;

	if (f->over)
		return err_set(e, EK_CORRUPT, "what comes behind that can't be "
		    "read");
	before = uselocale(f->utf8);
	do
		rc = archive_read_next_header(f->a, &f->entry);
	while (rc == ARCHIVE_RETRY && cancel_check(e) == 0);
	uselocale(before);
	f->at = 0;
	if (rc == ARCHIVE_OK || rc == ARCHIVE_WARN)
		return 1;
	if (rc == ARCHIVE_EOF)
		return 0;
	return rc == ARCHIVE_RETRY ? -1 : complain(f, e);
}

/* Only filters of libarchive's own: none that would start a program. */
static bool
set_up(struct read_file *f)
{
	struct archive *a = f->a;

	return archive_read_support_filter_gzip(a) == ARCHIVE_OK &&
	    archive_read_support_filter_bzip2(a) == ARCHIVE_OK &&
	    archive_read_support_filter_xz(a) == ARCHIVE_OK &&
	    archive_read_support_filter_zstd(a) == ARCHIVE_OK &&
	    archive_read_support_format_tar(a) == ARCHIVE_OK &&
	    archive_read_support_format_zip(a) == ARCHIVE_OK &&
	    archive_read_support_format_empty(a) == ARCHIVE_OK &&
	    archive_read_support_format_raw(a) == ARCHIVE_OK &&
	    archive_read_set_read_callback(a, feed) == ARCHIVE_OK &&
	    archive_read_set_skip_callback(a, skip) == ARCHIVE_OK &&
	    archive_read_set_seek_callback(a, seek) == ARCHIVE_OK &&
	    archive_read_set_callback_data(a, f) == ARCHIVE_OK;
}

static int
open_packed(struct read_file *f, struct err *e)
{
	int r;

	f->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (f->utf8 == (locale_t)0)
		return err_sys(e, "the locale C.UTF-8 is needed for names");
	if ((f->a = archive_read_new()) == NULL || !set_up(f))
		return err_set(e, EK_FAIL, "can't set up libarchive");
	if (archive_read_open1(f->a) != ARCHIVE_OK)
		return complain(f, e);
	if ((r = next_header(f, e)) == -1)
		return -1;
	f->waiting = r == 1;
	f->raw = r == 1 && archive_format(f->a) == ARCHIVE_FORMAT_RAW;
	return 0;
}

int
read_file_open(int fd, bool packed, struct read_file **out, struct err *e)
{
	struct read_file *f = xcalloc(1, sizeof(*f));

	f->fd = fd;
	f->piece = xmalloc(PIECE);
	if (packed && open_packed(f, e) == -1) {
		read_file_close(&f);
		return -1;
	}
	*out = f;
	return 0;
}

void
read_file_close(struct read_file **fp)
{
	struct read_file *f = *fp;

	if (f == NULL)
		return;
	if (f->a != NULL)
		archive_read_free(f->a);
	if (f->utf8 != (locale_t)0)
		freelocale(f->utf8);
	close(f->fd);
	free(f->piece);
	free(f);
	*fp = NULL;
}

bool
read_file_is_archive(const struct read_file *f)
{
	return f->a != NULL && !f->raw;
}

int
read_file_member(struct read_file *f, struct read_member *out, struct err *e)
{
	struct read_member m = { .path = "" };
	locale_t before;
	int r;

	f->peeked_n = 0;
	if (!f->waiting && (r = next_header(f, e)) != 1)
		return r;
	f->waiting = false;
	before = uselocale(f->utf8);
	m.path = archive_entry_pathname(f->entry);
	if (m.path == NULL)
		m.path = archive_entry_pathname_utf8(f->entry);
	if (m.path == NULL)
		m.path = "";
	uselocale(before);
	m.type = archive_entry_hardlink(f->entry) != NULL ||
	    archive_entry_filetype(f->entry) == AE_IFLNK ? READ_MEMBER_LINK :
	    archive_entry_filetype(f->entry) == AE_IFREG ? READ_MEMBER_FILE :
	    READ_MEMBER_OTHER;
	m.has_date = archive_entry_mtime_is_set(f->entry);
	m.date = (int64_t)archive_entry_mtime(f->entry);
	*out = m;
	return 1;
}

/* The next bytes that libarchive has. */
static int
fill_packed(struct read_file *f, const char **p, size_t *n, struct err *e)
{
	const void *block;
	la_int64_t offset;
	int rc;

	do {
		if (cancel_check(e) == -1)
			return -1;
		rc = archive_read_data_block(f->a, &block, n, &offset);
	} while (rc == ARCHIVE_RETRY || (rc >= ARCHIVE_WARN && *n == 0 &&
	    rc != ARCHIVE_EOF));
	if (rc == ARCHIVE_EOF)
		return 0;
	if (rc < ARCHIVE_WARN) {
		f->over = rc == ARCHIVE_FATAL;
		return complain(f, e);
	}
	/* A few bytes in an archive may stand for any number of zeros; no mail is written so. */
	if (offset != f->at)
		return err_set(e, EK_CORRUPT, "it is a file with holes");
	f->at += (la_int64_t)*n;
	*p = block;
	return 1;
}

static int
fill(void *arg, const char **p, size_t *n, struct err *e)
{
	struct read_file *f = arg;
	ssize_t got;

	if (f->peeked_n > 0) {
		*p = f->peeked;
		*n = f->peeked_n;
		f->peeked_n = 0;
		return 1;
	}
	if (f->a != NULL)
		return fill_packed(f, p, n, e);
	if ((got = read_piece(f, e)) == -1)
		return -1;
	*p = f->piece;
	*n = (size_t)got;
	return got > 0 ? 1 : 0;
}

struct read_bytes
read_file_bytes(struct read_file *f)
{
	return (struct read_bytes){ fill, f };
}

int
read_file_peek(struct read_file *f, const char **p, size_t *n, struct err *e)
{
	int r;

	*n = 0;
	if ((r = fill(f, p, n, e)) == 1) {
		f->peeked = *p;
		f->peeked_n = *n;
	}
	return r == -1 ? -1 : 0;
}

uint64_t
read_file_done(const struct read_file *f)
{
	return f->done;
}
