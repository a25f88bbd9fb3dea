/*
 * opt.h - options as static, typed rows: one source for parsing, help, man pages and completions.
 *
 * A verb has a struct for its options and rows over it, in alphabetical order:
 *
 *	struct list_opts { bool all; struct words folders; uint64_t larger; };
 *	static const struct opt opts[] = {
 *		OPT_FLAG('a', "all", struct list_opts, all, "also what is gone from the server"),
 *		OPT_LIST(0, "folder", struct list_opts, folders, "FOLDER", "only these"),
 *		OPT_SIZE(0, "larger", struct list_opts, larger, "SIZE", "only messages larger than that"),
 *		OPT_END
 *	};
 *
 * A row over a field of the wrong type does not compile.  Long options are not abbreviated, options may follow
 * arguments, "--" ends them; --name=value and --name value, -xvalue and -x value, and -abc for -a -b -c are all
 * understood.  The last one of an option counts, but each one of a list.
 */
#ifndef CMD_OPT_H
#define CMD_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "config/config.h"

struct ui;

enum opt_type {
	OPT_T_END,
	OPT_T_FLAG,		/* bool */
	OPT_T_COUNT,		/* unsigned int: how often it was given */
	OPT_T_TEXT,		/* const char *, borrowed from argv */
	OPT_T_MAYBE,		/* the same, "" where it stands without =VALUE; arg is "[=VALUE]" */
	OPT_T_LIST,		/* struct words, in the order given */
	OPT_T_U64,		/* uint64_t */
	OPT_T_SIZE,		/* uint64_t, bytes: 5M */
	OPT_T_AGE,		/* int64_t, the instant that long ago: 2y */
	OPT_T_DATE,		/* int64_t, where the span begins that a date names, or an age as above */
	OPT_T_CHOICE,		/* int, which of the words of ${arg}, "auto|always|never", from 0 */
	OPT_T_SETTING,		/* a setting of config.h; into a struct account */
};

struct opt {
	char		 letter;	/* or 0 */
	const char	*name;
	enum opt_type	 type;
	size_t		 offset;	/* of the field; OPT_T_SETTING: index in settings[] */
	const char	*arg;		/* what help calls the value; NULL for none */
	const char	*help;		/* a lower-case phrase */
};

#define OPT_FIELD(T, f, type)	(offsetof(T, f) + 0 * sizeof(_Generic(((T *)0)->f, type: 1)))

#define OPT_FLAG(c, n, T, f, h)		{ c, n, OPT_T_FLAG, OPT_FIELD(T, f, bool), NULL, h }
#define OPT_COUNT(c, n, T, f, h)	{ c, n, OPT_T_COUNT, OPT_FIELD(T, f, unsigned int), NULL, h }
#define OPT_TEXT(c, n, T, f, a, h)	{ c, n, OPT_T_TEXT, OPT_FIELD(T, f, const char *), a, h }
#define OPT_MAYBE(c, n, T, f, a, h)	{ c, n, OPT_T_MAYBE, OPT_FIELD(T, f, const char *), "[=" a "]", h }
#define OPT_LIST(c, n, T, f, a, h)	{ c, n, OPT_T_LIST, OPT_FIELD(T, f, struct words), a, h }
#define OPT_U64(c, n, T, f, a, h)	{ c, n, OPT_T_U64, OPT_FIELD(T, f, uint64_t), a, h }
#define OPT_SIZE(c, n, T, f, a, h)	{ c, n, OPT_T_SIZE, OPT_FIELD(T, f, uint64_t), a, h }
#define OPT_AGE(c, n, T, f, a, h)	{ c, n, OPT_T_AGE, OPT_FIELD(T, f, int64_t), a, h }
#define OPT_DATE(c, n, T, f, a, h)	{ c, n, OPT_T_DATE, OPT_FIELD(T, f, int64_t), a, h }
#define OPT_CHOICE(c, n, T, f, a, h)	{ c, n, OPT_T_CHOICE, OPT_FIELD(T, f, int), a, h }
#define OPT_END				{ 0, NULL, OPT_T_END, 0, NULL, NULL }

/* Rows and the struct that they fill. */
struct opt_set {
	const char	*group;		/* "own", "account" or "global" */
	const struct opt *rows;
	void		*target;	/* NULL where only the names are asked for */
};

/*
 * opt_settings(): settings[] as rows over a struct account, those that may be options.  A flag among them may be taken
 * back with =no.
 */
const struct opt *opt_settings(void);

/*
 * opt_parse(sets, n, now, leading, argc, argv, e): take the options of all ${n} sets out of ${argv}, which then
 * begins with what is left, ${*argc} of it and a NULL.  The first set that has a name wins.  With ${leading} only
 * options before the first argument are taken.  ${now} is what ages are counted from.  EK_USAGE; what stood before the
 * bad option has been stored then.
 */
int opt_parse(const struct opt_set *, size_t n, int64_t now, bool leading, int *argc, char **argv, struct err *);
/* opt_release(set): free what opt_parse() stored in lists. */
void opt_release(const struct opt_set *);

/* opt_date(value, now, out, e): what OPT_DATE makes of a word.  EK_USAGE. */
int opt_date(const char *, int64_t now, int64_t *, struct err *);
/* opt_row(sets, n, letter, name, len): the row of an option by its letter, or where ${name} is not NULL by its name. */
const struct opt *opt_row(const struct opt_set *, size_t n, char letter, const char *name, size_t len);
/* opt_takes_value(opt): the next word is its value, where none stands behind a =. */
bool opt_takes_value(const struct opt *);

/*
 * opt_arguments(synopsis, argc, argv, e): whether as many arguments were given as the synopsis "[options] VAULT
 * [FOLDER ...]" allows, or one of several with " | " between, the shortest first.  "--to URL" in it is none.  EK_USAGE.
 */
int opt_arguments(const char *, int, char *const *, struct err *);

/* opt_help(ui, sets, n): the sets with their help, in columns that fit the terminal, or 80 places. */
void opt_help(struct ui *, const struct opt_set *, size_t);
/*
 * opt_dump(verb, sets, n, ui, e): a line for each option with tabs between the verb, "-n --dry-run" or "--folder", the
 * argument's name or nothing, the help and the group; or an object of type "option".
 */
int opt_dump(const char *, const struct opt_set *, size_t, struct ui *, struct err *);

#endif
