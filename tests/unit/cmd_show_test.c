/*
 * mailkeep show, over a vault made here: what people, programs and files get of a message, and what is said where there
 * is none.
 */
#include <fcntl.h>
#include <inttypes.h>

#include "tests/unit/cmd_vault.h"

#define WHOLE_MAX	((size_t)64 * 1024 * 1024)
#define HEAD_MAX	((size_t)1024 * 1024)

enum {
	PLAIN = 1, BARE, ODD, PARTS, EMPTY, CUT, TWIN, OTHER_TWIN, UNENDED,
	WHOLE, LARGE, LARGE_HEADER, GONE, HTML, WIDE, LAST_UID
};

static const struct {
	uint32_t	 uid;
	const char	*raw, *flags, *labels;
} mails[] = {
	{ PLAIN, "From: =?utf-8?q?J=C3=B6rg?= <joe@example.org>\r\n"
	    "To: ann@example.org,\r\n \"B, C\" <b@example.org>\r\n"
	    "Cc: Team: a@b;\r\nSubject: =?utf-8?b?SMO2?= there\r\n"
	    "Date: Mon, 2 Mar 2026 10:00:00 +0100\r\n"
	    "Message-ID: <1@example.org>\r\n\r\nHello,\r\nworld\r\n\r\n",
	    "\\Flagged \\Seen", "A b\nWork" },
	{ BARE, "\r\nOnly text", "", NULL },
	{ ODD, "From: \x1b[2J <a@b>\nSubject: =?utf-8?q?a=0A=1Bb?= "
	    "\xe2\x80\xae" "c\n\nraw \x1b[31m \x07 \xe2\x80\xae end \xff\n",
	    "", NULL },
	{ PARTS, "Subject: parts\nContent-Type: multipart/mixed; boundary=b\n\n"
	    "--b\n\nSee there\n--b\nContent-Type: application/pdf\n"
	    "Content-Disposition: attachment; filename=\"=?utf-8?q?J=C3=B6?="
	    ".pdf\"\nContent-Transfer-Encoding: base64\n\nSGVsbG8=\n--b\n"
	    "Content-Type: IMAGE/x-y\n\nxx\n--b--\n", "", NULL },
	{ EMPTY, "", "", NULL },
	{ UNENDED, "Subject: no end", "", NULL },
	{ WIDE, "From: a@b\nTo: \"Ann, of somewhere\" <ann@example.org>, "
	    "b@c\nSubject: averylongsubjectwithoutanyblankinit\n\n"
	    "A line that is too long to be shown.\n> Quoted, and also too "
	    "long for it.\nA table\twith tabs\tis left as it is.\n"
	    "  fits  as it is \n\nescaped \xe2\x80\xae and broken after "
	    "that.\n", "", "                        " },
	{ HTML, "Content-Type: text/html\n\n<p>Hello,<br>&ouml;&#27;\n", "",
	    NULL },
};

static char ids[LAST_UID][64], hashes[LAST_UID][DIGEST_HEX];
static char twin_prefix[5];

/* ---- a vault ---- */

/* ${n} bytes that begin with ${head} and go on with x and an LF now and then. */
static char *
long_mail(const char *head, size_t n)
{
	char *p = xmalloc(n);
	size_t i;

	memset(p, 'x', n);
	for (i = 999; i < n; i += 1000)
		p[i] = '\n';
	memcpy(p, head, strlen(head));
	return p;
}

/* Two contents whose hashes have the first four digits in common. */
static void
put_twins(struct vault_txn *t, const struct vault_box *box)
{
	static int seen[65536];
	struct digest d;
	char text[64];
	unsigned int first;
	int i;

	for (i = 1;; i++) {
		snprintf(text, sizeof(text), "Subject: twin %d\n\n", i);
		digest_of(text, strlen(text), &d);
		first = (unsigned int)d.b[0] << 8 | d.b[1];
		if (seen[first] != 0)
			break;
		seen[first] = i;
	}
	put(t, box, TWIN, text, strlen(text), "", NULL);
	snprintf(text, sizeof(text), "Subject: twin %d\n\n", seen[first]);
	put(t, box, OTHER_TWIN, text, strlen(text), "", NULL);
	snprintf(twin_prefix, sizeof(twin_prefix), "%04x", first);
}

