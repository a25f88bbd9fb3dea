/*
 * verify.c - mailkeep verify: is the vault whole, and what does a damage cost?
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "cmd/against.h"
#include "cmd/damage.h"
#include "cmd/later.h"
#include "cmd/target.h"

#define HASH_LEAST	8	/* digits that stand for a whole one */

struct verify_opts {
	const char	*against_server, *expect, *read_data;
};

static const struct opt opts[] = {
	OPT_MAYBE(0, "against-server", struct verify_opts, against_server,
	    "PERCENT", "compare with the server; fetch so many messages again"),
	OPT_TEXT(0, "expect", struct verify_opts, expect, "HASH",
	    "exit 6 unless a manifest has this hash: the head, noted earlier"),
	OPT_MAYBE(0, "read-data", struct verify_opts, read_data, "PERCENT|N/M",
	    "read the packs back, every message; or a part of them"),
	OPT_END
};

/* --read-data: nothing, PERCENT or N/M. */
static int
parse_part(const char *s, struct vault_verify_opts *out, struct err *e)
{
	size_t n = strspn(s, "0123456789");
	uint64_t a = 0, b = 0;

	out->read_data = true;
	out->percent = 100;
	if (*s == '\0')
		return 0;
	if (text_u64(s, n, &a) == 0 && s[n] == '/' &&
	    text_u64(s + n + 1, strlen(s + n + 1), &b) == 0 && a >= 1 &&
	    a <= b) {
		out->part = a;
		out->parts = b;
		return 0;
	}
	if (s[n] == '%')
		n++;
	if (a >= 1 && a <= 100 && s[n] == '\0') {
		out->percent = (unsigned int)a;
		return 0;
	}
	err_set(e, EK_USAGE, "--read-data: '%s' is no part of a vault", s);
	return err_next(e, "10 is a random tenth; 3/10 is the third of ten "
	    "parts, which together are all of it");
}

static int
parse_expect(const char *s, struct err *e)
{
	size_t n = strlen(s);

	if (n >= HASH_LEAST && n < DIGEST_HEX &&
	    strspn(s, "0123456789abcdef") == n)
		return 0;
	err_set(e, EK_USAGE, "--expect: '%s' is no hash", s);
	return err_next(e, "backup and verify print the head's: %d hex digits "
	    "of it at least, in small letters", HASH_LEAST);
}

static void
report_json(struct ui *ui, const char *title, const struct target *t,
    const struct vault_verify_report *r, int status)
{
	struct json_out *j = ui_json_begin(ui, "verify");
	char hex[DIGEST_HEX];
	uint64_t damage = 0;
	size_t i;

	for (i = 0; i < FOUND_KINDS; i++)
		damage += r->damage[i];
	json_str(j, "account", title);
	target_json_vault(j, t->vault);
	json_u64(j, "commits", r->commits);
	json_u64(j, "messages", r->messages);
	json_u64(j, "packs", r->packs);
	json_u64(j, "stored_bytes", r->stored);
	json_u64(j, "packs_read", r->packs_read);
	json_u64(j, "read_bytes", r->read);
	json_u64(j, "damage", damage);
	json_u64(j, "damaged_messages", r->costs);
	json_u64(j, "lost_messages", r->lost);
	json_u64(j, "commit", r->head);
	json_str(j, "head", digest_hex(&r->head_sha256, hex));
	if (r->expected != 0)
		json_u64(j, "expected", r->expected);
	json_i64(j, "status", status);
	ui_json_end(ui);
}

static void
report_text(struct ui *ui, const char *title, const struct vault_verify_report *r,
    const struct vault_verify_opts *o, double seconds, bool ok)
{
	char messages[TEXT_MAX], size[TEXT_MAX], span[TEXT_MAX];
	char hex[DIGEST_HEX];

	text_span(span, seconds);
	if (ok && r->packs_read > 0)
		ui_note(ui, "%s: %s read back from %" PRIu64 " of %" PRIu64
		    " pack%s: every message in %s is as it was",
		    title, text_size(size, r->read), r->packs_read,
		    r->packs, r->packs == 1 ? "" : "s",
		    r->packs_read == 1 ? "it" : "them");
	if (ok)
		ui_note(ui, "%s: %" PRIu64 " commit%s, %s messages: the vault "
		    "is whole%s (%s)", title, r->commits,
		    r->commits == 1 ? "" : "s",
		    text_count(messages, r->messages),
		    r->packs_read == r->packs ? "" :
		    ", as far as names and sizes tell", span);
	if (r->lost > 0)
		ui_note(ui, "%s: %s message%s given up by an earlier repair",
		    title, text_count(messages, r->lost),
		    r->lost == 1 ? " was" : "s were");
	if (r->head > 0)
		ui_note(ui, "%s: head: commit %" PRIu64 ", %s", title,
		    r->head, digest_hex(&r->head_sha256, hex));
	if (o->expect != NULL && r->expected != 0)
		ui_note(ui, "%s: %s... is commit %" PRIu64 "%s", title,
		    o->expect, r->expected, r->expected == r->head ?
		    ", the head" : "; the vault has gone on since");
}

