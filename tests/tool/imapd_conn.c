/*
 * imapd_conn.c - the bytes of one connection, plain or TLS.
 *
 * Full duplex: what the client sends while we send is taken in, else a client that pipelines and this server would wait
 * for each other.
 */
#include <openssl/err.h>
#include <sys/socket.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "imapd.h"

#define OUT_ENOUGH	(256 * 1024)	/* sent at once when so much has gathered */
#define LINE_LONG	(4 * 1024 * 1024)
#define SEND_TIMEOUT	120000		/* ms without the client reading anything */
#define CLOSE_TIMEOUT	2000

/* Bytes as they can be printed on one line. */
static size_t
printable(char *out, size_t max, const char *p, size_t n)
{
	size_t i, k = 0;

	for (i = 0; i < n && k + 5 < max; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c >= ' ' && c < 0x7f)
			out[k++] = (char)c;
		else
			k += (size_t)snprintf(out + k, max - k, "\\x%02x", c);
	}
	if (i < n && k + 4 < max)
		k += (size_t)snprintf(out + k, max - k, "...");
	out[k] = '\0';
	return k;
}

void
conn_show(struct conn *c, char side, const char *p, size_t n)
{
	char *to = c->shown[c->shown_n++ % SHOWN];

	to[0] = side;
	to[1] = ':';
	to[2] = ' ';
	printable(to + 3, SHOWN_WIDTH - 3, p, n);
}

void
conn_fail(const struct conn *c, const char *fmt, ...)
{
	struct buf b = BUF_INIT(1 << 20);
	uint64_t i = c->shown_n > SHOWN ? c->shown_n - SHOWN : 0;
	char *what;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) == -1)
		abort();
	va_end(ap);
	buf_addf(&b, "imapd: connection %zu", c->serial);
	if (c->step != NULL)
		buf_addf(&b, ", %s:%d", c->step->file, c->step->line);
	buf_addf(&b, ": %s\n", what);
	if (i > 0)
		buf_adds(&b, "\t...\n");
	for (; i < c->shown_n; i++)
		buf_addf(&b, "\t%s\n", c->shown[i % SHOWN]);
	/* In one write, since other connections may fail at the same time. */
	if (write(STDERR_FILENO, b.p, b.n) == -1)
		_exit(2);
	_exit(1);
}

static long long
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Up to ${n} bytes; 0: nothing now, or closed. */
static size_t
receive(struct conn *c, char *p, size_t n)
{
	ssize_t r;
	int code;

	if (c->ssl == NULL) {
		r = recv(c->fd, p, n, MSG_DONTWAIT);
		if (r == 0 || (r == -1 && errno != EAGAIN && errno != EINTR))
			c->closed = true;
		return r > 0 ? (size_t)r : 0;
	}
	ERR_clear_error();
	code = SSL_read(c->ssl, p, n > INT32_MAX ? INT32_MAX : (int)n);
	if (code > 0)
		return (size_t)code;
	code = SSL_get_error(c->ssl, code);
	if (code != SSL_ERROR_WANT_READ && code != SSL_ERROR_WANT_WRITE)
		c->closed = true;
	return 0;
}

/* Take in what is there. */
static void
pump(struct conn *c)
{
	char *room;
	size_t n;

	do {
		if (c->in_at == c->in.n) {
			buf_clear(&c->in);
			c->in_at = 0;
		}
		if ((room = buf_room(&c->in, 65536)) == NULL)
			conn_fail(c, "the client sends without an end");
		n = receive(c, room, 65536);
		c->in.n += n;
		room[n] = '\0';
	} while (n > 0);
}

/* Wait for one of ${events}; false after ${ms} milliseconds. */
static bool
wait_for(const struct conn *c, short events, int ms)
{
	struct pollfd p = { .fd = c->fd, .events = events };
	int r;

	while ((r = poll(&p, 1, ms)) == -1 && errno == EINTR)
		;
	return r > 0;
}

