/*
 * orphan.c - what stands in orphans/: packs that no manifest names or that were given up, and manifests and catalogs
 * that were set aside.  Nothing of it is part of the vault; it is kept until somebody says otherwise.
 */
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/io.h"
#include "vault/private.h"

struct walk {
	int		 dir;		/* borrowed; orphans/ or one below it */
	bool		 remove;
	struct vault_orphans *out;
};

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

static bool
begins_with(const char *s, const char *begin)
{
	return strncmp(s, begin, strlen(begin)) == 0;
}

/* A file of ours: counted, and removed where that was asked for. */
static int
take_file(struct walk *w, const char *name, uint64_t *count, struct err *e)
{
	struct stat st;

	if (fstatat(w->dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return err_sys(e, "can't look at orphans/%s", name);
	if (!S_ISREG(st.st_mode)) {
		w->out->strangers++;
		return 0;
	}
	if (w->remove && unlinkat(w->dir, name, 0) == -1)
		return err_sys(e, "can't remove orphans/%s", name);
	w->out->bytes += (uint64_t)st.st_size;
	if (count != NULL)
		++*count;
	return cancel_check(e);
}

static int
take_manifest(void *arg, const char *name, struct err *e)
{
	struct walk *w = arg;

	if (ends_with(name, ".jsonl.zst"))
		return take_file(w, name, NULL, e);
	w->out->strangers++;
	return 0;
}

/* Manifests in a directory, as rebuild --salvage leaves them. */
static int
take_manifests(struct walk *w, const char *name, struct err *e)
{
	struct walk in = *w;
	int rc;

	if ((in.dir = io_open_dir(w->dir, name, e)) == -1) {
		if (e->sys != ENOTDIR && e->sys != ELOOP)
			return -1;
		w->out->strangers++;
		return 0;
	}
	rc = io_list(in.dir, take_manifest, &in, e);
	close(in.dir);
	if (rc == -1)
		return err_add(e, "orphans/%s", name);
	if (w->remove && unlinkat(w->dir, name, AT_REMOVEDIR) == -1 &&
	    errno != ENOTEMPTY && errno != EEXIST)
		return err_sys(e, "can't remove orphans/%s", name);
	w->out->others++;
	return 0;
}

static int
take(void *arg, const char *name, struct err *e)
{
	struct walk *w = arg;

	if (manifest_is_pack(name))
		return take_file(w, name, &w->out->packs, e);
	if (begins_with(name, "manifests-"))
		return take_manifests(w, name, e);
	if (begins_with(name, "catalog-") && ends_with(name, ".sqlite"))
		return take_file(w, name, &w->out->others, e);
	w->out->strangers++;
	return 0;
}

static int
walk_orphans(struct vault *v, bool remove, struct vault_orphans *out,
    struct err *e)
{
	struct walk w = { .remove = remove, .out = out };
	int rc;

	memset(out, 0, sizeof(*out));
	if ((w.dir = io_open_dir(v->dir, "orphans", e)) == -1)
		return e->sys == ENOENT ? 0 : -1;
	rc = io_list(w.dir, take, &w, e);
	if (remove && rc == 0)
		rc = io_sync_dir(w.dir, e);
	close(w.dir);
	return rc;
}

int
vault_orphans(struct vault *v, struct vault_orphans *out, struct err *e)
{
	return walk_orphans(v, false, out, e);
}

int
vault_drop_orphans(struct vault *v, struct vault_orphans *out, struct err *e)
{
	return walk_orphans(v, true, out, e);
}
