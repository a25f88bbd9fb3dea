/*
 * read_mbox.c - an mbox, message by message, as it streams past.
 *
 * A message begins with a line "From ", the From_ line.  Those that a program quoted within messages are no question;
 * but many programs quote none, so a line counts as one only if it looks like one: an empty line (or nothing) stands
 * before it and it names a date, or a header field follows; without the empty line both are wanted.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "foreign/read.h"

#define WINDOW		(64 * 1024)
#define FROM_MAX	1000	/* bytes of a From_ line, with its LF */
#define LOOK		(FROM_MAX + 200)	/* ... and of what follows, to see what it is */

struct read_mbox {
	struct read_bytes	from;
	enum foreign_quoting	quoting;
	char			*window;	/* own */
	size_t			 at, n;		/* what is left of it */
	bool			 ended;		/* nothing more comes */
	bool			 begun;		/* the first From_ line was seen */
	bool			 more;		/* the From_ line of the next message was read, */
	bool			 next_dated;	/* ... and says this */
	int64_t			 next_date;
	bool			 pending;	/* nobody took the body of this message yet */
	const char		*rest;		/* borrowed: filled, and not in the window yet */
	size_t			 rest_n;
	bool			 has_date;	/* of this message */
	int64_t			 date;
	/* of its body */
	bool			 line_begins, blank_before;
	char			 held[2];	/* an empty line that may be the last */
	size_t			 held_n;
};

struct read_mbox *
read_mbox_new(struct read_bytes from, enum foreign_quoting quoting)
{
	struct read_mbox *m = xcalloc(1, sizeof(*m));

	m->from = from;
	m->quoting = quoting;
	m->window = xmalloc(WINDOW);
	return m;
}

void
read_mbox_free(struct read_mbox **mp)
{
	if (*mp == NULL)
		return;
	free((*mp)->window);
	free(*mp);
	*mp = NULL;
}

/* Have at least ${want} bytes in the window, unless the end is near. */
static int
have(struct read_mbox *m, size_t want, struct err *e)
{
	size_t n;
	int r;

	while (m->n < want && !(m->ended && m->rest_n == 0)) {
		if (m->rest_n == 0) {
			r = m->from.fill(m->from.arg, &m->rest, &m->rest_n, e);
			if (r == -1)
				return -1;
			if (r == 0) {
				m->ended = true;
				m->rest_n = 0;
			}
			continue;
		}
		if (m->at + m->n == WINDOW || m->n == 0) {
			memmove(m->window, m->window + m->at, m->n);
			m->at = 0;
		}
		n = WINDOW - m->at - m->n;
		if (n > m->rest_n)
			n = m->rest_n;
		memcpy(m->window + m->at + m->n, m->rest, n);
		m->n += n;
		m->rest += n;
		m->rest_n -= n;
	}
	return 0;
}

static void
eat(struct read_mbox *m, size_t n)
{
	m->at += n;
	m->n -= n;
}

/* ---- From_ lines ---- */

/* The date behind the sender; which may be missing, or hold blanks. */
static bool
from_date(const char *p, size_t n, bool strict, int64_t *out)
{
	size_t i = 5;

	while (i < n && p[i] == ' ')
		i++;
	while (i < n && p[i] != ' ')
		i++;
	return read_date(p + i, n - i, strict, out) == 0;
}

/* "Subject:" */
static bool
is_field(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && p[i] > ' ' && p[i] <= '~' && p[i] != ':'; i++)
		continue;
	return i > 0 && i < n && p[i] == ':';
}

/* Whether the window begins with a From_ line; its length, with the LF.  0: no. */
static size_t
from_line(struct read_mbox *m, bool blank_before)
{
	const char *p = m->window + m->at, *lf;
	bool dated, field;
	size_t n;

	if (m->n < 5 || memcmp(p, "From ", 5) != 0)
		return 0;
	lf = memchr(p, '\n', m->n < FROM_MAX ? m->n : FROM_MAX);
	if (lf == NULL && (m->n >= FROM_MAX || !m->ended))
		return 0;
	n = lf == NULL ? m->n : (size_t)(lf + 1 - p);
	dated = from_date(p, n, true, &m->next_date);
	field = n < m->n && is_field(p + n, m->n - n);
	if (!(blank_before ? dated || field : dated && field))
		return 0;
	m->next_dated = dated || from_date(p, n, false, &m->next_date);
	return n;
}

static size_t
empty_line(const struct read_mbox *m)
{
	const char *p = m->window + m->at;

	return m->n > 0 && p[0] == '\n' ? 1 :
	    m->n > 1 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
}

