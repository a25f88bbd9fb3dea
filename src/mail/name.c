/*
 * name.c - see name.h.  The rule behind all of it: what is written differently
 * stays different, on the wire, in the vault and as a path; where a pretty form
 * would break that, the form is not pretty.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/text.h"
#include "mail/fold.h"
#include "mail/name.h"

#define UNDECODABLE	'\xff'

#define COMPONENTS	32	/* of a path */
#define COMPONENT	200	/* bytes of one when safe; most file systems end at 255 */
#define MARK_DIGITS	16	/* of the SHA-256 behind what was cut */
#define CUT		(COMPONENT - 2 - MARK_DIGITS)

static const char base64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static int
base64_value(char c)
{
	const char *at = c == '\0' ? NULL : strchr(base64, c);

	return at == NULL ? -1 : (int)(at - base64);
}

/* What stands for itself in modified UTF-7 ('&' apart). */
static bool
is_printable(char c)
{
	return c >= 0x20 && c <= 0x7e;
}

/* INBOX in any case, or with a delimiter a folder below it. */
static bool
is_inbox(const char *name, char delimiter)
{
	return strlen(name) >= 5 && fold_equal(name, "INBOX", 5) &&
	    (name[5] == '\0' || (delimiter != '\0' && name[5] == delimiter));
}

/* One UTF-16 unit more; a high surrogate waits in ${*high} for the low one. */
static int
put_unit(struct buf *out, uint32_t unit, uint32_t *high)
{
	char utf8[4];

	if (*high != 0) {
		if (unit < 0xdc00 || unit > 0xdfff)
			return -1;
		unit = 0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00);
		*high = 0;
	} else if (unit >= 0xd800 && unit <= 0xdbff) {
		*high = unit;
		return 0;
	} else if (unit == 0 || (unit >= 0xdc00 && unit <= 0xdfff))
		return -1;
	return buf_add(out, utf8, utf8_put(utf8, unit));
}

/* The base64 between '&' and '-', at ${*p}; moves on behind the '-'. */
static int
decode_shifted(const char **p, struct buf *out)
{
	uint32_t bits = 0, high = 0;
	int have = 0, v;

	for (; (v = base64_value(**p)) != -1; (*p)++) {
		bits = bits << 6 | (uint32_t)v;
		have += 6;
		if (have < 16)
			continue;
		have -= 16;
		if (put_unit(out, bits >> have & 0xffff, &high) == -1)
			return -1;
	}
	if (**p != '-' || high != 0)
		return -1;
	(*p)++;
	return 0;
}

/*
 * Modified UTF-7 to UTF-8.  Return 0, or -1: not that; that it is canonical
 * remains to be seen.
 */
static int
decode(const char *p, struct buf *out)
{
	while (*p != '\0') {
		if (!is_printable(*p))
			return -1;
		if (*p != '&') {
			if (buf_addc(out, *p++) == -1)
				return -1;
		} else if (*++p == '-') {
			if (buf_addc(out, '&') == -1)
				return -1;
			p++;
		} else if (decode_shifted(&p, out) == -1)
			return -1;
	}
	return 0;
}

struct encoder {
	struct buf	 out;
	uint32_t	 bits;
	int		 have;		/* bits of ${bits} not yet written */
	bool		 shifted;
};

static void
put_bits(struct encoder *c, uint32_t unit)
{
	c->bits = c->bits << 16 | unit;
	for (c->have += 16; c->have >= 6; c->have -= 6)
		buf_addc(&c->out, base64[c->bits >> (c->have - 6) & 63]);
}

static void
shift_in(struct encoder *c)
{
	if (!c->shifted)
		buf_addc(&c->out, '&');
	c->shifted = true;
}

static void
shift_out(struct encoder *c)
{
	if (!c->shifted)
		return;
	if (c->have > 0)
		buf_addc(&c->out, base64[c->bits << (6 - c->have) & 63]);
	buf_addc(&c->out, '-');
	c->have = 0;
	c->shifted = false;
}

/*
 * A control character becomes five bytes, and no character more for each of its
 * bytes.
 */
#define ENCODED_MAX	5

static char *
encode(const char *p)
{
	struct encoder c = { .bits = 0 };
	size_t n = strlen(p), len;
	uint32_t cp;

	buf_init(&c.out, ENCODED_MAX * n);
	for (; n > 0; p += len, n -= len) {
		if (is_printable(*p) || (len = utf8_next(p, n, &cp)) == 0) {
			shift_out(&c);
			buf_addc(&c.out, *p);
			if (*p == '&')
				buf_addc(&c.out, '-');
			len = 1;
			continue;
		}
		shift_in(&c);
		if (cp >= 0x10000) {
			put_bits(&c, 0xd800 + ((cp - 0x10000) >> 10));
			cp = 0xdc00 + ((cp - 0x10000) & 0x3ff);
		}
		put_bits(&c, cp);
	}
	shift_out(&c);
	return buf_take(&c.out);
}

char *
name_from_wire(const char *wire)
{
	/*
	 * Four base64 characters and more make three bytes of UTF-8: what
	 * decodes is never longer than 2 n.
	 */
	struct buf name = BUF_INIT(2 * NAME_MAX_WIRE);
	char *again = NULL;
	bool canonical = false;

	if (strlen(wire) <= NAME_MAX_WIRE && decode(wire, &name) == 0) {
		again = encode(buf_text(&name));
		canonical = strcmp(again, wire) == 0;
	}
	free(again);
	if (!canonical) {
		buf_release(&name);
		return xasprintf("%c%s", UNDECODABLE, wire);
	}
	if (is_inbox(buf_text(&name), '\0'))
		memcpy(name.p, "INBOX", 5);
	return buf_take(&name);
}

