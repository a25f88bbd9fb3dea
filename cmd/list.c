/*
 * list.c - mailkeep list: the messages of a vault.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/near.h"
#include "base/text.h"
#include "cmd/table.h"
#include "cmd/target.h"
#include "mail/decode.h"
#include "mail/flags.h"
#include "mail/name.h"

struct list_opts {
	const char	*at;
	bool		 all;
};

static const struct opt opts[] = {
	OPT_FLAG('a', "all", struct list_opts, all,
	    "also what is gone from the server"),
	OPT_TEXT(0, "at", struct list_opts, at, "COMMIT|DATE",
	    "the mailbox as it was then"),
	OPT_END
};

/* The instant or commit that --at names. */
struct when {
	uint64_t	commit;		/* CATALOG_NOW: the newest */
	bool		by_date;	/* each folder's last complete state up to there */
};

struct lister {
	struct app	*app;
	struct catalog	*catalog;
	struct table	*table;		/* own, or NULL for JSON */
	const char	*pattern;	/* of folders, or NULL */
	struct when	 when;
	bool		 matched;	/* some folder has such a name */
	struct near	 near;		/* the name of one that was perhaps meant, */
	char		*nearest;	/* own */
	uint64_t	*folders;	/* own: those to list */
	size_t		 n, cap;
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
		table_styled(t, style, "%s", m->gone ? "gone" : "");
}

static int
print_message(void *arg, const struct known_message *m, struct err *e)
{
	struct lister *l = arg;
	const struct list_opts *o = l->app->opts;

	(void)e;
	l->messages++;
	if (l->table == NULL)
		message_json(l->app->ui, m);
	else
		message_row(l->table, m, o->all);
	return ui_gone(l->app->ui);
}

static void
look_near(struct lister *l, const char *name)
{
	l->near.best = NULL;
	near_try(&l->near, name);
	if (l->near.best == NULL)
		return;
	free(l->nearest);
	l->nearest = xstrdup(name);
}

static int
choose_folder(void *arg, const struct known_folder *k, struct err *e)
{
	struct lister *l = arg;

	(void)e;
	if (l->pattern != NULL && !name_match(l->pattern, k->facts.name,
	    k->facts.delimiter)) {
		look_near(l, k->facts.name);
		return 0;
	}
	l->matched = true;
	l->folders = mem_grow(l->folders, &l->cap, l->n + 1,
	    sizeof(*l->folders));
	l->folders[l->n++] = k->facts.folder;
	if (strcmp(k->facts.name, "INBOX") == 0) {
		memmove(l->folders + 1, l->folders,
		    (l->n - 1) * sizeof(*l->folders));
		l->folders[0] = k->facts.folder;
	}
	return 0;
}

/* One folder, as of then. */
static int
list_folder(struct lister *l, uint64_t folder, struct err *e)
{
	const struct list_opts *o = l->app->opts;
	uint64_t at = l->when.commit;
	int r;

	if (l->when.by_date) {
		r = catalog_complete(l->catalog, folder, at, &at, e);
		if (r != 1)
			return r;
	}
	return catalog_messages(l->catalog, folder, at, o->all, print_message,
	    l, e);
}

static int
no_folder(const struct lister *l, struct err *e)
{
	err_set(e, EK_USAGE, "the vault has no folder '%s'%s", l->pattern,
	    l->when.commit == CATALOG_NOW ? "" : " then");
	return l->nearest != NULL ?
	    err_next(e, "did you mean '%s'?", name_shown(l->nearest)) :
	    err_next(e, "without a folder's name all are listed; in one, * "
	    "stands for any text");
}

static int
list_all(struct lister *l, struct err *e)
{
	size_t i;
	int rc = 0;

	if (l->pattern != NULL)
		near_begin(&l->near, l->pattern, strlen(l->pattern));
	if (catalog_folders(l->catalog, l->when.commit, choose_folder, l, e) ==
	    -1)
		return -1;
	if (l->pattern != NULL && !l->matched)
		return no_folder(l, e);
	for (i = 0; rc == 0 && i < l->n; i++)
		rc = list_folder(l, l->folders[i], e);
	return rc;
}

static int
no_commit(struct err *e)
{
	err_set(e, EK_USAGE, "the vault has no commit yet");
	return err_next(e, "mailkeep backup makes the first");
}

