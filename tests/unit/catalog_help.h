/*
 * catalog_help.h - a directory beside the test's program for its catalogs, and short words for small manifests.
 */
#ifndef CATALOG_HELP_H
#define CATALOG_HELP_H

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "catalog/catalog.h"

/* The call returns 0; the error, if not, is in a local ${e}. */
#define OK(call)	do {						\
	int rc_ = (call);						\
	if (rc_ != 0)							\
		fail_msg("%s: %d: %s", #call, rc_, rc_ == -1 ? e.text : ""); \
} while (0)

/* The call fails in this way. */
#define FAILS(k, call)	do {						\
	e.text[0] = '\0';						\
	assert_int_equal((call), -1);					\
	if (e.kind != (k))						\
		fail_msg("%s: kind %d: %s", #call, e.kind, e.text);	\
	assert_string_not_equal(e.text, "");				\
} while (0)

static char *scratch;	/* the directory's path, absolute */

static void
scratch_begin(const char *argv0)
{
	char *made = xasprintf("%s_XXXXXX", argv0);

	if (mkdtemp(made) == NULL || (scratch = realpath(made, NULL)) == NULL)
		abort();
	free(made);
}

/* Remove a directory and what is in it. */
static void
scratch_remove(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	char *path;

	while (d != NULL && (entry = readdir(d)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		path = xasprintf("%s/%s", dir, entry->d_name);
		if (remove(path) == -1)
			scratch_remove(path);
		free(path);
	}
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

static void
scratch_end(void)
{
	scratch_remove(scratch);
	free(scratch);
}

/* scratch_path(name): to be freed. */
static inline char *
scratch_path(const char *name)
{
	return xasprintf("%s/%s", scratch, name);
}

/* A catalog being written, commit by commit. */
struct book {
	struct catalog	*c;
	char		*path;		/* own */
	uint64_t	 commit, line;
	struct digest	 head;
	char		 pack[64];	/* name of this commit's */
};

static inline struct digest
book_digest(uint64_t n)
{
	struct digest d;

	digest_of(&n, sizeof(n), &d);
	return d;
}

static inline void
book_open(struct book *b, const char *name)
{
	struct err e;

	memset(b, 0, sizeof(*b));
	b->path = scratch_path(name);
	OK(catalog_remove(b->path, &e));
	OK(catalog_open(b->path, CATALOG_WRITE, &b->c, &e));
}

static inline void
book_close(struct book *b)
{
	catalog_close(&b->c);
	free(b->path);
	b->path = NULL;
}

/* The head of the next commit; program and times are made up. */
static inline struct rec_head
book_head(const struct book *b)
{
	return (struct rec_head){ .vault = "a vault", .commit = b->commit + 1,
	    .prev = b->head, .time = (int64_t)b->commit * 60 + 60,
	    .run = b->commit + 1, .program = "test" };
}

static inline void
book_begin(struct book *b)
{
	struct rec_head h = book_head(b);
	struct err e;

	OK(catalog_begin(b->c, &h, &e));
	b->commit++;
	b->line = 1;
	snprintf(b->pack, sizeof(b->pack), "%08ju-1-00000000.tar.zst",
	    (uintmax_t)b->commit);
}

static inline int
book_try(struct book *b, struct record r, struct err *e)
{
	return catalog_apply(b->c, ++b->line, &r, e);
}

static inline void
book_put(struct book *b, struct record r)
{
	struct err e;

	OK(book_try(b, r, &e));
}

static inline void
book_commit(struct book *b)
{
	struct digest next = book_digest(b->commit);
	struct err e;

	OK(catalog_commit(b->c, &next, &e));
	b->head = next;
}

static inline void
book_rollback(struct book *b)
{
	catalog_rollback(b->c);
	b->commit--;
}

static inline struct record
a_folder(uint64_t folder, const char *name)
{
	return (struct record){ REC_FOLDER, .u.folder = { .folder = folder,
	    .name = name, .attributes = "", .delimiter = '/',
	    .selectable = true } };
}

static inline struct record
an_epoch(uint64_t epoch, uint64_t folder)
{
	return (struct record){ REC_EPOCH, .u.epoch = { .epoch = epoch,
	    .folder = folder, .uidvalidity = 7 } };
}

/* Content ${n}, of n + 1 bytes, in frame 0 of this commit's pack. */
static inline struct record
a_blob(const struct book *b, uint64_t n)
{
	return (struct record){ REC_BLOB, .u.blob = {
	    .sha256 = book_digest(n), .size = n + 1,
	    .place = { .pack = b->pack, .stored = n + 1 } } };
}

/* In folder and epoch of one number. */
static inline struct record
a_message(uint64_t epoch, uint32_t uid, uint64_t n)
{
	return (struct record){ REC_MESSAGE, .u.message = { .folder = epoch,
	    .epoch = epoch, .uid = uid, .sha256 = book_digest(n),
	    .size = n + 1, .flags = "" } };
}

static inline struct record
a_pack(const struct book *b, uint64_t frames)
{
	return (struct record){ REC_PACK, .u.pack = { .pack = b->pack,
	    .size = 1000, .raw = 5000, .frames = frames } };
}

static inline struct record
some_frames(const struct book *b, uint64_t from, size_t n)
{
	static const struct frame frames[8];

	return (struct record){ REC_FRAMES, .u.frames = { b->pack, from, n,
	    frames } };
}

/* The pack of a commit whose blobs are all in frame 0. */
static inline void
book_pack(struct book *b)
{
	book_put(b, a_pack(b, 1));
	book_put(b, some_frames(b, 0, 1));
}

/* A first commit: folders and epochs 1 to ${folders}, each with messages of UID 1 to ${uids} and contents from 0. */
static inline void
book_fill(struct book *b, uint64_t folders, uint32_t uids)
{
	uint64_t f, n = 0;
	uint32_t uid;
	char name[32];

	book_begin(b);
	for (f = 1; f <= folders; f++) {
		snprintf(name, sizeof(name), "Folder %ju", (uintmax_t)f);
		book_put(b, a_folder(f, name));
		book_put(b, an_epoch(f, f));
		for (uid = 1; uid <= uids; uid++, n++) {
			book_put(b, a_blob(b, n));
			book_put(b, a_message(f, uid, n));
		}
	}
	book_pack(b);
	book_commit(b);
}

static inline void
write_file(const char *path, const void *p, size_t n)
{
	struct err e;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_not_equal(fd, -1);
	OK(io_write_all(fd, p, n, &e));
	close(fd);
}

static inline void
read_file(const char *path, struct buf *b)
{
	struct err e;

	buf_clear(b);
	OK(io_read_file(AT_FDCWD, path, b, &e));
}

static inline int
count_message(void *arg, const struct known_message *m, struct err *e)
{
	(void)m;
	(void)e;
	++*(size_t *)arg;
	return 0;
}

static inline size_t
count_live(struct catalog *c)
{
	struct err e;
	size_t n = 0;

	OK(catalog_messages(c, 0, CATALOG_NOW, false, count_message, &n, &e));
	return n;
}

/* A file with a filled catalog that nobody has open. */
static inline char *
filled(const char *name, uint32_t uids)
{
	struct book b;
	char *path;

	book_open(&b, name);
	book_fill(&b, 2, uids);
	path = xstrdup(b.path);
	book_close(&b);
	return path;
}

/* A catalog with folder and epoch 1, two messages, and a second commit begun. */
static inline void
begin_second(struct book *b)
{
	book_open(b, "record.sqlite");
	book_fill(b, 1, 2);
	book_begin(b);
}

/* ${n} times ${c}; to be freed. */
static inline char *
long_text(char c, size_t n)
{
	char *s = xmalloc(n + 1);

	memset(s, c, n);
	s[n] = '\0';
	return s;
}

#endif
