/*
 * layout.c - making a vault: its directories, README.txt and vault.json.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/text.h"
#include "vault/private.h"

#define JSON_MAX	(1024 * 1024)	/* vault.json */

static const char readme[] =
"This directory is a mailkeep vault: a backup of one IMAP account.\n"
"It can be read without mailkeep, with tar, zstd and jq:\n"
"\n"
"  all messages of a pack (tar)    tar --zstd -xf packs/NAME.tar.zst\n"
"  a pack as a mailbox (mbox)      zstd -dc packs/NAME.mbox.zst > NAME.mbox\n"
"  everything else                 zstd -dc manifests/*.jsonl.zst | jq .\n"
"\n"
"packs/      the messages: RFC 5322 files, byte for byte as the server sent\n"
"            them (tar), or mboxrd mailboxes\n"
"manifests/  the commits, in order, each with the SHA-256 of the one before:\n"
"            folders, flags, dates, which message is where, and the checksums of\n"
"            the packs; a file for each, or one for many (for a day both).  The\n"
"            manifests are the truth.\n"
"orphans/    what stands aside: packs of interrupted runs, and what repair and\n"
"            rebuild replaced; mailkeep repair looks through it\n"
"tmp/        scratch; whatever is in it can go when no mailkeep is running\n"
"lock        held by the mailkeep that writes here\n"
"catalog.sqlite  an index, built anew from the manifests when it is missing\n"
"vault.json  which account this is; there is no password in it\n"
"\n"
"Nothing in packs/ and manifests/ ever changes once it is there, so the\n"
"directory may be copied while it is in use: manifests first, then packs.\n"
"The format is described in full in the manual page mailkeep-vault(5).\n";

static const char *const directories[] = { "packs", "manifests", "orphans",
    "tmp" };

/* ---- vault.json ---- */

static void
layout_write(const struct vault *v, struct buf *b)
{
	struct json_out j;

	json_begin(&j, b);
	json_open(&j, NULL, '{');
	json_str(&j, "format", "mailkeep");
	json_u64(&j, "version", VAULT_FORMAT);
	json_open(&j, "requires", '[');
	json_close(&j, ']');
	json_str(&j, "id", v->id);
	json_str(&j, "container",
	    v->container == CONTAINER_TAR ? "tar" : "mbox");
	json_str(&j, "created", v->created);
	account_to_json(v->account, &j);
	json_close(&j, '}');
	buf_addc(b, '\n');
}

/* What this version must know to read the vault right. */
static int
check_version(const struct json *doc, struct err *e)
{
	const struct json *requires = json_get(doc, "requires");
	const char *format = NULL, *feature;
	uint64_t version = 0;

	if (json_get_str(doc, "format", &format) != 1 ||
	    strcmp(format, "mailkeep") != 0 ||
	    json_get_u64(doc, "version", &version) != 1)
		return err_set(e, EK_NOVAULT,
		    "vault.json is not that of a mailkeep vault");
	if (version > VAULT_FORMAT)
		return err_set(e, EK_NOVAULT,
		    "the vault has format %llu, this mailkeep knows format %d",
		    (unsigned long long)version, VAULT_FORMAT);
	if (json_count(requires) > 0) {
		feature = json_text(json_item(requires, 0));
		return err_set(e, EK_NOVAULT,
		    "the vault needs '%s', which this mailkeep doesn't know",
		    feature == NULL ? "?" : feature);
	}
	return 0;
}

static int
read_fields(struct vault *v, const struct json *doc, struct err *e)
{
	const struct json *account = json_get(doc, "account");
	const char *id = NULL, *container = NULL, *created = "";

	if (json_get_str(doc, "id", &id) != 1 || *id == '\0' ||
	    strlen(id) >= sizeof(v->id) || strchr(id, '/') != NULL ||
	    json_get_str(doc, "container", &container) != 1 ||
	    json_get_str(doc, "created", &created) == -1 || account == NULL)
		return err_set(e, EK_CORRUPT, "vault.json is incomplete");
	snprintf(v->id, sizeof(v->id), "%s", id);
	v->created = xstrdup(created);
	if (strcmp(container, "tar") == 0)
		v->container = CONTAINER_TAR;
	else if (strcmp(container, "mbox") == 0)
		v->container = CONTAINER_MBOX;
	else
		return err_set(e, EK_NOVAULT,
		    "the vault's container '%s' is not known", container);
	v->account = account_new();
	if (account_from_json(v->account, account, e) == -1)
		return err_add(e, "vault.json");
	free(v->account->vault);
	v->account->vault = xstrdup(v->path);
	return 0;
}

static int
find_one(void *arg, const char *name, struct err *e)
{
	bool *any = arg;

	(void)e;
	*any = manifest_is_pack(name) || strstr(name, ".jsonl.zst") != NULL;
	return *any;
}

