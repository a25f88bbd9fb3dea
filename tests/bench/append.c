/*
 * append.c - the limit that restores are measured against: an IMAP client that has all messages in memory, and appends
 * them as fast as IMAP allows.
 *
 *	append [-c CA.pem] [-p] [-b MESSAGES] [-w COMMANDS] [-t FILE] MAILDIR PORT USER
 *
 * It reads MAILDIR, a Maildir++ with dovecot-keywords, with CR LF for line ends; only then it looks at the clock.  It
 * signs in on localhost by TLS (-p: without) with the password in $DRAIN_PASSWORD, CREATEs all folders, SELECTs one
 * after the other and APPENDs its messages with flags and INTERNALDATE, by literals that the server isn't asked for
 * (LITERAL+, RFC 7888).  It waits for nothing but the sign-in, and sends while it receives.  (Where the folder is not
 * open Dovecot does more on its disk for each APPEND: single ones took longer by a half.)
 *	-b	so many messages of a folder go into one command (MULTIAPPEND, RFC 3502); 100, 1 for servers without
 *	-w	so many commands may wait for their answers; 100
 *	-t	appends "wall user sys 0" to FILE, as meter does: from the connection to the last answer
 * Prints "messages bytes", the bytes being those of the messages as IMAP has them.  Folders must be new, but for INBOX.
 *
 * It trusts the server as nobody should: a test's own.  It shares no code with the program.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#define OUT_SIZE	(256 * 1024)
#define IN_SIZE		(64 * 1024)
#define HEAD_MAX	4096		/* of a command, or of a message in it */
#define KEYWORDS	26		/* Maildir has a letter for each */

struct message {
	char		*head;		/* own; (flags) "date" {n+} CR LF */
	char		*body;		/* own */
	size_t		 n;
};

struct folder {
	char		*name;		/* own; on the wire, without quotes */
	char		*keywords[KEYWORDS];	/* own, or NULL */
	struct message	*v;		/* own */
	size_t		 n, cap;
};

struct mailbox {
	struct folder	*v;		/* own; INBOX first */
	size_t		 n, cap;
	uint64_t	 messages, bytes;
};

/* What is sent next. */
struct place {
	size_t		 create;	/* of the mailbox's folders: the next to be made */
	size_t		 folder, message;
	size_t		 batch;		/* messages that the command has */
	size_t		 at;		/* of the message's body; SIZE_MAX: its head is next */
	bool		 selected;	/* the folder is */
	bool		 open;		/* in the middle of a command */
};

struct client {
	int		 fd;
	SSL		*ssl;		/* NULL: plain */
	char		*out;		/* OUT_SIZE */
	size_t		 out_at, out_n;	/* of it: sent, there */
	char		*in;		/* IN_SIZE */
	size_t		 in_n;
	uint64_t	 asked, answered;	/* tags */
	bool		 greeted;
	size_t		 batch_max, waiting_max;
	const struct mailbox *mailbox;
	struct place	 next;
};

static void
die_tls(const char *what)
{
	ERR_print_errors_fp(stderr);
	errx(1, "%s", what);
}

/* ---- memory ---- */

static void *
more(void *p, size_t n)
{
	if ((p = realloc(p, n == 0 ? 1 : n)) == NULL)
		err(1, NULL);
	return p;
}

/* Room for one more in an array that holds ${n}. */
static void *
grown(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap == 0 ? 64 : 2 * *cap;
	return more(p, *cap * size);
}

static char *text(const char *, ...) __attribute__((format(printf, 1, 2)));

static char *
text(const char *format, ...)
{
	va_list ap;
	char *s;

	va_start(ap, format);
	if (vasprintf(&s, format, ap) == -1)
		err(1, NULL);
	va_end(ap);
	return s;
}

/* ---- the Maildir ---- */