static void
put_long(struct vault_txn *t, const struct vault_box *box, uint32_t uid,
    const char *head, size_t n)
{
	char *p = long_mail(head, n);

	put(t, box, uid, p, n, "", NULL);
	free(p);
}

static void
put_all(struct vault_txn *t, const struct vault_box *box)
{
	size_t i;

	for (i = 0; i < sizeof(mails) / sizeof(mails[0]); i++)
		put(t, box, mails[i].uid, mails[i].raw, strlen(mails[i].raw),
		    mails[i].flags, mails[i].labels);
	put_twins(t, box);
	put_long(t, box, CUT, "Subject: cut\n\n", 16 * 1024 * 1024 + 100);
	put_long(t, box, WHOLE, "Subject: whole\nContent-Type: image/png\n\n",
	    WHOLE_MAX);
	put_long(t, box, LARGE, "Subject: large\nContent-Type: image/png\n\n",
	    WHOLE_MAX + 1);
	put_long(t, box, LARGE_HEADER, "Subject: header\nX: ", WHOLE_MAX + 2);
	put(t, box, GONE, "Subject: gone\n\n", 15, "", NULL);
}

static int
note_id(void *arg, const struct known_message *m, struct err *e)
{
	(void)arg;
	(void)e;
	assert_in_range(m->uid, 1, LAST_UID - 1);
	snprintf(ids[m->uid], sizeof(ids[0]), "%" PRIu64 ".%" PRIu64,
	    m->commit, m->line);
	digest_hex(&m->sha256, hashes[m->uid]);
	return 0;
}

static int
make_vault(void **state)
{
	struct record gone = { .kind = REC_GONE, .u.gone = { .folder = 1,
	    .epoch = 1 } };
	struct vault *v = make_empty("imaps://ann@imap.example.org");
	struct uidset uids = UIDSET_INIT;
	struct vault_box box;
	struct vault_txn *t;
	struct err e;

	(void)state;
	assert_int_equal(vault_begin(v, "backup", &t, &e), 0);
	box = put_box(t, "Entw\xc3\xbcrfe");
	put_all(t, &box);
	uidset_add(&uids, GONE);
	gone.u.gone.uids = &uids;
	put_record(t, &gone);
	end_run(&t);
	uidset_release(&uids);
	assert_int_equal(catalog_messages(vault_catalog(v), 0, CATALOG_NOW,
	    true, note_id, NULL, &e), 0);
	vault_close(&v);
	return 0;
}

/* ---- the verb ---- */

/* mailkeep show VAULT ID and up to two options on the stage that is set; returns the exit status. */
static int
play(const char *id, const char *option, const char *other)
{
	static const struct command *const commands[] = { &cmd_show, NULL };
	const char *const words[] = { "show", vault, id, option, other, NULL };

	return play_words(commands, words);
}

static int
show(const char *id, const char *option, const char *other)
{
	stage_files(&stage, &plain);
	return play(id, option, other);
}

/* Compare what was printed; NULL: not looked at. */
static void
expect(const char *out, const char *err)
{
	char *got = contents(stage.out);

	if (out != NULL)
		assert_string_equal(got, out);
	free(got);
	got = contents(stage.err);
	if (err != NULL)
		assert_string_equal(got, err);
	free(got);
	close_stage();
}

/* The last bytes of stdout, at most 2,000; to be freed. */
static char *
end_of_out(void)
{
	char *p = xcalloc(1, 2001);
	struct stat st;

	assert_int_equal(fstat(stage.out, &st), 0);
	assert_true(pread(stage.out, p, 2000,
	    st.st_size > 2000 ? st.st_size - 2000 : 0) >= 0);
	return p;
}

