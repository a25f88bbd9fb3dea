/*
 * wire.c - see wire.h.  The one file that includes libcurl.
 *
 * libcurl connects, does TLS and signs in (CURLOPT_CONNECT_ONLY); then its socket is ours through curl_easy_send()
 * and curl_easy_recv().  One handle makes one connection: nothing is pooled, shared or used again.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/cancel.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "imap/greeting.h"
#include "imap/outgoing.h"
#include "imap/response.h"
#include "imap/wire.h"

#define RECV_MAX	(256 * 1024)		/* with TLS one call gives a record, 16 KiB */
#define QUEUE_MAX	(64 * 1024 * 1024)	/* what may wait to be sent */
#define CONNECT_SECONDS	30

/*
 * A byte now and then is no silence; but where so few of them come in so many times the silence that is allowed,
 * nothing will come of it.  A server that says "still here" every 20 seconds says more.
 */
#define TRICKLE_BYTES		512
#define TRICKLE_TIMEOUTS	10

struct wire {
	CURL		*curl;			/* own */
	curl_socket_t	 sock;
	char		*in;			/* own; RECV_MAX bytes */
	struct outgoing	 out;			/* own */
	size_t		 again;			/* bytes that the last send would have blocked on; 0: it did not */
	CURLcode	 dead;			/* why nothing can be sent any more, or CURLE_OK */
	int		 outstanding;		/* bytes that the peer had not acknowledged when we last looked */
	unsigned int	 timeout;		/* seconds */
	uint64_t	 received;
	size_t		 few;			/* bytes of late, */
	double		 waited;		/* ... and seconds of waiting for them */
	uint64_t	 max_rate;
	double		 began;			/* of the reckoning of max_rate */
	uint64_t	 since;			/* bytes since then */
};

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* libcurl hands each line of the sign-in to its header callback. */
static size_t
on_header(char *p, size_t size, size_t n, void *arg)
{
	char *line = xmemdup0(p, n);
	int rc;

	(void)size;
	line[strcspn(line, "\r\n")] = '\0';
	rc = greeting_line(arg, line);
	free(line);
	return rc == -1 ? 0 : n;
}

static int
on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	(void)arg, (void)a, (void)b, (void)c, (void)d;
	return cancel_signal() != 0;
}

/* Of what libcurl tells only what has no secret in it: where it connects, and how that is encrypted. */
static int
on_debug(CURL *curl, curl_infotype type, char *p, size_t n, void *arg)
{
	static const char *const told[] = { "Trying ", "Connected to ",
	    "Established connection to ", "SSL connection using " };
	char *line;
	size_t i;

	(void)curl, (void)arg;
	if (type != CURLINFO_TEXT)
		return 0;
	line = xmemdup0(p, n);
	p = line + strspn(line, " ");
	p[strcspn(p, "\r\n")] = '\0';
	for (i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (strncmp(p, told[i], strlen(told[i])) == 0)
			log_debug("%s", p);
	free(line);
	return 0;
}

/* Each set_*() is false where there is no memory: without all it was told, the handle must not be used. */
static bool
set_url(CURL *curl, const struct imap_login *l)
{
	bool ok;
	const char *open = strchr(l->host, ':') != NULL ? "[" : "";
	const char *close = *open == '[' ? "]" : "";
	char *url;

	url = xasprintf("%s://%s%s%s:%u/",
	    l->tls == IMAP_TLS_IMPLICIT ? "imaps" : "imap", open, l->host,
	    close, (unsigned int)l->port);
	ok = curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK;
	free(url);
	return ok;
}

/* A file of certificates or a directory of them, hashed as OpenSSL wants it. */
static bool
set_ca(CURL *curl, const char *path)
{
	struct stat st;
	bool directory = stat(path, &st) == 0 && S_ISDIR(st.st_mode);

	return curl_easy_setopt(curl, CURLOPT_CAINFO,
	    directory ? NULL : path) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_CAPATH,
	    directory ? path : NULL) == CURLE_OK;
}

