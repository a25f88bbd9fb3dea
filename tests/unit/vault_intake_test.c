/*
 * A message on its way in: any bytes, in any pieces, in memory or through a file, stored once or once per occurrence,
 * and always read back as it was (R1, R11, R28, D5).
 */
#include "vault_stage.h"

#define SPOOL	(4 * 1024 * 1024)

static const enum container containers[] = { CONTAINER_TAR, CONTAINER_MBOX };

/* ${n} bytes that don't compress to nothing, with line ends now and then, if ${lines}. */
static char *
fill(size_t n, bool lines, uint32_t seed)
{
	char *p = xmalloc(n + 1);
	uint32_t x = seed * 2654435761u + 1;
	size_t i;

	for (i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		p[i] = (char)('a' + x % 16);
		if (lines && i % 70 == 69)
			p[i] = '\n';
		else if (lines && i % 70 == 68)
			p[i] = '\r';
	}
	p[n] = '\0';
	return p;
}

/* R50: what is announced and can't fit is refused before it comes; the run goes on. */
static void
test_intake_refuses_what_does_not_fit(void **state)
{
	struct vault *v;
	struct vault_txn *t;
	struct err e;

	(void)state;
	stage_create(CONTAINER_TAR);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	assert_int_equal(vault_intake(t, UINT64_MAX, &e), -1);
	assert_int_equal(e.kind, EK_SPACE);
	assert_int_equal(vault_intake(t, 3, &e), 0);
	stage_run_end(&t);
	vault_close(&v);
}

/* The same on both sides of the spool's bound, whatever size was announced. */
static void
test_intake_keeps_every_byte_around_the_spools_bound(void **state)
{
	static const size_t size[] = { 0, 1, SPOOL - 1, SPOOL, SPOOL + 1 };
	static const uint64_t hint[] = { 0, SPOOL, SPOOL + 2 };
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	char *text[LENGTH(size) * LENGTH(hint)];
	size_t c, i, h, n;

	(void)state;
	for (c = 0; c < LENGTH(containers); c++) {
		stage_create(containers[c]);
		v = stage_open(VAULT_WRITE);
		t = stage_run_begin(v);
		box = stage_box(t, 1, "INBOX");
		for (i = n = 0; i < LENGTH(size); i++)
			for (h = 0; h < LENGTH(hint); h++, n++) {
				struct mail_meta m = stage_meta(
				    (uint32_t)n + 1);
				struct digest got, want;
				struct err e;

				/* Every second one with bytes that mbox can't change. */
				text[n] = fill(size[i], n % 2, (uint32_t)n);
				stage_take(t, text[n], size[i],
				    n % 3 == 0 ? 65536 : 1000003, hint[h]);
				digest_of(text[n], size[i], &want);
				assert_int_equal(vault_intake_seen(t, &got),
				    size[i]);
				assert_true(digest_equal(&got, &want));
				/* Of the shortest there are only so many. */
				if (size[i] > 1)
					assert_int_equal(vault_add(t, &box, &m,
					    &e), 1);
				else
					assert_true(vault_add(t, &box, &m,
					    &e) >= 0);
			}
		stage_run_end(&t);
		for (i = n = 0; i < LENGTH(size); i++)
			for (h = 0; h < LENGTH(hint); h++, n++) {
				assert_stored(v, text[n], size[i]);
				free(text[n]);
			}
		vault_close(&v);
		assert_int_equal(stage_count("tmp"), 0);
		stage_run("rm -r v");
	}
}

/* ---- odd messages ---- */

#define ODD(s)	{ s, sizeof(s) - 1 }

static const struct { const char *p; size_t n; } odd[] = {
	ODD(""),
	ODD("\n"),
	ODD("\r\n"),
	ODD("\r"),
	ODD("\0"),
	ODD("Subject: x\r\n\r\nhello\r\n"),
	ODD("Subject: header only\r\n"),
	ODD("Subject: no final newline\r\n\r\nend"),
	ODD("Subject: bare lf\n\nhello\n"),
	ODD("Subject: mixed\r\n\r\nbare\nlf\r\n"),
	ODD("Subject: lone cr\r\n\r\na\rb\r\n"),
	ODD("Subject: cr at the end\r\n\r\na\r"),
	ODD("Subject: crs\r\n\r\na\r\r\n"),
	ODD("Subject: nul\r\n\r\na\0b\r\n"),
	ODD("Subject: 8-bit\r\n\r\n\377\376\200\303\244\r\n"),
	ODD("From nobody Thu Jan  1 00:00:00 1970\r\nSubject: x\r\n\r\n"),
	ODD("Subject: x\r\n\r\nFrom me\r\n>From you\r\n>>From them\r\n"),
	ODD("Subject: x\r\n\r\nFrom me"),
	ODD("Subject: x\n\n>From you\n\n\n"),
	ODD("\r\n\r\nFrom \r\n"),
	ODD("Subject: ends in empty lines\r\n\r\n\r\n\r\n\r\n"),
};

