/*
 * What is left of a damaged vault: manifests made anew from packs, contents saved from damaged packs and from orphans,
 * packs retired, losses accepted (R61, R70; D2, D6).
 */
#include "base/mem.h"
#include "vault_stage.h"

#define COMMITS	4

static void
salvage(struct vault_salvage_report *r)
{
	struct err e;

	if (vault_salvage(the_path, false, &the_env, r, &e) == -1)
		fail_msg("%s", e.text);
}

static void
ignore_finding(void *arg, const struct vault_finding *f)
{
	struct buf *b = arg;

	buf_addf(b, "%d %s: %s\n", f->damage, f->file, f->why);
}

/* What verify finds, all of it read; "" for nothing. */
static char *
findings(void)
{
	struct vault *v = stage_open(VAULT_CHECK);
	struct buf b = BUF_INIT(1 << 20);
	const struct vault_verify_opts opts = { .read_data = true,
	    .percent = 100, .found = ignore_finding, .arg = &b };
	struct vault_verify_report r;
	struct err e;

	vault_verify(v, &opts, &r, &e);
	vault_close(&v);
	return buf_take(&b);
}

static void
assert_damage(bool wanted)
{
	char *s = findings();

	if ((strncmp(s, "1 ", 2) == 0 || strstr(s, "\n1 ") != NULL) != wanted)
		fail_msg("found: %s", s);
	free(s);
}

/* The messages of a vault, a line each: folder, UIDVALIDITY, UID, size, date, flags. */
static int
tell_short(void *arg, const struct known_message *m, struct err *e)
{
	char hex[DIGEST_HEX];

	(void)e;
	digest_hex(&m->sha256, hex);
	buf_addf(arg, "%s %" PRIu64 " %u %.8s %" PRIi64 " %s\n",
	    m->folder_name, m->uidvalidity, m->uid, hex, m->date, m->flags);
	return 0;
}

static char *
messages(void)
{
	struct vault *v = stage_open(VAULT_READ);
	struct buf b = BUF_INIT(1 << 20);
	struct err e;

	assert_int_equal(catalog_messages(vault_catalog(v), 0, CATALOG_NOW,
	    true, tell_short, &b, &e), 0);
	vault_close(&v);
	return buf_take(&b);
}

/* The pack whose name begins so; to be freed. */
static char *
pack_of(const char *begins)
{
	char *names = stage_names("packs"), *p = strstr(names, begins);

	assert_non_null(p);
	p = xmemdup0(p, strcspn(p, " "));
	free(names);
	return p;
}

/* Another byte in the only file of a directory whose name begins so. */
static void
flip(const char *dir, const char *begins, int offset)
{
	char *command = xasprintf("f=$(ls v/%s/%s*) && "
	    "b=$(od -An -tu1 -j %d -N 1 $f | tr -d ' ') && "
	    "printf \"\\\\$(printf %%o $((b ^ 255)))\" | "
	    "dd of=$f bs=1 seek=%d conv=notrunc status=none", dir, begins,
	    offset, offset);

	stage_run(command);
	free(command);
}

/* ---- salvage ---- */

static void
lose_all(enum container container)
{
	struct vault_salvage_report r;
	char *before, *after;

	stage_fill(container, COMMITS);
	before = messages();
	stage_run("rm v/manifests/* v/catalog.sqlite");
	salvage(&r);
	assert_int_equal(r.reconstructed, COMMITS);
	assert_int_equal(r.messages, 2 * COMMITS);
	assert_int_equal(r.contents, 2 * COMMITS);
	assert_int_equal(r.unplaced + r.lost + r.damaged, 0);
	after = messages();
	assert_string_equal(after, before);
	assert_damage(false);
	free(before);
	free(after);
}

static void
test_from_tar_packs_alone_every_message_comes_back_to_its_place(void **state)
{
	(void)state;
	lose_all(CONTAINER_TAR);
}

static void
test_from_mbox_packs_alone_every_message_comes_back_to_its_place(void **state)
{
	(void)state;
	lose_all(CONTAINER_MBOX);
}