static bool
set_tls(CURL *curl, const struct imap_login *l)
{
	curl_easy_setopt(curl, CURLOPT_USE_SSL, l->tls == IMAP_TLS_NONE ?
	    (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	if (l->tls_ca != NULL && !set_ca(curl, l->tls_ca))
		return false;
	if (l->tls_pin == NULL)
		return true;
	/* A pinned key says more than any chain: it takes the chain's place. */
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	return curl_easy_setopt(curl, CURLOPT_PINNEDPUBLICKEY,
	    l->tls_pin) == CURLE_OK;
}

/*
 * Which mechanisms libcurl may use.  Left to itself it prefers some that servers offer and can't do, and never comes
 * back from them; so it gets what the kind of secret calls for.
 */
static bool
set_secret(CURL *curl, const struct imap_login *l, bool any_mechanism)
{
	const char *mechanisms = any_mechanism ? NULL :
	    l->is_token ? "AUTH=OAUTHBEARER;AUTH=XOAUTH2" :
	    "AUTH=PLAIN;AUTH=LOGIN";

	return curl_easy_setopt(curl, CURLOPT_USERNAME, l->user) ==
	    CURLE_OK &&
	    curl_easy_setopt(curl, l->is_token ? CURLOPT_XOAUTH2_BEARER :
	    CURLOPT_PASSWORD, l->secret) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_LOGIN_OPTIONS, mechanisms) ==
	    CURLE_OK;
}

/* Plain text is for a server that is near: what the environment says of proxies must not send it further. */
static bool
set_proxy(CURL *curl, const struct imap_login *l)
{
	const char *proxy = l->proxy == NULL && l->tls == IMAP_TLS_NONE ?
	    "" : l->proxy;

	return curl_easy_setopt(curl, CURLOPT_PROXY, proxy) == CURLE_OK;
}

static void
set_manners(CURL *curl, const struct imap_login *l)
{
	curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, (long)RECV_MAX);
	curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT,
	    (long)(l->timeout < CONNECT_SECONDS ? l->timeout :
	    CONNECT_SECONDS));
	curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT,
	    (long)l->timeout);
	curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

/* Where libcurl tells what happens. */
static void
set_listeners(CURL *curl, struct greeting *g, char *why)
{
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, g);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_debug);
	curl_easy_setopt(curl, CURLOPT_VERBOSE, (long)log_wants(LOG_DEBUG));
}

/* NULL where there is no memory. */
static CURL *
new_handle(const struct imap_login *l, struct greeting *g, char *why)
{
	CURL *curl = curl_easy_init();

	if (curl == NULL)
		return NULL;
	set_manners(curl, l);
	set_listeners(curl, g, why);
	if (set_url(curl, l) && set_tls(curl, l) && set_proxy(curl, l) &&
	    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "imap,imaps") ==
	    CURLE_OK)
		return curl;
	curl_easy_cleanup(curl);
	return NULL;
}

/*
 * The pin of whoever answers there, found without trusting it and without signing in: for the message that says how
 * to trust a server with a certificate of its own.  Return 0 or -1.
 */
static int
find_pin(const struct imap_login *l, char out[PIN_MAX])
{
	struct greeting g = GREETING_INIT;
	struct imap_login anonymous = *l;
	char why[CURL_ERROR_SIZE];
	struct curl_certinfo *info = NULL;
	struct curl_slist *item;
	CURL *curl;
	int rc = -1;

	anonymous.tls_pin = NULL;
	if ((curl = new_handle(&anonymous, &g, why)) == NULL)
		return -1;
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
	if (curl_easy_perform(curl) != CURLE_OK ||
	    curl_easy_getinfo(curl, CURLINFO_CERTINFO, &info) != CURLE_OK ||
	    info == NULL || info->num_of_certs < 1)
		goto out;
	for (item = info->certinfo[0]; item != NULL; item = item->next)
		if (strncmp(item->data, "Cert:", 5) == 0)
			rc = digest_pin(item->data + 5, out);
out:
	curl_easy_cleanup(curl);
	buf_release(&g.last);
	return rc;
}

