/*
 * folders.c - mailkeep folders: what the server has, beside what the vault has.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cmd/table.h"
#include "cmd/target.h"
#include "mail/name.h"
#include "policy/policy.h"

static const struct table_column columns[] = {
	{ "FOLDER", TABLE_LEFT, 12, 1, 0 },
	{ "MESSAGES", TABLE_RIGHT, 0, 0, 0 },
	{ "IN VAULT", TABLE_RIGHT, 0, 0, 0 },
	{ "SIZE", TABLE_RIGHT, 0, 0, 3 },
	{ "USE", TABLE_LEFT, 0, 0, 1 },
	{ "SUB", TABLE_LEFT, 0, 0, 2 },
	{ "CHOSEN", TABLE_LEFT, 0, 0, 4 },
};

/* What the vault knows, if there is one. */
struct in_vault {
	struct vault	*v;		/* own, or NULL */
};

static int
known_here(const struct in_vault *in, const char *name, uint64_t *live,
    uint64_t *kept, struct err *e)
{
	struct known_folder k;
	int r;

	*live = *kept = 0;
	if (in->v == NULL)
		return 0;
	if ((r = catalog_folder(vault_catalog(in->v), name, &k, e)) == 1) {
		*live = k.live;
		*kept = k.kept;
	}
	return r;
}

static const char *
space_name(enum mail_space space)
{
	return space == MAIL_PERSONAL ? "personal" :
	    space == MAIL_OTHER ? "other" : "shared";
}

static void
folder_json(struct ui *ui, const struct mail_box *b, bool chosen,
    const struct in_vault *in, uint64_t live, uint64_t kept)
{
	struct json_out *j = ui_json_begin(ui, "folder");
	const char *use = mail_special_use(b->attributes);
	char delimiter[2] = { b->delimiter, '\0' };

	json_str(j, "folder", name_shown(b->name));
	json_str(j, "raw", b->wire);
	if (b->delimiter != '\0')
		json_str(j, "delimiter", delimiter);
	json_str(j, "namespace", space_name(b->space));
	json_bool(j, "selectable", b->selectable);
	json_bool(j, "subscribed", b->subscribed);
	if (use != NULL)
		json_str(j, "special_use", use);
	if (b->mailboxid != NULL)
		json_str(j, "mailboxid", b->mailboxid);
	if (b->state.has_exists)
		json_u64(j, "messages", b->state.exists);
	if (b->state.has_size)
		json_u64(j, "bytes", b->state.size);
	if (b->state.uidvalidity != 0)
		json_u64(j, "uidvalidity", b->state.uidvalidity);
	json_bool(j, "chosen", chosen);
	if (in->v != NULL) {
		json_u64(j, "in_vault", live);
		json_u64(j, "kept", kept);
	}
	ui_json_end(ui);
}

static void
folder_row(struct table *t, const struct mail_box *b, bool chosen,
    const struct in_vault *in, uint64_t live)
{
	const char *use = mail_special_use(b->attributes);
	char text[TEXT_MAX];
	bool differs = in->v != NULL && chosen && b->state.has_exists &&
	    b->state.exists != live;

	table_cell(t, "%s", name_shown(b->name));
	table_cell(t, "%s", b->state.has_exists ?
	    text_count(text, b->state.exists) : "-");
	table_styled(t, differs ? UI_WARN : UI_PLAIN, "%s",
	    in->v == NULL || !b->selectable ? "-" : text_count(text, live));
	table_cell(t, "%s", b->state.has_size ?
	    text_size(text, b->state.size) : "-");
	table_cell(t, "%s", use == NULL ? "" : use);
	table_cell(t, "%s", b->subscribed ? "yes" : "");
	table_cell(t, "%s", chosen ? "yes" : b->selectable ? "no" : "-");
}

/* What the chosen folders come to. */
struct sum {
	uint64_t	folders, messages, bytes;
	bool		has_size;	/* the server told the size of each */
};

static void
add(struct sum *sum, const struct mail_box *b)
{
	sum->folders++;
	sum->messages += b->state.has_exists ? b->state.exists : 0;
	sum->bytes += b->state.has_size ? b->state.size : 0;
	sum->has_size = sum->has_size && b->state.has_size;
}

static void
note_sum(struct ui *ui, const struct sum *sum, size_t all)
{
	char messages[TEXT_MAX], size[TEXT_MAX];

	ui_note(ui, "%" PRIu64 " of %zu folders chosen, %s messages%s%s",
	    sum->folders, all, text_count(messages, sum->messages),
	    sum->has_size ? ", " : "",
	    sum->has_size ? text_size(size, sum->bytes) : "");
}

/* The folder that comes first; the others follow as they are. */
static size_t
inbox(const struct imap_boxes *boxes)
{
	size_t i;

	for (i = 0; i < boxes->n; i++)
		if (strcmp(boxes->v[i].name, "INBOX") == 0)
			return i;
	return 0;
}

static int
print_all(struct app *app, const struct target *t, struct imap_boxes *boxes,
    const struct in_vault *in, struct err *e)
{
	const struct account *a = t->account;
	struct sum sum = { .has_size = true };
	struct table *table = NULL;
	uint64_t live, kept;
	size_t first = inbox(boxes), n;
	int rc = 0;

	if (!ui_json(app->ui))
		table = table_new(app->ui, columns,
		    sizeof(columns) / sizeof(columns[0]));
	for (n = 0; rc != -1 && n < boxes->n; n++) {
		const struct mail_box *b = &boxes->v[n == 0 ? first :
		    n <= first ? n - 1 : n];
		const char *why;
		bool chosen = policy_select(
		    (const char *const *)a->folders.v, a->folders.n,
		    a->shared, b, &why);

		rc = known_here(in, b->name, &live, &kept, e);
		if (chosen)
			add(&sum, b);
		if (table == NULL)
			folder_json(app->ui, b, chosen, in, live, kept);
		else
			folder_row(table, b, chosen, in, live);
	}
	table_end(&table);
	if (rc == -1)
		return -1;
	note_sum(app->ui, &sum, boxes->n);
	return 0;
}

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	struct job_ask ask = target_ask(app);
	struct in_vault in = { NULL };
	struct imap_boxes boxes;
	struct target t;
	int rc;

	(void)argc;
	rc = strstr(argv[0], "://") != NULL ?
	    target_server(app, argv[0], &t, e) :
	    target_resolve(app, argv[0], &t, e);
	if (rc == -1)
		return -1;
	rc = -1;
	if (t.vault != NULL && vault_open(t.vault, VAULT_READ,
	    target_env(app), &in.v, e) == -1)
		goto out;
	target_waiting(app, t.account);
	rc = job_folders(t.account, &ask, &boxes, e);
	ui_waited(app->ui);
	if (rc == -1)
		goto out;
	rc = print_all(app, &t, &boxes, &in, e);
	if (rc == 0 && boxes.unreadable > 0) {
		ui_warn(app->ui, "%" PRIu64 " lines of the server's list "
		    "could not be read, such as %s", boxes.unreadable,
		    boxes.first_unreadable);
		rc = err_status(EK_PARTIAL, 0);
	}
	imap_boxes_release(&boxes);
	if (rc == 0)
		rc = target_alarm(in.v, e);
out:
	vault_close(&in.v);
	target_release(&t);
	return rc;
}

const struct command cmd_folders = {
	.name = "folders",
	.run = run,
	.summary = "list the folders on the server",
	.synopsis = "[options] ACCOUNT|VAULT|SERVER",
	.needs = NEED_ACCOUNT,
};
