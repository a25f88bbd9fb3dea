/*
 * Sets of UIDs: ranges stay sorted, apart and few, and mean what a bitmap would.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "mail/uidset.h"

static void
assert_set(const struct uidset *s, const char *want)
{
	struct buf b = BUF_INIT(1 << 20);

	assert_int_equal(uidset_format(s, 0, 1 << 20, &b), s->n);
	assert_string_equal(buf_text(&b), want);
	buf_release(&b);
}

/* Parse from memory that ends where the text does, so that a sanitizer sees one byte too many. */
static int
parse(const char *text, size_t limit, struct uidset *out)
{
	size_t n = strlen(text);
	char *exact = xmalloc(n);
	int rc;

	memcpy(exact, text, n);
	rc = uidset_parse(exact, n, limit, out);
	free(exact);
	return rc;
}

static struct uidset
set_of(const char *text)
{
	struct uidset s = UIDSET_INIT;

	if (*text != '\0')
		assert_int_equal(parse(text, 1000, &s), 0);
	return s;
}

static void
test_uidset_a_million_uids_in_order_are_one_range(void **state)
{
	struct uidset s = UIDSET_INIT;
	uint32_t uid;

	(void)state;
	for (uid = 1; uid <= 1000000; uid++)
		uidset_add(&s, uid);
	assert_int_equal(s.n, 1);
	assert_int_equal(uidset_count(&s), 1000000);
	assert_int_equal(uidset_min(&s), 1);
	assert_int_equal(uidset_max(&s), 1000000);
	uidset_release(&s);
}

static void
test_uidset_every_second_uid_is_a_range_of_its_own(void **state)
{
	struct uidset odd = UIDSET_INIT, even = UIDSET_INIT, out = UIDSET_INIT;
	uint32_t uid;

	(void)state;
	for (uid = 1; uid < 1000000; uid += 2) {
		uidset_add(&odd, uid);
		uidset_add(&even, uid + 1);
	}
	assert_int_equal(odd.n, 500000);
	assert_int_equal(uidset_count(&odd), 500000);
	assert_true(uidset_has(&odd, 499999));
	assert_false(uidset_has(&odd, 500000));
	uidset_intersect(&odd, &even, &out);
	assert_true(uidset_empty(&out));
	uidset_add_set(&odd, &even);
	assert_int_equal(odd.n, 1);
	assert_int_equal(uidset_count(&odd), 1000000);
	uidset_remove_set(&odd, &even);
	assert_int_equal(odd.n, 500000);
	assert_false(uidset_has(&odd, 1000000));
	assert_int_equal(uidset_max(&odd), 999999);
	uidset_release(&odd);
	uidset_release(&even);
	uidset_release(&out);
}

static void
test_uidset_adding_out_of_order_keeps_ranges_apart(void **state)
{
	struct uidset s = UIDSET_INIT;

	(void)state;
	uidset_add(&s, 10);
	uidset_add(&s, 5);
	uidset_add(&s, 20);
	uidset_add(&s, 1);
	uidset_add(&s, 15);
	uidset_add(&s, 5);
	assert_set(&s, "1,5,10,15,20");
	uidset_add_range(&s, 9, 7);
	assert_set(&s, "1,5,10,15,20");
	uidset_release(&s);
}

