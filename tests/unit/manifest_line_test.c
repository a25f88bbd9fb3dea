/*
 * Records as lines: the exact text of each kind, everything that goes in coming out again, and nothing else coming in.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "mail/flags.h"
#include "mail/uidset.h"
#include "manifest/line.h"
#include "manifest/manifest.h"

#define SHA	"00112233445566778899aabbccddeeff" \
		"00112233445566778899aabbccddeeff"
#define PACK	"00000012-1-3fa94c1e.tar.zst"
#define MBOX	"00000012-2-77b0e2d4.f3.mbox.zst"
#define NUMBER_MAX	((uint64_t)INT64_MAX)

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

static char		*path;		/* of the test's directory */
static int		 dir = -1;
static struct manifest_dir *chain;
static struct digest	 sha;

static int
set_up(void **state)
{
	const char *tmp = getenv("TMPDIR");
	struct err e;

	(void)state;
	path = xasprintf("%s/manifest_line.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	assert_non_null(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_not_equal(dir, -1);
	assert_int_equal(manifest_dir_open(dir, ".", &chain, &e), 0);
	assert_int_equal(digest_parse(SHA, &sha), 0);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlinkat(dir, "00000001.jsonl.zst", 0);
	manifest_dir_close(&chain);
	close(dir);
	assert_int_equal(rmdir(path), 0);
	free(path);
	return 0;
}

static struct manifest_writer *
begin(void)
{
	static const struct rec_head head = { "5e1f", 1, { { 0 } }, 1700000000,
	    1, "test" };
	struct manifest_writer *w = NULL;
	struct err e;

	assert_int_equal(manifest_create(dir, &head, &w, &e), 0);
	return w;
}

/*
 * Write a record into a manifest that is thrown away (a note, which no manifest takes, beside it); return its line
 * without the newline.
 */
static char *
line_of(const struct record *rec)
{
	struct manifest_writer *w;
	struct manifest_line line;
	struct buf note = BUF_INIT(MANIFEST_LINE_MAX);
	struct err e;
	char *text;

	if (rec->kind == REC_NOTE) {
		if (manifest_text(rec, &note, &e) == -1)
			fail_msg("%s", e.text);
		text = xmemdup0(note.p, note.n - 1);
		buf_release(&note);
		return text;
	}
	w = begin();
	if (manifest_put(w, rec, &line, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(line.number, 2);
	assert_true(line.n > 0 && line.text[line.n - 1] == '\n');
	text = xmemdup0(line.text, line.n - 1);
	assert_null(strchr(text, '\n'));
	manifest_discard(&w);
	return text;
}

static void
same_text(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a != NULL)
		assert_string_equal(a, b);
}

static void
same_digest(const struct digest *a, const struct digest *b)
{
	assert_memory_equal(a->b, b->b, DIGEST_SIZE);
}

static void
same_uids(const struct uidset *a, const struct uidset *b)
{
	assert_int_equal(a->n, b->n);
	assert_memory_equal(a->r, b->r, a->n * sizeof(*a->r));
}

static void
same_counts(const struct run_counts *a, const struct run_counts *b)
{
	assert_memory_equal(a, b, sizeof(*a));
}

static void
same_folder(const struct rec_folder *a, const struct rec_folder *b)
{
	assert_int_equal(a->folder, b->folder);
	same_text(a->name, b->name);
	same_text(a->attributes, b->attributes);
	same_text(a->mailboxid, b->mailboxid);
	assert_int_equal(a->delimiter, b->delimiter);
	assert_int_equal(a->space, b->space);
	assert_int_equal(a->selectable, b->selectable);
	assert_int_equal(a->subscribed, b->subscribed);
	assert_int_equal(a->gone, b->gone);
}

static void
same_epoch(const struct rec_epoch *a, const struct rec_epoch *b)
{
	assert_int_equal(a->epoch, b->epoch);
	assert_int_equal(a->folder, b->folder);
	assert_int_equal(a->uidvalidity, b->uidvalidity);
	assert_int_equal(a->has_state, b->has_state);
	assert_int_equal(a->complete, b->complete);
	assert_int_equal(a->full, b->full);
	assert_int_equal(a->uidnext, b->uidnext);
	assert_int_equal(a->highestmodseq, b->highestmodseq);
	assert_int_equal(a->exists, b->exists);
}

static void
same_blob(const struct rec_blob *a, const struct rec_blob *b)
{
	same_digest(&a->sha256, &b->sha256);
	assert_int_equal(a->size, b->size);
	same_text(a->place.pack, b->place.pack);
	assert_int_equal(a->place.frame, b->place.frame);
	assert_int_equal(a->place.offset, b->place.offset);
	assert_int_equal(a->place.stored, b->place.stored);
	assert_int_equal(a->place.form, b->place.form);
	assert_int_equal(a->place.newline_added, b->place.newline_added);
}

static void
same_message(const struct rec_message *a, const struct rec_message *b)
{
	assert_int_equal(a->folder, b->folder);
	assert_int_equal(a->epoch, b->epoch);
	assert_int_equal(a->uid, b->uid);
	same_digest(&a->sha256, &b->sha256);
	assert_int_equal(a->size, b->size);
	same_text(a->internaldate, b->internaldate);
	assert_int_equal(a->has_date, b->has_date);
	if (a->has_date)
		assert_true(a->date == b->date);
	same_text(a->flags, b->flags);
	same_text(a->labels, b->labels);
	same_text(a->emailid, b->emailid);
	same_text(a->threadid, b->threadid);
	same_text(a->by, b->by);
}

static void
same_pack(const struct rec_pack *a, const struct rec_pack *b)
{
	same_text(a->pack, b->pack);
	assert_int_equal(a->size, b->size);
	same_digest(&a->sha256, &b->sha256);
	assert_int_equal(a->raw, b->raw);
	assert_int_equal(a->frames, b->frames);
	assert_int_equal(a->tail, b->tail);
	assert_int_equal(a->container, b->container);
	assert_int_equal(a->folder, b->folder);
}

static void
same_frames(const struct rec_frames *a, const struct rec_frames *b)
{
	size_t i;

	same_text(a->pack, b->pack);
	assert_int_equal(a->from, b->from);
	assert_int_equal(a->n, b->n);
	for (i = 0; i < a->n; i++) {
		assert_int_equal(a->frames[i].size, b->frames[i].size);
		assert_int_equal(a->frames[i].raw, b->frames[i].raw);
	}
}

static void
same_note(const struct rec_note *a, const struct rec_note *b)
{
	assert_int_equal(a->folder, b->folder);
	assert_int_equal(a->epoch, b->epoch);
	assert_int_equal(a->uid, b->uid);
	assert_memory_equal(a->prefix, b->prefix, NOTE_PREFIX);
	assert_int_equal(a->has_date, b->has_date);
	assert_true(!a->has_date || a->date == b->date);
	same_text(a->flags, b->flags);
	same_text(a->labels, b->labels);
	assert_int_equal(a->stored, b->stored);
	assert_int_equal(a->form, b->form);
	assert_int_equal(a->newline_added, b->newline_added);
}

static void
same_record(const struct record *a, const struct record *b)
{
	assert_int_equal(a->kind, b->kind);
	switch (a->kind) {
	case REC_RUN_BEGIN:
		assert_int_equal(a->u.run_begin.run, b->u.run_begin.run);
		same_text(a->u.run_begin.verb, b->u.run_begin.verb);
		assert_true(a->u.run_begin.time == b->u.run_begin.time);
		break;
	case REC_RUN_END:
		assert_int_equal(a->u.run_end.run, b->u.run_end.run);
		assert_true(a->u.run_end.time == b->u.run_end.time);
		same_text(a->u.run_end.result, b->u.run_end.result);
		assert_int_equal(a->u.run_end.status, b->u.run_end.status);
		same_text(a->u.run_end.error, b->u.run_end.error);
		same_counts(&a->u.run_end.counts, &b->u.run_end.counts);
		break;
	case REC_SERVER:
		same_text(a->u.server.capability, b->u.server.capability);
		same_text(a->u.server.id, b->u.server.id);
		break;
	case REC_FOLDER:
		same_folder(&a->u.folder, &b->u.folder);
		break;
	case REC_EPOCH:
		same_epoch(&a->u.epoch, &b->u.epoch);
		break;
	case REC_BLOB:
		same_blob(&a->u.blob, &b->u.blob);
		break;
	case REC_MESSAGE:
		same_message(&a->u.message, &b->u.message);
		break;
	case REC_FLAGS:
		assert_int_equal(a->u.flags.folder, b->u.flags.folder);
		assert_int_equal(a->u.flags.epoch, b->u.flags.epoch);
		same_uids(a->u.flags.uids, b->u.flags.uids);
		same_text(a->u.flags.flags, b->u.flags.flags);
		same_text(a->u.flags.labels, b->u.flags.labels);
		break;
	case REC_GONE:
		assert_int_equal(a->u.gone.folder, b->u.gone.folder);
		assert_int_equal(a->u.gone.epoch, b->u.gone.epoch);
		same_uids(a->u.gone.uids, b->u.gone.uids);
		break;
	case REC_MISSING:
		assert_int_equal(a->u.missing.folder, b->u.missing.folder);
		assert_int_equal(a->u.missing.epoch, b->u.missing.epoch);
		same_uids(a->u.missing.uids, b->u.missing.uids);
		same_text(a->u.missing.reason, b->u.missing.reason);
		break;
	case REC_PACK:
		same_pack(&a->u.pack, &b->u.pack);
		break;
	case REC_FRAMES:
		same_frames(&a->u.frames, &b->u.frames);
		break;
	case REC_RETIRE:
		same_text(a->u.retire.pack, b->u.retire.pack);
		same_text(a->u.retire.why, b->u.retire.why);
		break;
	case REC_PRUNE_INTENT:
		assert_int_equal(a->u.prune_intent.folder,
		    b->u.prune_intent.folder);
		assert_int_equal(a->u.prune_intent.epoch,
		    b->u.prune_intent.epoch);
		same_uids(a->u.prune_intent.uids, b->u.prune_intent.uids);
		assert_int_equal(a->u.prune_intent.marked,
		    b->u.prune_intent.marked);
		assert_int_equal(a->u.prune_intent.move,
		    b->u.prune_intent.move);
		break;
	case REC_PRUNED:
		assert_int_equal(a->u.pruned.folder, b->u.pruned.folder);
		assert_int_equal(a->u.pruned.epoch, b->u.pruned.epoch);
		assert_int_equal(a->u.pruned.run, b->u.pruned.run);
		same_uids(a->u.pruned.uids, b->u.pruned.uids);
		break;
	case REC_PRUNE_KEPT:
		assert_int_equal(a->u.prune_kept.folder,
		    b->u.prune_kept.folder);
		assert_int_equal(a->u.prune_kept.epoch,
		    b->u.prune_kept.epoch);
		same_uids(a->u.prune_kept.uids, b->u.prune_kept.uids);
		break;
	case REC_NOTE:
		same_note(&a->u.note, &b->u.note);
		break;
	default:
		fail_msg("a kind that the test doesn't know");
	}
}

/* Write a record, read it back, compare.  The text must be safe on a terminal. */
static void
comes_back(const struct record *rec)
{
	struct manifest_parser *p = manifest_parser_new();
	struct record got;
	struct err e;
	char *text = line_of(rec);
	size_t i, n = strlen(text);

	for (i = 0; i < n; i++)
		assert_true((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
	if (manifest_parse(p, text, n, &got, &e) != 1)
		fail_msg("%s: %s", text, e.text);
	same_record(rec, &got);
	manifest_parser_free(&p);
	free(text);
}

/* ---- what the lines look like ---- */

static struct uid_range ranges[] = { { 1, 3 }, { 7, 7 },
    { 4294967294, 4294967295 } };
static struct uidset some_uids = { ranges, LENGTH(ranges), LENGTH(ranges) };
static struct frame frames[] = { { 0, 1048, 2097152 }, { 1048, 77, 1024 } };

/* Records with everything in them, and with as little as may be; ${i} from 0 until -1. */
static int
sample(size_t i, struct record *r, const char **line_out)
{
	static const struct run_counts counts = { 1, 2, 3, 4, 5, 6, 7, 8, 9,
	    10, 11 };

	memset(r, 0, sizeof(*r));
	switch (i) {
	case 0:
		r->kind = REC_RUN_BEGIN;
		r->u.run_begin = (struct rec_run_begin){ 12, "backup",
		    1795197900 };
		*line_out = "{\"type\":\"run-begin\",\"run\":12,"
		    "\"verb\":\"backup\",\"time\":\"2026-11-20T18:05:00Z\"}";
		return 0;
	case 1:
		r->kind = REC_RUN_END;
		r->u.run_end = (struct rec_run_end){ 12, 1795197900, "partial",
		    3, "no \"space\"", counts };
		*line_out = "{\"type\":\"run-end\",\"run\":12,"
		    "\"time\":\"2026-11-20T18:05:00Z\",\"result\":\"partial\","
		    "\"status\":3,\"error\":\"no \\\"space\\\"\",\"folders\":1,"
		    "\"listed\":2,\"fetched\":3,\"fetched_bytes\":4,"
		    "\"added\":5,\"added_bytes\":6,\"flags\":7,\"gone\":8,"
		    "\"missing\":9,\"failed\":10,\"stored_bytes\":11}";
		return 0;
	case 2:
		r->kind = REC_RUN_END;
		r->u.run_end = (struct rec_run_end){ 1, 0, "complete", 0, NULL,
		    { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } };
		*line_out = "{\"type\":\"run-end\",\"run\":1,"
		    "\"time\":\"1970-01-01T00:00:00Z\",\"result\":\"complete\","
		    "\"status\":0,\"folders\":0,\"listed\":0,\"fetched\":0,"
		    "\"fetched_bytes\":0,\"added\":0,\"added_bytes\":0,"
		    "\"flags\":0,\"gone\":0,\"missing\":0,\"failed\":0,"
		    "\"stored_bytes\":0}";
		return 0;
	case 3:
		r->kind = REC_SERVER;
		r->u.server = (struct rec_server){ "IMAP4rev1 CONDSTORE",
		    "Dovecot 2.3" };
		*line_out = "{\"type\":\"server\","
		    "\"capability\":\"IMAP4rev1 CONDSTORE\","
		    "\"id\":\"Dovecot 2.3\"}";
		return 0;
	case 4:
		r->kind = REC_SERVER;
		r->u.server = (struct rec_server){ "", NULL };
		*line_out = "{\"type\":\"server\",\"capability\":\"\"}";
		return 0;
	case 5:
		r->kind = REC_FOLDER;
		r->u.folder = (struct rec_folder){ 3, "Archiv/Gesendet",
		    "\\HasNoChildren \\Sent", "F1", '/', MAIL_OTHER, false,
		    true, true };
		*line_out = "{\"type\":\"folder\",\"folder\":3,"
		    "\"name\":\"Archiv/Gesendet\",\"delimiter\":\"/\","
		    "\"attributes\":[\"\\\\HasNoChildren\",\"\\\\Sent\"],"
		    "\"special_use\":\"\\\\Sent\",\"mailboxid\":\"F1\","
		    "\"namespace\":\"other\",\"selectable\":false,"
		    "\"subscribed\":true,\"gone\":true}";
		return 0;
	case 6:
		r->kind = REC_FOLDER;
		r->u.folder = (struct rec_folder){ 1, "\xff" "&bad\x81", "",
		    NULL, '\0', MAIL_PERSONAL, true, false, false };
		*line_out = "{\"type\":\"folder\",\"folder\":1,"
		    "\"name\":\"&bad\\ufffd\",\"raw\":\"2662616481\","
		    "\"namespace\":\"personal\"}";
		return 0;
	case 7:
		r->kind = REC_EPOCH;
		r->u.epoch = (struct rec_epoch){ 4, 3, 4294967295, true, true,
		    true, 78, 900, 12 };
		*line_out = "{\"type\":\"epoch\",\"epoch\":4,\"folder\":3,"
		    "\"uidvalidity\":4294967295,\"state\":{\"uidnext\":78,"
		    "\"highestmodseq\":900,\"exists\":12,\"complete\":true,"
		    "\"full\":true}}";
		return 0;
	case 8:
		r->kind = REC_EPOCH;
		r->u.epoch = (struct rec_epoch){ 4, 3, 0, true, false, false,
		    0, 0, 0 };
		*line_out = "{\"type\":\"epoch\",\"epoch\":4,\"folder\":3,"
		    "\"state\":{\"exists\":0}}";
		return 0;
	case 9:
		r->kind = REC_EPOCH;
		r->u.epoch = (struct rec_epoch){ 4, 3, 7, false, false, false,
		    0, 0, 0 };
		*line_out = "{\"type\":\"epoch\",\"epoch\":4,\"folder\":3,"
		    "\"uidvalidity\":7}";
		return 0;
	case 10:
		r->kind = REC_BLOB;
		r->u.blob = (struct rec_blob){ sha, 4711, { PACK, 2, 512, 4711,
		    BLOB_PLAIN, false } };
		*line_out = "{\"type\":\"blob\",\"sha256\":\"" SHA "\","
		    "\"size\":4711,\"pack\":\"" PACK "\",\"frame\":2,"
		    "\"offset\":512}";
		return 0;
	case 11:
		r->kind = REC_BLOB;
		r->u.blob = (struct rec_blob){ sha, 0, { MBOX, 0, 40, 1,
		    BLOB_LF, true } };
		*line_out = "{\"type\":\"blob\",\"sha256\":\"" SHA "\","
		    "\"size\":0,\"pack\":\"" MBOX "\",\"frame\":0,"
		    "\"offset\":40,\"stored\":1,\"form\":\"lf\","
		    "\"newline_added\":true}";
		return 0;
	case 12:
		r->kind = REC_BLOB;
		r->u.blob = (struct rec_blob){ sha, 9, { MBOX, 0, 40, 9,
		    BLOB_RAW, false } };
		*line_out = "{\"type\":\"blob\",\"sha256\":\"" SHA "\","
		    "\"size\":9,\"pack\":\"" MBOX "\",\"frame\":0,"
		    "\"offset\":40,\"form\":\"raw\"}";
		return 0;
	case 13:
		r->kind = REC_MESSAGE;
		r->u.message = (struct rec_message){ 3, 4, 77, sha, 4711,
		    "17-Jul-1996 02:44:25 -0700", 837596665, true,
		    "\\Answered \\Seen $Work Zed", "Home\nTwo words", "M6d",
		    "T6d", "emailid" };
		*line_out = "{\"type\":\"message\",\"folder\":3,\"epoch\":4,"
		    "\"uid\":77,\"sha256\":\"" SHA "\",\"size\":4711,"
		    "\"internaldate\":\"17-Jul-1996 02:44:25 -0700\","
		    "\"date\":837596665,"
		    "\"flags\":[\"\\\\Answered\",\"\\\\Seen\"],"
		    "\"keywords\":[\"$Work\",\"Zed\"],"
		    "\"labels\":[\"Home\",\"Two words\"],\"emailid\":\"M6d\","
		    "\"threadid\":\"T6d\",\"by\":\"emailid\"}";
		return 0;
	case 14:
		r->kind = REC_MESSAGE;
		r->u.message = (struct rec_message){ 3, 4, 1, sha, 0, NULL, 0,
		    false, "", NULL, NULL, NULL, NULL };
		*line_out = "{\"type\":\"message\",\"folder\":3,\"epoch\":4,"
		    "\"uid\":1,\"sha256\":\"" SHA "\",\"size\":0}";
		return 0;
	case 15:
		r->kind = REC_MESSAGE;
		r->u.message = (struct rec_message){ 3, 4, 1, sha, 0, "", -1,
		    true, "Work", "", "", "", "" };
		*line_out = "{\"type\":\"message\",\"folder\":3,\"epoch\":4,"
		    "\"uid\":1,\"sha256\":\"" SHA "\",\"size\":0,"
		    "\"internaldate\":\"\",\"date\":-1,"
		    "\"keywords\":[\"Work\"],\"labels\":[],\"emailid\":\"\","
		    "\"threadid\":\"\",\"by\":\"\"}";
		return 0;
	case 16:
		r->kind = REC_FLAGS;
		r->u.flags = (struct rec_flags){ 3, 4, &some_uids, "\\Seen",
		    NULL };
		*line_out = "{\"type\":\"flags\",\"folder\":3,\"epoch\":4,"
		    "\"uids\":\"1:3,7,4294967294:4294967295\","
		    "\"flags\":[\"\\\\Seen\"],\"keywords\":[]}";
		return 0;
	case 17:
		r->kind = REC_FLAGS;
		r->u.flags = (struct rec_flags){ 3, 4, &some_uids, "", "" };
		*line_out = "{\"type\":\"flags\",\"folder\":3,\"epoch\":4,"
		    "\"uids\":\"1:3,7,4294967294:4294967295\",\"flags\":[],"
		    "\"keywords\":[],\"labels\":[]}";
		return 0;
	case 18:
		r->kind = REC_GONE;
		r->u.gone = (struct rec_gone){ 3, 4, &some_uids };
		*line_out = "{\"type\":\"gone\",\"folder\":3,\"epoch\":4,"
		    "\"uids\":\"1:3,7,4294967294:4294967295\"}";
		return 0;
	case 19:
		r->kind = REC_MISSING;
		r->u.missing = (struct rec_missing){ 3, 4, &some_uids,
		    "no answer" };
		*line_out = "{\"type\":\"missing\",\"folder\":3,\"epoch\":4,"
		    "\"uids\":\"1:3,7,4294967294:4294967295\","
		    "\"reason\":\"no answer\"}";
		return 0;
	case 20:
		r->kind = REC_PACK;
		r->u.pack = (struct rec_pack){ PACK, 1225, sha, 2098176, 2, 100,
		    CONTAINER_TAR, 0 };
		*line_out = "{\"type\":\"pack\",\"pack\":\"" PACK "\","
		    "\"size\":1225,\"sha256\":\"" SHA "\",\"raw\":2098176,"
		    "\"frames\":2,\"tail\":100,\"container\":\"tar\"}";
		return 0;
	case 21:
		r->kind = REC_PACK;
		r->u.pack = (struct rec_pack){ MBOX, 9, sha, 0, 0, 0,
		    CONTAINER_MBOX, 3 };
		*line_out = "{\"type\":\"pack\",\"pack\":\"" MBOX "\","
		    "\"size\":9,\"sha256\":\"" SHA "\",\"raw\":0,"
		    "\"frames\":0,\"tail\":0,\"container\":\"mbox\","
		    "\"folder\":3}";
		return 0;
	case 22:
		r->kind = REC_RETIRE;
		r->u.retire = (struct rec_retire){ MBOX, "compacted" };
		*line_out = "{\"type\":\"retire\",\"pack\":\"" MBOX "\","
		    "\"reason\":\"compacted\"}";
		return 0;
	case 23:
		r->kind = REC_NOTE;
		r->u.note = (struct rec_note){ 3, 4, 5,
		    { 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77 }, -7, true,
		    "\\Seen Work", "A\nB", true, BLOB_LF, true };
		*line_out = "{\"type\":\"note\",\"folder\":3,\"epoch\":4,"
		    "\"uid\":5,\"blob\":\"0011223344556677\",\"date\":-7,"
		    "\"flags\":[\"\\\\Seen\"],\"keywords\":[\"Work\"],"
		    "\"labels\":[\"A\",\"B\"],\"form\":\"lf\","
		    "\"newline_added\":true}";
		return 0;
	case 24:
		r->kind = REC_NOTE;
		r->u.note = (struct rec_note){ .folder = 1, .epoch = 1,
		    .uid = UID_MAX, .prefix = { 0xff }, .flags = "" };
		*line_out = "{\"type\":\"note\",\"folder\":1,\"epoch\":1,"
		    "\"uid\":4294967295,\"blob\":\"ff00000000000000\"}";
		return 0;
	case 25:
		r->kind = REC_FOLDER;
		r->u.folder = (struct rec_folder){ 9, "Imported/Old", "", NULL,
		    '/', MAIL_IMPORTED, true, false, false };
		*line_out = "{\"type\":\"folder\",\"folder\":9,"
		    "\"name\":\"Imported/Old\",\"delimiter\":\"/\","
		    "\"namespace\":\"imported\"}";
		return 0;
	case 26:
		r->kind = REC_PRUNE_INTENT;
		r->u.prune_intent = (struct rec_prune_intent){ 3, 4,
		    &some_uids, true, true };
		*line_out = "{\"type\":\"prune-intent\",\"folder\":3,"
		    "\"epoch\":4,\"uids\":\"1:3,7,4294967294:4294967295\","
		    "\"marked\":true,\"move\":true}";
		return 0;
	case 27:
		r->kind = REC_PRUNE_INTENT;
		r->u.prune_intent = (struct rec_prune_intent){ 3, 4,
		    &some_uids, false, false };
		*line_out = "{\"type\":\"prune-intent\",\"folder\":3,"
		    "\"epoch\":4,\"uids\":\"1:3,7,4294967294:4294967295\"}";
		return 0;
	case 28:
		r->kind = REC_PRUNED;
		r->u.pruned = (struct rec_pruned){ 3, 4, 12, &some_uids };
		*line_out = "{\"type\":\"pruned\",\"folder\":3,\"epoch\":4,"
		    "\"run\":12,\"uids\":\"1:3,7,4294967294:4294967295\"}";
		return 0;
	case 29:
		r->kind = REC_PRUNE_KEPT;
		r->u.prune_kept = (struct rec_prune_kept){ 3, 4, &some_uids };
		*line_out = "{\"type\":\"prune-kept\",\"folder\":3,"
		    "\"epoch\":4,\"uids\":\"1:3,7,4294967294:4294967295\"}";
		return 0;
	default:
		return -1;
	}
}

static void
test_line_of_each_kind_has_exactly_the_text_documented(void **state)
{
	struct record rec;
	const char *want;
	unsigned int seen = 0;
	struct buf text = BUF_INIT(MANIFEST_LINE_MAX);
	size_t i;
	struct err e;
	char *got;

	(void)state;
	for (i = 0; sample(i, &rec, &want) == 0; i++) {
		got = line_of(&rec);
		assert_string_equal(got, want);
		free(got);
		seen |= 1u << rec.kind;
		buf_clear(&text);
		assert_int_equal(manifest_text(&rec, &text, &e), 0);
		assert_int_equal(text.n, strlen(want) + 1);
		assert_memory_equal(text.p, want, text.n - 1);
		assert_int_equal(text.p[text.n - 1], '\n');
	}
	buf_release(&text);
	/* REC_FRAMES has a test of its own: it must stand behind its pack. */
	assert_int_equal(seen, (1u << REC_KINDS) - 1 - (1u << REC_FRAMES));
}

static void
test_line_of_each_kind_comes_back(void **state)
{
	struct record rec;
	const char *line;
	size_t i;

	(void)state;
	for (i = 0; sample(i, &rec, &line) == 0; i++)
		comes_back(&rec);
}

static void
test_line_of_frames_stands_behind_its_pack_and_comes_back(void **state)
{
	struct manifest_writer *w = begin();
	struct manifest_parser *p = manifest_parser_new();
	struct record rec, got;
	struct manifest_line line;
	const char *text;
	struct err e;

	(void)state;
	assert_int_equal(sample(20, &rec, &text), 0);
	assert_int_equal(manifest_put(w, &rec, NULL, &e), 0);
	rec.kind = REC_FRAMES;
	rec.u.frames = (struct rec_frames){ PACK, 0, 2, frames };
	assert_int_equal(manifest_put(w, &rec, &line, &e), 0);
	assert_int_equal(line.number, 3);
	text = "{\"type\":\"frames\",\"pack\":\"" PACK "\",\"from\":0,"
	    "\"frames\":[[1048,2097152],[77,1024]]}\n";
	assert_int_equal(line.n, strlen(text));
	assert_memory_equal(line.text, text, line.n);
	assert_int_equal(manifest_parse(p, line.text, line.n - 1, &got, &e), 1);
	same_record(&rec, &got);
	manifest_parser_free(&p);
	manifest_discard(&w);
}

static void
test_line_of_a_note_tells_what_its_message_and_place_tell(void **state)
{
	struct rec_message m = { 3, 4, 5, sha, 9, " 1-Jan-2026", -7, true,
	    "\\Seen Work", "A\nB", "M1", "T1", "emailid" };
	struct place place = { MBOX, 1, 2, 3, BLOB_LF, true };
	struct buf text = BUF_INIT(MANIFEST_LINE_MAX);
	const char *want;
	struct record rec;
	struct err e;

	(void)state;
	assert_int_equal(sample(23, &rec, &want), 0);
	assert_int_equal(manifest_note(&m, &place, &text, &e), 0);
	assert_int_equal(text.n, strlen(want) + 1);
	assert_memory_equal(text.p, want, text.n - 1);
	/* A tar has no forms, and of another pack's nothing is told. */
	place.form = BLOB_PLAIN;
	buf_clear(&text);
	assert_int_equal(manifest_note(&m, &place, &text, &e), 0);
	assert_null(strstr(text.p, "form"));
	assert_null(strstr(text.p, "newline_added"));
	buf_clear(&text);
	assert_int_equal(manifest_note(&m, NULL, &text, &e), 0);
	assert_null(strstr(text.p, "form"));
	buf_release(&text);
}

static void
test_line_of_a_note_is_no_record_of_a_manifest(void **state)
{
	struct manifest_writer *w = begin();
	struct buf text = BUF_INIT(MANIFEST_LINE_MAX);
	struct parse_result got;
	struct parsed p;
	struct record rec;
	const char *line;
	struct err e;

	(void)state;
	assert_int_equal(sample(24, &rec, &line), 0);
	assert_int_equal(manifest_put(w, &rec, NULL, &e), -1);
	assert_int_equal(e.kind, EK_FAIL);
	assert_non_null(strstr(e.text, "note"));
	manifest_discard(&w);
	parse_init(&p);
	assert_int_equal(parse_line(&p, line, strlen(line), &got, &e), -1);
	assert_int_equal(e.kind, EK_NOVAULT);
	p.notes = true;
	assert_int_equal(parse_line(&p, line, strlen(line), &got, &e), 0);
	assert_int_equal(got.record.kind, REC_NOTE);
	/* What belongs to a form is nothing without one. */
	line = "{\"type\":\"note\",\"folder\":1,\"epoch\":1,\"uid\":1,"
	    "\"blob\":\"0011223344556677\",\"newline_added\":true}";
	assert_int_equal(parse_line(&p, line, strlen(line), &got, &e), 0);
	assert_false(got.record.u.note.stored);
	assert_false(got.record.u.note.newline_added);
	parse_release(&p);
	/* A form that no mbox has can't be written. */
	rec.u.note.stored = true;
	rec.u.note.form = BLOB_PLAIN;
	assert_int_equal(manifest_text(&rec, &text, &e), -1);
	assert_non_null(strstr(e.text, "form"));
	buf_release(&text);
}

/* ---- everything that goes in comes out ---- */

static struct rec_message
message(void)
{
	return (struct rec_message){ 1, 1, 1, sha, 1, NULL, 0, false, "", NULL,
	    NULL, NULL, NULL };
}

static void
test_line_numbers_at_their_limits_come_back(void **state)
{
	static const int64_t dates[] = { INT64_MIN, -1, 0, INT64_MAX };
	struct record rec = { .kind = REC_MESSAGE };
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(dates); i++) {
		rec.u.message = (struct rec_message){ NUMBER_MAX, NUMBER_MAX,
		    UID_MAX, sha, (uint64_t)1 << 62, NULL, dates[i], true, "",
		    NULL, NULL, NULL, NULL };
		comes_back(&rec);
	}
	rec = (struct record){ .kind = REC_BLOB };
	rec.u.blob = (struct rec_blob){ sha, NUMBER_MAX, { PACK, NUMBER_MAX,
	    NUMBER_MAX, (uint64_t)1 << 62, BLOB_PLAIN, false } };
	comes_back(&rec);
	rec = (struct record){ .kind = REC_EPOCH };
	rec.u.epoch = (struct rec_epoch){ NUMBER_MAX, NUMBER_MAX, UINT32_MAX,
	    true, true, false, NUMBER_MAX, NUMBER_MAX, NUMBER_MAX };
	comes_back(&rec);
	rec = (struct record){ .kind = REC_PACK };
	rec.u.pack = (struct rec_pack){ MBOX, NUMBER_MAX, sha, NUMBER_MAX,
	    NUMBER_MAX, NUMBER_MAX, CONTAINER_MBOX, NUMBER_MAX };
	comes_back(&rec);
	rec = (struct record){ .kind = REC_RUN_END };
	rec.u.run_end = (struct rec_run_end){ NUMBER_MAX, 253402300799, "", 255,
	    "", { NUMBER_MAX, NUMBER_MAX, NUMBER_MAX, NUMBER_MAX, NUMBER_MAX,
	    NUMBER_MAX, NUMBER_MAX, NUMBER_MAX, NUMBER_MAX, NUMBER_MAX,
	    NUMBER_MAX } };
	comes_back(&rec);
}

static void
test_line_hostile_text_comes_back(void **state)
{
	static const char *const t[] = {
		"",
		"\x1b[2J\x07\b\r\n\t\v\f\x01\x1f\x7f",
		"\"}\\\",{\\u0000",
		"\xe2\x80\xae" "txt.exe\xe2\x80\xac \xe2\x81\xa6" "a\xe2\x81\xa9",
		"\xc2\x80\xc2\x9f\xef\xbb\xbf\xe2\x80\xa8\xe2\x80\xa9",
		"J\xc3\xbcrgen \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x93\xac",
		"\xef\xbf\xbd",				/* U+FFFD itself */
		"\xff\xfe\x80",
		"\xc3",
		"ok\xe2\x80",
		"\xed\xa0\x80\xed\xb0\x80",		/* surrogates */
		"\xc0\xaf\xf8\x88\x80\x80\x80\xf4\x90\x80\x80",
	};
	struct record rec;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		const char *s = t[i];

		rec = (struct record){ .kind = REC_MESSAGE };
		rec.u.message = message();
		rec.u.message.internaldate = s;
		rec.u.message.emailid = s;
		rec.u.message.threadid = s;
		rec.u.message.by = s;
		comes_back(&rec);
		rec = (struct record){ .kind = REC_SERVER };
		rec.u.server = (struct rec_server){ s, s };
		comes_back(&rec);
		rec = (struct record){ .kind = REC_RUN_BEGIN };
		rec.u.run_begin = (struct rec_run_begin){ 1, s, 0 };
		comes_back(&rec);
		rec = (struct record){ .kind = REC_RUN_END };
		rec.u.run_end.run = 1;
		rec.u.run_end.result = s;
		rec.u.run_end.error = s;
		comes_back(&rec);
		rec = (struct record){ .kind = REC_MISSING };
		rec.u.missing = (struct rec_missing){ 1, 1, &some_uids, s };
		comes_back(&rec);
		rec = (struct record){ .kind = REC_FOLDER };
		rec.u.folder = (struct rec_folder){ 1, s, "", s, '\\',
		    MAIL_SHARED, true, false, false };
		comes_back(&rec);
	}
}

static void
test_line_undecodable_folder_names_come_back(void **state)
{
	static const char *const t[] = { "\xff", "\xffz", "\xff\xff\xff",
	    "\xff&AOQ", "\xff\xc3\xa4", "\xff\x01\n\"\\", "\xff \x80" };
	struct record rec = { .kind = REC_FOLDER };
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		rec.u.folder = (struct rec_folder){ 1, t[i], "", NULL, '.',
		    MAIL_PERSONAL, true, false, false };
		comes_back(&rec);
	}
}

static void
test_line_every_delimiter_comes_back(void **state)
{
	struct record rec = { .kind = REC_FOLDER };
	int c;

	(void)state;
	for (c = 0; c < 256; c++) {
		rec.u.folder = (struct rec_folder){ 1, "a", "", NULL,
		    (char)(unsigned char)c, MAIL_PERSONAL, true, false, false };
		comes_back(&rec);
	}
}

/* As a flag, a keyword, an attribute and a label each byte must survive, else every run would see a change. */
static void
test_line_every_byte_in_flags_and_labels_comes_back(void **state)
{
	struct record rec;
	struct buf flags = BUF_INIT(FLAGS_MAX_TEXT);
	struct buf labels = BUF_INIT(FLAGS_MAX_TEXT);
	int c;

	(void)state;
	for (c = 1; c < 256; c++) {
		char text[] = "\\Seen \\Xx kx x", label[] = "xy z";

		text[8] = text[10] = text[13] = (char)(unsigned char)c;
		label[0] = label[2] = (char)(unsigned char)c;
		buf_clear(&flags);
		buf_clear(&labels);
		assert_int_equal(flags_canon(text, strlen(text), &flags), 0);
		assert_int_equal(labels_add(&labels, "m", 1), 0);
		assert_int_equal(labels_add(&labels, label, 4), 0);
		rec = (struct record){ .kind = REC_MESSAGE };
		rec.u.message = message();
		rec.u.message.flags = buf_text(&flags);
		rec.u.message.labels = buf_text(&labels);
		comes_back(&rec);
		rec = (struct record){ .kind = REC_FLAGS };
		rec.u.flags = (struct rec_flags){ 1, 1, &some_uids,
		    buf_text(&flags), buf_text(&labels) };
		comes_back(&rec);
		rec = (struct record){ .kind = REC_FOLDER };
		rec.u.folder = (struct rec_folder){ 1, "a", buf_text(&flags),
		    NULL, '/', MAIL_PERSONAL, true, false, false };
		comes_back(&rec);
	}
	buf_release(&flags);
	buf_release(&labels);
}

static void
test_line_as_many_flags_and_labels_as_may_be_come_back(void **state)
{
	struct record rec = { .kind = REC_MESSAGE };
	struct buf text = BUF_INIT(FLAGS_MAX_TEXT);
	struct buf flags = BUF_INIT(FLAGS_MAX_TEXT);
	char *longest = xmalloc(FLAGS_MAX_TEXT + 1);
	size_t i;

	(void)state;
	for (i = 0; i < FLAGS_MAX_COUNT; i++)
		assert_int_equal(buf_addf(&text, "%sk%04zu", i == 0 ? "" : " ",
		    i), 0);
	assert_int_equal(flags_canon(text.p, text.n, &flags), 0);
	rec.u.message = message();
	rec.u.message.flags = buf_text(&flags);
	comes_back(&rec);
	/* One of the greatest length, of bytes that take the most room in a line. */
	memset(longest, '\xfe', FLAGS_MAX_TEXT);
	longest[FLAGS_MAX_TEXT] = '\0';
	rec.u.message.flags = longest;
	rec.u.message.labels = longest;
	comes_back(&rec);
	memset(longest, '\x01', FLAGS_MAX_TEXT);
	comes_back(&rec);
	free(longest);
	buf_release(&text);
	buf_release(&flags);
}

/* ---- several lines ---- */

/* Each line of a long intent says all that the record says but for its UIDs. */
static void
test_line_long_intent_is_split_and_each_line_says_all_the_rest(void **state)
{
	struct record rec = { .kind = REC_PRUNE_INTENT }, got;
	struct manifest_parser *p = manifest_parser_new();
	struct buf text = BUF_INIT(2 * MANIFEST_LINE_MAX);
	struct uidset all = UIDSET_INIT, sum = UIDSET_INIT;
	const char *line, *end;
	size_t i, lines = 0;
	struct err e;

	(void)state;
	for (i = 1; i <= 20000; i++)
		uidset_add(&all, (uint32_t)(i * 200001));
	rec.u.prune_intent = (struct rec_prune_intent){ 3, 4, &all, true,
	    false };
	assert_int_equal(manifest_text(&rec, &text, &e), 0);
	for (line = buf_text(&text); *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		assert_int_equal(manifest_parse(p, line, (size_t)(end - line),
		    &got, &e), 1);
		assert_int_equal(got.kind, REC_PRUNE_INTENT);
		assert_int_equal(got.u.prune_intent.folder, 3);
		assert_int_equal(got.u.prune_intent.epoch, 4);
		assert_true(got.u.prune_intent.marked);
		assert_false(got.u.prune_intent.move);
		uidset_add_set(&sum, got.u.prune_intent.uids);
		lines++;
	}
	assert_true(lines > 2);
	same_uids(&all, &sum);
	uidset_release(&all);
	uidset_release(&sum);
	buf_release(&text);
	manifest_parser_free(&p);
}

static void
test_line_long_set_of_uids_is_split_and_adds_up(void **state)
{
	static const size_t sizes[] = { 1, 2, 10000, 100000 };
	struct manifest_reader *r;
	size_t i, k;

	(void)state;
	for (k = 0; k < LENGTH(sizes); k++) {
		struct uidset all = UIDSET_INIT, sum = UIDSET_INIT;
		struct record rec = { .kind = REC_GONE }, got;
		struct manifest_writer *w = begin();
		struct manifest_line line;
		struct digest d;
		struct buf text = BUF_INIT(2 * MANIFEST_LINE_MAX);
		uint64_t number, lines = 1, newlines = 1;
		struct err e;

		for (i = 0; i < sizes[k]; i++)
			uidset_add_range(&all, (uint32_t)(4294967295 -
			    (sizes[k] - i) * 5), (uint32_t)(4294967295 -
			    (sizes[k] - i) * 5 + i % 4));
		rec.u.gone = (struct rec_gone){ 1, 2, &all };
		assert_int_equal(manifest_put(w, &rec, &line, &e), 0);
		assert_true(line.n < 60100);
		assert_int_equal(manifest_text(&rec, &text, &e), 0);
		assert_memory_equal(text.p + text.n - line.n, line.text,
		    line.n);
		for (i = 0; i < text.n; i++)
			newlines += text.p[i] == '\n';
		buf_release(&text);
		assert_int_equal(manifest_publish(&w, chain, &d, &e), 0);
		assert_int_equal(manifest_open(chain, 1, &r, &e), 0);
		while (manifest_next(r, &got, &number, &e) == 1) {
			assert_int_equal(number, ++lines);
			assert_int_equal(got.kind, REC_GONE);
			assert_int_equal(got.u.gone.folder, 1);
			assert_int_equal(got.u.gone.epoch, 2);
			uidset_add_set(&sum, got.u.gone.uids);
		}
		assert_int_equal(lines, line.number);
		assert_int_equal(lines, newlines);
		assert_int_equal(lines > 2, sizes[k] >= 10000);
		same_uids(&all, &sum);
		manifest_close(&r);
		unlinkat(dir, "00000001.jsonl.zst", 0);
		uidset_release(&all);
		uidset_release(&sum);
	}
}

static void
test_line_frames_are_split_at_a_thousand_and_get_their_offsets(void **state)
{
	static const size_t sizes[] = { 1, 999, 1000, 1001, 2500 };
	size_t i, k;

	(void)state;
	for (k = 0; k < LENGTH(sizes); k++) {
		struct frame *f = xcalloc(sizes[k], sizeof(*f));
		struct record rec = { .kind = REC_PACK }, got;
		struct manifest_writer *w = begin();
		struct manifest_reader *r;
		struct manifest_line line;
		uint64_t number, size = 0, raw = 0, lines = 0, n = 0;
		struct digest d;
		struct err e;

		for (i = 0; i < sizes[k]; i++) {
			f[i] = (struct frame){ size, 100 + i % 77, i * 3 };
			size += f[i].size;
			raw += f[i].raw;
		}
		rec.u.pack = (struct rec_pack){ PACK, size + 55, sha, raw,
		    sizes[k], 55, CONTAINER_TAR, 0 };
		assert_int_equal(manifest_put(w, &rec, NULL, &e), 0);
		rec.kind = REC_FRAMES;
		rec.u.frames = (struct rec_frames){ PACK, 0, sizes[k], f };
		assert_int_equal(manifest_put(w, &rec, &line, &e), 0);
		assert_int_equal(manifest_publish(&w, chain, &d, &e), 0);
		assert_int_equal(manifest_open(chain, 1, &r, &e), 0);
		assert_int_equal(manifest_next(r, &got, &number, &e), 1);
		while (manifest_next(r, &got, &number, &e) == 1) {
			assert_int_equal(got.kind, REC_FRAMES);
			assert_int_equal(got.u.frames.from, n);
			for (i = 0; i < got.u.frames.n; i++)
				assert_memory_equal(&got.u.frames.frames[i],
				    &f[n + i], sizeof(*f));
			n += got.u.frames.n;
			lines++;
		}
		assert_int_equal(n, sizes[k]);
		assert_int_equal(lines, (sizes[k] + 999) / 1000);
		assert_int_equal(line.number, 2 + lines);
		manifest_close(&r);
		unlinkat(dir, "00000001.jsonl.zst", 0);
		free(f);
	}
}

/* ---- what is not written ---- */

static void
is_refused(const struct record *rec, const char *what)
{
	struct manifest_writer *w = begin();
	struct manifest_line line = { NULL, 0, 0 };
	struct buf text = BUF_INIT(MANIFEST_LINE_MAX);
	struct digest d;
	struct err e;

	if (manifest_put(w, rec, &line, &e) == 0)
		fail_msg("written, though %s is wrong: %.*s", what,
		    (int)line.n, line.text);
	assert_int_equal(e.kind, EK_FAIL);
	if (strstr(e.text, what) == NULL)
		fail_msg("'%s' is not in: %s", what, e.text);
	assert_null(line.text);
	assert_int_equal(buf_adds(&text, "before"), 0);
	/* How frames add up is known in a manifest only. */
	if (rec->kind != REC_PACK) {
		assert_int_equal(manifest_text(rec, &text, &e), -1);
		assert_string_equal(buf_text(&text), "before");
	}
	buf_release(&text);
	/* A commit without this record must never come to be. */
	assert_int_equal(manifest_publish(&w, chain, &d, &e), -1);
	assert_int_equal(e.kind, EK_FAIL);
	assert_non_null(w);
	manifest_discard(&w);
	assert_int_equal(faccessat(dir, "00000001.jsonl.zst", F_OK, 0), -1);
}

static void
test_line_numbers_beyond_their_limits_are_not_written(void **state)
{
	static struct uidset none = UIDSET_INIT;
	struct record r = { .kind = REC_MESSAGE }, bad;

	(void)state;
	r.u.message = message();
#define REFUSED(member, value, what) do {				\
	bad = r;							\
	bad.u.member = (value);						\
	is_refused(&bad, what);						\
} while (0)
	REFUSED(message.folder, 0, "folder");
	REFUSED(message.folder, NUMBER_MAX + 1, "folder");
	REFUSED(message.epoch, 0, "epoch");
	REFUSED(message.uid, 0, "uid");
	REFUSED(message.size, NUMBER_MAX + 1, "size");
	REFUSED(message.size, UINT64_MAX, "size");
	REFUSED(message.flags, NULL, "flags");
	REFUSED(message.flags, "Work \\Seen", "flags");	/* not canonical */
	r = (struct record){ .kind = REC_EPOCH };
	r.u.epoch = (struct rec_epoch){ 1, 1, 1, true, true, true, 1, 1, 1 };
	REFUSED(epoch.epoch, 0, "epoch");
	REFUSED(epoch.uidvalidity, (uint64_t)UINT32_MAX + 1, "uidvalidity");
	REFUSED(epoch.uidnext, NUMBER_MAX + 1, "uidnext");
	REFUSED(epoch.highestmodseq, NUMBER_MAX + 1, "highestmodseq");
	REFUSED(epoch.exists, NUMBER_MAX + 1, "exists");
	r = (struct record){ .kind = REC_BLOB };
	r.u.blob = (struct rec_blob){ sha, 1, { PACK, 0, 0, 1, BLOB_PLAIN,
	    false } };
	REFUSED(blob.size, NUMBER_MAX + 1, "size");
	REFUSED(blob.place.frame, NUMBER_MAX + 1, "frame");
	REFUSED(blob.place.offset, NUMBER_MAX + 1, "offset");
	REFUSED(blob.place.stored, NUMBER_MAX + 1, "stored");
	r = (struct record){ .kind = REC_GONE };
	r.u.gone = (struct rec_gone){ 1, 1, &some_uids };
	REFUSED(gone.uids, &none, "uids");
	REFUSED(gone.uids, NULL, "uids");
	r = (struct record){ .kind = REC_PRUNE_INTENT };
	r.u.prune_intent = (struct rec_prune_intent){ 1, 1, &some_uids, false,
	    false };
	REFUSED(prune_intent.folder, 0, "folder");
	REFUSED(prune_intent.uids, &none, "uids");
	r = (struct record){ .kind = REC_PRUNED };
	r.u.pruned = (struct rec_pruned){ 1, 1, 1, &some_uids };
	REFUSED(pruned.epoch, 0, "epoch");
	REFUSED(pruned.run, 0, "run");
	REFUSED(pruned.run, NUMBER_MAX + 1, "run");
	REFUSED(pruned.uids, &none, "uids");
	r = (struct record){ .kind = REC_PRUNE_KEPT };
	r.u.prune_kept = (struct rec_prune_kept){ 1, 1, &some_uids };
	REFUSED(prune_kept.epoch, 0, "epoch");
	REFUSED(prune_kept.uids, NULL, "uids");
	r = (struct record){ .kind = REC_RUN_BEGIN };
	r.u.run_begin = (struct rec_run_begin){ 1, "backup", 0 };
	REFUSED(run_begin.run, 0, "run");
	REFUSED(run_begin.verb, NULL, "verb");
	REFUSED(run_begin.time, -1, "time");
	REFUSED(run_begin.time, 253402300800, "time");
	r = (struct record){ .kind = REC_RUN_END };
	r.u.run_end.run = 1;
	r.u.run_end.result = "failed";
	REFUSED(run_end.status, -1, "status");
	REFUSED(run_end.status, 256, "status");
	REFUSED(run_end.counts.stored_bytes, UINT64_MAX, "stored_bytes");
	r = (struct record){ .kind = REC_FOLDER };
	r.u.folder = (struct rec_folder){ 1, "a", "", NULL, '/',
	    MAIL_PERSONAL, true, false, false };
	REFUSED(folder.folder, 0, "folder");
	REFUSED(folder.name, NULL, "name");
	REFUSED(folder.attributes, NULL, "attributes");
	r = (struct record){ .kind = REC_PACK };
	r.u.pack = (struct rec_pack){ MBOX, 1, sha, 0, 0, 1, CONTAINER_MBOX, 3 };
	REFUSED(pack.folder, 0, "folder");
	REFUSED(pack.container, CONTAINER_TAR, "container");
	REFUSED(pack.tail, 2, "tail");
	REFUSED(pack.pack, NULL, "pack");
#undef REFUSED
}

