/*
 * pack_parse_test.c - tars and mboxes that are not quite what we write: refused, by what reads them strictly (R74), and
 * what is as it should be comes out the same however it is portioned.
 */
#include "tests/unit/pack_forge.h"

#include <sys/wait.h>
#include <locale.h>

#include <archive.h>
#include <archive_entry.h>

#include "pack/parse.h"

/* What a parser told, as text: "+NAME MTIME OFFSET", bytes, "=STORED". */
static void
on_begin(void *arg, const char *member, int64_t mtime, uint64_t offset)
{
	buf_addf(arg, "+%s %" PRId64 " %" PRIu64 "\n",
	    member == NULL ? "" : member, mtime, offset);
}

static void
on_data(void *arg, const void *p, size_t n)
{
	assert_int_equal(buf_add(arg, p, n), 0);
}

static void
on_end(void *arg, uint64_t stored)
{
	buf_addf(arg, "=%" PRIu64 "\n", stored);
}

/* parse(c, b, piece, last, out, e): all of ${b} in pieces. */
static int
parse(enum container c, const struct buf *b, size_t piece, bool last,
    struct buf *out, struct err *e)
{
	const struct parse_events events = { on_begin, on_data, on_end, out };
	const struct parse_syntax *s = parse_syntax(c);
	void *parser = s->begin(&events);
	char *copy;
	size_t at, n;
	int rc = 0;

	buf_clear(out);
	s->start(parser);
	for (at = 0; rc == 0 && at < b->n; at += n) {
		n = b->n - at < piece ? b->n - at : piece;
		/* Of exactly its size, so that a read beyond is seen. */
		copy = xmalloc(n);
		memcpy(copy, b->p + at, n);
		rc = s->feed(parser, copy, n, e);
		free(copy);
	}
	if (rc == 0)
		rc = s->finish(parser, last, e);
	s->drop(parser);
	return rc;
}

/* The same whole and in pieces of any size; returns what was told. */
static int
parse_any(enum container c, const struct buf *b, bool last, struct buf *out,
    struct err *e)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 511, 512, 513 };
	struct buf again = BUF_INIT(16 * MIB);
	int rc = parse(c, b, SIZE_MAX, last, out, e), r;
	struct err f;
	size_t i;

	for (i = 0; i < COUNT(pieces); i++) {
		r = parse(c, b, pieces[i], last, &again, &f);
		assert_int_equal(r, rc);
		if (rc == 0) {
			assert_int_equal(again.n, out->n);
			assert_memory_equal(buf_text(&again), buf_text(out),
			    out->n);
		} else
			assert_string_equal(f.text, e->text);
	}
	buf_release(&again);
	return rc;
}

/* ---- tar ---- */

struct change {
	size_t		 at, n;
	const char	*p;
	const char	*why;		/* a part of the error; NULL: it is fine */
};

#define AT(at, s, why)	{ at, sizeof(s) - 1, s, why }

