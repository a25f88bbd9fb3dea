/*
 * listed.h - the file that a list of messages is written to, or read from.
 */
#ifndef CMD_LISTED_H
#define CMD_LISTED_H

#include "base/err.h"
#include "base/flow.h"

/* A list in the making: it has another name until it is whole. */
struct listed;

/*
 * listed_create(path, out, e): begin one, of mode 0600.  EK_REFUSED where something of that name is there.
 * listed_publish(l, e): it is whole; nothing where that was said already.  listed_discard(lp): free it; what wasn't
 * published is removed.
 */
int listed_create(const char *, struct listed **, struct err *);
struct sink listed_sink(struct listed *);
int listed_publish(struct listed *, struct err *);
void listed_discard(struct listed **);

/* One that is read. */
struct listed_file {
	int	fd;		/* own, or -1 */
};
/* listed_open(path, out, e); listed_source(file): all of it; listed_close(file). */
int listed_open(const char *, struct listed_file *, struct err *);
struct source listed_source(struct listed_file *);
void listed_close(struct listed_file *);

#endif
