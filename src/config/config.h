/*
 * config.h - what the user has set: accounts, by file, by option, by vault.json; and secrets.
 *
 * An account's settings come from three places, the later ones winning: the account that vault.json remembers (no
 * secrets), a section of the config file, options on the command line.  All three go through setting_apply(), so that
 * a setting has one name, one meaning and one check; each fills an account of its own, and account_merge() lays them
 * over one another.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

enum account_tls {
	ACCOUNT_IMPLICIT,	/* imaps:// */
	ACCOUNT_STARTTLS,	/* imap://, and STARTTLS must succeed */
	ACCOUNT_PLAINTEXT,	/* imap:// with --insecure-plaintext */
};

/* A list of words, in the order given. */
struct words {
	char	**v;		/* own */
	size_t	  n, cap;
};

/*
 * The policy of prune, as the config file has it: text that the verb reads as it reads its options.  NULL: not said.
 */
struct account_prune {
	char	*older_than, *before, *larger_than, *sender, *recipient, *subject, *keep_last, *until_free;
	char	*trash_older_than, *junk_older_than;
	struct words folders;
	bool	 seen;
	bool	 keep_flagged, keep_unread;	/* true unless said otherwise */
	bool	 largest_first;
};

struct account {
	char	*name;			/* the section, or NULL */
	char	*vault;			/* path, absolute; or NULL */
	/* Where and who: kept in vault.json. */
	char	*host;			/* lower case; an IPv6 address without its brackets */
	uint16_t port;
	enum account_tls tls;
	char	*user;
	/* How: kept in vault.json. */
	struct words folders;		/* patterns, policy_select()'s business */
	bool	 shared;
	struct words disable;		/* capabilities not to be used */
	char	*tls_ca, *tls_pin, *proxy;
	bool	 insecure_plaintext;
	bool	 insecure_plaintext_remote;	/* ... even to a host that is not this one */
	uint64_t max_rate;		/* bytes a second, 0: no limit */
	int64_t	 full_every;		/* seconds */
	int64_t	 timeout;		/* seconds of silence before the connection counts as dead */
	/* Secrets: where to get them.  Kept in vault.json too (they are no secrets), but password_fd. */
	char	*password_file, *password_command, *token_command, *credential;
	int	 password_fd;		/* -1 for none */
	struct account_prune prune;	/* in the config file only */
	/* This room's own. */
	uint64_t given;			/* which rows of settings[] this layer has set, one bit each */
	char	*title;			/* what account_title() handed out */
};

struct account *account_new(void);	/* all defaults */
void account_free(struct account **);
/* account_copy(a): a deep copy. */
struct account *account_copy(const struct account *);
/*
 * account_merge(a, over): lay a later layer over ${a}: whatever was given in ${over} replaces what ${a} has.  A list
 * replaces the whole list, and a way to the secret replaces every other way.  The section's name goes along.  Where
 * another host is given, the insecure options of ${a} are dropped: they were meant for the old one.
 */
void account_merge(struct account *, const struct account *);

/*
 * account_forget_commands(a): drop password_command and token_command: what names them may not be the user's own word.
 */
void account_forget_commands(struct account *);

/*
 * account_url(a, url, e): set host, port, tls and user from imaps://user@host[:port] or imap://...  The user may be
 * percent-encoded and may hold an @ (the last one counts); a password in it is refused (EK_USAGE); IPv6 hosts in [].
 * Without a user in it the account's user stays.  The error never repeats the text, which may hold a password.
 */
int account_url(struct account *, const char *, struct err *);
/*
 * account_url_text(a): "imaps://anna@imap.example.org" (the port only where it is not the usual one; an @ in the user
 * is %40), or "" without a host; to be freed.
 */
char *account_url_text(const struct account *);
/*
 * account_title(a): what to call it in messages: the section's name or user@host; borrowed until the account changes.
 */
const char *account_title(struct account *);

/*
 * The settings, as rows: one name for the config file's key (with _) and the option (with -).
 *
 * setting_apply(a, name, value, base, e): set one from text.  Relative paths are taken from the folder ${base}, NULL
 * for the current one, and ~/ is $HOME.  A list's value is added to it; the first one of a layer replaces what an
 * earlier layer gave (see setting_layer()), and so does the first way to a secret.  A flag's value is yes, true, on
 * or no, false, off; NULL is yes.  For texts, paths and lists "" means: unset, whatever an earlier layer said.  Line
 * ends and other control characters, and what is not UTF-8, are refused.  EK_USAGE, "<name>: what is wrong".
 */
