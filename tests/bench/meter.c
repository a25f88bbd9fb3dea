/*
 * meter.c - run a command and say what it cost.
 *
 *	meter FILE COMMAND...
 *
 * Appends "wall user sys rss" to FILE: seconds, and the largest resident set in KiB.  The command's stdout goes to
 * /dev/null.  Exit status: the command's.
 */
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <err.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

extern char **environ;

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double
cpu(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int
main(int argc, char **argv)
{
	posix_spawn_file_actions_t files;
	struct rusage used;
	double start, wall;
	pid_t pid;
	FILE *f;
	int status, rc;

	if (argc < 3)
		errx(2, "usage: meter FILE COMMAND...");
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	start = seconds();
	if ((rc = posix_spawnp(&pid, argv[2], &files, NULL, argv + 2,
	    environ)) != 0)
		errx(127, "%s: %s", argv[2], strerror(rc));
	if (wait4(pid, &status, 0, &used) == -1)
		err(1, "wait");
	wall = seconds() - start;
	if ((f = fopen(argv[1], "ae")) == NULL)
		err(1, "%s", argv[1]);
	fprintf(f, "%.6f %.6f %.6f %ld\n", wall, cpu(used.ru_utime),
	    cpu(used.ru_stime), used.ru_maxrss);
	if (fclose(f) != 0)
		err(1, "%s", argv[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
