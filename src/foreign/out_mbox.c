/*
 * out_mbox.c - a file for each folder, mboxrd: the line ends of mail that has CR LF alone become LF, other mail stays
 * as it is (mail/mbox.h).  Nothing is added to a message.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "foreign/out.h"
#include "mail/mbox.h"

static int
flush(struct foreign_out *o, struct err *e)
{
	if (io_write_all(o->box, buf_text(&o->text), o->text.n, e) == -1)
		return -1;
	buf_clear(&o->text);
	return 0;
}

static int
box_write(void *arg, const void *p, size_t n, struct err *e)
{
	struct foreign_out *o = arg;

	if (buf_add(&o->text, p, n) == 0)
		return 0;
	if (flush(o, e) == -1)
		return -1;
	return buf_add(&o->text, p, n) == 0 ? 0 :
	    io_write_all(o->box, p, n, e);
}

static int
open_box(struct foreign_out *o, size_t folder, struct err *e)
{
	o->box = openat(o->scratch, OUT_PART, O_WRONLY | O_CREAT | O_EXCL |
	    O_NOFOLLOW | O_CLOEXEC, 0600);
	if (o->box == -1)
		return err_sys(e, "can't make a file");
	o->last = folder;
	return 0;
}

/* The mailbox gets its name; another one where the file system takes names for equal that we don't. */
static int
name_box(struct foreign_out *o, const struct out_folder *f, struct err *e)
{
	const char *slash = strrchr(f->path, '/');
	const char *base = slash == NULL ? f->path : slash + 1;
	char *above = xmemdup0(f->path, slash == NULL ? 0 :
	    (size_t)(slash - f->path));
	char *name = xasprintf("%s.mbox", base);
	int dir = out_make_dirs(o, above, e), rc = -1;
	unsigned int i;

	for (i = 2; dir != -1; i++) {
		rc = out_rename(o->scratch, OUT_PART, dir, name);
		if (rc == 0 || errno != EEXIST)
			break;
		free(name);
		name = xasprintf("%s%%~%u.mbox", base, i);
	}
	if (dir != -1) {
		if (rc == -1)
			err_sys(e, "can't make the file %s", name);
		close(dir);
	}
	if (rc == 0 && i > 2)
		o->lack.renamed++;
	free(above);
	free(name);
	return rc;
}

static int
close_box(struct foreign_out *o, struct err *e)
{
	int rc;

	if (o->box == -1)
		return 0;
	if (flush(o, e) == -1)
		return -1;
	rc = close(o->box);
	o->box = -1;
	if (rc == -1)
		return err_sys(e, "can't write a mailbox");
	return name_box(o, &o->folders[o->last], e);
}

static int
probe_write(void *arg, const void *p, size_t n, struct err *e)
{
	(void)e;
	mbox_probe_feed(arg, p, n);
	return 0;
}

static int
mbox_add(struct foreign_out *o, struct out_folder *f,
    const struct foreign_mail *m, struct err *e)
{
	const struct source body = out_spool_source(&o->spool);
	const struct sink to = { box_write, o };
	struct mbox_probe probe;
	const struct sink look = { probe_write, &probe };
	char line[MBOX_FROM_MAX];
	uint64_t stored;
	bool added;

	(void)f;
	if (o->last != m->folder && (close_box(o, e) == -1 ||
	    open_box(o, m->folder, e) == -1))
		return -1;
	mbox_probe_start(&probe);
	mbox_from_line(line, m->date);
	if (source_pour(&body, &look, e) == -1 ||
	    sink_write(&to, line, strlen(line), e) == -1 ||
	    mbox_quote(mbox_probe_form(&probe), &body, &to, &stored, &added,
	    e) == -1)
		return -1;
	return sink_write(&to, "\n", 1, e);
}

static void
mbox_drop(struct foreign_out *o)
{
	if (o->last != SIZE_MAX)
		unlinkat(o->scratch, OUT_PART, 0);
}

const struct out_type out_mbox = {
	.path = out_name_boxes, .add = mbox_add, .end = close_box,
	.drop = mbox_drop
};
