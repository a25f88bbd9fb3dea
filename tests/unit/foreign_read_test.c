/*
 * What a source is, which messages it holds, and that nothing in it leads elsewhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base_scratch.h"
#include "foreign/read.h"

#define MAIL	"Subject: x\n\nbody\n"
#define CRLF	"Subject: x\r\n\r\nbody\r\n"

/* ---- making sources ---- */

static char *
path_of(const char *name)
{
	return xasprintf("%s/%s", scratch, name);
}

static void
put_bytes(const char *name, const void *p, size_t n)
{
	char *path = path_of(name), *slash;
	FILE *f;

	for (slash = strchr(path + strlen(scratch) + 1, '/'); slash != NULL;
	    slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	free(path);
}

static void
put(const char *name, const char *text)
{
	put_bytes(name, text, strlen(text));
}

static void
set_time(const char *name, int64_t t)
{
	const struct timespec ts[2] = { { (time_t)t, 0 }, { (time_t)t, 0 } };
	char *path = path_of(name);

	assert_int_equal(utimensat(AT_FDCWD, path, ts, 0), 0);
	free(path);
}

static struct buf tar = BUF_INIT(4 * 1024 * 1024);

/* A member of a tar; ${size} is what the header claims. */
static void
member(const char *name, char type, const char *link, uint64_t size,
    const char *body)
{
	char h[512] = { 0 };
	unsigned int sum = 0;
	size_t i;

	assert_true(strlen(name) < 100);
	memcpy(h, name, strlen(name));
	snprintf(h + 100, 8, "%07o", 0600);
	snprintf(h + 108, 8, "%07o", 0);
	snprintf(h + 116, 8, "%07o", 0);
	snprintf(h + 124, 12, "%011llo", (unsigned long long)size & 077777777777);
	snprintf(h + 136, 12, "%011llo", 1136214245ull);
	memset(h + 148, ' ', 8);
	h[156] = type;
	if (link != NULL)
		memcpy(h + 157, link, strlen(link));
	memcpy(h + 257, "ustar\00000", 8);
	for (i = 0; i < 512; i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum);
	h[155] = ' ';
	buf_add(&tar, h, 512);
	buf_adds(&tar, body);
	while (tar.n % 512 != 0)
		buf_addc(&tar, '\0');
}

static void
mail_member(const char *name, const char *body)
{
	member(name, '0', NULL, strlen(body), body);
}

static void
put_tar(const char *name, size_t cut)
{
	size_t i;

	for (i = 0; i < 1024; i++)
		buf_addc(&tar, '\0');
	put_bytes(name, tar.p, tar.n - cut);
	buf_clear(&tar);
}

/* ---- what is found ---- */

static struct buf said = BUF_INIT(1024 * 1024);

static void
on_told(void *arg, bool lost, const char *where, const char *why)
{
	(void)arg;
	buf_addf(&said, "%s %s: %s\n", lost ? "LOST" : "past", where, why);
}

static int
keep(void *arg, const void *p, size_t n, struct err *e)
{
	(void)e;
	assert_int_equal(buf_add(arg, p, n), 0);
	return 0;
}

/* "folder|flags|date|body" a line for each message; dates of now are "-". */
static const char *
found_with(const char *name, struct foreign_in_opts opts)
{
	char *path = path_of(name);
	struct buf body = BUF_INIT(8 * 1024 * 1024);
	const struct sink to = { keep, &body };
	struct foreign_found f;
	struct foreign_in *in;
	struct err e = { .kind = EK_NONE };
	size_t i;
	int r;

	buf_clear(&said);
	opts.scratch = scratch_fd;
	opts.told = on_told;
	r = foreign_open(path, &opts, &in, &e);
	free(path);
	if (r == -1) {
		buf_addf(&said, "refused %d\n", e.kind);
		return buf_text(&said);
	}
	while ((r = foreign_next(in, &f, &e)) == 1) {
		buf_clear(&body);
		if ((r = foreign_body(in, &to, &e)) != 0) {
			assert_int_equal(r, 1);
			buf_addf(&said, "UNREAD %s: %s\n", f.where, e.text);
			continue;
		}
		buf_addf(&said, "%s|%s|", f.folder, f.flags);
		if (f.has_date && f.date < 1700000000)
			buf_addf(&said, "%lld|", (long long)f.date);
		else
			buf_adds(&said, f.has_date ? "-|" : "none|");
		for (i = 0; i < body.n && i < 200; i++)
			buf_addc(&said, body.p[i] == '\r' ? '^' :
			    body.p[i] == '\n' ? '$' : body.p[i]);
		buf_addc(&said, '\n');
	}
	assert_int_equal(r, 0);
	foreign_close(&in);
	buf_release(&body);
	return buf_text(&said);
}

static const char *
found(const char *name)
{
	return found_with(name, (struct foreign_in_opts){ .format = 0 });
}

static const char *
found_as(const char *name, enum foreign_format format)
{
	return found_with(name, (struct foreign_in_opts){ .format = format });
}

#define BODY	"Subject: x^$^$body^$\n"

static void
test_a_maildir_tree_is_read_folder_by_folder(void **state)
{
	(void)state;
	put("m/cur/2.M.h:2,S", MAIL);
	put("m/cur/10.M.h:2,Fa", MAIL);
	put("m/cur/.hidden", MAIL);
	put("m/new/3.M.h", MAIL);
	put("m/tmp/4.M.h", MAIL);
	put("m/dovecot-keywords", "0 work\n");
	put("m/dovecot.index", "Subject: no\n\n");
	put("m/.Sent.2019/cur/1.M.h:2,ST", CRLF);
	put("m/.Sent.2019/new/x", "Subject: no\n\n");
	put("m/Plain/Deep/cur/1.M.h:2,", MAIL);
	put("m/.nomail/file.eml", MAIL);
	put("n/..a/1.eml", MAIL);
	set_time("m/cur/2.M.h:2,S", 1136214245);
	assert_string_equal(found("m"),
	    "INBOX|\\Seen|1136214245|" BODY
	    "INBOX|\\Flagged work|-|" BODY
	    "INBOX||-|" BODY
	    "Sent/2019|\\Deleted \\Seen|-|" BODY
	    "Sent/2019||-|Subject: no^$^$\n"
	    "past .nomail: a hidden directory\n"
	    "Plain/Deep||-|" BODY);
	assert_string_equal(found("m/Plain"), "Deep||-|" BODY);
	assert_string_equal(found("n"), "past ..a: a hidden directory\n");
}

static void
test_links_and_devices_are_not_followed(void **state)
{
	char *path = path_of("l/cur/1.link:2,S"), *fifo = path_of("l/cur/2");

	(void)state;
	put("l/cur/3:2,S", MAIL);
	put("secret.eml", "Subject: secret\n\n");
	assert_int_equal(symlink("../../secret.eml", path), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	free(path);
	path = path_of("l/.Out");
	assert_int_equal(symlink("../m", path), 0);
	assert_string_equal(found("l"),
	    "past cur/1.link:2,S: a symbolic link, which is not followed\n"
	    "past cur/2: not a file\n"
	    "INBOX|\\Seen|-|" BODY);
	free(path);
	free(fifo);
}

static void
test_a_directory_may_hold_a_bit_of_everything(void **state)
{
	(void)state;
	put("d/box.mbox", "From a Mon Jan  2 15:04:05 2006\n"
	    "Status: RO\n\n1\n\nFrom a Mon Jan  2 15:04:06 2006\nS: x\n\n2\n");
	put("d/box.sbd/sub", "From a Mon Jan  2 15:04:05 2006\nS: x\n\n3\n");
	put("d/box.msf", "From a");
	put("d/letter.EML", MAIL);
	put("d/notes.txt", "Note: no mail\n");
	put("d/nothing", "");
	put("d/letters/7.1.0af3.eml", "Date: Wed, 2 Jan 2008 00:00:00 +0000\n\n");
	put("d/lett%41/7.1.0af3.eml", MAIL);
	put("d/lett%41/own.eml", MAIL);
	set_time("d/letters/7.1.0af3.eml", 1136214245);
	assert_string_equal(found("d"),
	    "box|\\Seen|1136214245|Status: RO^$^$1^$\n"
	    "box|\\Seen|1136214246|S: x^$^$2^$\n"
	    "box/sub|\\Seen|1136214245|S: x^$^$3^$\n"
	    "lettA|\\Seen|-|" BODY
	    "lett%41|\\Seen|-|" BODY
	    "d|\\Seen|-|" BODY
	    "letters|\\Seen|1136214245|"
	    "Date: Wed, 2 Jan 2008 00:00:00 +0000^$^$\n"
	    "past notes.txt: it is no mail\n");
	/* Each format takes what is its own. */
	assert_non_null(strstr(found_as("d", FOREIGN_FROM_EML),
	    "d|\\Seen|-|Note: no mail^$\n"));
	assert_string_equal(found_as("d", FOREIGN_FROM_MAILDIR), "");
	assert_null(strstr(found_as("d", FOREIGN_FROM_MBOX), BODY));
	assert_string_equal(found_as("d", FOREIGN_FROM_TAR), "refused 2\n");
}

static void
test_a_single_file_is_what_it_looks_like(void **state)
{
	(void)state;
	put("f/Old.mbox", "From a Mon Jan  2 15:04:05 2006\nS: x\n\n1\n");
	put("f/mail", MAIL);
	put("f/x.bin", "\001\002\003");
	put("f/empty", "");
	put("f/passwd", "root:x:0:0:root:/root:/bin/sh\n");
	assert_string_equal(found("f/Old.mbox"),
	    "Old|\\Seen|1136214245|S: x^$^$1^$\n");
	assert_string_equal(found("f/mail"), "f|\\Seen|-|" BODY);
	assert_string_equal(found("f/x.bin"), "refused 2\n");
	assert_string_equal(found("f/empty"), "");
	assert_string_equal(found("f/passwd"), "refused 2\n");
	assert_string_equal(found("f/none"), "refused 2\n");
	assert_string_equal(found_as("f/mail", FOREIGN_FROM_TAR), "refused 2\n");
	assert_string_equal(found_as("f/mail", FOREIGN_FROM_MAILDIR),
	    "refused 2\n");
	assert_string_equal(found_as("f/x.bin", FOREIGN_FROM_MBOX),
	    "refused 2\n");
}

static void
test_messages_of_mh_are_known_by_their_numbers(void **state)
{
	(void)state;
	put("h/inbox/1", MAIL);
	put("h/inbox/12", MAIL);
	put("h/inbox/3", "3 things to do\n");
	put("h/inbox/4x", MAIL);
	assert_string_equal(found("h"),
	    "inbox|\\Seen|-|" BODY
	    "past inbox/3: it is no mail\n"
	    "past inbox/4x: it is no mail\n"
	    "inbox|\\Seen|-|" BODY);
	mail_member("inbox/7", MAIL);
	mail_member("inbox/8", "8 things\n");
	put_tar("h.tar", 0);
	assert_string_equal(found("h.tar"),
	    "inbox|\\Seen|1136214245|" BODY
	    "past h.tar: inbox/8: it is no mail\n");
}

static void
test_a_message_without_a_byte_is_one(void **state)
{
	(void)state;
	put("e/cur/1:2,S", "");
	put("e/cur/2:2,S", MAIL);
	assert_string_equal(found("e"), "INBOX|\\Seen|-|\n"
	    "INBOX|\\Seen|-|" BODY);
}

static void
test_dates_come_from_where_they_are_asked_for(void **state)
{
	struct foreign_in_opts o = { .format = 0 };
	static const char mail[] =
	    "Received: from a; Mon, 2 Jan 2006 15:04:05 +0000\n\n";

	(void)state;
	put("t/old.eml", mail);		/* copied now: not believed */
	put("t/near.eml", mail);
	set_time("t/near.eml", 1136214245 + 2 * 86400);
	put("t/far.eml", mail);
	set_time("t/far.eml", 1136214245 + 2 * 86400 + 1);
	put("t/plain.eml", MAIL);
	set_time("t/plain.eml", 1000000000);
	put("t/zero.eml", MAIL);
	set_time("t/zero.eml", 0);
#define M	"Received: from a; Mon, 2 Jan 2006 15:04:05 +0000^$^$\n"
	assert_string_equal(found_with("t", o),
	    "t|\\Seen|1136214245|" M
	    "t|\\Seen|1136387045|" M
	    "t|\\Seen|1136214245|" M
	    "t|\\Seen|1000000000|" BODY
	    "t|\\Seen|none|" BODY);
	o.date = FOREIGN_DATE_FILE;
	assert_string_equal(found_with("t", o),
	    "t|\\Seen|1136387046|" M
	    "t|\\Seen|1136387045|" M
	    "t|\\Seen|-|" M
	    "t|\\Seen|1000000000|" BODY
	    "t|\\Seen|none|" BODY);
	o.date = FOREIGN_DATE_HEADER;
	assert_string_equal(found_with("t", o),
	    "t|\\Seen|1136214245|" M
	    "t|\\Seen|1136214245|" M
	    "t|\\Seen|1136214245|" M
	    "t|\\Seen|1000000000|" BODY
	    "t|\\Seen|none|" BODY);
#undef M
}

static void
test_a_tar_is_read_as_the_directory_that_it_would_become(void **state)
{
	(void)state;
	member("./", '5', NULL, 0, "");
	member("Maildir/cur/", '5', NULL, 0, "");
	mail_member("Maildir/dovecot-keywords", "0 work\n");
	mail_member("Maildir/dovecot-uidlist", "3 V1\n");
	mail_member("Maildir/cur/1.M.h:2,Sa", MAIL);
	mail_member("Maildir/.Sent/new/2.M.h", CRLF);
	mail_member("Maildir/.Sent/tmp/2.M.h", CRLF);
	mail_member("letters/a.eml", MAIL);
	mail_member("Work%2FX/%2Edot/9.7.0af3.eml", MAIL);
	mail_member("boxes/Old.mbox", "From a Mon Jan  2 15:04:07 2006\n\n1\n\n"
	    "From a Mon Jan  2 15:04:08 2006\n\n2\n\n");
	mail_member("README", "hello\n");
	put_tar("t.tar", 0);
	assert_string_equal(found("t.tar"),
	    "Maildir|\\Seen work|1136214245|" BODY
	    "Maildir/Sent||1136214245|" BODY
	    "past t.tar: Maildir/.Sent/tmp/2.M.h: it is no mail\n"
	    "letters|\\Seen|1136214245|" BODY
	    "Work%2FX/.dot|\\Seen|1136214245|" BODY
	    "boxes/Old|\\Seen|1136214247|^$1^$\n"
	    "boxes/Old|\\Seen|1136214248|^$2^$\n"
	    "past t.tar: README: it is no mail\n");
}

static void
test_names_in_a_tar_lead_nowhere(void **state)
{
	(void)state;
	mail_member("../../../etc/cur/1:2,S", MAIL);
	mail_member("/abs/a.eml", MAIL);
	mail_member("a.eml", MAIL);
	member("x/cur/2:2,S", '2', "/etc/passwd", 0, "");
	member("x/cur/3:2,S", '1', "a.eml", 0, "");
	member("x/cur/4:2,S", '3', NULL, 0, "");
	member("x/other", '2', "/etc/passwd", 0, "");
	put_tar("n.tar", 0);
	assert_string_equal(found("n.tar"),
	    "etc|\\Seen|1136214245|" BODY
	    "abs|\\Seen|1136214245|" BODY
	    "n|\\Seen|1136214245|" BODY
	    "LOST n.tar: x/cur/2:2,S: it is a link; unpack the archive and "
	    "import the directory\n"
	    "LOST n.tar: x/cur/3:2,S: it is a link; unpack the archive and "
	    "import the directory\n");
}

static void
test_a_tar_that_ends_too_soon_gives_what_it_has(void **state)
{
	(void)state;
	mail_member("a.eml", MAIL);
	mail_member("b.eml", MAIL);
	put_tar("cut.tar", 1024 + 512);
	assert_string_equal(found("cut.tar"),
	    "cut|\\Seen|1136214245|" BODY
	    "UNREAD cut.tar: b.eml: it is damaged: Truncated tar archive\n"
	    "LOST cut.tar: what comes behind that can't be read\n");
}

static void
test_sizes_that_lie_are_no_memory_and_no_message(void **state)
{
	(void)state;
	mail_member("a.eml", MAIL);
	member("b.eml", '0', NULL, 077777777777ull, MAIL);
	put_tar("lie.tar", 0);
	assert_non_null(strstr(found("lie.tar"),
	    "UNREAD lie.tar: b.eml: it is damaged"));
	assert_null(strstr(found("lie.tar"), "lie|\\Seen|1136214245|" BODY
	    "lie|"));
}

static void
test_a_large_message_goes_through_a_file(void **state)
{
	struct buf mail = BUF_INIT(8 * 1024 * 1024);
	const char *got;

	(void)state;
	buf_adds(&mail, "Subject: x\n\n");
	while (mail.n < 3 * 1024 * 1024)
		buf_adds(&mail, "0123456789abcdef\n");
	put_bytes("large.eml", mail.p, mail.n);
	got = found("large.eml");
	assert_non_null(strstr(got,
	    "|\\Seen|-|Subject: x^$^$0123456789abcdef^$0123"));
	buf_adds(&mail, "\r\n");
	put_bytes("large.eml", mail.p, mail.n);
	assert_non_null(strstr(found("large.eml"), "x$$0123456789abcdef$0123"));
	buf_release(&mail);
}

static void
test_more_names_than_have_room_come_in_order(void **state)
{
	struct read_names *n;
	const char *name;
	char *path;
	struct err e;
	int i, r, dir;

	(void)state;
	for (i = 0; i < 500; i++) {
		path = xasprintf("names/%d", i * 7 % 500);
		put(path, "");
		free(path);
	}
	path = path_of("names");
	dir = open(path, O_RDONLY | O_DIRECTORY);
	n = read_names_new(dir, 1);	/* as few as it takes */
	for (i = 0; (r = read_names_next(n, &name, &e)) == 1; i++) {
		char want[16];

		snprintf(want, sizeof(want), "%d", i);
		assert_string_equal(name, want);
	}
	assert_int_equal(r, 0);
	assert_int_equal(i, 500);
	read_names_free(&n);
	close(dir);
	free(path);
}

static void
test_directories_below_each_other_have_an_end(void **state)
{
	struct buf path = BUF_INIT(4096);
	int i;

	(void)state;
	buf_adds(&path, "deep");
	for (i = 0; i < 63; i++)
		buf_adds(&path, "/d");
	put((buf_adds(&path, "/a.eml"), buf_text(&path)), MAIL);
	path.n -= 6;
	buf_adds(&path, "/d/b.eml");
	put(buf_text(&path), MAIL);
	assert_non_null(strstr(found("deep"), "|" BODY));
	assert_non_null(strstr(buf_text(&said), "nested too deep"));
	assert_null(strstr(strstr(buf_text(&said), BODY) + 1, BODY));
	buf_release(&path);
}

static int
end(void **state)
{
	buf_release(&tar);
	buf_release(&said);
	return scratch_end(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_maildir_tree_is_read_folder_by_folder),
		cmocka_unit_test(test_links_and_devices_are_not_followed),
		cmocka_unit_test(test_a_directory_may_hold_a_bit_of_everything),
		cmocka_unit_test(test_a_single_file_is_what_it_looks_like),
		cmocka_unit_test(test_messages_of_mh_are_known_by_their_numbers),
		cmocka_unit_test(test_a_message_without_a_byte_is_one),
		cmocka_unit_test(test_dates_come_from_where_they_are_asked_for),
		cmocka_unit_test(test_a_tar_is_read_as_the_directory_that_it_would_become),
		cmocka_unit_test(test_names_in_a_tar_lead_nowhere),
		cmocka_unit_test(test_a_tar_that_ends_too_soon_gives_what_it_has),
		cmocka_unit_test(test_sizes_that_lie_are_no_memory_and_no_message),
		cmocka_unit_test(test_a_large_message_goes_through_a_file),
		cmocka_unit_test(test_more_names_than_have_room_come_in_order),
		cmocka_unit_test(test_directories_below_each_other_have_an_end),
	};

	return cmocka_run_group_tests(tests, scratch_begin, end);
}
