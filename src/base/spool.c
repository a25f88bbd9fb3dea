/*
 * spool.c - see spool.h.
 */
#include <unistd.h>

#include "base/io.h"
#include "base/spool.h"

#define KEEP	(256 * 1024)	/* memory kept from one use to the next */

void
spool_init(struct spool *s, size_t memory, int dir)
{
	buf_init(&s->mem, memory);
	s->fd = -1;
	s->dir = dir;
	s->n = 0;
}

void
spool_clear(struct spool *s)
{
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
	s->n = 0;
	if (s->mem.cap > KEEP)
		buf_release(&s->mem);
	buf_clear(&s->mem);
}

void
spool_release(struct spool *s)
{
	spool_clear(s);
	buf_release(&s->mem);
}

static int
add(void *arg, const void *p, size_t n, struct err *e)
{
	struct spool *s = arg;

	if (s->fd == -1) {
		if (buf_add(&s->mem, p, n) == 0) {
			s->n += n;
			return 0;
		}
		if ((s->fd = io_spool(s->dir, e)) == -1 ||
		    io_write_all(s->fd, buf_text(&s->mem), s->mem.n, e) == -1)
			return -1;
		buf_release(&s->mem);
	}
	if (io_write_all(s->fd, p, n, e) == -1)
		return -1;
	s->n += n;
	return 0;
}

static int
pour(void *arg, const struct sink *to, struct err *e)
{
	struct spool *s = arg;

	if (s->fd != -1)
		return io_pour_file(s->fd, to, e);
	return sink_write(to, buf_text(&s->mem), s->mem.n, e);
}

struct sink
spool_sink(struct spool *s)
{
	return (struct sink){ add, s };
}

struct source
spool_source(struct spool *s)
{
	return (struct source){ pour, s };
}
