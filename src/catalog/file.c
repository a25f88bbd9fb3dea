/*
 * file.c - the catalog's file: finding, making, removing it, and a connection
 * that trusts nothing in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "catalog/db.h"

#define CACHE_KIB	"8192"
/* No row is longer, since no line of a manifest is longer than 8 MiB. */
#define ROW_MAX		(16 * 1024 * 1024)
#define URI_MAX		(3 * 4096 + 64)

static const char *const companions[] = { "-journal", "-wal", "-shm" };

/*
 * The path as SQLite shall see it: it refuses a symbolic link in any place, we
 * only in the last, so the directory is resolved here.
 */
static int
resolve(const char *path, char **out, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char *dir, *real;

	if (slash == NULL)
		dir = xstrdup(".");
	else
		dir = xmemdup0(path, (size_t)(slash - path) + 1);
	if ((real = realpath(dir, NULL)) == NULL)
		err_sys(e, "can't find the directory %s", dir);
	else
		*out = xasprintf("%s/%s", strcmp(real, "/") == 0 ? "" : real,
		    slash == NULL ? path : slash + 1);
	free(dir);
	if (real == NULL)
		return -1;
	free(real);
	return 0;
}

/*
 * 1 a regular file, 0 nothing there, -1 something else.  By name and never by a
 * descriptor: to close one would drop the locks that another handle of this
 * process holds on the file (POSIX, fcntl).
 */
static int
look(const char *path, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) == -1) {
		if (errno == ENOENT)
			return 0;
		return err_sys(e, "can't look at %s", path);
	}
	if (!S_ISREG(st.st_mode))
		return err_set(e, EK_CORRUPT, "%s is not a file", path);
	return 1;
}

/*
 * An empty file is an empty database; SQLite gives its journals the same mode.
 */