static void
expect_end(const char *want)
{
	char *got = end_of_out();

	assert_true(strlen(got) >= strlen(want));
	assert_string_equal(got + strlen(got) - strlen(want), want);
	free(got);
	expect(NULL, "");
}

static void
test_show_prints_fields_and_text(void **state)
{
	char *want = xasprintf("From:      J\xc3\xb6rg <joe@example.org>\n"
	    "To:        ann@example.org, \"B, C\" <b@example.org>\n"
	    "Cc:        Team: a@b;\n"
	    "Subject:   H\xc3\xb6 there\n"
	    "Date:      Mon, 2 Mar 2026 10:00:00 +0100\n"
	    "Folder:    Entw\xc3\xbcrfe\n"
	    "Flags:     \\Flagged \\Seen\n"
	    "Labels:    A b, Work\n"
	    "Size:      %zu B\n"
	    "Id:        %s\n"
	    "SHA-256:   %s\n"
	    "\n"
	    "Hello,\n"
	    "world\n", strlen(mails[0].raw), ids[PLAIN], hashes[PLAIN]);

	(void)state;
	assert_int_equal(show(ids[PLAIN], NULL, NULL), 0);
	expect(want, "");
	free(want);
}

static void
test_show_leaves_out_what_a_message_has_not(void **state)
{
	char *want = xasprintf("Date:      02-Mar-2026 09:00:00 +0000\n"
	    "Folder:    Entw\xc3\xbcrfe\nFlags:     -\nSize:      11 B\n"
	    "Id:        %s\nSHA-256:   %s\n\nOnly text\n", ids[BARE],
	    hashes[BARE]);

	(void)state;
	assert_int_equal(show(ids[BARE], NULL, NULL), 0);
	expect(want, "");
	free(want);
	want = xasprintf("Date:      02-Mar-2026 09:00:00 +0000\n"
	    "Folder:    Entw\xc3\xbcrfe\nFlags:     -\nSize:      0 B\n"
	    "Id:        %s\nSHA-256:   %s\n", ids[EMPTY], hashes[EMPTY]);
	assert_int_equal(show(ids[EMPTY], NULL, NULL), 0);
	expect(want, "");
	free(want);
}

static void
test_show_tells_that_a_message_is_gone(void **state)
{
	char *got;

	(void)state;
	assert_int_equal(show(ids[GONE], NULL, NULL), 0);
	got = contents(stage.out);
	assert_non_null(strstr(got, "Folder:    Entw\xc3\xbcrfe (gone)\n"));
	free(got);
	close_stage();
	assert_int_equal(show(ids[GONE], "--json", NULL), 0);
	got = contents(stage.out);
	assert_non_null(strstr(got, "\"gone\":true"));
	free(got);
	close_stage();
}

/* No byte that a terminal obeys leaves. */
static void
test_show_makes_everything_of_a_message_plain(void **state)
{
	static const char *const options[] = { NULL, "--headers", "--json" };
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		assert_int_equal(show(ids[ODD], options[i], NULL), 0);
		got = contents(stage.out);
		assert_null(strpbrk(got, "\x1b\x07"));
		assert_null(strstr(got, "\xe2\x80\xae"));
		assert_non_null(strstr(got, "202e") != NULL ? got :
		    strstr(got, "202E"));
		free(got);
		close_stage();
	}
	assert_int_equal(show(ids[ODD], NULL, NULL), 0);
	got = contents(stage.out);
	assert_non_null(strstr(got, "Subject:   a \xef\xbf\xbd" "b \\u202Ec\n"));
	assert_non_null(strstr(got, "\n\nraw \xef\xbf\xbd[31m \xef\xbf\xbd "
	    "\\u202E end \xc3\xbf\n"));
	free(got);
	close_stage();
}

static void
test_show_lists_attachments(void **state)
{
	char *got;

	(void)state;
	assert_int_equal(show(ids[PARTS], NULL, NULL), 0);
	got = contents(stage.out);
	assert_string_equal(strstr(got, "\n\n"), "\n\nSee there\n"
	    "\nAttachments:\n"
	    "  J\xc3\xb6.pdf     application/pdf  5 B\n"
	    "  (no name)  image/x-y        2 B\n");
	free(got);
	close_stage();
}

