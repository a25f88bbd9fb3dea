/*
 * A journal tells a later run what was told to it, all of it that was written, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/resource.h>
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/io.h"
#include "job/journal.h"
#include "base_scratch.h"

#define TEST(t)	cmocka_unit_test_setup_teardown(t, scratch_begin, scratch_end)
#define VAULT	"0f5c-12"
#define TARGET	"imaps://anna@imap.example.org:993"
#define IDS(...)	(const struct journal_id[]){ __VA_ARGS__ }, \
	sizeof((const struct journal_id[]){ __VA_ARGS__ }) / \
	sizeof(struct journal_id)

/* The name of a target's journal; to be freed. */
static char *
name_of(const char *target)
{
	char hex[DIGEST_HEX];
	struct digest d;

	digest_of(target, strlen(target), &d);
	return xasprintf("%s-%.16s.jsonl", VAULT, digest_hex(&d, hex));
}

static struct journal *
open_warned(char **warning)
{
	struct journal *j;
	struct err e;

	if (journal_open(scratch, VAULT, TARGET, &j, warning, &e) == -1)
		fail_msg("%s", e.text);
	return j;
}

static struct journal *
open_whole(void)
{
	char *warning;
	struct journal *j = open_warned(&warning);

	if (warning != NULL)
		fail_msg("%s", warning);
	return j;
}

static size_t
folder(struct journal *j, const char *name, uint64_t uidvalidity,
    uint64_t uidnext)
{
	size_t number;
	struct err e;

	assert_int_equal(journal_folder(j, name, uidvalidity, uidnext, &number,
	    &e), 0);
	return number;
}

static void
sending(struct journal *j, size_t where, const struct journal_id *ids, size_t n)
{
	struct err e;

	assert_int_equal(journal_sending(j, where, ids, n, &e), 0);
}

static void
sent(struct journal *j, size_t where, const uint32_t *uids,
    const struct journal_id *ids, size_t n)
{
	struct err e;

	assert_int_equal(journal_sent(j, where, ids, uids, n, &e), 0);
}

static void
refused(struct journal *j, size_t where, const struct journal_id *ids, size_t n)
{
	struct err e;

	assert_int_equal(journal_refused(j, where, ids, n, &e), 0);
}

static void
end(struct journal *j)
{
	struct err e;

	assert_int_equal(journal_end(j, &e), 0);
}

static void
assert_entry(const struct journal *j, size_t where, uint64_t commit,
    uint64_t line, enum journal_state state, uint32_t uid, uint64_t since)
{
	struct journal_entry x = journal_find(j, where,
	    &(struct journal_id){ commit, line });

	assert_int_equal(x.state, state);
	assert_int_equal(x.uid, uid);
	assert_int_equal(x.since, since);
}

static void
get(const char *name, struct buf *b)
{
	struct err e;

	buf_clear(b);
	if (io_read_file(scratch_fd, name, b, &e) == -1)
		fail_msg("%s", e.text);
}

static void
put(const char *name, const char *p, size_t n)
{
	struct err e;
	int fd;

	/* A new file: some file systems flush one that is written over. */
	unlinkat(scratch_fd, name, 0);
	fd = openat(scratch_fd, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd != -1);
	assert_int_equal(io_write_all(fd, p, n, &e), 0);
	close(fd);
}

static size_t
size_of(const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(scratch_fd, name, &st, 0), 0);
	return (size_t)st.st_size;
}

/* ---- what was told is found ---- */

static void
test_what_was_told_is_found_now_and_later(void **state)
{
	struct journal *j = open_whole();
	size_t inbox, mail;
	int round;

	(void)state;
	inbox = folder(j, "INBOX", 7, 100);
	mail = folder(j, "Mail/2026", 9, 0);
	assert_int_equal(inbox, 0);
	assert_int_equal(mail, 1);
	sending(j, inbox, IDS({ 1, 5 }, { 1, 6 }, { 1, 7 }, { 2, 1 }));
	sending(j, mail, IDS({ 1, 5 }));
	sent(j, inbox, (uint32_t[]){ 100, 101 }, IDS({ 1, 5 }, { 1, 6 }));
	refused(j, inbox, IDS({ 1, 7 }, { 9, 9 }));
	sent(j, mail, NULL, IDS({ 1, 5 }));
	/* Found there, without having been sent. */
	sent(j, mail, (uint32_t[]){ 3, 0 }, IDS({ 3, 1 }, { 3, 3 }));
	for (round = 0; round < 3; round++) {
		assert_entry(j, inbox, 1, 5, JOURNAL_SENT, 100, 100);
		assert_entry(j, inbox, 1, 6, JOURNAL_SENT, 101, 100);
		assert_entry(j, inbox, 1, 7, JOURNAL_NONE, 0, 0);
		assert_entry(j, inbox, 9, 9, JOURNAL_NONE, 0, 0);
		assert_entry(j, inbox, 2, 1, JOURNAL_SENDING, 0, 100);
		assert_entry(j, inbox, 3, 1, JOURNAL_NONE, 0, 0);
		assert_entry(j, mail, 1, 5, JOURNAL_SENT, 0, 0);
		assert_entry(j, mail, 3, 1, JOURNAL_SENT, 3, 0);
		assert_entry(j, mail, 3, 2, JOURNAL_NONE, 0, 0);
		assert_entry(j, mail, 3, 3, JOURNAL_SENT, 0, 0);
		assert_entry(j, mail, 2, 1, JOURNAL_NONE, 0, 0);
		journal_close(&j);
		assert_null(j);
		j = open_whole();
		/* The other way round, and with other UIDNEXTs, which tell of nothing that was sent before. */
		assert_int_equal(folder(j, "Mail/2026", 9, 55), mail);
		assert_int_equal(folder(j, "INBOX", 7, 155), inbox);
		assert_int_equal(folder(j, "New", 1, 1), 2);
	}
	journal_close(&j);
	journal_close(&j);
}

