/*
 * connect.c - see connect.h.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "job/connect.h"

#define SECRET_MAX	(64 * 1024)

struct connect_secret {
	struct buf	text;		/* own */
	bool		known, is_token;
};

struct connect_secret *
connect_secret(void)
{
	struct connect_secret *s = xcalloc(1, sizeof(*s));

	buf_init(&s->text, SECRET_MAX);
	return s;
}

static void
wipe(struct connect_secret *s)
{
	mem_wipe(s->text.p, s->text.cap);
	buf_release(&s->text);
	s->known = false;
}

void
connect_forget(struct connect_secret **sp)
{
	if (*sp == NULL)
		return;
	wipe(*sp);
	free(*sp);
	*sp = NULL;
}

static int
find_secret(const struct account *a, const struct job_ask *ask,
    struct connect_secret *s, struct err *e)
{
	if (s->known && !s->is_token)
		return 0;
	wipe(s);
	if (secret_get(a, ask->fn, ask->arg, &s->text, &s->is_token, e) == -1)
		return -1;
	s->known = true;
	return 0;
}

int
connect_open(const struct account *a, const char *hint,
    const struct job_ask *ask, struct connect_secret *s, struct imap **out,
    struct err *e)
{
	struct imap_login login = {
		.host = a->host,
		.port = a->port,
		.user = a->user,
		.tls_ca = a->tls_ca,
		.tls_pin = a->tls_pin,
		.proxy = a->proxy,
		.timeout = (unsigned int)a->timeout,
		.max_rate = a->max_rate,
		.disable = a->disable.v,
		.disable_n = a->disable.n,
		.hint = hint,
	};

	if (account_check(a, e) == -1 || find_secret(a, ask, s, e) == -1)
		return -1;
	login.tls = a->tls == ACCOUNT_IMPLICIT ? IMAP_TLS_IMPLICIT :
	    a->tls == ACCOUNT_STARTTLS ? IMAP_TLS_STARTTLS : IMAP_TLS_NONE;
	login.secret = buf_text(&s->text);
	login.is_token = s->is_token;
	return imap_open(&login, out, e);
}

int
connect_once(const struct account *a, const struct job_ask *ask,
    struct imap **out, struct err *e)
{
	struct connect_secret *s = connect_secret();
	int rc = connect_open(a, NULL, ask, s, out, e);

	connect_forget(&s);
	return rc;
}
