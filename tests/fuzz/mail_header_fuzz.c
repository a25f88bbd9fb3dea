/*
 * mail_header_fuzz.c - the header lines that a listing shows are the same in whatever pieces a message comes, and are
 * those that a plain reading of the whole header finds.
 *
 * The input is a message.
 * seconds: 2
 */
#include <strings.h>

#include "fuzz.h"
#include "mail/header.h"

static const char *const names[HEADER_FIELDS] = {
	[HEADER_FROM] = "From",
	[HEADER_TO] = "To",
	[HEADER_SUBJECT] = "Subject",
	[HEADER_DATE] = "Date",
	[HEADER_MESSAGE_ID] = "Message-ID",
};

static void
scan(struct fuzz_in in, int how, struct header_scan *h)
{
	header_start(h);
	while (in.n > 0) {
		size_t n = fuzz_piece(in, how);
		char *piece = fuzz_copy(in.p, n);

		header_feed(h, piece, n);
		free(piece);
		in.p += n;
		in.n -= n;
	}
	header_finish(h);
	MUST(h->done);
}

static void
check_value(const char *v)
{
	size_t n = strnlen(v, HEADER_LINE + 1);

	MUST(n <= HEADER_LINE);
	MUST(memchr(v, '\n', n) == NULL);
	MUST(n == 0 || strchr(" \t\r", v[0]) == NULL);
	MUST(n == 0 || strchr(" \t\r", v[n - 1]) == NULL);
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Which field a line begins, and where its value is; -1: none of ours. */
static int
field_of(struct fuzz_in line, struct fuzz_in *value)
{
	const char *colon = line.n == 0 ? NULL : memchr(line.p, ':', line.n);
	size_t len;
	int i;

	if (colon == NULL)
		return -1;
	for (len = (size_t)(colon - line.p); len > 0 &&
	    blank(line.p[len - 1]); len--)
		;
	value->p = colon + 1;
	value->n = line.n - (size_t)(colon + 1 - line.p);
	for (i = 0; i < HEADER_FIELDS; i++)
		if (strlen(names[i]) == len &&
		    strncasecmp(names[i], line.p, len) == 0)
			return i;
	return -1;
}

static void
add_line(struct buf *b, struct fuzz_in text)
{
	for (; text.n > 0; text.p++, text.n--)
		if (*text.p != '\0' && (b->n > 0 ||
		    (!blank(*text.p) && *text.p != '\r')))
			buf_addc(b, *text.p);
	while (b->n > 0 && b->p[b->n - 1] == '\r')
		b->p[--b->n] = '\0';
}

static void
end_field(struct buf *b, char *value)
{
	if (b->n > HEADER_LINE)
		b->n = HEADER_LINE;
	while (b->n > 0 && (blank(b->p[b->n - 1]) || b->p[b->n - 1] == '\r'))
		b->n--;
	if (value[0] == '\0' && b->n > 0) {
		memcpy(value, b->p, b->n);
		value[b->n] = '\0';
	}
	buf_clear(b);
}

/* The whole header in memory, line by line. */
static void
plain_reading(struct fuzz_in in, struct header_scan *h)
{
	struct buf b = BUF_INIT(HEADER_SCAN);
	struct fuzz_in line, value;
	int field = -1;

	header_start(h);
	while (fuzz_line(&in, &line)) {
		size_t n = line.n;

		while (n > 0 && line.p[n - 1] == '\r')
			n--;
		if (n == 0)
			break;
		if (blank(line.p[0])) {
			if (field != -1)
				add_line(&b, line);
			continue;
		}
		if (field != -1)
			end_field(&b, h->value[field]);
		if ((field = field_of(line, &value)) != -1)
			add_line(&b, value);
	}
	if (field != -1)
		end_field(&b, h->value[field]);
	buf_release(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct header_scan plain, h;
	struct fuzz_in in = fuzz_begin(data, n);
	int how, i;

	if (n > HEADER_SCAN)
		return 0;
	plain_reading(in, &plain);
	for (how = 0; how < FUZZ_WAYS; how++) {
		scan(in, how, &h);
		for (i = 0; i < HEADER_FIELDS; i++) {
			check_value(h.value[i]);
			MUST(strcmp(h.value[i], plain.value[i]) == 0);
		}
	}
	return 0;
}
