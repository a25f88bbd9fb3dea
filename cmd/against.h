/*
 * against.h - verify --against-server: what the vault has, beside what the server has.
 */
#ifndef CMD_AGAINST_H
#define CMD_AGAINST_H

#include "cmd/target.h"

/* against_percent(s, out, e): the option's value: how many of 100 messages are fetched again; "" is a sample. */
int against_percent(const char *, int *, struct err *);
/* against_server(app, target, vault, percent, e): compare and tell.  0, or -1. */
int against_server(struct app *, const struct target *, struct vault *, int, struct err *);

#endif
