/*
 * config_secret.h - getting a secret and looking at it, for the tests that do.
 */
#ifndef CONFIG_SECRET_TEST_H
#define CONFIG_SECRET_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "config/command.h"
#include "config/config.h"
#include "config/secret.h"
#include "config_scratch.h"

#define COUNT(t)	(sizeof(t) / sizeof((t)[0]))
#define MAX		65536	/* what is read of a secret at most */
#define LONG_MS		20000	/* never reached by a test that passes */

static inline struct account *
account_with(const char *name, const char *value)
{
	struct account *a = account_new();
	struct err e = { 0 };

	if (account_url(a, "imaps://anna@imap.example.org", &e) == -1 ||
	    (name != NULL && setting_apply(a, name, value, "/", &e) == -1))
		fail_msg("%s", e.text);
	return a;
}

/*
 * Get the secret of ${a}, which is freed, into ${out}, a C string; or "!" and
 * the error's text.
 */
static inline enum err_kind
get(struct account *a, int64_t ms, secret_ask_fn *ask, void *arg, char *out,
    size_t size, bool *token)
{
	struct buf b = BUF_INIT(MAX);
	struct err e = { 0 };
	char *text;
	size_t n;

	*token = false;
	if (secret_get_within(a, ms, ask, arg, &b, token, &e) == 0) {
		text = xstrdup(buf_text(&b));
		assert_int_equal(strlen(text), b.n);
	} else {
		text = xasprintf("!%s", e.text);
		assert_int_not_equal(e.kind, EK_NONE);
	}
	n = strlen(text) < size ? strlen(text) : size - 1;
	memcpy(out, text, n);
	out[n] = '\0';
	free(text);
	buf_release(&b);
	account_free(&a);
	return e.kind;
}

static inline void
assert_secret(const char *name, const char *value, const char *want)
{
	char have[512];
	bool token;

	(void)get(account_with(name, value), LONG_MS, NULL, NULL, have,
	    sizeof(have), &token);
	assert_string_equal(have, want);
	assert_int_equal(token, strcmp(name, "token_command") == 0);
}

static inline void
assert_none(const char *name, const char *value, enum err_kind kind,
    const char *why)
{
	char have[512];
	bool token;

	assert_int_equal(get(account_with(name, value), LONG_MS, NULL, NULL,
	    have, sizeof(have), &token), kind);
	if (have[0] != '!' || strstr(have, why) == NULL)
		fail_msg("%s = %s: %s", name, value, have);
	assert_null(strstr(have, "hunter2"));
}

static inline void
sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

#endif
