/*
 * wire.h - bytes to and from a server: libcurl, TLS, sign-in, deadlines.  Knows nothing of IMAP beyond the sign-in.
 */
#ifndef IMAP_WIRE_H
#define IMAP_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "imap/imap.h"

struct wire;

/* wire_open(login, out, e): connect and sign in; see imap_open(). */
int wire_open(const struct imap_login *, struct wire **, struct err *);
void wire_close(struct wire **);

/*
 * wire_put(w, p, n, held, e): queue bytes; they are sent as far as possible by wire_flush(), and while wire_get()
 * waits.  The last ${held} of them, and all that is queued after them, wait for the server's word: a wire_release()
 * lets them go, a wire_drop() takes them back; the first piece that waits first.  EK_PROTO when far too much is
 * queued.
 */
int wire_put(struct wire *, const void *, size_t, size_t held, struct err *);
void wire_release(struct wire *);
void wire_drop(struct wire *);
/* wire_waiting(w): queued bytes not sent yet. */
size_t wire_waiting(const struct wire *);
/*
 * wire_get(w, p_out, n_out, e): wait for bytes; they are borrowed until the next call.  EK_TEMP when the peer closed,
 * was silent, or next to silent, for too long or the network failed; EK_CANCELLED on a signal.
 */
int wire_get(struct wire *, const char **, size_t *, struct err *);
/*
 * wire_send(w, most, p_out, n_out, e): wait until no more than ${most} queued bytes are left: 0.  Bytes that come
 * meanwhile, or have come, end it: 1, and they are borrowed until the next call.  Else as wire_get(); what the peer
 * takes is no silence.
 */
int wire_send(struct wire *, size_t most, const char **, size_t *, struct err *);
/* wire_flush(w): send what can be sent without waiting. */
void wire_flush(struct wire *);
uint64_t wire_received(const struct wire *);

#endif