/* Called from the newest: the last call is for the first commit. */
static int
look_at_time(void *arg, const struct known_commit *c, struct err *e)
{
	(void)e;
	*(int64_t *)arg = c->time;
	return 0;
}

static int
nothing_then(struct catalog *c, uint64_t head, const char *at, struct err *e)
{
	char text[TEXT_MAX];
	int64_t first = 0;

	if (head == 0)
		return no_commit(e);
	if (catalog_commits(c, look_at_time, &first, e) == -1)
		return -1;
	err_set(e, EK_USAGE, "the vault has nothing from before the end of %s: "
	    "commit 1 was made %s", at, text_local(text, first));
	return err_next(e, "mailkeep log lists the commits");
}

/* --at COMMIT */
static int
parse_commit(uint64_t head, const char *at, struct when *out, struct err *e)
{
	if (*at == '\0')
		return err_set(e, EK_USAGE, "--at needs a commit or a date");
	if (text_u64(at, strlen(at), &out->commit) == 0 && out->commit > 0 &&
	    out->commit <= head)
		return 0;
	if (head == 0)
		return no_commit(e);
	err_set(e, EK_USAGE, "there is no commit %s; the newest is %" PRIu64,
	    at, head);
	return err_next(e, "mailkeep log lists them; a date has at least a "
	    "month, as in 2026-03");
}

/* --at: digits are a commit, all else is a date: its end. */
static int
parse_at(struct catalog *c, uint64_t head, const char *at, struct when *out,
    struct err *e)
{
	int64_t from, to;
	int r;

	*out = (struct when){ CATALOG_NOW, false };
	if (at == NULL)
		return 0;
	if (at[strspn(at, "0123456789")] == '\0')
		return parse_commit(head, at, out, e);
	if (text_parse_date(at, &from, &to, e) == -1) {
		err_add(e, "--at");
		return err_next(e, "or give the number of a commit: mailkeep "
		    "log lists them");
	}
	out->by_date = true;
	if ((r = catalog_at(c, to - 1, &out->commit, e)) == 0)
		return nothing_then(c, head, at, e);
	return r == -1 ? -1 : 0;
}

/* That a commit stands in the middle of a backup, or at the end of one that lacks something, is worth knowing. */
static int
note_commit(void *arg, const struct known_commit *c, struct err *e)
{
	const struct lister *l = arg;

	(void)e;
	if (c->commit != l->when.commit)
		return 0;
	if (!c->run_ends)
		ui_note(l->app->ui, "commit %" PRIu64 " was made in the middle "
		    "of a %s: more came later", c->commit, c->verb);
	else if (strcmp(c->result, "complete") != 0)
		ui_note(l->app->ui, "the %s that ended with commit %" PRIu64
		    " was not complete: %s", c->verb, c->commit, c->result);
	return 1;
}

static int
list_vault(struct app *app, struct vault *v, void *pattern, struct err *e)
{
	const struct list_opts *o = app->opts;
	struct lister l = { .app = app, .catalog = vault_catalog(v),
	    .pattern = pattern };
	struct digest head;
	int rc;

	if (parse_at(l.catalog, vault_head(v, &head), o->at, &l.when, e) ==
	    -1 || vault_fill_headers(v, e) == -1)
		return -1;
	if (!ui_json(app->ui))
		l.table = table_new(app->ui, columns,
		    sizeof(columns) / sizeof(columns[0]) - !o->all);
	rc = list_all(&l, e);
	table_end(&l.table);
	if (rc == 0 && l.when.commit != CATALOG_NOW && !l.when.by_date)
		rc = catalog_commits(l.catalog, note_commit, &l, e);
	if (rc != -1 && l.messages == 0)
		ui_note(app->ui, "no messages");
	free(l.folders);
	free(l.nearest);
	return rc == -1 ? -1 : 0;
}

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	return target_read(app, argv[0], list_vault, argc > 1 ? argv[1] : NULL,
	    e);
}

const struct command cmd_list = {
	.name = "list",
	.run = run,
	.summary = "list messages of a vault",
	.synopsis = "[options] ACCOUNT|VAULT [FOLDER]",
	.opts = opts,
	.opts_size = sizeof(struct list_opts),
	.needs = NEED_CONFIG,
};