static void
test_another_uidvalidity_is_another_folder(void **state)
{
	struct journal *j = open_whole();
	size_t then, now, untold;

	(void)state;
	then = folder(j, "INBOX", 7, 1);
	sending(j, then, IDS({ 1, 1 }));
	now = folder(j, "INBOX", 8, 1);
	untold = folder(j, "INBOX", 0, 0);
	assert_true(now != then && untold != then && untold != now);
	assert_entry(j, now, 1, 1, JOURNAL_NONE, 0, 0);
	sent(j, now, (uint32_t[]){ 4 }, IDS({ 1, 1 }));
	sent(j, untold, NULL, IDS({ 1, 2 }));
	journal_close(&j);
	j = open_whole();
	assert_entry(j, folder(j, "INBOX", 7, 1), 1, 1, JOURNAL_SENDING, 0, 1);
	assert_entry(j, folder(j, "INBOX", 8, 1), 1, 1, JOURNAL_SENT, 4, 1);
	assert_entry(j, folder(j, "INBOX", 0, 1), 1, 1, JOURNAL_NONE, 0, 0);
	assert_entry(j, folder(j, "INBOX", 0, 1), 1, 2, JOURNAL_SENT, 0, 0);
	assert_entry(j, folder(j, "inbox", 7, 1), 1, 1, JOURNAL_NONE, 0, 0);
	journal_close(&j);
}

static void
test_one_message_may_go_into_many_folders(void **state)
{
	struct journal *j = open_whole();
	char name[20];
	uint32_t i;
	int round;

	(void)state;
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "%" PRIu32, i / 2);
		sent(j, folder(j, name, 1 + i % 2, 1), &i, IDS({ 1, 1 }));
	}
	for (round = 0; round < 2; round++) {
		for (i = 0; i < 300; i++)
			assert_entry(j, i, 1, 1, JOURNAL_SENT, i, 1);
		journal_close(&j);
		j = open_whole();
	}
	journal_close(&j);
}

static void
test_the_uidnext_is_that_of_when_a_message_was_sent(void **state)
{
	struct journal *j = open_whole();
	size_t f, g;
	int round;

	(void)state;
	f = folder(j, "A", 7, 10);
	g = folder(j, "B", 7, 1000);
	sending(j, f, IDS({ 1, 1 }, { 1, 2 }, { 1, 3 }));
	sending(j, g, IDS({ 1, 1 }));
	assert_int_equal(folder(j, "A", 7, 20), f);
	/* Sent again; told late; told late without a UID; never sent. */
	sending(j, f, IDS({ 1, 1 }));
	sent(j, f, (uint32_t[]){ 17 }, IDS({ 1, 2 }));
	sent(j, f, NULL, IDS({ 1, 3 }));
	sent(j, f, NULL, IDS({ 1, 4 }));
	/* Beyond 32 bits there is none. */
	folder(j, "A", 7, (uint64_t)UINT32_MAX + 1);
	sending(j, f, IDS({ 1, 5 }));
	folder(j, "A", 7, UINT32_MAX);
	sending(j, f, IDS({ 1, 6 }));
	for (round = 0; round < 2; round++) {
		assert_entry(j, f, 1, 1, JOURNAL_SENDING, 0, 20);
		assert_entry(j, f, 1, 2, JOURNAL_SENT, 17, 10);
		assert_entry(j, f, 1, 3, JOURNAL_SENT, 0, 10);
		assert_entry(j, f, 1, 4, JOURNAL_SENT, 0, 20);
		assert_entry(j, f, 1, 5, JOURNAL_SENDING, 0, 0);
		assert_entry(j, f, 1, 6, JOURNAL_SENDING, 0, UINT32_MAX);
		assert_entry(j, g, 1, 1, JOURNAL_SENDING, 0, 1000);
		journal_close(&j);
		j = open_whole();
	}
	journal_close(&j);
}

static void
test_a_message_may_be_sent_again_and_refused_then(void **state)
{
	struct journal *j = open_whole();
	size_t f = folder(j, "A", 7, 10);
	struct err e;

	(void)state;
	sending(j, f, IDS({ 1, 1 }));
	sent(j, f, (uint32_t[]){ 10 }, IDS({ 1, 1 }));
	end(j);
	sending(j, f, IDS({ 1, 1 }));
	assert_entry(j, f, 1, 1, JOURNAL_SENDING, 0, 10);
	refused(j, f, IDS({ 1, 1 }));
	assert_entry(j, f, 1, 1, JOURNAL_NONE, 0, 0);
	journal_close(&j);
	j = open_whole();
	assert_entry(j, f, 1, 1, JOURNAL_NONE, 0, 0);
	/* Found there after all: not before now. */
	assert_int_equal(folder(j, "A", 7, 30), f);
	sent(j, f, NULL, IDS({ 1, 1 }));
	assert_entry(j, f, 1, 1, JOURNAL_SENT, 0, 30);
	assert_int_equal(journal_folder(j, "B", (uint64_t)UINT32_MAX + 1, 1,
	    &f, &e), -1);
	assert_int_equal(e.kind, EK_PROTO);
	journal_close(&j);
}

static void
test_names_of_any_bytes_come_back(void **state)
{
	static const char *const names[] = {
		"a\"b\\c", "a\tb\n\x01\x7f", "\xc3\xbc", "\xe2\x80\xae", "\xff",
		"\xfe", "\xef\xbf\xbd", "a\xc3", "a\xe3", "a", "A", "",
	};
	const size_t n = sizeof(names) / sizeof(names[0]);
	struct journal *j = open_whole();
	struct err e;
	size_t i, f;
	char *huge;

	(void)state;
	for (i = 0; i < n; i++)
		sent(j, folder(j, names[i], 7, 1), NULL, IDS({ 1, i }));
	journal_close(&j);
	j = open_whole();
	for (i = 0; i < n; i++) {
		assert_int_equal(folder(j, names[i], 7, 1), i);
		assert_entry(j, i, 1, i, JOURNAL_SENT, 0, 1);
	}
	/* One that no line can hold is an error, and does no harm. */
	huge = xcalloc(1, 70001);
	memset(huge, 'x', 70000);
	f = folder(j, huge, 7, 1);
	assert_int_equal(journal_sending(j, f, IDS({ 1, 1 }), &e), -1);
	sent(j, 0, NULL, IDS({ 5, 5 }));
	journal_close(&j);
	j = open_whole();
	assert_entry(j, 0, 5, 5, JOURNAL_SENT, 0, 1);
	journal_close(&j);
	free(huge);
}