static void
test_intake_gives_odd_messages_back_as_they_were(void **state)
{
	static const size_t pieces[] = { 1, 2, 7, 100000 };
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	struct err e;
	uint32_t uid = 0;
	size_t c, i, p;

	(void)state;
	for (c = 0; c < LENGTH(containers); c++) {
		stage_create(containers[c]);
		v = stage_open(VAULT_WRITE);
		t = stage_run_begin(v);
		box = stage_box(t, 1, "INBOX");
		for (p = 0; p < LENGTH(pieces); p++)
			for (i = 0; i < LENGTH(odd); i++) {
				struct mail_meta m = stage_meta(++uid);

				stage_take(t, odd[i].p, odd[i].n, pieces[p],
				    odd[i].n);
				assert_int_equal(vault_add(t, &box, &m, &e),
				    p == 0);
			}
		stage_run_end(&t);
		for (i = 0; i < LENGTH(odd); i++)
			assert_stored(v, odd[i].p, odd[i].n);
		/* Also through a catalog that was made from the manifests. */
		vault_close(&v);
		stage_run("rm v/catalog.sqlite");
		v = stage_open(VAULT_READ);
		for (i = 0; i < LENGTH(odd); i++)
			assert_stored(v, odd[i].p, odd[i].n);
		vault_close(&v);
		stage_run("rm -r v");
	}
}

static void
test_intake_finds_the_header_lines(void **state)
{
	static const char text[] = "From: =?utf-8?q?Anna?= <a@b>\r\n"
	    "To: c@d,\r\n e@f\r\nSubject: hello\r\nDate: today\r\n"
	    "Message-ID: <1@x>\r\n\r\nSubject: not this\r\n";
	struct vault *v;
	struct vault_txn *t;
	struct digest d;
	struct err e;

	(void)state;
	stage_create(CONTAINER_TAR);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	stage_take(t, text, sizeof(text) - 1, 3, 0);
	assert_int_equal(vault_intake_seen(t, &d), sizeof(text) - 1);
	assert_string_equal(vault_intake_header(t, HEADER_FROM),
	    "=?utf-8?q?Anna?= <a@b>");
	assert_string_equal(vault_intake_header(t, HEADER_TO), "c@d, e@f");
	assert_string_equal(vault_intake_header(t, HEADER_SUBJECT), "hello");
	assert_string_equal(vault_intake_header(t, HEADER_MESSAGE_ID),
	    "<1@x>");
	/* The next one starts from nothing, also when this one was left in the middle. */
	stage_take(t, text, 20, 3, 0);
	stage_take(t, "\r\n", 2, 3, 0);
	assert_int_equal(vault_intake_seen(t, &d), 2);
	assert_string_equal(vault_intake_header(t, HEADER_FROM), "");
	assert_int_equal(vault_intake(t, 0, &e), 0);
	assert_int_equal(vault_intake_seen(t, &d), 0);
	vault_abort(&t);
	vault_close(&v);
}

/* ---- once or many times ---- */

static int
count_pack(void *arg, const struct known_commit *k, struct err *e)
{
	(void)e;
	*(uint64_t *)arg += k->packs;
	return 0;
}

static uint64_t
packs_of(struct vault *v)
{
	uint64_t n = 0;
	struct err e;

	assert_int_equal(catalog_commits(vault_catalog(v), count_pack, &n, &e),
	    0);
	return n;
}

static void
totals(struct vault *v, struct known_totals *t)
{
	struct err e;

	assert_int_equal(catalog_totals(vault_catalog(v), t, &e), 0);
}

