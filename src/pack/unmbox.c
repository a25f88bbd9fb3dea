/*
 * unmbox.c - the mboxes that mboxfmt.c writes, read strictly: an entry is a From line of ours, the message as it is
 * stored, and an empty line.  Since each line that looks like one is quoted in a message, a From line begins the next
 * entry wherever it stands.
 *
 * A newline is held back until it is known that it is not the empty line at an entry's end.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "mail/mbox.h"
#include "pack/parse.h"

static const char from_[] = "From ";
#define FROM_LEN	5

enum unmbox_state {
	UNMBOX_FIRST,		/* nothing yet */
	UNMBOX_FROM,		/* in a From line */
	UNMBOX_START,		/* at the start of a line, ${match} bytes of "From " seen */
	UNMBOX_INSIDE,
};

struct unmbox {
	const struct parse_events *to;	/* borrowed */
	enum unmbox_state state;
	uint64_t	 at;		/* in the frame */
	uint64_t	 stored;	/* bytes of the entry handed on */
	size_t		 match;
	bool		 newline;	/* one is held back */
	char		 last;		/* byte handed on */
	char		 line[MBOX_FROM_MAX];
	size_t		 held;		/* bytes in it */
};

static void *
unmbox_begin(const struct parse_events *to)
{
	struct unmbox *u = xcalloc(1, sizeof(*u));

	u->to = to;
	return u;
}

static void
unmbox_drop(void *arg)
{
	free(arg);
}

static void
unmbox_start(void *arg)
{
	struct unmbox *u = arg;

	u->state = UNMBOX_FIRST;
	u->at = 0;
	u->held = 0;
}

static int
refuse(const struct unmbox *u, const char *what, struct err *e)
{
	return err_set(e, EK_CORRUPT, "mbox: %s at byte %" PRIu64
	    " of the frame", what, u->at);
}

static int
two_digits(const char *p)
{
	if (p[0] != ' ' && (p[0] < '0' || p[0] > '9'))
		return -1;
	if (p[1] < '0' || p[1] > '9')
		return -1;
	return (p[0] == ' ' ? 0 : p[0] - '0') * 10 + p[1] - '0';
}

/* The instant in a From line, which must be the one that mbox_from_line() makes of it. */
static int
from_time(const char *line, int64_t *out)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	static const char zero[] = "From mailkeep@localhost Thu Jan  1 "
	    "00:00:00 1970\n";
	const char *p = line + strlen("From mailkeep@localhost Thu ");
	char again[MBOX_FROM_MAX];
	int month, day, hour, minute, second;
	uint64_t year;

	if (strlen(line) != sizeof(zero) - 1)
		return -1;
	for (month = 0; month < 12; month++)
		if (memcmp(p, months + 3 * month, 3) == 0)
			break;
	day = two_digits(p + 4);
	hour = two_digits(p + 7);
	minute = two_digits(p + 10);
	second = two_digits(p + 13);
	if (month == 12 || day < 1 || hour == -1 || minute == -1 ||
	    second == -1 || text_u64(p + 16, 4, &year) == -1)
		return -1;
	*out = text_days((int64_t)year, month + 1, day) * 86400 +
	    hour * 3600 + minute * 60 + second;
	return strcmp(mbox_from_line(again, *out), line) == 0 ? 0 : -1;
}

static void
hand_on(struct unmbox *u, const char *p, size_t n)
{
	if (n == 0)
		return;
	u->to->data(u->to->arg, p, n);
	u->stored += n;
	u->last = p[n - 1];
}

/* An entry has ended, with the newline that is held back as its empty line. */
static int
end_entry(struct unmbox *u, struct err *e)
{
	if (!u->newline || u->last != '\n')
		return refuse(u, "no empty line behind a message", e);
	u->to->end(u->to->arg, u->stored);
	return 0;
}

static int
feed_from(struct unmbox *u, const char *p, const char *end, const char **next,
    struct err *e)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));
	int64_t mtime;
	size_t n;

	*next = lf == NULL ? end : lf + 1;
	n = (size_t)(*next - p);
	if (n >= sizeof(u->line) - u->held)
		return refuse(u, "no From line as packs have them", e);
	memcpy(u->line + u->held, p, n);
	u->held += n;
	if (lf == NULL)
		return 0;
	u->line[u->held] = '\0';
	if (memchr(u->line, '\0', u->held) != NULL ||
	    from_time(u->line, &mtime) == -1)
		return refuse(u, "no From line as packs have them", e);
	u->at += u->held;
	u->to->begin(u->to->arg, NULL, mtime, u->at);
	u->state = UNMBOX_START;
	u->match = 0;
	u->stored = 0;
	u->newline = false;
	u->last = '\n';
	return 0;
}

/* The start of a line: of the next entry, or of this message. */
static int
feed_start(struct unmbox *u, const char *p, const char *end, const char **next,
    struct err *e)
{
	while (p < end && u->match < FROM_LEN && *p == from_[u->match]) {
		p++;
		u->match++;
	}
	*next = p;
	if (u->match == FROM_LEN) {
		if (end_entry(u, e) == -1)
			return -1;
		u->at += u->stored + 1;
		memcpy(u->line, from_, FROM_LEN);
		u->held = FROM_LEN;
		u->state = UNMBOX_FROM;
	} else if (p < end) {
		hand_on(u, "\n", u->newline);
		u->newline = false;
		hand_on(u, from_, u->match);
		u->state = UNMBOX_INSIDE;
	}
	return 0;
}

/* Inside of a line, and on through those that can't begin with "From ". */
static void
feed_inside(struct unmbox *u, const char *p, const char *end,
    const char **next)
{
	const char *s = p;

	for (;;) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));

		if (lf == NULL) {
			hand_on(u, s, (size_t)(end - s));
			*next = end;
			return;
		}
		p = lf + 1;
		if (p < end && *p != 'F')
			continue;
		hand_on(u, s, (size_t)(lf - s));
		u->newline = true;
		u->match = 0;
		u->state = UNMBOX_START;
		*next = p;
		return;
	}
}

static int
unmbox_feed(void *arg, const void *data, size_t n, struct err *e)
{
	const char *p = data, *end;
	struct unmbox *u = arg;
	int rc = 0;

	if (n == 0)
		return 0;
	end = p + n;
	if (u->state == UNMBOX_FIRST)
		u->state = UNMBOX_FROM;
	while (p < end && rc == 0)
		switch (u->state) {
		case UNMBOX_FIRST:
		case UNMBOX_FROM:
			rc = feed_from(u, p, end, &p, e);
			break;
		case UNMBOX_START:
			rc = feed_start(u, p, end, &p, e);
			break;
		case UNMBOX_INSIDE:
			feed_inside(u, p, end, &p);
			break;
		}
	return rc;
}

static int
unmbox_finish(void *arg, bool last, struct err *e)
{
	struct unmbox *u = arg;

	(void)last;
	if (u->state == UNMBOX_FIRST)
		return 0;
	if (u->state != UNMBOX_START || u->match > 0)
		return refuse(u, "the frame ends inside of a message", e);
	return end_entry(u, e);
}

const struct parse_syntax unmbox_syntax = {
	unmbox_begin, unmbox_start, unmbox_feed, unmbox_finish, unmbox_drop
};
