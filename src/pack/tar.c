/*
 * tar.c - messages as members of a tar archive, by libarchive: pax, with ustar headers where they can hold the name.
 *
 * libarchive's filters and blocks are not used: it makes headers and padding, the bytes go straight on to the frames.
 */
#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/mem.h"
#include "base/text.h"
#include "pack/format.h"

struct tar {
	struct archive		*a;	/* own */
	struct archive_entry	*entry;	/* own; used again for each member */
	locale_t		 utf8;	/* own */
	struct frame_writer	*to;	/* borrowed */
	struct err		*e;	/* of the call that is running */
	bool			 lost;	/* writing failed, or is not wanted */
};

/*
 * What libarchive hands out: on to the frames.  It is never told of an error, since it would then not free all it has
 * (3.6); tar_done() looks for one after each call.
 */
static la_ssize_t
pass_on(struct archive *a, void *arg, const void *p, size_t n)
{
	struct tar *t = arg;

	(void)a;
	if (!t->lost && frame_write(t->to, p, n, t->e) == -1)
		t->lost = true;
	return (la_ssize_t)n;
}

/* The outcome of a call that libarchive answered with ${rc}: even a warning means that it is not as we asked. */
static int
tar_done(struct tar *t, int rc)
{
	const char *why;

	if (t->lost)
		return -1;
	if (rc == ARCHIVE_OK)
		return 0;
	why = archive_error_string(t->a);
	return err_set(t->e, EK_FAIL, "can't write the tar archive: %s",
	    why == NULL ? "unknown error" : why);
}

static void
tar_drop(void *arg)
{
	struct tar *t = arg;

	/* Freeing closes the archive, and that would write. */
	t->lost = true;
	if (t->a != NULL)
		archive_write_free(t->a);
	archive_entry_free(t->entry);
	if (t->utf8 != (locale_t)0)
		freelocale(t->utf8);
	free(t);
}

static int
tar_begin(struct frame_writer *to, void **out, struct err *e)
{
	struct tar *t = xcalloc(1, sizeof(*t));

	t->to = to;
	t->e = e;
	t->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (t->utf8 == (locale_t)0) {
		err_sys(e, "the locale C.UTF-8 is needed for file names");
		goto fail;
	}
	if ((t->a = archive_write_new()) == NULL ||
	    (t->entry = archive_entry_new()) == NULL) {
		err_set(e, EK_FAIL, "can't set up the tar archive");
		goto fail;
	}
	if (tar_done(t, archive_write_set_format_pax_restricted(t->a)) == -1 ||
	    tar_done(t, archive_write_set_bytes_per_block(t->a, 0)) == -1 ||
	    tar_done(t, archive_write_open(t->a, t, NULL, pass_on, NULL)) == -1)
		goto fail;
	/* What is the same for all members; no owner, so that none is named. */
	archive_entry_set_filetype(t->entry, AE_IFREG);
	archive_entry_set_perm(t->entry, 0600);
	*out = t;
	return 0;
fail:
	tar_drop(t);
	return -1;
}

bool
tar_name_safe(const char *name)
{
	const char *p = name;
	size_t n;

	for (;;) {
		n = strcspn(p, "/");
		if (n == 0 || (n == 1 && p[0] == '.') ||
		    (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		if (p[n] == '\0')
			return true;
		p += n + 1;
	}
}

static int
write_header(struct tar *t, const struct pack_entry *entry)
{
	locale_t before;
	int rc;

	archive_entry_set_size(t->entry, (la_int64_t)entry->size);
	archive_entry_set_mtime(t->entry,
	    (time_t)(entry->mtime < 0 ? 0 : entry->mtime), 0);
	/*
	 * libarchive reads names by the locale.  In the C locale 3.6 crashes on one that is not ASCII, or marks it so
	 * that GNU tar warns; and our names are UTF-8 wherever we run.
	 */
	before = uselocale(t->utf8);
	archive_entry_set_pathname(t->entry, entry->member);
	rc = archive_write_header(t->a, t->entry);
	uselocale(before);
	return tar_done(t, rc);
}

static int
write_body(void *arg, const void *p, size_t n, struct err *e)
{
	struct tar *t = arg;
	const char *from = p;
	la_ssize_t put;

	t->e = e;
	while (n > 0) {
		/* It takes at most 2 GiB at once, and nothing beyond the size in the header. */
		put = archive_write_data(t->a, from, n);
		if (tar_done(t, put > 0 ? ARCHIVE_OK : ARCHIVE_FATAL) == -1)
			return -1;
		from += put;
		n -= (size_t)put;
	}
	return 0;
}

static int
tar_add(void *arg, const struct pack_entry *entry, const struct source *body,
    struct place *place, struct err *e)
{
	struct tar *t = arg;
	const struct sink to = { write_body, t };

	t->e = e;
	/* Names are made safe long before; this is the last place where it shows. */
	if (!tar_name_safe(entry->member) ||
	    !utf8_valid(entry->member, strlen(entry->member)))
		return err_set(e, EK_REFUSED,
		    "%s can't be the name of a file in a pack", entry->member);
	if (entry->size > INT64_MAX)
		return err_set(e, EK_REFUSED, "%s is too large", entry->member);
	if (write_header(t, entry) == -1)
		return -1;
	place->frame = frame_number(t->to);
	place->offset = frame_held(t->to);
	place->stored = entry->size;
	place->form = BLOB_PLAIN;
	place->newline_added = false;
	if (source_pour(body, &to, e) == -1)
		return -1;
	t->e = e;
	/* The padding belongs to this frame. */
	return tar_done(t, archive_write_finish_entry(t->a));
}

static int
tar_end(void *arg, struct err *e)
{
	struct tar *t = arg;

	t->e = e;
	return tar_done(t, archive_write_close(t->a));
}

const struct pack_format tar_format = {
	tar_begin, tar_add, tar_end, tar_drop
};