/* What to do about the worst of it. */
static int
advise(const struct vault_verify_report *r, const char *vault, struct err *e)
{
	if (r->damage[FOUND_MANIFEST] > 0)
		return err_next(e, "bring these manifests back from another "
		    "copy of the vault; if there is none, mailkeep rebuild "
		    "--salvage %s makes the best of what is left", vault);
	if (r->catalog_ahead)
		return err_next(e, "bring the newest manifests and packs back "
		    "from another copy of the vault; if there is none, "
		    "mailkeep rebuild --salvage %s takes what packs still "
		    "hold of them, and mailkeep repair --accept-loss goes on "
		    "without the rest", vault);
	if (r->damage[FOUND_PACK] > 0 || r->damage[FOUND_CONTENT] > 0)
		return err_next(e, "mailkeep repair %s saves what can be read "
		    "and fetches the rest from the server again", vault);
	if (r->damage[FOUND_CATALOG] > 0)
		return err_next(e, "mailkeep rebuild %s makes the catalog "
		    "anew", vault);
	if (r->damage[FOUND_STRANGER] > 0)
		return err_next(e, "move what doesn't belong there out of the "
		    "vault");
	return err_next(e, "keep this copy of the vault, and compare it with "
	    "others");
}

/* What its files say. */
static int
check_vault(struct app *app, const struct target *t, struct vault *v,
    struct vault_verify_opts *job, struct err *e)
{
	const char *title = account_title(t->account);
	struct damage *d = damage_new(app, title, "CAN'T BE READ");
	struct vault_verify_report report;
	double began = later_clock();
	int rc;

	job->found = damage_found;
	job->cost = damage_cost;
	job->progress = damage_progress;
	job->arg = d;
	rc = vault_verify(v, job, &report, e);
	ui_progress_end(app->ui);
	damage_free(&d);
	if (rc == -1 && e->kind == EK_CORRUPT)
		advise(&report, t->vault, e);
	if (ui_json(app->ui))
		report_json(app->ui, title, t, &report,
		    rc == 0 ? 0 : err_status(e->kind, e->sys));
	if (rc == 0 || e->kind == EK_CORRUPT)
		report_text(app->ui, title, &report, job,
		    later_clock() - began, rc == 0);
	return rc;
}

static int
verify_one(struct app *app, struct target *t, struct err *e)
{
	const struct verify_opts *o = app->opts;
	struct vault_verify_opts job = { .expect = o->expect };
	int percent = AGAINST_SAMPLE, rc;
	struct vault *v = NULL;

	if ((o->read_data != NULL && parse_part(o->read_data, &job, e) == -1) ||
	    (o->expect != NULL && parse_expect(o->expect, e) == -1) ||
	    (o->against_server != NULL &&
	    against_percent(o->against_server, &percent, e) == -1))
		return -1;
	if (vault_open(t->vault, VAULT_CHECK, target_env(app), &v, e) == -1)
		return -1;
	rc = check_vault(app, t, v, &job, e);
	/* A damaged vault is no measure of the server. */
	if (rc == 0 && o->against_server != NULL)
		rc = against_server(app, t, v, percent, e);
	vault_close(&v);
	return rc;
}

static int
run(struct app *app, int argc, char **argv, struct err *e)
{
	return target_each(app, argc, argv, verify_one, e);
}

const struct command cmd_verify = {
	.name = "verify",
	.run = run,
	.summary = "check that a vault is whole",
	.synopsis = "[options] [ACCOUNT|VAULT ...]",
	.opts = opts,
	.opts_size = sizeof(struct verify_opts),
	.needs = NEED_ACCOUNT,
};
