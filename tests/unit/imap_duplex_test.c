/*
 * Sending over real connections, in plain text and by TLS, to a peer that reads slowly, talks much, or stops:
 * whatever it does, neither side waits for the other for ever.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "base/digest.h"
#include "imap/imap.h"

#define MIB	(1024 * 1024)

/* How the peer takes a message. */
struct manner {
	bool		 tls;
	size_t		 talk_first;	/* bytes it says before it reads any */
	size_t		 talk;		/* bytes it says whenever it has read ${piece} */
	size_t		 piece;
	long		 pause_ms;	/* after each */
	int		 buffer;	/* of its socket; 0: as usual */
	size_t		 stop_at;	/* bytes after which it ... */
	enum { GOES_ON, HANGS, SAYS_BYE } then;
};

/* ---- the peer: a process of its own ---- */

static struct peer {
	const struct manner *how;
	int		 fd;
	SSL		*ssl;
	char		 buf[65536];
	size_t		 n, at;
} peer;

static void
peer_write(const char *p, size_t n)
{
	ssize_t r;

	for (; n > 0; p += r, n -= (size_t)r) {
		r = peer.ssl != NULL ? SSL_write(peer.ssl, p, (int)n) :
		    write(peer.fd, p, n);
		if (r <= 0)
			_exit(0);
	}
}

static void
peer_say(const char *line)
{
	char text[1100];

	snprintf(text, sizeof(text), "%s\r\n", line);
	peer_write(text, strlen(text));
}

/* So many bytes of a server that is still there. */
static void
peer_talk(size_t n)
{
	char line[1025];

	memset(line, 'x', sizeof(line));
	memcpy(line, "* OK ", 5);
	line[1022] = '\0';
	for (; n >= 1024; n -= 1024)
		peer_say(line);
}

static void
peer_read(void)
{
	ssize_t r;

	if (peer.at < peer.n)
		return;
	r = peer.ssl != NULL ? SSL_read(peer.ssl, peer.buf, sizeof(peer.buf)) :
	    read(peer.fd, peer.buf, sizeof(peer.buf));
	if (r <= 0)
		_exit(0);
	peer.n = (size_t)r;
	peer.at = 0;
}

static size_t
peer_line(char *line, size_t max)
{
	size_t n = 0;
	char c;

	do {
		peer_read();
		c = peer.buf[peer.at++];
		if (c != '\r' && c != '\n' && n + 1 < max)
			line[n++] = c;
	} while (c != '\n');
	line[n] = '\0';
	return n;
}

static void
peer_stop(void)
{
	if (peer.how->then == SAYS_BYE)
		peer_say("* BYE that is enough");
	else
		pause();
	/* With bytes unread this is a reset. */
	_exit(0);
}

/* A message; what it sums up to is its UID. */
static uint32_t
peer_message(size_t size)
{
	const struct manner *how = peer.how;
	struct timespec pause_for = { 0, how->pause_ms * 1000000 };
	size_t taken = 0, since = 0, n;
	uint32_t sum = 1;

	peer_talk(how->talk_first);
	while (taken < size) {
		if (how->then != GOES_ON && taken >= how->stop_at)
			peer_stop();
		peer_read();
		n = peer.n - peer.at < size - taken ? peer.n - peer.at :
		    size - taken;
		taken += n;
		since += n;
		for (; n > 0; n--)
			sum = sum * 31 + (unsigned char)peer.buf[peer.at++];
		if (how->piece == 0 || since < how->piece)
			continue;
		since = 0;
		peer_talk(how->talk);
		nanosleep(&pause_for, NULL);
	}
	return sum == 0 ? 1 : sum;
}

static void
peer_append(const char *tag, const char *line)
{
	const char *brace = strrchr(line, '{');
	char answer[200];
	uint32_t sum = 0;

	/* MULTIAPPEND goes on behind each. */
	while (brace != NULL) {
		char rest[1000];

		sum = peer_message(strtoul(brace + 1, NULL, 10));
		peer_line(rest, sizeof(rest));
		brace = strrchr(rest, '{');
	}
	snprintf(answer, sizeof(answer), "%s OK [APPENDUID 7 %" PRIu32
	    "] done", tag, sum);
	peer_say(answer);
}

