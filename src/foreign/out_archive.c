/*
 * out_archive.c - one file that holds the tree of out_eml.c: a tar archive, compressed as its name says, or a zip.
 */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/io.h"
#include "base/mem.h"
#include "foreign/out.h"
#include "mail/name.h"

#define BLOCK	(128 * 1024)	/* bytes in one write */

struct out_archive {
	struct archive		*a;	/* own */
	struct archive_entry	*entry;	/* own; used again for each member */
	locale_t		 utf8;	/* own */
	struct outfile		*file;	/* own; or */
	struct sink		 to;	/* ... a stream */
	char			*name;	/* own */
	struct err		*e;	/* of the call that is running */
	bool			 lost;	/* writing failed, or is not wanted */
};

/*
 * libarchive is never told that writing failed, since it would then not free all it has (3.6); done() looks after each
 * call.
 */
static la_ssize_t
pass_on(struct archive *a, void *arg, const void *p, size_t n)
{
	struct out_archive *t = arg;

	(void)a;
	if (t->lost)
		return (la_ssize_t)n;
	if (t->file != NULL ? outfile_write(t->file, p, n, t->e) == -1 :
	    sink_write(&t->to, p, n, t->e) == -1)
		t->lost = true;
	return (la_ssize_t)n;
}

/* The outcome of a call that libarchive answered with ${rc}: even a warning means that it is not as we asked. */
static int
done(struct out_archive *t, int rc)
{
	const char *why;

	if (t->lost)
		return -1;
	if (rc == ARCHIVE_OK)
		return 0;
	why = archive_error_string(t->a);
	return err_set(t->e, EK_FAIL, "can't write the archive: %s",
	    why == NULL ? "unknown error" : why);
}

static bool
ends(const char *name, const char *with)
{
	size_t n = strlen(name), k = strlen(with);

	return n > k && strcasecmp(name + n - k, with) == 0;
}

/* A tar archive is compressed as its name says, a stream by zstd. */
static int
set_filter(struct out_archive *t, struct err *e)
{
	if (t->file == NULL || ends(t->name, ".tar.zst") ||
	    ends(t->name, ".tzst"))
		return done(t, archive_write_add_filter_zstd(t->a));
	if (ends(t->name, ".tar.gz") || ends(t->name, ".tgz"))
		return done(t, archive_write_add_filter_gzip(t->a));
	if (ends(t->name, ".tar"))
		return 0;
	err_set(e, EK_USAGE, "the name %s doesn't say which kind of tar "
	    "archive it is to be", t->name);
	return err_next(e, "let it end in .tar.zst, .tar.gz or .tar");
}

static int
set_up(struct out_archive *t, bool zip, struct err *e)
{
	locale_t before;
	int rc;

	t->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (t->utf8 == (locale_t)0)
		return err_sys(e,
		    "the locale C.UTF-8 is needed for file names");
	if ((t->a = archive_write_new()) == NULL ||
	    (t->entry = archive_entry_new()) == NULL)
		return err_set(e, EK_FAIL, "can't set up the archive");
	archive_entry_set_filetype(t->entry, AE_IFREG);
	archive_entry_set_perm(t->entry, 0600);
	if (done(t, zip ? archive_write_set_format_zip(t->a) :
	    archive_write_set_format_pax_restricted(t->a)) == -1 ||
	    (!zip && set_filter(t, e) == -1) ||
	    done(t, archive_write_set_bytes_per_block(t->a, BLOCK)) == -1 ||
	    done(t, archive_write_set_bytes_in_last_block(t->a, 1)) == -1)
		return -1;
	before = uselocale(t->utf8);
	rc = archive_write_open(t->a, t, NULL, pass_on, NULL);
	uselocale(before);
	return done(t, rc);
}

int
out_archive_begin(struct foreign_out *o, bool zip, const char *name,
    const struct sink *to, struct err *e)
{
	struct out_archive *t = xcalloc(1, sizeof(*t));
	uint32_t bits;
	char *part;
	int rc = 0;

	o->archive = t;
	t->name = xstrdup(name);
	t->e = e;
	if (to != NULL)
		t->to = *to;
	else {
		random_bytes(&bits, sizeof(bits));
		part = xasprintf(".mailkeep-%08x.part", bits);
		rc = outfile_create(o->dir, part, &t->file, e);
		free(part);
	}
	return rc == -1 ? -1 : set_up(t, zip, e);
}

static int
write_body(void *arg, const void *p, size_t n, struct err *e)
{
	struct out_archive *t = arg;
	const char *from = p;
	la_ssize_t put;

	t->e = e;
	while (n > 0) {
		/* It takes at most 2 GiB at once, and nothing beyond the size in the header. */
		put = archive_write_data(t->a, from, n);
		if (done(t, put > 0 ? ARCHIVE_OK : ARCHIVE_FATAL) == -1)
			return -1;
		from += put;
		n -= (size_t)put;
	}
	return 0;
}

static int
archive_add(struct foreign_out *o, struct out_folder *f,
    const struct foreign_mail *m, struct err *e)
{
	struct buf name = BUF_INIT(NAME_MAX_PATH + 512);
	const struct source body = out_spool_source(&o->spool);
	struct out_archive *t = o->archive;
	const struct sink to = { write_body, t };
	locale_t before;
	int rc;

	t->e = e;
	buf_addf(&name, "%s/", f->path);
	out_name_member(m, 0, &name);
	archive_entry_set_size(t->entry, (la_int64_t)o->spool.n);
	archive_entry_set_mtime(t->entry, (time_t)(m->date < 0 ? 0 : m->date),
	    0);
	/* libarchive reads names by the locale, and ours are UTF-8 wherever we run. */
	before = uselocale(t->utf8);
	archive_entry_set_pathname(t->entry, buf_text(&name));
	rc = archive_write_header(t->a, t->entry);
	uselocale(before);
	buf_release(&name);
	if (done(t, rc) == -1 || source_pour(&body, &to, e) == -1)
		return -1;
	t->e = e;
	return done(t, archive_write_finish_entry(t->a));
}

static void
free_archive(struct foreign_out *o)
{
	struct out_archive *t = o->archive;

	if (t->a != NULL)
		archive_write_free(t->a);
	archive_entry_free(t->entry);
	if (t->utf8 != (locale_t)0)
		freelocale(t->utf8);
	outfile_discard(&t->file);
	free(t->name);
	free(t);
	o->archive = NULL;
}

static int
archive_end(struct foreign_out *o, struct err *e)
{
	struct out_archive *t = o->archive;
	locale_t before;
	int rc;

	t->e = e;
	before = uselocale(t->utf8);
	rc = archive_write_close(t->a);
	uselocale(before);
	if (done(t, rc) == -1)
		return -1;
	if (t->file != NULL && outfile_publish(&t->file, o->dir, t->name, e) ==
	    -1) {
		if (e->kind == EK_LOCKED)
			e->kind = EK_REFUSED;
		return -1;
	}
	free_archive(o);
	return 0;
}

static void
archive_drop(struct foreign_out *o)
{
	if (o->archive == NULL)
		return;
	/* Freeing closes the archive, and that would write. */
	o->archive->lost = true;
	free_archive(o);
}

const struct out_type out_archive = {
	.path = out_name_tree, .add = archive_add, .end = archive_end,
	.drop = archive_drop
};
