/*
 * digest.c - see digest.h.  The one file that includes OpenSSL.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/text.h"

struct hasher {
	EVP_MD_CTX	*ctx;	/* own */
};

/* SHA-256 is looked up once: fetching it anew for each message costs more than hashing a small one. */
static const EVP_MD *
sha256(void)
{
	static const EVP_MD *md;

	if (md == NULL && (md = EVP_MD_fetch(NULL, "SHA256", NULL)) == NULL)
		mem_fail();
	return md;
}

struct hasher *
hasher_new(void)
{
	struct hasher *h = xmalloc(sizeof(*h));

	if ((h->ctx = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex2(h->ctx, sha256(), NULL) != 1)
		mem_fail();
	return h;
}

void
hasher_free(struct hasher **hp)
{
	if (*hp == NULL)
		return;
	EVP_MD_CTX_free((*hp)->ctx);
	free(*hp);
	*hp = NULL;
}

void
hasher_add(struct hasher *h, const void *p, size_t n)
{
	if (n > 0 && EVP_DigestUpdate(h->ctx, p, n) != 1)
		mem_fail();
}

void
hasher_end(struct hasher *h, struct digest *d)
{
	unsigned int n = 0;

	if (EVP_DigestFinal_ex(h->ctx, d->b, &n) != 1 || n != DIGEST_SIZE ||
	    EVP_DigestInit_ex2(h->ctx, NULL, NULL) != 1)
		mem_fail();
}

static int
hasher_write(void *arg, const void *p, size_t n, struct err *e)
{
	(void)e;
	hasher_add(arg, p, n);
	return 0;
}

struct sink
hasher_sink(struct hasher *h)
{
	return (struct sink){ hasher_write, h };
}

void
digest_of(const void *p, size_t n, struct digest *d)
{
	unsigned int len = 0;

	if (EVP_Digest(p, n, d->b, &len, sha256(), NULL) != 1)
		mem_fail();
}

char *
digest_hex(const struct digest *d, char out[DIGEST_HEX])
{
	static const char hex[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < DIGEST_SIZE; i++) {
		out[2 * i] = hex[d->b[i] >> 4];
		out[2 * i + 1] = hex[d->b[i] & 15];
	}
	out[2 * DIGEST_SIZE] = '\0';
	return out;
}

int
digest_parse(const char *s, struct digest *d)
{
	struct digest out;
	size_t i;

	for (i = 0; i < DIGEST_SIZE; i++) {
		int byte = text_hex(s + 2 * i);

		if (byte == -1)
			return -1;
		out.b[i] = (uint8_t)byte;
	}
	if (s[2 * DIGEST_SIZE] != '\0')
		return -1;
	*d = out;
	return 0;
}

bool
digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->b, b->b, DIGEST_SIZE) == 0;
}

void
random_bytes(void *p, size_t n)
{
	if (RAND_bytes(p, (int)n) != 1)
		mem_fail();
}

int
digest_pin(const char *pem, char out[PIN_MAX])
{
	BIO *bio;
	X509 *cert = NULL;
	unsigned char *der = NULL;
	struct digest d;
	int len, rc = -1;

	if ((bio = BIO_new_mem_buf(pem, -1)) == NULL)
		return -1;
	if ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) == NULL)
		goto out;
	if ((len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der)) <= 0)
		goto out;
	digest_of(der, (size_t)len, &d);
	memcpy(out, "sha256//", 8);
	EVP_EncodeBlock((unsigned char *)out + 8, d.b, DIGEST_SIZE);
	rc = 0;
out:
	OPENSSL_free(der);
	X509_free(cert);
	BIO_free(bio);
	return rc;
}
