/*
 * fuzz.h - what the fuzzers share.
 *
 * <room>_<what>_fuzz.c is linked like a unit test, with its room and the floors below.  Its seeds are the files in
 * <room>_<what>/, words that help it stand in <room>_<what>.dict.  Seeds are text where that can be: what steers a
 * fuzzer are lines and letters of its input.  "tests/run fuzz/" runs each for the seconds that it names, with
 * FUZZ_SECONDS=60 for longer; the log tells which input broke it, and that input given to
 * build/fuzz/tests/fuzz/<room>_<what>_fuzz is played once more.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/flow.h"
#include "base/mem.h"
#include "base/text.h"

int LLVMFuzzerInitialize(int *, char ***);
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What must hold for any input; unlike assert() it stays whatever the flags. */
#define MUST(x)	((x) ? (void)0 : fuzz_broken(#x, __FILE__, __LINE__))

static inline _Noreturn void
fuzz_broken(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

/* fuzz_copy(p, n): the bytes in memory of exactly their size, so that a read beyond them is seen; to be freed. */
static inline char *
fuzz_copy(const void *p, size_t n)
{
	char *copy = xmalloc(n);

	if (n > 0)
		memcpy(copy, p, n);
	return copy;
}

/* fuzz_equal(b, p, n): ${b} holds these bytes. */
static inline bool
fuzz_equal(const struct buf *b, const void *p, size_t n)
{
	return b->n == n && (n == 0 || memcmp(b->p, p, n) == 0);
}

/* What is not looked at yet of an input. */
struct fuzz_in {
	const char	*p;
	size_t		 n;
};

static inline struct fuzz_in
fuzz_begin(const uint8_t *data, size_t n)
{
	return (struct fuzz_in){ (const char *)data, n };
}

/* fuzz_line(in, line): the next line, without its newline; false at the end. */
static inline bool
fuzz_line(struct fuzz_in *in, struct fuzz_in *line)
{
	const char *lf;

	if (in->n == 0)
		return false;
	lf = memchr(in->p, '\n', in->n);
	line->p = in->p;
	line->n = lf == NULL ? in->n : (size_t)(lf - in->p);
	in->p += line->n + (lf != NULL);
	in->n -= line->n + (lf != NULL);
	return true;
}

/* fuzz_text(s): as a C string, so up to a NUL; to be freed. */
static inline char *
fuzz_text(struct fuzz_in s)
{
	char *text = xmemdup0(s.p, s.n), *exact = xstrdup(text);

	free(text);
	return exact;
}

/* fuzz_number(line): the next number in a line, 0 where there is none. */
static inline uint64_t
fuzz_number(struct fuzz_in *line)
{
	uint64_t v = 0;

	while (line->n > 0 && (*line->p < '0' || *line->p > '9'))
		line->p++, line->n--;
	for (; line->n > 0 && *line->p >= '0' && *line->p <= '9';
	    line->p++, line->n--)
		v = v * 10 + (uint64_t)(*line->p - '0');
	return v;
}

/*
 * fuzz_piece(in, how): how many bytes come next: all (0), one (1), or as many as the next byte has it (2).
 */
#define FUZZ_WAYS	3
static inline size_t
fuzz_piece(struct fuzz_in in, int how)
{
	size_t n = in.n;

	if (how == 1)
		n = 1;
	else if (how == 2)
		n = 1 + (size_t)(unsigned char)*in.p % 61;
	return n < in.n ? n : in.n;
}

/* fuzz_keep(b): a sink that appends to ${b}, and fails when that is full. */
static inline int
fuzz_keep_write(void *arg, const void *p, size_t n, struct err *e)
{
	if (buf_add(arg, p, n) == -1)
		return err_set(e, EK_FAIL, "the buffer is full");
	return 0;
}

static inline struct sink
fuzz_keep(struct buf *b)
{
	return (struct sink){ fuzz_keep_write, b };
}

/* A source of bytes in memory, in pieces as fuzz_piece() has them. */
struct fuzz_body {
	struct fuzz_in	 bytes;
	int		 how;
};

static inline int
fuzz_body_pour(void *arg, const struct sink *to, struct err *e)
{
	const struct fuzz_body *b = arg;
	struct fuzz_in in = b->bytes;
	char *piece;
	size_t n;
	int rc = 0;

	for (; rc == 0 && in.n > 0; in.p += n, in.n -= n) {
		n = fuzz_piece(in, b->how);
		piece = fuzz_copy(in.p, n);
		rc = sink_write(to, piece, n, e);
		free(piece);
	}
	return rc;
}

static inline struct source
fuzz_source(struct fuzz_body *b)
{
	return (struct source){ fuzz_body_pour, b };
}

#endif
