/*
 * import.c - mail that other programs kept, into folders of the vault that no server has.
 *
 *	for each message of the source: its folder (made with its first message), its bytes, its hash
 *	had the folder one more of that content than the source so far?  then it is that one; else it is added
 *	commit as it goes, by size and time, and at the end
 *
 * What the folder had before is all that is remembered of it, so the same source adds nothing twice, whenever the run
 * before ended, and two equal messages of the source are two in the vault.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "job/due.h"
#include "job/had.h"
#include "job/job.h"
#include "mail/date.h"

#define NAME_LIMIT	8192	/* of a folder, with what it is below */
#define NOTES_MAX	20	/* so many files that are no mail are named */

/* A folder that messages go to. */
struct into {
	char		*name;		/* own */
	uint64_t	 number, epoch;	/* 0: it has to be made */
	uint32_t	 max_uid;
	uint64_t	 live;
	bool		 open;		/* the rest is known */
	bool		 complete;	/* its last record says so */
	struct had	 had;		/* own; the messages of the source that it had */
	uint64_t	 added, bytes, known;
};

struct import {
	struct vault	*v;
	const struct job_import_opts *opts;
	struct job_import_report *report;
	struct catalog	*catalog;	/* the vault's */
	struct vault_txn *txn;		/* own; NULL for a dry run */
	struct foreign_in *in;		/* own */
	int		 scratch;	/* own */
	struct into	**into;		/* own: by name */
	size_t		 n, cap;
	struct into	*last;		/* the last one asked for */
	uint64_t	 last_folder, last_epoch;	/* the highest numbers given */
	struct due	 due;		/* to be committed */
	struct run_counts safe;		/* what the last commit made durable */
	uint64_t	 head;		/* last commit of the run before */
	struct buf	 name;		/* own; scratch */
	uint64_t	 notes;		/* what was passed over, or remarked */
	char		*problem;	/* own: the first, or NULL */
};

/* ---- telling ---- */

static void
tell(struct import *im, bool lost, const char *where, const char *why)
{
	if (lost && im->problem == NULL)
		im->problem = xasprintf("%s: %s", where, why);
	if (im->opts->told != NULL)
		im->opts->told(im->opts->arg, lost, where, why);
}

static void
on_told(void *arg, bool lost, const char *where, const char *why)
{
	struct import *im = arg;

	if (lost)
		im->report->counts.failed++;
	else {
		if (where != NULL)
			im->report->passed_over++;
		if (im->notes++ >= NOTES_MAX)
			return;
	}
	tell(im, lost, where, why);
}

static void
tell_notes(struct import *im)
{
	char text[64];

	if (im->notes <= NOTES_MAX)
		return;
	snprintf(text, sizeof(text), "%" PRIu64 " more notes are left out",
	    im->notes - NOTES_MAX);
	tell(im, false, NULL, text);
}

static void
tell_progress(struct import *im, const char *folder)
{
	uint64_t total, done = foreign_done(im->in, &total);

	if (im->opts->progress != NULL)
		im->opts->progress(im->opts->arg, folder,
		    im->report->counts.listed, done, total);
}

static void
tell_folders(struct import *im)
{
	size_t i;

	for (i = 0; i < im->n; i++) {
		const struct into *t = im->into[i];

		if (!t->open)
			continue;
		im->report->counts.folders++;
		if (im->opts->folder != NULL)
			im->opts->folder(im->opts->arg, t->name, t->added,
			    t->bytes, t->known);
	}
}

/* ---- the vault's imported folders ---- */

static int
by_name(const void *x, const void *y)
{
	const struct into *a = *(struct into *const *)x;
	const struct into *b = *(struct into *const *)y;

	return strcmp(a->name, b->name);
}

static int
collect(void *arg, const struct known_folder *k, struct err *e)
{
	struct import *im = arg;
	struct into *t;

	(void)e;
	if (k->facts.space != MAIL_IMPORTED || k->facts.gone)
		return 0;
	t = xcalloc(1, sizeof(*t));
	t->name = xstrdup(k->facts.name);
	t->number = k->facts.folder;
	t->epoch = k->epoch;
	im->into = mem_grow(im->into, &im->cap, im->n + 1, sizeof(*im->into));
	im->into[im->n++] = t;
	return 0;
}