static int
first_line(struct read_mbox *m, struct err *e)
{
	size_t n;

	for (;;) {
		if (have(m, LOOK, e) == -1)
			return -1;
		if ((n = empty_line(m)) == 0)
			break;
		eat(m, n);
	}
	if (m->n == 0)
		return 0;
	if ((n = from_line(m, true)) == 0)
		return err_set(e, EK_CORRUPT, "it doesn't begin with a line "
		    "\"From \", so it is no mbox");
	eat(m, n);
	m->begun = true;
	return 1;
}

/* ---- bodies ---- */

static int
put_held(struct read_mbox *m, const struct sink *to, struct err *e)
{
	size_t n = m->held_n;

	m->held_n = 0;
	return to == NULL ? 0 : sink_write(to, m->held, n, e);
}

/* An arrow less, where there are some before "From ".  There may be any number of them. */
static int
put_arrows(struct read_mbox *m, const struct sink *to, struct err *e)
{
	static const char arrows[] = ">>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>";
	uint64_t n = 0;
	size_t k;

	for (;;) {
		if (have(m, 8, e) == -1)
			return -1;
		for (k = 0; k < m->n && m->window[m->at + k] == '>'; k++)
			continue;
		n += k;
		eat(m, k);
		if (m->n > 0 || m->ended)
			break;
	}
	if (have(m, 5, e) == -1)
		return -1;
	if (n > 0 && m->n >= 5 &&
	    memcmp(m->window + m->at, "From ", 5) == 0 &&
	    (m->quoting == FOREIGN_MBOXRD || n == 1))
		n--;
	for (; to != NULL && n > 0; n -= k) {
		k = n < sizeof(arrows) - 1 ? (size_t)n : sizeof(arrows) - 1;
		if (sink_write(to, arrows, k, e) == -1)
			return -1;
	}
	return 0;
}

/* What stands at the beginning of a line: 1 the next message, 0 go on, -1. */
static int
begin_line(struct read_mbox *m, const struct sink *to, struct err *e)
{
	const char *p;
	size_t n;

	if (have(m, 5, e) == -1)
		return -1;
	if (m->n == 0)
		return 0;
	p = m->window + m->at;
	if (m->n >= 5 && p[0] == 'F' && memcmp(p, "From ", 5) == 0) {
		if (have(m, LOOK, e) == -1)
			return -1;
		if ((n = from_line(m, m->blank_before)) > 0) {
			eat(m, n);
			return 1;
		}
		p = m->window + m->at;
	}
	if (put_held(m, to, e) == -1)
		return -1;
	n = empty_line(m);
	m->blank_before = n > 0;
	if (n > 0) {
		memcpy(m->held, p, n);
		m->held_n = n;
		eat(m, n);
		return 0;
	}
	m->line_begins = false;
	return p[0] == '>' && m->quoting != FOREIGN_UNQUOTED ?
	    put_arrows(m, to, e) : 0;
}

/* Up to the next From_ line, or to the end; to nobody where ${to} is NULL. */
static int
pour(struct read_mbox *m, const struct sink *to, struct err *e)
{
	const char *p, *lf;
	size_t n;
	int r;

	for (;;) {
		if (m->line_begins && (r = begin_line(m, to, e)) != 0) {
			if (r == -1)
				return -1;
			m->more = true;
			break;
		}
		if (have(m, 1, e) == -1)
			return -1;
		if (m->n == 0)
			break;
		if (m->line_begins)
			continue;
		p = m->window + m->at;
		lf = memchr(p, '\n', m->n);
		n = lf == NULL ? m->n : (size_t)(lf + 1 - p);
		m->line_begins = lf != NULL;
		if (to != NULL && sink_write(to, p, n, e) == -1)
			return -1;
		eat(m, n);
	}
	m->pending = false;
	return 0;
}

int
read_mbox_next(struct read_mbox *m, struct err *e)
{
	int r;

	if (!m->begun) {
		if ((r = first_line(m, e)) != 1)
			return r;
	} else {
		if (m->pending && pour(m, NULL, e) == -1)
			return -1;
		if (!m->more)
			return 0;
	}
	m->more = false;
	m->has_date = m->next_dated;
	m->date = m->next_date;
	m->pending = m->line_begins = true;
	m->blank_before = false;
	m->held_n = 0;
	return 1;
}

bool
read_mbox_date(const struct read_mbox *m, int64_t *out)
{
	*out = m->date;
	return m->has_date;
}

int
read_mbox_body(struct read_mbox *m, const struct sink *to, struct err *e)
{
	return pour(m, to, e);
}
