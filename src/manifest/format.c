/*
 * format.c - records as lines of JSON.  The order of keys is the format's,
 * values are checked by the rules that parse.c goes by, and text that is not
 * UTF-8 is kept in hex beside what can be shown of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "mail/flags.h"
#include "mail/mail.h"
#include "mail/name.h"
#include "manifest/line.h"
#include "manifest/manifest.h"

/* A line in the making. */
struct line {
	struct json_out	 j;
	const char	*bad;	/* the first key whose value no line can hold */
};

static void
refuse(struct line *l, const char *key)
{
	if (l->bad == NULL)
		l->bad = key;
}

static void
put_range(struct line *l, const char *key, uint64_t v, uint64_t min,
    uint64_t max)
{
	if (v < min || v > max)
		refuse(l, key);
	json_u64(&l->j, key, v);
}

/* An amount: from 0. */
static void
put_count(struct line *l, const char *key, uint64_t v)
{
	put_range(l, key, v, 0, RULE_NUMBER_MAX);
}

/* The number of a commit, folder or epoch: from 1. */
static void
put_number(struct line *l, const char *key, uint64_t v)
{
	put_range(l, key, v, 1, RULE_NUMBER_MAX);
}

/* An amount that is left out where it is 0. */
static void
put_known(struct line *l, const char *key, uint64_t v)
{
	if (v != 0)
		put_count(l, key, v);
}

static void
put_true(struct line *l, const char *key, bool v)
{
	if (v)
		json_bool(&l->j, key, true);
}

static void
put_digest(struct line *l, const char *key, const struct digest *d)
{
	char hex[DIGEST_HEX];

	json_strn(&l->j, key, digest_hex(d, hex), DIGEST_HEX - 1);
}

static void
put_time(struct line *l, const char *key, int64_t t)
{
	char text[TEXT_MAX];

	if (t < 0 || (uint64_t)t > RULE_TIME_MAX)
		refuse(l, key);
	json_str(&l->j, key, text_rfc3339(text, t));
}

static void
put_hex(struct line *l, const char *key, const char *s, size_t n)
{
	static const char digit[] = "0123456789abcdef";
	char *hex = xmalloc(2 * n + 1);
	size_t i;

	for (i = 0; i < n; i++) {
		hex[2 * i] = digit[(unsigned char)s[i] >> 4];
		hex[2 * i + 1] = digit[(unsigned char)s[i] & 15];
	}
	json_strn(&l->j, key, hex, 2 * n);
	free(hex);
}

/* Bytes that JSON can't say are given again as "<key>_raw". */
static void
put_raw(struct line *l, const char *key, const char *s, size_t n)
{
	char raw[32];
	unsigned char high = 0;
	size_t i;

	/* Nearly all text is ASCII, and there is a lot of it. */
	for (i = 0; i < n; i++)
		high |= (unsigned char)s[i];
	if (high < 0x80 || utf8_valid(s, n))
		return;
	snprintf(raw, sizeof(raw), "%s_raw", key);
	put_hex(l, raw, s, n);
}

static void
put_textn(struct line *l, const char *key, const char *s, size_t n)
{
	json_strn(&l->j, key, s, n);
	put_raw(l, key, s, n);
}

/* Text that must be there; put_maybe(): NULL is left out. */
static void
put_text(struct line *l, const char *key, const char *s)
{
	if (s == NULL)
		refuse(l, key);
	else
		put_textn(l, key, s, strlen(s));
}

static void
put_maybe(struct line *l, const char *key, const char *s)
{
	if (s != NULL)
		put_text(l, key, s);
}

static void
put_pack_name(struct line *l, const char *s)
{
	if (s == NULL || !rule_pack(s))
		refuse(l, "pack");
	else
		json_str(&l->j, "pack", s);
}

/*
 * The flags at ${*s} that begin with a backslash, or those that don't, as a
 * list.
 */
