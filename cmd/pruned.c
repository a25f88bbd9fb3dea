/*
 * pruned.c - see pruned.h.
 */
#include <inttypes.h>

#include "base/text.h"
#include "cmd/planned.h"
#include "cmd/pruned.h"
#include "cmd/repeat.h"

#define LEFT	"it is left alone"	/* a folder */

/* What befell a message, several, or a folder; the word that JSON has for it. */
static const struct {
	const char *word, *one, *several, *all;
} kinds[PRUNE_KINDS] = {
	[PRUNE_DIFFERS] = { "differs", "stays",
	    "stay, since they are not what the vault has", LEFT },
	[PRUNE_CHANGED] = { "changed", "stays",
	    "stay, since they were changed meanwhile", LEFT },
	[PRUNE_GONE] = { "gone", "was gone already", "were gone already",
	    LEFT },
	[PRUNE_DAMAGED] = { "damaged", "stays",
	    "stay, since the vault can't read them", LEFT },
	[PRUNE_STANDIN] = { "standin", "stays",
	    "stay, since the vault has only stand-ins for them", LEFT },
	[PRUNE_UNDELIVERED] = { "undelivered", "stays",
	    "stay, since the server did not deliver them", LEFT },
	[PRUNE_UNMARKED] = { "unmarked", "stays",
	    "stay, since the server did not mark them", LEFT },
	[PRUNE_STAYED] = { "stayed", "stays",
	    "stay, since the server did not delete them", LEFT },
	[PRUNE_STUCK] = { "stuck", "stays, and is marked as deleted",
	    "stay, and are marked as deleted",
	    "messages stay, and are marked as deleted" },
	[PRUNE_IN_TRASH] = { "in-trash", "is in the trash now",
	    "are in the trash now", "messages are in the trash now" },
	[PRUNE_FOLDER] = { "folder", "stays", "stay", LEFT },
	[PRUNE_LISTED] = { "listed", "stays",
	    "stay, since they are not as they were listed", LEFT },
};

static const char *
plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

void
pruned_found(struct remarks *r, const struct job_prune_finding *f)
{
	remarks_add(r, &(struct remark){ .word = kinds[f->kind].word,
	    .one = kinds[f->kind].one, .several = kinds[f->kind].several,
	    .all = kinds[f->kind].all, .fault = f->fault, .warn = f->fault,
	    .folder = f->folder, .message = f->message, .uid = f->uid,
	    .reason = f->reason }, false);
}

static void
findings_json(struct json_out *j, const struct job_prune_report *r)
{
	int k;

	json_open(j, "findings", '{');
	for (k = 0; k < PRUNE_KINDS; k++)
		if (r->found[k] > 0)
			json_u64(j, kinds[k].word, r->found[k]);
	json_close(j, '}');
}

void
pruned_json(const struct pruned *p, double seconds)
{
	const struct job_prune_report *r = &p->report;
	struct json_out *j = ui_summary(p->ui);
	char hex[DIGEST_HEX];

	json_str(j, "account", p->title);
	json_bool(j, "dry_run", p->dry);
	json_u64(j, "deleted", r->messages);
	json_u64(j, "deleted_bytes", r->bytes);
	json_u64(j, "moved", r->moved);
	json_u64(j, "finished", r->finished);
	json_u64(j, "taken_back", r->taken_back);
	json_u64(j, "open", r->open);
	findings_json(j, r);
	json_u64(j, "run", r->run);
	json_u64(j, "commit", r->commit);
	json_str(j, "head", digest_hex(&r->head, hex));
	if (r->has_quota) {
		json_u64(j, "quota_used", r->quota_used);
		json_u64(j, "quota_limit", r->quota_limit);
	}
	json_u64(j, "milliseconds", (uint64_t)(seconds * 1000));
	json_u64(j, "deleting_ms", r->deleting_ms);
}

/* Why less became free than was deleted, as far as that is known. */
static const char *
why_not_free(const struct pruned *p)
{
	if (p->report.moved > 0)
		return "what is in the trash still counts: empty it, or prune "
		    "it with --trash-older-than";
	if (p->plan.gmail)
		return "at Gmail a message counts until it has left All Mail "
		    "and the trash";
	return "the server may count later, or mail came meanwhile";
}

static void
report_quota(const struct pruned *p)
{
	const struct job_prune_report *r = &p->report;
	char freed[TEXT_MAX], limit[TEXT_MAX], used[TEXT_MAX];
	uint64_t less = p->plan.quota_used > r->quota_used ?
	    p->plan.quota_used - r->quota_used : 0;

	if (!r->has_quota || !p->plan.has_quota || r->messages == 0)
		return;
	text_size(limit, r->quota_limit);
	text_size(used, r->quota_used);
	if (less == 0)
		ui_note(p->ui, "%s: nothing became free: %s of %s are "
		    "used; %s", p->title, used, limit, why_not_free(p));
	else
		ui_note(p->ui, "%s: freed %s of %s: %s are used now%s%s",
		    p->title, text_size(freed, less), limit, used,
		    less >= r->bytes / 2 ? "" : "; ",
		    less >= r->bytes / 2 ? "" : why_not_free(p));
}

/* The undo: "mailkeep restore --pruned 57 work". */
static void
add_undo(const struct pruned *p, struct buf *to)
{
	struct buf run = BUF_INIT(64);

	buf_addf(&run, " --pruned %" PRIu64, p->report.run);
	repeat_other(p->app, "restore", buf_text(&run), to);
	buf_release(&run);
}

void
pruned_text(const struct pruned *p, double seconds)
{
	const struct job_prune_report *r = &p->report;
	struct buf what = BUF_INIT(1024), undo = BUF_INIT(64 * 1024);
	const char *it = r->messages == 1 ? "it" : "them", *done =
	    p->plan.move ? "moved" : "deleted", *from =
	    p->plan.move ? " to the trash" : " from the server";
	char n[TEXT_MAX], span[TEXT_MAX];

	if (r->taken_back > 0)
		ui_note(p->ui, "%s: %s mark%s that an interrupted run "
		    "left %s taken back", p->title,
		    text_count(n, r->taken_back), plural(r->taken_back),
		    r->taken_back == 1 ? "was" : "were");
	if (r->messages == 0)
		return;
	planned_messages(&what, r->messages, r->bytes);
	add_undo(p, &undo);
	if (ui_watched(p->ui)) {
		ui_note(p->ui, "%s: %s %s%s; the vault keeps %s as run %"
		    PRIu64 " (%s)", p->title, done, buf_text(&what), from, it,
		    r->run, text_span(span, seconds));
		report_quota(p);
		ui_note(p->ui, "%s: to bring %s back: %s", p->title, it,
		    buf_text(&undo));
	} else if (!ui_json(p->ui))
		/* That mail was deleted is worth a line that is mailed. */
		ui_say(p->ui, "%s: %s %s%s; to bring %s back: %s", p->title,
		    done, buf_text(&what), from, it, buf_text(&undo));
	buf_release(&undo);
	buf_release(&what);
}
