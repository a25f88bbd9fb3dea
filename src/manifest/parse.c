/*
 * parse.c - lines of JSON as records.  Believes nothing: types, ranges and names
 * are checked here, once, so that no other room needs to.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "mail/flags.h"
#include "manifest/line.h"
#include "manifest/manifest.h"

/*
 * A line being taken apart: the first thing that is wrong is kept, what comes
 * after it does nothing.
 */
struct in {
	const struct json	*o;
	struct parsed		*p;
	const char		*type;
	struct err		*e;
	bool			 failed;
};

void
parse_init(struct parsed *p)
{
	memset(p, 0, sizeof(*p));
	buf_init(&p->words, FLAGS_MAX_TEXT + 1);
	buf_init(&p->flags, FLAGS_MAX_TEXT);
	buf_init(&p->labels, FLAGS_MAX_TEXT);
}

void
parse_release(struct parsed *p)
{
	json_free(&p->doc);
	free(p->bytes);
	free(p->frames);
	buf_release(&p->words);
	buf_release(&p->flags);
	buf_release(&p->labels);
	uidset_release(&p->uids);
}

static void
fail(struct in *in, const char *key, const char *why)
{
	if (in->failed)
		return;
	in->failed = true;
	err_set(in->e, EK_CORRUPT, "%s: %s %s", in->type, key, why);
}

/* Look at what a getter returned: true where there is a value. */
static bool
found(struct in *in, const char *key, int got, bool needed)
{
	if (got == -1)
		fail(in, key, "is of another type or out of range");
	else if (got == 0 && needed)
		fail(in, key, "is missing");
	return got == 1 && !in->failed;
}

static uint64_t
range(struct in *in, const char *key, bool needed, uint64_t min, uint64_t max)
{
	uint64_t v = 0;

	if (!found(in, key, json_get_u64(in->o, key, &v), needed))
		return 0;
	if (v < min || v > max) {
		fail(in, key, "is out of range");
		return 0;
	}
	return v;
}

static uint64_t
count(struct in *in, const char *key)
{
	return range(in, key, true, 0, RULE_NUMBER_MAX);
}

static uint64_t
number(struct in *in, const char *key)
{
	return range(in, key, true, 1, RULE_NUMBER_MAX);
}

/* An amount that is 0 where it is not there. */
static uint64_t
known(struct in *in, const char *key)
{
	return range(in, key, false, 0, RULE_NUMBER_MAX);
}

static bool
boolean(struct in *in, const char *key, bool otherwise)
{
	bool v;

	return found(in, key, json_get_bool(in->o, key, &v), false) ?
	    v : otherwise;
}

static const char *
plain(struct in *in, const char *key, bool needed)
{
	const char *s;

	return found(in, key, json_get_str(in->o, key, &s), needed) ? s : NULL;
}

static void
digest(struct in *in, const char *key, struct digest *out)
{
	const char *s = plain(in, key, true);

	if (s != NULL && digest_parse(s, out) == -1)
		fail(in, key, "is not a SHA-256");
}

static int64_t
instant(struct in *in, const char *key)
{
	const char *s = plain(in, key, true);
	char text[TEXT_MAX];
	int64_t t, next;
	struct err e;

	if (s == NULL)
		return 0;
	/* One spelling only: written anew it must be the same. */
	if (text_parse_date(s, &t, &next, &e) == -1 || t < 0 ||
	    strcmp(text_rfc3339(text, t), s) != 0) {
		fail(in, key, "is not a time");
		return 0;
	}
	return t;
}

/*
 * Bytes from hex digits with ${first} before them, where that is not NUL, as a
 * string in p->bytes.  There is room for as many bytes as the line has, and with
 * its key each string takes more in the line than here.
 */
static const char *
bytes(struct in *in, const char *key, const char *hex, char first)
{
	struct parsed *p = in->p;
	char *start, *to;

	if (p->bytes == NULL)
		p->bytes = xmalloc(p->line_n);
	start = to = p->bytes + p->bytes_n;
	if (first != '\0')
		*to++ = first;
	for (; *hex != '\0'; hex += 2) {
		int byte = text_hex(hex);

		if (byte <= 0) {
			fail(in, key, "is not text in hex digits");
			return NULL;
		}
		*to++ = (char)byte;
	}
	*to++ = '\0';
	p->bytes_n += (size_t)(to - start);
	return start;
}

