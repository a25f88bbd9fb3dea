/*
 * serve.c - see sim.h: sockets, pieces, and what goes wrong in a run.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "sim.h"

#define IN_MAX		(1 << 20)
#define OUT_MAX		(256 << 20)
#define SILENCE		60000	/* ms: nothing happens, so something hangs */

int
sim_listen(struct sim *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t n = sizeof(at);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd == -1 || bind(s->fd, (struct sockaddr *)&at, n) == -1 ||
	    listen(s->fd, 8) == -1 ||
	    getsockname(s->fd, (struct sockaddr *)&at, &n) == -1)
		return -1;
	s->port = ntohs(at.sin_port);
	buf_init(&s->said, OUT_MAX);
	buf_init(&s->requests, OUT_MAX);
	return 0;
}

void
sim_broke(struct sim *s, const char *fmt, ...)
{
	va_list ap;

	if (s->broken != NULL)
		return;
	va_start(ap, fmt);
	if (vasprintf(&s->broken, fmt, ap) == -1)
		abort();
	va_end(ap);
}

/* Whether ${at} is one of the moments, 0 being none. */
static bool
is_time(const uint32_t *moments, size_t n, uint32_t at)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (moments[i] == at)
			return true;
	return false;
}

void
sim_tick(struct sim *s)
{
	const struct disturbance *d = &s->plan;

	s->ticks++;
	if (is_time(d->change_at, sizeof(d->change_at) /
	    sizeof(d->change_at[0]), s->ticks)) {
		buf_adds(&s->said, "  -- ");
		world_change(s->w, d->rough, &s->said);
		buf_adds(&s->said, "\n");
	}
	if (d->kill_at == s->ticks && s->client > 0) {
		kill(s->client, SIGKILL);
		s->killed = true;
		buf_adds(&s->said, "  -- killed\n");
	}
	if (d->term_at == s->ticks && s->client > 0) {
		kill(s->client, SIGTERM);
		buf_adds(&s->said, "  -- SIGTERM\n");
	}
}

/* ---- connections ---- */

void
conn_say(struct conn *c, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n == -1 || buf_add(&c->out, text, (size_t)n) == -1)
		abort();
	free(text);
}

void
conn_owes(struct conn *c, uint32_t content)
{
	c->owed = mem_grow(c->owed, &c->owed_cap, c->owed_n + 1,
	    sizeof(*c->owed));
	c->owed[c->owed_n].end = c->out.n;
	c->owed[c->owed_n++].content = content;
}

