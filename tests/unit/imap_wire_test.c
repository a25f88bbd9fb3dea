/*
 * Connecting without memory (R53): whichever allocation of libcurl fails, once or from then on, it is an error like
 * others, and never a connection that was told less than it should know.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "imap/wire.h"

static long left = -1;		/* allocations before one fails, from this thread; -1: none does */
static bool lasting;		/* ... and all after it */
static bool failed;

static bool
fails(void)
{
	if (left > 0)
		left--;
	else if (left == 0) {
		failed = true;
		if (!lasting)
			left = -1;
		return true;
	}
	return false;
}

static void *
poor_malloc(size_t n)
{
	return fails() ? NULL : malloc(n);
}

static void *
poor_realloc(void *p, size_t n)
{
	return fails() ? NULL : realloc(p, n);
}

static void *
poor_calloc(size_t n, size_t size)
{
	return fails() ? NULL : calloc(n, size);
}

static char *
poor_strdup(const char *s)
{
	return fails() ? NULL : strdup(s);
}

/* A port where nobody listens. */
static uint16_t
closed_port(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sa, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &n), 0);
	close(fd);
	return ntohs(sa.sin_port);
}

static void
test_connecting_without_memory_is_an_error_like_others(void **state)
{
	struct imap_login l = { .host = "127.0.0.1", .port = closed_port(),
	    .user = "anna", .secret = "secret", .tls_ca = "/nowhere",
	    .tls_pin = "sha256//AAAA", .timeout = 5 };
	struct wire *w = NULL;
	struct err e;
	long n, memory = 0;

	(void)state;
	for (n = 0;; n++) {
		failed = false;
		left = n / 2;
		lasting = n % 2 == 1;
		memset(&e, 0, sizeof(e));
		assert_int_equal(wire_open(&l, &w, &e), -1);
		left = -1;
		assert_null(w);
		if (!failed)
			break;
		assert_true(e.kind == EK_FAIL || e.kind == EK_TEMP);
		memory += e.kind == EK_FAIL &&
		    strcmp(e.text, "out of memory") == 0;
	}
	assert_int_equal(e.kind, EK_TEMP);
	assert_non_null(strstr(e.text, "can't connect to 127.0.0.1 port "));
	/* The handle alone, and each text that it is given. */
	assert_true(memory >= 2 * 8);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connecting_without_memory_is_an_error_like_others),
	};

	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, poor_malloc, free,
	    poor_realloc, poor_strdup, poor_calloc) != CURLE_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
