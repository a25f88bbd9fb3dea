/*
 * corpus.c - make a mailbox: the same one every time.
 *
 *	corpus [-f maildir|mbox|eml] [-s SEED] [-t TIME] SHAPE COUNT DIR
 *
 * SHAPE is S, L, B or R (corpus_bulk.c has what they are like), demo (a few hundred pleasant and odd messages) or new
 * (some for INBOX, to arrive later).  COUNT 0 is as many as the shape has.  TIME (seconds since 1970, or "now") is when
 * the last one came.
 *
 *	maildir	DIR becomes a Maildir++ as Dovecot keeps it: folders as .A.B in modified UTF-7, keywords, subscriptions,
 *		UIDs from 1 in each folder.  With "new" an existing one gets them in new/.  Maildir has LF for line
 *		ends, and IMAP serves CRLF: bare LF, CR before LF and NUL can't be shown that way (imapd.c can).
 *	mbox	DIR/A/B.mbox, with From_ lines, mboxrd quoting
 *	eml	DIR/A/B/00001.eml
 */
#include <sys/stat.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "corpus.h"

#define LATEST		1793448000	/* 2026-10-31 12:00 UTC */
#define KEYWORDS_MAX	26		/* Maildir has a letter for each */

struct folder {
	char		*name;
	char		*path;		/* DIR/... */
	unsigned	 next;		/* UID */
	struct buf	 uids;		/* lines of dovecot-uidlist */
	char		*keywords[KEYWORDS_MAX];
	size_t		 keywords_n;
	FILE		*mbox;
};

struct store {
	const char	*dir;
	enum { MAILDIR, MBOX, EML } format;
	bool		 arriving;	/* into new/, without UIDs */
	uint64_t	 seed;
	struct folder	*folders;
	size_t		 n, cap;
	struct buf	 name;		/* scratch */
};

/* Modified UTF-7 (RFC 3501, section 5.1.3). */
static void
add_utf7(struct buf *b, const char *s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+,";
	size_t left = strlen(s), n;
	uint32_t cp, bits = 0;
	int have = -1;		/* bits not yet written; -1: not shifted */

	for (; left > 0; s += n, left -= n) {
		if ((n = utf8_next(s, left, &cp)) == 0)
			errx(2, "a folder's name is not UTF-8");
		if (cp >= ' ' && cp <= '~') {
			if (have > 0)
				buf_addc(b, digits[bits << (6 - have) & 63]);
			if (have >= 0)
				buf_addc(b, '-');
			have = -1;
			buf_addc(b, (char)cp);
			if (cp == '&')
				buf_addc(b, '-');
			continue;
		}
		if (have == -1) {
			buf_addc(b, '&');
			have = 0;
		}
		if (cp > 0xffff)
			errx(2, "a folder's name is beyond the BMP");
		bits = bits << 16 | cp;
		for (have += 16; have >= 6; have -= 6)
			buf_addc(b, digits[bits >> (have - 6) & 63]);
		bits &= (1u << have) - 1;
	}
	if (have > 0)
		buf_addc(b, digits[bits << (6 - have) & 63]);
	if (have >= 0)
		buf_addc(b, '-');
}

static void
make_dir(const char *path)
{
	char *p, *copy = xstrdup(path);

	for (p = copy + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		mkdir(copy, 0755);
		*p = '/';
	}
	if (mkdir(copy, 0755) == -1 && errno != EEXIST)
		err(1, "%s", copy);
	free(copy);
}

/* DIR/.A.B, or DIR itself for INBOX. */
static char *
maildir_path(const struct store *st, const char *name)
{
	struct buf b = BUF_INIT(4096), wire = BUF_INIT(4096);
	size_t i;

	buf_adds(&b, st->dir);
	if (strcmp(name, "INBOX") != 0) {
		add_utf7(&wire, name);
		for (i = 0; i < wire.n; i++)
			if (wire.p[i] == '/')
				wire.p[i] = '.';
		buf_addf(&b, "/.%s", buf_text(&wire));
	}
	buf_release(&wire);
	return buf_take(&b);
}

