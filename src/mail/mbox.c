/*
 * mbox.c - see mbox.h.
 *
 * Both ways work line by line but write run by run.  Of the start of a line
 * only what might be "From " is held back, never the '>' before it: since they
 * are all alike, the one to add can follow them and the one to drop can be the
 * last.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "mail/date.h"
#include "mail/mbox.h"

static const char from_[] = "From ";
#define FROM_LEN	5

/*
 * mbox_unquote.state, quoter.state: bytes of "From " that begin the line (after
 * '>'s), or this: further on in it.
 */
#define INSIDE		FROM_LEN

/* Output on its way: small pieces are put together, large ones pass by. */
#define GATHER		(16 * 1024)

struct gather {
	const struct sink *to;		/* borrowed */
	uint64_t	 total;		/* bytes taken so far */
	size_t		 n;
	char		 p[GATHER];
};

static void
gather_start(struct gather *g, const struct sink *to)
{
	g->to = to;
	g->total = 0;
	g->n = 0;
}

static int
gather_flush(struct gather *g, struct err *e)
{
	size_t n = g->n;

	g->n = 0;
	return sink_write(g->to, g->p, n, e);
}

static int
gather_add(struct gather *g, const char *p, size_t n, struct err *e)
{
	g->total += n;
	if (n > GATHER - g->n) {
		if (gather_flush(g, e) == -1)
			return -1;
		if (n >= GATHER)
			return sink_write(g->to, p, n, e);
	}
	memcpy(g->p + g->n, p, n);
	g->n += n;
	return 0;
}

void
mbox_probe_start(struct mbox_probe *m)
{
	m->crlf_only = true;
	m->cr = false;
	m->ends_lf = true;
}

void
mbox_probe_feed(struct mbox_probe *m, const void *data, size_t n)
{
	const char *p = data, *end, *cr;
	bool held = m->cr;

	if (n == 0)
		return;
	end = p + n;
	m->cr = end[-1] == '\r';
	m->ends_lf = end[-1] == '\n';
	if (!m->crlf_only)
		return;
	m->crlf_only = memchr(p, '\0', n) == NULL;
	if (held && *p++ != '\n')
		m->crlf_only = false;
	while (m->crlf_only && p < end) {
		/*
		 * Up to the next CR there must be no LF, and behind it must be
		 * one.
		 */
		cr = memchr(p, '\r', (size_t)(end - p));
		if (memchr(p, '\n', (size_t)((cr == NULL ? end : cr) - p)) !=
		    NULL)
			m->crlf_only = false;
		if (cr == NULL || cr + 1 == end)
			break;
		if (cr[1] != '\n')
			m->crlf_only = false;
		p = cr + 2;
	}
}

enum blob_form
mbox_probe_form(const struct mbox_probe *m)
{
	return m->crlf_only && !m->cr ? BLOB_LF : BLOB_RAW;
}

char *
mbox_from_line(char out[MBOX_FROM_MAX], int64_t t)
{
	char when[DATE_MAX_RAW];

	snprintf(out, MBOX_FROM_MAX, "From mailkeep@localhost %s\n",
	    date_asctime(when, t));
	return out;
}

struct quoter {
	struct gather	 out;		/* to the end: small writes are put together too */
	struct mbox_probe probe;	/* whether the body is what its form says */
	enum blob_form	 form;
	unsigned int	 state;
};

/*
 * The start of a line, in stored form; return what follows what was taken, or
 * NULL.
 */
static const char *
quote_start(struct quoter *q, const char *p, const char *end, struct err *e)
{
	const char *s = p;

	if (q->state == 0) {
		while (p < end && *p == '>')
			p++;
		if (gather_add(&q->out, s, (size_t)(p - s), e) == -1)
			return NULL;
	}
	while (p < end && q->state < FROM_LEN && *p == from_[q->state]) {
		p++;
		q->state++;
	}
	if (q->state == FROM_LEN) {
		if (gather_add(&q->out, ">From ", FROM_LEN + 1, e) == -1)
			return NULL;
	} else if (p < end) {
		if (gather_add(&q->out, from_, q->state, e) == -1)
			return NULL;
		q->state = INSIDE;
	}
	return p;
}

/*
 * Inside a line: go to its end, and on through lines that can't begin with
 * "From ".
 */
static const char *
quote_inside(struct quoter *q, const char *p, const char *end, struct err *e)
{
	const char *s = p;

	while (q->state == INSIDE && p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));

		p = lf == NULL ? end : lf + 1;
		if (lf != NULL && (p == end || *p == '>' || *p == 'F'))
			q->state = 0;
	}
	return gather_add(&q->out, s, (size_t)(p - s), e) == -1 ? NULL : p;
}

static int
quote_text(struct quoter *q, const char *p, const char *end, struct err *e)
{
	while (p < end) {
		p = q->state == INSIDE ? quote_inside(q, p, end, e) :
		    quote_start(q, p, end, e);
		if (p == NULL)
			return -1;
	}
	return 0;
}

static int
quote_write(void *arg, const void *data, size_t n, struct err *e)
{
	struct quoter *q = arg;
	const char *p = data, *end, *cr;

	if (n == 0)
		return 0;
	end = p + n;
	mbox_probe_feed(&q->probe, data, n);
	if (q->form == BLOB_RAW)
		return quote_text(q, p, end, e);
	/* Every CR is one of a CRLF, or quote_end() refuses the message. */
	while ((cr = memchr(p, '\r', (size_t)(end - p))) != NULL) {
		if (quote_text(q, p, cr, e) == -1)
			return -1;
		p = cr + 1;
	}
	return quote_text(q, p, end, e);
}

