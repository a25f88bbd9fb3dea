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
#include <sys/stat.h>
#include <time.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/cancel.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "imap/cursor.h"
#include "imap/response.h"
#include "imap/wire.h"

#define RECV_MAX	(256 * 1024)		/* with TLS one call gives a record, 16 KiB */
#define QUEUE_MAX	(64 * 1024 * 1024)	/* what may wait to be sent */
#define CONNECT_SECONDS	30
#define SAID_MAX	1024			/* bytes kept of a refusal */

/*
 * A byte now and then is no silence; but where so few of them come in so many times the silence that is allowed,
 * nothing will come of it.  A server that says "still here" every 20 seconds says more.
 */
#define TRICKLE_BYTES		512
#define TRICKLE_TIMEOUTS	10

/* Queued bytes that wait for a wire_release(): the synchronizing literal of one command, and what follows in it. */
struct gate {
	size_t		 at, end;		/* offsets in the queue */
};

struct wire {
	CURL		*curl;			/* own */
	curl_socket_t	 sock;
	char		*in;			/* own; RECV_MAX bytes */
	struct buf	 out;			/* queued; the first ${sent} bytes are gone */
	size_t		 sent;
	struct gate	*gate;			/* own; in order */
	size_t		 gates, gates_cap;
	unsigned int	 timeout;		/* seconds */
	uint64_t	 received;
	size_t		 few;			/* bytes of late, */
	double		 waited;		/* ... and seconds of waiting for them */
	uint64_t	 max_rate;
	double		 began;			/* of the reckoning of max_rate */
	uint64_t	 since;			/* bytes since then */
};

/* What the server said while libcurl signed in. */
struct greeting {
	bool		 connected;		/* there was somebody to say something */
	bool		 begun;			/* its first line was one */
	struct buf	 last;			/* its last NO, BAD or BYE; or what it said instead of a greeting */
	bool		 refused, bye;		/* there was one; it was a BYE */
	/* the last CAPABILITY: what was offered before STARTTLS is no longer true */
	bool		 password, token;	/* a SASL mechanism that we can use */
	bool		 login_disabled;
};

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
take_capability(struct greeting *g, const char *line)
{
	g->password = strcasestr(line, "AUTH=PLAIN") != NULL ||
	    strcasestr(line, "AUTH=LOGIN") != NULL;
	g->token = strcasestr(line, "AUTH=XOAUTH2") != NULL ||
	    strcasestr(line, "AUTH=OAUTHBEARER") != NULL;
	g->login_disabled = strcasestr(line, "LOGINDISABLED") != NULL;
}

/* 0, or -1: it is no IMAP server's greeting. */
static int
take_line(struct greeting *g, const char *line)
{
	const char *word = line + strcspn(line, " ");
	bool capability = strcasestr(line, "CAPABILITY ") != NULL;
	size_t n;

	if (!g->begun && strncmp(line, "* ", 2) != 0) {
		buf_adds(&g->last, line);
		return -1;
	}
	/* The rest of the dialogue is about secrets. */
	if (!g->begun || capability)
		log_debug("S: %s", line);
	g->begun = true;
	if (capability)
		take_capability(g, line);
	word += strspn(word, " ");
	n = strcspn(word, " ");
	if (str_same(word, n, "NO") || str_same(word, n, "BAD") ||
	    str_same(word, n, "BYE")) {
		g->refused = true;
		g->bye = str_same(word, n, "BYE");
		buf_clear(&g->last);
		buf_adds(&g->last, word + n + strspn(word + n, " "));
	}
	return 0;
}

/* libcurl hands each line of the sign-in to its header callback. */
static size_t
on_header(char *p, size_t size, size_t n, void *arg)
{
	char *line = xmemdup0(p, n);
	int rc;

	(void)size;
	line[strcspn(line, "\r\n")] = '\0';
	rc = take_line(arg, line);
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
	struct greeting g = { .last = BUF_INIT(SAID_MAX) };
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
	struct greeting g = { .last = BUF_INIT(SAID_MAX) };
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
	buf_init(&w->out, QUEUE_MAX);
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
	buf_release(&w->out);
	free(w->gate);
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
	return w->out.n - w->sent;
}