static void
test_manifests_that_can_be_read_keep_their_ids_and_words(void **state)
{
	struct vault_salvage_report r;
	struct known_message m;
	struct vault *v;
	struct err e;
	char *before, *after;

	(void)state;
	stage_fill(CONTAINER_TAR, COMMITS);
	before = messages();
	flip("manifests", "00000002", 60);
	assert_damage(true);
	salvage(&r);
	assert_int_equal(r.manifests, COMMITS);
	assert_int_equal(r.reconstructed, 1);
	assert_int_equal(r.messages, 2);
	after = messages();
	assert_string_equal(after, before);
	assert_damage(false);
	/* run-begin, folder, epoch, blob, message: line 6 of each. */
	v = stage_open(VAULT_READ);
	assert_int_equal(catalog_message(vault_catalog(v), 3, 6, &m, &e), 1);
	assert_int_equal(m.uid, 5);
	assert_string_equal(m.internaldate, "17-Jul-1996 02:44:25 -0700");
	vault_close(&v);
	free(before);
	free(after);
}

static void
test_where_every_manifest_can_be_read_nothing_changes(void **state)
{
	struct vault_salvage_report r;
	char *orphans;

	(void)state;
	stage_fill(CONTAINER_TAR, COMMITS);
	stage_run("find v -type f ! -name 'catalog*' | sort | "
	    "xargs sha256sum >before");
	salvage(&r);
	assert_int_equal(r.reconstructed, 0);
	stage_run("find v -type f ! -name 'catalog*' | sort | "
	    "xargs sha256sum | cmp - before");
	orphans = stage_names("orphans");
	assert_string_equal(orphans, "");
	free(orphans);
}

static void
test_without_notes_messages_come_back_to_lost_and_found(void **state)
{
	struct vault_salvage_report r;
	char *after;

	(void)state;
	stage_fill(CONTAINER_TAR, 1);
	/* The last bytes of the pack are the notes' checksum. */
	stage_run("f=$(ls v/packs/*) && truncate -s -4 $f && "
	    "printf xxxx >>$f");
	stage_run("rm v/manifests/* v/catalog.sqlite");
	salvage(&r);
	assert_int_equal(r.contents, 2);
	assert_int_equal(r.unplaced, 2);
	assert_int_not_equal(r.damaged, 0);
	after = messages();
	assert_non_null(strstr(after, "Lost and found 0 1 "));
	assert_non_null(strstr(after, "Lost and found 0 2 "));
	free(after);
}

static void
test_a_salvage_that_died_half_way_is_done_again(void **state)
{
	struct vault_salvage_report r;
	char *before, *after;

	(void)state;
	stage_fill(CONTAINER_TAR, COMMITS);
	before = messages();
	flip("manifests", "00000003", 60);
	/* It had its new chain, or a part of it, and no catalog any more. */
	stage_run("mkdir v/orphans/manifests-0123456789abcdef && "
	    "cp v/manifests/00000001* v/orphans/manifests-0123456789abcdef && "
	    "rm v/catalog.sqlite && touch v/tmp/00000002.jsonl.zst.tmp");
	salvage(&r);
	after = messages();
	assert_string_equal(after, before);
	assert_damage(false);
	free(before);
	free(after);
}

static void
test_after_a_salvage_folders_are_compared_in_full(void **state)
{
	struct vault_salvage_report r;
	struct record state_of = { .kind = REC_EPOCH };
	struct known_epoch k;
	struct vault_txn *t;
	struct vault_box box;
	struct vault *v;
	struct err e;

	(void)state;
	stage_create(CONTAINER_TAR);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	box = stage_box(t, 1, "INBOX");
	stage_text(t, &box, 1, "Subject: 1\r\n\r\n");
	stage_run_end(&t);
	t = stage_run_begin(v);
	state_of.u.epoch = (struct rec_epoch){ .epoch = 1, .folder = 1,
	    .uidvalidity = 1001, .has_state = true, .complete = true,
	    .uidnext = 2, .highestmodseq = 7, .exists = 1 };
	assert_int_equal(vault_put(t, &state_of, &e), 0);
	stage_run_end(&t);
	assert_int_equal(catalog_epoch(vault_catalog(v), 1, &k, &e), 1);
	assert_true(k.complete);
	vault_close(&v);
	stage_run("rm v/manifests/00000001*");
	salvage(&r);
	v = stage_open(VAULT_READ);
	assert_int_equal(catalog_epoch(vault_catalog(v), 1, &k, &e), 1);
	assert_false(k.complete);
	vault_close(&v);
}