static _Noreturn void
peer_serve(void)
{
	char line[1000], tag[64], answer[100];
	size_t n;

	peer_say("* OK here");
	for (;;) {
		peer_line(line, sizeof(line));
		n = strcspn(line, " ");
		snprintf(tag, sizeof(tag), "%.*s", (int)n, line);
		if (strstr(line, "CAPABILITY") != NULL)
			peer_say("* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR "
			    "LITERAL+ MULTIAPPEND UIDPLUS");
		if (strstr(line, " APPEND ") != NULL) {
			peer_append(tag, line);
			continue;
		}
		snprintf(answer, sizeof(answer), "%s OK done", tag);
		peer_say(answer);
	}
}

/* ---- its certificate ---- */

static EVP_PKEY *key;
static X509 *certificate;
static char pin[PIN_MAX];

static int
make_certificate(void **state)
{
	BIO *out = BIO_new(BIO_s_mem());
	X509_NAME *name;
	char *pem;
	long n;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	key = EVP_EC_gen("P-256");
	certificate = X509_new();
	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
	X509_set_pubkey(certificate, key);
	name = X509_get_subject_name(certificate);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	X509_sign(certificate, key, EVP_sha256());
	PEM_write_bio_X509(out, certificate);
	BIO_write(out, "", 1);
	n = BIO_get_mem_data(out, &pem);
	assert_true(n > 1);
	assert_int_equal(digest_pin(pem, pin), 0);
	BIO_free(out);
	return 0;
}

static int
free_certificate(void **state)
{
	(void)state;
	X509_free(certificate);
	EVP_PKEY_free(key);
	return 0;
}

static void
peer_shake_hands(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	SSL_CTX_use_certificate(ctx, certificate);
	SSL_CTX_use_PrivateKey(ctx, key);
	peer.ssl = SSL_new(ctx);
	SSL_set_fd(peer.ssl, peer.fd);
	if (SSL_accept(peer.ssl) != 1)
		_exit(1);
}

/* ---- the client ---- */

static struct imap *im;
static pid_t child;
static struct err e;

static void
start(const struct manner *how, unsigned int timeout)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct imap_login l = { .host = "127.0.0.1", .user = "anna",
	    .secret = "secret", .timeout = timeout };
	socklen_t n = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct imap_boxes boxes;

	if (how->buffer != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &how->buffer,
		    sizeof(how->buffer));
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, n), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &n), 0);
	if ((child = fork()) == 0) {
		alarm(60);
		peer.how = how;
		peer.fd = accept(fd, NULL, NULL);
		if (how->tls)
			peer_shake_hands();
		peer_serve();
	}
	close(fd);
	l.port = ntohs(sa.sin_port);
	l.tls = how->tls ? IMAP_TLS_IMPLICIT : IMAP_TLS_NONE;
	l.tls_pin = how->tls ? pin : NULL;
	assert_int_equal(imap_open(&l, &im, &e), 0);
	assert_int_equal(imap_list(im, false, &boxes, &e), 0);
	imap_boxes_release(&boxes);
}

static void
stop(void)
{
	imap_close(&im);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

struct letter {
	size_t		 n;
	uint32_t	 sum;
	unsigned int	 seed;
	bool		 whole;		/* in one piece */
};

static int
pour(void *arg, const struct sink *to, struct err *err)
{
	struct letter *l = arg;
	size_t piece = l->whole ? l->n : 30011, at, i, n;
	char *p = malloc(piece + 1);
	int rc = 0;

	l->sum = 1;
	for (at = 0; rc == 0 && at < l->n; at += n) {
		n = l->n - at < piece ? l->n - at : piece;
		for (i = 0; i < n; i++) {
			p[i] = (char)((at + i) * (l->seed + 7) / 3);
			l->sum = l->sum * 31 + (unsigned char)p[i];
		}
		rc = sink_write(to, p, n, err);
	}
	l->sum = l->sum == 0 ? 1 : l->sum;
	free(p);
	return rc;
}

static int
add(struct letter *l)
{
	const struct imap_append a = { l->n, "", NULL };
	const struct source from = { pour, l };

	return imap_append_add(im, &a, &from, &e);
}

/* Append one message; whether it went out. */
static bool
append(struct letter *l)
{
	assert_int_equal(imap_append_begin(im, "x", l, &e), 0);
	if (add(l) == -1)
		return false;
	assert_int_equal(imap_append_end(im, &e), 0);
	return true;
}

/* The next answer is that to ${l}, and what arrived is what was sent. */
static void
expect(const struct letter *l)
{
	struct imap_event ev;

	assert_int_equal(imap_next(im, &ev, &e), 1);
	assert_int_equal(ev.kind, IMAP_APPENDED);
	assert_true(ev.ok);
	assert_ptr_equal(ev.cookie, l);
	assert_int_equal(ev.uidvalidity, 7);
	assert_int_equal(uidset_min(ev.uids), l->sum);
}

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ---- tests ---- */

/* It reads slowly, and says a KiB for each four that it reads. */
static void
test_a_large_message_to_a_talkative_peer(void **state)
{
	struct manner how = { .talk = 8192, .piece = 32768, .buffer = 65536 };
	struct letter l;
	int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		how.tls = i & 1;
		l = (struct letter){ .n = i == 1 ? 64 * MIB : 8 * MIB,
		    .whole = i & 2 };
		start(&how, 20);
		assert_true(append(&l));
		assert_true(imap_sending(im) <= 256 * 1024);
		expect(&l);
		stop();
	}
}