static void
test_long_lists_take_several_lines_of_bounded_length(void **state)
{
	enum { MANY = 2500 };
	struct journal_id *ids = xcalloc(MANY, sizeof(*ids));
	uint32_t *uids = xcalloc(MANY, sizeof(*uids));
	struct buf b = BUF_INIT(1 << 20);
	struct journal *j = open_whole();
	char *name = name_of(TARGET), *p, *lf;
	size_t i, f, longest = 0;

	(void)state;
	/* The largest numbers, and no two that follow each other; then runs of all lengths up and down. */
	for (i = 0; i < MANY; i++) {
		ids[i] = (struct journal_id){ UINT64_MAX - 5,
		    UINT64_MAX - 2 * i };
		uids[i] = UINT32_MAX - 2 * (uint32_t)i;
	}
	f = folder(j, "A", UINT32_MAX, UINT32_MAX);
	sending(j, f, ids, MANY);
	sent(j, f, uids, ids, MANY);
	for (i = 0; i < MANY; i++) {
		assert_entry(j, f, ids[i].commit, ids[i].line, JOURNAL_SENT,
		    uids[i], UINT32_MAX);
		ids[i] = (struct journal_id){ i / 97, i % 19 < 10 ? i :
		    9999 - i };
		uids[i] = i % 23 == 0 ? 0 : i % 31 < 8 ? 5 : (uint32_t)i;
	}
	sent(j, f, uids, ids, MANY);
	sending(j, f, ids, 0);
	journal_close(&j);
	j = open_whole();
	for (i = 0; i < MANY; i++)
		assert_entry(j, f, ids[i].commit, ids[i].line, JOURNAL_SENT,
		    uids[i], UINT32_MAX);
	assert_entry(j, f, UINT64_MAX - 5, UINT64_MAX, JOURNAL_SENT, UINT32_MAX,
	    UINT32_MAX);
	assert_entry(j, f, UINT64_MAX - 5, UINT64_MAX - 1, JOURNAL_NONE, 0, 0);
	journal_close(&j);
	get(name, &b);
	for (p = b.p; (lf = strchr(p, '\n')) != NULL; p = lf + 1)
		if ((size_t)(lf - p) > longest)
			longest = (size_t)(lf - p);
	assert_true(longest > 50000 && longest < 65535);
	assert_int_equal(*p, '\0');
	free(ids);
	free(uids);
	free(name);
	buf_release(&b);
}

static void
test_the_file_is_as_it_is_documented(void **state)
{
	static const char want[] =
	    "{\"type\":\"journal\",\"version\":1,\"vault\":\"0f5c-12\","
	    "\"target\":\"imaps://anna@imap.example.org:993\","
	    "\"sum\":\"SUM00000\"}\n"
	    "{\"type\":\"folder\",\"folder\":0,\"name\":\"INBOX\","
	    "\"uidvalidity\":7,\"uidnext\":100,\"sum\":\"SUM00000\"}\n"
	    "{\"type\":\"sending\",\"folder\":0,"
	    "\"messages\":\"12.34-36,12.40,13.41,13.1\","
	    "\"sum\":\"SUM00000\"}\n"
	    "{\"type\":\"sent\",\"folder\":0,\"messages\":\"12.34-36,12.40\","
	    "\"uids\":\"100-102,0\",\"sum\":\"SUM00000\"}\n"
	    "{\"type\":\"sent\",\"folder\":0,\"messages\":\"13.41\","
	    "\"sum\":\"SUM00000\"}\n"
	    "{\"type\":\"refused\",\"folder\":0,\"messages\":\"13.1\","
	    "\"sum\":\"SUM00000\"}\n"
	    "{\"type\":\"folder\",\"folder\":1,\"name\":\"\\ufffd/\xc3\xbc\","
	    "\"name_raw\":\"ff2fc3bc\",\"uidvalidity\":1,\"uidnext\":0,"
	    "\"sum\":\"SUM00000\"}\n"
	    "{\"type\":\"sent\",\"folder\":1,\"messages\":\"1.1-2\","
	    "\"uids\":\"0,1\",\"sum\":\"SUM00000\"}\n"
	    "{\"type\":\"end\",\"sum\":\"SUM00000\"}\n";
	struct buf b = BUF_INIT(1 << 16), text = BUF_INIT(1 << 16);
	struct journal *j = open_whole();
	char *name = name_of(TARGET), *p, *copy, hex[DIGEST_HEX];
	const char *line, *before = "";
	struct digest d;
	size_t f;

	(void)state;
	f = folder(j, "INBOX", 7, 100);
	sending(j, f, IDS({ 12, 34 }, { 12, 35 }, { 12, 36 }, { 12, 40 },
	    { 13, 41 }, { 13, 1 }));
	sent(j, f, (uint32_t[]){ 100, 101, 102, 0 },
	    IDS({ 12, 34 }, { 12, 35 }, { 12, 36 }, { 12, 40 }));
	sent(j, f, (uint32_t[]){ 0 }, IDS({ 13, 41 }));
	refused(j, f, IDS({ 13, 1 }));
	sent(j, folder(j, "\xff/\xc3\xbc", 1, 0), (uint32_t[]){ 0, 1 },
	    IDS({ 1, 1 }, { 1, 2 }));
	end(j);
	end(j);
	journal_close(&j);
	get(name, &b);
	/* Each sum by the sum before and the text up to it. */
	copy = xmemdup0(b.p, b.n);
	for (line = b.p, p = copy; (p = strstr(p, ",\"sum\":\"")) != NULL;
	    p += 19, line = b.p + (p - copy)) {
		buf_clear(&text);
		buf_adds(&text, before);
		buf_add(&text, line, (size_t)(b.p + (p - copy) - line));
		digest_of(text.p, text.n, &d);
		assert_memory_equal(p + 8, digest_hex(&d, hex), 8);
		p[16] = '\0';
		before = b.p + (p - copy) + 8;
		before = memcpy(hex, before, 8);
		hex[8] = '\0';
		memcpy(p + 8, "SUM00000", 8);
		p[16] = '"';
	}
	assert_string_equal(copy, want);
	free(copy);
	free(name);
	buf_release(&b);
	buf_release(&text);
}

/* ---- runs ---- */

static void
test_nothing_is_written_before_something_is_told(void **state)
{
	struct journal *j = open_whole();
	char *name = name_of(TARGET);
	struct err e;

	(void)state;
	folder(j, "INBOX", 7, 1);
	journal_forget(j);
	assert_int_equal(journal_sync(j, &e), 0);
	end(j);
	assert_int_equal(size_of(name), 0);
	journal_close(&j);
	j = open_whole();
	assert_int_equal(journal_unfinished(j), 0);
	journal_close(&j);
	free(name);
}

