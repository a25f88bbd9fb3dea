/*
 * foreign_read_fuzz.c - whatever stands in a file or a directory to be imported: it is gone through to its end, twice
 * the same way, what is found has names, flags and line ends as they are promised, and a message that is a file has
 * that file's bytes.
 *
 * The first line of the input says what follows: "f" and the letters of how() and a blank and a name: the bytes of a
 * file of that name; "d" or "t": files, each behind a line "=PATH", in a directory or in a tar.  "@PATH" is a link.
 * A frame of zstd may ask for a window of 128 MiB, and libarchive gives it that.
 * seconds: 4
 * megabytes: 300
 */
#include <errno.h>
#include <sys/stat.h>
#include <ftw.h>

#include "foreign/foreign.h"
#include "fuzz.h"
#include "fuzz_dir.h"
#include "mail/flags.h"

#define INPUT_MAX	(64 * 1024)
#define OUT_MAX		(8 * 1024 * 1024)	/* what a few bytes may swell to is not for here */
#define FILES		64
#define TAR_BLOCK	512

static int dir = -1;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	dir = fuzz_dir();
	return 0;
}

static uint64_t
hash(uint64_t h, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	while (n-- > 0)
		h = (h ^ *p++) * 1099511628211u;
	return h;
}

#define HASH_NEW	14695981039346656037u

/* ---- making a source ---- */

struct files {
	uint64_t	 content[FILES];	/* hashes */
	size_t		 n;
	struct buf	 tar;		/* own; not used for a directory */
	bool		 is_tar;
};

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *w)
{
	(void)st, (void)type, (void)w;
	return remove(path);
}

/* The directories above the last part of a path, as far as they can be made. */
static void
make_dirs(char *path)
{
	char *slash;

	for (slash = strchr(path, '/'); slash != NULL;
	    slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdirat(dir, path, 0700);
		*slash = '/';
	}
}

/* None that leads out of the directory. */
static bool
is_inside(const char *path)
{
	const char *p;

	for (p = path; p != NULL; p = strchr(p, '/')) {
		p += strspn(p, "/");
		if (strcspn(p, "/") == strspn(p, ".") && *p == '.')
			return false;
	}
	return *path != '\0' && *path != '/';
}

static void
put_file(const char *name, char type, struct fuzz_in body)
{
	char *path = xasprintf("in/%s", name);
	int fd;

	make_dirs(path);
	if (type == '2')
		MUST(symlinkat(".", dir, path) == 0 || errno != 0);
	else if ((fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC |
	    O_NOFOLLOW | O_CLOEXEC, 0600)) != -1) {
		MUST(write(fd, body.p, body.n) == (ssize_t)body.n);
		MUST(close(fd) == 0);
	}
	free(path);
}

static void
put_member(struct buf *tar, const char *name, char type, struct fuzz_in body)
{
	char h[TAR_BLOCK] = { 0 };
	unsigned int sum = 0;
	size_t i, n = strlen(name);

	if (type == '2')
		body.n = 0;
	memcpy(h, name, n < 100 ? n : 100);
	snprintf(h + 100, 8, "%07o", 0600);
	snprintf(h + 124, 12, "%011zo", body.n);
	snprintf(h + 136, 12, "%011o", 1136214245u);
	memset(h + 148, ' ', 8);
	h[156] = type;
	if (type == '2')
		h[157] = 'x';
	memcpy(h + 257, "ustar\00000", 8);
	for (i = 0; i < sizeof(h); i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum);
	buf_add(tar, h, sizeof(h));
	buf_add(tar, body.p, body.n);
	while (tar->n % TAR_BLOCK != 0)
		buf_addc(tar, '\0');
}

static void
put(struct files *f, const char *name, char type, struct fuzz_in body)
{
	if (f->n == FILES)
		return;
	if (type == '0')
		f->content[f->n++] = hash(HASH_NEW, body.p, body.n);
	if (f->is_tar)
		put_member(&f->tar, name, type, body);
	else if (is_inside(name))
		put_file(name, type, body);
}