/* Equal messages: twice in one folder, in two folders, in a later run. */
static void
test_intake_stores_a_content_once_in_tar_and_each_time_in_mbox(void **state)
{
	static const char same[] = "Subject: same\r\n\r\nbody\r\n";
	struct vault *v;
	struct vault_txn *t;
	struct vault_box in, sent;
	struct known_totals k;
	size_t c;

	(void)state;
	for (c = 0; c < LENGTH(containers); c++) {
		bool tar = containers[c] == CONTAINER_TAR;

		stage_create(containers[c]);
		v = stage_open(VAULT_WRITE);
		t = stage_run_begin(v);
		in = stage_box(t, 1, "INBOX");
		sent = stage_box(t, 2, "Sent");
		assert_int_equal(stage_text(t, &in, 1, same), 1);
		assert_int_equal(stage_text(t, &in, 2, same), 0);
		assert_int_equal(stage_text(t, &sent, 1, same), 0);
		stage_run_end(&t);
		/* An mbox holds one folder. */
		assert_int_equal(packs_of(v), tar ? 1 : 2);
		t = stage_run_begin(v);
		assert_int_equal(stage_text(t, &in, 3, same), 0);
		stage_run_end(&t);
		/* What is known costs no pack in a tar vault (R4). */
		assert_int_equal(packs_of(v), tar ? 1 : 3);
		assert_int_equal(stage_count("packs"), tar ? 1 : 3);
		/* Four messages, one content: multiplicity is kept. */
		totals(v, &k);
		assert_int_equal(k.kept, 4);
		assert_int_equal(k.live, 4);
		assert_int_equal(k.blobs, 1);
		assert_stored(v, same, sizeof(same) - 1);
		vault_close(&v);
		stage_run("rm -r v");
	}
}

/* What stock tools make of the packs is what was put in (R62, D3). */
static void
test_intake_packs_are_what_stock_tools_read(void **state)
{
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	struct buf b = BUF_INIT(1 << 20);
	struct err e;
	int dir;

	(void)state;
	stage_create(CONTAINER_TAR);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	box = stage_box(t, 1, "a/../b");
	stage_text(t, &box, 7, "Subject: x\r\n\r\nFrom me\r\n");
	stage_run_end(&t);
	vault_close(&v);
	stage_run("mkdir out && tar -C out --zstd -xf v/packs/*.tar.zst && "
	    "cp out/a/*/b/1001.7.*.eml got.eml");
	assert_int_equal(io_read_file(scratch_fd, "got.eml", &b, &e), 0);
	assert_string_equal(buf_text(&b), "Subject: x\r\n\r\nFrom me\r\n");
	buf_clear(&b);
	stage_run("rm -r v");
	stage_create(CONTAINER_MBOX);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	box = stage_box(t, 12, "INBOX");
	stage_text(t, &box, 7, "Subject: x\r\n\r\nFrom me\r\n");
	stage_text(t, &box, 8, "Subject: y\r\n\r\nend");
	stage_run_end(&t);
	vault_close(&v);
	stage_run("zstd -qdc v/packs/*.f12.mbox.zst > got.mbox");
	dir = scratch_fd;
	assert_int_equal(io_read_file(dir, "got.mbox", &b, &e), 0);
	assert_string_equal(buf_text(&b),
	    "From mailkeep@localhost Wed Jul 17 09:44:25 1996\n"
	    "Subject: x\n\n>From me\n\n"
	    "From mailkeep@localhost Wed Jul 17 09:44:25 1996\n"
	    "Subject: y\n\nend\n\n");
	buf_release(&b);
}

/* A reference is written only to what is there (D6). */
static void
test_intake_stores_again_what_its_pack_lost(void **state)
{
	static const char *const harm[] = { "rm v/packs/*",
	    "truncate -s -1 v/packs/*", "truncate -s +1 v/packs/*",
	    "mv v/packs/* away && ln -s ../../away v/packs/$(cat name)" };
	static const char same[] = "Subject: same\r\n\r\nbody\r\n";
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(harm); i++) {
		stage_create(CONTAINER_TAR);
		v = stage_open(VAULT_WRITE);
		t = stage_run_begin(v);
		box = stage_box(t, 1, "INBOX");
		assert_int_equal(stage_text(t, &box, 1, same), 1);
		stage_run_end(&t);
		vault_close(&v);
		stage_run("ls v/packs > name");
		stage_run(harm[i]);
		v = stage_open(VAULT_WRITE);
		t = stage_run_begin(v);
		assert_int_equal(stage_text(t, &box, 2, same), 1);
		assert_int_equal(stage_text(t, &box, 3, same), 0);
		stage_run_end(&t);
		/* The newest place of a content is the one that counts. */
		assert_stored(v, same, sizeof(same) - 1);
		vault_close(&v);
		stage_run("rm -rf v away");
	}
}

