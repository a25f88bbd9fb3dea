/*
 * Mail on its way out: what folders and files are called, that nothing leaves its place or replaces anything, and what
 * is left when it breaks off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/io.h"
#include "base_scratch.h"
#include "foreign/out.h"
#include "mail/name.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define MAIL		"Subject: x\r\n\r\nbody\r\n"
#define TREE_MAX	(1024 * 1024)

static const enum foreign_kind trees[] = { FOREIGN_MAILDIR, FOREIGN_MBOX,
    FOREIGN_EML };

static struct err e;
static char *target;		/* scratch/out */
static struct foreign_out *out;

static int
begin(void **state)
{
	if (scratch_begin(state) == -1)
		return -1;
	target = xasprintf("%s/out", scratch);
	return 0;
}

static int
end(void **state)
{
	foreign_discard(&out);
	free(target);
	return scratch_end(state);
}

static void
again(void)
{
	foreign_discard(&out);
	scratch_clear(target);
}

static void
create(enum foreign_kind kind)
{
	if (foreign_create(kind, target, &out, &e) == -1)
		fail_msg("%s", e.text);
}

static size_t
folder(const char *name, char delimiter)
{
	size_t number;

	if (foreign_folder(out, name, delimiter, &number, &e) == -1)
		fail_msg("%s", e.text);
	return number;
}

static int
try_add(size_t in, uint32_t uid, const char *flags, const char *text, size_t n)
{
	struct foreign_mail m = { .folder = in, .uidvalidity = 9, .uid = uid,
	    .commit = 3, .line = uid, .date = 837596665, .flags = flags };
	const struct sink to = foreign_sink(out);

	digest_of(text, n, &m.sha256);
	foreign_begin(out);
	return sink_write(&to, text, n, &e) == -1 ||
	    foreign_add(out, &m, &e) == -1 ? -1 : 0;
}

static void
add(size_t in, uint32_t uid, const char *flags, const char *text)
{
	if (try_add(in, uid, flags, text, strlen(text)) == -1)
		fail_msg("%s", e.text);
}

static struct foreign_lack
finish(void)
{
	struct foreign_lack lack;

	if (foreign_end(&out, &lack, &e) == -1)
		fail_msg("%s", e.text);
	return lack;
}

/* ---- what is there ---- */

static char **found;
static size_t found_n, found_cap;

static int
find_file(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)where;
	assert_true(kind != FTW_SL && kind != FTW_SLN);
	assert_int_equal(st->st_mode & 0777, S_ISDIR(st->st_mode) ? 0700 :
	    0600);
	if (kind != FTW_F)
		return 0;
	found = mem_grow(found, &found_cap, found_n + 1, sizeof(*found));
	found[found_n++] = xstrdup(path + strlen(target) + 1);
	return 0;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The files below the target, sorted, a line each; to be freed. */
static char *
files(void)
{
	struct buf b = BUF_INIT(TREE_MAX);
	size_t i;

	found_n = 0;
	nftw(target, find_file, 16, FTW_PHYS);
	if (found_n > 0)
		qsort(found, found_n, sizeof(*found), by_text);
	for (i = 0; i < found_n; i++) {
		buf_addf(&b, "%s\n", found[i]);
		free(found[i]);
	}
	free(found);
	found = NULL;
	found_n = found_cap = 0;
	return b.n == 0 ? xstrdup("") : buf_take(&b);
}

static void
assert_files(const char *want)
{
	char *got = files();

	assert_string_equal(got, want);
	free(got);
}

static void
assert_content(const char *name, const char *want, size_t n)
{
	struct buf b = BUF_INIT(16 * 1024 * 1024);
	int dir = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (io_read_file(dir, name, &b, &e) == -1)
		fail_msg("%s: %s", name, e.text);
	close(dir);
	assert_int_equal(b.n, n);
	assert_memory_equal(buf_text(&b), want, n);
	buf_release(&b);
}

/* Beside the target there is nothing. */
static void
assert_alone(void)
{
	DIR *d = opendir(scratch);
	const struct dirent *entry;

	assert_non_null(d);
	while ((entry = readdir(d)) != NULL)
		if (strcmp(entry->d_name, "out") != 0 &&
		    strspn(entry->d_name, ".") != strlen(entry->d_name))
			fail_msg("%s is outside", entry->d_name);
	closedir(d);
}