static void
test_line_flags_and_labels_beyond_their_limits_are_not_written(void **state)
{
	struct record rec = { .kind = REC_MESSAGE };
	char *text = xmalloc(FLAGS_MAX_TEXT + 2);
	struct buf many = BUF_INIT(FLAGS_MAX_TEXT);
	size_t i;

	(void)state;
	memset(text, 'x', FLAGS_MAX_TEXT + 1);
	text[FLAGS_MAX_TEXT + 1] = '\0';
	rec.u.message = message();
	rec.u.message.flags = text;
	is_refused(&rec, "flags");
	rec.u.message.flags = "";
	rec.u.message.labels = text;
	is_refused(&rec, "labels");
	for (i = 0; i <= FLAGS_MAX_COUNT; i++)
		assert_int_equal(buf_addf(&many, "%sk%04zu",
		    i == 0 ? "" : " ", i), 0);
	rec.u.message.labels = NULL;
	rec.u.message.flags = buf_text(&many);
	is_refused(&rec, "flags");
	buf_release(&many);
	free(text);
}

static const struct {
	const char	*name;
	bool		 good;
} pack_names[] = {
	{ "00000001-1-3fa94c1e.tar.zst", true },
	{ "00000001-2-77b0e2d4.f3.mbox.zst", true },
	{ "18446744073709551615-99-00000000.tar.zst", true },
	{ "00000001-1-3fa94c1e.mbox.zst", true },
	{ "0000001-1-3fa94c1e.tar.zst", false },	/* seven digits */
	{ "00000001--3fa94c1e.tar.zst", false },
	{ "00000001-1-3fa94c1.tar.zst", false },
	{ "00000001-1-3fa94c1e0.tar.zst", false },
	{ "00000001-1-3FA94C1E.tar.zst", false },
	{ "00000001-1-3fa94c1g.tar.zst", false },
	{ "00000001-1-3fa94c1e.f.mbox.zst", false },
	{ "00000001-1-3fa94c1e.fx.mbox.zst", false },
	{ "00000001-1-3fa94c1e.tar", false },
	{ "00000001-1-3fa94c1e.zip.zst", false },
	{ "00000001-1-3fa94c1e.tar.zst\n", false },
	{ "00000001-1-3fa94c1e.tar.zst/", false },
	{ "../00000001-1-3fa94c1e.tar.zst", false },
	{ "00000001-1-3fa94c1e.f3/../../x.mbox.zst", false },
	{ " 00000001-1-3fa94c1e.tar.zst", false },
	{ "+0000001-1-3fa94c1e.tar.zst", false },
	{ "", false },
};

