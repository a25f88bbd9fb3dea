/*
 * config_setting.h - setting settings and seeing what was set, for the tests
 * that do.
 */
#ifndef CONFIG_SETTING_TEST_H
#define CONFIG_SETTING_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/config.h"

#define COUNT(t)	(sizeof(t) / sizeof((t)[0]))
#define PIN		"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static inline void
must(int rc, const struct err *e)
{
	if (rc == -1)
		fail_msg("%s", e->text);
}

static inline void
set(struct account *a, const char *name, const char *value)
{
	struct err e = { 0 };

	must(setting_apply(a, name, value, "/base", &e), &e);
}

/* The kept settings as one line of JSON; to be freed. */
static inline char *
json_of(const struct account *a)
{
	struct buf b = BUF_INIT(65536);
	struct json_out j;

	json_begin(&j, &b);
	json_open(&j, NULL, '{');
	account_to_json(a, &j);
	json_close(&j, '}');
	assert_int_equal(json_end(&j), 0);
	return buf_take(&b);
}

static inline void
assert_json(const struct account *a, const char *want)
{
	char *have = json_of(a);

	assert_string_equal(have, want);
	free(have);
}

#endif