char *
name_to_wire(const char *name)
{
	const char *wire = name_undecodable(name);

	return wire != NULL ? xstrdup(wire) : encode(name);
}

const char *
name_undecodable(const char *name)
{
	return name[0] == UNDECODABLE ? name + 1 : NULL;
}

const char *
name_shown(const char *name)
{
	return name[0] == UNDECODABLE ? name + 1 : name;
}

bool
name_match(const char *pattern, const char *name, char delimiter)
{
	const char *p = pattern, *s = name_shown(name), *start = s;
	/* What follows the last *, and where it was tried; same for a % since. */
	const char *star = NULL, *star_s = NULL;
	const char *part = NULL, *part_s = NULL;
	bool inbox = is_inbox(s, delimiter);

	for (;;) {
		if (*p == '*') {
			star = ++p;
			star_s = s;
			part = NULL;
		} else if (*p == '%') {
			part = ++p;
			part_s = s;
		} else if (*s != '\0' && (*p == *s || (inbox && s - start < 5 &&
		    fold_equal(p, s, 1)))) {
			p++;
			s++;
		} else if (*s == '\0' && *p == '\0') {
			return true;
		} else if (part != NULL && *part_s != '\0' &&
		    (delimiter == '\0' || *part_s != delimiter)) {
			/*
			 * Let the % take one byte more.  An earlier % has
			 * nothing to offer beyond that.
			 */
			p = part;
			s = ++part_s;
		} else if (star != NULL && *star_s != '\0') {
			p = star;
			s = ++star_s;
			part = NULL;
		} else
			return false;
	}
}

/*
 * Whether a character of a component stands for itself; where it stands is
 * looked at elsewhere.
 */
static bool
is_safe(uint32_t cp)
{
	if (cp < 0x80)
		return (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z') ||
		    (cp >= '0' && cp <= '9') ||
		    (cp != 0 && strchr("._+@[](),=& -", (int)cp) != NULL);
	return cp >= 0xa0 && !(cp >= 0x2028 && cp <= 0x202e) &&
	    !(cp >= 0x2066 && cp <= 0x2069) && cp != 0xfeff;
}

/* Whether the byte at ${i} of a component has to go for where it stands. */
static bool
is_misplaced(const char *p, size_t n, size_t i)
{
	char c = p[i];

	if (i == 0 && (c == '.' || c == '-' || c == ' '))
		return true;
	if (i == n - 1 && (c == '.' || c == ' '))
		return true;
	return i + 4 == n && fold_equal(p + i, ".eml", 4);
}

/*
 * The safe form of the character at ${i}; returns its length, and how far to
 * move on in ${step}.
 */
static size_t
make_safe(const char *p, size_t n, size_t i, char delimiter, size_t *step,
    char out[12])
{
	static const char hex[] = "0123456789ABCDEF";
	size_t len, j;
	uint32_t cp;

	if (delimiter != '\0' && p[i] == delimiter) {
		memcpy(out, "%2F", 3);
		*step = 1;
		return 3;
	}
	*step = len = utf8_next(p + i, n - i, &cp);
	if (len > 0 && is_safe(cp) && !is_misplaced(p, n, i)) {
		memcpy(out, p + i, len);
		return len;
	}
	if (len == 0)
		*step = len = 1;
	for (j = 0; j < len; j++) {
		unsigned char c = (unsigned char)p[i + j];

		out[3 * j] = '%';
		out[3 * j + 1] = hex[c >> 4];
		out[3 * j + 2] = hex[c & 15];
	}
	return 3 * len;
}

/*
 * Append a component: ${n} bytes, in which ${delimiter} ('\0': none) is joined
 * by %2F; marked if ${mark} is set or it is too long.  Return 0, or -1 where
 * the path would get too long.
 */
static int
put_component(const char *p, size_t n, char delimiter, bool mark,
    struct buf *path)
{
	size_t start = path->n, cut = path->n, i, len, step;
	struct digest d;
	char out[12], hex[DIGEST_HEX];

	if (n == 0)
		return buf_addc(path, '%');
	for (i = 0; i < n; i += step) {
		len = make_safe(p, n, i, delimiter, &step, out);
		if (path->n - start + len > COMPONENT) {
			mark = true;
			break;
		}
		if (buf_add(path, out, len) == -1)
			return -1;
		if (path->n - start <= CUT)
			cut = path->n;
	}
	if (!mark)
		return 0;
	path->n = cut;
	digest_of(p, n, &d);
	digest_hex(&d, hex);
	if (buf_add(path, "%~", 2) == -1)
		return -1;
	return buf_add(path, hex, MARK_DIGITS);
}

/*
 * Append all components.  Return 0, or -1: there are too many or they are too
 * long.
 */
static int
put_components(const char *name, char delimiter, struct buf *path)
{
	const char *end;
	int count;

	for (count = 0; count < COMPONENTS; count++) {
		end = delimiter == '\0' ? NULL : strchr(name, delimiter);
		if (count > 0 && buf_addc(path, '/') == -1)
			return -1;
		if (put_component(name, end == NULL ? strlen(name) :
		    (size_t)(end - name), '\0', false, path) == -1)
			return -1;
		if (end == NULL)
			return 0;
		name = end + 1;
	}
	return -1;
}

int
name_path(const char *name, char delimiter, struct buf *out)
{
	struct buf path = BUF_INIT(NAME_MAX_PATH);
	int rc;

	if (put_components(name, delimiter, &path) == -1) {
		buf_clear(&path);
		put_component(name, strlen(name), delimiter, true, &path);
	}
	rc = buf_add(out, path.p, path.n);
	buf_release(&path);
	return rc;
}
