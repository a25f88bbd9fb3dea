/*
 * url.h - servers, users and proxies as they are written, for the rest of this room.
 */
#ifndef CONFIG_URL_H
#define CONFIG_URL_H

#include "config/config.h"

/* url_server_text(a): as account_url_text(), without the user; to be freed. */
char *url_server_text(const struct account *);
/* url_tls(a): what tls must be, now that the server or insecure_plaintext has changed. */
void url_tls(struct account *);
/* url_user(a, s, e), url_proxy(a, s, e): a copy of ${s} that can stand as the user or the proxy of ${a}, or NULL. */
char *url_user(const struct account *, const char *, struct err *);
char *url_proxy(const struct account *, const char *, struct err *);
/* url_loopback(host): it is this machine, whatever a name server says. */
bool url_loopback(const char *);

#endif
