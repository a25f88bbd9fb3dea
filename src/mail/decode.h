/*
 * decode.h - mail for people: encoded words (RFC 2047), addresses, odd charsets; the text of a message and what is
 * attached to it.  The only room that knows GMime, used by reading verbs alone: GLib ends the process when memory
 * runs out.
 *
 * What comes back is valid UTF-8 on one line (but for a message's text), of which nothing is taken on trust: white
 * space is folded to one blank and dropped at the ends, a control character (also one that an encoded word hides) or
 * what is in no charset becomes U+FFFD or '?'.  It may still mislead a terminal (bidi controls): who prints it
 * escapes it.
 */
#ifndef MAIL_DECODE_H
#define MAIL_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Bytes of a value looked at; the rest is not shown.  GMime's time for a list of addresses grows with the square of
 * its length: 0.15 s for this much of the worst kind.
 */
#define DECODE_MAX	(16 * 1024)

/*
 * decode_text(raw): a Subject's raw value; to be freed.  8-bit bytes without a charset are taken as UTF-8 where they
 * are valid characters of it, else as windows-1252.
 */
char *decode_text(const char *);
/*
 * decode_person(raw): who a From or To names: the display names, or the addresses where there are none, ", " between;
 * of a group its members, or its name where it has none; decode_text() of what is no address list.  To be freed.
 */
char *decode_person(const char *);
/*
 * decode_address(raw): the bare addresses, ASCII letters in lower case, ", " between; "" where there are none.  To be
 * freed.
 */
char *decode_address(const char *);
/* ---- whole messages, in memory (where ${n} is 0, ${p} still points somewhere) ---- */

/* decode_header_size(p, n): the bytes of a message's header, with the empty line that ends it. */
size_t decode_header_size(const void *p, size_t n);
/*
 * decode_header(p, n, name): the raw value of the first field of that name (any case) that is not empty, unfolded,
 * for the functions above; up to a NUL byte, at most DECODE_MAX bytes of it; "" where there is none.  To be freed.
 */
char *decode_header(const void *p, size_t n, const char *name);

#define DECODE_TEXT_MAX	(16 * 1024 * 1024)	/* bytes of text, before and after each step; the rest is cut */
#define DECODE_NAME_MAX	1024			/* bytes of a file name or type; the rest is cut */
#define DECODE_ATTACHMENTS 1000			/* listed */

struct decode_attachment {
	char		*name;		/* own; a message's Subject, if it has no other; "" for none */
	char		*type;		/* own; in lower case: "image/png" */
	uint64_t	 size;		/* decoded */
};

struct decode_message {
	char		*text;		/* own; "" for none.  LF between lines; tabs stay */
	bool		 html;		/* it was made from HTML (html.h) */
	bool		 cut;		/* there is more of it */
	struct decode_attachment *attachments;	/* own */
	size_t		 n;
	bool		 more;		/* there are more of them */
};

/*
 * decode_message(p, n, out): take a message apart.  Whatever the bytes are, it gives something, in time that grows
 * with their number and in memory that doesn't.
 *
 * The text is the first text/plain part with something in it, or where there is none the first text/html part, not
 * counting parts that say they are attachments.  What is without a type, or with one that is none, is text/plain.
 * All other parts are listed as attachments, in order, but for empty texts and, if there is a text, other forms of it
 * (unnamed text in a multipart/alternative).  An attached message is one attachment and is not looked into, nor is a
 * multipart beyond the limits of parts.h; what comes after PARTS_MAX parts is not looked at.
 * decode_release(m): free what it owns.
 */
void decode_message(const void *p, size_t n, struct decode_message *);
void decode_release(struct decode_message *);

#endif
