/*
 * remarks.c - see remarks.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cmd/remarks.h"
#include "mail/decode.h"
#include "mail/name.h"

#define LINE_BYTES	(64 * 1024)

/* Of one kind in one folder. */
struct many {
	char		*folder;	/* own; as it is shown */
	const char	*word, *several;	/* static */
	bool		 fault, warn;
	uint64_t	 n;
};

struct remarks {
	struct ui	*ui;
	struct many	*v;		/* own */
	size_t		 n, cap;
};

struct remarks *
remarks_new(struct ui *ui)
{
	struct remarks *r = xcalloc(1, sizeof(*r));

	r->ui = ui;
	return r;
}

static void
say(struct ui *ui, bool warn, const struct buf *line)
{
	if (warn)
		ui_warn(ui, "%s", buf_text(line));
	else
		ui_note(ui, "%s", buf_text(line));
}

void
remarks_rest(struct remarks *r)
{
	struct buf line = BUF_INIT(LINE_BYTES);
	char n[TEXT_MAX];

	for (; r->n > 0; r->n--) {
		const struct many *m = &r->v[r->n - 1];

		if (m->n > REMARKS_SHOWN) {
			buf_clear(&line);
			buf_addf(&line, "%s: in all, %s messages %s",
			    m->folder, text_count(n, m->n), m->several);
			say(r->ui, m->warn, &line);
		}
		free(m->folder);
	}
	buf_release(&line);
}

void
remarks_free(struct remarks **rp)
{
	remarks_rest(*rp);
	free((*rp)->v);
	free(*rp);
	*rp = NULL;
}

/* Where it is counted; the last ones are the likeliest. */
static struct many *
find(struct remarks *r, const struct remark *of)
{
	size_t i;

	for (i = r->n; i > 0; i--)
		if (strcmp(r->v[i - 1].word, of->word) == 0 &&
		    r->v[i - 1].fault == of->fault &&
		    strcmp(r->v[i - 1].folder, name_shown(of->folder)) == 0)
			return &r->v[i - 1];
	r->v = mem_grow(r->v, &r->cap, r->n + 1, sizeof(*r->v));
	r->v[r->n] = (struct many){ xstrdup(name_shown(of->folder)),
	    of->word, of->several, of->fault, of->warn, 0 };
	return &r->v[r->n++];
}

/* Its subject, decoded, to be freed; NULL where it isn't known. */
static char *
subject_of(const struct known_message *m)
{
	return m == NULL || !m->has_headers ? NULL :
	    decode_text(m->header[HEADER_SUBJECT]);
}

static void
message_json(struct json_out *j, const struct known_message *m,
    const char *subject)
{
	char id[64], text[TEXT_MAX], hex[DIGEST_HEX];

	snprintf(id, sizeof(id), "%" PRIu64 ".%" PRIu64, m->commit, m->line);
	json_str(j, "id", id);
	json_u64(j, "uidvalidity", m->uidvalidity);
	json_u64(j, "uid", m->uid);
	if (m->has_date)
		json_str(j, "date", text_rfc3339(text, m->date));
	if (subject != NULL)
		json_str(j, "subject", subject);
	json_u64(j, "size", m->size);
	json_str(j, "sha256", digest_hex(&m->sha256, hex));
}

static void
tell_json(struct ui *ui, const struct remark *of, const char *subject)
{
	struct json_out *j = ui_json_begin(ui, "finding");

	json_str(j, "kind", of->word);
	json_bool(j, "fault", of->fault);
	json_str(j, "folder", name_shown(of->folder));
	if (of->to != NULL)
		json_str(j, "to", name_shown(of->to));
	if (of->message != NULL)
		message_json(j, of->message, subject);
	else if (of->uid != 0)
		json_u64(j, "uid", of->uid);
	if (of->uid_there != 0)
		json_u64(j, "uid_there", of->uid_there);
	if (of->reason != NULL)
		json_str(j, "reason", of->reason);
	ui_json_end(ui);
}

/* "INBOX: UID 12 of 2024-05-01 10:00, "Minutes", is there with other flags (UID 4): ..." */
static void
tell_text(struct ui *ui, const struct remark *of, const char *subject)
{
	const struct known_message *m = of->message;
	struct buf line = BUF_INIT(LINE_BYTES);
	char date[TEXT_MAX];

	buf_addf(&line, "%s: ", name_shown(of->folder));
	if (m != NULL || of->uid != 0) {
		buf_addf(&line, "UID %" PRIu32, m != NULL ? m->uid : of->uid);
		if (m != NULL && m->has_date)
			buf_addf(&line, " of %s", text_local(date, m->date));
		if (subject != NULL && *subject != '\0')
			buf_addf(&line, ", \"%s\",", subject);
		buf_addf(&line, " %s", of->one);
	} else
		buf_adds(&line, of->all);
	if (of->uid_there != 0)
		buf_addf(&line, " (UID %" PRIu32 "%s%s)", of->uid_there,
		    of->to == NULL ? "" : " of ",
		    of->to == NULL ? "" : name_shown(of->to));
	if (of->reason != NULL)
		buf_addf(&line, "%s %s", of->sentence ? "" : ":", of->reason);
	say(ui, of->warn, &line);
	buf_release(&line);
}

void
remarks_add(struct remarks *r, const struct remark *of, bool silent)
{
	bool told = !silent && ++find(r, of)->n <= REMARKS_SHOWN;
	char *subject;

	if (!ui_json(r->ui) && !told)
		return;
	subject = subject_of(of->message);
	if (ui_json(r->ui))
		tell_json(r->ui, of, subject);
	if (told)
		tell_text(r->ui, of, subject);
	free(subject);
}
