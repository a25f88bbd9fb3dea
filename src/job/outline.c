/*
 * outline.c - the plan as a list that a person may look through, and have carried out later: JSON Lines, one for each
 * message that would go (mailkeep-prune(1)).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "job/pruning.h"

#define LINE_MAX_BYTES	(64 * 1024)
#define LINES_MAX	50000000	/* messages in a list */

/* ---- out ---- */

static int
put_line(const struct sink *to, struct json_out *j, struct buf *b,
    struct err *e)
{
	json_close(j, '}');
	if (json_end(j) == -1 || buf_addc(b, '\n') == -1)
		return err_set(e, EK_FAIL, "a line of the list is too long");
	return sink_write(to, buf_text(b), b->n, e);
}

static void
begin_line(struct json_out *j, struct buf *b, const char *type)
{
	buf_clear(b);
	json_begin(j, b);
	json_open(j, NULL, '{');
	json_u64(j, "v", 1);
	json_str(j, "type", type);
}

static int
put_head(struct prune *p, struct buf *b, struct err *e)
{
	char *account = account_url_text(p->o->account), time[TEXT_MAX];
	struct json_out j;

	begin_line(&j, b, "prune-plan");
	json_str(&j, "vault", vault_id(p->v));
	json_str(&j, "account", account);
	json_str(&j, "time", text_rfc3339(time, vault_now(p->v)));
	free(account);
	return put_line(p->o->plan_to, &j, b, e);
}

static void
add_reason(struct buf *b, bool holds, const char *word, const char *value)
{
	if (holds)
		(void)buf_addf(b, "%s%s%s", b->n > 0 ? ", " : "", word, value);
}

/* Why it may go, in the words of the command line. */
static void
put_reason(const struct prune *p, const struct prune_box *box,
    struct json_out *j)
{
	const struct policy_prune *o = &p->o->policy;
	struct buf b = BUF_INIT(4096);
	char date[TEXT_MAX], size[TEXT_MAX];
	int64_t before = o->before;

	if (box->role == ROLE_TRASH && o->trash_before != INT64_MAX)
		before = o->trash_before;
	if (box->role == ROLE_JUNK && o->junk_before != INT64_MAX)
		before = o->junk_before;
	if (before == INT64_MAX)
		*date = '\0';
	else
		text_rfc3339(date, before);
	add_reason(&b, o->listed, "listed", "");
	add_reason(&b, before != INT64_MAX, "before ", date);
	add_reason(&b, o->larger != POLICY_ANY_SIZE, "larger than ",
	    text_size(size, o->larger));
	add_reason(&b, o->sender != NULL, "sender", "");
	add_reason(&b, o->recipient != NULL, "recipient", "");
	add_reason(&b, o->subject != NULL, "subject", "");
	add_reason(&b, o->seen, "seen", "");
	add_reason(&b, p->o->goal.set, "room is wanted", "");
	json_str(j, "reason", buf_text(&b));
	buf_release(&b);
}

static int
put_message(struct prune *p, const struct prune_box *box,
    const struct cand *c, struct buf *b, struct err *e)
{
	char hex[DIGEST_HEX], date[TEXT_MAX], id[64];
	struct known_message m;
	struct known_blob blob;
	struct json_out j;
	int r;

	if (picks_get(&p->picks, c->at, &m, e) == -1 ||
	    (r = catalog_blob(p->catalog, &m.sha256, &blob, e)) == -1)
		return -1;
	snprintf(id, sizeof(id), "%" PRIu64 ".%" PRIu64, m.commit, m.line);
	begin_line(&j, b, "message");
	json_str(&j, "folder", box->name);
	json_u64(&j, "folder_number", box->folder);
	json_u64(&j, "uidvalidity", box->known.uidvalidity);
	json_u64(&j, "uid", c->uid);
	json_str(&j, "sha256", digest_hex(&m.sha256, hex));
	json_u64(&j, "size", m.size);
	if (m.has_date)
		json_str(&j, "date", text_rfc3339(date, m.date));
	json_str(&j, "id", id);
	if (r == 1 && !blob.lost) {
		json_str(&j, "pack", blob.place.pack);
		json_u64(&j, "frame", blob.place.frame);
		json_u64(&j, "offset", blob.place.offset);
	}
	put_reason(p, box, &j);
	return put_line(p->o->plan_to, &j, b, e);
}