/* Line ends are LF in a Maildir, and CR LF on the wire. */
static void
read_body(const char *path, struct message *m, time_t *date)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *raw, *p;
	size_t i, n, lines = 0;

	if (fd == -1 || fstat(fd, &st) == -1)
		err(1, "%s", path);
	*date = st.st_mtime;
	n = (size_t)st.st_size;
	raw = more(NULL, n);
	if (read(fd, raw, n) != st.st_size)
		err(1, "%s", path);
	close(fd);
	for (i = 0; i < n; i++)
		lines += raw[i] == '\n';
	p = m->body = more(NULL, n + lines);
	for (i = 0; i < n; i++) {
		if (raw[i] == '\n' && (i == 0 || raw[i - 1] != '\r'))
			*p++ = '\r';
		*p++ = raw[i];
	}
	m->n = (size_t)(p - m->body);
	free(raw);
}

/* The flags that the name of a file ends with, for APPEND. */
static void
read_flags(const struct folder *f, const char *name, char *flags, size_t size)
{
	static const struct { char letter; const char *flag; } known[] = {
		{ 'D', "\\Draft" }, { 'F', "\\Flagged" },
		{ 'R', "\\Answered" }, { 'S', "\\Seen" },
		{ 'T', "\\Deleted" },
	};
	const char *p = strstr(name, ":2,"), *flag;
	size_t i, n = 0;

	flags[0] = '\0';
	for (p = p == NULL ? "" : p + 3; *p != '\0'; p++) {
		flag = *p >= 'a' && *p <= 'z' ? f->keywords[*p - 'a'] : NULL;
		for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (known[i].letter == *p)
				flag = known[i].flag;
		if (flag == NULL)
			continue;
		n += (size_t)snprintf(flags + n, size - n, "%s%s",
		    n == 0 ? "" : " ", flag);
		if (n >= size)
			errx(1, "too many flags: %s", name);
	}
}

static void
read_message(struct folder *f, const char *dir, const char *name)
{
	char flags[1024], when[64], *path = text("%s/%s", dir, name);
	struct message *m;
	struct tm tm;
	time_t date;

	f->v = grown(f->v, f->n, &f->cap, sizeof(*f->v));
	m = &f->v[f->n++];
	read_body(path, m, &date);
	read_flags(f, name, flags, sizeof(flags));
	gmtime_r(&date, &tm);
	strftime(when, sizeof(when), "%e-%b-%Y %H:%M:%S +0000", &tm);
	m->head = text(" (%s) \"%s\" {%zu+}\r\n", flags, when, m->n);
	free(path);
}

static void
read_keywords(struct folder *f, const char *dir)
{
	char *path = text("%s/dovecot-keywords", dir), *line = NULL, *end;
	FILE *file = fopen(path, "re");
	unsigned long i;
	size_t cap = 0;

	while (file != NULL && getline(&line, &cap, file) != -1) {
		i = strtoul(line, &end, 10);
		if (*end != ' ' || i >= KEYWORDS || f->keywords[i] != NULL)
			errx(1, "not understood: %s: %s", path, line);
		end[1 + strcspn(end + 1, "\n")] = '\0';
		f->keywords[i] = text("%s", end + 1);
	}
	if (file != NULL)
		fclose(file);
	free(line);
	free(path);
}

