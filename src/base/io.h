/*
 * io.h - files, directories and locks, done the careful way.
 *
 * Everything is opened relative to a directory's descriptor, close-on-exec and without following a symbolic link in the
 * last place; what is made is 0600 (directories 0700) whatever the umask.  Interrupted calls are repeated and short
 * ones continued.  A file comes into being under a temporary name and is published by a rename that replaces nothing.
 */
#ifndef BASE_IO_H
#define BASE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/flow.h"

/* io_open_dir(at, name, e): a directory's descriptor, or -1 (e->sys is ENOENT where there is none). */
int io_open_dir(int, const char *, struct err *);
/* io_make_dir(at, name, e): 1 made, 0 was there, -1 failed.  The entry is durable only after io_sync_dir(at). */
int io_make_dir(int, const char *, struct err *);
/* io_sync_dir(fd, e): make names made and removed in a directory durable. */
int io_sync_dir(int, struct err *);

/*
 * io_open_file(at, name, size_out, e): a regular file for reading, with its size.  Return a descriptor or -1
 * (e->sys is ENOENT where there is none; a link, a device or a directory is EK_CORRUPT).
 */
int io_open_file(int, const char *, uint64_t *, struct err *);
/* io_read_at(fd, p, n, off, e): exactly ${n} bytes from ${off}; an end before that is EK_CORRUPT. */
int io_read_at(int, void *, size_t, uint64_t, struct err *);
/* io_read_file(at, name, b, e): append a whole file to ${b}; one larger than ${b} may grow is EK_CORRUPT. */
int io_read_file(int, const char *, struct buf *, struct err *);
/* io_pour_file(fd, sink, e): all of a file from its start, in large pieces. */
int io_pour_file(int, const struct sink *, struct err *);

/*
 * A file in the making.  outfile_create() opens a new one under a temporary name in the directory ${tmp}, which must
 * stay open; outfile_write() appends; outfile_publish() makes it durable, gives it its name in ${dir} and makes the
 * name durable; outfile_discard() removes it.  After any error only outfile_discard() may follow: in particular an
 * fsync that failed is never repeated, since the kernel may have dropped the pages.
 */
struct outfile;

int outfile_create(int tmp, const char *name, struct outfile **, struct err *);
int outfile_write(struct outfile *, const void *, size_t, struct err *);
/* outfile_fd(f): for reading back what was written, and for advice to the kernel. */
int outfile_fd(const struct outfile *);
/* outfile_sync(f, e): make the bytes durable ahead of publishing. */
int outfile_sync(struct outfile *, struct err *);
/* outfile_publish(fp, dir, name, e): frees ${*fp} on success.  A name that is taken is EK_LOCKED. */
int outfile_publish(struct outfile **, int dir, const char *name, struct err *);
void outfile_discard(struct outfile **);

/*
 * io_put_file(tmp, dir, name, p, n, e): make and publish a small file in one call; io_replace_file() is for the one
 * file that may change, vault.json: the new one replaces the old atomically.
 */
int io_put_file(int tmp, int dir, const char *name, const void *, size_t, struct err *);
int io_replace_file(int tmp, int dir, const char *name, const void *, size_t, struct err *);

/* io_spool(tmp, e): a nameless file for scratch in the directory ${tmp}; gone when closed.  Return a descriptor. */
int io_spool(int, struct err *);
/* io_write_all(fd, p, n, e) */
int io_write_all(int, const void *, size_t, struct err *);

/*
 * io_lock(fd, wait, e): take the write lock of a whole file (F_OFD_SETLK: it dies with the last descriptor),
 * waiting for it where ${wait} is set.  Return 0, or -1: EK_LOCKED another process has it, EK_REFUSED the file
 * system has no locks.
 */
int io_lock(int, bool, struct err *);

/*
 * io_fs_doubt(fd): why a vault on this file system may not be safe (a network or FAT file system), as a few words, or
 * NULL.
 */
const char *io_fs_doubt(int);
/* io_free_space(fd, bytes_out, e): what an ordinary user may still write on the file system. */
int io_free_space(int, uint64_t *, struct err *);

/*
 * io_list(at, name_fn, arg, e): call ${fn}(arg, name, e) for each entry of a directory but . and .. until one is
 * not 0.
 */
typedef int io_name_fn(void *, const char *, struct err *);
int io_list(int, io_name_fn *, void *, struct err *);

#endif
