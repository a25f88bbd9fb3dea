/*
 * target.h - where restored mail goes, and what the server there won't take: the part of the door policy.h, which
 * includes it, for restore.
 */
#ifndef POLICY_TARGET_H
#define POLICY_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "mail/defect.h"
#include "mail/mail.h"

/* A folder of the vault, and where its messages are to go. */
struct policy_move {
	/* in; borrowed */
	const char	*name;		/* decoded */
	char		 delimiter;	/* '\0': flat */
	const char	*attributes;	/* canonical */
	/* out */
	char		*to;		/* own; decoded */
	const struct mail_box *box;	/* the target's folder of that name, or NULL: it is to be made */
	char		*how;		/* own; why it has another name, a few words for people; NULL: it has not, but
					   for the delimiter and the namespace's prefix */
};

/* The target, and what was asked for. */
struct policy_target {
	const struct mail_box *boxes;	/* by name, as imap_list() gives them */
	size_t		 n;
	const char	*prefix;	/* of one's own folders, decoded ("INBOX."), "" for none */
	char		 delimiter;	/* '\0': flat */
	bool		 below_inbox;	/* all folders of the vault, chosen or not, are INBOX or below it */
	const char	*into;		/* or NULL; parts divided by '/' */
	const char	*const *maps;	/* "OLD=NEW" */
	size_t		 maps_n;
	bool		 no_roles;
};

/*
 * policy_map(moves, n, target, e): find a name for each of ${n} folders of a vault.  In this order:
 *
 * 1. The first of maps[] whose OLD matches (IMAP globs as name_match() has them): NEW, with '/' between its parts, in
 *    which the second '*', say, stands for what the second '*' of OLD matched, and so for '%'.  '=' in a name is
 *    written '\='.  A map without '=', with nothing on a side of it, or with more '*' or '%' in NEW than in OLD, is
 *    EK_USAGE.  Nothing else changes that name: not ${into}, not roles.  Several folders may so become one.
 * 2. With ${into}: below it, with all parts of the name.  (INBOX too, as a part of its own.)  Without a part: EK_USAGE.
 * 3. INBOX is INBOX.
 * 4. Unless no_roles: a folder with a special use goes to the target's folder with the same one (mail_special_use()),
 *    where there is exactly one of one's own that is selectable; \All, \Flagged and \Important are no places of their
 *    own and don't count.  Below such a folder nothing follows it.  Of several with one use only one goes there: the
 *    one that is called so, else the first.
 * 5. Else its own name, with the target's prefix before it, where it doesn't begin so, and delimiter between parts.
 *    With ${below_inbox}, "INBOX" and the delimiter are the source's namespace prefix and dropped first (Courier,
 *    Cyrus), unless one of these folders is on the target by its whole name, or would be in INBOX without it.
 *
 * A folder of the target that has the name already is the right place, whatever the name, and with or without the
 * prefix; but for one that a role took for another folder, or that can't hold messages.  (\NonExistent ones, which are
 * only above others, can be made.)
 *
 * Else a part that can't be on the target is changed where one sees it, and ${how} says so: the target's delimiter
 * within a part and control characters become '_'; what is no UTF-8 (undecodable names) '_' for each such byte; an
 * empty part becomes "_"; a flat target gets '_' between parts; what is over NAME_MAX_WIRE bytes on the wire is cut.
 * Other characters may be refused by one server and fine for the next: see policy_safer().
 *
 * Two folders get one name (compared by bytes, INBOX in capitals) only where a map gives it to one of them and it is
 * the other's own or a map's, too.  Else the one whose name was changed, or the later one, gets "~2", "~3", ... behind
 * its last part.  Names are the same when all of it is done again with what was made on the target; with other folders
 * beside them they may not be, where two folders have one use or would have one name.
 *
 * Free with policy_map_release(), also after an error (EK_USAGE alone).
 */
int policy_map(struct policy_move *, size_t, const struct policy_target *, struct err *);
void policy_map_release(struct policy_move *, size_t);

/*
 * policy_safer(name, delimiter): another name for a folder that a server would not make: everything but letters,
 * digits, blanks, '-', '_', '.', '(' , ')', '&', '+', '@', the delimiter and what is not ASCII becomes '_', as does a
 * '.' at the beginning of a part and a blank at either end.  To be freed; NULL where that changes nothing.  Several
 * names may become one.
 */
char *policy_safer(const char *, char delimiter);

/* What a server objects to in a message, as far as it is known by its name. */
struct policy_taste {
	const char	*who;		/* "Cyrus" */
	bool		 nuls;		/* refuses NULs */
	bool		 bare;		/* ... lone LFs */
	uint64_t	 longest;	/* ... lines of more bytes, for certain; 0: none */
	uint64_t	 cut;		/* ... and takes lines of so many, for certain */
};
/* policy_taste_of(server): by what imap_server() says ("Cyrus IMAPD 3.6.1"); NULL: not known, or it takes all. */
const struct policy_taste *policy_taste_of(const char *server);
/* policy_objects(taste, defects): why it will not take such a message, a few words; NULL: it will.  Lives for ever. */
const char *policy_objects(const struct policy_taste *, const struct defects *);
/* policy_cure(taste, cure_out): what to repair for it; of an unknown one (NULL) all that any server objects to. */
void policy_cure(const struct policy_taste *, struct defect_cure *);

/*
 * policy_flags(flags, permanent, deleted, out, dropped): the flags to restore a message with: canonical, without
 * \Recent, without \Deleted unless ${deleted}, without what begins with a backslash and is no system flag of RFC 9051,
 * without keywords that are no atoms; and where ${permanent} (canonical PERMANENTFLAGS, or NULL: not known) lacks "\*",
 * without keywords that it doesn't name (in whatever case).  A system flag that it doesn't name is sent all the same.
 * Those left out are appended to ${dropped}, with a blank between, but for \Recent and \Deleted.  0, or -1: a buf is
 * full.
 */
int policy_flags(const char *, const char *permanent, bool deleted, struct buf *, struct buf *dropped);
/*
 * policy_map_check(maps, maps_n, moves, n, e): whether each map is one and its OLD matches at least one of ${n}
 * folders, of which only the names and delimiters are looked at: all of the vault's, chosen or not.  EK_USAGE, with
 * the name that was perhaps meant.
 */
int policy_map_check(const char *const *maps, size_t maps_n, const struct policy_move *, size_t, struct err *);

#endif