static const struct change changes[] = {
	/* Names. */
	AT(0, "b/c.eml\0", NULL),
	AT(0, "../a.eml\0", "a name that is not safe"),
	AT(0, "a/../b.eml\0", "a name that is not safe"),
	AT(0, "a/..\0", "a name that is not safe"),
	AT(0, "..\0", "a name that is not safe"),
	AT(0, "./a.eml\0", "a name that is not safe"),
	AT(0, "/etc/passwd\0", "a name that is not safe"),
	AT(0, "a//b\0", "a name that is not safe"),
	AT(0, "a/\0", "a name that is not safe"),
	AT(0, "\0\0\0\0\0\0\0", "a name that is not safe"),
	AT(0, "\xff\xfe", "a name that is not UTF-8"),
	AT(90, "x", "a name that is not safe"),
	AT(345, "b", NULL),
	AT(345, "..", "a name that is not safe"),
	AT(345, "/", "a name that is not safe"),
	/* Links, devices, directories and what else there is. */
	AT(156, "1", "not a regular file"),
	AT(156, "2", "not a regular file"),
	AT(156, "3", "not a regular file"),
	AT(156, "4", "not a regular file"),
	AT(156, "5", "not a regular file"),
	AT(156, "6", "not a regular file"),
	AT(156, "7", "not a regular file"),
	AT(156, "g", "not a regular file"),
	AT(156, "L", "not a regular file"),
	AT(156, "K", "not a regular file"),
	AT(156, "S", "not a regular file"),
	AT(156, "\0", "not a regular file"),
	AT(157, "target", "owner, mode or link"),
	/* Sizes. */
	AT(124, "00000000003\0", NULL),
	AT(124, "000000000003", NULL),
	AT(124, "-0000000003 ", "a size that can't be"),
	AT(124, "\x80\0\0\0\0\0\0\0\0\0\0\x03", "a size that can't be"),
	AT(124, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfd",
	    "a size that can't be"),
	AT(124, "            ", "a size that can't be"),
	AT(124, "\0\0\0\0\0\0\0\0\0\0\0\0", "a size that can't be"),
	AT(124, "00000000009 ", "a size that can't be"),
	AT(124, "0000000000 3", "a size that can't be"),
	AT(124, "00000001001 ", "the frame ends inside"),
	AT(124, "777777777777", "the frame ends inside"),
	/* Times. */
	AT(136, "00000000000 ", NULL),
	AT(136, "-0000000001 ", "a time that can't be"),
	AT(136, "\x80\0\0\0\0\0\0\0\0\0\0\x03", "a time that can't be"),
	AT(136, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfd",
	    "a time that can't be"),
	/* What is always the same. */
	AT(100, "000644 ", "owner, mode or link"),
	AT(100, "004600 ", "owner, mode or link"),
	AT(108, "000001 ", "owner, mode or link"),
	AT(116, "000001 ", "owner, mode or link"),
	AT(265, "root", "owner, mode or link"),
	AT(297, "root", "owner, mode or link"),
	AT(329, "000001 ", "owner, mode or link"),
	AT(337, "000001 ", "owner, mode or link"),
	AT(500, "x", "owner, mode or link"),
	AT(511, "x", "owner, mode or link"),
	AT(257, "ustar  ", "not ustar"),
	AT(263, "11", "not ustar"),
	/* The content and its padding. */
	AT(512, "xyz", NULL),
	AT(515, "x", "padding that is not zero"),
	AT(1023, "x", "padding that is not zero"),
	/* The end. */
	AT(1024, "x", "wrong checksum"),
	AT(1536, "x", "something behind a block of zeros"),
};

static void
test_only_tars_like_ours_are_taken(void **state)
{
	struct buf tar = BUF_INIT(MIB), out = BUF_INIT(MIB);
	const struct change *c;
	struct err e;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT(changes); i++) {
		c = &changes[i];
		buf_clear(&tar);
		tar_member(&tar, "a/b.eml", '0', "abc", 3);
		tar_end(&tar);
		assert_int_equal(tar.n, 2048);
		memcpy(tar.p + c->at, c->p, c->n);
		if (c->at < BLOCK)
			tar_sum(tar.p);
		rc = parse_any(CONTAINER_TAR, &tar, true, &out, &e);
		if (rc == 0 && c->why != NULL)
			fail_msg("change %zu: not \"%s\"", i, c->why);
		if (rc == -1 && (c->why == NULL ||
		    strstr(e.text, c->why) == NULL))
			fail_msg("change %zu: %s", i, e.text);
		if (rc == -1)
			assert_int_equal(e.kind, EK_CORRUPT);
	}
	buf_release(&tar);
	buf_release(&out);
}

static void
test_a_wrong_checksum_is_refused_in_every_byte(void **state)
{
	struct buf tar = BUF_INIT(MIB), out = BUF_INIT(MIB);
	struct err e;
	size_t i;

	(void)state;
	tar_member(&tar, "a/b.eml", '0', "abc", 3);
	tar_end(&tar);
	assert_int_equal(parse(CONTAINER_TAR, &tar, SIZE_MAX, true, &out, &e),
	    0);
	assert_string_equal(out.p, "+a/b.eml 1700000000 512\nabc=3\n");
	for (i = 0; i < BLOCK; i++) {
		tar.p[i] = (char)(tar.p[i] ^ 1);
		assert_int_equal(parse(CONTAINER_TAR, &tar, SIZE_MAX, true,
		    &out, &e), -1);
		assert_string_equal(buf_text(&out), "");
		tar.p[i] = (char)(tar.p[i] ^ 1);
	}
	buf_release(&tar);
	buf_release(&out);
}

