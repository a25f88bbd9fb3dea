/*
 * target.h - from what a person calls an account to its vault and its settings.
 */
#ifndef CMD_TARGET_H
#define CMD_TARGET_H

#include "cmd/cmd.h"
#include "job/job.h"

struct target {
	const char	*name;		/* borrowed; what it was called on the command line */
	char		*vault;		/* own; path, or NULL where only a server was named */
	struct account	*account;	/* own; all layers merged */
	bool		 alone;		/* no other one is named beside it */
};

/*
 * target_resolve(app, name, out, e): a section of the config file, or a vault's path (what has a slash always is
 * one).  The settings are vault.json's, the section's and the command line's, the later ones winning.  EK_REFUSED
 * where these name another account than the vault's.
 */
int target_resolve(struct app *, const char *, struct target *, struct err *);
/*
 * target_resolve_with(app, name, given, out, e): the same with ${given} in place of the command line's settings, which
 * are another account's; NULL for none.
 */
int target_resolve_with(struct app *, const char *, const struct account *, struct target *, struct err *);
/*
 * target_place(app, name, path_out, section_out, e): only where the vault is, or would be, and the section of the
 * config file that has it, or NULL.  The path is to be freed.
 */
int target_place(struct app *, const char *, char **, const struct account **, struct err *);
/* target_server(app, url, out, e): imaps://... on the command line, without a vault. */
int target_server(struct app *, const char *, struct target *, struct err *);
void target_release(struct target *);

/*
 * target_each(app, argc, argv, fn, e): call ${fn}(app, target, e) for each account named, or for all of the config
 * file where none is; it returns an exit status, or -1 with ${e}, which is told.  Returns the worst.
 */
typedef int target_fn(struct app *, struct target *, struct err *);
int target_each(struct app *, int, char **, target_fn *, struct err *);

/*
 * target_read(app, name, fn, arg, e): call ${fn}(app, vault, arg, e) with the vault open for reading; it returns 0 or
 * -1.  EK_CORRUPT, after all that could be read, where something is wrong with the vault (vault_alarm()).  The command
 * line's settings don't matter.
 */
typedef int target_read_fn(struct app *, struct vault *, void *, struct err *);
int target_read(struct app *, const char *, target_read_fn *, void *, struct err *);

/* target_alarm(v, e): whether something is wrong with a vault that was read (NULL: none was): 0, or -1. */
int target_alarm(const struct vault *, struct err *);

/* target_env(app): clock, random bits and cache directory for vault_open(). */
const struct vault_env *target_env(struct app *);
/* target_json_vault(j, path): the member "vault", an absolute path. */
void target_json_vault(struct json_out *, const char *);
/* target_ask(app): how to ask for a password. */
struct job_ask target_ask(struct app *);
/* target_into(into, e): whether the value of --into can be a folder's name, parts with '/' between.  EK_USAGE. */
int target_into(const char *, struct err *);
/* target_waiting(app, account): a job signs in now: tell so if it takes long (ui_waiting()). */
void target_waiting(struct app *, const struct account *);

#endif
