/*
 * recover.c - after a crash, a copy or a lost catalog: scratch, orphans, and a catalog that stands where the
 * manifests stand.
 */
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "vault/private.h"

#define CHECK_LINES	1000	/* a signal is looked for this often */
#define ASIDE_MAX	1000	/* files of one name in orphans/ */
#define CATCH_UPS	3	/* a reader tries so often to bring the catalog up to date */
#define READER_WAIT	3	/* seconds, while a writer is between manifest and catalog */

/* ---- the head of the chain ---- */

static int
read_head(struct vault *v, struct err *e)
{
	if (manifest_last(v->manifests, &v->head, e) == -1)
		return -1;
	memset(&v->head_sha256, 0, sizeof(v->head_sha256));
	if (v->head == 0)
		return 0;
	return manifest_digest(v->manifests, v->head, &v->head_sha256, e);
}

int
recover_head(struct vault *v, struct err *e)
{
	struct manifest_reader *r;

	if (read_head(v, e) == -1)
		return -1;
	if (v->head == 0)
		return 0;
	if (manifest_open(v->manifests, v->head, &r, e) == -1)
		return -1;
	v->head_time = manifest_head(r)->time;
	manifest_close(&r);
	return 0;
}

/* ---- scratch and orphans ---- */

static int
remove_scratch(void *arg, const char *name, struct err *e)
{
	struct vault *v = arg;

	(void)e;
	/* What can't be removed does no harm: it is never read. */
	if (unlinkat(v->tmp, name, 0) == 0)
		log_info("removed tmp/%s, left by an interrupted run", name);
	return 0;
}

/* The commit that a pack's name tells; 0: it is no pack's name. */
static uint64_t
commit_of(const char *name)
{
	uint64_t commit;

	return !manifest_is_pack(name) || text_u64(name,
	    strspn(name, "0123456789"), &commit) == -1 ? 0 : commit;
}

/* A run that died leaves packs of the commit that it was at, and none of a later one: those had a manifest. */
static int
miss_manifest(void *arg, const char *name, struct err *e)
{
	const struct vault *v = arg;
	uint64_t commit = commit_of(name);

	if (commit <= v->head + 1)
		return 0;
	err_set(e, EK_CORRUPT, "manifests are missing: packs/%s belongs to "
	    "commit %" PRIu64 ", and the last manifest is %" PRIu64, name,
	    commit, v->head);
	return err_next(e, "bring them back from another copy of the vault; "
	    "if there is none, mailkeep rebuild --salvage %s makes the best of "
	    "what is left", v->path);
}

/*
 * A pack of a commit that has no manifest was left by a run that died between the two.  It may hold the only copy
 * of something, so it is kept, but out of the way: its number will be used again.
 */
static int
move_orphan(void *arg, const char *name, struct err *e)
{
	struct vault *v = arg;

	if (commit_of(name) <= v->head)
		return 0;
	log_warn("packs/%s belongs to no commit: moved to orphans/", name);
	return vault_set_aside(v, name, e);
}

int
vault_set_aside(struct vault *v, const char *pack, struct err *e)
{
	char *name = xstrdup(pack);
	unsigned int i;
	int rc;

	/* One of that name may stand there already. */
	for (i = 1; (rc = renameat2(v->packs, pack, v->orphans, name,
	    RENAME_NOREPLACE)) == -1 && errno == EEXIST && i < ASIDE_MAX;
	    i++) {
		free(name);
		name = xasprintf("%s~%u", pack, i);
	}
	if (rc == -1 && errno == EINVAL &&
	    faccessat(v->orphans, name, F_OK, AT_SYMLINK_NOFOLLOW) == -1)
		rc = renameat(v->packs, pack, v->orphans, name);
	if (rc == -1)
		err_sys(e, "can't move packs/%s to orphans/", pack);
	free(name);
	/* It must not be in neither of the two. */
	return rc == -1 ? -1 : io_sync_dir(v->orphans, e);
}

