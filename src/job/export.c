/*
 * export.c - messages out of a vault, into other people's formats.
 *
 * First the chosen messages are noted in a scratch file, so that the catalog is not held while they are written; then
 * they are read in the order in which they stand in the packs, so that each frame is decompressed once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/mem.h"
#include "job/picks.h"

/* All that is kept in memory of a message. */
struct spot {
	uint64_t	 order;		/* that of packs and frames */
	uint64_t	 at;		/* where its note is */
	size_t		 folder;	/* its number in the target */
};

struct folder {
	char		*name;		/* own */
	uint64_t	 messages, bytes;
};

struct exporter {
	struct vault	*v;
	const struct job_export_opts *o;
	struct job_export_report *report;
	struct foreign_out *out;	/* own; NULL with dry_run */
	struct picks	 picks;		/* own */
	struct spot	*spots;		/* own */
	size_t		 n, cap;
	/* the folder whose messages come */
	const struct known_folder *from;	/* while the catalog is asked */
	bool		 told;		/* it has its number: */
	size_t		 number;
	struct folder	*folders;	/* own; by that number */
	size_t		 folders_n, folders_cap;
	uint64_t	 messages, bytes;	/* chosen */
	bool		 broken;	/* writing failed, not reading */
};

/* ---- what is to be written ---- */

/* The folder gets its number and, in a Maildir, its directory. */
static int
tell_folder(struct exporter *x, struct err *e)
{
	const struct rec_folder *f = &x->from->facts;

	if (x->told)
		return 0;
	x->number = x->folders_n;
	if (x->out != NULL && foreign_folder(x->out, f->name, f->delimiter,
	    &x->number, e) == -1)
		return -1;
	x->told = true;
	if (x->number < x->folders_n)
		return 0;
	x->folders = mem_grow(x->folders, &x->folders_cap, x->folders_n + 1,
	    sizeof(*x->folders));
	x->folders[x->folders_n++] = (struct folder){ .name =
	    xstrdup(f->name) };
	return 0;
}

static int
begin_folder(void *arg, const struct known_folder *k, struct err *e)
{
	struct exporter *x = arg;

	if (cancel_check(e) == -1)
		return -1;
	x->from = k;
	x->told = false;
	if (!x->o->choice->all && k->kept > k->live)
		x->report->gone += k->kept - k->live;
	/* A folder without messages is one, too, where folders are something of their own. */
	if (x->o->kind == FOREIGN_MAILDIR && k->facts.selectable &&
	    !k->facts.gone)
		return tell_folder(x, e);
	return 0;
}

static int
note_message(void *arg, const struct known_message *m, struct err *e)
{
	struct exporter *x = arg;
	struct spot s = { .order = 0 };

	if (tell_folder(x, e) == -1 || cancel_check(e) == -1)
		return -1;
	x->messages++;
	x->bytes += m->size;
	x->folders[x->number].messages++;
	x->folders[x->number].bytes += m->size;
	if (x->out == NULL)
		return 0;
	s.folder = x->number;
	/* The order in a mailbox is the folder's. */
	if (picks_add(&x->picks, m, &s.at, e) == -1 ||
	    (x->o->kind != FOREIGN_MBOX && picks_order(vault_catalog(x->v),
	    &m->sha256, &s.order, e) == -1))
		return -1;
	x->spots = mem_grow(x->spots, &x->cap, x->n + 1, sizeof(*x->spots));
	x->spots[x->n++] = s;
	return 0;
}

static int
by_place(const void *a, const void *b)
{
	const struct spot *s = a, *t = b;

	if (s->order != t->order)
		return s->order < t->order ? -1 : 1;
	return s->at < t->at ? -1 : s->at > t->at;
}

static int
choose(struct exporter *x, struct err *e)
{
	size_t i;

	if (x->out != NULL &&
	    picks_open(&x->picks, foreign_scratch(x->out), e) == -1)
		return err_add(e, "%s", x->o->to == NULL ? "scratch" :
		    x->o->to);
	if (job_messages(x->v, x->o->choice, begin_folder, note_message, x,
	    &x->report->unread, e) != 0)
		return -1;
	if (x->n > 0)
		qsort(x->spots, x->n, sizeof(*x->spots), by_place);
	for (i = 0; x->o->folder != NULL && i < x->folders_n; i++)
		x->o->folder(x->o->arg, x->folders[i].name,
		    x->folders[i].messages, x->folders[i].bytes);
	return 0;
}