/* ---- names ---- */

static void
test_a_maildir_calls_folders_as_dovecot_does(void **state)
{
	static const struct { const char *name; char delimiter; const char *want; } t[] = {
		{ "INBOX", '/', "" },
		{ "INBOX/a", '/', ".INBOX.a" },
		{ "Travel/Oslo", '/', ".Travel.Oslo" },
		{ "Travel.Oslo", '.', ".Travel.Oslo" },
		{ "Travel.Oslo", '/', ".Travel%2EOslo" },
		{ "Travel/Oslo", '.', ".Travel%2FOslo" },
		{ "Travel/Oslo", '\0', ".Travel%2FOslo" },
		{ "\303\204 & B", '/', ".&AMQ- &- B" },
		{ "a%b*", '/', ".a%b*" },
		{ "..", '/', ".%2E%2E" },
		{ "../x", '/', ".%2E%2E.x" },
		{ "/abs", '/', ".%.abs" },
		{ "a//b/", '/', ".a.%.b.%" },
		{ "", '/', ".%" },
		{ "~root/~a/b~", '/', ".%7Eroot.%7Ea.b~" },
		{ "a\nb\033", '/', ".a%0Ab%1B" },
		{ "a\342\200\256b", '/', ".a%E2%80%AEb" },
		{ "\377caf\351", '/', ".%FFcaf%E9" },
		{ "cur", '/', ".cur" },
	};
	struct buf b = BUF_INIT(4096);
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		buf_clear(&b);
		out_name_maildir(t[i].name, t[i].delimiter, &b);
		assert_string_equal(buf_text(&b), t[i].want);
	}
	buf_release(&b);
}

static void
test_a_long_name_is_cut_between_characters_and_told_by_its_hash(void **state)
{
	struct buf one = BUF_INIT(4096), other = BUF_INIT(4096);
	char name[NAME_MAX_WIRE + 1];
	size_t i, n;

	(void)state;
	/* From the longest that fits, past it, to the longest there is. */
	for (n = 150; n <= NAME_MAX_WIRE; n += n < 260 ? 1 : 999) {
		for (i = 0; i + 2 <= n; i += 2)
			memcpy(name + i, i % 6 == 0 ? "ab" : "\303\244", 2);
		name[i] = '\0';
		buf_clear(&one);
		out_name_maildir(name, '/', &one);
		assert_in_range(one.n, 10, 201);
		if (strstr(buf_text(&one), "%~") == NULL)
			continue;
		/* Cut or not, base64 is closed: only whole characters are in it. */
		assert_int_equal(strncmp(strstr(buf_text(&one), "%~") - 1,
		    "-", 1) == 0 || strncmp(strstr(buf_text(&one), "%~") - 1,
		    "b", 1) == 0, 1);
		name[i - 1] = '\245';
		buf_clear(&other);
		out_name_maildir(name, '/', &other);
		assert_string_not_equal(buf_text(&one), buf_text(&other));
	}
	buf_release(&one);
	buf_release(&other);
}

static void
test_no_directory_is_called_like_a_mailbox(void **state)
{
	(void)state;
	create(FOREIGN_MBOX);
	add(folder("a", '/'), 1, "", MAIL);
	add(folder("a.mbox/b", '/'), 2, "", MAIL);
	add(folder("a.mbox", '/'), 3, "", MAIL);
	add(folder("x.MBOX/y.mbox/z", '/'), 4, "", MAIL);
	finish();
	assert_files("a%2Embox/b.mbox\na.mbox\na.mbox.mbox\n"
	    "x%2EMBOX/y%2Embox/z.mbox\n");
}