/* Take ${n} bytes at ${at} out of the queue. */
static void
cut(struct wire *w, size_t at, size_t n)
{
	size_t i;

	memmove(w->out.p + at, w->out.p + at + n, w->out.n - at - n);
	w->out.n -= n;
	for (i = 0; i < w->gates; i++) {
		w->gate[i].at -= n;
		w->gate[i].end -= n;
	}
}

/* Forget what was sent, once that is worth the move. */
static void
compact(struct wire *w)
{
	if (w->sent == 0 || w->sent < w->out.n / 2)
		return;
	cut(w, 0, w->sent);
	w->sent = 0;
}

int
wire_put(struct wire *w, const void *p, size_t n, size_t held, struct err *e)
{
	compact(w);
	if (buf_add(&w->out, p, n) == -1)
		return err_set(e, EK_PROTO,
		    "the server does not read what is sent to it");
	if (held > 0) {
		w->gate = mem_grow(w->gate, &w->gates_cap, w->gates + 1,
		    sizeof(*w->gate));
		w->gate[w->gates++] = (struct gate){ w->out.n - held,
		    w->out.n };
	}
	return 0;
}

/* The first gate is no more; where it stood. */
static struct gate
take_gate(struct wire *w)
{
	struct gate first = w->gate[0];

	memmove(w->gate, w->gate + 1, --w->gates * sizeof(*w->gate));
	return first;
}

void
wire_release(struct wire *w)
{
	take_gate(w);
}

void
wire_drop(struct wire *w)
{
	struct gate first = take_gate(w);

	cut(w, first.at, first.end - first.at);
}

/* Up to where bytes may be sent now. */
static size_t
sendable(const struct wire *w)
{
	return w->gates > 0 ? w->gate[0].at : w->out.n;
}

/* Send what goes without waiting. */
static int
push(struct wire *w, struct err *e)
{
	size_t end = sendable(w), n;
	CURLcode code;

	while (w->sent < end) {
		code = curl_easy_send(w->curl, w->out.p + w->sent,
		    end - w->sent, &n);
		if (code == CURLE_AGAIN)
			return 0;
		if (code != CURLE_OK)
			return err_set(e, EK_TEMP, "the connection broke: %s",
			    curl_easy_strerror(code));
		w->sent += n;
	}
	compact(w);
	return 0;
}

void
wire_flush(struct wire *w)
{
	struct err ignored;

	(void)push(w, &ignored);
}

/* Wait until the socket is ready or ${until} has passed: 1 ready, 0 time is up, -1. */
static int
wait_ready(struct wire *w, double until, struct err *e)
{
	struct pollfd fds[2] = {
		{ .fd = w->sock, .events = POLLIN },
		{ .fd = cancel_fd(), .events = POLLIN },
	};
	double left;
	int r;

	if (w->sent < sendable(w))
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
		return cancel_check(e) == -1 ? -1 : r > 0;
	}
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

int
wire_get(struct wire *w, const char **p, size_t *n, struct err *e)
{
	double until = 0, from;
	size_t max = RECV_MAX;
	CURLcode code;
	int r;

	/* With a rate of a few KiB a second, pieces of a fraction of a second's worth. */
	if (w->max_rate != 0 && w->max_rate / 4 + 1 < max)
		max = (size_t)(w->max_rate / 4 + 1);
	for (;;) {
		if (cancel_check(e) == -1 || push(w, e) == -1)
			return -1;
		/* TLS may hold bytes that poll(2) doesn't know of: ask before waiting. */
		code = curl_easy_recv(w->curl, w->in, max, n);
		if (code == CURLE_OK && *n > 0)
			break;
		if (code == CURLE_OK)
			return err_set(e, EK_TEMP,
			    "the server closed the connection");
		if (code != CURLE_AGAIN)
			return err_set(e, EK_TEMP, "the connection broke: %s",
			    curl_easy_strerror(code));
		from = seconds();
		if (until == 0)
			until = from + w->timeout;
		if ((r = wait_ready(w, until, e)) == -1)
			return -1;
		w->waited += seconds() - from;
		if (r == 0)
			return err_set(e, EK_TEMP,
			    "the server was silent for %u seconds", w->timeout);
	}
	w->received += *n;
	*p = w->in;
	return check_trickle(w, *n, e) == -1 ? -1 : obey_rate(w, *n, e);
}
