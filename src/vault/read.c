/*
 * read.c - messages out of the packs, re-hashed.
 */
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/log.h"
#include "base/mem.h"
#include "vault/private.h"

/* A sink that hashes on the way. */
struct tee {
	struct hasher		*hasher;	/* own */
	const struct sink	*to;
};

static int
tee_write(void *arg, const void *p, size_t n, struct err *e)
{
	struct tee *t = arg;

	hasher_add(t->hasher, p, n);
	return sink_write(t->to, p, n, e);
}

static int
read_blob(struct vault *v, const struct digest *sha256,
    const struct known_blob *b, const struct sink *to, struct err *e)
{
	struct tee tee = { hasher_new(), to };
	struct sink through = { tee_write, &tee };
	struct digest got;
	char hex[DIGEST_HEX];
	int rc;

	if (v->reader == NULL)
		v->reader = pack_reader_new(v->packs);
	rc = pack_read(v->reader, &b->place, &b->frame, b->size, &through, e);
	hasher_end(tee.hasher, &got);
	hasher_free(&tee.hasher);
	if (rc == 0 && !digest_equal(&got, sha256))
		rc = err_set(e, EK_CORRUPT,
		    "packs/%s: a message has not the content %s any more",
		    b->place.pack, digest_hex(sha256, hex));
	return rc;
}

/*
 * A pack that is not there.  It may have been compacted, and this reader is of a day before that: the vault as it is
 * now knows where its messages are.  ${e} is why it is asked, and stays where that is no better.
 */
static int
read_newer(struct vault *v, const struct digest *sha256,
    const struct sink *to, struct err *e)
{
	struct vault_env env = v->env;
	struct err why;

	/* A catalog of our own is in use, and can't be another one at the same time. */
	if (v->catalog_writable)
		env.cache = NULL;
	if (!v->looked &&
	    vault_open(v->path, VAULT_READ, &env, &v->newer, &why) == -1)
		log_info("%s", why.text);
	v->looked = true;
	return v->newer != NULL && v->newer->head > v->head ?
	    vault_read(v->newer, sha256, to, e) : -1;
}

int
vault_read(struct vault *v, const struct digest *sha256,
    const struct sink *to, struct err *e)
{
	struct known_blob b;
	char hex[DIGEST_HEX];
	int r;

	if ((r = catalog_blob(v->catalog, sha256, &b, e)) == -1)
		return -1;
	if (r == 0 || b.pack_size == 0)
		return err_set(e, EK_CORRUPT,
		    "no pack is known to hold the content %s",
		    digest_hex(sha256, hex));
	r = read_blob(v, sha256, &b, to, e);
	if (r == -1 && v->reading && e->kind == EK_CORRUPT && e->sys == ENOENT)
		r = read_newer(v, sha256, to, e);
	return r;
}

/* ---- packs that are not there ---- */

const char *
read_lacks(const struct vault *v, const char *pack, uint64_t size)
{
	struct stat st;

	if (v->packs == -1 ||
	    fstatat(v->packs, pack, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return v->packs == -1 || errno == ENOENT ? "it is missing" :
		    "it can't be looked at";
	if (!S_ISREG(st.st_mode))
		return "it is no regular file";
	return (uint64_t)st.st_size == size ? NULL : "it has another size";
}

struct losses {
	const struct vault *v;
	vault_lost_fn	*fn;
	void		*arg;
};

static int
look_at_pack(void *arg, const struct known_pack *k, struct err *e)
{
	const struct losses *l = arg;
	const char *why = read_lacks(l->v, k->name, k->size);

	return why == NULL ? 0 : l->fn(l->arg, k->name, why, e);
}

int
vault_lost_packs(struct vault *v, vault_lost_fn *fn, void *arg, struct err *e)
{
	struct losses l = { v, fn, arg };

	return catalog_packs(v->catalog, look_at_pack, &l, e);
}

int
vault_lost_error(uint64_t n, struct err *e)
{
	return err_set(e, EK_CORRUPT, "%" PRIu64 " pack%s of the vault %s "
	    "missing or damaged", n, n == 1 ? "" : "s", n == 1 ? "is" : "are");
}

/* ---- header lines that the catalog lacks ---- */

struct filler {
	struct vault	*v;
	struct catalog	*catalog;	/* writable */
	struct header_scan scan;
	struct buf	 told;		/* the pack that a warning was about, */
	bool		 lost;		/* which is not there at all */
	uint64_t	 unread;	/* messages */
};

static int
scan_write(void *arg, const void *p, size_t n, struct err *e)
{
	(void)e;
	header_feed(arg, p, n);
	return 0;
}

/* What can't be read now may be back another time: nothing is kept of it.  A word on each pack is enough. */
static int
pass_over(struct filler *f, const struct known_blob *b, const struct err *why,
    struct err *e)
{
	f->unread++;
	if (strcmp(buf_text(&f->told), b->place.pack) != 0) {
		log_warn("%s", why->text);
		buf_clear(&f->told);
		buf_adds(&f->told, b->place.pack);
		f->lost = read_lacks(f->v, b->place.pack, b->pack_size) != NULL;
	}
	return cancel_check(e);
}

static int
fill_one(void *arg, const struct digest *sha256, const struct known_blob *b,
    struct err *e)
{
	struct filler *f = arg;
	struct sink to = { scan_write, &f->scan };
	const char *values[HEADER_FIELDS];
	struct err why;
	size_t i;

	header_start(&f->scan);
	if ((f->lost && strcmp(buf_text(&f->told), b->place.pack) == 0) ||
	    read_blob(f->v, sha256, b, &to, &why) == -1)
		return pass_over(f, b, &why, e);
	header_finish(&f->scan);
	for (i = 0; i < HEADER_FIELDS; i++)
		values[i] = f->scan.value[i];
	if (catalog_headers(f->catalog, sha256, values, e) == -1)
		return -1;
	return cancel_check(e);
}

static int
fill(struct vault *v, struct catalog *c, struct err *e)
{
	struct filler *f = xcalloc(1, sizeof(*f));
	struct err why;
	int rc;

	f->v = v;
	f->catalog = c;
	buf_init(&f->told, 4096);
	rc = catalog_headerless(c, fill_one, f, e);
	if (f->unread > 0) {
		err_set(&why, EK_CORRUPT, "%" PRIu64 " message%s can't be read",
		    f->unread, f->unread == 1 ? "" : "s");
		recover_alarm(v, &why);
	}
	buf_release(&f->told);
	free(f);
	return rc;
}

static int
found_one(void *arg, const struct digest *sha256, const struct known_blob *b,
    struct err *e)
{
	(void)arg, (void)sha256, (void)b, (void)e;
	return 1;
}

int
vault_fill_headers(struct vault *v, struct err *e)
{
	struct catalog *c;
	struct err why;
	char *path;
	int rc;

	if (v->catalog_writable)
		return fill(v, v->catalog, e);
	if ((rc = catalog_headerless(v->catalog, found_one, NULL, e)) != 1)
		return rc;
	/* A reader lends itself the lock; where it can't have it, the lines are left out. */
	if (vault_take_lock(v, false, &why) == -1)
		return 0;
	path = xasprintf("%s/" CATALOG_FILE, v->path);
	if (catalog_open(path, CATALOG_WRITE, &c, &why) == 0) {
		rc = fill(v, c, &why);
		catalog_close(&c);
		if (rc == -1 && why.kind == EK_CANCELLED)
			*e = why;
		else
			rc = 0;
	} else
		rc = 0;
	free(path);
	vault_drop_lock(v);
	return rc;
}