static void
test_whatever_folders_are_called_all_stays_below_the_target(void **state)
{
	static char long_name[NAME_MAX_WIRE + 1], deep[8000];
	static const char *const names[] = {
		"INBOX", "..", "../x", "../../x", "/abs", "/", "//", "", ".",
		"./x", "a/../../x", "a/..", "-rf", " ", "a ", "a.", "~", "~/x",
		"CON", "a\\b", "a:b", "a\001b\177", "\377\376", "x.eml/y",
		"x.eml", "x.mbox/x.mbox", "cur", "new", "tmp", "tmp/x",
		".mailkeep-part", ".mailkeep-part/x", "maildirfolder",
		"dovecot-keywords", "INBOX/cur", "Inbox", "\342\200\256x",
		long_name, deep,
	};
	char *got;
	size_t i, k, line;

	(void)state;
	memset(long_name, 'n', NAME_MAX_WIRE);
	for (i = 0; i + 2 < sizeof(deep); i += 2)
		memcpy(deep + i, "d/", 2);
	for (k = 0; k < LENGTH(trees); k++) {
		again();
		create(trees[k]);
		for (i = 0; i < LENGTH(names); i++)
			add(folder(names[i], '/'), (uint32_t)i + 1, "", MAIL);
		for (i = 0; i < LENGTH(names); i++)
			add(folder(names[i], '.'), 1000 + (uint32_t)i, "",
			    MAIL);
		finish();
		assert_alone();
		/* Each folder's messages are somewhere. */
		got = files();
		for (line = i = 0; got[i] != '\0'; i++)
			line += got[i] == '\n';
		if (trees[k] == FOREIGN_MBOX)
			assert_in_range(line, LENGTH(names), 2 * LENGTH(names));
		else
			assert_true(line >= 2 * LENGTH(names));
		assert_null(strstr(got, "/../"));
		free(got);
	}
}

static void
test_names_that_would_be_one_get_a_suffix(void **state)
{
	struct foreign_lack lack;

	(void)state;
	create(FOREIGN_MBOX);
	add(folder("Foo", '/'), 1, "", MAIL);
	add(folder("foo", '/'), 2, "", MAIL);
	add(folder("a/b", '/'), 3, "", MAIL);
	add(folder("a.b", '.'), 4, "", MAIL);
	add(folder("FOO", '/'), 5, "", MAIL);
	lack = finish();
	assert_int_equal(lack.renamed, 3);
	assert_files("FOO%~3.mbox\nFoo.mbox\na/b%~2.mbox\na/b.mbox\nfoo%~2.mbox\n");
}

static void
test_a_name_that_comes_again_is_the_same_folder(void **state)
{
	size_t one, two;

	(void)state;
	create(FOREIGN_EML);
	one = folder("Foo", '/');
	two = folder("foo", '/');
	assert_int_not_equal(one, two);
	assert_int_equal(folder("foo", '/'), two);
	assert_int_equal(folder("Foo", '/'), one);
}

static void
test_a_file_name_that_is_taken_gets_a_number(void **state)
{
	size_t in;

	(void)state;
	create(FOREIGN_EML);
	in = folder("a", '/');
	add(in, 1, "", MAIL);
	add(in, 1, "", MAIL);
	add(in, 1, "", MAIL);
	finish();
	assert_files("a/9.1.94aa02c6.2.eml\na/9.1.94aa02c6.3.eml\n"
	    "a/9.1.94aa02c6.eml\n");
}

/* ---- flags ---- */

static void
test_flags_are_letters_in_order(void **state)
{
	static const struct { const char *flags, *letters; } t[] = {
		{ "", "" },
		{ "\\Seen", "S" },
		{ "\\Answered \\Deleted \\Draft \\Flagged \\Seen", "DFRST" },
		{ "\\Seen $Forwarded", "PSa" },
		{ "$Forwarded $Work", "Pab" },
		{ "$Work", "b" },
		{ "\\Flagged Zebra $Work", "Fbc" },
		{ "\\Odd \\Seen", "S" },
		{ "$work", "d" },
	};
	struct buf want = BUF_INIT(4096);
	struct foreign_lack lack;
	size_t i, in;

	(void)state;
	create(FOREIGN_MAILDIR);
	in = folder("INBOX", '/');
	for (i = 0; i < LENGTH(t); i++) {
		add(in, (uint32_t)i, t[i].flags, MAIL);
		buf_addf(&want, "cur/837596665.C3N%zu.mailkeep,S=%zu:2,%s\n", i,
		    strlen(MAIL), t[i].letters);
	}
	lack = finish();
	assert_int_equal(lack.flags, 1);
	buf_adds(&want, "dovecot-keywords\n");
	assert_files(buf_text(&want));
	assert_content("dovecot-keywords",
	    "0 $Forwarded\n1 $Work\n2 Zebra\n3 $work\n", 37);
	buf_release(&want);
}