/* What a pipe gets is as wide as it is. */
static void
test_show_breaks_long_lines_between_words_on_a_terminal(void **state)
{
	char *got;

	(void)state;
	stage_terminal(&stage, 36, &plain);
	assert_int_equal(play(ids[WIDE], "--color=never", NULL), 0);
	got = shown(&stage);
	assert_begins(got, "From:      a@b\n"
	    "To:        \"Ann, of somewhere\"\n"
	    "           <ann@example.org>, b@c\n"
	    "Subject:   averylongsubjectwithoutanyblankinit\n"
	    "Date:      02-Mar-2026 09:00:00\n"
	    "           +0000\n");
	assert_string_equal(strstr(got, "\n\n"), "\n\n"
	    "A line that is too long to be shown.\n"
	    "> Quoted, and also too long for it.\n"
	    "A table\twith tabs\tis left as it is.\n"
	    "  fits  as it is \n"
	    "\n"
	    "escaped \\u202E and broken after\n"
	    "that.\n");
	free(got);
	close_stage();
	stage_terminal(&stage, 30, &plain);
	assert_int_equal(play(ids[WIDE], "--color=never", NULL), 0);
	got = shown(&stage);
	/* Also what is nothing but too many blanks has its line. */
	assert_non_null(strstr(got, "\nLabels:    \nSize: "));
	assert_non_null(strstr(got, "\n\n"
	    "A line that is too long to be\n"
	    "shown.\n"
	    "> Quoted, and also too long\n"
	    "> for it.\n"
	    "A table\twith tabs\tis left as it is.\n"));
	free(got);
	close_stage();
	assert_int_equal(show(ids[WIDE], NULL, NULL), 0);
	got = contents(stage.out);
	assert_non_null(strstr(got, "\n> Quoted, and also too long for it.\n"));
	free(got);
	close_stage();
}

static void
test_show_reduces_html_to_its_text(void **state)
{
	(void)state;
	assert_int_equal(show(ids[HTML], NULL, NULL), 0);
	expect_end("\n\nHello,\n\xc3\xb6\xef\xbf\xbd\n");
}

static void
test_show_gives_programs_one_object(void **state)
{
	char *want = xasprintf("{\"v\":1,\"type\":\"message\",\"id\":\"%s\","
	    "\"folder\":\"Entw\xc3\xbcrfe\",\"uidvalidity\":7,\"uid\":%d,"
	    "\"sha256\":\"%s\",\"size\":%zu,\"flags\":[],"
	    "\"internaldate\":\"02-Mar-2026 09:00:00 +0000\","
	    "\"date\":\"2026-03-02T09:00:00Z\","
	    "\"headers\":{\"subject\":\"parts\"},\"text\":\"See there\","
	    "\"attachments\":[{\"name\":\"J\xc3\xb6.pdf\","
	    "\"content_type\":\"application/pdf\",\"size\":5},"
	    "{\"content_type\":\"image/x-y\",\"size\":2}]}\n"
	    "{\"v\":1,\"type\":\"summary\",\"verb\":\"show\","
	    "\"exit_code\":0}\n", ids[PARTS], PARTS, hashes[PARTS],
	    strlen(mails[PARTS - 1].raw));
	char *got;

	(void)state;
	assert_int_equal(show(ids[PARTS], "--json", NULL), 0);
	expect(want, "");
	free(want);
	assert_int_equal(show(ids[PLAIN], "--json", NULL), 0);
	got = contents(stage.out);
	assert_non_null(strstr(got, "\"flags\":[\"\\\\Flagged\",\"\\\\Seen\"],"
	    "\"labels\":[\"A b\",\"Work\"],"));
	assert_non_null(strstr(got, "\"headers\":{"
	    "\"from\":\"J\xc3\xb6rg <joe@example.org>\","
	    "\"to\":\"ann@example.org, \\\"B, C\\\" <b@example.org>\","
	    "\"cc\":\"Team: a@b;\",\"subject\":\"H\xc3\xb6 there\","
	    "\"date\":\"Mon, 2 Mar 2026 10:00:00 +0100\","
	    "\"message_id\":\"<1@example.org>\"},"
	    "\"text\":\"Hello,\\nworld\",\"attachments\":[]}"));
	free(got);
	close_stage();
	assert_int_equal(show(ids[HTML], "--json", NULL), 0);
	got = contents(stage.out);
	assert_non_null(strstr(got, "\"text\":\"Hello,\\n\xc3\xb6\xef\xbf\xbd"
	    "\",\"html\":true,"));
	free(got);
	close_stage();
}