static void
test_uidset_touching_and_overlapping_ranges_become_one(void **state)
{
	static const struct {
		const char *in;
		uint32_t first, last;
		const char *out;
	} t[] = {
		{ "5,7", 6, 6, "5:7" },
		{ "5:6,10", 7, 9, "5:10" },
		{ "5,9", 7, 7, "5,7,9" },
		{ "5,9,20", 6, 8, "5:9,20" },
		{ "5,9,20", 1, 4, "1:5,9,20" },
		{ "5,9,20", 1, 3, "1:3,5,9,20" },
		{ "5,9,20", 1, 30, "1:30" },
		{ "5,9,20", 6, 19, "5:20" },
		{ "5,9,20", 21, 22, "5,9,20:22" },
		{ "5,9,20", 20, 22, "5,9,20:22" },
		{ "5:10,20", 6, 7, "5:10,20" },
		{ "5:10,20", 6, 12, "5:12,20" },
		{ "5:10,20", 3, 6, "3:10,20" },
		{ "2", 1, 1, "1:2" },
		{ "4294967295", 4294967294, 4294967294,
		    "4294967294:4294967295" },
		{ "3,4294967295", 1, 4294967295, "1:4294967295" },
		{ "1,3", 4294967295, 4294967295, "1,3,4294967295" },
		{ "1:4294967295", 4294967295, 4294967295, "1:4294967295" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct uidset s = set_of(t[i].in);

		uidset_add_range(&s, t[i].first, t[i].last);
		assert_set(&s, t[i].out);
		uidset_release(&s);
	}
}

static void
test_uidset_removing_one_uid_splits_its_range(void **state)
{
	static const struct {
		const char *in;
		uint32_t uid;
		const char *out;
	} t[] = {
		{ "1:5", 3, "1:2,4:5" },
		{ "1:5", 1, "2:5" },
		{ "1:5", 5, "1:4" },
		{ "1:5", 6, "1:5" },
		{ "2:5", 1, "2:5" },
		{ "3", 3, "" },
		{ "1,3,5", 3, "1,5" },
		{ "1,3,5", 4, "1,3,5" },
		{ "1:4294967295", 4294967295, "1:4294967294" },
		{ "1:4294967295", 1, "2:4294967295" },
		{ "", 1, "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct uidset s = set_of(t[i].in);

		uidset_remove(&s, t[i].uid);
		assert_set(&s, t[i].out);
		uidset_release(&s);
	}
}

static void
test_uidset_union_difference_and_intersection(void **state)
{
	static const struct {
		const char *a, *b, *both, *a_only, *common;
	} t[] = {
		{ "", "", "", "", "" },
		{ "1:3", "", "1:3", "1:3", "" },
		{ "", "1:3", "1:3", "", "" },
		{ "1:10", "3,5", "1:10", "1:2,4,6:10", "3,5" },
		{ "3,5", "1:10", "1:10", "", "3,5" },
		{ "1,3,5", "2,4", "1:5", "1,3,5", "" },
		{ "1:5,11:15", "4:12", "1:15", "1:3,13:15", "4:5,11:12" },
		{ "1:5,7,9:20", "5:9", "1:20", "1:4,10:20", "5,7,9" },
		{ "1:4294967295", "4294967295", "1:4294967295",
		    "1:4294967294", "4294967295" },
		{ "5:4294967295", "1:4294967295", "1:4294967295", "",
		    "5:4294967295" },
		{ "4294967295", "1", "1,4294967295", "4294967295", "" },
		{ "10:20", "1:2,30:40", "1:2,10:20,30:40", "10:20", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct uidset a = set_of(t[i].a), b = set_of(t[i].b);
		struct uidset s = set_of("77:99");

		uidset_intersect(&a, &b, &s);
		assert_set(&s, t[i].common);
		uidset_clear(&s);
		uidset_add_set(&s, &a);
		uidset_add_set(&s, &b);
		assert_set(&s, t[i].both);
		uidset_remove_set(&a, &b);
		assert_set(&a, t[i].a_only);
		assert_set(&b, t[i].b);
		uidset_release(&a);
		uidset_release(&b);
		uidset_release(&s);
	}
}

static void
test_uidset_a_set_added_to_itself_stays_and_taken_from_itself_is_empty(
    void **state)
{
	struct uidset s = set_of("1:3,7");

	(void)state;
	uidset_add_set(&s, &s);
	assert_set(&s, "1:3,7");
	uidset_remove_set(&s, &s);
	assert_true(uidset_empty(&s));
	assert_int_equal(uidset_min(&s), 0);
	assert_int_equal(uidset_max(&s), 0);
	uidset_release(&s);
}

/* xorshift with a fixed seed: every run tests the same. */
static uint32_t seed = 0x2545f491;

static uint32_t
next_random(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % below;
}

#define SPACE	300	/* UIDs of the model */

struct model {
	bool	has[SPACE];
};

static void
assert_model(const struct uidset *s, const struct model *m, uint32_t base)
{
	uint64_t count = 0;
	uint32_t i;
	size_t r;

	for (i = 0; i < SPACE; i++) {
		assert_int_equal(uidset_has(s, base + i), m->has[i]);
		count += m->has[i];
	}
	assert_int_equal(uidset_count(s), count);
	for (r = 0; r < s->n; r++) {
		assert_true(s->r[r].first <= s->r[r].last);
		if (r > 0)
			assert_true(s->r[r].first - s->r[r - 1].last > 1);
	}
}

static void
random_set(struct uidset *s, struct model *m, uint32_t base)
{
	uint32_t i, n = next_random(30);

	memset(m, 0, sizeof(*m));
	uidset_clear(s);
	while (n-- > 0) {
		uint32_t first = next_random(SPACE), last;

		last = first + next_random(12);
		if (last >= SPACE)
			last = SPACE - 1;
		uidset_add_range(s, base + first, base + last);
		for (i = first; i <= last; i++)
			m->has[i] = true;
	}
	assert_model(s, m, base);
}

static void
random_step(struct uidset *s, struct model *m, uint32_t base)
{
	struct uidset other = UIDSET_INIT, out = UIDSET_INIT;
	struct buf b = BUF_INIT(1 << 16);
	struct model om;
	uint32_t i = next_random(SPACE), op = next_random(6);

	random_set(&other, &om, base);
	if (op == 0) {
		uidset_add(s, base + i);
		m->has[i] = true;
	} else if (op == 1) {
		uidset_remove(s, base + i);
		m->has[i] = false;
	} else if (op == 2) {
		uidset_add_set(s, &other);
		for (i = 0; i < SPACE; i++)
			m->has[i] = m->has[i] || om.has[i];
	} else if (op == 3) {
		uidset_remove_set(s, &other);
		for (i = 0; i < SPACE; i++)
			m->has[i] = m->has[i] && !om.has[i];
	} else if (op == 4) {
		uidset_intersect(s, &other, &out);
		for (i = 0; i < SPACE; i++)
			om.has[i] = m->has[i] && om.has[i];
		assert_model(&out, &om, base);
	} else if (!uidset_empty(s)) {
		uidset_format(s, 0, 1 << 16, &b);
		uidset_clear(s);
		assert_int_equal(uidset_parse(b.p, b.n, SPACE, s), 0);
	}
	assert_model(s, m, base);
	uidset_release(&other);
	uidset_release(&out);
	buf_release(&b);
}

static void
test_uidset_is_what_a_bitmap_is(void **state)
{
	static const uint32_t bases[] = { 1, 77, UID_MAX - SPACE + 1 };
	size_t i, round;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct uidset s = UIDSET_INIT;
		struct model m = { { false } };

		for (round = 0; round < 1500; round++)
			random_step(&s, &m, bases[i]);
		uidset_release(&s);
	}
}

static void
test_uidset_parse_reads_what_servers_send(void **state)
{
	static const struct {
		const char *in;
		const char *out;	/* NULL: not a sequence-set */
	} t[] = {
		{ "1", "1" },
		{ "1:3,7,9:5", "1:3,5:9" },
		{ "7,1:3", "1:3,7" },
		{ "9,8,7,6,1", "1,6:9" },
		{ "5:5", "5" },
		{ "1:4294967295", "1:4294967295" },
		{ "4294967295:1", "1:4294967295" },
		{ "1,1,1", "1" },
		{ "20,10:30,5:12", "5:30" },
		{ "", NULL },
		{ ",", NULL },
		{ "1,", NULL },
		{ ",1", NULL },
		{ "1,,2", NULL },
		{ "1:", NULL },
		{ ":1", NULL },
		{ "1:2:3", NULL },
		{ "1:2,", NULL },
		{ "1:,2", NULL },
		{ "0", NULL },
		{ "0:5", NULL },
		{ "5:0", NULL },
		{ "01", NULL },
		{ "*", NULL },
		{ "1:*", NULL },
		{ "1 ", NULL },
		{ " 1", NULL },
		{ "1, 2", NULL },
		{ "+1", NULL },
		{ "-1", NULL },
		{ "1-3", NULL },
		{ "4294967296", NULL },
		{ "1:4294967296", NULL },
		{ "18446744073709551617", NULL },
		{ "99999999999999999999999999999999999999", NULL },
		{ "1\r\n", NULL },
		{ "\xff", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct uidset s = UIDSET_INIT;

		assert_int_equal(parse(t[i].in, 100, &s),
		    t[i].out == NULL ? -1 : 0);
		assert_set(&s, t[i].out == NULL ? "" : t[i].out);
		uidset_release(&s);
	}
	{
		struct uidset s = UIDSET_INIT;

		assert_int_equal(uidset_parse("1\0002", 3, 9, &s), -1);
		uidset_release(&s);
	}
}

static void
test_uidset_parse_of_every_beginning_is_whole_or_refused(void **state)
{
	static const char text[] = "12:14,7,300:299,1";
	/* What the beginnings give that end after a digit. */
	static const char *const want[] = { NULL, "1", "12", NULL, "1:12",
	    "12:14", NULL, "7,12:14", NULL, "3,7,12:14", "7,12:14,30",
	    "7,12:14,300", NULL, "2:300", "7,12:14,29:300",
	    "7,12:14,299:300", NULL, "1,7,12:14,299:300" };
	size_t n;

	(void)state;
	for (n = 0; n < sizeof(text); n++) {
		char *exact = xmalloc(n);
		struct uidset s = UIDSET_INIT;

		memcpy(exact, text, n);
		assert_int_equal(uidset_parse(exact, n, 9, &s),
		    want[n] == NULL ? -1 : 0);
		assert_set(&s, want[n] == NULL ? "" : want[n]);
		uidset_release(&s);
		free(exact);
	}
}

static void
test_uidset_parse_adds_and_on_failure_does_not(void **state)
{
	struct uidset s = set_of("5:6,100");

	(void)state;
	assert_int_equal(parse("7,1,", 9, &s), -1);
	assert_set(&s, "5:6,100");
	assert_int_equal(parse("7,1", 9, &s), 0);
	assert_set(&s, "1,5:7,100");
	uidset_release(&s);
}

static void
test_uidset_parse_takes_parts_up_to_the_limit(void **state)
{
	struct uidset s = UIDSET_INIT;

	(void)state;
	assert_int_equal(parse("1,3", 3, &s), 0);
	assert_int_equal(parse("1,3,5", 3, &s), 0);
	assert_set(&s, "1,3,5");
	assert_int_equal(parse("1,3,5,7", 3, &s), -1);
	assert_int_equal(parse("1,2,3,4", 3, &s), -1);
	assert_int_equal(parse("1", 0, &s), -1);
	assert_set(&s, "1,3,5");
	uidset_release(&s);
}

static void
test_uidset_parse_of_a_long_backward_list_is_the_same_set(void **state)
{
	struct buf b = BUF_INIT(8 << 20);
	struct uidset s = UIDSET_INIT;
	uint32_t uid;

	(void)state;
	for (uid = 400000; uid >= 2; uid -= 2)
		buf_addf(&b, "%s%u", b.n == 0 ? "" : ",", (unsigned int)uid);
	assert_int_equal(uidset_parse(b.p, b.n, 200000, &s), 0);
	assert_int_equal(s.n, 200000);
	assert_int_equal(uidset_min(&s), 2);
	assert_int_equal(uidset_max(&s), 400000);
	uidset_release(&s);
	buf_release(&b);
}

static void
test_uidset_format_in_pieces_is_the_whole_set(void **state)
{
	struct uidset s = set_of("1:3,7,100:2000,4294967294:4294967295");
	size_t max;

	(void)state;
	for (max = 0; max < 60; max++) {
		struct uidset back = UIDSET_INIT;
		size_t at = 0;

		while (at < s.n) {
			struct buf b = BUF_INIT(1000);
			size_t from = at;

			buf_adds(&b, "UID ");
			at = uidset_format(&s, from, max, &b);
			assert_true(at > from);
			assert_true(b.n - 4 <= max || at == from + 1);
			assert_memory_equal(b.p, "UID ", 4);
			assert_int_equal(uidset_parse(b.p + 4, b.n - 4, 9,
			    &back), 0);
			buf_release(&b);
		}
		assert_set(&back,
		    "1:3,7,100:2000,4294967294:4294967295");
		uidset_release(&back);
	}
	uidset_release(&s);
}

static void
test_uidset_format_fills_up_to_the_limit(void **state)
{
	struct uidset s = set_of("10,20,30");
	static const struct {
		size_t max, next;
		const char *out;
	} t[] = {
		{ 4, 1, "10" }, { 5, 2, "10,20" }, { 6, 2, "10,20" },
		{ 7, 2, "10,20" }, { 8, 3, "10,20,30" },
		{ 9, 3, "10,20,30" }, { SIZE_MAX, 3, "10,20,30" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct buf b = BUF_INIT(100);

		assert_int_equal(uidset_format(&s, 0, t[i].max, &b),
		    t[i].next);
		assert_string_equal(buf_text(&b), t[i].out);
		buf_release(&b);
	}
	uidset_release(&s);
}

static void
test_uidset_format_stops_where_the_buffer_is_full(void **state)
{
	struct uidset s = set_of("10,20,30");
	struct buf b = BUF_INIT(6), none = BUF_INIT(1);

	(void)state;
	assert_int_equal(uidset_format(&s, 0, 100, &b), 2);
	assert_string_equal(buf_text(&b), "10,20");
	assert_int_equal(uidset_format(&s, 1, 100, &none), 1);
	assert_string_equal(buf_text(&none), "");
	assert_int_equal(uidset_format(&s, 3, 100, &none), 3);
	buf_release(&b);
	buf_release(&none);
	uidset_release(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_uidset_a_million_uids_in_order_are_one_range),
		cmocka_unit_test(
		    test_uidset_every_second_uid_is_a_range_of_its_own),
		cmocka_unit_test(
		    test_uidset_adding_out_of_order_keeps_ranges_apart),
		cmocka_unit_test(
		    test_uidset_touching_and_overlapping_ranges_become_one),
		cmocka_unit_test(
		    test_uidset_removing_one_uid_splits_its_range),
		cmocka_unit_test(
		    test_uidset_union_difference_and_intersection),
		cmocka_unit_test(
		    test_uidset_a_set_added_to_itself_stays_and_taken_from_itself_is_empty),
		cmocka_unit_test(test_uidset_is_what_a_bitmap_is),
		cmocka_unit_test(test_uidset_parse_reads_what_servers_send),
		cmocka_unit_test(
		    test_uidset_parse_of_every_beginning_is_whole_or_refused),
		cmocka_unit_test(
		    test_uidset_parse_adds_and_on_failure_does_not),
		cmocka_unit_test(
		    test_uidset_parse_takes_parts_up_to_the_limit),
		cmocka_unit_test(
		    test_uidset_parse_of_a_long_backward_list_is_the_same_set),
		cmocka_unit_test(
		    test_uidset_format_in_pieces_is_the_whole_set),
		cmocka_unit_test(test_uidset_format_fills_up_to_the_limit),
		cmocka_unit_test(
		    test_uidset_format_stops_where_the_buffer_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