/* The handshake was cut off: that says nothing about the server's trustworthiness. */
static bool
is_cut(const char *why)
{
	return strcasestr(why, "SSL_ERROR_SYSCALL") != NULL ||
	    strcasestr(why, "unexpected eof") != NULL ||
	    strcasestr(why, "reset by peer") != NULL;
}

static int
unreachable(const struct imap_login *l, const char *why, const char *said,
    struct err *e)
{
	bool proxy = l->proxy != NULL;

	return err_set(e, EK_TEMP, "can't connect to %s port %u%s%s: %s%s%s",
	    l->host, (unsigned int)l->port, proxy ? " through the proxy " :
	    "", proxy ? l->proxy : "", why, *said == '\0' ? "" : ": ", said);
}

static int
tls_error(const struct imap_login *l, CURLcode code, const char *why,
    struct err *e)
{
	char pin[PIN_MAX];

	if (code == CURLE_SSL_CONNECT_ERROR && is_cut(why))
		return unreachable(l, why, "", e);
	err_set(e, EK_TLS, "no trusted connection to %s: %s", l->host, why);
	switch (code) {
	case CURLE_USE_SSL_FAILED:
		return err_next(e, "the server does not offer STARTTLS: use "
		    "imaps:// if it can, nothing was sent to it");
	case CURLE_PEER_FAILED_VERIFICATION:
		if (find_pin(l, pin) == -1)
			return -1;
		return err_next(e, "if this server is yours and its key is "
		    "this one, trust it with --tls-pin %s", pin);
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		if (find_pin(l, pin) == -1)
			return -1;
		return err_next(e, "its key is another one than tls_pin says; "
		    "only if you know why, change that to %s", pin);
	case CURLE_SSL_CACERT_BADFILE:
		return err_next(e, "tls_ca or --tls-ca names a file of "
		    "certificates in PEM");
	default:
		return strcasestr(why, "wrong version number") == NULL ? -1 :
		    err_next(e, "imaps:// is for port 993, imap:// for "
		    "143 (STARTTLS)");
	}
}

static int
auth_error(const struct imap_login *l, const struct greeting *g,
    struct err *e)
{
	const char *said = buf_text(&g->last);
	uint64_t backoff;

	if (response_passes(said, &backoff))
		return err_set(e, EK_TEMP, "%s does not sign in %s now: %s",
		    l->host, l->user, said);
	if (!g->refused && !(l->is_token ? g->token : g->password))
		return err_set(e, EK_AUTH, "%s offers no way to sign in "
		    "with a %s", l->host, l->is_token ? "token" : "password");
	err_set(e, EK_AUTH, "%s refused to sign in %s%s%s", l->host, l->user,
	    *said == '\0' ? "" : ": ", said);
	return err_next(e, l->is_token ?
	    "check the user name and what token_command prints" :
	    "check the user name and the password; some providers want an "
	    "app password");
}