/* What "<key>_raw" holds, or NULL. */
static const char *
raw(struct in *in, const char *key)
{
	char name[32];
	const char *hex;

	snprintf(name, sizeof(name), "%s_raw", key);
	if ((hex = plain(in, name, false)) == NULL)
		return NULL;
	return bytes(in, name, hex, '\0');
}

static const char *
text(struct in *in, const char *key, bool needed)
{
	const char *s, *exact;

	if ((s = plain(in, key, needed)) == NULL)
		return NULL;
	return (exact = raw(in, key)) != NULL ? exact : s;
}

static const char *
pack_name(struct in *in)
{
	const char *s = plain(in, "pack", true);

	if (s != NULL && !rule_pack(s)) {
		fail(in, "pack", "is not a pack's name");
		return NULL;
	}
	return s;
}

/*
 * One of ${n} words; where the key is not there, the first, which is NULL if
 * that may be.
 */
static unsigned int
word(struct in *in, const char *key, const char *const *words, unsigned int n)
{
	const char *s = plain(in, key, words[0] != NULL);
	unsigned int i;

	if (s == NULL)
		return 0;
	for (i = 0; i < n; i++)
		if (words[i] != NULL && strcmp(s, words[i]) == 0)
			return i;
	fail(in, key, "is an unknown word");
	return 0;
}

/*
 * Add the strings of a list to p->words, each with a blank before it; nothing
 * where the key is not there.
 */
static void
join(struct in *in, const char *key, bool needed)
{
	const struct json *list = json_get(in->o, key);
	struct buf *b = &in->p->words;
	const char *s;
	size_t i;

	if (list == NULL && needed)
		fail(in, key, "is missing");
	for (i = 0; i < json_count(list) && !in->failed; i++) {
		if ((s = json_text(json_item(list, i))) == NULL)
			fail(in, key, "holds something that is not text");
		else if (buf_addc(b, ' ') == -1 || buf_adds(b, s) == -1)
			fail(in, key, "is too long");
	}
}

/*
 * The words joined, or ${exact} where there is such a text, as canonical flags.
 */
static const char *
canonical(struct in *in, const char *key, const char *exact)
{
	struct buf *b = &in->p->words;
	const char *s = exact;

	if (s == NULL)
		s = b->n == 0 ? "" : buf_text(b) + 1;
	if (!in->failed && flags_canon(s, strlen(s), &in->p->flags) == -1)
		fail(in, key, "has too many or too long ones");
	return buf_text(&in->p->flags);
}

static const char *
flags(struct in *in, bool needed)
{
	const char *exact = raw(in, "flags");

	if (exact == NULL) {
		join(in, "flags", needed);
		join(in, "keywords", needed);
	}
	return canonical(in, "flags", exact);
}

static const char *
attributes(struct in *in)
{
	const char *exact = raw(in, "attributes");

	if (exact == NULL)
		join(in, "attributes", false);
	return canonical(in, "attributes", exact);
}

static void
add_label(struct in *in, const char *s, size_t n)
{
	if (labels_add(&in->p->labels, s, n) == -1)
		fail(in, "labels", "is too long");
}

static const char *
labels(struct in *in)
{
	const struct json *list = json_get(in->o, "labels");
	const char *s = raw(in, "labels");
	size_t i, n;

	if (list == NULL)
		return NULL;
	if (s != NULL) {
		for (; *s != '\0' && !in->failed; s += n + (s[n] != '\0')) {
			n = strcspn(s, "\n");
			add_label(in, s, n);
		}
		return buf_text(&in->p->labels);
	}
	for (i = 0; i < json_count(list) && !in->failed; i++) {
		if ((s = json_text(json_item(list, i))) == NULL)
			fail(in, "labels", "holds something that is not text");
		else
			add_label(in, s, strlen(s));
	}
	return buf_text(&in->p->labels);
}

static const struct uidset *
uids(struct in *in)
{
	const char *s = plain(in, "uids", true);

	if (s != NULL && (strlen(s) > LINE_UIDS ||
	    uidset_parse(s, strlen(s), LINE_UIDS, &in->p->uids) == -1))
		fail(in, "uids", "is not a set of UIDs, or too long a one");
	return &in->p->uids;
}

static void
get_run_begin(struct in *in, struct record *rec)
{
	struct rec_run_begin *r = &rec->u.run_begin;

	r->run = number(in, "run");
	r->verb = text(in, "verb", true);
	r->time = instant(in, "time");
}

