/*
 * decode.h - header text for people: encoded words (RFC 2047), addresses, odd charsets.  The only room that knows GMime,
 * used by reading verbs alone: GLib ends the process when memory runs out.
 *
 * What comes back is valid UTF-8 on one line, of which nothing is taken on trust: white space is folded to one blank and
 * dropped at the ends, a control character (also one that an encoded word hides) or what is in no charset becomes U+FFFD
 * or '?'.  It may still mislead a terminal (bidi controls): who prints it escapes it.
 */
#ifndef MAIL_DECODE_H
#define MAIL_DECODE_H

/*
 * Bytes of a value looked at; the rest is not shown.  GMime's time for a list of addresses grows with the square of its
 * length: 0.15 s for this much of the worst kind.
 */
#define DECODE_MAX	(16 * 1024)

/*
 * decode_text(raw): a Subject's raw value; to be freed.  8-bit bytes without a charset are taken as UTF-8 where they are
 * valid characters of it, else as windows-1252.
 */
char *decode_text(const char *);
/*
 * decode_person(raw): who a From or To names: the display names, or the addresses where there are none, ", " between; of
 * a group its members, or its name where it has none; decode_text() of what is no address list.  To be freed.
 */
char *decode_person(const char *);
/*
 * decode_address(raw): the bare addresses, ASCII letters in lower case, ", " between; "" where there are none.  To be
 * freed.
 */
char *decode_address(const char *);

#endif