/* ---- known by a name of its own ---- */

static int
refer(struct vault_txn *t, const struct vault_box *box, uint32_t uid,
    const char *id, uint64_t size)
{
	struct mail_meta m = stage_meta(uid);
	struct err e;
	int r;

	m.emailid = id;
	m.size = size;
	m.has_size = size != UINT64_MAX;
	if ((r = vault_refer(t, box, &m, &e)) == -1)
		fail_msg("%s", e.text);
	return r;
}

static void
add_named(struct vault_txn *t, const struct vault_box *box, uint32_t uid,
    const char *id, const char *text)
{
	struct mail_meta m = stage_meta(uid);
	struct err e;

	m.emailid = id;
	stage_take(t, text, strlen(text), 100, strlen(text));
	if (vault_add(t, box, &m, &e) == -1)
		fail_msg("%s", e.text);
}

static void
test_refer_takes_what_is_known_by_id_and_size(void **state)
{
	static const char text[] = "Subject: x\r\n\r\nFrom me\r\n";
	const uint64_t size = sizeof(text) - 1;
	struct vault *v;
	struct vault_txn *t;
	struct vault_box in, all;
	struct known_totals k;
	size_t c;

	(void)state;
	for (c = 0; c < LENGTH(containers); c++) {
		stage_create(containers[c]);
		v = stage_open(VAULT_WRITE);
		t = stage_run_begin(v);
		in = stage_box(t, 1, "INBOX");
		all = stage_box(t, 2, "All");
		assert_int_equal(refer(t, &all, 1, "M1", size), 0);
		add_named(t, &in, 1, "M1", text);
		stage_commit(t);
		assert_int_equal(refer(t, &all, 1, "M1", size), 1);
		/* Another id, another size, none. */
		assert_int_equal(refer(t, &all, 2, "M2", size), 0);
		assert_int_equal(refer(t, &all, 2, "m1", size), 0);
		assert_int_equal(refer(t, &all, 2, "M1", size + 1), 0);
		assert_int_equal(refer(t, &all, 2, "M1", UINT64_MAX), 0);
		assert_int_equal(refer(t, &all, 2, NULL, size), 0);
		stage_run_end(&t);
		totals(v, &k);
		assert_int_equal(k.kept, 2);
		assert_int_equal(k.blobs, 1);
		assert_stored(v, text, size);
		/* mbox: each folder's packs are complete in themselves. */
		assert_int_equal(stage_count("packs"),
		    containers[c] == CONTAINER_TAR ? 1 : 2);
		vault_close(&v);
		if (containers[c] == CONTAINER_MBOX)
			stage_run("test $(zstd -qdc v/packs/*.f2.mbox.zst | "
			    "grep -c '^>From me') = 1");
		/* The record says how it knows. */
		stage_run("test $(zstd -qdc v/manifests/* | "
		    "grep -c '\"by\":\"emailid\"') = 1");
		stage_run("rm -r v");
	}
}

static void
test_refer_has_it_fetched_where_the_pack_is_lost(void **state)
{
	static const char text[] = "Subject: x\r\n\r\nbody\r\n";
	const uint64_t size = sizeof(text) - 1;
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	size_t c;

	(void)state;
	for (c = 0; c < LENGTH(containers); c++) {
		stage_create(containers[c]);
		v = stage_open(VAULT_WRITE);
		t = stage_run_begin(v);
		box = stage_box(t, 1, "INBOX");
		add_named(t, &box, 1, "M1", text);
		stage_run_end(&t);
		stage_run("rm v/packs/*");
		t = stage_run_begin(v);
		assert_int_equal(refer(t, &box, 2, "M1", size), 0);
		add_named(t, &box, 2, "M1", text);
		stage_run_end(&t);
		assert_stored(v, text, size);
		vault_close(&v);
		stage_run("rm -r v");
	}
}