enum setting_type {
	SETTING_TEXT,
	SETTING_PATH,
	SETTING_FLAG,
	SETTING_LIST,
	SETTING_SIZE,
	SETTING_AGE,
	SETTING_FD,
	SETTING_SECONDS,	/* an age, or a bare number of seconds */
	SETTING_SERVER,		/* account_url() */
};
struct setting {
	const char	*name;		/* "tls_ca" */
	enum setting_type type;
	bool		 kept;		/* goes into vault.json */
	const char	*arg;		/* what the option's argument is called in help; NULL for a flag */
	const char	*help;
	const char	*option;	/* "tls-ca"; NULL: in the config file only */
	bool		 in_file;	/* may stand in the config file */
	bool		 secret;	/* a way to the password or token */
	/* This room's own: where the value is, and what makes one from text (NULL: any text will do). */
	size_t		 offset;
	char		*(*clean)(const struct account *, const char *, struct err *);
};
extern const struct setting settings[];
extern const size_t settings_n;
int setting_apply(struct account *, const char *name, const char *value, const char *base, struct err *);
/*
 * setting_layer(a): a new layer of settings begins: lists and ways to the secret given from now on replace those of
 * before.  Whoever merges accounts needs no call of it.
 */
void setting_layer(struct account *);

/*
 * account_to_json(a, j): write the kept settings that are not at their defaults as the member "account" of the object
 * that is open in ${j}.  account_from_json(a, o, e): set what that member, ${o}, holds; EK_CORRUPT where it is not
 * that.
 */
void account_to_json(const struct account *, struct json_out *);
int account_from_json(struct account *, const struct json *, struct err *);
/*
 * account_check(a, e): what must hold before a connection: host, user, one way to a secret at most, a tls_ca that
 * can be read (EK_CONFIG), and plain text only to a loopback host (127.0.0.0/8, ::1, localhost; not through a proxy)
 * or with both insecure options (EK_TLS).
 */
int account_check(const struct account *, struct err *);
/*
 * account_diff(a, b, out): append a line "name: old -> new" for each kept setting that differs (server and user are
 * two); returns their number, which counts also where ${out} is full.
 */
size_t account_diff(const struct account *, const struct account *, struct buf *);

/* The config file. */
struct config {
	char		*path;		/* own; NULL where there is no home to look in */
	struct account	**accounts;	/* own */
	size_t		 n;
};
/*
 * config_load(path, out, e): read ${path}, or where it is NULL $XDG_CONFIG_HOME/mailkeep/config (~/.config); no file
 * there is an empty config, but one that was named must exist (/dev/null will do).  An unknown key or a bad value is
 * EK_CONFIG with "file:line: "; so is a file that others than its owner, us or root, could have written.
 */
int config_load(const char *, struct config **, struct err *);
void config_free(struct config **);
/* config_account(c, name): the section of that name, or NULL; borrowed. */
const struct account *config_account(const struct config *, const char *);
/*
 * config_by_vault(c, path): the first section whose vault is the directory ${path}, or NULL; borrowed.  The same
 * directory is the same device and inode; where one doesn't exist, the same path.
 */
const struct account *config_by_vault(const struct config *, const char *);

/*
 * secret_get(a, ask, arg, out, e): the password, or the token where token_command is set (*is_token_out), into the
 * empty buf ${out}, which the caller wipes.  In this order: password_fd (read once), credential (a name in
 * $CREDENTIALS_DIRECTORY), password_command or token_command, password_file (refused where group or others can read
 * or write it), else a credential called mailkeep.<section>, else ${ask}(arg, prompt, out, e), which may be NULL.
 *
 * A secret is the first line, and not empty.  Commands run by /bin/sh -c in a session of their own with a cleaned
 * environment and no descriptors but stdin from /dev/null and our stderr.  What doesn't answer within 120 s is given
 * up.  EK_AUTH: no secret came (an exit status 75 of the command: EK_TEMP); EK_CONFIG: the way to it is wrong;
 * EK_CANCELLED.
 */
typedef int secret_ask_fn(void *, const char *prompt, struct buf *, struct err *);
int secret_get(const struct account *, secret_ask_fn *, void *, struct buf *, bool *is_token_out, struct err *);

#endif