static int
put_all(struct prune *p, struct buf *b, struct err *e)
{
	struct json_out j;
	size_t i, k;

	if (put_head(p, b, e) == -1)
		return -1;
	for (i = 0; i < p->folders_n; i++) {
		const struct prune_box *box = &p->folders[i];

		for (k = box->first; k < box->first + box->n; k++)
			if (p->cands[k].state == CAND_TODO &&
			    put_message(p, box, &p->cands[k], b, e) == -1)
				return -1;
	}
	begin_line(&j, b, "end");
	json_u64(&j, "messages", p->plan->messages);
	json_u64(&j, "bytes", p->plan->bytes);
	return put_line(p->o->plan_to, &j, b, e);
}

int
outline_write(struct prune *p, struct err *e)
{
	struct buf b = BUF_INIT(LINE_MAX_BYTES);
	int rc = put_all(p, &b, e);

	buf_release(&b);
	return rc == -1 ? err_add(e, "the list") : 0;
}

/* ---- in ---- */

struct reading {
	struct prune	*p;
	struct buf	 line;		/* own */
	uint64_t	 number;	/* of the line */
	uint64_t	 folder;	/* the last one, and */
	char		*name;		/* own; its name */
	bool		 begun, ended;
};

static int
wrong(const struct reading *r, const char *why, struct err *e)
{
	err_set(e, EK_USAGE, "line %" PRIu64 " of the list: %s", r->number,
	    why);
	return err_next(e, "make it anew by --plan");
}

static int
take_head(struct reading *r, const struct json *o, struct err *e)
{
	const char *id;
	uint64_t v;

	if (json_get_u64(o, "v", &v) != 1 || v != 1)
		return wrong(r, "another version wrote it", e);
	if (json_get_str(o, "vault", &id) != 1)
		return wrong(r, "it names no vault", e);
	if (strcmp(id, vault_id(r->p->v)) != 0)
		return wrong(r, "it is about another vault", e);
	r->begun = true;
	return 0;
}

/* Who has changed the name alone means another folder. */
static int
check_folder(struct reading *r, uint64_t folder, const char *name,
    struct err *e)
{
	struct known_folder k;
	int rc = catalog_folder_by_number(r->p->catalog, folder, &k, e);

	if (rc == -1)
		return -1;
	if (rc == 0)
		return wrong(r, "the vault has no such folder", e);
	free(r->name);
	/* A name that is no text stands in a list as well as it can. */
	r->name = xstrdup(utf8_valid(k.facts.name, strlen(k.facts.name)) ?
	    k.facts.name : name);
	r->folder = folder;
	return 0;
}

static int
take_message(struct reading *r, const struct json *o, struct err *e)
{
	struct prune *p = r->p;
	struct listed_line l = { .folder = 0 };
	const char *hex, *name;
	uint64_t uid;

	if (json_get_u64(o, "folder_number", &l.folder) != 1 ||
	    json_get_str(o, "folder", &name) != 1 ||
	    json_get_u64(o, "uidvalidity", &l.uidvalidity) != 1 ||
	    json_get_u64(o, "uid", &uid) != 1 || uid == 0 || uid > UID_MAX ||
	    json_get_str(o, "sha256", &hex) != 1 ||
	    digest_parse(hex, &l.sha256) == -1)
		return wrong(r, "it names no message", e);
	if (l.folder != r->folder && check_folder(r, l.folder, name, e) == -1)
		return -1;
	if (strcmp(name, r->name) != 0)
		return wrong(r, "the folder is called otherwise", e);
	if (p->lines_n == LINES_MAX)
		return wrong(r, "there are too many", e);
	l.uid = (uint32_t)uid;
	p->lines = mem_grow(p->lines, &p->lines_cap, p->lines_n + 1,
	    sizeof(*p->lines));
	p->lines[p->lines_n++] = l;
	return 0;
}

