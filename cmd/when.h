/*
 * when.h - --at COMMIT|DATE: the mailbox as it was then.
 */
#ifndef CMD_WHEN_H
#define CMD_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/ui.h"
#include "vault/vault.h"

struct when {
	uint64_t	commit;		/* CATALOG_NOW: the newest */
	bool		by_date;	/* each folder's last complete state up to there */
};

/* when_parse(vault, at, out, e): digits are a commit, all else is a date: its end; NULL is now.  EK_USAGE. */
int when_parse(struct vault *, const char *at, struct when *, struct err *);
/* when_note(ui, vault, when, e): tell where the commit stands in a backup, or ended one that lacks something. */
int when_note(struct ui *, struct vault *, const struct when *, struct err *);

#endif
