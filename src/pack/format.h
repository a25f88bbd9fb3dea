/*
 * format.h - what stands in the frames: a tar archive or an mbox.  Private to pack/.
 */
#ifndef PACK_FORMAT_H
#define PACK_FORMAT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/flow.h"
#include "mail/place.h"
#include "pack/frame.h"
#include "pack/pack.h"

struct pack_format {
	/* begin(to, state_out, e): ${to} is borrowed until drop(). */
	int	(*begin)(struct frame_writer *, void **, struct err *);
	/*
	 * add(state, entry, body, place, e): all of one message, into the frame that is open.  The body has exactly the
	 * size that the entry says, or fails.  Fills ${place} but for the pack's name.
	 */
	int	(*add)(void *, const struct pack_entry *, const struct source *, struct place *, struct err *);
	/* end(state, e): what closes the archive. */
	int	(*end)(void *, struct err *);
	/* drop(state): free; writes nothing. */
	void	(*drop)(void *);
};

extern const struct pack_format tar_format;	/* tar.c */
extern const struct pack_format mboxfmt_format;	/* mboxfmt.c */

/* tar_name_safe(name): whether it stays below the directory where somebody extracts the archive. */
bool tar_name_safe(const char *);

#endif
