/*
 * digest.h - SHA-256 and random bits (the only room that knows OpenSSL).
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/flow.h"

#define DIGEST_SIZE	32
#define DIGEST_HEX	(2 * DIGEST_SIZE + 1)	/* with its NUL */

struct digest {
	uint8_t	b[DIGEST_SIZE];
};

/* A SHA-256 in the making (FIPS 180-4). */
struct hasher;

/* hasher_new(): ready for the first byte. */
struct hasher *hasher_new(void);
void hasher_free(struct hasher **);
void hasher_add(struct hasher *, const void *, size_t);
/* hasher_end(h, d): the digest of all that was added; ${h} is ready for the next message. */
void hasher_end(struct hasher *, struct digest *);
/* hasher_sink(h): adds what is written to it. */
struct sink hasher_sink(struct hasher *);

/* digest_of(p, n, d): in one go. */
void digest_of(const void *, size_t, struct digest *);
/* digest_hex(d, out): 64 lower-case digits and a NUL; returns ${out}. */
char *digest_hex(const struct digest *, char[DIGEST_HEX]);
/* digest_parse(s, d): from 64 lower-case hex digits, then a NUL.  Return 0, or -1: not that. */
int digest_parse(const char *, struct digest *);
bool digest_equal(const struct digest *, const struct digest *);

/* random_bytes(p, n): not guessable. */
void random_bytes(void *, size_t);

/* PIN_MAX: room for "sha256//", 44 characters of base64 and a NUL. */
#define PIN_MAX	64
/*
 * digest_pin(pem, out): the pin of a certificate's public key as curl and browsers write it, sha256//BASE64
 * (RFC 7469, section 2.4), from the certificate in PEM.  Return 0, or -1 where it can't be read.
 */
int digest_pin(const char *, char[PIN_MAX]);

#endif
