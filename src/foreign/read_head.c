/*
 * read_head.c - the fields of a header that tell of flags and dates, found while a message streams past.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "foreign/read.h"

void
read_head_begin(struct read_head *h)
{
	read_head_release(h);
	h->seen = 0;
	h->done = false;
	h->line_begins = true;
	h->n = 0;
}

void
read_head_release(struct read_head *h)
{
	size_t i;

	for (i = 0; i < READ_FIELDS; i++) {
		free(h->value[i]);
		h->value[i] = NULL;
	}
}

static bool
same_name(const char *p, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n && name[i] != '\0'; i++)
		if ((p[i] >= 'A' && p[i] <= 'Z' ? p[i] - 'A' + 'a' : p[i]) !=
		    name[i])
			return false;
	return i == n && name[i] == '\0';
}

/* A field is whole, or as much of it as counts. */
static void
take_line(struct read_head *h)
{
	static const char *const names[READ_FIELDS] = {
		[READ_RECEIVED] = "received",
		[READ_DATE] = "date",
		[READ_STATUS] = "status",
		[READ_X_STATUS] = "x-status",
		[READ_X_KEYWORDS] = "x-keywords",
		[READ_X_MOZILLA_STATUS] = "x-mozilla-status",
		[READ_X_MOZILLA_KEYS] = "x-mozilla-keys",
	};
	const char *colon = memchr(h->line, ':', h->n);
	size_t n, i;

	if (colon == NULL)
		return;
	n = (size_t)(colon - h->line);
	while (n > 0 && (h->line[n - 1] == ' ' || h->line[n - 1] == '\t'))
		n--;
	for (i = 0; i < READ_FIELDS; i++)
		if (h->value[i] == NULL && same_name(h->line, n, names[i])) {
			h->value[i] = xmemdup0(colon + 1,
			    h->n - (size_t)(colon + 1 - h->line));
			return;
		}
}

static void
take_byte(struct read_head *h, char c)
{
	if (c == '\r' || c == '\0')
		return;
	if (c == '\n') {
		if (h->line_begins) {
			read_head_end(h);
			return;
		}
		h->line_begins = true;
		return;
	}
	if (h->line_begins && c != ' ' && c != '\t') {
		take_line(h);
		h->n = 0;
	}
	h->line_begins = false;
	if (h->n < READ_LINE)
		h->line[h->n++] = c;
}

void
read_head_feed(struct read_head *h, const void *p, size_t n)
{
	const char *c = p;

	for (; n > 0 && !h->done; n--) {
		if (h->seen++ == READ_SCAN) {
			read_head_end(h);
			return;
		}
		take_byte(h, *c++);
	}
}

void
read_head_end(struct read_head *h)
{
	if (h->done)
		return;
	take_line(h);
	h->done = true;
}

bool
read_head_date(const struct read_head *h, int64_t *out)
{
	const char *v = h->value[READ_RECEIVED], *semicolon;

	if (v != NULL && (semicolon = strrchr(v, ';')) != NULL &&
	    read_date(semicolon + 1, strlen(semicolon + 1), false, out) == 0)
		return true;
	v = h->value[READ_DATE];
	return v != NULL && read_date(v, strlen(v), false, out) == 0;
}

static void
add_letters(const char *v, const char *letters, const char *const *flags,
    struct buf *out)
{
	size_t i;

	for (i = 0; v != NULL && letters[i] != '\0'; i++)
		if (strchr(v, letters[i]) != NULL)
			buf_adds(out, flags[i]);
}

static void
add_keywords(const char *v, struct buf *out)
{
	size_t n;

	for (; v != NULL && *v != '\0'; v += n) {
		v += strspn(v, " \t,");
		n = strcspn(v, " \t,");
		if (read_keyword_ok(v, n)) {
			buf_addc(out, ' ');
			buf_add(out, v, n);
		}
	}
}

bool
read_head_flags(const struct read_head *h, struct buf *out)
{
	static const char *const read[] = { " \\Seen" };
	static const char *const x_status[] = { " \\Answered", " \\Deleted",
	    " \\Flagged", " \\Draft" };
	static const struct { unsigned long bit; const char *flag; } mozilla[] = {
		{ 0x0001, " \\Seen" },
		{ 0x0002, " \\Answered" },
		{ 0x0004, " \\Flagged" },
		{ 0x0008, " \\Deleted" },
		{ 0x1000, " $Forwarded" },
	};
	const char *v = h->value[READ_X_MOZILLA_STATUS];
	unsigned long bits;
	size_t i;

	add_letters(h->value[READ_STATUS], "R", read, out);
	add_letters(h->value[READ_X_STATUS], "ADFT", x_status, out);
	bits = v == NULL ? 0 : strtoul(v, NULL, 16);
	for (i = 0; i < sizeof(mozilla) / sizeof(mozilla[0]); i++)
		if (bits & mozilla[i].bit)
			buf_adds(out, mozilla[i].flag);
	add_keywords(h->value[READ_X_KEYWORDS], out);
	add_keywords(h->value[READ_X_MOZILLA_KEYS], out);
	return h->value[READ_STATUS] != NULL ||
	    h->value[READ_X_STATUS] != NULL || v != NULL;
}