static void
test_line_pack_names_of_another_form_are_neither_written_nor_read(void **state)
{
	struct manifest_parser *p = manifest_parser_new();
	struct record rec = { .kind = REC_BLOB }, got;
	char *longest, *line;
	size_t i;
	struct err e;

	(void)state;
	for (i = 0; i < LENGTH(pack_names); i++) {
		rec.u.blob = (struct rec_blob){ sha, 1, { pack_names[i].name,
		    0, 0, 1, BLOB_PLAIN, false } };
		if (pack_names[i].good)
			comes_back(&rec);
		else
			is_refused(&rec, "pack");
		line = xasprintf("{\"type\":\"blob\",\"sha256\":\"" SHA "\","
		    "\"size\":1,\"pack\":\"%s\",\"frame\":0,\"offset\":0}",
		    strchr(pack_names[i].name, '\n') == NULL ?
		    pack_names[i].name : "00000001-1-3fa94c1e.tar.zst\\n");
		assert_int_equal(manifest_parse(p, line, strlen(line), &got,
		    &e), pack_names[i].good ? 1 : -1);
		free(line);
	}
	/* As long as a file's name may be, and one byte more. */
	for (i = 0; i < 2; i++) {
		longest = xasprintf("%0*d-1-3fa94c1e.tar.zst",
		    255 - 19 + (int)i, 1);
		assert_int_equal(strlen(longest), 255 + i);
		rec.u.blob.place.pack = longest;
		if (i == 0)
			comes_back(&rec);
		else
			is_refused(&rec, "pack");
		free(longest);
	}
	manifest_parser_free(&p);
}

