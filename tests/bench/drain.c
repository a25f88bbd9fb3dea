/*
 * drain.c - the limit that backups and prunes are measured against: an IMAP client that asks as fast as IMAP allows
 * and throws away what comes.
 *
 *	drain [-c CA.pem] [-s STATE] [-z FILE] WHAT PORT USER
 *
 * It signs in on localhost by TLS with the password in $DRAIN_PASSWORD, asks LIST for all folders with their STATUS
 * (RFC 5819), and then
 *	status	is done: what a run without news can't do without; -s notes the figures in the file STATE
 *	flags	lists UIDs and flags of every folder: the same without CONDSTORE
 *	dates	lists INTERNALDATE, too, by which a UID that was used again shows
 *	changes	has QRESYNC tell (RFC 7162) what changed since STATE was noted, and fetches what is new
 *	all	fetches every message: UID, flags, INTERNALDATE and body
 * or, without asking for the folders, with lines "UIDS FOLDER" in the file STATE,
 *	headers	fetches UID, flags, INTERNALDATE, size and header of these
 *	erase	marks these as \Deleted and expunges them, without a look at anything: the limit for a prune
 * But for erase it sends all commands for all folders before it reads the first answer.  With -z it is the simplest
 * thing that can be called a backup: bodies are hashed (SHA-256) and compressed (zstd, level 3, one stream) by the same
 * thread into FILE, with one fsync at the end.  Prints "messages bytes", the bytes being those of the bodies.
 *
 * It trusts the server as nobody should: a test's own.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/text.h"

#define IN_SIZE		(256 * 1024)
#define OUT_SIZE	(256 * 1024)
#define FOLDERS_MAX	64
#define LEVEL		3

/* The figures that show whether a folder changed. */
struct figures {
	char		*name;		/* own; as the server wrote it, quotes and all */
	uint64_t	 messages, uidnext, uidvalidity, modseq;
};

struct account {
	struct figures	 v[FOLDERS_MAX];
	size_t		 n;
};

struct keep {
	const char	*path;
	int		 fd;
	struct hasher	*hash;
	ZSTD_CCtx	*zstd;
	char		*out;
};

struct client {
	SSL		*ssl;
	char		*in;		/* IN_SIZE */
	size_t		 at, n;		/* of it: looked at, there */
	struct buf	 line;		/* the response, without its literals */
	struct buf	 out;		/* commands not sent yet */
	unsigned int	 tags;
	struct keep	*keep;		/* or NULL */
	uint64_t	 messages, bytes;
};

static void
die_tls(const char *what)
{
	ERR_print_errors_fp(stderr);
	errx(1, "%s", what);
}

/* ---- what -z does with the bodies ---- */

static void
compress(struct keep *k, const void *p, size_t n, ZSTD_EndDirective how)
{
	ZSTD_inBuffer in = { p, n, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { k->out, OUT_SIZE, 0 };

		left = ZSTD_compressStream2(k->zstd, &out, &in, how);
		if (ZSTD_isError(left) || write(k->fd, k->out, out.pos) !=
		    (ssize_t)out.pos)
			errx(1, "can't write %s", k->path);
	} while (in.pos < in.size || (how == ZSTD_e_end && left > 0));
}

static void
keep_open(struct keep *k, const char *path)
{
	k->path = path;
	k->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (k->fd == -1)
		err(1, "%s", path);
	k->hash = hasher_new();
	k->out = xmalloc(OUT_SIZE);
	if ((k->zstd = ZSTD_createCCtx()) == NULL ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(k->zstd,
	    ZSTD_c_compressionLevel, LEVEL)))
		errx(1, "zstd");
}

static void
keep_close(struct keep *k)
{
	compress(k, NULL, 0, ZSTD_e_end);
	if (fsync(k->fd) == -1 || close(k->fd) == -1)
		err(1, "%s", k->path);
	hasher_free(&k->hash);
	ZSTD_freeCCtx(k->zstd);
	free(k->out);
}

static void
take_body(struct client *c, const char *p, size_t n)
{
	c->bytes += n;
	if (c->keep == NULL)
		return;
	hasher_add(c->keep->hash, p, n);
	compress(c->keep, p, n, ZSTD_e_continue);
}

static void
end_body(struct client *c)
{
	struct digest d;

	c->messages++;
	if (c->keep != NULL)
		hasher_end(c->keep->hash, &d);
}