/* An init that was interrupted leaves directories, but neither pack nor manifest. */
static bool
has_rest(const struct vault *v)
{
	static const char *const dirs[] = { "manifests", "packs" };
	bool any = false;
	struct err ignored;
	size_t i;
	int dir;

	for (i = 0; i < 2 && !any; i++) {
		if ((dir = io_open_dir(v->dir, dirs[i], &ignored)) == -1)
			continue;
		io_list(dir, find_one, &any, &ignored);
		close(dir);
	}
	return any;
}

static int
advise_revival(const struct vault *v, struct err *e)
{
	return err_next(e, "bring it back from a copy of the vault; if there "
	    "is none, mailkeep init --rebind imaps://USER@SERVER %s makes it "
	    "anew", v->path);
}

static void
no_vault_json(const struct vault *v, struct err *e)
{
	if (has_rest(v)) {
		err_set(e, EK_CORRUPT, "vault.json is missing, though the "
		    "rest of a vault is there");
		advise_revival(v, e);
		return;
	}
	err_set(e, EK_NOVAULT, "there is no vault in it");
	err_next(e, "mailkeep init makes one; if it should be there, is the "
	    "disk mounted?");
}

int
layout_read(struct vault *v, struct err *e)
{
	struct buf b = BUF_INIT(JSON_MAX);
	struct json *doc = NULL;
	struct stat st;
	int rc = -1;

	if (io_read_file(v->dir, "vault.json", &b, e) == -1) {
		if (e->sys == ENOENT)
			no_vault_json(v, e);
		else if (e->kind == EK_CORRUPT)
			advise_revival(v, e);
		goto out;
	}
	/* It names commands that will be run: only its owner may have written it. */
	if (fstatat(v->dir, "vault.json", &st, AT_SYMLINK_NOFOLLOW) == -1) {
		err_sys(e, "vault.json");
		goto out;
	}
	if (json_parse(b.p == NULL ? "" : b.p, b.n, &doc, e) == -1) {
		err_add(e, "vault.json");
		advise_revival(v, e);
		goto out;
	}
	if (check_version(doc, e) == -1 || read_fields(v, doc, e) == -1) {
		if (e->kind == EK_CORRUPT)
			advise_revival(v, e);
		goto out;
	}
	if ((st.st_uid != geteuid() && st.st_uid != 0) ||
	    (st.st_mode & 022) != 0)
		account_forget_commands(v->account);
	rc = 0;
out:
	json_free(&doc);
	buf_release(&b);
	return rc;
}

/* ---- vault_create() ---- */

struct contents {
	bool	is_vault;
	char	*stranger;	/* own: a name that an unfinished vault can't have */
};

static int
look_at_name(void *arg, const char *name, struct err *e)
{
	static const char *const ours[] = { "README.txt", "packs",
	    "manifests", "orphans", "tmp", "lock", "lost+found" };
	struct contents *c = arg;
	size_t i;

	(void)e;
	if (strcmp(name, "vault.json") == 0)
		c->is_vault = true;
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(name, ours[i]) == 0)
			return 0;
	if (c->stranger == NULL)
		c->stranger = xstrdup(name);
	return 0;
}

static int
count_name(void *arg, const char *name, struct err *e)
{
	(void)name, (void)e;
	++*(unsigned int *)arg;
	return 0;
}

/* A directory that may become a vault: empty, or an unfinished one without packs and manifests. */
static int
check_empty(int dir, const char *path, struct err *e)
{
	struct contents c = { false, NULL };
	struct err why;
	unsigned int n = 0;
	size_t i;
	int fd, rc;

	if (io_list(dir, look_at_name, &c, e) == -1)
		return -1;
	if (c.is_vault)
		rc = err_set(e, EK_REFUSED, "%s is a vault already", path);
	else if (c.stranger != NULL)
		rc = err_set(e, EK_REFUSED,
		    "%s is not empty and not a vault (there is '%s')", path,
		    c.stranger);
	else
		rc = 0;
	if (c.is_vault)
		err_next(e, "init --rebind changes its server or settings");
	free(c.stranger);
	for (i = 0; rc == 0 && i < 3; i++) {
		if ((fd = io_open_dir(dir, directories[i], &why)) == -1) {
			if (why.sys == ENOENT)
				continue;
			*e = why;
			return -1;
		}
		rc = io_list(fd, count_name, &n, e);
		close(fd);
	}
	if (rc == 0 && n > 0)
		rc = err_set(e, EK_REFUSED,
		    "%s holds packs or manifests, but no vault.json", path);
	return rc;
}

