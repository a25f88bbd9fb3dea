/*
 * account.c - an account as a whole: made, copied, merged, named and checked.
 *
 * What a setting is and how its value is stored is setting.c's business; here
 * they are just rows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/account.h"
#include "config/setting.h"
#include "config/url.h"

#define FULL_EVERY	(7 * 86400)
#define TIMEOUT		60

struct account *
account_new(void)
{
	struct account *a;

	a = xcalloc(1, sizeof(*a));
	a->tls = ACCOUNT_IMPLICIT;
	a->full_every = FULL_EVERY;
	a->timeout = TIMEOUT;
	a->password_fd = -1;
	a->prune.keep_flagged = a->prune.keep_unread = true;
	return a;
}

void
account_free(struct account **ap)
{
	struct account *a = *ap;
	size_t i;

	if (a == NULL)
		return;
	for (i = 0; i < settings_n; i++)
		setting_drop(a, &settings[i]);
	free(a->host);
	free(a->name);
	free(a->title);
	free(a);
	*ap = NULL;
}

static void
replace(char **to, const char *s)
{
	free(*to);
	*to = s == NULL ? NULL : xstrdup(s);
}

struct account *
account_copy(const struct account *from)
{
	struct account *a;
	size_t i;

	a = account_new();
	for (i = 0; i < settings_n; i++)
		setting_copy(a, from, &settings[i]);
	replace(&a->name, from->name);
	a->given = from->given;
	return a;
}

void
account_forget_commands(struct account *a)
{
	replace(&a->password_command, NULL);
	replace(&a->token_command, NULL);
}

void
account_merge(struct account *a, const struct account *over)
{
	size_t i;

	if (setting_any_secret(over))
		setting_drop_secrets(a);
	/*
	 * That one server may be spoken to in the clear says nothing of another
	 * one.
	 */
	if (setting_given(over, setting_find("server")) && a->host != NULL &&
	    strcmp(a->host, over->host) != 0)
		a->insecure_plaintext = a->insecure_plaintext_remote = false;
	for (i = 0; i < settings_n; i++)
		if (setting_given(over, &settings[i]))
			setting_copy(a, over, &settings[i]);
	url_tls(a);
	if (over->name != NULL)
		replace(&a->name, over->name);
	a->given |= over->given;
}

const char *
account_title(struct account *a)
{
	char *title;

	if (a->name != NULL)
		title = xstrdup(a->name);
	else if (a->host == NULL)
		title = xstrdup(a->vault != NULL ? a->vault : "account");
	else if (a->user == NULL)
		title = xstrdup(a->host);
	else
		title = xasprintf("%s@%s", a->user, a->host);
	/* What was handed out before stays as long as it is true. */
	if (a->title != NULL && strcmp(a->title, title) == 0) {
		free(title);
		return a->title;
	}
	free(a->title);
	a->title = title;
	return title;
}

static bool
has_secret(const struct account *a, const struct setting *s)
{
	if (!s->secret)
		return false;
	if (s->type == SETTING_FD)
		return *(int *)setting_slot(a, s) != -1;
	return *(char **)setting_slot(a, s) != NULL;
}

int
account_one_secret(const struct account *a, struct err *e)
{
	const struct setting *first = NULL, *s;

	for (s = settings; s < settings + settings_n; s++) {
		if (!has_secret(a, s))
			continue;
		if (first != NULL)
			return err_set(e, EK_CONFIG,
			    "%s and %s are both set, and only one can be used",
			    first->name, s->name);
		first = s;
	}
	return 0;
}

/*
 * Plain text shows the password and the mail to every machine on the way: none
 * may lie on it unasked.
 */
static int
check_plaintext(const struct account *a, struct err *e)
{
	if (a->tls != ACCOUNT_PLAINTEXT || a->insecure_plaintext_remote)
		return 0;
	if (!url_loopback(a->host)) {
		err_set(e, EK_TLS, "without encryption %s would see the "
		    "password and the mail pass over the network", a->host);
		return err_next(e, "use imaps://, or imap:// without "
		    "insecure_plaintext; who accepts this sets "
		    "insecure_plaintext_remote too");
	}
	/* There localhost is the proxy's. */
	if (a->proxy != NULL) {
		err_set(e, EK_TLS, "without encryption the password and the "
		    "mail would pass over the network to the proxy");
		return err_next(e, "leave out the proxy, or set "
		    "insecure_plaintext_remote too");
	}
	return 0;
}

/* A name that is wrong is told before a password is asked for. */
static int
check_ca(const struct account *a, struct err *e)
{
	if (a->tls_ca == NULL || access(a->tls_ca, R_OK) == 0)
		return 0;
	err_sys(e, "tls_ca: %s", a->tls_ca);
	e->kind = EK_CONFIG;
	return err_next(e, "give a file with certificates in PEM");
}

int
account_check(const struct account *a, struct err *e)
{
	if (a->host == NULL) {
		err_set(e, EK_CONFIG, "no server is known");
		return err_next(e, "set server = "
		    "\"imaps://anna@imap.example.org\" in the config file, or "
		    "give --server");
	}
	if (a->user == NULL) {
		err_set(e, EK_CONFIG, "no user is known for %s", a->host);
		return err_next(e, "put the user before the host, "
		    "imaps://anna@%s, or set user", a->host);
	}
	if (account_one_secret(a, e) == -1 || check_ca(a, e) == -1)
		return -1;
	return check_plaintext(a, e);
}
