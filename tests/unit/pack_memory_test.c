/*
 * pack_memory_test.c - a huge message, or very many, take no more memory than small ones.
 */
#include "tests/unit/pack_help.h"

#include <sys/resource.h>

#define MIB	(1024 * 1024)
#define HUGE	(64 * (uint64_t)MIB + 12345)

static struct vault v;

static int
set_up(void **state)
{
	(void)state;
	vault_make(&v);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	vault_remove(&v);
	return 0;
}

/* The body of a huge message, made as it goes: lines of noise, each of which says where it stands. */
static void
line_at(char line[76], uint64_t at)
{
	size_t i;

	noise(line, 74, at + 1);
	for (i = 0; i < 74; i++)
		line[i] = (char)('a' + (line[i] & 15));
	line[74] = '\r';
	line[75] = '\n';
}

static int
pour_huge(void *arg, const struct sink *to, struct err *e)
{
	char line[76];
	uint64_t at;
	size_t n;

	(void)arg;
	for (at = 0; at < HUGE; at += n) {
		line_at(line, at);
		n = HUGE - at < 76 ? (size_t)(HUGE - at) : 76;
		if (sink_write(to, line, n, e) == -1)
			return -1;
	}
	return 0;
}

static int
check_huge(void *arg, const void *p, size_t n, struct err *e)
{
	uint64_t *at = arg;
	const char *from = p;
	char line[76];
	size_t i;

	(void)e;
	for (i = 0; i < n; i++, ++*at) {
		if (i == 0 || *at % 76 == 0)
			line_at(line, *at - *at % 76);
		assert_int_equal(from[i], line[*at % 76]);
	}
	return 0;
}

static long
peak_kib(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

/* Sanitizers keep shadows of their own. */
static void
assert_grown(long before, long mib)
{
	if (!SANITIZED && peak_kib() - before > mib * 1024)
		fail_msg("%ld KiB more than before", peak_kib() - before);
}

static void
check_container(enum container c, enum blob_form form)
{
	const struct source huge = { pour_huge, NULL };
	const struct pack_entry entry = { "a/huge.eml", 0, HUGE, form };
	struct body b = { "x\r\n", 3, 0, 0 };
	struct pack_writer *w;
	struct pack_reader *r;
	struct rec_pack info;
	struct rec_frames frames;
	struct frame table[3];
	struct place place[3];
	uint64_t at = 0;
	const struct sink checked = { check_huge, &at };
	struct buf scratch = BUF_INIT(10);
	struct stored s = { .frames = table, .places = place };
	long before = peak_kib();
	struct err e;

	assert_int_equal(pack_create(v.tmp, NAME, c, &w, &e), 0);
	assert_int_equal(add_body(w, c, "a/1.eml", &b, &place[0], &e), 0);
	assert_int_equal(pack_add(w, &entry, &huge, &place[1], &e), 0);
	assert_int_equal(add_body(w, c, "a/2.eml", &b, &place[2], &e), 0);
	assert_int_equal(pack_seal(w, &info, &frames, &e), 0);
	/* The huge one has a frame of its own. */
	assert_int_equal(frames.n, 3);
	memcpy(table, frames.frames, sizeof(table));
	assert_int_equal(pack_publish(&w, v.packs, &e), 0);
	place[0].pack = place[1].pack = place[2].pack = NAME;

	r = pack_reader_new(v.packs);
	assert_body(r, &s, 0, &b, &scratch);
	assert_int_equal(pack_read(r, &place[1], &table[1], HUGE, &checked, &e),
	    0);
	assert_int_equal(at, HUGE);
	assert_body(r, &s, 2, &b, &scratch);
	pack_reader_free(&r);
	assert_grown(before, 16);
	buf_release(&scratch);
}

static void
test_a_huge_message_in_a_tar_takes_little_memory(void **state)
{
	(void)state;
	check_container(CONTAINER_TAR, BLOB_PLAIN);
}

static void
test_a_huge_message_in_an_mbox_takes_little_memory(void **state)
{
	(void)state;
	check_container(CONTAINER_MBOX, BLOB_RAW);
}

static void
test_many_notes_take_little_memory(void **state)
{
	char line[256];
	struct pack_writer *w;
	struct rec_pack info;
	struct rec_frames frames;
	long before = peak_kib();
	struct err e;
	size_t i;

	(void)state;
	assert_int_equal(pack_create(v.tmp, NAME, CONTAINER_TAR, &w, &e), 0);
	for (i = 0; i < 100000; i++) {
		noise(line, sizeof(line), i + 1);
		line[sizeof(line) - 1] = '\n';
		assert_int_equal(pack_note(w, line, sizeof(line), &e), 0);
	}
	assert_int_equal(pack_seal(w, &info, &frames, &e), 0);
	assert_true(info.tail > 24 * MIB);
	pack_discard(&w);
	assert_grown(before, 8);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_many_notes_take_little_memory),
		T(test_a_huge_message_in_a_tar_takes_little_memory),
		T(test_a_huge_message_in_an_mbox_takes_little_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
