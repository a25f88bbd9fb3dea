/*
 * Compaction: few packs and few manifests say what many said (R46, R54, R62, R64), nothing is lost on the way, and the
 * old files go a day later.
 */
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <signal.h>

#include "vault_stage.h"

#define DAY	(24 * 3600 + 60)	/* each commit is a second later than the one before */

/* ---- helpers ---- */

struct names {
	char	*v[512];
	size_t	 n;
};

static int
note_name(void *arg, const struct known_pack *k, struct err *e)
{
	struct names *s = arg;

	(void)e;
	assert_true(s->n < LENGTH(s->v));
	s->v[s->n++] = xstrdup(k->name);
	return 0;
}

static void
release_names(struct names *s)
{
	while (s->n > 0)
		free(s->v[--s->n]);
}

static struct names
packs_of(struct vault *v)
{
	struct names s = { .n = 0 };
	struct err e;

	assert_int_equal(catalog_packs(vault_catalog(v), note_name, &s, &e),
	    0);
	return s;
}

/* Put all packs of an open vault together: what vault_compact() says. */
static int
compact_all(struct vault *v, struct vault_compacted *out, struct err *e)
{
	struct names s = packs_of(v);
	int rc;

	memset(out, 0, sizeof(*out));
	rc = vault_compact(v, (const char *const *)s.v, s.n, NULL, NULL, out,
	    e);
	release_names(&s);
	return rc;
}

