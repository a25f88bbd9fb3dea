/*
 * read_path.c - from the path of a Maildir, an mbox or a directory of messages to the name of a folder.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "foreign/read.h"
#include "mail/name.h"

struct part {
	const char	*p;
	size_t		 n;
};

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
ends(struct part part, const char *suffix)
{
	size_t n = strlen(suffix), i;

	if (part.n <= n)
		return false;
	for (i = 0; i < n; i++)
		if (lower(part.p[part.n - n + i]) != suffix[i])
			return false;
	return true;
}

bool
read_path_ends(const char *name, const char *suffix)
{
	return ends((struct part){ name, strlen(name) }, suffix);
}

static bool
cut(struct part *part, const char *suffix)
{
	if (!ends(*part, suffix))
		return false;
	part->n -= strlen(suffix);
	return true;
}

bool
read_path_is_furniture(const char *name)
{
	static const char *const begins[] = { ".", "dovecot", "maildirfolder",
	    "maildirsize", "subscriptions", "courier", "cyrus." };
	static const char *const suffixes[] = { ".msf", ".lock", ".cmeta",
	    ".index", ".cache", ".dat" };
	size_t i;

	for (i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (strncmp(name, begins[i], strlen(begins[i])) == 0)
			return true;
	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (read_path_ends(name, suffixes[i]))
			return true;
	return false;
}

/* UIDVALIDITY.UID.HASH.eml: packs have four digits of the hash, exports more. */
bool
read_path_is_ours(const char *name)
{
	static const char digits[] = "0123456789";
	size_t n = strspn(name, digits);

	if (n == 0 || name[n] != '.')
		return false;
	name += n + 1;
	n = strspn(name, digits);
	if (n == 0 || name[n] != '.')
		return false;
	name += n + 1;
	n = strspn(name, "0123456789abcdef");
	/* An export may have put a number behind where two names were one. */
	return n >= 4 && n <= 64 && name[n] == '.' &&
	    read_path_ends(name, ".eml");
}

/* The next part of a path; false at the end.  "." and ".." are none: a path only makes a name. */
static bool
next_part(const char **path, struct part *out)
{
	const char *p = *path;

	for (;;) {
		p += strspn(p, "/");
		out->p = p;
		out->n = strcspn(p, "/");
		if (out->n == 0)
			return false;
		p += out->n;
		*path = p;
		if ((out->n == 1 && out->p[0] == '.') ||
		    (out->n == 2 && out->p[0] == '.' && out->p[1] == '.'))
			continue;
		return true;
	}
}

static int
put_byte(struct buf *out, unsigned char c)
{
	return buf_addf(out, "%%%02X", c);
}

/* As it is, but for what no folder should have in its name. */
static int
put_text(struct buf *out, const char *p, size_t n)
{
	uint32_t cp;
	size_t len, i;
	bool ok;

	for (; n > 0; p += len, n -= len) {
		ok = (len = utf8_next(p, n, &cp)) > 0 && !text_harmful(cp) &&
		    cp != '/';
		if (len == 0)
			len = 1;
		if (ok && buf_add(out, p, len) == -1)
			return -1;
		for (i = 0; !ok && i < len; i++)
			if (put_byte(out, (unsigned char)p[i]) == -1)
				return -1;
	}
	return 0;
}

static int
hex_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Whether each '%' begins a byte, as where we made a path of a name. */
static bool
is_escaped(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] == '%' && (i + 2 >= n || hex_of(p[i + 1]) == -1 ||
		    hex_of(p[i + 2]) == -1))
			return false;
	return true;
}

