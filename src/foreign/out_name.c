/*
 * out_name.c - what folders and messages are called where they go: names that stay in their place, on any file system.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "foreign/out.h"
#include "mail/name.h"

#define MAILDIR_NAME	200	/* bytes of a Maildir++ name; a file's name may have 255 */
#define MAILDIR_CHARS	200	/* characters of a longer one that are looked at */
#define HASH_DIGITS	16

/* ---- paths ---- */

void
out_name_tree(const char *name, char delimiter, struct buf *out)
{
	/* There is room for whatever comes. */
	(void)name_path(name, delimiter, out);
}

/*
 * A folder is a file "Name.mbox" here, and folders below it are in the directory "Name": no directory may be called
 * as such a file.
 */
void
out_name_boxes(const char *name, char delimiter, struct buf *out)
{
	struct buf path = BUF_INIT(NAME_MAX_PATH);
	const char *p, *end;
	size_t n;

	out_name_tree(name, delimiter, &path);
	for (p = buf_text(&path); (end = strchr(p, '/')) != NULL; p = end + 1) {
		n = (size_t)(end - p);
		if (n >= 5 && strncasecmp(end - 5, ".mbox", 5) == 0) {
			buf_add(out, p, n - 5);
			buf_adds(out, "%2E");
			buf_add(out, end - 4, 5);
		} else
			buf_add(out, p, n + 1);
	}
	buf_adds(out, p);
	buf_release(&path);
}

/* ---- Maildir++ ---- */

static void
add_hex(struct buf *out, const char *p, size_t n)
{
	for (; n > 0; n--)
		buf_addf(out, "%%%02X", (unsigned char)*p++);
}

/*
 * The first ${chars} characters of a name as Dovecot can have it: dots between the levels, and as %XX what can't be in
 * a file's name there, or would be taken for something else.
 */
static void
maildir_text(const char *name, char delimiter, size_t chars, struct buf *out)
{
	size_t left = strlen(name), n;
	bool begins = true;	/* a level */
	uint32_t cp;

	for (; left > 0 && chars > 0; name += n, left -= n, chars--) {
		n = utf8_next(name, left, &cp);
		if (n == 1 && *name == delimiter) {
			buf_adds(out, begins ? "%." : ".");
			begins = true;
			continue;
		}
		if (n == 0)
			add_hex(out, name, n = 1);
		else if (text_harmful(cp) || strchr("./", *name) != NULL ||
		    (*name == '~' && begins))
			add_hex(out, name, n);
		else
			buf_add(out, name, n);
		begins = false;
	}
	if (begins && left == 0)
		buf_addc(out, '%');
}

/* As file names have it: modified UTF-7. */
static char *
maildir_wire(const char *name, char delimiter, size_t chars)
{
	/* Each byte of it becomes three at most, and a level one more. */
	struct buf text = BUF_INIT(4 * NAME_MAX_WIRE + 16);
	char *wire;

	maildir_text(name, delimiter, chars, &text);
	wire = name_to_wire(buf_text(&text));
	buf_release(&text);
	return wire;
}

void
out_name_maildir(const char *name, char delimiter, struct buf *out)
{
	char *wire, hex[DIGEST_HEX];
	struct digest d;
	size_t chars;

	if (strcmp(name, "INBOX") == 0)
		return;
	wire = maildir_wire(name, delimiter, SIZE_MAX);
	if (strlen(wire) <= MAILDIR_NAME) {
		buf_addf(out, ".%s", wire);
		free(wire);
		return;
	}
	/* As much of it as fits beside a hash of the whole. */
	for (chars = MAILDIR_CHARS; ; chars--) {
		free(wire);
		wire = maildir_wire(name, delimiter, chars);
		if (strlen(wire) <= MAILDIR_NAME - 2 - HASH_DIGITS)
			break;
	}
	digest_of(name, strlen(name), &d);
	buf_addf(out, ".%s%%~%.*s", wire, HASH_DIGITS, digest_hex(&d, hex));
	free(wire);
}

/* ---- names that are taken ---- */

static char *
fold(const char *s)
{
	char *folded = xstrdup(s), *p;

	for (p = folded; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return folded;
}

/* Where ${folded} is among those taken, or would be. */
static bool
find(const struct foreign_out *o, const char *folded, size_t *at)
{
	size_t low = 0, high = o->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = strcmp(o->taken[middle].folded, folded);

		if (c < 0)
			low = middle + 1;
		else
			high = middle;
		*at = middle;
		if (c == 0)
			return true;
	}
	*at = low;
	return false;
}

/* Names that differ in case alone are one name where it is exported to, or where it is copied to later. */
bool
out_name_take(struct foreign_out *o, const char *name, struct buf *path,
    size_t *number)
{
	size_t whole = path->n, at = 0;
	char *folded = fold(buf_text(path));
	unsigned int i;

	for (i = 2; find(o, folded, &at); i++) {
		*number = o->taken[at].folder;
		free(folded);
		if (strcmp(o->folders[*number].name, name) == 0)
			return false;
		path->n = whole;
		buf_addf(path, "%%~%u", i);
		folded = fold(buf_text(path));
	}
	if (i > 2)
		o->lack.renamed++;
	o->taken = mem_grow(o->taken, &o->taken_cap, o->n + 1,
	    sizeof(*o->taken));
	memmove(o->taken + at + 1, o->taken + at,
	    (o->n - at) * sizeof(*o->taken));
	o->taken[at] = (struct out_taken){ folded, o->n };
	return true;
}

void
out_name_member(const struct foreign_mail *m, unsigned int again,
    struct buf *out)
{
	char hex[DIGEST_HEX];

	buf_addf(out, "%" PRIu64 ".%" PRIu32 ".%.8s", m->uidvalidity, m->uid,
	    digest_hex(&m->sha256, hex));
	if (again > 0)
		buf_addf(out, ".%u", again + 1);
	buf_adds(out, ".eml");
}