static int
is_message(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void
read_folder(struct mailbox *mb, const char *dir, const char *name)
{
	struct folder *f;
	struct dirent **files;
	char *p, *cur = text("%s/cur", dir);
	int i, n;

	mb->v = grown(mb->v, mb->n, &mb->cap, sizeof(*mb->v));
	f = &mb->v[mb->n++];
	*f = (struct folder){ .name = text("%s", name) };
	for (p = f->name; (p = strchr(p, '.')) != NULL; )
		*p = '/';
	read_keywords(f, dir);
	/* By the numbers in the names: as they came. */
	if ((n = scandir(cur, &files, is_message, versionsort)) == -1)
		err(1, "%s", cur);
	for (i = 0; i < n; i++) {
		read_message(f, cur, files[i]->d_name);
		mb->bytes += f->v[f->n - 1].n;
		free(files[i]);
	}
	mb->messages += f->n;
	free(files);
	free(cur);
}

static int
is_folder(const struct dirent *d)
{
	return d->d_type == DT_DIR && d->d_name[0] == '.' &&
	    d->d_name[1] != '\0' && d->d_name[1] != '.';
}

static void
read_mailbox(struct mailbox *mb, const char *dir)
{
	struct dirent **dirs;
	int i, n = scandir(dir, &dirs, is_folder, alphasort);

	if (n == -1)
		err(1, "%s", dir);
	read_folder(mb, dir, "INBOX");
	for (i = 0; i < n; i++) {
		char *path = text("%s/%s", dir, dirs[i]->d_name);

		read_folder(mb, path, dirs[i]->d_name + 1);
		free(path);
		free(dirs[i]);
	}
	free(dirs);
}

static void
release_mailbox(struct mailbox *mb)
{
	size_t i;

	for (; mb->n > 0; mb->n--) {
		struct folder *f = &mb->v[mb->n - 1];

		for (i = 0; i < KEYWORDS; i++)
			free(f->keywords[i]);
		for (i = 0; i < f->n; i++) {
			free(f->v[i].head);
			free(f->v[i].body);
		}
		free(f->v);
		free(f->name);
	}
	free(mb->v);
}

/* ---- the wire ---- */

static void
open_line(struct client *c, const char *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
	    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	char *end;
	unsigned long number = strtoul(port, &end, 10);
	int on = 1;

	if (*port == '\0' || *end != '\0' || number > 65535)
		errx(2, "not a port: %s", port);
	to.sin_port = htons((uint16_t)number);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd == -1 ||
	    connect(c->fd, (struct sockaddr *)&to, sizeof(to)) == -1)
		err(1, "port %s", port);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c->out = more(NULL, OUT_SIZE);
	c->in = more(NULL, IN_SIZE);
}

static void
open_tls(struct client *c, const char *ca)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL)
		die_tls("TLS");
	if (ca != NULL) {
		if (SSL_CTX_load_verify_locations(ctx, ca, NULL) != 1)
			die_tls(ca);
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	}
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if ((c->ssl = SSL_new(ctx)) == NULL ||
	    SSL_set_fd(c->ssl, c->fd) != 1 ||
	    SSL_set1_host(c->ssl, "localhost") != 1 ||
	    SSL_connect(c->ssl) != 1)
		die_tls("no TLS");
	SSL_CTX_free(ctx);
}

/* From here on nothing waits but wait_for_line(). */
static void
dont_wait(const struct client *c)
{
	if (fcntl(c->fd, F_SETFL, fcntl(c->fd, F_GETFL) | O_NONBLOCK) == -1)
		err(1, "the connection");
}

static void
close_line(struct client *c)
{
	SSL_free(c->ssl);
	close(c->fd);
	free(c->out);
	free(c->in);
}

/* How many bytes went, or 0 where none can go now. */
static size_t
moved(const struct client *c, ssize_t n)
{
	int why;

	if (n > 0)
		return (size_t)n;
	if (c->ssl == NULL) {
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return 0;
	} else {
		why = SSL_get_error(c->ssl, (int)n);
		if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
			return 0;
	}
	die_tls("the connection broke");
	return 0;
}

static size_t
send_some(struct client *c)
{
	const char *p = c->out + c->out_at;
	size_t n = c->out_n - c->out_at;

	if (n == 0)
		return 0;
	n = moved(c, c->ssl == NULL ? send(c->fd, p, n, MSG_NOSIGNAL) :
	    SSL_write(c->ssl, p, (int)n));
	c->out_at += n;
	if (c->out_at == c->out_n)
		c->out_at = c->out_n = 0;
	return n;
}