static struct folder *
add_folder(struct store *st, const char *name)
{
	static const char *const parts[] = { "cur", "new", "tmp" };
	struct folder *f;
	size_t i;
	char *path;

	st->folders = mem_grow(st->folders, &st->cap, st->n + 1,
	    sizeof(*st->folders));
	f = &st->folders[st->n++];
	*f = (struct folder){ .name = xstrdup(name), .next = 1 };
	buf_init(&f->uids, (size_t)1 << 30);
	f->path = st->format == MAILDIR ? maildir_path(st, name) :
	    xasprintf("%s/%s", st->dir, name);
	if (st->format == MBOX) {
		path = xasprintf("%s.mbox", f->path);
		*strrchr(f->path, '/') = '\0';
		make_dir(f->path);
		if ((f->mbox = fopen(path, "we")) == NULL)
			err(1, "%s", path);
		free(path);
		return f;
	}
	make_dir(f->path);
	for (i = 0; st->format == MAILDIR && i < 3; i++) {
		path = xasprintf("%s/%s", f->path, parts[i]);
		make_dir(path);
		free(path);
	}
	return f;
}

static struct folder *
folder_of(struct store *st, const char *name)
{
	size_t i;

	for (i = 0; i < st->n; i++)
		if (strcmp(st->folders[i].name, name) == 0)
			return &st->folders[i];
	return add_folder(st, name);
}

/* The letters of a message's keywords; new ones get the next letter of the folder. */
static void
add_keywords(struct folder *f, const char *s, struct buf *b)
{
	size_t i, n;

	for (; *s != '\0'; s += n, s += strspn(s, " ")) {
		n = strcspn(s, " ");
		for (i = 0; i < f->keywords_n; i++)
			if (strlen(f->keywords[i]) == n &&
			    memcmp(f->keywords[i], s, n) == 0)
				break;
		if (i == KEYWORDS_MAX)
			errx(2, "too many keywords");
		if (i == f->keywords_n)
			f->keywords[f->keywords_n++] = xmemdup0(s, n);
		buf_addc(b, (char)('a' + i));
	}
}

static void
write_file(const char *path, const struct buf *b, int64_t date)
{
	struct timespec t[2] = { { (time_t)date, 0 }, { (time_t)date, 0 } };
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	size_t at = 0;
	ssize_t n;

	if (fd == -1)
		err(1, "%s", path);
	for (; at < b->n; at += (size_t)n)
		if ((n = write(fd, b->p + at, b->n - at)) == -1)
			err(1, "%s", path);
	if (futimens(fd, t) == -1 || close(fd) == -1)
		err(1, "%s", path);
}

static size_t
count_lines(const struct buf *b)
{
	const char *p = b->p, *end = p + b->n;
	size_t n = 0;

	for (; b->n > 0 && (p = memchr(p, '\n', (size_t)(end - p))) != NULL;
	    p++)
		n++;
	return n;
}

static void
put_maildir(struct store *st, struct folder *f, const struct letter *l)
{
	struct buf *name = &st->name;
	char *path;

	/* What IMAP serves is as long as the file and a CR for each line. */
	buf_clear(name);
	buf_addf(name, "%lld.M%uP%llu.corpus,S=%zu,W=%zu", (long long)l->date,
	    f->next, (unsigned long long)st->seed, l->body->n,
	    l->body->n + count_lines(l->body));
	if (!st->arriving)
		buf_addf(&f->uids, "%u :%s\n", f->next, name->p);
	f->next++;
	if (!st->arriving) {
		buf_addf(name, ":2,%s", l->flags);
		add_keywords(f, l->keywords, name);
	}
	path = xasprintf("%s/%s/%s", f->path, st->arriving ? "new" : "cur",
	    name->p);
	write_file(path, l->body, l->date);
	free(path);
}

static void
put_mbox(struct folder *f, const struct letter *l)
{
	const char *p = buf_text(l->body), *end = p + l->body->n, *lf, *q;
	time_t t = (time_t)l->date;
	struct tm tm;
	char when[64];

	gmtime_r(&t, &tm);
	strftime(when, sizeof(when), "%a %b %e %H:%M:%S %Y", &tm);
	fprintf(f->mbox, "From anna@example.org %s\n", when);
	for (; p < end; p = lf + 1) {
		if ((lf = memchr(p, '\n', (size_t)(end - p))) == NULL)
			lf = end;
		for (q = p; q < lf && *q == '>'; q++)
			;
		if (lf - q >= 5 && memcmp(q, "From ", 5) == 0)
			fputc('>', f->mbox);
		fwrite(p, 1, (size_t)(lf - p), f->mbox);
		fputc('\n', f->mbox);
	}
	fputc('\n', f->mbox);
}