/* The same, from opening to closing; the number of packs before. */
static uint64_t
compact_vault(void)
{
	struct vault *v = stage_open(VAULT_WRITE);
	struct vault_compacted out;
	struct err e;

	if (compact_all(v, &out, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(out.run, stage_head(v));
	vault_close(&v);
	return out.packs;
}

static void
fail_on(void *arg, const struct vault_finding *f)
{
	(void)arg;
	if (f->damage)
		fail_msg("%s: %s", f->file, f->why);
}

static void
assert_whole(void)
{
	const struct vault_verify_opts opts = { .read_data = true,
	    .percent = 100, .found = fail_on };
	struct vault_verify_report report;
	struct vault *v = stage_open(VAULT_CHECK);
	struct err e;

	if (vault_verify(v, &opts, &report, &e) == -1)
		fail_msg("%s", e.text);
	vault_close(&v);
}

/* Every message at each of ${commits} commits, in a text to be freed. */
static char *
tell_messages(uint64_t commits)
{
	struct vault *v = stage_open(VAULT_READ);
	struct buf b = BUF_INIT(64 << 20);
	struct err e;
	uint64_t at;

	for (at = 1; at <= commits; at++) {
		buf_addf(&b, "at %" PRIu64 "\n", at);
		if (catalog_messages(vault_catalog(v), 0, at, true,
		    tell_message, &b, &e) == -1)
			fail_msg("%s", e.text);
	}
	if (tell_epochs(vault_catalog(v), &b, &e) == -1)
		fail_msg("%s", e.text);
	vault_close(&v);
	return buf_take(&b);
}

/* The messages of stage_fill() can be read. */
static void
assert_filled(struct vault *v, unsigned int commits)
{
	unsigned int i;
	char *text;

	for (i = 1; i <= commits; i++) {
		text = xasprintf("Subject: first of %u\r\nFrom: a@b\r\n\r\nx\r\n",
		    i);
		assert_stored(v, text, strlen(text));
		free(text);
		text = xasprintf("Subject: second of %u\r\n\r\nFrom me\r\n", i);
		assert_stored(v, text, strlen(text));
		free(text);
	}
}

static void
assert_readable(unsigned int commits)
{
	struct vault *v = stage_open(VAULT_READ);

	assert_null(vault_alarm(v));
	assert_filled(v, commits);
	vault_close(&v);
}

static void
touch_vault(void)
{
	struct vault *v = stage_open(VAULT_WRITE);

	vault_close(&v);
}

/* ---- what stays the same ---- */

static void
check_same(enum container container)
{
	char *before, *after;

	stage_fill(container, 40);
	before = tell_messages(40);
	assert_int_equal(compact_vault(), 40);
	after = tell_messages(40);
	assert_string_equal(before, after);
	free(after);
	assert_whole();
	assert_readable(40);
	assert_int_equal(stage_count("packs"), 41);
	/* The catalog from the manifests alone. */
	stage_run("rm v/catalog.sqlite");
	after = tell_messages(40);
	touch_vault();
	stage_run("rm v/catalog.sqlite");
	free(after);
	/* A day later. */
	the_time += DAY + 1;
	touch_vault();
	assert_int_equal(stage_count("packs"), 1);
	assert_whole();
	assert_readable(40);
	free(before);
}

static void
test_compacted_tar_packs_say_the_same_at_every_commit(void **state)
{
	(void)state;
	check_same(CONTAINER_TAR);
}

static void
test_compacted_mbox_packs_say_the_same_at_every_commit(void **state)
{
	(void)state;
	check_same(CONTAINER_MBOX);
}

static int
check_tail(void *arg, const struct known_pack *k, struct err *e)
{
	(void)arg, (void)e;
	/* Notes of 600 messages, each once: 8 bytes of a hash, and what compresses. */
	assert_in_range(k->tail, 600 * 8, 600 * 16);
	return 0;
}

static void
test_three_hundred_packs_become_one(void **state)
{
	struct vault *v;
	struct err e;

	(void)state;
	stage_fill(CONTAINER_TAR, 300);
	assert_int_equal(compact_vault(), 300);
	v = stage_open(VAULT_READ);
	assert_int_equal(catalog_packs(vault_catalog(v), check_tail, NULL, &e),
	    0);
	vault_close(&v);
	the_time += DAY + 1;
	touch_vault();
	assert_int_equal(stage_count("packs"), 1);
	assert_readable(300);
	assert_whole();
}

static void
test_old_files_stay_for_a_day(void **state)
{
	(void)state;
	stage_fill(CONTAINER_TAR, 3);
	the_time += 10;
	compact_vault();
	the_time += 24 * 3600 - 1;
	touch_vault();
	assert_int_equal(stage_count("packs"), 4);
	the_time += 1;
	touch_vault();
	assert_int_equal(stage_count("packs"), 1);
}

static void
test_compacted_pack_can_be_compacted_again(void **state)
{
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;

	(void)state;
	stage_fill(CONTAINER_TAR, 3);
	compact_vault();
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	box = stage_box(t, 1, "INBOX");
	assert_int_equal(stage_text(t, &box, 90, "one more\r\n"), 1);
	stage_run_end(&t);
	vault_close(&v);
	assert_int_equal(compact_vault(), 2);
	the_time += DAY + 1;
	touch_vault();
	assert_int_equal(stage_count("packs"), 1);
	assert_readable(3);
	assert_whole();
}

/* ---- contents in several places ---- */

static void
run_shell(const char *command, const char *want)
{
	char line[256] = "", *all = xasprintf("cd '%s' && %s", scratch,
	    command);
	FILE *f = popen(all, "r");

	assert_non_null(f);
	if (fgets(line, sizeof(line), f) != NULL)
		line[strcspn(line, "\n")] = '\0';
	pclose(f);
	assert_string_equal(line, want);
	free(all);
}

/* A content that stands in two packs, since the first one was not trusted for a while. */
static void
test_content_with_a_newer_place_is_stored_once(void **state)
{
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	struct mail_meta meta = stage_meta(1);
	struct names s;
	struct digest d;
	struct err e;

	(void)state;
	stage_create(CONTAINER_TAR);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	box = stage_box(t, 1, "INBOX");
	stage_text(t, &box, 1, "twice\r\n");
	stage_text(t, &box, 2, "once\r\n");
	stage_run_end(&t);
	s = packs_of(v);
	t = stage_run_begin(v);
	vault_distrust(t, s.v[0]);
	release_names(&s);
	stage_take(t, "twice\r\n", 7, 7, 7);
	digest_of("twice\r\n", 7, &d);
	assert_int_equal(vault_replace(t, &box, &meta, &d, &e), 1);
	stage_run_end(&t);
	vault_close(&v);
	assert_int_equal(stage_count("packs"), 2);
	assert_int_equal(compact_vault(), 2);
	the_time += DAY + 1;
	touch_vault();
	run_shell("tar --zstd -tf v/packs/* | wc -l", "2");
	v = stage_open(VAULT_READ);
	assert_stored(v, "twice\r\n", 7);
	assert_stored(v, "once\r\n", 6);
	vault_close(&v);
	assert_whole();
}

/* All of it is in packs of other commits by now: nothing is left to be stored. */
static void
test_pack_that_nothing_needs_is_retired_without_another(void **state)
{
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	struct mail_meta meta = stage_meta(1);
	struct vault_compacted out = { .packs = 0 };
	struct names s;
	struct digest d;
	struct err e;

	(void)state;
	stage_create(CONTAINER_TAR);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	box = stage_box(t, 1, "INBOX");
	stage_text(t, &box, 1, "twice\r\n");
	stage_run_end(&t);
	s = packs_of(v);
	t = stage_run_begin(v);
	vault_distrust(t, s.v[0]);
	stage_take(t, "twice\r\n", 7, 7, 7);
	digest_of("twice\r\n", 7, &d);
	assert_int_equal(vault_replace(t, &box, &meta, &d, &e), 1);
	stage_run_end(&t);
	assert_int_equal(vault_compact(v, (const char *const *)s.v, 1, NULL,
	    NULL, &out, &e), 0);
	release_names(&s);
	assert_int_equal(out.packs, 1);
	assert_int_equal(out.made, 0);
	vault_close(&v);
	the_time += DAY + 1;
	touch_vault();
	assert_int_equal(stage_count("packs"), 1);
	v = stage_open(VAULT_READ);
	assert_stored(v, "twice\r\n", 7);
	vault_close(&v);
	assert_whole();
}

/* Each folder's packs hold all of its mail, equal messages as often as they are there. */
static void
test_mbox_keeps_folders_apart_and_equal_messages_equal_in_number(void **state)
{
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box[2];
	unsigned int i;

	(void)state;
	stage_create(CONTAINER_MBOX);
	v = stage_open(VAULT_WRITE);
	for (i = 1; i <= 4; i++) {
		t = stage_run_begin(v);
		box[0] = stage_box(t, 1, "INBOX");
		box[1] = stage_box(t, 2, "Work");
		stage_text(t, &box[0], i, "the same\r\n");
		stage_text(t, &box[1], i, "the same\r\n");
		stage_run_end(&t);
	}
	vault_close(&v);
	assert_int_equal(stage_count("packs"), 8);
	v = stage_open(VAULT_WRITE);
	{
		struct names s = packs_of(v), sorted = { .n = 0 };
		struct vault_compacted out = { .packs = 0 };
		struct err e;
		size_t k;

		for (i = 1; i <= 2; i++)
			for (k = 0; k < s.n; k++)
				if (strstr(s.v[k], i == 1 ? ".f1." : ".f2."))
					sorted.v[sorted.n++] = s.v[k];
		assert_int_equal(sorted.n, 8);
		assert_int_equal(vault_compact(v,
		    (const char *const *)sorted.v, 8, NULL, NULL, &out, &e), 0);
		assert_int_equal(out.made, 2);
		release_names(&s);
	}
	vault_close(&v);
	the_time += DAY + 1;
	touch_vault();
	assert_int_equal(stage_count("packs"), 2);
	run_shell("zstdcat v/packs/*.f1.* | grep -c '^From '", "4");
	run_shell("zstdcat v/packs/*.f2.* | grep -c '^From '", "4");
	assert_whole();
}

/* The same stored bytes are one message with a line end behind it and another one without, or with LF and with CRLF. */
static void
test_mbox_messages_that_are_stored_alike_stay_different(void **state)
{
	static const char *const texts[] = { "a\r\nb\r\n", "a\r\nb", "a\nb\n",
	    "a\nb", "a\nb\r\n", "From x\r\n", ">From x\r\n", "", "\r\n", "\n" };
	const size_t n = LENGTH(texts);
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	size_t i, turn;

	(void)state;
	stage_create(CONTAINER_MBOX);
	v = stage_open(VAULT_WRITE);
	/* In both orders, so that older places are there, too. */
	for (turn = 0; turn < 3; turn++) {
		t = stage_run_begin(v);
		box = stage_box(t, 1, "INBOX");
		for (i = 0; i < n; i++)
			stage_text(t, &box, (uint32_t)(turn * n + i + 1),
			    texts[turn == 1 ? n - 1 - i : i]);
		stage_run_end(&t);
	}
	vault_close(&v);
	assert_int_equal(compact_vault(), 3);
	the_time += DAY + 1;
	touch_vault();
	assert_int_equal(stage_count("packs"), 1);
	v = stage_open(VAULT_READ);
	for (i = 0; i < n; i++)
		assert_stored(v, texts[i], strlen(texts[i]));
	vault_close(&v);
	assert_whole();
}

/* ---- what goes wrong ---- */

static void
test_damaged_pack_stops_it_and_nothing_changes(void **state)
{
	struct vault_compacted out;
	struct vault *v;
	struct err e;
	char *before, *after;

	(void)state;
	stage_fill(CONTAINER_TAR, 5);
	before = stage_look(VAULT_READ);
	stage_run("set -- v/packs/00000004-*; printf XX | dd of=$1 bs=1 seek=90 "
	    "conv=notrunc status=none");
	v = stage_open(VAULT_WRITE);
	assert_int_equal(compact_all(v, &out, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	assert_non_null(strstr(e.text, "packs/00000004-1-"));
	assert_non_null(strstr(e.next, "mailkeep repair"));
	assert_int_equal(out.packs, 0);
	assert_int_equal(stage_count("packs"), 5);
	assert_int_equal(stage_count("tmp"), 0);
	/* The same vault goes on. */
	assert_int_equal(stage_head(v), 5);
	vault_close(&v);
	after = stage_look(VAULT_READ);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* Folders before the damaged one had their pack already. */
static void
test_new_packs_go_with_a_compaction_that_failed(void **state)
{
	struct vault_compacted out = { .packs = 0 };
	const char *order[4];
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box[2];
	struct names s;
	struct err e;
	unsigned int i;

	(void)state;
	stage_create(CONTAINER_MBOX);
	v = stage_open(VAULT_WRITE);
	for (i = 1; i <= 2; i++) {
		t = stage_run_begin(v);
		box[0] = stage_box(t, 1, "INBOX");
		box[1] = stage_box(t, 2, "Work");
		stage_text(t, &box[0], i, i == 1 ? "one\r\n" : "two\r\n");
		stage_text(t, &box[1], i, i == 1 ? "three\r\n" : "four\r\n");
		stage_run_end(&t);
	}
	vault_close(&v);
	stage_run("set -- v/packs/00000002-2-*; printf XX | dd of=$1 bs=1 seek=20 "
	    "conv=notrunc status=none");
	v = stage_open(VAULT_WRITE);
	s = packs_of(v);
	assert_int_equal(s.n, 4);
	order[0] = s.v[0];
	order[1] = s.v[2];
	order[2] = s.v[1];
	order[3] = s.v[3];
	assert_int_equal(vault_compact(v, order, 4, NULL, NULL, &out, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	assert_int_equal(stage_count("packs"), 4);
	/* And the vault can go on at once. */
	assert_int_equal(vault_compact(v, order, 2, NULL, NULL, &out, &e), 0);
	assert_int_equal(stage_count("packs"), 5);
	release_names(&s);
	vault_close(&v);
	assert_int_equal(stage_count("orphans"), 0);
}

/* The pack is sound, but what the vault says of it isn't true. */
static void
test_message_that_is_not_at_its_place_stops_it(void **state)
{
	const char *text = "Subject: second of 2\r\n\r\nFrom me\r\n";
	struct record rec = { .kind = REC_BLOB };
	struct vault_compacted out;
	struct vault_txn *t;
	struct vault *v;
	struct names s;
	struct err e;

	(void)state;
	stage_fill(CONTAINER_TAR, 3);
	v = stage_open(VAULT_WRITE);
	s = packs_of(v);
	rec.u.blob.size = strlen(text);
	digest_of(text, strlen(text), &rec.u.blob.sha256);
	rec.u.blob.place = (struct place){ .pack = s.v[0], .offset = 512,
	    .stored = strlen(text) };
	t = stage_run_begin(v);
	assert_int_equal(vault_put(t, &rec, &e), 0);
	stage_run_end(&t);
	release_names(&s);
	assert_int_equal(compact_all(v, &out, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	assert_non_null(strstr(e.text, "00000001-1-"));
	assert_non_null(strstr(e.text, "lacks a message"));
	assert_int_equal(stage_head(v), 4);
	vault_close(&v);
	assert_int_equal(stage_count("packs"), 3);
}

static void
test_pack_that_is_missing_stops_it(void **state)
{
	struct vault_compacted out;
	struct vault *v;
	struct err e;

	(void)state;
	stage_fill(CONTAINER_TAR, 3);
	stage_run("rm v/packs/00000002-*");
	v = stage_open(VAULT_WRITE);
	assert_int_equal(compact_all(v, &out, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	assert_non_null(strstr(e.text, "missing"));
	assert_int_equal(stage_head(v), 3);
	vault_close(&v);
	assert_int_equal(stage_count("packs"), 2);
}

/* ---- room ---- */

static bool	no_room;	/* the disk has none, as far as anybody can tell */

int
fstatvfs(int fd, struct statvfs *out)
{
	(void)fd;
	memset(out, 0, sizeof(*out));
	out->f_frsize = out->f_bsize = 4096;
	out->f_bavail = no_room ? 100 : 1000000;
	return 0;
}

/* Three packs with a message each that doesn't compress. */
static void
fill_with_noise(char noise[3][50000])
{
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	uint32_t i;
	size_t k;

	stage_create(CONTAINER_TAR);
	v = stage_open(VAULT_WRITE);
	for (i = 0; i < 3; i++) {
		for (k = 0; k < sizeof(noise[i]); k++)
			noise[i][k] = (char)(stage_random(NULL) >> 40);
		t = stage_run_begin(v);
		box = stage_box(t, 1, "INBOX");
		stage_add(t, &box, i + 1, noise[i], sizeof(noise[i]));
		stage_run_end(&t);
	}
	vault_close(&v);
}

static void
assert_untouched(char noise[3][50000])
{
	struct vault *v = stage_open(VAULT_WRITE);
	size_t i;

	assert_int_equal(stage_head(v), 3);
	for (i = 0; i < 3; i++)
		assert_stored(v, noise[i], sizeof(noise[i]));
	vault_close(&v);
	assert_int_equal(stage_count("packs"), 3);
	assert_int_equal(stage_count("tmp"), 0);
	assert_int_equal(stage_count("orphans"), 0);
	assert_whole();
}

static void
test_without_room_nothing_is_begun(void **state)
{
	char noise[3][50000];
	struct vault_compacted out;
	struct vault *v;
	struct err e;

	(void)state;
	fill_with_noise(noise);
	v = stage_open(VAULT_WRITE);
	no_room = true;
	assert_int_equal(compact_all(v, &out, &e), -1);
	assert_int_equal(e.kind, EK_SPACE);
	assert_non_null(strstr(e.text, "1.2 MiB are needed"));
	assert_int_equal(vault_bundle(v, 1, 3, 1000, &e), -1);
	assert_int_equal(e.kind, EK_SPACE);
	no_room = false;
	vault_close(&v);
	assert_untouched(noise);
}

static void
test_disk_that_fills_up_costs_nothing(void **state)
{
	struct rlimit limit, small;
	char noise[3][50000];
	struct vault_compacted out;
	struct vault *v;
	struct err e;

	(void)state;
	fill_with_noise(noise);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = 140000;
	v = stage_open(VAULT_WRITE);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(compact_all(v, &out, &e), -1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(e.kind, EK_SPACE);
	vault_close(&v);
	assert_untouched(noise);
	assert_int_equal(compact_vault(), 3);
	assert_whole();
}

/* ---- readers of an older day ---- */

/*
 * The reader has a catalog of its own, so that it knows nothing of what came after it was opened.
 */
static void
test_reader_of_an_older_head_finds_the_new_place(void **state)
{
	struct vault *reader, *v;

	(void)state;
	stage_fill(CONTAINER_TAR, 4);
	stage_run("mkdir cache");
	the_env.cache = stage_path("cache");
	stage_run("mv v/catalog.sqlite kept");
	stage_run("mkdir v/catalog.sqlite");
	reader = stage_open(VAULT_READ);
	stage_run("rmdir v/catalog.sqlite && mv kept v/catalog.sqlite");
	assert_int_equal(stage_count("../cache/mailkeep"), 2);
	compact_vault();
	the_time += DAY + 1;
	v = stage_open(VAULT_WRITE);
	assert_int_equal(stage_count("packs"), 1);
	assert_int_equal(stage_head(reader), 4);
	/* Also while the writer is at work. */
	assert_filled(reader, 4);
	vault_close(&v);
	assert_filled(reader, 4);
	vault_close(&reader);
}

/* And where the pack is lost, and nothing has changed, it is said once and at once. */
static void
test_reader_says_that_a_pack_is_lost(void **state)
{
	const char *text = "Subject: first of 2\r\nFrom: a@b\r\n\r\nx\r\n";
	struct buf b = BUF_INIT(1000);
	struct sink to = { collect, &b };
	struct vault *reader;
	struct digest d;
	struct err e;
	int i;

	(void)state;
	stage_fill(CONTAINER_TAR, 2);
	reader = stage_open(VAULT_READ);
	stage_run("rm v/packs/00000002-*");
	digest_of(text, strlen(text), &d);
	for (i = 0; i < 2; i++) {
		assert_int_equal(vault_read(reader, &d, &to, &e), -1);
		assert_int_equal(e.kind, EK_CORRUPT);
		assert_non_null(strstr(e.text, "00000002-1-"));
	}
	vault_close(&reader);
	buf_release(&b);
}

/* ---- manifests are lost ---- */

static void
salvage_vault(struct vault_salvage_report *r)
{
	struct err e;

	if (vault_salvage(the_path, false, &the_env, r, &e) == -1)
		fail_msg("%s", e.text);
}

struct count {
	unsigned int	n;
	uint64_t	uids;
};

static int
count_message(void *arg, const struct known_message *m, struct err *e)
{
	struct count *c = arg;

	(void)e;
	assert_string_equal(m->folder_name, "INBOX");
	assert_int_equal(m->date, 837596665);
	assert_string_equal(m->flags, "\\Seen");
	assert_int_equal(m->uidvalidity, 1001);
	c->n++;
	c->uids += m->uid;
	return 0;
}

/* Each message once, where it was. */
static void
assert_all_there(unsigned int commits)
{
	struct vault *v = stage_open(VAULT_WRITE);
	struct count c = { 0, 0 };
	struct err e;

	assert_int_equal(catalog_messages(vault_catalog(v), 0, CATALOG_NOW,
	    false, count_message, &c, &e), 0);
	assert_int_equal(c.n, 2 * commits);
	assert_int_equal(c.uids, (uint64_t)commits * (2 * commits + 1));
	vault_close(&v);
	assert_readable(commits);
	assert_whole();
}

static void
check_salvage(enum container container, bool day)
{
	struct vault_salvage_report r;

	stage_fill(container, 12);
	compact_vault();
	if (day) {
		the_time += DAY + 1;
		touch_vault();
	}
	stage_run("rm v/manifests/* v/catalog.sqlite");
	salvage_vault(&r);
	assert_int_equal(r.unplaced, 0);
	assert_int_equal(r.lost, 0);
	assert_all_there(12);
}

/* The first of two packs gives nothing but its notes, then the second of two. */
static void
check_notes(bool first)
{
	struct vault_salvage_report r;
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	struct mail_meta meta = stage_meta(1);
	struct names s;
	struct digest d;
	struct err e;
	char *told;

	stage_create(CONTAINER_TAR);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	box = stage_box(t, 1, "INBOX");
	stage_text(t, &box, 1, "one\r\n");
	stage_run_end(&t);
	t = stage_run_begin(v);
	stage_text(t, &box, 2, "two\r\n");
	stage_run_end(&t);
	s = packs_of(v);
	t = stage_run_begin(v);
	vault_distrust(t, s.v[first ? 0 : 1]);
	stage_take(t, first ? "one\r\n" : "two\r\n", 5, 5, 5);
	digest_of(first ? "one\r\n" : "two\r\n", 5, &d);
	meta.uid = 90;
	assert_int_equal(vault_replace(t, &box, &meta, &d, &e), 1);
	stage_run_end(&t);
	memset(&r, 0, sizeof(r));
	assert_int_equal(vault_compact(v, (const char *const *)s.v, 2, NULL,
	    NULL, &(struct vault_compacted){ .packs = 0 }, &e), 0);
	release_names(&s);
	vault_close(&v);
	the_time += DAY;
	touch_vault();
	stage_run("rm v/manifests/* v/catalog.sqlite");
	salvage_vault(&r);
	assert_int_equal(r.unplaced, 0);
	told = stage_look(VAULT_READ);
	assert_non_null(strstr(told, " INBOX 1/1001 uid 1 "));
	assert_non_null(strstr(told, " INBOX 1/1001 uid 2 "));
	free(told);
}

static void
test_notes_of_a_pack_that_gives_nothing_else_are_kept(void **state)
{
	(void)state;
	check_notes(true);
	stage_run("rm -r v");
	check_notes(false);
}

static void
test_salvage_finds_all_in_a_compacted_tar_pack(void **state)
{
	(void)state;
	check_salvage(CONTAINER_TAR, true);
}

static void
test_salvage_finds_all_in_a_compacted_mbox_pack(void **state)
{
	(void)state;
	check_salvage(CONTAINER_MBOX, true);
}

static void
test_salvage_finds_all_once_while_old_tar_packs_are_there(void **state)
{
	(void)state;
	check_salvage(CONTAINER_TAR, false);
}

static void
test_salvage_finds_all_once_while_old_mbox_packs_are_there(void **state)
{
	(void)state;
	check_salvage(CONTAINER_MBOX, false);
}

/* Only the compaction's own manifest is lost. */
static void
test_salvage_of_the_compacting_commit_alone(void **state)
{
	struct vault_salvage_report r;

	(void)state;
	stage_fill(CONTAINER_TAR, 6);
	compact_vault();
	stage_run("printf x >v/manifests/00000007.jsonl.zst; rm v/catalog.sqlite");
	salvage_vault(&r);
	assert_int_equal(r.reconstructed, 1);
	assert_all_there(6);
}

/* ---- manifests ---- */

static int
add_file(void *arg, const struct manifest_file *f, struct err *e)
{
	(void)e;
	buf_addf(arg, "%" PRIu64 "-%" PRIu64 " ", f->first, f->last);
	return 0;
}

static void
assert_files(struct vault *v, const char *want)
{
	struct buf b = BUF_INIT(65536);
	struct err e;

	assert_int_equal(vault_manifests(v, add_file, &b, &e), 0);
	assert_string_equal(buf_text(&b), want);
	buf_release(&b);
}

static void
test_bundled_manifests_say_the_same(void **state)
{
	struct vault *v;
	struct err e;
	char *before, *after;

	(void)state;
	stage_fill(CONTAINER_TAR, 6);
	before = stage_look(VAULT_READ);
	v = stage_open(VAULT_WRITE);
	assert_files(v, "1-1 2-2 3-3 4-4 5-5 6-6 ");
	if (vault_bundle(v, 1, 5, 10000, &e) == -1)
		fail_msg("%s", e.text);
	assert_files(v, "1-1 1-5 2-2 3-3 4-4 5-5 6-6 ");
	vault_close(&v);
	after = stage_look(VAULT_READ);
	assert_string_equal(before, after);
	free(after);
	/* A day later, by the clock of the file system. */
	stage_run("touch -d @1600000000 v/manifests/00000001-00000005*");
	v = stage_open(VAULT_WRITE);
	assert_files(v, "1-5 6-6 ");
	vault_close(&v);
	stage_run("rm v/catalog.sqlite");
	touch_vault();
	v = stage_open(VAULT_WRITE);
	assert_int_equal(vault_fill_headers(v, &e), 0);
	vault_close(&v);
	after = stage_look(VAULT_READ);
	assert_string_equal(before, after);
	assert_whole();
	free(before);
	free(after);
}

/* ---- orphans ---- */

static void
test_orphans_are_counted_and_removed_but_for_strangers(void **state)
{
	struct vault_orphans o;
	struct vault *v;
	struct err e;

	(void)state;
	stage_fill(CONTAINER_TAR, 1);
	stage_run("mkdir v/orphans/manifests-00 v/orphans/manifests-01.old "
	    "v/orphans/other && cp v/packs/* v/orphans/ && "
	    "cp v/manifests/* v/orphans/manifests-00 && "
	    "cp v/manifests/* v/orphans/manifests-01.old && "
	    "printf 12345 >v/orphans/manifests-01.old/notes && "
	    "printf 123 >v/orphans/catalog-0123.sqlite && "
	    "printf 1234 >v/orphans/letter && "
	    "ln -s ../packs v/orphans/manifests-02 && "
	    "ln -s ../vault.json v/orphans/catalog-9.sqlite");
	v = stage_open(VAULT_WRITE);
	assert_int_equal(vault_orphans(v, &o, &e), 0);
	assert_int_equal(o.packs, 1);
	assert_int_equal(o.others, 3);
	assert_int_equal(o.strangers, 5);
	assert_true(o.bytes > 3);
	if (vault_drop_orphans(v, &o, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(o.packs, 1);
	assert_int_equal(vault_orphans(v, &o, &e), 0);
	assert_int_equal(o.packs, 0);
	assert_int_equal(o.bytes, 0);
	vault_close(&v);
	run_shell("(cd v/orphans; find . -mindepth 1 | LC_ALL=C sort | tr '\\n' ' ')",
	    "./catalog-9.sqlite ./letter ./manifests-01.old "
	    "./manifests-01.old/notes ./manifests-02 ./other ");
	assert_true(stage_has(stage_path("v/vault.json")));
	assert_readable(1);
}

static uint64_t
count_only(struct vault *v)
{
	struct vault_orphans o;
	struct err e;

	if (vault_orphans(v, &o, &e) == -1)
		fail_msg("%s", e.text);
	return o.only;
}

/* They hold ${only} messages that are nowhere else, and all stay: ${files} in orphans/. */
static void
assert_spared(struct vault *v, uint64_t only, size_t files)
{
	struct vault_orphans o;
	struct err e;
	char *want = xasprintf("orphans hold %" PRIu64 " message", only);

	assert_int_equal(count_only(v), only);
	assert_int_equal(vault_drop_orphans(v, &o, &e), -1);
	assert_int_equal(e.kind, EK_REFUSED);
	assert_non_null(strstr(e.text, want));
	assert_non_null(strstr(e.next, "mailkeep repair "));
	assert_int_equal(o.only, only);
	assert_int_equal(stage_count("orphans"), files);
	free(want);
}

static void
assert_dropped(struct vault *v)
{
	struct vault_orphans o;
	struct err e;

	assert_int_equal(count_only(v), 0);
	if (vault_drop_orphans(v, &o, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(stage_count("orphans"), 0);
}

/* The pack of a commit that is gone, twice, beside others that the vault has. */
static void
check_spared(enum container container, const char *end)
{
	struct vault_mended mended = { .adopted = 0 };
	struct vault *v;
	struct vault_txn *t;
	struct err e;
	char *copy = xasprintf("cp v/packs/00000001* v/orphans/ && "
	    "cp v/orphans/00000003* v/orphans/00000009-1-0123abcd%s", end);

	stage_fill(container, 3);
	stage_run("rm v/manifests/00000003* v/catalog.sqlite");
	v = stage_open(VAULT_WRITE);
	stage_run(copy);
	assert_spared(v, 2, 3);
	stage_run("printf 123 >v/orphans/catalog-0123.sqlite");
	assert_spared(v, 2, 4);
	t = stage_run_begin(v);
	assert_int_equal(vault_adopt(t, &mended, &e), 0);
	assert_int_equal(mended.adopted, 2);
	stage_run_end(&t);
	assert_dropped(v);
	vault_close(&v);
	assert_readable(3);
	free(copy);
}

static void
test_only_copies_in_orphans_stay_until_they_are_adopted(void **state)
{
	(void)state;
	check_spared(CONTAINER_TAR, ".tar.zst");
	stage_run("rm -r v");
	check_spared(CONTAINER_MBOX, ".f1.mbox.zst");
}

/* What the vault knows and does not have: its pack is missing, cut short, or given up. */
static void
test_orphans_stay_where_the_vault_lost_its_own_copy(void **state)
{
	struct vault *v;
	struct vault_txn *t;
	struct names s;
	struct err e;

	(void)state;
	stage_fill(CONTAINER_TAR, 3);
	v = stage_open(VAULT_WRITE);
	stage_run("cp v/packs/* v/orphans/");
	assert_int_equal(count_only(v), 0);
	stage_run("mv v/packs/00000001* away");
	assert_spared(v, 2, 3);
	stage_run("set -- v/packs/00000002* && truncate -s -1 $1");
	assert_spared(v, 4, 3);
	stage_run("cp v/orphans/00000002* v/packs/ && "
	    "mv away v/packs/$(ls v/orphans | head -n 1)");
	assert_int_equal(count_only(v), 0);
	s = packs_of(v);
	t = stage_run_begin(v);
	assert_int_equal(vault_retire(t, s.v[2], &e), 0);
	release_names(&s);
	stage_run_end(&t);
	assert_spared(v, 2, 3);
	vault_close(&v);
	/* A reader says so, too. */
	v = stage_open(VAULT_READ);
	assert_int_equal(count_only(v), 2);
	vault_close(&v);
}

static void
test_orphans_that_give_nothing_are_no_hindrance(void **state)
{
	struct vault *v;

	(void)state;
	stage_fill(CONTAINER_TAR, 1);
	v = stage_open(VAULT_WRITE);
	stage_run("cd v/orphans && head -c 3000 /dev/zero >"
	    "00000008-1-0123abcd.tar.zst && : >00000009-1-0123abcd.tar.zst && "
	    "head -c 50 ../packs/* >00000010-1-0123abcd.tar.zst");
	assert_dropped(v);
	vault_close(&v);
}

/* Half of one can be read, and that half counts. */
static void
test_orphan_that_is_damaged_counts_for_what_it_gives(void **state)
{
	struct vault *v;

	(void)state;
	stage_fill(CONTAINER_TAR, 2);
	stage_run("rm v/manifests/00000002* v/catalog.sqlite");
	v = stage_open(VAULT_WRITE);
	stage_run("f=$(ls v/orphans/*) && printf 'not a frame' >x && "
	    "cat x $f x >y && mv y $f");
	assert_spared(v, 2, 1);
	vault_close(&v);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, stage_begin, stage_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_compacted_tar_packs_say_the_same_at_every_commit),
		TEST(test_compacted_mbox_packs_say_the_same_at_every_commit),
		TEST(test_three_hundred_packs_become_one),
		TEST(test_old_files_stay_for_a_day),
		TEST(test_compacted_pack_can_be_compacted_again),
		TEST(test_content_with_a_newer_place_is_stored_once),
		TEST(test_pack_that_nothing_needs_is_retired_without_another),
		TEST(test_mbox_keeps_folders_apart_and_equal_messages_equal_in_number),
		TEST(test_mbox_messages_that_are_stored_alike_stay_different),
		TEST(test_damaged_pack_stops_it_and_nothing_changes),
		TEST(test_new_packs_go_with_a_compaction_that_failed),
		TEST(test_message_that_is_not_at_its_place_stops_it),
		TEST(test_pack_that_is_missing_stops_it),
		TEST(test_without_room_nothing_is_begun),
		TEST(test_disk_that_fills_up_costs_nothing),
		TEST(test_reader_of_an_older_head_finds_the_new_place),
		TEST(test_reader_says_that_a_pack_is_lost),
		TEST(test_notes_of_a_pack_that_gives_nothing_else_are_kept),
		TEST(test_salvage_finds_all_in_a_compacted_tar_pack),
		TEST(test_salvage_finds_all_in_a_compacted_mbox_pack),
		TEST(test_salvage_finds_all_once_while_old_tar_packs_are_there),
		TEST(test_salvage_finds_all_once_while_old_mbox_packs_are_there),
		TEST(test_salvage_of_the_compacting_commit_alone),
		TEST(test_bundled_manifests_say_the_same),
		TEST(test_orphans_are_counted_and_removed_but_for_strangers),
		TEST(test_only_copies_in_orphans_stay_until_they_are_adopted),
		TEST(test_orphans_stay_where_the_vault_lost_its_own_copy),
		TEST(test_orphans_that_give_nothing_are_no_hindrance),
		TEST(test_orphan_that_is_damaged_counts_for_what_it_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