static void
test_keywords_beyond_26_in_a_folder_are_counted(void **state)
{
	struct foreign_lack lack;
	char flag[16];
	size_t one, two;
	uint32_t i;

	(void)state;
	create(FOREIGN_MAILDIR);
	one = folder("INBOX", '/');
	two = folder("a", '/');
	for (i = 0; i < 28; i++) {
		snprintf(flag, sizeof(flag), "k%u", i);
		add(one, i, flag, MAIL);
		add(two, i + 100, "only", MAIL);
	}
	lack = finish();
	assert_int_equal(lack.flags, 2);
	assert_content(".a/dovecot-keywords", "0 only\n", 7);
}

/* ---- bytes ---- */

static void
test_bytes_dates_and_modes_are_kept(void **state)
{
	static const char bytes[] = "a\0b\n\r\377From \n";
	static char large[OUT_SPOOL_MEM + 4096];
	static const size_t sizes[] = { OUT_SPOOL_MEM - 1, OUT_SPOOL_MEM,
	    OUT_SPOOL_MEM + 1, sizeof(large) };
	struct stat st;
	char name[128], path[4096];
	size_t i;

	(void)state;
	memset(large, 'l', sizeof(large));
	create(FOREIGN_MAILDIR);
	assert_int_equal(folder("INBOX", '/'), 0);
	assert_int_equal(try_add(0, 1, "", bytes, sizeof(bytes) - 1), 0);
	assert_int_equal(try_add(0, 2, "", "", 0), 0);
	for (i = 0; i < LENGTH(sizes); i++)
		assert_int_equal(try_add(0, 10 + (uint32_t)i, "", large,
		    sizes[i]), 0);
	finish();
	assert_content("cur/837596665.C3N1.mailkeep,S=12:2,", bytes,
	    sizeof(bytes) - 1);
	assert_content("cur/837596665.C3N2.mailkeep,S=0:2,", "", 0);
	for (i = 0; i < LENGTH(sizes); i++) {
		snprintf(name, sizeof(name),
		    "cur/837596665.C3N%zu.mailkeep,S=%zu:2,", 10 + i, sizes[i]);
		assert_content(name, large, sizes[i]);
		snprintf(path, sizeof(path), "%s/%s", target, name);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mtime, 837596665);
	}
}

static void
test_a_mailbox_is_mboxrd_in_order(void **state)
{
	static const char want[] =
	    "From mailkeep@localhost Wed Jul 17 09:44:25 1996\n"
	    "Subject: x\n\n>From a\n>>From b\n\n"
	    "From mailkeep@localhost Wed Jul 17 09:44:25 1996\n"
	    "raw\r\n>From\nno end\n\n"
	    "From mailkeep@localhost Wed Jul 17 09:44:25 1996\n"
	    "\n";
	size_t in;

	(void)state;
	create(FOREIGN_MBOX);
	in = folder("a/b", '/');
	add(in, 1, "\\Seen", "Subject: x\r\n\r\nFrom a\r\n>From b\r\n");
	add(in, 2, "", "raw\r\n>From\nno end");
	add(in, 3, "", "");
	add(folder("c", '/'), 4, "", MAIL);
	finish();
	assert_files("a/b.mbox\nc.mbox\n");
	assert_content("a/b.mbox", want, sizeof(want) - 1);
}

static void
test_what_was_not_added_leaves_nothing(void **state)
{
	static char large[OUT_SPOOL_MEM + 1];
	struct sink to;
	size_t k;

	(void)state;
	for (k = 0; k < LENGTH(trees); k++) {
		again();
		create(trees[k]);
		to = foreign_sink(out);
		add(folder("INBOX", '/'), 1, "", MAIL);
		foreign_begin(out);
		assert_int_equal(sink_write(&to, large, sizeof(large), &e), 0);
		foreign_begin(out);
		assert_int_equal(sink_write(&to, large, 10, &e), 0);
		finish();
		assert_files(trees[k] == FOREIGN_MAILDIR ?
		    "cur/837596665.C3N1.mailkeep,S=20:2,\n" :
		    trees[k] == FOREIGN_MBOX ? "INBOX.mbox\n" :
		    "INBOX/9.1.94aa02c6.eml\n");
	}
}

/* ---- targets ---- */

