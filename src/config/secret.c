/*
 * secret.c - where the password or the token comes from.
 *
 * What is read stays in one block of fixed size, which is wiped: a buffer that
 * grows would leave copies behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/command.h"
#include "config/config.h"
#include "config/secret.h"

#define PATIENCE_MS	120000
#define SECRET_MAX	65536	/* some tokens have thousands of bytes */

/* What was read so far. */
struct block {
	char	p[SECRET_MAX];
	size_t	n;
};

/* Read ${fd} up to its first line end or its end. */
static int
read_line(int fd, int64_t until, struct block *b, struct err *e)
{
	ssize_t n;
	int r;

	while (memchr(b->p, '\n', b->n) == NULL) {
		if (b->n == sizeof(b->p))
			return err_set(e, EK_AUTH,
			    "its first line is longer than %d bytes",
			    SECRET_MAX);
		if ((r = command_wait(fd, until, e)) == -1)
			return -1;
		if (r == 0)
			return err_set(e, EK_AUTH, "no password came in time");
		n = read(fd, b->p + b->n, sizeof(b->p) - b->n);
		if (n == 0)
			return 0;
		if (n > 0)
			b->n += (size_t)n;
		else if (errno != EINTR && errno != EAGAIN) {
			err_sys(e, "can't read it");
			e->kind = EK_CONFIG;
			return -1;
		}
	}
	return 0;
}

/* Nothing of this kind may reach the wire. */
static bool
has_line_end(const char *p, size_t n)
{
	return memchr(p, '\0', n) != NULL || memchr(p, '\r', n) != NULL ||
	    memchr(p, '\n', n) != NULL;
}

/* Give away the first line of ${p}. */
static int
take_line(const char *p, size_t n, struct buf *out, struct err *e)
{
	const char *end = n == 0 ? NULL : memchr(p, '\n', n);

	if (end != NULL)
		n = (size_t)(end - p);
	if (n > 0 && p[n - 1] == '\r')
		n--;
	if (n == 0)
		return err_set(e, EK_AUTH, "the first line is empty");
	if (has_line_end(p, n))
		return err_set(e, EK_AUTH,
		    "the first line holds a NUL or a CR");
	/* In one piece, since a second one could move the first. */
	if (buf_add(out, p, n) == -1)
		return err_set(e, EK_AUTH, "the first line is too long");
	return 0;
}

static int
from_fd(int fd, int64_t until, struct buf *out, struct err *e)
{
	struct block *b;
	int rc = -1;

	b = xmalloc(sizeof(*b));
	b->n = 0;
	if (read_line(fd, until, b, e) == 0)
		rc = take_line(b->p, b->n, out, e);
	mem_wipe(b, sizeof(*b));
	free(b);
	return rc;
}

static int
from_command(const char *command, int64_t ms, struct buf *out, struct err *e)
{
	struct block *b;
	int rc = -1;

	b = xmalloc(sizeof(*b));
	if (command_run(command, ms, b->p, sizeof(b->p), &b->n, e) == 0)
		rc = take_line(b->p, b->n, out, e);
	mem_wipe(b, sizeof(*b));
	free(b);
	return rc;
}

/*
 * A regular file, or a pipe such as the shell makes for <(command), which only
 * we can read.  The mode tells the truth also where there are ACLs: the group's
 * bits are then what anybody named in one can have.
 */
static int
check_private(int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) == -1) {
		err_sys(e, "%s", path);
		e->kind = EK_CONFIG;
		return -1;
	}
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		return err_set(e, EK_CONFIG, "%s is not a file", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(e, EK_CONFIG, "%s belongs to another user",
		    path);
	if ((st.st_mode & 077) != 0) {
		err_set(e, EK_CONFIG, "%s can be read or written by others "
		    "(mode %04o)", path, (unsigned int)st.st_mode & 07777);
		return err_next(e, "chmod 600 %s, and change the password if "
		    "others use this machine", path);
	}
	return 0;
}

static int
from_file(const char *path, int64_t until, struct buf *out, struct err *e)
{
	int fd, rc = -1;

	/*
	 * O_NONBLOCK: a named pipe that nobody writes to must not hold us here.
	 */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd == -1) {
		err_sys(e, "%s", path);
		e->kind = EK_CONFIG;
		return -1;
	}
	if (check_private(fd, path, e) == 0) {
		if (from_fd(fd, until, out, e) == 0)
			rc = 0;
		else
			err_add(e, "%s", path);
	}
	close(fd);
	return rc;
}