static void
test_manifests_are_read_from_a_bundle_whose_index_is_damaged(void **state)
{
	struct vault_salvage_report r;
	struct vault *v;
	struct err e;
	char *before, *after;

	(void)state;
	stage_fill(CONTAINER_TAR, COMMITS);
	before = messages();
	v = stage_open(VAULT_WRITE);
	assert_int_equal(vault_bundle(v, 1, COMMITS, 1, &e), 0);
	vault_close(&v);
	/* The index and its seal are the last bytes. */
	stage_run("rm v/catalog.sqlite v/manifests/0000000?.jsonl.zst && "
	    "f=$(ls v/manifests/*) && truncate -s -4 $f && "
	    "printf xxxx >>$f");
	assert_damage(true);
	after = messages();
	assert_string_equal(after, before);
	free(after);
	/* And are put back into files of their own. */
	salvage(&r);
	assert_int_equal(r.reconstructed, 0);
	assert_int_equal(r.bundles, 1);
	assert_int_equal(stage_count("manifests"), COMMITS);
	after = messages();
	assert_string_equal(after, before);
	assert_damage(false);
	free(before);
	free(after);
}

/* Put all packs into one, and let the day pass after which the old ones go. */
static void
compact(void)
{
	struct vault_compacted made = { .run = 0 };
	char *names = stage_names("packs"), *p, *v[64];
	struct vault *vault = stage_open(VAULT_WRITE);
	struct err e;
	size_t n = 0;

	for (p = names; *p != '\0'; p++) {
		v[n++] = p;
		p += strcspn(p, " ");
		*p = '\0';
	}
	if (vault_compact(vault, (const char *const *)v, n, NULL, NULL, &made,
	    &e) == -1)
		fail_msg("%s", e.text);
	vault_close(&vault);
	free(names);
	the_time += 25 * 3600;
	vault = stage_open(VAULT_WRITE);
	vault_close(&vault);
	assert_int_equal(stage_count("packs"), 1);
}

static void
test_messages_of_a_lost_commit_come_from_the_pack_that_has_them_now(
    void **state)
{
	struct vault_salvage_report r;
	char *before, *after;

	(void)state;
	stage_fill(CONTAINER_TAR, COMMITS);
	before = messages();
	compact();
	stage_run("rm v/manifests/00000002*");
	salvage(&r);
	assert_int_equal(r.lost, 0);
	after = messages();
	assert_string_equal(after, before);
	assert_damage(false);
	free(before);
	free(after);
}

static void
test_a_content_may_get_its_place_after_the_message(void **state)
{
	static const char text[] = "Subject: first of 1\r\nFrom: a@b\r\n\r\nx\r\n";
	struct vault_salvage_report r;
	struct vault_txn *t;
	struct vault_box box;
	struct vault *v;
	char *before, *after;

	(void)state;
	stage_fill(CONTAINER_TAR, 1);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	box = stage_box(t, 2, "Work");
	assert_int_equal(stage_text(t, &box, 7, text), 0);
	stage_run_end(&t);
	vault_close(&v);
	before = messages();
	compact();
	stage_run("rm v/manifests/00000001*");
	salvage(&r);
	assert_int_equal(r.lost, 0);
	after = messages();
	assert_string_equal(after, before);
	free(before);
	free(after);
}