/* What name_path() made of a name. */
static int
put_escaped(struct buf *out, const char *p, size_t n)
{
	struct buf plain = BUF_INIT(FOREIGN_FOLDER_MAX);
	size_t i;
	int rc, hi, lo;

	for (i = 0; i < n; i++) {
		if (p[i] == '%' && i + 2 < n && (hi = hex_of(p[i + 1])) >= 0 &&
		    (lo = hex_of(p[i + 2])) >= 0) {
			rc = buf_addc(&plain, (char)(hi << 4 | lo));
			i += 2;
		} else
			rc = buf_addc(&plain, p[i]);
		if (rc == -1)
			break;
	}
	rc = i < n ? -1 : put_text(out, buf_text(&plain), plain.n);
	buf_release(&plain);
	return rc;
}

/* Modified UTF-7, if it is that; and what an export wrote. */
static int
put_wire(struct buf *out, const char *p, size_t n)
{
	char *wire, *name = NULL;
	int rc;

	wire = xmemdup0(p, n);
	if (memchr(p, '&', n) != NULL)
		name = name_from_wire(wire);
	if (name != NULL && name_undecodable(name) == NULL) {
		p = name;
		n = strlen(name);
	}
	rc = is_escaped(p, n) ? put_escaped(out, p, n) : put_text(out, p, n);
	free(wire);
	free(name);
	return rc;
}

static int
put_part(struct buf *out, size_t start, enum read_kind kind, struct part part)
{
	if (out->n > start && buf_addc(out, '/') == -1)
		return -1;
	switch (kind) {
	case READ_KIND_OURS:
		return put_escaped(out, part.p, part.n);
	case READ_KIND_MAILDIR:
	case READ_KIND_MBOX:
		return put_wire(out, part.p, part.n);
	case READ_KIND_EML:
		break;
	}
	return put_text(out, part.p, part.n);
}

/* ".Lists.Stars" is two parts (Maildir++). */
static int
put_dotted(struct buf *out, size_t start, struct part part)
{
	const char *end = part.p + part.n, *dot;
	struct part one;

	for (one.p = part.p + 1; one.p <= end; one.p += one.n + 1) {
		dot = memchr(one.p, '.', (size_t)(end - one.p));
		one.n = (size_t)((dot == NULL ? end : dot) - one.p);
		if (one.n > 0 &&
		    put_part(out, start, READ_KIND_MAILDIR, one) == -1)
			return -1;
	}
	return 0;
}

/* INBOX.mbox.gz, Thunderbird's Inbox.sbd/Lists, Apple Mail's Lists.mbox/mbox. */
static int
put_mbox(struct buf *out, size_t start, struct part part, bool last)
{
	static const char *const packed[] = { ".gz", ".zst", ".xz", ".bz2" };
	bool apple = false;
	size_t i;

	if (!last) {
		if (!cut(&part, ".sbd"))
			cut(&part, ".mbox");
		return put_part(out, start, READ_KIND_MBOX, part);
	}
	for (i = 0; i < sizeof(packed) / sizeof(packed[0]); i++)
		if (cut(&part, packed[i]))
			break;
	apple = out->n > start && part.n == 4 &&
	    memcmp(part.p, "mbox", 4) == 0;
	if (apple)
		return 0;
	if (!cut(&part, ".mbox"))
		cut(&part, ".mbx");
	return put_part(out, start, READ_KIND_MBOX, part);
}

int
read_path_folder(enum read_kind kind, const char *path, const char *root,
    struct buf *out)
{
	size_t start = out->n;
	struct part part, next;
	bool more;
	int rc = 0;

	more = next_part(&path, &next);
	while (more && rc == 0) {
		part = next;
		more = next_part(&path, &next);
		if (kind == READ_KIND_MAILDIR && part.p[0] == '.')
			rc = put_dotted(out, start, part);
		else if (kind == READ_KIND_MBOX)
			rc = put_mbox(out, start, part, !more);
		else
			rc = put_part(out, start, kind, part);
	}
	if (rc == 0 && out->n == start)
		rc = put_text(out, root, strlen(root));
	return rc == -1 || out->n - start > FOREIGN_FOLDER_MAX ? -1 : 0;
}
