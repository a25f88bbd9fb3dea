/*
 * journal_line.c - see journal_line.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "job/journal_line.h"

#define VERSION		1
#define SUM		JOURNAL_LINE_SUM
#define SUM_KEY		",\"sum\":\""
#define SUM_TAIL	(sizeof(SUM_KEY) - 1 + SUM + 2)	/* with "} */

static const char *const types[JOURNAL_LINES] = {
	[JOURNAL_LINE_FOLDER] = "folder",
	[JOURNAL_LINE_SENDING] = "sending",
	[JOURNAL_LINE_SENT] = "sent",
	[JOURNAL_LINE_REFUSED] = "refused",
	[JOURNAL_LINE_END] = "end",
};

void
journal_lines_init(struct journal_lines *l)
{
	*l = (struct journal_lines){ .hasher = hasher_new() };
	buf_init(&l->line, JOURNAL_LINE_MAX);
	buf_init(&l->text, JOURNAL_LINE_MAX);
	l->ids = xcalloc(JOURNAL_LINE_IDS, sizeof(*l->ids));
	l->uids = xcalloc(JOURNAL_LINE_IDS, sizeof(*l->uids));
}

void
journal_lines_release(struct journal_lines *l)
{
	buf_release(&l->line);
	buf_release(&l->text);
	hasher_free(&l->hasher);
	free(l->ids);
	free(l->uids);
	free(l->name);
}

/* ---- sums ---- */

static void
sum_of(struct journal_lines *l, const char *p, size_t n, char out[SUM + 1])
{
	char hex[DIGEST_HEX];
	struct digest d;

	hasher_add(l->hasher, l->sum, strlen(l->sum));
	hasher_add(l->hasher, p, n);
	hasher_end(l->hasher, &d);
	memcpy(out, digest_hex(&d, hex), SUM);
	out[SUM] = '\0';
}

/* Whether a line is as it was written behind the last one, which it then is itself. */
static bool
take_sum(struct journal_lines *l, const char *p, size_t n)
{
	char sum[SUM + 1];

	if (n < SUM_TAIL || memcmp(p + n - SUM_TAIL, SUM_KEY,
	    sizeof(SUM_KEY) - 1) != 0 || memcmp(p + n - 2, "\"}", 2) != 0)
		return false;
	sum_of(l, p, n - SUM_TAIL, sum);
	if (memcmp(p + n - 2 - SUM, sum, SUM) != 0)
		return false;
	memcpy(l->sum, sum, sizeof(sum));
	return true;
}

/* ---- writing ---- */

static void
begin(struct journal_lines *l, struct json_out *o, const char *type)
{
	buf_clear(&l->line);
	json_begin(o, &l->line);
	json_open(o, NULL, '{');
	json_str(o, "type", type);
}

static int
finish(struct journal_lines *l, struct json_out *o, struct err *e)
{
	sum_of(l, buf_text(&l->line), l->line.n, l->next);
	json_str(o, "sum", l->next);
	json_close(o, '}');
	if (json_end(o) == -1 || buf_addc(&l->line, '\n') == -1)
		return err_set(e, EK_FAIL, "a line would be too long");
	return 0;
}

int
journal_lines_head(struct journal_lines *l, const char *vault,
    const char *target, struct err *e)
{
	struct json_out o;

	l->sum[0] = '\0';
	begin(l, &o, "journal");
	json_u64(&o, "version", VERSION);
	json_str(&o, "vault", vault);
	json_str(&o, "target", target);
	if (finish(l, &o, e) == -1)
		return -1;
	memcpy(l->first, l->next, sizeof(l->first));
	journal_lines_made(l);
	return 0;
}

void
journal_lines_restart(struct journal_lines *l)
{
	memcpy(l->sum, l->first, sizeof(l->sum));
}

/* What is not UTF-8 is given again in hex. */
static void
put_name(struct journal_lines *l, struct json_out *o, const char *name)
{
	size_t n = strlen(name), i;

	json_strn(o, "name", name, n);
	if (utf8_valid(name, n))
		return;
	buf_clear(&l->text);
	for (i = 0; i < n; i++)
		if (buf_addf(&l->text, "%02x",
		    (unsigned int)(unsigned char)name[i]) == -1)
			o->full = true;
	json_strn(o, "name_raw", buf_text(&l->text), l->text.n);
}

