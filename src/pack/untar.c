/*
 * untar.c - the tar archives that tar.c writes, read strictly: ustar headers, pax extended headers with path, size and
 * mtime before them, regular files of mode 0600 without an owner, zeros to the next 512 bytes, two blocks of zeros at
 * the end.  Whatever else a tar can hold is refused, and so is a byte that has no meaning and isn't zero.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "pack/format.h"
#include "pack/parse.h"

#define BLOCK	512
#define PAX_MAX	(8 * 1024)	/* a member's name is the only long thing in it */

/* A ustar header (POSIX.1-2017, pax, "ustar Interchange Format"). */
struct header {
	unsigned char	name[100], mode[8], uid[8], gid[8], size[12], mtime[12];
	unsigned char	sum[8], type, link[100], magic[6], version[2];
	unsigned char	uname[32], gname[32], major[8], minor[8];
	unsigned char	prefix[155], rest[12];
};

enum untar_state {
	UNTAR_HEADER,
	UNTAR_PAX,		/* the content of an extended header */
	UNTAR_BODY,
	UNTAR_ZEROS,		/* a block of zeros was seen: one more ends it */
	UNTAR_ENDED,
};

struct untar {
	const struct parse_events *to;	/* borrowed */
	enum untar_state state;
	uint64_t	 at;		/* in the frame */
	uint64_t	 left;		/* of the body, or of a pax header */
	uint64_t	 body;		/* its size */
	size_t		 pad;		/* zeros that follow */
	size_t		 held;		/* bytes in ${block} */
	struct buf	 pax;		/* own; records */
	bool		 has_pax, has_size, has_mtime;
	uint64_t	 size, mtime;	/* of the pax header */
	struct buf	 path;		/* own; of the pax header; empty: it gave none */
	struct buf	 name;		/* own; of the ustar header */
	struct header	 block;
};

static void *
untar_begin(const struct parse_events *to)
{
	struct untar *u = xcalloc(1, sizeof(*u));

	_Static_assert(sizeof(u->block) == BLOCK, "a header is a block");
	u->to = to;
	buf_init(&u->pax, PAX_MAX);
	buf_init(&u->path, PAX_MAX);
	buf_init(&u->name, BLOCK);
	return u;
}

static void
untar_drop(void *arg)
{
	struct untar *u = arg;

	buf_release(&u->pax);
	buf_release(&u->path);
	buf_release(&u->name);
	free(u);
}

static void
forget_pax(struct untar *u)
{
	u->has_pax = u->has_size = u->has_mtime = false;
	buf_clear(&u->path);
}

static void
untar_start(void *arg)
{
	struct untar *u = arg;

	u->state = UNTAR_HEADER;
	u->at = 0;
	u->pad = u->held = 0;
	forget_pax(u);
}

static int
refuse(const struct untar *u, const char *what, struct err *e)
{
	return err_set(e, EK_CORRUPT, "tar: %s at byte %" PRIu64
	    " of the frame", what, u->at);
}

static bool
is_zero(const unsigned char *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* Octal digits, then blanks and NULs to the end of the field or nothing. */
static int
octal(const unsigned char *p, size_t n, uint64_t *out)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		v = v << 3 | (uint64_t)(p[i] - '0');
	if (i == 0)
		return -1;
	for (; i < n; i++)
		if (p[i] != ' ' && p[i] != '\0')
			return -1;
	*out = v;
	return 0;
}

/*
 * What libarchive writes beside a pax record where octal digits don't suffice: a binary number with the top bit set,
 * over the whole field or, for a time, up to a blank.
 */
static int
binary(const unsigned char *p, size_t n, uint64_t *out)
{
	uint64_t v = 0;
	size_t i;

	if (p[0] != 0x80 || !is_zero(p + 1, n - 9))
		return -1;
	for (i = n - 8; i < n; i++)
		v = v << 8 | p[i];
	*out = v;
	return 0;
}

/* A number that a pax record may have given before, which the header then repeats. */
static int
number(const unsigned char p[12], bool has, uint64_t given, bool time,
    uint64_t *out)
{
	if (octal(p, 12, out) == -1 && (!has || (time && p[11] != ' ') ||
	    binary(p, time ? 11 : 12, out) == -1))
		return -1;
	return has && *out != given ? -1 : 0;
}

static int
must_be(const unsigned char *p, size_t n, uint64_t want)
{
	uint64_t v;

	return octal(p, n, &v) == -1 || v != want ? -1 : 0;
}

/* A text ends with its field or with NULs. */
static int
text(const unsigned char *p, size_t n, struct buf *out)
{
	size_t len = strnlen((const char *)p, n);

	return is_zero(p + len, n - len) ? buf_add(out, p, len) : -1;
}

