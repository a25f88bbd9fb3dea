/*
 * imapd.c - a server that plays a script: it says what the script says and insists on what the client should say.
 *
 *	imapd [-n] [-I DIR] [-t DIR] [-l FILE] SCRIPT
 *	imapd -g SIZE
 *
 * It listens on a free port of 127.0.0.1, prints the port, and serves until SIGTERM, which says that the client has
 * ended.  Exit 0: every connection went as the script says; 1: not so, and where and how is on stderr; 2: a mistake in
 * the script.  -n: only read the script; -I: where else included files are; -t: the directory of certificates
 * (NAME.pem, NAME.key); -l: write every line that clients send, with the number of the connection before it; -g: print
 * the bytes that S-gen sends.
 *
 * A script is read line by line; blank lines and lines that begin with # say nothing.
 *
 * What the server says
 *	S: TEXT		TEXT and CRLF.  In it \r \n \t \0 \\ \$ \xNN are bytes (any other \ is itself: \Seen), $name is
 *			a variable, ${2*i+1} a sum of products of variables and numbers (2K 3M 4G)
 *	S< TEXT		without CRLF
 *	S-literal: TEXT	{its length} CRLF TEXT
 *	S-file: PATH	the same with a file
 *	S-gen: SIZE	the same with SIZE bytes of a generated mail; in big pieces, so that gigabytes are no trouble
 *	S-fill: SIZE [TEXT]	SIZE bytes of TEXT (x) over and over, without saying how many
 *	flush, delay TIME	send what was said until now; wait.  TIME is 10, 10ms (the same), 5s or 100us
 *	split N [TIME]	from here on N bytes a write (0: as they come), TIME between them
 *
 * What the client says: its lines are taken in order, however many of them are ahead.
 *	C: PATTERN	the next line, after its tag, which becomes $tag.  In it ... is anything, <name> is anything
 *			without a blank and becomes $name, \. and \< are . and <; the rest as in S:
 *	C NAME: PATTERN	the same; the tag becomes $NAME, too: for commands answered later
 *	C= PATTERN	the next line as a whole (the rest of a command after a literal; an answer to +)
 *	C-literal: N [PATH]	N bytes; those of the file
 *	C? PATTERN {	if the next line is that, play the steps down to } (a line of its own); else the line stays for
 *			what follows.  It waits for a line, so what follows must be something that the client says.
 *	serve {		any number of "on PATTERN {" ... "}": each line is answered by the first that is for it, until
 *			one comes that none is for, or a step "done"
 *	may-close	from here on the client may close at any time
 *	never PATTERN	from here on no line, tag and all, may be that
 *	timeout TIME	how long to wait for a line (20s)
 *
 * What else happens
 *	set NAME=TEXT, default NAME=TEXT	default: if it is not set
 *	repeat N [as NAME] {	the steps down to }, with $i (or $NAME) from 1 to N
 *	tls [NAME], starttls [NAME]	shake hands, with the certificate NAME (server)
 *	close, cut, reset	end the connection: in order, without TLS's goodbye, by a TCP reset
 *	stall		say nothing more until the client closes
 *	include FILE	from the same directory, or that of -I
 *	connection:	what follows is for the next connection; what stands before the first of these is for each.
 *	connection rest:	... for each of all further ones, however many
 *
 * After the last step of a connection the client closes it, or signs out (LOGOUT is answered); any other line is a
 * mistake.  Each connection is a process of its own, so several can be open at a time.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "imapd.h"

#define PATIENCE	100	/* ticks of 50 ms that connections may go on after SIGTERM */

struct server {
	struct script	*script;
	const char	*tls_dir;
	int		 fd, log;
	size_t		 accepted, open;
	bool		 failed;
};

static volatile sig_atomic_t stopping;

static void
on_term(int sig)
{
	(void)sig;
	stopping = 1;
}

static int
listen_somewhere(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1 || bind(fd, (struct sockaddr *)&sa, n) == -1 ||
	    listen(fd, 64) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sa, &n) == -1)
		err(2, "can't listen");
	printf("%d\n", ntohs(sa.sin_port));
	fflush(stdout);
	return fd;
}

