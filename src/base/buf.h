/*
 * buf.h - a byte buffer that grows up to the limit it was born with.
 *
 * p[n] is always NUL once anything was added, so a buf of text is a C string.  The limit counts the bytes before it.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
	char	*p;	/* own; NULL while nothing was added */
	size_t	 n;	/* bytes held */
	size_t	 cap;
	size_t	 max;	/* ${n} never exceeds it */
};

/* A buf with a limit, as an initializer. */
#define BUF_INIT(max)	{ NULL, 0, 0, (max) }

void buf_init(struct buf *, size_t);
/* buf_release(b): free what ${b} holds; it may be used again and keeps its limit. */
void buf_release(struct buf *);
/* buf_clear(b): forget the bytes, keep the memory. */
void buf_clear(struct buf *);

/*
 * buf_add(b, p, n), buf_addc(b, c), buf_adds(b, s), buf_addf(b, fmt, ...): append.  Return 0, or -1 where the limit
 * would be passed; ${b} is then unchanged.
 */
int buf_add(struct buf *, const void *, size_t);
int buf_addc(struct buf *, char);
int buf_adds(struct buf *, const char *);
int buf_addf(struct buf *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* buf_add_some(b, p, n): as many of the bytes as the limit allows. */
void buf_add_some(struct buf *, const void *, size_t);

/* buf_room(b, n): make room for ${n} bytes more and return where they go (then add to b->n), or NULL at the limit. */
char *buf_room(struct buf *, size_t);

/* buf_text(b): the bytes as a C string; "" when empty.  Valid until the next change. */
const char *buf_text(const struct buf *);
/* buf_take(b): the bytes as a C string that is now the caller's; ${b} is empty. */
char *buf_take(struct buf *);

#endif