static void
test_a_run_without_an_end_is_unfinished(void **state)
{
	const struct timespec then[2] = { { 1234567, 0 }, { 1234567, 0 } };
	struct journal *j = open_whole();
	char *name = name_of(TARGET);
	size_t size;

	(void)state;
	sending(j, folder(j, "A", 7, 1), IDS({ 1, 1 }));
	assert_int_equal(journal_unfinished(j), 0);
	journal_close(&j);
	assert_int_equal(utimensat(scratch_fd, name, then, 0), 0);
	/* Looking changes nothing. */
	j = open_whole();
	assert_int_equal(journal_unfinished(j), 1234567);
	journal_close(&j);
	j = open_whole();
	assert_int_equal(journal_unfinished(j), 1234567);
	sent(j, folder(j, "A", 7, 1), NULL, IDS({ 1, 1 }));
	assert_int_equal(journal_unfinished(j), 1234567);
	end(j);
	size = size_of(name);
	end(j);
	assert_int_equal(size_of(name), size);
	journal_close(&j);
	assert_int_equal(utimensat(scratch_fd, name, then, 0), 0);
	j = open_whole();
	assert_int_equal(journal_unfinished(j), 0);
	folder(j, "B", 7, 1);
	end(j);
	assert_int_equal(size_of(name), size);
	/* A second run of this handle. */
	sending(j, folder(j, "A", 7, 1), IDS({ 1, 2 }));
	journal_close(&j);
	assert_int_equal(utimensat(scratch_fd, name, then, 0), 0);
	j = open_whole();
	assert_int_equal(journal_unfinished(j), 1234567);
	assert_entry(j, folder(j, "A", 7, 1), 1, 2, JOURNAL_SENDING, 0, 1);
	journal_close(&j);
	free(name);
}

static void
test_forget_keeps_what_an_unfinished_run_told(void **state)
{
	struct journal *j = open_whole();
	size_t f = folder(j, "A", 7, 1);

	(void)state;
	sending(j, f, IDS({ 1, 1 }, { 1, 2 }));
	sent(j, f, (uint32_t[]){ 1, 2 }, IDS({ 1, 1 }, { 1, 2 }));
	end(j);
	journal_close(&j);

	/* A second run puts one of them there again, and another one. */
	j = open_whole();
	assert_int_equal(folder(j, "A", 7, 3), f);
	journal_forget(j);
	assert_entry(j, f, 1, 1, JOURNAL_NONE, 0, 0);
	assert_entry(j, f, 1, 2, JOURNAL_NONE, 0, 0);
	sending(j, f, IDS({ 1, 2 }, { 1, 3 }));
	sent(j, f, (uint32_t[]){ 3 }, IDS({ 1, 2 }));
	journal_close(&j);

	/* It was killed: only what it told itself counts. */
	j = open_whole();
	assert_entry(j, f, 1, 1, JOURNAL_SENT, 1, 1);
	journal_forget(j);
	assert_entry(j, f, 1, 1, JOURNAL_NONE, 0, 0);
	assert_entry(j, f, 1, 2, JOURNAL_SENT, 3, 3);
	assert_entry(j, f, 1, 3, JOURNAL_SENDING, 0, 3);
	sent(j, f, (uint32_t[]){ 4 }, IDS({ 1, 3 }));
	assert_entry(j, f, 1, 3, JOURNAL_SENT, 4, 3);
	end(j);
	journal_forget(j);
	assert_entry(j, f, 1, 3, JOURNAL_NONE, 0, 0);
	journal_close(&j);

	/* The file keeps all. */
	j = open_whole();
	assert_entry(j, f, 1, 1, JOURNAL_SENT, 1, 1);
	assert_entry(j, f, 1, 2, JOURNAL_SENT, 3, 3);
	assert_entry(j, f, 1, 3, JOURNAL_SENT, 4, 3);

	/* Another run, in this handle or another one, though the folder is as it was. */
	folder(j, "A", 7, 3);
	sending(j, f, IDS({ 1, 4 }));
	end(j);
	sending(j, f, IDS({ 1, 5 }));
	journal_close(&j);
	j = open_whole();
	journal_forget(j);
	assert_entry(j, f, 1, 4, JOURNAL_NONE, 0, 0);
	assert_entry(j, f, 1, 5, JOURNAL_SENDING, 0, 3);
	end(j);
	journal_close(&j);
	j = open_whole();
	folder(j, "A", 7, 3);
	sending(j, f, IDS({ 1, 6 }));
	journal_close(&j);
	j = open_whole();
	journal_forget(j);
	assert_entry(j, f, 1, 5, JOURNAL_NONE, 0, 0);
	assert_entry(j, f, 1, 6, JOURNAL_SENDING, 0, 3);
	journal_close(&j);
}

/* ---- the file ---- */

static void
test_only_one_has_the_journal_at_a_time(void **state)
{
	struct journal *j = open_whole(), *other, *second = NULL;
	struct err e;

	(void)state;
	assert_int_equal(journal_open(scratch, VAULT, TARGET, &second, NULL,
	    &e), -1);
	assert_int_equal(e.kind, EK_LOCKED);
	assert_null(second);
	/* Another target's and another vault's are others. */
	assert_int_equal(journal_open(scratch, VAULT, TARGET "1", &other, NULL,
	    &e), 0);
	journal_close(&other);
	assert_int_equal(journal_open(scratch, "another", TARGET, &other, NULL,
	    &e), 0);
	journal_close(&other);
	journal_close(&j);
	j = open_whole();
	journal_close(&j);
}