static int
connect_error(const struct imap_login *l, const struct greeting *g,
    CURLcode code, const char *why, struct err *e)
{
	if (*why == '\0')
		why = curl_easy_strerror(code);
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return cancel_check(e);
	if (g->bye)
		return err_set(e, EK_TEMP, "%s closed the connection: %s",
		    l->host, buf_text(&g->last));
	switch (code) {
	case CURLE_LOGIN_DENIED:
	case CURLE_AUTH_ERROR:
	case CURLE_REMOTE_ACCESS_DENIED:
		return auth_error(l, g, e);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
	case CURLE_USE_SSL_FAILED:
		return tls_error(l, code, why, e);
	case CURLE_OUT_OF_MEMORY:
		return err_set(e, EK_FAIL, "out of memory");
	case CURLE_WRITE_ERROR:	/* on_header() */
		return err_set(e, EK_PROTO, "%s port %u is no IMAP server: "
		    "it says %s", l->host, (unsigned int)l->port,
		    buf_text(&g->last));
	case CURLE_WEIRD_SERVER_REPLY:
		return err_set(e, EK_PROTO, "%s port %u: %s%s%s", l->host,
		    (unsigned int)l->port, why, g->last.n > 0 ? ": " : "",
		    buf_text(&g->last));
	default:
		unreachable(l, why, buf_text(&g->last), e);
		if (code == CURLE_COULDNT_RESOLVE_HOST)
			return err_next(e,
			    "check the server's name and the network");
		/* It waits for our first word. */
		if (l->tls != IMAP_TLS_IMPLICIT && g->connected && !g->begun)
			return err_next(e, "imap:// is for port 143 "
			    "(STARTTLS), imaps:// for 993");
		return -1;
	}
}

/* Connect and sign in; *code_out and why tell what libcurl made of it. */
static CURL *
sign_in(const struct imap_login *l, bool any_mechanism, struct greeting *g,
    CURLcode *code_out, char *why)
{
	curl_off_t took;
	CURL *curl;
	long no;

	g->begun = g->connected = false;
	why[0] = '\0';
	*code_out = CURLE_OUT_OF_MEMORY;
	if ((curl = new_handle(l, g, why)) == NULL)
		return NULL;
	if (set_secret(curl, l, any_mechanism))
		*code_out = curl_easy_perform(curl);
	if (*code_out == CURLE_OK)
		return curl;
	g->connected = curl_easy_getinfo(curl, CURLINFO_CONNECT_TIME_T,
	    &took) == CURLE_OK && took > 0;
	/* libcurl's own sentence tells host and port once more. */
	if (*code_out == CURLE_COULDNT_CONNECT &&
	    curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &no) == CURLE_OK &&
	    no != 0)
		snprintf(why, CURL_ERROR_SIZE, "%s", strerror((int)no));
	curl_easy_cleanup(curl);
	return NULL;
}

/* libcurl has signed in, but before any other command: is what should be encrypted encrypted? */
static int
check_tls(CURL *curl, const struct imap_login *l, struct err *e)
{
	struct curl_tlssessioninfo *tls = NULL;
	char none;
	size_t n;

	if (l->tls == IMAP_TLS_NONE)
		return 0;
	/* The handle learns of its connection with the first call that uses it. */
	(void)curl_easy_recv(curl, &none, 0, &n);
	if (curl_easy_getinfo(curl, CURLINFO_TLS_SSL_PTR, &tls) != CURLE_OK ||
	    tls == NULL || tls->internals == NULL)
		return err_set(e, EK_TLS,
		    "the connection to %s is not encrypted", l->host);
	return 0;
}

int
wire_open(const struct imap_login *l, struct wire **out, struct err *e)
{
	static bool initialized;
	struct greeting g = GREETING_INIT;
	char why[CURL_ERROR_SIZE];
	struct wire *w = NULL;
	CURLcode code;
	CURL *curl;
	int rc = -1;

	if (!initialized && curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return err_set(e, EK_FAIL, "libcurl can't be initialized");
	initialized = true;
	curl = sign_in(l, false, &g, &code, why);
	/*
	 * A server without SASL PLAIN and LOGIN still has the LOGIN command, which libcurl uses when it is given no
	 * choice. Nothing was refused then.
	 */
	if (curl == NULL && code == CURLE_LOGIN_DENIED && !l->is_token &&
	    !g.password && !g.login_disabled && !g.refused)
		curl = sign_in(l, true, &g, &code, why);
	if (curl == NULL) {
		connect_error(l, &g, code, why, e);
		goto out;
	}
	if (check_tls(curl, l, e) == -1) {
		curl_easy_cleanup(curl);
		goto out;
	}
	w = xcalloc(1, sizeof(*w));
	w->curl = curl;
	w->timeout = l->timeout;
	w->max_rate = l->max_rate;
	w->in = xmalloc(RECV_MAX);
	if (curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &w->sock) !=
	    CURLE_OK || w->sock == CURL_SOCKET_BAD) {
		err_set(e, EK_TEMP, "%s closed the connection", l->host);
		wire_close(&w);
		goto out;
	}
	/* The handle lives on, where it wrote during the sign-in doesn't. */
	curl_easy_setopt(curl, CURLOPT_VERBOSE, 0L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, NULL);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, NULL);
	log_debug("signed in as %s", l->user);
	*out = w;
	rc = 0;
