/*
 * plain.c - see plain.h.  Pure: the caller says what the terminal can show; only wcwidth(3) knows the locale.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/mem.h"
#include "base/text.h"
#include "cmd/plain.h"

static int
put_escape(struct buf *out, uint32_t cp)
{
	switch (cp) {
	case '\n':
		return buf_adds(out, "\\n");
	case '\r':
		return buf_adds(out, "\\r");
	case '\t':
		return buf_adds(out, "\\t");
	}
	if (cp < 0x80)
		return buf_addf(out, "\\x%02" PRIX32, cp);
	if (cp < 0x10000)
		return buf_addf(out, "\\u%04" PRIX32, cp);
	return buf_addf(out, "\\U%08" PRIX32, cp);
}

/* Plain bytes, or as many whole characters of them as there is room for. */
static int
put_run(struct buf *out, const char *p, size_t n)
{
	size_t room = out->max - out->n;

	if (n <= room)
		return buf_add(out, p, n);
	while (room > 0 && ((unsigned char)p[room] & 0xc0) == 0x80)
		room--;
	buf_add(out, p, room);
	return -1;
}

int
plain_escape(struct buf *out, const char *s, size_t n, bool utf8)
{
	const char *end = s + n, *run = s;
	uint32_t cp;
	size_t len;
	int r;

	while (s < end) {
		len = utf8_next(s, (size_t)(end - s), &cp);
		if (len > 0 && !text_harmful(cp) && (cp < 0x80 || utf8)) {
			s += len;
			continue;
		}
		if (put_run(out, run, (size_t)(s - run)) == -1)
			return -1;
		if (len == 0)
			r = buf_addf(out, "\\x%02X", (unsigned char)*s);
		else
			r = put_escape(out, cp);
		if (r == -1)
			return -1;
		s += len == 0 ? 1 : len;
		run = s;
	}
	return put_run(out, run, (size_t)(s - run));
}

int
plain_format(struct buf *out, bool utf8, const char *fmt, va_list ap)
{
	char small[512], *raw = small;	/* nearly all fit; the others are formatted again */
	va_list again;
	int n, r;

	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	if (n >= (int)sizeof(small)) {
		raw = xmalloc((size_t)n + 1);
		vsnprintf(raw, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	r = n < 0 ? -1 : plain_escape(out, raw, (size_t)n, utf8);
	if (raw != small)
		free(raw);
	return r;
}

/*
 * How much of a text can be told for sure: a CR at its end may be half a line end, and what follows the last whole
 * character may be half a character.
 */
static size_t
settled(const char *p, size_t n)
{
	size_t back, need;

	if (n > 0 && p[n - 1] == '\r')
		return n - 1;
	for (back = 1; back <= 3 && back <= n; back++) {
		unsigned char c = (unsigned char)p[n - back];

		if ((c & 0xc0) == 0x80)
			continue;
		need = c > 0xf4 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 :
		    c >= 0xc0 ? 2 : 1;
		return need > back ? n - back : n;
	}
	return n;
}

static void
put_lines(struct buf *out, const char *p, size_t n, bool utf8)
{
	const char *end = p + n;
	size_t len, shown;

	for (; p < end; p += len + 1) {
		for (len = 0; p + len < end && p[len] != '\n' &&
		    p[len] != '\t'; len++)
			;
		shown = len;
		if (p + len < end && p[len] == '\n' && len > 0 &&
		    p[len - 1] == '\r')
			shown--;
		plain_escape(out, p, shown, utf8);
		if (p + len < end)
			buf_addc(out, p[len]);
	}
}

size_t
plain_text_max(size_t n)
{
	/* "\xNN" is the most that a byte becomes. */
	return 4 * (n + sizeof(((struct plain_tail *)0)->p));
}

void
plain_text(struct buf *out, struct plain_tail *tail, const char *p, size_t n,
    bool utf8)
{
	struct buf in = BUF_INIT(tail->n + n);
	size_t now;

	buf_add(&in, tail->p, tail->n);
	buf_add(&in, p, n);
	now = settled(buf_text(&in), in.n);
	put_lines(out, buf_text(&in), now, utf8);
	tail->n = in.n - now;
	memcpy(tail->p, buf_text(&in) + now, tail->n);
	buf_release(&in);
}

void
plain_tail(struct buf *out, struct plain_tail *tail, bool utf8)
{
	put_lines(out, tail->p, tail->n, utf8);
	tail->n = 0;
}

/*
 * The places of the character at *s, which moves on.  One that the C library doesn't know is taken for an ordinary
 * one.
 */
static size_t
step(const char **s)
{
	uint32_t cp = 0;
	size_t len = utf8_next(*s, strnlen(*s, 4), &cp);
	int w;

	*s += len == 0 ? 1 : len;
	if (cp < 0x80)
		return 1;
	w = wcwidth((wchar_t)cp);
	return w < 0 ? 1 : (size_t)w;
}

size_t
plain_width(const char *s)
{
	size_t n = 0;

	while (*s != '\0')
		n += step(&s);
	return n;
}

void
plain_cut(struct buf *out, const char *s, size_t width, bool utf8)
{
	const char *dots = utf8 ? "\u2026" : "...", *p = s, *q;
	size_t room, w, used = 0;

	if (plain_width(s) <= width) {
		buf_adds(out, s);
		return;
	}
	room = utf8 ? 1 : 3;
	if (width < room) {
		buf_add(out, "...", width);
		return;
	}
	room = width - room;
	for (q = s; *q != '\0'; p = q) {
		w = step(&q);
		if (used + w > room)
			break;
		used += w;
	}
	buf_add(out, s, (size_t)(p - s));
	buf_adds(out, dots);
}