static size_t
receive_some(struct client *c)
{
	char *p = c->in + c->in_n;
	size_t n = IN_SIZE - c->in_n;

	if (n == 0)
		errx(1, "a line without end");
	n = moved(c, c->ssl == NULL ? recv(c->fd, p, n, 0) :
	    SSL_read(c->ssl, p, (int)n));
	c->in_n += n;
	return n;
}

static void
take_line(struct client *c, const char *line, size_t n)
{
	char want[32];
	size_t tag = (size_t)snprintf(want, sizeof(want), "%" PRIu64 " OK",
	    c->answered + 1);

	if (!c->greeted) {
		if (n < 4 || memcmp(line, "* OK", 4) != 0)
			errx(1, "refused: %.*s", (int)n, line);
		c->greeted = true;
	} else if (n > 0 && line[0] != '*') {
		if (n < tag || memcmp(line, want, tag) != 0)
			errx(1, "refused: %.*s", (int)n, line);
		c->answered++;
	} else if (n > 5 && memcmp(line, "* BYE", 5) == 0) {
		errx(1, "%.*s", (int)n, line);
	}
}

static void
take_lines(struct client *c)
{
	const char *lf;
	size_t at = 0;

	while ((lf = memchr(c->in + at, '\n', c->in_n - at)) != NULL) {
		take_line(c, c->in + at, (size_t)(lf - c->in) - at);
		at = (size_t)(lf - c->in) + 1;
	}
	c->in_n -= at;
	memmove(c->in, c->in + at, c->in_n);
}

/* ---- the conversation ---- */

static void
add(struct client *c, const char *p, size_t n)
{
	if (n > OUT_SIZE - c->out_n)
		errx(1, "too long for a command");
	memcpy(c->out + c->out_n, p, n);
	c->out_n += n;
}

static void
command(struct client *c, const char *verb, const char *name, const char *end)
{
	char *s = text("%" PRIu64 " %s \"%s\"%s", ++c->asked, verb, name, end);

	add(c, s, strlen(s));
	free(s);
}

static void
add_body(struct client *c, const struct message *m)
{
	size_t n = m->n - c->next.at;

	if (n > OUT_SIZE - c->out_n)
		n = OUT_SIZE - c->out_n;
	add(c, m->body + c->next.at, n);
	c->next.at += n;
	if (c->next.at < m->n)
		return;
	c->next.at = SIZE_MAX;
	c->next.message++;
	c->next.batch++;
}

/* The next piece of what is to be said; false: no more, or no more now. */
static bool
add_piece(struct client *c)
{
	struct place *next = &c->next;
	const struct mailbox *mb = c->mailbox;
	const struct folder *f;

	if (next->at == SIZE_MAX && c->out_n + HEAD_MAX > OUT_SIZE)
		return false;
	if (next->create < mb->n) {
		command(c, "CREATE", mb->v[next->create++].name, "\r\n");
		return true;
	}
	if (next->folder == mb->n)
		return false;
	f = &mb->v[next->folder];
	if (next->at != SIZE_MAX) {
		add_body(c, &f->v[next->message]);
		return c->out_n < OUT_SIZE;
	}
	if (next->open &&
	    (next->batch == c->batch_max || next->message == f->n)) {
		add(c, "\r\n", 2);
		next->open = false;
		return true;
	}
	if (next->message == f->n) {
		next->folder++;
		next->message = 0;
		next->selected = false;
		return true;
	}
	if (!next->open) {
		if (c->asked - c->answered >= c->waiting_max)
			return false;
		if (!next->selected) {
			command(c, "SELECT", f->name, "\r\n");
			next->selected = true;
			return true;
		}
		command(c, "APPEND", f->name, "");
		next->open = true;
		next->batch = 0;
	}
	add(c, f->v[next->message].head, strlen(f->v[next->message].head));
	next->at = 0;
	return true;
}