static void
test_a_tar_cut_anywhere_or_with_more_is_refused(void **state)
{
	struct buf tar = BUF_INIT(MIB), out = BUF_INIT(MIB);
	struct err e;
	size_t n;

	(void)state;
	tar_member(&tar, "a.eml", '0', "abc", 3);
	tar_member(&tar, "b.eml", '0', "", 0);
	tar_end(&tar);
	for (n = tar.n; tar.n-- > 0;)
		assert_int_equal(parse(CONTAINER_TAR, &tar, SIZE_MAX, true,
		    &out, &e), -1);
	tar.n = n;
	/* The end of the archive is in the last frame, and only there. */
	assert_int_equal(parse(CONTAINER_TAR, &tar, SIZE_MAX, true, &out, &e),
	    0);
	assert_int_equal(parse(CONTAINER_TAR, &tar, SIZE_MAX, false, &out, &e),
	    -1);
	assert_non_null(strstr(e.text, "before the last frame"));
	tar.n -= 2 * BLOCK;
	assert_int_equal(parse(CONTAINER_TAR, &tar, SIZE_MAX, false, &out, &e),
	    0);
	assert_int_equal(parse(CONTAINER_TAR, &tar, SIZE_MAX, true, &out, &e),
	    -1);
	assert_non_null(strstr(e.text, "end of the archive is missing"));
	tar.n = n;
	buf_add(&tar, "", 1);
	assert_int_equal(parse_any(CONTAINER_TAR, &tar, true, &out, &e), -1);
	assert_non_null(strstr(e.text, "behind the end of the archive"));
	buf_release(&tar);
	buf_release(&out);
}

static const struct {
	const char	*records;
	uint64_t	 size;		/* in the header behind */
	const char	*why;
} pax[] = {
	{ "14 path=b.eml\n", 3, NULL },
	{ "10 size=3\n", 3, NULL },
	{ "14 path=b.eml\n10 size=3\n20 mtime=1700000000\n", 3, NULL },
	{ "13 path=../x\n", 3, "a name that is not safe" },
	{ "11 path=/x\n", 3, "a name that is not safe" },
	{ "9 path=\n", 3, "can't be" },
	{ "8 path=\n", 3, "a name that is not safe" },
	{ "12 path=\xc3(x\n", 3, "a name that is not UTF-8" },
	{ "10 size=4\n", 3, "a size that can't be" },
	{ "11 size=-3\n", 3, "a size that can't be" },
	{ "11 size=3x\n", 3, "a size that can't be" },
	{ "30 size=99999999999999999999\n", 3, "can't be" },
	{ "29 size=9999999999999999999\n", 3, "can't be" },
	{ "22 mtime=1700000000.5\n", 3, "a time that can't be" },
	{ "12 mtime=-1\n", 3, "a time that can't be" },
	{ "11 mtime=1\n", 3, "a time that can't be" },
	{ "14 path=b.eml\n14 path=c.eml\n", 3, "packs don't have" },
	{ "10 size=3\n10 size=3\n", 3, "packs don't have" },
	{ "13 comment=x\n", 3, "packs don't have" },
	{ "14 linkpath=x\n", 3, "packs don't have" },
	{ "9 uid=12\n", 3, "packs don't have" },
	{ "22 GNU.sparse.size=12\n", 3, "packs don't have" },
	{ "11 =novalue\n", 3, "can't be" },
	{ "11 nothing\n", 3, "can't be" },
	{ "15 path=b.eml\n", 3, "can't be" },
	{ "13 path=b.eml\n", 3, "can't be" },
	{ "0 path=b.eml\n", 3, "can't be" },
	{ "2 path=b.eml\n", 3, "can't be" },
	{ "99999999999999999999 path=b.eml\n", 3, "can't be" },
	{ "-1 path=b.eml\n", 3, "can't be" },
	{ "path=b.eml\n", 3, "can't be" },
	{ "14path=b.eml\n", 3, "can't be" },
	{ "14 path=b.eml", 3, "can't be" },
	{ " ", 3, "can't be" },
};

