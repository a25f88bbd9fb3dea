/*
 * export.c - messages out of a vault, into other people's formats.
 *
 * First the chosen messages are noted in a scratch file, so that the catalog is not held while they are written; then
 * they are read in the order in which they stand in the packs, so that each frame is decompressed once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/text.h"
#include "job/job.h"
#include "mail/flags.h"

#define NOTES_BUFFER	(256 * 1024)

/* A message in the scratch file; its flags follow. */
struct note {
	struct foreign_mail mail;
	uint64_t	 size;
	size_t		 flags_n;
};

/* All that is kept in memory of one. */
struct spot {
	uint64_t	 order;		/* that of packs and frames */
	uint64_t	 at;		/* where its note is */
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
	int		 fd;		/* own; the notes; -1 */
	struct buf	 notes;		/* own; those not written yet */
	uint64_t	 noted;		/* bytes of them all */
	struct spot	*spots;		/* own */
	size_t		 n, cap;
	/* the folder whose messages come */
	const struct known_folder *from;	/* while the catalog is asked */
	bool		 told;		/* it has its number: */
	size_t		 number;
	struct folder	*folders;	/* own; by that number */
	size_t		 folders_n, folders_cap;
	uint64_t	 messages, bytes;	/* chosen */
	struct buf	 flags;		/* own; of the message that is written */
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
flush_notes(struct exporter *x, struct err *e)
{
	if (io_write_all(x->fd, buf_text(&x->notes), x->notes.n, e) == -1)
		return err_add(e, "%s: noting what is to be written",
		    x->o->to == NULL ? "scratch" : x->o->to);
	buf_clear(&x->notes);
	return 0;
}

static int
add_note(struct exporter *x, const void *p, size_t n, struct err *e)
{
	x->noted += n;
	if (buf_add(&x->notes, p, n) == 0)
		return 0;
	if (flush_notes(x, e) == -1)
		return -1;
	return buf_add(&x->notes, p, n);	/* flags have less than its room */
}

/*
 * Packs in the order in which they were made, since their names begin with two numbers (man mailkeep-vault(5)), then
 * frames.  It is for speed alone: where numbers are beyond all measure, a frame is read twice.
 */
static uint64_t
order_of(const struct place *place)
{
	const char *name = place->pack;
	size_t n = strspn(name, "0123456789"), k;
	uint64_t commit, serial;

	if (text_u64(name, n, &commit) == -1 || name[n] != '-')
		return 0;
	k = strspn(name + n + 1, "0123456789");
	if (text_u64(name + n + 1, k, &serial) == -1)
		return 0;
	return commit << 36 | (serial & 0xfff) << 24 |
	    (place->frame & 0xffffff);
}

static int
find_spot(struct exporter *x, const struct digest *sha256, struct err *e)
{
	struct spot s = { .at = x->noted };
	struct known_blob b;
	int r;

	/* The order in a mailbox is the folder's. */
	if (x->o->kind != FOREIGN_MBOX) {
		r = catalog_blob(vault_catalog(x->v), sha256, &b, e);
		if (r == -1)
			return -1;
		if (r == 1 && b.place.pack != NULL)
			s.order = order_of(&b.place);
	}
	x->spots = mem_grow(x->spots, &x->cap, x->n + 1, sizeof(*x->spots));
	x->spots[x->n++] = s;
	return 0;
}

static int
note_message(void *arg, const struct known_message *m, struct err *e)
{
	struct exporter *x = arg;
	struct note note;

	if (tell_folder(x, e) == -1 || cancel_check(e) == -1)
		return -1;
	x->messages++;
	x->bytes += m->size;
	x->folders[x->number].messages++;
	x->folders[x->number].bytes += m->size;
	if (x->out == NULL)
		return 0;
	/* Padding goes to the disk, too. */
	memset(&note, 0, sizeof(note));
	note.mail.folder = x->number;
	note.mail.uidvalidity = m->uidvalidity;
	note.mail.uid = m->uid;
	note.mail.commit = m->commit;
	note.mail.line = m->line;
	note.mail.sha256 = m->sha256;
	note.mail.date = m->has_date ? m->date : 0;
	note.size = m->size;
	note.flags_n = strlen(m->flags);
	buf_clear(&x->flags);
	if (buf_adds(&x->flags, m->flags) == -1)
		return err_set(e, EK_CORRUPT, "a message has too many flags");
	if (find_spot(x, &note.mail.sha256, e) == -1 ||
	    add_note(x, &note, sizeof(note), e) == -1)
		return -1;
	return add_note(x, buf_text(&x->flags), note.flags_n, e);
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
	    (x->fd = io_spool(foreign_scratch(x->out), e)) == -1)
		return -1;
	if (job_messages(x->v, x->o->choice, begin_folder, note_message, x,
	    &x->report->unread, e) != 0)
		return -1;
	if (x->out != NULL && flush_notes(x, e) == -1)
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
tell_damage(struct exporter *x, const struct note *note, const char *why,
    struct err *e)
{
	struct known_message m;
	int r;

	x->report->damaged++;
	if (x->o->damaged == NULL)
		return 0;
	r = catalog_message(vault_catalog(x->v), note->mail.commit,
	    note->mail.line, &m, e);
	if (r == 1)
		x->o->damaged(x->o->arg, &m, why);
	return r == -1 ? -1 : 0;
}

static int
read_note(struct exporter *x, uint64_t at, struct note *note, struct err *e)
{
	char *to;

	if (io_read_at(x->fd, note, sizeof(*note), at, e) == -1)
		return -1;
	buf_clear(&x->flags);
	to = buf_room(&x->flags, note->flags_n + 1);
	if (to == NULL)
		return err_set(e, EK_FAIL, "the scratch file is not as it was");
	if (io_read_at(x->fd, to, note->flags_n, at + sizeof(*note), e) == -1)
		return -1;
	to[note->flags_n] = '\0';
	x->flags.n += note->flags_n;
	note->mail.flags = buf_text(&x->flags);
	return 0;
}

static int
write_message(struct exporter *x, uint64_t at, struct err *e)
{
	const struct sink to = { pass_on, x };
	struct note note;
	struct err why;

	if (cancel_check(e) == -1 || read_note(x, at, &note, e) == -1)
		return -1;
	if (x->o->progress != NULL)
		x->o->progress(x->o->arg, x->folders[note.mail.folder].name,
		    x->report, x->messages, x->bytes);
	foreign_begin(x->out);
	if (vault_read(x->v, &note.mail.sha256, &to, &why) == -1) {
		/* What is damaged is left out, the rest is saved all the same.  A shortage is no damage. */
		if (!x->broken && (why.kind == EK_CORRUPT || why.sys == EIO))
			return tell_damage(x, &note, why.text, e);
		*e = why;
		return -1;
	}
	if (foreign_add(x->out, &note.mail, e) == -1)
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
		if (write_message(x, x->spots[i].at, e) == -1)
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
	struct exporter x = { .v = v, .o = o, .report = report, .fd = -1 };
	int rc;

	memset(report, 0, sizeof(*report));
	buf_init(&x.notes, NOTES_BUFFER);
	buf_init(&x.flags, FLAGS_MAX_TEXT + 1);
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
	if (x.fd != -1)
		close(x.fd);
	while (x.folders_n > 0)
		free(x.folders[--x.folders_n].name);
	free(x.folders);
	free(x.spots);
	buf_release(&x.notes);
	buf_release(&x.flags);
	return rc;
}
