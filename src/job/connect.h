/*
 * connect.h - from an account to a session, as often as it takes.
 */
#ifndef JOB_CONNECT_H
#define JOB_CONNECT_H

#include "job/job.h"

/*
 * A password is asked for once: nobody types it twice, and a descriptor has it but once.  A token is had anew each
 * time: it may have run out.  connect_forget() wipes it.
 */
struct connect_secret;

struct connect_secret *connect_secret(void);
void connect_forget(struct connect_secret **);
/* connect_open(account, hint, ask, secret, im_out, e): find the secret, unless that is known, and sign in. */
int connect_open(const struct account *, const char *hint, const struct job_ask *, struct connect_secret *,
    struct imap **, struct err *);
/* connect_once(account, ask, im_out, e): the same for one session: the secret is wiped before its first command. */
int connect_once(const struct account *, const struct job_ask *, struct imap **, struct err *);

#endif