static void
test_show_headers_is_the_header_as_sent(void **state)
{
	(void)state;
	assert_int_equal(show(ids[ODD], "--headers", NULL), 0);
	expect("From: \\x1B[2J <a@b>\nSubject: =?utf-8?q?a=0A=1Bb?= "
	    "\\u202Ec\n", "");
	assert_int_equal(show(ids[UNENDED], "--headers", NULL), 0);
	expect("Subject: no end\n", "");
	assert_int_equal(show(ids[BARE], "--headers", NULL), 0);
	expect("", "");
	assert_int_equal(show(ids[EMPTY], "--headers", NULL), 0);
	expect("", "");
}

/* The digest of all that went to stdout. */
static void
digest_of_out(char hex[DIGEST_HEX])
{
	struct hasher *h = hasher_new();
	char *piece = xmalloc(65536);
	struct digest d;
	ssize_t n;

	lseek(stage.out, 0, SEEK_SET);
	while ((n = read(stage.out, piece, 65536)) > 0)
		hasher_add(h, piece, (size_t)n);
	hasher_end(h, &d);
	hasher_free(&h);
	free(piece);
	digest_hex(&d, hex);
}

static void
test_show_raw_is_the_message_byte_for_byte(void **state)
{
	static const uint32_t uids[] = { PLAIN, BARE, ODD, PARTS, EMPTY,
	    UNENDED, WHOLE, LARGE };
	char hex[DIGEST_HEX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(uids) / sizeof(uids[0]); i++) {
		assert_int_equal(show(ids[uids[i]], "--raw", NULL), 0);
		digest_of_out(hex);
		assert_string_equal(hex, hashes[uids[i]]);
		expect(NULL, "");
	}
}

static void
test_show_tells_where_a_text_is_cut(void **state)
{
	(void)state;
	assert_int_equal(show(ids[CUT], NULL, NULL), 0);
	expect_end("\n[The text goes on; --raw gives all of it.]\n");
	assert_int_equal(show(ids[CUT], "--json", NULL), 0);
	expect_end("\",\"text_cut\":true,\"attachments\":[]}\n{\"v\":1,"
	    "\"type\":\"summary\",\"verb\":\"show\",\"exit_code\":0}\n");
}

static void
test_show_takes_messages_apart_up_to_its_limit(void **state)
{
	(void)state;
	assert_int_equal(show(ids[WHOLE], NULL, NULL), 0);
	expect_end("\n\nAttachments:\n  (no name)  image/png  64.0 MiB\n");
	assert_int_equal(show(ids[LARGE], NULL, NULL), 0);
	expect_end("\n\n[Too large to be taken apart; --raw gives all of "
	    "it.]\n");
	assert_int_equal(show(ids[LARGE], "--json", NULL), 0);
	expect_end("\"headers\":{\"subject\":\"large\"},\"too_large\":true}\n"
	    "{\"v\":1,\"type\":\"summary\",\"verb\":\"show\","
	    "\"exit_code\":0}\n");
	assert_int_equal(show(ids[LARGE], "--headers", NULL), 0);
	expect("Subject: large\nContent-Type: image/png\n", "");
	assert_int_equal(show(ids[LARGE_HEADER], "--headers", NULL), 0);
	expect(NULL, "mailkeep: warning: the header is longer than what is "
	    "printed; --raw gives all of it\n");
}