static void
test_only_extended_headers_like_ours_are_taken(void **state)
{
	struct buf tar = BUF_INIT(MIB), out = BUF_INIT(MIB);
	struct err e;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT(pax); i++) {
		buf_clear(&tar);
		tar_member(&tar, "PaxHeader/a.eml", 'x', pax[i].records,
		    strlen(pax[i].records));
		tar_member(&tar, "a.eml", '0', "abc", (size_t)pax[i].size);
		tar_end(&tar);
		rc = parse_any(CONTAINER_TAR, &tar, true, &out, &e);
		if (rc == 0 && pax[i].why != NULL)
			fail_msg("%s: not \"%s\"", pax[i].records, pax[i].why);
		if (rc == -1 && (pax[i].why == NULL ||
		    strstr(e.text, pax[i].why) == NULL))
			fail_msg("%s: %s", pax[i].records, e.text);
	}
	/* Two, none behind it, an empty one, one that is too long. */
	for (i = 0; i < 4; i++) {
		char *p = xcalloc(1, 10 * KIB);

		buf_clear(&tar);
		tar_member(&tar, "PaxHeader/a.eml", 'x',
		    i < 2 ? "14 path=b.eml\n" : p,
		    i < 2 ? 14 : i == 2 ? 0 : 9 * KIB);
		if (i == 0)
			tar_member(&tar, "PaxHeader/a.eml", 'x',
			    "10 size=3\n", 10);
		if (i != 1)
			tar_member(&tar, "a.eml", '0', "abc", 3);
		tar_end(&tar);
		assert_int_equal(parse_any(CONTAINER_TAR, &tar, true, &out,
		    &e), -1);
		assert_non_null(strstr(e.text, "extended header"));
		assert_null(strstr(buf_text(&out), "+"));
		free(p);
	}
	buf_release(&tar);
	buf_release(&out);
}

static la_ssize_t
pass_on(struct archive *a, void *arg, const void *p, size_t n)
{
	(void)a;
	return write(*(int *)arg, p, n);
}

/* The header that libarchive writes for a member, as tar.c asks for it. */
static void
write_header(int fd, int64_t size)
{
	struct archive_entry *entry = archive_entry_new();
	struct archive *a = archive_write_new();

	uselocale(newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0));
	archive_write_set_format_pax_restricted(a);
	archive_write_set_bytes_per_block(a, 0);
	archive_write_open(a, &fd, NULL, pass_on, NULL);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0600);
	archive_entry_set_pathname(entry, "a/b.eml");
	archive_entry_set_mtime(entry, 5, 0);
	archive_entry_set_size(entry, size);
	/* Freeing it would write the body. */
	_exit(archive_write_header(a, entry) == ARCHIVE_OK ? 0 : 1);
}