static void
put_flag_list(struct line *l, const char *key, const char **s, bool system,
    size_t *count)
{
	const char *next = *s, *flag;
	size_t n;

	json_open(&l->j, key, '[');
	while ((flag = flags_next(&next, &n)) != NULL &&
	    (flag[0] == '\\') == system) {
		json_strn(&l->j, NULL, flag, n);
		*s = next;
		++*count;
	}
	json_close(&l->j, ']');
}

/*
 * Whether a canonical text of flags has a flag left of the one or the other
 * sort.
 */
static bool
flags_left(const char *s, bool system)
{
	const char *flag;
	size_t n;

	return (flag = flags_next(&s, &n)) != NULL &&
	    (flag[0] == '\\') == system;
}

/*
 * Canonical flags as two lists; those that are empty are left out but where
 * ${always}.
 */
static void
put_flags(struct line *l, const char *text, bool always)
{
	const char *rest = text;
	size_t count = 0;

	if (text == NULL || strlen(text) > FLAGS_MAX_TEXT) {
		refuse(l, "flags");
		return;
	}
	if (always || flags_left(rest, true))
		put_flag_list(l, "flags", &rest, true, &count);
	if (always || flags_left(rest, false))
		put_flag_list(l, "keywords", &rest, false, &count);
	if (flags_left(rest, true) || count > FLAGS_MAX_COUNT)
		refuse(l, "flags");	/* not canonical */
	put_raw(l, "flags", text, strlen(text));
}

/* Canonical labels; NULL is left out. */
static void
put_labels(struct line *l, const char *text)
{
	const char *s = text;
	size_t n;

	if (text == NULL)
		return;
	if (strlen(text) > FLAGS_MAX_TEXT) {
		refuse(l, "labels");
		return;
	}
	json_open(&l->j, "labels", '[');
	while (*s != '\0') {
		n = strcspn(s, "\n");
		json_strn(&l->j, NULL, s, n);
		s += n;
		if (*s == '\n')
			s++;
	}
	json_close(&l->j, ']');
	put_raw(l, "labels", text, strlen(text));
}

static void
put_attributes(struct line *l, const char *text)
{
	const char *rest = text, *flag;
	size_t n, count = 0;

	if (text == NULL || strlen(text) > FLAGS_MAX_TEXT) {
		refuse(l, "attributes");
		return;
	}
	if (*text == '\0')
		return;
	json_open(&l->j, "attributes", '[');
	while ((flag = flags_next(&rest, &n)) != NULL) {
		json_strn(&l->j, NULL, flag, n);
		count++;
	}
	json_close(&l->j, ']');
	if (count > FLAGS_MAX_COUNT)
		refuse(l, "attributes");
	put_raw(l, "attributes", text, strlen(text));
}

/* The epoch of a folder that a record is about. */
static void
put_where(struct line *l, uint64_t folder, uint64_t epoch)
{
	put_number(l, "folder", folder);
	put_number(l, "epoch", epoch);
}

/* UIDs from range ${*at} on, as many as a line takes. */
static void
put_uids(struct line *l, const struct uidset *set, size_t *at)
{
	struct buf text = BUF_INIT(LINE_UIDS);
	size_t next = 0;

	if (set == NULL || uidset_empty(set))
		refuse(l, "uids");
	else
		next = uidset_format(set, *at, LINE_UIDS, &text);
	json_strn(&l->j, "uids", buf_text(&text), text.n);
	*at = set == NULL || next >= set->n ? 0 : next;
	buf_release(&text);
}

static void
put_run_begin(struct line *l, const struct record *rec, size_t *at)
{
	const struct rec_run_begin *r = &rec->u.run_begin;

	(void)at;
	put_number(l, "run", r->run);
	put_text(l, "verb", r->verb);
	put_time(l, "time", r->time);
}

static void
put_run_end(struct line *l, const struct record *rec, size_t *at)
{
	const struct rec_run_end *r = &rec->u.run_end;
	const struct run_counts *c = &r->counts;

	(void)at;
	put_number(l, "run", r->run);
	put_time(l, "time", r->time);
	put_text(l, "result", r->result);
	put_range(l, "status", (uint64_t)r->status, 0, 255);
	put_maybe(l, "error", r->error);
	put_count(l, "folders", c->folders);
	put_count(l, "listed", c->listed);
	put_count(l, "fetched", c->fetched);
	put_count(l, "fetched_bytes", c->fetched_bytes);
	put_count(l, "added", c->added);
	put_count(l, "added_bytes", c->added_bytes);
	put_count(l, "flags", c->flags);
	put_count(l, "gone", c->gone);
	put_count(l, "missing", c->missing);
	put_count(l, "failed", c->failed);
	put_count(l, "stored_bytes", c->stored_bytes);
}