/* What is played on connection ${serial}, or NULL. */
static const struct section *
section_for(const struct script *sc, size_t serial)
{
	size_t i;

	for (i = 0; i < sc->n; i++)
		if (sc->v[i].rest || i + 1 == serial)
			return &sc->v[i];
	return NULL;
}

static _Noreturn void
serve_one(const struct server *s, int fd)
{
	const struct section *section = section_for(s->script, s->accepted);
	struct conn c = { .fd = fd, .serial = s->accepted,
	    .tls_dir = s->tls_dir, .log = s->log, .timeout = 20000 };
	int one = 1;

	signal(SIGTERM, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	buf_init(&c.in, (size_t)64 << 20);
	buf_init(&c.out, (size_t)1 << 30);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		err(2, "fcntl");
	if (section == NULL)
		conn_fail(&c, "the script has no such connection");
	play(&c, s->script, section);
	_exit(0);
}

static void
accept_all(struct server *s)
{
	pid_t pid;
	int fd;

	while ((fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC)) != -1) {
		s->accepted++;
		if ((pid = fork()) == -1)
			err(2, "fork");
		if (pid == 0)
			serve_one(s, fd);
		s->open++;
		close(fd);
	}
}

/* Take in the connections that have ended. */
static void
reap(struct server *s)
{
	int status;

	while (s->open > 0 && waitpid(-1, &status, WNOHANG) > 0) {
		s->open--;
		if (status != 0)
			s->failed = true;
		if (WIFSIGNALED(status))
			warnx("a connection died of signal %d",
			    WTERMSIG(status));
	}
}

static void
run(struct server *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	size_t i, ticks = 0;

	while (!stopping) {
		poll(&p, 1, 50);
		accept_all(s);
		reap(s);
	}
	/* The client has ended: what it began comes to an end too. */
	do {
		accept_all(s);
		reap(s);
		if (s->open > 0)
			usleep(50000);
	} while (s->open > 0 && ticks++ < PATIENCE);
	if (s->open > 0) {
		warnx("%zu connections are still open", s->open);
		s->failed = true;
	}
	for (i = s->accepted; i < s->script->n; i++)
		if (!s->script->v[i].rest) {
			warnx("connection %zu never came", i + 1);
			s->failed = true;
			break;
		}
}

static int
generate(const char *arg)
{
	char *end, p[65536];
	uint64_t size = strtoull(arg, &end, 10), at;
	size_t n;

	size <<= *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
	for (at = 0; at < size; at += n) {
		n = size - at < sizeof(p) ? (size_t)(size - at) : sizeof(p);
		gen_fill(p, n, at);
		if (fwrite(p, 1, n, stdout) != n)
			err(1, "stdout");
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct server s = { .log = -1, .tls_dir = "." };
	struct sigaction sa = { .sa_handler = on_term };
	const char *dir = NULL;
	bool only_read = false;
	int o;

	while ((o = getopt(argc, argv, "ng:I:t:l:")) != -1) {
		switch (o) {
		case 'n':
			only_read = true;
			break;
		case 'g':
			return generate(optarg);
		case 'I':
			dir = optarg;
			break;
		case 't':
			s.tls_dir = optarg;
			break;
		case 'l':
			s.log = open(optarg, O_WRONLY | O_CREAT | O_TRUNC |
			    O_APPEND | O_CLOEXEC, 0600);
			if (s.log == -1)
				err(2, "%s", optarg);
			break;
		default:
			return 2;
		}
	}
	if (optind + 1 != argc)
		errx(2, "usage: imapd [-n] [-I dir] [-t dir] [-l file] script");
	s.script = script_read(argv[optind], dir);
	if (only_read)
		return 0;
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGTERM, &sa, NULL);
	s.fd = listen_somewhere();
	run(&s);
	fflush(NULL);
	_exit(s.failed ? 1 : 0);
}
