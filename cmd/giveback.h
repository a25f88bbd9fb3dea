/*
 * giveback.h - messages of a vault into an account, with their options, for restore and copy.
 *
 * Such a verb has a struct giveback named ${back} among its options, and a row for each, in alphabetical order among
 * its own and those of choose.h.
 */
#ifndef CMD_GIVEBACK_H
#define CMD_GIVEBACK_H

#include "cmd/choose.h"
#include "cmd/target.h"

struct giveback {
	struct words	 folders, maps;
	const char	*into;
	int		 match;
	bool		 deleted, dry_run, duplicates, fix, no_check, no_roles, yes;
};

#define GIVEBACK_DELETED(T)	OPT_FLAG(0, "deleted", T, back.deleted, "keep the flag \\Deleted, too")
#define GIVEBACK_DRY_RUN(T)	OPT_FLAG('n', "dry-run", T, back.dry_run, "print the plan, change nothing")
#define GIVEBACK_DUPLICATES(T)	OPT_FLAG(0, "duplicates", T, back.duplicates, \
	"append all, though it may be there already")
#define GIVEBACK_FIX(T)		OPT_FLAG(0, "fix", T, back.fix, \
	"append repaired copies of what the server would refuse")
#define GIVEBACK_FOLDER(T)	OPT_LIST(0, "folder", T, back.folders, "PATTERN", \
	"only these folders; \"!PATTERN\": not these; may be repeated")
#define GIVEBACK_INTO(T)	OPT_TEXT(0, "into", T, back.into, "FOLDER", "put all folders below this one")
#define GIVEBACK_MAP(T)		OPT_LIST(0, "map", T, back.maps, "OLD=NEW", \
	"call a folder so; patterns will do; may be repeated")
#define GIVEBACK_MATCH(T)	OPT_CHOICE(0, "match", T, back.match, "content|message-id", \
	"by what a message that is there is known")
#define GIVEBACK_NO_CHECK(T)	OPT_FLAG(0, "no-check", T, back.no_check, "don't look at what was appended")
#define GIVEBACK_NO_ROLES(T)	OPT_FLAG(0, "no-roles", T, back.no_roles, \
	"Sent, Trash and the like keep their names")
#define GIVEBACK_YES(T)		OPT_FLAG('y', "yes", T, back.yes, "don't ask")

/*
 * giveback_target(app, name, out, e): the account that messages go to: a server's URL, a section of the config file,
 * or a vault whose account is meant; with the command line's settings.  All of it is checked but for the sign-in.
 */
int giveback_target(struct app *, const char *, struct target *, struct err *);
/* giveback_check(back, e): what can be said of the options alone.  EK_USAGE. */
int giveback_check(const struct giveback *, struct err *);
/* What is to go where. */
struct giving {
	const struct giveback *back;
	const struct choose *choose;
	char		*const *ids;	/* these messages alone */
	int		 ids_n;
	const struct target *to;
	struct job_ask	 ask;
};
/* giveback_run(app, vault, giving, e): print the plan, ask, append, check, tell.  0, or -1 as of job_restore(). */
int giveback_run(struct app *, struct vault *, const struct giving *, struct err *);

#endif