static void
put(void *arg, const struct letter *l)
{
	struct store *st = arg;
	struct folder *f = folder_of(st, l->folder);
	char *path;

	if (st->format == MAILDIR) {
		put_maildir(st, f, l);
	} else if (st->format == MBOX) {
		put_mbox(f, l);
	} else {
		path = xasprintf("%s/%05u.eml", f->path, f->next++);
		write_file(path, l->body, l->date);
		free(path);
	}
}

static FILE *
open_in(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "we");

	if (f == NULL)
		err(1, "%s", path);
	free(path);
	return f;
}

/* What Dovecot keeps beside the messages. */
static void
finish_maildir(struct store *st)
{
	FILE *subscriptions = open_in(st->dir, "subscriptions"), *file;
	struct buf wire = BUF_INIT(4096);
	size_t i, k;

	for (i = 0; i < st->n; i++) {
		struct folder *f = &st->folders[i];

		file = open_in(f->path, "dovecot-uidlist");
		fprintf(file, "3 V%u N%u G%032llx\n%s",
		    1700000000u + (unsigned)i, f->next,
		    (unsigned long long)(st->seed << 20 | (i + 1)),
		    buf_text(&f->uids));
		fclose(file);
		if (f->keywords_n > 0) {
			file = open_in(f->path, "dovecot-keywords");
			for (k = 0; k < f->keywords_n; k++)
				fprintf(file, "%zu %s\n", k, f->keywords[k]);
			fclose(file);
		}
		if (strcmp(f->name, "INBOX") != 0)
			fclose(open_in(f->path, "maildirfolder"));
		buf_clear(&wire);
		add_utf7(&wire, f->name);
		for (k = 0; k < wire.n; k++)
			if (wire.p[k] == '/')
				wire.p[k] = '.';
		fprintf(subscriptions, "%s\n", wire.p);
	}
	if (fclose(subscriptions) != 0)
		err(1, "%s", st->dir);
	buf_release(&wire);
}

static void
finish(struct store *st)
{
	size_t i;

	if (st->format == MAILDIR && !st->arriving)
		finish_maildir(st);
	for (i = 0; i < st->n; i++) {
		struct folder *f = &st->folders[i];

		if (f->mbox != NULL && fclose(f->mbox) != 0)
			err(1, "%s", f->name);
		while (f->keywords_n > 0)
			free(f->keywords[--f->keywords_n]);
		buf_release(&f->uids);
		free(f->name);
		free(f->path);
	}
	free(st->folders);
	buf_release(&st->name);
}

static int64_t
number(const char *s)
{
	char *end;
	long long n = strtoll(s, &end, 10);

	if (end == s || *end != '\0' || n < 0)
		errx(2, "not a number: %s", s);
	return n;
}

int
main(int argc, char **argv)
{
	struct store st = { .seed = 1, .name = BUF_INIT(4096) };
	int64_t latest = LATEST;
	const char *const *name;
	size_t count;
	int o;

	while ((o = getopt(argc, argv, "f:s:t:")) != -1) {
		if (o == 's')
			st.seed = (uint64_t)number(optarg);
		else if (o == 't')
			latest = strcmp(optarg, "now") == 0 ? time(NULL) :
			    number(optarg);
		else if (o == 'f' && strcmp(optarg, "maildir") == 0)
			st.format = MAILDIR;
		else if (o == 'f' && strcmp(optarg, "mbox") == 0)
			st.format = MBOX;
		else if (o == 'f' && strcmp(optarg, "eml") == 0)
			st.format = EML;
		else
			return 2;
	}
	if (optind + 3 != argc)
		errx(2, "usage: corpus [-f maildir|mbox|eml] [-s seed] "
		    "[-t time] shape count dir");
	argv += optind;
	count = (size_t)number(argv[1]);
	st.dir = argv[2];
	st.arriving = strcmp(argv[0], "new") == 0;
	text_start();
	folder_of(&st, "INBOX");
	if (strcmp(argv[0], "demo") == 0)
		for (name = demo_folders(); *name != NULL; name++)
			folder_of(&st, *name);
	if (bulk_make(argv[0], st.seed, count, latest, put, &st) == -1 &&
	    demo_make(argv[0], st.seed, count, latest, put, &st) == -1)
		errx(2, "no such shape: %s", argv[0]);
	finish(&st);
	return 0;
}