static void
get_run_end(struct in *in, struct record *rec)
{
	struct rec_run_end *r = &rec->u.run_end;
	struct run_counts *c = &r->counts;

	r->run = number(in, "run");
	r->time = instant(in, "time");
	r->result = text(in, "result", true);
	r->status = (int)range(in, "status", true, 0, 255);
	r->error = text(in, "error", false);
	c->folders = count(in, "folders");
	c->listed = count(in, "listed");
	c->fetched = count(in, "fetched");
	c->fetched_bytes = count(in, "fetched_bytes");
	c->added = count(in, "added");
	c->added_bytes = count(in, "added_bytes");
	c->flags = count(in, "flags");
	c->gone = count(in, "gone");
	c->missing = count(in, "missing");
	c->failed = count(in, "failed");
	c->stored_bytes = count(in, "stored_bytes");
}

static void
get_server(struct in *in, struct record *rec)
{
	rec->u.server.capability = text(in, "capability", true);
	rec->u.server.id = text(in, "id", false);
}

static const char *
folder_name(struct in *in)
{
	const char *s = text(in, "name", true);
	const char *wire = plain(in, "raw", false);

	return wire == NULL ? s : bytes(in, "raw", wire, '\xff');
}

static char
delimiter(struct in *in)
{
	const char *s = text(in, "delimiter", false);

	if (s == NULL)
		return '\0';
	if (strlen(s) != 1)
		fail(in, "delimiter", "is not one character");
	return s[0];
}

static void
get_folder(struct in *in, struct record *rec)
{
	struct rec_folder *r = &rec->u.folder;

	r->folder = number(in, "folder");
	r->name = folder_name(in);
	r->delimiter = delimiter(in);
	r->attributes = attributes(in);
	r->mailboxid = text(in, "mailboxid", false);
	r->space = (enum mail_space)word(in, "namespace", rule_space,
	    RULE_SPACES);
	r->selectable = boolean(in, "selectable", true);
	r->subscribed = boolean(in, "subscribed", false);
	r->gone = boolean(in, "gone", false);
}

static void
get_epoch(struct in *in, struct record *rec)
{
	struct rec_epoch *r = &rec->u.epoch;
	const struct json *line = in->o, *state = json_get(line, "state");

	r->epoch = number(in, "epoch");
	r->folder = number(in, "folder");
	r->uidvalidity = range(in, "uidvalidity", false, 0, UINT32_MAX);
	if ((r->has_state = state != NULL)) {
		in->o = state;
		r->uidnext = known(in, "uidnext");
		r->highestmodseq = known(in, "highestmodseq");
		r->exists = count(in, "exists");
		r->complete = boolean(in, "complete", false);
		r->full = boolean(in, "full", false);
		in->o = line;
	}
}

static void
get_blob(struct in *in, struct record *rec)
{
	struct rec_blob *r = &rec->u.blob;
	struct place *p = &r->place;

	digest(in, "sha256", &r->sha256);
	r->size = count(in, "size");
	p->pack = pack_name(in);
	p->frame = count(in, "frame");
	p->offset = count(in, "offset");
	p->stored = json_get(in->o, "stored") == NULL ? r->size :
	    count(in, "stored");
	p->form = (enum blob_form)word(in, "form", rule_form, RULE_FORMS);
	p->newline_added = boolean(in, "newline_added", false);
}

/* The epoch of a folder that a record is about. */
static void
where(struct in *in, uint64_t *folder, uint64_t *epoch)
{
	*folder = number(in, "folder");
	*epoch = number(in, "epoch");
}

static void
get_message(struct in *in, struct record *rec)
{
	struct rec_message *r = &rec->u.message;

	where(in, &r->folder, &r->epoch);
	r->uid = (uint32_t)range(in, "uid", true, 1, UID_MAX);
	digest(in, "sha256", &r->sha256);
	r->size = count(in, "size");
	r->internaldate = text(in, "internaldate", false);
	r->has_date = found(in, "date", json_get_i64(in->o, "date", &r->date),
	    false);
	r->flags = flags(in, false);
	r->labels = labels(in);
	r->emailid = text(in, "emailid", false);
	r->threadid = text(in, "threadid", false);
	r->by = text(in, "by", false);
}

static void
get_flags(struct in *in, struct record *rec)
{
	struct rec_flags *r = &rec->u.flags;

	where(in, &r->folder, &r->epoch);
	r->uids = uids(in);
	r->flags = flags(in, true);
	r->labels = labels(in);
}

static void
get_gone(struct in *in, struct record *rec)
{
	struct rec_gone *r = &rec->u.gone;

	where(in, &r->folder, &r->epoch);
	r->uids = uids(in);
}