static void
put_server(struct line *l, const struct record *rec, size_t *at)
{
	(void)at;
	put_text(l, "capability", rec->u.server.capability);
	put_maybe(l, "id", rec->u.server.id);
}

static void
put_name(struct line *l, const char *name)
{
	const char *wire;

	if (name == NULL) {
		refuse(l, "name");
	} else if ((wire = name_undecodable(name)) != NULL) {
		json_str(&l->j, "name", name_shown(name));
		put_hex(l, "raw", wire, strlen(wire));
	} else
		put_text(l, "name", name);
}

static void
put_folder(struct line *l, const struct record *rec, size_t *at)
{
	const struct rec_folder *r = &rec->u.folder;

	(void)at;
	put_number(l, "folder", r->folder);
	put_name(l, r->name);
	if (r->delimiter != '\0')
		put_textn(l, "delimiter", &r->delimiter, 1);
	put_attributes(l, r->attributes);
	if (r->attributes != NULL && mail_special_use(r->attributes) != NULL)
		json_str(&l->j, "special_use", mail_special_use(r->attributes));
	put_maybe(l, "mailboxid", r->mailboxid);
	json_str(&l->j, "namespace", rule_space[r->space]);
	if (!r->selectable)
		json_bool(&l->j, "selectable", false);
	put_true(l, "subscribed", r->subscribed);
	put_true(l, "gone", r->gone);
}

static void
put_epoch(struct line *l, const struct record *rec, size_t *at)
{
	const struct rec_epoch *r = &rec->u.epoch;

	(void)at;
	put_number(l, "epoch", r->epoch);
	put_number(l, "folder", r->folder);
	if (r->uidvalidity != 0)
		put_range(l, "uidvalidity", r->uidvalidity, 1, UINT32_MAX);
	if (!r->has_state)
		return;
	json_open(&l->j, "state", '{');
	put_known(l, "uidnext", r->uidnext);
	put_known(l, "highestmodseq", r->highestmodseq);
	put_count(l, "exists", r->exists);
	put_true(l, "complete", r->complete);
	put_true(l, "full", r->full);
	json_close(&l->j, '}');
}

static void
put_blob(struct line *l, const struct record *rec, size_t *at)
{
	const struct rec_blob *r = &rec->u.blob;
	const struct place *p = &r->place;

	(void)at;
	put_digest(l, "sha256", &r->sha256);
	put_count(l, "size", r->size);
	put_pack_name(l, p->pack);
	put_count(l, "frame", p->frame);
	put_count(l, "offset", p->offset);
	if (p->stored != r->size)
		put_count(l, "stored", p->stored);
	if (rule_form[p->form] != NULL)
		json_str(&l->j, "form", rule_form[p->form]);
	put_true(l, "newline_added", p->newline_added);
}

static void
put_message(struct line *l, const struct record *rec, size_t *at)
{
	const struct rec_message *r = &rec->u.message;

	(void)at;
	put_where(l, r->folder, r->epoch);
	put_range(l, "uid", r->uid, 1, UID_MAX);
	put_digest(l, "sha256", &r->sha256);
	put_count(l, "size", r->size);
	put_maybe(l, "internaldate", r->internaldate);
	if (r->has_date)
		json_i64(&l->j, "date", r->date);
	put_flags(l, r->flags, false);
	put_labels(l, r->labels);
	put_maybe(l, "emailid", r->emailid);
	put_maybe(l, "threadid", r->threadid);
	put_maybe(l, "by", r->by);
}

