/*
 * cmd.h - what a verb is and what it is given.
 *
 * A verb is a file, cmd/<verb>.c, with one exported symbol: the row cmd_<verb>, which main.c lists.  The row declares
 * what the verb takes and needs; app_run() reads the command line by it, prepares that, calls the verb and tells its
 * error.  A verb prints by ui.h alone and never exits.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "cmd/opt.h"
#include "cmd/ui.h"
#include "config/config.h"

struct app;

/*
 * run(app, argc, argv, e): ${argv} holds the arguments alone, without verb and options, as many as the synopsis allows,
 * NULL behind the last; app->opts is the verb's option struct.  Return the exit status, or -1 with ${e} filled: it is
 * then printed and its kind becomes the exit status.
 */
typedef int cmd_fn(struct app *, int, char **, struct err *);

/* What is prepared before a verb runs. */
enum {
	NEED_CONFIG	= 1 << 0,	/* app->config is loaded */
	NEED_ACCOUNT	= 1 << 1,	/* ... and the account settings are taken as options (app->given) */
};

struct command {
	const char	*name;
	cmd_fn		*run;
	const char	*summary;	/* a lower-case phrase */
	const char	*synopsis;	/* "[options] VAULT [FOLDER ...]"; says how many arguments there may be */
	const struct opt *opts;		/* OPT_END behind the last; NULL for none */
	size_t		 opts_size;	/* of the struct that they fill */
	const void	*defaults;	/* that struct before any option; NULL for all zeros */
	unsigned int	 needs;
};

/* The options of every verb. */
struct app_globals {
	const char	*config;	/* --config, or NULL for the usual place */
	bool		 help, version;
	struct ui_opts	 ui;
};

struct app {
	const struct command *const *commands;	/* NULL behind the last; static */
	const struct command *command;	/* the one that runs; NULL before it is known */
	struct ui	*ui;		/* own */
	struct app_globals globals;
	struct account	*given;		/* own; the account settings among the options, to be merged last */
	const char	**words;	/* own; the command line as it was given, the words themselves borrowed */
	int		 words_n;
	void		*opts;		/* own; the verb's option struct */
	struct config	*config;	/* own; NULL before app_config() */
	int64_t		 now;		/* when the program began, seconds since 1970 */
};

/* app_init(app, commands, ui): nothing is read yet.  Takes ${ui} over. */
void app_init(struct app *, const struct command *const *, struct ui *);
/*
 * app_run(app, argc, argv): carry out a command line (without the program's name; ${argv} is reordered).  Prints
 * errors, ends the output, frees what ${app} owns, and returns the exit status.
 */
int app_run(struct app *, int, char **);
/* app_config(app, e): load the config file unless that is done. */
int app_config(struct app *, struct err *);
/*
 * app_sets(app, command, out): the options of a verb as opt.h wants them, and their number; ${command} NULL: those that
 * may stand before the verb.
 */
#define APP_SETS	3
size_t app_sets(struct app *, const struct command *, struct opt_set[APP_SETS]);
/*
 * app_command(app, name, e): the verb of that name, or NULL with EK_USAGE and, where one is near, a guess at what was
 * meant.
 */
const struct command *app_command(const struct app *, const char *, struct err *);

/* app_error(app, e): print an error, with some advice where it has none. */
void app_error(struct app *, struct err *);

/*
 * exit_kind(kind): a kind's name in JSON: "auth".  exit_advice(kind): what to do about it in general; NULL for
 * nothing.
 */
const char *exit_kind(enum err_kind);
const char *exit_advice(enum err_kind);
/*
 * exit_saved(e, added, which, next): who interrupts a run wants to know whether that was a loss: so many ${which}
 * messages are safe, and what the next run will do.
 */
void exit_saved(struct err *, uint64_t, const char *which, const char *next);
/* exit_add(e, more): say more of what happened, at its end.  Return -1. */
int exit_add(struct err *, const char *);
/* exit_worst(a, b): of two accounts' exit statuses the one that the whole run ends with. */
int exit_worst(int, int);

/* help_overview(app, e), help_command(app, command, e): what mailkeep help prints, as text or JSON. */
int help_overview(struct app *, struct err *);
int help_command(struct app *, const struct command *, struct err *);

extern const struct command cmd_backup;
extern const struct command cmd_compact;
extern const struct command cmd_copy;
extern const struct command cmd_export;
extern const struct command cmd_folders;
extern const struct command cmd_help;
extern const struct command cmd_import;
extern const struct command cmd_init;
extern const struct command cmd_list;
extern const struct command cmd_log;
extern const struct command cmd_prune;
extern const struct command cmd_quota;
extern const struct command cmd_show;
extern const struct command cmd_status;
extern const struct command cmd_rebuild;
extern const struct command cmd_repair;
extern const struct command cmd_restore;
extern const struct command cmd_verify;
extern const struct command cmd_version;

#endif