/*
 * A credential that systemd has put into a directory of the service's own.  Its
 * mode isn't looked at: systemd lets a service's user in by an ACL, which shows
 * as a group that may read.  Return 1 found, 0 not there, -1.
 */
static int
from_credential(const char *name, int64_t until, struct buf *out,
    struct err *e)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	struct stat st;
	int at, fd, rc = -1;

	if (dir == NULL || *dir != '/')
		return 0;
	at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (at == -1) {
		err_sys(e, "$CREDENTIALS_DIRECTORY %s", dir);
		e->kind = EK_CONFIG;
		return -1;
	}
	fd = openat(at, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW |
	    O_NONBLOCK);
	if (fd == -1) {
		rc = errno == ENOENT ? 0 : err_sys(e, "it can't be opened");
	} else if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		err_set(e, EK_CONFIG, "it is not a file");
	} else if (from_fd(fd, until, out, e) == 0)
		rc = 1;
	if (rc == -1 && fd == -1)
		e->kind = EK_CONFIG;
	if (fd != -1)
		close(fd);
	close(at);
	return rc;
}

static int
from_named_credential(const struct account *a, int64_t until, struct buf *out,
    struct err *e)
{
	int r = from_credential(a->credential, until, out, e);

	if (r == 1)
		return 0;
	if (r == 0) {
		err_set(e, EK_CONFIG, "systemd has not given it to us");
		err_next(e, "put LoadCredential= or LoadCredentialEncrypted= "
		    "with this name into the service's unit");
	}
	return err_add(e, "credential %s", a->credential);
}

static int
from_person(const struct account *a, secret_ask_fn *ask, void *arg,
    struct buf *out, struct err *e)
{
	char *prompt;
	int rc;

	if (ask == NULL) {
		err_set(e, EK_CONFIG, "nothing says where the password of "
		    "%s@%s is, and nobody can be asked",
		    a->user == NULL ? "" : a->user,
		    a->host == NULL ? "" : a->host);
		return err_next(e, "set password_command, password_file or "
		    "credential, or give --password-fd");
	}
	prompt = xasprintf("Password for %s@%s: ",
	    a->user == NULL ? "" : a->user, a->host == NULL ? "" : a->host);
	rc = ask(arg, prompt, out, e);
	free(prompt);
	if (rc == 0 && out->n == 0)
		return err_set(e, EK_AUTH, "the password is empty");
	if (rc == 0 && has_line_end(out->p, out->n))
		return err_set(e, EK_AUTH, "the password holds a line end");
	return rc;
}

/* The credential that bears the section's name, or else a person. */
static int
from_custom(const struct account *a, secret_ask_fn *ask, void *arg,
    int64_t until, struct buf *out, struct err *e)
{
	char *name;
	int r;

	if (a->name != NULL) {
		name = xasprintf("mailkeep.%s", a->name);
		if ((r = from_credential(name, until, out, e)) == -1)
			err_add(e, "credential %s", name);
		free(name);
		if (r != 0)
			return r == 1 ? 0 : -1;
	}
	return from_person(a, ask, arg, out, e);
}

int
secret_get_within(const struct account *a, int64_t ms, secret_ask_fn *ask,
    void *arg, struct buf *out, bool *is_token_out, struct err *e)
{
	int64_t until = command_clock() + ms;
	const char *what = NULL;
	bool token = false;
	int rc;

	if (a->password_fd != -1) {
		what = "password_fd";
		rc = from_fd(a->password_fd, until, out, e);
	} else if (a->credential != NULL) {
		rc = from_named_credential(a, until, out, e);
	} else if (a->password_command != NULL) {
		what = "password_command";
		rc = from_command(a->password_command, ms, out, e);
	} else if (a->token_command != NULL) {
		what = "token_command";
		token = true;
		rc = from_command(a->token_command, ms, out, e);
	} else if (a->password_file != NULL) {
		what = "password_file";
		rc = from_file(a->password_file, until, out, e);
	} else
		rc = from_custom(a, ask, arg, until, out, e);
	if (rc == 0)
		*is_token_out = token;
	else if (what != NULL && e->kind != EK_CANCELLED)
		err_add(e, "%s", what);
	return rc == 0 ? 0 : -1;
}

int
secret_get(const struct account *a, secret_ask_fn *ask, void *arg,
    struct buf *out, bool *is_token_out, struct err *e)
{
	return secret_get_within(a, PATIENCE_MS, ask, arg, out, is_token_out,
	    e);
}