static void
test_directories_are_made_and_links_to_them_followed(void **state)
{
	char *deep = xasprintf("%s//a/link/b/c/", scratch);
	struct journal *j;
	struct stat st;
	struct err e;

	(void)state;
	assert_int_equal(mkdirat(scratch_fd, "a", 0700), 0);
	/* One may pass through what one may not list. */
	assert_int_equal(fchmodat(scratch_fd, "a", 0300, 0), 0);
	assert_int_equal(mkdirat(scratch_fd, "real", 0755), 0);
	assert_int_equal(symlinkat("../real", scratch_fd, "a/link"), 0);
	umask(0777);
	assert_int_equal(journal_open(deep, VAULT, TARGET, &j, NULL, &e), 0);
	umask(022);
	assert_int_equal(fstatat(scratch_fd, "real/b/c", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(fstatat(scratch_fd, "real/b", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(fstatat(scratch_fd, "real", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	sent(j, folder(j, "A", 1, 1), NULL, IDS({ 1, 1 }));
	journal_close(&j);
	assert_int_equal(journal_open(deep, VAULT, TARGET, &j, NULL, &e), 0);
	assert_entry(j, folder(j, "A", 1, 1), 1, 1, JOURNAL_SENT, 0, 1);
	journal_close(&j);
	assert_int_equal(fchmodat(scratch_fd, "a", 0700, 0), 0);
	free(deep);
}

static void
test_what_is_no_plain_file_is_refused(void **state)
{
	static const char *const vaults[] = { "", "..", "a/b", "/a" };
	char *name = name_of(TARGET);
	struct journal *j;
	struct err e;
	size_t i;

	(void)state;
	put("other", "", 0);
	assert_int_equal(symlinkat("other", scratch_fd, name), 0);
	assert_int_equal(journal_open(scratch, VAULT, TARGET, &j, NULL, &e),
	    -1);
	assert_int_equal(e.sys, ELOOP);
	unlinkat(scratch_fd, name, 0);
	assert_int_equal(mkfifoat(scratch_fd, name, 0600), 0);
	assert_int_equal(journal_open(scratch, VAULT, TARGET, &j, NULL, &e),
	    -1);
	unlinkat(scratch_fd, name, 0);
	assert_int_equal(mkdirat(scratch_fd, name, 0700), 0);
	assert_int_equal(journal_open(scratch, VAULT, TARGET, &j, NULL, &e),
	    -1);
	for (i = 0; i < sizeof(vaults) / sizeof(vaults[0]); i++)
		assert_int_equal(journal_open(scratch, vaults[i], TARGET, &j,
		    NULL, &e), -1);
	free(name);
}

static void
put_sealed(const char *name, const char *text)
{
	char hex[DIGEST_HEX], *all;
	struct digest d;

	digest_of(text, strlen(text), &d);
	all = xasprintf("%s,\"sum\":\"%.8s\"}\n", text, digest_hex(&d, hex));
	put(name, all, strlen(all));
	free(all);
}

static void
test_a_newer_version_is_refused_and_left_alone(void **state)
{
	char *name = name_of(TARGET), *aside = xasprintf("%s.damaged", name);
	struct buf before = BUF_INIT(1 << 16), after = BUF_INIT(1 << 16);
	struct journal *j;
	struct err e;

	(void)state;
	put_sealed(name, "{\"type\":\"journal\",\"version\":2,\"new\":[1]");
	get(name, &before);
	assert_int_equal(journal_open(scratch, VAULT, TARGET, &j, NULL, &e),
	    -1);
	assert_int_equal(e.kind, EK_REFUSED);
	assert_non_null(strstr(e.text, name));
	get(name, &after);
	assert_int_equal(before.n, after.n);
	assert_memory_equal(before.p, after.p, after.n);
	assert_int_equal(faccessat(scratch_fd, aside, F_OK, 0), -1);
	free(name);
	free(aside);
	buf_release(&before);
	buf_release(&after);
}

static void
test_what_is_not_its_own_is_put_aside(void **state)
{
	static const struct { const char *text; bool sealed; } t[] = {
		{ "{\"type\":\"journal\",\"version\":1,\"vault\":\"0f5c-12\","
		    "\"target\":\"imaps://berta@imap.example.org:993\"", true },
		{ "{\"type\":\"journal\",\"version\":1,\"vault\":\"0f5c-13\","
		    "\"target\":\"imaps://anna@imap.example.org:993\"", true },
		{ "{\"type\":\"journal\",\"version\":0", true },
		{ "{\"type\":\"journal\"", true },
		{ "{\"type\":\"diary\",\"version\":2", true },
		{ "{\"type\":\"journal\",\"version\":\"2\"", true },
		{ "{\"type\":\"journal\",\"version\":2,\"sum\":\"00000000\"}\n",
		    false },
		{ "not JSON", true },
		{ "\n", false },
		{ "\n\n\n", false },
		{ "no line", false },
		{ "{\"type\":\"journal\",\"version\":1,\"vault\":\"0f5c-14",
		    false },
	};
	char *name = name_of(TARGET), *aside = xasprintf("%s.damaged", name);
	struct buf before = BUF_INIT(1 << 16), after = BUF_INIT(1 << 16);
	struct journal *j;
	char *warning;
	struct err e;
	size_t i, f;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		if (t[i].sealed)
			put_sealed(name, t[i].text);
		else
			put(name, t[i].text, strlen(t[i].text));
		get(name, &before);
		j = open_warned(&warning);
		assert_non_null(warning);
		assert_non_null(strstr(warning, aside));
		free(warning);
		get(aside, &after);
		assert_int_equal(before.n, after.n);
		assert_memory_equal(before.p, after.p, after.n);
		assert_int_equal(size_of(name), 0);
		/* The new one is locked and works. */
		assert_int_equal(journal_open(scratch, VAULT, TARGET,
		    &(struct journal *){ NULL }, NULL, &e), -1);
		assert_int_equal(e.kind, EK_LOCKED);
		f = folder(j, "A", 7, 1);
		sent(j, f, NULL, IDS({ 1, i }));
		journal_close(&j);
		j = open_whole();
		assert_entry(j, f, 1, i, JOURNAL_SENT, 0, 1);
		assert_entry(j, f, 1, i - 1, JOURNAL_NONE, 0, 0);
		journal_close(&j);
	}
	free(name);
	free(aside);
	buf_release(&before);
	buf_release(&after);
}

/* ---- torn, damaged ---- */

/* A journal in the making, and what it told when it had which size. */
static struct {
	struct buf	text;
	struct { size_t size; char *told; } step[64];
	size_t		n;
} story = { .text = BUF_INIT(1 << 20) };

/* All that can be told of what the story is about. */
static char *
told(struct journal *j)
{
	static const struct { const char *name; uint64_t uidvalidity; } t[] = {
		{ "INBOX", 7 }, { "INBOX", 8 }, { "\xff", 7 },
	};
	struct buf b = BUF_INIT(1 << 16);
	uint64_t commit, line;
	struct journal_entry x;
	size_t i, f;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		/* Asking for one that is not known makes it known, which is nobody's harm. */
		f = folder(j, t[i].name, t[i].uidvalidity, 50);
		for (commit = 1; commit < 4; commit++)
			for (line = 0; line < 24; line++) {
				x = journal_find(j, f,
				    &(struct journal_id){ commit, line });
				assert_int_equal(buf_addf(&b, " %d/%" PRIu32
				    "/%" PRIu64, (int)x.state, x.uid, x.since),
				    0);
			}
	}
	return buf_take(&b);
}

/* What is on record once that many bytes of the file are there. */
static void
mark(void)
{
	struct journal *j = open_whole();
	char *name = name_of(TARGET);

	story.step[story.n].told = told(j);
	journal_close(&j);
	story.step[story.n++].size = size_of(name);
	free(name);
}

static void
tell_story(void)
{
	struct journal_id ids[20];
	uint32_t uids[20];
	struct journal *j;
	char *name = name_of(TARGET);
	struct err e;
	size_t f, g, h, i;
	int round;

	mark();
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 20; i++) {
			ids[i] = (struct journal_id){ 1 + (uint64_t)round,
			    i + i / 7 };
			uids[i] = 100 * (uint32_t)round + 50 + (uint32_t)i;
		}
		/* A handle for each line, so that they can be told apart; the folder's line comes with the first. */
		for (i = 0; i < 6; i++) {
			j = open_whole();
			f = folder(j, "INBOX", 7, 50 + (uint64_t)round);
			g = folder(j, "INBOX", 8, 0);
			h = folder(j, "\xff", 7, 9);
			if (i == 0)
				sending(j, f, ids, 20);
			else if (i == 1)
				sent(j, f, uids, ids, 12);
			else if (i == 2)
				refused(j, f, ids + 12, 3);
			else if (i == 3)
				sending(j, g, ids + 3, 9);
			else if (i == 4)
				sent(j, h, NULL, ids, 2);
			else if (round < 2)
				assert_int_equal(journal_end(j, &e), 0);
			journal_close(&j);
			mark();
		}
	}
	get(name, &story.text);
	free(name);
}

static int
story_begin(void **state)
{
	if (scratch_begin(state) == -1)
		return -1;
	tell_story();
	return 0;
}

static int
story_end(void **state)
{
	while (story.n > 0)
		free(story.step[--story.n].told);
	buf_release(&story.text);
	return scratch_end(state);
}

static void
test_a_torn_line_at_any_byte_is_cut_off(void **state)
{
	char *name = name_of(TARGET), *now;
	size_t n, step = 0, f;
	struct journal *j;

	(void)state;
	for (n = 0; n <= story.text.n; n++) {
		while (step + 1 < story.n && story.step[step + 1].size <= n)
			step++;
		put(name, story.text.p, n);
		j = open_whole();
		now = told(j);
		assert_string_equal(now, story.step[step].told);
		free(now);
		/* It goes on as if nothing had been. */
		f = folder(j, "INBOX", 7, 1);
		sent(j, f, (uint32_t[]){ 9 }, IDS({ 77, n }));
		journal_close(&j);
		j = open_whole();
		assert_entry(j, f, 77, n, JOURNAL_SENT, 9, 1);
		sent(j, f, NULL, IDS({ 78, n }));
		journal_close(&j);
		j = open_whole();
		assert_entry(j, f, 78, n, JOURNAL_SENT, 0, 1);
		journal_close(&j);
	}
	assert_int_equal(step, story.n - 1);
	free(name);
}

static uint32_t seed;

static size_t
chance(size_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (size_t)(seed >> 8) % n;
}

/* A whole line of the text: where it begins; its size with the newline. */
static size_t
some_line(const struct buf *b, size_t *size)
{
	size_t at = chance(b->n), end_;

	while (at > 0 && b->p[at - 1] != '\n')
		at--;
	for (end_ = at; b->p[end_] != '\n'; end_++)
		;
	*size = end_ + 1 - at;
	return at;
}

/* Do something to the text. */
static void
damage(struct buf *b)
{
	size_t at = chance(b->n), some = 1 + chance(40), line;
	char *copy;

	if (some > b->n - at)
		some = b->n - at;
	switch (chance(8)) {
	case 0:
		b->p[at] ^= (char)(1 << chance(8));
		break;
	case 1:
		memset(b->p + at, (int)chance(256), some);
		break;
	case 2:
		memmove(b->p + at, b->p + at + some, b->n - at - some);
		b->n -= some;
		break;
	case 3:
		/* The same bytes again. */
		copy = xmemdup0(b->p + at, b->n - at);
		b->n = at + some;
		assert_int_equal(buf_add(b, copy, strlen(copy)), 0);
		free(copy);
		break;
	case 4:
		/* A line again, at the end. */
		line = some_line(b, &some);
		copy = xmemdup0(b->p + line, some);
		assert_int_equal(buf_add(b, copy, some), 0);
		free(copy);
		break;
	case 5:
		/* A line less. */
		line = some_line(b, &some);
		memmove(b->p + line, b->p + line + some, b->n - line - some);
		b->n -= some;
		break;
	case 6:
		/* A digit is another one. */
		while (at < b->n && (b->p[at] < '0' || b->p[at] > '9'))
			at++;
		if (at < b->n)
			b->p[at] = (char)('0' + chance(10));
		break;
	default:
		/* As a power cut may leave it. */
		memset(b->p + at, 0, b->n - at);
	}
}

/* 1 it told what it had told at some step, 0 nothing, with a warning. */
static int
open_damaged(const char *name, const char *aside, const struct buf *b)
{
	struct buf kept = BUF_INIT(1 << 20);
	struct journal *j;
	char *warning, *now;
	size_t i = 0;

	unlinkat(scratch_fd, aside, 0);
	put(name, b->p, b->n);
	j = open_warned(&warning);
	now = told(j);
	if (warning != NULL) {
		assert_string_equal(now, story.step[0].told);
		get(aside, &kept);
		assert_int_equal(kept.n, b->n);
		assert_memory_equal(buf_text(&kept), buf_text(b), b->n);
		buf_release(&kept);
	} else {
		while (i < story.n && strcmp(story.step[i].told, now) != 0)
			i++;
		assert_true(i < story.n);
	}
	free(warning);
	free(now);
	journal_close(&j);
	return warning == NULL;
}

static void
test_damage_never_makes_it_tell_what_was_not_told(void **state)
{
	char *name = name_of(TARGET), *aside = xasprintf("%s.damaged", name);
	struct buf b = BUF_INIT(1 << 20);
	int round, whole = 0, rounds = 3000;

	(void)state;
	for (round = 0; round < rounds; round++) {
		seed = (uint32_t)round;
		buf_clear(&b);
		assert_int_equal(buf_add(&b, story.text.p, story.text.n), 0);
		damage(&b);
		whole += open_damaged(name, aside, &b);
	}
	/* What was not noticed was at the end, or changed nothing. */
	assert_in_range(whole, rounds / 50, rounds / 3);
	free(name);
	free(aside);
	buf_release(&b);
}

static void
test_each_bit_counts(void **state)
{
	char *name = name_of(TARGET), *aside = xasprintf("%s.damaged", name);
	struct buf b = BUF_INIT(1 << 20);
	size_t at;

	(void)state;
	assert_int_equal(buf_add(&b, story.text.p, story.text.n), 0);
	for (at = 0; at < b.n; at++) {
		b.p[at] ^= (char)(1 << at % 8);
		/* Without its newline the last line is a torn one. */
		assert_int_equal(open_damaged(name, aside, &b), at == b.n - 1);
		b.p[at] ^= (char)(1 << at % 8);
	}
	free(name);
	free(aside);
	buf_release(&b);
}

/* Lines whose sums are right, but nothing that was ever written. */
static void
test_lines_that_cannot_be_are_damage(void **state)
{
	static const char *const lines[] = {
		"{\"type\":\"sent\",\"folder\":1,\"messages\":\"1.1\"",
		"{\"type\":\"sent\",\"messages\":\"1.1\"",
		"{\"type\":\"sent\",\"folder\":-1,\"messages\":\"1.1\"",
		"{\"type\":\"sent\",\"folder\":0",
		"{\"type\":\"sent\",\"folder\":0,\"messages\":\"\"",
		"{\"type\":\"sent\",\"folder\":0,\"messages\":\"1\"",
		"{\"type\":\"sent\",\"folder\":0,\"messages\":\"1.\"",
		"{\"type\":\"sent\",\"folder\":0,\"messages\":\".1\"",
		"{\"type\":\"sent\",\"folder\":0,\"messages\":\"1.1,\"",
		"{\"type\":\"sent\",\"folder\":0,\"messages\":\"1.1 \"",
		"{\"type\":\"sent\",\"folder\":0,\"messages\":\"1.1-\"",
		"{\"type\":\"sent\",\"folder\":0,\"messages\":\"1.2-1\"",
		"{\"type\":\"sent\",\"folder\":0,\"messages\":\"1.1-1001\"",
		"{\"type\":\"sent\",\"folder\":0,"
		    "\"messages\":\"1.1-1000,1.1001\"",
		"{\"type\":\"sent\",\"folder\":0,"
		    "\"messages\":\"1.0-18446744073709551615\"",
		"{\"type\":\"sent\",\"folder\":0,"
		    "\"messages\":\"1.18446744073709551616\"",
		"{\"type\":\"sent\",\"folder\":0,\"messages\":[1]",
		"{\"type\":\"sent\",\"folder\":0,\"messages\":\"1.1\","
		    "\"uids\":7",
		"{\"type\":\"sent\",\"folder\":0,\"messages\":\"1.1\","
		    "\"uids\":\"1-2\"",
		"{\"type\":\"sent\",\"folder\":0,\"messages\":\"1.1-2\","
		    "\"uids\":\"1\"",
		"{\"type\":\"sent\",\"folder\":0,\"messages\":\"1.1\","
		    "\"uids\":\"4294967296\"",
		"{\"type\":\"sent\",\"folder\":0,\"messages\":\"1.1-2\","
		    "\"uids\":\"4294967295-4294967296\"",
		"{\"type\":\"sending\",\"folder\":0,\"messages\":\"1.1\","
		    "\"uids\":\"1\"",
		"{\"type\":\"folder\",\"folder\":2,\"name\":\"B\","
		    "\"uidvalidity\":1,\"uidnext\":1",
		"{\"type\":\"folder\",\"folder\":0,\"name\":\"B\","
		    "\"uidvalidity\":1,\"uidnext\":1",
		"{\"type\":\"folder\",\"folder\":1,"
		    "\"uidvalidity\":1,\"uidnext\":1",
		"{\"type\":\"folder\",\"folder\":1,\"name\":\"B\","
		    "\"uidvalidity\":4294967296,\"uidnext\":1",
		"{\"type\":\"folder\",\"folder\":1,\"name\":\"B\","
		    "\"uidvalidity\":1",
		"{\"type\":\"folder\",\"folder\":1,\"name\":\"B\","
		    "\"name_raw\":\"4\",\"uidvalidity\":1,\"uidnext\":1",
		"{\"type\":\"folder\",\"folder\":1,\"name\":\"B\","
		    "\"name_raw\":\"4200\",\"uidvalidity\":1,\"uidnext\":1",
		"{\"type\":\"folder\",\"folder\":1,\"name\":\"B\","
		    "\"name_raw\":\"4x\",\"uidvalidity\":1,\"uidnext\":1",
		"{\"type\":\"other\"", "{\"typ\":\"end\"", "[1", "",
		/* These two can. */
		"{\"type\":\"sent\",\"folder\":0,\"messages\":\"1.1-1000\","
		    "\"uids\":\"4294966296-4294967295\"",
		"{\"type\":\"folder\",\"folder\":1,\"name\":\"B\","
		    "\"name_raw\":\"4243\",\"uidvalidity\":1,\"uidnext\":1",
	};
	const size_t n = sizeof(lines) / sizeof(lines[0]);
	char *name = name_of(TARGET), *warning, hex[DIGEST_HEX];
	struct buf b = BUF_INIT(1 << 20), text = BUF_INIT(1 << 16);
	struct journal *j = open_whole();
	struct digest d;
	size_t i, base;

	(void)state;
	sending(j, folder(j, "A", 7, 1), IDS({ 1, 1 }));
	journal_close(&j);
	get(name, &b);
	base = b.n;
	for (i = 0; i < n; i++) {
		buf_clear(&text);
		buf_add(&text, b.p + base - 11, 8);
		buf_adds(&text, lines[i]);
		digest_of(text.p, text.n, &d);
		b.n = base;
		assert_int_equal(buf_addf(&b, "%s,\"sum\":\"%.8s\"}\n",
		    lines[i], digest_hex(&d, hex)), 0);
		put(name, b.p, b.n);
		j = open_warned(&warning);
		if ((warning == NULL) != (i + 2 >= n))
			fail_msg("%s", lines[i]);
		assert_entry(j, folder(j, "A", 7, 1), 1, 1, i + 2 < n ?
		    JOURNAL_NONE : i + 2 == n ? JOURNAL_SENT : JOURNAL_SENDING,
		    i + 2 == n ? 4294966296 : 0, i + 2 < n ? 0 : 1);
		free(warning);
		journal_close(&j);
	}
	free(name);
	buf_release(&b);
	buf_release(&text);
}

static void
test_a_line_longer_than_any_is_damage(void **state)
{
	char *name = name_of(TARGET), *warning;
	struct buf b = BUF_INIT(4 << 20);
	struct journal *j = open_whole();
	size_t longs[] = { 65535, 65536, 300000, 1000000 }, base, i;
	struct err e;

	(void)state;
	sending(j, folder(j, "A", 7, 1), IDS({ 1, 1 }));
	journal_close(&j);
	get(name, &b);
	base = b.n;
	for (i = 0; i < 4; i++) {
		b.n = base;
		assert_non_null(buf_room(&b, longs[i]));
		memset(b.p + b.n, 'x', longs[i]);
		b.n += longs[i];
		/* Torn it is no matter. */
		put(name, b.p, b.n);
		j = open_whole();
		assert_entry(j, folder(j, "A", 7, 1), 1, 1, JOURNAL_SENDING, 0,
		    1);
		assert_int_equal(size_of(name), base);
		journal_close(&j);
		assert_int_equal(buf_adds(&b, "\n"), 0);
		put(name, b.p, b.n);
		assert_int_equal(journal_open(scratch, VAULT, TARGET, &j,
		    &warning, &e), 0);
		assert_non_null(warning);
		free(warning);
		journal_close(&j);
	}
	free(name);
	buf_release(&b);
}

/* ---- a full disk ---- */

static void
limit(rlim_t n)
{
	struct rlimit l;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
	l.rlim_cur = n;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

static void
test_on_a_full_disk_a_line_is_there_or_not(void **state)
{
	struct journal *j = open_whole();
	char *name = name_of(TARGET);
	struct err e;
	struct journal_id id = { 1, 1 };
	size_t f, room, size = 0;
	int rc = -1;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	f = folder(j, "A", 7, 1);
	/* One byte more at a time, until the first lines are written; then the same again for another one. */
	for (room = 0; rc == -1; room++) {
		limit(room);
		rc = journal_sending(j, f, IDS({ 1, 1 }), &e);
		limit(RLIM_INFINITY);
		if (rc == 0)
			break;
		assert_int_equal(e.kind, EK_SPACE);
		assert_entry(j, f, 1, 1, JOURNAL_NONE, 0, 0);
		assert_true(size_of(name) <= room);
	}
	assert_true(room > 100);
	size = size_of(name);
	for (rc = -1, room = size; rc == -1; room++) {
		limit(room);
		rc = journal_sent(j, f, &id, NULL, 1, &e);
		limit(RLIM_INFINITY);
		if (rc == 0)
			break;
		assert_int_equal(e.kind, EK_SPACE);
		assert_entry(j, f, 1, 1, JOURNAL_SENDING, 0, 1);
		assert_int_equal(size_of(name), size);
	}
	assert_true(room > size + 50);
	sending(j, f, IDS({ 1, 2 }));
	journal_close(&j);
	j = open_whole();
	assert_entry(j, f, 1, 1, JOURNAL_SENT, 0, 1);
	assert_entry(j, f, 1, 2, JOURNAL_SENDING, 0, 1);
	journal_close(&j);
	signal(SIGXFSZ, SIG_DFL);
	free(name);
}

/* ---- many ---- */

static void
test_many_messages_take_little_memory(void **state)
{
	enum { MANY = 400000, BATCH = 100, FOLDERS = 7 };
	struct journal *j = open_whole();
	struct journal_id ids[BATCH];
	uint32_t uids[BATCH];
	char name[20];
	size_t i, k, before;

	(void)state;
	for (i = 0; i < FOLDERS; i++) {
		snprintf(name, sizeof(name), "F%zu", i);
		assert_int_equal(folder(j, name, 7, 1), i);
	}
	for (i = 0; i < MANY; i += BATCH) {
		for (k = 0; k < BATCH; k++) {
			ids[k] = (struct journal_id){ 1 + i / 50000,
			    3 * (i + k) };
			uids[k] = (uint32_t)(1 + i + k);
		}
		sending(j, i / BATCH % FOLDERS, ids, BATCH);
		sent(j, i / BATCH % FOLDERS, uids, ids, BATCH);
	}
	end(j);
	journal_close(&j);
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	j = open_whole();
	assert_true(mallinfo2().uordblks + mallinfo2().hblkhd - before <
	    (size_t)40 * MANY);
	for (i = 0; i < MANY; i++)
		assert_entry(j, i / BATCH % FOLDERS, 1 + i / 50000, 3 * i,
		    JOURNAL_SENT, (uint32_t)(1 + i), 1);
	assert_entry(j, 0, 1, 1, JOURNAL_NONE, 0, 0);
	assert_entry(j, 1, 1, 3, JOURNAL_NONE, 0, 0);
	journal_close(&j);
}

#define STORY(t)	cmocka_unit_test_setup_teardown(t, story_begin, story_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_was_told_is_found_now_and_later),
		TEST(test_another_uidvalidity_is_another_folder),
		TEST(test_one_message_may_go_into_many_folders),
		TEST(test_the_uidnext_is_that_of_when_a_message_was_sent),
		TEST(test_a_message_may_be_sent_again_and_refused_then),
		TEST(test_names_of_any_bytes_come_back),
		TEST(test_long_lists_take_several_lines_of_bounded_length),
		TEST(test_the_file_is_as_it_is_documented),
		TEST(test_nothing_is_written_before_something_is_told),
		TEST(test_a_run_without_an_end_is_unfinished),
		TEST(test_forget_keeps_what_an_unfinished_run_told),
		TEST(test_only_one_has_the_journal_at_a_time),
		TEST(test_directories_are_made_and_links_to_them_followed),
		TEST(test_what_is_no_plain_file_is_refused),
		TEST(test_a_newer_version_is_refused_and_left_alone),
		TEST(test_what_is_not_its_own_is_put_aside),
		STORY(test_a_torn_line_at_any_byte_is_cut_off),
		STORY(test_damage_never_makes_it_tell_what_was_not_told),
		STORY(test_each_bit_counts),
		TEST(test_lines_that_cannot_be_are_damage),
		TEST(test_a_line_longer_than_any_is_damage),
		TEST(test_on_a_full_disk_a_line_is_there_or_not),
		TEST(test_many_messages_take_little_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
