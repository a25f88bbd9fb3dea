/*
 * notes.c - see notes.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "vault/notes.h"

static void
take_folder(struct notes *to, const struct rec_folder *r)
{
	if (notes_folder(to, r->folder) != NULL)
		return;
	to->folders = mem_grow(to->folders, &to->folders_cap,
	    to->folders_n + 1, sizeof(*to->folders));
	to->folders[to->folders_n++] = (struct note_folder){
	    .folder = r->folder, .name = xstrdup(r->name),
	    .delimiter = r->delimiter, .space = r->space };
}

static void
take_epoch(struct notes *to, const struct rec_epoch *r)
{
	if (notes_epoch(to, r->epoch) != NULL)
		return;
	to->epochs = mem_grow(to->epochs, &to->epochs_cap, to->epochs_n + 1,
	    sizeof(*to->epochs));
	to->epochs[to->epochs_n++] = (struct note_epoch){ r->epoch,
	    r->folder, r->uidvalidity };
}

static uint64_t
as_number(const uint8_t *p)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < NOTE_PREFIX; i++)
		n = n << 8 | p[i];
	return n;
}

static void
take_note(struct notes *to, const struct rec_note *r)
{
	to->v = mem_grow(to->v, &to->cap, to->n + 1, sizeof(*to->v));
	to->v[to->n++] = (struct note){ .prefix = as_number(r->prefix),
	    .folder = r->folder, .epoch = r->epoch, .uid = r->uid,
	    .has_date = r->has_date, .date = r->date,
	    .flags = xstrdup(r->flags),
	    .labels = r->labels == NULL ? NULL : xstrdup(r->labels) };
}

void
notes_line(struct notes *s, const char *line, size_t n)
{
	struct record rec;
	struct err ignored;

	if (s->parser == NULL)
		s->parser = manifest_parser_new();
	if (manifest_parse(s->parser, line, n, &rec, &ignored) != 1)
		return;
	if (rec.kind == REC_FOLDER)
		take_folder(s, &rec.u.folder);
	else if (rec.kind == REC_EPOCH)
		take_epoch(s, &rec.u.epoch);
	else if (rec.kind == REC_NOTE)
		take_note(s, &rec.u.note);
}

void
notes_release(struct notes *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		free(s->v[i].flags);
		free(s->v[i].labels);
	}
	for (i = 0; i < s->folders_n; i++)
		free(s->folders[i].name);
	free(s->v);
	free(s->folders);
	free(s->epochs);
	manifest_parser_free(&s->parser);
	memset(s, 0, sizeof(*s));
}

const struct note_folder *
notes_folder(const struct notes *s, uint64_t folder)
{
	size_t i;

	for (i = s->folders_n; i > 0; i--)
		if (s->folders[i - 1].folder == folder)
			return &s->folders[i - 1];
	return NULL;
}

const struct note_epoch *
notes_epoch(const struct notes *s, uint64_t epoch)
{
	size_t i;

	for (i = s->epochs_n; i > 0; i--)
		if (s->epochs[i - 1].epoch == epoch)
			return &s->epochs[i - 1];
	return NULL;
}

uint64_t
notes_prefix(const struct digest *d)
{
	return as_number(d->b);
}