static void
test_show_finds_a_message_by_the_start_of_its_hash(void **state)
{
	char prefix[DIGEST_HEX], *got;
	size_t n, i;

	(void)state;
	for (n = 12; n <= 64; n += 26) {
		snprintf(prefix, sizeof(prefix), "%.*s", (int)n,
		    hashes[PLAIN]);
		for (i = 0; n == 38 && i < n; i++)
			if (prefix[i] >= 'a')
				prefix[i] = (char)(prefix[i] - 'a' + 'A');
		assert_int_equal(show(prefix, "--json", NULL), 0);
		got = contents(stage.out);
		assert_non_null(strstr(got, hashes[PLAIN]));
		assert_non_null(strstr(got, ids[PLAIN]));
		free(got);
		close_stage();
	}
}

static void
test_show_names_the_candidates_of_an_ambiguous_hash(void **state)
{
	char *got;

	(void)state;
	assert_int_equal(show(twin_prefix, NULL, NULL), 2);
	got = contents(stage.err);
	assert_non_null(strstr(got, "more than one message begins with '"));
	assert_non_null(strstr(got, twin_prefix));
	assert_non_null(strstr(got, ids[TWIN]));
	assert_non_null(strstr(got, ids[OTHER_TWIN]));
	free(got);
	expect("", NULL);
}

/* ... and nothing on stdout. */
static void
expect_err_begins(const char *want)
{
	char *got = contents(stage.err);

	assert_begins(got, want);
	free(got);
	expect("", NULL);
}

static void
test_show_refuses_an_id_that_is_none(void **state)
{
	static const char *const malformed[] = { "", ".", "1", "1.", ".1",
	    "1.2.3", "1.x", "x.1", "1.-2", "123", "abc", "abcg", "0xabcd",
	    "1 .2", "99999999999999999999.1", "INBOX", NULL };
	static const char *const unknown[] = { "0.0", "1.0", "1.1", "1.99999",
	    "9.1", "18446744073709551615.18446744073709551615", NULL };
	char long_hex[DIGEST_HEX + 1], *want;
	size_t i;

	(void)state;
	for (i = 0; malformed[i] != NULL; i++) {
		want = xasprintf("mailkeep: '%s' is not the id of a message\n"
		    "  -> an id is like 17.204, or at least 4 digits of a "
		    "SHA-256; mailkeep list shows them\n", malformed[i]);
		assert_int_equal(show(malformed[i], NULL, NULL), 2);
		expect("", want);
		free(want);
	}
	for (i = 0; unknown[i] != NULL; i++) {
		want = xasprintf("mailkeep: the vault has no message '%s'\n"
		    "  -> mailkeep list --all shows the ids of all messages\n",
		    unknown[i]);
		assert_int_equal(show(unknown[i], NULL, NULL), 2);
		expect("", want);
		free(want);
	}
	/* A hash of which the last digit is another one, and one digit too many. */
	snprintf(long_hex, sizeof(long_hex), "%s", hashes[PLAIN]);
	long_hex[63] = long_hex[63] == '0' ? '1' : '0';
	assert_int_equal(show(long_hex, NULL, NULL), 2);
	expect_err_begins("mailkeep: the vault has no message '");
	snprintf(long_hex, sizeof(long_hex), "%s0", hashes[PLAIN]);
	assert_int_equal(show(long_hex, NULL, NULL), 2);
	expect_err_begins("mailkeep: '");
}

static void
test_show_refuses_options_that_contradict_each_other(void **state)
{
	(void)state;
	assert_int_equal(show(ids[PLAIN], "--raw", "--headers"), 2);
	expect("", "mailkeep: --raw and --headers exclude each other\n"
	    "  -> mailkeep help show explains it\n");
	assert_int_equal(show(ids[PLAIN], "--raw", "--json"), 2);
	expect(NULL, "mailkeep: what --raw prints is no JSON\n"
	    "  -> mailkeep help show explains it\n");
	assert_int_equal(show(ids[PLAIN], "--headers", "--json"), 2);
	expect(NULL, "mailkeep: what --headers prints is no JSON\n"
	    "  -> mailkeep help show explains it\n");
}

