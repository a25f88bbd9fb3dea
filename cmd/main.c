/*
 * main.c - the table of verbs, and what a process owes its surroundings before it does anything.
 */
#include <sys/resource.h>
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/mem.h"
#include "cmd/cmd.h"

static const struct command *const commands[] = {
	&cmd_init,
	&cmd_backup,
	&cmd_status,
	&cmd_folders,
	&cmd_log,
	&cmd_list,
	&cmd_show,
	&cmd_verify,
	&cmd_repair,
	&cmd_rebuild,
	&cmd_compact,
	&cmd_export,
	&cmd_import,
	&cmd_restore,
	&cmd_copy,
	&cmd_prune,
	&cmd_quota,
	&cmd_help,
	&cmd_version,
	NULL
};

static void
no_memory(void)
{
	ui_last_words("out of memory");
	_exit(1);
}

/*
 * If 0, 1 or 2 came to us closed, the next file that is opened would get that number, and a message would be written
 * into a vault.  They become /dev/null, opened the wrong way round: who uses them learns that there is nothing.
 */
static void
occupy_std(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) != -1 || errno != EBADF)
			continue;
		if (open("/dev/null",
		    fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			_exit(1);
	}
}

/* Mail and passwords pass through this process: no core file, no file that others may read. */
static void
keep_private(void)
{
	const struct rlimit none = { 0, 0 };

	umask(077);
	setrlimit(RLIMIT_CORE, &none);
}

int
main(int argc, char **argv)
{
	struct app app;

	occupy_std();
	keep_private();
	mem_on_failure(no_memory);
	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	cancel_install();
	app_init(&app, commands, ui_new(STDOUT_FILENO, STDERR_FILENO));
	/* Even the program's name may be missing. */
	return argc == 0 ? app_run(&app, 0, argv) :
	    app_run(&app, argc - 1, argv + 1);
}