static int
collect_all(struct import *im, struct err *e)
{
	if (catalog_last_folder(im->catalog, &im->last_folder, e) == -1 ||
	    catalog_last_epoch(im->catalog, &im->last_epoch, e) == -1 ||
	    catalog_folders(im->catalog, CATALOG_NOW, collect, im, e) == -1)
		return -1;
	if (im->n > 0)
		qsort(im->into, im->n, sizeof(*im->into), by_name);
	return 0;
}

/* The folder of that name, which may be a new one. */
static struct into *
find(struct import *im, const char *name)
{
	size_t lo = 0, hi = im->n, mid;
	struct into *t;
	int r;

	if (im->last != NULL && strcmp(im->last->name, name) == 0)
		return im->last;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if ((r = strcmp(im->into[mid]->name, name)) == 0)
			return im->last = im->into[mid];
		if (r < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	t = xcalloc(1, sizeof(*t));
	t->name = xstrdup(name);
	im->into = mem_grow(im->into, &im->cap, im->n + 1, sizeof(*im->into));
	memmove(im->into + lo + 1, im->into + lo,
	    (im->n - lo) * sizeof(*im->into));
	im->into[lo] = t;
	im->n++;
	return im->last = t;
}

/* ---- what a folder had ---- */

static int
remember(void *arg, const struct known_message *m, struct err *e)
{
	(void)e;
	had_add(arg, &m->sha256);
	return 0;
}

/* Know of a folder what the run needs. */
static int
open_into(struct import *im, struct into *t, struct err *e)
{
	struct known_epoch k;
	int r;

	if (t->open)
		return 0;
	if (t->epoch != 0 && !im->opts->dry_run) {
		if ((r = catalog_epoch(im->catalog, t->number, &k, e)) == -1 ||
		    catalog_messages(im->catalog, t->number, CATALOG_NOW,
		    false, remember, &t->had, e) == -1)
			return -1;
		if (r == 1) {
			t->max_uid = k.max_uid;
			t->live = k.live;
			t->complete = k.has_state && k.complete;
		}
		had_sort(&t->had);
	}
	t->open = true;
	return 0;
}

/* ---- commits ---- */

static int
check_space(struct import *im, struct err *e)
{
	return due_room(im->v, "nothing is added twice", e);
}

static int
commit_due(struct import *im, struct err *e)
{
	struct vault_pending p;
	int due;

	vault_pending(im->txn, &p);
	if ((due = due_commit(&im->due, im->v, &p, e)) != 1)
		return due;
	if (vault_commit(im->txn, e) == -1)
		return -1;
	im->safe = im->report->counts;
	log_info("committed %" PRIu64 " messages", p.messages);
	return check_space(im, e);
}

/* ---- a message ---- */

/* The records that make a folder, and its one epoch, of which no server has said a UIDVALIDITY. */
static int
make_folder(struct import *im, struct into *t, struct err *e)
{
	struct record folder = { .kind = REC_FOLDER };
	struct record epoch = { .kind = REC_EPOCH };

	if (t->number == 0) {
		t->number = ++im->last_folder;
		folder.u.folder = (struct rec_folder){ .folder = t->number,
		    .name = t->name, .attributes = "", .delimiter = '/',
		    .space = MAIL_IMPORTED, .selectable = true };
		if (vault_put(im->txn, &folder, e) == -1)
			return -1;
	}
	if (t->epoch == 0) {
		t->epoch = ++im->last_epoch;
		epoch.u.epoch = (struct rec_epoch){ .epoch = t->epoch,
		    .folder = t->number };
		if (vault_put(im->txn, &epoch, e) == -1)
			return -1;
	}
	return 0;
}

static int
add(struct import *im, struct into *t, const struct foreign_found *f,
    uint64_t size, struct err *e)
{
	struct vault_box box = { .name = t->name, .delimiter = '/',
	    .space = MAIL_IMPORTED };
	struct mail_meta m = { .flags = f->flags, .size = size,
	    .has_size = true, .date = f->date, .has_date = f->has_date };
	char date[DATE_MAX_RAW];

	if (t->max_uid == UID_MAX)
		return err_set(e, EK_REFUSED, "%s can't hold more messages",
		    t->name);
	if (make_folder(im, t, e) == -1)
		return -1;
	box.folder = t->number;
	box.epoch = t->epoch;
	if (m.has_date)
		m.internaldate = date_format(date, m.date);
	m.uid = ++t->max_uid;
	if (vault_add(im->txn, &box, &m, e) == -1)
		return -1;
	t->live++;
	t->added++;
	t->bytes += size;
	im->report->counts.added++;
	im->report->counts.added_bytes += size;
	return commit_due(im, e);
}

static int
take_body(struct import *im, struct into *t, const struct foreign_found *f,
    struct err *e)
{
	struct run_counts *n = &im->report->counts;
	struct sink to = vault_intake_sink(im->txn);
	struct digest sha256;
	uint64_t size;
	struct err why;
	int r;

	if (vault_intake(im->txn, 0, e) == -1)
		return -1;
	if ((r = foreign_body(im->in, &to, &why)) != 0) {
		if (r == 1) {
			n->missing++;
			tell(im, true, f->where, why.text);
			return 0;
		}
		*e = why;
		return -1;
	}
	size = vault_intake_seen(im->txn, &sha256);
	n->fetched++;
	n->fetched_bytes += size;
	if (open_into(im, t, e) == -1)
		return -1;
	if (had_take(&t->had, &sha256)) {
		t->known++;
		im->report->known++;
		return 0;
	}
	return add(im, t, f, size, e);
}

static int
take_one(struct import *im, const struct foreign_found *f, struct err *e)
{
	struct into *t;

	im->report->counts.listed++;
	buf_clear(&im->name);
	buf_adds(&im->name, im->opts->into);
	buf_addc(&im->name, '/');
	if (buf_adds(&im->name, f->folder) == -1) {
		im->report->counts.missing++;
		tell(im, true, f->where, "the name of its folder is too long");
		return 0;
	}
	t = find(im, buf_text(&im->name));
	tell_progress(im, t->name);
	if (!im->opts->dry_run)
		return take_body(im, t, f, e);
	t->open = true;
	t->added++;
	im->report->counts.added++;
	return 0;
}

static int
take_all(struct import *im, struct err *e)
{
	struct foreign_found f;
	int r;

	while ((r = foreign_next(im->in, &f, e)) == 1)
		if (take_one(im, &f, e) == -1)
			return -1;
	return r;
}

/* ---- beginning and end ---- */

/*
 * Each folder that was touched is, from here on, what it is: so a question for the state at a date finds it.  That is
 * true as well where the source had more that could not be read, or that is still to come.
 */
static int
settle(struct import *im, struct err *e)
{
	struct record rec = { .kind = REC_EPOCH };
	size_t i;

	for (i = 0; i < im->n; i++) {
		const struct into *t = im->into[i];

		if (!t->open || t->epoch == 0 || (t->added == 0 && t->complete))
			continue;
		rec.u.epoch = (struct rec_epoch){ .epoch = t->epoch,
		    .folder = t->number, .has_state = true, .complete = true,
		    .full = true, .exists = t->live,
		    .uidnext = t->max_uid == UID_MAX ? 0 : t->max_uid + 1 };
		if (vault_put(im->txn, &rec, e) == -1)
			return -1;
	}
	return 0;
}

static int
verdict(struct import *im, struct err *e)
{
	const struct run_counts *n = &im->report->counts;
	uint64_t lost = n->missing + n->failed;

	if (lost == 0)
		return 0;
	if (n->failed == 0)
		err_set(e, EK_PARTIAL, "%" PRIu64 " message%s could not be "
		    "read: %s", lost, lost == 1 ? "" : "s", im->problem);
	else
		err_set(e, EK_PARTIAL, "%" PRIu64 " part%s of the source could "
		    "not be read: %s", lost, lost == 1 ? "" : "s",
		    im->problem);
	return err_next(e, "when that is mended run it again: nothing is added "
	    "twice");
}

/* Who names a source means that there is mail in it. */
static int
check_found(const struct import *im, struct err *e)
{
	const struct run_counts *n = &im->report->counts;

	if (n->listed > 0 || n->failed > 0)
		return 0;
	err_set(e, EK_USAGE, "%s: there is no mail in it, as far as can be "
	    "seen", im->opts->source);
	return err_next(e, "-v names what was passed over; --format eml takes "
	    "every file for a message");
}

/* Write the end of the run; whatever ended it, what is whole is kept. */
static int
end_run(struct import *im, bool finished, int rc, struct err *e)
{
	struct rec_run_end end = { 0 };
	struct err why = { .kind = EK_NONE };
	struct digest ignored;

	if (settle(im, &why) == 0) {
		end.result = finished ? rc == 0 ? "complete" : "partial" :
		    e->kind == EK_CANCELLED ? "interrupted" : "failed";
		end.status = rc == 0 ? 0 : err_status(e->kind, e->sys);
		end.error = rc == 0 ? NULL : e->text;
		end.counts = im->report->counts;
		if (vault_end(&im->txn, &end, &why) == 0) {
			im->report->counts = end.counts;
			return rc;
		}
	}
	/* What was not committed before is not in the vault. */
	im->report->counts = im->safe;
	if (vault_head(im->v, &ignored) == im->head)
		im->report->run = 0;
	/* Trouble of the vault is told rather than what stopped the source. */
	if (rc == 0 || (e->kind != EK_FAIL && e->kind != EK_CORRUPT &&
	    e->kind != EK_SPACE))
		*e = why;
	return -1;
}

static int
begin(struct import *im, struct err *e)
{
	const struct job_import_opts *o = im->opts;
	struct foreign_in_opts in = { .format = o->format,
	    .quoting = o->quoting, .date = o->date, .raw = o->raw,
	    .scratch = -1, .told = on_told, .arg = im };
	char *tmp;

	if (!o->dry_run) {
		/* A writer's vault has a place for scratch, and it is on the disk where the mail will be. */
		tmp = xasprintf("%s/tmp", vault_path(im->v));
		im->scratch = in.scratch = io_open_dir(AT_FDCWD, tmp, e);
		free(tmp);
		if (im->scratch == -1)
			return -1;
	}
	return foreign_open(o->source, &in, &im->in, e);
}

static void
release(struct import *im)
{
	size_t i;

	vault_abort(&im->txn);
	foreign_close(&im->in);
	if (im->scratch != -1)
		close(im->scratch);
	for (i = 0; i < im->n; i++) {
		free(im->into[i]->name);
		had_release(&im->into[i]->had);
		free(im->into[i]);
	}
	free(im->into);
	free(im->problem);
	buf_release(&im->name);
}

static int
import(struct import *im, struct err *e)
{
	bool finished;
	int rc;

	if (begin(im, e) == -1 || collect_all(im, e) == -1)
		return -1;
	if (im->opts->dry_run) {
		if ((rc = take_all(im, e)) == 0 &&
		    (rc = check_found(im, e)) == 0)
			rc = verdict(im, e);
		return rc;
	}
	if (check_space(im, e) == -1 ||
	    vault_begin(im->v, "import", &im->txn, e) == -1)
		return -1;
	im->report->run = vault_run(im->txn);
	finished = (rc = vault_bulk(im->txn, e)) == 0 &&
	    (rc = take_all(im, e)) == 0;
	if (finished && check_found(im, e) == -1) {
		im->report->run = 0;
		return -1;
	}
	if (finished)
		rc = verdict(im, e);
	return end_run(im, finished, rc, e);
}

int
job_import(struct vault *v, const struct job_import_opts *opts,
    struct job_import_report *report, struct err *e)
{
	struct import im = { .v = v, .opts = opts, .report = report,
	    .catalog = vault_catalog(v), .scratch = -1 };
	struct digest head;
	int rc;

	memset(report, 0, sizeof(*report));
	buf_init(&im.name, NAME_LIMIT);
	im.head = vault_head(v, &head);
	rc = import(&im, e);
	tell_notes(&im);
	tell_folders(&im);
	report->commit = vault_head(v, &report->head);
	release(&im);
	return rc;
}