static void
wait_for_line(const struct client *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	if (c->out_n > 0)
		p.events |= POLLOUT;
	if (poll(&p, 1, 60000) == 0)
		errx(1, "the server is silent");
}

/* Whether nothing is to be said before an answer comes. */
static bool
waits(const struct client *c)
{
	return c->next.folder == c->mailbox->n || (!c->next.open &&
	    c->next.create == c->mailbox->n &&
	    c->asked - c->answered >= c->waiting_max);
}

/* Say what is to be said, and hear all answers. */
static void
talk(struct client *c)
{
	size_t n;

	for (;;) {
		/* What is left of the last turn goes first. */
		while (c->out_at == 0 && add_piece(c))
			;
		while (send_some(c) > 0)
			;
		n = receive_some(c);
		take_lines(c);
		if (c->out_n == 0 && c->next.folder == c->mailbox->n &&
		    c->greeted && c->answered == c->asked)
			return;
		if (n == 0 && (c->out_n > 0 || waits(c)))
			wait_for_line(c);
	}
}

static void
sign_in(struct client *c, const char *user)
{
	static const struct mailbox none;
	const struct mailbox *all = c->mailbox;
	const char *password = getenv("DRAIN_PASSWORD");
	char *s;

	c->mailbox = &none;
	talk(c);	/* the greeting */
	s = text("%" PRIu64 " LOGIN \"%s\" \"%s\"\r\n", ++c->asked, user,
	    password == NULL ? "" : password);
	add(c, s, strlen(s));
	free(s);
	talk(c);
	c->mailbox = all;
}

/* ---- the clock ---- */

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double
cpu(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void
note_time(const char *path, double wall, const struct rusage *was)
{
	FILE *f = fopen(path, "ae");
	struct rusage is;

	getrusage(RUSAGE_SELF, &is);
	if (f == NULL)
		err(1, "%s", path);
	fprintf(f, "%.6f %.6f %.6f 0\n", wall,
	    cpu(is.ru_utime) - cpu(was->ru_utime),
	    cpu(is.ru_stime) - cpu(was->ru_stime));
	if (fclose(f) != 0)
		err(1, "%s", path);
}

static size_t
number(const char *s)
{
	char *end;
	unsigned long n = strtoul(s, &end, 10);

	if (*end != '\0' || n == 0 || n > 1000000)
		errx(2, "not a number that will do: %s", s);
	return n;
}

int
main(int argc, char **argv)
{
	const char *ca = NULL, *times = NULL;
	struct client c = { .batch_max = 100, .waiting_max = 100,
	    .next = { .create = 1, .at = SIZE_MAX } };
	struct mailbox mb = { .n = 0 };
	struct rusage was;
	bool plain = false;
	double start;
	int o;

	while ((o = getopt(argc, argv, "b:c:pt:w:")) != -1) {
		if (o == 'b')
			c.batch_max = number(optarg);
		else if (o == 'c')
			ca = optarg;
		else if (o == 'p')
			plain = true;
		else if (o == 't')
			times = optarg;
		else if (o == 'w')
			c.waiting_max = number(optarg);
		else
			return 2;
	}
	if (optind + 3 != argc)
		errx(2, "usage: append [-c CA.pem] [-p] [-b MESSAGES] "
		    "[-w COMMANDS] [-t FILE] MAILDIR PORT USER");
	read_mailbox(&mb, argv[optind]);
	c.mailbox = &mb;
	getrusage(RUSAGE_SELF, &was);
	start = seconds();
	open_line(&c, argv[optind + 1]);
	if (!plain)
		open_tls(&c, ca);
	dont_wait(&c);
	sign_in(&c, argv[optind + 2]);
	talk(&c);
	if (times != NULL)
		note_time(times, seconds() - start, &was);
	close_line(&c);
	printf("%" PRIu64 " %" PRIu64 "\n", mb.messages, mb.bytes);
	release_mailbox(&mb);
	return 0;
}