static void
open_conn(struct sim *s)
{
	static const size_t pieces[] = { 7, 100, 1500, 65536, 1 << 20,
	    1 << 20 };
	int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int one = 1;
	struct conn *c;
	size_t i;

	if (fd == -1)
		return;
	for (i = 0; i < CONNS && s->conns[i] != NULL; i++)
		;
	if (i == CONNS) {
		sim_broke(s, "it opened more than %d connections", CONNS);
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c = s->conns[i] = xcalloc(1, sizeof(*c));
	c->s = s;
	c->fd = fd;
	c->features = s->w->features;
	c->piece = pieces[rng_below(&s->net, 6)];
	buf_init(&c->in, IN_MAX);
	buf_init(&c->out, OUT_MAX);
	buf_adds(&s->said, "  -- connected\n");
	conn_say(c, "* OK ready\r\n");
}

static void
close_conn(struct conn **cp)
{
	struct conn *c = *cp;

	if (c == NULL)
		return;
	close(c->fd);
	buf_release(&c->in);
	buf_release(&c->out);
	free(c->owed);
	free(c->seq);
	free(c);
	*cp = NULL;
}

/* The next byte at which the connection is cut, UINT64_MAX for none. */
static uint64_t
next_cut(const struct sim *s)
{
	uint64_t at = UINT64_MAX;
	size_t i;

	for (i = 0; i < sizeof(s->plan.cut_at) / sizeof(s->plan.cut_at[0]);
	    i++)
		if (s->plan.cut_at[i] != 0 && s->plan.cut_at[i] < at)
			at = s->plan.cut_at[i];
	return at;
}

static void
cut(struct conn *c)
{
	struct linger now = { 1, 0 };
	struct sim *s = c->s;
	uint64_t at = next_cut(s);
	size_t i;

	for (i = 0; i < sizeof(s->plan.cut_at) / sizeof(s->plan.cut_at[0]);
	    i++)
		if (s->plan.cut_at[i] == at)
			s->plan.cut_at[i] = 0;
	c->cut = true;
	buf_addf(&s->said, "  -- cut%s after %llu bytes\n",
	    s->plan.reset ? " (reset)" : "", (unsigned long long)s->sent);
	if (s->plan.reset) {
		s->resets++;
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		c->closing = true;
	} else {
		/* In the middle of an answer it is one more line of it. */
		if (s->plan.bye)
			(void)!send(c->fd, "* BYE enough\r\n", 14,
			    MSG_NOSIGNAL);
		shutdown(c->fd, SHUT_WR);
	}
}

/* Whole bodies that went out. */
static void
settle_owed(struct conn *c)
{
	size_t i, n = 0;

	for (i = 0; i < c->owed_n; i++)
		if (c->owed[i].end <= c->written)
			uidset_add(&c->s->delivered, c->owed[i].content + 1);
		else
			c->owed[n++] = c->owed[i];
	c->owed_n = n;
}

/* Write some: false when the connection is no more. */
static bool
flush(struct conn *c)
{
	struct sim *s = c->s;

	while (c->written < c->out.n && !c->cut) {
		size_t n = c->out.n - c->written;
		uint64_t left = next_cut(s) - s->sent;
		ssize_t put;

		if (n > c->piece)
			n = 1 + rng_below(&s->net, (uint32_t)c->piece);
		if (n > left)
			n = (size_t)left;
		put = send(c->fd, c->out.p + c->written, n, MSG_NOSIGNAL);
		if (put == -1 && errno == EAGAIN)
			return true;
		if (put == -1)
			return false;
		c->written += (size_t)put;
		s->sent += (size_t)put;
		settle_owed(c);
		if (s->sent >= next_cut(s))
			cut(c);
	}
	if (c->written == c->out.n) {
		buf_clear(&c->out);
		c->written = 0;
	}
	return !(c->closing && (c->cut || c->out.n == 0));
}

/* "{12}" or "{12+}" at the end of a line: the size, or -1. */
static long
literal_at_end(const char *p, size_t n, bool *waits)
{
	size_t at = n;
	long size = 0;

	if (n == 0 || p[n - 1] != '}')
		return -1;
	at--;
	*waits = at > 0 && p[at - 1] != '+';
	if (!*waits)
		at--;
	n = at;
	while (at > 0 && p[at - 1] >= '0' && p[at - 1] <= '9')
		at--;
	if (at == n || at == 0 || p[at - 1] != '{')
		return -1;
	while (at < n)
		size = size * 10 + p[at++] - '0';
	return size;
}

/*
 * The first command that is whole in the input: its length, with its line end; 0 for none.  ${*ask} is set where a
 * literal waits for a word from us.
 */
static size_t
whole_command(const struct conn *c, bool *ask)
{
	size_t at = 0;
	long size;
	bool waits;

	*ask = false;
	for (;;) {
		const char *nl = c->in.n == at ? NULL :
		    memchr(c->in.p + at, '\n', c->in.n - at);
		size_t end;

		if (nl == NULL)
			return 0;
		end = (size_t)(nl - c->in.p) + 1;
		if (end < 2 || c->in.p[end - 2] != '\r')
			return end;
		size = literal_at_end(c->in.p + at, end - 2 - at, &waits);
		if (size == -1)
			return end;
		if (c->in.n < end + (size_t)size) {
			*ask = waits && c->in.n == end;
			return 0;
		}
		at = end + (size_t)size;
	}
}

static void
take_commands(struct conn *c)
{
	bool ask;
	size_t n;

	while (!c->closing && (n = whole_command(c, &ask)) > 0) {
		conn_command(c, c->in.p, n);
		memmove(c->in.p, c->in.p + n, c->in.n - n);
		c->in.n -= n;
	}
	if (!c->closing && ask)
		conn_say(c, "+ go on\r\n");
}

/* Read what has come: false when the connection is no more. */
static bool
receive(struct conn *c)
{
	char piece[16384];
	ssize_t got;

	for (;;) {
		got = recv(c->fd, piece, sizeof(piece), 0);
		if (got == -1)
			return errno == EAGAIN;
		if (got == 0)
			return false;
		if (c->cut)
			continue;
		if (buf_add(&c->in, piece, (size_t)got) == -1) {
			sim_broke(c->s, "a command that has no end");
			return false;
		}
	}
}

static void
serve_conn(struct conn **cp, short events)
{
	struct conn *c = *cp;
	bool open = true;

	if (events & (POLLIN | POLLHUP | POLLERR))
		open = receive(c);
	if (!c->cut)
		take_commands(c);
	if (!flush(c) || !open)
		close_conn(cp);
}

static void
begin_run(struct sim *s, pid_t client)
{
	s->client = client;
	s->ticks = s->commands = s->examines = s->bodies = 0;
	s->refused = s->resets = 0;
	s->sent = 0;
	s->killed = false;
	buf_clear(&s->said);
	buf_clear(&s->requests);
	uidset_clear(&s->delivered);
}

void
sim_run(struct sim *s, pid_t client, int done)
{
	struct pollfd fds[CONNS + 2];
	size_t i;
	int r;

	begin_run(s, client);
	for (;;) {
		fds[0] = (struct pollfd){ .fd = done, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = s->fd, .events = POLLIN };
		for (i = 0; i < CONNS; i++) {
			const struct conn *c = s->conns[i];

			fds[2 + i] = (struct pollfd){ .fd = -1 };
			if (c == NULL)
				continue;
			fds[2 + i].fd = c->fd;
			fds[2 + i].events = POLLIN;
			if (c->written < c->out.n && !c->cut)
				fds[2 + i].events |= POLLOUT;
		}
		r = poll(fds, CONNS + 2, SILENCE);
		if (r == 0) {
			sim_broke(s, "nothing happens any more");
			kill(client, SIGKILL);
			continue;
		}
		for (i = 0; i < CONNS; i++)
			if (s->conns[i] != NULL && fds[2 + i].revents != 0)
				serve_conn(&s->conns[i], fds[2 + i].revents);
		if (fds[1].revents != 0)
			open_conn(s);
		for (i = 0; i < CONNS; i++)
			if (s->conns[i] != NULL && !flush(s->conns[i]))
				close_conn(&s->conns[i]);
		if (fds[0].revents != 0)
			break;
	}
	for (i = 0; i < CONNS; i++)
		close_conn(&s->conns[i]);
	/* One that came and went unnoticed must not be the next run's first. */
	while ((r = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC)) != -1)
		close(r);
}

void
sim_release(struct sim *s)
{
	if (s->fd > 0)
		close(s->fd);
	buf_release(&s->said);
	buf_release(&s->requests);
	free(s->broken);
	uidset_release(&s->delivered);
}