static int
make_file(const char *path, struct err *e)
{
	int fd;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd == -1)
		return err_sys(e, "can't make %s", path);
	if (fchmod(fd, 0600) == -1) {
		err_sys(e, "can't set the mode of %s", path);
		close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

static int
remove_one(const char *path, const char *suffix, struct err *e)
{
	char *name = xasprintf("%s%s", path, suffix);
	int rc;

	rc = unlink(name);
	if (rc == -1 && errno != ENOENT)
		err_sys(e, "can't remove %s", name);
	else
		rc = 0;
	free(name);
	return rc;
}

/*
 * Remove a database with its journals.  It goes first: alone it might be taken
 * for whole, while journals alone are removed before another one is made.
 */
static int
remove_files(const char *path, struct err *e)
{
	size_t i;

	if (remove_one(path, "", e) == -1)
		return -1;
	for (i = 0; i < sizeof(companions) / sizeof(companions[0]); i++)
		if (remove_one(path, companions[i], e) == -1)
			return -1;
	return 0;
}

/*
 * Frozen, nobody looks at journals: one that holds anything means that the file
 * alone is not a whole catalog.
 */
static int
check_frozen(const char *path, struct err *e)
{
	struct stat st;
	size_t i;
	char *name;
	int rc;

	for (i = 0; i < 2; i++) {
		name = xasprintf("%s%s", path, companions[i]);
		rc = lstat(name, &st);
		free(name);
		if (rc == 0 && st.st_size > 0)
			return err_set(e, EK_CORRUPT,
			    "%s was left in the middle of a change", path);
	}
	return 0;
}

static int
add_uri(const char *path, struct buf *b)
{
	static const char hex[] = "0123456789ABCDEF";
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
	const char *p;
	char code[3] = "%";

	if (buf_adds(b, "file:") == -1)
		return -1;
	for (p = path; *p != '\0'; p++) {
		code[1] = hex[(unsigned char)*p >> 4];
		code[2] = hex[(unsigned char)*p & 15];
		if (strchr(plain, *p) != NULL ? buf_addc(b, *p) == -1 :
		    buf_add(b, code, 3) == -1)
			return -1;
	}
	return buf_adds(b, "?immutable=1&mode=ro");
}

static int
connect(struct catalog *c, const char *path, enum catalog_mode mode,
    struct err *e)
{
	/*
	 * A reader may have to roll back what a killed writer left (SQLite does
	 * it under its locks), hence not read-only.
	 */
	int flags = SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX |
	    SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE |
	    SQLITE_OPEN_READWRITE;
	struct buf uri = BUF_INIT(URI_MAX);
	const char *vfs, *name = path;
	int rc = -1, status;

	/*
	 * Nobody asks how much SQLite holds, and to keep count takes a lock
	 * each time.  Only its first use in a process heeds this.
	 */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if ((vfs = pagesum_vfs()) == NULL)
		return err_set(e, EK_FAIL, "SQLite is of no use here");
	if (mode == CATALOG_READ_FROZEN) {
		flags &= ~SQLITE_OPEN_READWRITE;
		flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
		if (check_frozen(path, e) == -1)
			goto out;
		if (add_uri(path, &uri) == -1) {
			err_set(e, EK_FAIL, "the path %s is too long", path);
			goto out;
		}
		name = buf_text(&uri);
	}
	status = sqlite3_open_v2(name, &c->db, flags, vfs);
	if (c->db == NULL)
		err_set(e, EK_FAIL, "SQLite: %s", sqlite3_errstr(status));
	else if (status != SQLITE_OK)
		db_error(c, status, e);
	else if (mode == CATALOG_WRITE && sqlite3_db_readonly(c->db, "main"))
		err_set(e, EK_FAIL, "%s can't be written", path);
	else
		rc = 0;
out:
	buf_release(&uri);
	return rc;
}

/*
 * A catalog that somebody prepared can't make us run or allocate what we don't
 * want.
 */
static int
settle(struct catalog *c, enum catalog_mode mode, struct err *e)
{
	static const struct { int what, on; } config[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
		{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
		{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },
	};
	size_t i;
	int rc;

	for (i = 0; i < sizeof(config) / sizeof(config[0]); i++) {
		rc = sqlite3_db_config(c->db, config[i].what, config[i].on,
		    (int *)NULL);
		if (rc != SQLITE_OK)
			return db_error(c, rc, e);
	}
	/*
	 * What a killed writer's log holds is left to the next one, which has
	 * the vault's lock.
	 */
	if (mode != CATALOG_WRITE)
		sqlite3_db_config(c->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
		    (int *)NULL);
	sqlite3_limit(c->db, SQLITE_LIMIT_LENGTH, ROW_MAX);
	sqlite3_limit(c->db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_busy_timeout(c->db, DB_BUSY_WAIT);
	if (db_exec(c, "PRAGMA cell_size_check = ON;"
	    "PRAGMA synchronous = NORMAL;"
	    "PRAGMA cache_size = -" CACHE_KIB, e) == -1)
		return -1;
	if (mode != CATALOG_WRITE)
		return db_exec(c, "PRAGMA query_only = ON", e);
	return 0;
}

int
file_open(struct catalog *c, const char *path, enum catalog_mode mode,
    struct err *e)
{
	char *real = NULL;
	int there, rc = -1;

	if (resolve(path, &real, e) == -1)
		return -1;
	if ((there = look(real, e)) == -1)
		goto out;
	if (there == 0 && mode != CATALOG_WRITE) {
		errno = ENOENT;
		err_sys(e, "no catalog at %s", path);
		goto out;
	}
	if (there == 0 &&
	    (remove_files(real, e) == -1 || make_file(real, e) == -1))
		goto out;
	if (connect(c, real, mode, e) == -1 || settle(c, mode, e) == -1)
		goto out;
	rc = 0;
out:
	free(real);
	return rc;
}

/* Whether a file has a write-ahead log: bytes 18 and 19 (https://sqlite.org/fileformat2.html, section 1.3.3). */
static bool
writes_ahead(const char *path)
{
	unsigned char modes[2] = { 0, 0 };
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool ahead;

	if (fd == -1)
		return false;
	ahead = pread(fd, modes, sizeof(modes), 18) ==
	    (ssize_t)sizeof(modes) && (modes[0] == 2 || modes[1] == 2);
	close(fd);
	return ahead;
}

bool
file_at_rest(const char *path)
{
	struct buf b = BUF_INIT(URI_MAX);
	struct stat st;
	/* An empty one is about to be made. */
	bool rests = lstat(path, &st) == 0 && st.st_size > 0 &&
	    !writes_ahead(path);
	size_t i;

	for (i = 0; rests && i < sizeof(companions) / sizeof(companions[0]);
	    i++) {
		buf_clear(&b);
		rests = buf_addf(&b, "%s%s", path, companions[i]) == 0 &&
		    faccessat(AT_FDCWD, buf_text(&b), F_OK,
		    AT_SYMLINK_NOFOLLOW) == -1;
	}
	buf_release(&b);
	return rests;
}

int
file_remove(const char *path, struct err *e)
{
	char *real = NULL;
	int rc;

	if (resolve(path, &real, e) == -1)
		return -1;
	rc = remove_files(real, e);
	free(real);
	return rc;
}
