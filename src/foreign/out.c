/*
 * out.c - mail on its way out: what the formats have in common.
 */
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "foreign/out.h"
#include "mail/name.h"

#define PATH_LENGTH	(NAME_MAX_PATH + 128)	/* with a suffix, and the dots of ".mbox" spelled out */

static struct foreign_out *
new_out(enum foreign_kind kind, const char *shown)
{
	static const struct out_type *const types[] = {
		[FOREIGN_MAILDIR] = &out_maildir,
		[FOREIGN_MBOX] = &out_mbox,
		[FOREIGN_EML] = &out_eml,
		[FOREIGN_TAR] = &out_archive,
		[FOREIGN_ZIP] = &out_archive,
	};
	struct foreign_out *o = xcalloc(1, sizeof(*o));

	o->type = types[kind];
	o->shown = xstrdup(shown);
	o->dir = o->scratch = o->last_dir = o->box = -1;
	o->last = SIZE_MAX;
	buf_init(&o->text, OUT_TEXT_MAX);
	out_spool_init(&o->spool, -1, false);
	return o;
}

static void
free_out(struct foreign_out **op)
{
	struct foreign_out *o = *op;
	size_t i;

	out_spool_release(&o->spool);
	for (i = 0; i < o->n; i++) {
		free(o->folders[i].name);
		free(o->folders[i].path);
		buf_release(&o->folders[i].keywords);
		free(o->taken[i].folded);
	}
	free(o->folders);
	free(o->taken);
	if (o->last_dir != -1)
		close(o->last_dir);
	if (o->box != -1)
		close(o->box);
	buf_release(&o->text);
	if (o->scratch != -1)
		close(o->scratch);
	if (o->dir != -1)
		close(o->dir);
	free(o->shown);
	free(o);
	*op = NULL;
}

/* ---- where it goes ---- */

static int
find_entry(void *arg, const char *name, struct err *e)
{
	(void)e;
	*(char **)arg = xstrdup(name);
	return 1;
}

static int
check_empty(struct foreign_out *o, struct err *e)
{
	char *name = NULL;

	if (io_list(o->dir, find_entry, &name, e) == -1)
		return -1;
	if (name == NULL)
		return 0;
	err_set(e, EK_REFUSED, "%s is not empty: there is %s", o->shown, name);
	free(name);
	return err_next(e, "name a directory that does not exist yet; what is "
	    "left of an export that broke off can be removed");
}

