/*
 * read_spool.c - a message, whole, before it is known how its lines end.
 *
 * What a mail program keeps in a file has the line ends of the system, LF; what it came as, and what an IMAP server
 * makes of that file, has CRLF.
 */
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "foreign/read.h"

#define SPOOL_MEMORY	(2 * 1024 * 1024)	/* a larger message goes through a file */
#define SPOOL_KEEP	(256 * 1024)		/* memory kept from one message to the next */

void
read_spool_init(struct read_spool *s, int scratch)
{
	memset(s, 0, sizeof(*s));
	s->scratch = scratch;
	s->fd = -1;
	buf_init(&s->mem, SPOOL_MEMORY);
}

void
read_spool_release(struct read_spool *s)
{
	buf_release(&s->mem);
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
}

void
read_spool_begin(struct read_spool *s)
{
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
	if (s->mem.cap > SPOOL_KEEP)
		buf_release(&s->mem);
	buf_clear(&s->mem);
	s->n = 0;
	s->cr = s->lf = s->crlf = false;
}

static void
look(struct read_spool *s, const char *p, size_t n)
{
	const char *end = p + n, *lf;

	/* Mixed is mixed. */
	for (; !(s->lf && s->crlf) && p < end; p = lf + 1) {
		if ((lf = memchr(p, '\n', (size_t)(end - p))) == NULL)
			break;
		if (lf > p ? lf[-1] == '\r' : s->cr)
			s->crlf = true;
		else
			s->lf = true;
		s->cr = false;
	}
	s->cr = end[-1] == '\r';
}

int
read_spool_write(struct read_spool *s, const void *p, size_t n, struct err *e)
{
	if (n == 0)
		return 0;
	look(s, p, n);
	s->n += n;
	if (s->fd == -1) {
		if (buf_add(&s->mem, p, n) == 0)
			return 0;
		if ((s->fd = io_spool(s->scratch, e)) == -1 ||
		    (s->mem.n > 0 &&
		    io_write_all(s->fd, s->mem.p, s->mem.n, e) == -1))
			return -1;
		buf_release(&s->mem);
	}
	return io_write_all(s->fd, p, n, e);
}

/* LF on its way to CRLF. */
static int
lengthen(void *arg, const void *bytes, size_t n, struct err *e)
{
	const struct sink *to = arg;
	const char *p = bytes, *end = p + n, *lf;

	for (; p < end; p = lf + 1) {
		lf = memchr(p, '\n', (size_t)(end - p));
		if (lf == NULL)
			return sink_write(to, p, (size_t)(end - p), e);
		if (sink_write(to, p, (size_t)(lf - p), e) == -1 ||
		    sink_write(to, "\r\n", 2, e) == -1)
			return -1;
	}
	return 0;
}

int
read_spool_pour(struct read_spool *s, bool raw, const struct sink *to,
    struct err *e)
{
	struct sink final = *to;
	const struct sink longer = { lengthen, &final };
	const struct sink *out = raw || s->crlf ? to : &longer;

	if (s->fd != -1)
		return io_pour_file(s->fd, out, e);
	return sink_write(out, buf_text(&s->mem), s->mem.n, e);
}