/* ---- damage ---- */

static int
flip_pack(const char *path, const struct stat *st, int type, struct FTW *f)
{
	char *p;
	int fd;
	off_t i;

	(void)f;
	if (type != FTW_F || strstr(path, "/packs/") == NULL)
		return 0;
	assert_int_not_equal(fd = open(path, O_RDWR | O_CLOEXEC), -1);
	p = xmalloc((size_t)st->st_size);
	assert_int_equal(pread(fd, p, (size_t)st->st_size, 0), st->st_size);
	/* Frames keep their headers: what they hold is wrong, not missing. */
	for (i = 64; i < st->st_size; i += 64)
		p[i] = (char)(p[i] ^ 0x10);
	assert_int_equal(pwrite(fd, p, (size_t)st->st_size, 0), st->st_size);
	free(p);
	close(fd);
	return 0;
}

/* The last test: the vault is of no use after it. */
static void
test_show_prints_nothing_of_a_damaged_message(void **state)
{
	static const char *const options[] = { NULL, "--headers", "--raw" };
	struct stat st;
	char *got;
	size_t i;

	(void)state;
	assert_int_equal(nftw(vault, flip_pack, 16, FTW_PHYS), 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(show(ids[PARTS], options[i], NULL), 6);
		got = contents(stage.err);
		/* Even of raw bytes none were written. */
		assert_null(strstr(got, "what was written"));
		free(got);
		expect_err_begins("mailkeep: message ");
	}
	assert_int_equal(show(ids[PARTS], "--json", NULL), 6);
	got = contents(stage.out);
	assert_begins(got, "{\"v\":1,\"type\":\"error\",\"kind\":\"corrupt\"");
	free(got);
	close_stage();
	/* What doesn't fit into memory may have begun to come. */
	assert_int_equal(show(ids[LARGE], "--raw", NULL), 6);
	assert_int_equal(fstat(stage.out, &st), 0);
	assert_in_range(st.st_size, 0, WHOLE_MAX);
	got = contents(stage.err);
	assert_non_null(strstr(got, "\n  -> what was written is not the "
	    "message\n"));
	free(got);
	close_stage();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_show_prints_fields_and_text),
		cmocka_unit_test(test_show_leaves_out_what_a_message_has_not),
		cmocka_unit_test(test_show_tells_that_a_message_is_gone),
		cmocka_unit_test(test_show_makes_everything_of_a_message_plain),
		cmocka_unit_test(test_show_lists_attachments),
		cmocka_unit_test(
		    test_show_breaks_long_lines_between_words_on_a_terminal),
		cmocka_unit_test(test_show_reduces_html_to_its_text),
		cmocka_unit_test(test_show_gives_programs_one_object),
		cmocka_unit_test(test_show_headers_is_the_header_as_sent),
		cmocka_unit_test(test_show_raw_is_the_message_byte_for_byte),
		cmocka_unit_test(test_show_tells_where_a_text_is_cut),
		cmocka_unit_test(test_show_takes_messages_apart_up_to_its_limit),
		cmocka_unit_test(
		    test_show_finds_a_message_by_the_start_of_its_hash),
		cmocka_unit_test(
		    test_show_names_the_candidates_of_an_ambiguous_hash),
		cmocka_unit_test(test_show_refuses_an_id_that_is_none),
		cmocka_unit_test(
		    test_show_refuses_options_that_contradict_each_other),
		cmocka_unit_test(test_show_prints_nothing_of_a_damaged_message),
	};
	int failed;

	(void)argc;
	if (make_scratch(argv[0]) == -1)
		return 1;
	failed = cmocka_run_group_tests(tests, make_vault, remove_all);
	free_scratch();
	return failed;
}
