/*
 * out_eml.c - a file for each message, in a tree of directories.
 */
#include <unistd.h>

#include "foreign/out.h"

/* The names of files that are tried, should one be taken: two epochs of a folder may share UIDVALIDITY and UID. */
#define ATTEMPTS	1000

static int
eml_add(struct foreign_out *o, struct out_folder *f,
    const struct foreign_mail *m, struct err *e)
{
	struct buf name = BUF_INIT(256);
	unsigned int i;
	int r = 0;

	if (o->last != m->folder) {
		if (o->last_dir != -1)
			close(o->last_dir);
		o->last = SIZE_MAX;
		if ((o->last_dir = out_make_dirs(o, f->path, e)) == -1)
			return -1;
		o->last = m->folder;
	}
	for (i = 0; r == 0 && i < ATTEMPTS; i++) {
		buf_clear(&name);
		out_name_member(m, i, &name);
		r = out_spool_publish(&o->spool, m->date, o->last_dir,
		    buf_text(&name), e);
	}
	if (r == 0)
		r = err_set(e, EK_REFUSED, "%s: the name %s is taken", f->path,
		    buf_text(&name));
	buf_release(&name);
	return r == -1 ? -1 : 0;
}

const struct out_type out_eml = {
	.path = out_name_tree, .named = true, .add = eml_add
};
