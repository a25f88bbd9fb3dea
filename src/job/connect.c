/*
 * connect.c - from an account to a session.
 */
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "job/job.h"

#define SECRET_MAX	(64 * 1024)

int
job_connect(const struct account *a, const char *hint,
    const struct job_ask *ask, struct imap **out, struct err *e)
{
	struct buf secret = BUF_INIT(SECRET_MAX);
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
	int rc = -1;

	if (account_check(a, e) == -1)
		return -1;
	login.tls = a->tls == ACCOUNT_IMPLICIT ? IMAP_TLS_IMPLICIT :
	    a->tls == ACCOUNT_STARTTLS ? IMAP_TLS_STARTTLS : IMAP_TLS_NONE;
	if (secret_get(a, ask->fn, ask->arg, &secret, &login.is_token, e) == 0) {
		login.secret = buf_text(&secret);
		rc = imap_open(&login, out, e);
	}
	mem_wipe(secret.p, secret.cap);
	buf_release(&secret);
	return rc;
}