/* ---- what is not read ---- */

/* Keys that a line can do without. */
static bool
is_optional(const char *key)
{
	static const char *const keys[] = { "error", "id", "delimiter",
	    "attributes", "special_use", "mailboxid", "selectable",
	    "subscribed", "gone", "uidvalidity", "state", "uidnext",
	    "highestmodseq", "complete", "full", "stored", "form",
	    "newline_added", "internaldate", "date", "labels", "emailid",
	    "threadid", "by", "raw", "marked", "move" };
	size_t i;

	for (i = 0; i < LENGTH(keys); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

/* The next `"key":` in a line at or after ${*at}: its place and length; false at the end. */
static bool
next_key(const char *line, size_t *at, size_t *len)
{
	const char *s = line + *at, *colon;

	for (;;) {
		if ((s = strpbrk(s, "{,")) == NULL)
			return false;
		s++;
		if (*s != '"' || (colon = strchr(s + 1, '"')) == NULL ||
		    colon[1] != ':')
			continue;
		*at = (size_t)(s - line);
		*len = (size_t)(colon + 2 - s);
		return true;
	}
}

static void
test_line_without_a_required_key_is_refused(void **state)
{
	struct manifest_parser *p = manifest_parser_new();
	struct record rec, got;
	const char *line;
	size_t i, at, len, tried = 0;
	struct err e;

	(void)state;
	for (i = 0; sample(i, &rec, &line) == 0; i++) {
		for (at = 0; next_key(line, &at, &len); at += len) {
			char *key = xmemdup0(line + at + 1, len - 3);
			char *other = xasprintf("%.*s\"x_%s", (int)at, line,
			    line + at + 1);
			bool may = is_optional(key);
			int r;

			/* Names that mean something else in another kind. */
			if ((strcmp(key, "gone") == 0 ||
			    strcmp(key, "raw") == 0) && rec.kind != REC_FOLDER)
				may = false;
			if ((rec.kind == REC_MESSAGE ||
			    rec.kind == REC_NOTE) &&
			    (strcmp(key, "flags") == 0 ||
			    strcmp(key, "keywords") == 0))
				may = true;
			r = manifest_parse(p, other, strlen(other), &got, &e);
			if (r != (may ? 1 : -1))
				fail_msg("%d for %s", r, other);
			if (r == -1 && strcmp(key, "type") != 0) {
				assert_int_equal(e.kind, EK_CORRUPT);
				assert_non_null(strstr(e.text, key));
				assert_non_null(strstr(e.text, "missing"));
			}
			tried++;
			free(key);
			free(other);
		}
	}
	assert_true(tried > 150);
	manifest_parser_free(&p);
}

/* The length of the value that ${s} begins with. */
static size_t
value_length(const char *s)
{
	size_t i = 0, depth = 0;
	bool quoted = false;

	for (;; i++) {
		if (s[i] == '\\' && quoted)
			i++;
		else if (s[i] == '"')
			quoted = !quoted;
		else if (!quoted && (s[i] == '[' || s[i] == '{'))
			depth++;
		else if (!quoted && depth > 0 && (s[i] == ']' || s[i] == '}'))
			depth--;
		else if (!quoted && depth == 0 && (s[i] == ',' || s[i] == '}'))
			return i;
	}
}

static void
test_line_value_of_another_type_is_refused(void **state)
{
	static const char *const values[] = { "-1", "1.0", "1e3", "\"\\n\"",
	    "true", "[]", "{}", "[[1,2,3]]", "9223372036854775808",
	    "18446744073709551616", "\"\\u0000\"" };
	/* Text that may be any text, so a string is fine there. */
	static const char free_text[] = " verb result error capability id name "
	    "delimiter mailboxid internaldate reason emailid threadid by special_use ";
	struct manifest_parser *p = manifest_parser_new();
	struct record rec, got;
	const char *line;
	size_t i, k, at, len;
	struct err e;

	(void)state;
	for (i = 0; sample(i, &rec, &line) == 0; i++) {
		for (at = 0; next_key(line, &at, &len); at += len) {
			const char *value = line + at + len;
			char *key = xasprintf(" %.*s ", (int)len - 3,
			    line + at + 1);

			for (k = 0; k < LENGTH(values); k++) {
				char *other = xasprintf("%.*s%s%s",
				    (int)(at + len), line, values[k],
				    value + value_length(value));
				int r, want = -1;

				if (k == 3 && strstr(free_text, key) != NULL)
					want = 1;
				if (value[0] == 't' && k == 4)
					want = 1;
				if (strcmp(key, " selectable ") == 0 && k == 4)
					want = 1;
				if (strcmp(key, " date ") == 0 && k == 0)
					want = 1;
				r = manifest_parse(p, other, strlen(other),
				    &got, &e);
				/*
				 * Empty lists stand for no flags, and so do
				 * things that are no lists; what is derived
				 * is not looked at.
				 */
				if (value[0] != '[' && r != want &&
				    strcmp(key, " special_use ") != 0)
					fail_msg("%d for %s", r, other);
				if (r == -1)
					assert_true(e.kind == EK_CORRUPT ||
					    strcmp(key, " type ") == 0);
				free(other);
			}
			free(key);
		}
	}
	manifest_parser_free(&p);
}

static void
test_line_that_no_writer_makes_is_refused(void **state)
{
#define M	"{\"type\":\"message\",\"folder\":1,\"epoch\":1,"
#define H	"\"sha256\":\"" SHA "\",\"size\":1"
#define B	"{\"type\":\"blob\",\"sha256\":\"" SHA "\",\"size\":1," \
		"\"pack\":\"" PACK "\",\"frame\":0,\"offset\":0"
#define G	"{\"type\":\"gone\",\"folder\":1,\"epoch\":1,\"uids\":"
#define F	"{\"type\":\"folder\",\"folder\":1,\"name\":\"a\","
#define T	"{\"type\":\"retire\",\"pack\":"
#define N	"{\"type\":\"note\",\"folder\":1,\"epoch\":1," \
		"\"uid\":1,\"blob\":"
#define R	"{\"type\":\"frames\",\"pack\":\"" PACK "\",\"from\":0,"
	static const struct {
		const char	*line;
		int		 ret;
		enum err_kind	 kind;
		const char	*text;
	} t[] = {
		{ M "\"uid\":1," H "}", 1, EK_NONE, NULL },
		{ M "\"uid\":1," H ",\"new\":{\"a\":[1]}}", 1, EK_NONE, NULL },
		{ M "\"uid\":1," H ",\"by\":null}", 1, EK_NONE, NULL },
		{ M "\"uid\":0," H "}", -1, EK_CORRUPT, "uid" },
		{ M "\"uid\":4294967296," H "}", -1, EK_CORRUPT, "uid" },
		{ M "\"uid\":null," H "}", -1, EK_CORRUPT, "uid" },
		{ M "\"uid\":1,\"uid\":2," H "}", -1, EK_CORRUPT, "JSON" },
		{ M "\"uid\":1," H "}x", -1, EK_CORRUPT, "JSON" },
		{ M "\"uid\":1," H, -1, EK_CORRUPT, "JSON" },
		{ M "\"uid\":1," H ",\"flags\":[7]}", -1, EK_CORRUPT, "flags" },
		{ M "\"uid\":1," H ",\"keywords\":[null]}", -1, EK_CORRUPT,
		    "keywords" },
		{ M "\"uid\":1," H ",\"labels\":[[]]}", -1, EK_CORRUPT,
		    "labels" },
		{ M "\"uid\":1," H ",\"by_raw\":\"zz\"}", 1, EK_NONE, NULL },
		{ M "\"uid\":1," H ",\"by\":\"\",\"by_raw\":\"zz\"}", -1,
		    EK_CORRUPT, "by_raw" },
		{ M "\"uid\":1," H ",\"by\":\"\",\"by_raw\":\"F0\"}", -1,
		    EK_CORRUPT, "by_raw" },
		{ M "\"uid\":1," H ",\"by\":\"\",\"by_raw\":\"f\"}", -1,
		    EK_CORRUPT, "by_raw" },
		{ M "\"uid\":1," H ",\"by\":\"\",\"by_raw\":\"00\"}", -1,
		    EK_CORRUPT, "by_raw" },
		{ M "\"uid\":1," H ",\"by\":\"\",\"by_raw\":7}", -1,
		    EK_CORRUPT, "by_raw" },
		{ M "\"uid\":1,\"sha256\":\"00\",\"size\":1}", -1, EK_CORRUPT,
		    "sha256" },
		{ M "\"uid\":1,\"sha256\":\"" SHA "0\",\"size\":1}", -1,
		    EK_CORRUPT, "sha256" },
		{ B "}", 1, EK_NONE, NULL },
		{ B ",\"form\":\"plain\"}", -1, EK_CORRUPT, "form" },
		{ B ",\"stored\":-1}", -1, EK_CORRUPT, "stored" },
		{ G "\"1:3,9\"}", 1, EK_NONE, NULL },
		{ G "\"\"}", -1, EK_CORRUPT, "uids" },
		{ G "\"0\"}", -1, EK_CORRUPT, "uids" },
		{ G "\"1:*\"}", -1, EK_CORRUPT, "uids" },
		{ G "\"4294967296\"}", -1, EK_CORRUPT, "uids" },
		{ G "\"1,\"}", -1, EK_CORRUPT, "uids" },
		{ F "\"namespace\":\"personal\"}", 1, EK_NONE, NULL },
		{ "{\"type\":\"folder\",\"folder\":0,\"name\":\"a\","
		    "\"namespace\":\"other\"}", -1, EK_CORRUPT, "folder" },
		{ "{\"type\":\"epoch\",\"folder\":1,\"epoch\":0}", -1,
		    EK_CORRUPT, "epoch" },
		{ "{\"type\":\"epoch\",\"folder\":1,\"epoch\":1,"
		    "\"uidvalidity\":4294967296}", -1, EK_CORRUPT,
		    "uidvalidity" },
		{ "{\"type\":\"epoch\",\"folder\":1,\"epoch\":1,"
		    "\"state\":{}}", -1, EK_CORRUPT, "exists" },
		{ F "\"namespace\":\"mine\"}", -1, EK_CORRUPT, "namespace" },
		{ F "\"namespace\":\"other\",\"delimiter\":\"\"}", -1,
		    EK_CORRUPT, "delimiter" },
		{ F "\"namespace\":\"other\",\"delimiter\":\"//\"}", -1,
		    EK_CORRUPT, "delimiter" },
		{ R "\"frames\":[[1,2]]}", 1, EK_NONE, NULL },
		{ R "\"frames\":[]}", -1, EK_CORRUPT, "frames" },
		{ R "\"frames\":{}}", -1, EK_CORRUPT, "frames" },
		{ R "\"frames\":[[1]]}", -1, EK_CORRUPT, "frames" },
		{ R "\"frames\":[[1,2,3]]}", -1, EK_CORRUPT, "frames" },
		{ R "\"frames\":[[1,\"2\"]]}", -1, EK_CORRUPT, "frames" },
		{ R "\"frames\":[[-1,2]]}", -1, EK_CORRUPT, "frames" },
		{ R "\"frames\":[1,2]}", -1, EK_CORRUPT, "frames" },
		{ "{\"type\":\"run-begin\",\"run\":1,\"verb\":\"v\","
		    "\"time\":\"2026-11-20T18:05:00+00:00\"}", -1, EK_CORRUPT,
		    "time" },
		{ "{\"type\":\"run-begin\",\"run\":1,\"verb\":\"v\","
		    "\"time\":\"2026-11-20 18:05:00Z\"}", -1, EK_CORRUPT,
		    "time" },
		{ "{\"type\":\"run-begin\",\"run\":1,\"verb\":\"v\","
		    "\"time\":\"2026-11-20\"}", -1, EK_CORRUPT, "time" },
		{ "{\"type\":\"run-begin\",\"run\":1,\"verb\":\"v\","
		    "\"time\":\"2026-02-30T00:00:00Z\"}", -1, EK_CORRUPT,
		    "time" },
		{ "{\"type\":\"run-begin\",\"run\":1,\"verb\":\"v\","
		    "\"time\":\"1969-12-31T23:59:59Z\"}", -1, EK_CORRUPT,
		    "time" },
		{ "{\"type\":\"checkpoint\"}", -1, EK_NOVAULT,
		    "checkpoint" },
		{ T "\"" PACK "\",\"reason\":\"\"}", 1, EK_NONE, NULL },
		{ T "\"x\",\"reason\":\"\"}", -1, EK_CORRUPT, "pack" },
		{ T "\"../" PACK "\",\"reason\":\"\"}", -1, EK_CORRUPT,
		    "pack" },
		{ T "\"" PACK "\"}", -1, EK_CORRUPT, "reason" },
		{ N "\"0123456789abcdef\"}", 1, EK_NONE, NULL },
		{ N "\"0123456789abcdef\",\"newline_added\":true}", 1,
		    EK_NONE, NULL },
		{ N "\"0123456789abcde\"}", -1, EK_CORRUPT, "blob" },
		{ N "\"0123456789abcdef0\"}", -1, EK_CORRUPT, "blob" },
		{ N "\"0123456789abcdeF\"}", -1, EK_CORRUPT, "blob" },
		{ N "\"0123456789abcdeg\"}", -1, EK_CORRUPT, "blob" },
		{ N "\"0123456789abcdef\",\"form\":\"plain\"}", -1,
		    EK_CORRUPT, "form" },
		{ "{\"type\":\"new\",\"optional\":true}", 0, EK_NONE, NULL },
		{ "{\"type\":\"new\",\"optional\":false}", -1, EK_NOVAULT,
		    "new" },
		{ "{\"type\":\"new\",\"optional\":1}", -1, EK_NOVAULT, "new" },
		{ "{\"type\":\"new\",\"optional\":\"true\"}", -1, EK_NOVAULT,
		    "new" },
		{ "{\"type\":\"end\",\"lines\":7}", -1, EK_CORRUPT, NULL },
		{ "{\"type\":\"\"}", -1, EK_NOVAULT, NULL },
		{ "{\"type\":7}", -1, EK_CORRUPT, "type" },
		{ "{}", -1, EK_CORRUPT, "type" },
		{ "[]", -1, EK_CORRUPT, "object" },
		{ "", -1, EK_CORRUPT, "JSON" },
		{ "null", -1, EK_CORRUPT, "JSON" },
	};
	struct manifest_parser *p = manifest_parser_new();
	struct record got;
	struct err e;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		r = manifest_parse(p, t[i].line, strlen(t[i].line), &got, &e);
		if (r != t[i].ret)
			fail_msg("%d for %s", r, t[i].line);
		if (r == -1) {
			if (e.kind != t[i].kind || (t[i].text != NULL &&
			    strstr(e.text, t[i].text) == NULL))
				fail_msg("%s: %s", t[i].line, e.text);
			assert_int_equal(e.next[0] != '\0',
			    e.kind == EK_NOVAULT);
		}
	}
	manifest_parser_free(&p);
}

static void
test_line_cut_anywhere_is_refused(void **state)
{
	struct manifest_parser *p = manifest_parser_new();
	struct record rec, got;
	const char *line;
	size_t i, n;
	struct err e;

	(void)state;
	for (i = 0; sample(i, &rec, &line) == 0; i++)
		for (n = 0; n < strlen(line); n++) {
			char *cut = malloc(n == 0 ? 1 : n);

			/* Of exactly this size, so that ASan sees who reads on. */
			assert_non_null(cut);
			memcpy(cut, line, n);
			assert_int_equal(manifest_parse(p, cut, n, &got, &e),
			    -1);
			assert_int_equal(e.kind, EK_CORRUPT);
			free(cut);
		}
	manifest_parser_free(&p);
}

static void
test_line_of_more_than_a_thousand_frames_is_refused(void **state)
{
	struct manifest_parser *p = manifest_parser_new();
	struct buf line = BUF_INIT(1 << 20);
	struct record got;
	size_t i, n;
	struct err e;

	(void)state;
	for (n = 999; n <= 1001; n++) {
		buf_clear(&line);
		buf_adds(&line, R "\"frames\":[[1,2]");
		for (i = 1; i < n; i++)
			buf_adds(&line, ",[1,2]");
		buf_adds(&line, "]}");
		assert_int_equal(manifest_parse(p, line.p, line.n, &got, &e),
		    n <= 1000 ? 1 : -1);
	}
	assert_int_equal(e.kind, EK_CORRUPT);
	buf_release(&line);
	manifest_parser_free(&p);
}

static void
test_line_of_more_than_60000_bytes_of_uids_is_refused(void **state)
{
	struct manifest_parser *p = manifest_parser_new();
	struct record got;
	size_t n;
	struct err e;

	(void)state;
	for (n = 59999; n <= 60001; n++) {
		/* "1,1,1,..." and a last number that makes up the length. */
		struct buf line = BUF_INIT(1 << 20);

		buf_adds(&line, G "\"");
		while (line.n < strlen(G "\"") + n - 3)
			buf_adds(&line, "1,");
		while (line.n < strlen(G "\"") + n)
			buf_adds(&line, "7");
		buf_adds(&line, "\"}");
		assert_int_equal(manifest_parse(p, line.p, line.n, &got, &e),
		    n <= 60000 ? 1 : -1);
		buf_release(&line);
	}
	assert_int_equal(e.kind, EK_CORRUPT);
	manifest_parser_free(&p);
}

static void
test_line_leaves_nothing_behind_for_the_next(void **state)
{
	static const char *const before[] = {
		G "\"5:9\"}",
		M "\"uid\":1," H ",\"flags\":[\"\\\\Seen\"],"
		    "\"keywords\":[\"old\"],\"labels\":[\"old\"],"
		    "\"by\":\"\",\"by_raw\":\"ff\"}",
		M "\"uid\":1," H ",\"flags\":[\"\\\\Seen\",7]}",
		"{\"type\":",
	};
	static const char next[] = "{\"type\":\"flags\",\"folder\":1,"
	    "\"epoch\":1,\"uids\":\"3\",\"flags\":[],"
	    "\"keywords\":[\"new\"],\"labels\":[\"new\"]}";
	struct manifest_parser *p = manifest_parser_new();
	struct record got;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(before); i++) {
		manifest_parse(p, before[i], strlen(before[i]), &got, &e);
		assert_int_equal(manifest_parse(p, next, strlen(next), &got,
		    &e), 1);
		assert_int_equal(got.u.flags.uids->n, 1);
		assert_int_equal(got.u.flags.uids->r[0].first, 3);
		assert_int_equal(got.u.flags.uids->r[0].last, 3);
		assert_string_equal(got.u.flags.flags, "new");
		assert_string_equal(got.u.flags.labels, "new");
	}
	manifest_parser_free(&p);
}