/* Neither reads before it has said all it has to say. */
static void
test_a_peer_that_talks_before_it_reads(void **state)
{
	struct manner how = { .talk_first = 16 * MIB };
	struct letter l = { .n = 16 * MIB };

	(void)state;
	for (how.tls = false;; how.tls = true) {
		start(&how, 20);
		assert_true(append(&l));
		expect(&l);
		stop();
		if (how.tls)
			break;
	}
}

/* Sixty commands on their way, small messages and large ones: each arrives as it was sent. */
static void
test_a_pipeline_to_a_slow_peer(void **state)
{
	struct manner how = { .talk = 4096, .piece = 10000, .buffer = 8192 };
	struct letter l[60];
	unsigned int i;

	(void)state;
	for (how.tls = false;; how.tls = true) {
		start(&how, 20);
		for (i = 0; i < 60; i++) {
			l[i] = (struct letter){ .n = i % 7 == 0 ? 300000 :
			    i * 1117, .seed = i };
			assert_true(append(&l[i]));
		}
		for (i = 0; i < 60; i++)
			expect(&l[i]);
		stop();
		if (how.tls)
			break;
	}
}

/*
 * It takes its time, longer than silence may last, but it does take: also what lies in the system's buffers, when
 * nothing of it is ours any more.
 */
static void
test_a_slow_peer_is_not_a_silent_one(void **state)
{
	const struct manner how = { .piece = 40000, .pause_ms = 200,
	    .buffer = 8192 };
	struct letter l = { .n = 500000 };
	double from = seconds();

	(void)state;
	start(&how, 1);
	assert_true(append(&l));
	expect(&l);
	stop();
	assert_true(seconds() - from > 2);
}

static void
test_a_peer_that_takes_nothing_is_silent(void **state)
{
	const struct manner how = { .stop_at = 100000, .then = HANGS };
	struct letter l = { .n = 64 * MIB };
	double from;

	(void)state;
	start(&how, 1);
	from = seconds();
	assert_false(append(&l));
	assert_int_equal(e.kind, EK_TEMP);
	assert_string_equal(e.text, "the server was silent for 1 seconds");
	assert_true(seconds() - from < 10);
	stop();
}

/* Its last words are heard, though sending fails first. */
static void
test_the_last_words_of_a_peer_that_hangs_up(void **state)
{
	struct manner how = { .stop_at = 100000, .then = SAYS_BYE };
	struct letter l = { .n = 64 * MIB };

	(void)state;
	for (how.tls = false;; how.tls = true) {
		start(&how, 20);
		assert_false(append(&l));
		assert_int_equal(e.kind, EK_TEMP);
		assert_string_equal(e.text, "the server closed the "
		    "connection: that is enough");
		stop();
		if (how.tls)
			break;
	}
}

static void
test_many_messages_in_one_command(void **state)
{
	struct manner how = { .piece = 100000, .talk = 1024, .tls = true };
	struct letter l = { .n = 20000 };
	int i;

	(void)state;
	start(&how, 20);
	assert_int_equal(imap_append_begin(im, "x", &l, &e), 0);
	for (i = 0; i < 500; i++)
		assert_int_equal(add(&l), 1);
	assert_int_equal(imap_append_end(im, &e), 0);
	expect(&l);
	stop();
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_large_message_to_a_talkative_peer),
		cmocka_unit_test(test_a_peer_that_talks_before_it_reads),
		cmocka_unit_test(test_a_pipeline_to_a_slow_peer),
		cmocka_unit_test(test_a_slow_peer_is_not_a_silent_one),
		cmocka_unit_test(test_a_peer_that_takes_nothing_is_silent),
		cmocka_unit_test(test_the_last_words_of_a_peer_that_hangs_up),
		cmocka_unit_test(test_many_messages_in_one_command),
	};

	return cmocka_run_group_tests(tests, make_certificate,
	    free_certificate);
}