static void
test_a_damaged_manifest_is_taken_from_a_bundle(void **state)
{
	struct vault_salvage_report r;
	struct vault *v;
	struct err e;
	char *before, *after;

	(void)state;
	stage_fill(CONTAINER_TAR, COMMITS);
	v = stage_open(VAULT_WRITE);
	assert_int_equal(vault_bundle(v, 1, COMMITS, 1, &e), 0);
	vault_close(&v);
	before = stage_look(VAULT_READ);
	flip("manifests", "00000002.", 60);
	assert_damage(true);
	salvage(&r);
	assert_int_equal(r.reconstructed, 0);
	assert_int_equal(r.bundles, 1);
	after = stage_look(VAULT_READ);
	assert_string_equal(after, before);
	assert_damage(false);
	free(before);
	free(after);
}

/* ---- packs ---- */

static void
test_what_can_be_read_of_a_damaged_pack_is_saved_and_the_pack_set_aside(
    void **state)
{
	struct vault_mended mended = { 0, 0 };
	struct vault_txn *t;
	struct vault *v;
	struct err e;
	char *before, *after, *pack;

	(void)state;
	stage_fill(CONTAINER_TAR, COMMITS);
	before = messages();
	/* Its notes are damaged, its messages are not. */
	stage_run("f=$(ls v/packs/00000002*) && truncate -s -4 $f && "
	    "printf xxxx >>$f");
	assert_damage(true);
	pack = pack_of("00000002-");
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	vault_distrust(t, pack);
	assert_int_equal(vault_save_pack(t, pack, &mended, &e), 0);
	assert_int_equal(mended.saved, 2);
	assert_int_equal(vault_retire(t, pack, &e), 0);
	stage_run_end(&t);
	assert_int_equal(vault_clear(v, &e), 0);
	vault_close(&v);
	assert_int_equal(stage_count("packs"), COMMITS);
	assert_int_equal(stage_count("orphans"), 1);
	assert_damage(false);
	after = messages();
	assert_string_equal(after, before);
	free(before);
	free(after);
	free(pack);
}

static void
test_content_of_a_retired_pack_is_lost_until_it_comes_again(void **state)
{
	static const char text[] = "Subject: first of 1\r\nFrom: a@b\r\n\r\nx\r\n";
	struct known_blob blob;
	struct vault_txn *t;
	struct vault_box box;
	struct digest d;
	struct vault *v;
	struct err e;
	char *pack;

	(void)state;
	stage_fill(CONTAINER_TAR, 1);
	digest_of(text, strlen(text), &d);
	pack = pack_of("00000001-");
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	assert_int_equal(vault_retire(t, pack, &e), 0);
	stage_run_end(&t);
	assert_int_equal(catalog_blob(vault_catalog(v), &d, &blob, &e), 1);
	assert_true(blob.lost);
	t = stage_run_begin(v);
	box = stage_box(t, 1, "INBOX");
	/* 1: it had to be stored. */
	assert_int_equal(stage_text(t, &box, 9, text), 1);
	stage_run_end(&t);
	assert_stored(v, text, strlen(text));
	vault_close(&v);
	assert_damage(false);
	free(pack);
}

static void
adopt(enum container container, const char *prepare, const char *want)
{
	struct vault_mended mended = { 0, 0 };
	struct vault_txn *t;
	struct vault *v;
	struct err e;
	char *after;

	stage_fill(container, 2);
	stage_run(prepare);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	assert_int_equal(vault_adopt(t, &mended, &e), 0);
	assert_int_equal(mended.adopted, 2);
	stage_run_end(&t);
	vault_close(&v);
	after = messages();
	if (strstr(after, want) == NULL)
		fail_msg("no '%s' in %s", want, after);
	free(after);
	assert_damage(false);
	/* Doing it again finds nothing. */
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	mended.adopted = 0;
	assert_int_equal(vault_adopt(t, &mended, &e), 0);
	assert_int_equal(mended.adopted, 0);
	vault_abort(&t);
	vault_close(&v);
}

