/*
 * defect.c - see defect.h.  The scan passes each byte by memchr(), a line at a time: it looks at every message of a
 * restore.  The repair is for the few that need one and goes byte by byte.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "mail/defect.h"

void
defect_start(struct defect_scan *s)
{
	*s = (struct defect_scan){ .line = 0 };
}

/* How often a byte stands in a piece where it is rare; one that fills the piece is counted without a call for each. */
static uint64_t
count(const char *p, const char *end, char c)
{
	uint64_t n = 0;

	while (p < end && (p = memchr(p, c, (size_t)(end - p))) != NULL)
		for (; p < end && *p == c; p++)
			n++;
	return n;
}

static void
end_scanned_line(struct defect_scan *s)
{
	if (s->line > s->found.longest)
		s->found.longest = s->line;
	s->line = 0;
}

/* The CR that ended the piece before has no LF behind, so it is a byte of its line. */
static void
bare_cr(struct defect_scan *s)
{
	s->found.bare_crs++;
	s->line++;
	s->cr = false;
}

void
defect_feed(struct defect_scan *s, const void *bytes, size_t n)
{
	const char *p = bytes, *end = p + n, *lf, *stop;

	if (n == 0)
		return;
	s->found.nuls += count(p, end, '\0');
	if (s->cr && *p != '\n')
		bare_cr(s);
	while (p < end) {
		lf = memchr(p, '\n', (size_t)(end - p));
		stop = lf == NULL ? end : lf;
		if (stop > p) {
			s->cr = stop[-1] == '\r';
			stop -= s->cr;
			s->found.bare_crs += count(p, stop, '\r');
			s->line += (uint64_t)(stop - p);
		}
		if (lf == NULL)
			return;
		if (!s->cr)
			s->found.bare_lfs++;
		s->cr = false;
		end_scanned_line(s);
		p = lf + 1;
	}
}

void
defect_finish(struct defect_scan *s)
{
	if (s->cr)
		bare_cr(s);
	s->found.unended = s->line > 0;
	end_scanned_line(s);
}

void
defect_repair_begin(struct defect_repair *r, const struct defect_cure *cure,
    const struct sink *to)
{
	r->cure = *cure;
	r->to = to;
	r->done = (struct defects){ .nuls = 0 };
	r->line = r->crs = 0;
	r->body = false;
	r->n = 0;
}

static int
pour(struct defect_repair *r, struct err *e)
{
	size_t n = r->n;

	r->n = 0;
	return sink_write(r->to, r->held, n, e);
}

static int
put(struct defect_repair *r, char c, struct err *e)
{
	if (r->n == sizeof(r->held) && pour(r, e) == -1)
		return -1;
	r->held[r->n++] = c;
	return 0;
}

static int
put_crlf(struct defect_repair *r, struct err *e)
{
	return put(r, '\r', e) == -1 ? -1 : put(r, '\n', e);
}

/* A line's end has gone out. */
static void
end_line(struct defect_repair *r)
{
	if (r->line == 0)
		r->body = true;
	r->line = 0;
}

/* A byte of a line, on the next one where this one is full. */
static int
put_in_line(struct defect_repair *r, char c, struct err *e)
{
	if (r->cure.longest > 0 && r->line >= r->cure.longest) {
		r->done.longest++;
		r->line = 0;
		if (put_crlf(r, e) == -1)
			return -1;
		if (!r->body) {
			r->line = 1;
			if (put(r, ' ', e) == -1)
				return -1;
		}
	}
	r->line++;
	return put(r, c, e);
}

/* ${n} of the CRs held back are lone ones. */
static int
put_crs(struct defect_repair *r, uint64_t n, struct err *e)
{
	int rc = 0;

	for (; n > 0 && rc == 0; n--, r->crs--) {
		if (!r->cure.line_ends) {
			rc = put_in_line(r, '\r', e);
			continue;
		}
		r->done.bare_crs++;
		rc = put_crlf(r, e);
		end_line(r);
	}
	return rc;
}

/* An LF, and the CRs before it. */
static int
put_lf(struct defect_repair *r, struct err *e)
{
	int rc;

	if (r->crs == 0 && !r->cure.line_ends) {
		rc = put(r, '\n', e);
		end_line(r);
		return rc;
	}
	if (r->crs == 0)
		r->done.bare_lfs++;
	else if (r->cure.line_ends)
		r->done.bare_crs += r->crs - 1;
	else if (put_crs(r, r->crs - 1, e) == -1)
		return -1;
	r->crs = 0;
	rc = put_crlf(r, e);
	end_line(r);
	return rc;
}

int
defect_repair_feed(struct defect_repair *r, const void *bytes, size_t n,
    struct err *e)
{
	const char *p = bytes, *end = p + n;
	int rc = 0;

	for (; p < end && rc == 0; p++)
		if (*p == '\0' && r->cure.nuls)
			r->done.nuls++;
		else if (*p == '\r')
			r->crs++;
		else if (*p == '\n')
			rc = put_lf(r, e);
		else if (r->crs > 0 && put_crs(r, r->crs, e) == -1)
			rc = -1;
		else
			rc = put_in_line(r, *p, e);
	return rc;
}

int
defect_repair_end(struct defect_repair *r, struct err *e)
{
	if (put_crs(r, r->crs, e) == -1)
		return -1;
	if (r->cure.end && r->line > 0) {
		r->done.unended = true;
		if (put_crlf(r, e) == -1)
			return -1;
		end_line(r);
	}
	return pour(r, e);
}

/* "12 line ends made CRLF", after a comma where something stands before. */
static int
say(struct buf *b, size_t start, uint64_t n, const char *one, const char *many,
    const char *did)
{
	char digits[TEXT_MAX];

	if (n == 0)
		return 0;
	return buf_addf(b, "%s%s %s %s", b->n > start ? ", " : "",
	    text_count(digits, n), n == 1 ? one : many, did);
}

int
defect_repair_text(const struct defects *done, struct buf *b)
{
	size_t start = b->n;

	if (say(b, start, done->nuls, "NUL byte", "NUL bytes",
	    "dropped") == -1 ||
	    say(b, start, done->bare_lfs + done->bare_crs, "line end",
	    "line ends", "made CRLF") == -1 ||
	    say(b, start, done->longest, "line break", "line breaks",
	    "put in") == -1)
		return -1;
	if (!done->unended)
		return 0;
	return buf_addf(b, "%sthe last line ended", b->n > start ? ", " : "");
}