/* The body has ended: was it what its form says, and does it end a line? */
static int
quote_end(struct quoter *q, struct err *e)
{
	if (q->form == BLOB_LF && mbox_probe_form(&q->probe) != BLOB_LF)
		return err_set(e, EK_FAIL,
		    "the message is not what it was when it was looked at");
	if (q->state != INSIDE &&
	    gather_add(&q->out, from_, q->state, e) == -1)
		return -1;
	if (!q->probe.ends_lf && gather_add(&q->out, "\n", 1, e) == -1)
		return -1;
	return gather_flush(&q->out, e);
}

int
mbox_quote(enum blob_form form, const struct source *body,
    const struct sink *to, uint64_t *stored_out, bool *added_out,
    struct err *e)
{
	struct quoter q;
	struct sink in = { quote_write, &q };

	assert(form == BLOB_LF || form == BLOB_RAW);
	gather_start(&q.out, to);
	mbox_probe_start(&q.probe);
	q.form = form;
	q.state = 0;
	if (source_pour(body, &in, e) == -1 || quote_end(&q, e) == -1)
		return -1;
	*stored_out = q.out.total;
	*added_out = !q.probe.ends_lf;
	return 0;
}

void
mbox_unquote_start(struct mbox_unquote *u, enum blob_form form, bool added,
    struct sink to)
{
	u->to = to;
	u->form = form;
	u->added = added;
	u->state = 0;
	u->arrow = u->newline = u->blank = false;
	u->last = '\n';
}

static int
not_mboxrd(const char *what, struct err *e)
{
	return err_set(e, EK_CORRUPT, "not an mbox entry of ours: %s", what);
}

static int
put_newline(struct mbox_unquote *u, struct gather *g, struct err *e)
{
	return u->form == BLOB_LF ? gather_add(g, "\r\n", 2, e) :
	    gather_add(g, "\n", 1, e);
}

/*
 * The start of a line; as quote_start(), but the last '>' waits for what
 * follows.
 */
static const char *
unquote_start(struct mbox_unquote *u, struct gather *g, const char *p,
    const char *end, struct err *e)
{
	const char *s = p;

	if (u->state == 0) {
		while (p < end && *p == '>')
			p++;
		if (p > s && gather_add(g, s, (size_t)(p - s) - !u->arrow,
		    e) == -1)
			return NULL;
		u->arrow = u->arrow || p > s;
	}
	while (p < end && u->state < FROM_LEN && *p == from_[u->state]) {
		p++;
		u->state++;
	}
	if (u->state == FROM_LEN) {
		if (!u->arrow) {
			not_mboxrd("a From line stands in it", e);
			return NULL;
		}
		if (gather_add(g, from_, FROM_LEN, e) == -1)
			return NULL;
		u->arrow = false;
	} else if (p < end) {
		if (gather_add(g, ">", u->arrow, e) == -1 ||
		    gather_add(g, from_, u->state, e) == -1)
			return NULL;
		u->arrow = false;
		u->state = INSIDE;
	}
	return p;
}

/*
 * Inside a line, as quote_inside(); a newline that may be the added one waits
 * for what follows.
 */
static const char *
unquote_inside(struct mbox_unquote *u, struct gather *g, const char *p,
    const char *end, struct err *e)
{
	const char *s = p;

	while (u->state == INSIDE && p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));

		p = lf == NULL ? end : lf + 1;
		if (lf == NULL)
			break;
		if (p == end || *p == '>' || *p == 'F')
			u->state = 0;
		u->newline = u->added && p == end;
		if (u->form == BLOB_RAW && !u->newline)
			continue;
		if (gather_add(g, s, (size_t)(lf - s), e) == -1 ||
		    (!u->newline && put_newline(u, g, e) == -1))
			return NULL;
		s = p;
	}
	return gather_add(g, s, (size_t)(p - s), e) == -1 ? NULL : p;
}

static int
unquote_write(void *arg, const void *data, size_t n, struct err *e)
{
	struct mbox_unquote *u = arg;
	const char *p = data, *end;
	struct gather g;

	if (n == 0)
		return 0;
	end = p + n;
	if (u->form != BLOB_LF && u->form != BLOB_RAW)
		return not_mboxrd("its form is another one", e);
	if (u->form == BLOB_LF && (memchr(p, '\r', n) != NULL ||
	    memchr(p, '\0', n) != NULL))
		return not_mboxrd("a CR or NUL stands in it", e);
	gather_start(&g, &u->to);
	if (u->newline && put_newline(u, &g, e) == -1)
		return -1;
	u->newline = false;
	u->blank = (n > 1 ? end[-2] : u->last) == '\n';
	u->last = end[-1];
	while (p < end) {
		p = u->state == INSIDE ? unquote_inside(u, &g, p, end, e) :
		    unquote_start(u, &g, p, end, e);
		if (p == NULL)
			return -1;
	}
	return gather_flush(&g, e);
}

struct sink
mbox_unquote_sink(struct mbox_unquote *u)
{
	return (struct sink){ unquote_write, u };
}

int
mbox_unquote_end(struct mbox_unquote *u, struct err *e)
{
	if (u->form != BLOB_LF && u->form != BLOB_RAW)
		return not_mboxrd("its form is another one", e);
	if (u->last != '\n')
		return not_mboxrd("it has no newline at its end", e);
	if (u->added && (!u->newline || u->blank))
		return not_mboxrd("its last newline is not an added one", e);
	return 0;
}