static void
test_orphans_come_back_to_their_place(void **state)
{
	(void)state;
	adopt(CONTAINER_TAR, "rm v/manifests/00000002* v/catalog.sqlite",
	    "INBOX 1001 4 ");
}

static void
test_orphans_of_an_mbox_vault_come_back_to_their_place(void **state)
{
	(void)state;
	adopt(CONTAINER_MBOX, "rm v/manifests/00000002* v/catalog.sqlite",
	    "INBOX 1001 4 ");
}

static void
test_orphans_without_a_place_come_to_recovered(void **state)
{
	(void)state;
	/* Those of another vault: INBOX is there, but its UIDs are taken. */
	adopt(CONTAINER_TAR, "mv v/packs/00000002* v/orphans && "
	    "rm v/manifests/00000002* v/catalog.sqlite && cd v/orphans && "
	    "f=$(ls) && zstd -qdc $f | sed 's/second of 2/2nd letter/; "
	    "s/first of 2/1st letter/' | zstd -q >x && mv x $f",
	    "Recovered 0 1 ");
}

/* ---- what folders of an mbox vault hold ---- */

static struct vault_mended
save(const char *pack, bool retire)
{
	struct vault_mended mended = { 0, 0 };
	struct vault *v = stage_open(VAULT_WRITE);
	struct vault_txn *t = stage_run_begin(v);
	struct err e;

	vault_distrust(t, pack);
	assert_int_equal(vault_save_pack(t, pack, &mended, &e), 0);
	if (retire)
		assert_int_equal(vault_retire(t, pack, &e), 0);
	stage_run_end(&t);
	assert_int_equal(vault_clear(v, &e), 0);
	vault_close(&v);
	return mended;
}

static void
test_what_an_earlier_repair_saved_is_not_stored_again(void **state)
{
	char *pack;

	(void)state;
	stage_fill(CONTAINER_MBOX, 1);
	stage_run("f=$(ls v/packs/00000001*) && truncate -s -4 $f && "
	    "printf xxxx >>$f");
	pack = pack_of("00000001-");
	assert_int_equal(save(pack, false).saved, 2);
	assert_int_equal(stage_count("packs"), 2);
	assert_int_equal(save(pack, true).saved, 0);
	assert_int_equal(stage_count("packs"), 1);
	assert_damage(false);
	free(pack);
}

static const char twin[] = "Subject: twin\r\nFrom: a@b\r\n\r\nx\r\n";

/* One message in two folders, of which the first may be one of imported mail; their boxes were recorded before. */
static void
stage_twins(enum container container, bool imported)
{
	struct record folder = { .kind = REC_FOLDER };
	struct record epoch = { .kind = REC_EPOCH };
	struct vault_box a, b;
	struct vault_txn *t;
	struct vault *v;
	struct err e;

	stage_create(container);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	a = stage_box(t, 1, "INBOX");
	b = stage_box(t, 2, "Work");
	if (imported) {
		folder.u.folder = (struct rec_folder){ .folder = 3,
		    .name = "Old", .attributes = "", .space = MAIL_IMPORTED,
		    .selectable = true };
		epoch.u.epoch = (struct rec_epoch){ .epoch = 3, .folder = 3 };
		assert_int_equal(vault_put(t, &folder, &e), 0);
		assert_int_equal(vault_put(t, &epoch, &e), 0);
		a = (struct vault_box){ .folder = 3, .epoch = 3, .name = "Old",
		    .space = MAIL_IMPORTED };
	}
	stage_commit(t);
	assert_int_equal(stage_text(t, &a, 7, twin), 1);
	assert_int_equal(stage_text(t, &b, 9, twin), 0);
	stage_run_end(&t);
	vault_close(&v);
}

static int
take_digest(void *arg, const struct digest *sha256,
    const struct known_blob *b, struct err *e)
{
	(void)b, (void)e;
	*(struct digest *)arg = *sha256;
	return 1;
}