/* ---- the wire ---- */

static void
open_tls(struct client *c, const char *port, const char *ca)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct sockaddr_in to = { .sin_family = AF_INET,
	    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	uint64_t number;
	int fd, on = 1;

	if (text_u64(port, strlen(port), &number) == -1 || number > 65535)
		errx(2, "not a port: %s", port);
	to.sin_port = htons((uint16_t)number);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1 || connect(fd, (struct sockaddr *)&to, sizeof(to)) == -1)
		err(1, "port %s", port);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (ctx == NULL)
		die_tls("TLS");
	if (ca != NULL) {
		if (SSL_CTX_load_verify_locations(ctx, ca, NULL) != 1)
			die_tls(ca);
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	}
	if ((c->ssl = SSL_new(ctx)) == NULL || SSL_set_fd(c->ssl, fd) != 1 ||
	    SSL_set1_host(c->ssl, "localhost") != 1 ||
	    SSL_connect(c->ssl) != 1)
		die_tls("no TLS");
	SSL_CTX_free(ctx);
	c->in = xmalloc(IN_SIZE);
	buf_init(&c->line, 1024 * 1024);
	buf_init(&c->out, 1024 * 1024);
}

static void
close_tls(struct client *c)
{
	int fd = SSL_get_fd(c->ssl);

	SSL_free(c->ssl);
	close(fd);
	free(c->in);
	buf_release(&c->line);
	buf_release(&c->out);
}

/* Queue a command; send() sends what is queued. */
static void
command(struct client *c, const char *text)
{
	if (buf_addf(&c->out, "%u %s\r\n", ++c->tags, text) == -1)
		errx(1, "too many commands");
}

static void
say(struct client *c, const char *verb, const char *what, const char *end)
{
	char *text = xasprintf("%s%s%s", verb, what, end);

	command(c, text);
	free(text);
}

static void
send_all(struct client *c)
{
	if (SSL_write(c->ssl, c->out.p, (int)c->out.n) != (int)c->out.n)
		die_tls("can't send");
	buf_clear(&c->out);
}

static void
receive(struct client *c)
{
	int n = SSL_read(c->ssl, c->in, IN_SIZE);

	if (n <= 0)
		die_tls("the connection broke");
	c->at = 0;
	c->n = (size_t)n;
}

/* The size of the literal that a line ends with, or -1: it ends without one. */
static int64_t
announced(const struct buf *b)
{
	const char *brace;
	uint64_t size;

	if (b->n < 3 || b->p[b->n - 1] != '}' || b->p[0] != '*' ||
	    (brace = strrchr(b->p, '{')) == NULL)
		return -1;
	if (text_u64(brace + 1, (size_t)(b->p + b->n - 1 - brace - 1), &size)
	    == -1 || size > INT32_MAX)
		return -1;
	return (int64_t)size;
}

static void
skip_literal(struct client *c, int64_t left)
{
	while (left > 0) {
		size_t n;

		if (c->at == c->n)
			receive(c);
		n = c->n - c->at;
		if ((int64_t)n > left)
			n = (size_t)left;
		take_body(c, c->in + c->at, n);
		c->at += n;
		left -= (int64_t)n;
	}
	end_body(c);
}

/* The next response, in c->line. */
static void
next_response(struct client *c)
{
	int64_t size;

	buf_clear(&c->line);
	for (;;) {
		const char *p, *lf;
		size_t n;

		if (c->at == c->n)
			receive(c);
		p = c->in + c->at;
		lf = memchr(p, '\n', c->n - c->at);
		n = lf == NULL ? c->n - c->at : (size_t)(lf - p);
		if (buf_add(&c->line, p, n) == -1)
			errx(1, "a line without end");
		c->at += n + (lf != NULL);
		if (lf == NULL)
			continue;
		if (c->line.n > 0 && c->line.p[c->line.n - 1] == '\r')
			c->line.p[--c->line.n] = '\0';
		if ((size = announced(&c->line)) == -1)
			return;
		skip_literal(c, size);
	}
}

/* Whether it is the answer to command ${tag}.  None may be refused. */
static bool
ends(const struct client *c, unsigned int tag)
{
	char want[16];
	size_t n = (size_t)snprintf(want, sizeof(want), "%u ", tag);

	if (c->line.p[0] != '*' &&
	    strncmp(c->line.p + strcspn(c->line.p, " "), " OK", 3) != 0)
		errx(1, "refused: %s", c->line.p);
	return c->line.n >= n && memcmp(c->line.p, want, n) == 0;
}

