/*
 * command.c - the commands that print a password or a token: spawned with
 * little, listened to within limits, and never waited for without end.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/mem.h"
#include "config/command.h"

#define GRACE_MS	300	/* between the asking and the killing */
#define PAUSE_MS	50	/* the longest between two looks at the child */

/*
 * What password managers and helpers of OAuth need to find their files, their
 * agents and the user's screen; a * ends a prefix.  Whatever else a command
 * needs can be set in it.
 */
static const char *const passed[] = {
	"PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "LC_*", "TERM",
	"TZ", "TMPDIR", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_*",
	"DBUS_SESSION_BUS_ADDRESS", "CREDENTIALS_DIRECTORY", "SSH_AUTH_SOCK",
	"GNUPGHOME", "GPG_TTY", "PASSWORD_STORE_*", "OP_*", "BW_SESSION",
};

int64_t
command_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/*
 * Wait for ${fd}, which may be -1, or a signal that stops us, but ${ms} at
 * most.  1: there is something, 0, -1.
 */
static int
pause_for(int fd, int64_t ms, struct err *e)
{
	struct pollfd p[2] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = cancel_fd(), .events = POLLIN },
	};

	if (cancel_check(e) == -1)
		return -1;
	if (ms > 1000000)
		ms = 1000000;
	if (poll(p, 2, (int)ms) == -1 && errno != EINTR)
		return err_sys(e, "poll");
	return p[0].revents != 0;
}

int
command_wait(int fd, int64_t until, struct err *e)
{
	int64_t now;
	int r;

	while ((now = command_clock()) < until)
		if ((r = pause_for(fd, until - now, e)) != 0)
			return r;
	return 0;
}

static bool
is_passed(const char *entry)
{
	size_t i, n;

	for (i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
		n = strlen(passed[i]);
		if (passed[i][n - 1] == '*') {
			if (strncmp(entry, passed[i], n - 1) == 0)
				return true;
		} else if (strncmp(entry, passed[i], n) == 0 &&
		    entry[n] == '=')
			return true;
	}
	return false;
}

/*
 * The environment of a command; the entries are borrowed from ours, the array
 * is to be freed.
 */
static char **
clean_environment(void)
{
	char **env, **from;
	size_t n = 0;

	for (from = environ; from != NULL && *from != NULL; from++)
		n++;
	env = xcalloc(n + 1, sizeof(*env));
	n = 0;
	for (from = environ; from != NULL && *from != NULL; from++)
		if (is_passed(*from))
			env[n++] = *from;
	return env;
}

/* Make the file actions and the attributes.  Return 0 or an errno. */
static int
prepare(posix_spawn_file_actions_t *fa, posix_spawnattr_t *at, int out)
{
	sigset_t none, plain;
	int r;

	sigemptyset(&none);
	/* What main ignores would stay ignored. */
	sigemptyset(&plain);
	sigaddset(&plain, SIGPIPE);
	/*
	 * stdout first: ${out} may be the descriptor 0 of a program started
	 * without one.
	 */
	if ((r = posix_spawn_file_actions_adddup2(fa, out, 1)) != 0 ||
	    (r = posix_spawn_file_actions_addopen(fa, 0, "/dev/null",
	    O_RDONLY, 0)) != 0 ||
	    (r = posix_spawn_file_actions_addclosefrom_np(fa, 3)) != 0 ||
	    (r = posix_spawnattr_setsigmask(at, &none)) != 0 ||
	    (r = posix_spawnattr_setsigdefault(at, &plain)) != 0)
		return r;
	return posix_spawnattr_setflags(at, POSIX_SPAWN_SETSID |
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int
spawn(const char *command, int out, pid_t *pid_out, struct err *e)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	char shell[] = "sh", option[] = "-c", *text, **env;
	char *argv[4] = { shell, option, NULL, NULL };
	int r;

	argv[2] = text = xstrdup(command);
	env = clean_environment();
	if ((r = posix_spawn_file_actions_init(&fa)) != 0)
		goto out;
	if ((r = posix_spawnattr_init(&at)) == 0) {
		if ((r = prepare(&fa, &at, out)) == 0)
			r = posix_spawn(pid_out, "/bin/sh", &fa, &at, argv,
			    env);
		posix_spawnattr_destroy(&at);
	}
	posix_spawn_file_actions_destroy(&fa);
out:
	free(env);
	free(text);
	if (r == 0)
		return 0;
	errno = r;
	return err_sys(e, "can't start /bin/sh");
}

/*
 * Whether the child has ended; it is left unreaped, so that its number can't
 * become another's.
 */
static bool
has_ended(pid_t pid)
{
	siginfo_t si;

	si.si_pid = 0;
	return waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) ==
	    -1 || si.si_pid != 0;
}

