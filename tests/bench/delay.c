/*
 * delay.c - a long line: a proxy that holds everything back for a while.
 *
 *	delay MILLISECONDS PORT
 *
 * Listens on a free port of 127.0.0.1, prints it, and passes connections on to PORT until SIGTERM.  Each piece goes on
 * MILLISECONDS after it came, in either direction, and pieces don't wait for one another: the round trip is twice that,
 * the bandwidth is not limited.  A TCP handshake costs a round trip, too: what a client says is taken from it only
 * after that time.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

#define PIECE		(64 * 1024)
#define UNDERWAY_MAX	((size_t)64 << 20)	/* bytes on their way, in one direction */
#define LINES_MAX	64

/* Bytes that came at one time. */
struct piece {
	struct piece	*next;
	int64_t		 due;		/* microseconds */
	size_t		 at, n;		/* sent, there; n = 0 is the end */
	char		 bytes[];
};

/* One direction. */
struct way {
	int		 from, to;
	int64_t		 open;		/* nothing is read before */
	struct piece	*first, *last;
	size_t		 underway;
	bool		 ended;		/* no more to read */
	bool		 closed;	/* no more to write */
};

struct line {
	int		 client, server;
	struct way	 way[2];
};

static struct line lines[LINES_MAX];
static size_t lines_n;
static int64_t delay;

static int64_t
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static uint64_t
number(const char *s, uint64_t most)
{
	uint64_t v;

	if (text_u64(s, strlen(s), &v) == -1 || v > most)
		errx(2, "not a number that will do: %s", s);
	return v;
}

static int
listen_anywhere(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
	    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1 || bind(fd, (struct sockaddr *)&at, n) == -1 ||
	    listen(fd, 16) == -1 ||
	    getsockname(fd, (struct sockaddr *)&at, &n) == -1)
		err(1, "listen");
	printf("%u\n", (unsigned)ntohs(at.sin_port));
	fflush(stdout);
	return fd;
}

static int
connect_to(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
	    .sin_addr = { htonl(INADDR_LOOPBACK) }, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd == -1 || connect(fd, (struct sockaddr *)&to, sizeof(to)) == -1)
		err(1, "port %u", (unsigned)port);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void
begin(int listener, uint16_t port)
{
	struct line *l = &lines[lines_n];
	int on = 1;

	memset(l, 0, sizeof(*l));
	if ((l->client = accept(listener, NULL, NULL)) == -1)
		err(1, "accept");
	setsockopt(l->client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	l->server = connect_to(port);
	l->way[0] = (struct way){ .from = l->client, .to = l->server,
	    .open = now() + 2 * delay };
	/* The server speaks first once it has heard the end of the handshake. */
	l->way[1] = (struct way){ .from = l->server, .to = l->client,
	    .open = now() + delay };
	lines_n++;
}

static void
drop(struct line *l)
{
	size_t i;

	for (i = 0; i < 2; i++)
		while (l->way[i].first != NULL) {
			struct piece *p = l->way[i].first;

			l->way[i].first = p->next;
			free(p);
		}
	close(l->client);
	close(l->server);
	*l = lines[--lines_n];
}

static void
take(struct way *w)
{
	struct piece *p = xmalloc(sizeof(*p) + PIECE);
	ssize_t n = recv(w->from, p->bytes, PIECE, MSG_DONTWAIT);

	if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
		free(p);
		return;
	}
	if (n <= 0) {
		n = 0;
		w->ended = true;
	}
	p->next = NULL;
	p->due = now() + delay;
	p->at = 0;
	p->n = (size_t)n;
	w->underway += p->n;
	if (w->last == NULL || w->first == NULL)
		w->first = p;
	else
		w->last->next = p;
	w->last = p;
}

/* Send what is due; false when the other side is gone. */
static bool
give(struct way *w)
{
	int64_t t = now();

	while (w->first != NULL && w->first->due <= t) {
		struct piece *p = w->first;
		ssize_t n = 0;

		if (p->n == 0) {
			shutdown(w->to, SHUT_WR);
			w->closed = true;
		} else if ((n = send(w->to, p->bytes + p->at, p->n - p->at,
		    MSG_DONTWAIT | MSG_NOSIGNAL)) == -1)
			return errno == EAGAIN || errno == EINTR;
		p->at += (size_t)n;
		w->underway -= (size_t)n;
		if (p->at < p->n)
			return true;
		w->first = p->next;
		free(p);
	}
	return true;
}

/* What to wait for on behalf of one direction; ${wake} is moved to when something falls due. */
static void
want(const struct way *w, struct pollfd *from, struct pollfd *to,
    int64_t *wake)
{
	int64_t t = now();

	if (!w->ended && w->underway < UNDERWAY_MAX) {
		if (w->open <= t)
			from->events |= POLLIN;
		else if (w->open < *wake)
			*wake = w->open;
	}
	if (w->first == NULL)
		return;
	if (w->first->due <= t)
		to->events |= POLLOUT;
	else if (w->first->due < *wake)
		*wake = w->first->due;
}

static void
wait_for(struct pollfd *fds, size_t n, int64_t wake)
{
	int64_t left = wake - now();
	struct timespec ts = { 0, 0 };

	if (left > 0)
		ts = (struct timespec){ left / 1000000,
		    left % 1000000 * 1000 };
	if (ppoll(fds, n, &ts, NULL) == -1 && errno != EINTR)
		err(1, "poll");
}

static void
turn(int listener, uint16_t port)
{
	struct pollfd fds[1 + 2 * LINES_MAX];
	int64_t wake = now() + 1000000;
	size_t i, k, n = lines_n;

	fds[0] = (struct pollfd){ .fd = listener,
	    .events = n < LINES_MAX ? POLLIN : 0 };
	for (i = 0; i < n; i++) {
		struct line *l = &lines[i];
		struct pollfd *f = &fds[1 + 2 * i];

		f[0] = (struct pollfd){ .fd = l->client };
		f[1] = (struct pollfd){ .fd = l->server };
		want(&l->way[0], &f[0], &f[1], &wake);
		want(&l->way[1], &f[1], &f[0], &wake);
		/* Else poll would tell again and again of an end that was seen. */
		for (k = 0; k < 2; k++)
			if (f[k].events == 0)
				f[k].fd = -1;
	}
	wait_for(fds, 1 + 2 * n, wake);
	/* From the last, since the last one takes the place of one that is dropped. */
	while (n-- > 0) {
		struct line *l = &lines[n];
		struct pollfd *f = &fds[1 + 2 * n];

		for (i = 0; i < 2; i++)
			if (f[i].revents & (POLLIN | POLLHUP | POLLERR) &&
			    !l->way[i].ended && l->way[i].open <= now())
				take(&l->way[i]);
		if (!give(&l->way[0]) || !give(&l->way[1]) ||
		    (l->way[0].closed && l->way[1].closed))
			drop(l);
	}
	if (fds[0].revents & POLLIN)
		begin(listener, port);
}

int
main(int argc, char **argv)
{
	uint16_t port;
	int listener;

	if (argc != 3)
		errx(2, "usage: delay MILLISECONDS PORT");
	delay = (int64_t)number(argv[1], 10000) * 1000;
	port = (uint16_t)number(argv[2], 65535);
	listener = listen_anywhere();
	for (;;)
		turn(listener, port);
}
