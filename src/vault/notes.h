/*
 * notes.h - what the tail of a pack says of its messages, in memory.  Private to vault/.
 */
#ifndef VAULT_NOTES_H
#define VAULT_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "manifest/manifest.h"

struct note {
	uint64_t	 prefix;	/* the first bytes of its SHA-256, as a number */
	uint64_t	 folder, epoch;
	uint32_t	 uid;
	bool		 has_date;
	int64_t		 date;
	char		*flags;		/* own */
	char		*labels;	/* own, or NULL */
};

struct note_folder {
	uint64_t	 folder;
	char		*name;		/* own */
	char		 delimiter;
	enum mail_space	 space;
};

struct note_epoch {
	uint64_t	 epoch, folder, uidvalidity;
};

/* In the order of the tail. */
struct notes {
	struct note	*v;		/* own */
	size_t		 n, cap;
	struct note_folder *folders;	/* own */
	size_t		 folders_n, folders_cap;
	struct note_epoch *epochs;	/* own */
	size_t		 epochs_n, epochs_cap;
	struct manifest_parser *parser;	/* own */
};

/*
 * notes_line(notes, line, n): take a line of a tail; one that can't be read is passed over.  notes_release(notes): all
 * is 0 then, as at the beginning.
 */
void notes_line(struct notes *, const char *, size_t);
void notes_release(struct notes *);
const struct note_folder *notes_folder(const struct notes *, uint64_t folder);
const struct note_epoch *notes_epoch(const struct notes *, uint64_t epoch);
uint64_t notes_prefix(const struct digest *);

#endif
