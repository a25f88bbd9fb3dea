/*
 * orphan.c - what stands in orphans/: packs that no manifest names or that were given up, and manifests and catalogs
 * that were set aside.  Nothing of it is part of the vault; it is kept until somebody says otherwise, and what is the
 * only copy of a message is kept even then.
 */
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "vault/private.h"

struct walk {
	int		 dir;		/* borrowed; orphans/ or one below it */
	bool		 remove;
	struct vault_orphans *out;
};

/* A search for contents that the vault lacks. */
struct search {
	struct vault	*v;
	int		 dir;		/* borrowed; orphans/ */
	const char	*pack;		/* that is being read */
	struct digest	*only;		/* own; as often as they were met */
	size_t		 n, cap;
};

/* ---- what only orphans have ---- */

/* As intake_has() has it: on record, and its pack is there. */
static bool
has_content(const struct vault *v, const struct known_blob *b)
{
	return !b->lost && b->pack_size != 0 &&
	    read_lacks(v, b->place.pack, b->pack_size) == NULL;
}

/* The reading that counts is the one that vault_adopt() takes: what is refused here it can bring back. */
static int
search_found(void *arg, const struct pack_found *f, struct err *e)
{
	struct search *s = arg;
	const struct pack_reading *r = &f->readings[0];
	struct known_blob b;
	size_t i;
	int known = 0;

	for (i = 0; known == 0 && i < f->n; i++)
		if ((known = catalog_blob(s->v->catalog,
		    &f->readings[i].sha256, &b, e)) == 1)
			r = &f->readings[i];
	if (known == -1)
		return -1;
	if (known == 0 || !has_content(s->v, &b)) {
		s->only = mem_grow(s->only, &s->cap, s->n + 1,
		    sizeof(*s->only));
		s->only[s->n++] = r->sha256;
	}
	return cancel_check(e);
}

static int
search_note(void *arg, const char *line, size_t n, struct err *e)
{
	(void)arg, (void)line, (void)n;
	return cancel_check(e);
}

/* What can't be read is nobody's copy. */
static int
search_damage(void *arg, const struct pack_damage *d, struct err *e)
{
	const struct search *s = arg;

	log_info("orphans/%s, byte %" PRIu64 ": %s", s->pack, d->offset,
	    d->what);
	return cancel_check(e);
}

/* Only those that would be removed: see take(). */
static int
search_pack(void *arg, const char *name, struct err *e)
{
	struct search *s = arg;
	const struct pack_scan_fns fns = { .note = search_note,
	    .found = search_found, .damage = search_damage, .arg = s };
	bool mbox = strstr(name, ".mbox.") != NULL;
	struct stat st;

	if (!manifest_is_pack(name))
		return 0;
	if (fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return err_sys(e, "can't look at orphans/%s", name);
	if (!S_ISREG(st.st_mode))
		return 0;
	s->pack = name;
	if (pack_scan(s->dir, name, mbox ? CONTAINER_MBOX : CONTAINER_TAR,
	    NULL, 0, &fns, e) == -1)
		return err_add(e, "orphans/%s", name);
	return 0;
}

static int
by_digest(const void *a, const void *b)
{
	const struct digest *x = a, *y = b;

	return memcmp(x->b, y->b, DIGEST_SIZE);
}

static int
search_orphans(struct vault *v, int dir, uint64_t *out, struct err *e)
{
	struct search s = { .v = v, .dir = dir };
	size_t i;
	int rc = io_list(dir, search_pack, &s, e);

	if (s.n > 0)
		qsort(s.only, s.n, sizeof(*s.only), by_digest);
	for (i = 0; i < s.n; i++)
		if (i == 0 || !digest_equal(&s.only[i], &s.only[i - 1]))
			++*out;
	free(s.only);
	return rc;
}

/* ---- all of it ---- */

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
	if (rc == 0)
		rc = remove ? io_sync_dir(w.dir, e) :
		    search_orphans(v, w.dir, &out->only, e);
	close(w.dir);
	return rc;
}

int
vault_orphans(struct vault *v, struct vault_orphans *out, struct err *e)
{
	return walk_orphans(v, false, out, e);
}

int
vault_spare_orphans(const struct vault *v, const struct vault_orphans *o,
    struct err *e)
{
	if (o->only == 0)
		return 0;
	err_set(e, EK_REFUSED, "orphans hold %" PRIu64 " message%s nowhere "
	    "else: nothing was removed", o->only,
	    o->only == 1 ? " that is" : "s that are");
	return err_next(e, "mailkeep repair %s brings %s back", v->path,
	    o->only == 1 ? "it" : "them");
}

int
vault_drop_orphans(struct vault *v, struct vault_orphans *out, struct err *e)
{
	if (walk_orphans(v, false, out, e) == -1 ||
	    vault_spare_orphans(v, out, e) == -1)
		return -1;
	return walk_orphans(v, true, out, e);
}