/* All files of the input: a line that names one, and the lines that follow. */
static void
put_files(struct files *f, struct fuzz_in in)
{
	struct fuzz_in line, body = { in.p, 0 };
	char *name = NULL, type = '0';

	while (fuzz_line(&in, &line)) {
		if (line.n == 0 || (*line.p != '=' && *line.p != '@')) {
			body.n = (size_t)(in.p - body.p);
			continue;
		}
		if (name != NULL)
			put(f, name, type, body);
		free(name);
		type = *line.p == '=' ? '0' : '2';
		line.p++, line.n--;
		name = fuzz_text(line);
		body = (struct fuzz_in){ in.p, 0 };
	}
	if (name != NULL)
		put(f, name, type, body);
	free(name);
}

/* ---- reading it ---- */

struct pass {
	const struct files *files;
	struct foreign_in_opts opts;
	bool		 bodies;
	uint64_t	 names, contents;	/* hashes of all that was found, and of what it holds */
	uint64_t	 out;			/* bytes */
	bool		 lost, full;
	/* of the body at hand */
	uint64_t	 body;
	char		 last;
	bool		 lf, crlf;
};

static void
told(void *arg, bool lost, const char *where, const char *why)
{
	struct pass *p = arg;

	MUST(why != NULL && *why != '\0' && (where != NULL || !lost));
	p->lost = p->lost || lost;
}

static int
take(void *arg, const void *bytes, size_t n, struct err *e)
{
	struct pass *p = arg;
	const char *s = bytes;
	size_t i;

	p->body = hash(p->body, bytes, n);
	for (i = 0; i < n; i++) {
		if (s[i] == '\n')
			*(p->last == '\r' ? &p->crlf : &p->lf) = true;
		p->last = s[i];
	}
	if ((p->out += n) <= OUT_MAX)
		return 0;
	p->full = true;
	return err_set(e, EK_FAIL, "enough");
}

static void
check_name(const struct foreign_found *f)
{
	size_t n = strlen(f->folder);

	MUST(n > 0 && n <= FOREIGN_FOLDER_MAX && utf8_valid(f->folder, n));
	MUST(f->folder[0] != '/' && f->folder[n - 1] != '/');
	MUST(strstr(f->folder, "//") == NULL && f->where[0] != '\0');
}

static void
check_flags(const char *flags)
{
	struct buf again = BUF_INIT(FLAGS_MAX_TEXT);

	MUST(flags_canon(flags, strlen(flags), &again) == 0);
	MUST(fuzz_equal(&again, flags, strlen(flags)));
	buf_release(&again);
}

/* It holds what a file of ours does. */
static bool
is_a_file(const struct pass *p)
{
	size_t i;

	for (i = 0; i < p->files->n; i++)
		if (p->files->content[i] == p->body)
			return true;
	return false;
}

static void
check_body(struct pass *p, const struct foreign_found *f)
{
	const char is_date = f->has_date;

	check_flags(f->flags);
	MUST(p->opts.raw || !p->lf || p->crlf);
	/* A message of an mbox is a part of one. */
	MUST(!p->opts.raw || p->files == NULL ||
	    strstr(f->where, ": message ") != NULL || is_a_file(p));
	p->contents = hash(p->contents, &p->body, sizeof(p->body));
	p->contents = hash(p->contents, f->flags, strlen(f->flags) + 1);
	p->contents = hash(p->contents, &is_date, 1);
	if (f->has_date)
		p->contents = hash(p->contents, &f->date, sizeof(f->date));
}

static void
one(struct pass *p, struct foreign_in *from, struct foreign_found *f)
{
	const struct sink to = { take, p };
	struct err e;
	int r;

	check_name(f);
	p->names = hash(p->names, f->folder, strlen(f->folder) + 1);
	p->names = hash(p->names, f->where, strlen(f->where) + 1);
	if (!p->bodies)
		return;
	p->body = HASH_NEW;
	p->last = '\0';
	p->lf = p->crlf = false;
	r = foreign_body(from, &to, &e);
	MUST(r == 0 || r == 1 || p->full);
	if (r == 0)
		check_body(p, f);
	else
		p->lost = true;
}

