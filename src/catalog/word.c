/*
 * word.c - texts that many messages share (flags, labels) and their numbers,
 * with those met lately at hand.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "catalog/write.h"

/* FNV-1a: spreads the few texts there are over the slots. */
static size_t
slot_of(const char *text)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return (size_t)(h % DB_WORDS);
}

int
word_number(struct catalog *c, const char *text, int64_t *out, struct err *e)
{
	struct word *w = &c->w->words.slot[slot_of(text)];
	sqlite3_stmt *s;
	int64_t id = 0;
	int rc;

	if (w->id != 0 && strcmp(w->text, text) == 0) {
		*out = w->id;
		return 0;
	}
	if (db_use(c, "SELECT word FROM word WHERE text = ?1", &s, e) == -1)
		return -1;
	db_text(c, s, 1, text);
	if ((rc = db_step(c, s, e)) == 1)
		id = db_col_int(c, s, 0);
	db_end(s);
	if (rc == -1 || db_sane(c, e) == -1)
		return -1;
	if (rc == 0) {
		if (db_use(c, "INSERT INTO word (text) VALUES (?1)", &s,
		    e) == -1)
			return -1;
		db_text(c, s, 1, text);
		if (db_run(c, s, e) == -1)
			return -1;
		id = sqlite3_last_insert_rowid(c->db);
	}
	free(w->text);
	*w = (struct word){ id, xstrdup(text) };
	*out = id;
	return 0;
}

int
word_text(struct catalog *c, struct words *words, int64_t id,
    const char **out, struct err *e)
{
	struct word *w = &words->slot[(uint64_t)id % DB_WORDS];
	sqlite3_stmt *s;
	int rc;

	if (w->id != id || id == 0) {
		if (db_use(c, "SELECT text FROM word WHERE word = ?1", &s,
		    e) == -1)
			return -1;
		db_int(c, s, 1, id);
		if ((rc = db_step(c, s, e)) == 1) {
			free(w->text);
			w->text = xstrdup(db_col_text(c, s, 0));
			w->id = id;
		}
		db_end(s);
		if (rc == -1)
			return -1;
		if (rc == 0)
			return err_set(e, EK_CORRUPT,
			    "the catalog lacks a text that it refers to");
		if (db_sane(c, e) == -1) {
			w->id = 0;
			return -1;
		}
	}
	*out = w->text;
	return 0;
}

void
word_clear(struct words *words)
{
	size_t i;

	for (i = 0; i < DB_WORDS; i++) {
		free(words->slot[i].text);
		words->slot[i] = (struct word){ 0, NULL };
	}
}