static void
get_missing(struct in *in, struct record *rec)
{
	struct rec_missing *r = &rec->u.missing;

	where(in, &r->folder, &r->epoch);
	r->uids = uids(in);
	r->reason = text(in, "reason", true);
}

static void
get_pack(struct in *in, struct record *rec)
{
	static const char *const container[] = { "tar", "mbox" };
	struct rec_pack *r = &rec->u.pack;

	r->pack = pack_name(in);
	r->size = count(in, "size");
	digest(in, "sha256", &r->sha256);
	r->raw = count(in, "raw");
	r->frames = count(in, "frames");
	r->tail = count(in, "tail");
	r->container = (enum container)word(in, "container", container, 2);
	if (r->pack != NULL && rule_container(r->pack) != r->container)
		fail(in, "container", "is not what the name says");
	if (r->container == CONTAINER_MBOX)
		r->folder = number(in, "folder");
}

static void
get_frames(struct in *in, struct record *rec)
{
	struct rec_frames *r = &rec->u.frames;
	const struct json *list = json_get(in->o, "frames"), *pair;
	struct frame *f;
	size_t i, n = json_count(list);

	r->pack = pack_name(in);
	r->from = count(in, "from");
	if (n == 0 || n > LINE_FRAMES) {
		fail(in, "frames", "is not a list of 1 to 1000 frames");
		return;
	}
	if (in->p->frames == NULL)
		in->p->frames = xcalloc(LINE_FRAMES, sizeof(*f));
	for (i = 0; i < n; i++) {
		pair = json_item(list, i);
		f = &in->p->frames[i];
		if (json_count(pair) != 2 ||
		    json_number(json_item(pair, 0), &f->size) == -1 ||
		    json_number(json_item(pair, 1), &f->raw) == -1)
			fail(in, "frames", "holds something other than "
			    "pairs of sizes");
	}
	r->frames = in->p->frames;
	r->n = n;
}

static void
get_retire(struct in *in, struct record *rec)
{
	rec->u.retire.pack = pack_name(in);
	rec->u.retire.why = text(in, "reason", true);
}

static void
get_prune_intent(struct in *in, struct record *rec)
{
	struct rec_prune_intent *r = &rec->u.prune_intent;

	where(in, &r->folder, &r->epoch);
	r->uids = uids(in);
	r->marked = boolean(in, "marked", false);
	r->move = boolean(in, "move", false);
}

static void
get_pruned(struct in *in, struct record *rec)
{
	struct rec_pruned *r = &rec->u.pruned;

	where(in, &r->folder, &r->epoch);
	r->run = number(in, "run");
	r->uids = uids(in);
}

static void
get_prune_kept(struct in *in, struct record *rec)
{
	struct rec_prune_kept *r = &rec->u.prune_kept;

	where(in, &r->folder, &r->epoch);
	r->uids = uids(in);
}

/* The first bytes of a SHA-256. */
static void
prefix(struct in *in, const char *key, uint8_t out[NOTE_PREFIX])
{
	const char *s = plain(in, key, true);
	size_t i;

	if (s == NULL)
		return;
	if (strlen(s) != 2 * (size_t)NOTE_PREFIX ||
	    strspn(s, "0123456789abcdef") != 2 * (size_t)NOTE_PREFIX) {
		fail(in, key, "is not the first 16 digits of a SHA-256");
		return;
	}
	for (i = 0; i < NOTE_PREFIX; i++)
		out[i] = (uint8_t)text_hex(s + 2 * i);
}

static void
get_note(struct in *in, struct record *rec)
{
	struct rec_note *r = &rec->u.note;

	where(in, &r->folder, &r->epoch);
	r->uid = (uint32_t)range(in, "uid", true, 1, UID_MAX);
	prefix(in, "blob", r->prefix);
	r->has_date = found(in, "date", json_get_i64(in->o, "date", &r->date),
	    false);
	r->flags = flags(in, false);
	r->labels = labels(in);
	r->form = (enum blob_form)word(in, "form", rule_form, RULE_FORMS);
	r->stored = r->form != BLOB_PLAIN;
	r->newline_added = boolean(in, "newline_added", false) && r->stored;
}

