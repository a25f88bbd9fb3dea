/*
 * prune.c - the story of a prune.
 *
 *	is the vault whole, as far as names and sizes tell?
 *	sign in; list the folders and judge each message (sift.c); the goal and the guards (weigh.c); show the plan
 *	read back the packs that hold what should go (prove.c)
 *	for each folder: look what an interrupted run left (tidy.c); then prove (prove.c) and delete (erase.c, trash.c)
 *	say what it came to, with the quota of afterwards
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/mem.h"
#include "base/text.h"
#include "job/pruning.h"
#include "mail/name.h"

/* ---- telling ---- */

void
prune_note(struct prune *p, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list ap;

	if (p->o->note == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->o->note(p->o->arg, text);
}

static bool
is_fault(enum job_prune_kind kind)
{
	return kind != PRUNE_CHANGED && kind != PRUNE_GONE &&
	    kind != PRUNE_IN_TRASH;
}

static void
keep_fault(struct prune *p, const struct job_prune_finding *f)
{
	p->faults++;
	if (p->fault != NULL)
		return;
	p->fault = f->uid == 0 ?
	    xasprintf("%s: %s", name_shown(f->folder), f->reason) :
	    xasprintf("%s: UID %" PRIu32 ": %s", name_shown(f->folder),
	    f->uid, f->reason);
}

int
prune_found(struct prune *p, enum job_prune_kind kind,
    const struct prune_box *box, const struct cand *c, const char *reason,
    struct err *e)
{
	struct job_prune_finding f = { .kind = kind, .fault = is_fault(kind),
	    .folder = box->name, .uid = c == NULL ? 0 : c->uid,
	    .reason = reason };
	struct known_message note, m;
	int r = 0;

	p->report->found[kind]++;
	if (f.fault)
		keep_fault(p, &f);
	if (p->o->found == NULL)
		return 0;
	if (c != NULL && picks_get(&p->picks, c->at, &note, e) == -1)
		return -1;
	if (c != NULL && (r = catalog_message(p->catalog, note.commit,
	    note.line, &m, e)) == -1)
		return -1;
	if (r == 1) {
		m.folder_name = box->name;
		f.message = &m;
	}
	p->o->found(p->o->arg, &f);
	return 0;
}

int
prune_leave(struct prune *p, struct prune_box *box, const char *why,
    struct err *e)
{
	if (box->failed)
		return 0;
	if (box->why == NULL)
		box->why = xstrdup(why);
	box->failed = true;
	return prune_found(p, PRUNE_FOLDER, box, NULL, why, e);
}

void
prune_progress(struct prune *p, const char *what, const struct prune_box *box,
    uint64_t done, uint64_t total)
{
	if (p->o->progress != NULL)
		p->o->progress(p->o->arg, what, box == NULL ? NULL : box->name,
		    done, total);
}

void
prune_gone(struct prune *p, struct prune_box *box, struct cand *c)
{
	c->state = CAND_GONE;
	p->report->messages++;
	p->report->bytes += c->size;
	p->report->finished += uidset_has(&box->earlier, c->uid);
	box->gone++;
	p->breaks = 0;
	p->done++;
}

struct cand *
prune_cand(const struct prune *p, const struct prune_box *box, uint32_t uid)
{
	size_t low = box->first, high = box->first + box->n;

	while (low < high) {
		size_t i = low + (high - low) / 2;

		if (p->cands[i].uid < uid)
			low = i + 1;
		else
			high = i;
	}
	return low < box->first + box->n && p->cands[low].uid == uid ?
	    &p->cands[low] : NULL;
}

const char *
prune_stranger(const struct prune_box *b, const struct imap_event *ev)
{
	if (ev->box.uidvalidity == 0 ||
	    ev->box.uidvalidity != b->known.uidvalidity)
		return "its UIDVALIDITY is not the vault's: it must be backed "
		    "up anew";
	if (b->mailboxid != NULL && ev->mailboxid != NULL &&
	    strcmp(b->mailboxid, ev->mailboxid) != 0)
		return "it is another folder of the same name (MAILBOXID)";
	return NULL;
}

const char *
prune_recheck(const struct prune *p, const struct prune_box *b,
    uint64_t exists)
{
	uint64_t should = b->messages - b->gone, lost, left;
	struct prune_folder_facts facts = { .go = b->go,
	    .known = b->known.live, .now = vault_now(p->v) };

	/* Mail that comes makes no plan worse. */
	if (exists >= should)
		return NULL;
	lost = should - exists;
	left = b->messages - lost;
	facts.exists = left;
	facts.vanished = b->vanished + lost;
	if (policy_guard_folder(&facts, p->o->lifted) == GUARD_NONE &&
	    left >= b->go && left - b->go >= p->o->policy.keep_last)
		return NULL;
	return "it has lost messages since the plan was made, so that too few "
	    "would be left: run it again";
}

static void
on_event(void *arg, const struct job_event *ev)
{
	struct prune *p = arg;

	if (ev->kind == JOB_NOTE)
		prune_note(p, "%s", ev->reason);
}

/* ---- the vault ---- */

/* Only a whole vault is a proof. */
static int
check_vault(struct prune *p, struct err *e)
{
	struct vault_verify_opts opts = { .found = p->o->verified,
	    .arg = p->o->arg };
	struct vault_verify_report report;

	prune_progress(p, "checking the vault", NULL, 0, 0);
	if (vault_verify(p->v, &opts, &report, e) == -1) {
		if (e->kind == EK_CORRUPT)
			err_next(e, "mailkeep verify shows the damage, "
			    "mailkeep repair mends it");
		return -1;
	}
	if (vault_catalog(p->v) == NULL && vault_need_catalog(p->v, e) == -1)
		return -1;
	p->catalog = vault_catalog(p->v);
	if (p->catalog == NULL)
		return err_set(e, EK_FAIL, "without a catalog there is "
		    "nothing to compare the server with");
	return 0;
}

/* ---- the plan ---- */

static int
ask_quota(struct prune *p, bool *known, uint64_t *used, uint64_t *limit,
    struct err *e)
{
	struct imap *im;
	int r;

	if (look_session(p->look, &im, e) == -1 ||
	    (r = imap_quota(im, used, limit, e)) == -1)
		return -1;
	*known = r == 1;
	return 0;
}

static int
ask_server(struct prune *p, struct err *e)
{
	struct job_prune_plan *plan = p->plan;
	struct imap *im;

	if (look_list(p->look, &p->boxes, e) == -1 ||
	    look_session(p->look, &im, e) == -1)
		return -1;
	if (p->boxes.unreadable > 0)
		prune_note(p, "%" PRIu64 " lines of the server's list of "
		    "folders can't be read: %s", p->boxes.unreadable,
		    p->boxes.first_unreadable);
	p->gmail = plan->gmail = imap_can(im, CAP_GMAIL);
	if (imap_server(im) != NULL)
		snprintf(plan->server, sizeof(plan->server), "%s",
		    imap_server(im));
	trash_find(p);
	plan->move = p->o->to_trash;
	plan->trash = p->trash;
	return ask_quota(p, &plan->has_quota, &plan->quota_used,
	    &plan->quota_limit, e);
}

/* Whether this server can do at all what will be asked of it. */
static int
check_server(struct prune *p, struct err *e)
{
	struct imap *im;
	bool expunge, move;

	if (look_session(p->look, &im, e) == -1)
		return -1;
	expunge = imap_can_expunge(im);
	move = imap_can_move(im);
	if (p->o->to_trash && !move)
		return err_set(e, EK_REFUSED, "the server can't move messages "
		    "(it lacks MOVE), and to copy and delete them is no "
		    "safer than to delete them");
	if ((p->o->to_trash || p->gmail) && p->trash == NULL) {
		err_set(e, EK_REFUSED, "the server names no folder as its "
		    "trash");
		return p->o->to_trash ? err_next(e, "leave out "
		    "--move-to-trash") : err_next(e, "in Gmail's settings, "
		    "under Labels, let IMAP show the trash");
	}
	if (p->o->to_trash || (expunge && (!p->gmail || move)))
		return 0;
	err_set(e, EK_REFUSED, "this server can't delete single messages: it "
	    "has neither UIDPLUS nor IMAP4rev2, so it could only delete all "
	    "that anybody has marked as deleted, mail that is not in the "
	    "vault among them");
	return move ? err_next(e, "--move-to-trash moves them into its trash "
	    "instead") : err_next(e, "delete them in a mail program; "
	    "--plan FILE lists which are safe in the vault");
}

static int
make_plan(struct prune *p, struct err *e)
{
	if (p->o->execute != NULL && outline_read(p, e) == -1)
		return -1;
	if (ask_server(p, e) == -1 || sift_all(p, e) == -1 ||
	    weigh(p, e) == -1)
		return -1;
	return p->o->plan_to == NULL ? 0 : outline_write(p, e);
}

/* ---- carrying it out ---- */

/* After the error ${e} another session may help; or patience is at its end. */
static int
again(struct prune *p, struct err *e)
{
	unsigned int seconds;

	if (e->kind != EK_TEMP && e->kind != EK_PROTO)
		return -1;
	look_hang_up(p->look);
	seconds = policy_pause(p->breaks++);
	if (p->breaks > 1 && seconds == 0) {
		e->kind = EK_TEMP;
		return err_next(e, "run it again: what was begun is finished "
		    "then, or taken back");
	}
	prune_note(p, "%s; connecting again", e->text);
	return cancel_sleep(seconds == 0 ? 0.2 : seconds, e);
}

static bool
moves(const struct prune *p, const struct prune_box *box)
{
	return p->o->to_trash || (p->gmail && box->role == ROLE_NONE);
}

/* One batch: 1 there may be more, 0 none or the folder was left, -1. */
static int
prune_some(struct prune *p, struct prune_box *box, struct err *e)
{
	struct batch b = { .box = box };
	int64_t began;
	int rc;

	if (box->unsettled && (rc = tidy(p, box, e)) != 1)
		return rc;
	if (cancel_check(e) == -1)
		return -1;
	rc = batch_take(p, box, &b) ? prove(p, &b, e) : 0;
	began = backup_ms();
	if (rc == 1 && !uidset_empty(&b.good))
		rc = moves(p, box) ? trash_move(p, &b, e) : erase(p, &b, e);
	p->report->deleting_ms += (uint64_t)(backup_ms() - began);
	batch_release(&b);
	return rc;
}

static int
each_batch(struct prune *p, struct prune_box *box, struct err *e)
{
	int r;

	while ((r = prune_some(p, box, e)) != 0) {
		if (r == 1)
			continue;
		if (again(p, e) == -1)
			return -1;
		box->unsettled = true;
		box->next = 0;
	}
	return 0;
}

static int
prune_folder(struct prune *p, struct prune_box *box, struct err *e)
{
	/* Without its UIDs nothing can be done about it. */
	if (box->wire == NULL || (box->go == 0 && !box->unsettled))
		return 0;
	if (each_batch(p, box, e) == -1)
		return -1;
	/* What was marked, by an earlier run perhaps, and is not fit to go after all. */
	if (intents_load(p->catalog, box->known.epoch, &box->open, e) == -1)
		return -1;
	box->unsettled = box->open.n > 0;
	box->next = box->n;
	return box->unsettled ? each_batch(p, box, e) : 0;
}

static bool
is_stuck(const struct prune *p)
{
	size_t i;

	for (i = 0; i < p->folders_n; i++)
		if (p->folders[i].unsettled)
			return true;
	return p->stale;
}

static int
outcome(struct prune *p, struct err *e)
{
	const struct job_prune_plan *plan = p->plan;
	char size[TEXT_MAX];

	if (p->damaged) {
		*e = p->damage;
		return -1;
	}
	if (p->faults > 0)
		return err_set(e, EK_PARTIAL, "not all of the plan could be "
		    "deleted: %s", p->fault);
	if (plan->guarded > 0 && !p->o->survey) {
		err_set(e, EK_REFUSED, "%" PRIu64 " message%s kept by guards",
		    plan->guarded, plan->guarded == 1 ? " was" : "s were");
		return err_next(e, "each guard is lifted by its own option, "
		    "named above");
	}
	if (plan->lack > 0)
		return err_set(e, EK_PARTIAL, "not so much may go as should "
		    "be free: %s more would have to", text_size(size,
		    plan->lack));
	return 0;
}

static int
refuse_backup(const struct prune *p, struct err *e)
{
	err_set(e, EK_REFUSED, "nothing was deleted: %s",
	    policy_guard_words(p->plan->guard));
	return err_next(e, "run mailkeep backup first; --allow-%s does "
	    "without", policy_guard_name(p->plan->guard));
}

static int
work(struct prune *p, struct err *e)
{
	size_t i;

	if (p->plan->messages > 0 && prove_packs(p, e) == -1)
		return -1;
	if (tidy_stale(p, e) == -1)
		return -1;
	for (i = 0; i < p->folders_n && !p->damaged; i++)
		if (prune_folder(p, &p->folders[i], e) == -1)
			return -1;
	/* What others hold back is no reason to fail. */
	while (ask_quota(p, &p->report->has_quota, &p->report->quota_used,
	    &p->report->quota_limit, e) == -1)
		if (again(p, e) == -1)
			return -1;
	return outcome(p, e);
}

static const char *
result_of(int rc, const struct err *e)
{
	if (rc == 0)
		return "complete";
	if (e->kind == EK_CANCELLED)
		return "interrupted";
	return e->kind == EK_PARTIAL || e->kind == EK_REFUSED ? "partial" :
	    "failed";
}

/* A run that recorded nothing leaves nothing. */
static int
end_run(struct prune *p, int rc, struct err *e)
{
	struct rec_run_end end = { .result = result_of(rc, e),
	    .status = rc == 0 ? 0 : err_status(e->kind, e->sys),
	    .error = rc == 0 ? NULL : e->text,
	    .counts = { .folders = p->plan->folders,
	    .gone = p->report->messages } };
	struct err why;

	if (p->report->run == 0) {
		vault_abort(&p->txn);
		return rc;
	}
	if (vault_end(&p->txn, &end, &why) == 0)
		return rc;
	if (rc == 0 || why.kind == EK_SPACE || why.kind == EK_CORRUPT)
		*e = why;
	return -1;
}

/* What the next run has to look at. */
static void
count_open(struct prune *p)
{
	struct err ignored;
	size_t i;

	for (i = 0; i < p->folders_n; i++) {
		struct prune_box *b = &p->folders[i];

		if (intents_load(p->catalog, b->known.epoch, &b->open,
		    &ignored) == 0)
			p->report->open += uidset_count(&b->open.all);
	}
}

static int
carry_out(struct prune *p, struct err *e)
{
	int go = 1, rc;

	if (p->plan->messages == 0 && !is_stuck(p))
		return outcome(p, e);
	if (p->plan->messages > 0 && p->plan->guard != GUARD_NONE)
		return refuse_backup(p, e);
	if (check_server(p, e) == -1)
		return -1;
	if (p->plan->messages > 0 && p->o->plan != NULL)
		go = p->o->plan(p->o->arg, p->plan, e);
	if (go != 1)
		return go == -1 ? -1 : err_set(e, EK_REFUSED,
		    "nothing was deleted");
	if (vault_begin(p->v, "prune", &p->txn, e) == -1)
		return -1;
	rc = work(p, e);
	count_open(p);
	return end_run(p, rc, e);
}

/* What a dry run has to say. */
static int
dry_end(struct prune *p, struct err *e)
{
	if (p->o->survey)
		return 0;
	if (p->plan->messages > 0 && check_server(p, e) == -1)
		return -1;
	if (p->plan->open > 0)
		prune_note(p, "an interrupted run has left %" PRIu64
		    " message%s that it was about to delete; the next one "
		    "with --yes finishes that, or takes its marks back",
		    p->plan->open, p->plan->open == 1 ? "" : "s");
	return p->faults == 0 ? 0 : err_set(e, EK_PARTIAL, "not all could be "
	    "looked at: %s", p->fault);
}

/* ---- beginning and end ---- */

static int
check_policy(const struct job_prune_opts *o, struct err *e)
{
	if (o->survey || o->execute != NULL || policy_prune_says(&o->policy))
		return 0;
	err_set(e, EK_USAGE, "which messages may go is not said");
	return err_next(e, "say it by --older-than 2y, --larger-than 10M, "
	    "--until-free 20%% or the like, or in the config file");
}

static int
open_scratch(struct prune *p, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	int dir, rc;

	if (tmp == NULL || *tmp == '\0')
		tmp = "/tmp";
	if ((dir = open(tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return err_sys(e, "%s", tmp);
	rc = picks_open(&p->picks, dir, e);
	close(dir);
	return rc;
}

static void
release(struct prune *p)
{
	vault_abort(&p->txn);
	look_free(&p->look);
	imap_boxes_release(&p->boxes);
	picks_close(&p->picks);
	while (p->folders_n > 0) {
		struct prune_box *b = &p->folders[--p->folders_n];

		free(b->name);
		free(b->wire);
		free(b->mailboxid);
		free(b->why);
		free(b->years);
		intents_release(&b->open);
		uidset_release(&b->earlier);
	}
	free(p->folders);
	free(p->cands);
	free(p->lines);
	free(p->trash);
	free(p->trash_wire);
	free(p->fault);
	free(p->moved);
	intern_free(&p->texts);
}

int
job_prune(struct vault *v, const struct job_prune_opts *o,
    struct job_prune_report *report, struct job_prune_plan *plan,
    struct err *e)
{
	struct prune p = { .v = v, .o = o, .report = report, .plan = plan,
	    .picks = { .fd = -1 }, .texts = intern_new() };
	const struct job_listener listener = { on_event, &p };
	int rc;

	memset(report, 0, sizeof(*report));
	memset(plan, 0, sizeof(*plan));
	p.look = look_new(o->account, &o->ask, NULL, &listener);
	if ((rc = check_policy(o, e)) == 0 && (rc = open_scratch(&p, e)) == 0 &&
	    (rc = check_vault(&p, e)) == 0 && (rc = make_plan(&p, e)) == 0)
		rc = o->dry_run ? dry_end(&p, e) : carry_out(&p, e);
	report->commit = vault_head(v, &report->head);
	plan->trash = NULL;
	release(&p);
	return rc;
}
