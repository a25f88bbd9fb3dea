/*
 * pack_help.h - what the tests of pack/ share: a directory for packs, bodies out of memory, a pack with its table.
 */
#ifndef TESTS_PACK_HELP_H
#define TESTS_PACK_HELP_H

#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "mail/mbox.h"
#include "pack/pack.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define NAME		"00000001-1-00c0ffee.zst"

/* A directory beside the test's program, with tmp/ and packs/ in it; removed by place_free(). */
struct vault {
	char	*path;
	int	 tmp, packs;
};

static inline void
vault_make(struct vault *v)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	struct err e;
	int dir;

	assert_true(n > 0);
	exe[n] = '\0';
	v->path = xasprintf("%s/pack.XXXXXX", dirname(exe));
	assert_non_null(mkdtemp(v->path));
	dir = open(v->path, O_RDONLY | O_DIRECTORY);
	assert_int_equal(io_make_dir(dir, "tmp", &e), 1);
	assert_int_equal(io_make_dir(dir, "packs", &e), 1);
	v->tmp = io_open_dir(dir, "tmp", &e);
	v->packs = io_open_dir(dir, "packs", &e);
	assert_true(v->tmp != -1 && v->packs != -1);
	close(dir);
}

/* run(v, fmt, ...): a shell command in the directory; returns what system() does. */
static inline int run(const struct vault *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static inline int
run(const struct vault *v, const char *fmt, ...)
{
	char command[4096];
	int n;
	va_list ap;

	n = snprintf(command, sizeof(command), "cd '%s' && ", v->path);
	va_start(ap, fmt);
	vsnprintf(command + n, sizeof(command) - (size_t)n, fmt, ap);
	va_end(ap);
	return system(command);
}

static inline void
vault_remove(struct vault *v)
{
	close(v->tmp);
	close(v->packs);
	assert_int_equal(run(v, "cd / && rm -rf '%s'", v->path), 0);
	free(v->path);
}

/* Whether a directory has nothing in it. */
static inline int
name_seen(void *arg, const char *name, struct err *e)
{
	(void)name;
	(void)e;
	++*(int *)arg;
	return 0;
}

static inline int
names_in(int dir)
{
	struct err e;
	int n = 0;

	assert_int_equal(io_list(dir, name_seen, &n, &e), 0);
	return n;
}

/* A body out of memory, in pieces of ${piece} bytes (0: in one). */
struct body {
	const char	*p;
	size_t		 n, piece;
	unsigned int	 pause;		/* microseconds before each piece */
};

static inline int
body_pour(void *arg, const struct sink *to, struct err *e)
{
	const struct body *b = arg;
	size_t piece = b->piece == 0 ? b->n : b->piece, at, n;

	for (at = 0; at < b->n; at += n) {
		n = b->n - at < piece ? b->n - at : piece;
		if (b->pause > 0)
			usleep(b->pause);
		if (sink_write(to, b->p + at, n, e) == -1)
			return -1;
	}
	return 0;
}

/* A sink that keeps what it gets. */
static inline int
keep(void *arg, const void *p, size_t n, struct err *e)
{
	(void)e;
	assert_int_equal(buf_add(arg, p, n), 0);
	return 0;
}

/* A pack with what a manifest would know of it. */
struct stored {
	struct rec_pack	 info;
	struct frame	*frames;	/* own */
	struct place	*places;	/* own */
	size_t		 n;
};

static inline void
stored_release(struct stored *s)
{
	free(s->frames);
	free(s->places);
}

static inline enum blob_form
form_of(enum container c, const struct body *b)
{
	struct mbox_probe probe;

	if (c == CONTAINER_TAR)
		return BLOB_PLAIN;
	mbox_probe_start(&probe);
	mbox_probe_feed(&probe, b->p, b->n);
	return mbox_probe_form(&probe);
}

static inline int
add_body(struct pack_writer *w, enum container c, const char *member,
    struct body *b, struct place *place_out, struct err *e)
{
	const struct source body = { body_pour, b };
	const struct pack_entry entry = { member, 1700000000, b->n,
	    form_of(c, b) };

	return pack_add(w, &entry, &body, place_out, e);
}

/* store(v, c, bodies, n, s): write and publish a pack NAME of ${n} bodies, with a note for each. */
static inline void
store(const struct vault *v, enum container c, struct body *bodies, size_t n,
    struct stored *s)
{
	struct pack_writer *w;
	struct rec_frames frames;
	char member[64], note[64];
	struct err e;
	size_t i;

	*s = (struct stored){ .n = n };
	s->places = xcalloc(n, sizeof(*s->places));
	assert_int_equal(pack_create(v->tmp, NAME, c, &w, &e), 0);
	for (i = 0; i < n; i++) {
		snprintf(member, sizeof(member), "INBOX/1.%zu.beef.eml", i + 1);
		snprintf(note, sizeof(note), "{\"uid\":%zu}\n", i + 1);
		assert_int_equal(add_body(w, c, member, &bodies[i],
		    &s->places[i], &e), 0);
		assert_string_equal(s->places[i].pack, NAME);
		s->places[i].pack = NAME;
		assert_int_equal(pack_note(w, note, strlen(note), &e), 0);
	}
	assert_int_equal(pack_seal(w, &s->info, &frames, &e), 0);
	assert_string_equal(frames.pack, NAME);
	assert_int_equal(frames.from, 0);
	assert_int_equal(frames.n, s->info.frames);
	s->info.pack = NAME;
	s->frames = xreallocarray(NULL, frames.n, sizeof(*s->frames));
	memcpy(s->frames, frames.frames, frames.n * sizeof(*s->frames));
	assert_int_equal(pack_publish(&w, v->packs, &e), 0);
	assert_null(w);
}

/* fetch(r, s, i, size, to, e): pack_read of message ${i}. */
static inline int
fetch(struct pack_reader *r, const struct stored *s, size_t i, uint64_t size,
    struct buf *to, struct err *e)
{
	const struct sink sink = { keep, to };

	buf_clear(to);
	return pack_read(r, &s->places[i], &s->frames[s->places[i].frame],
	    size, &sink, e);
}

static inline void
assert_body(struct pack_reader *r, const struct stored *s, size_t i,
    const struct body *b, struct buf *scratch)
{
	struct err e;

	if (fetch(r, s, i, b->n, scratch, &e) == -1)
		fail_msg("message %zu: %s", i, e.text);
	assert_int_equal(scratch->n, b->n);
	assert_true(b->n == 0 || memcmp(scratch->p, b->p, b->n) == 0);
}

/* The whole of packs/NAME, to be freed. */
static inline char *
slurp(const struct vault *v, size_t *n_out)
{
	struct err e;
	uint64_t size;
	int fd = io_open_file(v->packs, NAME, &size, &e);
	char *p = xmalloc((size_t)size);

	assert_int_equal(io_read_at(fd, p, (size_t)size, 0, &e), 0);
	close(fd);
	*n_out = (size_t)size;
	return p;
}

/* Put other bytes in its place. */
static inline void
replace(const struct vault *v, const char *p, size_t n)
{
	struct err e;

	unlinkat(v->packs, NAME, 0);
	assert_int_equal(io_put_file(v->tmp, v->packs, NAME, p, n, &e), 0);
}

/* Bytes that don't compress, the same for the same seed. */
static inline void
noise(char *p, size_t n, uint64_t seed)
{
	uint64_t x = seed * 2 + 1;
	size_t i;

	for (i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p[i] = (char)(x >> 32);
	}
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED	1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED	1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED	0
#endif

#endif
