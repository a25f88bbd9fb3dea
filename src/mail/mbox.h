/*
 * mbox.h - mboxrd, both ways, byte-exact.
 *
 * An entry is a From_ line, the body with quoting (a line of zero or more '>' and then "From " gets one '>' more), and
 * an empty line.  A message in "lf" form had CRLF at every line end, no other CR or LF and no NUL: its CRLFs are stored
 * as LF.  In "raw" form its bytes are as they were.  Either way a final newline is added where there was none (the
 * empty message needs none), so that the next entry begins on a line of its own; form and added newline are facts
 * in the manifest's blob record, by which the message comes back byte for byte.  Quoting looks at LF as the only
 * line end, after CRLF has become LF.
 */
#ifndef MAIL_MBOX_H
#define MAIL_MBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/flow.h"
#include "mail/place.h"

/* What decides the form, found while a message streams past. */
struct mbox_probe {
	bool	crlf_only;	/* so far every LF follows a CR, every CR is followed by LF, no NUL */
	bool	cr;		/* the last byte was CR */
	bool	ends_lf;	/* the last byte was LF; true for the empty message */
};

void mbox_probe_start(struct mbox_probe *);
void mbox_probe_feed(struct mbox_probe *, const void *, size_t);
/* mbox_probe_form(p): the form for the message that was fed (an empty one is BLOB_LF). */
enum blob_form mbox_probe_form(const struct mbox_probe *);

/*
 * mbox_from_line(out, t): "From mailkeep@localhost Wed Jul 17 09:44:25 1996\n" (RFC 4155, Appendix A); ${out} of
 * MBOX_FROM_MAX.
 */
#define MBOX_FROM_MAX	96
char *mbox_from_line(char[MBOX_FROM_MAX], int64_t);

/*
 * mbox_quote(form, body, to, stored_out, added_out, e): pour ${body} into ${to} quoted and in ${form}, with a final
 * newline where needed (${*added_out}), without From_ line and closing empty line; ${*stored_out} is the number of
 * bytes.  Return 0, or -1: ${body} or ${to} failed, or EK_FAIL: ${body} can't be in "lf" form.  Any body can be in
 * "raw" form.
 */
int mbox_quote(enum blob_form, const struct source *, const struct sink *, uint64_t *stored_out, bool *added_out,
    struct err *);
/*
 * A sink that undoes it: what is written to mbox_unquote_sink(u) goes to ${to} as it was, in constant memory.  Call
 * mbox_unquote_end() after the last byte, which may be the added newline and is dropped then.  A stored form that
 * mbox_quote() can't have made, or a form that is neither of the two, is EK_CORRUPT.
 */
struct mbox_unquote {
	struct sink	to;
	enum blob_form	form;
	bool		added;
	/* its own state */
	unsigned int	state;
	bool		arrow;		/* a '>' is held back */
	bool		newline;	/* a newline is held back */
	bool		blank;		/* that of an empty line */
	char		last;		/* byte written */
};
void mbox_unquote_start(struct mbox_unquote *, enum blob_form, bool added, struct sink);
struct sink mbox_unquote_sink(struct mbox_unquote *);
int mbox_unquote_end(struct mbox_unquote *, struct err *);

#endif