/* Send what is queued and read until the last command is answered, handing each response to ${take} (or NULL). */
static void
run(struct client *c, void (*take)(struct account *, const char *),
    struct account *a)
{
	send_all(c);
	do {
		next_response(c);
		if (take != NULL && c->line.p[0] == '*')
			take(a, c->line.p);
	} while (!ends(c, c->tags));
}

/* ---- the conversation ---- */

static uint64_t
figure(const char *line, const char *name)
{
	const char *p = strstr(line, name);
	uint64_t v = 0;

	if (p == NULL)
		return 0;
	p += strlen(name) + 1;
	text_u64(p, strspn(p, "0123456789"), &v);
	return v;
}

/* * STATUS "All Mail" (MESSAGES 3 ...) */
static void
take_status(struct account *a, const char *line)
{
	const char *name = line + 9, *end;
	struct figures *f;

	if (strncmp(line, "* STATUS ", 9) != 0)
		return;
	end = *name == '"' ? strchr(name + 1, '"') : strchr(name, ' ');
	if (end == NULL || a->n == FOLDERS_MAX)
		errx(1, "not understood: %s", line);
	if (*name == '"')
		end++;
	f = &a->v[a->n++];
	f->name = xmemdup0(name, (size_t)(end - name));
	f->messages = figure(end, "MESSAGES");
	f->uidnext = figure(end, "UIDNEXT");
	f->uidvalidity = figure(end, "UIDVALIDITY");
	f->modseq = figure(end, "HIGHESTMODSEQ");
}

static void
sign_in(struct client *c, const char *user)
{
	const char *password = getenv("DRAIN_PASSWORD");
	char *text;

	next_response(c);	/* the greeting */
	text = xasprintf("LOGIN \"%s\" \"%s\"", user,
	    password == NULL ? "" : password);
	command(c, text);
	free(text);
	run(c, NULL, NULL);
}

static void
ask_status(struct client *c, struct account *a)
{
	command(c, "LIST \"\" \"*\" RETURN (STATUS "
	    "(MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ))");
	run(c, take_status, a);
	if (a->n == 0)
		errx(1, "no folders, or no LIST-STATUS");
}

static void
note_state(const struct account *a, const char *path)
{
	FILE *f = fopen(path, "we");
	size_t i;

	if (f == NULL)
		err(1, "%s", path);
	for (i = 0; i < a->n; i++)
		fprintf(f, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n",
		    a->v[i].uidvalidity, a->v[i].uidnext, a->v[i].modseq,
		    a->v[i].name);
	if (fclose(f) != 0)
		err(1, "%s", path);
}

/* The figures of a folder as they were, from a line of the state's file. */
static bool
was(const struct figures *now, char *line, struct figures *out)
{
	uint64_t v[3];
	char *p = line;
	size_t i, n;

	line[strcspn(line, "\n")] = '\0';
	for (i = 0; i < 3; i++) {
		n = strspn(p, "0123456789");
		if (text_u64(p, n, &v[i]) == -1 || p[n] != ' ')
			errx(1, "not a state: %s", line);
		p += n + 1;
	}
	*out = (struct figures){ .uidvalidity = v[0], .uidnext = v[1],
	    .modseq = v[2] };
	return strcmp(p, now->name) == 0;
}

/* EXAMINE with QRESYNC where the figures changed, then the bodies from the UIDNEXT of then. */
static void
ask_changes(struct client *c, const struct account *a, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[1024], text[2048];
	struct figures old;
	size_t i = 0;

	if (f == NULL)
		err(1, "%s", path);
	command(c, "ENABLE QRESYNC");
	for (i = 0; i < a->n && fgets(line, sizeof(line), f) != NULL; i++) {
		const struct figures *now = &a->v[i];

		if (!was(now, line, &old))
			errx(1, "the folders are not those of %s", path);
		if (old.uidnext == now->uidnext && old.modseq == now->modseq)
			continue;
		snprintf(text, sizeof(text), "EXAMINE %s (QRESYNC (%" PRIu64
		    " %" PRIu64 "))", now->name, old.uidvalidity, old.modseq);
		command(c, text);
		if (old.uidnext == now->uidnext)
			continue;
		snprintf(text, sizeof(text), "UID FETCH %" PRIu64 ":* (UID "
		    "FLAGS INTERNALDATE BODY.PEEK[])", old.uidnext);
		command(c, text);
	}
	fclose(f);
	run(c, NULL, NULL);
}