/* The directory that somebody named: links on the way there are theirs. */
static int
open_target(struct foreign_out *o, struct err *e)
{
	if (mkdir(o->shown, 0700) == 0)
		o->made = true;
	else if (errno != EEXIST) {
		err_sys(e, "can't make the directory %s", o->shown);
		return e->sys != ENOENT ? -1 :
		    err_next(e, "make the directory above it first");
	}
	o->dir = open(o->shown, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (o->dir == -1) {
		err_sys(e, "can't open the directory %s", o->shown);
		return e->sys != ENOTDIR ? -1 :
		    err_next(e, "this format needs a directory");
	}
	return o->made ? 0 : check_empty(o, e);
}

static int
open_scratch(struct foreign_out *o, struct err *e)
{
	if (o->type->begin != NULL && o->type->begin(o, e) == -1)
		return err_add(e, "%s", o->shown);
	if (o->scratch == -1 && (o->scratch = dup(o->dir)) == -1)
		return err_sys(e, "can't open a directory again");
	out_spool_init(&o->spool, o->scratch, o->type->named);
	return 0;
}

/* An archive's directory is opened; its name in it. */
static int
open_parent(struct foreign_out *o, const char **name, struct err *e)
{
	const char *slash = strrchr(o->shown, '/');
	char *parent = slash == NULL ? xstrdup(".") :
	    xmemdup0(o->shown, (size_t)(slash - o->shown) + 1);
	struct stat st;

	*name = slash == NULL ? o->shown : slash + 1;
	o->dir = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (o->dir == -1)
		err_sys(e, "can't open the directory %s", parent);
	free(parent);
	if (o->dir == -1)
		return -1;
	if (**name == '\0' || (fstatat(o->dir, *name, &st,
	    AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))) {
		err_set(e, EK_USAGE, "%s is a directory", o->shown);
		return err_next(e, "name the file that the archive is to be");
	}
	if (fstatat(o->dir, *name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		err_set(e, EK_REFUSED, "%s exists already", o->shown);
		return err_next(e, "nothing is overwritten: name a file that "
		    "does not exist yet");
	}
	return 0;
}

int
foreign_create(enum foreign_kind kind, const char *to, struct foreign_out **out,
    struct err *e)
{
	struct foreign_out *o = new_out(kind, to);
	const char *name;
	int rc;

	if (o->type == &out_archive)
		rc = open_parent(o, &name, e) == -1 ||
		    open_scratch(o, e) == -1 ? -1 :
		    out_archive_begin(o, kind == FOREIGN_ZIP, name, NULL, e);
	else
		rc = open_target(o, e) == -1 ? -1 : open_scratch(o, e);
	if (rc == -1)
		foreign_discard(&o);
	else
		*out = o;
	return rc;
}

int
foreign_stream(enum foreign_kind kind, const struct sink *to,
    struct foreign_out **out, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	struct foreign_out *o;

	if (tmp == NULL || tmp[0] != '/')
		tmp = "/var/tmp";
	o = new_out(kind, tmp);
	o->scratch = open(tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (o->scratch == -1)
		err_sys(e, "can't open the directory %s", tmp);
	out_spool_init(&o->spool, o->scratch, false);
	if (o->scratch == -1 ||
	    out_archive_begin(o, kind == FOREIGN_ZIP, "", to, e) == -1) {
		foreign_discard(&o);
		return -1;
	}
	*out = o;
	return 0;
}

int
foreign_scratch(const struct foreign_out *o)
{
	return o->scratch;
}

int
out_make_dirs(struct foreign_out *o, const char *path, struct err *e)
{
	int at = dup(o->dir), next;
	const char *end;
	char *part;

	if (at == -1)
		return err_sys(e, "can't open a directory again");
	for (; *path != '\0'; path = *end == '\0' ? end : end + 1) {
		end = path + strcspn(path, "/");
		part = xmemdup0(path, (size_t)(end - path));
		next = io_make_dir(at, part, e) == -1 ? -1 :
		    io_open_dir(at, part, e);
		close(at);
		free(part);
		if ((at = next) == -1)
			return -1;
	}
	return at;
}

/* ---- what goes there ---- */

int
foreign_folder(struct foreign_out *o, const char *name, char delimiter,
    size_t *number, struct err *e)
{
	struct buf path = BUF_INIT(PATH_LENGTH);
	struct out_folder *f;

	o->type->path(name, delimiter, &path);
	if (!out_name_take(o, name, &path, number)) {
		buf_release(&path);
		return 0;
	}
	o->folders = mem_grow(o->folders, &o->cap, o->n + 1,
	    sizeof(*o->folders));
	f = &o->folders[o->n];
	*f = (struct out_folder){ xstrdup(name),
	    path.n == 0 ? xstrdup("") : buf_take(&path), BUF_INIT(0) };
	*number = o->n++;
	buf_release(&path);
	if (o->type->folder != NULL && o->type->folder(o, f, e) == -1)
		return err_add(e, "%s", o->shown);
	return 0;
}

void
foreign_begin(struct foreign_out *o)
{
	out_spool_clear(&o->spool);
}

static int
take(void *arg, const void *p, size_t n, struct err *e)
{
	struct foreign_out *o = arg;

	if (out_spool_write(&o->spool, p, n, e) == -1)
		return err_add(e, "%s", o->shown);
	return 0;
}

struct sink
foreign_sink(struct foreign_out *o)
{
	return (struct sink){ take, o };
}

int
foreign_add(struct foreign_out *o, const struct foreign_mail *m, struct err *e)
{
	if (o->type->add(o, &o->folders[m->folder], m, e) == -1)
		return err_add(e, "%s", o->shown);
	out_spool_clear(&o->spool);
	return 0;
}

int
foreign_end(struct foreign_out **op, struct foreign_lack *lack, struct err *e)
{
	struct foreign_out *o = *op;

	out_spool_clear(&o->spool);
	if (o->type->end != NULL && o->type->end(o, e) == -1)
		return err_add(e, "%s", o->shown);
	/* Many small files: one call for all of them. */
	if (o->type != &out_archive && syncfs(o->dir) == -1)
		return err_sys(e, "%s: can't make it durable", o->shown);
	*lack = o->lack;
	free_out(op);
	return 0;
}

void
foreign_discard(struct foreign_out **op)
{
	struct foreign_out *o = *op;

	if (o == NULL)
		return;
	out_spool_clear(&o->spool);
	if (o->type->drop != NULL)
		o->type->drop(o);
	/* One that is not empty stays. */
	if (o->made)
		rmdir(o->shown);
	free_out(op);
}
