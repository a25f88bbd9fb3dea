/*
 * url.c - the server's URL, in and out, and the proxy's.
 *
 * What is refused here is never repeated in the error: people do write
 * passwords into URLs.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "config/setting.h"
#include "config/url.h"

#define PORT_IMAPS	993
#define PORT_IMAP	143
#define HOST_MAX	253	/* RFC 1035, section 2.3.4, as text */
#define USER_MAX	1024	/* longer than any server takes */

static const char unreserved[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

static bool
has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

static bool
is_ipv6(const char *host)
{
	struct in6_addr addr;
	size_t n = strcspn(host, "%");
	char *plain;
	bool is;

	/* A zone (fe80::1%eth0) is not inet_pton()'s business. */
	if (host[n] == '%' && (host[n + 1] == '\0' ||
	    host[n + 1 + strspn(host + n + 1, unreserved)] != '\0'))
		return false;
	plain = xmemdup0(host, n);
	is = inet_pton(AF_INET6, plain, &addr) == 1;
	free(plain);
	return is;
}

/*
 * A host name; beyond ASCII it is an internationalised one, which libcurl
 * translates.
 */
static bool
is_name(const char *host)
{
	size_t n = strlen(host), len;
	uint32_t cp;

	if (n == 0 || strchr(".-", host[0]) != NULL ||
	    strstr(host, "..") != NULL)
		return false;
	for (; n > 0; host += len, n -= len) {
		if ((len = utf8_next(host, n, &cp)) == 0 || text_harmful(cp) ||
		    cp == 0xa0 || cp == 0x3000)
			return false;
		if (len == 1 && *host != '_' &&
		    (*host == '~' || strchr(unreserved, *host) == NULL))
			return false;
	}
	return true;
}

static void
lower(char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

/*
 * host[:port] in the ${n} bytes at ${s}.  A port that is not there leaves
 * ${*port_out} alone.
 */
static int
parse_host(const char *s, size_t n, char **host_out, uint16_t *port_out,
    struct err *e)
{
	const char *end = s + n, *stop;
	char *host;
	uint64_t port = *port_out;
	bool literal = n > 0 && *s == '[';

	if (literal) {
		s++;
		if ((stop = memchr(s, ']', (size_t)(end - s))) == NULL)
			return err_set(e, EK_USAGE,
			    "an IPv6 address ends with ]");
	} else if ((stop = memchr(s, ':', n)) == NULL)
		stop = end;
	host = xmemdup0(s, (size_t)(stop - s));
	if (literal)
		stop++;
	if (stop < end && (*stop != ':' || text_u64(stop + 1,
	    (size_t)(end - stop - 1), &port) == -1 ||
	    port < 1 || port > UINT16_MAX)) {
		err_set(e, EK_USAGE, "the port is a number from 1 to 65535");
		if (!literal && memrchr(s, ':', n) != stop)
			err_next(e, "write an IPv6 address in []");
		goto bad;
	}
	if (strlen(host) > HOST_MAX ||
	    !(literal ? is_ipv6(host) : is_name(host))) {
		err_set(e, EK_USAGE, "that is not the name of a host");
		goto bad;
	}
	lower(host);
	*host_out = host;
	*port_out = (uint16_t)port;
	return 0;
bad:
	free(host);
	return -1;
}

/* The user of a URL: what it stands for once every %XX is a byte, or NULL. */
static char *
parse_user(const struct account *a, const char *s, size_t n, struct err *e)
{
	struct buf b = BUF_INIT(n);
	char *user = NULL;
	size_t i;

	if (memchr(s, ':', n) != NULL) {
		err_set(e, EK_USAGE, "a password has no place in a URL");
		err_next(e, "use password_command, password_file or a systemd "
		    "credential; a colon in the user is written %%3A");
		goto out;
	}
	if (memchr(s, ';', n) != NULL) {
		err_set(e, EK_USAGE,
		    "a semicolon in the user is written %%3B");
		goto out;
	}
	for (i = 0; i < n; i++) {
		char c = s[i];
		char digits[3];
		int byte;

		if (c == '%') {
			snprintf(digits, sizeof(digits), "%.*s",
			    (int)(n - i < 3 ? 0 : 2), s + i + 1);
			lower(digits);
			if ((byte = text_hex(digits)) == -1) {
				err_set(e, EK_USAGE, "a %% in the user is "
				    "written %%25");
				goto out;
			}
			c = (char)byte;
			i += 2;
		}
		/* It can't overrun: the text never grows. */
		if (c == '\0' || buf_addc(&b, c) == -1) {
			err_set(e, EK_USAGE, "the user holds a NUL");
			goto out;
		}
	}
	if (b.n == 0) {
		err_set(e, EK_USAGE, "nothing stands before the @");
		goto out;
	}
	user = url_user(a, buf_text(&b), e);
out:
	buf_release(&b);
	return user;
}

int
account_url(struct account *a, const char *url, struct err *e)
{
	bool implicit = strncasecmp(url, "imaps://", 8) == 0;
	uint16_t port = implicit ? PORT_IMAPS : PORT_IMAP;
	const char *s, *at;
	char *user = NULL, *host = NULL;
	size_t n;

	if (!implicit && strncasecmp(url, "imap://", 7) != 0)
		return err_set(e, EK_USAGE,
		    "a server is written imaps://[user@]host[:port]");
	s = url + (implicit ? 8 : 7);
	n = strcspn(s, "/?#");
	if (s[n] != '\0' && strcmp(s + n, "/") != 0)
		return err_set(e, EK_USAGE,
		    "nothing may stand behind the server's host and port");
	if ((at = memrchr(s, '@', n)) != NULL) {
		if ((user = parse_user(a, s, (size_t)(at - s), e)) == NULL)
			return -1;
		n -= (size_t)(at + 1 - s);
		s = at + 1;
	}
	if (parse_host(s, n, &host, &port, e) == -1) {
		free(user);
		return -1;
	}
	free(a->host);
	a->host = host;
	a->port = port;
	a->tls = implicit ? ACCOUNT_IMPLICIT : ACCOUNT_STARTTLS;
	url_tls(a);
	setting_mark(a, setting_find("server"));
	if (user != NULL) {
		free(a->user);
		a->user = user;
		setting_mark(a, setting_find("user"));
	}
	return 0;
}

static void
add_encoded(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++)
		if (strchr(unreserved, *s) != NULL)
			(void)buf_addc(b, *s);
		else
			(void)buf_addf(b, "%%%02X", (unsigned char)*s);
}

static char *
url_text(const struct account *a, const char *user)
{
	struct buf b = BUF_INIT(8 * (HOST_MAX + USER_MAX));
	bool implicit = a->tls == ACCOUNT_IMPLICIT;
	bool literal;

	if (a->host == NULL)
		return xstrdup("");
	literal = strchr(a->host, ':') != NULL;
	(void)buf_adds(&b, implicit ? "imaps://" : "imap://");
	if (user != NULL) {
		add_encoded(&b, user);
		(void)buf_addc(&b, '@');
	}
	(void)buf_addf(&b, literal ? "[%s]" : "%s", a->host);
	if (a->port != (implicit ? PORT_IMAPS : PORT_IMAP))
		(void)buf_addf(&b, ":%u", (unsigned int)a->port);
	return buf_take(&b);
}

char *
account_url_text(const struct account *a)
{
	return url_text(a, a->user);
}

char *
url_server_text(const struct account *a)
{
	return url_text(a, NULL);
}

void
url_tls(struct account *a)
{
	if (a->tls != ACCOUNT_IMPLICIT)
		a->tls = a->insecure_plaintext ? ACCOUNT_PLAINTEXT :
		    ACCOUNT_STARTTLS;
}

char *
url_user(const struct account *a, const char *user, struct err *e)
{
	size_t n = strlen(user);

	if (n > USER_MAX)
		err_set(e, EK_USAGE, "the user is longer than %d bytes",
		    USER_MAX);
	else if (has_control(user) || !utf8_valid(user, n))
		err_set(e, EK_USAGE,
		    "the user holds a control character or is not UTF-8");
	else if (a->user != NULL && setting_given(a, setting_find("user")) &&
	    strcmp(a->user, user) != 0)
		/*
		 * The URL says one thing and the option another: neither is a
		 * guess worth making.
		 */
		err_set(e, EK_USAGE, "two users are given, '%s' and '%s'",
		    a->user, user);
	else
		return xstrdup(user);
	return NULL;
}

char *
url_proxy(const struct account *a, const char *url, struct err *e)
{
	uint16_t port = 0;
	char *host;
	size_t skip, n;

	(void)a;
	if (strncasecmp(url, "socks5h://", 10) == 0)
		skip = 10;
	else if (strncasecmp(url, "http://", 7) == 0)
		skip = 7;
	else {
		err_set(e, EK_USAGE, "a proxy is written socks5h://host[:port]"
		    " or http://host[:port]");
		return NULL;
	}
	if (strchr(url, '@') != NULL) {
		err_set(e, EK_USAGE, "a proxy that wants a user or a password "
		    "can't be used");
		return NULL;
	}
	n = strlen(url + skip);
	if (n > 0 && url[skip + n - 1] == '/')
		n--;
	if (parse_host(url + skip, n, &host, &port, e) == -1)
		return NULL;
	free(host);
	return xstrdup(url);
}

bool
url_loopback(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (strcasecmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}
