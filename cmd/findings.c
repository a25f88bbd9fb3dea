/*
 * findings.c - see findings.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cmd/findings.h"
#include "mail/decode.h"
#include "mail/name.h"

/* Of one kind in one folder. */
struct many {
	char		*folder;	/* own; as it is shown */
	enum job_restore_kind kind;
	bool		 fault;
	uint64_t	 n;
};

struct findings {
	struct ui	*ui;
	struct many	*v;		/* own */
	size_t		 n, cap;
	/* Messages that were repaired, in the order of coming. */
	struct { uint64_t commit, line; } *fixed;	/* own */
	size_t		 fixed_n, fixed_cap, fixed_at;
};

/* What befell a message, or several; the word that JSON has for it. */
static const struct {
	const char *word, *one, *several;
} kinds[RESTORE_KINDS] = {
	[RESTORE_LEFT] = { "left", "is left out", "are left out" },
	[RESTORE_REFUSED] = { "refused", "was refused", "were refused" },
	[RESTORE_DAMAGED] = { "damaged", "can't be read", "can't be read" },
	[RESTORE_MISSING] = { "missing", "is missing", "are missing" },
	[RESTORE_CHANGED] = { "changed", "is there with other bytes",
	    "are there with other bytes" },
	[RESTORE_FLAGS] = { "flags", "is there with other flags",
	    "are there with other flags" },
	[RESTORE_DATE] = { "date", "is there with another date",
	    "are there with another date" },
	[RESTORE_WITHOUT] = { "without", "was taken",
	    "were taken without some flag or their date" },
	[RESTORE_FIXED] = { "fixed", "was repaired", "were repaired" },
	[RESTORE_FOLDER] = { "folder", "is left out", "are left out" },
};

struct findings *
findings_new(struct ui *ui)
{
	struct findings *f = xcalloc(1, sizeof(*f));

	f->ui = ui;
	return f;
}

/* A copy that is not what the vault has is told whoever watches, though it was asked for. */
static void
say(struct ui *ui, enum job_restore_kind kind, bool fault,
    const struct buf *line)
{
	if (fault || kind == RESTORE_FIXED)
		ui_warn(ui, "%s", buf_text(line));
	else
		ui_note(ui, "%s", buf_text(line));
}

void
findings_rest(struct findings *f)
{
	struct buf line = BUF_INIT(64 * 1024);
	char n[TEXT_MAX];

	for (; f->n > 0; f->n--) {
		const struct many *m = &f->v[f->n - 1];

		if (m->n > FINDINGS_SHOWN) {
			buf_clear(&line);
			buf_addf(&line, "%s: in all, %s messages %s",
			    m->folder, text_count(n, m->n),
			    kinds[m->kind].several);
			say(f->ui, m->kind, m->fault, &line);
		}
		free(m->folder);
	}
	buf_release(&line);
}

void
findings_free(struct findings **fp)
{
	findings_rest(*fp);
	free((*fp)->v);
	free((*fp)->fixed);
	free(*fp);
	*fp = NULL;
}

/* Where it is counted; the last ones are the likeliest. */
static struct many *
find(struct findings *f, const struct job_restore_finding *found)
{
	size_t i;

	for (i = f->n; i > 0; i--)
		if (f->v[i - 1].kind == found->kind &&
		    f->v[i - 1].fault == found->fault &&
		    strcmp(f->v[i - 1].folder, name_shown(found->folder)) == 0)
			return &f->v[i - 1];
	f->v = mem_grow(f->v, &f->cap, f->n + 1, sizeof(*f->v));
	f->v[f->n] = (struct many){ xstrdup(name_shown(found->folder)),
	    found->kind, found->fault, 0 };
	return &f->v[f->n++];
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
tell_json(struct ui *ui, const struct job_restore_finding *f,
    const char *subject)
{
	struct json_out *j = ui_json_begin(ui, "finding");

	json_str(j, "kind", kinds[f->kind].word);
	json_bool(j, "fault", f->fault);
	json_str(j, "folder", name_shown(f->folder));
	if (f->to != NULL)
		json_str(j, "to", name_shown(f->to));
	if (f->message != NULL)
		message_json(j, f->message, subject);
	if (f->uid != 0)
		json_u64(j, "uid_there", f->uid);
	if (f->reason != NULL)
		json_str(j, "reason", f->reason);
	ui_json_end(ui);
}

/* "INBOX: UID 12 of 2024-05-01 10:00, "Minutes", is there with other flags (UID 4): ..." */
static void
tell_text(struct ui *ui, const struct job_restore_finding *f,
    const char *subject)
{
	struct buf line = BUF_INIT(64 * 1024);
	char date[TEXT_MAX];

	buf_addf(&line, "%s: ", name_shown(f->folder));
	if (f->message != NULL) {
		buf_addf(&line, "UID %" PRIu32, f->message->uid);
		if (f->message->has_date)
			buf_addf(&line, " of %s",
			    text_local(date, f->message->date));
		if (subject != NULL && *subject != '\0')
			buf_addf(&line, ", \"%s\",", subject);
		buf_addf(&line, " %s", kinds[f->kind].one);
	} else
		buf_adds(&line, "its messages are left out");
	if (f->uid != 0)
		buf_addf(&line, " (UID %" PRIu32 "%s%s)", f->uid,
		    f->to == NULL ? "" : " of ",
		    f->to == NULL ? "" : name_shown(f->to));
	/* "... was taken only without its keywords: ..." */
	if (f->reason != NULL)
		buf_addf(&line, "%s %s", f->kind == RESTORE_WITHOUT ? "" : ":",
		    f->reason);
	say(ui, f->kind, f->fault, &line);
	buf_release(&line);
}

static void
note_fixed(struct findings *f, const struct known_message *m)
{
	f->fixed = mem_grow(f->fixed, &f->fixed_cap, f->fixed_n + 1,
	    sizeof(*f->fixed));
	f->fixed[f->fixed_n].commit = m->commit;
	f->fixed[f->fixed_n++].line = m->line;
}

/* That its copy has other bytes is known then.  They are asked for nearly in the order in which they came. */
static bool
was_fixed(struct findings *f, const struct known_message *m)
{
	size_t i;

	for (i = 0; i < f->fixed_n; i++) {
		f->fixed_at = f->fixed_at + 1 < f->fixed_n ?
		    f->fixed_at + 1 : 0;
		if (f->fixed[f->fixed_at].commit == m->commit &&
		    f->fixed[f->fixed_at].line == m->line)
			return true;
	}
	return false;
}

void
findings_tell(struct findings *f, const struct job_restore_finding *found)
{
	const struct known_message *of = found->message;
	struct many *m;
	char *subject;
	bool told = true;

	if (found->kind == RESTORE_FIXED && of != NULL)
		note_fixed(f, of);
	else if (found->kind == RESTORE_CHANGED && !found->fault && of != NULL)
		told = !was_fixed(f, of);
	if (told) {
		m = find(f, found);
		told = ++m->n <= FINDINGS_SHOWN;
	}
	if (!ui_json(f->ui) && !told)
		return;
	subject = subject_of(of);
	if (ui_json(f->ui))
		tell_json(f->ui, found, subject);
	if (told)
		tell_text(f->ui, found, subject);
	free(subject);
}