/* The directory that ${path} is in; to be freed. */
static char *
parent_of(const char *path)
{
	char *parent = xstrdup(path), *slash;

	while ((slash = strrchr(parent, '/')) != NULL && slash[1] == '\0' &&
	    slash != parent)
		*slash = '\0';
	if (slash == NULL) {
		free(parent);
		return xstrdup(".");
	}
	slash[slash == parent] = '\0';
	return parent;
}

/* Open the directory that will be a vault, making it where it is not there. */
static int
open_new(const char *path, struct err *e)
{
	char *parent;
	int made, dir = -1, fd = -1;

	if ((made = io_make_dir(AT_FDCWD, path, e)) == -1)
		return -1;
	if ((dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return err_sys(e, "can't open %s", path);
	if (made == 0)
		return dir;
	/* The new name is durable when its parent is. */
	parent = parent_of(path);
	if ((fd = io_open_dir(AT_FDCWD, parent, e)) == -1 ||
	    io_sync_dir(fd, e) == -1) {
		close(dir);
		dir = -1;
	}
	if (fd != -1)
		close(fd);
	free(parent);
	return dir;
}

int
vault_may_create(const char *path, struct err *e)
{
	char *parent;
	int dir, rc;

	if ((dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1) {
		if (errno != ENOENT) {
			err_sys(e, "can't make a vault in %s", path);
			return err_next(e, "a vault is a directory that does "
			    "not exist yet, or an empty one");
		}
		parent = parent_of(path);
		rc = faccessat(AT_FDCWD, parent, W_OK | X_OK, AT_EACCESS);
		if (rc == -1) {
			err_sys(e, "can't make a vault in %s", parent);
			err_next(e, e->sys == ENOENT ? "make that directory "
			    "first, or is a disk not mounted?" :
			    "choose a place that you may write to");
		}
		free(parent);
		return rc;
	}
	rc = check_empty(dir, path, e);
	close(dir);
	return rc;
}

void
layout_new_id(struct vault *v)
{
	uint64_t a = v->env.random(v->env.arg), b = v->env.random(v->env.arg);

	/* A random UUID (RFC 9562, section 5.4). */
	snprintf(v->id, sizeof(v->id), "%08x-%04x-4%03x-%04x-%012llx",
	    (unsigned int)(a >> 32), (unsigned int)(a >> 16 & 0xffff),
	    (unsigned int)(a & 0xfff),
	    (unsigned int)(b >> 48 & 0x3fff) | 0x8000,
	    (unsigned long long)(b & 0xffffffffffff));
}

static int
fill(struct vault *v, struct err *e)
{
	struct buf json = BUF_INIT(JSON_MAX);
	size_t i;
	int rc = -1;

	for (i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		if (io_make_dir(v->dir, directories[i], e) == -1)
			return -1;
	if ((v->tmp = io_open_dir(v->dir, "tmp", e)) == -1 ||
	    recover_scratch(v, e) == -1 ||
	    io_replace_file(v->tmp, v->dir, "README.txt", readme,
	    sizeof(readme) - 1, e) == -1)
		return -1;
	layout_write(v, &json);
	rc = io_put_file(v->tmp, v->dir, "vault.json", json.p, json.n, e);
	buf_release(&json);
	return rc;
}

int
vault_create(const char *path, enum container container,
    const struct account *account, const struct vault_env *env, struct err *e)
{
	struct vault v = { .env = *env, .dir = -1, .packs = -1,
	    .tmp = -1, .orphans = -1, .lock = -1,
	    .container = container };
	char now[TEXT_MAX];
	int rc = -1;

	if ((v.dir = open_new(path, e)) == -1)
		return err_add(e, "can't make a vault");
	if (check_empty(v.dir, path, e) == -1 ||
	    vault_take_lock(&v, false, e) == -1)
		goto out;
	layout_new_id(&v);
	v.created = xstrdup(text_rfc3339(now, env->now(env->arg)));
	v.account = account_copy(account);
	if (fill(&v, e) == -1) {
		err_add(e, "can't make a vault in %s", path);
		goto out;
	}
	rc = 0;
out:
	account_free(&v.account);
	free(v.created);
	if (v.tmp != -1)
		close(v.tmp);
	vault_drop_lock(&v);
	close(v.dir);
	return rc;
}

int
layout_put(struct vault *v, struct err *e)
{
	struct buf json = BUF_INIT(JSON_MAX);
	int rc;

	layout_write(v, &json);
	rc = io_replace_file(v->tmp, v->dir, "vault.json", json.p, json.n, e);
	buf_release(&json);
	return rc;
}

int
vault_set_account(struct vault *v, const struct account *account,
    struct err *e)
{
	struct account *old = v->account;
	int rc;

	v->account = account_copy(account);
	if ((rc = layout_put(v, e)) == 0) {
		account_free(&old);
		return 0;
	}
	account_free(&v->account);
	v->account = old;
	return rc;
}