static void
test_a_target_with_something_in_it_is_refused_and_left_alone(void **state)
{
	char *path = xasprintf("%s/cur", target);
	size_t k;

	(void)state;
	assert_int_equal(mkdir(target, 0700), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	for (k = 0; k < LENGTH(trees); k++) {
		assert_int_equal(foreign_create(trees[k], target, &out, &e),
		    -1);
		assert_int_equal(e.kind, EK_REFUSED);
		assert_null(out);
		assert_int_equal(access(path, F_OK), 0);
	}
	assert_int_equal(rmdir(path), 0);
	create(FOREIGN_EML);
	free(path);
}

static void
test_an_archive_never_takes_the_place_of_a_file(void **state)
{
	static const enum foreign_kind kinds[] = { FOREIGN_TAR, FOREIGN_ZIP };
	char *path = xasprintf("%s/out/x.tar", scratch);
	struct foreign_lack lack;
	size_t k;
	int fd;

	(void)state;
	assert_int_equal(mkdir(target, 0700), 0);
	for (k = 0; k < LENGTH(kinds); k++) {
		assert_int_equal(symlink("/nowhere", path), 0);
		assert_int_equal(foreign_create(kinds[k], path, &out, &e), -1);
		assert_int_equal(e.kind, EK_REFUSED);
		assert_int_equal(unlink(path), 0);
		/* One that comes meanwhile. */
		assert_int_equal(foreign_create(kinds[k], path, &out, &e), 0);
		add(folder("a", '/'), 1, "", MAIL);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
		assert_int_not_equal(fd, -1);
		close(fd);
		assert_int_equal(foreign_end(&out, &lack, &e), -1);
		assert_int_equal(e.kind, EK_REFUSED);
		foreign_discard(&out);
		assert_files("x.tar\n");
		assert_content("x.tar", "", 0);
		assert_int_equal(unlink(path), 0);
	}
	free(path);
}

static void
test_an_archive_that_is_not_finished_is_removed(void **state)
{
	static const struct { enum foreign_kind kind; const char *name; } t[] = {
		{ FOREIGN_TAR, "x.tar" }, { FOREIGN_TAR, "x.tar.zst" },
		{ FOREIGN_TAR, "x.TGZ" }, { FOREIGN_ZIP, "x.zip" },
	};
	size_t i;
	char *path;

	(void)state;
	assert_int_equal(mkdir(target, 0700), 0);
	for (i = 0; i < LENGTH(t); i++) {
		path = xasprintf("%s/%s", target, t[i].name);
		assert_int_equal(foreign_create(t[i].kind, path, &out, &e), 0);
		add(folder("a", '/'), 1, "", MAIL);
		foreign_discard(&out);
		assert_files("");
		free(path);
	}
	path = xasprintf("%s/x.tar.bz2", target);
	assert_int_equal(foreign_create(FOREIGN_TAR, path, &out, &e), -1);
	assert_int_equal(e.kind, EK_USAGE);
	assert_files("");
	free(path);
}

static void
test_a_target_of_ours_is_removed_where_nothing_came_into_it(void **state)
{
	size_t k;

	(void)state;
	for (k = 0; k < LENGTH(trees); k++) {
		create(trees[k]);
		foreign_discard(&out);
		assert_int_equal(access(target, F_OK), -1);
	}
	assert_int_equal(mkdir(target, 0700), 0);
	create(FOREIGN_MAILDIR);
	foreign_discard(&out);
	assert_int_equal(rmdir(target), 0);
}

static void
test_what_is_whole_stays_when_it_breaks_off(void **state)
{
	static const char *const want[] = {
		"cur/837596665.C3N1.mailkeep,S=20:2,a\ndovecot-keywords\n",
		"INBOX.mbox\n",
		"INBOX/9.1.94aa02c6.eml\nb/9.2.94aa02c6.eml\n",
	};
	size_t k, in;

	(void)state;
	for (k = 0; k < LENGTH(trees); k++) {
		again();
		create(trees[k]);
		in = folder("INBOX", '/');
		add(in, 1, "$Work", MAIL);
		/* The mailbox that is being written isn't whole. */
		if (trees[k] != FOREIGN_MAILDIR)
			add(folder("b", '/'), 2, "", MAIL);
		foreign_discard(&out);
		assert_files(want[k]);
	}
}

static void
test_links_that_come_meanwhile_are_not_followed(void **state)
{
	static const char *const names[] = { ".Travel", "Travel", "Travel" };
	char *outside = xasprintf("%s/outside", scratch), *link;
	struct foreign_lack lack;
	size_t k, in;
	DIR *d;
	int n;

	(void)state;
	assert_int_equal(mkdir(outside, 0700), 0);
	for (k = 0; k < LENGTH(trees); k++) {
		again();
		create(trees[k]);
		link = xasprintf("%s/%s", target, names[k]);
		assert_int_equal(symlink(outside, link), 0);
		/* A Maildir is made at once, the others when they are needed. */
		if (foreign_folder(out, trees[k] == FOREIGN_MAILDIR ? "Travel" :
		    "Travel/Oslo", '/', &in, &e) == 0 &&
		    try_add(in, 1, "", MAIL, strlen(MAIL)) == 0)
			assert_int_equal(foreign_end(&out, &lack, &e), -1);
		foreign_discard(&out);
		n = 0;
		assert_non_null(d = opendir(outside));
		while (readdir(d) != NULL)
			n++;
		closedir(d);
		assert_int_equal(n, 2);
		assert_int_equal(unlink(link), 0);
		free(link);
	}
	free(outside);
}

static void
test_no_room_is_told_as_such_and_leaves_what_is_whole(void **state)
{
	static char large[OUT_SPOOL_MEM * 2];
	struct rlimit before, small;
	size_t k;
	int rc;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){ OUT_SPOOL_MEM * 3 / 2, before.rlim_max };
	for (k = 0; k < LENGTH(trees); k++) {
		again();
		create(trees[k]);
		add(folder("INBOX", '/'), 1, "", MAIL);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
		rc = try_add(folder("b", '/'), 2, "", large, sizeof(large));
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		assert_int_equal(rc, -1);
		assert_int_equal(e.kind, EK_SPACE);
		assert_non_null(strstr(e.text, target));
		foreign_discard(&out);
		assert_files(trees[k] == FOREIGN_MAILDIR ?
		    ".b/maildirfolder\ncur/837596665.C3N1.mailkeep,S=20:2,\n" :
		    trees[k] == FOREIGN_MBOX ? "" : "INBOX/9.1.94aa02c6.eml\n");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_maildir_calls_folders_as_dovecot_does),
		cmocka_unit_test(
		test_a_long_name_is_cut_between_characters_and_told_by_its_hash),
		cmocka_unit_test_setup_teardown(
		    test_no_directory_is_called_like_a_mailbox, begin, end),
		cmocka_unit_test_setup_teardown(
		    test_whatever_folders_are_called_all_stays_below_the_target,
		    begin, end),
		cmocka_unit_test_setup_teardown(
		    test_names_that_would_be_one_get_a_suffix, begin, end),
		cmocka_unit_test_setup_teardown(
		    test_a_name_that_comes_again_is_the_same_folder, begin,
		    end),
		cmocka_unit_test_setup_teardown(
		    test_a_file_name_that_is_taken_gets_a_number, begin, end),
		cmocka_unit_test_setup_teardown(
		    test_flags_are_letters_in_order, begin, end),
		cmocka_unit_test_setup_teardown(
		    test_keywords_beyond_26_in_a_folder_are_counted, begin,
		    end),
		cmocka_unit_test_setup_teardown(
		    test_bytes_dates_and_modes_are_kept, begin, end),
		cmocka_unit_test_setup_teardown(
		    test_a_mailbox_is_mboxrd_in_order, begin, end),
		cmocka_unit_test_setup_teardown(
		    test_what_was_not_added_leaves_nothing, begin, end),
		cmocka_unit_test_setup_teardown(
		test_a_target_with_something_in_it_is_refused_and_left_alone,
		    begin, end),
		cmocka_unit_test_setup_teardown(
		    test_an_archive_never_takes_the_place_of_a_file, begin,
		    end),
		cmocka_unit_test_setup_teardown(
		    test_an_archive_that_is_not_finished_is_removed, begin,
		    end),
		cmocka_unit_test_setup_teardown(
		    test_a_target_of_ours_is_removed_where_nothing_came_into_it,
		    begin, end),
		cmocka_unit_test_setup_teardown(
		    test_what_is_whole_stays_when_it_breaks_off, begin, end),
		cmocka_unit_test_setup_teardown(
		    test_links_that_come_meanwhile_are_not_followed, begin,
		    end),
		cmocka_unit_test_setup_teardown(
		    test_no_room_is_told_as_such_and_leaves_what_is_whole,
		    begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
