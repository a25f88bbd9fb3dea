/*
 * wrap.c - see wrap.h.
 */
#include <sys/ioctl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cmd/plain.h"
#include "cmd/wrap.h"

size_t
wrap_columns(int fd)
{
	struct winsize size;
	const char *s;
	uint64_t n;

	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	if ((s = getenv("COLUMNS")) != NULL &&
	    text_u64(s, strlen(s), &n) == 0 && n > 0 && n < 10000)
		return (size_t)n;
	return 80;
}

static size_t
width_of(const char *p, size_t n)
{
	char *word = xmemdup0(p, n);
	size_t width = plain_width(word);

	free(word);
	return width;
}

void
wrap_line(struct buf *out, const char *s, size_t width, size_t at,
    const char *hang)
{
	size_t gap, n, wide;
	bool fresh = true;

	if (at + plain_width(s) <= width) {
		buf_adds(out, s);
		return;
	}
	for (; *s != '\0'; s += n) {
		gap = strspn(s, " ");
		n = gap + strcspn(s + gap, " ");
		if (n == gap)
			break;
		wide = width_of(s + gap, n - gap);
		if (fresh || at + gap + wide <= width) {
			buf_add(out, s, n);
			at += gap + wide;
		} else {
			buf_addc(out, '\n');
			buf_adds(out, hang);
			buf_add(out, s + gap, n - gap);
			at = plain_width(hang) + wide;
		}
		fresh = false;
	}
}

void
wrap_quoted(struct buf *out, const char *s, size_t width)
{
	size_t n = strspn(s, " >");
	char *hang = xmemdup0(s, n < width / 2 ? n : 0);

	buf_adds(out, hang);
	wrap_line(out, s + strlen(hang), width, strlen(hang), hang);
	free(hang);
}
