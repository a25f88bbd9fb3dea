/*
 * picks.c - see picks.h.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/text.h"
#include "job/picks.h"
#include "mail/flags.h"

#define NOTES_BUFFER	(256 * 1024)
#define WINDOW		(64 * 1024)
#define TEXTS		4		/* flags, labels, INTERNALDATE, EMAILID */
#define TEXTS_MAX	(2 * FLAGS_MAX_TEXT + 4096)

/* A message in the scratch file; its texts follow, each with its NUL. */
struct note {
	uint64_t	 commit, line, folder, epoch, uidvalidity, size;
	int64_t		 date;
	uint32_t	 uid;
	uint32_t	 texts_n;
	struct digest	 sha256;
	uint8_t		 has_date, gone;
	uint8_t		 has_text[TEXTS];
};

int
picks_open(struct picks *p, int dir, struct err *e)
{
	buf_init(&p->out, NOTES_BUFFER);
	buf_init(&p->texts, TEXTS_MAX);
	p->end = 0;
	p->window = NULL;
	p->window_n = 0;
	p->fd = io_spool(dir, e);
	return p->fd == -1 ? -1 : 0;
}

void
picks_close(struct picks *p)
{
	if (p->fd != -1)
		close(p->fd);
	p->fd = -1;
	free(p->window);
	p->window = NULL;
	buf_release(&p->out);
	buf_release(&p->texts);
}

static int
flush(struct picks *p, struct err *e)
{
	if (io_write_all(p->fd, buf_text(&p->out), p->out.n, e) == -1)
		return err_add(e, "noting what was chosen");
	buf_clear(&p->out);
	return 0;
}

int
picks_add(struct picks *p, const struct known_message *m, uint64_t *at,
    struct err *e)
{
	const char *const texts[TEXTS] = { m->flags, m->labels,
	    m->internaldate, m->emailid };
	struct note note;
	size_t i;

	/* Padding goes to the disk, too. */
	memset(&note, 0, sizeof(note));
	note.commit = m->commit;
	note.line = m->line;
	note.folder = m->folder;
	note.epoch = m->epoch;
	note.uidvalidity = m->uidvalidity;
	note.size = m->size;
	note.date = m->date;
	note.uid = m->uid;
	note.sha256 = m->sha256;
	note.has_date = m->has_date;
	note.gone = m->gone;
	buf_clear(&p->texts);
	for (i = 0; i < TEXTS; i++) {
		note.has_text[i] = texts[i] != NULL;
		if (texts[i] != NULL &&
		    (buf_adds(&p->texts, texts[i]) == -1 ||
		    buf_addc(&p->texts, '\0') == -1))
			return err_set(e, EK_CORRUPT,
			    "a message has too many flags");
	}
	note.texts_n = (uint32_t)p->texts.n;
	if (p->out.max - p->out.n < sizeof(note) + p->texts.n &&
	    flush(p, e) == -1)
		return -1;
	*at = p->end;
	buf_add(&p->out, &note, sizeof(note));
	buf_add(&p->out, buf_text(&p->texts), p->texts.n);
	p->end += sizeof(note) + p->texts.n;
	return 0;
}

/* ${n} bytes of the file. */
static int
read_notes(struct picks *p, void *to, size_t n, uint64_t at, struct err *e)
{
	uint64_t left = at < p->end ? p->end - at : 0;

	if (n > WINDOW)
		return io_read_at(p->fd, to, n, at, e);
	if (at < p->from || at - p->from > p->window_n ||
	    p->window_n - (size_t)(at - p->from) < n) {
		if (n > left)
			return err_set(e, EK_FAIL,
			    "the scratch file is not as it was");
		if (p->window == NULL)
			p->window = xmalloc(WINDOW);
		p->window_n = 0;
		if (io_read_at(p->fd, p->window, left < WINDOW ?
		    (size_t)left : WINDOW, at, e) == -1)
			return -1;
		p->from = at;
		p->window_n = left < WINDOW ? (size_t)left : WINDOW;
	}
	memcpy(to, p->window + (at - p->from), n);
	return 0;
}

int
picks_get(struct picks *p, uint64_t at, struct known_message *out,
    struct err *e)
{
	const char **const texts[TEXTS] = { &out->flags, &out->labels,
	    &out->internaldate, &out->emailid };
	struct note note;
	const char *s;
	char *to;
	size_t i;

	if ((p->out.n > 0 && flush(p, e) == -1) ||
	    read_notes(p, &note, sizeof(note), at, e) == -1)
		return -1;
	buf_clear(&p->texts);
	if (note.texts_n > TEXTS_MAX ||
	    (to = buf_room(&p->texts, note.texts_n + 1)) == NULL)
		return err_set(e, EK_FAIL, "the scratch file is not as it was");
	if (read_notes(p, to, note.texts_n, at + sizeof(note), e) == -1)
		return -1;
	to[note.texts_n] = '\0';
	memset(out, 0, sizeof(*out));
	out->commit = note.commit;
	out->line = note.line;
	out->folder = note.folder;
	out->epoch = note.epoch;
	out->uidvalidity = note.uidvalidity;
	out->folder_name = "";
	out->uid = note.uid;
	out->sha256 = note.sha256;
	out->size = note.size;
	out->date = note.date;
	out->has_date = note.has_date;
	out->gone = note.gone;
	for (i = 0, s = to; i < TEXTS; i++)
		if (note.has_text[i]) {
			*texts[i] = s;
			s += strlen(s) + 1;
		}
	return 0;
}

uint64_t
picks_place(const struct known_blob *b)
{
	uint64_t commit, serial;
	const char *name;
	size_t n, k;

	if ((name = b->place.pack) == NULL)
		return 0;
	/*
	 * Packs' names begin with two numbers (man mailkeep-vault(5)), in the order in which they were made.  It is for
	 * speed alone: where numbers are beyond all measure, a frame is read twice.
	 */
	n = strspn(name, "0123456789");
	if (text_u64(name, n, &commit) == -1 || name[n] != '-')
		return 0;
	k = strspn(name + n + 1, "0123456789");
	if (text_u64(name + n + 1, k, &serial) == -1)
		return 0;
	return (commit & 0xffffff) << 36 | (serial & 0xfff) << 24 |
	    (b->place.frame & 0xffffff);
}

int
picks_order(struct catalog *c, const struct digest *sha256, uint64_t *out,
    struct err *e)
{
	struct known_blob b;
	int r = catalog_blob(c, sha256, &b, e);

	*out = r == 1 ? picks_place(&b) : 0;
	return r;
}