struct retired {
	char		*name;		/* own */
	uint64_t	 commit;	/* that retired it */
};

struct clearing {
	struct vault	*v;
	struct retired	*names;		/* own; compacted a while ago, in the order of commits */
	size_t		 n, cap;
};

/*
 * A retired pack.  One that was compacted is elsewhere, byte by byte, and waits only for readers and copiers that came
 * before; the others may hold something yet.
 */
static int
clear_retired(void *arg, const struct known_pack *k, struct err *e)
{
	struct clearing *c = arg;
	struct vault *v = c->v;
	struct stat st;

	/* The catalog is only an index: what it says decides nothing alone, and a name leads nowhere else. */
	if (!manifest_is_pack(k->name) ||
	    fstatat(v->packs, k->name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	if (strcmp(k->why, RETIRE_COMPACTED) != 0)
		return vault_set_aside(v, k->name, e);
	if (k->retired_time + RETIRE_KEEP > v->env.now(v->env.arg))
		return 0;
	c->names = mem_grow(c->names, &c->cap, c->n + 1, sizeof(*c->names));
	c->names[c->n++] = (struct retired){ xstrdup(k->name), k->retired };
	return 0;
}

static int
is_lost(void *arg, const char *pack, const char *why, struct err *e)
{
	(void)arg, (void)pack, (void)why, (void)e;
	return 1;
}

/* Remove what a commit has put elsewhere, if its manifest says so and it is still there: 0, or -1: a signal came. */
static int
remove_compacted(struct clearing *c, struct err *e)
{
	struct vault *v = c->v;
	size_t i;

	for (i = 0; i < c->n; i++) {
		const struct retired *r = &c->names[i];

		if ((i == 0 || r->commit != r[-1].commit) &&
		    again_commit(v, r->commit, e) == -1) {
			if (e->kind == EK_CANCELLED)
				return -1;
			log_warn("what commit %" PRIu64 " compacted stays: %s",
			    r->commit, e->text);
			while (i + 1 < c->n && r[1].commit == r->commit)
				r++, i++;
			continue;
		}
		if (!again_retires(v, r->commit, r->name))
			continue;
		if (unlinkat(v->packs, r->name, 0) == -1)
			log_warn("can't remove packs/%s: %s", r->name,
			    strerror(errno));
		else
			log_info("removed packs/%s: what it held is kept "
			    "elsewhere", r->name);
	}
	return 0;
}

int
vault_clear(struct vault *v, struct err *e)
{
	struct clearing c = { .v = v };
	struct err why;
	int rc = catalog_retired(v->catalog, clear_retired, &c, e);

	/* While anything is missing nothing goes: a copy may be what helps. */
	if (rc == 0 && c.n > 0 &&
	    vault_lost_packs(v, is_lost, NULL, &why) == 0)
		rc = remove_compacted(&c, e);
	while (c.n > 0)
		free(c.names[--c.n].name);
	free(c.names);
	if (rc == 0 && manifest_tidy(v->manifests,
	    v->env.now(v->env.arg) - RETIRE_KEEP, &why) == -1)
		log_warn("%s", why.text);
	return rc;
}

int
recover_set_catalog_aside(struct vault *v, struct err *e)
{
	char *to = xasprintf("catalog-%016" PRIx64 ".sqlite",
	    v->env.random(v->env.arg));
	char *path = xasprintf("%s/" CATALOG_FILE, v->path);
	int rc = 0;

	if (renameat(v->dir, CATALOG_FILE, v->orphans, to) == -1 &&
	    errno != ENOENT)
		rc = err_sys(e, "can't set the catalog aside");
	/* Its journals, if there are any. */
	if (rc == 0)
		rc = catalog_remove(path, e);
	free(path);
	free(to);
	return rc;
}

int
recover_tmp(struct vault *v, struct err *e)
{
	return io_list(v->tmp, remove_scratch, v, e);
}

int
recover_miss(struct vault *v, struct err *e)
{
	return io_list(v->packs, miss_manifest, v, e);
}

int
recover_scratch(struct vault *v, struct err *e)
{
	if (recover_tmp(v, e) == -1)
		return -1;
	if (v->packs == -1)
		return 0;
	if (recover_miss(v, e) == -1)
		return -1;
	return io_list(v->packs, move_orphan, v, e);
}

/* ---- the catalog ---- */

/* What is to blame where a catalog can't be brought up to date. */
enum blame {
	BLAME_CATALOG,		/* one built anew may do better */
	BLAME_MANIFEST,		/* it stands before one that can't be read */
	BLAME_CHAIN,		/* it knows more than the manifests */
};

int
recover_foreign(const struct vault *v, struct err *e)
{
	return err_next(e, "vault.json may be another vault's: if so move it "
	    "away, and mailkeep init --rebind imaps://USER@SERVER %s makes it "
	    "anew", v->path);
}

/* Apply one manifest; ${*prev} is the hash of the one before and becomes its own. */
static int
apply_manifest(struct vault *v, struct catalog *c, uint64_t commit,
    struct digest *prev, enum blame *blame, struct err *e)
{
	struct manifest_reader *r;
	const struct rec_head *head;
	struct record rec;
	uint64_t line;
	int got, rc = -1;

	*blame = BLAME_MANIFEST;
	if (manifest_open(v->manifests, commit, &r, e) == -1)
		return -1;
	head = manifest_head(r);
	if (strcmp(head->vault, v->id) != 0) {
		err_set(e, EK_CORRUPT,
		    "manifest %" PRIu64 " belongs to another vault", commit);
		recover_foreign(v, e);
		goto out;
	}
	if (!digest_equal(&head->prev, prev)) {
		err_set(e, EK_CORRUPT, "the chain is broken: manifest %" PRIu64
		    " does not follow the one before it", commit);
		goto out;
	}
	*blame = BLAME_CATALOG;
	if (catalog_begin(c, head, e) == -1)
		goto out;
	while ((got = manifest_next(r, &rec, &line, e)) == 1)
		if (catalog_apply(c, line, &rec, e) == -1 ||
		    (line % CHECK_LINES == 0 && cancel_check(e) == -1))
			goto out;
	if (got == -1) {
		*blame = BLAME_MANIFEST;
		goto out;
	}
	manifest_sha256(r, prev);
	if (catalog_commit(c, prev, e) == -1)
		goto out;
	rc = 0;
out:
	if (rc == -1)
		catalog_rollback(c);
	manifest_close(&r);
	return rc;
}

/* Where a catalog stands, compared with the manifests. */
enum standing {
	STANDS_AT_HEAD,
	STANDS_BEHIND,
	STANDS_AHEAD,		/* it knows what the manifests don't: an alarm */
	STANDS_ELSEWHERE,	/* it is another vault's */
};

/* ${head} was read before v->head: a writer publishes the manifest first. */
static int
look_where(struct vault *v, const struct catalog_head *head,
    enum standing *out, struct err *e)
{
	struct digest sha256 = { { 0 } };

	*out = STANDS_BEHIND;
	if (head->vault[0] != '\0' && strcmp(head->vault, v->id) != 0) {
		*out = STANDS_ELSEWHERE;
		return 0;
	}
	if (head->commit == 0) {
		if (v->head == 0)
			*out = STANDS_AT_HEAD;
		return 0;
	}
	if (head->commit > v->head) {
		*out = STANDS_AHEAD;
		return 0;
	}
	if (head->commit == v->head)
		sha256 = v->head_sha256;
	else if (manifest_digest(v->manifests, head->commit, &sha256, e) == -1)
		return -1;
	if (!digest_equal(&sha256, &head->sha256))
		*out = STANDS_AHEAD;
	else if (head->commit == v->head)
		*out = STANDS_AT_HEAD;
	return 0;
}

static int
alarm_ahead(const struct vault *v, const struct catalog_head *head,
    struct err *e)
{
	if (head->commit > v->head)
		err_set(e, EK_CORRUPT, "the catalog knows commit %" PRIu64
		    ", but the last manifest is %" PRIu64
		    ": manifests were lost, or an older copy was put back",
		    head->commit, v->head);
	else
		err_set(e, EK_CORRUPT, "manifest %" PRIu64
		    " is not the one that the catalog knows: it was replaced",
		    head->commit);
	return err_next(e, "bring the newest manifests and packs back from "
	    "another copy of the vault; if there is none, mailkeep rebuild "
	    "--salvage %s takes what packs still hold of them, and mailkeep "
	    "repair --accept-loss goes on without the rest", v->path);
}

/* Bring a catalog that is ours to write up to the head. */
static int
catch_up(struct vault *v, struct catalog *c, enum blame *blame, struct err *e)
{
	struct catalog_head head;
	enum standing where;
	uint64_t commit;

	*blame = BLAME_CATALOG;
	if (catalog_head(c, &head, e) == -1)
		return -1;
	*blame = BLAME_CHAIN;
	if (look_where(v, &head, &where, e) == -1)
		return -1;
	switch (where) {
	case STANDS_AT_HEAD:
		return 0;
	case STANDS_AHEAD:
		return alarm_ahead(v, &head, e);
	case STANDS_ELSEWHERE:
		*blame = BLAME_CATALOG;
		return err_set(e, EK_CORRUPT, "the catalog is another vault's");
	case STANDS_BEHIND:
		break;
	}
	if (v->head > head.commit + 1)
		log_info("catching up with manifests %" PRIu64 " to %" PRIu64,
		    head.commit + 1, v->head);
	if (v->head > head.commit + 10 && catalog_bulk(c, e) == -1)
		return -1;
	for (commit = head.commit + 1; commit <= v->head; commit++)
		if (apply_manifest(v, c, commit, &head.sha256, blame, e) ==
		    -1)
			return -1;
	return 0;
}

void
recover_alarm(struct vault *v, const struct err *e)
{
	log_info("%s", e->text);
	v->alarm = *e;
	v->alarmed = true;
}

/* A reader goes as far as the manifests go that can be read. */
static void
stop_short(struct vault *v, const struct catalog_head *head)
{
	v->head = head->commit;
	v->head_sha256 = head->sha256;
}

/*
 * Open a catalog for writing and bring it up to date; one that is damaged or another vault's is built anew.  Where the
 * manifests are what is damaged it is kept: nothing else knows as well what they said.
 */
static int
open_caught_up(struct vault *v, const char *path, struct catalog **out,
    struct err *e)
{
	struct catalog_head head;
	enum blame blame;
	bool fresh;
	int attempt;

	for (attempt = 0; attempt < 2; attempt++) {
		fresh = access(path, F_OK) == -1;
		blame = BLAME_CATALOG;
		if (catalog_open(path, CATALOG_WRITE, out, e) == 0) {
			if (catch_up(v, *out, &blame, e) == 0)
				return 0;
			if (v->reading && e->kind == EK_CORRUPT &&
			    blame == BLAME_MANIFEST) {
				recover_alarm(v, e);
				if (catalog_head(*out, &head, e) == -1)
					return -1;
				stop_short(v, &head);
				return 0;
			}
		}
		catalog_close(out);
		if (e->kind != EK_CORRUPT || fresh || blame != BLAME_CATALOG)
			return -1;
		log_warn("the catalog is built anew from the manifests: %s",
		    e->text);
		if (catalog_remove(path, e) == -1)
			return -1;
	}
	return -1;
}

int
recover_catalog_write(struct vault *v, struct err *e)
{
	v->catalog_path = xasprintf("%s/" CATALOG_FILE, v->path);
	v->catalog_writable = true;
	return open_caught_up(v, v->catalog_path, &v->catalog, e);
}

/* The new catalog takes the old one's place only when it is done: the manifests may turn out to be damaged. */
int
vault_rebuild(struct vault *v, bool quick, struct err *e)
{
	char *fresh = xasprintf("%s/tmp/" CATALOG_FILE, v->path);
	struct catalog *c = NULL;
	struct err ignored;
	int rc;

	rc = catalog_remove(fresh, e);
	if (rc == 0)
		rc = open_caught_up(v, fresh, &c, e);
	catalog_close(&c);
	if (rc == 0) {
		catalog_close(&v->catalog);
		rc = catalog_remove(v->catalog_path, e);
	}
	if (rc == 0 && rename(fresh, v->catalog_path) == -1)
		rc = err_sys(e, "can't put the new catalog in place");
	if (rc == -1)
		catalog_remove(fresh, &ignored);
	free(fresh);
	if (rc == -1)
		return -1;
	free(v->catalog_path);
	if (recover_catalog_write(v, e) == -1)
		return -1;
	return quick ? 0 : vault_fill_headers(v, e);
}

/*
 * A catalog that turned out to be damaged after it was opened: who may write it takes it away, and the next one
 * builds it anew.
 */
void
recover_catalog_close(struct vault *v)
{
	bool damaged = v->catalog != NULL && !v->checking &&
	    catalog_damaged(v->catalog);
	struct err ignored;

	catalog_close(&v->catalog);
	if (damaged && (v->catalog_writable ||
	    vault_take_lock(v, false, &ignored) == 0) &&
	    catalog_remove(v->catalog_path, &ignored) == -1)
		log_warn("%s", ignored.text);
	free(v->catalog_path);
	v->catalog_path = NULL;
}

/* A reader's own catalog, where the vault's can't be used. */
static int
open_private(struct vault *v, struct err *e)
{
	char *dir = NULL, *path = NULL, *lock = NULL;
	int fd = -1, rc = -1;

	if (v->env.cache == NULL)
		return err_set(e, EK_FAIL, "the vault's catalog can't be used, "
		    "and there is no cache directory for another one");
	dir = xasprintf("%s/mailkeep", v->env.cache);
	path = xasprintf("%s/%s.sqlite", dir, v->id);
	lock = xasprintf("%s/%s.lock", dir, v->id);
	if (io_make_dir(AT_FDCWD, v->env.cache, e) == -1 ||
	    io_make_dir(AT_FDCWD, dir, e) == -1)
		goto out;
	fd = open(lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1) {
		err_sys(e, "can't open %s", lock);
		goto out;
	}
	log_info("using a catalog of my own: %s", path);
	if (io_lock(fd, true, e) == -1)
		goto out;
	rc = open_caught_up(v, path, &v->catalog, e);
	if (rc == -1 && e->kind == EK_CORRUPT && v->catalog == NULL) {
		/* Left from before the vault was put back to an older state: it is only a cache. */
		rc = catalog_remove(path, e) == -1 ? -1 :
		    open_caught_up(v, path, &v->catalog, e);
	}
	v->catalog_writable = true;
	free(v->catalog_path);
	v->catalog_path = path;
	path = NULL;
out:
	if (fd != -1)
		close(fd);
	free(dir);
	free(path);
	free(lock);
	return rc;
}

static enum catalog_mode
read_mode(const struct vault *v)
{
	return access(v->path, W_OK) == -1 && errno == EROFS ?
	    CATALOG_READ_FROZEN : CATALOG_READ;
}

/* Where the vault's catalog stands, for who only looks at it; it is handed out where it can tell anything. */
int
recover_catalog_check(struct vault *v, enum recover_standing *out,
    struct err *e)
{
	struct catalog_head head;
	enum standing where;

	v->catalog_path = xasprintf("%s/" CATALOG_FILE, v->path);
	*out = RECOVER_BEHIND;
	/* SQLite would put right what was interrupted, and that is not for who only looks. */
	if (!catalog_at_rest(v->catalog_path))
		return 0;
	*out = RECOVER_UNUSABLE;
	if (catalog_open(v->catalog_path, read_mode(v), &v->catalog, e) == -1 ||
	    catalog_head(v->catalog, &head, e) == -1) {
		/* That of another version is as good as none. */
		if (e->sys == ENOTSUP)
			*out = RECOVER_BEHIND;
		goto unusable;
	}
	if (look_where(v, &head, &where, e) == -1) {
		/* Its own manifest can't be read: then it is no better and no worse than the chain. */
		*out = RECOVER_AT_HEAD;
		return 0;
	}
	switch (where) {
	case STANDS_AT_HEAD:
		*out = RECOVER_AT_HEAD;
		return 0;
	case STANDS_AHEAD:
		*out = RECOVER_AHEAD;
		return 0;
	case STANDS_BEHIND:
		*out = RECOVER_BEHIND;
		break;
	case STANDS_ELSEWHERE:
		err_set(e, EK_CORRUPT, "it is another vault's");
		break;
	}
unusable:
	catalog_close(&v->catalog);
	return *out == RECOVER_BEHIND || e->kind == EK_CORRUPT ? 0 : -1;
}

int
recover_catalog_private(struct vault *v, struct err *e)
{
	free(v->catalog_path);
	v->catalog_path = NULL;
	return open_private(v, e);
}

/* Take the lock for a moment to bring the vault's catalog up to date: 1 done, 0 not possible now, -1. */
static int
catch_up_in_place(struct vault *v, const char *path, struct err *e)
{
	struct catalog *c = NULL;
	int rc;

	if (vault_take_lock(v, false, e) == -1)
		return 0;
	rc = read_head(v, e);
	if (rc == 0)
		rc = open_caught_up(v, path, &c, e);
	catalog_close(&c);
	vault_drop_lock(v);
	if (rc == 0)
		return 1;
	return e->kind == EK_CORRUPT ? -1 : 0;
}

/* One try to open the vault's catalog at the head: 1 done, 0 not there or behind, 2 ahead, -1. */
static int
try_read(struct vault *v, const char *path, struct err *e)
{
	struct catalog_head head;
	enum standing where;

	if (access(path, F_OK) == -1)
		return read_head(v, e) == -1 ? -1 : 0;
	if (catalog_open(path, read_mode(v), &v->catalog, e) == -1)
		return read_head(v, e) == -1 ? -1 : 0;
	if (catalog_head(v->catalog, &head, e) == -1) {
		catalog_close(&v->catalog);
		return read_head(v, e) == -1 ? -1 : 0;
	}
	if (read_head(v, e) == -1 ||
	    look_where(v, &head, &where, e) == -1)
		return -1;
	if (where == STANDS_AT_HEAD)
		return 1;
	/* No one will bring it further than this. */
	if (where == STANDS_BEHIND && v->alarmed) {
		stop_short(v, &head);
		return 1;
	}
	catalog_close(&v->catalog);
	if (where == STANDS_AHEAD) {
		alarm_ahead(v, &head, e);
		return 2;
	}
	return 0;
}

static int64_t
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

int
recover_catalog_read(struct vault *v, struct err *e)
{
	const struct timespec pause = { 0, 100 * 1000 * 1000 };
	int64_t end = seconds() + READER_WAIT;
	unsigned int caught_up = 0;
	const char *path;
	int r;

	path = v->catalog_path = xasprintf("%s/" CATALOG_FILE, v->path);
	for (;;) {
		if ((r = try_read(v, path, e)) != 0)
			break;
		if ((r = catch_up_in_place(v, path, e)) == -1)
			break;
		/* However long that took, it is there now, unless a writer went on meanwhile. */
		if (r == 1 && ++caught_up < CATCH_UPS)
			continue;
		/* No writer means nobody will bring it up to date for us. */
		if (r == 1 || e->kind != EK_LOCKED || seconds() >= end) {
			r = 0;
			break;
		}
		nanosleep(&pause, NULL);
	}
	if (r == 1 || r == -1)
		return r == 1 ? 0 : -1;
	if (r == 2)
		recover_alarm(v, e);
	return open_private(v, e);
}