/* "34-36", or "34". */
static void
add_range(struct buf *b, uint64_t first, uint64_t last)
{
	buf_addf(b, "%" PRIu64, first);
	if (last > first)
		buf_addf(b, "-%" PRIu64, last);
}

static void
put_ids(struct journal_lines *l, struct json_out *o,
    const struct journal_id *ids, size_t n)
{
	size_t i, k;

	buf_clear(&l->text);
	for (i = 0; i < n; i = k) {
		for (k = i + 1; k < n && ids[k].commit == ids[i].commit &&
		    ids[k].line == ids[i].line + (k - i) &&
		    ids[k].line > ids[i].line; k++)
			;
		buf_addf(&l->text, "%s%" PRIu64 ".", i > 0 ? "," : "",
		    ids[i].commit);
		add_range(&l->text, ids[i].line, ids[k - 1].line);
	}
	json_strn(o, "messages", buf_text(&l->text), l->text.n);
}

/* Where none is known they are left out. */
static void
put_uids(struct journal_lines *l, struct json_out *o, const uint32_t *uids,
    size_t n)
{
	bool known = false;
	size_t i, k;

	buf_clear(&l->text);
	for (i = 0; i < n; i = k) {
		for (k = i + 1; k < n && uids[i] != 0 &&
		    uids[k] == uids[i] + (k - i); k++)
			;
		known |= uids[i] != 0;
		if (i > 0)
			buf_addc(&l->text, ',');
		add_range(&l->text, uids[i], uids[k - 1]);
	}
	if (known)
		json_strn(o, "uids", buf_text(&l->text), l->text.n);
}

int
journal_lines_make(struct journal_lines *l, const struct journal_line *line,
    struct err *e)
{
	struct json_out o;

	begin(l, &o, types[line->what]);
	if (line->what != JOURNAL_LINE_END)
		json_u64(&o, "folder", line->folder);
	if (line->what == JOURNAL_LINE_FOLDER) {
		put_name(l, &o, line->name);
		json_u64(&o, "uidvalidity", line->uidvalidity);
		json_u64(&o, "uidnext", line->uidnext);
	} else if (line->what != JOURNAL_LINE_END) {
		put_ids(l, &o, line->ids, line->n);
		if (line->uids != NULL)
			put_uids(l, &o, line->uids, line->n);
	}
	return finish(l, &o, e);
}

void
journal_lines_made(struct journal_lines *l)
{
	memcpy(l->sum, l->next, sizeof(l->sum));
}

/* ---- reading ---- */

/* The number at the beginning of a text, which goes on behind it. */
static int
take_number(const char **s, uint64_t *v_out)
{
	size_t n = strspn(*s, "0123456789");

	if (text_u64(*s, n, v_out) == -1)
		return -1;
	*s += n;
	return 0;
}

/* "34-36", "34", then a comma and more, or the end: the first, and how many, at most ${room}. */
static int
take_range(const char **s, size_t room, uint64_t *first, size_t *n)
{
	uint64_t last;

	if (take_number(s, first) == -1)
		return -1;
	last = *first;
	if (**s == '-') {
		++*s;
		if (take_number(s, &last) == -1 || last < *first)
			return -1;
	}
	if (last - *first >= room)
		return -1;
	*n = (size_t)(last - *first) + 1;
	if (**s == '\0')
		return 0;
	return *(*s)++ == ',' && **s != '\0' ? 0 : -1;
}

static int
take_ids(struct journal_lines *l, const char *s, size_t *n_out)
{
	uint64_t commit, line;
	size_t at = 0, n, i;

	do {
		if (take_number(&s, &commit) == -1 || *s++ != '.' ||
		    take_range(&s, JOURNAL_LINE_IDS - at, &line, &n) == -1)
			return -1;
		for (i = 0; i < n; i++)
			l->ids[at++] = (struct journal_id){ commit, line + i };
	} while (*s != '\0');
	*n_out = at;
	return 0;
}

/* As many as there are messages. */
static int
take_uids(struct journal_lines *l, const char *s, size_t want)
{
	size_t at = 0, n, i;
	uint64_t uid;

	do {
		if (take_range(&s, want - at, &uid, &n) == -1 ||
		    uid > UINT32_MAX || uid + (n - 1) > UINT32_MAX)
			return -1;
		for (i = 0; i < n; i++)
			l->uids[at++] = (uint32_t)(uid + i);
	} while (*s != '\0');
	return at == want ? 0 : -1;
}

