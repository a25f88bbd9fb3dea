/*
 * note.h - what a pack's tail has of a message, for salvage when manifests are lost.
 */
#ifndef MAIL_NOTE_H
#define MAIL_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "mail/place.h"

#define NOTE_PREFIX	8	/* bytes tell blobs apart; hashes do not compress and are most of what a note costs */

struct rec_note {
	uint64_t	 folder, epoch;
	uint32_t	 uid;
	uint8_t		 prefix[NOTE_PREFIX];	/* the first bytes of its SHA-256 */
	int64_t		 date;
	bool		 has_date;
	const char	*flags;		/* canonical */
	const char	*labels;	/* or NULL */
	bool		 stored;	/* in this pack, which is an mbox: the next are known */
	enum blob_form	 form;
	bool		 newline_added;
};

#endif