static int
take_end(struct reading *r, const struct json *o, struct err *e)
{
	uint64_t n;

	/* Who looked through it may have taken lines out: that only narrows it. */
	if (json_get_u64(o, "messages", &n) != 1 || n < r->p->lines_n)
		return wrong(r, "there are more messages than it says", e);
	r->ended = true;
	return 0;
}

static int
take_line(struct reading *r, struct err *e)
{
	struct json *o;
	const char *type = "";
	struct err why;
	int rc;

	r->number++;
	if (json_parse(buf_text(&r->line), r->line.n, &o, &why) == -1)
		return wrong(r, why.text, e);
	(void)json_get_str(o, "type", &type);
	if (r->ended)
		rc = wrong(r, "something comes behind its end", e);
	else if (strcmp(type, "prune-plan") == 0 && !r->begun)
		rc = take_head(r, o, e);
	else if (strcmp(type, "message") == 0 && r->begun)
		rc = take_message(r, o, e);
	else if (strcmp(type, "end") == 0 && r->begun)
		rc = take_end(r, o, e);
	else
		rc = wrong(r, "it is none of such a list", e);
	json_free(&o);
	buf_clear(&r->line);
	return rc;
}

static int
take_bytes(void *arg, const void *bytes, size_t n, struct err *e)
{
	struct reading *r = arg;
	const char *p = bytes, *end = p + n, *lf;

	while (p < end) {
		lf = memchr(p, '\n', (size_t)(end - p));
		if (buf_add(&r->line, p, (size_t)((lf == NULL ? end : lf) -
		    p)) == -1)
			return wrong(r, "it is too long", e);
		if (lf == NULL)
			return 0;
		if (take_line(r, e) == -1)
			return -1;
		p = lf + 1;
	}
	return 0;
}

static int
by_message(const void *a, const void *b)
{
	const struct listed_line *x = a, *y = b;

	if (x->folder != y->folder)
		return x->folder < y->folder ? -1 : 1;
	return (x->uid > y->uid) - (x->uid < y->uid);
}

/* By folder and UID, each once. */
static void
sort_lines(struct prune *p)
{
	size_t i, n = 0;

	if (p->lines_n == 0)
		return;
	qsort(p->lines, p->lines_n, sizeof(*p->lines), by_message);
	for (i = 0; i < p->lines_n; i++)
		if (n == 0 || by_message(&p->lines[n - 1], &p->lines[i]) != 0)
			p->lines[n++] = p->lines[i];
	p->lines_n = n;
}

int
outline_read(struct prune *p, struct err *e)
{
	struct reading r = { .p = p, .line = BUF_INIT(LINE_MAX_BYTES) };
	const struct sink to = { take_bytes, &r };
	int rc = source_pour(p->o->execute, &to, e);

	if (rc == 0 && (!r.ended || r.line.n > 0))
		rc = wrong(&r, "it has no end: it may have been cut", e);
	buf_release(&r.line);
	free(r.name);
	sort_lines(p);
	return rc;
}

bool
outline_names(const struct prune *p, uint64_t folder)
{
	size_t low = 0, high = p->lines_n;

	while (low < high) {
		size_t i = low + (high - low) / 2;

		if (p->lines[i].folder < folder)
			low = i + 1;
		else
			high = i;
	}
	return low < p->lines_n && p->lines[low].folder == folder;
}

struct listed_line *
outline_find(const struct prune *p, uint64_t folder, uint32_t uid)
{
	const struct listed_line key = { .folder = folder, .uid = uid };

	return p->lines_n == 0 ? NULL : bsearch(&key, p->lines, p->lines_n,
	    sizeof(*p->lines), by_message);
}