static bool
sum_is_right(const struct header *h)
{
	const unsigned char *p = (const unsigned char *)h;
	uint64_t sum = 8 * ' ';
	size_t i;

	for (i = 0; i < BLOCK; i++)
		sum += p[i];
	for (i = 0; i < sizeof(h->sum); i++)
		sum -= h->sum[i];
	return must_be(h->sum, sizeof(h->sum), sum) == 0;
}

/* What is the same in each header. */
static int
check_header(const struct untar *u, const struct header *h, struct err *e)
{
	if (!sum_is_right(h))
		return refuse(u, "a header with a wrong checksum", e);
	if (memcmp(h->magic, "ustar\0" "00", 8) != 0)
		return refuse(u, "a header that is not ustar", e);
	if (h->type != '0' && h->type != 'x')
		return refuse(u, "a member that is not a regular file", e);
	if (must_be(h->mode, sizeof(h->mode), 0600) == -1 ||
	    must_be(h->uid, sizeof(h->uid), 0) == -1 ||
	    must_be(h->gid, sizeof(h->gid), 0) == -1 ||
	    must_be(h->major, sizeof(h->major), 0) == -1 ||
	    must_be(h->minor, sizeof(h->minor), 0) == -1 ||
	    !is_zero(h->uname, sizeof(h->uname) + sizeof(h->gname)) ||
	    !is_zero(h->link, sizeof(h->link)) ||
	    !is_zero(h->rest, sizeof(h->rest)))
		return refuse(u, "a header with an owner, mode or link that "
		    "packs don't have", e);
	return 0;
}

/* The name in a ustar header, into u->name. */
static int
take_name(struct untar *u, const struct header *h, struct err *e)
{
	buf_clear(&u->name);
	if (text(h->prefix, sizeof(h->prefix), &u->name) == -1 ||
	    (u->name.n > 0 && buf_addc(&u->name, '/') == -1) ||
	    text(h->name, sizeof(h->name), &u->name) == -1 ||
	    !tar_name_safe(buf_text(&u->name)))
		return refuse(u, "a name that is not safe", e);
	return 0;
}

static int
take_member(struct untar *u, const struct header *h, struct err *e)
{
	const char *name;
	uint64_t mtime;

	if (number(h->size, u->has_size, u->size, false, &u->body) == -1 ||
	    u->body > INT64_MAX)
		return refuse(u, "a size that can't be", e);
	if (number(h->mtime, u->has_mtime, u->mtime, true, &mtime) == -1 ||
	    mtime > INT64_MAX)
		return refuse(u, "a time that can't be", e);
	name = buf_text(u->path.n > 0 ? &u->path : &u->name);
	if (!utf8_valid(name, strlen(name)))
		return refuse(u, "a name that is not UTF-8", e);
	u->at += BLOCK;
	u->to->begin(u->to->arg, name, (int64_t)mtime, u->at);
	u->left = u->body;
	u->pad = (size_t)(-u->body % BLOCK);
	u->state = UNTAR_BODY;
	forget_pax(u);
	return 0;
}

static int
take_pax(struct untar *u, const struct header *h, struct err *e)
{
	uint64_t mtime;

	if (u->has_pax)
		return refuse(u, "two extended headers for one member", e);
	if (octal(h->size, sizeof(h->size), &u->left) == -1 || u->left == 0 ||
	    u->left > PAX_MAX ||
	    octal(h->mtime, sizeof(h->mtime), &mtime) == -1)
		return refuse(u, "an extended header that can't be", e);
	u->at += BLOCK;
	u->pad = (size_t)(-u->left % BLOCK);
	u->has_pax = true;
	u->state = UNTAR_PAX;
	buf_clear(&u->pax);
	return 0;
}

static int
take_header(struct untar *u, const struct header *h, struct err *e)
{
	if (is_zero((const unsigned char *)h, BLOCK)) {
		if (u->has_pax)
			return refuse(u, "no member after its extended header",
			    e);
		u->at += BLOCK;
		u->state = u->state == UNTAR_ZEROS ? UNTAR_ENDED : UNTAR_ZEROS;
		return 0;
	}
	if (u->state == UNTAR_ZEROS)
		return refuse(u, "something behind a block of zeros", e);
	if (check_header(u, h, e) == -1 || take_name(u, h, e) == -1)
		return -1;
	return h->type == 'x' ? take_pax(u, h, e) : take_member(u, h, e);
}

