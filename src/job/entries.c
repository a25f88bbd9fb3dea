/*
 * entries.c - see entries.h: a hash table of numbers into an array that grows by pieces.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/entries.h"

#define PIECE	4096	/* entries */

/* ---- folders ---- */

static uint64_t
hash_folder(const char *name, uint32_t uidvalidity)
{
	uint64_t h = 0xcbf29ce484222325u ^ uidvalidity;	/* FNV-1a */

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3u;
	return h;
}

int
entries_folder(struct entries *t, const char *name, uint32_t uidvalidity,
    size_t *number, struct err *e)
{
	uint64_t hash = hash_folder(name, uidvalidity);
	size_t i;

	for (i = 0; i < t->folders_n; i++)
		if (t->folders[i].hash == hash &&
		    t->folders[i].uidvalidity == uidvalidity &&
		    strcmp(t->folders[i].name, name) == 0)
			break;
	*number = i;
	if (i < t->folders_n)
		return 0;
	if (i == ENTRIES_VISITS)
		return err_set(e, EK_FAIL, "too many folders");
	t->folders = mem_grow(t->folders, &t->folders_cap, i + 1,
	    sizeof(*t->folders));
	t->folders[t->folders_n++] = (struct folder_entry){ xstrdup(name),
	    hash, uidvalidity, 0, UINT32_MAX };
	return 0;
}

static int
take_visit(struct entries *t, const struct journal_line *line, struct err *e)
{
	size_t folder;

	if (line->folder != t->visits_n)
		return err_set(e, EK_CORRUPT, "a folder out of turn");
	if (t->visits_n == ENTRIES_VISITS)
		return err_set(e, EK_FAIL, "too many visits to folders");
	if (entries_folder(t, line->name, line->uidvalidity, &folder, e) == -1)
		return -1;
	t->visits = mem_grow(t->visits, &t->visits_cap, t->visits_n + 1,
	    sizeof(*t->visits));
	t->folders[folder].visit = (uint32_t)t->visits_n;
	t->folders[folder].uidnext = line->uidnext;
	t->visits[t->visits_n++] = (struct visit_entry){ (uint32_t)folder,
	    line->uidnext };
	return 0;
}

/* ---- messages ---- */

static struct entry *
at(const struct entries *t, size_t i)
{
	return &t->pieces[i / PIECE][i % PIECE];
}

/* The slot of an entry, or the free one where it would be. */
static uint32_t *
slot_of(const struct entries *t, size_t folder, uint64_t commit,
    uint64_t line)
{
	size_t mask = t->slots_n - 1, i;
	const struct entry *x;
	uint64_t h;

	/* Neighbours in a commit are to be far apart here: the finalizer of MurmurHash3. */
	h = line + commit * 0x9e3779b97f4a7c15u +
	    (uint64_t)folder * 0xc2b2ae3d27d4eb4fu;
	h = (h ^ h >> 33) * 0xff51afd7ed558ccdu;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53u;
	h ^= h >> 33;
	for (i = (size_t)h & mask; t->slots[i] != 0; i = (i + 1) & mask) {
		x = at(t, t->slots[i] - 1);
		if (x->line == line && x->commit == commit &&
		    t->visits[x->visit].folder == folder)
			break;
	}
	return &t->slots[i];
}

/* At most three quarters of the slots are taken. */
static void
make_slots(struct entries *t)
{
	const struct entry *x;
	size_t i;

	if (t->n < t->slots_n - t->slots_n / 4)
		return;
	t->slots_n = t->slots_n == 0 ? 64 : 2 * t->slots_n;
	free(t->slots);
	t->slots = xcalloc(t->slots_n, sizeof(*t->slots));
	for (i = 0; i < t->n; i++) {
		x = at(t, i);
		*slot_of(t, t->visits[x->visit].folder, x->commit,
		    x->line) = (uint32_t)(i + 1);
	}
}

static struct entry *
find(const struct entries *t, size_t folder, const struct journal_id *id)
{
	uint32_t i;

	if (t->slots_n == 0)
		return NULL;
	i = *slot_of(t, folder, id->commit, id->line);
	return i == 0 ? NULL : at(t, i - 1);
}

const struct entry *
entries_find(const struct entries *t, size_t folder,
    const struct journal_id *id)
{
	return find(t, folder, id);
}

/* The entry of a message, new where there is none. */
static struct entry *
put(struct entries *t, size_t folder, uint32_t visit,
    const struct journal_id *id)
{
	struct entry *x;
	uint32_t *slot;

	make_slots(t);
	slot = slot_of(t, folder, id->commit, id->line);
	if (*slot != 0)
		return at(t, *slot - 1);
	if (t->n % PIECE == 0) {
		t->pieces = mem_grow(t->pieces, &t->pieces_cap,
		    t->n / PIECE + 1, sizeof(*t->pieces));
		t->pieces[t->n / PIECE] = xcalloc(PIECE, sizeof(*x));
	}
	x = at(t, t->n++);
	*slot = (uint32_t)t->n;
	*x = (struct entry){ id->commit, id->line, 0,
	    visit & (ENTRIES_VISITS - 1), JOURNAL_NONE };
	return x;
}

static int
take_messages(struct entries *t, const struct journal_line *line,
    struct err *e)
{
	uint32_t visit = (uint32_t)line->folder;
	struct entry *x;
	size_t folder, i;

	if (line->folder >= t->visits_n)
		return err_set(e, EK_CORRUPT, "a folder that was not named");
	if (line->n > ENTRIES_MAX - t->n)
		return err_set(e, EK_FAIL, "too many messages");
	folder = t->visits[visit].folder;
	for (i = 0; i < line->n; i++) {
		if (line->what == JOURNAL_LINE_REFUSED) {
			if ((x = find(t, folder, &line->ids[i])) != NULL)
				x->state = JOURNAL_NONE;
			continue;
		}
		x = put(t, folder, visit, &line->ids[i]);
		/* It is there from the UIDNEXT on that was when it was sent, not when its being there was told. */
		if (line->what == JOURNAL_LINE_SENDING ||
		    x->state == JOURNAL_NONE)
			x->visit = visit & (ENTRIES_VISITS - 1);
		x->uid = line->uids == NULL ? 0 : line->uids[i];
		x->state = line->what == JOURNAL_LINE_SENDING ?
		    JOURNAL_SENDING : JOURNAL_SENT;
	}
	return 0;
}

int
entries_take(struct entries *t, const struct journal_line *line,
    struct err *e)
{
	t->open = line->what != JOURNAL_LINE_END;
	if (line->what == JOURNAL_LINE_FOLDER)
		return take_visit(t, line, e);
	if (t->open)
		return take_messages(t, line, e);
	t->run = (uint32_t)t->visits_n;
	return 0;
}

void
entries_forget(struct entries *t)
{
	struct entry *x;
	size_t i;

	for (i = 0; i < t->n; i++) {
		x = at(t, i);
		if (x->visit < t->run)
			x->state = JOURNAL_NONE;
	}
}

void
entries_release(struct entries *t)
{
	size_t i;

	for (i = 0; i < t->folders_n; i++)
		free(t->folders[i].name);
	for (i = 0; i < t->n; i += PIECE)
		free(t->pieces[i / PIECE]);
	free(t->folders);
	free(t->pieces);
	free(t->slots);
	free(t->visits);
	*t = (struct entries){ .n = 0 };
}