/* Flags that another program wrote in its own order are put into ours. */
static void
test_line_flags_in_any_order_are_read_as_canonical(void **state)
{
	static const char line[] = M "\"uid\":1," H ","
	    "\"flags\":[\"\\\\Seen\",\"\\\\answered\",\"\\\\Recent\"],"
	    "\"keywords\":[\"b\",\"a\",\"b\"],\"labels\":[\"y\",\"x\",\"y\"]}";
	struct manifest_parser *p = manifest_parser_new();
	struct record got;
	struct err e;

	(void)state;
	assert_int_equal(manifest_parse(p, line, strlen(line), &got, &e), 1);
	assert_string_equal(got.u.message.flags, "\\Answered \\Seen a b");
	assert_string_equal(got.u.message.labels, "x\ny");
	manifest_parser_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_of_each_kind_has_exactly_the_text_documented),
		cmocka_unit_test(test_line_of_each_kind_comes_back),
		cmocka_unit_test(test_line_of_a_note_tells_what_its_message_and_place_tell),
		cmocka_unit_test(test_line_of_a_note_is_no_record_of_a_manifest),
		cmocka_unit_test(test_line_of_frames_stands_behind_its_pack_and_comes_back),
		cmocka_unit_test(test_line_numbers_at_their_limits_come_back),
		cmocka_unit_test(test_line_hostile_text_comes_back),
		cmocka_unit_test(test_line_undecodable_folder_names_come_back),
		cmocka_unit_test(test_line_every_delimiter_comes_back),
		cmocka_unit_test(test_line_every_byte_in_flags_and_labels_comes_back),
		cmocka_unit_test(test_line_as_many_flags_and_labels_as_may_be_come_back),
		cmocka_unit_test(
		    test_line_long_set_of_uids_is_split_and_adds_up),
		cmocka_unit_test(
	    test_line_long_intent_is_split_and_each_line_says_all_the_rest),
		cmocka_unit_test(test_line_frames_are_split_at_a_thousand_and_get_their_offsets),
		cmocka_unit_test(test_line_numbers_beyond_their_limits_are_not_written),
		cmocka_unit_test(test_line_flags_and_labels_beyond_their_limits_are_not_written),
		cmocka_unit_test(test_line_pack_names_of_another_form_are_neither_written_nor_read),
		cmocka_unit_test(test_line_without_a_required_key_is_refused),
		cmocka_unit_test(test_line_value_of_another_type_is_refused),
		cmocka_unit_test(test_line_that_no_writer_makes_is_refused),
		cmocka_unit_test(test_line_cut_anywhere_is_refused),
		cmocka_unit_test(test_line_of_more_than_a_thousand_frames_is_refused),
		cmocka_unit_test(test_line_of_more_than_60000_bytes_of_uids_is_refused),
		cmocka_unit_test(test_line_leaves_nothing_behind_for_the_next),
		cmocka_unit_test(test_line_flags_in_any_order_are_read_as_canonical),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