/* Some of it: how much; 0 not now, or closed. */
static size_t
transmit(struct conn *c, const char *p, size_t n)
{
	ssize_t r;
	int code;

	if (c->ssl == NULL) {
		r = send(c->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (r == -1 && errno != EAGAIN && errno != EINTR)
			c->closed = true;
		return r > 0 ? (size_t)r : 0;
	}
	ERR_clear_error();
	code = SSL_write(c->ssl, p, n > INT32_MAX ? INT32_MAX : (int)n);
	if (code > 0)
		return (size_t)code;
	code = SSL_get_error(c->ssl, code);
	if (code != SSL_ERROR_WANT_READ && code != SSL_ERROR_WANT_WRITE)
		c->closed = true;
	return 0;
}

static void
send_all(struct conn *c, const char *p, size_t n)
{
	size_t k;

	while (n > 0) {
		if ((k = transmit(c, p, n)) > 0) {
			p += k;
			n -= k;
			continue;
		}
		if (c->closed) {
			if (c->may_close)
				return;
			conn_fail(c, "the client closed the connection while "
			    "it was being sent to");
		}
		if (!wait_for(c, POLLIN | POLLOUT, SEND_TIMEOUT))
			conn_fail(c, "the client doesn't read");
		pump(c);
	}
}

void
conn_flush(struct conn *c)
{
	size_t at, n;

	if (c->split == 0) {
		send_all(c, buf_text(&c->out), c->out.n);
	} else for (at = 0; at < c->out.n && !c->closed; at += n) {
		n = c->out.n - at;
		if (n > c->split)
			n = (size_t)c->split;
		send_all(c, c->out.p + at, n);
		if (c->pause > 0)
			conn_sleep(c, c->pause);
	}
	buf_clear(&c->out);
}

void
conn_add(struct conn *c, const void *p, size_t n)
{
	if (c->closed && c->may_close)
		return;
	if (buf_add(&c->out, p, n) == -1)
		conn_fail(c, "too much to send at once");
	if (c->out.n >= OUT_ENOUGH)
		conn_flush(c);
}

int
conn_line(struct conn *c, char **line, size_t *n)
{
	long long end = now_ms() + c->timeout;
	size_t seen = 0;
	char *lf;

	conn_flush(c);
	for (;;) {
		char *start = c->in.p + c->in_at;
		size_t have = c->in.n - c->in_at;

		if (have > seen && (lf = memchr(start + seen, '\n',
		    have - seen)) != NULL) {
			if (lf == start || lf[-1] != '\r')
				conn_fail(c, "a line of the client ends "
				    "without CR");
			*line = start;
			*n = (size_t)(lf - 1 - start);
			c->in_at += *n + 2;
			return 1;
		}
		if (have > LINE_LONG)
			conn_fail(c, "a line of the client is endless");
		seen = have;
		if (c->closed)
			return 0;
		if (now_ms() >= end)
			return -1;
		/* TLS may hold bytes that poll doesn't see: so read first. */
		pump(c);
		if (c->in.n - c->in_at == seen && !c->closed)
			wait_for(c, POLLIN, (int)(end - now_ms() > 0 ?
			    end - now_ms() : 0));
	}
}

void
conn_back(struct conn *c, size_t n)
{
	c->in_at -= n + 2;
}

size_t
conn_bytes(struct conn *c, char *p, size_t n)
{
	size_t have;

	conn_flush(c);
	while (c->in.n == c->in_at) {
		if (c->closed)
			return 0;
		pump(c);
		if (c->in.n == c->in_at && !c->closed &&
		    !wait_for(c, POLLIN, c->timeout))
			conn_fail(c, "the client is silent inside a literal");
	}
	have = c->in.n - c->in_at;
	if (have > n)
		have = n;
	memcpy(p, c->in.p + c->in_at, have);
	c->in_at += have;
	return have;
}

void
conn_tls(struct conn *c, const char *name)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	char *pem = xasprintf("%s/%s.pem", c->tls_dir, name);
	char *key = xasprintf("%s/%s.key", c->tls_dir, name);
	int r, code;

	conn_flush(c);
	if (c->in_at != c->in.n)
		conn_fail(c, "the client sent more before the handshake");
	if (ctx == NULL || SSL_CTX_use_certificate_chain_file(ctx, pem) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		conn_fail(c, "no certificate %s and key", pem);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	free(pem);
	free(key);
	if ((c->ssl = SSL_new(ctx)) == NULL || SSL_set_fd(c->ssl, c->fd) != 1)
		conn_fail(c, "no TLS");
	SSL_CTX_free(ctx);
	while ((r = SSL_accept(c->ssl)) != 1) {
		code = SSL_get_error(c->ssl, r);
		if (code != SSL_ERROR_WANT_READ &&
		    code != SSL_ERROR_WANT_WRITE) {
			if (!c->may_close)
				conn_fail(c, "no TLS handshake");
			c->closed = true;
			return;
		}
		if (!wait_for(c, code == SSL_ERROR_WANT_READ ? POLLIN :
		    POLLOUT, c->timeout))
			conn_fail(c, "the TLS handshake takes too long");
	}
	conn_show(c, '-', "TLS", 3);
}

void
conn_sleep(struct conn *c, uint64_t us)
{
	struct timespec t = { (time_t)(us / 1000000),
	    (long)(us % 1000000) * 1000 };

	(void)c;
	while (nanosleep(&t, &t) == -1 && errno == EINTR)
		;
}

void
conn_stall(struct conn *c)
{
	conn_flush(c);
	while (!c->closed) {
		buf_clear(&c->in);
		c->in_at = 0;
		pump(c);
		if (!c->closed)
			wait_for(c, POLLIN, 1000);
	}
}

/* End our side, then let the client end its own: a close() with bytes unread would become a reset. */
static void
end_in_order(struct conn *c)
{
	long long end = now_ms() + CLOSE_TIMEOUT;

	shutdown(c->fd, SHUT_WR);
	while (!c->closed && now_ms() < end) {
		buf_clear(&c->in);
		c->in_at = 0;
		pump(c);
		if (!c->closed)
			wait_for(c, POLLIN, 100);
	}
	close(c->fd);
	c->closed = true;
}

void
conn_close(struct conn *c)
{
	conn_flush(c);
	if (c->ssl != NULL)
		SSL_shutdown(c->ssl);
	end_in_order(c);
}

void
conn_cut(struct conn *c)
{
	conn_flush(c);
	end_in_order(c);
}

void
conn_reset(struct conn *c)
{
	struct linger l = { 1, 0 };

	conn_flush(c);
	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(c->fd);
	c->closed = true;
}
