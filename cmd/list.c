/*
 * list.c - mailkeep list: the messages of a vault.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cmd/choose.h"
#include "cmd/table.h"
#include "cmd/target.h"
#include "mail/decode.h"
#include "mail/flags.h"
#include "mail/name.h"

struct list_opts {
	struct choose	 choose;
};

static const struct opt opts[] = {
	CHOOSE_ALL(struct list_opts),
	CHOOSE_AT(struct list_opts),
	CHOOSE_BEFORE(struct list_opts),
	CHOOSE_FLAG(struct list_opts),
	CHOOSE_LARGER(struct list_opts),
	CHOOSE_PRUNED(struct list_opts),
	CHOOSE_RECIPIENT(struct list_opts),
	CHOOSE_SENDER(struct list_opts),
	CHOOSE_SINCE(struct list_opts),
	CHOOSE_SMALLER(struct list_opts),
	CHOOSE_SUBJECT(struct list_opts),
	OPT_END
};
static const struct list_opts defaults = { CHOOSE_DEFAULTS };

struct lister {
	struct ui	*ui;
	struct table	*table;		/* own, or NULL for JSON */
	bool		 all;
	uint64_t	 messages;	/* listed so far */
};

static const struct table_column columns[] = {
	{ "ID", TABLE_LEFT, 0, 0, 0 },
	{ "DATE", TABLE_LEFT, 0, 0, 3 },
	{ "FROM", TABLE_LEFT, 10, 2, 4 },
	{ "SUBJECT", TABLE_LEFT, 16, 5, 0 },
	{ "SIZE", TABLE_RIGHT, 0, 0, 1 },
	{ "FOLDER", TABLE_LEFT, 8, 2, 2 },
	{ "GONE", TABLE_LEFT, 0, 0, 0 },	/* with --all */
};

static void
json_words(struct json_out *j, const char *key, const char *text)
{
	const char *word;
	size_t n;

	json_open(j, key, '[');
	while ((word = flags_next(&text, &n)) != NULL)
		json_strn(j, NULL, word, n);
	json_close(j, ']');
}

static void
json_lines(struct json_out *j, const char *key, const char *text)
{
	size_t n;

	json_open(j, key, '[');
	for (; *text != '\0'; text += n + (text[n] != '\0')) {
		n = strcspn(text, "\n");
		json_strn(j, NULL, text, n);
	}
	json_close(j, ']');
}

static void
json_decoded(struct json_out *j, const char *key, const char *raw,
    char *(*decode)(const char *))
{
	char *s = decode(raw);

	json_str(j, key, s);
	free(s);
}

static void
message_json(struct ui *ui, const struct known_message *m)
{
	struct json_out *j = ui_json_begin(ui, "message");
	char id[64], hex[DIGEST_HEX], text[TEXT_MAX];

	snprintf(id, sizeof(id), "%" PRIu64 ".%" PRIu64, m->commit, m->line);
	json_str(j, "id", id);
	json_str(j, "folder", name_shown(m->folder_name));
	json_u64(j, "uidvalidity", m->uidvalidity);
	json_u64(j, "uid", m->uid);
	json_str(j, "sha256", digest_hex(&m->sha256, hex));
	json_u64(j, "size", m->size);
	json_words(j, "flags", m->flags);
	if (m->labels != NULL)
		json_lines(j, "labels", m->labels);
	if (m->internaldate != NULL)
		json_str(j, "internaldate", m->internaldate);
	if (m->has_date)
		json_str(j, "date", text_rfc3339(text, m->date));
	if (m->emailid != NULL)
		json_str(j, "emailid", m->emailid);
	if (m->threadid != NULL)
		json_str(j, "threadid", m->threadid);
	if (m->gone)
		json_bool(j, "gone", true);
	if (m->pruned != 0)
		json_u64(j, "pruned", m->pruned);
	if (m->has_headers) {
		json_decoded(j, "from", m->header[HEADER_FROM], decode_person);
		json_decoded(j, "to", m->header[HEADER_TO], decode_person);
		json_decoded(j, "subject", m->header[HEADER_SUBJECT],
		    decode_text);
		json_str(j, "message_id", m->header[HEADER_MESSAGE_ID]);
	}
	ui_json_end(ui);
}

static void
decoded_cell(struct table *t, enum ui_style style, const char *raw,
    char *(*decode)(const char *))
{
	char *s = raw == NULL ? xstrdup("") : decode(raw);

	table_styled(t, style, "%s", s);
	free(s);
}

static void
message_row(struct table *t, const struct known_message *m, bool all)
{
	char text[TEXT_MAX];
	/* What was not read yet stands out, as in a mail program; what is gone steps back. */
	enum ui_style style = m->gone ? UI_DIM :
	    flags_has(m->flags, "\\Seen") ? UI_PLAIN : UI_BOLD;

	table_styled(t, style, "%" PRIu64 ".%" PRIu64, m->commit, m->line);
	table_styled(t, style, "%s", m->has_date ?
	    text_local(text, m->date) : "-");
	decoded_cell(t, style, m->header[HEADER_FROM], decode_person);
	decoded_cell(t, style, m->header[HEADER_SUBJECT], decode_text);
	table_styled(t, style, "%s", text_size(text, m->size));
	table_styled(t, style, "%s", name_shown(m->folder_name));
	if (all)
		table_styled(t, style, "%s", m->pruned != 0 ? "pruned" :
		    m->gone ? "gone" : "");
}

static int
print_message(void *arg, const struct known_message *m, struct err *e)
{
	struct lister *l = arg;

	(void)e;
	l->messages++;
	if (l->table == NULL)
		message_json(l->ui, m);
	else
		message_row(l->table, m, l->all);
	return ui_gone(l->ui);
}

/* The folders on the command line. */
struct folders {
	char		**names;
	int		  n;
};

static int
list_vault(struct app *app, struct vault *v, void *arg, struct err *e)
{
	const struct list_opts *o = app->opts;
	const struct folders *f = arg;
	struct lister l = { .ui = app->ui };
	struct chosen chosen;
	uint64_t unread = 0;
	int rc;

	if (choose_begin(&o->choose, v, f->names, f->n, &chosen, e) == -1)
		return -1;
	l.all = chosen.choice.all;
	if ((rc = vault_fill_headers(v, e)) == 0) {
		if (!ui_json(app->ui))
			l.table = table_new(app->ui, columns, sizeof(columns) /
			    sizeof(columns[0]) - !l.all);
		rc = job_messages(v, &chosen.choice, NULL, print_message, &l,
		    &unread, e);
		table_end(&l.table);
		/* That nobody reads on is no error of ours. */
		if (rc != -1)
			rc = choose_note(app->ui, v, &chosen, unread, e);
		if (rc != -1 && l.messages == 0)
			ui_note(app->ui, "no messages");
	}
	choose_end(&chosen);
	return rc;
}

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	struct folders folders = { argv + 1, argc - 1 };

	return target_read(app, argv[0], list_vault, &folders, e);
}

const struct command cmd_list = {
	.name = "list",
	.run = run,
	.summary = "list messages of a vault",
	.synopsis = "[options] ACCOUNT|VAULT [FOLDER ...]",
	.opts = opts,
	.opts_size = sizeof(struct list_opts),
	.defaults = &defaults,
	.needs = NEED_CONFIG,
};
