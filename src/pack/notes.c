/*
 * notes.c - the notes at a pack's end, read back (tail.c writes them).
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "pack/tail.h"

/* The lines of one payload. */
struct lines {
	struct buf	 line;		/* own */
	uint64_t	 raw;
	tail_line_fn	*fn;
	void		*arg;
	bool		*refused;	/* the error is ${fn}'s */
};

static int
end_line(struct lines *l, struct err *e)
{
	if (l->line.n == 0)
		return err_set(e, EK_CORRUPT, "an empty line");
	if (l->fn != NULL &&
	    l->fn(l->arg, buf_text(&l->line), l->line.n, e) == -1) {
		*l->refused = true;
		return -1;
	}
	buf_clear(&l->line);
	return 0;
}

static int
lines_write(void *arg, const void *data, size_t n, struct err *e)
{
	const char *p = data, *end = p + n, *lf;
	struct lines *l = arg;

	/* Few bytes can stand for very many. */
	if ((l->raw += n) > TAIL_RAW)
		return err_set(e, EK_CORRUPT, "more than notes can be");
	for (; p < end; p = lf + 1) {
		lf = memchr(p, '\n', (size_t)(end - p));
		if (buf_add(&l->line, p,
		    (size_t)((lf == NULL ? end : lf) - p)) == -1)
			return err_set(e, EK_CORRUPT, "a line is too long");
		if (lf == NULL)
			return 0;
		if (end_line(l, e) == -1)
			return -1;
	}
	return 0;
}

static int
read_payload(struct inflate *z, int fd, uint64_t from, uint64_t to,
    const struct sink *seen, struct lines *l, struct err *e)
{
	const struct sink lines = { lines_write, l };
	uint64_t size;

	l->raw = 0;
	buf_clear(&l->line);
	if (inflate_pour(z, fd, from, to, seen, &lines, &size, e) == -1)
		return -1;
	if (size != to - from)
		return err_set(e, EK_CORRUPT,
		    "something behind what should be all");
	if (l->line.n > 0)
		return err_set(e, EK_CORRUPT, "the last line has no end");
	return 0;
}

uint64_t
tail_frame(const void *header)
{
	const unsigned char *p = header;
	uint32_t magic = 0, size = 0;
	int i;

	for (i = 3; i >= 0; i--) {
		magic = magic << 8 | p[i];
		size = size << 8 | p[4 + i];
	}
	return magic != TAIL_MAGIC || size > TAIL_PAYLOAD ? 0 :
	    TAIL_HEADER + (uint64_t)size;
}

int
tail_read(struct inflate *z, int fd, uint64_t from, uint64_t to,
    const struct sink *seen, tail_line_fn *fn, void *arg, bool *refused,
    struct err *e)
{
	struct lines l = { BUF_INIT(TAIL_LINE), 0, fn, arg, refused };
	char header[TAIL_HEADER];
	uint64_t size;
	int rc = -1;

	for (*refused = false; from < to; from += size) {
		if (to - from < TAIL_HEADER) {
			err_set(e, EK_CORRUPT, "cut short");
			goto out;
		}
		if (io_read_at(fd, header, TAIL_HEADER, from, e) == -1 ||
		    (seen != NULL &&
		    sink_write(seen, header, TAIL_HEADER, e) == -1))
			goto out;
		size = tail_frame(header);
		if (size == 0 || size > to - from) {
			err_set(e, EK_CORRUPT, "not the frames of notes");
			goto out;
		}
		if (read_payload(z, fd, from + TAIL_HEADER, from + size, seen,
		    &l, e) == -1)
			goto out;
	}
	rc = 0;
out:
	buf_release(&l.line);
	return rc;
}