/* key=value, NUL-terminated where the newline was. */
static int
pax_record(struct untar *u, const char *key, size_t n, struct err *e)
{
	const char *value = memchr(key, '=', n);
	size_t len;

	if (value == NULL)
		return refuse(u, "an extended header that can't be", e);
	value++;
	len = n - (size_t)(value - key);
	if (strncmp(key, "path=", 5) == 0 && u->path.n == 0) {
		if (memchr(value, '\0', len) != NULL ||
		    !tar_name_safe(value) || buf_add(&u->path, value, len) == -1)
			return refuse(u, "a name that is not safe", e);
	} else if (strncmp(key, "size=", 5) == 0 && !u->has_size) {
		u->has_size = true;
		if (text_u64(value, len, &u->size) == -1)
			return refuse(u, "a size that can't be", e);
	} else if (strncmp(key, "mtime=", 6) == 0 && !u->has_mtime) {
		u->has_mtime = true;
		if (text_u64(value, len, &u->mtime) == -1)
			return refuse(u, "a time that can't be", e);
	} else
		return refuse(u, "an extended header that packs don't have", e);
	return 0;
}

/* "<length> <key>=<value>\n", the length being that of all of it. */
static int
take_pax_records(struct untar *u, struct err *e)
{
	char *p = u->pax.p, *end = p + u->pax.n, *blank;
	uint64_t n;

	while (p < end) {
		blank = memchr(p, ' ', (size_t)(end - p));
		if (blank == NULL ||
		    text_u64(p, (size_t)(blank - p), &n) == -1 ||
		    n > (size_t)(end - p) || n < (size_t)(blank - p) + 2 ||
		    p[n - 1] != '\n')
			return refuse(u, "an extended header that can't be", e);
		p[n - 1] = '\0';
		if (pax_record(u, blank + 1, (size_t)(p + n - 1 - blank - 1),
		    e) == -1)
			return -1;
		p += n;
	}
	return 0;
}

static size_t
least(uint64_t a, size_t b)
{
	return a < b ? (size_t)a : b;
}

/* A block, gathered where it comes in pieces.  Return the bytes taken, or -1. */
static int
feed_header(struct untar *u, const unsigned char *p, size_t n, size_t *used,
    struct err *e)
{
	*used = least(BLOCK - u->held, n);
	if (u->state == UNTAR_ENDED)
		return refuse(u, "something behind the end of the archive", e);
	memcpy((unsigned char *)&u->block + u->held, p, *used);
	u->held += *used;
	if (u->held < BLOCK)
		return 0;
	u->held = 0;
	return take_header(u, &u->block, e);
}

static int
feed_pad(struct untar *u, const unsigned char *p, size_t n, size_t *used,
    struct err *e)
{
	*used = least(u->pad, n);
	if (!is_zero(p, *used)) {
		for (; *p == 0; p++)
			u->at++;
		return refuse(u, "padding that is not zero", e);
	}
	u->pad -= *used;
	u->at += *used;
	return 0;
}

static int
feed_content(struct untar *u, const unsigned char *p, size_t n, size_t *used,
    struct err *e)
{
	*used = least(u->left, n);
	if (u->state == UNTAR_BODY)
		u->to->data(u->to->arg, p, *used);
	else if (buf_add(&u->pax, p, *used) == -1)
		return refuse(u, "an extended header that can't be", e);
	u->at += *used;
	u->left -= *used;
	return 0;
}

/* A body or an extended header has ended with its padding. */
static int
end_content(struct untar *u, struct err *e)
{
	enum untar_state was = u->state;

	u->state = UNTAR_HEADER;
	if (was == UNTAR_PAX)
		return take_pax_records(u, e);
	u->to->end(u->to->arg, u->body);
	return 0;
}

static int
untar_feed(void *arg, const void *data, size_t n, struct err *e)
{
	const unsigned char *p = data;
	struct untar *u = arg;
	size_t used;
	bool inside;
	int rc;

	for (; n > 0; p += used, n -= used) {
		inside = u->state == UNTAR_BODY || u->state == UNTAR_PAX;
		if (inside && u->left > 0)
			rc = feed_content(u, p, n, &used, e);
		else if (inside && u->pad > 0)
			rc = feed_pad(u, p, n, &used, e);
		else
			rc = feed_header(u, p, n, &used, e);
		if (rc == -1)
			return -1;
		if ((u->state == UNTAR_BODY || u->state == UNTAR_PAX) &&
		    u->left == 0 && u->pad == 0 && end_content(u, e) == -1)
			return -1;
	}
	return 0;
}

static int
untar_finish(void *arg, bool last, struct err *e)
{
	struct untar *u = arg;

	if (u->held > 0 || u->has_pax || u->state == UNTAR_ZEROS ||
	    u->state == UNTAR_BODY || u->state == UNTAR_PAX)
		return refuse(u, "the frame ends inside of a member", e);
	if (last && u->state != UNTAR_ENDED)
		return refuse(u, "the end of the archive is missing", e);
	if (!last && u->state == UNTAR_ENDED)
		return refuse(u, "an end of the archive before the last frame",
		    e);
	return 0;
}

const struct parse_syntax untar_syntax = {
	untar_begin, untar_start, untar_feed, untar_finish, untar_drop
};