static int
take_name(struct journal_lines *l, const struct json *doc)
{
	const char *text, *hex;
	size_t n, i;
	int byte;

	if (json_get_str(doc, "name", &text) != 1)
		return -1;
	free(l->name);
	l->name = xstrdup(text);
	if (json_get(doc, "name_raw") == NULL)
		return 0;
	if (json_get_str(doc, "name_raw", &hex) != 1 ||
	    (n = strlen(hex)) % 2 != 0)
		return -1;
	free(l->name);
	l->name = xmalloc(n / 2 + 1);
	l->name[n / 2] = '\0';
	for (i = 0; i < n / 2; i++) {
		if ((byte = text_hex(hex + 2 * i)) <= 0)
			return -1;
		l->name[i] = (char)byte;
	}
	return 0;
}

static int
take_folder(struct journal_lines *l, const struct json *doc,
    struct journal_line *out)
{
	uint64_t uidvalidity, uidnext;

	if (take_name(l, doc) == -1 ||
	    json_get_u64(doc, "uidvalidity", &uidvalidity) != 1 ||
	    json_get_u64(doc, "uidnext", &uidnext) != 1 ||
	    uidvalidity > UINT32_MAX || uidnext > UINT32_MAX)
		return -1;
	out->name = l->name;
	out->uidvalidity = (uint32_t)uidvalidity;
	out->uidnext = (uint32_t)uidnext;
	return 0;
}

static int
take_messages(struct journal_lines *l, const struct json *doc,
    struct journal_line *out)
{
	const char *ids, *uids;
	int has;

	if (json_get_str(doc, "messages", &ids) != 1 ||
	    take_ids(l, ids, &out->n) == -1 ||
	    (has = json_get_str(doc, "uids", &uids)) == -1)
		return -1;
	out->ids = l->ids;
	if (has == 0)
		return 0;
	out->uids = l->uids;
	return out->what != JOURNAL_LINE_SENT ? -1 :
	    take_uids(l, uids, out->n);
}

static int
take_all(struct journal_lines *l, const struct json *doc,
    struct journal_line *out)
{
	const char *type;

	*out = (struct journal_line){ .what = JOURNAL_LINE_FOLDER };
	if (json_get_str(doc, "type", &type) != 1)
		return -1;
	while (strcmp(types[out->what], type) != 0)
		if (++out->what == JOURNAL_LINES)
			return -1;
	if (out->what == JOURNAL_LINE_END)
		return 0;
	if (json_get_u64(doc, "folder", &out->folder) != 1)
		return -1;
	return out->what == JOURNAL_LINE_FOLDER ? take_folder(l, doc, out) :
	    take_messages(l, doc, out);
}

int
journal_lines_take(struct journal_lines *l, const char *p, size_t n,
    struct journal_line *out, struct err *e)
{
	struct json *doc;
	int rc;

	if (!take_sum(l, p, n))
		return err_set(e, EK_CORRUPT, "damaged");
	if (json_parse(p, n, &doc, e) == -1)
		return -1;
	rc = take_all(l, doc, out);
	json_free(&doc);
	return rc == 0 ? 0 :
	    err_set(e, EK_CORRUPT, "nothing that can be understood");
}

int
journal_lines_refuse(struct journal_lines *l, const char *p, size_t n,
    struct err *e)
{
	uint64_t version = 0;
	const char *type;
	struct json *doc;
	bool known;

	l->sum[0] = '\0';
	if (!take_sum(l, p, n) || json_parse(p, n, &doc, e) == -1)
		return err_set(e, EK_CORRUPT, "damaged");
	known = json_get_str(doc, "type", &type) == 1 &&
	    strcmp(type, "journal") == 0 &&
	    json_get_u64(doc, "version", &version) == 1 && version > 0;
	json_free(&doc);
	if (!known)
		return err_set(e, EK_CORRUPT, "no journal's");
	if (version == VERSION)
		return err_set(e, EK_CORRUPT, "another account's");
	err_set(e, EK_REFUSED, "it was written by a newer version of mailkeep");
	return err_next(e, "use that version, or remove the file: what the "
	    "account has already is then found by its contents alone");
}