out:
	buf_release(&g.last);
	return rc;
}

void
wire_close(struct wire **wp)
{
	struct wire *w = *wp;

	if (w == NULL)
		return;
	curl_easy_cleanup(w->curl);
	outgoing_free(&w->out);
	free(w->in);
	free(w);
	*wp = NULL;
}

uint64_t
wire_received(const struct wire *w)
{
	return w->received;
}

size_t
wire_waiting(const struct wire *w)
{
	return w->out.waiting;
}

/* ---- sending ---- */

int
wire_put(struct wire *w, const void *p, size_t n, size_t held, struct err *e)
{
	if (n > QUEUE_MAX - w->out.waiting)
		return err_set(e, EK_PROTO,
		    "the server does not read what is sent to it");
	outgoing_add(&w->out, p, n - held);
	if (held > 0)
		outgoing_hold(&w->out, (const char *)p + n - held, held);
	return 0;
}

void
wire_release(struct wire *w)
{
	outgoing_release(&w->out);
}

void
wire_drop(struct wire *w)
{
	outgoing_drop(&w->out);
}

/* Send what goes without waiting. */
static void
push(struct wire *w)
{
	CURLcode code;
	const char *p;
	size_t n, done;

	while (w->dead == CURLE_OK &&
	    (p = outgoing_next(&w->out, &n)) != NULL) {
		/* TLS insists: the same bytes, and as many, though more may have come since. */
		if (w->again != 0)
			n = w->again;
		code = curl_easy_send(w->curl, p, n, &done);
		w->again = code == CURLE_AGAIN ? n : 0;
		if (code == CURLE_AGAIN)
			return;
		if (code == CURLE_OK)
			outgoing_sent(&w->out, done);
		else
			w->dead = code;
	}
}

void
wire_flush(struct wire *w)
{
	push(w);
}

/* ---- waiting ---- */

/* Whether the peer has acknowledged something since we last looked: what the system has buffered may be megabytes. */
static bool
is_taken(struct wire *w)
{
	int before = w->outstanding;

	if (ioctl(w->sock, TIOCOUTQ, &w->outstanding) == -1)
		w->outstanding = 0;
	return w->outstanding < before;
}

/* Wait until the socket is ready or ${until} has passed: the events of poll(2), 0 time is up, -1. */
static int
wait_ready(struct wire *w, double until, struct err *e)
{
	struct pollfd fds[2] = {
		{ .fd = w->sock, .events = POLLIN },
		{ .fd = cancel_fd(), .events = POLLIN },
	};
	double left;
	size_t n;
	int r;

	if (outgoing_next(&w->out, &n) != NULL)
		fds[0].events |= POLLOUT;
	for (;;) {
		if (cancel_check(e) == -1)
			return -1;
		left = until - seconds();
		if (left < 0)
			left = 0;
		r = poll(fds, 2, (int)(left * 1000) + 1);
		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1)
			return err_sys(e, "poll failed");
		if (r == 0 && seconds() < until)
			continue;
		return cancel_check(e) == -1 ? -1 : fds[0].revents;
	}
}

/* How long nothing has happened, for one call that waits. */
struct patience {
	double	until;		/* 0: it has not begun */
};

