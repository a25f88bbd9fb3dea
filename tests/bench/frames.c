/*
 * frames.c - what the sizes of frames and the levels of compression cost: the figures behind PACK_FRAME (pack/pack.h)
 * and LEVEL (pack/frame.c).
 *
 *	frames DIR
 *
 * The files below DIR become the members of one tar stream, in the order of their names, which is compressed in frames
 * that end with the member that fills them.
 */
#include <sys/stat.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <zstd.h>

#include "base/mem.h"

#define BLOCK	512

struct member {
	char	*path;		/* own */
	size_t	 size;
	size_t	 end;		/* in the stream, without the padding */
};

static struct member *members;
static size_t members_n, members_cap;
static char *stream, *packed;
static size_t stream_n;
static size_t packed_cap;

/* Of the processor, so that other work on the machine doesn't count. */
static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int
note(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	if (type != FTW_F)
		return 0;
	members = mem_grow(members, &members_cap, members_n + 1,
	    sizeof(*members));
	members[members_n++] = (struct member){ .path = xstrdup(path),
	    .size = (size_t)st->st_size };
	return 0;
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->path,
	    ((const struct member *)b)->path);
}

static size_t
padded(size_t n)
{
	return (n + BLOCK - 1) / BLOCK * BLOCK;
}

/* A header as like ustar's as the compressor can tell. */
static void
put_header(char *to, const struct member *m)
{
	size_t n = strlen(m->path);

	memset(to, 0, BLOCK);
	memcpy(to, m->path, n < 100 ? n : 100);
	snprintf(to + 100, 8, "%07o", 0600u);
	snprintf(to + 108, 8, "%07o", 0u);
	snprintf(to + 116, 8, "%07o", 0u);
	snprintf(to + 124, 12, "%011zo", m->size);
	snprintf(to + 136, 12, "%011zo", (size_t)1795284300 + m->size % 997);
	snprintf(to + 148, 8, "%06zo", m->size % 4096 + 5000);
	memcpy(to + 156, "0", 1);
	memcpy(to + 257, "ustar\00000", 8);
}

static void
read_member(char *to, const struct member *m)
{
	int fd = open(m->path, O_RDONLY | O_CLOEXEC);
	size_t at = 0;
	ssize_t n;

	if (fd == -1)
		err(1, "%s", m->path);
	while (at < m->size) {
		if ((n = read(fd, to + at, m->size - at)) <= 0)
			err(1, "%s", m->path);
		at += (size_t)n;
	}
	close(fd);
}

static void
make_stream(const char *dir)
{
	size_t i, at = 0;

	if (nftw(dir, note, 16, FTW_PHYS) == -1)
		err(1, "%s", dir);
	if (members_n == 0)
		errx(1, "%s: no files", dir);
	qsort(members, members_n, sizeof(*members), by_path);
	for (i = 0; i < members_n; i++)
		stream_n += BLOCK + padded(members[i].size);
	stream = xcalloc(stream_n, 1);
	for (i = 0; i < members_n; i++) {
		struct member *m = &members[i];

		put_header(stream + at, m);
		read_member(stream + at + BLOCK, m);
		m->end = at + BLOCK + m->size;
		at += BLOCK + padded(m->size);
	}
	/* Each frame ends below the bound of its own. */
	packed_cap = ZSTD_compressBound(stream_n) + members_n * 64;
	packed = xmalloc(packed_cap);
}

struct cost {
	size_t	 size;
	double	 compress;	/* seconds */
	double	 one;		/* seconds to reach the end of a message, on average */
};

/* Decompress the frame with the members from ${from} to ${to}: the sum of what it takes to reach the end of each. */
static double
time_frame(const char *p, size_t n, size_t raw, size_t from, size_t to)
{
	static char *out;
	static size_t cap;
	double start, whole, sum = 0;
	size_t i, begin = members[from].end - members[from].size - BLOCK;

	if (raw > cap) {
		free(out);
		out = xmalloc(cap = raw);
	}
	start = seconds();
	if (ZSTD_isError(ZSTD_decompress(out, raw, p, n)))
		errx(1, "it can't be decompressed");
	whole = seconds() - start;
	/* Time goes with what is put out. */
	for (i = from; i < to; i++)
		sum += whole * (double)(members[i].end - begin) / (double)raw;
	return sum;
}

/* Cut the stream into frames of ${full} bytes or a member more. */
static struct cost
measure(int level, size_t full)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();
	struct cost c = { 0, 0, 0 };
	size_t at = 0, i, from = 0, next, n;

	if (z == NULL || ZSTD_isError(ZSTD_CCtx_setParameter(z,
	    ZSTD_c_compressionLevel, level)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1)))
		errx(1, "zstd");
	for (i = 0; i < members_n; i++) {
		double start;

		next = members[i].end - members[i].size +
		    padded(members[i].size);
		if (next - at < full && i + 1 < members_n)
			continue;
		start = seconds();
		n = ZSTD_compress2(z, packed, packed_cap, stream + at,
		    next - at);
		if (ZSTD_isError(n))
			errx(1, "%s", ZSTD_getErrorName(n));
		c.compress += seconds() - start;
		c.size += n;
		c.one += time_frame(packed, n, next - at, from, i + 1);
		at = next;
		from = i + 1;
	}
	ZSTD_freeCCtx(z);
	c.one /= (double)members_n;
	return c;
}

static void
print(const char *what, const struct cost *c, const struct cost *base)
{
	printf("  %-18s%12zu%8.3f%10.0f%10.2f\n", what, c->size,
	    (double)c->size / (double)base->size,
	    (double)stream_n / c->compress / 1e6, 1000 * c->one);
}

int
main(int argc, char **argv)
{
	static const size_t sizes[] = { 64, 256, 1024, 2048, 4096, 16384 };
	static const int levels[] = { 1, 2, 3, 5, 9 };
	struct cost base, c;
	char what[32];
	size_t i;

	if (argc != 2)
		errx(2, "usage: frames DIR");
	make_stream(argv[1]);
	printf("%zu messages, %.1f MB as tar\n", members_n,
	    (double)stream_n / 1e6);
	base = measure(3, SIZE_MAX);
	printf("  %-18s%12s%8s%10s%10s\n", "frames, level 3", "bytes", "ratio",
	    "MB/s", "ms to one");
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snprintf(what, sizeof(what), "%zu KiB", sizes[i]);
		c = measure(3, sizes[i] * 1024);
		print(what, &c, &base);
	}
	print("one", &base, &base);
	base = measure(3, (size_t)2 << 20);
	printf("  %-18s%12s%8s\n", "levels, 2 MiB", "bytes", "ratio");
	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		snprintf(what, sizeof(what), "%d", levels[i]);
		c = measure(levels[i], (size_t)2 << 20);
		print(what, &c, &base);
	}
	return 0;
}
