/*
 * header.c - see header.h.  A state machine that is the same whether the
 * message comes whole or byte by byte; lines of no interest are passed by in
 * one step each.
 */
#include <string.h>

#include "mail/fold.h"
#include "mail/header.h"

enum state {
	AT_START,	/* of a line */
	AT_CR,		/* only CRs on it so far */
	IN_NAME,
	AFTER_NAME,	/* white space before the colon (RFC 5322, section 4.5) */
	IN_VALUE,
	IN_REST,	/* of a line that doesn't matter */
};

static const struct {
	const char	*name;	/* in lower case */
	size_t		 n;
} fields[HEADER_FIELDS] = {
	[HEADER_FROM] = { "from", 4 },
	[HEADER_TO] = { "to", 2 },
	[HEADER_SUBJECT] = { "subject", 7 },
	[HEADER_DATE] = { "date", 4 },
	[HEADER_MESSAGE_ID] = { "message-id", 10 },
};

void
header_start(struct header_scan *h)
{
	int i;

	for (i = 0; i < HEADER_FIELDS; i++)
		h->value[i][0] = '\0';
	h->seen = 0;
	h->done = false;
	h->field = -1;
	h->state = AT_START;
	h->n = 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
all_found(const struct header_scan *h)
{
	int i;

	for (i = 0; i < HEADER_FIELDS; i++)
		if (h->value[i][0] == '\0')
			return false;
	return true;
}

/* The field being collected, if any, is whole. */
static void
end_field(struct header_scan *h)
{
	char *value;

	if (h->field == -1)
		return;
	value = h->value[h->field];
	while (h->n > 0 && (is_blank(value[h->n - 1]) ||
	    value[h->n - 1] == '\r'))
		h->n--;
	value[h->n] = '\0';
	h->field = -1;
	if (h->n > 0 && all_found(h))
		h->done = true;
}

static void
add_to_value(struct header_scan *h, char c)
{
	if (c == '\0' || (h->n == 0 && (is_blank(c) || c == '\r')))
		return;
	h->value[h->field][h->n++] = c;
	if (h->n == HEADER_LINE) {
		end_field(h);
		h->state = IN_REST;
	}
}

/*
 * The colon after a name: begin a value if it is one we want and don't have
 * yet.
 */
static void
end_name(struct header_scan *h)
{
	int i;

	h->state = IN_REST;
	for (i = 0; i < HEADER_FIELDS; i++)
		if (h->n == fields[i].n &&
		    memcmp(h->name, fields[i].name, h->n) == 0)
			break;
	if (i == HEADER_FIELDS || h->value[i][0] != '\0')
		return;
	h->field = i;
	h->n = 0;
	h->state = IN_VALUE;
}

/* The first byte of a line, or the first one after CRs there. */
static void
begin_line(struct header_scan *h, char c)
{
	if (c == '\n') {
		end_field(h);
		h->done = true;
	} else if (c == '\r') {
		h->state = AT_CR;
	} else if (h->state == AT_CR) {
		end_field(h);
		h->state = IN_REST;
	} else if (is_blank(c)) {
		h->state = h->field == -1 ? IN_REST : IN_VALUE;
		if (h->field != -1)
			add_to_value(h, c);
	} else {
		end_field(h);
		h->name[0] = fold_case(c);
		h->n = 1;
		h->state = strchr("ftsdm", h->name[0]) == NULL || c == '\0' ?
		    IN_REST : IN_NAME;
	}
}

static void
next_of_name(struct header_scan *h, char c)
{
	if (c == ':')
		end_name(h);
	else if (c == '\n')
		h->state = AT_START;
	else if (is_blank(c))
		h->state = AFTER_NAME;
	else if (h->state == AFTER_NAME || h->n == sizeof(h->name))
		h->state = IN_REST;
	else
		h->name[h->n++] = fold_case(c);
}

/* A value's bytes up to the line's end; return what follows. */
static const char *
take_value(struct header_scan *h, const char *p, const char *end)
{
	while (p < end && h->state == IN_VALUE) {
		char c = *p++;

		if (c != '\n') {
			add_to_value(h, c);
			continue;
		}
		while (h->n > 0 && h->value[h->field][h->n - 1] == '\r')
			h->n--;
		h->state = AT_START;
	}
	return p;
}

void
header_feed(struct header_scan *h, const void *data, size_t n)
{
	const char *p = data, *end, *lf;

	if (h->done || n == 0)
		return;
	if (n > HEADER_SCAN - h->seen)
		n = (size_t)(HEADER_SCAN - h->seen);
	end = p + n;
	while (p < end && !h->done) {
		switch (h->state) {
		case AT_START:
		case AT_CR:
			begin_line(h, *p++);
			break;
		case IN_NAME:
		case AFTER_NAME:
			next_of_name(h, *p++);
			break;
		case IN_VALUE:
			p = take_value(h, p, end);
			break;
		default:
			lf = memchr(p, '\n', (size_t)(end - p));
			p = lf == NULL ? end : lf + 1;
			if (lf != NULL)
				h->state = AT_START;
			break;
		}
	}
	h->seen += (uint64_t)(p - (const char *)data);
	if (h->seen == HEADER_SCAN)
		header_finish(h);
}

void
header_finish(struct header_scan *h)
{
	end_field(h);
	h->done = true;
}
