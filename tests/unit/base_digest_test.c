/*
 * SHA-256 by the published vectors, its text both ways, randomness, and the pin of a certificate's key.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/mem.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

/* FIPS 180-4's examples, and the empty message. */
static const struct { const char *text, *hex; } vectors[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static void
test_digest_agrees_with_the_standard(void **state)
{
	struct hasher *h = hasher_new();
	struct sink to = hasher_sink(h);
	struct digest d;
	struct err e;
	char hex[DIGEST_HEX];
	size_t i, j;

	(void)state;
	for (i = 0; i < LENGTH(vectors); i++) {
		size_t n = strlen(vectors[i].text);

		digest_of(vectors[i].text, n, &d);
		assert_ptr_equal(digest_hex(&d, hex), hex);
		assert_string_equal(hex, vectors[i].hex);
		/* In pieces, and again with the same hasher. */
		hasher_add(h, vectors[i].text, n / 2);
		hasher_add(h, NULL, 0);
		hasher_add(h, vectors[i].text + n / 2, n - n / 2);
		hasher_end(h, &d);
		assert_string_equal(digest_hex(&d, hex), vectors[i].hex);
		for (j = 0; j < n; j++)
			assert_int_equal(sink_write(&to, vectors[i].text + j,
			    1, &e), 0);
		hasher_end(h, &d);
		assert_string_equal(digest_hex(&d, hex), vectors[i].hex);
	}
	/* A million times the letter a. */
	for (i = 0; i < 1000; i++) {
		char a[1000];

		memset(a, 'a', sizeof(a));
		hasher_add(h, a, sizeof(a));
	}
	hasher_end(h, &d);
	assert_string_equal(digest_hex(&d, hex),
	    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	hasher_free(&h);
	assert_null(h);
	hasher_free(&h);
}

static void
test_digest_text_is_read_back_and_nothing_else_is(void **state)
{
	static const char good[] =
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	struct digest d, untouched, kept;
	char hex[DIGEST_HEX], bad[80];
	size_t i;

	(void)state;
	assert_int_equal(digest_parse(good, &d), 0);
	assert_string_equal(digest_hex(&d, hex), good);
	memset(&untouched, 0x55, sizeof(untouched));
	kept = untouched;
	for (i = 0; i < 64; i++) {
		/* Cut, of another letter, in capitals, in the wrong place. */
		char *cut = xmemdup0(good, i);

		assert_int_equal(digest_parse(cut, &untouched), -1);
		free(cut);
		snprintf(bad, sizeof(bad), "%s", good);
		bad[i] = 'g';
		assert_int_equal(digest_parse(bad, &untouched), -1);
		bad[i] = 'A';
		assert_int_equal(digest_parse(bad, &untouched), -1);
		bad[i] = ' ';
		assert_int_equal(digest_parse(bad, &untouched), -1);
	}
	snprintf(bad, sizeof(bad), "%s0", good);
	assert_int_equal(digest_parse(bad, &untouched), -1);
	snprintf(bad, sizeof(bad), "%s\n", good);
	assert_int_equal(digest_parse(bad, &untouched), -1);
	assert_memory_equal(&untouched, &kept, sizeof(kept));
}

static void
test_digest_equal_looks_at_every_byte(void **state)
{
	struct digest a, b;
	size_t i;

	(void)state;
	digest_of("x", 1, &a);
	b = a;
	assert_true(digest_equal(&a, &b));
	for (i = 0; i < DIGEST_SIZE; i++) {
		b.b[i] ^= 0x80;
		assert_false(digest_equal(&a, &b));
		b.b[i] ^= 0x80;
	}
}

static void
test_random_bytes_differ_and_stay_in_their_place(void **state)
{
	uint8_t a[64], b[64];

	(void)state;
	memset(a, 0, sizeof(a));
	memset(b, 0, sizeof(b));
	random_bytes(a + 16, 32);
	random_bytes(b + 16, 32);
	assert_memory_not_equal(a + 16, b + 16, 32);
	assert_memory_equal(a, b, 16);
	assert_memory_equal(a + 48, b + 48, 16);
	assert_int_equal(a[15] | a[48], 0);
	random_bytes(a, 0);
}

/* An EC key made for this test; its pin is what openssl(1) says of it (man curl(1), --pinnedpubkey). */
static const char certificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBjjCCATOgAwIBAgIUPwOrauaAvuZi0ETSx7CIicLgMxkwCgYIKoZIzj0EAwIw\n"
    "GzEZMBcGA1UEAwwQaW1hcC5leGFtcGxlLm9yZzAgFw0yNjExMjAyMTQ5MzhaGA8y\n"
    "MTI2MTAyNzIxNDkzOFowGzEZMBcGA1UEAwwQaW1hcC5leGFtcGxlLm9yZzBZMBMG\n"
    "ByqGSM49AgEGCCqGSM49AwEHA0IABI5dmqULhI3SizksSwTCYEoEtIBXezP/Pv5Q\n"
    "GylEdgzTkVBjBNrlqrUah/NtTRgbTZZ6dTIDn10JuMAwRDO41P+jUzBRMB0GA1Ud\n"
    "DgQWBBR2Pvo0Ux9jLIybLmvZO3DZioT96DAfBgNVHSMEGDAWgBR2Pvo0Ux9jLIyb\n"
    "LmvZO3DZioT96DAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQCz\n"
    "OXf/GK7Nn1gDpyoGe7NIJPISDAxMz21pE4Y6libuHAIhAP0iGeFqC43yGyKAtZJ/\n"
    "BNv2Y9XaTEAUm0odjSssLRSU\n"
    "-----END CERTIFICATE-----\n";
#define PIN	"sha256//NLDdKa13fqvpOwOsgm/uDV/PRkZish1KQVruKBG4TWw="

static void
test_pin_is_that_of_the_certificates_key(void **state)
{
	char out[PIN_MAX], *s;
	size_t n = sizeof(certificate) - 1;

	(void)state;
	assert_int_equal(digest_pin(certificate, out), 0);
	assert_string_equal(out, PIN);
	/* Text before it, and a chain behind it: the first certificate counts. */
	s = xasprintf("subject=x\n%s%s", certificate, "-----BEGIN "
	    "CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	assert_int_equal(digest_pin(s, out), 0);
	assert_string_equal(out, PIN);
	free(s);
	/* What is no certificate. */
	assert_int_equal(digest_pin("", out), -1);
	assert_int_equal(digest_pin("hello", out), -1);
	s = xmemdup0(certificate, n / 2);
	assert_int_equal(digest_pin(s, out), -1);
	free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digest_agrees_with_the_standard),
		cmocka_unit_test(
		    test_digest_text_is_read_back_and_nothing_else_is),
		cmocka_unit_test(test_digest_equal_looks_at_every_byte),
		cmocka_unit_test(
		    test_random_bytes_differ_and_stay_in_their_place),
		cmocka_unit_test(test_pin_is_that_of_the_certificates_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