static void
ask_each(struct client *c, const struct account *a, const char *fetch)
{
	unsigned int tags = c->tags;
	size_t i;

	for (i = 0; i < a->n; i++) {
		char *text = xasprintf("EXAMINE %s", a->v[i].name);

		if (a->v[i].messages > 0) {
			command(c, text);
			command(c, fetch);
		}
		free(text);
	}
	/* There is nothing to wait for where all are empty. */
	if (c->tags != tags)
		run(c, NULL, NULL);
}

/*
 * Commands for the UIDs of each line, with one SELECT for lines of the same folder that follow each other.  The answers
 * to STORE and EXPUNGE are waited for: Dovecot 2.3 says OK to an EXPUNGE that comes right behind its STORE, and leaves
 * the messages there.
 */
static void
ask_listed(struct client *c, const char *path, bool erase)
{
	FILE *f = fopen(path, "re");
	char *line = NULL, *folder, *open = xstrdup("");
	size_t cap = 0;

	if (f == NULL)
		err(1, "%s", path);
	while (getline(&line, &cap, f) != -1) {
		line[strcspn(line, "\n")] = '\0';
		if ((folder = strchr(line, ' ')) == NULL)
			errx(1, "not a set of UIDs: %s", line);
		*folder++ = '\0';
		if (strcmp(folder, open) != 0) {
			say(c, erase ? "SELECT " : "EXAMINE ", folder, "");
			free(open);
			open = xstrdup(folder);
		}
		if (erase) {
			say(c, "UID STORE ", line, " +FLAGS.SILENT (\\Deleted)");
			run(c, NULL, NULL);
			say(c, "UID EXPUNGE ", line, "");
			run(c, NULL, NULL);
		} else {
			say(c, "UID FETCH ", line, " (UID FLAGS INTERNALDATE "
			    "RFC822.SIZE BODY.PEEK[HEADER])");
		}
	}
	free(open);
	free(line);
	fclose(f);
	if (c->out.n > 0)
		run(c, NULL, NULL);
}

static void
drain(struct client *c, const char *what, const char *user, const char *state)
{
	struct account a = { .n = 0 };

	sign_in(c, user);
	if (state != NULL && (strcmp(what, "erase") == 0 ||
	    strcmp(what, "headers") == 0)) {
		ask_listed(c, state, *what == 'e');
		return;
	}
	ask_status(c, &a);
	if (strcmp(what, "all") == 0)
		ask_each(c, &a, "UID FETCH 1:* "
		    "(UID FLAGS INTERNALDATE BODY.PEEK[])");
	else if (strcmp(what, "flags") == 0)
		ask_each(c, &a, "UID FETCH 1:* (UID FLAGS)");
	else if (strcmp(what, "dates") == 0)
		ask_each(c, &a, "UID FETCH 1:* (UID FLAGS INTERNALDATE)");
	else if (strcmp(what, "changes") == 0 && state != NULL)
		ask_changes(c, &a, state);
	else if (strcmp(what, "status") != 0)
		errx(2, "not one of all, changes, dates, erase, flags, headers, "
		    "status: %s", what);
	else if (state != NULL)
		note_state(&a, state);
	while (a.n > 0)
		free(a.v[--a.n].name);
}

int
main(int argc, char **argv)
{
	const char *ca = NULL, *state = NULL, *file = NULL;
	struct client c = { .ssl = NULL };
	struct keep keep;
	int o;

	while ((o = getopt(argc, argv, "c:s:z:")) != -1) {
		if (o == 'c')
			ca = optarg;
		else if (o == 's')
			state = optarg;
		else if (o == 'z')
			file = optarg;
		else
			return 2;
	}
	if (optind + 3 != argc)
		errx(2, "usage: drain [-c CA.pem] [-s STATE] [-z FILE] WHAT "
		    "PORT USER");
	if (file != NULL) {
		keep_open(&keep, file);
		c.keep = &keep;
	}
	open_tls(&c, argv[optind + 1], ca);
	drain(&c, argv[optind], argv[optind + 2], state);
	close_tls(&c);
	if (c.keep != NULL)
		keep_close(c.keep);
	printf("%" PRIu64 " %" PRIu64 "\n", c.messages, c.bytes);
	return 0;
}
