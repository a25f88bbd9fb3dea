/*
 * account.h - what the rest of this room needs of account.c.
 */
#ifndef CONFIG_ACCOUNT_H
#define CONFIG_ACCOUNT_H

#include "config/config.h"

/* account_one_secret(a, e): 0, or -1 with EK_CONFIG where two ways to the secret are set. */
int account_one_secret(const struct account *, struct err *);

#endif