/* ---- writing it ---- */

/* What fails beyond this point is the writing. */
static int
pass_on(void *arg, const void *p, size_t n, struct err *e)
{
	struct exporter *x = arg;
	const struct sink to = foreign_sink(x->out);

	if (sink_write(&to, p, n, e) == -1) {
		x->broken = true;
		return -1;
	}
	return 0;
}

static int
tell_damage(struct exporter *x, const struct known_message *note,
    const char *why, struct err *e)
{
	struct known_message m;
	int r;

	x->report->damaged++;
	if (x->o->damaged == NULL)
		return 0;
	r = catalog_message(vault_catalog(x->v), note->commit, note->line, &m,
	    e);
	if (r == 1)
		x->o->damaged(x->o->arg, &m, why);
	return r == -1 ? -1 : 0;
}

static int
write_message(struct exporter *x, const struct spot *s, struct err *e)
{
	const struct sink to = { pass_on, x };
	struct known_message note;
	struct foreign_mail mail = { .folder = s->folder };
	struct err why;

	if (cancel_check(e) == -1 ||
	    picks_get(&x->picks, s->at, &note, e) == -1)
		return -1;
	if (x->o->progress != NULL)
		x->o->progress(x->o->arg, x->folders[s->folder].name,
		    x->report, x->messages, x->bytes);
	foreign_begin(x->out);
	if (vault_read(x->v, &note.sha256, &to, &why) == -1) {
		/* What is damaged is left out, the rest is saved all the same.  A shortage is no damage. */
		if (!x->broken && (why.kind == EK_CORRUPT || why.sys == EIO))
			return tell_damage(x, &note, why.text, e);
		*e = why;
		return -1;
	}
	mail.uidvalidity = note.uidvalidity;
	mail.uid = note.uid;
	mail.commit = note.commit;
	mail.line = note.line;
	mail.sha256 = note.sha256;
	mail.date = note.has_date ? note.date : 0;
	mail.flags = note.flags;
	if (foreign_add(x->out, &mail, e) == -1)
		return -1;
	x->report->messages++;
	x->report->bytes += note.size;
	return 0;
}

static int
write_all(struct exporter *x, struct err *e)
{
	size_t i;

	for (i = 0; i < x->n; i++)
		if (write_message(x, &x->spots[i], e) == -1)
			return -1;
	x->report->folders = x->folders_n;
	if (foreign_end(&x->out, &x->report->lack, e) == -1)
		return -1;
	if (x->report->damaged == 0)
		return 0;
	return err_set(e, EK_CORRUPT, "%s of the vault can't be read and %s "
	    "left out", x->report->damaged == 1 ? "a message" :
	    "some messages", x->report->damaged == 1 ? "was" : "were");
}

/* A dry run finds out what would be refused, and leaves nothing. */
static int
try_target(const struct job_export_opts *o, struct err *e)
{
	struct foreign_out *out;

	if (o->to == NULL)
		return 0;
	if (foreign_create(o->kind, o->to, &out, e) == -1)
		return -1;
	foreign_discard(&out);
	return 0;
}

int
job_export(struct vault *v, const struct job_export_opts *o,
    struct job_export_report *report, struct err *e)
{
	struct exporter x = { .v = v, .o = o, .report = report,
	    .picks = { .fd = -1 } };
	int rc;

	memset(report, 0, sizeof(*report));
	if (o->dry_run)
		rc = try_target(o, e);
	else
		rc = o->to != NULL ? foreign_create(o->kind, o->to, &x.out, e) :
		    foreign_stream(o->kind, &o->stream, &x.out, e);
	if (rc == 0 && (rc = choose(&x, e)) == 0) {
		if (!o->dry_run)
			rc = write_all(&x, e);
		else {
			report->folders = x.folders_n;
			report->messages = x.messages;
			report->bytes = x.bytes;
		}
	}
	foreign_discard(&x.out);
	picks_close(&x.picks);
	while (x.folders_n > 0)
		free(x.folders[--x.folders_n].name);
	free(x.folders);
	free(x.spots);
	return rc;
}