/* The pack of one of two folders is lost. */
static void
lose_twin(const char *find, const char *folder)
{
	struct vault_mended mended = { 0, 0 };
	struct digest want;
	struct vault_txn *t;
	struct vault *v;
	struct err e;
	char *command = xasprintf("test $(ls v/packs/%s | wc -l) = 1 && "
	    "rm v/packs/%s", find, find);
	char *names = stage_names("packs"), *pack;
	int lacking;

	pack = strstr(names, folder);
	assert_non_null(pack);
	while (pack > names && pack[-1] != ' ')
		pack--;
	pack[strcspn(pack, " ")] = '\0';
	stage_run(command);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	vault_distrust(t, pack);
	assert_int_equal(vault_save_pack(t, pack, &mended, &e), 0);
	lacking = catalog_pack_blobs(vault_catalog(v), pack, take_digest,
	    &want, &e);
	assert_int_equal(vault_find_copies(t, &want, lacking == 1, &mended,
	    &e), 0);
	assert_int_equal(vault_fill_folders(t, &e), 0);
	assert_int_equal(vault_fill_folders(t, &e), 0);
	assert_int_equal(vault_retire(t, pack, &e), 0);
	stage_run_end(&t);
	vault_close(&v);
	stage_run("test $(zstd -qdc v/packs/*.f1.* | grep -c ^From\\ ) = 1 && "
	    "test $(zstd -qdc v/packs/*.f2.* | grep -c ^From\\ ) = 1");
	assert_damage(false);
	free(names);
	free(command);
}

static void
test_a_folder_whose_pack_is_lost_gets_its_messages_again(void **state)
{
	(void)state;
	stage_twins(CONTAINER_MBOX, false);
	lose_twin("*.f2.*", ".f2.");
	/* The same of the one whose copy is not the newest. */
	lose_twin("*.f1.*", ".f1.");
}

static void
test_what_is_fetched_again_needlessly_is_told_apart(void **state)
{
	struct mail_meta m = stage_meta(7);
	struct vault_txn *t;
	struct vault_box box;
	struct digest d;
	struct vault *v;
	struct err e;

	(void)state;
	stage_twins(CONTAINER_TAR, false);
	digest_of(twin, strlen(twin), &d);
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	box = stage_box(t, 1, "INBOX");
	stage_take(t, twin, strlen(twin), 10, 0);
	assert_int_equal(vault_replace(t, &box, &m, &d, &e), 2);
	stage_take(t, "x", 1, 1, 0);
	assert_int_equal(vault_replace(t, &box, &m, &d, &e), 0);
	vault_abort(&t);
	vault_close(&v);
}

/* Both messages of one content come back. */
static void
adopt_twins(enum container container, bool imported, const char *first)
{
	struct vault_mended mended = { 0, 0 };
	struct vault_txn *t;
	struct vault *v;
	struct err e;
	char *all;

	stage_twins(container, imported);
	stage_run("rm v/manifests/00000002* v/catalog.sqlite");
	v = stage_open(VAULT_WRITE);
	t = stage_run_begin(v);
	assert_int_equal(vault_adopt(t, &mended, &e), 0);
	stage_run_end(&t);
	vault_close(&v);
	assert_int_equal(mended.adopted, 2);
	all = messages();
	if (strstr(all, first) == NULL ||
	    strstr(all, "Work 1002 9 ") == NULL || strstr(all, "Recovered"))
		fail_msg("%s", all);
	free(all);
	assert_damage(false);
}

static void
test_every_message_of_an_orphaned_content_comes_back(void **state)
{
	(void)state;
	adopt_twins(CONTAINER_TAR, false, "INBOX 1001 7 ");
}

static void
test_an_orphan_that_was_imported_comes_back_to_its_folder(void **state)
{
	(void)state;
	adopt_twins(CONTAINER_TAR, true, "Old 0 7 ");
}

/* ---- a catalog that knows more ---- */