static void
end_group(pid_t pid)
{
	struct timespec ts = { .tv_nsec = 5 * 1000000 };
	int64_t until = command_clock() + GRACE_MS;

	kill(-pid, SIGTERM);
	kill(-pid, SIGCONT);
	while (!has_ended(pid) && command_clock() < until)
		nanosleep(&ts, NULL);
	kill(-pid, SIGKILL);
}

struct output {
	int	 fd;		/* -1 at its end */
	char	*p;
	size_t	 n, max;
};

/* Take what is there now.  Return 0, or -1. */
static int
drain(struct output *o, struct err *e)
{
	char more;
	ssize_t n;

	while (o->fd != -1) {
		if (o->n < o->max)
			n = read(o->fd, o->p + o->n, o->max - o->n);
		else
			n = read(o->fd, &more, 1);
		if (n > 0 && o->n == o->max)
			return err_set(e, EK_AUTH,
			    "it printed more than %zu bytes", o->max);
		if (n > 0)
			o->n += (size_t)n;
		else if (n == 0) {
			close(o->fd);
			o->fd = -1;
		} else if (errno == EAGAIN)
			return 0;
		else if (errno != EINTR)
			return err_sys(e, "can't read what it printed");
	}
	return 0;
}

/*
 * Read until the child has ended.  The end of its output is not waited for: an
 * agent that it started may hold the pipe open for days.
 */
static int
listen_to(pid_t pid, struct output *o, int64_t until, struct err *e)
{
	int64_t left, pause = 1;
	bool ended;
	int r;

	for (;;) {
		/* In this order: what it wrote before it ended is read. */
		ended = has_ended(pid);
		if (drain(o, e) == -1)
			return -1;
		if (ended)
			return 0;
		if ((left = until - command_clock()) <= 0)
			return err_set(e, EK_AUTH, "it did not end in time");
		r = pause_for(o->fd, pause < left ? pause : left, e);
		if (r == -1)
			return -1;
		if (r == 0 && pause < PAUSE_MS)
			pause *= 2;
	}
}

/* Reap the child and say how it ended. */
static int
judge(pid_t pid, struct err *e)
{
	pid_t r;
	int status;

	do
		r = waitpid(pid, &status, 0);
	while (r == -1 && errno == EINTR);
	if (r == -1)
		return err_sys(e, "its exit status is not known");
	if (WIFSIGNALED(status))
		return err_set(e, EK_AUTH, "it was ended by signal %d",
		    WTERMSIG(status));
	if (WEXITSTATUS(status) == 0)
		return 0;
	return err_set(e, WEXITSTATUS(status) == 75 ? EK_TEMP : EK_AUTH,
	    "it failed with exit status %d", WEXITSTATUS(status));
}

int
command_run(const char *command, int64_t ms, char *p, size_t max,
    size_t *n_out, struct err *e)
{
	struct output o = { .fd = -1, .p = p, .max = max };
	int64_t until = command_clock() + ms;
	struct err late;
	int ends[2], rc;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) == -1)
		return err_sys(e, "pipe");
	o.fd = ends[0];
	if (fcntl(o.fd, F_SETFL, O_NONBLOCK) == -1) {
		rc = err_sys(e, "fcntl");
		close(ends[1]);
		goto out;
	}
	rc = spawn(command, ends[1], &pid, e);
	close(ends[1]);
	if (rc == -1)
		goto out;
	if ((rc = listen_to(pid, &o, until, e)) == -1) {
		end_group(pid);
		(void)judge(pid, &late);
	} else if ((rc = judge(pid, e)) == 0)
		*n_out = o.n;
out:
	if (o.fd != -1)
		close(o.fd);
	return rc;
}
