/*
 * secret.h - what tests need of secret.c.
 */
#ifndef CONFIG_SECRET_H
#define CONFIG_SECRET_H

#include "config/config.h"

/* secret_get_within(a, ms, ask, arg, out, is_token_out, e): as secret_get(), but what doesn't answer gets ${ms}. */
int secret_get_within(const struct account *, int64_t, secret_ask_fn *, void *, struct buf *, bool *, struct err *);

#endif
