/*
 * name.h - folder names: as the wire has them, as people read them, as files may be called.
 *
 * wire    what the server sent and gets back, byte for byte (modified UTF-7, RFC 3501 section 5.1.3)
 * name    the decoded name in UTF-8, INBOX in capitals; the key of a folder.  Where the wire name can't be decoded, it
 *         is byte 0xFF and the wire bytes: no UTF-8 text begins so, so it can't be mistaken for another folder.
 *
 * Two wire names never become one name, INBOX apart: that one is the same folder however it is written (RFC 3501,
 * section 5.1), but Inbox/a and INBOX/a may be two.
 */
#ifndef MAIL_NAME_H
#define MAIL_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define NAME_MAX_WIRE	8192	/* bytes of a folder's name we accept */

/*
 * name_from_wire(wire): the name of a folder, to be freed.  Only canonical modified UTF-7 decodes (what
 * name_to_wire() of the result gives back, byte for byte; INBOX apart): anything else is kept as undecodable.  That
 * includes raw control characters, names over NAME_MAX_WIRE bytes, and all 8-bit bytes: a server that sends a raw
 * "Entw\303\274rfe" may have "Entw&APw-rfe" too, and these are two folders.  Raw UTF-8 is still shown, matched and
 * made a path of as what it says.  (So a session must not ENABLE UTF8=ACCEPT or IMAP4rev2, under which every name
 * comes raw.)
 */
char *name_from_wire(const char *);
/*
 * name_to_wire(name): modified UTF-7 of a decoded name, or the wire bytes of an undecodable one; to be freed.  Bytes
 * of a name from elsewhere that are not UTF-8 stay as they are.
 */
char *name_to_wire(const char *);
/* name_undecodable(name): the wire bytes if it is one of those, else NULL. */
const char *name_undecodable(const char *);
/* name_shown(name): what to show people (still to be escaped): the name, or the wire bytes. */
const char *name_shown(const char *);

/*
 * name_match(pattern, name, delimiter): IMAP LIST globs (RFC 9051, section 6.3.9): * matches anything, % anything but
 * the delimiter ('\0': none).  Patterns are written by people, so INBOX folds case in both, also before the first
 * delimiter; an undecodable name is matched as it is shown.
 */
bool name_match(const char *pattern, const char *name, char delimiter);

/*
 * name_path(name, delimiter, out): append the folder's path as man mailkeep-vault(5) "MEMBER NAMES" has it.  The parts
 * of the name between delimiters ('\0': none) become components between slashes, each made safe:
 *
 * - Kept are A-Z a-z 0-9 . _ + @ [ ] ( ) , = & - blank and valid UTF-8 from U+00A0 on but U+2028-202E, U+2066-2069
 *   and U+FEFF.  All other bytes, also '%' and bytes that are no UTF-8, become %XX in capital digits.
 * - So do a '.', '-' or blank that begins a component, a '.' or blank that ends it, and the dot of a component that
 *   ends in ".eml" (any case).
 * - An empty component becomes "%".
 * - A component of more than 200 bytes when safe is cut, between characters, to as many as fit in 182, and gets "%~"
 *   and the first 16 hex digits, in small letters, of the SHA-256 of its bytes in the name.
 * - A name of more than 32 components, or whose path would be over NAME_MAX_PATH bytes, becomes one component: made
 *   safe as a whole, with %2F for each delimiter, cut as above, and always with "%~" and the digits, of the whole
 *   name's bytes.
 *
 * An undecodable name is taken as it is, with its 0xFF, so its path begins with "%FF", as no other's does.  Names with
 * one delimiter share a path only where 64 bits of SHA-256 agree (file systems that fold case or normalize Unicode
 * aside).  With two delimiters in one account a.b and a/b may; the member's name goes on with UIDVALIDITY, UID and
 * hash.
 *
 * Return 0, or -1 where ${out} can't take it (NAME_MAX_PATH bytes are always enough); it is then as it was.
 */
#define NAME_MAX_PATH	2000
int name_path(const char *, char delimiter, struct buf *);

#endif