/* mbox: a copy is seen to be right before it is written; what can't be read is fetched, the run is none the worse. */
static void
test_refer_has_it_fetched_where_the_copy_is_damaged(void **state)
{
	static const char text[] = "Subject: x\r\n\r\nbody\r\n";
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;

	(void)state;
	stage_create(CONTAINER_MBOX);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	box = stage_box(t, 1, "INBOX");
	add_named(t, &box, 1, "M1", text);
	stage_run_end(&t);
	stage_run("printf XXXX | dd of=$(ls v/packs/*) bs=1 seek=30 "
	    "conv=notrunc 2>/dev/null");
	t = stage_run_begin(v);
	assert_int_equal(refer(t, &box, 2, "M1", sizeof(text) - 1), 0);
	add_named(t, &box, 2, "M1", text);
	stage_run_end(&t);
	assert_stored(v, text, sizeof(text) - 1);
	vault_close(&v);
}

/* ---- reading ---- */

static void
test_read_finds_damage_and_says_so(void **state)
{
	static const char text[] = "Subject: x\r\n\r\n0123456789abcdef\r\n";
	struct buf b = BUF_INIT(1 << 20);
	struct sink to = { collect, &b };
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	struct digest d;
	struct stat st;
	struct err e;
	struct known_blob blob;
	char *names, *path;
	off_t at, found = 0;
	int fd;
	char c;

	(void)state;
	stage_create(CONTAINER_TAR);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	box = stage_box(t, 1, "INBOX");
	stage_text(t, &box, 1, text);
	stage_run_end(&t);
	digest_of(text, sizeof(text) - 1, &d);
	assert_int_equal(catalog_blob(vault_catalog(v), &d, &blob, &e), 1);
	vault_close(&v);
	names = stage_names("packs");
	names[strlen(names) - 1] = '\0';
	path = xasprintf("%s/packs/%s", the_path, names);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	/* Either the right bytes or none that are trusted. */
	for (at = 0; at < st.st_size; at++) {
		assert_int_equal(pread(fd, &c, 1, at), 1);
		c ^= 0x10;
		assert_int_equal(pwrite(fd, &c, 1, at), 1);
		v = stage_open(VAULT_READ);
		buf_clear(&b);
		if (vault_read(v, &d, &to, &e) == 0) {
			assert_int_equal(b.n, sizeof(text) - 1);
			assert_memory_equal(b.p, text, b.n);
			/* Damage in the frame may be to what is not used; not so the notes. */
		} else {
			assert_int_equal(e.kind, EK_CORRUPT);
			assert_in_range(at, blob.frame.offset,
			    blob.frame.offset + blob.frame.size - 1);
			found++;
		}
		vault_close(&v);
		c ^= 0x10;
		assert_int_equal(pwrite(fd, &c, 1, at), 1);
	}
	assert_in_range(found, blob.frame.size * 9 / 10, blob.frame.size);
	/* Whole again; then a content that nobody has. */
	v = stage_open(VAULT_READ);
	assert_stored(v, text, sizeof(text) - 1);
	d.b[0] ^= 1;
	assert_int_equal(vault_read(v, &d, &to, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	vault_close(&v);
	close(fd);
	free(path);
	free(names);
	buf_release(&b);
}

static int
refuse(void *arg, const void *p, size_t n, struct err *e)
{
	(void)arg, (void)p, (void)n;
	return err_set(e, EK_SPACE, "no more");
}

static void
test_read_hands_on_the_readers_own_error(void **state)
{
	struct sink to = { refuse, NULL };
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	struct digest d;
	struct err e;

	(void)state;
	stage_create(CONTAINER_TAR);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	box = stage_box(t, 1, "INBOX");
	stage_text(t, &box, 1, "x\r\n");
	stage_run_end(&t);
	digest_of("x\r\n", 3, &d);
	assert_int_equal(vault_read(v, &d, &to, &e), -1);
	assert_int_equal(e.kind, EK_SPACE);
	assert_stored(v, "x\r\n", 3);
	vault_close(&v);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, stage_begin, stage_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_intake_refuses_what_does_not_fit),
		TEST(test_intake_keeps_every_byte_around_the_spools_bound),
		TEST(test_intake_gives_odd_messages_back_as_they_were),
		TEST(test_intake_finds_the_header_lines),
		TEST(test_intake_stores_a_content_once_in_tar_and_each_time_in_mbox),
		TEST(test_intake_packs_are_what_stock_tools_read),
		TEST(test_intake_stores_again_what_its_pack_lost),
		TEST(test_refer_takes_what_is_known_by_id_and_size),
		TEST(test_refer_has_it_fetched_where_the_pack_is_lost),
		TEST(test_refer_has_it_fetched_where_the_copy_is_damaged),
		TEST(test_read_finds_damage_and_says_so),
		TEST(test_read_hands_on_the_readers_own_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
