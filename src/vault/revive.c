/*
 * revive.c - a vault whose vault.json is lost or damaged gets another one.  What stood in it is nearly all to be had
 * elsewhere: the vault's id is in each manifest, the kind of its packs in their names, and the account comes from who
 * asks for this.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/text.h"
#include "vault/private.h"

/* The first manifest that can be read tells whose all are. */
static int
look_at_manifest(void *arg, const struct manifest_file *f, struct err *e)
{
	struct vault *v = arg;
	struct manifest_reader *r;

	if (manifest_open(v->manifests, f->first, &r, e) == -1)
		return e->kind == EK_CORRUPT || e->sys == EIO ? 0 : -1;
	snprintf(v->id, sizeof(v->id), "%s", manifest_head(r)->vault);
	manifest_close(&r);
	return 1;
}

static int
look_at_pack(void *arg, const char *name, struct err *e)
{
	struct vault *v = arg;

	(void)e;
	if (!manifest_is_pack(name))
		return 0;
	v->container = strstr(name, ".mbox.zst") != NULL ? CONTAINER_MBOX :
	    CONTAINER_TAR;
	return 1;
}

static int
set_old_aside(struct vault *v, struct err *e)
{
	char *to = xasprintf("vault.json~%08x",
	    (unsigned int)v->env.random(v->env.arg));
	int rc = 0;

	if (renameat(v->dir, "vault.json", v->orphans, to) == -1 &&
	    errno != ENOENT)
		rc = err_sys(e, "can't set the old vault.json aside");
	free(to);
	return rc == -1 ? -1 : io_sync_dir(v->orphans, e);
}

static int
revive(struct vault *v, const struct account *account, struct err *e)
{
	char now[TEXT_MAX];
	int known;

	known = manifest_files(v->manifests, look_at_manifest, v, e);
	if (known == -1 ||
	    io_list(v->packs, look_at_pack, v, e) == -1)
		return -1;
	if (!known)
		layout_new_id(v);
	v->created = xstrdup(text_rfc3339(now, v->env.now(v->env.arg)));
	v->account = account_copy(account);
	if (set_old_aside(v, e) == -1)
		return -1;
	return layout_put(v, e);
}

int
vault_revive(const char *path, enum container container,
    const struct account *account, const struct vault_env *env, struct err *e)
{
	struct vault *v;
	int rc;

	if (vault_open_nameless(path, env, &v, e) == -1)
		return -1;
	v->container = container;
	if ((rc = revive(v, account, e)) == -1)
		err_add(e, "%s", path);
	vault_close(&v);
	return rc;
}