static void
test_a_catalog_that_lacks_contents_is_found_out(void **state)
{
	struct catalog *c;
	struct catalog_head was;
	struct rec_head head;
	struct vault *v;
	struct err e;

	(void)state;
	stage_fill(CONTAINER_TAR, 1);
	v = stage_open(VAULT_WRITE);
	assert_int_equal(vault_knows(v, &e), 1);
	assert_int_equal(catalog_head(vault_catalog(v), &was, &e), 0);
	vault_close(&v);
	/* Whole, and at the head, and empty. */
	stage_run("rm v/catalog.sqlite");
	assert_int_equal(catalog_open(stage_path("v/catalog.sqlite"),
	    CATALOG_WRITE, &c, &e), 0);
	head = (struct rec_head){ .vault = was.vault, .commit = 1,
	    .time = BEGAN, .run = 1, .program = "x" };
	if (catalog_begin(c, &head, &e) == -1 ||
	    catalog_commit(c, &was.sha256, &e) == -1)
		fail_msg("%s", e.text);
	catalog_close(&c);
	v = stage_open(VAULT_WRITE);
	assert_int_equal(vault_knows(v, &e), 0);
	assert_int_equal(vault_rebuild(v, true, &e), 0);
	assert_int_equal(vault_knows(v, &e), 1);
	vault_close(&v);
}

static void
test_only_a_catalog_that_is_ahead_is_set_aside(void **state)
{
	struct err e;
	struct vault *v;

	(void)state;
	stage_fill(CONTAINER_TAR, 2);
	assert_int_equal(vault_accept_loss(the_path, false, &the_env, &e), 0);
	stage_run("test -e v/catalog.sqlite");
	stage_run("rm v/manifests/00000002*");
	assert_int_equal(stage_refused(VAULT_WRITE, &e), EK_CORRUPT);
	assert_non_null(strstr(e.next, "repair --accept-loss"));
	assert_int_equal(vault_accept_loss(the_path, false, &the_env, &e), 1);
	v = stage_open(VAULT_WRITE);
	assert_int_equal(stage_head(v), 1);
	vault_close(&v);
	/* The lost commit's pack and the catalog. */
	assert_int_equal(stage_count("orphans"), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t)	cmocka_unit_test_setup_teardown(t, stage_begin, stage_end)
		TEST(test_from_tar_packs_alone_every_message_comes_back_to_its_place),
		TEST(test_from_mbox_packs_alone_every_message_comes_back_to_its_place),
		TEST(test_manifests_that_can_be_read_keep_their_ids_and_words),
		TEST(test_where_every_manifest_can_be_read_nothing_changes),
		TEST(test_without_notes_messages_come_back_to_lost_and_found),
		TEST(test_a_salvage_that_died_half_way_is_done_again),
		TEST(test_after_a_salvage_folders_are_compared_in_full),
		TEST(test_messages_of_a_lost_commit_come_from_the_pack_that_has_them_now),
		TEST(test_a_content_may_get_its_place_after_the_message),
		TEST(test_a_damaged_manifest_is_taken_from_a_bundle),
		TEST(test_manifests_are_read_from_a_bundle_whose_index_is_damaged),
		TEST(test_what_can_be_read_of_a_damaged_pack_is_saved_and_the_pack_set_aside),
		TEST(test_content_of_a_retired_pack_is_lost_until_it_comes_again),
		TEST(test_orphans_come_back_to_their_place),
		TEST(test_orphans_of_an_mbox_vault_come_back_to_their_place),
		TEST(test_orphans_without_a_place_come_to_recovered),
		TEST(test_what_an_earlier_repair_saved_is_not_stored_again),
		TEST(test_a_folder_whose_pack_is_lost_gets_its_messages_again),
		TEST(test_what_is_fetched_again_needlessly_is_told_apart),
		TEST(test_every_message_of_an_orphaned_content_comes_back),
		TEST(test_an_orphan_that_was_imported_comes_back_to_its_folder),
		TEST(test_a_catalog_that_lacks_contents_is_found_out),
		TEST(test_only_a_catalog_that_is_ahead_is_set_aside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
