/*
 * vault.c - opening and closing a vault, its lock, and what it says of itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "vault/private.h"

int
vault_take_lock(struct vault *v, bool wait, struct err *e)
{
	int fd;

	fd = openat(v->dir, "lock",
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return err_sys(e, "can't open the lock");
	if (fchmod(fd, 0600) == -1 && errno != EPERM) {
		err_sys(e, "can't set the mode of the lock");
		close(fd);
		return -1;
	}
	if (io_lock(fd, wait, e) == -1) {
		close(fd);
		return -1;
	}
	v->lock = fd;
	return 0;
}

void
vault_drop_lock(struct vault *v)
{
	/* Closing the descriptor lets the lock go; the file stays. */
	if (v->lock != -1)
		close(v->lock);
	v->lock = -1;
}

static struct vault *
new_vault(const struct vault_env *env)
{
	struct vault *v = xcalloc(1, sizeof(*v));

	v->env = *env;
	v->dir = v->packs = v->tmp = v->orphans = v->lock = -1;
	return v;
}

static void
close_fd(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

void
vault_close(struct vault **vp)
{
	struct vault *v = *vp;

	if (v == NULL)
		return;
	vault_close(&v->newer);
	recover_catalog_close(v);
	pack_reader_free(&v->reader);
	account_free(&v->account);
	close_fd(&v->packs);
	manifest_dir_close(&v->manifests);
	close_fd(&v->tmp);
	close_fd(&v->orphans);
	vault_drop_lock(v);
	close_fd(&v->dir);
	free(v->created);
	free(v->path);
	free(v);
	*vp = NULL;
}

/* The directory and what vault.json says. */
static int
open_dir(struct vault *v, const char *path, struct err *e)
{
	if ((v->path = realpath(path, NULL)) == NULL ||
	    (v->dir = open(v->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) ==
	    -1) {
		if (errno != ENOENT && errno != ENOTDIR)
			return err_sys(e, "can't look into it");
		err_sys(e, "no vault there");
		e->kind = EK_NOVAULT;
		return err_next(e, "mailkeep init makes one; if it should "
		    "be there, is the disk mounted?");
	}
	return layout_read(v, e);
}

/* The lock, and the directories that only a writer has. */
static int
open_locked(struct vault *v, bool wait, struct err *e)
{
	const char *doubt = io_fs_doubt(v->dir);

	if (doubt != NULL)
		log_warn("the vault is on %s: locks and durability may not "
		    "hold there", doubt);
	if (vault_take_lock(v, wait, e) == -1)
		return -1;
	if (io_make_dir(v->dir, "tmp", e) == -1 ||
	    io_make_dir(v->dir, "orphans", e) == -1 ||
	    (v->tmp = io_open_dir(v->dir, "tmp", e)) == -1 ||
	    (v->orphans = io_open_dir(v->dir, "orphans", e)) == -1)
		return -1;
	return 0;
}

static int
clean_up(struct vault *v, struct err *e)
{
	return recover_scratch(v, e) == -1 ? -1 : vault_clear(v, e);
}

static int
open_write(struct vault *v, bool wait, struct err *e)
{
	if (open_locked(v, wait, e) == -1)
		return -1;
	/* An alarm moves nothing: what looks like orphans may belong to manifests that come back. */
	if (recover_head(v, e) == -1 || recover_catalog_write(v, e) == -1)
		return -1;
	if (clean_up(v, e) == 0)
		return 0;
	/* A page of the catalog that was not looked at before. */
	if (!catalog_damaged(v->catalog))
		return -1;
	log_warn("the catalog is built anew from the manifests: %s", e->text);
	recover_catalog_close(v);
	return recover_catalog_write(v, e) == -1 ? -1 : clean_up(v, e);
}

/* Its packs and manifests, which were not looked at yet. */
static int
open_parts(struct vault *v, struct err *e)
{
	if ((v->packs = io_open_dir(v->dir, "packs", e)) == -1 ||
	    manifest_dir_open(v->dir, "manifests", &v->manifests, e) == -1) {
		if (e->sys != ENOENT)
			return -1;
		e->kind = EK_CORRUPT;
		return err_next(e, "bring it back from another copy of the "
		    "vault; if there is none, make an empty one, and mailkeep "
		    "verify %s tells what to do", v->path);
	}
	return 0;
}

int
vault_open_bare(const char *path, bool wait, const struct vault_env *env,
    struct vault **out, struct err *e)
{
	struct vault *v = new_vault(env);

	if (open_dir(v, path, e) == -1 || open_parts(v, e) == -1 ||
	    open_locked(v, wait, e) == -1) {
		err_add(e, "%s", path);
		vault_close(&v);
		return -1;
	}
	*out = v;
	return 0;
}

int
vault_open_nameless(const char *path, const struct vault_env *env,
    struct vault **out, struct err *e)
{
	struct vault *v = new_vault(env);
	int rc;

	if ((rc = open_dir(v, path, e)) == 0)
		rc = err_set(e, EK_REFUSED, "its vault.json is all right");
	else if (e->kind == EK_CORRUPT && v->dir != -1 &&
	    open_parts(v, e) == 0 && open_locked(v, false, e) == 0)
		rc = 0;
	if (rc == -1) {
		err_add(e, "%s", path);
		vault_close(&v);
		return -1;
	}
	account_free(&v->account);
	free(v->created);
	v->created = NULL;
	*out = v;
	return 0;
}

int
vault_open(const char *path, enum vault_mode mode,
    const struct vault_env *env, struct vault **out, struct err *e)
{
	struct vault *v = new_vault(env);
	int rc;

	if (open_dir(v, path, e) == -1 || open_parts(v, e) == -1)
		goto fail;
	v->checking = mode == VAULT_CHECK;
	v->reading = mode == VAULT_READ || v->checking;
	if (mode == VAULT_CHECK)
		rc = 0;
	else
		rc = mode == VAULT_READ ? recover_catalog_read(v, e) :
		    open_write(v, mode == VAULT_WAIT, e);
	if (rc == -1)
		goto fail;
	*out = v;
	return 0;
fail:
	err_add(e, "%s", path);
	vault_close(&v);
	return -1;
}

int
vault_account_of(const char *path, struct account **out, struct err *e)
{
	static const struct vault_env none;
	struct vault *v = new_vault(&none);
	int rc = -1;

	if (open_dir(v, path, e) == -1) {
		err_add(e, "%s", path);
	} else {
		*out = v->account;
		v->account = NULL;
		rc = 0;
	}
	vault_close(&v);
	return rc;
}

const char *
vault_id(const struct vault *v)
{
	return v->id;
}

const char *
vault_path(const struct vault *v)
{
	return v->path;
}

const struct account *
vault_account(const struct vault *v)
{
	return v->account;
}

uint64_t
vault_head(const struct vault *v, struct digest *sha256)
{
	*sha256 = v->head_sha256;
	return v->head;
}

const struct err *
vault_alarm(const struct vault *v)
{
	return v->alarmed ? &v->alarm : NULL;
}

struct catalog *
vault_catalog(struct vault *v)
{
	return v->catalog;
}

int
vault_need_catalog(struct vault *v, struct err *e)
{
	return v->catalog != NULL ? 0 : recover_catalog_private(v, e);
}

int
vault_free_space(struct vault *v, uint64_t *bytes, struct err *e)
{
	return io_free_space(v->dir, bytes, e);
}

int64_t
vault_now(const struct vault *v)
{
	return v->env.now(v->env.arg);
}