static void
get_head(struct in *in, struct rec_head *h)
{
	uint64_t v = range(in, "v", true, 1, RULE_NUMBER_MAX);

	if (v > LINE_VERSION && !in->failed) {
		in->failed = true;
		err_set(in->e, EK_NOVAULT, "it has version %" PRIu64
		    " of the format: a newer mailkeep made it", v);
		err_next(in->e, "use a newer version of mailkeep");
		return;
	}
	h->vault = plain(in, "vault", true);
	if (h->vault != NULL && !rule_vault(h->vault))
		fail(in, "vault", "is not a vault's id");
	h->commit = number(in, "commit");
	if (h->commit > 1)
		digest(in, "prev", &h->prev);
	else if (json_get(in->o, "prev") != NULL)
		fail(in, "prev", "can't be in the first commit");
	h->time = instant(in, "time");
	h->run = range(in, "run", true, 1, h->commit);
	h->program = text(in, "program", true);
}

static void (*const get[REC_KINDS])(struct in *, struct record *) = {
	[REC_RUN_BEGIN] = get_run_begin,
	[REC_RUN_END] = get_run_end,
	[REC_SERVER] = get_server,
	[REC_FOLDER] = get_folder,
	[REC_EPOCH] = get_epoch,
	[REC_BLOB] = get_blob,
	[REC_MESSAGE] = get_message,
	[REC_FLAGS] = get_flags,
	[REC_GONE] = get_gone,
	[REC_MISSING] = get_missing,
	[REC_PACK] = get_pack,
	[REC_FRAMES] = get_frames,
	[REC_RETIRE] = get_retire,
	[REC_PRUNE_INTENT] = get_prune_intent,
	[REC_PRUNED] = get_pruned,
	[REC_PRUNE_KEPT] = get_prune_kept,
	[REC_NOTE] = get_note,
};

static void
get_record(struct in *in, struct parse_result *out)
{
	bool optional = false;
	int kind;

	for (kind = 0; kind < REC_KINDS; kind++)
		if (strcmp(in->type, rule_type[kind]) == 0 &&
		    (kind != REC_NOTE || in->p->notes)) {
			out->kind = PARSE_RECORD;
			out->record.kind = (enum record_kind)kind;
			get[kind](in, &out->record);
			return;
		}
	out->kind = PARSE_SKIP;
	if (json_get_bool(in->o, "optional", &optional) == 1 && optional)
		return;
	in->failed = true;
	err_set(in->e, EK_NOVAULT, "a record of the unknown type \"%s\": "
	    "a newer mailkeep made it", in->type);
	err_next(in->e, "use a newer version of mailkeep");
}

/* Forget the line before. */
static void
reset(struct parsed *p, size_t n)
{
	json_free(&p->doc);
	free(p->bytes);
	p->bytes = NULL;
	p->bytes_n = 0;
	p->line_n = n;
	buf_clear(&p->words);
	buf_clear(&p->flags);
	buf_clear(&p->labels);
	uidset_clear(&p->uids);
}

int
parse_line(struct parsed *p, const char *s, size_t n, struct parse_result *out,
    struct err *e)
{
	struct in in = { NULL, p, NULL, e, false };

	reset(p, n);
	if (json_parse(s, n, &p->doc, e) == -1)
		return -1;
	in.o = p->doc;
	if (json_get_str(in.o, "type", &in.type) != 1)
		return err_set(e, EK_CORRUPT, "a record without a type");
	memset(out, 0, sizeof(*out));
	if (strcmp(in.type, "manifest") == 0) {
		out->kind = PARSE_HEAD;
		get_head(&in, &out->head);
	} else if (strcmp(in.type, "end") == 0) {
		out->kind = PARSE_END;
		out->lines = number(&in, "lines");
	} else
		get_record(&in, out);
	return in.failed ? -1 : 0;
}

struct manifest_parser {
	struct parsed	parsed;		/* own */
};

struct manifest_parser *
manifest_parser_new(void)
{
	struct manifest_parser *p = xmalloc(sizeof(*p));

	parse_init(&p->parsed);
	p->parsed.notes = true;
	return p;
}

void
manifest_parser_free(struct manifest_parser **pp)
{
	if (*pp == NULL)
		return;
	parse_release(&(*pp)->parsed);
	free(*pp);
	*pp = NULL;
}

int
manifest_parse(struct manifest_parser *p, const char *line, size_t n,
    struct record *rec_out, struct err *e)
{
	struct parse_result got;

	if (parse_line(&p->parsed, line, n, &got, e) == -1)
		return -1;
	if (got.kind == PARSE_SKIP)
		return 0;
	if (got.kind != PARSE_RECORD)
		return err_set(e, EK_CORRUPT, "not a record");
	*rec_out = got.record;
	return 1;
}