/* Wait for the socket, but not longer than silence may last.  Where the peer takes what is sent, that is none. */
static int
wait_for_peer(struct wire *w, struct patience *p, struct err *e)
{
	double from = seconds();
	int r;

	if (p->until == 0) {
		p->until = from + w->timeout;
		is_taken(w);
	}
	if ((r = wait_ready(w, p->until, e)) == -1)
		return -1;
	if (r & POLLOUT || (r == 0 && is_taken(w))) {
		p->until = seconds() + w->timeout;
		w->few = 0;
		w->waited = 0;
		return 0;
	}
	w->waited += seconds() - from;
	if (r == 0)
		return err_set(e, EK_TEMP,
		    "the server was silent for %u seconds", w->timeout);
	return 0;
}

/* --max-rate: sleep until the bytes received so far are no more than the rate allows. */
static int
obey_rate(struct wire *w, size_t n, struct err *e)
{
	double now = seconds(), due;

	if (w->max_rate == 0)
		return 0;
	w->since += n;
	due = w->began + (double)w->since / (double)w->max_rate;
	if (due <= now) {
		/* Unused time is not saved up for later. */
		w->began = now;
		w->since = 0;
		return 0;
	}
	return cancel_sleep(due - now, e);
}

static int
check_trickle(struct wire *w, size_t n, struct err *e)
{
	w->few += n;
	if (w->few >= TRICKLE_BYTES) {
		w->few = 0;
		w->waited = 0;
	}
	if (w->waited < TRICKLE_TIMEOUTS * (double)w->timeout)
		return 0;
	return err_set(e, EK_TEMP, "the server sent only %zu bytes in %.0f "
	    "seconds", w->few, w->waited);
}

/* ---- receiving ---- */

static int
broke(CURLcode code, struct err *e)
{
	return err_set(e, EK_TEMP, "the connection broke: %s",
	    curl_easy_strerror(code));
}

/*
 * Send, and take what has come: 1 bytes, 0 none, -1.  Where nothing can be sent any more the server's last words may
 * still say why: so that is an error only when they were taken.
 */
static int
exchange(struct wire *w, size_t max, size_t *n, struct err *e)
{
	CURLcode code;

	if (cancel_check(e) == -1)
		return -1;
	push(w);
	/* TLS may hold bytes that poll(2) doesn't know of: ask before waiting. */
	code = curl_easy_recv(w->curl, w->in, max, n);
	if (code == CURLE_OK && *n > 0) {
		w->received += *n;
		return check_trickle(w, *n, e) == -1 ? -1 : 1;
	}
	if (w->dead != CURLE_OK)
		return broke(w->dead, e);
	if (code == CURLE_OK)
		return err_set(e, EK_TEMP,
		    "the server closed the connection");
	return code == CURLE_AGAIN ? 0 : broke(code, e);
}

int
wire_get(struct wire *w, const char **p, size_t *n, struct err *e)
{
	struct patience patience = { 0 };
	size_t max = RECV_MAX;
	int r;

	/* With a rate of a few KiB a second, pieces of a fraction of a second's worth. */
	if (w->max_rate != 0 && w->max_rate / 4 + 1 < max)
		max = (size_t)(w->max_rate / 4 + 1);
	while ((r = exchange(w, max, n, e)) == 0)
		if (wait_for_peer(w, &patience, e) == -1)
			return -1;
	if (r == -1)
		return -1;
	*p = w->in;
	return obey_rate(w, *n, e);
}

int
wire_send(struct wire *w, size_t most, const char **p, size_t *n,
    struct err *e)
{
	struct patience patience = { 0 };
	int r;

	while ((r = exchange(w, RECV_MAX, n, e)) == 0) {
		if (w->out.waiting <= most)
			return 0;
		if (wait_for_peer(w, &patience, e) == -1)
			return -1;
	}
	*p = w->in;
	return r;
}
