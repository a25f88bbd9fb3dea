/*
 * path.h - a folder's name in the making, as the target can have it, with what had to be changed for that; private.
 */
#ifndef POLICY_PATH_H
#define POLICY_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "policy/policy.h"

/* Why a folder is called otherwise. */
enum path_why {
	PATH_DELIMITER = 1,	/* a part held the target's delimiter */
	PATH_CONTROL = 2,	/* control characters */
	PATH_BYTES = 4,		/* no UTF-8, or no modified UTF-7 */
	PATH_EMPTY = 8,		/* an empty part */
	PATH_FLAT = 16,		/* parts, and the target has no delimiter */
	PATH_LONG = 32,		/* it was cut */
	PATH_TAKEN = 64,	/* another folder has the name */
};

struct path {
	const struct policy_target *target;
	struct buf	raw;	/* unchanged, but for the delimiter */
	struct buf	name;	/* with what can't be on the target replaced */
	bool		known;	/* ${raw} means the same parts on the target */
	bool		any;	/* there is a part */
	unsigned int	why;
};

void path_init(struct path *, const struct policy_target *);
void path_release(struct path *);

/*
 * path_part(p, part, n): one part more.  path_parts(p, name, skip, delimiter): all parts of a decoded name, or of the
 * wire bytes of an undecodable one, from byte ${skip} on.
 */
void path_part(struct path *, const char *, size_t);
void path_parts(struct path *, const char *name, size_t skip, char delimiter);

/*
 * What came of it.  path_end(p, end_out): the name, with the target's prefix; path_end_name(): the better of its forms.
 */
struct path_end {
	char		*as_is;		/* own; without a change but for the prefix, or NULL: it can't be */
	char		*made;		/* own; as it can surely be made */
	unsigned int	 why;		/* ... and what had to be changed for that */
};
void path_end(struct path *, struct path_end *);
void path_end_release(struct path_end *);
const char *path_end_name(const struct path_end *);

/* path_box(target, name): the target's folder of that name, or NULL: there is none, or it has a name only. */
const struct mail_box *path_box(const struct policy_target *, const char *);

/* path_inbox(name, n): these bytes are INBOX, in whatever case. */
bool path_inbox(const char *, size_t);

/* path_again(target, name, n): ${name} with "~n" behind it, to be freed. */
char *path_again(const struct policy_target *, const char *, size_t);

/* path_why(target, why): a few words for people, to be freed; NULL for 0. */
char *path_why(const struct policy_target *, unsigned int);

#endif
