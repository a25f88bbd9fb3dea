/*
 * due.c - see due.h.
 */
#include "base/text.h"
#include "job/due.h"

#define COMMIT_BYTES	(256 * 1024 * 1024)
#define COMMIT_SECONDS	60
#define COMMIT_MESSAGES	100000

/*
 * Between two commits less has to be free than to begin another one: enough for the next few messages, and then for a
 * manifest and the catalog.
 */
#define LOOK_EVERY	(4 * 1024 * 1024)	/* bytes of messages */
#define LOOK_LEAST	(16 * 1024 * 1024)

int
due_commit(struct due *d, struct vault *v, const struct vault_pending *p,
    struct err *e)
{
	uint64_t room;

	if (p->records == 0)
		return 0;
	if (p->bytes >= COMMIT_BYTES || p->messages >= COMMIT_MESSAGES ||
	    vault_now(v) >= p->since + COMMIT_SECONDS)
		return 1;
	/* There was a commit meanwhile. */
	if (p->bytes < d->looked)
		d->looked = 0;
	if (p->bytes - d->looked < LOOK_EVERY)
		return 0;
	d->looked = p->bytes;
	if (vault_free_space(v, &room, e) == -1)
		return -1;
	return room < LOOK_LEAST;
}

int
due_room(struct vault *v, const char *next, struct err *e)
{
	char text[TEXT_MAX];
	uint64_t room;

	if (vault_free_space(v, &room, e) == -1)
		return -1;
	if (room >= DUE_RESERVE)
		return 0;
	err_set(e, EK_SPACE, "only %s are free on the vault's disk",
	    text_size(text, room));
	return err_next(e, "make room and run it again: %s", next);
}
