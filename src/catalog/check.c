/*
 * check.c - whether the file is whole: every page, every index.
 */
#include <string.h>

#include "catalog/db.h"

int
catalog_check(struct catalog *c, struct err *e)
{
	sqlite3_stmt *s = NULL;
	const char *said;
	int rc;

	/* Reading it all sees each page's checksum, too. */
	if (db_prepare(c, "PRAGMA quick_check(1)", &s, e) == -1)
		return -1;
	if ((rc = db_step(c, s, e)) == 1) {
		said = db_col_text(c, s, 0);
		rc = strcmp(said, "ok") == 0 ? 0 : err_set(e, EK_CORRUPT,
		    "the catalog is damaged: %s", said);
	}
	db_finish(&s);
	return rc;
}