/* Go through it; -1: it was refused as a whole. */
static int
go_through(struct pass *p, const char *path, const struct files *files,
    const struct foreign_in_opts *opts, bool bodies)
{
	struct foreign_found f;
	struct foreign_in *from;
	struct err e;
	uint64_t total;
	int r = 0;

	*p = (struct pass){ .files = files, .opts = *opts, .bodies = bodies,
	    .names = HASH_NEW, .contents = HASH_NEW };
	p->opts.told = told;
	p->opts.arg = p;
	if (foreign_open(path, &p->opts, &from, &e) == -1) {
		MUST(e.kind == EK_USAGE || e.kind == EK_FAIL);
		return -1;
	}
	while (!p->full && (r = foreign_next(from, &f, &e)) == 1)
		one(p, from, &f);
	MUST(r == 0 || p->full);
	(void)foreign_done(from, &total);
	foreign_close(&from);
	MUST(from == NULL);
	return 0;
}

static void
read_all(const char *path, const struct files *files,
    const struct foreign_in_opts *opts)
{
	struct pass first, again, bare;
	int rc = go_through(&first, path, files, opts, true);

	MUST(go_through(&again, path, files, opts, true) == rc);
	MUST(go_through(&bare, path, files, opts, false) == rc);
	MUST(first.names == again.names && first.contents == again.contents);
	MUST(first.lost == again.lost && first.full == again.full);
	if (!first.lost && !first.full && !bare.lost)
		MUST(first.names == bare.names);
}

/* ---- both ---- */

/* The letters that say how: a format (a m b e t), a quoting (0 1 2), a date (x y z), r for raw. */
static struct foreign_in_opts
how(struct fuzz_in line)
{
	static const char formats[] = "ambet", quotings[] = "012",
	    dates[] = "xyz";
	struct foreign_in_opts o = { .scratch = dir };
	const char *at;
	size_t i;

	for (i = 1; i < line.n && line.p[i] != ' ' && line.p[i] != '\0'; i++) {
		if ((at = strchr(formats, line.p[i])) != NULL)
			o.format = (enum foreign_format)(at - formats);
		else if ((at = strchr(quotings, line.p[i])) != NULL)
			o.quoting = (enum foreign_quoting)(at - quotings);
		else if ((at = strchr(dates, line.p[i])) != NULL)
			o.date = (enum foreign_date)(at - dates);
		else if (line.p[i] == 'r')
			o.raw = true;
	}
	return o;
}

/* The name of the one file that the line tells, below the directory; to be freed. */
static char *
file_name(struct fuzz_in line)
{
	const char *blank = memchr(line.p, ' ', line.n);
	struct fuzz_in rest = { line.p + line.n, 0 };
	char *name;

	if (blank != NULL)
		rest = (struct fuzz_in){ blank + 1,
		    (size_t)(line.p + line.n - blank - 1) };
	name = fuzz_text(rest);
	if (is_inside(name) && strchr(name, '/') == NULL && strlen(name) < 200)
		return name;
	free(name);
	return xstrdup("mail");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct fuzz_in in = fuzz_begin(data, n), line;
	struct files files = { .tar = BUF_INIT(1024 * 1024) };
	struct foreign_in_opts opts;
	char *top = xasprintf("%s/in", fuzz_dir_path), *name = NULL, *path;

	if (n > INPUT_MAX || !fuzz_line(&in, &line) || line.n == 0)
		goto out;
	opts = how(line);
	MUST(mkdirat(dir, "in", 0700) == 0);
	if (*line.p == 'f') {
		name = file_name(line);
		put_file(name, '0', in);
	} else {
		files.is_tar = *line.p == 't';
		put_files(&files, in);
		if (files.is_tar) {
			name = xstrdup("mail.tar");
			put_file(name, '0', (struct fuzz_in){
			    buf_text(&files.tar), files.tar.n });
			opts.format = FOREIGN_FROM_TAR;
		}
	}
	path = xasprintf("%s%s%s", top, name == NULL ? "" : "/",
	    name == NULL ? "" : name);
	read_all(path, *line.p == 'f' ? NULL : &files, &opts);
	free(path);
	MUST(nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
out:
	buf_release(&files.tar);
	free(name);
	free(top);
	return 0;
}