static void
put_new_flags(struct line *l, const struct record *rec, size_t *at)
{
	const struct rec_flags *r = &rec->u.flags;

	put_where(l, r->folder, r->epoch);
	put_uids(l, r->uids, at);
	put_flags(l, r->flags, true);
	put_labels(l, r->labels);
}

static void
put_gone(struct line *l, const struct record *rec, size_t *at)
{
	const struct rec_gone *r = &rec->u.gone;

	put_where(l, r->folder, r->epoch);
	put_uids(l, r->uids, at);
}

static void
put_missing(struct line *l, const struct record *rec, size_t *at)
{
	const struct rec_missing *r = &rec->u.missing;

	put_where(l, r->folder, r->epoch);
	put_uids(l, r->uids, at);
	put_text(l, "reason", r->reason);
}

static void
put_pack(struct line *l, const struct record *rec, size_t *at)
{
	const struct rec_pack *r = &rec->u.pack;
	bool mbox = r->container == CONTAINER_MBOX;

	(void)at;
	put_pack_name(l, r->pack);
	put_count(l, "size", r->size);
	put_digest(l, "sha256", &r->sha256);
	put_count(l, "raw", r->raw);
	put_count(l, "frames", r->frames);
	put_count(l, "tail", r->tail);
	json_str(&l->j, "container", mbox ? "mbox" : "tar");
	if (r->pack != NULL && rule_container(r->pack) != r->container)
		refuse(l, "container");
	if (mbox)
		put_number(l, "folder", r->folder);
}

static void
put_frames(struct line *l, const struct record *rec, size_t *at)
{
	const struct rec_frames *r = &rec->u.frames;
	size_t i, end;

	end = r->n - *at > LINE_FRAMES ? *at + LINE_FRAMES : r->n;
	if (r->n == 0)
		refuse(l, "frames");
	put_pack_name(l, r->pack);
	put_count(l, "from", r->from + *at);
	json_open(&l->j, "frames", '[');
	for (i = *at; i < end; i++) {
		const struct frame *f = &r->frames[i];

		if (f->size > RULE_NUMBER_MAX || f->raw > RULE_NUMBER_MAX)
			refuse(l, "frames");
		json_open(&l->j, NULL, '[');
		json_u64(&l->j, NULL, f->size);
		json_u64(&l->j, NULL, f->raw);
		json_close(&l->j, ']');
	}
	json_close(&l->j, ']');
	*at = end == r->n ? 0 : end;
}

static void
put_retire(struct line *l, const struct record *rec, size_t *at)
{
	(void)at;
	put_pack_name(l, rec->u.retire.pack);
	put_text(l, "reason", rec->u.retire.why);
}

static void
put_prune_intent(struct line *l, const struct record *rec, size_t *at)
{
	const struct rec_prune_intent *r = &rec->u.prune_intent;

	put_where(l, r->folder, r->epoch);
	put_uids(l, r->uids, at);
	put_true(l, "marked", r->marked);
	put_true(l, "move", r->move);
}

static void
put_pruned(struct line *l, const struct record *rec, size_t *at)
{
	const struct rec_pruned *r = &rec->u.pruned;

	put_where(l, r->folder, r->epoch);
	put_number(l, "run", r->run);
	put_uids(l, r->uids, at);
}

static void
put_prune_kept(struct line *l, const struct record *rec, size_t *at)
{
	const struct rec_prune_kept *r = &rec->u.prune_kept;

	put_where(l, r->folder, r->epoch);
	put_uids(l, r->uids, at);
}

static void
put_note(struct line *l, const struct record *rec, size_t *at)
{
	const struct rec_note *r = &rec->u.note;

	(void)at;
	put_where(l, r->folder, r->epoch);
	put_range(l, "uid", r->uid, 1, UID_MAX);
	put_hex(l, "blob", (const char *)r->prefix, NOTE_PREFIX);
	if (r->has_date)
		json_i64(&l->j, "date", r->date);
	put_flags(l, r->flags, false);
	put_labels(l, r->labels);
	if (!r->stored)
		return;
	if (rule_form[r->form] == NULL)
		refuse(l, "form");
	else
		json_str(&l->j, "form", rule_form[r->form]);
	put_true(l, "newline_added", r->newline_added);
}

