/*
 * imap_stage.h - a session with the double of a server, for each test.
 */
#ifndef TESTS_UNIT_IMAP_STAGE_H
#define TESTS_UNIT_IMAP_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "imap_double.h"

#define TEST(t)	cmocka_unit_test_setup_teardown(t, setup, teardown)

static struct imap *im;
static struct err e;

static int
setup(void **state)
{
	(void)state;
	double_reset();
	im = NULL;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	imap_close(&im);
	assert_false(dbl.open);
	double_reset();
	return 0;
}

static inline void
open_session(const char *hint)
{
	struct imap_login l = { .user = "anna", .hint = hint };

	assert_int_equal(imap_open(&l, &im, &e), 0);
}

/* Open, and wait until all is answered. */
static inline int
settle(const char *hint)
{
	struct imap_boxes boxes;
	int rc;

	open_session(hint);
	rc = imap_list(im, false, &boxes, &e);
	if (rc == 0)
		imap_boxes_release(&boxes);
	return rc;
}

/* Open a session of these capabilities and forget what it took. */
static inline void
ready(const char *caps)
{
	struct buf b = BUF_INIT(1000);

	buf_addf(&b, "* CAPABILITY %s\r\n%%T OK\r\n", caps);
	double_once("CAPABILITY", b.p);
	assert_int_equal(settle(NULL), 0);
	double_forget();
	buf_release(&b);
}

static inline int
next(struct imap_event *ev)
{
	return imap_next(im, ev, &e);
}

#endif