/* Nobody can store 8 GiB here, but the header of such a member can be read. */
static void
test_headers_of_huge_members_can_be_read(void **state)
{
	static const int64_t sizes[] = { 0, 1, 8589934591, 8589934592,
	    68719476735, 68719476736, INT64_C(1) << 40, INT64_C(1) << 62 };
	struct buf tar = BUF_INIT(MIB), out = BUF_INIT(MIB);
	int pipes[2], status;
	char want[64];
	struct err e;
	ssize_t n;
	size_t i;
	pid_t pid;

	(void)state;
	for (i = 0; i < COUNT(sizes); i++) {
		buf_clear(&tar);
		assert_int_equal(pipe(pipes), 0);
		if ((pid = fork()) == 0)
			write_header(pipes[1], sizes[i]);
		close(pipes[1]);
		while ((n = read(pipes[0], buf_room(&tar, KIB), KIB)) > 0)
			tar.n += (size_t)n;
		close(pipes[0]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		if (parse_any(CONTAINER_TAR, &tar, false, &out, &e) !=
		    (sizes[i] == 0 ? 0 : -1))
			fail_msg("%" PRId64 ": %s", sizes[i], e.text);
		if (sizes[i] != 0)
			assert_non_null(strstr(e.text, "inside of a member"));
		snprintf(want, sizeof(want), "+a/b.eml 5 %zu\n", tar.n);
		assert_memory_equal(out.p, want, strlen(want));
	}
	buf_release(&tar);
	buf_release(&out);
}

/* ---- mbox ---- */

#define FROM	"From mailkeep@localhost Wed Jul 17 09:44:25 1996\n"
#define TIME	"837596665"

static const struct {
	const char	*mbox;
	const char	*told;		/* or NULL: refused, with: */
	const char	*why;
} mboxes[] = {
	{ "", "", NULL },
	{ FROM "\n", "+ " TIME " 49\n=0\n", NULL },
	{ FROM "a\n\n", "+ " TIME " 49\na\n=2\n", NULL },
	{ FROM "\n\n", "+ " TIME " 49\n\n=1\n", NULL },
	{ FROM "\n\n\n\n", "+ " TIME " 49\n\n\n\n=3\n", NULL },
	{ FROM ">From a\n\n", "+ " TIME " 49\n>From a\n=8\n", NULL },
	{ FROM "F\nFr\nFro\nFrom\nFrom\t\n\n",
	    "+ " TIME " 49\nF\nFr\nFro\nFrom\nFrom\t\n=20\n", NULL },
	{ FROM "a\n\n" FROM "\n" FROM "b\n\n",
	    "+ " TIME " 49\na\n=2\n+ " TIME " 101\n=0\n"
	    "+ " TIME " 151\nb\n=2\n", NULL },
	{ "From mailkeep@localhost Sat Jan  1 00:00:00 0000\n\n",
	    "+ -62167219200 49\n=0\n", NULL },
	{ "From mailkeep@localhost Fri Dec 31 23:59:59 9999\n\n",
	    "+ 253402300799 49\n=0\n", NULL },
	{ FROM, NULL, "no empty line" },
	{ FROM "a\n", NULL, "no empty line" },
	{ FROM "a", NULL, "inside of a message" },
	{ FROM "a\n\nF", NULL, "inside of a message" },
	{ FROM "a\n\nFrom ", NULL, "inside of a message" },
	{ FROM "a\n\nFrom x\n", NULL, "no From line" },
	{ FROM FROM "\n", NULL, "no empty line" },
	{ FROM "a\n" FROM "\n", NULL, "no empty line" },
	{ FROM "From \n\n", NULL, "no empty line" },
	{ "\n" FROM "\n", NULL, "no From line" },
	{ "x", NULL, "inside of a message" },
	{ "a\n\n", NULL, "no From line" },
	{ "From root@localhost Wed Jul 17 09:44:25 1996\n\n", NULL,
	    "no From line" },
	{ "From mailkeep@localhost Thu Jul 17 09:44:25 1996\n\n", NULL,
	    "no From line" },
	{ "From mailkeep@localhost Wed Jul 32 09:44:25 1996\n\n", NULL,
	    "no From line" },
	{ "From mailkeep@localhost Wed Jul 17 24:44:25 1996\n\n", NULL,
	    "no From line" },
	{ "From mailkeep@localhost Wed Jul 17 09:44:60 1996\n\n", NULL,
	    "no From line" },
	{ "From mailkeep@localhost Wed jul 17 09:44:25 1996\n\n", NULL,
	    "no From line" },
	{ "From mailkeep@localhost Wed Jul 17 09:44:25 1996 \n\n", NULL,
	    "no From line" },
	{ "From mailkeep@localhost Wed Jul 17 09:44:25 1996\r\n\n", NULL,
	    "no From line" },
	{ "From mailkeep@localhost Wed Jul 17 09:44:25 +996\n\n", NULL,
	    "no From line" },
	{ "From xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n\n",
	    NULL, "no From line" },
};

static void
test_only_mboxes_like_ours_are_taken(void **state)
{
	struct buf mbox = BUF_INIT(MIB), out = BUF_INIT(MIB);
	struct err e;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < COUNT(mboxes); i++) {
		buf_clear(&mbox);
		buf_adds(&mbox, mboxes[i].mbox);
		rc = parse_any(CONTAINER_MBOX, &mbox, true, &out, &e);
		if (rc == 0 && mboxes[i].told == NULL)
			fail_msg("%zu: not \"%s\"", i, mboxes[i].why);
		if (rc == 0)
			assert_string_equal(buf_text(&out), mboxes[i].told);
		else if (mboxes[i].told != NULL ||
		    strstr(e.text, mboxes[i].why) == NULL)
			fail_msg("%zu: %s", i, e.text);
	}
	buf_release(&mbox);
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_tars_like_ours_are_taken),
		cmocka_unit_test(test_a_wrong_checksum_is_refused_in_every_byte),
		cmocka_unit_test(test_a_tar_cut_anywhere_or_with_more_is_refused),
		cmocka_unit_test(test_only_extended_headers_like_ours_are_taken),
		cmocka_unit_test(test_headers_of_huge_members_can_be_read),
		cmocka_unit_test(test_only_mboxes_like_ours_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