static void (*const put[REC_KINDS])(struct line *, const struct record *,
    size_t *) = {
	[REC_RUN_BEGIN] = put_run_begin,
	[REC_RUN_END] = put_run_end,
	[REC_SERVER] = put_server,
	[REC_FOLDER] = put_folder,
	[REC_EPOCH] = put_epoch,
	[REC_BLOB] = put_blob,
	[REC_MESSAGE] = put_message,
	[REC_FLAGS] = put_new_flags,
	[REC_GONE] = put_gone,
	[REC_MISSING] = put_missing,
	[REC_PACK] = put_pack,
	[REC_FRAMES] = put_frames,
	[REC_RETIRE] = put_retire,
	[REC_PRUNE_INTENT] = put_prune_intent,
	[REC_PRUNED] = put_pruned,
	[REC_PRUNE_KEPT] = put_prune_kept,
	[REC_NOTE] = put_note,
};

static void
begin(struct line *l, struct buf *b, const char *type)
{
	json_begin(&l->j, b);
	l->bad = NULL;
	json_open(&l->j, NULL, '{');
	json_str(&l->j, "type", type);
}

/* ${start} is where the line begins in the buf. */
static int
end(struct line *l, size_t start, const char *type, struct err *e)
{
	json_close(&l->j, '}');
	if (l->bad != NULL)
		return err_set(e, EK_FAIL,
		    "a %s record can't be written: its %s is out of range",
		    type, l->bad);
	if (json_end(&l->j) == -1 || buf_addc(l->j.b, '\n') == -1 ||
	    l->j.b->n - start > MANIFEST_LINE_MAX)
		return err_set(e, EK_FAIL, "a %s record is larger than %d bytes",
		    type, MANIFEST_LINE_MAX);
	return 0;
}

int
format_head(struct buf *b, const struct rec_head *head, struct err *e)
{
	struct line l;
	size_t start = b->n;

	begin(&l, b, "manifest");
	json_u64(&l.j, "v", LINE_VERSION);
	if (head->vault == NULL || !rule_vault(head->vault))
		refuse(&l, "vault");
	else
		json_str(&l.j, "vault", head->vault);
	put_number(&l, "commit", head->commit);
	if (head->commit > 1)
		put_digest(&l, "prev", &head->prev);
	put_time(&l, "time", head->time);
	put_range(&l, "run", head->run, 1, head->commit);
	put_text(&l, "program", head->program);
	return end(&l, start, "manifest", e);
}

int
format_record(struct buf *b, const struct record *rec, size_t *at,
    struct err *e)
{
	struct line l;
	size_t start = b->n;

	begin(&l, b, rule_type[rec->kind]);
	put[rec->kind](&l, rec, at);
	return end(&l, start, rule_type[rec->kind], e);
}

int
format_end(struct buf *b, uint64_t lines, struct err *e)
{
	struct line l;
	size_t start = b->n;

	begin(&l, b, "end");
	put_number(&l, "lines", lines);
	return end(&l, start, "end", e);
}

int
manifest_note(const struct rec_message *r, const struct place *p,
    struct buf *b, struct err *e)
{
	struct record rec = { .kind = REC_NOTE };
	struct rec_note *n = &rec.u.note;

	*n = (struct rec_note){ .folder = r->folder, .epoch = r->epoch,
	    .uid = r->uid, .date = r->date, .has_date = r->has_date,
	    .flags = r->flags, .labels = r->labels };
	memcpy(n->prefix, r->sha256.b, NOTE_PREFIX);
	if (p != NULL && rule_form[p->form] != NULL) {
		n->stored = true;
		n->form = p->form;
		n->newline_added = p->newline_added;
	}
	return manifest_text(&rec, b, e);
}

int
manifest_text(const struct record *rec, struct buf *b, struct err *e)
{
	size_t start = b->n, at = 0;

	do {
		if (format_record(b, rec, &at, e) == -1) {
			b->n = start;
			if (b->p != NULL)
				b->p[start] = '\0';
			return -1;
		}
	} while (at != 0);
	return 0;
}
